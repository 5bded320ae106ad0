"""F4: DATA of 200 MB from a file, whole processes: mailprobe records it, curl does not."""

import sys
from functools import partial
from pathlib import Path

from measure import (
    ROOT,
    Command,
    Figure,
    Run,
    compare,
    compile_peer,
    empty,
    folder,
    process,
    server,
    show,
)

OCTETS = 200_000_000
RESIDENT = 40  # MB
_LINE = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMN\r\n"


def measure() -> list[Figure]:
    with folder() as tools, server([compile_peer(tools), "smtp"]) as port, folder() as place:
        message = tools / "message"
        write_message(message)
        figure = compare(
            "F4",
            "DATA 200 MB from a file, recorded",
            partial(_mailprobe, port, place, message),
            "curl",
            partial(_curl, port, message),
            limit=0.9,
            most=RESIDENT,
        )
        return [figure]


def write_message(message: Path) -> None:
    block = _LINE * 4096
    with message.open("wb") as file:
        for _ in range(OCTETS // len(block)):
            file.write(block)


def _mailprobe(port: str, place: Path, message: Path) -> Run:
    empty(place)
    work = ROOT / "benchmarks" / "sessions.py"
    return process([sys.executable, work, "data", port, place, message])


def _curl(port: str, message: Path) -> Run:
    url = f"smtp://127.0.0.1:{port}/client.example"
    sender, recipient = "me@client.example", "bob@example.test"
    words: Command = ["--mail-from", sender, "--mail-rcpt", recipient, "--upload-file", message]
    return process(["curl", "--silent", "--fail", *words, url])


if __name__ == "__main__":
    show(measure)
