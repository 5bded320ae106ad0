"""The three layers of a reply: what it says, why it came now, and what to do next.

The texts stand in tables; here is only how the right row is found.  From the most certain to the
least: words of the server that leave nothing open, whatever code stands before them; what the
reply itself says by its finer codes, then its reply code, then its first digit.  With each, the
server's own words count first, then this command before any command, and these circumstances
before any.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, product

from mailprobe.explain import texts
from mailprobe.explain.model import Explanation, Text
from mailprobe.explain.texts import joined, text
from mailprobe.patterns import pattern
from mailprobe.protocol import codes, enhanced
from mailprobe.protocol.catalogue import Catalogue, CommandSpec
from mailprobe.protocol.facts import Facts
from mailprobe.protocol.model import Command, Protocol, Reply, State
from mailprobe.safe import safe
from mailprobe.value import frozen

GREETING, UNSOLICITED, ANY = "greeting", "unsolicited", "*"  # moments besides the verbs

_HELLOS = ("EHLO", "HELO", "LHLO")  # what is said of them names each as it is
_LOOKED_AT = 2000  # octets of a reply in which words are looked for
_REPLY_CODES = "RFC 5321, section 4.2.3"
_GREETINGS = {"220": ("ready", "RFC 5321, section 3.1"), "+OK": ("ready", "RFC 1939, section 4")}
_FIRST_DIGIT = "RFC 5321, section 4.3.2"
_RESPONSE_CODES = "RFC 2449, section 8"
_PATH = pattern(r"<[^<>]*>")  # somebody's address may hold any word
# A command of POP3 in a state that is not its own (RFC 1939, section 3).
_MISPLACED = {State.AUTHORIZATION: "early", State.TRANSACTION: "late"}
# By its finer code a reply says no more than by its reply code: "other or undefined" (those that
# end in 0), and what the dialogue itself is wrong about.
_VAGUE = pattern(r"[245X]\.(?:[0-9]+\.0|5\.[124]|1\.5)")
_REFUSALS = ("4", "5")
_ANY_CLASS = "X"


@frozen
class Moment:
    """When a reply came: `name` is a verb or one of the constants above."""

    name: str
    row: CommandSpec | None = None
    circumstances: tuple[str, ...] = ()


_MALFORMED = "malformed"
# The server has not even looked at what was asked.
_UNTRIED = frozenset((_MALFORMED, "order", _MISPLACED[State.TRANSACTION]))


def of_reply(reply: Reply, command: Command | None, facts: Facts) -> Explanation | None:
    """Explain a reply to `command`; without one, the greeting, or what came unasked.

    `facts` as they stand after the reply: so they are when an observer is told of it.  None: the
    code is none that any of the protocols has.
    """
    circumstances = tuple(_circumstances(command, facts))
    if command is None:
        greeted = facts.greeting == b" ".join(reply.texts)
        return of_moment(reply, Moment(GREETING if greeted else UNSOLICITED, None, circumstances))
    row = catalogue_of(facts.protocol).find(command.verb)
    return of_moment(reply, Moment(command.verb if row else ANY, row, circumstances))


def of_moment(reply: Reply, moment: Moment) -> Explanation | None:
    """The same, where somebody knows the moment."""
    if (general := _general(reply.code)) is None:
        return None
    finer = _finer(reply)
    vague = [code for code in finer if _VAGUE.fullmatch(code)]
    certain = [code for code in finer if code not in vague]
    # without a verb even a vague code tells more: 2.1.5 is about a recipient
    middle = [vague, [reply.code]] if moment.name == ANY else [[reply.code], vague]
    now, then = layers_of([certain, *middle, [general]], moment, reply)
    meanings = [_meaning(reply, moment), *(_finer_meaning(code, moment, reply) for code in certain)]
    said = [one for one in meanings if one is not None]
    return Explanation(
        " ".join(filter(None, (reply.code, _shown(reply)))),
        joined(meaning for meaning, _ in said),
        now,
        then,
        _sources([reference for _, reference in said]),
        _kind(reply.code, moment),
    )


def layers_of(
    levels: Sequence[Sequence[str]], moment: Moment, reply: Reply | None = None
) -> tuple[Text | None, Text | None]:
    """Why now, and what next: each from the first row that has it.

    `levels` are codes, the most telling first; on each level what the server's own words give
    away counts before everything else.
    """
    now, then = None, None
    for row in chain(_plain_rows(moment, reply), _rows(levels, moment, reply)):
        now, then = now or row.now, then or row.next
    if Protocol.LMTP in moment.circumstances and moment.name not in _HELLOS:
        return _for_lmtp(now), _for_lmtp(then)
    return now, then


def _for_lmtp(layer: Text | None) -> Text | None:
    """The same where LHLO stands for EHLO (RFC 2033, section 4.1)."""
    return layer and Text(layer.en.replace("EHLO", "LHLO"), layer.zh.replace("EHLO", "LHLO"))


def _rows(
    levels: Sequence[Sequence[str]], moment: Moment, reply: Reply | None
) -> Iterator[texts.Layers]:
    """All rows that fit, the best first."""
    names = _names(moment)
    wordings = _wordings(reply, moment) if reply is not None else ()
    hints = _found(texts.hints(), reply) if reply is not None else ()
    circumstances = (*moment.circumstances, *hints)
    if moment.name in (GREETING, UNSOLICITED):  # no code says as much as the moment itself
        yield from _known(_keys_of(levels, (moment.name,), wordings, circumstances))
    yield from _known(_keys_of(levels, names, wordings, circumstances))


def _plain_rows(moment: Moment, reply: Reply | None) -> Iterator[texts.Layers]:
    """The rows of words that leave nothing open, whatever finer code stands before them."""
    if reply is not None and (digit := reply.code[0]) in _REFUSALS:
        levels = (reply.code, digit, _ANY_CLASS)
        keys = product(_wordings(reply, moment), levels, _names(moment))
        yield from _known(f"{name} {code} {where}" for where, code, name in keys)


def _known(keys: Iterable[str]) -> Iterator[texts.Layers]:
    table = texts.layers()
    return (table[key] for key in keys if key in table)


def _names(moment: Moment) -> tuple[str, ...]:
    return (moment.name, ANY) if moment.row is not None else (ANY,)


def _keys_of(
    levels: Sequence[Sequence[str]],
    names: Sequence[str],
    wordings: Sequence[str],
    circumstances: Sequence[str],
) -> Iterator[str]:
    for candidates in levels:
        for where, code, name in product(wordings, candidates, names):
            yield f"{name} {code} {where}"
        for code, name, where in product(candidates, names, (*circumstances, "")):
            yield f"{name} {code} {where}".rstrip()


def catalogue_of(protocol: Protocol) -> Catalogue:
    """The rows of a protocol."""
    if protocol is Protocol.POP3:
        from mailprobe.protocol.pop3 import POP3

        return POP3
    from mailprobe.protocol.smtp import LMTP, SMTP

    return LMTP if protocol is Protocol.LMTP else SMTP


def code_meaning(code: str) -> tuple[Text, str]:
    """What a reply code says anywhere, and who says so; one that nobody knows, by its digit."""
    if (meaning := codes.REPLY_CODES.get(code)) is None:
        return text("no RFC knows this code: the first digit alone counts"), _FIRST_DIGIT
    return text(meaning), _reference(code, _REPLY_CODES)


def enhanced_meaning(code: str) -> tuple[Text, str]:
    """The same of an enhanced status code: its class, and its own meaning or its subject's."""
    level, subject, _ = code.split(".")
    parts = [text(enhanced.CLASSES[level])] if level in enhanced.CLASSES else []
    entry = enhanced.entry_of(code)
    if meaning := entry.meaning if entry else enhanced.SUBJECTS.get(subject):
        parts.append(text(meaning))
    if entry is None or entry.reference != "RFC 3463":
        return joined(parts, ": ", "\uff1a"), entry.reference if entry else "RFC 3463, section 2"
    # one section for each subject: 3.1 for X.0, 3.8 for X.7
    return joined(parts, ": ", "\uff1a"), f"RFC 3463, section 3.{int(subject) + 1}"


def response_meaning(code: str) -> tuple[Text, str]:
    """The same of a POP3 response code, without its brackets."""
    meaning = codes.RESPONSE_CODES.get(code)
    if meaning is None:
        return text("no RFC knows this code: it says why a command was refused"), _RESPONSE_CODES
    return text(meaning), _reference(f"[{code}]", _RESPONSE_CODES)


def _sources(references: Sequence[str]) -> str:
    """Each once; of an RFC with a section and without, the one with it."""
    known = dict.fromkeys(part for one in references for part in one.split("; "))
    return "; ".join(
        one for one in known if not any(other.startswith(f"{one}, section") for other in known)
    )


def _reference(code: str, default: str) -> str:
    row = texts.terms()["codes"].get(code)
    return row["reference"] if row else default


def _general(code: str) -> str | None:
    """The first digit of a reply code, or the status indicator."""
    if code in ("+OK", "-ERR", "+"):
        return code
    return code[0] if code[:1] in "2345" and len(code) == 3 else None


def _finer(reply: Reply) -> list[str]:
    """The finer codes that a reply carries, each before the row for all classes."""
    if reply.code[0] in "+-":
        return [f"[{code}]"] if (code := reply.response_code) else []
    return levels_of(reply.enhanced) if reply.enhanced is not None else []


def levels_of(code: str) -> list[str]:
    """An enhanced status code, and the row for both classes of failure where it is one."""
    return [code] if code.startswith("2") else [code, f"X{code[1:]}"]


def _finer_meaning(code: str, moment: Moment, reply: Reply) -> tuple[Text, str] | None:
    if code.startswith("X"):  # the row behind the one that is named
        return None
    if code.startswith("["):
        meaning, reference = response_meaning(code[1:-1])
    else:
        meaning, reference = enhanced_meaning(code)
        if worded := _worded(_rows([levels_of(code)], moment, reply)):
            meaning = worded[0]
    shown = safe(code)
    return Text(f"{shown}: {meaning.en}", f"{shown}\uff1a{meaning.zh}"), reference


def _meaning(reply: Reply, moment: Moment) -> tuple[Text, str]:
    code, row = reply.code, moment.row
    if moment.name == GREETING and code in _GREETINGS:
        meaning, reference = _GREETINGS[code]
        return text(meaning), reference
    rows = chain(_plain_rows(moment, reply), _rows([[code]], moment, reply))
    if worded := _worded(rows):
        return worded[0], worded[1] or _reference(code, _REPLY_CODES)
    if row is None or code not in row.meanings:
        return code_meaning(code)
    told = (*moment.circumstances, *_wordings(reply, moment))
    if code == "-ERR" and not _UNTRIED.isdisjoint(told):
        return code_meaning(code)[0], row.reference  # what -ERR says of the thing itself is not it
    return text(row.meanings[code]), row.reference


def _worded(rows: Iterable[texts.Layers]) -> tuple[Text, str | None] | None:
    """What a code says in these words, and who says so, by the first row that knows."""
    return next(((row.says, row.reference) for row in rows if row.says is not None), None)


def _shown(reply: Reply) -> str:
    finer = _finer(reply)
    return safe(finer[0]) if finer else ""


def _kind(code: str, moment: Moment) -> Text:
    if moment.name in (GREETING, UNSOLICITED):
        return text({GREETING: "greeting", UNSOLICITED: "unsolicited reply"}[moment.name])
    if moment.name != ANY:
        return text("reply to {verb}", verb=moment.name)
    return text("status indicator" if code[0] in "+-" else "reply code")


def _wordings(reply: Reply, moment: Moment) -> tuple[str, ...]:
    """Circumstances that tell most: how the command was written, the server's own words."""
    written = tuple(one for one in moment.circumstances if one == _MALFORMED)
    return written + _found(texts.wordings(), reply)


def _found(table: "Mapping[str, re.Pattern[str]]", reply: Reply) -> tuple[str, ...]:
    octets = b" ".join(reply.texts)[:_LOOKED_AT].lower()
    said = _PATH.sub("", octets.decode("latin-1"))
    return tuple(name for name, words in table.items() if words.search(said))


def _circumstances(command: Command | None, facts: Facts) -> Iterator[str]:
    """What else is known of the moment, the most telling first."""
    if command is not None:
        yield from _of_command(command, facts)
    if facts.authenticated:
        yield "authenticated"
    yield facts.state.value
    yield "tls" if facts.tls else "clear"
    yield facts.protocol.value


def _of_command(command: Command, facts: Facts) -> Iterator[str]:
    row = catalogue_of(facts.protocol).find(command.verb)
    if row is None:
        yield "unheard"
    else:
        if row.says_last(command):
            yield "last"
        if facts.state in _MISPLACED and facts.state not in row.states:
            yield _MISPLACED[facts.state]
        elif not row.pattern.fullmatch(command.argument):
            yield _MALFORMED
        yield "known"
    yield "argued" if command.argument.strip() else "bare"
