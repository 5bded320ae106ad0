"""Local commands that measure: how long each step took, and what of it no RFC allows."""

from mailprobe.shell.interface import Shell
from mailprobe.shell.local.table import LocalCommand, session_of, tell, usage

_WIDTH = 80  # columns, where there is no terminal


def _timing(shell: Shell, argument: str) -> None:
    from mailprobe.render.timing import waterfall  # where somebody asks
    from mailprobe.timing import timing_of

    session = session_of(shell)
    timing = timing_of(session.connection.catalogue, session.milestones, session.exchanges)
    width, color = shell.columns or _WIDTH, shell.color
    shell.write(waterfall(timing, width=width, color=color, plain=shell.plain))


def _lint(shell: Shell, argument: str) -> None:
    from mailprobe.shell.watching import report

    session_of(shell)
    if shell.findings is None:
        raise usage("nobody looks at what the server does: begin with --lint")
    for line in report(shell.findings):
        tell(shell, shell.mask(line))


ROWS = (
    LocalCommand(
        "timing",
        "/timing",
        "show how long DNS, connect, TLS, greeting and each command took",
        _timing,
    ),
    LocalCommand("lint", "/lint", "show what the server did so far that no RFC allows", _lint),
)
