"""What a session teaches completion, from its events."""

import subprocess
import sys

import pytest

from mailprobe.protocol.events import BodyChunk, Event, ReplyReceived
from mailprobe.protocol.model import Command, Reply
from mailprobe.render.mime.tree import read_header
from mailprobe.shell.memory.addresses import Role, Used
from mailprobe.shell.memory.learned import Learned


def reply(line: bytes, code: str = "+OK", *, body: bool = True) -> Event:
    return ReplyReceived(0.0, Reply.of(code, "said"), Command(line), body=body)


def chunk(octets: bytes, *, last: bool = False) -> Event:
    return BodyChunk(0.0, octets, octets, last)


def subjects(*events: Event) -> dict[int, str]:
    learned = Learned()
    for event in events:
        learned(event)
    return learned.subjects


@pytest.mark.parametrize(
    "header, expected",
    [
        (b"Subject: hello", "hello"),
        (b"From: a\r\nsubject:  two\r\n words\r\nTo: b", "two words"),
        (b"Subject: =?utf-8?B?5L2g5aW9?=", "你好"),
        (b"Subject: =?GB2312?B?xOO6ww==?=", "你好"),
        (b"Subject: " + b"x" * 100, "x" * 57 + "..."),
        (b"Subject: caf\xe9!", "café!"),
        (b"Subject: =?utf-8?Q?caf=E9?=", "caf\udce9"),
    ],
)
def test_subject_of_a_message(header: bytes, expected: str) -> None:
    """Unfolded and decoded, cut to what a menu holds."""
    found = subjects(reply(b"RETR 7"), chunk(header + b"\r\n\r\nbody"), chunk(b"", last=True))
    assert found == {7: expected}


def test_it_may_come_in_pieces() -> None:
    """Wherever they are cut; a subject in the body is none."""
    octets = b"From: a\r\nSubject: hello\r\n\r\nSubject: other\r\n"
    for cut in range(len(octets)):
        pieces = chunk(octets[:cut]), chunk(octets[cut:]), chunk(b"", last=True)
        assert subjects(reply(b"TOP 3 0"), *pieces) == {3: "hello"}


@pytest.mark.parametrize(
    "events",
    [
        (reply(b"LIST"), chunk(b"Subject: a\r\n\r\n", last=True)),
        (reply(b"RETR x"), chunk(b"Subject: a\r\n\r\n", last=True)),
        (reply(b"RETR"), chunk(b"Subject: a\r\n\r\n", last=True)),
        (reply(b"RETR 1", "-ERR", body=False), chunk(b"Subject: a\r\n\r\n")),
        (reply(b"RETR 1"), chunk(b"From: a\r\n\r\n", last=True)),
        (reply(b"RETR 1"), chunk(b"From: a", last=True)),
        (reply(b"RETR 1"), chunk(b"X: " + b"x" * 40_000), chunk(b"\r\nSubject: a\r\n\r\n")),
    ],
)
def test_where_there_is_none(events: tuple[Event, ...]) -> None:
    """No subject, no message, no end of a header within bounds."""
    assert subjects(*events) == {}


def test_it_is_what_headers_show() -> None:
    """One decoder: a menu and /headers never differ, and no message loads `email`."""
    header = b"Subject: =?gbk?B?tPM=?= caf\xe9 =?x-none?Q?=FF?=\r\n\r\n"
    fields, _ = read_header(header)
    assert subjects(reply(b"RETR 1"), chunk(header)) == {1: fields[0].text}
    program = (
        "import sys\n"
        "from mailprobe.shell.memory import learned\n"
        "before = 'email' in sys.modules\n"
        "assert learned._subject(b'Subject: a\\r\\n\\r\\n') == 'a'\n"
        "print(before, 'email' in sys.modules)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert ran.stdout == b"False False\n"


def test_addresses_are_handed_on_once() -> None:
    """In the order of the replies."""
    learned = Learned()
    learned(reply(b"MAIL FROM:<a@b>", "250", body=False))
    learned(reply(b"RCPT TO:<c@d>", "450", body=False))
    assert learned.take_used() == [
        Used("a@b", Role.SENDER, "250"),
        Used("c@d", Role.RECIPIENT, "450"),
    ]
    assert learned.take_used() == []
