"""The catalogues of SMTP and LMTP, and the rows of RFC 5321, 3030 and 2033.

Rows only: what a row drives stands in `catalogue`, `connection` and whoever asks them.  The
commands of all other extensions stand in `extended`.
"""

from collections.abc import Iterable, Mapping

from mailprobe.protocol import grammar
from mailprobe.protocol.catalogue import (
    BY_CODE,
    Catalogue,
    CommandSpec,
    Kind,
    Parameter,
    Standing,
    Then,
)
from mailprobe.protocol.facts import Effect
from mailprobe.protocol.model import Protocol, State
from mailprobe.protocol.parameters import MAIL_PARAMETERS, RCPT_PARAMETERS, REVERSE_PATH
from mailprobe.value import replace

# RFC 5321, section 4.1.4: "at any time during a session, or without previously initializing one"
_ANY_TIME = frozenset({State.GREETED, State.READY, State.MAIL, State.RCPT, State.BDAT})
_READY = frozenset({State.READY})
_CONTENT = frozenset({State.RCPT, State.BDAT})

_HELLO_NAME = (Parameter("domain", Kind.HELLO_NAME, summary="your host's name, or [its address]"),)
_LAST = Parameter(
    "LAST", Kind.KEYWORD, optional=True, values=("LAST",), summary="this chunk ends the message"
)
_UTF8_REPLY = Parameter(
    "SMTPUTF8",
    Kind.FLAG,
    optional=True,
    needs="SMTPUTF8",
    reference="RFC 6531, section 3.7.4.2",
    summary="the reply may be in UTF-8",
)

_HELLO_MEANINGS = {
    "250": "hello accepted",
    "500": "the server does not know this hello",
    "501": "the name is badly written",
    "502": "an old server: try HELO",
    "504": "the server does not take this name",
    "550": "the server does not want to talk to this name, by policy",
}

_SESSION = (
    CommandSpec(
        verb="RSET",
        syntax="RSET",
        summary="Drop the mail transaction; hello, TLS and login stay",
        reference="RFC 5321, section 4.1.1.5",
        states=_ANY_TIME,
        shape=BY_CODE,
        after=State.READY,
        effect=Effect.RESET,
        pattern=grammar.EMPTY,
        pipelined=True,
        meanings={"250": "the mail transaction is gone"},
    ),
    CommandSpec(
        verb="VRFY",
        syntax="VRFY string [SMTPUTF8]",
        summary="Ask whether a mailbox exists; most servers will not say",
        reference="RFC 5321, section 4.1.1.6",
        states=_ANY_TIME,
        shape=BY_CODE,
        arguments=(
            Parameter("string", Kind.STRING, summary="a user's name or an address"),
            _UTF8_REPLY,
        ),
        pattern=grammar.STRING,
        meanings={
            "250": "the mailbox exists",
            "251": "not local, but mail will be forwarded",
            "252": "the server will not say; try to send",
            "502": "switched off here",
            "504": "the argument is not supported here",
            "550": "no such mailbox, or no answer by policy",
            "551": "not local: ask at the address named",
            "553": "the name fits several mailboxes, or none that is allowed",
        },
        standing=Standing.CORE,
    ),
    CommandSpec(
        verb="EXPN",
        syntax="EXPN string [SMTPUTF8]",
        summary="List who is on a mailing list; most servers refuse",
        reference="RFC 5321, section 4.1.1.7",
        states=_ANY_TIME,
        shape=BY_CODE,
        arguments=(Parameter("string", Kind.STRING, summary="the list's name"), _UTF8_REPLY),
        pattern=grammar.STRING,
        needs="EXPN",
        meanings={
            "250": "the members, one a line",
            "252": "the server will not say; try to send",
            "500": "the server does not know EXPN",
            "502": "switched off here",
            "504": "the argument is not supported here",
            "550": "no such list, or no answer by policy",
        },
        standing=Standing.OPTIONAL,
    ),
    CommandSpec(
        verb="HELP",
        syntax="HELP [string]",
        summary="Ask the server for help in words",
        reference="RFC 5321, section 4.1.1.8",
        states=_ANY_TIME,
        shape=BY_CODE,
        arguments=(Parameter("string", Kind.VERB, optional=True, summary="a verb"),),
        pattern=grammar.OPTIONAL_STRING,
        needs="HELP",
        meanings={
            "211": "the state of the system, or help",
            "214": "the help asked for",
            "502": "there is no help here",
            "504": "no help about this",
        },
        standing=Standing.OPTIONAL,
    ),
    CommandSpec(
        verb="NOOP",
        syntax="NOOP [string]",
        summary="Do nothing and say 250; whatever follows is ignored",
        reference="RFC 5321, section 4.1.1.9",
        states=_ANY_TIME,
        shape=BY_CODE,
        arguments=(Parameter("string", Kind.STRING, optional=True, summary="ignored"),),
        pattern=grammar.OPTIONAL_STRING,
        meanings={"250": "the server is there"},
    ),
    CommandSpec(
        verb="QUIT",
        syntax="QUIT",
        summary="End the session; an open mail transaction is dropped, not sent",
        reference="RFC 5321, section 4.1.1.10",
        states=_ANY_TIME,
        shape=BY_CODE,
        then=Then.CLOSE,
        pattern=grammar.EMPTY,
        meanings={"221": "goodbye: the connection closes"},
    ),
)

_EHLO = CommandSpec(
    verb="EHLO",
    syntax="EHLO domain",
    summary="Say hello and ask for the service extensions; drops a mail transaction",
    reference="RFC 5321, section 4.1.1.1",
    states=_ANY_TIME,
    shape=BY_CODE,
    after=State.READY,
    effect=Effect.EXTENSIONS,
    arguments=_HELLO_NAME,
    pattern=grammar.HELLO_NAME,
    meanings={**_HELLO_MEANINGS, "250": "hello accepted; each further line is an extension"},
)
_HELO = CommandSpec(
    verb="HELO",
    syntax="HELO domain",
    summary="Say hello without extensions: no AUTH, no STARTTLS, no SIZE",
    reference="RFC 5321, section 4.1.1.1",
    states=_ANY_TIME,
    shape=BY_CODE,
    after=State.READY,
    effect=Effect.PLAIN_HELLO,
    arguments=_HELLO_NAME,
    pattern=grammar.HELLO_NAME,
    meanings={**_HELLO_MEANINGS, "502": "the server does not carry out HELO"},
)

_PATHS = (
    CommandSpec(
        verb="MAIL",
        syntax="MAIL FROM:<reverse-path> [parameters]",
        summary="Begin a mail transaction; bounces go to the reverse-path, <> for none",
        reference="RFC 5321, section 4.1.1.2",
        states=_READY,
        shape=BY_CODE,
        after=State.MAIL,
        effect=Effect.REVERSE_PATH,
        arguments=(REVERSE_PATH,),
        parameters=MAIL_PARAMETERS,
        prefix="FROM:<",
        pattern=grammar.MAIL_ARGUMENT,
        pipelined=True,
        meanings={
            "250": "sender accepted",
            "450": "the sender is refused for now: greylisted, or by policy",
            "451": "the server cannot judge the sender now: try again later",
            "452": "no room for the message now",
            "455": "the parameters cannot be honoured now",
            "501": "the address or a parameter is badly written",
            "503": "say hello first, or a mail transaction is open",
            "530": "first log in, or start TLS",
            "550": "sender refused: no such mailbox, no access, or policy",
            "552": "the message would be too large",
            "553": "the sender's address is not allowed",
            "555": "a parameter is not known here, or the address wants angle brackets",
        },
    ),
    CommandSpec(
        verb="RCPT",
        syntax="RCPT TO:<forward-path> [parameters]",
        summary="Name one recipient; each is accepted or refused by itself",
        reference="RFC 5321, section 4.1.1.3",
        states=frozenset({State.MAIL, State.RCPT}),
        shape=BY_CODE,
        after=State.RCPT,
        effect=Effect.FORWARD_PATH,
        arguments=(
            Parameter("forward-path", Kind.FORWARD_PATH, summary="the recipient's address"),
        ),
        parameters=RCPT_PARAMETERS,
        prefix="TO:<",
        pattern=grammar.RCPT_ARGUMENT,
        pipelined=True,
        meanings={
            "250": "recipient accepted",
            "251": "recipient accepted; not local, will be forwarded",
            "450": "the mailbox cannot be used now: busy, or greylisted",
            "451": "the server cannot judge the recipient now: try again later",
            "452": "too many recipients, or no room now: send to the rest later",
            "455": "the parameters cannot be honoured now",
            "501": "the address or a parameter is badly written",
            "503": "MAIL comes first",
            "530": "first log in, or start TLS",
            "550": "recipient refused: no such mailbox, no relaying, or policy",
            "551": "not local: send to the address named",
            "552": "the mailbox is full; from an old server, too many recipients",
            "553": "the recipient's address is not allowed",
            "554": "recipient refused; often no relaying",
            "555": "a parameter is not known here, or the address wants angle brackets",
            "556": "the recipient's domain takes no mail",
        },
    ),
)

# 250 and 4yz, 5yz after the lone dot too (RFC 5321, section 4.3.2)
_DATA_MEANINGS = {
    "250": "message accepted: the server answers for it now",
    "353": "send the message; one reply for each recipient comes first",
    "354": "send the message, and end it with a lone dot",
    "355": "send the message from this octet on",
    "450": "message refused for now: busy, or by policy",
    "451": "the server failed at the message: send it again later",
    "452": "no room for the message now",
    "503": "MAIL and RCPT come first",
    "550": "message refused for its content or by policy",
    "552": "the message is too large, or a mailbox is full",
    "554": "no valid recipient; after the lone dot, the message failed",
}
_DATA = CommandSpec(
    verb="DATA",
    syntax="DATA",
    summary="Send the message: lines up to a lone dot, a leading dot doubled",
    reference="RFC 5321, section 4.1.1.4",
    states=frozenset({State.RCPT}),
    shape=BY_CODE,
    then=Then.DATA,
    pattern=grammar.EMPTY,
    meanings=_DATA_MEANINGS,
)

_CHUNK_MEANINGS = {
    "250": "chunk accepted; after LAST, the message",
    "450": "message refused for now: busy, or by policy",
    "451": "the server failed at the chunk: RSET, and send it again later",
    "452": "no room for the message now",
    "503": "no recipient was accepted, the message has ended, or DATA came in between: RSET",
    "550": "message refused for its content or by policy",
    "552": "the message is too large, or a mailbox is full",
    "554": "no valid recipient, or the message failed",
}
_BDAT = CommandSpec(
    verb="BDAT",
    syntax="BDAT chunk-size [LAST]",
    summary="Send a chunk of the message, counted in octets: no dots are doubled",
    reference="RFC 3030, section 2",
    states=_CONTENT,
    shape=BY_CODE,
    after=State.BDAT,
    then=Then.CHUNK,
    arguments=(
        Parameter("chunk-size", Kind.CHUNK_SIZE, summary="octets that follow the line"),
        _LAST,
    ),
    pattern=grammar.BDAT_ARGUMENT,
    needs="CHUNKING",
    pipelined=True,
    meanings=_CHUNK_MEANINGS,
    standing=Standing.EXTENSION,
)
_BURL = CommandSpec(
    verb="BURL",
    syntax="BURL url [LAST]",
    summary="Let the server fetch a part of the message from an IMAP server",
    reference="RFC 4468, section 3",
    states=_CONTENT,
    shape=BY_CODE,
    after=State.BDAT,
    arguments=(Parameter("url", Kind.URL, summary="an IMAP URL with URLAUTH"), _LAST),
    pattern=grammar.BURL_ARGUMENT,
    needs="BURL",
    pipelined=True,
    secret=grammar.URL_SECRET,
    meanings={
        **_CHUNK_MEANINGS,
        "250": "content fetched; after LAST, the message accepted",
        "451": "the IMAP server cannot be reached now: try again later",
        "552": "the message would be too large",
        "554": "the content was not to be had: bad URL, no access, or no valid recipient",
    },
    standing=Standing.EXTENSION,
)

# What LMTP has as SMTP has it; hello, DATA and BDAT differ.
_SHARED = (*_PATHS, *_SESSION, _BURL)


def _extended() -> Iterable[CommandSpec]:
    from mailprobe.protocol.extended import EXTENDED  # a short run says none of them

    return EXTENDED


def _dead_hello(verb: str) -> CommandSpec:
    return CommandSpec(
        verb=verb,
        syntax=f"{verb} domain",
        summary=f"Not in LMTP: say LHLO; a server must not answer {verb} with 2yz",
        reference="RFC 2033, section 4.1",
        states=_ANY_TIME,  # it is wrong everywhere alike: `standing` says so, once
        shape=BY_CODE,
        arguments=_HELLO_NAME,
        pattern=grammar.HELLO_NAME,
        meanings={
            "250": f"odd: a server of LMTP must not accept {verb}",
            "500": f"right: LMTP has no {verb}, say LHLO",
        },
        standing=Standing.DEAD,
    )


_EACH: Mapping[str, str] = {
    "250": "message accepted for one recipient: the server answers for it now",
    "450": "refused for now for one recipient: busy, or by policy",
    "451": "the server failed for one recipient: send it again later",
    "452": "no room now for one recipient",
    "550": "refused for one recipient: content or policy",
    "552": "too large for one recipient, or the mailbox is full",
    "554": "failed for one recipient",
}

SMTP = Catalogue(Protocol.SMTP, (_EHLO, _HELO, _DATA, _BDAT, *_SHARED), _extended)

LMTP = Catalogue(
    Protocol.LMTP,
    (
        replace(
            _EHLO,
            verb="LHLO",
            syntax="LHLO domain",
            summary="Say hello to a server of LMTP and ask for the service extensions",
            reference="RFC 2033, section 4.1",
            meanings={
                **_EHLO.meanings,
                "500": "no LHLO here: perhaps this is a server of SMTP",
                "502": "no LHLO here: perhaps this is a server of SMTP",
            },
        ),
        _dead_hello("EHLO"),
        _dead_hello("HELO"),
        replace(
            _DATA,
            summary="Send the message; after the lone dot each accepted recipient has a reply",
            reference="RFC 2033, section 4.2",
            meanings={**_DATA_MEANINGS, **_EACH, "503": "no recipient was accepted"},
        ),
        replace(
            _BDAT,
            summary="Send a counted chunk; after LAST each accepted recipient has a reply",
            reference="RFC 2033, section 4.3; RFC 3030, section 2",
            meanings={
                **_CHUNK_MEANINGS,
                **_EACH,
                "250": "chunk accepted; after LAST, the message for one recipient",
            },
        ),
        *_SHARED,
    ),
    _extended,
)
