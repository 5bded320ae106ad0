"""Servers that break off, stall, lie about who they are or say what is no reply.

For each: the right word and status, within the limit of time, nothing raw on a stream, and a
transcript that is whole, private, and marked where it is not complete.
"""

import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.commands.inside import inside
from tests.hostile import probe
from tests.hostile.server import (
    ScriptedServer,
    Step,
    close,
    closed_port,
    deaf,
    drip,
    endless,
    expect,
    half_close,
    repeat,
    reset,
    send,
    stall,
)

HELLO = {"smtp": b"220 mx\r\n", "lmtp": b"220 mx\r\n", "pop3": b"+OK mx\r\n"}
FINE = {"smtp": b"250 ok\r\n", "lmtp": b"250 ok\r\n", "pop3": b"+OK\r\n"}
PROTOCOLS = tuple(HELLO)
FRAMINGS = ("smtp", "pop3")  # replies of LMTP are framed like those of SMTP
IN_A_PIPE = 4096  # octets that any pipe takes at once
SHORT = ("--timeout", "400ms")
AMPLE = ("--timeout", "20s")  # where it is not what ends the run: a busy machine takes its time
BYE = (expect(b"QUIT"), send(b"221 bye\r\n"), half_close)


def limit(word: str) -> tuple[str, str]:
    """The limit of time for a run that ends with `word`."""
    return SHORT if word == "timeout" else AMPLE


def run_against(
    protocol: str,
    steps: Sequence[Step],
    text: bytes,
    *options: str,
    record: Path | None = None,
) -> probe.Result:
    """One session in this process; `test_pipe.py` and others here run it in one of its own."""
    more = ["--record", str(record)] if record is not None else []
    with ScriptedServer(*steps) as server:
        target = f"127.0.0.1:{server.port}"
        if len(text) > IN_A_PIPE:
            return probe.run(protocol, target, *options, *more, text=text)
        ran = inside(protocol, target, *options, *more, text=text)
    out, err = probe.decode(ran.out.encode()), probe.decode(ran.err.encode())
    return probe.Result(ran.status, out, err)


def check_transcript(path: Path, word: str) -> None:
    """Whole lines, nobody else's to read, and marked incomplete by the word of the failure."""
    text = probe.decode(path.read_bytes())
    assert text.startswith("mailprobe: 1\n")
    assert text.endswith("\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert text.count("# incomplete: ") == (1 if word else 0)
    assert f"# incomplete: {word}: " in text or not word


# --------------------------------------------------------------------------- before any command


@pytest.mark.parametrize("protocol", FRAMINGS)
@pytest.mark.parametrize(
    "steps, word",
    [
        ((close,), "eof"),
        ((reset,), "reset"),
        ((stall,), "timeout"),
        ((half_close,), "eof"),
        ((send(b"\r\n"), close), "protocol"),
        ((endless(b"x", 0.05),), "timeout"),
        ((send(b"\0\1\2binary"), stall), "protocol"),
        ((send(b"\x16\x03\x01\0\x05hello"), stall), "protocol"),
    ],
    ids=["eof", "reset", "silent", "half-closed", "empty", "dripping", "binary", "tls"],
)
def test_a_server_without_a_greeting(
    protocol: str, steps: tuple[Step, ...], word: str, tmp_path: Path
) -> None:
    """It is not waited for beyond the limit, and its end is told."""
    path = tmp_path / "session.mpt"
    result = run_against(protocol, steps, b"NOOP\n", *limit(word), record=path)
    assert result.ended == (word, 4)
    check_transcript(path, word)


@pytest.mark.parametrize("protocol", FRAMINGS)
@pytest.mark.parametrize("ending, word", [(close, "eof"), (reset, "reset"), (stall, "timeout")])
@pytest.mark.parametrize("place", ["greeting", "reply"])
def test_half_a_reply(protocol: str, ending: Step, word: str, place: str, tmp_path: Path) -> None:
    """What came of it is shown and recorded."""
    path = tmp_path / "session.mpt"
    half = HELLO[protocol][:-2] + b" and then"
    steps: tuple[Step, ...] = (send(half), ending)
    if place == "reply":
        steps = (send(HELLO[protocol]), expect(b"NOOP"), send(half), ending)
    result = run_against(protocol, steps, b"NOOP\nQUIT\n", *limit(word), record=path)
    assert result.ended == (word, 4)
    if word != "reset":  # a reset may take away what was not read yet
        assert f"S: {half.decode()}\n" in result.out
        assert f"S= {half.decode()}\n" in path.read_text()
    check_transcript(path, word)


@pytest.mark.parametrize(
    "said, name",
    [
        (b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n", "HTTP"),
        (b"<!DOCTYPE html>\r\n", "HTTP"),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", "SSH"),
        (b"* OK [CAPABILITY IMAP4rev1] ready\r\n", "IMAP"),
        (b"\x15\x03\x01\0\x02\x02\x46", "TLS"),
        (b"\xff\xfd\x18\xff\xfd\x20", "telnet"),
        (b"\0\0\0\1\0\0", "binary"),
    ],
)
@pytest.mark.parametrize("protocol", FRAMINGS)
def test_another_service_is_named(protocol: str, said: bytes, name: str) -> None:
    """A person who took the wrong port is told which one it is; no waiting for a line end."""
    result = run_against(protocol, (send(said), stall), b"QUIT\n", "--timeout", "10m")
    assert result.ended == ("protocol", 4)
    assert name in result.err


@pytest.mark.parametrize(
    "protocol, greeting, name",
    [("smtp", b"+OK x\r\n", "POP3"), ("pop3", b"220 x\r\n", "SMTP"), ("lmtp", b"+OK\r\n", "POP3")],
)
def test_the_other_mail_protocol_is_named(protocol: str, greeting: bytes, name: str) -> None:
    """smtp to a POP3 port, and the reverse."""
    result = run_against(protocol, (send(greeting), stall), b"QUIT\n", "--timeout", "10m")
    assert result.ended == ("protocol", 4)
    assert name in result.err


def test_nobody_listens() -> None:
    """Connection refused."""
    with closed_port() as port:
        assert probe.smtp(port, text=b"QUIT\n").ended == ("connect", 4)


def test_there_is_no_such_host() -> None:
    """A name that cannot exist (RFC 6761, section 6.4)."""
    result = probe.run("smtp", "nobody.invalid", "--timeout", "5s", text=b"QUIT\n")
    assert result.ended == ("dns", 4)


# --------------------------------------------------------------------------------- odd replies


@pytest.mark.parametrize(
    "reply",
    [
        "2_5 x",
        "+25 x",
        " 25 x",
        "000 x",
        "999 x",
        "2500 x",
        "666 x",
        "25",
        "25x x",
        "hello",
        "٢٥٠ x",
    ],
)
@pytest.mark.parametrize("place", ["greeting", "reply"])
def test_codes_that_are_none(reply: str, place: str, tmp_path: Path) -> None:
    """The raw line is shown, and it answers nothing."""
    path = tmp_path / "session.mpt"
    steps: tuple[Step, ...] = (send(reply.encode() + b"\r\n"), stall)
    if place == "reply":
        steps = (send(HELLO["smtp"]), expect(b"NOOP"), *steps)
    result = run_against("smtp", steps, b"NOOP\n", "--timeout", "10m", record=path)
    assert result.ended == ("protocol", 4)
    assert f"S: {reply}\n" in result.out
    check_transcript(path, "protocol")


@pytest.mark.parametrize("reply", [b"OK", b"+OKAY", b"-ERROR x", b"", b"+ ", b"+", b". ", b"."])
def test_status_indicators_that_are_none(reply: bytes) -> None:
    """The same for POP3."""
    steps = (send(HELLO["pop3"]), expect(b"NOOP"), send(reply + b"\r\n"), stall)
    result = run_against("pop3", steps, b"NOOP\n", "--timeout", "10m")
    assert result.ended == ("protocol", 4)


@pytest.mark.parametrize(
    "protocol, reply",
    [
        ("smtp", b"250\r\n"),
        ("smtp", b"250 ok\n"),
        ("smtp", b"250-a\r\n550-b\r\n250 c\r\n"),
        ("smtp", b"250-\r\n250\r\n"),
        ("smtp", b"250 \r\r\n"),
        ("pop3", b"+OK\r\n"),
        ("pop3", b"+ok lower\r\n"),
        ("pop3", b"+OK \n"),
        ("lmtp", b"250 " + b"x" * 5000 + b"\r\n"),
    ],
)
def test_odd_replies_are_replies(protocol: str, reply: bytes, tmp_path: Path) -> None:
    """Deviations are kept, shown and framed on."""
    path = tmp_path / "session.mpt"
    steps = (send(HELLO[protocol]), expect(b"NOOP"), send(reply), expect(b"QUIT"))
    end = send(FINE[protocol] if protocol == "pop3" else b"221\r\n")
    result = run_against(protocol, (*steps, end, half_close), b"NOOP\nQUIT\n", *AMPLE, record=path)
    assert (result.status, result.err) == (0, "")
    check_transcript(path, "")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_reply_that_drips_is_a_reply(protocol: str) -> None:
    """One octet at a time, every 5 ms."""
    steps = (drip(HELLO[protocol], 0.005), expect(b"NOOP"), drip(FINE[protocol], 0.005))
    assert run_against(protocol, steps, b"NOOP\n", "--timeout", "10s").status == 0


@pytest.mark.parametrize(
    "steps, text, status",
    [
        ((send(b"220 mx\r\n250 early\r\n"), *BYE), b"QUIT\n", 0),
        (
            (send(b"220 mx\r\n"), expect(b"NOOP"), send(b"250 a\r\n250 b\r\n"), *BYE),
            b"NOOP\nQUIT\n",
            0,
        ),
        ((send(b"220 mx\r\n"), expect(b"NOOP"), send(b"250 a\r\n421 b\r\n"), close), b"NOOP\n", 0),
        ((send(b"421 busy\r\n"), close), b"NOOP\n", 1),
    ],
    ids=["before the command", "twice", "421 behind it", "421 at once"],
)
def test_replies_that_nobody_asked_for(
    steps: tuple[Step, ...], text: bytes, status: int, tmp_path: Path
) -> None:
    """They are never taken for the answer to the next command."""
    path = tmp_path / "session.mpt"
    result = run_against("smtp", steps, text, *AMPLE, record=path)
    assert result.status == status
    assert ("# unsolicited" in result.out) == (status == 0)
    check_transcript(path, "")


# -------------------------------------------------------------------- inside bodies and mail data


@dataclass(frozen=True)
class Place:
    """Somewhere in a session, where a server can fail."""

    protocol: str
    steps: tuple[Step, ...]
    text: bytes


RETR = (send(HELLO["pop3"]), expect(b"RETR"), send(b"+OK 9 octets\r\nSubject: x\r\n\r\nhal"))
DATA = (send(HELLO["smtp"]), expect(b"DATA"), send(b"354 go\r\n"))
AUTH = (send(HELLO["smtp"]), expect(b"AUTH"), send(b"334 \r\n"), expect(b"YQ=="))
PLACES = {
    "body": Place("pop3", RETR, b"RETR 1\nQUIT\n"),
    "listing": Place(
        "pop3", (send(HELLO["pop3"]), expect(b"LIST"), send(b"+OK\r\n1 2\r\n")), b"LIST\nQUIT\n"
    ),
    "dot": Place("smtp", (*DATA, expect(b"x"), expect(b".")), b"DATA\nx\n.\nQUIT\n"),
    "auth": Place("smtp", AUTH, b"AUTH LOGIN\nYQ==\nQUIT\n"),
    "lmtp": Place(
        "lmtp",
        (
            send(HELLO["lmtp"]),
            *(step for _ in "rr" for step in (expect(b"RCPT"), send(b"250 ok\r\n"))),
            *(expect(b"DATA"), send(b"354 go\r\n"), expect(b"."), send(b"250 one\r\n")),
        ),
        b"RCPT TO:<a@x>\nRCPT TO:<b@x>\nDATA\n.\nQUIT\n",
    ),
    "chunk": Place("smtp", (send(HELLO["smtp"]), expect(b"BDAT")), b"BDAT 4 LAST\nabc\nQUIT\n"),
}


@pytest.mark.parametrize("ending, word", [(close, "eof"), (reset, "reset"), (stall, "timeout")])
@pytest.mark.parametrize("place", PLACES)
def test_the_server_fails_in_the_middle(
    place: str, ending: Step, word: str, tmp_path: Path
) -> None:
    """A cut message is never a whole one."""
    where, path = PLACES[place], tmp_path / "session.mpt"
    result = run_against(
        where.protocol, (*where.steps, ending), where.text, *limit(word), record=path
    )
    assert result.ended == (word, 4)
    check_transcript(path, word)


def test_a_server_that_says_why_while_we_write() -> None:
    """A refusal behind a closed link is heard before the broken link is told."""
    steps = (*DATA, expect(b"x"), send(b"421 4.3.1 no room\r\n"), close)
    result = run_against("smtp", steps, b"DATA\n" + b"x\n" * 2_000_000 + b".\n", *SHORT)
    assert "S: 421 4.3.1 no room\n" in result.out
    assert result.ended[1] in (1, 4)


def test_a_server_that_stops_reading(tmp_path: Path) -> None:
    """A write that nobody takes is bounded, too."""
    path = tmp_path / "session.mpt"
    text = b"DATA\n" + b"x" * 70 + b"\n"
    text += b"y" * 12_000_000 + b"\n.\n"
    result = run_against("smtp", (*DATA, deaf), text, *SHORT, record=path)
    assert result.ended == ("timeout", 4)
    check_transcript(path, "timeout")


def test_a_listing_that_never_ends_is_bounded_by_the_run() -> None:
    """Its body has only the silence; --max-time ends it."""
    steps = (send(HELLO["pop3"]), expect(b"LIST"), send(b"+OK\r\n"), endless(b"1 2\r\n", 0.02))
    result = run_against("pop3", steps, b"LIST\n", "--timeout", "10s", "--max-time", "700ms")
    assert result.ended == ("timeout", 4)
    assert "--max-time" in result.err


@pytest.mark.parametrize(
    "body",
    [
        b"a\n.\nb\r\n\r\n",
        b"..\r\n...\r\n",
        b"x" * 20_000 + b"\r\n",
        b"\r.\r\n",
        b". \r\n..x\r\n",
        b"",
    ],
)
def test_what_looks_like_the_end_of_a_body(body: bytes) -> None:
    """Only CRLF . CRLF ends it; octet counts are not believed."""
    retr = (expect(b"RETR"), send(b"+OK 99999 octets\r\n" + body + b".\r\n"))
    steps = (send(HELLO["pop3"]), *retr, expect(b"QUIT"), send(b"+OK bye\r\n"), half_close)
    result = run_against("pop3", steps, b"RETR 1\nQUIT\n", *AMPLE)
    assert (result.status, result.err) == (0, "")
    assert result.out.endswith("S: .\nC: QUIT\nS: +OK bye\n")


@pytest.mark.parametrize("body, told", [(b"1 10\n.\n", True), (b"1 10\r\n", False)])
def test_bare_lf_ends_no_body_and_that_is_told(body: bytes, told: bool) -> None:
    """A mail may hold such lines; whoever waits for the end of a listing is told why."""
    steps = (send(HELLO["pop3"]), expect(b"LIST"), send(b"+OK\n" + body), stall)
    result = run_against("pop3", steps, b"LIST\n", "--timeout", "500ms")
    assert result.ended == ("timeout", 4)
    assert ("bare LFs around it end nothing (RFC 1939, section 3)" in result.err) is told


def test_a_long_answer_to_a_short_question() -> None:
    """Lines behind a one-line reply are no part of it."""
    steps = (send(HELLO["pop3"]), expect(b"STAT"), send(b"+OK 1 2\r\n1 2\r\n.\r\n"), stall)
    result = run_against("pop3", steps, b"STAT\nNOOP\n", *AMPLE)
    assert result.ended == ("protocol", 4)


@pytest.mark.parametrize(
    "stat", [b"+OK", b"+OK -1 x", b"+OK 99999999999999999999999 1", b"+OK \xff"]
)
def test_garbage_in_a_drop_listing(stat: bytes) -> None:
    """It is a reply all the same."""
    reply = b"+OK\r\nx\r\n" + b"9" * 5000 + b" 1\r\n\xff \xff\r\n.\r\n"
    steps = (
        send(HELLO["pop3"]),
        expect(b"STAT"),
        send(stat + b"\r\n"),
        expect(b"LIST"),
        send(reply),
    )
    result = run_against("pop3", (*steps, expect(b"Q"), send(b"+OK\r\n")), b"STAT\nLIST\nQUIT\n")
    assert (result.status, result.err) == (0, "")


# --------------------------------------------------------------------------------------- limits


@pytest.mark.parametrize(
    "protocol, said, text, option",
    [
        ("smtp", b"250 " + b"x" * 3000 + b"\r\n", b"NOOP\n", "--max-line"),
        ("smtp", b"x" * 3000, b"NOOP\n", "--max-line"),
        ("smtp", b"250-xxxxxxxxxx\r\n" * 300, b"NOOP\n", "--max-reply"),
        ("pop3", b"+OK " + b"x" * 3000, b"NOOP\n", "--max-line"),
        ("pop3", b"+OK\r\n" + b"xxxxxxxx\r\n" * 300, b"LIST\n", "--max-body"),
        ("pop3", b"+OK\r\n" + b"x" * 1500, b"RETR 1\n", "--max-body-line"),
    ],
)
def test_a_limit_is_named_by_its_option(
    protocol: str, said: bytes, text: bytes, option: str, tmp_path: Path
) -> None:
    """Nobody waits for the rest, and the sentence says what to change."""
    path = tmp_path / "session.mpt"
    sizes = ("--max-line", "2K", "--max-reply", "2k", "--max-body", "2000", "--max-body-line", "1K")
    steps = (send(HELLO[protocol]), expect(text.split()[0]), send(said), stall)
    result = run_against(protocol, steps, text, *sizes, "--timeout", "10m", record=path)
    assert result.ended == ("limit", 4)
    assert f"({option} " in result.err
    check_transcript(path, "limit")


# ----------------------------------------------------------------------------------------- AUTH


@pytest.mark.parametrize(
    "challenge",
    [b"334", b"334 ", b"334 ?no base64?", b"334 =", b"334-a\r\n334 b", b"334 \x1b[m\xff"],
)
def test_challenges_of_every_kind(challenge: bytes) -> None:
    """They are shown, and the next line answers them."""
    steps = (send(HELLO["smtp"]), expect(b"AUTH"), send(challenge + b"\r\n"), expect(b"*"))
    result = run_against("smtp", (*steps, send(b"501 no\r\n"), *BYE), b"AUTH LOGIN\n*\n", *AMPLE)
    assert result.ended == ("refused", 1)


def test_challenges_without_end() -> None:
    """They last as long as the input, and its end ends them."""
    challenge = send(b"334 eA==\r\n")
    steps = [step for _ in range(50) for step in (challenge, expect(b"eA=="))]
    text = b"AUTH X\n" + b"eA==\n" * 49
    result = run_against("smtp", (send(HELLO["smtp"]), expect(b"AUTH"), *steps), text, *AMPLE)
    assert result.status == 0


# --------------------------------------------------------------------------------- hostile text

HOSTILE = (
    b"\x1b]52;c;cm0gLXJm\x07\x1b[2J\x1b[8m \x9b31m \xc2\x9b31m \x08\x0b\x0c\x0e \x7f"
    + "\u202e\u2066\u200b\u200d\ufeff\u2028\u2029\u0085\U000e0041\u00ad".encode()
    + b" [/nope][red]x[/red][link=file:///etc/passwd] <b>&amp; %s {0} \xff\xfe \0 end"
)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_hostile_text_in_every_place(protocol: str, tmp_path: Path) -> None:
    """Greeting, reply, capability, body, unsolicited line, garbage: nothing raw anywhere."""
    path = tmp_path / "session.mpt"
    hello, fine = HELLO[protocol], FINE[protocol]
    hostile = hello[:4] + HOSTILE + b"\r\n", fine[:4] + HOSTILE + b"\r\n"
    listing = {
        "pop3": b"+OK " + HOSTILE + b"\r\n" + HOSTILE + b"\r\n1 " + HOSTILE + b"\r\n.\r\n",
    }.get(
        protocol, b"250-" + HOSTILE + b"\r\n250-SIZE " + HOSTILE + b"\r\n250 " + HOSTILE + b"\r\n"
    )
    verb = {"pop3": b"CAPA", "smtp": b"EHLO x", "lmtp": b"LHLO x"}[protocol]
    steps = (
        *(send(hostile[0]), expect(b"NOOP"), send(hostile[1]), expect(verb), send(listing)),
        *(expect(b"RSET"), send(fine + hostile[1] + HOSTILE + b"\r\n"), stall),
    )
    text = b"NOOP\n" + verb + b"\n/caps\n/state\n/last\nRSET\nNOOP\n"
    result = run_against(protocol, steps, text, *AMPLE, record=path)
    assert result.ended == ("protocol", 4)
    check_transcript(path, "protocol")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_hostile_refusal_is_spelled_out(protocol: str) -> None:
    """In the last line of standard error, too."""
    refusal = {"pop3": b"-ERR "}.get(protocol, b"550 ") + HOSTILE + b"\r\n"
    steps = (send(HELLO[protocol]), expect(b"NOOP"), send(refusal), *BYE)
    assert run_against(protocol, steps, b"NOOP\n", *AMPLE).ended == ("refused", 1)


def test_a_flood_that_nobody_asked_for_keeps_the_limit_of_time() -> None:
    """Replies without end and without a command: the run is over when --max-time is."""
    steps = (send(HELLO["smtp"]), endless(b"250 " + b"x" * 60 + b"\r\n"))
    result = run_against("smtp", steps, b"NOOP\nQUIT\n", *SHORT, "--max-time", "1s")
    assert result.status in (1, 4)
    assert result.ended[0] in ("timeout", "limit", "eof")


def test_repeat_is_finite() -> None:
    """A flood of unsolicited replies with an end is shown whole, and the session goes on."""
    flood = repeat(b"250 x\r\n", 200_000)
    steps = (send(HELLO["smtp"]), expect(b"NOOP"), flood, *BYE)
    result = run_against("smtp", steps, b"NOOP\nQUIT\n", "--timeout", "10s")
    assert result.status == 0
    assert result.out.count("# unsolicited\n") > 20_000
