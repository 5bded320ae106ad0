"""POP3 in the client role: one line or many, states, and what a listing makes known."""

import pytest

from mailprobe.protocol.facts import Message
from mailprobe.protocol.framing import Limits
from mailprobe.protocol.items import Data, Phase
from mailprobe.protocol.model import State
from mailprobe.protocol.pop3 import POP3
from tests.protocol.helpers import TLS, Side, client


def logged_in() -> Side:
    side = client(POP3)
    side.ask(b"USER me", b"+OK\r\n")
    side.ask(b"PASS x", b"+OK 2 messages\r\n")
    return side


def test_states() -> None:
    """A login leads to TRANSACTION, and QUIT from there to UPDATE (RFC 1939, section 3)."""
    side = client(POP3, greeted=False)
    assert side.hear(b"+OK <1@x>\r\n") == ["greeting +OK", "state authorization"]
    assert side.ask(b"USER me", b"+OK\r\n") == ["+OK to USER"]
    assert side.ask(b"PASS x", b"-ERR no\r\n") == ["-ERR to PASS"]
    assert side.ask(b"APOP me 0", b"+OK\r\n") == ["+OK to APOP", "state transaction"]
    assert side.ask(b"QUIT", b"-ERR busy\r\n") == ["-ERR to QUIT"]
    assert side.ask(b"QUIT", b"+OK\r\n") == ["+OK to QUIT", "state update"]
    assert side.hear(b"") == []


def test_quit_before_the_login_updates_nothing() -> None:
    """It closes the session from AUTHORIZATION."""
    assert client(POP3).ask(b"QUIT", b"+OK\r\n") == ["+OK to QUIT", "state closed"]


def test_capabilities_are_forgotten_with_the_login() -> None:
    """They may differ afterwards (RFC 2449, section 5)."""
    side = client(POP3)
    side.ask(b"CAPA", b"+OK\r\nUSER\r\n.\r\n")
    side.ask(b"USER me", b"+OK\r\n")
    assert side.connection.facts.offers == {"USER": ""}
    side.ask(b"PASS x", b"+OK\r\n")
    assert side.connection.facts.offers is None


@pytest.mark.parametrize(
    "line, many",
    [
        (b"LIST", True),
        (b"list 1", False),
        (b"UIDL", True),
        (b"UIDL 1", False),
        (b"RETR 1", True),
        (b"TOP 1 0", True),
        (b"CAPA", True),
        (b"LANG", True),
        (b"LANG *", False),
        (b"STAT", False),
        (b"XTND BBOARDS", True),
        (b"FROB", False),
    ],
)
def test_the_shape_of_a_reply(line: bytes, many: bool) -> None:
    """It hangs on the verb and its argument; a refusal is one line always."""
    side = logged_in()
    verb = line.split()[0].upper().decode()
    assert side.ask(line, b"-ERR no\r\n") == [f"-ERR to {verb}"]
    told = side.ask(line, b"+OK\r\nx\r\n.\r\n")
    assert told[0] == f"+OK to {verb}" + (" with body" if many else "")
    if many:
        assert told[1:] == ["body x\r\n END"]
    else:  # an unknown verb, too, has one line; what follows is not its answer
        assert told[1:] == ["failed protocol: x\r\n", "failed protocol: .\r\n"]


def test_an_unknown_verb_and_replies_nobody_asked_for() -> None:
    """One line is its answer, the next status lines are unsolicited."""
    side = logged_in()
    assert side.ask(b"FROB", b"+OK 1\r\n+OK 2\r\n-ERR 3\r\n") == [
        "+OK to FROB",
        "unsolicited +OK",
        "unsolicited -ERR",
    ]


@pytest.mark.parametrize(
    "wire, body",
    [
        (b".\r\n", ""),
        (b"\r\n.\r\n", "\r\n"),
        (b"..\r\n.\r\n", ".\r\n"),
        (b".x\r\n.\r\n", "x\r\n"),
        (b"..x\r\n...\r\n.\r\n", ".x\r\n..\r\n"),
        (b"a\n.\nb\r\n.\r\n", "a\n.\nb\r\n"),
        (b"a\n.\r\nb\r\n.\r\n", "a\n.\r\nb\r\n"),
        (b"a\r\n.\nb\r\n.\r\n", "a\r\n\nb\r\n"),
        (b"a.\r\n.\r\n", "a.\r\n"),
        (b". \r\n.\r\n", " \r\n"),
        (b"\r\r\n.\r\n", "\r\r\n"),
        (b"\x00\xff\r\n.\r\n", "\x00\xff\r\n"),
    ],
)
def test_where_a_body_ends(wire: bytes, body: str) -> None:
    """At a line that is exactly one dot, CRLF before and behind; a leading dot is taken off."""
    side = logged_in()
    assert side.ask(b"RETR 1", b"+OK\r\n" + wire + b"-ERR x\r\n") == [
        "+OK to RETR with body",
        f"body {body} END",
        "unsolicited -ERR",
    ]
    assert not side.connection.reading_body


def test_a_capability_that_begins_with_a_dot() -> None:
    """It is stuffed, and no end."""
    side = client(POP3)
    side.ask(b"CAPA", b"+OK\r\n..X\r\nUIDL\r\nEXPIRE 60\r\n.\r\n")
    assert side.connection.facts.offers == {"UIDL": "", "EXPIRE": "60"}


def test_a_body_in_pieces() -> None:
    """Chunks come as they arrive, and wrong octet counts in the reply mean nothing."""
    side = logged_in()
    side.say(b"RETR 1")
    assert side.hear(b"+OK 3 octets\r\nab") == ["+OK to RETR with body", "body ab"]
    assert side.connection.reading_body
    assert side.connection.waiting
    assert side.connection.outstanding == 0
    assert side.connection.due_next() == "the end of the multi-line response"
    assert side.hear(b"cdef\r") == ["body cdef"]
    assert side.hear(b"\n") == []
    assert side.hear(b".\r\n") == ["body \r\n END"]


def test_pipelined_bodies() -> None:
    """Each reply opens its own body; a refusal among them opens none."""
    side = logged_in()
    side.say(b"RETR 1", b"RETR 2", b"DELE 1", b"LIST")
    assert side.hear(b"+OK\r\na\r\n.\r\n-ERR\r\n+OK\r\n+OK\r\n.\r\n") == [
        "+OK to RETR with body",
        "body a\r\n END",
        "-ERR to RETR",
        "+OK to DELE",
        "+OK to LIST with body",
        "body  END",
    ]


def test_listings_are_learnt_from() -> None:
    """Sizes, unique-ids, marks and the count; however the body is cut, bare LF or not."""
    side = logged_in()
    side.ask(b"STAT", b"+OK 2 30\r\n")
    side.say(b"LIST")
    side.hear(b"+OK\r\n1 1", b"0\r\n2 20\n\r\n.\r\n")
    side.ask(b"UIDL 2", b"+OK 2 abc\r\n")
    side.ask(b"DELE 1", b"+OK\r\n")
    facts = side.connection.facts
    assert facts.count == 2
    assert facts.messages == {1: Message(10), 2: Message(20, "abc")}
    assert facts.marks == {1}
    side.ask(b"RSET", b"+OK\r\n")
    assert facts.marked == 0
    assert facts.state is State.TRANSACTION


def test_what_may_be_marked() -> None:
    """Whatever DELE was answered, until RSET; but RSET knows nothing of a DELE behind it."""
    side = logged_in()
    side.ask(b"DELE 1", b"-ERR no\r\n")
    assert side.connection.facts.asked_to_delete
    side.ask(b"RSET", b"-ERR no\r\n")
    assert side.connection.facts.asked_to_delete
    side.ask(b"RSET", b"+OK\r\n")
    assert not side.connection.facts.asked_to_delete
    side.say(b"RSET", b"DELE 1")
    side.hear(b"+OK\r\n")
    assert side.connection.facts.asked_to_delete


def test_what_is_learnt_from_a_listing_is_bounded() -> None:
    """A listing without end fills no memory; its first part is known."""
    side = logged_in()
    side.say(b"LIST")
    side.hear(b"+OK\r\n1 10\r\n" + (b"x" * 998 + b"\r\n") * 1_100 + b"2 20\r\n.\r\n")
    assert list(side.connection.facts.messages) == [1]


def test_a_retrieved_message_teaches_nothing() -> None:
    """Its lines look like a listing, and are none."""
    side = logged_in()
    side.ask(b"RETR 1", b"+OK\r\n1 10\r\n.\r\n")
    assert side.connection.facts.messages == {}


def test_stls() -> None:
    """Only the go-ahead counts; capabilities are forgotten, the session begins anew."""
    side = client(POP3)
    side.ask(b"CAPA", b"+OK\r\nSTLS\r\n.\r\n")
    assert side.ask(b"STLS", b"-ERR no\r\n") == ["-ERR to STLS"]
    side.say(b"STLS", b"CAPA")
    assert side.hear(b"+OK go\r\n") == ["+OK to STLS", "state tls"]
    assert side.connection.outstanding == 0
    side.connection.start_tls(TLS)
    assert side.told() == ["tls", "state authorization"]
    assert side.connection.facts.offers is None


def test_text_injected_behind_stls() -> None:
    """Nothing of it is parsed."""
    side = client(POP3)
    told = side.ask(b"STLS", b"+OK go\r\n+OK injected\r\n")
    assert told == ["+OK to STLS", "state tls", "failed security: +OK injected\r\n"]


def test_xtnd_xmit_opens_data() -> None:
    """+OK is its go-ahead, the end of data is owed one reply, and the state comes back."""
    side = logged_in()
    assert side.ask(b"XTND XMIT", b"+OK go\r\n") == ["+OK to XTND", "state data"]
    assert side.connection.phase is Phase.DATA
    assert side.say(Data(b"x\r\n.\r\n")) == ["data x\r\n.\r\n END"]
    assert side.hear(b"+OK sent\r\n") == ["+OK to XTND", "state transaction"]
    assert side.ask(b"XTND XMIT", b"-ERR no\r\n") == ["-ERR to XTND"]


@pytest.mark.parametrize("word", [b"+ok", b"+Ok", b"-err"])
def test_lower_case_is_a_deviation(word: bytes) -> None:
    """It is read all the same."""
    side = client(POP3)
    code = word.decode().upper()
    told = side.ask(b"NOOP", word + b" x\r\n")
    assert told == [f"{code} to NOOP", "deviation at 0: status indicator in lower case"]


@pytest.mark.parametrize(
    "limits, wire, octets",
    [
        (Limits(body=8), b"1234567\r\nx", "1234567\r"),
        (Limits(body=8), b"1234567\r\n.\r\n", "1234567\r"),
        (Limits(body_line=4), b"ab\r\nabcde\r\n", "ab\r\nabcd"),
        (Limits(body=8, body_line=8), b"ab\r\nabcdefghij\r\n", "ab\r\nabcd"),
    ],
)
def test_a_body_beyond_its_limits(limits: Limits, wire: bytes, octets: str) -> None:
    """What came up to the bound is told, then the failure, and nothing after it."""
    side = client(POP3, limits=limits)
    assert side.ask(b"RETR 1", b"+OK\r\n" + wire) == [
        "+OK to RETR with body",
        f"body {octets}",
        "failed limit: ",
    ]
    assert side.connection.lost
    assert side.hear(b".\r\n+OK\r\n", b"") == []


def test_a_limit_that_is_reached_later() -> None:
    """In the middle of a body that goes on."""
    side = client(POP3, limits=Limits(body=8))
    assert side.ask(b"RETR 1", b"+OK\r\nabcd")[-1] == "body abcd"
    assert not side.connection.lost
    assert side.hear(b"efghijkl") == ["body efgh", "failed limit: "]


def test_what_is_due_counts_the_rest_of_a_body() -> None:
    """A reply that has come whole is not all that is waited for."""
    side = client(POP3)
    side.say(b"LIST", b"NOOP")
    assert side.connection.due() == 2
    side.hear(b"+OK\r\n1 2\r\n")
    assert (side.connection.due(), side.connection.outstanding) == (2, 1)
    side.hear(b".\r\n")
    assert side.connection.due() == 1
