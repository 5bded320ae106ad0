"""What a transcript needs from outside before anything is sent: secrets, names, files.

`talks.names` knows what becomes of a name; here is said what that means to a run.
"""

from collections.abc import Mapping, Sequence

from mailprobe.errors import Word
from mailprobe.player.playing.problems import Account, Stopped
from mailprobe.transcript.model import FileLine, Line, Peer
from mailprobe.transcript.steps import Check, Repeat, Reply, Step, Write
from mailprobe.transcript.talks.names import Kind, Names, Trouble
from mailprobe.value import field, mutable

_BODY_FILE = "is"  # the operator of `@assert body is FILE`
_WORDS = {
    Kind.UNSET: Word.USAGE,
    Kind.BESIDE: Word.SYNTAX,
    Kind.BROKEN: Word.SYNTAX,
    Kind.TRAVELLING: Word.SECURITY,
}


@mutable
class Needs:
    """`secrets` in the order in which they are said first; `files` with the lines that name them.

    Raises Stopped where a name has no value: `known` are those that have one.  For `broken` see
    `Names`.
    """

    known: set[str]
    peers: Mapping[int, Peer]
    broken: Mapping[str, bool] = field(default_factory=dict)
    secrets: dict[str, Line] = field(default_factory=dict)
    files: dict[str, Line] = field(default_factory=dict)

    def add(self, steps: Sequence[Step]) -> None:
        """Look at all steps."""
        names = Names(self.known, self.peers, _stop, self.broken, self.secrets)
        names.look(steps)
        self._find_files(steps)

    def _find_files(self, steps: Sequence[Step]) -> None:
        for step in steps:
            match step:
                case Write(lines=lines):
                    self._take(lines)
                case Reply(expected=expected):
                    self._take(expected.lines)
                case Repeat(steps=inner):
                    self._find_files(inner)
                case Check(line=line) if line.operator == _BODY_FILE:
                    if all(isinstance(each, bytes) for each in line.value):
                        path = b"".join(each for each in line.value if isinstance(each, bytes))
                        self.files.setdefault(path.decode("utf-8", "surrogateescape"), line)
                case _:
                    pass

    def _take(self, lines: Sequence[Line]) -> None:
        for line in lines:
            if isinstance(line, FileLine):
                self.files.setdefault(line.path, line)


def _stop(trouble: Trouble) -> None:
    account = Account(width=trouble.width)
    raise Stopped(_WORDS[trouble.kind], trouble.sentence, trouble.place, account)
