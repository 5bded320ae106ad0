"""Local commands that change how the shell behaves."""

from collections.abc import Callable

from mailprobe.durations import seconds
from mailprobe.render.tables import Own
from mailprobe.shell.interface import Shell
from mailprobe.shell.local.table import Argument, LocalCommand, usage
from mailprobe.value import replace


def _set(shell: Shell, argument: str) -> None:
    name, _, value = argument.partition(" ")
    if not name:
        shell.table(("name", "value"), _settings(shell))
        return
    setting = _SETTINGS.get(name.lower())
    if setting is None or not value.strip():
        raise usage(f"write /set NAME VALUE; the names are {', '.join(_SETTINGS)}")
    setting(shell, value.strip())


def _settings(shell: Shell) -> list[tuple[str, str]]:
    return [
        ("timeout", f"{shell.settings.timeout:g} s"),
        ("ehlo", shell.settings.hello_name or Own("(this host's name)")),
        ("color", shell.color_choice),
    ]


def _set_timeout(shell: Shell, value: str) -> None:
    timeout = seconds(value)
    if not timeout:
        raise usage("a timeout is seconds, or a number with ms, s or m behind it")
    shell.change(replace(shell.settings, timeout=timeout))


def _set_hello_name(shell: Shell, value: str) -> None:
    if not value.isprintable():
        raise usage("control characters in the name")
    shell.change(replace(shell.settings, hello_name=value))


def _set_color(shell: Shell, value: str) -> None:
    if value not in ("auto", "always", "never"):
        raise usage("color is auto, always or never")
    shell.set_color(value)


_SETTINGS: dict[str, Callable[[Shell, str], None]] = {
    "timeout": _set_timeout,
    "ehlo": _set_hello_name,
    "color": _set_color,
}


ROWS = (
    LocalCommand(
        "set", "/set [NAME VALUE]", "change a setting, or show them", _set, Argument.SETTING
    ),
)
