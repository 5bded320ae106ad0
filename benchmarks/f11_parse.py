"""F11: parse a recording of 100,000 lines, against the same lines as JSON, one a line."""

import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from measure import ROOT, Figure, Run, compare, folder, process, show

LINES = 100_000
_SESSION = 50  # lines


def measure() -> list[Figure]:
    with folder() as place:
        transcript, lines = place / "long.mpt", place / "long.jsonl"
        _write(transcript, lines)
        figure = compare(
            "F11",
            f"parse {LINES:,} lines of a recording",
            partial(_read, "parse", transcript),
            "JSON Lines",
            partial(_read, "json", lines),
            limit=0.8,
        )
        return [figure]


def _write(transcript: Path, lines: Path) -> None:
    rows = [row for number in range(LINES // _SESSION) for row in _session(number)]
    body = "".join(f"{tag} {text}".rstrip() + "\n" for tag, text in rows)
    transcript.write_text("mailprobe: 1\nprotocol: pop3\n\n" + body)
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows))


def _session(number: int) -> Iterator[tuple[str, str]]:
    """Fifty lines as a recorder writes them: a login, a listing, a message."""
    yield "#", f"session {number}"
    yield from (("C:", f"USER alice{number}"), ("S:", "+OK"), ("C~", "PASS {password}"))
    yield from (("S:", "+OK Logged in."), ("C:", "LIST"), ("S:", "+OK 10 messages:"))
    yield from (("S:", f"{message} {number + message}") for message in range(1, 11))
    yield from (("S:", "."), ("C:", f"RETR {number % 10 + 1}"), ("S:", f"+OK {number} octets"))
    yield from (("S:", f"Line {line} of message {number}, as long as most.") for line in range(26))
    yield from (("S:", "."), ("C:", "QUIT"), ("S:", "+OK Logging out."), ("", ""))


def _read(how: str, path: Path) -> Run:
    return process(
        [sys.executable, ROOT / "benchmarks" / "parsing.py", how, path], timed_inside=True
    )


if __name__ == "__main__":
    show(measure)
