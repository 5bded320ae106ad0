"""--bind, --proxy, --proxy-protocol, --exec, --xclient: from the command line on."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailprobe.commands import talk
from mailprobe.errors import Failure, Word
from mailprobe.protocol.model import Protocol
from mailprobe.shell.options import Options
from mailprobe.transport.target import Kind, Target, Tls
from mailprobe.transport.way import DIRECT, Announcement, Proxy, Scheme, Source, Way
from tests.commands.inside import inside
from tests.hostile import probe
from tests.hostile.server import ScriptedServer, smtp
from tests.transport.proxies import proxy, saying

FILE = """
[profile.work]
target = "127.0.0.1:{port}"
protocol = "smtp"
bind = "127.0.0.9"
proxy = "{scheme}://alice@127.0.0.1:{proxy}"
proxy_protocol = "v1,192.0.2.1:1,192.0.2.2:25"
"""
SERVER = """
import os
os.write(1, b"220 mx\\r\\n")
for line in os.fdopen(0, "rb"):
    os.write(2, b"heard " + line)
    os.write(1, b"250-mx\\r\\n250 AUTH PLAIN\\r\\n" if line[:4] == b"EHLO" else b"250 ok\\r\\n")
"""


def options(*argv: str, env: dict[str, str] | None = None) -> Options:
    return talk._options(talk.parser().parse_intermixed_args(argv), env or {})


@pytest.fixture
def program(tmp_path: Path) -> str:
    """A server of SMTP on its standard input."""
    file = tmp_path / "server.py"
    file.write_text(SERVER)
    return f"{sys.executable} '{file}'"


def test_what_is_asked_for() -> None:
    """Each option has its place in the way; without them it is the direct one."""
    assert options("smtp", "mx").way is DIRECT
    found = options(
        *("smtp", "mx", "--bind", "127.0.0.9:25", "--proxy", "socks5://a@p:1"),
        *("--proxy-protocol", "v2,local", "--xclient", "ADDR=::1", "--xforward", "NAME=x"),
    )
    assert found.way == Way(
        Source("127.0.0.9", 25),
        Proxy(Scheme.SOCKS5, "p", 1, "a"),
        Announcement(2, local=True),
    )
    assert [one.verb for one in found.pretences] == ["XCLIENT", "XFORWARD"]


@pytest.mark.parametrize(
    "argv, target",
    [
        (("smtp",), Target(Protocol.SMTP, "localhost", 25, kind=Kind.PROGRAM)),
        (
            ("pop3", "mx.example", "--tls"),
            Target(Protocol.POP3, "mx.example", 995, Tls.IMPLICIT, kind=Kind.PROGRAM),
        ),
        (
            ("lmtp", "--starttls"),
            Target(Protocol.LMTP, "localhost", 24, Tls.STARTTLS, kind=Kind.PROGRAM),
        ),
    ],
)
def test_a_program(argv: tuple[str, ...], target: Target) -> None:
    """Words are split as a shell would, and no shell is there; a host is what certificates say."""
    found = options(*argv, "--exec", "exim -bs 'a b' $HOME")
    assert found.way.program == ("exim", "-bs", "a b", "$HOME")
    assert found.target == target


@pytest.mark.parametrize(
    "argv, sentence",
    [
        (("smtp", "x", "--bind", "::1", "-4"), "--bind ::1 is an IPv6 address, and -4"),
        (("smtp", "x", "--bind", "mx.example"), "--bind wants an address"),
        (("smtp", "x", "--proxy", "socks4://p:1"), "a proxy is socks5://"),
        (("smtp", "x", "--proxy-protocol", "v3"), "write v1 or v2"),
        (("smtp", "--exec", ""), "names no program"),
        (("smtp", "--exec", "a 'b"), "--exec: No closing quotation"),
        (("--exec", "a"), "--exec needs smtp, lmtp or pop3"),
        (("smtp", "unix:/x", "--exec", "a"), "--exec needs smtp, lmtp or pop3"),
        (("smtp", "sandbox", "--exec", "a"), "--exec needs smtp, lmtp or pop3"),
        (("smtp", "--exec", "a", "--bind", "::1"), "no --bind, no --proxy"),
        (("smtp", "--exec", "a", "--proxy", "http://p:1"), "no --bind, no --proxy"),
        (("pop3", "x", "--xclient", "ADDR=::1"), "are for SMTP and LMTP"),
        (("smtp", "x", "--stop-after", "mail", "--drop-after", "rcpt"), "exclude each other"),
        (("--stop-after", "mail"), "of a target alone"),
        (("smtp", "x", "--stop-after", "uidl"), "the stages are connect"),
    ],
)
def test_what_does_not_fit(argv: tuple[str, ...], sentence: str) -> None:
    """It is told before anything is connected."""
    with pytest.raises(Failure, match=sentence) as caught:
        options(*argv)
    assert caught.value.word is Word.USAGE


def test_a_session_with_a_program(program: str, tmp_path: Path) -> None:
    """What it says is the dialogue, what it writes besides are notes; it is replayable."""
    file = tmp_path / "session.mpt"
    ran = inside("smtp", "--exec", program, "--record", str(file), text=b"EHLO x\n/state\nNOOP\n")
    assert ran.status == 0
    assert ran.out.startswith("S: 220 mx\nC: EHLO x\nS: 250-mx\n")
    assert "# program" in ran.out
    assert "python" in ran.err
    assert "says: heard EHLO x" in ran.err
    head = file.read_text().partition("\n\n")[0]
    assert "connect: localhost:25" in head
    assert "server.py" not in file.read_text()


def test_a_credential_for_a_program(program: str) -> None:
    """Nobody here knows where it takes it."""
    text = b"EHLO x\nAUTH PLAIN AGEAYg==\n"
    ran = inside("smtp", "--exec", program, text=text)
    assert ran.word == "security"
    assert inside("smtp", "--exec", program, "--insecure-auth", text=text).status == 0


def test_a_later_connection_has_no_program(program: str) -> None:
    """It goes to the target that it names."""
    with ScriptedServer(*smtp()) as server:
        text = f"EHLO x\n/close\n/connect smtp 127.0.0.1:{server.port}\nNOOP\nQUIT\n"
        ran = inside("smtp", "--exec", program, text=text.encode())
    assert ran.status == 0
    assert server.heard == b"NOOP\r\nQUIT\r\n"


def test_only_the_command_line_names_programs(tmp_path: Path, program: str) -> None:
    """No profile does, no transcript, no target."""
    config = tmp_path / "mailprobe" / "config.toml"
    config.parent.mkdir()
    config.write_text(f'[profile.x]\ntarget = "x"\nexec = "{program}"\n'.replace("'", ""))
    config.chmod(0o600)
    ran = inside("smtp", "@x", env={"XDG_CONFIG_HOME": str(tmp_path)})
    assert (ran.status, "unknown key" in ran.err) == (2, True)
    for target in ("exec:cat", "program:cat", "exec://cat", "|cat"):
        assert inside("smtp", target).status in (2, 4)


@pytest.mark.parametrize("scheme", ["socks5", "http"])
def test_a_credential_behind_a_proxy(scheme: str) -> None:
    """What a proxy calls loopback is its own, and what goes there passes through it."""
    with ScriptedServer(*smtp({b"AUTH": b"235 in\r\n"})) as server, proxy(scheme) as seen:
        where = ("smtp", f"127.0.0.1:{server.port}")
        by = ("--proxy", f"{scheme}://127.0.0.1:{seen.port}")
        ran = inside(*where, *by, text=b"AUTH PLAIN AGEAYg==\n")
    assert ran.word == "security"
    assert b"AUTH" not in server.heard


@pytest.fixture
def through() -> Iterator[tuple[int, int, list[tuple[str, int]]]]:
    """A server, a proxy that wants a login, and where it was asked to go."""
    with saying(b"220 mx\r\n") as port, proxy("socks5", login=True) as seen:
        yield port, seen.port, seen.places


def test_a_password_of_a_proxy(through: tuple[int, int, list[tuple[str, int]]]) -> None:
    """It is the value of a variable, and stands nowhere; without one the run says what to do."""
    port, at, places = through
    argv = ("smtp", f"127.0.0.1:{port}", "--proxy", f"socks5://alice@127.0.0.1:{at}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "environ", {**os.environ, "MAILPROBE_SECRET_PROXY_PASSWORD": "secret"})
        ran = inside(*argv, text=b"/state\n", env=dict(os.environ))
    assert ran.status == 0
    assert f"# proxy         socks5://127.0.0.1:{at}\n" in ran.out
    assert "secret" not in ran.out + ran.err
    assert places == [("127.0.0.1", port)]
    ran = inside(*argv, text=b"")
    assert (ran.word, "MAILPROBE_SECRET_PROXY_PASSWORD" in ran.err) == ("usage", True)


def test_a_later_connection_goes_the_same_way(
    through: tuple[int, int, list[tuple[str, int]]],
) -> None:
    """What the command line says of the way holds for the whole run; so does what it was told."""
    port, at, places = through
    argv = ("smtp", f"127.0.0.1:{port}", "--proxy", f"socks5://alice@127.0.0.1:{at}")
    env = {"MAILPROBE_SECRET_PROXY_PASSWORD": "secret"}
    text = f"/close\n/connect smtp 127.0.0.1:{port}\n".encode()
    assert inside(*argv, text=text, env=env).status == 0
    assert places == [("127.0.0.1", port)] * 2


def test_a_profile(tmp_path: Path) -> None:
    """It may say how its server is reached; the command line counts more."""
    folder = tmp_path / "mailprobe"
    folder.mkdir()
    with saying(b"220 mx\r\n") as port, proxy("http", login=True) as seen:
        config = folder / "config.toml"
        config.write_text(FILE.format(port=port, scheme="http", proxy=seen.port))
        config.chmod(0o600)
        env = {"XDG_CONFIG_HOME": str(tmp_path), "MAILPROBE_SECRET_PROXY_PASSWORD": "secret"}
        ran = inside("@work", text=b"/state\n", env=env)
        assert ran.status == 0, ran
        assert "PROXY header  v1,192.0.2.1:1,192.0.2.2:25" in ran.out
        assert seen.places == [("127.0.0.1", port)]
        ran = inside("@work", "--bind", "192.0.2.9", env=env)
        assert "--bind 192.0.2.9: " in ran.err


@pytest.mark.parametrize(
    "line, sentence",
    [
        ('bind = "mx.example"', "profile.x.bind: --bind wants"),
        ('proxy = "http://a:b@p:1"', "profile.x.proxy: no password"),
        ("proxy_protocol = 1", "profile.x.proxy_protocol: this is text"),
        ('proxy_password = "x"', "no secret belongs into this file"),
    ],
)
def test_a_profile_that_does_not_fit(tmp_path: Path, line: str, sentence: str) -> None:
    """It is told with file and key."""
    folder = tmp_path / "mailprobe"
    folder.mkdir()
    config = folder / "config.toml"
    config.write_text(f'[profile.x]\ntarget = "x"\nprotocol = "smtp"\n{line}\n')
    config.chmod(0o600)
    ran = inside("@x", env={"XDG_CONFIG_HOME": str(tmp_path)})
    assert (ran.status, sentence in ran.err) == (2, True), ran.err


@pytest.mark.parametrize(
    "octets",
    [b"\x05\x00" + b"\x05" * 100_000, b"HTTP/1.1 200 OK\r\n" + b"X: \x1b]0;y\x07\r\n" * 100_000],
)
@pytest.mark.parametrize("scheme", ["socks5", "http"])
def test_a_hostile_proxy(octets: bytes, scheme: str, tmp_path: Path) -> None:
    """A flood ends in a sentence, early and with nothing raw in it."""
    with saying(octets) as port:
        url = f"{scheme}://127.0.0.1:{port}"
        result = probe.smtp(25, "--proxy", url, peak=tmp_path / "peak")
    assert result.status == 4
    assert result.ended[0] in ("protocol", "limit", "connect")
    assert result.peak is not None
    assert result.peak < 60 * 1024**2
