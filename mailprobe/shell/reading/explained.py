"""Below each reply what it means: an observer of one connection, where somebody wants that.

A server's own words stay whole: what belongs to a multi-line response comes before.
"""

from collections.abc import Callable, Mapping, Sequence

from mailprobe.explain.languages import language_of
from mailprobe.explain.replying import of_reply
from mailprobe.protocol import events
from mailprobe.protocol.events import Event
from mailprobe.protocol.facts import Facts
from mailprobe.protocol.model import Command, Protocol, Reply, State
from mailprobe.render.explanation import brief
from mailprobe.shell.connections.parties import Party
from mailprobe.shell.typing.preferences import Preferences


class Explained:
    """`facts` tells where the session stands, None before there is one.

    `show` takes the lines of an explanation, and `language` tells which one is wanted.
    """

    def __init__(
        self,
        facts: Callable[[], Facts | None],
        protocol: Callable[[], Protocol],
        language: Callable[[], str],
        show: Callable[[Sequence[str]], None],
    ) -> None:
        self._facts = facts
        self._protocol = protocol
        self._language = language
        self._show = show
        self._waiting: tuple[Command | None, Reply] | None = None  # for the end of a body
        self._tls = False

    def __call__(self, event: Event) -> None:
        match event:
            case events.ReplyReceived(command=command, reply=reply, body=body):
                self._waiting = (command, reply) if body else None
                if not body:
                    self._explain(command, reply)
            case events.BodyChunk(last=True) if self._waiting is not None:
                self._explain(*self._waiting)
                self._waiting = None
            case events.Greeting(reply=reply) | events.Unsolicited(reply=reply):
                self._explain(None, reply, greeting=isinstance(event, events.Greeting))
            case events.TlsStarted():
                self._tls = True
            case _:
                pass

    def _explain(self, command: Command | None, reply: Reply, *, greeting: bool = False) -> None:
        facts = self._facts() or self._early(reply, greeting=greeting)
        found = of_reply(reply, command, facts)
        if found is not None:
            self._show(brief(found, self._language()))

    def _early(self, reply: Reply, *, greeting: bool) -> Facts:
        """Where a session stands that is still being opened."""
        protocol = self._protocol()
        state = State.AUTHORIZATION if protocol is Protocol.POP3 else State.GREETED
        said = b" ".join(reply.texts) if greeting else None
        return Facts(protocol, state, tls=self._tls, greeting=said)


def beside(party: Party, preferences: Preferences, environment: Mapping[str, str]) -> Explained:
    """That of a party: what it shows stands on the party's own screen."""
    return Explained(
        facts=lambda: None if party.session is None else party.session.connection.facts,
        protocol=lambda: party.view.protocol,
        language=lambda: language_of(preferences.language, environment),
        show=lambda sentences: party.view.screen.explain(sentences),
    )
