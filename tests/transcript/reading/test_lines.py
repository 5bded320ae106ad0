"""Each line behind the header, by its tag: what it says, and what is refused where."""

from typing import Any

import pytest

from mailprobe.transcript.model import (
    Assert,
    Comment,
    EventLine,
    FileLine,
    Form,
    Function,
    Happening,
    Include,
    Lesson,
    Line,
    Pattern,
    Place,
    Placeholder,
    Question,
    ReplyClass,
    Title,
    TlsLine,
    Unreadable,
    Wire,
)
from mailprobe.transcript.reading.lines import read_line

PLACE = Place("a.mpt", 7)
ANY = Placeholder("", "any", None, None)
VERBATIM, ESCAPED, EXACT, COOKED = Form.VERBATIM, Form.ESCAPED, Form.EXACT, Form.COOKED

READ: list[tuple[str, type, tuple[Any, ...]]] = [
    ("C: EHLO x", Wire, ("C", 1, VERBATIM, (b"EHLO x",))),
    ("S9: {a} \\x41 @tls", Wire, ("S", 9, VERBATIM, (b"{a} \\x41 @tls",))),
    ("C:", Wire, ("C", 1, VERBATIM, ())),
    ("C:  x", Wire, ("C", 1, VERBATIM, (b" x",))),
    ("S\\", Wire, ("S", 1, ESCAPED, ())),
    ("S\\ caf\\xe9 {a}\\s", Wire, ("S", 1, ESCAPED, (b"caf\xe9 {a} ",))),
    ("S= {a}\\n", Wire, ("S", 1, EXACT, (b"{a}\n",))),
    ("C= {a}\\n", Wire, ("C", 1, EXACT, (Placeholder("a", "any", None, None), b"\n"))),
    ("C2~ PASS {=sasl}", Wire, ("C", 2, COOKED, (b"PASS ", Function("sasl", ())))),
    ("S~", Wire, ("S", 1, COOKED, ())),
    ("C< body.txt", FileLine, ("C", 1, False, "body.txt")),
    ("S3> raw a b.eml", FileLine, ("S", 3, True, "a b.eml")),
    ("C< raw", FileLine, ("C", 1, False, "raw")),
    ("C<  x", FileLine, ("C", 1, False, " x")),
    ("S? 250", Question, (1, (ReplyClass("250"),))),
    (
        "S? 2xx 2.1.x|xxx x.x.x",
        Question,
        (1, (ReplyClass("2xx", "2.1.x"), ReplyClass("xxx", "x.x.x"))),
    ),
    (
        "S2? -ERR [in-use]|+OK|+",
        Question,
        (2, (ReplyClass("-ERR", None, "IN-USE"), ReplyClass("+OK"), ReplyClass("+"))),
    ),
    ("S? -ERR [SYS/TEMP]", Question, (1, (ReplyClass("-ERR", None, "SYS/TEMP"),))),
    ("S+ AUTH {}", Pattern, (1, "+", (b"AUTH ", ANY))),
    ("S2- {}", Pattern, (2, "-", (ANY,))),
    ("S* * {}", Pattern, (1, "*", (b"* ", ANY))),
    ("S*", Pattern, (1, "*", (ANY,))),
    ("C@ close", EventLine, ("C", 1, Happening.CLOSE, 0.0)),
    ("S@ reset", EventLine, ("S", 1, Happening.RESET, 0.0)),
    ("S2@ flush", EventLine, ("S", 2, Happening.FLUSH, 0.0)),
    ("C@ pause 300ms", EventLine, ("C", 1, Happening.PAUSE, 0.3)),
    ("S@ silent 2s", EventLine, ("S", 1, Happening.SILENT, 2.0)),
    ("S@ within  1m", EventLine, ("S", 1, Happening.WITHIN, 60.0)),
    ("S@ after 5s", EventLine, ("S", 1, Happening.AFTER, 5.0)),
    ("| hello ", Lesson, ("|", "", "hello")),
    ("|", Lesson, ("|", "", "")),
    ("|en", Lesson, ("|", "en", "")),
    ("?zh 有一个 {命令}", Lesson, ("?", "zh", "有一个 {命令}")),
    ("?  x", Lesson, ("?", "", " x")),
    ("== Leave", Title, ("", "Leave")),
    ("==zh  离开 ", Title, ("zh", "离开")),
    ("#", Comment, ()),
    ("# S: x", Comment, ()),
    ("@tls", TlsLine, (1, None, None)),
    ("@tls ", TlsLine, (1, None, None)),
    ("@tls 2", TlsLine, (2, None, None)),
    (
        "@tls  2  verify=off  version=TLSv1.{:int=3}",
        TlsLine,
        (2, (b"TLSv1.", Placeholder("", "int", None, b"3")), False),
    ),
    (
        "@tls version={v:any=a b} verify=on",
        TlsLine,
        (1, (Placeholder("v", "any", None, b"a b"),), True),
    ),
    ("@alt a", Line, ()),
    ("@include login.mpt", Include, ("login.mpt",)),
    ("@include  a b.mpt ", Include, ("a b.mpt",)),
    ("@assert n >= 1", Assert, ("n", ">=", (b"1",))),
    (
        "@assert message.subject == 你好 {a}",
        Assert,
        ("message.subject", "==", ("你好 ".encode(), Placeholder("a", "any", None, None))),
    ),
    ("@assert  message.X-Y  contains  \\sa", Assert, ("message.X-Y", "contains", (b" a",))),
    ("@assert message.text !=", Assert, ("message.text", "!=", ())),
    ("@assert body is hello.eml", Assert, ("body", "is", (b"hello.eml",))),
]


@pytest.mark.parametrize("text, kind, fields", READ)
def test_what_a_line_says(text: str, kind: type, fields: tuple[Any, ...]) -> None:
    """Each line keeps its place and its text, whatever else it says."""
    assert read_line(text, PLACE, ("en", "zh")) == kind(PLACE, text, *fields)


@pytest.mark.parametrize("text", ["C~ {=sasl}", "S\\ a", "C= \\x41"])
def test_no_form_is_taken_for_another(text: str) -> None:
    """The octets of a wire line are known where nothing in it is open."""
    line = read_line(text, PLACE)
    assert isinstance(line, Wire)
    assert line.octets == {"S\\ a": b"a\r\n", "C= \\x41": b"A"}.get(text)


BEGINS = "a line begins with C: S: | ? == @ or #, or with another tag of C and S, and"
BLANK = "a blank at the end cannot be seen: write \\s where escapes count"
REFUSED = [
    ("hello world", 1, 5, f'{BEGINS} "hello" came'),
    ("- step: x", 1, 1, f'{BEGINS} "-" came'),
    ("!!python/object", 1, 15, f'{BEGINS} "!!python/object" came'),
    ("=x", 1, 2, f'{BEGINS} "=x" came'),
    ("<<<<<<< HEAD", 1, 7, "a merge was not finished here: choose one of the two versions"),
    ("=======", 1, 7, "a merge was not finished here: choose one of the two versions"),
    (">>>>>>> main", 1, 7, "a merge was not finished here: choose one of the two versions"),
    ("  ", 1, 2, "this line looks empty, but holds blanks"),
    (" C: x", 1, 1, "a line begins with its tag, not with a blank"),
    ("S", 1, 1, "a line begins with C: S: | ? == @ or #, or with another tag of C and S, and not"),
    ("S ", 2, 1, '"S" is followed by one of : \\ = ~ > ? + - * @'),
    ("C? 250", 2, 1, '"C" is followed by one of : \\ = ~ < @'),
    ("C2& x", 3, 1, '"C2" is followed by one of : \\ = ~ < @'),
    ("S< x", 2, 1, '"S" is followed by one of'),
    ("C1: x", 2, 1, "the first connection has no number"),
    ("C10: x", 2, 1, "the first connection has no number"),
    ("C:x", 3, 1, 'one blank is expected after "C:"'),
    ("S2~x", 4, 1, 'one blank is expected after "S2~"'),
    ("C: ", 3, 1, BLANK),
    ("C: x ", 5, 1, BLANK),
    ("S= x ", 5, 1, BLANK),
    ("S=", 1, 2, '"S=" wants something behind it: exactly these octets travel'),
    ("C2<", 1, 3, '"C2<" wants something behind it: the path of a file'),
    ("S?", 1, 2, '"S?" wants something behind it: a class of replies'),
    ("S+", 1, 2, '"S+" wants something behind it: what some line must be'),
    ("S@", 1, 2, '"S@" wants something behind it: what happens'),
    ("S\\ a\\q", 5, 2, "unknown escape \\q"),
    ("S~ a{b", 5, 2, "this brace is never closed"),
    ("S+ }", 4, 1, "this brace closes nothing"),
    ("S? 25", 4, 2, 'expected a class like 250, 2xx 2.1.x, +OK, -ERR [IN-USE] or +, and "25"'),
    ("S? 250 | 5xx", 4, 4, "expected a class like"),
    ("S? 250|5XX", 8, 3, "expected a class like"),
    ("S? +OK [a b]", 4, 9, "expected a class like"),
    ("S? 250|", 8, 1, "expected a class like"),
    ("C@ silent 2s", 4, 6, '"C@" is followed by one of close, reset, flush, pause, and "silent"'),
    ("S@ pause 2s", 4, 5, '"S@" is followed by one of close, reset, flush, silent, within, after'),
    ("S@ close now", 9, 4, 'nothing follows "close"'),
    ("S@ within", 4, 6, '"within" is followed by a time: 500ms, 2s or 5m'),
    ("S@ within 1000m 2s", 11, 8, 'expected a time like 500ms, 2s or 5m, and "1000m 2s" came'),
    ("C2@ pause 999999999s", 11, 10, "a time is more than nothing and at most a day (1440m)"),
    ("|hello", 1, 6, '"|" is followed by a language, or by one blank'),
    ("|de x", 2, 2, 'language "de" is not in the header `lang:`, which names en zh'),
    ("==de x", 3, 2, 'language "de" is not in the header'),
    ("==Title", 1, 7, '"==" is followed by a language, or by one blank'),
    ("==", 1, 2, "a step has a title"),
    ("==zh ", 1, 5, "a step has a title"),
    ("@", 1, 1, 'unknown directive "@": known are: alt, assert'),
    ("@TLS", 1, 4, 'unknown directive "@TLS"'),
    ("@asert n == 1", 1, 6, 'unknown directive "@asert": did you mean "assert"?'),
    ("@shell rm", 1, 6, 'unknown directive "@shell"'),
    ("@tls 1", 6, 1, '@tls [2] [version=TLSv1.3] [verify=on|off] is expected, and "1" came'),
    ("@tls verify=on 2", 16, 1, "@tls [2] [version=TLSv1.3] [verify=on|off] is expected"),
    ("@tls cipher=x", 6, 8, "@tls [2] [version=TLSv1.3] [verify=on|off] is expected"),
    ("@tls verify=no", 6, 9, "verify= is on or off"),
    ("@tls verify=on verify=on", 16, 9, '"verify" stands here twice'),
    ("@tls version= verify=on", 6, 8, '"version=" says nothing'),
    ("@tls version={a", 14, 2, "this brace is never closed"),
    ("@include", 1, 8, "@include is followed by a path"),
    ("@assert n", 1, 9, "@assert FACT OP VALUE is expected: @assert lines >= 1"),
    ("@assert n >=1", 11, 3, 'expected one of == != < <= > >= contains is, and ">=1" came'),
    ("@assert n >= ", 13, 1, "a blank at the end cannot be seen: write \\s"),
    ("@assert N == 1", 9, 1, "expected a name or one of state, tls, authenticated"),
    ("@assert message.a.b == 1", 9, 11, "expected a name or one of state, tls, authenticated"),
    ("@assert n  = 1", 12, 1, "expected one of == != < <= > >= contains is"),
    ("@assert n == 1 ", 15, 1, "a blank at the end cannot be seen: write \\s"),
    ("@assert n ==  a\\q", 16, 2, "unknown escape \\q"),
    ("@assert body is", 1, 15, '"is" wants a value behind it'),
    ("@assert state == raedy", 18, 5, "state is one of connect, greeted, ready, mail"),
    ("@assert state != raedy", 18, 5, "state is one of connect, greeted, ready, mail"),
    ("@assert state ==", 17, 1, "state is one of connect, greeted, ready, mail"),
    ("@assert tls == TLS1.3", 16, 6, "tls is yes, no, or a version like TLSv1.3, and never"),
    ("@assert authenticated != alice", 26, 5, 'authenticated is yes or no, and never "alice"'),
    ("@assert recipients == x", 23, 1, 'recipients is a number, and never "x"'),
    ("@assert recipients < x", 22, 1, '"<" compares numbers, and "x" is none'),
    ("@assert n >= x\\x31", 14, 5, '">=" compares numbers, and "x1" is none'),
    ("@assert state > 1", 17, 1, '">" compares numbers, and state is none'),
    ("@assert state is x", 9, 10, '"is" compares the body with a file: @assert body is hello.eml'),
]


@pytest.mark.parametrize(
    "text",
    [
        *("state == READY", "state != transaction", "state == {wanted}", "state contains rea"),
        *("tls == yes", "tls != no", "tls == TLSv1.3", "tls == none", "tls contains TLSv1"),
        *("authenticated == True", "recipients >= 2", "octets < {size}", "lines == -1"),
        *("message.subject == x", "name == x", "body == x", "name > 1"),
    ],
)
def test_assertions_that_a_session_can_meet(text: str) -> None:
    """Values of the set in either case; what has no set; what is known only when it is played."""
    assert isinstance(read_line(f"@assert {text}", Place("a.mpt", 1), ()), Assert)


@pytest.mark.parametrize("text, column, width, sentence", REFUSED)
def test_what_is_refused(text: str, column: int, width: int, sentence: str) -> None:
    """The caret stands under what is wrong; the sentence says what was expected."""
    with pytest.raises(Unreadable) as caught:
        read_line(text, PLACE, ("en", "zh"))
    fault = caught.value
    assert fault.reason.startswith(sentence)
    assert (fault.place, fault.width, fault.text) == (PLACE._replace(column=column), width, text)
