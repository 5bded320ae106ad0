"""What was typed at Postfix and Dovecot is replayed: green as it is, red where a reply differs."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.hostile import probe
from tests.interop.altering import Altering, Change
from tests.interop.servers import MailServers
from tests.interop.talk import talk
from tests.interop.typist import Apop, Sasl, Typed, type_in
from tests.terminal.harness import Person

TIMES = 10  # that a recording is replayed, with no edit
MAIL = (
    *("MAIL FROM:<alice@example.test>", "RCPT TO:<bob@example.test>", "DATA"),
    *("From: alice@example.test", "To: bob@example.test", "Subject: typed", "", ".dot", "."),
)
MAILDROP = (
    *("STAT", "UIDL", "UIDL 1", "LIST", "TOP 1 1", "RETR 2", "DELE 1", "LIST", "RSET"),
    *("DELE 2", "RSET", "NOOP"),
)
HELLO = "EHLO client.example"
TLS = (HELLO, "STARTTLS", HELLO)


@dataclass(frozen=True)
class Session:
    """What is typed, to which port."""

    port: str
    typed: tuple[Typed, ...]

    @property
    def protocol(self) -> str:
        return "pop3" if self.port.startswith("pop3") else "smtp"


ALICE = ("alice", "secret")
SESSIONS = {
    "starttls plain": Session("submission", (*TLS, Sasl("PLAIN", *ALICE), *MAIL, "QUIT")),
    "starttls cram": Session("submission", (*TLS, Sasl("CRAM-MD5", *ALICE), *MAIL, "QUIT")),
    "starttls scram": Session("submission", (*TLS, Sasl("SCRAM-SHA-256", *ALICE), *MAIL, "QUIT")),
    "no initial": Session(
        "submission", (*TLS, Sasl("SCRAM-SHA-256", *ALICE, initial=False), *MAIL, "QUIT")
    ),
    "login": Session("submission", (*TLS, Sasl("LOGIN", *ALICE), *MAIL, "QUIT")),
    "clear plain": Session("lab", (HELLO, Sasl("PLAIN", *ALICE, initial=False), *MAIL, "QUIT")),
    "clear cram": Session("lab", (HELLO, Sasl("CRAM-MD5", *ALICE), *MAIL, "QUIT")),
    "clear scram": Session("lab", (HELLO, Sasl("SCRAM-SHA-256", *ALICE), "RSET", "NOOP", "QUIT")),
    "user pass": Session("pop3", ("USER alice", "PASS secret", "CAPA", *MAILDROP, "QUIT")),
    "apop": Session("pop3", (Apop(*ALICE), *MAILDROP, "QUIT")),
    "pop3 scram": Session("pop3", ("CAPA", Sasl("SCRAM-SHA-256", *ALICE), *MAILDROP, "QUIT")),
    "pop3 cram": Session("pop3", (Sasl("CRAM-MD5", *ALICE), *MAILDROP, "QUIT")),
    "stls": Session("pop3", ("STLS", "CAPA", Sasl("SCRAM-SHA-256", *ALICE), *MAILDROP, "QUIT")),
    "pop3s": Session("pop3s", ("USER alice", "PASS secret", *MAILDROP, "QUIT")),
}
names = pytest.mark.parametrize("name", SESSIONS)


def deliver(servers: MailServers) -> None:
    """Two mails for alice: they are there when LMTP has said 250."""
    mail = "MAIL FROM:<>\nRCPT TO:<alice@example.test>\nDATA\nSubject: x\n\n.dot\n+OK\n.\n"
    talk("lmtp", f"{servers.host}:{servers.lmtp}", script=f"LHLO a\n{mail * 2}QUIT\n")


def record(servers: MailServers, name: str, path: Path) -> Session:
    """Type a session, and have it recorded."""
    session = SESSIONS[name]
    if session.protocol == "pop3":
        deliver(servers)
    target = session.protocol, f"{servers.host}:{getattr(servers, session.port)}"
    options = ("--ca", servers.ca, "--record", path)
    tls = ("--tls",) if session.port == "pop3s" else ()
    type_in(*target, *options, *tls, typed=session.typed)
    return session


def replay(
    servers: MailServers, *paths: Path, options: tuple[object, ...] = (), status: int = 0
) -> list[dict[str, object]]:
    """Replay with alice's secret; what is told of each file, in their order."""
    secret = paths[0].parent.parent / "secret"
    if not secret.exists():
        secret.touch(mode=0o600)
        secret.write_text("secret\n")
    ran = probe.run(
        *("replay", *map(str, paths), "--ca", str(servers.ca), "--report", "json=-"),
        *("--secret-file", f"password={secret}", *map(str, options)),
    )
    assert ran.status == status, ran
    events = [json.loads(line) for line in ran.out.splitlines()]
    return [event for event in events if event["event"] == "result"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of transcripts, with nothing beside them."""
    folder = tmp_path / "transcripts"
    folder.mkdir()
    return folder


# --------------------------------------------------------------------------------------- green


@names
def test_a_recording_replays_green(mail_servers: MailServers, folder: Path, name: str) -> None:
    """Ten times in a row with no edit, by a secret of a private file."""
    path = folder / "typed.mpt"
    record(mail_servers, name, path)
    octets = path.read_bytes()
    assert b"secret" not in octets
    for _ in range(TIMES):
        (result,) = replay(mail_servers, path)
        assert result["verdict"] == "passed", result
    assert path.read_bytes() == octets
    assert probe.run("transcript", "lint", path).status == 0
    assert probe.run("transcript", "fmt", "--check", path).status == 0


def test_the_secret_of_the_environment(mail_servers: MailServers, folder: Path) -> None:
    """MAILPROBE_SECRET_PASSWORD serves as well; without any the replay says what to set."""
    path = folder / "typed.mpt"
    record(mail_servers, "starttls scram", path)
    line = ("replay", path, "--ca", mail_servers.ca)
    assert probe.run(*line, env={"MAILPROBE_SECRET_PASSWORD": "secret"}).status == 0
    without = probe.run(*line)
    assert without.ended == ("usage", 2)
    assert "MAILPROBE_SECRET_PASSWORD" in without.err
    wrong = probe.run(*line, env={"MAILPROBE_SECRET_PASSWORD": "wrong"})
    assert wrong.ended == ("mismatch", 1)
    number = next(n for n, text in lines_of(path) if text.startswith("S: 334 "))
    assert f"{path}:{number + 2}:" in wrong.err  # that of the answer, which is 535 now


def test_the_authority_is_named_again(mail_servers: MailServers, folder: Path) -> None:
    """--ca of the recording is --ca of the replay; without it, the line of the handshake is red."""
    path = folder / "typed.mpt"
    record(mail_servers, "starttls plain", path)
    ran = probe.run("replay", path, env={"MAILPROBE_SECRET_PASSWORD": "secret"})
    assert ran.ended == ("tls", 4)
    at = next(number for number, text in lines_of(path) if text == "@tls")
    assert f"{path}:{at}:1: " in ran.err
    assert "--ca FILE" in ran.err


@pytest.mark.terminal
def test_what_a_shell_records_replays_green(mail_servers: MailServers, folder: Path) -> None:
    """Typed at a prompt: STARTTLS, /auth with a hidden secret, a mail; and a maildrop."""
    deliver(mail_servers)
    smtp, pop3 = folder / "smtp.mpt", folder / "pop3.mpt"
    target = f"{mail_servers.host}:{mail_servers.submission}"
    person = Person("smtp", target, "--ca", str(mail_servers.ca), "--record", str(smtp), rows=60)
    for prompt, line in (
        ("smtp:greeted> ", HELLO),
        ("smtp:ready> ", "STARTTLS"),
        ("smtp:greeted> ", HELLO),
        ("smtp:ready> ", "/auth SCRAM-SHA-256 alice"),
        ("secret of alice (hidden): ", "secret"),
        ("smtp:ready> ", "/step A mail"),
        ("smtp:ready> ", "/note It is for bob."),
        ("smtp:ready> ", "MAIL FROM:<alice@example.test>"),
        ("smtp:mail> ", "RCPT TO:<bob@example.test>"),
        ("smtp:rcpt(1)> ", "/expect 354"),
        ("smtp:rcpt(1)> ", "DATA"),
        ("smtp:data 1| ", "Subject: typed"),
        ("smtp:data 2| ", ""),
        ("smtp:data 3| ", ".dot"),
        ("smtp:data 4| ", "."),
        ("smtp:ready> ", "QUIT"),
        ("smtp:closed> ", "/quit"),
    ):
        person.prompted(prompt)
        person.enter(line)
    status = person.ended()
    person.close()
    assert status == 0, person.screen
    person = Person("pop3", f"{mail_servers.host}:{mail_servers.pop3}", "--record", str(pop3))
    for prompt, line in (
        ("pop3:auth> ", "/apop alice"),
        ("secret of alice (hidden): ", "secret"),
        ("pop3:trans> ", "UIDL"),
        ("pop3:trans> ", "DELE 1"),
        ("pop3:trans> ", "RSET"),
        ("pop3:trans> ", "QUIT"),
        ("pop3:closed> ", "/quit"),
    ):
        person.prompted(prompt)
        person.enter(line)
    status = person.ended()
    person.close()
    assert status == 0, person.screen
    for _ in range(TIMES):
        results = replay(mail_servers, smtp, pop3)
        assert [result["verdict"] for result in results] == ["passed"] * 2, results
    text = smtp.read_text() + pop3.read_text()
    assert "== A mail\n| It is for bob.\n" in text
    assert "S? 354\n" in text
    assert "secret" not in text


def test_a_deletion_that_is_committed(mail_servers: MailServers, folder: Path) -> None:
    """Lint says that the second run differs, and it does: red at a line that the mail is gone."""
    deliver(mail_servers)
    path = folder / "typed.mpt"
    typed = ("USER alice", "PASS secret", "STAT", "RETR 2", "DELE 2", "QUIT")
    target = "pop3", f"{mail_servers.host}:{mail_servers.pop3}"
    type_in(*target, "--record", path, typed=typed)
    at = next(number for number, text in lines_of(path) if text == "C: DELE 2")
    ran = probe.run("transcript", "lint", path)
    assert f"{path}:{at}:1  its second run differs: the QUIT in line {at + 2} removes" in ran.out
    (result,) = replay(mail_servers, path, status=1)
    at = next(number for number, text in lines_of(path) if text == "C: RETR 2")
    assert line_of(result) == at + 1


# ----------------------------------------------------------------------------------------- red


def lines_of(path: Path) -> list[tuple[int, str]]:
    """The lines of a file with their numbers."""
    return list(enumerate(path.read_text().split("\n"), 1))


def line_of(result: dict[str, object]) -> int:
    """Where a replay went red."""
    assert result["verdict"] == "failed", result
    problem = result["problem"]
    assert isinstance(problem, dict)
    assert problem["word"] == "mismatch", problem
    return int(problem["line"])


@dataclass(frozen=True)
class Status:
    """A line of the server that holds a reply code, or a status indicator."""

    number: int  # of the file
    index: int  # among the lines of the server
    text: str


def statuses(path: Path) -> list[Status]:
    """The lines of replies in a recording; those of multi-line responses are none."""
    found, index, body = [], -1, False
    asked = ""
    for number, text in lines_of(path):
        if text.startswith("C"):
            asked = text[3:]
        if not re.match(r"S[:~\\]", text):
            continue
        index += 1
        if body:
            body = text != "S: ."
            continue
        found.append(Status(number, index, text))
        verb, _, argument = asked.partition(" ")
        body = text[3:].startswith("+OK") and (
            verb in ("RETR", "TOP", "CAPA") or (verb in ("LIST", "UIDL") and not argument)
        )
    return found


def go_ahead_in(path: Path) -> int | None:
    """Which line of the server says that TLS may begin; -1: it began with the connection."""
    text = path.read_text()
    if "\ntls: implicit\n" in text:
        return -1
    before, tls, _ = text.partition("\n@tls\n")
    return len(re.findall(r"^S[:~\\]", before, re.MULTILINE)) - 1 if tls else None


def altered(text: str) -> Iterator[str]:
    """A reply line with one thing of its code changed: each digit; or the status indicator."""
    if text[:3].isdigit():
        for at in range(3):
            digit = "2" if text[at] != "2" else "4"
            yield text[:at] + digit + text[at + 1 :]
    elif text.startswith("+OK"):
        yield "-ERR" + text[3:]
    elif text.startswith("+"):
        yield "+OK" + text[1:]
    else:
        yield "+OK" + text.removeprefix("-ERR")


@names
def test_an_altered_code_on_the_wire(mail_servers: MailServers, folder: Path, name: str) -> None:
    """Between server and client one digit changes, for each reply of the session: red there."""
    path = folder / "typed.mpt"
    session = record(mail_servers, name, path)
    octets = path.read_bytes()
    changes: list[Change] = []
    copies: list[Path] = []
    expected = []
    for status in statuses(path):
        code = status.text[3:6].rstrip()
        for text in altered(code):
            changes.append(Change(status.index, code.encode(), text.encode()))
            expected.append(status.number)
            copies.append(folder / f"{len(copies):03}.mpt")
            copies[-1].write_bytes(octets)
    upstream = mail_servers.host, getattr(mail_servers, session.port)
    with Altering(upstream, changes, mail_servers.ca.parent, go_ahead_in(path)) as proxy:
        results = replay(mail_servers, *copies, options=("--server", proxy.address), status=1)
    assert [line_of(result) for result in results] == expected
