"""stabilise: played several times, and what differed is loosened; what does not pass is told."""

from itertools import count
from pathlib import Path

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.player.options import Options
from mailprobe.player.stabilise import stabilise
from mailprobe.transcript.load import load
from mailprobe.transcript.model import Level
from tests.hostile.server import Peer, ScriptedServer, Step, expect, send
from tests.player.scenes import write

RUNS = 3


def numbered(octets: bytes) -> Step:
    """Say something with the number of the connection in it, from 1 on."""
    numbers = count(1)
    return lambda peer: peer.say(octets % next(numbers))


def made(
    folder: Path,
    steps: list[Step],
    lines: str,
    header: str = "",
    *,
    options: Options | None = None,
    protocol: str = "smtp",
) -> list[str]:
    """The lines behind the header, when they have been played against a server of `steps`."""
    with ScriptedServer(*steps) as server:
        top = f"protocol: {protocol}\nconnect: 127.0.0.1:{server.port}"
        path = write(folder, lines, f"{top}\n{header}" if header else top)
        before = path.read_bytes()
        octets = stabilise(load(path, path.name), path, options or Options(), RUNS)
        assert path.read_bytes() == before
    return octets.decode().split("\n")[9:-1]


BYE = [expect(b"QUIT"), send(b"221 bye\r\n")]
LINES = "S: 220 mx id=7 x\nC: QUIT\nS: 221 bye\n"


@pytest.mark.parametrize(
    "header, options",
    [
        ("", Options()),
        ("match: text", Options()),
        ("match: class", Options()),
        ("match: class", Options(level=Level.TEXT)),
    ],
)
def test_what_differs_is_loosened(tmp_path: Path, header: str, options: Options) -> None:
    """And nothing else, whatever the level: the texts are what is asked about."""
    steps = [numbered(b"220 mx id=%d x\r\n"), *BYE]
    found = made(tmp_path, steps, LINES, header, options=options)
    assert found == ["S~ 220 mx id={:int=7} x", "C: QUIT", "S: 221 bye"]


def test_what_does_not_differ_stays(tmp_path: Path) -> None:
    """The file comes out as it went in."""
    found = made(tmp_path, [send(b"220 mx id=7 x\r\n"), *BYE], LINES)
    assert "\n".join(found) + "\n" == LINES


def test_bodies(tmp_path: Path) -> None:
    """Of multi-line responses, too; one that is long is left alone."""
    steps = [
        send(b"+OK\r\n"),
        expect(b"RETR"),
        numbered(b"+OK\r\n..a %d\r\nb\r\n.\r\n"),
        expect(b"RETR"),
        numbered(b"+OK\r\n" + (b"c" * 600_000 + b"\r\n") * 2 + b"%d\r\n.\r\n"),
        expect(b"QUIT"),
        send(b"+OK\r\n"),
    ]
    lines = "S: +OK\nC: RETR 1\nS: +OK\nS: ..a 9\nS: b\nS: .\n"
    lines += "C: RETR 1\nS: +OK\nS: c\nS: .\nC: QUIT\nS: +OK\n"
    found = made(tmp_path, steps, lines, protocol="pop3")
    assert found == lines.replace("S: ..a 9", "S~ ..a {:int=9}").split("\n")[:-1]


def test_each_value_of_a_matrix_and_each_mistake(tmp_path: Path) -> None:
    """All of them are played in every run."""
    heard: list[bytes] = []

    def hear(peer: Peer) -> None:
        line = peer.line()
        heard.append(line)
        peer.say(b"250 ok\r\n" if line.startswith(b"NOOP") else b"500 %d\r\n" % len(heard))

    steps = [send(b"220 mx\r\n"), hear, *BYE]
    lines = (
        "S: 220 mx\n@wrong\nC: HELP\nS: 500 x\n@end\nC~ NOOP {v}\nS: 250 ok\nC: QUIT\nS: 221 bye\n"
    )
    found = made(tmp_path, steps, lines, "matrix v: a=1 | b=2")
    assert found[3] == "S~ 500 {:qid=x}"
    assert found[:3] + found[4:] == [*lines.split("\n")[:3], *lines.split("\n")[4:-1]]
    assert sorted(heard) == [b"HELP"] * 2 * RUNS + [b"NOOP 1"] * RUNS + [b"NOOP 2"] * RUNS


def test_a_run_that_fails(tmp_path: Path) -> None:
    """Another code is no matter of wording: told with its place, and nothing is made."""
    with pytest.raises(Failure, match=r"test.mpt:10:4: the reply code is 554, not 220") as caught:
        made(tmp_path, [send(b"554 no\r\n")], LINES)
    assert caught.value.word is Word.MISMATCH


def test_a_file_that_is_skipped(tmp_path: Path) -> None:
    """There is nothing that could differ; why is said."""
    with pytest.raises(Failure, match=r"test.mpt is not played: tagged intrusive") as caught:
        made(tmp_path, [], LINES, "tags: intrusive")
    assert caught.value.word is Word.USAGE


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    """What went wrong keeps its word."""
    path = write(tmp_path, LINES, "protocol: smtp\nconnect: 127.0.0.1:1")
    with pytest.raises(Failure) as caught:
        stabilise(load(path, path.name), path, Options(), 1)
    assert caught.value.word is Word.CONNECT
