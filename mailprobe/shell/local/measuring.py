"""Local commands that measure: how long each step of the session took."""

from mailprobe.shell.interface import Shell
from mailprobe.shell.local.table import LocalCommand, session_of

_WIDTH = 80  # columns, where there is no terminal


def _timing(shell: Shell, argument: str) -> None:
    from mailprobe.render.timing import waterfall  # where somebody asks
    from mailprobe.timing import timing_of

    session = session_of(shell)
    timing = timing_of(session.connection.catalogue, session.milestones, session.exchanges)
    width, color = shell.columns or _WIDTH, shell.color
    shell.write(waterfall(timing, width=width, color=color, plain=shell.plain))


ROWS = (
    LocalCommand(
        "timing",
        "/timing",
        "show how long DNS, connect, TLS, greeting and each command took",
        _timing,
    ),
)
