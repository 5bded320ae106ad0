"""What a served transcript hears and says, to the octet."""

from pathlib import Path

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.player.results import Verdict
from mailprobe.player.secrets import Vault
from mailprobe.player.server import Server
from mailprobe.player.serving.course import Manner
from mailprobe.player.serving.performance import Performance
from mailprobe.protocol.framing import Limits
from mailprobe.transcript.model import Level
from tests.player.serving import Client, line_of, options, pop3, smtp, verdict_of, write

DIALOGUE = """\
S: 220 mail ESMTP
C: EHLO client.example
S: 250-mail
S: 250 PIPELINING
C: MAIL FROM:<a@x.example>
S: 250 2.1.0 ok
C: RCPT TO:<b@x.example>
S: 250 2.1.5 ok
C: DATA
S: 354 go
C: Subject: hi
C:
C: Hi.
C: .
S: 250 2.0.0 queued
C: QUIT
S: 221 2.0.0 bye
S@ close
"""


def test_a_dialogue_is_played(tmp_path: Path) -> None:
    """Each command has its reply; the client that said all of it has passed."""
    with Server([smtp(tmp_path, DIALOGUE)]) as server, Client(server.ports[1]) as client:
        assert client.line() == "220 mail ESMTP"
        client.say("EHLO other.example")
        assert [client.line(), client.line()] == ["250-mail", "250 PIPELINING"]
        assert client.ask("mail from:<a@x.example> SIZE=100") == "250 2.1.0 ok"
        assert client.ask("RCPT TO:<b@x.example>") == "250 2.1.5 ok"
        assert client.ask("DATA") == "354 go"
        assert client.ask("Another mail.\r\n.") == "250 2.0.0 queued"
        assert client.ask("QUIT") == "221 2.0.0 bye"
        assert client.rest() == b""
        assert verdict_of(server) == "note: file.mpt passed"


def test_everything_in_one_write_is_answered_in_order(tmp_path: Path) -> None:
    """A client that waits for nothing is served all the same."""
    with Server([smtp(tmp_path, DIALOGUE)]) as server, Client(server.ports[1]) as client:
        client.say(
            b"EHLO x\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nDATA\r\n"
            b"..\r\n.\r\nQUIT\r\n"
        )
        codes = [line[:3] for line in client.rest().split(b"\r\n")]
        assert codes == [b"220", b"250", b"250", b"250", b"250", b"354", b"250", b"221", b""]
        assert verdict_of(server) == "note: file.mpt passed"


def test_a_pipelined_group_is_answered_one_by_one(tmp_path: Path) -> None:
    """Consecutive C lines are one write of a player; a client may wait for each reply."""
    text = "S: 220 x\nC: NOOP\nC: RSET\nS: 250 one\nS: 250 two\n"
    with Server([smtp(tmp_path, text)]) as server, Client(server.ports[1]) as client:
        assert client.line() == "220 x"
        assert client.ask("NOOP") == "250 one"
        assert client.ask("RSET") == "250 two"
        assert client.ask("QUIT")[:3] == "221"
        assert verdict_of(server) == "note: file.mpt passed"


def test_one_other_command_is_the_verdict(tmp_path: Path) -> None:
    """It gets 503 and moves nothing; the first one is told, with line and column."""
    with Server([smtp(tmp_path, DIALOGUE)]) as server, Client(server.ports[1]) as client:
        client.line()
        assert client.ask("MAIL FROM:<a@x.example>").startswith("503 5.5.1 ")
        client.ask("EHLO client.example")
        client.line()
        assert client.ask("MAIL FROM:<other@x.example>").startswith("503 5.5.1 ")
        assert client.ask("MAIL FROM:<a@x.example>") == "250 2.1.0 ok"
        assert client.ask("QUIT")[:3] == "221"
        assert client.rest() == b""
        assert verdict_of(server) == (
            'mismatch: file.mpt:5:4: expected "EHLO client.example", got "MAIL FROM:<a@x.example>"'
        )
        (result,) = server.verdicts
        assert result.problem is not None
        assert result.problem.source == ((5, "C: EHLO client.example"),)


@pytest.mark.parametrize(
    "level, command, reply",
    [
        (Level.CLASS, "RCPT TO:<other@x.example>", "250 2.1.5 ok"),
        (Level.CODE, "RCPT TO:<other@x.example>", "503"),
        (Level.CODE, "rcpt to:<b@x.example> NOTIFY=NEVER", "250 2.1.5 ok"),
        (Level.TEXT, "rcpt to:<b@x.example>", "503"),
        (Level.TEXT, "RCPT TO:<b@x.example>", "250 2.1.5 ok"),
    ],
)
def test_levels(level: Level, command: str, reply: str, tmp_path: Path) -> None:
    """`--match` says how much of a command must be the same."""
    text = "S: 220 x\nC: RCPT TO:<b@x.example>\nS: 250 2.1.5 ok\n"
    file = smtp(tmp_path, text)
    with Server([file], options(level=level)) as server, Client(server.ports[1]) as client:
        client.line()
        assert client.ask(command).startswith(reply)


def test_pop3_says_err(tmp_path: Path) -> None:
    """The same in POP3, where the content of a multi-line response is as the file has it."""
    text = "S: +OK\nC: RETR 1\nS: +OK\nS: ..a dot\nS\\ caf\\xe9\nS: .\nC: QUIT\nS: +OK bye\n"
    with Server([pop3(tmp_path, text)]) as server, Client(server.ports[1]) as client:
        assert client.line() == "+OK"
        assert client.ask("RETR 2").startswith("-ERR ")
        client.say("RETR 1")
        client.say("QUIT")
        assert client.rest() == b"+OK\r\n..a dot\r\ncaf\xe9\r\n.\r\n+OK bye\r\n"
        assert verdict_of(server) == 'mismatch: file.mpt:5:9: expected "RETR 1", got "RETR 2"'


# --------------------------------------------------------------------------------- the ends


def test_a_client_that_hangs_up_early(tmp_path: Path) -> None:
    """The verdict says at which line."""
    with Server([smtp(tmp_path, DIALOGUE)]) as server:
        with Client(server.ports[1]) as client:
            client.line()
            client.ask("EHLO x")
            client.line()
            client.say(b"MAIL FR")
        assert verdict_of(server) == (
            'mismatch: file.mpt:8:4: expected "MAIL FROM:<a@x.example>", '
            'the client has hung up behind "MAIL FR"'
        )


def test_quit_always_ends(tmp_path: Path) -> None:
    """It is answered as it should be, and is the verdict where it comes too early."""
    with Server([smtp(tmp_path, DIALOGUE)]) as server, Client(server.ports[1]) as client:
        client.line()
        assert client.ask("QUIT") == "221 2.0.0 bye"
        assert client.rest() == b""
        assert 'expected "EHLO client.example", got "QUIT"' in verdict_of(server)


def test_a_file_without_an_end_gets_a_polite_quit(tmp_path: Path) -> None:
    """A player says it by itself, perhaps behind an RSET; another command is one too many."""
    file = pop3(tmp_path, "S: +OK\nC: NOOP\nS: +OK\n")
    with Server([file]) as server:
        for count, command, verdict in (
            (1, "RSET", "note: file.mpt passed"),
            (2, "STAT", 'mismatch: file.mpt:6:1: expected nothing more, got "STAT"'),
        ):
            with Client(server.ports[1]) as client:
                client.line()
                client.ask("NOOP")
                client.ask(command)
                assert client.ask("QUIT") == "+OK"
            assert verdict_of(server, count) == verdict


def test_closing_without_a_word_is_allowed_when_all_was_said(tmp_path: Path) -> None:
    """The file has no end: nor need the client have one."""
    with Server([pop3(tmp_path, "S: +OK\nC: NOOP\nS: +OK\n")]) as server:
        with Client(server.ports[1]) as client:
            client.line()
            client.ask("NOOP")
        assert verdict_of(server) == "note: file.mpt passed"


def test_the_server_ends_in_mid_reply(tmp_path: Path) -> None:
    """Parts of lines go out as they stand there, and `S@ reset` is an RST."""
    text = "S= 220-mail.exam\nS@ flush\nS= ple\\r\\n\nS: 220 x\nC: EHLO x\nS= 250-PIPE\nS@ close\n"
    with Server([smtp(tmp_path, text)]) as server, Client(server.ports[1]) as client:
        client.say("EHLO x")
        assert client.rest() == b"220-mail.example\r\n220 x\r\n250-PIPE"
        assert verdict_of(server) == "note: file.mpt passed"
    with Server([smtp(tmp_path, "S: 220 x\nC: EHLO x\nS@ reset\n")]) as server:
        with Client(server.ports[1]) as client:
            client.line()
            client.say("EHLO x")
            with pytest.raises(ConnectionResetError):
                client.rest()


def test_the_client_closes_its_side_first(tmp_path: Path) -> None:
    """`C@ close`: what the server owes still comes."""
    text = "S: 220 x\nC: NOOP\nC= QUI\nC@ close\nS: 250 ok\nS: 421 what?\nS@ close\n"
    with Server([smtp(tmp_path, text)]) as server, Client(server.ports[1]) as client:
        assert client.line() == "220 x"
        client.say(b"NOOP\r\nQUI")
        client.socket.shutdown(1)
        assert client.rest() == b"250 ok\r\n421 what?\r\n"
        assert verdict_of(server) == "note: file.mpt passed"


def test_an_unsolicited_reply_comes_where_the_file_has_it(tmp_path: Path) -> None:
    """Behind the reply before it, for a client that says nothing more."""
    text = "S: 220 x\nC: NOOP\nS: 250 ok\nS: 421 enough\nS@ close\n"
    with Server([smtp(tmp_path, text)]) as server, Client(server.ports[1]) as client:
        client.say("NOOP")
        assert client.rest() == b"220 x\r\n250 ok\r\n421 enough\r\n"


def test_an_early_talker_is_waited_for_but_not_long(tmp_path: Path) -> None:
    """The file has the command before the greeting; a client that waits is greeted all the same."""
    text = "C: EHLO x\nS: 220 x\nS: 250 x\n"
    with Server([smtp(tmp_path, text)]) as server:
        for early in (True, False):
            with Client(server.ports[1]) as client:
                if early:
                    client.say("EHLO x")
                assert client.line() == "220 x"
                if not early:
                    client.say("EHLO x")
                assert client.line() == "250 x"
        assert {result.verdict for result in server.join(2)} == {Verdict.PASSED}


def test_a_reply_in_the_middle_of_mail_data(tmp_path: Path) -> None:
    """It comes when the data that stand before it have come, however few they are."""
    text = "S: 220 x\nC: DATA\nS: 354 go\nC: begun\nS: 421 no time\nS@ close\n"
    with Server([smtp(tmp_path, text)]) as server:
        for data in (b"begun\r\n", b"a much longer begin of it", b"b"):
            with Client(server.ports[1]) as client:
                client.line()
                assert client.ask("DATA") == "354 go"
                client.say(data)
                assert client.rest() == b"421 no time\r\n"
        assert {result.verdict for result in server.join(3)} == {Verdict.PASSED}


# ------------------------------------------------------------------------------- values, S?


def test_names_are_captured_from_the_client(tmp_path: Path) -> None:
    """A placeholder in a C line matches and captures; a later S line says it."""
    text = (
        "S: 220 x\nC~ MAIL FROM:<{who}@{where:host=x.example}>\nS~ 250 <{who}@{where}> {n:int=7}\n"
        "C~ RCPT TO:<{who}@y.example>\nS~ 250 {n}\n"
    )
    with Server([smtp(tmp_path, text)]) as server, Client(server.ports[1]) as client:
        client.line()
        assert client.ask("MAIL FROM:<ann@z.example>") == "250 <ann@z.example> 7"
        assert client.ask("RCPT TO:<bob@y.example>").startswith("503")
        assert client.ask("RCPT TO:<ann@y.example>") == "250 7"


def test_names_in_mail_data_are_captured(tmp_path: Path) -> None:
    """Mail data is free, but what it says of a name counts; chance is the client's."""
    text = (
        "S: 220 x\nC: DATA\nS: 354 go\nC~ Message-ID: <{id}@x.example>\nC:\nC: .\n"
        "S~ 250 queued {id}\n"
    )
    file = smtp(tmp_path, text, "set id: {=uuid}")
    with Server([file]) as server, Client(server.ports[1]) as client:
        client.line()
        client.ask("DATA")
        data = b"Subject: x\r\nMessage-ID: <mine@x.example>\r\n\r\n.\r\n"
        assert client.ask(data) == "250 queued mine"


@pytest.mark.parametrize(
    "lines, octets",
    [
        ("S? 220\n", b"220 ok\r\n"),
        ("S? 2xx\n", b"220 ok\r\n"),
        ("S? 4xx|220\n", b"450 ok\r\n"),
        ("S? 55x 5.x.7\n", b"550 5.0.7 ok\r\n"),
        ("S? 220\nS+ {name:word=mail} ESMTP\n", b"220 mail ESMTP\r\n"),
        ("S? 220\nS+ one\nS+ two\n", b"220-one\r\n220 two\r\n"),
        ("S? 220\nS- ok\n", b"220\r\n"),
    ],
)
def test_a_class_of_replies_is_answered_by_its_first(
    lines: str, octets: bytes, tmp_path: Path
) -> None:
    """With what `S+` asks for, and without what `S-` forbids."""
    with Server([smtp(tmp_path, lines + "S@ close\n")]) as server:
        with Client(server.ports[1]) as client:
            assert client.rest() == octets


def test_classes_in_multi_line_replies(tmp_path: Path) -> None:
    """EHLO, CAPA and other listings have the `S+` lines as lines."""
    text = "S? 220\nC: EHLO x\nS? 250\nS+ SIZE {n:int=100}\nS+ AUTH PLAIN\nS- STARTTLS\n"
    with Server([smtp(tmp_path, text)]) as server, Client(server.ports[1]) as client:
        client.line()
        client.say("EHLO x\r\nQUIT")
        assert client.rest() == (b"250-ok\r\n250-SIZE 100\r\n250 AUTH PLAIN\r\n221 2.0.0 bye\r\n")
    text = "S? +OK\nC: CAPA\nS? +OK\nS+ UIDL\nC: LIST\nS? -ERR [IN-USE]\nC: QUIT\nS? +OK\n"
    with Server([pop3(tmp_path, text)]) as server, Client(server.ports[1]) as client:
        client.say("CAPA\r\nLIST\r\nQUIT")
        assert client.rest() == b"+OK\r\n+OK\r\nUIDL\r\n.\r\n-ERR [IN-USE]\r\n+OK\r\n"


def test_go_aheads_open_what_follows(tmp_path: Path) -> None:
    """A class stands for the reply by which the dialogue goes on."""
    text = "S? xxx\nC: DATA\nS? 3xx\nC: x\nC: .\nS? 2xx\n"
    with Server([smtp(tmp_path, text)]) as server, Client(server.ports[1]) as client:
        assert client.line()[:3] == "220"
        assert client.ask("DATA")[:3] == "354"
        assert client.ask(".")[:3] == "250"


def test_bodies_from_files(tmp_path: Path) -> None:
    """`S>` is stuffed and has CRLF; raw it is what the file holds.  `C<` counts under text."""
    (tmp_path / "mail.eml").write_bytes(b"a\n.b")
    (tmp_path / "wire.eml").write_bytes(b"a\r\n..b\r\n")
    for line in ("S> mail.eml", "S> raw wire.eml"):
        file = pop3(tmp_path, f"S: +OK\nC: RETR 1\nS: +OK\n{line}\nS: .\n")
        with Server([file]) as server, Client(server.ports[1]) as client:
            client.say("RETR 1\r\nQUIT")
            assert client.rest() == b"+OK\r\n+OK\r\na\r\n..b\r\n.\r\n+OK\r\n"
    file = smtp(tmp_path, "S: 220 x\nC: DATA\nS: 354 go\nC< mail.eml\nC: .\nS: 250 ok\n")
    for level, data, verdict in (
        (Level.CODE, b"other\r\n.\r\n", "note: file.mpt passed"),
        (Level.TEXT, b"a\r\n..b\r\n.\r\n", "note: file.mpt passed"),
        (Level.TEXT, b"a\r\n.b\r\n.\r\n", "mismatch: file.mpt:7:4: expected the mail data"),
    ):
        with Server([file], options(level=level)) as server, Client(server.ports[1]) as client:
            client.line()
            client.ask("DATA")
            assert client.ask(data) == "250 ok"
            client.ask("QUIT")
            assert verdict_of(server).startswith(verdict)


def test_chunks_are_counted(tmp_path: Path) -> None:
    """BDAT: the client's own count; octets of one that is not wanted are no commands."""
    text = "S: 220 x\nC: BDAT 4\nC= ab\\r\\n\nS: 250 one\nC: BDAT 0 LAST\nS: 250 two\n"
    with Server([smtp(tmp_path, text)]) as server, Client(server.ports[1]) as client:
        client.line()
        client.say(b"BDAT 6\r\nQUIT\r\nBDAT 4\r\nxxxxBDAT 0 LAST\r\nQUIT\r\n")
        codes = [line[:7] for line in client.rest().split(b"\r\n")]
        assert codes == [b"503 5.5", b"250 one", b"250 two", b"221 2.0", b""]
    with Server([smtp(tmp_path, text)], options(level=Level.CLASS)) as server:
        for chunk in (b"BDAT 2\r\nab", b"BDAT 0\r\n"):
            with Client(server.ports[1]) as client:
                client.line()
                assert client.ask(chunk) == "250 one"
                assert client.ask("BDAT 0 LAST") == "250 two"


# --------------------------------------------------------------------- mistakes, lenience


def test_a_known_mistake_is_answered_and_moves_nothing(tmp_path: Path) -> None:
    """As often as it is made; a path of several lines, too; who ends behind one has passed."""
    text = (
        "S: +OK\n@wrong\nC~ {/(?i:count|messages)\\b.*/=COUNT}\nS? -ERR\n@end\n"
        "@wrong\nC: LIST 9\nS: -ERR none\nC: LIST 8\nS: -ERR none either\n@end\n"
        "C: STAT\nS: +OK 2 99\n"
    )
    with Server([pop3(tmp_path, text)]) as server:
        with Client(server.ports[1]) as client:
            client.line()
            assert client.ask("count them") == "-ERR"
            assert client.ask("COUNT") == "-ERR"
            assert client.ask("LIST 9") == "-ERR none"
            assert client.ask("LIST 8") == "-ERR none either"
            assert client.ask("LIST 9") == "-ERR none"
            assert client.ask("STAT") == "+OK 2 99"
            client.ask("QUIT")
        server.join(1, 20)  # verdicts stand in the order in which clients are seen to leave
        with Client(server.ports[1]) as client:
            client.line()
            client.ask("MESSAGES?")
            assert client.ask("QUIT") == "+OK"
        server.join(2, 20)
        with Client(server.ports[1]) as client:
            client.line()
            client.ask("LIST 9")
            assert client.ask("LIST 7").startswith("-ERR the transcript")
        results = server.join(3, 20)
        assert [result.verdict for result in results] == [
            Verdict.PASSED,
            Verdict.PASSED,
            Verdict.FAILED,
        ]


def test_lenient_answers_what_changes_nothing(tmp_path: Path) -> None:
    """NOOP, RSET and CAPA are no verdict then; others still are."""
    lenient = options(manner=Manner(lenient=True))
    with Server([pop3(tmp_path, "S: +OK\nC: STAT\nS: +OK 0 0\n")], lenient) as server:
        for count, stray, verdict in (
            (1, "CAPA", "note: file.mpt passed"),
            (2, "LIST", "mismatch: "),
        ):
            with Client(server.ports[1]) as client:
                client.line()
                assert client.ask("NOOP") == "+OK"
                assert client.ask("CAPA") == "+OK"
                assert client.line() == "."
                client.ask(stray)
                if stray == "CAPA":
                    client.line()
                assert client.ask("STAT") == "+OK 0 0"
                client.ask("QUIT")
            assert verdict_of(server, count).startswith(verdict)


def test_alternatives_play_the_first(tmp_path: Path) -> None:
    """`@alt`: one of them must be taken."""
    text = "S: 220 x\nC: VRFY a\n@alt yes\nS: 250 a\n@or no\nS: 550 no\n@end\nC: QUIT\nS: 221 x\n"
    with Server([smtp(tmp_path, text)]) as server, Client(server.ports[1]) as client:
        client.say("VRFY a\r\nQUIT")
        assert client.rest() == b"220 x\r\n250 a\r\n221 x\r\n"


# ------------------------------------------------------------------ clients and connections


def test_each_client_plays_the_next(tmp_path: Path) -> None:
    """Files in their order, each value of a matrix, and again; several at once."""
    one = smtp(tmp_path, "S: 220 one\n", name="one.mpt")
    two = smtp(
        tmp_path, "S~ 220 {x}\nC~ NOOP {x}\nS: 250 ok\n", "matrix x: a=b | c=d", name="two.mpt"
    )
    with Server([one, two]) as server:
        clients = [Client(server.ports[1]) for _ in range(1)]
        greetings = [clients[0].line()]
        for _ in range(3):
            clients.append(Client(server.ports[1]))
            greetings.append(clients[-1].line())
        assert greetings == ["220 one", "220 b", "220 d", "220 one"]
        assert clients[1].ask("NOOP d").startswith("503")
        assert clients[2].ask("NOOP d") == "250 ok"
        assert [client.ask("QUIT")[:3] for client in reversed(clients)] == ["221"] * 4
        names = {result.name: result.verdict for result in server.join(4, 20)}
        assert names == {
            "one.mpt": Verdict.PASSED,
            "two.mpt[x=a]": Verdict.FAILED,
            "two.mpt[x=c]": Verdict.PASSED,
        }
        for client in clients:
            client.socket.close()


TWO = """\
protocol: smtp
protocol 2: pop3

S: 220 x
C~ NOOP {word}
S: 250 ok
S2: +OK
C2~ RETR {word}
S2~ +OK {word}
S2: .
C2: QUIT
S2: +OK
C: QUIT
S: 221 x
"""


def test_two_connections_are_one_client(tmp_path: Path) -> None:
    """Each has its port; what one has captured the other says."""
    with Server([write(tmp_path, TWO)]) as server:
        assert sorted(server.ports) == [1, 2]
        with Client(server.ports[1]) as first:
            first.line()
            first.ask("NOOP 17")
            with Client(server.ports[2]) as second:
                assert second.line() == "+OK"
                assert second.ask("RETR 17") == "+OK 17"
                assert server.verdicts == ()
                second.say("QUIT")
                second.rest()
            first.say("QUIT")
            first.rest()
        assert verdict_of(server) == "note: file.mpt passed"


def test_a_connection_that_is_never_opened(tmp_path: Path) -> None:
    """The verdict names it."""
    impatient = options(manner=Manner(patience=0.2))
    with Server([write(tmp_path, TWO)], impatient) as server:
        with Client(server.ports[1]) as first:
            first.say("NOOP 17\r\nQUIT")
            first.rest()
        assert (
            verdict_of(server) == "timeout: file.mpt:9:5: connection 2 was not opened within 0.2 s"
        )


def test_a_round_of_poll_opens_its_own_connection(tmp_path: Path) -> None:
    """One round is played, on the port of its connection."""
    text = (
        "protocol: smtp\nprotocol 2: pop3\n\nS: 220 x\nC: NOOP\nS: 250 ok\n"
        "@poll within=5s every=1s\nS2: +OK\nC2: STAT\nS2~ +OK {n:int=1} 5\n@end\n"
        "C: QUIT\nS: 221 x\n"
    )
    with Server([write(tmp_path, text)]) as server, Client(server.ports[1]) as first:
        first.line()
        first.ask("NOOP")
        with Client(server.ports[2]) as second:
            second.line()
            assert second.ask("STAT") == "+OK 1 5"
            second.ask("QUIT")
        first.ask("QUIT")
        assert verdict_of(server) == "note: file.mpt passed"


def test_once_serves_one_client(tmp_path: Path) -> None:
    """The next one is hung up on."""
    with Server([smtp(tmp_path, "S: 220 x\n")], options(once=True)) as server:
        with Client(server.ports[1]) as client:
            client.line()
            with Client(server.ports[1]) as other:
                assert other.rest() == b""
            client.ask("QUIT")
        assert len(server.join(1, 20)) == 1


def test_a_client_that_is_still_there_is_no_verdict(tmp_path: Path) -> None:
    """Whoever stops the server is told so."""
    with Server([smtp(tmp_path, DIALOGUE)]) as server:
        client = Client(server.ports[1])
        client.line()
    client.socket.close()
    (result,) = server.join(1, 20)
    assert (result.verdict, result.reason) == (Verdict.SKIPPED, "the server was stopped")


def test_joining_in_vain(tmp_path: Path) -> None:
    """Nobody came."""
    with Server([smtp(tmp_path, DIALOGUE)]) as server:
        with pytest.raises(Failure) as caught:
            server.join(1, 0.01)
        assert caught.value.word is Word.TIMEOUT


# ------------------------------------------------------------------------------------- raw


RAW = """\
protocol: raw

S~ * OK {:any=ready}
C: a1 NOOP
S* * {}
S: a1 OK
C= ab
S= more>
C~ x {n:int}
S~ {n}
C@ close
"""


def test_raw_is_line_by_line(tmp_path: Path) -> None:
    """To the letter; what ends no line, too."""
    with Server([write(tmp_path, RAW)]) as server, Client(server.ports[1]) as client:
        assert client.line() == "* OK ready"
        assert client.ask("a1 NOOP") == "a1 OK"
        client.say(b"ab")
        assert client.socket.recv(100) == b"more>"
        assert client.ask("x 12") == "12"
        client.socket.shutdown(1)
        assert client.rest() == b""
        assert verdict_of(server) == "note: file.mpt passed"
    with Server([write(tmp_path, RAW)]) as server, Client(server.ports[1]) as client:
        client.line()
        client.say("a1 noop")
        assert client.rest() == b""
        assert verdict_of(server) == ('mismatch: file.mpt:5:7: expected "a1 NOOP", got "a1 noop"')


def test_raw_with_files_and_names(tmp_path: Path) -> None:
    """A file is heard to the octet; a value without a line end when nothing more comes."""
    (tmp_path / "octets").write_bytes(b"\0\1\nrest")
    text = "protocol: raw\n\nC< raw octets\nS: ok\nC= {name}!\nS~ hello {name}\n"
    with Server([write(tmp_path, text)]) as server:
        with Client(server.ports[1]) as client:
            client.say(b"\0\1\nrest")
            assert client.line() == "ok"
            client.say(b"ann!")
            assert client.line() == "hello ann"
        assert verdict_of(server) == "note: file.mpt passed"
        with Client(server.ports[1]) as client:
            client.say(b"\0\2\nrest")
            assert client.rest() == b""
        assert verdict_of(server, 2).startswith("mismatch: file.mpt:4:4: ")
        with Client(server.ports[1]) as client:
            client.say(b"\0\1")
            client.socket.shutdown(1)
            assert client.rest() == b""
        assert verdict_of(server, 3).startswith("mismatch: file.mpt:4:4: ")


def test_octets_that_the_file_does_not_have(tmp_path: Path) -> None:
    """Where it ends, or the client is to end: the verdict."""
    for number, text in enumerate(("S: 220 x\n", "S: 220 x\nC@ close\n")):
        with Server([smtp(tmp_path, text)]) as server:
            for octets in (b"QUI", b"NOOP\r\n"):
                with Client(server.ports[1]) as client:
                    client.line()
                    client.say(octets)
                    client.socket.shutdown(1)
                    client.rest()
            wanted = "nothing more" if number == 0 else "the end of the connection"
            assert {
                line_of(result).partition(": expected ")[2] for result in server.join(2, 20)
            } == {
                f'{wanted}, got "QUI"',
                f'{wanted}, got "NOOP"',
            }


# --------------------------------------------------------------------------------- secrets


def test_a_password_is_compared_where_it_is_known(tmp_path: Path) -> None:
    """Else any will do; it is in no verdict."""
    file = pop3(tmp_path, "S: +OK\nC~ PASS {password}\nS: +OK in\n")
    known = options(vault=Vault({"MAILPROBE_SECRET_PASSWORD": "sesame"}))
    with Server([file], known) as server, Client(server.ports[1]) as client:
        client.line()
        assert client.ask("PASS hunter22").startswith("-ERR")
        assert client.ask("PASS sesame") == "+OK in"
        client.ask("QUIT")
        assert verdict_of(server) == (
            'mismatch: file.mpt:5:9: expected "PASS {password}", got "PASS ****"'
        )
    with Server([file]) as server, Client(server.ports[1]) as client:
        client.line()
        assert client.ask("PASS hunter22") == "+OK in"
        assert client.ask("XYZ hunter22").startswith("-ERR")
        client.ask("QUIT")
        assert verdict_of(server).endswith('expected nothing more, got "XYZ ****"')


def test_apop_is_verified(tmp_path: Path) -> None:
    """With the numbers of RFC 1939, section 7."""
    text = (
        "S~ +OK {stamp:msgid=<1896.697170952@dbc.mtview.ca.us>}\nC~ APOP mrose {=apop}\nS: +OK in\n"
    )
    file = pop3(tmp_path, text, "set password: tanstaaf")
    with Server([file]) as server, Client(server.ports[1]) as client:
        client.line()
        assert client.ask("APOP mrose " + "0" * 32).startswith("-ERR [AUTH]")
        assert client.ask("APOP mrose c4c9334bac560ecc979e58001b3e22fb") == "+OK in"
        client.ask("QUIT")
        assert verdict_of(server) == (
            "mismatch: file.mpt:6:4: the login is wrong: the digest proves another secret"
        )


PLAIN = "AGFsaWNlAHNlY3JldA=="  # alice, secret
LOGIN = 'S: 220 x\nC: AUTH PLAIN\nS\\ 334\\s\nC~ {=sasl("alice")}\nS: 235 in\n'
ACTING = 'S: 220 x\nC~ AUTH PLAIN {=sasl("warden", password, "alice")}\nS: 235 in\n'


@pytest.mark.parametrize(
    "file, said, heard, verdict",
    [
        (LOGIN, ["AUTH PLAIN", PLAIN], ["334 ", "235 in"], "passed"),
        (LOGIN, [f"AUTH PLAIN {PLAIN}"], ["235 in"], "passed"),
        (LOGIN, ["AUTH PLAIN", "*"], ["334 ", "501 5.7.0"], 'expected "{=sasl'),
        (LOGIN, ["AUTH PLAIN", "AGJvYgBzZWNyZXQ="], ["334 ", "535 5.7.8"], "the login is wrong"),
        (LOGIN, ["AUTH PLAIN", "not base64"], ["334 ", "535 5.7.8"], "the login is wrong"),
        (
            LOGIN,
            ["AUTH PLAIN", "*", "AUTH PLAIN", PLAIN],
            ["334 ", "501 5.7.0", "334 ", "235 in"],
            'expected "{=sasl',
        ),
        (
            'S: 220 x\nC~ AUTH PLAIN {=sasl("alice")}\nS: 235 in\n',
            ["AUTH PLAIN", "*", "AUTH PLAIN", PLAIN],
            ["334 ", "501 5.7.0", "334 ", "235 in"],
            'expected an initial response, got "*"',
        ),
        (ACTING, ["AUTH PLAIN YWxpY2UAd2FyZGVuAHNlY3JldA=="], ["235 in"], "passed"),
        (ACTING, ["AUTH PLAIN AHdhcmRlbgBzZWNyZXQ="], ["535 5.7.8"], "the login is wrong"),
        (ACTING, ["AUTH PLAIN Ym9iAHdhcmRlbgBzZWNyZXQ="], ["535 5.7.8"], "the login is wrong"),
        (
            "S: 220 x\nC: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: *\nS: 501 no\n",
            ["AUTH LOGIN", "YWxpY2U=", "AUTH LOGIN", "*"],
            ["334 VXNl", "535 5.7.8", "334 VXNl", "501 no"],
            'expected "*", got another answer',
        ),
        (
            'S: 220 x\nC~ AUTH XOAUTH2 {=sasl("alice")}\nS: 235 in\n',
            ["AUTH XOAUTH2 eA=="],
            ["235 in"],
            "passed",
        ),
        (
            "S: 220 x\nC: AUTH LOGIN\nS: 504 no such\nC: NOOP\nS: 250 ok\n",
            ["AUTH LOGIN eA==", "NOOP"],
            ["504 no", "250 ok"],
            "passed",
        ),
    ],
)
def test_logins(file: str, said: list[str], heard: list[str], verdict: str, tmp_path: Path) -> None:
    """Verified; with an initial response or without; given up, wrong, and tried again."""
    known = options(vault=Vault({"MAILPROBE_SECRET_PASSWORD": "secret"}))
    with Server([smtp(tmp_path, file)], known) as server, Client(server.ports[1]) as client:
        client.line()
        for command, reply in zip(said, heard, strict=True):
            assert client.ask(command).startswith(reply)
        client.ask("QUIT")
        assert verdict in verdict_of(server)


# ---------------------------------------------------------------------------------- limits


def test_limits(tmp_path: Path) -> None:
    """An endless line, endless mail data, silence, and nothing but nonsense: each ends it."""
    text = "S: 220 x\nC: DATA\nS: 354 go\nC: .\nS: 250 ok\n"
    limits = Limits(line=1000, body=5000)
    manner = options(manner=Manner(limits=limits))
    with Server([smtp(tmp_path, text)], manner) as server:
        with Client(server.ports[1]) as client:
            client.line()
            client.say(b"x" * 1001)
            with pytest.raises(ConnectionResetError):
                assert client.rest() == b""
                raise ConnectionResetError
        assert verdict_of(server).startswith("limit: file.mpt:5:4: a line of the client is longer")
        with Client(server.ports[1]) as client:
            client.line()
            client.ask("DATA")
            client.say(b"x\r\n" * 2000)
            with pytest.raises(ConnectionResetError):
                assert client.rest() == b""
                raise ConnectionResetError
        assert verdict_of(server, 2).startswith("limit: file.mpt:7:4: the mail data is longer")
        with Client(server.ports[1]) as client:
            client.line()
            client.say(b"NOOP\r\n" * 1001)
            with pytest.raises(ConnectionResetError):
                client.rest()
                raise ConnectionResetError
    impatient = options(manner=Manner(patience=0.2))
    with Server([smtp(tmp_path, text)], impatient) as server, Client(server.ports[1]) as client:
        client.line()
        assert client.rest() == b""
        assert verdict_of(server) == (
            'timeout: file.mpt:5:4: nothing came for 0.2 s; expected "DATA"'
        )


def test_a_client_that_writes_and_never_reads(tmp_path: Path) -> None:
    """Both want to write: the server reads on."""
    count, size = 2000, 6 * 1024 * 1024
    (tmp_path / "large.eml").write_bytes(b"x" * (size - 2))
    text = "S: +OK\nC: RETR 1\n" + "".join(f"C: NOOP {'y' * 500}\n" for _ in range(count))
    text += "S: +OK\nS> large.eml\nS: .\n" + "S: +OK\n" * count
    with Server([pop3(tmp_path, text)]) as server:
        with Client(server.ports[1], buffer=4096) as client:
            commands = b"RETR 1\r\n" + f"NOOP {'y' * 500}\r\n".encode() * count
            client.say(commands + b"QUIT\r\n")
            assert len(client.rest()) == len(b"+OK\r\n") * (count + 3) + size + len(b".\r\n")
        assert verdict_of(server) == "note: file.mpt passed"


def test_a_client_that_goes_while_we_speak(tmp_path: Path) -> None:
    """It has said all that it must: that is no fault."""
    text = "S: 220 x\nC: NOOP\n" + "S: 250 ok\n" + "".join(f"S: 250 {'x' * 900}\n" * 9000)
    with Server([smtp(tmp_path, text)]) as server:
        with Client(server.ports[1], buffer=4096) as client:
            client.say("NOOP")
            client.socket.recv(10)
        assert verdict_of(server) == "note: file.mpt passed"


def test_our_own_fault_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback, no values."""

    def break_down(performance: Performance) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(Performance, "play", break_down)
    with Server([smtp(tmp_path, DIALOGUE)]) as server, Client(server.ports[1]) as client:
        assert client.rest() == b""
        assert verdict_of(server) == (
            "internal: file.mpt:21:1: ZeroDivisionError; "
            "this is a fault of mailprobe, please report it"
        )


def test_times(tmp_path: Path) -> None:
    """`after`, `silent` and pauses inside of a reply hold up what follows, and no more."""
    text = (
        "S: 220 x\nC: NOOP\nS@ after 100ms\nS: 250 a\nS@ silent 100ms\nC: NOOP\nS@ within 5s\n"
        "S= 250-\nS@ silent 100ms\nS= b\\r\\n\nS: 250 c\n"
    )
    with Server([smtp(tmp_path, text)]) as server, Client(server.ports[1]) as client:
        client.say("NOOP\r\nNOOP\r\nQUIT")
        assert client.rest() == b"220 x\r\n250 a\r\n250-b\r\n250 c\r\n221 2.0.0 bye\r\n"
        (result,) = server.join(1, 20)
        assert result.verdict is Verdict.PASSED
        assert result.seconds >= 0.3
