"""mailprobe in a terminal, forked from a Python that has loaded what others wrote.

To load prompt_toolkit takes longer than most tests of the terminal; mailprobe itself is loaded
by each run anew.  `test_gone.py` and `test_tmux.py` start it as a shell does.
"""

import atexit
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import termios
from pathlib import Path

# A message is a plan with a terminal, or the number of a process that is waited for.
_FORKING = """
import asyncio, fcntl, gc, json, os, runpy, socket, ssl, sys, termios
import prompt_toolkit, prompt_toolkit.shortcuts
control = socket.socket(fileno=int(sys.argv[1]))
while True:
    message, descriptors, _, _ = socket.recv_fds(control, 1 << 20, 1)
    if not message:
        os._exit(0)
    plan = json.loads(message)
    if "wait" in plan:
        control.send(str(os.waitstatus_to_exitcode(os.waitpid(plan["wait"], 0)[1])).encode())
    elif child := os.fork():
        os.close(descriptors[0])
        control.send(str(child).encode())
    else:
        break
os.setsid()
fcntl.ioctl(descriptors[0], termios.TIOCSCTTY, 0)
for number in range(3):
    os.dup2(descriptors[0], number)
os.closerange(3, 256)
control.detach()
os.environ.clear()
os.environ.update(plan["env"])
os.chdir(plan["folder"])
sys.argv[:] = ["mailprobe", *plan["words"]]
runpy.run_module("mailprobe", run_name="__main__", alter_sys=True)
"""
# What Python itself looks at when it starts.
_START = {"LANG": "C.UTF-8", "PYTHONPATH": str(Path(__file__).parent.parent.parent)}


class Warm:
    """The Python that forks; its own streams are a terminal, as those of its children will be."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ours, terminal = os.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _FORKING, str(theirs.fileno())],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
            env={**os.environ, **_START},
        )
        theirs.close()
        os.close(terminal)
        atexit.register(self.close)

    def fork(self, terminal: int, words: tuple[str, ...], env: dict[str, str]) -> int:
        """Start mailprobe at `terminal`; the number of its process."""
        plan = {"words": words, "env": env, "folder": str(Path.cwd())}
        socket.send_fds(self._control, [json.dumps(plan).encode()], [terminal])
        return self._answer()

    def wait(self, process: int) -> int:
        """Wait for the end of a process that was forked; its exit status, or minus a signal."""
        self._control.send(json.dumps({"wait": process}).encode())
        return self._answer()

    def _answer(self) -> int:
        said = self._control.recv(100)
        assert said, f"the process that forks has ended: {os.read(self._ours, 4096)!r}"
        return int(said)

    def close(self) -> None:
        self._control.close()
        self._process.wait()
        os.close(self._ours)


_warm = functools.cache(Warm)  # one in a worker


class Child:
    """mailprobe at a terminal of its own."""

    def __init__(
        self, words: tuple[str, ...], *, size: tuple[int, int], env: dict[str, str]
    ) -> None:
        assert {name: env[name] for name in _START} == _START
        self._warm = _warm()
        self.terminal, theirs = os.openpty()
        termios.tcsetwinsize(theirs, size)
        self.pid = self._warm.fork(theirs, words, env)
        os.close(theirs)
        self._status: int | None = None

    def write(self, octets: bytes) -> None:
        while octets:
            octets = octets[os.write(self.terminal, octets) :]

    def wait(self) -> int:
        """The exit status, or minus the signal that ended it."""
        if self._status is None:
            self._status = self._warm.wait(self.pid)
        return self._status

    def close(self) -> None:
        os.close(self.terminal)
        if self._status is None:
            os.kill(self.pid, signal.SIGKILL)
            self.wait()
