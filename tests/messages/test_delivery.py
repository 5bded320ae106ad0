"""Mail transactions over a scripted link: what is said, and what becomes of each recipient."""

from collections.abc import Iterator

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.messages.delivery import Delivery, Fate
from mailprobe.messages.dispatch import Blocks, Channel, Style
from mailprobe.messages.envelope import Envelope, Parameters
from mailprobe.protocol.connection import catalogue_of
from mailprobe.protocol.model import Protocol
from mailprobe.session import Session, Settings
from mailprobe.transport.memory import Scripted

GREETING = b"220 mx\r\n"
HELLO = b"250-mx\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-BINARYMIME\r\n250 SIZE\r\n"
OK, GO, NO, LATER = b"250 ok\r\n", b"354 go\r\n", b"550 no\r\n", b"451 later\r\n"
TAKEN = b"250 2.0.0 Ok: queued as 4bXyZ\r\n"
TEXT = b"Subject: x\n\n.x\n"
AT_ONCE = Style(pipelining=True)


class Patient(Scripted):
    def poll_receive(self) -> memoryview | None:
        return None


class Post:
    """A delivery, and what it said and told."""

    def __init__(
        self,
        *chunks: bytes | None,
        recipients: tuple[str, ...] = ("c@d",),
        style: Style | None = None,
        protocol: Protocol = Protocol.SMTP,
        parameters: Parameters | None = None,
        hello: bytes = HELLO,
        ending: str | None = None,
    ) -> None:
        self.told: list[str] = []
        self.link = Patient([GREETING, hello, *chunks], ending=ending)  # type: ignore[list-item]
        self.link.peer = "memory"
        self.session = Session(catalogue_of(protocol), (), Settings(timeout=60))
        self.session.attach(self.link)
        self.session.exchange(self.session.hello_line())
        self.link.sent.clear()
        channel = Channel(self.session.send, self.session.wait, self.told.append)
        envelope = Envelope("a@b", recipients, parameters or Parameters())
        self.delivery = Delivery(channel, self.session, envelope, style or Style())

    def run(self, text: bytes = TEXT) -> "Post":
        self.delivery.run(lambda: iter([text]))
        return self

    @property
    def sent(self) -> bytes:
        return b"".join(self.link.sent)

    @property
    def fates(self) -> list[str]:
        return [one.fate.value for one in self.delivery.judged]


def test_in_turn() -> None:
    """Each command behind the reply to the last one."""
    post = Post(OK, OK, NO, GO, TAKEN, recipients=("c@d", "e@f")).run()
    assert post.link.sent[:4] == [
        b"MAIL FROM:<a@b> SIZE=18\r\n",
        b"RCPT TO:<c@d>\r\n",
        b"RCPT TO:<e@f>\r\n",
        b"DATA\r\n",
    ]
    assert post.fates == ["sent", "refused"]
    assert post.delivery.queue_ids == [b"4bXyZ"]
    assert [one.recipient for one in post.delivery.missed] == ["e@f"]


def test_at_once() -> None:
    """MAIL, RCPT and DATA are one write, where that is offered (RFC 2920)."""
    post = Post(OK + OK + NO + GO, TAKEN, recipients=("c@d", "e@f"), style=AT_ONCE).run()
    group = b"MAIL FROM:<a@b> SIZE=18\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\nDATA\r\n"
    assert post.link.sent[0] == group
    assert post.sent == group + b"Subject: x\r\n\r\n..x\r\n.\r\n"
    assert post.fates == ["sent", "refused"]
    assert Post(OK, OK, GO, OK, style=AT_ONCE, hello=b"250 mx\r\n").run().fates == ["sent"]


def test_many_at_once() -> None:
    """Groups that a session remembers; each reply finds its recipient."""
    recipients = tuple(f"r{number}@d" for number in range(120))
    replies = [NO if number % 7 == 0 else OK for number in range(120)]
    first = OK + b"".join(replies[:49])
    rest = b"".join(replies[49:99]), b"".join(replies[99:]) + GO
    post = Post(first, *rest, TAKEN, recipients=recipients, style=AT_ONCE).run()
    assert len(post.link.sent[:3]) == 3
    assert post.link.sent[2].endswith(b"RCPT TO:<r119@d>\r\nDATA\r\n")
    assert post.fates == ["refused" if number % 7 == 0 else "sent" for number in range(120)]


def test_go_ahead_for_nobody() -> None:
    """DATA went out with the group, and all RCPT were refused: an empty message ends it."""
    post = Post(OK + NO + GO, b"554 nobody\r\n", style=AT_ONCE).run()
    assert post.sent.endswith(b"DATA\r\n.\r\n")
    assert post.fates == ["refused"]
    assert post.delivery.judged[0].reply is not None
    assert post.delivery.judged[0].reply.code == "550"


@pytest.mark.parametrize("style", [Style(), AT_ONCE])
def test_refused_sender(style: Style) -> None:
    """All recipients have the reply to MAIL; what the others say then is of no account."""
    rest = NO + b"503 no\r\n" * 3 if style.pipelining else NO
    post = Post(rest, recipients=("c@d", "e@f"), style=style).run()
    assert post.fates == ["refused"] * 2
    assert post.told[-1] == "nothing of the message was sent"
    assert b"RSET" not in post.sent


@pytest.mark.parametrize("style", [Style(), AT_ONCE])
def test_refused_data(style: Style) -> None:
    """Recipients that were accepted do not have it: later, and RSET takes it back."""
    replies = [OK + OK + LATER] if style.pipelining else [OK, OK, LATER]
    post = Post(*replies, OK, style=style).run()
    assert post.fates == ["later"]
    assert post.sent.endswith(b"DATA\r\nRSET\r\n")


@pytest.mark.parametrize("style", [Style(dry=True), Style(dry=True, pipelining=True)])
def test_dry_run(style: Style) -> None:
    """RSET behind the last RCPT; who was accepted misses nothing."""
    replies = [OK + OK + NO] if style.pipelining else [OK, OK, NO]
    post = Post(*replies, OK, recipients=("c@d", "e@f"), style=style).run()
    assert post.fates == ["accepted", "refused"]
    assert [one.recipient for one in post.delivery.missed] == ["e@f"]
    assert b"DATA" not in post.sent
    assert post.sent.endswith(b"RSET\r\n")


@pytest.mark.parametrize("style", [Style(), AT_ONCE, Style(chunk=0)])
def test_each_recipient_of_lmtp_has_a_verdict(style: Style) -> None:
    """RFC 2033, section 4.2; the one who was refused before has his own."""
    last = b"250 2.0.0 <1@d> 8GgrNQAAfm1b Saved\r\n552 5.2.2 full\r\n"
    envelope = OK + OK + NO + OK
    replies = [OK, OK, NO, OK] if not style.pipelining else [envelope + GO]
    go = [GO] if style == Style() else []
    post = Post(*replies, *go, last, recipients=("1@d", "2@d", "3@d"), style=style,
                protocol=Protocol.LMTP).run()  # fmt: skip
    assert post.fates == ["sent", "refused", "refused"]
    assert [one.reply.code for one in post.delivery.judged if one.reply] == ["250", "550", "552"]
    assert post.delivery.queue_ids == [b"8GgrNQAAfm1b"]


# ------------------------------------------------------------------------------------- chunks


def test_chunks_have_the_octets_of_size() -> None:
    """CRLF for LF, no dot doubled, a line end at the end; LAST behind the last of them."""
    post = Post(OK, OK, OK, OK, TAKEN, style=Style(chunk=8)).run(b"Subject: x\n\n.x")
    assert b" SIZE=18\r\n" in post.sent
    assert post.sent.endswith(b"BDAT 8\r\nSubject:BDAT 8\r\n x\r\n\r\n.xBDAT 2 LAST\r\n\r\n")
    assert post.fates == ["sent"]


def test_octets_as_they_are() -> None:
    """BINARYMIME: nothing is mended (RFC 3030, section 3)."""
    style, asked = Style(chunk=0), Parameters(binary=True)
    post = Post(OK, OK, TAKEN, style=style, parameters=asked).run(b"A: b\n\n\0\r.")
    assert post.sent.startswith(b"MAIL FROM:<a@b> SIZE=9 BODY=BINARYMIME\r\n")
    assert post.sent.endswith(b"BDAT 9 LAST\r\nA: b\n\n\0\r.")


def test_refused_chunk() -> None:
    """Nothing is sent behind it but RSET."""
    post = Post(OK, OK, OK, b"552 full\r\n", OK, style=Style(chunk=8)).run()
    assert post.fates == ["refused"]
    assert post.sent.endswith(b"BDAT 8\r\n x\r\n\r\n.xRSET\r\n")


def test_chunks_need_their_extension() -> None:
    """The octets would be run as commands: nothing is said, even anyway."""
    post = Post(style=Style(chunk=0), hello=b"250 mx\r\n", parameters=Parameters(anyway=True))
    with pytest.raises(Failure, match="CHUNKING"):
        post.run()
    assert post.sent == b""
    assert post.fates == ["not sent"]


def test_a_file_that_became_shorter() -> None:
    """The chunk was announced: that is told, and no octet is made up."""
    calls = 0

    def blocks() -> Iterator[bytes]:
        nonlocal calls
        calls += 1
        yield TEXT if calls == 1 else TEXT[:5]

    post = Post(OK, OK, OK, style=Style(chunk=0))
    with pytest.raises(Failure, match="fewer octets"):
        post.delivery.run(blocks)
    assert post.fates == ["unknown"]


# --------------------------------------------------------------------------------------- ends


@pytest.mark.parametrize(
    "replies, fate, sentence",
    [
        ([], "not sent", "RSET takes it back"),
        ([OK], "not sent", "RSET takes it back"),
        ([OK, OK], "not sent", "RSET takes it back"),
        ([OK, OK, GO], "unknown", "nobody knows yet"),
    ],
)
def test_interruptions(replies: list[bytes], fate: str, sentence: str) -> None:
    """What is owed is owed still; nothing more is said, and who may have it is unknown."""
    post = Post(*replies, None).run()
    assert post.delivery.interrupted
    assert sentence in post.told[-1]
    assert post.fates == [fate]
    assert b"RSET\r\n" not in post.sent


def test_the_server_goes_in_the_middle() -> None:
    """421 to an RCPT: nothing more is said; those behind it are not sent."""
    post = Post(OK, OK, b"421 going\r\n", recipients=("c@d", "e@f", "g@h")).run()
    assert post.fates == ["not sent", "later", "not sent"]
    assert post.sent.endswith(b"RCPT TO:<e@f>\r\n")
    assert not post.delivery.interrupted


@pytest.mark.parametrize(
    "replies, fates",
    [
        ([b"421 going\r\n"], ["later", "later"]),
        ([OK, OK, b"421 going\r\n"], ["not sent", "later"]),
        ([OK, OK, OK, b"421 going\r\n"], ["later", "later"]),
        ([OK, NO, OK, b"421 going\r\n"], ["refused", "later"]),
    ],
)
def test_the_server_goes_in_the_middle_of_a_group(replies: list[bytes], fates: list[str]) -> None:
    """421 to MAIL, an RCPT or DATA: nobody has interrupted that, and what was said is told."""
    post = Post(b"".join(replies), recipients=("c@d", "e@f"), style=AT_ONCE).run()
    assert not post.delivery.interrupted
    assert post.told == ["nothing of the message was sent"]
    assert post.fates == fates
    assert post.delivery.judged[-1].reply is not None
    assert post.delivery.judged[-1].reply.code == "421"


def test_the_link_is_cut_behind_the_dot() -> None:
    """Nobody knows what became of it: the failure says so, and so does the fate."""
    post = Post(OK, OK, GO, ending="eof")
    with pytest.raises(Failure) as caught:
        post.run()
    assert caught.value.word is Word.EOF
    assert post.fates == ["unknown"]


def test_too_few_replies_of_lmtp() -> None:
    """A server that forgets a recipient is waited for; what it says to others counts."""
    post = Post(OK, OK, OK, GO, b"250 one\r\n", None, recipients=("1@d", "2@d"),
                protocol=Protocol.LMTP).run()  # fmt: skip
    assert post.delivery.interrupted
    assert post.fates == ["unknown", "unknown"]


def test_parameters_that_were_not_offered_are_told() -> None:
    """And sent: the server's answer is what somebody wants to see."""
    asked = Parameters(mail=["RET=FULL"], rcpt=["NOTIFY=NEVER", "XYZ=1"])
    post = Post(OK, OK, GO, OK, parameters=asked, recipients=("c@d",)).run()
    assert "DSN was not offered (RFC 3461, section 4.3)" in post.told
    assert any("RCPT has no parameter XYZ" in one for one in post.told)
    assert b"RCPT TO:<c@d> NOTIFY=NEVER XYZ=1\r\n" in post.sent


def test_a_lone_dot_unstuffed() -> None:
    """On purpose: the rest of the text went out as commands, and that is told."""
    style = Style(stuffing=False)
    post = Post(OK, OK, GO, OK, b"500 what\r\n", style=style).run(b"a\n.\nEVIL\n")
    assert b"a\r\n.\r\nEVIL\r\n" in post.sent
    assert any("lone dot" in one for one in post.told)


def test_blocks_are_asked_for_again() -> None:
    """A message is read to be measured, and again to be sent: no more than a block is held."""
    seen = 0

    def blocks() -> Iterator[bytes]:
        nonlocal seen
        for _ in range(3):
            seen += 1
            yield b"x" * 30_000 + b"\n"

    kept: Blocks = blocks
    post = Post(OK, OK, GO, OK)
    post.delivery.run(kept)
    assert seen == 6
    assert max(map(len, post.link.sent)) <= 16 * 1024
    assert post.delivery.size == 3 * 30_002
    assert post.delivery.judged[0].fate is Fate.SENT
