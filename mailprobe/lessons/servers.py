"""Where a lesson leads: its practice servers, and nothing that is not on this machine."""

import secrets
from collections.abc import Mapping

from mailprobe.errors import Failure, Word
from mailprobe.player.playing.hosts import is_loopback
from mailprobe.protocol.model import Protocol
from mailprobe.safe import safe
from mailprobe.sandbox.named import read
from mailprobe.sandbox.profiles import seeds_of
from mailprobe.sandbox.server import Sandbox
from mailprobe.transcript.model import Peer
from mailprobe.transport.target import SANDBOX, Kind, Target, Tls
from mailprobe.value import replace

_PRACTICE = "practice"  # how people call it
_LOCALHOST = "localhost"
_SMTP_PORT = 25
_RESERVED = ".test"  # RFC 6761, section 6.2: no other name is in a practice zone
_LOOKUP = 5.0  # seconds
_SHOWN = 60  # characters of a host that fit into a sentence


class Servers:
    """Those of one lesson, which says in `peers` who they are."""

    def __init__(self, peers: Mapping[int, Peer]) -> None:
        self._peers = peers
        self._sandboxes: dict[str, Sandbox] = {}  # by the names of the file

    def sandbox(self, name: str) -> Sandbox:
        """The server of that name, started when somebody asks for it first.  Raises Failure."""
        found = self._sandboxes.get(name)
        if found is None:
            named = read(name)
            found = Sandbox(
                profile=named.profile,
                faults=named.faults,
                deterministic=not named.usual,
                seed=secrets.randbelow(seeds_of(named.profile)),
            )
            found.start()
            self._sandboxes[name] = found
        return found

    def stop(self) -> None:
        """End all of them; whoever asks for one again gets a fresh one."""
        while self._sandboxes:
            self._sandboxes.popitem()[1].stop()

    @property
    def dns(self) -> str:
        """The name server of the lesson; "" where it has none."""
        return self.sandbox(self._peer(1).connect).dns

    @property
    def name_server(self) -> str:
        """The same.  Raises Failure `security` where there is none."""
        if not (address := self.dns):
            raise Failure(
                Word.SECURITY,
                "a lesson asks nobody outside of this machine, and this one has no name server",
            )
        return address

    def target(self, number: int) -> Target:
        """Where a connection of the lesson goes."""
        return _target(self._peer(number))

    def way(self, target: Target, following: Target) -> Target:
        """Where a target leads in a lesson; `following` is that of the next connection.

        Raises Failure `security` for what is outside, and `dns`.
        """
        if target.kind is Kind.SANDBOX and target.host != SANDBOX:
            return target  # each of them lies here
        if target.kind is Kind.SANDBOX or target.host.lower() == _PRACTICE:
            return replace(self._usual(target.protocol, following), tls=target.tls)
        if target.kind is Kind.NETWORK:
            addresses = self._addresses(target)
            if addresses and all(map(is_loopback, addresses)):
                return replace(target, addresses=addresses, port=self._port(target))
        raise Failure(
            Word.SECURITY,
            f"a lesson never leaves this machine, and {safe(str(target)[:_SHOWN])} is elsewhere: "
            "/connect goes to its practice server",
        )

    def _peer(self, number: int) -> Peer:
        return self._peers.get(number, self._peers[min(self._peers)])

    def _usual(self, protocol: Protocol, following: Target) -> Target:
        """The server for a protocol: that of the next connection, if it speaks it."""
        if following.protocol is protocol:
            return following
        same = [peer for peer in self._peers.values() if peer.protocol == protocol]
        return _target(same[0]) if same else replace(following, protocol=protocol)

    def _addresses(self, target: Target) -> tuple[str, ...]:
        """Where a host is, without asking anybody outside."""
        host = target.host.lower()
        if is_loopback(host):
            return (host,) if host != _LOCALHOST else ("127.0.0.1",)
        if target.addresses or not host.endswith(_RESERVED) or not self.dns:
            return target.addresses
        from mailprobe.lookup import addresses_of  # and DNS: in the lessons about it

        return addresses_of(host, server=self.dns, limit=_LOOKUP)

    def _port(self, target: Target) -> int:
        """Hosts of the practice zone serve SMTP on the port of its server, for 25 is not ours."""
        named = not is_loopback(target.host.lower())
        served = self.sandbox(self._peer(1).connect).ports.get("smtp")
        return served if named and served and target.port == _SMTP_PORT else target.port


def _target(peer: Peer) -> Target:
    tls = Tls.IMPLICIT if peer.implicit_tls else Tls.NONE
    return Target(Protocol(peer.protocol), peer.connect, 0, tls, kind=Kind.SANDBOX)
