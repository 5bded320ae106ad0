"""`mailprobe man`: the manual page."""

from collections.abc import Mapping, Sequence

from mailprobe.commands.parser import Parser
from mailprobe.commands.streams import Streams
from mailprobe.errors import ExitStatus


def parser() -> Parser:
    """What may stand on the command line."""
    return Parser(
        prog="mailprobe man",
        description="Print the manual page, in roff: mailprobe man | man -l -",
    )


def run(argv: Sequence[str], env: Mapping[str, str], streams: Streams) -> ExitStatus:
    """Print.  Raises Failure `usage`."""
    parser().parse_args(argv)
    from mailprobe.commands.forms import forms
    from mailprobe.commands.manual import page

    streams.write(page(forms()))
    return ExitStatus.OK
