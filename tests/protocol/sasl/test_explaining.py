"""A challenge in words: what is said of it, for every mechanism and any octets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.protocol import sasl

FIRST = b"r=abc,s=QSXCR+Q6sek8bf92,i=4096"


@pytest.mark.parametrize(
    "mechanism, said, challenge, words",
    [
        ("PLAIN", 0, b"", "[authzid] NUL user NUL password"),
        ("login", 0, b"Username:", "base64 of the user"),
        ("LOGIN", 1, b"Password:", "base64 of the password"),
        ("LOGIN", 2, b"Again:", "more than the mechanism has"),
        ("CRAM-MD5", 0, b"<1@h>", "HMAC-MD5(password, challenge)"),
        ("SCRAM-SHA-256", 0, b"", "n,,n=user,r=nonce"),
        ("SCRAM-SHA-512-PLUS", 1, FIRST, "PBKDF2-HMAC-SHA-512(password, s, i)"),
        ("SCRAM-SHA-1", 2, b"v=rmF9", "knows you"),
        ("SCRAM-SHA-1", 2, b"e=other-error", "why not"),
        ("DIGEST-MD5", 0, b'realm="a",nonce="b"', "historic"),
        ("XOAUTH2", 0, b"", "auth=Bearer token"),
        ("XOAUTH2", 1, b'{"status":"400"}', "refused; answer: an empty line"),
        ("OAUTHBEARER", 0, b"", "n,a=user"),
        ("OAUTHBEARER", 1, b"oops", "AQ=="),
        ("EXTERNAL", 0, b"", "whom you act for"),
        ("ANONYMOUS", 0, b"", "trace"),
        ("NTLM", 0, b"", "not composed"),
        ("GSSAPI", 0, b"", "Kerberos"),
        ("XYZZY", 0, b"?", "not spoken here"),
    ],
)
def test_how_it_is_answered(mechanism: str, said: int, challenge: bytes, words: str) -> None:
    """Each step of each mechanism says how its answer is derived."""
    explained = sasl.explain(mechanism, said, sasl.encode(challenge))
    assert words in " ".join(explained.how)


def test_what_it_says() -> None:
    """The challenge is decoded; JSON is told by its fields, other octets are shown safely."""
    assert sasl.explain("CRAM-MD5", 0, sasl.encode(b"<1@h>")).said == "<1@h>"
    assert sasl.explain("LOGIN", 0, sasl.encode(b"User Name\0")).said == "User Name\\u{0}"
    assert sasl.explain("XOAUTH2", 1, sasl.encode(b'{"status":"400"}')).said == "status 400"
    assert sasl.explain("XOAUTH2", 1, sasl.encode(b"\x1b[2J")).said == "\\u{1b}[2J"


def test_no_base64() -> None:
    """A challenge that is none is shown as it came."""
    explained = sasl.explain("PLAIN", 0, b"go ahead")
    assert explained.said == "go ahead"
    assert explained.how == ("this is no base64", "* cancels")


@given(st.sampled_from((*sasl.MECHANISMS, "DIGEST-MD5", "")), st.integers(0, 4), st.binary())
def test_any_challenge(mechanism: str, said: int, challenge: bytes) -> None:
    """No octets raise, and nothing raw is shown."""
    for line in (challenge, sasl.encode(challenge)):
        explained = sasl.explain(mechanism, said, line)
        assert explained.said.isprintable()
        assert explained.how
        assert max(map(len, explained.how)) <= 76, "with an indent, within 80 columns"
