"""SCRAM (RFC 5802, RFC 7677), with channel binding where the name ends in -PLUS.

scramp prepares user and secret by SASLprep.  It costs 130 ms and asks the system for random
octets when it is imported, hence inside these functions only.
"""

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from mailprobe.patterns import pattern
from mailprobe.protocol.sasl.terms import (
    Authority,
    Binding,
    Client,
    Identity,
    Impostor,
    Refusal,
    SaslError,
    Server,
    text_of,
)
from mailprobe.safe import safe

PLUS = "-PLUS"

# The kinds of channel binding that can be had here, the best first.  Python's ssl module gives no
# tls-exporter (RFC 9266), and scramp takes none.
BINDINGS = ("tls-unique", "tls-server-end-point")

# A server names the count and the client does the work: about half a second's worth.
MAXIMUM_ITERATIONS = 1_000_000
_SHOWN = 80  # octets of a server's reason

# RFC 5802, section 5: the client verifies "v=", and does not believe in success without it.
UNPROVED = (
    "expected the server's signature (v=) before its success, and none came: "
    "whoever this is need not know the secret"
)

FIRST = pattern(  # RFC 5802, section 7: gs2-header, user name, nonce
    rb"(?:[ny]|p=[A-Za-z0-9.-]+),(?:a=[^,]*)?,n=(?P<user>(?:[^,=\0]|=2C|=3D)+),r=[^,]+(?:,.*)?",
    re.DOTALL,
)
_BOUND = pattern(rb"p=([A-Za-z0-9.-]+),.*", re.DOTALL)


def binding_for(
    mechanism: str, offered: Collection[str], binding: Binding | None
) -> Binding | None:
    """What to give to `client`, so that it tells the truth about channel binding.

    A -PLUS mechanism is bound ("p="); any other says that the client could have been ("y"), and
    that only where the server offers no -PLUS: it lets a server that does see that somebody has
    taken it out of the offer (RFC 5802, section 6).  Where nothing is `offered`, nobody knows.
    """
    name = mechanism.upper()
    if binding is None or name.endswith(PLUS):
        return binding
    if not offered or any(one.upper().endswith(PLUS) for one in offered):
        return None
    return binding


def scram_client(name: str, identity: Identity) -> Client:
    _refuse_empty(identity.nonce)
    if name.endswith(PLUS) and identity.binding is None:
        raise ValueError(f"{name} needs a channel to bind to, and there is no TLS that gives one")
    from scramp import ScramClient, ScramException  # type: ignore[import-untyped]

    binding = identity.binding
    bound = None if binding is None else (binding.kind, binding.octets)
    try:
        scram = ScramClient(
            [name], identity.user, identity.secret, channel_binding=bound, c_nonce=identity.nonce
        )
    except ScramException as error:
        raise ValueError(f"{name} cannot carry this user, secret or nonce: {error}") from None
    return _client_steps(name, scram)


def _client_steps(name: str, scram: Any) -> Client:
    challenge = yield scram.get_client_first().encode()
    with _sasl_errors(f"{name}: the server's first message is wrong"):
        scram.set_server_first(text_of("a SCRAM message", challenge))
        if int(scram.iterations) > MAXIMUM_ITERATIONS:
            raise SaslError(
                f"{name}: expected at most {MAXIMUM_ITERATIONS} iterations, "
                f"the server wants {int(scram.iterations)}"
            )
        final = scram.get_client_final().encode()
    challenge = yield final
    if challenge.startswith(b"e="):
        raise Refusal(f"the server says why not: {safe(challenge[2:_SHOWN])}")
    wrong = f"{name}: the server's final message is wrong"
    told = Impostor if challenge.startswith(b"v=") else SaslError
    if told is Impostor:
        wrong += ", whoever this is does not know the secret"
    with _sasl_errors(wrong, told):
        scram.set_server_final(text_of("a SCRAM message", challenge))
    yield b""  # success carries no data (RFC 4954, section 4; RFC 5034, section 4)


def scram_server(name: str, authority: Authority) -> Server:
    _refuse_empty(authority.nonce)
    if name.endswith(PLUS) and not authority.bindings:
        raise ValueError(f"{name} needs a channel to bind to, and there is none")
    from scramp import ScramException, ScramMechanism

    salt, iterations = authority.salt, authority.iterations
    user = ""
    mechanism = ScramMechanism(name)

    def keys_of(prepared: str) -> tuple[bytes, bytes, bytes, int]:
        nonlocal user
        user = prepared
        secret = authority.secret_of(user)
        keys: tuple[bytes, bytes, bytes, int]
        keys = mechanism.make_auth_info(secret or "", iteration_count=iterations, salt=salt)
        if secret is not None:
            return keys
        # Nobody: as much work and the same salt, but a key that no proof can hash to.
        return salt, bytes(len(keys[1])), keys[2], iterations

    def bound_to(kind: str) -> Any:
        octets = authority.bindings.get(kind)
        bound = None if octets is None else (kind, octets)
        return mechanism.make_server(keys_of, channel_binding=bound, s_nonce=authority.nonce)

    try:
        mechanism.make_auth_info("", iteration_count=iterations, salt=salt)
        for kind in authority.bindings or ("",):
            bound_to(kind)
    except ScramException as error:
        raise ValueError(f"{name} cannot use this nonce, salt or count: {error}") from None
    any_kind = next(iter(authority.bindings), "")  # of which scramp says that it is another one

    def chosen(kind: str) -> Any:
        return bound_to(kind if kind in authority.bindings else any_kind)

    return _server_steps(name, chosen, lambda: user)


def _server_steps(name: str, chosen: Callable[[str], Any], user: Callable[[], str]) -> Server:
    response = yield None
    with _sasl_errors(f"{name}: the client's first message is wrong"):
        bound = _BOUND.fullmatch(response)  # the client chooses the kind
        scram = chosen(bound[1].decode() if bound else "")
        scram.set_client_first(text_of("a SCRAM message", response))
        challenge = scram.get_server_first().encode()
    response = yield challenge
    with _sasl_errors(f"{name}: the client's final message is wrong"):
        scram.set_client_final(text_of("a SCRAM message", response))
        challenge = scram.get_server_final().encode()
    response = yield challenge
    if response:
        raise SaslError(f"{name}: expected an empty response to the server's final message")
    return user()


def _refuse_empty(nonce: str) -> None:
    if not nonce:  # scramp 1.4.18 knows every other rule for it
        raise ValueError("SCRAM needs a nonce that is not empty")


@contextmanager
def _sasl_errors(what: str, told: type[SaslError] = SaslError) -> Iterator[None]:
    from scramp import ScramException

    try:
        yield
    except ScramException as error:
        raise told(f"{what}: {safe(str(error))}") from error
