"""Transcripts played, and served, by a program."""

import smtplib
from pathlib import Path

import pytest

import mailprobe
from mailprobe import Failure, RunningSandbox, Word

_LOGIN = """mailprobe: 1
protocol: pop3

S? +OK
C~ USER {user}
S? +OK
C~ PASS {password}
S? +OK
C: QUIT
S? +OK
"""


def test_replay(sandbox: RunningSandbox, tmp_path: Path) -> None:
    """A result with a verdict; values, secrets and the server come with the call."""
    path = tmp_path / "login.mpt"
    path.write_text(_LOGIN)

    def played(secret: str) -> list[mailprobe.Result]:
        return mailprobe.replay(
            path,
            server=sandbox.address("pop3"),
            values={"user": "alice"},
            secrets={"password": secret},
            timeout=30.0,
        )

    (good,), (bad,) = played("secret"), played("wrong")
    assert (good.verdict, good.exchanges) == ("passed", 4)
    assert bad.verdict == "failed"
    assert bad.problem is not None
    assert bad.problem.word is Word.MISMATCH
    assert "wrong" not in repr(bad)


def test_replay_of_what_cannot_be_played(tmp_path: Path) -> None:
    """A file that does not parse is a result, too; a call without sense is a Failure."""
    path = tmp_path / "broken.mpt"
    path.write_text("mailprobe: 1\nprotocol: smtp\n\nX: what\n")
    (result,) = mailprobe.replay(path, server="127.0.0.1:1")
    assert result.verdict == "error"
    assert result.problem is not None
    assert result.problem.word is Word.SYNTAX
    with pytest.raises(Failure, match="match is one of"):
        mailprobe.replay(path, match="everything")


def test_serve(tmp_path: Path) -> None:
    """A foreign client talks to it, and strays the second time."""
    path = tmp_path / "served.mpt"
    path.write_text(
        "mailprobe: 1\nprotocol: smtp\n\nS: 220 hi\nC: EHLO me\nS: 250 hi\nC: QUIT\nS: 221 bye\n"
    )
    with mailprobe.serve(path) as server:
        for count, hello in enumerate(("EHLO", "HELO"), 1):
            with smtplib.SMTP(server.host, server.ports[1], timeout=30) as client:
                client.docmd(hello, "me")
            verdicts = [result.verdict for result in server.join(count, 30.0)]
    assert verdicts == ["passed", "failed"]
    with pytest.raises(Failure, match="match is one of"):
        mailprobe.serve(path, match="everything")
