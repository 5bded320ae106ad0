"""/timing and the lint of the shell, in a real terminal."""

from collections.abc import Callable

import pytest

from tests.terminal.harness import Person, Server, nothing_raw

pytestmark = pytest.mark.terminal

Sit = Callable[..., Person]
Serve = Callable[[Callable[[Server], None]], Server]


def odd(server: Server) -> None:
    """A greeting with a wrong code, a reply with nothing in it, twice."""
    server.say(b"250 mx.example\r\n")
    for _ in range(2):
        server.hear()
        server.say(b"250\r\n")
    server.hear()
    server.say(b"221 2.0.0 bye\r\n")
    server.hear_all()


def test_what_no_rfc_allows_is_noted_once(sit: Sit, serve: Serve, mode: str) -> None:
    """With the first command that of the greeting, too; at the end the report, and status 1."""
    person = sit("smtp", serve(odd).target, "--lint", mode=mode)
    person.prompted("smtp:greeted> ")
    person.enter("NOOP")
    person.sees("note: the greeting: no greeting has this code: 250")
    person.sees("note: reply to NOOP, line 1: a reply code with nothing behind it: 250")
    person.enter("NOOP")
    person.enter("/lint")
    person.sees("lint: reply to NOOP")
    person.enter("/timing")
    person.sees("slowest: ")
    assert ("|=" in person.screen) == (mode == "full")
    person.enter("/quit")
    assert person.ended() == 1
    assert nothing_raw(person.output), person.output
    said = b" ".join(bytes(person.output).split())
    assert said.count(b"note: reply to NOOP, line 1") == 1
    assert b"2 deviations from the RFCs" in said
