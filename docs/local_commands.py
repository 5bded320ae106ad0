"""Write docs/local-commands.md: `python docs/local_commands.py`."""

from pathlib import Path

from mailprobe.shell.local.page import page

PAGE = Path(__file__).with_name("local-commands.md")

if __name__ == "__main__":
    PAGE.write_text(page())
