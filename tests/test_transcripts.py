"""The shipped transcripts: each is canonical, lints clean, and replays green.

Those that lead into the sandbox play there, the mocks against the server that plays them.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from mailprobe.player.client import play
from mailprobe.player.options import Options
from mailprobe.player.playing.prepared import FAILS, INTRUSIVE, MOCK, Prepared
from mailprobe.player.reports.lines import details
from mailprobe.player.results import Verdict
from mailprobe.player.server import Server
from mailprobe.sandbox.login import OFFERED
from mailprobe.transcript.changing.canonical import fmt
from mailprobe.transcript.lint import lint
from mailprobe.transcript.load import load, resolve, variants
from mailprobe.transcript.model import FileLine, Form, Level, Transcript, Wire, Wrong
from tests.interop.talk import LIMIT

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "transcripts"
FILES = sorted(FOLDER.rglob("*.mpt"))
# What transcripts/README.md says of tags; another one would be a typing error.
TAGS = {"everywhere", "fails", "intrusive", "lesson", "mock", "security"}

# What a server says too much, and no reply, is what some of the faults are about.
ODD = ("nothing is owed this reply", "this is no reply")

# The two lists of the page of 2007.
SMTP = "DATA EXPN HELO HELP MAIL NOOP QUIT RCPT RSET SAML SEND SOML TURN VRFY"
POP3 = "USER PASS APOP STAT UIDL LIST RETR DELE RSET TOP NOOP QUIT"
# The page itself, as it is kept for the importer.
PAGE = Path(__file__).parent / "transcript" / "importing" / "samples" / "terminal-2007.txt"

each_file = pytest.mark.parametrize(
    "path", FILES, ids=[str(path.relative_to(FOLDER)) for path in FILES]
)


def read(path: Path) -> Transcript:
    return load(path, str(path.relative_to(ROOT)))


def wires(transcript: Transcript, side: str) -> Iterator[Wire]:
    return (line for line in transcript.walk() if isinstance(line, Wire) and line.side == side)


def verbs(transcript: Transcript, protocol: str) -> set[str]:
    """What the C lines of a protocol begin with."""
    found = set()
    for line in wires(transcript, "C"):
        peer = transcript.head.peers[line.connection]
        first = line.pieces[0] if line.pieces else b""
        if peer.protocol == protocol and isinstance(first, bytes):
            found.add(first.split(b" ")[0].decode("ascii", "replace").upper())
    return found


# ------------------------------------------------------------------------------------- as text


def test_there_are_forty() -> None:
    """So many lead into the sandbox, and many hold on any server."""
    heads = [read(path).head for path in FILES]
    inside = [head for head in heads if all(p.connect == "sandbox" for p in head.peers.values())]
    assert len(inside) >= 40
    assert sum("everywhere" in head.tags for head in heads) >= 40
    assert sum(MOCK in head.tags for head in heads) >= 3


@each_file
def test_it_is_canonical(path: Path) -> None:
    """`mailprobe transcript fmt` has nothing to do."""
    transcript = read(path)
    assert fmt(transcript).decode() == transcript.octets.decode()


@each_file
def test_it_lints_clean(path: Path) -> None:
    """No error, and no note: a mock has no maildrop that a second run could find changed.

    What is odd on purpose is noted, and played all the same.
    """
    transcript = read(path)
    notes = [
        note
        for note in lint(transcript, partial(resolve, path.parent))
        if MOCK not in transcript.head.tags
        or not note.sentence.startswith("its second run differs")
    ]
    if path.parent.name == "faults":
        notes = [note for note in notes if not note.sentence.startswith(ODD)]
    assert notes == []


@each_file
def test_it_says_what_it_is(path: Path) -> None:
    """A title for people, and tags that are known."""
    head = read(path).head
    assert head.titles
    assert head.tags <= TAGS
    assert set(head.titles) == set(head.languages or ("",))


@pytest.mark.parametrize("protocol, page", [("smtp", SMTP), ("pop3", POP3)])
def test_every_command_of_the_page(protocol: str, page: str) -> None:
    """Each stands in a transcript that plays in the sandbox."""
    said: set[str] = set()
    for path in FILES:
        transcript = read(path)
        if MOCK not in transcript.head.tags:
            said |= verbs(transcript, protocol)
    assert set(page.split()) <= said


def test_every_mechanism_is_there() -> None:
    """For SMTP and for POP3, with a login by {=sasl}."""
    for mechanism in OFFERED:
        for protocol in ("smtp", "pop3"):
            text = (FOLDER / protocol / f"auth-{mechanism.lower()}.mpt").read_text()
            assert re.search(rf"^C[:~] AUTH {mechanism}( |$)", text, re.MULTILINE)
            assert "{=sasl" in text


def test_recordings_are_literal() -> None:
    """What the shell has written: no S line of it asks for less than was seen."""
    recorded = [read(path) for path in FILES if path.parent.name == "recorded"]
    assert len(recorded) >= 5
    for transcript in recorded:
        assert transcript.head.recorded
        forms = {line.form for line in wires(transcript, "S")}
        assert forms <= {Form.VERBATIM, Form.ESCAPED, Form.EXACT}
        assert not re.search(rb"^S[?+*-]", transcript.octets, re.MULTILINE)


def test_the_mail_of_the_page_to_the_octet() -> None:
    """The mock of the page keeps each line of its mail, what is broken in them, too."""
    page = [line.strip() for line in PAGE.read_bytes().split(b"\n")]
    start = next(number for number, line in enumerate(page) if line.startswith(b"From: "))
    end = page.index(b"http://www.musemailsvr.com/")
    mail = page[start : end + 1]
    assert b"Subject: =??B?uafPssT6s8nOqrG+08q8/s+1zbO1xND" in mail
    said = [
        (line.octets or b"").removesuffix(b"\r\n")
        for line in wires(read(FOLDER / "muse" / "telnet-2007.mpt"), "S")
    ]
    at = said.index(mail[0])
    assert said[at : at + len(mail)] == mail


def test_every_file_beside_them_is_named() -> None:
    """Mail data that no transcript sends has been forgotten."""
    named = {
        path.parent / line.path
        for path in FILES
        for line in read(path).walk()
        if isinstance(line, FileLine)
    }
    beside = {path for path in FOLDER.rglob("*") if path.is_file() and path.suffix != ".mpt"}
    assert beside - {FOLDER / "README.md"} == named


# ---------------------------------------------------------------------------------- played


def replay(path: Path, options: Options, at_once: int = 1) -> None:
    """Each value of the matrix, and each known mistake, so many of them at once."""
    transcript = read(path)
    mistakes = sum(isinstance(line, Wrong) for line in transcript.walk())
    with ThreadPoolExecutor(at_once) as threads:
        runs = [
            threads.submit(check, transcript, path, options, variant.values, wrong)
            for variant in variants(transcript.head)
            for wrong in (None, *range(mistakes))
        ]
    for run in runs:
        run.result()


def check(
    transcript: Transcript,
    path: Path,
    options: Options,
    values: Mapping[str, bytes],
    wrong: int | None = None,
) -> None:
    result = play(Prepared(transcript, path, options, values, wrong=wrong)).result
    assert result.verdict is Verdict.PASSED, "\n".join([result.reason, *details(result)])


def tagged(accepted: Callable[[frozenset[str]], bool]) -> pytest.MarkDecorator:
    found = [path for path in FILES if accepted(read(path).head.tags)]
    return pytest.mark.parametrize(
        "path", found, ids=[str(path.relative_to(FOLDER)) for path in found]
    )


@tagged(lambda tags: not tags & {MOCK, FAILS})
def test_it_replays_green(path: Path) -> None:
    """Against the sandbox that starts inside; what is intrusive has it named."""
    options = Options(timeout=LIMIT)
    if INTRUSIVE in read(path).head.tags:
        options = Options(timeout=LIMIT, tags=frozenset({INTRUSIVE}), servers={1: "sandbox"})
    replay(path, options, at_once=4)  # each starts a sandbox of its own


@tagged(lambda tags: FAILS in tags)
def test_it_fails_as_it_says(path: Path) -> None:
    """Asked for by its tag, it ends by the word and the sentence of its header."""
    transcript = read(path)
    (word, sentence) = re.findall(
        r"^# expected: ([a-z]+): (.+)$", transcript.octets.decode(), re.MULTILINE
    )[0]
    skipped = play(Prepared(transcript, path, Options())).result
    assert skipped.verdict is Verdict.SKIPPED
    result = play(Prepared(transcript, path, Options(tags=frozenset({FAILS})))).result
    assert result.problem is not None
    assert (result.problem.word, sentence in result.problem.sentence) == (word, True), result


@tagged(lambda tags: MOCK in tags)
def test_a_mock_is_served(path: Path) -> None:
    """Replayed against the server that plays it, to the letter; both are content."""
    with Server([path]) as server:
        servers = {number: f"{server.host}:{port}" for number, port in server.ports.items()}
        replay(path, Options(servers=servers, level=Level.TEXT, timeout=LIMIT))
        runs = len(list(variants(read(path).head)))
        verdicts = server.join(runs, LIMIT)
    assert [result.verdict for result in verdicts] == [Verdict.PASSED] * runs


def test_a_foreign_client_of_the_page() -> None:
    """poplib types what the page types, and gets its mail with all that is wrong in it."""
    import email
    import email.policy
    import poplib

    with Server([FOLDER / "muse" / "telnet-2007.mpt"]) as server:
        client = poplib.POP3(server.host, server.ports[1], timeout=LIMIT)
        assert b"[MuseMail 3.5 POP3 Server]" in client.getwelcome()
        client.user("username")
        client.pass_("password")
        assert client.stat() == (7, 291593)
        assert len(client.list()[1]) == 7
        lines = client.retr(1)[1]
        client.top(1, 0)
        client.dele(1)
        client.dele(2)
        client.quit()
        client.close()
        (verdict,) = server.join(1, LIMIT)
    assert verdict.verdict is Verdict.PASSED
    mail = email.message_from_bytes(b"\r\n".join(lines), policy=email.policy.compat32)
    assert mail.get_content_charset() in (None, "")  # it has none
    assert mail.defects  # no blank line ends its header
