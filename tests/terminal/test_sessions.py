"""Several sessions in one shell, in a real terminal: what is seen, and what is recorded."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mailprobe.cli import main
from tests.terminal.harness import Person, Server

pytestmark = pytest.mark.terminal

Sit = Callable[..., Person]
Serve = Callable[[Callable[[Server], None]], Server]


def test_two_sessions_in_one_recording_that_replays(sit: Sit, tmp_path: Path, mode: str) -> None:
    """A mail goes out in one and is fetched in the other; the transcript is green afterwards."""
    path = tmp_path / "both.mpt"
    person = sit("--record", str(path), mode=mode)
    person.prompted("mailprobe> ")
    for line, prompt in (
        ("/connect smtp sandbox", "smtp:greeted> "),
        ("EHLO me.example", "smtp:ready> "),
        ("MAIL FROM:<me@example.test>", "smtp:mail> "),
        ("RCPT TO:<bob@example.test>", "smtp:rcpt(1)> "),
        ("DATA", "smtp:data 1| "),
        ("Subject: hello", "smtp:data 2| "),
        (".", "smtp:ready> "),
        ("/connect pop3 sandbox", "[2] pop3:auth> "),
        ("USER bob", "[2] pop3:auth> "),
        ("PASS builder", "[2] pop3:trans> "),
        ("RETR 1", "[2] pop3:trans> "),
        ("/use 1", "[1] smtp:ready> "),
        ("NOOP", "[1] smtp:ready> "),
        ("/use 2", "[2] pop3:trans> "),
    ):
        person.enter(line)
        person.prompted(prompt)
    person.sees("Subject: hello")
    person.enter("/quit")
    assert person.ended() == 0
    text = path.read_text()
    assert "builder" not in text
    for line in ("connect: sandbox", "connect 2: sandbox", "C2~ PASS {password}", "C2: QUIT"):
        assert f"{line}\n" in text
    env = {"HOME": str(tmp_path), "MAILPROBE_SECRET_PASSWORD": "builder"}
    assert main(["replay", str(path)], env) == 0


def test_all_sockets_are_watched_while_a_prompt_is_open(sit: Sit, serve: Serve) -> None:
    """What the other server says is shown above the line that is being typed, with its number."""

    def talkative(server: Server) -> None:
        server.say("220 first.example")
        server.wait()
        server.say("421 by itself")
        server.hear_all()

    def quiet(server: Server) -> None:
        server.say("+OK second.example")
        server.hear_all()

    first, second = serve(talkative), serve(quiet)
    person = sit("smtp", first.target)
    person.prompted("smtp:greeted> ")
    person.enter(f"/connect pop3 {second.target}")
    person.prompted("[2] pop3:auth> ")
    person.type("USER ali")
    person.sees_line("[2] pop3:auth> USER ali")
    first.go()
    person.sees("[1] <* 421 by itself")
    person.wait(lambda: person.line.endswith("USER ali"), "the line that was being typed")
    person.type("ce\r")
    person.wait(lambda: second.received == [b"USER alice\r\n"], "USER")


def test_socket_at_its_end_does_not_spin(sit: Sit, serve: Serve) -> None:
    """A socket at its end is readable for ever: it is told once, and the other one goes on."""

    def gone(server: Server) -> None:
        server.say("220 first.example")
        server.wait()

    def quiet(server: Server) -> None:
        server.say("+OK second.example")
        server.answer({b"NOOP": "+OK"})

    first, second = serve(gone), serve(quiet)
    person = sit("smtp", first.target)
    person.prompted("smtp:greeted> ")
    person.enter(f"/connect pop3 {second.target}")
    person.prompted("[2] pop3:auth> ")
    first.go()
    person.sees("[1] ")
    person.sees("the server closed the connection")
    person.enter("NOOP")
    person.wait(lambda: second.received == [b"NOOP\r\n"], "NOOP")
    person.enter("/sessions")
    person.sees("closed")
    assert person.output.count(b"the server closed the connection") == 1


def test_each_one_with_marks_is_asked_about(sit: Sit, serve: Serve, mode: str) -> None:
    """Ctrl-D: a session whose deletions are pending is named; the other one gets its QUIT."""

    def marked(server: Server) -> None:
        server.say("+OK pop3.example")
        server.answer(dict.fromkeys((b"USER", b"PASS", b"DELE", b"QUIT"), "+OK"))

    def plain(server: Server) -> None:
        server.say("220 smtp.example")
        server.answer({b"QUIT": "221 bye"})

    first, second = serve(marked), serve(plain)
    person = sit("pop3", first.target, mode=mode)
    person.prompted("pop3:auth> ")
    for line, prompt in (("USER a", "auth"), ("PASS secret", "trans"), ("DELE 1", "trans")):
        person.enter(line)
        person.prompted(f"pop3:{prompt}> ")
    person.enter(f"/connect smtp {second.target}")
    person.prompted("[2] smtp:greeted> ")
    person.type("\x04")
    person.sees("session 1: 1 message is marked")
    person.wait(lambda: person.line.endswith("ontinue:"), "the whole question")
    person.enter("d")
    assert person.ended() == 0
    assert b"QUIT\r\n" not in first.received
    assert second.received[-2:] == [b"QUIT\r\n", b""] or second.received[-1] == b"QUIT\r\n"
