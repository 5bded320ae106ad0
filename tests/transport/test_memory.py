"""Links without a network behave as those with one."""

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.protocol.events import Ending
from mailprobe.transport.link import TlsSettings
from mailprobe.transport.memory import Scripted, pair


def test_a_pair_is_connected() -> None:
    """What one sends the other receives."""
    client, server = pair()
    client.send(b"QUIT\r\n")
    assert server.receive() == b"QUIT\r\n"
    assert (client.peer, server.peer) == ("server", "client")
    client.drop()
    assert server.receive() == b""
    server.drop()


def test_a_script_is_delivered_chunk_by_chunk() -> None:
    """One chunk for each receive, None is an interruption, then the ending."""
    link = Scripted([b"220 ", None, b"hi\r\n"], ending=Ending.RESET)
    assert [link.receive(), link.receive(), link.receive()] == [b"220 ", None, b"hi\r\n"]
    assert link.ending is None
    assert link.receive() == b""
    assert link.poll_receive() == b""
    assert link.ending == Ending.RESET


def test_a_script_without_ending_falls_silent() -> None:
    """TIMEOUT at once; who only looks finds nothing."""
    link = Scripted([b"220 hi\r\n"], ending=None)
    assert link.poll_receive() == b"220 hi\r\n"
    assert link.poll_receive() is None
    with pytest.raises(Failure) as caught:
        link.receive()
    assert caught.value.word is Word.TIMEOUT


def test_a_script_records_what_was_done() -> None:
    """Sends, upgrades and the end."""
    link = Scripted([])
    assert link.send(memoryview(b"STARTTLS\r\n")) == 10
    facts = link.start_tls(TlsSettings(), "mail.example", upgrade=True)
    assert link.tls is facts
    link.half_close()
    link.close(0.0)
    assert link.sent == [b"STARTTLS\r\n"]
    assert link.upgrades == ["mail.example"]
    assert link.closed
    assert (link.fileno(), link.local) == (-1, "memory")
    link.reset()
