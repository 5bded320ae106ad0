"""The dialogue without its mail."""

from mailprobe.protocol import events
from mailprobe.protocol.model import Command, Reply
from mailprobe.shell.piping.terse import Terse

RETR = Command(b"RETR 1")


def play(terse: Terse) -> None:
    terse(events.CommandSent(0, RETR, b"RETR 1\r\n"))
    terse(events.ReplyReceived(0, Reply.of("+OK", "here"), RETR, body=True))
    terse(events.BodyChunk(0, b"a\r\n", b"a\r\n"))
    terse(events.BodyChunk(0, b".b\r\n", b"..b\r\n.\r\n", last=True))
    terse(events.DataSent(0, b"x\r\n", last=False))
    terse(events.DataSent(0, b".\r\n", last=True))


def test_octets_are_counted_and_not_shown() -> None:
    """Bodies and mail data are one line each."""
    lines: list[str] = []
    terse = Terse(lines.append, lines.append, color=False, shown=True)
    play(terse)
    assert lines == ["C: RETR 1\n", "S: +OK here\n", "# 7 octets of body\n",
                     "# 6 octets of mail data\n"]  # fmt: skip


def test_bodies_go_to_whoever_asks_for_them() -> None:
    """Dots undone, as long as he is there; nothing is shown where nobody looks."""
    lines: list[str] = []
    taken: list[bytes] = []
    terse = Terse(lines.append, lines.append, color=False, shown=False)
    terse.hand(taken.append)
    play(terse)
    terse.hand(None)
    play(terse)
    assert taken == [b"a\r\n", b".b\r\n"]
    assert lines == []
    terse(events.ReplyReceived(0, Reply.of("-ERR", "[IN-USE] x"), RETR))
    (sentence,) = terse.refused
    assert sentence.startswith("RETR was answered: -ERR [IN-USE] x (IN-USE: the login is right")


def test_what_comes_unasked_is_told_in_its_words() -> None:
    """A 421 in the middle of mail data says why the server goes; a dialogue has it anyhow."""
    going = events.Unsolicited(0, Reply.of("421", "4.3.2 \x1b[1mgoing"))
    lines: list[str] = []
    Terse(lines.append, lines.append, color=False, shown=False)(going)
    assert lines == ["note: unsolicited: 421 4.3.2 \\u{1b}[1mgoing"]
    lines.clear()
    Terse(lines.append, lines.append, color=False, shown=True)(going)
    assert lines == ["# unsolicited\n", "note: unsolicited", "S: 421 4.3.2 \\u{1b}[1mgoing\n"]
