"""Bodies that are folded: what is shown of them, and what is counted."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.protocol.facts import Message
from mailprobe.render.folded import Folded, Listing, listing_rows, listing_text
from mailprobe.render.raw import raw_text
from mailprobe.render.widths import columns_of, size_text, time_text
from mailprobe.safe import safe


def fed(body: Folded | Listing, *pieces: bytes) -> str:
    return "".join(map(body.feed, pieces)) + body.finish()


def test_the_first_rows_are_shown() -> None:
    """What is beyond them is counted, in lines and octets."""
    body = Folded(2)
    assert fed(body, b"a\r\nb\r\nc\r\nd\r\n") == "< a\n< b\n"
    assert body.folded
    assert body.more == "2 more lines, 6 octets"


def test_what_fits_is_not_folded() -> None:
    """Exactly as many rows as there are; 0 is no bound."""
    for most in (2, 0):
        body = Folded(most)
        assert fed(body, b"a\r\n", b"b\r\n", b"") == "< a\n< b\n"
        assert (body.folded, body.more) == (False, "")
    assert fed(Folded(0), b"a\r\n" * 1000) == "< a\n" * 1000


def test_a_long_line_counts_for_the_rows_that_it_takes() -> None:
    """A body without line ends does not fill the screen; no character is cut in two."""
    body = Folded(2, columns=40)
    text = fed(body, "日".encode() * 1000)
    assert text == "< " + "日" * 26 + "\n"
    assert body.more == "more of this line, 2.9 kB"


def test_rows_do_not_depend_on_where_pieces_end() -> None:
    """Any split of the octets shows the same."""
    octets = b"one\r\ntwo\r\nthree\r\nfour\r\n"
    for at in range(len(octets)):
        body = Folded(2)
        assert fed(body, octets[:at], octets[at:]) == "< one\n< two\n"
        assert body.more == "2 more lines, 13 octets"


@given(st.lists(st.binary(max_size=40), max_size=8), st.integers(1, 4))
def test_nothing_gets_lost(pieces: list[bytes], most: int) -> None:
    """Shown or counted: what is shown is the beginning, in at most so many lines, made safe."""
    body = Folded(most, columns=40)
    text = fed(body, *pieces)
    # a bare LF ends a line, too, so that there are never more rows than LF
    assert text.count("\n") <= most + (not body.folded)
    whole = fed(Folded(), *pieces)
    assert whole.startswith(text[:-1]) or "\\x" in text
    assert body.folded == (body.more != "")
    assert all(safe(piece) == piece for line in text.split("\n") for piece in line.split("\\"))


# --------------------------------------------------------------------------------------- listings


def test_a_long_listing_is_a_table() -> None:
    """Columns are aligned; what is known from other listings stands beside."""
    known = {1: Message(1205, "abc"), 12: Message(7, "\x1b[2J")}
    body = Listing("LIST", lambda: known, 2, 80)
    text = fed(body, b"1 1205\r\n12", b" 7\r\n13 80\r\n", b"14 9\r\n")
    assert text == (
        "  number  octets  unique-id\n"
        "       1    1205  abc\n"
        "      12       7  \\u{1b}[2J\n"
    )  # fmt: skip
    assert body.more == "2 more messages, 13 octets"


def test_unique_ids_with_sizes() -> None:
    """UIDL shows the octets that LIST told of."""
    body = Listing("UIDL", lambda: {2: Message(20, None)}, 1, 80)
    text = fed(body, b"2 xyz\r\n3 uvw\r\n")
    assert text == "  number  octets  unique-id\n       2      20  xyz\n"


def test_a_short_listing_stays_as_it_came() -> None:
    """So does a long one whose lines are none."""
    assert fed(Listing("LIST", dict, 2, 80), b"1 2\r\n", b"2 3\r\n") == "< 1 2\n< 2 3\n"
    body = Listing("LIST", dict, 2, 80)
    assert (
        fed(body, b"no \x1bnumber\r\n2 3\r\n3 4\r\n", b"4 5\r\n") == "< no \\u{1b}number\n< 2 3\n"
    )
    assert body.more == "2 more lines, 10 octets"


def test_a_listing_without_line_ends_is_not_held_back() -> None:
    """A server that never ends the line does not fill the memory."""
    body = Listing("LIST", dict, 2, 80)
    assert body.feed(b"1" * 5000).startswith("< 1")
    assert body.more.startswith("more of this line, ")


@given(st.lists(st.binary(max_size=30), max_size=8))
def test_listings_are_safe(pieces: list[bytes]) -> None:
    """Whatever a server lists, nothing of it is obeyed."""
    text = fed(Listing("UIDL", dict, 2, 80), *pieces)
    rows = listing_rows("LIST", b"".join(pieces).splitlines(), {})
    text += listing_text(rows) if rows else ""
    assert all(safe(piece) == piece for line in text.split("\n") for piece in line.split("\\"))


# -------------------------------------------------------------------------- widths, and raw octets


@pytest.mark.parametrize(
    "octets, text",
    [(0, "0 octets"), (999, "999 octets"), (1000, "1.0 kB"), (9_611_000, "9.6 MB"),
     (999_960, "1.0 MB"), (5e12, "5000.0 GB")],
)  # fmt: skip
def test_sizes(octets: float, text: str) -> None:
    assert size_text(octets) == text


def test_times_and_columns() -> None:
    """Wide characters take two columns, combining ones none."""
    assert [time_text(0.0126), time_text(12.34)] == ["13 ms", "12.3 s"]
    assert [columns_of("ab"), columns_of("恭喜"), columns_of("e\u0301")] == [2, 4, 1]


def test_raw_octets_hide_nothing() -> None:
    r"""CR, LF, NUL, TAB, backslash and 8-bit are seen; LF begins a new line."""
    assert raw_text(b"a\\\tb\r\n\0\xe9\x1b[m\n\r") == "a\\\\\\tb\\r\\n\n\\0\\xe9\\x1b[m\\n\n\\r"


@given(st.binary())
def test_raw_octets_come_back(octets: bytes) -> None:
    """No two octet strings look the same."""
    text = raw_text(octets).replace("\n", "")
    simple = {"0": 0, "t": 9, "n": 10, "r": 13, "\\": 92}
    back = bytearray()
    for match in re.finditer(r"\\x(..)|\\(.)|(.)", text):
        back.append(
            int(match[1], 16) if match[1] else simple[match[2]] if match[2] else ord(match[3])
        )
    assert back == octets
