"""OAUTHBEARER (RFC 7628) and XOAUTH2: the token, the server's JSON, and what answers it."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.protocol import sasl
from mailprobe.protocol.sasl import SaslError

BOTH = ("OAUTHBEARER", "XOAUTH2")
TOKENS = {"alice": "good.token", "a=b,c": "x=="}


def client(mechanism: str, user: str = "alice", token: str = "good.token") -> sasl.Client:
    return sasl.client(mechanism, user, token, nonce="")


def server(mechanism: str) -> sasl.Server:
    return sasl.server(mechanism, TOKENS.get, nonce="", salt=b"")


def test_oauthbearer_of_rfc_7628() -> None:
    """The messages of RFC 7628, sections 4.1 and 4.3, as they travel."""
    steps = sasl.client(
        "OAUTHBEARER",
        "user@example.com",
        "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==",
        nonce="",
        host="server.example.com",
        port=143,
    )
    message = next(steps)
    assert message is not None
    assert base64.b64encode(message) == (
        b"bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAW"
        b"F1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB"
    )
    challenge = sasl.decode(
        b"eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIiwic2NvcGUiOiJleGFtcGxlX3Njb3BlIiwib3Blbm"
        b"lkLWNvbmZpZ3VyYXRpb24iOiJodHRwczovL2V4YW1wbGUuY29tLy53ZWxsLWtub3duL29wZW5p"
        b"ZC1jb25maWd1cmF0aW9uIn0="
    )
    assert sasl.encode(steps.send(challenge) or b"") == b"AQ=="
    assert sasl.refusal(challenge) == (
        "status invalid_token, scope example_scope, "
        "openid-configuration https://example.com/.well-known/openid-configuration"
    )


def test_xoauth2_as_its_makers_write_it() -> None:
    """user=, auth=Bearer, and two ^A; an error is answered by an empty line."""
    steps = sasl.client(
        "XOAUTH2", "someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdg", nonce=""
    )
    assert next(steps) == (
        b"user=someuser@example.com\1auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdg\1\1"
    )
    challenge = b'{"status":"401","schemes":"bearer mac","scope":"https://mail.example.com/"}'
    assert steps.send(challenge) == b""
    assert sasl.refusal(challenge) == (
        "status 401, schemes bearer mac, scope https://mail.example.com/"
    )


@pytest.mark.parametrize("mechanism", BOTH)
@pytest.mark.parametrize("user", TOKENS)
def test_right_token(mechanism: str, user: str) -> None:
    """The token of the user lets him in, whatever his name holds."""
    steps, speaking = server(mechanism), client(mechanism, user, TOKENS[user])
    assert next(steps) is None
    message = next(speaking)
    assert message is not None
    with pytest.raises(StopIteration) as end:
        steps.send(message)
    assert end.value.value == user
    assert sasl.credentials_in(mechanism, [message]) == (user, TOKENS[user])


@pytest.mark.parametrize("mechanism", BOTH)
@pytest.mark.parametrize("user, token", [("alice", "bad"), ("nobody", "good.token")])
def test_wrong_token(mechanism: str, user: str, token: str) -> None:
    """The refusal brings the JSON that is said first, and the client has an answer to it."""
    steps, speaking = server(mechanism), client(mechanism, user, token)
    next(steps)
    message = next(speaking)
    assert message is not None
    with pytest.raises(SaslError, match="credentials are wrong") as refused:
        steps.send(message)
    challenge = refused.value.challenge
    assert challenge is not None
    assert json.loads(challenge)["scope"] == "mail"
    assert speaking.send(challenge) in (b"", b"\1")
    with pytest.raises(StopIteration):
        speaking.send(b"one more")


@pytest.mark.parametrize("mechanism", BOTH)
@pytest.mark.parametrize("message", [b"", b"\xff", b"n,,\1\1", b"user=a\1auth=Bearer \1\1"])
def test_what_is_no_message(mechanism: str, message: bytes) -> None:
    """Anything else is refused without a word before it."""
    steps = server(mechanism)
    next(steps)
    with pytest.raises(SaslError, match="Bearer token") as refused:
        steps.send(message)
    assert refused.value.challenge is None


def test_a_user_in_other_octets() -> None:
    """A user that is not UTF-8 is nobody."""
    steps = server("XOAUTH2")
    next(steps)
    with pytest.raises(SaslError, match="UTF-8"):
        steps.send(b"user=\xff\1auth=Bearer x\1\1")


@pytest.mark.parametrize("mechanism", BOTH)
@pytest.mark.parametrize("token", ["", "a b", "a\1b", "é", "=x"])
def test_what_is_no_token(mechanism: str, token: str) -> None:
    """Found before it is sent, and not repeated."""
    with pytest.raises(ValueError, match="no bearer token"):
        client(mechanism, token=token)


@pytest.mark.parametrize("mechanism", BOTH)
def test_a_user_that_would_end_the_field(mechanism: str) -> None:
    """^A is what stands between the fields."""
    with pytest.raises(ValueError, match=r"\^A in the user"):
        client(mechanism, "a\1b")


@pytest.mark.parametrize(
    "challenge, said",
    [
        (b"", ""),
        (b"hello", ""),
        (b"[1]", ""),
        (b"\xff\xfe", ""),
        (b"[" * 100_000, ""),
        (b'{"a": 1}', ""),
        (b'{"status": 400, "scope": ["a"]}', "status 400"),
        (b'{"status": "\\u001b[2J\\ud800"}', "status \\u{1b}[2J?"),
    ],
)
def test_the_server_s_reasons(challenge: bytes, said: str) -> None:
    """What is known of the JSON is told, fit to be shown; anything else is nothing."""
    assert sasl.refusal(challenge) == said


@given(st.binary())
def test_any_reasons(challenge: bytes) -> None:
    """No octets raise."""
    assert sasl.refusal(challenge).isprintable()
