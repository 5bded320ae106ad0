"""Where and when faults strike: the dice, the counting, and the deeds on the link.

One `Plan` is a sandbox's; each session has a `Faults` of it, which stands between a service and
what goes out.  Which faults there are it does not know.
"""

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from mailprobe.errors import Failure, Word
from mailprobe.protocol import events
from mailprobe.protocol.connection import Connection
from mailprobe.protocol.events import Event
from mailprobe.protocol.items import Body
from mailprobe.protocol.model import Command, Reply
from mailprobe.protocol.progress import Stage
from mailprobe.sandbox.faults.model import (
    Act,
    Deed,
    Do,
    Fault,
    Moment,
    Pause,
    Place,
    Watch,
)
from mailprobe.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from random import Random

    from mailprobe.sandbox.dialogue import Dialogue, Service
    from mailprobe.transport.stream import Stream

_NOTHING_SAID = Command(b"")
_PLACES = {Stage.GREETING: Place.GREETING, Stage.COMMAND: Place.REPLY, None: Place.REPLY}
_Key = tuple[int, int]  # which of the plan's faults, and which act of it
_ONCE = frozenset({Place.GREETING, Place.PORT, Place.HANDSHAKE, Place.IDLE})  # in a session


class Plan:
    """The faults of one sandbox.

    The same `seed` strikes at the same places of the first, second, third session.  `rest` lets
    time pass, and ends early with the sandbox.
    """

    def __init__(
        self,
        faults: Sequence[Fault],
        seed: int = 0,
        rest: Callable[[float], object] = time.sleep,
    ) -> None:
        # What is said is changed before it is cut to pieces.
        self.faults = sorted(faults, key=lambda fault: fault.spec.rank)
        self.rest = rest
        self.common: dict[str, object] = {}
        self.counts: dict[_Key, int] = {}  # of what strikes once in a session
        self._seed = seed
        self._sessions = itertools.count(1)

    def session(self, connection: Connection, stream: "Stream | None" = None) -> "Faults":
        """What one session has of them."""
        protocol = connection.catalogue.protocol
        mine = {n: each for n, each in enumerate(self.faults) if protocol in each.spec.protocols}
        return Faults(self, mine, f"{self._seed}/{next(self._sessions)}", connection, stream)


class Faults:
    """The faults of one session, and what they have begun.

    Without a `stream` (in memory) pauses and ends are not carried out; `muted` tells of the ends.
    """

    def __init__(
        self,
        plan: Plan,
        faults: Mapping[int, Fault],
        seed: str,
        connection: Connection,
        stream: "Stream | None",
    ) -> None:
        self._plan = plan
        self._acts = [
            (fault, (place, number), act)
            for place, fault in faults.items()
            for number, act in enumerate(fault.spec.acts)
        ]
        self._seed = seed
        self._dice: Random | None = None
        self._counts: dict[_Key, int] = {}
        self._connection = connection
        self._stream = stream
        self._memory: dict[str, object] = {}
        self._command = _NOTHING_SAID  # what the last reply answered
        self._reply: Reply | None = None
        self._line: bytes | None = None  # the client's last, in a login
        self._in_data = False
        self.muted = False  # nothing goes out any more

    # ------------------------------------------------------------------------ who strikes now

    def _moment(self, place: Place, command: Command = _NOTHING_SAID) -> Moment:
        return Moment(
            place, command, self._connection, self._memory, self._plan.common, line=self._line
        )

    def _strikes(self, fault: Fault, key: _Key, act: Act, moment: Moment) -> bool:
        """Whether it does, at a place where it could."""
        if act.always:
            return True
        counts = self._plan.counts if moment.place in _ONCE else self._counts
        counts[key] = count = counts.get(key, 0) + 1
        if fault.position and count != fault.position:
            return False
        return fault.probability >= 1 or self._throw() < fault.probability

    def _throw(self) -> float:
        if self._dice is None:
            from random import Random  # where there is a probability

            self._dice = Random(self._seed)
        return self._dice.random()

    def _striking(self, moment: Moment, kind: str) -> Iterator[tuple[Act, Moment]]:
        for fault, key, act in self._acts:
            if getattr(act, kind) is None or not act.where(moment):
                continue
            if self._strikes(fault, key, act, moment):
                given = fault.seconds
                yield act, replace(moment, seconds=fault.spec.seconds if given is None else given)

    def said(self, moment: Moment, octets: bytes) -> Iterable[Deed]:
        """What goes out in the place of `octets`."""
        deeds: list[Deed] = [octets]
        for act, struck in self._striking(replace(moment, octets=octets), "says"):
            assert act.says is not None  # that is the kind
            changed: list[Deed] = []
            for deed in deeds:
                if isinstance(deed, bytes):
                    changed += act.says(replace(struck, octets=deed))
                else:
                    changed.append(deed)
            deeds = changed
        return deeds

    def instead(self, moment: Moment, command: Command) -> tuple[str | bytes, ...] | None:
        """The code and texts of a reply in the place of what the rule would do; None: go on."""
        for act, struck in self._striking(replace(moment, command=command), "instead"):
            assert act.instead is not None  # that is the kind
            reply = act.instead(struck)
            if reply is not None:
                return reply
        return None

    # -------------------------------------------------------------------- between service and link

    def say(self, dialogue: "Dialogue", reply: Reply) -> None:
        """Reply, as `Dialogue.say` does."""
        owed = self._connection.owed()
        stage = owed.stage if owed is not None else None
        self._command = owed.command if owed is not None else _NOTHING_SAID
        self._reply = reply
        moment = replace(
            self._moment(_PLACES.get(stage, Place.VERDICT), self._command),
            reply=reply,
            number=owed.answered if owed is not None else 0,
        )
        octets = self._connection.send(reply, time.monotonic())
        self._perform(dialogue, self.said(moment, octets))

    def give(self, dialogue: "Dialogue", chunks: Iterable[bytes]) -> None:
        """Send a multi-line response, whole where a fault looks at it."""
        moment = replace(self._moment(Place.BODY, self._command), reply=self._reply)
        wanted = any(act.says and act.where(moment) for _, _, act in self._acts)
        octets = self._travelling(chunks)
        if wanted:
            self._perform(dialogue, self.said(moment, b"".join(octets)))
            return
        for piece in octets:
            self._perform(dialogue, (piece,))

    def _travelling(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            yield self._connection.send(Body(chunk, last=False), time.monotonic())
        yield self._connection.send(Body(b"", last=True), time.monotonic())

    def taking(self, service: "Service") -> Callable[[Event], None]:
        """What takes the events of a client in the place of `service.take`."""

        def take(event: Event) -> None:
            match event:
                case events.CommandReceived(command=command):
                    self._line, self._in_data = None, False
                    if not self._answered(service, command):
                        service.take(event)
                case events.AnswerReceived(line=line, command=command):
                    self._line = line
                    if not self._answered(service, command):
                        service.take(event)
                case events.DataReceived():
                    self._take_data(service, event)
                case _:
                    service.take(event)

        return take

    def _take_data(self, service: "Service", event: Event) -> None:
        if not self._in_data:  # once for a mail, however it is cut
            self._in_data = True
            self._perform(service.dialogue, self.said(self._moment(Place.DATA), b""))
        if not service.dialogue.over:
            service.take(event)

    def _answered(self, service: "Service", command: Command) -> bool:
        reply = self.instead(self._moment(Place.COMMAND), command)
        if reply is None:
            return False
        service.answer_instead(command, reply)
        return True

    # ------------------------------------------------------------------------------ the deeds

    def _perform(self, dialogue: "Dialogue", deeds: Iterable[Deed]) -> None:
        for deed in deeds:
            if self.muted:
                return
            if isinstance(deed, bytes):
                dialogue.put(deed)
                continue
            dialogue.flush()
            if isinstance(deed, Pause):
                self.rest(deed.seconds)
            elif isinstance(deed, Watch):
                talked = self._watch(dialogue, deed.seconds)
                self._perform(dialogue, deed.talked if talked else deed.silent)
            else:
                self._end(dialogue, deed)

    def _watch(self, dialogue: "Dialogue", seconds: float) -> bool:
        """Whether the client talks within this time."""
        if self._stream is None:
            return bool(self._connection.unread)
        try:
            octets = self._stream.receive(time.monotonic() + seconds)
        except Failure as failure:
            if failure.word is not Word.TIMEOUT:
                raise
            return False
        dialogue.receive(octets or b"")
        return True

    def _end(self, dialogue: "Dialogue", deed: Do) -> None:
        self.muted = True
        dialogue.over = deed in (Do.CLOSE, Do.CUT, Do.RESET)
        if self._stream is None:
            return
        if deed is Do.RESET:
            self._stream.reset()
        elif deed is Do.CUT:
            self._stream.interrupt()
        elif deed is Do.HALF_CLOSE:
            self._stream.half_close()

    def rest(self, seconds: float) -> None:
        """Let time pass, unless there is no link; less of it where the sandbox ends."""
        if self._stream is not None:
            self._plan.rest(seconds)

    # -------------------------------------------------------------------- the link as a whole

    def _happens(self, place: Place) -> list[Moment]:
        moment = self._moment(place)
        return [struck for _, struck in self._striking(moment, "says")]

    def implicit_tls(self, implicit: bool) -> bool:  # noqa: FBT001 - the one thing it is about
        """Whether TLS is spoken from the first octet, where it should be `implicit`."""
        self._memory["implicit"] = implicit
        return implicit is not bool(self._happens(Place.PORT))

    def patience(self, usual: float) -> float:
        """Seconds that a silent client is waited for."""
        return min([usual, *(moment.seconds for moment in self._happens(Place.IDLE))])

    def certificate(self) -> str:
        """Which one is shown; "" is the right one."""
        for fault, key, act in self._acts:
            moment = self._moment(Place.HANDSHAKE)
            if not fault.spec.certificate or not act.where(moment):
                continue
            if self._strikes(fault, key, act, moment):
                return fault.spec.certificate
        return ""

    def handshake(self) -> list[Deed]:
        """What is done in the place of a handshake; nothing: it takes place."""
        moment = self._moment(Place.HANDSHAKE)
        return list(self.said(moment, b""))[1:]
