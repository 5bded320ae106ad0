"""Submission to a real Postfix: TLS by upgrade and at once, and every way to log in."""

from pathlib import Path

import pytest

import mailprobe
from tests.interop.mail import smtp
from tests.interop.servers import MailServers
from tests.interop.talk import said, talk, transcript_lines

PLAIN = "AGFsaWNlAHNlY3JldA=="  # NUL alice NUL secret

# ----------------------------------------------------------------------------------------- TLS


def test_starttls_goes_up_by_itself(mail_servers: MailServers, tmp_path: Path):
    """The first line that needs TLS gets EHLO, STARTTLS, handshake, EHLO before it."""
    record = tmp_path / "session.mpt"
    options = ("--starttls", "--ca", mail_servers.ca, "--ehlo", "probe.example", "--record", record)
    script = f"AUTH PLAIN {PLAIN}\nMAIL FROM:<alice@example.test>\nQUIT\n"
    run = talk(*smtp(mail_servers, "submission"), *options, script=script)
    hello = "EHLO probe.example"
    mail = "MAIL FROM:<alice@example.test>"
    assert run.sent == [hello, "STARTTLS", hello, "AUTH PLAIN ****", mail, "QUIT"]
    before, after = [reply for line, reply in run.dialogue if line == hello]
    assert "250-STARTTLS" in before
    assert not [line for line in before if "AUTH" in line]
    assert [line for line in after if line.startswith("250-AUTH ")]
    lines = run.stdout.splitlines()
    at = lines.index("S: 220 2.0.0 Ready to start TLS")
    assert lines[at + 1].startswith("# TLSv1.")
    assert run.answer("AUTH PLAIN ****") == ["235 2.7.0 Authentication successful"]

    recorded = transcript_lines(record)
    assert said(recorded) == ["EHLO", "STARTTLS", "@tls", "EHLO", "AUTH", "MAIL", "QUIT"]
    assert 'C~ AUTH PLAIN {=sasl("alice")}' in recorded
    assert recorded[-1] == "S@ close"
    assert PLAIN not in record.read_text() + run.stdout + run.stderr
    assert "secret" not in record.read_text() + run.stdout + run.stderr


def test_starttls_that_is_typed_is_the_upgrade(mail_servers: MailServers):
    """EHLO, STARTTLS and QUIT go out as they stand; nothing is said twice."""
    options = ("--starttls", "--ca", mail_servers.ca)
    script = "EHLO a\nSTARTTLS\nEHLO b\nNOOP\nQUIT\n"
    run = talk(*smtp(mail_servers, "submission"), *options, script=script)
    assert run.sent == ["EHLO a", "STARTTLS", "EHLO b", "NOOP", "QUIT"]


def test_starttls_without_the_option_works_too(mail_servers: MailServers):
    """A typed STARTTLS is always followed by the handshake."""
    script = "EHLO a\nSTARTTLS\nEHLO a\nQUIT\n"
    run = talk(*smtp(mail_servers), "--ca", mail_servers.ca, script=script)
    assert "250-STARTTLS" not in run.dialogue[3][1]
    assert run.answer("QUIT") == ["221 2.0.0 Bye"]


def test_submission_refuses_mail_in_clear(mail_servers: MailServers):
    """Without TLS the submission port says 530, and AUTH is not there."""
    script = "EHLO a\nMAIL FROM:<alice@example.test>\n"
    run = talk(*smtp(mail_servers, "submission"), script=script, status=1)
    assert run.stderr.startswith("mailprobe: refused: MAIL was answered: 530 5.7.0 ")


def test_tls_from_the_first_octet(mail_servers: MailServers, tmp_path: Path):
    """The implicit port: the greeting comes through TLS, and the recording says so."""
    record = tmp_path / "implicit.mpt"
    options = ("--tls", "--ca", mail_servers.ca, "--record", record)
    script = f"EHLO a\nAUTH PLAIN\n{PLAIN}\nQUIT\n"
    run = talk(*smtp(mail_servers, "submissions"), *options, script=script)
    assert run.stdout.startswith("# TLSv1.")
    assert run.sent == ["EHLO a", "AUTH PLAIN", "****", "QUIT"]
    assert run.answer("****") == ["235 2.7.0 Authentication successful"]
    assert "\ntls: implicit\n" in record.read_text()
    assert 'C~ {=sasl("alice")}' in transcript_lines(record)


def test_tls_by_name_and_by_url(mail_servers: MailServers):
    """The scheme asks for TLS as --tls does; localhost is in the certificate."""
    target = f"submissions://localhost:{mail_servers.submissions}"
    run = talk("smtp", target, "-4", "--ca", mail_servers.ca, script="QUIT\n")
    assert run.answer("QUIT") == ["221 2.0.0 Bye"]


@pytest.mark.parametrize(
    "port, option",
    [("submissions", "--tls"), ("submission", "--starttls")],
    ids=["tls", "starttls"],
)
def test_certificate_that_nobody_vouches_for(mail_servers: MailServers, port: str, option: str):
    """Without --ca the link ends before anything is said inside it; the reason is told."""
    run = talk(*smtp(mail_servers, port), option, script="NOOP\n", status=4)
    assert "NOOP" not in run.sent
    assert run.stderr.startswith(f"mailprobe: tls: the certificate of {mail_servers.host} is not ")
    assert "--ca FILE" in run.stderr
    assert "--no-verify" in run.stderr


def test_unverified_is_loud(mail_servers: MailServers):
    """--no-verify takes the certificate, and warns."""
    run = talk(*smtp(mail_servers, "submissions"), "--tls", "--no-verify", script="QUIT\n")
    assert run.stderr.startswith("warning: the certificate was NOT verified")


def test_plain_text_and_tls_on_the_wrong_ports(mail_servers: MailServers):
    """TLS to a port that speaks first is told in words, and so is silence on a TLS port."""
    run = talk(*smtp(mail_servers), "--tls", "--no-verify", script="QUIT\n", status=4)
    assert run.stderr.startswith("mailprobe: tls: ")
    assert "plain" in run.stderr or "STARTTLS" in run.stderr
    run = talk(*smtp(mail_servers, "submissions"), "--timeout", "700ms", script="QUIT\n", status=4)
    assert run.stderr.startswith("mailprobe: timeout: ")
    assert "--tls" in run.stderr


# ---------------------------------------------------------------------------------------- AUTH

MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256")


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_every_mechanism_logs_in(mail_servers: MailServers, mechanism: str):
    """On submission after STARTTLS: 235, and mail for strangers may be sent."""
    url = f"submission://{mail_servers.host}:{mail_servers.submission}"
    with mailprobe.connect(url, starttls=True, ca=mail_servers.ca) as session:
        reply = session.login(mechanism, "alice", "secret").reply
        assert (reply.code, reply.enhanced) == ("235", "2.7.0")
        assert session.facts.authenticated
        assert session.command("MAIL FROM:<alice@example.test>").reply.code == "250"
        assert session.command("RCPT TO:<stranger@example.org>").reply.code == "250"
        assert session.quit().reply.code == "221"


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_every_mechanism_refuses_a_wrong_secret(mail_servers: MailServers, mechanism: str):
    """535 ends the exchange, and the link takes commands as before."""
    with mailprobe.connect(f"smtp://{mail_servers.host}:{mail_servers.lab}") as session:
        session.command("EHLO client.example")
        assert session.login(mechanism, "alice", "wrong").reply.code == "535"
        assert not session.facts.authenticated
        assert session.command("NOOP").reply.code == "250"


def test_auth_that_is_given_up(mail_servers: MailServers):
    """`*` is an answer like any other, and not a secret: 501."""
    script = "EHLO a\nAUTH LOGIN\n*\nNOOP\nQUIT\n"
    run = talk(*smtp(mail_servers, "lab"), "--keep-going", script=script, status=1)
    assert run.sent == ["EHLO a", "AUTH LOGIN", "*", "NOOP", "QUIT"]
    assert run.answer("*")[0].startswith("501 ")


def test_answer_may_look_like_a_local_command(mail_servers: MailServers):
    """After 334 the next line is the answer, whatever it is; it is not shown."""
    script = "EHLO a\nAUTH LOGIN\n/quit\nNOOP\nQUIT\n"
    run = talk(*smtp(mail_servers, "lab"), "--keep-going", script=script, status=1)
    assert run.sent[:3] == ["EHLO a", "AUTH LOGIN", "****"]
    assert "/quit" not in run.stdout
