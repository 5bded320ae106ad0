"""A login step by step, against a server that says what a test wants."""

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.login import challenge_of, log_in, log_in_by_apop
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import SMTP
from mailprobe.session import Item, Session
from mailprobe.transport.memory import Scripted


class Desk:
    """A session with a script; it sends what a login says, unless it is interrupted."""

    def __init__(self, *replies: bytes, catalogue: Catalogue = SMTP, lines: int = 99) -> None:
        self.link = Scripted([b"220 hi\r\n" if catalogue is SMTP else b"+OK hi\r\n", *replies])
        self.link.poll_receive = lambda: None  # type: ignore[method-assign]  # nothing comes early
        self.session = Session(catalogue)
        self.session.attach(self.link)
        self.session.loopback = True
        self.left = lines

    def send(self, item: Item) -> bool:
        self.left -= 1
        self.session.send(item)
        return self.left > 0 and self.session.wait()


def test_an_interrupted_login_says_no_more() -> None:
    """Whether at AUTH or at an answer, nothing follows."""
    desk = Desk(b"334 VXNlcm5hbWU6\r\n", lines=1)
    log_in(desk.session, "LOGIN", "alice", "secret", desk.send)
    assert desk.link.sent == [b"AUTH LOGIN\r\n"]
    desk = Desk(b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n", lines=2)
    log_in(desk.session, "LOGIN", "alice", "secret", desk.send)
    assert desk.link.sent == [b"AUTH LOGIN\r\n", b"YWxpY2U=\r\n"]


def test_a_server_that_proves_nothing() -> None:
    """SCRAM that succeeds without the server's signature is no success."""
    desk = Desk(b"235 come in\r\n")
    with pytest.raises(Failure) as caught:
        log_in(desk.session, "SCRAM-SHA-256", "alice", "secret", desk.send)
    assert caught.value.word is Word.SECURITY


def test_a_challenge_too_many_is_cancelled() -> None:
    """And so is one that is not base64."""
    for challenge in (b"334 !!!\r\n", b"334 \r\n"):
        desk = Desk(challenge, b"501 cancelled\r\n")
        with pytest.raises(Failure) as caught:
            log_in(desk.session, "PLAIN", "alice", "secret", desk.send)
        assert caught.value.word is Word.PROTOCOL
        assert desk.link.sent[-1] == b"*\r\n"


def test_a_long_initial_response_waits_for_its_challenge() -> None:
    """An AUTH line of POP3 has 255 octets at most (RFC 5034, section 4)."""
    desk = Desk(b"+ \r\n", b"+OK in\r\n", catalogue=POP3)
    log_in(desk.session, "OAUTHBEARER", "alice", "x" * 300, desk.send)
    assert desk.link.sent[0] == b"AUTH OAUTHBEARER\r\n"
    assert len(desk.link.sent[1]) > 255
    assert challenge_of(desk.session) is None


def test_what_apop_needs() -> None:
    """A timestamp in the greeting, and a user that stays in his line."""
    desk = Desk(catalogue=POP3)
    with pytest.raises(Failure, match="timestamp"):
        log_in_by_apop(desk.session, "alice", "secret", desk.send)
    desk.session.connection.facts.greeting = b"hi <1.2@x>"
    with pytest.raises(Failure, match="CR, LF or NUL"):
        log_in_by_apop(desk.session, "alice\rDELE 1", "secret", desk.send)
    assert desk.link.sent == []
