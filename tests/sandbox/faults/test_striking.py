"""Where faults strike, and how often; in memory, where time does not pass."""

import base64
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mailprobe.errors import Failure
from mailprobe.protocol.model import Command, Protocol, Reply
from mailprobe.sandbox.dialogue import Dialogue
from mailprobe.sandbox.faults.asking import read_faults
from mailprobe.sandbox.faults.model import Moment, Place
from mailprobe.sandbox.faults.striking import Plan
from mailprobe.sandbox.faults.table import FAULTS
from mailprobe.sandbox.office import Office
from mailprobe.sandbox.pop3 import POP3, Pop3Service
from mailprobe.sandbox.server import Sandbox
from mailprobe.sandbox.smtp import LMTP, SMTP, SmtpService
from mailprobe.transport.connect import connect
from mailprobe.transport.target import parse_target
from tests.sandbox.helpers import Talk, log_in, make_store

_LIMIT = 60.0  # seconds: a bound for what should never be reached
_SMTP = Protocol.SMTP
Make = Callable[..., Talk]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Sessions of SMTP, POP3 and LMTP with the faults of one plan."""
    store = make_store(tmp_path / "mail")
    for number in range(4):
        store.put("alice", b"Subject: %d\r\n\r\nHello\r\n" % number)

    def made(plan: Plan, protocol: str = "smtp") -> Talk:
        catalogue = {"smtp": SMTP, "lmtp": LMTP, "pop3": POP3}[protocol]
        dialogue = Dialogue(catalogue, peer="127.0.0.1:40000")
        dialogue.faults = plan.session(dialogue.connection)
        return Talk(_service(dialogue, Office(store), protocol))

    return made


def _service(dialogue: Dialogue, office: Office, protocol: str) -> SmtpService | Pop3Service:
    if protocol == "pop3":
        return Pop3Service(dialogue, office)
    return SmtpService(LMTP if protocol == "lmtp" else SMTP, dialogue, office)


def plan(text: str, seed: int = 0) -> Plan:
    return Plan(read_faults(text), seed)


def struck(talk: Talk, count: int = 40) -> list[int]:
    """Which of so many NOOPs are answered by garbage."""
    return [n for n in range(count) if talk.line("NOOP").startswith(b"What")]


def test_always(make: Make) -> None:
    """Without a number it strikes wherever it can."""
    assert struck(make(plan("garbage")), 3) == [0, 1, 2]


def test_at_a_position(make: Make) -> None:
    """Only the third time that it could; in each session anew."""
    third = plan("garbage@3")
    assert struck(make(third), 5) == [2]
    assert struck(make(third), 5) == [2]


def test_by_chance(make: Make) -> None:
    """The same seed strikes at the same places of the same session, another seed elsewhere."""
    first, again, other = plan("garbage=0.3", 7), plan("garbage=0.3", 7), plan("garbage=0.3", 8)
    found = [struck(make(first)) for _ in range(2)]
    assert [struck(make(again)) for _ in range(2)] == found
    assert found[0] != found[1]
    assert struck(make(other)) not in found
    assert 4 <= len(found[0]) <= 20  # 12 are to be expected


def test_never(make: Make) -> None:
    """Probability 0."""
    assert struck(make(plan("garbage=0"))) == []


def test_what_strikes_once_in_a_session_counts_sessions(make: Make) -> None:
    """The greeting of the second one."""
    second = plan("greeting-421@2")
    greetings = [make(second).greeting[:3] for _ in range(3)]
    assert greetings == [b"220", b"421", b"220"]


def test_another_protocol(make: Make) -> None:
    """What is of POP3 leaves SMTP alone."""
    assert make(plan("lower-ok")).line("NOOP").startswith(b"250 ")


def test_the_same_fault_twice(make: Make) -> None:
    """Each counts for itself."""
    assert struck(make(plan("garbage@1,garbage@4")), 6) == [0, 3]


# What is said, and which of its replies are another's than the fault's with `@1` and with `@2`.
_TRANSACTION = "EHLO me.test/MAIL FROM:<>/RCPT TO:<alice@example.test>/RCPT TO:<bob@example.test>"
_MORE = "RCPT TO:<carol@example.test>/RCPT TO:<dave@example.test>"
_CHUNKS = "BDAT 0/BDAT 0/RSET/MAIL FROM:<>/RCPT TO:<alice@example.test>/BDAT 0"
_LOGINS = "AUTH PLAIN/*/AUTH PLAIN =/AUTH PLAIN/*/AUTH PLAIN ="


@pytest.mark.parametrize(
    "fault, lines, places",
    [
        ("rcpt-some", f"{_TRANSACTION}/{_MORE}", [3, 5]),
        ("rcpt-452", f"{_TRANSACTION}/{_MORE}", [3, 4]),
        ("greylist", f"{_TRANSACTION}/{_TRANSACTION[13:]}/{_MORE}", [2, 3]),
        ("bdat-452", f"{_TRANSACTION}/{_CHUNKS}", [4, 5]),
        ("initial-refused", f"EHLO me.test/{_LOGINS}", [3, 6]),
        ("initial-wanted", f"EHLO me.test/{_LOGINS}", [1, 4]),
        ("token-refused", "EHLO me.test/AUTH XOAUTH2/eA==/=/AUTH XOAUTH2 eA==", [2, 4]),
    ],
)
def test_a_position_counts_where_it_could_strike(
    make: Make, fault: str, lines: str, places: list[int]
) -> None:
    """Never a command that it has nothing to say to: each position is struck once, in its turn."""

    def replies(spec: str) -> list[bytes]:
        talk = make(plan(spec))
        found = [talk.line(line) for line in lines.split("/")]
        talk.hang_up()  # mail data may be open
        return found

    usual = replies(f"{fault}=0")
    for position, place in enumerate(places, 1):
        found = replies(f"{fault}@{position}")
        assert next(n for n, reply in enumerate(found) if reply != usual[n]) == place


def test_a_signature_at_a_position(make: Make) -> None:
    """The first challenge of SCRAM has no signature, and is not what is struck."""
    (act,) = FAULTS["scram-signature"].acts
    connection = make(plan("slow")).service.dialogue.connection
    for said, strikes in ((b"r=ab,s=QSXCR+Q6sek8bf92,i=4096", False), (b"v=AAAA", True)):
        reply = Reply.of("334", base64.b64encode(said))
        command = Command(b"AUTH SCRAM-SHA-256")
        octets = b"334 " + base64.b64encode(said) + b"\r\n"
        moment = Moment(Place.REPLY, command, connection, {}, {}, reply, octets)
        assert act.where(moment) is strikes


def test_a_greylist_is_bounded(make: Make) -> None:
    """Ever new recipients take no more room than a thousand; parameters make nobody new."""
    grey = plan("greylist")
    talk = make(grey)
    talk.line("EHLO me.test")
    talk.line("MAIL FROM:<>")
    for number in range(2_500):
        assert talk.code(f"RCPT TO:<{number}@example.test>") == "451 4.7.1"
    assert talk.code("RCPT TO:<2499@example.test> NOTIFY=NEVER") == "250 2.1.5"
    (seen,) = grey.common.values()
    assert isinstance(seen, set)
    assert len(seen) <= 1000


def test_several_at_once(make: Make) -> None:
    """What is said changes first, how it travels later, in whatever order they are named."""
    for text in ("bare-lf,no-enhanced", "no-enhanced,bare-lf"):
        assert make(plan(text)).line("NOOP") == b"250 Here I am\n"


def test_what_is_carried_out(make: Make) -> None:
    """A command that is answered instead changes nothing for the server either."""
    talk = make(plan("data-250"))
    talk.line("EHLO me.test")
    talk.line("MAIL FROM:<>")
    talk.line("RCPT TO:<alice@example.test>")
    assert talk.code("DATA") == "250 2.0.0"
    assert talk.code("Subject: x").startswith("500")


def test_nobody_and_354(make: Make) -> None:
    """Mail data for nobody is taken, and refused."""
    talk = make(plan("data-for-nobody"))
    talk.line("EHLO me.test")
    talk.line("MAIL FROM:<>")
    assert talk.code("RCPT TO:<alice@example.test>") == "550 5.1.1"
    assert talk.code("DATA") == "354"
    assert talk.code("hello\r\n.") == "554 5.5.1"


def test_a_greylist_knows_whom_it_has_seen(make: Make) -> None:
    """The second attempt is welcome, in another session as well."""
    grey = plan("greylist")
    for expected in ("451 4.7.1", "250 2.1.5"):
        talk = make(grey)
        talk.line("EHLO me.test")
        talk.line("MAIL FROM:<>")
        assert talk.code("RCPT TO:<alice@example.test>") == expected


def test_a_chunk_and_what_follows_it(make: Make) -> None:
    """A refused chunk is followed by 503 until RSET; its octets are read all the same."""
    talk = make(plan("bdat-452@1"))
    for command in ("EHLO me.test", "MAIL FROM:<>", "RCPT TO:<alice@example.test>"):
        talk.line(command)
    assert talk.say(b"BDAT 4\r\nNOOP").startswith(b"452 4.3.1 ")
    assert talk.code("BDAT 0 LAST").startswith("503")
    assert talk.code("RSET") == "250 2.0.0"
    talk.line("MAIL FROM:<>")
    talk.line("RCPT TO:<alice@example.test>")
    assert talk.code("BDAT 0 LAST") == "250 2.0.0"


def test_a_session_that_is_over(make: Make) -> None:
    """Behind a fault that ends the link nothing more is said, whatever was asked."""
    talk = make(plan("close-instead@2"))
    assert talk.say(b"NOOP\r\nNOOP\r\nNOOP\r\n") == b"250 2.0.0 Here I am\r\n"
    assert talk.finished


def test_sizes_of_the_second_session(make: Make) -> None:
    """Messages have grown; STAT and LIST alike."""
    grown = plan("sizes-change")
    sizes = []
    for _ in range(2):
        talk = log_in(make(grown, "pop3"))
        sizes.append(int(talk.line("LIST 1").split()[2]))
        assert int(talk.line("STAT").split()[2]) >= sizes[-1]
        talk.line("QUIT")
        talk.hang_up()
    assert sizes[1] == sizes[0] + 31


def test_early_talker(make: Make) -> None:
    """Who talks into the greeting of postscreen never gets its last line."""
    assert make(plan("postscreen")).greeting.count(b"220") == 2
    with Sandbox({"smtp": 0}, faults=read_faults("postscreen:10s")) as sandbox:
        target = parse_target(f"127.0.0.1:{sandbox.ports['smtp']}", _SMTP)
        link = connect(target)
        link.send(b"EHLO early.test\r\n")
        said = b""
        while b"250 AUTH" not in said:
            said += bytes(link.receive() or b"")
        link.drop()
    assert said.startswith(b"220-")
    assert b"220 " not in said


def test_the_end_of_a_sandbox_ends_pauses() -> None:
    """A fault that waits for a minute does not hold up whoever stops the sandbox."""
    with Sandbox({"smtp": 0}, faults=read_faults("tarpit:1m")) as sandbox:
        link = connect(parse_target(f"127.0.0.1:{sandbox.ports['smtp']}", _SMTP))
    octets = link.receive()
    assert octets is not None  # it has ended, and nobody waited for the minute
    link.drop()


def test_half_closed_and_still_reading() -> None:
    """The server has said its last word behind 354, and takes the whole message all the same."""
    message = b"0123456789abcdef" * 63 + b"\r\n"
    with Sandbox({"smtp": 0}, faults=read_faults("half-close@4")) as sandbox:
        link = connect(parse_target(f"127.0.0.1:{sandbox.ports['smtp']}", _SMTP))
        link.send(b"HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n")
        said = b""
        while octets := link.receive():
            said += bytes(octets)
        assert said.endswith(b"354 Send the message, and end it with a lone dot\r\n")
        octets = message * 16_000  # more than all buffers on the way hold
        assert link.send(octets, time.monotonic() + _LIMIT) == len(octets)
        link.drop()


def test_a_sandbox_without_faults_has_no_hook() -> None:
    """Whoever asks for none pays for none."""
    assert Dialogue(SMTP, peer="127.0.0.1:1").faults is None


def test_the_protocol_of_a_link_that_breaks() -> None:
    """A plan of no link rests nowhere, and a name that is wrong is told before anything runs."""
    rested: list[float] = []
    watched = Plan(read_faults("slow"), rest=rested.append)
    dialogue = Dialogue(SMTP, peer="127.0.0.1:1")
    dialogue.faults = watched.session(dialogue.connection)
    dialogue.say("220", "here")
    assert (dialogue.take_output(), rested) == (b"220 here\r\n", [])
    with pytest.raises(Failure):
        read_faults("slo")
