"""Who hears when TLS fails on the way to the exchangers (RFC 8460)."""

from mailprobe.patterns import pattern
from mailprobe.routing.model import Ask, Level, Part, fault, unknown
from mailprobe.routing.tags import parse_tags, shown

_RECORD = "RFC 8460, section 3"
_URI = pattern(rb"(?:mailto:[^@\s]+@[^@\s]+|https://[^\s]+)", 2)  # re.IGNORECASE


def check(domain: str, ask: Ask) -> Part:
    """Look at the record."""
    answer = ask(f"_smtp._tls.{domain}", "TXT")
    if answer.failed:
        return Part("TLSRPT: not known", Level.DOUBT, below=(unknown(answer),))
    records = [record for record in answer.octets() if record.startswith(b"v=TLSRPTv1;")]
    if not records:
        return Part("TLSRPT: none, so nobody hears when TLS fails on the way")
    if len(records) > 1:
        several = fault(f"{len(records)} records, so none counts", _RECORD)
        return Part("TLSRPT: none", Level.FAULT, below=(several,))
    tags = parse_tags(records[0], _RECORD)
    wrong = list(tags.wrong)
    rua = tags.get("rua")
    if not rua:
        wrong.append(fault("rua= is missing: nobody gets a report", _RECORD))
    for uri in (rua or b"").split(b",") if rua else ():
        if not _URI.fullmatch(uri.strip()):
            wrong.append(fault(f"rua={shown(uri, 80)}: mailto: or https: is wanted", _RECORD))
    level = Level.FAULT if wrong else Level.GOOD
    return Part(f"TLSRPT: {shown(records[0])}", level, below=tuple(wrong[:10]))
