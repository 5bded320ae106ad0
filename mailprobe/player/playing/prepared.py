"""One transcript made ready to be played, again and again: its steps, and what it needs.

Whatever can be known before anything is sent is looked at here, and told.
"""

import os.path
from collections.abc import Iterator, Mapping
from time import monotonic

from mailprobe.errors import Failure, Word
from mailprobe.files import read_blocks
from mailprobe.player.options import TIMEOUT, Options
from mailprobe.player.playing.blocks import Block, asks_for_mail, connections
from mailprobe.player.playing.hosts import Way, ways
from mailprobe.player.playing.needs import Needs
from mailprobe.player.playing.problems import Account, Skipped, Stopped, placed
from mailprobe.player.playing.shortcuts import Sure, shortcut_of
from mailprobe.transcript.dialogue import compile_steps
from mailprobe.transcript.load import resolve
from mailprobe.transcript.model import Header, Line, Transcript, Wire
from mailprobe.transcript.steps import Handshake, Reply, Section, Write
from mailprobe.transcript.values import Values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

INTRUSIVE = "intrusive"
MOCK = "mock"
FAILS = "fails"
_PATHS = 64  # ways through the alternatives of a file that are looked at before it is played
_DATE = "%a, %d %b %Y %H:%M:%S %z"  # RFC 5322, section 3.3

Choices = tuple[int, ...]


class Prepared:
    """A transcript with one value of its matrix, and what the command line says.

    `wrong`: play the known mistake of that number in place of all behind it.  Attributes that
    `check` fills are empty before it.
    """

    def __init__(
        self,
        transcript: Transcript,
        path: "str | Path",
        options: Options,
        matrix: Mapping[str, bytes] | None = None,
        *,
        name: str = "",
        wrong: int | None = None,
    ) -> None:
        self.transcript = transcript
        self.head = transcript.head
        self.path = path
        self.options = options
        self.name = name or transcript.name
        self.level = options.level or self.head.level
        self.timeout = options.timeout or self.head.timeout or TIMEOUT
        self.secrets: dict[str, Line] = {}  # names, and the lines that say them first
        self.ways: dict[int, Way] = {}
        self.keeps_mail = False  # somebody asks for the mail data that was sent
        self._matrix = dict(matrix or {})
        self._wrong = wrong
        self._settings = tuple(transcript.settings())
        self._blocks: dict[Choices, Block] = {}
        self._files: dict[str, Path] = {}
        self._literal: dict[int, bytes | None] = {}  # the same
        self._shortcuts: dict[int, Sure | None] = {}  # by the identity of a step
        self._checked = False

    # ----------------------------------------------------------------------------- its parts

    def block(self, choices: Choices) -> Block:
        """The steps behind these decisions; they end at the next one that is to be made."""
        found = self._blocks.get(choices)
        if found is None:
            known = self.values().settings
            steps = compile_steps(self.transcript, known, choices, self._wrong)
            found = self._blocks[choices] = Block.of(steps)
        return found

    def shortcut(self, step: Reply) -> Sure | None:
        """A quick look at a reply, where there is one for this step."""
        key = id(step)  # steps live as long as their block, which is kept
        if key not in self._shortcuts:
            self._shortcuts[key] = shortcut_of(step, self.level)
        return self._shortcuts[key]

    def literal(self, step: Write) -> bytes | None:
        """What a step writes, where nothing in it is open."""
        key = id(step)
        if key not in self._literal:
            self._literal[key] = _octets_of(step)
        return self._literal[key]

    def values(self) -> Values:
        """The values with which a run begins.  Raises Unreadable."""
        values = Values(
            self.options.settings, self._matrix, now=self._now, uuid=_uuid, clock=monotonic
        )
        for setting in self._settings:
            values.define(setting)
        return values

    def resolve(self, name: str) -> "Path":
        """A file that the transcript names.  Raises Failure `security`, `usage`."""
        found = self._files.get(name)
        if found is None:
            found = self._files[name] = resolve(os.path.dirname(self.path), name)  # noqa: PTH120 - pathlib: 4 ms
        return found

    def _now(self, form: str) -> str:
        from datetime import UTC, datetime  # only where somebody asks for the time

        clock = self.options.clock
        moment = datetime.now(UTC) if clock is None else datetime.fromtimestamp(clock(), UTC)
        return moment.strftime(form or _DATE)

    # -------------------------------------------------------------------------------- checks

    def check(self) -> None:
        """Look at all that can be known before a connection is opened; once.

        Raises Stopped, Unreadable, Skipped.
        """
        if self._checked:
            return
        numbers: set[int] = set()
        handshakes: list[Handshake] = []
        empty = True
        values = self.values()
        known = set(values.settings)
        broken = {name: values.is_matrix(name) for name in known if not values.is_line(name)}
        for block in self._paths():
            needs = Needs(set(known), self.head.peers, broken)
            needs.add(block.steps)
            self.secrets = needs.secrets | self.secrets
            for name, line in needs.files.items():
                self._check_file(name, line)
            numbers |= connections(block)
            empty = empty and all(isinstance(step, Section) for step in block.steps)
            self.keeps_mail = self.keeps_mail or asks_for_mail(block)
            handshakes += [step for step in block.each() if isinstance(step, Handshake)]
        if empty:  # whoever was interrupted before he said anything has recorded as much
            raise Skipped("nothing is said in this file: there is nothing to replay")
        self._refuse_mock(numbers)
        self._refuse_failure()
        self.ways = ways(self.head, numbers, self.options, self._authority)
        self._refuse_intrusion()
        for handshake in handshakes:
            self._check_handshake(handshake)
        self._checked = True

    def _paths(self) -> Iterator[Block]:
        """Every way through the file, as far as there are not too many."""
        left: list[Choices] = [()]
        seen = 0
        while left and seen < _PATHS:
            choices = left.pop()
            seen += 1
            block = self.block(choices)
            if not block.open:
                yield block
            left += [(*choices, branch) for branch in reversed(range(block.open))]

    def _authority(self, name: str) -> str:
        """The path of a `ca:`."""
        line = next(
            each
            for each in self.transcript.headers
            if isinstance(each, Header) and (each.key, each.value) == ("ca", name)
        )
        try:
            return str(self.resolve(name))
        except Failure as failure:
            raise placed(failure, line) from None

    def _check_file(self, name: str, line: Line) -> None:
        if name in self._files:
            return
        try:
            next(read_blocks(self.resolve(name), 1), None)
        except Failure as failure:
            raise placed(failure, line) from None

    def _check_handshake(self, step: Handshake) -> None:
        line = step.line
        foreign = self.options.tls.verify and not self.ways[line.connection].loopback
        if line.verify is False and foreign:
            raise Stopped(
                Word.SECURITY,
                "verify=off counts for loopback only: give --no-verify, if you mean it",
                line.place,
                Account(width=len(line.text)),
            )

    def _refuse_mock(self, numbers: set[int]) -> None:
        """What is written to be served has no server but the one that serves it."""
        if MOCK not in self.head.tags:
            return
        for number in sorted(numbers - self.options.servers.keys()):
            option = "--server" if number == 1 else f"--server {number}="
            raise Skipped(f"tagged {MOCK}: serve it, and name that server by {option}")

    def _refuse_failure(self) -> None:
        """What shows a failure on purpose is no failure of whoever plays all that there is."""
        if FAILS in self.head.tags and FAILS not in self.options.tags:
            raise Skipped(f"tagged {FAILS}: it fails on purpose, ask for it by -t {FAILS}")

    def _refuse_intrusion(self) -> None:
        """A file that may do harm runs only against hosts that a person has named for it."""
        if INTRUSIVE not in self.head.tags:
            return
        if INTRUSIVE not in self.options.tags:
            raise Skipped(f"tagged {INTRUSIVE}: ask for it by -t {INTRUSIVE}")
        for number, way in self.ways.items():
            if not way.named:
                raise Skipped(
                    f"tagged {INTRUSIVE}: name the host of connection {number} "
                    "by --server or --allow-host"
                )


def _octets_of(step: Write) -> bytes | None:
    parts = [line.octets if isinstance(line, Wire) else None for line in step.lines]
    return None if None in parts else b"".join(part for part in parts if part is not None)


def _uuid() -> str:
    from uuid import uuid4  # only where somebody asks for one

    return str(uuid4())
