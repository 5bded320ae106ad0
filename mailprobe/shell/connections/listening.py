"""Waiting for what a server says of its own accord, or still owes."""

import select
import time
from collections.abc import Callable

from mailprobe.session import Session


def listen(
    session: Session,
    seconds: float,
    wakeup: int | None,
    heard: Callable[[], int],
    look: Callable[[], object] = lambda: None,
) -> bool:
    """Take in what comes: all that is owed, or else one thing that nobody asked for.

    No longer than `seconds`; `heard` counts what was said so far, and `look` takes in what came
    before anybody waited.  False when `wakeup` became readable.
    """
    end = time.monotonic() + seconds
    before, owed = heard(), session.connection.outstanding
    look()
    session.glance()  # TLS may hold octets of which no descriptor tells
    while not session.closed:
        if (not session.connection.outstanding) if owed else heard() > before:
            break
        poll = select.poll()
        for descriptor in (session.transport.fileno(), wakeup):
            if descriptor is not None:
                poll.register(descriptor, select.POLLIN)
        left = end - time.monotonic()
        ready = [found for found, _ in poll.poll(max(0.0, left) * 1000)]
        if wakeup in ready:
            return False
        if not ready:
            break
        session.glance(max(0.0, left))
    session.check()
    return True
