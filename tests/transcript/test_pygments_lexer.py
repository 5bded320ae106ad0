"""The lexer: every character comes out again, and what the grammar does not know is an error."""

import re
from importlib.metadata import entry_points

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import (
    Comment,
    Error,
    Generic,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
    _TokenType,
)

from mailprobe.transcript.pygments_lexer import TranscriptLexer
from mailprobe.transcript.reading.cooked import FUNCTIONS, TYPES
from mailprobe.transcript.reading.headers import KEYS

HEADER = "mailprobe: 1\n\n"

WHOLE = """\
mailprobe: 1
title: hello
title zh: 你好
# a comment
protocol: smtp
protocol 2: pop3
connect: 127.0.0.1:25
connect 2: 127.0.0.1:110
tls: none
tls 2: implicit
ca: ca.pem
match: code
timeout: 20s
requires: STARTTLS, AUTH PLAIN
set id: {=uuid}
set user: caf\\xe9
matrix eod: lf=\\n.\\n | cr=\\r.\\r
lock: maildrop
tags: a, b
lang: en zh
lesson: smtp-01
needs: smtp-00
recorded: 2026-11-23T02:20:00Z mailprobe/0.1
source: RFC 5321

S: 220 mail.example.net ESMTP
S? 250|2xx 2.1.x|+OK|-ERR [IN-USE]|+|xxx
S+ STARTTLS
S- AUTH {}
S*
S* * {}
C: EHLO client.example
C2~ RETR {last:int=1}
C= {eod}
C:
C\\ --\\s
S\\ caf\\xe9 {bare}
S= 250 {bare}\\r\\n
S2~ +OK {/EXPIRE (NEVER|[0-9]{1,4})/=EXPIRE NEVER} {:text==?x?=} {}
C~ AUTH {=sasl("a\\{b", password2)} {=len( x , 3 )}
C< body.txt
C< raw body.txt
S> alice.eml
S@ close
C2@ reset
S@ flush
C@ pause 300ms
S@ silent 2s
S@ within 2s
S@ after 5m
@tls
@tls 2 version=TLSv1.{:int=3} verify=on
@tls verify=off
@include login.mpt
@assert message.subject == 你好
@assert body is hello.eml
@assert recipients >= 2
@assert message.subject !=
@alt a
@or b
@end
@poll within=60s every=3s
@wrong
| text
|
|en text
?zh-hans text
== A step
==zh 一步
# a comment

"""


def tokens(text: str) -> list[tuple[_TokenType, str]]:
    """The tokens; joined they are the text."""
    found = list(TranscriptLexer(stripnl=False, ensurenl=False).get_tokens(text))
    assert "".join(value for _, value in found) == text
    return found


def line(text: str) -> list[tuple[_TokenType, str]]:
    """Those of one line behind the header, blanks left out."""
    return [row for row in tokens(f"{HEADER}{text}\n")[6:] if row[0] is not Whitespace]


def errors(text: str) -> str:
    return "".join(value for token, value in tokens(text) if token is Error)


def test_all_of_the_grammar() -> None:
    """Every form of line is known."""
    assert errors(WHOLE) == ""


def test_all_header_keys_are_known() -> None:
    """The table of the reader and that of the lexer have the same keys."""
    for key in KEYS:
        assert errors(f"{key}: 1\n") in ("", f"{key}: 1"), key
        assert re.search(rf"^{key}\b", WHOLE, re.MULTILINE), key


@pytest.mark.parametrize("name", sorted(TYPES))
def test_all_types_are_known(name: str) -> None:
    """A type that the reader knows has its colour."""
    assert (Keyword.Type, name) in line(f"S~ {{x:{name}}}")


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_all_functions_are_known(name: str) -> None:
    """A function that the reader knows has its colour."""
    assert (Name.Function, name) in line(f"C~ {{={name}}}")


def test_lines_that_end_in_cr() -> None:
    """An editor may have made CRLF of every line end."""
    crlf = WHOLE.replace("\n", "\r\n")
    found = list(TranscriptLexer().get_tokens_unprocessed(crlf))
    assert "".join(value for _, _, value in found) == crlf
    assert not [value for _, token, value in found if token is Error]


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "C:EHLO",
        "C1: x",
        "D: x",
        "C? 250",
        "S< file",
        "C> file",
        "C@ nothing",
        "C@ pause",
        "C@ pause 5",
        "S@ pause soon",
        "S? 25",
        "S? 250|",
        "@nothing",
        "@tls on",
        "@poll within=soon",
        "@assert x",
        "@assert x ~ y",
        "@include",
        "==",
        "|en! text",
        "C:\ttab",
        "<<<<<<< HEAD",
    ],
)
def test_an_unknown_line_is_an_error(text: str) -> None:
    """A mistyped line must not look like a right one."""
    assert errors(f"{HEADER}{text}\n")


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "unknown: x",
        "protocol: imap",
        "protocol 1: smtp",
        "match: all",
        "tls: yes",
        "timeout: soon",
        "set X: y",
        "mailprobe: 2",
    ],
)
def test_an_unknown_header_is_an_error(text: str) -> None:
    """The whole line is."""
    assert errors(f"{text}\n") == text


@pytest.mark.parametrize(
    "text, wrong",
    [
        (r"C~ a \q b", "\\"),
        (r"C~ \x4", "\\"),
        (r"S\ \u{}", "\\"),
        ("C~ {x:nothing}", "{}"),
        ("C~ {=nothing}", "{}"),
        ("C~ {=md5(}", "{}"),
        ("C~ }", "}"),
        ("C~ {x", "{"),
        ("C: blank ", " "),
        ("C~ blank  ", "  "),
    ],
)
def test_an_error_inside_a_line(text: str, wrong: str) -> None:
    """Only what is wrong is marked."""
    assert errors(f"{HEADER}{text}\n") == wrong


def test_nothing_is_live_in_a_recorded_line() -> None:
    """A server that says `{x}` or `\\x41` says just that."""
    assert line(r"S: 250 {x} \x41 {=sasl} @tls") == [
        (Name.Tag, "S"),
        (Name.Tag, ":"),
        (Number, "250"),
        *[(Generic.Output, piece) for piece in (" ", "{x}", " ", r"\x41", " ", "{=sasl}")],
        *[(Generic.Output, piece) for piece in (" ", "@tls")],
    ]
    assert {token for token, _ in line(r"C: {x} \x41")} == {Keyword, String}


def test_escapes_alone_are_live_in_an_escaped_line() -> None:
    """Braces there are text; in the client's exact octets they are not."""
    assert (String.Escape, r"\xe9") in line(r"S\ {x} \xe9")
    assert (Generic.Output, "{x}") in line(r"S\ {x} \xe9")
    assert (Generic.Output, "{x}") in line("S= {x}")
    assert (Name.Variable, "x") in line("C= {x}")


def test_the_parts_of_a_placeholder() -> None:
    """Name, type or regular expression, sample."""
    assert line("S~ {n:int=4\\}2}")[2:] == [
        (String.Interpol, "{"),
        (Name.Variable, "n"),
        (Punctuation, ":"),
        (Keyword.Type, "int"),
        (Operator, "="),
        (String.Other, "4\\}2"),
        (String.Interpol, "}"),
    ]
    assert (String.Regex, r"[0-9]{1,4}\/x") in line(r"S~ {/[0-9]{1,4}\/x/=5}")


def test_the_sides_and_the_verdict_of_a_reply() -> None:
    """Client and server differ, a refusal from what is not one."""
    assert line("C: QUIT")[0] == (Keyword, "C")
    assert line("S: 221 Bye")[0] == (Name.Tag, "S")
    assert (Number, "221") in line("S: 221 Bye")
    assert (Number, "250") in line("S: 250-SIZE")
    assert (Generic.Error, "550") in line("S: 550 no")
    assert (Generic.Error, "-ERR") in line("S~ -ERR no")
    assert (Number, "+OK") in line("S: +OK")


def test_lessons_steps_and_comments() -> None:
    """Text with its language."""
    assert line("|zh 一次")[-2:] == [(Name.Label, "zh"), (String.Doc, "一次")]
    assert line("==zh 一步")[-2:] == [(Name.Label, "zh"), (Generic.Heading, "一步")]
    assert line("# C: no") == [(Comment.Single, "# C: no")]


def test_the_header_ends_at_the_first_empty_line() -> None:
    """A wire line above it is an error, a header below it, too."""
    assert errors("mailprobe: 1\nC: x\n\n") == "C: x"
    assert errors("mailprobe: 1\n\ntitle: x\n") == "title: x"


@given(st.text(alphabet=st.sampled_from("CS:~=\\{}/?+-*@|# \r\n\tax1\u4f60\x1b")))
def test_any_text_comes_out_again(text: str) -> None:
    """Whatever it is, and no state gets lost."""
    found = TranscriptLexer().get_tokens_unprocessed(HEADER + text)
    assert "".join(value for _, _, value in found) == HEADER + text


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "C~ " + "{" * 50_000,
        "C~ " + "{/" * 50_000,
        'C~ {=md5("' + "a" * 50_000,
        "C~ {=md5(" + "a," * 50_000,
        "C: " + "a " * 50_000,
        "S: " + " " * 100_000 + "x",
        "S? " + "250|" * 50_000,
    ],
    ids=lambda text: text[:10],
)
def test_long_lines_end(text: str) -> None:
    """No pattern goes back and forth over a line: the time is that of its length."""
    assert tokens(f"{HEADER}{text}\n")


def test_pygments_finds_it() -> None:
    """By name and by the ending of a file, where the package is installed."""
    if not entry_points(group="pygments.lexers").select(name="mailprobe"):
        pytest.skip("this tree is not installed with its entry points")
    assert isinstance(get_lexer_by_name("mpt"), TranscriptLexer)
    assert isinstance(get_lexer_for_filename("x.mpt"), TranscriptLexer)
