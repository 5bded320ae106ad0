"""MTA-STS: the record, the policy, and which exchangers it allows (RFC 8461)."""

from collections.abc import Callable, Sequence

from mailprobe.answers import Said
from mailprobe.patterns import pattern
from mailprobe.routing.model import (
    Ask,
    Fetched,
    Level,
    Part,
    doubt,
    fault,
    good,
    unknown,
    why_nothing,
)
from mailprobe.routing.tags import parse_tags, shown
from mailprobe.safe import safe
from mailprobe.value import frozen

PATH = "/.well-known/mta-sts.txt"
MAXIMUM = 64 * 1024  # octets of a policy (RFC 8461, section 3.3)
_RECORD = "RFC 8461, section 3.1"
_POLICY = "RFC 8461, section 3.2"
_FETCHING = "RFC 8461, section 3.3"
_LONGEST = 31557600  # seconds: a year
_WEEK = 7 * 24 * 3600

_ID = pattern(rb"[A-Za-z0-9]{1,32}")
_LINE = pattern(rb"\r?\n")
_PAIR = pattern(rb"([A-Za-z0-9][A-Za-z0-9_.-]{0,31}):[ \t]*(.*?)[ \t]*")
_AGE = pattern(rb"[0-9]{1,10}")
_PATTERN = pattern(rb"(?:\*\.)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?")

Fetch = Callable[[str, str, Sequence[str]], Fetched]  # a host, a path, the host's addresses


@frozen
class Policy:
    """What a policy file says; `mode` is "" where it is not well formed."""

    mode: str
    patterns: tuple[str, ...]
    maximum_age: int
    wrong: tuple[Part, ...]

    def allows(self, host: str) -> bool:
        """Whether an exchanger is one of those that the policy names (RFC 8461, section 4.1)."""
        return any(matches(host, one) for one in self.patterns)


@frozen
class Sts:
    """`policy` is None where there is none that counts."""

    policy: Policy | None
    part: Part

    @property
    def enforced(self) -> bool:
        return self.policy is not None and self.policy.mode == "enforce"


def matches(host: str, allowed: str) -> bool:
    """Whether a host is meant by a pattern, whose `*.` stands for one label."""
    host, allowed = host.lower().removesuffix("."), allowed.lower().removesuffix(".")
    if allowed.startswith("*."):
        label, dot, rest = host.partition(".")
        return bool(label and dot) and rest == allowed[2:]
    return host == allowed


def parse_policy(body: bytes) -> Policy:
    """Read a policy file; nothing in it raises."""
    wrong: list[Part] = []
    values: dict[str, bytes] = {}
    patterns: list[str] = []
    for line in _LINE.split(body):
        if not line.strip():
            continue
        found = _PAIR.fullmatch(line)
        if found is None:
            wrong.append(fault(f"'{shown(line, 60)}' is no 'key: value'", _POLICY))
            continue
        key = found[1].decode("ascii")
        if key == "mx":
            if _PATTERN.fullmatch(found[2]):
                patterns.append(found[2].decode("ascii"))
            else:
                wrong.append(fault(f"mx: {shown(found[2], 60)} is no host name", _POLICY))
        else:
            values.setdefault(key, found[2])  # the first one counts
    mode, age = values.get("mode", b""), values.get("max_age", b"")
    if values.get("version") != b"STSv1":
        wrong.append(fault("it has no line 'version: STSv1'", _POLICY))
    if mode not in (b"enforce", b"testing", b"none"):
        wrong.append(fault(f"mode is '{shown(mode, 40)}': enforce, testing or none", _POLICY))
    if not _AGE.fullmatch(age) or int(age) > _LONGEST:
        wrong.append(fault(f"max_age is '{shown(age, 40)}': seconds, at most a year", _POLICY))
    if not patterns and mode != b"none":
        wrong.append(fault("it names no exchanger (mx:)", _POLICY))
    if wrong:
        return Policy("", tuple(patterns), 0, tuple(wrong[:10]))
    return Policy(mode.decode("ascii"), tuple(patterns), int(age), ())


def check(domain: str, hosts: Sequence[str], ask: Ask, fetch: Fetch) -> Sts:
    """Look at record and policy; `hosts` are the exchangers of the domain."""
    answer = ask(f"_mta-sts.{domain}", "TXT")
    if answer.failed:
        return Sts(None, Part("MTA-STS: not known", Level.DOUBT, below=(unknown(answer),)))
    records = [record for record in answer.octets() if record.startswith(b"v=STSv1;")]
    if not records:
        if answer.octets():
            text = f"MTA-STS: none: no text at {safe(answer.name)} begins with v=STSv1;"
            return Sts(None, Part(text, Level.DOUBT, _RECORD))
        return Sts(None, Part("MTA-STS: none"))
    below = [Part(f"it is a CNAME of {safe(answer.alias)}")] if answer.alias else []
    if len(records) > 1:
        several = fault(f"{len(records)} records, so none counts", _RECORD)
        return Sts(None, Part("MTA-STS: none", Level.FAULT, below=(*below, several)))
    tags = parse_tags(records[0], _RECORD)
    text = f"MTA-STS: {shown(records[0])}"
    if not _ID.fullmatch(tags.get("id") or b""):
        wrong = fault("id= has to be 1 to 32 letters and digits: the record counts for nothing")
        return Sts(None, Part(text, Level.FAULT, _RECORD, (*below, *tags.wrong, wrong)))
    policy, parts = _policy(domain, ask, fetch)
    if policy is not None:
        parts = [*parts, *_judged(policy, hosts)]
    below += [*tags.wrong, *parts]
    bad = any(part.level is Level.FAULT for part in below)
    level = Level.FAULT if bad else Level.GOOD
    return Sts(policy, Part(text, level, below=tuple(below)))


def _policy(domain: str, ask: Ask, fetch: Fetch) -> tuple[Policy | None, list[Part]]:
    host = f"mta-sts.{domain}"
    addresses: list[str] = []
    for record_type in ("AAAA", "A"):
        answer = ask(host, record_type)
        if answer.failed:
            return None, [unknown(answer)]
        if answer.said is Said.NXDOMAIN:
            return None, [fault(f"no policy: {why_nothing(answer)}", _FETCHING)]
        addresses += answer.texts()
    if not addresses:
        return None, [fault(f"no policy: {safe(host)} has no address", _FETCHING)]
    page = fetch(host, PATH, addresses)
    if trouble := _unusable(page):
        return None, [fault(f"no policy: {trouble}", _FETCHING)]
    policy = parse_policy(page.body)
    if not policy.mode:
        return None, [fault("the policy is not well formed: it counts for nothing"), *policy.wrong]
    return policy, []


def _unusable(page: Fetched) -> str:
    if page.text:
        return page.text
    if 300 <= page.status < 400:
        return f"{safe(page.url)} leads elsewhere ({page.status}), which nobody may follow"
    if page.status != 200:
        return f"{safe(page.url)} was answered with {page.status}"
    if page.kind != "text/plain":
        return f"{safe(page.url)} is {shown(page.kind, 60)}, where text/plain is wanted"
    return ""


_MODES = {
    "enforce": good("enforce: mail goes to these exchangers by verified TLS, or not at all"),
    "testing": Part("testing: mail goes anyhow, failures are reported"),
    "none": Part("none: the policy is taken back"),
}


def _judged(policy: Policy, hosts: Sequence[str]) -> list[Part]:
    parts = [_MODES[policy.mode]]
    for host in hosts:
        if policy.mode != "none" and not policy.allows(host):
            text = f"{host} is not among its mx: {', '.join(policy.patterns[:10])}"
            parts.append(fault(text, "RFC 8461, section 4.1"))
    if policy.maximum_age < _WEEK and policy.mode == "enforce":
        text = f"max_age is {policy.maximum_age} s: a week or more keeps attackers out"
        parts.append(doubt(text, _POLICY))
    return parts
