"""Events as values for JSON: what docs/json.md says, and no secret."""

import base64
import itertools
import re
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.errors import Word
from mailprobe.protocol import events
from mailprobe.protocol.events import Event
from mailprobe.protocol.model import Advice, Command, Deviation, Reply, State
from mailprobe.render.events import TABLE, Serializer
from mailprobe.transcript.redact import Secrets

PAGE = Path(__file__).parents[2] / "docs" / "json.md"
_ROW = re.compile(r"\| (?:`(\w+)` )?\| `(\w+)` \| ([a-z ]+) \| [^|]*\|")


def contract() -> dict[str, dict[str, str]]:
    """What the page promises: of each event the fields and their types."""
    found: dict[str, dict[str, str]] = {}
    name = ""
    for row in PAGE.read_text().split("\n"):
        if match := _ROW.fullmatch(row):
            name = match[1] or name
            found.setdefault(name, {})[match[2]] = match[3]
    return found


CONTRACT = contract()
FRAME = ("begin", "local", "finding", "span", "repeat", "failure")


def is_octets(value: object) -> bool:
    if isinstance(value, dict):
        return list(value) == ["base64"] and bool(base64.b64decode(value["base64"], validate=True))
    return isinstance(value, str)


TYPES = {
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "strings": lambda value: isinstance(value, list) and all(isinstance(x, str) for x in value),
    "object": lambda value: isinstance(value, dict),
    "octets": is_octets,
    "list of octets": lambda value: isinstance(value, list) and all(map(is_octets, value)),
}


def assert_kept(one: dict[str, object]) -> None:
    """One object is as the page says: these fields, of these types, and no others."""
    name = one["event"]
    assert isinstance(name, str)
    fields = dict(CONTRACT[name])
    if name not in FRAME:
        fields |= {"session": "number", "at": "number"}
    assert set(one) == {"event", *fields}, one
    for field, kind in fields.items():
        first, _, other = kind.partition(" or ")
        assert TYPES[first](one[field]) or (other and one[field] is None), (name, field, one)


REPLY = Reply.of("250", "2.0.0 \xe9")
NOOP, AUTH = Command(b"NOOP"), Command(b"AUTH PLAIN c2VjcmV0")
EXAMPLES: tuple[Event, ...] = (
    events.Resolved(0, "mx.example", ("192.0.2.1",)),
    events.Connecting(0, "192.0.2.1:25"),
    events.Connected(0, "192.0.2.1:25", "192.0.2.9:4"),
    events.Tunnelled(0, "mx.example:25", "192.0.2.7:1080", looked_up=True),
    events.Remarked(0, "the server heard of us as 192.0.2.9"),
    events.TlsStarted(0, "TLSv1.3", "X", "mx.example", verified=True),
    events.TlsFailed(0, verify=True),
    events.CommandSent(0, NOOP, b"NOOP\r\n"),
    events.AnswerSent(0, b"c2VjcmV0", b"c2VjcmV0\r\n", AUTH),
    events.DataSent(0, b"x\r\n", last=True),
    events.RawSent(0, b"x"),
    events.Greeting(0, REPLY),
    events.ReplyReceived(0, REPLY, NOOP),
    events.BodyChunk(0, b"x\r\n", b"x\r\n.\r\n", last=True),
    events.Unsolicited(0, REPLY),
    events.Deviated(0, Deviation("bare LF", "RFC 5321, section 2.3.8", 3)),
    events.CommandReceived(0, AUTH),
    events.AnswerReceived(0, b"c2VjcmV0", AUTH),
    events.DataReceived(0, b"x\r\n", last=True),
    events.ReplySent(0, REPLY),
    events.Advised(0, Advice("RCPT before MAIL", "RFC 5321, section 4.1.4")),
    events.StateChanged(0, State.GREETED, State.READY),
    events.Failed(0, Word.EOF, "it was closed", b"25"),
    events.Closed(0, "eof"),
)


def told(*happened: Event) -> list[dict[str, object]]:
    secrets = Secrets()
    serializer = Serializer(secrets, 7)
    found: list[dict[str, object]] = []
    for event in happened:
        secrets(event)
        found += serializer.objects(event)
    return found


def test_every_kind_of_event_has_its_row_and_its_page() -> None:
    """The table, the union of all kinds, the examples and the page are of one mind."""
    assert set(TABLE) == set(get_args(Event)) == {type(event) for event in EXAMPLES}
    assert {name for name, _ in TABLE.values()} == set(CONTRACT) - set(FRAME)


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)
def test_each_is_as_the_page_says(event: Event) -> None:
    """Names, types, and the session and the moment with them."""
    (one,) = told(event)
    assert_kept(one)
    assert (one["session"], one["at"]) == (7, 0)


def test_secrets_are_masked_by_their_place() -> None:
    """As the text mode masks them; nothing of an answer is shown but what gives nothing away."""
    found = told(
        events.CommandSent(0, Command(b"PASS hunter22"), b"", (5, 13)),
        events.AnswerSent(0, b"c2VjcmV0", b"", AUTH),
        events.AnswerSent(0, b"*", b"", AUTH),
        events.RawSent(0, b"PASS hun", secret=True),
        events.CommandReceived(0, Command(b"pass hunter22")),
        events.CommandReceived(0, Command(b"AUTH X =")),
        events.CommandReceived(0, NOOP),
        events.AnswerReceived(0, b"c2VjcmV0", AUTH),
        events.Unsolicited(0, Reply.of("500", "what is hunter22?")),
    )
    assert [one.get("line", one.get("octets", one.get("lines"))) for one in found] == [
        "PASS ****",
        "****",
        "*",
        "****",
        "pass ****",
        "AUTH X =",
        "NOOP",
        "****",
        ["500 what is ****?"],
    ]
    secret = [one["secret"] for one in found if "secret" in one]
    assert secret == [True, True, False, True, True, False, False, True]


@given(st.lists(st.integers(1, 60), max_size=4))
def test_no_cut_shows_a_secret(cuts: list[int]) -> None:
    """However the octets of a body come, whole lines are shown, and masked."""
    octets = b"first\r\nthis is hunter22, yes\r\nlast hunter22 of all"
    bounds = sorted({0, len(octets), *(cut for cut in cuts if cut < len(octets))})
    pieces = [octets[a:b] for a, b in itertools.pairwise(bounds)]
    found = told(
        events.CommandSent(0, Command(b"PASS hunter22"), b"", (5, 13)),
        *(events.BodyChunk(0, piece, piece) for piece in pieces),
        events.BodyChunk(0, b"", b"", last=True),
    )
    shown = "".join(str(one["octets"]) for one in found[1:])
    assert shown == octets.decode().replace("hunter22", "****")
    assert found[-1]["last"]


@pytest.mark.parametrize(
    "end", [events.Closed(1, "eof"), events.Failed(1, Word.EOF, "cut", b"r22")]
)
def test_what_was_cut_off_is_told(end: Event) -> None:
    """At the end of the session, or with the failure whose octets go on there."""
    found = told(
        events.CommandSent(0, Command(b"PASS hunter22"), b"", (5, 13)),
        events.BodyChunk(0, b"a\r\nhunte", b"a\r\nhunte"),
        end,
    )
    octets = [one["octets"] for one in found if "octets" in one]
    assert octets == (["a\r\n", "hunte"] if isinstance(end, events.Closed) else ["a\r\n", "****"])


def test_memory_is_bounded() -> None:
    """A line without an end is not held for ever; nor are commands that nobody answers."""
    piece = b"x" * 700_000
    found = told(*(events.BodyChunk(0, piece, piece) for _ in range(4)))
    assert [len(str(one["octets"])) for one in found] == [1_400_000, 1_400_000]
    commands = [Command(b"NOOP") for _ in range(1500)]
    sent = [events.CommandSent(0, command, b"") for command in commands]
    replies = [events.ReplyReceived(0, REPLY, commands[at]) for at in (0, 1499)]
    assert [one["command"] for one in told(*sent, *replies)[-2:]] == [None, 1500]


@pytest.mark.parametrize(
    "octets", [b"\xff\xfe", b"a\x1b[2J", "a\u202eb".encode(), b"\0", "\u200b".encode()]
)
def test_what_cannot_be_shown_is_base64(octets: bytes) -> None:
    """Other octets than UTF-8, and what a terminal would obey; ends of lines are text."""
    (one,) = told(events.RawSent(0, octets))
    assert one["octets"] == {"base64": base64.b64encode(octets).decode()}
    (one,) = told(events.RawSent(0, b"a\t\xc3\xa9\r\n"))
    assert one["octets"] == "a\té\r\n"
