"""Where a secret may stand in what is about to be written, as the dialogue stands."""

import pytest

from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.connection import Connection
from mailprobe.protocol.items import NEED_DATA, Raw
from mailprobe.protocol.model import Role
from mailprobe.protocol.places import SecretPlace
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import LMTP, SMTP


def connection(*said: bytes, catalogue: Catalogue = SMTP) -> Connection:
    """A connection after what server and client said in turn."""
    found = Connection(catalogue, Role.CLIENT)
    for number, octets in enumerate(said):
        if number % 2:
            found.send(Raw(octets), 0.0)
        else:
            found.receive_data(octets, 0.0)
        while found.next_event() is not NEED_DATA:
            pass
    return found


def places(found: Connection, octets: bytes) -> list[bytes]:
    """What stands in the secret places; the connection is as it was before."""
    before = found.phase, found.outstanding, found.begun, found.next_event()
    told = found.secret_places(octets)
    assert (found.phase, found.outstanding, found.begun, found.next_event()) == before
    assert all(isinstance(place, SecretPlace) for place in told)
    return [octets[place.start : place.end] for place in told]


GREETED = b"220 mx\r\n"


@pytest.mark.parametrize(
    "octets, secret",
    [
        (b"PASS s\r\n", [b"s"]),
        (b"AUTH PLAIN s\r\nAUTH LOGIN t\r\n", [b"s", b"t"]),
        (b"NOOP s\r\nPASS s", [b"s"]),
        (b"AUTH PLAIN =\r\n", []),
        (b"VRFY s\r\n", []),
        (b"DATA\r\nPASS s\r\n", []),
        (b"PASS s\r\nDATA\r\nPASS s\r\n", [b"s"]),
        (b"BDAT 2\r\nxxPASS s\r\n", []),
    ],
)
def test_commands(octets: bytes, secret: list[bytes]) -> None:
    """A secret stands where its verb has one, up to what may open mail data."""
    assert places(connection(GREETED), octets) == secret


def test_data_that_is_not_answered_yet() -> None:
    """Its reply decides what all behind it is."""
    assert places(connection(GREETED, b"DATA\r\n"), b"PASS s\r\n") == []
    assert places(connection(GREETED, b"DATA\r\n", b"554 no\r\n"), b"PASS s\r\n") == [b"s"]
    found = connection(b"+OK\r\n", b"XTND XMIT\r\n", catalogue=POP3)
    assert places(found, b"PASS s\r\n") == []


def test_mail_data() -> None:
    """There is no place in it, and behind its end there is one again."""
    found = connection(GREETED, b"DATA\r\n", b"354 go\r\n")
    assert places(found, b"PASS s\r\n") == []
    assert places(found, b"PASS s\r\n.\r\nPASS t\r\n") == [b"t"]
    found = connection(GREETED, b"BDAT 3\r\n")
    assert places(found, b"xxxPASS s\r\n") == []
    assert places(connection(GREETED, catalogue=LMTP), b"DATA\r\nAUTH PLAIN s\r\n") == []


def test_answers() -> None:
    """A line to a challenge is secret, and the next one is not."""
    found = connection(GREETED, b"AUTH LOGIN\r\n", b"334 \r\n")
    assert places(found, b"s\r\nt\r\n") == [b"s"]
    assert found.secret_places(b"s\r\n")[0].answer
    assert places(found, b"s") == [b"s"]
    assert places(found, b"*\r\n") == []
    assert places(found, b"\r\n") == []


def test_lines_in_pieces() -> None:
    """What was sent of a line counts; the place begins where the octets do, or before."""
    found = connection(GREETED, b"PASS s")
    (place,) = found.secret_places(b"t\r\n")
    assert (place.start, place.end, place.answer) == (-1, 1, False)
    assert places(connection(GREETED, b"VR"), b"FY s\r\n") == []


def test_octets_of_a_chunk_are_no_place() -> None:
    """What is counted is mail data, whatever it looks like and however early it was answered."""
    found = connection(GREETED, b"BDAT 19\r\n", b"250 so soon\r\n")
    assert found.chunk_left == 19
    assert places(found, b"AUTH PLAIN secret\r\nPASS other\r\n") == [b"other"]
