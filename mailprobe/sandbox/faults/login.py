"""Faults of a login: challenges that are odd, mechanisms that refuse, maildrops that are busy."""

import base64
from functools import partial

from mailprobe.sandbox.faults.model import (
    POP3,
    SMTP,
    Deed,
    Do,
    FaultSpec,
    Moment,
    Pause,
    Place,
    answers,
    at,
    instead,
    refusal,
    row,
    says,
)

_AUTH = at(Place.COMMAND, verbs="AUTH")
_LOGIN = at(Place.COMMAND, verbs="AUTH PASS APOP")
_CHALLENGE = at(Place.REPLY, verbs="AUTH", codes="334 +")
_REFUSED = at(Place.REPLY, verbs="AUTH PASS APOP", codes="535 -ERR")
# What a server of XOAUTH2 says before it refuses, {"status":"401","schemes":"bearer"}.
_WHY = base64.b64encode(b'{"status":"401","schemes":"bearer"}')
_TOKEN = "token"  # a token was refused, the client has not said yes to that
_PROMPTS = {
    base64.b64encode(b"Username:"): base64.b64encode(b"User Name\0"),
    base64.b64encode(b"Password:"): base64.b64encode(b"Password\0"),
}
_WRONG_SIGNATURE = base64.b64encode(b"v=" + base64.b64encode(b"not what was agreed on"))


def _begins(moment: Moment) -> bool:
    """The AUTH command itself, not an answer behind it."""
    return _AUTH(moment) and moment.line is None


def _payload(moment: Moment) -> bytes:
    """What stands behind 334 or +."""
    return moment.octets.rstrip(b"\r\n").partition(b" ")[2]


def _word(moment: Moment) -> bytes:
    return moment.octets.rstrip(b"\r\n").partition(b" ")[0]


def _empty(moment: Moment) -> bool:
    reply = moment.reply
    return _CHALLENGE(moment) and reply is not None and not reply.texts[0].strip()


def _mechanism(moment: Moment) -> bytes:
    return moment.command.argument.partition(b" ")[0].upper()


def _prompt(moment: Moment) -> tuple[Deed, ...]:
    payload = _payload(moment)
    return (_word(moment) + b" " + _PROMPTS.get(payload, payload) + b"\r\n",)


def _signed(moment: Moment) -> bool:
    """The server's last word of SCRAM (RFC 5802, section 7)."""
    return (
        _CHALLENGE(moment)
        and _mechanism(moment).startswith(b"SCRAM-")
        and base64.b64decode(_payload(moment)).startswith(b"v=")
    )


def _sign(moment: Moment) -> tuple[Deed, ...]:
    return (_word(moment) + b" " + _WRONG_SIGNATURE + b"\r\n",)


def _shows_token(moment: Moment) -> bool:
    if not _with_token(moment) or moment.memory.get(_TOKEN):
        return False
    return moment.line is not None or _has_initial(moment)


def _refuse_token(moment: Moment) -> tuple[str | bytes, ...]:
    moment.memory[_TOKEN] = True
    return ("+" if moment.pop3 else "334"), _WHY


def _refuse_at_last(moment: Moment) -> tuple[str, ...] | None:
    if moment.line is None or not moment.memory.pop(_TOKEN, False):
        return None
    if moment.pop3:
        return "-ERR", "[AUTH] The token is not accepted"
    return "535", "5.7.8 The token is not accepted"


def _with_token(moment: Moment) -> bool:
    return _AUTH(moment) and _mechanism(moment) in (b"XOAUTH2", b"OAUTHBEARER")


def _has_initial(moment: Moment) -> bool:
    return len(moment.command.argument.split()) > 1


def _lacks_initial(moment: Moment) -> bool:
    return _begins(moment) and len(moment.command.argument.split()) == 1


def _malformed(text: str, moment: Moment) -> tuple[str, ...]:
    return refusal(moment, "501", "5.5.4", text)


def _smtp(code: str, enhanced: str, text: str, chinese: str) -> FaultSpec:
    return row(
        f"auth-{code}",
        f"AUTH is answered by {code}: {text}",
        f"AUTH 得到 {code}：{chinese}",
        instead(_begins, code, f"{enhanced} {text[0].upper()}{text[1:]}"),
        protocols=SMTP,
    )


def _busy(
    name: str, code: str, text: str, summary: str, chinese: str, seconds: float = 0.0
) -> FaultSpec:
    """A right password that is refused all the same, by a response code."""
    marked = code.encode()
    return row(
        name,
        summary,
        chinese,
        instead(_LOGIN, "-ERR", f"{code} {text}"),
        says(
            lambda m: _REFUSED(m) and marked in m.octets,
            lambda m: (Pause(m.seconds), m.octets) if m.seconds else (m.octets,),
            always=True,
        ),
        protocols=POP3,
        seconds=seconds,
    )


ROWS = (
    row(
        "challenge-bare",
        "an empty challenge has not even a blank",
        "空的质询连空格都没有",
        says(_empty, lambda moment: (_word(moment) + b"\r\n",)),
    ),
    row(
        "challenge-text",
        "an empty challenge is words that are no base64",
        "空的质询写成了不是 base64 的文字",
        says(_empty, lambda moment: (_word(moment) + b" go ahead, please\r\n",)),
    ),
    row(
        "token-refused",
        "a token is refused by one more challenge, which says why in JSON",
        "令牌被拒绝之前先来一个 JSON 质询",
        answers(_shows_token, _refuse_token),
        answers(_with_token, _refuse_at_last, always=True),
    ),
    row(
        "login-prompts",
        "AUTH LOGIN asks by other words than usual",
        "AUTH LOGIN 的提示语与众不同",
        says(lambda m: _CHALLENGE(m) and _mechanism(m) == b"LOGIN", _prompt),
    ),
    row(
        "initial-refused",
        "AUTH takes no initial response",
        "AUTH 不接受初始响应",
        answers(
            lambda m: _begins(m) and _has_initial(m),
            partial(_malformed, "No initial response here"),
        ),
    ),
    row(
        "initial-wanted",
        "AUTH without an initial response is refused",
        "AUTH 必须带初始响应",
        answers(_lacks_initial, partial(_malformed, "The initial response is missing")),
    ),
    row(
        "scram-signature",
        "the server's signature of SCRAM is wrong: it does not know the password",
        "SCRAM 的服务器签名不对：它不知道密码",
        says(_signed, _sign),
    ),
    _smtp("432", "4.7.12", "a new password is needed", "需要换密码"),
    _smtp("454", "4.7.0", "authentication is not available for now", "暂时无法验证"),
    _smtp("534", "5.7.9", "the mechanism is too weak", "机制太弱"),
    _smtp("538", "5.7.11", "encryption is needed for that", "需要先加密"),
    row(
        "mail-530",
        "MAIL is answered by 530: log in first",
        "MAIL 得到 530：先登录",
        instead(at(Place.COMMAND, verbs="MAIL"), "530", "5.7.0 Log in first"),
        protocols=SMTP,
    ),
    row(
        "slow-refusal",
        "a wrong login is refused late",
        "登录错误要等很久才被拒绝",
        says(_REFUSED, lambda moment: (Pause(moment.seconds), moment.octets)),
        seconds=3.0,
    ),
    _busy(
        "in-use",
        "[IN-USE]",
        "Another session holds the maildrop",
        "the maildrop is locked, which is said late",
        "邮箱被占用，而且等很久才说",
        seconds=10.0,
    ),
    _busy(
        "login-delay",
        "[LOGIN-DELAY]",
        "You were here a moment ago",
        "it is too soon for another login",
        "登录太频繁",
    ),
    _busy(
        "sys-temp",
        "[SYS/TEMP]",
        "The maildrop cannot be opened now",
        "the maildrop cannot be opened for now",
        "邮箱暂时打不开",
    ),
    _busy(
        "sys-perm",
        "[SYS/PERM]",
        "The maildrop is broken, ask the postmaster",
        "the maildrop is broken",
        "邮箱坏了",
    ),
    row(
        "user-err",
        "USER is refused",
        "USER 被拒绝",
        instead(at(Place.COMMAND, verbs="USER"), "-ERR", "There is no such maildrop"),
        protocols=POP3,
    ),
    row(
        "apop-closes",
        "a wrong APOP closes the link",
        "APOP 错误就关闭连接",
        says(at(Place.REPLY, verbs="APOP", codes="-ERR"), lambda moment: (moment.octets, Do.CLOSE)),
        protocols=POP3,
    ),
    row(
        "apop-ids",
        "the greeting holds other angle brackets around its timestamp",
        "问候语里除了时间戳还有别的尖括号",
        says(
            at(Place.GREETING),
            lambda moment: (
                b"+OK <MUSE> ready " + _payload(moment).partition(b" ")[2] + b" <you> <b@c>\r\n",
            ),
        ),
        protocols=POP3,
    ),
    row(
        "apop-none",
        "the greeting has no timestamp",
        "问候语里没有时间戳",
        says(at(Place.GREETING), lambda moment: (b"+OK POP3 ready\r\n",)),
        protocols=POP3,
    ),
    row(
        "auth-list-err",
        "AUTH alone is one line of -ERR",
        "单独的 AUTH 只得到一行 -ERR",
        instead(
            lambda m: _begins(m) and not m.command.argument.strip(), "-ERR", "Which mechanism?"
        ),
        protocols=POP3,
    ),
)
