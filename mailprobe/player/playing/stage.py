"""What a run has while it lasts: its connections, its values, and the secrets that it hides."""

import time

from mailprobe.errors import Failure, Word
from mailprobe.player.many.waiting import Waiting
from mailprobe.player.playing.hosts import RAW, Way
from mailprobe.player.playing.links import MailLink
from mailprobe.player.playing.prepared import Prepared
from mailprobe.protocol.connection import catalogue_of
from mailprobe.protocol.model import Reply
from mailprobe.safe import safe
from mailprobe.session import Observer, Settings
from mailprobe.transcript.model import Place
from mailprobe.transcript.redact import Secrets
from mailprobe.transcript.steps import Reply as ReplyStep
from mailprobe.transport.link import Interrupted
from mailprobe.transport.target import Target
from mailprobe.value import frozen, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from mailprobe.player.playing.bodies import Body
    from mailprobe.player.playing.login import Login
    from mailprobe.player.playing.observing import Watching
    from mailprobe.player.playing.raw import RawLink
    from mailprobe.player.playing.saving import Saved
    from mailprobe.sandbox.server import Sandbox

    AnyLink = MailLink | RawLink
else:
    AnyLink = MailLink  # the other kind is loaded where a file has one


@frozen
class Seen:
    """A reply that came for a step; `body` is that of a multi-line response."""

    step: ReplyStep
    reply: Reply
    body: "Body | None"


@frozen
class Offered:
    """What a reply to EHLO, LHLO or CAPA has offered."""

    place: Place
    connection: int
    tls: bool
    offers: dict[str, str]


class Stage:
    """Everything that lives as long as one run.  `links` are those of the round that is played."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self.options = prepared.options
        self.values = prepared.values()
        self.secrets = Secrets()
        # Known before anything is sent: a server may say what it was never told.
        self._known = [prepared.options.vault.value(name) for name in prepared.secrets]
        for value in self._known:
            self.secrets.learn(value)
        self.links: dict[int, AnyLink] = {}
        self.seen: list[Seen] = []
        self.lines = 0  # of `protocol: raw` that were checked
        self.offered: list[Offered] = []
        self.saved = _saved(prepared)
        self.watching = _watching(prepared)
        self.waiting = Waiting(prepared.options.wakeup, prepared.options.end)
        self._logins: dict[MailLink, Login] = {}
        self._sandboxes: dict[str, Sandbox] = {}  # by their names: "sandbox/muse"

    # --------------------------------------------------------------------------- connections

    def link(self, number: int) -> AnyLink:
        """A connection; the first who asks opens it.  Raises Failure, Interrupted."""
        link = self.links.get(number)
        if link is None:
            link = self.links[number] = self._make(number)
            link.reach()
        return link

    def mail_link(self, number: int) -> MailLink:
        """A connection that speaks a mail protocol."""
        link = self.link(number)
        assert isinstance(link, MailLink)  # the steps of `protocol: raw` are others
        return link

    def _make(self, number: int) -> AnyLink:
        prepared, options = self.prepared, self.options
        way = self._started(prepared.ways[number])
        settings = Settings(
            timeout=prepared.timeout,
            end=options.end,
            limits=options.limits,
            tls=way.tls,
            insecure_auth=options.insecure_auth,
            keep_bodies=False,
            keep_exchanges=self._kept,
        )
        protocol = prepared.head.peers[number].protocol
        observers: list[Observer] = [self.secrets]
        if self.saved is not None:
            observers.append(self.saved.recorder(number, protocol, way, self._known))
        if self.watching is not None and protocol != RAW:
            observers += self.watching.observers(protocol)
        if protocol == RAW:
            from mailprobe.player.playing.raw import RawLink

            return RawLink(number, way, settings, observers, wakeup=options.wakeup)
        hearer = None if options.hear is None else options.hear(number, protocol)
        if hearer is not None:
            observers.append(hearer)
        link = MailLink(
            number,
            way,
            catalogue_of(protocol),
            settings,
            observers,
            wakeup=options.wakeup,
            keeps=prepared.keeps_mail,
            lines=lambda: sum(1 for _ in prepared.transcript.walk()),
        )
        if hearer is not None:
            hearer.follow(link)
        return link

    @property
    def _kept(self) -> int:
        """How many exchanges a connection remembers."""
        if not self.options.timed:
            return 100
        from mailprobe.player.playing.observing import EXCHANGES

        return EXCHANGES

    def _started(self, way: Way) -> Way:
        """The same way, with the address of a sandbox that this run has to itself."""
        if not way.service:
            return way
        name = way.target.host
        sandbox = self._sandboxes.get(name)
        if sandbox is None:
            sandbox = self._sandboxes[name] = self._start_sandbox(name)
        port = sandbox.ports[way.service]
        target = Target(way.target.protocol, "127.0.0.1", port, way.target.tls)
        tls = way.tls
        if tls.ca is None and tls.verify:
            tls = replace(tls, ca=str(sandbox.ca))
        return replace(way, target=target, tls=tls)

    def _start_sandbox(self, name: str) -> "Sandbox":
        """With the services that are asked for; one that has a profile says the same each time."""
        from mailprobe.sandbox.named import read
        from mailprobe.sandbox.server import Sandbox  # only where a file plays in it

        ways = self.prepared.ways.values()
        services = {way.service: 0 for way in ways if way.service and way.target.host == name}
        named = read(name)
        sandbox = Sandbox(
            services,
            profile=named.profile,
            faults=named.faults,
            deterministic=not named.usual,
            seed=self.options.seed,
        )
        sandbox.start()
        return sandbox

    def end(self, *, polite: bool) -> None:
        """End all connections: with a QUIT, where that is in its place, or at once."""
        for link in self.links.values():
            if polite:
                link.leave()
            else:
                link.drop()

    def save(self, stopped: Failure | None) -> "Path | None":
        """Keep the recording of what went wrong, and nothing of what did not."""
        if self.saved is None:
            return None
        if stopped is None:
            self.saved.forget()
            return None
        return self.saved.keep()

    def close(self) -> None:
        """Let go of everything."""
        sandboxes, self._sandboxes = self._sandboxes, {}
        for sandbox in sandboxes.values():
            sandbox.stop()

    # --------------------------------------------------------------------------------- values

    def reveal(self, name: str) -> bytes:
        """The value of a secret.  Raises Failure `usage`."""
        value = self.options.vault.value(name)
        self.secrets.learn(value)
        return value

    def value(self, name: str) -> bytes:
        """The value of a name in a secret place.  Raises Failure `usage`."""
        value = self.values.find(name)
        return self.values.reveal(name, self.reveal) if value is None else value

    def login(self, link: MailLink) -> "Login":
        """The logins of a connection."""
        from mailprobe.player.playing.login import (
            Login,  # hashlib and its like, where somebody logs in
        )

        if link not in self._logins:
            self._logins[link] = Login(link, self.value)
        return self._logins[link]

    # ----------------------------------------------------------------------------------- time

    def deadline(self, seconds: float) -> float:
        """The moment at which something is late that may take so long from now on."""
        limit, end = time.monotonic() + seconds, self.options.end
        return limit if end is None else min(limit, end)

    def reply_deadline(self, within: float | None, after: float | None) -> float:
        """The moment at which a reply is late that is due now."""
        return self.deadline(self.prepared.timeout + (after or 0.0) if within is None else within)

    def limit(self, within: float | None) -> str:
        """Which limit was reached, for a sentence."""
        end = self.options.end
        if end is not None and time.monotonic() >= end:
            return "--max-time"
        if within is not None:
            return f"{within:g} s (S@ within)"
        options, head = self.options, self.prepared.head
        by = "timeout:" if options.timeout is None and head.timeout is not None else "--timeout"
        return f"{self.prepared.timeout:g} s ({by})"

    def word_of_limit(self, within: float | None) -> Word:
        """What it is to be late: where the file says how long it may take, it is no accident."""
        over = self.options.end is not None and time.monotonic() >= self.options.end
        return Word.TIMEOUT if within is None or over else Word.MISMATCH

    def pause(self, seconds: float) -> None:
        """Wait.  Raises Interrupted, and Failure `timeout` when the run ends before."""
        if not self.waiting.pause(seconds):
            if self.waiting.interrupted:
                raise Interrupted
            raise Failure(Word.TIMEOUT, "the run has no time left for this (--max-time)")

    # -------------------------------------------------------------------------------- hiding

    def shown(self, octets: bytes) -> str:
        """Octets for people: no secret in them, nothing that a terminal would obey."""
        return self.masked(safe(self.secrets.blot(octets)))

    def masked(self, text: str) -> str:
        """Text without a secret, as long as it was."""
        octets = text.encode("utf-8", "surrogateescape")
        return self.secrets.blot(octets).decode("utf-8", "surrogateescape")


def _watching(prepared: Prepared) -> "Watching | None":
    if not (prepared.options.lint or prepared.options.timed):
        return None
    from mailprobe.player.playing.observing import Watching

    return Watching(prepared.options)


def _saved(prepared: Prepared) -> "Saved | None":
    if prepared.options.save_failures is None:
        return None
    from mailprobe.player.playing.saving import Saved

    return Saved(prepared)
