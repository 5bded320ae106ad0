"""The line editor of the plain shell, on a screen that is one string and understands backspace."""

import os
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.shell.front.keys import BEGIN_PASTE, REST, Keyboard
from mailprobe.shell.front.plain import Editor, PlainFront, _complete
from mailprobe.shell.front.terminal import Interrupts
from mailprobe.shell.typing.suggestion import SHOWN, Suggestion


class Row:
    """One endless row of a terminal: text, backspace, and a line end that begins another."""

    def __init__(self) -> None:
        self.cells: list[str] = []
        self.at = 0

    def write(self, text: str) -> None:
        for character in text:
            if character == "\b":
                assert self.at, "a backspace before the beginning of the row"
                self.at -= 1
            elif character == "\n":
                self.cells, self.at = [], 0
            elif not unicodedata.combining(character):
                wide = unicodedata.east_asian_width(character) in "WF"
                for cell in (character, "") if wide else (character,):
                    self.cells[self.at : self.at + 1] = [cell]
                    self.at += 1

    @property
    def text(self) -> str:
        return "".join(self.cells).rstrip(" ")


KEYS = (
    "left", "right", "home", "end", "backspace", "delete", "kill", "kill-rest", "kill-word",
)  # fmt: skip


def _type(editor: Editor, keys: list[str]) -> None:
    for key in keys:
        if not editor.edit(key):
            editor.insert(key)
        editor.draw()


@pytest.mark.parametrize(
    "keys, text",
    [
        (["a", "c", "left", "b"], "abc"),
        (["a", "b", "backspace", "c"], "ac"),
        (["a", "b", "home", "delete"], "b"),
        (["a b c", "kill-word", "d"], "a b d"),
        (["abc", "left", "kill-rest"], "ab"),
        (["abc", "left", "kill"], "c"),
        (["\u4f60", "\u597d", "left", "x"], "\u4f60x\u597d"),
        (["ab", "home", "right", "-"], "a-b"),
    ],
)
def test_keys_edit_the_line(keys: list[str], text: str) -> None:
    """The line is what the keys make of it, and the screen shows the line."""
    row = Row()
    editor = Editor(row.write, lambda line: line, "> ")
    _type(editor, keys)
    assert editor.text == text
    assert row.text == f"> {text}"


@given(st.lists(st.sampled_from([*KEYS, "a", "b ", "\u4f60", "\u00e9", "\udce9", "\x1d"])))
def test_screen_shows_the_line(keys: list[str]) -> None:
    """Whatever is typed: the row is the prompt and the line, the cursor where it belongs."""
    row = Row()
    editor = Editor(row.write, lambda line: line, "> ")
    _type(editor, keys)
    other = Row()
    again = Editor(other.write, lambda line: line, "> ")
    again.insert(editor.text)
    again.move(editor.cursor)
    again.draw()
    assert row.text == other.text
    assert row.at == other.at


def test_masked_line_never_reaches_the_screen() -> None:
    """Only what `show` lets through is written, while the line itself is kept."""
    written: list[str] = []
    editor = Editor(written.append, lambda line: "PASS " + "*" * (len(line) - 5), "> ")
    _type(editor, [*"PASS ", *"hunter2", "left", "x", "backspace", "home", "end"])
    editor.end()
    assert editor.text == "PASS hunter2"
    assert not set("hunter2x") & set("".join(written))


def test_hidden_line_shows_nothing() -> None:
    """A secret that is asked for leaves no trace, not even its length."""
    written: list[str] = []
    editor = Editor(written.append, lambda line: "", "secret: ")
    _type(editor, [*"hunter2", "left", "backspace", "home"])
    assert "".join(written) == "secret: "
    assert editor.text == "hunte2"


def _rows(screen: pyte.Screen) -> list[str]:
    """The rows from the last prompt on."""
    rows = [row.rstrip() for row in screen.display]
    last = max(number for number, row in enumerate(rows) if row.startswith(">"))
    return rows[last:]


def _narrow() -> tuple[pyte.Screen, Editor]:
    screen = pyte.Screen(10, 200)
    screen.set_mode(pyte.modes.LNM)
    stream = pyte.Stream(screen)
    return screen, Editor(stream.feed, lambda line: line, "> ", lambda: 10)


@pytest.mark.parametrize(
    "keys, rows",
    [
        ([*"abcdefghijkl"], ["> abcdefgh", "ijkl"]),
        ([*"abcdefgh"], ["> abcdefgh"]),
        ([*"abcdefghi", "backspace", "backspace", "x"], ["> abcdefgx"]),
        ([*"abcdefghijkl", "home", "x"], ["> xabcdef"]),
        ([*"abcdefghijkl", "home", "x", "end"], ["> xabcdefg", "hijkl"]),
        ([*"abcdefghijkl", "kill", *"new"], ["> new"]),
        ([*"abcdefgh\u4f60", "home", "x", "end"], ["> xabcdefg", "h\u4f60"]),
    ],
)
def test_line_of_several_rows(keys: list[str], rows: list[str]) -> None:
    """A change on an earlier row is written below, where a backspace could not reach."""
    screen, editor = _narrow()
    _type(editor, keys)
    assert [row for row in _rows(screen) if row] == rows


# No wide characters here: in the last column pyte does not do with them what terminals do.
@given(st.lists(st.sampled_from([*KEYS, "a", "bc ", "defghijkl", "\u00e9"])))
def test_wrapped_line_is_shown_where_the_cursor_is(keys: list[str]) -> None:
    """However a long line is edited: it is the text on the screen, and so at its end."""
    screen, editor = _narrow()
    _type(editor, keys)
    position = editor._place([*editor.text][: editor.cursor], 10)
    assert screen.cursor.x % 10 == position % 10
    editor.move(len(editor.text))
    editor.draw()
    shown = "".join(row.ljust(10) for row in _rows(screen)).replace(" ", "")
    wanted = f"> {editor.text}".replace(" ", "")
    assert shown == wanted


class _Flushed:
    """A terminal whose input was forgotten, or had nothing to forget."""

    def __init__(self, *, held: bool) -> None:
        self.held = held

    def discard(self) -> bool:
        return self.held

    @contextmanager
    def raw(self) -> Iterator[None]:
        yield


def _keys(*chunks: bytes, held: bool) -> list[str]:
    """What a keyboard tells of `chunks` that come behind `discard`."""
    reading, writing = os.pipe()
    keyboard = Keyboard(_Flushed(held=held), reading)  # type: ignore[arg-type]
    keyboard.discard()
    keys = []
    try:
        for chunk in chunks:
            os.write(writing, chunk)
            keys.append(keyboard.key())
            while keyboard._waiting:
                keys.append(keyboard.key())
    finally:
        os.close(reading)
        os.close(writing)
    return keys


def test_the_rest_of_a_paste_is_no_command() -> None:
    """What is still on its way when the input was forgotten comes as many lines at once."""
    rest = b"nd of a line\rof a mail\r.\rQUIT\r"
    assert _keys(rest, rest, b"N", b"O\r", held=True) == [REST, REST, "N", "O", "\r"]
    assert "".join(_keys(b"QUIT\r", rest, held=True)) == "QUIT\r" + rest.decode()
    assert "".join(_keys(rest, held=False)) == rest.decode()


@pytest.mark.parametrize("count, end", [(31, "... 1 more"), (SHOWN, "... and more: type on")])
def test_a_cut_list_says_that_there_is_more(
    count: int, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How much more, where all of it is known."""
    monkeypatch.setenv("LINES", "50")
    written: list[str] = []
    editor = Editor(written.append, lambda line: line, "> ")
    found = [Suggestion(f"{number % 7}{number}", 0, "", "") for number in range(count)]
    _complete(editor, lambda line: found)
    assert "".join(written).split("\n")[-2] == end


def test_a_paste_is_taken_as_a_whole() -> None:
    """Whatever its line ends are, and however it comes in pieces; what follows is a key again."""
    reading, writing = os.pipe()
    keyboard = Keyboard(_Flushed(held=True), reading)  # type: ignore[arg-type]
    keyboard.discard()
    try:
        os.write(writing, b"\x1b[200~NOOP\rRSET\r\nMAIL\nx\xc3")
        assert keyboard.key() == BEGIN_PASTE
        os.write(writing, b"\xbc\x1b[201~Q")
        assert keyboard.pasted() == "NOOP\nRSET\nMAIL\nx\u00fc"
        assert keyboard.key() == "Q"
        os.write(writing, b"\x1b[200~half of it\x03N")
        assert (keyboard.key(), keyboard.pasted(), keyboard.key()) == (BEGIN_PASTE, "", "N")
    finally:
        os.close(reading)
        os.close(writing)


def test_what_comes_at_once_is_drawn_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long line that a terminal pastes without marks costs no drawing for each character."""
    reading, writing = os.pipe()
    interrupts, shown = Interrupts(), list[int]()
    written = StringIO()
    monkeypatch.setattr(sys, "stdin", os.fdopen(reading))
    monkeypatch.setattr(sys, "stdout", written)

    def show(text: str) -> str:
        shown.append(len(text))
        return text

    front = PlainFront(_Flushed(held=False), interrupts, {})  # type: ignore[arg-type]
    os.write(writing, b"x" * 3000 + b"\r")
    os.close(writing)
    assert front._edit("> ", show, None, []).text == "x" * 3000
    assert len(shown) <= 2
    assert written.getvalue().count("x") == 3000
    interrupts.close()
    sys.stdin.close()
