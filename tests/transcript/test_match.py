"""What a reply must be at each level, and the written expectations."""

from collections.abc import Iterator

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mailprobe.transcript.format import wire_lines
from mailprobe.transcript.match import check, check_raw, unfinished
from mailprobe.transcript.model import FileLine, Level
from mailprobe.transcript.steps import RawLine
from mailprobe.transcript.values import Values
from tests.transcript.replies import caret, compare, last_reply, sentence, steps_of, wire_reply

CLASS, CODE, TEXT = Level.CLASS, Level.CODE, Level.TEXT
EHLO = "C: EHLO client.example\n"
MAIL = "C: MAIL FROM:<a@b>\n"
RETR = "C: RETR 1\n"
CAPA = "C: CAPA\n"


# --------------------------------------------------------------------------- masked by a recorder

MASK = "# a secret was masked\n"


@pytest.mark.parametrize("masked", [MASK, "# a secret was masked above\n", ""])
@pytest.mark.parametrize(
    "came, right",
    [
        (b"250 hi secret, *hi\r\n", True),
        (b"250 hi other, *hi\r\n", True),
        (b"250 hi ******, *hi\r\n", None),
        (b"250 ho secret, *hi\r\n", False),
        (b"250 hi secret, *ho\r\n", False),
    ],
)
def test_a_masked_line(masked: str, came: bytes, right: bool | None) -> None:
    """Where the recorder has masked a secret, and says so, it may be said again."""
    found = compare(f"C: NOOP\nS: 250 hi ******, *hi\n{masked}", came, level=TEXT)
    assert (found is None) is (bool(masked and right) if right is not None else True)


def test_a_masked_line_is_shown_where_it_differs() -> None:
    """The caret covers what stands in the file."""
    lines = f"C: NOOP\nS: 250 hi ****** you\n{MASK}"
    assert caret(compare(lines, b"250 ho secret you\r\n", level=TEXT)) == "250 hi "
    assert caret(compare(lines, b"250 hi secret she\r\n", level=TEXT)) == " you"


@pytest.mark.parametrize(
    "body, right",
    [(b"a secret\r\nb\r\n", True), (b"a secre\r\nb\r\n", True), (b"a secret\r\nc\r\n", False)],
)
def test_a_masked_body(body: bytes, right: bool) -> None:
    """Inline, and in a file: there each octet that was masked is one octet."""
    lines = f"{RETR}S: +OK\nS: a ******\nS~ b\nS: .\n{MASK}"
    assert (compare(lines, b"+OK\r\n" + body, "pop3", TEXT) is None) is right
    lines = f"{RETR}S: +OK\nS> x\nS: .\n# a secret was masked in x\n"

    def file(line: FileLine) -> Iterator[bytes]:
        yield from (b"a **", b"****\r\n", b"b\r\n")

    exact = right and b"secret" in body
    assert (compare(lines, b"+OK\r\n" + body, "pop3", TEXT, file=file) is None) is exact
    found = compare(lines.replace("# ", "## "), b"+OK\r\n" + body, "pop3", TEXT, file=file)
    assert sentence(found) == "the body differs from the file at octet 3"


# --------------------------------------------------------------------------- recorded: codes


@pytest.mark.parametrize(
    "came, class_, code, text",
    [
        (b"250 2.1.0 Ok\r\n", "", "", ""),
        (b"250 2.1.0 Okay\r\n", "", "", "another line came"),
        (b"250-2.1.0 Ok\r\n250 2.1.0 really\r\n", "", "", "another line came"),
        (b"250 2.1.0 Ok\n", "", "", "another line came"),
        (
            b"250 2.1.5 Ok\r\n",
            "",
            "the enhanced status code is 2.1.5, not 2.1.0",
            "the enhanced status code is 2.1.5, not 2.1.0",
        ),
        (
            b"250 Ok\r\n",
            "",
            "the enhanced status code is missing, not 2.1.0",
            "the enhanced status code is missing, not 2.1.0",
        ),
        (
            b"251 2.1.0 Ok\r\n",
            "",
            "the reply code is 251, not 250",
            "the reply code is 251, not 250",
        ),
        (
            b"550 5.1.0 no\r\n",
            "the reply code is 5xx, not 2xx",
            "the reply code is 550, not 250",
            "the reply code is 550, not 250",
        ),
        (
            b"250-2.1.0 Ok\r\n550 5.0.0 no\r\n",
            "the reply code changes to 5xx",
            "the reply code changes to 550",
            "the reply code changes to 550",
        ),
    ],
)
def test_levels(came: bytes, class_: str, code: str, text: str) -> None:
    """What each level sees of a reply that was recorded."""
    lines = MAIL + "S: 250 2.1.0 Ok\n"
    assert sentence(compare(lines, came, level=CLASS)) == class_
    assert sentence(compare(lines, came, level=CODE)) == code
    assert sentence(compare(lines, came, level=TEXT)) == text


def test_the_caret_stands_at_what_differs() -> None:
    """Column and width are those of the code, of the enhanced code, of the first difference."""
    lines = MAIL + "S: 250 2.1.0 Ok\n"
    assert caret(compare(lines, b"550 5.1.0 Ok\r\n")) == "250"
    assert caret(compare(lines, b"250 2.1.5 Ok\r\n")) == "2.1.0"
    mismatch = compare(lines, b"250 2.1.0 ok\r\n", level=TEXT)
    assert mismatch is not None
    assert (str(mismatch.place), caret(mismatch)) == ("t.mpt:6:14", "O")
    assert mismatch.difference() == (r"250 2.1.0 Ok\r\n", r"250 2.1.0 ok\r\n", " " * 10 + "^")


def test_lines_of_one_code_count_once() -> None:
    """Their number is free; one altered code is not, and none may be gone."""
    lines = MAIL + "S: 250-2.1.0 a\nS: 550-b\nS: 250 2.1.0 c\n"
    assert compare(lines, b"250-2.1.0 a\r\n250-a\r\n550-b\r\n550-b\r\n250 2.1.0 c\r\n") is None
    gone = compare(lines, b"250-2.1.0 a\r\n550 2.1.0 c\r\n")
    assert sentence(gone) == "no line of the reply has the code 250"
    assert gone is not None
    assert gone.place.line == 8
    other = compare(lines, b"250-2.1.0 a\r\n551-b\r\n250 2.1.0 c\r\n")
    assert other is not None
    assert (sentence(other), other.place.line) == ("the reply code is 551, not 550", 7)


def test_one_code_beside_another_like_it() -> None:
    """Where as many lines came, each has its own code."""
    lines = MAIL + "S: 250-a\nS: 250-b\nS: 251 c\n"
    other = compare(lines, b"250-a\r\n251-b\r\n251 c\r\n")
    assert other is not None
    assert (sentence(other), other.place.line) == ("the reply code is 251, not 250", 7)
    assert compare(lines, b"250-a\r\n251-b\r\n251-b\r\n251 c\r\n") is None


def test_enhanced_codes_of_several_lines() -> None:
    """They count in order, once where they repeat; a line without one says nothing."""
    lines = MAIL + "S: 550-5.7.1 a\nS: 550-see b\nS: 550 5.7.2 c\n"
    assert compare(lines, b"550-5.7.1 x\r\n550-5.7.1 y\r\n550 5.7.2 z\r\n") is None
    assert sentence(compare(lines, b"550-5.7.2 x\r\n550 5.7.1 z\r\n")) == (
        "the enhanced status code is 5.7.2 and 5.7.1, not 5.7.1 and 5.7.2"
    )
    other = compare(lines, b"550-5.7.1 x\r\n550 5.7.3 z\r\n")
    assert other is not None
    assert (caret(other), other.place.line) == ("5.7.2", 8)


def test_enhanced_codes_do_not_count_everywhere() -> None:
    """Not in a greeting, nor in the reply to EHLO; and not where the recording has none."""
    assert compare("S: 220 2.0.0 mx\n", b"220 mx\r\n", greeted=True) is None
    assert compare(EHLO + "S: 250 2.0.0 mx\n", b"250 2.1.1 mx\r\n") is None
    assert compare(MAIL + "S: 250 ok\n", b"250 2.1.0 ok\r\n") is None
    assert compare("C: DATA\nS: 354 go\n", b"354 go on\r\n") is None


def test_enhanced_codes_beside_written_lines() -> None:
    """A written line stands for itself: what it leaves open is open."""
    lines = MAIL + "S: 250-2.1.0 a\nS~ 250 {:esc} b\n"
    assert compare(lines, b"250-2.1.0 a\r\n250 2.1.5 b\r\n") is None
    lines = MAIL + "S: 250-2.1.0 a\nS~ 250 2.1.5 {}\n"
    assert compare(lines, b"250-2.1.0 a\r\n250 2.1.5 b\r\n") is None
    assert compare(lines, b"250-2.1.1 a\r\n250 2.1.5 b\r\n") is not None


def test_pop3_replies() -> None:
    """Status indicator, and the response code of an -ERR where the recording has one."""
    lines = "C: NOOP\nS: -ERR [IN-USE] wait\n"
    assert compare(lines, b"-ERR [in-use] busy\r\n", "pop3") is None
    other = compare(lines, b"-ERR [AUTH] no\r\n", "pop3")
    assert sentence(other) == "the response code is AUTH, not IN-USE"
    assert caret(other) == "IN-USE"
    assert sentence(compare(lines, b"-ERR no\r\n", "pop3")) == (
        "the response code is missing, not IN-USE"
    )
    assert compare(lines, b"-ERR no\r\n", "pop3", CLASS) is None
    assert sentence(compare(lines, b"+OK\r\n", "pop3", CLASS)) == (
        "the reply code is +OK, not -ERR"
    )
    assert compare("C: NOOP\nS: -ERR no\n", b"-ERR [AUTH] no\r\n", "pop3") is None
    assert compare("C: NOOP\nS: +OK [x] y\n", b"+ok\r\n", "pop3") is None


def test_challenges_are_free() -> None:
    """At the level `code` a challenge is its code; its text is of this session alone."""
    lines = "C: AUTH CRAM-MD5\nS: 334 PDE+\n"
    assert compare(lines, b"334 PDI+\r\n") is None
    assert compare(lines, b"235 2.7.0 ok\r\n") is not None
    assert compare("C: AUTH CRAM-MD5\nS: + PDE+\n", b"+ PDI+\r\n", "pop3") is None
    assert compare("S: +OK ready <1@x>\n", b"+OK hi <2@y>\r\n", "pop3", greeted=True) is None


# -------------------------------------------------------------------------- recorded: offers


OFFERS = EHLO + "S: 250-mx\nS: 250-SIZE 100\nS: 250-AUTH PLAIN LOGIN\nS: 250 AUTH=X-OLD\n"


@pytest.mark.parametrize(
    "came, expected",
    [
        (b"250-my\r\n250-auth login x-old plain\r\n250 size 7\r\n", ""),
        (b"250-my\r\n250-SIZE\r\n250-NEW\r\n250-AUTH=X-OLD\r\n250 AUTH PLAIN LOGIN SCRAM\r\n", ""),
        (b"250-my\r\n250 AUTH PLAIN LOGIN X-OLD\r\n", "SIZE is not offered"),
        (b"250-my\r\n250 SIZE 100\r\n", "AUTH is not offered"),
        (b"250-my\r\n250-SIZE\r\n250 AUTH LOGIN X-OLD\r\n", "AUTH is offered without PLAIN"),
        (b"250-my\r\n250-SIZE\r\n250 AUTH PLAIN LOGIN\r\n", "AUTH is offered without X-OLD"),
        (b"250-AUTH PLAIN LOGIN X-OLD\r\n250 SIZE\r\n", "AUTH is not offered"),
        (b"250-my\r\n250-\xff\r\n250-SIZE\r\n250 AUTH PLAIN LOGIN X-OLD\r\n", ""),
    ],
)
def test_what_a_downgrade_takes_away(came: bytes, expected: str) -> None:
    """Each keyword and mechanism is still offered; order, case, parameters, additions are free."""
    assert sentence(compare(OFFERS, came)) == expected
    assert compare(OFFERS, came, level=CLASS) is None


def test_the_caret_covers_what_is_gone() -> None:
    """The mechanism in the line that offered it."""
    assert caret(compare(OFFERS, b"250-my\r\n250-SIZE\r\n250 AUTH LOGIN X-OLD\r\n")) == "PLAIN"


def test_capabilities() -> None:
    """CAPA and a bare AUTH in POP3 tell what is offered in their bodies."""
    lines = CAPA + "S: +OK\nS: TOP\nS: SASL PLAIN\nS: .\n"
    assert compare(lines, b"+OK caps\r\nSASL PLAIN X\r\nUIDL\r\nTOP\r\n", "pop3") is None
    assert sentence(compare(lines, b"+OK\r\nTOP\r\n", "pop3")) == "SASL is not offered"
    assert sentence(compare(lines, b"+OK\r\nTOP\r\nSASL X\r\n", "pop3")) == (
        "SASL is offered without PLAIN"
    )
    lines = "C: AUTH\nS: +OK\nS: PLAIN\nS: SCRAM-SHA-1\nS: .\n"
    assert compare(lines, b"+OK\r\nscram-sha-1\r\nPLAIN\r\n", "pop3") is None
    assert sentence(compare(lines, b"+OK\r\nPLAIN\r\n", "pop3")) == "SCRAM-SHA-1 is not offered"


def test_other_replies_offer_nothing() -> None:
    """A refused EHLO, the end of a login, the keywords of a written line."""
    assert compare(EHLO + "S: 500 mx\n", b"500 what\r\n") is None
    assert compare("C: AUTH X\nS: +OK in\n", b"+OK\r\n", "pop3") is None
    assert compare(EHLO + "S: 250-mx\nS~ 250 SIZE {:int}\n", b"250-m\r\n250 SIZE 4\r\n") is None


# -------------------------------------------------------------------------- recorded: bodies


def test_a_body_that_had_lines_still_has_some() -> None:
    """At the level `code` that is all; at `text` each octet counts; at `class` none."""
    lines = RETR + "S: +OK 2\nS: a\nS: ..b\nS: .\n"
    assert compare(lines, b"+OK\r\nx\r\n", "pop3") is None
    assert compare(lines, b"+OK 2\r\na\r\n.b\r\n", "pop3", TEXT) is None
    assert compare(lines, b"+OK\r\n", "pop3", CLASS) is None
    empty = compare(lines, b"+OK\r\n", "pop3")
    assert empty is not None
    assert (sentence(empty), empty.place.line) == (
        "the body is empty, and the recording has lines",
        7,
    )
    assert sentence(compare(lines, b"+OK 2\r\na\r\nb\r\n", "pop3", TEXT)) == "another line came"
    assert sentence(compare(lines, b"+OK 2\r\na\r\n.b\n", "pop3", TEXT)) == "another line came"
    assert sentence(compare(lines, b"+OK 2\r\na\r\n", "pop3", TEXT)) == "no line came for this one"
    surplus = compare(lines, b"+OK 2\r\na\r\n.b\r\nc\r\n", "pop3", TEXT)
    assert sentence(surplus) == "more lines came than the file has"
    half = compare(lines, b"+OK 2\r\na\r\n.b", "pop3", TEXT)
    assert sentence(half) == "another line came"


def test_an_empty_body() -> None:
    """It may have got lines, but not at the level `text`."""
    lines = RETR + "S: +OK\nS: .\n"
    assert compare(lines, b"+OK\r\nx\r\n", "pop3") is None
    assert compare(lines, b"+OK\r\n", "pop3", TEXT) is None
    assert sentence(compare(lines, b"+OK\r\nx\r\n", "pop3", TEXT)) == (
        "more lines came than the file has"
    )


def test_a_body_that_did_not_come() -> None:
    """A positive reply without its body is none."""
    step = last_reply(RETR + "S: +OK\nS: a\nS: .\n", "pop3")
    reply, _ = wire_reply(b"+OK\r\n", pop3=True)

    def without(level: Level) -> str:
        return sentence(check(step.expected, step.context, reply, None, level, Values()))

    assert (
        without(CODE)
        == without(TEXT)
        == ("no multi-line response came, and the recording has lines")
    )
    assert without(CLASS) == ""


def test_a_body_in_a_file() -> None:
    """At the level `text` its octets are those of the file, however both are cut."""
    lines = RETR + "S: +OK\nS> mail.eml\nS: .\n"
    asked: list[str] = []

    def file(line: FileLine) -> Iterator[bytes]:
        asked.append(line.path)
        return iter((b"", b"a\r", b"\nb\r\nlong line\r\n"))

    body = b"a\r\nb\r\nlong line\r\n"
    assert compare(lines, b"+OK\r\n" + body, "pop3", TEXT, file=file) is None
    assert asked == ["mail.eml"]
    other = compare(lines, b"+OK\r\n" + body.replace(b"line", b"lime"), "pop3", TEXT, file=file)
    assert sentence(other) == "the body differs from the file at octet 14"
    for came, at in ((body + b"x", 18), (body[:-2], 16)):
        other = compare(lines, b"+OK\r\n" + came, "pop3", TEXT, file=file)
        assert sentence(other) == f"the body differs from the file at octet {at}"
    asked.clear()
    assert compare(lines, b"+OK\r\nx", "pop3", CODE, file=file) is None
    assert sentence(compare(lines, b"+OK\r\n", "pop3", CODE, file=file)) == (
        "the body is empty, and the recording has lines"
    )
    assert asked == []
    assert compare(lines, b"+OK\r\nx", "pop3", TEXT) is not None


def test_a_file_among_lines() -> None:
    """Recorded lines around it count as octets; a written one makes it any lines."""
    lines = RETR + "S: +OK\nS: one\nS> mail.eml\nS: .\n"

    def file(line: FileLine) -> list[bytes]:
        return [b"two\r\n"]

    assert compare(lines, b"+OK\r\none\r\ntwo\r\n", "pop3", TEXT, file=file) is None
    assert compare(lines, b"+OK\r\nono\r\ntwo\r\n", "pop3", TEXT, file=file) is not None
    lines = RETR + "S: +OK\nS~ {:int}\nS> mail.eml\nS: .\n"
    assert compare(lines, b"+OK\r\n1\r\nx\r\ny\r\n", "pop3", TEXT, file=file) is None
    assert compare(lines, b"+OK\r\nx\r\n1\r\ny\r\n", "pop3", TEXT, file=file) is not None
    assert compare(lines, b"+OK\r\nx\r\n1\r\ny\r\n", "pop3", CODE, file=file) is None


# ------------------------------------------------------------------------------- written: S~


def test_the_first_line_against_the_first() -> None:
    """A written line says what must come, at every level."""
    lines = MAIL + "S~ 250 2.1.0 Ok {id:int}\n"
    for level in Level:
        values = Values()
        assert compare(lines, b"250 2.1.0 Ok 17\r\n", level=level, values=values) is None
        assert values.captures == {"id": b"17"}
        other = compare(lines, b"250 2.1.0 Ok no\r\n", level=level)
        assert (sentence(other), caret(other)) == (
            "the line that came does not match here",
            "{id:int}",
        )
    assert caret(compare(lines, b"250 2.1.0 Oh 17\r\n")) == "250 2.1.0 Ok "
    goes_on = compare(lines, b"250 2.1.0 Ok 17 4\r\n")
    assert goes_on is not None
    assert (sentence(goes_on), goes_on.place.column) == ("the line that came goes on here", 25)


def test_code_and_separator() -> None:
    """The code stands literally; what separates it counts at the level `text` only."""
    lines = MAIL + "S~ 250-a{}\nS~ 250 b\n"
    assert compare(lines, b"250-a\r\n250 b\r\n", level=TEXT) is None
    assert compare(lines, b"250-a\r\n250-b\r\n250 c\r\n") is None
    assert compare(lines, b"250-a\r\n250-b\r\n250 c\r\n", level=TEXT) is not None
    assert sentence(compare(MAIL + "S~ 250 a\n", b"251 a\r\n", level=CLASS)) == (
        "the reply code is 251, not 250"
    )
    assert compare(MAIL + "S~ 250\n", b"250 \r\n") is None
    assert compare(MAIL + "S~ 250\n", b"250 \r\n", level=TEXT) is not None
    assert compare("C: NOOP\nS~ +OK\n", b"+OK \r\n", "pop3") is None
    sneaky = compare(MAIL + "S~ 250 a\n", b"250-a\r\n550 b\r\n")
    assert sentence(sneaky) == "the reply code changes to 550"


@pytest.mark.parametrize("at", range(4))
def test_an_altered_code_is_told_at_its_line(at: int) -> None:
    """Where as many lines came as were recorded; else where the reply's codes are at an end."""
    lines = "C: EHLO x\nS: 250-a\nS: 250-b\nS: 250-c\nS: 250 d\n"
    came = [b"250-a\r\n", b"250-b\r\n", b"250-c\r\n", b"250 d\r\n"]
    came[at] = b"450" + came[at][3:]
    for level in (CODE, TEXT):
        mismatch = compare(lines, b"".join(came), level=level)
        assert sentence(mismatch) == "the reply code is 450, not 250"
        assert mismatch is not None
        assert mismatch.text == lines.split("\n")[1 + at]
    shorter = compare(lines, b"250-a\r\n450 d\r\n")
    assert sentence(shorter) == "the reply code changes to 450"


def test_line_ends_of_written_lines() -> None:
    """A bare LF counts at the level `text` only."""
    lines = MAIL + "S~ 250 {x}\n"
    assert compare(lines, b"250 a\n") is None
    ends = compare(lines, b"250 a\n", level=TEXT)
    assert sentence(ends) == "the line that came has another end"


def test_a_later_line_against_the_next_that_matches() -> None:
    """Lines between them are free where all are written; a line that was passed is gone."""
    lines = "C: HELP\nS~ 214-a\nS~ 214-{x:int}\nS~ 214 {y:int}\n"
    came = b"214-a\r\n214-no\r\n214-1\r\n214-no\r\n214-2\r\n214 end\r\n"
    for level in (CLASS, CODE):
        values = Values()
        assert compare(lines, came, level=level, values=values) is None
        assert values.captures == {"x": b"1", "y": b"2"}
    missing = compare(lines, b"214-a\r\n214-1\r\n214 end\r\n")
    assert missing is not None
    assert (sentence(missing), missing.place.line) == ("no line matches", 8)
    assert compare("C: HELP\nS~ 214-a\nS~ 214 b\n", b"214-b\r\n214 a\r\n") is not None


def test_text_accounts_for_every_line() -> None:
    """Among recorded lines a written one stands for one line, at the level `text`."""
    lines = EHLO + "S: 250-mx\nS~ 250-SIZE {:int}\nS: 250 DSN\n"
    assert compare(lines, b"250-mx\r\n250-SIZE 5\r\n250 DSN\r\n", level=TEXT) is None
    more = b"250-mx\r\n250-NEW\r\n250-SIZE 5\r\n250 DSN\r\n"
    assert compare(lines, more) is None
    assert compare(lines, more, level=TEXT) is not None


def test_written_lines_of_a_body() -> None:
    """The first one, too, is looked for."""
    lines = RETR + "S: +OK\nS~ Subject: {subject:text}\nS: .\n"
    values = Values()
    came = b"+OK\r\nFrom: x\r\nSubject: hi\r\n\r\nSubject: no\r\n"
    assert compare(lines, came, "pop3", values=values) is None
    assert values.captures == {"subject": b"hi"}
    assert compare(lines, came, "pop3", TEXT) is None
    assert sentence(compare(lines, b"+OK\r\nFrom: x\r\n", "pop3")) == "no line matches"


def test_captures_of_a_reply() -> None:
    """Lines of one reply share them, and none is kept of a reply that does not match."""
    lines = "C: HELP\nS~ 214-{x:int}\nS~ 214 {x} {y}\n"
    values = Values()
    assert compare(lines, b"214-1\r\n214-2 a\r\n214 1 b\r\n", values=values) is None
    assert values.captures == {"x": b"1", "y": b"b"}
    values = Values()
    assert compare(lines, b"214-1\r\n214 2 b\r\n", values=values) is not None
    assert values.captures == {}
    lines = MAIL + "S~ 250 {x}\nS+ nothing\n"
    assert compare(lines, b"250 a\r\n", values=values) is not None
    assert values.captures == {}


# ------------------------------------------------------------------------------- written: S*


def test_any_lines() -> None:
    """As few as will do, each matching, inside a reply and a body."""
    lines = "C: HELP\nS~ 214-a\nS* 214-{:int}\nS~ 214 b\n"
    assert compare(lines, b"214-a\r\n214 b\r\n") is None
    assert compare(lines, b"214-a\r\n214-1\r\n214-2\r\n214 b\r\n", level=TEXT) is None
    between = compare(lines, b"214-a\r\n214-1\r\n214-x\r\n214 b\r\n")
    assert between is not None
    lines = "C: LIST\nS: +OK\nS* {:int} {:int}\nS: .\n"
    assert compare(lines, b"+OK\r\n1 2\r\n2 3\r\n", "pop3") is None
    assert compare(lines, b"+OK\r\n", "pop3", TEXT) is None
    other = compare(lines, b"+OK\r\n1 2\r\nx\r\n", "pop3")
    assert sentence(other) == "a line came that does not match"


def test_any_lines_between_recorded_ones() -> None:
    """At the level `text` they fill what is between; at `code` recorded lines are free anyway."""
    lines = RETR + "S: +OK\nS: a\nS*\nS: a\nS: b\nS: .\n"
    assert compare(lines, b"+OK\r\na\r\na\r\na\r\nx\r\na\r\nb\r\n", "pop3", TEXT) is None
    assert compare(lines, b"+OK\r\na\r\na\r\na\r\nx\r\nb\r\n", "pop3", TEXT) is not None
    assert compare(lines, b"+OK\r\nx\r\n", "pop3") is None
    lines = RETR + "S: +OK\nS* x{}\nS: a\nS: .\n"
    assert compare(lines, b"+OK\r\nb\r\n", "pop3") is None
    lines = RETR + "S: +OK\nS: a\nS*\nS: .\n"
    assert compare(lines, b"+OK\r\na\r\nb\r\nc\r\n", "pop3", TEXT) is None
    assert sentence(compare(lines, b"+OK\r\nb\r\n", "pop3", TEXT)) == "another line came"


def test_as_few_as_will_do() -> None:
    """What `S*` leaves to the next line is captured there; its own names hold for all lines."""
    lines = RETR + "S: +OK\nS* {:any}\nS~ x{n:int}\nS* {}\nS~ x{m:int}\nS: .\n"
    values = Values()
    came = b"+OK\r\na\r\nx1\r\nb\r\nx2\r\nx3\r\n"
    assert compare(lines, came, "pop3", values=values) is None
    assert values.captures == {"n": b"1", "m": b"2"}
    lines = RETR + "S: +OK\nS* {k:word} {}\nS~ end\nS: .\n"
    assert compare(lines, b"+OK\r\na 1\r\na 2\r\nend\r\n", "pop3") is None
    assert compare(lines, b"+OK\r\na 1\r\nb 2\r\nend\r\n", "pop3") is not None


def test_any_lines_of_a_status() -> None:
    """They may have any code; those of the other lines come in their order."""
    lines = "C: HELP\nS: 214-a\nS* {}\nS: 250 b\n"
    assert compare(lines, b"214-a\r\n220-x\r\n250 b\r\n") is None
    assert compare(lines, b"214-a\r\n220 x\r\n") is not None
    for star in ("214{}", "214-x", "{}x"):
        assert compare(f"C: HELP\nS* {star}\nS~ 214 b\n", b"214-x\r\n214 b\r\n") is None


def test_a_long_body_and_a_hard_pattern() -> None:
    """What would take too long is told, and is a mismatch."""
    lines = RETR + "S: +OK\nS* " + "{:addr}{=b64(x)}" * 50 + "\nS: .\n"
    values = Values({"x": b"aaa"})
    body = b"+OK\r\n" + (b"aYWFh@" * 20_000 + b"\r\n") * 20
    assert sentence(compare(lines, body, "pop3", values=values)) in (
        "to match this against what came takes too long",
        "a line came that does not match",
    )


def test_what_takes_too_long_points_at_its_line() -> None:
    """The line of the file whose pattern it is."""
    lines = MAIL + "S~ 250 {x}a{x}\n"
    mismatch = compare(lines, b"250 " + b"a" * 60_000 + b"b" + b"\r\n")
    assert mismatch is not None
    lines = MAIL + "S: 250 ok\nS+ {x}" + " {x}" * 30 + "\n"
    mismatch = compare(lines, b"250 ok\r\n")
    assert mismatch is not None
    assert (mismatch.sentence, mismatch.place.line) == (
        "to match this against what came takes too long",
        7,
    )


def test_functions_without_a_value() -> None:
    """A name that has none is told; nothing becomes no expectation."""
    lines = MAIL + "S~ 250 {=md5(nothing)}\n"
    assert sentence(compare(lines, b"250 x\r\n")) == (
        "{=md5} needs {nothing}, which has no value here"
    )
    lines = MAIL + "S~ 250 {x:int} {=hex(x)}\n"
    assert sentence(compare(lines, b"250 7 37\r\n")) != ""


# ------------------------------------------------------------------------------- written: S?


@pytest.mark.parametrize(
    "classes, came, expected",
    [
        ("250", b"250 ok\r\n", ""),
        ("2xx", b"251-a\r\n251 b\r\n", ""),
        ("25x|5xx", b"550 no\r\n", ""),
        ("xxx", b"421 bye\r\n", ""),
        ("x50", b"450 no\r\n", ""),
        ("250", b"251 ok\r\n", "the reply is 251, not 250"),
        ("2xx", b"250-a\r\n550 b\r\n", "the reply is 250 and 550, not 2xx"),
        ("250|3xx", b"550 5.1.1 no\r\n", "the reply is 550 5.1.1, not 250 or 3xx"),
        ("250 2.1.0", b"250 2.1.0 ok\r\n", ""),
        ("250 2.x.x", b"250 2.1.0 ok\r\n", ""),
        ("250 2.1.x", b"250 2.2.0 ok\r\n", "the reply is 250 2.2.0, not 250 2.1.x"),
        ("250 2.x.x", b"250 ok\r\n", "the reply is 250, not 250 2.x.x"),
        ("250 x.x.x", b"250 ok\r\n", "the reply is 250, not 250 x.x.x"),
    ],
)
def test_classes(classes: str, came: bytes, expected: str) -> None:
    """One whole reply of one of the classes, at every level."""
    for level in Level:
        mismatch = compare(MAIL + f"S? {classes}\n", came, level=level)
        assert sentence(mismatch) == expected
        assert mismatch is None or caret(mismatch) == classes


@pytest.mark.parametrize(
    "classes, came, expected",
    [
        ("+OK", b"+OK\r\n", ""),
        ("+OK", b"-ERR [AUTH] no\r\n", "the reply is -ERR [AUTH], not +OK"),
        ("-ERR [AUTH]", b"-ERR [auth] no\r\n", ""),
        ("-ERR [AUTH]", b"-ERR no\r\n", "the reply is -ERR, not -ERR [AUTH]"),
        ("-ERR [AUTH]|-ERR", b"-ERR no\r\n", ""),
        ("+OK", b"+ \r\n", "the reply is +, not +OK"),
    ],
)
def test_classes_of_pop3(classes: str, came: bytes, expected: str) -> None:
    """Status indicators and response codes."""
    assert sentence(compare(f"C: AUTH PLAIN\nS? {classes}\n", came, "pop3")) == expected


# ------------------------------------------------------------------------------- cut replies


def test_cut_replies() -> None:
    """What the file cuts short must be cut short, and what it does not must be whole."""
    step = last_reply(EHLO + "S: 250-mx\nS= 250-PIPELI\nS@ close\n")
    values = Values()

    def cut(octets: bytes, level: Level = CODE, *, whole: bool = False) -> str:
        reply = unfinished(octets)
        return sentence(check(step.expected, step.context, reply, None, level, values, whole=whole))

    assert cut(b"250-mx\r\n250-PIPELI") == ""
    assert cut(b"250-mx\r\n250-PIPELI", TEXT) == ""
    assert cut(b"250-mx\r\n25") == ""
    assert cut(b"") == ""
    assert cut(b"250-mx\r\n25", TEXT) == "another line came"
    assert cut(b"250-mx\r\n45") == "the reply begins with 45, not 250"
    assert cut(b"250-mx\r\n24", Level.CLASS) == ""
    assert cut(b"550-mx\r\n") == "the reply code is 550, not 250"
    reply, _ = wire_reply(b"250-mx\r\n250 PIPELI\r\n", pop3=False)
    mismatch = check(step.expected, step.context, reply, None, CODE, values)
    assert sentence(mismatch) == "the reply came whole, and the file cuts it short"
    step = last_reply(EHLO + "S: 250 mx\n")
    assert cut(b"250-mx\r\n") == "the reply was cut short"
    step = last_reply(EHLO + "S= 25\nS@ close\n")
    assert cut(b"2") == cut(b"250-mx\r\n") == ""
    assert cut(b"450-mx\r\n") == "the reply begins with 450, not 25"


def test_a_cut_body() -> None:
    """Its reply is whole, its body is not; how much came is free below `text`."""
    step = last_reply(RETR + "S: +OK\nS: a\nS= b\nS@ close\n", "pop3")
    reply, _ = wire_reply(b"+OK\r\n", pop3=True)

    def cut(octets: bytes, level: Level) -> str:
        body = lambda: [octets]  # noqa: E731
        return sentence(
            check(step.expected, step.context, reply, body, level, Values(), whole=False)
        )

    assert cut(b"", CODE) == ""
    assert cut(b"a\r\nb", TEXT) == ""
    assert cut(b"a\r\nb\r\n", TEXT) == "another line came"


def test_what_is_no_reply() -> None:
    """It is compared at the level `text`; below that it must be none either."""
    step = last_reply("S: HTTP/1.1 400 Bad Request\n", greeted=True)
    assert step.context.malformed

    def came(octets: bytes, level: Level = CODE) -> str:
        reply = unfinished(octets)
        return sentence(check(step.expected, step.context, reply, None, level, Values()))

    assert came(b"HTTP/1.0 400 no\r\n") == ""
    assert came(b"HTTP/1.0 400 no\r\n", TEXT) == "another line came"
    assert came(b"HTTP/1.1 400 Bad Request\r\n", TEXT) == ""
    assert came(b"220 mx\r\n") == "a reply came, and what the file has is none"
    assert came(b"") == ""


@pytest.mark.parametrize("wrong", ["150-b", "25b-b", "250:b", "b"])
def test_the_line_that_is_no_reply(wrong: str) -> None:
    """Of a reply of several lines it is the one that is told."""
    step = last_reply(f"S: 250-a\nS: {wrong}\n", greeted=True)
    assert step.context.malformed
    for level in (CODE, TEXT):
        reply = unfinished(b"250-a\r\n250-b\r\n250 c\r\n")
        mismatch = check(step.expected, step.context, reply, None, level, Values())
        assert mismatch is not None
        assert mismatch.text == f"S: {wrong}"


# ------------------------------------------------------------------------------ protocol: raw


def raw_lines(lines: str) -> list[RawLine]:
    text = "C@ pause 1s\n" + lines
    return [step for step in steps_of(text, "raw", greeted=True) if isinstance(step, RawLine)]


def test_raw_lines() -> None:
    """Line against line, to the letter, at every level."""
    literal, written, star, unknown, everything = [
        step.expected for step in raw_lines("S: * OK\nS~ a {x:int}\nS* * {}\nS~ z{=md5(q)}\nS*\n")
    ]
    values = Values()
    assert check_raw(literal, b"* OK\r\n", values) is None
    assert sentence(check_raw(literal, b"* ok\r\n", values)) == "another line came"
    assert sentence(check_raw(literal, b"* OK\n", values)) == "another line came"
    assert sentence(check_raw(written, b"a b\r\n", values)) == (
        "the line that came does not match here"
    )
    assert check_raw(written, b"a 1\n", values) is not None
    assert values.captures == {}
    assert check_raw(written, b"a 1\r\n", values) is None
    assert values.captures == {"x": b"1"}
    assert check_raw(star, b"* x\n", values) is None
    assert sentence(check_raw(star, b"x\r\n", values)) == "a line came that does not match"
    assert check_raw(everything, b"whatever\r\n", values) is None
    assert "needs {q}" in sentence(check_raw(unknown, b"z\r\n", values))
    (hard,) = raw_lines("S~ {x}" + " {x}" * 30 + "\n")
    assert "too long" in sentence(check_raw(hard.expected, b"z\r\n", Values()))


# -------------------------------------------------------------------------------- properties

CODES = st.sampled_from(["220", "235", "250", "251", "354", "421", "450", "550", "552"])
TEXTS = st.binary(max_size=12).map(lambda text: text.replace(b"\n", b"").rstrip(b"\r"))


@st.composite
def replies(draw: st.DrawFn) -> list[bytes]:
    """The lines of a reply, of one code or more."""
    texts = draw(st.lists(st.tuples(CODES, TEXTS), min_size=1, max_size=5))
    codes = [code for code, _ in texts] if draw(st.booleans()) else [texts[0][0]] * len(texts)
    lines = []
    for number, (code, (_, text)) in enumerate(zip(codes, texts, strict=True)):
        separator = b" " if number == len(texts) - 1 else b"-"
        lines.append(code.encode() + separator + text + b"\r\n")
    return lines


def recorded_as(lines: list[bytes]) -> str:
    return MAIL + wire_lines("S", b"".join(lines)).decode()


@given(replies(), st.sampled_from(list(Level)))
def test_a_reply_matches_its_recording(lines: list[bytes], level: Level) -> None:
    """A fresh recording replays green, at every level, in every place."""
    assert compare(recorded_as(lines), b"".join(lines), level=level) is None
    text = wire_lines("S", b"".join(lines)).decode()
    assert compare(EHLO + text, b"".join(lines), level=level) is None
    assert compare(text, b"".join(lines), level=level, greeted=True) is None


@given(replies(), st.data())
def test_one_altered_digit_of_a_code_is_seen(lines: list[bytes], data: st.DataObject) -> None:
    """Whichever line of the reply, whichever digit."""
    number = data.draw(st.integers(0, len(lines) - 1))
    digit = data.draw(st.integers(0, 2))
    other = data.draw(st.sampled_from("2345" if digit == 0 else "0123456789"))
    altered = bytearray(lines[number])
    assume(altered[digit] != ord(other))
    altered[digit] = ord(other)
    came = b"".join([*lines[:number], bytes(altered), *lines[number + 1 :]])
    assert compare(recorded_as(lines), came) is not None
    assert compare(recorded_as(lines), came, level=TEXT) is not None
    if digit == 0:
        assert compare(recorded_as(lines), came, level=CLASS) is not None


@given(replies(), st.data())
def test_one_altered_octet_is_seen_at_the_level_text(
    lines: list[bytes], data: st.DataObject
) -> None:
    """Whichever octet of a text; so also in a written line at every level."""
    wire = b"".join(lines)
    at = data.draw(st.integers(0, len(wire) - 1))
    other = data.draw(st.integers(0, 255))
    start = wire.rfind(b"\n", 0, at) + 1
    assume(at - start > 3 and wire[at] not in (other, 10, 13) and other not in (10, 13))
    came = wire[:at] + bytes([other]) + wire[at + 1 :]
    assert compare(recorded_as(lines), came, level=TEXT) is not None


@given(
    st.lists(TEXTS.map(lambda text: text.lstrip(b".") + b"\r\n"), max_size=5),
    st.sampled_from(list(Level)),
)
def test_a_body_matches_its_recording(lines: list[bytes], level: Level) -> None:
    """Bodies of any lines, at every level."""
    body = b"".join(lines)
    text = RETR + "S: +OK\n" + wire_lines("S", body).decode() + "S: .\n"
    assert compare(text, b"+OK\r\n" + body, "pop3", level) is None
    if level is TEXT:
        assert compare(text, b"+OK\r\n" + body + b"\r\n", "pop3", level) is not None
