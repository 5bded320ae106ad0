"""`mailprobe transcript export`: a transcript as something that other programs show."""

from argparse import Namespace
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
from mailprobe.render.html_words import OURS
from mailprobe.render.wording import languages_of
from mailprobe.transcript.load import load, resolve
from mailprobe.transcript.model import Transcript, Unreadable
from mailprobe.transcript.parse import parse
from mailprobe.value import replace

_REPORT = 100 * 1024**2  # octets of a report of a replay


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
    parser.add_argument(
        "--explain", action="store_true", help="cast: what each reply means (a page always says it)"
    )
    parser.add_argument(
        "--timing",
        metavar="REPORT",
        help="html, cast: how long replies took, by `replay --report json=REPORT`",
    )
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
    _check(asked, exporter, transcript)
    folder = Path(name).parent

    def read(path: str) -> bytes:
        return read_small(resolve(folder, path), files.LIMIT)

    options = Options(
        language=asked.lang,
        number=asked.number,
        read=None if piped else read,
        explain=asked.explain,
    )
    if asked.timing is not None:
        options = _timed(options, transcript, asked.timing)
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


def _check(asked: Namespace, exporter: Exporter, transcript: Transcript) -> None:
    """Raises Failure `usage` for what the format, or the file, does not have."""
    if asked.explain and not exporter.explains:
        raise Failure(Word.USAGE, f"--explain is for cast, and not for {exporter.name}")
    if asked.timing is not None and not exporter.times:
        raise Failure(Word.USAGE, f"--timing is for html and cast, and not for {exporter.name}")
    explains = exporter.explains == "always" or asked.explain
    if not (explains and not languages_of(transcript) and asked.lang in OURS):
        files.check_language(transcript, asked.lang)


def _timed(options: Options, transcript: Transcript, report: str) -> Options:
    from mailprobe.render.export import measured
    from mailprobe.render.export.spoken import turns

    timing = measured.read(standard.read_whole(report, _REPORT), transcript.name, report)
    said = turns(transcript, read=options.read)
    return replace(options, timing=timing, took=measured.took(said, timing, transcript.name))


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
