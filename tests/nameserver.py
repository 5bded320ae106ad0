"""A nano nameserver on loopback, UDP and TCP on one port, one thread: for tests alone.

    with Nameserver("@ MX 10 mail.example.net.") as nameserver:
        next_hop("example.test", server=nameserver.address)

It answers for one zone from master-file text, follows CNAMEs inside the zone, refuses other
zones, truncates over UDP what is longer than 512 octets, and fails on purpose as `faults` says.
"""

import contextlib
import selectors
import socket
import struct
import threading
from collections.abc import Mapping
from types import TracebackType

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rdtypes.ANY.CNAME
import dns.rrset
import dns.zone

SILENT = "silent"  # no answer at all
REFERRAL = "referral"  # "ask those": what a server that does not recurse says

Fault = dns.rcode.Rcode | str


class Nameserver:
    """Use as a context manager; `address` is `127.0.0.1:PORT`, `asked` what was asked so far.

    `faults` maps `NAME` or `NAME/TYPE` (relative to the zone, `@` for its apex, `*` for every
    question) to an rcode, `SILENT` or `REFERRAL`.
    """

    def __init__(
        self, zone: str, *, origin: str = "example.test", faults: Mapping[str, Fault] | None = None
    ) -> None:
        text = f"$TTL 300\n@ SOA ns1 hostmaster 1 3600 600 86400 60\n@ NS ns1\n{zone}\n"
        self._origin = dns.name.from_text(origin)
        self._zone = dns.zone.from_text(text, origin=self._origin, relativize=False)
        self._faults = dict(faults or {})
        self.asked: list[tuple[str, str, str]] = []  # transport, name, type
        self._tcp, self._udp = _bind_both()
        self._wake, self._stop = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, name="nameserver", daemon=True)
        host, port = self._udp.getsockname()
        self.address = f"{host}:{port}"

    def __enter__(self) -> "Nameserver":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.send(b".")
        self._thread.join()
        for each in (self._tcp, self._udp, self._wake, self._stop):
            each.close()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            for each in (self._tcp, self._udp, self._wake):
                selector.register(each, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in selector.select()]
                if self._wake in ready:
                    return
                if self._udp in ready:
                    octets, peer = self._udp.recvfrom(65535)
                    if reply := self._reply(octets, "udp"):
                        self._udp.sendto(reply, peer)
                if self._tcp in ready:
                    # A client that hangs up half-way is no reason to stop serving.
                    with contextlib.suppress(OSError, EOFError, struct.error):
                        self._serve_stream()

    def _serve_stream(self) -> None:
        connection, _ = self._tcp.accept()
        with connection, connection.makefile("rb") as stream:
            connection.settimeout(5)
            (length,) = struct.unpack("!H", stream.read(2))
            if reply := self._reply(stream.read(length), "tcp"):
                connection.sendall(struct.pack("!H", len(reply)) + reply)

    def _reply(self, octets: bytes, transport: str) -> bytes:
        """The octets of the reply, none for silence."""
        query = dns.message.from_wire(octets)
        question = query.question[0]
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append((transport, question.name.to_text(omit_final_dot=True), kind))
        fault = self._fault(question.name, kind)
        if fault == SILENT:
            return b""
        response = dns.message.make_response(query)
        if fault == REFERRAL:
            self._refer(response)
        elif isinstance(fault, dns.rcode.Rcode):
            response.set_rcode(fault)
        else:
            self._answer(response, question.name, question.rdtype)
        try:
            return response.to_wire(max_size=512 if transport == "udp" else 65535)
        except dns.exception.TooBig:
            short = dns.message.make_response(query)
            short.flags |= dns.flags.TC | dns.flags.AA
            return short.to_wire()

    def _fault(self, name: dns.name.Name, kind: str) -> Fault | None:
        if not name.is_subdomain(self._origin):
            return dns.rcode.REFUSED
        own = name.relativize(self._origin).to_text()
        found = (self._faults.get(key) for key in (f"{own}/{kind}", own, "*"))
        return next((fault for fault in found if fault is not None), None)

    def _answer(
        self, response: dns.message.Message, name: dns.name.Name, kind: dns.rdatatype.RdataType
    ) -> None:
        response.flags |= dns.flags.AA
        for _ in range(8):  # a loop of CNAMEs ends
            if not name.is_subdomain(self._origin):
                return
            if name not in self._zone.nodes:
                response.set_rcode(dns.rcode.NXDOMAIN)
                break
            if records := self._zone.get_rrset(name, kind):
                response.answer.append(records)
                return
            alias = self._zone.get_rrset(name, dns.rdatatype.CNAME)
            if not alias:
                break
            response.answer.append(alias)
            first = alias[0]
            assert isinstance(first, dns.rdtypes.ANY.CNAME.CNAME)
            name = first.target
        self._add_authority(response, dns.rdatatype.SOA)

    def _refer(self, response: dns.message.Message) -> None:
        self._add_authority(response, dns.rdatatype.NS)
        response.flags &= ~(dns.flags.AA | dns.flags.RA)

    def _add_authority(self, response: dns.message.Message, kind: dns.rdatatype.RdataType) -> None:
        records = self._zone.get_rrset(self._origin, kind)
        assert records
        response.authority.append(records)


def _bind_both() -> tuple[socket.socket, socket.socket]:
    """A TCP and a UDP socket on the same free port."""
    for _ in range(50):
        tcp = socket.create_server(("127.0.0.1", 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind(tcp.getsockname())
        except OSError:  # somebody else has the UDP port of this number
            tcp.close()
            udp.close()
            continue
        return tcp, udp
    raise RuntimeError("no port is free for both TCP and UDP")
