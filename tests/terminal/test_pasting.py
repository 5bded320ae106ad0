"""A paste of many lines, in a real terminal."""

from collections.abc import Callable

import pytest

from tests.terminal.harness import Person, Server

pytestmark = pytest.mark.terminal

Sit = Callable[..., Person]
Serve = Callable[[Callable[[Server], None]], Server]
PASTE = "\x1b[200~{}\x1b[201~\r"


def friendly(server: Server) -> None:
    server.say("220 mx.example")
    server.answer({b"DATA": "354 go", b"QUIT": "221 bye", b"VRFY": "550 no"})


def _paste(person: Person, text: str, answer: str) -> None:
    person.prompted("smtp:greeted> ")
    person.type(PASTE.format(text))
    person.wait(lambda: person.line.endswith("[n]othing:"), "the question")
    person.enter(answer)


def test_batch_is_one_write_and_replies_are_paired(sit: Sit, serve: Serve) -> None:
    """The table has a row for each command; mail data among them is stuffed."""
    server = serve(friendly)
    person = sit("smtp", server.target)
    _paste(person, "NOOP\nVRFY x\nRSET\nNOOP last\n", "b")
    person.sees("4 lines were pasted:")
    person.sees("550 no")
    person.sees("NOOP last")
    person.wait(lambda: len(server.received) == 4, "all lines")


def test_one_by_one_stops_at_the_first_refusal(sit: Sit, serve: Serve) -> None:
    """What was meant to follow a success does not follow a refusal."""
    server = serve(friendly)
    person = sit("smtp", server.target)
    _paste(person, "NOOP\nVRFY x\nRSET\nNOOP", "o")
    person.sees("2 more lines were not sent")
    assert server.received == [b"NOOP\r\n", b"VRFY x\r\n"]


def test_nothing_is_sent_before_the_answer(sit: Sit, serve: Serve) -> None:
    """Three lines are shown, secrets masked; a bare Enter sends nothing."""
    server = serve(friendly)
    person = sit("smtp", server.target)
    _paste(person, "AUTH PLAIN AGFsaWNlAGh1bnRlcjI=\nNOOP\nRSET\nVRFY x\nNOOP", "")
    person.sees("nothing was sent")
    assert "... 2 more" in person.screen
    assert "[b]atch" not in person.screen  # nothing would hide an answer to AUTH
    assert b"AGFsaWNlAGh1bnRlcjI=" not in person.output
    assert server.received == []


def test_paste_into_mail_data_is_not_asked_about(sit: Sit, serve: Serve) -> None:
    """It is text, and goes as one batch."""
    server = serve(friendly)
    person = sit("smtp", server.target)
    person.prompted("smtp:greeted> ")
    person.enter("DATA")
    person.sees_line("smtp:data")
    person.type(PASTE.format("Subject: x\n\n/not local\n.dot"))
    person.wait(lambda: len(server.received) == 5, "the mail data")
    assert server.received[1:] == [b"Subject: x\r\n", b"\r\n", b"/not local\r\n", b"..dot\r\n"]


def test_plain_offers_a_paste_that_is_marked(sit: Sit, serve: Serve) -> None:
    """It is shown, its secret masked, and asked about; among mail data it goes as one batch."""
    server = serve(friendly)
    person = sit("smtp", server.target, mode="plain")
    person.prompted("smtp:greeted> ")
    assert b"\x1b[?2004h" in person.output  # or no terminal would mark it
    person.type("\x1b[200~NOOP\rAUTH PLAIN AGFsaWNlAGh1bnRlcjI=\r\x1b[201~")
    person.wait(lambda: person.line.endswith("[n]othing:"), "the question")
    assert "2 lines were pasted:" in person.screen
    person.enter()
    person.sees("nothing was sent")
    person.type("\x1b[200~NOOP 1\nNOOP 2\x1b[201~")
    person.wait(lambda: person.line.endswith("[n]othing:"), "the question")
    person.enter("b")
    person.wait(lambda: len(server.received) == 2, "the batch")
    assert server.received == [b"NOOP 1\r\n", b"NOOP 2\r\n"]
    person.prompted("smtp:greeted> ")
    person.enter("DATA")
    person.sees_line("smtp:data 1|")
    person.type("\x1b[200~Subject: x\n\n.dot\n\x1b[201~")
    person.sees_line("smtp:data 4|")
    pasted = [b"Subject: x\r\n", b"\r\n", b"..dot\r\n"]
    person.wait(lambda: server.received[3:] == pasted, "the lines")
    assert b"AGFsaWNlAGh1bnRlcjI=" not in person.output


def test_plain_waits_for_enter_behind_one_line(sit: Sit, serve: Serve) -> None:
    """A paste of one line runs nothing by itself, whatever it ends with."""
    server = serve(friendly)
    person = sit("smtp", server.target, mode="plain")
    person.prompted("smtp:greeted> ")
    person.type("NO\x1b[200~OP x\r\x1b[201~")
    person.sees_line("smtp:greeted> NOOP x")
    person.enter(" y")
    person.sees("250 ok")
    assert server.received == [b"NOOP x y\r\n"]


@pytest.mark.parametrize("mode", ["plain", "dumb"])
def test_plain_takes_a_paste_line_by_line(sit: Sit, serve: Serve, mode: str) -> None:
    """Where a terminal marks nothing, nothing tells it from typing: each line waits for the reply
    to the last."""
    server = serve(friendly)
    person = sit("smtp", server.target, mode=mode)
    person.prompted("smtp:greeted> ")
    person.type("NOOP\nRSET\n")
    person.wait(lambda: server.received == [b"NOOP\r\n", b"RSET\r\n"], "both lines")
