"""Faults of POP3: status indicators, listings, messages, capabilities."""

import re
from collections.abc import Callable
from functools import partial

from mailprobe.protocol.model import State
from mailprobe.protocol.pop3 import POP3 as CATALOGUE
from mailprobe.sandbox.faults.model import (
    POP3,
    REPLIES,
    Deed,
    Do,
    Moment,
    Place,
    at,
    instead,
    row,
    says,
)

_CRLF = b"\r\n"
_END = b".\r\n"
_OK = at(*REPLIES, codes="+OK")
_SIMPLE = at(Place.REPLY, verbs="STAT NOOP DELE RSET USER")
# Replies whose text nobody needs.
_TEXTLESS = "USER PASS APOP NOOP DELE RSET RETR TOP CAPA QUIT"
_CAPA, _UIDL = at(Place.BODY, verbs="CAPA"), at(Place.BODY, verbs="UIDL")
_RETR = at(Place.BODY, verbs="RETR")
_SIZES = at(Place.BODY, Place.REPLY, verbs="LIST STAT", codes="+OK")
_COUNT = re.compile(rb"[0-9]+")
_HEADERS = 31  # octets that a message has grown by since the first session
_LONGEST = 70  # characters of a unique-id (RFC 1939, section 7)
_SHAPES = (b"%d", b"<%d.mail@example.test>", b"000000%02d4f2a", b"GmailId18c%d", b"!~#$%%^&*()%d")
_SESSIONS = "sessions"


def _text(text: bytes, moment: Moment) -> tuple[Deed, ...]:
    return (text,)


def _status(indicator: bytes, moment: Moment) -> tuple[Deed, ...]:
    """The same reply behind another status indicator."""
    return (indicator + moment.octets[3:],)


def _with(lines: bytes, moment: Moment) -> tuple[Deed, ...]:
    """A body with more at its end."""
    return (moment.octets.removesuffix(_END) + lines + _END,)


def _wrong_count(moment: Moment) -> tuple[Deed, ...]:
    return (_COUNT.sub(lambda found: b"%d" % (int(found[0]) * 2 + 3), moment.octets, count=1),)


def _ids(change: Callable[[int, bytes], bytes], moment: Moment) -> tuple[Deed, ...]:
    lines = moment.octets.removesuffix(_END).split(_CRLF)[:-1]
    changed = []
    for place, line in enumerate(lines):
        number, _, unique_id = line.partition(b" ")
        changed.append(number + b" " + change(place, unique_id) + _CRLF)
    return (b"".join(changed) + _END,)


def _shape(place: int, unique_id: bytes) -> bytes:
    return _SHAPES[place % len(_SHAPES)] % (place + 1)


def _count_sessions(moment: Moment) -> tuple[Deed, ...]:
    moment.common[_SESSIONS] = int(str(moment.common.get(_SESSIONS, 0))) + 1
    return (moment.octets,)


def _is_later(moment: Moment) -> bool:
    return _SIZES(moment) and moment.common.get(_SESSIONS, 0) != 1


def _grown(moment: Moment) -> tuple[Deed, ...]:
    def grow(found: re.Match[bytes]) -> bytes:
        return b"%b%d" % (found[1], int(found[2]) + _HEADERS)

    return (re.sub(rb"^((?:\+OK )?[0-9]+ )([0-9]+)", grow, moment.octets, flags=re.MULTILINE),)


def _changed_capabilities(moment: Moment) -> tuple[Deed, ...]:
    """What is offered after the login is not what was offered before."""
    return (moment.octets.replace(b"TOP\r\n", b"").removesuffix(_END) + b"X-MOVE\r\n" + _END,)


def _unknown(moment: Moment) -> bool:
    return at(Place.REPLY, codes="-ERR")(moment) and CATALOGUE.find(moment.verb) is None


def _after_login(moment: Moment) -> bool:
    state = moment.connection.facts.state
    return at(Place.REPLY, verbs="PASS STAT NOOP DELE RSET", codes="+OK")(moment) and (
        state in (State.TRANSACTION, State.UPDATE)
    )


def _as_the_other(moment: Moment) -> tuple[Deed, ...]:
    return (moment.octets if moment.verb == "STAT" else b"+OK completed.\r\n",)


ROWS = (
    row(
        "bare-ok",
        "+OK stands without any text",
        "+OK 后面什么也没有",
        says(at(Place.REPLY, verbs=_TEXTLESS, codes="+OK"), partial(_text, b"+OK\r\n")),
        protocols=POP3,
    ),
    row(
        "blank-ok",
        "+OK has a blank behind it, and no text",
        "+OK 后面只有一个空格",
        says(at(Place.REPLY, verbs=_TEXTLESS, codes="+OK"), partial(_text, b"+OK \r\n")),
        protocols=POP3,
    ),
    row(
        "bare-err",
        "-ERR stands without any text",
        "-ERR 后面什么也没有",
        says(at(Place.REPLY, codes="-ERR"), partial(_text, b"-ERR\r\n")),
        protocols=POP3,
    ),
    row(
        "lower-ok",
        "+ok in lower case",
        "状态词是小写的 +ok",
        says(_OK, partial(_status, b"+ok")),
        protocols=POP3,
    ),
    row(
        "mixed-ok",
        "+Ok in mixed case",
        "状态词大小写混用：+Ok",
        says(_OK, partial(_status, b"+Ok")),
        protocols=POP3,
    ),
    row(
        "lone-plus",
        "+ alone in the place of a reply",
        "该有应答的地方只有一个 +",
        says(_SIMPLE, partial(_text, b"+\r\n")),
        protocols=POP3,
    ),
    row(
        "wrong-count",
        "the count of octets that RETR tells is wrong",
        "RETR 报的字节数不对",
        says(at(Place.REPLY, verbs="RETR", codes="+OK"), _wrong_count),
        protocols=POP3,
    ),
    row(
        "stat-garbage",
        "STAT tells no numbers",
        "STAT 报的不是数字",
        says(at(Place.REPLY, verbs="STAT"), partial(_text, b"+OK a lot of mail\r\n")),
        protocols=POP3,
    ),
    row(
        "sizes-change",
        "messages have grown since the first session",
        "第二次登录时邮件变大了",
        says(at(Place.GREETING), _count_sessions, always=True),
        says(_is_later, _grown),
        protocols=POP3,
    ),
    row(
        "empty-list",
        "a listing is +OK and a dot: nothing is there",
        "列表是空的：+OK 之后只有一个点",
        says(at(Place.BODY, verbs="LIST UIDL"), partial(_text, _END)),
        protocols=POP3,
    ),
    row(
        "unended-list",
        "a listing has no end, and the link stays open",
        "列表没有结尾，连接却一直开着",
        says(at(Place.BODY, verbs="LIST UIDL"), lambda m: (m.octets.removesuffix(_END), Do.HUSH)),
        protocols=POP3,
    ),
    row(
        "cut-body",
        "the link is closed in the middle of a message or a listing",
        "邮件或列表传到一半，连接被关闭",
        says(
            at(Place.BODY, verbs="RETR TOP LIST UIDL"),
            lambda m: (m.octets[: len(m.octets) // 2], Do.CLOSE),
        ),
        protocols=POP3,
    ),
    row(
        "body-lf",
        "a message holds lone LF, and a dot between two of them",
        "邮件里有单独的 LF，两个 LF 之间还有一个点",
        says(_RETR, partial(_with, b"lone\nLF\n.\nand more\r\n")),
        protocols=POP3,
    ),
    row(
        "body-dot",
        "a line of a message begins with a dot that is not doubled",
        "邮件里有一行以点开头，却没有加倍",
        says(_RETR, partial(_with, b".undoubled\r\n")),
        protocols=POP3,
    ),
    row(
        "uidl-long",
        f"unique-ids are longer than {_LONGEST} characters",
        f"唯一标识超过 {_LONGEST} 个字符",
        says(_UIDL, partial(_ids, lambda place, known: known + b"x" * _LONGEST)),
        protocols=POP3,
    ),
    row(
        "uidl-same",
        "two messages have the same unique-id",
        "两封信的唯一标识相同",
        says(_UIDL, partial(_ids, lambda place, known: b"the-same")),
        protocols=POP3,
    ),
    row(
        "uidl-shapes",
        "each unique-id has another shape",
        "每个唯一标识的样子都不同",
        says(_UIDL, partial(_ids, _shape)),
        protocols=POP3,
    ),
    row(
        "uidl-err",
        "UIDL is not known",
        "不认识 UIDL",
        instead(at(Place.COMMAND, verbs="UIDL"), "-ERR", "There is no such command"),
        protocols=POP3,
    ),
    row(
        "top-err",
        "TOP is not known",
        "不认识 TOP",
        instead(at(Place.COMMAND, verbs="TOP"), "-ERR", "There is no such command"),
        protocols=POP3,
    ),
    row(
        "capa-err",
        "CAPA is one line of -ERR",
        "CAPA 只得到一行 -ERR",
        instead(at(Place.COMMAND, verbs="CAPA"), "-ERR", "There is no such command"),
        protocols=POP3,
    ),
    row(
        "capa-dot",
        "a capability begins with a dot",
        "有一项能力以点开头",
        says(_CAPA, partial(_with, b"..DOTTED\r\nX-BEHIND\r\n")),
        protocols=POP3,
    ),
    row(
        "capa-glued",
        "capabilities are glued to their arguments",
        "能力与参数粘在一起",
        says(_CAPA, partial(_with, b"EXPIRENEVER\r\nLOGIN-DELAY300\r\n")),
        protocols=POP3,
    ),
    row(
        "capa-changes",
        "capabilities change with the login",
        "登录之后能力变了",
        says(
            lambda m: _CAPA(m) and m.connection.facts.state is State.TRANSACTION,
            _changed_capabilities,
        ),
        protocols=POP3,
    ),
    row(
        "unknown-lines",
        "a command that nobody knows gets a response of several lines",
        "谁也不认识的命令得到好几行应答",
        says(_unknown, partial(_text, b"+OK Here it is\r\n-ERR a line\r\n.\r\n")),
        protocols=POP3,
    ),
    row(
        "other-habits",
        "NOOP refuses an argument, DELE may be said twice, LAST is known",
        "NOOP 不许带参数，DELE 可以重复，LAST 有人认识",
        instead(at(Place.COMMAND, verbs="LAST"), "+OK", "0"),
        instead(
            lambda m: at(Place.COMMAND, verbs="NOOP")(m) and bool(m.command.argument),
            "-ERR",
            "NOOP takes no argument",
        ),
        says(at(Place.REPLY, verbs="DELE", codes="-ERR"), partial(_text, b"+OK Marked\r\n")),
        protocols=POP3,
    ),
    row(
        "other-style",
        "behind the login replies are worded by another server, as behind a proxy",
        "登录之后应答换了口气，像是代理后面的另一台服务器",
        says(_after_login, _as_the_other),
        protocols=POP3,
    ),
    row(
        "quit-temp",
        "QUIT is refused: some marked messages are still there",
        "QUIT 被拒绝：有些标记的信还在",
        says(
            at(Place.REPLY, verbs="QUIT"),
            partial(_text, b"-ERR [SYS/TEMP] Some marked messages are still there\r\n"),
        ),
        protocols=POP3,
    ),
)
