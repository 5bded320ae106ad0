"""`mailprobe transcript show`: print a transcript for a person."""

import shutil
from collections.abc import Mapping, Sequence

from mailprobe.commands.arguments import COLOR
from mailprobe.commands.parser import Parser
from mailprobe.commands.streams import Streams
from mailprobe.commands.transcripts import files
from mailprobe.errors import ExitStatus
from mailprobe.render.show import show, source
from mailprobe.render.wish import wants_color
from mailprobe.transcript.parse import parse

_WIDTH = 80  # columns, where nobody looks
_WIDEST = 100


def parser() -> Parser:
    """What may stand on the command line."""
    parser = Parser(
        prog="mailprobe transcript show",
        description="Print transcripts in colour, with the lesson text.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="- is standard input")
    parser.add_argument(
        "--source", action="store_true", help="the lines as they are, with numbers, right or wrong"
    )
    parser.add_rows([files.LANGUAGE, COLOR])
    return parser


def run(argv: Sequence[str], env: Mapping[str, str], streams: Streams) -> ExitStatus:
    """Print.  Raises Failure."""
    asked = parser().parse_intermixed_args(argv)
    color = wants_color(asked.color, env, isatty=streams.on_terminal)
    width = min(shutil.get_terminal_size().columns, _WIDEST) if streams.on_terminal else _WIDTH

    def work(name: str, octets: bytes) -> None:
        if asked.source:
            lines = source(octets, color=color)
        else:
            transcript = parse(octets, name)
            files.check_language(transcript, asked.lang)
            lines = show(transcript, color=color, language=asked.lang, width=width)
        for line in lines:
            streams.write(line)

    return files.each(asked.files, streams, work)
