"""The recording of a shell: a file that holds all of a connection, or no file."""

from pathlib import Path

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.protocol.events import Closed, Ending
from mailprobe.protocol.model import Protocol
from mailprobe.shell import recording as module
from mailprobe.shell.backlog import Backlog
from mailprobe.shell.recording import Recording
from mailprobe.transport.target import Target

TARGET = Target(Protocol.SMTP, "mx.example", 25)


def test_save_writes_the_connection_from_its_beginning(tmp_path: Path) -> None:
    """What was told before, notes, and what is told later."""
    recording = Recording(lambda sentence: None)
    recording.begin(TARGET)
    recording.note("early")
    recording.save(tmp_path / "a.mpt")
    recording(Closed(1.0, Ending.LOCAL))
    recording.close()
    assert (tmp_path / "a.mpt").read_text().endswith("\n\n| early\nC@ close\n")


def test_save_that_cannot_be_whole_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the backlog was given up, or there was no connection, nothing is made."""
    monkeypatch.setattr(module, "Backlog", lambda: Backlog(most=1))
    recording = Recording(lambda sentence: None)
    with pytest.raises(Failure, match="no connection"):
        recording.save(tmp_path / "a.mpt")
    recording.begin(TARGET)
    recording.note("one")
    recording.note("two")
    with pytest.raises(Failure) as caught:
        recording.save(tmp_path / "a.mpt")
    assert caught.value.word is Word.LIMIT
    recording.close()
    assert list(tmp_path.iterdir()) == []
