"""`mailprobe send` to a real Postfix and Dovecot, and `mailprobe fetch` of what came."""

import json
import mailbox
import re
from pathlib import Path

import pytest

from tests.interop.mail import fetched
from tests.interop.servers import MailServers
from tests.interop.talk import Spoken, talk

FROM_BOB = ("--from", "bob@example.test")
ALICE = ("--to", "alice@example.test")


def send(servers: MailServers, *options: object, port: str = "smtp", status: int = 0) -> Spoken:
    target = f"{servers.host}:{getattr(servers, port)}"
    lmtp = ("--lmtp",) if port == "lmtp" else ()
    return talk("send", target, *lmtp, *FROM_BOB, *options, status=status)


def fetch(servers: MailServers, *options: object, status: int = 0) -> Spoken:
    login = ("--user", "alice", "--password-env", "WORD")
    return talk("fetch", f"{servers.host}:{servers.pop3}", *login, *options, status=status)


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD", "secret")


def test_delivery_reports_and_the_queue_id(mail_servers: MailServers):
    """Postfix takes the parameters of RFC 3461, and logs the id that is told as its own."""
    options = ("--ret", "hdrs", "--envid", "a+b=c", "--notify", "success,delay", "--orcpt", "each")
    run = send(mail_servers, *ALICE, *options, "--subject", "reports", "--dialogue")
    assert "RET=HDRS ENVID=a+2Bb+3Dc" in run.sent[1]
    assert "ORCPT=rfc822;alice@example.test NOTIFY=SUCCESS,DELAY" in run.sent[2]
    name = re.search(r"queued as (\S+)$", run.stdout.rstrip())
    assert name is not None
    mail_servers.wait_for_mails("alice", 1)
    assert name[1] in (mail_servers.log_dir / "postfix.log").read_text()


def test_some_are_refused(mail_servers: MailServers):
    """4yz and 5yz have their rows; who is left has the mail; status 1."""
    others = [word for who in ("grey", "blocked") for word in ("--to", f"{who}@example.test")]
    run = send(mail_servers, *others, *ALICE, "--body", "x", "--json", status=1)
    (message,) = json.loads(run.stdout)["messages"]
    verdicts = [(one["verdict"], one["enhanced"]) for one in message["recipients"]]
    assert verdicts == [("later", "4.2.0"), ("refused", "5.7.1"), ("sent", "2.0.0")]
    assert run.stderr.startswith("mailprobe: refused: 2 of 3 recipients were refused; <grey@")
    mail_servers.wait_for_mails("alice", 1)


def test_each_recipient_of_lmtp(mail_servers: MailServers):
    """Dovecot: one saved with an id, one over quota after the dot."""
    run = send(mail_servers, *ALICE, "--to", "full@example.test", "--body", "x" * 100,
               port="lmtp", status=1)  # fmt: skip
    alice, full = run.stdout.splitlines()[1:3]
    assert alice.split()[:3] == ["alice@example.test", "sent", "250"]
    assert full.split()[:4] == ["full@example.test", "refused", "552", "5.2.2"]
    assert re.search(r"sent to 1 of 2, \d+ octets, queued as \S{8,}$", run.stdout.rstrip())


def test_eight_bits(mail_servers: MailServers, tmp_path: Path):
    """BODY because the file needs it, SIZE as it travels; it comes as it was."""
    path = tmp_path / "m.eml"
    octets = "Subject: x\n\n.ü\n日本\n".encode()
    path.write_bytes(octets)
    run = send(mail_servers, *ALICE, path, "--dialogue")
    size = len(octets) + octets.count(b"\n")
    assert run.sent[1] == f"MAIL FROM:<bob@example.test> SIZE={size} BODY=8BITMIME"
    mail_servers.wait_for_mails("alice", 1)
    (mail,) = mail_servers.mails("alice")
    assert mail.read_bytes().endswith(octets.partition(b"\n")[2])


def test_headers_and_addresses_of_the_world(mail_servers: MailServers):
    """SMTPUTF8 where an address or the header needs it; Dovecot's LMTP has none and refuses."""
    options = ("--to", "jörg@example.org", "--subject", "Grüße", "--orcpt", "each", "--dialogue")
    login = ("--starttls", "--ca", mail_servers.ca, "--user", "alice", "--password-env", "WORD")
    run = send(mail_servers, *options, *login, port="submission")
    assert any(line.endswith(" SMTPUTF8") for line in run.sent)
    assert "RCPT TO:<jörg@example.org> ORCPT=utf-8;jörg@example.org" in run.sent
    assert "queued as" in run.stdout
    run = send(mail_servers, "--to", "jörg@example.test", "--body", "x", port="lmtp", status=2)
    assert "SMTPUTF8" in run.stderr


def test_chunks(mail_servers: MailServers, tmp_path: Path):
    """BDAT in chunks of a size: what Dovecot gives back is the message."""
    path = tmp_path / "m.eml"
    path.write_bytes(b"Subject: chunks\n\n" + b".line\n" * 1000)
    run = send(mail_servers, *ALICE, path, "--chunking", "1K", "--dialogue")
    assert [line.split()[0] for line in run.sent].count("BDAT") == 7
    assert fetched(mail_servers).endswith(b"\r\n\r\n" + b".line\r\n" * 1000)


def test_dry_run(mail_servers: MailServers):
    """No mail comes of it, and nobody's verdict is missing."""
    run = send(mail_servers, *ALICE, "--to", "blocked@example.test", "--dry-run", status=1)
    assert [line.split()[1] for line in run.stdout.splitlines()[1:3]] == ["accepted", "refused"]
    mail_servers.wait_for_queue()
    assert mail_servers.mails("alice") == []


def test_submission_by_what_is_offered_at_best(mail_servers: MailServers):
    """STARTTLS, a login, mail for a stranger, and an Exim-free id of Postfix."""
    options = ("--starttls", "--ca", mail_servers.ca, "--user", "alice", "--password-env", "WORD")
    run = send(mail_servers, "--to", "stranger@example.org", "--body", "x", *options,
               "--dialogue", port="submission")  # fmt: skip
    assert any(line.startswith("AUTH SCRAM-SHA-256") for line in run.sent)
    assert "queued as" in run.stdout


def test_a_recorded_send_replays(mail_servers: MailServers, tmp_path: Path):
    """Against the same Postfix; one transaction a file, two files on one connection."""
    paths = [tmp_path / f"{number}.eml" for number in range(2)]
    for path in paths:
        path.write_bytes(b"Subject: again\n\nx\n")
    record = tmp_path / "sent.mpt"
    send(mail_servers, *ALICE, *paths, "--record", record)
    run = talk("replay", record, "--server", f"{mail_servers.host}:{mail_servers.smtp}")
    assert "1 passed" in run.stdout
    mail_servers.wait_for_mails("alice", 4)


def test_exchangers_that_there_are_not(mail_servers: MailServers):
    """--mx asks DNS; a null MX takes no mail (RFC 7505)."""
    where = ("--mx", "nomail.example.test", "--dns", f"{mail_servers.host}:{mail_servers.dns}")
    run = talk("send", *where, *FROM_BOB, *ALICE, status=4)
    assert run.stderr.startswith("mailprobe: dns: ")
    assert "RFC 7505" in run.stderr


# ------------------------------------------------------------------------------------ fetching


@pytest.fixture
def three_mails(mail_servers: MailServers, tmp_path: Path) -> MailServers:
    """Three mails for alice, with dots, 8 bits and a long line in them."""
    for number in range(3):
        path = tmp_path / f"{number}.eml"
        path.write_bytes(b"Subject: %d\n\n.dot\n..\n\xff\n%b\n" % (number, b"x" * 900))
        send(mail_servers, *ALICE, path, port="lmtp")
    return mail_servers


def test_the_list(three_mails: MailServers):
    """With the octets that RETR gives, and the fields of each."""
    run = fetch(three_mails, "--json")
    listed = json.loads(run.stdout)["messages"]
    assert [one["subject"] for one in listed] == ["0", "1", "2"]
    assert listed[2]["octets"] == len(fetched(three_mails, 3))
    assert len({one["unique_id"] for one in listed}) == 3
    assert fetch(three_mails).stdout.count("\n") == 5


def test_a_maildir_of_our_own(three_mails: MailServers, tmp_path: Path):
    """Byte for byte what Dovecot has in its own; and it keeps that."""
    run = fetch(three_mails, "--message", "all", "--maildir", tmp_path / "M")
    assert run.stderr == ""
    ours = mailbox.Maildir(tmp_path / "M", create=False)
    theirs = [path.read_bytes() for path in three_mails.mails("alice")]
    assert sorted(ours.get_bytes(key) for key in ours.iterkeys()) == sorted(theirs)
    assert len(three_mails.mails("alice")) == 3


def test_delete_really_deletes(three_mails: MailServers, tmp_path: Path):
    """What was kept, and no other."""
    out = tmp_path / "out"
    run = fetch(three_mails, "--message", "1,3", "--out", out, "--delete", "--yes")
    assert run.stdout.splitlines()[-1] == "2 deleted"
    (left,) = three_mails.mails("alice")
    assert b"Subject: 1\n" in left.read_bytes()
    names = [path.name for path in out.iterdir()]
    assert len(names) == 2
    assert all(name.endswith(".eml") for name in names)


def test_a_maildrop_in_use(three_mails: MailServers, tmp_path: Path):
    """Over the limit, and refused logins: told, nothing deleted."""
    run = fetch(three_mails, "--message", "all", "--out", tmp_path / "o", "--max-body", "10",
                "--delete", "--yes", status=4)  # fmt: skip
    assert "--max-body" in run.stderr
    assert len(three_mails.mails("alice")) == 3
    login = ("--user", "alice", "--password-env", "PATH")
    run = talk("fetch", f"{three_mails.host}:{three_mails.pop3}", *login, status=1)
    assert "was answered: -ERR [AUTH]" in run.stderr
    assert "the name, the password or the account is the trouble" in run.stderr


def test_a_recorded_fetch_replays(three_mails: MailServers, tmp_path: Path):
    """The list and a message; the secret is a name in it."""
    record = tmp_path / "fetched.mpt"
    fetch(three_mails, "--message", "1", "--out", tmp_path / "kept.eml", "--record", record)
    assert "secret" not in record.read_text()
    secret = tmp_path / "secret"
    secret.write_text("secret")
    secret.chmod(0o600)
    where = f"{three_mails.host}:{three_mails.pop3}"
    run = talk("replay", record, "--server", where, "--secret-file", f"password={secret}")
    assert "1 passed" in run.stdout
