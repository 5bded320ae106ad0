"""Regular expressions that are compiled when they are first asked: no run asks them all.

Measured with CPython 3.11: to compile one takes 0.1 ms, and a short run would compile a hundred.
"""

import re

TYPE_CHECKING = False  # typing costs 3 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from typing import Any, AnyStr

_METHODS = ("fullmatch", "match", "search", "sub", "subn", "split", "findall", "finditer")


def pattern(source: "AnyStr", flags: int = 0) -> "re.Pattern[AnyStr]":
    """What `re.compile` gives, as soon as it is needed."""
    return _Late(source, flags)  # type: ignore[return-value]  # it answers as one does


class _Late:
    def __init__(self, source: str | bytes, flags: int) -> None:
        self._source = source
        self._flags = flags

    def __getattr__(self, name: str) -> "Any":
        """Asked once: from then on the methods of the compiled one are found here."""
        if name.startswith("_"):
            raise AttributeError(name)
        compiled = re.compile(self._source, self._flags)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)
