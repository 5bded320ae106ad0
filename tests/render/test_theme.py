"""Styles: 16 colours, one switch for all of them."""

import re

import pytest

from mailprobe.protocol.model import Verdict
from mailprobe.render.theme import REPLY, STYLES, paint
from mailprobe.render.wish import wants_color

TERM = {"TERM": "xterm-256color"}


@pytest.mark.parametrize(
    "option, env, isatty, expected",
    [
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
        ("auto", TERM, True, True),
        ("auto", TERM, False, False),
        ("auto", {}, True, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {**TERM, "NO_COLOR": "1"}, True, False),
        ("auto", {**TERM, "NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ("auto", {**TERM, "FORCE_COLOR": ""}, False, False),
    ],
)
def test_who_decides_on_colour(
    option: str, env: dict[str, str], isatty: bool, expected: bool
) -> None:
    """The option, then NO_COLOR, FORCE_COLOR, and the terminal."""
    assert wants_color(option, env, isatty) is expected


def test_paint_wraps_text_in_its_style() -> None:
    """Nothing is added without colour, without text, or for a style that changes nothing."""
    assert paint("failure", "x", color=True) == "\x1b[1;31mx\x1b[0m"
    assert paint("note", "x", color=True) == "\x1b[2mx\x1b[0m"
    assert paint("body", "x", color=True) == "x"
    assert paint("failure", "", color=True) == ""
    assert paint("failure", "x", color=False) == "x"


def test_styles_stay_within_sixteen_colours() -> None:
    """No palette number, no RGB: the user's theme decides."""
    assert all(re.fullmatch(r"(?:[12]|3[1-6]|1;3[1-6])?", s.sgr) for s in STYLES.values())
    assert STYLES["reply.refused"].words == "bold ansired"
    assert STYLES["hint"].words == "dim"
    assert STYLES["body"].words == ""


def test_every_verdict_has_a_style_of_its_own() -> None:
    """Four verdicts, four looks."""
    assert len({STYLES[REPLY[verdict]] for verdict in Verdict}) == len(Verdict)
