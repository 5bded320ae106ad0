"""The root package: what `import mailprobe` offers, and where it comes from."""

from pathlib import Path

import pytest

import mailprobe
from mailprobe.version import VERSION


@pytest.mark.parametrize("name", mailprobe.__all__)
def test_every_export_is_there(name: str) -> None:
    """And `dir` knows it."""
    assert getattr(mailprobe, name) is not None
    assert name in dir(mailprobe)


def test_exports_are_what_they_say() -> None:
    """They are the very classes that the inside uses."""
    from mailprobe.errors import Failure
    from mailprobe.exchanges import Exchange
    from mailprobe.protocol import events

    assert (mailprobe.Failure, mailprobe.Exchange) == (Failure, Exchange)
    assert mailprobe.events is events
    assert mailprobe.__version__ == VERSION
    assert mailprobe.__all__ == sorted(mailprobe.__all__)


def test_what_is_not_there() -> None:
    """A name that nobody exports is an AttributeError, as everywhere."""
    with pytest.raises(AttributeError, match="no attribute 'conect'"):
        _ = mailprobe.conect  # type: ignore[attr-defined]  # what is tried


def test_types_are_shipped() -> None:
    """PEP 561: without py.typed no type checker would look."""
    assert (Path(mailprobe.__file__).parent / "py.typed").is_file()
