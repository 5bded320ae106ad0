"""Real mail servers on loopback: Postfix, Dovecot and NSD, started for one run of the tests.

Everything that they write lies in one folder with a short name (a unix socket's path is short)
that the daemons' own users can search.  Nothing here knows of mailprobe.
"""

import contextlib
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from tests.interop import settings

HOST = "127.0.0.1"
PROGRAMS = ("postfix", "postsuper", "dovecot", "nsd")
_START_LIMIT = 20.0  # seconds; a daemon that has not opened its ports by then never will
_STOP_LIMIT = 2.0  # Postfix does not hear SIGTERM in its first seconds
Started = TypeVar("Started")
_ATTEMPTS = 3  # another process may take a port between our look and the daemon's bind


@dataclass(frozen=True, slots=True)
class MailServers:
    """Where the servers listen, and where what they wrote can be read."""

    host: str
    smtp: int  # as on port 25: STARTTLS offered, no AUTH, takes mail for example.test
    submission: int  # STARTTLS required, then AUTH
    submissions: int  # TLS at once
    lab: int  # 3 s timeout, AUTH in clear, XCLIENT and XFORWARD, mails up to 4096 octets
    postscreen: int  # a greeting in two parts, the second after 2 s
    normalizing: int  # as `smtp`, but only CRLF . CRLF ends a message
    rejecting: int  # as `smtp`, but a bare LF is refused
    proxied: int  # as `smtp`, behind a header of the PROXY protocol
    lmtp: int
    pop3: int
    pop3s: int
    pop3_proxied: int  # as `pop3`, behind a header of the PROXY protocol
    dns: int
    ca: Path
    mail_root: Path
    log_dir: Path

    def mails(self, user: str) -> list[Path]:
        """The files of the user's maildrop, oldest first."""
        box = self.mail_root / user / "Maildir"
        files = [*box.glob("new/*"), *box.glob("cur/*")]
        return sorted(files, key=lambda file: (file.stat().st_mtime_ns, file.name))

    def wait_for_mails(self, user: str, count: int, *, limit: float = 20.0) -> list[Path]:
        """The user's mails once there are `count`: Postfix delivers after it has said 250."""
        _wait(lambda: len(self.mails(user)) >= count, limit, f"{count} mails for {user}")
        return self.mails(user)

    def wait_for_queue(self, *, limit: float = 20.0) -> None:
        """Wait until Postfix has delivered, or thrown away, all that it has taken."""
        spool = self.mail_root.parent / "spool"
        folders = [spool / name for name in ("maildrop", "incoming", "active")]
        _wait(
            lambda: not any(file.is_file() for folder in folders for file in folder.rglob("*")),
            limit,
            "an empty queue",
        )

    def empty(self) -> None:
        """Throw away every mail, those of the queue too; the servers stay up."""
        configuration = self.mail_root.parent / "etc/postfix"
        _run("postsuper", "-c", configuration, "-d", "ALL")
        for home in self.mail_root.iterdir():
            # A mail that is just being delivered may come in between.
            _wait(partial(_removed, home), _STOP_LIMIT, f"an empty {home.name}")


def _removed(folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def missing() -> str | None:
    """Why the servers cannot be started here, or None."""
    if os.geteuid():
        return "real mail servers need root: Postfix and Dovecot change users by themselves"
    if absent := [name for name in PROGRAMS if not shutil.which(name)]:
        return f"not installed: {', '.join(absent)} (.ci/servers installs them)"
    version = _run("dovecot", "--version").split()[0]
    if not version.startswith("2.3."):
        return f"the settings are for Dovecot 2.3, this is {version}"
    return None


def running() -> contextlib.AbstractContextManager[MailServers]:
    """Start all servers, and stop them and remove their folder whatever happens."""
    return held(_start)


@contextlib.contextmanager
def held(start: Callable[[Path, contextlib.ExitStack], Started]) -> Iterator[Started]:
    """What `start` starts in an empty folder, until it is no longer needed."""
    for attempt in range(_ATTEMPTS):
        with contextlib.ExitStack() as stack:
            folder = Path(tempfile.mkdtemp(prefix="mp-", dir="/tmp"))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            try:
                started = start(folder, stack)
            except PortTaken:
                if attempt + 1 == _ATTEMPTS:
                    raise
                continue
            yield started
            return


class PortTaken(RuntimeError):
    """A daemon ended at its start because another process listens on one of its ports."""


def _start(folder: Path, stack: contextlib.ExitStack) -> MailServers:
    _make_folders(folder)
    _make_certificate(folder / "tls")
    ports = free_ports(settings.PORTS)
    settings.write(folder, HOST, ports)
    logs = folder / "log"
    # Dovecot first: Postfix asks it for the mechanisms and hands it the mail.
    for program, arguments, names in (
        ("dovecot", ("-F", "-c", folder / "etc/dovecot.conf"), settings.DOVECOT),
        ("postfix", ("-c", folder / "etc/postfix", "start-fg"), settings.POSTFIX),
        ("nsd", ("-d", "-c", folder / "etc/nsd.conf"), settings.NSD),
    ):
        daemon = spawn(program, arguments, logs)
        stack.callback(stop, daemon)
        wait_for_ports(daemon, program, [ports[name] for name in names], logs)
    return MailServers(
        host=HOST,
        **ports,
        ca=folder / "tls/ca.pem",
        mail_root=folder / "mail",
        log_dir=logs,
    )


def _make_folders(folder: Path) -> None:
    folder.chmod(0o755)
    for name in ("etc/postfix", "log", "run", "spool", "state", "tls", "zones"):
        (folder / name).mkdir(parents=True)
    for name, user, mode in (("mail", "mail", 0o755), ("state/postfix", "postfix", 0o700)):
        (folder / name).mkdir(mode=mode)
        owner = pwd.getpwnam(user)
        os.chown(folder / name, owner.pw_uid, owner.pw_gid)


def _make_certificate(folder: Path) -> None:
    import trustme  # slow, and of use only where the servers are

    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", HOST, "::1", *settings.NAMES)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "server.pem")
    key = folder / "server.key"
    key.touch(mode=0o600)
    certificate.private_key_pem.write_to_path(key)


def free_ports(names: Iterable[str]) -> dict[str, int]:
    """A port for each name, free for TCP and UDP.

    They lie below those that the kernel gives to outgoing connections, so that only another
    server can take one before the daemon binds it.
    """
    with contextlib.ExitStack() as held:
        candidates = iter(random.sample(range(20000, 32000), 500))
        return {name: next(p for p in candidates if _hold(p, held)) for name in names}


def _hold(port: int, held: contextlib.ExitStack) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        sock = held.enter_context(socket.socket(socket.AF_INET, kind))
        try:
            sock.bind((HOST, port))
        except OSError:
            return False
    return True


def spawn(program: str, arguments: tuple[str | Path, ...], logs: Path) -> subprocess.Popen[bytes]:
    """Start a daemon in the foreground, in a session of its own: Ctrl-C is for us alone."""
    with (logs / f"{program}.out").open("wb") as output:
        return subprocess.Popen(
            [program, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            start_new_session=True,
        )


def stop(daemon: subprocess.Popen[bytes]) -> None:
    """End the daemon and all that it started; what does not go by SIGTERM is killed.

    Postfix's master makes a session of its own, so a process group would not hold them all.
    """
    family = {daemon.pid, *_descendants(daemon.pid)}
    for sign in (signal.SIGTERM, signal.SIGKILL):
        for process in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, sign)
        with contextlib.suppress(TimeoutError):
            _wait(lambda: _ended(daemon, family), _STOP_LIMIT, "the end")
            return
    raise RuntimeError(f"{daemon.args!r} does not end")


def _descendants(ancestor: int) -> set[int]:
    parents = {process: parent for process, (_, parent) in _processes().items()}
    found = {ancestor}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _ended(daemon: subprocess.Popen[bytes], family: set[int]) -> bool:
    states = {process: state for process, (state, _) in _processes().items()}
    return daemon.poll() is not None and all(states.get(one, "Z") == "Z" for one in family)


def _processes() -> dict[int, tuple[str, int]]:
    """State and parent of each process."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended since
            state, parent = stat.read_text(errors="replace").rpartition(")")[2].split()[:2]
            found[int(stat.parent.name)] = (state, int(parent))
    return found


def wait_for_ports(
    daemon: subprocess.Popen[bytes], program: str, ports: list[int], logs: Path
) -> None:
    left = list(ports)

    def all_open() -> bool:
        if daemon.poll() is not None:
            raise _failure(f"{program} ended with status {daemon.returncode}", logs)
        left[:] = [port for port in left if not _answers(port)]
        return not left

    try:
        _wait(all_open, _START_LIMIT, "")
    except TimeoutError:
        raise _failure(f"{program} did not open its ports {left}", logs) from None


def _answers(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), 0.5).close()
    except OSError:
        return False
    return True


def _failure(sentence: str, logs: Path) -> RuntimeError:
    text = "".join(
        f"\n--- {log.name}\n{log.read_text(errors='replace')[-3000:]}"
        for log in sorted(logs.iterdir())
    )
    kind = PortTaken if "already in use" in text.lower() else RuntimeError
    return kind(f"{sentence}{text}")


def _wait(holds: Callable[[], bool], limit: float, what: str) -> None:
    """Poll until it holds: these daemons have no other way to say that they are ready."""
    end = time.monotonic() + limit
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {limit:g} s")
        time.sleep(0.02)


def _run(*command: str | Path) -> str:
    result = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=True,
        timeout=60,
    )
    return result.stdout.decode(errors="replace")
