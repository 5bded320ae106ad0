"""The whole route of a domain: the questions, the one page that is fetched, the parts.

Nothing is connected to but name servers and the host of the MTA-STS policy.
"""

import time
from collections.abc import Callable, Sequence

from mailprobe import lookup
from mailprobe.addresses import dangerous, is_local, parse_domain
from mailprobe.answers import Answer
from mailprobe.errors import Failure, Word
from mailprobe.hops import NextHop, Outcome
from mailprobe.lookup import Questions
from mailprobe.patterns import pattern
from mailprobe.routing import dkim, dmarc, exchangers, services, spf, sts, tlsrpt, would
from mailprobe.routing.exchangers import Exchanger
from mailprobe.routing.model import Ask, Fetched, Level, Part, Step
from mailprobe.safe import safe
from mailprobe.transport import https
from mailprobe.transport.link import TlsSettings
from mailprobe.value import frozen, replace

LIMIT = 30.0  # seconds for everything together
_FETCHING = 15.0  # of these, for the policy
_SELECTOR = pattern(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_])?")

Observe = Callable[[Step], object]
_GONE_ON = (Outcome.SERVFAIL, Outcome.TIMEOUT)  # DNS does not work: more questions tell nothing


@frozen
class Route:
    """What was found; `parts` are in the order in which they are shown, `would` the last one."""

    domain: str
    hop: NextHop
    exchangers: tuple[Exchanger, ...]
    parts: tuple[Part, ...]
    would: Part
    steps: tuple[Step, ...]
    seconds: float

    @property
    def failure(self) -> Failure | None:
        """Why no mail can be sent there, if none can."""
        return None if self.hop.usable else Failure(Word.DNS, self.hop.sentence)

    def count(self, level: Level) -> int:
        """How many sentences are of a level, less those that only sum up what is below them."""
        found = [part for top in (*self.parts, self.would) for part in top.all()]
        return sum(
            part.level is level and not any(below.level is level for below in part.below)
            for part in found
        )

    def exchanger(self, number: int) -> Exchanger | None:
        """The exchanger of a number, as the tree shows it."""
        found = self.exchangers
        return found[number - 1] if 0 < number <= len(found) else None


def domain_of(text: str) -> str:
    """The domain of an address, or of itself, in A-labels.  Raises Failure `usage`."""
    return parse_domain(text.strip().rpartition("@")[2])


def check_selector(text: str) -> str:
    """A DKIM selector.  Raises Failure `usage`."""
    if not _SELECTOR.fullmatch(text):
        raise Failure(
            Word.USAGE, f"expected a DKIM selector such as s2026, not '{safe(text[:80])}'"
        )
    return text


def find(
    domain: str,
    *,
    server: str | None = None,
    selectors: Sequence[str] = (),
    settings: TlsSettings = TlsSettings(),
    limit: float = LIMIT,
    observe: Observe = lambda step: None,
) -> Route:
    """Find the route of a domain (see `domain_of`), and tell `observe` of each step.

    Raises Failure: usage for a server that is none, dns when there is nobody to ask.
    """
    steps: list[Step] = []

    def tell(step: Step) -> None:
        steps.append(step)
        observe(step)

    questions = lookup.open_questions(server, limit=limit, observe=tell)
    pages = _Pages(questions, settings, tell, local=is_local(server))
    hop = lookup.find_next_hop(domain, questions)

    def ask(name: str, record_type: str) -> Answer:
        return questions.ask(name, record_type, share=0.5)

    found = exchangers.check(hop, ask)
    parts = [
        replace(
            exchangers.describe(hop, found, ask),
            facts={"outcome": str(hop.outcome), "exchangers": [one.facts() for one in found]},
        )
    ]
    policy = sts.Sts(None, Part("MTA-STS: not asked"))
    if hop.outcome not in _GONE_ON:
        policy = sts.check(domain, [host.name for host in hop.hosts], ask, pages.fetch)
        parts += _parts(domain, hop, policy, selectors, ask)
    closing = would.describe(hop, found, policy)
    seconds = time.monotonic() - questions.started
    return Route(domain, hop, found, tuple(parts), closing, tuple(steps), seconds)


def _parts(
    domain: str, hop: NextHop, policy: sts.Sts, selectors: Sequence[str], ask: Ask
) -> list[Part]:
    """The parts below the exchangers; of a domain that does not exist there is nothing to ask."""
    exists = hop.outcome is not Outcome.NXDOMAIN
    verdict = dmarc.check(domain, ask, exists=exists)
    facts: dict[str, object] = {
        "policy": verdict.policy,
        "found_at": verdict.found_at,
        "organisation": verdict.organisation,
        "asked": list(verdict.asked),
    }
    judged = replace(verdict.part, name="dmarc", facts=facts)
    if not exists:
        return [judged]
    parts = [
        replace(policy.part, name="mta-sts", facts=_policy_facts(policy)),
        replace(tlsrpt.check(domain, ask), name="tlsrpt"),
        _spf(domain, ask),
        judged,
        *(_dkim(domain, selector, ask) for selector in selectors),
        replace(services.check(domain, ask), name="services"),
        replace(services.check_automatic(domain, ask), name="autoconfig"),
    ]
    if not selectors:
        text = "DKIM: keys cannot be listed; --selector NAME looks at one (s= of a signature)"
        parts.insert(4, Part(text, name="dkim"))
    return parts


def _policy_facts(policy: sts.Sts) -> dict[str, object]:
    if policy.policy is None:
        return {"mode": ""}
    found = policy.policy
    return {"mode": found.mode, "mx": list(found.patterns), "max_age": found.maximum_age}


def _spf(domain: str, ask: Ask) -> Part:
    found = spf.check(domain, ask)
    facts = {
        "result": found.result,
        "record": safe(found.record),
        "lookups": found.lookups,
        "voids": found.voids,
        "all": found.others,
    }
    return replace(found.part, name="spf", facts=facts)


def _dkim(domain: str, selector: str, ask: Ask) -> Part:
    found = dkim.check(domain, selector, ask)
    return replace(found.part, name="dkim", facts={"selector": selector, "usable": found.usable})


@frozen
class _Pages:
    """The way to a policy: never to this machine or its link because a stranger's DNS says so."""

    questions: Questions
    settings: TlsSettings
    observe: Observe
    local: bool

    def fetch(self, host: str, path: str, addresses: Sequence[str]) -> Fetched:
        """Get a page; what goes wrong stands in it.  Raises Failure `usage`."""
        begun = time.monotonic()
        at = begun - self.questions.started
        fetched = Fetched(at, 0, f"https://{host}{path}", "page")
        try:
            self._check(host, addresses)
            page = https.get(
                host,
                path,
                addresses,
                settings=self.settings,
                limit=max(0.0, min(_FETCHING, self.questions.limit - at)),
                most=sts.MAXIMUM,
            )
        except Failure as failure:
            if failure.word is Word.USAGE:  # no fault of the domain: --ca
                raise
            fetched = replace(fetched, said=str(failure.word), text=failure.sentence)
        else:
            fetched = replace(fetched, status=page.status, kind=page.kind, body=page.body)
        fetched = replace(fetched, took=time.monotonic() - begun)
        self.observe(fetched)
        return fetched

    def _check(self, host: str, addresses: Sequence[str]) -> None:
        for address in addresses:
            if danger := dangerous(address, local=self.local):
                sentence = f"{host} is {address}: {danger}; not connected to"
                raise Failure(Word.SECURITY, sentence)
