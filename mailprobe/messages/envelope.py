"""The envelope of a message: MAIL and RCPT with what it needs, what is offered and what is asked.

Pure.  What a person may ask for is a table, which the command line and /send share.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from mailprobe import durations
from mailprobe.errors import Failure, Word
from mailprobe.messages.maildata import LONGEST, Measure
from mailprobe.patterns import pattern
from mailprobe.protocol import values, xtext
from mailprobe.safe import safe
from mailprobe.value import field, frozen

_ENVELOPE_ID = 100  # characters of ENVID (RFC 3461, section 4.4)
_LARGEST_TIME = 999_999_999  # seconds (RFC 4865, section 4; RFC 2852, section 4)
_BY = pattern(r"(?:[+-]?[0-9]{1,9};[Nn]|\+?0*[1-9][0-9]{0,8};[Rr])[Tt]?")
_WORD = pattern(r"[A-Za-z0-9][A-Za-z0-9-]*(?:=[^\s=\x00-\x20\x7f]+)?")
_REPORTS = ("NEVER", "SUCCESS", "FAILURE", "DELAY")
EACH = "each"  # as an original recipient: each one's own address


@frozen
class Wish:
    """A parameter that a person may ask for, and how its value is written."""

    option: str
    command: str  # whose parameter it is: MAIL or RCPT
    name: str
    metavar: str  # "" takes no value
    write: Callable[[str], str]  # the value as it travels; raises Failure `usage`
    help: str


@frozen
class Parameters:
    """What is asked for of MAIL and RCPT; `mail` and `rcpt` are words as they shall travel."""

    mail: Sequence[str] = ()
    rcpt: Sequence[str] = ()
    original: str | None = None  # of ORCPT; EACH is each recipient's own address
    binary: bool = False  # the octets of a file as they are: BODY=BINARYMIME
    anyway: bool = False  # what makes no sense is sent all the same

    @property
    def names(self) -> frozenset[str]:
        """The parameters of MAIL that were asked for; none of ours takes their place."""
        return frozenset(word.partition("=")[0].upper() for word in self.mail)


@frozen
class Envelope:
    """Addresses as they stand in a path, without brackets."""

    sender: str
    recipients: Sequence[str]
    parameters: Parameters = field(default_factory=Parameters)

    @property
    def utf8(self) -> bool:
        """Whether an address is written in more than ASCII (RFC 6531)."""
        return not all(address.isascii() for address in (self.sender, *self.recipients))


# ------------------------------------------------------------------------------ what may be asked


def _keyword(*known: str) -> Callable[[str], str]:
    def write(text: str) -> str:
        if text.upper() not in known:
            raise _usage(f"expected {' or '.join(known)}, not '{safe(text)}'")
        return text.upper()

    return write


def _reports(text: str) -> str:
    words = text.upper().split(",")
    alone = "NEVER" not in words or len(words) == 1  # RFC 3461, section 4.1
    if not alone or len(set(words)) < len(words) or not set(words) <= set(_REPORTS):
        raise _usage(f"expected NEVER, or a list such as SUCCESS,FAILURE,DELAY, not '{safe(text)}'")
    return ",".join(words)


def _envelope_id(text: str) -> str:
    value = xtext.encode(text.encode("utf-8", "surrogateescape")).decode("ascii")
    if not text.isascii() or not text.isprintable() or not 0 < len(value) <= _ENVELOPE_ID:
        raise _usage(
            f"an envelope id is printable ASCII, {_ENVELOPE_ID} characters as xtext at most, "
            f"not '{safe(text)}'"
        )
    return value


def _mailbox(text: str) -> str:
    printable(text)
    return "<>" if text in ("", "<>") else xtext.encode(_octets([text])).decode("ascii")


def printable(text: str) -> None:
    """Raise Failure `usage` for control characters: xtext has a form for them, mail none."""
    if not text.isprintable():
        raise _usage(f"expected an address, not '{safe(text)}'")


def _by(text: str) -> str:
    if not _BY.fullmatch(text):
        raise _usage(
            f"expected seconds;N, or seconds;R above 0, perhaps with T: 3600;R, not '{safe(text)}'"
        )
    return text.upper()


def _seconds(text: str) -> str:
    seconds = durations.seconds(text)
    if seconds is None or seconds != int(seconds) or not 0 < seconds <= _LARGEST_TIME:
        raise _usage(f"expected whole seconds, or 5m, not '{safe(text)}'")
    return str(int(seconds))


def _moment(text: str) -> str:
    if not values.is_moment(_octets([text])):
        raise _usage(f"expected a time in UTC such as 2030-01-31T12:00:00Z, not '{safe(text)}'")
    return text


def _priority(text: str) -> str:
    try:
        level = int(text)
    except ValueError:
        level = 10
    if not -9 <= level <= 9:
        raise _usage(f"expected a priority from -9 to 9, not '{safe(text)}'")
    return str(level)


def _flag(text: str) -> str:
    return ""


_FULL = "the failure report brings back all of it, or the header"
WISHES: tuple[Wish, ...] = (
    Wish("--ret", "MAIL", "RET", "FULL|HDRS", _keyword("FULL", "HDRS"), _FULL),
    Wish("--envid", "MAIL", "ENVID", "ID", _envelope_id, "name of the envelope, for reports"),
    Wish("--mail-auth", "MAIL", "AUTH", "A", _mailbox, "who submitted it; <> is nobody known"),
    Wish("--by", "MAIL", "BY", "S;R|N", _by, "deliver within S seconds, or return or notify"),
    Wish("--hold-for", "MAIL", "HOLDFOR", "S", _seconds, "release it in so long"),
    Wish("--hold-until", "MAIL", "HOLDUNTIL", "TIME", _moment, "release it then, in UTC"),
    Wish("--mt-priority", "MAIL", "MT-PRIORITY", "N", _priority, "from -9 to 9"),
    Wish("--requiretls", "MAIL", "REQUIRETLS", "", _flag, "TLS on every hop, or no delivery"),
    Wish("--notify", "RCPT", "NOTIFY", "WORDS", _reports, "which reports are wanted"),
)


def word_of(wish: Wish, text: str) -> str:
    """The parameter as it travels.  Raises Failure `usage`, with the option."""
    try:
        value = wish.write(text)
    except Failure as failure:
        raise _usage(f"{wish.option}: {failure.sentence}") from None
    return f"{wish.name}={value}" if wish.metavar else wish.name


def free_word(option: str, text: str) -> str:
    """A parameter that somebody wrote himself.  Raises Failure `usage` for what is none."""
    if not _WORD.fullmatch(text):
        raise _usage(f"{option}: expected NAME or NAME=VALUE without blanks, not '{safe(text)}'")
    return text


# --------------------------------------------------------------------------------- what is said


def commands(
    envelope: Envelope, found: Measure, offers: Mapping[str, str]
) -> tuple[bytes, list[bytes]]:
    """MAIL, and an RCPT for each recipient."""
    return _mail(envelope, found, offers), [
        _rcpt(envelope, one, offers) for one in envelope.recipients
    ]


def _mail(envelope: Envelope, found: Measure, offers: Mapping[str, str]) -> bytes:
    asked = envelope.parameters
    body = "BINARYMIME" if asked.binary else "8BITMIME" if found.eight_bit else ""
    utf8 = envelope.utf8 or not found.headers.isascii()
    wanted = (
        ("SIZE", "SIZE", f"={found.size}"),
        ("BODY", body, f"={body}"),
        ("SMTPUTF8", "SMTPUTF8" if utf8 else "", ""),
    )
    words = [f"MAIL FROM:<{envelope.sender}>"]
    words += [
        f"{name}{value}"
        for name, offer, value in wanted
        if offer in offers and name not in asked.names
    ]
    return _octets([*words, *asked.mail])


def _rcpt(envelope: Envelope, recipient: str, offers: Mapping[str, str]) -> bytes:
    asked, words = envelope.parameters, [f"RCPT TO:<{recipient}>"]
    if asked.original is not None:
        address = recipient if asked.original == EACH else asked.original
        value = xtext.original_recipient(address, utf8="SMTPUTF8" in offers and envelope.utf8)
        words.append(f"ORCPT={value.decode('utf-8', 'surrogateescape')}")
    return _octets([*words, *asked.rcpt])


def _octets(words: Iterable[str]) -> bytes:
    return " ".join(words).encode("utf-8", "surrogateescape")


# ----------------------------------------------------------------------- what cannot, or may not


def refuse(envelope: Envelope, offers: Mapping[str, str], *, tls: bool) -> None:
    """Raise Failure for what must not be sent as things stand, unless it shall be anyway."""
    if envelope.parameters.anyway:
        return
    if envelope.utf8 and "SMTPUTF8" not in offers:
        raise _usage("an address is not ASCII, and the server offers no SMTPUTF8 (RFC 6531)")
    if envelope.parameters.binary and "BINARYMIME" not in offers:
        raise _usage("the server offers no BINARYMIME (RFC 3030, section 3): leave --binary out")
    if "REQUIRETLS" in envelope.parameters.names and not tls:
        raise Failure(
            Word.SECURITY,
            "REQUIRETLS is said over TLS alone (RFC 8689, section 2): --starttls, or --tls",
        )


def advices(envelope: Envelope, found: Measure, offers: Mapping[str, str]) -> Iterator[str]:
    """What may go wrong with the message; it is sent all the same."""
    if found.eight_bit and not envelope.parameters.binary and "8BITMIME" not in offers:
        yield (
            "it has 8-bit octets, and the server offers no 8BITMIME (RFC 6152): "
            "they go out as they are"
        )
    if not found.headers.isascii() and "SMTPUTF8" not in offers:
        yield "its header goes beyond ASCII, and the server offers no SMTPUTF8 (RFC 6531)"
    if found.longest > LONGEST and not envelope.parameters.binary:
        yield f"a line has {found.longest} octets, and {LONGEST} is the most (RFC 5322, 2.1.1)"
    if found.nul and not envelope.parameters.binary:
        yield "it holds NUL, which no mail may (RFC 5322, section 4)"
    limit = offers.get("SIZE", "")
    if limit.isascii() and limit.isdigit() and 0 < int(limit[:20]) < found.size:
        yield f"it has {found.size} octets, and the server takes {limit[:20]} (RFC 1870)"


def _usage(sentence: str) -> Failure:
    return Failure(Word.USAGE, sentence)
