"""The real servers are what the other tests take them for: foreign clients say so."""

import contextlib
import hashlib
import poplib
import re
import smtplib
import socket
import ssl
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from tests.interop import servers, settings
from tests.interop.servers import MailServers

ALICE = "alice@example.test"
MAIL = "From: bob@example.test\r\nTo: alice@example.test\r\nSubject: %s\r\n\r\nHello.\r\n"
SCRAM = {"SCRAM-SHA-1", "SCRAM-SHA-256"}
MECHANISMS = {"PLAIN", "LOGIN", "CRAM-MD5"} | SCRAM


def verifying(mail_servers: MailServers) -> ssl.SSLContext:
    """A context that trusts the servers' authority and nobody else."""
    return ssl.create_default_context(cafile=str(mail_servers.ca))


def test_accounts_log_in_by_pop3(mail_servers: MailServers):
    """Every account opens an empty maildrop with its password, and with no other."""
    for user, password in settings.ACCOUNTS.items():
        client = poplib.POP3(mail_servers.host, mail_servers.pop3)
        client.user(user)
        client.pass_(password)
        assert client.stat() == (0, 0)
        client.quit()
    client = poplib.POP3(mail_servers.host, mail_servers.pop3)
    client.user("alice")
    with pytest.raises(poplib.error_proto, match="AUTH"):
        client.pass_("wrong")
    client.close()


def test_mail_sent_by_smtp_is_fetched_by_pop3(mail_servers: MailServers):
    """Port 25: mail for example.test is taken without AUTH and lands in the maildrop."""
    with smtplib.SMTP(mail_servers.host, mail_servers.smtp) as client:
        client.ehlo()
        assert client.has_extn("starttls")
        assert not client.has_extn("auth")
        client.sendmail("bob@example.test", [ALICE], MAIL % "one")
    mail_servers.wait_for_mails("alice", 1)
    reader = poplib.POP3(mail_servers.host, mail_servers.pop3)
    reader.user("alice")
    reader.pass_("secret")
    assert b"Subject: one" in reader.retr(1)[1]
    reader.quit()


def test_port_25_relays_nothing(mail_servers: MailServers):
    """Loopback is a stranger: other domains get a 554 without AUTH."""
    with smtplib.SMTP(mail_servers.host, mail_servers.smtp) as client:
        client.ehlo()
        client.mail("bob@example.test")
        assert client.rcpt("somebody@example.org")[0] == 554
        assert client.rcpt("blocked@example.test")[0] == 550
        assert client.rcpt("grey@example.test")[0] == 450
        assert client.rcpt("postmaster@example.test")[0] == 250


def test_smtp_takes_a_mail_of_forty_megabytes(mail_servers: MailServers):
    """The announced SIZE leaves room for 40 MB of attachment and its encoding."""
    with smtplib.SMTP(mail_servers.host, mail_servers.smtp) as client:
        client.ehlo()
        assert int(client.esmtp_features["size"]) >= 60_000_000
        body = MAIL % "large" + ("x" * 998 + "\r\n") * 40_000
        client.sendmail("bob@example.test", [ALICE], body, mail_options=["BODY=8BITMIME"])
    (mail,) = mail_servers.wait_for_mails("alice", 1)
    assert mail.stat().st_size > 39_000_000


def test_submission_wants_tls_before_auth(mail_servers: MailServers):
    """MAIL and AUTH in clear are refused; after STARTTLS alice may send anywhere."""
    with smtplib.SMTP(mail_servers.host, mail_servers.submission) as client:
        client.ehlo()
        assert not client.has_extn("auth")
        assert client.mail("alice@example.test")[0] == 530
        client.starttls(context=verifying(mail_servers))
        client.ehlo()
        assert set(client.esmtp_features["auth"].split()) >= MECHANISMS
        client.login("alice", "secret")
        assert client.sendmail(ALICE, ["somebody@example.org"], MAIL % "away") == {}


def test_submissions_speaks_tls_at_once(mail_servers: MailServers):
    """The certificate names localhost and the loopback address; a wrong password is a 535."""
    context = verifying(mail_servers)
    for host in ("localhost", mail_servers.host):
        with smtplib.SMTP_SSL(host, mail_servers.submissions, context=context) as client:
            client.login("bob", "builder")
    with smtplib.SMTP_SSL(mail_servers.host, mail_servers.submissions, context=context) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
            client.login("bob", "wrong")
        assert caught.value.smtp_code == 535


def test_lab_takes_auth_in_clear(mail_servers: MailServers):
    """The lab has AUTH without TLS, XCLIENT, and a limit of 4096 octets."""
    with smtplib.SMTP(mail_servers.host, mail_servers.lab) as client:
        client.login("alice", "secret")
        assert client.esmtp_features["size"] == "4096"
        assert client.has_extn("xclient")


def test_lab_hangs_up_on_a_silent_client(mail_servers: MailServers):
    """After 3 s the lab says 421 unasked, and closes."""
    with socket.create_connection((mail_servers.host, mail_servers.lab), 30) as link:
        with link.makefile("rb") as stream:
            assert stream.readline().startswith(b"220 ")
            assert stream.readline().startswith(b"421 4.4.2 ")
            assert stream.readline() == b""


def test_postscreen_greets_in_two_parts(mail_servers: MailServers):
    """A client that waits gets `220-` and, later, `220 `."""
    with smtplib.SMTP() as client:
        code, text = client.connect(mail_servers.host, mail_servers.postscreen)
        assert code == 220
        assert text.startswith(b"wait\n")


def test_lmtp_answers_for_each_recipient(mail_servers: MailServers):
    """After the dot one recipient gets 250 and the one over quota 552 5.2.2."""
    with smtplib.LMTP(mail_servers.host, mail_servers.lmtp) as client:
        client.ehlo()
        client.mail("bob@example.test")
        assert client.rcpt(ALICE)[0] == 250
        assert client.rcpt("full@example.test")[0] == 250
        assert client.docmd("DATA")[0] == 354
        client.send((MAIL % "two") * 3 + ".\r\n")
        assert client.getreply()[0] == 250
        code, text = client.getreply()
        assert (code, text[:6]) == (552, b"5.2.2 ")
    assert len(mail_servers.mails("alice")) == 1
    assert mail_servers.mails("full") == []


def test_pop3_offers_apop_stls_and_sasl(mail_servers: MailServers):
    """The greeting has a timestamp that APOP takes; STLS and POP3S verify."""
    client = poplib.POP3(mail_servers.host, mail_servers.pop3)
    timestamp = re.search(rb"<[^<>]+@[^<>]+>", client.getwelcome())
    assert timestamp
    assert set(client.capa()["SASL"]) >= MECHANISMS
    digest = hashlib.md5(timestamp[0] + b"tanstaaf").hexdigest()
    assert client._shortcmd(f"APOP tanstaaf {digest}").startswith(b"+OK")
    client.quit()

    client = poplib.POP3(mail_servers.host, mail_servers.pop3)
    client.stls(context=verifying(mail_servers))
    client.user("bob")
    assert client.pass_("builder").startswith(b"+OK")
    client.quit()

    client = poplib.POP3_SSL(mail_servers.host, mail_servers.pop3s, context=verifying(mail_servers))
    client.user("alice")
    assert client.pass_("secret").startswith(b"+OK")
    client.quit()


@pytest.mark.parametrize("ask", [dns.query.udp, dns.query.tcp])
def test_zone_is_served(mail_servers: MailServers, ask):
    """MX records, a null MX, a name that does not exist, and a zone that fails."""

    def answer(name: str) -> dns.message.Message:
        question = dns.message.make_query(name, dns.rdatatype.MX)
        return ask(question, mail_servers.host, timeout=10, port=mail_servers.dns)

    targets = {str(record) for record in answer("example.test").answer[0]}
    assert targets == {"10 mx1.example.test.", "20 mx2.example.test."}
    assert str(answer("nomail.example.test").answer[0][0]) == "0 ."
    assert answer("implicit.example.test").answer == []
    assert answer("none.example.test").rcode() == dns.rcode.NXDOMAIN
    assert answer("broken.test").rcode() == dns.rcode.SERVFAIL


def test_empty_leaves_nothing(mail_servers: MailServers):
    """What was delivered is gone, and the next mail is the first one again."""
    for subject in ("first", "second"):
        with smtplib.LMTP(mail_servers.host, mail_servers.lmtp) as client:
            client.sendmail("bob@example.test", [ALICE], MAIL % subject)
        (mail,) = mail_servers.mails("alice")
        assert f"Subject: {subject}" in mail.read_text()
        mail_servers.empty()
        assert mail_servers.mails("alice") == []


def test_servers_that_fail_to_start_leave_nothing(
    running_servers: MailServers, monkeypatch: pytest.MonkeyPatch
):
    """A daemon that refuses its settings is an error with its log; the others are ended."""
    made: list[Path] = []

    def remember(**arguments: str) -> str:
        made.append(Path(make_folder(**arguments)))
        return str(made[-1])

    make_folder = servers.tempfile.mkdtemp
    monkeypatch.setattr(servers.tempfile, "mkdtemp", remember)
    monkeypatch.setattr(settings, "_NSD", "no settings at all\n")
    with pytest.raises(RuntimeError, match=r"(?s)nsd ended with status .*--- nsd\.out"):
        with servers.running():
            pytest.fail("nsd has started without settings")
    (folder,) = made
    assert not folder.exists()
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            assert str(folder).encode() not in command.read_bytes()


def test_servers_skip_with_a_reason(monkeypatch: pytest.MonkeyPatch):
    """Where a program is missing its name is said, and what installs it."""
    monkeypatch.setattr(servers.os, "geteuid", lambda: 0)
    monkeypatch.setattr(servers.shutil, "which", lambda name: None if name == "nsd" else name)
    assert servers.missing() == "not installed: nsd (.ci/servers installs them)"
    monkeypatch.setattr(servers.os, "geteuid", lambda: 1000)
    assert "need root" in (servers.missing() or "")
