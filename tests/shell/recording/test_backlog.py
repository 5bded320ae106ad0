"""What is kept for a recording that comes later: all of it, or a reason why not."""

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.errors import Failure, Word
from mailprobe.protocol.events import BodyChunk, Closed, DataSent, Event, Failed, Unsolicited
from mailprobe.protocol.model import Reply
from mailprobe.shell.recording import backlog as module
from mailprobe.shell.recording.backlog import Backlog, Note

PIECES = st.builds(
    BodyChunk, st.just(1.0), st.binary(max_size=9), st.binary(max_size=9), st.booleans()
) | st.binary(max_size=9).map(lambda octets: BodyChunk(1.0, octets, octets))


def _joined(events: list[Event | Note]) -> list[object]:
    """Events, with the pieces of a body as one."""
    found: list[object] = []
    for event in events:
        if not isinstance(event, BodyChunk):
            found.append(event)
        elif found and isinstance(found[-1], list) and not found[-1][2]:
            found[-1] = [found[-1][0] + event.octets, found[-1][1] + event.wire, event.last]
        else:
            found.append([event.octets, event.wire, event.last])
    return found


@given(st.lists(PIECES | st.builds(Note, st.text()) | st.just(Closed(2.0, "eof"))))
def test_everything_comes_back_in_order(entries: list[Event | Note]) -> None:
    """Bodies are equal octet for octet, however often they are read back."""
    backlog = Backlog()
    for entry in entries:
        backlog.append(entry)
    assert _joined(list(backlog)) == _joined(entries)
    backlog.append(Note("more"))
    assert _joined(list(backlog)) == _joined([*entries, Note("more")])
    backlog.close()


def test_flood_is_given_up() -> None:
    """A server that talks without end costs the later recording, not the memory."""
    backlog = Backlog(most=3)
    for _ in range(5):
        backlog.append(Closed(1.0, "eof"))
    with pytest.raises(Failure) as caught:
        list(backlog)
    assert caught.value.word is Word.LIMIT
    backlog.close()


def test_pieces_of_one_body_are_one_entry() -> None:
    """A body that comes in thousands of pieces does not count as thousands."""
    backlog = Backlog(most=3)
    for _ in range(1000):
        backlog.append(BodyChunk(1.0, b"x", b"x"))
    assert _joined(list(backlog)) == [[b"x" * 1000, b"x" * 1000, False]]
    backlog.close()


def test_full_disk_is_told_when_somebody_saves(monkeypatch: pytest.MonkeyPatch) -> None:
    """The session goes on; /save says why it cannot."""

    def keep(file: object, octets: bytes) -> None:
        raise Failure(Word.USAGE, f"no space left ({errno.ENOSPC})")

    monkeypatch.setattr(module.files, "keep", keep)
    backlog = Backlog()
    backlog.append(BodyChunk(1.0, b"x", b"x"))
    backlog.append(Note("later"))
    with pytest.raises(Failure, match="no space"):
        list(backlog)
    backlog.close()


def test_mail_data_is_no_more_than_a_piece_in_memory() -> None:
    """What was sent goes to the disk as well, and is never joined with what came."""
    backlog = Backlog(most=3)
    for _ in range(1000):
        backlog.append(DataSent(1.0, b"x", last=False))
    backlog.append(DataSent(1.0, b"y", last=True))
    backlog.append(BodyChunk(1.0, b"z", b"z"))
    sent, came = list(backlog)
    assert sent == DataSent(1.0, b"x" * 1000 + b"y", last=True)
    assert came == BodyChunk(1.0, b"z", b"z")
    backlog.close()


@pytest.mark.parametrize(
    "entry",
    [
        Unsolicited(1.0, Reply.of("250", "x" * 34)),
        Failed(1.0, Word.PROTOCOL, "no reply", b"x" * 40),
    ],
)
def test_flood_of_large_replies_is_given_up(entry: Event) -> None:
    """Few entries may be much memory."""
    backlog = Backlog(octets=100)
    for _ in range(2):
        backlog.append(entry)
    assert not backlog.given_up
    backlog.append(entry)
    assert backlog.given_up
    backlog.close()
