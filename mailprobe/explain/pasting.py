"""What somebody has pasted: lines of a dialogue, as they stand on a screen or in a transcript.

Here is only who said what; what it means is told elsewhere.
"""

import re
from collections.abc import Sequence

from mailprobe.patterns import pattern
from mailprobe.protocol.model import Reply, Verdict
from mailprobe.value import frozen

# As lines stand on our screen, and in transcripts.
_MARK = pattern(r"([<>CS])(?:\*|[0-9]*:)? +")
_SIDES = {"<": "S", ">": "C"}
_CODE = pattern(r"([2-5][0-9]{2})(?:[ -](.*))?", re.DOTALL)
_STATUS = pattern(r"(\+ok|-err|\+)(?: +(.*))?", re.DOTALL | re.IGNORECASE)


@frozen
class Said:
    """What the client said ("": nothing), and the lines of the server behind it."""

    client: str
    server: tuple[str, ...]


def lines_of(words: Sequence[str]) -> list[tuple[str, str]]:
    """The lines with something in them: the side that a mark names (C, S or ""), and the text."""
    found = []
    for line in " ".join(words).translate({0: " ", 13: "\n"}).split("\n"):
        text = line.strip()
        mark = _MARK.match(text)
        if mark and (mark[1] not in "CS" or mark[0].rstrip().endswith(":")):
            found.append((_SIDES.get(mark[1], mark[1]), text[mark.end() :]))
        elif text:
            found.append(("", text))
    return found


def exchanges_of(lines: Sequence[tuple[str, str]]) -> list[Said]:
    """Each line of the client with what the server says to it.

    Where no mark tells the sides, the first line is the client's unless it is a reply, and all
    others are the server's; but behind a reply that waits for more (334, 354, "+") the client
    speaks until there is another one.
    """
    found: list[tuple[str, list[str]]] = []
    awaited = False  # the server waits for more
    for side, text in lines:
        reply = reply_of([text])
        if side == "C" or (side == "" and reply is None and (awaited or not found)):
            found.append((text, []))
        elif found:
            found[-1][1].append(text)
        else:
            found.append(("", [text]))
        if reply is not None:
            awaited = reply.verdict is Verdict.GO_ON
    return [Said(client, tuple(server)) for client, server in found]


def reply_of(lines: Sequence[str]) -> Reply | None:
    """The reply that the lines begin with; None: they do not begin with one."""
    texts: list[str] = []
    code = ""
    for line in lines:
        match = _CODE.fullmatch(line) or _STATUS.fullmatch(line)
        if match is None or (code and match[1].upper() != code):
            break
        code = match[1].upper()
        texts.append((match[2] or "").strip())
        if code[0] in "+-":
            break
    if not code:
        return None
    return Reply.of(code, *(text.encode("utf-8", "surrogateescape") for text in texts))
