"""`mailprobe transcript fmt`: write transcripts as everybody writes them."""

from collections.abc import Mapping, Sequence

from mailprobe.commands.arguments import COLOR
from mailprobe.commands.parser import Parser
from mailprobe.commands.streams import Streams
from mailprobe.commands.transcripts import files
from mailprobe.errors import ExitStatus, Failure, Word
from mailprobe.render.wish import wants_color
from mailprobe.safe import safe
from mailprobe.transcript.changing.canonical import fmt
from mailprobe.transcript.parse import parse


def parser() -> Parser:
    """What may stand on the command line."""
    parser = Parser(
        prog="mailprobe transcript fmt",
        description="Rewrite transcripts in their canonical form, in which they mean the same.",
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; status 1 where something would change"
    )
    parser.add_rows([files.REWRITTEN, files.DIFF, COLOR])
    return parser


def run(argv: Sequence[str], env: Mapping[str, str], streams: Streams) -> ExitStatus:
    """Format.  Raises Failure."""
    asked = parser().parse_intermixed_args(argv)
    color = wants_color(asked.color, env, isatty=streams.on_terminal)

    def work(name: str, octets: bytes) -> Failure | None:
        wanted = fmt(parse(octets, name))
        if asked.diff or not asked.check:
            files.put(name, octets, wanted, streams, diff=asked.diff, color=color)
        if wanted == octets or not (asked.check or asked.diff):
            return None
        return Failure(Word.MISMATCH, f"{safe(name)} is not in canonical form")

    return files.each(asked.files, streams, work)
