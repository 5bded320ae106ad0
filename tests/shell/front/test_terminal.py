"""The modes of a terminal and the keys that wait in it, on a pseudo-terminal."""

import os
import select
import termios
from collections.abc import Iterator

import pytest

from mailprobe.shell.front.keys import Keyboard
from mailprobe.shell.front.terminal import Interrupts, Terminal


@pytest.fixture
def pair() -> Iterator[tuple[int, int]]:
    """A keyboard, and the terminal that it is connected to."""
    keyboard, screen = os.openpty()
    yield keyboard, screen
    os.close(keyboard)
    os.close(screen)


def _type(keyboard: int, screen: int, keys: bytes) -> None:
    os.write(keyboard, keys)
    ready, _, _ = select.select([screen], [], [], 10)
    assert ready


def _waiting(screen: int) -> bool:
    return bool(select.select([screen], [], [], 0)[0])


def test_nothing_typed_ahead_reaches_who_comes_next(pair: tuple[int, int]) -> None:
    """Leaving forgets what was typed: a login shell would run it, and show it."""
    keyboard, screen = pair
    terminal = Terminal(screen)
    terminal.quiet()
    _type(keyboard, screen, b"PASS hunter2\r")
    terminal.leave()
    assert termios.tcgetattr(screen)[3] & termios.ECHO
    terminal.quiet()  # where no line has to end before it can be read
    assert not _waiting(screen)


def test_suspending_keeps_what_was_typed(pair: tuple[int, int]) -> None:
    """The modes alone are put back."""
    keyboard, screen = pair
    terminal = Terminal(screen)
    terminal.quiet()
    _type(keyboard, screen, b"NOOP\r")
    terminal.restore()
    terminal.quiet()
    assert _waiting(screen)


def test_keyboard_forgets_what_was_typed_ahead(pair: tuple[int, int]) -> None:
    """What was read already, and what was not; it tells whether there was anything."""
    keyboard, screen = pair
    terminal = Terminal(screen)
    terminal.quiet()
    keys = Keyboard(terminal, screen)
    assert not keys.discard()
    _type(keyboard, screen, b"abc")
    assert keys.character() == "a"
    assert keys.discard()
    _type(keyboard, screen, b"de")
    assert keys.discard()
    assert not keys.discard()
    _type(keyboard, screen, b"f")
    assert keys.character() == "f"


def test_a_key_between_two_interrupts_keeps_the_shell() -> None:
    """Only two in a row mean: leave."""
    interrupts = Interrupts()
    interrupts.press()
    interrupts.forget()
    interrupts.press()
    assert not interrupts.twice
    interrupts.press()
    assert interrupts.twice
    interrupts.close()
