"""The same shell in tmux: a terminal that answers questions, under a shell with job control."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.terminal.harness import PATIENCE, Server

pytestmark = [
    pytest.mark.terminal,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]

COMMAND = f"{sys.executable} -m mailprobe"


class Tmux:
    """One pane of a tmux server of its own, with a shell in it."""

    def __init__(self, folder: Path) -> None:
        self._socket = str(folder / "tmux")
        self._run("new-session", "-d", "-x", "90", "-y", "24", "env", "PS1=$ ", "bash", "--norc")
        self.sees("$")

    def _run(self, *words: str) -> str:
        command = ["tmux", "-S", self._socket, "-f", "/dev/null", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    @property
    def screen(self) -> str:
        return self._run("capture-pane", "-p")

    @property
    def line(self) -> str:
        """The last row that is not empty; a toolbar below the prompt does not count."""
        toolbars = ("^] local command", " not connected")
        rows = [
            row for row in self.screen.split("\n") if row.strip() and not row.endswith(toolbars)
        ]
        return rows[-1] if rows else ""

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, f"{what} did not come; the screen:\n{self.screen}"

    def sees(self, text: str) -> None:
        self.wait(lambda: text in self.screen, repr(text))

    def stands(self, line: str) -> None:
        self.wait(lambda: self.line.startswith(line), f"a last line {line!r}")

    def type(self, text: str) -> None:
        self._run("send-keys", "-l", text)

    def press(self, *keys: str) -> None:
        self._run("send-keys", *keys)

    def enter(self, text: str) -> None:
        self.type(text)
        self.press("Enter")

    def close(self) -> None:
        self._run("kill-server")


@pytest.fixture
def tmux(serve: object, home: Path) -> Iterator[Tmux]:
    """A pane that ends before the servers do."""
    pane = Tmux(home)
    yield pane
    pane.close()


def test_whole_session(tmux: Tmux, serve: Callable[..., Server]) -> None:
    """Completion, a hidden password, the toolbar, and a hang-up while somebody types."""

    def script(server: Server) -> None:
        server.say("+OK hello")
        for _ in range(2):
            server.hear()
            server.say("+OK")
        server.wait()
        server.say("-ERR [SYS/TEMP] going down")

    server = serve(script)
    tmux.enter(f"{COMMAND} pop3 {server.target}")
    tmux.stands("pop3:auth>")
    tmux.sees("^] local command")
    tmux.type("US")
    tmux.press("Tab")
    tmux.stands("pop3:auth> USER")
    tmux.enter("alice")
    tmux.wait(lambda: tmux.screen.count("pop3:auth>") == 2, "the next prompt")
    tmux.enter("PASS hunter2")
    tmux.stands("pop3:trans>")
    assert "hunter2" not in tmux.screen
    tmux.type("RETR")
    tmux.stands("pop3:trans> RETR")
    server.go()
    tmux.sees("[SYS/TEMP] going down")
    tmux.stands("pop3:closed> RETR")
    tmux.press("C-c")
    tmux.stands("pop3:closed>")
    tmux.press("C-d")
    tmux.stands("$")


@pytest.mark.parametrize("options", ["", " --plain"])
def test_suspended_and_continued(tmux: Tmux, serve: Callable[..., Server], options: str) -> None:
    """Ctrl-Z gives a shell that echoes; `fg` gives the session back."""

    def script(server: Server) -> None:
        server.say("220 hello")
        server.hear()
        server.say("250 ok")
        server.hear_all()

    server = serve(script)
    tmux.enter(f"{COMMAND} smtp {server.target}{options}")
    tmux.stands("smtp:greeted>")
    tmux.press("C-z")
    tmux.sees("Stopped")
    tmux.enter("stty -a | grep -o ' echo '; cat")
    tmux.sees(" echo")
    tmux.type("seen")
    tmux.sees("seen")
    tmux.press("Enter", "C-d")
    tmux.enter("fg")
    tmux.stands("smtp:greeted>")
    tmux.enter("NOOP")
    tmux.sees("250 ok")
    assert server.received == [b"NOOP\r\n"]


def test_suspended_while_waiting(tmux: Tmux, serve: Callable[..., Server]) -> None:
    """Ctrl-Z while a reply is owed: the reply is there after `fg`, and nothing is echoed."""

    def script(server: Server) -> None:
        server.say("220 hello")
        server.hear()
        server.wait()
        server.say("250 late")
        server.hear_all()

    server = serve(script)
    tmux.enter(f"{COMMAND} smtp {server.target}")
    tmux.stands("smtp:greeted>")
    tmux.enter("NOOP")
    tmux.wait(lambda: bool(server.received), "NOOP")
    tmux.press("C-z")
    tmux.sees("Stopped")
    tmux.enter("fg")
    server.go()
    tmux.sees("250 late")
    tmux.stands("smtp:greeted>")
