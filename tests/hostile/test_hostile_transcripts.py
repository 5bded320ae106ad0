"""Hostile transcripts reach no file, host, program or variable that a harmless one does not."""

import base64
import contextlib
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.commands.inside import inside
from tests.conftest import ROOT
from tests.hostile import probe
from tests.hostile import server as at
from tests.hostile.transcripts import ALL, GROUPS, HARMLESS, Hostile, answers

pytestmark = pytest.mark.slow

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

watched = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


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


# Starts what a replay needs once, and has a process of its own play each line of the plan; the
# file that is opened before each tells its calls from those of the others.
_DRIVER = """
import importlib, json, os, pkgutil, sys
import mailprobe.__main__, mailprobe.cli
for room in ("commands", "player", "protocol", "transcript", "transport", "session"):
    module = importlib.import_module("mailprobe." + room)
    for one in pkgutil.walk_packages(getattr(module, "__path__", []), module.__name__ + "."):
        importlib.import_module(one.name)
for step in json.loads(open(sys.argv[1]).read()):
    os.close(os.open(step["mark"], os.O_WRONLY | os.O_CREAT))
    if child := os.fork():
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        open(step["status"], "w").write(str(status))
        continue
    for number, (name, flags) in enumerate(step["streams"]):
        os.dup2(os.open(name, flags, 0o600), number)
    os.chdir(step["beside"])
    sys.argv[1:] = step["line"]
    status = mailprobe.__main__.main()
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
    open(step["peak"], "w").write(peak.split()[1])
    sys.exit(status)
"""


class Stage:
    """Where one of them is played: a home with two folders, and a server."""

    def __init__(self, home: Path, hostile: Hostile, mx: at.ScriptedServer, closed: int) -> None:
        self.home, self.hostile, self.mx = home, hostile, mx
        self._ours = (mx.port, closed)
        self._folder, self._beside = home / "transcripts", home / "beside"
        self.mark = self._beside / "mark"
        for folder in (self._folder, self._beside, self._beside / "told"):
            folder.mkdir(parents=True)
        (home / "outside").write_text("canary of a file")
        (home / "outside.mpt").write_text("mailprobe: 1\n\nC: NOOP canary of a file\nS? 250\n")
        octets = hostile.octets.replace(b"@PORT@", b"%d" % mx.port)
        (self._folder / hostile.name).write_bytes(octets.replace(b"@CLOSED@", b"%d" % closed))
        hostile.prepare(self._folder)

    def plan(self) -> dict[str, object]:
        """One replay with every kind of report."""
        told = self._beside / "told"
        options = [option.replace("@PORT@", str(self.mx.port)) for option in self.hostile.options]
        new = os.O_WRONLY | os.O_CREAT
        return {
            "mark": str(self.mark),
            "beside": str(self._beside),
            "status": str(self._beside / "status"),
            "peak": str(self._beside / "peak"),
            "streams": [
                (os.devnull, os.O_RDONLY),
                (str(self._beside / "out"), new),
                (str(self._beside / "err"), new),
            ],
            "line": [
                *("replay", "--save-failures", f"{told}/failures", "--report", f"json={told}/json"),
                *("--report", f"junit={told}/junit", "--report", f"html={told}/html"),
                *(*options, "--", str(self._folder / self.hostile.name)),
            ],
        }

    def deeds(self, calls: str) -> Deeds:
        """What has come of it; `calls` are those of its processes alone."""
        assert not list(self.home.rglob("*pwned*")), "a command was run"
        out = probe.decode((self._beside / "out").read_bytes())
        err = probe.decode((self._beside / "err").read_bytes())
        status = int((self._beside / "status").read_text())
        return Deeds(
            probe.Result(status, out, err).ended,
            int((self._beside / "peak").read_text()) * 1024,
            frozenset(files(calls, (str(self._folder), str(self._beside)))),
            frozenset(met(calls, self._ours)),
            tuple(started(calls)),
            out.encode() + err.encode() + b"".join(texts(self._beside / "told")),
            b"".join(peer.heard for peer in self.mx._peers),
        )


def play(all_of_them: Mapping[str, Hostile]) -> dict[str, Deeds]:
    """Replay each in a process that is watched."""
    with contextlib.ExitStack() as stack:
        folder = Path(os.path.realpath(stack.enter_context(tempfile.TemporaryDirectory())))
        closed = stack.enter_context(at.closed_port())
        stages = {}
        for number, (name, hostile) in enumerate(all_of_them.items()):
            mx = stack.enter_context(at.ScriptedServer(*at.smtp(dict(answers()))))
            stages[name] = Stage(folder / str(number), hostile, mx, closed)
        calls = traced(folder, [stage.plan() for stage in stages.values()])
        marks = [str(stage.mark) for stage in stages.values()]
        of_each = split(calls, marks)
        return {name: stage.deeds(of_each[str(stage.mark)]) for name, stage in stages.items()}


def traced(folder: Path, plan: list[dict[str, object]]) -> str:
    """Carry out a plan under strace; the calls of all its processes."""
    (folder / "plan").write_text(json.dumps(plan))
    line = ["strace", "-f", "--seccomp-bpf", "-qq", "-s", "200", "-o", str(folder / "calls")]
    done = subprocess.run(
        [*line, "-e", f"trace={TRACED}", sys.executable, "-c", _DRIVER, str(folder / "plan")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=2 * probe.LONG,
        env={**os.environ, **CANARIES},
    )
    if b"ptrace" in done.stderr and not done.stdout:
        pytest.skip("strace may not trace here")
    assert (done.returncode, done.stderr) == (0, b"")
    return (folder / "calls").read_text()


def split(calls: str, marks: list[str]) -> dict[str, str]:
    """The calls behind each mark, without those of the process that makes the marks."""
    lines = calls.splitlines()
    driver = lines[0].split(" ", 1)[0]
    found: dict[str, list[str]] = {}
    here: list[str] = []
    for line in lines:
        process, _, call = line.partition(" ")
        if process != driver:
            here.append(line)
        elif mark := next((mark for mark in marks if f'"{mark}"' in call), None):
            here = found[mark] = []
    assert list(found) == marks
    assert all(found.values()), "a replay without a call"
    return {mark: "\n".join(lines) for mark, lines in found.items()}


def texts(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


def files(calls: str, own: tuple[str, ...]) -> set[str]:
    """What was opened, or tried to be, and is no part of Python, of its libraries or of ours."""
    ours = (*own, sys.prefix, sys.base_prefix, str(ROOT / "mailprobe"), str(ROOT / "tests"))
    found = re.findall(r'(?:open|creat|openat2?)\((?:\w+, )?"((?:[^"\\]|\\.)*)"', calls)
    return {
        path
        for path in found
        if not path.startswith(tuple(f"{folder}/" for folder in ours))
        and path not in ours
        and not re.search(r"\.so(?:\.[0-9.]+)?$", path)
    }


def met(calls: str, ours: tuple[int, ...]) -> list[str]:
    """Where was connected to, and what was sent to an address; the ports of ours are all one."""
    text = re.sub(rf"htons\((?:{'|'.join(map(str, ours))})\)", "ours", calls)
    return re.findall(r"(?:connect|sendto|sendmsg)\(.*?(\{sa_family=[^}]*\})", text)


def started(calls: str) -> list[str]:
    """Programs, and processes that are no threads."""
    lines = calls.splitlines()
    programs = [line for line in lines if re.match(r"\d+ +execve", line)]
    forks = [
        line
        for line in lines
        if re.match(r"\d+ +(?:v?fork|clone3?)\(", line) and "CLONE_THREAD" not in line
    ]
    return [*programs, *forks]


@functools.cache
def harmless() -> Deeds:
    """All that harmless files do, which also shows that they end as they should."""
    all_of_them = list(play(HARMLESS).values())
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


@watched
def test_harmless_ones_start_nothing() -> None:
    """What all others are measured by is little itself."""
    deeds = harmless()
    assert deeds.started == ()
    assert len(deeds.met) == 1
    assert "/etc/passwd" not in deeds.opened
    assert not [path for path in deeds.opened if "resolv.conf" in path or "hosts" in path]


@watched
@pytest.mark.parametrize("group", GROUPS)
def test_hostile_transcripts(group: str) -> None:
    """They end as they must, in time, in little memory, and do no more than harmless ones do."""
    allowed = harmless()
    found = play(GROUPS[group])
    assert {name: deeds.ended for name, deeds in found.items()} == {
        name: hostile.ended for name, hostile in GROUPS[group].items()
    }
    assert {name: deeds.opened - allowed.opened for name, deeds in found.items()} == nothing(found)
    assert {name: deeds.met - allowed.met for name, deeds in found.items()} == nothing(found)
    assert [name for name, deeds in found.items() if deeds.peak >= MOST] == []
    assert [(name, deeds.started) for name, deeds in found.items() if deeds.started] == []
    assert [name for name, deeds in found.items() if leaks(deeds.shown)] == []
    assert [name for name, deeds in found.items() if leaks(deeds.heard)] == []
    for deeds in found.values():
        probe.decode(deeds.shown)  # nothing raw, no traceback


def nothing(found: Mapping[str, Deeds]) -> dict[str, frozenset[str]]:
    return dict.fromkeys(found, frozenset())


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
