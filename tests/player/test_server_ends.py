"""`serve`: where a line of the client ends, and what it says behind the end of the file."""

import contextlib
from pathlib import Path

import pytest

from mailprobe.player.server import Server
from mailprobe.player.serving.course import Manner
from mailprobe.transcript.model import Level
from tests.player.serving import Client, options, pop3, smtp, verdict_of

NOOP = "S: 220 x\nC: NOOP\nS: 250 ok\n"
MANY = 1500  # more than anybody counts


# -------------------------------------------------------------------------------- line ends


@pytest.mark.parametrize("level", [Level.CLASS, Level.CODE])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_the_end_of_a_line_does_not_count(level: Level, end: bytes, tmp_path: Path) -> None:
    """At any level but text."""
    with Server([smtp(tmp_path, NOOP)], options(level=level)) as server:
        with Client(server.ports[1]) as client:
            client.line()
            assert client.ask(b"NOOP" + end) == "250 ok"
        assert verdict_of(server) == "note: file.mpt passed"


@pytest.mark.parametrize(
    "line, end",
    [
        ("C: NOOP", b"\r\n"),
        ("C~ NOOP", b"\r\n"),
        (r"C= NOOP\r\n", b"\r\n"),
        ("C= NOOP\\r\nC= \\n", b"\r\n"),
        (r"C= NOOP\n", b"\n"),
        ("C= NO\nC= OP\\n", b"\n"),
    ],
)
def test_at_text_level_it_is_compared_like_all_octets(
    line: str, end: bytes, tmp_path: Path
) -> None:
    """`C:` is a line with CRLF; a bare LF is written with `C=`."""
    other = b"\n" if end == b"\r\n" else b"\r\n"
    names = {b"\n": "LF", b"\r\n": "CRLF"}
    file = smtp(tmp_path, f"S: 220 x\n{line}\nS: 250 ok\n", "match: text")
    with Server([file]) as server:
        with Client(server.ports[1]) as client:
            client.line()
            assert client.ask(b"NOOP" + end) == "250 ok"
        assert verdict_of(server) == "note: file.mpt passed"
        with Client(server.ports[1]) as client:
            client.line()
            assert client.ask(b"NOOP" + other).startswith("503 ")
            assert client.ask(b"NOOP" + end) == "250 ok"
        said = f'got "NOOP": the line ends in {names[other]}, and not in {names[end]}'
        assert verdict_of(server, 2).endswith(said)


def test_lines_of_one_piece_have_each_their_own_end(tmp_path: Path) -> None:
    """Two commands in one `C=`, the first with a bare LF."""
    text = "S: 220 x\nC= NOOP\\nRSET\\r\\n\nS: 250 one\nS: 250 two\n"
    with Server([smtp(tmp_path, text, "match: text")]) as server:
        with Client(server.ports[1]) as client:
            client.say(b"NOOP\nRSET\r\n")
            assert [client.line() for _ in range(3)] == ["220 x", "250 one", "250 two"]
        assert verdict_of(server) == "note: file.mpt passed"


def test_an_answer_that_gives_up_is_one_whatever_its_end(tmp_path: Path) -> None:
    """The login is over; the end of the line is told."""
    text = "S: +OK\nC: AUTH PLAIN\nS\\ +\\s\nC: AGEAYg==\nS: +OK\n"
    with Server([pop3(tmp_path, text, "match: text")]) as server:
        with Client(server.ports[1]) as client:
            client.line()
            assert client.ask("AUTH PLAIN") == "+ "
            assert client.ask(b"*\n") == "-ERR the login was cancelled"
        assert "the line ends in LF" in verdict_of(server)


# ------------------------------------------------------------------------- behind the end


@pytest.mark.parametrize(
    "text, before, place",
    [
        (NOOP, "NOOP\r\n", "7"),
        (NOOP + "C: QUIT\nS: 221 bye\n", "NOOP\r\nQUIT\r\n", "9"),
        (NOOP + "C: QUIT\nS: 221 bye\nS@ close\n", "NOOP\r\nQUIT\r\n", "10"),
        (NOOP + "S@ close\n", "NOOP\r\n", "8"),
    ],
    ids=["no end", "QUIT", "QUIT and close", "close"],
)
@pytest.mark.parametrize("line", ["VRFY a", "NOOP", "QUIT"])
def test_the_first_line_that_is_too_much(
    text: str, before: str, place: str, line: str, tmp_path: Path
) -> None:
    """However many there are; what is owed was said before the end."""
    if text == NOOP and line == "QUIT":
        before += "QUIT\r\n"  # a client may say good-bye once
    with Server([smtp(tmp_path, text)]) as server:
        with Client(server.ports[1]) as client:
            client.say((before + f"{line}\r\n" * MANY).encode())
            assert client.rest().startswith(b"220 x\r\n250 ok\r\n")
        said = verdict_of(server).replace(f"file.mpt:{int(place) - 1}:1: ", "")
        assert said == f'mismatch: expected nothing more, got "{line}"'


def test_the_value_of_the_matrix_is_named(tmp_path: Path) -> None:
    """Behind the place, where the same line is played with others."""
    text = "S~ 220 {x}\nC~ NOOP {x}\nS: 250 ok\n"
    with Server([smtp(tmp_path, text, "matrix x: a=b | c=d", name="[m].mpt")]) as server:
        for count, label in ((1, "x=a"), (2, "x=c")):
            with Client(server.ports[1]) as client:
                client.say("NOOP e\r\nQUIT")
                client.rest()
            said = verdict_of(server, count)
            assert said.startswith(f"mismatch: [m].mpt:6:9: [{label}] expected ")


def test_a_client_that_goes_on_and_on_is_told(tmp_path: Path) -> None:
    """Each line has its answer, until there is a last one."""
    with Server([smtp(tmp_path, NOOP)]) as server, Client(server.ports[1]) as client:
        client.say(("NOOP\r\n" * MANY).encode())
        said = client.rest().split(b"\r\n")
        assert len(said) == 1004
        assert said[-2].startswith(b"421 4.7.0 too many commands")
    lenient = options(manner=Manner(lenient=True))
    with Server([pop3(tmp_path, "S: +OK\nC: STAT\nS: +OK 0 0\n")], lenient) as server:
        with Client(server.ports[1]) as client:
            client.say(("NOOP\r\n" * MANY).encode())
            assert client.rest().count(b"+OK") == 1001
        assert "limit: file.mpt:5:4: the client has sent 1000 lines" in verdict_of(server)


def test_one_rset_is_polite_and_two_are_too_much(tmp_path: Path) -> None:
    """A library says it before QUIT."""
    with Server([smtp(tmp_path, NOOP)]) as server:
        for count, said in ((1, "note: file.mpt passed"), (2, 'expected nothing more, got "RSET"')):
            with Client(server.ports[1]) as client:
                client.say("NOOP\r\n" + "RSET\r\n" * count + "QUIT")
                assert client.rest().count(b"\r\n") == 3 + count
            assert verdict_of(server, count).endswith(said)


@pytest.mark.parametrize(
    "end",
    [
        "S: 421 no time\nS@ close\n",
        "S= 250 part\nS@ close\n",
        "S@ close\n",
        "S: 250 x\nC: NOOP\nS@ close\n",
        "S: 250 x\nS@ reset\n",
    ],
)
def test_a_server_that_goes_cuts_off_what_is_under_way(end: str, tmp_path: Path) -> None:
    """What a client has written meanwhile is no mistake (RFC 5321, section 3.8)."""
    text = f"S: 220 x\nC: MAIL FROM:<a@x.example>\n{end}"
    with Server([smtp(tmp_path, text)]) as server:
        with Client(server.ports[1]) as client:
            client.say("MAIL FROM:<a@x.example>\r\nNOOP\r\nRSET")
            with contextlib.suppress(ConnectionResetError):
                client.rest()
        assert verdict_of(server) == "note: file.mpt passed"
