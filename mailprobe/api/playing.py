"""Transcripts for programs: played as the client, or served to one."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from mailprobe.player.client import play
from mailprobe.player.many.scripts import scripts
from mailprobe.player.many.selection import Found, Selection
from mailprobe.player.many.summary import Summary
from mailprobe.player.options import Options
from mailprobe.player.results import Result
from mailprobe.player.secrets import Vault, variable_of
from mailprobe.player.server import ServeOptions, Server
from mailprobe.player.serving.course import Manner
from mailprobe.transcript.load import load
from mailprobe.transcript.model import Level
from mailprobe.transport.link import TlsSettings

_NOTHING: Mapping[str, str] = {}


def replay(
    path: str | os.PathLike[str],
    *,
    server: str | Mapping[int, str] | None = None,
    match: str | None = None,
    values: Mapping[str, str] = _NOTHING,
    secrets: Mapping[str, str] = _NOTHING,
    allow_hosts: Sequence[str] = (),
    tags: Sequence[str] = (),
    ca: str | os.PathLike[str] | None = None,
    verify: bool = True,
    insecure_auth: bool = False,
    timeout: float | None = None,
) -> list[Result]:
    """Play a transcript as the client, as `mailprobe replay` does: a result for each run of it.

    `server` is `HOST:PORT`, or one for each number of a connection; without it the file says
    whom it talks to.  `match` is `class`, `code` or `text`; `values` and `secrets` are those of
    names; a secret may also stand in the variable MAILPROBE_SECRET_NAME.  Other hosts than
    loopback a file may connect to only where `allow_hosts` names them.  `timeout` in seconds.

    `result.verdict` is `passed`, `failed`, `error` or `skipped`, `result.problem` says why.
    Raises Failure `usage` for what makes no sense in the call.
    """
    options = Options(
        servers={1: server} if isinstance(server, str) else dict(server or {}),
        allowed=frozenset(allow_hosts),
        level=None if match is None else _level(match),
        settings=_octets(values),
        vault=_vault(secrets),
        tags=frozenset(tags),
        tls=TlsSettings(None if ca is None else os.fspath(ca), verify=verify),
        insecure_auth=insecure_auth,
        timeout=timeout,
    )
    found = [Found(os.fspath(path), os.path.basename(path))]  # noqa: PTH119 - as it was written
    return [
        one if isinstance(one, Result) else play(one.prepared(options)).result
        for one in scripts(found, Selection(), Summary(), load)
    ]


def serve(
    *paths: str | os.PathLike[str],
    match: str | None = None,
    values: Mapping[str, str] = _NOTHING,
    secrets: Mapping[str, str] = _NOTHING,
    lenient: bool = False,
) -> Server:
    """Transcripts as a server on loopback, as `mailprobe serve` does, from `with` to its end.

    Clients find it at `host` and `ports[1]`, with `ca` where TLS is spoken; `join(N)` waits until
    N of them have left, `verdicts` says what became of each.  Raises Failure: `usage`, `syntax`.
    """
    options = ServeOptions(
        level=None if match is None else _level(match),
        settings=_octets(values),
        vault=_vault(secrets),
        manner=Manner(lenient=lenient),
    )
    return Server([Path(path) for path in paths], options)


def _level(text: str) -> Level:
    from mailprobe.errors import Failure, Word
    from mailprobe.safe import safe

    try:
        return Level(text)
    except ValueError:
        known = ", ".join(level.value for level in Level)
        raise Failure(Word.USAGE, f"match is one of {known}, not {safe(text)}") from None


def _octets(texts: Mapping[str, str]) -> dict[str, bytes]:
    return {name: value.encode() for name, value in texts.items()}


def _vault(secrets: Mapping[str, str]) -> Vault:
    given = {variable_of(name): value for name, value in secrets.items()}
    return Vault({**os.environ, **given})
