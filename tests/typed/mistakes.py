"""Mistakes that a type checker has to find: `mypy --strict` tells where an ignore was for nothing.

Nobody runs this.  `.ci/run` has mypy read it, and session.py beside it.
"""

import mailprobe

mailprobe.conect("smtp://host")  # type: ignore[attr-defined]  # an export that is not there
mailprobe.connect(25)  # type: ignore[arg-type]  # a port is no target
mailprobe.connect("smtp://host", "smtp")  # type: ignore[call-arg]  # what it means must be named
with mailprobe.connect("smtp://host") as session:
    session.command(None)  # type: ignore[arg-type]  # no line
    session.data(1)  # type: ignore[arg-type]  # no message
    session.command("NOOP").repyl  # type: ignore[attr-defined]  # noqa: B018 - a field that is not there
    number: int = session.command("NOOP").reply.code  # type: ignore[assignment]  # it is text
