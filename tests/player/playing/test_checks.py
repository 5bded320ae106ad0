"""@assert: facts, operators, and messages that nobody would send on purpose."""

from pathlib import Path

import pytest

from mailprobe.errors import Word
from mailprobe.player.playing import message
from tests.hostile import server as at
from tests.player.scenes import against, passed, problem

MAIL = (
    "Subject: =?GB2312?B?suLK1NPKvP4=?=\r\n"
    "From: Bob\r\n <bob@example.test>\r\n"
    "X-Empty:\r\n"
    "\r\n"
    "..a dot\r\n"
    "caf\u00e9\r\n"
).encode()
RETR = [
    at.send(b"+OK\r\n"),
    at.answer(
        {b"RETR": b"+OK 9\r\n" + MAIL + b".\r\n", b"UIDL": b"+OK\r\n1 a\r\n2 b\r\n.\r\n"},
        default=b"+OK\r\n",
    ),
]
LOGIN = "S? +OK\nC: USER alice\nS? +OK\nC: PASS x\nS? +OK\n"
FETCH = LOGIN + "C: RETR 1\nS? +OK\n"


@pytest.mark.parametrize(
    "text",
    [
        "state == TRANSACTION",
        "state != update",
        "authenticated == yes",
        "authenticated == true",
        "authenticated != no",
        "tls == no",
        "deleted == 0",
        "lines == 7",
        "lines >= 7",
        "lines < 8",
        "octets > 90",
        "octets <= 95",
        "octets != 0",
        "body contains .a dot",
        "message.subject == 测试邮件",
        "message.SUBJECT contains 邮件",
        "message.from == Bob <bob@example.test>",
        "message.x-empty ==",
        "message.text contains café",
        "body is mail.eml",
        "n == 3",
        "n == 003",
        "word == abc",
        "word contains b",
        "word != abd",
    ],
)
def test_what_holds(tmp_path: Path, text: str) -> None:
    """Of the session, of the last message, of a name."""
    content = MAIL.replace(b"..a", b".a")
    (tmp_path / "mail.eml").write_bytes(content)
    result, _ = against(
        tmp_path,
        RETR,
        f"{FETCH}@assert {text}\n",
        protocol="pop3",
        header="set n: 3\nset word: abc",
    )
    passed(result)


@pytest.mark.parametrize(
    "text, said",
    [
        ("state == AUTHORIZATION", '"TRANSACTION"'),
        ("lines > 7", '"7"'),
        ("lines == {word}", 'never "abc"'),
        ("word > 1", "no numbers"),
        ("message.subject == x", "测试邮件"),
        ("message.cc == x", "no field cc"),
        ("body contains xyz", "it is"),
        ("body is other.eml", "other.eml"),
        ("stored >= 1", '"0"'),
        ("state != {word}", 'never "abc"'),
        ("tls != {word}", 'never "abc"'),
        ("authenticated != {word}", 'never "abc"'),
    ],
)
def test_what_does_not_hold(tmp_path: Path, text: str, said: str) -> None:
    """The sentence has what was expected and what it is; the line is that of the assertion."""
    (tmp_path / "other.eml").write_bytes(b"other")
    result, _ = against(
        tmp_path, RETR, f"{FETCH}@assert {text}\n", protocol="pop3", header="set word: abc"
    )
    assert said in problem(result, Word.MISMATCH, 8).sentence


def test_before_there_is_anything(tmp_path: Path) -> None:
    """Nothing is known of a message that did not come, of a connection that was not opened."""
    for fact in ("lines == 0", "message.subject == x", "message.text == x"):
        result, _ = against(tmp_path, RETR, f"{LOGIN}@assert {fact}\n", protocol="pop3")
        assert "no message" in problem(result, Word.MISMATCH).sentence
    for fact in ("state == ready", "tls == no"):
        result, _ = against(tmp_path, RETR, f"@assert {fact}\n", protocol="pop3")
        assert "no connection" in problem(result, Word.MISMATCH).sentence
    lines = "S: x\n@assert state == ready\n"
    result, _ = against(tmp_path, [at.send(b"x\r\n")], lines, protocol="raw")
    assert "raw" in problem(result, Word.MISMATCH).sentence


def test_a_listing_has_lines_too(tmp_path: Path) -> None:
    """Every multi-line response counts, the last one."""
    lines = FETCH + "C: UIDL\nS? +OK\n@assert lines == 2\n@assert octets == 10\n"
    passed(against(tmp_path, RETR, lines, protocol="pop3")[0])


def test_what_was_sent_is_a_message_too(tmp_path: Path) -> None:
    """Dots undone, by DATA and by BDAT."""
    lines = """
S: 220 mx
C: DATA
S: 354 go
C: Subject: hi
C:
C: ..dot
C: .
S: 250 ok
@assert message.subject == hi
@assert body contains .dot
@assert lines == 3
C: BDAT 13
C= Subject: one\\n
S: 250 ok
C: BDAT 6 LAST
C= \\ntext\\n
S: 250 ok
@assert message.subject == one
@assert octets == 19
@assert message.text contains text
@assert stored == 2
"""
    passed(against(tmp_path, at.smtp(), lines)[0])


def test_a_file_that_is_the_body_after_a_checkout(tmp_path: Path) -> None:
    """Line ends of a file may be those of the system; other octets may not."""
    lines = FETCH + "@assert body is mail.eml\n"
    content = MAIL.replace(b"..a", b".a")
    for octets in (content, content.replace(b"\r\n", b"\n"), content[:-2]):
        (tmp_path / "mail.eml").write_bytes(octets)
        passed(against(tmp_path, RETR, lines, protocol="pop3")[0])
    (tmp_path / "mail.eml").write_bytes(content + b"x")
    problem(against(tmp_path, RETR, lines, protocol="pop3")[0], Word.MISMATCH, 8)


# ---------------------------------------------------------------------------------- messages


@pytest.mark.parametrize(
    "value, decoded",
    [
        ("=?utf-8?Q?caf=C3=A9?=", "café"),
        ("=?gb2312?B?suLK1NPKvP4=?= x", "测试邮件 x"),
        ("=?gbk?B?1M2XcA==?=", b"\xd4\xcd\x97\x70".decode("gb18030")),
        ("=?nonsense?Q?abc?=", "abc"),
        ("=?zlib?B?eJwDAAAAAAE=?=", b"\x78\x9c\x03\0\0\0\0\x01".decode("utf-8", "replace")),
        ("=?idna?Q?xn--?=", "xn--"),
        ("=?../../x?Q?a?=", "a"),
        ("=?utf-8?B?!?=", ""),
        ("=?utf-8?B?YQ?=", "a"),
        ("plain", "plain"),
    ],
)
def test_fields(value: str, decoded: str) -> None:
    """As they were meant; what cannot be read stays as it is."""
    found = message.field(f"Subject: {value}\r\n\r\n".encode(), "subject")
    assert found == decoded.strip()


def test_fields_that_are_odd() -> None:
    """Folded, twice, without a colon, behind the header, not of ASCII."""
    octets = b"no colon\nA: 1\nA: 2\nB:\n 1\n\t2\nC: \xff\xe9\n\nD: 1\n"
    assert message.field(octets, "a") == "1"
    assert message.field(octets, "B") == "1\t2"
    assert message.field(octets, "c") == "\ufffd\ufffd"
    assert message.field(octets, "d") is None


def test_text_of_parts() -> None:
    """Plain text first; without it, the text that there is."""
    parts = (
        b'Content-Type: multipart/alternative; boundary="x"\r\n\r\n'
        b"--x\r\nContent-Type: text/html\r\n\r\n<b>one</b>\r\n"
        b"--x\r\nContent-Type: text/plain; charset=gb2312\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nsuLK1NPKvP4=\r\n--x--\r\n"
    )
    assert message.text(parts).strip() == "测试邮件"
    assert "<b>" in message.text(b"Content-Type: text/html\r\n\r\n<b>one</b>\r\n")
    assert message.text(b"Content-Type: image/png\r\n\r\nx\r\n") == ""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_text_stands_below_an_empty_line(end: str) -> None:
    """RFC 5322, section 2.1: what follows the header without one is no text."""

    def text(*lines: str) -> str:
        return message.text("".join(line + end for line in lines).encode())

    assert text("Subject: x", "Hello, Bob!") == ""
    assert text("Subject: x", "Hello Bob: hi") == ""
    assert text("Hello") == ""
    assert text("Subject: x", "Hello", "", "below", "more") == "below\nmore\n"
    assert text("Subject: x", "", "Hello, Bob!").rstrip() == "Hello, Bob!"
    assert text("", "Hello").rstrip() == "Hello"


@pytest.mark.slow
def test_messages_that_are_bombs() -> None:
    """Depth, charsets and encodings that make the library give up."""
    deep = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i)
        for i in range(3000)
    )
    assert isinstance(message.text(deep), str)
    for kind in (
        b"text/plain; charset=zlib",
        b"text/plain; charset=idna",
        b"text/plain; charset*=x''%ff",
        b"text/plain; charset=\xff",
        b"text",
        b"message/rfc822",
    ):
        for coding in (b"base64", b"x-uuencode", b"quoted-printable", b"\xff"):
            head = b"Content-Type: " + kind + b"\r\nContent-Transfer-Encoding: " + coding
            assert isinstance(message.text(head + b"\r\n\r\n=\xff\x00=ZZ begin\r\n"), str)
    hostile = b"Subject: " + b"=?a?q?" * 100_000
    assert message.field(hostile, "subject") is not None
