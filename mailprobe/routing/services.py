"""What the programs of a domain's users find: SRV records and the names of autoconfig."""

from mailprobe.answers import Answer, Said, Service
from mailprobe.routing.model import Ask, Level, Part, doubt, fault, unknown, why_nothing
from mailprobe.safe import safe
from mailprobe.value import frozen

_MOST = 10  # records of one service
_TARGET = "RFC 2782"


@frozen
class Known:
    """A service that SRV may name; `port` is the one that everybody expects."""

    name: str
    port: int
    reference: str
    summary: str


SERVICES = (
    Known("_submissions", 465, "RFC 8314, section 5.1", "sending, TLS from the first octet"),
    Known("_submission", 587, "RFC 6186, section 3.1", "sending, STARTTLS"),
    Known("_imaps", 993, "RFC 6186, section 3.2", "reading, TLS from the first octet"),
    Known("_imap", 143, "RFC 6186, section 3.2", "reading, STARTTLS"),
    Known("_pop3s", 995, "RFC 6186, section 3.3", "fetching, TLS from the first octet"),
    Known("_pop3", 110, "RFC 6186, section 3.3", "fetching, STLS"),
)


def check(domain: str, ask: Ask) -> Part:
    """All services that SRV names."""
    below: list[Part] = []
    absent: list[str] = []
    for known in SERVICES:
        answer = ask(f"{known.name}._tcp.{domain}", "SRV")
        if answer.failed:
            below.append(unknown(answer))
        elif rows := [row for row in answer.records if isinstance(row, Service)]:
            below.append(_service(known, rows, ask))
        else:
            absent.append(known.name)
    if not below:
        return Part("Services: no SRV record names any")
    if absent:
        below.append(Part(f"no SRV: {', '.join(absent)}"))
    return Part("Services", below=tuple(below))


def _service(known: Known, rows: list[Service], ask: Ask) -> Part:
    title = f"{known.name}: {known.summary}"
    if all(row.target == "." for row in rows):
        return Part(f"{known.name}: not offered (target .)", reference=known.reference)
    below: list[Part] = []
    for row in sorted(rows, key=lambda row: (row.priority, -row.weight, row.target))[:_MOST]:
        if row.target == ".":
            below.append(fault("'not offered' (target .) beside targets", _TARGET))
        else:
            below.append(_target(known, row, ask))
    level = Level.FAULT if any(part.level is Level.FAULT for part in below) else Level.FACT
    return Part(title, level, known.reference, tuple(below))


def _target(known: Known, row: Service, ask: Ask) -> Part:
    odd = "" if row.port == known.port else f" (not {known.port})"
    text = f"{safe(row.target)}:{row.port}{odd}, priority {row.priority}, weight {row.weight}"
    answers = [ask(row.target, kind) for kind in ("AAAA", "A")]
    addresses = [address for answer in answers for address in answer.texts()]
    if alias := next((answer.alias for answer in answers if answer.alias), ""):
        return fault(f"{text}: it is a CNAME of {safe(alias)}, which is not allowed", _TARGET)
    if addresses:
        return Part(f"{text}: {', '.join(addresses[:4])}")
    if failed := next((answer for answer in answers if answer.failed), None):
        return doubt(f"{text}: {why_nothing(failed)}")
    said = "does not exist" if _gone(answers) else "has no address"
    return fault(f"{text}: it {said}", _TARGET)


def _gone(answers: list[Answer]) -> bool:
    return any(answer.said is Said.NXDOMAIN for answer in answers)


def check_automatic(domain: str, ask: Ask) -> Part:
    """Where programs look for their settings; nobody goes there, only the names are looked up."""
    below: list[Part] = []
    host = f"autoconfig.{domain}"
    answers = [ask(host, kind) for kind in ("AAAA", "A")]
    if any(answer.records for answer in answers):
        text = f"https://{safe(host)}/mail/config-v1.1.xml is where programs look (not fetched)"
        below.append(Part(text, reference="draft-ietf-mailmaint-autoconfig"))
    elif failed := next((answer for answer in answers if answer.failed), None):
        below.append(unknown(failed))
    answer = ask(f"_autodiscover._tcp.{domain}", "SRV")
    if answer.failed:
        below.append(unknown(answer))
    for row in answer.records[:_MOST]:
        if isinstance(row, Service):
            text = f"_autodiscover: {safe(row.target)}:{row.port}"
            below.append(Part(text, reference="Microsoft's Autodiscover"))
    if not below:
        return Part("Autoconfig: neither autoconfig nor _autodiscover has records")
    return Part("Autoconfig", below=tuple(below))
