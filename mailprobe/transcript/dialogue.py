"""From the lines of a file to the steps of a player: writes, replies, events, in order.

It must not know any wire, file or clock.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from mailprobe.transcript.model import (
    Alt,
    Assert,
    Comment,
    EventLine,
    FileLine,
    Include,
    Line,
    Pattern,
    Peer,
    Poll,
    Question,
    Title,
    TlsLine,
    Transcript,
    Wire,
    Wrong,
)
from mailprobe.transcript.steps import Check, Choice, Repeat, Section, Step
from mailprobe.transcript.talks.mail import MailTalk
from mailprobe.transcript.talks.shadow import Shadow
from mailprobe.transcript.talks.talk import Answer, Draft, Talk, Writing, fault

RAW = "raw"
_MASKED = "# a secret was masked"  # how a recorder begins to say it
_MASKED_ABOVE = "# a secret was masked above"


def compile_steps(
    transcript: Transcript,
    values: Mapping[str, bytes] | None = None,
    choices: Sequence[int] = (),
    wrong: int | None = None,
) -> tuple[Step, ...]:
    """What the transcript asks for, in order.

    `values` are the settings and the values of a matrix.  `choices` says which branch of each
    `@alt` is taken; the first that is not decided is a `Choice`, and the last step.  `wrong`: the
    lines before the known mistake of that number, then its own.  Raises Unreadable.
    """
    decided = iter(choices)
    compiler = _Compiler(transcript.head.peers, values or {}, decided)
    compiler.compile(_path(transcript.lines, decided, _Countdown(wrong)))
    return compiler.finish()


class _Countdown:
    """Counts known mistakes until the one that is wanted."""

    def __init__(self, wanted: int | None) -> None:
        self.left = wanted
        self.reached = False

    def take(self) -> bool:
        self.reached = self.left == 0
        if self.left is not None:
            self.left -= 1
        return self.reached


def _path(
    lines: Iterable[Line], choices: Iterator[int], wrong: _Countdown
) -> Iterator[Line | Choice]:
    """The lines that are played, one after the other."""
    for line in lines:
        if wrong.reached:
            return
        match line:
            case Include(lines=inner):
                yield from _path(inner, choices, wrong)
            case Wrong(lines=inner):
                if wrong.take():
                    yield from inner
            case Alt(branches=branches):
                taken = next(choices, None)
                if taken is None:
                    yield Choice(line)  # the last that anybody asks for
                else:
                    yield from _path(branches[taken].lines, choices, wrong)
            case _:
                yield line


class _Compiler:
    """All connections of one run, or of one round of `@poll`."""

    def __init__(
        self, peers: Mapping[int, Peer], values: Mapping[str, bytes], choices: Iterator[int]
    ) -> None:
        self._peers = peers
        self._values = values
        self._choices = choices
        self._talks: dict[int, Talk] = {}
        self._drafts: list[Draft] = []
        self._last = 1  # the connection that spoke last

    def compile(self, lines: Iterable[Line | Choice]) -> bool:
        """Compile up to the end, or to the first choice that is open: False then."""
        for line in lines:
            match line:
                case Wire() | FileLine() | Question() | Pattern():
                    self._talk(line.connection, line).take(line)
                case EventLine():
                    self._talk(line.connection, line).happen(line)
                case TlsLine():
                    self._talk(line.connection, line).start_tls(line)
                case Assert():
                    self._drafts.append(Check(line, self._last))
                case Title():
                    self._drafts.append(Section(line))
                case Poll():
                    if not self._round(line):
                        return False
                case Choice():
                    self._drafts.append(line)
                    return False
                case Comment(text=text) if text.startswith(_MASKED):
                    self._mask(everything=text == _MASKED_ABOVE)
                case _:
                    pass  # nothing that is played
        return True

    def _mask(self, *, everything: bool) -> None:
        """A recorder tells of secrets that it has masked: in the reply above, or in any above."""
        if everything:
            for draft in self._drafts:
                if isinstance(draft, Answer):
                    draft.masked = True
        elif isinstance(talk := self._talks.get(self._last), MailTalk):
            talk.mask()

    def finish(self, *, inside: bool = False) -> tuple[Step, ...]:
        for talk in self._talks.values():
            talk.finish(inside=inside)
        return tuple(
            draft.finish() if isinstance(draft, Writing | Answer) else draft
            for draft in self._drafts
        )

    def _round(self, line: Poll) -> bool:
        """A round of `@poll`, on connections that it opens; the others stay as they are."""
        inner = _Compiler(self._peers, self._values, self._choices)
        whole = inner.compile(_path(line.lines, self._choices, _Countdown(None)))
        self._drafts.append(Repeat(line, inner.finish(inside=True)))
        return whole

    def _talk(self, connection: int, line: Line) -> "Talk":
        self._last = connection
        talk = self._talks.get(connection)
        if talk is None:
            talk = self._talks[connection] = self._open(connection, line)
        return talk

    def _open(self, connection: int, line: Line) -> "Talk":
        peer = self._peers.get(connection, Peer())
        if not peer.protocol:
            key = "protocol" if connection == 1 else f"protocol {connection}"
            raise fault(line, f"connection {connection} has no protocol: write {key}:")
        if peer.protocol == RAW:
            from mailprobe.transcript.talks.raw import RawTalk

            return RawTalk(connection, self._drafts)
        shadow = Shadow(peer.protocol, self._values)
        if peer.implicit_tls:
            shadow.start_tls(implicit=True)
        return MailTalk(connection, self._drafts, shadow)
