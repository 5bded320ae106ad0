"""LMTP in the client role: one reply for each recipient (RFC 2033, section 4.2)."""

from mailprobe.protocol.items import Data
from mailprobe.protocol.model import State
from mailprobe.protocol.smtp import LMTP
from tests.protocol.helpers import Side, client


def transaction(*recipients: bytes) -> Side:
    """A client whose recipients are accepted, but those that begin with `no`."""
    side = client(LMTP)
    side.ask(b"LHLO me", b"250-mx\r\n250 CHUNKING\r\n")
    side.ask(b"MAIL FROM:<a@b>", b"250 ok\r\n")
    for one in recipients:
        side.ask(b"RCPT TO:<" + one + b">", b"550 no\r\n" if one[:2] == b"no" else b"250 ok\r\n")
    return side


def test_mixed_verdicts_after_the_dot() -> None:
    """In the order of the accepted recipients; the state moves with the last of them."""
    side = transaction(b"x@y", b"no@y", b"z@y")
    side.ask(b"DATA", b"354 go\r\n")
    side.say(Data(b"hi\r\n.\r\n"))
    assert side.connection.outstanding == 2
    assert side.hear(b"250 saved\r\n") == ["250 to DATA for x@y"]
    assert side.connection.outstanding == 1
    assert side.hear(b"552 5.2.2 full\r\n") == ["552 to DATA for z@y", "state ready"]
    assert side.hear(b"250 ?\r\n") == ["unsolicited 250"]


def test_an_address_that_is_repeated_has_a_reply_each_time() -> None:
    """One reply for each successful RCPT, not for each mailbox."""
    side = transaction(b"x@y", b"x@y")
    side.ask(b"DATA", b"354 go\r\n")
    side.say(Data(b".\r\n"))
    assert side.hear(b"250 a\r\n250 b\r\n") == [
        "250 to DATA for x@y",
        "250 to DATA for x@y",
        "state ready",
    ]


def test_no_recipient_and_data() -> None:
    """DATA itself is refused, in one reply."""
    side = transaction(b"no@y")
    assert side.ask(b"DATA", b"503 none\r\n") == ["503 to DATA"]
    assert side.connection.outstanding == 0


def test_no_recipient_and_a_lone_dot() -> None:
    """A server that says 354 all the same owes nothing for the data."""
    side = transaction(b"no@y")
    side.ask(b"DATA", b"354 go\r\n")
    side.say(Data(b".\r\n"))
    assert (side.connection.outstanding, side.connection.waiting) == (0, False)
    assert side.hear(b"554 none\r\n") == ["state ready", "unsolicited 554"]


def test_chunks() -> None:
    """A chunk without LAST has one reply, LAST has one for each recipient (section 4.3)."""
    side = transaction(b"x@y", b"z@y")
    side.say(b"BDAT 1", Data(b"a"), b"BDAT 0 LAST")
    assert side.connection.outstanding == 3
    assert side.hear(b"250 1\r\n250 2\r\n452 3\r\n") == [
        "250 to BDAT",
        "state bdat",
        "250 to BDAT for x@y",
        "452 to BDAT for z@y",
        "state ready",
    ]


def test_last_without_a_recipient_is_owed_nothing() -> None:
    """The next reply belongs to the next command."""
    side = transaction(b"no@y")
    side.say(b"BDAT 0 LAST", b"NOOP")
    assert side.connection.outstanding == 1
    assert side.hear(b"250 ok\r\n") == ["state ready", "250 to NOOP"]


def test_a_malformed_last_has_one_reply() -> None:
    """A syntax error speaks of no recipient."""
    side = transaction(b"x@y", b"z@y")
    assert side.ask(b"BDAT x LAST", b"501 size?\r\n") == ["501 to BDAT"]
    assert side.connection.state is State.RCPT


def test_burl_has_one_reply() -> None:
    """BURL LAST ends the transaction, but RFC 4468 knows submission only: no reply a recipient."""
    side = transaction(b"x@y", b"z@y")
    side.say(b"BURL imap://h/x LAST", b"NOOP")
    assert side.connection.outstanding == 2
    assert side.hear(b"250 ok\r\n") == ["250 to BURL", "state ready"]
    assert side.hear(b"250 ok\r\n") == ["250 to NOOP"]


def test_a_whole_transaction_in_one_write() -> None:
    """How many replies LAST is owed is known when RCPT was answered, not before."""
    side = client(LMTP)
    side.ask(b"LHLO me", b"250 mx\r\n")
    rcpt = [b"RCPT TO:<x@y>", b"RCPT TO:<no@y>", b"RCPT TO:<z@y>"]
    side.say(b"MAIL FROM:<a@b>", *rcpt, b"BDAT 1 LAST", Data(b"a"), b"QUIT")
    told = side.hear(b"250 m\r\n250 1\r\n550 2\r\n250 3\r\n250 x\r\n550 z\r\n221 bye\r\n")
    assert [line for line in told if not line.startswith("state")] == [
        "250 to MAIL",
        "250 to RCPT",
        "550 to RCPT",
        "250 to RCPT",
        "250 to BDAT for x@y",
        "550 to BDAT for z@y",
        "221 to QUIT",
    ]
    assert side.connection.state is State.CLOSED


def test_421_between_the_verdicts() -> None:
    """The session is over, and the end of the stream is no surprise."""
    side = transaction(b"x@y", b"z@y", b"w@y")
    side.ask(b"DATA", b"354 go\r\n")
    side.say(Data(b".\r\n"))
    assert side.hear(b"250 a\r\n421 bye\r\n", b"") == [
        "250 to DATA for x@y",
        "421 to DATA for z@y",
        "state closed",
    ]


def test_the_end_between_the_verdicts() -> None:
    """A recipient without a verdict is a failure."""
    side = transaction(b"x@y", b"z@y")
    side.ask(b"DATA", b"354 go\r\n")
    side.say(Data(b".\r\n"))
    assert side.hear(b"250 a\r\n", b"") == ["250 to DATA for x@y", "failed eof: "]


def test_ehlo_is_no_hello_here() -> None:
    """A server of LMTP refuses it (section 4.1); one that does not changes nothing."""
    side = client(LMTP)
    assert side.ask(b"EHLO me", b"500 no\r\n") == ["500 to EHLO"]
    assert side.ask(b"EHLO me", b"250 mx\r\n") == ["250 to EHLO"]
    assert side.connection.state is State.GREETED
