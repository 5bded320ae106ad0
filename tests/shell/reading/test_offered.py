"""What TLS changes of what is offered: keyword by keyword, as the session remembers it."""

import pytest

from mailprobe.protocol.connection import catalogue_of
from mailprobe.protocol.model import Protocol
from mailprobe.session import Session
from mailprobe.shell.local.tls import compact
from mailprobe.shell.reading.offered import Change, changes, in_the_clear
from mailprobe.transport.memory import Scripted


class Patient(Scripted):
    """One that says a chunk only where somebody waits for it."""

    def poll_receive(self) -> memoryview | None:
        return None


def talked(protocol: Protocol, *exchanges: tuple[bytes, bytes], greeting: bytes) -> Session:
    session = Session(catalogue_of(protocol))
    replies = [reply for _, reply in exchanges]
    session.attach(Patient([greeting, *replies], ending=None))
    for line, _ in exchanges:
        session.exchange(line)
    return session


EHLO = b"250-mx\r\n250-STARTTLS\r\n250-SIZE 10\r\n250-AUTH CRAM-MD5 X\r\n250 DSN\r\n"
AGAIN = b"250-mx\r\n250-SIZE 20\r\n250-AUTH PLAIN X\r\n250-DSN\r\n250 CHUNKING\r\n"
UPGRADE = (b"STARTTLS", b"220 go\r\n")
SMTP = {"greeting": b"220 mx\r\n"}


def test_new_gone_and_changed() -> None:
    """In one sentence; of what has changed only the words that differ."""
    session = talked(Protocol.SMTP, (b"EHLO a", EHLO), UPGRADE, (b"EHLO a", AGAIN), **SMTP)
    found = changes(session)
    assert found is not None
    assert compact(found) == (
        "over TLS: changed SIZE -10 +20, AUTH -CRAM-MD5 +PLAIN; new CHUNKING; gone STARTTLS"
    )


def test_pop3_has_its_list_in_a_body() -> None:
    """CAPA before and after STLS."""
    before = b"+OK\r\nUSER\r\nSTLS\r\n.\r\n"
    after = b"+OK\r\nUSER\r\nSASL PLAIN\r\n.\r\n"
    session = talked(
        Protocol.POP3,
        *((b"CAPA", before), (b"STLS", b"+OK\r\n"), (b"CAPA", after)),
        greeting=b"+OK\r\n",
    )
    found = changes(session)
    assert found is not None
    assert compact(found) == "over TLS: new SASL PLAIN; gone STLS"


@pytest.mark.parametrize(
    "exchanges",
    [
        [],
        [(b"EHLO a", EHLO)],
        [(b"EHLO a", EHLO), UPGRADE],
        [UPGRADE, (b"EHLO a", AGAIN)],
        [(b"EHLO a", b"502 no\r\n"), UPGRADE, (b"EHLO a", AGAIN)],
    ],
    ids=["nothing", "no TLS", "not asked again", "not asked before", "refused before"],
)
def test_nothing_to_compare(exchanges: list[tuple[bytes, bytes]]) -> None:
    """Both have to be known."""
    assert changes(talked(Protocol.SMTP, *exchanges, **SMTP)) is None


def test_the_same_is_no_change() -> None:
    """Then the list is empty, which is not the same as nothing to compare."""
    session = talked(Protocol.SMTP, (b"EHLO a", EHLO), UPGRADE, (b"EHLO a", EHLO), **SMTP)
    assert changes(session) == []
    assert in_the_clear(session) is not None


def test_another_order() -> None:
    """A server that shuffles its mechanisms has changed something, too."""
    change = Change("AUTH", "PLAIN LOGIN", "LOGIN PLAIN")
    assert change.text == "AUTH LOGIN PLAIN (in another order)"


def test_hostile_words_are_shown_safely() -> None:
    """What is offered is the peer's text."""
    evil = b"250-mx\r\n250 X\x1b[2J\r\n"
    session = talked(Protocol.SMTP, (b"EHLO a", EHLO), UPGRADE, (b"EHLO a", evil), **SMTP)
    assert compact(changes(session) or []).isprintable()
