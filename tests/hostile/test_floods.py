"""Servers that send without end: the right word, and never more than 150 MB of memory."""

import ssl
from pathlib import Path

import pytest
import trustme

from mailprobe.transport.tls import server_context
from tests.hostile import probe
from tests.hostile.server import (
    ScriptedServer,
    Step,
    answer,
    endless,
    expect,
    repeat,
    send,
    start_tls,
)

MEGA = 1024 * 1024
MOST = 150 * MEGA
FLOOD = 64 * MEGA
SMTP, POP3 = send(b"220 mx\r\n"), send(b"+OK mx\r\n")

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="no /proc to read the greatest memory from"
)


@needs_proc
@pytest.mark.parametrize("protocol", ["smtp", "pop3"])
@pytest.mark.parametrize(
    "flood, ended",
    [
        (repeat(b"x", FLOOD), ("limit", 4)),
        (endless(b"\r"), ("limit", 4)),
        (endless(b"250-x\r\n"), None),
        (repeat(b"\0", FLOOD), ("protocol", 4)),
    ],
    ids=["one line", "no LF", "reply lines", "zeros"],
)
@pytest.mark.parametrize("place", ["greeting", "reply"])
def test_floods(
    protocol: str, flood: Step, ended: tuple[str, int] | None, place: str, tmp_path: Path
) -> None:
    """64 MB without a line end, and lines that never make a reply."""
    steps = {"greeting": (), "reply": ({"smtp": SMTP, "pop3": POP3}[protocol], expect(b"NOOP"))}
    with ScriptedServer(*steps[place], flood) as server:
        result = probe.run(
            protocol,
            f"127.0.0.1:{server.port}",
            *("--record", tmp_path / "session.mpt"),
            text=b"NOOP\n",
            peak=tmp_path / "peak",
        )
    assert result.ended == (ended or ({"smtp": "limit", "pop3": "protocol"}[protocol], 4))
    assert result.peak is not None
    assert result.peak < MOST
    assert (tmp_path / "session.mpt").stat().st_size < 4 * MEGA


@needs_proc
@pytest.mark.slow
def test_large_replies_to_many_commands(tmp_path: Path) -> None:
    """Each keeps the limit; all together they are not kept."""
    reply = (b"550-" + b"x" * 60_000 + b"\r\n") * 16 + b"550 no\r\n"
    with ScriptedServer(SMTP, answer({}, default=reply)) as server:
        result = probe.smtp(
            server.port, "--keep-going", text=b"NOOP\n" * 120, peak=tmp_path / "peak"
        )
    assert result.ended == ("refused", 1)
    assert result.peak is not None
    assert result.peak < MOST


@needs_proc
@pytest.mark.slow
@pytest.mark.parametrize("body", [b"1 " + b"2" * 400 + b"\r\n", b"x" * 70_000 + b"\r\n"])
def test_a_body_that_never_ends(body: bytes, tmp_path: Path) -> None:
    """It goes to a file and to the reader of our output, and not into memory."""
    with ScriptedServer(POP3, expect(b"LIST"), send(b"+OK\r\n"), endless(body)) as server:
        result = probe.pop3(
            server.port,
            *("--record", tmp_path / "session.mpt", "--max-body", "24M"),
            text=b"LIST\n",
            peak=tmp_path / "peak",
        )
    assert result.ended == ("limit", 4)
    assert "--max-body " in result.err
    assert result.peak is not None
    assert result.peak < MOST


@needs_proc
def test_a_line_of_a_body_that_never_ends(tmp_path: Path) -> None:
    """It has a bound of its own."""
    with ScriptedServer(POP3, expect(b"RETR"), send(b"+OK\r\n"), endless(b"x")) as server:
        result = probe.pop3(server.port, text=b"RETR 1\n", peak=tmp_path / "peak")
    assert result.ended == ("limit", 4)
    assert "--max-body-line " in result.err
    assert result.peak is not None
    assert result.peak < MOST


@needs_proc
@pytest.mark.parametrize("protocol", ["smtp", "pop3"])
def test_a_flood_behind_the_go_ahead_for_tls(protocol: str, tmp_path: Path) -> None:
    """64 MB of injected text: refused, and not kept."""
    greeting, go = {"smtp": (SMTP, b"220 go\r\n"), "pop3": (POP3, b"+OK go\r\n")}[protocol]
    verb = {"smtp": b"STARTTLS", "pop3": b"STLS"}[protocol]
    flood = repeat(b"250 injected\r\n", FLOOD)
    with ScriptedServer(greeting, expect(verb), send(go), flood) as server:
        result = probe.run(
            protocol,
            f"127.0.0.1:{server.port}",
            text=verb + b"\nQUIT\n",
            peak=tmp_path / "peak",
        )
    assert result.ended == ("security", 4)
    assert result.peak is not None
    assert result.peak < MOST


@needs_proc
def test_a_flood_inside_tls(tmp_path: Path) -> None:
    """The same bounds hold behind the handshake."""
    authority, context = trustme.CA(), server_context()
    assert isinstance(context, ssl.SSLContext)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with ScriptedServer(start_tls(context), repeat(b"x", FLOOD)) as server:
        result = probe.smtp(
            server.port,
            *("--tls", "--ca", tmp_path / "ca.pem"),
            text=b"QUIT\n",
            peak=tmp_path / "peak",
        )
    assert result.ended == ("limit", 4)
    assert result.peak is not None
    assert result.peak < MOST
