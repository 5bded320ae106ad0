"""The tests of this folder play against servers that never hang up: no second for each of them."""

import pytest


@pytest.fixture(autouse=True)
def short_farewells(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long a link may take to end is tested with the session; here nothing depends on it."""
    monkeypatch.setattr("mailprobe.session._FAREWELL", 0.2)
    monkeypatch.setattr("mailprobe.session._PATIENCE", 0.1)
    monkeypatch.setattr("mailprobe.player.playing.raw._FAREWELL", 0.2)
    monkeypatch.setattr("mailprobe.player.serving.performance._GRACE", 0.2)
