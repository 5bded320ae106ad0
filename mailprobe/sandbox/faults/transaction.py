"""Faults of a mail transaction: recipients, mail data, chunks, and the verdicts of LMTP."""

from mailprobe.protocol import grammar
from mailprobe.protocol.model import Protocol
from mailprobe.sandbox.faults.model import (
    SMTP,
    Deed,
    Do,
    Moment,
    Place,
    answers,
    at,
    instead,
    row,
    says,
)

_RCPT = at(Place.COMMAND, verbs="RCPT")
_DATA = at(Place.COMMAND, verbs="DATA")
_BDAT = at(Place.COMMAND, verbs="BDAT")
_ACCEPTED = at(Place.REPLY, verbs="RCPT", codes="250")
_FAILED_CHUNK = "chunk"  # one has failed in this transaction
_GREYLIST = "greylist"  # the recipients that have come before
_RECIPIENTS = "recipients"  # how many this session has named
_REMEMBERED = 1000  # recipients; a client may name ever new ones
_LMTP = (Protocol.LMTP,)
_NO_SUCH_USER = ("550", "5.1.1 There is no such user")


def _count_recipients(moment: Moment) -> None:
    moment.memory[_RECIPIENTS] = int(str(moment.memory.get(_RECIPIENTS, 0))) + 1


def _is_second(moment: Moment) -> bool:
    return _RCPT(moment) and int(str(moment.memory.get(_RECIPIENTS, 0))) % 2 == 0


def _is_one_more(moment: Moment) -> bool:
    return _RCPT(moment) and bool(moment.connection.facts.recipients)


def _seen(moment: Moment) -> set[bytes]:
    found = moment.common.setdefault(_GREYLIST, set())
    assert isinstance(found, set)  # nobody else has this name
    return found


def _recipient(moment: Moment) -> bytes:
    """Its path, without parameters."""
    return grammar.path_in(moment.command.argument).lower()


def _is_new(moment: Moment) -> bool:
    return _RCPT(moment) and _recipient(moment) not in _seen(moment)


def _greylist(moment: Moment) -> tuple[str, ...]:
    """Refuse once whom this sandbox has not seen before."""
    seen = _seen(moment)
    if len(seen) >= _REMEMBERED:
        seen.clear()
    seen.add(_recipient(moment))
    return "451", "4.7.1 Greylisted, come back in a few minutes"


def _is_first_chunk(moment: Moment) -> bool:
    return _BDAT(moment) and not moment.memory.get(_FAILED_CHUNK)


def _no_chunk(moment: Moment) -> tuple[str, ...]:
    moment.memory[_FAILED_CHUNK] = True
    return "452", "4.3.1 There is no room for this chunk"


def _behind_failure(moment: Moment) -> tuple[str, ...] | None:
    """RFC 3030, section 2: RSET is all that helps."""
    if moment.verb == "RSET":
        moment.memory.pop(_FAILED_CHUNK, None)
        return None
    if not moment.memory.get(_FAILED_CHUNK):
        return None
    return "503", "5.5.1 A chunk has failed, RSET comes first"


def _code(code: bytes, text: bytes, moment: Moment) -> tuple[Deed, ...]:
    return (code + b" " + text + b"\r\n",)


def _second(moment: Moment) -> bool:
    return moment.place is Place.VERDICT and moment.number > 0


ROWS = (
    row(
        "greylist",
        "a recipient is refused for now, and taken when it comes again",
        "收件人先被暂时拒绝，再来一次才接受（灰名单）",
        answers(_is_new, _greylist),
        protocols=SMTP,
    ),
    row(
        "rcpt-some",
        "every second recipient is refused",
        "每两个收件人拒绝一个",
        answers(_RCPT, _count_recipients, always=True),
        instead(_is_second, *_NO_SUCH_USER),
        protocols=SMTP,
    ),
    row(
        "rcpt-452",
        "one recipient for each mail, the others get 452",
        "每封信只收一个收件人，其余得到 452",
        instead(_is_one_more, "452", "4.5.3 Too many recipients, send again for the others"),
        protocols=SMTP,
    ),
    row(
        "rcpt-orcpt",
        "ORCPT is refused, however well it is written",
        "ORCPT 写得再对也被拒绝",
        instead(
            lambda moment: _RCPT(moment) and b" orcpt=" in moment.command.argument.lower(),
            "501",
            "5.5.4 The ORCPT parameter is not understood",
        ),
        protocols=SMTP,
    ),
    row(
        "rcpt-251",
        "a recipient is accepted by 251",
        "收件人以 251 接受",
        says(_ACCEPTED, lambda m: _code(b"251", b"2.1.5 Not here, it will be forwarded", m)),
        protocols=SMTP,
    ),
    row(
        "rcpt-252",
        "a recipient is accepted by 252",
        "收件人以 252 接受",
        says(_ACCEPTED, lambda m: _code(b"252", b"2.1.5 Unverified, it will be tried", m)),
        protocols=SMTP,
    ),
    row(
        "rcpt-wordy",
        "a refusal of several lines, none with an enhanced status code",
        "拒绝收件人的话有好几行，都没有增强状态码",
        instead(
            _RCPT,
            "550",
            "This address is on a list of those that get no mail",
            "Ask your postmaster, or look at https://lists.example.test/",
            "Nothing was delivered",
        ),
        protocols=SMTP,
    ),
    row(
        "rcpt-521",
        "a recipient is refused by 521, and the link is closed",
        "收件人得到 521，随即关闭连接",
        says(
            at(Place.REPLY, verbs="RCPT"),
            lambda m: (*_code(b"521", b"5.7.1 Your host is not welcome", m), Do.CLOSE),
        ),
        protocols=SMTP,
    ),
    row(
        "data-250",
        "DATA is answered by 250, which opens nothing",
        "DATA 得到 250，数据之门并没有开",
        instead(_DATA, "250", "2.0.0 Fine"),
        protocols=SMTP,
    ),
    row(
        "data-554",
        "DATA is refused: the message must not be sent",
        "DATA 被拒绝：信不能再发",
        instead(_DATA, "554", "5.7.1 No mail today"),
        protocols=SMTP,
    ),
    row(
        "data-for-nobody",
        "all recipients are refused, and DATA is answered by 354 all the same",
        "收件人全被拒绝，DATA 却得到 354",
        instead(_RCPT, *_NO_SUCH_USER),
        instead(_DATA, "354", "Send the message, and end it with a lone dot", always=True),
        protocols=SMTP,
    ),
    row(
        "drop-in-data",
        "the link is reset when mail data comes",
        "邮件数据一来，连接就被重置",
        says(at(Place.DATA), lambda moment: (Do.RESET,)),
        protocols=SMTP,
    ),
    row(
        "refuse-in-data",
        "552 while mail data comes, and the link is closed",
        "正在传邮件数据就来了 552，随即关闭连接",
        says(
            at(Place.DATA),
            lambda m: (*_code(b"552", b"5.3.4 That is enough of it", m), Do.CLOSE),
        ),
        protocols=SMTP,
    ),
    row(
        "bdat-452",
        "a chunk is refused, and those behind it until RSET",
        "一块 BDAT 被拒绝，之后的也一样，直到 RSET",
        answers(_is_first_chunk, _no_chunk),
        answers(at(Place.COMMAND, verbs="BDAT RSET"), _behind_failure, always=True),
        protocols=SMTP,
    ),
    row(
        "lmtp-partial",
        "behind the dot the first recipient has the mail, the others are over quota",
        "单独一点之后，只有第一个收件人收到，其余超出配额",
        says(_second, lambda m: _code(b"552", b"5.2.2 Quota exceeded", m)),
        protocols=_LMTP,
    ),
    row(
        "lmtp-missing",
        "behind the dot there is a reply for the first recipient alone",
        "单独一点之后，只有第一个收件人有应答",
        says(_second, lambda moment: ()),
        protocols=_LMTP,
    ),
)
