"""--auth and /auth against Postfix and Dovecot: every mechanism that they have, in each form."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.hostile import probe
from tests.interop.mail import smtp
from tests.interop.servers import MailServers
from tests.interop.settings import MASTER, token
from tests.interop.talk import LIMIT, PROGRAM, Spoken

MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256")
BEARERS = ("OAUTHBEARER", "XOAUTH2")


def log_in(
    *arguments: object, secret: str, script: str = "NOOP\nQUIT\n", status: int = 0
) -> Spoken:
    """A run whose secret is in a variable."""
    run = subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        input=script.encode(),
        capture_output=True,
        timeout=LIMIT,
        check=False,
        env={**os.environ, "WORD": secret, "MAILPROBE_SECRET_PASSWORD": secret},
    )
    spoken = Spoken(run.stdout.decode(), run.stderr.decode(), run.returncode)
    assert spoken.status == status, spoken
    assert secret not in spoken.stdout + spoken.stderr
    return spoken


def pop3(servers: MailServers) -> tuple[str, str]:
    return "pop3", f"{servers.host}:{servers.pop3}"


def by(mechanism: str, user: str = "alice") -> tuple[str, ...]:
    return ("--auth", mechanism, "--user", user, "--password-env", "WORD")


def submission(servers: MailServers) -> tuple[object, ...]:
    return (*smtp(servers, "submission"), "--starttls", "--ca", servers.ca)


def maildrop(servers: MailServers) -> tuple[object, ...]:
    return (*pop3(servers), "--starttls", "--ca", servers.ca)


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_over_tls(mail_servers: MailServers, mechanism: str):
    """SCRAM says over TLS that it could be bound to it (y), for neither server offers -PLUS."""
    run = log_in(*submission(mail_servers), *by(mechanism), secret="secret")
    assert "S: 235 2.7.0 Authentication successful" in run.stdout
    run = log_in(*maildrop(mail_servers), *by(mechanism), secret="secret")
    assert "S: +OK Logged in." in run.stdout


def test_apop(mail_servers: MailServers):
    """By the digest of the greeting."""
    run = log_in(*pop3(mail_servers), *by("APOP"), secret="secret")
    assert "S: +OK Logged in." in run.stdout


def test_anonymous(mail_servers: MailServers):
    """Over POP3, with a trace; Postfix is told not to offer it, and refuses."""
    who = ("--auth", "ANONYMOUS", "--user", "sirhc@example.org")
    run = log_in(*maildrop(mail_servers), *who, secret="none", script="STAT\nQUIT\n")
    assert "S: +OK Logged in." in run.stdout
    run = log_in(*submission(mail_servers), *who, secret="none", status=1)
    assert run.stderr.startswith("mailprobe: refused: AUTH was answered: 535 5.7.8")


@pytest.mark.parametrize("mechanism", BEARERS)
def test_a_good_token(mail_servers: MailServers, mechanism: str):
    """It goes with AUTH over SMTP; over POP3, whose lines are short, it waits for a challenge."""
    good = token("alice")
    run = log_in(*submission(mail_servers), *by(mechanism), secret=good)
    assert "S: 235 2.7.0 Authentication successful" in run.stdout
    assert f"AUTH {mechanism} ****" in run.sent
    run = log_in(*maildrop(mail_servers), *by(mechanism), secret=good)
    assert f"AUTH {mechanism}" in run.sent
    assert "S: +OK Logged in." in run.stdout


@pytest.mark.parametrize("mechanism", BEARERS)
def test_a_bad_token(mail_servers: MailServers, mechanism: str):
    """The JSON of the server is told in words, answered, and the login is refused."""
    for bad in (token("alice", age=7200), token("alice", key=b"another")):
        for where in (submission(mail_servers), maildrop(mail_servers)):
            run = log_in(*where, *by(mechanism), secret=bad, status=1)
            assert f"# {mechanism}: the token was refused: status " in run.stdout
            assert run.stderr.startswith("mailprobe: refused: AUTH was answered: ")


def test_plain_for_another(mail_servers: MailServers):
    """The authzid is the user whose maildrop it is then (RFC 4616)."""
    user, secret = MASTER
    run = log_in(*maildrop(mail_servers), *by("PLAIN", user), "--authzid", "alice", secret=secret)
    assert "S: +OK Logged in." in run.stdout
    run = log_in(*maildrop(mail_servers), *by("PLAIN", user), secret=secret, status=1)
    assert "S: -ERR [AUTH] " in run.stdout


def test_plain_for_another_is_recorded(mail_servers: MailServers, tmp_path: Path):
    """Both names, and none of the secret: it replays as it is."""
    user, secret = MASTER
    path = tmp_path / "typed.mpt"
    options = ("--authzid", "alice", "--record", path)
    log_in(*maildrop(mail_servers), *by("PLAIN", user), *options, secret=secret)
    assert f'C~ AUTH PLAIN {{=sasl("{user}", password, "alice")}}\n' in path.read_text()
    assert secret not in path.read_text()
    line = ("replay", path, "--ca", mail_servers.ca)
    ran = probe.run(*line, env={"MAILPROBE_SECRET_PASSWORD": secret})
    assert ran.status == 0, ran


@pytest.mark.parametrize("line", ["PLAIN alice --no-initial", "LOGIN alice --initial"])
def test_the_other_form(mail_servers: MailServers, line: str):
    """Without the initial response where there could be one, and with it where there need not."""
    script = f"EHLO client.example\n/auth {line}\nQUIT\n"
    run = log_in(*smtp(mail_servers, "lab"), secret="secret", script=script)
    assert "S: 235 2.7.0 Authentication successful" in run.stdout
    script = f"/auth {line}\nQUIT\n"
    run = log_in(*pop3(mail_servers), secret="secret", script=script)
    assert "S: +OK Logged in." in run.stdout
