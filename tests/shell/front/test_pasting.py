"""A paste of many lines: what is shown of it, what is asked, and what goes out."""

import pytest

from tests.shell.test_app import GREETING, Sit, sit

__all__ = ["sit"]  # a fixture


@pytest.mark.parametrize("answer", ["", "n", "x"])
def test_nothing_goes_out_unless_somebody_says_so(sit: Sit, answer: str) -> None:
    """The first three lines are shown, and how many there are; masked, and made safe."""
    table = sit(GREETING)
    table.typist.answers = [answer]
    table.enter("AUTH PLAIN c2VjcmV0\nNOOP \x1b[2J\nRSET\nNOOP\nQUIT\n")
    assert table.sent == []
    assert "5 lines were pasted:\n  AUTH PLAIN ********\n" in table.shown
    assert "\x1b" not in table.shown
    assert "  ... 2 more\n" in table.shown
    assert "note: nothing was sent" in table.shown


def test_batch_is_one_write(sit: Sit) -> None:
    """Mail data in it is stuffed, a // is one /, and the replies stand beside the commands."""
    table = sit(GREETING, b"250 a\r\n", b"354 b\r\n", b"250 c\r\n", b"500 d\r\n")
    table.typist.answers = ["b"]
    table.enter("NOOP\nDATA\n/x\n.y\n.\n//z")
    assert table.sent == [b"NOOP\r\nDATA\r\n/x\r\n..y\r\n.\r\n/z\r\n"]
    assert table.typist.asked == ["[b]atch (one write), [o]ne by one, [n]othing: "]
    assert table.talk.switches.group is None


def test_one_by_one_stops_at_the_first_refusal(sit: Sit) -> None:
    """And says how many lines were left."""
    table = sit(GREETING, b"250 ok\r\n", b"550 no\r\n", b"250 never\r\n")
    table.typist.answers = ["o"]
    table.enter("NOOP\nVRFY x\nRSET\nNOOP")
    assert table.sent == [b"NOOP\r\n", b"VRFY x\r\n"]
    assert "note: 2 more lines were not sent" in table.shown


def test_each_reply_stands_below_its_line(sit: Sit) -> None:
    """One by one: what is sent is shown again, its secret masked, and what a rule says of it."""
    table = sit(GREETING, b"503 first MAIL\r\n", b"503 no\r\n")
    table.typist.answers = ["o", "o"]
    table.enter("RCPT TO:<a@b.example>\nNOOP")
    rows = table.shown.split("\n")
    at = rows.index("> RCPT TO:<a@b.example>")
    assert rows[at - 1].startswith("note: RCPT")
    assert rows[at + 1].startswith("< 503 first MAIL")
    table.enter("AUTH PLAIN c2VjcmV0\nNOOP")
    assert "> AUTH PLAIN ****\n< 503 no" in table.shown


def test_a_refusal_of_before_stops_nothing(sit: Sit) -> None:
    """Only what the paste itself brought on counts; a local command brings on nothing."""
    table = sit(GREETING, b"550 no\r\n", b"250 ok\r\n")
    table.enter("VRFY x")
    table.typist.answers = ["o"]
    table.enter("/state\nNOOP")
    assert table.sent == [b"VRFY x\r\n", b"NOOP\r\n"]


@pytest.mark.parametrize(
    "paste",
    [
        "NOOP\n/state",
        "NOOP\n\x1dstate",
        "AUTH PLAIN\nc2VjcmV0",
        "\n".join(["NOOP"] * 101),
    ],
)
def test_what_cannot_be_one_write(sit: Sit, paste: str) -> None:
    """Local commands, logins, whose answers nothing would hide, and too many commands."""
    table = sit(GREETING)
    table.typist.answers = ["b"]
    table.enter(paste)
    assert table.typist.asked == ["[o]ne by one, [n]othing: "]
    assert table.sent == []


def test_a_long_mail_may_be_one_write(sit: Sit) -> None:
    """Lines of mail data are no commands, however many; a / among them is none either."""
    table = sit(GREETING, b"354 go\r\n", b"250 ok\r\n")
    table.typist.answers = ["b"]
    table.enter("DATA\n" + "/line\n" * 500 + ".\n")
    assert table.sent == [b"DATA\r\n" + b"/line\r\n" * 500 + b".\r\n"]


def test_without_a_connection_local_commands_can_be_pasted(sit: Sit) -> None:
    """There is nobody to hear a batch."""
    table = sit(GREETING)
    table.enter("/drop")
    table.typist.answers = ["o"]
    table.enter("/set timeout 5\n/set ehlo me.example")
    assert table.talk.settings.hello_name == "me.example"
    assert table.typist.asked == ["[o]ne by one, [n]othing: "]


def test_a_paste_into_a_group_is_collected(sit: Sit) -> None:
    """Who has said /pipeline has said what is to become of lines."""
    table = sit(GREETING, b"250 a\r\n", b"250 b\r\n")
    table.enter("/pipeline", "NOOP\nRSET", "/pipeline go")
    assert table.sent == [b"NOOP\r\nRSET\r\n"]
    assert table.typist.asked == []
