"""Faults of SMTP and LMTP in greetings, hello and single replies."""

import re
from collections.abc import Iterator

from mailprobe.sandbox.accounts import DOMAIN
from mailprobe.sandbox.faults.model import (
    ALL,
    POP3,
    SMTP,
    Deed,
    Do,
    Moment,
    Pause,
    Place,
    Watch,
    answers,
    at,
    instead,
    row,
    says,
)

_CRLF = b"\r\n"
_GREETING = at(Place.GREETING)
_ANSWER = at(Place.REPLY, Place.VERDICT)
_TOLD = at(Place.REPLY, Place.VERDICT, codes="2 4 5")  # replies with an enhanced status code
_COMMAND = at(Place.COMMAND)
_LOGIN = at(Place.COMMAND, verbs="AUTH")
_ENHANCED = re.compile(rb"^([245][0-9][0-9][ -])([245])(\.[0-9]+\.[0-9]+) ", re.MULTILINE)
_OTHER = {b"2": b"5", b"4": b"2", b"5": b"2"}
_KEYWORDS = re.compile(rb"^(250[ -])([A-Z0-9-]+)(.*)$", re.MULTILINE)
_BUSY = b"421 4.3.2 Too busy, come back later\r\n"
_LEAVING = b"421 4.3.2 The server is going down\r\n"
_TOO_SLOW = b"421 4.4.2 %b Error: timeout exceeded\r\n" % DOMAIN.encode()
_ETRN = (
    ("250", "2.0.0 The queue has been started"),
    ("251", "2.0.0 There is nothing for this node"),
    ("252", "2.0.0 Mail for this node is on its way"),
    ("253", "2.0.0 3 mails for this node are on their way"),
    ("458", "4.3.0 The queue cannot be started now"),
    ("459", "4.7.0 This node may not ask for that"),
)


def _lines(moment: Moment) -> list[bytes]:
    return moment.octets.removesuffix(_CRLF).split(_CRLF)


def _joined(lines: list[bytes]) -> bytes:
    """Lines of one reply, whichever of them was the last."""
    marked = [line[:3] + b"-" + line[4:] for line in lines[:-1]]
    return _CRLF.join([*marked, lines[-1][:3] + b" " + lines[-1][4:]]) + _CRLF


def _mixed(moment: Moment) -> tuple[Deed, ...]:
    first, *rest = _lines(moment)
    other = (b"550-" if first[:1] == b"2" else b"250-") + b"And this has another code"
    marked = first[:3] + b"-" + first[4:]
    return (_CRLF.join([marked, other, *(rest or [first])]) + _CRLF,)


def _bare(moment: Moment) -> tuple[Deed, ...]:
    *before, last = _lines(moment)
    if before:
        before.append(last[:3] + b"-" + last[4:])
    return (_CRLF.join([*before, last[:3]]) + _CRLF,)


def _without(moment: Moment) -> tuple[Deed, ...]:
    return (_ENHANCED.sub(rb"\1", moment.octets),)


def _class(moment: Moment) -> tuple[Deed, ...]:
    return (
        _ENHANCED.sub(lambda found: found[1] + _OTHER[found[2]] + found[3] + b" ", moment.octets),
    )


def _varied(moment: Moment) -> tuple[Deed, ...]:
    lines = _lines(moment)
    more = lines[-1][:4] + lines[-1][:1] + b".5.0 And this line has another one"
    return (_joined([*lines, more]),)


def _postscreen(moment: Moment) -> tuple[Deed, ...]:
    """The last line of the greeting comes to those alone who have waited for it."""
    wait = moment.octets.replace(b"220 ", b"220-", 1)
    return (wait, Watch(moment.seconds, (moment.octets,), ()))


def _refuse_all(moment: Moment) -> tuple[Deed, ...]:
    moment.memory["554"] = True
    return (b"554 5.3.2 There is no mail service here\r\n",)


def _only_quit(moment: Moment) -> tuple[str, ...] | None:
    if not moment.memory.get("554") or moment.verb == "QUIT":
        return None
    return "503", "5.5.1 There is no service, QUIT is all that is left"


def _old_auth(moment: Moment) -> tuple[Deed, ...]:
    """The form of servers before RFC 2554, then that of today, twice; keywords in lower case."""
    lines = [
        found[1] + found[2].lower() + found[3]
        for line in _lines(moment)[1:]
        if (found := _KEYWORDS.match(line)) and found[2] != b"AUTH"
    ]
    added = [b"250 AUTH=PLAIN LOGIN", b"250 AUTH PLAIN LOGIN", b"250 auth CRAM-MD5 PLAIN"]
    return (_joined([_lines(moment)[0], *lines, *added]),)


def _layers(moment: Moment) -> tuple[Deed, ...]:
    """Nothing but mechanisms behind which the stream is another one (RFC 4422, section 3.7)."""
    lines = [line for line in _lines(moment) if not line[4:].startswith(b"AUTH ")]
    return (_joined([*lines, b"250 AUTH GSSAPI DIGEST-MD5 NTLM"]),)


def _name(moment: Moment) -> tuple[Deed, ...]:
    return (_joined([b"250 ETRN TURN", *_lines(moment)[1:]]),)


def _etrn(moment: Moment) -> tuple[str, ...]:
    count = moment.memory["etrn"] = int(str(moment.memory.get("etrn", 0))) + 1
    return _ETRN[(count - 1) % len(_ETRN)]


def _early(moment: Moment) -> Iterator[Deed]:
    yield from (moment.octets, Pause(moment.seconds), _LEAVING, Do.CLOSE)


ROWS = (
    row(
        "mixed-codes",
        "the code changes inside a reply",
        "同一个应答里应答码前后不一",
        says(at(Place.REPLY, Place.VERDICT), _mixed),
        protocols=SMTP,
    ),
    row(
        "bare-code",
        "the last line of a reply is a code and nothing else",
        "应答的最后一行只有应答码",
        says(_TOLD, _bare),
        protocols=SMTP,
    ),
    row(
        "no-enhanced",
        "replies have no enhanced status code, though they are promised",
        "说好有增强状态码，应答里却没有",
        says(_TOLD, _without),
        protocols=SMTP,
    ),
    row(
        "enhanced-class",
        "the enhanced status code is of another class than the code",
        "增强状态码与应答码类别不符",
        says(_TOLD, _class),
        protocols=SMTP,
    ),
    row(
        "enhanced-varies",
        "the lines of one reply have different enhanced status codes",
        "同一个应答的各行增强状态码不同",
        says(at(Place.REPLY, Place.VERDICT, verbs="MAIL RCPT RSET NOOP VRFY DATA BDAT"), _varied),
        protocols=SMTP,
    ),
    row(
        "tarpit",
        "the greeting is very late",
        "问候语迟迟不来",
        says(_GREETING, lambda moment: (Pause(moment.seconds), moment.octets)),
        protocols=ALL,
        seconds=20.0,
    ),
    row(
        "postscreen",
        "the last line of the greeting is for those who wait for it",
        "问候语第一行先来，耐心等待的人才等得到最后一行",
        says(_GREETING, _postscreen),
        protocols=SMTP,
        seconds=2.0,
    ),
    row(
        "greeting-lines",
        "a greeting of several lines",
        "问候语有好几行",
        says(
            _GREETING,
            lambda moment: (
                b"220-%b\r\n220-Mail is read by nobody but you\r\n" % DOMAIN.encode()
                + moment.octets,
            ),
        ),
        protocols=SMTP,
    ),
    row(
        "greeting-554",
        "the greeting is 554, and QUIT is all that is left",
        "问候语是 554，只剩 QUIT 可说",
        says(_GREETING, _refuse_all),
        answers(_COMMAND, _only_quit, always=True),
        protocols=SMTP,
    ),
    row(
        "greeting-421",
        "the greeting is 421, and the link is closed",
        "问候语是 421，随即关闭连接",
        says(_GREETING, lambda moment: (_BUSY, Do.CLOSE)),
        protocols=SMTP,
    ),
    row(
        "greeting-err",
        "the greeting is -ERR, and the link is closed",
        "问候语是 -ERR，随即关闭连接",
        says(_GREETING, lambda moment: (b"-ERR Too busy, come back later\r\n", Do.CLOSE)),
        protocols=POP3,
    ),
    row(
        "early-421",
        "421 behind the greeting, before any command is answered",
        "问候语刚说完就来了 421",
        says(_GREETING, _early),
        protocols=SMTP,
        seconds=0.1,
    ),
    row(
        "late-421",
        "421 behind a good reply, which nobody asked for",
        "应答完好，紧接着来了没人问的 421",
        says(_ANSWER, lambda moment: (moment.octets + _LEAVING, Do.CLOSE)),
        protocols=SMTP,
    ),
    row(
        "idle-421",
        "421 to whoever is silent, in mail data as well",
        "沉默太久就来 421，正在传邮件时也一样",
        says(at(Place.IDLE), lambda moment: ()),
        protocols=SMTP,
        seconds=5.0,
    ),
    row(
        "data-421",
        "421 in the middle of the mail data, which comes too slowly",
        "邮件数据传到一半来了 421：太慢",
        says(
            at(Place.REPLY, codes="354"),
            lambda moment: (moment.octets, Pause(moment.seconds), _TOO_SLOW, Do.CLOSE),
        ),
        protocols=SMTP,
        seconds=0.2,
    ),
    row(
        "too-many-errors",
        "421 in the place of a refusal: there were too many errors",
        "本该拒绝，却来了 421：错误太多",
        says(
            at(Place.REPLY, codes="5"),
            lambda moment: (b"421 4.7.0 %b Error: too many errors\r\n" % DOMAIN.encode(), Do.CLOSE),
        ),
        protocols=SMTP,
    ),
    row(
        "ehlo-502",
        "EHLO is not known, HELO is",
        "不认识 EHLO，只认识 HELO",
        instead(at(Place.COMMAND, verbs="EHLO"), "502", "5.5.1 There is no such command"),
        protocols=SMTP,
    ),
    row(
        "ehlo-name",
        "the name in the first line of the hello reply looks like keywords",
        "EHLO 应答第一行的主机名看起来像扩展关键字",
        says(at(Place.REPLY, verbs="EHLO LHLO", codes="250"), _name),
        protocols=SMTP,
    ),
    row(
        "ehlo-old-auth",
        "AUTH=PLAIN in the old form, AUTH twice, keywords in lower case",
        "旧式 AUTH=PLAIN，AUTH 出现两次，关键字是小写",
        says(at(Place.REPLY, verbs="EHLO LHLO", codes="250"), _old_auth),
        protocols=SMTP,
    ),
    row(
        "ehlo-layers",
        "AUTH offers nothing but mechanisms with a security layer",
        "AUTH 只提供带安全层的机制",
        says(at(Place.REPLY, verbs="EHLO LHLO", codes="250"), _layers),
        instead(_LOGIN, "504", "5.5.4 Try one of GSSAPI DIGEST-MD5 NTLM", always=True),
        protocols=SMTP,
    ),
    row(
        "vrfy-553",
        "VRFY finds several users",
        "VRFY 找到好几个用户",
        instead(
            at(Place.COMMAND, verbs="VRFY"),
            "553",
            "5.1.4 Ambiguous; the possibilities are",
            f"5.1.4 <alice@{DOMAIN}>",
            f"5.1.4 <alice.2@{DOMAIN}>",
        ),
        protocols=SMTP,
    ),
    row(
        "help-211",
        "HELP is answered by 211",
        "HELP 得到 211",
        says(
            at(Place.REPLY, verbs="HELP", codes="214"),
            lambda moment: (re.sub(rb"^214", b"211", moment.octets, flags=re.MULTILINE),),
        ),
        protocols=SMTP,
    ),
    row(
        "etrn",
        "ETRN is answered by its codes in turn: 250 to 253, 458, 459",
        "ETRN 依次得到 250 到 253、458、459",
        answers(at(Place.COMMAND, verbs="ETRN"), _etrn),
        protocols=SMTP,
    ),
)
