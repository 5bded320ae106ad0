"""A terminal that goes away without a signal, and a server that never stops talking."""

import os
import pty
import select
import subprocess
import sys
import termios
from collections.abc import Callable

import pytest

from tests.terminal.conftest import MODES
from tests.terminal.harness import PATIENCE, Person, Server

pytestmark = pytest.mark.terminal

Sit = Callable[..., Person]
Serve = Callable[[Callable[[Server], None]], Server]


@pytest.mark.parametrize("busy", [False, True])
def test_terminal_goes_away(serve: Serve, mode: str, busy: bool) -> None:
    """No traceback, no fault of ours: an end as by SIGHUP, and the connection is closed."""

    def script(server: Server) -> None:
        server.say("220 mx.example")
        server.wait()
        server.say("250 nobody asked")
        server.hear_all()

    server = serve(script)
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    options, env = MODES[mode]
    child = subprocess.Popen(
        [sys.executable, "-m", "mailprobe", "smtp", server.target, *options],
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        start_new_session=True,  # it is nobody's controlling terminal: no SIGHUP comes
        env={**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", **env},
    )
    os.close(theirs)
    try:
        seen = b""
        while b"greeted>" not in seen:
            assert select.select([ours], [], [], PATIENCE)[0], seen
            seen += os.read(ours, 65536)
    finally:
        os.close(ours)
    if busy:
        server.go()
    _, complaint = child.communicate(timeout=PATIENCE)
    server.go()
    assert (child.returncode, complaint) == (129, b"")


@pytest.mark.slow
def test_endless_flood_at_the_prompt(sit: Sit, serve: Serve) -> None:
    """However much comes, what is typed is seen, and /drop ends it."""

    def script(server: Server) -> None:
        server.say("220 mx.example")
        server.wait()
        try:
            while True:
                server.say(b"250 and\r\n" * 100)
        except OSError:
            pass  # the client has dropped the link

    server = serve(script)
    person = sit("smtp", server.target)
    person.prompted("smtp:greeted> ")
    server.go()
    person.skims(rb"250 and")
    person.enter("/drop")
    person.skims(rb"connection closed")
    person.prompted("smtp:closed> ")
