"""What the fixtures give to a test: transcripts that are served, replayed, and a sandbox."""

import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

from mailprobe.player.client import play
from mailprobe.player.many.scripts import Script
from mailprobe.player.many.selection import SUFFIX
from mailprobe.player.options import Options
from mailprobe.player.results import Result, Verdict
from mailprobe.player.secrets import Vault, variable_of
from mailprobe.player.server import ServeOptions, Server
from mailprobe.player.serving.course import Manner
from mailprobe.testing.items import scripts_of
from mailprobe.testing.picture import text_of
from mailprobe.transcript.model import Level
from mailprobe.transport.target import address_text
from mailprobe.value import replace

_SOON = 30.0  # seconds that a client has to come and go


class Served:
    """A transcript that is served.  `host` and `port` are those of its first connection."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._waited = 0
        self.host = server.host
        self.ports: Mapping[int, int] = server.ports
        self.port = server.ports[min(server.ports)]

    @property
    def address(self) -> str:
        """`127.0.0.1:40000`."""
        return address_text(self.host, self.port)

    @property
    def ca(self) -> Path:
        """The certificate of the practice CA that vouches for it."""
        return self._server.ca

    @property
    def verdicts(self) -> tuple[Result, ...]:
        """What became of the clients that have left."""
        return self._server.verdicts

    def wait(self, timeout: float = _SOON) -> Result:
        """What became of the next client, when it has left.

        Raises Failure TIMEOUT after `timeout` seconds.
        """
        results = self._server.join(self._waited + 1, timeout)
        self._waited += 1
        return results[self._waited - 1]


class Serving:
    """The fixture `mailprobe_serve`: call it to serve; at its end the clients are judged."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._judged: list[tuple[Server, bool]] = []  # and whether a client is to come
        self._servers: list[Server] = []

    def __call__(
        self,
        source: Path | str,
        *,
        match: str | None = None,
        set: Mapping[str, str] | None = None,  # noqa: A002 - as the option is called
        secrets: Mapping[str, str] | None = None,
        lenient: bool = False,
        check: bool = True,
        client: bool = True,
    ) -> Served:
        """Serve a file, or a text.

        `client=False` says that none has to come; without `check` one may stray, too.  Raises
        Failure for a transcript that cannot be read, or said.
        """
        options = ServeOptions(
            level=None if match is None else Level(match),
            settings=_octets(set),
            vault=_vault(secrets),
            manner=Manner(lenient=lenient),
        )
        server = Server([_file(source, self._folder)], options)
        server.start()
        self._servers.append(server)
        if check:
            self._judged.append((server, client))
        return Served(server)

    def end(self) -> None:
        """End all servers.

        Fails the test when a client strayed, has not said all, or has never come.
        """
        for server in self._servers:
            server.stop()
        wrong = [line for server, client in self._judged for line in _wrong(server, client=client)]
        if wrong:
            raise pytest.fail.Exception("\n".join(wrong), pytrace=False)


def _wrong(server: Server, *, client: bool) -> list[str]:
    """What is to be told of a server's clients; `client`: one had to come."""
    verdicts = server.verdicts
    if client and not verdicts:
        name = server.scores[0].name
        return [f"no client came to {name}: say client=False where none has to"]
    strayed = [text_of(result) for result in verdicts if result.verdict is not Verdict.PASSED]
    return ["a client strayed from its transcript", *strayed] if strayed else []


class Replaying:
    """The fixture `mailprobe_replay`: call it to replay."""

    def __init__(self, options: Options, folder: Path) -> None:
        self._options = options
        self._folder = folder

    def __call__(
        self,
        source: Path | str,
        *,
        server: str | Mapping[int, str] | Served | None = None,
        match: str | None = None,
        set: Mapping[str, str] | None = None,  # noqa: A002 - as the option is called
        secrets: Mapping[str, str] | None = None,
        ca: Path | str | None = None,
        timeout: float | None = None,
    ) -> Result:
        """Replay a file, or a text; the result, the last one where there is a matrix.

        Raises AssertionError with a picture when it did not pass.
        """
        __tracebackhide__ = True
        options = self._with(server, match, set, secrets, ca, timeout)
        path = _file(source, self._folder)
        result = None
        for one in scripts_of(path, str(path)):
            result = one if isinstance(one, Result) else _played(one, options)
            if result.verdict is Verdict.SKIPPED:
                raise pytest.skip.Exception(result.reason)
            if result.verdict is not Verdict.PASSED:
                raise AssertionError(text_of(result))
        assert result is not None  # there is a run for each file
        return result

    def _with(
        self,
        server: str | Mapping[int, str] | Served | None,
        match: str | None,
        settings: Mapping[str, str] | None,
        secrets: Mapping[str, str] | None,
        ca: Path | str | None,
        timeout: float | None,
    ) -> Options:
        options = self._options
        if server is not None:
            options = replace(options, servers=_servers(server))
        if match is not None:
            options = replace(options, level=Level(match))
        if settings:
            options = replace(options, settings={**options.settings, **_octets(settings)})
        if secrets:
            options = replace(options, vault=_vault(secrets))
        if ca is not None:
            options = replace(options, ca=str(ca))
        return options if timeout is None else replace(options, timeout=timeout)


def _played(script: Script, options: Options) -> Result:
    return play(script.prepared(options)).result


def _servers(server: str | Mapping[int, str] | Served) -> Mapping[int, str]:
    if isinstance(server, Served):
        return {number: address_text(server.host, port) for number, port in server.ports.items()}
    return {1: server} if isinstance(server, str) else server


def _octets(texts: Mapping[str, str] | None) -> dict[str, bytes]:
    return {name: value.encode() for name, value in (texts or {}).items()}


def _vault(secrets: Mapping[str, str] | None) -> Vault:
    """Secrets that the test gives; without any, those of the environment."""
    import os

    given = {variable_of(name): value for name, value in (secrets or {}).items()}
    return Vault({**os.environ, **given})


def _file(source: Path | str, folder: Path) -> Path:
    """A path as it is; a text, which has more than one line, in a new file."""
    if isinstance(source, Path) or "\n" not in source:
        return Path(source)
    number = 1 + len(list(folder.glob(f"transcript-*{SUFFIX}")))
    path = folder / f"transcript-{number}{SUFFIX}"
    path.write_text(textwrap.dedent(source).lstrip("\n"), encoding="utf-8", newline="")
    return path
