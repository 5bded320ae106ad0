"""A challenge in words, for who answers it by hand: what it says, and how its answer is derived.

Nothing here needs a secret, and nothing is sent.
"""

from mailprobe.patterns import pattern
from mailprobe.protocol.sasl.bearer import refusal
from mailprobe.protocol.sasl.encoding import decode
from mailprobe.protocol.sasl.terms import SaslError
from mailprobe.safe import safe
from mailprobe.value import frozen

_SHOWN = 500  # octets of a challenge
_CANCEL = "* cancels"
_SCRAM = pattern(r"SCRAM-(.+?)(?:-PLUS)?")
_SERVER_FIRST = pattern(rb"r=[^,]+,s=[^,]+,i=[0-9]+(?:,.*)?")


@frozen
class Explanation:
    """What a challenge says, decoded and fit to be shown, and how the answer is made."""

    said: str
    how: tuple[str, ...]


# How the answer is made, by mechanism: to the first challenge, to the second one.
FORMS: dict[str, tuple[str, ...]] = {
    "PLAIN": ("answer: base64 of [authzid] NUL user NUL password (RFC 4616)",),
    "LOGIN": ("answer: base64 of the user", "answer: base64 of the password"),
    "CRAM-MD5": ("answer: base64 of user, blank, HMAC-MD5(password, challenge) (RFC 2195)",),
    "EXTERNAL": ("answer: base64 of whom you act for, or nothing (RFC 4422, app. A)",),
    "ANONYMOUS": ("answer: base64 of a trace, an address for instance (RFC 4505)",),
    "OAUTHBEARER": ("answer: base64 of n,a=user,^Aauth=Bearer token^A^A (RFC 7628)",),
    "XOAUTH2": ("answer: base64 of user=user^Aauth=Bearer token^A^A",),
    "DIGEST-MD5": (
        "historic (RFC 6331), not composed here; RFC 2831, section 2.1.2.1:",
        "response = MD5(MD5(A1):nonce:nc:cnonce:qop:MD5(A2))",
        "A1 = MD5(user:realm:password):nonce:cnonce, A2 = AUTHENTICATE:digest-uri",
    ),
    "NTLM": ("not composed here (MS-NLMP): NEGOTIATE, CHALLENGE, AUTHENTICATE",),
    "GSSAPI": ("not composed here (RFC 4752): Kerberos, then a security layer",),
}
_TOKEN_REFUSED = {
    "OAUTHBEARER": "the token was refused; answer: AQ==, which is ^A (RFC 7628, 3.2.3)",
    "XOAUTH2": "the token was refused; answer: an empty line",
}


def explain(mechanism: str, said: int, challenge: bytes) -> Explanation:
    """Explain a challenge as it came, in base64; the client has said `said` messages before.

    Never raises.
    """
    name = mechanism.upper()
    try:
        octets = decode(challenge)
    except SaslError:
        return Explanation(safe(challenge[:_SHOWN]), ("this is no base64", _CANCEL))
    shown = safe(octets[:_SHOWN])
    if name in _TOKEN_REFUSED and said:
        return Explanation(refusal(octets) or shown, (_TOKEN_REFUSED[name],))
    if match := _SCRAM.fullmatch(name):
        return Explanation(shown, (*_scram(match[1], octets), _CANCEL))
    if name == "DIGEST-MD5":
        return Explanation(shown, (*FORMS[name], _CANCEL))
    forms = FORMS.get(name, ("a mechanism that is not spoken here",))
    form = forms[said] if said < len(forms) else "more than the mechanism has"
    return Explanation(shown, (form, _CANCEL))


def _scram(digest: str, challenge: bytes) -> tuple[str, ...]:
    if _SERVER_FIRST.fullmatch(challenge):
        return (
            f"salted = PBKDF2-HMAC-{digest}(password, s, i)",
            "key = HMAC(salted, 'Client Key'), p = key XOR HMAC(H(key), messages so far)",
            "answer: base64 of c=base64(gs2-header, binding),r=as above,p=base64(p)",
        )
    if challenge.startswith(b"v="):
        return (
            "v = HMAC(HMAC(salted, 'Server Key'), messages): the server knows you",
            "answer: an empty line",
        )
    if challenge.startswith(b"e="):
        return ("the server says why not (RFC 5802, section 7); answer: an empty line",)
    return ("answer: base64 of n,,n=user,r=nonce (RFC 5802, section 7)",)
