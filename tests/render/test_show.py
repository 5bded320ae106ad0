"""A transcript on a terminal: readable without colour, and nothing raw."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.render.show import show, source
from tests.render.samples import HOSTILE, LESSON, read, smtp

_SGR = re.compile(r"\x1b\[[0-9;]*m")


def shown(text: str, **options: str | int) -> str:
    return "".join(show(read(text), color=False, **options))  # type: ignore[arg-type]


def test_a_lesson_without_colour() -> None:
    """Title, header, dialogue as it stands in the file, and the text of one language."""
    assert (
        shown(LESSON)
        == """\
Count
=====
protocol: pop3
connect: 127.0.0.1:110
lang: en zh
set user: alice

S: +OK ready
C~ USER {user}
S: +OK
C~ PASS {password}
S? +OK

== How many wait?
| STAT gives two numbers.
? Four letters.

@wrong
C~ {/(count|messages)/=count}
S? -ERR

| Not that.

@end
C: STAT
S~ +OK {count:int=2} {octets:int=1411}
@alt yes
S? +OK
S+ more
@or no
S? -ERR
@end
@poll within=60s every=3s
S2? +OK
C2: QUIT
@end
# the end
C: QUIT
S? +OK
S@ close
"""
    )


def test_the_other_language() -> None:
    """Only that one; one that the file does not have is the file's own."""
    chinese = shown(LESSON, language="zh")
    assert chinese.startswith("数一数\n======\n")
    assert "== 有几封？\n| STAT 返回两个数。\n? 四个字母。\n" in chinese
    assert "Four letters" not in chinese
    assert "How many" not in chinese
    assert shown(LESSON, language="fr") == shown(LESSON)


def test_text_is_folded() -> None:
    """With its mark before each row."""
    text = "mailprobe: 1\nprotocol: smtp\n\n| " + "word " * 20 + "\nC: " + "x" * 100 + "\n"
    rows = shown(text, width=30).split("\n")
    assert [row for row in rows if row.startswith("| ")] == ["| word word word word word"] * 4
    assert "C: " + "x" * 100 in rows


def test_colour_says_nothing_new() -> None:
    """Without the colours it is the same text; with them, sides and refusals differ."""
    transcript = read(LESSON)
    colored = "".join(show(transcript, color=True))
    assert _SGR.sub("", colored) == "".join(show(transcript, color=False))
    refused = "".join(show(smtp("S: 550 no", "C: QUIT", "S: 250 yes"), color=True))
    assert "\x1b[1;31m550\x1b[0m no\n" in refused
    assert "\x1b[32m250\x1b[0m yes\n" in refused
    assert "\x1b[34mC: QUIT\x1b[0m\n" in refused or "\x1b[34mC:\x1b[0m " in refused


def test_without_a_title() -> None:
    """The name of the file is one; octets in it that are no text are told apart."""
    transcript = read("mailprobe: 1\nprotocol: smtp\n\n", "a\udcff\x1b.mpt")
    assert "".join(show(transcript, color=False)).startswith("a\\xff\\u{1b}.mpt\n")


@pytest.mark.parametrize("color", [False, True])
def test_a_hostile_transcript(color: bool) -> None:
    """No control character but our own colours, nothing that cannot be seen, no markup read."""
    text = _SGR.sub("", "".join(show(read(HOSTILE), color=color)))
    assert text.replace("\n", "").isprintable()
    assert not re.search("[\ufe0f\u3164\u2800]", text)
    assert "variation\\u{fe0f} filler\\u{3164}" in text
    assert "[link=file:///etc/passwd]x[/nope] [red]x[/red] :skull:" in text


def test_the_source_of_what_is_no_transcript() -> None:
    """Numbered lines, whatever they hold."""
    octets = b"\xef\xbb\xbfmailprobe: 1\r\nC: \x1b[2J\xff\n\nC: a\\b\n\xe2\x80\xae"
    assert "".join(source(octets, color=False)) == (
        "1 | mailprobe: 1\n2 | C: \\u{1b}[2J\\xff\n3 | \n4 | C: a\\b\n5 | \\u{202e}\n"
    )
    assert "".join(source(b"", color=False)) == ""


@given(st.binary(), st.booleans())
def test_any_octets_are_shown_safely(octets: bytes, color: bool) -> None:
    """As many lines as there are, each printable but for our own colours."""
    rows = list(source(octets, color=color))
    body = octets.removeprefix(b"\xef\xbb\xbf")
    assert len(rows) == body.count(b"\n") + (not body.endswith(b"\n") and body != b"")
    for row in rows:
        assert _SGR.sub("", row).removesuffix("\n").isprintable()
