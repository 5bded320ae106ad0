"""What DNS said to one question, as plain values: no type of a DNS library leaves `lookup`.

Names are text as in a master file (`\\027` for an octet that is no character), without the final
dot, and not yet `safe()`.
"""

from mailprobe.enums import StrEnum
from mailprobe.value import frozen


class Said(StrEnum):
    """The kinds of answer, told apart: what each means for mail is for others to say."""

    RECORDS = "records"
    NO_DATA = "no-data"  # the name exists, with no record of this type
    NXDOMAIN = "nxdomain"  # the name does not exist
    SERVFAIL = "servfail"  # the server failed, refused, or made no sense
    BOGUS = "bogus"  # the same, because DNSSEC does not hold: without validation it answers
    TIMEOUT = "timeout"  # no answer in time
    UNASKED = "unasked"  # a bound on the number of questions was reached


@frozen
class Exchange:
    """MX (RFC 1035, section 3.3.9)."""

    preference: int
    host: str


@frozen
class Service:
    """SRV (RFC 2782)."""

    priority: int
    weight: int
    port: int
    target: str


@frozen
class Association:
    """TLSA (RFC 6698, section 2.1)."""

    usage: int
    selector: int
    matching: int
    data: bytes


# Addresses and names are text; TXT is octets, its strings joined without a blank.
Record = str | bytes | Exchange | Service | Association


@frozen
class Answer:
    """One question, and what was said to it: a step of a route.

    `at` is seconds since the first question was prepared, `took` how long this one did.
    """

    at: float
    took: float
    name: str
    record_type: str
    said: Said
    records: tuple[Record, ...] = ()
    alias: str = ""  # where a CNAME led
    validated: bool = False  # the AD bit: `server` says that DNSSEC holds (RFC 4035, 3.2.3)
    server: str = ""
    text: str = ""  # why there is no answer; fit to be shown

    @property
    def failed(self) -> bool:
        """Whether nothing is known: another time there may be an answer."""
        return self.said in (Said.SERVFAIL, Said.BOGUS, Said.TIMEOUT, Said.UNASKED)

    def texts(self) -> tuple[str, ...]:
        """The addresses or names among the records."""
        return tuple(record for record in self.records if isinstance(record, str))

    def octets(self) -> tuple[bytes, ...]:
        """The text records."""
        return tuple(record for record in self.records if isinstance(record, bytes))
