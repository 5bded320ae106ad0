"""The table of mechanisms, and what a login is in either role.

Strongest first: what is taken by default does not give the secret away when something better is
there.  Mechanisms with a security layer (GSSAPI, DIGEST-MD5 with auth-int) are not spoken.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial

from mailprobe.protocol.sasl import bearer, clear, digests, scram
from mailprobe.protocol.sasl.terms import (
    Authority,
    Binding,
    Client,
    Identity,
    SecretOf,
    Server,
    octets_of,
)
from mailprobe.safe import safe
from mailprobe.value import frozen

PASSWORD, TOKEN, NOTHING = "password", "token", ""


@frozen
class Mechanism:
    """One row: who speaks, who hears, and what an observer sees."""

    name: str
    speak: Callable[[Identity], Client]
    hear: Callable[[Authority], Server] | None  # None: the server's part is not played
    observed: re.Pattern[bytes]  # the client's first message
    steps: int  # messages of the client, at most
    secret: str = PASSWORD  # what the user must have
    authzid: bool = False  # whether it can say that he acts for another one
    mutual: bool = False  # whether the server shows that it knows the secret


def _scram(digest: str, plus: str = "") -> Mechanism:
    name = f"SCRAM-{digest}{plus}"
    speak, hear = partial(scram.scram_client, name), partial(scram.scram_server, name)
    return Mechanism(name, speak, hear, scram.FIRST, 2, mutual=True)


_ROWS = (
    _scram("SHA-512", scram.PLUS),
    _scram("SHA-256", scram.PLUS),
    _scram("SHA-1", scram.PLUS),
    _scram("SHA-512"),
    _scram("SHA-256"),
    _scram("SHA-1"),
    Mechanism("CRAM-MD5", digests.cram_md5_client, digests.cram_md5_server, digests.CRAM_MD5, 1),
    Mechanism("EXTERNAL", clear.external_client, None, clear.NAME, 1, NOTHING, authzid=True),
    Mechanism("PLAIN", clear.plain_client, clear.plain_server, clear.PLAIN, 1, authzid=True),
    Mechanism("LOGIN", clear.login_client, clear.login_server, clear.LOGIN, 2),
    Mechanism(
        "OAUTHBEARER",
        bearer.oauthbearer_client,
        bearer.oauthbearer_server,
        bearer.OAUTHBEARER,
        2,
        TOKEN,
    ),
    Mechanism("XOAUTH2", bearer.xoauth2_client, bearer.xoauth2_server, bearer.XOAUTH2, 2, TOKEN),
    Mechanism("ANONYMOUS", clear.anonymous_client, clear.anonymous_server, clear.NAME, 1, NOTHING),
)
TABLE: Mapping[str, Mechanism] = {row.name: row for row in _ROWS}
MECHANISMS = tuple(TABLE)  # that a client can speak

# In which the server shows that it knows the secret: to be told of success is not enough.
MUTUAL = tuple(row.name for row in _ROWS if row.mutual)


def client(
    mechanism: str,
    user: str,
    secret: str,
    *,
    nonce: str,
    authzid: str = "",
    binding: Binding | None = None,
    host: str = "",
    port: int = 0,
    initial: bool = False,
) -> Client:
    """Speak for the client: `next()` gives the initial response, None where the server begins.

    Each `.send(challenge)` gives the next response; StopIteration says that a challenge was one
    too many.  SCRAM's last response is `b""`, given only once the server's signature was
    verified: success reported before that has proved nothing about the server.  SCRAM alone uses
    `nonce`, printable ASCII without blank and comma, and `binding` (see `scram.binding_for`).
    A bearer's token is the `secret`; OAUTHBEARER tells `host` and `port`.  `initial` has LOGIN
    say the user before it is asked.

    Raises ValueError at once for an unknown mechanism, for NUL, CR or LF in an argument, and for
    what the mechanism cannot carry; the generator raises SaslError, after which `*` is what to
    send.
    """
    row = _row(mechanism)
    for what, text in (("user", user), ("secret", secret), ("nonce", nonce), ("host", host)):
        octets_of(what, text)
    if authzid and not row.authzid:
        raise ValueError(f"{row.name} says only who logs in here; PLAIN and EXTERNAL carry another")
    return row.speak(Identity(user, secret, nonce, authzid, binding, host, port, initial))


def server(
    mechanism: str,
    secret_of: SecretOf,
    *,
    nonce: str,
    salt: bytes,
    iterations: int = 4096,
    bindings: Mapping[str, bytes] | None = None,
) -> Server:
    """Speak for the server: `next()` gives the first challenge, None where the client begins.

    Each `.send(response)` gives the next challenge; StopIteration carries the authenticated
    user.  `secret_of` gives a user's secret, or None; an unknown user sees the same challenges
    as a known one, and the same error at the same step.

    An initial response to LOGIN (the user) is sent in right after `next()` gave `Username:`,
    which then stays unsaid.  CRAM-MD5 puts `nonce` between angle brackets: it must have the form
    `left@right`, which SCRAM takes as well.  SCRAM alone uses `salt`, 12 octets at least,
    `iterations`, 4096 at least, and `bindings`, the data of each kind of channel binding.

    Raises ValueError at once for an unknown mechanism and for unfit arguments; the generator
    raises SaslError, whose `challenge` is to be said before the refusal where it has one.
    """
    row = _row(mechanism)
    if row.hear is None:
        raise ValueError(f"the server's part of {row.name} is not played here")
    octets_of("nonce", nonce)
    return row.hear(Authority(secret_of, nonce, salt, iterations, bindings or {}))


def _row(mechanism: str) -> Mechanism:
    row = TABLE.get(mechanism.upper())
    if row is None:
        known = ", ".join(MECHANISMS)
        raise ValueError(f"unknown SASL mechanism {safe(mechanism)}; known: {known}")
    return row


def secret_kind(mechanism: str) -> str:
    """What the user needs for it: a password, a token, or nothing."""
    row = TABLE.get(mechanism.upper())
    return row.secret if row is not None else PASSWORD
