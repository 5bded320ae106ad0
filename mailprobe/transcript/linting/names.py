"""What lint says of names: those without a value, those without a use, secrets in the open."""

import re
from collections.abc import Iterator

from mailprobe.patterns import pattern
from mailprobe.transcript.linting.notes import Note, Tell, about
from mailprobe.transcript.model import (
    Assert,
    Function,
    Pattern,
    Piece,
    Pieces,
    Place,
    Placeholder,
    TlsLine,
    Transcript,
    Wire,
)
from mailprobe.transcript.steps import Write
from mailprobe.transcript.talks.names import Names, Trouble, arguments
from mailprobe.transcript.talks.walkthrough import Walkthrough
from mailprobe.transcript.values import LIVE

_BROKEN = pattern(rb"[\r\n\0]")  # more than one line
_IMPLIED = ("user", "password", "token")  # what {=sasl} and {=apop} look for
# A host to which anything may be said, and which a file may name: this machine.
_NEAR = pattern(
    r"sandbox(?:[/+].*)?|unix:.*|/.*"
    r"|(?:[a-z0-9+]+://)?\[?(?:localhost|127(?:\.[0-9]{1,3}){3}|::1)\]?(?::[0-9]+)?/?",
    re.IGNORECASE,
)
_OWN = pattern(r"sandbox[/+].+", re.IGNORECASE)


def is_near(connect: str) -> bool:
    """Whether that is this machine, or nothing that anybody knows."""
    return not connect or _NEAR.fullmatch(connect) is not None


def is_own(connect: str) -> bool:
    """Whether each run has that server, and its maildrops, for itself."""
    return _OWN.fullmatch(connect) is not None


def check_names(transcript: Transcript, walkthrough: Walkthrough, tell: Tell) -> None:
    """Names that nothing gives a value, secrets that are none, and those that everybody reads."""

    def told(trouble: Trouble) -> None:
        note = Note(
            *(trouble.place, trouble.width, trouble.line.text, trouble.sentence),
            error=True,
        )
        tell(note)

    values, matrices = walkthrough.values, {each.name for each in transcript.head.matrices}
    broken = {name: name in matrices for name, value in values.items() if _BROKEN.search(value)}
    names = Names(set(values), transcript.head.peers, told, broken)
    names.look(walkthrough.steps)
    _check_public(transcript, walkthrough, tell)


def _check_public(transcript: Transcript, walkthrough: Walkthrough, tell: Tell) -> None:
    """A password that stands in the file, for a server that is not on this machine."""
    settings = {setting.name: setting for setting in transcript.settings()}
    headers = {line.place[:2]: line for line in transcript.headers}
    if not settings:
        return
    for step in walkthrough.each():
        if not isinstance(step, Write) or is_near(transcript.head.peers[step.connection].connect):
            continue
        for name in _in_secret_places(step):
            header = headers.get(settings[name].place[:2]) if name in settings else None
            if header is not None:
                sentence = (
                    f"whoever reads the file reads {{{name}}}: without set {name}: it is a secret"
                )
                tell(about(header, sentence))


def _in_secret_places(step: Write) -> Iterator[str]:
    for line, secret in zip(step.lines, step.secret, strict=True):
        if isinstance(line, Wire):
            for index in sorted(secret):
                yield from _secrets(line.pieces[index]) if index < len(line.pieces) else ()


def _secrets(piece: Piece) -> tuple[str, ...]:
    """The names whose values a piece in a secret place tells."""
    match piece:
        case Placeholder(name=name):
            return (name,)
        case Function(word=word) if word in LIVE:
            return tuple(arguments(piece)) or _IMPLIED[1:]
        case _:
            return tuple(arguments(piece))


# -------------------------------------------------------------------------------- unused names


def check_unused(transcript: Transcript, tell: Tell) -> None:
    """`set` and `matrix` that nobody asks for."""
    used = set(used_names(transcript))
    headers = {line.place.line: line for line in transcript.headers}
    defined: list[tuple[str, Place]] = [
        (each.name, each.place) for each in transcript.head.settings
    ]
    defined += [(each.name, each.place) for each in transcript.head.matrices]
    for name, place in defined:
        if name not in used:
            tell(about(headers[place.line], f"{{{name}}} is used nowhere"))


def used_names(transcript: Transcript) -> Iterator[str]:
    """Every name that is asked for, or captured."""
    for setting in transcript.settings():
        yield from _names(setting.pieces)
    for line in transcript.walk():
        match line:
            case Wire(pieces=pieces) | Pattern(pieces=pieces):
                yield from _names(pieces)
            case TlsLine(version=version):
                yield from _names(version or ())
            case Assert(fact=fact, value=value):
                yield fact
                yield from _names(value)
            case _:
                pass


def _names(pieces: Pieces) -> Iterator[str]:
    for piece in pieces:
        match piece:
            case Placeholder(name=name):
                yield name
            case Function(word=word):
                yield from arguments(piece)
                yield from _IMPLIED if word in LIVE else ()
            case _:
                pass
