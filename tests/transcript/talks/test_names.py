"""Names along the steps of a file: what has no value, what is ambiguous, what would travel on."""

import pytest

from mailprobe.transcript.dialogue import compile_steps
from mailprobe.transcript.parse import parse
from mailprobe.transcript.talks.names import Kind, Names, Trouble, ambiguous

SMTP = "protocol: smtp\n"
POP3 = "protocol: pop3\n"
LOGIN = "S? +OK\nC: USER a\nS? +OK\nC~ PASS {password}\nS? +OK\n"
LINES = {"a": b"1", "long": b"1\n2", "rows": b"1\r\n2"}
BROKEN = {"long": False, "rows": True}


def troubles(head: str, body: str) -> list[Trouble]:
    transcript = parse(f"mailprobe: 1\n{head}\n{body}".encode(), "t.mpt")
    found: list[Trouble] = []
    names = Names(set(LINES), transcript.head.peers, found.append, BROKEN)
    names.look(compile_steps(transcript, LINES))
    return found


def told(head: str, body: str) -> list[tuple[Kind, int, str]]:
    """What it is, the line of the body from 1 on, and what the caret covers."""
    offset = head.count("\n") + 2
    return [
        (
            trouble.kind,
            trouble.place.line - offset,
            trouble.line.text[trouble.column - 1 :][: trouble.width],
        )
        for trouble in troubles(head, body)
    ]


@pytest.mark.parametrize(
    "head, body, expected",
    [
        (SMTP, "S~ 220 {x}\n@assert x == 1\n@assert a == 1\n@assert message.to == {x}\n", []),
        (SMTP, "S? 220\n@assert greting == 1\n", [(Kind.UNSET, 2, "greting")]),
        (SMTP, "@assert t == 1\nS~ 220 {t}\n@assert t == 1\n", [(Kind.UNSET, 1, "t")]),
        (SMTP, "S? 220\n@assert state == {b}\n", [(Kind.UNSET, 2, "{b}")]),
        (
            SMTP,
            "S? 220\n@assert a == {b=1}\n@assert b == {=md5(b, c)}\n",
            [(Kind.UNSET, 3, "{=md5(b, c)}")],
        ),
        (POP3, LOGIN + "@assert password != x\n", []),
        (
            SMTP,
            "S? 220\n@poll within=9s every=1s\nS2~ 220 {n}\n@end\n@assert n == 1\n@assert m == 1\n",
            [(Kind.UNSET, 6, "m")],
        ),
    ],
)
def test_the_fact_of_an_assertion(
    head: str, body: str, expected: list[tuple[Kind, int, str]]
) -> None:
    """A name is set, captured, sent or said as a secret in a line before."""
    head += "protocol 2: smtp\n" if "S2" in body else ""
    assert told(head, body) == expected


@pytest.mark.parametrize(
    "line, expected",
    [
        ("C~ VRFY {b}{c}", ["{c}", "{c}"]),
        ("C~ VRFY {a}{c=y}", []),
        ("C~ VRFY {b=x}{b}", []),
        ("C~ VRFY {b=x} {c=y}", []),
        ("C~ VRFY {b} {c}", []),
        ("C~ VRFY {b=x}{=md5(a)}{c=y}", []),
        ("C~ AUTH PLAIN {password}{more}", ["{more}"]),
    ],
)
def test_wildcards_in_a_line_of_the_client(line: str, expected: list[str]) -> None:
    """A server could not tell them apart, as little as a client in a line of the server."""
    found = told(SMTP, f"S? 220\n{line}\nS? xxx\n{line}\nS? xxx\n")
    assert [piece for kind, _, piece in found if kind is Kind.BESIDE] == expected


@pytest.mark.parametrize(
    "body, expected",
    [
        ("C: DATA\nC~ AUTH PLAIN {password}\nS? 354\nS? 250\n", (2, "{password}")),
        ('C: BDAT 0\nC~ AUTH PLAIN {=sasl("a")}\nS? 250\nS? 235\n', (2, '{=sasl("a")}')),
        ("C: DATA\nC~ AUTH PLAIN {=b64(a)}\nS? 500\nS? 235\n", None),
        ("C: DATA\nC~ AUTH PLAIN {p=x}\nS? 500\nS? 235\n", None),
        ("C: DATA\nS? 500\nC~ AUTH PLAIN {password}\nS? 235\n", None),
        ("C: DATA\nC= AUTH PLAIN {password}\n", None),
        (
            "C: DATA\nC= AUTH PLAIN {password}\nC@ flush\nC= \\r\\n\nS? 500\nS? 235\n",
            (2, "{password}"),
        ),
        ("C~ {v=DATA}\nC~ AUTH PLAIN {password}\nS? 500\nS? 235\n", None),
    ],
)
def test_a_secret_behind_what_opens_mail_data(body: str, expected: tuple[int, str] | None) -> None:
    """Before the reply nobody knows whether it would be a part of a mail."""
    found = told(SMTP, "S? 220\n" + body)
    wanted = [] if expected is None else [(Kind.TRAVELLING, 1 + expected[0], expected[1])]
    assert [trouble for trouble in found if trouble[0] is Kind.TRAVELLING] == wanted


@pytest.mark.parametrize(
    "line, sentence",
    [
        ("C~ VRFY {b}", "{b} has no value here: write set b:, give it a sample, or play the file"),
        ("C~ VRFY {:int}", "this placeholder has no sample that could be sent"),
        ("C~ VRFY {token-2}", "{token-2} is a secret, and this is no place for one"),
        ("C~ VRFY {=sasl}", "{=sasl} is said in a login, and nowhere else"),
        ("C~ VRFY {=hex(b)}", "{b} has no value here"),
        ("C~ VRFY {long}", "the value of {long} holds CR, LF or NUL"),
        ("C~ VRFY {rows}", "the value of {rows} holds CR, LF or NUL; only C= sends such a value"),
        ("C~ VRFY {=repeat(long, 2)}", "the value of {long} holds CR, LF or NUL"),
        ('C= VRFY {rows}{=repeat("x", 2)}\\r\\n', ""),
        ("C~ AUTH NTLM {=sasl}", "mailprobe speaks no NTLM yet"),
        ("C~ AUTH PLAIN {=sasl}", "{user} has no value here"),
        ('C~ AUTH PLAIN {=sasl("b")}', ""),
        ('C~ AUTH PLAIN {=sasl("b", p, "c")}', ""),
        ('C~ AUTH LOGIN {=sasl("b", p, "c")}', "LOGIN says only who logs in, not whom he acts for"),
        ('C~ AUTH ANONYMOUS {=sasl("b")}', ""),
    ],
)
def test_sentences(line: str, sentence: str) -> None:
    """What is wrong, and what to do about it."""
    found = troubles(SMTP, f"S? 220\n{line}\nS? xxx\n")
    assert [trouble.sentence.startswith(sentence) for trouble in found[:1]] == [True] * bool(
        sentence
    )


def test_the_secrets_that_are_needed() -> None:
    """In the order in which they are said, with the line that says them first."""
    body = (
        'S? 220\nC~ AUTH LOGIN\nS? 334\nC~ {=sasl("b", other)}\nS? 334\nC~ {=sasl}\nS? 235\n'
        "C~ AUTH X {=b64(token)}\nS? 235\nC~ AUTH PLAIN {other}\nS? 235\n"
    )
    transcript = parse(f"mailprobe: 1\n{SMTP}\n{body}".encode(), "t.mpt")
    names = Names(set(), transcript.head.peers, lambda trouble: pytest.fail(trouble.sentence))
    names.look(compile_steps(transcript))
    assert {name: line.place.line - 3 for name, line in names.secrets.items()} == {
        "other": 4,
        "token": 8,
    }


@pytest.mark.parametrize(
    "body, place",
    [
        ("S? 220\nC~ VRFY {b}{c}\nS? 252\n", (5, 12)),
        ("S? 220\nC~ VRFY {b} {c}\nS? 252\nC~ VRFY {b}{c}{d}\nS? 252\n", None),
        ("S? 220\nC~ VRFY {b} {c}\nS~ 252 {b}{c}{d}\n", None),
        ("S~ 220 {b}{c}\nC~ VRFY {b}{c}\nS? 252\n", (4, 11)),
    ],
)
def test_what_a_server_cannot_take_apart(body: str, place: tuple[int, int] | None) -> None:
    """What the client says makes names known to it; the first line counts."""
    transcript = parse(f"mailprobe: 1\n{SMTP}\n{body}".encode(), "t.mpt")
    found = ambiguous(compile_steps(transcript), ["a"], transcript.head.peers)
    assert (None if found is None else found.place[1:]) == place
