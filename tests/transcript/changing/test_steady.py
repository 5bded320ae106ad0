"""What differs between runs: exactly that becomes a placeholder, as tight as what was seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.transcript.changing.canonical import fmt
from mailprobe.transcript.changing.steady import Heard, generalised, steady
from mailprobe.transcript.dialogue import compile_steps
from mailprobe.transcript.matching.pattern import Budget, Pattern
from mailprobe.transcript.model import Transcript
from mailprobe.transcript.parse import parse
from mailprobe.transcript.steps import Reply
from mailprobe.transcript.values import Values

SMTP = "protocol: smtp\n"
POP3 = "protocol: pop3\n"

Lines = tuple[bytes, ...]


def read(head: str, body: str) -> Transcript:
    return parse(f"mailprobe: 1\n{head}\n{body}".encode(), "t.mpt")


def settled(head: str, body: str, *runs: list[tuple[Lines, Lines | None]]) -> list[str]:
    """The lines of the body afterwards; each run gives status lines and body of each reply."""
    transcript = read(head, body)
    steps = [step for step in compile_steps(transcript) if isinstance(step, Reply)]
    heard = [[Heard(step, *reply) for step, reply in zip(steps, run, strict=True)] for run in runs]
    made = steady(transcript, heard)
    again = parse(made, "t.mpt")
    assert fmt(again) == made
    compile_steps(again)
    return made.decode().split("\n")[head.count("\n") + 2 : -1]


def greeting(line: str, *came: str) -> str:
    """What becomes of a greeting that was another one in each run."""
    (made,) = settled(SMTP, f"{line}\n", *([((text.encode(),), None)] for text in came))
    return made


@pytest.mark.parametrize(
    "line, came, expected",
    [
        ("S: 220 a", ["220 a"], "S: 220 a"),
        ("S: 220 a", ["220 b"], "S~ 220 {:hex=a}"),
        ("S: 220 a b 1 c", ["220 a b 2 c", "220 a b 33 c"], "S~ 220 a b {:int=1} c"),
        ("S: 220 <a=4X>", ["220 <a=5Y>"], "S~ 220 <a={:qid=4X}>"),
        ("S: 220 a (x)", ["220 a (y) c"], "S~ 220 a {:text=(x)}"),
        ("S: 220 a", ["220 a b"], "S~ 220 {:text=a}"),
        ("S: 220 a  b", ["220 a b"], "S~ 220 a {:text= b}"),
        ("S: 220 a 10.0.0.1", ["220 a ::1"], "S~ 220 a {:ip=10.0.0.1}"),
        ("S: 220 mx1.example.net x", ["220 mx2.example.net x"], "S~ 220 {:host=mx1.example.net} x"),
        (
            "S: 220 a Mon, 23 Nov 2026 02:20:00 +0000 TLSv1.3",
            ["220 a Mon, 23 Nov 2026 02:20:01 +0000 TLSv1.3"],
            "S~ 220 a {:date=Mon, 23 Nov 2026 02:20:00 +0000} TLSv1.3",
        ),
        (
            "S: 220 a TLSv1.3 1.5 port 25",
            ["220 a TLSv1.3 2.5 port 26"],
            "S~ 220 a TLSv1.3 {:num=1.5} port {:int=25}",
        ),
        ("S: 220 é1", ["220 è1"], "S~ 220 {:token=é1}"),
        ("S: 220 {x} 1", ["220 {x} 2"], "S~ 220 \\{x\\} {:int=1}"),
        ("S\\ 220 1\\s", ["220 2 "], "S~ 220 {:int=1}\\s"),
        ("S\\ 220 a\\0", ["220 b"], "S\\ 220 a\\0"),
        ("S: 220 a", ["221 b"], "S: 220 a"),
        ("S: 220", ["220 a"], "S~ 220{:any=}"),
        ("S~ 220 {}", ["220 b"], "S~ 220 {}"),
        ("S? 220", ["220 b"], "S? 220"),
        ("S= 220 a\\r\\n", ["220 b"], "S= 220 a\\r\\n"),
    ],
)
def test_one_line(line: str, came: list[str], expected: str) -> None:
    """A word, a part of a word, a field that is known; never a code."""
    assert greeting(line, *came) == expected


def test_what_is_left_alone() -> None:
    """A cut reply, one that no run has heard, one of another file, a body of a file."""
    body = "S: 220 a\nC: NOOP\nS= 250-\nS@ close\n"
    transcript = read(SMTP, body)
    first, cut = (step for step in compile_steps(transcript) if isinstance(step, Reply))
    assert steady(transcript, [[Heard(cut, (b"250-x",))]]) == transcript.octets
    assert steady(transcript, []) == transcript.octets
    other = parse(transcript.octets, "other.mpt")
    assert steady(other, [[Heard(first, (b"220 b",))]]) == transcript.octets


def test_other_numbers_of_lines() -> None:
    """What is always there stays, the last line in any case; the rest is any lines."""
    body = "S: 220-a\nS: 220-b\nS: 220 d1\n"
    runs = [((b"220-a", b"220-b", b"220-c", b"220 d2"), None)], [((b"220 d3",), None)]
    assert settled(SMTP, body, runs[0]) == ["S: 220-a", "S: 220-b", "S* 220-{}", "S~ 220 {:hex=d1}"]
    assert settled(SMTP, body, runs[1]) == ["S* 220-{}", "S~ 220 {:hex=d1}"]
    assert settled(SMTP, body, runs[0], runs[1])[0] == "S* 220-{}"
    assert settled(SMTP, "S: 220 a\n", [((b"220-x", b"220 a"), None)]) == ["S* 220-{}", "S: 220 a"]


def test_what_is_offered_has_no_order() -> None:
    """But a name is a name."""
    body = "S? 220\nC: EHLO a\nS: 250-mx1\nS: 250-A\nS: 250 B\n"
    same = [((b"220 x",), None), ((b"250-mx2", b"250-B", b"250 A"), None)]
    assert settled(SMTP, body, same)[2:] == ["S~ 250-{:qid=mx1}", "S: 250-A", "S: 250 B"]
    other = [((b"220 x",), None), ((b"250-mx1", b"250-B", b"250 C"), None)]
    assert settled(SMTP, body, other)[2:] == ["S: 250-mx1", "S~ 250-{:hex=A}", "S~ 250 {:hex=B}"]
    body = "S? 220\nC: EHLO a\nS: 250-mx1\nS~ 250-A\nS: 250 B\n"
    same = [((b"220 x",), None), ((b"250-mx1", b"250-A", b"250 C"), None)]
    assert settled(SMTP, body, same)[2:] == ["S: 250-mx1", "S~ 250-A", "S~ 250 {:hex=B}"]
    body = "S? +OK\nC: CAPA\nS: +OK\nS: A\nS: B\nS: .\n"
    same = [((b"+OK",), None), ((b"+OK",), (b"B", b"A"))]
    assert settled(POP3, body, same) == body.split("\n")[:-1]


POP = "S? +OK\nC: USER a\nC: PASS b\nS? +OK\nS? +OK\nC: RETR 1\nS: +OK 9 octets\n"


def popped(lines: str, *bodies: Lines) -> list[str]:
    """What becomes of the lines of a body."""
    quiet: list[tuple[Lines, Lines | None]] = [((b"+OK",), None)] * 3
    runs = [[*quiet, ((b"+OK 9 octets",), body)] for body in bodies]
    made = settled(POP3, f"{POP}{lines}S: .\n", *runs)
    assert made[:7] == POP.split("\n")[:-1]
    assert made[-1] == "S: ."
    return made[7:-1]


@pytest.mark.parametrize(
    "lines, came, expected",
    [
        ("S: a\nS: b 1\n", (b"a", b"b 2"), ["S: a", "S~ b {:int=1}"]),
        ("S: a\n", (b"a", b"b"), ["S: a", "S*"]),
        ("S: a\nS: b\nS: c\n", (b"a", b"c"), ["S: a", "S*", "S: c"]),
        ("S: a\nS: c\n", (b"a", b"b", b"c"), ["S: a", "S*", "S: c"]),
        ("S: a\nS: b\n", (), ["S*"]),
        ("", (b"a",), []),
        ("", (), []),
        ("S: ..a 1\n", (b".a 2",), ["S~ ..a {:int=1}"]),
        ("S: ..1\n", (b"x",), ["S: ..1"]),
        ("S* {}\nS: a\n", (b"x", b"b"), ["S* {}", "S: a"]),
        ("S~ {x:any=a}\nS: b\n", (b"1", b"2", b"b"), ["S~ {x:any=a}", "S*", "S: b"]),
        ("S> x\n", (b"1",), ["S> x"]),
    ],
)
def test_bodies(lines: str, came: Lines, expected: list[str]) -> None:
    """Lines of content: dots are as they travel, and any line may be missing."""
    assert popped(lines, came) == expected


def test_a_body_that_was_too_long_to_keep() -> None:
    """Nothing is known of it: it stays."""
    transcript = read(POP3, POP + "S: a\nS: .\n")
    step = [step for step in compile_steps(transcript) if isinstance(step, Reply)][-1]
    assert steady(transcript, [[Heard(step, (b"+OK 9 octets",))]]) == transcript.octets


def test_a_line_that_would_be_too_long() -> None:
    """It stays: with its escapes nobody could read it."""
    long = "{" * 600_000
    assert greeting(f"S: 220 1 {long}", f"220 2 {long}") == f"S: 220 1 {long}"


@given(st.lists(st.binary(max_size=30).filter(lambda value: b"\n" not in value), min_size=1))
def test_what_was_seen_matches(values: list[bytes]) -> None:
    """Whatever differs, the pieces match all of it."""
    pattern = Pattern(generalised(values), Values())
    for value in values:
        assert pattern.match(value, Budget()) is not None
