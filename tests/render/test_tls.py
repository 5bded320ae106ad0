"""A handshake and its certificates in lines: what a person compares, and what should worry him."""

import datetime
import ssl

import pytest
import trustme

from mailprobe.render.tls import chain_lines, facts_lines, text_of
from mailprobe.transport.certificate import Certificate, read
from mailprobe.transport.link import TlsFacts
from mailprobe.value import replace

NOW = datetime.datetime(2026, 5, 1, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)
FACTS = TlsFacts(
    version="TLSv1.3",
    cipher="TLS_AES_256_GCM_SHA384",
    server_name="mx.example",
    verified=True,
    bits=256,
    sni="mx.example",
)
CA = trustme.CA()


def shown(facts: TlsFacts) -> dict[str, str]:
    lines = facts_lines(facts, authority="the CAs of this machine", ticket="a ticket")
    return {line.label: line.text for line in lines}


def issued(*names: str, **more: object) -> Certificate:
    made = CA.issue_cert(*names, **more)  # type: ignore[arg-type]  # as trustme has them
    return read(ssl.PEM_cert_to_DER_cert(made.cert_chain_pems[0].bytes().decode()))


def rows(*chain: Certificate) -> list[tuple[str, str, str]]:
    return [(line.label, line.text, line.style) for line in chain_lines(chain, NOW)]


def test_all_facts_have_a_line() -> None:
    """Those that Python's ssl does not give are said to be not available."""
    found = shown(FACTS)
    assert found["TLS"] == "TLSv1.3, TLS_AES_256_GCM_SHA384, 256 bits, from the first octet"
    assert found["verified"] == "yes, for mx.example, by the CAs of this machine"
    assert found["name sent"] == "mx.example"
    assert found["ALPN"] == "not offered"
    assert found["group"].startswith("not available")
    assert found["OCSP staple"].startswith("not available")
    assert found["session"] == "new, by a full handshake; a ticket"
    assert found["own cert"] == "none"


@pytest.mark.parametrize(
    "changes, label, text",
    [
        ({"implicit": False}, "TLS", "by STARTTLS or STLS"),
        ({"version": "TLSv1.1"}, "TLS", "TLSv1.1 (retired by RFC 8996), "),
        ({"verified": False}, "verified", "NO: anybody may be at the other end"),
        ({"trouble": "it has expired"}, "failed", "it has expired"),
        ({"sni": ""}, "name sent", "none: "),
        ({"offered_alpn": ("smtp",)}, "ALPN", "nothing agreed on (offered: smtp)"),
        ({"offered_alpn": ("smtp",), "alpn": "smtp"}, "ALPN", "smtp (offered: smtp)"),
        ({"group": "X25519MLKEM768"}, "group", "X25519MLKEM768"),
        ({"resumed": True}, "session", "resumed; "),
        ({"identity": "/me.pem"}, "own cert", "/me.pem, where a server asks for one"),
        ({"version": "", "cipher": "", "trouble": "x"}, "TLS", "no version agreed on, from"),
    ],
)
def test_what_may_be_otherwise(changes: dict[str, object], label: str, text: str) -> None:
    """Each in its own words."""
    assert text in shown(replace(FACTS, **changes))[label]


def test_a_failed_handshake_has_no_session() -> None:
    """There is nothing to resume."""
    assert "session" not in shown(replace(FACTS, trouble="it has expired"))


def test_each_certificate_of_the_chain() -> None:
    """The peer's own has the TLSA of DANE-EE, those above it that of DANE-TA."""
    own, above = issued("mx.example", "192.0.2.1"), read(_der(CA.cert_pem.bytes()))
    found = rows(own, above)
    assert ("certificate", "1, the peer's own", "body") in found
    assert ("names", "mx.example, 192.0.2.1", "body") in found
    assert ("TLSA", f"3 1 1 {own.key_fingerprint}", "body") in found
    assert ("certificate", "2, sent with it, names itself as issuer", "body") in found
    assert ("TLSA", f"2 1 1 {above.key_fingerprint}", "body") in found
    assert [label for label, _, _ in found].count("names") == 1  # a CA has none


@pytest.mark.parametrize(
    "since, until, said, style",
    [
        (NOW - DAY, NOW + 10 * DAY, "10 days left", "body"),
        (NOW - 9 * DAY, NOW - DAY, "EXPIRED 1 day ago", "failure"),
        (NOW + 2 * DAY, NOW + 9 * DAY, "NOT YET, 2 days to go", "failure"),
        (NOW - 9 * DAY, NOW - DAY / 24, "EXPIRED 60 minutes ago", "failure"),
        (None, None, "nobody knows when", "failure"),
    ],
)
def test_dates(
    since: datetime.datetime | None, until: datetime.datetime | None, said: str, style: str
) -> None:
    """How long it holds, or has not held."""
    one = replace(issued("a.example"), since=since, until=until)
    valid = next(row for row in rows(one) if row[0] == "valid")
    assert said in valid[1]
    assert valid[2] == style


def test_what_is_odd_is_shown() -> None:
    """No certificate at all, one that cannot be read, many of them, many names, no name."""
    assert rows() == [("certificate", "none was presented", "body")]
    found = rows(read(b"\x1b[2Jx"))
    assert [row[2] for row in found if row[0] == "unreadable"] == ["failure"]
    assert [text for label, text, _ in rows(*[issued("a")] * 12) if "more" in text] == [
        "2 more were presented"
    ]
    names = rows(issued(*(f"{number}.example" for number in range(30))))[2][1]
    assert names.endswith("19.example and 10 more")
    book = replace(issued("a"), subject="x" * 90_000, hosts=("y" * 90_000,) * 50)
    assert max(len(text) for _, text, _ in rows(book)) < 20 * 400
    nameless = rows(replace(issued("a"), hosts=()))[2][1]
    assert nameless == "none: the common name does not count (RFC 9525)"


def test_a_line_has_its_label_in_front() -> None:
    """Labels are aligned, and coloured lines are coloured behind them."""
    line = next(facts_lines(replace(FACTS, verified=False), authority="", ticket=""))
    assert text_of(line).startswith("TLS           TLSv1.3, ")
    verdict = list(facts_lines(replace(FACTS, verified=False), authority="", ticket=""))[1]
    assert text_of(verdict, color=True).startswith("verified      \x1b[1;33mNO: ")


def _der(pem: bytes) -> bytes:
    return ssl.PEM_cert_to_DER_cert(pem.decode())
