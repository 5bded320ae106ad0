"""`connect`: every way to name a server, what else may be said, and what ends with a session."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import mailprobe
from mailprobe import Failure, RunningSandbox, Settings, TlsSettings, Word, connect


@pytest.mark.parametrize("service", ["smtp", "submission", "submissions", "lmtp", "pop3", "pop3s"])
def test_urls(sandbox: RunningSandbox, service: str) -> None:
    """Each scheme says protocol, port and TLS."""
    with connect(sandbox.url(service), ca=sandbox.ca) as session:
        assert (session.tls is not None) == service.endswith("s")
        assert session.command("NOOP" if session.protocol != "pop3" else "CAPA").reply.positive
        assert session.peer == sandbox.address(service)


def test_a_host_and_a_protocol(sandbox: RunningSandbox) -> None:
    """host:port with `protocol`, as a word or as a Protocol; and TLS as the command line has it."""
    for protocol in ("pop3", mailprobe.Protocol.POP3):
        with connect(f"localhost:{sandbox.pop3}", protocol=protocol, family=socket.AF_INET) as one:
            assert one.protocol == "pop3"
    address = f"localhost:{sandbox.pop3s}"
    with connect(address, protocol="pop3", tls=True, ca=sandbox.ca, family=socket.AF_INET) as one:
        assert one.tls is not None
        assert one.tls.server_name == "localhost"


def test_starttls_comes_before_all_else(sandbox: RunningSandbox) -> None:
    """A command that may not go in the clear waits for it."""
    with connect(sandbox.url("smtp"), starttls=True, ca=sandbox.ca, ehlo="me.example") as session:
        assert session.tls is None
        assert session.command("NOOP").reply.positive
        verbs = [one.command.verb for one in session.exchanges]
        assert verbs == ["EHLO", "STARTTLS", "EHLO", "NOOP"]


def test_a_unix_socket(tmp_path: Path) -> None:
    """unix:/path, which needs a protocol."""
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def greet() -> None:
            with listener.accept()[0] as link, link.makefile("rb") as lines:
                link.sendall(b"220 here\r\n")
                lines.readline()
                link.sendall(b"221 bye\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        with connect(f"unix:{path}", protocol="lmtp") as session:
            assert session.greeting is not None
            assert session.greeting.texts == (b"here",)
        thread.join()
    with pytest.raises(Failure, match="which protocol"):
        connect(f"unix:{path}")


@pytest.mark.parametrize("protocol", ["smtp", "lmtp", "pop3"])
def test_the_sandbox_lives_as_long_as_the_session(protocol: str) -> None:
    """It is one of its own; when the session has ended nobody listens there any more."""
    with connect("sandbox", protocol=protocol) as session:
        host, _, port = session.peer.rpartition(":")
        socket.create_connection((host, int(port)), 10).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), 10)


def test_nothing_is_left_of_a_session_that_nobody_ended(tmp_path: Path) -> None:
    """A notebook forgets one, or ends: its sandbox goes, and its recording is whole."""
    code = (
        "import mailprobe\n"
        "for name in 'ab':\n"
        "    session = mailprobe.connect('sandbox', protocol='pop3', record=name + '.mpt')\n"
        "    session.command('CAPA')\n"
    )
    box = tmp_path / "tmp"
    box.mkdir()
    env = {**os.environ, "TMPDIR": str(box)}
    command = [sys.executable, "-W", "ignore::ResourceWarning", "-c", code]
    subprocess.run(command, cwd=tmp_path, env=env, check=True, timeout=60)
    assert list(box.iterdir()) == []
    assert [path.name for path in sorted(tmp_path.glob("*.mpt"))] == ["a.mpt", "b.mpt"]
    assert "C: CAPA" in (tmp_path / "a.mpt").read_text()


def test_the_sandbox_with_tls() -> None:
    """Its CA is trusted without a word; what it does not speak is said."""
    with connect("sandbox", protocol="smtp", tls=True) as session:
        assert session.tls is not None
        assert session.tls.verified
    with connect("sandbox", protocol="lmtp", starttls=True) as session:
        assert session.command("NOOP").reply.positive
    with pytest.raises(Failure, match="no LMTP with --tls"):
        connect("sandbox", protocol="lmtp", tls=True)


def test_a_profile(sandbox: RunningSandbox, home: Path) -> None:
    """`@NAME` is read from config.toml; what the call says counts more."""
    config = home / ".config" / "mailprobe" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(
        f'[profile.box]\ntarget = "{sandbox.address("smtp")}"\nprotocol = "smtp"\n'
        f'starttls = true\nca = "{sandbox.ca}"\nehlo = "file.example"\n'
    )
    config.chmod(0o600)
    for given, said in (("", b"EHLO file.example"), ("call.example", b"EHLO call.example")):
        with connect("@box", ehlo=given) as session:
            session.command("NOOP")
            assert session.exchanges[0].command.line == said
            assert session.tls is not None
    with pytest.raises(Failure) as caught:
        connect("@nobody")
    assert caught.value.word is Word.USAGE


@pytest.mark.parametrize(
    "words, options",
    [
        ("", {}),
        ("smtp://a", {"mx": "example.test"}),
        ("smtp://a", {"tls": True, "starttls": True}),
        ("host", {}),
        ("host", {"protocol": "imap"}),
        ("smtp://host", {"protocol": "pop3"}),
        ("imap://host", {}),
        ("smtp://user:pass@host", {}),
        ("smtp://127.0.0.1:1", {"timeout": 0}),
        ("smtp://127.0.0.1:1", {"max_time": -1}),
        ("smtp://127.0.0.1:1", {"ehlo": "a\r\nRSET"}),
        ("smtp://127.0.0.1:1", {"ehlo": "a b"}),
        ("smtp://127.0.0.1:1", {"ca": "/nowhere/ca.pem"}),
        ("", {"mx": "example.test", "protocol": "pop3"}),
    ],
)
def test_calls_that_make_no_sense(words: str, options: dict[str, object]) -> None:
    """Failure `usage`, in a sentence, and before anybody is connected to."""
    with pytest.raises(Failure) as caught:
        connect(words, **options)  # type: ignore[arg-type]  # what is tried
    assert caught.value.word is Word.USAGE
    assert "pass" not in caught.value.sentence.split("@")[0].replace("password", "")


def test_nobody_listens(tmp_path: Path) -> None:
    """Failure `connect`; the recording that was begun is whole, and closed."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(Failure) as caught:
            connect(f"smtp://127.0.0.1:{port}", record=tmp_path / "x.mpt")
    assert caught.value.word is Word.CONNECT
    assert caught.value.word.status is mailprobe.ExitStatus.UNREACHED
    assert (tmp_path / "x.mpt").read_text().startswith("mailprobe: 1\nprotocol: smtp\n")


def test_settings_in_one_value(sandbox: RunningSandbox) -> None:
    """What is given beside them counts more."""
    settings = Settings(hello_name="value.example", timeout=7.0, starttls=True)
    with connect(sandbox.url("smtp"), settings=settings, ca=sandbox.ca) as session:
        assert session.start_tls().verified
        assert session.exchanges[0].command.line == b"EHLO value.example"
    with connect(sandbox.url("smtp"), settings=settings, ehlo="x.example", verify=False) as session:
        assert not session.start_tls().verified
        assert session.exchanges[0].command.line == b"EHLO x.example"


@pytest.mark.parametrize("service", ["submission", "pop3"])
def test_a_client_certificate(sandbox: RunningSandbox, service: str) -> None:
    """EXTERNAL: the certificate says who it is; a key of nothing is no sense."""
    with connect(
        sandbox.url(service), starttls=True, ca=sandbox.ca, cert=sandbox.certificate
    ) as session:
        assert session.login("EXTERNAL").reply.positive
    with pytest.raises(Failure, match="give cert, too"):
        connect(sandbox.url(service), key=sandbox.certificate)


def test_another_name_for_the_certificate(sandbox: RunningSandbox) -> None:
    """`sni` is asked for, and looked for in the certificate."""
    with connect(sandbox.url("pop3s"), ca=sandbox.ca, sni="localhost") as session:
        assert session.tls is not None
        assert session.tls.server_name == "localhost"
    with pytest.raises(Failure) as caught:
        connect(sandbox.url("pop3s"), ca=sandbox.ca, sni="other.example")
    assert caught.value.word is Word.TLS


def test_the_way(sandbox: RunningSandbox) -> None:
    """From an address of ours; through a proxy that is not there; announced to whoever asks."""
    with connect(sandbox.url("smtp"), bind="127.0.0.2") as session:
        assert session.command("NOOP").reply.positive
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        proxy = f"socks5://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(Failure) as caught:
            connect(sandbox.url("smtp"), proxy=proxy)
    assert caught.value.word is Word.CONNECT
    with connect(sandbox.url("smtp"), proxy_protocol="v1") as session:
        # the sandbox takes no announcement: it answers what is no command, as it would any line
        assert [reply.code for reply in session.listen(30)] == ["500"]


@pytest.mark.parametrize("how", ["bind", "proxy", "proxy_protocol"])
def test_a_way_that_is_none(how: str) -> None:
    """Told before anybody is connected to."""
    with pytest.raises(Failure) as caught:
        connect("smtp://127.0.0.1:1", **{how: "nonsense"})  # type: ignore[arg-type]  # what is tried
    assert caught.value.word is Word.USAGE


def test_bounds(served: Callable[..., str]) -> None:
    """`limits` and `max_time` hold, and each names what moves it."""
    url = served("S: 220 hi", "C: NOOP", "S: 250 " + "x" * 300, "C: QUIT", "S: 221 bye")
    with connect(url, limits=mailprobe.Limits(line=200)) as session:
        with pytest.raises(Failure, match="--max-line") as caught:
            session.command("NOOP")
        assert caught.value.word is Word.LIMIT
    url = served("S@ after 20s", "S: 220 hi")
    with pytest.raises(Failure) as caught:
        connect(url, max_time=0.2)
    assert caught.value.word is Word.TIMEOUT


@pytest.mark.parametrize("service, implicit", [("smtp", False), ("pop3", False), ("pop3s", True)])
def test_settings_that_demand_tls(sandbox: RunningSandbox, service: str, implicit: bool) -> None:
    """It is there before any command but hello; a port for TLS has it already."""
    settings = Settings(tls=TlsSettings(str(sandbox.ca)), starttls=True)
    with connect(sandbox.url(service), settings=settings) as session:
        session.command("NOOP")
        assert session.tls is not None
        assert session.tls.implicit is implicit
