"""XCLIENT and XFORWARD before all else: what travels, and what a server may say to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.errors import Failure, Word
from mailprobe.protocol import grammar
from mailprobe.protocol.model import Protocol
from mailprobe.shell.writing.pretending import Pretence, as_asked, parse, xtext
from mailprobe.wire import Settings
from tests.shell.local.test_commands import GREETING, Desk

OFFER = b"250-mx\r\n250-XCLIENT NAME ADDR\r\n250 XFORWARD NAME\r\n"


@pytest.mark.parametrize(
    "text, attributes",
    [
        ("ADDR=192.0.2.1", b"ADDR=192.0.2.1"),
        ("addr=2001:db8::1 DESTADDR=::1", b"addr=IPV6:2001:db8::1 DESTADDR=IPV6:::1"),
        ("ADDR=IPV6:2001:db8::1", b"ADDR=IPV6:2001:db8::1"),
        ("NAME=[UNAVAILABLE] HELO=", b"NAME=[UNAVAILABLE] HELO="),
        ("NAME='a b+c=d' LOGIN=é", b"NAME=a+20b+2Bc+3Dd LOGIN=+C3+A9"),
    ],
)
def test_how_it_is_written(text: str, attributes: bytes) -> None:
    """Values in xtext, addresses as Postfix wants them."""
    assert parse("XCLIENT", text) == Pretence("XCLIENT", attributes)
    assert grammar.ATTRIBUTES.fullmatch(attributes)


@pytest.mark.parametrize("text", ["", " ", "ADDR", "=x", "A-B=c", "ADDR=1 x", "NAME='a"])
def test_what_is_not_of_that_form(text: str) -> None:
    """It is told before anything is connected."""
    with pytest.raises(Failure, match="--xforward") as caught:
        parse("XFORWARD", text)
    assert caught.value.word is Word.USAGE


@given(st.binary(max_size=50))
def test_nothing_ends_the_line(octets: bytes) -> None:
    """Whatever a value holds, xtext is printable ASCII without a blank, and can be read again."""
    text = xtext(octets)
    assert grammar.XTEXT.fullmatch(text)
    pieces = text.split(b"+")
    rest = b"".join(bytes([int(piece[:2], 16)]) + piece[2:] for piece in pieces[1:])
    assert pieces[0] + rest == octets


def pretend(*replies: bytes, verbs: tuple[str, ...] = ("XCLIENT",), lmtp: bool = False) -> Desk:
    """What becomes of it at a server that says these replies."""
    desk = Desk(GREETING, *replies, protocol=Protocol.LMTP if lmtp else Protocol.SMTP)
    assert desk.session is not None
    desk.session.settings = Settings(hello_name="me.example")
    as_asked(desk, tuple(Pretence(verb, b"NAME=x") for verb in verbs))
    return desk


def test_a_new_greeting_is_answered_by_hello() -> None:
    """And what comes behind it is said to the session that begins there."""
    replies = (OFFER, b"220 again\r\n", OFFER, b"250 ok\r\n")
    desk = pretend(*replies, verbs=("XCLIENT", "XFORWARD"))
    assert desk.link.sent == [
        b"EHLO me.example\r\n",
        b"XCLIENT NAME=x\r\n",
        b"EHLO me.example\r\n",
        b"XFORWARD NAME=x\r\n",
    ]


def test_lmtp() -> None:
    """It says LHLO."""
    desk = pretend(OFFER, b"220 again\r\n", OFFER, lmtp=True)
    assert desk.link.sent[::2] == [b"LHLO me.example\r\n"] * 2


def test_what_is_not_offered_is_not_sent() -> None:
    """Few clients may; the reason is in words."""
    for hello in (b"250 mx\r\n", b"502 no\r\n"):
        with pytest.raises(Failure, match="memory does not offer XCLIENT") as caught:
            pretend(hello)
        assert caught.value.word is Word.REFUSED


def test_a_refusal() -> None:
    """Nobody goes on as somebody else than was asked for."""
    with pytest.raises(Failure, match="XCLIENT was answered: 550 not you") as caught:
        pretend(OFFER, b"550 not you\r\n", verbs=("XCLIENT", "XFORWARD"))
    assert caught.value.word is Word.REFUSED
