"""The mail in a transcript, octet for octet."""

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.render.export.mail import mail, messages
from mailprobe.render.export.options import Options
from mailprobe.transcript.model import Transcript
from tests.render.samples import pop3, read, smtp

HELLO = ("S? 220", "C: EHLO me", "S? 250")
BEGIN = ("C: MAIL FROM:<a@b>", "S? 250", "C: RCPT TO:<c@d>", "S? 250")
DATA = (*HELLO, *BEGIN, "C: DATA", "S? 354")
FILES = {"body.txt": b"a\n.b\rc", "wire.eml": b"x\n..y\r\n"}


def all_of(transcript: Transcript) -> list[bytes]:
    return list(messages(transcript, Options(read=FILES.__getitem__)))


def test_data() -> None:
    """Doubled dots are undone; escapes and unfinished lines are what they say."""
    transcript = smtp(
        *(*DATA, "C: Subject: x", "C:", "C: ..dot", r"C\ caf\xe9\s", "C= a", r"C= b\n.c\r\n"),
        *("C: .", "S? 250"),
    )
    assert all_of(transcript) == [b"Subject: x\r\n\r\n.dot\r\ncaf\xe9 \r\nab\n.c\r\n"]


def test_pipelined_and_refused() -> None:
    """What is mail data is known by the replies: after a refused DATA come commands."""
    begun = ("C: MAIL FROM:<a@b>", "C: RCPT TO:<c@d>", "C: DATA", "S? 250", "S? 250")
    assert all_of(smtp(*HELLO, *begun, "S? 354", "C: x", "C: .", "C: QUIT")) == [b"x\r\n"]
    assert all_of(smtp(*HELLO, *begun, "S? 554", "C: NOOP", "S? 250")) == []


def test_chunks() -> None:
    """As they are counted, dots and all; RSET drops those that came before."""
    chunk = ("C: BDAT 5", "C= .a\\r\\nb", "S? 250")
    transcript = smtp(
        *(*HELLO, *BEGIN, *chunk, "C: RSET", "S? 250"),
        *(*BEGIN, *chunk, "C: BDAT 3 LAST", "C: c", "S? 250"),
        *(*BEGIN, *chunk, "C: BDAT 0 LAST", "S? 250"),
        *(*BEGIN, *chunk),
    )
    assert all_of(transcript) == [b".a\r\nbc\r\n", b".a\r\nb", b".a\r\nb"]


def test_messages_of_a_maildrop() -> None:
    """RETR and TOP, not LIST; dots undone; a reply that is only a class has no text.

    A body that is cut off ends before the line end, which may belong to the end of the body.
    """
    transcript = pop3(
        *("S? +OK", "C: LIST", "S: +OK", "S: 1 5", "S: .", "C: RETR 1", "S: +OK", "S: ..x", "S: ."),
        *("C: TOP 1 0", "S: +OK", "S: y", "S: .", "C: RETR 2", "S? +OK", "C: RETR 3"),
        *("S: +OK", "S: cut"),
    )
    assert all_of(transcript) == [b".x\r\n", b"y\r\n", b"cut"]


def test_files() -> None:
    """A file becomes CRLF and dots are doubled and undone; a raw one travels as it is."""
    assert all_of(smtp(*DATA, "C: a", "C< body.txt", "C: .")) == [b"a\r\na\r\n.b\r\nc\r\n"]
    assert all_of(smtp(*DATA, "C< raw wire.eml", "C: .")) == [b"x\n..y\r\n"]
    retr = ("S? +OK", "C: RETR 1", "S: +OK")
    assert all_of(pop3(*retr, "S> body.txt", "S: .")) == [b"a\r\n.b\r\nc\r\n"]
    chunk = ("C: BDAT 10 LAST", "C< body.txt")
    assert all_of(smtp(*HELLO, *BEGIN, *chunk)) == [b"a\r\n.b\r\nc\r\n"]


def test_a_file_that_nobody_reads() -> None:
    """Half a message is none."""
    with pytest.raises(Failure, match="x.mpt:14:1: the file cannot be read") as caught:
        list(messages(smtp(*DATA, "C< body.txt", "C: ."), Options()))
    assert caught.value.word is Word.USAGE


def test_what_names_stand_for() -> None:
    """Settings and samples; what only a run knows stands there by its name."""
    source = "mailprobe: 1\nprotocol: smtp\nset a: b\nset id: {=uuid}\nmatrix m: x=1 | y=2\n\n"
    lines = [*DATA, "C~ {a} {id} {m} {n=5} {n} {=now} {p}", "C: ."]
    # a name that is no secret must be known, so {p} stands for what an S line captured
    lines.insert(0, "S~ 220 {p} x")
    lines.remove("S? 220")
    transcript = read(source + "\n".join(lines) + "\n")
    assert all_of(transcript) == [b"b {id} 1 5 5 {=now} {p}\r\n"]


def test_the_number_that_is_asked_for() -> None:
    """From 1; the sentence says how many there are."""
    one = (*BEGIN, "C: DATA", "S? 354")
    transcript = smtp(*HELLO, *one, "C: a", "C: .", "S? 250", *one, "C: b", "C: .", "S? 250")
    assert mail(transcript, Options()) == b"a\r\n"
    assert mail(transcript, Options(number=2)) == b"b\r\n"
    for number in (0, 3):
        with pytest.raises(Failure, match=f"has 2 messages, and no number {number}"):
            mail(transcript, Options(number=number))
    with pytest.raises(Failure, match="has one message, and no number 2"):
        mail(smtp(*HELLO, *one, "C: a", "C: ."), Options(number=2))


def test_no_mail_at_all() -> None:
    """That is said; a protocol that nobody knows has none."""
    for transcript in (smtp(*HELLO), read("mailprobe: 1\nprotocol: raw\n\nC: DATA\nC: .\n")):
        with pytest.raises(Failure, match="no mail in it") as caught:
            mail(transcript, Options())
        assert caught.value.word is Word.USAGE


def test_each_connection_has_its_own() -> None:
    """Two sessions in one file do not mix."""
    source = "mailprobe: 1\nprotocol: smtp\nprotocol 2: pop3\ntls 2: implicit\n\n"
    lines = [*DATA, "C: a", "S2? +OK", "C2: RETR 1", "S2: +OK", "S2: b", "C: .", "S2: ."]
    assert all_of(read(source + "\n".join(lines) + "\n")) == [b"a\r\n", b"b\r\n"]


def test_tls_forgets() -> None:
    """After STARTTLS the dialogue begins anew."""
    tls = ("C: STARTTLS", "S? 220", "@tls", "C: EHLO me", "S? 250")
    assert all_of(smtp(*HELLO, *tls, *BEGIN, "C: DATA", "S? 354", "C: a", "C: .")) == [b"a\r\n"]
