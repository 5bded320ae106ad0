"""The rules for servers, each broken and kept, on dialogues as they travel."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.protocol import events
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.connection import Connection
from mailprobe.protocol.events import Ending
from mailprobe.protocol.items import NEED_DATA, Answer, Data, Misuse, Phase
from mailprobe.protocol.linting.linter import RULES, Findings, Linter
from mailprobe.protocol.linting.terms import Finding
from mailprobe.protocol.model import Command, Role
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import LMTP, SMTP
from mailprobe.value import replace
from tests.protocol.helpers import TLS

Turn = tuple[bytes, bytes]  # what the client says, and the server to it
HELLO = b"250-mx.example\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE 100\r\n"
PEER = "192.0.2.1:25"
CAPA = b"+OK\r\nTOP\r\nUIDL\r\n.\r\n"


class Dialogue:
    """A client that says what it is told, and the linter that listens."""

    def __init__(self, catalogue: Catalogue, *, peer: str = PEER, tls: bool = False) -> None:
        self.connection = Connection(catalogue, Role.CLIENT)
        self.told: list[Finding] = []
        self.findings = Findings()
        self.linter = Linter(catalogue, self.findings, self.told.append)
        self.linter(events.Connected(0, peer, ""))
        if tls:
            self.connection.start_tls(replace(TLS, implicit=True))

    def say(self, *turns: Turn) -> "Dialogue":
        for line, said in turns:
            if line:
                self._send(line)
            self.connection.receive_data(said, 1.0)
            self.drain()
        return self

    def _send(self, line: bytes) -> None:
        match self.connection.phase:
            case Phase.ANSWER:
                self.connection.send(Answer(line), 1.0)
            case Phase.DATA:
                self.connection.send(Data(line), 1.0)
            case _:
                self.connection.send(Command(line), 1.0)
        self.drain()

    def secure(self, *, implicit: bool = False) -> "Dialogue":
        self.connection.start_tls(replace(TLS, implicit=implicit))
        self.drain()
        return self

    def end(self, how: str = Ending.EOF) -> "Dialogue":
        self.connection.close(how, 9.0)
        self.drain()
        return self

    def drain(self) -> None:
        while (event := self.connection.next_event()) is not NEED_DATA:
            self.linter(event)

    @property
    def names(self) -> list[str]:
        return [one.name for one in self.findings]

    @property
    def sentences(self) -> list[str]:
        return [one.sentence for one in self.findings]


def smtp(*turns: Turn, greeting: bytes = b"220 mx.example ESMTP\r\n", **how: bool) -> Dialogue:
    return Dialogue(SMTP, **how).say((b"", greeting), *turns)  # type: ignore[arg-type]  # tls alone


def pop3(*turns: Turn, greeting: bytes = b"+OK ready\r\n", **how: bool) -> Dialogue:
    return Dialogue(POP3, **how).say((b"", greeting), *turns)  # type: ignore[arg-type]  # tls alone


def in_transaction(*turns: Turn) -> Dialogue:
    return pop3((b"USER a", b"+OK\r\n"), (b"PASS b", b"+OK\r\n"), *turns)


EHLO = (b"EHLO me", HELLO)
CLEAN_SMTP: tuple[Turn, ...] = (
    EHLO,
    (b"MAIL FROM:<>", b"250 2.1.0 ok\r\n"),
    (b"RCPT TO:<a@b>", b"550-5.1.1 no\r\n550 5.1.1 such\r\n"),
    (b"RCPT TO:<b@b>", b"250 2.1.5 ok\r\n"),
    (b"DATA", b"354 go\r\n"),
    (b".\r\n", b"250 2.0.0 ok\r\n"),
    (b"AUTH X", b"334 \r\n"),
    (b"eA==", b"334 eA==\r\n"),
    (b"eA==", b"235 2.7.0 ok\r\n"),
    (b"EHLO me", b"250-mx.example\r\n250-ENHANCEDSTATUSCODES\r\n250 AUTH CRAM-MD5\r\n"),
    (b"VRFY a", b"252 2.0.0 perhaps\r\n"),
    (b"XYZZY", b"500 5.5.1 what\r\n"),
    (b"NOOP", b"421 4.4.2 bye\r\n"),
)
CLEAN_POP3: tuple[Turn, ...] = (
    (b"CAPA", CAPA),
    (b"CAPA", CAPA),
    (b"USER a", b"+OK\r\n"),
    (b"PASS b", b"+OK in\r\n"),
    (b"CAPA", b"+OK\r\nEXPIRE NEVER\r\n.\r\n"),
    (b"STAT", b"+OK 3 35\r\n"),
    (b"LIST", b"+OK\r\n1 5\r\n2 10 more\r\n3 20\r\n.\r\n"),
    (b"LIST 2", b"+OK 2 10\r\n"),
    (b"RETR 1", b"+OK 5 octets\r\n..ab\r\n.\r\n"),
    (b"DELE 1", b"+OK\r\n"),
    (b"STAT", b"+OK 2 30\r\n"),
    (b"LIST", b"+OK\r\n2 10\r\n3 20\r\n.\r\n"),
    (b"UIDL", b"+OK\r\n2 abc\r\n3 abd\r\n.\r\n"),
    (b"UIDL 3", b"+OK 3 abd\r\n"),
    (b"RSET", b"+OK\r\n"),
    (b"LIST", b"+OK\r\n1 5\r\n2 10\r\n3 20\r\n.\r\n"),
    (b"TOP 1 0", b"+OK 99 octets\r\nx\r\n.\r\n"),
    (b"RETR 9", b"-ERR no\r\n"),
    (b"QUIT", b"+OK bye\r\n"),
)


def test_nothing_is_found_where_nothing_is() -> None:
    """Dialogues as the RFCs have them, over TLS; they end as they should."""
    assert smtp(*CLEAN_SMTP, tls=True).end().sentences == []
    assert pop3(*CLEAN_POP3, tls=True).end().sentences == []
    quit_said = (b"QUIT", b"221 2.0.0 bye\r\n")
    assert smtp(EHLO, quit_said).end().sentences == []
    assert smtp(EHLO).end(Ending.LOCAL).sentences == []
    assert pop3().end().sentences == []


WRONG_SMTP: list[tuple[str, list[Turn]]] = [
    ("bare-LF", [(b"NOOP", b"250 ok\n")]),
    ("the-code-changes-inside-the-reply", [(b"VRFY a", b"250-a\r\n252 b\r\n")]),
    ("long-line", [(b"NOOP", b"250 " + b"x" * 507 + b"\r\n")]),
    ("bare-cr", [(b"NOOP", b"250 a\rb\r\n")]),
    ("control", [(b"NOOP", b"250 a\x1b[1m\r\n")]),
    ("eight-bit", [EHLO, (b"NOOP", b"250 2.0.0 \xc3\xa9\r\n")]),
    ("bare-code", [(b"NOOP", b"250\r\n")]),
    ("code", [(b"NOOP", b"570 x\r\n")]),
    ("enhanced-class", [(b"RCPT TO:<a>", b"550 4.1.1 no\r\n")]),
    ("enhanced-class", [(b"NOOP", b"250 5.0.0 ok\r\n")]),
    ("enhanced-varies", [(b"RCPT TO:<a>", b"550-5.1.1 no\r\n550 5.1.2 no\r\n")]),
    ("enhanced-missing", [EHLO, (b"NOOP", b"250 ok\r\n")]),
    ("code-for-verb", [(b"NOOP", b"251 ok\r\n")]),
    ("required", [(b"RSET", b"502 no\r\n")]),
    ("challenge", [(b"AUTH X", b"334 what?\r\n")]),
    ("hello-name", [(b"EHLO me", b"250-hello, me\r\n250 PIPELINING\r\n")]),
    ("keyword", [(b"EHLO me", b"250-mx\r\n250 A_B x\r\n")]),
    ("keyword", [(b"EHLO me", b"250-mx\r\n250 SIZE  5\r\n")]),
    ("size", [(b"EHLO me", b"250-mx\r\n250 SIZE many\r\n")]),
    ("clear", [(b"EHLO me", b"250-mx\r\n250 AUTH CRAM-MD5 PLAIN\r\n")]),
    ("changed", [EHLO, (b"EHLO me", b"250-mx.example\r\n250 SIZE 100\r\n")]),
    ("companion", [(b"EHLO me", b"250-mx\r\n250 SMTPUTF8\r\n")]),
    ("unasked", [(b"NOOP", b"250 ok\r\n250 ok\r\n")]),
    ("no-reply", [(b"NOOP", b"what?\r\n250 ok\r\n")]),
    ("after-421", [(b"NOOP", b"421 bye\r\n250 ok\r\n")]),
]
WRONG_POP3: list[tuple[str, list[Turn]]] = [
    ("status-indicator-in-lower-case", [(b"NOOP", b"+ok\r\n")]),
    ("bare-LF", [(b"NOOP", b"+OK\n")]),
    ("long-line", [(b"NOOP", b"+OK " + b"x" * 507 + b"\r\n")]),
    ("bare-cr", [(b"NOOP", b"+OK a\rb\r\n")]),
    ("eight-bit", [(b"NOOP", b"+OK \xc3\xa9\r\n")]),
    ("challenge", [(b"AUTH X", b"+ what?\r\n")]),
    ("keyword", [(b"CAPA", b"+OK\r\nA.B\r\n.\r\n")]),
    ("clear", [(b"CAPA", b"+OK\r\nUSER\r\n.\r\n")]),
    ("clear", [(b"CAPA", b"+OK\r\nSASL PLAIN\r\n.\r\n")]),
    ("changed", [(b"CAPA", CAPA), (b"CAPA", b"+OK\r\nTOP\r\n.\r\n")]),
    ("unasked", [(b"NOOP", b"+OK\r\n+OK\r\n")]),
    ("no-reply", [(b"NOOP", b"+OK\r\nmore\r\n")]),
    ("drop-listing", [(b"STAT", b"+OK many\r\n")]),
    ("asked-number", [(b"LIST 2", b"+OK 3 10\r\n")]),
    ("asked-number", [(b"UIDL 2", b"+OK here\r\n")]),
    ("scan-listing", [(b"LIST", b"+OK\r\n1 big\r\n.\r\n")]),
    ("numbers", [(b"LIST", b"+OK\r\n1 5\r\n3 5\r\n.\r\n")]),
    ("numbers", [(b"UIDL", b"+OK\r\n2 a\r\n.\r\n")]),
    ("sum", [(b"STAT", b"+OK 2 11\r\n"), (b"LIST", b"+OK\r\n1 5\r\n2 5\r\n.\r\n")]),
    ("octets", [(b"RETR 1", b"+OK 7 octets\r\nabc\r\n.\r\n")]),
    ("octets", [(b"LIST", b"+OK\r\n1 4\r\n.\r\n"), (b"RETR 1", b"+OK\r\nabc\r\n.\r\n")]),
    ("unique-id", [(b"UIDL", b"+OK\r\n1 " + b"x" * 71 + b"\r\n.\r\n")]),
    ("unique-id", [(b"UIDL", b"+OK\r\n1 a\xff\r\n.\r\n")]),
    ("unique-id", [(b"UIDL", b"+OK\r\n1 a b\r\n.\r\n")]),
    ("unique-id-twice", [(b"UIDL", b"+OK\r\n1 a\r\n2 a\r\n.\r\n")]),
]


@pytest.mark.parametrize("name, turns", WRONG_SMTP)
def test_what_a_server_of_smtp_does_wrong(name: str, turns: list[Turn]) -> None:
    """Each breach is found, and nothing besides it."""
    assert smtp(*turns).names == [name]


@pytest.mark.parametrize("name, turns", WRONG_POP3)
def test_what_a_server_of_pop3_does_wrong(name: str, turns: list[Turn]) -> None:
    """The same."""
    assert in_transaction(*turns).names == [name]


@pytest.mark.parametrize(
    "greeting, names",
    [
        (b"250 mx.example\r\n", ["greeting-code"]),
        (b"220 -\r\n", ["greeting-name"]),
        (b"220 ***\r\n", ["greeting-name"]),
        (b"554 no mail here\r\n", []),
        (b"220 [192.0.2.1] 2.0.0 ready\r\n", []),
    ],
)
def test_greetings(greeting: bytes, names: list[str]) -> None:
    """Which codes there are, and who is named; an enhanced status code has no place in one."""
    assert smtp(greeting=greeting).names == names
    assert pop3(greeting=b"-ERR busy\r\n").names == ["greeting-code"]


def test_lmtp() -> None:
    """It knows no hello of SMTP, and has to offer two extensions."""
    lmtp = Dialogue(LMTP).say(
        (b"", b"220 mx LMTP\r\n"),
        (b"EHLO me", b"250 mx\r\n"),
        (b"LHLO me", b"250-mx\r\n250 PIPELINING\r\n"),
    )
    assert lmtp.names == ["lmtp-hello", "lmtp-needs"]
    assert lmtp.sentences[1].endswith("ENHANCEDSTATUSCODES (RFC 2033, section 5)")


def test_octets_above_127() -> None:
    """Where UTF-8 is allowed, it has to be UTF-8."""
    hello = (b"EHLO me", b"250-mx\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n")
    assert smtp(hello, (b"NOOP", b"250 \xc3\xa9\r\n")).names == []
    assert "it is no UTF-8" in smtp(hello, (b"NOOP", b"250 \xe9\r\n")).sentences[0]
    asked = (b"UTF8", b"+OK\r\n")
    assert pop3(asked, (b"NOOP", b"+OK \xc3\xa9\r\n")).names == []
    assert "it is no UTF-8" in pop3(asked, (b"NOOP", b"+OK \xe9\r\n")).sentences[0]


def test_logins_in_the_clear() -> None:
    """Over TLS they are none; on this machine nobody listens, which is said."""
    hello = (b"EHLO me", b"250-mx\r\n250 AUTH PLAIN\r\n")
    assert smtp(hello, tls=True).names == []
    here = Dialogue(SMTP, peer="127.0.0.1:25").say((b"", b"220 mx\r\n"), hello)
    assert here.told == []
    assert here.sentences == [
        (
            "reply to EHLO: a login is offered that whoever listens can read: PLAIN; "
            "this link does not leave the machine (RFC 4954, section 4)"
        )
    ]


def test_a_proxy_leads_away_from_this_machine() -> None:
    """Who is connected to a proxy on it is not connected to a server on it."""
    here = Dialogue(SMTP, peer="127.0.0.1:1080")
    here.linter(events.Tunnelled(0, "mx.example:25", "127.0.0.1:1080", looked_up=True))
    here.say((b"", b"220 mx\r\n"), (b"EHLO me", b"250-mx\r\n250 AUTH PLAIN\r\n"))
    assert [one.name for one in here.told] == ["clear"]
    assert "machine" not in here.sentences[0]


def test_tls_forgets_what_was_said() -> None:
    """Another list over TLS is no change; TLS that is offered once more is wrong."""
    upgrade = (b"STARTTLS", b"220 2.0.0 go\r\n")
    secured = smtp(EHLO, upgrade).secure().say((b"EHLO me", b"250-mx\r\n250 STARTTLS\r\n"))
    assert secured.names == ["tls-again"]
    secured = pop3((b"CAPA", CAPA), (b"STLS", b"+OK\r\n")).secure()
    assert secured.say((b"CAPA", b"+OK\r\nSTLS\r\n.\r\n")).names == ["tls-again"]


def test_a_login_and_another_client_change_the_list() -> None:
    """AUTH, HELO and XCLIENT between two questions may change the answer."""
    other = (b"EHLO me", b"250 mx.example\r\n")
    for between in ((b"AUTH X", b"235 2.7.0 in\r\n"), (b"HELO me", b"250 mx\r\n")):
        assert smtp(EHLO, between, other).names == []
    assert smtp(EHLO, (b"XCLIENT NAME=x", b"220 mx ready\r\n"), other).names == ["enhanced-missing"]
    assert smtp(EHLO, (b"EHLO you", b"250 mx.example\r\n")).names == []


@pytest.mark.parametrize("how", [Ending.EOF, Ending.RESET, Ending.TRUNCATED])
def test_an_end_that_nobody_announced(how: str) -> None:
    """Only QUIT and 421 announce it; a link that was never greeted has no rule."""
    found = smtp().end(how)
    assert found.names == ["unannounced"] + ["truncated"] * (how == Ending.TRUNCATED)
    assert found.sentences[0].startswith("the end: ")
    assert "unannounced" not in Dialogue(SMTP).end(how).names
    broken = smtp()
    broken.linter(events.TlsFailed(1, verify=True))
    assert "unannounced" not in broken.end(how).names


def test_marks_are_taken_back() -> None:
    """DELE takes a number out, RSET puts it back; a refused one changes nothing."""
    gone = (b"DELE 1", b"+OK\r\n")
    listing = (b"LIST", b"+OK\r\n2 5\r\n.\r\n")
    assert in_transaction(gone, listing).names == []
    assert in_transaction((b"DELE 1", b"-ERR\r\n"), listing).names == ["numbers"]
    assert in_transaction(gone, (b"RSET", b"+OK\r\n"), listing).names == ["numbers"]
    assert in_transaction((b"DELE x", b"+OK\r\n"), listing).names == ["numbers"]
    counted = (b"STAT", b"+OK 2 10\r\n")
    assert in_transaction(counted, gone, listing).names == []


def test_places_and_counts() -> None:
    """A breach is told once and counted; the line of the reply is named where there is one."""
    found = smtp(*[(b"RCPT TO:<a>", b"550-5.1.1 a\r\n550 4.1.1 b\r\n")] * 3)
    assert [(one.name, one.count) for one in found.findings] == [
        ("enhanced-class", 3),
        ("enhanced-varies", 3),
    ]
    assert len(found.told) == len(found.findings) == 2
    assert found.sentences[0] == (
        "reply to RCPT, line 2: the enhanced status code is of another class than the reply code: "
        "4.1.1 behind 550 (RFC 2034, section 4)"
    )


def test_no_place_names_a_secret() -> None:
    """What is no verb of any table may be a password in the wrong place."""
    found = smtp((b"hunter22", b"250\r\n"))
    assert found.sentences == [
        (
            "reply to another command, line 1: "
            "a reply code with nothing behind it: 250 (RFC 5321, section 4.2)"
        )
    ]


def test_memory_is_bounded() -> None:
    """Of a server that does everything wrong in ever new ways, 500 are kept."""
    found = Findings()
    for number in range(700):
        found.add("x", f"what {number}", "RFC", "place")
    assert (len(found), found.surplus) == (500, 200)
    wild = b"".join(b"%d x\xff y\r\n" % (number * 2) for number in range(1, 300))
    names = in_transaction((b"UIDL", b"+OK\r\n" + wild + b".\r\n")).names
    assert names.count("unique-id") <= 20
    many = b"".join(b"x\r\n" for _ in range(300))
    assert in_transaction((b"LIST", b"+OK\r\n" + many + b".\r\n")).names.count("scan-listing") == 1


def test_a_listing_that_comes_in_pieces() -> None:
    """However it is cut; of one beyond a MiB nobody says what it adds up to."""
    counted = (b"STAT", b"+OK 2 11\r\n")
    cut = in_transaction(counted, (b"LIST", b"+OK\r\n1 5\r\n"), (b"", b"2 5\r\n.\r\n"))
    assert cut.names == ["sum"]
    long = b"".join(b"%d 1000000000000000000\r\n" % number for number in range(1, 50_000))
    assert in_transaction(counted, (b"LIST", b"+OK\r\n" + long + b".\r\n")).names == []


def test_a_long_difference_is_cut() -> None:
    """Eight lines of it, and how many more there are."""
    other = b"".join(b"250-X%d\r\n" % number for number in range(20)) + b"250 Y\r\n"
    found = smtp(EHLO, (b"EHLO me", b"250-mx.example\r\n" + other))
    assert ", 15 more (RFC" in found.sentences[0]


def test_bodies_without_a_beginning_are_passed_over() -> None:
    """Whoever begins to listen in the middle of a response learns nothing of it."""
    found = Findings()
    linter = Linter(POP3, found)
    linter(events.BodyChunk(0, b"x\r\n", b"x\r\n.\r\n", last=True))
    linter(events.Resolved(0, "x", ()))
    assert len(found) == 0


def test_each_rule_has_a_name_and_a_reference() -> None:
    """Names are of one form; no two rules of one protocol share theirs."""
    assert all(rule.reference.startswith("RFC ") for rule in RULES)
    for rule in RULES:
        others = [one for one in RULES if one.name == rule.name and one is not rule]
        assert not any(one.protocols & rule.protocols for one in others)
        assert rule.name.replace("-", "").isalnum()


_OCTETS = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([turn[1] for turn in (*CLEAN_SMTP, *CLEAN_POP3)]),
    st.builds(lambda text: b"250-" + text + b"\r\n250 x\r\n", st.binary(max_size=20)),
)
_LINES = st.sampled_from([turn[0] for turn in (*CLEAN_SMTP, *CLEAN_POP3) if turn[0]])


@given(st.sampled_from([SMTP, LMTP, POP3]), st.lists(st.tuples(_LINES, _OCTETS), max_size=8))
def test_whatever_a_server_says(catalogue: Catalogue, turns: Iterable[Turn]) -> None:
    """No octets make a rule raise, and every sentence is printable."""
    found = Dialogue(catalogue)
    for line, said in turns:
        try:
            found.say((line, said))
        except Misuse:
            break
    found.end()
    assert all(sentence.isprintable() for sentence in found.sentences)
