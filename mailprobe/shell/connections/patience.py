"""Waiting for what cannot be interrupted by itself, and yet for no longer than the person wants."""

import os
import select
from collections.abc import Callable
from typing import TypeVar

from mailprobe.transport.link import Interrupted

Answer = TypeVar("Answer")


def answer_to(question: Callable[[], Answer], wakeup: int | None) -> Answer:
    """What `question` gives, in a thread of its own, or raises.

    Raises Interrupted when `wakeup` becomes readable first; nobody hears the answer then.
    """
    from concurrent.futures import Future  # and threading: where somebody asks
    from threading import Thread

    outcome: Future[Answer] = Future()
    done, write = os.pipe()

    def ask() -> None:
        try:
            outcome.set_result(question())
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            outcome.set_exception(error)
        finally:
            os.close(write)  # makes the other end readable

    try:
        Thread(target=ask, daemon=True, name="question").start()
        poll = select.poll()
        for descriptor in (done, wakeup):
            if descriptor is not None:
                poll.register(descriptor, select.POLLIN)
        ready = [descriptor for descriptor, _ in poll.poll()]
        if wakeup is not None and wakeup in ready and not outcome.done():
            os.read(wakeup, 512)  # what is done behind this is not interrupted
            raise Interrupted
        return outcome.result()
    finally:
        os.close(done)
