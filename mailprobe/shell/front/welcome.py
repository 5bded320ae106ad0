"""What leads somebody who comes for the first time: the first screen, and what to try next."""

from mailprobe.protocol.model import Protocol
from mailprobe.transport.target import Kind, Target

FIRST_SCREEN = """\
mailprobe: raw SMTP, LMTP and POP3 by hand. Try:
  /connect smtp sandbox   send mail to a practice server inside this program
  /connect pop3 sandbox   fetch it from there again
  /connect smtp HOST      talk to a real server
Tab completes, /help explains, Ctrl-D or /quit leaves.
"""

_NEXT = {
    Protocol.SMTP: "try EHLO me, then MAIL and Tab; RCPT knows alice@ and bob@example.test",
    Protocol.LMTP: "try LHLO me, then MAIL and Tab; RCPT knows alice@ and bob@example.test",
    Protocol.POP3: "try USER alice, PASS secret, LIST; or USER bob, PASS builder",
}


def next_step(target: Target) -> str:
    """What to try behind the greeting; "" where we do not know the server."""
    return _NEXT[target.protocol] if target.kind is Kind.SANDBOX else ""
