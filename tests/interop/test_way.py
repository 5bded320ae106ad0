"""Other ways to Postfix and Dovecot: the PROXY protocol, XCLIENT, XFORWARD, a program."""

from pathlib import Path

import pytest

from tests.interop.servers import MailServers
from tests.interop.talk import talk, wait_until
from tests.transport.proxies import proxy

MAIL = (
    "EHLO client.example\nMAIL FROM:<a@example.org>\nRCPT TO:<alice@example.test>\n"
    "DATA\nSubject: by another way\n\nhello\n.\nQUIT\n"
)


def received(servers: MailServers) -> str:
    """The Received fields of alice's only mail."""
    return servers.wait_for_mails("alice", 1)[0].read_text().partition("\n\n")[0]


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize(
    "source, destination, shown",
    [
        ("192.0.2.7:4711", "198.51.100.1:25", "[192.0.2.7]"),
        ("[2001:db8::7]:4711", "[2001:db8::1]:25", "[IPv6:2001:db8::7]"),
    ],
)
def test_postfix_takes_the_address_of_the_header(
    mail_servers: MailServers, version: str, source: str, destination: str, shown: str
) -> None:
    """It stands in the Received field of the mail."""
    where = f"{mail_servers.host}:{mail_servers.proxied}"
    header = f"{version},{source},{destination}"
    talk("smtp", where, "--proxy-protocol", header, script=MAIL)
    assert shown in received(mail_servers)


@pytest.mark.parametrize("header", ["v1", "v2", "v2,local"])
def test_postfix_takes_the_addresses_of_the_link(mail_servers: MailServers, header: str) -> None:
    """Those that the header repeats, or, where the proxy speaks for itself, does not give."""
    where = f"{mail_servers.host}:{mail_servers.proxied}"
    talk("smtp", where, "--proxy-protocol", header, script=MAIL)
    assert "[127.0.0.1]" in received(mail_servers)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_dovecot_takes_the_address_of_the_header(mail_servers: MailServers, version: str) -> None:
    """It writes it into its log."""
    where = f"{mail_servers.host}:{mail_servers.pop3_proxied}"
    header = f"{version},192.0.2.{version[1]}:4711,198.51.100.1:110"
    script = "USER alice\nPASS secret\nQUIT\n"
    talk("pop3", where, "--proxy-protocol", header, script=script)
    log = mail_servers.log_dir / "dovecot.log"
    wait_until(lambda: f"rip=192.0.2.{version[1]}" in log.read_text(), "the address")


def test_dovecot_takes_a_proxy_that_speaks_for_itself(mail_servers: MailServers) -> None:
    """The word UNKNOWN of version 1, which Postfix 3.7 does not take."""
    where = f"{mail_servers.host}:{mail_servers.pop3_proxied}"
    spoken = talk("pop3", where, "--proxy-protocol", "v1,local", script="CAPA\nQUIT\n")
    assert spoken.answer("")[0].startswith("+OK")


def test_postfix_takes_us_for_another(mail_servers: MailServers) -> None:
    """By XCLIENT, behind which it greets again; all of it is shown as if it were typed."""
    where = f"{mail_servers.host}:{mail_servers.lab}"
    pretence = "ADDR=2001:db8::9 NAME=other.example"
    spoken = talk("smtp", where, "--ehlo", "me.example", "--xclient", pretence, script=MAIL)
    assert spoken.sent[:4] == [
        "EHLO me.example",
        "XCLIENT ADDR=IPV6:2001:db8::9 NAME=other.example",
        "EHLO me.example",
        "EHLO client.example",
    ]
    assert spoken.answer(spoken.sent[1])[0].startswith("220 ")
    assert "other.example [IPv6:2001:db8::9]" in received(mail_servers)


def test_postfix_logs_for_whom_we_speak(mail_servers: MailServers, tmp_path: Path) -> None:
    """By XFORWARD, which is recorded as a command, and replayed."""
    where = f"{mail_servers.host}:{mail_servers.lab}"
    file = tmp_path / "forward.mpt"
    script = MAIL.removeprefix("EHLO client.example\n")
    talk(
        *("smtp", where, "--xforward", "ADDR=192.0.2.55 IDENT=4Q+7"),
        *("--record", file, "--ehlo", "me.example"),
        script=script,
    )
    log = mail_servers.log_dir / "postfix.log"
    wait_until(
        lambda: "orig_queue_id=4Q+7, orig_client=unknown[192.0.2.55]" in log.read_text(), "it"
    )
    assert "C: XFORWARD ADDR=192.0.2.55 IDENT=4Q+2B7\n" in file.read_text()
    talk("replay", file)


def test_postfix_does_not_believe_everybody(mail_servers: MailServers) -> None:
    """What is not offered is not sent: the run fails in words."""
    where = f"{mail_servers.host}:{mail_servers.smtp}"
    spoken = talk("smtp", where, "--xclient", "ADDR=192.0.2.9", script=MAIL, status=1)
    assert "mailprobe: refused: " in spoken.stderr
    assert "does not offer XCLIENT" in spoken.stderr
    assert [line.split()[0] for line in spoken.sent] == ["EHLO", "QUIT"]


def test_postfix_as_a_program(mail_servers: MailServers) -> None:
    """`sendmail -bs` speaks SMTP on its standard input; its mail is delivered."""
    configuration = mail_servers.mail_root.parent / "etc/postfix"
    spoken = talk("smtp", "--exec", f"sendmail -C {configuration} -bs", script=MAIL)
    assert spoken.answer("")[0].startswith("220 ")
    assert "userid" in received(mail_servers)


def test_starttls_through_a_program(mail_servers: MailServers) -> None:
    """The certificate has the name of the target that stands beside it."""
    relay = (
        "import sys, socket, threading as t, os\n"
        f"s = socket.create_connection(('127.0.0.1', {mail_servers.smtp}))\n"
        "def up():\n"
        "    while d := os.read(0, 9999): s.sendall(d)\n"
        "    s.shutdown(1)\n"
        "t.Thread(target=up, daemon=True).start()\n"
        "while d := s.recv(9999): os.write(1, d)\n"
    )
    file = mail_servers.mail_root.parent / "relay.py"
    file.write_text(relay)
    spoken = talk(
        *("smtp", "mail.example.test", "--exec", f"python3 {file}", "--starttls"),
        *("--ca", mail_servers.ca, "--stop-after", "tls"),
    )
    assert "# TLSv1" in spoken.stdout
    assert spoken.sent[-1] == "QUIT"


@pytest.mark.parametrize("scheme", ["socks5", "http"])
@pytest.mark.parametrize("tls", ["--tls", "--starttls"])
def test_tls_through_a_proxy(mail_servers: MailServers, scheme: str, tls: str) -> None:
    """The certificate is that of the name which the proxy looked up."""
    port = mail_servers.submissions if tls == "--tls" else mail_servers.submission
    name = "mail.example.test"
    with proxy(scheme, {name: mail_servers.host}, greeted=tls != "--tls") as seen:
        through = ("--proxy", f"{scheme}://127.0.0.1:{seen.port}")
        login = ("--auth", "PLAIN", "--user", "alice", "--password-env", "HOME")
        where = ("smtp", f"{name}:{port}", tls, "--ca", mail_servers.ca)
        spoken = talk(*where, *through, *login, "--stop-after", "auth", status=1)
    assert "# TLSv1" in spoken.stdout
    assert spoken.stderr.startswith("mailprobe: refused: AUTH was answered: 535 ")
    assert seen.places == [(name, port)]


@pytest.mark.parametrize(
    "option, stage, last",
    [
        ("--stop-after", "rcpt", "QUIT"),
        ("--drop-after", "data", "DATA"),
        ("--drop-before-reply", "dot", "."),
    ],
)
def test_where_a_session_ends(
    mail_servers: MailServers, option: str, stage: str, last: str
) -> None:
    """Postfix hears nothing behind it; the run has done what it was to do."""
    where = f"{mail_servers.host}:{mail_servers.smtp}"
    assert talk("smtp", where, option, stage, script=MAIL).sent[-1] == last
