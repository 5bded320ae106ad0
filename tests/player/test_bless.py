"""`--bless`: what is edited, what never is."""

import base64
from pathlib import Path

import pytest

from mailprobe.player.bless import Blessing, Book, Refused
from mailprobe.player.playing.bodies import Body
from mailprobe.protocol.model import Reply
from mailprobe.transcript.dialogue import compile_steps
from mailprobe.transcript.model import Transcript
from mailprobe.transcript.parse import parse
from mailprobe.transcript.redact import Secrets
from mailprobe.transcript.steps import Reply as Step

SMTP = "mailprobe: 1\nprotocol: smtp\n\nS: 220 mx\n"
POP3 = "mailprobe: 1\nprotocol: pop3\n\nS: +OK\n"


def transcript(text: str) -> Transcript:
    return parse(text.encode(), "x.mpt")


def last_reply(script: Transcript) -> Step:
    return [step for step in compile_steps(script, {}) if isinstance(step, Step)][-1]


def reply(*lines: str) -> Reply:
    code = lines[0][:3] if lines[0][0].isdigit() else lines[0].split(" ")[0]
    octets = tuple(line.encode("latin-1") for line in lines)
    return Reply(octets, code, b"".join(line + b"\r\n" for line in octets))


def blessed(text: str, came: Reply, body: bytes | None = None) -> str:
    """The file, when its last reply is blessed."""
    script = transcript(text)
    blessing = Blessing(Path("x.mpt"), script)
    blessing.take(last_reply(script), came, body, Secrets())
    return blessing.result().decode()


EHLO = SMTP + "# before\nC: EHLO x\nS: 250-mx\n# between\nS: 250-SIZE 1\nS: 250 DSN\n# behind\n"


@pytest.mark.parametrize(
    "came, lines",
    [
        (["250-mx", "250-SIZE 2", "250 DSN"], "S: 250-mx\n# between\nS: 250-SIZE 2\nS: 250 DSN\n"),
        (["250-mx", "250 DSN"], "S: 250-mx\n# between\nS: 250 DSN\n"),
        (
            ["250-mx", "250-A", "250-SIZE 1", "250 DSN"],
            "S: 250-mx\nS: 250-A\n# between\nS: 250-SIZE 1\nS: 250 DSN\n",
        ),
        (["250 mx"], "S: 250 mx\n# between\n"),
        (
            ["250-mx", "250-SIZE 1", "250-DSN", "250 X"],
            "S: 250-mx\n# between\nS: 250-SIZE 1\nS: 250-DSN\nS: 250 X\n",
        ),
        (["251-a", "251 b\xe9"], "S: 251-a\n# between\nS\\ 251 b\\xe9\n"),
    ],
)
def test_lines_of_a_reply(came: list[str], lines: str) -> None:
    """What is equal stays as it is written, and so does all else of the file."""
    wanted = SMTP + f"# before\nC: EHLO x\n{lines}# behind\n"
    assert blessed(EHLO, reply(*came)) == wanted


def test_line_ends_of_the_file_stay() -> None:
    """CRLF where there was CRLF; a missing last one is written."""
    text = (SMTP + "C: NOOP\nS: 250 a").replace("\n", "\r\n")
    assert blessed(text, reply("250 b")) == text.replace("250 a", "250 b") + "\n"


def test_a_line_that_was_written_stays_written() -> None:
    """S~ without placeholders keeps its tag."""
    text = SMTP + "C: NOOP\nS~ 250 a\n"
    assert blessed(text, reply("250 {b} \xff ")) == SMTP + "C: NOOP\nS~ 250 \\{b\\} \\xff\\s\n"


def test_a_line_with_placeholders_stays_where_it_fits() -> None:
    """What it says is somebody's; the line beside it was only recorded."""
    text = SMTP + "C: EHLO x\nS~ 250-{host:host=a}\nS: 250 SIZE 1\n"
    came = reply("250-mx.example", "250 SIZE 2")
    assert blessed(text, came) == text.replace("SIZE 1", "SIZE 2")
    with pytest.raises(Refused, match="placeholders"):
        blessed(text, reply("250-!", "250 SIZE 2"))


@pytest.mark.parametrize(
    "body, lines",
    [
        (b"1 412\r\n2 9\r\n", "S: 1 412\nS: 2 9\n"),
        (b"1 400\r\n2 999\r\n3 1\r\n", "S: 1 400\nS: 2 999\nS: 3 1\n"),
        (b".dot\r\n", "S: ..dot\n"),
        (b"", ""),
    ],
)
def test_a_body(body: bytes, lines: str) -> None:
    """Dots are stuffed; the lone dot stays."""
    text = POP3 + "C: LIST\nS: +OK 2 messages\nS: 1 412\nS: 2 999\nS: .\n"
    wanted = POP3 + f"C: LIST\nS: +OK 2 messages\n{lines}S: .\n"
    assert blessed(text, reply("+OK 2 messages"), body) == wanted


def test_a_body_that_was_empty() -> None:
    """Its lines stand behind the status line."""
    text = POP3 + "C: LIST\nS: +OK\nS: .\n"
    wanted = POP3 + "C: LIST\nS: +OK\nS: 1 2\nS: .\n"
    assert blessed(text, reply("+OK"), b"1 2\r\n") == wanted


def test_connection_two() -> None:
    """It keeps its number."""
    text = "mailprobe: 1\nprotocol 2: smtp\n\nS2: 220 a\n"
    assert blessed(text, reply("220 b")).endswith("\nS2: 220 b\n")


@pytest.mark.parametrize(
    "lines, came, body",
    [
        ("C: NOOP\nS? 250\n", ["251 x"], None),
        ("C: NOOP\nS: 250 x\nS+ y\n", ["250 x"], None),
        ("C: NOOP\nS: 250 x\n", ["550 x"], None),
        ("C: NOOP\nS: 250 x\n", ["450 x"], None),
        ("C: DATA\nS: 354 x\n", ["554 x"], None),
        ("C: EHLO x\nS: 250-x\nS* {}\nS: 250 y\n", ["250-x", "250 z"], None),
        ("C: NOOP\nS= 250 x\\n\n", ["250 y"], None),
        ("C: NOOP\nS= 250\nS=  x\\r\\n\n", ["250 y"], None),
        ("C: NOOP\nS: 250 x\n", ["250 y"], b"body\r\n"),
        ("C: NOOP\nS= 250-x\nS@ close\n", ["250 x"], None),
    ],
)
def test_what_is_never_blessed(lines: str, came: list[str], body: bytes | None) -> None:
    """What somebody wrote; what was good and is bad; what is no whole line or reply."""
    with pytest.raises(Refused):
        blessed(SMTP + lines, reply(*came), body)


def test_what_was_bad_and_is_good() -> None:
    """That may be blessed."""
    assert blessed(SMTP + "C: NOOP\nS: 550 x\n", reply("250 x")).endswith("S: 250 x\n")


def test_bodies_in_files_and_long_ones() -> None:
    """A file is not touched; what is long belongs into one."""
    text = POP3 + "C: RETR 1\nS: +OK a\nS> mail.eml\nS: .\n"
    assert blessed(text, reply("+OK b"), b"x\r\n") == text.replace("OK a", "OK b")
    with pytest.raises(Refused, match="S>"):
        blessed(POP3 + "C: RETR 1\nS: +OK\nS: a\nS: .\n", reply("+OK"), b"x" * 70_000)


def test_a_secret_is_never_written() -> None:
    """Also where a server says it, in whatever form."""
    script = transcript(SMTP + "C: NOOP\nS: 250 x\n")
    secrets = Secrets()
    secrets.learn(b"s3cr3t!")
    text = base64.b64encode(b"s3cr3t!").decode()
    with pytest.raises(Refused, match="secret"):
        Blessing(Path("x"), script).take(last_reply(script), reply(f"250 {text}"), None, secrets)


def test_what_is_included() -> None:
    """Another file is not changed."""
    script = transcript(SMTP + "C: NOOP\nS: 250 x\n")
    other = Blessing(Path("y"), parse(script.octets, "y.mpt"))
    with pytest.raises(Refused, match="included"):
        other.take(last_reply(script), reply("250 y"), None, Secrets())


def test_two_runs_of_one_file() -> None:
    """They may say the same, and not two things; what was refused is told."""
    script = transcript(SMTP + "C: NOOP\nS: 250 x\n")
    book = Book()
    take = book.taker(Path("x.mpt"), script)
    step = last_reply(script)
    assert take(step, reply("250 y"), None, Secrets())
    assert take(step, reply("250 y"), None, Secrets())
    assert not take(step, reply("250 z"), None, Secrets())
    assert book.refused == [
        "x.mpt:6:1 is not blessed: another run of the file had another reply here"
    ]
    (blessing,) = book
    assert blessing.result().endswith(b"S: 250 y\n")


def test_a_body_that_came() -> None:
    """The player's own kind of it."""
    script = transcript(POP3 + "C: LIST\nS: +OK\nS: 1 2\nS: .\n")
    book = Book()
    body = Body()
    body.feed(b"1 3\r\n")
    assert book.taker(Path("x.mpt"), script)(last_reply(script), reply("+OK"), body, Secrets())
    assert next(iter(book)).result().endswith(b"S: +OK\nS: 1 3\nS: .\n")
