"""Messages as trees of parts: what mailers write, what they break, and what attackers send."""

import base64
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.render.mime.tree import Part, content, read_message, text_of

ROOT = Path(__file__).parent.parent.parent.parent
TITLE = "恭喜您成为本邮件系统的新用户! "
BODY = "恭喜!\r\n您好，恭喜您成为musemail.com的邮箱用户。"


def mail(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape").replace(b"\n", b"\r\n")


def kinds(octets: bytes) -> list[tuple[int, str]]:
    return [(part.depth, part.kind) for part in read_message(octets)]


def only(octets: bytes) -> Part:
    (part,) = read_message(octets)
    return part


def test_mail_of_2007() -> None:
    """The sandbox's Chinese mail: GB2312 read as GB18030, in headers and in the text."""
    path = ROOT / "mailprobe" / "sandbox" / "samples" / "2-muse.eml"
    octets = path.read_bytes().replace(b"\n", b"\r\n")
    part = only(octets)
    assert part.named("subject") == TITLE
    assert part.named("from") == "系统管理员 <postmaster@example.test>"
    assert (part.kind, part.charset, part.encoding) == ("text/plain", "GB2312", "quoted-printable")
    assert text_of(octets, part).text.startswith(BODY)
    assert "GB2312 read as GB18030, its superset" in part.notes


def test_mail_of_2007_as_the_page_broke_it() -> None:
    """No blank line, no charset, a subject cut short, octets cut by line ends: it is read."""
    page = (ROOT / "transcripts" / "muse" / "telnet-2007.mpt").read_text()
    lines = page.split("+OK 999 bytes\n")[1].split("S: .\n")[0].splitlines()
    octets = mail("".join(f"{line[3:]}\n" for line in lines))
    part = only(octets)
    assert part.named("from") == "系統管理員"
    assert part.named("subject").startswith(TITLE[:11])
    text = text_of(octets, part).text
    assert text.startswith(BODY)
    assert (
        "请牢记您的用户名和密码，如果有任何问题，您可以通过admin@system.default与系统管理员联系。"
        in text
    )
    assert "拉近网络与您的距离！\r\nhttp://www.musemailsvr.com/" in text
    assert {
        "no blank line between header and body",
        "quoted-printable cut inside of octets, joined again",
        "no charset is named: read as GB2312, by its looks",
        "From: 8-bit octets in the header",
        "Subject: an encoded-word does not end",
        "Subject: an encoded-word names no charset",
    } <= set(part.notes)


NESTED = mail(
    """\
Content-Type: multipart/mixed; boundary="a"

not shown
--a
Content-Type: multipart/alternative; boundary="ab"

--ab

one
--ab
Content-Type: text/html; charset=utf-8

<b>two</b>
--ab--
--a
Content-Type: message/rfc822

Subject: inner

three
--a
Content-Type: application/octet-stream; name="x.bin"
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename*=UTF-8''%E6%97%A5.bin

AAEC
--a--
behind
"""
)


def test_parts_stand_in_their_order() -> None:
    """Depth first, bodies without the line end before the delimiter."""
    parts = read_message(NESTED)
    assert [(part.number, part.depth, part.kind) for part in parts] == [
        (1, 0, "multipart/mixed"),
        (2, 1, "multipart/alternative"),
        (3, 2, "text/plain"),
        (4, 2, "text/html"),
        (5, 1, "message/rfc822"),
        (6, 2, "text/plain"),
        (7, 1, "application/octet-stream"),
    ]
    assert [text_of(NESTED, parts[n]).text for n in (2, 3, 5)] == ["one", "<b>two</b>", "three"]
    assert parts[5].named("subject") == "inner"
    assert content(NESTED, parts[6]) == b"\0\1\2"
    assert (parts[6].file_name, parts[6].attachment) == ("日.bin", True)
    assert not any(part.notes for part in parts)


def test_digest_holds_messages() -> None:
    """RFC 2046, section 5.1.5: what names no type there is a message."""
    text = "Content-Type: multipart/digest; boundary=d\n\n--d\n\nSubject: one\n\nx\n--d--\n"
    assert kinds(mail(text)) == [
        (0, "multipart/digest"),
        (1, "message/rfc822"),
        (2, "text/plain"),
    ]


@pytest.mark.parametrize(
    "text, note",
    [
        ("Content-Type: multipart/mixed\n\nx", "a multipart without a boundary"),
        ("Content-Type: multipart/x; boundary=a\n\nx", "a multipart whose boundary never comes"),
        ("Content-Type: multipart/mixed; boundary=a\n\n--a\n\nx", "a multipart that does not end"),
        (f"Content-Type: multipart/mixed; boundary={'a' * 300}\n\nx", "an endless boundary"),
        ("Content-Type: nonsense\n\nx", "a Content-Type that is none: read as text/plain"),
        ("From me Mon\nSubject: a\n\nx", "a line of an mbox file before the header"),
        ("Content-Transfer-Encoding: x-uu\n\nx", "nobody knows the encoding x-uu"),
        ("Content-Transfer-Encoding: base64\n\n*YQ==", "octets in base64 that do not belong there"),
        ("Content-Transfer-Encoding: base64\n\nYWJjZ", "base64 that ends early"),
        ("Content-Transfer-Encoding: base64\n\nYQ", "base64 without its padding"),
        (
            "Content-Transfer-Encoding: quoted-printable\n\na=b",
            "a = in quoted-printable that encodes nothing",
        ),
        ("Content-Type: text/plain; charset=zip\n\nx", "nobody knows the charset zip"),
        ("Content-Type: text/plain; charset=idna\n\nx", "nobody knows the charset idna"),
        ("Content-Type: text/plain; charset=utf-8\n\n\udcff", "octets that are no UTF-8"),
        ("Content-Type: text/plain; charset=utf-16\n\nabc", "octets that are no UTF-16"),
        (
            "Content-Type: text/plain; charset=us-ascii\n\n\udce9t\udce9",
            "8-bit octets in us-ascii: read as Windows-1252, by its looks",
        ),
        ("Subject: =?utf-8?B?YQ", "Subject: an encoded-word does not end"),
        ("Subject: x\n" * 1001 + "\n", "a header longer than is read"),
        (
            "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\neA==",
            "message/rfc822 must not be in base64",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(text: str, note: str) -> None:
    """Each defect has its sentence, and the rest of the message is read all the same."""
    assert note in [note for part in read_message(mail(text)) for note in part.notes]


@pytest.mark.parametrize(
    "value, text",
    [
        ("=?utf-8?q?a_b=3D?=", "a b="),
        ("=?utf-8?B?YQ==?= =?utf-8?B?Yg==?= c", "ab c"),
        ("=?utf-8?B?5pc=?=\n =?utf-8?B?pQ==?=", "日"),  # a character in two words
        ("=?utf-8*en?Q?x?=", "x"),
        ("=?iso-8859-1?Q?=E9?= =?gbk?B?tPM=?=", "é大"),
        ("=?x?z?a?=", "=?x?z?a?="),
        ("plain\n\tfolded", "plain\tfolded"),
    ],
)
def test_encoded_words(value: str, text: str) -> None:
    """RFC 2047, and what mailers make of it."""
    assert only(mail(f"Subject: {value}\n\n")).named("subject") == text


@pytest.mark.parametrize(
    "value, name",
    [
        ('attachment; filename="a;b \\"c\\".txt"', 'a;b "c".txt'),
        ("attachment; filename*0=one; filename*1=two", "onetwo"),
        ("attachment; filename*1*=%64; filename*0*=utf-8''%C3%A9", "éd"),
        ('attachment; filename="=?utf-8?B?5pel?="', "日"),
        ("attachment; filename=../../etc/passwd", "../../etc/passwd"),
        ("attachment; filename=", ""),
    ],
)
def test_file_names(value: str, name: str) -> None:
    """RFC 2231 and its predecessors; the name is text, and nothing more."""
    assert only(mail(f"Content-Disposition: {value}\n\n")).file_name == name


def test_lines_may_end_in_lf_alone() -> None:
    """A message that was never on a wire."""
    octets = NESTED.replace(b"\r\n", b"\n")
    assert kinds(octets) == kinds(NESTED)
    assert text_of(octets, read_message(octets)[2]).text == "one"


# ------------------------------------------------------------------------------ hostile messages


def test_depth_is_bounded() -> None:
    """A thousand parts inside of each other: twenty are looked into."""
    text = "".join(
        f"Content-Type: multipart/mixed; boundary=b{n}x\n\n--b{n}x\n" for n in range(1000)
    )
    parts = read_message(mail(text))
    assert max(part.depth for part in parts) == 20
    assert any("not looked into" in note for part in parts for note in part.notes)
    messages = "Content-Type: message/rfc822\n\n" * 1000
    assert len(read_message(mail(messages))) == 21


def test_number_of_parts_is_bounded() -> None:
    """Ten thousand parts: a thousand are listed, and it says so."""
    text = "Content-Type: multipart/mixed; boundary=b\n\n" + "--b\n\nx\n" * 10_000 + "--b--\n"
    parts = read_message(mail(text))
    assert len(parts) == 1000
    assert "more than 1,000 parts: the others are not listed" in parts[0].notes


def test_long_headers_are_bounded() -> None:
    """What stands behind the bound is not taken for fields."""
    part = only(b"X: " + b"a" * 1000 + b"\r\n" + b" b\r\n" * 200_000)
    assert sum(len(one.raw) for one in part.header) < 300_000
    assert only(b";" * 300_000).header == ()


@pytest.mark.parametrize("name", ["x" * 5000, "utf-8\0", "../utf-8", "bz2", "punycode", "é"])
def test_names_of_charsets_are_no_code(name: str) -> None:
    """Only codecs of text are asked, by names that may be theirs."""
    octets = mail(f'Content-Type: text/plain; charset="{name}"\n\nabc')
    assert text_of(octets, only(octets)).text == "abc"


PIECES = st.sampled_from(
    [
        b"Content-Type: multipart/mixed; boundary=a\r\n",
        b"Content-Type: multipart/digest; boundary=\"b\"\r\n",
        b"Content-Type: message/rfc822\r\n",
        b"Content-Type: text/plain; charset=gb2312\r\n",
        b"Content-Type: text/html; charset*0*=utf-16''%ff\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"Content-Transfer-Encoding: Quoted-Printable\r\n",
        b"Content-Disposition: attachment; filename*0*=x'y'%1B]0;a; filename=\"\x1b[2J\r\n",
        b"Subject: =?gbk?B?tPM?= =?x?q?=1B=\r\n",
        b"\r\n",
        b"\n",
        b"--a\r\n",
        b"--b\r\n",
        b"--a--\r\n",
        b"=A\r\n4==\r\n",
        b"\x1b[2J\0\xff",
    ]
)  # fmt: skip


@given(st.lists(PIECES | st.binary(max_size=30), max_size=30).map(b"".join))
def test_nothing_is_raised_and_nothing_is_outside(octets: bytes) -> None:
    """Any octets at all: parts are places inside of the message, and all of them can be read."""
    parts = read_message(octets)
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    for part in parts:
        assert 0 <= part.start <= part.end <= len(octets)
        content(octets, part)
        text_of(octets, part).text.encode("utf-8", "surrogateescape")


@given(st.binary(max_size=2000), st.integers(1, 76))
def test_base64_comes_back(octets: bytes, width: int) -> None:
    """What a mailer encoded is what is saved, wherever its lines end."""
    text = re.sub(b"(.{%d})" % width, rb"\1\r\n", base64.b64encode(octets))
    message = b"Content-Transfer-Encoding: base64\r\n\r\n" + text
    part = only(message)
    assert content(message, part) == octets


@pytest.mark.parametrize("line", ["--bx", " --b", "--b x", "x--b", "--b" + " " * 300, "--b---"])
def test_what_only_looks_like_a_delimiter(line: str) -> None:
    """It belongs to the text of the part (RFC 2046, section 5.1.1)."""
    octets = mail(f"Content-Type: multipart/mixed; boundary=b\n\n--b \t\n\n{line}\n--b--\n")
    parts = read_message(octets)
    assert [text_of(octets, part).text for part in parts[1:]] == [line]


def test_long_text_that_is_no_text() -> None:
    """Where keeping every octet would take too long, they are replaced."""
    octets = b"Content-Type: text/plain; charset=gbk\r\n\r\n" + b"\xff" * 1_100_000
    assert text_of(octets, only(octets)).text == "\ufffd" * 1_100_000
