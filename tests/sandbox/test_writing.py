"""What /send, /body and /bdat write is what POP3 gives back, octet for octet."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailprobe.protocol.connection import catalogue_of
from mailprobe.protocol.model import Protocol
from mailprobe.sandbox.server import Sandbox
from mailprobe.session import Session
from mailprobe.shell.local import commands as local
from mailprobe.transport.target import Target, Tls
from tests.shell.local.test_commands import Desk

_TRACE = re.compile(rb"Return-Path: [^\r\n]*\r\n(?:(?:Received:|[ \t])[^\r\n]*\r\n)*")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """All services over one store."""
    sandbox = Sandbox()
    sandbox.start()
    yield sandbox
    sandbox.stop()


@pytest.fixture(scope="module")
def desk(sandbox: Sandbox) -> Iterator[Desk]:
    """A shell that talks SMTP to it."""
    desk = Desk()
    desk.session = opened(sandbox, Protocol.SMTP)
    yield desk
    desk.session.leave()


def opened(sandbox: Sandbox, protocol: Protocol) -> Session:
    session = Session(catalogue_of(protocol))
    port = sandbox.ports[str(protocol)]
    session.open(Target(protocol, sandbox.host, port, Tls.NONE))
    return session


def fetched(sandbox: Sandbox) -> bytes:
    """The message of bob, as it is kept; it is deleted."""
    session = opened(sandbox, Protocol.POP3)
    for line in (b"USER bob", b"PASS builder"):
        session.exchange(line)
    exchange = session.exchange(b"RETR 1")
    assert exchange is not None
    assert exchange.body is not None
    exchange.body.seek(0)
    octets = exchange.body.read()
    session.exchange(b"DELE 1")
    session.exchange(b"QUIT")
    session.close()
    session.release()
    return octets


def is_behind_trace(message: bytes, octets: bytes) -> bool:
    """Whether `message` is `octets`, and above them what a server writes there."""
    head = message[: len(message) - len(octets)]
    return message == head + octets and _TRACE.fullmatch(head) is not None


def mended(octets: bytes) -> bytes:
    """CRLF for every line end, one at the end."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", octets)
    return lines if not lines or lines.endswith(b"\r\n") else lines + b"\r\n"


CONTENTS = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"..", b"a", b"\xff", b"Subject: x\n\n"])
    | st.binary(max_size=4)
    | st.just(b"x" * 1200)
).map(b"".join)
CASES = [
    b"",
    b".",
    b"no end",
    b".\r\n.\r\n",
    b"\n.\n..\n",
    b"\0nul\0\n",
    b"x" * 70_000 + b"\n",
    (b"." * 65 + b"\r\n") * 2000,
    "Subject: ä\n\nß\n".encode(),
    "Grüße\n".encode("latin-1"),
    "你好\n".encode("gb18030"),
]


def is_kept(desk: Desk, sandbox: Sandbox, path: Path, octets: bytes) -> None:
    path.write_bytes(octets)
    local.run(desk, f"/send --from a@b.example --to bob@example.test {path}")
    assert desk.rows.pop()[1] == "sent"
    assert is_behind_trace(fetched(sandbox), mended(octets))


@pytest.mark.parametrize("octets", CASES, ids=range(len(CASES)))
def test_cases_come_back(desk: Desk, sandbox: Sandbox, tmp_path: Path, octets: bytes) -> None:
    """Long lines, dots, NUL, no line end at the end, nothing at all, any charset."""
    is_kept(desk, sandbox, tmp_path / "m.eml", octets)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CONTENTS)
def test_any_file_comes_back(desk: Desk, sandbox: Sandbox, tmp_path: Path, octets: bytes) -> None:
    """Line ends mended, and nothing else."""
    is_kept(desk, sandbox, tmp_path / "m.eml", octets)


@pytest.mark.parametrize("pipelined", ["", " --pipelined"])
def test_chunks_come_back(desk: Desk, sandbox: Sandbox, tmp_path: Path, pipelined: str) -> None:
    """However a text is cut; chunks are not mended and not stuffed."""
    path = tmp_path / "m.eml"
    octets = b"Subject: x\r\n\r\n.dot\r\n..\r\n.\r\n"
    path.write_bytes(octets)
    assert desk.session is not None
    for line in (b"MAIL FROM:<a@b.example>", b"RCPT TO:<bob@example.test>"):
        desk.session.exchange(line)
    local.run(desk, f"/bdat {path} --chunks 0,1,12,1,LAST{pipelined}")
    assert is_behind_trace(fetched(sandbox), octets)


@pytest.mark.parametrize("piece, pause", [(1, 0.0), (7, 0.0), (3, 0.00001)])
def test_pieces_come_back(
    desk: Desk, sandbox: Sandbox, tmp_path: Path, piece: int, pause: float
) -> None:
    """A drip changes nothing of what is said."""
    assert desk.session is not None
    before = desk.session.settings
    desk.session.settings = type(before)(piece=piece, pause=pause)
    try:
        is_kept(desk, sandbox, tmp_path / "m.eml", b"Subject: x\n\n.dot\nend")
    finally:
        desk.session.settings = before
