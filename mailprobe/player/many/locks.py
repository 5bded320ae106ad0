"""What two transcripts must not use at the same time: a named lock, a maildrop.

RFC 1939, section 4: who enters the TRANSACTION state has the maildrop for himself alone.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from mailprobe.patterns import pattern
from mailprobe.transcript.model import (
    Form,
    Function,
    Include,
    Peer,
    Pieces,
    Placeholder,
    Transcript,
    Wire,
)
from mailprobe.transcript.talks.logins import other_of
from mailprobe.transport.target import is_sandbox
from mailprobe.value import frozen

_LOOPBACK = pattern(r"localhost|127\.[0-9.]+|\[::1\]", re.IGNORECASE)
_LOGIN = pattern(rb"(USER|APOP|AUTH) +", re.IGNORECASE)


@frozen
class Lock:
    """One thing that is used alone.

    `server` is "" for a lock with a name.  `name` None is some maildrop of that server: whose,
    the file does not say, so that it goes together with no other of them.
    """

    server: str
    name: bytes | None


class Locks:
    """The locks that are held."""

    def __init__(self) -> None:
        self._held: dict[str, list[bytes | None]] = {}

    def take(self, wanted: Iterable[Lock]) -> bool:
        """Take all of them, or none; returns whether."""
        wanted = tuple(wanted)
        if not all(map(self._free, wanted)):
            return False
        for lock in wanted:
            self._held.setdefault(lock.server, []).append(lock.name)
        return True

    def give_back(self, held: Iterable[Lock]) -> None:
        """Give back what was taken."""
        for lock in held:
            self._held[lock.server].remove(lock.name)

    def _free(self, lock: Lock) -> bool:
        held = self._held.get(lock.server)
        return not held or (None not in held and lock.name is not None and lock.name not in held)


def locks_of(
    transcript: Transcript, values: Mapping[str, bytes], servers: Mapping[int, str]
) -> frozenset[Lock]:
    """What a transcript uses alone, as far as its text tells.

    `values` are those of its matrix and of the command line; `servers` says where connections go
    that the command line has named.
    """
    values = {**_settings(transcript), **values}
    head = transcript.head
    found = {Lock("", head.lock.encode())} if head.lock else set()
    drops: dict[int, set[bytes | None]] = {}
    for line in transcript.walk():
        if not isinstance(line, Wire) or line.side != "C":
            continue
        if head.peers.get(line.connection, Peer()).protocol == "pop3":
            drops.setdefault(line.connection, set()).update(_users(line, values))
    for connection, users in drops.items():
        server = _server(servers.get(connection) or head.peers[connection].connect)
        whole = None in users  # then it holds all of them, its own others too
        if server:
            found |= {Lock(server, user) for user in ({None} if whole else users)}
    return frozenset(found)


def _settings(transcript: Transcript) -> dict[str, bytes]:
    """The values that are written down: those that are computed name no user."""
    settings = list(transcript.head.settings)
    for line in transcript.walk():
        if isinstance(line, Include):
            settings += line.settings
    return {
        setting.name: b"".join(piece for piece in setting.pieces if isinstance(piece, bytes))
        for setting in settings
        if all(isinstance(piece, bytes) for piece in setting.pieces)
    }


def _server(text: str) -> str:
    """One spelling for a server; "" for the sandbox: each run has one to itself."""
    if is_sandbox(text):
        return ""
    host, colon, port = text.rpartition(":")
    host, port = (host, port) if colon and port.isdigit() else (text, "110")
    host = host.rpartition("://")[2]
    return f"loopback:{port}" if _LOOPBACK.fullmatch(host) else f"{host.lower()}:{port}"


def _users(line: Wire, values: Mapping[str, bytes]) -> Iterator[bytes | None]:
    """Whose maildrop a command opens: nothing where it opens none, None where nobody can tell."""
    first = line.pieces[0] if line.pieces else b""
    match = _LOGIN.match(first) if isinstance(first, bytes) else None
    if match is None:
        return
    rest: Pieces = (first[match.end() :], *line.pieces[1:])  # type: ignore[index]  # it matched
    if match[1].upper() == b"AUTH":
        yield _sasl_user(rest, values)
        return
    text = _text(rest if line.form is Form.COOKED else (line.octets[match.end() :],), values)  # type: ignore[index]  # only cooked ones are open
    yield None if text is None or not text.split() else text.split()[0]


def _text(pieces: Pieces, values: Mapping[str, bytes]) -> bytes | None:
    """What the pieces come to, up to the first blank; None where that is open."""
    text = b""
    for piece in pieces:
        if isinstance(piece, Placeholder):
            value = values.get(piece.name, piece.sample)
        else:
            value = piece if isinstance(piece, bytes) else None
        if value is None:
            return text if b" " in text else None
        text += value
    return text


def _sasl_user(pieces: Pieces, values: Mapping[str, bytes]) -> bytes | None:
    for piece in pieces:
        if isinstance(piece, Function) and piece.word == "sasl":
            if not piece.arguments:
                return values.get("user")
            return (other_of(piece) or str(piece.arguments[0])).encode()
    words = (_text(pieces, values) or b"").split()
    if len(words) == 2 and words[0].upper() == b"PLAIN":  # RFC 4616: authzid NUL authcid NUL
        import base64  # 1 ms, and hardly anybody writes a login that way

        try:
            other, user, *_ = [*base64.b64decode(words[1], validate=True).split(b"\0"), b""]
            return other or user or None
        except ValueError:  # binascii.Error is one
            return None
    return None
