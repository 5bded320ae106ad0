"""A login by hand: challenges in words, the answer that completion offers, and ways astray."""

from base64 import b64decode, b64encode
from collections.abc import Callable

import pytest

from mailprobe.protocol import sasl
from mailprobe.protocol.connection import catalogue_of
from mailprobe.protocol.model import Protocol
from mailprobe.session import Session
from mailprobe.shell.config import Profile
from mailprobe.shell.credentials import Credentials
from mailprobe.shell.typing.complete import completions
from mailprobe.shell.typing.suggestion import Known
from mailprobe.shell.writing import challenges
from mailprobe.transport.memory import Scripted

GREETING = b"220 hi\r\n"
SALT = b"twelve octets and more"


class Link(Scripted):
    """Whose peer says what it is given, and nothing while nobody waits."""

    def __init__(self) -> None:
        super().__init__((), ending=None)
        self.replies = [GREETING]

    def receive(self, deadline: float | None = None) -> memoryview | None:
        return memoryview(self.replies.pop(0))

    def poll_receive(self) -> memoryview | None:
        return None


class Person:
    """All of a conversation that a login by hand needs, with a server that runs for itself."""

    def __init__(self, server: Callable[[bytes], bytes], **how: object) -> None:
        self.by_hand = challenges.ByHand()
        self.text = ""
        self.learned: list[bytes] = []
        self.environment = {"WORD": "secret"}
        credentials = Credentials(user="alice", variable=str(how.get("variable", "WORD")))
        known = how.get("known", True)
        self.profile = Profile("", user="alice", login=credentials) if known else None
        self._server = server
        self._link = Link()
        self._link.peer = "memory"
        self.session = Session(catalogue_of(Protocol.SMTP))
        self.session.attach(self._link)

    def say(self, line: str) -> str:
        """One line; what is shown of the challenge behind it."""
        self.text = ""
        self._link.replies.append(self._server(line.encode()))
        self.session.send(self.session.item(line.encode()))
        self.session.wait()
        challenges.explain(self)  # type: ignore[arg-type]  # as much of one as it asks
        return self.text

    def write(self, text: str) -> None:
        self.text += text

    def paint(self, style: str, text: str) -> str:
        return text

    def mask(self, text: str) -> str:
        return text.replace("hunter2", "****")

    def learn(self, secret: bytes, user: bytes = b"") -> None:
        self.learned.append(secret)

    @property
    def offered(self) -> list[tuple[str, str]]:
        """What completion has at an empty line."""
        known = Known(answers=lambda: challenges.offers(self.by_hand, self.session))
        connection = self.session.connection
        found = completions("", connection.facts, connection.catalogue, known)
        return [(one.text, one.display) for one in found]


def serving(mechanism: str) -> Callable[[bytes], bytes]:
    """A server of one AUTH, by the book."""
    steps = sasl.server(mechanism, {"alice": "secret"}.get, nonce="a@b", salt=SALT)
    first: list[bytes | None] = [next(steps)]

    def answer(line: bytes) -> bytes:
        words = line.split()
        if words[:1] == [b"AUTH"] and len(words) == 2:
            return b"334 " + b64encode(first[0] or b"") + b"\r\n"
        said = b64decode(words[-1]) if words else b""
        try:
            challenge = steps.send(said)
        except StopIteration:
            return b"235 2.7.0 in\r\n"
        except sasl.SaslError:
            return b"535 5.7.8 no\r\n"
        return b"334 " + b64encode(challenge or b"") + b"\r\n"

    return answer


@pytest.mark.parametrize(
    "mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-512", "XOAUTH2"]
)
def test_the_offered_answers_log_in(mechanism: str) -> None:
    """Each is the right one; the menu does not show it; whoever takes all of them is in."""
    person = Person(serving(mechanism))
    person.say(f"AUTH {mechanism}")
    while not person.session.connection.facts.authenticated:
        assert "answer: " in person.text
        if person.by_hand.offer:
            assert "Tab offers the answer" in person.text
            ((answer, shown),) = person.offered
            assert shown == "****"
        else:
            answer = ""
        person.say(answer)
    assert person.learned[:1] == [b"secret"]
    assert person.text == ""


def test_the_derivation_is_told() -> None:
    """What the challenge says, and what the answer is made of."""
    text = Person(serving("CRAM-MD5"), known=False).say("AUTH CRAM-MD5")
    assert "  the challenge says: <a@b>\n" in text
    assert "HMAC-MD5(password, challenge)" in text
    assert "  * cancels\n" in text
    assert "Tab" not in text


def test_nobody_known() -> None:
    """Without a profile, or without his secret, completion knows how to give up alone."""
    for how in ({"known": False}, {"variable": "NONE"}, {"variable": ""}):
        person = Person(serving("PLAIN"), **how)
        person.say("AUTH PLAIN")
        assert person.offered == [("*", "*")]


def test_an_initial_response_that_was_typed() -> None:
    """Its nonce is taken up, and so the next answer is still the right one."""
    person = Person(serving("SCRAM-SHA-256"))
    person.say("AUTH SCRAM-SHA-256 " + b64encode(b"n,,n=alice,r=mine").decode())
    person.say(person.offered[0][0])
    person.say("")
    assert person.session.connection.facts.authenticated


def test_login_with_the_user_at_once() -> None:
    """The password is what is offered then."""
    steps = iter([b"334 UGFzc3dvcmQ6\r\n", b"235 in\r\n"])
    person = Person(lambda line: next(steps))
    person.say("AUTH LOGIN YWxpY2U=")
    assert person.offered[0] == (b64encode(b"secret").decode(), "****")


@pytest.mark.parametrize(
    "typed", ["AUTH LOGIN Ym9i", "AUTH XYZZY", "AUTH SCRAM-SHA-256-PLUS", "AUTH LOGIN !!!", "AUTH"]
)
def test_what_has_no_right_answer(typed: str) -> None:
    """Another user, a mechanism that is not spoken, no TLS, no base64: all may be typed."""
    person = Person(lambda line: b"334 \r\n")
    person.say(typed)
    assert person.offered in ([("*", "*")], [])


def test_astray_on_purpose() -> None:
    """Who answers something else is no longer offered what would not fit."""
    person = Person(serving("SCRAM-SHA-256"))
    person.say("AUTH SCRAM-SHA-256")
    person.say(b64encode(b"n,,n=alice,r=another").decode())
    assert person.offered == [("*", "*")]
    assert "PBKDF2" in person.text


def test_a_challenge_that_is_no_base64() -> None:
    """It is shown, masked and safe, and nothing is offered for it."""
    person = Person(lambda line: b"334 hunter2 \x1b[2J\r\n")
    text = person.say("AUTH PLAIN")
    assert "the challenge says: **** \\u{1b}[2J" in text
    assert "no base64" in text
    assert person.offered == [("*", "*")]


def test_no_challenge_no_word() -> None:
    """A login that is over is not explained, nor is anything but AUTH."""
    person = Person(lambda line: b"250 ok\r\n")
    assert person.say("NOOP") == ""
    person = Person(lambda line: b"535 no\r\n")
    assert person.say("AUTH PLAIN =") == ""
    person.session.exchanges.clear()
    assert person.by_hand.challenged(person) is None  # type: ignore[arg-type]


def test_what_is_typed_already_is_not_completed() -> None:
    """An answer is offered at an empty line alone."""
    person = Person(serving("PLAIN"))
    person.say("AUTH PLAIN")
    connection = person.session.connection
    known = Known(answers=lambda: challenges.offers(person.by_hand, person.session))
    assert completions("A", connection.facts, connection.catalogue, known) == []
