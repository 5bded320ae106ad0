"""What is found out, as a tree of sentences: the same for a terminal, for JSON and for tests.

Sentences are fit to be shown: what DNS or a web server said has been through `safe()`.
"""

from collections.abc import Callable, Iterable, Mapping

from mailprobe.answers import Answer, Said
from mailprobe.enums import StrEnum
from mailprobe.safe import safe
from mailprobe.value import field, frozen

Ask = Callable[[str, str], Answer]  # a name and a type of record


class Level(StrEnum):
    """What a sentence is to whoever runs the domain."""

    GOOD = "good"
    FACT = "fact"
    DOUBT = "doubt"  # allowed, or not to be known now; somebody should look at it
    FAULT = "fault"  # against a specification, or mail is lost by it


@frozen
class Part:
    """One sentence and what is below it.

    `name` and `facts` are for programs, and stand at the top of a part: `spf`, its record ...
    """

    text: str
    level: Level = Level.FACT
    reference: str = ""  # "RFC 7208, section 4.6.4"
    below: tuple["Part", ...] = ()
    name: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)

    def all(self) -> Iterable["Part"]:
        """This one and all below it, from top to bottom."""
        yield self
        for part in self.below:
            yield from part.all()


@frozen
class Fetched:
    """A page that was asked for by HTTPS: a step of a route, as `Answer` is."""

    at: float
    took: float
    url: str
    said: str  # "page", or the word of the failure
    status: int = 0
    kind: str = ""  # the media type
    body: bytes = b""
    text: str = ""  # why there is no page; fit to be shown


Step = Answer | Fetched


def good(text: str, reference: str = "") -> Part:
    return Part(text, Level.GOOD, reference)


def doubt(text: str, reference: str = "") -> Part:
    return Part(text, Level.DOUBT, reference)


def fault(text: str, reference: str = "") -> Part:
    return Part(text, Level.FAULT, reference)


_NOTHING = {
    Said.NO_DATA: "has no {type} record",
    Said.NXDOMAIN: "does not exist",
    Said.SERVFAIL: "cannot be looked up ({text})",
    Said.BOGUS: "cannot be looked up ({text})",
    Said.TIMEOUT: "cannot be looked up ({text})",
    Said.UNASKED: "was {text}",
}


def why_nothing(answer: Answer) -> str:
    """Say what came instead of records: `NAME does not exist`."""
    said = _NOTHING[answer.said].format(type=answer.record_type, text=answer.text)
    return f"{safe(answer.name)} {said}"


def unknown(answer: Answer) -> Part:
    """A question that failed: what it would have told may be so or otherwise."""
    if answer.said is Said.BOGUS:
        name = safe(answer.name)
        text = f"{name}: its DNSSEC does not hold; who validates gets SERVFAIL, others an answer"
        return fault(text, "RFC 4035, section 5.5")
    return doubt(f"{why_nothing(answer)}: try later, or ask another --dns SERVER")
