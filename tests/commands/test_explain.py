"""`mailprobe explain`: what it prints, in which language, and how it ends."""

import pytest

from mailprobe.render.widths import columns_of
from tests.commands.inside import inside

ENGLISH = {"LANG": "C"}


def test_a_reply() -> None:
    """The server's own words apart and unchanged; the layers below, and who says so."""
    ran = inside("explain", "550 5.7.1 <x@y.test>: Relay access denied", env=ENGLISH)
    assert (ran.status, ran.err) == (0, "")
    said, empty, title, *rows = ran.out.splitlines()
    assert said == "< 550 5.7.1 <x@y.test>: Relay access denied"
    assert empty == ""
    assert title == "550 5.7.1, reply code"
    assert [row.split()[0] for row in rows if row[2] != " "] == ["says", "now", "next", "RFC"]
    assert "the domain is not of this server" in ran.out
    assert ran.out.endswith("\n  RFC 5321, section 3.6.2; RFC 3463, section 3.8\n")


@pytest.mark.parametrize(
    "words", [("-ERR", "[IN-USE]", "Do you mind?"), ("-ERR [IN-USE] Do you mind?",)]
)
def test_a_status_indicator_is_no_option(words: tuple[str, ...]) -> None:
    """However it is quoted."""
    ran = inside("explain", *words, "--lang", "en")
    assert ran.status == 0
    assert ran.out.startswith("< -ERR [IN-USE] Do you mind?\n\n-ERR [IN-USE], status indicator\n")


def test_languages() -> None:
    """That of the locale, or the one asked for; both: a Chinese line above each English one."""
    assert "Fetch a whole message" in inside("explain", "RETR", env=ENGLISH).out
    chinese = {"LANG": "zh_CN.UTF-8", "CI": ""}
    assert "Fetch" not in inside("explain", "RETR", env=chinese).out
    assert "Fetch" in inside("explain", "RETR", env={**chinese, "CI": "1"}).out
    both = inside("explain", "RETR", "--lang", "zh+en").out.splitlines()
    at = next(at for at, row in enumerate(both) if row.startswith("  says"))
    assert not both[at - 1].isascii()
    assert inside("explain", "RETR", "--lang", "xx").word == "usage"


@pytest.mark.parametrize("language", ["en", "zh", "zh+en"])
@pytest.mark.parametrize("words", ["550", "AUTH PLAIN", "550 5.7.1", "DATA", "250-LIMITS X=1"])
def test_rows_are_no_wider_than_a_terminal(words: str, language: str) -> None:
    """Chinese characters take two columns each."""
    rows = inside("explain", words, "--lang", language).out.splitlines()
    assert rows
    assert max(map(columns_of, rows)) <= 80


def test_one_protocol() -> None:
    """What a word means in that one only."""
    ran = inside("explain", "QUIT", "--protocol", "pop3", env=ENGLISH)
    assert ran.out.startswith("QUIT, POP3 command\n")
    assert "SMTP" not in ran.out


def test_colours() -> None:
    """Where somebody asks for them."""
    assert "\x1b[1mRETR" in inside("explain", "RETR", "--color", "always").out
    assert "\x1b" not in inside("explain", "RETR").out


@pytest.mark.parametrize("words", ["xyzzy", "\x1b[31m", "600"])
def test_nothing_is_known(words: str) -> None:
    """One line that says what to write instead."""
    ran = inside("explain", words)
    assert (ran.status, ran.word, ran.out) == (2, "usage", "")
    assert "write a code (550, 5.7.1, [IN-USE])" in ran.err
    assert "\x1b" not in ran.err


def test_hostile_words() -> None:
    """What a server sent is shown by safe() alone."""
    ran = inside("explain", "550 \x1b]0;x\x07 \u202e no", "--color", "never")
    assert ran.status == 0
    assert not set("\x1b\x07\u202e") & set(ran.out)


def test_a_pasted_reply_stays_as_it_is() -> None:
    """Line by line, its escapes shown, above what is said about it."""
    ran = inside("explain", "S: 550-5.7.1 one\nS: 550 5.7.1 \x1b[m two", "--lang", "en")
    assert ran.out.splitlines()[:4] == [
        "< 550-5.7.1 one",
        "< 550 5.7.1 \\u{1b}[m two",
        "",
        "550 5.7.1, reply code",
    ]
