"""Faults of framing: what was said is right, how it travels is not, or the link ends."""

from collections.abc import Iterator
from itertools import pairwise

from mailprobe.sandbox.faults.model import (
    REPLIES,
    SMTP,
    Deed,
    Do,
    Moment,
    Pause,
    Place,
    at,
    row,
    says,
)

_CRLF = b"\r\n"
_ANY = at(*REPLIES)
_ANSWER = at(Place.REPLY, Place.VERDICT)
# Commands whose reply is one line with nothing behind it, in each protocol.
_SHORT = at(
    Place.REPLY,
    verbs="HELO EHLO LHLO MAIL RCPT RSET NOOP VRFY STAT DELE USER",
    codes="2 +OK",
)
_LONG, _LONGER = 9_000, 100_000  # octets; RFC 5321, section 4.5.3.1.5 allows 512
_IAC = b"\xff\xfd\x18\xff\xfd\x20"  # what a server of telnet begins with


def _cut(octets: bytes, *places: int) -> list[bytes]:
    bounds = (0, *places, len(octets))
    return [octets[a:b] for a, b in pairwise(bounds)]


def _with_pauses(pieces: list[bytes], seconds: float) -> Iterator[Deed]:
    for number, piece in enumerate(pieces):
        if number:
            yield Pause(seconds)
        yield piece


def _split(moment: Moment) -> Iterator[Deed]:
    """In the middle of the code, of the text, and between CR and LF."""
    octets = moment.octets
    return _with_pauses(_cut(octets, 2, len(octets) // 2 + 1, len(octets) - 1), moment.seconds)


def _drip(moment: Moment) -> Iterator[Deed]:
    return _with_pauses([bytes([octet]) for octet in moment.octets], moment.seconds)


def _lone_cr(moment: Moment) -> Iterator[Deed]:
    return _with_pauses(_cut(moment.octets, len(moment.octets) - 1), moment.seconds)


def _half(moment: Moment) -> bytes:
    return moment.octets[: len(moment.octets) // 2]


def _longer(moment: Moment, length: int) -> bytes:
    octets = moment.octets.removesuffix(_CRLF)
    return octets + b" " + b"x" * (length - len(octets) - 3) + _CRLF


def _one_more(moment: Moment) -> bytes:
    return b"+OK And this, too\r\n" if moment.pop3 else b"250 2.0.0 And this, too\r\n"


def _code(code: bytes, moment: Moment) -> bytes:
    lines = moment.octets.split(_CRLF)
    return _CRLF.join(code + line[3:] if line else line for line in lines)


def _in_tls(moment: Moment) -> bool:
    return _ANSWER(moment) and moment.connection.facts.tls


ROWS = (
    row(
        "bare-lf",
        "lines end by LF alone",
        "行尾只有 LF，没有 CR",
        says(_ANY, lambda moment: (moment.octets.replace(_CRLF, b"\n"),)),
    ),
    row(
        "long-line",
        f"a reply line of {_LONG} octets",
        f"一行应答长达 {_LONG} 字节",
        says(_ANSWER, lambda moment: (_longer(moment, _LONG),)),
    ),
    row(
        "endless-line",
        f"a reply line of {_LONGER} octets, more than anybody has to take",
        f"一行应答长达 {_LONGER} 字节，谁也不必接受",
        says(_ANSWER, lambda moment: (_longer(moment, _LONGER),)),
    ),
    row(
        "garbage",
        "a line that is no reply in the place of a reply",
        "该有应答的地方来了一行不是应答的文字",
        says(_ANSWER, lambda moment: (b"What do you want?\r\n",)),
    ),
    row(
        "code-000",
        "the reply code is 000",
        "应答码是 000",
        says(_ANSWER, lambda moment: (_code(b"000", moment),)),
        protocols=SMTP,
    ),
    row(
        "code-666",
        "the reply code is 666",
        "应答码是 666",
        says(_ANSWER, lambda moment: (_code(b"666", moment),)),
        protocols=SMTP,
    ),
    row(
        "telnet",
        "the greeting begins with options of telnet",
        "问候语前面有 telnet 协商字节",
        says(at(Place.GREETING), lambda moment: (_IAC + moment.octets,)),
    ),
    row(
        "early-reply",
        "a reply comes with the greeting, before any command",
        "还没有命令，问候语后面就跟着一个应答",
        says(at(Place.GREETING), lambda moment: (moment.octets + _one_more(moment),)),
    ),
    row(
        "surplus",
        "a second reply in the same segment, which nobody asked for",
        "同一个报文段里多出一个没人要的应答",
        says(_SHORT, lambda moment: (moment.octets + _one_more(moment),)),
    ),
    row(
        "afterthought",
        "a second reply a moment later, which nobody asked for",
        "过一会儿又来一个没人要的应答",
        says(_SHORT, lambda m: (m.octets, Pause(m.seconds), _one_more(m))),
        seconds=0.5,
    ),
    row(
        "split-reply",
        "a reply comes in several segments, or records of TLS",
        "一个应答分成几个报文段（或 TLS 记录）到达",
        says(_ANY, _split),
        seconds=0.02,
    ),
    row(
        "lone-cr",
        "a segment ends between CR and LF",
        "报文段恰好断在 CR 与 LF 之间",
        says(_ANY, _lone_cr),
        seconds=0.02,
    ),
    row(
        "drip",
        "one octet at a time",
        "一次只来一个字节",
        says(_ANY, _drip),
        seconds=0.005,
    ),
    row(
        "slow",
        "every reply is late",
        "每个应答都来得很迟",
        says(_ANY, lambda moment: (Pause(moment.seconds), moment.octets)),
        seconds=1.0,
    ),
    row(
        "no-reply",
        "no reply comes, and the link stays open",
        "没有应答，连接却一直开着",
        says(_ANSWER, lambda moment: (Do.HUSH,)),
    ),
    row(
        "close-instead",
        "the link is closed in the place of a reply",
        "不给应答，直接关闭连接",
        says(_ANSWER, lambda moment: (Do.CLOSE,)),
    ),
    row(
        "reset-instead",
        "the link is reset in the place of a reply",
        "不给应答，直接重置连接",
        says(_ANSWER, lambda moment: (Do.RESET,)),
    ),
    row(
        "cut-close",
        "the link is closed in the middle of a reply",
        "应答说到一半，连接被关闭",
        says(_ANSWER, lambda moment: (_half(moment), Do.CLOSE)),
    ),
    row(
        "cut-reset",
        "the link is reset in the middle of a reply",
        "应答说到一半，连接被重置",
        says(_ANSWER, lambda moment: (_half(moment), Pause(moment.seconds), Do.RESET)),
        seconds=0.1,
    ),
    row(
        "cut-tls",
        "TLS ends in the middle of a reply without close_notify",
        "TLS 中应答说到一半就断，没有 close_notify",
        says(_in_tls, lambda moment: (_half(moment), Do.CUT)),
    ),
    row(
        "close-behind",
        "the link is closed behind a good reply",
        "应答完好，随后连接被关闭",
        says(_ANSWER, lambda moment: (moment.octets, Do.CLOSE)),
    ),
    row(
        "half-close",
        "behind a reply the server says nothing more, and reads on",
        "应答之后服务器只听不说（半关闭）",
        says(_ANSWER, lambda moment: (moment.octets, Do.HALF_CLOSE)),
    ),
)
