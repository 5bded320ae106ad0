"""`mailprobe transcript diff`: what two transcripts say differently."""

from collections.abc import Mapping, Sequence

from mailprobe.commands import streams as standard
from mailprobe.commands.arguments import COLOR
from mailprobe.commands.parser import Parser
from mailprobe.commands.streams import Streams
from mailprobe.commands.transcripts import files
from mailprobe.errors import ExitStatus
from mailprobe.render.differences import painted
from mailprobe.render.wish import wants_color
from mailprobe.transcript.changing.difference import difference
from mailprobe.transcript.load import load
from mailprobe.transcript.model import Transcript, Unreadable
from mailprobe.transcript.parse import parse


def parser() -> Parser:
    """What may stand on the command line."""
    parser = Parser(
        prog="mailprobe transcript diff",
        description="Compare two transcripts, reply by reply.  Status 1: they differ.",
    )
    parser.add_argument("one", metavar="FILE", help="- is standard input")
    parser.add_argument("other", metavar="FILE")
    parser.add_argument(
        "--trivia", action="store_true", help="comments, blanks and lesson text count, too"
    )
    parser.add_argument("--loose", action="store_true", help="dates, ids and counts do not count")
    parser.add_rows([COLOR])
    return parser


def run(argv: Sequence[str], env: Mapping[str, str], streams: Streams) -> ExitStatus:
    """Compare.  Raises Failure."""
    asked = parser().parse_intermixed_args(argv)
    color = wants_color(asked.color, env, isatty=streams.on_terminal)
    try:
        one, other = _read(asked.one), _read(asked.other)
        rows = list(difference(one, other, trivia=asked.trivia, loose=asked.loose))
    except Unreadable as failure:
        streams.draw(files.fault(failure))
        raise
    for row in painted(rows, color=color):
        streams.write(row)
    return ExitStatus.FAILED if rows else ExitStatus.OK


def _read(name: str) -> Transcript:
    if name == files.STANDARD_INPUT:
        return parse(standard.read_whole(name, files.LIMIT), name)
    return load(name)
