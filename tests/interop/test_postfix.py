"""The command line against a real Postfix, on every kind of port that mail servers have."""

import signal
from pathlib import Path

import pytest

import mailprobe
from tests.interop.mail import ENVELOPE, HEADER, HELLO, fetched, smtp
from tests.interop.servers import MailServers
from tests.interop.talk import (
    talk,
    talking,
    transcript_lines,
)


def refusals(stderr: str) -> int:
    """How many refused commands the last line of a run with --keep-going counts."""
    last = stderr.splitlines()[-1]
    assert last.startswith("mailprobe: refused: "), last
    return int(last.split()[2])


# -------------------------------------------------------------------------------- the 2007 page

PAGE = {  # each SMTP command of the page, and the code that Postfix 3.7 answers it with
    "HELO client.example": "250",
    "HELP": "500",
    "EXPN alice": "500",
    "VRFY alice": "252",
    "NOOP": "250",
    "SEND FROM:<bob@example.test>": "500",
    "SOML FROM:<bob@example.test>": "500",
    "SAML FROM:<bob@example.test>": "500",
    "TURN": "500",
    "MAIL FROM:<bob@example.test>": "250",
    "RCPT TO:<alice@example.test>": "250",
    "RSET": "250",
    "DATA": "503",
    "QUIT": "221",
}


def test_every_command_of_the_page_is_sent_and_answered(mail_servers: MailServers):
    """Dead commands go out too; each gets its own reply, and the refusals are counted."""
    run = talk(*smtp(mail_servers), "--keep-going", script="\n".join(PAGE), status=1)
    answers = dict(run.dialogue[1:])
    assert {line: reply[-1][:3] for line, reply in answers.items()} == PAGE
    assert all(len(reply) == 1 for reply in answers.values())
    assert refusals(run.stderr) == sum(code[0] == "5" for code in PAGE.values())


def test_first_refusal_ends_the_run_politely(mail_servers: MailServers):
    """Without --keep-going nothing but QUIT follows a refused command."""
    run = talk(*smtp(mail_servers), script="NOOP\nTURN\nNOOP\n", status=1)
    assert run.sent == ["NOOP", "TURN", "QUIT"]
    assert run.stderr.startswith("mailprobe: refused: TURN was answered: 500 5.5.2 ")


# ------------------------------------------------------------------------------- mail, and back


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_mail_comes_back_as_it_was_typed(mail_servers: MailServers, end: str):
    """Dots, 8-bit, a blank at the end, a long line, an empty last line: Dovecot gives all back."""
    typed = [".x", "..", "...", "文 8-bit ", "x" * 900, "From here", "\ttab", "", ". ", "", ""]
    lines = ["Subject: typed", "", *typed, ".", "QUIT", ""]
    script = (ENVELOPE + "DATA\n").replace("\n", end) + end.join(lines)
    run = talk(*smtp(mail_servers), script=script)
    assert run.answer(".")[0].startswith("250 2.0.0 ")
    header, _, body = fetched(mail_servers).partition(b"\r\n\r\n")
    assert b"\r\nSubject: typed\r\n" in header
    assert body == "".join(line + "\r\n" for line in typed).encode()


def test_three_recipients_of_whom_one_is_refused(mail_servers: MailServers):
    """4yz and 5yz to RCPT are each shown, and the mail goes to who is left."""
    recipients = "".join(f"RCPT TO:<{who}@example.test>\n" for who in ("grey", "blocked", "alice"))
    script = "EHLO a\nMAIL FROM:<>\n" + recipients + "DATA\nSubject: left\n\nx\n.\nQUIT\n"
    run = talk(*smtp(mail_servers), "--keep-going", script=script, status=1)
    assert run.answer("RCPT TO:<grey@example.test>")[0].startswith("450 4.2.0 ")
    assert run.answer("RCPT TO:<blocked@example.test>")[0].startswith("550 5.7.1 ")
    assert refusals(run.stderr) == 2
    assert b"Subject: left\r\n" in fetched(mail_servers)


def test_server_that_hangs_up_at_a_recipient(mail_servers: MailServers):
    """A 521 ends the link: what is left of the input is not sent, and status 4 says so."""
    script = "EHLO a\nMAIL FROM:<>\nRCPT TO:<closing@example.test>\nRSET\nQUIT\n"
    run = talk(*smtp(mail_servers), "--keep-going", script=script, status=4)
    assert run.sent[-1] == "RCPT TO:<closing@example.test>"
    refused, failed = run.stderr.splitlines()
    assert refused.startswith("mailprobe: refused: 1 command was refused; RCPT was answered: 521 ")
    assert failed == "mailprobe: eof: the server closed the connection before RSET was sent"


def test_data_without_go_ahead_is_passed_over(mail_servers: MailServers):
    """Where DATA gets a 5yz the mail is not sent as commands."""
    script = "EHLO a\nDATA\nSubject: no\nNOOP\n.\nRSET\nQUIT\n"
    run = talk(*smtp(mail_servers), "--keep-going", script=script, status=1)
    assert run.sent == ["EHLO a", "DATA", "RSET", "QUIT"]


def test_delivery_status_parameters(mail_servers: MailServers):
    """RFC 3461's parameters go out as typed; a wrong value and a wrong size are refused."""
    recipient = "RCPT TO:<alice@example.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;al+2Bice@x.test"
    good = f"EHLO a\nMAIL FROM:<bob@example.test> RET=HDRS ENVID=QQ+3D7\n{recipient}\nRSET\n"
    wrong = ["MAIL FROM:<> RET=NONSENSE", "MAIL FROM:<> SIZE=99999999999", "MAIL FROM:<> NO=1"]
    script = good + "\n".join(wrong) + "\nQUIT\n"
    run = talk(*smtp(mail_servers), "--keep-going", script=script, status=1)
    assert run.answer(recipient) == ["250 2.1.5 Ok"]
    assert [run.answer(line)[0][:3] for line in wrong] == ["501", "552", "555"]
    assert refusals(run.stderr) == 3


# ------------------------------------------------------------------------------------- chunks


def test_mail_in_chunks(mail_servers: MailServers):
    """BDAT counts octets: chunks may end anywhere, dots are not stuffed, the last is empty."""
    pieces = [HEADER % b"chunks" + b"\r\n", b".\r\nno line e", b"nd\r\n..\r\n"]
    chunks = b"".join(b"BDAT %d\n%s" % (len(piece), piece) for piece in pieces)
    script = ENVELOPE.encode() + chunks + b"BDAT 0 LAST\nQUIT\n"
    run = talk(*smtp(mail_servers), script=script)
    assert [line for line in run.sent if line.startswith("BDAT")] == [
        *(f"BDAT {len(piece)}" for piece in pieces),
        "BDAT 0 LAST",
    ]
    replies = [reply for _, reply in run.dialogue if reply and "bytes" in reply[0]]
    assert len(replies) == 4
    assert fetched(mail_servers).endswith(b"\r\n\r\n.\r\nno line end\r\n..\r\n")


def test_count_that_is_too_small_turns_the_rest_into_a_command(mail_servers: MailServers):
    """Postfix hangs up on the rest; what comes behind it is not sent."""
    script = ENVELOPE + "BDAT 5\nSubject: cut\nNOOP\n"
    run = talk(*smtp(mail_servers), script=script, status=4)
    assert run.sent[-3:] == ["BDAT 5", "Subje", "ct: cut"]
    assert run.answer("Subje") == ["250 2.0.0 Ok: 5 bytes"]
    assert run.answer("ct: cut")[0].startswith("221 ")
    assert run.stderr == "mailprobe: eof: the server closed the connection before NOOP was sent\n"


def test_count_that_is_too_large_swallows_the_rest(mail_servers: MailServers):
    """The input ends inside the chunk: no QUIT can be said there, and nothing is delivered."""
    run = talk(*smtp(mail_servers), script=ENVELOPE + "BDAT 900\nSubject: x\n\nQUIT\n")
    assert run.sent[-1] == "QUIT"  # as data
    assert run.dialogue[-1] == ("QUIT", [])
    assert "note: the input ended inside a BDAT chunk" in run.stderr
    assert mail_servers.mails("alice") == []


def test_refused_chunk_is_still_sent_whole(mail_servers: MailServers):
    """RFC 3030: the octets of a chunk go out even when there is nobody to take them."""
    script = "EHLO a\nBDAT 6\nabcd\r\nNOOP\nQUIT\n"
    run = talk(*smtp(mail_servers), "--keep-going", script=script, status=1)
    assert run.sent == ["EHLO a", "BDAT 6", "abcd", "NOOP", "QUIT"]
    assert run.answer("abcd")[0].startswith("503 ")
    assert run.answer("NOOP") == ["250 2.0.0 Ok"]


# ---------------------------------------------------------------------------------- pipelining


def test_commands_in_one_write_get_their_replies_in_order(mail_servers: MailServers):
    """/raw sends a group; the replies are counted, and DATA's go-ahead opens the mail data."""
    group = r"MAIL FROM:<bob@example.test>\r\nRCPT TO:<alice@example.test>\r\nDATA\r\n"
    script = f"EHLO a\n/raw {group}\nSubject: group\n\nx\n.\nQUIT\n"
    run = talk(*smtp(mail_servers), script=script)
    answers = dict(run.dialogue)
    assert [line[:3] for line in answers["DATA"]] == ["250", "250", "354"]
    assert answers["QUIT"] == ["221 2.0.0 Bye"]
    assert b"Subject: group\r\n" in fetched(mail_servers)


def test_replies_to_a_group_belong_to_their_commands(mail_servers: MailServers):
    """In one write: every reply is that of the command that it answers."""
    with mailprobe.connect(f"smtp://{mail_servers.host}:{mail_servers.smtp}") as session:
        session.command("EHLO client.example")
        group = ["MAIL FROM:<>", "RCPT TO:<blocked@example.test>", "RSET", "NOOP"]
        said = [(one.command.line, one.reply.code) for one in session.pipeline(group)]
    assert said == [
        (b"MAIL FROM:<>", "250"),
        (b"RCPT TO:<blocked@example.test>", "550"),
        (b"RSET", "250"),
        (b"NOOP", "250"),
    ]


# ------------------------------------------------------------------------------- unsolicited 421


def test_unsolicited_421_at_the_prompt(mail_servers: MailServers):
    """The lab hangs up after 3 s: said while the input is still open, and never answered."""
    with talking(*smtp(mail_servers, "lab")) as run:
        run.say("EHLO a\n")
        run.wait_for("# unsolicited\nS: 421 4.4.2 ")
        run.wait_for("note: unsolicited\n", stream="stderr")
        run.say("NOOP\n")
        spoken = run.wait(4)
    assert spoken.sent == ["EHLO a"]
    unasked, *closed, failed = spoken.stderr.splitlines()
    assert unasked == "note: unsolicited"
    assert closed in ([], ["note: the server closed the connection"])  # told while we waited
    assert failed == "mailprobe: eof: the server closed the connection before NOOP was sent"


def test_unsolicited_421_in_mail_data(mail_servers: MailServers, tmp_path: Path):
    """Inside DATA the 421 is no reply to the mail, and no QUIT is sent into the mail."""
    record = tmp_path / "data.mpt"
    with talking(*smtp(mail_servers, "lab"), "--record", record) as run:
        run.say(ENVELOPE + "DATA\nSubject: half\n")
        run.wait_for("# unsolicited\nS: 421 4.4.2 ")
        run.say("\nrest\n.\n")
        spoken = run.wait(4)
    assert spoken.sent[-1] == "Subject: half"
    unasked, *closed, failed = spoken.stderr.splitlines()
    assert unasked == "note: unsolicited"
    assert closed in ([], ["note: the server closed the connection"])  # told while we waited
    assert failed == "mailprobe: eof: the server closed the connection inside the mail data"
    recorded = transcript_lines(record)
    assert recorded[-3] == "C: Subject: half"
    assert recorded[-2].startswith("S: 421 4.4.2 ")
    assert recorded[-1] == "S@ close" or not closed
    assert mail_servers.mails("alice") == []


def test_unsolicited_421_and_nothing_more_to_say(mail_servers: MailServers):
    """Input that ends after the hang-up has lost nothing: status 0."""
    with talking(*smtp(mail_servers, "lab")) as run:
        run.wait_for("# unsolicited\nS: 421 4.4.2 ")
        spoken = run.end(0)
    ended = "note: the input ended without QUIT; the server had hung up\n"
    assert spoken.stderr.startswith("note: unsolicited\n")
    assert spoken.stderr.endswith(ended)


def test_too_many_errors(mail_servers: MailServers):
    """Postfix's limit: the 421 comes behind the last refusal, and the rest is not sent."""
    script = "EHLO a\n" + "FOO\n" * 25
    run = talk(*smtp(mail_servers), "--keep-going", script=script, status=4)
    assert run.sent == ["EHLO a"] + ["FOO"] * 20
    assert "# unsolicited\nS: 421 4.7.0 " in run.stdout
    note, refused, failed = run.stderr.splitlines()
    assert note == "note: unsolicited"
    assert refused.startswith(
        "mailprobe: refused: 20 commands were refused; FOO was answered: 500 "
    )
    assert failed == "mailprobe: eof: the server closed the connection before FOO was sent"


def test_greeting_in_two_parts(mail_servers: MailServers):
    """postscreen's `220-` and, two seconds later, `220 ` are one reply: nothing goes before it."""
    run = talk(*smtp(mail_servers, "postscreen"), script="EHLO a\nQUIT\n")
    greeting = run.answer("")
    assert greeting[0] == "220-wait"
    assert greeting[1].startswith("220 mail.example.test ")
    assert len(greeting) == 2
    assert run.answer("QUIT") == ["221 2.0.0 Bye"]


def test_early_talker_is_told_that_the_greeting_is_not_over(mail_servers: MailServers):
    """A limit shorter than the pause names itself, and shows the half of the reply."""
    run = talk(*smtp(mail_servers, "postscreen"), "--timeout", "500ms", script="QUIT\n", status=4)
    assert run.sent == []
    assert run.answer("") == ["220-wait"]
    assert run.stderr.startswith("mailprobe: timeout: ")
    assert "(--timeout)" in run.stderr


# --------------------------------------------------------------------------- what else Postfix has


def test_extensions_of_postfix_alone(mail_servers: MailServers):
    """XCLIENT begins the session anew with a greeting of its own; ETRN has codes of its own."""
    client = "XCLIENT NAME=spike.example ADDR=192.0.2.9"
    script = f"EHLO a\n{client}\nEHLO b\nETRN example.test\nMAIL FROM:<>\nRSET\nQUIT\n"
    run = talk(*smtp(mail_servers, "lab"), "--keep-going", script=script, status=1)
    assert run.answer(client)[0].startswith("220 mail.example.test ")
    assert run.answer("EHLO b")[0] == "250-mail.example.test"
    assert run.answer("ETRN example.test")[0][:3] in ("250", "458", "459", "554")
    assert run.answer("MAIL FROM:<>") == ["250 2.1.0 Ok"]
    assert "unsolicited" not in run.stdout


def test_address_in_unicode(mail_servers: MailServers):
    """SMTPUTF8: the octets of a path go out as they were typed."""
    sender, recipient = "MAIL FROM:<文@example.test> SMTPUTF8", "RCPT TO:<alice@example.test>"
    script = f"{HELLO}{sender}\n{recipient}\nRSET\nQUIT\n"
    run = talk(*smtp(mail_servers), script=script)
    assert run.answer(sender) == ["250 2.1.0 Ok"]
    assert run.answer(recipient) == ["250 2.1.5 Ok"]


def test_interrupt_between_lines(mail_servers: MailServers):
    """SIGINT while the input is open: status 130, and not a word to the server."""
    with talking(*smtp(mail_servers)) as run:
        run.say("NOOP\n")
        run.wait_for("S: 250 2.0.0 Ok")
        run.process.send_signal(signal.SIGINT)
        spoken = run.wait(130)
    assert spoken.sent == ["NOOP"]
    assert spoken.stderr == ""


def test_time_of_the_whole_run(mail_servers: MailServers):
    """--max-time ends a run whose input goes on and on: word timeout, and a QUIT for politeness."""
    with talking(*smtp(mail_servers), "--max-time", "1s") as run:
        run.say("NOOP\n")
        spoken = run.wait(4)
    assert spoken.sent[0] == "NOOP"
    assert spoken.stderr.startswith("mailprobe: timeout: ")
    assert "--max-time" in spoken.stderr
