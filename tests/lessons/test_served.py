"""The shipped lessons in the other direction: each is the server for the client of its solution."""

from pathlib import Path

import pytest

from mailprobe.player.client import play
from mailprobe.player.options import Options
from mailprobe.player.playing.prepared import Prepared
from mailprobe.player.reports.lines import details
from mailprobe.player.results import Verdict
from mailprobe.player.server import Server
from mailprobe.transcript.load import load
from mailprobe.transcript.model import Wrong
from mailprobe.transport.link import TlsSettings
from tests.interop.talk import LIMIT

COURSE = Path(__file__).parents[2] / "mailprobe" / "lessons" / "course"
# What a lesson has from its profile only: a zone, and faults of the wire.
FILES = [path for path in sorted(COURSE.glob("*.mpt")) if path.stem < "09"]

each_file = pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])


def replay(path: Path, wrong: int | None = None) -> None:
    """Play it against a server that plays it, too; both have to be content."""
    transcript = load(path, path.name)
    with Server([path]) as server:
        servers = {number: f"{server.host}:{port}" for number, port in server.ports.items()}
        tls = TlsSettings(ca=str(server.ca)) if server.speaks_tls else TlsSettings()
        options = Options(servers=servers, timeout=LIMIT, tls=tls)
        result = play(Prepared(transcript, path, options, wrong=wrong)).result
        assert result.verdict is Verdict.PASSED, "\n".join([result.reason, *details(result)])
        if wrong is None:
            (served,) = server.join(1, LIMIT)
            assert served.verdict is Verdict.PASSED


@each_file
def test_a_solution_is_served(path: Path) -> None:
    """Whoever has a lesson has a server for it, without any sandbox."""
    replay(path)


@pytest.mark.slow
@each_file
def test_known_mistakes_are_served(path: Path) -> None:
    """They are answered as the lesson says, and not taken for what is right."""
    for wrong in range(sum(isinstance(line, Wrong) for line in load(path, path.name).walk())):
        replay(path, wrong)
