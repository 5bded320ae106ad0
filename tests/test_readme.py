"""README shows what the program prints: every console block of it is run and compared."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
_BLOCK = re.compile(r"^```console\n\$ (.*)\n((?:.*\n)*?)```$", re.MULTILINE)
BLOCKS = [(match[1], match[2]) for match in _BLOCK.finditer(README)]


@pytest.mark.parametrize("command, expected", BLOCKS, ids=[command[:50] for command, _ in BLOCKS])
def test_console_block(command: str, expected: str, tmp_path: Path) -> None:
    """A block prints what README shows; `...` stands for what differs from run to run."""
    program = tmp_path / "bin" / "mailprobe"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mailprobe "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        ["sh", "-c", command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        text=True,
        timeout=60,
        check=False,
    )
    pattern = re.escape(expected).replace(re.escape("..."), ".+")
    assert re.fullmatch(pattern, ran.stdout), ran.stdout


def test_console_blocks_are_found() -> None:
    """README keeps its examples in a form that this test reads."""
    assert len(BLOCKS) == README.count("```console")
    assert len(BLOCKS) >= 4


def test_local_commands_are_those_of_the_table() -> None:
    """README names every local command, and no other."""
    from mailprobe.shell.local.commands import COMMANDS

    table = README[README.index("| local command |") : README.index("`--plain`")]
    assert set(re.findall(r"`/([a-z-]+)", table)) == set(COMMANDS)
