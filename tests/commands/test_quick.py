"""The short way through a command line: what argparse makes of it, or nothing."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.commands import quick, replay_options, talk
from mailprobe.errors import Failure
from mailprobe.player.many import retries

ROWS = [*replay_options._OPTIONS, *replay_options.PLAYING]
NAMES = [name for names, _ in ROWS for name in names]
VALUES = ["a.mpt", "2", "1/2", "x=y", "auto", "code", "2s", "64K", "", "-", "--", "-x", "=", "a b"]


def slowly(argv: Sequence[str]) -> dict[str, object] | None:
    try:
        return vars(replay_options.parser().parse_intermixed_args(argv))
    except Failure:
        return None


def quickly(argv: Sequence[str]) -> dict[str, object] | None:
    found = quick.read(argv, ROWS, "paths")
    return None if found is None else vars(found)


WORDS = st.one_of(
    st.sampled_from(NAMES + VALUES),
    st.builds("{}={}".format, st.sampled_from(NAMES), st.sampled_from(VALUES)),
    st.builds("{}{}".format, st.sampled_from(NAMES), st.sampled_from(VALUES)),
    st.text("-=aj k1.", max_size=5),
)


@given(st.lists(WORDS, max_size=5))
def test_it_says_what_argparse_says(words: list[str]) -> None:
    """Or leaves it to that."""
    found = quickly(words)
    assert found is None or found == slowly(words)


TALK = [name for names, _ in talk._OPTIONS for name in names]
TALKED = st.one_of(
    st.sampled_from(["smtp", "pop3", "localhost", "[::1]:25", *TALK, *VALUES]),
    st.builds("{}={}".format, st.sampled_from(TALK), st.sampled_from(VALUES)),
    st.builds("{}{}".format, st.sampled_from(TALK), st.sampled_from(VALUES)),
)


@given(st.lists(TALKED, max_size=5))
def test_it_says_what_argparse_says_of_a_talk(words: list[str]) -> None:
    """Or leaves it to that."""
    found = quick.read(words, talk._OPTIONS, "words")
    try:
        slow = vars(talk.parser().parse_intermixed_args(words))
    except (Failure, SystemExit):
        slow = None
    assert found is None or vars(found) == slow


@pytest.mark.parametrize(
    "line",
    ["smtp mx.example", "pop3 sandbox --plain -4", "--mx example --timeout 5 -6 --record x --tls"],
)
def test_plain_talk_is_not_left_to_argparse(line: str) -> None:
    found = quick.read(line.split(), talk._OPTIONS, "words")
    words = [word for word in line.split() if not word.startswith("-")]
    assert (found is not None) == (words[0] in ("smtp", "pop3"))
    if found is not None:
        assert vars(found) == vars(talk.parser().parse_intermixed_args(line.split()))


@pytest.mark.parametrize(
    "line",
    [
        "a.mpt",
        "a.mpt -j 8 b.mpt",
        "-j8 --fail-fast a.mpt",
        "--server 127.0.0.1:25 --server=2=[::1]:25 a.mpt --report tap=-",
        "--match code -t slow --timeout 500ms --max-line 1K --color=never --set a= a.mpt",
    ],
)
def test_plain_lines_are_not_left_to_argparse(line: str) -> None:
    """What people write is read here, and alike."""
    found = quickly(line.split())
    assert found is not None
    assert found == slowly(line.split())


@pytest.mark.parametrize(
    "line",
    ["", "--help a.mpt", "-j 0 a.mpt", "--match all a.mpt", "--fail-fast=1 a.mpt", "-- a.mpt"],
)
def test_what_is_not_plain_is(line: str) -> None:
    """Mistakes are told by argparse alone."""
    assert quickly(line.split()) is None


def test_the_help_says_what_is_tried_again() -> None:
    """The words are written out in the table, which loads nothing for them."""
    (row,) = (how for names, how in ROWS if names == ("--retry-on",))
    assert str(row["help"]).startswith(f"after {','.join(retries.USUAL)} (default)")
