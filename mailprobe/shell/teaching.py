"""A lesson in the shell: it begins, it goes on, and what is to be done for the learner is done.

It sees the shell through `Conversation`: no key, no screen.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mailprobe.errors import Failure, Word
from mailprobe.lessons import telling
from mailprobe.lessons.plan import Item, Kind
from mailprobe.lessons.telling import Row, Voice
from mailprobe.lessons.tutor import Tutor
from mailprobe.protocol.items import Answer, Data, Phase, Raw
from mailprobe.protocol.model import Command
from mailprobe.session import Item as Sent
from mailprobe.transcript.steps import Sort

if TYPE_CHECKING:
    from mailprobe.shell.conversation import Conversation
    from mailprobe.shell.interface import Shell

_CRLF = b"\r\n"
_LISTENED = 10.0  # seconds for what a server says of its own accord


def begin(talk: "Conversation") -> None:
    """Say what the lesson is, and come to its first task.  Raises Failure."""
    enrolment = talk.options.lesson
    assert enrolment is not None  # somebody wants to learn

    def show(rows: Iterable[Row]) -> None:
        talk.write("".join(f"{talk.paint(row.style, row.text)}\n" for row in rows))

    talk.preferences.language = enrolment.language  # /explain answers in that of the lesson
    voice = Voice(enrolment.language, lambda: talk.columns)
    tutor = Tutor(enrolment.lesson, enrolment.course, enrolment.progress, voice, show)
    talk.tutor = tutor
    tutor.begin()
    go_on(talk)


def go_on(talk: "Conversation") -> None:
    """Say what there is to be said, and do what is not the learner's.  Raises Failure."""
    tutor = talk.tutor
    assert tutor is not None  # there is a lesson
    tutor.speak()
    _tell_unheard(talk, tutor)
    while (item := tutor.automatic) is not None and talk.phase is not Phase.CHUNK:
        do(talk, tutor, item)
        tutor.speak()
        if tutor.automatic is item:  # it did not come as the lesson says
            tutor.say(telling.NOTHING_DONE)
            return


def _tell_unheard(talk: "Conversation", tutor: Tutor) -> None:
    """Say, once of each, that what is typed in a session of the learner's own is not judged."""
    session, item = talk.session, tutor.item
    number = elsewhere(talk, tutor, item) if item is not None else None
    if session is not None and number is not None and tutor.unheard(session):
        tutor.say(telling.NOT_HEARD, number)


def do(shell: "Shell", tutor: Tutor, item: Item) -> None:
    """Do one thing for the learner, or all that goes in one write.  Raises Failure."""
    if (number := elsewhere(shell, tutor, item)) is not None:
        shell.use(number)
    match item.kind:
        case Kind.OPEN:
            shell.connect(tutor.next_target())
        case Kind.SAY:
            group = tutor.group
            if len(group) > 1:
                shell.send(Raw(b"".join(map(tutor.octets, group))))
            else:
                shell.send(_sent(shell, tutor.octets(item), item))
        case Kind.HEAR:
            shell.listen(_LISTENED)
        case Kind.END:
            if shell.session is not None:
                shell.session.drop()
        case Kind.TLS:
            pass  # it begins by itself


def elsewhere(shell: "Shell", tutor: Tutor, item: Item) -> int | None:
    """The number of another session in which an item happens; None: it is this one."""
    wanted = tutor.session_of(item)
    if wanted is None or wanted is shell.session:
        return None
    return next((number for number, session in shell.sessions() if session is wanted), None)


def _sent(shell: "Shell", octets: bytes, item: Item) -> Sent:
    unit = item.unit
    assert unit is not None  # something is said here
    if unit.sort is Sort.DATA:
        return Data(octets)
    line = octets.removesuffix(_CRLF)
    if len(line) == len(octets) or b"\n" in line:
        return Raw(octets)
    session = shell.session
    answers = session is not None and session.connection.phase is Phase.ANSWER
    return Answer(line) if answers else Command(line)


def do_step(shell: "Shell", tutor: Tutor) -> bool:
    """Do all that the step still awaits; whether it is done.  Raises Failure."""
    step = tutor.step
    tutor.helping(on=True)
    try:
        for again in tutor.way_back:
            shell.send(_sent(shell, tutor.octets(again), again))
        tried: list[Item] = []
        while tutor.step == step and (item := tutor.item) is not None:
            if tried.count(item) > 1:  # a login that is refused begins anew, but not for ever
                return False
            tried.append(item)
            do(shell, tutor, item)
            if tutor.step == step and tutor.item is item:
                return False
    finally:
        tutor.helping(on=False)
    return tutor.step != step


def tutor_of(shell: "Shell") -> Tutor:
    """Who teaches here.  Raises Failure `usage` where nobody does."""
    if shell.tutor is None:
        raise Failure(Word.USAGE, "there is no lesson here: mailprobe learn shows which there are")
    return shell.tutor


def tell_where(shell: "Shell") -> None:
    """Say where the next thing happens, where that is another session."""
    tutor = tutor_of(shell)
    item = tutor.item
    number = elsewhere(shell, tutor, item) if item is not None else None
    if number is not None:
        tutor.say(telling.OTHER_SESSION, number, number)
