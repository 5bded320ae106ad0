"""What somebody learns who only listens to a login."""

from collections.abc import Sequence

from mailprobe.protocol.sasl import bearer, scram
from mailprobe.protocol.sasl.mechanisms import TABLE


def credentials_in(mechanism: str, messages: Sequence[bytes]) -> tuple[str | None, str | None]:
    """Tell the user and the secret that the client's decoded `messages` give away.

    The secret is told for PLAIN, for tokens and, after its second message, LOGIN; octets that are
    not UTF-8 are surrogate-escaped in it, so that it can still be redacted by value.  A user that
    is not UTF-8 is None.  Both are None where the first message is none of this mechanism.
    Never raises.
    """
    row = TABLE.get(mechanism.upper())
    match = row.observed.fullmatch(messages[0]) if row and messages else None
    if row is None or match is None:
        return None, None
    secret = match.groupdict().get("secret")
    if row.name == "LOGIN" and len(messages) > 1:
        secret = messages[1]
    user = match["user"] or b""
    if row.observed in (scram.FIRST, bearer.OAUTHBEARER):
        user = user.replace(b"=2C", b",").replace(b"=3D", b"=")
    return _name(user), secret if secret is None else secret.decode("utf-8", "surrogateescape")


def _name(octets: bytes) -> str | None:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return None
