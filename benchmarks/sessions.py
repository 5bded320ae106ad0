"""What mailprobe does in the benchmarks: one `Session` with a recorder, in a process of its own.

    sessions.py retr PORT FOLDER            fetch message 1 into FOLDER/recording.1.body
    sessions.py data PORT FOLDER MESSAGE    send the file MESSAGE
    sessions.py noop PORT FOLDER COUNT      NOOP so often; prints the seconds that it took
    sessions.py play PORT FILE COUNT        play a transcript so often; prints the seconds, too

The recording is FOLDER/recording; `retr-unrecorded` and `data-unrecorded` make none, and write the
message into FOLDER/message.
"""

import sys
import time
from collections.abc import Callable
from functools import partial
from io import RawIOBase
from pathlib import Path

from mailprobe.protocol.connection import catalogue_of
from mailprobe.protocol.events import BodyChunk, DataSent, Event
from mailprobe.protocol.framing import Stuffer
from mailprobe.protocol.items import Data
from mailprobe.protocol.model import Protocol
from mailprobe.session import Observer, Session, Settings
from mailprobe.transcript.record import Recorder
from mailprobe.transport.stream import BUFFER
from mailprobe.transport.target import parse_target

Work = tuple[Session, Recorder | None]


def open_session(
    protocol: Protocol, port: str, folder: Path, observer: Observer | None = None
) -> Work:
    """A session with a recorder, or with `observer` in its place."""
    address = f"127.0.0.1:{port}"
    recorder = Recorder(folder / "recording") if observer is None else None
    if recorder is not None:
        recorder.begin(protocol, address)
    observers = [observer or recorder]
    session = Session(catalogue_of(protocol), observers, Settings(keep_bodies=False))
    session.open(parse_target(address, protocol))
    return session, recorder


def end(work: Work) -> None:
    session, recorder = work
    say(session, b"QUIT")
    session.close()
    if recorder is not None:
        recorder.close()


def say(session: Session, *lines: bytes) -> None:
    for line in lines:
        exchange = session.exchange(line)
        if exchange is None or exchange.replies[-1].refused:
            sys.exit(f"refused: {line!r}")


def retr(port: str, folder: Path) -> None:
    """The file that observes the body is the recorder's own, beside the recording."""
    work = open_session(Protocol.POP3, port, folder)
    say(work[0], b"USER alice", b"PASS secret", b"RETR 1")
    end(work)


def retr_unrecorded(port: str, folder: Path) -> None:
    with (folder / "message").open("wb", buffering=0) as file:
        work = open_session(Protocol.POP3, port, folder, partial(keep, file))
        say(work[0], b"USER alice", b"PASS secret", b"RETR 1")
        end(work)


def data_unrecorded(port: str, folder: Path, message: str) -> None:
    with (folder / "message").open("wb", buffering=0) as file:
        data(port, folder, message, partial(keep, file))


def keep(file: RawIOBase, event: Event) -> None:
    """An observer of bodies that does nothing else."""
    if isinstance(event, BodyChunk | DataSent):
        file.write(event.octets)


def data(port: str, folder: Path, message: str, observer: Observer | None = None) -> None:
    work = open_session(Protocol.SMTP, port, folder, observer)
    session, _ = work
    say(session, b"EHLO client.example", b"MAIL FROM:<me@client.example>")
    say(session, b"RCPT TO:<bob@example.test>", b"DATA")
    stuffer = Stuffer()
    with Path(message).open("rb", buffering=0) as file:
        while chunk := file.read(BUFFER):
            session.send(Data(stuffer.feed(chunk)))
    session.send(Data(stuffer.finish()))
    if not session.wait():
        sys.exit("interrupted")
    end(work)


def noop(port: str, folder: Path, count: str) -> None:
    work = open_session(Protocol.SMTP, port, folder)
    session, _ = work
    say(session, b"EHLO client.example")
    begun = time.monotonic()
    for _ in range(int(count)):
        session.exchange(b"NOOP")
    print(time.monotonic() - begun)
    end(work)


def play_often(port: str, path: Path, count: str) -> None:
    """As `mailprobe replay` does, without what it does once for a file."""
    from mailprobe.player.client import play
    from mailprobe.player.options import Options
    from mailprobe.player.playing.prepared import Prepared
    from mailprobe.player.results import Verdict
    from mailprobe.transcript.load import load

    options = Options(servers={1: f"127.0.0.1:{port}"})
    prepared = Prepared(load(path), path, options)
    prepared.check()
    begun = time.monotonic()
    verdicts = {play(prepared).result.verdict for _ in range(int(count))}
    print(time.monotonic() - begun)
    sys.exit(verdicts != {Verdict.PASSED})


if __name__ == "__main__":
    name, port, folder, *rest = sys.argv[1:]
    works: dict[str, Callable[..., None]] = {
        "retr": retr,
        "retr-unrecorded": retr_unrecorded,
        "data": data,
        "data-unrecorded": data_unrecorded,
        "noop": noop,
        "play": play_often,
    }
    works[name](port, Path(folder), *rest)
