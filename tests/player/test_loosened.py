"""A loosened transcript is as good a server as it was before: its samples are what was recorded."""

from pathlib import Path

import pytest

from mailprobe.transcript.changing.loosen import loosen
from mailprobe.transcript.load import load
from mailprobe.transcript.model import Level
from tests.player.serving import write
from tests.player.test_server_replay import SERVER_FIRST, SESSIONS, green


@pytest.mark.parametrize("name", SESSIONS)
def test_it_is_served_and_replayed(name: str, tmp_path: Path) -> None:
    """Green at its own level, and to the letter; what it says is what the file said."""
    protocol, text = SESSIONS[name]
    text = text.replace("SERVER-FIRST", SERVER_FIRST)
    path = write(tmp_path, f"protocol: {protocol}\n{text}")
    path.write_bytes(loosen(load(path)))
    green(path)
    green(path, level=Level.TEXT)
