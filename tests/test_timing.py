"""Spans of time out of a log: what is a span, where it begins and ends, and many of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.exchanges import ExchangeLog
from mailprobe.protocol import events
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.events import Event
from mailprobe.protocol.model import Command, Reply
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import SMTP
from mailprobe.timing import Kind, Span, Tally, Timing, percentile, timing_of

WAY = (
    events.Resolved(1, "mx.example", ("192.0.2.1", "192.0.2.2")),
    events.Connecting(1, "192.0.2.1:25"),
    events.Connecting(2, "192.0.2.2:25"),
    events.Connected(2.5, "192.0.2.2:25", ""),
    events.Greeting(3, Reply.of("220", "mx")),
)


def timed(*happened: Event, catalogue: Catalogue = SMTP) -> Timing:
    log = ExchangeLog(keep_bodies=False)
    for event in happened:
        log(event)
    return timing_of(catalogue, log.milestones, log.exchanges)


def told(timing: Timing) -> list[tuple[str, float, float, str]]:
    return [(one.name, one.start, one.end, one.outcome) for one in timing.spans]


def sent(at: float, line: bytes, *replies: tuple[float, str]) -> list[Event]:
    command = Command(line)
    found: list[Event] = [events.CommandSent(at, command, line + b"\r\n")]
    return found + [
        events.ReplyReceived(when, Reply.of(code, "x"), command) for when, code in replies
    ]


def test_the_way_to_a_server() -> None:
    """Look-up, each attempt, greeting; a handshake from the first octet, and one on request."""
    assert told(timed(*WAY)) == [
        ("DNS", 0.0, 1, ""),
        ("connect", 1, 2, "failed"),
        ("connect", 2, 2.5, ""),
        ("greeting", 2.5, 3, "220"),
    ]
    tls = events.TlsStarted(6, "TLSv1.3", "X", "mx", verified=True)
    upgraded = timed(*WAY, *sent(4, b"STARTTLS", (4.5, "220")), tls)
    assert told(upgraded)[-2:] == [("STARTTLS", 4, 4.5, "220"), ("TLS", 4.5, 6, "TLSv1.3")]
    tunnel = events.Tunnelled(2.75, "mx.example:25", "192.0.2.2:25", looked_up=True)
    assert told(timed(*WAY[:4], tunnel, WAY[4]))[-2:] == [
        ("proxy", 2.5, 2.75, ""),
        ("greeting", 2.75, 3, "220"),
    ]
    implicit = timed(*WAY[:4], events.TlsFailed(3, verify=True), events.Closed(3, "local"))
    assert told(implicit)[-1] == ("TLS", 2.5, 3, "failed")


@pytest.mark.parametrize(
    "happened, last",
    [
        ((), ("DNS", 0.0, 9, "failed")),
        (WAY[:1], None),
        (WAY[:3], ("connect", 2, 9, "failed")),
        (WAY[:4], ("greeting", 2.5, 9, "no reply")),
        (WAY, None),
    ],
)
def test_an_end_on_the_way(
    happened: tuple[Event, ...], last: tuple[str, float, float, str] | None
) -> None:
    """What was under way took until the end, and failed."""
    timing = timed(*happened, events.Closed(9, "local"))
    assert timing.whole == 9
    if last is not None:
        assert told(timing)[-1] == last
        assert timing.spans[-1].failed
    else:
        assert all(span.end < 9 for span in timing.spans[:1])


def test_a_mail() -> None:
    """The go-ahead, the data on its way and the reply to its end are three spans."""
    command = Command(b"DATA")
    timing = timed(
        events.CommandSent(1, command, b"DATA\r\n"),
        events.ReplyReceived(2, Reply.of("354", "go"), command),
        events.DataSent(3, b"a\r\n", last=False),
        events.DataSent(8, b".\r\n", last=True),
        events.ReplyReceived(10, Reply.of("552", "no"), command),
    )
    assert told(timing) == [
        ("DATA", 1, 2, "354"),
        ("mail data", 2, 8, ""),
        ("end of mail data", 8, 10, "552"),
    ]
    assert [span.failed for span in timing.spans] == [False, False, True]
    assert timing.waited == 3
    assert [span.name for span in timing.slowest(1)] == ["end of mail data"]


def test_a_chunk() -> None:
    """There is no go-ahead: the octets travel behind the command, and the reply behind them."""
    command = Command(b"BDAT 2")
    timing = timed(
        events.CommandSent(1, command, b"BDAT 2\r\n"),
        events.DataSent(3, b"ab", last=True),
        events.ReplyReceived(4, Reply.of("250", "x"), command),
    )
    assert told(timing) == [("mail data", 1, 3, ""), ("BDAT", 3, 4, "250")]


def test_a_login() -> None:
    """What a person thinks between challenge and answer is not the server's time."""
    command = Command(b"AUTH LOGIN")
    timing = timed(
        events.CommandSent(1, command, b"AUTH LOGIN\r\n"),
        events.ReplyReceived(2, Reply.of("334", "x"), command),
        events.AnswerSent(5, b"eA==", b"eA==\r\n", command),
        events.ReplyReceived(6, Reply.of("334", "x"), command),
        events.AnswerSent(8, b"eA==", b"eA==\r\n", command),
        events.ReplyReceived(9, Reply.of("235", "x"), command),
    )
    assert told(timing) == [
        ("AUTH", 1, 2, "334"),
        ("AUTH answer", 5, 6, "334"),
        ("AUTH answer", 8, 9, "235"),
    ]
    assert {span.kind for span in timing.spans} == {Kind.COMMAND, Kind.ANSWER}


def test_a_multi_line_response() -> None:
    """Its span ends with its body, and knows when the first line came."""
    command = Command(b"RETR 1")
    timing = timed(
        events.CommandSent(1, command, b"RETR 1\r\n"),
        events.ReplyReceived(2, Reply.of("+OK", "x"), command, body=True),
        events.BodyChunk(5, b"x\r\n", b"x\r\n.\r\n", last=True),
        catalogue=POP3,
    )
    assert timing.spans == (Span(Kind.COMMAND, "RETR", 1, 5, "+OK", failed=False, first=2),)


def test_what_has_no_reply() -> None:
    """It waited until the end; while the session lives, nothing is known of it."""
    waiting = sent(1, b"NOOP")
    assert told(timed(*waiting)) == [("NOOP", 1, 1, "no reply")]
    cut = timed(*WAY, *sent(4, b"NOOP"), events.Closed(6, "eof"))
    assert told(cut)[-1] == ("NOOP", 4, 6, "no reply")
    command = Command(b"DATA")
    timing = timed(
        events.CommandSent(1, command, b"DATA\r\n"),
        events.ReplyReceived(2, Reply.of("354", "go"), command),
        events.DataSent(3, b".\r\n", last=True),
        events.Closed(9, "eof"),
    )
    assert told(timing)[-1] == ("end of mail data", 3, 9, "no reply")
    login = Command(b"AUTH LOGIN")
    pasted = timed(
        events.CommandSent(1, login, b"AUTH LOGIN\r\n"),
        events.AnswerSent(1, b"eA==", b"eA==\r\n", login),
        events.ReplyReceived(3, Reply.of("535", "no"), login),
    )
    assert told(pasted) == [("AUTH answer", 1, 3, "535")]


def test_nothing_secret_has_a_name() -> None:
    """No argument, and no verb that may be a password in the wrong place."""
    timing = timed(*sent(1, b"hunter22", (2, "500")), *sent(3, b"AUTH PLAIN aHVudGVy", (4, "235")))
    assert [span.name for span in timing.spans] == ["other command", "AUTH"]


def test_what_overlaps_is_waited_for_once() -> None:
    """A group that goes out together is no longer than its last reply."""
    group = [event for line in (b"MAIL", b"RCPT", b"RCPT") for event in sent(1, line)]
    answers = [
        events.ReplyReceived(2.0 + number, Reply.of("250", "x"), event.command)
        for number, event in enumerate(group)
        if isinstance(event, events.CommandSent)
    ]
    timing = timed(*group, *answers, *sent(10, b"NOOP", (11, "250")))
    assert timing.waited == 4
    assert timing.whole == 11
    assert timed().spans == ()
    assert timed().whole == 0


def test_a_tally_of_sessions() -> None:
    """Each name has its row in the order of the first session, the whole at the end."""
    tally = Tally()
    for took in range(1, 101):
        noop = sent(1, b"NOOP", (1 + took, "250" if took <= 90 else "500"))
        tally.add(timed(*noop), "refused" if took > 90 else "")
    tally.add(None, "connect")
    row, whole = tally.rows()
    assert (row.name, row.count, row.failed) == ("NOOP", 100, 10)
    assert (row.least, row.median, row.p90, row.p99, row.most) == (1, 50, 90, 99, 100)
    assert (whole.name, whole.failed) == (Tally.WHOLE, 10)
    assert tally.words == {"refused": 10, "connect": 1}
    assert tally.sessions == 101


@given(st.lists(st.floats(0, 1e6), min_size=1), st.integers(1, 100))
def test_a_percentile_is_one_of_them(known: list[float], percent: int) -> None:
    """At least so many percent are no larger, and it is the smallest of which that is true."""
    ordered = sorted(known)
    found = percentile(ordered, percent)
    assert found in ordered
    assert sum(one <= found for one in ordered) * 100 >= percent * len(ordered)
    assert sum(one < found for one in ordered) * 100 < percent * len(ordered)
