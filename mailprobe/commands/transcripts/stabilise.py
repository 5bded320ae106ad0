"""`mailprobe transcript stabilise`: play it several times, and loosen what differed."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from mailprobe.commands import replay_options
from mailprobe.commands import streams as standard
from mailprobe.commands.arguments import count
from mailprobe.commands.parser import Parser
from mailprobe.commands.streams import Streams
from mailprobe.commands.transcripts import files
from mailprobe.errors import ExitStatus
from mailprobe.player.stabilise import stabilise
from mailprobe.render.wish import wants_color
from mailprobe.transcript.load import load
from mailprobe.transcript.model import Unreadable


def parser() -> Parser:
    """What may stand on the command line."""
    parser = Parser(
        prog="mailprobe transcript stabilise",
        description="Play a transcript several times, and put placeholders where it differed.",
    )
    parser.add_argument("file", metavar="FILE", help="a transcript that passes")
    parser.add_argument("--runs", metavar="N", type=count, default=3, help="how often (3)")
    parser.add_rows([files.DIFF, *replay_options.PLAYING])
    return parser


def run(argv: Sequence[str], env: Mapping[str, str], streams: Streams) -> ExitStatus:
    """Play and loosen.  Raises Failure, Interrupted."""
    asked = parser().parse_intermixed_args(argv)
    color = wants_color(asked.color, env, isatty=streams.on_terminal)
    end = None if asked.max_time is None else time.monotonic() + asked.max_time
    with standard.wakeup() as wakeup:
        options = replay_options.options_of(asked, env, wakeup, end)
        try:
            transcript = load(asked.file)
            wanted = stabilise(transcript, Path(asked.file), options, asked.runs)
        except Unreadable as failure:
            streams.draw(files.fault(failure))
            raise
    files.put(asked.file, transcript.octets, wanted, streams, diff=asked.diff, color=color)
    return ExitStatus.OK
