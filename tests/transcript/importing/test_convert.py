"""Small sources: what is missing in them, what is odd, and what is hostile."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailprobe.errors import Failure, Word
from mailprobe.transcript.dialogue import compile_steps
from mailprobe.transcript.importing.convert import KINDS, convert, convert_all
from mailprobe.transcript.parse import parse

# ------------------------------------------------------------------------------------ helpers


def body(source: str, kind: str | None = None) -> list[str]:
    """The lines behind the header; they must be a transcript."""
    octets = convert(source.encode(), kind)
    parse(octets, "imported")
    return octets.decode().partition("\n\n")[2].split("\n")[:-1]


def header(source: str) -> list[str]:
    return convert(source.encode()).decode().partition("\n\n")[0].split("\n")


# ------------------------------------------------------------------------------------ choosing


def test_the_kinds() -> None:
    """Those that the command line offers."""
    assert KINDS == ("swaks", "curl", "s_client", "rfc", "telnet")


def test_what_nobody_printed() -> None:
    """One sentence says what was expected."""
    with pytest.raises(Failure, match="cannot tell what has printed this: expected") as refused:
        convert(b"hello\n")
    assert refused.value.word is Word.USAGE


@pytest.mark.parametrize("kind", KINDS)
def test_another_kind(kind: str) -> None:
    """A source that is not what somebody says it is."""
    with pytest.raises(Failure, match="this is not .*: expected "):
        convert(b"hello\n", kind)


def test_an_unknown_kind() -> None:
    """The kinds are named."""
    with pytest.raises(Failure, match="there are swaks, curl, s_client, rfc, telnet"):
        convert(b"220 x\n", "tcpdump")


def test_a_transcript_is_none_of_them() -> None:
    """Nobody imports twice."""
    with pytest.raises(Failure, match="a transcript already"):
        convert(b"mailprobe: 1\n\nS: 220 x\n")


@pytest.mark.parametrize(
    "source",
    ["=== Trying a:25...\n<-  hello\n", "* Connected to a (a) port 25\n> x\n< 5\n"],
)
def test_neither_command_nor_reply(source: str) -> None:
    """Lines that no protocol knows."""
    with pytest.raises(Failure, match="no (command and no reply|session)|cannot tell"):
        convert(source.encode())


def test_several_sessions() -> None:
    """Each is a transcript; of one that was asked for, the others are told."""
    source = (
        "=== Trying 192.0.2.1:25...\n<-  220 a\n -> QUIT\n<-  221 bye\n"
        "=== Trying [2001:db8::1]:25...\n<-  220 b\n -> QUIT\n<-  221 bye\n"
    )
    first, second = convert_all(source.encode())
    assert b"connect: 192.0.2.1:25\n" in first
    assert b"connect: [2001:db8::1]:25\n" in second
    assert convert(source.encode()) == first + b"# the source shows 1 more\n"


# --------------------------------------------------------------------------------------- swaks


def test_swaks_tells_of_an_end() -> None:
    """The server hung up in the middle of a reply."""
    source = (
        "=== Connected to x.\n<-  220 x\n -> EHLO y\n<-  250-x\n"
        "*** Remote host closed connection unexpectedly.\n"
    )
    lines = body(source)
    assert lines[:3] == ["S: 220 x", "C: EHLO y", "S: 250-x"]
    assert lines[3].startswith("# incomplete: eof: the connection was closed in the middle of")
    assert lines[4] == "S@ close"


def test_swaks_tells_of_an_end_in_peace() -> None:
    """Nothing is cut short."""
    source = "=== Connected to x.\n<-  220 x\n*** Remote host closed connection unexpectedly.\n"
    assert body(source) == ["S: 220 x", "S@ close"]


def test_swaks_without_tls_in_the_end() -> None:
    """A handshake that failed is no `@tls`."""
    source = (
        "=== Connected to x.\n<-  220 x\n -> STARTTLS\n<-  220 go\n"
        "*** TLS startup failed (connect(): error)\n*> QUIT\n"
    )
    assert body(source)[-1] == "# TLS did not start"


def test_swaks_with_little_to_see() -> None:
    """--suppress-data, an empty line, and lines that are no line of swaks."""
    source = (
        "Reading the configuration\n<** 220 x\n -> DATA\n<-  354 go\n"
        " -> 12 lines sent\n<-  250 ok\n*** No authentication\n=== Closed\n"
    )
    assert body(source) == [
        "S: 220 x",
        "C: DATA",
        "S: 354 go",
        "C: .",
        "# the source does not show the message",
        "S: 250 ok",
    ]
    source = "=== Connected to x.\n<-  220 x\n -> 12 lines sent\n"
    assert body(source)[-1] == "C: 12 lines sent"
    assert body("=== Connected to x.\n -> 3 lines sent\n<-  220 x\n")[2] == "C: 3 lines sent"


def test_tls_that_nobody_asked_for() -> None:
    """It is not written: there was no go-ahead."""
    source = "=== Connected to x.\n<-  220 x\n === no\n=== TLS started with cipher X\n -> QUIT\n"
    assert body(source) == ["S: 220 x", "C: QUIT"]


# ---------------------------------------------------------------------------------------- curl


def test_curl_without_a_name() -> None:
    """Lines from the middle of the output, with the times of --trace-time."""
    source = (
        "Connected\n12:00:00.000001 * Trying x\n"
        "12:00:00.000001 < 220 x\n12:00:00.000001 > QUIT\n< 221 x\nand more\n"
    )
    assert header(source) == ["mailprobe: 1", "protocol: smtp", "source: curl -v"]
    assert body(source) == ["S: 220 x", "C: QUIT", "S: 221 x"]


def test_curl_goes_on_behind_a_body() -> None:
    """A dot of the message is doubled again, and an empty line is a line."""
    source = (
        "* Connected to x (192.0.2.1) port 110 (#0)\n< +OK hi\n> RETR 1\n< +OK 3 octets\n"
        "{ [3 bytes data]\n.a\n\n> QUIT\n< +OK bye\n"
    )
    assert body(source) == [
        "S: +OK hi",
        "C: RETR 1",
        "S: +OK 3 octets",
        "S: ..a",
        "S:",
        "S: .",
        "C: QUIT",
        "S: +OK bye",
    ]


def test_curl_and_ipv6() -> None:
    """An address with colons gets its brackets."""
    source = "* Connected to x (2001:db8::1) port 25 (#0)\n< 220 x\n"
    assert header(source)[2] == "connect: [2001:db8::1]:25"
    assert "connect" not in header("* Connected to x (a\x1bb) port 25 (#0)\n< 220 x\n")[2]


def test_curl_hides_a_body() -> None:
    """What went to a file is any body."""
    source = "* Connected\n< +OK hi\n> LIST\n< +OK 3\n> QUIT\n< +OK bye\n"
    assert body(source)[1:5] == [
        "C: LIST",
        "# the source does not show the lines of this reply",
        "S? +OK",
        "C: QUIT",
    ]


def test_curl_traces_what_has_no_end() -> None:
    """A line that goes out in two pieces, and rows that say nothing."""
    source = (
        "nothing\n0000: nothing\n== Info: Connected to x (192.0.2.1) port 25\n"
        "<= Recv header, 7 bytes (0x7)\n0000: 220 x\n"
        "=> Send header, 2 bytes (0x2)\n0000: QU\n"
        "=> Send header, 4 bytes (0x4)\n0000: IT\n"
        "<= Recv header\n=> Send SSL data, 1 bytes (0x1)\n0000: .\n"
    )
    assert body(source)[1:] == ["S: 220 x", "C= QU", "C: IT"]
    assert convert(b"=> Send header, 6 bytes (0x6)\n0000: 51 55 49 54 0d 0a QUIT..\n").endswith(
        b"# the source begins behind the greeting\nS? 220\nC: QUIT\n"
    )


# ----------------------------------------------------------------------------------------- RFC


RFC = """
3.  An example

   S: <wait for connection>
   C: <open connection>
   S: 220 mail.example ESMTP
   C: EHLO client.example
   S: 250-mail.example
   S: 250 STARTTLS
   C: STARTTLS
   S: 220 Go ahead
   C & S: <negotiate a
           TLS session>
   C: EHLO client.example
   S: 250-mail.example
   ...
   C: AUTH PLAIN
         AGFsaWNlAHNlY3JldA==
   S: 235 2.7.0 Authentication
       successful
   C: DATA
   S: 354 Go

Author                 Standards Track          [Page 7]
\x0cRFC 9999           An Example          May 2031

   C: <mail data>
   C: .
   S: 250 Ok

   More prose here.

   C: NOOP
   S: 250 Ok
"""


def test_rfc_text() -> None:
    """Stage directions are told, data is kept, lines that were broken are whole again."""
    assert body(RFC) == [
        "| <wait for connection>",
        "| <open connection>",
        "S: 220 mail.example ESMTP",
        "C: EHLO client.example",
        "S: 250-mail.example",
        "S: 250 STARTTLS",
        "C: STARTTLS",
        "S: 220 Go ahead",
        "| <negotiate a TLS session>",
        "@tls",
        "C: EHLO client.example",
        "S: 250-mail.example",
        "S: 250",
        "# the source leaves out the end of the reply: the line above",
        'C~ AUTH PLAIN {=sasl("alice")}',
        "S: 235 2.7.0 Authentication successful",
        "C: DATA",
        "S: 354 Go",
        "C: <mail data>",
        "C: .",
        "S: 250 Ok",
        "# the source shows 1 more",
    ]


def test_rfc_text_that_prose_parts() -> None:
    """The second piece begins behind a greeting; the piece with one comes first."""
    pieces = convert_all(RFC.encode())
    assert pieces[1].decode().partition("\n\n")[2].split("\n")[:3] == [
        "# the source begins behind the greeting",
        "S? 220",
        "C: NOOP",
    ]
    swapped = "C: NOOP\nS: 250 Ok\nProse.\n" + RFC
    assert convert(swapped.encode()).count(b"mail.example ESMTP") == 1


def test_rfc_base64_that_was_broken() -> None:
    """It is joined as it was; text gets its blank back."""
    source = "S: +OK x\nC: AUTH PLAIN AGFsaWNlAHNlY3Jl\n      dDEyMzQ1Njc4OQ==\nS: +OK\n"
    assert body(source)[1] == 'C~ AUTH PLAIN {=sasl("alice")}'


def test_rfc_821_has_other_letters() -> None:
    """S is the sender there, R the receiver."""
    assert body("R: 220 x\nS: NOOP\nR: 250 OK\n") == ["S: 220 x", "C: NOOP", "S: 250 OK"]


def test_rfc_pop3_in_short() -> None:
    """A body that is described is kept; one without its dot gets it."""
    source = (
        "S: +OK hi\nC: RETR 1\nS: +OK 120 octets\nS: <the message>\nS: .\n"
        "C: LIST\nS: 1 120\nC: UIDL\nS: +OK\nS: 1 x\n"
    )
    assert body(source)[3:] == [
        "S: <the message>",
        "S: .",
        "C: LIST",
        "# the source leaves out the first line of the reply",
        "S~ +OK{:any=}",
        "S: 1 120",
        "S: .",
        "# the source leaves out the lone dot above",
        "C: UIDL",
        "S: +OK",
        "S: 1 x",
        "S: .",
        "# the source leaves out the lone dot above",
    ]


def test_rfc_1939_sets_its_lines_off() -> None:
    """The blanks that all lines share are none of theirs; what stands further in is."""
    source = (
        "      S: <wait for connection on TCP port 110>\n"
        "      C: <open connection>\n"
        "      S:    +OK ready <1896.697170952@mail.example>\n"
        "      C:    APOP alice c4c9334bac560ecc979e58001b3e22fb\n"
        "      S:    +OK\n"
        "      C:    RETR 1\n"
        "      S:    +OK 120 octets\n"
        "      S:      <p>further in\n"
        "      S:    .\n"
        "      C:    QUIT\n"
        "      S:    +OK\n"
        "      C:  <close connection>\n"
        "      S:  <wait for next connection>\n"
    )
    assert "protocol: pop3" in header(source)
    assert body(source) == [
        "| <wait for connection on TCP port 110>",
        "| <open connection>",
        "S: +OK ready <1896.697170952@mail.example>",
        "C~ APOP alice {=apop}",
        "S: +OK",
        "C: RETR 1",
        "S: +OK 120 octets",
        "S:   <p>further in",
        "S: .",
        "C: QUIT",
        "S: +OK",
        "| <close connection>",
        "| <wait for next connection>",
    ]


def test_injected_text() -> None:
    """What stands behind a go-ahead ends what can be followed."""
    source = "S: 220 x\nC: STARTTLS\nS: 220 go\nS: 250 injected\nC: NOOP\nS: 250 x\n"
    lines = body(source)
    assert lines[3] == "S: 250 injected"
    assert lines[4].startswith("# incomplete: security: text was injected before TLS")
    assert lines[5:] == ["# what follows in the source is left out"]


# ------------------------------------------------------------------------------------ terminal


def test_a_terminal() -> None:
    """Data until its lone dot, an answer to a challenge, and who ended it."""
    source = (
        "$ telnet mail.example 25\nTrying 192.0.2.1...\nConnected to mail.example.\n"
        "Escape character is '^]'.\n220 mail.example\nEHLO me\n250-mail.example\n250 AUTH LOGIN\n"
        "AUTH LOGIN\n334 VXNlcm5hbWU6\nYWxpY2U=\n334 UGFzc3dvcmQ6\nc2VjcmV0\n235 ok\n\n"
        "DATA\n354 go\n220 not a greeting\n\n.\n250 ok\nHELO\n500 what\nquit\n221 bye\nstill here\n"
        "Connection closed by foreign host.\n$ telnet other.example 110\nlost\n+OK hi\nQUIT\n"
    )
    first, second = convert_all(source.encode())
    assert first.decode().split("\n")[2] == "connect: mail.example:25"
    assert first.decode().partition("\n\n")[2].split("\n")[3:] == [
        "S: 250 AUTH LOGIN",
        "C: AUTH LOGIN",
        "S: 334 VXNlcm5hbWU6",
        'C~ {=sasl("alice")}',
        "S: 334 UGFzc3dvcmQ6",
        'C~ {=sasl("alice")}',
        "S: 235 ok",
        "C: DATA",
        "S: 354 go",
        "C: 220 not a greeting",
        "C:",
        "C: .",
        "S: 250 ok",
        "C: HELO",
        "S: 500 what",
        "C: quit",
        "S: 221 bye",
        "S@ close",
        "",
    ]
    assert b"connect: other.example:110" in second
    assert second.endswith(b"S: +OK hi\nC: QUIT\n")


def test_a_terminal_without_dots() -> None:
    """Data and a body end where the next reply, or the next command, is."""
    source = "220 x\nDATA\n354 go\nhello\n250 ok\nQUIT\n221 bye\n"
    assert body(source)[3:6] == [
        "C: hello",
        "C: .",
        "# the source leaves out the lone dot above",
    ]
    source = "+OK x\nRETR 1\n+OK 5 octets\nhello\nDELE 1\n+OK gone\n"
    assert body(source)[3:6] == [
        "S: hello",
        "S: .",
        "# the source leaves out the lone dot above",
    ]


def test_a_terminal_with_a_command_behind_the_dot() -> None:
    """Where a line end was lost they are two lines."""
    source = "+OK x\nRETR 1\n+OK 5 octets\nhello\n.DELE 1\n+OK gone\n"
    assert body(source)[3:] == ["S: hello", "S: .", "C: DELE 1", "S: +OK gone"]


def test_a_listing_without_its_first_line() -> None:
    """A command that comes instead is a command."""
    assert body("+OK x\nLIST\n1 120\n.\nNOOP\n+OK\n")[1:5] == [
        "C: LIST",
        "# the source leaves out the first line of the reply",
        "S~ +OK{:any=}",
        "S: 1 120",
    ]
    assert body("+OK x\nLIST\nSTAT\n-ERR\n+OK 1 2\n")[1:3] == ["C: LIST", "C: STAT"]


def test_a_chunk_in_a_terminal() -> None:
    """Counted octets are the client's, whatever they look like."""
    source = "220 x\nBDAT 15 LAST\n250 ok\nhello\n250 2.0.0\n"
    assert body(source)[2:] == ["C: 250 ok", "C: hello", "S: 250 2.0.0"]


def test_a_status_line_that_was_broken() -> None:
    """It is whole again where it fills the columns of a terminal, and nothing else fits."""
    long = "+OK " + "x" * 76
    assert body(f"{long}\nrest >\nSTAT\n+OK 0 0\n")[0] == f"S: {long}rest >"
    assert body(f"{long}\nSTAT\n+OK 0 0\n")[0] == f"S: {long}"
    assert body(f"{long}\n-ERR no\nSTAT\n")[0] == f"S: {long}"
    assert body(f"+OK\nLIST\n{long}\n1 2\n.\nQUIT\n")[2:4] == [f"S: {long}", "S: 1 2"]


def test_notes_of_a_page() -> None:
    """Dashes part them from the line; of a message they are a part."""
    source = (
        "  telnet mail.example 110 ------ call it\n  +OK x ------- hello\n"
        "  stat ------ how many\n  +OK 1 5\n  list ----- which\n  +OK 1\n  1 5 ----- octets\n  .\n"
        "  retr 1 ------ read\n  +OK 5\n    hi ------ there\n  .\n  quit\n  +OK\n"
    )
    assert body(source) == [
        "| call it",
        "S: +OK x",
        "| hello",
        "| how many",
        "C: stat",
        "S: +OK 1 5",
        "| which",
        "C: list",
        "S: +OK 1",
        "S: 1 5",
        "S: .",
        "| octets",
        "| read",
        "C: retr 1",
        "S: +OK 5",
        "S:   hi ------ there",
        "S: .",
        "C: quit",
        "S: +OK",
    ]


def test_only_the_replies() -> None:
    """Nothing can be told of who said what."""
    with pytest.raises(Failure, match="only the server's lines"):
        convert(b"220 x\n250 ok\n250 ok\n")


# ------------------------------------------------------------------------------------ s_client


def test_s_client_as_it_was_called() -> None:
    """The command line says the server, and that line ends are not what they should be."""
    source = (
        "$ openssl s_client -quiet -connect mail.example:995\ndepth=0 CN = x\nverify return:1\n"
        "+OK hi\nQUIT\n+OK bye\nclosed\n"
    )
    assert header(source)[2] == "connect: mail.example:995"
    assert body(source)[0].startswith("# without -crlf")
    assert body(source)[1:] == ["S: +OK hi", "C: QUIT", "S: +OK bye"]
    source = (
        "openssl s_client -starttls smtp -crlf mail.example:25\nCONNECTED(3)\n"
        "Verify return code: 0 (ok)\n---\n250 HELP\nMAIL FROM:<a@b>\n250 ok\nclosed\n"
        "openssl s_client -crlf -connect mail.example:465\nCONNECTED(3)\n---\n"
        "Verify return code: 0 (ok)\n---\n220 hi\nEHLO x\n250 x\nK\nKEYUPDATE\nNOOP\n250\n"
    )
    first, second = convert_all(source.encode())
    assert first.endswith(b"@tls\nC: MAIL FROM:<a@b>\nS: 250 ok\nS@ close\n")
    assert b"connect: mail.example:25\n" in first
    assert b"begins with K\nC: NOOP\n" in second
    assert b"tls: implicit" in second


def test_s_client_upgrades_and_nobody_types() -> None:
    """The upgrade is all there is."""
    source = (
        "openssl s_client -starttls smtp -crlf -connect x:25\nCONNECTED(3)\n"
        "Verify return code: 0 (ok)\n---\n250 HELP\n{}DONE\n"
    )
    assert body(source.format(""))[-2:] == ["@tls", "C@ close"]
    assert body(source.format("250 more\nNOOP\n"))[-2:] == ["C: NOOP", "C@ close"]


def test_s_client_without_anything_typed() -> None:
    """A greeting, and no more."""
    source = "CONNECTED(3)\nVerify return code: 0 (ok)\n---\n220 hi\nDONE\n"
    assert body(source) == ["S: 220 hi", "C@ close"]
    with pytest.raises(Failure, match="no session|no command"):
        convert(b"CONNECTED(3)\nVerify return code: 0 (ok)\n---\n")


# -------------------------------------------------------------------------------------- hostile


@pytest.mark.parametrize(
    "source",
    [
        b"+OK x\n" + b"NOOP\n+OK\n" * 101,
        b"+OK x\n" + b"NOOP\n+OK\n" * 51,
        b"220 x\nNOOP\n250 " + b"x" * 10_000,
    ],
    ids=["many lines", "some lines", "many octets"],
)
def test_what_no_transcript_can_hold(source: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused, and not cut."""
    monkeypatch.setattr(f"{convert.__module__}.MOST_LINES", 100)
    monkeypatch.setattr(f"{convert.__module__}.LARGEST", 10_000)
    with pytest.raises(Failure, match="at most 100 lines and 10000 octets"):
        convert(source)


@pytest.mark.parametrize(
    "text",
    ["\x1b]52;c;x\x07", "\u202eabc", "{x}", "\\x41", "@tls", "$(id)", "`id`", "a\tb ", "\x00"],
)
def test_what_hides_is_seen(text: str) -> None:
    """Octets come out as the format writes them, in every place of a source."""
    source = (
        f"=== Trying {text}:25...\n<-  220 {text}\n -> NOOP {text}\n<-  250 {text}\n*** {text}\n"
    )
    transcript = parse(convert(source.encode()), "imported")
    said = [line.octets for line in transcript.lines if hasattr(line, "octets")]
    assert said[0] == b"220 " + text.encode() + b"\r\n"
    assert said[1] == b"NOOP " + text.encode() + b"\r\n"
    noted = f"+OK x\nstat ----- {text}\n+OK 1 1\nnoop ----- {text}\n+OK\n"
    parse(convert(noted.encode()), "imported")


def test_octets_that_are_no_text() -> None:
    """GB2312, as a terminal of 2007 had it."""
    octets = convert(b"+OK \xc4\xe3\xba\xc3\nQUIT ----- \xc4\xe3\nSTAT ----- \xb5\n+OK\n")
    assert b"S\\ +OK \\xc4\\xe3\\xba\\xc3\n| \\xc4\\xe3\nC: QUIT\n" in octets
    parse(octets, "imported")


TOKENS = [
    *("220 x", "250-x", "250 x", "354 go", "+OK", "+OK x", "-ERR", "334 ", "+ ", "421 x", "."),
    *("EHLO x", "LHLO x", "STARTTLS", "STLS", "AUTH PLAIN", "AUTH LOGIN", "DATA", "BDAT 3", "QUIT"),
    *("USER x", "PASS secret", "LIST", "RETR 1", ".TOP 1 0", "NOOP", "CAPA", "RSET", "<open>"),
    *("secret ----- secret", "LIST ------ x", "1 2", "", "AGFsaWNlAHNlY3JldA==", "DONE", "closed"),
    *("=== Trying x:1...", "=== TLS started with cipher", "*** Remote host closed connection"),
    *("CONNECTED(3)", "---", "Post-Handshake New Session Ticket arrived:", "RENEGOTIATING"),
    *("Verify return code: 1", "* Connected to x (y) port 1", "* SSL connection using x", "R"),
    *("{ [5 bytes data]", "Connection closed.", "telnet x 25", "openssl s_client -connect x:1"),
    *("=> Send header, 6 bytes (0x6)", "<= Recv header, 5 bytes (0x5)", "0000: 32 32 30 0d 0a "),
    *("0000: QUIT", "continuing anyway", "(-ERR x ----- y)", "\x00\xff", "...", "12 lines sent"),
]
PREFIXES = [
    "",
    " -> ",
    "<-  ",
    " ~> ",
    "<~* ",
    "> ",
    "< ",
    "* ",
    "C: ",
    "S: ",
    "R: ",
    "   ",
    "C & S: ",
]
LINES = st.builds(lambda a, b, c: a + b + c, *map(st.sampled_from, (PREFIXES, TOKENS, ["", "\r"])))


@settings(max_examples=min(settings().max_examples, 300))
@given(
    st.lists(LINES, max_size=30).map(lambda lines: "\n".join(lines).encode("latin-1")),
    st.sampled_from([None, *KINDS]),
)
def test_any_lines(source: bytes, kind: str | None) -> None:
    """A transcript that can be read, or a Failure that says why not; no secret in it."""
    try:
        found = convert_all(source, kind)
    except Failure as failure:
        assert failure.word is Word.USAGE
        return
    for octets in found:
        transcript = parse(octets, "imported")
        if b"# incomplete" not in octets:  # nor can a recording of such a server be played
            compile_steps(transcript)


@settings(max_examples=min(settings().max_examples, 200))
@given(st.binary(max_size=300), st.sampled_from(KINDS))
def test_any_octets(source: bytes, kind: str) -> None:
    """The same, for what no program prints."""
    try:
        for octets in convert_all(b"+OK x\nS: 220 x\nC: " + source, kind):
            parse(octets, "imported")
    except Failure as failure:
        assert failure.word is Word.USAGE


def test_a_password_that_was_shown_as_something_else() -> None:
    """What becomes a secret only later is masked above, as in a recording."""
    login = "C: USER {}\nS: +OK\nC: USER alice\nS: +OK\nC: PASS hunter22\nS: +OK\n"
    lines = body("S: +OK hi\n" + login.format("hunter22"), "rfc")
    assert "C: USER ********" in lines
    assert lines[-3:] == ["# a secret was masked above", "C~ PASS {password}", "S: +OK"]
    assert "# a secret was masked above" not in body("S: +OK hi\n" + login.format("bob"), "rfc")
    assert "C: USER ********" in body("S: +OK hi\nC: USER hunter22\nC: PASS hunter22\n", "rfc")
