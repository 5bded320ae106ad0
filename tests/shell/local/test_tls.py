"""/tls, /caps diff and what /set says of TLS, on shells that only remember what they were asked."""

import datetime

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.protocol.connection import catalogue_of
from mailprobe.protocol.model import Protocol
from mailprobe.render.tls import chain_lines, text_of
from mailprobe.sandbox.server import Sandbox
from mailprobe.session import Session, Settings
from mailprobe.shell.local import commands as local
from mailprobe.transport.certificate import Certificate
from mailprobe.transport.link import TlsFacts, TlsSettings
from mailprobe.transport.target import Target, Tls
from tests.shell.local.test_commands import Desk
from tests.shell.reading.test_offered import AGAIN, EHLO

GREETING = b"220 mx.example\r\n"
UPGRADED = (GREETING, EHLO, b"220 go\r\n", AGAIN)


class Colourless(Desk):
    color = False


def upgraded(*chunks: bytes) -> Desk:
    desk = Colourless(*(chunks or UPGRADED))
    assert desk.session is not None
    for line in (b"EHLO a", b"STARTTLS", b"EHLO a")[: len(chunks or UPGRADED) - 1]:
        desk.session.exchange(line)
    return desk


def refused(desk: Desk, line: str) -> str:
    with pytest.raises(Failure) as caught:
        local.run(desk, line)
    assert caught.value.word is Word.USAGE
    return caught.value.sentence


def test_a_plain_link_has_nothing_to_show() -> None:
    """It is said how TLS begins; without a connection, that there is none."""
    assert "STARTTLS or STLS starts TLS" in refused(Colourless(GREETING), "/tls")
    assert "there is no connection" in refused(Colourless(), "/tls")
    assert refused(Colourless(GREETING), "/tls nonsense") == "write /tls [resume]"
    assert "this link is plain" in refused(Colourless(GREETING), "/tls resume")


def test_facts_of_a_link_and_what_it_changed() -> None:
    """Whatever the transport knows, and the difference of what is offered."""
    desk = upgraded()
    local.run(desk, "/tls")
    assert desk.text.startswith("TLS           TLSv1.3, TLS_AES_256_GCM_SHA384")
    assert "certificate   none was presented" in desk.text
    assert "gone over TLS      STARTTLS\n" in desk.text
    assert "changed over TLS   SIZE -10 +20\n" in desk.text


def test_a_handshake_that_failed_is_shown() -> None:
    """With the reason, before anything that was there before."""
    desk = upgraded()
    desk.link.tls_failed = TlsFacts("", "", "", verified=False, chain=(b"x",), trouble="it is bad")
    local.run(desk, "/tls")
    assert "failed        it is bad\n" in desk.text
    assert "unreadable" in desk.text
    assert "over TLS  " not in desk.text


@pytest.mark.parametrize("columns", [30, 60])
def test_lines_are_wrapped_where_the_terminal_is_narrow(columns: int) -> None:
    """No line is longer than it, but for words that no line can hold."""
    desk = upgraded()
    desk.columns = columns
    local.run(desk, "/tls")
    assert max(map(len, desk.text.split("\n"))) <= columns


def test_eighty_columns_hold_each_fingerprint_in_one_piece() -> None:
    """To be copied from the screen."""
    one = Certificate(b"", "f" * 64, key_fingerprint="e" * 64)
    lines = [text_of(line) for line in chain_lines([one], datetime.datetime.now(datetime.UTC))]
    assert max(map(len, lines)) <= 80


def test_capabilities_as_a_difference() -> None:
    """/caps diff shows nothing else; the whole table says it in a column."""
    desk = upgraded()
    local.run(desk, "/caps diff")
    assert desk.text.splitlines() == [
        "changed over TLS   SIZE -10 +20",
        "changed over TLS   AUTH -CRAM-MD5 +PLAIN",
        "new over TLS       CHUNKING",
        "gone over TLS      STARTTLS",
    ]
    assert desk.rows == []


def test_no_difference() -> None:
    """The same before and after is said; so is that there is nothing to compare."""
    same = upgraded(GREETING, EHLO, b"220 go\r\n", EHLO)
    local.run(same, "/caps diff")
    assert same.text == "the same is offered before TLS and over it\n"
    assert "nothing to compare" in refused(upgraded(GREETING, EHLO), "/caps diff")
    assert refused(upgraded(), "/caps nonsense") == "write /caps [diff]"


@pytest.mark.parametrize("maximum", ["1.2", "1.3"])
def test_resuming_in_the_sandbox(maximum: str) -> None:
    """What came of it, in one line; the facts say that it can be tried."""
    with Sandbox({"pop3s": 0}) as sandbox:
        desk = Colourless()
        desk.columns = 0
        settings = Settings(tls=TlsSettings(str(sandbox.ca), maximum=maximum))
        desk.session = Session(catalogue_of(Protocol.POP3), settings=settings)
        target = Target(Protocol.POP3, "127.0.0.1", sandbox.ports["pop3s"], Tls.IMPLICIT)
        desk.session.open(target)
        local.run(desk, "/tls resume")
        assert desk.text.startswith("resumed: the server took a ticket on a second link (TLSv")
        desk.text = ""
        local.run(desk, "/tls")
        desk.session.leave()
    assert "verified      yes, for 127.0.0.1, by the CAs in /" in desk.text
    assert "a ticket for " in desk.text
    assert "names       localhost, 127.0.0.1, ::1\n" in desk.text
    assert "\n  TLSA 3 1 1 " in desk.text


# -------------------------------------------------------------------------------------- /set


@pytest.mark.parametrize(
    "line, field, value",
    [
        ("tls-min 1.3", "minimum", "1.3"),
        ("tls-max 1.2", "maximum", "1.2"),
        ("tls-max auto", "maximum", ""),
        ("sni mx.example", "name", "mx.example"),
        ("sni auto", "name", ""),
    ],
)
def test_settings_of_handshakes_to_come(line: str, field: str, value: str) -> None:
    """/set changes them, and shows them."""
    desk = Colourless(GREETING)
    local.run(desk, f"/set {line}")
    assert getattr(desk.settings.tls, field) == value
    local.run(desk, "/set")
    assert {"tls-min", "tls-max", "sni"} <= {str(row[0]) for row in desk.rows}


@pytest.mark.parametrize(
    "line, said",
    [
        ("tls-min 2", "tls-min is one of 1.0"),
        ("tls-max 0.9", "tls-max is one of 1.0"),
        ("tls-max 1.1", "from tls-min 1.2 to tls-max 1.1 there is none"),
        ("sni a b", "blank or control character"),
        ("sni -", "not a host name"),
    ],
)
def test_settings_that_cannot_be(line: str, said: str) -> None:
    """Nothing is changed."""
    desk = Colourless(GREETING)
    assert said in refused(desk, f"/set {line}")
    assert desk.settings.tls == TlsSettings()
