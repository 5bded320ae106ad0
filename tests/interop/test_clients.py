"""Foreign clients against our sandbox, and our client against a foreign server.

A complaint is a failure, a warning, or a line in which the client marks an answer as wrong.
"""

import poplib
import re
import shutil
import smtplib
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from email.message import EmailMessage
from pathlib import Path

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Proxy
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

import mailprobe
from tests.interop.practice import Practice
from tests.interop.talk import (
    LIMIT,
    talk,
    talking,
    wait_until,
)

ALICE, BOB = "alice@example.test", "bob@example.test"
LINES = ["", "..", ".dot", "", "文 8-bit", "x" * 990, "From here", ""]
MAIL = f"From: {ALICE}\r\nTo: {BOB}\r\nSubject: foreign\r\n\r\n" + "\r\n".join([*LINES, "end\r\n"])


def verifying(ca: Path) -> ssl.SSLContext:
    """A context that trusts one authority and nobody else."""
    return ssl.create_default_context(cafile=str(ca))


def program(name: str) -> str:
    """The path of a foreign client; without it the test is skipped."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def run(*command: object, status: int = 0) -> str:
    """What a foreign client prints; it must end with `status` and find nothing to complain of."""
    done = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LIMIT,
        check=False,
    )
    output = done.stdout.decode()
    assert (done.returncode, done.stderr) == (status, b""), (done, output)
    return output


# ------------------------------------------------------------------------------------- smtplib


def sent_by_smtplib(client: smtplib.SMTP) -> None:
    """One mail with every parameter that smtplib knows; nobody is refused."""
    options = ["BODY=8BITMIME", "RET=HDRS", "ENVID=one"]  # SIZE it adds itself
    assert client.sendmail(ALICE, [BOB], MAIL.encode(), options, ["NOTIFY=NEVER"]) == {}
    assert client.noop()[0] == 250
    assert client.verify("bob")[0] in (250, 252)
    assert client.rset()[0] == 250


def test_smtplib_in_clear(sandbox: Practice):
    """A mail in, and octet for octet the same out."""
    with smtplib.SMTP(sandbox.host, sandbox.smtp, timeout=LIMIT) as client:
        sent_by_smtplib(client)
        assert client.quit()[0] == 221
    (mail,) = sandbox.mails("bob")
    assert mail.endswith(MAIL.encode())


def test_smtplib_after_starttls(sandbox: Practice):
    """STARTTLS with the CA that the sandbox names, on both ports, and the login behind it."""
    for port in (sandbox.smtp, sandbox.submission):
        with smtplib.SMTP("localhost", port, timeout=LIMIT) as client:
            assert client.starttls(context=verifying(sandbox.ca))[0] == 220
            assert client.login("alice", "secret")[0] == 235
            sent_by_smtplib(client)
    assert len(sandbox.mails("bob")) == 2


def test_smtplib_over_tls(sandbox: Practice):
    """Implicit TLS, and each mechanism that smtplib has."""
    for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5"):
        with smtplib.SMTP_SSL(
            sandbox.host, sandbox.submissions, context=verifying(sandbox.ca), timeout=LIMIT
        ) as client:
            client.ehlo()
            client.user, client.password = "bob", "builder"
            authobject = getattr(client, "auth_" + mechanism.lower().replace("-", "_"))
            assert client.auth(mechanism, authobject)[0] == 235
            sent_by_smtplib(client)
    with smtplib.SMTP_SSL(
        sandbox.host, sandbox.submissions, context=verifying(sandbox.ca), timeout=LIMIT
    ) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError, match="535"):
            client.login("bob", "wrong")


def test_smtplib_with_smtputf8(sandbox: Practice):
    """A message object with a Chinese subject and body."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = ALICE, BOB, "你好"
    message.set_content("恭喜！\n")
    with smtplib.SMTP(sandbox.host, sandbox.smtp, timeout=LIMIT) as client:
        assert client.send_message(message, mail_options=["SMTPUTF8"]) == {}
    assert len(sandbox.mails("bob")) == 1


def test_smtplib_is_refused_what_it_should_be(sandbox: Practice):
    """No relay without a login; commands out of order get 503; everything stays in step."""
    with smtplib.SMTP(sandbox.host, sandbox.smtp, timeout=LIMIT) as client:
        client.ehlo()
        assert client.docmd("DATA")[0] == 503
        assert client.mail(ALICE)[0] == 250
        code, text = client.rcpt("somebody@example.org")
        assert (code, text[:6]) == (550, b"5.7.1 ")
        assert client.rcpt("anybody@example.test")[0] == 250
        assert client.docmd("NONSENSE")[0] == 500
        assert client.noop()[0] == 250


def test_lmtp_of_smtplib(sandbox: Practice):
    """One reply for each recipient after the dot."""
    with smtplib.LMTP(sandbox.host, sandbox.lmtp, timeout=LIMIT) as client:
        client.ehlo()
        assert client.mail(ALICE)[0] == 250
        for recipient in (BOB, "anybody@example.test"):
            assert client.rcpt(recipient)[0] == 250
        assert client.docmd("DATA")[0] == 354
        client.send("Subject: lmtp\r\n\r\nx\r\n.\r\n")
        assert [client.getreply()[0] for _ in range(2)] == [250, 250]
        assert client.noop()[0] == 250
    assert len(sandbox.mails("bob")) == 1


# -------------------------------------------------------------------------------------- poplib


def look_around(client: poplib.POP3) -> None:
    """Everything that poplib can ask of alice's four mails; nothing is deleted."""
    count, octets = client.stat()
    assert count == 4
    assert client.list()[0].startswith(b"+OK")
    sizes = [int(line.split()[1]) for line in client.list()[1]]
    assert sum(sizes) == octets
    unique = [line.split()[1] for line in client.uidl()[1]]
    assert len(set(unique)) == 4
    for number, size in enumerate(sizes, 1):
        _, lines, received = client.retr(number)
        assert received == size
        assert client.top(number, 0)[1] == lines[: lines.index(b"") + 1]
        assert client.uidl(number).split()[2] == unique[number - 1]
    assert client.dele(1).startswith(b"+OK")
    assert len(client.list()[1]) == 3
    with pytest.raises(poplib.error_proto):
        client.retr(1)
    assert client.rset().startswith(b"+OK")
    assert client.noop().startswith(b"+OK")
    assert client.quit().startswith(b"+OK")


def test_poplib_in_clear(sandbox: Practice):
    """USER, PASS, and the whole of the maildrop."""
    client = poplib.POP3(sandbox.host, sandbox.pop3, timeout=LIMIT)
    assert {"USER", "TOP", "UIDL", "STLS", "SASL"} <= client.capa().keys()
    client.user("alice")
    client.pass_("secret")
    look_around(client)


def test_poplib_by_apop(sandbox: Practice):
    """The timestamp of the greeting and its digest; a wrong one is refused."""
    client = poplib.POP3(sandbox.host, sandbox.pop3, timeout=LIMIT)
    assert client.apop("alice", "secret").startswith(b"+OK")
    look_around(client)
    with closing(poplib.POP3(sandbox.host, sandbox.pop3, timeout=LIMIT)) as client:
        with pytest.raises(poplib.error_proto, match="-ERR"):
            client.apop("alice", "wrong")


def test_poplib_over_tls(sandbox: Practice):
    """STLS, and TLS from the first octet."""
    client = poplib.POP3("localhost", sandbox.pop3, timeout=LIMIT)
    assert client.stls(context=verifying(sandbox.ca)).startswith(b"+OK")
    client.user("alice")
    client.pass_("secret")
    look_around(client)
    context = verifying(sandbox.ca)
    secured = poplib.POP3_SSL(sandbox.host, sandbox.pop3s, context=context, timeout=LIMIT)
    secured.user("alice")
    secured.pass_("secret")
    look_around(secured)


def test_maildrop_is_locked_and_kept(sandbox: Practice):
    """A second login is [IN-USE]; a link that breaks deletes nothing, and gives the lock back."""
    with smtplib.SMTP(sandbox.host, sandbox.smtp, timeout=LIMIT) as sender:
        sender.sendmail(ALICE, [BOB], "Subject: lock\r\n\r\nx\r\n")
    first = sandbox.maildrop("bob")
    with pytest.raises(poplib.error_proto, match=r"\[IN-USE\]"):
        sandbox.maildrop("bob")
    first.dele(1)
    first.close()
    second = sandbox.maildrop("bob", patient=True)
    assert second.stat()[0] == 1
    second.dele(1)
    second.quit()
    assert sandbox.mails("bob") == []


# --------------------------------------------------------------------- clients that mean no good


def raw_talk(port: int, *writes: bytes) -> bytes:
    """Each in one segment, then FIN; all that comes until the server ends."""
    with socket.create_connection(("127.0.0.1", port), LIMIT) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with link.makefile("rb") as stream:
            said = stream.readline()
            for octets in writes:
                link.sendall(octets)
            link.shutdown(socket.SHUT_WR)
            return said + stream.read()


@pytest.mark.parametrize(
    "end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n"], ids=repr
)
def test_only_one_end_of_mail_data(sandbox: Practice, end: bytes):
    """Nothing but CRLF.CRLF ends a mail: no second one can be smuggled in behind another end."""
    envelope = b"MAIL FROM:<>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n"
    mail = b"Subject: one\r\n\r\nfirst" + end + envelope + b"Subject: two\r\n\r\nsecond"
    said = raw_talk(sandbox.smtp, b"EHLO a\r\n" + envelope, mail + b"\r\n.\r\nQUIT\r\n")
    assert said.count(b"\r\n354 ") == 1
    assert said.splitlines()[-1].startswith(b"221 ")
    # poplib would take the lone dot between bare LF for the end of the response
    with mailprobe.connect(f"pop3://{sandbox.host}:{sandbox.pop3}") as session:
        session.login("APOP", "bob", "builder")
        assert session.command("STAT").reply.lines[0].startswith(b"+OK 1 ")
        # a dot at the start of a line goes, whatever follows it (RFC 5321, section 4.5.2)
        kept = mail.replace(b"\r\n.", b"\r\n") + b"\r\n"
        assert session.command("RETR 1").read_body().endswith(kept)


@pytest.mark.parametrize("verb", ["STARTTLS", "STLS"])
def test_text_behind_starttls_ends_the_session(sandbox: Practice, verb: str):
    """What came in the same segment was said in clear: it is never carried out."""
    hello = b"EHLO a\r\n" if verb == "STARTTLS" else b""
    port = sandbox.smtp if verb == "STARTTLS" else sandbox.pop3
    said = raw_talk(port, hello + verb.encode() + b"\r\nNOOP\r\nHELP\r\nNOOP\r\nQUIT\r\n")
    behind = said.partition(b"STARTTLS\r\n")[2] if verb == "STARTTLS" else said
    # by the first word of each line: the digits of a greeting's timestamp are anything
    assert {line[:3] for line in behind.splitlines()}.isdisjoint({b"214", b"221"})
    assert len(re.findall(rb"(?m)^\+OK", said)) <= 2


# --------------------------------------------------------------------------------------- swaks

WAYS: dict[str, Callable[[Practice], list[object]]] = {
    "plain": lambda box: ["--port", box.smtp],
    "tls": lambda box: ["--port", box.smtp, "--tls"],
    "implicit": lambda box: ["--port", box.submissions, "--tls-on-connect"],
    "lmtp": lambda box: ["--port", box.lmtp, "--protocol", "LMTP"],
    "pipelined": lambda box: ["--port", box.smtp, "--pipeline"],
    "PLAIN": lambda box: ["--port", box.submission, "--tls", "--auth", "PLAIN"],
    "LOGIN": lambda box: ["--port", box.submission, "--tls", "--auth", "LOGIN"],
    "CRAM-MD5": lambda box: ["--port", box.submission, "--tls", "--auth", "CRAM-MD5"],
    "any": lambda box: ["--port", box.smtp, "--auth"],
}


@pytest.mark.parametrize("way", WAYS)
def test_swaks(sandbox: Practice, tmp_path: Path, way: str):
    """Every way of swaks to hand a mail over; it marks no answer as wrong, and warns of nothing."""
    (tmp_path / "mail").write_text(MAIL.replace("\r\n", "\n"))
    options = WAYS[way](sandbox)
    if "--auth" in options:
        options += ["--auth-user", "alice", "--auth-password", "secret"]
    if any(str(option).startswith("--tls") for option in options):
        options += ["--tls-verify", "--tls-ca-path", sandbox.ca]
    envelope = ("--server", sandbox.host, "--ehlo", "client.example", "--from", ALICE, "--to", BOB)
    output = run(program("swaks"), *envelope, *options, "--data", f"@{tmp_path / 'mail'}")
    complaints = [line for line in output.splitlines() if re.match(r"(<.\*|\*\*\*)", line)]
    assert complaints == []
    assert bool(re.search("^ [-~]> AUTH ", output, re.MULTILINE)) == ("--auth" in options)
    (mail,) = sandbox.mails("bob")
    assert "文 8-bit\r\n" in mail.decode()
    assert b"\r\n\r\n\r\n..\r\n.dot\r\n" in mail


# ---------------------------------------------------------------------------------------- curl

CURL = ("-sS", "--max-time", "50")
LOGIN = ("--user", "alice:secret")


@pytest.mark.parametrize("options", [[], ["PLAIN"], ["LOGIN"], ["CRAM-MD5"]], ids=str)
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_curl_sends(sandbox: Practice, tmp_path: Path, scheme: str, options: list[str]):
    """smtp:// with STARTTLS required and smtps://, with each mechanism that curl has."""
    (tmp_path / "mail").write_bytes(MAIL.encode())
    port = sandbox.submission if scheme == "smtp" else sandbox.submissions
    run(
        *(program("curl"), *CURL, *LOGIN, "--ssl-reqd", "--cacert", sandbox.ca),
        *(option for one in options for option in ("--login-options", f"AUTH={one}")),
        *("--mail-from", ALICE, "--mail-rcpt", BOB, "--upload-file", tmp_path / "mail"),
        f"{scheme}://localhost:{port}/client.example",
    )
    (mail,) = sandbox.mails("bob")
    assert mail.endswith(MAIL.encode())


@pytest.mark.parametrize("command", ["NOOP", "HELP", "VRFY bob", "RSET"])
def test_curl_asks(sandbox: Practice, command: str):
    """A command of one's own, answered with 2yz."""
    verb, _, argument = command.partition(" ")
    recipient = ("--mail-rcpt", argument) if argument else ()
    url = f"smtp://{sandbox.host}:{sandbox.smtp}"
    run(program("curl"), *CURL, "--request", verb, *recipient, url)


@pytest.mark.parametrize("options", [[], ["+APOP"], ["PLAIN"], ["LOGIN"], ["CRAM-MD5"]], ids=str)
@pytest.mark.parametrize("scheme", ["pop3", "pop3s"])
def test_curl_fetches(sandbox: Practice, scheme: str, options: list[str]):
    """pop3:// with STLS required and pop3s://: the listing, then a mail, octet for octet."""
    port = sandbox.pop3 if scheme == "pop3" else sandbox.pop3s
    command = (
        *(program("curl"), *CURL, *LOGIN, "--ssl-reqd", "--cacert", sandbox.ca),
        *(option for one in options for option in ("--login-options", f"AUTH={one}")),
    )
    listing = run(*command, f"{scheme}://localhost:{port}/").splitlines()
    assert [line.split()[0] for line in listing] == ["1", "2", "3", "4"]
    for number, line in enumerate(listing, 1):
        mail = run(*command, f"{scheme}://localhost:{port}/{number}")
        assert len(mail.encode()) == int(line.split()[1])


@pytest.mark.parametrize("command", ["STAT", "UIDL", "CAPA", "TOP 1 0", "NOOP", "LIST 2"])
def test_curl_sends_pop3_commands(sandbox: Practice, command: str):
    """Each with the shape of reply that it should have: curl would wait for more otherwise."""
    url = f"pop3://{sandbox.host}:{sandbox.pop3}"
    multiline = command in ("UIDL", "CAPA", "TOP 1 0")
    output = run(
        *(program("curl"), *CURL, *LOGIN),
        *(() if multiline else ("--head",)),  # curl knows no shapes: it has to be told
        *("--request", command, url),
    )
    assert bool(output) == multiline


def test_curl_is_refused(sandbox: Practice):
    """A wrong password is curl's status 67, in both protocols."""
    for url in (f"pop3://{sandbox.host}:{sandbox.pop3}/", f"smtp://{sandbox.host}:{sandbox.smtp}"):
        mail = ("--mail-rcpt", BOB, "--mail-from", ALICE) if url.startswith("smtp") else ()
        run(program("curl"), "-s", "--user", "alice:wrong", *mail, url, status=67)


# ------------------------------------------------------------------------------------ aiosmtpd


class AnyPort(Controller):
    """A foreign server on a free port, which the original asks itself about too early."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class Inbox:
    """Keeps what a foreign server was given."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - its hook
        """Take the mail."""
        self.envelopes.append(envelope)
        return "250 OK"


def authenticate(server, session, envelope, mechanism: str, credentials: object) -> AuthResult:
    """Know alice alone."""
    known = isinstance(credentials, LoginPassword) and credentials == LoginPassword(
        b"alice", b"secret"
    )
    return AuthResult(success=known, handled=known)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def start(inbox: Inbox) -> Iterator[Callable[..., tuple[str, str]]]:
    """Starts a foreign server; gives the words that lead us to it."""
    with ExitStack() as stack:

        def begin(**options: object) -> tuple[str, str]:
            handler = options.pop("handler", inbox)
            controller = AnyPort(handler, hostname="127.0.0.1", port=0, **options)
            controller.start()
            stack.callback(controller.stop)
            return "smtp", f"127.0.0.1:{controller.port}"

        yield begin


SCRIPT = (
    f"EHLO client.example\nMAIL FROM:<{ALICE}> BODY=8BITMIME\nRCPT TO:<{BOB}>\nDATA\n"
    + MAIL.replace("\r\n", "\n")
    + ".\nNOOP\nRSET\nVRFY bob\nHELP\nQUIT\n"
)


def test_our_client_talks_to_aiosmtpd(start, inbox: Inbox):
    """A whole conversation; the mail is there as it was typed."""
    spoken = talk(*start(), script=SCRIPT)
    assert spoken.stderr == ""
    (envelope,) = inbox.envelopes
    assert envelope.mail_from == ALICE
    assert envelope.rcpt_tos == [BOB]
    assert envelope.original_content == MAIL.encode()


def test_our_client_talks_to_aiosmtpd_over_tls(start, inbox: Inbox, tmp_path: Path):
    """STARTTLS by itself, verified; then a login in each form that aiosmtpd has, and a mail."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    words = start(tls_context=context, require_starttls=True, authenticator=authenticate)
    options = ("--starttls", "--ca", tmp_path / "ca.pem", "--ehlo", "client.example")
    for login in ("AUTH PLAIN AGFsaWNlAHNlY3JldA==", "AUTH LOGIN\nYWxpY2U=\nc2VjcmV0"):
        spoken = talk(*words, *options, script=login + "\n" + SCRIPT.partition("\n")[2])
        assert spoken.sent[:3] == ["EHLO client.example", "STARTTLS", "EHLO client.example"]
        assert spoken.stderr == ""
    assert [one.original_content for one in inbox.envelopes] == [MAIL.encode()] * 2
    spoken = talk(*words, *options, script="AUTH PLAIN AGFsaWNlAHdyb25n\n", status=1)
    assert "AUTH was answered: 535 " in spoken.stderr


def test_server_without_starttls_gets_nothing_but_quit(start, inbox: Inbox):
    """TLS is wanted and not offered: word security, and no line of the input goes out."""
    spoken = talk(*start(), "--starttls", "--ehlo", "a", script="AUTH PLAIN AGEA\n", status=4)
    assert spoken.sent == ["EHLO a", "QUIT"]
    assert spoken.stderr.startswith("mailprobe: security: ")


def test_aiosmtpd_hands_mail_on_to_the_sandbox(start, sandbox: Practice):
    """Code on aiosmtpd as a relay between our client and our sandbox."""
    words = start(handler=Proxy(sandbox.host, sandbox.smtp))
    assert talk(*words, script=SCRIPT).stderr == ""
    (mail,) = sandbox.mails("bob")
    assert b"\r\nSubject: foreign\r\n" in mail
    assert mail.endswith(b"From here\r\n\r\nend\r\n")


def test_aiosmtpd_that_hangs_up(start, tmp_path: Path):
    """An end without a word is noticed while the input is open, and told at its line."""
    record = tmp_path / "hangs-up.mpt"
    with talking(*start(timeout=1), "--record", record) as running:
        running.say("EHLO a\n")
        running.wait_for("S: 250 ")
        wait_until(lambda: record.read_text().endswith("S@ close\n"), "the end of the link")
        running.say("NOOP\n")
        spoken = running.wait(4)
    assert spoken.sent == ["EHLO a"]
    assert spoken.stderr == (
        "note: the server closed the connection\n"
        "mailprobe: eof: the server closed the connection before NOOP was sent\n"
    )
