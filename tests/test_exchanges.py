"""The log of exchanges: how much it remembers, and what becomes of the bodies."""

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.exchanges import ExchangeLog
from mailprobe.protocol.events import (
    AnswerSent,
    BodyChunk,
    Closed,
    CommandSent,
    Connected,
    Connecting,
    DataSent,
    ReplyReceived,
    Resolved,
    TlsStarted,
)
from mailprobe.protocol.model import Command, Reply, Verdict


def _say(log: ExchangeLog, number: int, *, body: bytes | None = None) -> None:
    """One command and its reply, perhaps with a body."""
    command = Command(b"RETR %d" % number)
    reply = Reply(b"+OK\r\n", "+OK", (b"",), Verdict.DONE)
    log(CommandSent(float(number), command, command.line + b"\r\n"))
    log(ReplyReceived(number + 0.25, reply, command, body=body is not None))
    if body is not None:
        log(BodyChunk(number + 0.5, body, body, last=True))


def test_the_newest_exchanges_are_kept() -> None:
    """A hundred of them; times are counted from the command to the last octet."""
    log = ExchangeLog()
    for number in range(103):
        _say(log, number)
    assert len(log.exchanges) == 100
    assert log.exchanges[0].command.line == b"RETR 3"
    _say(log, 103, body=b"x\r\n")
    assert [one.took for one in log.exchanges][-2:] == [0.25, 0.5]


def test_the_newest_bodies_are_kept_and_let_go_of() -> None:
    """Eight of them; `release` closes each, and what was forgotten is closed, too."""
    log = ExchangeLog()
    for number in range(9):
        _say(log, number, body=b"x\r\n")
    bodies = [one.body for one in log.exchanges]
    assert [body is not None for body in bodies] == [False] + [True] * 8
    for number in range(9, 9 + 92):  # one of them is pushed out with its body
        _say(log, number)
    log.release()
    log.release()
    assert all(body.closed for body in bodies if body is not None)
    assert [one.body for one in log.exchanges] == [None] * 100


def test_a_body_that_the_disk_does_not_take_is_no_body(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks at it finds nothing, rather than a part."""

    def full(file: object, octets: bytes) -> None:
        raise Failure(Word.USAGE, "full")

    monkeypatch.setattr("mailprobe.files.keep", full)
    log = ExchangeLog()
    _say(log, 1, body=b"x\r\n")
    assert log.exchanges[0].body is None
    log = ExchangeLog(keep_bodies=False)
    _say(log, 1, body=b"x\r\n")
    assert log.exchanges[0].body is None


def _reply(log: ExchangeLog, at: float, command: Command, verdict: Verdict) -> None:
    code = {Verdict.DONE: "250", Verdict.GO_ON: "354", Verdict.REFUSED: "554"}[verdict]
    log(ReplyReceived(at, Reply.of(code, "x"), command))


def test_the_clock_begins_again_with_what_was_sent_last() -> None:
    """A reply to mail data, a chunk or an answer counts from them, not from what came before."""
    log, data = ExchangeLog(), Command(b"DATA")
    log(DataSent(0.5, b"to nobody", last=True))
    log(CommandSent(1, data, b"DATA\r\n"))
    _reply(log, 1.5, data, Verdict.GO_ON)
    assert log.exchanges[-1].took == 0.5
    log(DataSent(10, b"a\r\n", last=False))
    log(DataSent(20, b".\r\n", last=True))
    _reply(log, 20.25, data, Verdict.DONE)
    assert log.exchanges[-1].took == 0.25
    chunk = Command(b"BDAT 2")
    log(CommandSent(30, chunk, b"BDAT 2\r\n"))
    log(DataSent(40, b"ab", last=True))
    _reply(log, 40.5, chunk, Verdict.DONE)
    assert log.exchanges[-1].took == 0.5
    login = Command(b"AUTH LOGIN")
    log(CommandSent(50, login, b"AUTH LOGIN\r\n"))
    _reply(log, 51, login, Verdict.GO_ON)
    for at in (60, 70):
        log(AnswerSent(at, b"YQ==", b"YQ==\r\n", login))
        _reply(log, at + 0.125, login, Verdict.GO_ON if at == 60 else Verdict.DONE)
        assert log.exchanges[-1].took == 0.125
    log(AnswerSent(80, b"YQ==", b"YQ==\r\n", Command(b"AUTH X")))  # of a command long forgotten
    assert log.exchanges[-1].steps == [60, 70]


def test_a_go_ahead_that_was_foreseen_counts_from_its_command() -> None:
    """Mail data may go out before anybody has allowed it."""
    log, data = ExchangeLog(), Command(b"DATA")
    log(CommandSent(1, data, b"DATA\r\n"))
    log(DataSent(2, b".\r\n", last=True))
    _reply(log, 4, data, Verdict.GO_ON)
    assert log.exchanges[-1].took == 3
    _reply(log, 5, data, Verdict.DONE)
    assert log.exchanges[-1].took == 3
    log(CommandSent(6, data, b"DATA\r\n"))
    _reply(log, 7, data, Verdict.GO_ON)
    log(DataSent(8, b"a", last=False))
    _reply(log, 10, data, Verdict.REFUSED)  # before the end of it
    assert log.exchanges[-1].took == 2
    _reply(log, 11, data, Verdict.GO_ON)  # of a server that has lost its way
    assert log.exchanges[-1].took == 3


def test_the_way_is_remembered_with_its_beginnings() -> None:
    """Each part of it begins where the one before ended, or with the reply that asks for it."""
    log = ExchangeLog()
    log(Resolved(1, "mx.example", ("192.0.2.1",)))
    log(Connecting(1.5, "192.0.2.1:25"))
    log(Connected(2, "192.0.2.1:25", ""))
    command = Command(b"STARTTLS")
    log(CommandSent(5, command, b"STARTTLS\r\n"))
    log(ReplyReceived(5.25, Reply.of("220", "go"), command))
    log(TlsStarted(6, "TLSv1.3", "X", "mx.example", verified=True))
    assert [since for since, _ in log.milestones] == [0.0, 1, 1.5, 5.25]
    for at in range(200):
        log(Closed(7 + at, "eof"))
    assert len(log.milestones) == 100


def test_what_was_waited_for_before_a_step_is_kept() -> None:
    """The go-ahead, each challenge and the first line of a response have their times."""
    log, data = ExchangeLog(kept=2), Command(b"DATA")
    log(CommandSent(1, data, b"DATA\r\n"))
    _reply(log, 1.5, data, Verdict.GO_ON)
    log(DataSent(10, b".\r\n", last=True))
    chunk = Command(b"BDAT 2")
    log(CommandSent(30, chunk, b"BDAT 2\r\n"))
    log(DataSent(40, b"ab", last=True))
    assert [one.waits for one in log.exchanges] == [[0.5], [0.0]]
    _say(log, 50, body=b"x\r\n")
    assert [one.command.verb for one in log.exchanges] == ["BDAT", "RETR"]
    assert log.exchanges[-1].waits == [0.25]


def test_large_replies_push_out_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred replies of a megabyte each are not kept; the last one is, whatever its size."""
    monkeypatch.setattr("mailprobe.exchanges._LARGE", 10)
    monkeypatch.setattr("mailprobe.exchanges._REPLIES", 100)
    log = ExchangeLog()
    _say(log, 0, body=b"x\r\n")
    body = log.exchanges[0].body
    assert body is not None
    for number, size in enumerate((5, 40, 40, 40, 500), start=1):
        command = Command(b"NOOP %d" % number)
        log(CommandSent(float(number), command, command.line + b"\r\n"))
        log(ReplyReceived(number + 0.5, Reply.of("250", "x" * size), command))
        kept = [one.command.line for one in log.exchanges]
        assert (b"RETR 0" in kept) is (number < 3)
    assert kept == [b"NOOP 5"]
    assert body.closed
    for size in (10, 20, 30, 40):  # challenges
        log(ReplyReceived(9.0, Reply.of("334", "x" * size), command))
    assert [len(reply.texts[0]) for reply in log.exchanges[0].replies] == [30, 40]
    log.release()
