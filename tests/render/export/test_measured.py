"""Times of a replay: read from its report, and put beside the lines that they belong to."""

import json

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.render.export.measured import Measured, read, took
from mailprobe.render.export.spoken import turns
from mailprobe.timing import Timing
from mailprobe.transcript.model import Transcript
from tests.render.samples import pop3, smtp
from tests.render.samples import read as parsed

Row = tuple[str, float, float, str]


def spans(*rows: Row, connection: int = 1) -> list[dict[str, object]]:
    return [
        {
            "connection": connection,
            "kind": kind,
            "name": kind,
            "start": start,
            "seconds": seconds,
            "outcome": outcome,
            "failed": outcome[:1] in ("5", "-"),
        }
        for kind, start, seconds, outcome in rows
    ]


def report(*results: tuple[str, list[dict[str, object]]]) -> bytes:
    events: list[dict[str, object]] = [{"event": "begin", "format": 1}]
    events += [{"event": "result", "path": path, "spans": some} for path, some in results]
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def times(transcript: Transcript, *rows: Row) -> dict[int, float]:
    measured = read(report(("x.mpt", spans(*rows))), "x.mpt", "r")
    found = took(turns(transcript), measured, "x.mpt")
    return {line: round(seconds, 6) for line, seconds in found.items()}


def test_what_was_measured() -> None:
    """Times count from the first thing of the run; connections are apart."""
    two = spans(("connect", 1.5, 0.1, ""), connection=2)
    rows = spans(("greeting", 1.1, 0.2, "220"), ("connect", 1.0, 0.1, ""))
    first, second = read(report(("x.mpt", [*two, *rows])), "x.mpt", "r")
    assert (first.connection, first.since, second.connection) == (1, 0.0, 2)
    assert second.since == pytest.approx(0.5)
    assert [(span.name, round(span.start, 6)) for span in first.timing.spans] == [
        ("connect", 0.0),
        ("greeting", 0.1),
    ]
    assert first.timing.whole == pytest.approx(0.3)
    assert read(report(("x.mpt", [])), "x.mpt", "r") == ()


def test_the_right_file_of_a_report() -> None:
    """The same path before the same name; another one is no answer."""
    octets = report(
        ("a/x.mpt", spans(("connect", 0, 1, ""))), ("b/x.mpt", spans(("connect", 0, 2, "")))
    )
    assert read(octets, "b/x.mpt", "r")[0].timing.whole == 2
    assert read(octets, "x.mpt", "r")[0].timing.whole == 1
    with pytest.raises(Failure, match=r"r\\u\{1b\} tells of no run of y") as failure:
        read(octets, "y", "r\x1b")
    assert failure.value.word is Word.USAGE


@pytest.mark.parametrize(
    "octets",
    [
        b"\xff",
        b"[]",
        b"{",
        b"[" * 100_000,
        report(("x.mpt", [{"connection": 1}])),
        report(("x.mpt", spans(("dance", 0, 1, "")))),
        report(("x.mpt", spans(("connect", -1, 1, "")))),
        report(("x.mpt", spans(("connect", 0, float("nan"), "")))),
        report(("x.mpt", spans(("connect", 0, float("inf"), "")))),
        report(("x.mpt", spans(("connect", 10**400, 1, "")))),
    ],
)
def test_what_is_no_report(octets: bytes) -> None:
    """One sentence, whatever it is."""
    with pytest.raises(Failure, match="r is no report of `mailprobe replay") as failure:
        read(octets, "x.mpt", "r")
    assert failure.value.word is Word.USAGE


def test_each_reply_has_its_time() -> None:
    """At its first line; mail data and connecting are no replies."""
    transcript = smtp(
        *("S: 220-a", "S: 220 b", "C: EHLO x", "S: 250-a", "S: 250 b", "C: MAIL FROM:<>"),
        *("C: RCPT TO:<a>", "C: DATA", "S: 250", "S: 250", "S: 354", "C: x", "C: .", "S: 250"),
    )
    assert times(
        transcript,
        *(("connect", 0, 9, ""), ("greeting", 1, 0.1, "220"), ("command", 2, 0.2, "250")),
        *(("command", 3, 0.3, "250"), ("command", 3, 0.4, "250"), ("command", 3, 0.5, "354")),
        *(("data", 4, 9, ""), ("end-of-data", 5, 0.6, "250")),
    ) == {5: 0.1, 8: 0.2, 13: 0.3, 14: 0.4, 15: 0.5, 18: 0.6}


def test_as_far_as_both_agree() -> None:
    """A run that went another way says nothing of what would have come."""
    transcript = pop3("S: +OK", "C: USER a", "S: +OK", "C: PASS x", "S: +OK")
    rows: list[Row] = [("greeting", 0, 1, "+OK"), ("command", 1, 2, "-ERR")]
    assert times(transcript, *rows) == {5: 1}
    assert times(transcript, *rows[:1]) == {5: 1}
    assert times(transcript, ("command", 0, 1, "no reply")) == {}


def test_lmtp_answers_once_for_all_recipients() -> None:
    """The end of mail data was waited for once: the first reply has the time."""
    lines = ("S: 220", "C: LHLO x", "S: 250", "C: MAIL FROM:<>", "S: 250", "C: RCPT TO:<a>")
    rest = ("S: 250", "C: RCPT TO:<b>", "S: 250", "C: DATA", "S: 354", "C: .", "S: 250", "S: 550")
    transcript = parsed(
        "\n".join(["mailprobe: 1", "protocol: lmtp", "", *lines, *rest, "C: QUIT", "S: 221", ""])
    )
    codes = ("250", "250", "250", "250", "354")
    rows: list[Row] = [("command", n, n, code) for n, code in enumerate(codes, 1)]
    rows = [
        ("greeting", 0, 0.5, "220"),
        *rows,
        ("end-of-data", 7, 7, "250"),
        ("command", 8, 8, "221"),
    ]
    assert times(transcript, *rows) == {
        4: 0.5,
        6: 1,
        8: 2,
        10: 3,
        12: 4,
        14: 5,
        16: 7,
        19: 8,
    }


def test_lines_of_another_file_have_no_time_here() -> None:
    """Numbers are those of the file itself."""
    transcript = parsed("mailprobe: 1\nprotocol: smtp\n\nS: 220\n", "other.mpt")
    measured = [Measured(1, 0.0, Timing((), 0.0))]
    assert took(turns(transcript), measured, "x.mpt") == {}
