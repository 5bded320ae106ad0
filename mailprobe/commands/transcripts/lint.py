"""`mailprobe transcript lint`: what is wrong with transcripts, and what is probably not meant."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from mailprobe.commands.parser import Parser
from mailprobe.commands.streams import Streams
from mailprobe.commands.transcripts import files
from mailprobe.errors import ExitStatus, Failure, Word
from mailprobe.safe import safe
from mailprobe.transcript.lint import lint
from mailprobe.transcript.load import load, resolve
from mailprobe.transcript.parse import faults, parse


def parser() -> Parser:
    """What may stand on the command line."""
    parser = Parser(
        prog="mailprobe transcript lint",
        description="Tell what is wrong with transcripts, and warn of what is probably not meant.",
        epilog="Exit status: 0 nothing is wrong, or there are warnings alone; 1 an error: a file "
        "can never pass; 2 usage; 3 what replay refuses as syntax: a file does not parse, or its "
        "lines make no dialogue.",
    )
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="a folder stands for its *.mpt; - is standard input",
    )
    return parser


def run(argv: Sequence[str], env: Mapping[str, str], streams: Streams) -> ExitStatus:
    """Look for faults.  Raises Failure."""
    asked = parser().parse_intermixed_args(argv)

    def work(name: str, octets: bytes) -> Failure | None:
        wrong = faults(octets, name)
        for fault in wrong:
            streams.write(files.fault(fault))
        if wrong:
            where = safe(str(wrong[0].place))
            return Failure(Word.SYNTAX, f"{where}: {wrong[0].reason}{_more(len(wrong))}")
        if name == files.STANDARD_INPUT:
            notes = lint(parse(octets, name))
        else:
            notes = lint(load(Path(name), name), partial(resolve, Path(name).parent))
        for note in notes:
            streams.write(files.remark(note.place, note.sentence, note.text, note.width))
        if not (found := [note for note in notes if note.error]):
            return None
        hardest = next((note for note in found if note.syntax), found[0])
        word = Word.SYNTAX if hardest.syntax else Word.MISMATCH
        where = safe(str(hardest.place))
        return Failure(word, f"{where}: {hardest.sentence}{_more(len(found))}")

    return files.each(asked.files, streams, work)


def _more(count: int) -> str:
    return f" (and {count - 1} more)" if count > 1 else ""
