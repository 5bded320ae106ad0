"""What of a typed line may be seen, and what may be remembered.

Both follow from the same spans: the screen shows `*` for each secret character, the history
keeps what stands before them.  Knows no terminal and no file.
"""

import re

from mailprobe.patterns import pattern
from mailprobe.protocol.catalogue import Catalogue, Then
from mailprobe.protocol.facts import Facts
from mailprobe.protocol.model import Command, Protocol, State
from mailprobe.shell.local.table import ESCAPE

LOCAL = ("/", ESCAPE)  # what opens a local command: a slash, or Ctrl-]

# Credentials keep their place without a connection, too: a catalogue without rows knows them.
_NOBODY = Catalogue(Protocol.SMTP, ())
_RAW = pattern(r"[/\x1d]raw[ \t]+[\"']?", re.IGNORECASE)
_HARMLESS = ("", "*", "=")  # answers to AUTH that give nothing away (RFC 4954, section 4)
_LOCAL_NAME = pattern(r"[/\x1d][a-z]{0,7}")
_LOOKS_ENCODED = pattern(r"[A-Za-z0-9+/=\r]*")


def encode(line: str) -> bytes:
    """The octets that a typed line stands for; an octet that is no UTF-8 came as a surrogate."""
    return line.encode("utf-8", _handler(line))


def at_the_prompt(text: str, facts: Facts) -> Facts:
    """What decides how `text` is seen: behind Ctrl-] no line is mail data, or an answer."""
    return Facts(facts.protocol) if text.startswith(ESCAPE) else facts


def spans(text: str, facts: Facts, catalogue: Catalogue | None) -> list[tuple[int, int]]:
    """Where the secrets of `text` stand, as indices of `str`, in order.

    `text` is what stands at the prompt; pasted, it may be several lines, and the answers to an
    AUTH among them are secret before any server has asked for them.
    """
    facts = at_the_prompt(text, facts)
    found: list[tuple[int, int]] = []
    start, data = 0, facts.state is State.DATA
    refused = answers = facts.login_refused
    for line in text.split("\n"):
        if refused and start == 0 and _may_become(line, catalogue):
            answers = False
        if not data:
            span = _span(line, facts, catalogue, answers=answers)
            if span is not None and span[0] < span[1]:
                found.append((start + span[0], start + span[1]))
            answers = _begins_login(line, catalogue) or (answers and _is_answer(line, catalogue))
        elif line.rstrip("\r") == ".":  # what is pasted behind the lone dot are commands
            data = False
        start += len(line) + 1
    return found


def visible(line: str, facts: Facts, catalogue: Catalogue | None) -> str:
    """`line`, as long as it was, with a `*` for each secret character."""
    for start, end in spans(line, facts, catalogue):
        line = line[:start] + "*" * (end - start) + line[end:]
    return line


def for_history(line: str, facts: Facts, catalogue: Catalogue | None) -> str | None:
    """What the history may keep of `line`: all up to a secret, or None for nothing at all.

    Answers to AUTH, mail data and lines that begin with a blank are never kept.
    """
    if facts.state in (State.AUTH, State.DATA) or not line or line[0] in " \t":
        return None
    found = spans(line, facts, catalogue)
    if not found:
        return line
    return None if "\n" in line else line[: found[0][0]]


def _span(
    line: str, facts: Facts, catalogue: Catalogue | None, *, answers: bool
) -> tuple[int, int] | None:
    """The secret of one line; `answers`: an AUTH stands above it, or was refused just now."""
    if facts.state is State.AUTH or (answers and _is_answer(line, catalogue)):
        return None if line in _HARMLESS else (0, len(line))
    skip = 0
    if line.startswith(LOCAL):
        match = _RAW.match(line)  # the one local command whose argument is a line of protocol
        if match is None:
            return None
        skip = match.end()
    rest = line[skip:]
    octets = encode(rest)
    span = (catalogue or _NOBODY).secret_in(Command(octets))
    if span is None:
        return None
    return skip + _characters(rest, span[0]), skip + _characters(rest, span[1])


def _begins_login(line: str, catalogue: Catalogue | None) -> bool:
    command = Command(encode(line))
    row = catalogue.find(command.verb) if catalogue else None
    return row.then is Then.SASL if row else command.verb == "AUTH"


def _is_answer(line: str, catalogue: Catalogue | None) -> bool:
    """Below an AUTH: anything that could be base64 and is no command that we know."""
    verb = Command(encode(line)).verb
    return (catalogue is None or verb not in catalogue) and (
        _LOOKS_ENCODED.fullmatch(line) is not None
    )


def _may_become(line: str, catalogue: Catalogue | None) -> bool:
    """Whether `line` is the beginning of a command that we know, or of a local one."""
    if _LOCAL_NAME.fullmatch(line):
        return True
    return any(row.verb.startswith(line.upper()) for row in catalogue or ())


def _characters(line: str, octets: int) -> int:
    """How many characters of `line` its first `octets` octets make.

    Not by decoding them: two surrogates side by side would come back as one character.
    """
    if line.isascii():
        return octets
    handler = _handler(line)
    seen = 0
    for index, character in enumerate(line):
        if seen >= octets:
            return index
        seen += len(character.encode("utf-8", handler))
    return len(line)


def _handler(line: str) -> str:
    """How surrogates become octets; those that no octet makes are typed by nobody."""
    strange = not line.isascii() and any(
        "\ud800" <= c <= "\udfff" and not "\udc80" <= c <= "\udcff" for c in line
    )
    return "surrogatepass" if strange else "surrogateescape"
