"""The log of exchanges: how much it remembers, and what becomes of the bodies."""

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.exchanges import ExchangeLog
from mailprobe.protocol.events import BodyChunk, CommandSent, ReplyReceived
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
