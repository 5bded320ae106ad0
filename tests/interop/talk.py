"""The command line as a person's script uses it: a process, lines in, lines out.

`talk` plays a script that is known beforehand; `Talk` is for input that waits for an answer.
"""

import contextlib
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

LIMIT = 60.0  # seconds; what has not come by then never will
PROGRAM = (sys.executable, "-m", "mailprobe")


@dataclass(frozen=True, slots=True)
class Spoken:
    """What one run has printed, and how it ended."""

    stdout: str
    stderr: str
    status: int

    @property
    def sent(self) -> list[str]:
        """What the client said, line by line."""
        return [line[3:] for line in self.stdout.splitlines() if line[:2] == "C:"]

    @property
    def dialogue(self) -> list[tuple[str, list[str]]]:
        """Each line that the client said, with the lines that the server said to it.

        The greeting is the answer to "".
        """
        found: list[tuple[str, list[str]]] = [("", [])]
        for line in self.stdout.splitlines():
            if line[:2] == "C:":
                found.append((line[3:], []))
            elif line[:2] == "S:":
                found[-1][1].append(line[3:])
        return found

    def answer(self, line: str) -> list[str]:
        """What the server said to the first `line` of the client."""
        return next(answer for said, answer in self.dialogue if said == line)


def talk(*arguments: object, script: str | bytes = "", status: int = 0) -> Spoken:
    """Run mailprobe with `script` as its input, and demand that it ends with `status`."""
    octets = script.encode() if isinstance(script, str) else script
    run = subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        input=octets,
        capture_output=True,
        timeout=LIMIT,
        check=False,
    )
    spoken = Spoken(run.stdout.decode(), run.stderr.decode(), run.returncode)
    assert spoken.status == status, spoken
    return spoken


class Talk:
    """A run whose input stays open: say something, wait for what it prints."""

    def __init__(self, *arguments: object) -> None:
        self.process = subprocess.Popen(
            [*PROGRAM, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        self._seen = {"stdout": b"", "stderr": b""}

    def say(self, text: str | bytes) -> None:
        """Write input."""
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode() if isinstance(text, str) else text)

    def wait_for(self, text: str, *, stream: str = "stdout") -> None:
        """Read until `text` is printed."""
        self._read_until(lambda: text.encode() in self._seen[stream], repr(text))

    def hear(self, pattern: re.Pattern[str], number: int) -> str:
        """Read until standard output has `number` matches; returns the last one's group."""
        found: list[re.Match[str]] = []

        def holds() -> bool:
            found[:] = pattern.finditer(self._seen["stdout"].decode())
            return len(found) >= number

        self._read_until(holds, f"match {number} of {pattern.pattern!r}")
        return found[number - 1][1] or ""

    def end(self, status: int = 0) -> Spoken:
        """End the input, wait for the end of the run, and demand `status`."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.wait(status)

    def wait(self, status: int = 0) -> Spoken:
        """Wait for the end of the run, and demand `status`."""
        self._read_until(lambda: not self._open(), "the end")
        returned = self.process.wait(LIMIT)
        spoken = Spoken(self._seen["stdout"].decode(), self._seen["stderr"].decode(), returned)
        assert spoken.status == status, spoken
        return spoken

    def stop(self) -> None:
        """Let go of the process, whatever it is doing."""
        self.process.kill()
        self.process.wait(LIMIT)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()

    def _open(self) -> list[str]:
        streams = {"stdout": self.process.stdout, "stderr": self.process.stderr}
        return [name for name, stream in streams.items() if stream and not stream.closed]

    def _read_until(self, holds: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + LIMIT
        while not holds():
            left = end - time.monotonic()
            assert left > 0, f"{what} did not come; so far {self._seen}"
            assert self._open(), f"{what} did not come, and the run is over: {self._seen}"
            self._read(left)

    def _read(self, limit: float) -> None:
        streams = {getattr(self.process, name): name for name in self._open()}
        for stream in select.select(list(streams), [], [], limit)[0]:
            octets = os.read(stream.fileno(), 65536)
            self._seen[streams[stream]] += octets
            if not octets:
                stream.close()


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Poll until `holds`: for what shows itself in a file only."""
    end = time.monotonic() + LIMIT
    while not holds():
        assert time.monotonic() < end, f"{what} did not come"
        select.select([], [], [], 0.01)


@contextlib.contextmanager
def talking(*arguments: object) -> Iterator[Talk]:
    """A run with an open input; it is ended with the block, whatever happens."""
    running = Talk(*arguments)
    try:
        yield running
    finally:
        running.stop()


def transcript_lines(file: Path) -> list[str]:
    """The lines of a recording behind its header."""
    _, _, rest = file.read_text().partition("\n\n")
    return rest.splitlines()


def said(lines: list[str]) -> list[str]:
    """Verbs and events of a recording, in order: what the client did."""
    found = [re.match(r"C[:~\\] *([A-Z0-9]+)|(@tls)", line) for line in lines]
    return [match[1] or match[2] for match in found if match]
