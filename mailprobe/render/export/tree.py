"""A transcript as JSON: its tree, for programs that do not read `.mpt`.

`{"mailprobe": 1, "name", "head", "headers", "lines"}`.  Every line has `kind`, `place` and
`text`, then the fields of `transcript.model` by their names; a block has its lines inside.
Octets are `{"text": ...}` where they are UTF-8, else `{"base64": ...}`.  A piece of cooked text
is octets, or has the `kind` placeholder or function.
"""

import base64
import json

from mailprobe.enums import Enum
from mailprobe.render.export.options import Options
from mailprobe.safe import safe
from mailprobe.transcript import model
from mailprobe.value import fields, is_value

_VERSION = 1
# The names of what a tree is made of: they stay when a class is renamed.
_KINDS: dict[type, str] = {
    model.Blank: "blank",
    model.Comment: "comment",
    model.Header: "header",
    model.Wire: "wire",
    model.FileLine: "file",
    model.Question: "question",
    model.Pattern: "pattern",
    model.EventLine: "event",
    model.Lesson: "lesson",
    model.Title: "title",
    model.TlsLine: "tls",
    model.Assert: "assert",
    model.Include: "include",
    model.Alt: "alt",
    model.Poll: "poll",
    model.Wrong: "wrong",
    model.Line: "line",  # @or, @end
    model.Placeholder: "placeholder",
    model.Function: "function",
    model.Name: "name",
}
_LEFT_OUT: dict[type, set[str]] = {model.Transcript: {"octets"}}  # all of them stand in the lines


def tree(transcript: model.Transcript, options: Options) -> str:
    """The document; the same transcript gives the same text."""
    return json.dumps(document(transcript), ensure_ascii=False, indent=2) + "\n"


def document(transcript: model.Transcript) -> dict[str, object]:
    """The same as plain dictionaries and lists."""
    return {"mailprobe": _VERSION, **_fields(transcript)}


def _plain(value: object) -> object:
    match value:
        case Enum():
            return value.value
        case bool() | int() | float() | None:
            return value
        case str():
            return _text(value)
        case bytes():
            return _octets(value)
        case model.Place():
            return {name: _plain(item) for name, item in value._asdict().items()}
        case tuple():
            return [_plain(item) for item in value]
        case frozenset():
            return sorted(_text(str(item)) for item in value)
        case dict():
            return {_text(str(key)): _plain(item) for key, item in value.items()}
        case _:
            return _fields(value)


def _fields(value: object) -> dict[str, object]:
    assert is_value(value)  # a tree holds nothing else
    left_out = _LEFT_OUT.get(type(value), set())
    kind = _KINDS.get(type(value))
    named = {
        field: _plain(getattr(value, field)) for field in fields(value) if field not in left_out
    }
    return {"kind": kind, **_renamed(named)} if kind else named


def _renamed(named: dict[str, object]) -> dict[str, object]:
    """A placeholder has a kind of its own: its type."""
    return {"type" if name == "kind" else name: value for name, value in named.items()}


def _octets(octets: bytes) -> dict[str, str]:
    try:
        return {"text": octets.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(octets).decode("ascii")}


def _text(text: str) -> str:
    """A file name may hold octets that are no text."""
    return safe(text) if any("\ud800" <= character <= "\udfff" for character in text) else text
