"""Who has a maildrop in the sandbox, with which secret, and where mail for an address is kept.

Pure functions: nothing here touches the disk or a link.
"""

import hashlib

from mailprobe.patterns import pattern
from mailprobe.value import frozen

DOMAIN = "example.test"
_SECRETS = {"alice": "secret", "bob": "builder"}
_TOKENS = {"alice": "token-of-alice"}  # what OAUTHBEARER and XOAUTH2 take
_ALIASES = {"postmaster": "alice"}

USERS = tuple(_SECRETS)
MAILBOXES = tuple(f"{name}@{DOMAIN}" for name in (*_SECRETS, *_ALIASES))

_NAME_LIMIT = 100  # characters of a folder's name; file systems take 255 octets
_UNSAFE = pattern(rb"[^a-z0-9@+_.-]|\A\.")
_QUOTED_PAIR = pattern(r"\\(.)")


def user_of(name: str) -> str | None:
    """The account that `name` logs in to: `alice` or `alice@example.test`."""
    user = name.removesuffix(f"@{DOMAIN}")
    return user if user in _SECRETS else None


def secret_of(name: str) -> str | None:
    user = user_of(name)
    return _SECRETS[user] if user else None


def token_of(name: str) -> str | None:
    """The bearer token by which `name` comes in."""
    user = user_of(name)
    return _TOKENS.get(user) if user else None


def members_of(name: str) -> tuple[str, ...]:
    """Whom mail to the alias `name` reaches (EXPN)."""
    local, _, domain = name.strip("<> ").partition("@")
    target = _ALIASES.get(local.lower()) if domain.lower() in ("", DOMAIN) else None
    return (f"{target}@{DOMAIN}",) if target else ()


@frozen
class Address:
    """A mailbox, its quoting undone (RFC 5321, section 4.1.2)."""

    local: str
    domain: str

    @classmethod
    def of(cls, mailbox: bytes) -> "Address":
        """Read a mailbox that the grammar has accepted.  Raises ValueError when not UTF-8."""
        local, _, domain = mailbox.decode("utf-8").rpartition("@")
        if local.startswith('"'):
            local = _QUOTED_PAIR.sub(r"\1", local[1:-1])
        return cls(local, domain)

    @property
    def ours(self) -> bool:
        return self.domain.lower() == DOMAIN

    @property
    def folder(self) -> str:
        """The maildrop that keeps its mail; below `kept/` for all who have no account.

        Never more than one name deep, no dot in front, and nothing that is not escaped but
        a-z 0-9 @ + _ . - : no address can name a file of its own choice.
        """
        local = self.local.lower()
        user = _ALIASES.get(local, local)
        if self.ours and user in _SECRETS:
            return user
        address = (local if self.ours else f"{local}@{self.domain.lower()}").encode()
        name = _UNSAFE.sub(lambda match: b"%%%02X" % match[0][0], address).decode("ascii")
        if len(name) > _NAME_LIMIT:
            digest = hashlib.sha256(address).hexdigest()[:20]
            name = f"{name[: _NAME_LIMIT - 21]}-{digest}"
        return f"kept/{name or '%'}"  # the local part "" is legal


POSTMASTER = Address("postmaster", DOMAIN)
