"""mailprobe as a process of its own, and what everything that it writes must be."""

import os
import re
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO

LONG = 60.0  # seconds: a bound for what should never be reached
FAILURE = re.compile(r"mailprobe: ([a-z]+): [^\n]*")

# The program, and at its end the greatest memory that it had (VmHWM: ru_maxrss would count
# what the process was before it became Python).
_MEASURED = """
import sys
from mailprobe.__main__ import main
status = main()
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
open({peak!r}, "w").write(peak.split()[1])
sys.exit(status)
"""


@dataclass(frozen=True)
class Result:
    """What a finished run has left behind."""

    status: int
    out: str
    err: str
    peak: int | None = None  # octets

    @property
    def words(self) -> list[str]:
        """The words of all failure lines."""
        return FAILURE.findall(self.err)

    @property
    def ended(self) -> tuple[str, int]:
        """The word of the last line, "" where it is no failure, and the exit status."""
        last = self.err.splitlines()[-1] if self.err else ""
        match = FAILURE.fullmatch(last)
        return (match[1] if match else ""), self.status


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "mailprobe", *map(str, arguments)]


def run(
    *arguments: str | Path,
    text: bytes = b"",
    env: dict[str, str] | None = None,
    peak: Path | None = None,
) -> Result:
    """Run one command line to its end; `peak` is a file to measure the memory with."""
    line = command(*arguments)
    if peak is not None:
        line = [sys.executable, "-c", _MEASURED.format(peak=str(peak)), *map(str, arguments)]
    done = subprocess.run(
        line, input=text, capture_output=True, timeout=LONG, env={**os.environ, **(env or {})}
    )
    measured = int(peak.read_text()) * 1024 if peak is not None and peak.exists() else None
    return Result(done.returncode, decode(done.stdout), decode(done.stderr), measured)


def smtp(port: int, *options: str | Path, text: bytes = b"", **more: object) -> Result:
    return run("smtp", f"127.0.0.1:{port}", *options, text=text, **more)  # type: ignore[arg-type]  # as `run` has them


def pop3(port: int, *options: str | Path, text: bytes = b"", **more: object) -> Result:
    return run("pop3", f"127.0.0.1:{port}", *options, text=text, **more)  # type: ignore[arg-type]  # as `run` has them


def decode(octets: bytes) -> str:
    """Text of ours, after making sure that nothing raw is in it, and no traceback."""
    text = octets.decode("utf-8")
    raw = sorted({letter for letter in text if letter != "\n" and not letter.isprintable()})
    assert not raw, f"raw on a stream: {raw}"
    assert "Traceback" not in text, text
    return text


class Live:
    """A run that is talked to while it lasts."""

    def __init__(self, *arguments: str | Path, stdout: int = subprocess.PIPE) -> None:
        self.process = subprocess.Popen(
            command(*arguments), stdin=subprocess.PIPE, stdout=stdout, stderr=subprocess.PIPE
        )
        self._killer = threading.Timer(LONG, self.process.kill)
        self._killer.start()

    def __enter__(self) -> "Live":
        return self

    def __exit__(self, *error: object) -> None:
        self._killer.cancel()
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def write(self, octets: bytes) -> None:
        stdin = _there(self.process.stdin)
        stdin.write(octets)
        stdin.flush()

    def line(self) -> str:
        """The next line of standard output; "" at its end."""
        return decode(_there(self.process.stdout).readline()).removesuffix("\n")

    def error_line(self) -> str:
        return decode(_there(self.process.stderr).readline()).removesuffix("\n")

    def lines(self, count: int) -> list[str]:
        return [self.line() for _ in range(count)]

    def finish(self) -> Result:
        """Close our end, and take in the rest."""
        out, err = self.process.communicate(timeout=LONG)
        return Result(self.process.returncode, decode(out or b""), decode(err))


def _there(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream
