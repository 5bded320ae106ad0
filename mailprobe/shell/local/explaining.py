"""Local commands that explain: commands, codes, and who takes the mail of a domain."""

from collections.abc import Iterator

from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.codes import REPLY_CODES, RESPONSE_CODES
from mailprobe.protocol.model import Protocol
from mailprobe.render.tables import Own
from mailprobe.safe import safe
from mailprobe.shell.interface import Shell
from mailprobe.shell.local import meanings
from mailprobe.shell.local.table import Argument, LocalCommand, Malformed, tell, usage

_TITLE = 20  # columns of the name of a room


def _help(shell: Shell, argument: str) -> None:
    word = argument.split()[0] if argument else ""
    if word.lower() in _OVERVIEWS:
        _OVERVIEWS[word.lower()](shell)
        return
    if word.startswith("/"):
        from mailprobe.shell.local.commands import COMMANDS  # it holds this module's rows, too

        row = COMMANDS.get(word[1:].lower())
        if row is None:
            raise usage(f"there is no local command {safe(word)}")
        tell(shell, row.syntax, indent=4)
        tell(shell, f"  {row.summary}")
        return
    if text := _explain_code(word.upper()):
        tell(shell, text)
        return
    rows = (catalogue.find(word.upper()) for catalogue in _catalogues(shell))
    known = next((row for row in rows if row is not None), None)
    if known is not None:
        shell.explain(known)
        return
    sentences = list(dict.fromkeys(_explain_keyword(shell, word.upper())))
    if not sentences:
        raise usage(
            f"nothing is known about {safe(word)}: write a verb, a code, what a server offers, "
            "a parameter or a /command"
        )
    for sentence in sentences:
        tell(shell, sentence)


def _overview(shell: Shell) -> None:
    """What fits on the smallest screen: the names, and where there is more."""
    from mailprobe.shell.local.commands import ROOMS

    tell(
        shell,
        "What you type goes to the server, byte for byte. A line that begins with / "
        "is for mailprobe; //x sends /x. Ctrl-] opens one local command anywhere.",
        indent=0,
    )
    if verbs := _legal_now(shell):
        shell.write("\n")
        tell(shell, f"The server takes now: {' '.join(verbs)}")
    shell.write("\n")
    for title, room in ROOMS.items():
        names = " ".join(f"/{row.name}" for row in room.ROWS)
        tell(shell, f"{title:<{_TITLE}}{names}")
    shell.write("\n")
    for sentence in (
        "/help RCPT, /help 550, /help /save tell what one is; /help all, what these do.",
        "Tab completes; a dim text behind the cursor says what is still missing.",
    ):
        tell(shell, sentence, indent=0)


def _legal_now(shell: Shell) -> list[str]:
    """The verbs that the table allows where the session stands."""
    if shell.session is None or shell.session.closed:
        return []
    from mailprobe.shell.typing.complete import completions
    from mailprobe.shell.typing.suggestion import NOTHING

    connection = shell.session.connection
    found = completions("", connection.facts, connection.catalogue, NOTHING)
    return [one.text.split()[0] for one in found if one.apt]


def _all(shell: Shell) -> None:
    from mailprobe.shell.local.commands import COMMANDS

    shell.table(
        ("local command", "what it does"),
        [(Own(row.syntax), row.summary) for row in COMMANDS.values()],
    )


_OVERVIEWS = {"": _overview, "all": _all}


def _catalogues(shell: Shell) -> list[Catalogue]:
    """The catalogue that is spoken; without a connection, all of them."""
    if shell.session is not None:
        return [shell.session.connection.catalogue]
    from mailprobe.protocol.pop3 import POP3
    from mailprobe.protocol.smtp import LMTP, SMTP

    return [SMTP, POP3, LMTP]


def _explain_code(code: str) -> str:
    from mailprobe.protocol import enhanced  # 81 codes, where somebody asks for one

    meaning = (
        REPLY_CODES.get(code)
        or RESPONSE_CODES.get(code.strip("[]"))
        or enhanced.enhanced_meaning(code)
    )
    return f"{code}: {meaning}" if meaning else ""


def _explain_keyword(shell: Shell, word: str) -> Iterator[str]:
    """What a word of an offer says, or a parameter of that name."""
    from mailprobe.protocol.capabilities import CAPABILITIES
    from mailprobe.protocol.extensions import EXTENSIONS

    for catalogue in _catalogues(shell):
        offers = CAPABILITIES if catalogue.protocol is Protocol.POP3 else EXTENSIONS
        if (offer := offers.get(word)) is not None:
            behind = f"; behind it: {offer.arguments}" if offer.arguments else ""
            yield f"{word} on offer: {offer.summary}{behind} ({offer.reference})"
        for row in catalogue:
            for parameter in row.parameters:
                if parameter.name == word:
                    yield f"{word} of {row.verb}: {parameter.summary} ({parameter.reference})"


def _mx(shell: Shell, argument: str) -> None:
    if not argument:
        raise Malformed
    from mailprobe import lookup
    from mailprobe.shell.connections.patience import answer_to
    from mailprobe.transport.link import Interrupted

    limit = min(lookup.LIMIT, shell.settings.timeout)
    try:
        answer = answer_to(
            lambda: lookup.next_hop(argument, server=shell.name_server, limit=limit), shell.wakeup
        )
    except Interrupted:
        tell(shell, "interrupted")
        return
    if answer.hosts:
        shell.table(
            ("preference", "host", "addresses"),
            [
                (str(host.preference), host.name, ", ".join(host.addresses) or host.trouble)
                for host in answer.hosts
            ],
        )
    tell(shell, answer.sentence)


ROWS = (
    LocalCommand(
        "help",
        "/help [VERB|CODE|/COMMAND|all]",
        "explain a command, a code, or these",
        _help,
        Argument.TOPIC,
    ),
    *meanings.ROWS,
    LocalCommand("mx", "/mx DOMAIN", "show who takes the mail of a domain", _mx, Argument.TEXT),
)
