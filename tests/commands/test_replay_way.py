"""`mailprobe replay` by other ways: named by the command line, and no wider than before."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.inside import inside, write
from tests.hostile.server import ScriptedServer, smtp
from tests.transport.proxies import Seen, proxy

SCRIPT = "S? 220\nC: EHLO x\nS? 250\nC: QUIT\nS? 221\n"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(*smtp({b"EHLO": b"250 mx\r\n"})) as running:
        yield running


@pytest.fixture(params=["smtp", "raw"])
def file(tmp_path: Path, server: ScriptedServer, request: pytest.FixtureRequest) -> str:
    """A transcript that names loopback itself; understood, or octets alone."""
    script = SCRIPT if request.param == "smtp" else "S: 220 mx.example.test ESMTP\n"
    head = f"mailprobe: 1\nprotocol: {request.param}\nconnect: 127.0.0.1:{server.port}\n\n"
    return str(write(tmp_path / "x.mpt", head + script))


@pytest.fixture
def through() -> Iterator[Seen]:
    with proxy("socks5", login=True) as seen:
        yield seen


def test_from_another_address(file: str) -> None:
    """The link comes from there, or not at all."""
    assert inside("replay", file, "--bind", "127.0.0.9").status == 0
    ran = inside("replay", file, "--bind", "192.0.2.9")
    assert (ran.status, "--bind 192.0.2.9: " in ran.out) == (4, True)


def test_through_a_proxy(file: str, server: ScriptedServer, through: Seen) -> None:
    """Its password is a secret like others; loopback is another machine, which nobody named."""
    url = ("--proxy", f"socks5://alice@127.0.0.1:{through.port}")
    env = {"MAILPROBE_SECRET_PROXY_PASSWORD": "secret"}
    ran = inside("replay", file, *url, env=env)
    assert (ran.word, through.places) == ("security", [])
    ran = inside("replay", file, *url, "--allow-host", "127.0.0.1", env=env)
    assert ran.status == 0, ran
    assert through.places == [("127.0.0.1", server.port)]
    assert inside("replay", file, *url, "--allow-host", "127.0.0.1").word == "usage"


def test_behind_a_header(tmp_path: Path) -> None:
    """It goes first, and is no part of the file."""
    with ScriptedServer(*smtp({b"EHLO": b"250 mx\r\n"})) as server:
        head = f"mailprobe: 1\nprotocol: smtp\nconnect: 127.0.0.1:{server.port}\n\n"
        file = write(tmp_path / "x.mpt", head + SCRIPT)
        header = ("--proxy-protocol", "v1,192.0.2.1:1,192.0.2.2:25")
        inside("replay", str(file), *header)
    assert server.heard.startswith(b"PROXY TCP4 192.0.2.1 192.0.2.2 1 25\r\n")
