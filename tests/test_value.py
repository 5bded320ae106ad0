"""Values: compared by their fields, cheap to make, frozen for the type checker."""

import copy

import pytest

from mailprobe.value import field, fields, frozen, is_value, mutable, replace


@frozen
class Point:
    across: int
    down: int = 0


@frozen
class Size:
    across: int
    down: int = 0


@frozen
class Named(Point):
    """One that has a base, a default made anew, and a field that nobody gives."""

    names: list[str] = field(default_factory=list)
    where: int = field(default=0, compare=False)
    sum: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sum", self.across + self.down)


@frozen
class Nothing:
    pass


@mutable
class Box:
    things: list[int] = field(default_factory=list)
    lid: str = field(default="shut", init=False)


def test_values_are_the_same_when_their_fields_are() -> None:
    """Two of different kinds never are; sets and dictionaries take them."""
    assert Point(1, 2) == Point(1, down=2) != Point(1)
    assert Point(1) != Size(1)
    assert len({Point(1), Point(1), Size(1)}) == 2
    assert Nothing() == Nothing()
    assert hash(Nothing()) == hash(())


def test_a_value_holds_its_fields_and_nothing_else() -> None:
    """A name that is spelt wrong is seen; so is a field that is missing."""
    with pytest.raises(AttributeError):
        setattr(Point(1), "left", 2)  # noqa: B010 - the type checker would see it
    with pytest.raises(TypeError, match="across"):
        Point()  # type: ignore[call-arg]


def test_the_fields_of_a_base_come_first() -> None:
    """Defaults are made anew, some fields are not compared, and some not given."""
    one, other = Named(1, 2), Named(1, 2, where=9)
    assert one == other
    assert one.sum == 3
    assert one.names is not other.names
    assert fields(Named) == ("across", "down", "names", "where", "sum")
    assert repr(one) == "Named(across=1, down=2, names=[], where=0, sum=3)"
    match one:
        case Named(across, _, names):
            assert (across, names) == (1, [])


def test_a_copy_with_other_fields() -> None:
    """What nobody gives is worked out again."""
    assert replace(Named(1, 2), down=5).sum == 6
    assert replace(Point(1), across=4) == Point(4)
    assert copy.copy(Point(1, 2)) == Point(1, 2)


def test_a_mutable_one_is_not_hashed() -> None:
    """Its fields may be set."""
    box = Box()
    box.lid = "open"
    box.things.append(1)
    assert box != Box()
    assert Box([1]) == Box([1])
    with pytest.raises(TypeError):
        hash(box)


def test_what_is_a_value() -> None:
    """Values and their classes have fields; nothing else has any."""
    assert is_value(Point)
    assert is_value(Point(1))
    assert not is_value(1)
    assert fields(1) == ()


def test_a_class_may_say_how_it_is_shown() -> None:
    """Its own methods stand."""

    @frozen
    class Shown:
        what: str

        def __repr__(self) -> str:
            return self.what

    assert repr(Shown("this")) == "this"
