"""Escapes, placeholders and functions: what they become, and what is refused where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.transcript.format import escape
from mailprobe.transcript.model import Function, Name, Pieces, Place, Placeholder, Unreadable
from mailprobe.transcript.reading.cooked import FUNCTIONS, TYPES, extent, read, read_escaped
from mailprobe.value import replace

PLACE = Place("a.mpt", 3, 4)

READ: list[tuple[str, Pieces]] = [
    ("", ()),
    ("plain", (b"plain",)),
    ("café", ("café".encode(),)),
    (r"\\\{\}\r\n\t\0\e\s", (b"\\{}\r\n\t\0\x1b ",)),
    (r"\x41\xfF\u{2028}\u{41}", (b"A\xff" + "\u2028".encode() + b"A",)),
    ("{}", (Placeholder("", "any", None, None),)),
    ("{a}", (Placeholder("a", "any", None, None),)),
    ("{a-1_b:int}", (Placeholder("a-1_b", "int", None, None),)),
    ("{a=}", (Placeholder("a", "any", None, b""),)),
    (r"{a:token=x\x79\}z}", (Placeholder("a", "token", None, b"xy}z"),)),
    ("{:text==?x?=}", (Placeholder("", "text", None, b"=?x?="),)),
    (r"x{n/a\/b\\/=a/b\\}y", (b"x", Placeholder("n", "", r"a/b\\", b"a/b\\"), b"y")),
    ("{/[0-9]{2}/}", (Placeholder("", "", "[0-9]{2}", None),)),
    ("{=sasl}", (Function("sasl", ()),)),
    ('{=sasl("bob", password2)}', (Function("sasl", ("bob", Name("password2"))),)),
    ('{=sasl("bob", p, "al")}', (Function("sasl", ("bob", Name("p"), "al")),)),
    (r'{=md5(a,"b\x22\xff" , 12)}', (Function("md5", (Name("a"), 'b"\udcff', 12)),)),
    ("{=uuid}{=now}", (Function("uuid", ()), Function("now", ()))),
    ('{=repeat( "x" ,1000000 )}', (Function("repeat", ("x", 1000000)),)),
    ("{a}{b}", (Placeholder("a", "any", None, None), Placeholder("b", "any", None, None))),
    ("{}{a}", (Placeholder("", "any", None, None), Placeholder("a", "any", None, None))),
    ("{} {}", (Placeholder("", "any", None, None), b" ", Placeholder("", "any", None, None))),
    (
        "{:int}{=uuid}{:int}",
        (
            Placeholder("", "int", None, None),
            Function("uuid", ()),
            Placeholder("", "int", None, None),
        ),
    ),
]


@pytest.mark.parametrize("text, pieces", READ)
def test_what_cooked_text_becomes(text: str, pieces: Pieces) -> None:
    """Octets that stand side by side are one piece; where it stands is not compared."""
    assert read(text, PLACE) == pieces


def test_places_of_pieces() -> None:
    """A column counts from the beginning of the line, in characters."""
    _, first, _, second = read("é{a:int=1} {=uuid}", PLACE)
    assert isinstance(first, Placeholder)
    assert isinstance(second, Function)
    assert (first.column, first.width) == (5, 9)
    assert (second.column, second.width) == (15, 7)
    assert first != replace(first, name="b")


def test_braces_are_plain_where_no_placeholder_may_stand() -> None:
    """Escapes count in escaped text, braces do not."""
    assert read(r"{a} } { \{\x41", PLACE, cooked=False) == (b"{a} } { {A",)
    assert read_escaped("", PLACE) == b""
    assert read_escaped(r"{\n", PLACE) == b"{\n"


REFUSED = [
    (r"a\q", 1, 2, r"unknown escape \q: expected one of \\ \{ \} \r \n \t \0 \e \s \xHH \u{HEX}"),
    ("a\\", 1, 1, "a backslash at the end: one that is meant is written \\\\"),
    (r"\x4", 0, 3, r"\x is followed by two hex digits: \x1b"),
    (r"\xgg12", 0, 4, r"\x is followed by two hex digits: \x1b"),
    (r"\u2028", 0, 3, r"\u is followed by hex digits in braces: \u{2028}"),
    (r"\u{1234567}", 0, 3, r"\u is followed by hex digits in braces: \u{2028}"),
    (r"\u{110000}", 0, 10, "no character has this number"),
    (r"\u{d800}", 0, 8, "no character has this number"),
    ("a}", 1, 1, r"this brace closes nothing: a brace is written \}"),
    ("a{", 1, 1, r"this brace is never closed: a brace is written \{"),
    ("a{b:int=1", 1, 8, r"this brace is never closed: a brace is written \{"),
    ("{Name}", 1, 1, 'expected a name (a-z, then a-z 0-9 - _), ":", "/" or "}", and "N" came'),
    ("{{env.X}}", 1, 1, 'expected a name (a-z, then a-z 0-9 - _), ":", "/" or "}", and "{" came'),
    ("{a b}", 2, 1, 'expected a name (a-z, then a-z 0-9 - _), ":", "/" or "}", and " " came'),
    ("{a:int,}", 6, 1, 'expected "=" and a sample, or "}", and "," came'),
    ("{/a/b}", 4, 1, 'expected "=" and a sample, or "}", and "b" came'),
    ("{a:itn}", 3, 3, 'unknown type "itn": did you mean "int"?'),
    ("{a:" + "x" * 99 + "}", 3, 99, 'unknown type "' + "x" * 40 + '...": known are: addr'),
    ("{a:}", 3, 1, 'unknown type "": known are: addr, any, b64,'),
    ("{a:Int}", 3, 3, 'unknown type "Int": did you mean "int"?'),
    ("{/a", 0, 3, 'this regular expression has no "/" at its end'),
    ("x{/a(b/}", 4, 2, "this group is never closed"),
    ("{//}", 2, 1, "a regular expression is expected between the slashes"),
    ("{/a+/=b}", 0, 8, "the sample does not match the regular expression"),
    ("{a:int=1x}", 0, 10, 'the sample is not of the type "int"'),
    ("{a=x{}", 4, 1, r"a brace in a sample is written \{"),
    (r"{a=x\ry}", 3, 4, "a sample holds no CR, LF or NUL: a value never does"),
    (r"{a=\0}", 3, 2, "a sample holds no CR, LF or NUL: a value never does"),
    ("{}{}", 2, 2, "two wildcards side by side say nothing"),
    ("{a:int}{b=1}", 7, 5, "two wildcards side by side say nothing"),
    ("{/a/}{:int}", 5, 6, "two wildcards side by side say nothing"),
    ("{=system}", 2, 6, 'unknown function "system": known are: apop, b64,'),
    ("{=uid}", 2, 3, 'unknown function "uid": did you mean "uuid"?'),
    ("{=uuid()}", 7, 1, 'expected a name, a number or "text", and ")" came'),
    ("{=uuid x}", 6, 1, 'expected "(" or "}", and " " came'),
    ("{=b64(x)y}", 8, 1, 'expected "}", and "y" came'),
    ("{=b64(x y)}", 8, 1, 'expected "," or ")", and "y" came'),
    ("{=b64(x", 0, 7, r"this brace is never closed: a brace is written \{"),
    ('{=b64("x)}', 6, 3, "this text has no quote at its end"),
    ('{=b64("{x}")}', 7, 1, r"a brace in text is written \{"),
    ("{=repeat(a, 1000001)}", 12, 7, "a number is at most 1000000"),
    ("{=repeat(a, 9999999999999)}", 12, 13, "a number is at most 1000000"),
    ("{=uuid(a)}", 7, 1, "{=uuid} takes nothing"),
    ("{=b64(a, b)}", 9, 1, "{=b64} takes one value"),
    ("{=b64}", 0, 6, "{=b64} takes one value"),
    ("{=md5}", 0, 6, "{=md5} takes one value or more"),
    ("{=now(a)}", 6, 1, "{=now} takes nothing, or a format in quotes"),
    ("{=sasl(bob)}", 7, 1, "{=sasl} takes a user in quotes, the name of a secret, and"),
    ('{=sasl("bob", "x")}', 14, 1, "{=sasl} takes a user in quotes, the name of a secret, and"),
    ('{=sasl("bob", x, y)}', 17, 1, "{=sasl} takes a user in quotes, the name of a secret, and"),
    ('{=apop("b", c, d)}', 15, 1, "{=apop} takes a user in quotes, and the name of a secret"),
    ('{=repeat("x", "3")}', 14, 1, "{=repeat} takes a value and how often"),
]


@pytest.mark.parametrize("text, at, width, sentence", REFUSED)
def test_what_is_refused(text: str, at: int, width: int, sentence: str) -> None:
    """The place is that of what is wrong, and the sentence says what was expected."""
    line = f"S~ {text}"
    with pytest.raises(Unreadable) as caught:
        read(text, PLACE, line=line)
    fault = caught.value
    assert fault.reason.startswith(sentence)
    assert fault.place == Place("a.mpt", 3, 4 + at)
    assert fault.width == width
    assert fault.text == line


def test_a_regular_expression_that_is_dear_is_not_tried_on_its_sample() -> None:
    """A file may hold thousands of them, and a sample may be as long as a line."""
    for count in (500, 5000):
        sample = "a" * count
        (piece,) = read(f"{{/.*b.*/={sample}}}", PLACE)
        assert isinstance(piece, Placeholder)
        assert piece.sample == sample.encode()


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_every_type_can_be_said(kind: str) -> None:
    """The table of types and that of what they match have the same words."""
    assert read(f"{{a:{kind}}}", PLACE) == (Placeholder("a", kind, None, None),)
    with pytest.raises(Unreadable):
        read(f"{{a:{kind}=\\n}}", PLACE)


@pytest.mark.parametrize(
    "text, at, end",
    [
        ("", 0, 0),
        ("a b", 0, 1),
        ("x=a{:any=1 2} y", 2, 13),
        (r"a\ b", 0, 4),
        ("a{/x y/} z", 0, 8),
        ("a{broken z", 0, 10),
        ("a\\", 0, 2),
    ],
)
def test_how_far_cooked_text_goes(text: str, at: int, end: int) -> None:
    """A blank in braces does not end it; what is broken goes to the end."""
    assert extent(text, at) == end


@given(st.binary(max_size=60), st.booleans())
def test_what_is_escaped_is_read_again(octets: bytes, cooked: bool) -> None:
    """The writer's escapes give the same octets, whatever they are."""
    pieces = read(escape(octets, cooked=cooked), PLACE, cooked=cooked)
    assert pieces == ((octets,) if octets else ())


@given(st.text(alphabet='ab{}\\:=/"(,)x41ns *+[]?|' + "é", max_size=20), st.booleans())
def test_any_text_is_read_or_refused(text: str, cooked: bool) -> None:
    """Nothing but Unreadable ever comes out, with a place inside of the line."""
    try:
        read(text, PLACE, cooked=cooked)
    except Unreadable as fault:
        assert 4 <= fault.place.column <= 4 + len(text)
        assert fault.width >= 1


def test_functions_are_those_of_the_format() -> None:
    """Nothing else is callable."""
    assert sorted(FUNCTIONS) == [
        *("apop", "b64", "hex", "len", "md5", "now", "repeat", "sasl", "uuid"),
    ]
