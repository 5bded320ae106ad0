import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.sandbox.accounts import USUAL, Address, members_of


@pytest.mark.parametrize(
    "mailbox, folder",
    [
        (b"alice@example.test", "alice"),
        (b"ALICE@Example.Test", "alice"),
        (b'"alice"@example.test', "alice"),
        (b'"a\\lice"@example.test', "alice"),
        (b"postmaster@example.test", "alice"),
        (b"bob@example.test", "bob"),
        (b"carol@example.test", "kept/carol"),
        (b"alice@example.org", "kept/alice@example.org"),
        (b"../../x@example.test", "kept/%2E.%2F..%2Fx"),
        (b'"../alice"@example.test', "kept/%2E.%2Falice"),
        (b"/etc/passwd@example.test", "kept/%2Fetc%2Fpasswd"),
        (b'".."@example.test', "kept/%2E."),
        (b'""@example.test', "kept/%"),
        ("冬@example.test".encode(), "kept/%E5%86%AC"),
    ],
)
def test_folder(mailbox: bytes, folder: str) -> None:
    """Accounts have a folder each, everybody else one below kept/ with a harmless name."""
    found = USUAL.folder_of(Address.of(mailbox))
    assert found == folder


@given(st.text(max_size=300), st.text(max_size=300))
def test_folder_is_harmless(local: str, domain: str) -> None:
    """No address makes a name that leaves kept/, is hidden, empty, or too long for a disk."""
    folder = USUAL.folder_of(Address(local, domain))
    assert folder in ("alice", "bob") or re.fullmatch(
        r"kept/[a-z0-9@+_%-][a-zA-F0-9@+_.%-]{0,99}", folder
    )


def test_long_names_stay_apart() -> None:
    """Two long addresses that differ at the end do not share a folder."""
    first, second = (USUAL.folder_of(Address("x" * 200 + end, "example.test")) for end in "ab")
    assert first != second


def test_users() -> None:
    """One logs in by the bare name or the whole address; a stranger has no secret."""
    assert (USUAL.user_of("alice"), USUAL.user_of("alice@example.test")) == ("alice", "alice")
    assert (USUAL.secret_of("alice"), USUAL.secret_of("bob@example.test")) == ("secret", "builder")
    assert USUAL.secret_of("postmaster") is None
    assert USUAL.user_of("alice@example.org") is None


@pytest.mark.parametrize(
    "name, members",
    [
        ("postmaster", ("alice@example.test",)),
        ("<Postmaster@example.test>", ("alice@example.test",)),
        ("postmaster@example.org", ()),
        ("alice", ()),
    ],
)
def test_members(name: str, members: tuple[str, ...]) -> None:
    """The one alias has one member."""
    assert members_of(name) == members
