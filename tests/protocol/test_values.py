"""What the values of parameters break: each rule, on both sides of its limit."""

import pytest

from mailprobe.protocol.facts import Facts
from mailprobe.protocol.model import Command, Protocol, State
from mailprobe.protocol.smtp import SMTP
from mailprobe.protocol.values import advise

OFFERS = {"DELIVERBY": "240", "FUTURERELEASE": "86400 2030-01-01T00:00:00Z"}


def said(parameters: bytes, offers: dict[str, str] | None = OFFERS, *, tls: bool = False) -> str:
    facts = Facts(Protocol.SMTP, State.READY, tls=tls, offers=offers)
    found = list(advise(parameters, facts))
    assert all(one.reference.startswith("RFC ") for one in found)
    return "; ".join(one.what for one in found)


@pytest.mark.parametrize(
    "parameters",
    [
        b"",
        b"SIZE=5 XYZ=\xff SMTPUTF8",
        b"BY=240;R",
        b"by=+300;rt",
        b"BY=-5;N",
        b"BY=0;NT",
        b"HOLDFOR=86400",
        b"HOLDUNTIL=2029-12-31T23:59:60Z",
        b"HOLDUNTIL=2029-02-03T04:05:06.7z",
        b"MT-PRIORITY=-9 RET=hdrs ENVID=a+2Bb AUTH=<> BODY=8bitmime",
        b"MT-PRIORITY=0 AUTH=a+2Bb@c.example",
        b"NOTIFY=NEVER ORCPT=rfc822;a+2Bb@c.example",
        b"NOTIFY=success,DELAY ORCPT=utf-8;\xc3\xbc@c.example",
    ],
)
def test_values_that_may_be(parameters: bytes) -> None:
    """Nothing is said of what its RFC allows."""
    assert said(parameters) == ""


@pytest.mark.parametrize(
    "parameters, words",
    [
        (b"BY=-5;R", "BY with ;R wants more than 0 seconds"),
        (b"BY=0;RT", "BY with ;R wants more than 0 seconds"),
        (b"BY=239;R", "BY with ;R: the server takes no less than 240 seconds"),
        (b"BY=239", "BY is seconds and ;R or ;N, perhaps with T: BY=3600;R"),
        (b"BY", "BY is seconds and ;R or ;N, perhaps with T: BY=3600;R"),
        (b"HOLDFOR=86401", "HOLDFOR: the server holds no longer than 86400 seconds"),
        (b"HOLDFOR=0", "HOLDFOR is a number of seconds"),
        (b"HOLDFOR=5m", "HOLDFOR is a number of seconds"),
        (b"HOLDUNTIL=2030-13-01T00:00:00Z", "HOLDUNTIL is a time in UTC: 2030-01-31T12:00:00Z"),
        (
            b"HOLDUNTIL=2030-01-01T00:00:01Z",
            "HOLDUNTIL: the server holds no longer than 2030-01-01T00:00:00Z",
        ),
        (
            b"HOLDFOR=5 HOLDUNTIL=2029-01-01T00:00:00Z",
            "HOLDFOR and HOLDUNTIL exclude each other",
        ),
        (b"REQUIRETLS", "REQUIRETLS is said over TLS alone"),
        (b"MT-PRIORITY=10", "MT-PRIORITY is a number from -9 to 9"),
        (b"MT-PRIORITY=+3", "MT-PRIORITY is a number from -9 to 9"),
        (b"RET=ALL", "RET is FULL or HDRS"),
        (b"BODY=9BIT", "BODY is 7BIT, 8BITMIME or BINARYMIME"),
        (b"ENVID=", "ENVID is xtext (+2B is a plus), 100 characters at most"),
        (b"ENVID=a+b", "ENVID is xtext (+2B is a plus), 100 characters at most"),
        (b"ENVID=" + b"x" * 101, "ENVID is xtext (+2B is a plus), 100 characters at most"),
        (b"AUTH=a+b@c.example", "AUTH is <>, or an address in xtext (+2B is a plus)"),
        (b"AUTH=", "AUTH is <>, or an address in xtext (+2B is a plus)"),
        (b"NOTIFY=NEVER,DELAY", "NOTIFY is NEVER, or some of SUCCESS,FAILURE,DELAY"),
        (
            b"ORCPT=a@b.example",
            "ORCPT is a type and an address in xtext: rfc822;a+2Bb@example.org",
        ),
        (
            b"ORCPT=rfc822;a+b@c.example",
            "ORCPT is a type and an address in xtext: rfc822;a+2Bb@example.org",
        ),
    ],
)
def test_values_that_may_not_be(parameters: bytes, words: str) -> None:
    """Each is told in words, with its RFC and section."""
    assert said(parameters) == words


def test_limits_that_nobody_told() -> None:
    """A server that names none, or writes nonsense, has none; over TLS REQUIRETLS may be said."""
    for offers in (None, {}, {"DELIVERBY": "x", "FUTURERELEASE": "x y"}, {"FUTURERELEASE": "0"}):
        assert said(b"BY=1;R HOLDFOR=999999999 REQUIRETLS", offers, tls=True) == ""
        assert said(b"HOLDUNTIL=2099-01-01T00:00:00Z", offers) == ""


def test_a_typed_line_is_advised() -> None:
    """The catalogue asks these rules for MAIL and RCPT, and says what they say."""
    facts = Facts(Protocol.SMTP, State.READY, offers={"DSN": "", **OFFERS})
    found = SMTP.advise(Command(b"MAIL FROM:<> BY=5;R RET=NONE"), facts)
    assert [one.what for one in found] == [
        "BY with ;R: the server takes no less than 240 seconds",
        "RET is FULL or HDRS",
    ]
    assert SMTP.advise(Command(b"MAIL FROM:<>"), facts) == ()
