"""Every event is a value with a time."""

import typing

import pytest

from mailprobe.protocol import events
from mailprobe.protocol.events import Event
from mailprobe.value import fields, is_value

ALL: tuple[type[Event], ...] = typing.get_args(Event)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_an_event_is_a_value_and_begins_with_its_time(kind: type[Event]) -> None:
    """Observers may keep it, and compare it with another."""
    assert is_value(kind)
    assert fields(kind)[0] == "at"
    assert "__slots__" in vars(kind)


def test_the_union_holds_every_event() -> None:
    """A class that is not in it would reach no observer's `match`."""
    classes = {
        kind
        for kind in vars(events).values()
        if is_value(kind) and kind.__module__ == events.__name__
    }
    assert classes == set(ALL)


def test_the_endings_differ() -> None:
    """How a link ended is one word each."""
    words = [word for name, word in vars(events.Ending).items() if name.isupper()]
    assert sorted(words) == ["eof", "local", "reset", "truncated"]
