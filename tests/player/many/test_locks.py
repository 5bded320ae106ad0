"""What two transcripts must not use at the same time."""

from collections.abc import Mapping

import pytest

from mailprobe.player.many.locks import Lock, Locks, locks_of
from mailprobe.transcript.parse import parse

ALICE = Lock("loopback:110", b"alice")


def locks(
    *lines: str,
    header: str = "protocol: pop3\nconnect: 127.0.0.1:110",
    values: Mapping[str, bytes] | None = None,
    servers: Mapping[int, str] | None = None,
) -> set[Lock]:
    text = f"mailprobe: 1\n{header}\n\nS: +OK\n" + "".join(f"{line}\n" for line in lines)
    return set(locks_of(parse(text.encode(), "x.mpt"), values or {}, servers or {}))


@pytest.mark.parametrize(
    "line, user",
    [
        ("C: USER alice", b"alice"),
        ("C: user  alice ", None),
        ("C~ USER {user}", b"me"),
        ("C~ USER {other=bob}", b"bob"),
        ("C~ USER {nobody}", None),
        ("C~ USER {user}x", b"mex"),
        ("C: APOP alice c4c9334bac560ecc979e58001b3e22fb", b"alice"),
        ("C~ APOP {user} {=apop}", b"me"),
        ('C~ AUTH PLAIN {=sasl("alice")}', b"alice"),
        ("C~ AUTH PLAIN {=sasl}", b"me"),
        ('C~ AUTH PLAIN {=sasl("warden", password, "alice")}', b"alice"),
        ("C: AUTH PLAIN YWxpY2UAd2FyZGVuAGtleXM=", b"alice"),  # the authzid stands in front
        ("C: AUTH PLAIN AGFsaWNlAHNlY3JldA==", b"alice"),
        ("C: AUTH PLAIN !", None),
        ("C: AUTH LOGIN", None),
        ("C\\ USER a\\x6cice", b"alice"),
        ("C= USER alice\\r\\n", b"alice"),
    ],
)
def test_whose_maildrop(line: str, user: bytes | None) -> None:
    """As far as the text tells; of what it does not tell, nobody knows whose it is."""
    if line.endswith(" "):
        line = line.rstrip()
        user = b"alice"
    assert locks(line, values={"user": b"me"}) == {Lock("loopback:110", user)}


def test_what_opens_none() -> None:
    """A greeting, a list of mechanisms, another protocol."""
    assert locks("C: CAPA", "C: QUIT") == set()
    smtp = "protocol: smtp\nconnect: 127.0.0.1:25"
    assert locks("C: USER alice", header=smtp) == set()


def test_a_named_lock() -> None:
    """`lock:`, beside what the dialogue says."""
    header = "protocol: pop3\nconnect: 127.0.0.1\nlock: alice"
    assert locks("C: USER alice", header=header) == {Lock("", b"alice"), ALICE}


def test_settings_of_the_file() -> None:
    """They say who it is, unless the command line says something else; a computed one does not."""
    header = "protocol: pop3\nconnect: 127.0.0.1\nset user: alice\nset id: {=uuid}"
    assert locks("C~ USER {user}", header=header) == {ALICE}
    assert locks("C~ USER {user}", header=header, values={"user": b"bob"}) == {
        Lock("loopback:110", b"bob")
    }
    assert locks("C~ USER {id}", header=header) == {Lock("loopback:110", None)}


def test_one_file_holds_a_maildrop_once() -> None:
    """Also when it tries several logins; one that is not known is all of them."""
    assert locks("C: USER alice", "S: +OK", "C: USER alice") == {ALICE}
    assert locks("C: USER alice", "S: +OK", "C: AUTH LOGIN") == {Lock("loopback:110", None)}


@pytest.mark.parametrize(
    "connect, server",
    [
        ("localhost", "loopback:110"),
        ("127.0.0.2:110", "loopback:110"),
        ("[::1]:110", "loopback:110"),
        ("MX.example:1110", "mx.example:1110"),
        ("pop3://mx.example:995", "mx.example:995"),
    ],
)
def test_one_server_with_several_names(connect: str, server: str) -> None:
    """The command line's wins; loopback is loopback."""
    assert locks("C: USER alice", servers={1: connect}) == {Lock(server, b"alice")}


@pytest.mark.parametrize("connect", ["sandbox", "sandbox/muse"])
def test_a_sandbox_is_not_shared(connect: str) -> None:
    """Each run has one to itself."""
    assert locks("C: USER alice", servers={1: connect}) == set()


def test_taking_and_giving_back() -> None:
    """All or nothing; somebody's maildrop goes together with no other of the server."""
    held = Locks()
    one, other = Lock("a", b"1"), Lock("a", b"2")
    unknown, elsewhere = Lock("a", None), Lock("b", None)
    assert held.take([one])
    assert not held.take([elsewhere, one])
    assert held.take([elsewhere])  # it was not half taken
    assert held.take([other])
    assert not held.take([unknown])
    held.give_back([one])
    assert not held.take([unknown])
    held.give_back([other])
    assert held.take([unknown])
    assert not held.take([one])
    assert held.take([])
