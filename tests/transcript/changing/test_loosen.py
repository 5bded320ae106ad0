"""loosen: what becomes a placeholder, what stays, and that the file still says the same."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.transcript.changing.canonical import fmt
from mailprobe.transcript.changing.loosen import loosen
from mailprobe.transcript.changing.volatile import TABLE
from mailprobe.transcript.dialogue import compile_steps
from mailprobe.transcript.load import load
from mailprobe.transcript.model import Unreadable
from mailprobe.transcript.parse import parse

SMTP = "protocol: smtp\n"
POP3 = "protocol: pop3\n"
LOGIN = "S? +OK\nC: USER a\nC: PASS b\nS? +OK\nS? +OK\n"
MAIL = "S? 220\nC: EHLO a\nS? 250\nC: MAIL FROM:<>\nS? 250\nC: RCPT TO:<a@b>\nS? 250\n"
MAIL += "C: DATA\nS? 354\nC: .\n"


def loosened(head: str, body: str) -> list[str]:
    """The lines of the body that are new; everything else must be as it was."""
    octets = f"mailprobe: 1\n{head}\n{body}".encode()
    made = loosen(parse(octets, "t.mpt"))
    old, new = octets.decode().split("\n"), made.decode().split("\n")
    assert len(old) == len(new)
    again = parse(made, "t.mpt")
    assert fmt(again) == made
    assert loosen(again) == made
    compile_steps(again)
    return [line for before, line in zip(old, new, strict=True) if line != before]


STATUS = {
    "host": ("S: 220 mx.example.net ESMTP", "S~ 220 {host:host=mx.example.net} ESMTP"),
    "localhost": ("S: 220-localhost\nS: 220 x", "S~ 220-{host:host=localhost}"),
    "host alone": ("S: 220 mx.example.net", "S~ 220 {host:host=mx.example.net}"),
    "date": (
        "S: 220 a Mon, 23 Nov 2026 02:20:00 +0000 (UTC)",
        "S~ 220 a {:date=Mon, 23 Nov 2026 02:20:00 +0000 (UTC)}",
    ),
    "date of C": (
        "S: 220 a at Mon Nov  3 02:20:00 2026",
        "S~ 220 a at {:any=Mon Nov  3 02:20:00 2026}",
    ),
    "date of ISO": (
        "S: 220 a [2026-11-23T02:20:00.123Z]",
        "S~ 220 a [{:word=2026-11-23T02:20:00.123Z}]",
    ),
    "session": (
        "S: 220 mx.google.com ESMTP a1-2002b.62 - gsmtp",
        "S~ 220 {host:host=mx.google.com} ESMTP {session:token=a1-2002b.62} - gsmtp",
    ),
    "SESSIONID": ("S: 220 a SESSIONID=<4a:b> b", "S~ 220 a SESSIONID=<{session:word=4a:b}> b"),
    "TLS": (
        "S: 220 a (TLSv1.3 TLS_AES_256_GCM_SHA384 (256/256 bits))",
        "S~ 220 a ({:token=TLSv1.3} {:token=TLS_AES_256_GCM_SHA384} ({:int=256}/{:int=256} bits))",
    ),
    "port": ("S: 220 a 127.0.0.1:1025 port 99", "S~ 220 a 127.0.0.1:{:int=1025} port {:int=99}"),
}


@pytest.mark.parametrize("name", STATUS)
def test_greetings(name: str) -> None:
    """Each kind of what is volatile, with what was recorded as its sample."""
    line, expected = STATUS[name]
    assert loosened(SMTP, line + "\n") == [expected]


def test_escapes_stay() -> None:
    """Braces that were plain are no placeholders, and a blank at the end can be seen."""
    found = loosened(SMTP, "S\\ 220 {x} \\e SESSIONID=x\\s\n")
    assert found == ["S~ 220 \\{x\\} \\e SESSIONID={session:word=x}\\s"]


def test_hello() -> None:
    """The server's name again, and whom it sees; what it offers stays."""
    body = (
        "S: 220 mx.example.net\nC: EHLO a\nS: 250-mx.example.net Hello a [127.0.0.1]\n"
        "S: 250-SIZE 1000\nS: 250 mx.example.net\nC: EHLO a\nS: 250-mx Hello 2001:db8::1\n"
        "S: 250 PORT 25\nC: EHLO a\nS: 250 other.example Hello [::1]\nC: QUIT\n"
        "S: 221 2.0.0 mx.example.net closing\n"
    )
    assert loosened(SMTP, body) == [
        "S~ 220 {host:host=mx.example.net}",
        "S~ 250-{host} Hello a [{:ip=127.0.0.1}]",
        "S~ 250 {host}",
        "S~ 250-mx Hello {:ip=2001:db8::1}",
        "S~ 250 {host-2:host=other.example} Hello [{:ip=::1}]",
        "S~ 221 2.0.0 {host} closing",
    ]


@pytest.mark.parametrize(
    "line, expected",
    [
        ("250 2.0.0 Ok: queued as 4XyT0s", "250 2.0.0 Ok: queued as {qid:qid=4XyT0s}"),
        ("250 OK id=1rABC-0001-Xy", "250 OK id={qid:qid=1rABC-0001-Xy}"),
        ("250 OK id=a/b+c", "250 OK id={qid:token=a/b+c}"),
        ("250 OK id=a:b", "250 OK id={qid:word=a:b}"),
        (
            "250 2.0.0 4AN2K0ab012 Message accepted",
            "250 2.0.0 {qid:qid=4AN2K0ab012} Message accepted",
        ),
        ("250 2.0.0 <a@b> wIhtL3Nc/AA Saved", "250 2.0.0 <a@b> {qid:token=wIhtL3Nc/AA} Saved"),
        ("250 ok 1700000000 qp 123", "250 ok {:int=1700000000} qp {:int=123}"),
        ("250 ok 1700000000", "250 ok {:int=1700000000}"),
        (
            "250 2.6.0 <x@y> [InternalId=7] 17 bytes",
            "250 2.6.0 {msgid:msgid=<x@y>} [InternalId={:int=7}] {:int=17} bytes",
        ),
        ("250 Ok", None),
        ("250 OK id=<>", None),
    ],
)
def test_behind_mail_data(line: str, expected: str | None) -> None:
    """What a server calls a mail that it has taken."""
    found = loosened(SMTP, f"{MAIL}S: {line}\n")
    assert found == ([f"S~ {expected}"] if expected else [])


def test_what_a_maildrop_holds() -> None:
    """Counts and sizes stand for themselves; unique-ids have names, also where they come again."""
    body = (
        "S: +OK mail.example.net ready <1.2@mail>\n" + LOGIN.partition("\n")[2] + "C: STAT\n"
        "S: +OK 2 1411\nC: LIST\nS: +OK 2 messages (1411 octets)\nS: 1 412\nS: 2 999\nS: .\n"
        "C: LIST 2\nS: +OK 2 999\nC: UIDL\nS: +OK\nS: 1 0000a1\nS: 2 b:0000\nS: ..a\nS: .\n"
        "C: UIDL 1\nS: +OK 1 0000a1\nC: NOOP 0000a1 b:0000\nS: +OK 0000a1\n"
        "C: TOP 1 0\nS: +OK\nS: Date: Mon, 23 Nov 2026 02:20:00 +0000\nS: Message-ID: <m@n>\n"
        "S: X-UIDL: 0000a1\nS\\ \\tid 4XyT0s12; x\nS: Message-ID: <p@q>\nS: .\nC: QUIT\nS: +OK\n"
    )
    assert loosened(POP3, body) == [
        "S~ +OK {host:host=mail.example.net} ready {stamp:msgid=<1.2@mail>}",
        "S~ +OK {:int=2} {:int=1411}",
        "S~ +OK {:int=2} messages ({:int=1411} octets)",
        "S~ 1 {:int=412}",
        "S~ 2 {:int=999}",
        "S~ +OK 2 {:int=999}",
        "S~ 1 {uid:token=0000a1}",
        "S~ 2 {uid-2:word=b:0000}",
        "S~ +OK 1 {uid}",
        "C~ NOOP {uid} {uid-2}",
        "S~ +OK {uid}",
        "S~ Date: {:date=Mon, 23 Nov 2026 02:20:00 +0000}",
        "S~ Message-ID: {msgid:msgid=<m@n>}",
        "S~ X-UIDL: {uid}",
        "S~ \\tid {qid:qid=4XyT0s12}; x",
        "S~ Message-ID: {msgid-2:msgid=<p@q>}",
    ]


def test_challenges() -> None:
    """Those that are made anew each time; prompts are not."""
    body = (
        "S? 220\nC: AUTH\nS? 501\nC: AUTH CRAM-MD5\nS: 334 PDEyMz4=\nC: *\nS? 501\n"
        "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: *\nS? 501\n"
        "C: AUTH SCRAM-SHA-1\nS: 334 cj0x\nC: *\nS? 501\n"
    )
    assert loosened(SMTP, body) == ["S~ 334 {:b64=PDEyMz4=}", "S~ 334 {:b64=cj0x}"]


def test_what_the_client_said_is_not_volatile() -> None:
    """What comes back will come back."""
    head = MAIL.replace("C: .\n", "C: Message-ID: <m1@n2>\nC: .\n")
    assert loosened(SMTP, head + "S: 250 <m1@n2> queued\n") == []
    assert loosened(SMTP, head + "S: 250 <m2@n2> queued\n") == [
        "S~ 250 {msgid:msgid=<m2@n2>} queued"
    ]


def test_names_that_are_taken() -> None:
    """By the file, or by what a secret is called."""
    head = SMTP + "set host: x\nmatrix session: a=1\n"
    body = "S: 220-mx.example.net SESSIONID=a1\nS~ 220 {host-2:any=x}\n"
    body += "C~ EHLO {host}{session}\nS? 250\n"
    assert loosened(head, body) == [
        "S~ 220-{host-3:host=mx.example.net} SESSIONID={session-2:word=a1}"
    ]


def test_what_is_captured_in_a_branch_counts_there() -> None:
    """Behind it nobody knows whether the name has a value; behind a round it has."""
    body = (
        "S? +OK\nC: USER a\nC: PASS b\nS? +OK\nS? +OK\nC: UIDL 1\n@alt a\nS: +OK 1 0000a1\n"
        "C: NOOP 0000a1\nS? +OK\n@or b\nS? -ERR\nC: NOOP 0000a1\nS? -ERR\n@end\n"
        "@wrong\nC: UIDL 2\nS: +OK 2 0000a2\n@end\nC: NOOP 0000a2\nS? +OK\n"
        "@poll within=9s every=1s\nS2: +OK\nC2: USER a\nC2: PASS a\nS2? +OK\nS2? +OK\nC2: UIDL 3\n"
        "S2: +OK 3 0000a3\n@end\nC: NOOP 0000a3\nS? +OK\n"
    )
    assert loosened(POP3 + "protocol 2: pop3\n", body) == [
        "S~ +OK 1 {uid:token=0000a1}",
        "C~ NOOP {uid}",
        "S~ +OK 2 {uid-2:token=0000a2}",
        "S2~ +OK 3 {uid-3:token=0000a3}",
        "C~ NOOP {uid-3}",
    ]


def test_what_stays() -> None:
    """Octets that are not a line, lines that were written, commands to the octet, long lines."""
    body = (
        "S? +OK\nC: USER a\nC: PASS b\nS? +OK\nS? +OK\nC: UIDL 1\nS= +OK 1\\s\nS= 0000a1\\r\\n\n"
        "C: UIDL 1\nS~ +OK 1 0000a1\nC: UIDL 2\nS: +OK 2 0000a2\nC= NOOP 0000a2\\r\\n\nS? +OK\n"
        "C~ NOOP {=md5(x)}0000a2\nS? +OK\nC: NOOP\nS: +OK " + "1" * 5000 + " messages\n"
    )
    assert loosened(POP3 + "set x: 1\n", body) == [
        "S~ +OK 2 {uid:token=0000a2}",
        "C~ NOOP {=md5(x)}{uid}",
    ]


def test_what_is_of_no_type_stays() -> None:
    """A sample could not hold it."""
    assert loosened(POP3, "S\\ +OK <a\\0@b>\n") == []


def test_raw() -> None:
    """Where there are no replies, a date is one all the same."""
    body = "S: * OK 2026-11-23T02:20:00Z\nS* a\nC: a\nS: 250 mx.example.net 1 messages\n"
    assert loosened("protocol: raw\n", body) == ["S~ * OK {:word=2026-11-23T02:20:00Z}"]


def test_fields_side_by_side() -> None:
    """Two wildcards with nothing between them would say nothing: the first one is taken."""
    body = "S: 220 a 127.0.0.1:25 SESSIONID=TLSv1.2 Mon, 23 Nov 2026 02:20:00 UTC\n"
    assert loosened(SMTP, body) == [
        (
            "S~ 220 a 127.0.0.1:{:int=25} SESSIONID={session:word=TLSv1.2} "
            "{:date=Mon, 23 Nov 2026 02:20:00 UTC}"
        )
    ]


def test_line_ends_and_the_mark_of_utf8_stay() -> None:
    """Only text changes; the last line is as unfinished as it was."""
    octets = b"\xef\xbb\xbfmailprobe: 1\r\nprotocol: smtp\r\n\r\n"
    octets += b"S: 220 mx.example.net\r\nC: QUIT\r\nS: 221 x"
    assert loosen(parse(octets, "t.mpt")) == octets.replace(
        b"S: 220 mx.example.net", b"S~ 220 {host:host=mx.example.net}"
    )


def test_a_line_that_would_be_too_long() -> None:
    """It stays as it is: with its escapes nobody could read it."""
    long = "{" * 600_000
    body = f"{LOGIN}C: UIDL 1\nS: +OK 1 0000a1\nC: NOOP 0000a1 {long}\nS? +OK\n"
    assert loosened(POP3, body) == ["S~ +OK 1 {uid:token=0000a1}"]


def test_a_file_that_cannot_be_played() -> None:
    """It is told why, and where."""
    with pytest.raises(Unreadable, match="connection 2 has no protocol"):
        loosen(parse(b"mailprobe: 1\nprotocol: smtp\n\nS2: 220 mx\n", "t.mpt"))


def test_included_lines_stay(tmp_path: Path) -> None:
    """They belong to another file; what they capture has a name all the same."""
    (tmp_path / "in.mpt").write_text(
        "mailprobe: 1\nprotocol: pop3\n\nS: +OK\nC: UIDL 0000a1\nS: +OK 1 0000a1\n"
    )
    path = tmp_path / "t.mpt"
    path.write_text("mailprobe: 1\nprotocol: pop3\n\n@include in.mpt\nC: UIDL 1\nS: +OK 1 0000a2\n")
    assert loosen(load(path)) == path.read_bytes().replace(
        b"S: +OK 1 0000a2", b"S~ +OK 1 {uid:token=0000a2}"
    )


_PROTOCOLS = st.sampled_from(["smtp", "pop3", "raw"])


@given(st.text(st.characters(codec="utf-8"), max_size=200), _PROTOCOLS)
def test_no_line_is_trouble(text: str, protocol: str) -> None:
    """Whatever a server says, the result is a transcript, and says the same again."""
    line = "".join(c if c.isprintable() else " " for c in text).rstrip(" ")
    octets = (
        f"mailprobe: 1\nprotocol: {protocol}\n\nS: 220 {line or 'x'}\nC: QUIT\nS: +OK\n".encode()
    )
    try:
        transcript = parse(octets, "t.mpt")
        made = loosen(transcript)
    except Unreadable:
        return
    assert loosen(parse(made, "t.mpt")) == made


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.pattern.pattern.decode()[:40])
def test_no_line_makes_a_row_slow(row: object) -> None:
    """Lines made to be gone through again and again cost no more than others."""
    pattern = row.pattern  # type: ignore[attr-defined]
    for piece in (b"a.", b"1:", b"<a@", b" ", b"a-", b"1.", b"Mon, ", b"id=", b":"):
        line = b"220 " + piece * (4096 // len(piece)) + b"\x00"
        assert sum(1 for _ in pattern.finditer(line)) < 4096
