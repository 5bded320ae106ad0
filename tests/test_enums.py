"""Enumerations: what the rest of the house relies on, as `enum` has it."""

import copy
import pickle

import pytest

from mailprobe.enums import Enum, IntEnum, StrEnum, auto


class Colour(Enum):
    RED = auto()
    GREEN = auto()
    CRIMSON = 1

    @property
    def shown(self) -> str:
        return self.name.lower()

    def brighter(self) -> "Colour":
        return Colour.GREEN


class Word(StrEnum):
    YES = "yes"
    NO = "no"


class Number(IntEnum):
    ONE = 1
    SEVENTY = 70


def test_members_are_found_by_name_value_and_turn() -> None:
    """A second name of a value is the same member."""
    assert list(Colour) == [Colour.RED, Colour.GREEN]
    assert len(Colour) == 2
    assert Colour(1) is Colour.RED is Colour.CRIMSON
    assert Colour["GREEN"] is Colour.GREEN
    assert Colour.RED in Colour
    assert (Colour.GREEN.name, Colour.GREEN.value) == ("GREEN", 2)
    assert Colour.RED != Colour.GREEN
    assert repr(Colour.RED) == "<Colour.RED: 1>"


def test_methods_and_properties_are_no_members() -> None:
    assert Colour.RED.shown == "red"
    assert Colour.RED.brighter() is Colour.GREEN


@pytest.mark.parametrize("value", [9, "RED", []])
def test_what_is_no_value_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="is not a valid Colour"):
        Colour(value)


@pytest.mark.parametrize("name", ["BLUE", "shown", "__doc__"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(KeyError):
        Colour[name]


def test_text_and_numbers_are_what_they_look_like() -> None:
    """They compare, hash and print as their values do."""
    assert Word.YES == "yes"
    assert f"{Word.NO} {Word.NO!s} {Number.SEVENTY} {Number.ONE:02}" == "no no 70 01"
    assert {Word.YES: 1}["yes"] == 1
    assert Word("no") is Word.NO
    assert Number.ONE + 1 == 2
    assert Number(70) is Number.SEVENTY
    assert "yes" not in Word
    assert Word.YES.upper() == "YES"


@pytest.mark.parametrize("member", [Colour.RED, Word.YES, Number.ONE])
def test_a_copy_of_a_member_is_the_member(member: Enum) -> None:
    assert copy.copy(member) is copy.deepcopy(member) is member
    assert pickle.loads(pickle.dumps(member)) is member
