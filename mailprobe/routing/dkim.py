"""The DKIM key of one selector (RFC 6376, section 3.6.1; RFC 8301, RFC 8463)."""

import base64
import binascii

from mailprobe.routing.model import Ask, Level, Part, doubt, fault, good, unknown, why_nothing
from mailprobe.routing.tags import Tags, parse_tags, shown
from mailprobe.safe import safe
from mailprobe.value import frozen

_KEY = "RFC 6376, section 3.6.1"
_SIZES = "RFC 8301, section 3.2"
_ED25519 = 32  # octets of a key


@frozen
class Dkim:
    """`usable`: a receiver can verify a signature by it."""

    usable: bool
    part: Part


def check(domain: str, selector: str, ask: Ask) -> Dkim:
    """Look at the key of a selector."""
    answer = ask(f"{selector}._domainkey.{domain}", "TXT")
    if answer.failed:
        return Dkim(usable=False, part=_top(selector, [unknown(answer)]))
    if not answer.records:
        nothing = fault(f"{why_nothing(answer)}: signatures of this selector fail", _KEY)
        return Dkim(usable=False, part=_top(selector, [nothing]))
    below = [Part(f"it is a CNAME of {safe(answer.alias)}")] if answer.alias else []
    records = answer.octets()
    if len(records) > 1:
        below.append(fault(f"{len(records)} records, and nobody knows which one counts", _KEY))
    parts = judge(records[0])
    usable = len(records) == 1 and not any(part.level is Level.FAULT for part in parts)
    return Dkim(usable=usable, part=_top(selector, [*below, *parts], records[0]))


def _top(selector: str, below: list[Part], record: bytes = b"") -> Part:
    bad = any(part.level is Level.FAULT for part in below)
    said = f": {shown(record)}" if record else ""
    level = Level.FAULT if bad else Level.FACT
    return Part(f"DKIM, selector {safe(selector)}{said}", level, below=tuple(below))


def judge(record: bytes) -> list[Part]:
    """What the key of a record is good for."""
    tags = parse_tags(record, _KEY)
    parts = list(tags.wrong)
    version = tags.get("v")
    if version is not None and (version != b"DKIM1" or tags.pairs[0][0] != "v"):
        parts.append(fault(f"v={shown(version)}: it has to be v=DKIM1, and to be the first", _KEY))
    key = tags.get("p")
    if key is None:
        parts.append(fault("p= is missing, so there is no key", _KEY))
    elif not key:
        parts.append(fault("the key is revoked (p= is empty): its signatures fail", _KEY))
    else:
        parts.append(_key(tags, key))
    if b"y" in (tags.get("t") or b"").split(b":"):
        parts.append(doubt("t=y: only a test, a receiver treats this mail as if unsigned", _KEY))
    hashes = (tags.word("h") or "sha256").split(":")
    if "sha256" not in [name.strip() for name in hashes]:
        parts.append(fault(f"h={shown(':'.join(hashes))} leaves out sha256", _SIZES))
    if not {"*", "email"} & {name.strip() for name in (tags.word("s") or "*").split(":")}:
        parts.append(fault("s= says that it is not for mail", _KEY))
    return parts


def _key(tags: Tags, text: bytes) -> Part:
    kind = tags.word("k") or "rsa"
    try:
        octets = base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error:
        return fault("p= is no base64", _KEY)
    if kind == "ed25519":
        if len(octets) == _ED25519:
            return good("an Ed25519 key", "RFC 8463, section 4")
        return fault(f"an Ed25519 key has 32 octets, this one {len(octets)}", "RFC 8463, section 4")
    if kind != "rsa":
        return fault(f"k={shown(kind)} is no kind of key that receivers know", "RFC 8463")
    size = _bits(octets)
    if not size:
        return fault("p= is no RSA key", _KEY)
    if size < 1024:
        return fault(f"an RSA key of {size} bits, which nobody may accept: 1024 at least", _SIZES)
    if size < 2048:
        return doubt(f"an RSA key of {size} bits, where 2048 should be", _SIZES)
    return good(f"an RSA key of {size} bits", _SIZES)


def _bits(octets: bytes) -> int:
    """The size of an RSA key in its DER form, or 0."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    try:
        key = serialization.load_der_public_key(octets)
    except (ValueError, UnsupportedAlgorithm):
        return 0
    return key.key_size if isinstance(key, RSAPublicKey) else 0
