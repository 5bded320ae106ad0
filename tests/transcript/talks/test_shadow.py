"""The reply code that stands for a class of them."""

import pytest

from mailprobe.protocol import events
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.connection import Connection
from mailprobe.protocol.items import Raw
from mailprobe.protocol.model import Role
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.progress import Owed
from mailprobe.protocol.smtp import SMTP
from mailprobe.transcript.model import ReplyClass
from mailprobe.transcript.talks.shadow import Shadow, code_of


def owed_to(line: bytes, catalogue: Catalogue = SMTP) -> Owed | None:
    """What a server owes to `line`; to nothing at all, its greeting."""
    connection = Connection(catalogue, Role.CLIENT)
    if line:
        connection.receive_data(b"+OK\r\n" if catalogue is POP3 else b"220 x\r\n", 0.0)
        connection.next_event()
        connection.send(Raw(line + b"\r\n"), 0.0)
    return connection.owed()


@pytest.mark.parametrize(
    "wanted, line, code",
    [
        ("2xx", b"", "220"),
        ("xxx", b"", "220"),
        ("5xx", b"", "550"),
        ("2xx", b"NOOP", "250"),
        ("21x", b"HELP", "210"),
        ("x1x", b"HELP", "210"),
        ("xx4", b"HELP", "204"),
        ("xxx", b"DATA", "354"),
        ("2xx", b"DATA", "250"),
        ("xxx", b"AUTH LOGIN", "334"),
        ("xxx", b"STARTTLS", "220"),
        ("2xx", b"STARTTLS", "220"),
        ("454", b"STARTTLS", "454"),
        ("1xx", b"NOOP", "100"),
    ],
)
def test_a_code_of_a_class(wanted: str, line: bytes, code: str) -> None:
    """The one by which the dialogue goes on, where it is of the class; else any of them."""
    assert code_of(ReplyClass(wanted), owed_to(line), pop3=False) == code


@pytest.mark.parametrize("wanted, code", [("xxx", "250"), ("4xx", "450"), ("421", "421")])
def test_a_code_that_nobody_waits_for(wanted: str, code: str) -> None:
    """A server may speak unasked: there is nothing that it could let go on."""
    assert code_of(ReplyClass(wanted), None, pop3=False) == code


@pytest.mark.parametrize(
    "wanted, line, code",
    [
        ("xxx", b"", "+OK"),
        ("xxx", b"STLS", "+OK"),
        ("xxx", b"RETR 1", "+OK"),
        ("xxx", b"AUTH PLAIN", "+"),
        ("-ERR", b"STLS", "-ERR"),
        ("2xx", b"STLS", "220"),  # which the reader refuses
    ],
)
def test_any_reply_of_pop3(wanted: str, line: bytes, code: str) -> None:
    """A status indicator has no digits: it is of none of their classes but of that of all."""
    assert code_of(ReplyClass(wanted), owed_to(line, POP3), pop3=True) == code


@pytest.mark.parametrize(
    "protocol, wanted, enhanced, response_code",
    [
        ("smtp", ReplyClass("550", "5.1.1"), "5.1.1", None),
        ("smtp", ReplyClass("550", "5.1.x"), None, None),
        ("smtp", ReplyClass("550"), None, None),
        ("pop3", ReplyClass("-ERR", None, "IN-USE"), None, "IN-USE"),
    ],
)
def test_finer_codes_of_a_class(
    protocol: str, wanted: ReplyClass, enhanced: str | None, response_code: str | None
) -> None:
    """They are in the reply that stands for it, unless a part is left open."""
    (greeting, *_) = Shadow(protocol, {}).hear_class(wanted)
    assert isinstance(greeting, events.Greeting)
    assert (greeting.reply.enhanced, greeting.reply.response_code) == (enhanced, response_code)
