"""`mailprobe route`: what it prints, and how it ends."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from mailprobe.commands import route
from tests.commands.inside import inside
from tests.nameserver import SILENT, Nameserver

ZONE = r"""
@ MX 10 mx1
mx1 A 192.0.2.1
nomail MX 0 .
hostile MX 10 [/nope]
hostile MX 20 \027[31m\010mailprobe\058
[/nope] A 192.0.2.66
hostile TXT "v=spf1 \027]0;x\007 \226\128\174 [bold] -all"
_dmarc.hostile TXT "v=DMARC1; \027[2J=\010; p=\155none"
_mta-sts.hostile TXT "v=STSv1; id=\027;"
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with Nameserver(ZONE) as running:
        yield running.address


def test_a_tree(server: str) -> None:
    """On standard output, for a person; status 0 where mail can be sent."""
    ran = inside("route", "alice@example.test", "--dns", server)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("example.test\n├── Exchangers, in the order")
    assert "1. connects to mx1.example.test, port 25: 192.0.2.1" in ran.out
    assert max(map(len, ran.out.split("\n"))) <= 80
    assert "\x1b" not in ran.out


@pytest.mark.parametrize("name, word", [("nomail", "dns"), ("absent", "dns")])
def test_nowhere_to_go(server: str, name: str, word: str) -> None:
    """The tree all the same, and one line that says why: status 4."""
    ran = inside("route", f"{name}.example.test", "--dns", server)
    assert (ran.status, ran.word) == (4, word)
    assert "What a sending server would do" in ran.out


@pytest.mark.parametrize("how", [{"TERM": "dumb"}, {"ACCESSIBLE": "1"}, "--plain"])
def test_plain(server: str, how: object) -> None:
    """Nothing is drawn."""
    env, more = (how, ()) if isinstance(how, dict) else ({}, (str(how),))
    ran = inside("route", "example.test", "--dns", server, *more, env=env)
    assert ran.out.startswith("example.test\n  Exchangers")
    assert ran.out.isascii()


def test_colours(server: str) -> None:
    """As everywhere: --color, and NO_COLOR where nothing is said."""
    always = inside("route", "example.test", "--dns", server, "--color", "always")
    assert "\x1b[" in always.out
    env = {"NO_COLOR": "1", "FORCE_COLOR": "1"}
    assert "\x1b" not in inside("route", "example.test", "--dns", server, env=env).out


def test_steps(server: str) -> None:
    """Before the tree, a line each with its time."""
    ran = inside("route", "example.test", "--dns", server, "--steps")
    first = ran.out.partition("\n")[0]
    assert first.endswith(" ms)")
    assert "MX example.test: 1 record" in first


def test_json(server: str) -> None:
    """One object a step, a line each; the last one is the route."""
    ran = inside("route", "example.test", "--dns", server, "--json")
    objects = [json.loads(line) for line in ran.out.rstrip("\n").split("\n")]
    assert objects[0]["step"] == "dns"
    assert objects[0]["name"] == "example.test"
    assert objects[-1]["step"] == "route"
    assert objects[-1]["hosts"] == ["mx1.example.test"]


@pytest.mark.parametrize("more", [(), ("--plain",), ("--json",), ("--steps",)])
def test_a_hostile_zone(server: str, more: tuple[str, ...]) -> None:
    """No control character, no direction override, no markup reaches the screen."""
    ran = inside("route", "hostile.example.test", "--dns", server, *more)
    assert ran.status == 0
    for line in (ran.out + ran.err).split("\n"):
        assert line.isprintable(), line
    assert "[/nope]" in ran.out


def test_a_server_that_is_silent() -> None:
    """The limit ends it."""
    with Nameserver(ZONE, faults={"*": SILENT}) as silent:
        ran = inside("route", "example.test", "--dns", silent.address, "--max-time", "300ms")
    assert (ran.status, ran.word) == (4, "dns")
    assert "within the limit of 0.3 s" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("a", "b"),
        ("alice@[192.0.2.1]",),
        ("example.test", "--dns", "nowhere"),
        ("example.test", "--selector", "a b"),
        ("example.test", "--max-time", "soon"),
        ("example.test", "--bogus"),
    ],
)
def test_what_is_no_command_line(arguments: tuple[str, ...]) -> None:
    """Status 2, and nothing is asked."""
    ran = inside("route", *arguments)
    assert (ran.status, ran.word, ran.out) == (2, "usage", "")


def test_no_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without one is told of --dns."""
    monkeypatch.setattr("mailprobe.lookup._resolver", lambda server: "nobody; name one with --dns")
    ran = inside("route", "example.test")
    assert (ran.status, ran.word) == (4, "dns")


def test_help() -> None:
    """Every option has a word about it."""
    text = route.parser().format_help()
    for option in ("--dns", "--selector", "--ca", "--max-time", "--json", "--steps", "--plain"):
        assert option in text


def test_what_the_table_loads() -> None:
    """Neither the options of others nor DNS are loaded to know that there is a route."""
    code = (
        "import sys, mailprobe.cli, mailprobe.commands.talk\n"
        "sys.exit(bool({'dns', 'mailprobe.routing', 'mailprobe.lookup'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
