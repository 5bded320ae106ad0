"""What a fact can be: a mistyped value is never one."""

import pytest

from mailprobe.protocol.model import State
from mailprobe.transcript.reading.assertions import objection
from mailprobe.transcript.reading.lines import FACTS


@pytest.mark.parametrize("operator", ["==", "!="])
def test_every_state_can_be_named(operator: str) -> None:
    """In either case, and no other word."""
    for state in State:
        assert objection("state", operator, state) == ""
        assert objection("state", operator, state.upper()) == ""
        assert objection("state", operator, f"{state}x").endswith(f'and never "{state}x"')


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">="])
def test_only_numbers_have_an_order(operator: str) -> None:
    """Whatever the fact is."""
    for fact in (*FACTS, "message.subject", "name"):
        assert objection(fact, operator, "x") != ""
    assert objection("recipients", operator, "2") == ""
    assert objection("stored", operator, "9" * 5000) == ""
    assert (
        objection("state", operator, "2")
        == '"' + operator + '" compares numbers, and state is none'
    )


def test_what_is_said_of_a_hostile_value() -> None:
    """It is shown as everything is that others wrote."""
    assert "\\u{1b}" in objection("tls", "==", "\x1b[2J")
