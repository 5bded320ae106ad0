"""Foreign clients of served transcripts: Python's own, curl, swaks."""

import poplib
import shutil
import smtplib
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mailprobe.player.secrets import Vault
from mailprobe.player.server import Server
from tests.player.serving import LIMIT, options, pop3, smtp, verdict_of

MAIL = "Subject: hi\r\n\r\nHi.\r\n.a dot\r\n"

SUBMISSION = """\
S: 220 mail.example.net ESMTP
C: EHLO client.example
S: 250-mail.example.net
S: 250 STARTTLS
C: STARTTLS
S: 220 2.0.0 go ahead
@tls
C: EHLO client.example
S: 250-mail.example.net
S: 250-8BITMIME
S: 250 AUTH {mechanism}
{login}
S: 235 2.7.0 welcome
C: MAIL FROM:<alice@x.example>
S: 250 2.1.0 ok
C: RCPT TO:<bob@x.example>
S: 250 2.1.5 ok
C: DATA
S: 354 go
C: Subject: hi
C:
C: .
S~ 250 2.0.0 {{id:token=4XyT0s}} queued
C: QUIT
S: 221 2.0.0 bye
S@ close
"""
CHALLENGE = "PDEyMy40NTZAbWFpbC5leGFtcGxlPg=="  # <123.456@mail.example>
LOGINS = {
    "PLAIN": "C~ AUTH PLAIN {=sasl}",
    "LOGIN": ("C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC~ {=sasl}\nS: 334 UGFzc3dvcmQ6\nC~ {=sasl}"),
    "CRAM-MD5": f"C: AUTH CRAM-MD5\nS: 334 {CHALLENGE}\nC~ {{=sasl}}",
}


def submission(folder: Path, mechanism: str) -> Path:
    text = SUBMISSION.format(mechanism=mechanism, login=LOGINS[mechanism])
    return smtp(folder, text, "set user: alice")


def known() -> object:
    return options(vault=Vault({"MAILPROBE_SECRET_PASSWORD": "secret"}))


def send_by_smtplib(server: Server, password: str = "secret") -> None:
    trusting = ssl.create_default_context(cafile=str(server.ca))
    with smtplib.SMTP("127.0.0.1", server.ports[1], timeout=LIMIT) as client:
        client.starttls(context=trusting)
        client.login("alice", password)
        client.sendmail("alice@x.example", ["bob@x.example"], MAIL)


def send_by_curl(server: Server, mechanism: str) -> None:
    done = subprocess.run(
        [
            *("curl", "-sS", f"smtp://127.0.0.1:{server.ports[1]}/client.example"),
            *("--ssl-reqd", "--cacert", str(server.ca), "--user", "alice:secret"),
            *("--login-options", f"AUTH={mechanism}", "--max-time", str(LIMIT)),
            *("--mail-from", "alice@x.example", "--mail-rcpt", "bob@x.example", "-T", "-"),
        ],
        input=MAIL.encode(),
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr


def send_by_swaks(server: Server, mechanism: str) -> None:
    done = subprocess.run(
        [
            *("swaks", "--server", f"127.0.0.1:{server.ports[1]}", "-tls"),
            *("--tls-verify", "--tls-ca-path", str(server.ca), "--ehlo", "client.example"),
            *("-a", mechanism, "-au", "alice", "-ap", "secret"),
            *("-f", "alice@x.example", "-t", "bob@x.example", "--timeout", str(int(LIMIT))),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )
    assert done.returncode == 0, done.stdout


SENDERS: dict[str, Callable[[Server, str], None]] = {
    "smtplib": lambda server, mechanism: send_by_smtplib(server),
    "curl": send_by_curl,
    "swaks": send_by_swaks,
}


def skip_without(program: str) -> None:
    if program not in ("smtplib", "poplib") and shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


@pytest.mark.parametrize("mechanism", LOGINS)
@pytest.mark.parametrize("program", SENDERS)
def test_a_mail_over_starttls_with_a_login(program: str, mechanism: str, tmp_path: Path) -> None:
    """TLS by the practice CA, a login that is verified, a mail: with or without an initial
    response, in LOGIN with one user too many, as the clients like it."""
    skip_without(program)
    with Server([submission(tmp_path, mechanism)], known()) as server:  # type: ignore[arg-type]  # options
        SENDERS[program](server, mechanism)
        assert verdict_of(server) == "note: file.mpt passed"


@pytest.mark.parametrize("mechanism", LOGINS)
def test_a_wrong_password_is_refused(mechanism: str, tmp_path: Path) -> None:
    """It is the verdict, and in none of its words."""
    with Server([submission(tmp_path, mechanism)], known()) as server:  # type: ignore[arg-type]  # options
        with pytest.raises(smtplib.SMTPException):
            send_by_smtplib(server, "hunter22")
        verdict = verdict_of(server)
        assert "the login is wrong: no such user, or the credentials are wrong" in verdict
        assert "hunter22" not in verdict


def test_one_command_more_is_reported(tmp_path: Path) -> None:
    """The first differing line: where the file has something else."""
    with Server([submission(tmp_path, "PLAIN")]) as server:
        with smtplib.SMTP("127.0.0.1", server.ports[1], timeout=LIMIT) as client:
            client.ehlo()
            assert client.verify("bob")[0] == 503
        assert verdict_of(server) == ('mismatch: file.mpt:9:4: expected "STARTTLS", got "vrfy bob"')


# ------------------------------------------------------------------------------------- POP3

MAILDROP = """\
S: +OK <123.456@mail.example> ready
{login}
S: +OK in
C: STAT
S: +OK 1 28
C: LIST
S: +OK
S: 1 28
S: .
C: RETR 1
S: +OK
S: Subject: hi
S:
S: ..a dot
S: .
C: DELE 1
S: +OK
C: QUIT
S: +OK bye
S@ close
"""


@pytest.mark.parametrize("login", ["USER", "APOP"])
def test_poplib_reads_a_maildrop(login: str, tmp_path: Path) -> None:
    """USER and PASS, or APOP with a digest that is verified."""
    lines = {
        "USER": "C~ USER {user}\nS: +OK\nC~ PASS {password}",
        "APOP": "C~ APOP {user} {=apop}",
    }
    file = pop3(tmp_path, MAILDROP.format(login=lines[login]), "set user: alice")
    with Server([file], known()) as server:  # type: ignore[arg-type]  # options
        client = poplib.POP3("127.0.0.1", server.ports[1], timeout=LIMIT)
        if login == "APOP":
            client.apop("alice", "secret")
        else:
            client.user("alice")
            client.pass_("secret")
        assert client.stat() == (1, 28)
        assert client.list()[1] == [b"1 28"]
        assert client.retr(1)[1] == [b"Subject: hi", b"", b".a dot"]
        client.dele(1)
        client.quit()
        assert verdict_of(server) == "note: file.mpt passed"


def test_poplib_over_tls(tmp_path: Path) -> None:
    """By STLS, and from the first octet."""
    text = "S: +OK\nC: CAPA\nS: +OK\nS: STLS\nS: .\nC: STLS\nS: +OK go\n@tls\nC: NOOP\nS: +OK\n"
    with Server([pop3(tmp_path, text)]) as server:
        trusting = ssl.create_default_context(cafile=str(server.ca))
        client = poplib.POP3("127.0.0.1", server.ports[1], timeout=LIMIT)
        client.stls(context=trusting)
        client.noop()
        client.quit()
        assert verdict_of(server) == "note: file.mpt passed"
    with Server([pop3(tmp_path, "S: +OK\nC: NOOP\nS: +OK\n", "tls: implicit")]) as server:
        trusting = ssl.create_default_context(cafile=str(server.ca))
        other = poplib.POP3_SSL("127.0.0.1", server.ports[1], timeout=LIMIT, context=trusting)
        other.noop()
        other.quit()
        assert verdict_of(server) == "note: file.mpt passed"


def test_a_client_that_does_not_trust_us(tmp_path: Path) -> None:
    """The verdict is about the handshake."""
    text = "S: +OK\nC: CAPA\nS: +OK\nS: STLS\nS: .\nC: STLS\nS: +OK go\n@tls\nC: NOOP\nS: +OK\n"
    with Server([pop3(tmp_path, text)]) as server:
        client = poplib.POP3("127.0.0.1", server.ports[1], timeout=LIMIT)
        with pytest.raises(ssl.SSLError):
            client.stls(context=ssl.create_default_context())
        verdict = verdict_of(server)
        assert verdict.startswith("tls: file.mpt:11:1: ")
        assert verdict.endswith("; expected a TLS handshake")


def test_curl_reads_a_maildrop(tmp_path: Path) -> None:
    """CAPA, APOP or SASL: curl takes the strongest that is offered."""
    skip_without("curl")
    text = (
        "S: +OK ready\nC: CAPA\nS: +OK\nS: SASL PLAIN\nS: .\nC~ AUTH PLAIN {=sasl}\nS: +OK in\n"
        "C: RETR 1\nS: +OK\nS: Subject: hi\nS:\nS: ..a dot\nS: .\nC: QUIT\nS: +OK bye\nS@ close\n"
    )
    file = pop3(tmp_path, text, "set user: alice")
    with Server([file], known()) as server:  # type: ignore[arg-type]  # options
        url = f"pop3://127.0.0.1:{server.ports[1]}/1"
        done = subprocess.run(
            ["curl", "-sS", url, "--user", "alice:secret", "--max-time", str(LIMIT)],
            capture_output=True,
        )
        assert (done.returncode, done.stdout) == (0, b"Subject: hi\r\n\r\n.a dot\r\n")
        assert verdict_of(server) == "note: file.mpt passed"
