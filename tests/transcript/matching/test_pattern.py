"""One line against pieces: types, names, and what it costs."""

import ipaddress
import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.transcript.matching.pattern import REGEX_SECONDS, Budget, Pattern, TooLong
from mailprobe.transcript.model import Function, Place, Placeholder
from mailprobe.transcript.reading.cooked import TYPES, read
from mailprobe.transcript.reading.kinds import kind_of
from mailprobe.transcript.reading.nodes import Line

MEBI = 1 << 20


class Names:
    """Names with values; `call` knows no function but b64."""

    def __init__(self, values: Mapping[str, bytes]) -> None:
        self.values = values

    def find(self, name: str) -> bytes | None:
        return self.values.get(name)

    def call(self, function: Function) -> bytes | None:
        return b"eA==" if function.word == "b64" else None


def match(
    text: str, line: bytes, budget: Budget | None = None, **values: bytes
) -> dict[str, bytes] | None:
    pattern = Pattern(read(text, Place("x", 1)), Names(values))
    return pattern.match(line, budget or Budget())


def test_octets_match_to_the_letter() -> None:
    """Without placeholders a line is the same or it is not."""
    assert match("250 ok", b"250 ok") == {}
    assert match("250 ok", b"250 ok ") is None
    assert match("", b"") == {}
    assert match("", b"x") is None
    assert match(r"caf\xe9", b"caf\xe9") == {}


SAMPLES = {
    "any": ["", "x", "a b", "你好"],
    "text": ["x", "a b"],
    "int": ["0", "0123456789"],
    "num": ["1", "-1", "+3", "1.5", "-0.25"],
    "word": ["a", "<a@b>", "你好"],
    "token": ["4XyT0s1WzqzB", "a.b+c=d/e", "é"],
    "host": ["mail.example.net", "x", "a-b.c", "[192.0.2.1]", "[IPv6:::1]", "bücher.example"],
    "ip": [
        *("192.0.2.1", "0.0.0.0", "255.249.199.10", "::1", "::", "2001:db8::1", "[192.0.2.1]"),
        *("[IPv6:2001:db8::1]", "[::1]", "::ffff:192.0.2.1", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::"),
    ],
    "addr": ["bob@example.net", '"a b"@x.y', "a.b+c@[192.0.2.1]"],
    "msgid": ["<1896.697170952@dbc.mtview.ca.us>"],
    "date": [
        "Mon, 23 Nov 2026 02:20:00 +0000",
        "1 Jan 2026 2:20 GMT".replace(" 2:", " 02:"),
        "Mon, 23 Nov 2026 02:20:00 -0500 (EST)",
    ],
    "b64": ["YQ==", "YWI=", "YWJj", "="],
    "hex": ["09afAF"],
    "qid": ["4XyT0s1WzqzB", "1abcDE-0005xy-Ab", "9F2A41C0"],
    "esc": ["2.1.5", "4.123.9", "5.7.26"],
}
WRONG = {
    "any": [],
    "text": [""],
    "int": ["", "-1", "1.5", "x"],
    "num": ["", "1.", ".5", "--1", "x"],
    "word": ["", "a b", "a\tb"],
    "token": ["", "a b", "a@b", "<a>"],
    "host": ["", "-a", "a-", "a b", "[]", "a.", ".a"],
    "ip": [
        *("", "1.2.3", "1.2.3.4444", ":", "[IPv6:1.2.3.4]", "a", "999.1.1.1", "256.1.1.1"),
        *("1.2.3.04", "1.2.3.4.5", ":::", "1:2:3", "1::2::3", "12345::", "1:2:3:4:5:6:7:8:9"),
        *("1:2:3:4:5:6:7:8::", "::1.2.3.256", "1:2:3:4:5:6:7:1.2.3.4", ":1", "1:", "[1.2.3.4"),
    ],
    "addr": ["", "bob", "@x", "a b@c", "bob@"],
    "msgid": ["", "<a>", "a@b", "<@b>", "<a@>", "<a@b@c>"],
    "date": ["", "Mon 23 Nov 2026 02:20:00 +0000", "23 Foo 2026 02:20 GMT", "2026-11-23"],
    "b64": ["", "a=b", "===", "a b"],
    "hex": ["", "g"],
    "qid": ["", "-a", "a.b", "a b"],
    "esc": ["3.1.1", "2.1", "2.1.1.1", "2.1234.1"],
}


def test_every_type_is_told() -> None:
    """The types of the grammar and those that are matched are the same."""
    assert set(SAMPLES) == set(WRONG) == TYPES


@pytest.mark.parametrize("kind, text", [(kind, x) for kind in SAMPLES for x in SAMPLES[kind]])
def test_types(kind: str, text: str) -> None:
    """Each type takes what it is for, alone, in a line, and by its regular expression."""
    assert match(f"{{x:{kind}}}", text.encode()) == {"x": text.encode()}
    assert match(f"({{x:{kind}}})", f"({text})".encode()) == {"x": text.encode()}
    assert re.fullmatch(kind_of(kind, named=True).source, text)
    assert match(f"{{x:{kind}}} {{y/b/}}", f"{text} b".encode()) == {"x": text.encode(), "y": b"b"}


@pytest.mark.parametrize("kind, text", [(kind, x) for kind in WRONG for x in WRONG[kind]])
def test_other_text_is_not_of_a_type(kind: str, text: str) -> None:
    """Each type refuses what it is not for."""
    assert match(f"{{x:{kind}}}", text.encode()) is None
    assert not re.fullmatch(kind_of(kind, named=True).source, text)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


_GROUPS = st.lists(st.sampled_from(["", "", "0", "12", "abcd", "AbCd", "1.2.3.4"]), max_size=10)
_BYTES = st.lists(st.integers(0, 300).map(str) | st.just("01"), min_size=3, max_size=5)


@given(_GROUPS.map(":".join) | _BYTES.map(".".join) | st.text("0aF:.", max_size=20))
def test_an_address_is_what_the_standard_library_takes_for_one(text: str) -> None:
    """`ip` takes valid IPv4 and IPv6 addresses and nothing else, alone and by its expression."""
    valid = _is_address(text)
    assert (match("{:ip}", text.encode()) is not None) is valid
    assert (match("({:ip})", f"({text})".encode()) is not None) is valid
    assert bool(re.fullmatch(kind_of("ip", named=True).source, text)) is valid


def test_every_way_to_match_is_tried() -> None:
    """A type takes as much as it can, `any` as little, and both less or more where they must."""
    assert match("{n:int}0", b"1000") == {"n": b"100"}
    assert match("{a}x{b}", b"1x2x3") == {"a": b"1", "b": b"2x3"}
    assert match("{a:word}-{b:word}", b"x-y-z") == {"a": b"x-y", "b": b"z"}
    assert match("{a}x{b}y", b"1x2y3xy") == {"a": b"1", "b": b"2y3x"}
    assert match("queued as {q:token}.", b"queued as 4X.Y.") == {"q": b"4X.Y"}


def test_names_must_be_equal() -> None:
    """A name that has a value is literal, and so is one that was captured in the same line."""
    assert match("{a} ok", b"x ok", a=b"x") == {}
    assert match("{a} ok", b"y ok", a=b"x") is None
    assert match("{a:word} {a}", b"xy xy") == {"a": b"xy"}
    assert match("{a:word} {a}", b"xy xz") is None
    assert match("{a}-{a}", b"x-y-x-y") == {"a": b"x-y"}
    assert match("{a:word} {b:word} {b} {a}", b"x y y x") == {"a": b"x", "b": b"y"}
    assert match("{a}-{a}", b"-") == {"a": b""}
    assert match("{a:text}-{a}", b"-") is None
    assert match("{n:int}{x} {w:word}", b"1 y", x=b"") == {"n": b"1", "w": b"y"}
    assert match("{a/[a-z]+/} {b:int} {a}", b"xy 12 xy") == {"a": b"xy", "b": b"12"}
    assert match("{a/[a-z]+/} {b:int} {a}", b"xy 12 xz") is None


def test_values_and_functions_stand_to_the_letter() -> None:
    """They are joined with what stands beside them, a character of both of them too."""
    assert match("é{x}", "éa".encode() + b"\xa9", x=b"a\xa9") == {}
    assert match(r"\xc3{x}{y}", "é!".encode(), x=b"\xa9") == {"y": b"!"}
    assert match("{=b64(x)} {n:int}", b"eA== 7") == {"n": b"7"}
    assert match("AUTH {=sasl}", b"AUTH whatever it is") == {}


def test_characters_are_not_cut() -> None:
    """A line is matched as UTF-8, and an octet that is none is one character."""
    assert match(r"{a}\xa9{b}", "xéy".encode()) is None
    assert match(r"{a}\xa9{b}", b"x\xa9y") == {"a": b"x", "b": b"y"}
    assert match(r"{a}\xa9{b}", "é".encode() + b"\xa9y") == {"a": "é".encode(), "b": b"y"}
    assert match("{a/./}", "你".encode()) == {"a": "你".encode()}
    assert match("{a/./}", b"\xe4") == {"a": b"\xe4"}
    assert match("{a/./}", b"\xe4\xbd") is None


def test_captures_hold_no_line_end() -> None:
    """With a name there is no CR, LF or NUL; without one there may be."""
    assert match("{}b", b"x\ry b") == {}
    assert match("{a}b", b"x\ry b") is None
    assert match("{:text}", b"\0") == {}
    assert match("{a:text}", b"\0") is None
    assert match(r"{a/x\r/}", b"x\r") is None
    assert match(r"{/x\r/}", b"x\r") == {}


def test_braces_in_a_regular_expression_are_plain() -> None:
    """What `re` takes for braces is no approximate match of another library."""
    assert match("{a/x{e}/}", b"x{e}") == {"a": b"x{e}"}
    assert match("{a/x{e}/}", b"x") is None
    assert match("{a/x{2}/}", b"xx") == {"a": b"xx"}
    assert match(r"{a/x\{2}/}", b"x{2}") == {"a": b"x{2}"}


def test_the_place_where_it_stops() -> None:
    """The first piece that cannot match is told, or that the line goes on."""

    def stuck(text: str, line: bytes) -> int | None:
        return Pattern(read(text, Place("x", 1)), Names({})).stuck(line)

    assert stuck("250 {n:int} ok", b"250 x ok") == 1
    assert stuck("250 {n:int} ok", b"250 1 no") == 2
    assert stuck("250 {n:int} ok", b"251 1 ok") == 0
    assert stuck("250 {n:int}", b"250 1 no") == 2
    assert stuck("250 {n:int}", b"250 1") is None
    assert stuck("250 {n/1/}", b"250 2") is None
    assert stuck("{:addr} " * 600, b"a@b " * (MEBI // 4)) is None


def test_spans() -> None:
    """What stands for each open piece is told, whatever its name."""

    def spans(text: str, line: bytes) -> dict[int, bytes]:
        return Pattern(read(text, Place("x", 1)), Names({})).spans(line, Budget())

    assert spans("AUTH {:word} {=sasl}", b"AUTH PLAIN eA==") == {1: b"PLAIN", 3: b"eA=="}
    assert spans("AUTH {:word} {=sasl}", b"NOOP") == {}
    assert spans("AUTH", b"AUTH") == {}
    assert spans("{/a/}", b"a") == {}


# ---------------------------------------------------------------------------------- the cost

LONG = b"a" * MEBI
HARD = {
    "ones": "{}" + "a{}" * 20,
    "overlapping": "{}" + "".join("a" * count + "{}" for count in range(1, 20)),
    "absent": "{}" + "ab{}" * 20,
    "runs": "{:word}" + "a{:word}" * 20,
    "addresses": "{:addr} " * 10 + "a",
    "typed": "a{:host}a{:num}a{:date}a{:ip}a{:msgid}a",
    "equal": "{x}a{x}",
    "polynomial": "{/a*a*b/}",
    "many": "{}a" * 3000,
}


@pytest.mark.slow
@pytest.mark.parametrize("text", HARD.values(), ids=list(HARD))
@pytest.mark.parametrize("line", [LONG, LONG + b"b", b"ab" * (MEBI // 2)], ids=["a", "b", "ab"])
def test_no_line_takes_long(text: str, line: bytes) -> None:
    """Whatever the line, there is an answer, or the word that it would take too long."""
    budget = Budget()
    pattern = Pattern(read(text, Place("x", 1)), Names({}))
    try:
        pattern.match(line, budget)
    except TooLong:
        assert text in (HARD["equal"], HARD["many"], HARD["typed"], HARD["polynomial"])


def test_regular_expressions_stop() -> None:
    """What the parser would refuse, and what costs too much of a clock, is given up."""
    spent = iter(range(1000))
    budget = Budget(clock=lambda: float(next(spent)) * 3)
    pattern = Pattern((Placeholder("", "", "(a+)+$", None),), Names({}))
    with pytest.raises(TooLong):
        pattern.match(b"a" * 100_000 + b"b", budget)
    assert match("{/a/}", b"a", budget) == {}
    assert budget.seconds == REGEX_SECONDS - 3
    assert match("{/a/}", b"b", budget) is None
    with pytest.raises(TooLong):
        match("{/a/}", b"a", budget)


def test_counts_are_not_written_out() -> None:
    """A small regular expression that means a huge one is given up before it is compiled."""
    for source in ("(?:(?:(?:a{100}){100}){100}){100}", "(?:[a)]{500}|b){,900}"):
        pattern = Pattern((Placeholder("", "", source, None),), Names({}))
        with pytest.raises(TooLong):
            pattern.match(b"a", Budget())
    assert match("{/(?:a{100}){3}/}", b"a" * 300) == {}
    assert match("{/a{2,}/}", b"aaa") == {}


def test_too_many_equal_names() -> None:
    """Each equal name may have to be tried in many ways, so they are few."""
    with pytest.raises(TooLong):
        match("{a}" + " {a}" * 30, b"x")


def test_a_budget_is_shared() -> None:
    """All lines of a reply draw on one budget."""
    budget = Budget(work=3000)
    with pytest.raises(TooLong):
        for _ in range(100):
            match("{a:int} x", b"1 x", budget)


# ----------------------------------------------------------------------------- the same twice

KINDS = st.sampled_from(sorted(TYPES - {"date"}))
LINES = st.text("ab1.-@<>[: \xe9\n\0", max_size=12)


@given(
    st.lists(st.tuples(KINDS, st.booleans(), st.text("a1. @", max_size=2)), max_size=4),
    LINES,
)
def test_the_same_as_a_regular_expression(parts: list[tuple[str, bool, str]], line: str) -> None:
    """Whether a line matches is what `re` says of the same pattern, in its own long way."""
    pieces: list[bytes | Placeholder] = []
    source = ""
    for number, (kind, named, literal) in enumerate(parts):
        name = f"n{number}" if named else ""
        pieces += [Placeholder(name, kind, None, None), literal.encode()]
        source += f"(?:{kind_of(kind, named=named).source}){re.escape(literal)}"
    found = Pattern(tuple(pieces), Names({})).match(line.encode(), Budget())
    assert (found is not None) == (re.fullmatch(source, line) is not None)


@given(st.binary(max_size=40), st.integers(0, 40), st.integers(0, 40))
def test_places_of_a_line(octets: bytes, one: int, count: int) -> None:
    """Occurrences are those that a search finds, few or many, and a mirror mirrors back."""
    line = Line(octets, lambda _: None)
    part = octets[one : one + count % 4 + 1]
    found = {at for at in range(len(octets)) if part and octets.startswith(part, at)}
    if part:
        bits = line.occurrences(part)
        assert {at for at in range(len(octets)) if bits >> at & 1} == found
        assert line.mirror(line.mirror(bits, len(octets)), len(octets)) == bits


def test_many_occurrences() -> None:
    """More of them than are looked up one by one, overlapping ones too."""
    line = Line(b"aab" * 2000 + b"aaa", lambda _: None)
    assert line.occurrences(b"aa").bit_count() == 2002
    assert line.occurrences(b"b").bit_count() == 2000
