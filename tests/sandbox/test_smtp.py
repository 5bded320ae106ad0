"""SMTP and LMTP as one client sees them, without a link."""

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.errors import Failure, Word
from mailprobe.protocol import sasl
from mailprobe.protocol.model import State
from mailprobe.sandbox import dialogue, smtp
from mailprobe.sandbox.login import OFFERED
from mailprobe.sandbox.maildrop import Delivery, Store
from mailprobe.sandbox.manners import DEFAULT
from mailprobe.sandbox.office import Office
from mailprobe.value import replace
from tests.sandbox.helpers import Talk, base64_of, body_of, lmtp, mails, secret_for
from tests.sandbox.helpers import smtp as talk_smtp

_TO_BOB = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<bob@example.test>\r\n"


@pytest.fixture
def talk(store: Store) -> Iterator[Talk]:
    """A client of SMTP that has said EHLO."""
    client = talk_smtp(store)
    assert client.line("EHLO client.example").startswith(b"250-")
    yield client
    client.service.end()


@pytest.fixture
def local(store: Store) -> Iterator[Talk]:
    """A client of LMTP that has said LHLO."""
    client = lmtp(store)
    assert client.line("LHLO client.example").startswith(b"250-")
    yield client
    client.service.end()


def _log_in(talk: Talk) -> Talk:
    assert talk.line(b"AUTH PLAIN " + base64_of(b"\0alice\0secret")).startswith(b"235 ")
    return talk


# -------------------------------------------------------------------------------- hello and TLS


def test_greeting_and_extensions(store: Store) -> None:
    """The greeting and EHLO carry no enhanced status code; EHLO names each extension once."""
    talk = talk_smtp(store)
    assert talk.greeting.startswith(b"220 example.test ESMTP ")
    lines = talk.line("EHLO client.example").decode().splitlines()
    assert lines[0] == "250-example.test greets client.example"
    assert [line[4:] for line in lines[1:]] == [
        "PIPELINING",
        f"SIZE {smtp.MAXIMUM_SIZE}",
        "8BITMIME",
        "SMTPUTF8",
        "DSN",
        "CHUNKING",
        "BINARYMIME",
        "DELIVERBY",
        "MT-PRIORITY",
        "FUTURERELEASE 604800 2099-12-31T23:59:59Z",
        "ENHANCEDSTATUSCODES",
        "STARTTLS",
        f"AUTH {' '.join(OFFERED)} ANONYMOUS",
    ]
    assert talk.line("HELO client.example") == b"250 example.test\r\n"


def test_tls_forgets_what_was_said_before(store: Store, talk: Talk) -> None:
    """After STARTTLS hello, login and transaction are gone, and STARTTLS is not offered."""
    _log_in(talk)
    assert talk.code("STARTTLS") == "220 2.0.0"
    assert talk.say(b"MAIL FROM:<>\r\n") == b""
    talk.start_tls()
    assert talk.code("MAIL FROM:<>") == "503 5.5.1"
    assert b"STARTTLS" not in talk.line("EHLO client.example")
    assert talk.code("STARTTLS") == "503 5.5.1"
    talk.line("MAIL FROM:<>")
    assert talk.code("RCPT TO:<x@example.org>") == "550 5.7.1"


def test_requiretls_is_offered_over_tls(talk: Talk) -> None:
    """RFC 8689, section 4; LMTP holds no message, which is for submission."""
    assert b"REQUIRETLS" not in talk.line("EHLO client.example")
    assert talk.code("MAIL FROM:<a@b.example> REQUIRETLS") == "555 5.5.4"
    talk.line("STARTTLS")
    talk.start_tls()
    assert b"250-REQUIRETLS\r\n" in talk.line("EHLO client.example")
    assert talk.code("MAIL FROM:<a@b.example> REQUIRETLS") == "250 2.1.0"


def test_octets_of_any_kind(store: Store, talk: Talk) -> None:
    """BINARYMIME goes by BDAT, and by nothing else (RFC 3030, section 3)."""
    talk.line("MAIL FROM:<a@b.example> BODY=BINARYMIME")
    talk.line("RCPT TO:<bob@example.test>")
    assert talk.code("DATA") == "503 5.5.1"
    octets = b"Subject: x\r\n\r\n\0\n\r.\xff"
    replies = talk.say(b"BDAT %d LAST\r\n" % len(octets) + octets)
    assert replies.startswith(b"250 2.0.0 ")
    (mail,) = mails(store, "bob")
    assert mail.endswith(octets + b"\r\n")


def test_text_behind_starttls_ends_the_session(store: Store, talk: Talk) -> None:
    """What stands in the same segment as STARTTLS is never carried out: the session is over."""
    replies = talk.say(b"STARTTLS\r\n" + _TO_BOB + b"DATA\r\nx\r\n.\r\n")
    assert replies.startswith(b"421 4.7.0 ")
    assert replies.count(b"\r\n") == 1
    assert talk.finished
    assert mails(store, "bob") == []


# --------------------------------------------------------------------------- the right refusals


@pytest.mark.parametrize(
    "command, code",
    [
        ("", "500 5.5.1"),
        ("XYZZY", "500 5.5.1"),
        ("LHLO client.example", "500 5.5.1"),
        ("\x00\xff", "500 5.5.1"),
        ("SEND FROM:<a@example.test>", "502 5.5.1"),
        ("SOML FROM:<a@example.test>", "502 5.5.1"),
        ("SAML FROM:<a@example.test>", "502 5.5.1"),
        ("TURN", "502 5.5.1"),
        ("ETRN example.test", "502 5.5.1"),
        ("ATRN", "502 5.5.1"),
        ("XCLIENT NAME=x", "502 5.5.1"),
        ("BURL imap://x LAST", "502 5.5.1"),
        ("EHLO", "501 5.5.4"),
        ("EHLO bad_name_", "501 5.5.4"),
        ("EHLO [127.0.0.1]", "250"),
        ("RCPT TO:<bob@example.test>", "503 5.5.1"),
        ("DATA", "503 5.5.1"),
        ("MAIL", "501 5.5.4"),
        ("MAIL a@example.test", "501 5.5.4"),
        ("MAIL FROM: <a@example.test>", "501 5.5.4"),
        ("MAIL FROM:a@example.test", "501 5.5.4"),
        ("MAIL FROM:<a b@example.test>", "501 5.5.4"),
        ("mail from:<a@example.test>", "250 2.1.0"),
        ("MAIL FROM:<>", "250 2.1.0"),
        ("MAIL FROM:<@x.example,@y.example:a@example.test> SIZE=5 ", "250 2.1.0"),
        ("MAIL FROM:<a@example.test> XYZZY=1", "555 5.5.4"),
        ("MAIL FROM:<a@example.test> SIZE=x", "501 5.5.4"),
        ("MAIL FROM:<a@example.test> SIZE=99999999999", "552 5.3.4"),
        ("MAIL FROM:<冬@example.test>", "553 5.6.7"),
        ("MAIL FROM:<冬@example.test> SMTPUTF8", "250 2.1.0"),
        ("VRFY alice", "252 2.0.0"),
        ("VRFY", "501 5.5.4"),
        ("EXPN postmaster", "250 2.1.5"),
        ("EXPN alice", "550 5.1.1"),
        ("EXPN \x0b", "550 5.1.1"),
        ("HELP", "214 2.0.0"),
        ("HELP rcpt", "214 2.0.0"),
        ("HELP XYZZY", "504 5.5.4"),
        ("NOOP", "250 2.0.0"),
        ("NOOP whatever", "250 2.0.0"),
        ("RSET", "250 2.0.0"),
        ("RSET now", "501 5.5.4"),
        ("AUTH", "501 5.5.4"),
        ("AUTH XYZZY", "504 5.5.4"),
        ("STARTTLS now", "501 5.5.4"),
        ("QUIT", "221 2.0.0"),
    ],
)
def test_codes_after_hello(talk: Talk, command: str, code: str) -> None:
    """Each command has the reply code and the enhanced status code that the RFCs name."""
    assert talk.code(command) == code


@pytest.mark.parametrize("command", ["MAIL FROM:<>", "AUTH PLAIN", "STARTTLS", "BDAT 0 LAST"])
def test_hello_comes_first(store: Store, command: str) -> None:
    """Before EHLO these are out of order, and the reply says what is missing."""
    talk = talk_smtp(store)
    reply = talk.line(command)
    assert reply.startswith(b"503 5.5.1 say hello first: EHLO")
    assert talk.code("MAIL FROM:<>") == "503 5.5.1"


def test_invalid_utf8_in_an_address(talk: Talk) -> None:
    """An address that is not UTF-8 is refused even with SMTPUTF8."""
    assert talk.code(b"MAIL FROM:<\xff@example.test> SMTPUTF8") == "501 5.1.3"


def test_order_inside_a_transaction(talk: Talk) -> None:
    """A second MAIL, AUTH and DATA without recipient are out of order; RSET and EHLO start anew."""
    assert talk.code("MAIL FROM:<>") == "250 2.1.0"
    assert talk.code("MAIL FROM:<>") == "503 5.5.1"
    assert talk.code("DATA") == "503 5.5.1"
    assert talk.code("AUTH PLAIN") == "503 5.5.1"
    assert talk.code("RSET") == "250 2.0.0"
    assert talk.code("MAIL FROM:<>") == "250 2.1.0"
    assert talk.code("EHLO client.example") == "250"
    assert talk.code("RCPT TO:<bob@example.test>") == "503 5.5.1"


def test_relaying(store: Store, talk: Talk) -> None:
    """Other domains are refused without a login; with one their mail is kept here."""
    talk.line("MAIL FROM:<alice@example.test>")
    assert talk.code("RCPT TO:<x@example.org>") == "550 5.7.1"
    assert talk.code("RCPT TO:<x@[192.0.2.1]>") == "550 5.7.1"
    assert talk.code("RCPT TO:<@example.test:x@example.org>") == "550 5.7.1"
    talk.line("RSET")
    _log_in(talk)
    talk.line("MAIL FROM:<alice@example.test>")
    assert talk.code("RCPT TO:<x@example.org>") == "250 2.1.5"
    assert talk.code("DATA") == "354"
    assert talk.code("Subject: kept\r\n\r\n.") == "250 2.0.0"
    (kept,) = mails(store, "kept/x@example.org")
    assert body_of(kept) == b"Subject: kept\r\n\r\n"


@pytest.mark.parametrize(
    "path, folder",
    [
        ("<Postmaster>", "alice"),
        ("<postmaster@EXAMPLE.TEST>", "alice"),
        ("<carol@example.test>", "kept/carol"),
        ('<"../../x"@example.test>', "kept/%2E.%2F..%2Fx"),
        ("</a/b@example.test>", "kept/%2Fa%2Fb"),
        ("<../../x@example.test>", None),
        ('<""@example.test>', "kept/%"),
    ],
)
def test_where_mail_is_kept(store: Store, talk: Talk, path: str, folder: str | None) -> None:
    """Every address of the domain is kept, and no path leads out of the store."""
    talk.line("MAIL FROM:<>")
    if folder is None:  # two dots in a row must be quoted (RFC 5321, section 4.1.2)
        assert talk.code(f"RCPT TO:{path}") == "501 5.5.4"
        return
    assert talk.code(f"RCPT TO:{path}") == "250 2.1.5"
    assert talk.code("DATA") == "354"
    assert talk.code("x\r\n.") == "250 2.0.0"
    assert len(mails(store, folder)) == 1
    outside = [path for path in store.directory.parent.iterdir() if path != store.directory]
    assert outside == []


def test_recipients_are_bounded(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """One recipient too many is refused for now, the others stay."""
    monkeypatch.setattr(smtp, "MAXIMUM_RECIPIENTS", 2)
    talk.line("MAIL FROM:<>")
    codes = [talk.code(f"RCPT TO:<{name}@example.test>") for name in "abc"]
    assert codes == ["250 2.1.5", "250 2.1.5", "452 4.5.3"]
    assert talk.code("DATA") == "354"


# ------------------------------------------------------------------------------------ mail data


def test_trace_fields(store: Store, talk: Talk) -> None:
    """Return-Path and Received come on top: from whom, over what, for whom, when."""
    _log_in(talk)
    talk.say(_TO_BOB + b"DATA\r\n")
    talk.say(b"Subject: x\r\n\r\n.\r\n")
    (mail,) = mails(store, "bob")
    lines = mail.split(b"\r\n")
    assert lines[0] == b"Return-Path: <a@example.org>"
    assert lines[1] == b"Received: from client.example ([127.0.0.1])"
    assert lines[2].startswith(b"\tby example.test with ESMTPA id ")
    assert lines[3] == b"\tfor <bob@example.test>;"
    assert lines[5:] == [b"Subject: x", b"", b""]


def test_several_recipients_share(store: Store, talk: Talk) -> None:
    """A mail for alice, postmaster and bob is there once for each maildrop."""
    names = ("alice", "postmaster", "bob")
    recipients = b"".join(b"RCPT TO:<%b@example.test>\r\n" % name.encode() for name in names)
    talk.say(b"MAIL FROM:<>\r\n" + recipients + b"DATA\r\n")
    assert talk.code("Hello\r\n.") == "250 2.0.0"
    assert mails(store, "alice") == mails(store, "bob")
    assert b"\tfor <" not in mails(store, "bob")[0]


@given(
    st.lists(st.sampled_from([b".", b"\r\n", b"\r", b"\n", b"\0", b"a", b"\xff"])).map(b"".join),
    st.integers(1, 7),
)
def test_data_comes_in_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, size: int
) -> None:
    """Whatever is sent, dot-stuffed and however cut, lies in the maildrop as it was."""
    store = Store(tmp_path_factory.mktemp("store"))
    talk = talk_smtp(store)
    talk.say(b"EHLO x\r\n" + _TO_BOB + b"DATA\r\n")
    body = b"X: y\r\n\r\n" + body + b"\r\n"
    wire = body.replace(b"\r\n.", b"\r\n..") + b".\r\n"
    replies = b"".join(talk.say(wire[i : i + size]) for i in range(0, len(wire), size))
    assert replies.startswith(b"250 2.0.0 ")
    assert replies.count(b"\r\n") == 1
    assert body_of(mails(store, "bob")[0]) == body


# The endings of SECURITY's smuggling list: none of them is CRLF . CRLF.
_ENDINGS = [
    b"\n.\n",
    b"\n.\r\n",
    b"\r\n.\n",
    b"\r.\r",
    b"\r.\r\n",
    b"\r\n.\r",
    b"\n.\r",
    b"\r.\n",
    b"\r\n\0.\r\n",
    b"\r\n.\0\r\n",
    b"\n\n.\r\n",
    b"\r\r\n.\r\r\n",
]


@pytest.mark.parametrize("ending", _ENDINGS, ids=ascii)
def test_only_crlf_dot_crlf_ends_data(store: Store, talk: Talk, ending: bytes) -> None:
    """No other ending lets a second mail in by the body of the first (CVE-2023-51764)."""
    smuggled = b"MAIL FROM:<evil@example.test>\r\nRCPT TO:<alice@example.test>\r\nDATA\r\nevil\r\n"
    talk.say(_TO_BOB + b"DATA\r\n")
    assert talk.say(b"Subject: x\r\n\r\nfirst" + ending + smuggled) == b""
    assert talk.service.dialogue.connection.state is State.DATA
    assert talk.say(b".\r\n").startswith(b"250 2.0.0 ")
    assert mails(store, "alice") == []
    assert len(mails(store, "bob")) == 1


def small(store: Store, size: int) -> Talk:
    """A talk with a server that takes messages of so many octets."""
    profile = replace(DEFAULT, smtp=replace(DEFAULT.smtp, size=size))
    talk = talk_smtp(Office(store, profile))
    talk.line("EHLO client.example")
    return talk


def test_a_message_that_is_too_large(store: Store) -> None:
    """It is read to its end, refused, and leaves nothing; the session goes on."""
    talk = small(store, 1000)
    talk.say(_TO_BOB + b"DATA\r\n")
    assert talk.say(b"x" * 600) == b""
    assert talk.say(b"x" * 600) == b""
    assert talk.code("\r\n.") == "552 5.3.4"
    assert [path for path in store.directory.rglob("*") if path.is_file()] == []
    assert talk.code("MAIL FROM:<>") == "250 2.1.0"


def test_a_full_store(store: Store, talk: Talk) -> None:
    """A store that has enough takes no more mail, for now."""
    store.delivered(1 << 40)
    assert talk.code("MAIL FROM:<>") == "452 4.3.1"


def test_a_disk_that_fails(store: Store, talk: Talk) -> None:
    """Trouble with the disk is a 451 at DATA, or after the dot; the session goes on."""
    talk.say(_TO_BOB)
    shutil.rmtree(store.directory)
    assert talk.code("DATA") == "451 4.3.0"
    assert talk.code("RSET") == "250 2.0.0"
    store.make("bob")
    talk.say(_TO_BOB + b"DATA\r\n")
    shutil.rmtree(store.directory)
    assert talk.code("x\r\n.") == "451 4.3.0"
    assert talk.code("NOOP") == "250 2.0.0"


@pytest.mark.parametrize("pieces", [1, 2])
def test_a_disk_that_fills_up(
    store: Store, talk: Talk, monkeypatch: pytest.MonkeyPatch, pieces: int
) -> None:
    """A message that cannot be written is read to its end, refused for now, and leaves nothing."""
    written = []

    def write(self: Delivery, octets: bytes) -> None:
        written.append(octets)
        if len(written) > pieces:  # the trace fields come first
            raise Failure(Word.USAGE, "taking in a message: No space left on device")

    monkeypatch.setattr(Delivery, "write", write)
    talk.say(_TO_BOB + b"DATA\r\n")
    assert talk.say(b"x" * 100) == b""
    assert talk.say(b"x" * 100) == b""
    assert talk.code("\r\n.") == "451 4.3.0"
    assert [path for path in store.directory.rglob("*") if path.is_file()] == []


def test_a_client_that_leaves_in_the_middle(store: Store, talk: Talk) -> None:
    """Mail data without its end is no mail."""
    talk.say(_TO_BOB + b"DATA\r\nhalf a me")
    talk.hang_up()
    assert [path for path in store.directory.rglob("*") if path.is_file()] == []


def test_a_pipelined_group(store: Store, talk: Talk) -> None:
    """All of a group is answered in order; DATA without a good recipient lets nothing in."""
    replies = talk.say(
        b"MAIL FROM:<a@example.test>\r\nRCPT TO:<x@example.org>\r\nRCPT TO:<bob@example.test>\r\n"
        b"DATA\r\n"
    )
    assert [line[:3] for line in replies.split(b"\r\n")] == [b"250", b"550", b"250", b"354", b""]
    replies = talk.say(b"x\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<x@example.org>\r\nDATA\r\nQUIT\r\n")
    codes = [line[:3] for line in replies.split(b"\r\n")]
    assert codes == [b"250", b"250", b"550", b"503", b"221", b""]
    assert talk.finished
    assert len(mails(store, "bob")) == 1


def test_nothing_is_read_behind_quit(store: Store, talk: Talk) -> None:
    """What follows QUIT in the same segment is not carried out."""
    assert talk.say(b"QUIT\r\n" + _TO_BOB).count(b"\r\n") == 1


# ----------------------------------------------------------------------------------------- BDAT


def test_chunks(store: Store, talk: Talk) -> None:
    """Chunks join byte for byte, no dot is touched, each has its reply."""
    talk.say(_TO_BOB)
    chunks = [b"Subject: x\r\n\r\n", b".\r\n", b"", b"..\r\n.\r\nno"]
    for chunk in chunks:
        assert talk.say(b"BDAT %d\r\n%b" % (len(chunk), chunk)).startswith(b"250 2.0.0 ")
    assert talk.code("DATA") == "503 5.5.1"
    assert talk.code("BDAT 0 LAST") == "250 2.0.0"
    assert body_of(mails(store, "bob")[0]) == b"".join(chunks) + b"\r\n"
    assert talk.code("MAIL FROM:<>") == "250 2.1.0"


def test_pipelined_chunks(store: Store, talk: Talk) -> None:
    """A whole transaction with chunks may come at once."""
    replies = talk.say(_TO_BOB + b"BDAT 5\r\n12\r\n\r" + b"BDAT 2 LAST\r\n\nxQUIT\r\n")
    codes = [line[:3] for line in replies.split(b"\r\n")]
    assert codes == [b"250", b"250", b"250", b"250", b"221", b""]
    assert body_of(mails(store, "bob")[0]) == b"12\r\n\r\nx\r\n"


@pytest.mark.parametrize("before", [b"", b"MAIL FROM:<>\r\n"])
def test_a_refused_chunk_is_still_read(talk: Talk, before: bytes) -> None:
    """The octets of a chunk at the wrong time are no commands (RFC 3030, section 2)."""
    talk.say(before)
    replies = talk.say(b"BDAT 11 LAST\r\nXYZZY\r\nNOOPNOOP\r\n")
    assert replies.startswith(b"503 5.5.1 ")
    assert replies.split(b"\r\n")[1].startswith(b"250 2.0.0 ")
    assert replies.count(b"\r\n") == 2


def test_badly_written_bdat(talk: Talk) -> None:
    """Without a number nothing follows, and the next line is a command."""
    talk.say(_TO_BOB)
    assert talk.code("BDAT many") == "501 5.5.4"
    assert talk.code("NOOP") == "250 2.0.0"


def test_a_badly_written_last_chunk_ends_nothing(store: Store, talk: Talk) -> None:
    """The mail transaction is still there, and goes on where it was."""
    talk.say(_TO_BOB)
    assert talk.code("BDAT many LAST") == "501 5.5.4"
    assert talk.code("RCPT TO:<alice@example.test>") == "250 2.1.5"
    assert talk.say(b"BDAT 2 LAST\t\r\nxx").startswith(b"250 2.0.0 ")
    assert body_of(mails(store, "alice")[0]) == b"xx\r\n"


def test_chunks_that_are_too_large(store: Store) -> None:
    """The chunk that goes too far is refused, and so is what follows up to LAST."""
    talk = small(store, 10)
    talk.say(_TO_BOB)
    assert talk.code("BDAT 6\r\n1234") == "250 2.0.0"
    assert talk.say(b"BDAT 6\r\n123456").startswith(b"552 5.3.4 ")
    assert talk.code("DATA") == "503 5.5.1"
    assert talk.say(b"BDAT 2\r\n12").startswith(b"552 5.3.4 ")
    assert talk.say(b"BDAT 0 LAST\r\n").startswith(b"552 5.3.4 ")
    assert mails(store, "bob") == []
    assert talk.code("MAIL FROM:<>") == "250 2.1.0"


# ----------------------------------------------------------------------------------------- AUTH


@pytest.mark.parametrize("mechanism", OFFERED)
@pytest.mark.parametrize("secret", ["right", "wrong"])
def test_login(talk: Talk, mechanism: str, secret: str) -> None:
    """Every mechanism lets the right secret in, and the wrong one not."""
    client = sasl.client(mechanism, "alice", secret_for(mechanism, secret), nonce="clientnonce")
    first = next(client)
    initial = b"" if first is None else b" " + sasl.encode_initial(first)
    reply = talk.line(b"AUTH " + mechanism.encode() + initial)
    while reply.startswith(b"334 "):
        reply = talk.line(base64_of(client.send(base64.b64decode(reply[4:])) or b""))
    assert reply.startswith(b"235 2.7.0 " if secret == "right" else b"535 5.7.8 ")
    assert talk.code("AUTH PLAIN") == ("503 5.5.1" if secret == "right" else "334")


def test_login_step_by_step(talk: Talk) -> None:
    """PLAIN without an initial response gets an empty challenge first; `*` cancels."""
    assert talk.line("AUTH PLAIN") == b"334 \r\n"
    assert talk.code("*") == "501 5.5.2"
    assert talk.line("AUTH PLAIN") == b"334 \r\n"
    assert talk.code("!!!") == "501 5.5.2"
    assert talk.line(b"AUTH LOGIN " + base64_of(b"alice")) == b"334 UGFzc3dvcmQ6\r\n"
    assert talk.code(base64_of(b"secret")) == "235 2.7.0"


@pytest.mark.parametrize("mechanism", ["OAUTHBEARER", "XOAUTH2"])
def test_a_wrong_token_is_explained_first(talk: Talk, mechanism: str) -> None:
    """The reasons come as a challenge; whatever answers it, the login is refused then."""
    client = sasl.client(mechanism, "alice", "x", nonce="")
    initial = sasl.encode_initial(next(client) or b"")
    for answer in (b"", b"AQ==", b"!!!"):
        reply = talk.line(b"AUTH " + mechanism.encode() + b" " + initial)
        assert json.loads(base64.b64decode(reply[4:]))["scope"] == "mail"
        assert talk.code(answer) == "535 5.7.8"
    talk.line(b"AUTH " + mechanism.encode() + b" " + initial)
    assert talk.code("*") == "501 5.5.2"


def test_plus_is_offered_where_there_is_a_channel(talk: Talk) -> None:
    """Under TLS logins can be bound to it, and only there."""
    assert talk.code("AUTH SCRAM-SHA-256-PLUS") == "504 5.5.4"
    talk.service.dialogue.bindings = lambda: {"tls-unique": b"finished"}
    assert (
        b"AUTH SCRAM-SHA-512-PLUS SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-512 "
        in talk.line("EHLO a")
    )
    for octets, code in ((b"another", "535 5.7.8"), (b"finished", "235 2.7.0")):
        binding = sasl.Binding("tls-unique", octets)
        client = sasl.client("SCRAM-SHA-256-PLUS", "alice", "secret", nonce="n", binding=binding)
        reply = talk.line(b"AUTH SCRAM-SHA-256-PLUS " + base64_of(next(client) or b""))
        reply = talk.line(base64_of(client.send(base64.b64decode(reply[4:])) or b""))
        if reply.startswith(b"334 "):
            reply = talk.line(base64_of(client.send(base64.b64decode(reply[4:])) or b""))
        assert reply.startswith(code.encode())


def test_anybody_writes_to_us_alone(talk: Talk) -> None:
    """ANONYMOUS is a login that gives no right to relay."""
    assert talk.code(b"AUTH ANONYMOUS " + base64_of(b"sirhc")) == "235 2.7.0"
    assert talk.code("MAIL FROM:<>") == "250 2.1.0"
    assert talk.code("RCPT TO:<bob@example.test>") == "250 2.1.5"
    assert talk.code("RCPT TO:<bob@example.net>") == "550 5.7.1"


def test_guessing_is_bounded(talk: Talk) -> None:
    """Who guesses passwords is shown the door."""
    codes = [
        talk.code(b"AUTH PLAIN " + base64_of(b"\0alice\0%d" % number))
        for number in range(dialogue.MAXIMUM_JUNK + 1)
    ]
    assert set(codes[:-1]) == {"535 5.7.8"}
    assert codes[-1] == "421 4.7.0"
    assert talk.finished


# --------------------------------------------------------------------------------------- limits


def test_junk_is_bounded(talk: Talk) -> None:
    """Twenty commands that nobody knows are borne, the next one ends the session."""
    codes = [talk.code("GET / HTTP/1.0") for _ in range(dialogue.MAXIMUM_JUNK + 1)]
    assert set(codes[:-1]) == {"500 5.5.1"}
    assert codes[-1] == "421 4.7.0"
    assert talk.finished


def test_commands_are_bounded(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session ends after so many commands, good ones too."""
    monkeypatch.setattr(dialogue, "MAXIMUM_COMMANDS", 3)
    assert [talk.code("NOOP") for _ in range(3)] == ["250 2.0.0", "250 2.0.0", "421 4.7.0"]
    assert talk.finished


def test_a_line_that_is_too_long(talk: Talk) -> None:
    """A line without end is not kept: the session ends with a reply."""
    replies = b"".join(talk.say(b"x" * 4096) for _ in range(5))
    assert replies.startswith(b"500 5.5.2 ")
    assert replies.count(b"\r\n") == 1
    assert talk.finished


def test_silence(talk: Talk) -> None:
    """Who says nothing for too long is told so, inside DATA too."""
    talk.say(_TO_BOB + b"DATA\r\nx")
    talk.service.time_out()
    assert talk.service.dialogue.take_output().startswith(b"421 4.4.2 ")
    assert talk.finished


@given(st.lists(st.binary(max_size=60), max_size=12))
def test_any_octets_are_borne(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes]
) -> None:
    """Whatever comes, every reply is a reply and no exception leaves the service."""
    talk = talk_smtp(Store(tmp_path_factory.mktemp("store")))
    replies = talk.say(b"EHLO x\r\n" + _TO_BOB)
    replies += b"".join(talk.say(chunk + b"\r\n") for chunk in chunks)
    talk.hang_up()
    for line in replies.split(b"\r\n")[:-1]:
        assert line[:3].isdigit()
        assert line[3:4] in (b" ", b"-")


# ----------------------------------------------------------------------------------------- LMTP


def test_lmtp_hello(store: Store) -> None:
    """LMTP knows LHLO alone."""
    talk = lmtp(store)
    assert talk.greeting.startswith(b"220 example.test LMTP ")
    assert [talk.code(verb) for verb in ("EHLO x", "HELO x", "EHLO")] == ["500 5.5.1"] * 3
    assert b"say hello first: LHLO" in talk.line("MAIL FROM:<>")
    assert talk.line("LHLO client.example").startswith(b"250-example.test greets")


def test_lmtp_replies_for_each_recipient(store: Store, local: Talk) -> None:
    """One reply for each accepted recipient, in order, and its own verdict (RFC 2033, 4.2)."""
    local.say(b"MAIL FROM:<>\r\nRCPT TO:<bob@example.test>\r\n")
    assert local.code("RCPT TO:<x@example.org>") == "550 5.7.1"
    assert local.code("RCPT TO:<carol@example.test>") == "250 2.1.5"
    assert local.code("RCPT TO:<bob@example.test>") == "250 2.1.5"
    assert local.code("DATA") == "354"
    shutil.rmtree(store.directory / "kept", ignore_errors=True)
    Path(store.directory / "kept").write_bytes(b"")  # in the way of carol's maildrop
    lines = local.line("Hello\r\n.").split(b"\r\n")
    assert lines == [
        b"250 2.0.0 <bob@example.test> Saved",
        b"451 4.3.0 The maildrop cannot be written now, try again later",
        b"250 2.0.0 <bob@example.test> Saved",
        b"",
    ]
    assert len(mails(store, "bob")) == 1
    assert local.code("NOOP") == "250 2.0.0"


def test_lmtp_data_without_recipient(local: Talk) -> None:
    """DATA fails with 503, and BDAT LAST has no reply at all (RFC 2033, 4.2 and 4.3)."""
    local.line("MAIL FROM:<>")
    assert local.code("DATA") == "503 5.5.1"
    assert local.say(b"BDAT 2 LAST\r\nxx") == b""
    assert local.code("NOOP") == "250 2.0.0"


def test_lmtp_chunks(store: Store, local: Talk) -> None:
    """The last chunk is answered once for each recipient, the others once."""
    local.say(b"MAIL FROM:<>\r\nRCPT TO:<bob@example.test>\r\nRCPT TO:<alice@example.test>\r\n")
    assert local.say(b"BDAT 2\r\nxx").count(b"\r\n") == 1
    assert local.say(b"BDAT 2 LAST\r\n\r\n").count(b"250 2.0.0 ") == 2
    assert body_of(mails(store, "alice")[0]) == b"xx\r\n"


def test_lmtp_refuses_a_badly_written_last_chunk_once(local: Talk) -> None:
    """A syntax error speaks of no recipient."""
    local.say(b"MAIL FROM:<>\r\nRCPT TO:<bob@example.test>\r\nRCPT TO:<alice@example.test>\r\n")
    assert local.line("BDAT many LAST").count(b"501 5.5.4 ") == 1
    assert local.code("NOOP") == "250 2.0.0"


def test_lmtp_burl_is_refused_once(local: Talk) -> None:
    """BURL LAST is not carried out, whoever the mail is for; client and server stay in step."""
    local.say(b"MAIL FROM:<>\r\nRCPT TO:<bob@example.test>\r\nRCPT TO:<alice@example.test>\r\n")
    assert local.line("BURL imap://x/ LAST").count(b"502 5.5.1 ") == 1
    assert local.code("NOOP") == "250 2.0.0"
