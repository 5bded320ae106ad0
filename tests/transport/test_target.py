"""What a person may write as a target."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.errors import Failure, Word
from mailprobe.protocol.model import Protocol
from mailprobe.transport.target import Kind, Target, Tls, parse_further, parse_target

SMTP, LMTP, POP3 = Protocol.SMTP, Protocol.LMTP, Protocol.POP3


@pytest.mark.parametrize(
    "text, protocol, expected",
    [
        ("mail.example", SMTP, ("mail.example", 25, Tls.NONE)),
        ("mail.example", LMTP, ("mail.example", 24, Tls.NONE)),
        ("mail.example", POP3, ("mail.example", 110, Tls.NONE)),
        ("mail.example:2525", SMTP, ("mail.example", 2525, Tls.NONE)),
        ("mail.example.:1", SMTP, ("mail.example.", 1, Tls.NONE)),
        ("192.0.2.1:65535", POP3, ("192.0.2.1", 65535, Tls.NONE)),
        ("[2001:db8::1]", POP3, ("2001:db8::1", 110, Tls.NONE)),
        ("[::1]:26", SMTP, ("::1", 26, Tls.NONE)),
        ("[fe80::1%eth0]:26", SMTP, ("fe80::1%eth0", 26, Tls.NONE)),
        ("_mx.mail_host.example", SMTP, ("_mx.mail_host.example", 25, Tls.NONE)),
        ("smtp://mail.example", SMTP, ("mail.example", 25, Tls.NONE)),
        ("SMTPS://mail.example", SMTP, ("mail.example", 465, Tls.IMPLICIT)),
        ("submission://mail.example", SMTP, ("mail.example", 587, Tls.NONE)),
        ("submissions://mail.example", SMTP, ("mail.example", 465, Tls.IMPLICIT)),
        ("submissions://[::1]:4650", SMTP, ("::1", 4650, Tls.IMPLICIT)),
        ("lmtp://mail.example", LMTP, ("mail.example", 24, Tls.NONE)),
        ("pop3://mail.example", POP3, ("mail.example", 110, Tls.NONE)),
        ("pop3s://mail.example", POP3, ("mail.example", 995, Tls.IMPLICIT)),
        ("sandbox:25", SMTP, ("sandbox", 25, Tls.NONE)),
    ],
)
def test_a_target_has_host_port_and_tls(
    text: str, protocol: Protocol, expected: tuple[str, int, Tls]
) -> None:
    """Each form gives host, port and kind of TLS; with a URL the protocol may be left out."""
    target = parse_target(text, protocol)
    assert (target.host, target.port, target.tls) == expected
    assert (target.protocol, target.kind) == (protocol, Kind.NETWORK)
    if "://" in text:
        assert parse_target(text, None) == target


@pytest.mark.parametrize(
    "text, protocol, port",
    [
        ("mail.example", SMTP, 465),
        ("mail.example", POP3, 995),
        ("mail.example", LMTP, 24),
        ("submission://mail.example", SMTP, 465),
        ("smtps://mail.example", SMTP, 465),
        ("mail.example:25", SMTP, 25),
    ],
)
def test_tls_changes_the_default_port(text: str, protocol: Protocol, port: int) -> None:
    """--tls means the port of implicit TLS, unless the user names another."""
    target = parse_target(text, protocol, tls=True)
    assert (target.port, target.tls) == (port, Tls.IMPLICIT)


def test_starttls_keeps_the_port() -> None:
    """--starttls is the plain port first."""
    target = parse_target("mail.example", POP3, starttls=True)
    assert (target.port, target.tls) == (110, Tls.STARTTLS)


def test_unix_socket_and_sandbox() -> None:
    """Both are of their own kind; what a certificate would be checked against is localhost."""
    unix = parse_target("unix:/run/lmtp@x", LMTP)
    assert unix == Target(LMTP, "localhost", 0, Tls.NONE, "/run/lmtp@x", Kind.UNIX)
    sandbox = parse_target("sandbox", POP3, starttls=True)
    assert sandbox == Target(POP3, "sandbox", 0, Tls.STARTTLS, kind=Kind.SANDBOX)
    assert {unix.server_name, sandbox.server_name} == {"localhost"}
    assert [str(unix), str(sandbox)] == ["unix:/run/lmtp@x", "sandbox"]


def test_names_become_a_labels() -> None:
    """What is looked up, checked and shown is the A-label (RFC 5890)."""
    target = parse_target("BÜCHER.example:25", SMTP)
    assert str(target) == "xn--bcher-kva.example:25"
    assert target.server_name == "xn--bcher-kva.example"


def test_a_server_name_has_no_zone_and_no_final_dot() -> None:
    """A certificate knows neither."""
    assert parse_target("[fe80::1%eth0]", SMTP).server_name == "fe80::1"
    assert parse_target("mail.example.", SMTP).server_name == "mail.example"


@pytest.mark.parametrize(
    "text, protocol, hint",
    [
        ("::1", SMTP, "[::1]"),
        ("2001:db8::1", SMTP, "brackets"),
        ("a:b:c", SMTP, "colon"),
        ("[::1", SMTP, "brackets"),
        ("[::1]x", SMTP, "brackets"),
        ("[mail.example]", SMTP, "IPv6"),
        ("[fe80::1%]", SMTP, "IPv6"),
        ("host:0", SMTP, "1 to 65535"),
        ("host:65536", SMTP, "1 to 65535"),
        ("host:", SMTP, "1 to 65535"),
        ("host:+25", SMTP, "1 to 65535"),
        ("host:٢٥", SMTP, "1 to 65535"),
        ("[::1]:", SMTP, "1 to 65535"),
        ("", SMTP, "missing"),
        (":25", SMTP, "missing"),
        ("smtp://", SMTP, "missing"),
        ("a..b", SMTP, "not a host name"),
        (".", SMTP, "not a host name"),
        ("-a", SMTP, "not a host name"),
        ("a" * 64, SMTP, "not a host name"),
        (".".join(["abc"] * 80), SMTP, "not a host name"),
        ("ü" * 80, SMTP, "not a host name"),
        ("host name", SMTP, "blank"),
        ("host\r\nQUIT", SMTP, "blank or control"),
        ("host\0", SMTP, "blank or control"),
        ("unix:/a\nb", SMTP, "blank or control"),
        ("\x1b[2J", SMTP, "blank or control"),
        ("host\u202e", SMTP, "blank or control"),
        ("unix:relative", SMTP, "absolute"),
        ("smtp://host", POP3, "not for pop3"),
        ("pop3s://host", SMTP, "not for smtp"),
        ("imap://host", SMTP, "imap://"),
        ("smtp://host/path", SMTP, "smtp://host:port"),
        ("smtp://host?x=1", SMTP, "nothing may follow"),
        ("smtp://host#x", SMTP, "nothing may follow"),
        ("host", None, "which protocol"),
        ("sandbox", None, "which protocol"),
        ("unix:/path", None, "which protocol"),
    ],
)
def test_what_is_refused(text: str, protocol: Protocol | None, hint: str) -> None:
    """Everything else is a usage failure of one line that says what to write."""
    with pytest.raises(Failure) as caught:
        parse_target(text, protocol)
    assert caught.value.word is Word.USAGE
    assert hint in caught.value.sentence
    assert caught.value.sentence.isprintable()


def test_a_sandbox_with_a_fault_at_a_place() -> None:
    """Behind its @ stands a number, and nobody's name."""
    target = parse_target("sandbox/mx+slow:2s=0.5@3", SMTP)
    assert (target.kind, target.host) == (Kind.SANDBOX, "sandbox/mx+slow:2s=0.5@3")


@pytest.mark.parametrize("text", ["smtp://alice:s3cret@host", "alice:s3cret@host", "s3cret@host"])
def test_a_password_is_refused_and_not_repeated(text: str) -> None:
    """A failure line ends up in logs."""
    with pytest.raises(Failure) as caught:
        parse_target(text, SMTP)
    assert "no user or password" in caught.value.sentence
    assert "s3cret" not in caught.value.sentence


@pytest.mark.parametrize(
    "text, options",
    [("host", {"tls": True, "starttls": True}), ("smtps://host", {"starttls": True})],
)
def test_contradictions_are_refused(text: str, options: dict[str, bool]) -> None:
    """TLS starts once."""
    with pytest.raises(Failure, match="starttls") as caught:
        parse_target(text, SMTP, **options)
    assert caught.value.word is Word.USAGE


@given(st.text(), st.sampled_from([None, *Protocol]))
def test_any_text_is_a_target_or_a_usage_failure(text: str, protocol: Protocol | None) -> None:
    """No other exception, and no host that could carry a second line."""
    try:
        target = parse_target(text, protocol)
    except Failure as failure:
        assert failure.word is Word.USAGE
        assert failure.sentence.isprintable()
    else:
        assert str(target).isascii() or target.path is not None
        assert not any(octet in str(target) for octet in "\r\n\0 ")


@pytest.mark.parametrize(
    "text, wanted, expected",
    [
        ("h", Tls.NONE, (25, Tls.NONE)),
        ("h", Tls.IMPLICIT, (465, Tls.IMPLICIT)),
        ("h:99", Tls.STARTTLS, (99, Tls.STARTTLS)),
        ("sandbox", Tls.STARTTLS, (0, Tls.STARTTLS)),
        ("unix:/lmtp", Tls.STARTTLS, (0, Tls.STARTTLS)),
        ("smtp://h", Tls.NONE, (25, Tls.NONE)),
        ("smtps://h", Tls.STARTTLS, (465, Tls.IMPLICIT)),
        ("submissions://h", Tls.IMPLICIT, (465, Tls.IMPLICIT)),
        ("submission://h", Tls.STARTTLS, (587, Tls.STARTTLS)),
        ("submission://h", Tls.IMPLICIT, (587, Tls.STARTTLS)),
    ],
)
def test_a_later_target_has_the_tls_of_the_first(
    text: str, wanted: Tls, expected: tuple[int, Tls]
) -> None:
    """A URL says itself when TLS begins, never that there is none."""
    target = parse_further(text, SMTP, wanted)
    assert (target.port, target.tls) == expected
