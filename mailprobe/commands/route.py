"""`mailprobe route ADDRESS|DOMAIN`: where mail goes, and what a sending server would make of it."""

import shutil
from collections.abc import Mapping, Sequence

from mailprobe.commands.arguments import COLOR, Row, duration
from mailprobe.commands.parser import Parser
from mailprobe.commands.streams import Streams
from mailprobe.errors import ExitStatus
from mailprobe.render.wish import wants_color
from mailprobe.routing.model import Step
from mailprobe.transport.link import TlsSettings

_WIDTH = 80  # columns, where nobody looks
_WIDEST = 120

_OPTIONS: tuple[Row, ...] = (
    (("--dns",), {"metavar": "SERVER[:PORT]", "help": "ask this name server"}),
    (
        ("--selector",),
        {
            "metavar": "NAME",
            "action": "append",
            "default": [],
            "help": "look at this DKIM key, too; may be given again",
        },
    ),
    (("--ca",), {"metavar": "FILE", "help": "trust these certificates for the MTA-STS policy"}),
    (("--max-time",), {"metavar": "S", "type": duration, "help": "longest time for all (30 s)"}),
    (("--json",), {"action": "store_true", "help": "one object a step, a line each"}),
    (("--steps",), {"action": "store_true", "help": "show each question with its time, too"}),
    (("--plain",), {"action": "store_true", "help": "indented, nothing drawn"}),
    COLOR,
)


def parser() -> Parser:
    """What may stand on the command line."""
    parser = Parser(
        prog="mailprobe route",
        description="Where the mail of a domain goes, and what DNS says about its senders.  Nobody "
        "is connected to but name servers, and the host of the MTA-STS policy.",
    )
    parser.add_argument("domain", metavar="ADDRESS|DOMAIN", help="whose route it is")
    parser.add_rows(_OPTIONS)
    return parser


def run(argv: Sequence[str], env: Mapping[str, str], streams: Streams) -> ExitStatus:
    """Find the route and show it.  Raises Failure, `dns` where no mail can be sent."""
    asked = parser().parse_intermixed_args(argv)

    from mailprobe.jsonlines import line
    from mailprobe.render import route as drawing
    from mailprobe.routing import document
    from mailprobe.routing import route as routing

    def observe(step: Step) -> None:
        if asked.json:
            streams.write(line(document.step(step)))
        elif asked.steps:
            streams.write(f"{drawing.step_line(step)}\n")

    found = routing.find(
        routing.domain_of(asked.domain),
        server=asked.dns,
        selectors=[routing.check_selector(name) for name in asked.selector],
        settings=TlsSettings(asked.ca),
        limit=asked.max_time or routing.LIMIT,
        observe=observe,
    )
    if asked.json:
        objects = [document.part(part) for part in (*found.parts, found.would)]
        streams.write("".join(map(line, [*objects, document.route(found)])))
    else:
        on_terminal = streams.on_terminal
        width = min(shutil.get_terminal_size().columns, _WIDEST) if on_terminal else _WIDTH
        plain = asked.plain or bool(env.get("ACCESSIBLE")) or env.get("TERM") == "dumb"
        color = wants_color(asked.color, env, isatty=on_terminal)
        streams.write(drawing.draw(found, width=width, color=color, plain=plain))
    if found.failure is not None:
        raise found.failure
    return ExitStatus.OK
