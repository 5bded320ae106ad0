"""How plain values are made: from annotations, as `dataclasses` does, at a seventh of its cost.

A short run makes a hundred classes and a session a handful of values for each command.  Measured
with CPython 3.11: 0.6 ms for a frozen dataclass with slots and 18 ms for its module, against 0.09
ms here; and a value that guards its fields at run time takes four times as long to make.  That
nobody sets the fields of a value is for the type checker to prove.
"""

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from types import CodeType, FunctionType

TYPE_CHECKING = False  # typing costs 3 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from typing import Any, TypeVar, dataclass_transform

    _Kind = TypeVar("_Kind")
    _Value = TypeVar("_Value")
else:

    def dataclass_transform(**how: object) -> Callable[[object], object]:
        """What the type checker reads of this, nobody runs."""
        return lambda decorator: decorator


_ABSENT = object()
_FEW = 3  # values of a kind; to write its `__init__` out takes 0.1 ms, as long as to set 200 fields


class Field:
    """What is special about a field: see `field`."""

    __slots__ = ("compare", "default", "factory", "init")

    def __init__(
        self, *, default: object, factory: Callable[[], object] | None, init: bool, compare: bool
    ) -> None:
        self.default = default
        self.factory = factory
        self.init = init
        self.compare = compare


_USUAL = Field(default=_ABSENT, factory=None, init=True, compare=True)


def field(
    *,
    default: "Any" = _ABSENT,
    default_factory: "Callable[[], Any] | None" = None,
    init: bool = True,
    compare: bool = True,
) -> "Any":
    """A field whose default is made anew, that no caller gives, or that is not compared."""
    return Field(default=default, factory=default_factory, init=init, compare=compare)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(kind: "type[_Kind]") -> "type[_Kind]":
    """Make a class of values of `kind`: compared and hashed by its fields, never changed."""
    made: type[_Kind] = _made(kind, {"__hash__": _hash})
    return made


@dataclass_transform(field_specifiers=(field,))
def mutable(kind: "type[_Kind]") -> "type[_Kind]":
    """Make a class of `kind` whose fields may be set; compared by them, and not hashed."""
    made: type[_Kind] = _made(kind, {"__hash__": None})
    return made


def replace(one: "_Value", **changes: object) -> "_Value":
    """A copy of a value with other fields."""
    kind = type(one)
    given = {name: getattr(one, name) for name in kind._given}  # type: ignore[attr-defined]
    return kind(**{**given, **changes})


def fields(one: object) -> tuple[str, ...]:
    """The names of the fields of a value, or of a class of values; of anything else none."""
    return tuple(getattr(one, "_fields", ())) if is_value(one) else ()


def is_value(one: object) -> bool:
    """Whether `one` is such a value, or a class of them."""
    return isinstance(getattr(one, "_fields", None), dict)


def _made(kind: "Any", more: "dict[str, object]") -> "Any":
    own = kind.__annotations__  # never those of a base
    names = dict(kind.__dict__)
    known: dict[str, Field] = dict(getattr(kind, "_fields", {}))
    for name in own:
        known[name] = _field(names.pop(name, _ABSENT))
    for name in ("__dict__", "__weakref__"):
        names.pop(name, None)
    given = tuple([name for name, one in known.items() if one.init])
    compared = [name for name, one in known.items() if one.compare]
    # a class may say these itself
    names = {"__repr__": _repr, **more, **names}
    names["__qualname__"] = kind.__qualname__
    names["__slots__"] = tuple(own)
    names["__match_args__"] = names["_given"] = given
    names["__eq__"] = _equal
    names["_fields"] = known
    names["_key"] = staticmethod(attrgetter(*compared) if compared else _nothing)
    made = type(kind)(kind.__name__, kind.__bases__, names)
    made.__init__ = _first_initializer(made)
    return made


def _field(default: object) -> Field:
    if default is _ABSENT:
        return _USUAL
    if isinstance(default, Field):
        return default
    return Field(default=default, factory=None, init=True, compare=True)


def _first_initializer(kind: "Any") -> object:
    """`__init__` for the first values of `kind`: most runs make none, or a few, of most kinds."""
    left = _FEW

    def initialize(self: object, *given: object, **named: object) -> None:
        nonlocal left
        left -= 1
        if left < 0 or not _assign(self, kind, given, named):
            kind.__init__ = _initializer(kind._fields, post=hasattr(kind, "__post_init__"))
            kind.__init__(self, *given, **named)

    return initialize


def _assign(self: object, kind: "Any", given: tuple[object, ...], named: dict[str, object]) -> bool:
    """Set the fields one by one; False when that is not what they must be given."""
    values = {**dict(zip(kind._given, given, strict=False)), **named}
    if len(values) != len(given) + len(named):
        return False
    for name, one in kind._fields.items():
        if one.init and name in values:
            setattr(self, name, values.pop(name))
        elif one.factory is not None:
            setattr(self, name, one.factory())
        elif one.default is not _ABSENT:
            setattr(self, name, one.default)
        elif one.init:
            return False
    if values:
        return False
    if hasattr(kind, "__post_init__"):
        kind.__post_init__(self)
    return True


def _initializer(parts: dict[str, Field], *, post: bool) -> object:
    """`__init__`, written out: what it costs to make a value is what its assignments cost."""
    if not post and all(one.init and one.factory is None for one in parts.values()):
        return _plain_initializer(parts)
    parameters, lines = ["self"], []
    known: dict[str, object] = {"_absent": _ABSENT}
    for name, one in parts.items():
        if one.init and one.factory is not None:
            known[f"_{name}"] = one.factory
            parameters.append(f"{name}=_absent")
            lines.append(f" self.{name} = _{name}() if {name} is _absent else {name}")
        elif one.init:
            known[f"_{name}"] = one.default
            parameters.append(name if one.default is _ABSENT else f"{name}=_{name}")
            lines.append(f" self.{name} = {name}")
        elif one.factory is not None or one.default is not _ABSENT:
            known[f"_{name}"] = one.factory or (lambda default=one.default: default)
            lines.append(f" self.{name} = _{name}()")
    lines += [" self.__post_init__()"] if post else []
    return _written_out(parameters, lines, known)


def _plain_initializer(parts: dict[str, Field]) -> FunctionType:
    """The same where all is given: written out once for so many fields, then given their names."""
    names = tuple(parts)
    code = _assignments(len(names)).replace(co_varnames=("self", *names), co_names=names)
    defaults = tuple([one.default for one in parts.values() if one.default is not _ABSENT])
    return FunctionType(code, {}, "__init__", defaults)


@cache
def _assignments(count: int) -> CodeType:
    names = [f"_{number}" for number in range(count)]
    lines = [f" self.{name} = {name}" for name in names]
    return _written_out(["self", *names], lines, {}).__code__


def _written_out(parameters: list[str], lines: list[str], known: "dict[str, Any]") -> FunctionType:
    source = f"def __init__({', '.join(parameters)}):\n" + ("\n".join(lines) or " pass")
    exec(source, known)  # of names that stand in a class of ours
    made: FunctionType = known["__init__"]
    return made


def _nothing(one: object) -> tuple[()]:
    return ()


def _equal(self: "Any", other: "Any") -> "Any":
    if type(other) is not type(self):
        return NotImplemented
    return self._key(self) == self._key(other)


def _hash(self: "Any") -> int:
    return hash(self._key(self))


def _repr(self: "Any") -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._fields)
    return f"{type(self).__qualname__}({shown})"
