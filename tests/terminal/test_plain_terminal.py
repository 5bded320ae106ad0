"""Everybody's terminal: the plain shell appends, says colours in words, and draws no boxes."""

import os
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.terminal.harness import PATIENCE, Person, Server

pytestmark = pytest.mark.terminal

Sit = Callable[..., Person]
Serve = Callable[[Callable[[Server], None]], Server]

# Of the cursor, of the screen; to have pastes marked moves nothing.
_MOVES = re.compile(rb"\x1b\[(?!\?2004[hl])[0-9;?]*[A-HJKSTfhlsu]|\x1b[78=>]")
_BOXES = re.compile("[─-╿▀-▟⠀-⣿]")  # frames, blocks, Braille


def friendly(server: Server) -> None:
    server.say("220 mx.example")
    server.answer({b"EHLO": "250-mx.example\r\n250 SIZE 1000", b"VRFY": "550 no"})


@pytest.mark.parametrize(
    "env",
    [
        {"ACCESSIBLE": "1"},
        {"MAILPROBE_PLAIN": "1"},
        {"TERM": "dumb"},
        {"TERM": "unknown"},
    ],
    ids=lambda env: next(iter(env)) + next(iter(env.values())),
)
def test_surroundings_that_ask_for_plain(sit: Sit, serve: Serve, env: dict[str, str]) -> None:
    """No menu, no toolbar, no cursor that goes to another row; a table has no frames."""
    person = sit("smtp", serve(friendly).target, env=env)
    person.prompted("smtp:greeted> ")
    for line in ("EHLO me.example", "VRFY x", "/sessions", "/help", "/state"):
        person.enter(line)
        person.prompted("smtp:ready> ")
    person.enter("/clear")
    person.sees("takes nothing back")
    assert not _MOVES.search(person.output), _MOVES.search(person.output)
    assert (b"\x1b[?2004h" in person.output) is (env.get("TERM") is None)
    assert not _BOXES.search(person.output.decode())
    assert "refused" in person.screen or b"refused" in person.output


def test_tab_tells_what_is_missing(sit: Sit, serve: Serve) -> None:
    """There is no ghost: where nothing can be completed, Tab says what the syntax wants."""
    person = sit("smtp", serve(friendly).target, mode="plain")
    person.prompted("smtp:greeted> ")
    person.type("EHLO \t")
    person.sees("domain  is still missing\nsmtp:greeted> EHLO")


@pytest.mark.parametrize("rows, last", [(24, "... "), (60, "TURN")])
def test_a_list_fits_the_terminal(sit: Sit, serve: Serve, rows: int, last: str) -> None:
    """What is legal now stands first, and is not scrolled away by the rest."""
    person = sit("smtp", serve(friendly).target, mode="plain", rows=rows)
    person.prompted("smtp:greeted> ")
    person.type("\t")
    person.wait(lambda: person.screen.count("smtp:greeted>") == 2, "the line again")
    listed = person.screen.split("smtp:greeted>\n")[1].split("\n")
    assert listed[0].startswith("EHLO  ")
    assert listed[-2].startswith(last)


def test_what_was_typed_before_the_first_connection_comes_back(
    sit: Sit, serve: Serve, mode: str
) -> None:
    """With the arrow key, in the next run; no password is among it."""
    first = sit(mode=mode)
    first.prompted("mailprobe> ")
    first.enter(f"/connect smtp {serve(friendly).target}")
    first.prompted("smtp:greeted> ")
    first.enter("/drop")
    first.enter("/quit")
    assert first.ended() == 0
    second = sit(mode=mode)
    second.prompted("mailprobe> ")
    second.enter("PASS XYZZY")
    second.sees("nothing was sent")
    second.prompted("mailprobe> ")
    second.type("\x1b[A\x1b[A")
    second.sees_line("mailprobe> /connect smtp 127.0.0.1:")
    files = [path.read_text() for path in second.home.rglob("history-*")]
    assert "PASS" in "".join(files)
    assert "XYZZY" not in "".join(files)


def test_plain_warns_of_what_it_cannot_take_back(sit: Sit, serve: Serve) -> None:
    """A secret that is shown is written over by nobody there."""
    person = sit("smtp", serve(friendly).target, mode="plain")
    person.prompted("smtp:greeted> ")
    person.enter("/set reveal on")
    person.sees("note: a secret that you type stays on the screen")
    person.enter("NOOP")
    person.sees("250 ok")
    person.prompted("smtp:greeted> ")
    assert person.screen.count("stays on the screen") == 1


@pytest.mark.parametrize("command", ["/mx", "/route", "/connect smtp"])
def test_a_name_server_that_says_nothing(sit: Sit, serve: Serve, command: str, mode: str) -> None:
    """Ctrl-C ends the question, not the session."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.settimeout(PATIENCE)
        server = f"127.0.0.1:{silent.getsockname()[1]}"
        person = sit("smtp", serve(friendly).target, "--dns", server, mode=mode)
        person.prompted("smtp:greeted> ")
        person.enter(f"{command} example.test")
        silent.recv(512)  # it is asked, and waited for
        person.type("\x03")
        person.sees("interrupted")
        person.prompted("smtp:greeted> ")
        person.enter("NOOP")
        person.sees("250 ok")


def test_where_prompt_toolkit_does_not_start(sit: Sit, serve: Serve, tmp_path: Path) -> None:
    """The person is told why, and has the plain shell with its history."""
    package = tmp_path / "prompt_toolkit"
    package.mkdir()
    (package / "__init__.py").write_text(
        "class NoConsole(Exception): pass\nraise NoConsole('no console')\n"
    )
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    person = sit("smtp", serve(friendly).target, env={"PYTHONPATH": path}, cold=True)
    person.sees("the full shell does not start (NoConsole): plain it is")
    person.prompted("smtp:greeted> ")
    person.enter("EHLO me.example")
    person.prompted("smtp:ready> ")
    person.type("\x1b[A")
    person.sees_line("smtp:ready> EHLO me.example")
    assert not _MOVES.search(person.output)


def test_colour_is_only_where_it_is_wanted(sit: Sit, serve: Serve) -> None:
    """NO_COLOR and FORCE_COLOR, in the plain shell, too."""
    colored = re.compile(rb"\x1b\[[0-9;]*[1-9][0-9;]*m")
    for env, wanted in (({"NO_COLOR": "1"}, False), ({"FORCE_COLOR": "1"}, True)):
        person = sit("smtp", serve(friendly).target, mode="plain", env=env)
        person.prompted("smtp:greeted> ")
        person.enter("VRFY x")
        person.sees("550 no")
        assert bool(colored.search(person.output)) == wanted


@pytest.mark.parametrize("mode", ["plain", "full"])
def test_wait_shows_what_the_server_says(sit: Sit, serve: Serve, mode: str) -> None:
    """/wait waits for what nobody asked for; Ctrl-C ends it, and the connection stays."""

    def slow(server: Server) -> None:
        server.say("220 mx.example")
        server.wait()
        server.say("250 by itself")
        server.hear()
        server.say("250 ok")
        server.hear_all()

    server = serve(slow)
    person = sit("smtp", server.target, mode=mode)
    person.prompted("smtp:greeted> ")
    person.enter("/wait 60")
    person.wait(lambda: "/wait 60" in person.screen and not person.line, "the wait")
    server.go()
    person.sees("by itself")
    person.prompted("smtp:greeted> ")
    person.enter("/wait 60")
    person.wait(lambda: person.screen.count("/wait 60") == 2 and not person.line, "the wait")
    person.type("\x03")
    person.sees("interrupted")
    person.enter("NOOP")
    person.sees("250 ok")


@pytest.mark.parametrize("mode", ["plain", "full"])
def test_sandbox_is_found_from_the_first_screen(sit: Sit, mode: str) -> None:
    """The first screen names it, and its greeting is followed by what to try."""
    person = sit(mode=mode)
    person.prompted("mailprobe> ")
    for word in ("/connect smtp sandbox", "/connect pop3 sandbox", "Tab", "/help", "Ctrl-D"):
        assert word in person.screen
    person.type("\t")  # as the first screen says
    person.sees("open a connection; one that is open stays")
    person.type("\x15")
    person.prompted("mailprobe> ")
    person.enter("/sandbox")
    person.sees("pop3s")
    person.sees("alice (secret)")
    person.enter("/connect pop3 sandbox")
    person.sees("try USER alice")
    person.prompted("pop3:auth> ")


def test_replay_that_is_interrupted(sit: Sit, serve: Serve, tmp_path: Path, mode: str) -> None:
    """Ctrl-C ends what is played, and nothing else."""

    def silent(server: Server) -> None:
        server.say("220 mx.example")
        server.hear_all()

    server, other = serve(friendly), serve(silent)
    path = tmp_path / "a.mpt"
    path.write_text(
        f"mailprobe: 1\nprotocol: smtp\nconnect: {other.target}\n\nS? 220\nC: NOOP\nS? 250\n"
    )
    person = sit("smtp", server.target, mode=mode)
    person.prompted("smtp:greeted> ")
    person.enter(f"/replay {path}")
    person.wait(lambda: other.received == [b"NOOP\r\n"], "NOOP")
    person.type("\x03")
    person.sees("the rest was not played")
    person.prompted("smtp:greeted> ")
    person.enter("NOOP")
    person.sees("250 ok")


def test_replay_from_the_shell(sit: Sit, tmp_path: Path, mode: str) -> None:
    """A transcript is played in a connection of its own, and told as replay tells it."""
    path = tmp_path / "a.mpt"
    path.write_text("mailprobe: 1\nprotocol: smtp\nconnect: sandbox\n\nS? 220\nC: NOOP\nS? 250\n")
    bad = tmp_path / "bad.mpt"
    bad.write_text("mailprobe: 1\nprotocol: smtp\nconnect: sandbox\n\nS? 220\nC: NOOP\nS? 550\n")
    person = sit(mode=mode, columns=200)  # how long the path is must make no difference
    person.prompted("mailprobe> ")
    person.enter("/connect smtp sandbox")
    person.prompted("smtp:greeted> ")
    person.enter(f"/replay {path}")
    person.sees("ok   ")
    person.prompted("smtp:greeted> ")
    person.enter(f"/replay {path} here")
    person.wait(lambda: person.screen.count("ok   ") == 2, "the second replay")
    person.prompted("smtp:greeted> ")
    person.enter(f"/replay {bad}")
    person.sees("the reply is 250 2.0.0, not 550")
    person.enter("/replay /nowhere.mpt")
    person.sees("cannot read")
    person.enter("NOOP")
    person.sees("250")
