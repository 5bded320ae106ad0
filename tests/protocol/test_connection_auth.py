"""AUTH in the client role: challenges, answers, and what must not be shown."""

import pytest

from mailprobe.protocol import events
from mailprobe.protocol.items import Answer, Misuse, Phase, Raw
from mailprobe.protocol.model import Command, State
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import SMTP
from tests.protocol.helpers import Side, client, drain


def smtp() -> Side:
    side = client(SMTP)
    side.ask(b"EHLO me", b"250-mx\r\n250 AUTH PLAIN LOGIN\r\n")
    return side


def test_an_initial_response_may_be_all() -> None:
    """One command, one reply; the state is the one before, now logged in."""
    side = smtp()
    assert side.ask(b"AUTH PLAIN AGEAYg==", b"235 ok\r\n") == ["235 to AUTH"]
    assert side.connection.facts.authenticated
    assert side.connection.state is State.READY


def test_challenges_and_answers() -> None:
    """Each 334 opens the place of one answer, and each answer is owed one reply."""
    side = smtp()
    assert side.ask(b"auth login", b"334 VXNlcm5hbWU6\r\n") == ["334 to AUTH", "state auth"]
    assert side.connection.phase is Phase.ANSWER
    assert not side.connection.waiting
    assert side.say(Answer(b"YQ==")) == ["answer YQ=="]
    assert side.wire == b"YQ==\r\n"
    assert side.connection.outstanding == 1
    assert side.hear(b"334\r\n") == ["334 to AUTH"]
    side.say(Answer(b"Yg=="))
    assert side.hear(b"235 ok\r\n") == ["235 to AUTH", "state ready"]


@pytest.mark.parametrize("line", [b"*", b"=", b"", b"not base64!"])
def test_any_line_is_an_answer(line: bytes) -> None:
    """`*` cancels, the empty line is an empty answer; a refusal brings the old state back."""
    side = smtp()
    side.ask(b"MAIL FROM:<a@b>", b"250 ok\r\n")
    side.ask(b"AUTH PLAIN", b"334 \r\n")
    side.connection.send(Answer(line), 0.0)
    (sent,) = drain(side.connection)
    assert isinstance(sent, events.AnswerSent)
    assert (sent.line, sent.octets, sent.command.verb) == (line, line + b"\r\n", "AUTH")
    assert side.hear(b"501 no\r\n") == ["501 to AUTH", "state mail"]
    assert not side.connection.facts.authenticated


def test_a_login_that_is_refused_at_once() -> None:
    """Neither state nor login change."""
    side = smtp()
    assert side.ask(b"AUTH PLAIN x", b"535 no\r\n") == ["535 to AUTH"]
    assert (side.connection.state, side.connection.facts.authenticated) == (State.READY, False)


def test_a_challenge_wants_an_answer_and_no_command() -> None:
    """The line behind a challenge is secret, so it cannot be sent by mistake as a command."""
    side = smtp()
    side.ask(b"AUTH PLAIN", b"334 \r\n")
    with pytest.raises(Misuse, match="only a challenge"):
        side.say(b"QUIT")
    with pytest.raises(Misuse, match="LF ends a line"):
        side.say(Answer(b"x\ny"))


def test_a_command_behind_auth_is_its_answer() -> None:
    """So the server takes it: the next reply belongs to AUTH, and only then the rest goes on."""
    side = smtp()
    side.say(b"AUTH LOGIN", b"NOOP", b"RSET")
    assert side.hear(b"334 user\r\n501 no\r\n250 ok\r\n") == [
        "334 to AUTH",
        "state auth",
        "501 to AUTH",
        "state ready",
        "250 to RSET",
    ]
    assert side.connection.phase is Phase.COMMAND


def test_421_inside_auth() -> None:
    """It ends the login and the session."""
    side = smtp()
    side.ask(b"AUTH LOGIN", b"334 \r\n")
    side.say(Answer(b"x"))
    assert side.hear(b"421 bye\r\n") == ["421 to AUTH", "state ready", "state closed"]


def test_334_to_another_command_opens_nothing() -> None:
    """A challenge belongs to AUTH."""
    side = smtp()
    assert side.ask(b"NOOP", b"334 x\r\n") == ["334 to NOOP"]
    assert side.connection.phase is Phase.COMMAND


def test_raw_answers() -> None:
    """Raw lines inside AUTH are answers; what does not end a line yet is secret."""
    side = smtp()
    side.ask(b"AUTH LOGIN", b"334 \r\n")
    assert side.say(Raw(b"c2Vj")) == ["raw c2Vj SECRET"]
    assert side.say(Raw(b"cmV0\r\nNOOP\r\n")) == ["answer c2VjcmV0", "command NOOP"]
    assert side.connection.outstanding == 2


# ---------------------------------------------------------------------------------- POP3


def test_pop3_sasl_moves_to_transaction_and_forgets_the_capabilities() -> None:
    """CAPA may differ after the login (RFC 2449, section 5)."""
    side = client(POP3)
    side.ask(b"CAPA", b"+OK\r\nSASL PLAIN\r\n.\r\n")
    assert side.connection.facts.mechanisms == ("PLAIN",)
    assert side.ask(b"AUTH PLAIN", b"+ \r\n") == ["+ to AUTH", "state auth"]
    side.say(Answer(b"AGEAYg=="))
    assert side.hear(b"+OK\r\n") == ["+OK to AUTH", "state authorization", "state transaction"]
    assert side.connection.facts.authenticated
    assert side.connection.facts.offers is None


@pytest.mark.parametrize("challenge", [b"+\r\n", b"+ \r\n", b"+ go ahead\r\n"])
def test_plus_is_a_challenge_inside_auth_only(challenge: bytes) -> None:
    """`+`, with or without text; elsewhere it is no reply."""
    side = client(POP3)
    assert side.ask(b"AUTH LOGIN", challenge) == ["+ to AUTH", "state auth"]
    side.say(Answer(b"*"))
    assert side.hear(b"-ERR cancelled\r\n") == ["-ERR to AUTH", "state authorization"]
    assert side.ask(b"NOOP", challenge) == [f"failed protocol: {challenge.decode()}"]
    assert side.hear(b"-ERR\r\n") == ["-ERR to NOOP"]


def test_initial_response_in_pop3() -> None:
    """RFC 5034, section 4."""
    side = client(POP3)
    assert side.ask(b"AUTH PLAIN =", b"+OK in\r\n") == ["+OK to AUTH", "state transaction"]


def test_bare_auth_lists_mechanisms_or_is_refused_in_one_line() -> None:
    """Multi-line with old servers and Dovecot, one -ERR line elsewhere; never a login."""
    side = client(POP3)
    assert side.ask(b"AUTH", b"-ERR what\r\n") == ["-ERR to AUTH"]
    assert side.ask(b"AUTH", b"+OK\r\nPLAIN\r\nLOGIN\r\n.\r\n") == [
        "+OK to AUTH with body",
        "body PLAIN\r\nLOGIN\r\n END",
    ]
    assert side.connection.state is State.AUTHORIZATION
    assert side.connection.facts.mechanisms == ("PLAIN", "LOGIN")


# ------------------------------------------------------------------------------- secrets


@pytest.mark.parametrize(
    "line, shown",
    [
        (b"PASS a secret", b"PASS "),
        (b"apop me d1ge57", b"apop me "),
        (b"AUTH PLAIN AGEAYg==", b"AUTH PLAIN "),
    ],
)
def test_the_span_of_a_secret(line: bytes, shown: bytes) -> None:
    """It covers the secret to the end of the line, and nothing before it."""
    side = client(POP3)
    side.connection.send(Raw(line + b"\r\n"), 0.0)
    (sent,) = drain(side.connection)
    assert isinstance(sent, events.CommandSent)
    assert sent.secret == (len(shown), len(line))


@pytest.mark.parametrize("line", [b"PASS", b"PASS ", b"AUTH PLAIN", b"AUTH PLAIN =", b"RETR 1"])
def test_no_secret_no_span(line: bytes) -> None:
    """Nothing to hide."""
    side = client(POP3)
    side.connection.send(Raw(line + b"\r\n"), 0.0)
    (sent,) = drain(side.connection)
    assert isinstance(sent, events.CommandSent)
    assert sent.secret is None


def test_a_partial_line_with_a_secret() -> None:
    """From the first octet of the secret on, each piece says that it holds one."""
    side = client(POP3)
    told = [side.say(Raw(piece))[0] for piece in (b"PA", b"SS ", b"hun", b"ter2")]
    assert told == ["raw PA", "raw SS ", "raw hun SECRET", "raw ter2 SECRET"]
    side.connection.send(Raw(b"!\r\n"), 0.0)
    (sent,) = drain(side.connection)
    assert isinstance(sent, events.CommandSent)
    assert sent.command.line == b"PASS hunter2!"
    assert (sent.octets, sent.secret) == (b"!\r\n", (5, 13))


@pytest.mark.parametrize("code", [b"354", b"333"])
def test_only_334_is_a_challenge(code: bytes) -> None:
    """Another 3yz asks for nothing: the next line is a command."""
    side = smtp()
    assert side.ask(b"AUTH LOGIN", code + b" x\r\n") == [f"{code.decode()} to AUTH"]
    assert (side.connection.phase, side.connection.state) == (Phase.COMMAND, State.READY)


def test_answers_behind_a_refused_login_are_secret() -> None:
    """Who pastes a login sends what nobody asked for: it must not be shown either."""
    side = smtp()
    side.ask(b"AUTH FOO", b"504 no\r\n")
    for line in (b"AGFsaWNlAHNlY3JldA==", b"c2VjcmV0"):
        side.connection.send(Command(line), 0.0)
        sent = next(event for event in drain(side.connection))
        assert isinstance(sent, events.CommandSent)
        assert sent.secret == (0, len(line))
    assert side.connection.facts.login_refused
    side.say(b"")
    side.say(b"no base64!")
    side.say(b"NOOP")
    assert not side.connection.facts.login_refused
    side.connection.send(Command(b"c2VjcmV0"), 0.0)
    sent = next(event for event in drain(side.connection))
    assert isinstance(sent, events.CommandSent)
    assert sent.secret is None
