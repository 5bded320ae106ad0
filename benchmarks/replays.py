"""Transcripts that the benchmarks play, and the command that plays them."""

import sys
from pathlib import Path

from measure import Command

# What the entry point of an installed package does, without the wrapper of one installer.
ENTRY = "import sys; from mailprobe.__main__ import main; sys.exit(main())"

HEAD = "mailprobe: 1\nprotocol: smtp\n\n"
_HELLO = "S? 220\nC: EHLO client.example\nS? 250\n"
_MESSAGE = "C: Subject: short\nC:\nC: A short mail.\nC: .\nS? 250\n"
_END = "C: QUIT\nS? 221\n"
_GROUP = (
    "MAIL FROM:<me@client.example>",
    *(f"RCPT TO:<guest{number}@example.test>" for number in range(10)),
    "DATA",
)

# One mail, every command after the reply to the last.
SHORT = (
    f"{HEAD}{_HELLO}C: MAIL FROM:<me@client.example>\nS? 250\nC: RCPT TO:<bob@example.test>\n"
    f"S? 250\nC: DATA\nS? 354\n{_MESSAGE}{_END}"
)


def _answer(command: str) -> str:
    return f"S? {354 if command == 'DATA' else 250}\n"


# A mail to ten, each command after the reply to the last, and all commands in one write.
LOCK_STEP = (
    HEAD
    + _HELLO
    + "".join(f"C: {command}\n{_answer(command)}" for command in _GROUP)
    + _MESSAGE
    + _END
)
PIPELINED = (
    HEAD
    + _HELLO
    + "".join(f"C: {command}\n" for command in _GROUP)
    + "".join(map(_answer, _GROUP))
    + _MESSAGE
    + _END
)


def replay(port: str, path: Path, *options: str) -> Command:
    """`mailprobe replay` of a file or a folder against a port of this machine."""
    words = ("replay", "--server", f"127.0.0.1:{port}", *options, str(path))
    return [sys.executable, "-c", ENTRY, *words]


def fill(folder: Path, count: int, text: str = SHORT) -> None:
    """So many transcripts, each a file of its own."""
    folder.mkdir(exist_ok=True)
    for number in range(count):
        (folder / f"{number:05}.mpt").write_text(text)
