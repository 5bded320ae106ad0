"""Where a mismatch points, and how two lines are shown."""

from hypothesis import given
from hypothesis import strategies as st

from mailprobe.transcript.matching.mismatch import (
    Mismatch,
    at_content,
    at_octet,
    at_piece,
    at_word,
    first_difference,
)
from mailprobe.transcript.model import Comment, Form, Line, Place, Wire
from mailprobe.transcript.reading.cooked import read
from mailprobe.transcript.steps import ExpectedLine
from tests.transcript.replies import caret

PLACE = Place("t.mpt", 7)


def wire(text: str, form: Form = Form.VERBATIM) -> Wire:
    return Wire(PLACE, text, "S", 1, form, ())


def difference(expected: bytes, got: bytes) -> tuple[str, ...]:
    return Mismatch(PLACE, 1, "", "", "", expected, got).difference()


def test_a_sentence_with_its_place() -> None:
    """As a compiler would say it; a hint can be added."""
    mismatch = at_content(wire("S: 250 ok"), "no")
    assert str(mismatch) == "t.mpt:7:4: no"
    assert mismatch.hinted("why").hint == "why"
    assert mismatch.difference() == ()


def test_two_lines_and_a_caret() -> None:
    """Escapes are shown, and the caret stands below the first that differs."""
    assert difference(b"250 ok\r\n", b"250 ok\n") == (r"250 ok\r\n", r"250 ok\n", "      ^")
    assert difference(b"\x1b[a", b"\x1b[b") == (r"\u{1b}[a", r"\u{1b}[b", "       ^")
    assert difference(b"abc", b"ab") == ("abc", "ab", "  ^")
    assert difference(b"same", b"same") == ("same", "same", "    ^")
    assert difference("é你".encode(), "é好".encode()) == ("é你", "é好", " ^")
    assert difference(b"\xe9a", b"\xe8a") == (r"\xe9a", r"\xe8a", "^")


def test_long_lines_are_cut() -> None:
    """What stands around the difference is shown."""
    before = b"x" * 500 + "你".encode() * 8
    one, other, at = difference(before + b"a" * 100, before + b"b" * 10)
    assert one == "..." + "你" * 8 + "a" * 48 + "..."
    assert other == "..." + "你" * 8 + "b" * 10
    assert at == " " * 11 + "^"
    one, other, at = difference(b"x" + before + b"y", b"x" + before)
    assert one.startswith("...")


def test_secrets_are_taken_out_of_both() -> None:
    """A mask is put over the octets before anything is compared."""
    mismatch = Mismatch(PLACE, 1, "", "", "", b"PASS a1", b"PASS hunter2")
    shown = mismatch.difference(lambda octets: octets.replace(b"hunter2", b"****"))
    assert shown == ("PASS a1", "PASS ****", "     ^")


@given(st.binary(max_size=30), st.binary(max_size=5), st.binary(max_size=5))
def test_first_difference(same: bytes, one: bytes, other: bytes) -> None:
    """Both are the same before it, and the character there is not the same."""
    one, other = same + one, same + other
    at = first_difference(one, other)
    assert one[:at] == other[:at]
    assert one[at : at + 4] != other[at : at + 4] or one == other


def test_first_difference_of_what_is_no_utf_8() -> None:
    """No character is longer than four octets: behind that, each counts for itself."""
    assert first_difference(b"\x80" * 5 + b"\x81", b"\x80" * 5 + b"\x82") == 5
    assert first_difference(b"\x81", b"\x82") == 0


def test_the_content_of_a_line() -> None:
    """What is behind the tag, the whole line where there is nothing."""
    for text, content in {
        "S: 250 ok": "250 ok",
        "S2? 250": "250",
        "S+ AUTH": "AUTH",
        "S> raw x": "raw x",
        "S*": "S*",
        "S:": "S:",
        "@tls": "@tls",
    }.items():
        assert caret(at_content(Line(PLACE, text), "")) == content
    assert at_content(Comment(PLACE, ""), "").width == 1


def test_a_word_of_a_line() -> None:
    """In whatever case, as a whole word; where it is missing, all of the content."""
    line = wire("S: 250-AUTH-X auth Auth")
    assert at_word(line, "AUTH", "").place.column == 15
    assert caret(at_word(line, "AUTH", "")) == "auth"
    assert caret(at_word(line, "NO", "")) == "250-AUTH-X auth Auth"
    assert caret(at_word(line, "", "")) == "250-AUTH-X auth Auth"


def test_a_piece_of_a_line() -> None:
    """A placeholder, what stands before or behind one, or the end."""
    text = "S~ 250 {x:int} ok{y}"
    line = wire(text, Form.COOKED)
    pieces = read(text[3:], Place("t.mpt", 7, 4))
    shown = [caret(at_piece(line, pieces, index, "")) for index in range(5)]
    assert shown == ["250 ", "{x:int}", " ok", "{y}", ""]
    assert at_piece(line, pieces, 4, "").place.column == len(text) + 1
    text = r"S~ {x}caf\xe9"
    assert caret(at_piece(wire(text), read(text[3:], Place("t", 7, 4)), 1, "")) == r"caf\xe9"


def test_an_octet_of_a_line() -> None:
    """The column of the file at which it is written, whatever the form."""

    def at(text: str, form: Form, octets: bytes, got: bytes, end: bytes = b"\r\n") -> str:
        expected = ExpectedLine(wire(text, form), form, (octets,), end)
        mismatch = at_octet(expected, got, "")
        assert mismatch.expected == octets + end
        return text[mismatch.place.column - 1 :]

    assert at("S: 250 ok", Form.VERBATIM, b"250 ok", b"250 no\r\n") == "ok"
    assert at("S: 250 ok", Form.VERBATIM, b"250 ok", b"250 ok\n") == ""
    assert at("S: 你好", Form.VERBATIM, "你好".encode(), "你们".encode()) == "好"
    assert at(r"S: \x41b", Form.VERBATIM, rb"\x41b", rb"\x41c") == "b"
    assert at(r"S\ caf\xe9\sx", Form.ESCAPED, b"caf\xe9 x", b"caf\xe9\tx") == r"\sx"
    assert at(r"S\ \u{4f60}é\\y", Form.ESCAPED, "你é\\y".encode(), "你é\\z".encode()) == "y"
    assert at(r"S= a\r\nb", Form.EXACT, b"b", b"c", b"") == r"a\r\nb"
