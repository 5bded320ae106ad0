"""The history: private, bounded, without secrets, and no way into the terminal."""

import os
from pathlib import Path

import pytest
from prompt_toolkit import PromptSession
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from mailprobe.protocol.model import Protocol, State
from mailprobe.protocol.pop3 import POP3
from mailprobe.shell.front.pieces import Recall
from mailprobe.shell.memory.history import LINES, NOBODY, LineHistory, history_path
from mailprobe.shell.typing.mask import for_history
from tests.shell.facts import pop3


def keep(line: str) -> str | None:
    return for_history(line, pop3(State.AUTHORIZATION), POP3)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "mailprobe" / "history-pop3"


@pytest.mark.parametrize(
    "env, expected",
    [
        ({"XDG_STATE_HOME": "/s", "HOME": "/h"}, "/s/mailprobe/history-pop3"),
        ({"HOME": "/h"}, "/h/.local/state/mailprobe/history-pop3"),
        ({"XDG_STATE_HOME": "relative", "HOME": "/h"}, "/h/.local/state/mailprobe/history-pop3"),
        ({}, None),
    ],
)
def test_where_it_lies(env: dict[str, str], expected: str | None) -> None:
    """XDG_STATE_HOME when it is absolute, else below home, else nowhere."""
    assert history_path(Protocol.POP3, env) == expected


def test_what_nobody_hears_has_a_file_of_its_own() -> None:
    """Beside those of the protocols: /connect is typed before there is one."""
    assert history_path(NOBODY, {"HOME": "/h"}) == "/h/.local/state/mailprobe/history-local"


def test_lines_come_back_newest_first_and_without_secrets(path: Path) -> None:
    """The next session finds them; a password is in no file."""
    history = LineHistory(str(path), keep)
    for line in ("USER alice", "PASS hunter2", " NOOP", "", "LIST", "LIST", "caf\udce9 é \\"):
        history.append_string(line)
    expected = ["USER alice", "PASS ", "LIST", "caf\udce9 é \\"]
    assert history.get_strings() == expected
    assert LineHistory(str(path), keep).read() == expected
    assert list(Recall(LineHistory(str(path), keep)).load_history_strings()) == expected[::-1]
    assert b"hunter2" not in path.read_bytes()


def test_file_and_folder_are_private(path: Path) -> None:
    """0600 in 0700, whatever the umask says."""
    before = os.umask(0o022)
    try:
        LineHistory(str(path), keep).append_string("QUIT")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_hostile_content_does_not_come_up(path: Path) -> None:
    """Control characters, escape sequences and bidi neither leave the file nor enter it."""
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\x1b[2J\nLIST\nA\xe2\x80\xaeB\nX\x9b\x00\n\nhalf a line")
    history = LineHistory(str(path), keep)
    assert history.read() == ["LIST"]
    history.append_string("NOOP \x1b")
    history.append_string("NOOP\nLIST")
    assert history.get_strings()[-2:] == ["NOOP \x1b", "NOOP\nLIST"]
    assert b"NOOP" not in path.read_bytes()


def test_it_is_bounded(path: Path) -> None:
    """The file is cut to the newest lines when it is read."""
    path.parent.mkdir(parents=True)
    path.write_text("".join(f"NOOP {number}\n" for number in range(LINES + 5)))
    history = LineHistory(str(path), keep)
    assert len(history.read()) == LINES
    assert path.read_text().startswith("NOOP 5\n")
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]
    history.append_string("NOOP " + "x" * 3000)
    assert path.stat().st_size < LINES * 12


def test_a_folder_or_a_link_in_its_place_costs_the_file_only(path: Path, tmp_path: Path) -> None:
    """The session goes on, and the reason can be shown."""
    path.mkdir(parents=True)
    history = LineHistory(str(path), keep)
    history.append_string("QUIT")
    assert history.get_strings() == ["QUIT"]
    assert history.failure is not None
    path.rmdir()
    elsewhere = tmp_path / "elsewhere"
    path.symlink_to(elsewhere)
    LineHistory(str(path), keep).append_string("QUIT")
    assert not elsewhere.exists()


def test_without_a_home_nothing_is_written() -> None:
    """No path, no file, no failure."""
    history = LineHistory(None, keep)
    history.append_string("QUIT")
    assert history.read() == []
    assert history.failure is None


def test_at_a_prompt_the_arrow_key_brings_no_secret(path: Path) -> None:
    """prompt_toolkit keeps what was accepted by way of the history, and by no other."""
    history = Recall(LineHistory(str(path), keep))
    with create_pipe_input() as keys:
        session: PromptSession[str] = PromptSession(
            history=history, input=keys, output=DummyOutput()
        )
        keys.send_text("PASS hunter2\r")
        assert session.prompt() == "PASS hunter2"
        keys.send_text("\x10\r")  # Ctrl-P: the line before
        assert session.prompt() == "PASS "
    assert path.read_bytes() == b"PASS \n"
