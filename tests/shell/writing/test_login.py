"""/auth: what of a login travels in which form, and what a person is told of it."""

from base64 import b64encode

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.protocol.model import Protocol
from mailprobe.shell.config import Profile
from mailprobe.shell.credentials import Credentials
from mailprobe.shell.local import commands as local
from mailprobe.shell.writing import login
from tests.shell.local.test_commands import GREETING, Desk


def sent(line: str, *replies: bytes, secret: str = "secret", pop3: bool = False) -> list[bytes]:
    """What one /auth sends to a server that says these replies."""
    protocol = Protocol.POP3 if pop3 else Protocol.SMTP
    desk = Desk(b"+OK\r\n" if pop3 else GREETING, *replies, protocol=protocol)
    desk.secret = secret
    local.run(desk, line)
    return desk.link.sent


def b64(octets: bytes) -> bytes:
    return b64encode(octets)


@pytest.mark.parametrize(
    "line, order",
    [
        ("PLAIN alice", login.Order("PLAIN", "alice")),
        ("PLAIN alice as root", login.Order("PLAIN", "alice", "root")),
        ("plain alice AS as", login.Order("plain", "alice", "as")),
        ("PLAIN as as as", login.Order("PLAIN", "as", "as")),
        ("--initial LOGIN alice", login.Order("LOGIN", "alice", initial=True)),
        ("PLAIN alice --no-initial", login.Order("PLAIN", "alice", initial=False)),
        ("EXTERNAL", login.Order("EXTERNAL")),
        ("EXTERNAL as root", login.Order("EXTERNAL", "", "root")),
        ("", None),
        ("PLAIN", None),
        ("PLAIN alice bob", None),
        ("PLAIN as root", None),
        ("PLAIN alice as", None),
        ("PLAIN alice --initial --no-initial", None),
        ("PLAIN alice --else", None),
    ],
)
def test_how_it_is_written(line: str, order: login.Order | None) -> None:
    """MECH [USER] [as AUTHZID] and a flag anywhere; anything else is not of that form."""
    assert login.read_order(line.split(), None) == order


def test_who_the_profile_names() -> None:
    """The user, and whom he acts for, where the line does not say it."""
    profile = Profile("", user="alice", login=Credentials(user="alice", authzid="root"))
    assert login.read_order(["PLAIN"], profile) == login.Order("PLAIN", "alice", "root")
    assert login.read_order(["PLAIN", "bob"], profile) == login.Order("PLAIN", "bob")


def test_plain_for_another() -> None:
    """The authzid stands in front (RFC 4616)."""
    assert sent("/auth PLAIN alice as root", b"235 in\r\n") == [
        b"AUTH PLAIN " + b64(b"root\0alice\0secret") + b"\r\n"
    ]


def test_plain_without_an_initial_response() -> None:
    """The response waits for its empty challenge."""
    assert sent("/auth PLAIN alice --no-initial", b"334 \r\n", b"235 in\r\n") == [
        b"AUTH PLAIN\r\n",
        b64(b"\0alice\0secret") + b"\r\n",
    ]


@pytest.mark.parametrize("prompts", [(b"Password:",), (b"Username:", b"Password:")])
def test_login_with_the_user_at_once(prompts: tuple[bytes, ...]) -> None:
    """A server that asks for him all the same gets him again, and not the secret."""
    replies = [b"334 " + b64(prompt) + b"\r\n" for prompt in prompts]
    answers = [b64(b"alice") + b"\r\n"] * (len(prompts) - 1) + [b64(b"secret") + b"\r\n"]
    assert sent("/auth LOGIN alice --initial", *replies, b"235 in\r\n") == [
        b"AUTH LOGIN " + b64(b"alice") + b"\r\n",
        *answers,
    ]


@pytest.mark.parametrize("octets, whole", [(9000, True), (9300, False)])
def test_a_long_token_over_smtp(octets: int, whole: bool) -> None:
    """It goes with AUTH as long as the line has at most 12288 octets (RFC 4954, section 4)."""
    replies = (b"235 in\r\n",) if whole else (b"334 \r\n", b"235 in\r\n")
    lines = sent("/auth XOAUTH2 alice", *replies, secret="x" * octets)
    assert len(lines) == len(replies)
    assert len(lines[0]) <= 12_288
    assert (len(lines[0]) > 20) is whole


@pytest.mark.parametrize("octets, whole", [(130, True), (160, False)])
def test_a_long_token_over_pop3(octets: int, whole: bool) -> None:
    """It goes with AUTH as long as the line has at most 255 octets (RFC 5034, section 4)."""
    replies = (b"+OK in\r\n",) if whole else (b"+ \r\n", b"+OK in\r\n")
    lines = sent("/auth XOAUTH2 alice", *replies, secret="x" * octets, pop3=True)
    assert len(lines) == len(replies)
    assert len(lines[0]) <= 255
    assert (len(lines[0]) > 20) is whole


@pytest.mark.parametrize("mechanism, answer", [("XOAUTH2", b""), ("OAUTHBEARER", b"AQ==")])
@pytest.mark.parametrize("flag", ["", " --no-initial"])
def test_a_token_that_was_refused(mechanism: str, answer: bytes, flag: str) -> None:
    """The reasons are told decoded, and answered as each mechanism has it."""
    reasons = b"334 " + b64(b'{"status":"400","scope":"mail\x1b"}') + b"\r\n"
    first = (b"334 \r\n",) if flag else ()
    desk = Desk(GREETING, *first, reasons, b"535 no\r\n")
    local.run(desk, f"/auth {mechanism} alice{flag}")
    assert desk.link.sent[-1] == answer + b"\r\n"
    assert desk.done == ["asked token of alice (hidden): "]
    assert desk.text.startswith(f"{mechanism}: the token was refused: ")
    assert desk.text.isprintable() or desk.text.count("\n") == 1


@pytest.mark.parametrize(
    "line, said",
    [
        ("/auth EXTERNAL", b"AUTH EXTERNAL =\r\n"),
        ("/auth external alice", b"AUTH EXTERNAL YWxpY2U=\r\n"),
        ("/auth EXTERNAL alice as root", b"AUTH EXTERNAL cm9vdA==\r\n"),
        ("/auth ANONYMOUS sirhc", b"AUTH ANONYMOUS c2lyaGM=\r\n"),
        ("/auth ANONYMOUS", b"AUTH ANONYMOUS =\r\n"),
    ],
)
def test_logins_without_a_secret(line: str, said: bytes) -> None:
    """Nobody is asked for one."""
    desk = Desk(GREETING, b"235 in\r\n")
    local.run(desk, line)
    assert desk.link.sent == [said]
    assert desk.done == []


@pytest.mark.parametrize(
    "line, sentence",
    [
        ("/auth SCRAM-SHA-256-PLUS alice", "no TLS that gives one"),
        ("/auth SCRAM-SHA-256 alice as root", "PLAIN and EXTERNAL carry another"),
        ("/auth DIGEST-MD5 alice", "type any other by hand"),
    ],
)
def test_what_cannot_be_sent(line: str, sentence: str) -> None:
    """It is told, and nothing travels."""
    desk = Desk(GREETING)
    with pytest.raises(Failure, match=sentence) as caught:
        local.run(desk, line)
    assert caught.value.word is Word.USAGE
    assert desk.link.sent == []


def test_the_secret_that_a_file_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is taken without a question, for that user alone."""
    desk = Desk(GREETING, b"235 in\r\n")
    desk.environment = {"WORD": "hunter2"}
    desk.profile = Profile("", user="alice", login=Credentials(user="alice", variable="WORD"))
    local.run(desk, "/auth PLAIN")
    assert desk.link.sent == [b"AUTH PLAIN " + b64(b"\0alice\0hunter2") + b"\r\n"]
    assert desk.learned == [b"hunter2"]
    assert desk.done == []
    desk = Desk(GREETING, b"235 in\r\n")
    desk.profile = Profile("", user="alice", login=Credentials(user="alice", variable="WORD"))
    local.run(desk, "/auth PLAIN bob")
    assert desk.done == ["asked secret of bob (hidden): "]


def offered(desk: Desk, hello: bytes, *, user: str = "alice") -> list[bytes]:
    """What a login by what is offered sends behind `hello`."""
    assert desk.session is not None
    desk.session.exchange(hello)
    desk.link.sent.clear()
    desk.profile = Profile("", user=user)
    login.as_offered(desk)
    return desk.link.sent


def test_the_strongest_that_takes_a_password() -> None:
    """Neither one that needs TLS, nor one for tokens or certificates."""
    hello = b"250-mx\r\n250 AUTH XOAUTH2 EXTERNAL SCRAM-SHA-1-PLUS LOGIN PLAIN CRAM-MD5\r\n"
    desk = Desk(GREETING, hello, b"334 PDFAeD4=\r\n", b"235 in\r\n")
    assert offered(desk, b"EHLO me")[0] == b"AUTH CRAM-MD5\r\n"


def test_a_server_without_a_login() -> None:
    """Who asks for one is told; who does not is not logged in."""
    with pytest.raises(Failure, match="leave --user out"):
        offered(Desk(GREETING, b"250 mx\r\n"), b"EHLO me")
    assert offered(Desk(GREETING, b"250 mx\r\n"), b"EHLO me", user="") == []


def test_user_and_pass_at_last() -> None:
    """POP3 without SASL and without a timestamp; the secret is one line."""
    capa = b"+OK\r\n.\r\n"
    desk = Desk(b"+OK\r\n", capa, b"+OK\r\n", b"+OK in\r\n", protocol=Protocol.POP3)
    assert offered(desk, b"CAPA") == [b"USER alice\r\n", b"PASS secret\r\n"]
    desk = Desk(b"+OK\r\n", capa, protocol=Protocol.POP3)
    desk.secret = "a\r\nDELE 1"
    with pytest.raises(Failure, match="one line"):
        offered(desk, b"CAPA")
    assert desk.link.sent == []
    desk = Desk(b"+OK <1@x>\r\n", capa, b"+OK in\r\n", protocol=Protocol.POP3)
    assert offered(desk, b"CAPA")[0].startswith(b"APOP alice ")


def test_what_was_asked_for_comes_first() -> None:
    """A mechanism of the command line, whatever is offered."""
    hello = b"250-mx\r\n250 AUTH CRAM-MD5 PLAIN\r\n"
    desk = Desk(GREETING, hello, b"235 in\r\n")
    assert desk.session is not None
    desk.session.exchange(b"EHLO me")
    desk.link.sent.clear()
    desk.profile = Profile("", user="alice", login=Credentials("PLAIN", "alice"))
    login.as_offered(desk)
    assert desk.link.sent[0].startswith(b"AUTH PLAIN ")
