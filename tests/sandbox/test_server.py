"""The whole sandbox over real links, as other people's programs see it."""

import email
import email.policy
import poplib
import shutil
import smtplib
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.sandbox import server
from mailprobe.sandbox.server import SERVICES, Sandbox, samples
from tests.sandbox.helpers import body_of

_TIMEOUT = 20.0  # seconds that no peer here should need
_MAIL = b"Subject: hello\r\n\r\n.a dot\r\nand an end\r\n"


def _context(sandbox: Sandbox) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(sandbox.ca))


def _address(sandbox: Sandbox, service: str) -> tuple[str, int]:
    return sandbox.host, sandbox.ports[service]


def _smtp(sandbox: Sandbox, service: str = "smtp") -> smtplib.SMTP:
    return smtplib.SMTP(*_address(sandbox, service), local_hostname="x", timeout=_TIMEOUT)


def _pop3(sandbox: Sandbox) -> poplib.POP3:
    return poplib.POP3(*_address(sandbox, "pop3"), timeout=_TIMEOUT)


def _fetch(sandbox: Sandbox, number: int = 1) -> bytes:
    """A message of bob's, as poplib gives it."""
    link = _pop3(sandbox)
    link.user("bob")
    link.pass_("builder")
    _, lines, _ = link.retr(number)
    link.quit()
    return b"".join(line + b"\r\n" for line in lines)


# ------------------------------------------------------------------------------------- the house


def test_services_and_addresses(sandbox: Sandbox) -> None:
    """Without wishes all services run, each on a port of its own."""
    assert tuple(sandbox.ports) == SERVICES
    assert len(set(sandbox.ports.values())) == len(SERVICES)
    assert sandbox.host == "127.0.0.1"


def test_only_what_is_named() -> None:
    """With wishes only those services run."""
    with Sandbox({"pop3": 0}) as sandbox:
        assert list(sandbox.ports) == ["pop3"]


def test_unknown_services() -> None:
    """A service that nobody knows is refused before anything starts."""
    with pytest.raises(Failure, match="imap"):
        Sandbox({"imap": 0})


def test_a_port_that_is_taken() -> None:
    """A taken port is a failure, and nothing is left running or lying about."""
    with Sandbox({"smtp": 0}) as first:
        second = Sandbox({"pop3": 0, "smtp": first.ports["smtp"]})
        with pytest.raises(Failure, match="in use") as caught:
            second.start()
        assert caught.value.word is Word.CONNECT
        assert second.ports == {}


def test_private_files_are_private_and_go() -> None:
    """The CA's folder is ours alone, holds no key, and goes with the sandbox."""
    sandbox = Sandbox({"smtp": 0})
    with pytest.raises(Failure):
        sandbox.ca  # noqa: B018 - asking is what fails
    with sandbox:
        folder = sandbox.ca.parent
        assert folder.stat().st_mode & 0o777 == 0o700
        assert b"PRIVATE KEY" not in sandbox.ca.read_bytes()
    assert not folder.exists()
    sandbox.stop()


def test_tmpdir_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sets TMPDIR is obeyed; without a memory file system the usual place is taken."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert server._scratch() is None
    monkeypatch.delenv("TMPDIR")
    monkeypatch.setattr(server, "_MEMORY", tmp_path / "missing")
    assert server._scratch() is None
    monkeypatch.setattr(server, "_MEMORY", tmp_path)
    monkeypatch.setattr(server, "_MEMORY_WANTED", 0)
    assert server._scratch() == tmp_path
    monkeypatch.setattr(server, "_MEMORY_WANTED", 1 << 60)
    assert server._scratch() is None


def test_a_folder_that_is_kept(tmp_path: Path) -> None:
    """`directory` keeps the mail; samples go only into a folder that the sandbox makes."""
    (tmp_path / "bob").mkdir()
    with Sandbox({"smtp": 0, "pop3": 0}, tmp_path) as sandbox, _smtp(sandbox) as link:
        link.sendmail("a@example.org", ["bob@example.test"], _MAIL)
    assert len(list((tmp_path / "alice" / "new").iterdir())) == len(samples())
    for path in (tmp_path / "alice" / "new").iterdir():
        path.unlink()
    with Sandbox({"pop3": 0}, tmp_path) as sandbox:
        assert body_of(_fetch(sandbox)) == _MAIL
    assert list((tmp_path / "alice" / "new").iterdir()) == []


def test_a_folder_of_no_use(tmp_path: Path) -> None:
    """A file in the place of the folder is a failure, not a traceback."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Failure, match="making the maildrop"):
        Sandbox({"pop3": 0}, tmp_path / "file").start()


def test_silence_ends_a_session() -> None:
    """SMTP says 421 to who says nothing; POP3 just closes."""
    with Sandbox({"smtp": 0, "pop3": 0}, patience=0.05) as sandbox:
        with socket.create_connection(_address(sandbox, "smtp"), _TIMEOUT) as link:
            said = link.makefile("rb").read()
            assert said.splitlines()[-1].startswith(b"421 4.4.2 ")
        with socket.create_connection(_address(sandbox, "pop3"), _TIMEOUT) as link:
            assert link.makefile("rb").read().count(b"\r\n") == 1


def test_stop_ends_the_sessions() -> None:
    """A session that is open when the sandbox stops sees the end of the stream."""
    sandbox = Sandbox({"pop3": 0})
    sandbox.start()
    with socket.create_connection(_address(sandbox, "pop3"), _TIMEOUT) as link:
        stream = link.makefile("rb")
        assert stream.readline().startswith(b"+OK")
        sandbox.stop()
        assert stream.read() == b""


# ----------------------------------------------------------------------------------- the samples


def test_samples() -> None:
    """Four mails with CRLF alone, each with a date of its own, in a fixed order."""
    found = samples()
    assert len(found) == 4
    for octets in found:
        assert octets.isascii()
        assert octets.replace(b"\r\n", b"").count(b"\n") == 0
        assert octets.endswith(b"\r\n")
        assert max(map(len, octets.split(b"\r\n"))) <= 998
    mails_read = [email.message_from_bytes(octets, policy=email.policy.default) for octets in found]
    assert len({mail["Date"] for mail in mails_read}) == 4
    assert [mail.defects for mail in mails_read] == [[]] * 4
    assert mails_read[2].is_multipart()
    assert [part.get_filename() for part in mails_read[2].iter_attachments()] == ["ports.csv"]
    assert found[3].count(b"\r\n.") > 30


def test_the_mail_of_2007() -> None:
    """The page's mail, repaired: charset, encoded words and quoted-printable decode."""
    mail = email.message_from_bytes(samples()[1], policy=email.policy.default)
    assert mail["Subject"].strip() == "恭喜您成为本邮件系统的新用户!"
    assert mail["Content-Type"].params["charset"] == "GB2312"
    text = mail.get_content()
    assert text.startswith("恭喜!\r\n您好，恭喜您成为musemail.com的邮箱用户。")


def test_what_a_newcomer_finds(sandbox: Sandbox) -> None:
    """alice has the four mails, bob none."""
    link = _pop3(sandbox)
    link.apop("alice", "secret")
    assert link.stat() == (4, sum(map(len, samples())))
    link.quit()
    link = _pop3(sandbox)
    link.user("bob")
    link.pass_("builder")
    assert link.stat() == (0, 0)
    link.quit()


# --------------------------------------------------------------------------------------- smtplib


@pytest.mark.parametrize("service", ["smtp", "submission", "submissions", "lmtp"])
@pytest.mark.parametrize("tls", [False, True])
def test_smtplib_sends(sandbox: Sandbox, service: str, tls: bool) -> None:
    """Each service takes a mail from smtplib, which POP3 gives back byte-equal."""
    host, port = _address(sandbox, service)
    context = _context(sandbox)
    link: smtplib.SMTP
    if service == "submissions":
        link = smtplib.SMTP_SSL(host, port, local_hostname="x", context=context, timeout=_TIMEOUT)
    elif service == "lmtp":
        link = smtplib.LMTP(host, port, local_hostname="x", timeout=_TIMEOUT)
    else:
        link = smtplib.SMTP(host, port, local_hostname="x", timeout=_TIMEOUT)
    with link:
        if tls and service != "submissions":
            link.starttls(context=context)
            link.ehlo()
        assert link.sendmail("a@example.org", ["bob@example.test"], _MAIL) == {}
    assert body_of(_fetch(sandbox)) == _MAIL


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_smtplib_logs_in(sandbox: Sandbox, mechanism: str) -> None:
    """smtplib's mechanisms work in the clear, and a wrong password does not."""
    method = "auth_" + mechanism.lower().replace("-", "_")
    with _smtp(sandbox) as link:
        link.ehlo()
        link.user, link.password = "alice", "wrong"
        with pytest.raises(smtplib.SMTPAuthenticationError):
            link.auth(mechanism, getattr(link, method))
        link.password = "secret"
        assert link.auth(mechanism, getattr(link, method))[0] == 235
        assert link.sendmail("alice@example.test", ["x@example.org"], _MAIL) == {}


def test_smtplib_is_refused_relaying(sandbox: Sandbox) -> None:
    """Without a login mail for elsewhere is refused with 550."""
    with _smtp(sandbox) as link, pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        link.sendmail("a@example.org", ["x@example.org"], _MAIL)
    assert caught.value.recipients["x@example.org"][0] == 550


def test_starttls_injection(sandbox: Sandbox) -> None:
    """On a real link, too, text behind STARTTLS ends the session before any handshake."""
    with socket.create_connection(_address(sandbox, "smtp"), _TIMEOUT) as link:
        stream = link.makefile("rb")
        stream.readline()
        link.sendall(b"EHLO x\r\n")
        while stream.readline()[3:4] == b"-":
            pass
        link.sendall(b"STARTTLS\r\nMAIL FROM:<evil@example.test>\r\n")
        assert stream.read().startswith(b"421 4.7.0 ")


@pytest.mark.slow
def test_a_large_mail_is_byte_equal(sandbox: Sandbox) -> None:
    """25 MB go in by SMTP and come out by POP3, dots and all."""
    line = b"." + b"0123456789" * 7 + b"\r\n"
    body = b"Subject: large\r\n\r\n" + line * (25 * 1024 * 1024 // len(line))
    with _smtp(sandbox) as link:
        link.sendmail("a@example.org", ["bob@example.test"], body)
    with socket.create_connection(_address(sandbox, "pop3"), _TIMEOUT) as raw:
        raw.sendall(b"USER bob\r\nPASS builder\r\nRETR 1\r\nQUIT\r\n")
        said = raw.makefile("rb").read()
    start = said.index(b"octets\r\n", said.index(b"octets)\r\n") + 9) + 8
    wire = said[start : said.rindex(b".\r\n+OK")]
    assert body_of(wire.replace(b"\r\n..", b"\r\n.")) == body


# ---------------------------------------------------------------------------------------- poplib


def _clear(sandbox: Sandbox) -> poplib.POP3:
    return _pop3(sandbox)


def _upgraded(sandbox: Sandbox) -> poplib.POP3:
    link = _pop3(sandbox)
    link.stls(_context(sandbox))
    return link


def _secure(sandbox: Sandbox) -> poplib.POP3:
    host, port = _address(sandbox, "pop3s")
    return poplib.POP3_SSL(host, port, context=_context(sandbox), timeout=_TIMEOUT)


@pytest.mark.parametrize("connect", [_clear, _upgraded, _secure])
@pytest.mark.parametrize("apop", [False, True])
def test_poplib_reads(
    sandbox: Sandbox, connect: Callable[[Sandbox], poplib.POP3], apop: bool
) -> None:
    """poplib logs in either way over each kind of link, and reads, marks and leaves."""
    link = connect(sandbox)
    if apop:
        link.apop("alice", "secret")
    else:
        link.user("alice")
        link.pass_("secret")
    assert set(link.capa()) >= {"TOP", "UIDL", "PIPELINING", "RESP-CODES"}
    for number, sample in enumerate(samples(), 1):
        assert b"".join(line + b"\r\n" for line in link.retr(number)[1]) == sample
    assert len(link.uidl()[1]) == 4
    assert link.top(1, 0)[1][-1] == b""
    link.dele(1)
    link.rset()
    link.dele(2)
    link.quit()
    link = _pop3(sandbox)
    link.user("alice")
    link.pass_("secret")
    assert link.stat()[0] == 3
    link.quit()


def test_poplib_finds_the_maildrop_in_use(sandbox: Sandbox) -> None:
    """While one session is in, the next one is told so; a session that breaks lets go."""
    first = _pop3(sandbox)
    first.user("bob")
    first.pass_("builder")
    second = _pop3(sandbox)
    second.user("bob")
    with pytest.raises(poplib.error_proto, match=r"\[IN-USE\]"):
        second.pass_("builder")
    first.quit()
    second.user("bob")
    second.pass_("builder")
    second.quit()


# ------------------------------------------------------------------------------- curl and swaks


@pytest.fixture
def curl() -> str:
    if (program := shutil.which("curl")) is None:
        pytest.skip("curl is not installed")
    return program


@pytest.fixture
def swaks() -> str:
    if (program := shutil.which("swaks")) is None:
        pytest.skip("swaks is not installed")
    return program


def _run(*arguments: str, given: bytes = b"") -> bytes:
    run = subprocess.run(arguments, input=given, capture_output=True, timeout=60, check=False)
    assert run.returncode == 0, (run.stdout + run.stderr).decode("utf-8", "replace")
    return run.stdout


@pytest.mark.parametrize(
    "service, options",
    [
        ("smtp", []),
        ("smtp", ["--ssl-reqd"]),
        ("submissions", []),
        ("submission", ["--user", "alice:secret", "--login-options", "AUTH=PLAIN"]),
        ("submission", ["--user", "alice:secret", "--login-options", "AUTH=LOGIN"]),
        ("submission", ["--user", "alice:secret", "--login-options", "AUTH=CRAM-MD5"]),
    ],
)
def test_curl_sends(
    sandbox: Sandbox, curl: str, tmp_path: Path, service: str, options: list[str]
) -> None:
    """curl sends over each kind of link with each mechanism; the mail is byte-equal."""
    (tmp_path / "mail").write_bytes(_MAIL)
    scheme = "smtps" if service == "submissions" else "smtp"
    url = f"{scheme}://127.0.0.1:{sandbox.ports[service]}/x"
    _run(
        *(curl, "-sS", "--url", url, "--cacert", str(sandbox.ca), *options),
        *("--mail-from", "a@example.org", "--mail-rcpt", "bob@example.test"),
        *("--upload-file", str(tmp_path / "mail")),
    )
    assert body_of(_fetch(sandbox)) == _MAIL


@pytest.mark.parametrize(
    "scheme, options",
    [
        ("pop3", []),
        ("pop3", ["--ssl-reqd"]),
        ("pop3s", []),
        ("pop3", ["--login-options", "AUTH=+APOP"]),
        ("pop3", ["--login-options", "AUTH=PLAIN"]),
        ("pop3", ["--login-options", "AUTH=LOGIN"]),
        ("pop3", ["--login-options", "AUTH=CRAM-MD5"]),
    ],
)
def test_curl_reads(sandbox: Sandbox, curl: str, scheme: str, options: list[str]) -> None:
    """curl reads a message over each kind of link, with each login that it knows."""
    url = f"{scheme}://127.0.0.1:{sandbox.ports[scheme]}/2"
    arguments = (curl, "-sS", "--cacert", str(sandbox.ca), "--user", "alice:secret", *options, url)
    assert _run(*arguments) == samples()[1]


@pytest.mark.parametrize(
    "service, options",
    [
        ("smtp", []),
        ("smtp", ["--tls"]),
        ("submissions", ["--tls-on-connect"]),
        ("lmtp", ["--protocol", "LMTP"]),
        ("submission", ["--auth", "PLAIN", "-au", "alice", "-ap", "secret"]),
        ("submission", ["--auth", "LOGIN", "-au", "alice", "-ap", "secret"]),
        ("submission", ["--auth", "CRAM-MD5", "-au", "alice", "-ap", "secret"]),
        ("smtp", ["--pipeline"]),
    ],
)
def test_swaks_sends(sandbox: Sandbox, swaks: str, service: str, options: list[str]) -> None:
    """swaks has no complaint, which it would show as <** in its transcript."""
    said = _run(
        *(swaks, "--server", "127.0.0.1", "--port", str(sandbox.ports[service])),
        *("--ehlo", "client.example", "--from", "a@example.org", "--to", "bob@example.test"),
        *("--data", "Subject: from swaks\\n\\n.dot\\n", *options),
    )
    assert b"<**" not in said
    assert b"Subject: from swaks\r\n\r\n.dot\r\n" in _fetch(sandbox)


def test_aiosmtpd_hands_on(sandbox: Sandbox) -> None:
    """A server made of aiosmtpd that hands its mail on can hand it to the sandbox."""
    from aiosmtpd.controller import Controller
    from aiosmtpd.handlers import Proxy

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    controller = Controller(Proxy(*_address(sandbox, "smtp")), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        with smtplib.SMTP("127.0.0.1", port, local_hostname="x", timeout=_TIMEOUT) as link:
            assert link.sendmail("a@example.org", ["bob@example.test"], _MAIL) == {}
    finally:
        controller.stop()
    found = body_of(_fetch(sandbox))
    assert found.startswith(b"Subject: hello\r\n")
    assert found.endswith(b"\r\n\r\n.a dot\r\nand an end\r\n")


# ----------------------------------------------------------------------------------- many at once


def test_eight_at_once(sandbox: Sandbox) -> None:
    """Eight clients send at the same time: every mail is there, whole, once."""
    failures: list[BaseException] = []

    def send(number: int) -> None:
        try:
            for count in range(10):
                with _smtp(sandbox) as link:
                    body = b"Subject: %d.%d\r\n\r\n" % (number, count) + b"%d\r\n" % number * 1000
                    link.sendmail("a@example.org", ["bob@example.test", "c@example.test"], body)
        except BaseException as failure:  # noqa: BLE001 - shown by the test below
            failures.append(failure)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_TIMEOUT)
    assert failures == []
    link = _pop3(sandbox)
    link.user("bob")
    link.pass_("builder")
    found = [link.retr(number)[1] for number in range(1, 81)]
    assert link.stat()[0] == 80
    link.quit()
    subjects = {next(line for line in mail if line.startswith(b"Subject")) for mail in found}
    assert len(subjects) == 80
    for mail in found:
        number = next(line for line in mail if line.startswith(b"Subject"))[9:].split(b".")[0]
        assert mail[-1000:] == [number] * 1000


def test_kept_mail_of_a_stranger(tmp_path: Path) -> None:
    """Mail for an address without account lies below kept/, under a harmless name."""
    with Sandbox({"smtp": 0}, tmp_path) as sandbox, _smtp(sandbox) as link:
        link.sendmail("a@example.org", ['"../../x"@example.test'], _MAIL)
    (path,) = (tmp_path / "kept").iterdir()
    assert path.name == "%2E.%2F..%2Fx"
    assert len(list((path / "new").iterdir())) == 1
