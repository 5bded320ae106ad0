"""The characters that the sandbox can play: one row for each, and no rule stands elsewhere.

Plain data: knows no link, no disk and no clock.
"""

from collections.abc import Mapping

from mailprobe.sandbox import zones
from mailprobe.sandbox.accounts import DOMAIN
from mailprobe.sandbox.manners import (
    KEYWORDS,
    Fate,
    LineEnds,
    Pop3Manner,
    Pop3Wording,
    Profile,
    SmtpManner,
    SmtpWording,
    When,
)
from mailprobe.sandbox.parameters import Refusal
from mailprobe.value import replace

# ------------------------------------------------------------------------------------- SMTP


def _keywords(names: str) -> dict[str, str]:
    return {name: KEYWORDS.get(name, "") for name in names.split()}


def _off(*verbs: str) -> dict[str, Refusal]:
    return {verb: Refusal("502", f"5.5.1 {verb} is switched off here") for verb in verbs}


_QUEUED = SmtpWording(
    greeting="{host} {kind} mailprobe practice server",
    accepted="2.0.0 Accepted, queued as {identifier}",
    verify="2.0.0 That is not told here, but mail for {domain} may be tried",
)
_NO_RELAY = Refusal("554", "5.7.1 Relay access denied")
_PASSWORDS = ("CRAM-MD5", "PLAIN", "LOGIN")

_PLAIN = SmtpManner(
    wording=_QUEUED,
    keywords=_keywords(
        "PIPELINING SIZE 8BITMIME SMTPUTF8 DSN CHUNKING DELIVERBY ENHANCEDSTATUSCODES HELP"
    ),
    mechanisms=_PASSWORDS,
    fates={
        f"bounce@{DOMAIN}": Fate(Refusal("550", "5.2.1 The mailbox is disabled"), When.LATER),
    },
    reports=True,
)
_STRICT = SmtpManner(
    wording=_QUEUED,
    keywords=_keywords("PIPELINING SIZE 8BITMIME CHUNKING ENHANCEDSTATUSCODES HELP"),
    mechanisms=_PASSWORDS,
    line_ends=LineEnds.CRLF,
    longest_command=512,  # RFC 5321, section 4.5.3.1.4
    longest_line=1000,  # section 4.5.3.1.6
    refused=_off("EXPN"),
)
_LAX = SmtpManner(
    wording=_QUEUED,
    keywords=_keywords("PIPELINING SIZE 8BITMIME ENHANCEDSTATUSCODES HELP"),
    mechanisms=(),
    start_tls=False,
    needs_hello=False,
    line_ends=LineEnds.LF,
    refused=_off("BDAT", "STARTTLS", "AUTH"),
)
_SUBMIT = SmtpManner(
    wording=_QUEUED,
    keywords=_keywords("PIPELINING SIZE 8BITMIME SMTPUTF8 DSN CHUNKING ENHANCEDSTATUSCODES HELP"),
    mechanisms=("SCRAM-SHA-256", *_PASSWORDS, "XOAUTH2"),
    login_needs_tls=True,
    mail_needs_tls=True,
    mail_needs_login=True,
    relay=_NO_RELAY,
    reports=True,
)
_EXCHANGER = replace(
    _PLAIN,
    mechanisms=(),
    refused=_off("AUTH"),
    fates={
        "@null.test": Fate(Refusal("556", "5.1.10 The domain takes no mail: its MX is null")),
        "@fail.test": Fate(Refusal("451", "4.4.3 The name server of the domain does not answer")),
        "@gone.test": Fate(Refusal("550", "5.1.2 There is no such domain")),
    },
    senders={
        "@bank.test": Refusal(
            "550", "5.7.23 SPF: bank.test does not let this host send its mail (-all)"
        ),
    },
    relay=_NO_RELAY,
)
_FULL = SmtpManner(
    wording=_QUEUED,
    keywords=_PLAIN.keywords,
    size=10_240_000,
    mechanisms=_PASSWORDS,
    fates={
        f"unknown@{DOMAIN}": Fate(Refusal("550", "5.1.1 There is no such user here")),
        f"full@{DOMAIN}": Fate(Refusal("452", "4.2.2 The mailbox is full")),
        f"grey@{DOMAIN}": Fate(
            Refusal("450", "4.7.1 Greylisted: try again in a while"), When.AT_FIRST
        ),
        f"moved@{DOMAIN}": Fate(
            Refusal("551", f"5.1.6 The user has moved, please try <bob@{DOMAIN}>")
        ),
    },
    relay=_NO_RELAY,
    odd_routes=False,
)
_LMTP = SmtpManner(
    wording=_QUEUED,
    keywords=_PLAIN.keywords,
    mechanisms=_PASSWORDS,
    fates={
        f"unknown@{DOMAIN}": Fate(Refusal("550", "5.1.1 There is no such user here")),
        f"full@{DOMAIN}": Fate(Refusal("552", "5.2.2 The mailbox is full"), When.BEHIND_THE_DOT),
    },
    relay=_NO_RELAY,
)

# --------------------------------------------------------------------- MuseMail 3.5, as in 2006

_MUSE = SmtpManner(
    wording=SmtpWording(
        greeting="{host} [MuseMail 3.5 {kind} Server](25) service ready; {date}",
        hello="{host} Hello {name}",
        plain_hello="{host} Hello {name}",
        start_tls="Ready to start TLS",
        logged_in="Authentication successful",
        sender="Sender OK",
        recipient="Recipient OK",
        go_ahead="Start mail input; end with <CRLF>.<CRLF>",
        accepted="Message accepted for delivery ({identifier})",
        reset="Reset OK",
        verify="Cannot VRFY user, but will accept message",
        noop="OK",
        quit="[MuseMail 3.5 {kind} Server] closing connection",
        unknown="Command not recognized",
        not_carried_out="Command not implemented",
    ),
    keywords=_keywords("SIZE 8BITMIME HELP"),
    size=10_240_000,
    mechanisms=("PLAIN", "LOGIN"),
    refused={"BDAT": Refusal("502", "5.5.1 Command not implemented")},
)
_MUSE_POP3 = Pop3Manner(
    wording=Pop3Wording(
        greeting="[MuseMail 3.5 POP3 Server](25) service ready; {date} {timestamp}",
        user=f"Password required for {{user}}@{DOMAIN}",
        wrong="Invalid auth or access denied",
        in_use="[IN-USE] Maildrop is locked by another session",
        logged_in="Maildrop has {messages} ({octets} bytes)",
        listing="{messages} ({octets} bytes)",
        message="{octets} bytes",
        top="message is {octets} bytes",
        deleted="Message deleted",
        no_message="No such message",
        is_deleted="Message {number} already deleted",
        reset="Maildrop has {messages} ({octets} bytes)",
        noop="OK",
        quit="[MuseMail 3.5 POP3 Server] closing session",
        updated="[MuseMail 3.5 POP3 Server] closing session",
        unknown="Unknown command",
        first_log_in="Command not valid before login",
        implementation="MuseMail-3.5",
    ),
    capabilities=("TOP", "UIDL", "USER", "RESP-CODES"),
    mechanisms=(),
    host="dbc.mtview.ca.us",  # RFC 1939, section 7
)

# ------------------------------------------------------------------- what is broken in the night

_GOOD = replace(_FULL, fates={}, odd_routes=True)


def _night(number: int, summary: str, ticket: str, smtp: SmtpManner = _GOOD) -> Profile:
    """A night in which all is well but for what `smtp`, or the caller, changes."""
    return Profile(
        f"night-{number}",
        summary,
        smtp=replace(smtp, ticket=ticket),
        zone=zones.RIGHT,
        hosts=zones.HOSTS[:2],
    )


_NIGHTS = (
    replace(
        _night(
            0,
            "the MX record names a host that there is not",
            "mail that others send us goes nowhere",
        ),
        zone=zones.MISTAKEN,
        hosts=zones.HOSTS[:1],
    ),
    replace(
        _night(
            1,
            "the certificate has expired",
            "every mail program shows a warning since midnight",
        ),
        expired=True,
    ),
    _night(
        2,
        "a login is taken after STARTTLS alone",
        "the old printer cannot log in any more",
        replace(_GOOD, login_needs_tls=True),
    ),
    _night(
        3,
        "the mailbox of alice is full",
        "mail to alice comes back late",
        replace(_GOOD, fates={f"alice@{DOMAIN}": _FULL.fates[f"full@{DOMAIN}"]}),
    ),
    _night(
        4,
        "mail is relayed for nobody, not even behind a login",
        "the shop cannot write to its customers",
        replace(_GOOD, relays_for_users=False),
    ),
    replace(
        _night(
            5,
            "a session that nobody ends holds the maildrops",
            "alice cannot read her mail",
        ),
        pop3=Pop3Manner(locked=True),
    ),
)

_ROWS = (
    Profile(
        "plain",
        f"a friendly server: no TLS and no login is needed; bounce@{DOMAIN} fails later",
        smtp=_PLAIN,
    ),
    Profile("strict", "only CRLF ends a line, and only CRLF.CRLF the mail data", smtp=_STRICT),
    Profile("lax", "LF ends a line, too, and LF.LF the mail data: smuggling works", smtp=_LAX),
    Profile(
        "submit",
        "mail is taken after STARTTLS and a login only; tim (tanstaaftanstaaf) is a user, too",
        smtp=_SUBMIT,
        secrets={"tim": "tanstaaftanstaaf"},  # RFC 2195, section 2
    ),
    Profile(
        "mx",
        "the hosts of a small zone, and the name server of that zone: example.test, tie.test, "
        "none.test, null.test, broken.test, bank.test, fail.test",
        smtp=_EXCHANGER,
        domains=zones.DOMAINS,
        hosts=zones.HOSTS,
        zone=zones.PRACTICE,
    ),
    Profile(
        "full",
        f"recipients that are refused: unknown@, full@, grey@ (at first), moved@{DOMAIN}, "
        "and whoever is elsewhere, unless you log in",
        smtp=_FULL,
    ),
    Profile(
        "lmtp",
        f"LMTP: full@{DOMAIN} fails only behind the dot, unknown@{DOMAIN} at once",
        smtp=_LMTP,
    ),
    Profile(
        "muse",
        "MuseMail 3.5, as it was seen in 2006, with two mails; mrose (tanstaaf) is a user, too",
        smtp=_MUSE,
        pop3=_MUSE_POP3,
        secrets={"mrose": "tanstaaf"},  # RFC 1939, section 7
        mails="muse",
        readers=("alice", "mrose"),
    ),
)
NIGHT = "night"

PROFILES: Mapping[str, Profile] = {
    **{row.name: row for row in _ROWS},
    NIGHT: Profile(NIGHT, f"something is broken; the seed says what, as {NIGHT}-0 to {NIGHT}-5 do"),
    **{row.name: row for row in _NIGHTS},
}


def of_seed(profile: Profile, seed: int) -> Profile:
    """What a profile comes to: one of the nights, where it leaves that to the seed."""
    return _NIGHTS[seed % len(_NIGHTS)] if profile.name == NIGHT else profile


def seeds_of(profile: Profile) -> int:
    """Among how many characters a seed chooses: 0, 1 and so on stand for all of them."""
    return len(_NIGHTS) if profile.name == NIGHT else 1
