"""Messages from what somebody says of them: every choice, its files, and the envelope."""

from pathlib import Path

import pytest

from mailprobe.errors import Failure
from mailprobe.messages.compose import (
    CHOICES,
    LARGEST,
    Order,
    addresses_in,
    letter_of,
    octets_of,
    read_file,
)
from mailprobe.messages.envelope import EACH, Parameters


def order(*words: str) -> Order:
    """What `--option value` pairs ask for; a flag has "" as its value."""
    asked = Order()
    for option, value in zip(words[::2], words[1::2], strict=True):
        next(choice for choice in CHOICES if choice.option == option).take(asked, value)
    return asked


def test_every_choice_is_named_once() -> None:
    """Its option begins as options do, and its help is there."""
    names = [choice.option for choice in CHOICES]
    assert len(set(names)) == len(names)
    assert all(choice.option.startswith("--") and choice.help for choice in CHOICES)


def test_the_envelope_has_everybody_once() -> None:
    """To, Cc and Bcc; names before addresses are of the header."""
    asked = order(
        *("--from", "A <a@b>", "--to", 'c@d, "E, F" <e@f>', "--cc", "g@h", "--bcc", "c@d,i@j")
    )
    envelope = asked.envelope()
    assert envelope.sender == "a@b"
    assert envelope.recipients == ["c@d", "e@f", "g@h", "i@j"]


def test_parameters_stand_in_their_order() -> None:
    """Those of MAIL, those of RCPT, and what is written for each recipient."""
    asked = order(
        *("--ret", "hdrs", "--notify", "never", "--mail-parameter", "X=1", "--orcpt", "each"),
        *("--rcpt-parameter", "Y", "--binary", "", "--anyway", ""),
    )
    assert asked.envelope().parameters == Parameters(
        ["RET=HDRS", "X=1"], ["NOTIFY=NEVER", "Y"], EACH, binary=True, anyway=True
    )


def test_no_control_character_in_an_original_recipient() -> None:
    """xtext could carry a line end, and no address has one."""
    with pytest.raises(Failure, match="--orcpt: expected an address"):
        order("--orcpt", "a@b.example\r\nRSET")


def test_how_it_travels() -> None:
    """By DATA, by chunks of a size, by one; octets as they are need chunks."""
    assert order().style().chunk is None
    assert order("--chunking", "").style().chunk == 0
    assert order("--chunking", "64K").style().chunk == 65536
    assert order("--binary", "").style().chunk == 0
    assert order("--binary", "", "--chunking", "10").style().chunk == 10
    assert order("--dry-run", "").style().dry
    for wrong in ("0", "x", "-1"):
        with pytest.raises(Failure, match="--chunking"):
            order("--chunking", wrong)


def test_what_composes() -> None:
    """A file is a whole message: whatever would be written into it is told from the rest."""
    assert not order("--from", "a@b", "--to", "c@d", "--ret", "full").composes
    for option in ("--subject", "--body", "--text", "--html", "--attach", "--cc", "--bcc"):
        assert order(option, "x@y").composes
    assert order("--header", "X: y").composes
    assert order("--html", "x").says_text
    assert not order("--subject", "x").says_text


def test_files_become_a_letter(tmp_path: Path) -> None:
    """Text and HTML of files in UTF-8, attachments by their names."""
    for name, octets in (("t.txt", "\ufeffgrüß\n".encode()), ("h.html", b"<p>x"), ("a.bin", b"\0")):
        (tmp_path / name).write_bytes(octets)
    asked = order(
        *("--from", "a@b", "--to", "c@d", "--text", f"{tmp_path}/t.txt"),
        *("--html", f"{tmp_path}/h.html", "--attach", f"{tmp_path}/a.bin", "--charset", "latin-1"),
    )
    letter = letter_of(asked)
    assert (letter.text, letter.html) == ("grüß\n", "<p>x")
    assert letter.attachments[0].name == "a.bin"
    octets = octets_of(letter, utf8=False)
    assert b"multipart/alternative" in octets
    assert b"gr=FC=DF" in octets
    assert letter_of(order("--html", f"{tmp_path}/h.html")).text is None
    assert letter_of(order("--body", r"a\nb")).text == "a\nb"
    assert letter_of(order()).text == ""


def test_two_messages_are_never_one(tmp_path: Path) -> None:
    """Each has its own Message-ID."""
    letter = letter_of(order("--from", "a@b"))
    assert octets_of(letter, utf8=False) != octets_of(letter, utf8=False)


def test_files_that_cannot_be(tmp_path: Path) -> None:
    """Text that is none, and what no memory should hold."""
    path = tmp_path / "x"
    path.write_bytes(b"\xff")
    with pytest.raises(Failure, match="no text in UTF-8"):
        letter_of(order("--text", str(path)))
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(Failure, match="too large"):
        read_file(str(path))


def test_lists_of_addresses() -> None:
    """A comma inside quotation marks parts nothing."""
    assert addresses_in('a@b, "c, d"@e ,,f') == ["a@b", '"c, d"@e', "f"]
