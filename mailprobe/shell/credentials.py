"""Where the secret of a login is found: a file, a variable, netrc, a keyring; never on argv.

Raises Failure `usage`, in a sentence that does not hold the secret.
"""

import os
from collections.abc import Mapping

from mailprobe import files
from mailprobe.errors import Failure, Word
from mailprobe.safe import safe
from mailprobe.value import frozen


@frozen
class Credentials:
    """What the command line says of a login; where several places are named, the first counts."""

    mechanism: str = ""  # "" says nothing of when to log in
    user: str = ""
    authzid: str = ""
    password_file: str = ""
    variable: str = ""
    netrc: str = ""  # the file
    keyring: bool = False

    def secret_of(self, user: str, host: str, env: Mapping[str, str]) -> str | None:
        """The secret of that user, where somebody has said where it is."""
        if user != self.user:
            return None
        if self.password_file:
            octets = files.read_secret(os.path.expanduser(self.password_file))  # noqa: PTH111
            return octets.decode("utf-8", "surrogateescape")
        if self.variable:
            return _of_variable(self.variable, env)
        if self.netrc:
            return _of_netrc(self.netrc, user, host)
        return _of_keyring(user, host) if self.keyring else None


def _of_variable(name: str, env: Mapping[str, str]) -> str:
    secret = env.get(name)
    if not secret or "\r" in secret or "\n" in secret:
        raise _missing(f"the variable {safe(name)} must hold one line that is not empty")
    return secret


def _of_netrc(path: str, user: str, host: str) -> str:
    """Of the machine of that name, or of the default; another user's is not taken."""
    import netrc

    files.refuse_readable(path)
    try:
        found = netrc.netrc(path).authenticators(host)
    except (netrc.NetrcParseError, UnicodeDecodeError):  # whose text quotes the file
        raise _missing(f"{safe(path)} is not of the form of netrc") from None
    if found is None or found[0] not in ("", user) or not found[2]:
        raise _missing(f"{safe(path)} has no password of {safe(user)} at {safe(host)}")
    return found[2]


def _of_keyring(user: str, host: str) -> str:
    """By the service's name, which is the host."""
    from importlib import import_module  # the package is an extra

    try:
        keyring, errors = import_module("keyring"), import_module("keyring.errors")
    except ImportError:
        raise _missing("--keyring needs the package keyring: mailprobe[keyring]") from None
    try:
        secret: str | None = keyring.get_password(host, user)
    except errors.KeyringError as error:
        raise _missing(f"the keyring cannot be asked: {safe(str(error))}") from None
    if not secret:
        raise _missing(f"the keyring has no password of {safe(user)} for {safe(host)}")
    return secret


def _missing(sentence: str) -> Failure:
    return Failure(Word.USAGE, sentence)
