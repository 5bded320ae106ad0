"""The service extensions of SMTP and LMTP: what a keyword in the reply to EHLO or LHLO says."""

from collections.abc import Mapping

from mailprobe.protocol.catalogue import Offer

_REGISTERED = (
    Offer("SEND", "mail to the user's terminal; obsolete", "RFC 821, section 3.4", verbs=("SEND",)),
    Offer("SOML", "mail to terminal or mailbox; obsolete", "RFC 821, section 3.4", verbs=("SOML",)),
    Offer(
        "SAML", "mail to terminal and mailbox; obsolete", "RFC 821, section 3.4", verbs=("SAML",)
    ),
    Offer(
        "TURN", "client and server swap roles; obsolete", "RFC 821, section 3.8", verbs=("TURN",)
    ),
    Offer("VRFY", "asks whether a mailbox exists", "RFC 5321, section 3.5", verbs=("VRFY",)),
    Offer("EXPN", "lists who is on a mailing list", "RFC 5321, section 3.5", verbs=("EXPN",)),
    Offer("HELP", "help in words", "RFC 5321, section 4.1.1.8", verbs=("HELP",)),
    Offer(
        "8BITMIME",
        "bodies with octets above 127",
        "RFC 6152, section 2",
        parameters=("MAIL BODY",),
    ),
    Offer(
        "SIZE",
        "says how large a message may be, and lets the client say how large it is",
        "RFC 1870, section 3",
        arguments="the most octets that a message may have; 0 is no fixed bound",
        parameters=("MAIL SIZE",),
    ),
    Offer("VERB", "shows delivery as it happens", "sendmail", verbs=("VERB",)),
    Offer("ONEX", "one mail transaction and no more", "sendmail", verbs=("ONEX",)),
    Offer(
        "CHUNKING",
        "mail data in counted chunks, without dots",
        "RFC 3030, section 2",
        verbs=("BDAT",),
    ),
    Offer(
        "BINARYMIME",
        "bodies of any octets; goes with CHUNKING",
        "RFC 3030, section 3",
        parameters=("MAIL BODY",),
    ),
    Offer(
        "CHECKPOINT",
        "takes up a broken transfer again; experimental",
        "RFC 1845, section 3",
        parameters=("MAIL TRANSID",),
    ),
    Offer(
        "DELIVERBY",
        "bounds the time that delivery may take",
        "RFC 2852, section 3",
        arguments="the shortest time with ;R, in seconds",
        parameters=("MAIL BY",),
    ),
    Offer(
        "PIPELINING",
        "several commands may go out before the first reply",
        "RFC 2920, section 3",
    ),
    Offer(
        "DSN",
        "the client chooses which delivery reports it wants",
        "RFC 3461, section 4",
        parameters=("MAIL RET", "MAIL ENVID", "RCPT NOTIFY", "RCPT ORCPT"),
    ),
    Offer("ETRN", "starts the queue for a host", "RFC 1985, section 4", verbs=("ETRN",)),
    Offer(
        "ENHANCEDSTATUSCODES",
        "replies carry class.subject.detail",
        "RFC 2034, section 3",
    ),
    Offer("STARTTLS", "TLS from here on", "RFC 3207, section 4", verbs=("STARTTLS",)),
    Offer(
        "NO-SOLICITING",
        "advertising is not welcome",
        "RFC 3865, section 2",
        arguments="classes of advertising that are refused",
        parameters=("MAIL SOLICIT",),
    ),
    Offer("MTRK", "messages can be tracked", "RFC 3885, section 2", parameters=("MAIL MTRK",)),
    Offer(
        "SUBMITTER",
        "names who answers for a message; historic",
        "RFC 4405, section 2",
        parameters=("MAIL SUBMITTER",),
    ),
    Offer(
        "ATRN",
        "hands over queued mail on this connection, after a login",
        "RFC 2645, section 5",
        verbs=("ATRN",),
    ),
    Offer(
        "AUTH",
        "login with SASL",
        "RFC 4954, section 3",
        arguments="mechanisms; AUTH=LOGIN is an old spelling",
        verbs=("AUTH",),
        parameters=("MAIL AUTH",),
    ),
    Offer(
        "FUTURERELEASE",
        "holds a message until later; for submission",
        "RFC 4865, section 3",
        arguments="the longest time in seconds, and the latest date and time",
        parameters=("MAIL HOLDFOR", "MAIL HOLDUNTIL"),
    ),
    Offer(
        "CONPERM",
        "the sender allows conversion of the content",
        "RFC 4141, section 4",
        parameters=("MAIL CONPERM",),
    ),
    Offer(
        "CONNEG",
        "asks which content a recipient can take",
        "RFC 4141, section 5",
        parameters=("RCPT CONNEG",),
    ),
    Offer(
        "BURL",
        "mail data fetched from an IMAP server; for submission",
        "RFC 4468, section 3",
        arguments="imap, or URLs of IMAP servers that are trusted",
        verbs=("BURL",),
    ),
    Offer("UTF8SMTP", "an experiment that SMTPUTF8 has replaced", "RFC 5336"),
    Offer(
        "SMTPUTF8",
        "addresses and headers in UTF-8",
        "RFC 6531, section 3.1",
        parameters=("MAIL SMTPUTF8",),
        affects=("VRFY", "EXPN"),
    ),
    Offer(
        "MT-PRIORITY",
        "some messages go first",
        "RFC 6710, section 3",
        arguments="the name of a policy",
        parameters=("MAIL MT-PRIORITY",),
    ),
    Offer(
        "RRVS",
        "refuses mail to a mailbox that has changed hands",
        "RFC 7293, section 3",
        parameters=("RCPT RRVS",),
    ),
    Offer(
        "REQUIRETLS",
        "TLS on every hop, or no delivery",
        "RFC 8689, section 2",
        parameters=("MAIL REQUIRETLS",),
    ),
    Offer(
        "LIMITS",
        "bounds that the server sets",
        "RFC 9422",
        arguments="MAILMAX=n a session, RCPTMAX=n a transaction, RCPTDOMAINMAX=n, and more to come",
        affects=("MAIL", "RCPT"),
    ),
)

# Seen on the net, in no registry
_UNREGISTERED = (
    Offer(
        "XCLIENT",
        "the client may pretend to be another",
        "Postfix XCLIENT_README",
        arguments="attributes that may be set",
        verbs=("XCLIENT",),
    ),
    Offer(
        "XFORWARD",
        "a content filter hands on whom it speaks for",
        "Postfix XFORWARD_README",
        arguments="attributes that may be set",
        verbs=("XFORWARD",),
    ),
    Offer(
        "PRDR",
        "one reply for each recipient after the lone dot",
        "draft-hall-prdr; Exim",
        parameters=("MAIL PRDR",),
        affects=("DATA",),
    ),
    Offer("PIPECONNECT", "hello may go out with the connection itself", "Exim"),
    Offer("X_PIPE_CONNECT", "the older name of PIPECONNECT", "Exim"),
    Offer(
        "XVERP",
        "each recipient gets a bounce address of its own",
        "Postfix VERP_README",
        parameters=("MAIL XVERP",),
    ),
    Offer("X-ANONYMOUSTLS", "TLS between servers of one organisation", "Microsoft Exchange"),
    Offer(
        "X-EXPS",
        "login between servers of one organisation",
        "Microsoft Exchange",
        arguments="mechanisms",
    ),
    Offer("XRDST", "routing inside one organisation", "Microsoft Exchange"),
    Offer(
        "XEXCH50", "properties of a message between old servers of Exchange", "Microsoft Exchange"
    ),
    Offer("X-LINK2STATE", "old servers of Exchange tell each other of links", "Microsoft Exchange"),
    Offer("XOORG", "names the organisation that a message comes from", "Microsoft Exchange"),
    Offer("XPROXY", "a front server passes on who its client is", "Microsoft Exchange"),
    Offer("XSHADOW", "a second server keeps a copy until it is delivered", "Microsoft Exchange"),
    Offer("XSHADOWREQUEST", "asks for such a copy to be kept", "Microsoft Exchange"),
    Offer("MAILCOMPRESS", "compressed mail data", "QQ Mail"),
    Offer(
        "XXXXXXXA",
        "a device on the way has written over STARTTLS: somebody meddles with the session",
        "Cisco PIX and ASA, SMTP inspection",
    ),
)

EXTENSIONS: Mapping[str, Offer] = {offer.keyword: offer for offer in _REGISTERED + _UNREGISTERED}
