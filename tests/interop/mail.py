"""Mail for the real servers, and the words that lead a run to Postfix."""

import mailprobe
from tests.interop.servers import MailServers

HELLO = "EHLO client.example\n"
ENVELOPE = HELLO + "MAIL FROM:<bob@example.test> BODY=8BITMIME\nRCPT TO:<alice@example.test>\n"
HEADER = b"From: bob@example.test\r\nTo: alice@example.test\r\nSubject: %s\r\n"


def smtp(servers: MailServers, port: str = "smtp") -> tuple[str, str]:
    """The first arguments of a run against one of the ports."""
    return "smtp", f"{servers.host}:{getattr(servers, port)}"


def fetched(servers: MailServers, count: int = 1, user: str = "alice") -> bytes:
    """The last mail of a maildrop with `count` mails, as Dovecot's POP3 gives it."""
    servers.wait_for_mails(user, count)
    with mailprobe.connect(f"pop3://{servers.host}:{servers.pop3}") as session:
        assert session.login("APOP", user, "secret").reply.positive
        assert session.command("STAT").reply.texts[0].startswith(b"%d " % count)
        return session.command(f"RETR {count}").read_body()
