"""What names and functions stand for, and what may not be sent."""

import base64
import hashlib

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.transcript.model import Form, Function, Line, Name, Place, Setting, Unreadable, Wire
from mailprobe.transcript.reading.cooked import read
from mailprobe.transcript.values import LONGEST, Unknown, Values

PLACE = Place("t.mpt", 5)


def c_line(text: str, form: Form = Form.COOKED) -> Wire:
    tag = f"C{form.value} "
    pieces = read(text, Place("t.mpt", 5, len(tag) + 1))
    return Wire(PLACE, tag + text, "C", 1, form, pieces)


def setting(name: str, text: str) -> Setting:
    return Setting(name, read(text, PLACE), PLACE)


def fault(values: Values, line: Wire, **how: object) -> tuple[str, str]:
    """The sentence of the error, and what its caret covers."""
    with pytest.raises(Unreadable) as caught:
        values.octets(line, **how)  # type: ignore[arg-type]
    start = caught.value.place.column - 1
    return caught.value.reason, line.text[start : start + caught.value.width]


def test_names() -> None:
    """Matrix, settings and captures, in this order; the first value stays."""
    values = Values({"a": b"1"}, {"m": b"x"})
    values.define(setting("a", "2"))
    values.define(setting("b", "{=len(a)}!"))
    values.define(setting("m", "2"))
    values.take({"a": b"3", "c": b"4", "m": b"5"})
    values.take({"c": b"5"})
    assert values.settings == {"a": b"1", "b": b"1!", "m": b"x"}
    assert values.captures == {"c": b"4"}
    assert [values.find(name) for name in "abcmn"] == [b"1", b"1!", b"4", b"x", None]


def test_captures_are_undone() -> None:
    """Back to a mark: what was captured before it stays."""
    values = Values()
    values.take({"a": b"1"})
    mark = values.mark()
    values.take({"b": b"2", "c": b"3"})
    values.undo(mark)
    assert values.captures == {"a": b"1"}


@pytest.mark.parametrize("octets", [b"\r", b"a\n", b"\0b"])
def test_a_capture_is_one_line(octets: bytes) -> None:
    """Never CR, LF or NUL."""
    with pytest.raises(ValueError, match="CR, LF or NUL"):
        Values().take({"a": octets})


def test_octets() -> None:
    """What a C line puts on the wire, its end included."""
    values = Values({"user": b"alice"}, {"eod": b"\n.\n"})
    assert values.octets(c_line("USER {user}")) == b"USER alice\r\n"
    assert values.octets(c_line("a{eod}b", Form.EXACT)) == b"a\n.\nb"
    assert values.octets(c_line("{x=1} {x} {y:int=2}")) == b"1 1 2\r\n"
    assert values.captures == {"x": b"1", "y": b"2"}
    assert values.octets(c_line("{x}{=len(y)}{:int=7}")) == b"117\r\n"


def test_functions() -> None:
    """Each of them, with names, numbers and text."""
    values = Values({"a": b"A\xff"}, now=lambda form: f"<{form}>", uuid=lambda: "0-1")
    said = values.octets(c_line('{=b64(a)} {=hex(a)} {=md5(a,"b",1)} {=len(a)} {=repeat(a,2)}'))
    digest = hashlib.md5(b"A\xffb1", usedforsecurity=False).hexdigest().encode()
    wanted = (base64.b64encode(b"A\xff"), b"41ff", digest, b"2", b"A\xffA\xff\r\n")
    assert said == b" ".join(wanted)
    assert values.octets(c_line('{=now} {=now("%Y")} {=uuid}')) == b"<> <%Y> 0-1\r\n"


def test_what_has_no_value() -> None:
    """An error at the placeholder, before anything is sent."""
    values = Values()
    assert fault(values, c_line("RETR {n}")) == (
        "{n} has no value here, and no sample to be sent: write {...=sample}",
        "{n}",
    )
    assert fault(values, c_line("RETR {:int}"))[0].startswith("a placeholder has no sample")
    assert fault(values, c_line("RETR {=md5(n)}")) == (
        "{=md5} needs {n}, which has no value here",
        "{=md5(n)}",
    )
    assert fault(values, c_line("x {=now}"))[0] == "{=now} means nothing here"
    assert fault(values, c_line("x {=uuid}"))[0] == "{=uuid} means nothing here"
    assert fault(values, c_line("AUTH PLAIN {=sasl}"))[0] == (
        "{=sasl} stands for a message of the client, and nowhere else"
    )


@pytest.mark.parametrize("octets", [b"\r\nQUIT", b"a\n", b"\0"])
def test_nothing_is_injected(octets: bytes) -> None:
    """CR, LF and NUL come from a matrix alone, and only where a line says its octets."""
    given, matrix = Values({"x": octets}), Values({}, {"x": octets})
    for text in ("RCPT TO:<{x}>", "{=repeat(x,1)}"):
        assert "holds CR, LF or NUL" in fault(given, c_line(text))[0]
        assert "holds CR, LF or NUL" in fault(given, c_line(text, Form.EXACT))[0]
        assert "only C= sends" in fault(matrix, c_line(text))[0]
        assert matrix.octets(c_line(text, Form.EXACT)).count(octets) == 1
    assert given.octets(c_line("{=b64(x)}")) == base64.b64encode(octets) + b"\r\n"
    assert Values().octets(c_line(r'{=repeat("\n.",2)}', Form.EXACT)) == b"\n.\n."
    with pytest.raises(Unreadable):
        given.sample(c_line("{x}").pieces, c_line("{x}"))


def test_no_line_is_too_long() -> None:
    """A small file says no line of a size that nobody can hold."""
    values = Values({"x": b"a" * (LONGEST // 2)})
    assert fault(values, c_line("{=repeat(x,3)}"))[0] == f"this is more than {LONGEST} octets"
    assert fault(values, c_line("{x} {x}"))[0] == f"the line is longer than {LONGEST} octets"
    assert fault(values, c_line("{x}{=repeat(x,1)} rest"))[0].startswith("the line is longer")


def reveal(name: str) -> bytes:
    if name == "password":
        return b"hunter2"
    raise Failure(Word.USAGE, f"the secret {name} is not known")


def test_secrets() -> None:
    """They are found in secret places alone; once said they are known in S lines."""
    values = Values()
    line = c_line("PASS {password}")
    assert values.find("password") is None
    assert "no value" in fault(values, line)[0]
    assert "no value" in fault(values, line, secret=frozenset({0}), reveal=reveal)[0]
    assert values.octets(line, secret=frozenset({1}), reveal=reveal) == b"PASS hunter2\r\n"
    assert values.find("password") == b"hunter2"
    assert values.captures == {}
    assert "no value" in fault(values, c_line("Subject: {password}"))[0]
    said = values.octets(c_line("{=b64(password)}"), secret=frozenset({0}), reveal=reveal)
    assert said == base64.b64encode(b"hunter2") + b"\r\n"
    with pytest.raises(Failure, match="not known"):
        values.octets(c_line("{other}"), secret=frozenset({0}), reveal=reveal)


def test_values_before_secrets() -> None:
    """What is set, captured, or has a sample is no secret."""
    values = Values({"password": b"public"})
    everywhere = frozenset({0, 1, 2})
    assert values.octets(c_line("{password}"), secret=everywhere, reveal=reveal) == b"public\r\n"
    said = values.octets(c_line("{typed=1}"), secret=everywhere, reveal=reveal)
    assert said == b"1\r\n"


def test_live_functions() -> None:
    """{=sasl} and {=apop} are asked of the player."""
    asked: list[Function] = []

    def live(function: Function) -> bytes:
        asked.append(function)
        return b"eA=="

    values = Values()
    line = c_line('AUTH PLAIN {=sasl("alice", password2)} {=apop}')
    assert values.octets(line, live=live) == b"AUTH PLAIN eA== eA==\r\n"
    assert [function.word for function in asked] == ["sasl", "apop"]
    assert asked[0].arguments == ("alice", Name("password2"))


def test_samples() -> None:
    """A server says values first, then samples, and a sample is the value from then on."""
    values = Values({"host": b"mx"})
    line = Line(PLACE, "S~ 250 {id:token=4X} {host} {:int=3}")
    pieces = read(line.text[3:], Place("t.mpt", 5, 4))
    assert values.sample(pieces, line) == b"250 4X mx 3"
    assert values.captures == {"id": b"4X"}
    assert values.sample(read("{id=5Y}", PLACE), line) == b"4X"
    values.octets(c_line("{password}"), secret=frozenset({0}), reveal=reveal)
    assert values.sample(read("{password}", PLACE), line) == b"hunter2"
    with pytest.raises(Unreadable) as caught:
        values.sample(read("x {:int}", Place("t.mpt", 5, 4)), line)
    assert (caught.value.place.column, caught.value.width) == (6, 6)


def test_text_of_a_directive() -> None:
    """Values, functions, and what a matrix holds."""
    values = Values({"id": b"7"}, {"eod": b"\n"})
    assert values.text(read("a {id}{eod}", PLACE), Line(PLACE, "@assert body == a")) == b"a 7\n"


def test_a_setting_that_cannot_be_computed() -> None:
    """The error names its place."""
    with pytest.raises(Unreadable, match="t.mpt:5:1: {=md5} needs {x}"):
        Values().define(setting("y", "{=md5(x)}"))


def test_call() -> None:
    """Alone, as a pattern asks; names may be found elsewhere."""
    values = Values()
    function = Function("len", (Name("x"),))
    with pytest.raises(Unknown):
        values.call(function)
    assert values.call(function, lambda name: b"abc") == b"3"


def test_values_that_are_more_than_a_line() -> None:
    """CR, LF or NUL is in them; what has no value has none of these."""
    values = Values({"a": b"x\r\n", "b": b"x"}, {"c": b"\0"})
    assert [name for name in "abcd" if not values.is_line(name)] == ["a", "c"]
