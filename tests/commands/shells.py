"""Real shells that complete what a test types: bash, zsh and fish."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pexpect
import pytest

LIMIT = 60.0  # seconds

# A completion is asked for as readline does it, but without a word that begins behind `@` or `=`.
_BASH = """
source "$1"; shift
COMP_WORDBREAKS=$' \\t\\n'
for COMP_LINE in "$@"; do
    COMP_POINT=${#COMP_LINE}
    _mailprobe 2>/dev/null
    printf '%s\\n' "${COMPREPLY[@]}"
    printf '%s\\n' ==
done
"""
_FISH = """
source $argv[1]
for line in $argv[2..]
    complete -C $line
    echo ==
end
"""
# What completion would add goes into a file, and nothing is added.
_ZSH = """
autoload -Uz compinit; compinit -u -D; source {script}
compadd() {{
    if [[ ${{@[1,(i)(-|--)]}} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
    local -a __hits; builtin compadd -A __hits "$@"
    (( $#__hits )) && print -rl -- $__hits >>{out}
}}
bindkey '^I' complete-word; unsetopt beep; setopt no_always_last_prompt
"""


def program(name: str) -> str:
    """The path of a shell; without it the test is skipped."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed (.ci/servers installs it)")
    return path


def install(folder: Path) -> dict[str, str]:
    """Put mailprobe on a PATH; the environment of a shell that has it there."""
    file = folder / "mailprobe"
    file.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mailprobe "$@"\n')
    file.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "LANG": "C.UTF-8"}


def candidates(
    shell: str, script: Path, lines: Sequence[str], env: dict[str, str], folder: Path
) -> list[list[str]]:
    """What `shell` offers at the end of each line."""
    if shell == "zsh":
        return _by_zsh(script, lines, env, folder)
    command = {
        "bash": ["--norc", "-c", _BASH, "bash"],
        "fish": ["--no-config", "-c", _FISH],
    }[shell]
    ran = subprocess.run(
        [program(shell), *command, str(script), *lines],
        capture_output=True,
        text=True,
        env=env,
        cwd=folder,
        timeout=LIMIT,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, ""), ran
    found = [block.split("\n") for block in ran.stdout.split("==\n")[:-1]]
    return [[line.split("\t")[0] for line in block if line] for block in found]


def _by_zsh(
    script: Path, lines: Sequence[str], env: dict[str, str], folder: Path
) -> list[list[str]]:
    found = []
    with Typing(program("zsh"), ["-f", "-i"], env, folder) as zsh:
        zsh.ask(_ZSH.format(script=script, out=folder / "candidates").replace("\n", "; "))
        for line in lines:
            out = folder / "candidates"
            out.write_text("")
            zsh.ask(f"{line}\t", "\x15")
            found.append([each for each in out.read_text().split("\n") if each])
    return found


class Typing:
    """A shell in a terminal; each line is typed at a prompt, where the shell reads keys itself."""

    def __init__(self, path: str, words: list[str], env: dict[str, str], folder: Path) -> None:
        quiet = {**env, "TERM": "dumb", "INPUTRC": "/dev/null"}
        self.child = pexpect.spawn(path, words, env=quiet, cwd=str(folder), timeout=LIMIT)  # type: ignore[arg-type]  # as it takes it
        self.child.delaybeforesend = None
        self.child.setwinsize(50, 300)
        self._asked = 0
        if path.endswith("zsh"):
            self.child.send("setopt promptsubst\r")
        self.ask("PS1='<$((1+1))>'")

    def __enter__(self) -> "Typing":
        return self

    def __exit__(self, *error: object) -> None:
        self.child.close(force=True)

    def ask(self, line: str, end: str = "\r") -> None:
        """Type a line, and wait for the prompt behind what it does.

        A prompt that comes before that is the old one, drawn again.
        `end` "\\x15" (Ctrl-U) takes the line away in the place of sending it.
        """
        self._asked += 1
        self.child.send(f"{line}{end}echo done-{self._asked}-$((1+1))\r")
        self.child.expect_exact(f"done-{self._asked}-2")
        self.child.expect_exact("<2>")

    def complete(self, typed: str) -> list[str]:
        """Type, press Tab and Enter: the words that the command is given."""
        self.child.send(f"{typed}\t\r")
        self.child.expect(r"\[\[(.*?)\]\]")
        found = self.child.match[1].decode()
        self.child.expect_exact("<2>")
        return [word for word in found.split("|") if word]
