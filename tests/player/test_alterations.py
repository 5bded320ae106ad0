"""What a server says is altered by one character, or is hostile: red at that line, or just a reply.

The altered file is served, and the file as it was is replayed; lines of both have one number.
"""

import re
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mailprobe.player.results import Result, Verdict
from mailprobe.player.server import Server
from mailprobe.protocol.events import Ending
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import SMTP
from mailprobe.transcript.dialogue import compile_steps
from mailprobe.transcript.load import load
from mailprobe.transcript.model import Blank, Comment, EventLine, Level, Line, Unreadable, Wire
from mailprobe.transcript.steps import Reply
from tests.player.serving import pop3, smtp
from tests.player.test_server_replay import green, pop3_bodies, replay, smtp_bodies
from tests.transcript.dialogue import Dialogue

SERVED = settings(max_examples=min(settings().max_examples, 200))  # each is two sessions
ABOVE = 4  # lines of the header and of its end, where it says `match:`
STATUS = re.compile(r"S[:~] ([2-5][0-9][0-9])(?:[ -]|$)")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("altered")


def altered(
    folder: Path, protocol: str, lines: list[str], at: int, changed: str, level: Level
) -> Result:
    """Serve the lines with one of them changed, and replay them as they are."""
    write = smtp if protocol == "smtp" else pop3
    header = f"match: {level.value}"
    path = write(folder, "\n".join(lines), header, name="said.mpt")
    served = [*lines[:at], changed, *lines[at + 1 :]]
    with Server([write(folder, "\n".join(served), header, name="served.mpt")]) as server:
        (seen,) = replay(server, path)
    return seen


def is_red_at(seen: Result, at: int) -> None:
    """It did not pass, and the line is told that was altered; `at` counts from 0."""
    assert seen.verdict in (Verdict.FAILED, Verdict.ERROR), seen
    assert seen.problem is not None
    assert seen.problem.place is not None
    assert seen.problem.place.line == at + 1 + ABOVE, (at, seen.problem)


@SERVED
@given(smtp_bodies(), st.sampled_from([Level.CODE, Level.TEXT]), st.data())
def test_any_digit_of_any_reply_line(
    folder: Path, body: str, level: Level, data: st.DataObject
) -> None:
    """Each of the three, in the first line of a reply as well as in its last."""
    lines = body.split("\n")
    at = data.draw(st.sampled_from([n for n, line in enumerate(lines) if STATUS.match(line)]))
    place = data.draw(st.integers(3, 5))
    digit = data.draw(st.sampled_from([each for each in "2345" if each != lines[at][place]]))
    changed = lines[at][:place] + digit + lines[at][place + 1 :]
    try:
        seen = altered(folder, "smtp", lines, at, changed, level)
    except Unreadable as failure:  # no mail data is opened: each of its lines is owed a reply
        assert lines[at].startswith("S: 354")
        assert "the server owes a reply to" in failure.reason
        return
    is_red_at(seen, at)


@SERVED
@given(pop3_bodies(), st.sampled_from(list(Level)), st.data())
def test_a_status_indicator(folder: Path, body: str, level: Level, data: st.DataObject) -> None:
    """+OK for -ERR, and the reverse, at every level."""
    lines = body.split("\n")
    replies = [n for n, line in enumerate(lines) if line.startswith(("S: +OK", "S: -ERR"))]
    at = data.draw(st.sampled_from(replies))
    status, _, rest = lines[at][3:].partition(" ")
    assume(status == "-ERR" or not lines[at - 1].startswith(("C: RETR", "C: TOP")))
    assume(status == "+OK" or not any(verb in body for verb in ("RETR", "TOP")))
    changed = f"S: {'-ERR' if status == '+OK' else '+OK'} {rest}"
    is_red_at(altered(folder, "pop3", lines, at, changed, level), at)


def places_in(line: str, *, text: bool) -> list[int]:
    """Where a character of a line can be another one, and the line still one that is said there.

    In a written line each character counts at every level; those of a placeholder do not.
    """
    if not line.startswith("S~ ") and not (text and line.startswith("S: ")):
        return []
    inside = {
        n for match in re.finditer(r"\{[^}]*\}", line) for n in range(match.start(), match.end())
    }
    start = 7 if STATUS.match(line) else len(line) - len(line[3:].partition(" ")[2])
    if not re.match(r"S. (?:[0-9]{3}|\+OK|-ERR)", line):  # of a body
        start = 4
    return [n for n in range(start, len(line)) if n not in inside and line[n] != "\\"]


def one_character(
    folder: Path, protocol: str, body: str, level: Level, data: st.DataObject
) -> None:
    """One character of one line becomes another: red there."""
    lines = body.split("\n")
    places = [
        (at, n) for at, line in enumerate(lines) for n in places_in(line, text=level is Level.TEXT)
    ]
    assume(places)
    at, n = data.draw(st.sampled_from(places))
    letter = "Q" if lines[at][n] != "Q" else "Z"
    changed = lines[at][:n] + letter + lines[at][n + 1 :]
    is_red_at(altered(folder, protocol, lines, at, changed, level), at)


@SERVED
@given(smtp_bodies(), st.sampled_from([Level.CODE, Level.TEXT]), st.data())
def test_one_character_of_smtp(folder: Path, body: str, level: Level, data: st.DataObject) -> None:
    """To the letter in a recorded line, and at every level in a written one."""
    one_character(folder, "smtp", body, level, data)


@SERVED
@given(pop3_bodies(), st.data())
def test_one_character_of_pop3(folder: Path, body: str, data: st.DataObject) -> None:
    """In replies and in the lines of multi-line responses."""
    one_character(folder, "pop3", body, Level.TEXT, data)


# ------------------------------------------------------------------------------ hostile replies

SYNTAX = st.sampled_from(
    (
        *("C: QUIT", "C~ PASS {password}", "S: 250 ok", "S? xxx", "S* ", "S+ AUTH", "S@ close"),
        *("@tls", "@include /etc/passwd", "@alt", "@or", "@end", "@poll within=1s every=1s"),
        *("@assert body is /etc/passwd", "@wrong", "== step", "| note", "?en hint", "# comment"),
        *("mailprobe: 1", "connect: evil.example", "{x}", "{=sasl}", "{=uuid}", "\\x41", "\\"),
        *("C<", "S>", "C< /etc/passwd", "\r", "\t", "\x1b[2J", "\u2028", "\x85", "\x0b", "\x0c"),
        *("<<<<<<< HEAD", "\ufeff", "\u202e", "\0", " ", "  ", "é", "1:", "::error::x", "##[x]"),
    )
)
HOSTILE = st.lists(SYNTAX, min_size=1, max_size=4).map("".join).map(str.encode)
INVALID = st.sampled_from([b"\xff", b"\xc3", b"\xed\xa0\x80", b""])
TEXTS = st.tuples(HOSTILE, INVALID).map(b"".join)


def kinds(path: Path) -> list[type[Line]]:
    """What the lines of a recording were read as, but for blanks and comments."""
    read = load(path)
    assert not read.head.settings
    assert list(read.head.peers) == [1]
    assert read.head.peers[1].connect == "127.0.0.1:1110"
    return [type(line) for line in read.walk() if not isinstance(line, (Blank, Comment))]


@SERVED
@given(st.lists(st.lists(TEXTS, min_size=1, max_size=3), min_size=1, max_size=4))
def test_replies_that_look_like_the_format(folder: Path, replies: list[list[bytes]]) -> None:
    """They are recorded, read as replies and nothing else, served again, and the same."""
    path = folder / "recorded.mpt"
    path.unlink(missing_ok=True)
    dialogue = Dialogue(path, SMTP)
    dialogue.hear(b"220 " + replies[0][0] + b"\r\n")
    for lines in replies:
        dialogue.say(b"NOOP")
        for line in lines[1:]:
            dialogue.hear(b"250-" + line + b"\r\n")
        dialogue.hear(b"250 " + lines[0] + b"\r\n")
    dialogue.end(Ending.EOF)
    sides = [line.side for line in load(path).lines if isinstance(line, Wire)]
    assert sides == ["S", *(side for lines in replies for side in ["C", *["S"] * len(lines)])]
    assert set(kinds(path)) == {Wire, EventLine}
    steps = compile_steps(load(path), {})
    assert sum(isinstance(step, Reply) for step in steps) == 1 + len(replies)
    green(path, level=Level.TEXT)


@SERVED
@given(st.lists(TEXTS, max_size=5), st.booleans())
def test_mails_that_look_like_the_format(folder: Path, lines: list[bytes], whole: bool) -> None:
    """The same of a multi-line response, and of one that is cut off."""
    path = folder / "recorded.mpt"
    path.unlink(missing_ok=True)
    dialogue = Dialogue(path, POP3)
    dialogue.hear(b"+OK\r\n")
    dialogue.say(b"RETR 1")
    dialogue.hear(b"+OK\r\n" + b"".join(line + b"\r\n" for line in lines))
    if whole:
        dialogue.hear(b".\r\n")
    dialogue.end(Ending.EOF)
    assert set(kinds(path)) == {Wire, EventLine}
    sides = [line.side for line in load(path).lines if isinstance(line, Wire)]
    assert sides[:3] == ["S", "C", "S"]
    assert "C" not in sides[3:]  # of a body that is cut off the last line end stands by itself
    green(path, level=Level.TEXT)


@given(st.lists(TEXTS, max_size=4))
def test_what_is_no_reply_at_all(folder: Path, lines: list[bytes]) -> None:
    """Garbage of a server is recorded as something that the server said, and never as more."""
    path = folder / "recorded.mpt"
    path.unlink(missing_ok=True)
    dialogue = Dialogue(path, SMTP)
    dialogue.hear(b"220 hi\r\n")
    dialogue.say(b"NOOP")
    for line in lines:
        dialogue.hear(line + b"\r\n")
    dialogue.end(Ending.EOF)
    sides = [line.side for line in load(path).lines if isinstance(line, Wire)]
    assert sides.count("C") == 1
    assert set(kinds(path)) <= {Wire, EventLine}
