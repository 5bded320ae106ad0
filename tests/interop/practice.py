"""`mailprobe sandbox` as a process, and what a foreign client needs to know of it."""

import contextlib
import poplib
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.interop.talk import LIMIT, PROGRAM

SECRETS = {"alice": "secret", "bob": "builder"}
SERVICES = ("SMTP", "SUBMISSION", "SUBMISSIONS", "LMTP", "POP3", "POP3S")


@dataclass(frozen=True, slots=True)
class Practice:
    """Where the sandbox listens."""

    host: str
    smtp: int
    submission: int
    submissions: int
    lmtp: int
    pop3: int
    pop3s: int
    ca: Path
    certificate: Path  # of alice, with its key

    def maildrop(self, user: str, *, patient: bool = False) -> poplib.POP3:
        """The user's maildrop, opened by a foreign client; `patient` waits for its lock."""
        end = time.monotonic() + LIMIT
        while True:
            client = poplib.POP3(self.host, self.pop3, timeout=LIMIT)
            try:
                client.user(user)
                client.pass_(SECRETS[user])
            except poplib.error_proto:
                client.close()
                if not patient or time.monotonic() > end:
                    raise
                continue
            return client

    def mails(self, user: str) -> list[bytes]:
        """Every mail of the user, as a foreign client gets it."""
        with contextlib.closing(self.maildrop(user)) as client:
            count = client.stat()[0]
            found = [client.retr(number)[1] for number in range(1, count + 1)]
            client.quit()
        return [b"".join(line + b"\r\n" for line in lines) for lines in found]

    def empty(self, user: str) -> None:
        """Delete every mail of the user."""
        with contextlib.closing(self.maildrop(user)) as client:
            for number in range(1, client.stat()[0] + 1):
                client.dele(number)
            client.quit()


@contextlib.contextmanager
def running(*options: str) -> Iterator[Practice]:
    """Start the sandbox; ended by SIGTERM it must end well, and must have complained of nothing."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [*PROGRAM, "sandbox", "--print-ports", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        try:
            yield _told(process)
            process.send_signal(signal.SIGTERM)
            assert process.wait(LIMIT) == 0
            errors.seek(0)
            assert errors.read() == b""
        finally:
            process.kill()
            process.wait(LIMIT)
            assert process.stdout is not None
            process.stdout.close()


def _told(process: subprocess.Popen[bytes]) -> Practice:
    assert process.stdout is not None
    lines: list[str] = []
    while (line := process.stdout.readline().decode().strip()) != "READY":
        assert line, f"the sandbox has ended: {lines}"
        lines.append(line)
    values = dict(line.split("=", 1) for line in lines)
    assert tuple(values) == (*SERVICES, "CA")
    ports = {}
    for name in SERVICES:
        match = re.fullmatch(r"127\.0\.0\.1:([1-9][0-9]*)", values[name])
        assert match is not None, values
        ports[name.lower()] = int(match[1])
    ca = Path(values["CA"])
    return Practice("127.0.0.1", **ports, ca=ca, certificate=ca.with_name("alice.pem"))
