"""What may stand behind a slash: the names of local commands, and what each of them takes."""

from collections.abc import Callable, Iterator
from itertools import islice

from mailprobe.patterns import pattern
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.codes import REPLY_CODES, RESPONSE_CODES
from mailprobe.protocol.facts import Facts
from mailprobe.protocol.model import Protocol
from mailprobe.protocol.sasl import MECHANISMS
from mailprobe.safe import safe
from mailprobe.shell.local.table import Argument, LocalCommand
from mailprobe.shell.typing.quoting import quoted, unquoted
from mailprobe.shell.typing.suggestion import (
    SHOWN,
    Found,
    Known,
    Suggestion,
    begins,
    in_case,
    message_numbers,
)
from mailprobe.value import frozen

_LOOKED_AT = 500  # entries of a folder
_SCHEMES = ("smtp", "smtps", "submission", "submissions", "lmtp", "pop3", "pop3s")
_PROTOCOLS = {
    Protocol.SMTP: "Simple Mail Transfer Protocol, RFC 5321",
    Protocol.LMTP: "Local Mail Transfer Protocol, RFC 2033",
    Protocol.POP3: "Post Office Protocol, RFC 1939",
}
_OPTION = pattern(r"--[a-z-]+")
_WORD = pattern(r"(?<=[\[|])[a-z]+(?=[\]|])")


@frozen
class _Place:
    """A word behind the name of a local command that is being typed."""

    row: LocalCommand
    before: tuple[str, ...]  # whole words
    typed: str
    facts: Facts
    catalogue: Catalogue | None
    known: Known


def local_completions(
    line: str, facts: Facts, catalogue: Catalogue | None, known: Known
) -> list[Suggestion]:
    """What a line that begins with a slash may become, in any state.  Never raises.

    Where no name begins so, those that hold what was typed: /view is a part of /raw-view.
    """
    name, blank, rest = line.partition(" ")
    if not blank:
        found = (
            Suggestion(in_case(_with_blank(row), line), 0, f"/{row.name}", row.summary)
            for row in known.rows
            if begins(f"/{row.name}", line)
        )
        begun = [one for one in found if one.text != line][:SHOWN]
        known_names = {f"/{row.name}" for row in known.rows}
        return begun if begun or line.lower() in known_names else _holding(line, known)
    row = next((row for row in known.rows if f"/{row.name}" == name.lower()), None)
    if row is None:
        return []
    if row.argument is Argument.FILE and not _second(rest) and not rest.startswith("--"):
        return list(islice(_files(rest, len(line), known), SHOWN))
    *before, typed = rest.split(" ")
    place = _Place(row, tuple(filter(None, before)), typed, facts, catalogue, known)
    function = _options if typed.startswith("-") else _ARGUMENTS.get(row.argument, _nothing)
    return [
        Suggestion(text, len(line) - len(typed), text.strip(), meta, apt)
        for text, meta, apt in islice(function(place), SHOWN)
        if text != typed
    ]


def _holding(line: str, known: Known) -> list[Suggestion]:
    return [
        Suggestion(_with_blank(row), 0, f"/{row.name}", row.summary)
        for row in known.rows
        if line[1:].lower() in row.name
    ]


def _with_blank(row: LocalCommand) -> str:
    return f"/{row.name}" + ("" if row.argument is Argument.NOTHING else " ")


def _second(rest: str) -> bool:
    """Whether the first word is over."""
    words, opened = unquoted(rest)
    return len(words) > 1 or (bool(words) and not opened and rest.endswith(" "))


def _nothing(place: _Place) -> Found:
    yield from ()


def _words(place: _Place) -> Found:
    if place.before:
        return
    for word in _WORD.findall(place.row.syntax):
        if word.startswith(place.typed.lower()):
            yield word, "", True


def _options(place: _Place) -> Found:
    for option in _OPTION.findall(place.row.syntax):
        if option.startswith(place.typed) and option not in place.before:
            yield option, "", True


def _files(rest: str, end: int, known: Known) -> Iterator[Suggestion]:
    """Names in the folder that the word leads to; those that begin with a dot when asked for."""
    words, opened = unquoted(rest)
    word = words[-1] if words else ""
    mark = opened if opened in ("'", '"') else ""
    folder, slash, beginning = word.rpartition("/")
    start = end - len(rest)
    for name, is_folder in sorted(islice(known.names_in(folder + slash), _LOOKED_AT)):
        if not name.startswith(beginning) or (name[0] == "." and not beginning):
            continue
        if not name.isprintable():
            continue  # nobody could type it, and it could reach the terminal
        tail = "/" if is_folder else ""
        text = quoted(folder + slash + name + tail, mark, whole=not is_folder)
        if text != rest:
            yield Suggestion(text, start, name + tail, "folder" if is_folder else "")


def _targets(place: _Place) -> Found:
    words: list[tuple[str, str]] = []
    if not place.before:
        words += [(f"{protocol} ", what) for protocol, what in _PROTOCOLS.items()]
    if place.before or place.catalogue is not None:  # else nobody knows what to speak with it
        words.append(("sandbox", "the practice server, started when it is needed"))
        words += _sandboxes(place.typed)
    words += place.known.targets
    if not place.before:
        words += [(f"{scheme}://", "a URL") for scheme in _SCHEMES]
    for text, meta in words:
        if begins(text, place.typed):
            yield in_case(text, place.typed), meta, True


def _sandboxes(typed: str) -> list[tuple[str, str]]:
    """Profiles and faults of the practice server, for whoever has begun to name one."""
    before, slash, name = typed.partition("/")
    if slash and before.lower() == "sandbox":
        return [(f"sandbox/{word}", meta) for word, meta in _characters(name)]
    before, plus, name = typed.partition("+")
    if plus and before.lower() == "sandbox":
        return [(f"sandbox+{word}", meta) for word, meta in _faults("", name)]
    return []


def _characters(typed: str) -> list[tuple[str, str]]:
    from mailprobe.sandbox.profiles import PROFILES  # where somebody asks for them

    name, plus, faults = typed.partition("+")
    if plus:
        return _faults(f"{name}+", faults)
    return [(row.name, row.summary) for row in PROFILES.values()]


def _faults(head: str, typed: str) -> list[tuple[str, str]]:
    from mailprobe.sandbox.faults.table import FAULTS

    before = head + typed[: typed.rfind("+") + 1]
    return [(before + row.name, row.summary) for row in FAULTS.values()]


def _profiles(place: _Place) -> Found:
    if not place.before:
        for text, meta in _characters(place.typed):
            if begins(text, place.typed):
                yield text, meta, True


def _topics(place: _Place) -> Found:
    if place.before:
        return
    for row in place.catalogue or ():
        if begins(row.verb, place.typed):
            yield in_case(row.verb, place.typed), row.summary, True
    if "all".startswith(place.typed):
        yield "all", "every local command, and what it does", True
    for local in place.known.rows:
        if f"/{local.name}".startswith(place.typed):
            yield f"/{local.name}", local.summary, True
    for code, meaning in (*REPLY_CODES.items(), *RESPONSE_CODES.items()):
        if begins(code, place.typed):
            yield in_case(code, place.typed), meaning, True


def _explained(place: _Place) -> Found:
    """What can be explained: the switch, verbs, what is on offer, codes."""
    if place.before:
        return
    for word, meta in (("on", "explain each reply below it"), ("off", "explain when asked")):
        if begins(word, place.typed):
            yield word, meta, True
    for row in place.catalogue or ():
        if begins(row.verb, place.typed):
            yield in_case(row.verb, place.typed), row.summary, True
    for keyword, arguments in (place.facts.offers or {}).items():
        if begins(keyword, place.typed) and keyword not in (place.catalogue or ()):
            yield in_case(keyword, place.typed), f"on offer {safe(arguments[:100])}", True
    for code, meaning in REPLY_CODES.items():
        if begins(code, place.typed):
            yield in_case(code, place.typed), meaning, True
    for code, meaning in RESPONSE_CODES.items():
        if begins(f"[{code}]", place.typed):
            yield in_case(f"[{code}]", place.typed), meaning, True


def _settings(place: _Place) -> Found:
    settings = place.known.settings
    if not place.before:
        for name, values in settings.items():
            if begins(name, place.typed):
                yield f"{name} ", " | ".join(values), True
    elif len(place.before) == 1:
        for value in settings.get(place.before[0].lower(), ()):
            if begins(value, place.typed):
                yield value, "", True


def _mechanisms(place: _Place) -> Found:
    if place.before:
        return
    offered = place.facts.mechanisms
    for name in sorted(MECHANISMS, key=lambda name: name not in offered):
        if begins(name, place.typed):
            apt = name in offered
            meta = "offered by the server" if apt else "not offered"
            yield in_case(f"{name} ", place.typed), meta, apt


def _messages(place: _Place) -> Found:
    if not place.before:
        yield from message_numbers(place.facts, place.known, place.typed)


def _sessions(place: _Place) -> Found:
    if not place.before:
        for number, meta in place.known.sessions:
            if number.startswith(place.typed):
                yield number, meta, True


_ARGUMENTS: dict[Argument, Callable[[_Place], Found]] = {
    Argument.WORD: _words,
    Argument.TARGET: _targets,
    Argument.CHARACTER: _profiles,
    Argument.TOPIC: _topics,
    Argument.EXPLAINED: _explained,
    Argument.SETTING: _settings,
    Argument.MECHANISM: _mechanisms,
    Argument.MESSAGE: _messages,
    Argument.SESSION: _sessions,
}
