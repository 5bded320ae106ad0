"""Writing at a terminal: mail data and its numbers, the editor, groups, and /send that asks."""

import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.terminal.harness import Person, Server

pytestmark = pytest.mark.terminal

Sit = Callable[..., Person]
Serve = Callable[[Callable[[Server], None]], Server]

REPLIES = {
    b"EHLO": "250-mx.example\r\n250-SIZE 1000000\r\n250-8BITMIME\r\n250 PIPELINING",
    b"DATA": "354 go on",
    b"QUIT": "221 bye",
}
ENVELOPE = ("MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>")


def smtp(server: Server) -> None:
    """Answers commands, and mail data at its lone dot."""
    server.say("220 mx.example ESMTP")
    data = False
    while line := server.hear():
        if data:
            data = line != b".\r\n"
            if not data:
                server.say("250 taken")
            continue
        verb = line.split()[0].upper()
        data = verb == b"DATA"
        server.say(REPLIES.get(verb, "250 ok"))


def editor(folder: Path, script: str) -> str:
    """A program that edits: `script` finds the file in $1."""
    path = folder / "editor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return str(path)


def at_rcpt(person: Person) -> None:
    """Send an envelope."""
    person.prompted("smtp:greeted> ")
    person.enter("EHLO me")
    person.prompted("smtp:ready> ")
    person.enter(ENVELOPE[0])
    person.prompted("smtp:mail> ")
    person.enter(ENVELOPE[1])
    person.prompted("smtp:rcpt(1)> ")


def test_lines_of_mail_data_are_numbered(sit: Sit, serve: Serve, mode: str) -> None:
    """The prompt counts them, and begins anew with the next mail."""
    server = serve(smtp)
    person = sit("smtp", server.target, mode=mode)
    at_rcpt(person)
    person.enter("DATA")
    person.prompted("smtp:data 1| ")
    person.enter("one")
    person.prompted("smtp:data 2| ")
    person.enter(".two")
    person.sees("(stuffed)")
    person.prompted("smtp:data 3| ")
    person.enter(".")
    person.prompted("smtp:ready> ")
    assert server.received[4:] == [b"one\r\n", b"..two\r\n", b".\r\n"]
    person.enter("DATA")
    person.prompted("smtp:data 1| ")


def test_paste_of_mail_data_is_one_batch(sit: Sit, serve: Serve) -> None:
    """Lines up to the lone dot go together; a command behind it waits for the reply."""
    server = serve(smtp)
    person = sit("smtp", server.target)
    at_rcpt(person)
    person.enter("DATA")
    person.prompted("smtp:data 1| ")
    person.type(b"\x1b[200~one\n.two\n\n/three\n.\nNOOP\x1b[201~")
    person.enter()
    person.sees("(1 of 5 lines stuffed)")
    person.prompted("smtp:ready> ")
    assert server.received[4:] == [
        b"one\r\n", b"..two\r\n", b"\r\n", b"/three\r\n", b".\r\n", b"NOOP\r\n",
    ]  # fmt: skip


def test_editor_gets_a_template_and_the_terminal(
    sit: Sit, serve: Serve, tmp_path: Path, mode: str
) -> None:
    """`/body -e` before DATA: headers of the envelope, the terminal as it was found, a question;
    the file is for its owner alone, and gone afterwards."""
    script = (
        f'ls -ldU "$1" "$(dirname "$1")" > {tmp_path}/modes\n'
        f"stty -a > {tmp_path}/tty\n"
        f'cp "$1" {tmp_path}/template; echo "$1" > {tmp_path}/name\n'
        'printf "Hello\\n.dot\\n" >> "$1"'
    )
    server = serve(smtp)
    person = sit("smtp", server.target, mode=mode, env={"EDITOR": editor(tmp_path, script)})
    at_rcpt(person)
    person.enter("/body -e")
    person.sees("[n]o:")
    assert "Hello" in person.screen
    assert server.received[-1] == b"RCPT TO:<c@d.example>\r\n"
    assert not person.echoes()
    person.enter("y")
    person.prompted("smtp:ready> ")
    template = (tmp_path / "template").read_bytes()
    assert template.startswith(b"From: a@b.example\nTo: c@d.example\nSubject: \nDate: ")
    assert re.search(rb"\nMessage-ID: <[0-9a-f]+@b\.example>\n\n\Z", template)
    sent = b"".join(server.received[4:])
    assert sent == template.replace(b"\n", b"\r\n") + b"Hello\r\n..dot\r\n.\r\n"
    assert " echo " in (tmp_path / "tty").read_text()
    assert set(re.findall(r"^(\S{10})", (tmp_path / "modes").read_text(), re.MULTILINE)) == {
        stat.filemode(stat.S_IFREG | 0o600),
        stat.filemode(stat.S_IFDIR | 0o700),
    }
    assert not Path((tmp_path / "name").read_text().strip()).exists()


def test_text_that_is_not_sent_is_kept(sit: Sit, serve: Serve, tmp_path: Path) -> None:
    """No means no; the next `/body -e` goes on with the text, `e` does so at once."""
    script = 'printf "more\\n" >> "$1"'
    server = serve(smtp)
    person = sit("smtp", server.target, rows=60, env={"VISUAL": editor(tmp_path, script)})
    at_rcpt(person)
    person.enter("/body -e")
    person.sees("[n]o:")
    person.enter()
    person.prompted("smtp:rcpt(1)> ")
    assert b"DATA\r\n" not in server.received
    person.enter("/body -e")
    person.sees_line("Send it?")
    person.enter("e")
    person.wait(lambda: person.screen.count("Send it?") == 3, "the third question")
    person.enter("y")
    person.prompted("smtp:ready> ")
    assert server.received[-4:] == [b"more\r\n", b"more\r\n", b"more\r\n", b".\r\n"]


def test_keys_open_the_editor_in_mail_data(sit: Sit, serve: Serve, tmp_path: Path) -> None:
    """Ctrl-X Ctrl-E; behind lines that were sent there are no headers any more, and what stood
    at the prompt is there again."""
    script = 'printf "edited\\n" >> "$1"'
    server = serve(smtp)
    person = sit("smtp", server.target, env={"EDITOR": editor(tmp_path, script)})
    at_rcpt(person)
    person.enter("DATA")
    person.prompted("smtp:data 1| ")
    person.enter("Subject: x")
    person.prompted("smtp:data 2| ")
    person.type("half\x18\x05")
    person.sees("[n]o:")
    person.enter("n")
    person.sees_line("smtp:data 2| half")
    person.enter()
    person.prompted("smtp:data 3| ")
    person.type("\x18\x05")
    person.wait(lambda: person.screen.count("Send it?") == 2, "the second question")
    person.enter("y")
    person.prompted("smtp:ready> ")
    assert server.received[4:] == [
        b"Subject: x\r\n", b"half\r\n", b"edited\r\n", b"edited\r\n", b".\r\n",
    ]  # fmt: skip


def test_interrupt_in_the_editor_is_the_editors(sit: Sit, serve: Serve, tmp_path: Path) -> None:
    """Ctrl-C twice over there does not end the shell."""
    script = 'trap "echo caught" INT; echo begun; read a || read a; read b'
    server = serve(smtp)
    person = sit("smtp", server.target, env={"EDITOR": editor(tmp_path, script)})
    at_rcpt(person)
    person.enter("/body -e")
    person.sees("begun")
    person.type("\x03")
    person.sees("caught")
    person.type("\x03\n\n\n\n")
    person.sees("[n]o:")
    person.enter("n")
    person.prompted("smtp:rcpt(1)> ")


@pytest.mark.parametrize("command", ["exit 3", "", "exec /nonexistent/editor"])
def test_editor_that_fails_sends_nothing(
    sit: Sit, serve: Serve, tmp_path: Path, command: str
) -> None:
    """One that ends with an error, or is not there: a sentence says so."""
    server = serve(smtp)
    name = editor(tmp_path, command) if command else str(tmp_path / "missing")
    person = sit("smtp", server.target, env={"EDITOR": name})
    at_rcpt(person)
    person.enter("/body -e")
    person.sees("mailprobe: usage:")
    person.prompted("smtp:rcpt(1)> ")
    assert not person.echoes()
    assert b"DATA\r\n" not in server.received


def test_group_is_collected_and_sent(sit: Sit, serve: Serve, mode: str) -> None:
    """The prompt counts the lines; nothing goes before /pipeline go."""
    server = serve(smtp)
    person = sit("smtp", server.target, mode=mode)
    person.prompted("smtp:greeted> ")
    person.enter("EHLO me")
    person.prompted("smtp:ready> ")
    person.enter("/pipeline")
    person.prompted("smtp:pipeline(0)> ")
    for count, line in enumerate((*ENVELOPE, "DATA"), 1):
        person.enter(line)
        person.prompted(f"smtp:pipeline({count})> ")
    assert server.received == [b"EHLO me\r\n"]
    person.enter("/pipeline go")
    person.prompted("smtp:data 1| ")
    assert re.search(r"3 +DATA +354 go on", person.screen)
    person.enter(".")
    person.prompted("smtp:ready> ")


def test_send_asks_for_what_is_missing(sit: Sit, serve: Serve, mode: str) -> None:
    """From nothing to a mail: hello, envelope, text, and the verdict."""
    server = serve(smtp)
    person = sit("smtp", server.target, mode=mode)
    person.prompted("smtp:greeted> ")
    person.enter("/send")
    for question, answer in (
        ("From:", "a@b.example"),
        ("To:", "c@d.example, e@f.example"),
        ("Subject:", "Hi"),
        ("  1|", "there"),
        ("  2|", ""),
        ("  3|", ".dotted"),
        ("  4|", "."),
    ):
        person.prompted(question)
        person.enter(answer)
    person.prompted("smtp:ready> ")
    assert re.search(r"e@f\.example +sent +250 taken", person.screen)
    assert "> RCPT TO:<c@d.example>" in person.screen
    assert server.received[1].startswith(b"MAIL FROM:<a@b.example> SIZE=")
    assert server.received[-4:] == [b"there\r\n", b"\r\n", b"..dotted\r\n", b".\r\n"]


def test_text_that_is_given_up_is_not_sent(sit: Sit, serve: Serve, mode: str) -> None:
    """Ctrl-C in the middle of it: no command has gone out."""
    server = serve(smtp)
    person = sit("smtp", server.target, mode=mode)
    person.prompted("smtp:greeted> ")
    person.enter("/send --from a@b.example --to c@d.example --subject x")
    person.prompted("  1|")
    person.enter("half of it")
    person.prompted("  2|")
    person.type("\x03")
    person.sees("nothing was sent: the text did not come to its dot")
    person.prompted("smtp:greeted> ")
    assert server.received == []


def test_drip_can_be_interrupted(sit: Sit, serve: Serve, mode: str) -> None:
    """Ctrl-C ends an hour's pause; what went out is the beginning of a line, which goes on."""

    def script(server: Server) -> None:
        server.say("220 mx.example")
        server.received.append(server.take(1))
        server.answer({})

    server = serve(script)
    person = sit("smtp", server.target, mode=mode)
    person.prompted("smtp:greeted> ")
    person.enter("/drip 1000s")
    person.prompted("smtp:greeted> ")
    person.enter("NOOP")
    person.wait(lambda: server.received == [b"N"], "the first octet")
    person.type("\x03")
    person.sees("interrupted")
    person.prompted("smtp:greeted> ")
    person.enter("/drip off")
    person.prompted("smtp:greeted> ")
    person.enter("OOP")
    person.sees("250 ok")
    assert server.received == [b"N", b"OOP\r\n"]


def test_switches_change_what_is_typed(sit: Sit, serve: Serve, mode: str) -> None:
    """A bare LF, a dot that is not doubled; each is one switch."""
    server = serve(smtp)
    person = sit("smtp", server.target, mode=mode)
    at_rcpt(person)
    person.enter("/eol lf")
    person.sees("eol is lf")
    person.prompted("smtp:rcpt(1)> ")
    person.enter("NOOP")
    person.wait(lambda: len(server.received) == 4, "NOOP")
    person.sees("> NOOP\\n")
    person.prompted("smtp:rcpt(1)> ")
    person.enter("/eol crlf")
    person.sees("eol is crlf")
    person.prompted("smtp:rcpt(1)> ")
    person.enter("/stuffing off")
    person.sees("stuffing is off")
    person.prompted("smtp:rcpt(1)> ")
    person.enter("DATA")
    person.prompted("smtp:data 1| ")
    person.enter(".dot")
    person.prompted("smtp:data 2| ")
    person.wait(lambda: len(server.received) == 6, "the line")
    assert server.received[3:] == [b"NOOP\n", b"DATA\r\n", b".dot\r\n"]
    assert "(stuffed)" not in person.screen


def test_raw_shows_what_it_sends(sit: Sit, serve: Serve, mode: str) -> None:
    """With the ends of its lines; a line that has none is told, and what it is glued to."""
    server = serve(smtp)
    person = sit("smtp", server.target, mode=mode)
    person.prompted("smtp:greeted> ")
    person.enter(r'/raw "NO"')
    person.sees("the line has no end yet")
    person.prompted("smtp:greeted> ")
    person.enter(r'/raw "OP\n"')
    person.sees("> NOOP\\n")
    person.prompted("smtp:greeted> ")
    person.enter(r'/raw "NOOP\r\n"')
    person.sees("> NOOP\\r\\n")


def test_progress_tells_what_a_server_takes(sit: Sit, serve: Serve) -> None:
    """While the server reads nothing, not all of it is said to be sent; then the reply is due."""

    def slow(server: Server) -> None:
        server.say("220 mx.example")
        for reply in ("250 ok", "250 ok", "250 ok", "354 go"):
            server.hear()
            server.say(reply)
        server.wait()
        while server.hear() != b".\r\n":
            pass
        server.wait()
        server.say("250 taken")
        server.hear_all()

    server = serve(slow)
    person = sit("smtp", server.target)
    (person.home / "big.eml").write_bytes(b"Subject: x\r\n\r\n" + (b"x" * 900 + b"\r\n") * 20_000)
    at_rcpt(person)
    person.enter(f"/body {person.home / 'big.eml'}")
    person.sees("\nsent ")
    assert "waiting for the reply" not in person.screen
    server.go()
    person.sees("sent 18.0 MB")
    person.sees("waiting for the reply")
    server.go()
    person.sees("< 250 taken")
    person.prompted("smtp:ready> ")
    assert "waiting for the reply" not in person.screen


def test_end_of_mail_data_is_a_line_of_its_own(sit: Sit, serve: Serve, mode: str) -> None:
    """Ctrl-C and `e` behind a line that has no end: the dot ends the data all the same."""
    server = serve(smtp)
    person = sit("smtp", server.target, mode=mode)
    at_rcpt(person)
    person.enter("DATA")
    person.prompted("smtp:data 1| ")
    person.type("\x1d" if mode == "full" else "\x1deol none\r")
    if mode == "full":
        person.prompted("local> ")
        person.enter("eol none")
    person.sees("eol is none")
    person.prompted("smtp:data 1| ")
    person.enter("open")
    person.sees("data 1| open")
    person.prompted("smtp:data 1| ")
    person.type("\x03")
    person.sees("[c]ontinue")
    person.enter("e")
    person.prompted("smtp:ready> ")
    assert server.received[4:] == [b"open\r\n", b".\r\n"]
