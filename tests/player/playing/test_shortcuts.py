"""The quick look at a reply never says yes where the judge says no."""

from itertools import product

import pytest

from mailprobe.player.playing.links import Arrival
from mailprobe.player.playing.shortcuts import shortcut_of
from mailprobe.protocol.connection import Connection
from mailprobe.protocol.events import Greeting, ReplyReceived
from mailprobe.protocol.items import NEED_DATA
from mailprobe.protocol.model import Command, Role
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import SMTP
from mailprobe.transcript.dialogue import compile_steps
from mailprobe.transcript.match import check
from mailprobe.transcript.model import Level
from mailprobe.transcript.parse import parse
from mailprobe.transcript.steps import Reply as Step
from mailprobe.transcript.values import Values

SMTP_LINES = (
    "S: 250 ok", "S: 250 2.1.0 ok", "S: 550 5.1.1 no", "S: 550 no", "S: 250", "S: 250-a\nS: 250 b",
    "S? 250", "S? 2xx", "S? 250|550", "S? 250 2.1.0", "S? 550 5.x.x", "S? xxx", "S~ 250 {}",
    "S: 250 [x] y", "S: 421 4.3.2 off",
)  # fmt: skip
SMTP_CAME = (
    b"250 ok\r\n", b"250 2.1.0 fine\r\n", b"250 2.1.5 ok\r\n", b"550 5.1.1 x\r\n",
    b"550 5.7.1 x\r\n", b"550 x\r\n",
    b"251 ok\r\n", b"250-a\r\n250 b\r\n", b"250-a\r\n550 b\r\n", b"250\r\n",
    b"250 2.1.0\r\n", b"250-2.1.0 a\r\n250 2.1.5 b\r\n", b"250 ok\n", b"421 4.3.2 x\r\n",
    b"250 [y] x\r\n",
)  # fmt: skip
POP3_LINES = (
    "S: +OK", "S: +OK ready", "S: -ERR", "S: -ERR [AUTH] no", "S? +OK", "S? -ERR", "S? -ERR [AUTH]",
    "S? +OK|-ERR", "S~ +OK {}",
)  # fmt: skip
POP3_CAME = (b"+OK\r\n", b"+ok x\r\n", b"-ERR\r\n", b"-ERR [AUTH] x\r\n", b"-ERR [IN-USE] x\r\n")


def arrival(catalogue: object, octets: bytes, *, greeting: bool) -> Arrival:
    connection = Connection(catalogue, Role.CLIENT)  # type: ignore[arg-type]  # one of the two
    if not greeting:
        connection.receive_data(b"+OK\r\n" if catalogue is POP3 else b"220 x\r\n", 0.0)
        connection.send(Command(b"NOOP"), 0.0)
    connection.receive_data(octets, 0.0)
    last = None
    while (event := connection.next_event()) is not NEED_DATA:
        if isinstance(event, Greeting | ReplyReceived):
            last = event
    assert last is not None
    return Arrival(last.reply, 0.0)


def step_of(protocol: str, lines: str, *, greeting: bool) -> Step:
    before = "" if greeting else "S? 220\nC: NOOP\n" if protocol == "smtp" else "S? +OK\nC: NOOP\n"
    text = f"mailprobe: 1\nprotocol: {protocol}\n\n{before}{lines}\n"
    last = compile_steps(parse(text.encode(), "x.mpt"))[-1]
    assert isinstance(last, Step)
    return last


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("greeting", [False, True])
def test_it_is_never_wrong(level: Level, greeting: bool) -> None:
    """Every line against every reply, at every level; and it is of some use."""
    useful = 0
    for protocol, catalogue, lines, came in (
        ("smtp", SMTP, SMTP_LINES, SMTP_CAME),
        ("pop3", POP3, POP3_LINES, POP3_CAME),
    ):
        for line, octets in product(lines, came):
            step = step_of(protocol, line, greeting=greeting)
            sure = shortcut_of(step, level)
            arrived = arrival(catalogue, octets, greeting=greeting)
            if sure is None or not sure(arrived):
                continue
            useful += 1
            values = Values()
            found = check(step.expected, step.context, arrived.reply, None, level, values)
            assert found is None, (line, octets, found)
            assert not values.captures
    assert bool(useful) is (level is not Level.TEXT)
