"""`mailprobe transcript WORD`: what can be done with a transcript besides playing it."""

import importlib
from collections.abc import Mapping, Sequence

from mailprobe.commands.parser import Parser
from mailprobe.commands.streams import Streams
from mailprobe.errors import ExitStatus

# The word: its module in `transcripts`, and what it does.
WORDS = {
    "diff": ("diff", "what two of them say differently"),
    "export": ("export", "make a page, a picture, a mail ... of one"),
    "fmt": ("fmt", "rewrite them in their canonical form"),
    "import": ("importing", "make one of what swaks, curl, s_client or telnet printed"),
    "lint": ("lint", "what is wrong with them, and what is probably not meant"),
    "loosen": ("loosen", "placeholders in the place of what is volatile"),
    "show": ("show", "print them in colour, with the lesson as text"),
    "stabilise": ("stabilise", "play one several times, and loosen what differed"),
}


def parser() -> Parser:
    """What may stand on the command line before the word's own options."""
    parser = Parser(
        prog="mailprobe transcript",
        usage="mailprobe transcript WORD [options]",
        description="  ".join(f"{word}: {what}." for word, (_, what) in WORDS.items()),
    )
    parser.add_argument("word", choices=WORDS, metavar="WORD", help=", ".join(WORDS))
    return parser


def run(argv: Sequence[str], env: Mapping[str, str], streams: Streams) -> ExitStatus:
    """Do what the first word says.  Raises Failure."""
    word = parser().parse_args(argv[:1]).word
    module = importlib.import_module(f"mailprobe.commands.transcripts.{WORDS[word][0]}")
    status: ExitStatus = module.run(argv[1:], env, streams)
    return status
