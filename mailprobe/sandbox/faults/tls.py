"""Faults of TLS: refused, stripped, injected before, spoilt, or with a wrong certificate."""

from mailprobe.sandbox.faults.model import (
    POP3,
    SMTP,
    Act,
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

_GO_AHEAD = at(Place.REPLY, verbs="STARTTLS STLS", codes="220 +OK")
_HANDSHAKE = at(Place.HANDSHAKE)
_UPGRADE = at(Place.COMMAND, verbs="STARTTLS STLS")
_OFFERS = at(Place.REPLY, verbs="EHLO LHLO", codes="250")
_CAPA = at(Place.BODY, verbs="CAPA")
# A fatal alert, handshake_failure (RFC 8446, section 6).
_ALERT = b"\x15\x03\x03\x00\x02\x02\x28"
_STRIPPED = "stripped"  # the offer of TLS, in this session


def _inject(moment: Moment) -> tuple[Deed, ...]:
    return (moment.octets + (b"+OK injected\r\n" if moment.pop3 else b"250 2.0.0 injected\r\n"),)


def _strip(moment: Moment) -> tuple[Deed, ...]:
    """As some firewalls do; the lengths stay what they were."""
    moment.memory[_STRIPPED] = True
    octets = moment.octets.replace(b"STARTTLS", b"XXXXXXXA")
    return (octets.replace(b"\r\nSTLS\r\n", b"\r\nXXXA\r\n"),)


def _unknown(moment: Moment) -> tuple[str, str] | None:
    if not moment.memory.get(_STRIPPED):
        return None
    return refusal(moment, "500", "5.5.1", "Unknown command")


def _spoilt(name: str, summary: str, chinese: str, *deeds: Deed) -> FaultSpec:
    return row(name, summary, chinese, says(_HANDSHAKE, lambda moment: (b"", *deeds)))


def _wrong(name: str, certificate: str, summary: str, chinese: str) -> FaultSpec:
    return row(name, summary, chinese, Act(_HANDSHAKE), certificate=certificate)


_REFUSALS = (
    ("454", "4.7.0 TLS is not available for now", "TLS is not available for now", "暂时没有 TLS"),
    ("501", "5.5.4 Syntax error", "a syntax error", "语法错误"),
    ("503", "5.5.1 Not now", "this is not the time", "现在不是时候"),
)

ROWS = (
    row(
        "starttls-strip",
        "the offer of STARTTLS is written over on its way, as some firewalls do",
        "STARTTLS 在路上被防火墙改写掉",
        says(_OFFERS, _strip),
        says(_CAPA, _strip),
        answers(_UPGRADE, _unknown, always=True),
    ),
    *(
        row(
            f"starttls-{code}",
            f"STARTTLS is answered by {code}: {summary}",
            f"STARTTLS 得到 {code}：{chinese}",
            instead(_UPGRADE, code, text),
            protocols=SMTP,
        )
        for code, text, summary, chinese in _REFUSALS
    ),
    row(
        "stls-err",
        "STLS is answered by -ERR",
        "STLS 得到 -ERR",
        instead(_UPGRADE, "-ERR", "TLS is not available for now"),
        protocols=POP3,
    ),
    row(
        "inject",
        "text stands behind the go-ahead, before TLS (CVE-2021-22947 and others)",
        "同意 TLS 之后、握手之前，混入了明文",
        says(_GO_AHEAD, _inject),
    ),
    _spoilt("tls-alert", "the handshake fails by an alert", "TLS 握手以警报失败", _ALERT),
    _spoilt("tls-closed", "the link is closed in the handshake", "TLS 握手中连接被关闭", Do.CLOSE),
    _spoilt("tls-reset", "the link is reset in the handshake", "TLS 握手中连接被重置", Do.RESET),
    row(
        "tls-silent",
        "nothing comes in the handshake",
        "TLS 握手中毫无回应",
        says(_HANDSHAKE, lambda moment: (b"", Pause(moment.seconds))),
        seconds=60.0,
    ),
    _wrong("bad-cert", "stranger", "a certificate of an unknown CA", "证书由不认识的 CA 签发"),
    _wrong("cert-self", "self-signed", "a certificate that is self-signed", "证书是自签名的"),
    _wrong("cert-expired", "expired", "a certificate that has expired", "证书已经过期"),
    _wrong("cert-future", "future", "a certificate that is not valid yet", "证书尚未生效"),
    _wrong("cert-name", "elsewhere", "a certificate for another host", "证书是别的主机的"),
    _wrong(
        "cert-cn",
        "name-only",
        "a certificate that has its name in the common name alone",
        "证书只在 CN 里写了主机名",
    ),
    _wrong("tls-old", "old-version", "TLS 1.1 and nothing newer", "最高只支持 TLS 1.1"),
    row(
        "no-close-notify",
        "TLS ends without close_notify behind QUIT",
        "QUIT 之后 TLS 结束时没有 close_notify",
        says(
            lambda moment: at(Place.REPLY, verbs="QUIT")(moment) and moment.connection.facts.tls,
            lambda moment: (moment.octets, Do.CUT),
        ),
    ),
    row(
        "plain-on-tls",
        "plain text is spoken on a port of implicit TLS",
        "隐式 TLS 的端口上说的是明文",
        says(lambda m: at(Place.PORT)(m) and bool(m.memory["implicit"]), lambda moment: ()),
    ),
    row(
        "tls-on-plain",
        "TLS is spoken on a port of plain text",
        "明文端口上说的是 TLS",
        says(lambda m: at(Place.PORT)(m) and not m.memory["implicit"], lambda moment: ()),
    ),
)
