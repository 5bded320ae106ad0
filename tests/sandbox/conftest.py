"""Stores and sandboxes for the tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailprobe.sandbox.maildrop import Store
from mailprobe.sandbox.server import Sandbox
from tests.sandbox.helpers import make_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with the empty maildrops of alice and bob."""
    return make_store(tmp_path / "mail")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox with all services."""
    with Sandbox() as running:
        yield running
