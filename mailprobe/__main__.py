"""`python -m mailprobe` and the `mailprobe` command."""

import gc
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.keyboard import Keyboard


def main() -> int:
    """Run the command line of this process; returns the exit status."""
    gc.disable()  # while modules are loaded there is nothing to collect: a tenth of a start
    if sys.argv[1:] in (["--version"], ["-V"]):
        from mailprobe.version import VERSION  # before argparse: a version costs nothing

        sys.stdout.write(f"mailprobe {VERSION}\n")
        return 0
    keyboard = _keyboard(sys.argv[1:])
    try:
        if keyboard is not None:
            keyboard.hush()  # what takes long to load comes behind it
        from mailprobe import cli

        return cli.run(keyboard)
    except KeyboardInterrupt:  # before anything could be interrupted in good order
        return 130
    finally:
        if keyboard is not None:
            keyboard.leave()
        gc.freeze()  # all goes with the process: nobody need look for what refers to what


def _keyboard(argv: list[str]) -> "Keyboard | None":
    """That of a person who may be typing for a session already."""
    if not sys.stdin or not sys.stdin.isatty():
        return None
    from mailprobe.commands.table import SUBCOMMANDS

    if (argv and argv[0] in SUBCOMMANDS) or {"-h", "--help"}.intersection(argv):
        return None
    from mailprobe.keyboard import Keyboard

    return Keyboard(sys.stdin.fileno())


if __name__ == "__main__":
    sys.exit(main())
