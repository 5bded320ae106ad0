"""`mailprobe replay` with the real player, against the sandbox that starts inside."""

import json
import os
import signal
import threading
from pathlib import Path

import pytest

from tests.commands.inside import Ran, inside, write
from tests.hostile import probe
from tests.hostile import server as at
from tests.hostile.server import ScriptedServer, send, stall

SMTP = "mailprobe: 1\nprotocol: smtp\nconnect: sandbox\n\nS? 220\n"
GOOD = SMTP + "C: EHLO x\nS? 250\nC: QUIT\nS? 221\n"
OLD = (
    SMTP.replace("\n\n", "\nmatch: text\n\n")
    + "# kept\nC: NOOP\nS: 250 2.0.0 As it was\nC: QUIT\nS: 221 2.0.0 Goodbye\n"
)
NEW = OLD.replace("As it was", "Here I am")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "t"
    folder.mkdir()
    return folder


def replay(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> Ran:
    return inside("replay", str(folder), *arguments, env=env)


def test_a_file_that_passes(folder: Path) -> None:
    """Status 0, one line and the count."""
    write(folder / "a.mpt", GOOD)
    ran = replay(folder)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(f"ok   {folder}/a.mpt")


def test_a_file_that_fails(folder: Path, tmp_path: Path) -> None:
    """The line, the caret, the reply; and what happened instead is kept as a transcript."""
    write(folder / "a.mpt", SMTP + "== Hello\nC: EHLO x\nS? 250\nS+ XYZ 1\n")
    ran = replay(folder, "--save-failures", str(tmp_path / "failures"))
    assert (ran.status, ran.word) == (1, "mismatch")
    assert f"FAIL {folder}/a.mpt > Hello" in ran.out
    assert "   > 9 | S+ XYZ 1\n       |    ^^^" in ran.out
    assert 'reply to "EHLO x" (127.0.0.1:' in ran.out
    (saved,) = (tmp_path / "failures").iterdir()
    assert f"  saved: {saved}\n" in ran.out
    assert inside("transcript", "show", str(saved)).status == 0


def test_nobody_listens(folder: Path) -> None:
    """Status 4, word `connect`."""
    with at.closed_port() as port:
        write(folder / "a.mpt", GOOD.replace("sandbox", f"127.0.0.1:{port}"))
        ran = replay(folder)
    assert (ran.status, ran.word) == (4, "connect")


def test_intrusive_ones_are_skipped(folder: Path) -> None:
    """With the reason; and then nothing ran."""
    write(folder / "a.mpt", GOOD.replace("\n\n", "\ntags: intrusive\n\n"))
    ran = replay(folder)
    assert (ran.status, ran.word) == (5, "usage")
    assert "-t intrusive" in ran.out


def test_many_at_a_time_without_order_lost(folder: Path, tmp_path: Path) -> None:
    """Twenty files by four threads."""
    for number in range(20):
        write(folder / f"{number:02}.mpt", GOOD)
    ran = replay(folder, "-j", "4", "--report", f"json={tmp_path / 'events'}")
    assert ran.status == 0
    events = [json.loads(line) for line in (tmp_path / "events").read_text().split("\n")[:-1]]
    names = [Path(event["name"]).name for event in events if event["event"] == "result"]
    assert names == [f"{number:02}.mpt" for number in range(20)]


# ---------------------------------------------------------------------------------------- bless


def test_bless(folder: Path) -> None:
    """The reply that came stands in the file, all else is as it was; and it passes then."""
    path = write(folder / "a.mpt", OLD)
    assert replay(folder).status == 1
    ran = replay(folder, "--bless")
    assert (ran.status, ran.err) == (0, f"note: blessed {path}\n")
    assert path.read_text() == NEW
    ran = replay(folder, "--bless")
    assert (ran.status, ran.err, path.read_text()) == (0, "", NEW)


def test_bless_diff(folder: Path) -> None:
    """It shows what would change, and writes nothing: status 1."""
    path = write(folder / "a.mpt", OLD)
    ran = replay(folder, "--bless-diff")
    assert (ran.status, ran.word) == (1, "mismatch")
    assert "-S: 250 2.0.0 As it was\n+S: 250 2.0.0 Here I am\n" in ran.out
    assert path.read_text() == OLD


def test_what_is_not_blessed_is_told(folder: Path) -> None:
    """It fails as ever, and nothing is written."""
    text = SMTP + "C: NOOP\nS? 251\n"
    path = write(folder / "a.mpt", text)
    ran = replay(folder, "--bless")
    assert (ran.status, ran.word) == (1, "mismatch")
    assert f"note: {path}:7:1 is not blessed: " in ran.err
    assert path.read_text() == text


@pytest.mark.parametrize("force", [False, True])
def test_bless_in_ci(folder: Path, force: bool) -> None:
    """Only when somebody insists; a diff is harmless."""
    path = write(folder / "a.mpt", OLD)
    ran = replay(folder, "--bless", *(["--force"] if force else []), env={"CI": "true"})
    assert ran.status == (0 if force else 2)
    assert path.read_text() == (NEW if force else OLD)
    assert force or replay(folder, "--bless-diff", env={"CI": "true"}).status == 1


# ---------------------------------------------------------------------------------- interruption


@pytest.mark.parametrize("jobs", ["1", "4"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_wait_for_a_server(
    folder: Path, tmp_path: Path, jobs: str, number: int
) -> None:
    """130 at once, with the results so far, the one that was stopped, and whole reports."""
    write(folder / "a.mpt", GOOD)
    waits = threading.Event()
    steps = (send(b"220 mx\r\n"), at.expect(b"NOOP"), lambda peer: waits.set(), stall)
    with ScriptedServer(*steps) as server:
        text = SMTP.replace("sandbox", f"127.0.0.1:{server.port}") + "C: NOOP\nS? 250\n"
        write(folder / "b.mpt", text)
        report = tmp_path / "junit.xml"
        with probe.Live("replay", folder, "-j", jobs, "--report", f"junit={report}") as live:
            assert live.line().startswith("ok ")
            assert waits.wait(probe.LONG)
            os.kill(live.process.pid, number)
            assert live.process.wait(probe.LONG) == 130
            ended = live.finish()
    assert ended.err == ""
    assert "interrupted" in ended.out
    assert report.read_text().count("<testcase ") == 2
    assert report.read_text().count('<error type="interrupted"') == 1
