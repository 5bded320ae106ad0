"""A session for programs: what each method sends, what it returns, and what it raises."""

import io
import socket
import threading
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

import mailprobe
from mailprobe import Failure, RunningSandbox, Word, connect, events
from tests.hostile.server import ScriptedServer, answer, send

HELLO = "EHLO client.example"
ENVELOPE = ("MAIL FROM:<alice@example.test>", "RCPT TO:<bob@example.test>")


def bobs_mail(sandbox: RunningSandbox) -> list[bytes]:
    """The mails of bob, which are removed."""
    with connect(sandbox.url("pop3")) as session:
        session.login("APOP", "bob", "builder")
        count = int(session.command("STAT").reply.texts[0].split()[0])
        found = [session.command(f"RETR {one}").read_body() for one in range(1, count + 1)]
        session.pipeline([f"DELE {one}" for one in range(1, count + 1)])
        session.quit()
    return found


def test_a_refusal_is_an_exchange_like_any_other(sandbox: RunningSandbox) -> None:
    """Command out, reply in: neither 5yz nor an unknown verb raises anything."""
    with connect(sandbox.url("smtp")) as session:
        assert session.greeting is not None
        assert session.greeting.code == "220"
        said = session.command("DATA")
        assert (said.command.line, said.reply.code, said.reply.enhanced) == (
            b"DATA",
            "503",
            "5.5.1",
        )
        assert session.command(b"nonsense \xff").reply.refused
        assert session.command(HELLO).reply.positive
        assert session.capabilities["SIZE"].isdigit()
        assert session.state is mailprobe.State.READY
        assert [one.command.verb for one in session.exchanges] == ["DATA", "NONSENSE", "EHLO"]
    assert session.closed
    assert session.exchanges[-1].command.line == b"QUIT"


@pytest.mark.parametrize("line", ["NOOP\r\nRSET", "NOOP\n", b"NO\0OP", "NOOP\r"])
def test_one_call_is_one_command(sandbox: RunningSandbox, line: str | bytes) -> None:
    """CR, LF and NUL are refused before an octet is sent; the session goes on."""
    with connect(sandbox.url("smtp")) as session:
        for send in (session.command, lambda one: session.pipeline([one])):
            with pytest.raises(Failure, match="CR, LF or NUL") as caught:
                send(line)
            assert caught.value.word is Word.USAGE
        assert session.exchanges == ()
        assert session.command("NOOP").reply.positive


@pytest.mark.parametrize("kind", ["text", "octets", "file", "path", "pieces"])
def test_mail_data_of_every_kind(sandbox: RunningSandbox, tmp_path: Path, kind: str) -> None:
    """Line ends are mended and dots doubled, whatever the message comes in."""
    text = "Subject: hi\n\n.dot\n..\n文"
    path = tmp_path / "mail"
    path.write_text(text, "utf-8")
    octets = text.encode()
    kinds: dict[str, object] = {
        "text": text,
        "octets": octets,
        "file": io.BytesIO(octets),
        "path": path,
        "pieces": [octets[:9], octets[9:14], octets[14:]],
    }
    with connect(sandbox.url("smtp")) as session:
        session.command(HELLO)
        session.pipeline(ENVELOPE)
        sent = session.data(kinds[kind])  # type: ignore[arg-type]  # one of its types
    assert [reply.code for reply in sent.replies] == ["354", "250"]
    (mail,) = bobs_mail(sandbox)
    assert mail.endswith(octets.replace(b"\n", b"\r\n") + b"\r\n")


def test_mail_data_as_it_is(sandbox: RunningSandbox) -> None:
    """Without stuffing a lone dot ends the data, and the rest are commands, all of them seen."""
    with connect(sandbox.url("smtp")) as session:
        session.command(HELLO)
        session.pipeline([*ENVELOPE, "DATA"])
        sent = session.data(b"x\r\n.\r\nNOOP\r\nRSET\r\n", stuffing=False)
        assert [reply.code for reply in sent.replies] == ["354", "250"]
        assert [one.reply.code for one in session.exchanges[-2:]] == ["250", "250"]
    assert len(bobs_mail(sandbox)) == 1


def test_nothing_is_sent_where_data_is_refused(sandbox: RunningSandbox) -> None:
    """DATA out of order: its refusal is what comes back, and the next line is a command."""
    with connect(sandbox.url("smtp")) as session:
        assert session.data("x").reply.code == "503"
        assert session.command("NOOP").reply.positive
        assert session.data(ValueError()).reply.code == "503"  # type: ignore[arg-type]  # nor looked at


def test_a_source_that_fails_leaves_no_mail_behind(sandbox: RunningSandbox) -> None:
    """A message that was cut short is never ended by our dot: the link is dropped."""

    def failing() -> "io.BytesIO":
        yield b"Subject: half\r\n"  # type: ignore[misc]  # a generator, as it is used
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        with connect(sandbox.url("smtp")) as session:
            session.command(HELLO)
            session.pipeline(ENVELOPE)
            session.data(failing())
    assert session.closed
    with connect(sandbox.url("smtp")) as session:
        session.command(HELLO)
        session.pipeline(ENVELOPE)
        with pytest.raises(TypeError, match="octets, not str"):
            session.data(["text"])  # type: ignore[list-item]  # what is tried
    assert bobs_mail(sandbox) == []


def test_chunks(sandbox: RunningSandbox) -> None:
    """BDAT: octets as they are, a lone dot among them, and a reply for each chunk."""
    with connect(sandbox.url("smtp")) as session:
        session.command(HELLO)
        session.pipeline(ENVELOPE)
        assert session.chunk(b"Subject: chunks\r\n\r\n.\r\n").reply.positive
        assert session.chunk(b"", last=True).command.line == b"BDAT 0 LAST"
    (mail,) = bobs_mail(sandbox)
    assert mail.endswith(b"\r\n\r\n.\r\n")


def test_lmtp_replies_for_each_recipient(sandbox: RunningSandbox) -> None:
    """The Exchange of DATA has a go-ahead, and a reply for each."""
    with connect(sandbox.url("lmtp")) as session:
        session.command("LHLO client.example")
        session.pipeline([*ENVELOPE, "RCPT TO:<alice@example.test>"])
        said = session.data("Subject: both\n\nx\n")
        assert [reply.code for reply in said.replies] == ["354", "250", "250"]
        assert b"<alice@example.test>" in said.reply.lines[0]
    assert len(bobs_mail(sandbox)) == 1


def test_pipeline(sandbox: RunningSandbox) -> None:
    """One write, an Exchange for each line in their order; no AUTH that has to be answered."""
    written: list[bytes] = []

    def observe(event: mailprobe.Event) -> None:
        if isinstance(event, events.CommandSent):
            written.append(event.octets)

    with connect(sandbox.url("smtp"), observers=[observe]) as session:
        said = session.pipeline([HELLO, "NONSENSE", "NOOP"])
        assert [one.reply.code for one in said] == ["250", "500", "250"]
        assert written == [f"{HELLO}\r\n".encode(), b"NONSENSE\r\n", b"NOOP\r\n"]
        assert session.pipeline([]) == []
        with pytest.raises(Failure, match="its answers can be hidden only one by one"):
            session.pipeline(["AUTH LOGIN", "YWxpY2U=", "c2VjcmV0"])
        with pytest.raises(Failure, match="100 lines are the most"):
            session.pipeline(["NOOP"] * 101)


def test_raw_octets(sandbox: RunningSandbox) -> None:
    """Lines as they are, ends and all; half of one is ended by what comes behind it."""
    with connect(sandbox.url("smtp")) as session:
        assert [one.command.line for one in session.raw(b"NOOP\nRSET\r\n")] == [b"NOOP", b"RSET"]
        assert session.raw(b"NO") == []
        assert session.command("OP").command.line == b"NOOP"


@pytest.mark.parametrize(
    "mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"]
)
@pytest.mark.parametrize("service", ["submissions", "pop3s"])
def test_login(sandbox: RunningSandbox, service: str, mechanism: str) -> None:
    """Step by step over TLS; the wrong secret is a refusal, and no Failure."""
    with connect(sandbox.url(service), ca=sandbox.ca) as session:
        assert session.tls is not None
        assert session.tls.verified
        session.command("CAPA" if service == "pop3s" else HELLO)
        assert session.login(mechanism, "alice", "wrong").reply.refused
        assert session.login(mechanism.lower(), "alice", "secret").reply.positive
        assert session.facts.authenticated


def test_login_by_token_and_what_cannot_be(sandbox: RunningSandbox) -> None:
    """The JSON of XOAUTH2 is answered by an empty line; what nobody speaks is refused by us."""
    with connect(sandbox.url("smtp")) as session:
        session.command(HELLO)
        assert session.login("XOAUTH2", "alice", "expired").reply.code == "535"
        for mechanism, user in (("GSSAPI", "alice"), ("PLAIN", "a\0b"), ("APOP", "alice")):
            with pytest.raises(Failure) as caught:
                session.login(mechanism, user, "secret")
            assert caught.value.word is Word.USAGE
        assert session.login("OAUTHBEARER", "alice", "token-of-alice").reply.positive


def test_an_answer_by_hand(sandbox: RunningSandbox) -> None:
    """AUTH and its challenges one by one; a command in between is refused, `*` gives up."""
    with connect(sandbox.url("smtp")) as session:
        session.command(HELLO)
        with pytest.raises(Failure, match="no challenge to answer"):
            session.answer("x")
        assert session.command("AUTH LOGIN").reply.code == "334"
        with pytest.raises(Failure, match=r"answer\(\) gives it"):
            session.command("NOOP")
        assert session.answer("*").reply.code == "501"
        session.command("AUTH LOGIN")
        session.answer(b64encode(b"alice"))
        logged_in = session.answer(b64encode(b"secret"))
        assert [reply.code for reply in logged_in.replies] == ["334", "334", "235"]


def test_tls_on_demand(sandbox: RunningSandbox) -> None:
    """start_tls says hello before and after, and is done once; a bad certificate is a Failure."""
    with connect(sandbox.url("smtp"), ca=sandbox.ca, ehlo="me.example") as session:
        assert session.tls is None
        assert session.start_tls().version.startswith("TLSv1.")
        assert session.start_tls() is session.tls
        said = [one.command.line for one in session.exchanges]
        assert said == [b"EHLO me.example", b"STARTTLS", b"EHLO me.example"]
    with connect(sandbox.url("pop3")) as session:
        with pytest.raises(Failure) as caught:
            session.command("STLS")
        assert caught.value.word is Word.TLS
        assert session.closed


def test_what_is_said_unasked(served: Callable[..., str]) -> None:
    """A 421 that comes by itself is heard, and is no answer to the next command."""
    url = served("S: 220 hi", "C: NOOP", "S: 250 ok", "S: 421 4.3.2 going down", "S@ close")
    with connect(url) as session:
        assert session.command("NOOP").reply.code == "250"
        assert [reply.code for reply in session.listen(30)] == ["421"]
        assert session.listen() == []
        assert [reply.code for reply in session.unsolicited] == ["421"]
        with pytest.raises(Failure) as caught:
            session.command("NOOP")
        assert caught.value.word is Word.EOF


def test_a_command_behind_a_goodbye() -> None:
    """The link may stand a while after 421: what nobody answers any more is Failure `eof`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def say_goodbye() -> None:
            with listener.accept()[0] as link, link.makefile("rb") as lines:
                link.sendall(b"220 hi\r\n421 4.3.2 going down\r\n")
                lines.read()

        thread = threading.Thread(target=say_goodbye)
        thread.start()
        with connect(f"smtp://127.0.0.1:{listener.getsockname()[1]}") as session:
            assert [reply.code for reply in session.listen(30)] == ["421"]
            assert not session.closed
            with pytest.raises(Failure, match="before NOOP, having said: 421 4.3.2 going down"):
                session.command("NOOP")
        thread.join()


def test_a_server_that_leaves_without_an_answer(served: Callable[..., str]) -> None:
    """The link ends where a reply is due: Failure `eof`, and the block ends without another."""
    with connect(served("S: 220 hi", "C: NOOP", "S@ close")) as session:
        with pytest.raises(Failure) as caught:
            session.command("NOOP")
        assert caught.value.word is Word.EOF
        assert session.closed


def test_a_server_that_is_silent(served: Callable[..., str]) -> None:
    """The limit is an argument in seconds, and its Failure names the option."""
    url = served("S: 220 hi", "C: NOOP", "S@ after 20s", "S: 250 ok")
    with connect(url, timeout=0.2) as session:
        with pytest.raises(Failure) as caught:
            session.command("NOOP")
        assert caught.value.word is Word.TIMEOUT


def test_the_end_of_a_block_removes_no_mail(sandbox: RunningSandbox) -> None:
    """DELE counts when quit() is called (RFC 1939, section 6), and not otherwise."""
    with connect(sandbox.url("smtp")) as session:
        session.command(HELLO)
        session.pipeline(ENVELOPE)
        session.data("Subject: kept\n\nx\n")
    with connect(sandbox.url("pop3")) as session:
        session.login("APOP", "bob", "builder")
        session.command("DELE 1")
    assert [one.command.verb for one in session.exchanges][-2:] == ["RSET", "QUIT"]
    assert len(bobs_mail(sandbox)) == 1
    assert bobs_mail(sandbox) == []


def test_an_exception_drops_the_link(sandbox: RunningSandbox) -> None:
    """Nobody waits for a farewell then, and nothing is said."""
    with pytest.raises(KeyError):
        with connect(sandbox.url("smtp")) as session:
            raise KeyError
    assert session.closed
    assert session.exchanges == ()
    session.close()
    session.drop()


def test_an_interrupt_drops_the_link(sandbox: RunningSandbox) -> None:
    """What is owed is unknown then: no later reply may pass for another one's."""

    def interrupt(event: mailprobe.Event) -> None:
        if isinstance(event, events.ReplyReceived):
            raise KeyboardInterrupt

    with connect(sandbox.url("smtp"), observers=[interrupt]) as session:
        with pytest.raises(KeyboardInterrupt):
            session.command("NOOP")
        assert session.closed


def test_threads_may_share_a_session(sandbox: RunningSandbox) -> None:
    """Each gets the reply to what it has said itself."""
    wrong: list[str] = []
    with connect(sandbox.url("smtp")) as session:
        session.command(HELLO)

        def talk(verb: str, code: str) -> None:
            for _ in range(40):
                said = session.command(verb)
                if (said.command.line, said.reply.code) != (verb.encode(), code):
                    wrong.append(repr(said))

        talks = (("NOOP", "250"), ("HELP", "214"), ("VRFY bob", "252"), ("RSET", "250"))
        threads = [threading.Thread(target=talk, args=pair) for pair in talks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


# -------------------------------------------------------------------------------- the recording


def test_a_recording(sandbox: RunningSandbox, tmp_path: Path) -> None:
    """Notes, steps and demands stand between the lines; the secret does not."""
    path = tmp_path / "visit.mpt"
    with connect(sandbox.url("pop3"), record=path) as session:
        session.step("Log in")
        session.note("as alice")
        session.command("USER alice")
        session.command("PASS secret")
        session.expect("+OK")
        session.command("LIST")
        session.expect("+ 2 1117")
        with pytest.raises(Failure, match="no line of the reply matches") as caught:
            session.expect("+ 9 9")
        assert caught.value.word is Word.MISMATCH
    text = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert "secret\n" not in text
    assert "\n== Log in\n| as alice\nC: USER alice\n" in text
    assert "\nC~ PASS {password}\n" in text
    assert "\nS? +OK\n" in text
    assert "\nS+ 2 1117\n" in text
    (result,) = mailprobe.replay(
        path, server=sandbox.address("pop3"), secrets={"password": "secret"}
    )
    assert (result.verdict, result.problem) == ("passed", None)


def test_a_demand_that_the_next_reply_does_not_meet(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    """It is told as a warning, behind the command, whose reply is returned all the same."""
    with connect(sandbox.url("smtp"), record=tmp_path / "x.mpt") as session:
        session.expect("250")
        with pytest.warns(UserWarning, match="demanded and not met"):
            said = session.command("NONSENSE")
        assert said.reply.code == "500"


def test_a_secret_that_was_not_sent_is_not_recorded(tmp_path: Path) -> None:
    """A server that knows it may repeat it."""
    steps = (send(b"+OK <1.2@x>\r\n"), answer({}, default=b"-ERR not hunter22\r\n"))
    with (
        ScriptedServer(*steps) as server,
        connect(f"pop3://127.0.0.1:{server.port}", record=tmp_path / "x.mpt") as session,
    ):
        assert session.login("APOP", "alice", "hunter22").reply.refused
    assert "S: -ERR not ********\n" in (tmp_path / "x.mpt").read_text()


def test_nothing_is_recorded_unasked(sandbox: RunningSandbox, tmp_path: Path) -> None:
    """Notes have nowhere to go then; and a file that exists is not overwritten."""
    with connect(sandbox.url("smtp")) as session:
        for write in (session.note, session.step, session.expect):
            with pytest.raises(Failure, match="nothing is recorded"):
                write("250")
    path = tmp_path / "there.mpt"
    path.write_text("mine")
    with pytest.raises(Failure, match="exists already"):
        connect(sandbox.url("smtp"), record=path)
    assert path.read_text() == "mine"


# ----------------------------------------------------------------------------- what is looked at


def test_what_is_shown_holds_no_secret_and_nothing_raw(served: Callable[..., str]) -> None:
    """repr() of what a notebook shows: verbs, and a server's words made printable."""
    url = served("S: 220 hi", "C: USER a", "S: 250 \\e[31mred", protocol="smtp")
    with connect(url) as session:
        said = session.command("USER a")
        assert repr(said).startswith("<Exchange USER: 250 ")
        assert repr(said).isprintable()
        assert repr(session).startswith("<mailprobe.Session smtp 127.0.0.1:")
    assert repr(mailprobe.Exchange(mailprobe.Command(b"PASS secret"), 0.0)) == (
        "<Exchange PASS: no reply>"
    )


def test_bodies(sandbox: RunningSandbox) -> None:
    """Octets of a multi-line response, dots undone; the newest eight are kept."""
    with connect(sandbox.url("pop3")) as session:
        session.login("APOP", "alice", "secret")
        first = session.command("RETR 1")
        assert first.read_body() == first.read_body()
        assert first.read_body().startswith(b"From: Postmaster ")
        for _ in range(8):
            session.command("LIST")
        with pytest.raises(Failure, match="no body of RETR is kept"):
            first.read_body()
        with pytest.raises(Failure, match="no body of STAT is kept"):
            session.command("STAT").read_body()
        count = session.facts.count or 0
        assert count >= 4
        assert session.command("UIDL").read_body().count(b"\r\n") == count


def test_a_reply_that_never_came() -> None:
    """`reply` of an Exchange without one is a Failure, in words."""
    with pytest.raises(Failure, match="no reply to NOOP has come"):
        _ = mailprobe.Exchange(mailprobe.Command(b"NOOP"), 0.0).reply
