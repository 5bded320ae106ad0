"""/auth and /apop: a login composed step by step, from a secret that nobody sees.

Raises Failure: `usage` where the form is wrong or the server's greeting does not fit, `protocol`
where a challenge makes no sense, `security` where the server has not proved that it knows the
secret, and should have.
"""

import secrets

from mailprobe.errors import Failure, Word
from mailprobe.protocol import sasl
from mailprobe.protocol.items import Answer, Phase
from mailprobe.protocol.model import Command, Protocol, Verdict
from mailprobe.safe import safe
from mailprobe.session import Session
from mailprobe.shell.interface import Shell

_COMMAND_LINE = {Protocol.POP3: 253}  # RFC 5034, section 4: 255 octets with CRLF
_SMTP_LINE = 510  # RFC 5321, section 4.5.3.1.4


def authenticate(shell: Shell, mechanism: str, user: str) -> None:
    """Log in by a SASL mechanism."""
    _session(shell)
    mechanism = mechanism.upper()
    if mechanism not in sasl.MECHANISMS:
        raise _usage(f"/auth knows {', '.join(sasl.MECHANISMS)}; type any other by hand")
    secret = _ask_secret(shell, user)
    if secret is None:
        return
    try:
        steps = sasl.client(mechanism, user, secret, nonce=secrets.token_hex(12))
    except ValueError as error:
        raise _usage(safe(str(error))) from None
    _log_in(shell, mechanism, steps)


def _ask_secret(shell: Shell, user: str) -> str | None:
    """Ask for a secret, unless it may not travel on this link; what is asked for is learned."""
    if not shell.may_expose(Answer(b"secret")):
        return None
    secret = shell.profile.secret_of(user) if shell.profile is not None else None
    if secret is None:
        secret = shell.ask_secret(f"secret of {safe(user)} (hidden): ")
    if secret:
        shell.learn(secret.encode("utf-8", "surrogateescape"))
    return secret


def _log_in(shell: Shell, mechanism: str, steps: sasl.Client) -> None:
    """Go through the mechanism, step by step, as long as the server challenges."""
    session = _session(shell)
    held = next(steps)  # the initial response, if the mechanism has one
    line = b"AUTH " + mechanism.encode()
    longest = _COMMAND_LINE.get(session.connection.catalogue.protocol, _SMTP_LINE)
    if held is not None and len(full := line + b" " + sasl.encode_initial(held)) <= longest:
        line, held = full, None
    if not shell.send(Command(line)):
        return
    proved = mechanism not in sasl.MUTUAL
    while (challenge := _challenge(session)) is not None:
        try:
            response = steps.send(sasl.decode(challenge)) if held is None else held
        except (sasl.SaslError, StopIteration) as error:
            shell.send(Answer(b"*"))
            sentence = getattr(error, "sentence", "one more challenge than the mechanism has")
            raise Failure(Word.PROTOCOL, f"{mechanism}: {sentence}") from None
        proved = proved or response == b""
        held = None
        if not shell.send(Answer(sasl.encode(response or b""))):
            return
    if session.connection.facts.authenticated and not proved:
        raise Failure(Word.SECURITY, f"{mechanism}: {sasl.UNPROVED}")


def _challenge(session: Session) -> bytes | None:
    """The challenge that waits for an answer, in base64."""
    last = session.last
    if last is None or not last.replies or last.replies[-1].verdict is not Verdict.GO_ON:
        return None
    return last.replies[-1].texts[0].strip()


def apop(shell: Shell, user: str) -> None:
    """Log in by APOP (RFC 1939, section 7)."""
    facts = _session(shell).connection.facts
    if facts.timestamp is None:
        raise _usage("the greeting holds no timestamp <...@...>, and APOP needs one")
    secret = _ask_secret(shell, user)
    if secret is None:
        return
    try:
        digest = sasl.apop_digest(facts.timestamp, secret)
    except ValueError as error:
        raise _usage(safe(str(error))) from None
    shell.send(Command(f"APOP {user} {digest}".encode("utf-8", "surrogateescape")))


def _session(shell: Shell) -> Session:
    """The session, where the next line is a command."""
    if shell.session is None:
        raise _usage("there is no connection: /connect opens one")
    if shell.session.connection.phase is not Phase.COMMAND:
        raise _usage("not in the middle of mail data, or of another login")
    return shell.session


def _usage(sentence: str) -> Failure:
    return Failure(Word.USAGE, sentence)
