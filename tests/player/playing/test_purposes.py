"""What a person is told who is asked for a secret, and when."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from mailprobe.player import client
from mailprobe.player.client import play
from mailprobe.player.options import Options
from mailprobe.player.playing.prepared import Prepared
from mailprobe.player.secrets import Vault
from mailprobe.transcript.load import load
from mailprobe.value import replace

HEAD = "mailprobe: 1\n"


def asked(tmp_path: Path, text: str, servers: dict[int, str] | None = None) -> list[str]:
    """The questions, to which nobody has an answer after the last."""
    questions: list[str] = []

    def ask(question: str) -> str | None:
        questions.append(question)
        return "x" if len(questions) < text.count("~") else None

    path = tmp_path / "a.mpt"
    path.write_text(HEAD + text)
    options = replace(Options(), vault=Vault({}, {}, ask), servers=servers or {})
    play(Prepared(load(path), str(path), options))
    return questions


def test_whose_it_is_and_who_hears_it(tmp_path: Path) -> None:
    """The user of the line before or of the function, and the connection with its host."""
    text = (
        "protocol: pop3\nconnect: sandbox\nprotocol 2: smtp\nconnect 2: 127.0.0.1:25\n\n"
        "S? +OK\nC: USER alice\nS? +OK\nC~ PASS {password}\nS? +OK\n"
        'S2? 220\nC2~ AUTH PLAIN {=sasl("bob", password-2)}\nS2? 235\n'
    )
    assert asked(tmp_path, text) == [
        "secret password of alice on pop3 sandbox (hidden): ",
        "secret password-2 of bob on smtp 127.0.0.1:25 (hidden): ",
    ]


def test_what_the_file_does_not_tell(tmp_path: Path) -> None:
    """Nothing is made up; a server of the command line is the one that hears it."""
    text = "protocol: pop3\n\nS? +OK\nC~ PASS {password}\nS? +OK\n"
    (question,) = asked(tmp_path, text, {1: "pop3://127.0.0.1:1"})
    assert question == "secret password on pop3://127.0.0.1:1 (hidden): "


def test_typing_is_no_time_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock begins behind the last question."""
    now = [0.0]
    monkeypatch.setattr(client, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def ask(question: str) -> str:
        now[0] += 60.0
        return "x"

    path = tmp_path / "a.mpt"
    path.write_text(f"{HEAD}protocol: pop3\nconnect: 127.0.0.1:1\n\nS? +OK\nC~ PASS {{password}}\n")
    options = replace(Options(), vault=Vault({}, {}, ask))
    result = play(Prepared(load(path), str(path), options)).result
    assert (result.seconds, now) == (0.0, [60.0])
