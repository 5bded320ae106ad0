"""Real output of real programs becomes transcripts that a player can walk along."""

from pathlib import Path

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.transcript.dialogue import compile_steps
from mailprobe.transcript.importing.convert import convert, convert_all
from mailprobe.transcript.model import Comment, TlsLine, Transcript
from mailprobe.transcript.parse import parse
from mailprobe.transcript.steps import Reply, Write

SAMPLES = Path(__file__).parent / "samples"
GOOD = sorted(
    path.stem
    for path in SAMPLES.glob("*.txt")
    if path.stem not in ("swaks-refused", "s_client-one-sided")
)


def imported(name: str) -> Transcript:
    return parse(convert((SAMPLES / f"{name}.txt").read_bytes()), name)


def wire(name: str) -> list[str]:
    """The lines of the wire, of TLS and of the ends."""
    return [
        line.text
        for line in imported(name).lines
        if line.text and not isinstance(line, Comment) and line.text[0] in "CS@"
    ]


def written(name: str) -> str:
    return convert((SAMPLES / f"{name}.txt").read_bytes()).decode()


@pytest.mark.parametrize("name", GOOD)
def test_a_sample_is_a_transcript(name: str) -> None:
    """It parses, its kind is seen, and both sides are in it."""
    transcript = imported(name)
    steps = compile_steps(transcript)
    assert sum(isinstance(step, Write) for step in steps) >= 2
    assert sum(isinstance(step, Reply) for step in steps) >= 2
    kind = name.partition("-")[0].replace("terminal", "telnet")
    octets = (SAMPLES / f"{name}.txt").read_bytes()
    assert convert(octets, kind) == convert(octets, "auto") == convert(octets)


@pytest.mark.parametrize("name", GOOD)
def test_a_sample_ends_where_nothing_is_owed(name: str) -> None:
    """No reply of a whole session stands for itself, and none is missing."""
    replies = [step for step in compile_steps(imported(name)) if isinstance(step, Reply)]
    assert not [reply for reply in replies if reply.context.unsolicited]


@pytest.mark.parametrize("name", GOOD)
def test_no_secret_is_left(name: str) -> None:
    """Neither the password nor a message made of it is in the text."""
    text = written(name)
    for form in ("PASS secret", "pass password", "AGFsaWNlAHdyb25ncHc", "YWxpY2U"):
        assert form not in text


def test_swaks_over_starttls() -> None:
    """TLS stands behind the go-ahead, the digest is a name, data is as it travelled."""
    lines = wire("swaks-starttls")
    assert lines[lines.index("C: STARTTLS") + 2] == "@tls"
    assert 'C~ {=sasl("alice")}' in lines
    assert lines[lines.index("C: ..dot") + 1] == "C: {x} \\x41"
    assert lines[-2:] == ["C: QUIT", "S: 221 2.0.0 Goodbye"]
    assert imported("swaks-starttls").head.peers[1].connect == "127.0.0.1:2587"


def test_swaks_over_implicit_tls() -> None:
    """TLS from the first octet is a header; a refused login is one."""
    transcript = imported("swaks-login-tls")
    assert transcript.head.peers[1].implicit_tls
    assert not [line for line in transcript.lines if isinstance(line, TlsLine)]
    assert 'C~ AUTH PLAIN {=sasl("alice")}' in wire("swaks-login-tls")


def test_swaks_pipelines_in_one_write() -> None:
    """Three commands before the first reply."""
    writes = [step for step in compile_steps(imported("swaks-pipeline")) if isinstance(step, Write)]
    assert [len(step.lines) for step in writes][1] == 3


def test_swaks_speaks_lmtp() -> None:
    """Each recipient has its reply."""
    assert imported("swaks-lmtp").head.peers[1].protocol == "lmtp"
    replies = [step for step in compile_steps(imported("swaks-lmtp")) if isinstance(step, Reply)]
    assert [one.context.recipient for one in replies if one.context.recipient] == [
        b"alice@example.test",
        b"bob@example.test",
        b"nobody@example.test",
    ]


def test_curl_hides_the_message() -> None:
    """A message that is not shown is empty, and that is said."""
    for name in ("curl-smtp", "curl-smtp-meter"):
        text = written(name)
        assert "C: .\n# the source does not show the message\nS: 250 2.0.0" in text


def test_curl_prints_bodies() -> None:
    """What stands on standard output between is the body, with the dot that curl took off."""
    lines = wire("curl-pop3")
    assert lines[-2:] == ["S: and read it by POP3 as USER bob, PASS builder.", "S: ."]
    assert lines.count("@tls") == 1
    listing = wire("curl-pop3s")
    assert listing[listing.index("C: LIST") + 2] == "S: 1 1053"
    assert "# the certificate was not verified" in written("curl-pop3s")


def test_curl_traces() -> None:
    """Rows are joined by their offsets, and TLS records are none of ours."""
    lines = wire("curl-trace-ascii")
    greeting = "S: 220 example.test ESMTP mailprobe sandbox, nothing is sent on from here"
    assert lines[0] == greeting
    assert "C: ..dot" in lines
    assert "a dot for each octet" in written("curl-trace-ascii")
    exact = wire("curl-trace")
    assert exact[-2:] == ["C: RETR 1", "S? +OK"]
    assert "a dot for each octet" not in written("curl-trace")


def test_s_client_keeps_letters_for_itself() -> None:
    """A line with Q never went out: it was the client that closed."""
    lines = wire("s_client-smtps")
    assert lines[-1] == "C@ close"
    assert "C: QUIT" not in lines
    assert "C: 250 not quite" in lines
    assert "RCPT" not in written("s_client-renegotiating")


def test_s_client_upgrades_before_anybody_types() -> None:
    """What -starttls says is put in, with any reply."""
    assert wire("s_client-starttls-smtp")[:7] == [
        "S? 220",
        "C: EHLO mail.example.com",
        "S? 250",
        "C: STARTTLS",
        "S? 220",
        "@tls",
        "C: EHLO client.example",
    ]
    lines = wire("s_client-starttls-pop3")
    assert lines[:5] == ["S? +OK", "C: STLS", "S? +OK", "@tls verify=off", "C: USER alice"]
    assert lines[5:7] == ["S: +OK Now the password, by PASS", "C~ PASS {password}"]


def test_s_client_in_quiet() -> None:
    """Without the noise, a listing and a message end at their dots."""
    lines = wire("s_client-quiet")
    assert lines.count("S: .") == 2
    assert lines[-2:] == ["C: QUIT", "S: +OK Goodbye, 0 messages removed"]


def test_sources_without_a_session() -> None:
    """They are refused with a sentence."""
    with pytest.raises(Failure, match="no session is in this output of swaks") as refused:
        convert((SAMPLES / "swaks-refused.txt").read_bytes())
    assert refused.value.word is Word.USAGE
    with pytest.raises(Failure, match="only the server's lines"):
        convert((SAMPLES / "s_client-one-sided.txt").read_bytes())


# -------------------------------------------------------------------- a page of the year 2007


def test_the_page_is_a_session() -> None:
    """Every command that the page shows, each with its reply; the password is a name."""
    (octets,) = convert_all((SAMPLES / "terminal-2007.txt").read_bytes())
    text = octets.decode()
    assert [line for line in text.split("\n") if line[:2] in ("C:", "C~")] == [
        "C: user username",
        "C~ pass {password}",
        "C: stat",
        "C: list",
        "C: retr 1",
        "C: top 1 0",
        "C: dele 1",
        "C: dele 2",
        "C: quit",
    ]
    assert "connect: 192.168.1.3:110" in text
    greeting = "13:41:07 +0800 < http://www.musemailsvr.com/ >\n"
    assert greeting in text  # the page breaks this line at its 80th column


def test_the_page_keeps_its_octets() -> None:
    """A charset that is not named, an encoded word cut short, quoted-printable cut apart."""
    lines = wire("terminal-2007")
    message = lines[lines.index("S: +OK 999 bytes") + 1 :]
    assert message[0] == "S: From: 系統管理員"
    assert message[2] == "S: Subject: =??B?uafPssT6s8nOqrG+08q8/s+1zbO1xND"
    assert message[7] == "S: Content-type: text/plain; charset="
    assert "S: " + "-" * 54 in message  # a row of dashes in a message is no note
    assert message[message.index("C: top 1 0") - 1] == "S: ."
    assert "S\\ \\u{a0}" in lines


def test_the_page_explains() -> None:
    """Its notes are lesson text: before a command, and behind a reply."""
    text = written("terminal-2007")
    assert "| 郵箱狀態\nC: stat\nS: +OK 7 291593\n| 7 為該信箱總郵件數" in text
    assert "S: .\n| 第 1 封郵件,大小為 999 字節\n| 第 2 封郵件,大小為 42837 字節\n" in text
    assert "| -ERR Invalid auth or access denied - 密碼認證失敗\n" in text
    assert "| 輸入用戶密碼,**** 為具體的密碼\nC~ pass {password}\n" in text


def test_the_page_leaves_out_what_is_put_in() -> None:
    """A status line, and a lone dot."""
    text = written("terminal-2007")
    assert "# the source leaves out the first line of the reply\nS~ +OK{:any=}\nS: 1 999" in text
    assert "S: .\n# the source leaves out the lone dot above\n| 刪除第 1 封郵件" in text
