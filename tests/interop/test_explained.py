"""What real servers say, explained: each reply of sessions that walk through all they know."""

import pytest

import mailprobe
from mailprobe.explain import texts
from mailprobe.explain.model import Explanation
from mailprobe.explain.replying import of_reply
from mailprobe.protocol.codes import REPLY_CODES
from mailprobe.protocol.events import Event, Greeting, ReplyReceived, Unsolicited
from mailprobe.protocol.model import Command, Reply
from tests.interop.servers import MailServers

Heard = list[tuple[str, Reply, Explanation]]
HEADER = b"From: a@example.org\r\nSubject: explained\r\n\r\nhello\r\n"
ANSWERS = ("*", "!!")  # to a challenge
GENERAL = [texts.layers()[f"* {digit}"].now for digit in "45"]

# By the port: lines of the client, and how the reason begins for which the answer came; "" where
# any will do that is not true of every reply of its class.  "DATA" sends a message where it may.
SMTP = {
    "": "the server always speaks first",
    "EHLO": "the name is missing",
    "HELO": "the name is missing",
    "HELO client.example": "hello without extensions",
    "HELP": "the word is right",
    "EHLO client.example": "what does not stand in this list",
    "NOOP": "that is all that NOOP is for",
    "VRFY alice": "to say more would help",
    "VRFY nobody@example.test": "the domain is right",
    "EXPN alice": "the word is right",
    "ETRN example.test": "",
    "ETRN": "the server knows the command",
    "FROB": "there is no such command",
    "RCPT TO:<alice@example.test>": "no mail transaction is open",
    "MAIL FROM:<a@example.org> FOO=1": "a parameter behind the address",
    "AUTH PLAIN AGFsaWNl": "AUTH is not on offer here",
    "STARTTLS now": "the command is not written in",
    "RSET now": "the command is not written in",
    "BDAT 0 LAST": "no recipient was accepted",
    "QUIT": "the session ends as it should",
}
TRANSACTION = {
    "EHLO client.example": "",
    "MAIL FROM:<a@example.org>": "a mail transaction is open; this is the envelope",
    "MAIL FROM:<b@example.org>": "the mail transaction before is still open",
    "DATA": "every RCPT was refused",
    "RCPT TO:<nobody@example.test>": "the domain is right",
    "RCPT TO:<x@elsewhere.example>": "the domain is not of this server",
    "RCPT TO:<alice@example.test>": "for this one recipient only",
    "RCPT TO:<alice@example.test> FOO": "a parameter was used",
    "AUTH PLAIN": "AUTH is not on offer here",
    "RSET": "sender and recipients are forgotten",
    "MAIL FROM:<a@example.org> SIZE=999999999999": "SIZE in MAIL is more",
    "QUIT": "",
}
LAB = {
    "EHLO client.example": "",
    "AUTH PLAIN AGFsaWNlAHdyb25n": "the name, the password or the base64",
    "AUTH LOGIN": "the mechanism wants one more line",
    "*": "you cancelled the login by a lone *",
    "AUTH PLAIN": "the mechanism wants one more line",
    "!!": "the answer is no base64",
    "AUTH FROB": "the server has not even looked at name",
    "XCLIENT FROB=1": "an argument is missing, too many, or badly written",
    "XCLIENT NAME=spike.example": "the session begins anew",
    "EHLO b": "",
    "AUTH PLAIN AGFsaWNlAHNlY3JldA==": "the server knows you now",
    "AUTH CRAM-MD5": "you are logged in already",
    "QUIT": "",
}
SUBMISSION = {
    "EHLO client.example": "",
    "MAIL FROM:<a@example.org>": "this server takes nothing without TLS",
    "AUTH PLAIN AGFsaWNl": "",
    "QUIT": "",
}
LMTP = {
    "": "the server always speaks first",
    "EHLO a": "so a client that speaks the wrong protocol",
    "LHLO client.example": "each further line is an offer",
    "FROB": "there is no such command",
    "VRFY alice": "to say more would help",
    "DATA": "no mail transaction is open",
    "MAIL FROM:<>": "a mail transaction is open",
    "RCPT TO:<nobody@example.test>": "the domain is right",
    "RCPT TO:alice": "the address wants < >",
    "RCPT TO:<full@example.test>": "for this one recipient only",
    "DATA ": "this mailbox has no room left",
    "QUIT": "",
}
EARLY = {
    "": "the server always speaks first",
    "STAT": "nobody is logged in",
    "RETR 1": "nobody is logged in",
    "CAPA": "each line up to the dot is an offer",
    "NOPE": "POP3 has no such command",
    "UTF8": "the server has no UTF-8 mode",
    "AUTH FROB": "the server does not have this mechanism",
    "AUTH PLAIN": "the mechanism wants one more line",
    "!!": "the answer is no base64",
    "AUTH LOGIN": "the mechanism wants one more line",
    "*": "you cancelled the login",
    "PASS x": "PASS goes straight behind USER",
    "USER nobody": "it proves nothing",
    "PASS wrong": "name, password or account",
    "LANG": "the server does not speak that language",
    "QUIT": "nobody was logged in",
}
LATE = {
    "USER alice": "it proves nothing",
    "PASS secret": "this is the TRANSACTION state",
    "USER bob": "you are logged in already",
    "STLS": "you are logged in: TLS",
    "NOPE": "POP3 has no such command",
    "EHLO a": "POP3 has no such command",
    "AUTH": "you are logged in already",
    "UTF8": "you are logged in: UTF8",
    "LAST": "the server does not have LAST",
    "XTND BBOARDS": "the server does not have XTND",
    "STAT": "two numbers",
    "LIST": "a line for each message",
    "LIST 1": "one line only",
    "LIST 99": "numbers run from 1",
    "UIDL": "numbers change from session",
    "TOP 1": "TOP wants two numbers",
    "TOP 99 0": "numbers run from 1",
    "TOP 1 0": "the header, an empty line",
    "RETR 1": "the message follows",
    "RETR x": "RETR wants one number",
    "DELE 1": "only marked",
    "DELE 01": "the message is marked as deleted",
    "LIST 01": "the message is marked as deleted",
    "RSET": "the marks are gone",
    "NOOP": "that is all that NOOP is for",
    "QUIT": "it is QUIT after a login",
}


def heard(where: str, lines: list[str]) -> Heard:
    """Say the lines, and explain each reply as soon as it is there."""
    said = ""
    found: Heard = []
    waiting: list[tuple[Command | None, Reply]] = []

    def observe(event: Event) -> None:
        match event:
            case ReplyReceived(command=command, reply=reply):
                waiting.append((command, reply))
            case Greeting(reply=reply) | Unsolicited(reply=reply):
                waiting.append((None, reply))
            case _:
                pass

    def explain() -> None:
        for command, reply in waiting:
            explanation = of_reply(reply, command, session.facts)
            assert explanation is not None, reply
            found.append((said, reply, explanation))
        waiting.clear()

    with mailprobe.connect(where, observers=[observe]) as session:
        explain()
        for said in lines:
            exchange = session.answer(said) if said in ANSWERS else session.command(said)
            if exchange.reply.code == "354":
                session.data(HEADER)
            explain()
    return found


@pytest.mark.parametrize(
    "port, reasons",
    [
        pytest.param("smtp", SMTP, id="smtp"),
        pytest.param("smtp", TRANSACTION, id="transaction"),
        pytest.param("lab", LAB, id="lab"),
        pytest.param("submission", SUBMISSION, id="submission"),
        pytest.param("lmtp", LMTP, id="lmtp"),
        pytest.param("pop3", EARLY, id="early"),
        pytest.param("pop3", LATE, id="late"),
    ],
)
def test_every_reply_is_explained(
    mail_servers: MailServers, port: str, reasons: dict[str, str]
) -> None:
    """Each has all layers in both languages, and the reason is that of this very moment."""
    host = mail_servers.host
    if reasons is LATE:
        with mailprobe.connect(f"lmtp://{host}:{mail_servers.lmtp}") as session:
            session.pipeline(["LHLO a", "MAIL FROM:<>", "RCPT TO:<alice@example.test>"])
            session.data(HEADER)
    scheme = port if port in ("lmtp", "pop3") else "smtp"
    lines = [line for line in reasons if line]
    last: dict[str, Explanation] = {}
    for said, reply, found in heard(f"{scheme}://{host}:{getattr(mail_servers, port)}", lines):
        assert reply.code in REPLY_CODES, reply
        assert found.now is not None, reply
        assert found.next is not None, reply
        assert found.now not in GENERAL, (said, reply)
        last[said] = found
    for said, reason in reasons.items():
        now = last[said].now if reason else None
        assert now is None or now.en.startswith(reason), (said, now)
