"""SMTP in the client role: what is owed a reply, and what a reply changes."""

import pytest

from mailprobe.protocol import events
from mailprobe.protocol.connection import Connection, catalogue_of
from mailprobe.protocol.items import Answer, Body, Data, Misuse, Raw
from mailprobe.protocol.model import Advice, Command, Protocol, Reply, Role, State
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.progress import Stage
from mailprobe.protocol.smtp import LMTP, SMTP
from tests.protocol.helpers import TLS, Side, client, drain, reply

HELLO = b"250-mx\r\n250-SIZE 9\r\n250 STARTTLS\r\n"


def greeted() -> Side:
    """A client that has said hello."""
    side = client(SMTP)
    side.ask(b"EHLO me", HELLO)
    return side


def test_each_protocol_has_its_table() -> None:
    """By its name, too: a transcript knows no more."""
    assert [catalogue_of(name) for name in ("smtp", "lmtp", "pop3")] == [SMTP, LMTP, POP3]
    assert all(catalogue_of(protocol).protocol is protocol for protocol in Protocol)


def test_replies_are_matched_by_count_and_not_by_code() -> None:
    """Three commands, three replies in order, however unlikely their codes."""
    side = greeted()
    side.say(b"MAIL FROM:<a@b>", b"RCPT TO:<c@d>", b"DATA")
    assert side.connection.outstanding == 3
    assert side.hear(b"221 a\r\n354 b\r\n554 c\r\n") == [
        "221 to MAIL",
        "state mail",
        "354 to RCPT",
        "554 to DATA",
    ]
    assert side.connection.outstanding == 0
    assert not side.connection.waiting


def test_a_reply_knows_the_very_command() -> None:
    """Two equal commands are told apart by identity."""
    side = greeted()
    first, second = Command(b"NOOP"), Command(b"NOOP")
    side.say(first, second)
    side.connection.receive_data(b"250 1\r\n250 2\r\n", 7.0)
    one, two = drain(side.connection)
    assert isinstance(one, events.ReplyReceived)
    assert isinstance(two, events.ReplyReceived)
    assert one.command is first
    assert two.command is second
    assert one.at == 7.0
    assert (one.recipient, one.body) == (None, False)


def test_the_greeting_comes_first() -> None:
    """A client that talks too early still has the first reply told as the greeting."""
    side = client(SMTP, greeted=False)
    assert side.connection.due_next() == "a greeting"
    side.say(b"EHLO me")
    assert side.connection.outstanding == 2
    assert side.hear(b"220-wait\r\n220 mx\r\n", b"250 mx\r\n") == [
        "greeting 220",
        "state greeted",
        "250 to EHLO",
        "state ready",
    ]
    assert side.connection.facts.greeting == b"wait mx"


@pytest.mark.parametrize("code, state", [("554", "connect"), ("421", "closed"), ("354", "connect")])
def test_a_greeting_that_does_not_welcome(code: str, state: str) -> None:
    """Only 2yz lets a session begin; 421 ends it."""
    side = client(SMTP, greeted=False)
    assert side.hear(f"{code} no\r\n".encode())[0] == f"greeting {code}"
    assert side.connection.state == state


def test_a_reply_before_the_command_is_not_its_answer() -> None:
    """What came while nothing was owed is unsolicited; the command still waits for its own."""
    side = greeted()
    side.connection.receive_data(b"250 too early\r\n", 0.0)
    assert side.told() == ["unsolicited 250"]
    assert side.ask(b"NOOP", b"250 ok\r\n250 once more\r\n") == ["250 to NOOP", "unsolicited 250"]
    assert side.connection.outstanding == 0


def test_421_with_nothing_owed_closes() -> None:
    """It comes with no command before it, and nothing opens the session again."""
    side = greeted()
    assert side.hear(b"421 4.4.2 timeout\r\n") == ["unsolicited 421", "state closed"]
    assert side.ask(b"RSET", b"250 ok\r\n") == ["250 to RSET"]
    assert side.connection.state is State.CLOSED
    assert side.hear(b"") == []


def test_421_answers_a_command_and_closes() -> None:
    """A pipelined group behind it moves nothing any more."""
    side = greeted()
    side.say(b"MAIL FROM:<a@b>", b"RCPT TO:<c@d>")
    assert side.hear(b"421 bye\r\n250 late\r\n") == ["421 to MAIL", "state closed", "250 to RCPT"]
    assert side.connection.state is State.CLOSED


def test_421_inside_data() -> None:
    """Unsolicited there too: it is not the reply to the mail data."""
    side = greeted()
    side.ask(b"DATA", b"354 go\r\n")
    assert side.hear(b"421 timeout\r\n") == ["unsolicited 421", "state closed"]
    assert side.say(Data(b"x\r\n.\r\n")) == ["data x\r\n.\r\n END"]
    assert side.hear(b"") == []


def test_a_transaction_from_hello_to_quit() -> None:
    """State by state, and what is known by the way."""
    side = greeted()
    assert side.connection.facts.offers == {"SIZE": "9", "STARTTLS": ""}
    assert side.ask(b"MAIL FROM:<a@b>", b"250 ok\r\n") == ["250 to MAIL", "state mail"]
    assert side.ask(b"RCPT TO:<no@d>", b"550 no\r\n") == ["550 to RCPT"]
    assert side.ask(b"RCPT TO:<c@d>", b"251 ok\r\n") == ["251 to RCPT", "state rcpt"]
    assert side.connection.facts.recipients == [b"c@d"]
    assert side.ask(b"DATA", b"354 go\r\n") == ["354 to DATA", "state data"]
    side.say(Data(b"hi\r\n.\r\n"))
    assert side.connection.due_next() == "a reply to the mail data"
    assert side.hear(b"250 queued\r\n") == ["250 to DATA", "state ready"]
    assert side.connection.facts.recipients == []
    assert side.ask(b"QUIT", b"221 bye\r\n") == ["221 to QUIT", "state closed"]


def test_rset_before_hello_stays_before_hello() -> None:
    """RSET drops a transaction; it is no hello."""
    side = client(SMTP)
    assert side.ask(b"RSET", b"250 ok\r\n") == ["250 to RSET"]
    assert side.connection.state is State.GREETED


def test_a_server_that_needs_no_hello() -> None:
    """A transaction without hello ends where it began."""
    side = client(SMTP)
    side.ask(b"MAIL FROM:<a@b>", b"250 ok\r\n")
    assert side.ask(b"RSET", b"250 ok\r\n") == ["250 to RSET", "state greeted"]


def test_hello_in_a_transaction_drops_it() -> None:
    """RFC 5321, section 4.1.4; a hello that fails changes nothing."""
    side = greeted()
    side.ask(b"MAIL FROM:<a@b>", b"250 ok\r\n")
    assert side.ask(b"EHLO", b"501 name?\r\n") == ["501 to EHLO"]
    assert side.connection.facts.reverse_path == b"a@b"
    assert side.ask(b"ehlo me", b"250 mx\r\n") == ["250 to EHLO", "state ready"]
    assert side.connection.facts.reverse_path is None


def test_helo_drops_the_extensions() -> None:
    """HELO says that there are none, and not that nobody has asked."""
    side = greeted()
    side.ask(b"HELO me", b"250 mx\r\n")
    assert side.connection.facts.offers == {}


def test_an_unknown_verb_has_one_reply() -> None:
    """Whatever is typed goes out as it is and is owed one reply; so is an empty line."""
    side = greeted()
    assert side.ask(b"xyzzy  1", b"500-what\r\n500 ?\r\n") == ["500 to XYZZY"]
    assert side.wire == b"xyzzy  1\r\n"
    assert side.ask(b"", b"500 ?\r\n") == ["500 to "]


def test_starttls_forgets_what_was_said_in_the_clear() -> None:
    """RFC 3207, section 4.2: offers and login are gone, and hello has to be said again."""
    side = greeted()
    side.ask(b"AUTH PLAIN AGEAYg==", b"235 ok\r\n")
    assert side.connection.facts.authenticated
    assert side.ask(b"STARTTLS", b"220 go\r\n") == ["220 to STARTTLS", "state tls"]
    side.connection.start_tls(TLS)
    assert side.told() == ["tls", "state greeted"]
    facts = side.connection.facts
    assert (facts.tls, facts.offers, facts.authenticated) == (True, None, False)
    assert side.ask(b"EHLO me", b"250 mx\r\n") == ["250 to EHLO", "state ready"]


def test_commands_behind_starttls_are_owed_nothing() -> None:
    """They were said in the clear; no reply over TLS answers them."""
    side = greeted()
    side.say(b"STARTTLS", b"EHLO me", b"BDAT 5")
    assert side.hear(b"220 go\r\n") == ["220 to STARTTLS", "state tls"]
    assert side.connection.outstanding == 0
    side.connection.start_tls(TLS)
    side.told()
    assert side.hear(b"250 hi\r\n") == ["unsolicited 250"]
    assert side.say(b"NOOP") == ["command NOOP"]


def test_starttls_refused_leaves_all_as_it_was() -> None:
    """454 and 502 change nothing; a pipelined group goes on."""
    side = greeted()
    side.say(b"STARTTLS", b"NOOP")
    assert side.hear(b"454 no\r\n250 ok\r\n") == ["454 to STARTTLS", "250 to NOOP"]
    assert side.connection.state is State.READY


@pytest.mark.parametrize("text", [b"220 x\r\n", b"250 mx\r\n250 x\r\n", b"\x16", b"2", b"\r\n"])
@pytest.mark.parametrize("together", [True, False])
def test_text_behind_the_go_ahead_is_refused(text: bytes, together: bool) -> None:
    """It is told as `security`, with its octets, and never parsed (CVE-2021-22947)."""
    side = greeted()
    side.say(b"STARTTLS", b"EHLO me")
    chunks = [b"220 go\r\n" + text] if together else [b"220 go\r\n", text]
    told = [*side.hear(*chunks), *side.hear(b"250 more\r\n", b"")]
    injected = text.decode("latin-1")
    assert told == ["220 to STARTTLS", "state tls", f"failed security: {injected}"]


def test_implicit_tls_keeps_the_greeting_due() -> None:
    """TLS from the first octet comes before the greeting, not in place of it."""
    side = client(SMTP, greeted=False)
    side.connection.start_tls(events.TlsStarted(0.0, "", "", "", verified=False, implicit=True))
    assert side.told() == ["tls"]
    assert side.connection.facts.tls
    assert side.hear(b"220 hi\r\n") == ["greeting 220", "state greeted"]


def test_xclient_starts_again() -> None:
    """A positive reply is a greeting: hello comes next (Postfix XCLIENT_README)."""
    side = greeted()
    assert side.ask(b"XCLIENT NAME=x", b"220 mx\r\n") == ["220 to XCLIENT", "state greeted"]
    assert side.connection.facts.offers is None


def test_turn_reverses_the_roles() -> None:
    """From there on the other side talks."""
    side = greeted()
    assert side.ask(b"TURN", b"502 no\r\n") == ["502 to TURN"]
    assert side.ask(b"TURN", b"250 ok\r\n") == ["250 to TURN", "state reversed"]


def test_quit_refused() -> None:
    """A server that refuses QUIT stays."""
    side = greeted()
    assert side.ask(b"QUIT", b"502 no\r\n") == ["502 to QUIT"]
    assert side.connection.state is State.READY


def test_closed_stays_closed() -> None:
    """Replies to what was pipelined behind QUIT move nothing."""
    side = greeted()
    side.say(b"QUIT", b"RSET", b"STARTTLS", b"AUTH LOGIN")
    told = side.hear(b"221 bye\r\n250 ok\r\n220 go\r\n")
    assert told == ["221 to QUIT", "state closed", "250 to RSET", "220 to STARTTLS"]
    side.connection.close(events.Ending.EOF, 0.0)
    assert side.told() == ["closed eof"]
    assert side.hear(b"250 ok\r\n", b"") == []


def test_advice_blocks_nothing() -> None:
    """Rules that are broken are named; the command goes out all the same."""
    side = greeted()
    (advice,) = side.connection.advise(Command(b"RCPT TO:<a@b>"))
    assert isinstance(advice, Advice)
    assert "mail" in advice.what
    assert side.say(b"RCPT TO:<a@b>") == ["command RCPT TO:<a@b>"]


def test_what_is_due() -> None:
    """The sentence names the verb, and passes it through safe()."""
    side = greeted()
    assert side.connection.due_next() == "anything"
    side.say(b"\x1b[2J x")
    assert side.connection.due_next() == "a reply to \\u{1b}[2J"


@pytest.mark.parametrize(
    "item, sentence",
    [
        (Command(b"NOOP\nQUIT"), "LF ends a line"),
        (Answer(b"x"), "only a challenge asks for an answer"),
        (Data(b"x"), "mail data without a go-ahead"),
        (reply("250"), "a client sends no Reply"),
        (Body(b"", last=True), "a client sends no Body"),
    ],
)
def test_misuse_by_a_client(item: Command | Answer | Data | Reply | Body, sentence: str) -> None:
    """What makes no sense here is refused before an octet or an event exists."""
    side = greeted()
    with pytest.raises(Misuse, match=sentence):
        side.connection.send(item, 0.0)
    assert side.told() == []


@pytest.mark.parametrize("item", [Command(b"x"), Answer(b""), Data(b""), Raw(b"x")])
def test_misuse_by_a_server(item: Command | Answer | Data | Raw) -> None:
    """A server says replies and bodies only."""
    with pytest.raises(Misuse, match=f"a server sends no {type(item).__name__}"):
        Connection(SMTP, Role.SERVER).send(item, 0.0)


def test_only_220_is_the_go_ahead_for_tls() -> None:
    """A server that says 250 to STARTTLS has not said it (RFC 3207, section 4)."""
    side = greeted()
    assert side.ask(b"STARTTLS", b"250 fine\r\n") == ["250 to STARTTLS"]
    assert side.connection.state is State.READY


def test_a_line_that_was_begun_is_known() -> None:
    """What follows it is judged together with it."""
    side = greeted()
    side.say(Raw(b"PA"))
    assert side.connection.begun == b"PA"
    side.say(Raw(b"SS x\r\n"))
    assert side.connection.begun == b""


def test_what_is_owed_next_is_known() -> None:
    """The greeting first, then the oldest command; in the end nothing."""
    connection = Connection(SMTP, Role.CLIENT)
    owed = connection.owed()
    assert owed is not None
    assert owed.stage is Stage.GREETING
    connection.receive_data(b"220 x\r\n", 0.0)
    connection.next_event()
    assert connection.owed() is None
    connection.send(Command(b"NOOP"), 0.0)
    owed = connection.owed()
    assert owed is not None
    assert owed.command == Command(b"NOOP")


def test_where_a_line_of_mail_data_begins_is_known() -> None:
    """Behind 354 and behind CRLF, nowhere else: a lone dot has to be a line of its own."""
    side = greeted()
    side.ask(b"DATA", b"354 go\r\n")
    seen = [side.connection.begins_line]
    for octets in (b"a", b"\r", b"\n", b"b\n"):
        side.connection.send(Data(octets), 0.0)
        seen.append(side.connection.begins_line)
    assert seen == [True, False, False, True, False]
