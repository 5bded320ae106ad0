"""The recording of a shell: a file that holds all of a connection, or no file."""

from pathlib import Path

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.protocol.events import (
    BodyChunk,
    Closed,
    CommandSent,
    Ending,
    Greeting,
    ReplyReceived,
)
from mailprobe.protocol.model import Command, Protocol, Reply
from mailprobe.shell import recording as module
from mailprobe.shell.backlog import Backlog
from mailprobe.shell.recording import Recording
from mailprobe.transcript.dialogue import compile_steps
from mailprobe.transcript.parse import parse
from mailprobe.transcript.steps import Write
from mailprobe.transport.target import Target
from mailprobe.value import replace

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


# ------------------------------------------------------------------------- steps, expectations


def _reply(recording: Recording, code: str, *texts: str) -> None:
    command = Command(b"NOOP")
    recording(CommandSent(0.0, command, b"NOOP\r\n"))
    recording(ReplyReceived(0.0, Reply.of(code, *texts), command))


def _begin(path: Path, warnings: list[str]) -> Recording:
    recording = Recording(warnings.append)
    recording.start(path)
    recording.begin(TARGET)
    recording(Greeting(0.0, Reply.of("220", "mx")))
    return recording


def _lines(path: Path) -> list[str]:
    return path.read_text().partition("\n\n")[2].splitlines()


def test_steps_and_expectations_are_written_where_they_were_said(tmp_path: Path) -> None:
    """A class stands in the place of the next reply, a pattern behind the last one."""
    warnings: list[str] = []
    recording = _begin(tmp_path / "a.mpt", warnings)
    recording.expect("+ mx")
    recording.step("Is it alive?")
    recording.expect("250|2xx 2.0.x")
    _reply(recording, "250", "2.0.0 yes")
    recording.expect("- no")
    _reply(recording, "250", "2.0.0 yes")
    recording.close()
    assert _lines(tmp_path / "a.mpt") == [
        *("S: 220 mx", "S+ mx", "== Is it alive?"),
        *("C: NOOP", "S? 250|2xx 2.0.x", "S- no"),
        *("C: NOOP", "S: 250 2.0.0 yes"),
    ]
    assert warnings == []
    steps = compile_steps(parse((tmp_path / "a.mpt").read_bytes(), "a.mpt"))
    assert len([step for step in steps if isinstance(step, Write)]) == 2


def test_an_expectation_that_does_not_hold_is_told_at_once(tmp_path: Path) -> None:
    """It is written all the same: it says what must come."""
    warnings: list[str] = []
    recording = _begin(tmp_path / "a.mpt", warnings)
    recording.expect("250")
    _reply(recording, "550", "no")
    recording.close()
    assert warnings == ["demanded and not met: the reply is 550, not 250"]
    assert _lines(tmp_path / "a.mpt")[-1] == "S? 250"


def test_the_body_of_a_demanded_reply_is_a_part_of_it(tmp_path: Path) -> None:
    """Nothing of it is written; the next one is."""
    recording = _begin(tmp_path / "a.mpt", [])
    command = Command(b"UIDL")
    for number in (1, 2):
        if number == 1:
            recording.expect("xxx")
        recording(CommandSent(0.0, command, b"UIDL\r\n"))
        recording(ReplyReceived(0.0, Reply.of("+OK"), command, body=True))
        recording(BodyChunk(0.0, b"1 a\r\n", b"1 a\r\n"))
        recording(BodyChunk(0.0, b"", b".\r\n", last=True))
    recording.close()
    assert _lines(tmp_path / "a.mpt")[1:] == [
        *("C: UIDL", "S? xxx"),
        *("C: UIDL", "S: +OK", "S: 1 a", "S: ."),
    ]


def test_expectations_are_saved_with_what_went_before(tmp_path: Path) -> None:
    """Steps, too."""
    recording = Recording(lambda sentence: None)
    recording.begin(TARGET)
    recording.step("one")
    recording.expect("250")
    _reply(recording, "250", "yes")
    recording.save(tmp_path / "a.mpt")
    recording.close()
    assert _lines(tmp_path / "a.mpt") == ["== one", "C: NOOP", "S? 250"]


def test_what_no_reply_can_be_is_not_demanded(tmp_path: Path) -> None:
    """A class of the other protocol, and what holds a secret."""
    recording = _begin(tmp_path / "a.mpt", [])
    for text in ("+OK", "-ERR [IN-USE]", "250|+"):
        with pytest.raises(Failure, match="three digits"):
            recording.expect(text)
    login = Command(b"PASS hunter22")
    recording(CommandSent(0.0, login, b"PASS hunter22\r\n", (5, 13)))
    recording(ReplyReceived(0.0, Reply.of("500", "unknown: PASS hunter22"), login))
    with pytest.raises(Failure, match="a secret is in that"):
        recording.expect("+ PASS hunter22")
    recording.close()
    assert _lines(tmp_path / "a.mpt")[1:] == [
        *("C~ PASS {password}", "S: 500 unknown: PASS ********", "# a secret was masked"),
    ]
    other = Recording(lambda sentence: None)
    other.begin(replace(TARGET, protocol=Protocol.POP3))
    with pytest.raises(Failure, match="or -ERR|-ERR or"):
        other.expect("250")
    other.close()


def test_a_secret_in_an_older_expectation_is_left_out(tmp_path: Path) -> None:
    """What was demanded before there was a file is looked through when it is written."""
    recording = Recording(lambda sentence: None)
    recording.begin(TARGET)
    login = Command(b"PASS hunter22")
    recording(CommandSent(0.0, login, b"PASS hunter22\r\n", (5, 13)))
    recording(ReplyReceived(0.0, Reply.of("500", "no"), login))
    recording.expect("- hunter22")
    recording.save(tmp_path / "a.mpt")
    recording.close()
    assert _lines(tmp_path / "a.mpt")[-1] == "# an expectation that holds a secret was left out"


@pytest.mark.parametrize("text", ["25", "yes", "+ ", "+ {x:nothing}", "250 9.9"])
def test_what_is_no_expectation(tmp_path: Path, text: str) -> None:
    """Is refused, and nothing is written."""
    recording = _begin(tmp_path / "a.mpt", [])
    with pytest.raises(Failure, match="/expect 250") as caught:
        recording.expect(text)
    assert caught.value.word is Word.USAGE
    recording.close()
    assert _lines(tmp_path / "a.mpt") == ["S: 220 mx"]


def test_a_line_is_demanded_of_a_reply_that_came(tmp_path: Path) -> None:
    """Not behind a command."""
    recording = _begin(tmp_path / "a.mpt", [])
    recording(CommandSent(0.0, Command(b"NOOP"), b"NOOP\r\n"))
    with pytest.raises(Failure, match="no reply stands above"):
        recording.expect("+ x")
    recording.close()
