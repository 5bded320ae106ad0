"""What the sandbox says to HELP."""

from collections.abc import Iterable

from mailprobe.protocol.catalogue import CommandSpec
from mailprobe.sandbox.parameters import not_done


def help_lines(rows: Iterable[CommandSpec], topic: str, ticket: str = "") -> tuple[str, ...]:
    """About the command `topic`, or about all of them (""); `rows` are those that there are.

    `ticket` is what the users complain of, and stands in front of the latter.

    Raises NotDone for a topic that nobody knows.
    """
    rows = tuple(rows)
    if not topic:
        return (
            *((f"2.0.0 Ticket: {ticket}",) if ticket else ()),
            "2.0.0 These commands are carried out, HELP with one of them says more:",
            f"2.0.0 {' '.join(row.verb for row in rows)}",
        )
    row = next((row for row in rows if row.verb == topic), None)
    if row is None:
        raise not_done("504", "5.5.4 There is no help about this; HELP alone lists commands")
    lines = (f"The form is {row.syntax}", row.summary, row.reference)
    return tuple(f"2.0.0 {line}" for line in lines)
