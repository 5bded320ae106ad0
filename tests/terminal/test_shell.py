"""The shell as a person meets it: keys into a real terminal, and what stands on its screen."""

import os
import re
import signal
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.terminal.harness import Person, Server, nothing_raw

pytestmark = pytest.mark.terminal

Sit = Callable[..., Person]
Serve = Callable[[Callable[[Server], None]], Server]

SMTP = {
    b"EHLO": "250-mx.example\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN",
    b"DATA": "354 go on",
    b"QUIT": "221 bye",
}
POP3 = {
    b"USER": "+OK",
    b"PASS": "+OK logged in",
    b"STAT": "+OK 2 300",
    b"LIST": "+OK\r\n1 100\r\n2 200\r\n.",
    b"DELE": "+OK",
    b"QUIT": "+OK bye",
}


def smtp(server: Server) -> None:
    """A friendly SMTP server."""
    server.say("220 mx.example ESMTP")
    server.answer(SMTP)


def answering(replies: dict[bytes, str]) -> Callable[[Server], None]:
    """A server of these replies; everything else is 250."""

    def script(server: Server) -> None:
        server.say("220 mx.example")
        server.answer(replies)

    return script


def pop3(server: Server) -> None:
    """A friendly POP3 server."""
    server.say("+OK <1.2@mx.example>")
    server.answer(POP3)


def files_below(folder: Path) -> bytes:
    """Everything that was written into a home."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


# ------------------------------------------------------------------------------------- completion


def test_verb_is_completed(sit: Sit, serve: Serve, mode: str) -> None:
    """`EH` and Tab make EHLO; with its name the prompt shows the new state."""
    server = serve(smtp)
    person = sit("smtp", server.target, mode=mode)
    person.prompted("smtp:greeted> ")
    person.type("EH\t")
    person.sees_line("smtp:greeted> EHLO")
    person.enter("me.example")
    person.prompted("smtp:ready> ")
    assert server.received == [b"EHLO me.example\r\n"]


def test_fixed_text_is_completed_and_parameters_are_those_offered(
    sit: Sit, serve: Serve, mode: str
) -> None:
    """`MAIL` and Tab make `MAIL FROM:<`; behind the path stands what EHLO offered."""
    person = sit("smtp", serve(smtp).target, mode=mode)
    person.prompted("smtp:greeted> ")
    person.enter("EHLO me.example")
    person.prompted("smtp:ready> ")
    person.type("MAIL\t")
    person.sees_line("smtp:ready> MAIL FROM:<")
    person.type("a@b.example> S\t")
    person.sees_line("smtp:ready> MAIL FROM:<a@b.example> SIZE=")


def test_message_numbers_are_completed_from_listings(sit: Sit, serve: Serve, mode: str) -> None:
    """`RETR ` and Tab offer what LIST told of, with the sizes."""
    person = sit("pop3", serve(pop3).target, mode=mode)
    for line, prompt in (
        ("USER alice", "pop3:auth> "),
        ("PASS hunter2", "pop3:trans> "),
        ("LIST", "pop3:trans> "),
    ):
        person.wait(lambda: person.line.endswith(">"), "a prompt")
        person.enter(line)
        person.prompted(prompt)
    person.type("RETR \t")
    person.sees("200 octets")
    assert "100 octets" in person.screen


def test_case_is_kept(sit: Sit, serve: Serve) -> None:
    """Who types small letters gets small letters."""
    person = sit("smtp", serve(smtp).target)
    person.prompted("smtp:greeted> ")
    person.type("mai\t")
    person.sees_line("smtp:greeted> mail from:<")


# ---------------------------------------------------------------------------------------- secrets


def test_password_is_not_echoed(sit: Sit, serve: Serve, mode: str) -> None:
    """PASS goes out as typed; no terminal, no history has seen it."""
    server = serve(pop3)
    person = sit("pop3", server.target, mode=mode)
    person.prompted("pop3:auth> ")
    person.enter("USER alice")
    person.sees("+OK")
    person.prompted("pop3:auth> ")
    person.enter("PASS hunter2")
    person.prompted("pop3:trans> ")
    assert server.received == [b"USER alice\r\n", b"PASS hunter2\r\n"]
    assert b"hunter2" not in person.output
    person.type("\x04")
    assert person.ended() == 0
    assert b"hunter2" not in person.output
    written = files_below(person.home)
    assert b"USER alice" in written
    assert b"PASS" in written
    assert b"hunter2" not in written


def test_history_is_private(sit: Sit, serve: Serve, mode: str) -> None:
    """The history can be read by its owner alone, and the arrow key brings a line back."""
    server = serve(smtp)
    person = sit("smtp", server.target, mode=mode)
    person.prompted("smtp:greeted> ")
    person.enter("NOOP again")
    person.sees("250 ok")
    person.prompted("smtp:greeted> ")
    person.type("\x1b[A")
    person.sees_line("smtp:greeted> NOOP again")
    (history,) = person.home.rglob("history-smtp")
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    assert stat.S_IMODE(history.parent.stat().st_mode) == 0o700


def test_typed_ahead_password_is_not_echoed(sit: Sit, serve: Serve, mode: str) -> None:
    """What is typed while the server thinks is not echoed, and arrives at the next prompt."""

    def script(server: Server) -> None:
        server.say("+OK")
        server.hear()
        server.wait()
        server.say("+OK")
        server.answer(POP3)

    server = serve(script)
    person = sit("pop3", server.target, mode=mode)
    person.prompted("pop3:auth> ")
    person.enter("USER alice")
    person.wait(lambda: bool(server.received), "USER")
    assert not person.echoes()
    person.enter("PASS hunter2")
    server.go()
    person.prompted("pop3:trans> ")
    assert server.received[1] == b"PASS hunter2\r\n"
    assert b"hunter2" not in person.output


def test_a_bare_pass_asks_for_the_password(sit: Sit, serve: Serve, mode: str) -> None:
    """By a hidden prompt of its own; Ctrl-C there sends nothing."""
    server = serve(pop3)
    person = sit("pop3", server.target, mode=mode)
    person.prompted("pop3:auth> ")
    person.enter("USER alice")
    person.wait(lambda: bool(server.received), "USER")
    person.prompted("pop3:auth> ")
    person.enter("PASS")
    person.sees_line("password (hidden):")
    person.type("hunter2\x03")
    person.sees("nothing was sent")
    person.prompted("pop3:auth> ")
    person.enter("PASS")
    person.sees_line("password (hidden):")
    person.enter("hunter2")
    person.prompted("pop3:trans> ")
    assert server.received == [b"USER alice\r\n", b"PASS hunter2\r\n"]
    assert b"hunter2" not in person.output
    assert b"hunter2" not in files_below(person.home)


def test_answers_in_a_group_are_not_echoed(sit: Sit, serve: Serve, mode: str) -> None:
    """An AUTH of several steps is refused there, and what comes behind it all the same hidden."""
    server = serve(smtp)
    person = sit("smtp", server.target, mode=mode)
    person.prompted("smtp:greeted> ")
    person.enter("/pipeline")
    person.prompted("smtp:pipeline(0)> ")
    person.enter("AUTH LOGIN")
    person.sees("AUTH LOGIN was not collected")
    person.prompted("smtp:pipeline(0)> ")
    person.enter("c2VjcmV0")
    person.sees("nothing hides an answer to AUTH")
    person.prompted("smtp:pipeline(0)> ")
    assert server.received == []
    assert b"c2VjcmV0" not in person.output
    assert b"c2VjcmV0" not in files_below(person.home)


def test_the_local_prompt_masks_a_secret(sit: Sit, serve: Serve, mode: str) -> None:
    """Ctrl-] and a raw line, among mail data, too."""
    person = sit("smtp", serve(smtp).target, mode=mode)
    person.prompted("smtp:greeted> ")
    person.enter("DATA")
    person.prompted("smtp:data 1| ")
    person.type("\x1d")
    if mode == "full":
        person.prompted("local> ")
    person.type('raw "AUTH PLAIN sekrit')
    person.wait(lambda: person.line.endswith('raw "AUTH PLAIN ******'), "the stars")
    assert b"sekrit" not in person.output


def test_the_answer_to_a_challenge_is_offered(sit: Sit, mode: str) -> None:
    """Tab writes it, hidden; Enter sends it."""
    secret = Path(os.environ["HOME"]) / "secret"
    secret.write_text("secret")
    secret.chmod(0o600)
    login = ("--user", "alice", "--password-file", str(secret))
    person = sit("pop3", "sandbox", *login, mode=mode)
    person.prompted("pop3:auth> ")
    person.enter("AUTH LOGIN")
    for said in ("Username:", "Password:"):
        person.sees(f"the challenge says: {said}")
        person.prompted("pop3:auth| ")
        person.type("\t")
        person.wait(lambda: person.line.endswith("**"), "the stars")
        person.enter("")
    person.prompted("pop3:trans> ")
    assert b"c2VjcmV0" not in person.output
    assert b"c2VjcmV0" not in files_below(person.home)


def test_a_second_tab_does_not_spoil_an_address(sit: Sit, mode: str) -> None:
    """The sandbox has mailboxes to offer; no bracket stands behind half an address."""
    person = sit("smtp", "sandbox", mode=mode)
    person.prompted("smtp:greeted> ")
    person.enter("EHLO me.example")
    person.prompted("smtp:ready> ")
    person.type("MAIL\t")
    person.sees_line("smtp:ready> MAIL FROM:<")
    person.type("al\t")
    person.sees_line("smtp:ready> MAIL FROM:<alice@example.test>")
    person.enter()
    person.prompted("smtp:mail> ")
    person.type("RCPT\t")
    person.sees_line("smtp:mail> RCPT TO:<")
    person.type("zoe\t")
    person.type("@")
    person.sees_line("smtp:mail> RCPT TO:<zoe@")


def test_answers_to_auth_are_not_echoed(sit: Sit, serve: Serve, mode: str) -> None:
    """After 334 every line is an answer, secret, and remembered nowhere; empty ones go, too."""

    def script(server: Server) -> None:
        server.say("220 mx.example")
        server.hear()
        for challenge in ("334 VXNlcm5hbWU6", "334 ", "334 UGFzc3dvcmQ6"):
            server.say(challenge)
            server.hear()
        server.say("235 ok")
        server.answer(SMTP)

    server = serve(script)
    person = sit("smtp", server.target, mode=mode)
    person.prompted("smtp:greeted> ")
    person.enter("AUTH LOGIN")
    person.prompted("smtp:auth| ")
    person.enter("YWxpY2U=")
    person.wait(lambda: len(server.received) == 2, "the first answer")
    person.prompted("smtp:auth| ")
    person.enter()
    person.wait(lambda: len(server.received) == 3, "the empty answer")
    person.prompted("smtp:auth| ")
    person.enter("aHVudGVyMg==")
    person.prompted("smtp:greeted> ")
    assert server.received[1:4] == [b"YWxpY2U=\r\n", b"\r\n", b"aHVudGVyMg==\r\n"]
    assert b"aHVudGVyMg" not in person.output
    assert b"aHVudGVyMg" not in files_below(person.home)
    assert b"YWxpY2U=" not in files_below(person.home)


def test_auth_asks_for_the_secret_and_shows_no_step_of_it(
    sit: Sit, serve: Serve, mode: str
) -> None:
    """/auth PLAIN composes what RFC 4616 wants from a secret that nobody saw."""

    def script(server: Server) -> None:
        server.say("220 mx.example")
        server.hear()
        server.say("235 2.7.0 hello")
        server.hear_all()

    server = serve(script)
    person = sit("smtp", server.target, mode=mode)
    person.prompted("smtp:greeted> ")
    person.enter("/auth PLAIN alice")
    person.sees("secret of alice")
    person.enter("hunter2")
    person.sees("235")
    person.prompted("smtp:greeted> ")
    assert server.received == [b"AUTH PLAIN AGFsaWNlAGh1bnRlcjI=\r\n"]
    assert b"hunter2" not in person.output
    assert b"AGFsaWNl" not in person.output
    assert "AUTH PLAIN ****" in person.screen
    assert b"hunter2" not in files_below(person.home)


# ------------------------------------------------------------------------------- lines and commands


def test_double_slash_sends_one(sit: Sit, serve: Serve, mode: str) -> None:
    """`//x` sends `/x`; `/x` is a local error and sends nothing; an empty line sends nothing."""
    server = serve(smtp)
    person = sit("smtp", server.target, mode=mode)
    person.prompted("smtp:greeted> ")
    person.enter("/nonsense")
    person.sees("no local command")
    person.prompted("smtp:greeted> ")
    person.enter()
    person.prompted("smtp:greeted> ")
    person.enter("//x")
    person.sees("250 ok")
    assert server.received == [b"/x\r\n"]


def test_blanks_and_case_are_kept(sit: Sit, serve: Serve, mode: str) -> None:
    """What is typed goes out octet for octet."""
    server = serve(smtp)
    person = sit("smtp", server.target, mode=mode)
    person.prompted("smtp:greeted> ")
    person.enter("  rcpt  to:<a@b>  \u00fc")
    person.sees("250 ok")
    assert server.received == ["  rcpt  to:<a@b>  \u00fc\r\n".encode()]


def test_unconnected_shell_says_what_to_try(sit: Sit, mode: str) -> None:
    """`mailprobe` alone opens a shell that names the sandbox; a line is sent nowhere."""
    person = sit(mode=mode)
    person.sees("/connect pop3 sandbox")
    person.prompted("mailprobe> ")
    person.enter("NOOP")
    person.sees("nothing was sent")
    person.prompted("mailprobe> ")
    person.type("\x04")
    assert person.ended() == 0


def test_connect_opens_a_session(sit: Sit, serve: Serve, mode: str) -> None:
    """/connect makes a connection, /close ends it, and another one follows."""
    one, two = serve(smtp), serve(pop3)
    person = sit(mode=mode)
    person.prompted("mailprobe> ")
    person.enter(f"/connect smtp {one.target}")
    person.prompted("smtp:greeted> ")
    person.enter("/close")
    person.prompted("smtp:closed> ")
    person.enter(f"/connect pop3 {two.target}")
    person.prompted("pop3:auth> ")


def test_failure_to_connect_keeps_the_shell(sit: Sit, mode: str) -> None:
    """A port where nobody listens is a failure of one line, and the shell stays."""
    person = sit("smtp", "127.0.0.1:1", mode=mode)
    person.sees("mailprobe: connect:")
    person.prompted("mailprobe> ")
    assert person.screen.count("mailprobe: connect:") == 1


def test_escape_key_opens_a_local_command_in_mail_data(sit: Sit, serve: Serve) -> None:
    """Among mail data a slash is payload, and Ctrl-] is the way to a local command."""
    server = serve(smtp)
    person = sit("smtp", server.target)
    person.prompted("smtp:greeted> ")
    person.enter("EHLO me")
    person.prompted("smtp:ready> ")
    person.enter("DATA")
    person.prompted("smtp:data 1| ")
    person.enter("/state")
    person.prompted("smtp:data 2| ")
    person.type("half a li\x1d")
    person.prompted("local> ")
    person.enter("state")
    person.sees("data")
    person.sees_line("smtp:data 2| half a li")
    person.enter("ne")
    person.prompted("smtp:data 3| ")
    person.enter(".dotted")
    person.sees("(stuffed)")
    person.prompted("smtp:data 4| ")
    person.enter(".")
    person.prompted("smtp:ready> ")
    assert server.received == [
        b"EHLO me\r\n", b"DATA\r\n", b"/state\r\n", b"half a line\r\n", b"..dotted\r\n", b".\r\n",
    ]  # fmt: skip


def test_escape_key_in_an_answer(sit: Sit, serve: Serve) -> None:
    """While a challenge waits, Ctrl-] works, too, and nothing is sent."""
    server = serve(answering({b"AUTH": "334 "}))
    person = sit("smtp", server.target)
    person.prompted("smtp:greeted> ")
    person.enter("AUTH LOGIN")
    person.prompted("smtp:auth| ")
    person.type("\x1d")
    person.prompted("local> ")
    person.enter("/state")
    person.sees("replies owed")
    person.prompted("smtp:auth| ")
    assert server.received == [b"AUTH LOGIN\r\n"]


def test_escape_character_begins_a_local_line(sit: Sit, serve: Serve) -> None:
    """In the plain shell a line that begins with Ctrl-] is local, among mail data too."""
    server = serve(smtp)
    person = sit("smtp", server.target, mode="plain")
    person.prompted("smtp:greeted> ")
    person.enter("DATA")
    person.prompted("smtp:data 1| ")
    person.type("\x1dstate\r")
    person.sees("replies owed")
    person.prompted("smtp:data 1| ")
    assert server.received == [b"DATA\r\n"]


def test_paste_of_many_lines_goes_line_by_line(sit: Sit, serve: Serve) -> None:
    """A bracketed paste is sent in lock-step, the mail data in it as mail data."""
    server = serve(smtp)
    person = sit("smtp", server.target)
    person.prompted("smtp:greeted> ")
    person.type("\x1b[200~EHLO me\nDATA\n/not local\n.x\n.\nNOOP\n\x1b[201~")
    person.type("\r")
    person.sees_line("[b]atch")
    person.enter("o")
    person.wait(lambda: server.received[-1:] == [b"NOOP\r\n"], "NOOP")
    assert server.received == [
        b"EHLO me\r\n", b"DATA\r\n", b"/not local\r\n", b"..x\r\n", b".\r\n", b"NOOP\r\n",
    ]  # fmt: skip


def test_pasted_message_is_not_sent_as_commands(sit: Sit, serve: Serve) -> None:
    """When DATA is refused, what was pasted behind it stays here."""
    server = serve(answering({b"DATA": "554 no"}))
    person = sit("smtp", server.target)
    person.prompted("smtp:greeted> ")
    person.type("\x1b[200~DATA\nSubject: x\n.\n\x1b[201~")
    person.type("\r")
    person.sees_line("[b]atch")
    person.enter("o")
    person.sees("2 more lines were not sent")
    person.prompted("smtp:greeted> ")
    assert server.received == [b"DATA\r\n"]


# ------------------------------------------------------------------- what comes by itself


def test_hang_up_is_noticed_while_somebody_types(sit: Sit, serve: Serve) -> None:
    """A 421 stands above the prompt, the typed text stays, and the prompt says closed."""

    def script(server: Server) -> None:
        server.say("220 mx.example")
        server.wait()
        server.say("421 4.4.2 timeout exceeded")

    server = serve(script)
    person = sit("smtp", server.target)
    person.prompted("smtp:greeted> ")
    person.type("RCPT TO:<bo")
    person.sees_line("smtp:greeted> RCPT TO:<bo")
    server.go()
    person.sees("421 4.4.2")
    person.sees_line("smtp:closed> RCPT TO:<bo")
    assert person.screen.index("421 4.4.2") < person.screen.index("smtp:closed>")
    person.enter("b@c>")
    person.sees("nothing was sent")
    person.prompted("smtp:closed> ")


def test_hang_up_is_noticed_after_enter_in_plain_mode(sit: Sit, serve: Serve) -> None:
    """The plain shell writes nothing into a line that is typed; after Enter it tells."""

    def script(server: Server) -> None:
        server.say("220 mx.example")
        server.wait()
        server.say("421 4.4.2 timeout exceeded")

    server = serve(script)
    person = sit("smtp", server.target, mode="plain")
    person.prompted("smtp:greeted> ")
    server.go()
    server.finish()
    person.enter()
    person.sees("421 4.4.2")
    person.prompted("smtp:closed> ")


def test_nobody_knows_when_a_late_reply_came_in_plain_mode(sit: Sit, serve: Serve) -> None:
    """What came while somebody typed has no time of its own, only that of being seen."""

    def script(server: Server) -> None:
        server.say("220 mx.example")
        server.hear()
        server.wait()
        server.say("250 late")

    server = serve(script)
    person = sit("smtp", server.target, mode="plain")
    person.prompted("smtp:greeted> ")
    person.enter("NOOP")
    person.wait(lambda: len(server.received) == 1, "NOOP")
    person.type("\x03")
    person.sees("is owed")
    person.prompted("smtp:greeted> ")
    server.go()
    server.finish()
    person.enter("/last")
    person.sees("250 late  (ok, seen after ")
    person.sees("\nseen after ")
    assert "took" not in person.screen


def test_flood_at_the_prompt(sit: Sit, serve: Serve) -> None:
    """5,000 lines that nobody asked for are shown, and what was typed goes out afterwards."""

    def script(server: Server) -> None:
        server.say("220 mx.example")
        server.wait()
        server.say(b"".join(b"250 line %d\r\n" % number for number in range(5000)))
        server.answer(SMTP)

    server = serve(script)
    person = sit("smtp", server.target)
    person.prompted("smtp:greeted> ")
    person.type("NO")
    person.sees_line("smtp:greeted> NO")
    server.go()
    person.skims(rb"250 line 4999")
    person.sees_line("smtp:greeted> NO")
    shown = re.findall(rb"250 line ([0-9]+)", person.output)
    assert list(map(int, shown)) == list(range(5000))
    person.enter("OP")
    person.sees("250 ok")
    assert server.received == [b"NOOP\r\n"]


def test_hostile_octets_do_not_reach_the_terminal(sit: Sit, serve: Serve, mode: str) -> None:
    """Escape sequences in a greeting and a reply are shown, not obeyed."""

    def script(server: Server) -> None:
        server.say(b"220 \x1b]0;owned\x07\x1b[2J\x9b31m[/nope]\r\n")
        server.hear()
        server.say(b"250-\x1b]52;c;AAAA\x07\r\n250 \x1b[1A\xe2\x80\xaegpj\r\n")
        server.hear_all()

    person = sit("smtp", serve(script).target, mode=mode)
    person.prompted("smtp:greeted> ")
    person.enter("EHLO me")
    person.prompted("smtp:ready> ")
    person.enter("/caps")
    person.enter("/last")
    person.sees("took")
    assert nothing_raw(person.output), person.output
    assert "\\u{1b}]0;owned" in person.screen
    assert "[/nope]" in person.screen
    assert "\u202e" not in person.output.decode()


# ------------------------------------------------------------------- waiting, leaving


def test_interrupt_while_waiting_keeps_the_connection(sit: Sit, serve: Serve, mode: str) -> None:
    """Ctrl-C gives the prompt back; the late reply belongs to the command that is owed it."""

    def script(server: Server) -> None:
        server.say("220 mx.example")
        server.hear()
        server.wait()
        server.say("250-mx.example\r\n250 SIZE 77")
        server.answer(SMTP)

    server = serve(script)
    person = sit("smtp", server.target, mode=mode)
    person.prompted("smtp:greeted> ")
    person.enter("EHLO me")
    person.wait(lambda: bool(server.received), "EHLO")
    person.type("\x03")
    person.sees("is owed")
    person.prompted("smtp:greeted> ")
    server.go()
    person.enter("NOOP")
    person.sees("250 ok")
    person.prompted("smtp:ready> ")
    assert person.screen.index("250 SIZE 77") < person.screen.index("250 ok")
    assert server.received == [b"EHLO me\r\n", b"NOOP\r\n"]


def test_late_reply_is_shown_above_the_prompt(sit: Sit, serve: Serve) -> None:
    """After an interruption the reply comes while the person types, and is no surprise."""

    def script(server: Server) -> None:
        server.say("220 mx.example")
        server.hear()
        server.wait()
        server.say("250 late")
        server.hear_all()

    server = serve(script)
    person = sit("smtp", server.target)
    person.prompted("smtp:greeted> ")
    person.enter("NOOP")
    person.wait(lambda: bool(server.received), "NOOP")
    person.type("\x03")
    person.prompted("smtp:greeted> ")
    person.type("abc")
    person.sees_line("smtp:greeted> abc")
    server.go()
    person.sees("< 250 late")
    person.sees_line("smtp:greeted> abc")
    assert "unsolicited" not in person.screen


def test_two_interrupts_leave(sit: Sit, serve: Serve, mode: str) -> None:
    """Ctrl-C twice in a second drops the connection without QUIT: 130."""
    server = serve(smtp)
    person = sit("smtp", server.target, mode=mode)
    person.prompted("smtp:greeted> ")
    person.type("\x03\x03")
    assert person.ended() == 130
    server.finish()
    assert server.received == [b""]
    assert person.echoes()


def test_end_of_input_says_quit(sit: Sit, serve: Serve, mode: str) -> None:
    """Ctrl-D on an empty prompt sends QUIT, waits for its reply, and leaves with 0."""
    server = serve(smtp)
    person = sit("smtp", server.target, mode=mode)
    person.prompted("smtp:greeted> ")
    person.type("\x04")
    assert person.ended() == 0
    assert server.received[0] == b"QUIT\r\n"
    assert "221 bye" in person.screen
    assert person.echoes()


def test_marked_messages_are_asked_about(sit: Sit, serve: Serve, mode: str) -> None:
    """QUIT would delete what DELE marked: leaving asks, and `d` keeps the mail."""
    server = serve(pop3)
    person = sit("pop3", server.target, mode=mode)
    person.prompted("pop3:auth> ")
    person.enter("PASS hunter2")
    person.prompted("pop3:trans> ")
    person.enter("DELE 1")
    person.sees("+OK")
    person.prompted("pop3:trans> ")
    person.type("\x04")
    person.sees("1 message is marked")
    person.enter("c")
    person.prompted("pop3:trans> ")
    person.enter("/quit")
    person.wait(lambda: person.screen.count("1 message is marked") == 2, "the question again")
    person.enter("d")
    assert person.ended() == 0
    assert b"QUIT\r\n" not in server.received


def test_interrupt_in_mail_data_offers_a_choice(sit: Sit, serve: Serve, mode: str) -> None:
    """Nothing takes mail data back: Ctrl-C asks, `c` goes on, `e` ends it with a dot."""
    server = serve(smtp)
    person = sit("smtp", server.target, mode=mode)
    person.prompted("smtp:greeted> ")
    person.enter("EHLO me")
    person.prompted("smtp:ready> ")
    person.enter("DATA")
    person.prompted("smtp:data 1| ")
    person.type("\x03")
    person.sees("[c]ontinue")
    person.enter("c")
    person.prompted("smtp:data 1| ")
    person.enter("text")
    person.prompted("smtp:data 2| ")
    person.wait(lambda: b"text\r\n" in server.received, "the line")
    person.type("\x04")
    person.sees("[d]rop")
    person.enter("e")
    person.prompted("smtp:ready> ")
    assert server.received == [b"EHLO me\r\n", b"DATA\r\n", b"text\r\n", b".\r\n"]


def test_terminal_is_restored_by_sigterm(sit: Sit, serve: Serve, mode: str) -> None:
    """A killed shell leaves a terminal that echoes."""
    person = sit("smtp", serve(smtp).target, mode=mode)
    before = person.echoes
    person.prompted("smtp:greeted> ")
    assert not before()
    os.kill(person.child.pid, signal.SIGTERM)
    assert person.ended() == 143
    assert person.echoes()
    assert "Traceback" not in person.screen


def test_ten_megabytes_do_not_freeze(sit: Sit, serve: Serve, mode: str) -> None:
    """A RETR of 10 MB comes to its end, and the next command works."""

    def script(server: Server) -> None:
        server.say("+OK")
        server.hear()
        server.say(b"+OK\r\n" + b"All work and no play makes Jack a dull boy.\r\n" * 230_000 + b".")
        server.answer({b"NOOP": "+OK awake"})

    server = serve(script)
    person = sit("pop3", server.target, mode=mode)
    person.prompted("pop3:auth> ")
    person.enter("RETR 1")
    person.skims(rb"10350000 octets")
    person.prompted("pop3:auth> ")
    person.enter("NOOP")
    person.sees("+OK awake")


# -------------------------------------------------------------------------------------- recordings


def test_save_records_from_the_beginning(sit: Sit, serve: Serve, mode: str) -> None:
    """/save writes what was said before it, the password as a name, and goes on."""
    person = sit("pop3", serve(pop3).target, mode=mode)
    person.prompted("pop3:auth> ")
    person.enter("PASS hunter2")
    person.prompted("pop3:trans> ")
    path = person.home / "saved.mpt"
    person.enter(f"/save {path}")
    person.sees("recording into")
    person.prompted("pop3:trans> ")
    person.enter("/note look at this")
    person.enter("STAT")
    person.sees("+OK 2 300")
    person.type("\x04")
    assert person.ended() == 0
    text = path.read_text()
    assert "C~ PASS {password}\n" in text
    assert "| look at this\nC: STAT\nS: +OK 2 300\n" in text
    assert "hunter2" not in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


# ------------------------------------------------------------------------------------ bad days


@pytest.mark.parametrize("options", [(), ("--tls",)])
def test_interrupt_while_connecting(
    sit: Sit, serve: Serve, mode: str, options: tuple[str, ...]
) -> None:
    """Ctrl-C while no greeting comes, or no handshake, gives a prompt."""

    def script(server: Server) -> None:
        server.wait()

    person = sit("smtp", serve(script).target, *options, mode=mode)
    person.sees("note: connect")
    person.wait(lambda: not person.echoes(), "the terminal to be ours")
    person.type("\x03")
    person.wait(lambda: person.line.endswith(">"), "a prompt")
    assert person.line in ("mailprobe>", "smtp:connect>")
    assert "interrupted: " in person.screen


def test_home_that_cannot_be_written(sit: Sit, serve: Serve, mode: str, home: Path) -> None:
    """A file where the folder of the history should be costs the history, nothing else."""
    (home / ".local" / "state" / "mailprobe").write_text("in the way")
    server = serve(smtp)
    person = sit("smtp", server.target, mode=mode)
    person.prompted("smtp:greeted> ")
    person.enter("NOOP")
    person.sees("250 ok")
    person.prompted("smtp:greeted> ")
    person.enter("NOOP")
    person.wait(lambda: len(server.received) == 2, "the second NOOP")
    person.prompted("smtp:greeted> ")
    assert "Traceback" not in person.screen
    assert person.screen.count("warning:") == 1


def test_interrupted_body_leaves_the_session_in_step(sit: Sit, serve: Serve, mode: str) -> None:
    """Ctrl-C in the middle of a RETR: the rest is read and not shown, STAT has its own reply."""

    def script(server: Server) -> None:
        server.say("+OK")
        server.hear()
        server.say("+OK\r\nbegin")
        server.wait()
        server.say("unwanted\r\n.")
        server.answer({b"STAT": "+OK 2 300"})

    server = serve(script)
    person = sit("pop3", server.target, mode=mode)
    person.prompted("pop3:auth> ")
    person.enter("RETR 1")
    person.sees("begin")
    person.type("\x03")
    person.sees("is owed")
    person.prompted("pop3:auth> ")
    server.go()
    person.enter("STAT")
    person.sees("+OK 2 300")
    assert "unwanted" not in person.screen


def test_narrow_terminal(sit: Sit, serve: Serve) -> None:
    """40 columns and 10 rows are enough for a menu, a reply and a prompt."""
    person = sit("smtp", serve(smtp).target, columns=40, rows=10)
    person.prompted("smtp:greeted> ")
    person.type("E\t\t")
    person.sees("EXPN")
    person.type("\x03")
    person.prompted("smtp:greeted> ")
    person.enter("EHLO me.example")
    person.prompted("smtp:ready> ")


def test_screen_without_colors(sit: Sit, serve: Serve, mode: str) -> None:
    """NO_COLOR: no colour of ours or of the editor's reaches the terminal."""
    person = sit("smtp", serve(smtp).target, mode=mode, env={"NO_COLOR": "1"})
    person.prompted("smtp:greeted> ")
    person.enter("EHLO me.example")
    person.prompted("smtp:ready> ")
    assert re.search(rb"\x1b\[[0-9;]*3[0-9]m", person.output) is None


def test_newcomer(sit: Sit, mode: str) -> None:
    """`mailprobe pop3 sandbox` is the first thing that anybody runs."""
    person = sit("pop3", "sandbox", mode=mode)
    person.prompted("pop3:auth> ")
    for line, prompt in (
        ("USER alice", "pop3:auth> "),
        ("PASS secret", "pop3:trans> "),
        ("STAT", "pop3:trans> "),
    ):
        person.enter(line)
        person.sees(f"> {line[:5]}")
        person.prompted(prompt)
    person.sees("+OK 4 ")
    person.type("\x04")
    assert person.ended() == 0
    assert b"> PASS secret" not in person.output
    assert "> PASS ******" in person.screen


# ------------------------------------------------------------------------- typed by a real person


def test_chunk_by_hand(sit: Sit, serve: Serve, mode: str) -> None:
    """BDAT gives the prompt back for its octets; the reply comes behind them."""

    def script(server: Server) -> None:
        server.say("220 mx.example")
        server.hear()
        server.hear()
        server.say("250 10 octets")
        server.hear_all()

    server = serve(script)
    person = sit("smtp", server.target, mode=mode)
    person.prompted("smtp:greeted> ")
    person.enter("BDAT 10 LAST")
    person.prompted("smtp:chunk(10)| ")
    person.enter("12345678")
    person.sees("250 10 octets")
    assert server.received == [b"BDAT 10 LAST\r\n", b"12345678\r\n"]


@pytest.mark.parametrize("line", ["DATA", "AUTH LOGIN"])
def test_typed_ahead_of_a_refusal_is_not_sent(sit: Sit, serve: Serve, mode: str, line: str) -> None:
    """No go-ahead: what stands in the keyboard's buffer would be run as commands."""

    def script(server: Server) -> None:
        server.say("220 mx.example")
        server.hear()
        server.wait()
        server.say("554 no")
        server.answer(SMTP)

    server = serve(script)
    person = sit("smtp", server.target, mode=mode)
    person.prompted("smtp:greeted> ")
    person.enter(f"{line}\rc2VjcmV0\rRSET")
    person.wait(lambda: bool(server.received), line)
    server.go()
    person.sees("typed ahead was not sent")
    person.prompted("smtp:greeted> ")
    person.enter("NOOP")
    person.sees("250 ok")
    assert server.received == [f"{line}\r\n".encode(), b"NOOP\r\n"]
    assert b"c2VjcmV0" not in person.output


def test_key_between_two_interrupts_keeps_the_shell(sit: Sit, serve: Serve, mode: str) -> None:
    """Ctrl-C, a key, Ctrl-C: a line was cleared twice, nobody wants to leave."""
    server = serve(smtp)
    person = sit("smtp", server.target, mode=mode)
    person.prompted("smtp:greeted> ")
    person.type("\x03")
    person.sees("Ctrl-D or /quit leaves")
    person.prompted("smtp:greeted> ")
    person.type("a\x7f\x03")
    person.enter("NOOP")
    person.sees("250 ok")
    assert server.received == [b"NOOP\r\n"]


def test_hint_never_wraps(sit: Sit, serve: Serve) -> None:
    """The ghost ends at the edge of the screen."""
    person = sit("smtp", serve(smtp).target, columns=40, rows=10)
    person.prompted("smtp:greeted> ")
    person.enter("EHLO me.example")
    person.prompted("smtp:ready> ")
    person.type("MAIL ")
    person.sees("FROM:<reverse-path> [S")
    assert "8BITMIME]" not in person.screen
    assert "[SI" not in person.screen


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"ACCESSIBLE": "1"}, {"MAILPROBE_PLAIN": "1"}])
def test_plain_is_plain_altogether(sit: Sit, serve: Serve, env: dict[str, str]) -> None:
    """However it was chosen: status words, and tables without rules."""
    person = sit("smtp", serve(smtp).target, env=env)
    person.prompted("smtp:greeted> ")
    person.enter("NOOP")
    person.sees("< 250 ok  (ok, ")
    person.enter("/state")
    person.sees("replies owed")
    person.prompted("smtp:greeted> ")
    assert "\u2500" not in person.screen


def test_help_shows_its_own_text_as_it_is(sit: Sit, mode: str) -> None:
    """What to type is written once, not escaped."""
    person = sit(mode=mode)
    person.prompted("mailprobe> ")
    person.enter("/help /raw")
    person.sees(r'/raw "TEXT\r\n"')
