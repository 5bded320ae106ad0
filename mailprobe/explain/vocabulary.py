"""Explanations of what is said: commands, what servers offer, parameters and mechanisms."""

from collections.abc import Iterator, Sequence

from mailprobe.explain import texts
from mailprobe.explain.model import Explanation, Text
from mailprobe.explain.replying import catalogue_of
from mailprobe.explain.texts import joined, text
from mailprobe.protocol.catalogue import CommandSpec, Offer, Parameter, Standing
from mailprobe.protocol.grammar import OFFER
from mailprobe.protocol.model import Protocol, State
from mailprobe.safe import safe

_STATES = {
    State.CONNECT: "the link is up, no greeting yet",
    State.GREETED: "before hello",
    State.READY: "after hello",
    State.MAIL: "after MAIL",
    State.RCPT: "after RCPT",
    State.BDAT: "between chunks",
    State.AUTHORIZATION: "before the login",
    State.TRANSACTION: "after the login",
}
_DEAD = (Standing.OBSOLETE, Standing.DEAD)
_WITH_MECHANISMS = ("AUTH", "SASL", "X-EXPS")  # the words behind them are mechanisms

Found = Iterator[Explanation]


def of_vocabulary(line: str, protocol: Protocol | None) -> Found:
    """All that a word is, and what those behind it are: AUTH PLAIN, MAIL FROM:<> SIZE=100."""
    words = line.upper().split()
    if not words:
        return
    head, rest = words[0], words[1:]
    yield from _of_verb(head, protocol)
    for each in _services(protocol):
        yield from of_offer(line, each, follow="=" in head)  # AUTH=PLAIN is nothing but an offer
    if not rest:
        yield from _of_parameter(head.partition("=")[0], protocol)
        yield from of_mechanism(head)
    for word in rest:
        if head.partition("=")[0] in _WITH_MECHANISMS:
            yield from of_mechanism(word)
        yield from _of_parameter(word.partition("=")[0], protocol, head)


def of_offer(line: str, protocol: Protocol, *, follow: bool = True) -> Found:
    """A line of the reply to EHLO or CAPA; `follow`: and the mechanisms that it names."""
    match = OFFER.match(line.encode("utf-8", "surrogateescape"))
    offer = None
    if match is not None:
        offer = _offers(protocol).get(match[1].decode("ascii").upper())
    if match is None or offer is None:
        return
    behind = (match[2] or b"").decode("utf-8", "surrogateescape")
    yield _of_offer(offer, protocol, behind)
    if follow and offer.keyword in _WITH_MECHANISMS:
        for word in behind.upper().split():
            yield from of_mechanism(word)


def of_mechanism(name: str) -> Found:
    """A SASL mechanism, upper case."""
    row = texts.terms()["mechanisms"].get(name)
    if row is not None:
        then = text("write AUTH {name} where the server offers it", name=name)
        kind = text("SASL mechanism")
        yield Explanation(name, text(row["says"]), None, then, row["reference"], kind)


def _services(protocol: Protocol | None) -> Sequence[Protocol]:
    """Those with a list of offers each: LMTP has that of SMTP."""
    if protocol is None:
        return (Protocol.SMTP, Protocol.POP3)
    return (Protocol.POP3,) if protocol is Protocol.POP3 else (Protocol.SMTP,)


def _offers(protocol: Protocol) -> dict[str, Offer]:
    if protocol is Protocol.POP3:
        from mailprobe.protocol.capabilities import CAPABILITIES

        return dict(CAPABILITIES)
    from mailprobe.protocol.extensions import EXTENSIONS

    return dict(EXTENSIONS)


def _of_offer(offer: Offer, protocol: Protocol, behind: str) -> Explanation:
    pop3 = protocol is Protocol.POP3
    kind = text("POP3 capability") if pop3 else text("{protocol} EHLO keyword", protocol="SMTP")
    parts = [
        text(form, words=", ".join(words))
        for form, words in (
            ("brings {words}", (*offer.verbs, *offer.parameters)),
            ("changes {words}", offer.affects),
        )
        if words
    ]
    return Explanation(
        " ".join(filter(None, (offer.keyword, safe(behind)))),
        text(offer.summary),
        text("behind it: {arguments}", arguments=text(offer.arguments))
        if offer.arguments
        else None,
        joined(parts) if parts else text("nothing to send: it tells how the server behaves"),
        offer.reference,
        kind,
    )


def _of_verb(verb: str, protocol: Protocol | None) -> Found:
    seen: list[tuple[CommandSpec, list[str]]] = []
    for each in Protocol if protocol is None else (protocol,):
        row = catalogue_of(each).find(verb)
        if row is None:
            continue
        same = next((names for known, names in seen if known == row), None)
        if same is not None:
            same.append(each.upper())
        else:
            seen.append((row, [each.upper()]))
    for row, names in seen:
        yield _of_row(row, "/".join(names))


def _of_row(row: CommandSpec, protocols: str) -> Explanation:
    states = joined(
        (text(words) for state, words in _STATES.items() if state in row.states), ", ", "\u3001"
    )
    now = [text("allowed in: {states}", states=states)]
    if row.needs:
        now.append(text("; only where {needs} is on offer", needs=row.needs))
    if row.standing in _DEAD:
        now.append(text("; dead: few servers still have it"))
    return Explanation(
        row.verb,
        text(row.summary),
        joined(now, "", ""),
        text("write {syntax}", syntax=row.syntax),
        row.reference,
        text("{protocol} command", protocol=protocols),
    )


def _of_parameter(name: str, protocol: Protocol | None, verb: str = "") -> Found:
    if protocol is Protocol.POP3:
        return
    for row in catalogue_of(Protocol.SMTP):
        for parameter in row.parameters:
            if parameter.name == name and verb in ("", row.verb):
                yield _of_row_parameter(row, parameter)


def _of_row_parameter(row: CommandSpec, parameter: Parameter) -> Explanation:
    form = "write {name} behind {verb} where {needs} is on offer"
    values = "|".join(parameter.values)
    valued = f"{parameter.name}={values}" if values else parameter.name
    then: Text = text(form, name=valued, verb=row.verb, needs=parameter.needs)
    kind = text("parameter of {verb}", verb=row.verb)
    return Explanation(
        parameter.name, text(parameter.summary), None, then, parameter.reference, kind
    )
