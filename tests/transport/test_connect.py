"""The way to a server: look-up, attempts in order, and the word when none succeeds."""

import errno
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.protocol.events import Connected, Connecting, Event, Resolved
from mailprobe.protocol.model import Protocol
from mailprobe.transport.connect import connect
from mailprobe.transport.link import Interrupted
from mailprobe.transport.target import Target, parse_target
from mailprobe.value import replace

HAS_IPV6 = Path("/proc/net/if_inet6").exists() and Path("/proc/net/if_inet6").read_text() != ""


def soon(seconds: float = 20.0) -> float:
    return time.monotonic() + seconds


def target(host: str, port: int) -> Target:
    return Target(Protocol.SMTP, host, port)


@pytest.fixture
def port() -> Iterator[int]:
    """A port of 127.0.0.1 on which somebody listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of 127.0.0.1 that is taken and refuses."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str] | OSError]:
    """What the resolver says: a table of names instead of a network."""
    table: dict[str, list[str] | OSError] = {}
    real = socket.getaddrinfo

    def getaddrinfo(host: bytes, port: int, *more: Any) -> list[Any]:
        answer = table.get(host.decode())
        if isinstance(answer, OSError):
            raise answer
        if answer is None or more[-1] & socket.AI_NUMERICHOST:
            return real(host, port, *more)
        found = [real(each.encode(), port, *more) for each in answer]
        return [route for routes in found for route in routes]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return table


def test_a_name_is_resolved_and_each_attempt_is_shown(
    port: int, answers: dict[str, list[str] | OSError]
) -> None:
    """Resolved, Connecting and Connected events, in order, with the clock of the caller."""
    answers["mail.example"] = ["127.0.0.2", "127.0.0.1"]
    seen: list[Event] = []
    clock = iter(range(10)).__next__
    wanted = target("mail.example", port)
    link = connect(wanted, deadline=soon(), on_event=seen.append, clock=clock)
    assert seen == [
        Resolved(0, "mail.example", ("127.0.0.2", "127.0.0.1")),
        Connecting(1, f"127.0.0.2:{port}"),
        Connecting(2, f"127.0.0.1:{port}"),
        Connected(3, f"127.0.0.1:{port}", link.local),
    ]
    assert link.peer == f"127.0.0.1:{port}"
    link.drop()


def test_an_address_asks_no_resolver(port: int, answers: dict[str, list[str] | OSError]) -> None:
    """No Resolved event, and no delay of small packets."""
    seen: list[Event] = []
    link = connect(target("127.0.0.1", port), on_event=seen.append)
    assert [type(event) for event in seen] == [Connecting, Connected]
    assert link._channel.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
    link.drop()


def test_addresses_that_were_shown_are_the_ones_that_are_tried(
    port: int, answers: dict[str, list[str] | OSError]
) -> None:
    """What MX look-up found is not looked up again, so it cannot change in between."""
    answers["mx.example"] = OSError("must not be asked")
    seen: list[Event] = []
    wanted = target("mx.example", port)
    for how in (
        {"addresses": ["127.0.0.1"]},
        {"target": replace(wanted, addresses=("127.0.0.1",))},
    ):
        seen.clear()
        link = connect(**{"target": wanted, "on_event": seen.append, **how})
        assert [type(event) for event in seen] == [Connecting, Connected]
        link.drop()


@pytest.mark.skipif(not HAS_IPV6, reason="this machine has no IPv6")
def test_ipv6_is_written_in_brackets() -> None:
    """Target and peer."""
    with socket.socket(socket.AF_INET6) as listening:
        listening.bind(("::1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        link = connect(parse_target(f"[::1]:{port}", Protocol.SMTP), deadline=soon())
        assert link.peer == f"[::1]:{port}"
        assert link.local.startswith("[::1]:")
        link.drop()


def test_a_unix_socket(tmp_path: Path) -> None:
    """By its path."""
    path = tmp_path / "lmtp"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        link = connect(parse_target(f"unix:{path}", Protocol.LMTP), deadline=soon())
        assert link.peer == f"unix:{path}"
        link.drop()


def test_all_attempts_stand_in_the_failure(
    closed_port: int, answers: dict[str, list[str] | OSError]
) -> None:
    """Word `connect`, each address with its reason."""
    answers["mail.example"] = ["127.0.0.1", "127.0.0.2"]
    with pytest.raises(Failure) as caught:
        connect(target("mail.example", closed_port), deadline=soon())
    assert caught.value.word is Word.CONNECT
    for address in ("127.0.0.1", "127.0.0.2"):
        assert f"{address}:{closed_port}: connection refused" in caught.value.sentence


def test_a_missing_unix_socket(tmp_path: Path) -> None:
    """Word `connect`; a path that is too long, too."""
    for path in (tmp_path / "none", tmp_path / ("x" * 200)):
        with pytest.raises(Failure, match="no connection to unix:") as caught:
            connect(parse_target(f"unix:{path}", Protocol.LMTP), deadline=soon())
        assert caught.value.word is Word.CONNECT


def test_a_silent_address_is_a_timeout() -> None:
    """A full backlog lets nobody in: the limit of time ends it, and is the word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        taken = []
        with pytest.raises(Failure, match="timed out") as caught:
            for _ in range(5):
                taken.append(connect(target("127.0.0.1", port), deadline=soon(0.2)))
        assert caught.value.word is Word.TIMEOUT
        for link in taken:
            link.drop()


@pytest.mark.parametrize(
    "error, said",
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), "no such host"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), "try again later"),
        (socket.gaierror(-5, "x"), "no address"),
    ],
)
def test_a_name_without_address(
    answers: dict[str, list[str] | OSError], error: OSError, said: str
) -> None:
    """Word `dns`, and what the resolver meant."""
    answers["mail.example"] = error
    with pytest.raises(Failure, match=said) as caught:
        connect(target("mail.example", 25), deadline=soon())
    assert caught.value.word is Word.DNS


def test_no_address_of_the_wanted_family(answers: dict[str, list[str] | OSError]) -> None:
    """The option -6 stands in the reason; an address of the other family is misuse."""
    answers["mail.example"] = socket.gaierror(socket.EAI_NONAME, "x")
    with pytest.raises(Failure, match="no IPv6 address"):
        connect(target("mail.example", 25), family=socket.AF_INET6)
    answers.clear()
    with pytest.raises(Failure, match=r"127\.0\.0\.1 is no IPv6 address") as caught:
        connect(target("127.0.0.1", 25), family=socket.AF_INET6)
    assert caught.value.word is Word.USAGE


@pytest.fixture
def dead_resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A resolver that answers when the test is over."""
    over = threading.Event()
    real = socket.getaddrinfo

    def getaddrinfo(host: bytes, port: int, *more: Any) -> list[Any]:
        if more[-1] & socket.AI_NUMERICHOST:
            return real(host, port, *more)
        over.wait()
        raise socket.gaierror(socket.EAI_AGAIN, "too late")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield
    over.set()


@pytest.mark.usefixtures("dead_resolver")
def test_a_dead_resolver_is_waited_for_no_longer_than_the_limit() -> None:
    """getaddrinfo() cannot be interrupted: it is left behind, word `dns`."""
    with pytest.raises(Failure, match="resolver") as caught:
        connect(target("mail.example", 25), deadline=soon(0.01))
    assert caught.value.word is Word.DNS


@pytest.mark.usefixtures("dead_resolver")
def test_looking_up_can_be_interrupted() -> None:
    """Ctrl-C ends it."""
    read, write = os.pipe()
    os.write(write, b"\0")
    with pytest.raises(Interrupted):
        connect(target("mail.example", 25), deadline=soon(), wakeup=read)
    os.close(read)
    os.close(write)


def test_the_sandbox_has_no_address_of_its_own() -> None:
    """Whoever starts it says where it is."""
    with pytest.raises(ValueError, match="sandbox"):
        connect(parse_target("sandbox", Protocol.POP3))


def test_errors_have_words_for_people() -> None:
    """An error that is in no table is still shown."""
    from mailprobe.transport import faults

    assert faults.reason(OSError(errno.EXDEV, "")) == os.strerror(errno.EXDEV)
    assert faults.reason(OSError("AF_UNIX path too long")) == "AF_UNIX path too long"
    assert faults.failure(OSError(errno.ETIMEDOUT, ""), "x").word is Word.TIMEOUT
