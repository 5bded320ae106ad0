"""diff: what two transcripts say otherwise, and what is no difference."""

import pytest

from mailprobe.transcript.changing.difference import difference
from mailprobe.transcript.changing.loosen import loosen
from mailprobe.transcript.model import Transcript, Unreadable
from mailprobe.transcript.parse import parse

SMTP = "protocol: smtp\n"
GREETED = "S? 220\n"


def read(body: str, head: str = SMTP, name: str = "a.mpt") -> Transcript:
    return parse(f"mailprobe: 1\n{head}\n{body}".encode(), name)


def diff(one: str, other: str, head: str = SMTP, **how: bool) -> list[str]:
    """Without the names of the two files, which stand in front of every difference."""
    found = list(difference(read(one, head), read(other, head, "b.mpt"), **how))
    assert found[:2] == (["--- a.mpt", "+++ b.mpt"] if found else [])
    return found[2:]


@pytest.mark.parametrize(
    "one, other",
    [
        ("", ""),
        ("S? 220\n", "# a\n\n== b\n| c\nS? 220\n\n"),
        ("S: 220 a\nC: NOOP\nS: 250 b\n", "S: 220 a\n# c\nC: NOOP\n\nS: 250 b\n"),
    ],
)
def test_trivia(one: str, other: str) -> None:
    """Comments, blanks and text for people are none, unless somebody asks."""
    assert diff(one, other) == []
    assert bool(diff(one, other, trivia=True)) is (one != other)


def test_the_header() -> None:
    """What it says, whatever the order; titles and where it came from are trivia."""
    one = read("", SMTP + "# a\ntitle: x\ntags: t\nset a: 1\n")
    same = read("", "title: y\nrecorded: now\nset a: 1\ntags: t\n" + SMTP)
    other = read("", SMTP + "set b: 1\nset a: 2\n")
    assert list(difference(one, same)) == []
    assert list(difference(one, same, trivia=True))[2:] == [
        "@@ -1 +1 header @@",
        " protocol: smtp",
        "+recorded: now",
        " set a: 1",
        " tags: t",
        "-title: x",
        "-# a",
        "+title: y",
    ]
    assert list(difference(one, other))[3:] == [
        " protocol: smtp",
        "-set a: 1",
        "-tags: t",
        "+set a: 2",
        "+set b: 1",
    ]


def test_a_reply() -> None:
    """Its code, in the headline, too; its text; its number of lines."""
    assert diff("S: 220 a\n", "S: 221 a\n") == [
        "@@ -4 +4 greeting: code 220 -> 221 @@",
        "-S: 220 a",
        "+S: 221 a",
    ]
    assert diff("S: 220 a\n", "S: 220 b\n")[0] == "@@ -4 +4 greeting: text @@"
    assert diff("S: 220-a\nS: 220 b\n", "S: 220 a\n")[0] == "@@ -4 +4 greeting: 2 -> 1 lines @@"
    assert diff("S? 220|554\n", "S= 22\nS@ close\n")[0] == (
        "@@ -4 +4 greeting: code 220|554 -> none @@"
    )


def test_what_is_offered() -> None:
    """By its keywords, of EHLO and of CAPA."""
    one = GREETED + "C: EHLO a\nS: 250-mx\nS: 250-SIZE 1\nS: 250 A-B\n"
    other = GREETED + "C: EHLO a\nS: 250-mx\nS: 250 size\nS+ --\n"
    assert diff(one, other)[0] == "@@ -6 +6 reply to EHLO: without A-B @@"
    assert diff(other, one)[0] == "@@ -6 +6 reply to EHLO: with A-B @@"
    one = "S? +OK\nC: CAPA\nS: +OK a\nS: UIDL\nS: .\n"
    other = "S? +OK\nC: CAPA\nS: +OK a\nS: TOP\nS: .\n"
    found = diff(one, other, "protocol: pop3\n")
    assert found[0] == "@@ -6 +6 reply to CAPA: without UIDL, with TOP @@"
    assert found[1:] == [" S: +OK a", "-S: UIDL", "+S: TOP", " S: ."]


def test_writes_and_the_rest() -> None:
    """Lines that are one write stand together, all others for themselves."""
    one = GREETED + "C: NOOP\nC: HELP\nS? 250\nS? 214\n@assert state == READY\nS: 421 x\nC2:\n"
    other = GREETED + "C: NOOP\nC: VRFY a\nS? 250\nS? 252\nS? 252\nC: QUIT\nS? 221\nC2:\nC2: a\n"
    assert diff(one, other, SMTP + "protocol 2: raw\n") == [
        "@@ -6 +6 write NOOP @@",
        " C: NOOP",
        "-C: HELP",
        "+C: VRFY a",
        "@@ -9 +0 reply to HELP: only in the first @@",
        "-S? 214",
        "@@ -10 +0 @assert: only in the first @@",
        "-@assert state == READY",
        "@@ -0 +9 reply to VRFY: only in the second @@",
        "+S? 252",
        "@@ -11 +10 reply to nothing: code 421 -> 252 @@",
        "-S: 421 x",
        "+S? 252",
        "@@ -0 +11 write QUIT: only in the second @@",
        "+C: QUIT",
        "@@ -0 +12 reply to QUIT: only in the second @@",
        "+S? 221",
        "@@ -12 +13 write @@",
        " C2:",
        "+C2: a",
    ]


def test_mail_data() -> None:
    """The reply to it is another one than that to its command; an empty line has a name, too."""
    one = (
        GREETED
        + "C: MAIL FROM:<>\nS? 250\nC: RCPT TO:<a>\nS? 250\nC: DATA\nS? 354\nC: .\nS: 250 a\n"
    )
    found = diff(one, one.replace("250 a", "250 b"))
    assert found[0] == "@@ -12 +12 reply to DATA (its data): text @@"
    assert diff(GREETED, GREETED + "\n", trivia=True)[0] == (
        "@@ -0 +5 blank: only in the second @@"
    )


def test_loose() -> None:
    """What is another one in every run does not count, nor what somebody made of it."""
    lines = GREETED.replace("S? 220", "S: 220 mx1.example.net") + "C: NOOP\nS: 250 at {}\n"
    one = lines.replace("{}", "Mon, 23 Nov 2026 02:20:00 +0000")
    other = lines.replace("{}", "Tue, 24 Nov 2026 02:20:00 +0000").replace("mx1", "mx2")
    assert len(diff(one, other)) == 6
    assert diff(one, other, loose=True) == []
    loosened = parse(loosen(read(one)), "b.mpt")
    assert list(difference(read(one), loosened, loose=True)) == []
    assert diff(one, one + "C= NOOP\\r\\n\nS? 250\n", loose=True)[-1] == "+S? 250"
    assert diff(one, one.replace("at", "in"), loose=True)[0] == "@@ -6 +6 reply to NOOP: text @@"


def test_branches() -> None:
    """Their lines are compared, too."""
    one = "@alt a\nS: 220 a\n@or b\nS: 554 a\n@end\n"
    assert diff(one, one.replace("554", "550"))[0] == "@@ -7 +7 greeting: code 554 -> 550 @@"


def test_nothing_hostile_is_shown() -> None:
    """A name of a file, a verb, a keyword: all of it is fit for a terminal."""
    one, other = read("", name="a\x1b[2J"), read(GREETED, name="b")
    assert next(difference(one, other)) == "--- a\\u{1b}[2J"
    assert diff("S: 220 a\n", "S\\ 220 \\e[2J\n")[-1] == "+S\\ 220 \\e[2J"


def test_a_file_that_cannot_be_played() -> None:
    """Its replies are not known: it is told where."""
    with pytest.raises(Unreadable, match="connection 2 has no protocol"):
        diff("S2? 220\n", "")
