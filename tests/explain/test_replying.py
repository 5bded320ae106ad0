"""Replies explained: by the command that they answer, the state, and the server's own words."""

from pathlib import Path

import pytest

from mailprobe.explain import texts
from mailprobe.explain.explaining import of_words
from mailprobe.explain.model import Explanation
from mailprobe.explain.replying import ANY, GREETING, Moment, catalogue_of, of_moment, of_reply
from mailprobe.protocol import enhanced
from mailprobe.protocol.codes import REPLY_CODES, RESPONSE_CODES
from mailprobe.protocol.facts import Facts
from mailprobe.protocol.model import Command, Protocol, Reply, State
from mailprobe.protocol.pop3 import POP3

SERVERS = Path(__file__).with_name("servers.txt").read_text().splitlines()
LINES = [line for line in SERVERS if not line.startswith("#")]


def reply(line: str) -> Reply:
    code, _, said = line.partition(" ")
    return Reply.of(code, said)


def explained(
    line: str, command: str | None, state: State, protocol: Protocol = Protocol.SMTP, **more: object
) -> Explanation:
    facts = Facts(protocol, state, **more)  # type: ignore[arg-type]
    found = of_reply(reply(line), Command(command.encode()) if command else None, facts)
    assert found is not None
    return found


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[:40])
def test_what_servers_say(line: str) -> None:
    """Each reply of Postfix, Dovecot and the sandbox has all layers, and every code is known."""
    moment, _, said = line.partition("] ")
    name = moment[1:]
    answer = reply(said)
    pop3 = answer.code[0] in "+-"
    row = catalogue_of(Protocol.POP3 if pop3 else Protocol.SMTP).find(name)
    row = row or catalogue_of(Protocol.LMTP).find(name)
    assert row is not None or name in (ANY, GREETING)
    found = of_moment(answer, Moment(name, row))
    assert found is not None
    assert found.now is not None
    assert found.next is not None
    assert found.now != found.next
    assert answer.code in REPLY_CODES
    if answer.enhanced is not None:
        assert f"X{answer.enhanced[1:]}" in enhanced.ENHANCED
    if pop3 and answer.response_code is not None:
        assert answer.response_code in RESPONSE_CODES
        assert f"[{answer.response_code}]" in found.subject
    assert of_words([said])


@pytest.mark.parametrize(
    "line, command, state, now",
    [
        ("503 5.5.1 no", "RCPT TO:<a@b.c>", State.GREETED, "nobody has said hello yet"),
        ("503 5.5.1 no", "RCPT TO:<a@b.c>", State.READY, "no mail transaction is open"),
        ("503 5.5.1 no", "DATA", State.MAIL, "every RCPT was refused, or none was sent"),
        ("554 5.5.1 no", "DATA", State.MAIL, "every RCPT was refused, or none was sent"),
        ("554 5.6.0 no", "DATA", State.READY, "the message failed"),
        ("503 no", "MAIL FROM:<a@b.c>", State.RCPT, "the mail transaction before is still open"),
        ("503 no", "AUTH PLAIN", State.RCPT, "a mail transaction is open"),
        (
            "250 ok",
            "EHLO x",
            State.READY,
            "what does not stand in this list must not be used; nothing",
        ),
        ("250 ok", "RCPT TO:<a@b.c>", State.RCPT, "for this one recipient only"),
        ("250 ok", "DATA", State.READY, "from here on the server must deliver it"),
        ("250 ok", "BDAT 5", State.BDAT, "the octets of this chunk came whole"),
        ("250 ok", "BDAT 5 LAST", State.READY, "from here on the server must deliver it"),
        ("251 x", "RCPT TO:<a@b.c>", State.RCPT, "the user is elsewhere, and the server sends"),
        ("251 x", "VRFY a", State.READY, "the user is elsewhere, and mail to him"),
        ("251 x", "ETRN a.b", State.READY, "here it says that nothing is waiting"),
        ("354 go", "DATA", State.DATA, "commands are off until the lone dot"),
        ("454 4.7.1 Relay access denied", "RCPT TO:<a@b.c>", State.MAIL, "the domain is not of"),
        ("450 4.2.0 Greylisted", "RCPT TO:<a@b.c>", State.MAIL, "greylisting"),
        ("452 4.5.3 many", "RCPT TO:<a@b.c>", State.RCPT, "the server takes so many recipients"),
        ("550 5.1.1 <a@relay.test> User unknown", "RCPT TO:<>", State.MAIL, "the domain is right"),
        ("530 5.7.0 Must issue STARTTLS", "MAIL FROM:<>", State.READY, "this server takes nothing"),
        (
            "530 5.7.0 Authentication required",
            "MAIL FROM:<>",
            State.READY,
            "this server takes mail",
        ),
        ("500 5.5.2 what", "NOPE", State.READY, "there is no such command: a slip"),
    ],
)
def test_why_now(line: str, command: str, state: State, now: str) -> None:
    """The same code means another thing after another command, and in another state."""
    found = explained(line, command, state).now
    assert found is not None
    assert found.en.startswith(now)


def test_what_facts_add() -> None:
    """TLS, a login, and LMTP, in which each recipient has a reply of its own."""
    tls = explained("250 ok", "EHLO x", State.READY, tls=True)
    assert tls.now is not None
    assert "STARTTLS is gone" in tls.now.en
    again = explained("503 no", "AUTH PLAIN", State.READY, authenticated=True)
    assert again.now is not None
    assert again.now.en == "you are logged in already"
    each = explained("250 2.0.0 ok", "DATA", State.READY, Protocol.LMTP)
    assert each.says.en.startswith("message accepted for one recipient")
    assert each.now is not None
    assert each.now.en.startswith("this recipient has the message")
    wrong = explained("500 5.5.1 no", "EHLO x", State.GREETED, Protocol.LMTP)
    assert wrong.says.en == "right: LMTP has no EHLO, say LHLO"


def test_greeting_and_what_nobody_asked_for() -> None:
    """Told apart by what the session knows as its greeting."""
    greeting = explained("554 no", None, State.CONNECT, greeting=b"no")
    assert greeting.kind.en == "greeting"
    assert greeting.now is not None
    assert greeting.now.en.startswith("no mail service here")
    late = explained("421 4.4.2 timeout", None, State.CLOSED, greeting=b"hello")
    assert late.kind.en == "unsolicited reply"
    odd = explained("250 ok", None, State.READY, greeting=b"hello")
    assert odd.now is not None
    assert odd.now.en.startswith("no command was owed this reply")
    pop3 = explained("-ERR Server going down", None, State.CLOSED, Protocol.POP3, greeting=b"hi")
    assert pop3.now is not None
    assert "marked messages are still there" in pop3.now.en


@pytest.mark.parametrize(
    "line, command, state, now",
    [
        ("+OK", "USER a", State.AUTHORIZATION, "it proves nothing"),
        ("-ERR no", "PASS x", State.AUTHORIZATION, "name or password is wrong"),
        ("-ERR maildrop already locked", "PASS x", State.AUTHORIZATION, "another session holds"),
        ("-ERR [IN-USE] no", "PASS x", State.AUTHORIZATION, "another session, perhaps"),
        ("-ERR no", "STAT", State.AUTHORIZATION, "nobody is logged in"),
        ("-ERR no", "RETR 9", State.TRANSACTION, "numbers run from 1"),
        ("-ERR message 1 already deleted", "RETR 1", State.TRANSACTION, "the message is marked"),
        ("+OK 1 2", "LIST 1", State.TRANSACTION, "one line only"),
        ("+OK", "LIST", State.TRANSACTION, "a line for each message"),
        ("+OK", "QUIT", State.CLOSED, "nobody was logged in"),
        ("+OK", "AUTH", State.AUTHORIZATION, "an old way"),
        ("-ERR what", "NOPE", State.TRANSACTION, "POP3 has no such command"),
    ],
)
def test_pop3(line: str, command: str, state: State, now: str) -> None:
    """Two words only: the command, the state and the server's text say the rest."""
    found = explained(line, command, state, Protocol.POP3).now
    assert found is not None
    assert found.en.startswith(now)


@pytest.mark.parametrize("state", [State.UPDATE, State.CLOSED])
def test_the_end_of_a_pop3_session(state: State) -> None:
    """Whoever was logged in has removed what he marked; that the link is gone changes nothing."""
    found = explained("+OK", "QUIT", state, Protocol.POP3, authenticated=True).now
    assert found is not None
    assert found.en.startswith("it is QUIT after a login that removes")


@pytest.mark.parametrize(
    "command, state, now",
    [
        ("NOPE", State.TRANSACTION, "POP3 has no such command"),
        ("NOPE", State.AUTHORIZATION, "POP3 has no such command"),
        ("LAST", State.TRANSACTION, "the server does not have LAST"),
        ("XTND BBOARDS", State.TRANSACTION, "the server does not have XTND"),
        ("RPOP x", State.TRANSACTION, "the server does not have RPOP"),
        ("UTF8", State.AUTHORIZATION, "the server has no UTF-8 mode"),
        ("UTF8", State.TRANSACTION, "you are logged in: UTF8 belongs before the login"),
        ("LANG *", State.AUTHORIZATION, "the server does not speak that language"),
        ("LANG *", State.TRANSACTION, "the server does not speak that language"),
        ("AUTH PLAIN", State.TRANSACTION, "you are logged in already"),
        ("APOP a b", State.TRANSACTION, "you are logged in already"),
        ("STLS", State.TRANSACTION, "you are logged in: TLS would come too late"),
        ("STAT", State.AUTHORIZATION, "nobody is logged in"),
        ("RETR 1", State.AUTHORIZATION, "nobody is logged in"),
        ("NOOP", State.TRANSACTION, "the server has no such command, or not in this state"),
        ("RETR 1", State.TRANSACTION, "numbers run from 1"),
    ],
)
def test_a_number_is_wrong_only_where_there_is_one(command: str, state: State, now: str) -> None:
    """Dovecot says the same to a verb that it does not know, and to one that comes too early."""
    found = explained("-ERR Unknown command", command, state, Protocol.POP3).now
    assert found is not None
    assert found.en.startswith(now)


@pytest.mark.parametrize(
    "line, command, state, now",
    [
        ("-ERR Message is deleted.", "DELE 1", State.TRANSACTION, "the message is marked"),
        ("-ERR Message 1 is marked as deleted", "LIST 1", State.TRANSACTION, "the message is mark"),
        ("-ERR some deleted messages not removed", "QUIT", State.UPDATE, "some marked messages"),
        ("-ERR No username given.", "PASS x", State.AUTHORIZATION, "PASS goes straight behind"),
        ("-ERR [AUTH] Unsupported mechanism.", "AUTH X", State.AUTHORIZATION, "the server does"),
        ("-ERR [AUTH] Invalid base64", "AUTH PLAIN", State.AUTHORIZATION, "the answer is no base"),
        ("-ERR Authentication aborted", "AUTH PLAIN", State.AUTHORIZATION, "you cancelled"),
    ],
)
def test_words_of_a_pop3_server(line: str, command: str, state: State, now: str) -> None:
    """What the text of a refusal gives away, for whatever command."""
    found = explained(line, command, state, Protocol.POP3).now
    assert found is not None
    assert found.en.startswith(now)


@pytest.mark.parametrize(
    "line, command, state, now",
    [
        ("452 4.2.2 Quota exceeded", "RCPT TO:<a@b.c>", State.MAIL, "this mailbox has no room"),
        ("452 4.3.1 Insufficient storage", "RCPT TO:<a@b.c>", State.MAIL, "the server's own disk"),
        ("552 5.2.2 full", "DATA", State.READY, "this mailbox has no room"),
        ("550 5.7.23 no", "RCPT TO:<a@b.c>", State.MAIL, "the sender's domain does not let"),
        ("504 5.7.4 no", "AUTH X", State.READY, "the server does not have what was asked"),
        ("252 2.3.3 Try RCPT", "VRFY a", State.READY, "to say more would help"),
        ("500 5.5.2 unknown", "HELP", State.READY, "the word is right"),
        ("500 Syntax: ETRN domain", "ETRN", State.READY, "the server knows the command"),
        ("501 5.5.4 Syntax: RSET", "RSET now", State.READY, "the command is not written in"),
        ("501 5.5.4 no", "RSET now", State.READY, "an argument is missing, too many"),
        ("503 5.5.1 login first", "MAIL FROM:<>", State.READY, "the server wants something else"),
        ("503 no", "MAIL FROM:<>", State.GREETED, "nobody has said hello yet"),
        ("503 duplicate", "EHLO x", State.READY, "the server wants something else"),
        ("503 BINARYMIME", "DATA", State.RCPT, "the recipients stand"),
        ("535 5.7.8 no: Invalid authentication mechanism", "AUTH X", State.READY, "the server"),
    ],
)
def test_the_finer_code_counts_more(line: str, command: str, state: State, now: str) -> None:
    """What a reply says by itself is not told otherwise by what such replies mostly mean."""
    found = explained(line, command, state).now
    assert found is not None
    assert found.en.startswith(now)


def test_success_has_no_advice_of_failures() -> None:
    """The details are numbered alike in all classes, and mean nothing alike."""
    found = explained("252 2.3.3 Try RCPT instead", "VRFY a", State.READY)
    assert found.next is not None
    assert found.next.en.startswith("MAIL and RCPT will show")
    (only,) = of_words(["2.1.1"])
    assert only.next is not None
    assert only.next.en == "go on with the next command"


def test_every_failure_has_a_reason_of_its_own() -> None:
    """What the server names by a finer code, no row for many codes explains away."""
    for code in enhanced.ENHANCED:
        if code.endswith(".0") or code in ("X.1.5", "X.3.4", "X.3.6", "X.5.1", "X.5.2", "X.5.4"):
            continue
        known = f"5{code[1:]}"
        found = of_moment(Reply.of("550", f"{known} no".encode()), Moment(ANY))
        bare = of_moment(Reply.of("550", b"no"), Moment(ANY))
        assert found is not None
        assert bare is not None
        assert found.next != bare.next, code
        assert found.now != bare.now, code


def test_hello_of_lmtp() -> None:
    """It is LHLO, wherever a sentence for SMTP says EHLO; but for those about the hello itself."""
    early = explained("503 5.5.1 no", "MAIL FROM:<>", State.GREETED, Protocol.LMTP)
    tls = explained("220 go", "STARTTLS", State.GREETED, Protocol.LMTP)
    for found in (early, tls):
        assert found.next is not None
        assert "LHLO" in found.next.en
        assert "LHLO" in found.next.zh
        assert "EHLO" not in found.next.en + found.next.zh
    odd = explained("500 5.5.1 no", "LHLO x", State.GREETED, Protocol.LMTP)
    assert odd.next is not None
    assert odd.next.en == "say EHLO"


def test_sources_are_named_once_each() -> None:
    """That of the row, and that of the finer code."""
    found = explained("550 5.1.1 no", "RCPT TO:<a@b.c>", State.MAIL)
    assert found.reference == "RFC 5321, section 4.1.1.3; RFC 3463, section 3.2"
    assert found.subject == "550 5.1.1"
    same = explained("535 5.7.8 no", "AUTH PLAIN", State.READY)
    assert same.reference == "RFC 4954, section 4"
    assert found.says.en.endswith("5.1.1: failed for good: there is no such mailbox at that domain")


def test_codes_that_nobody_knows() -> None:
    """The first digit counts; what is no code at all has no explanation."""
    found = explained("599 odd", "NOOP", State.READY)
    assert found.reference == "RFC 5321, section 4.3.2"
    facts = Facts(Protocol.SMTP)
    assert of_reply(Reply((b"999 x",), "999", b"999 x\r\n"), None, facts) is None
    finer = explained("-ERR [NEW/CODE] x", "NOOP", State.TRANSACTION, Protocol.POP3)
    assert "[NEW/CODE]: no RFC knows this code" in finer.says.en


def test_hostile_words_cost_nothing() -> None:
    """However long a text is, and whatever stands in it."""
    found = explained("550 " + "grey relay " * 100_000, "NOOP", State.READY)
    assert found.next is not None
    shown = explained("-ERR [\x1b[31m] x", "NOOP", State.TRANSACTION, Protocol.POP3)
    assert "\x1b" not in shown.subject + shown.says.en
    for words in texts.wordings().values():
        assert words.search("a" * 2000) is None


@pytest.mark.parametrize(
    "line, command, state, now",
    [
        ("-ERR The form is NOOP", "NOOP 4", State.TRANSACTION, "not written as"),
        ("-ERR syntax", "RETR one", State.TRANSACTION, "one number"),
        ("-ERR no", "RETR one", State.AUTHORIZATION, "nobody is logged in"),
        ("-ERR USER comes straight before PASS", "PASS x", State.AUTHORIZATION, "no name stands"),
        ("-ERR no such message", "RETR 9", State.TRANSACTION, "number"),
        ("-ERR no", "PASS x", State.TRANSACTION, "you are logged in already"),
    ],
)
def test_what_was_not_even_looked_at(line: str, command: str, state: State, now: str) -> None:
    """-ERR of a command that is not of its form says nothing of the thing that it names."""
    found = explained(line, command, state, Protocol.POP3)
    assert found.now is not None
    assert now in found.now.en
    row = POP3.row(Command(command.encode()))
    looked_at = "no such" in line or (state is State.AUTHORIZATION and state not in row.states)
    assert (found.says.en == row.meanings["-ERR"]) == looked_at
