"""What is to be said of a line while it is typed: too long, or about to be stuffed.

A word on the toolbar and no more: a wrong line is a legitimate test, and Enter sends it.
"""

from collections.abc import Iterator

from mailprobe.protocol.catalogue import Catalogue, longest_line
from mailprobe.protocol.facts import Facts
from mailprobe.protocol.items import Phase
from mailprobe.protocol.model import Command
from mailprobe.shell.typing.mask import LOCAL, encode
from mailprobe.value import frozen

TEXT_LINE = 998  # octets of a line of mail without its CRLF (RFC 5322, section 2.1.1)


@frozen
class Typed:
    """The line that stands at the prompt, and what it will be."""

    text: str
    phase: Phase = Phase.COMMAND
    stuffing: bool = True  # a dot at the beginning of a line of mail data is doubled


def flags(typed: Typed, facts: Facts, catalogue: Catalogue | None) -> list[str]:
    """Warnings, the most important first.  Of a pasted text each line is looked at.  Pure."""
    if catalogue is None:
        return []
    lines = typed.text.split("\n")
    match typed.phase:
        case Phase.DATA:
            return list(_of_data(lines, stuffing=typed.stuffing))
        case Phase.COMMAND:
            return list(_of_commands(lines, facts, catalogue))
        case _:
            return []


def _of_data(lines: list[str], *, stuffing: bool) -> Iterator[str]:
    sizes = [len(encode(line)) for line in lines]
    longest = max(sizes)
    if longest > TEXT_LINE:
        yield f"{longest} octets, limit {TEXT_LINE}"
    dotted = sum(line.startswith(".") and line != "." for line in lines)
    if dotted and len(lines) == 1:
        yield "begins with a dot: " + ("will be stuffed" if stuffing else "goes out UNSTUFFED")
    elif dotted:
        begin = "1 line begins" if dotted == 1 else f"{dotted} lines begin"
        yield f"{begin} with a dot: " + ("stuffed" if stuffing else "UNSTUFFED")
    elif lines == ["."]:
        yield "ends the mail data"
    if longest <= TEXT_LINE and lines != ["."] and lines != [""]:
        yield f"{sum(sizes)} octets" if len(lines) == 1 else f"{len(lines)} lines"


def _of_commands(lines: list[str], facts: Facts, catalogue: Catalogue) -> Iterator[str]:
    for line in lines:
        if line.startswith("//"):
            line = line[1:]
        elif line.startswith(LOCAL):
            continue
        octets = encode(line)
        row = catalogue.row(Command(octets))
        limit, _ = longest_line(row, facts.protocol)
        if len(octets) > limit:
            yield f"{len(octets)} octets, limit {limit}"
            return
