"""Sockets beside a prompt: what the event loop is told, in which order."""

from collections.abc import Callable

import pytest

pytest.importorskip("prompt_toolkit")

from mailprobe.shell.front import prompt
from mailprobe.shell.front.prompt import FullFront


class Loop:
    """Notes what it is told; `run` does what was asked for, once."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self._due: list[Callable[[], None]] = []

    def add_reader(self, descriptor: int, callback: Callable[[], None]) -> None:
        self.log.append(f"watch {descriptor}")

    def remove_reader(self, descriptor: int) -> None:
        self.log.append(f"leave {descriptor}")

    def call_soon(self, callback: Callable[[], None]) -> None:
        self._due.append(callback)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> None:
        self._due.append(callback)

    def run(self) -> None:
        due, self._due = self._due, []
        for callback in due:
            callback()


class Talk:
    """A conversation whose sockets end, or say more, as a test wants it."""

    def __init__(self, loop: Loop) -> None:
        self.descriptors: tuple[int, ...] = (7, 8)
        self.more = False
        self._loop = loop

    def poll(self, descriptor: int) -> bool:
        self._loop.log.append(f"look {descriptor}")
        return self.more


class App:
    """A prompt on the screen; `is_done` when somebody has pressed Enter."""

    is_running = True
    is_done = False

    def invalidate(self) -> None:
        """It would be drawn again."""


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> App:
    app = App()
    monkeypatch.setattr(prompt, "get_app", lambda: app)
    return app


@pytest.fixture
def table(app: App) -> tuple[Loop, Talk]:
    """A front that watches socket 7 of two."""
    loop = Loop()
    talk = Talk(loop)
    front = object.__new__(FullFront)
    front._conversation = talk  # type: ignore[assignment]
    front._watch_one(loop, 7)  # type: ignore[arg-type]
    return loop, talk


def test_a_socket_is_looked_at_first(table: tuple[Loop, Talk]) -> None:
    """TLS may hold octets of which no descriptor tells; then it is watched."""
    loop, _ = table
    loop.run()
    loop.run()
    assert loop.log == ["leave 7", "look 7", "watch 7"]


def test_a_socket_at_its_end_is_not_watched_again(table: tuple[Loop, Talk]) -> None:
    """It would be readable for ever; it leaves the loop before anybody looks."""
    loop, talk = table
    talk.descriptors = (8,)
    for _ in range(3):
        loop.run()
    assert loop.log == ["leave 7", "look 7"]


def test_a_flood_is_looked_at_in_turns(table: tuple[Loop, Talk]) -> None:
    """As long as there is more, by time and not by the descriptor: keys come between."""
    loop, talk = table
    talk.more = True
    for _ in range(3):
        loop.run()
    talk.more = False
    loop.run()
    loop.run()
    assert loop.log == ["leave 7", "look 7"] * 4 + ["watch 7"]


@pytest.mark.parametrize("state", [{"is_done": True}, {"is_running": False}])
def test_what_comes_while_the_prompt_is_left_is_for_what_the_line_does(
    table: tuple[Loop, Talk], app: App, state: dict[str, bool]
) -> None:
    """A /wait that was just entered would not see what the prompt has taken in behind it."""
    loop, _ = table
    for name, value in state.items():
        setattr(app, name, value)
    loop.run()
    loop.run()
    assert loop.log == ["leave 7"]
