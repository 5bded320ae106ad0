"""Pipe mode: lines in, `C:` and `S:` lines out, in lock-step, against servers of a few steps."""

import signal
import threading
from pathlib import Path

import pytest

from mailprobe.errors import Failure
from mailprobe.protocol.model import Protocol
from mailprobe.shell.options import Options
from mailprobe.shell.piping.pipe import Pipe
from mailprobe.shell.piping.printer import Printer
from mailprobe.transport.target import Target
from tests.hostile import probe
from tests.hostile.server import (
    Peer,
    ScriptedServer,
    Step,
    close,
    endless,
    expect,
    pop3,
    reset,
    send,
    smtp,
    stall,
)

GREETING = send(b"220 mx\r\n")
BYE = (expect(b"QUIT"), send(b"221 bye\r\n"))
NO_QUIT = "note: the input ended without QUIT; the connection was closed\n"


def test_lines_go_out_and_come_back_marked() -> None:
    """Each line is shown as C:, each line of a reply as S:, in the order of the wire."""
    with ScriptedServer(*smtp({b"EHLO": b"250-mx\r\n250 SIZE\r\n"})) as server:
        result = probe.smtp(server.port, text=b"EHLO c.example\nnoop\nQUIT\n")
        assert server.heard == b"EHLO c.example\r\nnoop\r\nQUIT\r\n"
    assert result.out == (
        "S: 220 mx.example.test ESMTP\nC: EHLO c.example\nS: 250-mx\nS: 250 SIZE\n"
        "C: noop\nS: 250 ok\nC: QUIT\nS: 221 bye\n"
    )
    assert (result.status, result.err) == (0, "")


def test_the_next_line_waits_for_the_whole_reply() -> None:
    """Lock-step: nothing of the next command is on the wire before the last line of a reply."""
    early: list[bytes] = []

    def look(peer: Peer) -> None:
        peer.link.settimeout(0.2)
        try:
            early.append(peer.link.recv(100))
        except TimeoutError:
            peer.link.settimeout(30)

    steps = (expect(b"EHLO"), send(b"250-one\r\n"), look, send(b"250-two\r\n250"), look)
    with ScriptedServer(GREETING, *steps, send(b" three\r\n"), *BYE) as server:
        probe.smtp(server.port, text=b"EHLO x\nQUIT\n")
        assert early == []


def test_a_line_is_sent_when_it_comes() -> None:
    """Streaming: a reply is shown before the next line is even written, and nothing is held."""
    with ScriptedServer(*smtp()) as server, probe.Live("smtp", f"127.0.0.1:{server.port}") as live:
        assert live.line() == "S: 220 mx.example.test ESMTP"
        for number in range(3):
            live.write(b"NOOP %d\n" % number)
            assert live.lines(2) == [f"C: NOOP {number}", "S: 250 ok"]
        assert live.finish().status == 0


def test_mail_data_is_sent_when_it_comes() -> None:
    """Within DATA, too, a line that was written is on the wire before the next one comes."""
    heard = threading.Event()

    def listen(peer: Peer) -> None:
        assert peer.line() == b"first"
        heard.set()

    steps = (expect(b"DATA"), send(b"354 go\r\n"), listen, expect(b"."), send(b"250 ok\r\n"))
    with (
        ScriptedServer(GREETING, *steps, *BYE) as server,
        probe.Live("smtp", f"127.0.0.1:{server.port}") as live,
    ):
        live.write(b"DATA\nfirst\n")
        assert heard.wait(probe.LONG)
        live.write(b".\nQUIT\n")
        assert live.finish().ended == ("", 0)


def test_the_run_ends_with_the_reply_to_quit() -> None:
    """Whoever holds our input open is not waited for once QUIT was answered."""
    with ScriptedServer(*smtp()) as server, probe.Live("smtp", f"127.0.0.1:{server.port}") as live:
        live.write(b"QUIT\n")
        assert live.process.wait(probe.LONG) == 0


@pytest.mark.parametrize(
    "text, wire",
    [
        (b"NOOP\r\nQUIT\r\n", [b"NOOP", b"QUIT"]),
        (b"NOOP\r\r\nQUIT\n", [b"NOOP\r", b"QUIT"]),
        (b"\xef\xbb\xbfNOOP\nQUIT\n", [b"NOOP", b"QUIT"]),
        (b"NOOP\n\xef\xbb\xbfNOOP\nQUIT\n", [b"NOOP", b"\xef\xbb\xbfNOOP", b"QUIT"]),
        (b"\n\r\nQUIT\n", [b"", b"", b"QUIT"]),
        (b"\xef\xbb\xbf\nQUIT\n", [b"", b"QUIT"]),
        (b"\xef\xbb\xbf", []),
        (b"# no comment\nQUIT\n", [b"# no comment", b"QUIT"]),
        (b"//quit\n///x\nQUIT\n", [b"/quit", b"//x", b"QUIT"]),
        (b"NOOP \0\xff\x1b[1m\rx\nQUIT\n", [b"NOOP \0\xff\x1b[1m\rx", b"QUIT"]),
        (b"  noop  \nQUIT", [b"  noop  ", b"QUIT"]),
    ],
)
def test_lines_go_out_as_they_are(text: bytes, wire: list[bytes]) -> None:
    """One CR before LF belongs to the line end, a BOM is dropped; all else is sent."""
    with ScriptedServer(*smtp()) as server:
        assert probe.smtp(server.port, text=text).status == 0
        assert server.heard_lines == wire


@pytest.mark.parametrize("line", [b"/quit", b"//x", b"", b"dGVzdA==", b"#", b"*", b"\xff/"])
@pytest.mark.parametrize("protocol", ["smtp", "pop3"])
def test_the_line_after_a_challenge_is_its_answer(protocol: str, line: bytes) -> None:
    """After 334 or + nothing is local, nothing is doubled."""
    script = {
        "smtp": (GREETING, expect(b"AUTH X"), send(b"334 \r\n"), expect(line), send(b"235 ok\r\n")),
        "pop3": (
            send(b"+OK\r\n"),
            expect(b"AUTH X"),
            send(b"+ \r\n"),
            expect(line),
            send(b"+OK\r\n"),
        ),
    }
    with ScriptedServer(*script[protocol], expect(b"QUIT"), send(b"221 x\r\n+OK\r\n")) as server:
        probe.run(protocol, f"127.0.0.1:{server.port}", text=b"AUTH X\n" + line + b"\nQUIT\n")
        assert server.heard_lines == [b"AUTH X", line, b"QUIT"]


# ------------------------------------------------------------------------------------ mail data


@pytest.mark.parametrize(
    "text, wire",
    [
        (b"a\n\n.\n", b"a\r\n\r\n.\r\n"),
        (b".\n", b".\r\n"),
        (b".a\n..\n...b\n.\n", b"..a\r\n...\r\n....b\r\n.\r\n"),
        (b"a\r\n.\r\n", b"a\r\n.\r\n"),
        (b"/quit\n//x\nQUIT\n# no\n.\n", b"/quit\r\n//x\r\nQUIT\r\n# no\r\n.\r\n"),
        (b"a\r\r\nb\rc\n \t.\n. \n.\n", b"a\r\r\nb\rc\r\n \t.\r\n.. \r\n.\r\n"),
        (b"\0\xff\n.\n", b"\0\xff\r\n.\r\n"),
    ],
)
def test_lines_after_354_pass_up_to_the_lone_dot(text: bytes, wire: bytes) -> None:
    """They are dot-stuffed, whatever they look like, and the line behind the dot is a command."""
    with ScriptedServer(*smtp()) as server:
        result = probe.smtp(server.port, text=b"DATA\n" + text + b"QUIT\n")
        assert server.heard == b"DATA\r\n" + wire + b"QUIT\r\n"
    assert (result.status, result.err) == (0, "")


def test_the_last_dot_may_lack_its_line_end() -> None:
    """`printf '...\\n.'` sends the mail."""
    with ScriptedServer(*smtp()) as server:
        result = probe.smtp(server.port, text=b"DATA\nx\n.")
        assert server.heard == b"DATA\r\nx\r\n.\r\n"
    assert (result.status, result.err) == (0, NO_QUIT)


def test_a_large_mail_arrives_whole() -> None:
    """More than one read of the input, with dots at every line start."""
    line = b"." + b"x" * 70 + b"\n"
    with ScriptedServer(*smtp()) as server:
        probe.smtp(server.port, text=b"DATA\n" + line * 20_000 + b".\nQUIT\n")
        stuffed = (b"." + line.replace(b"\n", b"\r\n")) * 20_000
        assert server.heard == b"DATA\r\n" + stuffed + b".\r\nQUIT\r\n"


def test_the_octets_after_bdat_go_out_as_they_are() -> None:
    """No dot-stuffing, no line ends mended, nothing local: exactly as many as were counted."""
    with ScriptedServer(*smtp()) as server:
        result = probe.smtp(
            server.port, text=b"BDAT 9\n/q\n.\r\n\0\xffBDAT 0 LAST\nBDAT 2 LAST\n\n\nQUIT\n"
        )
        assert server.heard == (
            b"BDAT 9\r\n/q\n.\r\n\0\xffBDAT 0 LAST\r\nBDAT 2 LAST\r\n\n\nQUIT\r\n"
        )
    assert (result.status, result.err) == (0, "")


def test_an_input_that_ends_inside_a_chunk_waits_for_nothing() -> None:
    """Nobody can answer a chunk that never becomes whole."""
    with ScriptedServer(*smtp()) as server:
        result = probe.smtp(server.port, text=b"BDAT 10\nabc")
        assert server.heard == b"BDAT 10\r\nabc"
    assert result.status == 0
    assert result.err == (
        "note: the input ended inside a BDAT chunk, 3 of its 10 octets were there; "
        "the connection was closed\n"
    )


def test_a_chunk_that_421_cuts_off_is_refused() -> None:
    """It is the reply to BDAT, however much of the chunk had gone out; no QUIT inside a chunk."""
    server_ends = (GREETING, expect(b"BDAT"), send(b"421 4.3.2 closing\r\n"), close)
    with ScriptedServer(*server_ends) as server:
        with probe.Live("smtp", f"127.0.0.1:{server.port}") as live:
            live.write(b"BDAT 10\n")
            assert live.lines(3)[-1].startswith("S: 421")
            live.write(b"ab")
            assert live.finish().ended == ("refused", 1)
        assert b"QUIT" not in server.heard


@pytest.mark.parametrize(
    "reply, ended",
    [
        (b"503 no\r\n", ("refused", 1)),
        (b"451 no\r\n", ("refused", 1)),
        (b"250 x\r\n", ("protocol", 4)),
    ],
)
def test_data_without_354_ends_the_run(reply: bytes, ended: tuple[str, int]) -> None:
    """The mail must never be read as commands."""
    with ScriptedServer(*smtp({b"DATA": reply})) as server:
        result = probe.smtp(server.port, text=b"DATA\nRCPT TO:<x>\n.\nNOOP\nQUIT\n")
        assert b"RCPT" not in server.heard
        assert b"NOOP" not in server.heard
    assert result.ended == ended


@pytest.mark.parametrize(
    "reply, ended", [(b"503 no\r\n", ("refused", 1)), (b"250 no\r\n", ("protocol", 4))]
)
def test_keep_going_drops_the_mail_that_nobody_wants(reply: bytes, ended: tuple[str, int]) -> None:
    """Lines up to a lone dot are dropped, those behind it are commands again."""
    with ScriptedServer(*smtp({b"DATA": reply})) as server:
        result = probe.smtp(server.port, "--keep-going", text=b"DATA\nRSET\n..\n.\nNOOP\nQUIT\n")
        assert server.heard_lines == [b"DATA", b"NOOP", b"QUIT"]
    assert result.ended == ended


def test_keep_going_sends_what_was_no_mail() -> None:
    """Where the input ends without a lone dot, the lines behind DATA were commands."""
    with ScriptedServer(*smtp({b"DATA": b"503 no\r\n"})) as server:
        result = probe.smtp(server.port, "--keep-going", text=b"DATA\nRSET\r\nDATA\nNOOP\nQUIT\n")
        assert server.heard_lines == [b"DATA", b"RSET", b"DATA", b"NOOP", b"QUIT"]
    assert result.ended == ("refused", 1)
    assert "2 commands were refused" in result.err


# ------------------------------------------------------------------------------------- refusals


def test_it_stops_at_the_first_refused_command() -> None:
    """Status 1, the refusal as the last line, and QUIT to the server."""
    with ScriptedServer(*smtp({b"MAIL": b"550 5.7.1 go away\r\n"})) as server:
        result = probe.smtp(server.port, text=b"NOOP\nMAIL FROM:<>\nRCPT TO:<x>\nQUIT\n")
        assert server.heard_lines == [b"NOOP", b"MAIL FROM:<>", b"QUIT"]
    assert result.err == "mailprobe: refused: MAIL was answered: 550 5.7.1 go away\n"
    assert result.out.endswith("S: 550 5.7.1 go away\nC: QUIT\nS: 221 bye\n")
    assert result.status == 1


@pytest.mark.parametrize("keep_going", [True, False])
def test_a_refused_greeting_is_a_refusal(keep_going: bool) -> None:
    """554 at the door: only QUIT is polite."""
    options = ["--keep-going"] if keep_going else []
    with ScriptedServer(send(b"554 no\r\n"), *BYE) as server:
        result = probe.smtp(server.port, *options, text=b"QUIT\n")
        assert server.heard_lines == [b"QUIT"]
    assert result.ended == ("refused", 1)


def test_there_is_no_quit_after_421() -> None:
    """421 announces the end by itself (RFC 5321, section 3.8)."""
    with ScriptedServer(*smtp({b"MAIL": b"421 4.3.2 closing\r\n"})) as server:
        result = probe.smtp(server.port, text=b"MAIL FROM:<>\nNOOP\n")
        assert server.heard_lines == [b"MAIL FROM:<>"]
    assert result.ended == ("refused", 1)


def test_there_is_no_quit_inside_mail_data() -> None:
    """A failure between 354 and the dot ends the link, and nothing more is written."""
    with ScriptedServer(
        GREETING, expect(b"DATA"), send(b"354 go\r\n"), expect(b"x"), stall
    ) as server:
        with probe.Live("smtp", f"127.0.0.1:{server.port}", "--max-time", "1s") as live:
            live.write(b"DATA\nx\n")
            assert live.process.wait(probe.LONG) == 4
            assert live.finish().ended == ("timeout", 4)
        assert server.heard == b"DATA\r\nx\r\n"


@pytest.mark.parametrize(
    "refused, unmarked, wire",
    [
        (b"STAT", b"+OK\r\n", [b"PASS x", b"DELE 1", b"STAT", b"RSET", b"QUIT"]),
        (b"STAT", b"-ERR no\r\n", [b"PASS x", b"DELE 1", b"STAT", b"RSET"]),
        (b"DELE", b"+OK\r\n", [b"PASS x", b"DELE 1", b"RSET", b"QUIT"]),
    ],
)
def test_marks_are_taken_back_before_quit(
    refused: bytes, unmarked: bytes, wire: list[bytes]
) -> None:
    """A run that fails deletes no mail: RSET first, and no QUIT where that is refused.

    A server that refuses DELE may have marked the message all the same.
    """
    table = {refused: b"-ERR no\r\n", b"RSET": unmarked}
    with ScriptedServer(*pop3(table)) as server:
        result = probe.pop3(server.port, text=b"PASS x\nDELE 1\nSTAT\nQUIT\n")
        assert server.heard_lines == wire
    assert result.ended == ("refused", 1)


def test_marks_that_the_script_took_back_are_none() -> None:
    """RSET is sent where messages may be marked, and nowhere else."""
    with ScriptedServer(*pop3({b"STAT": b"-ERR no\r\n"})) as server:
        probe.pop3(server.port, text=b"PASS x\nDELE 1\nRSET\nSTAT\nQUIT\n")
        assert server.heard_lines == [b"PASS x", b"DELE 1", b"RSET", b"STAT", b"QUIT"]


def test_nobody_waits_long_for_the_reply_to_our_own_quit() -> None:
    """A server that is silent at QUIT is left: far sooner than --timeout would."""
    with ScriptedServer(GREETING, expect(b"NOOP"), send(b"500 no\r\n"), stall) as server:
        result = probe.smtp(server.port, "--timeout", "10m", text=b"NOOP\n")
        assert server.heard_lines == [b"NOOP", b"QUIT"]
    assert result.ended == ("refused", 1)


def test_keep_going_counts_the_refusals_at_the_end() -> None:
    """One line for all of them, and it is the last."""
    with ScriptedServer(*smtp({b"RCPT": b"550 no\r\n"})) as server:
        text = b"RCPT TO:<a>\nRCPT TO:<b>\nNOOP\nRCPT TO:<c>\nQUIT\n"
        result = probe.smtp(server.port, "--keep-going", text=text)
        assert server.heard_lines == text.split(b"\n")[:-1]
    assert result.ended == ("refused", 1)
    assert result.words == ["refused"]
    assert "3 commands were refused" in result.err


def test_refusals_are_counted_and_not_kept(tmp_path: Path) -> None:
    """A script may have a million of them, and a server makes each as long as it likes."""
    script = tmp_path / "script"
    script.write_bytes(b"NOOP\nRSET\nNOOP\nQUIT\n")
    table = {b"NOOP": b"500 first\r\n", b"RSET": b"500 second\r\n"}
    printer = Printer(lambda text: None, lambda line: None, color=False)
    with ScriptedServer(*smtp(table)) as server, script.open("rb") as source:
        target = Target(Protocol.SMTP, "127.0.0.1", server.port)
        options = Options(target=target, keep_going=True)
        run = Pipe(options, source.fileno(), printer, lambda line: None)
        with pytest.raises(Failure) as caught:
            run.run()
    assert caught.value.sentence == "3 commands were refused; NOOP was answered: 500 first"
    assert printer.refused == []


def test_refusals_stand_before_a_harder_failure() -> None:
    """Whose word and status win."""
    steps = (expect(b"A"), send(b"500 no\r\n"), expect(b"B"), close)
    with ScriptedServer(GREETING, *steps) as server:
        result = probe.smtp(server.port, "--keep-going", text=b"A\nB\nC\n")
    assert result.words == ["refused", "eof"]
    assert result.ended == ("eof", 4)


def test_each_recipient_of_lmtp_may_refuse() -> None:
    """One good and one bad recipient: two replies, and the run is a refusal."""
    replies = b"250 2.0.0 saved\r\n552 5.2.2 quota\r\n"
    with ScriptedServer(*smtp({b".": replies})) as server:
        result = probe.run(
            "lmtp",
            f"127.0.0.1:{server.port}",
            text=b"LHLO x\nMAIL FROM:<>\nRCPT TO:<a@x>\nRCPT TO:<b@x>\nDATA\nx\n.\nQUIT\n",
        )
    assert "S: 250 2.0.0 saved\nS: 552 5.2.2 quota\n" in result.out
    assert result.err == "mailprobe: refused: the mail for <b@x> was answered: 552 5.2.2 quota\n"
    assert result.status == 1


# --------------------------------------------------------------------------------- how it ends


@pytest.mark.parametrize(
    "text", [b"", b"NOOP\n", b"DATA\nx\n", b"AUTH LOGIN\n"], ids=["at once", "idle", "data", "auth"]
)
def test_input_that_ends_without_quit_closes(text: bytes) -> None:
    """With a note and status 0, and without a QUIT of ours, wherever it ends."""
    with ScriptedServer(*smtp({b"AUTH": b"334 VXNlcm5hbWU6\r\n"})) as server:
        result = probe.smtp(server.port, text=text)
        assert server.heard == text.replace(b"\n", b"\r\n")
    assert (result.status, result.err) == (0, NO_QUIT)


def test_what_follows_quit_is_not_sent() -> None:
    """And that is said."""
    with ScriptedServer(*smtp()) as server:
        result = probe.smtp(server.port, text=b"QUIT\nNOOP\n")
        assert server.heard == b"QUIT\r\n"
    assert (result.status, result.err.startswith("note: ")) == (0, True)


@pytest.mark.parametrize("ending, word", [(close, "eof"), (reset, "reset")])
def test_a_server_that_goes_away_is_a_failure(ending: object, word: str) -> None:
    """In the middle of a run, with the last line that tells it."""
    with ScriptedServer(GREETING, expect(b"NOOP"), ending) as server:  # type: ignore[arg-type]  # a Step
        assert probe.smtp(server.port, text=b"NOOP\nQUIT\n").ended == (word, 4)


def test_a_line_for_a_server_that_has_gone_is_eof() -> None:
    """The server closed between two lines of the input: the second one is named."""
    with (
        ScriptedServer(GREETING, expect(b"NOOP"), send(b"250 ok\r\n421 bye\r\n"), close) as server,
        probe.Live("smtp", f"127.0.0.1:{server.port}") as live,
    ):
        live.write(b"NOOP\n")
        assert live.lines(5)[3:] == ["# unsolicited", "S: 421 bye"]
        live.write(b"RSET\n")
        result = live.finish()
    assert result.ended == ("eof", 4)
    assert "before RSET was sent" in result.err


def test_what_nobody_asked_for_is_marked() -> None:
    """`# unsolicited` on stdout, `note: unsolicited` on stderr, at once, and no command's reply."""
    with (
        ScriptedServer(
            GREETING, expect(b"NOOP"), send(b"250-a\r\n250 b\r\n252 c\r\n"), *BYE
        ) as server,
        probe.Live("smtp", f"127.0.0.1:{server.port}") as live,
    ):
        live.write(b"NOOP\n")
        assert live.lines(6)[2:] == ["S: 250-a", "S: 250 b", "# unsolicited", "S: 252 c"]
        assert live.error_line() == "note: unsolicited"
        live.write(b"QUIT\n")
        assert live.lines(2) == ["C: QUIT", "S: 221 bye"]
        assert live.finish().status == 0


def test_garbage_that_nobody_asked_for_is_a_failure_at_the_end() -> None:
    """Input that ends after the server lost the framing does not end well."""
    with (
        ScriptedServer(GREETING, expect(b"NOOP"), send(b"250 ok\r\n")) as server,
        probe.Live("smtp", f"127.0.0.1:{server.port}") as live,
    ):
        live.write(b"NOOP\n")
        assert live.lines(3)[-1] == "S: 250 ok"
        server.say(b"what?\r\n")
        assert live.line() == "S: what?"
        assert live.finish().ended == ("protocol", 4)


# -------------------------------------------------------------------------------------- secrets


USER = send(b"334 VXNlcm5hbWU6\r\n")
SMTP_LOGIN = (GREETING, expect(b"AUTH LOGIN"), USER, expect(b"YQ"), USER, expect(b"aH"))
SMTP_PLAIN = (GREETING, expect(b"AUTH PLAIN"))
POP3_PASS = (send(b"+OK\r\n"), expect(b"PASS"))
POP3_APOP = (send(b"+OK <1@x>\r\n"), expect(b"APOP"))
DIGEST = b"0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    "steps, text, secrets, shown",
    [
        (SMTP_LOGIN, b"AUTH LOGIN\nYQ==\naHVudGVyMjI=\n", b"hunter22 aHVudGVyMjI=", "C: ****"),
        (
            SMTP_PLAIN,
            b"AUTH PLAIN AGEAaHVudGVyMjI=\n",
            b"hunter22 AGEAaHVudGVyMjI=",
            "C: AUTH PLAIN ****",
        ),
        (POP3_PASS, b"PASS hunter22\n", b"hunter22 aHVudGVyMjI= 68756e7465723232", "C: PASS ****"),
        (POP3_PASS, b"pass hunter 22\n", b"hunter%2022 aHVudGVyIDIy", "C: pass ****"),
        (POP3_APOP, b"APOP a " + DIGEST + b"\n", DIGEST, "C: APOP a ****"),
    ],
)
@pytest.mark.parametrize("echo", [b"refused: ", b"no reply at all: "])
def test_secrets_are_not_shown(
    steps: tuple[Step, ...], text: bytes, secrets: bytes, shown: str, echo: bytes
) -> None:
    """Neither where they are sent nor where the server repeats them, failures included."""
    protocol = "smtp" if text.startswith(b"AUTH") else "pop3"
    if echo.startswith(b"refused"):
        echo = {"smtp": b"535 ", "pop3": b"-ERR "}[protocol]
    with ScriptedServer(*steps, send(echo + secrets + b"\r\n")) as server:
        result = probe.run(
            protocol, f"127.0.0.1:{server.port}", "--keep-going", text=text + b"/last\n"
        )
    assert shown in result.out.splitlines()
    assert result.status != 0
    for secret in secrets.decode().split():
        assert secret not in result.out + result.err


# ------------------------------------------------------------------------------ ends that are ours


def test_an_interrupted_upgrade_is_an_interruption() -> None:
    """SIGINT while TLS is on its way: 130, and no word about security."""
    heard = threading.Event()

    def hush(peer: Peer) -> None:
        heard.set()
        peer.hear()

    steps = (expect(b"EHLO"), send(b"250-mx\r\n250 STARTTLS\r\n"), expect(b"STARTTLS"), hush)
    with (
        ScriptedServer(GREETING, *steps) as server,
        probe.Live("smtp", f"127.0.0.1:{server.port}", "--starttls") as live,
    ):
        live.write(b"NOOP\n")
        assert heard.wait(probe.LONG)
        live.process.send_signal(signal.SIGINT)
        result = live.finish()
        assert (result.status, result.words) == (130, [])
        assert server.heard_lines[-1] == b"STARTTLS"


def test_a_flood_of_lines_that_are_no_reply_ends_the_run(tmp_path: Path) -> None:
    """At the first of them: what came with it is one entry of the recording, one failure."""
    path = tmp_path / "a.mpt"
    with ScriptedServer(GREETING, expect(b"NOOP"), endless(b"what is this\r\n")) as server:
        result = probe.smtp(server.port, "--record", path, text=b"NOOP\nQUIT\n")
    assert result.ended == ("protocol", 4)
    text = path.read_text()
    assert text.count("# incomplete: protocol:") == 1
    assert text.endswith("C@ close\n")
    assert len(text) < 1024 * 1024


@pytest.mark.parametrize(
    "lines, steps, end",
    [
        (b"NOOP\n/close\n", (*smtp(),), "C@ close\n"),
        (b"NOOP\n", (*smtp(),), "C@ close\n"),
        (b"QUIT\n", (GREETING, *BYE, stall), "C@ close\n"),
        (b"QUIT\n", (GREETING, *BYE, close), "S@ close\n"),
    ],
)
def test_who_has_ended_it_is_recorded(
    tmp_path: Path, lines: bytes, steps: tuple[Step, ...], end: str
) -> None:
    """/close and the end of the input are ours; after QUIT the server ends, or waits for us."""
    path = tmp_path / "a.mpt"
    with ScriptedServer(*steps) as server:
        probe.smtp(server.port, "--record", path, text=lines)
    assert path.read_text().endswith(end)


def test_octets_of_the_input_are_kept() -> None:
    """One CR before LF belongs to the line end, and no other; behind refused DATA, too."""
    with ScriptedServer(*smtp({b"DATA": b"503 no\r\n"})) as server:
        probe.smtp(server.port, "--keep-going", text=b"DATA\nNOOP a\r\r\nNOOP b\r")
        assert server.heard == b"DATA\r\nNOOP a\r\r\nNOOP b\r\r\n"


def test_a_334_to_data_is_no_go_ahead() -> None:
    """The lines behind it are not sent as mail data."""
    with ScriptedServer(*smtp({b"DATA": b"334 x\r\n"})) as server:
        result = probe.smtp(server.port, text=b"DATA\nhello\n.\nQUIT\n")
        assert b"hello" not in server.heard
    assert result.ended == ("protocol", 4)


def test_a_server_that_hangs_up_before_the_input_ends() -> None:
    """There was no QUIT, and the note says who ended it."""
    with ScriptedServer(GREETING, expect(b"NOOP"), send(b"250 ok\r\n"), close) as server:
        result = probe.smtp(server.port, text=b"NOOP\n")
    assert result.status == 0
    assert result.err.startswith("note: the input ended without QUIT; ")


def test_a_stalled_greeting_may_want_tls() -> None:
    """The hint is for a port that says nothing at all."""
    with ScriptedServer(stall) as server:
        assert "try --tls" in probe.smtp(server.port, "--timeout", "300ms").err
    with ScriptedServer(send(b"220-he"), stall) as server:
        assert "--tls" not in probe.smtp(server.port, "--timeout", "300ms").err


@pytest.mark.parametrize("last", [b"", b"421 4.4.2 idle\r\n"])
def test_a_server_that_leaves_while_the_input_waits_is_told_of(last: bytes) -> None:
    """At once and once; the input goes on, for another connection may come."""
    steps = (GREETING, expect(b"NOOP"), send(b"250 ok\r\n" + last), close)
    with (
        ScriptedServer(*steps) as server,
        ScriptedServer(*smtp()) as other,
        probe.Live("smtp", f"127.0.0.1:{server.port}") as live,
    ):
        live.write(b"NOOP\n")
        while (line := live.error_line()) == "note: unsolicited":
            pass
        assert line == "note: the server closed the connection"
        live.write(b"/connect smtp 127.0.0.1:%d\nQUIT\n" % other.port)
        result = live.finish()
    assert (result.status, result.err) == (0, "")
