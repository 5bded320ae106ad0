"""The options of the plugin, read as `mailprobe replay` reads its own."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from mailprobe import outputs
from mailprobe.commands.replay_options import options_of, parser
from mailprobe.errors import Failure
from mailprobe.player.options import Options
from mailprobe.player.secrets import Vault
from mailprobe.value import frozen, replace

_SHORT = {"tag": "-t"}  # where `replay` has a shorter name
_PATHS = ("ca", "save-failures")
_NAMED_PATHS = ("secret-file",)  # NAME=PATH


@frozen
class Asked:
    """What was asked for."""

    options: Options


def read(
    given: Mapping[str, str | Sequence[str] | bool | None], bases: Mapping[str, Path]
) -> Asked:
    """`given` by the names of the options; a path of it begins at its base.

    Nobody is asked for a secret: pytest has the terminal.  Raises UsageError.
    """
    argv = ["-"]  # `replay` wants a path
    for name, value in given.items():
        option = _SHORT.get(name, f"--{name}")
        if isinstance(value, bool):
            argv += [option] if value else []
            continue
        for text in [value] if isinstance(value, str) else value or ():
            argv += [option, _placed(name, text, bases[name])]
    try:
        asked = parser().parse_args(argv)
        options = options_of(asked, os.environ, -1, None)
        if options.save_failures is not None:
            outputs.make_folder(options.save_failures)
    except Failure as failure:
        sentence = failure.sentence.partition("; mailprobe replay --help")[0]
        raise pytest.UsageError(f"mailprobe: {sentence}") from None
    files = {name: Path(path) for name, path in _pairs(asked.secret_file)}
    return Asked(replace(options, wakeup=None, vault=Vault(os.environ, files)))


def _placed(name: str, text: str, base: Path) -> str:
    """An option whose path begins where it was written down."""
    if name in _PATHS:
        return str(base / text)
    if name in _NAMED_PATHS and "=" in text:
        key, _, path = text.partition("=")
        return f"{key}={base / path}"
    return text


def _pairs(texts: Sequence[str]) -> list[tuple[str, str]]:
    return [(name, path) for name, _, path in (text.partition("=") for text in texts)]
