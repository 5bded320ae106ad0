"""The local commands, on a shell that only remembers what it was asked for."""

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

import pytest

from mailprobe import lookup
from mailprobe.errors import Failure, Word
from mailprobe.protocol.catalogue import CommandSpec
from mailprobe.protocol.connection import catalogue_of
from mailprobe.protocol.model import Command, Protocol
from mailprobe.session import Exchange, Item, Session, Settings
from mailprobe.shell.config import Config, Profile
from mailprobe.shell.local import commands as local
from mailprobe.shell.local.sending import unescape
from mailprobe.shell.typing.preferences import Preferences
from mailprobe.shell.writing.switches import Switches
from mailprobe.transport.memory import Scripted
from mailprobe.transport.target import Target, Tls


class Desk:
    """The smallest shell that local commands can work on."""

    columns, fold = 80, 20

    def __init__(self, *chunks: bytes, protocol: Protocol = Protocol.SMTP) -> None:
        self.session: Session | None = None
        self.settings = Settings(timeout=60)
        self.name_server: str | None = None
        self.tls = Tls.NONE
        self.text = ""
        self.rows: list[Sequence[str | bytes]] = []
        self.explained: list[CommandSpec] = []
        self.targets: list[Target] = []
        self.learned: list[bytes] = []
        self.done: list[str] = []
        self.secret: str | None = "secret"
        self.exposes = True
        self.switches = Switches()
        self.preferences = Preferences()
        self.lines_sent = 0
        self.answers: list[str] = []  # to what is asked
        self.edited: list[bytes] = []  # what an editor was given
        self.drafts: list[bytes] = []  # what it makes of that
        self.profile: Profile | None = None
        self.environment: dict[str, str] = {}
        self.tutor = None
        self.config = Config()
        self.heard, self.hears, self.interrupted = 0, 0, False
        self.link = _Patient(chunks, ending=None)
        self.link.peer = "memory"
        if chunks:
            self.session = Session(catalogue_of(protocol))
            self.session.attach(self.link)

    def write(self, text: str) -> None:
        self.text += text

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str | bytes]]) -> None:
        self.rows += rows

    def explain(self, row: CommandSpec) -> None:
        self.explained.append(row)

    def ask_secret(self, prompt: str, kind: str = "password") -> str | None:
        self.done.append(f"asked {prompt}")
        return self.secret

    def may_expose(self, item: Item) -> bool:
        return self.exposes

    def learn(self, secret: bytes, user: bytes = b"") -> None:
        self.learned.append(secret)

    def send(self, item: Item) -> bool:
        return self.put(item) and self.wait()

    def put(self, item: Item) -> bool:
        assert self.session is not None
        return self.session.send(item)

    def wait(self) -> bool:
        assert self.session is not None
        return self.session.wait()

    def ask(self, question: str) -> str:
        self.done.append(f"asked {question}")
        return self.answers.pop(0) if self.answers else ""

    wakeup = None

    def seen_late(self, exchange: Exchange) -> bool:
        return exchange.command.verb == "NOOP"

    def ask_text(self) -> str | None:
        self.done.append("asked for a text")
        return self.answers.pop(0) if self.answers else None

    def edit(self, octets: bytes) -> bytes:
        self.edited.append(octets)
        return self.drafts.pop(0)

    def change(self, settings: Settings) -> None:
        self.settings = settings

    color_choice = "auto"

    def set_color(self, choice: str) -> None:
        self.done.append(f"color {choice}")

    def connect(self, target: Target, profile: Profile | None = None) -> None:
        self.targets.append(target)
        self.profile = profile

    def sessions(self) -> list[tuple[int, Session]]:
        return [(3, self.session)] if self.session is not None else []

    def use(self, number: int) -> bool:
        self.done.append(f"use {number}")
        return number == 3

    def fall_back(self) -> None:
        self.done.append("fall back")

    def listen(self, seconds: float) -> bool:
        self.done.append(f"listen {seconds:g}")
        self.heard += self.hears
        return not self.interrupted

    def clear(self) -> None:
        self.done.append("clear")

    def save(self, path: Path) -> None:
        self.done.append(f"save {path}")

    def note(self, text: str) -> None:
        self.done.append(f"note {text}")

    def step(self, title: str) -> None:
        self.done.append(f"step {title}")

    def expect(self, text: str) -> None:
        self.done.append(f"expect {text}")

    def leave(self) -> None:
        self.done.append("leave")


class _Patient(Scripted):
    def poll_receive(self) -> memoryview | None:
        return None


def _refused(desk: Desk, line: str) -> str:
    """Run a command that must be refused; nothing may have been sent."""
    with pytest.raises(Failure) as caught:
        local.run(desk, line)
    assert caught.value.word is Word.USAGE
    assert desk.link.sent == []
    return caught.value.sentence


GREETING = b"220 mx.example\r\n"

# ------------------------------------------------------------------------------------- the table


@pytest.mark.parametrize("name", local.COMMANDS)
def test_every_command_has_its_syntax_and_summary(name: str) -> None:
    """/help shows each command by the name that runs it."""
    row = local.COMMANDS[name]
    assert row.syntax.split()[0] == f"/{name}"
    assert row.summary
    desk = Desk()
    local.run(desk, f"/help /{name}")
    assert row.summary in desk.text


def test_the_overview_fits_the_smallest_screen() -> None:
    """Every local command by its name, and the verbs that are legal now: 24 rows of 80 columns."""
    desk = Desk(GREETING)
    local.run(desk, "/help")
    lines = desk.text.split("\n")
    assert len(lines) < 24
    assert max(map(len, lines)) <= 80
    assert {f"/{name}" for name in local.COMMANDS} <= set(desk.text.split())
    assert "takes now: EHLO HELO " in desk.text
    assert " RCPT" not in desk.text.partition("Connections")[0]


@pytest.mark.parametrize("columns", [30, 40, 60, 80])
def test_help_breaks_no_word(columns: int) -> None:
    """Every name is whole on a narrow terminal; of one command, too."""
    desk = Desk(GREETING)
    desk.columns = columns
    local.run(desk, "/help")
    assert {f"/{name}" for name in local.COMMANDS} <= set(desk.text.split())
    for name in ("send", "route", "raw"):
        local.run(desk, f"/help /{name}")
        assert set(local.COMMANDS[name].summary.split()) <= set(desk.text.split())
    local.run(desk, "/help 550")
    assert max(map(len, desk.text.split("\n"))) <= columns


def test_all_local_commands_in_a_table() -> None:
    """/help all says of each what it takes and does."""
    desk = Desk()
    local.run(desk, "/help all")
    assert desk.rows == [(row.syntax, row.summary) for row in local.COMMANDS.values()]


def test_unknown_command_is_told_and_not_sent() -> None:
    """A slash and an unknown word are never a line for the server."""
    assert "//" in _refused(Desk(GREETING), "/noop")
    assert "\\u{1b}" in _refused(Desk(GREETING), "/\x1b[2J")
    _refused(Desk(GREETING), "/")


@pytest.mark.parametrize(
    "line",
    [
        "/state",
        "/caps",
        "/last",
        "/close",
        "/drop",
        "/save x",
        "/note x",
        "/step x",
        "/expect 250",
        "/raw x",
        "/auth PLAIN a",
    ],
)
def test_commands_that_need_a_connection_say_so(line: str) -> None:
    """Without a connection the sentence names the way to one."""
    assert "/connect" in _refused(Desk(), line)


@pytest.mark.parametrize(
    "line",
    [
        "/connect",
        "/connect a b c",
        "/connect imap x",
        "/last 0",
        "/last x",
        "/raw",
        "/auth PLAIN",
        "/auth GSSAPI alice",
        "/save",
        "/note",
        "/step",
        "/expect",
        "/set timeout",
        "/set timeout 0",
        "/set timeout fast",
        "/set colour never",
        "/set color blue",
        "/help nonsense",
        "/mx",
        "/last 9",
    ],
)
def test_wrong_form_is_told(line: str) -> None:
    """A command that is not well formed does nothing and says how it is written."""
    assert _refused(Desk(GREETING), line)


@pytest.mark.parametrize("line", ["/quit now", "state  x", "/clear all"])
def test_what_takes_nothing_does_nothing_with_something(line: str) -> None:
    """Who writes more than there is to say means something else."""
    desk = Desk(GREETING)
    assert "takes nothing behind it" in _refused(desk, line)
    assert desk.done == []
    assert desk.rows == []


def test_a_profile_is_shown_with_its_places() -> None:
    """Where each service is, the hosts of the zone, its name server, and who may log in."""
    desk = Desk()
    local.run(desk, "/sandbox mx")
    rows = {str(row[0]): [str(each) for each in row[1:]] for row in desk.rows}
    assert rows["smtp"][1] == "/connect smtp sandbox/mx"
    place, there = rows["mx1.example.test"]
    assert place.startswith("127.0.0.11:")
    assert there == f"/connect smtp {place}"
    assert rows["dns"][1] == "--dns"
    assert "mx: the hosts of a small zone" in desk.text
    assert "alice (secret), bob (builder) at" in desk.text


@pytest.mark.parametrize(
    "line, sentence",
    [
        ("/sandbox walk.mpt", "the sandbox has no profile walk.mpt"),
        ("/sandbox plain full", "/sandbox [PROFILE]"),
    ],
)
def test_a_profile_that_there_is_not(line: str, sentence: str) -> None:
    """Those that there are stand in the sentence."""
    assert sentence in _refused(Desk(), line)


# -------------------------------------------------------------------------------- the connection


def test_connect_reads_protocol_and_target() -> None:
    """The protocol is a word before the target, or in its URL."""
    desk = Desk()
    local.run(desk, "/connect pop3 sandbox")
    local.run(desk, "/connect LMTP 127.0.0.1:24")
    local.run(desk, "connect submission://mx.example")
    assert [target.protocol for target in desk.targets] == ["pop3", "lmtp", "smtp"]
    assert "which protocol" in _refused(desk, "/connect mx.example")


def test_connect_tells_how_the_sandbox_is_reached() -> None:
    """Three lines that work; where a protocol is spoken already, that one is meant."""
    sentence = _refused(Desk(), "/connect sandbox")
    for protocol in Protocol:
        assert f"/connect {protocol} sandbox" in sentence
    desk = Desk(GREETING)
    local.run(desk, "/connect sandbox")
    assert desk.targets[0].protocol is Protocol.SMTP


def test_connect_opens_another_connection() -> None:
    """The one that is open stays, and says which protocol is meant."""
    desk = Desk(GREETING)
    local.run(desk, "/connect x.example")
    assert desk.targets == [Target(Protocol.SMTP, "x.example", 25)]
    assert desk.session is not None
    assert not desk.session.closed


def test_connect_by_a_profile() -> None:
    """`@NAME` is a profile of config.toml; one that is not there is told, with those that are."""
    desk = Desk()
    profile = Profile("work", "mx.example", "smtp", starttls=True)
    desk.config = Config("c.toml", profiles={"work": profile})
    local.run(desk, "/connect @work")
    local.run(desk, "/connect SMTP @work")
    assert desk.targets == [Target(Protocol.SMTP, "mx.example", 25, Tls.STARTTLS)] * 2
    assert desk.profile is profile
    assert "c.toml has work" in _refused(desk, "/connect @play")
    assert "for smtp" in _refused(desk, "/connect pop3 @work")


def test_sessions_are_shown_and_chosen() -> None:
    """A row for each, the present one marked; a number that is not there is told."""
    desk = Desk(GREETING)
    local.run(desk, "/sessions")
    assert desk.rows == [("*", "3", "smtp", "memory", "greeted", "no", "0")]
    local.run(desk, "/use 3")
    assert desk.done == ["use 3"]
    assert "/sessions" in _refused(desk, "/use 4")
    assert "/use N" in _refused(desk, "/use x")


def test_wait_takes_in_what_comes() -> None:
    """What is not said is told; a time that is none, and a closed connection, are refused."""
    desk = Desk(GREETING)
    local.run(desk, "/wait 500ms")
    assert desk.done == ["listen 0.5"]
    assert desk.text == "nothing came within 0.5 s\n"
    desk.hears, desk.text = 1, ""
    local.run(desk, "/wait 2")
    assert desk.text == ""
    desk.interrupted = True
    local.run(desk, "/wait 2")
    assert desk.text == "interrupted\n"
    for argument in ("", "0", "soon", "2h", "5000"):
        assert "/wait S" in _refused(desk, f"/wait {argument}")
    local.run(desk, "/drop")
    assert "closed" in _refused(desk, "/wait 2")


def test_screen_is_emptied() -> None:
    """By the shell, which knows whether it has one."""
    desk = Desk()
    local.run(desk, "/clear")
    assert desk.done == ["clear"]


def test_settings_change() -> None:
    """Times are written as on the command line."""
    desk = Desk()
    local.run(desk, "/set timeout 500ms")
    local.run(desk, "/set ehlo me.example")
    local.run(desk, "/set color never")
    assert desk.settings == Settings(timeout=0.5, hello_name="me.example")
    assert desk.done == ["color never"]
    local.run(desk, "/set")
    assert ("timeout", "0.5 s") in desk.rows
    assert ("ehlo", "me.example") in desk.rows
    assert ("color", "auto") in desk.rows


def test_default_name_of_the_hello_is_named() -> None:
    """An empty cell would say nothing."""
    desk = Desk()
    local.run(desk, "/set")
    assert ("ehlo", "(this host's name)") in desk.rows


def test_settings_are_those_of_the_session() -> None:
    """A profile may have a name and a patience of its own: they are what goes out."""
    desk = Desk(GREETING)
    assert desk.session is not None
    desk.session.settings = Settings(timeout=7, hello_name="work.example")
    local.run(desk, "/set")
    assert ("timeout", "7 s") in desk.rows
    assert ("ehlo", "work.example") in desk.rows


def test_connect_after_goodbye_needs_no_drop() -> None:
    """After 421 the link may still stand; another connection takes its place."""
    desk = Desk(GREETING, b"421 going down\r\n")
    assert desk.session is not None
    desk.session.send(Command(b"NOOP"))
    desk.session.wait()
    assert not desk.session.closed
    local.run(desk, "/connect smtp mx.example")
    assert [target.host for target in desk.targets] == ["mx.example"]


def test_last_shows_a_greeting_without_exchanges() -> None:
    """Where nothing was said but the greeting, that is the last."""
    desk = Desk(b"554 no service\r\n")
    local.run(desk, "/last")
    assert "no service" in desk.text


def test_close_and_drop_and_quit() -> None:
    """/close and /drop end the connection, /quit the shell."""
    for line in ("/close", "/drop"):
        desk = Desk(GREETING)
        local.run(desk, line)
        assert desk.link.closed
        assert desk.link.sent == []
    desk = Desk()
    local.run(desk, "/quit")
    assert desk.done == ["leave"]


# ---------------------------------------------------------------------------------- looking back


def test_capabilities_are_explained() -> None:
    """/caps shows what was offered, with what it is, and never asks by itself."""
    desk = Desk(GREETING, b"250-mx\r\n250-SIZE 10\r\n250 X-\xff\r\n")
    assert "EHLO" in _refused(desk, "/caps")
    assert desk.session is not None
    desk.session.exchange(b"EHLO me")
    local.run(desk, "/caps")
    assert desk.rows[0][0] == b"SIZE 10"
    assert desk.rows[0][1]


def test_what_stands_behind_a_capability_is_explained() -> None:
    """Of POP3 each one that is known, and what its arguments are, where it has some."""
    lines = b"EXPIRE 60 USER\r\nLOGIN-DELAY 300\r\nRESP-CODES\r\nLANG\r\nX-NOBODY y\r\n.\r\n"
    desk = Desk(b"+OK\r\n", b"+OK\r\n" + lines, protocol=Protocol.POP3)
    assert desk.session is not None
    desk.session.exchange(b"CAPA")
    local.run(desk, "/caps")
    said = {bytes(row[0]): row[1] for row in desk.rows}  # type: ignore[arg-type]
    assert "days or NEVER" in str(said[b"EXPIRE 60 USER"])
    assert "(seconds" in str(said[b"LOGIN-DELAY 300"])
    assert said[b"RESP-CODES"]
    assert said[b"X-NOBODY y"] == ""


def test_capabilities_are_forgotten_by_a_login() -> None:
    """A POP3 server may say otherwise afterwards, and whoever asked before it is told so."""
    desk = Desk(
        b"+OK\r\n", b"+OK\r\n", b"+OK\r\nUIDL\r\n.\r\n", b"+OK in\r\n", protocol=Protocol.POP3
    )
    assert desk.session is not None
    desk.session.exchange(b"USER alice")
    assert desk.session.exchange(b"CAPA") is not None
    desk.session.exchange(b"PASS secret")
    with pytest.raises(Failure, match="before the login.*RFC 2449.*send CAPA again"):
        local.run(desk, "/caps")
    desk = Desk(b"+OK\r\n", b"+OK in\r\n", protocol=Protocol.POP3)
    assert desk.session is not None
    desk.session.exchange(b"PASS secret")
    with pytest.raises(Failure, match="nobody has asked"):
        local.run(desk, "/caps")


def test_state_is_shown() -> None:
    """/state names protocol, state and transaction."""
    desk = Desk(GREETING, b"250 mx\r\n", b"250 ok\r\n", b"250 ok\r\n")
    assert desk.session is not None
    for line in (b"EHLO me", b"MAIL FROM:<a@b.example>", b"RCPT TO:<c@d.example>"):
        desk.session.exchange(line)
    local.run(desk, "/state")
    assert ("state", "rcpt") in desk.rows
    assert ("reverse-path", b"<a@b.example>") in desk.rows
    assert ("forward-path", b"<c@d.example>") in desk.rows


def test_last_hides_the_secret_and_what_is_unsafe() -> None:
    """/last shows an exchange again: no password, no escape sequence, and how long it took."""
    desk = Desk(b"+OK\r\n", b"+OK \x1b[2Jin\r\n", b"+OK\r\n1 10\r\n.\r\n", protocol=Protocol.POP3)
    assert desk.session is not None
    desk.session.exchange(b"PASS hunter2")
    desk.session.exchange(b"LIST")
    local.run(desk, "/last 2")
    assert desk.text.startswith("C: PASS ****\nS: +OK \\u{1b}[2Jin\ntook ")
    desk.text = ""
    local.run(desk, "/last")
    assert "S: 1 10\n6 octets of body\n" in desk.text
    desk.session.exchanges[-1].body.close()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "word, text", [("550", "mailbox"), ("5.7.1", "policy"), ("in-use", "maildrop")]
)
def test_codes_are_explained(word: str, text: str) -> None:
    """/help knows reply codes, enhanced status codes and response codes."""
    desk = Desk()
    local.run(desk, f"/help {word}")
    assert desk.text


def test_verbs_are_explained() -> None:
    """/help VERB asks the table; without a connection, all tables."""
    desk = Desk()
    for verb in ("retr", "LHLO", "Mail"):
        local.run(desk, f"/help {verb}")
    assert [row.verb for row in desk.explained] == ["RETR", "LHLO", "MAIL"]


@pytest.mark.parametrize(
    "word, protocol, texts",
    [
        ("resp-codes", Protocol.POP3, ["RESP-CODES on offer: a text that begins with ["]),
        ("EXPIRE", Protocol.POP3, ["behind it: days or NEVER", "(RFC 2449, section 6.7)"]),
        ("size", Protocol.SMTP, ["SIZE on offer: ", "SIZE of MAIL: ", "(RFC 1870, section 3)"]),
        ("BY", Protocol.SMTP, ["BY of MAIL: deliver in so many seconds"]),
        ("notify", Protocol.LMTP, ["NOTIFY of RCPT: "]),
    ],
)
def test_what_a_server_offers_is_explained(word: str, protocol: Protocol, texts: list[str]) -> None:
    """/help knows extensions, capabilities and parameters of the protocol that is spoken."""
    desk = Desk(b"+OK x\r\n" if protocol is Protocol.POP3 else GREETING, protocol=protocol)
    local.run(desk, f"/help {word}")
    told = " ".join(desk.text.split())
    assert [text for text in texts if text not in told] == []
    other = "SIZE" if protocol is Protocol.POP3 else "RESP-CODES"
    assert "nothing is known about" in _refused(desk, f"/help {other}")


def test_next_hop_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """/mx shows the hosts in their order, and one sentence."""
    asked: list[object] = []

    def next_hop(domain: str, **how: object) -> lookup.NextHop:
        asked.append((domain, how["server"]))
        host = lookup.MailHost(10, "mx.example", ("192.0.2.1",), "")
        return lookup.NextHop(domain, lookup.Outcome.MX, (host,), "One takes it.", 0.1)

    monkeypatch.setattr(lookup, "next_hop", next_hop)
    desk = Desk()
    desk.name_server = "127.0.0.1:5353"
    local.run(desk, "/mx example")
    assert asked == [("example", "127.0.0.1:5353")]
    assert desk.rows == [("10", "mx.example", "192.0.2.1")]
    assert desk.text == "One takes it.\n"


# ----------------------------------------------------------------------------- sending by design


@pytest.mark.parametrize(
    "text, octets",
    [
        (r'"NOOP\r\n"', b"NOOP\r\n"),
        (r"NOOP\n", b"NOOP\n"),
        (r"\x00\xff\t\0\e\\\"", b'\x00\xff\t\0\x1b\\"'),
        ("\u00e9\udce9", b"\xc3\xa9\xe9"),
        ('"', b'"'),
        ('""', b""),
    ],
)
def test_escapes_are_undone(text: str, octets: bytes) -> None:
    """/raw sends exactly what its escapes say."""
    assert unescape(text) == octets


@pytest.mark.parametrize("text", [r"\q", r"\x1", "\\", r"\xzz"])
def test_unknown_escape_is_told(text: str) -> None:
    """A mistyped escape never turns into other octets."""
    sentence = _refused(Desk(GREETING), f"/raw {text}")
    assert f"unknown escape {text[:2]}: known are" in sentence


def test_raw_sends_no_line_end_of_its_own() -> None:
    """Bare LF, half a line: what a person wants to test."""
    desk = Desk(GREETING, b"250 ok\r\n")
    local.run(desk, r'/raw "NOOP\n"')
    assert desk.link.sent == [b"NOOP\n"]


def test_nothing_is_demanded_of_half_a_reply() -> None:
    """An expectation in the middle of a body would cut it in two."""
    desk = Desk(b"+OK\r\n", b"+OK\r\nhalf", protocol=Protocol.POP3)
    assert desk.session is not None
    desk.session.send(Command(b"RETR 1"))
    with pytest.raises(Failure, match="has not ended"):
        desk.session.poll()
        desk.link.poll_receive = desk.link.receive  # type: ignore[method-assign]
        desk.session.poll()
        local.run(desk, "/expect + x")
    assert desk.done == []


# -------------------------------------------------------------------------------------- logins


def test_plain_sends_its_initial_response() -> None:
    """/auth PLAIN is one command (RFC 4954, section 4), and the secret is learned."""
    desk = Desk(GREETING, b"235 in\r\n")
    local.run(desk, "/auth plain alice")
    assert desk.link.sent == [b"AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n"]
    assert desk.learned == [b"secret"]


def test_initial_response_that_is_too_long_waits_for_its_challenge() -> None:
    """A command line has its limit; the response is the answer to an empty challenge then."""
    desk = Desk(b"+OK\r\n", b"+ \r\n", b"+OK\r\n", protocol=Protocol.POP3)
    desk.secret = "x" * 300
    local.run(desk, "/auth PLAIN alice")
    assert desk.link.sent[0] == b"AUTH PLAIN\r\n"
    assert len(desk.link.sent[1]) > 400


def test_login_answers_two_challenges() -> None:
    """/auth LOGIN answers whatever the prompts say."""
    desk = Desk(GREETING, b"334 VXNlcg==\r\n", b"334 UGFzcw==\r\n", b"235 in\r\n")
    local.run(desk, "/auth LOGIN alice")
    assert desk.link.sent == [b"AUTH LOGIN\r\n", b"YWxpY2U=\r\n", b"c2VjcmV0\r\n"]


def test_challenge_that_makes_no_sense_is_cancelled() -> None:
    """What is no base64 ends the login with `*`, and the failure says why."""
    desk = Desk(GREETING, b"334 \x1b!\r\n", b"501 ok\r\n")
    with pytest.raises(Failure) as caught:
        local.run(desk, "/auth CRAM-MD5 alice")
    assert caught.value.word is Word.PROTOCOL
    assert desk.link.sent == [b"AUTH CRAM-MD5\r\n", b"*\r\n"]


def test_one_challenge_too_many_is_cancelled() -> None:
    """A mechanism that is at its end answers nothing more."""
    desk = Desk(GREETING, b"334 \r\n", b"501 ok\r\n")
    with pytest.raises(Failure, match="one more challenge"):
        local.run(desk, "/auth PLAIN alice")
    assert desk.link.sent[-1] == b"*\r\n"


@pytest.mark.parametrize("mechanism", ["scram-sha-256", "SCRAM-SHA-1"])
@pytest.mark.parametrize("challenges", [0, 1])
@pytest.mark.parametrize(
    "protocol, greeting, challenge, success",
    [
        (Protocol.SMTP, GREETING, b"334 ", b"235 2.7.0 in\r\n"),
        (Protocol.SMTP, GREETING, b"334 ", b"235 dj1mYWxzZQ==\r\n"),  # v= in the wrong place
        (Protocol.POP3, b"+OK hi\r\n", b"+ ", b"+OK in\r\n"),
    ],
)
def test_scram_without_proof_is_no_login(
    monkeypatch: pytest.MonkeyPatch,
    mechanism: str,
    challenges: int,
    protocol: Protocol,
    greeting: bytes,
    challenge: bytes,
    success: bytes,
) -> None:
    """Success before the server's signature proves nothing about the server (RFC 5802, 5)."""
    monkeypatch.setattr("mailprobe.login.secrets.token_hex", lambda octets: "ours")
    first = challenge + b64encode(b"r=ourstheirs,s=c2FsdCBvZiB0aGVpcnM=,i=4096") + b"\r\n"
    desk = Desk(greeting, *[first] * challenges, success, protocol=protocol)
    with pytest.raises(Failure, match="expected the server's signature") as caught:
        local.run(desk, f"/auth {mechanism} alice")
    assert caught.value.word is Word.SECURITY
    assert len(desk.link.sent) == 1 + challenges


def test_secret_that_may_not_travel_is_not_asked_for() -> None:
    """The question whether comes before the question what."""
    desk = Desk(GREETING)
    desk.exposes = False
    local.run(desk, "/auth PLAIN alice")
    assert desk.done == []
    assert desk.link.sent == []


def test_login_that_is_given_up_sends_nothing() -> None:
    """Ctrl-C at the secret prompt."""
    desk = Desk(GREETING)
    desk.secret = None
    local.run(desk, "/auth PLAIN alice")
    assert desk.link.sent == []


def test_login_in_the_middle_of_data_is_refused() -> None:
    """Ctrl-] works among mail data; a login there would become part of the mail."""
    desk = Desk(GREETING, b"354 go\r\n")
    assert desk.session is not None
    desk.session.exchange(b"DATA")
    with pytest.raises(Failure, match="in the middle of mail data"):
        local.run(desk, "/auth PLAIN alice")
    assert desk.link.sent == [b"DATA\r\n"]


def test_apop_sends_the_digest() -> None:
    """The digest of RFC 1939, section 7."""
    greeting = b"+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>\r\n"
    desk = Desk(greeting, b"+OK in\r\n", protocol=Protocol.POP3)
    desk.secret = "tanstaaf"
    local.run(desk, "/apop mrose")
    assert desk.link.sent == [b"APOP mrose c4c9334bac560ecc979e58001b3e22fb\r\n"]


def test_apop_needs_a_timestamp() -> None:
    """Without a timestamp in the greeting nothing is asked and nothing sent."""
    desk = Desk(b"+OK\r\n", protocol=Protocol.POP3)
    assert "timestamp" in _refused(desk, "/apop mrose")
    assert desk.done == []


@pytest.mark.parametrize("line", ["/auth PLAIN a\nb", "/apop a\x00b", "/auth PLAIN a\x00b"])
def test_argument_with_control_characters_is_refused(line: str) -> None:
    """A composed command is one line, whatever its arguments hold."""
    _refused(Desk(b"+OK <1@x>\r\n", protocol=Protocol.POP3), line)
