"""Links by other ways than a look-up and a socket: from an address, through a proxy, announced."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.protocol.events import Connected, Connecting, Event, Tunnelled
from mailprobe.protocol.model import Protocol
from mailprobe.transport.connect import connect
from mailprobe.transport.link import Interrupted
from mailprobe.transport.stream import Stream
from mailprobe.transport.target import Target, parse_target
from mailprobe.transport.way import Announcement, Proxy, Scheme, Source, Way
from mailprobe.value import replace
from tests.transport.conftest import LONG
from tests.transport.proxies import listening, proxy, saying

GREETING = b"220 mail.example ESMTP\r\n"
SCHEMES = ("socks5", "http")


def soon(seconds: float = LONG) -> float:
    return time.monotonic() + seconds


def target(host: str, port: int) -> Target:
    return Target(Protocol.SMTP, host, port)


def by(scheme: str, port: int, **more: object) -> Way:
    return Way(proxy=Proxy(Scheme(scheme), "127.0.0.1", port, **more))  # type: ignore[arg-type]


def read(link: Stream, count: int) -> bytes:
    found = b""
    while len(found) < count and (octets := link.receive(soon())):
        found += octets
    return found


@pytest.fixture
def server() -> Iterator[int]:
    """A port where everybody is greeted."""
    with saying(GREETING) as port:
        yield port


# ----------------------------------------------------------------------------- an own address


def test_an_own_address(server: int) -> None:
    """The server sees it; a port of it, too, and again at once."""
    with socket.create_server(("127.0.0.9", 0)) as free:
        port = free.getsockname()[1]
    for source in (Source("127.0.0.9"), Source("127.0.0.9", port), Source("127.0.0.9", port)):
        link = connect(target("127.0.0.1", server), deadline=soon(), way=Way(source))
        host, _, used = link.local.rpartition(":")
        assert host == "127.0.0.9"
        assert source.port in (0, int(used))
        link.reset()


def test_an_own_address_that_is_not_ours(server: int) -> None:
    """The reason is in words, and no other address is tried."""
    with pytest.raises(Failure, match="--bind 192.0.2.1: .* does not belong to this") as caught:
        connect(target("127.0.0.1", server), way=Way(Source("192.0.2.1")))
    assert caught.value.word is Word.CONNECT


def test_a_port_that_is_taken(server: int) -> None:
    """By a link to the same server."""
    first = connect(target("127.0.0.1", server), way=Way(Source("127.0.0.9")))
    port = int(first.local.rpartition(":")[2])
    with pytest.raises(Failure, match="in use|still holds") as caught:
        connect(target("127.0.0.1", server), way=Way(Source("127.0.0.9", port)))
    assert caught.value.word is Word.CONNECT
    first.drop()


def test_an_own_address_of_another_family(server: int) -> None:
    """Of a name, those addresses are taken that fit; of what is known, too."""
    way = Way(Source("::1"))
    with pytest.raises(Failure, match=r"127\.0\.0\.1 is no IPv6 address, as --bind wants it"):
        connect(target("127.0.0.1", server), way=way)
    with pytest.raises(Failure, match="mx: it has no IPv6 address"):
        connect(target("mx", server), addresses=["127.0.0.1"], way=way)
    seen: list[Event] = []
    known = ["::1", "127.0.0.1"]
    link = connect(
        target("mx", server), addresses=known, on_event=seen.append, way=Way(Source("127.0.0.9"))
    )
    assert [type(event) for event in seen] == [Connecting, Connected]
    link.drop()


@pytest.mark.parametrize("way", [Way(Source("127.0.0.1")), by("socks5", 1)])
def test_a_unix_socket_has_neither(way: Way, tmp_path: Path) -> None:
    """It is told, and nothing is tried."""
    with pytest.raises(Failure, match="unix socket") as caught:
        connect(parse_target(f"unix:{tmp_path}/x", Protocol.LMTP), way=way)
    assert caught.value.word is Word.USAGE


# ------------------------------------------------------------------------------------ a proxy


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_name_goes_to_the_proxy(scheme: str, server: int) -> None:
    """Nobody here looks it up; the tunnel is a step of its own, and the greeting is whole."""
    seen: list[Event] = []
    with proxy(scheme, {"mail.example": "127.0.0.1"}) as through:
        wanted = target("mail.example", server)
        way = by(scheme, through.port)
        link = connect(wanted, deadline=soon(), on_event=seen.append, clock=lambda: 0, way=way)
        assert read(link, len(GREETING)) == GREETING
        at = f"127.0.0.1:{through.port}"
        assert seen == [
            Connecting(0, at),
            Connected(0, at, link.local),
            Tunnelled(0, f"mail.example:{server}", at, looked_up=True),
        ]
        assert through.places == [("mail.example", server)]
        assert link.peer == f"mail.example:{server}"
        assert link.relayed
        assert link.way == (("proxy", f"{scheme}://{at}"),)
        link.drop()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_addresses_that_are_known_are_tried_in_turn(scheme: str, server: int) -> None:
    """Those of an MX were shown: the proxy gets them, and no name."""
    with proxy(scheme) as through, socket.socket() as bound:
        bound.bind(("127.0.0.2", server))  # taken, and nobody listens
        wanted = replace(target("mx.example", server), addresses=("127.0.0.2", "127.0.0.1"))
        link = connect(wanted, deadline=soon(), way=by(scheme, through.port))
        assert through.places == [("127.0.0.2", server), ("127.0.0.1", server)]
        assert read(link, len(GREETING)) == GREETING
        link.drop()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_nobody_there(scheme: str) -> None:
    """The reason of the proxy stands in the sentence."""
    with proxy(scheme) as through, socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        wanted = target("127.0.0.1", bound.getsockname()[1])
        with pytest.raises(Failure, match="the proxy 127.0.0.1:.* does not connect") as caught:
            connect(wanted, deadline=soon(), way=by(scheme, through.port))
        assert caught.value.word is Word.CONNECT
        assert str(wanted) in caught.value.sentence


def test_no_proxy_there() -> None:
    """It is told that it is the proxy, and not the server, which is missing."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        way = by("http", bound.getsockname()[1])
        with pytest.raises(
            Failure, match="^connect: the proxy: no connection to .* refused"
        ) as caught:
            connect(target("mail.example", 25), deadline=soon(), way=way)
    assert caught.value.word is Word.CONNECT


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_login(scheme: str, server: int) -> None:
    """With the right password and a wrong one."""
    wanted = target("127.0.0.1", server)
    with proxy(scheme, login=True) as through:
        right = by(scheme, through.port, user="alice", password="secret")
        connect(wanted, deadline=soon(), way=right).drop()
        wrong = by(scheme, through.port, user="alice", password="wrong")
        with pytest.raises(Failure, match="refused the login of alice"):
            connect(wanted, deadline=soon(), way=wrong)
        with pytest.raises(Failure, match="wants a login"):
            connect(wanted, deadline=soon(), way=by(scheme, through.port))
    assert len(through.logins) == 2


def test_a_password_does_not_travel_in_the_clear(
    server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To another machine, unless somebody wants that."""
    monkeypatch.setattr("mailprobe.transport.connect._NEAR", ("192.0.2.",))
    wanted = target("127.0.0.1", server)
    with proxy("socks5", login=True) as through:
        way = by("socks5", through.port, user="alice", password="secret")
        with pytest.raises(Failure, match="--insecure-auth") as caught:
            connect(wanted, deadline=soon(), way=way)
        assert caught.value.word is Word.SECURITY
        assert through.logins == []
        exposed = by("socks5", through.port, user="alice", password="secret", exposed=True)
        connect(wanted, deadline=soon(), way=exposed).drop()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("beginning", [b"", b"\x05", b"HTTP/1.1 200 OK\r\nX: "])
def test_a_proxy_that_falls_silent(scheme: str, beginning: bytes) -> None:
    """The limit of time ends it, in one of three words by what came; it can be interrupted."""
    with saying(beginning) as port:
        way = by(scheme, port)
        with pytest.raises(Failure) as caught:
            connect(target("mail.example", 25), deadline=soon(0.1), way=way)
        fits = scheme == ("socks5" if beginning[:1] == b"\x05" else "http") or not beginning
        assert caught.value.word is (Word.TIMEOUT if fits else Word.PROTOCOL)
        if fits:
            read, write = os.pipe()
            os.write(write, b"\0")
            with pytest.raises(Interrupted):
                connect(target("mail.example", 25), deadline=soon(), way=way, wakeup=read)
            os.close(read)
            os.close(write)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_proxy_that_drips(scheme: str) -> None:
    """An answer that never ends is as late as one that never comes."""

    def drip(link: socket.socket) -> None:
        link.settimeout(0.005)
        link.sendall(b"\x05\x00\x05\x00\x00\x03\xff" if scheme == "socks5" else b"HTTP/1.1 ")
        while True:
            link.sendall(b"x")
            try:
                if not link.recv(1000):
                    return
            except TimeoutError:
                pass

    with listening(drip) as port:
        with pytest.raises(Failure) as caught:
            connect(target("mail.example", 25), deadline=soon(0.15), way=by(scheme, port))
        assert caught.value.word is Word.TIMEOUT


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_proxy_of_these_tests_is_one(scheme: str) -> None:
    """curl goes through it as we do."""
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed (.ci/servers installs it)")
    names = {"mail.example": "127.0.0.1"}
    with saying(GREETING, keep_open=False) as server, proxy(scheme, names, login=True) as through:
        kind = "socks5h" if scheme == "socks5" else "http"
        url = f"{kind}://alice:secret@127.0.0.1:{through.port}"
        command = [curl, "-s", "-v", "-m", "5", "--proxytunnel", "-x", url, "--noproxy", ""]
        done = subprocess.run(
            [*command, "-X", "QUIT", f"smtp://mail.example:{server}"],
            capture_output=True,
            timeout=LONG,
        )
    assert GREETING.strip() in done.stderr
    assert through.places == [("mail.example", server)]


# ---------------------------------------------------------------------------- an announcement


@pytest.mark.parametrize("scheme", ["", *SCHEMES])
def test_the_header_goes_first(scheme: str) -> None:
    """Behind the go-ahead of a proxy, before the server has said a word."""
    came: list[bytes] = []

    def handle(link: socket.socket) -> None:
        came.append(link.recv(1000))
        link.sendall(GREETING)
        link.recv(1000)

    given = Announcement(1, ("192.0.2.1", 1), ("192.0.2.2", 25))
    if not scheme:
        with listening(handle) as port:
            way = Way(announcement=Announcement(1))
            link = connect(target("127.0.0.1", port), deadline=soon(), way=way)
            mine = link.local.rpartition(":")[2]
            assert read(link, len(GREETING)) == GREETING
            assert came == [b"PROXY TCP4 127.0.0.1 127.0.0.1 %s %d\r\n" % (mine.encode(), port)]
            link.drop()
        return
    with saying(GREETING) as port, proxy(scheme) as through:
        way = replace(by(scheme, through.port), announcement=given)
        link = connect(target("127.0.0.1", port), deadline=soon(), way=way)
        assert read(link, len(GREETING)) == GREETING
        assert ("PROXY header", "v1,192.0.2.1:1,192.0.2.2:25") in link.way
        link.drop()
        with pytest.raises(Failure, match="not known here"):
            connect(
                target("127.0.0.1", port),
                deadline=soon(),
                way=replace(way, announcement=Announcement(2)),
            )


def test_a_unix_socket_is_announced(tmp_path: Path) -> None:
    """With its path, and none of ours."""
    path = tmp_path / "lmtp"
    with socket.socket(socket.AF_UNIX) as waiting:
        waiting.bind(str(path))
        waiting.listen()
        way = Way(announcement=Announcement(2))
        link = connect(parse_target(f"unix:{path}", Protocol.LMTP), deadline=soon(), way=way)
        with waiting.accept()[0] as its:
            octets = its.recv(1000)
        assert octets[12:16] == b"\x21\x31\x00\xd8"
        assert octets[16 + 108 :].rstrip(b"\0") == str(path).encode()
        link.drop()
