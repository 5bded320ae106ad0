"""Lines of a dialogue that somebody has pasted."""

import pytest

from mailprobe.explain.pasting import Said, exchanges_of, lines_of, reply_of


@pytest.mark.parametrize(
    "line, expected",
    [
        ("S: 250 ok", ("S", "250 ok")),
        ("C2: NOOP", ("C", "NOOP")),
        ("<* 421 bye", ("S", "421 bye")),
        ("> RETR 1", ("C", "RETR 1")),
        ("+ x", ("", "+ x")),
        ("S 250", ("", "S 250")),
        ("C* x", ("", "C* x")),
        ("<a@b.c> x", ("", "<a@b.c> x")),
    ],
)
def test_marks_tell_the_side(line: str, expected: tuple[str, str]) -> None:
    """As our screen and transcripts have them; a path in < > is none."""
    assert lines_of([line]) == [expected]


def test_words_are_one_line() -> None:
    """Ends of lines part, of whatever kind, and empty lines are nothing."""
    assert lines_of(["550", "5.1.1"]) == [("", "550 5.1.1")]
    assert lines_of(["C: A\r\n\rS: B\n", "x"]) == [("C", "A"), ("S", "B"), ("", "x")]
    assert lines_of(["a\0b"]) == [("", "a b")]
    assert lines_of([""]) == []


def test_who_says_what() -> None:
    """Without marks the first line that is no reply is the client's."""
    assert exchanges_of(lines_of(["DATA\n354 go"])) == [Said("DATA", ("354 go",))]
    assert exchanges_of(lines_of(["250 go\nx"])) == [Said("", ("250 go", "x"))]
    assert exchanges_of(lines_of(["S: odd\nC: A\nC: B\nS: 250"])) == [
        Said("", ("odd",)),
        Said("A", ()),
        Said("B", ("250",)),
    ]


def test_who_speaks_behind_a_reply_that_waits() -> None:
    """The answers to a challenge and the mail data are the client's, marked or not."""
    login = "AUTH LOGIN\n334 VXNlcm5hbWU6\n!!!\n501 5.5.2 no"
    expected = [Said("AUTH LOGIN", ("334 VXNlcm5hbWU6",)), Said("!!!", ("501 5.5.2 no",))]
    assert exchanges_of(lines_of([login])) == expected
    marked = "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: !!!\nS: 501 5.5.2 no"
    assert exchanges_of(lines_of([marked])) == expected
    data = exchanges_of(lines_of(["DATA\n354 go\nSubject: x\n.\n250 ok\nodd"]))
    assert data[-1] == Said(".", ("250 ok", "odd"))


def test_one_reply() -> None:
    """Up to another code; in POP3 it is one line, and what follows is its body."""
    whole = reply_of(["250-a", "250-b", "250 c", "251 d"])
    assert whole is not None
    assert whole.texts == (b"a", b"b", b"c")
    short = reply_of(["+ok fine", "+OK x"])
    assert short is not None
    assert (short.code, short.texts) == ("+OK", (b"fine",))
    assert reply_of([]) is reply_of(["hello"]) is None
