"""Text that names a domain, a DNS server or an address, judged without asking anybody.

It knows no DNS.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from mailprobe.errors import Failure, Word
from mailprobe.patterns import pattern
from mailprobe.safe import safe

_SERVER = pattern(r"(?:\[(?P<v6>[^\]]+)\]|(?P<v4>[0-9.]+))(?::(?P<port>[0-9]{1,5}))?")


def parse_server(text: str) -> tuple[str, int]:
    """Read `ADDRESS[:PORT]` or `[v6]:PORT`; raises `Failure` (usage) for anything else."""
    found = _SERVER.fullmatch(text)
    address = (found["v6"] or found["v4"]) if found else text  # else bare IPv6, or nonsense
    port = int(found["port"] or 53) if found else 53
    version = 6 if not found or found["v6"] else 4
    well_formed = address.isascii() and address.isprintable() and 0 < port < 65536
    if not well_formed or version_of(address) != version:
        raise Failure(
            Word.USAGE,
            f"expected a DNS server as ADDRESS, ADDRESS:PORT or [v6]:PORT, not '{safe(text)}'",
        )
    return address, port


# RFC 5321, section 4.1.2 Domain, and the underscore that is met in the wild.
LABEL = pattern(r"[A-Za-z0-9_-]+")
_DOTS = pattern("[.\u3002\uff0e\uff61]")  # RFC 3490, section 3.1
_NOT_IN_A_DOMAIN = pattern(r"[^A-Za-z0-9._\x80-\U0010ffff-]")


def parse_domain(text: str) -> str:
    """The A-label form of a mail domain, without its final dot.

    Raises `Failure` (usage) for what cannot be one: empty, an address, a mailbox, a blank or a
    control character, a label above 63 octets, a name above 253 (RFC 1035, section 2.3.4).
    """
    shown = f"'{safe(text[:80])}{'...' if len(text) > 80 else ''}'"
    if "@" in text:
        raise Failure(Word.USAGE, f"expected a domain, the part after the @, not {shown}")
    if version_of(text.removeprefix("[").removeprefix("IPv6:").removesuffix("]")):
        raise Failure(Word.USAGE, f"an address has no MX: expected a domain, not {shown}")
    domain = text if text.isascii() else _to_a_labels(text, shown)
    domain = domain.removesuffix(".")
    labels = domain.split(".")
    if not all(map(LABEL.fullmatch, labels)):
        raise Failure(Word.USAGE, f"expected a domain such as example.org, not {shown}")
    if max(map(len, labels)) > 63:
        raise Failure(Word.USAGE, f"a label of {shown} is longer than 63 octets")
    if len(domain) > 253:
        raise Failure(Word.USAGE, f"the domain {shown} is longer than 253 octets")
    if version_of(domain):  # full-width digits become one only now
        raise Failure(Word.USAGE, f"an address has no MX: expected a domain, not {shown}")
    return domain


def dangerous(address: str, *, local: bool = False) -> str:
    """Why nobody should connect to `address` only because a stranger's DNS names it, or ''.

    Private addresses are fine: probing them is what mailprobe is for.  `local`: the name server
    is one on this machine that somebody has named (see `is_local`), and may well name loopback.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return "not an address"
    if isinstance(parsed, IPv6Address):
        # The same address without its zone, or the IPv4 address that it carries.
        parsed = _carried(parsed) or IPv6Address(int(parsed))
    for network, reason in _DANGEROUS:
        if parsed in ip_network(network):
            return "" if local and reason == _LOOPBACK else reason
    return ""


def is_local(server: str | None) -> bool:
    """Whether a name server was named, and is on this machine.  Raises Failure `usage`."""
    return server is not None and dangerous(parse_server(server)[0]) == _LOOPBACK


_LOOPBACK = "a loopback address: this machine"

# The first row that fits wins: a metadata service lives on a link-local or private address.
_DANGEROUS = (
    ("169.254.169.254/32", "the metadata service of a cloud host"),
    ("100.100.100.200/32", "the metadata service of a cloud host"),
    ("fd00:ec2::254/128", "the metadata service of a cloud host"),
    ("127.0.0.0/8", _LOOPBACK),
    ("::1/128", _LOOPBACK),
    ("0.0.0.0/8", "the unspecified address: this machine"),  # RFC 1122, section 3.2.1.3
    ("::/128", "the unspecified address: this machine"),
    ("169.254.0.0/16", "a link-local address"),
    ("fe80::/10", "a link-local address"),
    ("224.0.0.0/4", "a multicast address"),
    ("ff00::/8", "a multicast address"),
    ("255.255.255.255/32", "the broadcast address"),
)


def _carried(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address inside ::ffff:a.b.c.d, 64:ff9b::a.b.c.d, 2002:: or old ::a.b.c.d."""
    low = int(address) & 0xFFFFFFFF
    if address in ip_network("64:ff9b::/96") or (address in ip_network("::/96") and low > 1):
        return IPv4Address(low)
    return address.ipv4_mapped or address.sixtofour


def version_of(text: str) -> int:
    """4 or 6 for an IP address, 0 for anything else."""
    try:
        return ip_address(text).version
    except ValueError:
        return 0


def _to_a_labels(text: str, shown: str) -> str:
    """IDNA 2008 with the mapping of UTS 46, so that BÜCHER is bücher."""
    import idna  # 18 ms, and only for names that are not ASCII

    if _NOT_IN_A_DOMAIN.search(text) or len(text) > 254:  # so long that no A-labels can fit
        raise Failure(Word.USAGE, f"expected a domain such as example.org, not {shown}")
    try:
        # label by label, and those of ASCII as they are: _smtp.bücher.example is asked
        return ".".join(
            label
            if label.isascii()
            else idna.alabel(idna.uts46_remap(label, std3_rules=False)).decode("ascii")
            for label in _DOTS.split(text)
        )
    except ValueError as error:  # an IDNAError is one
        raise Failure(Word.USAGE, f"{shown} has no IDNA form: {safe(str(error))}") from error
