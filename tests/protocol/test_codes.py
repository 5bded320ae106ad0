"""Reply codes, POP3 response codes and enhanced status codes."""

import re

import pytest

from mailprobe.protocol.codes import REPLY_CODES, RESPONSE_CODES
from mailprobe.protocol.enhanced import CLASSES, ENHANCED, SUBJECTS, enhanced_meaning

# RFC 5321, section 4.2.3; RFC 7504, 3207, 4954, 1985, 2645, 1845; the registry of RFC 5248
CODES = """
200 211 214 220 221 235 250 251 252 253 334 353 354 355 421 422 430 432 450 451 452 453 454 455
458 459 500 501 502 503 504 521 523 524 525 530 533 534 535 538 550 551 552 553 554 555 556
+OK -ERR +
"""

# How many details each subject of the registry has, from 0 on
DETAILS = {0: 1, 1: 11, 2: 5, 3: 7, 4: 8, 5: 7, 6: 11, 7: 31}


def test_reply_codes_are_complete() -> None:
    """Every code of the RFCs has a meaning, and there are no others."""
    assert sorted(REPLY_CODES) == sorted(CODES.split())


def test_response_codes_are_complete() -> None:
    """RFC 2449, 3206 and 6856 name six response codes."""
    assert sorted(RESPONSE_CODES) == [
        "AUTH",
        "IN-USE",
        "LOGIN-DELAY",
        "SYS/PERM",
        "SYS/TEMP",
        "UTF8",
    ]


def test_meanings_are_short_plain_lines() -> None:
    """A meaning is a few ASCII words on one line, without a full stop."""
    meanings = [*REPLY_CODES.values(), *RESPONSE_CODES.values()]
    meanings += [entry.meaning for entry in ENHANCED.values()]
    for meaning in meanings:
        assert re.fullmatch(r"[ -~]{4,72}", meaning), meaning
        assert not meaning.endswith("."), meaning


def test_the_registry_has_81_entries() -> None:
    """Each subject has its details without a gap, 81 in all."""
    expected = [f"X.{subject}.{detail}" for subject, n in DETAILS.items() for detail in range(n)]
    assert list(ENHANCED) == expected
    assert len(ENHANCED) == 81


def test_entries_are_filled() -> None:
    """Names, references and basic codes have their form, and basic codes are known."""
    for entry in ENHANCED.values():
        assert entry.name
        assert re.fullmatch(r"(RFC \d{4}(, )?)+|draft-[a-z-]+", entry.reference)
        for code in entry.basic:
            assert code in REPLY_CODES or code in ("any", "5XX"), code


@pytest.mark.parametrize(
    "code, basic, reference",
    [
        ("X.1.1", ("451", "550"), "RFC 3463"),
        ("X.1.10", ("556",), "RFC 7505"),
        ("X.5.6", ("500",), "RFC 4954"),
        ("X.7.17", ("5XX",), "RFC 7293"),
        ("X.7.29", ("550",), "RFC 8617"),
    ],
)
def test_entries_carry_the_facts(code: str, basic: tuple[str, ...], reference: str) -> None:
    """Some entries, as the registry has them."""
    assert (ENHANCED[code].basic, ENHANCED[code].reference) == (basic, reference)


@pytest.mark.parametrize(
    "code, expected",
    [
        ("5.1.1", f"{CLASSES['5']}: {ENHANCED['X.1.1'].meaning}"),
        ("4.2.2", f"{CLASSES['4']}: {ENHANCED['X.2.2'].meaning}"),
        ("2.0.0", f"{CLASSES['2']}: {ENHANCED['X.0.0'].meaning}"),
        ("5.7.999", f"{CLASSES['5']}: {SUBJECTS['7']}"),
        ("5.99.1", CLASSES["5"]),
        ("3.1.1", ""),
        ("5", ""),
        ("5.1", ""),
        ("5..1", ""),
        ("5.1.", ""),
        ("5.1.1.1", ""),
        ("", ""),
    ],
)
def test_enhanced_meaning(code: str, expected: str) -> None:
    """Class and detail; the subject for an unknown detail, the class for an unknown subject."""
    assert enhanced_meaning(code) == expected
