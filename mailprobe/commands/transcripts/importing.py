"""`mailprobe transcript import`: a transcript of what another program has printed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from mailprobe.commands import streams as standard
from mailprobe.commands.parser import Parser
from mailprobe.commands.streams import Streams
from mailprobe.commands.transcripts.files import LIMIT
from mailprobe.errors import ExitStatus
from mailprobe.files import PrivateFile
from mailprobe.transcript.importing.convert import AUTO, KINDS, convert, convert_all


def parser() -> Parser:
    """What may stand on the command line."""
    parser = Parser(
        prog="mailprobe transcript import",
        description="Make a transcript of the output of swaks, curl -v, openssl s_client, of "
        "text with C: and S:, or of a telnet session.",
    )
    parser.add_argument("file", metavar="FILE", help="what was printed; - is standard input")
    parser.add_argument("--from", dest="kind", choices=(AUTO, *KINDS), default=AUTO)
    parser.add_argument(
        "--output",
        metavar="FILE",
        type=Path,
        help="write a new file, and one with -2, -3 ... for each further session",
    )
    return parser


def run(argv: Sequence[str], env: Mapping[str, str], streams: Streams) -> ExitStatus:
    """Convert.  Raises Failure."""
    asked = parser().parse_intermixed_args(argv)
    octets = standard.read_whole(asked.file, LIMIT)
    if asked.output is None:
        streams.write(convert(octets, asked.kind).decode("utf-8", "surrogateescape"))
        return ExitStatus.OK
    for number, text in enumerate(convert_all(octets, asked.kind), 1):
        path: Path = asked.output
        file = PrivateFile(path if number == 1 else path.with_stem(f"{path.stem}-{number}"))
        try:
            file.append(text)
        finally:
            file.close()
    return ExitStatus.OK
