"""The guides as a reader carries them out: their files, and their commands with what they print."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from mailprobe.value import frozen

ROOT = Path(__file__).parents[2]
GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
HOMES = (ROOT / "docs" / "index.md", ROOT / "docs" / "zh" / "index.md")
_BLOCK = re.compile(r"^```([a-z]+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@frozen
class Block:
    """A block of code; `title` is the name of a file that it is."""

    language: str
    title: str
    text: str

    def commands(self) -> Iterator[tuple[str, str]]:
        """Of a console block: each command, and what it prints."""
        for part in re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            while command.endswith("\\"):
                more, _, output = output.partition("\n")
                command += f"\n{more}"
            yield command, output


def blocks(page: Path) -> list[Block]:
    """All blocks of a page, in their order."""
    return [Block(*match.groups("")) for match in _BLOCK.finditer(page.read_text("utf-8"))]


def write(block: Block, folder: Path) -> None:
    """Make the file that a block is."""
    path = folder / block.title
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, "utf-8")


def program(folder: Path) -> Path:
    """A folder in which `mailprobe` is the program of this tree."""
    found = folder / "mailprobe"
    if not found.exists():
        folder.mkdir(parents=True, exist_ok=True)
        found.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mailprobe "$@"\n')
        found.chmod(0o755)
    return folder


def run(command: str, folder: Path, programs: Path) -> str:
    """What a command prints, on both channels."""
    ran = subprocess.run(
        ["bash", "-c", command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
        text=True,
        timeout=60,
        check=False,
    )
    return ran.stdout
