"""MAIL and RCPT as they travel: what a message needs, what is offered, what somebody asks for."""

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.messages.envelope import (
    EACH,
    WISHES,
    Envelope,
    Parameters,
    Wish,
    advices,
    commands,
    free_word,
    refuse,
    word_of,
)
from mailprobe.messages.maildata import measure

PLAIN = measure([b"Subject: x\r\n\r\nx\r\n"])
EIGHT = measure(["Subject: x\r\n\r\né\r\n".encode()])
UTF8 = measure(["Subject: é\r\n\r\nx\r\n".encode()])
ALL = {"SIZE": "1000", "8BITMIME": "", "SMTPUTF8": "", "BINARYMIME": ""}


def wish(option: str) -> Wish:
    return next(one for one in WISHES if one.option == option)


def mail(envelope: Envelope, found: object = PLAIN, offers: dict[str, str] | None = None) -> bytes:
    return commands(envelope, found, ALL if offers is None else offers)[0]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "option, text, word",
    [
        ("--ret", "full", "RET=FULL"),
        ("--envid", "QQ+3=14 x", "ENVID=QQ+2B3+3D14+20x"),
        ("--mail-auth", "e+mc2@example.com", "AUTH=e+2Bmc2@example.com"),
        ("--mail-auth", "<>", "AUTH=<>"),
        ("--by", "120;r", "BY=120;R"),
        ("--by", "-5;nt", "BY=-5;NT"),
        ("--by", "+0300;r", "BY=+0300;R"),
        ("--hold-for", "5m", "HOLDFOR=300"),
        ("--hold-until", "2031-01-31T12:00:00Z", "HOLDUNTIL=2031-01-31T12:00:00Z"),
        ("--mt-priority", "-3", "MT-PRIORITY=-3"),
        ("--mt-priority", "+3", "MT-PRIORITY=3"),
        ("--requiretls", "", "REQUIRETLS"),
        ("--notify", "success,Delay", "NOTIFY=SUCCESS,DELAY"),
        ("--notify", "never", "NOTIFY=NEVER"),
    ],
)
def test_how_a_wish_travels(option: str, text: str, word: str) -> None:
    """Each in the form of its RFC."""
    assert word_of(wish(option), text) == word


@pytest.mark.parametrize(
    "option, text",
    [
        ("--ret", "some"),
        ("--envid", "x" * 101),
        ("--envid", "é"),
        ("--envid", ""),
        ("--by", "120"),
        ("--by", "x;R"),
        ("--by", "-5;R"),
        ("--by", "0;RT"),
        ("--hold-until", "2031-13-01T12:00:00Z"),
        ("--mail-auth", "a@b.example\r\nRSET"),
        ("--hold-for", "0.5"),
        ("--hold-for", "0"),
        ("--hold-for", "soon"),
        ("--hold-until", "2031-01-31 12:00"),
        ("--mt-priority", "10"),
        ("--mt-priority", "high"),
        ("--notify", "NEVER,DELAY"),
        ("--notify", "DELAY,DELAY"),
        ("--notify", "always"),
    ],
)
def test_wishes_that_cannot_be(option: str, text: str) -> None:
    """The sentence has the option, and what is expected."""
    with pytest.raises(Failure, match=f"^usage: {option}: ") as caught:
        word_of(wish(option), text)
    assert caught.value.word is Word.USAGE


def test_words_that_somebody_writes_himself() -> None:
    """Whatever they say, they are one word."""
    assert free_word("--mail-parameter", "XVERP") == "XVERP"
    assert free_word("--mail-parameter", "RET=nonsense") == "RET=nonsense"
    for text in ("a b", "A=b c", "A=b\r\nDATA", "=x", "A==", ""):
        with pytest.raises(Failure, match="without blanks"):
            free_word("--mail-parameter", text)


def test_what_a_message_needs_and_the_server_offers() -> None:
    """SIZE as it travels, 8BITMIME for octets, SMTPUTF8 for addresses and headers."""
    envelope = Envelope("a@b", ["c@d"])
    assert mail(envelope) == b"MAIL FROM:<a@b> SIZE=17"
    assert mail(envelope, offers={}) == b"MAIL FROM:<a@b>"
    assert mail(envelope, EIGHT) == b"MAIL FROM:<a@b> SIZE=18 BODY=8BITMIME"
    assert mail(envelope, UTF8) == b"MAIL FROM:<a@b> SIZE=18 BODY=8BITMIME SMTPUTF8"
    assert mail(Envelope("", ["ü@d"])).endswith(b"<> SIZE=17 SMTPUTF8")
    binary = Envelope("a@b", ["c@d"], Parameters(binary=True))
    assert mail(binary, EIGHT) == b"MAIL FROM:<a@b> SIZE=18 BODY=BINARYMIME"


def test_what_was_asked_for_takes_the_place_of_ours() -> None:
    """A wrong SIZE is a legitimate test."""
    asked = Parameters(mail=["size=1", "RET=HDRS"], rcpt=["NOTIFY=NEVER"])
    line, recipients = commands(Envelope("a@b", ["c@d", "e@f"], asked), EIGHT, ALL)
    assert line == b"MAIL FROM:<a@b> BODY=8BITMIME size=1 RET=HDRS"
    assert recipients == [b"RCPT TO:<c@d> NOTIFY=NEVER", b"RCPT TO:<e@f> NOTIFY=NEVER"]


@pytest.mark.parametrize(
    "original, recipient, offers, value",
    [
        (EACH, "a+b@c", ALL, "rfc822;a+2Bb@c"),
        ("x+y@z", "a@c", ALL, "rfc822;x+2By@z"),
        (EACH, "ü@c", ALL, "utf-8;ü@c"),
        (EACH, "ü@c", {}, r"utf-8;\x{FC}@c"),
    ],
)
def test_original_recipients(
    original: str, recipient: str, offers: dict[str, str], value: str
) -> None:
    """Each one's own address, or one that was given; UTF-8 where SMTPUTF8 is said."""
    envelope = Envelope("", [recipient], Parameters(original=original))
    (line,) = commands(envelope, PLAIN, offers)[1]
    assert line == f"RCPT TO:<{recipient}> ORCPT={value}".encode()


def test_what_must_not_be_sent_as_things_stand() -> None:
    """Unless it shall be anyway."""
    for asked, word, sentence in (
        (Envelope("ü@x", ["a@b"]), Word.USAGE, "SMTPUTF8"),
        (Envelope("", ["a@b"], Parameters(binary=True)), Word.USAGE, "BINARYMIME"),
        (Envelope("", ["a@b"], Parameters(["REQUIRETLS"])), Word.SECURITY, "RFC 8689"),
    ):
        with pytest.raises(Failure, match=sentence) as caught:
            refuse(asked, {}, tls=False)
        assert caught.value.word is word
        loose = Parameters(asked.parameters.mail, binary=asked.parameters.binary, anyway=True)
        refuse(Envelope(asked.sender, asked.recipients, loose), {}, tls=False)
        refuse(asked, ALL, tls=True)


def test_what_may_go_wrong() -> None:
    """Each is told, with its RFC, and nothing where all is well."""
    envelope = Envelope("", ["a@b"])
    assert list(advices(envelope, PLAIN, ALL)) == []
    odd = measure([b"A: \xff\n\n" + b"x" * 999 + b"\0\n"])
    told = " ".join(advices(envelope, odd, {"SIZE": "10"}))
    for word in ("8BITMIME", "SMTPUTF8", "1000 octets", "NUL", "the server takes 10 "):
        assert word in told
    binary = Envelope("", ["a@b"], Parameters(binary=True))
    assert list(advices(binary, measure([b"A: b\n\n\xff\0"]), {**ALL, "SIZE": "0"})) == []
