"""`mailprobe completion SHELL`: what real shells make of the scripts."""

import re
from pathlib import Path

import pytest

from mailprobe.commands.forms import forms
from mailprobe.commands.table import SUBCOMMANDS
from mailprobe.errors import ExitStatus
from mailprobe.protocol import sasl
from mailprobe.sandbox.profiles import PROFILES
from tests.commands.inside import inside
from tests.commands.shells import Typing, candidates, install, program

SHELLS = ("bash", "zsh", "fish")
PROTOCOLS = {"smtp", "lmtp", "pop3"}
# Names that the file must not have, whatever a shell would make of them.
HOSTILE = [
    "$(touch ran)",
    "`touch ran`",
    "a;touch ran",
    "a' 'b",
    'a\\" "b',
    "*",
    "a b",
    "@{x}",
    "-x",
]


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    program(request.param)
    return str(request.param)


@pytest.fixture
def script(shell: str, tmp_path: Path) -> Path:
    """The script for that shell, as it is printed."""
    ran = inside("completion", shell)
    assert (ran.status, ran.err) == (ExitStatus.OK, "")
    path = tmp_path / f"script.{shell}"
    path.write_text(ran.out)
    return path


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "bin"
    folder.mkdir()
    return install(folder)


def configure(home: Path, *names: str) -> None:
    """A config.toml with profiles of these names."""
    path = home / ".config" / "mailprobe" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    tables = [f"[profile.{name!r}]\ntarget = 'smtp://mail.example.net'\n" for name in names]
    path.write_text("\n".join(tables))
    path.chmod(0o600)


def test_every_option_of_every_command(
    shell: str, script: Path, env: dict[str, str], tmp_path: Path
) -> None:
    """Those that the parsers know, and no others."""
    lines = [f"{form.name} {'smtp x ' if not form.words else ''}-" for form in forms()]
    found = candidates(shell, script, lines, env, tmp_path)
    for form, offered in zip(forms(), found, strict=True):
        assert set(offered) == {name for option in form.options for name in option.names}


def test_words_and_values(shell: str, script: Path, env: dict[str, str], tmp_path: Path) -> None:
    """Subcommands, protocols, choices in both forms, mechanisms, targets; never a wrong place."""
    wanted = {
        "mailprobe ": PROTOCOLS | SUBCOMMANDS.keys(),
        "mailprobe rep": {"replay"},
        "mailprobe pop3 sa": {"sandbox", *(f"sandbox/{name}" for name in PROFILES)},
        "mailprobe pop3 sandbox/mu": {"sandbox/muse"},
        "mailprobe sandbox --profile st": {"strict"},
        "mailprobe --plain pop3 sandbox/pl": {"sandbox/plain"},
        "mailprobe --ehlo replay pop3 sandbox/la": {"sandbox/lax"},
        "mailprobe transcript ": {form.words[1] for form in forms() if len(form.words) == 2},
        "mailprobe completion ": set(SHELLS),
        "mailprobe replay --match ": {"class", "code", "text"},
        "mailprobe replay -j 3 x.mpt --match c": {"class", "code"},
        "mailprobe transcript export --to sv": {"svg"},
        "mailprobe smtp x --auth ": {*sasl.MECHANISMS, "APOP"},
        "mailprobe smtp x --color=al": {"always"},
        "mailprobe smtp x --user ": set(),
        "mailprobe send --ret ": {"FULL", "HDRS"},
        "mailprobe send --notify S": {"SUCCESS"},
        "mailprobe send x --mt-priority 7": {"7"},
        "mailprobe smtp x --proxy-protocol v2": {"v2", "v2,local"},
        "mailprobe smtp x --stop-after eh": {"ehlo"},
        "mailprobe pop3 x --drop-before-reply retr": {"retr"},
    }
    found = candidates(shell, script, list(wanted), env, tmp_path)
    for (line, words), offered in zip(wanted.items(), found, strict=True):
        shown = {re.sub("^--color=", "", word) for word in offered}
        assert shown == words, line


def test_profiles(
    shell: str, script: Path, env: dict[str, str], tmp_path: Path, home: Path
) -> None:
    """`@NAME` for each of config.toml, as the first word or the second."""
    configure(home, "work", "work.two", "other")
    lines = ["mailprobe @", "mailprobe smtp @wo", "mailprobe smtp "]
    first, second, third = candidates(shell, script, lines, env, tmp_path)
    assert set(first) == {"@work", "@work.two", "@other"}
    assert set(second) == {"@work", "@work.two"}
    assert {"sandbox", "unix:/", "@work", "@work.two", "@other"} <= set(third)


@pytest.mark.parametrize("liar", [False, True], ids=["file", "program"])
def test_hostile_names(
    shell: str, script: Path, env: dict[str, str], tmp_path: Path, home: Path, *, liar: bool
) -> None:
    """Neither a file nor a program that prints them has them run, or offered."""
    configure(home, "work", *HOSTILE)
    wanted: set[str] = set()
    if liar:
        path = tmp_path / "bin" / "mailprobe"
        lines = "\n".join(["work", *HOSTILE])
        path.write_text(f"#!/bin/sh\ncat <<'EOF'\n{lines}\nEOF\n")
        wanted = {"@work"}
    (found,) = candidates(shell, script, ["mailprobe smtp @"], env, tmp_path)
    assert set(found) == wanted
    assert not list(tmp_path.rglob("ran"))


def test_profiles_are_listed(home: Path) -> None:
    """A name a line; nothing where there is no file, a Failure where it is wrong."""
    assert inside("completion", "--profiles", env={"HOME": str(home)}).out == ""
    configure(home, "work", "home")
    assert inside("completion", "--profiles", env={"HOME": str(home)}).out == "home\nwork\n"
    configure(home, "a b")
    assert inside("completion", "--profiles", env={"HOME": str(home)}).word == "usage"
    assert inside("completion").word == "usage"
    assert inside("completion", "tcsh").word == "usage"


# ------------------------------------------------------------------------------- in a terminal

_SHOW = {
    # in the place of the program: what it is given
    "bash": "mailprobe() { local IFS='|'; printf '[[%s]]\\n' \"$*\"; }; bind 'set bell-style none'",
    "zsh": 'mailprobe() { print -r -- "[[${(j:|:)@}]]" }; unsetopt beep',
    "fish": "function mailprobe; echo '[['(string join '|' $argv)']]'; end",
}
_START = {
    "bash": (["--norc", "--noprofile", "-i"], "source {script}"),
    "zsh": (["-f", "-i"], "autoload -Uz compinit; compinit -u -D; source {script}"),
}


@pytest.mark.terminal
@pytest.mark.parametrize("shell", ["bash", "zsh"], indirect=True)
def test_in_a_terminal(
    shell: str, script: Path, env: dict[str, str], tmp_path: Path, home: Path
) -> None:
    """Tab and Enter as a person presses them: the words that the program gets.

    `@`, `:` and `=` end a word for readline; a file with a blank is quoted.
    """
    configure(home, "work")
    (tmp_path / "my file.pem").write_text("")
    (tmp_path / "folder").mkdir()
    words, start = _START[shell]
    with Typing(program(shell), words, env, tmp_path) as typing:
        typing.ask(start.format(script=script))
        typing.ask(_SHOW[shell])
        assert typing.complete("mailprobe repl") == ["replay"]
        assert typing.complete("mailprobe smtp @wo") == ["smtp", "@work"]
        assert typing.complete("mailprobe smtp x --color=al") == ["smtp", "x", "--color=always"]
        assert typing.complete("mailprobe smtp unix") == ["smtp", "unix:/"]
        assert typing.complete("mailprobe smtp x --ca my") == ["smtp", "x", "--ca", "my file.pem"]
        folder = typing.complete("mailprobe replay fol")
        assert [word.rstrip("/") for word in folder] == ["replay", "folder"]  # zsh takes it away
        folder = typing.complete("mailprobe replay x --save-failures fol")
        assert folder[-1].rstrip("/") == "folder"
