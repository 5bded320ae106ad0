"""A mail of 25 MB through Postfix and Dovecot: byte for byte, and in little memory."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

import mailprobe
from mailprobe.protocol.events import DataSent, Event
from tests.interop.mail import ENVELOPE, HEADER, fetched, smtp
from tests.interop.servers import MailServers
from tests.interop.talk import LIMIT, PROGRAM, transcript_lines

MEBIBYTE = 1024 * 1024


def large_mail() -> bytes:
    """25 MB of lines with CRLF: dots at line starts, octets that are no UTF-8."""
    draw = random.Random(2007)
    octets = draw.randbytes(25 * 1000 * 1000 // 2).hex().encode()
    lines = [octets[at : at + 900] for at in range(0, len(octets), 900)]
    lines[10:10] = [b"." + b"x" * 50, b"..", b"...", bytes(range(128, 256))]
    return HEADER % b"large" + b"\r\n" + b"\r\n".join(lines) + b"\r\n"


PEAK = (  # a process of its own: the peak is that of all children so far
    "import json, resource, subprocess, sys\n"
    "run = subprocess.run(json.loads(sys.argv[1]), stdout=open(sys.argv[2], 'wb'))\n"
    "peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n"
    "print(run.returncode, peak)"
)


def peak_of(output: Path, *arguments: object) -> int:
    """Run mailprobe to its good end, its dialogue into `output`; its peak of memory in octets."""
    command = json.dumps([*PROGRAM, *map(str, arguments)])
    run = subprocess.run(
        [sys.executable, "-c", PEAK, command, str(output)],
        capture_output=True,
        timeout=3 * LIMIT,
        check=False,
    )
    assert run.stderr == b""
    status, peak = map(int, run.stdout.split())
    assert status == 0
    return peak * 1024  # Linux counts in KiB


def body_beside(record: Path, tag: str) -> bytes:
    """The body that a recording names; so large a one is kept as it travels, dots doubled."""
    (line,) = (line for line in transcript_lines(record) if line.startswith(tag))
    assert line.startswith(f"{tag} raw ")
    wire = record.with_name(line.split()[2]).read_bytes()
    return b"".join(
        line.removeprefix(b".") for line in wire.removesuffix(b".\r\n").splitlines(keepends=True)
    )


@pytest.mark.slow
def test_large_mail_goes_in_and_comes_out(mail_servers: MailServers, tmp_path: Path):
    """25 MB by DATA and by RETR: byte for byte the same, in both recordings, in little memory."""
    mail = large_mail()
    envelope = ENVELOPE.encode() + b"DATA\n"
    lines = mail.replace(b"\r\n", b"\n")  # not stuffed: no lone dot is among them
    (tmp_path / "in.script").write_bytes(envelope + lines + b".\nQUIT\n")
    record = tmp_path / "in.mpt"
    peak = peak_of(
        tmp_path / "in.out",
        *smtp(mail_servers),
        *("--script", tmp_path / "in.script", "--record", record),
    )
    assert peak < 150 * MEBIBYTE
    assert body_beside(record, "C<") == mail

    mail_servers.wait_for_mails("alice", 1)
    (tmp_path / "out.script").write_text("USER alice\nPASS secret\nRETR 1\nQUIT\n")
    record = tmp_path / "out.mpt"
    peak = peak_of(
        tmp_path / "out.out",
        *("pop3", f"{mail_servers.host}:{mail_servers.pop3}"),
        *("--script", tmp_path / "out.script", "--record", record),
    )
    assert peak < 150 * MEBIBYTE
    received = body_beside(record, "S>")
    # Postfix and Dovecot put their headers in front, and their Message-Id and Date into the header
    own_header, _, own_body = mail.partition(b"\r\n\r\n")
    header, _, body = received.partition(b"\r\n\r\n")
    assert body == own_body
    assert own_header.split(b"\r\n") == [
        line for line in header.split(b"\r\n") if line in own_header.split(b"\r\n")
    ]


def test_large_mail_through_a_session(mail_servers: MailServers):
    """Below the command line: what was sent piece by piece is told once, and comes back whole."""
    mail = large_mail()
    told = bytearray()

    def observe(event: Event) -> None:
        if isinstance(event, DataSent):
            told.extend(event.octets)

    pieces = (mail[at : at + 1_000_001] for at in range(0, len(mail), 1_000_001))
    where = f"smtp://{mail_servers.host}:{mail_servers.smtp}"
    with mailprobe.connect(where, observers=[observe]) as session:
        for line in ENVELOPE.splitlines():
            assert session.command(line).reply.positive
        assert session.data(pieces).reply.code == "250"
    assert told == mail.replace(b"\r\n.", b"\r\n..") + b".\r\n"
    assert fetched(mail_servers).endswith(mail.partition(b"\r\n\r\n")[2])
