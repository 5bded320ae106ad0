"""The watch of the shell: it loads no rule before somebody typed, and forgets nothing of before."""

import subprocess
import sys

from mailprobe.errors import Word
from mailprobe.protocol import events
from mailprobe.protocol.linting.terms import Finding
from mailprobe.protocol.model import Command, Protocol, Reply
from mailprobe.shell.watching import Watch, report, verdict

GREETING = events.Greeting(0, Reply.of("250", "odd"))
NOOP = Command(b"NOOP")
SAID = (
    events.CommandSent(1, NOOP, b"NOOP\r\n"),
    events.ReplyReceived(2, Reply.of("250"), NOOP),
)


def test_what_came_before_the_first_command_is_told_with_it() -> None:
    """The greeting waits; what is found is told once, and counted."""
    told: list[Finding] = []
    watch = Watch()
    watch(GREETING)  # of nobody
    watch.begin(Protocol.SMTP, told.append)
    watch(events.Connected(0, "192.0.2.1:25", ""))
    watch(GREETING)
    assert told == []
    other = Command(b"RSET")
    for event in (*SAID * 2, events.ReplyReceived(3, Reply.of("250"), other)):
        watch(event)
    assert [one.name for one in told] == ["greeting-code", "bare-code"]
    assert [one.count for one in watch.findings] == [1, 2, 1]


def test_who_asks_is_told_at_once() -> None:
    """/lint at the first prompt."""
    watch = Watch()
    assert list(report(watch.findings)) == ["lint: nothing found"]
    assert verdict(watch.findings) is None
    watch.begin(Protocol.SMTP, lambda finding: None)
    watch(GREETING)
    assert list(report(watch.findings)) == [
        "lint: the greeting: no greeting has this code: 250 (RFC 5321, section 4.3.2)"
    ]
    failure = verdict(watch.findings)
    assert failure is not None
    assert (failure.word, failure.sentence) == (Word.MISMATCH, "1 deviation from the RFCs (--lint)")


def test_connections_beside_each_other_have_one_list() -> None:
    """Each with the rules of its own protocol; beyond 500 they are only counted."""
    first = Watch()
    second = first.beside()
    second.begin(Protocol.POP3, lambda finding: None)
    second(events.Greeting(0, Reply.of("-ERR", "no")))
    assert len(second.findings) == 1
    assert [one.name for one in first.findings] == ["greeting-code"]
    for number in range(600):
        first.findings.add("x", str(number), "RFC", "place")
    assert list(report(first.findings))[-1] == "lint: and 101 more"


def test_no_rule_is_loaded_before() -> None:
    """The first prompt waits for none of them."""
    code = (
        "import sys; from mailprobe.shell.watching import Watch\n"
        "from mailprobe.protocol.model import Protocol, Reply\n"
        "from mailprobe.protocol import events\n"
        "watch = Watch(); watch.begin(Protocol.SMTP, print)\n"
        "watch(events.Greeting(0, Reply.of('220', 'x')))\n"
        "assert 'mailprobe.protocol.linting' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
