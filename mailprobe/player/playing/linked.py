"""What people are told of a link, whatever is spoken on it."""

from mailprobe.transport.link import Transport


class Linked:
    """Somebody who has a link, or will have one."""

    _transport: Transport | None

    @property
    def peer(self) -> str:
        """Address and TLS version, for people; "" before there is a link."""
        if self._transport is None:
            return ""
        tls = self.tls_version
        return f"{self._transport.peer}, {tls}" if tls else self._transport.peer

    @property
    def tls_version(self) -> str:
        """What the handshake agreed on, once there was one: "TLSv1.3"."""
        tls = self._transport.tls if self._transport is not None else None
        return tls.version if tls else ""
