"""safe(): what a peer sends can be shown, read back, and can forge nothing."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.safe import safe, visible

CHARACTERS = [chr(point) for point in range(sys.maxunicode + 1) if not 0xD800 <= point <= 0xDFFF]
# Printable by Unicode's categories, yet nothing is seen of them, or they change what is.
INVISIBLE = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
INVISIBLE += "".join(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))


@pytest.mark.parametrize(
    "octets, shown",
    [
        (b"", ""),
        (b"250 plain ~!", "250 plain ~!"),
        (b"a\tb\r\n", "a\\tb\\r\\n"),
        (b"\\t", "\\\\t"),
        (b"\x1b[2J\x07\x00\x7f", "\\u{1b}[2J\\u{7}\\u{0}\\u{7f}"),
        ("你好 ä".encode(), "你好 ä"),
        (b"\xff\xe4x", "\\xff\\xe4x"),
        (b"\xc2\x9b", "\\u{9b}"),
        ("\u202e\u200b\u2028\U000e0041".encode(), "\\u{202e}\\u{200b}\\u{2028}\\u{e0041}"),
        ("a\u00a0b\u3000".encode(), "a\\u{a0}b\\u{3000}"),
        (b"[red]x[/red] <b>", "[red]x[/red] <b>"),
        (b"\xed\xb2\x80", "\\xed\\xb2\\x80"),
    ],
)
def test_examples(octets: bytes, shown: str) -> None:
    """Text stays text; everything else is spelled out."""
    assert safe(octets) == shown


def _undone(shown: str) -> bytes:
    """What was shown, read back: only an injective function can be undone."""
    octets, rest = b"", shown
    simple = {"t": b"\t", "r": b"\r", "n": b"\n", "\\": b"\\"}
    while rest:
        before, slash, rest = rest.partition("\\")
        octets += before.encode()
        if not slash:
            break
        if rest[0] in simple:
            octets, rest = octets + simple[rest[0]], rest[1:]
        elif rest[0] == "x":
            octets, rest = octets + bytes.fromhex(rest[1:3]), rest[3:]
        else:
            digits, _, rest = rest.removeprefix("u{").partition("}")
            octets += chr(int(digits, 16)).encode()
    return octets


HOSTILE = st.lists(
    st.sampled_from([b"\\", b"\\x41", b"\\u{1b}", b"\x1b", b"\xff", b"\xc3", b"\xa4", b"\r", b"t"])
    | st.text(max_size=3).map(lambda text: text.encode("utf-8", "replace"))
    | st.binary(max_size=4),
    max_size=12,
).map(b"".join)


@given(HOSTILE)
def test_it_is_injective_printable_and_short(octets: bytes) -> None:
    """Two different inputs never look the same; the result is at most ten times as long."""
    shown = safe(octets)
    assert _undone(shown) == octets
    assert shown.isprintable()
    assert len(shown) <= 10 * len(octets)
    assert not set(shown) & set(INVISIBLE)


@pytest.mark.slow
def test_no_character_hides() -> None:
    """All of Unicode: no control, format, surrogate, separator, private or unassigned character."""
    hidden = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    for start in range(0, len(CHARACTERS), 4096):
        for character in CHARACTERS[start : start + 4096]:
            shown = safe(character)
            bad = unicodedata.category(character) in hidden or character in INVISIBLE
            bad = bad or (character.isspace() and character != " ") or character == "\\"
            assert (shown == character) is not bad, hex(ord(character))
            assert visible(f"a{character}b") is (not bad or character == "\\")


def test_no_escape_can_change_the_direction() -> None:
    """Nothing that is shown as itself is a bidirectional control."""
    controls = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "BN", "B", "S"}
    marks = "\u061c\u200e\u200f"
    for character in CHARACTERS:
        if unicodedata.bidirectional(character) in controls or character in marks:
            assert safe(character) != character


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_any_str_will_do(text: str) -> None:
    """Lone surrogates included; where a str stands for octets, it is shown as those."""
    shown = safe(text)
    assert shown.isprintable()
    try:
        assert shown == safe(text.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        assert "\\\\ud" in shown


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126)))
def test_the_fast_path_is_no_other_path(text: str) -> None:
    """Printable ASCII is itself but for the backslash, as octets and as str."""
    assert safe(text) == safe(text.encode()) == text.replace("\\", "\\\\")
