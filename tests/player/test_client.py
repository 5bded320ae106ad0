"""One run: what is sent, what must come, and at which line a run ends that went wrong."""

import time
from pathlib import Path

import pytest

from mailprobe.errors import Word
from mailprobe.player.options import Options
from mailprobe.player.results import Verdict
from mailprobe.player.server import Server
from mailprobe.protocol.framing import Limits
from mailprobe.transcript.lint import lint
from mailprobe.transcript.load import load
from mailprobe.transcript.model import Unreadable
from tests.hostile import server as at
from tests.player.scenes import SOON, against, passed, problem, run

GREETING = at.send(b"220 mx.example.test ESMTP\r\n")
SMTP = """
S: 220 mx
C: EHLO client.example
S? 250
C: QUIT
S: 221 bye
"""


def test_a_session_passes(tmp_path: Path) -> None:
    """Every line travels, every reply is counted, and the server closes."""
    result, heard = against(tmp_path, [*at.smtp(), at.close], SMTP + "S@ close\n")
    passed(result)
    assert heard == b"EHLO client.example\r\nQUIT\r\n"
    assert result.exchanges == 3
    assert result.name == "test.mpt"


def test_a_mail_passes(tmp_path: Path) -> None:
    """Mail data is sent as it stands there, and its reply is that of the end."""
    lines = """
S: 220 mx
C: MAIL FROM:<a@example.test>
S: 250 ok
C: RCPT TO:<b@example.test>
S: 250 ok
@assert recipients == 1
C: DATA
S: 354 go on
C: Subject: hi
C:
C: ..dot
C: .
S: 250 ok
@assert stored == 1
@assert recipients == 0
"""
    result, heard = against(tmp_path, at.smtp(), lines)
    passed(result)
    assert b"DATA\r\nSubject: hi\r\n\r\n..dot\r\n.\r\nQUIT\r\n" in heard


def test_a_file_without_an_end_gets_a_polite_quit(tmp_path: Path) -> None:
    """After a success and after a failure alike."""
    result, heard = against(tmp_path, at.smtp(), "S: 220 mx\n")
    passed(result)
    assert heard == b"QUIT\r\n"
    result, heard = against(tmp_path, at.smtp(), "S: 221 mx\n")
    problem(result, Word.MISMATCH, 1)
    assert heard == b"QUIT\r\n"


@pytest.mark.parametrize("lines", ["", "# a remark\n== a step\n| a text\n"])
def test_a_file_in_which_nothing_is_said(lines: str, tmp_path: Path) -> None:
    """It is no success: nothing ran, and no connection was made."""
    result, heard = against(tmp_path, at.smtp(), lines)
    assert result.verdict is Verdict.SKIPPED
    assert result.reason == "nothing is said in this file: there is nothing to replay"
    assert heard == b""


def test_the_first_failure_ends_the_run(tmp_path: Path) -> None:
    """What stands behind it is not sent; the report has place, command, reply and a diff."""
    lines = "S: 220 mx\nC: NOOP one\nS: 550 5.1.1 no\nC: NOOP two\nS: 250 ok\n"
    result, heard = against(tmp_path, at.smtp(), lines)
    said = problem(result, Word.MISMATCH, 3)
    assert result.verdict is Verdict.FAILED
    assert heard == b"NOOP one\r\nQUIT\r\n"
    assert said.command == "NOOP one"
    assert said.reply == ("S: 250 ok",)
    assert said.peer.startswith("127.0.0.1:")
    assert said.after is not None
    assert said.source == ((11, "C: NOOP one"), (12, "S: 550 5.1.1 no"))
    assert said.place is not None
    assert said.place.column == 4


def test_a_section_names_where_it_ended(tmp_path: Path) -> None:
    """The title of the step in which it went wrong."""
    result, _ = against(tmp_path, at.smtp(), "S: 220 mx\n== Later\nC: NOOP\nS: 500 x\n")
    assert result.section == "Later"


# -------------------------------------------------------------------------- groups and counts


def test_consecutive_lines_are_one_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Comments and blanks do not part them; a step does."""
    from mailprobe.transport.stream import Stream

    sent: list[bytes] = []
    send = Stream.send

    def note(self: Stream, octets: bytes, *more: object) -> int:
        sent.append(bytes(octets))
        return send(self, octets, *more)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(Stream, "send", note)
    lines = """
S: 220 mx
C: NOOP
# a comment

C: NOOP
== A step
C: NOOP
S: 250 ok
S: 250 ok
S: 250 ok
C: QUIT
S: 221 bye
"""
    result, _ = against(tmp_path, at.smtp(), lines)
    passed(result)
    assert sent == [b"NOOP\r\nNOOP\r\n", b"NOOP\r\n", b"QUIT\r\n"]


def test_replies_that_are_awaited_may_be_there_when_the_next_line_goes(tmp_path: Path) -> None:
    """The file says that it writes on before it reads."""
    lines = "S: 220 mx\nC: NOOP\nC@ pause 100ms\nC: NOOP\nS: 250 ok\nS: 250 ok\n"
    passed(against(tmp_path, at.smtp(), lines)[0])


def test_an_early_talker_does_not_wait_for_the_greeting(tmp_path: Path) -> None:
    """A connection that begins with a C line."""
    lines = "C: EHLO early\nS: 220 mx\nS: 250 ok\n"
    result, heard = against(tmp_path, [at.expect(b"EHLO"), GREETING, at.send(b"250 ok\r\n")], lines)
    passed(result)
    assert heard.startswith(b"EHLO early\r\n")


def test_a_line_in_pieces(tmp_path: Path) -> None:
    """C= ends nothing; a pause stands between two writes."""
    lines = "S: 220 mx\nC= NO\nC@ pause 50ms\nC= OP\\r\\n\nS: 250 ok\n"
    result, heard = against(tmp_path, at.smtp(), lines)
    passed(result)
    assert heard == b"NOOP\r\nQUIT\r\n"


def test_a_surplus_reply_fails_at_the_next_line(tmp_path: Path) -> None:
    """Unread octets when a C line is due."""
    steps = [GREETING, at.expect(b"NOOP"), at.send(b"250 ok\r\n250 surplus\r\n")]
    result, heard = against(tmp_path, steps, "S: 220 mx\nC: NOOP\nS: 250 ok\nC: NOOP\nS: 250 ok\n")
    said = problem(result, Word.MISMATCH, 4)
    assert "250 surplus" in said.sentence
    assert heard == b"NOOP\r\nQUIT\r\n"


def test_half_a_surplus_line_fails_too(tmp_path: Path) -> None:
    """What has no end yet was not read, either."""
    steps = [GREETING, at.expect(b"NOOP"), at.send(b"250 ok\r\n250 surp")]
    lines = "S: 220 mx\nC: NOOP\nS: 250 ok\nC: NOOP\nS: 250 ok\n"
    assert "250 surp" in problem(against(tmp_path, steps, lines)[0], Word.MISMATCH, 4).sentence


def test_a_reply_that_is_owed_must_be_written(tmp_path: Path) -> None:
    """A file that forgets one is red at the line that is owed it."""
    result, _ = against(tmp_path, at.smtp(), "S: 220 mx\nC: NOOP\n")
    assert "NOOP" in problem(result, Word.MISMATCH, 2).sentence


@pytest.mark.parametrize("count", [1, 2])
def test_client_server_and_lint_say_the_same_of_what_is_owed(count: int, tmp_path: Path) -> None:
    """The same sentence, at the command that has no reply, also where its reply has come."""
    lines = "S? 220\n" + "C: NOOP\n" * (3 - count) + "C: RSET\n" + "C: QUIT\n" * (count - 1)
    lines += "S? 250\n" * (3 - count)
    result, _ = against(tmp_path, at.smtp(), lines)
    said = problem(result, Word.MISMATCH, 5 - count)
    assert said.sentence == "the server owes a reply to RSET, and the file has none"
    path = tmp_path / "test.mpt"
    with pytest.raises(Unreadable) as caught:
        Server([path])
    note = next(note for note in lint(load(path)) if note.error)
    assert (caught.value.reason, caught.value.place) == (note.sentence, note.place)
    assert note.sentence == said.sentence
    assert said.place is not None
    assert note.place.line == said.place.line


def test_who_closes_does_not_wait_for_what_is_owed(tmp_path: Path) -> None:
    """Client, server and lint agree on that, too."""
    lines = "S: 220 mx\nC: NOOP\nC: RSET\nS: 250 ok\nC@ close\n"
    passed(against(tmp_path, at.smtp(), lines)[0])
    path = tmp_path / "test.mpt"
    assert [note for note in lint(load(path)) if note.error] == []
    with Server([path]) as server:
        here = Options(servers={1: f"127.0.0.1:{server.ports[1]}"})
        passed(run(path, here).result)
        assert server.join(1, 20.0)[0].verdict is Verdict.PASSED


def test_a_reply_to_nothing_is_waited_for(tmp_path: Path) -> None:
    """An S line that nothing is owed: an unsolicited one, and then the end."""
    steps = [GREETING, at.pause(0.05), at.send(b"421 4.4.2 timeout\r\n"), at.close]
    passed(against(tmp_path, steps, "S: 220 mx\nS@ within 5s\nS: 421 4.4.2 x\nS@ close\n")[0])


def test_recipients_of_lmtp(tmp_path: Path) -> None:
    """One reply for each; the failure names the recipient."""
    lines = """
S: 220 mx
C: LHLO client.example
S: 250 mx
C: MAIL FROM:<a@example.test>
S: 250 ok
C: RCPT TO:<b@example.test>
C: RCPT TO:<c@example.test>
S: 250 ok
S: 250 ok
C: DATA
S: 354 go on
C: .
S: 250 2.0.0 ok
S: 250 2.0.0 ok
"""
    answers = {b".": b"250 2.0.0 ok\r\n552 5.2.2 full\r\n"}
    result, _ = against(tmp_path, at.smtp(answers), lines, protocol="lmtp")
    said = problem(result, Word.MISMATCH, 14)
    assert "c@example.test" in said.command
    assert said.reply == ("S: 552 5.2.2 full",)


def test_a_third_recipient_is_no_surprise_that_goes_unseen(tmp_path: Path) -> None:
    """The server accepts one more than the file knows: it owes one more reply."""
    lines = """
S: 220 mx
C: LHLO client.example
S: 250 mx
C: MAIL FROM:<a@example.test>
S: 250 ok
C: RCPT TO:<b@example.test>
C: RCPT TO:<c@example.test>
S: 250 ok
S? 250|5xx
C: DATA
S: 354 go on
C: .
S: 250 ok
C: QUIT
S: 221 bye
"""
    changed = lines.replace("S? 250|5xx", "S: 550 no")
    result, _ = against(
        tmp_path,
        at.smtp({b".": b"250 ok\r\n250 ok\r\n"}),
        changed,
        protocol="lmtp",
        header="match: class",
    )
    problem(result, Word.MISMATCH, 9)


# ------------------------------------------------------------------------------- events, time


def test_the_end_of_the_server(tmp_path: Path) -> None:
    """close and reset are one thing, but for the level text."""
    lines = "S: 220 mx\nS@ close\n"
    passed(against(tmp_path, [GREETING, at.close], lines)[0])
    passed(against(tmp_path, [GREETING, at.pause(0.1), at.reset], lines)[0])
    result, _ = against(tmp_path, [GREETING, at.pause(0.1), at.reset], lines, header="match: text")
    problem(result, Word.MISMATCH)
    strict = lines.replace("220 mx", "220 mx.example.test ESMTP").replace("close", "reset")
    passed(against(tmp_path, [GREETING, at.pause(0.1), at.reset], strict, header="match: text")[0])


def test_a_server_that_does_not_close(tmp_path: Path) -> None:
    """It is waited for as long as for a reply; what it says instead is told."""
    options = Options(timeout=SOON)
    result, _ = against(tmp_path, [GREETING], "S: 220 mx\nS@ close\n", options)
    problem(result, Word.TIMEOUT, 2)
    steps = [GREETING, at.send(b"250 more\r\n")]
    result, _ = against(tmp_path, steps, "S: 220 mx\nS@ close\n", options)
    assert "250 more" in problem(result, Word.MISMATCH, 2).sentence


def test_a_connection_that_ends_too_soon(tmp_path: Path) -> None:
    """In the place of a reply, and in the place of a C line."""
    result, _ = against(tmp_path, [GREETING, at.expect(b"NOOP"), at.close], SMTP)
    problem(result, Word.MISMATCH)
    lines = "S: 220 mx\nC: NOOP\nS: 250 ok\n"
    result, _ = against(tmp_path, [GREETING, at.expect(b"NOOP"), at.close], lines)
    problem(result, Word.EOF, 3)
    result, _ = against(tmp_path, [GREETING, at.expect(b"NOOP"), at.reset], lines)
    problem(result, Word.RESET, 3)
    result, _ = against(
        tmp_path, [GREETING, at.close], "S: 220 mx\nC@ pause 100ms\nC: NOOP\nS: 250\n"
    )
    problem(result, Word.EOF, 3)


def test_a_reply_that_is_cut_short(tmp_path: Path) -> None:
    """It must be cut where the file cuts it, and must not where it does not."""
    half = [GREETING, at.expect(b"EHLO"), at.send(b"250-mx\r\n250-PIPELI"), at.close]
    cut = "S: 220 mx\nC: EHLO x\nS: 250-mx\nS= 250-PIPELI\nS@ close\n"
    passed(against(tmp_path, half, cut)[0])
    whole = [GREETING, at.expect(b"EHLO"), at.send(b"250-mx\r\n250 PIPELINING\r\n"), at.close]
    problem(against(tmp_path, whole, cut)[0], Word.MISMATCH)
    said = problem(against(tmp_path, half, "S: 220 mx\nC: EHLO x\nS? 250\n")[0], Word.EOF, 3)
    assert said.reply == ("S: 250-mx", "S: 250-PIPELI")


KILLED = [
    ("smtp", [at.send(b"220 mx\r\n"), at.expect(b"EHLO x"), at.send(b"250-mx\r\n250 OK\r\n")],
     "S: 220 mx\nC: EHLO x\nS: 250-mx\n"),
    ("smtp", [at.send(b"220 mx\r\n"), at.expect(b"NOOP"), at.send(b"250 OK\r\n")],
     "S: 220 mx\nC: NOOP\nS= 250 O\n"),
    ("pop3", [at.send(b"+OK\r\n"), at.expect(b"LIST"), at.send(b"+OK\r\na\r\nb\r\n.\r\n")],
     "S: +OK\nC: LIST\nS: +OK\nS: a\n"),
]  # fmt: skip


@pytest.mark.parametrize("protocol, steps, lines", KILLED)
def test_a_recording_that_ends_inside_a_reply(
    tmp_path: Path, protocol: str, steps: list[at.Step], lines: str
) -> None:
    """Whoever recorded it was killed: as far as it goes, the same server passes."""
    passed(against(tmp_path, [*steps, at.expect(b"QUIT")], lines, protocol=protocol)[0])


def test_a_recording_that_a_limit_ended(tmp_path: Path) -> None:
    """The same server runs into the same limit."""
    steps = [at.send(b"220 mx\r\n"), at.expect(b"NOOP"), at.send(b"250 " + b"x" * 200 + b"\r\n")]
    lines = f"S: 220 mx\nC: NOOP\nS= 250 {'x' * 96}\n# incomplete: limit: x\nC@ close\n"
    options = Options(limits=Limits(line=100))
    passed(against(tmp_path, steps, lines, options)[0])


def test_what_is_no_reply_may_begin_like_one(tmp_path: Path) -> None:
    """`+` is no answer to NOOP: the file has it so, and it comes so."""
    steps = [
        at.send(b"+OK\r\n"),
        at.expect(b"NOOP"),
        at.send(b"+ x\r\n+OK\r\n"),
        at.expect(b"QUIT"),
    ]
    lines = "S: +OK\nC: NOOP\nS: + x\nS: +OK\nC: QUIT\n"
    result, _ = against(
        tmp_path, [*steps, at.send(b"+OK\r\n")], lines + "S: +OK\n", protocol="pop3"
    )
    passed(result)


def test_a_reply_that_is_cut_within_its_code(tmp_path: Path) -> None:
    """As much of the code as came is the same; at the level class its first digit."""
    lines = "S: 220 mx\nC: NOOP\nS= {}\nS@ close\n"
    for said, file, level, same in (
        (b"25", "25", "code", True),
        (b"2", "25", "code", True),
        (b"250-x", "25", "code", True),
        (b"45", "25", "code", False),
        (b"24", "25", "code", False),
        (b"24", "25", "class", True),
        (b"45", "25", "class", False),
        (b"45", "250 x", "code", False),
    ):
        steps = [GREETING, at.expect(b"NOOP"), at.send(said), at.close]
        result, _ = against(tmp_path, steps, lines.format(file), header=f"match: {level}")
        if same:
            passed(result)
        else:
            assert "begins with" in problem(result, Word.MISMATCH, 3).sentence


@pytest.mark.parametrize("said", [b"250 more\r\n", b"what?\r\n"])
def test_a_server_that_talks_on_and_on(tmp_path: Path, said: bytes) -> None:
    """It is stopped before it fills the memory, and long before the time is over."""
    steps = [GREETING, at.endless(said)]
    lines = "S: 220 mx\nC@ pause 50ms\nC: NOOP\nS: 250\n"
    result, _ = against(tmp_path, steps, lines, Options(timeout=60.0))
    assert "expected nothing more" in problem(result, Word.MISMATCH, 3).sentence


def test_many_lines_that_the_file_has(tmp_path: Path) -> None:
    """However many came at once: a recording of them passes."""
    count = 1_500
    steps = [GREETING, at.send(b"250 more\r\n" * count), at.answer({b"NOOP": b"250 ok\r\n"})]
    lines = "S: 220 mx\n" + "S: 250 more\n" * count + "C: NOOP\nS: 250 ok\n"
    passed(against(tmp_path, steps, lines)[0])


def test_silence(tmp_path: Path) -> None:
    """Nothing may come for so long, not even half a line, nor the end."""
    lines = "S: 220 mx\nS@ silent 100ms\nC: NOOP\nS: 250 ok\n"
    passed(against(tmp_path, at.smtp(), lines)[0])
    for step in (at.send(b"250 x\r\n"), at.send(b"25"), at.close):
        result, _ = against(tmp_path, [GREETING, step], lines)
        problem(result, Word.MISMATCH, 2)


def test_times_of_one_reply(tmp_path: Path) -> None:
    """within and after count for the next reply alone."""
    late = [GREETING, at.expect(b"NOOP"), at.pause(0.15), at.send(b"250 ok\r\n")]
    lines = "S: 220 mx\nC: NOOP\n{}\nS: 250 ok\n"
    passed(against(tmp_path, late, lines.format("S@ after 100ms"))[0])
    result, _ = against(tmp_path, late, lines.format("S@ after 5s\nS@ within 9s"))
    assert "S@ after" in problem(result, Word.MISMATCH).sentence
    result, _ = against(tmp_path, late, lines.format("S@ within 20ms"))
    assert "S@ within" in problem(result, Word.MISMATCH).sentence
    assert result.verdict is Verdict.FAILED
    never = [GREETING, at.expect(b"NOOP"), at.stall]
    options = Options(end=time.monotonic() + SOON)
    result, _ = against(tmp_path, never, lines.format("S@ within 9s"), options)
    problem(result, Word.TIMEOUT)


def test_a_reply_that_does_not_come(tmp_path: Path) -> None:
    """Which limit it was is told, and what had come of it."""
    steps = [GREETING, at.expect(b"EHLO"), at.send(b"250-half\r\n25")]
    lines = "S: 220 mx\nC: EHLO x\nS? 250\n"
    result, heard = against(tmp_path, steps, lines, Options(timeout=SOON))
    said = problem(result, Word.TIMEOUT, 3)
    assert result.verdict is Verdict.ERROR
    assert "--timeout" in said.sentence
    assert said.reply == ("S: 250-half", "S: 25")
    assert heard == b"EHLO x\r\n"
    result, _ = against(tmp_path, steps, lines, header="timeout: 200ms")
    assert "timeout:" in problem(result, Word.TIMEOUT, 3).sentence


def test_a_drip_has_one_limit(tmp_path: Path) -> None:
    """An octet now and then does not make a reply come in time."""
    steps = [GREETING, at.expect(b"EHLO"), at.endless(b"2", 0.02)]
    result, _ = against(tmp_path, steps, "S: 220 mx\nC: EHLO x\nS? 250\n", Options(timeout=SOON))
    problem(result, Word.TIMEOUT, 3)


def test_we_end_it(tmp_path: Path) -> None:
    """FIN, after which the server may go on; RST, after which there is nothing."""
    steps = [GREETING, at.expect(b"NOOP"), at.pause(0.05), at.send(b"250 ok\r\n")]
    lines = "S: 220 mx\nC: NOOP\nC@ close\nS: 250 ok\n"
    result, heard = against(tmp_path, steps, lines)
    passed(result)
    assert heard == b"NOOP\r\n"
    result, heard = against(tmp_path, steps, "S: 220 mx\nC: NOOP\nC@ reset\n")
    passed(result)
    assert heard == b"NOOP\r\n"


def test_no_quit_inside_of_mail_data(tmp_path: Path) -> None:
    """It would be a line of the mail."""
    lines = "S: 220 mx\nC: DATA\nS: 354 go\nC: text\nS@ silent 50ms\nS: 250 x\n"
    steps = [GREETING, at.expect(b"DATA"), at.send(b"354 go\r\n")]
    result, heard = against(tmp_path, steps, lines, Options(timeout=SOON))
    problem(result, Word.TIMEOUT, 6)
    assert heard == b"DATA\r\ntext\r\n"


def test_no_quit_after_421(tmp_path: Path) -> None:
    """The server has said that it goes."""
    result, heard = against(tmp_path, [GREETING, at.send(b"421 off\r\n")], "S: 220 mx\nS: 250 x\n")
    said = problem(result, Word.MISMATCH, 2)
    assert "421" in said.hint
    assert heard == b""


def test_marks_are_taken_back_before_the_quit(tmp_path: Path) -> None:
    """In POP3 QUIT would delete; where RSET is refused, there is none."""
    lines = "S? +OK\nC: USER a\nS? +OK\nC: PASS b\nS? +OK\nC: DELE 1\nS? +OK\n"
    result, heard = against(tmp_path, at.pop3(), lines, protocol="pop3")
    passed(result)
    assert heard.endswith(b"DELE 1\r\nRSET\r\nQUIT\r\n")
    answers = {b"RSET": b"-ERR no\r\n"}
    result, heard = against(tmp_path, at.pop3(answers), lines, protocol="pop3")
    passed(result)
    assert heard.endswith(b"DELE 1\r\nRSET\r\n")


def test_what_is_no_reply_ends_the_run(tmp_path: Path) -> None:
    """Another service, told by its name."""
    result, _ = against(tmp_path, [at.send(b"SSH-2.0-OpenSSH\r\n")], SMTP)
    said = problem(result, Word.PROTOCOL, 1)
    assert "SSH" in said.sentence
    assert said.reply == ("S: SSH-2.0-OpenSSH",)


def test_a_file_may_expect_what_is_no_reply(tmp_path: Path) -> None:
    """A recording of it replays, line for line."""
    steps = [at.send(b"hello\r\nthere\r\n220 mx\r\n")]
    passed(against(tmp_path, steps, "S: hello\nS: there\nS: 220 mx\n")[0])


def test_nobody_listens(tmp_path: Path) -> None:
    """The word is connect, the verdict an error, the place the line that opens it."""
    from tests.player.scenes import run, write

    with at.closed_port() as port:
        path = write(tmp_path, SMTP, f"protocol: smtp\nconnect: 127.0.0.1:{port}")
        result = run(path).result
    problem(result, Word.CONNECT, 1)
    assert result.verdict is Verdict.ERROR


def test_the_end_of_the_run_bounds_everything(tmp_path: Path) -> None:
    """--max-time is named, and a pause does not outlast it."""
    import time

    options = Options(end=time.monotonic() + SOON)
    result, _ = against(tmp_path, [GREETING], "S: 220 mx\nC@ pause 9m\nC: NOOP\nS? 250\n", options)
    assert "--max-time" in problem(result, Word.TIMEOUT, 2).sentence
