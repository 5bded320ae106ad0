"""What a report adds where somebody may know what is the matter; and how it is masked and cut."""

import os
import threading
from pathlib import Path

import pytest

from mailprobe.errors import Word
from mailprobe.player.options import Options
from mailprobe.transport.link import Interrupted
from tests.hostile import server as at
from tests.player.scenes import against, problem, run, write

GREETING = at.send(b"220 mx\r\n")


@pytest.mark.parametrize(
    "said, expected, hint",
    [
        (b"530 5.7.0 Must issue a STARTTLS command first", "250 2.1.0 ok", "TLS first"),
        (b"538 encryption required", "250 ok", "TLS first"),
        (b"530 5.7.0 Authentication required", "250 ok", "login first"),
        (b"451 4.7.1 greylisted", "250 ok", "--retry-on 4xx"),
        (b"421 4.3.2 shutting down", "250 ok", "421"),
        (
            b"550 5.7.1 no",
            "550 5.1.1 no",
            "only the enhanced status code differs (5.1.1, now 5.7.1)",
        ),
        (b"550 no", "550 5.1.1 no", "now none"),
        (b"550 no", "250 ok", ""),
    ],
)
def test_hints(tmp_path: Path, said: bytes, expected: str, hint: str) -> None:
    """Each kind of trouble has its sentence, and what nobody understands has none."""
    answers = at.answer({b"NOOP": said + b"\r\n", b"QUIT": b"221 bye\r\n"})
    lines = f"S: 220 mx\nC: NOOP\nS: {expected}\n"
    result, _ = against(tmp_path, [GREETING, answers], lines)
    found = problem(result, Word.MISMATCH, 3).hint
    assert hint in found
    assert bool(hint) is bool(found)


def test_a_maildrop_in_use(tmp_path: Path) -> None:
    """The response code says it."""
    steps = at.pop3({b"PASS": b"-ERR [IN-USE] locked\r\n"})
    lines = "S? +OK\nC: USER a\nS? +OK\nC: PASS b\nS? +OK\n"
    result, _ = against(tmp_path, steps, lines, protocol="pop3")
    assert "lock:" in problem(result, Word.MISMATCH, 5).hint


def test_what_a_server_says_is_never_raw(tmp_path: Path) -> None:
    """Escape sequences are shown, long lines and long replies are cut."""
    text = b"".join(
        b"250-\x1b]0;x\x07[/nope] \xe2\x80\xae " + b"x" * 5000 + b"\r\n" for _ in range(50)
    )
    steps = [GREETING, at.expect(b"NOOP"), at.send(text + b"250 end\r\n")]
    result, _ = against(tmp_path, steps, "S: 220 mx\nC: NOOP\nS? 550\n")
    said = problem(result, Word.MISMATCH, 3)
    assert all(line.isprintable() and len(line) < 2000 for line in said.reply)
    assert len(said.reply) == 21
    assert "\\x1b" in said.reply[0] or "\\u{1b}" in said.reply[0]


def test_ctrl_c_ends_it_at_once(tmp_path: Path) -> None:
    """While it waits for a reply, for the end of a pause, or for silence."""
    for wait in ("S: 250 x", "C@ pause 9m", "S@ silent 9m"):
        reading, writing = os.pipe()
        try:
            with at.ScriptedServer(GREETING) as server:
                header = f"protocol: smtp\nconnect: 127.0.0.1:{server.port}"
                path = write(tmp_path, f"S: 220 mx\n{wait}\n", header)
                timer = threading.Timer(0.2, os.write, (writing, b"\0"))
                timer.start()
                with pytest.raises(Interrupted):
                    run(path, Options(wakeup=reading))
                timer.join()
                assert server.heard == b""
        finally:
            os.close(reading)
            os.close(writing)
