"""Messages on their way: mail data to its lone dot, counted chunks, and a whole mail transaction.

They see the shell through `Shell` alone.  However large a file is, a block of it is held.
"""

from collections.abc import Callable, Iterable, Iterator

from mailprobe.errors import Failure, Word
from mailprobe.files import SourceFile
from mailprobe.maildata import LONGEST, Measure, Writer, measure
from mailprobe.protocol.items import Data, Phase, Raw
from mailprobe.protocol.model import Command, Protocol, Reply, State
from mailprobe.safe import safe
from mailprobe.session import Session
from mailprobe.shell.interface import Shell
from mailprobe.shell.local.table import tell
from mailprobe.value import frozen

_PIECE = 16 * 1024  # octets that are sent at once
_OVER = (State.CLOSED, State.UPDATE)
_OPEN = (State.MAIL, State.RCPT, State.BDAT)
Blocks = Callable[[], Iterator[bytes]]


@frozen
class Chunk:
    size: int  # octets
    last: bool = False  # LAST stands behind it


# ------------------------------------------------------------------------------------ what may be


def open_session(shell: Shell) -> Session:
    """The session, where it can still be talked to.  Raises Failure `usage`."""
    session = shell.session
    if session is None or session.closed or session.state in _OVER:
        raise _usage("there is no connection: /connect smtp sandbox makes one")
    if shell.switches.group is not None:
        raise _usage("lines are being collected: /pipeline go sends them, /pipeline drop does not")
    return session


def session_for_data(shell: Shell) -> Session:
    """The session, where mail data is due, or DATA may open it.  Raises Failure `usage`."""
    session = open_session(shell)
    if session.connection.phase is Phase.DATA:
        return session
    row = session.connection.catalogue.find("DATA")
    if row is None:
        raise _usage("mail is sent by SMTP or LMTP: /connect smtp sandbox opens such a session")
    if session.connection.phase is not Phase.COMMAND or session.state not in row.states:
        raise _usage(
            "DATA comes behind MAIL and an accepted RCPT: send those first, or all at once by /send"
        )
    return session


def session_for_mail(shell: Shell) -> Session:
    """The session, where a mail transaction may begin.  Raises Failure `usage`."""
    session = open_session(shell)
    if session.connection.catalogue.protocol is Protocol.POP3:
        raise _usage("mail is sent by SMTP or LMTP: /connect smtp sandbox opens such a session")
    if session.connection.phase is not Phase.COMMAND:
        raise _usage("not in the middle of mail data, or of a login: end that first")
    if session.state in _OPEN:
        raise _usage("a mail transaction is open: /body FILE goes on with it, RSET takes it back")
    return session


# -------------------------------------------------------------------------------------- mail data


def open_data(shell: Shell, session: Session) -> bool:
    """Send DATA where mail data is not open yet; whether it is now."""
    if session.connection.phase is not Phase.DATA:
        say(shell, session, b"DATA")
    return session.connection.phase is Phase.DATA


def write_data(shell: Shell, session: Session, blocks: Iterable[bytes]) -> bool:
    """Mail data up to its end, as the switches say, and its reply; False when interrupted."""
    switches, connection = shell.switches, session.connection
    fresh = connection.begins_line  # a line that was typed may have no end yet
    writer = Writer(ends=switches.file_ends, stuffing=switches.stuffing, fresh=fresh)
    session.transport.keep_pace()
    for block in blocks:
        for octets in _pieces(writer.feed(block)):
            # unstuffed, a lone dot of the text ends the data; the rest travels all the same
            item = Data(octets) if connection.phase is Phase.DATA else Raw(octets)
            if not shell.put(item):
                return False
    end = writer.finish()
    if connection.phase is not Phase.DATA:
        tell(shell, "a lone dot in the text has ended the mail data; the rest were commands")
        end = end.removesuffix(b".\r\n")
    item = Data(end) if connection.phase is Phase.DATA else Raw(end)
    return (not end or shell.put(item)) and shell.wait()


def _pieces(octets: bytes) -> Iterator[bytes]:
    """Small enough that a person sees how far a slow server has come."""
    for at in range(0, len(octets), _PIECE):
        yield octets[at : at + _PIECE]


def send_body(shell: Shell, session: Session, blocks: Iterable[bytes], name: str) -> None:
    """`name` as mail data, behind a DATA of ours where that was not sent yet."""
    if not open_data(shell, session):
        waits = session.connection.waiting
        why = "its go-ahead is owed still" if waits else "the server wants no mail data"
        tell(shell, f"nothing of {safe(name)} was sent: {why}")
        return
    write_data(shell, session, blocks)


# ----------------------------------------------------------------------------------------- chunks


def plan(text: str, size: int) -> list[Chunk]:
    """The chunks that `100,1,0,LAST` cuts `size` octets into.  Raises Failure `usage`."""
    *words, end = text.upper().split(",")
    sizes = words if end == "LAST" else [*words, end]
    if not all(one.isascii() and one.isdigit() and len(one) < 16 for one in sizes):
        raise _usage("chunks are octets with commas between, and LAST for the rest: 100,1,0,LAST")
    chunks = [Chunk(int(one)) for one in sizes]
    wanted = sum(chunk.size for chunk in chunks)
    if wanted > size:
        raise _usage(f"nothing was sent: the chunks want {wanted} octets, there are {size}")
    return [*chunks, Chunk(size - wanted, last=True)] if end == "LAST" else chunks


def send_chunks(shell: Shell, source: SourceFile, chunks: list[Chunk], *, pipelined: bool) -> bool:
    """BDAT after BDAT (RFC 3030), each after the reply to the last one, or all at once.

    False when interrupted, or at a refusal.
    """
    session, at = open_session(shell), 0
    session.transport.keep_pace()
    for chunk in chunks:
        if not _put_chunk(shell, chunk, source.blocks(at, chunk.size)):
            return False
        at += chunk.size
        if pipelined:
            continue
        if not shell.wait():
            return False
        last = session.last
        if last is not None and last.replies and last.replies[-1].refused:
            tell(shell, "the chunks behind it were not sent: RSET takes the transaction back")
            return False
    return shell.wait()


def _put_chunk(shell: Shell, chunk: Chunk, blocks: Iterable[bytes]) -> bool:
    line = f"BDAT {chunk.size}{' LAST' if chunk.last else ''}"
    if not shell.put(Command(line.encode())):
        return False
    return all(shell.put(Data(octets)) for block in blocks for octets in _pieces(block))


# ------------------------------------------------------------------------------ whole transactions


def deliver(shell: Shell, sender: str, recipients: list[str], blocks: Blocks) -> None:
    """MAIL, RCPT for each, and DATA; what became of each recipient is shown at the end."""
    session = session_for_mail(shell)
    found = measure(blocks())
    for advice in _advices(session, found):
        tell(shell, f"{advice}")
    opened = say(shell, session, _mail(session, sender, recipients, found))
    if opened is None or not opened.positive:
        _end_early(shell, session, opened)
        return
    verdicts: list[tuple[str, Reply]] = []
    for recipient in recipients:
        reply = say(shell, session, f"RCPT TO:<{recipient}>".encode("utf-8", "surrogateescape"))
        if reply is None or session.closed or session.state in _OVER:
            _end_early(shell, session, reply)
            return
        verdicts.append((recipient, reply))
    accepted = [recipient for recipient, reply in verdicts if reply.positive]
    if accepted and open_data(shell, session):
        if not write_data(shell, session, blocks()):
            tell(shell, "interrupted: nobody knows yet what became of the mail")
            return
        verdicts = _judged(session, verdicts)
    elif session.connection.waiting and not session.closed:
        _end_early(shell, session, None)
        return
    elif session.state not in _OVER and not session.closed:
        say(shell, session, b"RSET")
    _show(shell, verdicts)


def say(shell: Shell, session: Session, line: bytes) -> Reply | None:
    """Send a command, wait, and give the last reply to it; None when there is none."""
    command = Command(line)
    if not shell.put(command) or not shell.wait():
        return None
    last = session.last
    answered = last is not None and last.command is command and last.replies
    return last.replies[-1] if last is not None and answered else None


def needs_utf8(addresses: Iterable[str]) -> bool:
    """Whether an address is written in more than ASCII (RFC 6531)."""
    return not all(address.isascii() for address in addresses)


def _mail(session: Session, sender: str, recipients: list[str], found: Measure) -> bytes:
    """MAIL, with the parameters that the message needs and the server offers."""
    offers = session.connection.facts.offers or {}
    utf8 = needs_utf8([sender, *recipients]) or not found.headers.isascii()
    wanted = {
        "SIZE": (True, f"SIZE={found.size}"),
        "8BITMIME": (found.eight_bit, "BODY=8BITMIME"),
        "SMTPUTF8": (utf8, "SMTPUTF8"),
    }
    words = [f"MAIL FROM:<{sender}>"]
    words += [text for name, (needed, text) in wanted.items() if needed and name in offers]
    return " ".join(words).encode("utf-8", "surrogateescape")


def _advices(session: Session, found: Measure) -> Iterator[str]:
    """What may go wrong with the message; it is sent all the same."""
    offers = session.connection.facts.offers or {}
    if found.eight_bit and "8BITMIME" not in offers:
        yield "it has 8-bit octets, and the server offers no 8BITMIME (RFC 6152)"
    if found.longest > LONGEST:
        yield f"a line has {found.longest} octets, and {LONGEST} is the most (RFC 5322, 2.1.1)"
    if found.nul:
        yield "it holds NUL, which no mail may (RFC 5322, section 4)"


def _end_early(shell: Shell, session: Session, reply: Reply | None) -> None:
    if reply is None and not session.closed:
        tell(shell, "interrupted: the mail transaction may be open, RSET takes it back")
    else:
        tell(shell, "nothing of the message was sent")


def _judged(session: Session, verdicts: list[tuple[str, Reply]]) -> list[tuple[str, Reply]]:
    """The last word on each recipient: LMTP says one for each (RFC 2033, section 4.2)."""
    last = session.last
    said = [reply for reply in last.replies if reply.code != "354"] if last is not None else []
    lmtp = session.connection.catalogue.protocol is Protocol.LMTP
    judged, answers = [], iter(said)
    for recipient, reply in verdicts:
        if reply.positive and said:
            reply = next(answers, reply) if lmtp else said[-1]
        judged.append((recipient, reply))
    return judged


def _show(shell: Shell, verdicts: list[tuple[str, Reply]]) -> None:
    rows = [
        (recipient, reply.verdict.value if reply.refused else "sent", reply.lines[-1])
        for recipient, reply in verdicts
    ]
    shell.table(("recipient", "verdict", "the server's words"), rows)


def _usage(sentence: str) -> Failure:
    return Failure(Word.USAGE, sentence)
