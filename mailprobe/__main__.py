"""`python -m mailprobe` and the `mailprobe` command."""

import gc
import sys


def main() -> int:
    """Run the command line of this process; returns the exit status."""
    gc.disable()  # while modules are loaded there is nothing to collect: a tenth of a start
    if sys.argv[1:] in (["--version"], ["-V"]):
        from mailprobe.version import VERSION  # before argparse: a version costs nothing

        sys.stdout.write(f"mailprobe {VERSION}\n")
        return 0
    try:
        from mailprobe import cli

        return cli.run()
    except KeyboardInterrupt:  # before anything could be interrupted in good order
        return 130
    finally:
        gc.freeze()  # all goes with the process: nobody need look for what refers to what


if __name__ == "__main__":
    sys.exit(main())
