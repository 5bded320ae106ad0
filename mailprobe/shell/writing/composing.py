"""/send: what its words ask for, what is asked of the person, and the way to `compose`.

It sees the shell through `Shell` alone.
"""

from collections.abc import Sequence
from pathlib import Path

from mailprobe.errors import Failure, Word
from mailprobe.files import SourceFile
from mailprobe.messages import compose
from mailprobe.messages.compose import Choice, Order
from mailprobe.messages.delivery import Delivery
from mailprobe.messages.dispatch import Blocks, Style
from mailprobe.messages.envelope import Envelope
from mailprobe.protocol.model import Command
from mailprobe.safe import safe
from mailprobe.session import Session
from mailprobe.shell.interface import Shell
from mailprobe.shell.local.table import tell
from mailprobe.shell.writing import delivering
from mailprobe.value import replace

_PIPELINED = Choice(
    "--pipelined",
    "",
    "the envelope as one write",
    lambda order, value: setattr(order, "pipelining", True),
)
_CHOICES = {choice.option: choice for choice in (*compose.CHOICES, _PIPELINED)}


def read_order(words: Sequence[str]) -> Order | None:
    """The order that the words of /send write; None where they are not well formed.

    Raises Failure `usage` for an address, a header or a parameter that cannot be.
    """
    order = Order()
    left = list(words)
    while left:
        word = left.pop(0)
        if not word.startswith("--"):
            order.files.append(word)
            continue
        name, equals, value = word.partition("=")
        choice = _CHOICES.get(name)
        if choice is None or (equals and not choice.metavar):
            return None
        if not equals and choice.metavar and not choice.metavar.startswith("["):
            if not left:
                return None
            value = left.pop(0)
        choice.take(order, value)
    whole = len(order.files) <= 1 and not (order.files and order.composes)
    return order if whole else None


def send(shell: Shell, order: Order) -> None:
    """Compose, or take the file, and send it.  Raises Failure."""
    session = delivering.session_for_mail(shell)
    _ask_missing(shell, order)
    switches, envelope = shell.switches, order.envelope()
    style = replace(order.style(), ends=switches.file_ends, stuffing=switches.stuffing)
    if order.files:
        with SourceFile(Path(order.files[0]).expanduser()) as source:
            if _say_hello(shell, session):
                _deliver(shell, envelope, style, source.blocks)
        return
    letter = compose.letter_of(order)
    if not _say_hello(shell, session):
        return
    delivering.refuse(session, envelope)
    octets = compose.octets_of(letter, utf8=envelope.utf8)
    _deliver(shell, envelope, style, lambda: iter([octets]))


def _deliver(shell: Shell, envelope: Envelope, style: Style, blocks: Blocks) -> None:
    """Send it; what became of each recipient is shown at the end."""
    session = delivering.session_for_mail(shell)
    delivery = Delivery(delivering.channel_of(shell), session, envelope, style)
    delivery.run(blocks)
    rows = [
        (one.recipient, one.fate.value, one.reply.lines[-1])
        for one in delivery.judged
        if one.reply is not None
    ]
    if rows:
        shell.table(("recipient", "verdict", "the server's words"), rows)
    if names := delivery.queue_ids:
        tell(shell, f"queued as {', '.join(map(safe, names))}")


def _ask_missing(shell: Shell, order: Order) -> None:
    if order.sender is None:
        order.sender = shell.ask("From: ").strip()
        if not order.sender:
            raise _usage("nothing was sent: --from says who sends it, <> is nobody")
    if not order.recipients:
        order.recipients = compose.addresses_in(shell.ask("To: "))
        if not order.recipients:
            raise _usage("nothing was sent: --to says who shall have it")
    if not order.says_text and not order.files:
        if order.subject is None:
            order.subject = shell.ask("Subject: ").strip()
        tell(shell, "Text, up to a lone dot (Ctrl-C: nothing is sent):", indent=0)
        order.text = shell.ask_text()
        if order.text is None:
            raise _usage("nothing was sent: the text did not come to its dot")


def _say_hello(shell: Shell, session: Session) -> bool:
    """EHLO or LHLO, where nobody has said it; whether mail may be sent now."""
    if session.connection.facts.offers is not None:
        return True
    line = session.hello_line()
    reply = delivering.say(shell, session, line)
    if reply is None or not reply.positive:
        verb = safe(Command(line).verb)
        tell(shell, f"nothing was sent: {verb} comes first, and was not accepted")
        return False
    return True


def _usage(sentence: str) -> Failure:
    return Failure(Word.USAGE, sentence)
