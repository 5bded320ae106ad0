"""What a client says to a proxy whose answers are known beforehand."""

import socket
import time
from collections.abc import Callable

from mailprobe.transport.intermediary import Conversation
from mailprobe.transport.way import Proxy
from tests.transport.conftest import LONG

Connect = Callable[[Conversation, Proxy, str, int], object]


def asked(
    connect: Connect, answers: bytes, proxy: Proxy, host: str = "mail.example"
) -> tuple[bytes, bytes]:
    """What was said to a proxy that answers so, and what was left of its answers."""
    mine, its = socket.socketpair()
    with mine, its:
        mine.settimeout(0)
        its.sendall(answers)
        its.shutdown(socket.SHUT_WR)
        talk = Conversation(mine, "the proxy x", time.monotonic() + LONG, None)
        connect(talk, proxy, host, 25)
        said = its.recv(4096)
        left = b""
        while octets := mine.recv(4096):
            left += octets
        return said, left
