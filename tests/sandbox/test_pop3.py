"""POP3 as one client sees it, without a link."""

import base64
import re
import shutil
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.protocol import sasl
from mailprobe.sandbox import dialogue
from mailprobe.sandbox.login import OFFERED
from mailprobe.sandbox.maildrop import Store
from tests.sandbox.helpers import Talk, base64_of, log_in, mails, secret_for
from tests.sandbox.helpers import pop3 as talk_pop3

_FIRST = b"Subject: first\r\n\r\n.dot\r\n..\r\n.\r\nend\r\n"
_SECOND = b"Subject: second\r\n\r\n" + b"x" * 1000 + b"\r\n"


@pytest.fixture
def talk(store: Store) -> Iterator[Talk]:
    """A client whose maildrop, alice's, holds two messages; nobody has logged in."""
    for message in (_FIRST, _SECOND):
        store.put("alice", message)
    client = talk_pop3(store)
    yield client
    client.service.end()


@pytest.fixture
def inside(talk: Talk) -> Talk:
    """The same, logged in."""
    return log_in(talk)


def _ok(reply: bytes) -> bool:
    return reply.startswith(b"+OK")


# -------------------------------------------------------------------------------------- logging in


def test_user_and_pass(talk: Talk) -> None:
    """The reply to PASS counts the maildrop; the password goes up to the end of the line."""
    assert _ok(talk.line("USER alice"))
    assert talk.line("PASS secret ").startswith(b"-ERR [AUTH] ")
    assert talk.line("PASS secret").startswith(b"-ERR USER comes straight before PASS")
    assert _ok(talk.line("USER alice@example.test"))
    octets = len(_FIRST + _SECOND)
    assert talk.line("PASS secret") == (
        b"+OK alice's maildrop has 2 messages (%d octets)\r\n" % octets
    )


def test_a_stranger_learns_nothing(talk: Talk) -> None:
    """An unknown user and a wrong password cannot be told apart."""
    talk.line("USER alice")
    wrong = talk.line("PASS x")
    talk.line("USER mallory")
    assert talk.line("PASS x") == wrong


def test_something_between_user_and_pass(talk: Talk) -> None:
    """PASS counts only straight after USER (RFC 1939, section 7)."""
    talk.line("USER alice")
    talk.line("CAPA")
    assert talk.line("PASS secret").startswith(b"-ERR USER comes")


@pytest.mark.parametrize("secret", ["secret", "wrong"])
def test_apop(talk: Talk, secret: str) -> None:
    """APOP takes the digest of the greeting's timestamp and the secret."""
    timestamp = sasl.apop_timestamp(talk.greeting)
    assert timestamp is not None
    reply = talk.line(f"APOP alice {sasl.apop_digest(timestamp, secret)}")
    assert _ok(reply) is (secret == "secret")
    assert secret == "secret" or reply.startswith(b"-ERR [AUTH] ")


def test_each_greeting_has_its_own_timestamp(store: Store) -> None:
    """No digest can be used again in another session."""
    assert talk_pop3(store).greeting != talk_pop3(store).greeting


@pytest.mark.parametrize("mechanism", OFFERED)
@pytest.mark.parametrize("secret", ["right", "wrong"])
def test_sasl(talk: Talk, mechanism: str, secret: str) -> None:
    """Every mechanism lets the right secret in, and the wrong one not."""
    client = sasl.client(mechanism, "alice", secret_for(mechanism, secret), nonce="clientnonce")
    first = next(client)
    initial = b"" if first is None else b" " + sasl.encode_initial(first)
    reply = talk.line(b"AUTH " + mechanism.encode() + initial)
    while reply.startswith(b"+ "):
        reply = talk.line(base64_of(client.send(base64.b64decode(reply[2:])) or b""))
    if secret == "right":
        assert _ok(reply)
        assert _ok(talk.line("STAT"))
    else:
        assert reply.startswith(b"-ERR [AUTH] ")
        assert talk.line("STAT") == b"-ERR Log in first\r\n"


def test_sasl_step_by_step(talk: Talk) -> None:
    """A bare AUTH lists; an empty challenge keeps its blank; `*` and no base64 are refused."""
    listing = talk.line("AUTH").decode().splitlines()
    assert listing[1:] == [*OFFERED, "."]
    assert talk.line("AUTH XYZZY").startswith(b"-ERR Try one of ")
    assert talk.line("AUTH PLAIN") == b"+ \r\n"
    assert talk.line("*").startswith(b"-ERR ")
    assert talk.line("AUTH PLAIN") == b"+ \r\n"
    assert talk.line("!").startswith(b"-ERR ")
    assert talk.line("AUTH PLAIN") == b"+ \r\n"
    assert _ok(talk.line(base64_of(b"\0alice\0secret")))


def test_one_session_at_a_time(store: Store, inside: Talk) -> None:
    """A second login to a held maildrop gets [IN-USE], and the maildrop when it is free."""
    other = talk_pop3(store)
    other.line("USER alice")
    assert other.line("PASS secret").startswith(b"-ERR [IN-USE] ")
    other.line("USER bob")
    assert _ok(other.line("PASS builder"))
    other.hang_up()
    assert _ok(inside.line("QUIT"))
    log_in(talk_pop3(store)).hang_up()


def test_the_lock_ends_with_the_link(store: Store, inside: Talk) -> None:
    """Whoever hangs up holds nothing any more."""
    inside.hang_up()
    log_in(talk_pop3(store)).hang_up()


# ------------------------------------------------------------------------------------- the maildrop


def test_listings(inside: Talk) -> None:
    """STAT, LIST and UIDL agree, with and without a message-number."""
    sizes = [len(_FIRST), len(_SECOND)]
    assert inside.line("STAT") == b"+OK 2 %d\r\n" % sum(sizes)
    assert inside.line("LIST").splitlines()[1:] == [
        b"1 %d" % sizes[0],
        b"2 %d" % sizes[1],
        b".",
    ]
    assert inside.line("LIST 2") == b"+OK 2 %d\r\n" % sizes[1]
    unique_ids = inside.line("UIDL").splitlines()[1:-1]
    assert inside.line("UIDL 1") == b"+OK " + unique_ids[0] + b"\r\n"
    assert len(set(unique_ids)) == 2


def test_retr_is_byte_equal(inside: Talk) -> None:
    """The message comes dot-stuffed, with its size in octets, and ends with a lone dot."""
    head, _, wire = inside.line("RETR 1").partition(b"\r\n")
    assert head == b"+OK %d octets" % len(_FIRST)
    assert wire == _FIRST.replace(b"\r\n.", b"\r\n..") + b".\r\n"


@pytest.mark.parametrize("lines, body", [(0, b""), (1, b"..dot\r\n"), (2, b"..dot\r\n...\r\n")])
def test_top(inside: Talk, lines: int, body: bytes) -> None:
    """TOP gives the header, the empty line, and n lines."""
    _, _, wire = inside.line(f"TOP 1 {lines}").partition(b"\r\n")
    assert wire == b"Subject: first\r\n\r\n" + body + b".\r\n"


def test_dele_and_rset(inside: Talk) -> None:
    """A marked message is hidden, keeps the others' numbers, and comes back by RSET."""
    assert _ok(inside.line("DELE 1"))
    assert inside.line("STAT") == b"+OK 1 %d\r\n" % len(_SECOND)
    assert inside.line("LIST").splitlines()[1:] == [b"2 %d" % len(_SECOND), b"."]
    for command in ("RETR 1", "DELE 1", "LIST 1", "UIDL 1", "TOP 1 0"):
        assert inside.line(command) == b"-ERR Message 1 is marked as deleted\r\n"
    assert _ok(inside.line("RSET"))
    assert inside.line("STAT").startswith(b"+OK 2 ")


def test_an_empty_maildrop(store: Store) -> None:
    """An empty listing is a lone dot."""
    talk = log_in(talk_pop3(store), "bob", "builder")
    assert talk.line("STAT") == b"+OK 0 0\r\n"
    assert talk.line("LIST").splitlines()[1:] == [b"."]
    assert talk.line("UIDL").splitlines()[1:] == [b"."]
    assert talk.line("RETR 1").startswith(b"-ERR There is no message 1")
    talk.hang_up()


def test_quit_updates(store: Store, inside: Talk) -> None:
    """Marked messages go at QUIT, and at QUIT alone."""
    inside.line("DELE 1")
    assert len(mails(store, "alice")) == 2
    assert inside.line("QUIT") == b"+OK Goodbye, 1 message removed\r\n"
    assert inside.finished
    assert mails(store, "alice") == [_SECOND]


@pytest.mark.parametrize("ending", ["hang up", "time out"])
def test_no_update_without_quit(store: Store, inside: Talk, ending: str) -> None:
    """A link that breaks, or falls silent, removes nothing, and nothing is said (RFC 1939, 3)."""
    inside.line("DELE 1")
    if ending == "hang up":
        inside.hang_up()
    else:
        inside.service.time_out()
        assert inside.finished
        assert inside.service.dialogue.take_output() == b""
    assert len(mails(store, "alice")) == 2


def test_quit_before_login(store: Store, talk: Talk) -> None:
    """QUIT in the AUTHORIZATION state just ends the session."""
    assert talk.line("QUIT") == b"+OK Goodbye\r\n"
    assert talk.finished


def test_unique_ids_stay(store: Store, inside: Talk) -> None:
    """The next session gives a message that stayed the same unique-id, under another number."""
    before = inside.line("UIDL 2").split()[2]
    inside.line("DELE 1")
    inside.line("QUIT")
    talk = log_in(talk_pop3(store))
    assert talk.line("UIDL 1").split()[2] == before
    talk.hang_up()


def test_a_disk_that_fails(store: Store, inside: Talk) -> None:
    """Trouble with the disk is a temporary refusal of the one command."""
    inside.line("DELE 2")
    shutil.rmtree(store.directory / "alice")
    assert inside.line("RETR 1").startswith(b"-ERR [SYS/TEMP] ")
    assert inside.line("TOP 1 0").startswith(b"-ERR [SYS/TEMP] ")
    assert _ok(inside.line("NOOP"))
    other = talk_pop3(store)
    other.line("USER alice")
    assert other.line("PASS secret").startswith(b"-ERR [SYS/TEMP] ")


def test_an_update_that_fails(store: Store, inside: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages that could not be removed are told of; the session is over all the same."""

    def refuse(*arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    inside.line("DELE 1")
    monkeypatch.setattr("os.remove", refuse)
    assert inside.line("QUIT").startswith(b"-ERR [SYS/TEMP] ")
    assert inside.finished


def test_a_message_that_breaks_off(inside: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """After +OK there is no way to say -ERR: the session ends without the lone dot."""

    def fail(self: object) -> Iterator[bytes]:
        from mailprobe.sandbox.maildrop import renamed

        yield b"Subject"
        with renamed("reading a message"):
            raise OSError(5, "Input/output error")

    monkeypatch.setattr("mailprobe.sandbox.maildrop.Message.chunks", fail)
    assert inside.line("RETR 1").endswith(b"octets\r\nSubject")
    assert inside.finished


# ------------------------------------------------------------------------- order, syntax, limits


@pytest.mark.parametrize(
    "command, text",
    [
        ("", b"There is no such command here"),
        ("XYZZY", b"There is no such command here"),
        ("LAST", b"There is no such command here"),
        ("XTND XMIT", b"There is no such command here"),
        ("LANG de", b"There is no such language here: en is one"),
        ("STAT", b"Log in first"),
        ("RETR 1", b"Log in first"),
        ("NOOP", b"Log in first"),
        ("USER", b"The form is USER name"),
        ("USER a b", b"The form is USER name"),
        ("APOP alice", b"The form is APOP name digest"),
    ],
)
def test_refused_before_login(talk: Talk, command: str, text: bytes) -> None:
    """The refusal says what is missing."""
    assert talk.line(command) == b"-ERR " + text + b"\r\n"


@pytest.mark.parametrize(
    "command, text",
    [
        ("USER bob", b"You are logged in already"),
        ("AUTH PLAIN", b"You are logged in already"),
        ("STLS", b"You are logged in already"),
        ("RETR", b"The form is RETR msg"),
        ("RETR x", b"The form is RETR msg"),
        ("RETR -1", b"The form is RETR msg"),
        ("RETR 1 2", b"The form is RETR msg"),
        ("RETR 0", b"There is no message 0, the maildrop has 2"),
        ("RETR 9999999999", b"There is no message 9999999999, the maildrop has 2"),
        ("TOP 1", b"The form is TOP msg n"),
        ("STAT 1", b"The form is STAT"),
    ],
)
def test_refused_after_login(inside: Talk, command: str, text: bytes) -> None:
    """The refusal says what is wrong."""
    assert inside.line(command) == b"-ERR " + text + b"\r\n"


def test_capabilities(talk: Talk) -> None:
    """STLS is offered where it works: in the clear, before the login."""
    before = talk.line("CAPA").decode().splitlines()
    assert before[1:-2] == [
        "TOP",
        "UIDL",
        "RESP-CODES",
        "AUTH-RESP-CODE",
        "PIPELINING",
        "USER",
        "UTF8",
        "LANG",
        f"SASL {' '.join(OFFERED)}",
        "STLS",
    ]
    assert before[-2].startswith("IMPLEMENTATION mailprobe")
    assert b"STLS" not in log_in(talk).line("CAPA")


def test_languages_and_utf8(talk: Talk) -> None:
    """RFC 6856: both before the login; LANG alone lists, one a line."""
    assert _ok(talk.line("UTF8"))
    assert talk.line("LANG").split(b"\r\n", 1)[1] == b"en English\r\n.\r\n"
    for language in ("en", "EN", "*"):
        assert _ok(talk.line(f"LANG {language}"))


def test_stls(talk: Talk) -> None:
    """After STLS the name that USER gave is forgotten, and STLS is no more."""
    talk.line("USER alice")
    assert _ok(talk.line("STLS"))
    talk.start_tls()
    assert talk.line("PASS secret").startswith(b"-ERR USER comes")
    assert b"STLS" not in talk.line("CAPA")
    assert talk.line("STLS") == b"-ERR TLS is on already\r\n"


def test_text_behind_stls_ends_the_session(talk: Talk) -> None:
    """What stands in the same segment as STLS is never carried out: the session is over."""
    reply = talk.say(b"STLS\r\nUSER alice\r\nPASS secret\r\n")
    assert reply == b"-ERR Text came behind STLS: the session ends\r\n"
    assert talk.finished


def test_pipelining(talk: Talk) -> None:
    """A whole session may come at once; what follows QUIT is not read."""
    replies = talk.say(b"USER alice\r\nPASS secret\r\nSTAT\r\nRETR 1\r\nDELE 1\r\nQUIT\r\nNOOP\r\n")
    assert replies.count(b"+OK ") == 6
    assert replies.endswith(b"removed\r\n")


def test_junk_is_bounded(talk: Talk) -> None:
    """Who guesses commands or passwords is shown the door."""
    for _ in range(dialogue.MAXIMUM_JUNK):
        talk.line("GET / HTTP/1.0")
    assert not talk.finished
    talk.line("USER alice")
    assert talk.line("PASS guess").startswith(b"-ERR [AUTH] ")
    assert talk.finished


def test_commands_are_bounded(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session ends after so many commands, good ones too."""
    monkeypatch.setattr(dialogue, "MAXIMUM_COMMANDS", 1)
    assert _ok(talk.line("CAPA"))
    assert talk.line("CAPA").startswith(b"-ERR Too many commands")
    assert talk.finished


def test_a_line_that_is_too_long(talk: Talk) -> None:
    """A line without end is not kept: the session ends with a reply."""
    replies = b"".join(talk.say(b"x" * 4096) for _ in range(5))
    assert replies == b"-ERR The line is too long: the session ends\r\n"
    assert talk.finished


# One-line replies; behind +OK there may be lines up to the lone dot (CAPA, and AUTH alone).
_REPLIES = re.compile(
    rb"(?:(?:\+OK|-ERR|\+)(?: [^\r\n]*)?\r\n(?:(?<=\n)(?:[A-Z][^\r\n]*\r\n)+\.\r\n)?)*"
)


@given(st.lists(st.binary(max_size=60), max_size=12))
def test_any_octets_are_borne(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes]
) -> None:
    """Whatever comes, every reply is a reply and no exception leaves the service."""
    talk = talk_pop3(Store(tmp_path_factory.mktemp("store")))
    replies = b"".join(talk.say(chunk + b"\r\n") for chunk in chunks)
    talk.hang_up()
    assert _REPLIES.fullmatch(replies)
