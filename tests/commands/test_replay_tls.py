"""What a replay says of itself under TLS, and what it checks of a handshake."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailprobe.sandbox.server import Sandbox
from tests.commands.inside import Ran, inside, write

LINES = """\
mailprobe: 1
protocol: smtp

S? 220
C: EHLO me.example
S? 250
S- AUTH EXTERNAL
C: STARTTLS
S? 220
@tls version=TLSv1.{:int=3} verify=on
C: EHLO me.example
S? 250
C: AUTH EXTERNAL =
S? 235
C: QUIT
S? 221
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox({"smtp": 0}) as running:
        yield running


def replay(sandbox: Sandbox, folder: Path, *options: str, text: str = LINES) -> Ran:
    path = write(folder / "x.mpt", text)
    server = f"127.0.0.1:{sandbox.ports['smtp']}"
    return inside("replay", str(path), "--server", server, "--ca", str(sandbox.ca), *options)


def test_external_by_a_client_certificate(sandbox: Sandbox, tmp_path: Path) -> None:
    """--cert is shown to the server, which takes it for a login."""
    ran = replay(sandbox, tmp_path, "--cert", str(sandbox.client_certificate("alice")))
    assert (ran.status, ran.err) == (0, ""), ran


def test_without_it_the_login_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    """So that the test above shows something."""
    ran = replay(sandbox, tmp_path)
    assert ran.status == 1
    assert "504" in ran.out


@pytest.mark.parametrize(
    "options, wanted, status",
    [
        (("--tls-max", "1.2"), "TLSv1.3", 1),
        (("--tls-max", "1.2"), "TLSv1.2", 0),
        (("--tls-min", "1.3"), "TLSv1.3", 0),
    ],
)
def test_versions(
    sandbox: Sandbox, tmp_path: Path, options: tuple[str, ...], wanted: str, status: int
) -> None:
    """@tls checks what the command line has allowed."""
    text = LINES.replace("TLSv1.{:int=3}", wanted).replace("C: AUTH EXTERNAL =\nS? 235\n", "")
    ran = replay(sandbox, tmp_path, *options, text=text)
    assert ran.status == status, ran
    assert ("the handshake agreed on TLSv1.2" in ran.out) is bool(status)


def test_a_replay_does_not_lower_the_bar_by_itself(sandbox: Sandbox, tmp_path: Path) -> None:
    """A mistake in the command line, before anything is played."""
    ran = replay(sandbox, tmp_path, "--tls-max", "1.1")
    assert (ran.status, ran.word) == (2, "usage")
    assert "--tls-min" in ran.err
