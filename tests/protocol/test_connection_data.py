"""Mail data in the client role: DATA, BDAT and raw octets, as a server reads them."""

import pytest

from mailprobe.protocol import events
from mailprobe.protocol.items import Data, Misuse, Phase, Raw
from mailprobe.protocol.model import Command, State
from mailprobe.protocol.smtp import SMTP
from tests.protocol.helpers import Side, client, drain


def transaction() -> Side:
    """A client with one recipient accepted."""
    side = client(SMTP)
    side.ask(b"EHLO me", b"250-mx\r\n250 CHUNKING\r\n")
    side.ask(b"MAIL FROM:<a@b>", b"250 ok\r\n")
    side.ask(b"RCPT TO:<c@d>", b"250 ok\r\n")
    return side


def test_354_is_the_door_to_mail_data() -> None:
    """The data ends by the lone dot, and only there a reply is owed."""
    side = transaction()
    assert side.ask(b"DATA", b"354 go\r\n")[1] == "state data"
    assert side.connection.phase is Phase.DATA
    assert side.say(Data(b"a\r\n"), Data(b"..b\r\n")) == ["data a\r\n", "data ..b\r\n"]
    assert side.connection.outstanding == 0
    assert side.say(Data(b".\r\n")) == ["data .\r\n END"]
    assert side.connection.outstanding == 1
    assert side.hear(b"250 ok\r\n") == ["250 to DATA", "state ready"]


@pytest.mark.parametrize("code", [b"250", b"334", b"355", b"503", b"554", b"451"])
def test_nothing_else_is_a_door(code: bytes) -> None:
    """A 250 or 334 to DATA is no go-ahead; behind a refusal lines are commands."""
    side = transaction()
    assert side.ask(b"DATA", code + b" x\r\n") == [f"{code.decode()} to DATA"]
    assert (side.connection.phase, side.connection.state) == (Phase.COMMAND, State.RCPT)
    with pytest.raises(Misuse, match="go-ahead"):
        side.say(Data(b"Subject: x\r\n"))


def test_354_to_another_command_opens_nothing() -> None:
    """A go-ahead belongs to DATA."""
    side = transaction()
    assert side.ask(b"NOOP", b"354 go\r\n") == ["354 to NOOP"]
    assert side.connection.phase is Phase.COMMAND


@pytest.mark.parametrize("code", [b"250", b"450", b"554"])
def test_the_end_of_data_ends_the_transaction(code: bytes) -> None:
    """Accepted or not (RFC 5321, section 4.1.1.4)."""
    side = transaction()
    side.ask(b"DATA", b"354 go\r\n")
    side.say(Data(b".\r\n"))
    assert side.hear(code + b" x\r\n") == [f"{code.decode()} to DATA", "state ready"]
    assert side.connection.facts.reverse_path is None


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b".."])
def test_only_a_lone_dot_between_crlf_ends_mail_data(end: bytes) -> None:
    """Every look-alike is data, for the server that we talk to must see it so."""
    side = transaction()
    side.ask(b"DATA", b"354 go\r\n")
    assert side.say(Data(b"x" + end)) == [f"data x{end.decode()}"]
    assert side.connection.phase is Phase.DATA


@pytest.mark.parametrize("cut", range(1, 5))
def test_the_end_may_come_in_two_writes(cut: int) -> None:
    """Wherever it is cut."""
    side = transaction()
    side.ask(b"DATA", b"354 go\r\n")
    end = b"\r\n.\r\n"
    assert side.say(Data(b"x" + end[:cut]))[0].startswith("data x")
    assert side.say(Data(end[cut:]))[0].endswith(" END")


def test_a_command_typed_inside_data_is_data() -> None:
    """While mail data is open every line is payload."""
    side = transaction()
    side.ask(b"DATA", b"354 go\r\n")
    assert side.say(b"QUIT") == ["data QUIT\r\n"]
    assert side.say(b".") == ["data .\r\n END"]


def test_lines_behind_the_end_are_commands() -> None:
    """What one write holds behind the lone dot counts as commands, as it does for the server."""
    side = transaction()
    side.ask(b"DATA", b"354 go\r\n")
    told = side.say(Data(b"x\r\n.\r\nRSET\r\nNO"), Raw(b"OP\r\n"))
    assert told == ["data x\r\n.\r\n END", "command RSET", "raw NO", "command NOOP"]
    assert side.hear(b"250 1\r\n250 2\r\n250 3\r\n") == [
        "250 to DATA",
        "state ready",
        "250 to RSET",
        "250 to NOOP",
    ]


def test_lines_written_too_early_are_mail_data() -> None:
    """Behind DATA but before the 354: the server reads them as data, so they are owed nothing."""
    side = transaction()
    side.say(Raw(b"DATA\r\nSubject: x\r\n\r\n.\r\nNOOP\r\n"))
    assert side.hear(b"354 go\r\n") == ["354 to DATA", "state data"]
    assert side.connection.outstanding == 2
    assert side.hear(b"250 queued\r\n250 ok\r\n") == ["250 to DATA", "state ready", "250 to NOOP"]


def test_early_lines_without_an_end_leave_mail_data_open() -> None:
    """The end may come later, and even a partial line belongs to it."""
    side = transaction()
    side.say(b"DATA", b"hello", Raw(b"."))
    side.hear(b"354 go\r\n")
    assert (side.connection.phase, side.connection.outstanding) == (Phase.DATA, 0)
    assert side.say(Raw(b"\r\nRSET\r\n")) == ["data \r\n END", "command RSET"]


def test_early_lines_after_a_refusal_are_commands() -> None:
    """This is what makes a paste dangerous: each line has its own reply."""
    side = transaction()
    side.say(Raw(b"DATA\r\nSubject: x\r\n.\r\n"))
    told = side.hear(b"554 no\r\n500 ?\r\n500 ?\r\n")
    assert told == ["554 to DATA", "500 to SUBJECT:", "500 to ."]


# ---------------------------------------------------------------------------------- BDAT


def test_chunks_are_counted() -> None:
    """Octets travel as they are; each chunk has its reply, and LAST ends the transaction."""
    side = transaction()
    assert side.say(b"BDAT 6") == ["command BDAT 6"]
    assert (side.connection.phase, side.connection.chunk_left) == (Phase.CHUNK, 6)
    assert side.say(Data(b"\r\n.")) == ["data \r\n."]
    assert side.connection.chunk_left == 3
    assert side.say(Data(b"\r\n\0")) == ["data \r\n\0 END"]
    assert side.hear(b"250 ok\r\n") == ["250 to BDAT", "state bdat"]
    side.say(b"bdat 1 last", Data(b"x"))
    assert side.hear(b"250 ok\r\n") == ["250 to BDAT", "state ready"]


def test_an_empty_last_chunk() -> None:
    """BDAT 0 LAST ends the message with no octet behind it."""
    side = transaction()
    side.say(b"BDAT 0 LAST")
    assert (side.connection.phase, side.connection.chunk_left) == (Phase.COMMAND, 0)
    assert side.hear(b"250 ok\r\n") == ["250 to BDAT", "state ready"]


def test_a_refused_chunk_still_travels() -> None:
    """The octets that were announced come, and the state waits for RSET."""
    side = transaction()
    side.say(b"BDAT 3")
    assert side.hear(b"452 full\r\n") == ["452 to BDAT"]
    assert side.connection.state is State.RCPT
    assert side.say(Data(b"abc")) == ["data abc END"]


@pytest.mark.parametrize("argument", [b"", b"x", b"-1", b"5x", b"0x10", b"x LAST", b"LAST"])
def test_a_malformed_chunk_has_no_octets(argument: bytes) -> None:
    """One reply, which says so; what follows is a command."""
    side = transaction()
    side.say(b"BDAT " + argument)
    assert side.connection.phase is Phase.COMMAND
    assert side.hear(b"501 size?\r\n") == ["501 to BDAT"]
    assert side.connection.state is State.RCPT


def test_a_count_that_is_too_small_makes_commands_of_the_rest() -> None:
    """As the server sees it."""
    side = transaction()
    assert side.say(Raw(b"BDAT 2\r\nab\r\nRSET\r\n")) == [
        "command BDAT 2",
        "data ab END",
        "command ",
        "command RSET",
    ]
    assert side.connection.outstanding == 3


def test_pipelined_chunks() -> None:
    """Replies come by count (RFC 3030, section 4.2)."""
    side = transaction()
    side.say(b"BDAT 1", Data(b"a"), b"BDAT 1 LAST", Data(b"b"), b"QUIT")
    assert side.hear(b"250 1\r\n250 2\r\n221 3\r\n") == [
        "250 to BDAT",
        "state bdat",
        "250 to BDAT",
        "state ready",
        "221 to QUIT",
        "state closed",
    ]


def test_burl_takes_last_but_no_octets() -> None:
    """RFC 4468: the server fetches the content."""
    side = transaction()
    side.say(b"BURL imap://h/x")
    assert side.connection.phase is Phase.COMMAND
    assert side.hear(b"250 ok\r\n") == ["250 to BURL", "state bdat"]
    assert side.ask(b"BURL imap://h/x LAST", b"250 ok\r\n") == ["250 to BURL", "state ready"]


def test_a_last_chunk_before_hello_is_no_hello() -> None:
    """Its refusal ends a transaction that never was."""
    side = client(SMTP)
    assert side.ask(b"BDAT 0 LAST", b"503 hello?\r\n") == ["503 to BDAT"]
    assert side.connection.state is State.GREETED


# ----------------------------------------------------------------------------------- Raw


def test_raw_lines_are_commands() -> None:
    """Complete lines count, with CRLF or LF; nothing is added, nothing taken."""
    side = transaction()
    octets = b"NOOP\r\nnoop 2\nRSET"
    assert side.say(Raw(octets)) == ["command NOOP", "command noop 2", "raw RSET"]
    assert side.wire == octets
    assert side.connection.outstanding == 2
    side.connection.send(Command(b" x"), 0.0)
    (sent,) = drain(side.connection)
    assert isinstance(sent, events.CommandSent)
    assert (sent.command.line, sent.octets) == (b"RSET x", b" x\r\n")
    assert side.say(Raw(b"")) == []


def test_raw_inside_data_and_chunk() -> None:
    """There its octets are mail data."""
    side = transaction()
    assert side.say(Raw(b"BDAT 4\r\nab"), Raw(b"c"), Raw(b"dNOOP\r\n")) == [
        "command BDAT 4",
        "data ab",
        "data c",
        "data d END",
        "command NOOP",
    ]
    side.hear(b"250 ok\r\n250 ok\r\n")
    side.ask(b"DATA", b"354 go\r\n")
    assert side.say(Raw(b"x\r\n.")) == ["data x\r\n."]
    assert side.say(Raw(b"\r\nNOOP\r\n")) == ["data \r\n END", "command NOOP"]


@pytest.mark.parametrize("line", [b"BDAT  5 LAST", b"BDAT\t5\tLAST", b"BDAT 5  LAST "])
def test_blanks_too_many_before_a_count(line: bytes) -> None:
    """Servers pass over them, and then wait for the octets."""
    side = transaction()
    side.say(line)
    assert side.connection.chunk_left == 5
