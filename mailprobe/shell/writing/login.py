"""/auth and /apop: a login composed step by step, from a secret that nobody sees.

Raises Failure: `usage` where the form is wrong or the server's greeting does not fit, `protocol`
where a challenge makes no sense, `security` where the server has not proved that it knows the
secret, and should have.
"""

from collections.abc import Sequence

from mailprobe.errors import Failure, Word
from mailprobe.login import log_in, log_in_by_apop
from mailprobe.protocol import sasl
from mailprobe.protocol.items import Answer, Phase
from mailprobe.protocol.model import Command, Protocol
from mailprobe.safe import safe
from mailprobe.session import Session
from mailprobe.shell.interface import Shell
from mailprobe.shell.local.table import tell
from mailprobe.value import frozen

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from mailprobe.shell.config import Profile


@frozen
class Order:
    """What a login is to be; `initial`: whether an initial response goes with AUTH.

    None takes one where the client speaks first.
    """

    mechanism: str
    user: str = ""
    authzid: str = ""
    initial: bool | None = None


def read_order(words: Sequence[str], profile: "Profile | None") -> Order | None:
    """Read MECH [USER] [as AUTHZID] [--initial|--no-initial]; None where it is not of that form."""
    flags = [word for word in words if word.startswith("--")]
    rest = [word for word in words if not word.startswith("--")]
    if len(flags) > 1 or not set(flags) <= _INITIAL.keys() or not rest:
        return None
    initial = _INITIAL[flags[0]] if flags else None
    mechanism, *who = rest
    authzid = ""
    if len(who) > 1 and who[-2].lower() == "as":
        authzid, who = who[-1], who[:-2]
    elif profile is not None and profile.login is not None and not who:
        authzid = profile.login.authzid
    if not who and profile is not None and profile.user:
        who = [profile.user]
    if len(who) > 1 or (not who and sasl.secret_kind(mechanism) != sasl.NOTHING):
        return None
    return Order(mechanism, who[0] if who else "", authzid, initial)


_INITIAL = {"--initial": True, "--no-initial": False}


def authenticate(shell: Shell, order: Order) -> None:
    """Log in by a SASL mechanism."""
    session = _session(shell)
    if session.must_upgrade(Command(b"AUTH")) and not session.upgrade():
        return  # interrupted
    mechanism = order.mechanism.upper()
    kind = sasl.TABLE.get(mechanism)
    if kind is None:
        raise _usage(f"/auth knows {', '.join(sasl.MECHANISMS)}; type any other by hand")
    secret = _ask_secret(shell, order.user, kind.secret) if kind.secret else ""
    if secret is None:
        return
    log_in(
        session,
        mechanism,
        order.user,
        secret,
        shell.send,
        authzid=order.authzid,
        initial=order.initial,
        refused=lambda why: tell(shell, f"{mechanism}: the token was refused: {why}"),
    )


def as_asked(shell: Shell) -> None:
    """Log in as the command line says, if it does: with hello before it, as if it were typed."""
    asked = shell.profile.login if shell.profile is not None else None
    if asked is None or not asked.mechanism:
        return
    session = _session(shell)
    if asked.mechanism.upper() == "APOP":
        apop(shell, asked.user)
        return
    if session.must_upgrade(Command(b"AUTH")) and not session.upgrade():
        return  # interrupted
    hello = session.hello_line()
    if hello and session.connection.facts.offers is None and not shell.send(Command(hello)):
        return
    authenticate(shell, Order(asked.mechanism, asked.user, asked.authzid))


def as_offered(shell: Shell) -> None:
    """Log in as a profile or the command line says, if one does; by what is offered at best.

    Hello was said.  In POP3 what is left at last is APOP, where the greeting allows it, then USER
    and PASS.
    """
    profile = shell.profile
    asked = profile.login if profile is not None else None
    if profile is None or (asked is not None and asked.mechanism):
        as_asked(shell)
        return
    if not profile.user or _session(shell).connection.facts.authenticated:
        return
    authzid = asked.authzid if asked is not None else ""
    facts = _session(shell).connection.facts
    if mechanism := _best(_session(shell)):
        authenticate(shell, Order(mechanism, profile.user, authzid))
    elif facts.protocol is not Protocol.POP3:
        raise _usage("the server offers no login that a password is for: leave --user out")
    elif facts.timestamp is not None:
        apop(shell, profile.user)
    else:
        _say_password(shell, profile.user)


def _best(session: Session) -> str:
    """The strongest of the mechanisms on offer that take a password; "" where none does."""
    offered = session.connection.facts.mechanisms
    for name, row in sasl.TABLE.items():
        bound = not name.endswith("-PLUS") or session.binding_for(name) is not None
        if name in offered and row.secret == sasl.PASSWORD and bound:
            return name
    return ""


def _say_password(shell: Shell, user: str) -> None:
    """RFC 1939, section 7."""
    secret = _ask_secret(shell, user)
    if secret is None:
        return
    if "\r" in secret or "\n" in secret:
        raise _usage("the secret must be one line")
    name, word = (text.encode("utf-8", "surrogateescape") for text in (user, secret))
    if shell.send(Command(b"USER " + name)):
        shell.send(Command(b"PASS " + word))


def _ask_secret(shell: Shell, user: str, kind: str = sasl.PASSWORD) -> str | None:
    """Ask for a secret, unless it may not travel on this link; what is asked for is learned."""
    if not shell.may_expose(Answer(b"secret")):
        return None
    session, profile = _session(shell), shell.profile
    secret = None
    if profile is not None:
        secret = profile.secret_of(user, session.server_name, shell.environment)
    if secret is None and kind == sasl.PASSWORD:
        secret = shell.ask_secret(f"secret of {safe(user)} (hidden): ")
    elif secret is None:
        secret = shell.ask_secret(f"{kind} of {safe(user)} (hidden): ", kind)
    if secret:
        octets, name = (text.encode("utf-8", "surrogateescape") for text in (secret, user))
        shell.learn(octets, name)
    return secret


def apop(shell: Shell, user: str) -> None:
    """Log in by APOP (RFC 1939, section 7)."""
    session = _session(shell)
    if session.connection.facts.timestamp is None:
        raise _usage("the greeting holds no timestamp <...@...>, and APOP needs one")
    secret = _ask_secret(shell, user)
    if secret is not None:
        log_in_by_apop(session, user, secret, shell.send)


def _session(shell: Shell) -> Session:
    """The session, where the next line is a command."""
    if shell.session is None:
        raise _usage("there is no connection: /connect opens one")
    if shell.session.connection.phase is not Phase.COMMAND:
        raise _usage("not in the middle of mail data, or of another login")
    return shell.session


def _usage(sentence: str) -> Failure:
    return Failure(Word.USAGE, sentence)
