"""DMARC: the record, and the walk up the tree of names that finds it (RFC 9989, which took the
place of RFC 7489 and of its list of public suffixes)."""

from mailprobe.answers import Answer, Said
from mailprobe.patterns import pattern
from mailprobe.routing.model import Ask, Level, Part, doubt, fault, good, unknown
from mailprobe.routing.tags import Tags, begins, parse_tags, shown
from mailprobe.safe import safe
from mailprobe.value import frozen

_FORM = "RFC 9989, section 4.7"
_WALK = "RFC 9989, section 4.10"
_LABELS = 7  # how many the walk keeps of a longer name, so that it asks eight questions at most
_POLICIES = ("none", "quarantine", "reject")
_WORDS: dict[str, tuple[str, ...]] = {
    "p": _POLICIES,
    "sp": _POLICIES,
    "np": _POLICIES,
    "adkim": ("r", "s"),
    "aspf": ("r", "s"),
    "psd": ("y", "n", "u"),
    "t": ("y", "n"),
}
_GONE = ("pct", "rf", "ri")  # tags of RFC 7489
_URI = pattern(rb"[A-Za-z][A-Za-z0-9+.-]*:[!-+\--:<-~]+")  # no comma, no semicolon
_MAILTO = pattern(rb"mailto:[^@?]+@([A-Za-z0-9._-]+?)(?:[!?].*)?", 2)  # re.IGNORECASE
_REPORTS = 4  # destinations of reports that are asked about

_EFFECT = {
    "none": Part("mail that passes neither SPF nor DKIM in this name is taken as any other (none)"),
    "quarantine": good("mail that passes neither SPF nor DKIM in this name is put aside"),
    "reject": good("mail that passes neither SPF nor DKIM in this name is refused"),
}
_MILDER = {"reject": "quarantine", "quarantine": "none", "none": "none"}


@frozen
class Record:
    """A record of the walk; `policy` is "" where it says none that counts."""

    domain: str
    text: bytes
    tags: Tags
    wrong: tuple[Part, ...]

    def policy(self, tag: str = "p") -> str:
        word = self.tags.word(tag)
        return word if word in _POLICIES else ""


@frozen
class Dmarc:
    """`policy` is what applies to the domain, "" for nothing; `organisation` its tree's top."""

    policy: str
    found_at: str
    organisation: str
    asked: tuple[str, ...]
    part: Part


def parse(domain: str, record: bytes) -> Record:
    """Read a record that begins with its version."""
    tags = parse_tags(record, _FORM)
    wrong = list(tags.wrong)
    for name, words in _WORDS.items():
        value = tags.word(name)
        if value is not None and value not in words:
            text = f"{name}={shown(value)} is none of {', '.join(words)}"
            wrong.append(fault(text, _FORM))
    wrong += [
        doubt(f"{name}= is gone with RFC 9989", "RFC 9989") for name in _GONE if tags.get(name)
    ]
    for name in ("rua", "ruf"):
        for uri in _uris(tags, name):
            if not _URI.fullmatch(uri):
                wrong.append(fault(f"{name}={shown(uri)} is no URI: mailto:reports@...", _FORM))
    if tags.get("p") is None:
        text = "p= is missing: nothing is asked of receivers"
        wrong.append(doubt(text, _FORM))
    return Record(domain, record, tags, tuple(wrong))


def names_of_walk(domain: str) -> list[str]:
    """The names that the walk may ask, from the domain up (RFC 9989, section 4.10)."""
    labels = domain.split(".")
    shorter = labels[1:] if len(labels) <= _LABELS else labels[-_LABELS:]
    return [domain, *(".".join(shorter[number:]) for number in range(len(shorter)))]


def check(domain: str, ask: Ask, *, exists: bool) -> Dmarc:
    """Walk, and say what applies to mail in the name of `domain`; `exists` in DNS at all."""
    found: list[Record] = []
    parts: list[Part] = []
    asked: list[str] = []
    for name in names_of_walk(domain):
        answer = ask(f"_dmarc.{name}", "TXT")
        asked.append(name)
        if answer.failed:
            parts.append(unknown(answer))
        if record := _record_of(name, answer, parts):
            found.append(record)
            if record.tags.word("psd") in ("y", "n"):
                break
    if not found:
        text = "DMARC: none up to the top, so receivers decide for themselves"
        return Dmarc("", "", domain, tuple(asked), Part(text, Level.DOUBT, _WALK, tuple(parts)))
    organisation = _organisation(domain, found)
    return _judged(domain, found, organisation, asked, parts, ask, exists=exists)


def _record_of(name: str, answer: Answer, parts: list[Part]) -> Record | None:
    records = [record for record in answer.octets() if begins(record, b"DMARC1")]
    if len(records) > 1:
        text = f"{safe(answer.name)} has {len(records)} records, so none counts"
        parts.append(fault(text, _WALK))
    return parse(name, records[0]) if len(records) == 1 else None


def _organisation(domain: str, found: list[Record]) -> str:
    """RFC 9989, section 4.10.2: the domain whose names are those of one organisation."""
    for record in found:
        if record.tags.word("psd") == "n":
            return record.domain
        if record.tags.word("psd") == "y" and record.domain != domain:
            below = domain.removesuffix(f".{record.domain}").rpartition(".")[2]
            return f"{below}.{record.domain}"
    return min(found, key=lambda record: record.domain.count(".")).domain


def _judged(
    domain: str,
    found: list[Record],
    organisation: str,
    asked: list[str],
    parts: list[Part],
    ask: Ask,
    *,
    exists: bool,
) -> Dmarc:
    record = _applying(domain, found, organisation)
    policy, tag = _policy(domain, record, exists=exists)
    parts = [*parts, *record.wrong]
    if policy:
        if record.tags.word("t") == "y":
            parts.append(doubt(f"t=y: only a test, {policy} counts as {_MILDER[policy]}", _FORM))
            policy = _MILDER[policy]
        parts.append(_EFFECT[policy])
    if record.domain != domain:
        text = f"found at {safe(record.domain)}, whose {tag}= counts for names below it"
        parts.append(Part(text, reference=_WALK))
    if organisation != domain:
        text = f"names below {safe(organisation)} count as one organisation"
        parts.append(Part(text, reference=_WALK))
    parts += _destinations(record, organisation, ask)
    broken = not policy or any(part.level is Level.FAULT for part in record.wrong)
    said = "" if policy else " (nothing applies: its policy is not well formed)"
    top = Part(
        f"DMARC: {shown(record.text, 500)}{said}",
        Level.FAULT if broken else Level.FACT,
        below=tuple(parts),
    )
    return Dmarc(policy, record.domain, organisation, tuple(asked), top)


def _applying(domain: str, found: list[Record], organisation: str) -> Record:
    """RFC 9989, section 4.10.1: the domain's own, else its organisation's, else the suffix's."""
    by_domain = {record.domain: record for record in found}
    return by_domain.get(domain) or by_domain.get(organisation) or found[-1]


def _policy(domain: str, record: Record, *, exists: bool) -> tuple[str, str]:
    """The policy of a record for the domain, and the tag that says it."""
    tags = ("p",) if record.domain == domain else ("sp", "p") if exists else ("np", "sp", "p")
    tag = next((tag for tag in tags if record.tags.get(tag) is not None), "p")
    wrong = [
        name for name in ("p", "sp", "np") if record.tags.get(name) and not record.policy(name)
    ]
    if wrong or not record.policy():
        # With an address for reports such a record still counts, and asks for nothing.
        usable = any(_URI.fullmatch(uri) for uri in _uris(record.tags, "rua"))
        return ("none" if usable else ""), tag
    return record.policy(tag), tag


def _uris(tags: Tags, name: str) -> list[bytes]:
    value = tags.get(name)
    return [uri.strip() for uri in value.split(b",")] if value else []


def _destinations(record: Record, organisation: str, ask: Ask) -> list[Part]:
    """Who gets reports of other domains has to agree (RFC 9990, section 4)."""
    parts: list[Part] = []
    hosts: dict[str, bool] = {}  # a set that keeps its order
    for name in ("rua", "ruf"):
        for uri in _uris(record.tags, name):
            if found := _MAILTO.fullmatch(uri):
                hosts[found[1].decode("ascii").lower().removesuffix(".")] = True
    own = (f".{organisation}", f".{record.domain}")
    for host in [host for host in hosts if not f".{host}".endswith(own)][:_REPORTS]:
        answer = ask(f"{record.domain}._report._dmarc.{host}", "TXT")
        if answer.failed:
            parts.append(unknown(answer))
        elif any(begins(text, b"DMARC1") for text in answer.octets()):
            parts.append(good(f"{safe(host)} agrees to get its reports", "RFC 9990, section 4"))
        else:
            said = "does not exist" if answer.said is Said.NXDOMAIN else "does not say so"
            text = f"{safe(host)} has not agreed to get its reports: {safe(answer.name)} {said}"
            parts.append(fault(text, "RFC 9990, section 4"))
    if not hosts and not any(_uris(record.tags, name) for name in ("rua", "ruf")):
        parts.append(Part("nobody gets reports: there is no rua="))
    return parts
