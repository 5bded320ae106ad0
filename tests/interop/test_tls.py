"""/tls against real servers: what they present, what they resume, what TLS changes; EXTERNAL."""

import pytest

from tests.interop.mail import smtp
from tests.interop.practice import Practice
from tests.interop.servers import MailServers
from tests.interop.talk import Spoken, talk


def local(run: Spoken) -> dict[str, str]:
    """What the local commands have written, by the label of each line; the first one counts."""
    found: dict[str, str] = {}
    for line in run.stdout.splitlines():
        if line.startswith("# "):
            label, _, text = line[2:].strip().partition("  ")
            found.setdefault(label, text.strip())
    return found


@pytest.mark.parametrize(
    "port, how, said",
    [
        ("submission", "--starttls", "by STARTTLS or STLS"),
        ("submissions", "--tls", "from the first octet"),
    ],
)
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_postfix(mail_servers: MailServers, port: str, how: str, said: str, version: str):
    """Facts, chain and a ticket that is taken, by both versions and both ways into TLS."""
    options = (how, "--ca", mail_servers.ca, "--ehlo", "probe.example", "--tls-max", version)
    script = "EHLO probe.example\n/tls\n/tls resume\nQUIT\n"  # which brings TLS about, if need be
    run = talk(*smtp(mail_servers, port), *options, script=script)
    found = local(run)
    assert found["TLS"].startswith(f"TLSv{version}, ")
    assert found["TLS"].endswith(said)
    assert found["verified"].startswith(f"yes, for {mail_servers.host}, by the CAs in ")
    assert "localhost" in found["names"]
    assert f"\n# resumed: the server took a ticket on a second link (TLSv{version}, " in run.stdout
    assert ("gone over TLS" in found) is (how == "--starttls")
    if how == "--starttls":
        assert "\n# new over TLS       AUTH " in run.stdout


@pytest.mark.parametrize(
    "port, options, script",
    [
        ("pop3", (), "CAPA\nSTLS\nCAPA\n/tls\n/tls resume\nQUIT\n"),
        ("pop3s", ("--tls",), "/tls\n/tls resume\nQUIT\n"),
    ],
)
def test_dovecot(mail_servers: MailServers, port: str, options: tuple[str, ...], script: str):
    """The same by POP3; whether it resumes is told either way, and the first link lives on."""
    target = f"{mail_servers.host}:{getattr(mail_servers, port)}"
    run = talk("pop3", target, *options, "--ca", mail_servers.ca, script=script)
    found = local(run)
    assert found["TLS"].startswith("TLSv1.3, ")
    assert found["verified"].startswith(f"yes, for {mail_servers.host}, by the CAs in ")
    assert "resumed: the server" in run.stdout
    assert run.answer("QUIT")[0].startswith("+OK")


def test_the_name_of_a_certificate_for_an_address(mail_servers: MailServers):
    """--sni sends and verifies the name; a name that is not there is refused, with those it has."""
    arguments = (*smtp(mail_servers, "submissions"), "--tls", "--ca", mail_servers.ca)
    found = local(talk(*arguments, "--sni", "localhost", script="/tls\nQUIT\n"))
    assert found["name sent"] == "localhost"
    assert found["verified"].startswith("yes, for localhost, ")
    refused = talk(*arguments, "--sni", "mx.other.example", script="QUIT\n", status=4)
    assert "tls: the certificate of mx.other.example is not trusted: it is for another host" in (
        refused.stderr
    )


def test_external_by_smtp(sandbox: Practice):
    """The certificate that the sandbox writes is alice's; she needs no password."""
    options = ("--starttls", "--ca", sandbox.ca, "--cert", sandbox.certificate, "--ehlo", "me")
    script = "EHLO me\n/auth EXTERNAL\nMAIL FROM:<alice@example.test>\nQUIT\n"
    run = talk("smtp", f"{sandbox.host}:{sandbox.submission}", *options, script=script)
    assert any("AUTH EXTERNAL " in line for line in run.dialogue[-5][1] + run.dialogue[3][1])
    assert run.answer("AUTH EXTERNAL =") == ["235 2.7.0 You are logged in"]
    assert run.answer("MAIL FROM:<alice@example.test>")[0].startswith("250 ")


@pytest.mark.parametrize("port, how", [("pop3", "--starttls"), ("pop3s", "--tls")])
def test_external_by_pop3(sandbox: Practice, port: str, how: str):
    """The same, and as whom she does not act."""
    options = (how, "--ca", sandbox.ca, "--cert", sandbox.certificate)
    target = f"{sandbox.host}:{getattr(sandbox, port)}"
    run = talk("pop3", target, *options, "--auth", "EXTERNAL", script="STAT\nQUIT\n")
    assert run.answer("AUTH EXTERNAL =")[0].startswith("+OK alice's maildrop has ")
    assert run.answer("STAT")[0].startswith("+OK 4 ")
    run = talk("pop3", target, *options, script="/auth EXTERNAL as bob\nQUIT\n", status=1)
    assert "not that of the one it asks to act for" in run.stderr
