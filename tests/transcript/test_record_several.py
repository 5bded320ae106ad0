"""Several connections in one recording: in the order of time, numbered, with one set of secrets."""

from pathlib import Path

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.files import PrivateFile
from mailprobe.protocol import events
from mailprobe.protocol.events import Ending
from mailprobe.protocol.model import Command, Protocol, Reply
from mailprobe.transcript.parse import parse
from mailprobe.transcript.record import Beside, Recorder
from mailprobe.transcript.redact import Secrets


class Desk:
    """A recorder, and two writers beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.warnings: list[str] = []
        self.recorder = Recorder(path, self.warnings.append)
        self.recorder.begin("smtp", "a.example:25", recorded="now")
        self.second = self.recorder.beside(2, Protocol.POP3, "b.example:995", implicit_tls=True)
        self.third = self.recorder.beside(3, Protocol.SMTP, "c.example:25")

    def close(self) -> tuple[list[str], list[str]]:
        """Header and dialogue, which can be read."""
        self.recorder.close()
        octets = self.path.read_bytes()
        parse(octets, str(self.path))
        head, _, rest = octets.decode().partition("\n\n")
        return head.splitlines()[3:], rest.splitlines()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "a.mpt")


def _say(writer: Recorder | Beside, line: bytes, secret: tuple[int, int] | None = None) -> Command:
    command = Command(line)
    writer(events.CommandSent(0.0, command, line + b"\r\n", secret))
    return command


def test_header_names_who_has_something_to_say(desk: Desk) -> None:
    """In the moment in which there is a line of it; comments are of nobody."""
    desk.recorder(events.Greeting(0.0, Reply.of("220", "a")))
    desk.second(events.Failed(0.0, "connect", "nobody is there", b""))
    desk.third.note("a note")
    assert b"connect 2" not in desk.path.read_bytes()
    desk.third(events.Greeting(0.0, Reply.of("220", "c")))
    desk.recorder(events.Closed(0.0, Ending.EOF))
    head, lines = desk.close()
    assert head == ["recorded: now", "protocol 3: smtp", "connect 3: c.example:25"]
    assert lines == [
        "S: 220 a", "# incomplete: connect: nobody is there", "| a note", "S3: 220 c", "S@ close",
    ]  # fmt: skip


def test_each_kind_of_line_has_its_number(desk: Desk) -> None:
    """Lines, octets without an end, expectations, TLS and ends; their content is left alone."""
    second = desk.second
    second(events.Greeting(0.0, Reply.of("+OK", "C: no line of the client")))
    command = _say(second, b"NOOP\tx")
    second.expect("S? +OK")
    second(events.ReplyReceived(0.0, Reply.of("+OK"), command))
    second.expect("S+ CAPA")
    second(events.TlsStarted(0.0, "TLSv1.3", "x", "y", verified=False, implicit=False))
    second(events.TlsFailed(0.0, implicit=False, verify=True))
    second(events.Closed(0.0, Ending.LOCAL))
    head, lines = desk.close()
    assert head[1:] == ["protocol 2: pop3", "connect 2: b.example:995", "tls 2: implicit"]
    assert lines == [
        "S2: +OK C: no line of the client",
        r"C2\ NOOP\tx",
        "S2? +OK",
        "S2+ CAPA",
        "@tls 2 verify=off",
        "@tls 2",
        "C2@ close",
    ]


def test_bodies_are_those_of_their_connection(desk: Desk) -> None:
    """One that another connection speaks into is told by lines from there on."""
    command = _say(desk.second, b"RETR 1")
    desk.second(events.ReplyReceived(0.0, Reply.of("+OK"), command, body=True))
    desk.second(events.BodyChunk(0.0, b"one\r\n", b"one\r\n", last=False))
    desk.recorder(events.Greeting(0.0, Reply.of("220", "a")))
    desk.second(events.BodyChunk(0.0, b"two\r\n", b"two\r\n.\r\n", last=True))
    _, lines = desk.close()
    assert lines == ["C2: RETR 1", "S2: +OK", "S2: one", "S: 220 a", "S2: two", "S2: ."]


def test_a_header_that_comes_late_moves_a_body_on(desk: Desk) -> None:
    """The body of another connection is not written over."""
    desk.recorder(events.DataSent(0.0, b"Subject: x\r\n", last=False))
    desk.second(events.Greeting(0.0, Reply.of("+OK")))
    desk.recorder(events.DataSent(0.0, b"y\r\n.\r\n", last=True))
    _, lines = desk.close()
    assert lines == ["C: Subject: x", "S2: +OK", "C: y", "C: ."]


def test_a_secret_of_one_is_one_of_all(desk: Desk) -> None:
    """Masked where it was said before, and named by the same name where it is said again."""
    _say(desk.recorder, b"NOOP hunter2")
    _say(desk.third, b"NOOP hunter2")
    _say(desk.third, b"NOOP\thunter2")
    desk.third.expect("S? 250")
    desk.third(events.ReplyReceived(0.0, Reply.of("250"), Command(b"NOOP")))
    desk.third.expect("S+ hunter2")
    _say(desk.second, b"PASS hunter2", (5, 12))
    _say(desk.recorder, b"PASS hunter2", (5, 12))
    _say(desk.recorder, b"PASS other-one", (5, 14))
    _, lines = desk.close()
    assert "C: NOOP *******" in lines
    assert "C3: NOOP *******" in lines
    assert r"C3\ NOOP\t*******" in lines
    assert "C2~ PASS {password}" in lines
    assert "C~ PASS {password}" in lines
    assert "C~ PASS {password-2}" in lines
    assert b"hunter2" not in desk.path.read_bytes()


def test_doubts_of_all_are_settled_in_the_end(desk: Desk) -> None:
    """Who says his name as a password, and is not let in, has mistaken the place."""
    _say(desk.second, b"USER hunter2")
    _say(desk.second, b"PASS hunter2", (5, 12))
    _, lines = desk.close()
    assert "C2: USER *******" in lines


def test_a_full_disk_stops_all_of_them(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told once; what was written stays."""

    def refuse(*_: object) -> None:
        raise Failure(Word.USAGE, "the disk is full")

    desk.recorder(events.Greeting(0.0, Reply.of("220", "a")))
    before = desk.path.read_bytes()
    monkeypatch.setattr(PrivateFile, "replace", refuse)
    desk.second(events.Greeting(0.0, Reply.of("+OK")))
    desk.third(events.Greeting(0.0, Reply.of("220", "c")))
    desk.recorder(events.Closed(0.0, Ending.EOF))
    desk.recorder.close()
    assert desk.path.read_bytes() == before
    assert desk.warnings == ["the recording stops here: the disk is full"]


def test_secrets_beside_each_other_know_the_same() -> None:
    """Whichever of them learns, before or after they were joined."""
    one = Secrets()
    one.learn(b"hunter1")
    two = one.beside()
    three = two.beside()
    assert three.mask(b"hunter1") == b"****"
    three.learn(b"hunter2")
    assert one.mask(b"hunter2 hunter1") == b"**** ****"
    assert one.learn(b"hunter2") == two.learn(b"hunter2") == "password-2"
