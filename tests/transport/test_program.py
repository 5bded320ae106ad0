"""A program as the server: its octets, its remarks, and that nothing of it is left behind."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.protocol.events import Ending, Event, Remarked
from mailprobe.protocol.model import Protocol
from mailprobe.transport.connect import connect
from mailprobe.transport.program import Program
from mailprobe.transport.target import Kind, Target
from mailprobe.transport.way import Announcement, Way
from tests.transport.conftest import LONG


def soon() -> float:
    return time.monotonic() + LONG


@pytest.fixture
def remarks() -> list[str]:
    return []


Start = Callable[..., Program]


@pytest.fixture
def start(remarks: list[str]) -> Start:
    """Starts a program of Python's."""

    def observe(event: Event) -> None:
        assert isinstance(event, Remarked)
        remarks.append(event.sentence.partition(" ")[2])

    def start(code: str, wakeup: int | None = None) -> Program:
        words = (sys.executable, "-c", "import os, signal, sys, time\n" + code)
        return Program(words, observe, lambda: 0.0, wakeup)

    return start


def rest(link: Program) -> bytes:
    found = b""
    while octets := link.receive(soon()):
        found += octets
    link.drop()
    return found


def gone(link: Program) -> bool:
    """Whether there is no such process any more, be it a zombie."""
    return not Path(f"/proc/{link._process.pid}").exists()


def test_what_it_says_and_hears(start: Start, remarks: list[str]) -> None:
    """Both ways, over a descriptor that can be watched; it ends when we have said all."""
    link = start("os.write(1, b'220 x\\r\\n')\nos.write(1, os.read(0, 100).upper())\nos.read(0, 1)")
    assert link.fileno() >= 0
    assert bytes(link.receive(soon()) or b"") == b"220 x\r\n"
    link.send(b"ehlo\r\n", soon())
    assert bytes(link.receive(soon()) or b"") == b"EHLO\r\n"
    link.close(soon())
    assert link.ending == Ending.EOF
    assert gone(link)
    assert remarks == []
    assert link.peer.startswith("program python")


def test_how_it_ended(start: Start, remarks: list[str]) -> None:
    """With a status, or by a signal; and that it has said nothing."""
    for code in ("sys.exit(7)", "os.kill(os.getpid(), 9)", "pass", "os.write(1, b'x')"):
        link = start(code)
        rest(link)
        assert gone(link)
        link.drop()
    assert remarks == [
        "ended with status 7 before it said anything",
        "was ended by signal 9 before it said anything",
        "ended with status 0 before it said anything",
    ]


def test_its_standard_error(start: Start, remarks: list[str]) -> None:
    """A remark for each line, made printable; also of a program that says nothing else."""
    link = start("os.write(2, b'one\\r\\n\\n\\x1b]0;two\\x07\\nthree')")
    rest(link)
    assert remarks[:3] == ["says: one", "says: \\u{1b}]0;two\\u{7}", "says: three"]


def test_a_flood_of_errors(start: Start, remarks: list[str]) -> None:
    """It is read to its end, so that the program goes on, and a bounded part of it is kept."""
    link = start(
        "for _ in range(3000): os.write(2, b'y' * 4095 + b'\\n')\n"
        "os.write(2, b'z' * 10_000_000)\nos.write(1, b'done')"
    )
    assert rest(link) == b"done"
    assert len(remarks) == 101
    assert max(map(len, remarks)) < 600
    assert remarks[-1].endswith("is not shown)")


@pytest.mark.parametrize("deaf", [False, True])
def test_a_program_that_stays(start: Start, deaf: bool) -> None:
    """It is told to go, and then made to; and so is what it has started."""
    link = start(
        f"if {deaf}: signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = os.fork()\n"
        "if child: os.write(1, b'%d.' % child)\n"
        "time.sleep(600)"
    )
    said = b""
    while not said.endswith(b"."):
        said += bytes(link.receive(soon()) or b"")
    link.drop()
    assert gone(link)
    stat = Path(f"/proc/{int(said[:-1])}/stat")
    end = soon()
    while stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < end
        os.sched_yield()
    link.drop()


def test_what_cannot_be_started(remarks: list[str]) -> None:
    """Word `connect`, and why."""
    for words, said in (
        (("/nonexistent", "-bs"), "cannot start /nonexistent: there is no such program"),
        (("/",), "cannot start /: permission denied"),
        (("a\0b",), "cannot start a"),
    ):
        with pytest.raises(Failure, match=said) as caught:
            Program(words, lambda event: None, lambda: 0.0, None)
        assert caught.value.word is Word.CONNECT


def test_no_shell_is_between() -> None:
    """Words are words; and nobody here knows the addresses that a header would name."""
    target = Target(Protocol.SMTP, "mail.example", 25, kind=Kind.PROGRAM)
    echo = "import sys; sys.stdout.write(sys.argv[1])"
    link = connect(
        target, deadline=soon(), way=Way(program=(sys.executable, "-c", echo, "$(id) *"))
    )
    assert bytes(link.receive(soon()) or b"") == b"$(id) *"
    assert link.relayed
    link.close(soon())
    with pytest.raises(Failure, match="not known here"):
        connect(target, way=Way(program=("cat",), announcement=Announcement(1)))
    announced = Way(program=("cat",), announcement=Announcement(1, local=True))
    link = connect(target, way=announced)
    assert bytes(link.receive(soon()) or b"") == b"PROXY UNKNOWN\r\n"
    link.reset()
    assert link.fileno() < 0


def test_it_does_not_hear_the_keyboard(start: Start) -> None:
    """Ctrl-C goes to the foreground: it is in a session of its own."""
    link = start("os.write(1, b'%d %d' % (os.getsid(0), os.getpid()))")
    session, process = bytes(link.receive(soon()) or b"").split()
    assert session == process
    link.drop()
