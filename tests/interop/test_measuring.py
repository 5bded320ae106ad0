"""Times and lint against real servers: what has to be there, and nothing that is not true."""

import json
import re

import pytest

from tests.interop.mail import smtp
from tests.interop.practice import Practice
from tests.interop.servers import MailServers
from tests.interop.talk import talk

MAIL = (
    "EHLO client.example\nMAIL FROM:<>\nRCPT TO:<alice@example.test>\nDATA\nSubject: x\n\nhi\n.\n"
)
POP3 = "CAPA\nUSER alice\nPASS secret\nCAPA\nSTAT\nLIST\nUIDL\nRETR 1\nTOP 1 0\nLIST 1\nUIDL 1\n"
CLEAR = "a login is offered that whoever listens can read"


def linted(out: str) -> list[str]:
    return [line.removeprefix("# lint: ") for line in out.splitlines() if "# lint: " in line]


def spans(out: str) -> list[str]:
    """The names of the rows of a waterfall."""
    rows = [line[2:] for line in out.splitlines() if line.startswith("# ") and "|" in line]
    return [re.split(r" +[0-9]", row)[0] for row in rows]


def pop3(servers: MailServers, name: str) -> tuple[object, ...]:
    return "pop3", f"127.0.0.1:{getattr(servers, name)}"


def test_a_healthy_postfix_breaks_no_rule(mail_servers: MailServers) -> None:
    """Submission over TLS, with a login and a mail; the probe of its port 25."""
    script = f"AUTH PLAIN AGFsaWNlAHNlY3JldA==\n{MAIL}RSET\nNOOP\nVRFY alice\nEHLO x\nQUIT\n"
    options = ("--starttls", "--ca", mail_servers.ca, "--lint")
    run = talk(*smtp(mail_servers, "submission"), *options, script=script)
    assert linted(run.stdout) == ["nothing found"]
    assert linted(talk(*smtp(mail_servers, "smtp"), "--lint").stdout) == ["nothing found"]
    refused = (
        f"{MAIL}MAIL FROM:<>\nRCPT TO:<nobody@example.test>\nFOO\nRCPT TO:<grey@example.test>\n"
    )
    options = ("--lint", "--keep-going")
    run = talk(*smtp(mail_servers, "smtp"), *options, script=f"{refused}QUIT\n", status=1)
    assert linted(run.stdout) == ["nothing found"]


def test_what_a_postfix_does_is_found(mail_servers: MailServers) -> None:
    """A port that offers PLAIN without TLS, on a link that does not leave the machine."""
    run = talk(*smtp(mail_servers, "lab"), "--lint", status=1)
    (found,) = linted(run.stdout)
    assert CLEAR in found
    assert "RFC 4954, section 4" in found
    assert run.stderr == "mailprobe: mismatch: 1 deviation from the RFCs (--lint)\n"


def test_a_healthy_dovecot_breaks_no_rule(mail_servers: MailServers) -> None:
    """A maildrop with a mail in it, over TLS; LMTP, where nothing needs TLS."""
    talk(*smtp(mail_servers, "smtp"), script=f"{MAIL}QUIT\n")
    lmtp = ("lmtp", f"127.0.0.1:{mail_servers.lmtp}")
    run = talk(*lmtp, "--lint", script=MAIL.replace("EHLO", "LHLO") + "QUIT\n")
    assert linted(run.stdout) == ["nothing found"]
    options = ("--tls", "--ca", mail_servers.ca, "--lint")
    script = f"{POP3}DELE 1\nLIST\nRSET\nLIST\nQUIT\n"
    run = talk(*pop3(mail_servers, "pop3s"), *options, script=script)
    assert linted(run.stdout) == ["nothing found"]
    (found,) = linted(talk(*pop3(mail_servers, "pop3"), "--lint", status=1).stdout)
    assert CLEAR in found
    assert "RFC 8314, section 4.1" in found


def test_the_sandbox_breaks_no_other_rule(sandbox: Practice) -> None:
    """Its logins are offered in the clear, on purpose; there is nothing else."""
    for name in ("smtp", "lmtp", "pop3"):
        run = talk(name, f"127.0.0.1:{getattr(sandbox, name)}", "--lint", status=1)
        (found,) = linted(run.stdout)
        assert CLEAR in found


def test_times_of_a_submission(mail_servers: MailServers) -> None:
    """Each part is there, TLS between the two hellos; bars begin further and further right."""
    script = f"{MAIL}/timing\nQUIT\n"
    options = ("--starttls", "--ca", mail_servers.ca, "--ehlo", "client.example")
    run = talk(*smtp(mail_servers, "smtp"), *options, script=script)
    assert spans(run.stdout) == [
        *("connect", "greeting", "EHLO", "STARTTLS", "TLS", "EHLO"),
        *("MAIL", "RCPT", "DATA", "mail data", "end of mail data"),
    ]
    bars = [line.partition("|")[2] for line in run.stdout.splitlines() if "|" in line]
    begins = [len(bar) - len(bar.lstrip()) for bar in bars]
    assert begins == sorted(begins)


def test_times_of_a_maildrop(mail_servers: MailServers) -> None:
    """--repeat: a row for each, as often as there were sessions."""
    talk(*smtp(mail_servers, "smtp"), script=f"{MAIL}QUIT\n")
    options = ("--tls", "--ca", mail_servers.ca, "--repeat", "3", "--json")
    script = "USER alice\nPASS secret\nRETR 1\nQUIT\n"
    run = talk(*pop3(mail_servers, "pop3s"), *options, script=script)
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    counted = {row["name"]: row["n"] for row in rows if row["event"] == "span"}
    names = ("connect", "TLS", "greeting", "USER", "PASS", "RETR", "QUIT", "whole session")
    assert counted == dict.fromkeys(names, 3)
    assert rows[-1] == {"event": "repeat", "sessions": 3, "failures": {}}


@pytest.mark.parametrize("name", ["submission", "lab"])
def test_no_secret_in_the_objects(mail_servers: MailServers, name: str) -> None:
    """A login against a real server, as JSON."""
    script = "EHLO x\nAUTH PLAIN AGFsaWNlAHNlY3JldA==\nQUIT\n"
    tls = ("--starttls", "--ca", mail_servers.ca) if name == "submission" else ()
    run = talk(*smtp(mail_servers, name), *tls, "--json", script=script)
    sent = [json.loads(line) for line in run.stdout.splitlines() if "AUTH PLAIN" in line]
    assert [one["line"] for one in sent if one["event"] == "command_sent"] == ["AUTH PLAIN ****"]
    assert "AGFsaWNlAHNlY3JldA" not in run.stdout + run.stderr
    assert '"code": "235"' in run.stdout
