"""Handshakes in a recording: those that came to nothing stand there, too."""

from pathlib import Path

import pytest

from mailprobe.protocol import events
from mailprobe.protocol.events import Ending
from mailprobe.protocol.smtp import SMTP
from mailprobe.transcript.dialogue import compile_steps
from mailprobe.transcript.parse import parse
from mailprobe.transcript.steps import Handshake
from tests.transcript.dialogue import Dialogue


@pytest.mark.parametrize(
    "verify, implicit, line",
    [(True, False, "@tls\n"), (False, False, "@tls verify=off\n"), (True, True, "")],
)
def test_a_handshake_that_failed(tmp_path: Path, verify: bool, implicit: bool, line: str) -> None:
    """The upgrade was begun; that of the header needs no line."""
    dialogue = Dialogue(tmp_path / "a.mpt", SMTP)
    dialogue.hear(b"220 hi\r\n")
    if not implicit:
        dialogue.say(b"STARTTLS")
        dialogue.hear(b"220 go\r\n")
    before = dialogue.text
    dialogue.recorder(events.TlsFailed(0.0, verify, implicit))
    assert dialogue.text == before + line
    recording = dialogue.end(Ending.LOCAL)
    steps = compile_steps(parse(recording, "a.mpt"))
    assert sum(isinstance(step, Handshake) for step in steps) == (not implicit)
