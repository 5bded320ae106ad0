"""Reading in a real terminal: folded bodies, the pager, the parts of a mail; and the traps there.

The pager is a script that prints a boundary before and after: it proves that it ran.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.terminal.harness import Person, Server, nothing_raw

pytestmark = pytest.mark.terminal

Sit = Callable[..., Person]
Serve = Callable[[Callable[[Server], None]], Server]

LINE = b"All work and no play makes Jack a dull boy.\r\n"
MANY = 230_000  # of them, 10 MB
MUSE = (Path(__file__).parents[2] / "mailprobe/sandbox/samples/2-muse.eml").read_bytes()


def maildrop(*bodies: bytes) -> Callable[[Server], None]:
    """A server that says these multi-line responses, one for each command."""

    def script(server: Server) -> None:
        server.say("+OK")
        for octets in bodies:
            server.hear()
            server.say(b"+OK\r\n" + octets + b".\r\n")
        server.hear_all()

    return script


def pager(folder: Path, inside: str = "cat") -> dict[str, str]:
    """A pager between two boundaries; whether the terminal echoes stands in the first."""
    path = folder / "my pager"
    path.write_text(
        "#!/bin/sh\n"
        'case "$(stty -a </dev/tty)" in *" -echo "*) echo "[begin $1, no echo]";;\n'
        '*) echo "[begin $1, echo]";; esac\n'
        f"{inside}\necho '[end]'\n"
    )
    path.chmod(0o700)
    return {"PAGER": f"'{path}' --opt"}


def fetch(person: Person, line: str = "RETR 1") -> None:
    person.prompted("pop3:auth> ")
    person.enter(line)
    person.sees("octets")
    person.prompted("pop3:auth> ")


def test_ten_megabytes_begin_at_once_and_end_folded(sit: Sit, serve: Serve, tmp_path: Path) -> None:
    """The first rows are there while the rest is still to come; the memory does not hold it."""

    def script(server: Server) -> None:
        server.say("+OK")
        server.hear()
        server.say(b"+OK\r\n" + LINE * 1000)
        server.wait()
        server.say(LINE * (MANY - 1000) + b".\r\n")
        server.hear_all()

    server = serve(script)
    person = sit("pop3", server.target, env=pager(tmp_path, "wc -c; cat /proc/$PPID/status"))
    person.prompted("pop3:auth> ")
    person.enter("RETR 1")
    person.wait(lambda: person.screen.count("a dull boy.") == 18, "the first rows")
    server.go()
    person.sees("... 229,982 more lines, 10.3 MB: /page, /headers, /mime, /body-save FILE")
    person.prompted("pop3:auth> ")
    assert len(person.output) < 20_000
    person.enter("/page")
    person.sees("[end]")
    assert str(MANY * (len(LINE) - 1)).encode() in person.output
    peak = re.search(rb"VmHWM:\s+(\d+) kB", person.output)
    assert peak is not None
    assert int(peak[1]) < 60_000


def test_pager_has_the_terminal_as_it_was_found(
    sit: Sit, serve: Serve, tmp_path: Path, mode: str
) -> None:
    """With its echo, and the words of $PAGER; afterwards the terminal is ours again."""
    person = sit(
        "pop3", serve(maildrop(b"a \x1b[2Jline\r\n")).target, mode=mode, env=pager(tmp_path)
    )
    fetch(person)
    person.enter("/page 1")
    person.sees("[end]")
    person.prompted("pop3:auth> ")
    assert "[begin --opt, echo]\na \\u{1b}[2Jline\n[end]" in person.screen
    assert not person.echoes()


def test_nothing_is_echoed_behind_the_pager(
    sit: Sit, serve: Serve, tmp_path: Path, mode: str
) -> None:
    """What is typed while a server thinks may be a password, behind another program, too."""

    def script(server: Server) -> None:
        server.say("+OK")
        server.hear()
        server.say("+OK\r\nSubject: x\r\n\r\nabc\r\n.")
        server.hear()
        server.wait()
        server.say("+OK at last")
        server.hear_all()

    server = serve(script)
    person = sit("pop3", server.target, mode=mode, env=pager(tmp_path))
    person.prompted("pop3:auth> ")
    person.enter("RETR 1")
    person.sees("abc")
    person.prompted("pop3:auth> ")
    person.enter("/page")
    person.sees("[end]")
    person.prompted("pop3:auth> ")
    person.enter("NOOP")
    person.wait(lambda: len(server.received) == 2, "NOOP")
    assert not person.echoes()
    server.go()
    person.sees("at last")


def test_interrupt_in_the_pager_is_the_pagers(sit: Sit, serve: Serve, tmp_path: Path) -> None:
    """Ctrl-C twice ends the pager, not the shell."""
    env = pager(tmp_path, "trap 'echo [caught]; exit' INT; echo ready; while :; do :; done")
    server = serve(maildrop(b"x\r\n"))
    person = sit("pop3", server.target, env=env)
    fetch(person)
    person.enter("/page")
    person.sees("ready")
    person.type("\x03")
    person.sees("[caught]")
    person.prompted("pop3:auth> ")
    person.type("\x03")
    person.enter("NOOP")
    person.wait(lambda: server.received[-1:] == [b"NOOP\r\n"], "NOOP")


def test_without_a_pager_it_is_written_out(sit: Sit, serve: Serve) -> None:
    """Plain mode, and nobody named one: append-only text."""
    body = b"".join(b"line %d\r\n" % number for number in range(60))
    person = sit("pop3", serve(maildrop(body)).target, mode="plain")
    fetch(person)
    assert "42 more lines" in person.screen
    person.enter("/page")
    person.sees("line 59")
    assert person.output.count(b"line 59\r\n") == 1
    assert b"\x1b[?1049h" not in person.output  # the other screen of terminals, where pagers draw


def test_long_listing_is_a_table_and_pages(
    sit: Sit, serve: Serve, tmp_path: Path, mode: str
) -> None:
    """The first rows on the screen, every row in the pager."""
    rows = b"".join(b"%d %d\r\n" % (number, number * 7) for number in range(1, 1001))
    person = sit("pop3", serve(maildrop(rows)).target, mode=mode, env=pager(tmp_path, "tail -n 2"))
    fetch(person, "LIST")
    assert "  number  octets" in person.screen
    assert "... 982 more messages" in person.screen
    person.enter("/page")
    person.sees("  1000    7000")


def test_mail_of_2007_is_shown_right(sit: Sit, serve: Serve, mode: str) -> None:
    """GB2312 in headers and text; characters of two columns stand where they should."""
    person = sit(
        "pop3",
        serve(maildrop(MUSE.replace(b"\n", b"\r\n"))).target,
        mode=mode,
        rows=40,
        columns=100,
    )
    fetch(person)
    person.enter("/mime")
    person.wait(lambda: person.screen.count("www.musemailsvr.com") == 2, "the text")
    shown = person.screen.replace(" ", "")  # pyte leaves a blank behind a wide character
    assert "Subject:恭喜您成为本邮件系统的新用户!" in shown
    assert "您好，恭喜您成为musemail.com的邮箱用户。" in shown
    assert "GB2312readasGB18030,itssuperset" in shown


def test_fold_can_be_set(sit: Sit, serve: Serve, mode: str) -> None:
    """/set fold 2 shows two rows, off all of them."""
    body = b"".join(b"row %d\r\n" % number for number in range(30))
    person = sit("pop3", serve(maildrop(body, body)).target, mode=mode)
    person.prompted("pop3:auth> ")
    person.enter("/set fold 2")
    person.enter("RETR 1")
    person.sees("... 28 more lines")
    assert "row 2" not in person.screen
    person.enter("/set fold off")
    person.enter("RETR 1")
    person.sees("row 29")


def test_a_command_gets_the_body(sit: Sit, serve: Serve, mode: str) -> None:
    """No shell reads the words; what the command writes is made safe."""
    person = sit("pop3", serve(maildrop(b"one\x1b[2J\r\ntwo\r\n")).target, mode=mode)
    fetch(person)
    person.enter("/pipe sed s/one/$HOME;x/")
    person.sees("$HOME;x\\u{1b}[2J")
    person.prompted("pop3:auth> ")
    assert nothing_raw(person.output)
    assert b"\x1b[2Jtwo" not in person.output


# ------------------------------------------------------- traps: markup, ESC, patch_stdout, a flood

HOSTILE = b"[/nope] [red]x[/red] :skull: \x1b]0;owned\x07\x1b[2J\x9b31m\xe2\x80\xaegpj"


def test_markup_and_escapes_are_shown_and_not_obeyed(
    sit: Sit, serve: Serve, tmp_path: Path, mode: str
) -> None:
    """In a reply, a body, a table, a header, a file name, the pager: everywhere."""
    mail = (
        b"Subject: " + HOSTILE + b"\r\nContent-Disposition: attachment; filename=" + HOSTILE
        + b"\r\n\r\n" + HOSTILE + b"\r\n"
    )  # fmt: skip
    uidl = b"".join(b"%d %s\r\n" % (number, HOSTILE.replace(b" ", b"_")) for number in range(1, 40))
    server = serve(maildrop(mail, uidl, HOSTILE + b"\r\n"))
    person = sit("pop3", server.target, mode=mode, env=pager(tmp_path))
    fetch(person)
    for line in ("/headers", "/mime", "/page 1", "/raw-view 1", "/last", "/pipe cat"):
        person.enter(line)
    for line in ("UIDL", "/page", "CAPA", "/caps", "/state"):
        person.enter(line)
    person.sees("replies owed")
    assert nothing_raw(person.output), person.output
    assert b"\x1b[2J" not in person.output.replace(b"\x1b[2J\x1b[H", b"")
    output = person.output.decode()
    assert "\u202e" not in output
    assert "\U0001f480" not in output  # the skull
    assert output.count("[/nope] [red]x[/red] :skull:") >= 6


def test_colours_arrive_while_a_prompt_is_open(sit: Sit, serve: Serve) -> None:
    """No `?[1;35m`, which is what an escape through patch_stdout looks like."""

    def script(server: Server) -> None:
        server.say("220 mx.example")
        server.wait()
        server.say("421 going down")
        server.hear_all()

    server = serve(script)
    person = sit("smtp", server.target)
    person.prompted("smtp:greeted> ")
    person.type("NOO")
    person.sees_line("smtp:greeted> NOO")
    server.go()
    person.sees("<* 421 going down")
    person.wait(lambda: person.line.endswith("> NOO"), "the prompt again")
    assert b"\x1b[1;35m<* 421 going down\x1b[0m" in person.output
    assert b"?[" not in person.output


def test_flood_is_written_in_few_pieces(sit: Sit, serve: Serve) -> None:
    """5,000 lines above an open prompt: it is drawn again for pieces of them, not for each line."""

    def script(server: Server) -> None:
        server.say("220 mx.example")
        server.wait()
        server.say(b"".join(b"250 line %d\r\n" % number for number in range(5000)))
        server.hear_all()

    server = serve(script)
    person = sit("smtp", server.target)
    person.prompted("smtp:greeted> ")
    person.type("NO")
    person.sees_line("smtp:greeted> NO")
    start = len(person.output)
    server.go()
    person.skims(rb"250 line 4999")
    person.sees_line("smtp:greeted> NO")
    flood = bytes(person.output[start:])
    assert [int(number) for number in re.findall(rb"<\* 250 line (\d+)", flood)] == [*range(5000)]
    assert flood.count(b"smtp:greeted> ") < 500
