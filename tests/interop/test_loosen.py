"""What was typed at Postfix and Dovecot, loosened: green to the letter, as often as one likes."""

from pathlib import Path

import pytest

from tests.hostile import probe
from tests.interop.servers import MailServers
from tests.interop.test_replay import SESSIONS, deliver, record, replay

names = pytest.mark.parametrize("name", SESSIONS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of transcripts, with nothing beside them."""
    folder = tmp_path / "transcripts"
    folder.mkdir()
    return folder


@names
def test_a_loosened_recording_is_green(mail_servers: MailServers, folder: Path, name: str) -> None:
    """At its own level, and with every word of the server asked for."""
    path = folder / "typed.mpt"
    record(mail_servers, name, path)
    ran = probe.run("transcript", "loosen", path)
    assert (ran.status, ran.out, ran.err) == (0, f"{path}\n", "")
    octets = path.read_bytes()
    assert b"\nS~ " in octets
    assert probe.run("transcript", "lint", path).out == ""
    assert probe.run("transcript", "fmt", "--check", path).status == 0
    assert probe.run("transcript", "loosen", path).status == 0
    assert path.read_bytes() == octets
    for level in ("code", "text", "text"):
        (result,) = replay(mail_servers, path, options=("--match", level))
        assert result["verdict"] == "passed", result


def test_a_recording_is_stabilised(mail_servers: MailServers, folder: Path) -> None:
    """Queue ids and challenges differ from run to run: they become placeholders, nothing else."""
    path, out = folder / "typed.mpt", folder / "steady.mpt"
    record(mail_servers, "clear cram", path)
    out.write_bytes(path.read_bytes())
    (result,) = replay(mail_servers, path, options=("--match", "text"), status=1)
    assert result["verdict"] == "failed", result
    ran = probe.run(
        *("transcript", "stabilise", out, "--runs", "2"),
        env={"MAILPROBE_SECRET_PASSWORD": "secret"},
    )
    assert (ran.status, ran.err) == (0, "")
    old, new = path.read_text().split("\n"), out.read_text().split("\n")
    changed = [line for before, line in zip(old, new, strict=True) if before != line]
    assert [line.split(" ")[:2] for line in changed] == [["S~", "334"], ["S~", "250"]]
    (result,) = replay(mail_servers, out, options=("--match", "text"))
    assert result["verdict"] == "passed", result
    assert probe.run("transcript", "diff", path, out, "--loose").status == 0
    assert probe.run("transcript", "diff", path, out).status == 1


def test_a_maildrop_that_grows(mail_servers: MailServers, folder: Path) -> None:
    """Another number of mails is another number of lines: S* stands for them."""
    path = folder / "typed.mpt"
    record(mail_servers, "user pass", path)
    deliver(mail_servers)
    ran = probe.run(
        *("transcript", "stabilise", path, "--runs", "1"),
        env={"MAILPROBE_SECRET_PASSWORD": "secret"},
    )
    assert (ran.status, ran.err) == (0, "")
    assert "\nS*\n" in path.read_text()
    deliver(mail_servers)
    (result,) = replay(mail_servers, path, options=("--match", "code"))
    assert result["verdict"] == "passed", result
