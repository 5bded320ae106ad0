"""The patterns of the grammar, by tables and by strings that hypothesis builds from the ABNF."""

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.protocol import grammar

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
ATEXT = LETTERS + "!#$%&'*+-/=?^_`{|}~"

labels = st.text(LETTERS, min_size=1, max_size=10)
domains = st.lists(labels, min_size=1, max_size=4).map(".".join)
dot_strings = st.lists(st.text(ATEXT, min_size=1, max_size=8), min_size=1, max_size=3).map(".".join)
quoted_strings = st.text([chr(code) for code in range(32, 127)], max_size=12).map(
    lambda text: '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
)
mailboxes = st.builds("{}@{}".format, dot_strings | quoted_strings, domains).map(str.encode)
octets = st.binary(max_size=60)


@given(mailboxes)
def test_mailboxes_of_the_abnf(mailbox: bytes) -> None:
    """Whatever RFC 5321, section 4.1.2 builds is a mailbox, and stands in a path."""
    assert grammar.MAILBOX.fullmatch(mailbox)
    match = grammar.MAIL_ARGUMENT.fullmatch(b"FROM:<" + mailbox + b"> SIZE=1")
    assert match
    assert match["mailbox"] == mailbox
    assert match["parameters"] == b" SIZE=1"
    assert grammar.RCPT_ARGUMENT.fullmatch(b"TO:<@one.example,@two.example:" + mailbox + b">")
    assert grammar.SEND_ARGUMENT.fullmatch(b"FROM:<" + mailbox + b">")


@given(mailboxes)
def test_path_in_finds_what_was_written(mailbox: bytes) -> None:
    """The path comes back without its brackets, `>` inside a quoted string or not."""
    assert grammar.path_in(b"FROM:<" + mailbox + b"> SIZE=1") == mailbox
    assert grammar.path_in(b"TO: <" + mailbox + b">") == mailbox


@given(octets)
def test_path_in_takes_anything(argument: bytes) -> None:
    """It gives a part of the argument, whatever that is."""
    assert grammar.path_in(argument) in argument


@pytest.mark.parametrize(
    "argument, path",
    [
        (b"FROM:<>", b""),
        (b"FROM:a@b SIZE=1", b"a@b"),
        (b"FROM: a@b", b"a@b"),
        (b"FROM:", b""),
        (b"FROM", b""),
        (b"", b""),
        (b"TO:<Postmaster>", b"Postmaster"),
        (b'TO:<"a>b"@c>', b'"a>b"@c'),
        (b'TO:<"a\\">b"@c>', b'"a\\">b"@c'),
        (b'TO:<"a>', b'<"a>'),
        (b"TO: <<a> <b>", b"<a"),
        (b"<" * 60_000, b""),
        (b"TO:<@one.example:a@b>", b"@one.example:a@b"),
        (b"TO:<a@b", b"<a@b"),
    ],
)
def test_path_in(argument: bytes, path: bytes) -> None:
    """A path as a person means it, right or wrong."""
    assert grammar.path_in(argument) == path


@given(domains)
def test_domains(domain: str) -> None:
    """A domain is a name for hello, and one or more of them are an argument of ATRN."""
    name = domain.encode()
    assert grammar.DOMAIN.fullmatch(name)
    assert grammar.HELLO_NAME.fullmatch(name)
    assert grammar.ATRN_ARGUMENT.fullmatch(name + b"," + name)


@given(octets)
def test_base64(data: bytes) -> None:
    """What base64 writes is base64, whole; a character less is not."""
    encoded = base64.b64encode(data)
    assert grammar.BASE64.fullmatch(encoded)
    assert not grammar.BASE64.fullmatch(encoded + b"*")
    assert grammar.AUTH_ARGUMENT.fullmatch(b"PLAIN " + encoded)
    assert not encoded or not grammar.BASE64.fullmatch(encoded[:-1])


@given(octets, st.integers(min_value=0, max_value=9))
def test_no_pattern_raises_and_full_matches_are_whole(text: bytes, times: int) -> None:
    """Every pattern takes any octets; a full match spans all of them."""
    long = text * times
    for pattern in vars(grammar).values():
        if isinstance(pattern, grammar.Rule):
            match = pattern.fullmatch(long)
            assert match is None or match.span() == (0, len(long))


@pytest.mark.parametrize(
    "pattern, good, bad",
    [
        (grammar.PARAMETER, ["SIZE=1", "8BITMIME", "X-A=b,c;d"], ["=1", "SIZE=", "A=b=c", "-A"]),
        (grammar.XTEXT, ["", "a+2Bb", "+3D"], ["+", "+2b", "a=b", "a b"]),
        (grammar.STRING, ["a", "a b"], ["", " a"]),
        (grammar.OPTIONAL_STRING, ["", "a b"], [" "]),
        (grammar.EMPTY, [""], [" ", "a"]),
        (grammar.ANYTHING, ["", " ", "a\r\nb"], []),
        (grammar.MESSAGE_NUMBER, ["1", "0", "1234567890"], ["", "-1", "12345678901", "1 "]),
        (grammar.OPTIONAL_MESSAGE_NUMBER, ["", "1"], [" ", "a"]),
        (grammar.PASSWORD, ["a", " a b "], [""]),
        (grammar.LANGUAGE, ["", "*", "en", "de-AT"], ["**", "en-", "en_US", "abcdefghi"]),
        (grammar.SMTP_REPLY_LINE, ["250", "250-", "250 "], ["150", "600", "25", "250x", "2500"]),
        (grammar.POP3_STATUS_LINE, ["+OK", "-ERR ", "+ ", "+", "+ok"], ["OK", "+OKAY", "-", "+O"]),
        (grammar.HELLO_NAME, ["a.example", "[IPv6:::1]"], ["a.example.", "[", "a_b"]),
    ],
    ids=lambda value: "" if isinstance(value, list) else value.source.decode()[:20],
)
def test_patterns(pattern: grammar.Rule, good: list[str], bad: list[str]) -> None:
    """Each pattern takes what its ABNF allows, and nothing else."""
    assert all(pattern.fullmatch(text.encode()) for text in good)
    assert [text for text in bad if pattern.fullmatch(text.encode())] == []


@pytest.mark.parametrize(
    "greeting, timestamp",
    [
        (b"ready <1896.697170952@dbc.mtview.ca.us>", b"<1896.697170952@dbc.mtview.ca.us>"),
        (b"ready <a@b> <c@d>", b"<a@b>"),
        (b"ready <not one>", None),
        (b"ready <nobody>", None),
        (b"ready", None),
    ],
)  # fmt: skip
def test_timestamp(greeting: bytes, timestamp: bytes | None) -> None:
    """The timestamp of APOP is a msg-id, brackets included (RFC 1939, section 7)."""
    match = grammar.TIMESTAMP.search(greeting)
    assert (match and match[0]) == timestamp


@pytest.mark.parametrize(
    "line, groups",
    [
        (b"PIPELINING", (b"PIPELINING", None)),
        (b"SIZE 1000", (b"SIZE", b"1000")),
        (b"AUTH=PLAIN LOGIN", (b"AUTH", b"PLAIN LOGIN")),
        (b"AUTH PLAIN  LOGIN ", (b"AUTH", b"PLAIN  LOGIN ")),
        (b"X_PIPE_CONNECT", (b"X_PIPE_CONNECT", None)),
    ],
)
def test_offers(line: bytes, groups: tuple[bytes, bytes | None]) -> None:
    """A keyword and its arguments, in either spelling of AUTH."""
    match = grammar.OFFER.fullmatch(line)
    assert match
    assert match.groups() == groups


@pytest.mark.parametrize(
    "argument, groups",
    [(b"5", (b"5", None)), (b"5 last", (b"5", b"last")), (b"0  LAST \t", (b"0", b"LAST"))],
)
def test_chunks(argument: bytes, groups: tuple[bytes, bytes | None]) -> None:
    """BDAT's size and end-marker come out as groups (RFC 3030, section 2)."""
    match = grammar.BDAT_ARGUMENT.fullmatch(argument)
    assert match
    assert match.groups() == groups
