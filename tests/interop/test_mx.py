"""The way to a domain's mail hosts, asked from a real name server, gone on the real port 25."""

import contextlib
import fcntl
import socket
import ssl
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink

from tests.interop.servers import MailServers
from tests.interop.talk import Spoken, talk

MX2 = "127.0.0.2"  # the address of mx2 in the zone; nothing listens at mx1's
SMTP_PORT = 25

MX1_ROW = "# 10 mx1.example.test ::1, 127.0.0.1"
MX2_ROW = "# 20 mx2.example.test 127.0.0.2"


def route(servers: MailServers, domain: str) -> list[str]:
    """The lines that /mx prints of a domain, without any connection; blanks count once."""
    run = talk("--dns", f"{servers.host}:{servers.dns}", script=f"/mx {domain}\n")
    assert run.stderr == ""
    return [" ".join(line.split()) for line in run.stdout.splitlines()]


def to_mx(servers: MailServers, domain: str, *options: object, **how: object) -> Spoken:
    """A run of --mx."""
    return talk("--mx", domain, "--dns", f"{servers.host}:{servers.dns}", *options, **how)


@pytest.fixture
def listen() -> Iterator[Callable[[ssl.SSLContext | None], None]]:
    """Lets a foreign server listen on port 25 of mx2, with STARTTLS if it gets a context."""
    with contextlib.ExitStack() as stack:
        # one worker at a time: there is one port 25
        lock = Path(tempfile.gettempdir(), "mailprobe-tests-port-25.lock")
        file = stack.enter_context(lock.open("w"))
        fcntl.flock(file, fcntl.LOCK_EX)
        if reason := occupied():
            pytest.skip(reason)

        def start(context: ssl.SSLContext | None = None) -> None:
            host = {"hostname": MX2, "port": SMTP_PORT, "server_hostname": "mx2.example.test"}
            controller = Controller(Sink(), **host, tls_context=context)
            controller.start()
            stack.callback(controller.stop)

        yield start


def occupied() -> str | None:
    """Why port 25 cannot be played with here, or None."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", SMTP_PORT), 1):
        return "a mail server listens on port 25 of this machine"
    try:
        with socket.create_server((MX2, SMTP_PORT)):
            return None
    except OSError as error:
        return f"port 25 of {MX2} cannot be had: {error}"


# ------------------------------------------------------------------------------------ the zone


@pytest.mark.parametrize("domain", ["example.test", "alias.example.test", "EXAMPLE.test."])
def test_exchangers_in_order(mail_servers: MailServers, domain: str):
    """By preference, with their addresses; a domain may be an alias."""
    rows = [row.lower() for row in route(mail_servers, domain)]
    assert rows[:3] == ["# preference host addresses", MX1_ROW, MX2_ROW]


def test_records_out_of_order(mail_servers: MailServers):
    """The order is that of preference, not of the answer."""
    rows = route(mail_servers, "big.example.test")
    assert rows[1:4] == [MX1_ROW, MX2_ROW, "# 30 mail.example.test 127.0.0.1"]


def test_equal_preferences(mail_servers: MailServers):
    """Both stand there, in either order (RFC 5321, section 5.1)."""
    rows = route(mail_servers, "equal.example.test")
    assert sorted(rows[1:3]) == [MX1_ROW, MX2_ROW.replace("20", "10")]


def test_implicit_mx(mail_servers: MailServers):
    """No MX and an address: the domain itself, and it is said that this is so."""
    rows = route(mail_servers, "implicit.example.test")
    assert rows[1] == "# 0 implicit.example.test 127.0.0.1"
    assert "has no MX" in rows[2]


def test_internationalized_domain(mail_servers: MailServers):
    """Asked by its A-label."""
    rows = route(mail_servers, "bücher.example.test")
    assert rows[1] == MX1_ROW
    assert "xn--bcher-kva.example.test" in rows[2]


def test_target_that_is_an_alias(mail_servers: MailServers):
    """Usable in practice, and named as what RFC 5321 forbids."""
    rows = route(mail_servers, "cnamemx.example.test")
    assert rows[1] == "# 10 mxalias.example.test ::1, 127.0.0.1"
    assert "CNAME" in rows[2]


NOWHERE = {
    "nomail.example.test": "MX is null (RFC 7505)",
    "nothing.example.test": "neither MX nor address",
    "none.example.test": "does not exist (NXDOMAIN)",
    "dangling.example.test": "has a known address",
    "loop1.example.test": "DNS failed on loop1.example.test",
    "broken.test": "SERVFAIL",
}


@pytest.mark.parametrize("domain", NOWHERE)
def test_domains_that_take_no_mail(mail_servers: MailServers, domain: str):
    """Each has its own reason: told by /mx, and the word dns of --mx."""
    assert NOWHERE[domain] in route(mail_servers, domain)[-1]
    run = to_mx(mail_servers, domain, script="QUIT\n", status=4)
    assert run.stdout == ""
    assert run.stderr.startswith("mailprobe: dns: ")
    assert NOWHERE[domain] in run.stderr


def test_name_server_that_is_not_there(mail_servers: MailServers):
    """No answer at all is a failure of DNS, told with the server's address."""
    with socket.create_server((mail_servers.host, 0)) as closed:
        port = closed.getsockname()[1]
    options = ("--dns", f"{mail_servers.host}:{port}", "--max-time", "2")
    run = talk("--mx", "example.test", *options, script="QUIT\n", status=4)
    assert run.stderr.startswith("mailprobe: dns: ")


# ------------------------------------------------------------------------------------ the link


@pytest.mark.parametrize("domain", ["example.test", "big.example.test", "equal.example.test"])
def test_mx_falls_back_down_the_list(mail_servers: MailServers, listen, tmp_path: Path, domain):
    """Nothing listens at mx1: told, passed over, and the session is mx2's."""
    listen()
    record = tmp_path / "mx.mpt"
    run = to_mx(mail_servers, domain, "--record", record, script="EHLO a\nQUIT\n")
    assert run.sent == ["EHLO a", "QUIT"]
    assert run.answer("")[0].startswith("220 ")
    notes = run.stderr.splitlines()
    assert notes[0].startswith(f"note: the mail of {domain} goes to ")
    passed = [note for note in notes[1:] if note.endswith("; trying the next one")]
    assert passed == notes[1:]
    assert all(note.startswith("note: mx1.example.test: no connection to ") for note in passed)
    assert "127.0.0.1:25: connection refused" in "".join(passed) or domain.startswith("equal")
    recorded = record.read_text()
    assert "\nconnect: mx2.example.test:25\n" in recorded
    assert "mx1" not in recorded


def test_open_goes_to_an_exchanger_of_the_route(mail_servers: MailServers, listen):
    """Not to the first one, at which nobody listens: to the one whose number was said."""
    listen()
    script = "/route example.test\n/open 2\nEHLO a\nQUIT\n"
    run = talk("--dns", f"{mail_servers.host}:{mail_servers.dns}", script=script)
    assert run.sent == ["EHLO a", "QUIT"]
    assert run.answer("")[0].startswith("220 ")
    assert "# What a sending server would do" in " ".join(run.stdout.split())
    assert run.stderr == ""


def test_mx_of_whom_nobody_answers(mail_servers: MailServers, listen):
    """The last host's failure is the run's."""
    run = to_mx(mail_servers, "example.test", script="QUIT\n", status=4)
    failure = run.stderr.splitlines()[-1]
    assert failure.startswith("mailprobe: connect: no connection to mx2.example.test:25 ")
    assert run.stdout == ""


def test_mx_with_starttls_verifies_the_host(mail_servers: MailServers, listen, tmp_path: Path):
    """The certificate has to name the mail host, not the domain."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("mx2.example.test").configure_cert(context)
    listen(context)
    options = ("--starttls", "--ca", tmp_path / "ca.pem", "--ehlo", "a.example")
    run = to_mx(mail_servers, "example.test", *options, script="NOOP\nQUIT\n")
    assert run.sent == ["EHLO a.example", "STARTTLS", "EHLO a.example", "NOOP", "QUIT"]


def test_mx_whose_certificate_names_the_domain_only(
    mail_servers: MailServers, listen, tmp_path: Path
):
    """A certificate for the domain is none for its mail host."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("example.test").configure_cert(context)
    listen(context)
    options = ("--starttls", "--ca", tmp_path / "ca.pem")
    run = to_mx(mail_servers, "example.test", *options, script="NOOP\nQUIT\n", status=4)
    assert "NOOP" not in run.sent
    assert run.stderr.splitlines()[-1].startswith("mailprobe: tls: ")
    assert "mx2.example.test" in run.stderr.splitlines()[-1]
