"""`mailprobe completion SHELL`: a script with which a shell completes command lines."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

from mailprobe.commands.parser import Parser
from mailprobe.commands.streams import Streams
from mailprobe.errors import ExitStatus, Failure, Word

_SHELLS = ("bash", "zsh", "fish")  # each the name of its module


def parser() -> Parser:
    """What may stand on the command line."""
    parser = Parser(
        prog="mailprobe completion",
        description="Print a script with which a shell completes the command lines of mailprobe: "
        "subcommands, options, their values, files, hosts and profiles.",
        epilog="bash: source <(mailprobe completion bash); zsh: source <(mailprobe completion "
        "zsh), behind compinit; fish: mailprobe completion fish "
        ">~/.config/fish/completions/mailprobe.fish",
    )
    parser.add_argument("shell", nargs="?", choices=_SHELLS, help="for which shell")
    parser.add_argument(
        "--profiles", action="store_true", help="print the profiles of config.toml, a name a line"
    )
    return parser


def run(argv: Sequence[str], env: Mapping[str, str], streams: Streams) -> ExitStatus:
    """Print.  Raises Failure `usage`."""
    asked = parser().parse_args(argv)
    if asked.profiles:
        streams.write("".join(f"{name}\n" for name in _profiles(env)))
    elif asked.shell is None:
        raise Failure(Word.USAGE, f"for which shell?  One of {', '.join(_SHELLS)}")
    else:
        from mailprobe.commands.forms import forms

        module = import_module(f"mailprobe.commands.shells.{asked.shell}")
        script: Callable[..., str] = module.script
        streams.write(script(forms()))
    return ExitStatus.OK


def _profiles(env: Mapping[str, str]) -> Sequence[str]:
    from mailprobe.shell.config import config_of
    from mailprobe.shell.options import Options

    return sorted(config_of(Options(env=env)).profiles)
