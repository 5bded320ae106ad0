"""Local commands that write, on a shell that only remembers: octets, refusals, verdicts."""

from pathlib import Path

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.protocol.facts import Facts
from mailprobe.protocol.items import Data, Phase
from mailprobe.protocol.model import Protocol
from mailprobe.shell.local import commands as local
from mailprobe.shell.typing.arguments import local_completions
from mailprobe.shell.typing.suggestion import Known
from tests.shell.local.test_commands import GREETING, Desk

HELLO = b"250-mx\r\n250-SIZE 1000000\r\n250-8BITMIME\r\n250-PIPELINING\r\n250 CHUNKING\r\n"
OK = b"250 ok\r\n"
GO = b"354 go\r\n"
ENVELOPE = (b"EHLO me", b"MAIL FROM:<a@b.example>", b"RCPT TO:<c@d.example>")


def at_rcpt(*chunks: bytes, hello: bytes = HELLO) -> Desk:
    """A desk behind an accepted RCPT; what was sent so far is forgotten."""
    desk = Desk(GREETING, hello, OK, OK, *chunks)
    talk(desk, *ENVELOPE)
    return desk


def talk(desk: Desk, *lines: bytes) -> None:
    """Say lines by hand."""
    assert desk.session is not None
    for line in lines:
        desk.session.exchange(line)
    desk.link.sent.clear()


def sent(desk: Desk) -> bytes:
    return b"".join(desk.link.sent)


def refused(desk: Desk, line: str) -> str:
    """Run what must be refused before anything is sent."""
    with pytest.raises(Failure) as caught:
        local.run(desk, line)
    assert caught.value.word is Word.USAGE
    assert desk.link.sent == []
    return caught.value.sentence


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"Subject: x\n\n.dot\n")
    return path


# --------------------------------------------------------------------------------------- /body


def test_body_sends_data_first(file: Path) -> None:
    """Behind RCPT; and nothing of the file where the server does not go ahead."""
    desk = at_rcpt(GO, OK)
    local.run(desk, f"/body {file}")
    assert sent(desk) == b"DATA\r\nSubject: x\r\n\r\n..dot\r\n.\r\n"
    for chunk, why in ((b"451 later\r\n", "wants no"), (None, "owed")):
        desk = at_rcpt(chunk)  # type: ignore[arg-type]  # an interruption
        local.run(desk, f"/body {file}")
        assert sent(desk) == b"DATA\r\n"
        assert "nothing of" in desk.text
        assert why in desk.text


def test_body_goes_on_with_mail_data(file: Path) -> None:
    """Ctrl-] in DATA; the end of a line that may be open comes first."""
    for end in (b"\r\n", b"\n"):
        desk = at_rcpt(GO, OK)
        talk(desk, b"DATA")
        desk.switches.end = end
        local.run(desk, f"/body {file}")
        lines = b"Subject: x\r\n\r\n..dot\r\n".replace(b"\r\n", end)
        tail = b".\r\n" if end == b"\r\n" else b"\r\n.\r\n"
        assert sent(desk) == lines + tail
    desk = at_rcpt(GO, OK)
    talk(desk, b"DATA")
    assert desk.session is not None
    desk.session.send(Data(b"open"))
    file.write_bytes(b"")
    local.run(desk, f"/body {file}")
    assert sent(desk) == b"open\r\n.\r\n"


@pytest.mark.parametrize(
    "line", ["/body", "/body a b", "/body 'a", "/bdat", "/bdat a b c", "/bdat a --chunks"]
)
def test_wrong_form(line: str) -> None:
    """The syntax of the row is shown."""
    assert refused(at_rcpt(), line).startswith(f"write /{line[1:5]}")


def test_body_has_its_place(file: Path) -> None:
    """Each refusal says what comes first."""
    assert "MAIL" in refused(Desk(GREETING), f"/body {file}")
    assert "SMTP" in refused(Desk(b"+OK\r\n", protocol=Protocol.POP3), f"/body {file}")
    assert "/connect" in refused(Desk(), f"/body {file}")
    desk = Desk(GREETING, b"221 bye\r\n")
    talk(desk, b"QUIT")
    assert "/connect" in refused(desk, f"/body {file}")
    desk = at_rcpt()
    desk.switches.group = []
    assert "/pipeline" in refused(desk, f"/body {file}")


def test_editor_is_asked_about() -> None:
    """e edits again, y sends, and the text is forgotten then."""
    desk = at_rcpt(GO, OK)
    desk.drafts, desk.answers = [b"one\n", b"two\n" * 30], ["e", "yes"]
    local.run(desk, "/body -e")
    assert desk.edited[0].startswith(b"From: a@b.example\nTo: c@d.example\n")
    assert desk.edited[1] == b"one\n"
    assert sent(desk) == b"DATA\r\n" + b"two\r\n" * 30 + b".\r\n"
    assert "... 11 more lines\n120 octets\n" in desk.text
    assert desk.switches.draft == b""


def test_text_that_is_given_up_is_kept() -> None:
    """Ctrl-C at the question is a no."""
    desk = at_rcpt()
    desk.drafts = [b"one\n", b"two\n"]
    local.run(desk, "/body -e")
    local.run(desk, "/body -e")
    assert desk.edited[1] == b"one\n"
    assert sent(desk) == b""


def test_the_way_back_to_a_text_is_one_that_works() -> None:
    """Among mail data `/body -e` would be sent as text."""
    desk = at_rcpt(GO)
    desk.drafts = [b"one\n"] * 2
    local.run(desk, "/body -e")
    assert "nothing of the text was sent; /body -e goes on with it\n" in desk.text
    talk(desk, b"DATA")
    local.run(desk, "body -e")
    assert "nothing of the text was sent; Ctrl-] body -e goes on with it\n" in desk.text


@pytest.mark.parametrize("verb", ["body", "bdat"])
def test_what_is_wrong_with_a_file_is_told_first(tmp_path: Path, verb: str) -> None:
    """Whoever goes back to MAIL and RCPT for it would find out then."""
    assert "/nope: No such file" in refused(Desk(GREETING), f"/{verb} {tmp_path}/nope")


def test_no_headers_behind_lines() -> None:
    """They would stand in the middle of the text."""
    desk = at_rcpt(GO)
    talk(desk, b"DATA")
    desk.lines_sent = 1
    desk.drafts = [b""]
    local.run(desk, "/body -e")
    assert desk.edited == [b""]


# --------------------------------------------------------------------------------------- /bdat


@pytest.mark.parametrize(
    "chunks, wire",
    [
        ("", b"BDAT 10 LAST\r\n0123456789"),
        ("4,LAST", b"BDAT 4\r\n0123BDAT 6 LAST\r\n456789"),
        ("4,0,6,last", b"BDAT 4\r\n0123BDAT 0\r\nBDAT 6\r\n456789BDAT 0 LAST\r\n"),
        ("0,LAST", b"BDAT 0\r\nBDAT 10 LAST\r\n0123456789"),
        ("3", b"BDAT 3\r\n012"),
    ],
)
@pytest.mark.parametrize("pipelined", ["", " --pipelined"])
def test_chunks(tmp_path: Path, chunks: str, wire: bytes, pipelined: str) -> None:
    """The sizes are those asked for, LAST takes the rest (RFC 3030)."""
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    desk = at_rcpt(OK, OK, OK, OK)
    local.run(desk, f"/bdat {path}" + (f" --chunks {chunks}" if chunks else "") + pipelined)
    assert sent(desk) == wire
    assert len(desk.rows) == (wire.count(b"BDAT") if pipelined else 0)


def test_refused_chunk_ends_it(tmp_path: Path) -> None:
    """In lock-step nothing goes behind it, and RSET is named."""
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    desk = at_rcpt(OK, b"552 full\r\n")
    local.run(desk, f"/bdat {path} --chunks 4,4,LAST")
    assert sent(desk) == b"BDAT 4\r\n0123BDAT 4\r\n4567"
    assert "RSET" in desk.text


@pytest.mark.parametrize("chunks", ["LAST,1", "x", "-1", "11", "1,,LAST", "9,2,LAST"])
def test_chunks_that_cannot_be(tmp_path: Path, chunks: str) -> None:
    """Nothing is sent of a plan that does not fit."""
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    assert "chunks" in refused(at_rcpt(), f"/bdat {path} --chunks {chunks}")


def test_chunks_have_their_place(file: Path) -> None:
    """Without CHUNKING the octets would be commands; before RCPT there is nobody to have them."""
    assert "CHUNKING" in refused(at_rcpt(hello=b"250 mx\r\n"), f"/bdat {file}")
    desk = Desk(GREETING, HELLO)
    talk(desk, b"EHLO me")
    assert "RCPT" in refused(desk, f"/bdat {file}")


def test_bare_lf_in_chunks_is_told(file: Path) -> None:
    """Unless BINARYMIME was said."""
    desk = at_rcpt(OK)
    local.run(desk, f"/bdat {file}")
    assert "BINARYMIME" in desk.text
    desk = Desk(GREETING, HELLO, OK, OK, OK)
    talk(desk, b"EHLO me", b"MAIL FROM:<a@b.example> BODY=BINARYMIME", ENVELOPE[2])
    local.run(desk, f"/bdat {file}")
    assert "BINARYMIME" not in desk.text


# ------------------------------------------------------------------------------------ /pipeline


def collected(desk: Desk, *lines: bytes) -> None:
    """Begin a group of these lines."""
    local.run(desk, "/pipeline")
    assert desk.switches.group is not None
    desk.switches.group += [line + b"\r\n" for line in lines]


def test_group_is_one_write_and_replies_stand_beside_it() -> None:
    """Whatever the server says to which line."""
    desk = Desk(GREETING, HELLO, OK + b"550 no\r\n" + b"554 none\r\n")
    talk(desk, b"EHLO me")
    collected(desk, b"MAIL FROM:<a@b.example>", b"RCPT TO:<c@d.example>", b"DATA")
    local.run(desk, "/pipeline show")
    local.run(desk, "/pipeline go")
    assert desk.link.sent == [b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n"]
    assert [row[2] for row in desk.rows] == [b"250 ok", b"550 no", b"554 none"]
    assert desk.switches.group is None
    assert "  2  RCPT TO:<c@d.example>\n" in desk.text


def test_mail_data_in_a_group() -> None:
    """What stands behind DATA became mail data, and QUIT behind it has its own reply."""
    desk = at_rcpt(GO + b"250 taken\r\n221 bye\r\n")
    collected(desk, b"DATA", b"text", b".", b"QUIT")
    local.run(desk, "/pipeline go")
    assert [row[2][:3] for row in desk.rows] == [b"354", b"250", b"(no", b"(no", b"221"]
    assert [row[0] for row in desk.rows] == ["1", "", "2", "3", "4"]


def test_lmtp_answers_for_each_recipient() -> None:
    """Two accepted, one not: two verdicts, each with its recipient (RFC 2033)."""
    desk = Desk(
        GREETING,
        HELLO,
        OK + OK + b"550 no\r\n" + OK + GO,
        b"250 one\r\n452 two\r\n",
        protocol=Protocol.LMTP,
    )
    talk(desk, b"LHLO me")
    recipients = [b"RCPT TO:<%d@d.example>" % number for number in range(3)]
    collected(desk, b"MAIL FROM:<a@b.example>", *recipients, b"DATA", b"x", b".")
    local.run(desk, "/pipeline go")
    said = [row[2] for row in desk.rows]
    assert said[4:7] == [b"354 go", b"250 one  (for 0@d.example)", b"452 two  (for 2@d.example)"]


def test_group_hides_secrets() -> None:
    """Neither /pipeline show nor the table tells a password."""
    desk = Desk(b"+OK\r\n", b"+OK\r\n+OK\r\n", protocol=Protocol.POP3)
    collected(desk, b"USER alice", b"PASS hunter2")
    local.run(desk, "/pipeline show")
    local.run(desk, "/pipeline go")
    assert "hunter2" not in desk.text
    assert desk.rows[1][1] == b"PASS ****"
    desk = Desk(b"+OK\r\n", protocol=Protocol.POP3)
    collected(desk, b"PASS hunter2")
    desk.exposes = False
    local.run(desk, "/pipeline go")
    assert sent(desk) == b""
    assert desk.switches.group == [b"PASS hunter2\r\n"]


def test_group_has_its_rules() -> None:
    """Begun once, dropped without a word, never empty, never in the middle of mail data."""
    desk = Desk(GREETING)
    assert "begins" in refused(desk, "/pipeline go")
    refused(desk, "/pipeline nonsense")
    local.run(desk, "/pipeline")
    assert "nothing was collected" in refused(desk, "/pipeline go")
    desk.switches.group = [b"NOOP\r\n"]
    local.run(desk, "/pipeline drop")
    assert "1 line forgotten" in desk.text
    assert desk.switches.group is None
    desk = at_rcpt(GO)
    talk(desk, b"DATA")
    assert "mail data" in refused(desk, "/pipeline")
    desk = at_rcpt(hello=b"250 mx\r\n")
    local.run(desk, "/pipeline")
    assert "PIPELINING" in desk.text
    assert desk.session is not None
    desk.session.drop()
    with pytest.raises(Failure, match="closed"):
        local.run(desk, "/pipeline go")


# ---------------------------------------------------------------------------------------- /send


def composed(desk: Desk) -> list[bytes]:
    """The command lines that were sent, mail data left out."""
    head, _, _ = sent(desk).partition(b"DATA\r\n")
    return head.split(b"\r\n")[:-1]


def test_send_says_hello_and_what_is_needed() -> None:
    """EHLO where nobody has said it; SIZE where it is offered."""
    desk = Desk(GREETING, HELLO, OK, OK, OK, GO, OK)
    local.run(desk, "/send --from 'A <a@b.example>' --to c@d,e@f --subject Hi --body 'x\\n.y'")
    ehlo, mail, *recipients = composed(desk)
    assert ehlo.startswith(b"EHLO ")
    assert mail.startswith(b"MAIL FROM:<a@b.example> SIZE=")
    assert recipients == [b"RCPT TO:<c@d>", b"RCPT TO:<e@f>"]
    data = sent(desk).partition(b"DATA\r\n")[2]
    assert data.endswith(b"\r\nx\r\n..y\r\n.\r\n")
    size = int(mail.rpartition(b"=")[2])
    assert size == len(data) - len(b".\r\n") - len(b".")
    assert [row[:2] for row in desk.rows] == [("c@d", "sent"), ("e@f", "sent")]


def test_send_a_whole_file(tmp_path: Path) -> None:
    """As it is: 8BITMIME and SMTPUTF8 where its octets need them and they are offered."""
    path = tmp_path / "m.eml"
    path.write_bytes("Subject: é\n\né\n".encode())
    hello = HELLO.replace(b"CHUNKING", b"SMTPUTF8")
    desk = Desk(GREETING, hello, OK, OK, GO, OK)
    local.run(desk, f"/send --from= --to=c@d {path}")
    assert composed(desk)[1] == b"MAIL FROM:<> SIZE=19 BODY=8BITMIME SMTPUTF8"
    assert sent(desk).endswith("DATA\r\nSubject: é\r\n\r\né\r\n.\r\n".encode())


def test_send_goes_on_with_those_accepted() -> None:
    """One refused of two: the other has it, and both verdicts are shown."""
    desk = Desk(GREETING, HELLO, OK, b"550 no\r\n", OK, GO, OK)
    local.run(desk, "/send --from a@b --to c@d --to e@f --body x")
    assert [row[1] for row in desk.rows] == ["refused", "sent"]


def test_send_resets_where_nobody_is_accepted() -> None:
    """No DATA, RSET instead; the same where DATA is refused."""
    desk = Desk(GREETING, HELLO, OK, b"550 no\r\n", OK)
    local.run(desk, "/send --from a@b --to c@d --body x")
    assert sent(desk).endswith(b"RCPT TO:<c@d>\r\nRSET\r\n")
    assert desk.rows == [("c@d", "refused", b"550 no")]
    desk = Desk(GREETING, HELLO, OK, OK, b"451 not now\r\n", OK)
    local.run(desk, "/send --from a@b --to c@d --body x")
    assert sent(desk).endswith(b"DATA\r\nRSET\r\n")


@pytest.mark.parametrize("chunks", [(b"550 no\r\n",), (HELLO, b"550 no\r\n")])
def test_send_ends_at_a_refused_start(chunks: tuple[bytes, ...]) -> None:
    """EHLO or MAIL."""
    desk = Desk(GREETING, *chunks)
    local.run(desk, "/send --from a@b --to c@d --body x")
    assert b"RCPT" not in sent(desk)
    assert "nothing" in desk.text


def test_send_ends_where_the_server_goes() -> None:
    """421 in the middle of the recipients: nothing more is said."""
    desk = Desk(GREETING, HELLO, OK, b"421 going down\r\n")
    local.run(desk, "/send --from a@b --to c@d,e@f --body x")
    assert sent(desk).endswith(b"RCPT TO:<c@d>\r\n")
    assert "nothing of the message was sent" in desk.text


def test_send_by_lmtp_tells_each_verdict() -> None:
    """RFC 2033, section 4.2."""
    desk = Desk(
        GREETING, HELLO, OK, OK, b"550 no\r\n", OK, GO, b"250 one\r\n452 two\r\n",
        protocol=Protocol.LMTP,
    )  # fmt: skip
    local.run(desk, "/send --from a@b --to 1@d,2@d,3@d --body x")
    assert desk.rows == [
        ("1@d", "sent", b"250 one"),
        ("2@d", "refused", b"550 no"),
        ("3@d", "later", b"452 two"),
    ]


def test_send_is_interrupted() -> None:
    """The transaction is open still, and the sentence says so."""
    for count in range(3):
        chunks: list[bytes | None] = [GREETING, HELLO, OK, OK, GO][: 3 + count]  # type: ignore[assignment]
        desk = Desk(*chunks, None)  # type: ignore[arg-type]
        local.run(desk, "/send --from a@b --to c@d --body x")
        assert "interrupted" in desk.text
        assert b"RSET\r\n" not in sent(desk)


def test_send_asks_for_what_is_missing() -> None:
    """Addresses, and where nothing was said of the text, that too."""
    desk = Desk(GREETING, HELLO, OK, OK, GO, OK)
    desk.answers = ["a@b", "c@d", "Hi", "there\n\n.is more"]
    local.run(desk, "/send")
    assert b"\r\nSubject: Hi\r\n" in sent(desk)
    assert b"\r\nthere\r\n\r\n..is more\r\n.\r\n" in sent(desk)
    for answers in ([], ["a@b"], ["a@b", "c@d", "Hi"]):
        desk = Desk(GREETING)
        desk.answers = list(answers)
        assert "nothing was sent" in refused(desk, "/send")


def test_send_attaches(tmp_path: Path) -> None:
    """A file that is too large for that is told, and the way that takes any size."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"attached")
    desk = Desk(GREETING, HELLO, OK, OK, GO, OK)
    local.run(
        desk, f"/send --from a@b --to c@d --attach {path} --header 'X-A: b' --charset latin-1"
    )
    assert b'filename="a.txt"' in sent(desk)
    assert b"X-A: b\r\n" in sent(desk)
    with path.open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    assert "/send FILE" in refused(Desk(GREETING), f"/send --from a@b --to c@d --attach {path}")


@pytest.mark.parametrize(
    "line",
    ["/send --from", "/send --nonsense x", "/send a b", "/send a --body x", "/send 'a"],
)
def test_send_in_a_wrong_form(line: str) -> None:
    """A file is a whole message: nothing is written into it."""
    assert refused(Desk(GREETING), line).startswith("write /send")


def test_send_to_more_than_ascii() -> None:
    """Where SMTPUTF8 is not offered no such address is sent; hello has been said by then."""
    desk = Desk(GREETING, HELLO)
    with pytest.raises(Failure, match="SMTPUTF8"):
        local.run(desk, "/send --from a@b --to é@d --body x")
    desk = Desk(GREETING, b"250-mx\r\n250 SMTPUTF8\r\n", OK, OK, GO, OK)
    local.run(desk, "/send --from a@b --to é@d --body x")
    assert "MAIL FROM:<a@b> SMTPUTF8\r\nRCPT TO:<é@d>\r\n".encode() in sent(desk)
    assert "\r\nTo: é@d\r\n".encode() in sent(desk)


def test_send_with_parameters(tmp_path: Path) -> None:
    """As on the command line: wishes, words of one's own, copies, and the queue id at the end."""
    desk = Desk(GREETING, HELLO, OK, OK, OK, GO, b"250 2.0.0 Ok: queued as 4bXyZ\r\n")
    local.run(
        desk,
        "/send --from a@b --to c@d --bcc e@f --ret=full --envid a+b --notify never --orcpt each "
        "--mail-parameter X=1 --body x",
    )
    _, mail, first, second = composed(desk)
    assert mail.endswith(b" RET=FULL ENVID=a+2Bb X=1")
    assert first == b"RCPT TO:<c@d> ORCPT=rfc822;c@d NOTIFY=NEVER"
    assert second == b"RCPT TO:<e@f> ORCPT=rfc822;e@f NOTIFY=NEVER"
    assert b"e@f" not in sent(desk).partition(b"DATA")[2]
    assert "DSN was not offered" in desk.text
    assert desk.text.endswith("queued as 4bXyZ\n")


def test_send_at_once_and_in_chunks() -> None:
    """The envelope as one write; BDAT in the place of DATA."""
    desk = Desk(GREETING, HELLO, OK + OK, OK, OK, OK)
    line = "/send --from a@b --to c@d --body x --pipelined --chunking=100"
    local.run(desk, line)
    assert desk.link.sent[1].endswith(b"\r\nRCPT TO:<c@d>\r\n")
    assert b"BDAT 100\r\n" in sent(desk)
    assert b" LAST\r\n" in sent(desk)


def test_send_nothing() -> None:
    """A dry run ends behind the last RCPT."""
    desk = Desk(GREETING, HELLO, OK, OK, OK)
    local.run(desk, "/send --from a@b --to c@d --body x --dry-run")
    assert sent(desk).endswith(b"RCPT TO:<c@d>\r\nRSET\r\n")
    assert desk.rows == [("c@d", "accepted", b"250 ok")]


@pytest.mark.parametrize("option", ["--dry-run=1", "--notify=always", "--mail-parameter=a;b c"])
def test_send_with_options_that_cannot_be(option: str) -> None:
    """Nothing is sent; the sentence says what is expected, or the form."""
    sentence = refused(Desk(GREETING), f"/send --from a@b --to c@d '{option}' --body x")
    assert "write /send" in sentence or "expected" in sentence


def test_send_has_its_place() -> None:
    """Not in POP3, nor where a transaction is open, nor in the middle of data."""
    line = "/send --from a@b --to c@d --body x"
    assert "SMTP" in refused(Desk(b"+OK\r\n", protocol=Protocol.POP3), line)
    assert "RSET" in refused(at_rcpt(), line)
    desk = at_rcpt(GO)
    talk(desk, b"DATA")
    assert desk.session is not None
    assert desk.session.connection.phase is Phase.DATA
    assert "mail data" in refused(desk, line)


def test_send_tells_what_may_go_wrong(tmp_path: Path) -> None:
    """It is sent all the same."""
    path = tmp_path / "m.eml"
    path.write_bytes(b"A: \xff\n\n" + b"x" * 999 + b"\0\n")
    desk = Desk(GREETING, b"250 mx\r\n", OK, OK, GO, OK)
    local.run(desk, f"/send --from a@b --to c@d {path}")
    for word in ("8BITMIME", "1000 octets", "NUL"):
        assert word in desk.text
    assert desk.rows[0][1] == "sent"


# ------------------------------------------------------------------------------------- switches


@pytest.mark.parametrize(
    "line", ["/eol x", "/stuffing maybe", "/drip x", "/drip 2h", "/split x", "/split 1000001"]
)
def test_switch_to_nonsense(line: str) -> None:
    """The sentence names what it can be."""
    desk = Desk(GREETING)
    before = desk.settings
    assert " is " in refused(desk, line)
    assert desk.settings is before


def test_drip_and_split_are_apart() -> None:
    """One octet a time is what a drip means where no split says otherwise."""
    desk = Desk(GREETING)
    for line, piece, pause in (
        ("/drip 20", 1, 0.02),
        ("/split 5", 5, 0.02),
        ("/split off", 1, 0.02),
        ("/drip off", 0, 0.0),
        ("/split 5", 5, 0.0),
        ("/drip 1s", 5, 1.0),
        ("/drip 0", 5, 0.0),
        ("/set split 0", 0, 0.0),
    ):
        local.run(desk, line)
        assert (desk.settings.piece, desk.settings.pause) == (piece, pause)


@pytest.mark.parametrize(
    "line, found",
    [
        ("/eol ", ["crlf", "lf", "cr", "none"]),
        ("/eol L", ["lf"]),
        ("/pipeline ", ["go", "show", "drop"]),
        ("/pipeline go ", []),
        ("/drip ", ["off"]),
        ("/send --s", ["--subject"]),
        ("/bdat x --", ["--chunks", "--pipelined"]),
    ],
)
def test_words_are_completed_from_the_syntax(line: str, found: list[str]) -> None:
    """What the row names, a menu offers."""
    known = Known(rows=tuple(local.COMMANDS.values()))
    suggestions = local_completions(line, Facts(Protocol.SMTP), None, known)
    assert [one.text.lower() for one in suggestions] == found
