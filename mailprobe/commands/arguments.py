"""Arguments of the command line: what they are told about, and their types."""

import re

from mailprobe import durations
from mailprobe.patterns import pattern
from mailprobe.protocol.framing import Limits

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    import argparse
    from pathlib import Path

_SIZE = pattern(r"([0-9]{1,15})([KMG]?)", re.IGNORECASE)
_OCTETS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}

# The names of an option, and what argparse is told about it.
Row = tuple[tuple[str, ...], dict[str, object]]

COLOR: Row = (
    ("--color",),
    {"choices": ("auto", "always", "never"), "default": "auto", "help": "colours (auto)"},
)


def _wrong(sentence: str) -> "argparse.ArgumentTypeError":
    """What a value is not; `Parser.error` makes it fit to be shown."""
    import argparse  # which takes 3 ms, and `quick` reads most command lines

    return argparse.ArgumentTypeError(sentence)


def duration(text: str) -> float:
    """Seconds of `5`, `0.5`, `500ms`, `2s`, `3m`.  Raises ArgumentTypeError."""
    seconds = durations.seconds(text)
    if not seconds:
        raise _wrong(f"{text} is no time: write 5, 500ms, 2s or 3m")
    return seconds


def size(text: str) -> int:
    """Octets of `512`, `64K`, `1M`, `2G`.  Raises ArgumentTypeError."""
    match = _SIZE.fullmatch(text)
    octets = int(match[1]) * _OCTETS[match[2].upper()] if match else 0
    if not octets:
        raise _wrong(f"{text} is no size: write 512, 64K or 1M")
    return octets


def path(text: str) -> "Path":
    """A path of a file or a folder."""
    from pathlib import Path

    return Path(text)


def port(text: str) -> int:
    """A port; 0 is any free one.  Raises ArgumentTypeError."""
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > 65535:
        raise _wrong(f"{text} is no port: 0 to 65535")
    return int(text)


def count(text: str) -> int:
    """A number from 1 to 9999.  Raises ArgumentTypeError."""
    if not re.fullmatch("[0-9]{1,4}", text) or not int(text):
        raise _wrong(f"{text} is no number from 1 to 9999")
    return int(text)


def hello_name(text: str) -> str:
    """What EHLO may say: no blank, no control character.  Raises ArgumentTypeError."""
    if not text or not text.isprintable() or " " in text:
        raise _wrong(f"{text} is no name to say hello with")
    return text


LIMITS: tuple[Row, ...] = (
    (
        ("--max-line",),
        {"metavar": "SIZE", "type": size, "default": 64 * 1024, "help": "longest reply line (64K)"},
    ),
    (
        ("--max-reply",),
        {"metavar": "SIZE", "type": size, "default": 1024**2, "help": "longest reply (1M)"},
    ),
    (
        ("--max-body",),
        {"metavar": "SIZE", "type": size, "default": 256 * 1024**2, "help": "longest body (256M)"},
    ),
    (
        ("--max-body-line",),
        {
            "metavar": "SIZE",
            "type": size,
            "default": 1024**2,
            "help": "longest line of a body (1M)",
        },
    ),
)

# What every subcommand takes that connects.
LINKS: tuple[Row, ...] = (
    (("--bind",), {"metavar": "ADDRESS[:PORT]", "help": "connect from this address of ours"}),
    (
        ("--proxy",),
        {
            "metavar": "URL",
            "help": "through socks5://[USER@]HOST:PORT or http://[USER@]HOST:PORT, "
            "which looks names up",
        },
    ),
    (
        ("--proxy-protocol",),
        {
            "metavar": "V[,SRC:PORT,DST:PORT|,local]",
            "help": "send a PROXY header first, V being v1 or v2",
        },
    ),
)


def limits_of(asked: "argparse.Namespace") -> Limits:
    """The limits that `LIMITS` ask for."""
    return Limits(asked.max_line, asked.max_reply, asked.max_body, asked.max_body_line)
