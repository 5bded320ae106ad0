"""Enhanced status codes: the registry of RFC 5248, with what each code says in a few words.

The list is open: a code that nobody knows still has a class and a subject.
"""

from mailprobe.value import frozen

# RFC 3463, section 2: status-code = class "." subject "." detail
CLASSES: dict[str, str] = {
    "2": "success",
    "4": "failed for now",
    "5": "failed for good",
}

SUBJECTS: dict[str, str] = {
    "0": "no subject is named",
    "1": "about an address",
    "2": "about the mailbox",
    "3": "about the mail system",
    "4": "about the network or the route",
    "5": "about the dialogue",
    "6": "about the content",
    "7": "about security or policy",
}


@frozen
class EnhancedCode:
    """One entry of the registry, for all three classes."""

    name: str  # the text that the registry gives as a sample
    meaning: str
    basic: tuple[str, ...] = ()  # reply codes that it goes with; "any", "5XX"
    reference: str = "RFC 3463"


ENHANCED: dict[str, EnhancedCode] = {
    "X.0.0": EnhancedCode("Other undefined status", "nothing is known beyond the class", ("any",)),
    "X.1.0": EnhancedCode("Other address status", "an address is wrong in some way"),
    "X.1.1": EnhancedCode(
        "Bad destination mailbox address", "there is no such mailbox at that domain", ("451", "550")
    ),
    "X.1.2": EnhancedCode(
        "Bad destination system address", "the recipient's domain does not exist, or takes no mail"
    ),
    "X.1.3": EnhancedCode(
        "Bad destination mailbox address syntax",
        "the recipient's address is badly written",
        ("501",),
    ),
    "X.1.4": EnhancedCode(
        "Destination mailbox address ambiguous", "the address could mean more than one mailbox"
    ),
    "X.1.5": EnhancedCode("Destination address valid", "the recipient's address is good", ("250",)),
    "X.1.6": EnhancedCode(
        "Destination mailbox has moved, No forwarding address",
        "the mailbox has gone and left no new address",
    ),
    "X.1.7": EnhancedCode(
        "Bad sender's mailbox address syntax", "the sender's address is badly written"
    ),
    "X.1.8": EnhancedCode(
        "Bad sender's system address",
        "the sender's domain does not exist, or could not take a bounce",
        ("451", "501"),
    ),
    "X.1.9": EnhancedCode(
        "Message relayed to non-compliant mailer",
        "handed on to a system that will not report back",
        reference="RFC 3886",
    ),
    "X.1.10": EnhancedCode(
        "Recipient address has null MX",
        "the recipient's domain says in the DNS that it takes no mail",
        ("556",),
        reference="RFC 7505",
    ),
    "X.2.0": EnhancedCode(
        "Other or undefined mailbox status", "the mailbox is there, but something is wrong with it"
    ),
    "X.2.1": EnhancedCode(
        "Mailbox disabled, not accepting messages", "the mailbox is switched off"
    ),
    "X.2.2": EnhancedCode("Mailbox full", "the mailbox is over its quota", ("552",)),
    "X.2.3": EnhancedCode(
        "Message length exceeds administrative limit",
        "the message is larger than this mailbox may take",
        ("552",),
    ),
    "X.2.4": EnhancedCode(
        "Mailing list expansion problem", "the mailing list could not be expanded", ("450", "452")
    ),
    "X.3.0": EnhancedCode(
        "Other or undefined mail system status",
        "the receiving system is in trouble",
        ("221", "250", "421", "451", "550", "554"),
    ),
    "X.3.1": EnhancedCode("Mail system full", "the receiving system has no room left", ("452",)),
    "X.3.2": EnhancedCode(
        "System not accepting network messages",
        "the receiving system takes no mail now: shutdown, load or upkeep",
        ("453", "521"),
        reference="RFC 3463, RFC 7504",
    ),
    "X.3.3": EnhancedCode(
        "System not capable of selected features",
        "the receiving system lacks a feature that was asked for",
    ),
    "X.3.4": EnhancedCode(
        "Message too big for system", "the message is larger than the server allows", ("552", "554")
    ),
    "X.3.5": EnhancedCode("System incorrectly configured", "the server is set up wrongly"),
    "X.3.6": EnhancedCode(
        "Requested priority was changed",
        "the message was taken with another priority than asked for",
        ("250", "251"),
        reference="RFC 6710",
    ),
    "X.4.0": EnhancedCode(
        "Other or undefined network or routing status",
        "something is wrong on the way to the next host",
    ),
    "X.4.1": EnhancedCode("No answer from host", "the next host does not answer", ("451",)),
    "X.4.2": EnhancedCode(
        "Bad connection", "the connection to the next host broke, or is no good", ("421",)
    ),
    "X.4.3": EnhancedCode(
        "Directory server failure", "a look-up in the DNS or a directory failed", ("451", "550")
    ),
    "X.4.4": EnhancedCode("Unable to route", "nobody knows where to send the message next"),
    "X.4.5": EnhancedCode("Mail system congestion", "the mail system is too busy", ("451",)),
    "X.4.6": EnhancedCode("Routing loop detected", "the message goes round in a circle"),
    "X.4.7": EnhancedCode("Delivery time expired", "the message waited too long and was given up"),
    "X.5.0": EnhancedCode(
        "Other or undefined protocol status",
        "something went wrong in the dialogue",
        (
            "220",
            "250",
            "251",
            "252",
            "253",
            "451",
            "452",
            "454",
            "458",
            "459",
            "501",
            "502",
            "503",
            "554",
        ),
    ),
    "X.5.1": EnhancedCode(
        "Invalid command",
        "the command is unknown, or comes out of order",
        ("430", "500", "501", "503", "530", "550", "554", "555"),
    ),
    "X.5.2": EnhancedCode(
        "Syntax error", "the command could not be read", ("500", "501", "502", "550", "555")
    ),
    "X.5.3": EnhancedCode("Too many recipients", "too many recipients for one message", ("451",)),
    "X.5.4": EnhancedCode(
        "Invalid command arguments",
        "an argument is out of range, or not supported",
        ("451", "501", "502", "503", "504", "550", "555"),
    ),
    "X.5.5": EnhancedCode(
        "Wrong protocol version", "the two sides speak different versions of the protocol"
    ),
    "X.5.6": EnhancedCode(
        "Authentication Exchange line is too long",
        "a line of the authentication exchange is too long",
        ("500",),
        reference="RFC 4954",
    ),
    "X.6.0": EnhancedCode("Other or undefined media error", "something is wrong with the content"),
    "X.6.1": EnhancedCode("Media not supported", "this kind of content is not taken"),
    "X.6.2": EnhancedCode(
        "Conversion required and prohibited", "the content must be converted, but may not be"
    ),
    "X.6.3": EnhancedCode(
        "Conversion required but not supported",
        "the content must be converted, but nobody here can",
        ("554",),
    ),
    "X.6.4": EnhancedCode(
        "Conversion with loss performed",
        "the content was converted, and something was lost",
        ("250",),
    ),
    "X.6.5": EnhancedCode("Conversion Failed", "the content could not be converted"),
    "X.6.6": EnhancedCode(
        "Message content not available",
        "the content that BURL points to could not be fetched",
        ("554",),
        reference="RFC 4468",
    ),
    "X.6.7": EnhancedCode(
        "Non-ASCII addresses not permitted for that sender/recipient",
        "an address beyond ASCII is not allowed here",
        ("550", "553"),
        reference="RFC 6531",
    ),
    "X.6.8": EnhancedCode(
        "UTF-8 string reply is required, but not permitted by the SMTP client",
        "the answer needs UTF-8, which the client did not allow",
        ("252", "550", "553"),
        reference="RFC 6531",
    ),
    "X.6.9": EnhancedCode(
        "UTF-8 header message cannot be transferred to one or more recipients, "
        "so the message must be rejected",
        "a recipient cannot take a header in UTF-8",
        ("550",),
        reference="RFC 6531",
    ),
    "X.6.10": EnhancedCode(
        "Duplicate of X.6.8, deprecated", "the same as X.6.8; no longer used", reference="RFC 6531"
    ),
    "X.7.0": EnhancedCode(
        "Other or undefined security status",
        "something about security or policy stands in the way",
        ("220", "235", "450", "454", "500", "501", "503", "504", "530", "535", "550"),
    ),
    "X.7.1": EnhancedCode(
        "Delivery not authorized, message refused",
        "policy does not allow it",
        ("451", "454", "502", "503", "533", "550", "551"),
    ),
    "X.7.2": EnhancedCode(
        "Mailing list expansion prohibited",
        "the sender may not write to this mailing list",
        ("550",),
    ),
    "X.7.3": EnhancedCode(
        "Security conversion required but not possible",
        "a secured message would have to be converted, and cannot be",
    ),
    "X.7.4": EnhancedCode(
        "Security features not supported",
        "a security feature that was asked for is missing",
        ("504",),
    ),
    "X.7.5": EnhancedCode("Cryptographic failure", "something could not be decrypted or verified"),
    "X.7.6": EnhancedCode(
        "Cryptographic algorithm not supported", "the cryptographic algorithm is not known here"
    ),
    "X.7.7": EnhancedCode("Message integrity failure", "the message was changed on its way"),
    "X.7.8": EnhancedCode(
        "Authentication credentials invalid",
        "the name or the password is wrong",
        ("535", "554"),
        reference="RFC 4954",
    ),
    "X.7.9": EnhancedCode(
        "Authentication mechanism is too weak",
        "this mechanism is too weak: take a stronger one",
        ("534",),
        reference="RFC 4954",
    ),
    "X.7.10": EnhancedCode("Encryption Needed", "start TLS first", ("523",), reference="RFC 5248"),
    "X.7.11": EnhancedCode(
        "Encryption required for requested authentication mechanism",
        "this mechanism wants TLS first",
        ("524", "538"),
        reference="RFC 4954",
    ),
    "X.7.12": EnhancedCode(
        "A password transition is needed",
        "log in once with PLAIN, so that the password can be stored anew",
        ("422", "432"),
        reference="RFC 4954",
    ),
    "X.7.13": EnhancedCode(
        "User Account Disabled",
        "the account is blocked, even with the right password",
        ("525",),
        reference="RFC 5248",
    ),
    "X.7.14": EnhancedCode(
        "Trust relationship required",
        "the submission server and the IMAP server do not trust each other",
        ("535", "554"),
        reference="RFC 5248",
    ),
    "X.7.15": EnhancedCode(
        "Priority Level is too low",
        "only a higher priority is served now",
        ("450", "550"),
        reference="RFC 6710",
    ),
    "X.7.16": EnhancedCode(
        "Message is too big for the specified priority",
        "the message is too large for the priority asked for",
        ("552",),
        reference="RFC 6710",
    ),
    "X.7.17": EnhancedCode(
        "Mailbox owner has changed",
        "the mailbox belongs to somebody else now",
        ("5XX",),
        reference="RFC 7293",
    ),
    "X.7.18": EnhancedCode(
        "Domain owner has changed",
        "the domain belongs to somebody else now",
        ("5XX",),
        reference="RFC 7293",
    ),
    "X.7.19": EnhancedCode(
        "RRVS test cannot be completed",
        "nobody can tell since when the mailbox has its owner",
        ("5XX",),
        reference="RFC 7293",
    ),
    "X.7.20": EnhancedCode(
        "No passing DKIM signature found",
        "no DKIM signature passes",
        ("550",),
        reference="RFC 7372, RFC 6376",
    ),
    "X.7.21": EnhancedCode(
        "No acceptable DKIM signature found",
        "DKIM signatures pass, but none that is good enough here",
        ("550",),
        reference="RFC 7372, RFC 6376",
    ),
    "X.7.22": EnhancedCode(
        "No valid author-matched DKIM signature found",
        "no passing DKIM signature is by the domain of From",
        ("550",),
        reference="RFC 7372, RFC 6376",
    ),
    "X.7.23": EnhancedCode(
        "SPF validation failed",
        "SPF does not allow this host for the sender's domain",
        ("550",),
        reference="RFC 7372, RFC 7208",
    ),
    "X.7.24": EnhancedCode(
        "SPF validation error",
        "SPF could not be worked out",
        ("451", "550"),
        reference="RFC 7372, RFC 7208",
    ),
    "X.7.25": EnhancedCode(
        "Reverse DNS validation failed",
        "the client's address has no name that leads back to it",
        ("550",),
        reference="RFC 7372, RFC 7601",
    ),
    "X.7.26": EnhancedCode(
        "Multiple authentication checks failed",
        "several checks of the sender failed",
        ("550",),
        reference="RFC 7372",
    ),
    "X.7.27": EnhancedCode(
        "Sender address has null MX",
        "the sender's domain takes no mail, so nothing could bounce to it",
        ("550",),
        reference="RFC 7505",
    ),
    "X.7.28": EnhancedCode(
        "Mail flood detected",
        "too much mail of one kind at once",
        reference="draft-levine-mailbomb-header",
    ),
    "X.7.29": EnhancedCode(
        "ARC validation failure", "the ARC chain does not hold", ("550",), reference="RFC 8617"
    ),
    "X.7.30": EnhancedCode(
        "REQUIRETLS support required",
        "the next host cannot promise TLS all the way",
        ("550",),
        reference="RFC 8689",
    ),
}


# What may be said of a success as well; all others name a failure, whatever their class.
_OF_SUCCESS = frozenset({"X.0.0", "X.1.5", "X.1.9", "X.3.6", "X.6.4"})


def entry_of(code: str) -> EnhancedCode | None:
    """What the registry has for `class.subject.detail`; None where that is not said in its class.

    2.7.1 is a success, and 7.1 a refusal: such a code says its class and its subject, no more.
    """
    level, _, rest = code.partition(".")
    known = f"X.{rest}"
    return ENHANCED.get(known) if level != "2" or known in _OF_SUCCESS else None


def enhanced_meaning(code: str) -> str:
    """What `class.subject.detail` says: "5.1.1" is class and detail, an unknown code its subject.

    Returns "" for what is no enhanced status code.
    """
    level, _, rest = code.partition(".")
    subject, _, detail = rest.partition(".")
    if level not in CLASSES or not (subject.isdigit() and detail.isdigit()):
        return ""
    entry = entry_of(code)
    what = entry.meaning if entry else SUBJECTS.get(subject, "")
    return f"{CLASSES[level]}: {what}" if what else CLASSES[level]
