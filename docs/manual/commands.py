"""Pages of the commands: one for each verb, and one for each protocol that lists them."""

from collections.abc import Iterator

from mailprobe.protocol.catalogue import Catalogue, CommandSpec, Parameter, Shape, Then
from mailprobe.protocol.codes import REPLY_CODES
from mailprobe.protocol.model import Protocol
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import LMTP, SMTP
from manual.excerpts import Excerpt, Excerpts
from manual.explained import brief, layers, meaning
from manual.markdown import (
    anchor,
    code,
    facts,
    fence,
    heading,
    link,
    paragraph,
    reference,
    slug,
    table,
    text,
)

CATALOGUES = (SMTP, LMTP, POP3)

_ABOUT = {
    Protocol.SMTP: "SMTP (RFC 5321) takes mail from one machine to the next.",
    Protocol.LMTP: "LMTP (RFC 2033) is SMTP for the last step, into mailboxes: it says hello by "
    "LHLO, and answers once for each recipient behind the lone dot.",
    Protocol.POP3: "POP3 (RFC 1939) fetches mail from a maildrop.",
}
# Beyond its reply, what a command brings about.
_THEN = {
    Then.DATA: "The go-ahead opens mail data, up to a lone dot.",
    Then.CHUNK: "So many octets follow the command line at once, without a go-ahead.",
    Then.TLS: "The go-ahead is followed by the TLS handshake.",
    Then.SASL: "Challenges follow, each answered by a line in base64.",
    Then.CLOSE: "The server closes the connection.",
    Then.REVERSE: "Client and server swap their roles.",
    Then.RESTART: "The session begins anew, with a hello.",
}


def pages(excerpts: Excerpts) -> Iterator[tuple[str, str]]:
    """Name and Markdown of each page."""
    for catalogue in CATALOGUES:
        protocol = catalogue.protocol
        yield f"reference/{protocol}/index.md", _overview(catalogue)
        for row in catalogue:
            if not shared(protocol, row):
                yield page_of(protocol, row), _command(protocol, row, excerpts)


def page_of(protocol: Protocol, row: CommandSpec) -> str:
    """The name of the page of a command; one that LMTP has as SMTP has it stands there."""
    where = Protocol.SMTP if shared(protocol, row) else protocol
    return f"reference/{where}/{slug(row.verb)}.md"


def shared(protocol: Protocol, row: CommandSpec) -> bool:
    """Whether the row is that of SMTP, in LMTP."""
    return protocol is Protocol.LMTP and SMTP.find(row.verb) == row


def _overview(catalogue: Catalogue) -> str:
    protocol = catalogue.protocol
    rows = [
        (
            link(code(row.verb), f"../../{page_of(protocol, row)}"),
            text(row.summary),
            text(row.standing),
            reference(row.reference),
        )
        for row in catalogue
    ]
    about = paragraph(_ABOUT[protocol])
    listed = table(("command", "what it does", "standing", "reference"), rows)
    return heading(1, f"Commands of {protocol.upper()}") + about + listed


def _command(protocol: Protocol, row: CommandSpec, excerpts: Excerpts) -> str:
    return "".join(
        [
            f"---\ntitle: {row.verb}\n---\n\n",
            heading(1, f"{code(row.verb)} in {protocol.upper()}"),
            fence("text", [row.syntax]),
            meaning([row.verb], protocol, "command"),
            _facts(protocol, row),
            _section("Arguments", _parameters(row.arguments)),
            _section("Parameters", _parameters(row.parameters, row.verb)),
            _section("Replies", _replies(protocol, row)),
            _example(excerpts.of(protocol, row)),
        ]
    )


def _section(title: str, body: str) -> str:
    return heading(2, title) + body if body else ""


def _facts(protocol: Protocol, row: CommandSpec) -> str:
    offers = "capabilities" if protocol is Protocol.POP3 else "extensions"
    needs = link(code(row.needs), f"../{offers}.md#{slug(row.needs)}") if row.needs else ""
    rows = [
        ("standing", text(row.standing)),
        ("allowed in", ", ".join(code(state) for state in sorted(row.states))),
        ("leads to", code(row.after or "")),
        ("needs", needs),
        ("the reply", text(_lines(row.shape)) if protocol is Protocol.POP3 else ""),
        ("and then", text(_THEN.get(row.then, ""))),
        ("in a group", text(_grouped(protocol, row))),
        ("secret", text("what follows is never shown or kept" if row.secret else "")),
        ("reference", reference(row.reference)),
    ]
    return facts(rows)


def _grouped(protocol: Protocol, row: CommandSpec) -> str:
    if row.pipelined:
        return "may be followed by another command before its reply (PIPELINING)"
    return "must be the last of a group" if protocol is not Protocol.POP3 else ""


def _lines(shape: Shape) -> str:
    """How long the reply is."""
    names = {"ONE": "one line", "MULTI": "lines up to a lone dot", "DATA": "one line, then data"}
    argued, bare = names[shape.argued.name], names[shape.bare.name]
    if argued == bare:
        return argued
    return f"{argued} with an argument, {bare} without"


def _parameters(parameters: tuple[Parameter, ...], verb: str = "") -> str:
    rows = [
        (
            anchor(slug(one.name)) + code(one.name),
            _said_of(one, verb),
            ", ".join(code(value) for value in one.values) or text(one.kind),
            reference(one.reference),
        )
        for one in parameters
    ]
    return table(("name", "what it says", "value", "reference"), rows)


def _said_of(one: Parameter, verb: str) -> str:
    """What a parameter says; of one of `verb` in Chinese, too, for explain knows those."""
    brought = ", ".join(_reply(name) for name in one.replies)
    sentences = [
        text(f"{one.summary[0].upper()}{one.summary[1:]}."),
        "May be left out." if one.optional and not one.needs else "",
        f"Needs {_offer(one.needs)}." if one.needs else "",
        *(f"{code(value)} needs {_offer(needs)}." for value, needs in one.value_needs.items()),
        f"May bring {brought}." if brought else "",
        f"<br>{brief([one.name], Protocol.SMTP, f'parameter of {verb}')}" if verb else "",
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _offer(keyword: str) -> str:
    """An EHLO keyword, with a link to what it says."""
    return link(code(keyword), f"../extensions.md#{slug(keyword)}")


def _replies(protocol: Protocol, row: CommandSpec) -> str:
    parts = []
    for name in row.meanings:
        parts.append(heading(3, text(name), f"reply-{slug(name)}"))
        parts.append(layers([row.verb, name], protocol))
    return "".join(parts)


def _reply(name: str) -> str:
    """A reply code, with a link to where it is told of in general."""
    return link(code(name), f"../replies.md#{slug(name)}") if name in REPLY_CODES else code(name)


def _example(excerpt: Excerpt | None) -> str:
    if excerpt is None:
        return ""
    where = f"From the transcript {code(f'transcripts/{excerpt.source}')}:\n\n"
    return heading(2, "An exchange") + where + fence("mpt-lines", excerpt.lines)
