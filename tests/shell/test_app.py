"""A conversation without a terminal: entries in, octets to a scripted server, text to a list."""

import errno
import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from mailprobe.errors import ExitStatus, Failure, Word
from mailprobe.protocol.connection import catalogue_of
from mailprobe.protocol.events import Ending
from mailprobe.protocol.items import Phase
from mailprobe.protocol.model import Protocol
from mailprobe.session import Observer, Session, Settings
from mailprobe.shell import app
from mailprobe.shell.app import wants_plain
from mailprobe.shell.connections import connecting as module
from mailprobe.shell.connections import opening
from mailprobe.shell.conversation import Conversation
from mailprobe.shell.front.terminal import Interrupts
from mailprobe.shell.interface import Entry, Key
from mailprobe.shell.options import Options
from mailprobe.shell.typing.mask import visible
from mailprobe.shell.typing.standing import prompt_text, toolbar
from mailprobe.transport.memory import Scripted
from mailprobe.transport.target import Target, Tls
from mailprobe.value import replace


class Typist:
    """A front whose person gives the answers that a test has prepared."""

    def __init__(self) -> None:
        self.shown = ""
        self.asked: list[str] = []
        self.answers: list[str | None] = []
        self.ahead = False  # something was typed ahead

    def write(self, text: str) -> None:
        self.shown += text

    def ask(self, question: str) -> str:
        self.asked.append(question)
        return self.answers.pop(0) or ""

    def ask_secret(self, prompt: str) -> str | None:
        self.asked.append(prompt)
        return self.answers.pop(0)

    def discard(self) -> bool:
        ahead, self.ahead = self.ahead, False
        return ahead

    def read(self, conversation: Conversation) -> Entry:
        raise AssertionError("the test gives the entries")


class Table:
    """A conversation with a scripted server, and all that can be seen of it."""

    def __init__(
        self, typist: Typist, talk: Conversation, links: list[Scripted], interrupts: Interrupts
    ) -> None:
        self.typist = typist
        self.talk = talk
        self.interrupts = interrupts
        self._links = links

    @property
    def sent(self) -> list[bytes]:
        return self._links[-1].sent

    @property
    def shown(self) -> str:
        return self.typist.shown

    @property
    def prompt(self) -> str:
        return prompt_text(self.talk.look)

    def enter(self, *lines: str) -> None:
        for line in lines:
            self.talk.take(Entry(Key.LINE, line))

    def local(self, line: str) -> None:
        self.talk.take(Entry(Key.LOCAL, line))


Sit = Callable[..., Table]


@pytest.fixture
def sit(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sit]:
    """Sit down at a shell whose server says `chunks`, one for each time that it is listened to."""
    talks: list[tuple[Conversation, Interrupts]] = []

    def start(
        *chunks: bytes | None,
        protocol: Protocol = Protocol.SMTP,
        ending: str | None = None,
        peer: str = "memory",
        **options: object,
    ) -> Table:
        links: list[Scripted] = []

        def open_session(
            options: Options,
            target: Target,
            observers: Sequence[Observer],
            *,
            begin: Callable[[Target], None],
            **how: object,
        ) -> Session:
            begin(target)
            session = Session(catalogue_of(target.protocol), observers, options.settings)
            links.append(_Patient(chunks, ending=ending))
            links[-1].peer = peer
            session.attach(links[-1])
            return session

        monkeypatch.setattr(module, "open_session", open_session)
        typist, interrupts = Typist(), Interrupts()
        target = Target(protocol, "mx.example", 25)
        settings = Options(target=target, color="never", **options)  # type: ignore[arg-type]
        talk = Conversation(settings, typist, interrupts)
        talks.append((talk, interrupts))
        talk.open()
        return Table(typist, talk, links, interrupts)

    yield start
    for talk, interrupts in talks:
        talk.finish()
        interrupts.close()


class _Patient(Scripted):
    """A scripted server that speaks only when it is waited for."""

    def poll_receive(self) -> memoryview | None:
        return None


GREETING = b"220 mx.example\r\n"


# ----------------------------------------------------------------------------------------- lines


def test_line_goes_out_octet_for_octet(sit: Sit) -> None:
    """Blanks, case, bare CR and octets that are no UTF-8 are sent as they were typed."""
    table = sit(GREETING, b"250 ok\r\n")
    table.enter("  noOp \r\udce9\u00e9\x00 ")
    assert table.sent == [b"  noOp \r\xe9\xc3\xa9\x00 \r\n"]
    assert "250 ok" in table.shown


def test_empty_line_is_sent_only_as_an_answer(sit: Sit) -> None:
    """Enter on an empty prompt says nothing, except to a challenge."""
    table = sit(GREETING, b"334 \r\n", b"235 ok\r\n")
    table.enter("", "AUTH LOGIN")
    assert table.prompt == "smtp:auth| "
    table.enter("")
    assert table.sent == [b"AUTH LOGIN\r\n", b"\r\n"]
    assert table.prompt == "smtp:greeted> "


def test_slash_is_payload_in_data(sit: Sit) -> None:
    """Among mail data every line is sent, dots are doubled, and a lone dot ends it."""
    table = sit(GREETING, b"354 go\r\n", b"250 ok\r\n")
    table.enter("DATA", "/quit", "", ".x", ".")
    assert table.sent == [b"DATA\r\n", b"/quit\r\n", b"\r\n", b"..x\r\n", b".\r\n"]
    assert table.talk.status is None


def test_octets_of_a_chunk_need_no_line_end(sit: Sit) -> None:
    """BDAT counts octets: a line that fills the chunk is sent without CRLF."""
    table = sit(GREETING, b"250 5 octets\r\n")
    table.enter("BDAT 5")
    assert table.sent == [b"BDAT 5\r\n"]
    assert table.prompt == "smtp:chunk(5)| "
    table.enter("hello")
    assert table.sent == [b"BDAT 5\r\n", b"hello"]
    assert "250 5 octets" in table.shown


def test_rest_of_a_paste_is_held_back_when_data_is_refused(sit: Sit) -> None:
    """A message whose DATA was refused would be run as commands."""
    table = sit(GREETING, b"554 no\r\n")
    table.typist.answers = ["o"]
    table.enter("DATA\nSubject: x\n\n.\n")
    assert table.sent == [b"DATA\r\n"]
    assert "3 more lines were not sent" in table.shown


def test_a_question_is_broken_at_blanks(sit: Sit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the terminal is narrow, its last row is the prompt."""
    table = sit(GREETING)
    monkeypatch.setenv("COLUMNS", "40")
    table.typist.answers = ["c"]
    assert table.talk.ask("[q]uit and delete, [d]rop the connection, [c]ontinue: ") == "c"
    assert table.shown.endswith("[q]uit and delete, [d]rop the\n")
    assert table.typist.asked == ["  connection, [c]ontinue: "]


def test_nothing_is_sent_without_a_connection(sit: Sit) -> None:
    """A line typed after the end stays here, and the person is told."""
    table = sit(GREETING, b"221 bye\r\n", ending=Ending.EOF)
    table.enter("QUIT")
    table.talk.session.close()  # type: ignore[union-attr]
    table.enter("NOOP")
    assert table.sent == [b"QUIT\r\n"]
    assert "nothing was sent: the connection is closed" in table.shown
    assert "/quit leaves" in table.shown
    assert table.prompt == "smtp:closed> "


@pytest.mark.parametrize("line, name", [("quit", "quit"), ("EXIT", "quit"), ("help me", "help")])
def test_a_local_command_without_its_slash(sit: Sit, line: str, name: str) -> None:
    """Where no server hears it, it can only be meant for us: the sentence names what was meant."""
    table = sit(GREETING, b"221 bye\r\n", ending=Ending.EOF)
    table.enter("QUIT")
    table.talk.session.close()  # type: ignore[union-attr]
    table.enter(line)
    assert table.sent == [b"QUIT\r\n"]
    assert f"nothing was sent: local commands begin with a slash: /{name}\n" in table.shown
    assert table.talk.status is None


def test_advice_is_shown_and_the_line_is_sent(sit: Sit) -> None:
    """A command at the wrong time is a test of the server: a note, and out it goes."""
    table = sit(GREETING, b"503 first MAIL\r\n")
    table.enter("RCPT TO:<a@b.example>")
    assert table.sent == [b"RCPT TO:<a@b.example>\r\n"]
    assert "note: RCPT belongs to state" in table.shown


def test_line_that_is_no_reply_keeps_the_link(sit: Sit) -> None:
    """Garbage is shown once, with its word, and the next command is sent."""
    table = sit(GREETING, b"what?\r\n", b"250 ok\r\n250 ok\r\n")
    table.enter("NOOP")
    assert table.shown.count("mailprobe: protocol:") == 1
    table.enter("NOOP")
    assert table.sent == [b"NOOP\r\n", b"NOOP\r\n"]
    assert table.shown.count("mailprobe: protocol:") == 1


def test_failure_is_shown_once(sit: Sit) -> None:
    """A server that goes away in mid-reply is one failure line."""
    table = sit(GREETING, b"250-half\r\n", ending=Ending.EOF)
    table.enter("EHLO me")
    assert table.shown.count("mailprobe: eof:") == 1
    assert table.prompt == "smtp:closed> "


def test_chunk_is_typed_behind_its_command(sit: Sit) -> None:
    """Nobody waits for a reply that the server cannot give before the octets came."""
    table = sit(GREETING, b"250 10 octets\r\n")
    table.typist.answers = ["o"]
    table.enter("BDAT 10")
    assert table.prompt == "smtp:chunk(10)| "
    table.enter("abc")
    assert table.prompt == "smtp:chunk(5)| "
    assert "250" not in table.shown
    table.enter("def")
    assert table.sent == [b"BDAT 10\r\n", b"abc\r\n", b"def\r\n"]
    assert "250 10 octets" in table.shown
    assert table.talk.phase is Phase.COMMAND


def test_chunk_of_a_raw_command(sit: Sit) -> None:
    """/raw may begin a chunk, too."""
    table = sit(GREETING, b"250 4 octets\r\n")
    table.enter(r'/raw "BDAT 4 LAST\r\n"')
    assert table.prompt == "smtp:chunk(4)| "
    table.enter("abcd")
    assert table.sent == [b"BDAT 4 LAST\r\n", b"abcd"]
    assert "250 4 octets" in table.shown


def test_pasted_chunk_is_followed_by_commands(sit: Sit) -> None:
    """The octets of the lines behind BDAT, line ends included, fill the chunk."""
    table = sit(GREETING, b"250 10 octets\r\n", b"250 awake\r\n")
    table.typist.answers = ["o"]
    table.enter("BDAT 10 LAST\n12345678\nNOOP")
    assert table.sent == [b"BDAT 10 LAST\r\n", b"12345678\r\n", b"NOOP\r\n"]
    assert "250 awake" in table.shown


def test_lines_of_a_chunk_are_not_remembered(sit: Sit) -> None:
    """Mail data is kept in no history."""
    table = sit(GREETING, b"250 ok\r\n")
    assert table.talk.remembers("BDAT 7") == "BDAT 7"
    table.enter("BDAT 7")
    assert table.talk.remembers("hello") is None


@pytest.mark.parametrize(
    "chunks, paste, sent, left",
    [
        ([b"504 no\r\n"], "AUTH LOGIN\nYQ==\nYg==", [b"AUTH LOGIN\r\n"], "2 more lines were"),
        ([b"504 no\r\n"], "AUTH LOGIN\nYQ==", [b"AUTH LOGIN\r\n"], "1 more line was"),
        (
            [b"334 \r\n", b"535 no\r\n"],
            "AUTH LOGIN\nYQ==\nYg==",
            [b"AUTH LOGIN\r\n", b"YQ==\r\n"],
            "1 more line was",
        ),
    ],
)
def test_rest_of_a_paste_is_held_back_when_a_login_is_refused(
    sit: Sit, chunks: list[bytes], paste: str, sent: list[bytes], left: str
) -> None:
    """Answers to a challenge that never came would be run, and shown, as commands."""
    table = sit(GREETING, *chunks)
    table.typist.answers = ["o"]
    table.enter(paste)
    assert table.sent == sent
    assert f"note: {left} not sent" in table.shown


def test_paste_goes_on_behind_a_login(sit: Sit) -> None:
    """Where the login succeeds at once, what follows are commands."""
    table = sit(GREETING, b"235 ok\r\n", b"250 ok\r\n")
    table.typist.answers = ["o"]
    table.enter("AUTH PLAIN AGEAYg==\nNOOP")
    assert table.sent == [b"AUTH PLAIN AGEAYg==\r\n", b"NOOP\r\n"]


@pytest.mark.parametrize(
    "line, reply, told",
    [
        ("DATA", b"554 no\r\n", True),
        ("AUTH LOGIN", b"504 no\r\n", True),
        ("NOOP", b"500 no\r\n", False),
        ("DATA", b"354 go\r\n", False),
    ],
)
def test_typed_ahead_lines_are_dropped_with_what_they_belong_to(
    sit: Sit, line: str, reply: bytes, told: bool
) -> None:
    """Mail data typed ahead of a refused DATA is forgotten, and the person hears of it."""
    table = sit(GREETING, reply)
    table.typist.ahead = True
    table.enter(line)
    assert ("what was typed ahead was not sent" in table.shown) is told
    assert table.typist.ahead is not told


def test_prompt_after_goodbye(sit: Sit) -> None:
    """After 421 the link may live on: the prompt does not say closed before it is."""
    table = sit(GREETING, b"421 going down\r\n")
    table.enter("NOOP")
    assert table.prompt == "smtp:leaving> "
    old = table.talk.session
    table.enter("/connect smtp mx.example")
    assert table.prompt == "smtp:greeted> "
    assert old is not None
    assert old.closed


def test_reply_that_is_still_owed_is_told(sit: Sit) -> None:
    """What was no reply answers nothing."""
    table = sit(GREETING, b"what?\r\n", b"250 ok\r\n250 ok\r\n")
    table.enter("NOOP")
    assert "note: a reply to NOOP is still owed" in table.shown
    table.enter("NOOP")
    assert table.shown.count("still owed") == 1


def test_what_came_before_a_failed_opening_can_be_saved(
    sit: Sit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A greeting that is none ends the opening; the session can be looked at all the same."""
    table = sit(GREETING)

    def link(target: Target, **how: object) -> Scripted:
        return _Patient([b"garbage\r\n"], ending=Ending.EOF)

    monkeypatch.setattr(module, "open_session", opening.open_session)
    monkeypatch.setattr(opening, "connect", link)
    table.enter("/drop", "/connect smtp mx.example")
    assert table.talk.session is not None
    assert table.prompt == "smtp:closed> "
    table.enter(f"/save {tmp_path / 'a.mpt'}")
    assert "garbage" in (tmp_path / "a.mpt").read_text()


def test_nothing_is_kept_of_a_host_that_was_not_reached(
    sit: Sit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No link, no session."""
    table = sit(GREETING)

    def link(target: Target, **how: object) -> Scripted:
        raise Failure(Word.CONNECT, "refused")

    monkeypatch.setattr(module, "open_session", opening.open_session)
    monkeypatch.setattr(opening, "connect", link)
    table.enter("/drop", "/connect smtp mx.example")
    assert table.talk.session is None
    assert table.prompt == "mailprobe> "


def test_steps_of_a_login_are_shown(sit: Sit) -> None:
    """/auth shows each step that it takes, and no octet of what is secret in it."""
    table = sit(GREETING, b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n", b"235 ok\r\n")
    table.typist.answers = ["hunter2"]
    table.enter("/auth LOGIN alice")
    assert table.shown.count("> ****\n") == 2
    assert "hunter2" not in table.shown


def test_a_front_that_turns_out_plain_looks_plain(sit: Sit) -> None:
    """Status words and tables without rules follow from one decision."""
    table = sit(GREETING, b"250 ok\r\n")
    table.talk.become_plain()
    table.enter("NOOP")
    assert "< 250 ok  (ok, " in table.shown
    table.enter("/state")
    assert "\u2500" not in table.shown


# ------------------------------------------------------------------------------- interruptions


def test_interrupted_wait_keeps_the_connection(sit: Sit) -> None:
    """What is owed stays owed; the late reply belongs to its command."""
    table = sit(GREETING, None, b"250 late\r\n250 ok\r\n")
    table.enter("EHLO me")
    assert "a reply to EHLO is owed" in table.shown
    bar = "".join(text for _, text in toolbar(table.talk.look, 80))
    assert bar == " memory · 1 reply owed · ^] local command"
    table.enter("NOOP")
    assert table.prompt == "smtp:ready> "
    assert table.sent == [b"EHLO me\r\n", b"NOOP\r\n"]


def test_interrupted_body_is_read_but_not_shown(sit: Sit) -> None:
    """Ctrl-C stops the showing of a body; the session stays in step."""
    table = sit(
        b"+OK\r\n",
        b"+OK\r\nfirst\r\n",
        None,
        b"second\r\n.\r\n+OK awake\r\n",
        protocol=Protocol.POP3,
    )
    table.enter("RETR 1", "NOOP")
    assert "first" in table.shown
    assert "second" not in table.shown
    assert "15 octets, the rest not shown" in table.shown
    assert "+OK awake" in table.shown


def test_first_interrupt_tells_how_to_leave_and_two_leave(sit: Sit) -> None:
    """Ctrl-C at an empty prompt is harmless; twice in a second it means: out."""
    table = sit(GREETING)
    table.talk.take(Entry(Key.INTERRUPT))
    assert "Ctrl-D or /quit leaves" in table.shown
    table.interrupts.press()
    table.interrupts.press()
    table.talk.take(Entry(Key.INTERRUPT))
    assert table.talk.status is ExitStatus.INTERRUPTED
    assert table.sent == []


@pytest.mark.parametrize(
    "answer, sent",
    [("e", [b"DATA\r\n", b".\r\n"]), ("c", [b"DATA\r\n"]), ("", [b"DATA\r\n"])],
)
def test_interrupt_in_data_asks(sit: Sit, answer: str, sent: list[bytes]) -> None:
    """Mail data can be ended or abandoned, never taken back."""
    table = sit(GREETING, b"354 go\r\n", b"250 ok\r\n")
    table.enter("DATA")
    table.typist.answers = [answer]
    table.talk.take(Entry(Key.INTERRUPT))
    assert table.sent == sent


def test_interrupt_in_login_cancels_it(sit: Sit) -> None:
    """`*` cancels an AUTH (RFC 4954, section 4)."""
    table = sit(GREETING, b"334 \r\n", b"501 cancelled\r\n")
    table.enter("AUTH LOGIN")
    table.typist.answers = ["e"]
    table.talk.take(Entry(Key.INTERRUPT))
    assert table.sent == [b"AUTH LOGIN\r\n", b"*\r\n"]
    assert table.prompt == "smtp:greeted> "


# -------------------------------------------------------------------------------------- leaving


def test_leaving_says_quit(sit: Sit) -> None:
    """Ctrl-D is polite."""
    table = sit(GREETING, b"221 bye\r\n")
    table.talk.take(Entry(Key.END))
    assert table.sent == [b"QUIT\r\n"]
    assert table.talk.status is ExitStatus.OK


def test_leaving_after_421_says_nothing(sit: Sit) -> None:
    """The server has said that it closes: QUIT would be an answer to nobody."""
    table = sit(GREETING, b"421 going down\r\n")
    table.enter("NOOP")
    table.talk.take(Entry(Key.END))
    assert table.sent == [b"NOOP\r\n"]
    assert table.talk.status is ExitStatus.OK


@pytest.mark.parametrize(
    "answer, sent, status",
    [("q", True, ExitStatus.OK), ("d", False, ExitStatus.OK), ("", False, None)],
)
def test_leaving_with_marked_messages_asks(
    sit: Sit, answer: str, sent: bool, status: ExitStatus | None
) -> None:
    """QUIT deletes what is marked, so it is not said unasked (RFC 1939, section 6)."""
    table = sit(
        b"+OK\r\n", b"+OK in\r\n", b"+OK marked\r\n", b"+OK bye\r\n", protocol=Protocol.POP3
    )
    table.enter("PASS secret", "DELE 1")
    table.typist.answers = [answer]
    table.talk.take(Entry(Key.END))
    assert (b"QUIT\r\n" in table.sent) is sent
    assert table.talk.status is status


@pytest.mark.parametrize(
    "unmarked, sent", [(b"+OK\r\n", [b"RSET\r\n", b"QUIT\r\n"]), (b"-ERR\r\n", [b"RSET\r\n"])]
)
def test_leaving_after_a_refused_dele_deletes_nothing(
    sit: Sit, unmarked: bytes, sent: list[bytes]
) -> None:
    """The server may have marked the message, though it said no: RSET first, nobody is asked."""
    table = sit(
        b"+OK\r\n", b"+OK in\r\n", b"-ERR no\r\n", unmarked, b"+OK bye\r\n", protocol=Protocol.POP3
    )
    table.enter("PASS secret", "DELE 1")
    table.talk.take(Entry(Key.END))
    assert table.sent[2:] == sent
    assert table.typist.asked == []
    assert table.talk.status is ExitStatus.OK


# -------------------------------------------------------------------------------------- secrets


@pytest.mark.parametrize("answer, sent", [("y", [b"PASS hunter2\r\n"]), ("", [])])
def test_credential_in_clear_is_asked_about(sit: Sit, answer: str, sent: list[bytes]) -> None:
    """To a host that is not this one a secret goes only when the person says yes."""
    table = sit(b"+OK\r\n", b"+OK\r\n", protocol=Protocol.POP3, peer="192.0.2.1:110")
    table.typist.answers = [answer]
    table.enter("PASS hunter2")
    assert table.sent == sent
    assert table.typist.asked == ["Send this secret in the clear to 192.0.2.1:110? [y/N] "]


def test_credential_in_clear_is_sent_when_so_told(sit: Sit) -> None:
    """--insecure-auth has answered the question."""
    table = sit(
        b"+OK\r\n",
        b"+OK\r\n",
        protocol=Protocol.POP3,
        peer="192.0.2.1:110",
        settings=replace(Settings(), insecure_auth=True),
    )
    table.enter("PASS hunter2")
    assert table.sent == [b"PASS hunter2\r\n"]
    assert table.typist.asked == []


def test_starttls_comes_before_any_other_line(sit: Sit) -> None:
    """Under --starttls the first line that is no hello brings TLS up, then it goes."""
    table = sit(
        GREETING,
        b"250-mx\r\n250 STARTTLS\r\n",
        b"220 go\r\n",
        b"250 mx\r\n",
        b"250 ok\r\n",
        settings=replace(Settings(), starttls=True, hello_name="me.example"),
    )
    table.enter("NOOP")
    hello = b"EHLO me.example\r\n"
    assert table.sent == [hello, b"STARTTLS\r\n", hello, b"NOOP\r\n"]
    assert "> STARTTLS" in table.shown


def test_starttls_that_is_not_offered_sends_nothing(sit: Sit) -> None:
    """No TLS, no line: the failure is `security`."""
    table = sit(
        GREETING,
        b"250 mx\r\n",
        settings=replace(Settings(), starttls=True, hello_name="me.example"),
    )
    table.enter("MAIL FROM:<>")
    assert table.sent == [b"EHLO me.example\r\n"]
    assert table.shown.count("mailprobe: security:") == 1


def test_recording_begins_with_the_first_octet(sit: Sit, tmp_path: Path) -> None:
    """--record holds the greeting and, by name, the secret."""
    path = tmp_path / "a.mpt"
    table = sit(b"+OK hi\r\n", b"+OK in\r\n", protocol=Protocol.POP3, record=str(path))
    table.enter("PASS hunter2")
    table.local("note almost")
    text = path.read_text()
    assert "S: +OK hi\nC~ PASS {password}\nS: +OK in\n| almost\n" in text


# ------------------------------------------------------------------------------------- prompts


def test_what_is_written_into_no_recording(sit: Sit, tmp_path: Path) -> None:
    """It is kept for one; nobody should think that it stands in a file."""
    table = sit(GREETING, b"250 ok\r\n")
    table.enter("/note hi", "/expect 250")
    assert table.shown.count("not recorded yet: /save FILE") == 2
    table.enter("NOOP", f"/save {tmp_path / 'a.mpt'}", "/step x")
    assert table.shown.count("not recorded yet") == 2
    text = (tmp_path / "a.mpt").read_text()
    assert text.endswith("| hi\nC: NOOP\nS? 250\n== x\n")


def test_prompt_counts_recipients(sit: Sit) -> None:
    """`smtp:rcpt(2)> `: the state is in the prompt, for logs and screen readers."""
    table = sit(GREETING, *[b"250 ok\r\n"] * 4)
    assert table.prompt == "smtp:greeted> "
    for line, prompt in (
        ("EHLO me", "smtp:ready> "),
        ("MAIL FROM:<>", "smtp:mail> "),
        ("RCPT TO:<a@b.example>", "smtp:rcpt(1)> "),
        ("RCPT TO:<c@d.example>", "smtp:rcpt(2)> "),
    ):
        table.enter(line)
        assert table.prompt == prompt


@pytest.mark.parametrize(
    "env, plain",
    [
        ({"TERM": "dumb"}, True),
        ({"TERM": "unknown"}, True),
        ({}, True),
        ({"TERM": "xterm", "ACCESSIBLE": "1"}, True),
        ({"TERM": "xterm", "MAILPROBE_PLAIN": "1"}, True),
        ({"TERM": "xterm", "MAILPROBE_PLAIN": "0"}, False),
        ({"TERM": "xterm"}, False),
    ],
)
def test_plain_is_chosen_by_the_surroundings(
    monkeypatch: pytest.MonkeyPatch, env: dict[str, str], plain: bool
) -> None:
    """Who asks for the plain shell gets it, and so does a terminal that can do no more."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert wants_plain(Options(env=env)) is plain


class NoConsoleScreenBufferError(Exception):
    """As prompt_toolkit calls it where a terminal of Windows is none."""


@pytest.mark.parametrize(
    "error", [ImportError, AssertionError, io.UnsupportedOperation, NoConsoleScreenBufferError]
)
def test_the_plain_shell_stands_in(
    sit: Sit, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """Where prompt_toolkit does not start, whatever it calls that; the person is told once."""

    def refuse(*given: object) -> None:
        raise error

    monkeypatch.setattr("mailprobe.shell.front.prompt.FullFront", refuse)
    table = sit(GREETING)
    talk, typist = table.talk, table.typist
    front = app._full(None, table.interrupts, typist, talk)  # type: ignore[arg-type]
    assert front is typist
    assert talk.options.plain
    assert table.shown.endswith(f"does not start ({error.__name__}): plain it is\n")


# ------------------------------------------------------------------------------ what is let go of


def test_bodies_are_let_go_of_with_their_session(sit: Sit) -> None:
    """When another connection takes its place, and at the end."""
    table = sit(b"+OK\r\n", b"+OK\r\nx\r\n.\r\n", protocol=Protocol.POP3)
    bodies = []
    for _ in range(2):
        table.enter("RETR 1")
        assert table.talk.session is not None
        assert table.talk.session.last is not None
        bodies.append(table.talk.session.last.body)
        assert bodies[-1] is not None
        assert not bodies[-1].closed
        table.local("drop")
        table.local("connect pop3 mx.example")
    table.talk.finish()
    assert [body.closed for body in bodies if body is not None] == [True, True]


def test_close_is_recorded_as_ours(sit: Sit, tmp_path: Path) -> None:
    """/close ends the connection: the server's end, which follows, is not told as its own."""
    table = sit(GREETING, b"250 ok\r\n", ending=Ending.EOF, record=str(tmp_path / "a.mpt"))
    table.enter("NOOP", "/close")
    assert (tmp_path / "a.mpt").read_text().endswith("S: 250 ok\nC@ close\n")


def test_line_that_was_not_sent_is_shown_when_it_is(sit: Sit) -> None:
    """What mailprobe itself sends later is shown, though the same line was typed in vain."""
    table = sit(
        b"+OK\r\n", b"+OK\r\n", protocol=Protocol.POP3, settings=replace(Settings(), starttls=True)
    )
    session = table.talk.session
    assert session is not None
    session.connection.facts.offers = {}
    table.enter("STAT")
    assert table.sent == []
    assert "STLS is not offered" in table.shown
    session.settings = replace(session.settings, starttls=False)
    session.exchange(b"STAT")
    assert "> STAT" in table.shown


def test_interrupted_upgrade_is_no_failure(sit: Sit) -> None:
    """The wait for TLS ends, the line that wanted it was not sent, the connection stays."""
    table = sit(
        GREETING,
        b"250-mx\r\n250 STARTTLS\r\n",
        None,
        settings=replace(Settings(), starttls=True, hello_name="me.example"),
    )
    table.enter("NOOP")
    assert table.sent == [b"EHLO me.example\r\n", b"STARTTLS\r\n"]
    assert "interrupted: a reply to STARTTLS is owed" in table.shown
    assert "security" not in table.shown
    assert table.talk.session is not None
    assert not table.talk.session.closed


def test_end_lets_go_though_nothing_can_be_written(sit: Sit, tmp_path: Path) -> None:
    """The terminal is gone: the session is dropped and the recording closed all the same."""
    table = sit(GREETING, record=str(tmp_path / "a.mpt"))

    def gone(text: str) -> None:
        raise OSError(errno.EIO, "gone")

    table.typist.write = gone  # type: ignore[method-assign]
    with pytest.raises(OSError, match="gone"):
        table.talk.finish()
    assert not table.talk.recorded
    assert (tmp_path / "a.mpt").read_text().endswith("C@ close\n")
    table.talk.finish()


# -------------------------------------------------------------------------- secrets that are asked


def test_a_bare_pass_asks_for_the_password(sit: Sit, tmp_path: Path) -> None:
    """It goes out as a typed one does, and is shown and recorded by its name."""
    table = sit(b"+OK\r\n", b"+OK\r\n", b"+OK in\r\n", protocol=Protocol.POP3)
    table.typist.answers = ["hunter 2"]
    table.enter("USER alice", "pass", f"/save {tmp_path}/a.mpt")
    assert table.typist.asked == ["password (hidden): "]
    assert table.sent[1:] == [b"pass hunter 2\r\n"]
    assert "> pass ****\n" in table.shown
    assert "hunter" not in table.shown
    assert "C~ pass {password}\n" in (tmp_path / "a.mpt").read_text()
    assert "hunter" not in (tmp_path / "a.mpt").read_text()


@pytest.mark.parametrize(
    "answer, told", [(None, "no password"), ("", "no password"), ("a\nb", "one line")]
)
def test_a_password_that_is_not_given_sends_nothing(
    sit: Sit, answer: str | None, told: str
) -> None:
    """Ctrl-C, Enter alone, and a paste of several lines."""
    table = sit(b"+OK\r\n", protocol=Protocol.POP3)
    table.typist.answers = [answer]
    table.enter("PASS")
    assert table.sent == []
    assert "nothing was sent" in table.shown
    assert told in table.shown


def test_a_password_is_not_asked_for_where_it_may_not_travel(sit: Sit) -> None:
    """The question about the link comes first; the line end is that of the switch."""
    table = sit(b"+OK\r\n", b"+OK\r\n", protocol=Protocol.POP3, peer="192.0.2.1:110")
    table.typist.answers = ["n"]
    table.enter("PASS ")
    assert len(table.typist.asked) == 1
    table.typist.answers = ["y", "x"]
    table.enter("/eol lf", "PASS ")
    assert table.sent == [b"PASS x\n"]


def test_what_follows_an_auth_in_a_group_is_a_secret(sit: Sit) -> None:
    """Masked and not remembered, whether the AUTH was collected or not."""
    table = sit(GREETING, b"250 mx\r\n")
    answer = "c2VjcmV0"
    table.enter("EHLO me", "/pipeline")
    for line in ("AUTH PLAIN AGEAYg==", "AUTH LOGIN"):
        assert table.talk.remembers(answer) == answer
        table.enter(line)
        talk = table.talk
        assert visible(answer, talk.facts, talk.catalogue) == "********"
        assert talk.remembers(answer) == ""
        table.enter(answer)
        assert "nothing hides an answer" in table.shown
        table.enter("/pipeline drop", "/pipeline")


@pytest.mark.parametrize("tls", [Tls.IMPLICIT, Tls.STARTTLS])
def test_tls_of_the_command_line_is_for_every_connection(
    sit: Sit, monkeypatch: pytest.MonkeyPatch, tls: Tls
) -> None:
    """Behind /drop and /connect, too."""
    table = sit(GREETING, tls=tls)
    targets: list[Target] = []
    before = module.open_session

    def open_session(options: Options, target: Target, *more: object, **how: object) -> Session:
        targets.append(target)
        return before(options, target, *more, **how)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(module, "open_session", open_session)
    table.enter("/drop", "/connect smtp mx.example:99")
    assert targets == [Target(Protocol.SMTP, "mx.example", 99, tls)]


def test_leaving_a_line_that_was_half_sent(sit: Sit) -> None:
    """QUIT would become its end: the link is dropped, and the person hears why."""
    table = sit(GREETING, b"500 what\r\n")
    table.enter('/raw "NO"')
    table.talk.take(Entry(Key.END))
    assert table.sent == [b"NO"]
    assert "a line was half sent: the connection is dropped, without QUIT" in table.shown
    assert table.talk.status is ExitStatus.OK


def test_replies_are_explained_below_them(sit: Sit) -> None:
    """As long as somebody wants it, in the language that is set; the server's words stay whole."""
    table = sit(b"220 hi\r\n", b"250 a\r\n", b"250 b\r\n", b"250 c\r\n")
    table.enter("NOOP", "/set lang en", "/explain on", "NOOP")
    replies, ours = [], []
    for row in table.shown.splitlines():
        replies += [row[:7].rstrip()] if row.startswith("< ") else []
        ours += [(len(replies), row)] if row.startswith("# ") else []
    assert replies == ["< 220 h", "< 250 a", "< 250 b"]
    assert [at for at, _ in ours] == [3, 3]
    assert ours[1][1].startswith("# next: go on with the next command (RFC 5321")
    table.enter("/explain off", "NOOP")
    assert len([row for row in table.shown.splitlines() if row.startswith("# ")]) == 2
