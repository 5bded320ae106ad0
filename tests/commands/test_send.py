"""`mailprobe send` as a process: what it says on the wire, what it shows, how it ends."""

import email
import email.policy
import json
import os
import subprocess
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from mailprobe.sandbox.server import Sandbox
from tests.hostile import probe
from tests.hostile.server import Peer, ScriptedServer, Step, close, expect, send, smtp

HELLO = b"250-mx\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250 DSN\r\n"
ENVELOPE = ("--from", "bob@example.org", "--to", "alice@example.test")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox({"smtp": 0, "submission": 0, "lmtp": 0}) as running:
        yield running


def to(server: ScriptedServer | Sandbox, *options: str | Path, **how: object) -> probe.Result:
    port = server.port if isinstance(server, ScriptedServer) else server.ports["smtp"]
    return probe.run("send", f"127.0.0.1:{port}", *options, **how)  # type: ignore[arg-type]


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    path = tmp_path / "m.eml"
    path.write_bytes(b"Subject: x\n\n.x\n")
    return path


def test_a_file_as_it_travels(mail: Path) -> None:
    """The size with CRLF and without doubled dots; one group; QUIT at the end."""
    replies = {b"EHLO": HELLO, b".": b"250 2.0.0 Ok: queued as 4bXyZ\r\n"}
    with ScriptedServer(*smtp(replies)) as server:
        result = to(server, *ENVELOPE, "--ret", "full", "--orcpt", "each", mail)
        assert server.heard_lines[1:] == [
            b"MAIL FROM:<bob@example.org> SIZE=18 RET=FULL",
            b"RCPT TO:<alice@example.test> ORCPT=rfc822;alice@example.test",
            b"DATA", b"Subject: x", b"", b"..x", b".", b"QUIT",
        ]  # fmt: skip
    assert (result.status, result.err) == (0, "")
    *_, row, summary = result.out.splitlines()
    words = " ".join(row.split())
    assert words == "alice@example.test sent 250 2.0.0 Ok: queued as 4bXyZ"
    assert summary == f"{mail}: sent to 1 of 1, 18 octets, queued as 4bXyZ"


def test_one_refused_of_two(mail: Path) -> None:
    """The other has it; status 1, and the line says who was refused, and by which words."""
    replies = {b"RCPT TO:<no@x.test>": b"550 5.1.1 \x1b[31mno\r\n"}
    with ScriptedServer(*smtp(replies)) as server:
        result = to(server, *ENVELOPE, "--to", "no@x.test", mail)
    assert result.ended == ("refused", 1)
    assert "1 of 2 recipients was refused; <no@x.test> was answered: 550 5.1.1 \\u{1b}[31mno" in (
        result.err
    )
    rows = [line.split()[:2] for line in result.out.splitlines()[1:3]]
    assert rows == [["alice@example.test", "sent"], ["no@x.test", "refused"]]


@pytest.mark.parametrize("place", [b"EHLO", b"MAIL", b"DATA", b"."])
def test_refusals(place: bytes, mail: Path) -> None:
    """Wherever it happens: status 1, and the link is left politely."""
    replies = {place: b"451 4.3.0 later\r\n", b"HELO": b"451 4.3.0 later\r\n"}
    with ScriptedServer(*smtp(replies)) as server:
        result = to(server, *ENVELOPE, "--no-pipelining", mail)
        assert server.heard_lines[-1] == b"QUIT"
    assert result.ended == ("refused", 1)
    assert "451 4.3.0 later" in result.err


def test_who_knows_no_ehlo(mail: Path) -> None:
    """HELO then, and no parameter (RFC 5321, section 3.2)."""
    with ScriptedServer(*smtp({b"EHLO": b"500 what\r\n"})) as server:
        result = to(server, *ENVELOPE, mail)
        assert [line.split()[0] for line in server.heard_lines[:3]] == [b"EHLO", b"HELO", b"MAIL"]
        assert b"MAIL FROM:<bob@example.org>" in server.heard_lines
    assert (result.status, result.err) == (0, "")


def test_several_files_are_several_transactions(tmp_path: Path) -> None:
    """On one connection; each has its rows and its line."""
    paths = [tmp_path / "1.eml", tmp_path / "2.eml"]
    for path in paths:
        path.write_bytes(b"Subject: x\n\n")
    with ScriptedServer(*smtp()) as server:
        result = to(server, *ENVELOPE, *paths)
        assert [line for line in server.heard_lines if line == b"DATA"] == [b"DATA"] * 2
    assert result.status == 0
    assert [line.split()[0] for line in result.out.splitlines()] == [
        "message", *map(str, paths), *(f"{path}:" for path in paths)
    ]  # fmt: skip


def steps_to_data(last: Step) -> list[Step]:
    """A server that takes one message, and then does something else."""
    steps = [send(b"220 x\r\n")]
    for verb in (b"EHLO", b"MAIL", b"RCPT"):
        steps += [expect(verb), send(b"250 x\r\n")]
    return [*steps, expect(b"DATA"), send(b"354 x\r\n"), Peer.mail_data, last, close]


def test_the_server_goes_between_two_files(mail: Path) -> None:
    """What was sent is told, and that the rest was not."""
    with ScriptedServer(*steps_to_data(send(b"250 x\r\n"))) as server:
        result = to(server, *ENVELOPE, mail, mail)
    assert result.ended == ("eof", 4)
    rows = [line.split()[1:3] for line in result.out.splitlines()[1:3]]
    assert rows == [["alice@example.test", "sent"], ["alice@example.test", "not"]]


def test_the_server_says_goodbye(mail: Path) -> None:
    """421 behind the dot: not taken, and nothing is tried behind it."""
    with ScriptedServer(*steps_to_data(send(b"421 bye\r\n"))) as server:
        result = to(server, *ENVELOPE, mail, mail)
    assert result.ended == ("refused", 1)
    assert result.out.splitlines()[1].split()[1:4] == ["alice@example.test", "later", "421"]


def test_a_link_that_is_cut(mail: Path) -> None:
    """Behind the dot nobody knows: `unknown`, and the failure of the link."""
    with ScriptedServer(*steps_to_data(close)) as server:
        result = to(server, *ENVELOPE, mail)
    assert result.ended == ("eof", 4)
    assert result.out.splitlines()[1].split() == ["alice@example.test", "unknown"]


def test_composed_of_files_and_standard_input(tmp_path: Path) -> None:
    """--print gives the octets, and connects to nobody."""
    (tmp_path / "h.html").write_text("<p>é")
    options = ("--subject", "Grüße", "--text", "-", "--html", tmp_path / "h.html", "--print")
    line = probe.command("send", "127.0.0.1:1", *ENVELOPE, *options)
    done = subprocess.run(line, input=b"hallo\n", capture_output=True, timeout=probe.LONG)
    assert (done.returncode, done.stderr) == (0, b"")
    message = email.message_from_bytes(done.stdout, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert message["Subject"] == "Grüße"
    assert message.get_content_type() == "multipart/alternative"
    bodies = [part.get_content().strip() for part in message.iter_parts()]
    assert bodies == ["hallo", "<p>é"]
    with_file = probe.command("send", "127.0.0.1:1", *ENVELOPE, "--print", "-")
    done = subprocess.run(with_file, input=b"A: b\n\n\xff", capture_output=True, timeout=probe.LONG)
    assert done.stdout == b"A: b\n\n\xff"


def test_standard_input_is_a_message() -> None:
    """It is read once, and sent as often as it takes: measured first."""
    with ScriptedServer(*smtp({b"EHLO": HELLO})) as server:
        result = to(server, *ENVELOPE, "-", text=b"A: b\n\nx\n")
        assert b"MAIL FROM:<bob@example.org> SIZE=11" in server.heard_lines
    assert result.status == 0


def test_json(mail: Path) -> None:
    """One object, whatever happened."""
    with ScriptedServer(*smtp({b"RCPT TO:<no@x.test>": b"450 4.2.0 busy\r\n"})) as server:
        result = to(server, *ENVELOPE, "--to", "no@x.test", "--json", mail)
    assert result.ended == ("refused", 1)
    told = json.loads(result.out)
    assert (told["sent"], told["missed"]) == (1, 1)
    (message,) = told["messages"]
    assert message["recipients"][1] == {
        "recipient": "no@x.test",
        "verdict": "later",
        "code": "450",
        "enhanced": "4.2.0",
        "words": "450 4.2.0 busy",
    }


def test_the_dialogue_is_shown_without_the_mail(mail: Path) -> None:
    """Commands and replies; how many octets went, and none of them."""
    with ScriptedServer(*smtp()) as server:
        result = to(server, *ENVELOPE, "--dialogue", mail)
    assert "C: RCPT TO:<alice@example.test>\n" in result.out
    assert "\n# 22 octets of mail data\n" in result.out
    assert "Subject" not in result.out


@pytest.mark.parametrize(
    "options, sentence",
    [
        ((), "--from says"),
        (("--from", "a@b"), "--to says"),
        ((*ENVELOPE, "--subject", "x", __file__), "a whole message"),
        ((*ENVELOPE, "/nonexistent"), "No such file"),
        ((*ENVELOPE, "--by", "x"), "--by: expected"),
        ((*ENVELOPE, "--to", "a b"), "expected an address"),
        ((*ENVELOPE, "--mail-parameter", "A B"), "without blanks"),
        ((*ENVELOPE, "--chunking=x"), "--chunking"),
        ((*ENVELOPE, "--mx", "example.test", "--tls", "--starttls"), "exclude each other"),
        ((*ENVELOPE, "--user", "alice", "--auth", "XYZZY"), "expected one of"),
    ],
)
def test_what_does_not_fit(options: tuple[str, ...], sentence: str) -> None:
    """It is told before anybody is connected to."""
    with ScriptedServer(*smtp()) as server:
        result = to(server, *options)
        assert server.heard == b""
    assert result.ended == ("usage", 2)
    assert sentence in result.err


def test_whom_it_does_not_send_to() -> None:
    """POP3 sends nothing, and without a target there is nobody."""
    assert "mailprobe fetch" in probe.run("send", "pop3://127.0.0.1:1", *ENVELOPE).err
    assert "name a target" in probe.run("send", *ENVELOPE).err


def test_addresses_beyond_ascii(mail: Path) -> None:
    """Refused before MAIL where SMTPUTF8 is not offered; --anyway sends them."""
    envelope = ("--from", "a@b.test", "--to", "ü@x.test")
    with ScriptedServer(*smtp()) as server:
        result = to(server, *envelope, mail)
        assert [line.split()[0] for line in server.heard_lines] == [b"EHLO", b"QUIT"]
    assert result.ended == ("usage", 2)
    with ScriptedServer(*smtp()) as server:
        assert to(server, *envelope, "--anyway", mail).status == 0
        assert "RCPT TO:<ü@x.test>".encode() in server.heard_lines


def test_octets_as_they_are(sandbox: Sandbox, tmp_path: Path) -> None:
    """BINARYMIME by BDAT to the practice server, in chunks of a size."""
    path = tmp_path / "b.eml"
    path.write_bytes(b"Subject: x\r\n\r\n\0\n\r\xff" * 3)
    result = to(sandbox, *ENVELOPE, "--binary", "--chunking", "20", "--dialogue", path)
    assert result.status == 0, result.err
    sent = [line[3:] for line in result.out.splitlines() if line.startswith("C: ")]
    assert sent[1] == "MAIL FROM:<bob@example.org> SIZE=54 BODY=BINARYMIME"
    assert sent[3:6] == ["BDAT 20", "BDAT 20", "BDAT 14 LAST"]


def test_parameters_of_submission(sandbox: Sandbox, mail: Path) -> None:
    """Over TLS, logged in by what is offered at best; the secret is in no output."""
    port = f"127.0.0.1:{sandbox.ports['submission']}"
    options = ("--hold-for", "1m", "--mt-priority", "-3", "--by", "3600;N", "--requiretls")
    login = ("--starttls", "--ca", sandbox.ca, "--user", "alice", "--password-env", "WORD")
    env = {**os.environ, "WORD": "secret"}
    result = probe.run("send", port, *ENVELOPE, *options, *login, "--dialogue", mail, env=env)
    assert result.status == 0, result.err
    assert "C: AUTH SCRAM-SHA-512" in result.out
    assert "HOLDFOR=60 MT-PRIORITY=-3" in result.out
    assert "REQUIRETLS" in result.out
    assert "secret" not in result.out + result.err
    result = to(sandbox, *ENVELOPE, "--requiretls", mail)
    assert result.ended == ("security", 4)


def test_a_login_that_is_refused(sandbox: Sandbox, mail: Path) -> None:
    """Nothing is sent then."""
    login = ("--user", "alice", "--password-env", "WORD", "--auth", "PLAIN")
    result = to(sandbox, *ENVELOPE, *login, "--dialogue", mail, env={"WORD": "wrong"})
    assert result.ended == ("refused", 1)
    assert "C: MAIL" not in result.out


def test_a_recording_replays(sandbox: Sandbox, tmp_path: Path) -> None:
    """With its mail data, and against another server, too."""
    record = tmp_path / "sent.mpt"
    result = to(sandbox, *ENVELOPE, "--body", "hi", "--record", record, "--dry-run")
    assert result.status == 0, result.err
    assert result.out.splitlines()[-1] == "1 of 1 accepted, no mail data was sent (--dry-run)"
    result = to(sandbox, *ENVELOPE, "--body", "hi", "--record", tmp_path / "2.mpt")
    assert result.status == 0
    for path in (record, tmp_path / "2.mpt"):
        where = f"127.0.0.1:{sandbox.ports['smtp']}"
        replayed = probe.run("replay", path, "--server", where)
        assert replayed.status == 0, replayed.out + replayed.err


def test_lmtp(sandbox: Sandbox, mail: Path) -> None:
    """By the option, or by the URL."""
    port = sandbox.ports["lmtp"]
    for target in ((f"127.0.0.1:{port}", "--lmtp"), (f"lmtp://127.0.0.1:{port}",)):
        result = probe.run("send", *target, *ENVELOPE, "--to", "bob@example.test", mail)
        assert result.status == 0, result.err
        words = [line.partition("250 ")[2] for line in result.out.splitlines()[1:3]]
        assert words == [
            "2.0.0 <alice@example.test> Saved",
            "2.0.0 <bob@example.test> Saved",
        ]


@pytest.mark.slow
def test_a_large_message_is_not_in_memory(sandbox: Sandbox, tmp_path: Path) -> None:
    """A block of it is held, however large it is."""
    path, peak = tmp_path / "big.eml", tmp_path / "peak"
    with path.open("wb") as file:
        file.write(b"Subject: big\n\n")
        for _ in range(400):
            file.write((b"x" * 76 + b"\n") * 1000)
    result = to(sandbox, *ENVELOPE, path, peak=peak)
    plain = to(sandbox, *ENVELOPE, "--body", "x", peak=peak)
    assert result.status == plain.status == 0
    assert result.peak is not None
    assert plain.peak is not None
    assert result.peak < plain.peak + 10_000_000


def test_a_profile_says_where_and_who(sandbox: Sandbox, mail: Path, tmp_path: Path) -> None:
    """Its name in the place of a target; its user logs in."""
    folder = tmp_path / "mailprobe"
    folder.mkdir()
    target = f"127.0.0.1:{sandbox.ports['smtp']}"
    (folder / "config.toml").write_text(
        f'[profile.here]\ntarget = "{target}"\nprotocol = "smtp"\nuser = "alice"\n'
    )
    env = {"XDG_CONFIG_HOME": str(tmp_path), "MAILPROBE_SECRET_PASSWORD": "secret"}
    result = probe.run("send", "@here", *ENVELOPE, "--to", "x@y.test", "--dialogue", mail, env=env)
    assert result.status == 0, result.err
    assert "S: 235 " in result.out
    assert "secret" not in result.out.replace("secret is", "")


def test_options_of_tls_are_the_same(sandbox: Sandbox, mail: Path) -> None:
    """A file that holds no certificate, and one that nobody vouches for: told as in a session."""
    assert to(sandbox, *ENVELOPE, "--ca", "/nonexistent", mail).ended == ("usage", 2)
    result = to(sandbox, *ENVELOPE, "--starttls", mail)
    assert result.ended == ("tls", 4)
    assert "--ca FILE" in result.err
    result = to(sandbox, *ENVELOPE, "--starttls", "--no-verify", mail)
    assert result.status == 0
    assert "NOT verified" in result.err
