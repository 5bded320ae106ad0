"""A text of many lines, asked for line by line."""

from collections.abc import Callable

from mailprobe.shell.interface import Entry, Key


def read_text(read: Callable[[str], Entry]) -> str | None:
    """Lines up to a lone dot, each from `read(prompt)`; None when the person gave up."""
    lines: list[str] = []
    while True:
        entry = read(f"{len(lines) + 1:3}| ")
        if entry.key is not Key.LINE:
            return None
        for line in entry.text.split("\n"):  # a paste may hold several
            if line == ".":
                return "\n".join(lines)
            lines.append(line)
