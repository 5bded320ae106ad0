"""`mailprobe transcript export`: a transcript as something that other programs show."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from mailprobe.commands import streams as standard
from mailprobe.commands.arguments import count
from mailprobe.commands.parser import Parser
from mailprobe.commands.streams import Streams
from mailprobe.commands.transcripts import files
from mailprobe.errors import ExitStatus, Failure, Word
from mailprobe.files import read_small
from mailprobe.outputs import Output
from mailprobe.render.export.options import Options
from mailprobe.render.export.table import EXPORTERS, Exporter
from mailprobe.transcript.load import load, resolve
from mailprobe.transcript.model import Unreadable
from mailprobe.transcript.parse import parse


def parser() -> Parser:
    """What may stand on the command line."""
    kinds = "; ".join(f"{row.name}: {row.summary}" for row in EXPORTERS.values())
    parser = Parser(
        prog="mailprobe transcript export",
        description=f"Make something else of a transcript.  {kinds}.",
    )
    parser.add_argument("file", metavar="FILE", help="a transcript; - is standard input")
    parser.add_argument("--to", choices=EXPORTERS, help="what; else the ending of --output says it")
    parser.add_argument(
        "--output", metavar="FILE", default="-", help="a new file (standard output)"
    )
    parser.add_argument(
        "--number", metavar="N", type=count, default=1, help="eml: the N-th mail of it (1)"
    )
    parser.add_rows([files.LANGUAGE])
    return parser


def run(argv: Sequence[str], env: Mapping[str, str], streams: Streams) -> ExitStatus:
    """Export.  Raises Failure."""
    asked = parser().parse_intermixed_args(argv)
    exporter = _exporter(asked.to, asked.output)
    name: str = asked.file
    octets = standard.read_whole(name, files.LIMIT)
    piped = name == files.STANDARD_INPUT
    try:
        transcript = parse(octets, name) if piped else load(name)
    except Unreadable as failure:
        streams.draw(files.fault(failure))
        raise
    files.check_language(transcript, asked.lang)
    folder = Path(name).parent

    def read(path: str) -> bytes:
        return read_small(resolve(folder, path), files.LIMIT)

    options = Options(language=asked.lang, number=asked.number, read=None if piped else read)
    made = exporter.export(transcript, options)
    if asked.output != "-":
        output = Output(asked.output, fresh=True)
        output.write(made)
        output.finish()
    elif exporter.text:
        streams.write(made.decode())
    else:
        streams.write_octets(made)
    return ExitStatus.OK


def _exporter(kind: str | None, output: str) -> Exporter:
    if kind is not None:
        return EXPORTERS[kind]
    suffix = Path(output).suffix
    for row in EXPORTERS.values():
        if row.suffix == suffix:
            return row
    endings = " ".join(row.suffix for row in EXPORTERS.values())
    raise Failure(
        Word.USAGE, f"what is it to be?  Give --to, or an --output that ends in {endings}"
    )
