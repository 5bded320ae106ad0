"""A strict reader of recordings, for tests alone: the grammar, and the octets of each direction."""

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

from mailprobe.protocol.framing import stuff

LONGEST = 1024 * 1024  # octets of a line
_ESCAPE = r"\\(?:[\\{}rnt0es]|x[0-9a-f]{2}|u\{[0-9a-f]{1,6}\})"
_NAME = r"[a-z][a-z0-9_-]*"
_ARGUMENT = rf'(?:{_NAME}|[0-9]+|"(?:[^"\\{{}}]|{_ESCAPE})*")'
_PLACEHOLDER = rf"\{{(?:{_NAME}|=[a-z0-9]+(?:\({_ARGUMENT}(?:,[ ]?{_ARGUMENT})*\))?)\}}"
_ESCAPED = rf"(?:[^\\]|{_ESCAPE})+"
_COOKED = rf"(?:[^\\{{}}]|{_ESCAPE}|{_PLACEHOLDER})+"
_FORMS = re.compile(
    rf"""
      (?P<verbatim>[CS]:(?:\ .+)?)
    | (?P<escaped>[CS]\\(?:\ {_ESCAPED}))
    | (?P<exact>C=\ {_COOKED} | S=\ {_ESCAPED})
    | (?P<cooked>[CS]~(?:\ {_COOKED})?)
    | (?P<file>(?:C<|S>)\ .+)
    | (?P<event>S@\ (?:close|reset) | C@\ close)
    | (?P<tls>@tls(?:\ verify=off)?)
    | (?P<lesson>\|(?:\ .+)?)
    | (?P<comment>\#.*)
    | (?P<blank>)
    """,
    re.VERBOSE,
)
_HEADER = re.compile(r"(?:protocol: (?:smtp|lmtp|pop3)|connect: \S.*|tls: implicit|recorded: \S.*)")
_ITEM = re.compile(rf"{_ESCAPE}|{_PLACEHOLDER}|[^\\]", re.DOTALL)
_SIMPLE = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "e": b"\x1b", "s": b" "}


def check(recording: bytes) -> list[str]:
    """The lines behind the header.  Raises AssertionError where one is not of the grammar."""
    assert recording.endswith(b"\n")
    lines = recording.decode("utf-8").split("\n")[:-1]
    assert lines[0] == "mailprobe: 1"
    end = lines.index("")
    for header in lines[1:end]:
        assert _HEADER.fullmatch(header), header
    for line in lines:
        assert len(line.encode()) <= LONGEST
        hidden = [c for c in line if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
        assert not hidden, line
    for line in lines[end + 1 :]:
        match = _FORMS.fullmatch(line)
        assert match, line
        if match.lastgroup in ("verbatim", "escaped", "exact", "cooked"):
            assert not line.endswith(" "), line
    return lines[end + 1 :]


def decode(
    recording: bytes, folder: Path, value: Callable[[str], bytes] = str.encode
) -> dict[str, bytes]:
    """The octets that travelled in each direction; `value` says what a placeholder stands for."""
    wire = {"C": b"", "S": b""}
    for line in check(recording):
        match = _FORMS.fullmatch(line)
        assert match
        side, content = line[:1], line[3:]
        match match.lastgroup:
            case "verbatim":
                wire[side] += content.encode() + b"\r\n"
            case "escaped":
                wire[side] += _octets(content, str.encode) + b"\r\n"
            case "cooked":
                wire[side] += _octets(content, value) + b"\r\n"
            case "exact":
                wire[side] += _octets(content, value)
            case "file":
                raw = content.startswith("raw ")
                octets = (folder / content.removeprefix("raw ")).read_bytes()
                wire[side] += octets if raw else canonical(octets)
            case _:
                pass
    return wire


def canonical(octets: bytes) -> bytes:
    """What a player makes of a file: CRLF at the end of each line, doubled dots."""
    mended = re.sub(rb"\r\n|\r|\n", b"\r\n", octets)
    if mended and not mended.endswith(b"\r\n"):
        mended += b"\r\n"
    return stuff(mended)


def _octets(text: str, value: Callable[[str], bytes]) -> bytes:
    octets = b""
    for item in _ITEM.findall(text):
        if not item.startswith("\\"):
            octets += value(item) if len(item) > 1 else item.encode()
        elif item[1] == "x":
            octets += bytes([int(item[2:], 16)])
        elif item[1] == "u":
            octets += chr(int(item[3:-1], 16)).encode()
        else:
            octets += _SIMPLE.get(item[1], item[1].encode())
    return octets
