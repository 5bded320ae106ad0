"""Killed at any moment: what a recording has acknowledged is in a file that is read."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from mailprobe.transcript.load import load
from mailprobe.transcript.model import FileLine, Wire

KILLS = 200 if settings().max_examples >= 1000 else 20  # in the profile of CI
FEW = KILLS // 10  # of the whole program, which takes its time to start
UNLIKE = ("C~ PASS {password}", r"S\ +OK\s", "C: ..dot", "S: ..dot")  # a screen shows ****, .dot

# One process that forks: a child records without end and tells of each event that it has given
# to the recorder; its parent reads on up to a moment of chance, and kills it.
CHILDREN = r"""
import json, os, random, signal, sys
from pathlib import Path
from mailprobe.protocol.items import Answer, Data, Raw
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import SMTP
from tests.transcript.dialogue import Dialogue

def smtp(path, told):
    dialogue = Dialogue(path, SMTP)
    dialogue.hear(b"220 hi\r\n")
    number = 0
    def did(what, octets):
        nonlocal number
        what(octets.replace(b"#", b"<%d>" % number))
        told(number)
        number += 1
    say, hear = dialogue.say, dialogue.hear
    dialogue.say(b"AUTH PLAIN AHphYwBzZWNyZXQtb2YtemFj")
    dialogue.hear(b"235 ok\r\n")
    while True:
        did(say, b"NOOP #\xff\x1b\xe4\xbd\xa0")
        did(hear, b"250-# secret-of-zac\r\n250 {x} \\x41 @tls\r\n")
        did(lambda octets: say(Raw(octets)), b"VRFY #\r\nVRFY b\n")
        dialogue.hear(b"252 a\r\n252 b\r\n")
        dialogue.recorder.note("a note")
        dialogue.say(b"DATA")
        dialogue.hear(b"354 go\r\n")
        did(lambda octets: say(Data(octets)), b"half of #")
        did(lambda octets: say(Data(octets)), b" a line #\r\n..dot\r\n.\r\n")
        did(hear, b"250 #\r\n")

def pop3(path, told):
    dialogue = Dialogue(path, POP3)
    dialogue.hear(b"+OK hi\r\n")
    number = 0
    while True:
        dialogue.say(b"RETR 1")
        # more than is kept inline: it moves to a file of its own, and is there when it is whole
        size = random.choice((1, 400, 6000))
        dialogue.hear(b"+OK <%d>\r\n" % number)
        told(number)
        number += 1
        dialogue.hear(b"a line of <%d>\r\n" % number * size + b".\r\n")
        told(number)
        number += 1

for attempt in range(int(sys.argv[2])):
    random.seed(attempt)
    name = "pop3" if attempt % 2 else "smtp"
    path = Path(sys.argv[1], f"{attempt}.mpt")
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            globals()[name](path, lambda number: os.write(writing, b"%d\n" % number))
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as lines:
        count = random.randrange(1, 60 if name == "pop3" else 600)
        seen = [lines.readline() for _ in range(count)]
        os.kill(child, signal.SIGKILL)
        seen += lines.read().split(b"\n")[:-1]
    _, status = os.waitpid(child, 0)
    print(json.dumps([name, len(seen), os.WTERMSIG(status)]), flush=True)
"""


def octets_of(path: Path) -> dict[str, bytes]:
    """What a recording says of each direction, with the bodies beside it."""
    said = {"C": b"", "S": b""}
    for line in load(path).lines:
        if isinstance(line, Wire):
            said[line.side] += b"".join(
                piece if isinstance(piece, bytes) else b"?" for piece in line.pieces
            )
        elif isinstance(line, FileLine):
            said[line.side] += (path.parent / line.path).read_bytes()
    return said


@pytest.mark.slow
def test_two_hundred_kills_lose_nothing_that_was_told(tmp_path: Path) -> None:
    """Every file is one that is read as it was left, and every event is in it."""
    run = [sys.executable, "-c", CHILDREN, str(tmp_path), str(KILLS)]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    ended = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(ended) == KILLS
    for attempt, (_, told, signal) in enumerate(ended):
        assert signal == 9
        said = octets_of(tmp_path / f"{attempt}.mpt")
        found = set(map(int, re.findall(rb"<(\d+)>", said["C"] + said["S"])))
        assert not set(range(told)) - found, attempt
        assert b"secret-of-zac" not in (tmp_path / f"{attempt}.mpt").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["smtp", "pop3"])
def test_a_kill_of_the_program(tmp_path: Path, protocol: str) -> None:
    """`mailprobe smtp sandbox --record`: whatever it has printed stands in the recording."""
    script = tmp_path / "script"
    lines = {
        "smtp": "".join(
            f"NOOP {n}\nMAIL FROM:<a{n}@example.test>\nRCPT TO:<bob@example.test>\nDATA\n"
            f"Subject: {n}\n\n.dot\n.\nRSET\n"
            for n in range(2000)
        ),
        "pop3": "USER alice\nPASS secret\n" + "RETR 1\nNOOP\nUIDL\n" * 3000,
    }
    script.write_text(("EHLO a\n" if protocol == "smtp" else "") + lines[protocol])
    for attempt in range(FEW):
        path = tmp_path / f"{attempt}.mpt"
        run = [sys.executable, "-m", "mailprobe", protocol, "sandbox"]
        options = ["--record", str(path), "--script", str(script), "--keep-going"]
        with subprocess.Popen([*run, *options], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            printed = [child.stdout.readline() for _ in range(1 + attempt * 37)]
            child.kill()
            printed += child.stdout.read().split(b"\n")[:-1]
        assert child.returncode == -9
        texts = [line.text for line in load(path).lines if isinstance(line, Wire)]
        spoken = [line.decode().rstrip("\n") for line in printed if line[:2] in (b"C:", b"S:")]
        assert spoken
        for said, text in zip(spoken, texts[: len(spoken)], strict=True):
            assert said == text or text in UNLIKE, said
