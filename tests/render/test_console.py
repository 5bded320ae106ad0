"""The screen: what a person sees of a session, and what nobody must see."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.errors import Word
from mailprobe.protocol import events
from mailprobe.protocol.events import Ending, Event
from mailprobe.protocol.model import Advice, Command, Deviation, Reply, State
from mailprobe.render.console import Screen
from mailprobe.safe import safe
from mailprobe.value import replace


class Secrets:
    def mask(self, octets: bytes) -> bytes:
        return octets.replace(b"hunter2", b"****")


def show(*shown: Event, color: bool = False, plain: bool = False) -> str:
    """What a screen writes of these events."""
    written: list[str] = []
    screen = Screen(written.append, color=color, secrets=Secrets(), plain=plain)
    for event in shown:
        screen(event)
    return "".join(written)


def reply(wire: bytes, code: str) -> Reply:
    return Reply(tuple(wire.split(b"\r\n")), code, wire + b"\r\n")


OK = reply(b"250 ok", "250")
NOOP = Command(b"NOOP")
RETR = Command(b"RETR 1")
DATA = Command(b"DATA")


@pytest.mark.parametrize(
    "event, text",
    [
        (events.Greeting(0, reply(b"220 mx ESMTP", "220")), "< 220 mx ESMTP\n"),
        (events.Unsolicited(0, reply(b"421 bye", "421")), "<* 421 bye  (unsolicited)\n"),
        (events.ReplyReceived(0, reply(b"250-a\r\n250 b", "250"), NOOP), "< 250-a\n< 250 b\n"),
        (events.ReplyReceived(0, reply(b"535 hunter2?", "535"), NOOP), "< 535 ****?\n"),
        (events.ReplyReceived(0, OK, DATA, b"bob@x"), "< 250 ok  (for bob@x)\n"),
        (events.Connecting(0, "192.0.2.1:25"), "note: connecting to 192.0.2.1:25\n"),
        (events.Connected(0, "[::1]:25", ""), "note: connected to [::1]:25\n"),
        (
            events.Tunnelled(0, "mx.test:25", "127.0.0.1:1080", looked_up=True),
            "note: the proxy connected us to mx.test:25, and looked the name up\n",
        ),
        (
            events.Tunnelled(0, "192.0.2.1:25", "127.0.0.1:1080", looked_up=False),
            "note: the proxy connected us to 192.0.2.1:25\n",
        ),
        (events.Remarked(0, "exim says: hunter2 \x1b"), "note: exim says: **** \\u{1b}\n"),
        (
            events.TlsStarted(0, "TLSv1.3", "TLS_AES", "mx.test", verified=True),
            "note: TLSv1.3, TLS_AES, verified for mx.test\n",
        ),
        (
            events.TlsStarted(0, "TLSv1.3", "TLS_AES", "", verified=False),
            "warning: TLSv1.3, TLS_AES, server NOT VERIFIED: anybody may be at the other end\n",
        ),
        (
            events.Deviated(0, Deviation("bare LF", "RFC 5321, section 2.3.8", 12)),
            "note: bare LF at octet 12 (RFC 5321, section 2.3.8)\n",
        ),
        (events.Advised(0, Advice("RCPT before MAIL", "RFC")), "note: RCPT before MAIL (RFC)\n"),
        (events.Failed(0, Word.EOF, "gone"), "mailprobe: eof: gone\n"),
        (events.Failed(0, Word.EOF, "cut: 5 hunter2"), "mailprobe: eof: cut: 5 ****\n"),
        (
            events.Failed(0, Word.PROTOCOL, "odd", b"HTTP\x1b hunter2"),
            "<? HTTP\\u{1b} ****\nmailprobe: protocol: odd\n",
        ),
        (events.Closed(0, Ending.EOF), "note: the server closed the connection\n"),
        (events.Closed(0, Ending.LOCAL), "note: connection closed\n"),
        (events.CommandSent(0, NOOP, b""), "> NOOP\n"),
        (events.CommandSent(0, Command(b"PASS a b"), b"", (5, 8)), "> PASS ****\n"),
        (events.AnswerSent(0, b"c2VjcmV0", b"c2VjcmV0\r\n", NOOP), "> ****\n"),
        (events.AnswerSent(0, b"*", b"*\r\n", NOOP), "> *\n"),
        (events.AnswerSent(0, b"", b"\r\n", NOOP), "> \n"),
        (events.StateChanged(0, State.READY, State.MAIL), ""),
        (events.DataSent(0, b"hello\r\n", last=False), ""),
        (events.RawSent(0, b"NO"), ""),
    ],
)  # fmt: skip
def test_each_event_has_its_line(event: Event, text: str) -> None:
    """What the server says behind `<`, what we say about it behind a word."""
    assert show(event) == text


def test_replies_are_coloured_by_what_they_say() -> None:
    """The whole line, never the line end, and the colour ends with it."""
    codes = {"250": "32", "354": "36", "450": "33", "550": "1;31"}
    for code, sgr in codes.items():
        event = events.ReplyReceived(0, reply(f"{code} x".encode(), code), NOOP)
        assert show(event, color=True) == f"\x1b[{sgr}m< {code} x\x1b[0m\n"


@pytest.mark.parametrize(
    "code, words", [("250", "ok"), ("354", "go on"), ("450", "later"), ("-ERR", "refused")]
)
def test_plain_mode_says_it_in_words(code: str, words: str) -> None:
    """What colour says elsewhere stands behind the reply."""
    event = events.ReplyReceived(0, reply(f"{code} x".encode(), code), NOOP)
    assert show(event, plain=True) == f"< {code} x  ({words})\n"
    unsolicited = events.Unsolicited(0, reply(f"{code} x".encode(), code))
    assert show(unsolicited, plain=True) == f"<* {code} x  ({words}, unsolicited)\n"


def test_typed_commands_are_not_shown_again() -> None:
    """Those that mailprobe sends itself are, before the typed one goes out."""
    written: list[str] = []
    screen = Screen(written.append, color=False, secrets=Secrets())
    screen.expect_typed(b"MAIL FROM:<>")
    screen(events.CommandSent(0, Command(b"EHLO me"), b""))
    assert screen.typed == b"MAIL FROM:<>"
    screen(events.CommandSent(0, Command(b"MAIL FROM:<>"), b""))
    assert screen.typed is None
    screen(events.CommandSent(0, Command(b"MAIL FROM:<>"), b""))
    assert written == ["> EHLO me\n", "> MAIL FROM:<>\n"]


def test_replies_say_how_long_they_took() -> None:
    """From the octets that asked for them: of mail data, from its end."""
    first, second = Command(b"NOOP"), Command(b"NOOP")
    go_on = reply(b"354 go", "354")
    text = show(
        events.CommandSent(1.0, first, b""),
        events.CommandSent(2.0, second, b""),
        events.ReplyReceived(2.5, OK, first),
        events.ReplyReceived(2.5, OK, second),
        events.CommandSent(3.0, DATA, b""),
        events.ReplyReceived(3.25, go_on, DATA),
        events.DataSent(9.0, b".\r\n", last=True),
        events.ReplyReceived(9.125, OK, DATA, b"a"),
        events.ReplyReceived(29.0, OK, DATA, b"b"),
        events.CommandSent(30.0, NOOP, b""),
        events.ReplyReceived(30.001, OK, NOOP),
    )
    assert re.findall(r"\(.*\)", text) == [
        "(1500 ms)",
        "(500 ms)",
        "(250 ms)",
        "(for a, 125 ms)",
        "(for b, 20.0 s)",
        "(1 ms)",
    ]


def test_a_body_is_shown_piece_by_piece() -> None:
    """One write a piece; the end says how much it was."""
    written: list[str] = []
    screen = Screen(written.append, color=False, secrets=Secrets())
    screen.expect_typed(b"RETR 1")
    screen(events.CommandSent(0, RETR, b""))
    screen(events.ReplyReceived(0.5, reply(b"+OK", "+OK"), RETR, body=True))
    screen(events.BodyChunk(0.75, b"a\r\nb\r", b""))
    screen(events.BodyChunk(1, b"\n", b"", last=True))
    assert written == ["< +OK  (500 ms)\n", "< a\n< b", "\n< .  (6 octets, 1000 ms)\n"]


def test_a_cut_body_leaves_no_open_line() -> None:
    """The failure begins on a line of its own."""
    text = show(
        events.ReplyReceived(0, reply(b"+OK", "+OK"), RETR, body=True),
        events.BodyChunk(0, b"half\xe6", b""),
        events.Failed(0, Word.EOF, "closed"),
        events.Closed(0, Ending.EOF),
    )
    assert text == "< +OK\n< half\\xe6\nmailprobe: eof: closed\n"


def test_a_long_piece_of_nothing_is_cut() -> None:
    """What was no reply is shown as far as a person reads."""
    text = show(events.Failed(0, Word.LIMIT, "too long", b"x" * 60_000))
    assert text.startswith("<? xxx")
    assert "(58000 octets more)" in text
    assert len(text) < 2200


def test_our_own_remarks() -> None:
    """Notes, warnings and failures have the forms that stderr has, too."""
    written: list[str] = []
    screen = Screen(written.append, color=True, secrets=Secrets())
    screen.note("one")
    screen.warn("two")
    screen.fail("usage", "three \\x1b")
    screen.fail("usage", "four \x1b")
    assert written == [
        "\x1b[2mnote: one\x1b[0m\n",
        "\x1b[1;33mwarning: two\x1b[0m\n",
        "\x1b[1;31mmailprobe: usage: three \\x1b\x1b[0m\n",
        "\x1b[1;31mmailprobe: usage: four \\u{1b}\x1b[0m\n",
    ]


OCTETS = st.binary(max_size=40) | st.sampled_from(
    [b"\x1b]0;x\x07", b"\xc2\x9b2J", "\u202ea\u200b\u2028".encode(), b"[/red] :skull:", b"\r\n\n"]
)
TEXTS = st.text(max_size=20) | OCTETS.map(lambda octets: octets.decode("latin-1"))
REPLIES = st.builds(
    lambda lines, code: Reply(tuple(lines), code, b""),
    st.lists(OCTETS, min_size=1, max_size=3),
    st.sampled_from(["250", "354", "451", "599", "+OK", "-ERR", "+"]),
)
COMMANDS = st.builds(Command, OCTETS)
EVENTS = st.one_of(
    st.builds(events.Greeting, st.just(0.0), REPLIES),
    st.builds(events.ReplyReceived, st.just(1.0), REPLIES, COMMANDS, st.none() | OCTETS),
    st.builds(events.Unsolicited, st.just(1.0), REPLIES),
    st.builds(events.BodyChunk, st.just(1.0), OCTETS, OCTETS, st.booleans()),
    st.builds(events.CommandSent, st.just(0.5), COMMANDS, OCTETS, st.none() | st.just((1, 3))),
    st.builds(events.Failed, st.just(1.0), st.sampled_from(list(Word)), TEXTS, OCTETS),
    st.builds(events.TlsStarted, st.just(0.0), TEXTS, TEXTS, TEXTS, st.booleans()),
    st.builds(events.Connecting, st.just(0.0), TEXTS),
    st.builds(events.Tunnelled, st.just(0.0), TEXTS, TEXTS, st.booleans()),
    st.builds(events.Remarked, st.just(0.0), TEXTS),
    st.builds(events.Connected, st.just(0.0), TEXTS, TEXTS),
    st.builds(events.Deviated, st.just(0.0), st.builds(Deviation, TEXTS, TEXTS, st.just(1))),
    st.builds(events.Advised, st.just(0.0), st.builds(Advice, TEXTS, TEXTS)),
    st.builds(events.Closed, st.just(2.0), TEXTS),
)


@given(st.lists(EVENTS, max_size=6), st.booleans(), st.booleans())
def test_nothing_raw_reaches_the_terminal(shown: list[Event], color: bool, plain: bool) -> None:
    """Whatever a peer sends, all that is written is printable text, line ends and our colours."""
    text = show(*shown, color=color, plain=plain)
    rest = re.sub(r"\x1b\[(?:0|[12]|3[1-6]|1;3[1-6])m", "", text) if color else text
    assert all(safe(piece) == piece for line in rest.split("\n") for piece in line.split("\\"))


@given(st.binary(max_size=30))
def test_answers_are_never_shown(line: bytes) -> None:
    """No octet of an answer to AUTH, nor its length; what gives nothing away is shown."""
    shown = "****" if line not in (b"", b"*", b"=") else line.decode()
    assert show(events.AnswerSent(0, line, line + b"\r\n", NOOP)) == f"> {shown}\n"


def test_an_answer_that_was_typed_is_not_shown_again() -> None:
    """It stands behind the prompt already; the next one, of /auth perhaps, is shown."""
    written: list[str] = []
    screen = Screen(written.append, color=False, secrets=Secrets())
    screen.expect_typed(b"YWI=")
    screen(events.AnswerSent(0, b"YWI=", b"YWI=\r\n", NOOP))
    assert written == []
    screen(events.AnswerSent(0, b"YWI=", b"YWI=\r\n", NOOP))
    assert written == ["> ****\n"]


def test_a_body_that_is_not_shown_is_counted() -> None:
    """The size is that of the whole body; the next body is shown again."""
    written: list[str] = []
    screen = Screen(written.append, color=False, secrets=Secrets())
    screen.expect_typed(b"RETR 1")
    screen(events.CommandSent(0, RETR, b""))
    screen(events.ReplyReceived(0.5, reply(b"+OK", "+OK"), RETR, body=True))
    screen(events.BodyChunk(0.75, b"a\r\n", b""))
    screen.hushed = True
    screen(events.BodyChunk(1, b"unwanted\r\n", b"", last=True))
    assert written[1:] == ["< a\n", "< .  (13 octets, the rest not shown, 1000 ms)\n"]
    screen(events.ReplyReceived(2, reply(b"+OK", "+OK"), RETR, body=True))
    screen(events.BodyChunk(2, b"b\r\n", b"", last=True))
    assert "".join(written[3:]).endswith("< b\n< .  (3 octets, 2000 ms)\n")


# ---------------------------------------------------------------------- on a terminal of some size


def wide(
    written: list[str], *, columns: int = 60, fold: int = 3, color: bool = False, live: bool = True
) -> Screen:
    """A screen that knows how large the terminal is."""
    return Screen(
        written.append,
        color=color,
        secrets=Secrets(),
        layout=lambda: (columns, fold),
        rewritable=lambda: live,
    )


def test_times_stand_at_the_right_edge() -> None:
    """Dim, one column free; where there is no room, behind the reply."""
    written: list[str] = []
    screen = wide(written, columns=24, color=True)
    for at, text in ((0.0, b"250 ok"), (1.0, b"250 \xe6\x81\xad"), (2.0, b"250 a long reply")):
        command = Command(b"NOOP")
        screen.expect_typed(b"NOOP")
        screen(events.CommandSent(at, command, b""))
        screen(events.ReplyReceived(at + 0.012, reply(text, "250"), command))
    assert written == [
        "\x1b[32m< 250 ok\x1b[0m" + " " * 10 + "\x1b[2m12 ms\x1b[0m\n",
        "\x1b[32m< 250 恭\x1b[0m" + " " * 10 + "\x1b[2m12 ms\x1b[0m\n",
        "\x1b[32m< 250 a long reply\x1b[0m\n\x1b[2m  (12 ms)\x1b[0m\n",  # not cut by the edge
    ]


def test_a_long_body_is_folded() -> None:
    """Its first rows, how much more there is, and how to read it."""
    written: list[str] = []
    screen = wide(written)
    screen(events.ReplyReceived(0, reply(b"+OK", "+OK"), RETR, body=True))
    screen(events.BodyChunk(0, b"a\r\n" * 5, b""))
    screen(events.BodyChunk(0, b"a\r\n" * 95, b"", last=True))
    assert "".join(written) == (
        "< +OK\n< a\n< a\n< a\n"
        "... 97 more lines, 291 octets: /page, /headers, /mime, /body-save FILE\n"
        f"< .{'300 octets':>56}\n"
    )


def test_a_long_reply_is_folded() -> None:
    """The last line, which says most, is shown all the same."""
    lines = b"\r\n".join([b"214-x"] * 9 + [b"214 end"])
    written: list[str] = []
    wide(written)(events.ReplyReceived(0, reply(lines, "214"), NOOP))
    shown = "< 214-x\n" * 3 + "... 6 more lines: /page\n< 214 end\n"
    assert written == [shown]


def test_a_long_listing_is_a_table() -> None:
    """LIST without an argument; a body that was cut short shows what came."""
    written: list[str] = []
    screen = wide(written)
    screen(events.ReplyReceived(0, reply(b"+OK", "+OK"), Command(b"LIST"), body=True))
    screen(events.BodyChunk(0, b"1 10\r\n2 20\r\n3 30\r\n4 40\r\n", b"", last=True))
    assert "       3      30\n... 1 more message, 6 octets: /page, /body-save FILE\n" in "".join(
        written
    )
    written.clear()
    screen(events.ReplyReceived(0, reply(b"+OK", "+OK"), Command(b"LIST"), body=True))
    screen(events.BodyChunk(0, b"1 10\r\n2", b""))
    screen(events.Failed(0, Word.EOF, "gone"))
    assert "".join(written) == "< +OK\n< 1 10\n< 2\nmailprobe: eof: gone\n"


def test_progress_of_a_long_body() -> None:
    """After half a second, ten times a second at most, erased before anything else is written."""
    written: list[str] = []
    screen = wide(written)
    screen(events.ReplyReceived(0, reply(b"+OK 400000 octets", "+OK"), RETR, body=True))
    for at in (0.1, 0.2, 0.4, 0.6, 0.65, 1.0):
        screen(events.BodyChunk(at, b"x" * 98 + b"\r\n", b""))
    assert written[-2:] == [
        "\rreceived 400 octets of 400.0 kB, 667 octets/s\x1b[K",
        "\rreceived 600 octets of 400.0 kB, 600 octets/s\x1b[K",
    ]
    screen(events.BodyChunk(1.5, b"", b"", last=True))
    assert written[-2] == "\r\x1b[K"
    assert written[-1].startswith("... 5 more lines, 420 octets: ")


@pytest.mark.parametrize("live", [True, False])
def test_progress_of_long_mail_data(live: bool) -> None:
    """Only of what no person types, and only where a line may be written over."""
    written: list[str] = []
    screen = wide(written, live=live)
    screen.expect_typed(b"DATA")
    screen(events.CommandSent(0, DATA, b""))
    for at in range(4):
        screen(events.DataSent(at, b"x" * 100_000, last=False))
    told = [
        "\rsent 100.0 kB\x1b[K",
        "\rsent 200.0 kB, 100.0 kB/s\x1b[K",
        "\rsent 300.0 kB, 100.0 kB/s\x1b[K",
        "\rsent 400.0 kB, 100.0 kB/s\x1b[K",
    ]
    assert written == (told if live else [])
    screen.rest()
    screen.rest()
    screen(events.DataSent(5, b"hello\r\n", last=True))
    screen(events.DataSent(9, b"typed\r\n", last=False))
    screen(events.DataSent(10, b"typed\r\n", last=False))
    assert written[4:] == (["\r\x1b[K"] if live else [])


def test_progress_stays_until_the_reply() -> None:
    """What is sent is still to be taken by the server; the first piece counts for no rate."""
    written: list[str] = []
    screen = wide(written)
    screen.expect_typed(b"DATA")
    screen(events.CommandSent(0, DATA, b"DATA\r\n"))
    screen(events.DataSent(1.0, b"x" * 2_000_000, last=False))
    screen(events.DataSent(2.0, b"x" * 100_000, last=False))
    screen(events.DataSent(3.0, b"x" * 100_000 + b"\r\n.\r\n", last=True))
    assert written == [
        "\rsent 2.0 MB\x1b[K",
        "\rsent 2.1 MB, 100.0 kB/s\x1b[K",
        "\rsent 2.2 MB, 100.0 kB/s, waiting for the reply\x1b[K",
    ]
    screen(events.ReplyReceived(9.0, reply(b"250 ok", "250"), DATA))
    assert written[3] == "\r\x1b[K"
    assert written[-1].startswith("< 250 ok")


def test_progress_of_what_was_taken_at_once() -> None:
    """Nobody knows how fast it goes; a short mail is not worth a word."""
    written: list[str] = []
    screen = wide(written)
    screen(events.DataSent(1.0, b"x" * 4_000_000, last=False))
    screen(events.DataSent(1.0, b".\r\n", last=True))
    assert written == [
        "\rsent 4.0 MB\x1b[K",
        "\rsent 4.0 MB, waiting for the reply\x1b[K",
    ]
    screen.rest()
    screen(events.DataSent(2.0, b"x\r\n.\r\n", last=True))
    assert written[2:] == ["\r\x1b[K"]


def test_a_body_whose_beginning_another_screen_saw() -> None:
    """A screen that was repainted in between shows the rest."""
    written: list[str] = []
    screen = wide(written)
    screen(events.BodyChunk(1, b"rest\r\n", b"", last=True))
    assert written == [f"< rest\n< .{'6 octets':>56}\n"]


def test_the_reply_to_a_chunk_counts_from_its_last_octet() -> None:
    """As after mail data: what somebody took to type it says nothing about the server."""
    chunk = Command(b"BDAT 5")
    shown = show(
        events.CommandSent(1.0, chunk, b"BDAT 5\r\n"),
        events.DataSent(8.0, b"hello", last=True),
        events.ReplyReceived(8.25, OK, chunk),
    )
    assert shown.endswith("< 250 ok  (250 ms)\n")


# --------------------------------------------------------------------------- octets that are shown


def octets_shown(*told: events.Event, verbatim: bool = True, typed: bytes | None = None) -> str:
    written: list[str] = []
    screen = Screen(written.append, color=False, secrets=Secrets())
    screen.verbatim = verbatim
    screen.expect_typed(typed)
    for event in told:
        screen(event)
    return "".join(written)


def test_the_end_of_a_line_is_shown_where_it_is_chosen() -> None:
    """A bare LF, a NUL: two commands that differ on the wire differ on the screen."""
    crlf = events.CommandSent(0, Command(b"MAIL FROM:<a>"), b"MAIL FROM:<a>\r\n")
    lf = events.CommandSent(0, Command(b"MAIL \0FROM:<a>"), b"MAIL \0FROM:<a>\n")
    assert octets_shown(crlf) == "> MAIL FROM:<a>\\r\\n\n"
    assert octets_shown(lf) == "> MAIL \\0FROM:<a>\\n\n"
    assert octets_shown(crlf, verbatim=False) == "> MAIL FROM:<a>\n"
    assert octets_shown(lf, verbatim=False) == "> MAIL \\0FROM:<a>\\n\n"
    assert octets_shown(crlf, verbatim=False, typed=crlf.command.line) == ""
    assert octets_shown(lf, verbatim=False, typed=lf.command.line).startswith("> MAIL")


def test_octets_that_are_shown_keep_secrets() -> None:
    """What is secret in a line, and all of an answer, and of half a line."""
    line = Command(b"PASS hunter2")
    sent = events.CommandSent(0, line, b"PASS hunter2\n", (5, 12))
    answer = events.AnswerSent(0, b"aHVudGVyMg==", b"aHVudGVyMg==\n", Command(b"AUTH LOGIN"))
    begun = events.RawSent(0, b"PASS hun", secret=True)
    assert octets_shown(sent) == "> PASS ****\\n\n"
    assert octets_shown(answer) == "> ****\\n\n"
    assert octets_shown(replace(answer, line=b"*", octets=b"*\n")) == "> *\\n\n"
    assert octets_shown(begun).startswith("> ****\nnote: ")


def test_a_line_without_an_end_is_told_once() -> None:
    """What is on the wire and no line yet; the next octets are glued to it."""
    told = [events.RawSent(0, b"N"), events.RawSent(1, b"O")]
    shown = octets_shown(*told, events.CommandSent(2, Command(b"NOOP"), b"OP\r\n"), told[0])
    note = "note: the line has no end yet: what is sent next is a part of it\n"
    assert shown == f"> N\n{note}> O\n> NOOP\\r\\n\n> N\n{note}"
    assert octets_shown(*told, verbatim=False) == ""


def test_mail_data_with_chosen_ends() -> None:
    """A row for each line, and not more of it than a reply may show."""
    assert octets_shown(events.DataSent(0, b"a\nb\r.\r\n", last=False)) == "> a\\n\n> b\\r.\\r\\n\n"
    long = octets_shown(events.DataSent(0, b"x" * 3000, last=False))
    assert long == f"> {'x' * 2000}... 1,000 octets more\n"


# ------------------------------------------------------------------------------ rows and columns


def narrow(written: list[str], columns: int, *, margin: int = 0, rows: int = 5) -> Screen:
    return Screen(
        written.append,
        color=False,
        secrets=Secrets(),
        layout=lambda: (columns, rows),
        margin=lambda: margin,
    )


def test_the_right_edge_is_that_of_what_is_left() -> None:
    """A mark at the beginning of the line takes columns from what stands behind it."""
    written: list[str] = []
    narrow(written, 40, margin=4)(events.Unsolicited(0, reply(b"421 x", "421")))
    assert len(written[0].rstrip("\n")) == 35  # as many as without a mark, less its columns
    assert written[0].endswith("unsolicited\n")


def test_sentences_of_ours_are_broken_at_blanks() -> None:
    """Notes, warnings and failures; what a server says is not."""
    written: list[str] = []
    screen = narrow(written, 30)
    for say in (screen.note, screen.warn, lambda text: screen.fail("usage", text)):
        say("smtp, lmtp or pop3 has to be said before the name of the host")
    rows = "".join(written).split("\n")
    assert max(map(len, rows)) <= 30
    assert [row for row in rows if row.startswith("  ")]
    assert " ".join("".join(written).split()).count("lmtp or pop3 has to be said before") == 3
    written.clear()
    said = b"250 " + b"word " * 20
    screen(events.ReplyReceived(0, reply(said, "250"), NOOP))
    assert written == [f"< {said.decode()}\n"]


def test_a_sentence_stays_one_line_where_nobody_knows_the_columns() -> None:
    written: list[str] = []
    narrow(written, 0).note("word " * 50)
    assert written[0].count("\n") == 1


def test_an_endless_line_of_a_reply_is_folded() -> None:
    """As many rows as a screen shows; a line of 512 octets is always whole."""
    written: list[str] = []
    screen = narrow(written, 100, rows=6)
    screen(events.ReplyReceived(0, reply(b"+OK " + b"x" * 20_000, "+OK"), RETR))
    first, rest, _ = written[0].split("\n")
    assert first == "< +OK " + "x" * 596
    assert rest == "... 19.4 kB more of this line: /page"
    written.clear()
    screen(events.ReplyReceived(0, reply(b"+OK " + b"x" * 508, "+OK"), RETR))
    assert written == [f"< +OK {'x' * 508}\n"]
    written.clear()
    lines = b"\r\n".join([b"214-" + "\u00e9".encode() * 2000, b"214-x", b"214 end"])
    screen(events.ReplyReceived(0, reply(lines, "214"), NOOP))
    shown = written[0].split("\n")
    assert len(shown[0]) == 600
    assert shown[1:] == [
        "... 1,406 more characters of this line, 1 more line: /page",
        "< 214 end",
        "",
    ]


def test_a_time_that_nobody_measured() -> None:
    """What was found later has come at some time before: it is not said to have taken so long."""
    written: list[str] = []
    screen = wide(written)
    screen(events.CommandSent(0, NOOP, b"NOOP\r\n"))
    screen.belated = True
    screen(events.ReplyReceived(4.5, reply(b"250 ok", "250"), NOOP))
    assert written[-1].endswith(" seen after 4500 ms\n")
