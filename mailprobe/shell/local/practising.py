"""Local commands to practise with: the sandbox, and transcripts that are played."""

from pathlib import Path

from mailprobe.errors import Failure, Word
from mailprobe.protocol.model import Protocol
from mailprobe.render.tables import Own
from mailprobe.safe import safe
from mailprobe.shell.interface import Shell
from mailprobe.shell.local.table import Argument, LocalCommand, Malformed, session_of, tell
from mailprobe.shell.typing.quoting import unquoted
from mailprobe.transport.target import SANDBOX

_HERE = "here"


def _sandbox(shell: Shell, argument: str) -> None:
    from mailprobe.shell.connections.opening import inner_sandbox  # certificates, 99 ms

    if len(argument.split()) > 1:
        raise Malformed
    name = SANDBOX + ("" if argument[:1] in ("", "+") else "/") + argument
    sandbox = inner_sandbox(name)
    rows = [
        (service, f"{sandbox.host}:{port}", Own(_from_here(service, name)))
        for service, port in sandbox.ports.items()
    ]
    rows += [(host, place, Own(f"/connect smtp {place}")) for host, place in sandbox.exchangers]
    rows += [("dns", sandbox.dns, Own("--dns"))] if sandbox.dns else []
    shell.table(("service", "address", "from here"), rows)
    shell.write(f"CA {safe(str(sandbox.ca))}\n")
    users = ", ".join(f"{user} ({secret})" for user, secret in sandbox.users.items())
    if argument:
        tell(shell, f"{sandbox.profile.name or SANDBOX}: {sandbox.profile.summary}")
    tell(shell, f"{users} at example.test; it ends with mailprobe")


def _from_here(service: str, name: str) -> str:
    return f"/connect {service} {name}" if service in list(Protocol) else ""


def _replay(shell: Shell, argument: str) -> None:
    words, opened = unquoted(argument)
    name, *where = words or [""]
    if opened or not name or where not in ([], [_HERE]):
        raise Malformed
    _play(shell, Path(name).expanduser(), _server_of(shell) if where else "")


def _server_of(shell: Shell) -> str:
    """Where the session goes, as an address that can be reached once more."""
    peer = session_of(shell).transport.peer
    if peer.startswith("unix"):
        raise Failure(Word.USAGE, "a unix socket is named by its path: mailprobe replay --server")
    return peer


def _play(shell: Shell, path: Path, server: str) -> None:
    """Play each variant of a transcript, with connections of its own."""
    from mailprobe.player.client import play  # none of these where nothing is played
    from mailprobe.player.options import Options
    from mailprobe.player.playing.prepared import Prepared
    from mailprobe.player.reports.text import TextReport
    from mailprobe.player.secrets import Vault
    from mailprobe.transcript.load import load, variants
    from mailprobe.transport.link import Interrupted

    options = Options(
        servers={1: server} if server else {},
        vault=Vault(shell.environment, {}, shell.ask_secret),
        end=shell.settings.end,
        limits=shell.settings.limits,
        tls=shell.settings.tls,
        insecure_auth=shell.settings.insecure_auth,
        wakeup=shell.wakeup,
    )
    transcript = load(path)
    report = TextReport(shell.write, color=shell.color, brief=False)
    report.begin()
    for variant in variants(transcript.head):
        prepared = Prepared(transcript, str(path), options, variant.values, name=str(path))
        try:
            report.add(play(prepared).result)
        except Interrupted:  # the session of the shell has nothing to do with it, and stays
            tell(shell, "interrupted: the rest was not played")
            return


ROWS = (
    LocalCommand(
        "sandbox",
        "/sandbox [PROFILE]",
        "start the practice server, and show its ports",
        _sandbox,
        Argument.CHARACTER,
    ),
    LocalCommand(
        "replay",
        "/replay FILE [here]",
        "play a transcript as it says, or against this server",
        _replay,
        Argument.FILE,
    ),
)
