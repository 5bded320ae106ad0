"""`mailprobe explain WORDS`: what a code, a command or a reply means, in English or Chinese."""

import shutil
from collections.abc import Mapping, Sequence

from mailprobe.commands.arguments import COLOR, Row
from mailprobe.commands.parser import Parser
from mailprobe.commands.streams import Streams
from mailprobe.errors import ExitStatus
from mailprobe.explain.languages import LANGUAGES
from mailprobe.protocol.model import Protocol
from mailprobe.render.wish import wants_color
from mailprobe.safe import safe

_WIDTH = 80  # columns, where nobody looks
_WIDEST = 100

LANGUAGE: Row = (
    ("--lang",),
    {"choices": LANGUAGES, "help": "language (that of the locale; en where CI is set)"},
)


_OPTIONS: tuple[Row, ...] = (
    LANGUAGE,
    (
        ("--protocol",),
        {"choices": tuple(map(str, Protocol)), "help": "what the words mean in this one only"},
    ),
    COLOR,
)


def parser() -> Parser:
    """What may stand on the command line."""
    parser = Parser(
        prog="mailprobe explain",
        description="Say what words of SMTP, LMTP and POP3 mean: a reply code, an enhanced status "
        "code, a whole reply, lines of a dialogue as they were pasted, a command, a parameter, "
        "what a server offers, a response code, a SASL mechanism.  Nobody is connected to.",
        epilog="mailprobe explain 550 5.7.1; explain RCPT 550; explain RETR; explain '250-SIZE "
        "10240000'; explain '[IN-USE]'; explain AUTH PLAIN",
    )
    parser.add_argument("words", metavar="WORD", nargs="+", help="what to explain")
    parser.add_rows(_OPTIONS)
    return parser


def run(argv: Sequence[str], env: Mapping[str, str], streams: Streams) -> ExitStatus:
    """Explain.  Raises Failure `usage` where nothing is known."""
    # -ERR is no option here; behind a blank argparse takes it for a word
    words = [f" {word}" if word[:4].upper() == "-ERR" else word for word in argv]
    asked = parser().parse_intermixed_args(words)

    from mailprobe.explain.explaining import nothing_known, of_words, said_by_server
    from mailprobe.explain.languages import language_of
    from mailprobe.render.explanation import drawn

    protocol = Protocol(asked.protocol) if asked.protocol is not None else None
    found = of_words(asked.words, protocol)
    if not found:
        raise nothing_known(asked.words)
    on_terminal = streams.on_terminal
    columns = min(shutil.get_terminal_size().columns, _WIDEST) if on_terminal else _WIDTH
    if said := said_by_server(asked.words):
        streams.write("".join(f"< {safe(line)}\n" for line in said) + "\n")
    language = language_of(asked.lang, env)
    color = wants_color(asked.color, env, isatty=on_terminal)
    streams.write(drawn(found, language, columns=columns, color=color))
    return ExitStatus.OK
