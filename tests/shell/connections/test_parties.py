"""Several sessions at a time: who hears what is typed, who is shown how, and what is recorded."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from mailprobe.errors import ExitStatus
from mailprobe.protocol.connection import catalogue_of
from mailprobe.protocol.model import Protocol
from mailprobe.session import Observer, Session
from mailprobe.shell.connections import connecting
from mailprobe.shell.conversation import Conversation
from mailprobe.shell.front.terminal import Interrupts
from mailprobe.shell.interface import Entry, Key
from mailprobe.shell.options import Options
from mailprobe.shell.typing.standing import prompt_text
from mailprobe.transcript.dialogue import compile_steps
from mailprobe.transcript.parse import parse
from mailprobe.transport.memory import Scripted
from mailprobe.transport.target import Target
from tests.shell.test_app import Typist

SMTP = b"220 smtp.example\r\n"
POP3 = b"+OK pop3.example\r\n"


class Link(Scripted):
    """A server that says by itself only what a test has put into `unasked`."""

    def __init__(self, chunks: Sequence[bytes | None]) -> None:
        super().__init__(chunks, ending=None)
        self.unasked: list[bytes] = []

    def poll_receive(self) -> memoryview | None:
        return memoryview(self.unasked.pop(0)) if self.unasked else None


class Room:
    """A conversation whose servers are scripted, one list of chunks for each connection."""

    def __init__(self, scripts: list[list[bytes]], interrupts: Interrupts, **how: object) -> None:
        self.scripts = scripts
        self.links: list[Link] = []
        self.typist = Typist()
        self.talk = Conversation(
            Options(color="never", **how),  # type: ignore[arg-type]
            self.typist,
            interrupts,
        )

    def open_session(
        self,
        options: Options,
        target: Target,
        observers: Sequence[Observer],
        *,
        begin: Callable[[Target], None],
        **how: object,
    ) -> Session:
        begin(target)
        session = Session(catalogue_of(target.protocol), observers, options.settings)
        self.links.append(Link(self.scripts.pop(0)))
        self.links[-1].peer = "memory"
        session.attach(self.links[-1])
        return session

    @property
    def shown(self) -> str:
        text, self.typist.shown = self.typist.shown, ""
        return text

    @property
    def prompt(self) -> str:
        return prompt_text(self.talk.look)

    def enter(self, *lines: str) -> None:
        for line in lines:
            self.talk.take(Entry(Key.LINE, line))


Enter = Callable[..., Room]


@pytest.fixture
def meet(monkeypatch: pytest.MonkeyPatch) -> Iterator[Enter]:
    """Sit down at a shell; each list is what the server of one connection says."""
    rooms: list[tuple[Room, Interrupts]] = []

    def start(*scripts: list[bytes], **how: object) -> Room:
        interrupts = Interrupts()
        room = Room(list(scripts), interrupts, **how)
        rooms.append((room, interrupts))
        monkeypatch.setattr(connecting, "open_session", room.open_session)
        return room

    yield start
    for room, interrupts in rooms:
        room.talk.finish()
        interrupts.close()


def _two(meet: Enter, smtp: list[bytes], pop3: list[bytes], **how: object) -> Room:
    room = meet([SMTP, *smtp], [POP3, *pop3], **how)
    room.enter("/connect smtp a.example", "/connect pop3 b.example")
    return room


def test_the_first_one_stays(meet: Enter) -> None:
    """The prompt numbers them; what is typed is for the one that was chosen."""
    room = meet([SMTP, b"250 ok\r\n"], [POP3, b"+OK\r\n"])
    room.enter("/connect smtp a.example")
    assert room.prompt == "smtp:greeted> "
    room.enter("/connect pop3 b.example")
    assert "this is session 2; /use 1 goes back" in room.shown
    assert room.prompt == "[2] pop3:auth> "
    room.enter("NOOP", "/use 1", "RSET")
    assert room.prompt == "[1] smtp:greeted> "
    assert [link.sent for link in room.links] == [[b"RSET\r\n"], [b"NOOP\r\n"]]


def test_what_another_one_says_is_marked(meet: Enter) -> None:
    """Each line of it, in colour or not; the present one's lines are not."""
    room = _two(meet, [], [])
    room.links[0].unasked = [b"421-one\r\n421 two\r\n"]
    room.links[1].unasked = [b"+OK by itself\r\n"]
    _ = room.shown
    room.talk.poll()
    lines = room.shown.splitlines()
    assert [line for line in lines if "one" in line or "two" in line]
    assert all(line.startswith("[1] ") == ("421" in line) for line in lines), lines


def test_all_sockets_are_watched(meet: Enter) -> None:
    """Readable one by one: a flood on one of them does not keep the others."""
    room = _two(meet, [], [])
    for number, link in enumerate(room.links, 7):
        link.fileno = lambda number=number: number  # type: ignore[method-assign]
        link.unasked = [b"250 by itself\r\n"]
    assert room.talk.descriptors == (7, 8)
    room.talk.poll(8)
    assert [len(link.unasked) for link in room.links] == [1, 0]


def test_close_and_drop_leave_the_other_one(meet: Enter) -> None:
    """The one that is left is current then."""
    room = meet([SMTP], [POP3], [POP3])
    room.enter("/connect smtp a.example", "/connect pop3 b.example", "/connect pop3 c.example")
    room.enter("/drop")
    assert room.prompt == "[2] pop3:auth> "
    room.enter("/close")
    assert "this is session 1" in room.shown
    assert room.prompt == "smtp:greeted> "
    room.enter("/close")
    assert room.prompt == "smtp:closed> "


def test_what_failed_to_connect_changes_nothing(
    meet: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person goes on where he was."""
    room = meet([SMTP, b"250 ok\r\n"])
    room.enter("/connect smtp a.example", "/connect pop3 @x", "/connect smtp 127.0.0.1:x")
    assert room.prompt == "smtp:greeted> "
    room.enter("NOOP")
    assert room.links[0].sent == [b"NOOP\r\n"]


def test_nine_are_the_most(meet: Enter) -> None:
    """A recording has no number for more; with all closed the next one begins anew."""
    room = meet(*[[SMTP]] * 10)
    for _ in range(9):
        room.enter("/connect smtp a.example")
    assert room.prompt.startswith("[9] ")
    room.enter("/connect smtp a.example")
    assert "9 connections are the most" in room.shown
    assert room.prompt.startswith("[9] ")
    room.enter(*["/drop"] * 9, "/connect smtp a.example")
    assert room.prompt == "smtp:greeted> "
    assert [number for number, _ in room.talk.sessions()] == [1]


def test_settings_of_one_stay_its_own(meet: Enter) -> None:
    """/set changes what it names, for all of them; TLS and confirmations stay."""
    room = _two(meet, [], [])
    room.enter("/set timeout 5")
    assert [session.settings.timeout for _, session in room.talk.sessions()] == [5, 5]


# --------------------------------------------------------------------------------------- leaving


def _with_marks(meet: Enter, *more: bytes) -> Room:
    """Two sessions of POP3 with a message marked in each."""
    script = [POP3, b"+OK\r\n", b"+OK\r\n", b"+OK\r\n"]
    room = meet([*script, *more], [*script, *more])
    for target in ("a.example", "b.example"):
        room.enter(f"/connect pop3 {target}", "USER a", "PASS secret", "DELE 1")
    return room


@pytest.mark.parametrize(
    "answers, sent",
    [
        (["q", "d"], [[b"QUIT\r\n"], []]),
        (["d", "q"], [[], [b"QUIT\r\n"]]),
        (["q", "q"], [[b"QUIT\r\n"], [b"QUIT\r\n"]]),
    ],
)
def test_each_one_with_marks_is_asked_about(
    meet: Enter,
    answers: list[str | None],
    sent: list[list[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """QUIT deletes, in each of them (RFC 1939, section 6)."""
    monkeypatch.setenv("COLUMNS", "200")
    room = _with_marks(meet, b"+OK bye\r\n")
    room.typist.answers = list(answers)
    room.talk.take(Entry(Key.END))
    assert [question.partition(":")[0] for question in room.typist.asked] == [
        "session 1", "session 2",
    ]  # fmt: skip
    assert [link.sent[3:] for link in room.links] == sent
    assert room.talk.status is ExitStatus.OK


def test_two_interrupts_drop_all_of_them(meet: Enter) -> None:
    """No QUIT is said, so no server deletes anything; status 130."""
    room = _with_marks(meet)
    room.talk.interrupts.press()
    room.talk.interrupts.press()
    room.talk.take(Entry(Key.INTERRUPT))
    assert room.talk.status is ExitStatus.INTERRUPTED
    assert all(session.closed for _, session in room.talk.sessions())
    assert [link.sent[3:] for link in room.links] == [[], []]


def test_who_goes_on_has_lost_nothing(meet: Enter) -> None:
    """All questions come before the first end; the one that was asked about is current then."""
    room = _with_marks(meet)
    room.typist.answers = ["q", ""]
    room.enter("/quit")
    assert [link.sent[3:] for link in room.links] == [[], []]
    assert room.talk.status is None
    assert room.prompt == "[2] pop3:trans> "


def test_mail_data_of_another_one_is_asked_about(meet: Enter) -> None:
    """A lone dot would end it, a mail that is no mail: the person has to say."""
    room = _two(meet, [b"354 go\r\n"], [])
    room.enter("/use 1", "DATA", "/not local", "Subject: x")
    room.typist.answers = ["c"]
    room.talk.take(Entry(Key.END))
    assert room.talk.status is None
    assert room.prompt == "[1] smtp:data 3| "


# ------------------------------------------------------------------------------------- recording


def _lines(path: Path) -> tuple[list[str], list[str]]:
    """Header and dialogue, of a transcript that can be read."""
    octets = path.read_bytes()
    compile_steps(parse(octets, str(path)))
    head, _, rest = octets.decode().partition("\n\n")
    return head.splitlines(), rest.splitlines()


@pytest.mark.parametrize("late", [False, True], ids=["recorded", "saved"])
def test_one_transcript_in_the_order_of_time(meet: Enter, tmp_path: Path, late: bool) -> None:
    """The header names each connection, and each line of another than the first its number."""
    path = tmp_path / "a.mpt"
    how = {} if late else {"record": path}
    room = _two(meet, [b"250 one\r\n", b"221 bye\r\n"], [b"+OK two\r\n", b"+OK bye\r\n"], **how)
    room.enter("/use 1", "NOOP", "/use 2", "NOOP", "/note between")
    if late:
        room.enter(f"/save {path}")
    room.talk.take(Entry(Key.END))
    room.talk.finish()
    head, lines = _lines(path)
    assert [line for line in head if not line.startswith("recorded")] == [
        "mailprobe: 1",
        "protocol: smtp",
        "connect: a.example:25",
        "protocol 2: pop3",
        "connect 2: b.example:110",
    ]
    assert lines == [
        "S: 220 smtp.example",
        "S2: +OK pop3.example",
        "C: NOOP",
        "S: 250 one",
        "C2: NOOP",
        "S2: +OK two",
        "| between",
        "C: QUIT",
        "S: 221 bye",
        "C@ close",
        "C2: QUIT",
        "S2: +OK bye",
        "C2@ close",
    ]


def test_a_connection_behind_another_one_is_recorded_with_it(meet: Enter, tmp_path: Path) -> None:
    """Who sends a mail, leaves, and fetches it wants both in one transcript."""
    room = _two(meet, [], [])
    room.enter("/use 1", "/drop", "/use 2", "/drop", f"/save {tmp_path / 'a.mpt'}")
    room.talk.finish()
    assert _lines(tmp_path / "a.mpt")[1] == [
        "S: 220 smtp.example", "S2: +OK pop3.example", "C@ close", "C2@ close",
    ]  # fmt: skip


def test_secrets_of_one_are_masked_in_all(meet: Enter, tmp_path: Path) -> None:
    """On the screen and in the recording: whoever has logged in once knows the secret."""
    path = tmp_path / "a.mpt"
    said = [b"+OK\r\n"] * 3
    room = _two(meet, [b"250 it is hunter2\r\n"], said, record=str(path))
    room.enter("USER alice", "PASS hunter2", "/use 1")
    _ = room.shown
    room.enter("NOOP")
    assert "hunter2" not in room.shown
    room.talk.finish()
    assert "hunter2" not in path.read_text()
    assert "C2~ PASS {password}" in path.read_text()


def test_a_secret_that_was_said_to_another_one_before(meet: Enter, tmp_path: Path) -> None:
    """What was written of one connection is looked through when another one makes it a secret."""
    path = tmp_path / "a.mpt"
    room = _two(meet, [b"250 ok\r\n"], [b"+OK\r\n", b"+OK\r\n"], record=str(path))
    room.enter("/use 1", "NOOP hunter2", "/use 2", "USER alice", "PASS hunter2")
    room.talk.finish()
    assert "hunter2" not in path.read_text()
    assert "C: NOOP *******" in path.read_text()


def test_bodies_of_another_connection(meet: Enter, tmp_path: Path) -> None:
    """Inline with their number; a large one in a file that the line names."""
    small, large = (
        b"+OK\r\nx\r\n.\r\n",
        b"+OK\r\n" + b"y" * 70 + b"\r\n" + b"z\r\n" * 40_000 + b".\r\n",
    )
    path = tmp_path / "a.mpt"
    login = [b"+OK\r\n", b"+OK\r\n"]
    room = _two(meet, [], [*login, small, large], record=str(path))
    room.enter("USER a", "PASS secret", "RETR 1", "RETR 2")
    room.talk.finish()
    lines = _lines(path)[1]
    at = lines.index("C2: RETR 1")
    assert lines[at:] == [
        "C2: RETR 1", "S2: +OK", "S2: x", "S2: .",
        "C2: RETR 2", "S2: +OK", "S2> a.mpt.1.body", "S2: .", "C2@ close", "C@ close",
    ] or lines[at:-2] == [
        "C2: RETR 1", "S2: +OK", "S2: x", "S2: .",
        "C2: RETR 2", "S2: +OK", "S2> a.mpt.1.body", "S2: .",
    ]  # fmt: skip


@pytest.mark.parametrize("protocol", list(Protocol))
def test_the_sandbox_says_what_to_try(
    meet: Enter, monkeypatch: pytest.MonkeyPatch, protocol: Protocol
) -> None:
    """One line behind the greeting."""
    room = meet([SMTP if protocol is not Protocol.POP3 else POP3])
    room.enter(f"/connect {protocol} sandbox")
    assert room.shown.count("note: try ") == 1


def test_the_first_screen_leads(meet: Enter) -> None:
    """The sandbox, help, Tab, and the way out."""
    room = meet()
    room.talk.open()
    shown = room.shown
    for word in ("/connect smtp sandbox", "/connect pop3 sandbox", "/help", "Tab", "Ctrl-D"):
        assert word in shown
    assert max(map(len, shown.splitlines())) <= 79
