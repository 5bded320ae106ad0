"""Named styles, and what they look like: the 16 ANSI colours, so that the user's palette rules.

One table for what is printed and for what is typed.  No style says anything by colour alone:
the words stand there, too.
"""

from collections.abc import Mapping

from mailprobe.enums import IntEnum
from mailprobe.protocol.model import Verdict
from mailprobe.value import frozen


class Color(IntEnum):
    """The foreground colours of ECMA-48, section 8.3.117, as everybody's terminal has them."""

    DEFAULT = 0
    RED = 31
    GREEN = 32
    YELLOW = 33
    BLUE = 34
    MAGENTA = 35
    CYAN = 36


@frozen
class Style:
    """How text looks."""

    color: Color = Color.DEFAULT
    bold: bool = False
    dim: bool = False

    @property
    def sgr(self) -> str:
        """The parameters of Select Graphic Rendition: "1;31"; "" changes nothing."""
        parts = ["1"] * self.bold + ["2"] * self.dim
        return ";".join([*parts, str(self.color.value)] if self.color else parts)

    @property
    def words(self) -> str:
        """The same as prompt_toolkit and its like write it: "bold ansired"."""
        parts = ["bold"] * self.bold + ["dim"] * self.dim
        return " ".join([*parts, f"ansi{self.color.name.lower()}"] if self.color else parts)


STYLES: Mapping[str, Style] = {
    "reply.ok": Style(Color.GREEN),
    "reply.go-on": Style(Color.CYAN),
    "reply.later": Style(Color.YELLOW),
    "reply.refused": Style(Color.RED, bold=True),
    "unsolicited": Style(Color.MAGENTA, bold=True),
    "unfinished": Style(Color.MAGENTA),
    "sent": Style(Color.BLUE),
    "tls": Style(Color.GREEN),
    "note": Style(dim=True),
    "time": Style(dim=True),
    "hint": Style(dim=True),
    "warning": Style(Color.YELLOW, bold=True),
    "failure": Style(Color.RED, bold=True),
    "body": Style(),
    "verb.legal": Style(Color.CYAN),
    "verb.early": Style(Color.YELLOW),
    "verb.unknown": Style(Color.RED),
    "local": Style(Color.MAGENTA),
    "argument": Style(),
    "secret": Style(dim=True),
    "prompt": Style(bold=True),
    "title": Style(bold=True),
}

REPLY: Mapping[Verdict, str] = {
    Verdict.DONE: "reply.ok",
    Verdict.GO_ON: "reply.go-on",
    Verdict.LATER: "reply.later",
    Verdict.REFUSED: "reply.refused",
}

_START = {name: f"\x1b[{style.sgr}m" for name, style in STYLES.items() if style.sgr}


def start(style: str) -> str:
    """What turns a named style on; ESC [ 0 m turns every style off."""
    return _START.get(style, "")


def paint(style: str, text: str, *, color: bool) -> str:
    """`text` in a named style.  `text` has been through `safe()` where a peer wrote it."""
    start = _START.get(style)
    return f"{start}{text}\x1b[0m" if color and start and text else text
