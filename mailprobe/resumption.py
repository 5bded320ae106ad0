"""Whether a server resumes a TLS session: a second link begins with what the first one was given.

RFC 5077 (tickets up to TLS 1.2), RFC 8446, section 2.2 (TLS 1.3), RFC 5246, section 7.3
(session-IDs).  It ends with QUIT, and nothing but hello and STARTTLS or STLS is said before.
"""

import time

from mailprobe.errors import Failure, Word
from mailprobe.session import Session
from mailprobe.transport.link import Interrupted, TlsFacts
from mailprobe.transport.target import Kind, Target
from mailprobe.value import frozen, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.transport.resumption import Resumption

_PATIENCE = 0.5  # seconds for a ticket that is still on its way
_OFFER = {True: "a ticket", False: "a session-ID"}


@frozen
class Trial:
    """What came of it: `offered` is what we had to resume by, `facts` the second link's."""

    offered: str  # "a ticket" or "a session-ID"
    lifetime: int  # seconds that the ticket is said to hold; 0: it is not said
    facts: TlsFacts

    @property
    def resumed(self) -> bool:
        return self.facts.resumed


def try_to_resume(session: Session) -> Trial:
    """Open another link to the server of `session`, and try to resume its TLS session there.

    Raises Failure: `usage` without TLS, `tls` where there is nothing to resume by, and whatever
    opening a session raises; Interrupted.
    """
    facts, target = session.transport.tls, session.target
    found = await_ticket(session)
    if facts is None or found is None:
        raise Failure(Word.USAGE, "there is no TLS session to resume: this link is plain")
    if target is None:
        raise Failure(Word.USAGE, "nobody knows by which way this link was made")
    if not found.usable:
        what = "no ticket" if facts.version == "TLSv1.3" else "neither a ticket nor a session-ID"
        raise Failure(Word.TLS, f"the server gave {what}: there is nothing to resume by")
    settings = replace(
        session.settings,
        tls=replace(session.settings.tls, resume=found),
        starttls=not facts.implicit,
    )
    other = Session(session.connection.catalogue, settings=settings)
    try:
        other.open(_same(target, session.transport.peer), session.link)
        if not facts.implicit and not other.upgrade():
            raise Interrupted
        second = other.transport.tls
        if second is None:
            raise Failure(Word.TLS, "the second link has no TLS")
        return Trial(_OFFER[found.ticket], found.lifetime, second)
    finally:
        other.leave()
        other.release()


def await_ticket(session: Session) -> "Resumption | None":
    """What a session can be resumed by; None without TLS.

    A ticket of TLS 1.3 comes behind the handshake, when the server likes: it is waited for, for a
    moment.
    """
    link, end = session.transport, time.monotonic() + _PATIENCE
    if link.tls is None:
        return None
    while not session.closed:
        session.poll()
        found = link.resumption()
        if found is None or found.usable or not link.rest(end) or time.monotonic() >= end:
            break
    return link.resumption()


def _same(target: Target, peer: str) -> Target:
    """The target, at the address of the first link: another one may be another machine."""
    address, colon, port = peer.rpartition(":")
    if target.kind is not Kind.NETWORK or not colon or port != str(target.port):
        return target
    return replace(target, addresses=(address.strip("[]"),))
