"""How octets leave the shell: what ends a line, whether dots are doubled, and what is held back.

Each is a switch of its own, so that a wrong line is wrong in the one way that somebody wants to
test.  How many octets make one write, and how long apart, are settings of the session.
"""

from collections.abc import Mapping

from mailprobe.durations import seconds
from mailprobe.errors import Failure, Word
from mailprobe.protocol.framing import CRLF
from mailprobe.session import Settings
from mailprobe.value import mutable, replace

ENDS: Mapping[str, bytes] = {"crlf": CRLF, "lf": b"\n", "cr": b"\r", "none": b""}
# The values that a menu can offer.
SWITCHES: Mapping[str, tuple[str, ...]] = {
    "eol": tuple(ENDS),
    "stuffing": ("on", "off"),
    "drip": ("off", "20ms", "1s"),
    "split": ("off", "1", "10"),
}
_LONGEST_PAUSE = 3600.0  # seconds
_MOST = 1_000_000  # octets of one write


@mutable
class Switches:
    """One shell's, whatever it is connected to."""

    end: bytes = CRLF  # what ends a typed line
    stuffing: bool = True  # a dot that begins a line of mail data is doubled
    group: list[bytes] | None = None  # lines that wait to go out as one write; None: none do
    logging_in: bool = False  # an AUTH was written for the group: what comes may be its answers
    draft: bytes = b""  # what was edited and not sent

    @property
    def file_ends(self) -> bytes | None:
        """What every line end of a file becomes; None leaves them as they are."""
        return self.end or None


def switch_values(switches: Switches, settings: Settings) -> list[tuple[str, str]]:
    """The switches by their names, as they are set."""
    end = next(name for name, octets in ENDS.items() if octets == switches.end)
    return [
        ("eol", end),
        ("stuffing", "on" if switches.stuffing else "off"),
        ("drip", f"{settings.pause * 1000:g} ms" if settings.pause else "off"),
        ("split", f"{settings.piece} octets" if settings.piece else "off"),
    ]


def set_end(switches: Switches, value: str) -> None:
    """Raises Failure `usage`, as all of these do."""
    if value not in ENDS:
        raise _usage("eol is crlf, lf, cr or none")
    switches.end = ENDS[value]


def set_stuffing(switches: Switches, value: str) -> None:
    if value not in ("on", "off"):
        raise _usage("stuffing is on or off")
    switches.stuffing = value == "on"


def dripping(settings: Settings, value: str) -> Settings:
    """One octet each so long; behind a number alone stand milliseconds.  `off` and 0 end it."""
    pause = 0.0 if value == "off" else seconds(f"{value}ms" if value.isdigit() else value)
    if pause is None or pause > _LONGEST_PAUSE:
        raise _usage("drip is milliseconds between two octets (20, 20ms, 1s), or off")
    if pause:
        return replace(settings, pause=pause, piece=settings.piece or 1)
    return replace(settings, pause=0.0, piece=0 if settings.piece == 1 else settings.piece)


def splitting(settings: Settings, value: str) -> Settings:
    """Writes of so many octets each.  `off` and 0 end it."""
    if value in ("off", "0"):
        return replace(settings, piece=1 if settings.pause else 0)
    if not (value.isascii() and value.isdigit()) or int(value[:9]) > _MOST or len(value) > 9:
        raise _usage(f"split is the octets of one write, 1 to {_MOST}, or off")
    return replace(settings, piece=int(value))


def _usage(sentence: str) -> Failure:
    return Failure(Word.USAGE, sentence)
