"""Ten thousand coloured replies on a terminal, each one written and flushed for itself.

    replies.py screen COUNT    as the shell shows them: safe, masked, coloured, with their time
    replies.py hand COUNT      the same lines with ANSI codes by hand, and nothing looked at

Prints the seconds.  The terminal is a raw pty, and another process reads what arrives there.
"""

import os
import sys
import time
import tty
from collections.abc import Callable
from typing import TextIO

from mailprobe.protocol.events import CommandSent, ReplyReceived
from mailprobe.protocol.model import Command, Reply
from mailprobe.render.console import Screen
from mailprobe.transcript.redact import Secrets

_COLUMNS, _ROWS = 100, 30
_TEXTS = (b"250 2.1.0 Sender ok", b"250 2.1.5 Recipient ok", b"550 5.1.1 No such user here")


def screen(out: TextIO, count: int) -> float:
    """Events as a session observes them; the commands were typed, and stand there already."""

    def write(text: str) -> None:
        out.write(text)
        out.flush()

    shown = Screen(write, color=True, secrets=Secrets(), layout=lambda: (_COLUMNS, _ROWS))
    happened = []
    for number in range(count):
        command, line = Command(b"NOOP"), _TEXTS[number % len(_TEXTS)]
        reply = Reply((line,), line[:3].decode(), line + b"\r\n")
        sent = CommandSent(number, command, b"NOOP\r\n")
        happened.append((sent, ReplyReceived(number + 0.002, reply, command)))
    begun = time.perf_counter()
    for sent, received in happened:
        shown.expect_typed(b"NOOP")
        shown(sent)
        shown(received)
    return time.perf_counter() - begun


def hand(out: TextIO, count: int) -> float:
    """What a small script does."""
    colors = {b"2": "\x1b[32m", b"5": "\x1b[1;31m"}
    lines = [(_TEXTS[number % len(_TEXTS)], 0.002) for number in range(count)]
    begun = time.perf_counter()
    for line, took in lines:
        text = f"{colors[line[:1]]}< {line.decode()}\x1b[0m"
        out.write(f"{text}  \x1b[2m{took * 1000:.0f} ms\x1b[0m\n")
        out.flush()
    return time.perf_counter() - begun


def on_a_terminal(work: Callable[[TextIO, int], float], count: int) -> float:
    """`work`, with a terminal whose other end another process reads."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    if not (reader := os.fork()):
        os.close(theirs)
        try:
            while os.read(ours, 65536):
                pass
        except OSError:  # the terminal was closed
            pass
        os._exit(0)
    os.close(ours)
    with os.fdopen(theirs, "w", encoding="utf-8") as out:
        seconds = work(out, count)
    os.waitpid(reader, 0)
    return seconds


if __name__ == "__main__":
    print(on_a_terminal({"screen": screen, "hand": hand}[sys.argv[1]], int(sys.argv[2])))
