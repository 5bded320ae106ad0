import pytest

from mailprobe.protocol.smtp import SMTP
from mailprobe.sandbox.parameters import NotDone, read

_OFFERED = {"SIZE", "8BITMIME", "SMTPUTF8", "DSN", "AUTH"}


def _read(verb: str, octets: bytes) -> dict[str, bytes]:
    row = SMTP.find(verb)
    assert row is not None
    return read(row, octets, _OFFERED)


@pytest.mark.parametrize(
    "verb, octets, names",
    [
        ("MAIL", b"", set()),
        ("MAIL", b" SIZE=100 BODY=8BITMIME", {"SIZE", "BODY"}),
        ("MAIL", b" size=0 body=7bit smtputf8", {"SIZE", "BODY", "SMTPUTF8"}),
        ("MAIL", b" RET=HDRS ENVID=QQ314159+2B", {"RET", "ENVID"}),
        ("MAIL", b" AUTH=<> AUTHX", None),
        ("MAIL", b" AUTH=<>", {"AUTH"}),
        ("RCPT", b" NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bb@example.test", {"NOTIFY", "ORCPT"}),
        ("RCPT", b" NOTIFY=NEVER", {"NOTIFY"}),
    ],
)
def test_right(verb: str, octets: bytes, names: set[str] | None) -> None:
    """What is offered and well written is read; names count without their case."""
    if names is None:
        with pytest.raises(NotDone):
            _read(verb, octets)
    else:
        assert set(_read(verb, octets)) == names


@pytest.mark.parametrize(
    "verb, octets, code",
    [
        ("MAIL", b" NOTIFY=NEVER", "555"),
        ("MAIL", b" XYZ=1", "555"),
        ("MAIL", b" REQUIRETLS", "555"),
        ("MAIL", b" SIZE=1 SIZE=1", "501"),
        ("MAIL", b" SIZE", "501"),
        ("MAIL", b" SIZE=-1", "501"),
        ("MAIL", b" SIZE=" + b"9" * 30, "501"),
        ("MAIL", b" BODY=9BIT", "501"),
        ("MAIL", b" BODY=BINARYMIME", "501"),
        ("MAIL", b" SMTPUTF8=yes", "501"),
        ("MAIL", b" RET=ALL", "501"),
        ("MAIL", b" ENVID=a+b", "501"),
        ("MAIL", b" ENVID=" + b"x" * 101, "501"),
        ("MAIL", b" ENVID", "501"),
        ("RCPT", b" NOTIFY=NEVER,FAILURE", "501"),
        ("RCPT", b" NOTIFY=ALWAYS", "501"),
        ("RCPT", b" ORCPT=a@example.test", "501"),
        ("RCPT", b" ORCPT=rfc822;a+zz", "501"),
        ("RCPT", b" SIZE=1", "555"),
    ],
)
def test_wrong(verb: str, octets: bytes, code: str) -> None:
    """555 is for what is not offered, 501 for what is badly written or said twice."""
    with pytest.raises(NotDone) as caught:
        _read(verb, octets)
    assert caught.value.refusal.code == code
    assert caught.value.refusal.text.startswith("5.5.4 ")


_HELD = {"FUTURERELEASE", "DELIVERBY", "MT-PRIORITY", "BINARYMIME", "8BITMIME", "REQUIRETLS"}


@pytest.mark.parametrize(
    "octets",
    [
        b" HOLDFOR=604800 BY=120;R BODY=BINARYMIME",
        b" HOLDUNTIL=2031-01-01T00:00:00Z BY=-5;nt",
        b" MT-PRIORITY=-9 REQUIRETLS",
    ],
)
def test_of_submission(octets: bytes) -> None:
    """RFC 4865, 2852, 6710, 8689 and 3030, as they write it."""
    row = SMTP.find("MAIL")
    assert row is not None
    assert len(read(row, octets, _HELD)) == len(octets.split())


@pytest.mark.parametrize(
    "octets",
    [
        b" HOLDFOR=604801",
        b" HOLDFOR=1 HOLDUNTIL=2031-01-01T00:00:00Z",
        b" HOLDUNTIL=tomorrow",
        b" HOLDUNTIL=2100-01-01T00:00:00Z",
        b" BY=0;R",
        b" BY=-5;R",
        b" BY=5",
        b" MT-PRIORITY=10",
        b" REQUIRETLS=yes",
    ],
)
def test_not_of_submission(octets: bytes) -> None:
    """501 says what it must be."""
    row = SMTP.find("MAIL")
    assert row is not None
    with pytest.raises(NotDone) as caught:
        read(row, octets, _HELD)
    assert caught.value.refusal.code == "501"
