"""SCRAM with channel binding, and the flags that tell of it (RFC 5802, section 6)."""

import base64

import pytest

from mailprobe.protocol import sasl
from mailprobe.protocol.sasl import Binding, SaslError

SALT = b"twelve octets and more"
CHANNEL = Binding("tls-unique", b"finished")
POINT = Binding("tls-server-end-point", b"digest of the certificate")
BINDINGS = {CHANNEL.kind: CHANNEL.octets, POINT.kind: POINT.octets}
PLUS = tuple(name for name in sasl.MECHANISMS if name.endswith("-PLUS"))


def speaking(mechanism: str, binding: Binding | None) -> sasl.Client:
    return sasl.client(mechanism, "user", "pencil", nonce="client", binding=binding)


def hearing(mechanism: str, bindings: dict[str, bytes] | None = None) -> sasl.Server:
    return sasl.server(
        mechanism, {"user": "pencil"}.get, nonce="server", salt=SALT, bindings=bindings
    )


def exchange(client: sasl.Client, server: sasl.Server) -> list[bytes]:
    """What the client says; the last of it ends the login."""
    said: list[bytes] = []
    challenge, answer = next(server), next(client)
    while True:
        assert answer is not None
        said.append(answer)
        try:
            challenge = server.send(answer)
        except StopIteration as end:
            assert end.value == "user"
            return said
        assert challenge is not None
        answer = client.send(challenge)


def test_scram_sha_512_of_a_reference() -> None:
    """The example of RFC 5802, section 5, reckoned again for SHA-512 by hashlib and hmac alone."""
    client = sasl.client("SCRAM-SHA-512", "user", "pencil", nonce="fyko+d2lbbFgONRv9qkxdawL")
    salt = base64.b64decode("QSXCR+Q6sek8bf92")
    server = sasl.server(
        "SCRAM-SHA-512", {"user": "pencil"}.get, nonce="3rfcNHYJY1ZVvWVs7j", salt=salt
    )
    assert next(client) == b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"
    next(server)
    first = server.send(b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL")
    assert first == b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"
    final = client.send(first)
    assert final == (
        b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
        b"p=VdS8LkrURiej1tG6iX+fqCXQfUnBb//d9llXYaH+ylUbDwBUz9geyR9fC4"
        b"TewskRUM2tlYSalhAT4Aay1Q5dTA=="
    )
    signature = server.send(final)
    assert signature == (
        b"v=14PAAuavk9hxBEkgB0brDxUhvWu+N16meYk+qxVNFqchR8QP"
        b"ohM09Y4Z6WaTCuX4C6nqMB9KIJTDm6RpSM990g=="
    )
    assert client.send(signature) == b""


@pytest.mark.parametrize("mechanism", PLUS)
@pytest.mark.parametrize("binding", [CHANNEL, POINT], ids=str)
def test_bound_to_the_channel(mechanism: str, binding: Binding) -> None:
    """The client chooses the kind; header and data stand in c=, and the server agrees."""
    said = exchange(speaking(mechanism, binding), hearing(mechanism, BINDINGS))
    header = f"p={binding.kind},,".encode()
    assert said[0] == header + b"n=user,r=client"
    assert base64.b64decode(said[1].split(b",")[0][2:]) == header + binding.octets


@pytest.mark.parametrize("mechanism", PLUS)
def test_another_channel_is_found_out(mechanism: str) -> None:
    """Somebody in the middle has another channel on either side (RFC 5802, section 6)."""
    client = speaking(mechanism, Binding("tls-unique", b"another"))
    server = hearing(mechanism, BINDINGS)
    first = next(client)
    next(server)
    assert first is not None
    challenge = server.send(first)
    assert challenge is not None
    final = client.send(challenge)
    assert final is not None
    with pytest.raises(SaslError, match="channel-bindings-dont-match"):
        server.send(final)


@pytest.mark.parametrize("mechanism", PLUS)
def test_plus_needs_a_channel(mechanism: str) -> None:
    """Neither role begins without one."""
    with pytest.raises(ValueError, match="needs a channel"):
        speaking(mechanism, None)
    with pytest.raises(ValueError, match="needs a channel"):
        hearing(mechanism)


@pytest.mark.parametrize("kind", ["tls-exporter", "tls-made-up"])
def test_kinds_that_nobody_has(kind: str) -> None:
    """A kind that cannot be had is the caller's mistake, or the client's."""
    with pytest.raises(ValueError, match="SCRAM-SHA-256-PLUS cannot carry"):
        speaking("SCRAM-SHA-256-PLUS", Binding(kind, b"x"))
    server = hearing("SCRAM-SHA-256-PLUS", BINDINGS)
    next(server)
    with pytest.raises(SaslError, match="first message"):
        server.send(f"p={kind},,n=user,r=client".encode())


def test_a_client_that_could_says_so() -> None:
    """`y` where the server offered no -PLUS: a server that did offer it knows of the attack."""
    client = speaking("SCRAM-SHA-256", CHANNEL)
    first = next(client)
    assert first == b"y,,n=user,r=client"
    stripped = hearing("SCRAM-SHA-256", BINDINGS)
    next(stripped)
    with pytest.raises(SaslError, match="server-does-support-channel-binding"):
        stripped.send(first)
    assert exchange(speaking("SCRAM-SHA-256", CHANNEL), hearing("SCRAM-SHA-256"))[1].startswith(
        b"c=eSws,"
    )


def test_an_unbound_login_on_a_channel() -> None:
    """`n` is let in by a server that offers both: it was the person's choice."""
    said = exchange(speaking("SCRAM-SHA-1", None), hearing("SCRAM-SHA-1", BINDINGS))
    assert said[0].startswith(b"n,,")


@pytest.mark.parametrize(
    "mechanism, offered, bound",
    [
        ("SCRAM-SHA-1-PLUS", (), True),
        ("scram-sha-1-plus", ("SCRAM-SHA-1",), True),
        ("SCRAM-SHA-1", ("SCRAM-SHA-1",), True),
        ("SCRAM-SHA-1", ("SCRAM-SHA-1", "scram-sha-1-plus"), False),
        ("SCRAM-SHA-1", (), False),
    ],
)
def test_when_to_tell_of_it(mechanism: str, offered: tuple[str, ...], bound: bool) -> None:
    """p for -PLUS, y where an offer has none of them, n where it has, or nobody asked."""
    assert sasl.binding_for(mechanism, offered, CHANNEL) == (CHANNEL if bound else None)
    assert sasl.binding_for(mechanism, offered, None) is None


def test_no_authzid() -> None:
    """SCRAM says here only who logs in."""
    with pytest.raises(ValueError, match="PLAIN and EXTERNAL carry another"):
        sasl.client("SCRAM-SHA-256", "user", "pencil", nonce="n", authzid="root")


def test_a_server_that_says_why_not() -> None:
    """e= is a refusal (RFC 5802, section 7), told apart from nonsense; short and printable."""
    steps = sasl.client("SCRAM-SHA-256", "alice", "secret", nonce="abc")
    next(steps)
    steps.send(b"r=abcdef,s=QSXCR+Q6sek8bf92,i=4096")
    with pytest.raises(sasl.Refusal) as refused:
        steps.send(b"e=invalid-proof\x1b" + b"x" * 999)
    assert refused.value.sentence.startswith("the server says why not: invalid-proof\\u{1b}xx")
    assert len(refused.value.sentence) < 120
