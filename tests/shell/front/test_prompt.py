"""The full front without a terminal: keys from a pipe, and a screen that pyte draws."""

import io
import os
import signal
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pyte
import pytest
from prompt_toolkit.application import application
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.data_structures import Size
from prompt_toolkit.document import Document
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.key_binding.key_processor import KeyPress
from prompt_toolkit.output import DummyOutput
from prompt_toolkit.output.vt100 import Vt100_Output

from mailprobe.protocol.connection import catalogue_of
from mailprobe.protocol.model import Protocol
from mailprobe.session import Session, Settings
from mailprobe.shell.config import Profile
from mailprobe.shell.connections import connecting as module
from mailprobe.shell.conversation import Conversation
from mailprobe.shell.credentials import Credentials
from mailprobe.shell.front.pieces import LineCompleter, LineLexer, Looks
from mailprobe.shell.front.prompt import FullFront
from mailprobe.shell.front.terminal import Interrupts, Terminal
from mailprobe.shell.interface import Entry, Key
from mailprobe.shell.options import Options
from mailprobe.transport.memory import Scripted
from mailprobe.transport.target import Target
from mailprobe.value import replace

EHLO = b"250-mx.example\r\n250-SIZE 1000\r\n250 8BITMIME\r\n"
PASTE, PASTED = "\x1b[200~", "\x1b[201~"


class _NoTerminal:
    """Modes that nobody has."""

    def discard(self) -> bool:
        return False


class Desk:
    """A conversation with a scripted server at a full front."""

    def __init__(self, talk: Conversation, front: FullFront, keys: PipeInput, out: io.StringIO):
        self.talk = talk
        self.front = front
        self.keys = keys
        self._out = out

    def press(self, keys: str) -> Entry:
        """What one prompt gives back for `keys`."""
        self.keys.send_text(keys)
        return self.front.read(self.talk)

    def enter(self, *lines: str) -> None:
        for line in lines:
            self.talk.take(self.press(f"{line}\r"))

    @property
    def screen(self) -> str:
        """What has been drawn so far."""
        screen = pyte.Screen(100, 60)
        pyte.Stream(screen).feed(self._out.getvalue())
        return "\n".join(row.rstrip() for row in screen.display)


Sit = Callable[..., Desk]


@pytest.fixture
def sit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sit]:
    """Sit down; the server says `chunks`, one for each time that it is listened to."""
    interrupts, talks = Interrupts(), []

    def open_session(options: Options, target: Target, observers: object, **how: object) -> Session:
        how["begin"](target)  # type: ignore[operator]
        session = Session(catalogue_of(target.protocol), observers, options.settings)  # type: ignore[arg-type]
        session.attach(_Patient(chunks_of[-1]))
        return session

    chunks_of: list[tuple[bytes, ...]] = []
    monkeypatch.setattr(module, "open_session", open_session)
    monkeypatch.setenv("PROMPT_TOOLKIT_NO_CPR", "1")
    with create_pipe_input() as keys:

        def start(*chunks: bytes, protocol: Protocol = Protocol.SMTP) -> Desk:
            chunks_of.append(chunks)
            out = io.StringIO()
            screen = Vt100_Output(out, lambda: Size(rows=60, columns=100), term="xterm")
            env = {"HOME": str(tmp_path), "TERM": "xterm"}
            front = FullFront(_NoTerminal(), interrupts, env, keys, screen)  # type: ignore[arg-type]
            options = Options(
                target=Target(protocol, "mx.example", 25),
                settings=Settings(insecure_auth=True),
                color="never",
                env=env,
            )
            talk = Conversation(options, front, interrupts)
            talks.append(talk)
            talk.open()
            return Desk(talk, front, keys, out)

        yield start
    for talk in talks:
        talk.finish()
    interrupts.close()


class _Patient(Scripted):
    """A scripted server that speaks only when it is waited for."""

    def poll_receive(self) -> memoryview | None:
        return None


@pytest.fixture
def smtp(sit: Sit) -> Desk:
    return sit(b"220 mx.example\r\n", EHLO, *[b"250 ok\r\n"] * 9)


@pytest.fixture
def pop3(sit: Sit) -> Desk:
    return sit(b"+OK\r\n", *[b"+OK\r\n"] * 9, protocol=Protocol.POP3)


def history(folder: Path, protocol: str) -> str:
    path = folder / ".local/state/mailprobe" / f"history-{protocol}"
    return path.read_text() if path.exists() else ""


# ----------------------------------------------------------------------------------------- lines


def test_a_line_comes_out_as_it_was_typed(smtp: Desk) -> None:
    """No trimming, no change of case."""
    assert smtp.press("  rcpt  to:<A@b>  \r") == Entry(Key.LINE, "  rcpt  to:<A@b>  ")


def test_a_paste_is_one_entry(smtp: Desk) -> None:
    """However many lines it has: who takes it splits it."""
    assert smtp.press(f"{PASTE}NOOP\nRSET{PASTED}\r") == Entry(Key.LINE, "NOOP\nRSET")


def test_ctrl_l_keeps_the_line(smtp: Desk) -> None:
    """The screen is cleared, what was typed is not."""
    assert smtp.press("NO\x0cOP\r").text == "NOOP"
    assert smtp.screen.startswith("smtp:greeted> NOOP")


def test_the_mouse_is_the_terminal_s(smtp: Desk) -> None:
    """A person selects text with it: it is never captured."""
    smtp.enter("EHLO me", "/caps")
    assert "\x1b[?100" not in smtp._out.getvalue()


def test_colors_that_are_pasted_are_no_mouse(smtp: Desk) -> None:
    """A terminal without bracketed paste sends them as keys: they are dropped, the text stays."""
    assert smtp.press("\x1b[1mNOOP\x1b[0m x\r").text == "NOOP x"


def test_what_is_typed_is_colored_and_hinted(smtp: Desk) -> None:
    """The hint is no part of the line, and nothing of it stays behind Enter."""
    smtp.enter("EHLO me")
    assert smtp.press("MAIL\r").text == "MAIL"
    assert "reverse-path" not in smtp.screen
    assert "smtp:ready> MAIL\n" in smtp.screen


# --------------------------------------------------------------------------------------- secrets


def test_a_secret_is_masked_and_not_remembered(pop3: Desk, tmp_path: Path) -> None:
    """Neither the screen nor the history has it; what stands before it comes back."""
    pop3.enter("USER alice", "PASS hunter2")
    assert "hunter2" not in pop3.screen
    assert "PASS *******" in pop3.screen
    assert history(tmp_path, "pop3") == "USER alice\nPASS \n"


def test_an_asked_secret_leaves_no_trace(pop3: Desk, tmp_path: Path) -> None:
    """The mask is that of one question: the next line is seen, and remembered."""
    pop3.enter("USER alice")
    pop3.keys.send_text("hunter2\r")
    assert pop3.front.ask_secret("Password: ") == "hunter2"
    pop3.enter("NOOP")
    assert "hunter2" not in pop3.screen
    assert "Password: *******" in pop3.screen
    assert "pop3:auth> NOOP" in pop3.screen
    assert history(tmp_path, "pop3") == "USER alice\nNOOP\n"


def test_revealed_only_while_it_is_typed(pop3: Desk) -> None:
    """F8 shows the secret; the line that stays on the screen is masked all the same."""
    f8 = "\x1b[19~"
    assert pop3.press(f"PASS {f8}hunter2\r").text == "PASS hunter2"
    assert pop3.talk.preferences.reveal
    assert "PASS *******" in pop3.screen
    assert "hunter2" not in pop3.screen
    pop3.press(f"{f8}\r")
    assert not pop3.talk.preferences.reveal


def test_an_asked_password_goes_with_its_pass(pop3: Desk, tmp_path: Path) -> None:
    """A prompt of its own: not seen, not remembered, and sent."""
    pop3.enter("USER alice")
    pop3.keys.send_text("PASS\r")
    entry = pop3.front.read(pop3.talk)
    pop3.keys.send_text("hunter2\r")
    pop3.talk.take(entry)
    assert "hunter2" not in pop3.screen
    assert "password (hidden): *******" in pop3.screen
    assert history(tmp_path, "pop3") == "USER alice\nPASS\n"
    session = pop3.talk.session
    assert session is not None
    assert session.last is not None
    assert session.last.command.line == b"PASS hunter2"


@pytest.mark.parametrize("slash", ["", "/", " "])
def test_the_local_prompt_masks_what_the_line_masks(sit: Sit, slash: str) -> None:
    """In command mode and among mail data."""
    desk = sit(b"220 a\r\n", b"354 go on\r\n", b"250 ok\r\n")
    for _ in range(2):
        line = f'{slash}raw "AUTH PLAIN sekrit'
        assert desk.press(f"\x1d{line}\r") == Entry(Key.LOCAL, line)
        assert "sekrit" not in desk.screen
        assert f'local> {slash}raw "AUTH PLAIN ******' in desk.screen
        desk.enter("DATA")


def test_what_was_seen_once_may_be_a_secret_now(smtp: Desk) -> None:
    """The same line at the same prompt, behind an AUTH that was refused."""
    smtp.enter("EHLO me", "/pipeline")
    looks = Looks(smtp.talk)
    lexer, document = LineLexer(smtp.talk, looks), Document("c2VjcmV0")
    before, prompt = lexer.invalidation_hash(), looks.prompt
    assert lexer.lex_document(document)(0)[0][1] == "c2VjcmV0"
    smtp.enter("AUTH LOGIN")
    looks.forget()
    assert looks.prompt == prompt
    assert lexer.invalidation_hash() != before
    assert lexer.lex_document(document)(0)[0][1] == "********"


def test_an_answer_has_a_prompt_of_its_own(
    sit: Sit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a history to come from or to go into, whatever that would keep of it."""
    monkeypatch.setattr(Conversation, "remembers", lambda talk, line: line)
    desk = sit(b"220 a\r\n", b"334 \r\n", b"334 \r\n", b"235 ok\r\n", b"250 ok\r\n")
    desk.enter("AUTH LOGIN")
    up = "\x1b[A"
    assert desk.press(f"{up}\r") == Entry(Key.LINE, "")
    desk.enter("YWxpY2U=", "aHVudGVyMg==", "NOOP")
    assert "aHVudGVyMg" not in desk.screen
    assert history(tmp_path, "smtp") == "AUTH LOGIN\nNOOP\n"


def test_nothing_is_echoed_while_text_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """prompt_toolkit makes the terminal cooked for that, with its echo: a key may be a secret."""
    master, slave = os.openpty()
    try:
        with open(slave, closefd=False) as stdin:
            monkeypatch.setattr("sys.stdin", stdin)
            terminal = Terminal(slave)
            terminal.quiet()
            keys = FullFront(terminal, None, {}, None, DummyOutput())._input  # type: ignore[arg-type]
            with keys.raw_mode(), keys.cooked_mode():
                assert not termios.tcgetattr(slave)[3] & termios.ECHO
            assert not termios.tcgetattr(slave)[3] & termios.ECHO
    finally:
        os.close(master)
        os.close(slave)


# --------------------------------------------------------------------------------------- history


def test_history_is_of_one_protocol(smtp: Desk, tmp_path: Path) -> None:
    """A line that begins with a blank is not kept."""
    smtp.enter("EHLO me", " NOOP", "/state")
    assert history(tmp_path, "smtp") == "EHLO me\n/state\n"
    assert history(tmp_path, "pop3") == ""
    path = tmp_path / ".local/state/mailprobe/history-smtp"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_private_remembers_nothing(smtp: Desk, tmp_path: Path) -> None:
    """Neither lines nor addresses, until it is switched off."""
    smtp.enter("EHLO me", "/private", "MAIL FROM:<secret@a.example>", "NOOP", "/private")
    smtp.enter("RCPT TO:<bob@b.example>")
    assert history(tmp_path, "smtp").split("\n") == [
        "EHLO me", "/private", "RCPT TO:<bob@b.example>", "",
    ]  # fmt: skip
    addresses = tmp_path / ".local/state/mailprobe/addresses"
    assert addresses.read_text() == "RCPT 250 bob@b.example\n"
    assert addresses.stat().st_mode & 0o777 == 0o600


def test_history_lists(smtp: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """All of it, or what holds a text."""
    smtp.enter("EHLO me", "NOOP one", "NOOP two")
    capsys.readouterr()
    smtp.enter("/history noop")
    shown = capsys.readouterr().out
    assert "NOOP one\nNOOP two\n/history noop\n" in shown
    assert "EHLO" not in shown
    smtp.enter("/history nothing-like-it")
    smtp.enter("/history")
    assert "EHLO me\nNOOP one\n" in capsys.readouterr().out


@pytest.mark.parametrize("key", ["\x1b[C", "\x1b[F", "\x05", "\x06"])
def test_the_ghost_of_the_history_is_taken(smtp: Desk, key: str) -> None:
    """Right, End, Ctrl-E and Ctrl-F take what was typed before, where the syntax is silent."""
    smtp.enter("EHLO me", "XYZZY one two", "MAIL FROM:<alice@a.example>")
    assert smtp.press(f"XYZ{key}\r").text == "XYZZY one two"
    assert smtp.press(f"XYZ\x02{key}!\r").text == "XYZ!"  # not from inside the line
    assert smtp.press(f"MAIL FROM:<{key}\r").text == "MAIL FROM:<"  # the syntax speaks there


def test_ctrl_r_searches(smtp: Desk) -> None:
    """In any case, as everybody's fingers know it."""
    smtp.enter("EHLO me", "NOOP")
    assert smtp.press("\x12ehlo\r\r").text == "EHLO me"


# ------------------------------------------------------------------------------------------ keys


def test_keys_of_vi(smtp: Desk) -> None:
    """`/set keys vi`: Escape leads to its commands."""
    smtp.enter("/set keys vi")
    assert smtp.press("NP\x1biOO\r").text == "NOOP"
    smtp.enter("/set keys emacs")
    assert smtp.press("NOP\x02O\r").text == "NOOP"


def test_ctrl_close_bracket_asks_at_once(smtp: Desk) -> None:
    """Its own prompt comes without a second key, though emacs has a command that waits for one."""
    assert smtp.press("NO\x1d/state\r") == Entry(Key.LOCAL, "/state")
    assert smtp.press("OP\r").text == "NOOP"  # what was typed stands there again


def test_editor_key_is_for_mail_data(sit: Sit) -> None:
    """Ctrl-X Ctrl-E gives the line to whoever opens the editor."""
    desk = sit(b"220 a\r\n", b"354 go on\r\n", b"250 ok\r\n")
    desk.enter("DATA")
    assert desk.press("half a line\x18\x05") == Entry(Key.EDIT, "half a line")


def test_interrupt_clears_the_line_first(smtp: Desk) -> None:
    """Ctrl-C with text takes the text away; without, it is an entry."""
    smtp.keys.send_text("QUIT\x03NOOP\r")
    assert smtp.front.read(smtp.talk) == Entry(Key.LINE, "NOOP")
    assert smtp.press("\x03") == Entry(Key.INTERRUPT)
    assert smtp.press("\x04") == Entry(Key.END)


@pytest.fixture
def signals(smtp: Desk) -> Iterator[Interrupts]:
    """SIGINT is noted as the shell notes it."""
    interrupts = smtp.talk.interrupts
    before = signal.signal(signal.SIGINT, interrupts.on_signal)
    yield interrupts
    signal.signal(signal.SIGINT, before)


def test_a_signal_is_an_interrupt(
    smtp: Desk, signals: Interrupts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGINT at an open prompt does what the key does, and is done with."""
    watch = smtp.front._watch

    def watch_and_kill() -> None:
        watch()
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(smtp.front, "_watch", watch_and_kill)
    assert smtp.front.read(smtp.talk) == Entry(Key.INTERRUPT)
    assert not signals.clear()
    assert not signals.twice


def test_a_signal_while_the_prompt_is_left_is_for_what_the_line_does(
    smtp: Desk, signals: Interrupts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The terminal makes signals again while the event loop still runs."""

    def leaving(keys: object, presses: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(application, "store_typeahead", leaving)
    assert smtp.press("NOOP\r") == Entry(Key.LINE, "NOOP")
    assert signals.clear()


def test_an_interrupt_typed_ahead_is_for_what_the_line_does(smtp: Desk) -> None:
    """Nobody reads keys while a reply is owed; what was typed behind it stays."""
    smtp.keys.send_text("NOOP\rlost\x03HELP\r")
    assert smtp.front.read(smtp.talk) == Entry(Key.LINE, "NOOP")
    assert smtp.talk.interrupts.clear()
    assert smtp.front.read(smtp.talk) == Entry(Key.LINE, "HELP")


def test_an_interrupt_that_nobody_has_read_yet_is_for_what_the_line_does(
    smtp: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It came as a key, after the last look at the keys: the terminal makes no signal of it."""
    store = application.store_typeahead

    def leaving(keys: PipeInput, presses: list[KeyPress]) -> None:
        store(keys, presses)
        smtp.keys.send_text("\x03HELP\r")

    monkeypatch.setattr(application, "store_typeahead", leaving)
    assert smtp.press("NOOP\r") == Entry(Key.LINE, "NOOP")
    monkeypatch.undo()
    assert smtp.talk.interrupts.clear()
    assert smtp.front.read(smtp.talk) == Entry(Key.LINE, "HELP")


def test_an_interrupt_typed_ahead_among_mail_data_is_a_key(sit: Sit) -> None:
    """A line of mail data makes nobody wait: what Ctrl-C asks there is asked at the next line."""
    desk = sit(b"220 a\r\n", EHLO, b"354 go on\r\n", b"250 ok\r\n")
    desk.enter("EHLO a", "DATA")
    desk.keys.send_text("a line\r\x03")
    assert desk.front.read(desk.talk) == Entry(Key.LINE, "a line")
    assert desk.front.read(desk.talk) == Entry(Key.INTERRUPT)


def test_the_answer_to_a_challenge_is_offered(sit: Sit, capsys: pytest.CaptureFixture[str]) -> None:
    """It is never sent by itself; no menu, no prompt and no history shows it."""
    desk = sit(b"220 mx.example\r\n", b"334 \r\n", b"235 in\r\n")
    credentials = Credentials(user="alice", variable="WORD")
    desk.talk.parties.current.profile = Profile("", user="alice", login=credentials)
    desk.talk.options = replace(desk.talk.options, env={**desk.talk.options.env, "WORD": "sesame"})
    desk.enter("AUTH PLAIN")
    assert "answer: base64 of [authzid] NUL user NUL password" in capsys.readouterr().out
    link = desk.talk.session.transport  # type: ignore[union-attr]
    offered = list(LineCompleter(desk.talk).get_completions(Document(""), CompleteEvent()))
    assert [one.display_text for one in offered] == ["****"]
    assert link.sent == [b"AUTH PLAIN\r\n"]  # type: ignore[attr-defined]
    entry = desk.press(f"{offered[0].text}\r")
    assert entry.text == "AGFsaWNlAHNlc2FtZQ=="
    desk.talk.take(entry)
    assert desk.talk.facts.authenticated
    assert "AGFsaWNl" not in desk.screen + capsys.readouterr().out
    assert history(Path(desk.talk.options.env["HOME"]), "smtp") == "AUTH PLAIN\n"
