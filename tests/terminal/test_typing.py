"""What helps a person who types: menu, ghost, masks, toolbar, on terminals narrow and wide."""

import os
import signal
import termios
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.terminal.harness import Person, Server

pytestmark = pytest.mark.terminal

Sit = Callable[..., Person]
Serve = Callable[[Callable[[Server], None]], Server]

REPLIES = {
    b"EHLO": "250-mx.example\r\n250-SIZE 10240000\r\n250-8BITMIME\r\n250 AUTH PLAIN",
    b"RCPT": "550 no such user",
    b"DATA": "354 go on",
}
MAILDROP = {
    b"USER": "+OK",
    b"PASS": "+OK",
    b"LIST": "+OK\r\n1 100\r\n2 200\r\n.",
    b"RETR": "+OK\r\nSubject: =?utf-8?B?5L2g5aW9?=\r\n\r\nhello\r\n.",
    b"DELE": "+OK",
}


def smtp(server: Server) -> None:
    server.say("220 mx.example ESMTP")
    server.answer(REPLIES)


def pop3(server: Server) -> None:
    server.say("+OK hello")
    server.answer(MAILDROP)


@pytest.fixture
def sit(sit: Sit) -> Sit:
    """At a terminal that tells where its cursor is, as most do."""

    def start(*words: str, **how: object) -> Person:
        person = sit(*words, env={"PROMPT_TOOLKIT_NO_CPR": ""}, **how)
        person._screen.write_process_input = person.type  # type: ignore[method-assign]
        return person

    return start


@pytest.fixture
def ready(sit: Sit, serve: Serve) -> Person:
    """At a prompt behind EHLO."""
    return _ready(sit, serve)


def _ready(sit: Sit, serve: Serve, **how: object) -> Person:
    person = sit("smtp", serve(smtp).target, **how)
    person.prompted("smtp:greeted> ")
    person.enter("EHLO me.example")
    person.prompted("smtp:ready> ")
    return person


def resize(person: Person, rows: int, columns: int) -> None:
    """Make the window another size, as a person with a mouse does."""
    person._screen.resize(rows, columns)
    person._screen.ensure_vbounds()  # pyte leaves the cursor where it was
    termios.tcsetwinsize(person.child.terminal, (rows, columns))
    os.kill(person.child.pid, signal.SIGWINCH)


# ------------------------------------------------------------------------------------------ menu


def test_enter_on_a_selected_item_accepts_only(sit: Sit, serve: Serve) -> None:
    """The first Enter closes the menu, the second one sends; completing never sends."""
    server = serve(smtp)
    person = sit("smtp", server.target)
    person.prompted("smtp:greeted> ")
    person.type("N\t")
    person.sees_line("smtp:greeted> NOOP")
    person.type("\x15R\t")
    person.sees("needs MAIL first")
    person.type("\t")  # RSET, RCPT: the first is selected
    person.sees_line("smtp:greeted> RSET")
    person.type("\r")
    person.wait(lambda: "needs MAIL first" not in person.screen, "a closed menu")
    person.sees_line("smtp:greeted> RSET")
    assert server.received == []
    person.type("\r")
    person.sees("250 ok")
    assert server.received == [b"RSET\r\n"]


def test_escape_closes_the_menu(ready: Person) -> None:
    """What was typed stands again."""
    ready.type("R\t")
    ready.sees("needs MAIL first")
    ready.type("\x1b")
    ready.wait(lambda: "needs MAIL first" not in ready.screen, "a closed menu")
    ready.sees_line("smtp:ready> R")


def test_slash_opens_its_menu(ready: Person) -> None:
    """Without Tab: whoever finds the slash finds all local commands."""
    ready.type("/")
    ready.sees("/connect")
    ready.type("priv\r")  # a menu is open, nothing is selected: Enter is not held back
    ready.sees("there is no local command /priv")


def test_verbs_out_of_sequence_are_grey_and_say_why(ready: Person) -> None:
    """Behind the legal ones, in another look."""
    ready.type("R\t")
    ready.sees("needs MAIL first")
    rows = [row for row in ready.rows if row.lstrip().startswith(("RSET", "RCPT"))]
    assert [row.split()[0] for row in rows] == ["RSET", "RCPT"]
    assert rows[1].rstrip().endswith("needs MAIL first")
    screen = ready._screen
    at = {name: ready.rows.index(row) for name, row in zip(("RSET", "RCPT"), rows, strict=True)}
    looks = {
        name: next(c.fg for c in screen.buffer[row].values() if c.data == name[0])
        for name, row in at.items()
    }
    assert looks["RCPT"] != looks["RSET"]


def test_addresses_come_back_with_their_verdict(sit: Sit, serve: Serve) -> None:
    """In the next session, too; the bracket is closed."""
    person = _ready(sit, serve)
    person.enter("MAIL FROM:<alice@a.example>")
    person.prompted("smtp:mail> ")
    person.enter("RCPT TO:<nobody@b.example>")
    person.prompted("smtp:mail> ")
    person.type("RCPT TO:<\t")
    person.sees("550 last time")
    other = _ready(sit, serve)
    other.type("MAIL FROM:<a\t")
    other.sees_line("smtp:ready> MAIL FROM:<alice@a.example>")


def test_subjects_and_marks_of_messages(sit: Sit, serve: Serve) -> None:
    """What RETR has shown, decoded; what DELE has marked."""
    person = sit("pop3", serve(pop3).target)
    person.prompted("pop3:auth> ")
    for line in ("USER alice", "PASS x", "LIST", "RETR 1", "DELE 2"):
        person.enter(line)
        person.wait(lambda line=line: person.rows.count(line) == 0, "the line sent")
    person.sees("1 to delete at QUIT")
    person.type("RETR \t")
    person.sees("100 octets · 你好")
    person.sees("marked as deleted · 200 octets")


# ----------------------------------------------------------------------------------------- ghost


def test_ghost_of_the_syntax_does_not_stay(ready: Person) -> None:
    """It is behind the cursor while a line is typed, and nowhere once it was entered."""
    ready.type("MAIL")
    ready.sees("MAIL FROM:<reverse-path>")
    ready.type("\r")
    ready.sees("250 ok")
    assert "smtp:ready> MAIL" in ready.rows


@pytest.mark.parametrize("key", ["\x1b[C", "\x1b[F", "\x05"], ids=["right", "end", "ctrl-e"])
def test_ghost_of_the_history_is_taken(ready: Person, key: str) -> None:
    """Where the syntax is silent stands the newest line that begins so."""
    ready.enter("XYZZY one two")
    ready.prompted("smtp:ready> ")
    ready.type("XY")
    ready.wait(lambda: ready.line == "smtp:ready> XYZZY one two", "the ghost")
    ready.type(key + "!")
    ready.sees_line("smtp:ready> XYZZY one two!")


def test_never_two_ghosts(ready: Person) -> None:
    """The syntax wins over the history."""
    ready.enter("MAIL FROM:<alice@a.example>")
    ready.sees("smtp:mail>")
    ready.enter("RSET")
    ready.prompted("smtp:ready> ")
    ready.type("MAIL FROM:<")
    ready.wait(lambda: "reverse-path>" in ready.line, "the hint")
    assert "alice" not in ready.line


# --------------------------------------------------------------------------------------- toolbar


def test_secret_is_masked_while_it_is_typed(sit: Sit, serve: Serve, home: Path) -> None:
    """F8 shows it and says so; Enter leaves stars, and no file has it."""
    person = sit("pop3", serve(pop3).target)
    person.prompted("pop3:auth> ")
    person.type("PASS hunter2")
    person.sees_line("pop3:auth> PASS *******")
    assert b"hunter2" not in person.output
    person.type("\x1b[19~")
    person.sees_line("pop3:auth> PASS hunter2")
    person.sees("secrets shown")
    person.type("\r")
    person.sees("pop3:trans>")
    assert "hunter2" not in person.screen
    assert b"hunter2" not in b"".join(p.read_bytes() for p in home.rglob("*") if p.is_file())


def test_too_long_and_stuffed_lines_are_flagged(ready: Person) -> None:
    """On the toolbar, and sent all the same."""
    ready.type("NOOP " + "x" * 506)
    ready.sees("511 octets, limit 510")
    ready.type("\x15DATA\r")
    ready.sees("smtp:data")
    ready.type(".hidden")
    ready.sees("begins with a dot: will be stuffed · 7 octets")


def test_private_is_seen(ready: Person, home: Path) -> None:
    """The toolbar tells that nothing is remembered."""
    ready.enter("/private")
    ready.sees("· private")
    ready.enter("XYZZY")
    ready.prompted("smtp:ready> ")
    ready.enter("/private")
    ready.wait(lambda: "· private" not in ready.screen, "an end of it")
    assert b"XYZZY" not in b"".join(p.read_bytes() for p in home.rglob("*") if p.is_file())


def test_wide_and_narrow(sit: Sit, serve: Serve) -> None:
    """Everything on 200 columns; on 40 what matters more than offers; resized between them."""
    person = _ready(sit, serve, columns=200, rows=30)
    person.sees("8BITMIME SIZE=10M · last 250 in")
    person.type("NOOP")
    for columns, rows in ((40, 10), (200, 30), (57, 12)):
        resize(person, rows, columns)
        person.type("x")
        person.sees_line("smtp:ready> NOOPx")
        person.type("\x7f")
        person.sees_line("smtp:ready> NOOP [string]")
        person.sees("last 250 in")
        assert columns > 40 or "8BITMIME SIZE" not in person.screen
    person.type("\r")
    person.sees("250 ok")


@pytest.mark.parametrize("rows", [6, 4, 2])
def test_a_window_of_a_few_rows(ready: Person, rows: int) -> None:
    """Made that small while a menu is open: the line stays, Tab and Enter work."""
    ready.type("/")
    ready.sees("/connect")
    resize(ready, rows, 80)
    ready.type("\t")
    ready.sees_line("smtp:ready> /connect")
    ready.type("\x15NO\t")
    ready.sees_line("smtp:ready> NOOP")
    ready.type("\r")
    ready.sees("250 ok")
    ready.prompted("smtp:ready> ")
    ready.sees("last 250" if rows > 3 else "smtp:ready>")  # the toolbar, where there is room
    assert b"too small" not in ready.output


def test_terminal_that_does_not_tell_where_its_cursor_is(sit: Sit, serve: Serve) -> None:
    """It is asked once, for each answer is waited for; it has a toolbar, and no complaint."""
    person = sit("smtp", serve(smtp).target)
    person._screen.write_process_input = lambda octets: None  # type: ignore[method-assign]
    person.prompted("smtp:greeted> ")
    for line in ("EHLO me.example", "NOOP", "NOOP"):
        person.enter(line)
        person.prompted("smtp:ready> ")
        person.sees("· last 250 in")
    person.type("/connect lmtp sandbox\r")
    person.prompted("[2] lmtp:greeted> ")
    assert person.output.count(b"\x1b[6n") == 1
    assert b"WARNING" not in person.output


def test_mouse_is_not_captured(ready: Person) -> None:
    """A person selects text with it."""
    ready.type("\t")
    ready.sees("MAIL FROM:<")
    assert b"\x1b[?100" not in ready.output


def test_prompt_changes_while_somebody_types_wide_characters(sit: Sit, serve: Serve) -> None:
    """Widths are counted in cells: the ghost ends at the edge, the line does not wrap."""
    person = _ready(sit, serve, columns=40, rows=10)
    person.type("MAIL FROM:<你好@例え.jp")
    person.wait(lambda: ">" in person.line[12:], "the hint")
    assert sum("MAIL FROM" in row for row in person.rows) == 1
    assert person.line.startswith("smtp:ready> MAIL")
