"""F9: from the start of the process to the first prompt on the terminal, the greeting above it.

Each program has a terminal of its own and is ended when its prompt is seen.
"""

import os
import pty
import select
import shutil
import signal
import sys
import time
from functools import partial

from measure import Command, Figure, Run, compare, compile_peer, environment, folder, server, show

_PAIRS = 21  # they are short
_PATIENCE = 30.0  # seconds
_BARE = "from prompt_toolkit import PromptSession; PromptSession('bare> ').prompt()"
_ENTRY = "import sys; from mailprobe.__main__ import main; sys.exit(main())"


def measure() -> list[Figure]:
    with folder() as place, server([compile_peer(place), "smtp"]) as port:
        home = {"HOME": str(place), "XDG_STATE_HOME": str(place), "XDG_CONFIG_HOME": str(place)}
        words = [sys.executable, "-c", _ENTRY, "smtp", f"127.0.0.1:{port}"]
        ours = partial(_first_prompt, words, b"smtp:greeted>", home)
        bare = partial(_first_prompt, [sys.executable, "-c", _BARE], b"bare>", home)
        work = "first prompt, the greeting above it"
        figures = [
            compare("F9", work, ours, "a bare PromptSession", bare, limit=1.15, pairs=_PAIRS)
        ]
        if litecli := shutil.which("litecli"):
            words = [litecli, "--prompt", "lite> ", ":memory:"]
            other = partial(_first_prompt, words, b"lite>", home)
            figures.append(compare("F9", work, ours, "litecli", other, limit=0.8, pairs=_PAIRS))
        else:
            print("F9 against litecli is left out: it is not installed", file=sys.stderr)
        return figures


def _first_prompt(words: Command, prompt: bytes, home: dict[str, str]) -> Run:
    begun = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        wanted = {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", **home}
        os.execvpe(str(words[0]), [str(word) for word in words], {**environment(), **wanted})
    try:
        _read_until(prompt, terminal, begun + _PATIENCE)
        seconds = time.perf_counter() - begun
    finally:
        os.kill(child, signal.SIGKILL)
        _, _, used = os.wait4(child, 0)
        os.close(terminal)
    return Run(seconds, used.ru_maxrss / 1000)


def _read_until(prompt: bytes, terminal: int, end: float) -> None:
    """Raises RuntimeError when the prompt does not come."""
    seen = b""
    while prompt not in _plain(seen):
        ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.perf_counter()))
        if not ready:
            raise RuntimeError(f"no prompt {prompt!r} in {seen[-500:]!r}")
        seen += os.read(terminal, 65536)


def _plain(seen: bytes) -> bytes:
    """Without the sequences that colour and place it."""
    pieces = seen.split(b"\x1b[")
    return pieces[0] + b"".join(piece.lstrip(b"?0123456789;")[1:] for piece in pieces[1:])


if __name__ == "__main__":
    show(measure)
