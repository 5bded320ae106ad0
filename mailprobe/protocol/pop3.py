"""The commands of POP3, one typed row each.

Rows only: what a row drives stands in `catalogue`, `connection` and whoever asks them.
"""

from mailprobe.protocol import grammar
from mailprobe.protocol.capabilities import CAPABILITIES
from mailprobe.protocol.catalogue import (
    MULTI,
    MULTI_IF_BARE,
    ONE,
    SECRETS,
    Catalogue,
    CommandSpec,
    Kind,
    Lines,
    Parameter,
    Shape,
    Standing,
    Then,
)
from mailprobe.protocol.facts import Effect
from mailprobe.protocol.model import Protocol, State

__all__ = ["CAPABILITIES", "POP3"]

_AUTHORIZATION = frozenset({State.AUTHORIZATION})
_TRANSACTION = frozenset({State.TRANSACTION})
_BOTH = _AUTHORIZATION | _TRANSACTION

_NAME = Parameter("name", Kind.NAME, summary="the mailbox; often the whole address")
_MESSAGE = Parameter("msg", Kind.MESSAGE_NUMBER, summary="a message-number, from 1 on")
_OPTIONAL_MESSAGE = Parameter(
    "msg", Kind.MESSAGE_NUMBER, optional=True, summary="a message-number; all without it"
)
_NO_MESSAGE = "there is no such message, or it is marked as deleted"
_WRONG_LOGIN = "refused: name or password wrong, or another session holds the maildrop"

_LOGIN = (
    CommandSpec(
        verb="USER",
        syntax="USER name",
        summary="Name the mailbox; +OK does not prove that it exists",
        reference="RFC 1939, section 7",
        states=_AUTHORIZATION,
        shape=ONE,
        arguments=(_NAME,),
        pattern=grammar.NAME,
        needs="USER",
        pipelined=True,
        meanings={
            "+OK": "name taken: PASS comes next",
            "-ERR": "no such mailbox, or no login with USER and PASS here",
        },
        standing=Standing.OPTIONAL,
    ),
    CommandSpec(
        verb="PASS",
        syntax="PASS string",
        summary="Give the password, blanks included, straight after USER",
        reference="RFC 1939, section 7",
        states=_AUTHORIZATION,
        shape=ONE,
        after=State.TRANSACTION,
        effect=Effect.LOGIN,
        arguments=(Parameter("string", Kind.PASSWORD, summary="all that follows, blanks too"),),
        pattern=grammar.PASSWORD,
        needs="USER",
        pipelined=True,
        secret=SECRETS["PASS"],
        meanings={
            "+OK": "logged in: the maildrop is locked for this session",
            "-ERR": _WRONG_LOGIN,
        },
        standing=Standing.OPTIONAL,
    ),
    CommandSpec(
        verb="APOP",
        syntax="APOP name digest",
        summary="Log in without showing the password: MD5 of timestamp and password",
        reference="RFC 1939, section 7",
        states=_AUTHORIZATION,
        shape=ONE,
        after=State.TRANSACTION,
        effect=Effect.LOGIN,
        arguments=(
            _NAME,
            Parameter("digest", Kind.DIGEST, summary="32 hexadecimal digits in lower case"),
        ),
        pattern=grammar.APOP_ARGUMENT,
        pipelined=True,
        secret=SECRETS["APOP"],
        meanings={
            "+OK": "logged in: the maildrop is locked for this session",
            "-ERR": _WRONG_LOGIN,
        },
        standing=Standing.OPTIONAL,
    ),
    CommandSpec(
        verb="AUTH",
        syntax="AUTH mechanism [initial-response]",
        summary="Log in with SASL; a lone * cancels; old servers list mechanisms when it is bare",
        reference="RFC 5034, section 4",
        states=_AUTHORIZATION,
        shape=Shape(argued=Lines.ONE, bare=Lines.MULTI),
        after=State.TRANSACTION,  # with an argument only
        then=Then.SASL,
        effect=Effect.MECHANISMS,
        arguments=(
            Parameter(
                "mechanism",
                Kind.MECHANISM,
                optional=True,
                summary="a mechanism that was offered; without it, old servers list theirs",
            ),
            Parameter(
                "initial-response",
                Kind.INITIAL_RESPONSE,
                optional=True,
                summary="the first answer in base64; = is an empty one",
            ),
        ),
        pattern=grammar.OPTIONAL_AUTH_ARGUMENT,
        needs="SASL",
        secret=SECRETS["AUTH"],
        meanings={
            "+OK": "logged in; after a bare AUTH, the mechanisms, one a line",
            "+": "the login goes on: answer this challenge in base64",
            "-ERR": "refused: mechanism, name or password wrong, or the login was cancelled",
        },
        standing=Standing.OPTIONAL,
    ),
    CommandSpec(
        verb="STLS",
        syntax="STLS",
        summary="Start TLS; afterwards ask CAPA again, for nothing said before counts",
        reference="RFC 2595, section 4",
        states=_AUTHORIZATION,
        shape=ONE,
        then=Then.TLS,
        pattern=grammar.EMPTY,
        needs="STLS",
        meanings={
            "+OK": "go ahead: the next octets belong to TLS",
            "-ERR": "no TLS here, or TLS is on already",
        },
        standing=Standing.OPTIONAL,
    ),
    CommandSpec(
        verb="CAPA",
        syntax="CAPA",
        summary="List the capabilities; login and TLS may change them",
        reference="RFC 2449, section 5",
        states=_BOTH,
        shape=MULTI,
        effect=Effect.CAPABILITIES,
        pattern=grammar.EMPTY,
        pipelined=True,
        meanings={"+OK": "the capabilities, one a line", "-ERR": "a server from before 1998"},
        standing=Standing.OPTIONAL,
    ),
    CommandSpec(
        verb="UTF8",
        syntax="UTF8",
        summary="Switch to UTF-8 for the whole session, before the login",
        reference="RFC 6856, section 2.1",
        states=_AUTHORIZATION,
        shape=ONE,
        pattern=grammar.EMPTY,
        needs="UTF8",
        pipelined=True,
        meanings={"+OK": "UTF-8 from here on", "-ERR": "the server has no UTF-8 mode"},
        standing=Standing.OPTIONAL,
    ),
    CommandSpec(
        verb="LANG",
        syntax="LANG [language]",
        summary="Choose the language of the replies, * for the server's own, or list them",
        reference="RFC 6856, section 3.1",
        states=_BOTH,
        shape=MULTI_IF_BARE,
        arguments=(
            Parameter(
                "language", Kind.LANGUAGE, optional=True, values=("*",), summary="a tag: en, zh-CN"
            ),
        ),
        pattern=grammar.LANGUAGE,
        needs="LANG",
        pipelined=True,
        meanings={
            "+OK": "language chosen; after a bare LANG, the languages, one a line",
            "-ERR": "the server does not speak that language",
        },
        standing=Standing.OPTIONAL,
    ),
)

_MAILDROP = (
    CommandSpec(
        verb="STAT",
        syntax="STAT",
        summary="Count the messages and their octets, without the marked ones",
        reference="RFC 1939, section 5",
        states=_TRANSACTION,
        shape=ONE,
        effect=Effect.DROP_LISTING,
        pattern=grammar.EMPTY,
        pipelined=True,
        meanings={
            "+OK": "the number of messages, then their octets",
            "-ERR": "log in first",
        },
    ),
    CommandSpec(
        verb="LIST",
        syntax="LIST [msg]",
        summary="Say how large a message is, or all of them",
        reference="RFC 1939, section 5",
        states=_TRANSACTION,
        shape=MULTI_IF_BARE,
        effect=Effect.SCAN_LISTING,
        arguments=(_OPTIONAL_MESSAGE,),
        pattern=grammar.OPTIONAL_MESSAGE_NUMBER,
        pipelined=True,
        meanings={"+OK": "message-number and octets", "-ERR": _NO_MESSAGE},
    ),
    CommandSpec(
        verb="RETR",
        syntax="RETR msg",
        summary="Fetch a whole message",
        reference="RFC 1939, section 5",
        states=_TRANSACTION,
        shape=MULTI,
        arguments=(_MESSAGE,),
        pattern=grammar.MESSAGE_NUMBER,
        pipelined=True,
        meanings={"+OK": "the message follows", "-ERR": _NO_MESSAGE},
    ),
    CommandSpec(
        verb="DELE",
        syntax="DELE msg",
        summary="Mark a message as deleted; only QUIT removes it",
        reference="RFC 1939, section 5",
        states=_TRANSACTION,
        shape=ONE,
        effect=Effect.MARK,
        arguments=(_MESSAGE,),
        pattern=grammar.MESSAGE_NUMBER,
        pipelined=True,
        meanings={"+OK": "marked: QUIT will remove it, RSET will not", "-ERR": _NO_MESSAGE},
    ),
    CommandSpec(
        verb="NOOP",
        syntax="NOOP",
        summary="Do nothing but say +OK, so that the session stays open",
        reference="RFC 1939, section 5",
        states=_TRANSACTION,
        shape=ONE,
        pattern=grammar.EMPTY,
        pipelined=True,
        meanings={"+OK": "the server is there", "-ERR": "log in first"},
    ),
    CommandSpec(
        verb="RSET",
        syntax="RSET",
        summary="Take all marks of deletion back",
        reference="RFC 1939, section 5",
        states=_TRANSACTION,
        shape=ONE,
        effect=Effect.UNMARK,
        pattern=grammar.EMPTY,
        pipelined=True,
        meanings={"+OK": "no message is marked any more", "-ERR": "log in first"},
    ),
    CommandSpec(
        verb="QUIT",
        syntax="QUIT",
        summary="End the session and, after a login, remove the marked messages",
        reference="RFC 1939, sections 4 and 6",
        states=_BOTH,
        shape=ONE,
        then=Then.CLOSE,
        pattern=grammar.EMPTY,
        meanings={
            "+OK": "goodbye; after a login, marked messages are gone now",
            "-ERR": "goodbye, but some marked messages are still there",
        },
    ),
    CommandSpec(
        verb="TOP",
        syntax="TOP msg n",
        summary="Fetch the header and n lines of the body; a blank between, no comma",
        reference="RFC 1939, section 7",
        states=_TRANSACTION,
        shape=MULTI,
        arguments=(_MESSAGE, Parameter("n", Kind.LINES, summary="lines of the body; 0 is none")),
        pattern=grammar.TOP_ARGUMENT,
        needs="TOP",
        pipelined=True,
        meanings={
            "+OK": "the header and the lines follow",
            "-ERR": f"{_NO_MESSAGE}; or n is missing",
        },
        standing=Standing.OPTIONAL,
    ),
    CommandSpec(
        verb="UIDL",
        syntax="UIDL [msg]",
        summary="Name messages in a way that stays the same in the next session",
        reference="RFC 1939, section 7",
        states=_TRANSACTION,
        shape=MULTI_IF_BARE,
        effect=Effect.UNIQUE_ID_LISTING,
        arguments=(_OPTIONAL_MESSAGE,),
        pattern=grammar.OPTIONAL_MESSAGE_NUMBER,
        needs="UIDL",
        pipelined=True,
        meanings={"+OK": "message-number and unique-id", "-ERR": _NO_MESSAGE},
        standing=Standing.OPTIONAL,
    ),
)

_DEAD = (
    CommandSpec(
        verb="XTND",
        syntax="XTND BBOARDS [name] | ARCHIVE name | XMIT",
        summary="Read bulletin boards, or (XMIT) send a message; hardly any server has it any more",
        reference="RFC 1082; XMIT: popper",
        states=_TRANSACTION,
        shape=Shape(argued=Lines.MULTI, bare=Lines.MULTI, words={"XMIT": Lines.DATA}),
        arguments=(
            Parameter(
                "word",
                Kind.KEYWORD,
                values=("BBOARDS", "ARCHIVE", "XMIT"),
                summary="what to do",
            ),
            Parameter("name", Kind.STRING, optional=True, summary="a bulletin board"),
        ),
        pattern=grammar.XTND_ARGUMENT,
        # not pipelined: what follows XMIT is a message
        meanings={
            "+OK": "bulletin boards, one a line; after XMIT, send the message up to a lone dot",
            "-ERR": "the server has no XTND, or no such bulletin board",
        },
        standing=Standing.DEAD,
    ),
    CommandSpec(
        verb="LAST",
        syntax="LAST",
        summary="Say the highest message-number that was read; UIDL does better",
        reference="RFC 1460, section 5; gone since RFC 1725",
        states=_TRANSACTION,
        shape=ONE,
        pattern=grammar.EMPTY,
        pipelined=True,
        meanings={
            "+OK": "the highest message-number that was read",
            "-ERR": "the server has no LAST",
        },
        standing=Standing.DEAD,
    ),
    CommandSpec(
        verb="RPOP",
        syntax="RPOP name",
        summary="Log in by trust in the client's host, in place of PASS",
        reference="RFC 1225; gone since RFC 1460",
        states=_AUTHORIZATION,
        shape=ONE,
        after=State.TRANSACTION,
        effect=Effect.LOGIN,
        arguments=(_NAME,),
        pattern=grammar.NAME,
        pipelined=True,
        meanings={"+OK": "logged in", "-ERR": "the server has no RPOP, or does not trust you"},
        standing=Standing.DEAD,
    ),
)

POP3 = Catalogue(Protocol.POP3, _LOGIN + _MAILDROP + _DEAD)
