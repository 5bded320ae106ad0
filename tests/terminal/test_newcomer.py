"""A newcomer's walk: no document, only what the screen says, completion, hints and /help."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.terminal.harness import Person

pytestmark = pytest.mark.terminal


def test_a_newcomers_walk(tmp_path: Path) -> None:
    """From the first screen to a mail that was sent, fetched, saved and replayed."""
    file = tmp_path / "walk.mpt"
    person = Person(columns=100, rows=30, cold=True)
    try:
        person.sees("mailprobe>")
        person.sees("sandbox")  # the first screen names it
        person.enter("/help")
        person.sees("/save")
        person.prompted("mailprobe>")
        person.enter("/help /save")
        person.sees("/save FILE")
        person.prompted("mailprobe>")

        person.enter("/connect smtp 127.0.0.1:1")  # not what was meant: no part of the walk
        person.sees("connect: ")
        person.prompted("mailprobe>")
        person.enter("/connect smtp sandbox")
        person.prompted("smtp:greeted>")
        person.type("EH\t")
        person.sees_line("smtp:greeted> EHLO ")
        person.enter("me.example")
        person.prompted("smtp:ready>")
        person.type("MAIL\t")
        person.sees_line("smtp:ready> MAIL FROM:<")
        person.enter("me@example.org>")
        person.prompted("smtp:mail>")
        person.type("RCPT\t")
        person.sees_line("smtp:mail> RCPT TO:<")
        person.enter("alice@example.test>")
        person.prompted("smtp:rcpt(1)>")
        person.enter("DATA")
        person.sees_line("smtp:data")
        for line in ("Subject: walked", "", "A first mail."):
            person.enter(line)
        person.enter(".")
        person.prompted("smtp:ready>")
        person.enter("QUIT")
        person.prompted("smtp:closed>")

        person.enter("/connect pop3 sandbox")
        person.prompted("pop3:auth>")
        for line, prompt in (("USER alice", "auth"), ("PASS secret", "trans")):
            person.enter(line)
            person.prompted(f"pop3:{prompt}>")
        person.enter("LIST")
        person.sees("5 ")
        person.prompted("pop3:trans>")
        person.enter("RETR 5")
        person.sees("A first mail.")
        person.prompted("pop3:trans>")
        person.enter(f"/save {file}")
        person.sees("recording into")
        person.enter("QUIT")
        person.prompted("pop3:closed>")
        person.enter("/quit")
        assert person.ended() == 0
    finally:
        person.close()
    assert "connect: sandbox" in file.read_text()
    assert "127.0.0.1:1\n" not in file.read_text()
    played = subprocess.run(
        [sys.executable, "-m", "mailprobe", "replay", file],
        capture_output=True,
        text=True,
        env={**os.environ, "MAILPROBE_SECRET_PASSWORD": "secret"},
    )
    assert played.returncode == 0, file.read_text() + played.stdout + played.stderr
