"""A deterministic sandbox says the same, octet for octet, whenever it is told the same."""

import socket
from pathlib import Path

import pytest

import mailprobe
from mailprobe.sandbox.chance import Chance, Fixed
from mailprobe.sandbox.manners import DEFAULT, Profile
from mailprobe.sandbox.profiles import PROFILES
from mailprobe.sandbox.server import Sandbox
from tests.hostile import probe

_MAIL = (
    *(b"EHLO client.example", b"AUTH CRAM-MD5", b"*", b"AUTH SCRAM-SHA-256 biwsbj1hbGljZSxyPWFi"),
    *(b"*", b"MAIL FROM:<alice@example.test>", b"RCPT TO:<bob@example.test> NOTIFY=SUCCESS"),
    *(b"DATA", b"Subject: a\r\n\r\nb\r\n.", b"QUIT"),
)
_FETCH = (b"CAPA", b"USER %b", b"PASS %b", b"LIST", b"UIDL", b"RETR %b", b"QUIT")


def heard(port: int, lines: tuple[bytes, ...]) -> bytes:
    """All that a server says to these lines, said at once."""
    with socket.create_connection(("127.0.0.1", port), timeout=probe.LONG) as link:
        link.sendall(b"".join(line + b"\r\n" for line in lines))
        link.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: link.recv(65536), b""))


def fetch(user: bytes, secret: bytes, number: bytes) -> tuple[bytes, ...]:
    values = {1: user, 2: secret, 5: number}
    return tuple(
        line % values[position] if b"%" in line else line for position, line in enumerate(_FETCH)
    )


def run(profile: Profile, folder: Path | None = None, *, deterministic: bool = True) -> bytes:
    """Mail goes in, and comes out of two maildrops."""
    ports = {"smtp": 0, "pop3": 0}
    with Sandbox(ports, folder, profile=profile, deterministic=deterministic) as sandbox:
        smtp, pop3 = sandbox.ports["smtp"], sandbox.ports["pop3"]
        said = [
            heard(smtp, _MAIL),
            heard(pop3, fetch(b"bob", b"builder", b"1")),
            heard(pop3, fetch(b"alice", b"secret", b"1")),
        ]
    return b"".join(said)


@pytest.mark.parametrize("name", ["", "plain", "strict", "full", "muse"])
def test_two_runs_are_alike(name: str) -> None:
    """Timestamps, challenges, unique-ids, queue ids, dates: all of them, in a new sandbox."""
    profile = PROFILES[name] if name else DEFAULT
    first = run(profile)
    assert first == run(profile)
    assert b"+OK" in first


def test_two_usual_runs_differ() -> None:
    """Without being asked a sandbox is never twice the same."""
    first, second = (run(PROFILES["plain"], deterministic=False) for _ in range(2))
    assert first != second


def test_a_restart_over_a_folder_goes_on(tmp_path: Path) -> None:
    """Maildrops that are kept have no unique-id twice; the same restart says the same."""

    def twice(folder: Path) -> tuple[bytes, bytes]:
        return run(PROFILES["plain"], folder), run(PROFILES["plain"], folder)

    here, there = twice(tmp_path / "here"), twice(tmp_path / "there")
    assert here == there
    assert here[0] != here[1]
    listed = [line for line in here[1].split(b"\r\n") if line.endswith(b".sandbox")]
    assert len(listed) == len({line.split()[1] for line in listed})


def test_from_python() -> None:
    """`start_sandbox` and `connect` take a profile, and faults behind it."""
    with (
        mailprobe.start_sandbox(profile="muse", deterministic=True) as box,
        mailprobe.connect(box.url("pop3")) as session,
    ):
        assert b"<1896.697170952@dbc.mtview.ca.us>" in (session.facts.greeting or b"")
    with mailprobe.connect("sandbox/full", protocol="smtp") as session:
        session.command("EHLO client.example")
        session.command("MAIL FROM:<>")
        assert session.command("RCPT TO:<moved@example.test>").reply.enhanced == "5.1.6"
    with pytest.raises(mailprobe.Failure, match="no profile"):
        mailprobe.connect("sandbox/nobody", protocol="smtp")


def test_an_expired_certificate() -> None:
    """The second night: who verifies does not come in."""
    with Sandbox({"pop3s": 0}, profile=PROFILES["night"], seed=1) as sandbox:
        assert sandbox.profile.name == "night-1"
        url = f"pop3s://localhost:{sandbox.ports['pop3s']}"
        with pytest.raises(mailprobe.Failure, match="expired"):
            mailprobe.connect(url, ca=sandbox.ca)
        mailprobe.connect(url, verify=False).close()


def test_chance_is_of_the_same_shape() -> None:
    """What is fixed looks like what is not."""
    fixed, free = Fixed(), Chance()
    assert fixed.timestamp("a.test") == "<1896.697170952@a.test>"
    assert free.timestamp("a.test").endswith("@a.test>")
    assert len(fixed.salt()) == len(free.salt())
    assert len(fixed.identifier()) == len(free.identifier())
    assert fixed.identifier() != fixed.identifier()
    assert fixed.date(hours=8) == "Mon, 06 Feb 2006 13:41:07 +0800"
    assert fixed.date() == "Mon, 06 Feb 2006 05:41:07 -0000"
