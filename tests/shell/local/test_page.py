"""The page of local commands says what the table says."""

from pathlib import Path

from mailprobe.shell.local.commands import COMMANDS, ROOMS
from mailprobe.shell.local.page import page

PAGE = Path(__file__).parents[3] / "docs" / "local-commands.md"


def test_page_is_what_the_table_makes() -> None:
    """Whoever changes a row runs docs/local_commands.py."""
    assert PAGE.read_text() == page()


def test_each_command_stands_in_one_room() -> None:
    """A name that stood in two would be that of the last one alone."""
    rows = [row for room in ROOMS.values() for row in room.ROWS]
    assert len(rows) == len(COMMANDS)
    for row in rows:
        assert row.syntax.startswith(f"/{row.name}")
        assert row.summary
        assert f"`{row.syntax.replace('|', chr(92) + '|')}`" in page()
