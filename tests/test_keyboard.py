"""The echo of the keyboard, on a pseudo-terminal: off from the first moment, back in every end."""

import os
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from mailprobe.keyboard import Keyboard
from tests.hostile import probe
from tests.hostile.server import ScriptedServer, pop3

ENDS = [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT]

# The program, of which loading the command line takes until somebody has typed, and fails then
# or ends with what `main` says.
_SLOW = """
import builtins, sys
load = builtins.__import__
def slow(name, given=None, local=None, names=(), level=0):
    if name == "mailprobe" and names and "cli" in names:
        sys.stdout.write("loading\\n")
        sys.stdout.flush()
        sys.stdin.readline()
        {then}
    return load(name, given, local, names, level)
builtins.__import__ = slow
from mailprobe.__main__ import main
sys.exit(main())
"""

# What a shell does with a job that is stopped: it tells of the echo, and continues it.
_JOB = """
import os, signal, subprocess, sys, termios
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
def in_front():
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
child = subprocess.Popen([sys.executable, "-m", "mailprobe", *sys.argv[1:]], preexec_fn=in_front)
number = os.WSTOPSIG(os.waitpid(child.pid, os.WUNTRACED)[1])
os.tcsetpgrp(0, os.getpgrp())
echo = bool(termios.tcgetattr(0)[3] & termios.ECHO)
os.tcsetpgrp(0, child.pid)
os.write(1, f"stopped by {number}, echo {echo}\\n".encode())
os.kill(child.pid, signal.SIGCONT)
sys.exit(child.wait())
"""


def echoes(descriptor: int) -> bool:
    return bool(termios.tcgetattr(descriptor)[3] & termios.ECHO)


@pytest.fixture
def terminal() -> Iterator[int]:
    master, slave = os.openpty()
    yield slave
    os.close(master)
    os.close(slave)


def spawn(*arguments: str, code: str | None = None, folder: Path) -> pexpect.spawn:
    start = ["-m", "mailprobe"] if code is None else ["-c", code]
    env = {**os.environ, "TERM": "dumb", "HOME": str(folder), "NO_COLOR": "1"}
    words = ["-W", "error", *start, *arguments]
    child = pexpect.spawn(sys.executable, words, env=env)  # type: ignore[arg-type]  # as it takes it
    child.timeout = probe.LONG
    return child


def finished(child: pexpect.spawn) -> tuple[str, int | None, int | None]:
    """What was shown last, the status, and the signal that ended it."""
    child.expect(pexpect.EOF)
    child.wait()
    return child.before.decode(), child.exitstatus, child.signalstatus


# ---------------------------------------------------------------------------------- the modes


@pytest.mark.parametrize("way", ["release", "leave"])
def test_the_echo_comes_back(terminal: int, way: str) -> None:
    """And with it the signals as they were."""
    before = termios.tcgetattr(terminal), signal.getsignal(signal.SIGTERM)
    keyboard = Keyboard(terminal)
    keyboard.hush()
    assert not echoes(terminal)
    getattr(keyboard, way)()
    assert (termios.tcgetattr(terminal), signal.getsignal(signal.SIGTERM)) == before


def test_who_was_told_to_forget_changes_nothing(terminal: int) -> None:
    """Somebody else has put the modes back: what they are now is his."""
    keyboard = Keyboard(terminal)
    keyboard.hush()
    handler = signal.getsignal(signal.SIGTERM)
    keyboard.forget()
    assert not echoes(terminal)
    assert signal.getsignal(signal.SIGTERM) != handler
    os.kill(os.getpid(), signal.SIGCONT)
    keyboard.leave()
    assert not echoes(terminal)


def test_the_echo_goes_again_with_the_foreground(terminal: int) -> None:
    """Who continues us may have put it back."""
    keyboard = Keyboard(terminal)
    keyboard.hush()
    termios.tcsetattr(terminal, termios.TCSANOW, keyboard.found)
    assert echoes(terminal)
    os.kill(os.getpid(), signal.SIGCONT)
    assert not echoes(terminal)
    keyboard.leave()


def test_a_signal_that_was_ignored_stays_ignored(terminal: int) -> None:
    """As nohup wants it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        keyboard = Keyboard(terminal)
        keyboard.hush()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        keyboard.leave()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


# -------------------------------------------------------------------------------- the program


def test_a_password_typed_while_it_loads_is_not_shown(tmp_path: Path) -> None:
    """The echo is off before anything that takes long, and nothing but loading fails."""
    child = spawn(code=_SLOW.format(then="raise ImportError(name)"), folder=tmp_path)
    child.expect("loading\r\n")
    assert not echoes(child.child_fd)
    child.send("PASS hunter2\r")
    shown, status, _ = finished(child)
    assert "hunter2" not in shown
    assert "ImportError" in shown
    assert status == 1
    assert echoes(child.child_fd)


@pytest.mark.parametrize("number", ENDS)
def test_an_end_while_it_loads_gives_the_echo_back(number: signal.Signals, tmp_path: Path) -> None:
    """By whatever signal."""
    child = spawn("pop3", "sandbox", code=_SLOW.format(then="pass"), folder=tmp_path)
    child.expect("loading\r\n")
    assert not echoes(child.child_fd)
    child.kill(number)
    _, status, died = finished(child)
    assert (status, died) == ((130, None) if number is signal.SIGINT else (None, number))
    assert echoes(child.child_fd)


@pytest.mark.parametrize("arguments", [("nonsense",), ("--help",), ("--tls",)])
def test_a_mistake_gives_the_echo_back(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """So does help."""
    child = spawn(*arguments, folder=tmp_path)
    _, status, _ = finished(child)
    assert status == (0 if arguments == ("--help",) else 2)
    assert echoes(child.child_fd)


def test_a_script_that_somebody_types(tmp_path: Path) -> None:
    """Nothing is echoed, a note says so once, and what is sent is shown as ever."""
    with ScriptedServer(*pop3()) as server:
        child = spawn("pop3", f"127.0.0.1:{server.port}", "--script", "-", folder=tmp_path)
        child.expect("note: what you type is not echoed; it is shown as C: when it is sent\r\n")
        child.expect("S: \\+OK.*\r\n")
        assert not echoes(child.child_fd)
        for line in ("USER alice", "PASS hunter2", "QUIT"):
            child.send(line + "\r")
        shown, status, _ = finished(child)
        assert server.heard_lines == [b"USER alice", b"PASS hunter2", b"QUIT"]
    said = [line for line in shown.split("\r\n") if not line.startswith("S:")]
    assert said == ["C: USER alice", "C: PASS ****", "C: QUIT", ""]
    assert status == 0
    assert echoes(child.child_fd)


def test_output_in_a_file_is_a_script_that_somebody_types(tmp_path: Path) -> None:
    """There the keyboard is the input, too; the note is on standard error."""
    code = "import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-m', 'mailprobe', "
    code += f"'pop3', 'sandbox'], stdout=open({str(tmp_path / 'log')!r}, 'w')))"
    child = spawn(code=code, folder=tmp_path)
    child.expect("note: what you type is not echoed.*\r\n")
    child.send("PASS hunter2\r\x04")
    shown, status, _ = finished(child)
    assert "hunter2" not in shown
    assert status == 1
    assert "C: PASS ****" in (tmp_path / "log").read_text()
    assert echoes(child.child_fd)


@pytest.mark.parametrize("number", ENDS)
def test_an_end_of_a_script_gives_the_echo_back(number: signal.Signals, tmp_path: Path) -> None:
    """By whatever signal."""
    child = spawn("pop3", "sandbox", "--script", "-", folder=tmp_path)
    child.expect("S: \\+OK.*\r\n")
    child.kill(number)
    _, status, died = finished(child)
    assert (status, died) == ((None, number) if number is signal.SIGQUIT else (130, None))
    assert echoes(child.child_fd)


def test_a_stop_gives_the_echo_back_until_it_goes_on(tmp_path: Path) -> None:
    """Ctrl-Z shows the terminal as it was found."""
    child = spawn("pop3", "sandbox", "--keep-going", "--script", "-", code=_JOB, folder=tmp_path)
    child.expect("S: \\+OK.*\r\n")
    assert not echoes(child.child_fd)
    child.send("\x1a")
    child.expect(f"stopped by {signal.SIGTSTP.value}, echo True\r\n")
    child.send("NOOP\r")
    child.expect("C: NOOP\r\n")
    assert not echoes(child.child_fd)
    child.send("QUIT\r")
    finished(child)
    assert echoes(child.child_fd)


def test_a_script_in_a_file_leaves_the_keyboard_alone(tmp_path: Path) -> None:
    """Nobody is told anything, and the terminal is as it was while the script runs."""
    script = tmp_path / "script"
    os.mkfifo(script)
    child = spawn("pop3", "sandbox", "--script", str(script), folder=tmp_path)
    with script.open("wb", buffering=0) as lines:
        child.expect("S: \\+OK.*\r\n")
        assert echoes(child.child_fd)
        lines.write(b"QUIT\n")
        shown, status, _ = finished(child)
    assert status == 0
    assert "note" not in shown


@pytest.mark.parametrize("arguments", [(), ("--plain",)])
def test_the_shell_puts_back_what_was_found(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """Not the modes that the beginning of the run has made."""
    child = spawn("pop3", "sandbox", *arguments, folder=tmp_path)
    before = termios.tcgetattr(child.child_fd)
    child.expect("pop3:auth> ")
    child.send("/quit\r")
    _, status, _ = finished(child)
    assert status == 0
    assert echoes(child.child_fd)
    after = termios.tcgetattr(child.child_fd)
    assert after[3] == before[3] | termios.ECHO


# ------------------------------------------------------------------------------------- SIGHUP


@pytest.mark.parametrize(
    "arguments, status", [(("pop3", "sandbox"), 130), (("sandbox", "--pop3", "0"), 0)]
)
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_a_sandbox_leaves_no_folder_behind(
    arguments: tuple[str, ...], status: int, number: signal.Signals, tmp_path: Path
) -> None:
    """Whatever signal ends it."""
    ours = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        probe.command(*arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ours
    ) as process:
        assert process.stdout is not None
        while (line := process.stdout.readline()) and not line.startswith((b"S:", b"READY")):
            pass
        process.send_signal(number)
        assert process.wait(probe.LONG) == status
    assert list(tmp_path.iterdir()) == []
