"""The recording of a shell: a file that holds all of a connection, or no file."""

import io
from pathlib import Path

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.protocol.events import (
    BodyChunk,
    Closed,
    CommandSent,
    Connected,
    Connecting,
    Ending,
    Failed,
    Greeting,
    ReplyReceived,
    StateChanged,
)
from mailprobe.protocol.model import Command, Protocol, Reply, State
from mailprobe.session import Exchange
from mailprobe.shell.recording import tape
from mailprobe.shell.recording.backlog import Backlog
from mailprobe.shell.recording.recording import Recording
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
    monkeypatch.setattr(tape, "Backlog", lambda: Backlog(most=1))
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


@pytest.mark.parametrize("early", [True, False])
def test_who_was_not_reached_is_not_recorded(tmp_path: Path, early: bool) -> None:
    """A name that was mistyped: a replay would have to find that host."""
    path = tmp_path / "a.mpt"
    recording = Recording(lambda sentence: None)
    if early:
        recording.start(path)
    recording.begin(TARGET)
    recording(Connecting(0.0, "192.0.2.1:25"))
    recording(Failed(0.0, Word.CONNECT, "nobody is there"))
    recording(StateChanged(0.0, State.CONNECT, State.CLOSED))
    recording(Closed(0.0, Ending.LOCAL))
    second = recording.beside()
    assert second.number == 1
    second.begin(replace(TARGET, host="there.example"))
    second(Connected(0.0, "192.0.2.2:25", "192.0.2.3:1025"))
    second(Greeting(0.0, Reply.of("220", "mx")))
    if not early:
        second.save(path)
    third = second.beside()
    third.begin(TARGET)
    third(Failed(0.0, Word.DNS, "no such host"))
    third(Closed(0.0, Ending.LOCAL))
    fourth = third.beside()
    assert fourth.number == 2
    fourth.begin(TARGET)
    fourth(Greeting(0.0, Reply.of("220", "mx2")))
    fourth.close()
    text = path.read_text()
    assert "connect: there.example:25\n" in text
    assert text.endswith("connect 2: mx.example:25\n\nS: 220 mx\nS2: 220 mx2\n")


def test_a_recording_of_nobody_says_whom_nobody_reached(tmp_path: Path) -> None:
    """Where there is no other connection, why this one is none."""
    path = tmp_path / "a.mpt"
    recording = Recording(lambda sentence: None)
    recording.start(path)
    recording.begin(TARGET)
    recording(Failed(0.0, Word.DNS, "no such host"))
    recording(Closed(0.0, Ending.LOCAL))
    recording.close()
    text = path.read_text()
    assert "connect: mx.example:25\n" in text
    assert text.endswith("\n\n# incomplete: dns: no such host\n")


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


@pytest.mark.parametrize("demand", ["+ no such text", "- yes", "- {:word}", "- {}", "+ 9.{x:int}"])
def test_a_line_that_does_not_hold_is_told_and_not_written(tmp_path: Path, demand: str) -> None:
    """An expectation of a reply that came could never be met: it is no use to anybody."""
    warnings: list[str] = []
    recording = _begin(tmp_path / "a.mpt", warnings)
    _reply(recording, "250", "2.0.0", "yes")
    recording.expect(demand)
    recording.expect("+ 2.0.{x:int}")
    recording.expect("+ yes")
    recording.expect("- {}")  # no line but those
    recording.close()
    assert len(warnings) == 1
    assert warnings[0].startswith("that does not hold, and was not written: ")
    assert _lines(tmp_path / "a.mpt")[2:] == [
        *("S: 250-2.0.0", "S: 250 yes", "S+ 2.0.{x:int}", "S+ yes", "S- {}"),
    ]


def test_a_demand_may_use_what_another_has_captured(tmp_path: Path) -> None:
    """Of an older reply, too; what nobody can know now is written."""
    warnings: list[str] = []
    recording = _begin(tmp_path / "a.mpt", warnings)
    _reply(recording, "250", "queued as 4XyT0s")
    recording.expect("+ queued as {qid:token}")
    _reply(recording, "250", "4XyT0s is gone")
    recording.expect("- {qid} is here")
    assert warnings == []
    recording.expect("- {qid} is gone")
    recording.expect("+ {=md5(unheard)}")
    assert len(warnings) == 1
    recording.close()
    assert _lines(tmp_path / "a.mpt")[-2:] == ["S- {qid} is here", "S+ {=md5(unheard)}"]


@pytest.mark.parametrize(
    "line, offers, demand, holds",
    [
        (b"EHLO x", True, "+ AUTH LOGIN", True),  # a keyword and words, in any order
        (b"EHLO x", True, "+ AUTH CRAM-MD5", False),
        (b"EHLO x", True, "- AUTH", False),
        (b"EHLO x", True, "+ mx", False),  # the server's name is none of them
        (b"NOOP", False, "+ AUTH LOGIN", False),
        (b"NOOP", False, "+ AUTH PLAIN LOGIN", True),
    ],
)
def test_demands_of_offers(
    tmp_path: Path, line: bytes, offers: bool, demand: str, holds: bool
) -> None:
    """They mean what they will mean when the recording is played."""
    warnings: list[str] = []
    recording = _begin(tmp_path / "a.mpt", warnings)
    exchange = Exchange(Command(line), 0.0, [Reply.of("250", "mx", "AUTH PLAIN LOGIN")])
    recording(CommandSent(0.0, exchange.command, line + b"\r\n"))
    recording(ReplyReceived(0.0, exchange.replies[0], exchange.command))
    recording.expect(demand, exchange)
    recording.close()
    assert (warnings == []) is holds
    assert (f"S{demand}" in _lines(tmp_path / "a.mpt")) is holds


@pytest.mark.parametrize("kept", [True, False])
def test_demands_of_a_body(tmp_path: Path, kept: bool) -> None:
    """The lines of a multi-line response are looked at; where they are not kept, nobody can say."""
    warnings: list[str] = []
    recording = Recording(warnings.append)
    recording.start(tmp_path / "a.mpt")
    recording.begin(replace(TARGET, protocol=Protocol.POP3))
    exchange = Exchange(Command(b"RETR 1"), 0.0, [Reply.of("+OK", "yes")])
    exchange.body = io.BytesIO(b"Subject: x\r\n\r\nhello\r\n") if kept else None
    recording(CommandSent(0.0, exchange.command, b"RETR 1\r\n"))
    recording(ReplyReceived(0.0, exchange.replies[0], exchange.command, body=True))
    recording(
        BodyChunk(0.0, b"Subject: x\r\n\r\nhello\r\n", b"Subject: x\r\n\r\nhello\r\n.\r\n", True)
    )
    for demand in ("+ Subject: {}", "+ hello", "- bye"):
        recording.expect(demand, exchange)
    assert warnings == []
    recording.expect("+ yes", exchange)
    recording.expect("- hello", exchange)
    assert len(warnings) == 2 * kept
    assert not kept or exchange.body.read() == b""  # more may be written
    recording.close()


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


@pytest.mark.parametrize("later", [False, True])
def test_a_secret_that_no_line_of_the_wire_has_told(tmp_path: Path, later: bool) -> None:
    """Is masked all the same, whether the file was there before it or not."""
    recording = Recording(lambda sentence: None)
    if not later:
        recording.start(tmp_path / "a.mpt")
    recording.hide(b"hunter22", b"alice")
    recording.begin(TARGET)
    _reply(recording, "500", "not hunter22 (aHVudGVyMjI=), alice")
    if later:
        recording.save(tmp_path / "a.mpt")
    recording.close()
    assert _lines(tmp_path / "a.mpt")[1] == "S: 500 not ******** (************), alice"


def test_a_secret_that_is_in_the_name_of_its_user(tmp_path: Path) -> None:
    """The recording would name nobody, and tell what the secret is."""
    recording = _begin(tmp_path / "a.mpt", [])
    recording.hide(b"tanstaaf", b"tanstaaf@example.org")
    recording.hide(b"", b"alice")
    _reply(recording, "250", "tanstaaf@example.org, hello")
    recording.close()
    assert _lines(tmp_path / "a.mpt")[-1] == "S: 250 tanstaaf@example.org, hello"


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
