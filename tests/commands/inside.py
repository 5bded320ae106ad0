"""A command line in this process: quicker than a process each, where nothing is connected."""

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mailprobe import cli
from tests.hostile import probe


@dataclass(frozen=True)
class Ran:
    """What a finished run has left behind."""

    status: int
    out: str
    err: str

    @property
    def word(self) -> str:
        """The word of the last line on standard error, "" where it is no failure."""
        last = self.err.rstrip("\n").rpartition("\n")[2]
        match = probe.FAILURE.fullmatch(last)
        return match[1] if match else ""


class _Stream(io.TextIOWrapper):
    def __init__(self, *, broken: bool = False) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", errors="backslashreplace")
        self._broken = broken

    def write(self, text: str) -> int:
        if self._broken:
            raise BrokenPipeError
        return super().write(text)

    @property
    def text(self) -> str:
        self.flush()
        buffer: Any = self.buffer
        return str(buffer.getvalue().decode())


def inside(
    *arguments: str,
    env: dict[str, str] | None = None,
    text: bytes | None = None,
    broken: bool = False,
) -> Ran:
    """`cli.main` with streams of its own; `text` is standard input."""
    out, err = _Stream(broken=broken), _Stream()
    reading, writing = os.pipe()
    with pytest.MonkeyPatch.context() as patch, open(reading) as pipe:  # noqa: PTH123
        os.write(writing, text or b"")
        os.close(writing)
        patch.setattr("sys.stdin", pipe)
        patch.setattr("sys.stdout", out)
        patch.setattr("sys.stderr", err)
        status = cli.main(list(arguments), env or {})
    return Ran(status, out.text, err.text)


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path
