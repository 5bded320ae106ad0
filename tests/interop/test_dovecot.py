"""The command line against a real Dovecot: POP3 with every way to log in, and LMTP."""

import re
from pathlib import Path

import pytest

import mailprobe
from mailprobe.protocol.events import Event, ReplyReceived
from tests.interop.servers import MailServers
from tests.interop.talk import (
    said,
    talk,
    talking,
    transcript_lines,
)

LOGIN = "USER alice\nPASS secret\n"
MAIL = "Subject: %s\n\n.dot at the start\nno blank\n"
MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256")


def pop3(servers: MailServers, port: str = "pop3") -> tuple[str, str]:
    """The first arguments of a run against one of the POP3 ports."""
    return "pop3", f"{servers.host}:{getattr(servers, port)}"


def url(servers: MailServers) -> str:
    """The maildrops, for a session of a program."""
    return f"pop3://{servers.host}:{servers.pop3}"


def lmtp(servers: MailServers) -> tuple[str, str]:
    """The first arguments of a run against the LMTP port."""
    return "lmtp", f"{servers.host}:{servers.lmtp}"


def deliver(servers: MailServers, *subjects: str, to: str = "alice") -> None:
    """Put a mail for each subject into a maildrop, by LMTP: it is there when 250 comes."""
    mails = "".join(
        f"MAIL FROM:<bob@example.test>\nRCPT TO:<{to}@example.test>\nDATA\n{MAIL % subject}.\n"
        for subject in subjects
    )
    talk(*lmtp(servers), script=f"LHLO client.example\n{mails}QUIT\n")


# -------------------------------------------------------------------------------- the 2007 page

PAGE = [
    "USER alice",
    "PASS secret",
    "STAT",
    "UIDL",
    "UIDL 1",
    "LIST",
    "LIST 2",
    "RETR 1",
    "TOP 2 0",
    "TOP 2 1",
    "DELE 1",
    "RSET",
    "NOOP",
    "QUIT",
]


def test_every_command_of_the_page_is_sent_and_answered(mail_servers: MailServers):
    """Each gets its own reply, with a body where that verb and that argument have one."""
    deliver(mail_servers, "one", "two")
    run = talk(*pop3(mail_servers), script="\n".join([*PAGE, ""]))
    assert run.sent == [line if not line.startswith("PASS") else "PASS ****" for line in PAGE]
    assert all(answer[0].startswith("+OK") for _, answer in run.dialogue)
    with_body = [line for line, answer in run.dialogue if len(answer) > 1]
    assert with_body == ["UIDL", "LIST", "RETR 1", "TOP 2 0", "TOP 2 1"]
    assert all(run.answer(line)[-1] == "." for line in with_body)
    assert run.answer("STAT")[0].startswith("+OK 2 ")
    assert re.fullmatch(r"2 [!-~]{1,70}", run.answer("UIDL")[2])
    assert run.answer("UIDL 1")[0] == "+OK " + run.answer("UIDL")[1]
    assert run.answer("LIST 2")[0] == "+OK " + run.answer("LIST")[2]
    assert run.answer("RETR 1")[-3:] == ["..dot at the start", "no blank", "."]
    assert run.answer("TOP 2 0")[-2:] == ["", "."]
    assert run.answer("TOP 2 1")[-2:] == ["..dot at the start", "."]


def test_apop_of_the_page(mail_servers: MailServers):
    """The digest of the greeting's timestamp and the secret logs in."""
    with mailprobe.connect(url(mail_servers)) as session:
        assert session.login("APOP", "tanstaaf", "tanstaaf").reply.code == "+OK"
        assert session.command("STAT").reply.lines == (b"+OK 0 0",)
        assert session.quit().reply.code == "+OK"


def test_apop_with_a_wrong_digest(mail_servers: MailServers):
    """-ERR with its response code; the digest is no more shown than a password."""
    digest = "c4c9334bac560ecc979e58001b3e22fb"
    run = talk(*pop3(mail_servers), script=f"APOP alice {digest}\n", status=1)
    assert run.sent == ["APOP alice ****", "QUIT"]
    assert run.stderr.startswith("mailprobe: refused: APOP was answered: -ERR [AUTH] ")
    assert digest not in run.stdout + run.stderr


# --------------------------------------------------------------------------------- the maildrop


def test_body_is_what_was_delivered(mail_servers: MailServers):
    """Dots are undone in a body, and only there."""
    deliver(mail_servers, "octets")
    with mailprobe.connect(url(mail_servers)) as session:
        session.pipeline(["USER alice", "PASS secret"])
        retrieved = session.command("RETR 1")
        mail = retrieved.read_body()
        assert mail.endswith(b"\r\nSubject: octets\r\n\r\n.dot at the start\r\nno blank\r\n")
        assert b"+OK %d octets" % len(mail) == retrieved.reply.lines[0]


def test_marks_are_forgotten_when_the_link_ends(mail_servers: MailServers):
    """DELE, and the input ends: told, status 0, and the mail is still there."""
    deliver(mail_servers, "kept")
    run = talk(*pop3(mail_servers), script=LOGIN + "DELE 1\n")
    assert "QUIT" not in run.sent
    assert run.stderr.startswith("note: the input ended without QUIT")
    run = talk(*pop3(mail_servers), script=LOGIN + "STAT\nQUIT\n")
    assert run.answer("STAT")[0].startswith("+OK 1 ")


def test_quit_deletes(mail_servers: MailServers):
    """DELE and QUIT: gone, and the other one has its number."""
    deliver(mail_servers, "gone", "left")
    talk(*pop3(mail_servers), script=LOGIN + "DELE 1\nQUIT\n")
    run = talk(*pop3(mail_servers), script=LOGIN + "STAT\nTOP 1 0\nQUIT\n")
    assert run.answer("STAT")[0].startswith("+OK 1 ")
    assert "Subject: left" in run.answer("TOP 1 0")


def test_refusal_with_marks_deletes_nothing(mail_servers: MailServers):
    """A run that stops at -ERR takes the marks back before its QUIT."""
    deliver(mail_servers, "kept")
    run = talk(*pop3(mail_servers), script=LOGIN + "DELE 1\nRETR 9\nQUIT\n", status=1)
    assert run.sent[-3:] == ["RETR 9", "RSET", "QUIT"]
    assert len(mail_servers.mails("alice")) == 1


def test_deleted_message_is_refused(mail_servers: MailServers):
    """RETR, DELE, LIST of a marked message: one -ERR line each, and all stays in step."""
    deliver(mail_servers, "marked")
    script = LOGIN + "DELE 1\nDELE 1\nRETR 1\nTOP 1 0\nLIST 1\nLIST\nRSET\nQUIT\n"
    run = talk(*pop3(mail_servers), "--keep-going", script=script, status=1)
    for line in ("RETR 1", "TOP 1 0", "LIST 1"):
        (answer,) = run.answer(line)
        assert answer.startswith("-ERR")
    assert run.answer("LIST")[1:] == ["."]
    assert run.stderr.startswith("mailprobe: refused: 4 commands were refused")


def test_unknown_and_dead_commands(mail_servers: MailServers):
    """XTND, LAST and a word that nobody knows get one line each, and all stays in step."""
    script = LOGIN + "LAST\nXTND XMIT\nFOO\nNOOP x\nNOOP\nQUIT\n"
    run = talk(*pop3(mail_servers), "--keep-going", script=script, status=1)
    assert [len(run.answer(line)) for line in ("LAST", "XTND XMIT", "FOO", "NOOP")] == [1] * 4
    assert run.answer("NOOP") == ["+OK"]
    assert "unsolicited" not in run.stdout


# ----------------------------------------------------------------------------------- logging in


def test_password_is_masked_wherever_it_turns_up(mail_servers: MailServers, tmp_path: Path):
    """Not on the screen, not in the recording, not even as a wrong one."""
    record = tmp_path / "pass.mpt"
    script = "USER alice\nPASS wrong secret\nUSER alice\nPASS secret\nQUIT\n"
    options = ("--keep-going", "--record", record)
    run = talk(*pop3(mail_servers), *options, script=script, status=1)
    assert run.sent == ["USER alice", "PASS ****", "USER alice", "PASS ****", "QUIT"]
    assert "C~ PASS {password}" in transcript_lines(record)
    assert "C~ PASS {password-2}" in transcript_lines(record)
    assert "secret" not in record.read_text() + run.stdout + run.stderr
    assert record.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("user, secret", [("alice", "secret"), ("bob", "builder")])
def test_every_mechanism_logs_in(mail_servers: MailServers, mechanism: str, user: str, secret: str):
    """AUTH of RFC 5034, step by step, to the maildrop."""
    with mailprobe.connect(url(mail_servers)) as session:
        assert session.login(mechanism, user, secret).reply.code == "+OK"
        assert session.command("STAT").reply.lines == (b"+OK 0 0",)


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_every_mechanism_refuses_a_wrong_secret(mail_servers: MailServers, mechanism: str):
    """-ERR, and another login on the same link may follow."""
    with mailprobe.connect(url(mail_servers)) as session:
        reply = session.login(mechanism, "alice", "wrong").reply
        assert (reply.code, reply.response_code) == ("-ERR", "AUTH")
        assert session.login(mechanism, "alice", "secret").reply.code == "+OK"


def test_auth_in_a_script(mail_servers: MailServers):
    """An initial response is masked, and so is the answer to a challenge."""
    script = "AUTH PLAIN\nAGFsaWNlAHNlY3JldA==\nSTAT\nQUIT\n"
    run = talk(*pop3(mail_servers), script=script)
    assert run.sent == ["AUTH PLAIN", "****", "STAT", "QUIT"]
    assert run.answer("AUTH PLAIN")[0].startswith("+")
    run = talk(*pop3(mail_servers), script="AUTH PLAIN AGFsaWNlAHNlY3JldA==\nQUIT\n")
    assert run.sent == ["AUTH PLAIN ****", "QUIT"]


def test_bare_auth_lists_the_mechanisms(mail_servers: MailServers):
    """Dovecot answers it with a multi-line response, which ends with its dot."""
    run = talk(*pop3(mail_servers), script="AUTH\nNOOP\nQUIT\n", status=1)
    others = ("OAUTHBEARER", "XOAUTH2", "ANONYMOUS")
    assert run.answer("AUTH") == ["+OK", *MECHANISMS, *others, "."]
    assert run.stderr.startswith("mailprobe: refused: NOOP was answered: -ERR ")


def test_capabilities_before_and_after(mail_servers: MailServers):
    """CAPA changes with TLS and with the login, and what is known changes with it."""
    with mailprobe.connect(url(mail_servers), ca=mail_servers.ca) as session:
        offers = []
        for line in ("STLS", "USER alice", "PASS secret"):
            session.command("CAPA")
            offers.append(set(session.capabilities))
            assert session.command(line).reply.positive
        session.command("CAPA")
        offers.append(set(session.capabilities))
    plain, secured, named, inside = offers
    assert {"TOP", "UIDL", "USER", "SASL", "STLS", "RESP-CODES", "PIPELINING"} <= plain
    assert plain - secured == {"STLS"}
    assert named == secured
    assert not {"USER", "SASL", "STLS"} & inside
    assert {"TOP", "UIDL"} <= inside


def test_stls_goes_up_by_itself(mail_servers: MailServers, tmp_path: Path):
    """The first line that needs TLS gets STLS and the handshake before it; CAPA may be asked."""
    record = tmp_path / "stls.mpt"
    options = ("--starttls", "--ca", mail_servers.ca, "--record", record)
    run = talk(*pop3(mail_servers), *options, script=LOGIN + "QUIT\n")
    assert run.sent == ["STLS", "USER alice", "PASS ****", "QUIT"]
    assert "# TLSv1." in run.stdout
    recorded = transcript_lines(record)
    assert said(recorded) == ["STLS", "@tls", "USER", "PASS", "QUIT"]
    run = talk(*pop3(mail_servers), *options[:3], script="CAPA\nSTLS\nCAPA\n" + LOGIN + "QUIT\n")
    assert run.sent == ["CAPA", "STLS", "CAPA", "USER alice", "PASS ****", "QUIT"]


def test_pop3_over_tls(mail_servers: MailServers):
    """The greeting comes through TLS, by --tls and by the scheme."""
    port = mail_servers.pop3s
    for words in (
        ("pop3", f"localhost:{port}", "--tls"),
        ("pop3", f"pop3s://{mail_servers.host}:{port}"),
    ):
        run = talk(*words, "-4", "--ca", mail_servers.ca, script=LOGIN + "QUIT\n")
        assert run.stdout.startswith("# TLSv1.")
        assert run.answer("PASS ****")[0].startswith("+OK")


def test_certificate_that_nobody_vouches_for(mail_servers: MailServers):
    """No password goes out over a link that was not verified."""
    for words in ((*pop3(mail_servers, "pop3s"), "--tls"), (*pop3(mail_servers), "--starttls")):
        run = talk(*words, script=LOGIN, status=4)
        assert run.stderr.startswith("mailprobe: tls: the certificate of ")
        assert not [line for line in run.sent if line.startswith(("USER", "PASS"))]


def test_maildrop_seen_by_two_at_once(mail_servers: MailServers):
    """A second login while the first stands: whatever the server says, each run is its own."""
    deliver(mail_servers, "shared")
    with talking(*pop3(mail_servers)) as first:
        first.say(LOGIN + "STAT\n")
        first.wait_for("S: +OK 1 ")
        second = talk(*pop3(mail_servers), script=LOGIN + "STAT\nQUIT\n")
        first.say("QUIT\n")
        assert first.wait().answer("QUIT")[0].startswith("+OK")
    assert second.answer("STAT")[0].startswith("+OK 1 ")


# ----------------------------------------------------------------------------------------- LMTP

TWO = (
    "LHLO client.example\nMAIL FROM:<bob@example.test>\n"
    "RCPT TO:<alice@example.test>\nRCPT TO:<full@example.test>\n"
)


@pytest.mark.parametrize("first, second", [("alice", "full"), ("full", "alice")])
def test_lmtp_answers_for_each_recipient(mail_servers: MailServers, first: str, second: str):
    """One dot, two replies in the order of the recipients: 250 and 552; each is told apart."""
    envelope = "LHLO a\nMAIL FROM:<bob@example.test>\n" + "".join(
        f"RCPT TO:<{who}@example.test>\n" for who in (first, second)
    )
    script = f"{envelope}DATA\n{MAIL % 'two' * 3}.\nNOOP\nQUIT\n"
    run = talk(*lmtp(mail_servers), "--keep-going", script=script, status=1)
    replies = dict(zip((first, second), run.answer("."), strict=True))
    assert replies["alice"].startswith("250 2.0.0 <alice@example.test> ")
    assert replies["full"].startswith("552 5.2.2 <full@example.test> ")
    assert len(run.answer("NOOP")) == 1
    assert "the mail for <full@example.test> was answered: 552 5.2.2 " in run.stderr
    assert run.stderr.startswith("mailprobe: refused: 1 command was refused; ")
    assert len(mail_servers.mails("alice")) == 1
    assert mail_servers.mails("full") == []


def test_lmtp_chunks_are_answered_for_each_recipient_at_the_last(mail_servers: MailServers):
    """BDAT: one reply a chunk, and one a recipient after the last."""
    mail = (MAIL % "chunks" * 3).encode()
    script = TWO.encode() + b"BDAT %d\n%sBDAT 0 LAST\nQUIT\n" % (len(mail), mail)
    run = talk(*lmtp(mail_servers), "--keep-going", script=script, status=1)
    assert [line[:9] for line in run.answer("BDAT 0 LAST")] == ["250 2.0.0", "552 5.2.2"]
    assert run.answer("QUIT")[0].startswith("221 ")


def test_lmtp_replies_name_their_recipient(mail_servers: MailServers):
    """As events: the forward-path that a reply speaks of stands beside it."""
    seen: list[tuple[bytes | None, str]] = []

    def observe(event: Event) -> None:
        if isinstance(event, ReplyReceived) and event.recipient is not None:
            seen.append((event.recipient, event.reply.code))

    where = f"lmtp://{mail_servers.host}:{mail_servers.lmtp}"
    with mailprobe.connect(where, observers=[observe]) as session:
        session.pipeline(TWO.splitlines())
        sent = session.data(MAIL % "events" * 3)
    assert seen == [(b"alice@example.test", "250"), (b"full@example.test", "552")]
    assert [reply.code for reply in sent.replies] == ["354", "250", "552"]


def test_lmtp_without_recipients_gets_no_go_ahead(mail_servers: MailServers):
    """No recipient was accepted: DATA is refused, and nothing is owed after it."""
    script = "LHLO a\nMAIL FROM:<>\nRCPT TO:<nobody@example.test>\nDATA\nx\n.\nNOOP\nQUIT\n"
    run = talk(*lmtp(mail_servers), "--keep-going", script=script, status=1)
    assert run.answer("RCPT TO:<nobody@example.test>")[0].startswith("550 ")
    assert run.answer("DATA")[0].startswith("503 ")
    assert run.sent[-3:] == ["DATA", "NOOP", "QUIT"]


@pytest.mark.parametrize("hello", ["EHLO", "HELO"])
def test_lmtp_knows_no_hello_of_smtp(mail_servers: MailServers, hello: str):
    """EHLO and HELO go out all the same, and are refused with 500."""
    run = talk(*lmtp(mail_servers), script=f"{hello} a\n", status=1)
    assert run.sent == [f"{hello} a", "QUIT"]
    assert run.stderr.startswith(f"mailprobe: refused: {hello} was answered: 500 5.5.1 ")


def test_lmtp_with_starttls(mail_servers: MailServers):
    """LHLO, STARTTLS, handshake, LHLO: by itself, as in SMTP."""
    options = ("--starttls", "--ca", mail_servers.ca, "--ehlo", "client.example")
    run = talk(*lmtp(mail_servers), *options, script="NOOP\nQUIT\n")
    hello = "LHLO client.example"
    assert run.sent == [hello, "STARTTLS", hello, "NOOP", "QUIT"]


def test_session_upgrades_before_a_login(mail_servers: MailServers):
    """STLS by itself below the command line: the digest's timestamp outlives the handshake."""
    with mailprobe.connect(url(mail_servers), starttls=True, ca=mail_servers.ca) as session:
        assert session.tls is None
        assert session.login("APOP", "bob", "builder").reply.code == "+OK"
        assert session.tls is not None


def test_lmtp_over_a_unix_socket(mail_servers: MailServers, tmp_path: Path):
    """The way that mail servers of one machine use: the same dialogue, and a recording of it."""
    record = tmp_path / "unix.mpt"
    target = f"unix:{mail_servers.mail_root.parent / 'run' / 'lmtp'}"
    envelope = "LHLO a\nMAIL FROM:<>\nRCPT TO:<alice@example.test>\n"
    script = f"{envelope}DATA\n{MAIL % 'unix'}.\nQUIT\n"
    run = talk("lmtp", target, "--record", record, script=script)
    assert run.answer(".")[0].startswith("250 2.0.0 <alice@example.test> ")
    assert f"\nconnect: {target}\n" in record.read_text()
    assert len(mail_servers.mails("alice")) == 1
