"""lint: each thing that it says, where it says it, and what it says nothing of."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from mailprobe.transcript.lint import Note, lint
from mailprobe.transcript.load import load, resolve
from mailprobe.transcript.parse import parse

SMTP = "protocol: smtp\n"
POP3 = "protocol: pop3\n"
BYE = "C: QUIT\nS? 221\n"
LOGIN = "S? +OK\nC: USER a\nS? +OK\nC~ PASS {password}\nS? +OK\n"
MAIL = "S? 220\nC: MAIL FROM:<>\nS? 250\nC: RCPT TO:<a@b>\nS? 250\n"
LESSON = SMTP + "lang: en zh\ntitle: a\ntitle zh: b\n"


def notes(
    head: str, body: str, files: Callable[[str], Path] | None = None, name: str = "t.mpt"
) -> list[Note]:
    blank = "\n" if body else ""
    return lint(parse(f"mailprobe: 1\n{head}{blank}{body}".encode(), name), files)


def told(head: str, body: str) -> list[tuple[int, str]]:
    """Line of the body, from 1 on (of the header: below 1), and what is marked there."""
    offset = head.count("\n") + 2
    return [
        (note.place.line - offset, note.text[note.place.column - 1 :][: note.width])
        for note in notes(head, body)
    ]


QUIET = {
    "who hangs up waits for nothing": (SMTP, "S? 220\nC: NOOP\nC@ close\n"),
    "a recorded APOP": (POP3, "S? +OK\nC~ APOP alice {=apop}\nS? +OK\nC: QUIT\nS? +OK\n"),
    "a file to another host": (
        SMTP + "connect: mx\nset a: b\n",
        MAIL + "C: DATA\nS? 354\nC< x\nC~ {a}\nC: .\nS? 250\n",
    ),
    "marks of a mock": (
        POP3 + "tags: mock\n",
        LOGIN + "C: DELE 1\nS? +OK\nC: QUIT\nS? +OK\n",
    ),
    "a date that is the same in each run": (
        POP3 + "connect: sandbox/muse\nmatch: text\n",
        "S: +OK ready; Mon, 06 Feb 2006 13:41:07 +0800\n",
    ),
    "marks in maildrops of its own": (
        POP3 + "connect: sandbox/muse\n",
        LOGIN + "C: DELE 1\nS? +OK\nC: QUIT\nS? +OK\n",
    ),
    "silence": (SMTP, "C@ pause 1s\n"),
    "a session": (SMTP, "S? 220\nC: EHLO a\nS? 250\nS+ STARTTLS\nS- AUTH\n" + BYE + "S@ close\n"),
    "data": (SMTP, MAIL + "C: DATA\nS? 354\nC: ..a\nC: .\nS? 250\n" + BYE),
    "exact octets in data": (
        SMTP,
        MAIL + "C: DATA\nS? 354\nC= a\\n\nC= .b\\r\\n\nC= a\nC: .b\nC: .\nS? 250\n",
    ),
    "replies behind a false end": (
        SMTP,
        MAIL + "C: DATA\nS? 354\nC= a\\n.\\n\nC: NOOP\nC: .\nS? 250\nS? 250\nS? 500\n",
    ),
    "data that the server ends": (SMTP, MAIL + "C: DATA\nS? 354\nC: a\nS: 421 bye\nS@ close\n"),
    "chunks": (
        SMTP,
        MAIL + "C: BDAT 3\nC: a\nC: BDAT 0\nC: BDAT 1 LAST\nC= x\nS? 250\nS? 250\nS? 250\n",
    ),
    "a count that nobody knows": (SMTP, MAIL + "C~ BDAT {:int=9} LAST\nC: a\nS? 250\n"),
    "a chunk that is refused": (SMTP, "S? 220\nC: BDAT x\nS? 501\nC= BDAT 2\\r\\nab\nS? 503\n"),
    "an early goodbye": (SMTP, "S? 220\nC: EHLO a\nS? 250\nS: 421 4.4.2 late\nS@ close\n"),
    "a reply that is cut": (SMTP, "S? 220\nC: EHLO a\nS= 250-\nS@ close\n"),
    "an end by the client": (SMTP, "S? 220\nC: EHLO a\nC@ reset\n"),
    "half an end": (SMTP, "S? 220\nC: EHLO a\nC@ close\nS? 250\n"),
    "TLS": (SMTP, "S? 220\nC: STARTTLS\nC: NOOP\nS? 220\n@tls\nC: EHLO a\nS? 250\n"),
    "TLS that is refused": (SMTP, "S? 220\nC: STARTTLS\nS? 454\nC: NOOP\nS? 250\n"),
    "a go-ahead and no more": (SMTP, "S? 220\nC: STARTTLS\nS? 220\nS@ silent 1s\nC@ reset\n"),
    "TLS from the first octet": (
        POP3 + "tls: implicit\nconnect: mail.example.net\n",
        LOGIN,
    ),
    "a secret to this machine": (POP3 + "connect: [::1]:110\n", LOGIN),
    "a secret to an answer": (SMTP, "S? 220\nC: AUTH LOGIN\nS: 334 x\nC: *\nS? 501\n"),
    "a public password of a mock": (POP3 + "set password: x\n", LOGIN),
    "a mark that is taken back": (
        POP3,
        LOGIN + "C: DELE 1\nS? +OK\nC: RSET\nS? +OK\nC: QUIT\nS? +OK\n",
    ),
    "a mark that nobody commits": (POP3, LOGIN + "C: DELE 1\nS? +OK\nS@ close\n"),
    "a mark that was refused": (
        POP3,
        LOGIN + "C: DELE 1\nC: DELE x\nC: QUIT\nS? -ERR\nS? -ERR\nS? +OK\n",
    ),
    "a QUIT that was refused": (SMTP, "S? 220\nC: QUIT\nS? 550\nC: QUIT\nS? 221\n"),
    "names": (
        SMTP + "set a: 1\nset b: {=b64(a)}\nmatrix c: x=1 | y=2\n",
        (
            "S~ 220 {d:host=mx}\nC~ EHLO {b}{c}\nS? 250\nS+ X {e:word}\n"
            "C~ VRFY {d}{e}{=md5(a)}{f=x}{f}\nS? 2xx\n"
            "@assert d == {e}\n@assert state == {:any=x}\n"
        ),
    ),
    "logins": (
        SMTP + "set user: a\n",
        (
            'S? 220\nC~ AUTH PLAIN {=sasl}\nS? 535\nC~ AUTH PLAIN {=sasl("b", password2)}\nS? 535\n'
            "C~ AUTH PLAIN {=sasl}\nS? 235\nC~ AUTH PLAIN {=b64(token)}\nS? 503\n"
        ),
    ),
    "a TLS version": (SMTP, "S? 220\nC: STARTTLS\nS? 220\n@tls version={v}\nC~ EHLO {v}\nS? 250\n"),
    "raw": ("protocol: raw\n", "S~ * {x:word}\nC~ {x}\nS: 250 a\nC: STARTTLS\nS@ close\n"),
    "rounds": (
        SMTP + "protocol 2: pop3\n",
        (
            "S? 220\n@poll within=9s every=1s\nS2~ +OK {n:int=1}\nC2: QUIT\nS2? +OK\n"
            "@end\nC~ VRFY {n}\nS? 2xx\n"
        ),
    ),
    "branches": (
        SMTP,
        (
            "@alt a\nS? 220\nC: EHLO a\n@alt b\nS? 250\n@or c\nS? 5xx\n@end\n@or d\n"
            "S: 421 a\nS@ close\n@end\n"
        ),
    ),
    "conditions": (
        SMTP,
        (
            "S? 220\nC: EHLO a\nS? 250\nS+ AUTH PLAIN\nS- AUTH LOGIN\nS+ {x}\nS- {}\nS- X\nS+ {}\n"
            "C: NOOP\nS? 250\nS+ a\nS- ab\nS- .\n"
        ),
    ),
    "texts in two languages": (
        LESSON,
        (
            "==en a\n==zh b\n|en a\n|en b\n\n# x\n|zh c\n?en a\n?en b\n?zh c\n?zh d\n"
            "S? 220\n| a\n|zh b\n"
        ),
    ),
    "one language": (SMTP + "lang: en\n", "|en a\nS? 220\n"),
    "a mistake": (
        SMTP,
        "S? 220\n@wrong\nC: HELP\nS? 5xx\n| no\n@end\n@wrong\nC: X\nS@ close\n@end\n" + BYE,
    ),
    "times": (SMTP, "S@ after 1s\nS@ within 2s\nS? 220\n@poll within=2s every=1s\nS? 220\n@end\n"),
    "a lesson": (SMTP + "lesson: pop3-02\nneeds: pop3-01\ntags: a, b\n", "S? 220\n"),
    "a secret to the letter": (
        POP3 + "connect: mx\n",
        "S? +OK\nC: USER a\nC: PASS x\nS? +OK\nS? +OK\n",
    ),
    "two replies in one line": (SMTP, "S= 220 a\\r\\n421 b\\r\\n\nS@ close\n"),
    "bodies": (
        POP3,
        LOGIN + "C: LIST\nS: +OK\nS: 1 2\nS* {}\nS: .\nC: RETR 1\nS: +OK\nS: ..a\nS> x\nS: .\n",
    ),
    "lines of any kind": (SMTP, "S: 220-a\nS* 220-{}\nS: 220 b\n"),
    "another round of a challenge": (SMTP, "S? 220\nC: AUTH PLAIN\nS\\ 334\\s\nC:\nS? 535\n"),
}


@pytest.mark.parametrize("name", QUIET)
def test_what_is_right_is_not_spoken_of(name: str) -> None:
    """No false alarm."""
    assert notes(*QUIET[name]) == []


# What lint says: of which header and lines, on which line of the body, about which text.
SAID: dict[str, tuple[str, str, list[tuple[int, str]]]] = {
    "nothing at all": (SMTP, "", [(-2, "mailprobe: 1")]),
    "nothing but text": (SMTP, "# a\n\n== b\n| c\n", [(-2, "mailprobe: 1")]),
    "a dot": (
        SMTP,
        MAIL + "C: DATA\nS? 354\nC: .a\nC: .\nS? 250\n",
        [(8, "C: .a")],
    ),
    "no end of data": (SMTP, MAIL + "C: DATA\nS? 354\nC: a\nS? 250\n", [(6, "C: DATA")]),
    "no end of data at the end": (SMTP, MAIL + "C: DATA\nS? 354\nC: a\n", [(6, "C: DATA")]),
    "on with data that was refused": (
        SMTP,
        MAIL + "C: DATA\nS? 354\nC: a\nS: 450 no\nC: b\nC: .\nS? 250\n",
        [(6, "C: DATA")],
    ),
    "data of POP3": (POP3, LOGIN + "C: XTND XMIT\nS? +OK\nC: a\nS? +OK\n", [(6, "C: XTND XMIT")]),
    "a chunk too long": (
        SMTP,
        MAIL + "C: BDAT 1 LAST\nC: a\nS? 250\nS? 500\n",
        [(6, "C: BDAT 1 LAST")],
    ),
    "a chunk too short": (SMTP, MAIL + "C: BDAT 9 LAST\nC: a\nS? 250\n", [(6, "C: BDAT 9 LAST")]),
    "a chunk too short at the end": (
        SMTP,
        MAIL + "C: BDAT 9 LAST\nC: a\n",
        [(6, "C: BDAT 9 LAST")],
    ),
    "no command behind a chunk": (
        SMTP,
        MAIL + "C: BDAT 3 LAST\nC: a\nC: b\nS? 250\nS? 500\n",
        [(6, "C: BDAT 3 LAST")],
    ),
    "a count that nobody knows": (
        SMTP + "set n: 9\n",
        MAIL + "C~ BDAT {n}\nC: a\nS? 250\n",
        [(6, "C~ BDAT {n}")],
    ),
    "a reply owed": (SMTP, "S? 220\nC: NOOP\n", [(2, "C: NOOP")]),
    "two replies owed": (SMTP, "S? 220\nC: NOOP\nC: HELP\nS? 250\n", [(3, "C: HELP")]),
    "no greeting": (SMTP, "C: NOOP\nC: QUIT\n", [(1, "C: NOOP")]),
    "a reply to nothing": (SMTP, "S? 220\nS: 250 a\n", [(2, "S: 250 a")]),
    "a question to nothing": (POP3, "S? +OK\nS? +OK\n", [(2, "S? +OK")]),
    "no reply": (SMTP, "S? 220\nC: NOOP\nS: 25O a\n", [(2, "C: NOOP"), (3, "S: 25O a")]),
    "no reply any more": (
        SMTP,
        "S? 220\nC: NOOP\nS: 250-a\nS: 25O b\n",
        [(2, "C: NOOP"), (4, "S: 25O b")],
    ),
    "no handshake": (
        SMTP,
        "S? 220\nC: STARTTLS\nS: 220-a\nS: 220 b\nC: EHLO a\nS? 250\n",
        [(4, "S: 220 b"), (6, "S? 250")],
    ),
    "no handshake, and silence": (
        SMTP,
        "S? 220\nC: STARTTLS\nS? 220\nC: EHLO a\n",
        [(3, "S? 220"), (4, "C: EHLO a")],
    ),
    "no go-ahead": (SMTP, "S? 220\n@tls\nC: NOOP\nS? 250\n", [(2, "@tls")]),
    "a secret in the clear": (
        POP3 + "connect: mail.example.net:110\n",
        LOGIN,
        [(4, "C~ PASS {password}")],
    ),
    "a public password": (
        POP3 + "connect: pop3s://mail.example.net\ntls: implicit\nset password: x\n",
        LOGIN,
        [(-1, "set password: x")],
    ),
    "public passwords of logins": (
        SMTP
        + "connect: mx\ntls: implicit\nset user: a\nset token: x\nset password: x\nset p2: y\n",
        (
            'S? 220\nC~ AUTH PLAIN {=sasl}\nS? 535\nC~ AUTH PLAIN {=sasl("b", p2)}\nS? 535\n'
            "C~ AUTH PLAIN {=b64(p2)}\nS? 535\n"
        ),
        [(-3, "set token: x"), (-2, "set password: x"), (-1, "set p2: y")],
    ),
    "a mark that QUIT commits": (
        POP3,
        LOGIN + "C: DELE 1\nS? +OK\nC: QUIT\nS? +OK\n",
        [(6, "C: DELE 1")],
    ),
    "a mark in a maildrop that others share": (
        POP3 + "connect: sandbox\n",
        LOGIN + "C: DELE 1\nS? +OK\nC: QUIT\nS? +OK\n",
        [(6, "C: DELE 1")],
    ),
    "a mark of mail that was there": (
        POP3 + "protocol 2: smtp\n",
        LOGIN + "S2? 220\nC: DELE 1\nC: DELE 7x\nS? +OK\nS? -ERR\nC: QUIT\nS? +OK\nS@ close\n",
        [(7, "C: DELE 1")],
    ),
    "a mark of mail that the file has sent": (
        POP3 + "protocol 2: smtp\nset n: 1\n",
        LOGIN + "S2? 220\nC~ DELE {n}\nS? +OK\nC: QUIT\nS? +OK\n",
        [],
    ),
    "on after QUIT": (SMTP, "S? 220\nC: QUIT\nS? 221\nC: NOOP\nS? 250\n", [(4, "C: NOOP")]),
    "on behind QUIT": (SMTP, "S? 220\nC: QUIT\nC: NOOP\nS? 221\nS? 250\n", [(3, "C: NOOP")]),
    "on after the end": (SMTP, "S? 220\nS@ close\nC: NOOP\n", [(3, "C: NOOP")]),
    "events after the end": (SMTP, "S? 220\nS@ close\nS@ silent 1s\n", [(3, "S@ silent 1s")]),
    "no protocol": ("", "S? 220\n", [(1, "S? 220")]),
    "no protocol of the second": (SMTP, "S2? 220\n", [(1, "S2? 220")]),
    "a connection that is not there": (
        SMTP + "protocol 2: pop3\n",
        "S? 220\n",
        [(-1, "protocol 2: pop3")],
    ),
    "a name unset": (SMTP, "S? 220\nC~ EHLO {a}\nS? 250\n", [(2, "{a}")]),
    "a name unset in a function": (SMTP, "S? 220\nC~ EHLO {=md5(a)}\nS? 250\n", [(2, "{=md5(a)}")]),
    "a name unset in an assertion": (SMTP, "S? 220\n@assert state == {a}\n", [(2, "{a}")]),
    "a name unset that is asserted": (SMTP, "S? 220\n@assert a == 1\n", [(2, "a")]),
    "a secret behind DATA": (
        SMTP,
        "S? 220\nC: DATA\nC~ AUTH PLAIN {password}\nS? 500\nS? 235\n",
        [(3, "{password}")],
    ),
    "wildcards of the client": (SMTP, "S? 220\nC~ AUTH X {a}{b}\nS? 535\n", [(2, "{b}")]),
    "a value of two lines": (
        SMTP + "matrix n: x=a\\nb\n",
        "S? 220\nC~ VRFY {n}\nS? 252\n",
        [(2, "C~ VRFY {n}"), (2, "{n}")],
    ),
    "wildcards": (
        SMTP,
        "S~ 220 {a}{b}\nC: NOOP\nS~ 250 {a}{c:int} {d:text}{e}\n",
        [(1, "{b}"), (3, "{e}")],
    ),
    "wildcards of raw": ("protocol: raw\n", "S~ {a}{b}\nS* {c}{d}\n", [(1, "{b}"), (2, "{d}")]),
    "no sample": (SMTP, "S? 220\nC~ EHLO {:host}\nS? 250\n", [(2, "{:host}")]),
    "a secret in mail": (
        SMTP,
        MAIL + "C: DATA\nS? 354\nC~ {password}\nC: .\nS? 250\n",
        [(8, "{password}")],
    ),
    "a login in mail": (
        SMTP + "set user: a\n",
        'S? 220\nC~ NOOP {=sasl("a")}\nS? 250\n',
        [(-1, "set user: a"), (2, '{=sasl("a")}')][1:],
    ),
    "a login of nobody": (SMTP, "S? 220\nC~ AUTH PLAIN {=sasl}\nS? 235\n", [(2, "{=sasl}")]),
    "no use": (
        SMTP + "set a: 1\nmatrix b: x=1 | y=2\n",
        "S? 220\n",
        [(-2, "set a: 1"), (-1, "matrix b: x=1 | y=2")],
    ),
    "too many matrices": (
        SMTP
        + "".join(f"matrix m{n}: {' | '.join(f'v{i}=1' for i in range(30))}\n" for n in range(3)),
        "",
        [],
    ),
    "a contradiction of words": (
        SMTP,
        "S? 220\nC: EHLO a\nS? 250\nS+ AUTH PLAIN\nS- AUTH\n",
        [(5, "S- AUTH")],
    ),
    "a contradiction": (SMTP, "S? 220\nS+ {x:int}\nS- {x:int}\n", [(3, "S- {x:int}")]),
    "no title": (SMTP + "lang: en zh\ntitle: a\n", "S? 220\n", [(-1, "title: a")]),
    "one round": (
        SMTP,
        "@poll within=1s every=2s\nS? 220\n@end\n",
        [(1, "@poll within=1s every=2s")],
    ),
    "a mistake without an answer": (
        SMTP,
        "S? 220\n@wrong\nC: X\n@end\n",
        [(2, "@wrong"), (3, "C: X")],
    ),
    "times of nothing": (
        SMTP,
        "S? 220\nS@ within 1s\nS@ after 1s\n",
        [(3, "S@ after 1s")],
    ),
    "not canonical": (SMTP, "S? 220\nC\\ NOOP\nS? 250\n", [(2, "C\\ NOOP")]),
    "an empty line too many": (SMTP, "S? 220\n\n\n", [(2, "")]),
    "volatile text": (
        SMTP + "match: text\n",
        "S: 220 mx.example.net at Mon, 23 Nov 2026 02:20:00 +0000\n",
        [(1, "S: 220 mx.example.net at Mon, 23 Nov 2026 02:20:00 +0000")],
    ),
    "text": (SMTP + "match: text\n", "S: 220 ready\n", []),
    "text that cannot be played": (
        SMTP + "match: text\n",
        "S2: 220 ready\n",
        [(1, "S2: 220 ready")],
    ),
    "a lesson's name": (SMTP + "lesson: A b\n", "S? 220\n", [(-1, "A b")]),
    "its needs": (
        SMTP + "lesson: a\nneeds: a b.c\n",
        "S? 220\n",
        [(-1, "a"), (-1, "b.c")],
    ),
    "needs of none": (SMTP + "needs: a\n", "S? 220\n", [(-1, "needs: a")]),
    "tags": (SMTP + "tags: a, A, b\n", "S? 220\n", [(-1, "A")]),
}
# In these a word stands in the line before the one that is meant, or much is said.
_LOOSE = {"its needs", "too many matrices"}


@pytest.mark.parametrize("name", [name for name in SAID if name not in _LOOSE])
def test_what_is_wrong(name: str) -> None:
    """At its line, with what the caret covers."""
    head, body, expected = SAID[name]
    assert told(head, body) == expected


def test_texts_are_counted() -> None:
    """Hints and titles one by one; of text it is enough that there is some."""
    body = "==en a\n|en b\n?en c\n?en d\n?zh e\nS? 220\n|zh a\n"
    assert [(note.place.line - 6, note.sentence) for note in notes(LESSON, body)] == [
        (1, "the title of the step is missing in zh: ==zh"),
        (2, "the text is missing in zh: |zh"),
        (4, "a hint is missing in zh: ?zh"),
        (7, "the text is missing in en: |en"),
    ]


def test_the_next_step_has_texts_of_its_own() -> None:
    """What is said behind one step does not count for the task of the next."""
    body = (
        "S? 220\n|en a\n==en b\n==zh c\n|en d\n|zh e\nC: NOOP\nS? 250\n|zh f\n"
        "==en g\n==zh h\n|en i\n|zh j\n"
    )
    assert [(note.place.line - 6, note.sentence) for note in notes(LESSON, body)] == [
        (2, "the text is missing in zh: |zh"),
        (9, "the text is missing in en: |en"),
    ]


def test_needs_and_its_own_name() -> None:
    """A lesson does not need itself; what it needs is a name of a lesson."""
    head, body, _ = SAID["its needs"]
    assert [(note.text, note.sentence.split(":")[0]) for note in notes(head, body)] == [
        ("needs: a b.c", "this lesson needs itself"),
        ("needs: a b.c", "needs"),
    ]


def test_too_many_combinations() -> None:
    """Nothing can be played then, and that is what is said."""
    head, body, _ = SAID["too many matrices"]
    found = [note for note in notes(head, body) if note.error]
    assert [note.sentence for note in found] == ["the matrices make more than 10000 combinations"]


def test_a_setting_that_cannot_be_computed() -> None:
    """It is a fault, told once."""
    found = notes(SMTP + "set a: {=md5(b)}\nset c: {a}\n"[:-11] + "\n", "S? 220\n")
    assert [note.sentence for note in found if note.error] == [
        "{=md5} needs {b}, which has no value here"
    ]


def test_files_that_are_named(tmp_path: Path) -> None:
    """Each of them has to be there, and inside of the folder; told at each line that names it."""
    (tmp_path / "here.eml").write_bytes(b"a\n")
    body = (
        MAIL
        + "C: DATA\nS? 354\nC< here.eml\nC< gone.eml\nC< ../gone.eml\nC< gone.eml\nC: .\nS? 250\n"
        "@assert body is gone.eml\n@assert body is {x=gone.eml}\n"
    )
    found = notes(SMTP + "ca: ca.pem\n", body, partial(resolve, tmp_path))
    assert [
        (note.place.line, note.text[note.place.column - 1 :], note.error) for note in found
    ] == [
        (3, "ca.pem", True),
        (13, "gone.eml", True),
        (14, "../gone.eml", True),
        (15, "gone.eml", True),
        (18, "gone.eml", True),
    ]


@pytest.mark.parametrize(
    "content, path, count, quiet",
    [
        (b"a\r\nb\n", "x", 6, True),
        (b"a\nb", "x", 6, True),
        (b"a\nb\n", "x", 4, False),
        (b"a\nb\n", "raw x", 4, True),
        (b"", "x", 0, True),
        (b"a", "gone", 9, True),
    ],
)
def test_the_size_of_a_file_in_a_chunk(
    content: bytes, path: str, count: int, quiet: bool, tmp_path: Path
) -> None:
    """The count says how many octets travel; of a file that is not there nobody knows."""
    (tmp_path / "x").write_bytes(content)
    body = MAIL + f"C: BDAT {count} LAST\nC< {path}\nS? 250\n"
    found = notes(SMTP, body, partial(resolve, tmp_path))
    assert any("the count is wrong" in note.sentence for note in found) is not quiet
    assert not any("the count is wrong" in note.sentence for note in notes(SMTP, body))


def test_included_lines_count(tmp_path: Path) -> None:
    """What they use is used; their own texts are their own matter."""
    (tmp_path / "in.mpt").write_text(
        "mailprobe: 1\nprotocol: smtp\nset b: x\n\n| a\nS? 220\nC~ EHLO {a}{b}\nS? 250\n"
    )
    path = tmp_path / "t.mpt"
    path.write_text("mailprobe: 1\nprotocol: smtp\nlang: en zh\nset a: 1\n\n@include in.mpt\n")
    assert lint(load(path)) == []


def test_a_line_number_that_is_no_line() -> None:
    """An empty file has no line for it; a note stands at the first one."""
    found = notes(SMTP, "S? 220\n\n")
    assert [(note.place.line, note.width, str(note)) for note in found] == [
        (5, 1, f"t.mpt:5:1: {found[0].sentence}")
    ]


def test_hostile_names_are_no_trouble() -> None:
    """What stands in two connections, or nowhere, has a place all the same."""
    body = "S? 220\nC: DATA\nS? 354\nS2: x\n"
    assert [note.error for note in notes(SMTP + "protocol 2: raw\n", body)] == [False]


def test_what_an_included_file_says(tmp_path: Path) -> None:
    """Its files are told from our folder, its public passwords stand in its own header."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "in.mpt").write_text(
        "mailprobe: 1\nprotocol: smtp\nset password: x\n\nS? 220\nC~ AUTH PLAIN {password}\n"
        "S? 235\n@assert body is gone.eml\n"
    )
    path = tmp_path / "t.mpt"
    path.write_text(
        "mailprobe: 1\nprotocol: smtp\nconnect: mx\ntls: implicit\n\n@include d/in.mpt\n"
    )
    found = lint(load(path, "t.mpt"), partial(resolve, tmp_path))
    assert [(str(note.place), note.width) for note in found] == [("d/in.mpt:8:1", 24)]


def test_not_every_way_is_gone() -> None:
    """There is an end to it, where there are too many."""
    branches = "@alt a\nS? 220\n@or b\nS? 5xx\n@end\n"
    more = "C: NOOP\n@alt a\nS? 250\n@or b\nS? 5xx\n@end\n" * 6
    assert notes(SMTP, branches + more) == []


def test_a_file_that_ends_inside_a_reply() -> None:
    """It can be played, and lint says where it stops."""
    found = [str(note) for note in notes(SMTP, "S? 220\nC: EHLO a\nS: 250-a\n")]
    assert sum("the file ends in the middle of this reply" in each for each in found) == 1
