"""/timing, in a pipe: what it draws, and what it says in words."""

import re

from tests.hostile import probe
from tests.hostile.server import ScriptedServer, pop3, smtp


def measured(out: str) -> list[str]:
    return [line.removeprefix("# ") for line in out.splitlines() if line.startswith("# ")]


def test_timing_is_drawn() -> None:
    """A bar for each step so far, in ASCII, and the sums."""
    with ScriptedServer(*smtp()) as server:
        result = probe.smtp(server.port, text=b"NOOP hunter22\nhunter22\n/timing\nQUIT\n")
    assert result.status == 0
    lines = measured(result.out)
    assert all(line.isascii() and len(line) <= 80 for line in lines)
    names = [re.split(r" {1,}[0-9]", line)[0] for line in lines]
    assert names[:4] == ["connect", "greeting", "NOOP", "other command"]
    assert lines[-2].startswith("whole ")
    assert "hunter22" not in "".join(lines)


def test_timing_is_said() -> None:
    """With --plain in words."""
    with ScriptedServer(*pop3({b"LIST": b"+OK\r\n1 5\r\n.\r\n"})) as server:
        result = probe.run(
            "pop3", f"127.0.0.1:{server.port}", "--plain", text=b"LIST\n/timing\nQUIT\n"
        )
    assert result.status == 0
    said = next(line for line in measured(result.out) if line.startswith("LIST"))
    assert re.fullmatch(r"LIST: .* ms, from .* ms on, first line after .* ms, \+OK", said)


def test_timing_needs_a_connection() -> None:
    """Without one there is nothing to be told."""
    assert probe.run(text=b"/timing\n").ended == ("usage", 2)
