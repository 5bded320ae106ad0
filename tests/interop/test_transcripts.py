"""The shipped transcripts against Postfix and Dovecot: what is tagged `everywhere` holds there.

And what they find: which ends of mail data let a second message through.
"""

import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailprobe.player.client import play
from mailprobe.player.options import Options
from mailprobe.player.playing.prepared import INTRUSIVE, Prepared
from mailprobe.player.reports.lines import details
from mailprobe.player.results import Result, Verdict
from mailprobe.sandbox.server import samples
from mailprobe.transcript.load import load, variants
from mailprobe.transcript.model import Head
from mailprobe.transport.link import TlsSettings
from tests.interop.servers import MailServers
from tests.interop.talk import LIMIT

FOLDER = Path(__file__).parent.parent.parent / "transcripts"
EVERYWHERE = [
    path for path in sorted(FOLDER.rglob("*.mpt")) if "everywhere" in load(path).head.tags
]
SMUGGLING = FOLDER / "security" / "smuggling.mpt"
# Debian 12 delivers Postfix 3.7.11 with smtpd_forbid_bare_newline = no, as it came from Postfix:
# these five end a message there, and CVE-2023-51764 is what can be done with that.
LET_THROUGH = {"lf.lf", "lf.crlf", "crlf.lf", "lf.lf.dot", "cr.cr.lf"}


@pytest.fixture
def loaded_servers(mail_servers: MailServers) -> Iterator[MailServers]:
    """The servers with the four mails of the sandbox in alice's maildrop; nothing is left over."""
    with smtplib.LMTP(mail_servers.host, mail_servers.lmtp, timeout=LIMIT) as client:
        for sample in samples():
            client.sendmail("postmaster@example.test", ["alice@example.test"], sample)
    mail_servers.wait_for_mails("alice", 4)
    yield mail_servers
    mail_servers.wait_for_queue()


def servers_for(head: Head, servers: MailServers) -> dict[int, str]:
    """Where each connection of a transcript goes."""
    found = {}
    logs_in = any(keyword == "AUTH" for keyword, *_ in head.requires)
    for number, peer in head.peers.items():
        match peer.protocol, peer.implicit_tls:
            case "smtp", True:
                port = servers.submissions
            case "smtp", False:
                port = servers.lab if logs_in else servers.smtp
            case "pop3", True:
                port = servers.pop3s
            case "pop3", False:
                port = servers.pop3
            case _:
                port = servers.lmtp
        found[number] = f"{servers.host}:{port}"
    return found


def replay(path: Path, options: Options) -> dict[str, Result]:
    """The results by the labels of the matrix."""
    transcript = load(path, path.name)
    return {
        variant.label: play(Prepared(transcript, path, options, variant.values)).result
        for variant in variants(transcript.head)
    }


def passed(result: Result) -> None:
    assert result.verdict is Verdict.PASSED, "\n".join([result.reason, *details(result)])


def test_many_hold_everywhere() -> None:
    """All three protocols, and one file that speaks two of them."""
    assert len(EVERYWHERE) >= 40
    assert {path.parent.name for path in EVERYWHERE} >= {"both", "lmtp", "pop3", "smtp"}


@pytest.mark.parametrize("path", EVERYWHERE, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_it_holds_on_real_servers(loaded_servers: MailServers, path: Path) -> None:
    """SMTP on Postfix, POP3 and LMTP on Dovecot, with no change but the server's address."""
    servers = servers_for(load(path).head, loaded_servers)
    options = Options(servers=servers, tls=TlsSettings(str(loaded_servers.ca)), timeout=LIMIT)
    for result in replay(path, options).values():
        passed(result)


def test_a_mock_says_what_a_real_server_says(loaded_servers: MailServers) -> None:
    """The mock with a full maildrop behind the dot: Dovecot says the same codes."""
    options = Options(servers={1: f"{loaded_servers.host}:{loaded_servers.lmtp}"}, timeout=LIMIT)
    for result in replay(FOLDER / "lmtp" / "full.mpt", options).values():
        passed(result)


def smuggle(servers: MailServers, port: int) -> dict[str, Result]:
    options = Options(
        servers={1: f"{servers.host}:{port}"}, tags=frozenset({INTRUSIVE}), timeout=LIMIT
    )
    results = replay(SMUGGLING, options)
    return {label.removeprefix("eod="): result for label, result in results.items()}


@pytest.mark.parametrize("service", ["normalizing", "rejecting"])
def test_no_mail_is_smuggled_into_a_strict_postfix(
    loaded_servers: MailServers, service: str
) -> None:
    """With smtpd_forbid_bare_newline a false end is text, or is refused; each of the matrix."""
    for result in smuggle(loaded_servers, getattr(loaded_servers, service)).values():
        passed(result)


def test_mail_is_smuggled_into_postfix_as_debian_delivers_it(loaded_servers: MailServers) -> None:
    """The transcript is red for exactly the ends at which two messages come in."""
    results = smuggle(loaded_servers, loaded_servers.smtp)
    red = {label for label, result in results.items() if result.verdict is Verdict.FAILED}
    assert red == LET_THROUGH
    for label, result in results.items():
        if label not in red:
            passed(result)
        elif result.problem is not None:
            assert result.problem.reply[0].startswith("S: 250 2.0.0 ")
