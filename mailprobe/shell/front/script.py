"""A shell whose lines come from a file or a pipe, one after the other: for lessons.

What is read is shown behind a prompt, as it would stand there had a person typed it; it may be
somebody else's, who writes to the terminal of whoever grades.
"""

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from mailprobe.safe import safe
from mailprobe.shell.front.lines import LineSource
from mailprobe.shell.front.terminal import Interrupts
from mailprobe.shell.interface import Entry, Key

if TYPE_CHECKING:
    from mailprobe.shell.conversation import Conversation


class ScriptFront:
    """Reads from a descriptor, writes to standard output, and answers no question."""

    def __init__(self, source: int, interrupts: Interrupts) -> None:
        self._talk: Conversation | None = None
        self._lines = LineSource(
            source, watch=self._watched, on_readable=self._poll, wakeup=interrupts.descriptor
        )

    def _watched(self) -> int | None:
        return next(iter(self._talk.descriptors), None) if self._talk is not None else None

    def _poll(self) -> None:
        if self._talk is not None:
            self._talk.poll()

    def _line(self) -> str | None:
        line = self._lines.line()
        return None if line is None else line.decode("utf-8", "surrogateescape")

    def write(self, text: str) -> None:
        """Show text."""
        sys.stdout.write(text)
        sys.stdout.flush()

    def ask(self, question: str) -> str:
        """The next line answers."""
        text = self._line() or ""
        self.write(f"{question}{safe(text)}\n")
        return text

    def ask_text(self) -> str | None:
        """Lines up to a lone dot."""
        lines: list[str] = []
        while (line := self._line()) is not None:
            if line == ".":
                return "\n".join(lines)
            lines.append(line)
        return None

    def ask_secret(self, prompt: str) -> str | None:
        """The next line, which is not shown."""
        self.write(f"{prompt}\n")
        return self._line()

    @property
    def rewritable(self) -> bool:
        """What was written stays."""
        return False

    def lend(self) -> AbstractContextManager[None]:
        """There is no terminal to be lent."""
        return nullcontext()

    def discard(self) -> bool:
        """Nothing was typed ahead: a script is meant as it stands."""
        return False

    def history(self, conversation: "Conversation") -> Sequence[str]:
        """None is kept."""
        return ()

    def read(self, conversation: "Conversation") -> Entry:
        """The next line.  Raises Interrupted."""
        from mailprobe.shell.local.table import ESCAPE
        from mailprobe.shell.typing.mask import visible
        from mailprobe.shell.typing.standing import prompt_text

        self._talk = conversation
        conversation.poll()
        text = self._line()
        if text is None:
            return Entry(Key.END)
        if text.startswith(ESCAPE):  # a local command anywhere, among mail data, too
            self.write(f"local> {safe(text[1:])}\n")
            return Entry(Key.LOCAL, text[1:])
        shown = visible(text, conversation.facts, conversation.catalogue)
        self.write(f"{prompt_text(conversation.look)}{safe(shown)}\n")
        return Entry(Key.LINE, text)
