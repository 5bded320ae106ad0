"""`mailprobe transcript loosen`: placeholders in the place of what is volatile."""

from collections.abc import Mapping, Sequence

from mailprobe.commands.arguments import COLOR
from mailprobe.commands.parser import Parser
from mailprobe.commands.streams import Streams
from mailprobe.commands.transcripts import files
from mailprobe.errors import ExitStatus, Failure
from mailprobe.render.wish import wants_color
from mailprobe.transcript.changing.loosen import loosen
from mailprobe.transcript.load import load
from mailprobe.transcript.parse import parse


def parser() -> Parser:
    """What may stand on the command line."""
    parser = Parser(
        prog="mailprobe transcript loosen",
        description="Turn dates, queue ids, hosts, counts and unique-ids into placeholders.",
    )
    parser.add_rows([files.REWRITTEN, files.DIFF, COLOR])
    return parser


def run(argv: Sequence[str], env: Mapping[str, str], streams: Streams) -> ExitStatus:
    """Loosen.  Raises Failure."""
    asked = parser().parse_intermixed_args(argv)
    color = wants_color(asked.color, env, isatty=streams.on_terminal)

    def work(name: str, octets: bytes) -> Failure | None:
        piped = name == files.STANDARD_INPUT
        made = loosen(parse(octets, name) if piped else load(name))
        files.put(name, octets, made, streams, diff=asked.diff, color=color)
        return None

    return files.each(asked.files, streams, work)
