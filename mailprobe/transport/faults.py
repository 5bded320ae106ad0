"""The one table from errors of the operating system to words and sentences for people."""

import errno
import os

from mailprobe.errors import Failure, Word
from mailprobe.transport.link import WriteFailed

_REASONS = {
    errno.ECONNREFUSED: "connection refused",
    errno.EHOSTUNREACH: "no route to the host",
    errno.ENETUNREACH: "no route to the network",
    errno.ENETDOWN: "the network is down",
    errno.ETIMEDOUT: "timed out",
    errno.ECONNRESET: "connection reset",
    errno.ENOTCONN: "the link is gone",
    errno.EPIPE: "connection closed by the peer",
    errno.ENOENT: "no such socket",
    errno.ENOTSOCK: "not a socket",
    errno.EACCES: "permission denied",
    errno.EPERM: "not permitted, perhaps by a firewall",
    errno.EADDRINUSE: "the address is in use",
    errno.EADDRNOTAVAIL: "the address does not belong to this machine",
    errno.EAFNOSUPPORT: "this machine has no such address family",
    errno.EMFILE: "too many open files",
}

_WORDS = {
    errno.ECONNRESET: Word.RESET,
    errno.ECONNABORTED: Word.RESET,
    errno.ENOTCONN: Word.RESET,
    errno.EPIPE: Word.RESET,
    errno.ETIMEDOUT: Word.TIMEOUT,
}

# A write to a peer that is gone ends in one of these.
GONE = frozenset(
    {errno.EPIPE, errno.ECONNRESET, errno.ECONNABORTED, errno.ENOTCONN, errno.ESHUTDOWN}
)


def reason(error: OSError) -> str:
    """Say in a few words what the operating system meant."""
    if error.errno in _REASONS:
        return _REASONS[error.errno]
    return error.strerror or (os.strerror(error.errno) if error.errno else str(error))


def write_failed(error: OSError) -> WriteFailed:
    """Say that the peer takes nothing more: `reset` by RST, else `eof`."""
    word = Word.RESET if error.errno == errno.ECONNRESET else Word.EOF
    return WriteFailed(word, f"the peer takes nothing more: {reason(error)}")


def failure(error: OSError, doing: str) -> Failure:
    """Rename `error`, which happened while `doing` ("receiving from 192.0.2.1:25")."""
    word = _WORDS.get(error.errno or 0, Word.CONNECT)
    return Failure(word, f"{doing}: {reason(error)}")
