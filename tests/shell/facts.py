"""Facts as a session would have them, for the tests of what is pure in the shell."""

from mailprobe.protocol.facts import Facts, Message
from mailprobe.protocol.model import Protocol, State

OFFERS = {
    "SIZE": "10240000",
    "8BITMIME": "",
    "DSN": "",
    "AUTH": "PLAIN SCRAM-SHA-256",
    "STARTTLS": "",
    "PIPELINING": "",
}


def smtp(state: State = State.READY, **known: object) -> Facts:
    return Facts(Protocol.SMTP, state, offers=dict(OFFERS), **known)  # type: ignore[arg-type]


def pop3(state: State = State.TRANSACTION, **known: object) -> Facts:
    return Facts(Protocol.POP3, state, **known)  # type: ignore[arg-type]


def maildrop() -> Facts:
    """After STAT, LIST, UIDL and DELE 2."""
    messages = {
        1: Message(1842, "abc"),
        2: Message(200, "b"),
        3: Message(30),
    }
    return pop3(count=2, messages=messages, marks={2})
