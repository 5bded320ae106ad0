"""The page of 2007 that taught SMTP and POP3 by telnet: both of its lists, on the sandbox.

A newcomer who types what stands there gets an answer to each line, and none of them is lost.
"""

import email
import email.policy
from pathlib import Path

import pytest

import mailprobe
from tests.interop.practice import SECRETS, Practice
from tests.interop.talk import Spoken, talk, transcript_lines

MAIL = ["From: alice@example.test", "Subject: page", "", ".dot", "文", ""]
SMTP = {  # line, and the reply code of the sandbox; the order is one that a person would try
    "HELO client.example": "250",
    "HELP": "214",
    "HELP MAIL": "214",
    "NOOP": "250",
    "VRFY alice": "252",
    "EXPN postmaster": "250",
    "SEND FROM:<alice@example.test>": "502",
    "SOML FROM:<alice@example.test>": "502",
    "SAML FROM:<alice@example.test>": "502",
    "TURN": "502",
    "MAIL FROM:<alice@example.test>": "250",
    "RSET": "250",
    "RCPT TO:<bob@example.test>": "503",
    "mail from:<alice@example.test>": "250",
    "rcpt to:<bob@example.test>": "250",
    "data": "354",
    ".": "250",
    "QUIT": "221",
}
POP3 = [  # as the page types them, in lower case
    "user alice",
    "pass secret",
    "stat",
    "list",
    "retr 1",
    "top 1 0",
    "uidl",
    "uidl 2",
    "list 2",
    "dele 1",
    "dele 2",
    "rset",
    "noop",
    "quit",
]
MULTILINE = ["list", "retr 1", "top 1 0", "uidl"]


def smtp_script() -> str:
    """The SMTP list as input, with a mail behind `data`."""
    lines = []
    for line in SMTP:
        lines += [*MAIL, line] if line == "." else [line]
    return "\n".join([*lines, ""])


def check_smtp(spoken: Spoken) -> None:
    """Every line was sent and got the reply that was expected."""
    answers = dict(spoken.dialogue)
    assert {line: answers[line][-1][:3] for line in SMTP} == SMTP
    assert not [answer for line, answer in spoken.dialogue[1:] if line in MAIL and answer]
    refused = sum(code.startswith("5") for code in SMTP.values())
    assert spoken.stderr.startswith(f"mailprobe: refused: {refused} commands were refused; ")


def test_smtp_list_inside(tmp_path: Path):
    """`mailprobe smtp sandbox`: every command is sent, answered and recorded."""
    record = tmp_path / "page.mpt"
    options = ("--keep-going", "--record", record)
    check_smtp(talk("smtp", "sandbox", *options, script=smtp_script(), status=1))
    recorded = transcript_lines(record)
    assert [line for line in SMTP if f"C: {line}" not in recorded] == []


def test_smtp_list_on_a_running_sandbox(sandbox: Practice):
    """The same on a sandbox of its own, with CRLF; the mail is in bob's maildrop."""
    script = smtp_script().replace("\n", "\r\n")
    for port in (sandbox.smtp, sandbox.submission):
        target = f"{sandbox.host}:{port}"
        check_smtp(talk("smtp", target, "--keep-going", script=script, status=1))
    mails = sandbox.mails("bob")
    assert len(mails) == 2
    body = "\r\n".join(["", *MAIL, ""]).encode()
    assert all(mail.endswith(body) for mail in mails)


@pytest.mark.parametrize("options", [(), ("--tls",), ("--starttls",)], ids=str)
def test_pop3_list_inside(options: tuple[str, ...]):
    """`mailprobe pop3 sandbox`: every command is answered, with and without TLS."""
    spoken = talk("pop3", "sandbox", *options, script="\n".join([*POP3, ""]))
    assert spoken.stderr == ""
    upgrade = ["STLS"] if options == ("--starttls",) else []
    typed = ["pass ****" if line.startswith("pass") else line for line in POP3]
    assert spoken.sent == upgrade + typed
    for line in typed:
        answer = spoken.answer(line)
        assert answer[0].startswith("+OK")
        assert (len(answer) > 1) == (line in MULTILINE)
        assert answer[-1] == "." or line not in MULTILINE
    assert spoken.answer("stat")[0].startswith("+OK 4 ")


def test_apop_of_the_page(sandbox: Practice):
    """The one command of the list that has to be computed, for both users."""
    for user, secret in SECRETS.items():
        with mailprobe.connect(f"pop3://{sandbox.host}:{sandbox.pop3}") as session:
            assert session.login("APOP", user, secret).reply.code == "+OK"
            assert session.quit().reply.code == "+OK"


def test_wrong_password_of_the_page():
    """The page's `-ERR Invalid auth`: refused, told, and the secret is nowhere."""
    spoken = talk("pop3", "sandbox", script="user alice\npass hunter2\nstat\n", status=1)
    assert spoken.sent == ["user alice", "pass ****", "QUIT"]
    assert spoken.stderr.startswith("mailprobe: refused: PASS was answered: -ERR [AUTH] ")
    assert "hunter2" not in spoken.stdout + spoken.stderr


def test_mail_of_the_page(sandbox: Practice):
    """The page's own mail, repaired: a foreign parser reads its Chinese."""
    found = {}
    with mailprobe.connect(f"pop3://{sandbox.host}:{sandbox.pop3}") as session:
        session.pipeline(["USER alice", "PASS secret"])
        for number in range(1, 5):
            octets = session.command(f"RETR {number}").read_body()
            found[number] = email.message_from_bytes(octets, policy=email.policy.default)
    page = [mail for mail in found.values() if mail.get_content_charset() == "gb2312"]
    assert len(page) == 1
    (mail,) = page
    assert mail.get_content().startswith("恭喜!")
    assert mail["Subject"] == "恭喜您成为本邮件系统的新用户! "
    assert all(not one.defects for one in found.values())


def test_page_in_one_run():
    """Sent by SMTP, fetched by POP3: all sandbox targets of one process are one sandbox."""
    login = "user bob\npass builder\nretr 1\nquit\n"
    script = smtp_script().replace("QUIT\n", "/close\n/connect pop3 sandbox\n") + login
    spoken = talk("smtp", "sandbox", "--keep-going", script=script, status=1)
    assert spoken.answer("retr 1")[-5:] == ["", "..dot", "文", "", "."]


def test_readme_without_input():
    """The first command of a newcomer with nobody at the keyboard: the greeting, and status 0."""
    spoken = talk("pop3", "sandbox")
    assert spoken.stdout.startswith("S: +OK ")
    assert spoken.stderr.startswith("note: the input ended without QUIT")
