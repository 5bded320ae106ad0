"""Command lines that are plainly written, read without argparse, whose start takes 5 ms.

It knows the tables that argparse is given, and gives the same; whatever is not plain it leaves
to argparse: help, mistakes, `--`, values that begin with a dash.
"""

from collections.abc import Iterable, Sequence
from types import SimpleNamespace

from mailprobe.commands.arguments import Row

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    import argparse
    from typing import Any

_UNFIT = object()  # a value that argparse has to judge


def read(argv: Sequence[str], rows: Iterable[Row], rest: str) -> "argparse.Namespace | None":
    """What `argv` asks for: the options of the table, and at least one other word in `rest`.

    None: argparse has to tell.
    """
    options: dict[str, Any] = {name: (names, how) for names, how in rows for name in names}
    asked: dict[str, Any] = {}
    for names, how in options.values():
        default = how.get("default", False if how.get("action") == "store_true" else None)
        asked[_attribute(names, how)] = list(default) if isinstance(default, list) else default
    others = asked[rest] = []
    words = iter(argv)
    for word in words:
        if not word.startswith("-") or word == "-":
            others.append(word)
            continue
        name, value = _split(word)
        if name not in options:
            return None
        names, how = options[name]
        if how.get("action") in ("store_true", "store_const"):
            value = how.get("const", True) if value is None else _UNFIT
        else:
            value = _value(how, next(words, "-") if value is None else value)
        if value is _UNFIT:
            return None
        if how.get("action") == "append":
            asked[_attribute(names, how)].append(value)
        else:
            asked[_attribute(names, how)] = value
    return SimpleNamespace(**asked) if others else None  # type: ignore[return-value]  # as good


def _split(word: str) -> "tuple[str, Any]":
    """The name of an option, and the value that stands in the same word, or None."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        return name, value if equals else None
    return word[:2], word[2:] or None


def _value(how: "dict[str, Any]", text: str) -> "Any":
    if text.startswith(("-", "=")):
        return _UNFIT
    try:
        value = how.get("type", str)(text)
    except Exception:  # noqa: BLE001 - argparse asks again, and says what is wrong
        return _UNFIT
    return value if value in how.get("choices", (value,)) else _UNFIT


def _attribute(names: tuple[str, ...], how: "dict[str, Any]") -> str:
    name: str = how.get("dest") or names[0].lstrip("-").replace("-", "_")
    return name
