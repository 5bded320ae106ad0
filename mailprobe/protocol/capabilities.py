"""The capabilities of POP3: what a line of the response to CAPA says (RFC 2449, section 6)."""

from collections.abc import Mapping

from mailprobe.protocol.catalogue import Offer

_CAPABILITIES = (
    Offer("TOP", "TOP works", "RFC 2449, section 6.1", verbs=("TOP",)),
    Offer(
        "USER",
        "USER and PASS work, though perhaps not for everybody",
        "RFC 2449, section 6.2",
        verbs=("USER", "PASS"),
    ),
    Offer(
        "SASL",
        "AUTH works with these mechanisms",
        "RFC 2449, section 6.3; RFC 5034",
        arguments="mechanisms",
        verbs=("AUTH",),
    ),
    Offer(
        "RESP-CODES",
        "a text that begins with [ is a response code",
        "RFC 2449, section 6.4",
    ),
    Offer(
        "LOGIN-DELAY",
        "the shortest time from login to login",
        "RFC 2449, section 6.5",
        arguments="seconds, and USER where each user has his own",
        affects=("USER", "PASS", "APOP", "AUTH"),
    ),
    Offer(
        "PIPELINING",
        "several commands may go out before the first response",
        "RFC 2449, section 6.6",
    ),
    Offer(
        "EXPIRE",
        "how long the server keeps messages; 0 is not beyond the session that read them",
        "RFC 2449, section 6.7",
        arguments="days or NEVER, and USER where each user has his own",
    ),
    Offer("UIDL", "UIDL works", "RFC 2449, section 6.8", verbs=("UIDL",)),
    Offer(
        "IMPLEMENTATION",
        "which program serves here",
        "RFC 2449, section 6.9",
        arguments="text",
    ),
    Offer(
        "STLS",
        "STLS works, here and now",
        "RFC 2595, section 4",
        verbs=("STLS",),
        affects=("USER", "PASS", "CAPA"),
    ),
    Offer(
        "AUTH-RESP-CODE",
        "[AUTH] marks each login that fails by name or password",
        "RFC 3206, section 6",
    ),
    Offer(
        "UTF8",
        "UTF-8 mode; USER says that names and passwords may be UTF-8",
        "RFC 6856, section 2",
        arguments="USER or nothing",
        verbs=("UTF8",),
        affects=("USER", "PASS", "APOP", "LIST", "TOP", "RETR"),
    ),
    Offer("LANG", "replies in other languages", "RFC 6856, section 3", verbs=("LANG",)),
)

CAPABILITIES: Mapping[str, Offer] = {offer.keyword: offer for offer in _CAPABILITIES}
