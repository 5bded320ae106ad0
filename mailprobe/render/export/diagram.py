"""A dialogue as a sequence diagram in Mermaid's language."""

from collections.abc import Iterator

from mailprobe.patterns import pattern
from mailprobe.render.export.options import Options
from mailprobe.render.export.spoken import Kind, Turn, turns
from mailprobe.render.wording import chosen, title_of
from mailprobe.transcript.model import Transcript

_ROWS = 6  # of what is said in one breath
_LONGEST = 100  # characters of a row
# Letters, digits, and what means nothing to Mermaid anywhere in a text; all else by its number.
_PLAIN = pattern(r"[^\W_]|[ .,:@/=+*'!?()\[\]…-]")
# It mends what looks like these before it reads the numbers, and breaks them.
_WORDS = pattern(r"s(?=tyle)|c(?=lassDef)|w(?=rap:)")
_MANY = (Kind.DATA, Kind.BODY)


def diagram(transcript: Transcript, options: Options) -> str:
    """`sequenceDiagram` and its lines."""
    title = title_of(transcript, chosen(transcript, options.language))
    spoken = list(turns(transcript, language=options.language, read=options.read))
    connections = sorted({turn.connection for turn in spoken if turn.side} | {1})
    rows = [f"title {written(title)}", "participant C as Client"]
    for number in connections:
        peer = transcript.head.peers.get(number)
        protocol = f" ({peer.protocol})" if peer and peer.protocol else ""
        rows.append(f"participant S{number} as Server{written(protocol)}")
    over = f"C,S{connections[-1]}"
    rows += (row for breath in _breaths(spoken) for row in _said(breath, over))
    return "".join(["sequenceDiagram\n", *(f"    {row}\n" for row in rows)])


def written(text: str) -> str:
    """`text` so that Mermaid shows it, and reads nothing into it."""
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    numbers = {match.start() for match in _WORDS.finditer(text)}
    return "".join(
        character if at not in numbers and _PLAIN.match(character) else f"#{ord(character)};"
        for at, character in enumerate(text)
    )


def _breaths(spoken: list[Turn]) -> Iterator[list[Turn]]:
    """Lines that are one arrow: a reply of several lines, mail data, a body."""
    breath: list[Turn] = []
    for turn in spoken:
        if turn.kind is Kind.PAUSE:
            continue
        if breath and not _goes_on(breath[-1], turn):
            yield breath
            breath = []
        breath.append(turn)
    if breath:
        yield breath


def _goes_on(before: Turn, turn: Turn) -> bool:
    if (before.side, before.connection) != (turn.side, turn.connection):
        return False
    if turn.side and turn.kind is Kind.REMARK:
        return True  # what else the reply must hold
    if before.kind is not turn.kind:
        return False
    return turn.kind in _MANY or (turn.kind is Kind.REPLY and before.text[3:4] == "-")


def _said(breath: list[Turn], over: str) -> list[str]:
    first = breath[0]
    if not first.side:
        return [f"Note over {over}: {written(turn.text)}" for turn in breath]
    texts = [written(turn.text) for turn in breath[:_ROWS]]
    if len(breath) > _ROWS:
        texts[-1] = f"… {len(breath) - _ROWS + 1} more lines"
    server = f"S{first.connection}"
    arrow = f"C->>{server}" if first.side == "C" else f"{server}-->>C"
    return [f"{arrow}: {'<br/>'.join(texts) or '#160;'}"]
