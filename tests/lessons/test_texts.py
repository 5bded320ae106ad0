"""The texts of the shipped lessons: what they meet, and whether they fit on a small screen."""

import unicodedata
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from mailprobe.transcript.load import load
from mailprobe.transcript.model import Lesson, Title, Transcript, Wire

COURSE = Path(__file__).parents[2] / "mailprobe" / "lessons" / "course"
FILES = sorted(COURSE.glob("*.mpt"))

# The two lists of the page of 2007: its 26 commands.
SMTP = "DATA EXPN HELO HELP MAIL NOOP QUIT RCPT RSET SAML SEND SOML TURN VRFY"
POP3 = "USER PASS APOP STAT UIDL LIST RETR DELE RSET TOP NOOP QUIT"

WIDTH, ROWS = 76, 10  # of 80 cells and 24 rows, with room for a margin, a reply, and the prompt

each_file = pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])


def read(path: Path) -> Transcript:
    return load(path, path.name)


def said(protocol: str) -> set[str]:
    """The verbs that some solution says in a protocol; those of known mistakes do not count."""
    found = set()
    for path in FILES:
        transcript = read(path)
        for line in transcript.lines:
            if not isinstance(line, Wire) or line.side != "C" or not line.pieces:
                continue
            peer, first = transcript.head.peers[line.connection], line.pieces[0]
            if peer.protocol == protocol and isinstance(first, bytes):
                found.add(first.split(b" ")[0].decode("ascii").upper())
    return found


def texts(transcript: Transcript) -> Iterator[Lesson]:
    return (line for line in transcript.walk() if isinstance(line, Lesson))


def cells(text: str) -> int:
    """How wide a text is on a terminal."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


@pytest.mark.parametrize("protocol, verbs", [("smtp", SMTP), ("pop3", POP3)])
def test_each_command_of_the_page_is_met(protocol: str, verbs: str) -> None:
    """In the solution of some lesson."""
    assert set(verbs.split()) - said(protocol) == set()


@each_file
def test_no_line_is_too_wide(path: Path) -> None:
    """A text is not broken on a screen of 80 cells, in either language."""
    transcript = read(path)
    wide = [line.text for line in texts(transcript) if cells(line.content) > WIDTH]
    titles = [line for line in transcript.walk() if isinstance(line, Title)]
    assert wide + [line.text for line in titles if cells(line.content) > WIDTH] == []


@each_file
def test_no_text_is_too_long(path: Path) -> None:
    """A text leaves room on a screen of 24 rows for what it speaks of."""

    def kind(line: object) -> tuple[str, str] | None:
        return (line.tag, line.language) if isinstance(line, Lesson) else None

    for what, run in groupby(read(path).walk(), kind):
        if what is not None and what[0] == "|":
            assert sum(1 for _ in run) <= ROWS
