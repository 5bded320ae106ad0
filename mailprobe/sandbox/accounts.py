"""Who has a maildrop in the sandbox, with which secret, and where mail for an address is kept.

Pure functions: nothing here touches the disk or a link.
"""

import hashlib
from collections.abc import Mapping

from mailprobe.patterns import pattern
from mailprobe.value import frozen

DOMAIN = "example.test"
SECRETS = {"alice": "secret", "bob": "builder"}
_TOKENS = {"alice": "token-of-alice"}  # what OAUTHBEARER and XOAUTH2 take
_ALIASES = {"postmaster": "alice"}

MAILBOXES = tuple(f"{name}@{DOMAIN}" for name in (*SECRETS, *_ALIASES))

_NAME_LIMIT = 100  # characters of a folder's name; file systems take 255 octets
_UNSAFE = pattern(rb"[^a-z0-9@+_.-]|\A\.")
_QUOTED_PAIR = pattern(r"\\(.)")


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

    def __str__(self) -> str:
        """In lower case, for look-up only."""
        return f"{self.local}@{self.domain}".lower()


@frozen
class Accounts:
    """Who logs in with which secret, and whose domains those are in which they have mail."""

    secrets: Mapping[str, str]
    domains: frozenset[str] = frozenset({DOMAIN})

    def user_of(self, name: str) -> str | None:
        """The account that `name` logs in to: `alice` or `alice@example.test`."""
        user = name.removesuffix(f"@{DOMAIN}")
        return user if user in self.secrets else None

    def secret_of(self, name: str) -> str | None:
        user = self.user_of(name)
        return self.secrets[user] if user else None

    def token_of(self, name: str) -> str | None:
        """The bearer token by which `name` comes in."""
        user = self.user_of(name)
        return _TOKENS.get(user) if user else None

    def takes(self, address: Address) -> bool:
        """Whether it is in a domain of ours."""
        return address.domain.lower() in self.domains

    def folder_of(self, address: Address) -> str:
        """The maildrop that keeps its mail; below `kept/` for all who have no account.

        Never more than one name deep, no dot in front, and nothing that is not escaped but
        a-z 0-9 @ + _ . - : no address can name a file of its own choice.
        """
        local = address.local.lower()
        user = _ALIASES.get(local, local)
        ours = self.takes(address)
        if ours and user in self.secrets:
            return user
        octets = (local if ours else f"{local}@{address.domain.lower()}").encode()
        name = _UNSAFE.sub(lambda match: b"%%%02X" % match[0][0], octets).decode("ascii")
        if len(name) > _NAME_LIMIT:
            digest = hashlib.sha256(octets).hexdigest()[:20]
            name = f"{name[: _NAME_LIMIT - 21]}-{digest}"
        return f"kept/{name or '%'}"  # the local part "" is legal


USUAL = Accounts(SECRETS)
POSTMASTER = Address("postmaster", DOMAIN)
