"""Hostile transcripts reach no file, host, program or variable that a harmless one does not."""

import base64
import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.commands.inside import inside
from tests.conftest import ROOT
from tests.hostile import probe
from tests.hostile import server as at
from tests.hostile.transcripts import ALL, HARMLESS, Hostile, answers

MOST = 150 * 1024**2  # octets of memory
TRACED = "open,openat,openat2,creat,execve,execveat,fork,vfork,clone,clone3,connect,sendto,sendmsg"
# Secrets of the person who plays; whoever finds one of them somewhere has leaked it.
CANARIES = {
    "AWS_SECRET_ACCESS_KEY": "canary-one-7f3a9c",
    "GITHUB_TOKEN": "canary-two-2b8e1d",
    "CANARY": "canary-three-90ab4f",
    "USER": "canary-four-5c6d7e",
    "PASSWORD": "canary-five-13579b",
    "MAILPROBE_SECRET_CANARY": "canary-six-2468ac",
    "MAILPROBE_SECRET_PASSWORD": "canary-seven-fedcba",
    "http_proxy": "http://canary-nine.example:1",
}

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


@dataclass(frozen=True)
class Deeds:
    """What one replay has done."""

    ended: tuple[str, int]
    peak: int  # octets of memory
    opened: frozenset[str]  # files, but those of Python, of the program and of the folder
    met: frozenset[str]  # addresses
    started: tuple[str, ...]  # programs and processes
    shown: bytes  # on the streams, in reports and saved failures
    heard: bytes  # by the server


def play(hostile: Hostile) -> Deeds:
    """Replay it in a process that is watched."""
    with (
        tempfile.TemporaryDirectory() as name,
        at.ScriptedServer(*at.smtp(dict(answers()))) as mx,
        at.closed_port() as closed,
    ):
        home = Path(os.path.realpath(name))
        folder, beside = home / "transcripts", home / "beside"
        folder.mkdir()
        beside.mkdir()
        (home / "outside").write_text("canary of a file")
        (home / "outside.mpt").write_text("mailprobe: 1\n\nC: NOOP canary of a file\nS? 250\n")
        path = folder / hostile.name
        octets = hostile.octets.replace(b"@PORT@", b"%d" % mx.port)
        path.write_bytes(octets.replace(b"@CLOSED@", b"%d" % closed))
        hostile.prepare(folder)
        ran = traced(hostile, path, beside, mx.port)
        shown = ran.out.encode() + ran.err.encode() + b"".join(texts(beside / "told"))
        assert not list(home.rglob("*pwned*")), "a command was run"
        own = (str(folder), str(beside))
        return Deeds(
            ran.ended,
            ran.peak or 0,
            frozenset(files(beside / "calls", own)),
            frozenset(met(beside / "calls", (mx.port, closed))),
            tuple(started(beside / "calls")),
            shown,
            b"".join(peer.heard for peer in mx._peers),
        )


def traced(hostile: Hostile, path: Path, beside: Path, port: int) -> probe.Result:
    """One replay with every kind of report, under strace."""
    told, peak = beside / "told", beside / "peak"
    told.mkdir()
    options = [option.replace("@PORT@", str(port)) for option in hostile.options]
    line = [
        *(
            "strace",
            "-f",
            "--seccomp-bpf",
            "-qq",
            "-s",
            "200",
            "-o",
            str(beside / "calls"),
            "-e",
            f"trace={TRACED}",
        ),
        *(sys.executable, "-c", probe._MEASURED.format(peak=str(peak)), "replay"),
        *("--save-failures", str(told / "failures"), "--report", f"json={told}/json"),
        *("--report", f"junit={told}/junit", "--report", f"html={told}/html"),
        *(*options, "--", str(path)),
    ]
    done = subprocess.run(
        line,
        cwd=beside,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=probe.LONG,
        env={**os.environ, **CANARIES},
    )
    if b"ptrace" in done.stderr and not done.stdout:
        pytest.skip("strace may not trace here")
    measured = int(peak.read_text()) * 1024
    out, err = probe.decode(done.stdout), probe.decode(done.stderr)
    return probe.Result(done.returncode, out, err, measured)


def texts(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


def files(calls: Path, own: tuple[str, ...]) -> set[str]:
    """What was opened, or tried to be, and is no part of Python, of its libraries or of ours."""
    ours = (*own, sys.prefix, sys.base_prefix, str(ROOT / "mailprobe"), str(ROOT / "tests"))
    found = re.findall(r'(?:open|creat|openat2?)\((?:\w+, )?"((?:[^"\\]|\\.)*)"', calls.read_text())
    return {
        path
        for path in found
        if not path.startswith(tuple(f"{folder}/" for folder in ours))
        and path not in ours
        and not re.search(r"\.so(?:\.[0-9.]+)?$", path)
    }


def met(calls: Path, ours: tuple[int, ...]) -> list[str]:
    """Where was connected to, and what was sent to an address; the ports of ours are all one."""
    text = re.sub(rf"htons\((?:{'|'.join(map(str, ours))})\)", "ours", calls.read_text())
    return re.findall(r"(?:connect|sendto|sendmsg)\(.*?(\{sa_family=[^}]*\})", text)


def started(calls: Path) -> list[str]:
    """Programs, and processes that are no threads; the first is the one that is watched."""
    lines = calls.read_text().splitlines()
    programs = [line for line in lines if re.match(r"\d+ +execve", line)]
    forks = [
        line
        for line in lines
        if re.match(r"\d+ +(?:v?fork|clone3?)\(", line) and "CLONE_THREAD" not in line
    ]
    return [*programs[1:], *forks]


@functools.cache
def harmless() -> Deeds:
    """All that harmless files do, which also shows that they end as they should."""
    all_of_them = [play(each) for each in HARMLESS.values()]
    assert [deeds.ended for deeds in all_of_them] == [each.ended for each in HARMLESS.values()]
    return Deeds(
        ("", 0),
        max(deeds.peak for deeds in all_of_them),
        frozenset().union(*(deeds.opened for deeds in all_of_them)),
        frozenset().union(*(deeds.met for deeds in all_of_them)),
        tuple(each for deeds in all_of_them for each in deeds.started),
        b"",
        b"",
    )


def leaks(octets: bytes) -> list[bytes]:
    """Which values of the environment, and of files outside, are in it, in any encoding."""
    values = [value.encode() for value in CANARIES.values()] + [b"canary of a file"]
    forms = [
        form for value in values for form in (value, base64.b64encode(value), value.hex().encode())
    ]
    return [form for form in forms if form in octets]


def test_harmless_ones_start_nothing() -> None:
    """What all others are measured by is little itself."""
    deeds = harmless()
    assert deeds.started == ()
    assert len(deeds.met) == 1
    assert "/etc/passwd" not in deeds.opened
    assert not [path for path in deeds.opened if "resolv.conf" in path or "hosts" in path]


@pytest.mark.parametrize("name", ALL)
def test_a_hostile_transcript(name: str) -> None:
    """It ends as it must, in time, in little memory, and does nothing that harmless ones do not."""
    hostile, allowed = ALL[name], harmless()
    deeds = play(hostile)
    assert deeds.ended == hostile.ended
    assert deeds.peak < MOST
    assert not deeds.opened - allowed.opened
    assert not deeds.met - allowed.met
    assert deeds.started == ()
    assert leaks(deeds.shown) == []
    assert leaks(deeds.heard) == []
    probe.decode(deeds.shown)  # nothing raw, no traceback


def test_there_are_enough_of_them() -> None:
    """No entry of one table hides one of another."""
    assert len(ALL) >= 130


@pytest.mark.parametrize("name", ALL)
def test_a_hostile_transcript_is_read_by_every_command(tmp_path: Path, name: str) -> None:
    """lint, fmt, show, loosen, export: a status of ours, nothing raw, and no command is run."""
    hostile = ALL[name]
    path = tmp_path / hostile.name
    path.write_bytes(hostile.octets)
    hostile.prepare(tmp_path)
    for command in (
        ("lint",),
        ("fmt", "--check"),
        ("show",),
        ("loosen",),
        ("export", "--to", "html"),
    ):
        ran = inside("transcript", *command, "--", str(path))
        assert ran.status in (0, 1, 2, 3, 4), ran
        assert "Traceback" not in ran.err + ran.out
        probe.decode(ran.err.encode())
        if command != ("loosen",):
            probe.decode(ran.out.encode())
    assert not list(tmp_path.rglob("*pwned*"))
