"""What every link must do, on TCP, under TLS 1.2 and 1.3, and on a unix socket."""

import os
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.protocol.events import Ending
from mailprobe.transport.link import WriteFailed
from mailprobe.transport.stream import Stream, name_of

Links = tuple[Stream, Stream]
LONG = 20.0


def soon(seconds: float = LONG) -> float:
    return time.monotonic() + seconds


def send_for_ever(link: Stream, octets: bytes) -> None:
    while True:
        link.send(octets, soon())


def everything(link: Stream, most: float = float("inf")) -> bytes:
    """Receive until the end, or until `most` octets are there."""
    came = bytearray()
    while len(came) < most and (view := link.receive(soon())):
        came += view
    return bytes(came)


@pytest.fixture
def wakeup() -> Iterator[tuple[int, int]]:
    """A pipe: what is written to the second end interrupts who watches the first."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


# ---------------------------------------------------------------------------- there and back


def test_octets_arrive_as_they_were_sent(links: Links) -> None:
    """Both directions, every octet value."""
    client, server = links
    octets = bytes(range(256))
    assert client.send(octets, soon()) == 256
    assert everything(server, 256) == octets
    assert server.send(memoryview(octets), soon()) == 256
    assert everything(client, 256) == octets


def test_one_octet_at_a_time(links: Links) -> None:
    """A drip is the same stream."""
    client, server = links
    for octet in b"220 slow\r\n":
        server.send(bytes([octet]))
    assert everything(client, 10) == b"220 slow\r\n"


def test_nothing_to_send_is_sent(links: Links) -> None:
    """An empty send is no error and says nothing to the peer."""
    client, server = links
    assert client.send(b"") == 0
    assert server.poll_receive() is None


def test_many_octets_travel_while_the_peer_reads(links: Links, aside: Any) -> None:
    """More than any buffer holds goes through, in order."""
    client, server = links
    octets = bytes(range(256)) * 20_000
    receiving = aside(lambda: everything(server, len(octets)))
    assert client.send(octets, soon()) == len(octets)
    assert receiving.result() == octets


def test_two_who_both_write_do_not_block_each_other(links: Links, aside: Any) -> None:
    """The peer reads nothing until its own octets are taken: `on_readable` takes them."""
    client, server = links
    octets = b"x" * 5_000_000
    came = bytearray()

    def serve() -> bytes:
        server.send(octets, soon())
        return everything(server, len(octets))

    def read() -> None:
        while view := client.poll_receive():
            came.extend(view)

    serving = aside(serve)
    assert client.send(octets, soon(), read) == len(octets)
    assert serving.result() == octets
    came += everything(client, len(octets) - len(came))
    assert bytes(came) == octets


def test_poll_receive_never_waits(links: Links) -> None:
    """None when nothing is there; then all that is there; the end is the empty view."""
    client, server = links
    assert client.poll_receive() is None
    server.send(b"421 bye\r\n")
    server.half_close()
    assert client.receive(soon()) == b"421 bye\r\n"
    while (view := client.poll_receive()) is None:
        continue
    assert view == b""
    assert client.ending == Ending.EOF


def test_what_tls_has_decrypted_is_not_forgotten(links: Links) -> None:
    """A small buffer leaves decrypted octets of which no descriptor tells."""
    client, server = links
    client._view = memoryview(bytearray(7))
    server.send(b"0123456789" * 10)
    assert everything(client, 100) == b"0123456789" * 10


# --------------------------------------------------------------------------------- the limits


def test_silence_ends_at_the_deadline(links: Links) -> None:
    """A passed deadline is TIMEOUT, and the link can be used on."""
    client, server = links
    with pytest.raises(Failure) as caught:
        client.receive(soon(0.001))
    assert caught.value.word is Word.TIMEOUT
    assert "server" in caught.value.sentence
    server.send(b"late\r\n")
    assert client.receive(soon()) == b"late\r\n"


def test_what_is_there_comes_after_the_deadline_too(links: Links) -> None:
    """A process that slept does not lose the reply that came in time."""
    client, server = links
    server.send(b"250 ok\r\n")
    assert client.receive(soon()) == b"250 ok\r\n"
    server.send(b"250 again\r\n")
    server.half_close()
    client._wait(1, soon(), "")
    assert client.receive(time.monotonic() - 1) == b"250 again\r\n"


def test_a_peer_that_stops_reading_ends_at_the_deadline(links: Links) -> None:
    """Sending into full buffers is TIMEOUT."""
    client, _ = links
    with pytest.raises(Failure) as caught:
        client.send(b"x" * 30_000_000, soon(0.05))
    assert caught.value.word is Word.TIMEOUT


def test_the_wakeup_descriptor_interrupts_receiving(links: Links, wakeup: tuple[int, int]) -> None:
    """None is returned, no octet is lost, and a flood does not hide the signal."""
    client, server = links
    client.wakeup = wakeup[0]
    os.write(wakeup[1], b"\0")
    assert client.receive(soon()) is None
    server.send(b"250 ok\r\n")
    assert client.receive(soon()) is None
    os.read(wakeup[0], 1)
    assert client.receive(soon()) == b"250 ok\r\n"
    client.wakeup = None
    os.write(wakeup[1], b"\0")
    server.send(b"250 ok\r\n")
    assert client.receive(soon()) == b"250 ok\r\n"


def test_the_wakeup_descriptor_interrupts_sending(links: Links, wakeup: tuple[int, int]) -> None:
    """The count that is returned is true: sending the rest later gives the same stream."""
    client, server = links
    client.wakeup = wakeup[0]
    os.write(wakeup[1], b"\0")
    octets = bytes(range(256)) * 40_000
    sent = client.send(octets, soon())
    assert 0 < sent < len(octets)
    os.read(wakeup[0], 1)
    came = bytearray()

    def read() -> None:
        while view := server.poll_receive():
            came.extend(view)

    while sent < len(octets):
        read()
        os.write(wakeup[1], b"\0")
        sent += client.send(octets[sent:], soon())
        os.read(wakeup[0], 1)
    client.wakeup = None
    while len(came) < len(octets):
        read()
        client.send(b"")
    assert bytes(came) == octets


# --------------------------------------------------------------------------------- the ending


def test_the_end_is_an_empty_view_again_and_again(links: Links) -> None:
    """A polite end is EOF; what was sent before it arrives."""
    client, server = links
    server.send(b"221 bye\r\n")
    server.close(time.monotonic())
    assert everything(client) == b"221 bye\r\n"
    assert client.receive(soon()) == b""
    assert client.poll_receive() == b""
    assert client.ending == Ending.EOF


def test_half_closed_links_still_receive(links: Links) -> None:
    """The answer to what was sent before the end comes through."""
    client, server = links
    client.send(b"QUIT\r\n")
    client.half_close()
    assert everything(server) == b"QUIT\r\n"
    server.send(b"221 bye\r\n")
    server.close(time.monotonic())
    assert everything(client) == b"221 bye\r\n"


def test_a_link_that_keeps_pace_is_never_far_ahead(
    sockets: tuple[socket.socket, socket.socket],
) -> None:
    """What the system took is what the peer has room for, and a little: progress can be told."""
    client = Stream(sockets[0], peer="peer")
    client.keep_pace()
    option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    if option is not None:
        assert sockets[0].getsockopt(socket.IPPROTO_TCP, option) == 128 * 1024
    client.drop()
    client.keep_pace()  # nobody minds


def test_closing_waits_for_the_peer_no_longer_than_told(links: Links, aside: Any) -> None:
    """Both a silent and a chatty peer: the deadline holds, and the link is closed after it."""
    client, server = links
    server.send(b"x" * 1000)
    client.close(soon(0.01))
    assert client.fileno() == -1
    client.close(soon())
    with pytest.raises(Failure):
        send_for_ever(server, b"x" * 1000)


def test_closing_together(links: Links, aside: Any) -> None:
    """Two who close at the same time are both done at once."""
    client, server = links
    other = aside(lambda: server.close(soon()))
    client.close(soon())
    other.result()
    assert client.fileno() == server.fileno() == -1


def test_a_peer_that_left_is_a_failed_write_after_which_its_words_are_read(
    links: Links,
) -> None:
    """A 421 that explains the hang-up survives the broken pipe."""
    client, server = links
    server.send(b"421 too many errors\r\n")
    server.half_close()
    server.drop()
    with pytest.raises(WriteFailed) as caught:
        send_for_ever(client, b"NOOP\r\n")
    assert caught.value.word in (Word.RESET, Word.EOF)
    with pytest.raises(WriteFailed):
        client.send(b"NOOP\r\n", soon())
    assert everything(client) == b"421 too many errors\r\n"
    assert client.ending in (Ending.EOF, Ending.RESET)


def test_a_reset_is_told_from_an_end(sockets: tuple[socket.socket, socket.socket]) -> None:
    """RST: what came before it may be lost, but the word is right."""
    client, server = (Stream(each, peer="peer") for each in sockets)
    server.reset()
    assert client.receive(soon()) == b""
    assert client.ending == Ending.RESET
    client.drop()


def test_a_reset_that_a_write_met_is_a_reset(sockets: tuple[socket.socket, socket.socket]) -> None:
    """The failed write takes the error away from the reading side; the ending knows it still."""
    client, server = (Stream(each, peer="peer") for each in sockets)
    server.reset()
    with pytest.raises(WriteFailed) as caught:
        send_for_ever(client, b"NOOP\r\n")
    assert caught.value.word is Word.RESET
    assert everything(client) == b""
    assert client.ending == Ending.RESET
    client.drop()


def test_drop_says_nothing(links: Links) -> None:
    """The peer of a dropped link sees its end, under TLS a truncated one."""
    client, server = links
    server.drop()
    assert everything(client) == b""
    assert client.ending == (Ending.TRUNCATED if client.tls else Ending.EOF)


def test_interrupt_from_elsewhere_ends_a_wait(links: Links, aside: Any) -> None:
    """A server that stops ends the waits of its connections."""
    client, _ = links
    waiting = aside(lambda: bytes(client.receive(soon()) or b""))
    client.interrupt()
    assert waiting.result() == b""


def test_a_closed_link_has_no_descriptor_and_no_address(links: Links) -> None:
    """Asking after the end is no error."""
    client, _ = links
    assert client.fileno() >= 0
    assert client.local
    client.drop()
    client.drop()
    client.reset()
    assert client.fileno() == -1
    assert client.local == ""


def test_addresses_are_written_as_people_write_them() -> None:
    """IPv4, IPv6 in brackets, and unix sockets with and without a path."""
    assert name_of(("192.0.2.1", 25)) == "192.0.2.1:25"
    assert name_of(("2001:db8::1", 25, 0, 0)) == "[2001:db8::1]:25"
    assert name_of("/run/lmtp") == "unix:/run/lmtp"
    assert name_of("") == name_of(b"\0abstract") == "unix"
