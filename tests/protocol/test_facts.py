"""What a positive reply makes known, effect by effect."""

import pytest

from mailprobe.protocol.facts import Effect, Facts, Message
from mailprobe.protocol.model import Command, Protocol, Reply, State


def smtp() -> Facts:
    return Facts(Protocol.SMTP, state=State.READY)


def pop3() -> Facts:
    return Facts(Protocol.POP3, state=State.TRANSACTION)


def learn(facts: Facts, effect: Effect, line: bytes, reply: Reply, *body: bytes) -> Facts:
    """Let `facts` learn, and give them back."""
    facts.learn(effect, Command(line), reply, list(body))
    return facts


OK = Reply.of("+OK", "done")
DONE = Reply.of("250", "done")


def test_nothing_is_known_at_first() -> None:
    """Unknown is None, not empty: nobody has asked yet."""
    facts = Facts(Protocol.SMTP)
    assert facts.state is State.CONNECT
    assert (facts.offers, facts.reverse_path, facts.count, facts.greeting) == (None,) * 4
    assert (facts.recipients, facts.messages, facts.marked) == ([], {}, 0)
    assert facts.mechanisms == ()
    assert facts.timestamp is None


def test_hello_lists_extensions_and_drops_the_transaction() -> None:
    """Keywords in upper case with their arguments; two AUTH lines add up; junk is passed over."""
    facts = smtp()
    facts.reverse_path = b"a@b"
    reply = Reply.of(
        "250", "mail.example", "size 1000", "PIPELINING", "AUTH PLAIN", "AUTH=LOGIN", "", "-x"
    )
    learn(facts, Effect.EXTENSIONS, b"EHLO me", reply)
    assert facts.offers == {"SIZE": "1000", "PIPELINING": "", "AUTH": "PLAIN LOGIN"}
    assert facts.mechanisms == ("PLAIN", "LOGIN")
    assert facts.reverse_path is None


def test_plain_hello_offers_nothing() -> None:
    """After HELO it is known that there are no extensions."""
    facts = smtp()
    facts.offers = {"SIZE": ""}
    facts.recipients = [b"a@b"]
    learn(facts, Effect.PLAIN_HELLO, b"HELO me", DONE)
    assert facts.offers == {}
    assert facts.recipients == []


def test_a_transaction_and_its_end() -> None:
    """Reverse-path and forward-paths gather; RSET and a new MAIL drop them."""
    facts = smtp()
    learn(facts, Effect.REVERSE_PATH, b"MAIL FROM:<> SIZE=1", DONE)
    assert facts.reverse_path == b""
    learn(facts, Effect.FORWARD_PATH, b'RCPT TO:<"a>"@b>', DONE)
    learn(facts, Effect.FORWARD_PATH, b"RCPT TO:<c@d>", DONE)
    learn(facts, Effect.FORWARD_PATH, b"RCPT TO:<c@d>", DONE)
    assert facts.recipients == [b'"a>"@b', b"c@d", b"c@d"]
    learn(facts, Effect.REVERSE_PATH, b"MAIL FROM:<e@f>", DONE)
    assert (facts.reverse_path, facts.recipients) == (b"e@f", [])
    learn(facts, Effect.RESET, b"RSET", DONE)
    assert facts.reverse_path is None


def test_login_keeps_extensions_but_not_capabilities() -> None:
    """Capabilities may differ after the login (RFC 2449, section 5); extensions stay."""
    facts = smtp()
    facts.offers = {"SIZE": ""}
    learn(facts, Effect.LOGIN, b"AUTH PLAIN x", Reply.of("235", "in"))
    assert facts.authenticated
    assert facts.offers == {"SIZE": ""}
    facts = pop3()
    facts.offers = {"USER": ""}
    learn(facts, Effect.LOGIN, b"PASS x", OK)
    assert facts.authenticated
    assert facts.offers is None


def test_capabilities() -> None:
    """Each line of the body is one; mechanisms stand behind SASL."""
    facts = learn(pop3(), Effect.CAPABILITIES, b"CAPA", OK, b"sasl plain LOGIN", b"TOP", b"")
    assert facts.offers == {"SASL": "plain LOGIN", "TOP": ""}
    assert facts.mechanisms == ("PLAIN", "LOGIN")


@pytest.mark.parametrize("offers", [None, {"TOP": "", "SASL": "OLD"}])
def test_bare_auth_lists_mechanisms(offers: dict[str, str] | None) -> None:
    """A bare AUTH logs nobody in; what it lists counts as SASL."""
    facts = pop3()
    facts.offers = offers
    learn(facts, Effect.MECHANISMS, b"AUTH", OK, b"PLAIN", b"LOGIN")
    assert facts.offers == {**(offers or {}), "SASL": "PLAIN LOGIN"}
    assert not facts.authenticated


def test_auth_with_an_argument_logs_in() -> None:
    """AUTH and a mechanism authenticate."""
    assert learn(pop3(), Effect.MECHANISMS, b"AUTH PLAIN", OK).authenticated


def test_drop_listing() -> None:
    """STAT tells the count; a text that is no drop listing tells nothing."""
    facts = learn(pop3(), Effect.DROP_LISTING, b"STAT", Reply.of("+OK", "2 320 octets"))
    assert facts.count == 2
    learn(facts, Effect.DROP_LISTING, b"STAT", Reply.of("+OK", "two"))
    assert facts.count == 2


def test_listings() -> None:
    """LIST and UIDL tell of all messages by their body, and of one by the first line."""
    facts = learn(pop3(), Effect.SCAN_LISTING, b"LIST", OK, b"1 120", b"2 200 more", b"junk")
    learn(facts, Effect.SCAN_LISTING, b"LIST 3", Reply.of("+OK", "3 300"))
    learn(facts, Effect.UNIQUE_ID_LISTING, b"UIDL", OK, b"1 abc", b"junk", b"2 d~f")
    learn(facts, Effect.UNIQUE_ID_LISTING, b"UIDL 4", Reply.of("+OK", "4 xyz"))
    assert facts.messages == {
        1: Message(120, "abc"),
        2: Message(200, "d~f"),
        3: Message(300),
        4: Message(None, "xyz"),
    }


def test_marks() -> None:
    """DELE marks, RSET takes the marks back; an argument that is no number marks nothing."""
    facts = pop3()
    for line in (b"DELE 1", b"DELE  2 ", b"DELE x", b"DELE", b"DELE 1"):
        learn(facts, Effect.MARK, line, OK)
    assert facts.marked == 2
    learn(facts, Effect.UNMARK, b"RSET", OK)
    assert facts.marked == 0
    assert set(facts.messages) == {1, 2}


def test_nothing_is_learnt_from_no_effect() -> None:
    """A command without effect leaves the facts alone."""
    facts = smtp()
    assert learn(facts, Effect.NOTHING, b"NOOP", DONE) == smtp()


def test_tls_forgets_what_was_said_in_the_clear() -> None:
    """Offers, login, transaction and maildrop are gone; the greeting stays (RFC 3207, 4.2)."""
    facts = pop3()
    facts.greeting = b"ready <a@b>"
    facts.offers, facts.authenticated, facts.count = {"STLS": ""}, True, 3
    facts.reverse_path, facts.recipients = b"a@b", [b"c@d"]
    facts.message(1)
    facts.forget_session()
    assert facts == Facts(Protocol.POP3, State.TRANSACTION, greeting=b"ready <a@b>")
    assert facts.timestamp == b"<a@b>"


def test_messages_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that names ever new messages fills no memory; those that are known stay known."""
    monkeypatch.setattr("mailprobe.protocol.facts._MESSAGES", 2)
    facts = Facts(Protocol.POP3)
    for number in (1, 2, 3):
        facts.message(number).size = number
    facts.message(2).unique_id = "b"
    assert facts.messages == {1: Message(1), 2: Message(2, "b")}
