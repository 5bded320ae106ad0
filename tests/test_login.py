"""A login step by step, against a server that says what a test wants."""

from base64 import b64encode

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.login import challenge_of, log_in, log_in_by_apop
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.items import Answer
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


@pytest.mark.parametrize(
    "mechanism, said, word, reason",
    [
        ("PLAIN", b"334 !!!\r\n", Word.PROTOCOL, "base64"),
        ("CRAM-MD5", b"334 \r\n", Word.PROTOCOL, "expected a CRAM-MD5 challenge"),
        (
            "SCRAM-SHA-256",
            b"334 " + b64encode(b"r=another,s=QSXCR+Q6sek8bf92,i=4096") + b"\r\n",
            Word.PROTOCOL,
            "first message is wrong",
        ),
    ],
)
def test_a_refused_cancel_hides_no_reason(
    mechanism: str, said: bytes, word: Word, reason: str
) -> None:
    """501 to `*` is what a server has to say; why it was cancelled is what went wrong."""
    desk = Desk(said, b"501 cancelled\r\n")

    def strict(item: Item) -> bool:
        desk.send(item)
        if item == Answer(b"*"):
            raise Failure(Word.REFUSED, "AUTH was answered: 501 cancelled")
        return True

    with pytest.raises(Failure, match=reason) as caught:
        log_in(desk.session, mechanism, "alice", "secret", strict)
    assert caught.value.word is word
    assert desk.link.sent[-1] == b"*\r\n"


def test_a_link_that_ends_at_the_cancel() -> None:
    """Is what stops everything, and is told."""
    desk = Desk(b"334 !!!\r\n")

    def broken(item: Item) -> bool:
        if item == Answer(b"*"):
            raise Failure(Word.EOF, "closed")
        return desk.send(item)

    with pytest.raises(Failure) as caught:
        log_in(desk.session, "PLAIN", "alice", "secret", broken)
    assert caught.value.word is Word.EOF


@pytest.mark.parametrize("challenge", [b"+\r\n", b"+ \r\n", b"+ go ahead\r\n", b"+ R28=\r\n"])
def test_a_server_that_only_listens(challenge: bytes) -> None:
    """What stands where an empty challenge belongs says nothing to a client that is due."""
    desk = Desk(challenge, b"+OK in\r\n", catalogue=POP3)
    log_in(desk.session, "PLAIN", "alice", "secret", desk.send, initial=False)
    assert desk.link.sent == [b"AUTH PLAIN\r\n", b64encode(b"\0alice\0secret") + b"\r\n"]
    assert desk.session.connection.facts.authenticated


def test_a_server_that_says_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """SCRAM's e= is no nonsense: the login is cancelled, refused, and the reason is told."""
    monkeypatch.setattr("mailprobe.login.secrets.token_hex", lambda count: "abc")
    said = (b"r=abcdef,s=QSXCR+Q6sek8bf92,i=4096", b"e=invalid-proof\x1b[2J")
    desk = Desk(*(b"334 " + b64encode(one) + b"\r\n" for one in said), b"501 cancelled\r\n")
    with pytest.raises(Failure, match=r"says why not: invalid-proof\\u\{1b\}") as caught:
        log_in(desk.session, "SCRAM-SHA-256", "alice", "secret", desk.send)
    assert caught.value.word is Word.REFUSED
    assert desk.link.sent[-1] == b"*\r\n"


def test_a_mechanism_is_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong signature is told by a sentence that begins with the mechanism, which knows it."""
    monkeypatch.setattr("mailprobe.login.secrets.token_hex", lambda count: "abc")
    said = (b"r=abcdef,s=QSXCR+Q6sek8bf92,i=4096", b"v=" + b64encode(b"wrong"))
    desk = Desk(*(b"334 " + b64encode(one) + b"\r\n" for one in said), b"501 cancelled\r\n")
    with pytest.raises(Failure) as caught:
        log_in(desk.session, "SCRAM-SHA-256", "alice", "secret", desk.send)
    assert caught.value.word is Word.SECURITY
    assert caught.value.sentence.startswith("SCRAM-SHA-256: the server's final message is wrong")


def test_a_go_ahead_that_is_no_challenge() -> None:
    """354 asks for mail data, which nobody has: nothing is answered to it."""
    desk = Desk(b"354 go on\r\n")
    with pytest.raises(Failure, match="expected a challenge, .* got 354 go on") as caught:
        log_in(desk.session, "LOGIN", "alice", "secret", desk.send)
    assert caught.value.word is Word.PROTOCOL
    assert desk.link.sent == [b"AUTH LOGIN\r\n"]


def test_a_token_that_is_refused_without_a_reason() -> None:
    """Is told to have none."""
    told: list[str] = []
    desk = Desk(b"334 \r\n", b"535 no\r\n")
    log_in(desk.session, "XOAUTH2", "alice", "token", desk.send, refused=told.append)
    assert told == ["no reason given"]


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
