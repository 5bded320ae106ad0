"""Pipe mode: the lines that are for mailprobe, and the files that a run reads and writes."""

from base64 import b64encode
from pathlib import Path

import pytest

from tests.hostile import probe
from tests.hostile.server import ScriptedServer, answer, pop3, send, smtp, stall


def test_local_commands_send_nothing() -> None:
    """What they show are `#` lines; the server hears of none of them."""
    with ScriptedServer(*smtp({b"EHLO": b"250-mx [/x]\r\n250 SIZE 10\r\n"})) as server:
        text = (
            b"EHLO x\n/state\n/caps\n/help RCPT\n/help 550\n/help\n/last\n/set\n/set timeout 5s\n"
        )
        result = probe.smtp(server.port, text=text + b"/note hi\nQUIT\n")
        assert server.heard_lines == [b"EHLO x", b"QUIT"]
    assert (result.status, result.err) == (0, "")
    shown = [line for line in result.out.splitlines() if not line.startswith(("C: ", "S: "))]
    assert all(line.startswith("#") for line in shown)
    squeezed = [" ".join(line.split()) for line in shown]
    for found in ("# state ready", "# C: EHLO x", "# S: 250-mx [/x]", "# timeout 60 s"):
        assert found in squeezed


@pytest.mark.parametrize(
    "line", [b"/nosuch", b"/ NOOP", b"/", b"/auth PLAIN a", b"/set x", b"/raw \\q"]
)
def test_an_unknown_local_command_is_a_usage_failure(line: bytes) -> None:
    """Nothing of it is sent, and the run ends there."""
    with ScriptedServer(*smtp()) as server:
        result = probe.smtp(server.port, text=line + b"\nNOOP\n")
        assert server.heard_lines == [b"QUIT"]
    assert result.ended == ("usage", 2)


def test_a_login_takes_its_secret_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe has nobody to ask; without the variable the sentence names it."""
    monkeypatch.delenv("MAILPROBE_SECRET_PASSWORD", raising=False)
    with ScriptedServer(*smtp()) as server:
        result = probe.smtp(server.port, text=b"/auth PLAIN alice\n")
    assert "set MAILPROBE_SECRET_PASSWORD" in result.err
    for wrong in ("", "a\rb"):
        monkeypatch.setenv("MAILPROBE_SECRET_PASSWORD", wrong)
        with ScriptedServer(*smtp()) as server:
            result = probe.smtp(server.port, text=b"/auth PLAIN alice\n")
        assert "must hold one line" in result.err
    monkeypatch.setenv("MAILPROBE_SECRET_PASSWORD", "hunter22")
    with ScriptedServer(*smtp()) as server:
        result = probe.smtp(server.port, text=b"/auth PLAIN alice\nQUIT\n")
        line = b"AUTH PLAIN " + b64encode(b"\0alice\0hunter22")
        assert server.heard_lines == [line, b"QUIT"]
    assert "hunter22" not in result.out


def test_raw_octets_are_sent_exactly() -> None:
    """Escapes undone, no line end added; a command that becomes whole is waited for."""
    with ScriptedServer(*smtp()) as server:
        result = probe.smtp(server.port, text=b'/raw "NO"\n/raw "OP\\x20\\xff\\r\\n"\nQUIT\n')
        assert server.heard == b"NOOP \xff\r\nQUIT\r\n"
    assert (result.status, result.err) == (0, "")


def test_a_chunk_that_raw_opens_is_filled_from_the_input() -> None:
    """`/raw` of a BDAT line waits for no reply before the counted octets are out."""
    with ScriptedServer(*smtp()) as server:
        result = probe.smtp(server.port, text=b'/raw "BDAT 4 LAST\\r\\n"\n/q\nxQUIT\n')
        assert server.heard == b"BDAT 4 LAST\r\n/q\nxQUIT\r\n"
    assert (result.status, result.err) == (0, "")


@pytest.mark.parametrize(
    "leave, heard", [(b"/close", b""), (b"/drop", b""), (b"/quit", b"QUIT\r\n")]
)
def test_ways_to_leave(leave: bytes, heard: bytes) -> None:
    """/quit says QUIT, /close and /drop do not; status 0, and no note."""
    with ScriptedServer(*smtp()) as server:
        result = probe.smtp(server.port, text=leave + b"\n")
        assert server.heard == heard
    assert (result.status, result.err) == (0, "")


def test_a_line_after_close_has_nobody_to_hear_it() -> None:
    """That is the script's own mistake."""
    with ScriptedServer(*smtp()) as server:
        assert probe.smtp(server.port, text=b"/close\nNOOP\n").ended == ("usage", 2)


def test_one_run_may_connect_again() -> None:
    """/connect before any target, after /close, and never twice at once."""
    with ScriptedServer(*smtp()) as one, ScriptedServer(*pop3()) as two:
        text = b"/connect smtp 127.0.0.1:%d\nNOOP\n/close\n/connect pop3 127.0.0.1:%d\nSTAT\nQUIT\n"
        result = probe.run(text=text % (one.port, two.port))
        assert (one.heard, two.heard) == (b"NOOP\r\n", b"STAT\r\nQUIT\r\n")
        assert (result.status, result.err) == (0, "")
        again = probe.smtp(one.port, text=b"/connect smtp 127.0.0.1:1\n")
    assert again.ended == ("usage", 2)


@pytest.mark.parametrize("text", [b"NOOP\n", b"/state\n", b"/raw x\n"])
def test_without_a_connection_there_is_nothing_to_talk_to(text: bytes) -> None:
    """And the sentence says how to get one."""
    result = probe.run(text=text)
    assert result.ended == ("usage", 2)
    assert "/connect" in result.err


def test_save_writes_the_session_from_its_beginning(tmp_path: Path) -> None:
    """/save holds what went before it; /note lands in it."""
    path = tmp_path / "session.mpt"
    with ScriptedServer(*smtp()) as server:
        text = f"NOOP\n/save {path}\n/note a remark\nQUIT\n".encode()
        assert probe.smtp(server.port, text=text).status == 0
    saved = path.read_text()
    assert saved.startswith(f"mailprobe: 1\nprotocol: smtp\nconnect: 127.0.0.1:{server.port}\n")
    assert "\nS: 220 mx.example.test ESMTP\nC: NOOP\nS: 250 ok\n| a remark\nC: QUIT\n" in saved


def test_a_script_is_read_from_a_file(tmp_path: Path) -> None:
    """--script FILE, and nothing of standard input."""
    script = tmp_path / "script"
    script.write_bytes(b"RSET\nQUIT\n")
    with ScriptedServer(*smtp()) as server:
        result = probe.smtp(server.port, "--script", script, text=b"NOOP\n")
        assert server.heard_lines == [b"RSET", b"QUIT"]
    assert (result.status, result.err) == (0, "")


def test_a_script_named_dash_is_standard_input() -> None:
    """--script -."""
    with ScriptedServer(*smtp()) as server:
        probe.smtp(server.port, "--script", "-", text=b"NOOP\nQUIT\n")
        assert server.heard_lines == [b"NOOP", b"QUIT"]


@pytest.mark.parametrize("name", ["missing", ".", "missing/too"])
def test_a_script_that_cannot_be_read_is_a_usage_failure(tmp_path: Path, name: str) -> None:
    """Told before anything is connected."""
    result = probe.run("smtp", "127.0.0.1:1", "--script", tmp_path / name)
    assert result.ended == ("usage", 2)


def test_answers_of_plain_text_are_local_nowhere() -> None:
    """A server's own text never becomes a line of ours: `/` in a reply is a reply."""
    with ScriptedServer(send(b"220 /quit\r\n"), answer({b"QUIT": b"221 /x\r\n"})) as server:
        result = probe.smtp(server.port, text=b"NOOP\nQUIT\n")
        assert server.heard_lines == [b"NOOP", b"QUIT"]
    assert result.out.startswith("S: 220 /quit\n")


def test_reading_in_a_pipe(tmp_path: Path) -> None:
    """What a person would page is written out, every line behind a `#`."""
    mail = b"+OK\r\nSubject: =?gbk?B?tPM=?=\r\n\r\none\r\n\x1b[2J\r\n.\r\n"
    path = tmp_path / "body"
    with ScriptedServer(*pop3({b"RETR": mail})) as server:
        lines = ("/headers", "/mime 1", "/page", "/raw-view", f"/body-save {path}", "/pipe wc -l")
        text = "RETR 1\n" + "".join(f"{line}\n" for line in lines) + "QUIT\n"
        result = probe.run("pop3", f"127.0.0.1:{server.port}", text=text.encode())
    assert (result.status, result.err) == (0, "")
    shown = [line for line in result.out.splitlines() if not line.startswith(("C: ", "S:"))]
    for line in ("# Subject: 大", "# \\u{1b}[2J", "# one\\r\\n", "# \\x1b[2J\\r\\n", "# 4"):
        assert line in shown, line
    assert all(line.startswith("#") for line in shown)
    assert path.read_bytes() == b"Subject: =?gbk?B?tPM=?=\r\n\r\none\r\n\x1b[2J\r\n"


@pytest.mark.parametrize("protocol", ["smtp", "pop3"])
@pytest.mark.parametrize("scheme", [False, True])
def test_tls_is_for_every_connection(protocol: str, scheme: bool) -> None:
    """--starttls holds behind /connect, too: nothing of the script goes out in the clear."""
    refusing = {b"EHLO": b"250-mx\r\n250 STARTTLS\r\n", b"STARTTLS": b"454 no\r\n"}
    steps = smtp(refusing) if protocol == "smtp" else pop3({b"STLS": b"-ERR no\r\n"})
    with ScriptedServer(*steps) as server:
        address = f"127.0.0.1:{server.port}"
        again = f"{protocol}://{address}" if scheme else f"{protocol} {address}"
        text = f"/close\n/connect {again}\nMAIL FROM:<a@b>\nQUIT\n".encode()
        result = probe.run(protocol, address, "--starttls", text=text)
        assert b"MAIL" not in server.heard
        assert server.heard_lines[-2:] == [b"STARTTLS" if protocol == "smtp" else b"STLS", b"QUIT"]
    assert result.ended == ("security", 4)


def test_tls_at_once_is_for_every_connection() -> None:
    """--tls, too; a URL says itself when TLS begins."""
    text = b"/close\n/connect pop3 sandbox\nCAPA\n/close\n/connect smtp sandbox\nQUIT\n"
    result = probe.run("pop3", "sandbox", "--tls", text=text)
    assert result.status == 0
    assert result.out.count("# TLSv1") == 3
    with ScriptedServer(stall) as server:
        address = b"127.0.0.1:%d" % server.port
        text = b"/close\n/connect smtps://%s\n" % address
        result = probe.run("smtp", "sandbox", "--starttls", "--timeout", "1s", text=text)
        assert server.heard[:1] == b"\x16"
    assert result.ended == ("timeout", 4)


def test_a_profile_keeps_the_tls_of_the_command_line(tmp_path: Path) -> None:
    """Where it does not say itself how TLS begins."""
    with ScriptedServer(*pop3({b"STLS": b"-ERR no\r\n"})) as server:
        target = f"127.0.0.1:{server.port}"
        (tmp_path / "mailprobe").mkdir()
        config = tmp_path / "mailprobe" / "config.toml"
        config.write_text(f'[profile.work]\nprotocol = "pop3"\ntarget = "{target}"\n')
        config.chmod(0o600)
        result = probe.pop3(
            server.port,
            "--starttls",
            text=b"/close\n/connect @work\nUSER secret\n",
            env={"XDG_CONFIG_HOME": str(tmp_path)},
        )
        assert server.heard_lines == [b"STLS", b"QUIT"]
    assert result.ended == ("security", 4)


@pytest.mark.parametrize("keep_going", [(), ("--keep-going",)])
def test_a_refused_starttls_that_was_typed_is_refused(keep_going: tuple[str, ...]) -> None:
    """The word of a STARTTLS that the user sent himself, however far the script goes on."""
    with ScriptedServer(*smtp({b"STARTTLS": b"454 no\r\n"})) as server:
        text = b"STARTTLS\nNOOP\nQUIT\n"
        result = probe.smtp(server.port, "--starttls", *keep_going, text=text)
        assert server.heard_lines == [b"STARTTLS", b"QUIT"]
    assert result.ended == ("refused", 1)


@pytest.mark.parametrize("line", [b"QUIT", b"NOOP"])
def test_an_end_while_we_listened_is_the_server_s(line: bytes) -> None:
    """It was no /close of ours that ended the session."""
    text = b"EHLO x\n/wait 9s\n" + line + b"\n"
    result = probe.run("smtp", "sandbox/plain+idle-421:1s", text=text)
    assert result.ended == ("eof", 4)
    closed = probe.run("smtp", "sandbox", text=b"EHLO x\n/close\n" + line + b"\n")
    assert closed.ended == ("usage", 2)


def test_a_refusal_of_the_mail_data_is_called_so() -> None:
    """DATA itself was let in by 354."""
    text = b"EHLO x\nMAIL FROM:<a@b.test>\nRCPT TO:<alice@example.test>\nDATA\nx\n.\nDATA\n"
    result = probe.run("smtp", "sandbox/plain+refuse-in-data", "--keep-going", text=text)
    assert "the mail data was answered: 552" in result.err
    alone = probe.run("smtp", "sandbox", text=b"EHLO x\nDATA\n")
    assert "DATA was answered: 503" in alone.err


@pytest.mark.parametrize("text", [b"", b"QUIT\n", b"EHLO x\n", b"EHLO x\nQUIT\n"])
def test_nothing_ends_well_in_the_clear(text: bytes) -> None:
    """--starttls is kept where nothing is said that needs it: hello and goodbye, or nothing."""
    stripped = probe.run("smtp", "sandbox/plain+starttls-strip", "--starttls", text=text)
    assert stripped.ended == ("security", 4)
    whole = probe.run("smtp", "sandbox", "--starttls", "--no-verify", text=text)
    assert whole.status == 0
    assert "# TLSv1" in whole.out


def test_quit_is_not_glued_to_half_a_line() -> None:
    """The run that ends with a failure drops the link where a line was begun."""
    with ScriptedServer(*smtp()) as server:
        result = probe.smtp(server.port, text=b'/raw "MAIL FR"\n/bogus\n')
        assert server.heard == b"MAIL FR"
    assert result.ended == ("usage", 2)


def test_settings_of_tls_count_for_the_next_handshake() -> None:
    """What is particular about the session, the CA of the sandbox, stays."""
    settings = b"/set timeout 9s\n/set tls-max 1.2\n/set sni localhost\n"
    text = settings + b"EHLO x\nSTARTTLS\n/tls\nQUIT\n"
    result = probe.run("smtp", "sandbox", text=text)
    assert (result.status, result.err) == (0, "")
    assert "# TLSv1.2 ECDHE-" in result.out
    assert "# verified      yes, for localhost, by the CAs in " in result.out


def test_tls_that_is_required_comes_before_it_is_looked_at() -> None:
    """As before any other line; without it there is nothing to look at."""
    result = probe.run("pop3", "sandbox", "--starttls", text=b"/tls\nQUIT\n")
    assert (result.status, result.err) == (0, "")
    assert "C: STLS\n" in result.out
    assert "# TLS           TLSv1." in result.out
