"""What may come next in a typed line, from the table and from what the server has said.

Nothing is hidden: what does not fit here stands last and says why.  Pure: no terminal, and
nothing is ever sent to find out more.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice

from mailprobe.patterns import pattern
from mailprobe.protocol import xtext
from mailprobe.protocol.catalogue import (
    Catalogue,
    CommandSpec,
    Kind,
    Parameter,
    Standing,
    Then,
)
from mailprobe.protocol.facts import Facts
from mailprobe.protocol.model import Command, State
from mailprobe.shell.typing.arguments import local_completions
from mailprobe.shell.typing.mask import encode
from mailprobe.shell.typing.suggestion import (
    NOTHING,
    SHOWN,
    Found,
    Known,
    Suggestion,
    begins,
    in_case,
    message_numbers,
    shown_octets,
)
from mailprobe.value import frozen

LINE = pattern(r"[ \t]*([^ \t]*)([ \t]?)(.*)", re.DOTALL)
PATH = pattern(r'(?:"(?:[^"\\]|\\.)*"|[^">])*>', re.DOTALL)  # what follows "<", and its ">"
_ADDRESS = pattern(r".+@[^@ ]+", re.DOTALL)  # with a domain, perhaps not a whole one yet
_MECHANISM = pattern(r"[A-Z0-9_-]{1,20}")  # RFC 4422, section 3.1
_MOMENT = pattern(r"[0-9]{4}-[0-9:TZ.+-]{6,36}")
_GONE = (Standing.OBSOLETE, Standing.DEAD)
_ORDER = {state: place for place, state in enumerate(State)}


def completions(
    line: str, facts: Facts, catalogue: Catalogue | None, known: Known = NOTHING
) -> list[Suggestion]:
    """What may stand at the end of `line`, best first, at most `SHOWN` of them.

    `known.rows` are the local commands, which a slash opens.  Without a catalogue there is no
    connection, and only they exist: they are found without their slash, too; when it has ended
    they come first.  Mail data is not completed: there every line is payload.  An answer to AUTH
    is, where nothing is typed yet.  Never raises.
    """
    if facts.state is State.DATA:
        return []
    if facts.state is State.AUTH:
        return [] if line else [_answer(*one) for one in known.answers()]
    if line.startswith("/"):
        return local_completions(line, facts, catalogue, known)
    if catalogue is None:
        return [] if " " in line else local_completions(f"/{line}", facts, None, known)
    found = (
        one for one in _candidates(line, facts, catalogue, known) if one.text != line[one.start :]
    )
    over = facts.state is State.CLOSED and not line
    first = local_completions("/", facts, catalogue, known) if over else []
    return list(islice(chain(first, found), SHOWN))


def _answer(text: str, meta: str) -> Suggestion:
    """What answers a challenge: a menu shows no more of it than a prompt does."""
    return Suggestion(text, 0, text if text == "*" else "****", meta)


def _candidates(
    line: str, facts: Facts, catalogue: Catalogue, known: Known
) -> Iterator[Suggestion]:
    match = LINE.fullmatch(line)
    assert match is not None  # the pattern matches every text
    if not match[2]:
        yield from _verbs(match[1], match.start(1), facts, catalogue)
        return
    row = catalogue.find(Command(encode(match[1])).verb)
    if row is None:
        return
    place = _Place(line, match.start(3), match[1], row, facts, catalogue, known)
    yield from _after_prefix(place) if row.prefix else _positional(place)


# ------------------------------------------------------------------------------------- verbs


def _verbs(
    typed: str, start: int, facts: Facts, catalogue: Catalogue, *, bare: bool = False
) -> Iterator[Suggestion]:
    """Verbs that begin with `typed`: the legal ones, the early ones, the gone ones.

    Of the legal ones those come first that few states allow, for they lead on.  `bare` is the
    verb alone, as HELP wants it.
    """
    rows = [row for row in catalogue if begins(row.verb, typed)]
    reasons = {row.verb: why_not(row, facts, catalogue) for row in rows}
    rows.sort(key=lambda row: _place_of(row, reasons[row.verb]))
    for row in rows:
        whole = row.verb if bare else _with_form(row, typed)
        meta = row.summary if bare else reasons[row.verb] or row.summary
        apt = bare or not reasons[row.verb]
        yield Suggestion(in_case(whole, typed), start, whole.rstrip(), meta, apt)


def _place_of(row: CommandSpec, reason: str) -> tuple[int, bool, int]:
    if reason:
        return (2 if row.standing in _GONE else 1), False, 0
    return 0, row.standing is Standing.VENDOR, len(row.states)


def _with_form(row: CommandSpec, typed: str) -> str:
    """The verb and the fixed text behind it; no blank where the line may end with the verb."""
    if row.prefix:
        return f"{row.verb} {row.prefix}"
    complete = len(typed) == len(row.verb) and bool(row.arguments)
    return f"{row.verb} " if complete or not row.bare else row.verb


def why_not(row: CommandSpec, facts: Facts, catalogue: Catalogue) -> str:
    """Why the command does not fit where the session stands, in a few words; "" if it does."""
    if row.standing in _GONE:
        return f"{row.standing}: {row.reference}"
    if facts.state not in row.states:
        return _out_of_place(row, facts, catalogue)
    if row.then is Then.TLS and facts.tls:
        return "TLS is on already"
    if row.then is Then.SASL and facts.authenticated:
        return "logged in already"
    if row.needs and facts.offers is not None and row.needs not in facts.offers:
        return f"{row.needs} was not offered"
    return ""


def _out_of_place(row: CommandSpec, facts: Facts, catalogue: Catalogue) -> str:
    if facts.state is State.CONNECT:
        return "needs the greeting first"
    if facts.state is State.CLOSED:
        return "the connection is closed"
    states = sorted(row.states, key=_ORDER.__getitem__)
    if states and _ORDER[facts.state] < _ORDER[states[0]]:
        for other in catalogue:
            if other.after in row.states and other is not row and other.standing not in _GONE:
                return f"needs {other.verb} first"
    return f"belongs to state {', '.join(states)}"


# --------------------------------------------------------------------------------- arguments


@frozen
class _Place:
    """An argument that is being typed, and what it belongs to."""

    line: str
    start: int  # where the argument begins in `line`
    verb: str  # as typed
    row: CommandSpec
    facts: Facts
    catalogue: Catalogue
    known: Known

    @property
    def argument(self) -> str:
        return self.line[self.start :]

    def suggest(
        self, text: str, typed: str, meta: str, *, tail: str = "", apt: bool = True
    ) -> Suggestion:
        """`text`, in the case that was typed, in the place of `typed` at the end of the line."""
        shaped = in_case(text, typed, self.verb)
        return Suggestion(shaped + tail, len(self.line) - len(typed), text.strip(), meta, apt)


def _after_prefix(place: _Place) -> Iterator[Suggestion]:
    """FROM:<, the closing bracket, then parameters."""
    argument, prefix = place.argument, place.row.prefix
    path = place.row.arguments[0]
    if len(argument) < len(prefix):
        if begins(prefix, argument):
            yield place.suggest(prefix, argument, path.summary)
        return
    if not begins(argument[: len(prefix)], prefix):
        return
    match = PATH.match(argument, len(prefix))
    if match is None:
        yield from _paths(place, argument[len(prefix) :])
        return
    yield from _parameters(place, argument[match.end() :])


def _paths(place: _Place, typed: str) -> Iterator[Suggestion]:
    """Addresses with their bracket; nobody beside them, and the bracket behind a whole one.

    Where there is one suggestion alone it is inserted: no bracket behind half an address.
    """
    path, found = place.row.arguments[0], [*_addresses(place, typed), *_mailboxes(place, typed)]
    yield from found
    nobody = not typed and found and path.kind is Kind.REVERSE_PATH
    if nobody or (not found and _ADDRESS.fullmatch(typed)):
        yield Suggestion(">", len(place.line), ">", f"ends the {path.name}")


def _mailboxes(place: _Place, typed: str) -> Iterator[Suggestion]:
    """Those of a server of ours that were not used before."""
    used = {used.address for used in place.known.addresses()}
    for address in place.known.mailboxes:
        if begins(address, typed) and address not in used:
            text = f"{typed}{address[len(typed) :]}>"
            yield Suggestion(text, len(place.line) - len(typed), address, "of the sandbox")


def _addresses(place: _Place, typed: str) -> Iterator[Suggestion]:
    """Addresses that were used before, those in the same place first; the bracket included."""
    role = place.row.verb
    found = [used for used in place.known.addresses() if begins(used.address, typed)]
    found = [used for used in found if len(used.address) > len(typed)]
    here = {used.address for used in found if used.role == role}
    found = [used for used in found if used.role == role or used.address not in here]
    found.sort(key=lambda used: used.role != role)
    for used in found:
        elsewhere = "" if used.role == role else f" in {used.role}"
        text = typed + used.address[len(typed) :]
        meta = f"{used.code} last time{elsewhere}"
        yield Suggestion(f"{text}>", len(place.line) - len(typed), used.address, meta)


def _parameters(place: _Place, rest: str) -> Iterator[Suggestion]:
    """Parameters that were offered and are not there yet; `rest` is what follows the path."""
    if rest and rest[0] not in " \t":
        return
    *before, word = re.split(r"[ \t]", rest) if rest else ["", ""]
    name, equals, value = word.partition("=")
    for parameter in offered(place.row, place.facts):
        if equals and parameter.name == name.upper():
            yield from _values(place, parameter, value)
        elif not equals and begins(parameter.name, name) and not _used(parameter, before):
            blank = "" if rest else " "
            text = parameter.name if _stands_alone(parameter) else f"{parameter.name}="
            yield place.suggest(blank + text, name, _offer_meta(parameter, place.facts))


def offered(row: CommandSpec, facts: Facts) -> list[Parameter]:
    """The parameters of `row` that the server has offered, in the order of the table."""
    offers = facts.offers or {}
    return [parameter for parameter in row.parameters if parameter.needs in offers]


def values_on_offer(parameter: Parameter, facts: Facts) -> tuple[str, ...]:
    """The values of `parameter` without those that are an extension of their own, not offered.

    BODY=BINARYMIME is one (RFC 3030, section 3).
    """
    offers = facts.offers or {}
    needed = parameter.value_needs
    return tuple(v for v in parameter.values if v not in needed or needed[v] in offers)


def _stands_alone(parameter: Parameter) -> bool:
    return parameter.optional or parameter.kind is Kind.FLAG


def _used(parameter: Parameter, words: Iterable[str]) -> bool:
    return any(word.partition("=")[0].upper() == parameter.name for word in words)


def _offer_meta(parameter: Parameter, facts: Facts) -> str:
    """The server's own words about the parameter, then ours."""
    said = (facts.offers or {}).get(parameter.needs, "")[:100]
    if not said or (said == "0" and parameter.kind is Kind.NUMBER):  # RFC 1870, section 4: no limit
        return parameter.summary
    word = "limit" if _limit(parameter, facts) else "server:"
    return f"{word} {shown_octets(said)}; {parameter.summary}"


def _limit(parameter: Parameter, facts: Facts) -> int:
    """The number that the server has said of a parameter that takes one; 0 where it has none."""
    said, _, _ = (facts.offers or {}).get(parameter.needs, "").partition(" ")
    number = parameter.kind is Kind.NUMBER and said.isascii() and said.isdigit() and len(said) < 20
    return int(said) if number else 0


def _values(place: _Place, parameter: Parameter, typed: str) -> Iterator[Suggestion]:
    """Values of a parameter; of a comma list, the one behind the last comma."""
    used: list[str] = []
    if parameter.kind is Kind.KEYWORDS:
        *used, typed = typed.split(",")
    limit = _limit(parameter, place.facts)
    one_more = "one octet too many" if parameter.name == parameter.needs else "one too many"
    for number, meta in ((limit, "the server's limit"), (limit + 1, one_more)):
        if limit and str(number).startswith(typed):
            yield place.suggest(str(number), typed, meta)
    if parameter.kind is Kind.DATE_TIME:  # RFC 4865, section 3: the latest is said
        _, _, latest = (place.facts.offers or {}).get(parameter.needs, "").partition(" ")
        if _MOMENT.fullmatch(latest) and latest.startswith(typed):
            yield place.suggest(latest, typed, "the server's latest")
    if parameter.kind is Kind.XTEXT and (right := _as_xtext(typed)) != typed:
        yield Suggestion(right, len(place.line) - len(typed), right, "the same as xtext, RFC 3461")
    for value in values_on_offer(parameter, place.facts):
        if begins(value, typed) and value not in (str(limit), *map(str.upper, used)):
            yield place.suggest(value, typed, parameter.summary)


def _as_xtext(typed: str) -> str:
    """What was typed, with what xtext may not hold as `+HH`; a type before `;` stays."""
    kind, semicolon, rest = typed.rpartition(";")
    if kind.lower() == "utf-8" or typed in ("<", "<>"):  # RFC 6533, RFC 4954: not written in it
        return typed
    right = xtext.encode(xtext.decode(encode(rest))).decode("ascii")
    return kind + semicolon + right


def _positional(place: _Place) -> Iterator[Suggestion]:
    words = re.findall(r"[^ \t]+", place.argument)
    typed = words.pop() if words and place.argument[-1] not in " \t" else ""
    arguments = place.row.arguments
    index = len(words)
    if arguments and arguments[-1].kind is Kind.ATTRIBUTES:  # as many as one likes
        index = min(index, len(arguments) - 1)
    if index >= len(arguments):
        return
    if (function := _KINDS.get(arguments[index].kind)) is not None:
        more = index + 1 < len(arguments) and not arguments[index + 1].optional
        for text, meta, apt in function(place, arguments[index], typed):
            yield place.suggest(text, typed, meta, tail=" " if more else "", apt=apt)


def _message_numbers(place: _Place, parameter: Parameter, typed: str) -> Found:
    return message_numbers(place.facts, place.known, typed)


def _lines(place: _Place, parameter: Parameter, typed: str) -> Found:
    for text, meta in (("0", "the header alone"), ("10", "the header and ten lines")):
        if text.startswith(typed):
            yield text, meta, True


def _mechanisms(place: _Place, parameter: Parameter, typed: str) -> Found:
    for name in place.facts.mechanisms:
        if _MECHANISM.fullmatch(name) and begins(name, typed):
            yield name, "offered by the server", True


def _keywords(place: _Place, parameter: Parameter, typed: str) -> Found:
    for value in parameter.values:
        if begins(value, typed):
            yield value, parameter.summary, True


def _attributes(place: _Place, parameter: Parameter, typed: str) -> Found:
    for name in parameter.values:
        if begins(name, typed):
            yield f"{name}=", parameter.summary, True


def _help_topics(place: _Place, parameter: Parameter, typed: str) -> Found:
    for found in _verbs(typed, 0, place.facts, place.catalogue, bare=True):
        yield found.display, found.meta, True


_KINDS: dict[Kind, Callable[[_Place, Parameter, str], Found]] = {
    Kind.MESSAGE_NUMBER: _message_numbers,
    Kind.LINES: _lines,
    Kind.MECHANISM: _mechanisms,
    Kind.KEYWORD: _keywords,
    Kind.LANGUAGE: _keywords,
    Kind.ATTRIBUTES: _attributes,
    Kind.VERB: _help_topics,
}
