"""What a replay tells besides passing: times for reports, and what no RFC allows (--lint)."""

from pathlib import Path

from mailprobe.errors import Word
from mailprobe.player.options import Options
from tests.hostile import server as at
from tests.player.scenes import against, passed, problem

ODD = at.smtp({b"NOOP": b"250\r\n", b"RSET": b"550 4.0.0 no\r\n"})
LINES = "S? 220\nC: NOOP\nS? 250\nC: NOOP\nS? 250\nC: QUIT\nS? 221\n"


def test_nobody_is_told_who_did_not_ask(tmp_path: Path) -> None:
    """Neither times nor deviations."""
    result, _ = against(tmp_path, ODD, LINES)
    passed(result)
    assert (result.measured, result.deviations) == ((), ())


def test_deviations_are_no_failure(tmp_path: Path) -> None:
    """What passes passes; each deviation is told once, with its place and how often."""
    result, _ = against(tmp_path, ODD, LINES, Options(lint=True))
    passed(result)
    assert result.deviations == (
        (
            "reply to NOOP, line 1: a reply code with nothing behind it: 250 "
            "(RFC 5321, section 4.2), 2 times"
        ),
    )
    result, _ = against(tmp_path, ODD, "S? 220\nC: RSET\nS? 250\n", Options(lint=True))
    problem(result, Word.MISMATCH, 3)
    assert [one.partition(":")[0] for one in result.deviations] == ["reply to RSET, line 1"]


def test_many_deviations_are_counted(tmp_path: Path) -> None:
    """Fifty of them are told."""
    hello = (
        b"250-mx\r\n" + b"".join(b"250-A_%d\r\n" % number for number in range(80)) + b"250 OK\r\n"
    )
    lines = "S? 220\nC: EHLO x\nS? 250\nC: QUIT\nS? 221\n"
    result, _ = against(tmp_path, at.smtp({b"EHLO": hello}), lines, Options(lint=True))
    assert (len(result.deviations), result.deviations[-1]) == (51, "and 30 more")


def test_no_secret_is_in_them(tmp_path: Path) -> None:
    """A server that says the password where something else is due."""
    steps = at.pop3({b"LIST 1": b"+OK hunter22 5\r\n"})
    lines = "S? +OK\nC: USER a\nS? +OK\nC~ PASS {password}\nS? +OK\nC: LIST 1\nS? +OK\n"
    from mailprobe.player.secrets import Vault

    vault = Vault({"MAILPROBE_SECRET_PASSWORD": "hunter22"})
    result, _ = against(tmp_path, steps, lines, Options(lint=True, vault=vault), protocol="pop3")
    passed(result)
    assert "hunter22" not in str(result.deviations)
    assert "in the place of 1" in result.deviations[0]


def test_times(tmp_path: Path) -> None:
    """Each connection has its spans, and the moment in the run at which it was opened."""
    result, _ = against(tmp_path, ODD, LINES, Options(timed=True))
    (one,) = result.measured
    assert (one.connection, one.since >= 0) == (1, True)
    assert [span.name for span in one.timing.spans] == [
        *("connect", "greeting", "NOOP", "NOOP", "QUIT")
    ]
    assert one.since + one.timing.whole <= result.seconds + 0.001
    lines = "S? 220\nC: NOOP\nS? 250\nC2: NOOP\nS2? 250\n"
    header = "connect 2: 127.0.0.1:1\nprotocol 2: smtp"
    result, _ = against(tmp_path, ODD, lines, Options(timed=True), header=header)
    problem(result, Word.CONNECT)
    assert [one.connection for one in result.measured] == [1, 2]
    assert result.measured[1].timing.spans[-1].outcome == "failed"


def test_what_cannot_be_played_has_none(tmp_path: Path) -> None:
    """A secret that is not there, a protocol that is none of mail."""
    lines = "S? +OK\nC~ PASS {password}\nS? +OK\n"
    result, _ = against(tmp_path, at.pop3(), lines, Options(timed=True, lint=True), protocol="pop3")
    assert (result.measured, result.deviations) == ((), ())
    raw, _ = against(
        tmp_path,
        [at.send(b"hi\r\n")],
        "S: hi\n",
        Options(timed=True, lint=True),
        protocol="raw",
    )
    passed(raw)
    assert (raw.measured, raw.deviations) == ((), ())
