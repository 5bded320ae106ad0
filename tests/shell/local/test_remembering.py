"""/history and /private, and the settings of whoever types."""

from collections.abc import Sequence

import pytest

from mailprobe.errors import Failure
from mailprobe.session import Settings
from mailprobe.shell.local.commands import run
from mailprobe.shell.typing.preferences import Preferences


class Shell:
    """What these commands ask for, and what they show."""

    columns = 80

    def __init__(self, *lines: str) -> None:
        self.history = lines
        self.preferences = Preferences()
        self.settings = Settings()
        self.color_choice = "auto"
        self.shown = ""
        self.rows: list[Sequence[str | bytes]] = []

    def write(self, text: str) -> None:
        self.shown += text

    def run(self, line: str) -> str:
        self.shown = ""
        run(self, line)  # type: ignore[arg-type]
        return self.shown


def test_history_shows_the_newest_last() -> None:
    """All in bounds; what somebody looks for in any case; control characters as text."""
    shell = Shell(*(f"NOOP {number}" for number in range(60)), "EHLO me", "x\x1b[2J")
    shown = shell.run("/history").splitlines()
    assert shown[0] == "... 12 older ones; /history TEXT finds among them"
    assert shown[1:3] == ["NOOP 12", "NOOP 13"]
    assert shown[-1] == "x\\u{1b}[2J"
    assert shell.run("/history ehlo") == "EHLO me\n"
    assert shell.run("/history nowhere") == "nothing of that was typed before\n"
    assert Shell().run("/history") == "nothing was typed yet\n"


def test_private_is_a_toggle() -> None:
    """And says what it does now."""
    shell = Shell()
    assert shell.run("/private").startswith("private: ")
    assert shell.preferences.private
    assert shell.run("/private").endswith("remembered again\n")
    assert not shell.preferences.private


@pytest.mark.parametrize(
    "line, name, value",
    [
        ("/set reveal on", "reveal", True),
        ("/set keys vi", "vi", True),
        ("/set menu ALWAYS", "menu", True),
    ],
)
def test_settings_of_whoever_types(line: str, name: str, value: bool) -> None:
    """One word for each; another word changes nothing."""
    shell = Shell()
    shell.run(line)
    assert getattr(shell.preferences, name) is value
    setting = line.split()[1]
    with pytest.raises(Failure, match=f"{setting} is "):
        shell.run(f"/set {setting} sideways")
    assert getattr(shell.preferences, name) is value
