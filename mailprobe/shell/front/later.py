"""What the first prompt does without: loaded when it stands there, before anybody can type."""

import gc
from importlib import import_module

# Each of them loads more.  All of it together takes 10 ms: before the prompt they would be waited
# for, and one key press later they would be felt.
_MODULES = (
    "mailprobe.shell.typing.lexer",
    "mailprobe.shell.typing.flags",
    "mailprobe.shell.typing.hint",  # and completion
    "mailprobe.shell.writing.typed",  # and all local commands
    "mailprobe.folders",
)


def load() -> None:
    """Load what the next keys need."""
    gc.disable()  # there is nothing to collect
    for name in _MODULES:
        import_module(name)
    gc.freeze()  # what is loaded stays
    gc.enable()
