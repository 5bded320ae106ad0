"""The way to a session: the exchangers of a domain, one after the other."""

from collections.abc import Callable

import pytest

from mailprobe import lookup
from mailprobe.errors import Failure, Word
from mailprobe.lookup import MailHost, NextHop, Outcome
from mailprobe.protocol.model import Protocol, State
from mailprobe.shell.connections import opening
from mailprobe.shell.options import Options
from mailprobe.transport.stream import Stream
from mailprobe.transport.target import Target, Tls
from tests.hostile.server import ScriptedServer, close, send


@pytest.fixture
def exchangers(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Make example.org have so many exchangers, all of them on this machine."""

    def have(count: int, port: int) -> None:
        hosts = tuple(
            MailHost(10 * number, f"mx{number}.example.org", ("127.0.0.1",), "")
            for number in range(1, count + 1)
        )
        hop = NextHop("example.org", Outcome.MX, hosts, "two exchangers", 0.0)
        monkeypatch.setattr(lookup, "next_hop", lambda *about, **how: hop)
        monkeypatch.setattr(opening, "_MX_PORT", dict.fromkeys(opening._MX_PORT, port))

    return have


@pytest.mark.parametrize("greeting", [b"554 no service\r\n", b"421 busy\r\n"])
def test_an_exchanger_that_takes_no_mail_is_passed_over(exchangers, greeting: bytes) -> None:
    """RFC 5321, section 5.1: the next one is tried, and what the first said is told."""
    told: list[str] = []
    with ScriptedServer(send(greeting), close) as server:
        exchangers(2, server.port)
        options = Options(mx="example.org", dns="127.0.0.1")
        session = opening.open_session(options, None, [], tell=told.append)
        assert session.state is not State.GREETED  # the last one counts, whatever it says
        session.drop()
    assert [note for note in told if note.startswith("mx1.example.org takes no mail now (")]
    assert not [note for note in told if note.startswith("mx2")]


@pytest.mark.parametrize("port", [465, 995])
@pytest.mark.parametrize("tls", Tls)
def test_a_port_for_tls_that_is_spoken_to_in_plain_text(port: int, tls: Tls) -> None:
    """It would be silent for a minute: what to try is told before that."""
    told: list[str] = []

    def nowhere(target: Target, **how: object) -> Stream:
        raise Failure(Word.CONNECT, "no way")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "connect", nowhere)
        with pytest.raises(Failure, match="no way"):
            target = Target(Protocol.SMTP, "mx.example", port, tls)
            opening.open_session(Options(), target, [], tell=told.append)
    said = f"port {port} is for TLS from the first octet (RFC 8314): silent? try --tls"
    assert told == ([] if tls is Tls.IMPLICIT else [said])
