"""Words explained, as somebody types them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.explain.explaining import nothing_known, of_words, said_by_server
from mailprobe.protocol.model import Protocol


def found(*words: str, protocol: Protocol | None = None) -> list[tuple[str, str]]:
    return [(one.subject, one.kind.en) for one in of_words(words, protocol)]


@pytest.mark.parametrize(
    "words, expected",
    [
        (("550", "5.7.1"), [("550 5.7.1", "reply code")]),
        (("550 5.1.1 <x>: Recipient address rejected",), [("550 5.1.1", "reply code")]),
        (("S: 421 4.4.2 bye",), [("421 4.4.2", "reply code")]),
        (("<* 421 4.4.2 bye",), [("421 4.4.2", "reply code")]),
        (("retr",), [("RETR", "POP3 command")]),
        (("RETR 1",), [("RETR", "POP3 command")]),
        (("LHLO",), [("LHLO", "LMTP command")]),
        (("5.7.1",), [("5.7.1", "enhanced status code")]),
        (("x.7.01",), [("X.7.1", "enhanced status code")]),
        (("[in-use]",), [("[IN-USE]", "POP3 response code")]),
        (("SYS/TEMP",), [("[SYS/TEMP]", "POP3 response code")]),
        (("-ERR [AUTH] no",), [("-ERR [AUTH]", "status indicator")]),
        (("+OK",), [("+OK", "status indicator")]),
        (("SCRAM-SHA-256",), [("SCRAM-SHA-256", "SASL mechanism")]),
        (
            ("250-SIZE 10240000",),
            [("250", "reply to EHLO"), ("SIZE 10240000", "SMTP EHLO keyword")],
        ),
        (("SIZE",), [("SIZE", "SMTP EHLO keyword"), ("SIZE", "parameter of MAIL")]),
        (("PIPELINING",), [("PIPELINING", "SMTP EHLO keyword"), ("PIPELINING", "POP3 capability")]),
        (
            ("STARTTLS",),
            [("STARTTLS", "SMTP/LMTP command"), ("STARTTLS", "SMTP EHLO keyword")],
        ),
        (
            ("AUTH", "PLAIN"),
            [
                ("AUTH", "SMTP/LMTP command"),
                ("AUTH", "POP3 command"),
                ("AUTH PLAIN", "SMTP EHLO keyword"),
                ("PLAIN", "SASL mechanism"),
            ],
        ),
        (
            ("RCPT TO:<a@b.c> NOTIFY=NEVER",),
            [("RCPT", "SMTP/LMTP command"), ("NOTIFY", "parameter of RCPT")],
        ),
        (("RCPT", "550"), [("550", "reply to RCPT")]),
        (("251", "ETRN"), [("251", "reply to ETRN")]),
        (("550 DATA is not allowed",), [("550", "reply code")]),
        (("greeting 554",), [("554", "greeting")]),
        (("SIZE 500",), [("SIZE 500", "SMTP EHLO keyword")]),
        (("RETR 250",), [("RETR", "POP3 command")]),
        (("NOPE", "-ERR", "unknown"), [("-ERR", "status indicator")]),
        (("frob 500",), [("500", "reply code")]),
        (("NOTIFY=NEVER",), [("NOTIFY", "parameter of RCPT")]),
        (
            ("AUTH=PLAIN",),
            [
                ("AUTH PLAIN", "SMTP EHLO keyword"),
                ("PLAIN", "SASL mechanism"),
                ("AUTH", "parameter of MAIL"),
            ],
        ),
        (
            ("250-mx.test\r\n250-SIZE 9\r\n250 AUTH PLAIN\r\n",),
            [
                ("250", "reply to EHLO"),
                ("SIZE 9", "SMTP EHLO keyword"),
                ("AUTH PLAIN", "SMTP EHLO keyword"),
                ("PLAIN", "SASL mechanism"),
            ],
        ),
        (
            ("C: CAPA\nS: +OK\nS: TOP\nS: SASL PLAIN\nS: .",),
            [
                ("+OK", "reply to CAPA"),
                ("TOP", "POP3 capability"),
                ("SASL PLAIN", "POP3 capability"),
                ("PLAIN", "SASL mechanism"),
            ],
        ),
        (("S: 550-5.7.1 one\nS: 550 5.7.1 two",), [("550 5.7.1", "reply code")]),
        (("RCPT TO:<a@b.c>\n550 5.1.1 no",), [("550 5.1.1", "reply to RCPT")]),
        (
            ("> NOOP\n< 250 go\n> RETR 1\n> frob\n< 500 what\n",),
            [("250", "reply to NOOP"), ("RETR", "POP3 command"), ("500", "reply code")],
        ),
        (
            ("> DATA\n< 354 go\n> RETR 1\n> .\n< 554 5.6.0 no\n",),
            [("354", "reply to DATA"), ("554 5.6.0", "reply to DATA")],
        ),
        (
            ("AUTH LOGIN\n334 VXNlcm5hbWU6\nx\n501 5.5.2 no",),
            [("334", "reply to AUTH"), ("501 5.5.2", "reply to AUTH")],
        ),
        (("RETR\n1",), [("RETR", "POP3 command")]),
        (("SASL PLAIN",), [("SASL PLAIN", "POP3 capability"), ("PLAIN", "SASL mechanism")]),
    ],
)
def test_what_words_are(words: tuple[str, ...], expected: list[tuple[str, str]]) -> None:
    """All that they can be, each said to be what it is."""
    shown = found(*words)
    assert [one for one in shown if one in expected] == expected
    if words != ("+OK",):
        assert shown == expected


@pytest.mark.parametrize("verb", ["QUIT", "RSET", "NOOP", "AUTH"])
def test_verbs_of_two_protocols(verb: str) -> None:
    """One for each; one alone where the protocol is named."""
    kinds = [kind for _, kind in found(verb) if kind.endswith("command")]
    assert kinds == ["SMTP/LMTP command", "POP3 command"]
    (only, *_) = found(verb, protocol=Protocol.POP3)
    assert only == (verb, "POP3 command")


def test_a_bare_code_has_its_meanings() -> None:
    """What it says in answer to single commands, which may be quite another thing."""
    said = {one.kind.en: one.says.en for one in of_words(["251"])}
    assert said["reply to ETRN"] == "no mail is waiting"
    assert said["reply to VRFY"] == "not local, but mail will be forwarded"
    assert [kind for kind in said if "LMTP" in kind] == []
    assert any("LMTP DATA" in one.kind.en for one in of_words(["250"]))
    assert of_words(["250"], Protocol.POP3) == of_words(["250"])[:1]


@pytest.mark.parametrize("words", ["", "xyzzy", "099", "600", "1.2.3", "RCPT-TO", "!!", "\x1b["])
def test_nothing_known(words: str) -> None:
    """An empty list, and a sentence that says what to write."""
    assert of_words([words]) == []
    failure = nothing_known([words])
    assert failure.word == "usage"
    assert "\x1b" not in failure.sentence


def test_a_vague_code_without_a_verb() -> None:
    """It says at least what the reply is about."""
    (found,) = of_words(["250 2.1.5 Ok"])
    assert found.now is not None
    assert found.now.en == "for this one recipient only"


def test_the_servers_own_words() -> None:
    """A reply with a text; a code is none, and neither is a code with a verb."""
    assert said_by_server(["550 5.1.1 no such user"]) == ("550 5.1.1 no such user",)
    assert said_by_server(["S: -ERR [AUTH] no"]) == ("-ERR [AUTH] no",)
    pasted = ["C: RCPT TO:<a@b.c>\r\nS: 550-5.1.1 no\r\nS: 550 5.1.1 at all"]
    assert said_by_server(pasted) == ("550-5.1.1 no", "550 5.1.1 at all")
    for words in ("550", "550 5.1.1", "RCPT 550", "251 ETRN", "-ERR [AUTH]", "RETR"):
        assert said_by_server([words]) == (), words


@given(st.lists(st.text(max_size=30), max_size=4))
def test_whatever_is_typed(words: list[str]) -> None:
    """Nothing is raised, and nothing of it reaches a terminal as it is."""
    for one in of_words(words):
        assert one.subject.isprintable()
        assert one.says.en.isprintable()
    said_by_server(words)
    nothing_known(words)


@given(st.lists(st.sampled_from(["C: AUTH", "S: +OK", "250-", "250 SIZE", ".", "> \x1b", "+ x"])))
def test_whatever_is_pasted(lines: list[str]) -> None:
    """Lines of any side, in any order."""
    for one in of_words(["\n".join(lines)]):
        assert one.subject.isprintable()
