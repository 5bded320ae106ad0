"""A real browser without a screen: Debian's Chromium, one for all tests of a worker."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.reader import Reader

_PROGRAMS = ("chromium", "chromedriver")


@pytest.fixture(scope="session")
def _browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    missing = [name for name in _PROGRAMS if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    reader = Reader(tmp_path_factory.mktemp("browser"), *map(shutil.which, _PROGRAMS))
    yield reader
    reader.close()


@pytest.fixture
def reader(_browser: Reader, tmp_path: Path) -> Iterator[Reader]:
    """Somebody with a browser; of a page that complains, or that asks for anything, it fails."""
    _browser.begin(tmp_path)
    yield _browser
    assert _browser.complaints() == []
