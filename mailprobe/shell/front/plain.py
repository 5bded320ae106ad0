"""The plain shell: append-only, for screen readers, slow links and terminals that can do little.

A line editor of our own: readline cannot hide the password in `PASS secret`, nor what was typed
ahead of it.  It writes what changed at the end of the line and backspaces, nothing else.
"""

import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from mailprobe.render.rows import rows_of, wrapped
from mailprobe.shell.conversation import Conversation
from mailprobe.shell.front.asking import read_text
from mailprobe.shell.front.keys import (
    BEGIN_PASTE,
    KEYS,
    MARK_NONE,
    MARK_PASTES,
    REST,
    Keyboard,
    marks_pastes,
)
from mailprobe.shell.front.terminal import Interrupts, Terminal
from mailprobe.shell.interface import Entry, Key
from mailprobe.shell.typing.standing import prompt_text
from mailprobe.value import replace

if TYPE_CHECKING:
    from mailprobe.shell.memory.history import LineHistory
    from mailprobe.shell.typing.suggestion import Suggestion

_ENDLESS = 1 << 30  # columns of a terminal that never wraps
_LISTED = 30  # suggestions that one Tab shows, where they fit
_FEWEST = 5  # rows of them
_BESIDES = 3  # rows: the line, what is left out, the line again

Show = Callable[[str], str]
Complete = Callable[[str], list["Suggestion"]]


class Editor:
    """One line while it is typed.  `show` says what may be seen, character by character.

    A backspace reaches no earlier row of the terminal: when the cursor has to, or a change is
    there, prompt and line are written once more below.  Then the line is shown as far as the
    end of the cursor's row.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        show: Show,
        prompt: str,
        columns: Callable[[], int] = lambda: _ENDLESS,
    ) -> None:
        self.text = ""
        self.cursor = 0
        self._write = write
        self._show = show
        self._prompt = prompt
        self._columns = columns
        self._cells: list[str] = []  # what stands on the screen behind the prompt
        self._at = 0  # where the terminal's cursor is among them
        write(prompt)

    def insert(self, text: str) -> None:
        self.replace(self.text[: self.cursor] + text + self.text[self.cursor :])
        self.move(self.cursor + len(text))

    def replace(self, text: str, cursor: int | None = None) -> None:
        self.text = text
        if cursor is not None:
            self.cursor = cursor
        self.cursor = min(self.cursor, len(text))

    def move(self, cursor: int) -> None:
        self.cursor = max(0, min(cursor, len(self.text)))

    def edit(self, key: str) -> bool:
        """Carry out an editing key; False for one that is none."""
        before, behind = self.text[: self.cursor], self.text[self.cursor :]
        match key:
            case "left":
                self.move(self.cursor - 1)
            case "right":
                self.move(self.cursor + 1)
            case "home":
                self.move(0)
            case "end":
                self.move(len(self.text))
            case "backspace":
                self.replace(before[:-1] + behind, len(before[:-1]))
            case "delete":
                self.replace(before + behind[1:])
            case "kill":
                self.replace(behind, 0)
            case "kill-rest":
                self.replace(before)
            case "kill-word":
                kept = before.rstrip(" ").rpartition(" ")
                self.replace(kept[0] + kept[1] + behind, len(kept[0] + kept[1]))
            case _:
                return False
        return True

    def draw(self) -> None:
        """Bring the screen up to date: go back to the first change, and write from there."""
        columns = self._columns()
        cells = self._within_reach([_cell(c) for c in self._show(self.text)], columns)
        start = min(_common([self._cells, cells]), self._at)
        here = self._place(self._cells[: self._at], columns)
        there = self._place(cells[: min(start, self.cursor)], columns)
        if there // columns < here // columns:
            self._write("\n" + self._prompt)
            self._cells, self._at, start = [], 0, 0
            here = self._place([], columns)
        out = ""
        if cells != self._cells:
            end = self._place(cells, columns)
            out += "\b" * (here - self._place(cells[:start], columns)) + "".join(cells[start:])
            left_over = max(0, self._place(self._cells, columns) - end)
            out += " " * left_over + "\b" * left_over
            if len(cells) > start and end % columns == 0 and not left_over:
                out += " \b"  # the cursor of many terminals waits behind the last column
            self._at, here = len(cells), end
        shown = min(self.cursor, len(cells))
        if self._at > shown:
            out += "\b" * (here - self._place(cells[:shown], columns))
        out += "".join(cells[self._at : shown])
        self._cells, self._at = cells, shown
        if out:
            self._write(out)

    def _place(self, cells: Sequence[str], columns: int) -> int:
        """Where the cursor stands behind prompt and `cells`: columns, all rows in one."""
        text = self._prompt + "".join(cells)
        if text.isascii():
            return len(text)
        at = 0
        for character in text:
            width = _width(character)
            if width == 2 and at % columns == columns - 1:
                at += 1  # a wide character does not begin in the last column
            at += width
        return at

    def _within_reach(self, cells: list[str], columns: int) -> list[str]:
        """All cells, or those up to the end of the cursor's row."""
        row = self._place(cells[: self.cursor], columns) // columns
        if self._place(cells, columns) // columns == row:
            return cells
        last = len(cells)
        while last > self.cursor and self._place(cells[:last], columns) // columns > row:
            last -= 1
        return cells[:last]

    def list_below(self, lines: Sequence[str]) -> None:
        """Show lines, and the prompt with the line again below them."""
        self._write("\n" + "".join(f"{line}\n" for line in lines) + self._prompt)
        self._cells, self._at = [], 0
        self.draw()

    def end_with(self, text: str) -> None:
        """End with a text of several lines, in the place of all that was typed."""
        if self.text:
            self._write("\n" + self._prompt)
        self.text = text
        rows = ("".join(map(_cell, line)) for line in self._show(text).split("\n"))
        self._write("\n".join(rows) + "\n")

    def end(self) -> None:
        self.move(len(self.text))
        self.draw()
        self._write("\n")


def _columns() -> int:
    return max(1, shutil.get_terminal_size().columns)


def _cell(character: str) -> str:
    """A character as it is shown in a line that somebody types."""
    if character.isprintable():
        return character
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return f"^{chr(ord(character) ^ 64)}" if ord(character) < 128 else "?"


def _width(cells: Sequence[str]) -> int:
    """Columns of a terminal."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for cell in cells
        for c in cell
    )


class PlainFront:
    """The keyboard and the screen of the plain shell."""

    def __init__(self, terminal: Terminal, interrupts: Interrupts, env: Mapping[str, str]) -> None:
        self._keyboard = Keyboard(terminal, sys.stdin.fileno())
        self._terminal = terminal
        self._interrupts = interrupts
        self._env = env
        self._revealed = False  # the person wants to see his secrets, and was warned
        self._marks = sys.stdout.isatty() and marks_pastes(env)
        self._histories: dict[str, tuple[LineHistory, list[str]]] = {}  # and older sessions' lines

    def write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    def ask(self, question: str) -> str:
        return self._edit(question, lambda text: text, None, []).text

    def ask_text(self) -> str | None:
        return read_text(lambda prompt: self._edit(prompt, lambda text: text, None, []))

    def ask_secret(self, prompt: str) -> str | None:
        entry = self._edit(prompt, lambda text: "", None, [])
        return entry.text if entry.key is Key.LINE else None

    @property
    def rewritable(self) -> bool:
        return False  # what was written stays

    @contextmanager
    def lend(self) -> Iterator[None]:
        with self._interrupts.passed_over(), self._terminal.lent():
            yield

    def discard(self) -> bool:
        return self._keyboard.discard()

    def read(self, conversation: Conversation) -> Entry:
        """The next entry; what came from the server since the last one is shown before it."""
        # the full shell, which shows its first words by this front, has no use for these
        from mailprobe.shell.local.table import ESCAPE
        from mailprobe.shell.typing.arguments import local_completions
        from mailprobe.shell.typing.complete import completions
        from mailprobe.shell.typing.hint import hint
        from mailprobe.shell.typing.mask import visible
        from mailprobe.shell.typing.suggestion import Suggestion

        self._interrupts.clear()
        conversation.poll()
        self._warn_of_secrets(conversation)
        facts, catalogue = conversation.facts, conversation.catalogue

        def complete(line: str) -> list["Suggestion"]:
            if line.startswith(ESCAPE):
                found = local_completions("/" + line[1:], facts, catalogue, conversation.known)
                return [
                    one if one.start else replace(one, text=one.text[1:], start=1) for one in found
                ]
            found = completions(line, facts, catalogue, conversation.known)
            if not found and (ghost := hint(line, facts, catalogue).strip()):
                return [Suggestion("", len(line), ghost, "is still missing")]
            return found

        history, _ = self._history(conversation)
        entry = self._edit(
            prompt_text(conversation.look),
            lambda text: (
                text if conversation.preferences.reveal else visible(text, facts, catalogue)
            ),
            complete,
            self.history(conversation),
        )
        if entry.key is Key.LINE:
            history.append_string(entry.text)
            conversation.warn_once(history.failure)
            if entry.text.startswith(ESCAPE):
                return Entry(Key.LOCAL, entry.text[1:])
        return entry

    def _warn_of_secrets(self, conversation: Conversation) -> None:
        """Nothing takes back here what a terminal, and its scrollback, have shown."""
        revealed, self._revealed = self._revealed, conversation.preferences.reveal
        if self._revealed and not revealed:
            conversation.tell("a secret that you type stays on the screen, behind Enter, too")

    def history(self, conversation: Conversation) -> Sequence[str]:
        history, older = self._history(conversation)
        return [*older, *history.get_strings()]

    def _history(self, conversation: Conversation) -> tuple["LineHistory", list[str]]:
        from mailprobe.shell.memory.history import NOBODY, LineHistory, history_path

        protocol = str(conversation.facts.protocol) if conversation.session else NOBODY
        if protocol not in self._histories:
            path = history_path(protocol, self._env)
            history = LineHistory(path, conversation.remembers)
            self._histories[protocol] = history, history.read()
        return self._histories[protocol]

    def _edit(
        self, prompt: str, show: Show, complete: Complete | None, history: Sequence[str]
    ) -> Entry:
        recall = len(history)
        marked = self._marked() if complete is not None else nullcontext()
        with (
            marked,
            self._terminal.raw(),
        ):  # before there is a prompt: who sees it may press Ctrl-C twice
            editor = Editor(self.write, show, prompt, _columns)
            while not self._interrupts.twice:  # the second may have come before the keys were ours
                key = self._keyboard.key()
                name = KEYS.get(key, key)
                if name != "interrupt":
                    self._interrupts.forget()
                if (done := self._finished(name, editor)) is not None:
                    editor.end()
                    return done
                if name in ("up", "down"):
                    recall = max(0, min(len(history), recall + (1 if name == "down" else -1)))
                    text = history[recall] if recall < len(history) else ""
                    editor.replace(text, len(text))
                elif name == "complete":
                    _complete(editor, complete)
                elif name == "suspend":
                    with self._unmarked():
                        self._terminal.suspend()
                    self._terminal.make_raw()
                    editor.list_below([])
                elif name == BEGIN_PASTE:
                    if self._take_paste(editor):
                        return Entry(Key.LINE, editor.text)
                elif name == REST:
                    editor.list_below(["the rest of it was not sent either"])
                elif name == "quote":
                    editor.insert(self._keyboard.character())
                elif not editor.edit(name) and len(key) == 1 and (key >= " " or key == "\x1d"):
                    editor.insert(key)
                if not self._keyboard.ahead:  # what comes at once is drawn at once
                    editor.draw()
        return Entry(Key.INTERRUPT)

    @contextmanager
    def _marked(self) -> Iterator[None]:
        """Have a paste put between marks inside."""
        self.write(MARK_PASTES if self._marks else "")
        try:
            yield
        finally:
            self.write(MARK_NONE if self._marks else "")

    @contextmanager
    def _unmarked(self) -> Iterator[None]:
        self.write(MARK_NONE if self._marks else "")
        yield
        self.write(MARK_PASTES if self._marks else "")

    def _take_paste(self, editor: Editor) -> bool:
        """Take a paste into the line; whether it has ended it, being of several lines."""
        text = self._keyboard.pasted().removesuffix("\n")
        if "\n" not in text:  # it waits for Enter, as if it were typed
            editor.insert(text)
            return False
        editor.end_with(editor.text[: editor.cursor] + text + editor.text[editor.cursor :])
        return True

    def _finished(self, name: str, editor: Editor) -> Entry | None:
        """What the line is, where the key ends it."""
        match name:
            case "enter":
                return Entry(Key.LINE, editor.text)
            case "interrupt":
                self._interrupts.press()
                return Entry(Key.INTERRUPT)
            case "end-of-input" if not editor.text:
                return Entry(Key.END)
            case "":
                return Entry(Key.END)
            case _:
                return None


def _common(sequences: Sequence[Sequence[str]]) -> int:
    """How many elements all of `sequences` have in common from the beginning on."""
    first, shortest = sequences[0], min(map(len, sequences))
    different = (at for at in range(shortest) if any(one[at] != first[at] for one in sequences))
    return next(different, shortest)


def _complete(editor: Editor, complete: Complete | None) -> None:
    """Insert what all suggestions have in common; where that is nothing, list them."""
    from mailprobe.shell.typing.suggestion import SHOWN

    before = editor.text[: editor.cursor]
    found = complete(before) if complete is not None else []
    if not found:
        return
    wholes = [before[: one.start] + one.text for one in found]
    common = wholes[0][: _common(wholes)]
    # of an empty line nothing was said yet: all that there is, and not the slash that it shares
    if common.startswith(before) and common != before and (before or len(found) == 1):
        editor.replace(common + editor.text[editor.cursor :], len(common))
        return
    listed = _fitting([f"{one.display}  {one.meta}".rstrip() for one in found])
    if left := len(found) - len(listed):  # of a list that was cut nobody knows how many there are
        listed.append("... and more: type on" if len(found) >= SHOWN else f"... {left} more")
    editor.list_below(listed)


def _fitting(lines: Sequence[str]) -> list[str]:
    """As many of them as a terminal shows at once."""
    columns, rows = shutil.get_terminal_size()
    room, shown = max(rows - _BESIDES, _FEWEST), list[str]()
    for line in lines[:_LISTED]:
        row = wrapped(line, columns, indent=4)
        room -= rows_of(row, columns)
        if room < 0 and len(shown) >= _FEWEST:
            break
        shown.append(row)
    return shown
