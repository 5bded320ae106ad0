"""Whether the name of an address leads back to it (RFC 8601, section 2.7.3: iprev)."""

from ipaddress import ip_address

from mailprobe.routing.model import Ask, Part, doubt, good, unknown
from mailprobe.safe import safe

_IPREV = "RFC 8601, section 2.7.3"
_MOST = 5  # names of one address that are looked at


def check(address: str, ask: Ask) -> Part:
    """Ask for the names of an address, and for the addresses of these names."""
    parsed = ip_address(address.partition("%")[0])
    answer = ask(parsed.reverse_pointer, "PTR")
    if answer.failed:
        return doubt(f"{address}: its names (PTR) cannot be looked up ({answer.text})")
    names = answer.texts()[:_MOST]
    if not names:
        text = f"{address} has no name (PTR); where it sends, receivers may refuse it"
        return doubt(text, "RFC 7372, section 3.3")
    record_type = "A" if parsed.version == 4 else "AAAA"
    failed = None
    for name in names:
        forward = ask(name, record_type)
        if any(ip_address(found) == parsed for found in forward.texts()):
            return good(f"{address} is named {safe(name)}, which leads back to it", _IPREV)
        failed = failed or (forward if forward.failed else None)
    if failed is not None:
        return unknown(failed)
    shown = ", ".join(map(safe, names))
    return doubt(f"{address} is named {shown}, which does not lead back to it", _IPREV)
