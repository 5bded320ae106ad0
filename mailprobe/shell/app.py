"""The shell of a person at a terminal: from options to an exit status, full or plain."""

import gc
import signal
import sys

from mailprobe.errors import ExitStatus
from mailprobe.shell.config import config_of
from mailprobe.shell.connections.connecting import take_defaults
from mailprobe.shell.conversation import Conversation
from mailprobe.shell.front.keys import POOR
from mailprobe.shell.front.plain import PlainFront
from mailprobe.shell.front.terminal import Interrupts, Terminal, taken
from mailprobe.shell.interface import Front, Key
from mailprobe.shell.options import Options
from mailprobe.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def run(options: Options, found: "list[Any] | None" = None) -> ExitStatus:
    """Talk with a person until he leaves: 0, or 130.

    `found` are the modes of the terminal, where they were changed before.
    Raises Failure `usage` when the recording cannot be made, or config.toml is wrong, and
    SystemExit after SIGTERM.
    """
    terminal, interrupts = Terminal(sys.stdin.fileno(), found), Interrupts()
    try:
        with taken(terminal, interrupts):
            return _talk(options, terminal, interrupts)
    finally:
        interrupts.close()


def _talk(options: Options, terminal: Terminal, interrupts: Interrupts) -> ExitStatus:
    config = config_of(options)
    options = replace(options, plain=config.plain or wants_plain(options))
    plain = PlainFront(terminal, interrupts, options.env)
    conversation = Conversation(options, plain, interrupts)
    try:
        take_defaults(conversation, config)
        conversation.open()  # before anything that takes long to load
        if not options.plain:
            conversation.front = _full(terminal, interrupts, plain, conversation)
        gc.freeze()  # what is loaded stays, and is not looked through again and again
        gc.enable()
        while conversation.status is None:
            conversation.take(conversation.front.read(conversation))
        return _judged(conversation)
    finally:
        conversation.finish()


def run_script(options: Options, source: int) -> ExitStatus:
    """Have a lesson learnt by lines from `source`: 0 when every step was done by them, else 1.

    Raises Failure, and Interrupted.
    """
    from mailprobe.shell.front.script import ScriptFront

    interrupts = Interrupts()
    before = {
        number: signal.signal(number, interrupts.on_signal)
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    color = options.color if options.color != "auto" or sys.stdout.isatty() else "never"
    options = replace(options, plain=True, color=color)
    conversation = Conversation(options, ScriptFront(source, interrupts), interrupts)
    try:
        conversation.open()
        while conversation.status is None:
            entry = conversation.front.read(conversation)
            if entry.key is Key.END:
                break
            conversation.take(entry)
        done = conversation.tutor is not None and conversation.tutor.passed
        return ExitStatus.OK if done else ExitStatus.FAILED
    finally:
        conversation.finish()
        for number, handler in before.items():
            signal.signal(number, handler)
        interrupts.close()


def _judged(conversation: Conversation) -> ExitStatus:
    """How the shell ends; with --lint, by what was found, which is shown."""
    assert conversation.status is not None  # the person has left
    if not conversation.options.lint:
        return conversation.status
    from mailprobe.render.rows import wrapped
    from mailprobe.shell.watching import report, verdict

    for line in report(conversation.findings):
        conversation.write(wrapped(conversation.mask(line), conversation.columns) + "\n")
    failure = verdict(conversation.findings)
    if conversation.status is ExitStatus.OK and failure is not None:
        conversation.tell(failure.sentence)
        return failure.word.status
    return conversation.status


def wants_plain(options: Options) -> bool:
    """Whether the plain shell was asked for, or is all that the terminal can do."""
    env = options.env
    asked = options.plain or env.get("MAILPROBE_PLAIN") == "1" or env.get("ACCESSIBLE") == "1"
    return asked or env.get("TERM", "") in POOR or not sys.stdout.isatty()


def _full(
    terminal: Terminal, interrupts: Interrupts, plain: PlainFront, conversation: Conversation
) -> Front:
    """The full front; the plain one where prompt_toolkit does not start."""
    try:
        from mailprobe.shell.front.prompt import FullFront

        return FullFront(terminal, interrupts, conversation.options.env)
    except Exception as error:  # noqa: BLE001 - prompt_toolkit has many names for it
        conversation.become_plain()
        plain.write(f"note: the full shell does not start ({type(error).__name__}): plain it is\n")
        return plain
