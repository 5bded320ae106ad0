"""The judge: what a step awaits, and what is told of what came.  All of it in memory."""

from pathlib import Path

import pytest

from mailprobe.lessons.told import Mistaken
from mailprobe.session import Session
from tests.lessons.helpers import Dialogue, lesson

SENDER = """\
S: 220 hi

== Who?
|en Say who.
@wrong
C: RCPT TO:<bob@example.test>
S? 503
|en First the sender.
@end
@wrong
C: MAIL FROM:<a@example.test> SIZE=9
S? 552
|en Too big.
@end
C: MAIL FROM:<a@example.test>
S? 250
|en Good.

== Leave
C: QUIT
S? 221
"""


def say(session: Session, *lines: str) -> None:
    for line in lines:
        session.exchange(line.encode())


def test_steps_are_done_in_their_order(tmp_path: Path) -> None:
    """Each by its line and its reply; the explanation comes with the reply."""
    talk = Dialogue(lesson(tmp_path, SENDER)[0])
    session = talk.open("220 hello", "250 ok", "221 bye")
    assert talk.said() == ["explained", "begun 1"]
    say(session, "mail from:<a@example.test> BODY=8BITMIME")
    assert talk.said() == ["Good.", "done 1", "begun 2"]
    say(session, "QUIT")
    assert talk.said() == ["explained", "done 2", "finished"]
    assert talk.judge.finished


def test_a_known_mistake_is_told_and_leaves_the_step_open(tmp_path: Path) -> None:
    """By its line and its reply; the right line may follow."""
    talk = Dialogue(lesson(tmp_path, SENDER)[0])
    session = talk.open("220 hi", "503 no", "250 ok")
    talk.said()
    say(session, "RCPT TO:<bob@example.test>")
    assert talk.said() == ["mistaken"]
    assert [" ".join(each.text.said("en")) for each in talk.judge.mistakes] == ["First the sender."]
    say(session, "MAIL FROM:<a@example.test>")
    assert "done 1" in talk.said()


def test_a_known_mistake_needs_its_reply(tmp_path: Path) -> None:
    """Another reply makes another thing of the same line."""
    talk = Dialogue(lesson(tmp_path, SENDER)[0])
    session = talk.open("220 hi", "250 ok")
    talk.said()
    say(session, "RCPT TO:<bob@example.test>")
    assert talk.said() == ["strayed"]


def test_the_right_line_answered_otherwise_is_said_again(tmp_path: Path) -> None:
    """And may be a known mistake by its reply."""
    talk = Dialogue(lesson(tmp_path, SENDER)[0])
    session = talk.open("220 hi", "451 later", "552 big", "250 ok")
    talk.said()
    say(session, "MAIL FROM:<a@example.test>")
    assert talk.said() == ["strayed"]
    say(session, "MAIL FROM:<a@example.test> SIZE=9")
    assert talk.said() == ["mistaken"]
    say(session, "MAIL FROM:<a@example.test>")
    assert "done 1" in talk.said()


ENVELOPE = """\
S: 220 hi

== Who sends, who gets?
C: MAIL FROM:<a@example.test>
S? 250
C: RCPT TO:<bob@example.test>
S? 250

== Leave
C: QUIT
S? 221
"""


def test_the_way_back_is_no_mistake(tmp_path: Path) -> None:
    """What is done may be said again, and nobody blames it, as long as it is answered alike."""
    talk = Dialogue(lesson(tmp_path, ENVELOPE)[0])
    session = talk.open("220 hi", "250 ok", "550 no", "250 ok", "503 no", "250 ok", "250 ok")
    talk.said()
    say(session, "MAIL FROM:<a@example.test>", "RCPT TO:<bob@example.test>")
    assert talk.said()[-1] == "strayed"
    say(session, "MAIL FROM:<a@example.test>")
    assert talk.said() == []
    say(session, "MAIL FROM:<a@example.test>")  # refused now, and so it is told
    assert talk.said() == ["strayed"]
    say(session, "RCPT TO:<bob@example.test>")
    assert "done 1" in talk.said()
    say(session, "RCPT TO:<bob@example.test>")  # of a step that is done
    assert talk.said() == []


STORED = """\
S: 220 hi

== Send
C: EHLO me.test
S? 250
C: MAIL FROM:<a@example.test>
S? 250
C: RCPT TO:<b@example.test>
S? 250
C: DATA
S? 354
@wrong
C: Subject: other
C: .
S? 250
@assert message.subject == other
|en Another subject.
@end
C: Subject: hello
C: .
S? 250
@assert message.subject == hello
@assert stored == 1

== Leave
C: QUIT
S? 221
"""


def send(session: Session, subject: str) -> None:
    from mailprobe.protocol.items import Data

    session.exchange(b"DATA")
    session.send(Data(f"Subject: {subject}\r\n\r\nhi\r\n.\r\n".encode()))
    session.wait()


def test_a_step_may_be_done_in_another_way(tmp_path: Path) -> None:
    """By HELO and another recipient: what counts is what is asserted."""
    talk = Dialogue(lesson(tmp_path, STORED)[0])
    session = talk.open("220 hi", "250 hi", "250 ok", "250 ok", "354 go", "250 done")
    talk.said()
    say(session, "HELO me.test", "MAIL FROM:<x@example.test>", "RCPT TO:<c@example.test>")
    assert talk.said() == ["strayed", "strayed", "strayed"]
    send(session, "hello")
    assert talk.said() == ["strayed", "explained", "done 1", "begun 2"]  # and no word against it


def test_an_assertion_that_does_not_hold_begins_the_step_again(tmp_path: Path) -> None:
    """A known mistake may be known by its own assertion."""
    talk = Dialogue(lesson(tmp_path, STORED)[0])
    again = ["250 ok", "250 ok", "354 go", "250 done"]
    session = talk.open("220 hi", "250 hi", *again, *again)
    say(session, "EHLO me.test", "MAIL FROM:<a@example.test>", "RCPT TO:<b@example.test>")
    talk.said()
    send(session, "other")
    assert talk.said()[-1] == "mistaken"
    assert talk.judge.item is talk.judge.part.items[0] if talk.judge.part else False
    say(session, "MAIL FROM:<a@example.test>", "RCPT TO:<b@example.test>")
    send(session, "third")
    assert "done 1" not in talk.said()


def test_what_holds_from_the_start_ends_no_step(tmp_path: Path) -> None:
    """`deleted == 0` is true before anything was done."""
    text = """\
S: +OK hi

== Leave
C: QUIT
S? +OK
@assert deleted == 0
"""
    talk = Dialogue(lesson(tmp_path, text, protocol="pop3")[0])
    session = talk.open("+OK hi", "-ERR no", "+OK bye", protocol="pop3")
    say(session, "NOOP")
    assert talk.said()[-1] == "strayed"
    say(session, "QUIT")
    assert talk.judge.finished


def test_the_reply_decides_between_alternatives(tmp_path: Path) -> None:
    """What follows is that of the branch which fits."""
    text = """\
S: 220 hi

== Ask
C: VRFY bob
@alt yes
S? 250
|en It told.
@or no
S? 252
|en It did not tell.
@end

== Leave
C: QUIT
S? 221
"""
    found = lesson(tmp_path, text)[0]
    for reply, text in (("250 yes", "It told."), ("252 perhaps", "It did not tell.")):
        talk = Dialogue(found)
        session = talk.open("220 hi", reply, "550 no")
        talk.said()
        say(session, "VRFY bob")
        assert talk.said() == [text, "done 1", "begun 2"]


TWO = """\
S: +OK hi

== Cut
C@ close

== Again
?en Open it.
?zh 打开。
S2: +OK hi
C2: UIDL 1
S2~ +OK 1 {uid:token}

== The same
C2: UIDL 1
S2~ +OK 1 {uid:token}
"""
PEER2 = "protocol 2: pop3\nconnect 2: sandbox"


def test_connections_are_counted_as_they_are_opened(tmp_path: Path) -> None:
    """A second one is the second; one in the place of one that has ended takes its number."""
    talk = Dialogue(lesson(tmp_path, TWO, protocol="pop3", more=PEER2)[0])
    first = talk.open("+OK hi", protocol="pop3")
    talk.said()
    first.drop()
    assert talk.said() == ["explained", "done 1", "begun 2"]
    second = talk.open("+OK hi", "+OK 1 abc", protocol="pop3")
    say(second, "UIDL 1")
    assert "done 2" in talk.said()
    second.drop()
    third = talk.open("+OK hi", "+OK 1 other", "+OK 1 abc", protocol="pop3")
    say(third, "UIDL 1")
    assert talk.said() == ["strayed"], "a capture holds in each connection"
    say(third, "UIDL 1")
    assert talk.judge.finished


def test_a_goodbye_is_no_cut(tmp_path: Path) -> None:
    """Where a connection is to be cut, QUIT does something else."""
    talk = Dialogue(lesson(tmp_path, TWO, protocol="pop3", more=PEER2)[0])
    first = talk.open("+OK hi", "+OK bye", protocol="pop3")
    talk.said()
    say(first, "QUIT")
    first.drop()
    assert talk.said() == ["strayed"]


def test_lmtp_answers_each_recipient(tmp_path: Path) -> None:
    """The end of the data is done when all of them are answered."""
    text = """\
S: 220 hi
C: LHLO me.test
S? 250
C: MAIL FROM:<a@example.test>
S? 250
C: RCPT TO:<b@example.test>
S? 250
C: RCPT TO:<c@example.test>
S? 250
C: DATA
S? 354

== Send
C: Subject: x
C: .
S? 250
S? 452
"""
    talk = Dialogue(lesson(tmp_path, text, protocol="lmtp")[0])
    replies = ("220 hi", "250 hi", "250 ok", "250 ok", "250 ok", "354 go", "250 b\n452 c full")
    session = talk.open(*replies, protocol="lmtp")
    say(session, "LHLO me.test", "MAIL FROM:<a@example.test>", "RCPT TO:<b@example.test>")
    say(session, "RCPT TO:<c@example.test>")
    send(session, "x")
    assert talk.judge.finished


def test_octets_that_are_counted_are_answered_and_not_their_command(tmp_path: Path) -> None:
    """BDAT; a malformed one has no octets, and is answered itself."""
    text = """\
S: 220 hi
C: EHLO me.test
S? 250
C: MAIL FROM:<a@example.test>
S? 250
C: RCPT TO:<b@example.test>
S? 250

== Count
@wrong
C: BDAT LAST
S? 501
|en How many?
@end
@wrong
C: BDAT 1 LAST
C= x
S? 250
|en Too few.
@end
C: BDAT 3 LAST
C= xyz
S? 250
"""
    from mailprobe.protocol.items import Data

    found = lesson(tmp_path, text)[0]
    begun = ("220 hi", "250-hi\n250 CHUNKING", "250 ok", "250 ok")
    for line, octets, reply, told in (
        ("BDAT LAST", b"", "501 no", "mistaken"),
        ("BDAT 1 LAST", b"x", "250 ok", "mistaken"),
        ("BDAT 2 LAST", b"xy", "250 ok", "strayed"),
        ("BDAT 3 LAST", b"abc", "250 ok", "finished"),
    ):
        talk = Dialogue(found)
        session = talk.open(*begun, reply)
        say(session, "EHLO me.test", "MAIL FROM:<a@example.test>", "RCPT TO:<b@example.test>")
        talk.said()
        session.send(session.item(line.encode()))
        if octets:
            session.send(Data(octets))
        session.wait()
        assert talk.said()[-1] == told, line


def test_what_nobody_asked_for_can_be_awaited(tmp_path: Path) -> None:
    """A server that speaks of its own accord."""
    text = """\
S: 220 hi

== Wait
?en It will say something.
?zh 它会说话。
S: 421 too long
S@ close
"""
    talk = Dialogue(lesson(tmp_path, text)[0])
    session = talk.open("220 hi")
    assert not talk.judge.finished
    talk.script.polled = b"421 too long\r\n"
    session.poll()
    assert talk.judge.finished


def test_what_goes_out_in_one_write_is_awaited_together(tmp_path: Path) -> None:
    """Replies come in their order; one that is not as it must be has all behind it said again."""
    text = """\
S: 220 hi

== Together
C: MAIL FROM:<a@example.test>
C: RCPT TO:<b@example.test>
S? 250
S? 250
"""
    from mailprobe.protocol.items import Raw

    found = lesson(tmp_path, text)[0]
    both = Raw(b"MAIL FROM:<a@example.test>\r\nRCPT TO:<b@example.test>\r\n")
    talk = Dialogue(found)
    session = talk.open("220 hi", "250 ok\r\n250 ok")
    session.send(both)
    session.wait()
    assert talk.judge.finished
    talk = Dialogue(found)
    session = talk.open("220 hi", "550 no\r\n503 no", "250 ok\r\n250 ok")
    talk.said()
    session.send(both)
    session.wait()
    assert talk.said() == ["strayed"]
    session.send(both)
    session.wait()
    assert talk.judge.finished


def test_skipping_goes_on(tmp_path: Path) -> None:
    """And is remembered as what it was."""
    talk = Dialogue(lesson(tmp_path, SENDER)[0])
    talk.open("220 hi")
    talk.said()
    talk.judge.skip()
    assert talk.said() == ["skipped 1", "begun 2"]
    assert talk.judge.done == {1: True}


@pytest.mark.parametrize("line", ["EHLO x", "NOOP", "RCPT TO:<other@example.test>", "MAIL"])
def test_what_is_not_awaited_does_no_harm(tmp_path: Path, line: str) -> None:
    """It is told, and no mistake is counted."""
    talk = Dialogue(lesson(tmp_path, SENDER)[0])
    session = talk.open("220 hi", "250 ok", "250 ok")
    talk.said()
    say(session, line)
    assert talk.said() == ["strayed"]
    assert not any(isinstance(each, Mistaken) for each in talk.judge.take())
    say(session, "MAIL FROM:<a@example.test>")
    assert "done 1" in talk.said()


def test_a_refusal_that_was_awaited_before_is_told(tmp_path: Path) -> None:
    """It repeats what is done, and leads nowhere; what was taken leads back."""
    text = (
        "S: 220 hi\n\n== A\nC: EHLO me\nS? 250\n\n== B\nC: XXXX\nS? 500\n\n== C\nC: QUIT\nS? 221\n"
    )
    talk = Dialogue(lesson(tmp_path, text)[0])
    session = talk.open("220 hi", "250 ok", "500 no", "500 no", "250 ok")
    say(session, "EHLO me", "XXXX")
    talk.said()
    say(session, "XXXX")
    assert talk.said() == ["strayed"]
    say(session, "EHLO me")
    assert talk.said() == []
