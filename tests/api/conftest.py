"""A practice server for the module, and servers that say what a test wants."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import mailprobe


@pytest.fixture(scope="module")
def sandbox() -> Iterator[mailprobe.RunningSandbox]:
    """A practice server with all its services."""
    with mailprobe.start_sandbox() as running:
        yield running


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Serve the lines of a dialogue: the address, for `connect`."""
    with ExitStack() as stack:

        def serve(*lines: str, protocol: str = "smtp") -> str:
            path = tmp_path / "served.mpt"
            path.write_text(f"mailprobe: 1\nprotocol: {protocol}\n\n" + "\n".join(lines) + "\n")
            server = stack.enter_context(mailprobe.serve(path))
            return f"{protocol}://127.0.0.1:{server.ports[1]}"

        yield serve
