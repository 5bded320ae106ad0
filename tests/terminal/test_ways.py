"""Programs and proxies, with a person at the prompt."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.terminal.harness import Person, Server
from tests.transport.proxies import proxy

pytestmark = pytest.mark.terminal

Serve = Callable[[Callable[[Server], None]], Server]

SERVER = r"""
import os, sys, time
os.write(1, b"220 mx\r\n")
for line in os.fdopen(0, "rb", buffering=0):
    if line.startswith(b"NOOP"):
        os.write(2, b"overheard \x1b]0;x\x07\n")
    os.write(1, b"250 ok\r\n")
    if line.startswith(b"RSET"):
        os.write(1, b"421 enough\r\n")
        sys.exit(3)
"""


def test_a_program_at_the_prompt(sit: Callable[..., Person], tmp_path: Path) -> None:
    """What it says unasked appears above the prompt, its errors are notes, its end is told."""
    file = tmp_path / "server.py"
    file.write_text(SERVER)
    person = sit("smtp", "--exec", f"{sys.executable} {file}")
    person.sees("220 mx")
    person.enter("NOOP")
    person.sees("says: overheard")
    person.enter("/state")
    person.sees("program")
    person.enter("RSET")
    person.sees("421 enough")
    person.sees("ended with status 3")
    person.type("\x04")
    assert person.ended() == 0


def test_a_proxy_that_wants_a_password(sit: Callable[..., Person], serve: Serve) -> None:
    """It is asked for once, without echo; the next connection goes the same way."""

    def script(server: Server) -> None:
        server.say("220 mx.example")
        server.answer({b"QUIT": "221 bye"})

    server, other = serve(script), serve(script)
    with proxy("socks5", {"mx.example": "127.0.0.1"}, login=True) as seen:
        url = f"socks5://alice@127.0.0.1:{seen.port}"
        person = sit("smtp", f"mx.example:{server.port}", "--proxy", url)
        person.sees("password of alice")
        person.enter("secret")
        person.sees("looked the name up")
        person.sees("220 mx.example")
        person.enter("/state")
        person.sees(f"socks5://127.0.0.1:{seen.port}")
        person.enter(f"/connect smtp 127.0.0.1:{other.port}")
        person.sees("this is session 2")
        person.type("\x04")
        assert person.ended() == 0
    assert seen.places == [("mx.example", server.port), ("127.0.0.1", other.port)]
    assert seen.logins == [b"alice:secret"] * 2
    assert b"secret" not in person.output


def test_a_proxy_whose_password_nobody_gives(sit: Callable[..., Person]) -> None:
    """The shell stays, without a connection, and says what was missing."""
    person = sit("smtp", "mx.example", "--proxy", "http://alice@127.0.0.1:1")
    person.sees("password of alice")
    person.type("\x03")
    person.sees("was not given")
    person.type("\x04")
    assert person.ended() == 0
