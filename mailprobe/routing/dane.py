"""What TLSA records say about one exchanger, and whether DNSSEC lets anybody believe it
(RFC 7672; RFC 6698)."""

from mailprobe.answers import Answer, Association, Said
from mailprobe.enums import StrEnum
from mailprobe.routing.model import Ask, Level, Part, fault, good, unknown
from mailprobe.safe import safe
from mailprobe.value import frozen

_SMTP = "RFC 7672, section 3.1"
_SECURE = "RFC 7672, section 2.2"
_MOST = 10  # records that are shown
_SHOWN = 16  # octets of their data
_LENGTHS = {1: 32, 2: 64}  # octets of SHA-256 and SHA-512
_USAGES = {2: "DANE-TA", 3: "DANE-EE"}
_SELECTORS = {0: "whole certificate", 1: "public key"}
_MATCHINGS = {0: "as it is", 1: "SHA-256", 2: "SHA-512"}


class Verdict(StrEnum):
    """What a sending server that knows DANE makes of an exchanger."""

    NONE = "none"  # there is no TLSA
    USABLE = "usable"  # STARTTLS and a certificate that fits, or no mail
    UNUSABLE = "unusable"  # validated, and none can be used: STARTTLS, or no mail
    NOT_VALIDATED = "not-validated"  # DNSSEC vouches for nothing: as if there were none
    FAILED = "failed"  # what should be there cannot be had: another exchanger, or later


@frozen
class Dane:
    """`records` are those of use, where they may be believed."""

    verdict: Verdict
    part: Part
    records: tuple[Association, ...] = ()


def check(
    host: str, ask: Ask, *, route: Answer, addresses: tuple[Answer, ...], port: int = 25
) -> Dane:
    """Look at the TLSA records of `host`.

    `route` is the answer about MX, which names it or says that there is none; `addresses` are
    the answers with its addresses.
    """
    alias = next((answer.alias for answer in addresses if answer.alias), "")
    chain_holds = all(answer.validated for answer in addresses)
    answer = ask(f"_{port}._tcp.{alias or host}", "TLSA")
    if alias and answer.said in (Said.NXDOMAIN, Said.NO_DATA):
        answer = ask(f"_{port}._tcp.{host}", "TLSA")  # RFC 7672, section 2.2.3
    if answer.failed:
        return _failed(answer, needed=chain_holds and bool(addresses))
    records = [record for record in answer.records if isinstance(record, Association)]
    if not records:
        return Dane(Verdict.NONE, Part("DANE: no TLSA"))
    judged = [judge(record) for record in records]
    usable = [one for one, part in zip(records, judged, strict=True) if part.level != Level.FAULT]
    if missing := _not_validated(answer, route, addresses):
        text = f"DANE: not validated: no AD bit on the answer for {' and '.join(missing)}"
        below = (*judged[:_MOST], Part("senders go on as if there were no TLSA"))
        return Dane(Verdict.NOT_VALIDATED, Part(text, Level.DOUBT, _SECURE, below))
    if not usable:
        text = "DANE: validated, but no record can be used: STARTTLS is demanded, no certificate"
        return Dane(Verdict.UNUSABLE, Part(text, Level.FAULT, _SMTP, tuple(judged[:_MOST])))
    text = f"DANE: validated, as {safe(answer.server)} says (AD): STARTTLS and a key that fits"
    part = Part(text, Level.GOOD, _SMTP, tuple(judged[:_MOST]))
    return Dane(Verdict.USABLE, part, tuple(usable))


def _failed(answer: Answer, *, needed: bool) -> Dane:
    """A TLSA look-up that fails counts only where DNSSEC vouches for the addresses."""
    if not needed:
        text = "DANE: not known; DNSSEC does not vouch for its addresses, so nobody asks"
        return Dane(Verdict.NONE, Part(text, Level.DOUBT, f"{_SECURE}.2", (unknown(answer),)))
    text = "DANE: its TLSA cannot be looked up: senders that know DANE pass it over"
    return Dane(Verdict.FAILED, Part(text, Level.FAULT, f"{_SECURE}.2", (unknown(answer),)))


def _not_validated(answer: Answer, route: Answer, addresses: tuple[Answer, ...]) -> list[str]:
    """The types of record for which nobody vouches."""
    steps = [route, *addresses, answer]
    return list(dict.fromkeys(step.record_type for step in steps if not step.validated))


def judge(record: Association) -> Part:
    """Whether one record is of use to SMTP, and how it is read."""
    numbers = f"{record.usage} {record.selector} {record.matching}"
    text = f"TLSA {numbers} {record.data[:_SHOWN].hex()}{'...' * (len(record.data) > _SHOWN)}"
    if record.usage in (0, 1):
        return fault(f"{text}: usage {record.usage} is not for SMTP", f"{_SMTP}.3")
    if record.usage not in _USAGES:
        return fault(f"{text}: nobody knows usage {record.usage}", _SMTP)
    if record.selector not in _SELECTORS or record.matching not in _MATCHINGS:
        return fault(f"{text}: nobody knows this selector or matching type", "RFC 6698, section 2")
    wanted = _LENGTHS.get(record.matching)
    if not record.data or (wanted and len(record.data) != wanted):
        return fault(f"{text}: {wanted or 'some'} octets wanted, {len(record.data)} found", _SMTP)
    how = f"{_SELECTORS[record.selector]}, {_MATCHINGS[record.matching]}"
    if record.matching == 0:
        return Part(
            f"{text}: {_USAGES[record.usage]}, {how}; a digest is better", Level.DOUBT, _SMTP
        )
    return good(f"{text}: {_USAGES[record.usage]}, {how}", _SMTP)


def harmless(verdict: Verdict) -> bool:
    """Whether a sender goes on as if DANE did not exist."""
    return verdict in (Verdict.NONE, Verdict.NOT_VALIDATED)
