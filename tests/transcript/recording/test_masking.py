"""Secrets that were typed before anybody knew them as secrets: the recording does not hold them."""

from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.errors import Failure, Word
from mailprobe.files import PrivateFile
from mailprobe.protocol import events
from mailprobe.protocol.events import Ending
from mailprobe.protocol.items import Answer, Raw
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import SMTP
from mailprobe.transcript import record
from mailprobe.transcript.format import cooked_line, wire_lines
from mailprobe.transcript.parse import parse
from mailprobe.transcript.recording.masking import masked
from mailprobe.transcript.redact import Secrets
from tests.transcript.dialogue import Dialogue, agree
from tests.transcript.grammar_check import check, decode

SECRET = b"hunter22"
ABOVE = "# a secret was masked above"


@pytest.fixture
def pop3(tmp_path: Path) -> Dialogue:
    dialogue = Dialogue(tmp_path / "a.mpt", POP3)
    dialogue.hear(b"+OK hi\r\n")
    return dialogue


@pytest.fixture
def smtp(tmp_path: Path) -> Dialogue:
    dialogue = Dialogue(tmp_path / "a.mpt", SMTP)
    dialogue.hear(b"220 hi\r\n")
    return dialogue


def ask(dialogue: Dialogue, line: bytes, reply: bytes) -> None:
    dialogue.say(Answer(line) if dialogue.connection.state == "auth" else line)
    dialogue.hear(reply)


def lines_of(dialogue: Dialogue) -> list[str]:
    """The lines behind the greeting, of the grammar; blank ones left out."""
    recording = dialogue.path.read_bytes()
    parse(recording, "a.mpt")
    return [line for line in check(recording) if line][1:]


def test_a_password_in_the_place_of_a_name(pop3: Dialogue) -> None:
    """The line stays as long as it was, and a comment says that there was one."""
    ask(pop3, b"USER hunter22", b"-ERR no user hunter22\r\n")
    size = pop3.path.stat().st_size
    ask(pop3, b"USER alice", b"+OK\r\n")
    grown = pop3.path.stat().st_size - size
    ask(pop3, b"PASS hunter22", b"+OK\r\n")
    assert SECRET not in pop3.path.read_bytes()
    assert lines_of(pop3) == [
        *("C: USER ********", "S: -ERR no user ********", "C: USER alice", "S: +OK"),
        *(ABOVE, "C~ PASS {password}", "S: +OK"),
    ]
    assert grown == len("C: USER alice\nS: +OK\n")


def test_a_password_at_the_prompt_for_a_name(smtp: Dialogue) -> None:
    """AUTH LOGIN has two prompts, and the first is easily taken for the second."""
    for user in (SECRET, b"alice"):
        ask(smtp, b"AUTH LOGIN", b"334 VXNlcm5hbWU6\r\n")
        ask(smtp, b64encode(user), b"334 UGFzc3dvcmQ6\r\n")
        ask(smtp, b64encode(b"other-one" if user is SECRET else SECRET), b"235 in\r\n")
    recording = smtp.path.read_bytes()
    assert SECRET not in recording
    assert b64encode(SECRET) not in recording
    assert 'C~ {=sasl("********")}' in lines_of(smtp)
    assert 'C~ {=sasl("alice")}' in lines_of(smtp)


@pytest.mark.parametrize(
    "before",
    [
        b"NOOP hunter22",
        b"hunter22",
        b"VRFY " + b64encode(SECRET),
        b"VRFY " + SECRET.hex().encode(),
        b"VRFY \xff\x1b hunter22 \\x41 {x}",
        b"VRFY hunter22 ",
    ],
)
def test_a_password_in_any_line(smtp: Dialogue, before: bytes) -> None:
    """In every form, and in what the server says to it."""
    ask(smtp, before, b"502 what is " + before + b"?\r\n")
    smtp.recorder.note("hunter22 was a mistake")
    smtp.recorder.step("without hunter22")
    smtp.recorder.expect("S+ hunter22")
    smtp.recorder.expect("S- of course")
    ask(smtp, b"AUTH PLAIN " + b64encode(b"\0alice\0" + SECRET), b"235 in\r\n")
    recording = smtp.end(Ending.EOF)
    for form in (SECRET, b64encode(SECRET), SECRET.hex().encode()):
        assert form not in recording
    found = decode_known(recording, smtp)
    assert agree(found, smtp.wire)
    for line in ("| ******** was a mistake", "== without ********", "#+ ********", "S- of course"):
        assert line.encode() in recording


def decode_known(recording: bytes, dialogue: Dialogue) -> dict[str, bytes]:
    known = {f"{{{name}}}": value for value, name in dialogue.recorder.secrets._names.items()}
    known['{=sasl("alice")}'] = b64encode(b"\0alice\0" + SECRET)
    grammar = b"\n".join(
        line for line in recording.split(b"\n") if not line.startswith((b"== ", b"S- "))
    )
    return decode(grammar, dialogue.path.parent, lambda name: known.get(name, name.encode()))


@pytest.mark.parametrize(
    "reply, user", [(b"+OK in\r\n", "alice1"), (b"-ERR no\r\n", "******"), (None, "******")]
)
def test_a_password_that_is_the_name(pop3: Dialogue, reply: bytes | None, user: str) -> None:
    """An account may have such a one: then the name has to be said; else it was a mistake."""
    ask(pop3, b"USER alice1", b"+OK\r\n")
    pop3.say(b"PASS alice1")
    assert lines_of(pop3)[0] == "C: USER alice1"
    if reply is not None:
        pop3.hear(reply)
    pop3.end(Ending.EOF)
    assert lines_of(pop3)[0] == f"C: USER {user}"
    assert (ABOVE in lines_of(pop3)) is (user != "alice1")


def test_only_the_answer_to_the_login_settles_the_doubt(pop3: Dialogue) -> None:
    """Name and password may travel together: the name is accepted, the password perhaps not."""
    pop3.say(Raw(b"USER alice1\r\nPASS alice1\r\n"))
    pop3.hear(b"+OK\r\n")
    assert lines_of(pop3)[0] == "C: USER alice1"
    pop3.hear(b"-ERR\r\n")
    assert lines_of(pop3)[0] == "C: USER ******"


def test_a_recording_that_ends_in_doubt(pop3: Dialogue) -> None:
    """Nobody has told the end of the connection: a secret is not left all the same."""
    ask(pop3, b"USER alice1", b"+OK\r\n")
    pop3.say(b"PASS alice1")
    pop3.recorder.close()
    assert lines_of(pop3)[0] == "C: USER ******"


def test_a_login_that_asks_on_is_in_doubt(smtp: Dialogue) -> None:
    """A challenge is no success."""
    ask(smtp, b"AUTH LOGIN", b"334 VXNlcm5hbWU6\r\n")
    ask(smtp, b64encode(SECRET), b"334 UGFzc3dvcmQ6\r\n")
    ask(smtp, b64encode(SECRET), b"334 \r\n")
    assert f'C~ {{=sasl("{SECRET.decode()}")}}' in lines_of(smtp)
    ask(smtp, b"*", b"501 no\r\n")
    assert 'C~ {=sasl("********")}' in lines_of(smtp)


def test_another_secret_settles_the_doubt(pop3: Dialogue) -> None:
    """Two logins on their way at once: neither name is known to be right."""
    pop3.say(Raw(b"USER alice1\r\nPASS alice1\r\nUSER b\r\nPASS other-one\r\n"))
    assert lines_of(pop3)[0] == "C: USER ******"


def test_a_name_that_was_a_mistake_is_masked_from_then_on(pop3: Dialogue) -> None:
    """Said again, it is a secret; and so is a part of a line that is sent in pieces."""
    for line, reply in ((b"USER alice1", b"+OK\r\n"), (b"PASS alice1", b"-ERR\r\n")):
        ask(pop3, line, reply)
    ask(pop3, b"USER alice1", b"+OK\r\n")
    ask(pop3, b"USER hunter22", b"+OK\r\n")
    ask(pop3, b"USER alice", b"+OK\r\n")
    pop3.say(Raw(b"PASS hunter22"))
    pop3.say(Raw(b"\r\n"))
    users = [line for line in lines_of(pop3) if "USER" in line]
    assert users == ["C: USER ******"] * 2 + ["C: USER ********", "C: USER alice"]


def test_what_holds_no_secret_stays(pop3: Dialogue) -> None:
    """Verbs, codes, names of secrets, our own comments: a password may be one of these words."""
    ask(pop3, b"CAPA", b"+OK\r\nUSER\r\n.\r\n")
    for number, secret in enumerate((b"PASS", b"password", b"secret", b"close", b"USER", b"1234")):
        ask(pop3, b"USER u%d" % number, b"+OK %s\r\n" % secret)
        ask(pop3, b"PASS " + secret, b"-ERR no\r\n")
    pop3.hear(b"")
    pop3.recorder(events.Failed(0.0, Word.EOF, "1234", b""))
    lines = lines_of(pop3)
    assert [line for line in lines if line.startswith("C")] == [
        "C: CAPA",
        *("C: USER u0", "C~ PASS {password}", "C: USER u1", "C~ PASS {password-2}"),
        *("C: USER u2", "C~ PASS {password-3}", "C: USER u3", "C~ PASS {password-4}"),
        *("C: USER u4", "C~ PASS {password-5}", "C: USER u5", "C~ PASS {password-6}"),
    ]
    assert lines.count(ABOVE) == 6
    assert "# incomplete: eof: ****" in lines
    assert [line for line in lines if line.startswith("S: +OK ")] == [
        *("S: +OK ****", "S: +OK ********", "S: +OK ******", "S: +OK *****"),
        *("S: +OK ****", "S: +OK ****"),
    ]


def test_bodies_in_the_transcript(pop3: Dialogue) -> None:
    """A listing, with the lines that an escape is needed for."""
    ask(pop3, b"XTND BBOARDS", b"+OK\r\nhunter22\r\n\xe9 hunter22\r\nno end: hunter22\n.\r\n.\r\n")
    ask(pop3, b"PASS hunter22", b"+OK\r\n")
    assert SECRET not in pop3.path.read_bytes()
    assert lines_of(pop3)[2:4] == ["S: ********", "S\\ \\xe9 ********"]
    known = {"{password}": SECRET}
    found = decode(pop3.path.read_bytes(), pop3.path.parent, lambda name: known[name])
    assert agree(found, pop3.wire)


def test_what_was_written_long_ago_is_not_searched(
    pop3: Dialogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a login costs the same, however long the session; lines are not cut."""
    monkeypatch.setattr(record, "_SEARCHED", 60)
    ask(
        pop3, b"USER hunter22", b"+OK a line that holds hunter22 and is as long as sixty octets\r\n"
    )
    ask(pop3, b"USER hunter22", b"+OK\r\n")
    ask(pop3, b"USER alice", b"+OK\r\n")
    ask(pop3, b"PASS hunter22", b"+OK\r\n")
    assert lines_of(pop3) == [
        "C: USER hunter22",
        "S: +OK a line that holds hunter22 and is as long as sixty octets",
        *("C: USER ********", "S: +OK", "C: USER alice", "S: +OK"),
        *(ABOVE, "C~ PASS {password}", "S: +OK"),
    ]


def test_a_file_that_cannot_be_read_any_more(
    pop3: Dialogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recording stops, which is told once; the session does not."""
    ask(pop3, b"USER hunter22", b"+OK\r\n")

    def broken(file: PrivateFile, offset: int, count: int) -> bytes:
        raise Failure(Word.USAGE, "gone")

    monkeypatch.setattr(PrivateFile, "read", broken)
    ask(pop3, b"PASS something", b"+OK\r\n")
    ask(pop3, b"PASS something-else", b"+OK\r\n")
    assert pop3.warnings == ["the recording stops here: gone"]


def test_a_session_without_secrets_reads_nothing(
    smtp: Dialogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is only written; nor is anything looked for twice."""
    read: list[int] = []
    monkeypatch.setattr(PrivateFile, "read", lambda file, at, count: read.append(at) or b"")
    for _ in range(3):
        ask(smtp, b"NOOP", b"250 ok\r\n")
    assert read == []
    for _ in range(3):
        ask(smtp, b"AUTH PLAIN " + b64encode(b"\0alice\0" + SECRET), b"235 in\r\n")
    assert len(read) == 1


OCTETS = st.lists(
    st.sampled_from(
        [SECRET, b"{", b"}", b"\\", b'"', b" ", b"\xe9", "é".encode(), b"\x1b", b"a", b"\n"]
    )
    | st.sampled_from(["\u202e".encode(), b"PASS ", b"250 ", b"\r"]),
    max_size=8,
).map(b"".join)
KNOWN = st.sampled_from(
    [SECRET, b"a\\{}", b"    ", b"\xa9aaa", b"aaa\xc3", b'"aa"', b"\x1b\x1b\x1b\x1b", b"\xaeaaa"]
)


@given(
    known=st.lists(KNOWN, min_size=1, max_size=3),
    said=st.lists(OCTETS, max_size=4),
    side=st.sampled_from("CS"),
)
def test_masking_moves_nothing(
    tmp_path_factory: pytest.TempPathFactory, known: list[bytes], said: list[bytes], side: str
) -> None:
    """Whatever was said: as long as before, of the grammar, the same octets but for `*`."""
    secrets = Secrets()
    for secret in known:
        secrets.hide(secret)
    head = b"mailprobe: 1\n\n"
    text = b"".join(wire_lines(side, each + b"\r\n") for each in said)
    text += b"".join(
        cooked_line("C", [(each, '{=sasl("x", y)}'), (b"behind " + each, "")])
        for each in said
        if b"\n" not in each
    )
    at, lines = masked(text, secrets.fresh, lambda side, octets: secrets.blot(octets))
    new = text[:at] + lines + text[at + len(lines) :]
    assert len(new) == len(text)
    if text:
        before = decode(head + text, Path())
        after = decode(head + new, Path())
        assert agree(after, before)
        assert b"hunter22" not in new or SECRET not in known
    assert masked(new, secrets.fresh, lambda side, octets: secrets.blot(octets))[1] == b""


def test_arguments_of_functions_are_masked() -> None:
    """Between their quotes, whatever the name holds; the names of secrets stay."""
    secrets = Secrets()
    secrets.hide(SECRET)
    secrets.hide(b"password-2")

    def blot(side: str, octets: bytes) -> bytes:
        return secrets.blot(octets)

    for user, becomes in (
        ("hunter22", "********"),
        ("\\x22\\{hunter22\\\\", "\\x22\\{********\\\\"),
    ):
        line = f'C~ AUTH PLAIN {{=sasl("{user}", password-2)}}\n'.encode()
        at, lines = masked(line, secrets.fresh, blot)
        assert line[:at] + lines + line[at + len(lines) :] == line.replace(
            user.encode(), becomes.encode()
        )
        assert at == 0


def test_an_escape_that_spells_a_secret_is_none() -> None:
    """What a line of the file shows is not what travelled: that held no secret."""
    secrets = Secrets()
    secrets.hide(b"x01bc")
    line = b"S= \\x01bc\\r\\n\n"
    assert masked(line, secrets.fresh, lambda side, octets: secrets.blot(octets))[1] == b""
