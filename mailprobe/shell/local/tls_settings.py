"""What /set can change about TLS: for the handshakes that are still to come."""

from collections.abc import Callable, Mapping, Sequence

from mailprobe.render.tables import Own
from mailprobe.session import Settings
from mailprobe.shell.interface import Shell
from mailprobe.shell.local.table import usage
from mailprobe.transport.link import VERSIONS
from mailprobe.transport.target import host_name
from mailprobe.value import replace

_AUTO = "auto"


def _set_minimum(shell: Shell, value: str) -> None:
    if value not in VERSIONS:
        raise usage(f"tls-min is one of {', '.join(VERSIONS)}")
    _set_versions(shell, value, shell.settings.tls.maximum)


def _set_maximum(shell: Shell, value: str) -> None:
    if value not in (_AUTO, *VERSIONS):
        raise usage(f"tls-max is one of {', '.join(VERSIONS)}, or auto: the newest")
    _set_versions(shell, shell.settings.tls.minimum, "" if value == _AUTO else value)


def _set_versions(shell: Shell, minimum: str, maximum: str) -> None:
    if maximum and VERSIONS.index(maximum) < VERSIONS.index(minimum):
        raise usage(f"from tls-min {minimum} to tls-max {maximum} there is none")
    _change(shell, minimum=minimum, maximum=maximum)


def _set_name(shell: Shell, value: str) -> None:
    _change(shell, name="" if value == _AUTO else host_name(value))


def _change(shell: Shell, **fields: object) -> None:
    shell.change(replace(shell.settings, tls=replace(shell.settings.tls, **fields)))


SETTINGS: Mapping[str, Callable[[Shell, str], None]] = {
    "tls-min": _set_minimum,
    "tls-max": _set_maximum,
    "sni": _set_name,
}
CHOICES: Mapping[str, Sequence[str]] = {
    "tls-min": VERSIONS,
    "tls-max": (_AUTO, *VERSIONS),
    "sni": (_AUTO,),
}


def values(settings: Settings) -> list[tuple[str, str]]:
    """Names and values, as /set shows them."""
    tls = settings.tls
    return [
        ("tls-min", tls.minimum),
        ("tls-max", tls.maximum or Own("(the newest)")),
        ("sni", tls.name or Own("(the host's name)")),
    ]
