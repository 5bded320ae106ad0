"""The keys of a terminal, for the plain shell: one at a time, and a paste as a whole."""

import codecs
import os
import re
import select
from collections.abc import Mapping

from mailprobe.shell.front.terminal import Terminal

POOR = ("", "dumb", "unknown")  # values of TERM without cursor movement
REST = "the rest of a paste"  # in the place of a key
# Terminals that can put a paste between marks, when they are told to (xterm's mode 2004).
MARK_PASTES, MARK_NONE = "\x1b[?2004h", "\x1b[?2004l"
BEGIN_PASTE, _END_PASTE = "\x1b[200~", "\x1b[201~"
_LINE_ENDS = re.compile("\r\n?")
_TWO_LINES = re.compile(r"[\r\n][^\r\n]")
_ESCAPE_TIME = 0.05  # seconds in which the rest of a key's escape sequence comes

KEYS = {
    "\x1b[A": "up", "\x1bOA": "up", "\x10": "up",
    "\x1b[B": "down", "\x1bOB": "down", "\x0e": "down",
    "\x1b[C": "right", "\x1bOC": "right", "\x06": "right",
    "\x1b[D": "left", "\x1bOD": "left", "\x02": "left",
    "\x1b[H": "home", "\x1bOH": "home", "\x01": "home",
    "\x1b[F": "end", "\x1bOF": "end", "\x05": "end",
    "\x1b[3~": "delete", "\x7f": "backspace", "\b": "backspace",
    "\x15": "kill", "\x17": "kill-word", "\x0b": "kill-rest",
    "\t": "complete", "\r": "enter", "\n": "enter",
    "\x03": "interrupt", "\x04": "end-of-input", "\x1a": "suspend",
    "\x11": "quote", "\x16": "quote",
}  # fmt: skip


def marks_pastes(env: Mapping[str, str]) -> bool:
    """Whether the terminal may be told to; one that can do little would show what it is told."""
    return env.get("TERM", "") not in POOR


class Keyboard:
    """Keys of a terminal, one at a time, however they arrive."""

    def __init__(self, terminal: Terminal, descriptor: int) -> None:
        self.terminal = terminal
        self._descriptor = descriptor
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._waiting = ""
        self._wary = False  # what was typed ahead was forgotten: the rest of it may still come

    @property
    def ahead(self) -> bool:
        """Whether the next keys are here already."""
        return bool(self._waiting)

    def discard(self) -> bool:
        """Forget what was typed ahead; tells whether there was anything."""
        held, self._waiting = self._waiting, ""
        self._decoder.reset()
        self._wary = self.terminal.discard() or bool(held)
        return self._wary

    def character(self) -> str:
        """The next character; "" where the terminal is gone.

        A terminal holds 4 KiB: the rest of a longer paste comes when those were forgotten.  It is
        told by its lines, of which nobody types two at once; `REST` stands for it.
        """
        while not self._waiting:
            octets = os.read(self._descriptor, 4096)
            if not octets:
                return ""
            text = self._decoder.decode(octets)
            if self._wary and not text.startswith(BEGIN_PASTE) and _TWO_LINES.search(text):
                return REST
            self._wary = False
            self._waiting = text
        first, self._waiting = self._waiting[0], self._waiting[1:]
        return first

    def key(self) -> str:
        """The next key: a character, or the escape sequence of a special key."""
        first = self.character()
        if first != "\x1b" or not self._more():
            return first
        key = first + self.character()
        while key[1] in "[O" and self._more():
            key += self.character()
            if "@" <= key[-1] <= "~":
                break
        return key

    def pasted(self) -> str:
        """The rest of a bracketed paste, with LF for its line ends; "" where Ctrl-C gave it up."""
        text = ""
        while (end := text.find(_END_PASTE)) < 0:
            first = self.character()
            text, self._waiting = text + first + self._waiting, ""
            if not first or "\x03" in text:
                self._waiting = text.rpartition("\x03")[2]
                return ""
        self._waiting = text[end + len(_END_PASTE) :]
        return _LINE_ENDS.sub("\n", text[:end])

    def _more(self) -> bool:
        if self._waiting:
            return True
        ready, _, _ = select.select([self._descriptor], [], [], _ESCAPE_TIME)
        return bool(ready)
