"""Other programs that read what was fetched: a pager, and commands of the person's."""

import stat
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.shell.reading.paging import filtered, page, pager_words


@pytest.mark.parametrize(
    "env, plain, words",
    [
        ({"PAGER": "most -s 'a b'"}, False, ["most", "-s", "a b"]),
        ({"PAGER": "most"}, True, ["most"]),
        ({}, True, []),
        ({"PATH": ""}, False, []),
        ({"PAGER": "", "PATH": "{bin}"}, False, ["less", "-R"]),
    ],
)
def test_which_pager(env: dict[str, str], plain: bool, words: list[str], tmp_path: Path) -> None:
    """$PAGER as words; else what is there; in plain mode none that nobody asked for."""
    for name in ("less", "more"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o700)
    env = {name: value.format(bin=tmp_path) for name, value in env.items()}
    assert pager_words(env, plain=plain) == words


def test_a_pager_that_cannot_be_read() -> None:
    """A quote that does not end is told, with its escape sequences visible."""
    with pytest.raises(Failure, match=r"\$PAGER cannot be read: less '\\u\{1b\}"):
        pager_words({"PAGER": "less '\x1b"})


def test_the_pager_reads_a_private_file_without_a_name(capfd: pytest.CaptureFixture[str]) -> None:
    """All of the text is in it before the pager starts; octets that are no UTF-8 as they came."""
    script = (
        "import os,sys; s=os.fstat(0); print(oct(s.st_mode), s.st_nlink, s.st_size);"
        "sys.stdout.flush(); os.write(1, sys.stdin.buffer.read())"
    )
    page(iter(["a\n", "\udcff\n"]), [sys.executable, "-c", script], nullcontext)
    out = capfd.readouterr().out.encode("utf-8", "surrogateescape")
    assert out.startswith(b"%s 0 4\n" % oct(stat.S_IFREG | 0o600).encode())
    assert b"\xff\n" in out or "\ufffd\n".encode() in out


def test_a_command_gets_the_octets_and_its_output_is_safe() -> None:
    """Errors of it, too."""
    script = "import sys; d=sys.stdin.buffer.read(); sys.stdout.buffer.write(d + b'\\x1b[2J\\xff')"
    shown = "".join(filtered([b"a\r\n", b"b\r\n"], [sys.executable, "-c", script], nullcontext))
    assert shown == "a\nb\n\\u{1b}[2J\\xff\n"
    shown = "".join(filtered([b""], ["sh", "-c", "echo oops >&2"], nullcontext))
    assert shown == "oops\n"
    script = "import os; os.write(1, b'a\\r'); os.write(1, b'\\nb\\r')"
    shown = "".join(filtered([b""], [sys.executable, "-c", script], nullcontext))
    assert shown == "a\nb\\r\n"


@pytest.mark.parametrize(
    "words, sentence",
    [
        (["/nonexistent/\x1b"], r"\\u\{1b\} does not start: No such file or directory"),
        (["a\0b"], "does not start: embedded null byte"),
        (["sh", "-c", "exit 3"], "sh ended with status 3"),
        (["sh", "-c", "kill -9 $$"], "sh ended with signal 9"),
    ],
)
def test_what_goes_wrong_is_told(words: list[str], sentence: str) -> None:
    """In a sentence that is safe to show."""
    with pytest.raises(Failure, match=sentence):
        list(filtered([b""], words, nullcontext))


def _descriptors() -> int:
    return len([*Path("/dev/fd").iterdir()])


def test_no_descriptor_is_left_open() -> None:
    """The temporary file is closed when the command has ended."""
    before = _descriptors()
    list(filtered([b"x"], ["true"], nullcontext))
    page(["x"], ["true"], nullcontext)
    after = _descriptors()
    assert after == before


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the pager starts."""
    ran: list[object] = []
    full = Path("/dev/full").open("wb")  # noqa: SIM115 - page() closes it
    monkeypatch.setattr("tempfile.TemporaryFile", lambda: full)
    monkeypatch.setattr(
        "mailprobe.shell.reading.paging.run_program", lambda *words: ran.append(words)
    )
    with pytest.raises(Failure, match="cannot write a temporary file: No space left on device"):
        page(["x" * 100_000], ["cat"], nullcontext)
    assert ran == []


def test_what_fails_while_it_is_written_is_let_through() -> None:
    """A body that cannot be read any more; the file is closed."""

    def pieces() -> Iterator[str]:
        yield "x"
        raise Failure(Word.USAGE, "gone")

    with pytest.raises(Failure, match="gone"):
        page(pieces(), ["cat"], nullcontext)
