"""Local commands that change how the shell behaves."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from mailprobe.durations import seconds
from mailprobe.explain.languages import LANGUAGES, language_of
from mailprobe.render.tables import Own
from mailprobe.shell.interface import Shell
from mailprobe.shell.local import tls_settings
from mailprobe.shell.local.table import Argument, LocalCommand, usage
from mailprobe.shell.local.writing import switch
from mailprobe.shell.writing.switches import SWITCHES, switch_values
from mailprobe.value import replace


def _set(shell: Shell, argument: str) -> None:
    name, _, value = argument.partition(" ")
    if not name:
        shell.table(("name", "value"), _settings(shell))
        return
    if not value.strip():
        raise usage(f"write /set NAME VALUE; the names are {', '.join(_SETTINGS)}")
    change(shell, name, value.strip())


def change(shell: Shell, name: str, value: str) -> None:
    """Change one setting.  Raises Failure `usage`."""
    setting = _SETTINGS.get(name.lower())
    if setting is None:
        raise usage(f"write /set NAME VALUE; the names are {', '.join(_SETTINGS)}")
    setting(shell, value)


def _settings(shell: Shell) -> list[tuple[str, str]]:
    # a profile may have settings of its own: what counts is what this session does
    here = shell.settings if shell.session is None else shell.session.settings
    return [
        ("timeout", f"{here.timeout:g} s"),
        ("ehlo", here.hello_name or Own("(this host's name)")),
        ("color", shell.color_choice),
        ("fold", _fold_text(shell.preferences.fold)),
        ("lang", language_of(shell.preferences.language, shell.environment)),
        ("explain", "on" if shell.preferences.explains else "off"),
        *((name, _switched(shell, name)) for name in _SWITCHES),
        *tls_settings.values(here),
        *switch_values(shell.switches, shell.settings),
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


def _fold_text(rows: int | None) -> str:
    return "auto" if rows is None else str(rows or "off")


def _set_fold(shell: Shell, value: str) -> None:
    words: dict[str, int | None] = {"auto": None, "off": 0}
    if value.lower() in words:
        shell.preferences.fold = words[value.lower()]
    elif value.isascii() and value.isdigit() and 0 < int(value[:9]) < 100_000_000:
        shell.preferences.fold = int(value)
    else:
        raise usage("fold is a number of rows, off, or auto: as many as fit the screen")


def _set_language(shell: Shell, value: str) -> None:
    shell.preferences.language = language_of(value.lower(), shell.environment)


def _set_explain(shell: Shell, value: str) -> None:
    if value.lower() not in ("on", "off"):
        raise usage("explain is on or off")
    shell.explain_replies(wanted=value.lower() == "on")


_SWITCHES: dict[str, tuple[str, dict[str, bool]]] = {
    "reveal": ("reveal", {"on": True, "off": False}),
    "keys": ("vi", {"emacs": False, "vi": True}),
    "menu": ("menu", {"always": True, "tab": False}),
}


def _switch(name: str) -> Callable[[Shell, str], None]:
    """What sets one of the preferences of whoever types."""
    preference, values = _SWITCHES[name]

    def change(shell: Shell, value: str) -> None:
        if value.lower() not in values:
            raise usage(f"{name} is {' or '.join(values)}")
        setattr(shell.preferences, preference, values[value.lower()])

    return change


def _switched(shell: Shell, name: str) -> str:
    preference, values = _SWITCHES[name]
    now = getattr(shell.preferences, preference)
    return next(value for value, meant in values.items() if meant is now)


_SETTINGS: dict[str, Callable[[Shell, str], None]] = {
    "timeout": _set_timeout,
    "ehlo": _set_hello_name,
    "color": _set_color,
    "fold": _set_fold,
    "lang": _set_language,
    "explain": _set_explain,
    **{name: _switch(name) for name in _SWITCHES},
    **tls_settings.SETTINGS,
    **{name: partial(switch, name=name) for name in SWITCHES},
}


# The values that a menu can offer.
CHOICES: Mapping[str, Sequence[str]] = {
    "timeout": ("10s", "30s", "60s", "5m"),
    "ehlo": (),
    "color": ("auto", "always", "never"),
    "fold": ("auto", "off", "20", "50"),
    "lang": LANGUAGES,
    "explain": ("on", "off"),
    **{name: tuple(values) for name, (_, values) in _SWITCHES.items()},
    **tls_settings.CHOICES,
    **SWITCHES,
}


def _clear(shell: Shell, argument: str) -> None:
    shell.clear()


ROWS = (
    LocalCommand("clear", "/clear", "empty the screen", _clear),
    LocalCommand(
        "set", "/set [NAME VALUE]", "change a setting, or show them", _set, Argument.SETTING
    ),
)
