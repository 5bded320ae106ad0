"""F12: the sandbox, which keeps mail, against aiosmtpd, which here keeps none.

The client is the same C program; it prints what the mails took.
"""

import sys
from functools import partial
from pathlib import Path

from measure import ROOT, Command, Figure, Run, compare, compile_peer, folder, process, server, show

SESSIONS, PARALLEL = 1000, 8
OCTETS = 50_000_000

CORE = 0  # both ends: threads that wander between cores make the times of one-by-one bimodal
_AIOSMTPD: Command = [sys.executable, ROOT / "benchmarks" / "aiosmtpd_sink.py"]
_SANDBOX: Command = [sys.executable, "-m", "mailprobe", "sandbox", "--smtp", "0", "--print-ports"]


def measure() -> list[Figure]:
    with (
        folder() as tools,
        server(_SANDBOX, core=CORE) as said,
        server(_AIOSMTPD, core=CORE) as theirs,
    ):
        peer = compile_peer(tools)
        ours = said.rpartition(":")[2]
        return [
            compare(
                "F12",
                f"sandbox: {SESSIONS:,} sessions, {PARALLEL} at a time",
                partial(_send_many, peer, ours),
                "aiosmtpd",
                partial(_send_many, peer, theirs),
                limit=0.7,
            ),
            compare(
                "F12",
                f"sandbox: DATA {OCTETS // 1_000_000} MB",
                partial(_send_large, peer, ours),
                "aiosmtpd",
                partial(_send_large, peer, theirs),
                limit=0.1,
            ),
        ]


def _send_many(peer: Path, port: str) -> Run:
    return process(
        [peer, "sessions", port, str(SESSIONS), str(PARALLEL)], timed_inside=True, core=CORE
    )


def _send_large(peer: Path, port: str) -> Run:
    return process([peer, "data", port, str(OCTETS)], timed_inside=True, core=CORE)


if __name__ == "__main__":
    show(measure)
