"""`mailprobe fetch` as a process: lists, messages and their places, nothing deleted too soon."""

import json
import mailbox
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from mailprobe.sandbox.server import Sandbox
from tests.hostile import probe
from tests.hostile.server import ScriptedServer, Step, close, expect, pop3, repeat, send, stall

SECRET = {"MAILPROBE_SECRET_PASSWORD": "secret"}
MAIL = b"From: =?utf-8?q?J=C3=B6rg?= <j@x.test>\r\nSubject: \x1b[2Jhi\r\nDate: now\r\n\r\n..x\r\n"
BODY = MAIL.replace(b"\r\n..x", b"\r\n.x")
SIZE = b"%d" % len(BODY)
ANSWERS = {
    b"CAPA": b"+OK\r\nUIDL\r\nTOP\r\n.\r\n",
    b"STAT": b"+OK 1 " + SIZE + b"\r\n",
    b"LIST": b"+OK\r\n1 " + SIZE + b"\r\n.\r\n",
    b"UIDL": b"+OK\r\n1 a/b\r\n.\r\n",
    b"TOP": b"+OK\r\n" + MAIL + b".\r\n",
    b"RETR": b"+OK " + SIZE + b" octets\r\n" + MAIL + b".\r\n",
}


def server(**changed: bytes) -> ScriptedServer:
    """A maildrop with one message; some answers may be others."""
    return ScriptedServer(*pop3({**ANSWERS, **{key.encode(): new for key, new in changed.items()}}))


def fetch(server: ScriptedServer | Sandbox, *options: str | Path, **how: object) -> probe.Result:
    port = server.port if isinstance(server, ScriptedServer) else server.ports["pop3"]
    how.setdefault("env", SECRET)
    return probe.run("fetch", f"127.0.0.1:{port}", "--user", "alice", *options, **how)  # type: ignore[arg-type]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox({"pop3": 0, "smtp": 0}) as running:
        yield running


# ------------------------------------------------------------------------------------ looking


def test_the_list() -> None:
    """Number, octets, unique-id, and three fields in the charsets of the world, made safe."""
    with server() as running:
        result = fetch(running)
        heard = running.heard_lines
    assert (result.status, result.err) == (0, "")
    header, row, summary = result.out.splitlines()
    assert header.split() == ["number", "octets", "unique-id", "From", "Subject", "Date"]
    assert " ".join(row.split()) == f"1 {len(BODY)} a/b Jörg <j@x.test> \\u{{1b}}[2Jhi now"
    assert summary == f"1 message, {len(BODY)} octets"
    verbs = [line.split()[0] for line in heard]
    assert verbs == [b"CAPA", b"USER", b"PASS", b"STAT", b"LIST", b"UIDL", b"TOP", b"QUIT"]


def test_the_list_for_programs() -> None:
    """One object."""
    with server() as running:
        told = json.loads(fetch(running, "--json").out)
    (message,) = told["messages"]
    assert (message["number"], message["octets"], message["unique_id"]) == (1, len(BODY), "a/b")
    assert message["from"] == "Jörg <j@x.test>"


def test_a_server_without_much() -> None:
    """No CAPA, no UIDL, no TOP: numbers and octets are left."""
    with server(CAPA=b"-ERR\r\n", UIDL=b"-ERR\r\n", TOP=b"-ERR\r\n") as running:
        result = fetch(running)
    assert result.status == 0, result.err
    assert result.out.splitlines()[1].split() == ["1", str(len(BODY))]


def test_a_header() -> None:
    """As it came, the dot undone."""
    with server() as running:
        line = probe.command("fetch", f"127.0.0.1:{running.port}", "--user", "a", "--headers", "1")
        done = subprocess.run(
            line, capture_output=True, timeout=probe.LONG, env={**SECRET, "PATH": ""}
        )
    assert done.stdout == BODY


def test_listings_that_disagree() -> None:
    """They are told, and what there is is shown."""
    with server(STAT=b"+OK 3 30\r\n") as running:
        result = fetch(running)
    assert result.status == 0
    assert result.err == "warning: STAT counts 3 messages, LIST has 1\n"


# ----------------------------------------------------------------------------------- fetching


def test_files_named_by_unique_id(tmp_path: Path) -> None:
    """Octet for octet; nothing is deleted, and nothing overwritten."""
    with server() as running:
        result = fetch(running, "--message", "all", "--out", f"{tmp_path}/mails/")
        assert b"DELE 1" not in running.heard_lines
    assert result.status == 0, result.err
    (path,) = (tmp_path / "mails").iterdir()
    assert path.name == "a%2Fb.eml"
    assert path.read_bytes() == BODY
    with server() as running:
        again = fetch(running, "--message", "1", "--out", tmp_path / "mails", "--delete", "--yes")
        assert b"DELE 1" not in running.heard_lines
    assert again.ended == ("usage", 2)
    assert "not overwritten" in again.err


def test_one_to_standard_output() -> None:
    """As it came; by its unique-id, too."""
    for word in ("1", "a/b"):
        with server() as running:
            where = f"127.0.0.1:{running.port}"
            line = probe.command("fetch", where, "--user", "a", "--message", word)
            done = subprocess.run(
                line, capture_output=True, timeout=probe.LONG, env={**SECRET, "PATH": ""}
            )
        assert (done.stdout, done.stderr, done.returncode) == (BODY, b"", 0)


def test_a_maildir_and_delete(sandbox: Sandbox, tmp_path: Path) -> None:
    """All four samples are there with LF, and then nowhere else."""
    result = fetch(sandbox, "--message", "all", "--maildir", tmp_path / "M", "--delete", "--yes")
    assert result.status == 0, result.err
    assert result.out.splitlines()[-1] == "4 deleted"
    kept = mailbox.Maildir(tmp_path / "M", create=False)
    assert len(kept) == 4
    assert not any(b"\r\n" in kept.get_bytes(key) for key in kept.iterkeys())
    assert fetch(sandbox).out.splitlines()[-1] == "0 messages, 0 octets"


def test_numbers_and_spans(sandbox: Sandbox, tmp_path: Path) -> None:
    """Each once, in their order; kept in the maildrop unless somebody says otherwise."""
    result = fetch(sandbox, "--message", "3-9,1", "--message", "4", "--out", tmp_path)
    assert [line.partition(":")[0] for line in result.out.splitlines()] == ["1", "3", "4"]
    assert fetch(sandbox).out.splitlines()[-1] == "4 messages, 7431 octets"
    for word in ("9", "5-9", "nobody"):
        assert "there is no message" in fetch(sandbox, "--message", word, "--out", tmp_path).err


def test_a_recording_replays(sandbox: Sandbox, tmp_path: Path) -> None:
    """List and messages, with the bodies beside it."""
    listed, fetched = tmp_path / "1.mpt", tmp_path / "2.mpt"
    assert fetch(sandbox, "--record", listed).status == 0
    options = ("--message", "1-2", "--out", tmp_path / "out")
    assert fetch(sandbox, "--record", fetched, *options).status == 0
    for path in (listed, fetched):
        assert "secret" not in path.read_text()
        where = f"127.0.0.1:{sandbox.ports['pop3']}"
        replayed = probe.run("replay", path, "--server", where, env=SECRET)
        assert replayed.status == 0, replayed.out + replayed.err


@pytest.mark.slow
def test_a_large_message_is_not_in_memory(tmp_path: Path) -> None:
    """200 MB go to their file as they come."""
    line, total = b"x" * 1022 + b"\r\n", 200_000_000
    block = line * (65536 // len(line) + 1)
    size = (total // len(block) + 1) * len(block)
    steps: list[Step] = [send(b"+OK\r\n")]
    for verb, reply in (
        (b"CAPA", b"+OK\r\n.\r\n"),
        (b"USER", b"+OK\r\n"),
        (b"PASS", b"+OK\r\n"),
        (b"STAT", b"+OK\r\n"),
        (b"LIST", b"+OK\r\n1 %d\r\n.\r\n" % size),
        (b"UIDL", b"-ERR\r\n"),
        (b"RETR", b"+OK\r\n"),
    ):
        steps += [expect(verb), send(reply)]
    steps += [repeat(line, total), send(b".\r\n"), expect(b"QUIT"), send(b"+OK\r\n")]
    with ScriptedServer(*steps) as running:
        out = tmp_path / "big.eml"
        result = fetch(running, "--message", "1", "--out", out, peak=tmp_path / "peak")
    assert result.status == 0, result.err
    assert out.stat().st_size == size
    assert result.peak is not None
    assert result.peak < 80_000_000


# ----------------------------------------------------------- what must not be deleted, and is not

SAVED = ("--message", "all", "--delete", "--yes")


@pytest.mark.parametrize(
    "changed, word, kept, sentence",
    [
        ({"RETR": b"-ERR [SYS/TEMP] x\r\n"}, "refused", 0, "RETR was answered: -ERR [SYS/TEMP] x"),
        ({"LIST": b"+OK\r\n1 7\r\n.\r\n"}, "protocol", 1, "LIST says 7 octets"),
        ({"LIST": b"+OK\r\n1 999999999\r\n.\r\n"}, "limit", 0, "--max-body"),
        ({"RETR": b"+OK 7 octets\r\n" + MAIL + b".\r\n"}, "protocol", 1, "RETR says 7 octets"),
        ({"DELE": b"-ERR locked\r\n"}, "refused", 1, "DELE was answered: -ERR locked"),
        ({"QUIT": b"-ERR some are left\r\n"}, "refused", 1, "QUIT was answered: -ERR some are"),
    ],
)
def test_doubts(
    changed: dict[str, bytes], word: str, kept: int, sentence: str, tmp_path: Path
) -> None:
    """Each is told; what came whole is kept, and no more is deleted than was kept."""
    with server(**changed) as running:
        result = fetch(running, *SAVED, "--out", f"{tmp_path}/out/")
        heard = running.heard_lines
    assert result.ended[0] == word, result.err
    assert result.status == {"refused": 1}.get(word, 4)
    assert sentence in result.err
    assert len(list((tmp_path / "out").iterdir())) == kept
    if not {"DELE", "QUIT"} & changed.keys():
        assert b"DELE 1" not in heard
    assert "1 deleted" not in result.out


@pytest.mark.parametrize(
    "end", [b"+OK\r\nhalf of it", b"+OK\r\nhalf of it\r\n", b"", b"rubbish\r\n"]
)
def test_half_a_message(end: bytes, tmp_path: Path) -> None:
    """The link is lost in the middle: nothing of it is kept, and QUIT is not said."""
    steps: list[Step] = [send(b"+OK\r\n")]
    for verb in (b"CAPA", b"USER", b"PASS", b"STAT", b"LIST", b"UIDL"):
        steps += [expect(verb), send(ANSWERS.get(verb, b"+OK\r\n"))]
    with ScriptedServer(*steps, expect(b"RETR"), send(end), close) as running:
        result = fetch(running, *SAVED, "--out", f"{tmp_path}/out/")
        assert not [line for line in running.heard_lines if line.startswith((b"DELE", b"QUIT"))]
    assert result.status == 4
    assert list((tmp_path / "out").iterdir()) == []


def test_the_server_goes_behind_quit(tmp_path: Path) -> None:
    """Nobody knows whether it was deleted; it is not said that it was."""
    steps: list[Step] = [send(b"+OK\r\n")]
    for verb in (b"CAPA", b"USER", b"PASS", b"STAT", b"LIST", b"UIDL", b"RETR", b"DELE"):
        steps += [expect(verb), send(ANSWERS.get(verb, b"+OK\r\n"))]
    with ScriptedServer(*steps, expect(b"QUIT"), close) as running:
        result = fetch(running, *SAVED, "--out", f"{tmp_path}/out/")
    assert result.ended == ("eof", 4)
    assert "deleted" not in result.out


@pytest.mark.parametrize(
    "options, sentence",
    [
        (("--delete", "--yes", "--message", "all"), "--out or --maildir says where"),
        (("--out", "x"), "--message says which"),
        (("--message", "all", "--out", "x", "--maildir", "y"), "exclude each other"),
        (("--message", "all", "--out", "x", "--delete"), "--yes says so"),
        (("--headers", "1", "--message", "1"), "--headers goes with"),
        (("--headers", "x"), "--headers: expected"),
        (("--lang", "a b"), "--lang: expected"),
        (("extra",), "one target"),
    ],
)
def test_what_does_not_fit(options: tuple[str, ...], sentence: str) -> None:
    """It is told before anybody is connected to."""
    with server() as running:
        result = fetch(running, *options)
        assert running.heard == b""
    assert result.ended == ("usage", 2)
    assert sentence in result.err


def test_many_to_standard_output(sandbox: Sandbox) -> None:
    """A place is needed."""
    assert "--out FOLDER" in fetch(sandbox, "--message", "all").err


@pytest.mark.terminal
@pytest.mark.parametrize("word, left", [("y", 0), ("", 4)])
def test_who_sits_at_a_terminal_is_asked(
    sandbox: Sandbox, word: str, left: int, tmp_path: Path
) -> None:
    """Before anything is marked; no answer is no."""
    where = f"127.0.0.1:{sandbox.ports['pop3']}"
    options = ("--user", "alice", "--message", "all", "--out", f"{tmp_path}/o/", "--delete")
    line = probe.command("fetch", where, *options)
    person = pexpect.spawn(line[0], line[1:], timeout=probe.LONG)
    person.expect_exact("secret of alice (hidden): ")
    person.sendline("secret")
    person.expect_exact("Delete 4 messages from the server? [y/N] ")
    person.sendline(word)
    person.expect(pexpect.EOF)
    person.wait()
    assert b"secret" not in person.before
    assert fetch(sandbox).out.splitlines()[-1].startswith(f"{left} messages")


# -------------------------------------------------------------------------------------- logins


def test_utf8_and_lang(sandbox: Sandbox) -> None:
    """RFC 6856: before the login, each with its own answer."""
    result = fetch(sandbox, "--utf8", "--lang", "en", "--dialogue")
    sent = [line[3:] for line in result.out.splitlines() if line.startswith("C: ")]
    assert sent[:3] == ["CAPA", "UTF8", "LANG en"]
    assert result.status == 0
    result = fetch(sandbox, "--lang", "de")
    assert result.ended == ("refused", 1)
    assert "LANG was answered: -ERR There is no such language" in result.err


@pytest.mark.parametrize(
    "code, meaning",
    [
        (b"IN-USE", "another session holds the maildrop"),
        (b"LOGIN-DELAY", "too short a while ago"),
        (b"SYS/TEMP", "try again later"),
        (b"AUTH", "the account is the trouble"),
    ],
)
def test_response_codes_in_words(code: bytes, meaning: str) -> None:
    """RFC 2449, section 8, and RFC 3206."""
    with server(PASS=b"-ERR [" + code + b"] no\r\n") as running:
        result = fetch(running)
    assert result.ended == ("refused", 1)
    assert f"PASS was answered: -ERR [{code.decode()}] no ({code.decode()}: " in result.err
    assert meaning in result.err


@pytest.mark.parametrize(
    "capabilities, greeting, verbs",
    [
        (b"SASL PLAIN\r\n", b"+OK\r\n", [b"AUTH PLAIN"]),
        (b"SASL XOAUTH2\r\n", b"+OK <1@x>\r\n", [b"APOP alice"]),
        (b"", b"+OK\r\n", [b"USER alice", b"PASS secret"]),
    ],
)
def test_by_what_is_offered_at_best(
    capabilities: bytes, greeting: bytes, verbs: list[bytes]
) -> None:
    """A mechanism for passwords, then APOP, then USER and PASS."""
    steps = pop3({**ANSWERS, b"CAPA": b"+OK\r\n" + capabilities + b".\r\n"})
    with ScriptedServer(send(greeting), *steps[1:]) as running:
        assert fetch(running).status == 0
        heard = running.heard_lines[1 : 1 + len(verbs)]
    assert all(line.startswith(verb) for line, verb in zip(heard, verbs, strict=True))


def test_nobody_logs_in() -> None:
    """Without a user there is no maildrop to open."""
    with server() as running:
        result = probe.run("fetch", f"127.0.0.1:{running.port}")
    assert result.ended == ("usage", 2)
    assert "--user U" in result.err


def test_an_interrupt_in_the_middle(tmp_path: Path) -> None:
    """Status 130; half a message is none, and nothing was deleted."""
    steps: list[Step] = [send(b"+OK\r\n")]
    for verb in (b"CAPA", b"USER", b"PASS", b"STAT", b"LIST", b"UIDL"):
        steps += [expect(verb), send(ANSWERS.get(verb, b"+OK\r\n"))]
    half = threading.Event()
    steps += [expect(b"RETR"), send(b"+OK\r\nhalf"), lambda peer: half.set(), stall]
    with ScriptedServer(*steps) as running:
        where = f"127.0.0.1:{running.port}"
        options = ("--user", "alice", *SAVED, "--out", f"{tmp_path}/out/")
        line = probe.command("fetch", where, *options)
        with subprocess.Popen(line, env={**os.environ, **SECRET}) as process:
            assert half.wait(probe.LONG)
            process.send_signal(signal.SIGINT)
            assert process.wait(probe.LONG) == 130
        assert b"QUIT" not in running.heard_lines
    assert list((tmp_path / "out").iterdir()) == []
