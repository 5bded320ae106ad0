"""`mailprobe fetch TARGET`: what is in a POP3 maildrop, and its messages, kept by default."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mailprobe.commands import streams as standard
from mailprobe.commands.arguments import Row
from mailprobe.commands.connection_options import CONNECTION, options_for
from mailprobe.commands.parser import Parser
from mailprobe.commands.streams import Streams
from mailprobe.commands.tables import table
from mailprobe.errors import ExitStatus, Failure, Word
from mailprobe.messages import mailstore
from mailprobe.messages.mailstore import Store
from mailprobe.messages.retrieval import Entry, Fetched, Retrieval, chosen
from mailprobe.patterns import pattern
from mailprobe.protocol.grammar import LANGUAGE
from mailprobe.protocol.model import Protocol
from mailprobe.render.wish import wants_color
from mailprobe.safe import safe
from mailprobe.shell.options import Options
from mailprobe.shell.piping.errand import Errand
from mailprobe.shell.piping.printer import explained
from mailprobe.shell.piping.terse import Terse
from mailprobe.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

_OPTIONS: tuple[Row, ...] = (
    (("--headers",), {"metavar": "N", "help": "write the header of message N"}),
    (
        ("--message",),
        {
            "metavar": "N[,M-O]|all|UID",
            "action": "append",
            "default": [],
            "help": "fetch these; one may go to standard output",
        },
    ),
    (("--out",), {"metavar": "FILE|FOLDER", "help": "keep one in FILE, or each in a file there"}),
    (("--maildir",), {"metavar": "FOLDER", "help": "keep them in this Maildir"}),
    (("--delete",), {"action": "store_true", "help": "delete those that were kept; asks"}),
    (("--yes",), {"action": "store_true", "help": "delete them without being asked"}),
    (("--utf8",), {"action": "store_true", "help": "UTF8 before the login (RFC 6856)"}),
    (("--lang",), {"metavar": "TAG", "help": "LANG: replies in this language"}),
    (("--dialogue",), {"action": "store_true", "help": "show commands and replies, too"}),
    (("--json",), {"action": "store_true", "help": "one object at the end, and no table"}),
    *CONNECTION,
)
_FIELDS = ("From", "Subject", "Date")
_FIELD = pattern(rb"(?im)^(from|subject|date):[ \t]*(.*(?:\r?\n[ \t].*)*)")
_CELL = 60  # characters of a field that are shown
_SEEN = 24  # characters of a unique-id that are shown on a terminal, where a word is not broken
_LONGEST = 255


def parser() -> Parser:
    """What may stand on the command line."""
    parser = Parser(
        prog="mailprobe fetch",
        usage="mailprobe fetch TARGET --user U [--message N|all|UID [--out FILE | --maildir DIR]] "
        "[options]",
        description="List the messages of a POP3 maildrop, or fetch them.  They are kept there "
        "unless --delete says otherwise, which deletes what was saved whole, and nothing else.",
    )
    parser.add_argument("words", nargs="*", metavar="TARGET", help="whom to talk to")
    parser.add_rows(_OPTIONS)
    return parser


def run(argv: Sequence[str], env: Mapping[str, str], streams: Streams) -> ExitStatus:
    """List, or fetch.  Raises Failure: the first of what went wrong."""
    asked = parser().parse_intermixed_args(argv)
    options, words = options_for(asked, env, Protocol.POP3)
    if words or options.protocol is not Protocol.POP3:
        raise _usage("fetch has one target, which speaks POP3: mailprobe send sends")
    _check(asked, streams)
    settings = replace(options.settings, keep_bodies=False)  # each goes where it belongs
    _Fetch(replace(options, settings=settings), asked, streams).run()
    return ExitStatus.OK


def _check(asked: "argparse.Namespace", streams: Streams) -> None:
    """Raise Failure `usage` for what does not go together."""
    kept = asked.out is not None or asked.maildir is not None
    if asked.out is not None and asked.maildir is not None:
        raise _usage("--out and --maildir exclude each other")
    if asked.headers is not None and (asked.message or kept):
        raise _usage("--headers goes with neither --message nor a place to keep it")
    if (kept or asked.delete) and not asked.message:
        raise _usage("--message says which: --message all")
    if asked.delete and not kept:
        raise _usage("--delete deletes what was kept: --out or --maildir says where")
    if asked.delete and not asked.yes and standard.nobody_to_ask():
        raise _usage("nobody can be asked whether to delete: --yes says so")
    if asked.headers is not None and not re.fullmatch("[1-9][0-9]{0,8}", asked.headers):
        raise _usage(f"--headers: expected a message-number, not '{safe(asked.headers)}'")
    if asked.lang is not None and not LANGUAGE.fullmatch(asked.lang.encode()):
        raise _usage(f"--lang: expected a language such as en, or *, not '{safe(asked.lang)}'")


class _Fetch:
    """One run."""

    def __init__(self, options: Options, asked: "argparse.Namespace", streams: Streams) -> None:
        self._options = options
        self._asked = asked
        self._streams = streams
        self._color = wants_color(options.color, options.env, isatty=streams.on_terminal)
        self._wakeup: int | None = None
        self._done: list[Fetched] = []
        self._failures: list[Failure] = []

    def run(self) -> None:
        """Do it, and raise the first failure, with how many there are."""
        asked, streams = self._asked, self._streams
        shown = streams.write if not self._to_output else streams.draw
        terse = Terse(shown, streams.tell, color=self._color, shown=asked.dialogue)
        first = [b"UTF8"] if asked.utf8 else []
        if asked.lang is not None:
            first.append(f"LANG {asked.lang}".encode())
        with standard.wakeup() as self._wakeup:
            errand = Errand(
                self._options,
                terse,
                streams.tell,
                self._work,
                wakeup=self._wakeup,
                ask=standard.ask_secret,
                first=first,
            )
            try:
                errand.run()
            finally:
                if self._done and asked.json:
                    self._write_json([_of_fetched(one) for one in self._done])
        if self._failures:
            first_one, more = self._failures[0], len(self._failures) - 1
            rest = f"; {more} more like it" if more else ""
            raise Failure(first_one.word, first_one.sentence + rest)

    @property
    def _to_output(self) -> bool:
        """Whether octets of a message go to standard output."""
        asked = self._asked
        kept = asked.out is not None or asked.maildir is not None
        return asked.headers is not None or (bool(asked.message) and not kept)

    def _work(self, errand: Errand) -> None:
        session = errand.connected
        if not session.connection.facts.authenticated:
            raise _usage("a maildrop is opened by a login: --user U, and --auth MECH perhaps")

        retrieval = Retrieval(errand.say, errand.terse.hand)
        if self._asked.headers is not None:
            self._write_header(retrieval, int(self._asked.headers))
            return
        entries = retrieval.entries()
        for note in retrieval.notes[:20]:
            self._streams.tell(f"warning: {note}")
        if not self._asked.message:
            self._list(retrieval, entries)
            return
        self._fetch(retrieval, chosen(self._asked.message, entries))
        if self._asked.delete:
            self._delete(errand, retrieval)

    # ------------------------------------------------------------------------------- looking

    def _write_header(self, retrieval: Retrieval, number: int) -> None:
        reply, octets = retrieval.header(number)
        if not reply.positive:
            words = f"{safe(reply.lines[-1])}{explained(reply)}"
            raise Failure(Word.REFUSED, f"TOP was answered: {words}")
        self._write_octets(octets)

    def _list(self, retrieval: Retrieval, entries: list[Entry]) -> None:
        rows: list[list[str]] = []
        has_top = True
        for entry in entries:
            reply, header = retrieval.header(entry.number) if has_top else (None, b"")
            has_top = reply is not None and (reply.positive or bool(rows))  # the first one tells
            fields = _fields(header)
            size, name = str(entry.size), entry.unique_id or ""
            rows.append([str(entry.number), size, name, *(fields[one] for one in _FIELDS)])
        if self._asked.json:
            self._write_json([_of_row(row) for row in rows])
            return
        columns = ["number", "octets", "unique-id", *_FIELDS]
        most = _SEEN if self._streams.on_terminal else _LONGEST
        cells = [[*row[:2], _cut(row[2], most), *(_cut(cell) for cell in row[3:])] for row in rows]
        self._streams.write(table(columns, cells, self._streams, color=self._color))
        octets = sum(entry.size or 0 for entry in entries)
        messages = "1 message" if len(entries) == 1 else f"{len(entries)} messages"
        self._streams.write(f"{messages}, {octets} octets\n")

    # ------------------------------------------------------------------------------- fetching

    def _fetch(self, retrieval: Retrieval, wanted: list[Entry]) -> None:
        if self._to_output and len(wanted) > 1:
            raise _usage(f"{len(wanted)} messages: --out FOLDER or --maildir FOLDER keeps them")
        store = self._store(len(wanted))
        most = self._options.settings.limits.body
        for entry in wanted:
            if entry.size is not None and entry.size > most:
                failure = Failure(
                    Word.LIMIT, f"it has {entry.size} octets, more than {most} (--max-body)"
                )
                self._tell_failure(Fetched(entry, failure=failure))
                continue
            try:
                place = store.place(entry.number, entry.unique_id)
            except Failure as failure:
                self._tell_failure(Fetched(entry, failure=failure))
                continue
            self._tell_fetched(retrieval.retrieve(entry, place))

    def _store(self, count: int) -> Store:
        asked = self._asked
        if asked.maildir is not None:
            return mailstore.Maildir(Path(asked.maildir).expanduser())
        if asked.out is None:
            return _Output(self._write_octets)
        path = Path(asked.out).expanduser()
        if count > 1 or asked.out.endswith("/") or path.is_dir():
            return mailstore.Folder(path)
        return mailstore.SingleFile(path)

    def _write_octets(self, octets: bytes) -> None:
        if self._streams.on_terminal:
            self._streams.write(safe_lines(octets))
        else:
            self._streams.write_octets(octets)

    def _tell_fetched(self, fetched: Fetched) -> None:
        if fetched.failure is not None:
            self._tell_failure(fetched)
            return
        self._done.append(fetched)
        number = fetched.entry.number
        for doubt in fetched.doubts:
            self._streams.tell(f"warning: message {number}: {doubt}")
        if fetched.where and not self._asked.json:
            self._streams.write(f"{number}: {fetched.octets} octets, {safe(fetched.where)}\n")

    def _tell_failure(self, fetched: Fetched) -> None:
        assert fetched.failure is not None  # asked by the caller
        self._done.append(fetched)
        failure = fetched.failure
        sentence = f"message {fetched.entry.number} was not kept: {failure.sentence}"
        self._fail(failure.word, sentence)

    def _fail(self, word: Word, sentence: str) -> None:
        """The first one ends the run, when it is over; the others are told now."""
        if self._failures:
            self._streams.tell(f"warning: {sentence}")
        self._failures.append(Failure(word, sentence))

    # ------------------------------------------------------------------------------- deleting

    def _delete(self, errand: Errand, retrieval: Retrieval) -> None:
        """Delete what is kept whole, and end the session by the QUIT that makes it so."""
        kept = [one for one in self._done if one.safe_to_delete]
        for one in self._done:
            if one.doubts:
                sentence = f"message {one.entry.number} was not deleted: {one.doubts[0]}"
                self._fail(Word.PROTOCOL, sentence)
        if not kept or not self._may_delete(len(kept)):
            return
        for one in kept:
            retrieval.delete(one)
            if not one.deleted:
                sentence = f"message {one.entry.number} was not deleted: {one.doubts[-1]}"
                self._fail(Word.REFUSED, sentence)
        marked = [one for one in kept if one.deleted]
        for one in marked:
            one.deleted = False  # until the server says that it is
        reply = errand.say(b"QUIT")
        if not reply.positive:
            words = f"{safe(reply.lines[-1])}{explained(reply)}"
            sentence = f"QUIT was answered: {words}: some may still be there"
            self._fail(Word.REFUSED, sentence)
            return
        for one in marked:
            one.deleted = True
        if not self._asked.json:
            self._streams.write(f"{len(marked)} deleted\n")

    def _may_delete(self, count: int) -> bool:
        if self._asked.yes:
            return True
        what = "1 message" if count == 1 else f"{count} messages"
        answer = standard.ask(f"Delete {what} from the server? [y/N] ", self._wakeup)
        if (answer or "").strip().lower() in ("y", "yes"):
            return True
        self._streams.tell("note: nothing was deleted")
        return False

    def _write_json(self, messages: list[dict[str, object]]) -> None:
        self._streams.write(json.dumps({"messages": messages}, ensure_ascii=False) + "\n")


class _Output:
    """Standard output, for one message; what went there is out."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self.write = write

    def place(self, number: int, unique_id: str | None) -> "_Output":
        return self

    def finish(self) -> str:
        return ""

    def discard(self) -> None:
        """There is nothing to be taken back."""


def _fields(header: bytes) -> dict[str, str]:
    """Sender, subject and date in the charsets of the world, not yet made safe."""
    from mailprobe.render.mime.fields import unwrap

    found = dict.fromkeys(_FIELDS, "")
    for match in _FIELD.finditer(header):
        name = match[1].decode("ascii").capitalize()
        found[name] = found[name] or unwrap(match[2])[0]
    return found


def _cut(text: str, most: int = _CELL) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def safe_lines(octets: bytes) -> str:
    """Octets as lines that a terminal may show."""
    lines = octets.removesuffix(b"\n").removesuffix(b"\r").replace(b"\r\n", b"\n").split(b"\n")
    return "".join(f"{safe(line)}\n" for line in lines)


def _of_row(row: list[str]) -> dict[str, object]:
    number, size, name, sender, subject, date = map(safe, row)
    return {
        "number": int(number),
        "octets": int(size),
        "unique_id": name or None,
        "from": sender,
        "subject": subject,
        "date": date,
    }


def _of_fetched(one: Fetched) -> dict[str, object]:
    return {
        "number": one.entry.number,
        "unique_id": safe(one.entry.unique_id) if one.entry.unique_id else None,
        "octets": one.octets,
        "kept": one.where,
        "deleted": one.deleted,
        "doubts": one.doubts,
        "failure": str(one.failure) if one.failure is not None else None,
    }


def _usage(sentence: str) -> Failure:
    return Failure(Word.USAGE, sentence)
