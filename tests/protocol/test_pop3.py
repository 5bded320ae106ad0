"""The rows of POP3, against the RFCs' lists written out here."""

import re

import pytest

from mailprobe.protocol.catalogue import SECRETS, CommandSpec, Lines, Standing, Then
from mailprobe.protocol.facts import Effect
from mailprobe.protocol.model import Command, Protocol, State
from mailprobe.protocol.pop3 import CAPABILITIES, POP3

# RFC 1939, section 9
REQUIRED = ["STAT", "LIST", "RETR", "DELE", "NOOP", "RSET", "QUIT"]
# RFC 1939, section 7; RFC 2449, 2595, 5034, 6856
OPTIONAL = ["USER", "PASS", "APOP", "TOP", "UIDL", "CAPA", "STLS", "AUTH", "UTF8", "LANG"]
# RFC 1082, 1460, 1225
DEAD = ["XTND", "LAST", "RPOP"]

DIGEST = "c4c9334bac560ecc979e58001b3e22fb"

GOOD = {
    "USER": ["mrose", "a@b.example", "jürgen"],
    "PASS": ["secret", "two words", " blank first", "blank last "],
    "APOP": [f"mrose {DIGEST}"],
    "AUTH": ["", "PLAIN", "PLAIN AGEAYg==", "PLAIN =", "SCRAM-SHA-1 biws"],
    "STLS": [""],
    "CAPA": [""],
    "UTF8": [""],
    "LANG": ["", "*", "en", "zh-Hans-CN"],
    "STAT": [""],
    "LIST": ["", "1", "4711"],
    "RETR": ["1"],
    "DELE": ["1"],
    "NOOP": [""],
    "RSET": [""],
    "QUIT": [""],
    "TOP": ["1 0", "12 345"],
    "UIDL": ["", "1"],
    "XTND": ["BBOARDS", "bboards news", "ARCHIVE news", "XMIT", "xmit"],
    "LAST": [""],
    "RPOP": ["mrose"],
}

BAD = {
    "USER": ["", "m rose", " mrose"],
    "PASS": [""],
    "APOP": ["", "mrose", DIGEST, f"mrose {DIGEST.upper()}", f"mrose {DIGEST}0", f"a b {DIGEST}"],
    "AUTH": ["PLAIN a b", "PLAIN *", " "],
    "STLS": ["now"],
    "CAPA": ["all"],
    "UTF8": ["USER"],
    "LANG": ["english language", "e_n", "-"],
    "STAT": ["1"],
    "LIST": ["x", "-1", "1 2", "1,2", " "],
    "RETR": ["", "x", "1 2", "1,2"],
    "DELE": ["", "1 2", "-1", "1" * 11],
    "NOOP": ["x"],
    "RSET": ["1"],
    "QUIT": ["1"],
    "TOP": ["", "1", "1,2", "1, 2", "1  2", "1 -1", "x 1"],
    "UIDL": ["x", "1 2"],
    "XTND": ["", "SOMETHING", "ARCHIVE", "XMIT now"],
    "LAST": ["1"],
    "RPOP": ["", "a b"],
}


def row(verb: str) -> CommandSpec:
    """The row of `verb`, which must be there."""
    found = POP3.find(verb)
    assert found is not None, verb
    return found


def test_pop3_has_the_commands_of_the_rfcs() -> None:
    """Each verb of the RFCs has a row with its standing; there are no others."""
    assert POP3.protocol is Protocol.POP3
    standings = {spec.verb: spec.standing for spec in POP3}
    assert standings == {
        **dict.fromkeys(REQUIRED, Standing.CORE),
        **dict.fromkeys(OPTIONAL, Standing.OPTIONAL),
        **dict.fromkeys(DEAD, Standing.DEAD),
    }


@pytest.mark.parametrize("spec", [*POP3], ids=lambda spec: spec.verb)
def test_rows_are_filled(spec: CommandSpec) -> None:
    """Syntax, summary, reference, states and meanings stand in each row, in their form."""
    assert spec.syntax.split()[0] == spec.verb
    assert re.fullmatch(r"[A-Z][ -~]{10,85}[A-Za-z0-9]", spec.summary), spec.summary
    assert re.match(r"RFC \d+", spec.reference)
    assert spec.states <= {State.AUTHORIZATION, State.TRANSACTION}
    assert spec.states
    codes = {"+OK", "-ERR"} | ({"+"} if spec.then is Then.SASL else set())
    assert set(spec.meanings) == codes
    assert all(spec.meanings.values())
    assert not spec.parameters
    for argument in spec.arguments:
        assert argument.name
        assert argument.summary


@pytest.mark.parametrize(
    "verb, argument", [(verb, argument) for verb, many in GOOD.items() for argument in many]
)
def test_good_arguments(verb: str, argument: str) -> None:
    """What the RFC's grammar allows, the row's pattern takes."""
    assert row(verb).pattern.fullmatch(argument.encode())


@pytest.mark.parametrize(
    "verb, argument", [(verb, argument) for verb, many in BAD.items() for argument in many]
)
def test_bad_arguments(verb: str, argument: str) -> None:
    """What the RFC's grammar does not allow, the row's pattern does not take."""
    assert not row(verb).pattern.fullmatch(argument.encode())


def test_every_verb_has_examples() -> None:
    """No row goes without a good and a bad argument."""
    assert set(GOOD) == set(BAD) == {spec.verb for spec in POP3}


def test_bare_rows_agree_with_their_patterns() -> None:
    """A command may stand bare exactly where its pattern takes the empty argument."""
    for spec in POP3:
        assert spec.bare is bool(spec.pattern.fullmatch(b"")), spec.verb


@pytest.mark.parametrize(
    "line, lines",
    [
        (b"CAPA", Lines.MULTI),
        (b"RETR 1", Lines.MULTI),
        (b"TOP 1 0", Lines.MULTI),
        (b"LIST", Lines.MULTI),
        (b"list", Lines.MULTI),
        (b"LIST ", Lines.MULTI),
        (b"LIST 1", Lines.ONE),
        (b"UIDL", Lines.MULTI),
        (b"UIDL 1", Lines.ONE),
        (b"LANG", Lines.MULTI),
        (b"LANG en", Lines.ONE),
        (b"AUTH", Lines.MULTI),
        (b"AUTH PLAIN", Lines.ONE),
        (b"XTND BBOARDS", Lines.MULTI),
        (b"XTND ARCHIVE x", Lines.MULTI),
        (b"xtnd xmit", Lines.DATA),
        (b"XTND", Lines.MULTI),
        (b"USER a", Lines.ONE),
        (b"PASS a", Lines.ONE),
        (b"APOP a b", Lines.ONE),
        (b"STLS", Lines.ONE),
        (b"UTF8", Lines.ONE),
        (b"STAT", Lines.ONE),
        (b"DELE 1", Lines.ONE),
        (b"NOOP", Lines.ONE),
        (b"RSET", Lines.ONE),
        (b"QUIT", Lines.ONE),
        (b"LAST", Lines.ONE),
        (b"RPOP a", Lines.ONE),
        (b"XYZZY", Lines.ONE),
    ],
)
def test_shapes(line: bytes, lines: Lines) -> None:
    """How long a response is, by verb and argument (RFC 1939; RFC 2449, section 5; RFC 6856)."""
    command = Command(line)
    assert POP3.row(command).shape.of(command.argument) is lines


@pytest.mark.parametrize(
    "verb, states",
    [
        *((verb, "authorization") for verb in ["USER", "PASS", "APOP", "AUTH", "STLS"]),
        *((verb, "authorization") for verb in ["UTF8", "RPOP"]),
        *((verb, "authorization transaction") for verb in ["CAPA", "LANG", "QUIT"]),
        *((verb, "transaction") for verb in REQUIRED if verb != "QUIT"),
        *((verb, "transaction") for verb in ["TOP", "UIDL", "XTND", "LAST"]),
    ],
)
def test_states(verb: str, states: str) -> None:
    """RFC 1939, sections 4 to 7: where each command may stand."""
    assert row(verb).states == {State(word) for word in states.split()}


@pytest.mark.parametrize(
    "verb, after, then, effect",
    [
        ("USER", None, Then.NOTHING, Effect.NOTHING),
        ("PASS", State.TRANSACTION, Then.NOTHING, Effect.LOGIN),
        ("APOP", State.TRANSACTION, Then.NOTHING, Effect.LOGIN),
        ("RPOP", State.TRANSACTION, Then.NOTHING, Effect.LOGIN),
        ("AUTH", State.TRANSACTION, Then.SASL, Effect.MECHANISMS),
        ("STLS", None, Then.TLS, Effect.NOTHING),
        ("QUIT", None, Then.CLOSE, Effect.NOTHING),
        ("CAPA", None, Then.NOTHING, Effect.CAPABILITIES),
        ("STAT", None, Then.NOTHING, Effect.DROP_LISTING),
        ("LIST", None, Then.NOTHING, Effect.SCAN_LISTING),
        ("UIDL", None, Then.NOTHING, Effect.UNIQUE_ID_LISTING),
        ("DELE", None, Then.NOTHING, Effect.MARK),
        ("RSET", None, Then.NOTHING, Effect.UNMARK),
        ("RETR", None, Then.NOTHING, Effect.NOTHING),
    ],
)
def test_consequences(verb: str, after: State | None, then: Then, effect: Effect) -> None:
    """What a positive response changes, and what follows it."""
    spec = row(verb)
    assert (spec.after, spec.then, spec.effect) == (after, then, effect)


@pytest.mark.parametrize(
    "line, secret",
    [
        (b"PASS secret", b"secret"),
        (b"pass two words ", b"two words "),
        (b" \tPaSs\t secret", b" secret"),
        (b"PASS", None),
        (b"PASS ", None),
        (b"PASS  ", b" "),
        (b"APOP mrose " + DIGEST.encode(), DIGEST.encode()),
        (b"apop  mrose  x", b"x"),
        (b"APOP mrose", None),
        (b"APOP   mrose", None),
        (b"AUTH PLAIN xyz", b"xyz"),
        (b"AUTH PLAIN =", None),
        (b"AUTH PLAIN", None),
        (b"AUTH", None),
        (b"USER mrose", None),
        (b"RETR 1", None),
        (b"PASSWORD secret", None),
    ],
)
def test_secrets(line: bytes, secret: bytes | None) -> None:
    """The span of a secret is exact; an empty one and `=` are none."""
    span = POP3.secret_in(Command(line))
    assert (None if span is None else line[slice(*span)]) == secret


def test_secret_rows_share_their_patterns() -> None:
    """The rows use the patterns that hold in every protocol."""
    assert {spec.verb: spec.secret for spec in POP3 if spec.secret} == SECRETS


def test_pipelining() -> None:
    """RFC 2449, section 6.6, but for what changes who speaks what next."""
    last = {spec.verb for spec in POP3 if not spec.pipelined}
    assert last == {"STLS", "AUTH", "QUIT", "XTND"}


def test_needs_are_capabilities_that_bring_the_verb() -> None:
    """A row that needs a capability is brought by it, and the other way round."""
    needs = {spec.verb: spec.needs for spec in POP3 if spec.needs}
    brings = {verb: tag for tag, offer in CAPABILITIES.items() for verb in offer.verbs}
    assert needs == brings
    assert needs == {
        "USER": "USER",
        "PASS": "USER",
        "AUTH": "SASL",
        "STLS": "STLS",
        "UTF8": "UTF8",
        "LANG": "LANG",
        "TOP": "TOP",
        "UIDL": "UIDL",
    }


def test_capabilities_are_complete() -> None:
    """The tags of RFC 2449, 2595, 3206 and 6856, each with its row filled."""
    tags = """
    TOP USER SASL RESP-CODES LOGIN-DELAY PIPELINING EXPIRE UIDL IMPLEMENTATION STLS AUTH-RESP-CODE
    UTF8 LANG
    """
    assert set(CAPABILITIES) == set(tags.split())
    for tag, offer in CAPABILITIES.items():
        assert offer.keyword == tag
        assert offer.summary
        assert re.match(r"RFC \d{4}, section", offer.reference)
        assert all(verb in POP3 for verb in offer.affects)
        assert not offer.parameters
