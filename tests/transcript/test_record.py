"""Recordings: of the grammar, exact in both directions, and never in the way of the session."""

import os
import random
import signal
import subprocess
import sys
from base64 import b64encode
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailprobe.errors import Failure, Word
from mailprobe.protocol import events
from mailprobe.protocol.events import Ending
from mailprobe.protocol.items import Answer, Data, Phase, Raw
from mailprobe.protocol.model import Protocol
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import SMTP
from mailprobe.transcript.dialogue import compile_steps
from mailprobe.transcript.parse import parse
from mailprobe.transcript.record import Recorder
from mailprobe.transcript.steps import Sort, Write
from tests.transcript.dialogue import CATALOGUES, Dialogue, agree
from tests.transcript.grammar_check import check, decode

PIECES = st.sampled_from(
    (
        *(b"\r", b"\n", b"\r\n", b".", b"..", b" ", b"\t", b"{x}", b"\\", b"\\x41", b"@tls", b"\0"),
        *(
            b"\x1b",
            b"\xff",
            "é".encode(),
            "\u202e".encode(),
            "\u2028".encode(),
            b"S: .",
            b"# x",
            b"}",
        ),
    )
)
OCTETS = st.lists(PIECES | st.binary(max_size=6), max_size=12).map(b"".join)
LINES = OCTETS.map(lambda octets: octets.replace(b"\n", b""))
VERBS = st.sampled_from(
    (
        *(b"RETR 1", b"LIST", b"CAPA", b"DATA", b"BDAT 9", b"BDAT 3 LAST", b"EHLO x", b"NOOP", b""),
        *(b"AUTH PLAIN", b"QUIT", b"TOP 1 0", b"PASS pq", b"AUTH", b"APOP a b", b"XTND XMIT"),
    )
)
SAID = st.one_of(
    st.tuples(st.just("say"), VERBS | LINES),
    st.tuples(st.just("raw"), OCTETS | VERBS | st.sampled_from([b"PA", b"SS x", b"SS x\r\n"])),
    st.tuples(st.just("note"), OCTETS),
    st.tuples(
        st.just("hear"),
        st.sampled_from(
            [b"250 ok\r\n", b"+OK\r\n", b"354 go\r\n", b"334 \r\n", b"+ \r\n", b"-ERR\n"]
        )
        | st.sampled_from([b"250-a\r\n", b"\r\n.\r\n", b"421 bye\r\n", b"half"])
        | OCTETS,
    ),
)


NUMBERS = count()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recordings")


def fresh(folder: Path) -> Path:
    return folder / f"{next(NUMBERS)}.mpt"


def values(recorder: Recorder) -> dict[str, bytes]:
    """What each placeholder of a recording stood for."""
    secrets = recorder.secrets
    return {f"{{{name}}}": value for value, name in secrets._names.items()}


@given(protocol=st.sampled_from(sorted(CATALOGUES)), said=st.lists(SAID, max_size=25))
def test_a_recording_holds_the_octets_of_both_directions(
    folder: Path, protocol: str, said: list[tuple[str, bytes]]
) -> None:
    """Whatever is typed, sent raw or answered: the file says it again, to the octet."""
    dialogue = Dialogue(fresh(folder), CATALOGUES[protocol])
    for kind, octets in said:
        if kind == "hear":
            dialogue.hear(octets)
        elif kind == "note":
            dialogue.recorder.note(octets.decode("utf-8", "surrogateescape"))
        elif kind == "raw":
            dialogue.say(Raw(octets))
        elif dialogue.connection.phase is Phase.ANSWER:
            dialogue.say(Answer(octets))
        elif dialogue.connection.phase is Phase.COMMAND:
            dialogue.say(octets)
        else:
            dialogue.say(Data(octets + b"\r\n"))
    recording = dialogue.end(Ending.EOF)
    known = values(dialogue.recorder)
    wire = decode(recording, folder, lambda name: known.get(name, name.encode()))
    assert agree(wire, dialogue.wire)
    assert dialogue.warnings == []


def test_the_recording_of_the_format_description(tmp_path: Path) -> None:
    """A session is written as the description of the format shows it."""
    dialogue = Dialogue(tmp_path / "a.mpt", POP3)
    dialogue.hear(b"+OK Dovecot (Debian) ready. <16cd.1.6742.L1ha@mail>\r\n")
    dialogue.say(b"USER alice")
    dialogue.hear(b"+OK \r\n")
    dialogue.say(b"PASS secret")
    dialogue.hear(b"+OK Logged in.\r\n")
    dialogue.say(b"RETR 1")
    dialogue.hear(b"+OK 412 octets\r\ncaf\xe9\r\n\r\n.\r\n")
    dialogue.say(b"QUIT")
    dialogue.hear(b"+OK Logging out, messages deleted.\r\n")
    assert dialogue.end(Ending.EOF).decode() == (
        "mailprobe: 1\nprotocol: pop3\nconnect: 127.0.0.1:1110\n\n"
        "S: +OK Dovecot (Debian) ready. <16cd.1.6742.L1ha@mail>\n"
        "C: USER alice\nS\\ +OK\\s\nC~ PASS {password}\nS: +OK Logged in.\n"
        "C: RETR 1\nS: +OK 412 octets\nS\\ caf\\xe9\nS:\nS: .\n"
        "C: QUIT\nS: +OK Logging out, messages deleted.\nS@ close\n"
    )


def test_the_header_and_the_mode_of_the_file(tmp_path: Path) -> None:
    """Implicit TLS and the date stand in the header; only the owner reads the file."""
    path = tmp_path / "a.mpt"
    recorder = Recorder(path)
    recorder.begin(Protocol.SMTP, "unix:/a\tb", implicit_tls=True, recorded="2026-11-23 x")
    recorder.close()
    recorder.close()
    recorder.note("too late")
    recorder(events.DataSent(0.0, b"too late", True))
    assert path.read_text() == (
        "mailprobe: 1\nprotocol: smtp\nconnect: unix:/a\\tb\ntls: implicit\n"
        "recorded: 2026-11-23 x\n\n"
    )
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_exists_is_not_overwritten(tmp_path: Path) -> None:
    """Neither a file nor a symbolic link that leads nowhere is followed or emptied."""
    path, link = tmp_path / "a.mpt", tmp_path / "b.mpt"
    path.write_text("mine")
    link.symlink_to(tmp_path / "elsewhere")
    for taken in (path, link):
        with pytest.raises(Failure) as caught:
            Recorder(taken)
        assert caught.value.word is Word.USAGE
    assert path.read_text() == "mine"
    assert not (tmp_path / "elsewhere").exists()


EVENTS = [
    (events.TlsStarted(0, "TLSv1.3", "x", "h", True), "@tls\n"),
    (events.TlsStarted(0, "TLSv1.3", "x", "", False), "@tls verify=off\n"),
    (events.TlsStarted(0, "TLSv1.3", "x", "h", True, True), ""),
    (events.TlsStarted(0, "TLSv1.3", "x", "", False, True), "# the certificate was not verified\n"),
    (events.Closed(0, Ending.EOF), "S@ close\n"),
    (events.Closed(0, Ending.TRUNCATED), "S@ close\n"),
    (events.Closed(0, Ending.RESET), "S@ reset\n"),
    (events.Closed(0, Ending.LOCAL), "C@ close\n"),
    (events.Failed(0, Word.DNS, "no such name"), "# incomplete: dns: no such name\n"),
    (
        events.Failed(0, Word.EOF, "cut\noff", b"250-a\r\n250 b"),
        "S: 250-a\nS= 250 b\n# incomplete: eof: cut\\noff\n",
    ),
    (events.Resolved(0, "h", ()), ""),
]


@pytest.mark.parametrize("event, text", EVENTS)
def test_what_is_no_line_of_the_wire(tmp_path: Path, event: events.Event, text: str) -> None:
    """TLS, ends and failures have a form of their own; what did not travel has none."""
    dialogue = Dialogue(tmp_path / "a.mpt", SMTP)
    dialogue.recorder(event)
    assert dialogue.text == text


def test_a_reply_that_is_cut_off(tmp_path: Path) -> None:
    """What came of it is there, marked as incomplete."""
    dialogue = Dialogue(tmp_path / "a.mpt", SMTP)
    dialogue.hear(b"220-mail.exam")
    text = dialogue.end(Ending.EOF).decode().partition("\n\n")[2]
    first, mark, end = text.splitlines()
    assert (first, end) == ("S= 220-mail.exam", "S@ close")
    assert mark.startswith("# incomplete: eof: the connection was closed in the middle of a reply")


@pytest.mark.parametrize(
    "note, line",
    [
        ("hello", "| hello"),
        ("", "|"),
        ("blank ", "| blank"),
        ("a\nC: QUIT", "| a\\nC: QUIT"),
        ("\x1b[31m\u202e", "| \\u{1b}[31m\\u{202e}"),
    ],
)
def test_a_note_is_one_line_and_hides_nothing(tmp_path: Path, note: str, line: str) -> None:
    """No note can make a line of the wire, nor reach a terminal as more than text."""
    dialogue = Dialogue(tmp_path / "a.mpt", SMTP)
    dialogue.recorder.note(note)
    assert dialogue.text == f"{line}\n"
    check(dialogue.path.read_bytes())


@pytest.mark.slow
def test_very_long_lines_are_written_in_pieces(tmp_path: Path) -> None:
    """No line of the file exceeds 1 MiB, however long and strange a line of the wire is."""
    dialogue = Dialogue(tmp_path / "a.mpt", POP3)
    dialogue.hear(b"+OK\r\n")
    dialogue.say(b"PASS secret")
    line = b"x secret " + "\u200b".encode() * 300_000
    dialogue.recorder(events.RawSent(0, line))
    dialogue.recorder(events.RawSent(0, b"\0" * 600_000 + b"\r\n"))
    lines = check(dialogue.path.read_bytes())
    assert "# a secret was masked" in lines
    assert not any("secret" in line for line in lines if line != "# a secret was masked")


def test_a_very_long_line_with_a_secret_place(tmp_path: Path) -> None:
    """It comes in pieces, too, with the name among them."""
    dialogue = Dialogue(tmp_path / "a.mpt", POP3)
    dialogue.hear(b"+OK\r\n")
    dialogue.say(b"APOP " + b"x" * 200_000 + b" secret")
    lines = check(dialogue.path.read_bytes())
    assert [line[:12] for line in lines[1:]] == [
        "C= APOP xxxx",
        "C= xxxxxxxxx",
        "C= {typed-1}",
        "C= \\r\\n",
    ]


def test_steps_and_expectations(tmp_path: Path) -> None:
    """A class takes the place of the next reply; what holds a secret is not written."""
    dialogue = Dialogue(tmp_path / "a.mpt", POP3)
    dialogue.hear(b"+OK\r\n")
    dialogue.recorder.step("Log in")
    dialogue.recorder.expect("S? +OK")
    dialogue.say(b"PASS secret")
    dialogue.hear(b"+OK\r\n")
    dialogue.recorder.expect("S- hi")
    dialogue.recorder.expect("S- secret")
    assert check(dialogue.path.read_bytes().replace(b"S?", b"S:").replace(b"S-", b"S:")
                 .replace(b"== ", b"# "))[1:] == [
        "# Log in", "C~ PASS {password}", "S: +OK", "S: hi",
        "# an expectation that holds a secret was left out",
    ]  # fmt: skip
    dialogue.recorder.expect("S? +OK")
    dialogue.say(b"LIST")
    dialogue.hear(b"+OK\r\n1 2\r\n.\r\n")
    assert dialogue.text.endswith("C: LIST\nS? +OK\n")


def test_what_is_no_reply_and_holds_a_secret(tmp_path: Path) -> None:
    """It is recorded with `*`, as long as it was, and the recording can be played."""
    dialogue = Dialogue(tmp_path / "a.mpt", POP3)
    dialogue.hear(b"+OK\r\n")
    dialogue.say(b"PASS secret")
    dialogue.hear(b"you said: secret\r\n+OK\r\n")
    recording = dialogue.end(Ending.EOF)
    lines = recording.decode().splitlines()
    at = lines.index("S: you said: ******")
    assert lines[at + 1] == "# a secret was masked"
    assert lines[at + 2].startswith("# incomplete: protocol: ")
    assert compile_steps(parse(recording, "a.mpt"))


@pytest.mark.parametrize("secret", ["secret", "s\u00e9cret"])
def test_mail_data_that_repeats_a_secret(tmp_path: Path, secret: str) -> None:
    """A name would be sent as its value, which is no secret place: `*`, and BDAT counts right."""
    octets = secret.encode()
    dialogue = Dialogue(tmp_path / "a.mpt", SMTP)
    dialogue.hear(b"220 x\r\n")
    dialogue.say(b"AUTH PLAIN " + b64encode(b"\0alice\0" + octets))
    dialogue.hear(b"235 ok\r\n")
    for line in (b"MAIL FROM:<>", b"RCPT TO:<a@example.org>"):
        dialogue.say(line)
        dialogue.hear(b"250 ok\r\n")
    chunk = b"it is " + octets + b"\r\n"
    dialogue.say(b"BDAT %d" % len(chunk))
    dialogue.say(Data(chunk))
    dialogue.hear(b"250 ok\r\n")
    recording = dialogue.end(Ending.EOF)
    masked = "C: it is " + "*" * len(octets)
    assert f"{masked}\n# a secret was masked\nS: 250 ok\n" in recording.decode()
    steps = compile_steps(parse(recording, "a.mpt"))
    units = [unit for step in steps if isinstance(step, Write) for unit in step.units]
    (data,) = [unit for unit in units if unit.sort is Sort.DATA]
    assert [line.octets for line in data.lines] == [chunk.replace(octets, b"*" * len(octets))]


# ----------------------------------------------------------------------- what the disk does


FULL = """
import resource, signal, sys
from pathlib import Path
from mailprobe.protocol.smtp import SMTP
from tests.transcript.dialogue import Dialogue
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (OCTETS, OCTETS))
dialogue = Dialogue(Path(sys.argv[1]), SMTP)
dialogue.hear(b"220 hello\\r\\n")
SAY
dialogue.hear(b"250 still here\\r\\n")
print(len(dialogue.warnings), dialogue.warnings[0])
"""
SAY_LINES = "for number in range(200): dialogue.say(b'NOOP %d' % number)"
SAY_DATA = """
from mailprobe.protocol.items import Data
dialogue.say(b"DATA")
dialogue.hear(b"354 go\\r\\n")
for number in range(4): dialogue.say(Data(b"a line\\r\\n" * 9000))
dialogue.say(Data(END))
"""


@pytest.mark.parametrize(
    "limit, say",
    [
        (1000, SAY_LINES),
        (100_000, SAY_DATA.replace("END", 'b".\\r\\n"')),
        (217_000, SAY_DATA.replace("END", 'b"bare\\nx\\r\\n.\\r\\n"')),
        (300, SAY_DATA.replace("END", 'b".\\r\\n"')),
    ],
)
def test_a_full_disk_is_told_once_and_the_session_lives(
    tmp_path: Path, limit: int, say: str
) -> None:
    """The file keeps every line that fitted; one warning; nothing is raised."""
    program = FULL.replace("OCTETS", str(limit)).replace("SAY", say)
    path = tmp_path / "a.mpt"
    run = [sys.executable, "-c", program, str(path)]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout.startswith("1 the recording stops here: cannot write ")
    check(path.read_bytes())


def test_a_descriptor_that_is_gone(tmp_path: Path) -> None:
    """One warning, then silence."""
    dialogue = Dialogue(tmp_path / "a.mpt", SMTP)
    assert dialogue.recorder._file is not None
    os.close(dialogue.recorder._file._descriptor)
    for _ in range(3):
        dialogue.say(b"NOOP")
    assert len(dialogue.warnings) == 1
    dialogue.end(Ending.LOCAL)


@pytest.mark.parametrize("lines", [1, 20_000])
@pytest.mark.parametrize("which", ["transcript", "body"])
@pytest.mark.parametrize("rest", [b"more\r\n", b".\r\n"])
def test_a_descriptor_that_is_gone_inside_a_body(
    tmp_path: Path, lines: int, which: str, rest: bytes
) -> None:
    """Inline or in its own file, in the middle or at its end: told once, and passed over."""
    dialogue = Dialogue(tmp_path / "a.mpt", SMTP)
    dialogue.hear(b"220 x\r\n")
    dialogue.say(b"DATA")
    dialogue.hear(b"354 go\r\n")
    dialogue.say(Data(b"line\r\n" * lines))
    assert dialogue.recorder._body is not None
    own = dialogue.recorder._body._file
    file = dialogue.recorder._file if which == "transcript" or own is None else own
    assert file is not None
    os.close(file._descriptor)
    dialogue.say(Data(rest))
    dialogue.recorder.note("a note ends the body")
    assert len(dialogue.warnings) == 1
    assert dialogue.warnings[0].startswith("the recording stops here: cannot write ")


KILLED = """
import sys
from pathlib import Path
from mailprobe.protocol.items import Data
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import SMTP
from tests.transcript.dialogue import Dialogue
dialogue = Dialogue(Path(sys.argv[1]), SMTP)
dialogue.hear(b"220 hello\\r\\n")
number = 0
def told():
    global number
    sys.stdout.write(f"{number}\\n"); sys.stdout.flush(); number += 1
while True:
    dialogue.say(b"NOOP %d" % number); told()
    dialogue.hear(b"250 <%d>\\r\\n" % number); told()
    dialogue.say(b"DATA"); dialogue.hear(b"354 go\\r\\n")
    dialogue.say(Data(b"half of <%d>" % number)); told()
    dialogue.say(Data(b" a line <%d>\\r\\n.\\r\\n" % number)); told()
    dialogue.hear(b"250 <%d>\\r\\n" % number); told()
"""


def test_kill_at_any_moment_loses_nothing_that_was_told(tmp_path: Path) -> None:
    """The file parses up to its last whole line, and every event that was acknowledged is in it."""
    chance = random.Random(1)
    for attempt in range(50 if settings().max_examples >= 1000 else 10):
        path = tmp_path / f"{attempt}.mpt"
        run = [sys.executable, "-c", KILLED, str(path)]
        with subprocess.Popen(run, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            lines = chance.randrange(1, 2000)
            for _ in range(lines):
                child.stdout.readline()
            child.send_signal(signal.SIGKILL)
            rest = child.stdout.read().split(b"\n")[:-1]
        recording = path.read_bytes()
        whole = recording[: recording.rfind(b"\n") + 1]
        text = "\n".join(check(whole))
        told = lines + len(rest)
        missing = [n for n in range(told) if f"<{n}>" not in text and f"NOOP {n}" not in text]
        assert not missing


def test_who_tells_only_what_is_written(tmp_path: Path) -> None:
    """By the listeners that a recorder names the recording is the same; of the rest none is."""
    texts = []
    for name in ("told", "chosen"):
        dialogue = Dialogue(tmp_path / f"{name}.mpt", SMTP)
        if name == "chosen":
            recorder = dialogue.recorder

            def choose(event: events.Event, recorder: Recorder = recorder) -> None:
                if (listener := recorder.listener(type(event))) is not None:
                    listener(event)

            dialogue.recorder = choose  # type: ignore[assignment]  # it is only called
        dialogue.hear(b"220 mx\r\n")
        dialogue.say(b"AUTH PLAIN " + b64encode(b"\0alice\0secret"))
        dialogue.hear(b"235 secret\r\n")
        texts.append(dialogue.text)
    assert texts[0] == texts[1] != ""
    assert recorder.listener(events.StateChanged) is None
    assert recorder.listener(events.Greeting) is not None
