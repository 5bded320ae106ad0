"""PLAIN for another one, LOGIN in both forms, EXTERNAL and ANONYMOUS."""

import pytest

from mailprobe.protocol import sasl
from mailprobe.protocol.sasl import SaslError


def client(mechanism: str, user: str = "alice", **more: str) -> sasl.Client:
    return sasl.client(mechanism, user, "secret", nonce="", **more)  # type: ignore[arg-type]


def server(mechanism: str) -> sasl.Server:
    return sasl.server(mechanism, {"alice": "secret"}.get, nonce="", salt=b"")


def ended(steps: sasl.Server, response: bytes) -> str:
    with pytest.raises(StopIteration) as end:
        steps.send(response)
    return str(end.value.value)


def test_plain_for_another() -> None:
    """The second example of RFC 4616, section 4: Kurt acts for Ursel."""
    steps = sasl.client("PLAIN", "Kurt", "xipj3plmq", nonce="", authzid="Ursel")
    assert next(steps) == b"Ursel\0Kurt\0xipj3plmq"


@pytest.mark.parametrize("bad", ["\0", "\r", "\n", "\ud800"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "EXTERNAL"])
def test_an_unsafe_authzid(mechanism: str, bad: str) -> None:
    """Nothing that would be another field, or another line."""
    with pytest.raises(ValueError, match="in the authzid"):
        client(mechanism, authzid=f"root{bad}")


def test_login_says_the_user_at_once() -> None:
    """The form with an initial response: the user goes with AUTH, the password is asked for."""
    steps = sasl.client("LOGIN", "alice", "secret", nonce="", initial=True)
    assert next(steps) == b"alice"
    assert steps.send(b"Password for user alice:") == b"secret"
    with pytest.raises(StopIteration):
        steps.send(b"")


@pytest.mark.parametrize("prompt", [b"Username:", b"User Name\0", b" username:"])
def test_login_does_not_give_the_password_for_the_user(prompt: bytes) -> None:
    """A server that took no notice of the initial response asks for the user, and gets him."""
    steps = sasl.client("LOGIN", "alice", "secret", nonce="", initial=True)
    next(steps)
    assert steps.send(prompt) == b"alice"
    assert steps.send(b"Password:") == b"secret"


@pytest.mark.parametrize(
    "user, authzid, message", [("", "", b""), ("alice", "", b"alice"), ("alice", "root", b"root")]
)
def test_external(user: str, authzid: str, message: bytes) -> None:
    """The message is whom he acts for; nothing at all leaves that to the certificate."""
    steps = client("EXTERNAL", user, authzid=authzid)
    assert next(steps) == message
    with pytest.raises(StopIteration):
        steps.send(b"")


def test_external_is_not_served() -> None:
    """Nobody here looks at the certificate of a client."""
    with pytest.raises(ValueError, match="EXTERNAL is not played"):
        server("EXTERNAL")


def test_anonymous() -> None:
    """The example of RFC 4505, section 3: the trace is not a user."""
    steps = client("ANONYMOUS", "sirhc")
    message = next(steps)
    assert message == b"sirhc"
    hearing = server("ANONYMOUS")
    assert next(hearing) is None
    assert ended(hearing, message) == sasl.ANYBODY == "anonymous"


def test_anonymous_is_short() -> None:
    """At most 255 characters, in either role."""
    assert next(client("ANONYMOUS", "é" * 255)) == "é".encode() * 255
    with pytest.raises(ValueError, match="255 characters"):
        client("ANONYMOUS", "é" * 256)
    for said, sentence in ((b"x" * 256, "at most 255"), (b"\xff", "UTF-8")):
        steps = server("ANONYMOUS")
        next(steps)
        with pytest.raises(SaslError, match=sentence):
            steps.send(said)


def test_who_needs_what() -> None:
    """A password, a token, or nothing; what nobody knows wants a password."""
    kinds = {name: sasl.secret_kind(name) for name in ("plain", "XOAUTH2", "EXTERNAL", "XYZZY")}
    assert kinds == {"plain": "password", "XOAUTH2": "token", "EXTERNAL": "", "XYZZY": "password"}
