"""The canonical form: what changes, what never does."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.transcript.changing.canonical import cooked_text, fmt
from mailprobe.transcript.load import load
from mailprobe.transcript.model import (
    Blank,
    Comment,
    Form,
    Function,
    Header,
    Line,
    Name,
    Piece,
    Place,
    Placeholder,
    Transcript,
    Wire,
    walk,
)
from mailprobe.transcript.parse import faults, parse
from mailprobe.transcript.reading.cooked import read
from mailprobe.transcript.reading.source import LONGEST
from mailprobe.value import replace

HEAD = "mailprobe: 1\nlang: en zh\n"


def formatted(*lines: str) -> list[str]:
    """The lines behind the header, formatted."""
    octets = fmt(parse(f"{HEAD}\n{chr(10).join(lines)}\n".encode(), "a.mpt"))
    assert fmt(parse(octets, "a.mpt")) == octets
    text = octets.decode()
    assert text.startswith(f"{HEAD}\n")
    return text[len(HEAD) + 1 : -1].split("\n")


CHANGED = [
    ("S\\ plain", "S: plain"),
    ("S\\", "S:"),
    ("C2\\ caf\\xc3\\xa9 {a} \\u{4f60} \\\\", "C2: café {a} 你 \\"),
    ("S\\ a\\x09b\\x1B\\sc\\x20", "S\\ a\\tb\\e c\\s"),
    ("S\\ \\xFF\\u{0041}\\u{202E}", "S\\ \\xffA\\u{202e}"),
    ("S= \\{a\\}\\x0d\\x0a", "S= {a}\\r\\n"),
    ("C= \\x41{a:any}\\x20", "C= A{a:any}\\s"),
    ("S~ a\\x20b\\x20", "S~ a b\\s"),
    ("S~ {a:token=\\x78} {:any=x\\x7d}", "S~ {a:token=x} {:any=x\\}}"),
    ('S+ {=md5( a ,"\\x22\\x41" ,12)}', 'S+ {=md5(a, "\\x22A", 12)}'),
    ("S- {/a\\/b\\\\\\/{1,2}/}\\x2e", "S- {/a\\/b\\\\\\/{1,2}/}."),
    ("S? -ERR [in-use]|+OK", "S? -ERR [IN-USE]|+OK"),
    ("S@ within   2s", "S@ within 2s"),
    ("# text  ", "# text"),
    ("|en text ", "|en text"),
    ("| ", "|"),
    ("==   title ", "== title"),
    ("@include   a  b.mpt ", "@include a  b.mpt"),
    (
        "@tls  2   verify=off  version=TLSv1.{:int=3}\\x20 ",
        "@tls 2 version=TLSv1.{:int=3}\\s verify=off",
    ),
    ("@assert  n   ==  a\\x62", "@assert n == ab"),
    ("@assert n == \\x20a\\s", "@assert n == \\sa\\s"),
    ("@assert n == \\s", "@assert n == \\s"),
]


@pytest.mark.parametrize("text, canonical", CHANGED)
def test_lines_that_change(text: str, canonical: str) -> None:
    """One way to write each thing, and what is written so stays."""
    assert formatted(text) == [canonical]
    assert formatted(canonical) == [canonical]


UNCHANGED = [
    *("C: x", "C:", "S9: {a}  \\x41", "S\\ a\\s", "S= a", "C= {a}\\r\\n", "S~", "S~ {} {a:any=}"),
    *("C< raw  x", "S> b", "S*", "S* {}", "S? 2xx 2.1.x|5xx", "C@ close", "#", "?zh x", "==en x"),
    *(
        "|   indented",
        "@tls",
        "@tls version=TLSv1.3 verify=on",
        "@assert a !=",
        "@assert body is b",
    ),
]


@pytest.mark.parametrize("text", UNCHANGED)
def test_lines_that_do_not_change(text: str) -> None:
    """What a person may choose is not chosen for them."""
    assert formatted(text) == [text]


def test_blocks() -> None:
    """What opens, parts and ends a block has single blanks; lines inside are lines like others."""
    assert formatted(
        *("@alt   a ", "S\\ x", "", "", "@or  b", "S@ silent 1s", "@end ", "@wrong ", "C: x"),
        *("@end", "@poll  every=1s   within=2s", "S? 250", "@end"),
    ) == [
        *("@alt a", "S: x", "", "@or b", "S@ silent 1s", "@end", "@wrong", "C: x"),
        *("@end", "@poll every=1s within=2s", "S? 250", "@end"),
    ]


def test_header_lines() -> None:
    """Single blanks, canonical escapes in a setting and a matrix, all else as it stands."""
    octets = (
        b"mailprobe: 1\n# c \ntitle  en: x  y \nlang: en\nset  a:  \\x41{=uuid}\\x20\nset b:\n"
        b"matrix  m: x=\\x0A|y= | z=\\x20a\\x7c\\s\nmatch: text\n"
    )
    assert fmt(parse(octets, "a.mpt")).decode() == (
        "mailprobe: 1\n# c\ntitle en: x  y\nlang: en\nset a:  A{=uuid}\\s\nset b:\n"
        "matrix m: x=\\n | y= | z=\\sa\\x7c\\s\nmatch: text\n"
    )


def test_blank_lines_and_the_end_of_the_file() -> None:
    """One between header and body, one where there were many, none at the end."""
    octets = b"mailprobe: 1\n\n\n\nC: x\n\n\n# y\n\n\n\n"
    assert fmt(parse(octets, "a.mpt")) == b"mailprobe: 1\n\nC: x\n\n# y\n"
    assert fmt(parse(b"mailprobe: 1\n\n\n", "a.mpt")) == b"mailprobe: 1\n"
    assert fmt(parse(b"mailprobe: 1", "a.mpt")) == b"mailprobe: 1\n"


def test_bom_and_line_ends_stay() -> None:
    """Also where they are mixed; a last line without an end gets that of the one before it."""
    octets = b"\xef\xbb\xbfmailprobe: 1\r\n\r\nS\\ a\nS\\ b\r\nS\\ c"
    expected = b"\xef\xbb\xbfmailprobe: 1\r\n\r\nS: a\nS: b\r\nS: c\r\n"
    assert fmt(parse(octets, "a.mpt")) == expected


def test_an_included_file_is_not_written_into_ours(tmp_path: Path) -> None:
    """It has a file of its own."""
    (tmp_path / "b.mpt").write_text("mailprobe: 1\n\nC: b\n")
    path = tmp_path / "a.mpt"
    path.write_text("mailprobe: 1\n\n@include  b.mpt\nS\\ x\n")
    assert fmt(load(path)) == b"mailprobe: 1\n\n@include b.mpt\nS: x\n"


@pytest.mark.slow
def test_a_line_that_would_become_too_long() -> None:
    """It stays as it is: what is written can always be read again."""
    assert formatted("S= \\x01") == ["S= \\u{1}"]
    long = "S= " + "\\x01" * (LONGEST // 4 - 1)
    assert formatted(long) == [long]


PIECES: list[tuple[tuple[Piece, ...], str]] = [
    ((b"{a} \\ ", Placeholder("", "any", None, b"x")), "\\{a\\} \\\\ {:any=x}"),
    ((Placeholder("a", "any", None, b"}"), b"\xff"), "{a=\\}}\\xff"),
    ((Placeholder("a", "int", None, None),), "{a:int}"),
    ((Placeholder("", "", "a/b", b"a/b"),), "{/a\\/b/=a/b}"),
    ((Function("uuid", ()), Function("md5", (Name("a"), 1, '"'))), '{=uuid}{=md5(a, 1, "\\x22")}'),
]


@pytest.mark.parametrize("pieces, text", PIECES)
def test_pieces_as_text(pieces: tuple[Piece, ...], text: str) -> None:
    """What others put together is written so that it is read as the same."""
    assert cooked_text(pieces) == text
    assert read(text, Place("", 1)) == pieces


# ------------------------------------------------------------------------------------ properties

LINES = st.sampled_from(
    (
        *("", "", "# x ", "C: x", "S:", "S\\ \\x41\\s", "S\\ {}\\xff", "C= {a}\\r\\n", "S= a\\{b}"),
        *("S~ {n:int=1}\\x7b", 'C~ {=sasl( "a" ,b)}', "S? 250|5xx", "S+ {/a\\/b/}", "C@  close"),
        *("S@ after  5s", "@tls  verify=on", "@assert n ==  x", "@include  b", "|en x ", "==zh  y"),
        *("@alt  a", "S? 250", "@or b", "@end", "@wrong", "@poll within=1s every=1s", "S*", "C< x"),
    )
) | st.text(alphabet="CS2:\\=~?+-{}x41 \u202e\xa0é|", max_size=12)
ENDS = st.sampled_from(("\n", "\r\n"))


def meaning(transcript: Transcript) -> tuple[object, ...]:
    """All that a transcript says, without the places and the ways it is written."""
    lines = [bare(line) for line in walk(transcript.lines) if not isinstance(line, Blank)]
    headers = [(line.key, line.argument) for line in transcript.headers if isinstance(line, Header)]
    head = transcript.head
    settings = [(setting.name, setting.pieces) for setting in head.settings]
    matrices = [(matrix.name, matrix.values) for matrix in head.matrices]
    return lines, headers, settings, matrices, replace(head, settings=(), matrices=(), peers={})


def bare(line: Line) -> object:
    if isinstance(line, Comment):
        return line.text.rstrip(" ")
    if isinstance(line, Wire) and line.form is Form.ESCAPED:
        line = replace(line, form=Form.VERBATIM)
    names = [name for kind in type(line).__mro__[:-2] for name in getattr(kind, "__slots__", ())]
    inner = ("end", "lines", "branches", "place", "text")
    return type(line), [getattr(line, name) for name in names if name not in inner]


@given(
    st.lists(st.tuples(LINES, ENDS), max_size=12),
    st.sampled_from(["", "set a: \\x41\n", "matrix  a: x=\\x0a|y=1\n", "# x \n"]),
)
def test_nothing_changes_what_is_said(lines: list[tuple[str, str]], header: str) -> None:
    """Formatting keeps the meaning, and what it wrote it does not change again."""
    octets = f"{HEAD}{header}\n{''.join(text + end for text, end in lines)}".encode()
    while found := {fault.place.line for fault in faults(octets, "a.mpt")}:
        kept = octets.split(b"\n")
        octets = b"\n".join([line for number, line in enumerate(kept, 1) if number not in found])
    before = parse(octets, "a.mpt")
    written = fmt(before)
    after = parse(written, "a.mpt")
    assert meaning(after) == meaning(before)
    assert fmt(after) == written
