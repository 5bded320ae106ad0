"""Where a session ends by itself: each stage, each of the three ways, and what never came."""

import os
from pathlib import Path

import pexpect
import pytest

from mailprobe.errors import Failure
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import LMTP, SMTP
from mailprobe.shell.piping.stopping import How, parse, stages
from tests.commands.inside import Ran, inside
from tests.hostile import probe
from tests.hostile.server import ScriptedServer, pop3, send, smtp

EHLO = {b"EHLO": b"250-mx\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"}
SCRIPT = (
    b"EHLO x\nAUTH PLAIN AGEAYg==\nMAIL FROM:<>\nRCPT TO:<a@b>\nDATA\nhi\n.\n"
    b"MAIL FROM:<>\nRCPT TO:<a@b>\nBDAT 2\nhiBDAT 0 LAST\nNOOP\nQUIT\n"
)
SMTP_REPLIES = {**EHLO, b"DATA": b"354 go\r\n", b"AUTH": b"235 in\r\n", b"QUIT": b"221 bye\r\n"}


def run(
    option: str, stage: str, text: bytes = SCRIPT, *more: str, replies: dict[bytes, bytes] | None
) -> tuple[Ran, list[bytes]]:
    """The run, and what the server has heard, line by line."""
    with ScriptedServer(*smtp({**SMTP_REPLIES, **(replies or {})})) as server:
        target = f"127.0.0.1:{server.port}"
        ran = inside("smtp", target, option, stage, *more, text=text)
    return ran, server.heard.replace(b"\r\n", b"\n").splitlines()


@pytest.mark.parametrize(
    "stage, last",
    [
        ("greeting", b""),
        ("banner", b""),
        ("hello", b"EHLO x"),
        ("EHLO", b"EHLO x"),
        ("auth", b"AUTH PLAIN AGEAYg=="),
        ("mail", b"MAIL FROM:<>"),
        ("rcpt", b"RCPT TO:<a@b>"),
        ("message", b"."),
        ("dot", b"."),
        ("bdat", b"hiQUIT"),
        ("noop", b"NOOP"),
        ("quit", b"NOOP"),
    ],
)
def test_the_end_behind_a_stage(stage: str, last: bytes) -> None:
    """QUIT comes at once behind it, and the run has done what it was to do."""
    ran, heard = run("--stop-after", stage, replies=None)
    assert ran.status == 0, ran
    if last.endswith(b"QUIT"):
        assert heard[-1] == last
    else:
        assert heard[-1] == b"QUIT"
        assert (heard[-2] if len(heard) > 1 else b"") == last
    assert ran.err.endswith(f"({How.QUIT.value})\n")


def test_where_quit_would_be_mail_data() -> None:
    """Behind 354 the link is closed, whatever was asked for."""
    for option in ("--stop-after", "--drop-after"):
        ran, heard = run(option, "data", replies=None)
        assert (ran.status, heard[-1]) == (0, b"DATA")


def test_the_end_before_anybody_has_spoken() -> None:
    """The link stands, and nothing is said on it."""
    for option, stage in (
        ("--stop-after", "connect"),
        ("--drop-after", "connect"),
        ("--drop-before-reply", "greeting"),
    ):
        ran, heard = run(option, stage, replies=None)
        assert (ran.status, heard) == (0, [])
        assert "C:" not in ran.out


@pytest.mark.parametrize("option", ["--drop-after", "--drop-before-reply"])
@pytest.mark.parametrize("stage", ["hello", "auth", "mail", "data", "dot", "noop"])
def test_an_end_without_quit(option: str, stage: str) -> None:
    """With the reply, or without: nobody has read it, and nothing is told of it."""
    ran, heard = run(option, stage, replies=None)
    assert ran.status == 0
    assert heard[-1] != b"QUIT"
    said = "C:" if option == "--drop-before-reply" else "S:"
    assert ran.out.splitlines()[-1].startswith(said)


def test_what_a_chunk_ends() -> None:
    """The last one, counted in octets or empty, is the end of the message as the dot is."""
    for end in (b"BDAT 0 LAST\n", b"BDAT 2 LAST\nhi"):
        text = b"EHLO x\nMAIL FROM:<>\nRCPT TO:<a@b>\nBDAT 2\nho" + end + b"NOOP\n"
        for option in ("--drop-after", "--drop-before-reply"):
            ran, heard = run(option, "message", text, replies=None)
            assert ran.status == 0
            assert b"NOOP" not in heard
            assert b"".join(heard).endswith(end.replace(b"\n", b""))


@pytest.mark.parametrize("keep_going", [(), ("--keep-going",)])
def test_a_stage_that_is_refused_is_not_reached(keep_going: tuple[str, ...]) -> None:
    """A refusal ends the run as ever; told to go on, it misses its stage."""
    replies = {b"RCPT": b"550 no\r\n"}
    text = b"EHLO x\nMAIL FROM:<>\nRCPT TO:<a@b>\n"
    ran, heard = run("--stop-after", "rcpt", text, *keep_going, replies=replies)
    assert ran.status == 1
    assert ran.word == ("mismatch" if keep_going else "refused")
    assert heard[-1] == b"QUIT"


def test_a_refusal_before_the_stage_counts() -> None:
    """With --keep-going, where the stage came all the same."""
    replies = {b"VRFY a": b"550 no\r\n"}
    ran, _ = run("--stop-after", "noop", b"VRFY a\nNOOP\n", "--keep-going", replies=replies)
    assert (ran.status, ran.word) == (1, "refused")


def test_a_stage_that_never_came() -> None:
    """It is said in words, after QUIT."""
    ran, heard = run("--stop-after", "rcpt", b"EHLO x\n", replies=None)
    assert (ran.status, ran.word) == (1, "mismatch")
    assert "the input ended, and rcpt was not reached (--stop-after)" in ran.err
    assert heard == [b"EHLO x", b"QUIT"]
    ran, _ = run("--stop-after", "rcpt", b"EHLO x\nQUIT\n", replies=None)
    assert ran.word == "mismatch"


def test_hello_needs_no_script() -> None:
    """Nor does STARTTLS, which a server may refuse."""
    ran, heard = run("--stop-after", "ehlo", b"", "--ehlo", "me", replies=None)
    assert (ran.status, heard) == (0, [b"EHLO me", b"QUIT"])
    ran, heard = run(
        "--stop-after",
        "tls",
        b"",
        "--starttls",
        "--ehlo",
        "me",
        replies={b"STARTTLS": b"454 no\r\n"},
    )
    assert ran.word == "security"
    assert heard == [b"EHLO me", b"STARTTLS", b"QUIT"]


@pytest.mark.parametrize("text", [b"", b"EHLO me\n"])
def test_hello_of_an_encrypted_session_is_the_second_one(text: bytes) -> None:
    """--starttls is asked for: a hello in the clear is not the end."""
    options = ("--starttls", "--ehlo", "me")
    ran, heard = run("--stop-after", "ehlo", text, *options, replies={b"STARTTLS": b"454 no\r\n"})
    assert ran.word == "security"
    assert heard == [b"EHLO me", b"STARTTLS", b"QUIT"]


def test_pipelined_commands() -> None:
    """A stage inside of a group is reached when the group is answered."""
    text = b"EHLO x\n/pipeline\nMAIL FROM:<>\nRCPT TO:<a@b>\nDATA\n/pipeline go\nNOOP\n"
    ran, heard = run("--drop-before-reply", "rcpt", text, replies=None)
    assert ran.status == 0
    assert heard[-1] == b"DATA"
    assert "354" not in ran.out


def test_pop3() -> None:
    """Its logins are `auth`, and a multi-line response is heard to its end."""
    replies = {b"LIST": b"+OK\r\n1 2\r\n.\r\n", b"CAPA": b"-ERR\r\n"}
    text = b"USER a\nPASS b\nLIST\nNOOP\n"
    for stage, last in (("auth", b"PASS b"), ("list", b"LIST"), ("user", b"USER a")):
        with ScriptedServer(*pop3(replies)) as server:
            where = f"127.0.0.1:{server.port}"
            ran = inside("pop3", where, "--drop-after", stage, text=text)
        assert ran.status == 0, ran
        assert server.heard.endswith(last + b"\r\n")


def test_lmtp_is_heard_for_each_recipient() -> None:
    """The replies to the mail data are its stage; one that refuses counts."""
    end = b"250 one\r\n550 two\r\n"
    replies = {b"LHLO": b"250 mx\r\n", b"DATA": b"354 go\r\n", b".": end, b"QUIT": b"221 bye\r\n"}
    text = b"LHLO x\nMAIL FROM:<>\nRCPT TO:<a@b>\nRCPT TO:<c@d>\nDATA\nhi\n.\nNOOP\n"
    with ScriptedServer(*smtp(replies)) as server:
        where = f"127.0.0.1:{server.port}"
        ran = inside("lmtp", where, "--stop-after", "dot", text=text)
    assert (ran.status, ran.word) == (1, "refused")
    assert b"NOOP" not in server.heard


def test_a_greeting_that_refuses() -> None:
    """It is no greeting that somebody waited for."""
    with ScriptedServer(send(b"554 no\r\n")) as server:
        ran = inside("smtp", f"127.0.0.1:{server.port}", "--stop-after", "greeting", text=b"")
    assert (ran.status, ran.word) == (1, "refused")


def test_an_exchanger(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was said on the way is shown, though the session ended while it was opened."""
    from mailprobe import lookup
    from mailprobe.lookup import MailHost, NextHop, Outcome
    from mailprobe.shell.connections import opening

    hosts = (MailHost(10, "mx.example.org", ("127.0.0.1",), ""),)
    hop = NextHop("example.org", Outcome.MX, hosts, "one exchanger", 0.0)
    monkeypatch.setattr(lookup, "next_hop", lambda *about, **how: hop)
    with ScriptedServer(*smtp()) as server:
        ports = dict.fromkeys(opening._MX_PORT, server.port)
        monkeypatch.setattr(opening, "_MX_PORT", ports)
        how = ("--dns", "127.0.0.1", "--stop-after", "greeting")
        ran = inside("--mx", "example.org", *how, text=b"NOOP\n")
    assert ran.status == 0
    assert ran.out.startswith("S: 220 ")
    assert server.heard == b"QUIT\r\n"


def test_where_somebody_sits(tmp_path: Path) -> None:
    """At a terminal nobody has to type: the options say all."""
    with ScriptedServer(*smtp(EHLO)) as server:
        words = probe.command("smtp", f"127.0.0.1:{server.port}", "--stop-after", "ehlo")
        env = {**os.environ, "HOME": str(tmp_path)}
        child = pexpect.spawn(words[0], words[1:], env=env)  # type: ignore[arg-type]  # as it takes it
        child.expect(pexpect.EOF, timeout=probe.LONG)
        assert child.wait() == 0
    assert server.heard.endswith(b"\r\nQUIT\r\n")


def test_the_names_of_the_stages() -> None:
    """From the catalogue of the protocol; others are refused before anything is connected."""
    assert stages(SMTP)[:7] == ("connect", "greeting", "hello", "tls", "auth", "data", "message")
    assert {"mail", "rcpt", "bdat", "xclient", "quit", "noop"} <= set(stages(SMTP))
    assert "hello" in stages(LMTP)
    assert not {"hello", "data", "message", "mail"} & set(stages(POP3))
    assert {"user", "retr", "tls", "auth"} <= set(stages(POP3))
    for name, how in (("xyzzy", How.QUIT), ("mail", How.DROP)):
        with pytest.raises(Failure, match=f"{how.value} {name}: the stages are connect, "):
            parse(name, how, POP3)
    with pytest.raises(Failure, match="write greeting"):
        parse("connect", How.BEFORE_REPLY, SMTP)
