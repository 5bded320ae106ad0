"""How a conversation comes to a session: by the command line, by /connect, by a profile.

It sees the shell through `Conversation`: no key, no screen.
"""

from typing import TYPE_CHECKING

from mailprobe.errors import Failure
from mailprobe.safe import safe
from mailprobe.session import Session, Settings
from mailprobe.shell.config import Config, Profile
from mailprobe.shell.connections.adopting import adopted
from mailprobe.shell.connections.opening import open_session
from mailprobe.shell.front import welcome
from mailprobe.shell.options import Options
from mailprobe.transport.target import Target
from mailprobe.transport.way import DIRECT
from mailprobe.value import replace

if TYPE_CHECKING:
    from mailprobe.shell.company import Company
    from mailprobe.shell.conversation import Conversation


def take_defaults(talk: "Conversation", config: Config) -> None:
    """Behave as the file says, but where the command line has said how.  Raises Failure `usage`."""
    talk.targets = [(f"@{one.name}", safe(one.target)) for one in config.profiles.values()]
    if not config.defaults:
        return
    from mailprobe.shell.local.settings import change  # a room of the local commands

    for name, value in config.defaults.items():
        if name not in talk.options.given:
            try:
                change(talk, name, value)
            except Failure as failure:
                where = f"{config.path}: defaults.{name}"
                raise Failure(failure.word, f"{where}: {failure.sentence}") from None


def connect(talk: "Conversation", target: Target | None, profile: Profile | None = None) -> None:
    """Open a session; those that are open stay.  Raises Failure, or Interrupted."""
    tutor, hearers = talk.tutor, []
    if tutor is not None and target is not None:  # which never leaves this machine
        target, profile = tutor.way(target), None
        hearers.append(tutor.ear(target))
    ended = talk.parties.next()
    party = talk.parties.current
    party.profile = profile
    talk.accompany(party)
    if ended:
        talk.tell("the recording holds the connections before; /save records this one")
    settings = talk.settings if profile is None else profile.settings(talk.settings)
    options = replace(talk.options, settings=settings)
    if options.way is not DIRECT or (profile is not None and profile.way is not DIRECT):
        options = _with_way(talk, options, profile)
    failed: list[Session] = []

    def meet(session: Session) -> None:
        for hearer in hearers:
            hearer.follow(session)

    try:
        party.session = open_session(
            options,
            target,
            (party.view, *hearers),
            wakeup=talk.interrupts.descriptor,
            tell=party.view.screen.note,
            begin=party.view.begin,
            keep=failed.append,
            ask=lambda prompt: talk.ask_secret(prompt, "passphrase"),
            meet=meet,
            sandbox_of=tutor.servers.sandbox if tutor is not None else None,
        )
    except Failure:  # what came all the same can be looked at, and saved
        party.session = failed[-1] if failed and _reached(failed[-1]) else None
        raise
    if not party.session.closed and party.session.connection.waiting:
        talk.interrupted(party.session)
    if others := talk.parties.others:
        talk.tell(f"this is session {party.number}; /use {others[-1].number} goes back")
    if talk.options.pretences:
        from mailprobe.shell.writing import pretending

        pretending.as_asked(talk, talk.options.pretences)
    if profile is not None and profile.login is not None:
        from mailprobe.shell.writing import login  # and sasl: where somebody logs in

        login.as_asked(talk)
    elif target is not None and tutor is None and (step := welcome.next_step(target)):
        talk.tell(step)


def _with_way(talk: "Conversation", options: Options, profile: Profile | None) -> Options:
    """The way that somebody asked for, which may want a secret."""
    from mailprobe.shell.connections import ways

    options = ways.with_way(options, profile, talk.ask_secret, talk.learn)
    talk.options = ways.remembered(talk.options, options)
    return options


def adopt(talk: "Company", settings: Settings) -> None:
    """Change how all sessions behave; what is particular about one of them stays."""
    before, talk.settings = talk.settings, settings
    for party in talk.parties:
        if party.session is not None:
            party.session.settings = adopted(party.session.settings, before, settings)


def _reached(session: Session) -> bool:
    """Whether there was a link."""
    try:
        return session.transport is not None
    except Failure:
        return False
