"""Bodies of a recording: inline up to 64 KiB, else in a file that says the same octets."""

import base64
import shutil
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.files import PrivateFile
from mailprobe.protocol.events import Ending
from mailprobe.protocol.items import Data, Phase, Raw
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import SMTP
from mailprobe.transcript.recording import bodies
from mailprobe.transcript.recording.bodies import INLINE
from mailprobe.transcript.recording.writer import MASKED
from tests.transcript.dialogue import Dialogue
from tests.transcript.grammar_check import decode

LINE = b"0123456789 a line of sixty-four octets, with its end, and so on\r\n"
BIG = LINE * 1100
NEAR = INLINE - 3  # with the lone dot: exactly at the bound


NUMBERS = count()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recordings")


def fetched(path: Path, *chunks: bytes, ending: str = Ending.EOF) -> Dialogue:
    """RETR of a body that comes in `chunks`; then the end."""
    dialogue = Dialogue(path, POP3)
    dialogue.hear(b"+OK\r\n")
    dialogue.say(b"RETR 1")
    dialogue.hear(b"+OK\r\n")
    for chunk in chunks:
        dialogue.hear(chunk)
    assert decode(dialogue.end(ending), path.parent) == dialogue.wire
    return dialogue


def sent(path: Path, *chunks: bytes) -> Dialogue:
    """DATA whose mail data goes out in `chunks`; then the end."""
    dialogue = Dialogue(path, SMTP)
    dialogue.hear(b"220 hi\r\n")
    dialogue.say(b"DATA")
    dialogue.hear(b"354 go\r\n")
    for chunk in chunks:
        dialogue.say(Data(chunk) if dialogue.connection.phase is Phase.DATA else Raw(chunk))
    assert decode(dialogue.end(Ending.LOCAL), path.parent) == dialogue.wire
    return dialogue


@pytest.mark.parametrize(
    "body, lines, content",
    [
        (BIG + b".\r\n", "S> a.mpt.1.body\nS: .\n", BIG),
        (b"..x\r\n" + BIG + b".\r\n", "S> a.mpt.1.body\nS: .\n", b".x\r\n" + BIG),
        (BIG + b".x\r\n.\r\n", "S> raw a.mpt.1.body\nS: .\n", BIG + b".x\r\n"),
        (BIG + b"bare\nLF\r\n.\r\n", "S> raw a.mpt.1.body\nS: .\n", BIG + b"bare\nLF\r\n"),
        (BIG + b"bare\rCR\r\n.\r\n", "S> raw a.mpt.1.body\nS: .\n", BIG + b"bare\rCR\r\n"),
        (BIG, "S> raw a.mpt.1.body\nS:\n# incomplete", BIG[:-2]),
        (BIG + b"cut", "S> raw a.mpt.1.body\n# incomplete", BIG + b"cut"),
        (BIG + b"cut\r\n.", "S> raw a.mpt.1.body\nS:\nS= .\n# incomplete", BIG + b"cut"),
    ],
)
def test_a_big_body_has_its_own_file(
    tmp_path: Path, body: bytes, lines: str, content: bytes
) -> None:
    """The file is the message; it is `raw` where a player would not make the same octets of it."""
    dialogue = fetched(tmp_path / "a.mpt", body)
    assert dialogue.text.split("RETR 1\nS: +OK\n")[1].startswith(lines)
    (file,) = tmp_path.glob("*.body")
    assert file.read_bytes() == content
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "chunks, line",
    [
        ((BIG, b".\r\n"), "C< a.mpt.1.body\nC: .\n"),
        ((BIG, BIG, b"\r\n.\r\n"), "C< a.mpt.1.body\nC: .\n"),
        ((BIG, b"x\ny\r\n.", b"\r\n"), "C< raw a.mpt.1.body\nC: .\n"),
        ((BIG, b".odd\r\n.\r\n"), "C< raw a.mpt.1.body\nC: .\n"),
        ((BIG,), "C< a.mpt.1.body\n# incomplete: eof: "),
        ((BIG, b"cut"), "C< raw a.mpt.1.body\n# incomplete: eof: "),
        ((BIG, b"cut\r\n."), "C< raw a.mpt.1.body\n# incomplete: eof: "),
        ((b"x\ny" + BIG, b".\r\n", b"NOOP\r\n"), "C< raw a.mpt.1.body\nC: .\nC: NOOP\n"),
    ],
)
def test_mail_data_is_kept_without_its_stuffing(
    tmp_path: Path, chunks: tuple[bytes, ...], line: str
) -> None:
    """`C<` is what a player stuffs and ends again; a body that is cut off has no end."""
    dialogue = sent(tmp_path / "a.mpt", *chunks)
    assert dialogue.text.split("S: 354 go\n")[1].startswith(line)


@pytest.mark.parametrize("size, inline", [(NEAR, True), (NEAR + 1, False)])
def test_the_bound_counts_the_octets_of_the_wire(tmp_path: Path, size: int, inline: bool) -> None:
    """64 KiB are still inline, one octet more is not."""
    body = LINE * (size // len(LINE))
    body += b"x" * (size - len(body) - 2) + b"\r\n"
    dialogue = fetched(tmp_path / "a.mpt", body + b".\r\n")
    assert (tmp_path / "a.mpt.1.body").exists() is not inline
    assert ("S>" in dialogue.text) is not inline


def test_each_body_has_a_number_and_takes_no_file_that_exists(tmp_path: Path) -> None:
    """A name that is taken, even by a symbolic link, is passed over."""
    (tmp_path / "a.mpt.1.body").write_text("mine")
    (tmp_path / "a.mpt.2.body").symlink_to(tmp_path / "elsewhere")
    dialogue = Dialogue(tmp_path / "a.mpt", POP3)
    dialogue.hear(b"+OK\r\n")
    for _ in range(2):
        dialogue.say(b"RETR 1")
        dialogue.hear(b"+OK\r\n" + BIG + b".\r\n")
    assert decode(dialogue.end(Ending.EOF), tmp_path) == dialogue.wire
    assert "S> a.mpt.3.body\nS: .\n" in dialogue.text
    assert "S> a.mpt.4.body\nS: .\n" in dialogue.text
    assert (tmp_path / "a.mpt.1.body").read_text() == "mine"
    assert not (tmp_path / "elsewhere").exists()


def test_a_chunk_is_kept_as_it_is(tmp_path: Path) -> None:
    """BDAT knows neither stuffing nor an end."""
    dialogue = Dialogue(tmp_path / "a.mpt", SMTP)
    dialogue.hear(b"220 hi\r\n")
    octets = b".bare\n" + BIG + b"\r\n.\r\nno end"
    dialogue.say(b"BDAT %d LAST" % len(octets))
    dialogue.say(Data(octets))
    assert decode(dialogue.end(Ending.LOCAL), tmp_path) == dialogue.wire
    assert f"C: BDAT {len(octets)} LAST\nC< raw a.mpt.1.body\n# incomplete: eof: " in dialogue.text
    assert (tmp_path / "a.mpt.1.body").read_bytes() == octets


@pytest.mark.parametrize("name", ["raw x.mpt", "new\nline.mpt", "my file.mpt"])
def test_a_strange_name_cannot_become_another_line(tmp_path: Path, name: str) -> None:
    """The name of a body's file is one that the grammar can hold."""
    fetched(tmp_path / name, BIG + b".\r\n")


def test_a_body_in_two_parts(tmp_path: Path) -> None:
    """What comes between the parts of a body stands between them, and nothing is lost."""
    dialogue = Dialogue(tmp_path / "a.mpt", POP3)
    dialogue.hear(b"+OK\r\n")
    dialogue.say(b"RETR 1")
    dialogue.hear(b"+OK\r\n..half")
    dialogue.say(b"NOOP")
    dialogue.hear(b" line\r\n" + BIG + b"bare\n")
    dialogue.say(b"NOOP")
    dialogue.hear(b"..more\r\n.\r\n+OK\r\n")
    assert decode(dialogue.end(Ending.EOF), tmp_path) == dialogue.wire
    assert "S= ..half\nC: NOOP\nS> raw a.mpt.1.body\nC: NOOP\nS: ..more\nS: .\nS: +OK\n" in (
        dialogue.text
    )


def test_both_directions_at_once(tmp_path: Path) -> None:
    """A body that comes while mail data goes out is written in the order of the events."""
    dialogue = Dialogue(tmp_path / "a.mpt", POP3)
    dialogue.hear(b"+OK\r\n")
    dialogue.say(b"XTND XMIT")
    dialogue.say(b"RETR 1")
    dialogue.hear(b"+OK\r\n+OK\r\nfirst")
    if dialogue.connection.phase is Phase.DATA:
        dialogue.say(Data(b"mail\r\n"))
    dialogue.hear(b"second\r\n.\r\n")
    assert decode(dialogue.end(Ending.EOF), tmp_path) == dialogue.wire


CHUNKS = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"..", b"a", b"\r\n.", b"\r\n..", b"\xff"])
    | st.just(BIG)
    | st.integers(1, 70_000).map(lambda size: b"x" * size),
    max_size=9,
)


@given(chunks=CHUNKS, ends=st.booleans())
def test_any_body_of_a_server_is_recorded_exactly(
    folder: Path, chunks: list[bytes], ends: bool
) -> None:
    """However it is cut into pieces, wherever it is cut off."""
    path = folder / f"{next(NUMBERS)}.mpt"
    fetched(path, *chunks, *([b"\r\n.\r\n"] if ends else []))


@given(chunks=CHUNKS, ends=st.booleans())
def test_any_mail_data_is_recorded_exactly(folder: Path, chunks: list[bytes], ends: bool) -> None:
    """However it is cut into pieces, wherever it is cut off."""
    path = folder / f"{next(NUMBERS)}.mpt"
    sent(path, *chunks, *([b"\r\n.\r\n"] if ends else []))


@pytest.mark.parametrize("line", [b"a line of mail\r\n", b"..a line with a dot\r\n"])
def test_what_is_very_large_is_kept_as_it_travels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: bytes
) -> None:
    """Beyond COMPARED nobody looks at line ends any more; what was kept before still counts."""
    monkeypatch.setattr(bodies, "COMPARED", 100_000)
    dialogue = fetched(tmp_path / "a.mpt", *[line * 2_000] * 8, b".\r\n")
    assert "S> raw a.mpt." in dialogue.path.read_text("ascii")


# ------------------------------------------------------------------ killed at any system call


KILLED = """
import os, sys
from pathlib import Path
from mailprobe.protocol.items import Data
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import SMTP
from tests.transcript.dialogue import Dialogue
def told():
    os.write(1, b".")
"""
MOVES = """
dialogue = Dialogue(Path(sys.argv[1]), SMTP)
dialogue.hear(b"220 hi\\r\\n")
dialogue.say(b"DATA")
dialogue.hear(b"354 go\\r\\n")
for _ in range(2):
    dialogue.say(Data(b"a line of mail\\r\\n" * 2500)); told()
"""
SHRINKS = """
dialogue = Dialogue(Path(sys.argv[1]), POP3)
dialogue.hear(b"+OK\\r\\n")
dialogue.say(b"RETR 1")
dialogue.hear(b"+OK\\r\\n")
dialogue.hear(b"\\\\" * 1000); told()
dialogue.hear(b"\\r\\nnext\\r\\n"); told()
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize(
    "program, calls, side, pieces",
    [
        (MOVES, "pwrite64:when=6", "C", [b"a line of mail\r\n" * 2500] * 2),
        (MOVES, "ftruncate:when=1", "C", [b"a line of mail\r\n" * 2500] * 2),
        (SHRINKS, "pwrite64:when=6", "S", [b"\\" * 1000, b"\r\nnext\r\n"]),
        (SHRINKS, "ftruncate:when=1", "S", [b"\\" * 1000, b"\r\nnext\r\n"]),
    ],
)
def test_a_kill_at_a_system_call_loses_nothing_that_was_told(
    tmp_path: Path, program: str, calls: str, side: str, pieces: list[bytes]
) -> None:
    """Where lines move to a file, or become shorter: what is left parses, and says it all."""
    name, when = calls.split(":")
    inject = f"inject={name}:signal=KILL:{when}"
    python = [sys.executable, "-c", KILLED + program, str(tmp_path / "a.mpt")]
    run = ["strace", "-f", "-o", str(tmp_path / "calls"), "-e", f"trace={name}", "-e", inject]
    done = subprocess.run([*run, *python], capture_output=True, check=False)
    if "ptrace" in done.stderr.decode() and not done.stdout:
        pytest.skip("strace may not trace here")
    assert "+++ killed by SIGKILL +++" in (tmp_path / "calls").read_text()
    told = b"".join(pieces[: len(done.stdout)])
    assert told
    assert told in decode((tmp_path / "a.mpt").read_bytes(), tmp_path)[side]


@pytest.mark.parametrize("left", [1, 2, 1000])
def test_lines_that_become_shorter_are_lines_at_every_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    """What is left of the longer ones is a comment, or a blank line, before it is cut off."""
    seen: list[bytes] = []
    cut = PrivateFile.cut

    def look(file: PrivateFile, size: int) -> None:
        seen.append(file.path.read_bytes())
        cut(file, size)

    monkeypatch.setattr(PrivateFile, "cut", look)
    line = b"\\" * (left + len("S= n\n"))  # each is two octets while the line has no end
    dialogue = fetched(tmp_path / "a.mpt", line, b"\r\nn", b"\r\n.\r\n")
    (moment,) = seen
    assert moment.endswith(b"\nS: " + line + b"\nS= n\n" + b"#" * (left - 1) + b"\n")
    assert line + b"\r\nn" in decode(moment, tmp_path)["S"]
    assert b"\nS: " + line + b"\nS: n\nS: .\n" in dialogue.path.read_bytes()


# ------------------------------------------------------------------------------------ secrets


def logged_in(path: Path, password: bytes, *chunks: bytes) -> Dialogue:
    """A session that knows `password`, and a body that comes in `chunks`."""
    dialogue = Dialogue(path, POP3)
    dialogue.hear(b"+OK\r\n")
    for line in (b"USER alice", b"PASS " + password, b"RETR 1"):
        dialogue.say(line)
        dialogue.hear(b"+OK\r\n")
    for chunk in chunks:
        dialogue.hear(chunk)
    return dialogue


@pytest.mark.parametrize("password", [b"secret", b"seseses"])
def test_a_secret_on_the_border_of_a_long_line(tmp_path: Path, password: bytes) -> None:
    """Wherever the pieces of a line part a secret, `*` stands in the recording."""
    for at in range(len(password) + 1):
        path = tmp_path / f"{at}.mpt"
        line = [b"x" * 5000 + password[:at], password[at:] + b"y" * 5000, password + b"\r\n.\r\n"]
        dialogue = logged_in(path, password, *line)
        recording = dialogue.end(Ending.EOF)
        assert password not in recording.replace(MASKED, b"")
        wire = decode(recording, tmp_path, lambda name: name.encode())["S"]
        assert wire == dialogue.wire["S"].replace(password, b"*" * len(password))


@pytest.mark.parametrize("form", [b"secret", base64.b64encode(b"secret"), b"secret".hex().encode()])
@pytest.mark.parametrize("bare", [b"", b"bare\n"])
def test_a_secret_in_a_file_is_masked(tmp_path: Path, form: bytes, bare: bytes) -> None:
    """However the chunks part it: `*` for each octet, and a comment behind the body says so."""
    for at in range(len(form)):
        path = tmp_path / f"{at}.mpt"
        chunks = [b"..x\r\n" + BIG + form[:at], form[at:] + b"\r\n" + bare + BIG + b".\r\n"]
        dialogue = logged_in(path, b"secret", *chunks)
        recording = dialogue.end(Ending.EOF)
        (file,) = tmp_path.glob(f"{at}.mpt.*.body")
        assert form not in file.read_bytes()
        masked = dialogue.wire["S"].replace(form, b"*" * len(form))
        assert decode(recording, tmp_path)["S"] == masked
        comment = f"S: .\n# a secret was masked in {file.name}\n"
        assert comment in recording.decode()


@pytest.mark.parametrize("end", [b"secr", b"\r\n.secr", b"cut\r\n."])
def test_what_only_begins_like_a_secret_is_kept(tmp_path: Path, end: bytes) -> None:
    """A body that stops there has it in its file, and no comment speaks of a secret."""
    dialogue = logged_in(tmp_path / "a.mpt", b"secret", b"..x\r\n" + BIG, end)
    recording = dialogue.end(Ending.EOF)
    assert decode(recording, tmp_path) == dialogue.wire | {
        "C": dialogue.wire["C"].replace(b"secret", b"{password}")
    }
    assert b"masked" not in recording


@pytest.mark.parametrize("password", [b"secret", b"abc"])
def test_what_is_very_large_is_not_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password: bytes
) -> None:
    """Beyond SEARCHED nobody looks for secrets; a comment says so, if there is one to be found."""
    monkeypatch.setattr(bodies, "SEARCHED", 1 << 20)
    chunks = [BIG * 20, b"my secret\r\n", b".\r\n"]
    recording = logged_in(tmp_path / "a.mpt", password, *chunks).end(Ending.EOF)
    told = b"# a.mpt.1.body was not searched for secrets beyond 1 MiB\n" in recording
    assert told is (password == b"secret")
    assert (tmp_path / "a.mpt.1.body").read_bytes() == b"".join(chunks[:2])
