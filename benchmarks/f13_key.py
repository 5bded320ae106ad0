"""F13: one key press at the prompt, with 10,000 messages listed and 200 capabilities on offer.

From the key to the screen drawn: completion, colours, hint, history and toolbar, in the real
front on a pipe.  What counts is the slowest of a hundred key presses, in time of the processor.
"""

import io
import sys
import tempfile
from pathlib import Path

from measure import ROOT, Figure, Run, show

MESSAGES = 10_000
CAPABILITIES = 200
_LIMIT = 0.010  # seconds
_QUIET = 0.05  # seconds between two keys
_READY = 0.5  # seconds in which the history is read
_LINES = ("RETR 99", "TOP 1234 10", "DELE 5", "XYZ no such line", "/connect pop3 sand", "LIS")
_WORK = f"a key press, {MESSAGES:,} messages"


def measure() -> list[Figure]:
    sys.path.insert(0, str(ROOT))  # nothing is started: it is our code in this process
    with tempfile.TemporaryDirectory(prefix="mailprobe-benchmark-") as home:
        _press(home, rounds=1)  # what is loaded by the first key does not count
        spent = sorted(_press(home, rounds=3))
    slowest = spent[round(len(spent) * 0.99) - 1]
    ours, limit = Run(slowest, 0.0), Run(_LIMIT, 0.0)
    return [Figure("F13", _WORK, "10 ms", slowest / _LIMIT, 1.0, ours, limit)]


def _press(home: str, rounds: int) -> list[float]:
    """Seconds of the processor that each key took, with a Tab behind each line."""
    import asyncio
    import time

    from prompt_toolkit.data_structures import Size
    from prompt_toolkit.input import create_pipe_input
    from prompt_toolkit.output.vt100 import Vt100_Output

    from mailprobe.shell.front.prompt import FullFront
    from mailprobe.shell.front.terminal import Interrupts

    interrupts, spent, out = Interrupts(), [], io.StringIO()
    env = {"HOME": home, "TERM": "xterm"}
    _write_history(Path(home, ".local/state/mailprobe"))
    with create_pipe_input() as keys:
        screen = Vt100_Output(out, lambda: Size(rows=50, columns=120), term="xterm")
        front = FullFront(None, interrupts, env, keys, screen)  # type: ignore[arg-type]
        talk = _conversation(front, interrupts, env)
        todo = [key for _ in range(rounds) for line in _LINES for key in f"{line}\t\x15"]
        todo.reverse()
        count = len(todo)
        begun, shown = 0.0, False

        def press() -> None:
            """Everything that the last key began is done by now: waiting costs no processor."""
            nonlocal begun
            now = time.thread_time()
            if begun:
                spent.append(now - begun)
            keys.send_text(todo.pop() if todo else "\r")
            begun = time.thread_time()
            if len(spent) < count:
                asyncio.get_running_loop().call_later(_QUIET, press)

        def first(app: object) -> None:
            nonlocal shown
            if not shown:
                shown = True
                asyncio.get_running_loop().call_later(_READY, press)

        front._line_session(talk).app.after_render += first
        front.read(talk)
    talk.finish()
    interrupts.close()
    return spent


def _conversation(front: object, interrupts: object, env: dict[str, str]) -> object:
    """A session that has seen CAPA, LIST and UIDL."""
    from mailprobe.protocol.connection import catalogue_of
    from mailprobe.protocol.model import Protocol
    from mailprobe.session import Session, Settings
    from mailprobe.shell.connections import connecting
    from mailprobe.shell.conversation import Conversation
    from mailprobe.shell.options import Options
    from mailprobe.transport.memory import Scripted
    from mailprobe.transport.target import Target

    numbers = range(1, MESSAGES + 1)
    chunks = (
        b"+OK hello\r\n",
        _listing(f"CAP{number} argument" for number in range(CAPABILITIES)),
        b"+OK\r\n",
        b"+OK\r\n",
        _listing(f"{number} {number * 7}" for number in numbers),
        _listing(f"{number} unique-{number:x}" for number in numbers),
    )

    def open_session(options: Options, target: Target, observers: object, **how: object) -> Session:
        how["begin"](target)  # type: ignore[operator]
        session = Session(catalogue_of(Protocol.POP3), observers, options.settings)  # type: ignore[arg-type]
        session.attach(_Patient(chunks))
        for line in (b"CAPA", b"USER a", b"PASS b", b"LIST", b"UIDL"):
            session.exchange(line)
        return session

    class _Patient(Scripted):
        def poll_receive(self) -> memoryview | None:
            return None

    connecting.open_session = open_session
    target = Target(Protocol.POP3, "pop3.example", 110)
    options = Options(target=target, settings=Settings(insecure_auth=True), env=env)
    front.write = lambda text: None
    talk = Conversation(options, front, interrupts)
    talk.open()
    assert len(talk.facts.messages) == MESSAGES
    return talk


def _listing(lines: object) -> bytes:
    return ("+OK\r\n" + "".join(f"{line}\r\n" for line in lines) + ".\r\n").encode()  # type: ignore[attr-defined]


def _write_history(folder: Path) -> None:
    """As long as one gets."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = (f"XRETR {number}\n" for number in range(5000))
    (folder / "history-pop3").write_text("".join(lines))


if __name__ == "__main__":
    show(measure)
