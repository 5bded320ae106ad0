"""Composed messages: what Python's own reader finds in them is what was asked for."""

import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.errors import Failure, Word
from mailprobe.messages.message import (
    Attachment,
    Letter,
    address_of,
    compose,
    header_of,
    message_id,
    template,
)
from mailprobe.value import replace

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LETTER = Letter("Zoë <z@b.example>", ["c@d.example", "e@f.example"], "Grüße", text="hi\n")


def read(letter: Letter) -> EmailMessage:
    """Compose, and read back."""
    octets = compose(letter, NOW, "1234")
    assert octets.isascii()
    lines = octets.split(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert max(map(len, lines)) <= 998
    message = email.message_from_bytes(octets, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def refused(letter: Letter) -> str:
    with pytest.raises(Failure) as caught:
        compose(letter, NOW, "1234")
    assert caught.value.word is Word.USAGE
    return caught.value.sentence


def test_headers_are_those_asked_for() -> None:
    """Names and subject in RFC 2047, Date and Message-ID made."""
    message = read(LETTER)
    assert message["From"] == "Zoë <z@b.example>"
    assert message["To"] == "c@d.example, e@f.example"
    assert message["Subject"] == "Grüße"
    assert message["Date"] == "Fri, 02 Jan 2026 03:04:05 +0000"
    assert message["Message-ID"] == "<1234@b.example>"
    assert message.get_content() == "hi\r\n"


def test_own_headers_take_the_place_of_ours() -> None:
    """Whoever says the Date is asked for no other one."""
    given = [("Date", "Thu, 01 Jan 1970 00:00:00 +0000"), ("X-Test", "ü"), ("x-test", "b")]
    message = read(replace(LETTER, headers=given))
    assert message.get_all("Date") == ["Thu, 01 Jan 1970 00:00:00 +0000"]
    assert message.get_all("X-Test") == ["ü", "b"]
    assert "Subject" in refused(replace(LETTER, headers=[("Subject", "a"), ("Subject", "b")]))


@pytest.mark.parametrize("files", [[], [Attachment("a.bin", b"x")]])
def test_headers_about_the_content(files: list[Attachment]) -> None:
    """They stay, at the top, however the text is written; those that say how it is, are refused."""
    letter = replace(LETTER, headers=[("Content-Language", "de")], attachments=files)
    assert read(letter)["Content-Language"] == "de"
    for name in ("Content-Type", "content-transfer-encoding"):
        assert f"{name} follows from" in refused(replace(letter, headers=[(name, "x")]))


@pytest.mark.parametrize(
    "charset, text",
    [
        ("utf-8", "Grüße 🚲"),
        ("latin-1", "Grüße"),
        ("gb2312", "你好"),
        ("gb18030", "你好"),
        ("iso-2022-jp", "日本"),
        ("shift_jis", "日本"),
        ("koi8-r", "привет"),
        ("us-ascii", "hello"),
    ],
)
def test_text_is_in_the_charset(charset: str, text: str) -> None:
    """The name is the one that mail knows, and decodes it."""
    message = read(replace(LETTER, text=text, charset=charset))
    assert message.get_content().rstrip() == text
    assert message.get_content_charset() == {"latin-1": "iso-8859-1"}.get(charset, charset)


@pytest.mark.parametrize("charset", ["klingon", "utf-16", "base64"])
def test_charset_that_mail_cannot_have(charset: str) -> None:
    """The sentence names two that it can."""
    assert "utf-8" in refused(replace(LETTER, charset=charset))


def test_text_that_the_charset_lacks() -> None:
    """Nothing is replaced by question marks."""
    assert "--charset" in refused(replace(LETTER, text="ж", charset="latin-1"))


@given(
    st.text(
        st.characters(
            exclude_categories=["Cs"], exclude_characters="\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
        ),
        max_size=1200,
    )
)
def test_any_line_arrives(line: str) -> None:
    """However long, and whatever it begins with."""
    assert read(replace(LETTER, text=f"a\n{line}\nb\n")).get_content().replace("\r\n", "\n") == (
        f"a\n{line}\nb\n"
    )


@given(st.binary(max_size=200))
def test_attachments_arrive(octets: bytes) -> None:
    """Octet for octet, under a name of any script (RFC 2231)."""
    name = "größe " * 20 + "日.pdf"
    message = read(replace(LETTER, attachments=[Attachment(name, octets)]))
    (part,) = message.iter_attachments()
    assert part.get_filename() == name
    assert part.get_content_type() == "application/pdf"
    assert part.get_payload(decode=True) == octets


@pytest.mark.parametrize(
    "name, kind",
    [
        ("a.txt", "text/plain"),
        ("a.eml", "application/octet-stream"),
        ("a.tar.gz", "application/octet-stream"),
        ("nothing", "application/octet-stream"),
    ],
)
def test_kinds_of_attachments(name: str, kind: str) -> None:
    """A kind that forbids base64 is none that we give."""
    message = read(replace(LETTER, attachments=[Attachment(name, b"A: b\n\nc")]))
    (part,) = message.iter_attachments()
    assert part.get_content_type() == kind
    assert part.get_payload(decode=True) == b"A: b\n\nc"


def test_utf8_in_headers_is_for_addresses_that_need_it() -> None:
    """RFC 6532."""
    letter = replace(LETTER, recipients=["日@b.example"])
    assert "To: 日@b.example".encode() in compose(letter, NOW, "1", utf8=True)


def test_nobody_as_sender() -> None:
    """The empty reverse-path still has a From."""
    message = read(replace(LETTER, sender="<>"))
    assert message["From"] == "MAILER-DAEMON@localhost"
    assert message["Message-ID"] == "<1234@localhost>"


@pytest.mark.parametrize(
    "text, address",
    [
        ("a@b.example", "a@b.example"),
        ("A B <a@b.example>", "a@b.example"),
        ("<>", ""),
        ('"a b"@c.example', '"a b"@c.example'),
        ("postmaster", "postmaster"),
    ],
)
def test_address_of(text: str, address: str) -> None:
    """With or without a name before it."""
    assert address_of(text) == address


@pytest.mark.parametrize("text", ["a b", "a@b\r\nDATA", "a>b", "a<b", "a@b SIZE=1"])
def test_what_would_break_a_command_is_no_address(text: str) -> None:
    """Nothing in an address becomes another command, or a parameter."""
    with pytest.raises(Failure, match="expected an address"):
        address_of(text)


def test_header_of() -> None:
    """`Name: value`, and nothing that would be two lines."""
    assert header_of("X-Test: a: b") == ("X-Test", "a: b")
    assert header_of("X:") == ("X", "")
    for text in ("X-Test", "X Test: a", ": a", "X: a\r\nY: b"):
        with pytest.raises(Failure, match="expected a header"):
            header_of(text)


def test_template() -> None:
    """Ready to be gone on with."""
    assert template("a@b.example", ["c@d.example", "e@f"], NOW, "1") == (
        b"From: a@b.example\nTo: c@d.example, e@f\nSubject: \n"
        b"Date: Fri, 02 Jan 2026 03:04:05 +0000\nMessage-ID: <1@b.example>\n\n"
    )
    assert message_id("a@[127.0.0.1]", "1") == "<1@localhost>"


@pytest.mark.parametrize(
    "charset, text",
    [
        (
            "gb18030",
            "恭喜您成为本邮件系统的新用户，这一行很长，因此必须折叠成几行才能放进一封邮件里",
        ),
        (
            "iso-2022-jp",
            "日本語の件名です。これは長い件名なので、折り返されるはずです。とても長いですね",
        ),
        ("koi8-r", "Привет, это очень длинная тема письма, которую надо сложить в несколько строк"),
        ("utf-8", "Grüße aus Köln, und noch ein langer Text, der in mehrere Zeilen gefaltet wird"),
    ],
)
def test_headers_in_the_charset(charset: str, text: str) -> None:
    """Subject and names are in it, folded, 7-bit, and say what was said (RFC 2047)."""
    name = text[:4]
    letter = replace(
        LETTER,
        sender=f"{name} <a@b.example>",
        recipients=[f"{name} <c@d.example>", "e@f.example"],
        subject=text,
        text=text,
        charset=charset,
    )
    octets = compose(letter, NOW, "1234")
    assert octets.isascii()
    assert f"=?{charset}?".encode() in octets
    assert max(map(len, octets.partition(b"\r\n\r\n")[0].split(b"\r\n"))) <= 78
    message = read(letter)
    assert message["Subject"] == text
    assert [one.display_name for one in message["To"].addresses] == [name, ""]
    assert message.get_content().rstrip() == text


def test_a_header_that_the_charset_lacks() -> None:
    """It is UTF-8 then, and nothing is lost."""
    message = read(replace(LETTER, subject="日本", text="x", charset="latin-1"))
    assert message["Subject"] == "日本"


def test_the_same_in_html() -> None:
    """Beside the text, or alone; copies stand in the header."""
    both = replace(LETTER, text="x", html="<p>x", copies=["e@f.example"], attachments=[
        Attachment("a.txt", b"a")
    ])  # fmt: skip
    message = read(both)
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/plain",
    ]  # fmt: skip
    assert message["Cc"] == "e@f.example"
    inner = next(part for part in message.walk() if "alternative" in part.get_content_type())
    assert not inner.get_boundary().startswith(message.get_boundary())
    assert read(replace(LETTER, text=None, html="<p>x")).get_content_type() == "text/html"
