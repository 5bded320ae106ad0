"""Pipe mode: mail data, chunks, groups and byte switches, by what the server's socket sees."""

import re
from pathlib import Path

import pytest

from tests.hostile import probe
from tests.hostile.server import Peer, ScriptedServer, answer, expect, send, smtp

HELLO = b"250-mx\r\n250-SIZE 99999999\r\n250-8BITMIME\r\n250-PIPELINING\r\n250 CHUNKING\r\n"
GREETING = send(b"220 mx ESMTP\r\n")
OK = send(b"250 ok\r\n")
ENVELOPE = b"MAIL FROM:<a@b.example>\nRCPT TO:<c@d.example>\n"


def offering(**replies: bytes) -> ScriptedServer:
    """A server with that EHLO; `replies` are those of verbs."""
    named = {verb.encode(): reply for verb, reply in replies.items()}
    return ScriptedServer(*smtp({b"EHLO": HELLO, **named}))


def wait_for(count: int) -> object:
    """Take in so many octets, however they come, and say nothing."""

    def step(peer: Peer) -> None:
        peer.take(count)

    return step


def swallow(peer: Peer) -> None:
    """Mail data up to its end, of which nothing is kept."""
    tail = b""
    while not tail.endswith(b"\r\n.\r\n"):
        tail = (tail + peer.link.recv(1 << 20))[-5:]


# --------------------------------------------------------------------------------- byte switches


@pytest.mark.parametrize("name, octets", [("lf", b"\n"), ("crlf", b"\r\n")])
def test_eol_ends_commands_and_mail_data(name: str, octets: bytes) -> None:
    """A bare LF is on the wire as such; the lone dot of a script always ends the data."""
    with offering() as server:
        text = (
            b"EHLO c\n" + ENVELOPE + f"/eol {name}\nDATA\none\ntwo\n.\n/eol crlf\nQUIT\n".encode()
        )
        result = probe.smtp(server.port, text=text)
        heard = server.heard
    assert (result.status, result.err) == (0, "")
    end = b".\r\n" if name == "crlf" else b"\r\n.\r\n"
    data = b"DATA" + octets + b"one" + octets + b"two" + octets + end + b"QUIT\r\n"
    assert heard.partition(b"RCPT TO:<c@d.example>\r\n")[2] == data


@pytest.mark.parametrize("name, octets", [("cr", b"\r"), ("none", b"")])
def test_eol_that_ends_no_line(tmp_path: Path, name: str, octets: bytes) -> None:
    """What stays a beginning goes out at once, and into the recording as what it is."""
    path = tmp_path / "session.mpt"
    steps = (GREETING, wait_for(2 + len(octets)), expect(b"OP"), OK)
    with ScriptedServer(*steps, expect(b"QUIT"), send(b"221 bye\r\n")) as server:  # type: ignore[arg-type]
        text = f"/eol {name}\nNO\n/eol crlf\nOP\nQUIT\n".encode()
        result = probe.smtp(server.port, "--record", path, text=text)
        assert server.heard == b"NO" + octets + b"OP\r\nQUIT\r\n"
    assert (result.status, result.err) == (0, "")
    escaped = octets.decode().replace("\r", "\\r")
    assert f"C= NO{escaped}" in path.read_text()


def test_a_recorded_bare_lf_is_no_crlf(tmp_path: Path) -> None:
    """The transcript tells the two apart."""
    path = tmp_path / "session.mpt"
    with offering() as server:
        probe.smtp(server.port, "--record", path, text=b"/eol lf\nNOOP\n/eol crlf\nQUIT\n")
        assert server.heard == b"NOOP\nQUIT\r\n"
    assert "C= NOOP\\n\nS: 250 ok\nC: QUIT\n" in path.read_text()


@pytest.mark.parametrize("stuffing, dots", [("on", b".."), ("off", b".")])
def test_stuffing_is_a_switch(stuffing: str, dots: bytes) -> None:
    """Off, a dot at the beginning of a line travels as it is."""
    with offering() as server:
        text = b"EHLO c\n" + ENVELOPE + b"DATA\n.x\n.\nQUIT\n"
        probe.smtp(server.port, text=f"/stuffing {stuffing}\n".encode() + text)
        assert server.heard.endswith(b"DATA\r\n" + dots + b"x\r\n.\r\nQUIT\r\n")


@pytest.mark.parametrize("switch", ["/split 3", "/drip 0.1ms", "/split 2\n/drip 0.1ms"])
def test_pieces_are_the_same_octets(tmp_path: Path, switch: str) -> None:
    """Commands, mail data: on the wire and in the recording nothing else is there."""
    text = b"EHLO c\n" + ENVELOPE + b"DATA\n.x\n.\nQUIT\n"
    heard, recorded = [], []
    for number, before in enumerate((b"", f"{switch}\n".encode())):
        path = tmp_path / f"{number}.mpt"
        with offering() as server:
            result = probe.smtp(server.port, "--record", path, text=before + text)
            heard.append(server.heard)
        assert (result.status, result.err) == (0, "")
        recorded.append(re.sub(r"^(connect|recorded):.*", "", path.read_text(), flags=re.MULTILINE))
    assert heard[0] == heard[1]
    assert recorded[0] == recorded[1]


def test_split_makes_writes_of_their_own() -> None:
    """Nothing of the second write is there before the server has read the first one."""
    early: list[bytes] = []

    def look(peer: Peer) -> None:
        early.append(peer.link.recv(100))

    steps = (GREETING, look, look, send(b"250 ok\r\n"), expect(b"QUIT"), send(b"221 bye\r\n"))
    with ScriptedServer(*steps) as server:
        result = probe.smtp(server.port, text=b"/split 4\n/drip 200ms\nNOOP\n/drip off\nQUIT\n")
    assert result.status == 0
    assert early == [b"NOOP", b"\r\n"]


def test_switches_are_shown() -> None:
    """By /set, and by their own names."""
    text = b"/eol lf\n/stuffing off\n/drip 5\n/split 10\n/set\n/eol\n/split off\n/drip off\n"
    with ScriptedServer(*smtp()) as server:
        out = probe.smtp(server.port, text=text + b"/eol crlf\nQUIT\n").out
    squeezed = [" ".join(line.split()) for line in out.splitlines()]
    for found in ("# eol lf", "# stuffing off", "# drip 5 ms", "# split 10 octets", "# eol is lf"):
        assert found in squeezed
    assert "# drip is off" in squeezed


# -------------------------------------------------------------------------------- mail data, /raw


def test_body_sends_data_and_a_file(tmp_path: Path) -> None:
    """Line ends mended, dots doubled, ended by the lone dot; DATA is ours."""
    path = tmp_path / "a file.eml"
    path.write_bytes(b"Subject: x\n\n.dot\nbare\rlast")
    with offering() as server:
        text = b"EHLO c\n" + ENVELOPE + f"/body '{path}'\nQUIT\n".encode()
        result = probe.smtp(server.port, text=text)
        data = b"Subject: x\r\n\r\n..dot\r\nbare\r\nlast\r\n.\r\n"
        assert server.heard.endswith(b"DATA\r\n" + data + b"QUIT\r\n")
    assert (result.status, result.err) == (0, "")
    assert "C: ..dot\n" in result.out


def test_body_as_it_is(tmp_path: Path) -> None:
    """Both switches off: octet for octet, and what a lone dot has ended goes on as commands."""
    path = tmp_path / "smuggled"
    path.write_bytes(b"one\n.\r\n.two\r\n.\r\nRSET\r\n")
    with offering() as server:
        start = b"EHLO c\n" + ENVELOPE + b"/stuffing off\n/eol none\n"
        result = probe.smtp(server.port, text=start + f"/body {path}\n/eol crlf\nQUIT\n".encode())
        assert server.heard.endswith(b"DATA\r\n" + path.read_bytes() + b"QUIT\r\n")
    assert (result.status, result.err) == (0, "")
    assert "# a lone dot in the text has ended the mail data" in result.out


def test_raw_takes_a_file(tmp_path: Path) -> None:
    """Its octets as they are; what they ask for is waited for."""
    path = tmp_path / "commands"
    path.write_bytes(b"NOOP\r\nRSET\nBDAT 2 LAST\r\nhi")
    with offering() as server:
        result = probe.smtp(server.port, text=f"EHLO c\n/raw <{path}\nQUIT\n".encode())
        assert server.heard == b"EHLO c\r\n" + path.read_bytes() + b"QUIT\r\n"
    assert (result.status, result.err) == (0, "")
    assert result.out.count("S: 250 ok") == 3


@pytest.mark.parametrize(
    "line", ["/body missing", "/send --from a@b --to c@d missing", "/bdat missing", "/raw <missing"]
)
def test_a_file_that_is_missing_sends_nothing(line: str) -> None:
    """It is opened before a word is said."""
    with offering() as server:
        text = b"EHLO c\n" + ENVELOPE if "send" not in line else b"EHLO c\n"
        result = probe.smtp(server.port, text=text + f"{line}\n".encode())
        assert server.heard == text.replace(b"\n", b"\r\n") + b"QUIT\r\n"
    assert result.ended == ("usage", 2)


@pytest.mark.slow
def test_a_large_file_is_never_in_memory(tmp_path: Path) -> None:
    """40 MB through /body, and less than a fourth of that more than for a small file."""
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"x\n")
    large.write_bytes((b"x" * 77 + b"\n") * (512 * 1024))
    peaks = []
    steps = [GREETING, expect(b"EHLO"), send(HELLO), expect(b"MAIL"), OK, expect(b"RCPT"), OK]
    steps += [
        expect(b"DATA"),
        send(b"354 go\r\n"),
        swallow,
        OK,
        expect(b"QUIT"),
        send(b"221 bye\r\n"),
    ]
    for path in (small, large):
        with ScriptedServer(*steps) as server:
            text = b"EHLO c\n" + ENVELOPE + f"/body {path}\nQUIT\n".encode()
            result = probe.smtp(server.port, text=text, peak=tmp_path / "peak")
            assert result.status == 0
            assert result.peak is not None
            peaks.append(result.peak)
    assert peaks[1] - peaks[0] < 10 * 1024 * 1024


# ------------------------------------------------------------------------- transactions, groups


def test_send_in_a_pipe() -> None:
    """One recipient of two refused: the other one has the mail, and the run is red."""
    with offering(**{"RCPT TO:<no@b.example>": b"550 no\r\n"}) as server:
        line = b"/send --from a@b.example --to no@b.example,c@d.example --subject x --body hi\n"
        result = probe.smtp(server.port, text=line + b"NOOP\n")
        heard = server.heard_lines
    assert [line.split()[0] for line in heard[:5]] == [b"EHLO", b"MAIL", b"RCPT", b"RCPT", b"DATA"]
    assert heard[-3:] == [b"hi", b".", b"QUIT"]
    assert result.ended == ("refused", 1)
    assert re.search(r"^# no@b\.example +refused +550 no$", result.out, re.MULTILINE)


@pytest.mark.parametrize(
    "line", [b"/send\n", b"/send --from a@b\n", b"/send --from a@b --to c@d\n"]
)
def test_a_pipe_is_not_asked(line: bytes) -> None:
    """What is missing is a usage failure that names it."""
    with offering() as server:
        result = probe.smtp(server.port, text=line)
        assert server.heard == b"QUIT\r\n"
    assert result.ended == ("usage", 2)
    assert "cannot be asked" in result.err


def test_a_pipe_has_no_editor() -> None:
    """/body -e names the way."""
    with offering() as server:
        result = probe.smtp(server.port, text=b"EHLO c\n" + ENVELOPE + b"/body -e\n")
        assert server.heard_lines[-1] == b"QUIT"
    assert result.ended == ("usage", 2)
    assert "/body FILE" in result.err


def test_group_in_a_pipe() -> None:
    """One write; the lines behind an accepted DATA are mail data, and QUIT ends the run."""
    writes: list[bytes] = []

    def look(peer: Peer) -> None:
        writes.append(peer.link.recv(1000))

    replies = send(b"250 ok\r\n250 ok\r\n354 go\r\n")
    end = (expect(b"text"), expect(b"."), OK, expect(b"QUIT"), send(b"221 bye\r\n"))
    with ScriptedServer(GREETING, look, replies, *end) as server:
        text = b"/pipeline\n" + ENVELOPE + b"DATA\n/pipeline go\ntext\n.\n/pipeline\nQUIT\n"
        result = probe.smtp(server.port, text=text + b"/pipeline go\n")
    assert (result.status, result.err) == (0, "")
    assert writes == [ENVELOPE.replace(b"\n", b"\r\n") + b"DATA\r\n"]
    assert re.search(r"^# 3 +DATA +354 go$", result.out, re.MULTILINE)


def test_data_behind_a_group_that_was_refused_is_passed_over() -> None:
    """With --keep-going, too, lines that were meant as mail data are never commands."""
    with offering(DATA=b"554 none\r\n") as server:
        text = b"/pipeline\n" + ENVELOPE + b"DATA\n/pipeline go\nRSET\n.\nNOOP\nQUIT\n"
        result = probe.smtp(server.port, "--keep-going", text=text)
        assert server.heard_lines[-3:] == [b"DATA", b"NOOP", b"QUIT"]
    assert result.status == 1


def test_advice_about_a_group() -> None:
    """On stderr, and nothing is blocked."""
    with offering() as server:
        text = b"/pipeline\nNOOP\nQUIT\nNOOP\n/pipeline drop\nQUIT\n"
        result = probe.smtp(server.port, text=text)
        assert server.heard == b"QUIT\r\n"
    assert "QUIT has to be the last of a group" in result.err


def test_mail_data_is_in_a_late_recording(tmp_path: Path) -> None:
    """/save behind /body writes what was sent, from the beginning."""
    path, saved = tmp_path / "m.eml", tmp_path / "session.mpt"
    path.write_bytes(b"Subject: x\n\n.dot\n")
    with offering() as server:
        text = b"EHLO c\n" + ENVELOPE + f"/body {path}\n/save {saved}\nQUIT\n".encode()
        assert probe.smtp(server.port, text=text).status == 0
    assert "\nC: DATA\nS: 354" in saved.read_text()
    assert "Subject: x\n" in saved.read_text()


@pytest.mark.parametrize("switch", ["/split 3", "/drip 0.1ms", "/eol lf"])
def test_secrets_stay_secret_in_every_way(tmp_path: Path, switch: str) -> None:
    """Neither the output nor the recording tells a password, however its octets leave."""
    path = tmp_path / "session.mpt"
    plain = b"AUTH PLAIN AGFsaWNlAGh1bnRlcjIy"  # alice, hunter22
    with offering(AUTH=b"334 \r\n") as server:
        text = f"{switch}\n".encode() + plain.partition(b" AGF")[0] + b"\nAGFsaWNlAGh1bnRlcjIy\n"
        text += b"/pipeline\nUSER alice\nPASS hunter22\n/pipeline show\n/pipeline go\n/eol crlf\n"
        result = probe.smtp(server.port, "--record", path, text=text + b"QUIT\n")
        assert b"AGFsaWNlAGh1bnRlcjIy" in server.heard
        assert b"PASS hunter22" in server.heard
    assert result.status == 0
    for told in (result.out, result.err, path.read_text()):
        assert "hunter22" not in told
        assert "AGFsaWNlAGh1bnRlcjIy" not in told


@pytest.mark.parametrize(
    "lines, told",
    [(b"NOOP\n", "1 collected line was"), (b"NOOP\nRSET\n", "2 collected lines were")],
)
def test_collected_lines_are_not_lost_in_silence(lines: bytes, told: str) -> None:
    """The input ends without /pipeline go: how many were not sent, and what sends them."""
    with offering() as server:
        result = probe.smtp(server.port, text=b"/pipeline\n" + lines)
        assert server.heard == b""
    assert result.status == 0
    assert f"note: {told} not sent: write /pipeline go" in result.err


ECHO = b"-ERR not hunter22, aHVudGVyMjI=\r\n"
CRAM = {b"AUTH": b"+ PDEuMkB4Pg==\r\n", b"=": ECHO}


@pytest.mark.parametrize("mechanism", ["APOP", "CRAM-MD5"])
def test_a_server_that_repeats_a_secret_that_was_not_sent(tmp_path: Path, mechanism: str) -> None:
    """It knows the secret, too: no recording and no output has it for that."""
    (tmp_path / "secret").write_text("hunter22")
    (tmp_path / "secret").chmod(0o600)
    steps = (send(b"+OK <1.2@x>\r\n"), answer(CRAM, default=ECHO))
    options = ("--auth", mechanism, "--user", "alice", "--password-file", tmp_path / "secret")
    with ScriptedServer(*steps) as server:
        result = probe.pop3(server.port, *options, "--record", tmp_path / "a.mpt")
    assert result.ended == ("refused", 1)
    recorded = (tmp_path / "a.mpt").read_text()
    assert "S: -ERR not ********, ************\n" in recorded
    for text in (recorded, result.out, result.err):
        assert "hunter22" not in text
        assert "aHVudGVyMjI" not in text
