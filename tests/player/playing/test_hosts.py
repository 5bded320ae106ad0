"""Where a file may lead, and where only a person can send it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from mailprobe.errors import Word
from mailprobe.player.client import play
from mailprobe.player.options import Options
from mailprobe.player.playing import hosts
from mailprobe.player.playing.problems import Stopped
from mailprobe.player.results import Verdict
from mailprobe.transcript.model import Head, Peer
from mailprobe.transport.target import Kind, Tls
from tests.hostile import server as at
from tests.player.scenes import passed, prepare, problem, run, write


def way(
    connect: str,
    servers: Mapping[int, str] | None = None,
    allowed: tuple[str, ...] = (),
    protocol: str = "smtp",
    *,
    implicit: bool = False,
) -> hosts.Way:
    head = Head(peers={1: Peer(protocol, connect, implicit)})
    options = Options(servers=servers or {}, allowed=frozenset(allowed))
    return hosts.ways(head, [1], options, str)[1]


def refused(word: Word, *arguments: object, **more: object) -> str:
    with pytest.raises(Stopped) as caught:
        way(*arguments, **more)  # type: ignore[arg-type]  # as `way` has them
    assert caught.value.word is word
    return caught.value.sentence


@pytest.mark.parametrize(
    "text", ["127.0.0.1:25", "127.255.3.4:2525", "[::1]:25", "localhost:25", "LOCALHOST.:25"]
)
def test_loopback_needs_no_leave(text: str) -> None:
    """127.0.0.0/8, ::1, and localhost, which nobody is asked about."""
    found = way(text)
    assert found.loopback
    assert not found.named
    if "ocal" in text.lower():
        assert found.addresses == ("127.0.0.1", "::1")


@pytest.mark.parametrize(
    "text",
    [
        "169.254.169.254:80",
        "evil.example",
        "0.0.0.0:25",
        "127.1:25",
        "127.0.0.1.evil.example:25",
        "localhost.evil.example:25",
        "2130706433:25",
        "0x7f.0.0.1:25",
        "127.0.0.256:25",
        "[::ffff:127.0.0.1]:25",
        "[::]:25",
        "[::1%1]:25",
        "10.0.0.1",
    ],
)
def test_all_other_hosts_need_leave(text: str) -> None:
    """Without a look-up and without a connection: security."""
    assert "--allow-host" in refused(Word.SECURITY, text)


def test_leave_is_given_by_name() -> None:
    """Case, a final dot and the port do not count; addresses are compared as such."""
    for allowed in ("Mail.Example", "mail.example."):
        assert way("mail.example:2525", allowed=(allowed,)).named
    assert way("[2001:db8::1]:25", allowed=("2001:DB8:0::1",)).named
    assert way("mail.example:25", servers={2: "MAIL.example:587"}).named
    refused(Word.SECURITY, "mail.example:25", allowed=("example",))


def test_the_command_line_goes_first() -> None:
    """--server replaces what the file says; a name there may lead anywhere."""
    found = way("evil.example:1", servers={1: "mail.example:587"})
    assert (found.target.host, found.target.port, found.named) == ("mail.example", 587, True)


def test_a_unix_socket_comes_from_the_command_line() -> None:
    """A file may not open one."""
    refused(Word.SECURITY, "unix:/run/docker.sock")
    assert way("", servers={1: "unix:/run/smtp"}).target.kind is Kind.UNIX


def test_what_is_no_target() -> None:
    """Usage, with the connection that lacks it."""
    assert "connect:" in refused(Word.USAGE, "")
    refused(Word.USAGE, "host:0")
    refused(Word.USAGE, "127.0.0.1", protocol="raw")
    assert way("127.0.0.1:7", protocol="raw").target.port == 7


def test_ports_and_tls_follow_the_protocol() -> None:
    """Where the file says only a host."""
    assert way("127.0.0.1").target.port == 25
    found = way("127.0.0.1", protocol="pop3", implicit=True)
    assert (found.target.port, found.target.tls) == (995, Tls.IMPLICIT)
    assert way("127.0.0.1:9", protocol="raw", implicit=True).target.tls is Tls.IMPLICIT


def test_the_sandbox_has_the_profiles_that_it_has() -> None:
    """A profile that is none is told."""
    assert way("sandbox").service == "smtp"
    assert way("sandbox", protocol="pop3", implicit=True).service == "pop3s"
    assert "muse-x" in refused(Word.USAGE, "sandbox/muse-x")
    refused(Word.USAGE, "sandbox", protocol="raw")
    assert str(way("sandbox/muse", protocol="pop3").target) == "sandbox/muse"
    assert way("sandbox/muse+tarpit").service == "smtp"
    assert way("mail.example:25", {1: "sandbox/plain"}).target.host == "sandbox/plain"
    refused(Word.USAGE, "sandbox/muse+no-such-fault")


def test_a_foreign_host_is_never_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a resolver nor a socket is touched."""

    def never(*arguments: object, **more: object) -> None:
        raise AssertionError("somebody connects")

    monkeypatch.setattr("mailprobe.player.playing.links.connect", never)
    monkeypatch.setattr("socket.getaddrinfo", never)
    path = write(tmp_path, "S: 220 x\n", "protocol: smtp\nconnect: evil.example:25")
    result = run(path).result
    said = problem(result, Word.SECURITY)
    assert result.verdict is Verdict.ERROR
    assert said.place is not None
    assert said.place.line == 3


def test_a_second_connection_is_no_way_out(tmp_path: Path) -> None:
    """Nor is one inside of a poll; and nothing is sent to the first."""
    with at.ScriptedServer(*at.smtp()) as server:
        header = (
            f"protocol: smtp\nconnect: 127.0.0.1:{server.port}\n"
            "protocol 2: pop3\nconnect 2: 169.254.169.254:80"
        )
        path = write(tmp_path, "S: 220 x\n@poll within=1s every=1s\nS2? +OK\n@end\n", header)
        problem(run(path).result, Word.SECURITY)
        assert server.heard == b""
        options = Options(servers={2: f"127.0.0.1:{server.port}"}, timeout=0.2)
        assert run(path, options).result.problem is not None


def test_a_session_in_the_sandbox(tmp_path: Path) -> None:
    """One that this run has for itself: each one finds the same maildrop."""
    lines = """
S? +OK
C: USER alice
S? +OK
C: PASS secret
S? +OK
C: DELE 1
S? +OK
@assert deleted == 1
C: QUIT
S? +OK
S@ close
"""
    path = write(tmp_path, lines, "protocol: pop3\nconnect: sandbox")
    prepared = prepare(path)
    from mailprobe.player.client import play

    for _ in range(2):
        passed(play(prepared).result)


def test_two_connections_share_a_sandbox(tmp_path: Path) -> None:
    """What is sent on one is fetched on the other, as soon as it is there."""
    lines = """
S? 220
C: EHLO client.example
S? 250
C: MAIL FROM:<bob@example.test>
S? 250
C: RCPT TO:<bob@example.test>
S? 250
C: DATA
S? 354
C~ Message-ID: <{id}@client.example>
C: Subject: =?GB2312?B?suLK1NPKvP4=?=
C:
C< body.txt
C: .
S? 250
@poll within=5s every=50ms
S2? +OK
C2: USER bob
S2? +OK
C2~ PASS {password}
S2? +OK
C2: STAT
S2~ +OK {last:int=1} {:int=400}
C2~ RETR {last}
S2? +OK
S2+ Message-ID: <{id}@client.example>
@assert message.subject == 测试邮件
@assert message.text contains dots
C2: QUIT
S2? +OK
@end
@assert last == 1
C: QUIT
S? 221
"""
    (tmp_path / "body.txt").write_bytes(b"text\n.dots\n")
    header = (
        "protocol: smtp\nconnect: sandbox\nprotocol 2: pop3\nconnect 2: sandbox\n"
        "set id: {=uuid}\nset password: builder"
    )
    passed(run(write(tmp_path, lines, header)).result)


_DELETES = """
S~ +OK [MuseMail 3.5 POP3 Server](25) service ready; {date} {:msgid=<1@dbc.mtview.ca.us>}
C: USER alice
S: +OK Password required for alice@example.test
C: PASS secret
S: +OK Maildrop has 2 messages (1411 bytes)
C: DELE 1
S? +OK
C: QUIT
S? +OK
@assert date == Mon, 06 Feb 2006 13:41:07 +0800
S2? +OK
C2: USER alice
S2? +OK
C2: PASS secret
S2: +OK Maildrop has 1 message (412 bytes)
C2: UIDL 2
S2? -ERR
C2: UIDL 1
S2: +OK 1 1139204467.M000000002P1Q2.sandbox
C2: QUIT
S2? +OK
S3: 220 example.test ESMTP mailprobe practice server
C3: QUIT
S3? 221
"""


def test_a_profile_is_fresh_for_each_run(tmp_path: Path) -> None:
    """Connections to one name share it; the next run finds both mails, and the same octets."""
    header = (
        "protocol: pop3\nconnect: sandbox/muse\nprotocol 2: pop3\nconnect 2: sandbox/muse\n"
        "protocol 3: smtp\nconnect 3: sandbox/plain\nmatch: text"
    )
    prepared = prepare(write(tmp_path, _DELETES, header))
    for _ in range(2):
        passed(play(prepared).result)


def test_intrusive_files_want_to_be_asked_for(tmp_path: Path) -> None:
    """By the tag, and by a host that a person named, be it loopback."""
    with at.ScriptedServer(*at.smtp()) as server:
        here = f"127.0.0.1:{server.port}"
        path = write(tmp_path, "S: 220 x\n", f"protocol: smtp\nconnect: {here}\ntags: intrusive")
        for options in (
            Options(),
            Options(tags=frozenset({"intrusive"})),
            Options(servers={1: here}),
        ):
            result = run(path, options).result
            assert result.verdict is Verdict.SKIPPED
            assert "intrusive" in result.reason
        assert server.heard == b""
        for named in (
            Options(tags=frozenset({"intrusive"}), servers={1: here}),
            Options(tags=frozenset({"intrusive"}), allowed=frozenset({"127.0.0.1"})),
        ):
            passed(run(path, named).result)


@pytest.mark.parametrize(
    "named", [{"servers": {1: "sandbox"}}, {"allowed": frozenset({"sandbox"})}], ids=str
)
def test_the_sandbox_is_named_as_any_host(tmp_path: Path, named: dict[str, object]) -> None:
    """An intrusive file plays in it when somebody said so; a file alone does not name it."""
    header = "protocol: smtp\nconnect: sandbox\ntags: intrusive"
    path = write(tmp_path, "S? 220\nC: QUIT\nS? 221\n", header)
    tags = frozenset({"intrusive"})
    assert run(path, Options(tags=tags)).result.verdict is Verdict.SKIPPED
    passed(run(path, Options(tags=tags, **named)).result)  # type: ignore[arg-type]  # as they are


def test_a_mock_needs_the_server_that_plays_it(tmp_path: Path) -> None:
    """Loopback and --allow-host are no such server; each connection wants its own."""
    with at.ScriptedServer(*at.smtp()) as server:
        here = f"127.0.0.1:{server.port}"
        path = write(tmp_path, "S: 220 x\n", f"protocol: smtp\nconnect: {here}\ntags: mock")
        for options in (Options(), Options(allowed=frozenset({"127.0.0.1"}))):
            result = run(path, options).result
            assert result.verdict is Verdict.SKIPPED
            assert result.reason == "tagged mock: serve it, and name that server by --server"
        assert server.heard == b""
        passed(run(path, Options(servers={1: here})).result)
    header = "protocol: smtp\nprotocol 2: pop3\ntags: mock"
    path = write(tmp_path, "S2: +OK\nS: 220 x\n", header)
    result = run(path, Options(servers={1: here})).result
    assert result.reason == "tagged mock: serve it, and name that server by --server 2="


def test_verify_off_is_for_loopback(tmp_path: Path) -> None:
    """Elsewhere it needs --no-verify, and that is known before anything is sent."""
    lines = "S? 220\nC: STARTTLS\nS? 220\n@tls verify=off\n"
    path = write(tmp_path, lines, "protocol: smtp\nconnect: mail.example:25")
    options = Options(allowed=frozenset({"mail.example"}))
    problem(run(path, options).result, Word.SECURITY, 4)
