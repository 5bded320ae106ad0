"""Addresses that were used: with their verdict, in a private file, in bounds."""

from pathlib import Path

import pytest

from mailprobe.protocol.model import Command, Reply
from mailprobe.shell.memory.addresses import MOST, AddressBook, Role, Used, addresses_path, used_in

BOB = Used("bob@b.example", Role.RECIPIENT, "550")
ALICE = Used("alice@a.example", Role.SENDER, "250")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "addresses"


@pytest.mark.parametrize(
    "line, reply, expected",
    [
        (b"RCPT TO:<bob@b.example>", Reply.of("550", "no"), BOB),
        (b"mail from:<alice@a.example> SIZE=1", Reply.of("250", "ok"), ALICE),
        ("RCPT TO:<\u4f60@\u597d.example>".encode(), Reply.of("250", "ok"),
         Used("\u4f60@\u597d.example", Role.RECIPIENT, "250")),
        (b"MAIL FROM:<>", Reply.of("250", "ok"), None),
        (b"RCPT TO:<a\x1b[2J@b>", Reply.of("250", "ok"), None),
        (b"RCPT TO:<a\xe9@b>", Reply.of("250", "ok"), None),
        (b'RCPT TO:<"a b"@c>', Reply.of("250", "ok"), None),
        (b"RCPT TO:<" + b"x" * 321 + b">", Reply.of("250", "ok"), None),
        (b"RCPT TO:<a@b>", Reply.of("354", "odd"), None),
        (b"VRFY bob", Reply.of("250", "ok"), None),
        (b"USER bob", Reply.of("+OK"), None),
    ],
)  # fmt: skip
def test_what_a_reply_says_of_an_address(line: bytes, reply: Reply, expected: object) -> None:
    """Only what can be typed again, and shown."""
    assert used_in(Command(line), reply) == expected


def test_the_last_one_comes_first_and_in_the_next_session(path: Path) -> None:
    """A second use moves it to the front, with the new verdict."""
    book = AddressBook(str(path))
    for used in (BOB, ALICE, ALICE, Used(BOB.address, BOB.role, "250")):
        book.learn(used)
    expected = (Used(BOB.address, BOB.role, "250"), ALICE)
    assert tuple(book.newest()) == expected
    assert tuple(AddressBook(str(path)).newest()) == expected
    assert path.read_text().count("alice") == 1
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_it_is_bounded(path: Path) -> None:
    """Who sends to thousands keeps the newest, and the file does not grow for ever."""
    book = AddressBook(str(path))
    for number in range(4100):
        book.learn(Used(f"u{number}@b.example", Role.RECIPIENT, "250"))
    assert [used.address for used in book.newest()][:2] == ["u4099@b.example", "u4098@b.example"]
    assert len(book.newest()) == MOST
    assert len(path.read_text().splitlines()) <= 2000
    assert tuple(AddressBook(str(path)).newest()) == tuple(book.newest())


def test_a_long_file_is_cut_when_it_is_read(path: Path) -> None:
    """Many short sessions append, too."""
    path.parent.mkdir()
    path.write_text("".join(f"RCPT 250 u{number}@b.example\n" for number in range(2500)))
    assert AddressBook(str(path)).newest()[0].address == "u2499@b.example"
    assert len(path.read_text().splitlines()) == MOST


def test_what_is_no_address_in_the_file_is_passed_over(path: Path) -> None:
    """Whoever can write the file could otherwise reach the terminal."""
    path.parent.mkdir()
    path.write_bytes(
        b"RCPT 250 a\x1b[2J@b\nRCPT 25 a@b\nFOO 250 a@b\nRCPT 250\n\xff\xfe\n"
        b"MAIL 250 a@b\nRCPT 250 half"
    )
    assert list(AddressBook(str(path)).newest()) == [Used("a@b", Role.SENDER, "250")]


def test_a_folder_in_its_place_costs_the_file_only(path: Path) -> None:
    """The session goes on, and the reason can be shown."""
    path.mkdir(parents=True)
    book = AddressBook(str(path))
    book.learn(BOB)
    book.learn(ALICE)
    assert tuple(book.newest()) == (ALICE, BOB)
    assert book.failure is not None


def test_where_it_lies() -> None:
    """Beside the histories; nowhere without a home."""
    assert addresses_path({"HOME": "/h"}) == "/h/.local/state/mailprobe/addresses"
    assert addresses_path({}) is None
    book = AddressBook(None)
    book.learn(BOB)
    assert (tuple(book.newest()), book.failure) == ((BOB,), None)
