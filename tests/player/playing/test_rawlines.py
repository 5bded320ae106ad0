"""protocol: raw: line against line."""

from pathlib import Path

import pytest

from mailprobe.errors import Word
from mailprobe.player.options import Options
from mailprobe.protocol.framing import Limits
from tests.hostile import server as at
from tests.player.scenes import SOON, against, passed, problem

IMAP = [
    at.send(b"* OK [CAPABILITY IMAP4rev1] ready\r\n"),
    at.expect(b"EHLO"),
    at.send(b"* one\r\n* two\r\nEHLO BAD Error in command.\r\n"),
]


def test_another_service(tmp_path: Path) -> None:
    """The shipped example: some lines, and the one that counts."""
    lines = """
S~ * OK {:any=x}
C: EHLO client.example
S* * {}
S~ EHLO BAD {word:word} {}
@assert word == Error
C@ close
"""
    result, heard = against(tmp_path, IMAP, lines, protocol="raw")
    passed(result)
    assert heard == b"EHLO client.example\r\n"
    assert result.exchanges == 2


def test_to_the_letter(tmp_path: Path) -> None:
    """Every octet counts, the line end too; a diff shows where."""
    steps = [at.send(b"hello\n")]
    problem(against(tmp_path, steps, "S: hello\n", protocol="raw")[0], Word.MISMATCH, 1)
    passed(against(tmp_path, steps, "S= hello\\n\n", protocol="raw")[0])
    result, _ = against(tmp_path, [at.send(b"hallo\r\n")], "S: hello\n", protocol="raw")
    assert problem(result, Word.MISMATCH, 1).difference[2].strip() == "^"


def test_a_prompt_without_a_line_end(tmp_path: Path) -> None:
    """It may come in pieces, and it may be the last that comes."""
    steps = [at.drip(b"login: ", 0.01), at.expect(b"me"), at.send(b"hello\r\n")]
    lines = "S= login:\\s\nC: me\nS: hello\n"
    passed(against(tmp_path, steps, lines, protocol="raw")[0])
    result, _ = against(
        tmp_path, [at.send(b"user: ")], lines, Options(timeout=SOON), protocol="raw"
    )
    assert problem(result, Word.TIMEOUT, 1).reply == ("S: user: ",)


def test_a_line_cut_off(tmp_path: Path) -> None:
    """The rest of a line before the end of the connection."""
    steps = [at.send(b"half a li"), at.close]
    passed(against(tmp_path, steps, "S= half a li\nS@ close\n", protocol="raw")[0])
    problem(against(tmp_path, steps, "S: half a line\n", protocol="raw")[0], Word.EOF, 1)


@pytest.mark.parametrize(
    "steps, word",
    [
        ([at.close], Word.EOF),
        ([at.reset], Word.RESET),
        ([], Word.TIMEOUT),
        ([at.endless(b"x")], Word.LIMIT),
    ],
)
def test_what_else_may_come(tmp_path: Path, steps: list[at.Step], word: Word) -> None:
    """An end, nothing, or too much."""
    options = Options(timeout=2.0 if word is Word.LIMIT else SOON, limits=Limits(reply=100_000))
    steps = [at.expect(b"hello"), *steps]
    problem(against(tmp_path, steps, "C: hello\nS: x\n", options, protocol="raw")[0], word, 2)


def test_unread_octets_at_the_next_line(tmp_path: Path) -> None:
    """As with every protocol."""
    lines = "S: one\nC@ pause 100ms\nC: two\nS: x\n"
    result, _ = against(tmp_path, [at.send(b"one\r\nmore")], lines, protocol="raw")
    assert "more" in problem(result, Word.MISMATCH, 3).sentence


def test_silence_and_the_end(tmp_path: Path) -> None:
    """Events are those of the other protocols."""
    steps = [at.send(b"one\r\n"), at.pause(0.2), at.close]
    lines = "S: one\nS@ silent 50ms\nS@ close\n"
    passed(against(tmp_path, steps, lines, protocol="raw")[0])
    problem(
        against(tmp_path, steps, lines.replace("50ms", "5s"), protocol="raw")[0], Word.MISMATCH, 2
    )


def test_alternatives(tmp_path: Path) -> None:
    """By the first line, which stays to be taken."""
    lines = "@alt a\nS: one\nC: A\n@or b\nS~ t{:any=x}\nC: B\n@or c\nS@ silent 100ms\nC: C\n@end\n"
    for said, heard in ((b"one\r\n", b"A\r\n"), (b"two\r\n", b"B\r\n"), (b"", b"C\r\n")):
        result, came = against(tmp_path, [at.send(said)], lines, protocol="raw")
        passed(result)
        assert came == heard


def test_a_secret_has_no_place_here(tmp_path: Path) -> None:
    """Nobody knows where one would stand: a name is an error."""
    result, heard = against(tmp_path, [], "C~ PASS {password}\n", protocol="raw")
    problem(result, Word.USAGE, 1)
    assert heard == b""


def test_tls_here(tmp_path: Path) -> None:
    """@tls begins a handshake wherever it stands."""
    import trustme

    from mailprobe.transport.tls import server_context

    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = server_context()
    ca.issue_cert("127.0.0.1").configure_cert(context)
    go = at.send(b"ok\r\n")
    steps = [at.expect(b"go"), go, at.start_tls(context), at.send(b"hello\r\n")]
    lines = "C: go\nS: ok\n@tls verify=on\nS: hello\n"
    passed(against(tmp_path, steps, lines, protocol="raw", header="ca: ca.pem")[0])
