"""Commands that service extensions add, that only some servers have, and that RFC 821 had.

SMTP and LMTP share them all.
"""

from mailprobe.protocol import grammar
from mailprobe.protocol.catalogue import (
    BY_CODE,
    SECRETS,
    CommandSpec,
    Kind,
    Parameter,
    Standing,
    Then,
)
from mailprobe.protocol.facts import Effect
from mailprobe.protocol.model import State
from mailprobe.protocol.parameters import REVERSE_PATH

_READY = frozenset({State.READY})

_EXTENSION_ROWS = (
    CommandSpec(
        verb="STARTTLS",
        syntax="STARTTLS",
        summary="Start TLS; afterwards say hello again, for nothing said before counts",
        reference="RFC 3207, section 4",
        states=_READY,
        shape=BY_CODE,
        then=Then.TLS,
        pattern=grammar.EMPTY,
        needs="STARTTLS",
        meanings={
            "220": "go ahead: the next octets belong to TLS",
            "454": "TLS is not available for the moment",
            "501": "STARTTLS takes no argument",
            "503": "TLS is on already, or say hello first",
        },
        standing=Standing.EXTENSION,
    ),
    CommandSpec(
        verb="AUTH",
        syntax="AUTH mechanism [initial-response]",
        summary="Log in with SASL; a lone * as an answer cancels",
        reference="RFC 4954, section 4",
        states=_READY,
        shape=BY_CODE,
        then=Then.SASL,
        effect=Effect.LOGIN,
        arguments=(
            Parameter("mechanism", Kind.MECHANISM, summary="a mechanism that was offered"),
            Parameter(
                "initial-response",
                Kind.INITIAL_RESPONSE,
                optional=True,
                summary="the first answer in base64; = is an empty one",
            ),
        ),
        pattern=grammar.AUTH_ARGUMENT,
        needs="AUTH",
        secret=SECRETS["AUTH"],
        meanings={
            "235": "logged in",
            "334": "the login goes on: answer this challenge in base64",
            "422": "the password must be stored anew: log in once with PLAIN",
            "432": "the password must be stored anew: log in once with PLAIN",
            "454": "the server cannot check the login now: try again later",
            "500": "the line is too long, or AUTH is not known here",
            "501": "the login was cancelled, or the base64 is bad",
            "503": "logged in already, a mail transaction is open, or AUTH is not on offer",
            "504": "the server does not have this mechanism",
            "523": "start TLS first",
            "524": "this mechanism wants TLS first",
            "525": "the account is blocked",
            "534": "this mechanism is too weak: take a stronger one",
            "535": "the name or the password is wrong",
            "538": "this mechanism wants TLS first",
        },
        standing=Standing.EXTENSION,
    ),
    CommandSpec(
        verb="ETRN",
        syntax="ETRN [@|#]node-name",
        summary="Start the server's queue for a host; mail comes on another connection",
        reference="RFC 1985, section 5",
        states=_READY,
        shape=BY_CODE,
        arguments=(
            Parameter("node-name", Kind.NODE, summary="a host; @ all below it, # a queue's name"),
        ),
        pattern=grammar.ETRN_ARGUMENT,
        needs="ETRN",
        meanings={
            "250": "the queue was started",
            "251": "no mail is waiting",
            "252": "mail is waiting, and the queue was started",
            "253": "so many messages are waiting, and the queue was started",
            "458": "mail for that node cannot be queued",
            "459": "that node is not allowed",
            "500": "the server does not know ETRN",
            "501": "the node's name is badly written",
        },
        standing=Standing.EXTENSION,
    ),
    CommandSpec(
        verb="ATRN",
        syntax="ATRN [domain,...]",
        summary="Swap roles after a login and take the queued mail on this connection",
        reference="RFC 2645, section 5.2.1",
        states=_READY,
        shape=BY_CODE,
        after=State.REVERSED,
        then=Then.REVERSE,
        arguments=(
            Parameter("domains", Kind.DOMAINS, optional=True, summary="domains, joined by commas"),
        ),
        pattern=grammar.ATRN_ARGUMENT,
        needs="ATRN",
        meanings={
            "250": "roles are swapped: now you greet with 220",
            "450": "refused: these domains are not yours",
            "451": "the server cannot check it now: try again later",
            "453": "no mail is waiting for you",
            "502": "the server does not carry out ATRN",
            "530": "log in first",
        },
        standing=Standing.EXTENSION,
    ),
)

_ATTRIBUTES = ("NAME", "ADDR", "PORT", "PROTO", "HELO")
_VENDOR = (
    CommandSpec(
        verb="XCLIENT",
        syntax="XCLIENT name=value ...",
        summary="Pretend to be another client, to test access rules; then say hello again",
        reference="Postfix XCLIENT_README",
        states=frozenset({State.GREETED, State.READY}),
        shape=BY_CODE,
        after=State.GREETED,
        then=Then.RESTART,
        effect=Effect.RESET,
        arguments=(
            Parameter(
                "attributes",
                Kind.ATTRIBUTES,
                values=(*_ATTRIBUTES, "LOGIN", "DESTADDR", "DESTPORT"),
                summary="values in xtext; [UNAVAILABLE] and [TEMPUNAVAIL] are two of them",
            ),
        ),
        pattern=grammar.ATTRIBUTES,
        needs="XCLIENT",
        secret=grammar.LOGIN_ATTRIBUTE,
        meanings={
            "220": "a new greeting: say hello again",
            "421": "the server cannot go on: the connection closes",
            "501": "an attribute is not known or badly written",
            "503": "a mail transaction is open",
            "550": "you may not use XCLIENT here",
        },
        standing=Standing.VENDOR,
    ),
    CommandSpec(
        verb="XFORWARD",
        syntax="XFORWARD name=value ...",
        summary="Tell the server, for its log, for whom a content filter speaks",
        reference="Postfix XFORWARD_README",
        states=_READY,
        shape=BY_CODE,
        arguments=(
            Parameter(
                "attributes",
                Kind.ATTRIBUTES,
                values=(*_ATTRIBUTES, "IDENT", "SOURCE"),
                summary="values in xtext; forgotten after one mail transaction",
            ),
        ),
        pattern=grammar.ATTRIBUTES,
        needs="XFORWARD",
        pipelined=True,
        meanings={
            "250": "noted for the next mail transaction",
            "421": "the server cannot go on: the connection closes",
            "501": "an attribute is not known or badly written",
            "503": "a mail transaction is open",
            "550": "you may not use XFORWARD here",
        },
        standing=Standing.VENDOR,
    ),
)


def _sendmail_row(verb: str, summary: str) -> CommandSpec:
    return CommandSpec(
        verb=verb,
        syntax=verb,
        summary=summary,
        reference="IANA Mail Parameters, SMTP service extensions; sendmail",
        states=_READY,
        shape=BY_CODE,
        pattern=grammar.EMPTY,
        needs=verb,
        meanings={
            "200": "switched on, in a number that no RFC knows",
            "250": "switched on",
            "500": f"the server does not know {verb}",
            "502": "switched off here",
        },
        standing=Standing.VENDOR,
    )


def _terminal_row(verb: str, summary: str) -> CommandSpec:
    """SEND, SOML and SAML: MAIL with another goal."""
    return CommandSpec(
        verb=verb,
        syntax=f"{verb} FROM:<reverse-path>",
        summary=summary,
        reference="RFC 821, section 3.4; RFC 5321, appendix F.6",
        states=_READY,
        shape=BY_CODE,
        after=State.MAIL,
        effect=Effect.REVERSE_PATH,
        arguments=(REVERSE_PATH,),
        prefix="FROM:<",
        pattern=grammar.SEND_ARGUMENT,
        needs=verb,
        pipelined=True,
        meanings={
            "250": "sender accepted",
            "421": "the server closes the connection now",
            "451": "the server failed at it: try again later",
            "452": "no room for the message now",
            "500": f"the server does not know {verb}: few have known it since 1990",
            "501": "the address is badly written",
            "502": "not carried out here: nobody has a terminal any more",
            "552": "the message would be too large",
        },
        standing=Standing.OBSOLETE,
    )


_OLD = (
    _sendmail_row("VERB", "Show the onward delivery as it happens"),
    _sendmail_row("ONEX", "Promise that one mail transaction is all"),
    _terminal_row("SEND", "Show the message on the user's terminal"),
    _terminal_row("SOML", "Show it on the terminal, or else put it into the mailbox"),
    _terminal_row("SAML", "Show it on the terminal, and put it into the mailbox"),
    CommandSpec(
        verb="TURN",
        syntax="TURN",
        summary="Swap roles and take the queued mail; given up, for anybody could take it",
        reference="RFC 821, section 3.8; RFC 5321, appendix F.1",
        states=_READY,
        shape=BY_CODE,
        after=State.REVERSED,
        then=Then.REVERSE,
        pattern=grammar.EMPTY,
        needs="TURN",
        meanings={
            "250": "roles are swapped: now you are the server",
            "500": "the server does not know TURN",
            "502": "the server will not swap roles",
            "503": "a mail transaction is open",
        },
        standing=Standing.OBSOLETE,
    ),
)

EXTENDED: tuple[CommandSpec, ...] = (*_EXTENSION_ROWS, *_VENDOR, *_OLD)
