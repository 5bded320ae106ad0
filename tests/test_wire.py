"""The wire: floods, lines that are no reply, and who has ended it."""

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.protocol import events
from mailprobe.protocol.events import Ending, Event
from mailprobe.protocol.smtp import SMTP
from mailprobe.session import Session
from mailprobe.transport.memory import Scripted

GREETING = b"220 hi\r\n"


class Server(Scripted):
    """A script that is read by `receive`; `polled` is what a poll finds, once each."""

    def __init__(self, *chunks: bytes) -> None:
        super().__init__([GREETING, *chunks], ending=None)
        self.polled: list[bytes] = []
        self.polls = 0

    def poll_receive(self) -> memoryview | None:
        self.polls += 1
        return memoryview(self.polled.pop(0)) if self.polled else None


def _attached(link: Scripted) -> tuple[Session, list[Event]]:
    heard: list[Event] = []
    session = Session(SMTP, [heard.append])
    session.attach(link)
    return session, heard


class Endless(Server):
    """A peer that never stops, and always has more."""

    def poll_receive(self) -> memoryview | None:
        self.polls += 1
        return memoryview(b"250 and\r\n")


def test_a_glance_ends_however_much_comes() -> None:
    """It says that there may be more; the connection lives, and nothing is a failure."""
    link = Endless()
    session, heard = _attached(link)
    assert session.glance(0.0)
    assert link.polls < 1000
    assert not session.closed
    session.check()
    assert sum(isinstance(event, events.Unsolicited) for event in heard) == link.polls


def test_a_glance_takes_in_all_that_is_there() -> None:
    """False: nothing more waits."""
    link = Server()
    session, heard = _attached(link)
    link.polled = [b"250 one\r\n", b"250 two\r\n"]
    assert not session.glance(1e6)
    assert sum(isinstance(event, events.Unsolicited) for event in heard) == 2


@pytest.mark.parametrize("count", [1, 2, 5000])
def test_lines_that_are_no_reply_are_told_together(count: int) -> None:
    """One failure for what came at once, with all its octets; the reply behind it is told."""
    link = Server(b"what?\r\n" * count + b"250 ok\r\n")
    session, heard = _attached(link)
    with pytest.raises(Failure) as caught:
        session.exchange(b"NOOP")
    assert caught.value.word is Word.PROTOCOL
    failed = [event for event in heard if isinstance(event, events.Failed)]
    assert [event.octets for event in failed] == [b"what?\r\n" * count]
    assert failed[0].sentence == caught.value.sentence
    told = {1: "", 2: "; 1 more line like it", 5000: "; 4999 more lines like it"}[count]
    assert failed[0].sentence.endswith(told)
    assert ("like it" in failed[0].sentence) is bool(told)
    assert session.last is not None
    assert [reply.code for reply in session.last.replies] == ["250"]


def test_what_ends_the_session_is_told_on_its_own() -> None:
    """A line that is no reply, and then a line without end, are two failures."""
    link = Server(b"what?\r\n" + b"x" * 100_000)
    session, heard = _attached(link)
    with pytest.raises(Failure) as caught:
        session.exchange(b"NOOP")
    assert caught.value.word is Word.PROTOCOL
    words = [event.word for event in heard if isinstance(event, events.Failed)]
    assert words == [Word.PROTOCOL, Word.LIMIT]
    assert session.closed


def _how(heard: list[Event]) -> str:
    return next(event.how for event in heard if isinstance(event, events.Closed))


def test_close_is_ours_unless_the_server_was_first() -> None:
    """An end that has come already is the server's; one that comes during ours is not."""
    for came_before, how in ((True, Ending.EOF), (False, Ending.LOCAL)):
        link = Server()
        session, heard = _attached(link)
        link.ending = Ending.EOF
        link.polled = [b""] if came_before else []
        session.close()
        assert _how(heard) == how
