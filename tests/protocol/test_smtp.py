"""The rows of SMTP and LMTP, against the RFCs' lists written out here."""

import re

import pytest

from mailprobe.protocol.catalogue import (
    SECRETS,
    Catalogue,
    CommandSpec,
    Kind,
    Lines,
    Standing,
    Then,
)
from mailprobe.protocol.codes import REPLY_CODES
from mailprobe.protocol.extensions import EXTENSIONS
from mailprobe.protocol.facts import Effect
from mailprobe.protocol.model import Command, Protocol, State
from mailprobe.protocol.parameters import MAIL_PARAMETERS, RCPT_PARAMETERS
from mailprobe.protocol.smtp import LMTP, SMTP

# RFC 5321, section 4.1.1
CORE = ["EHLO", "HELO", "MAIL", "RCPT", "DATA", "RSET", "VRFY", "EXPN", "HELP", "NOOP", "QUIT"]
# RFC 821, section 4.1.1, as far as RFC 5321 gave it up
GIVEN_UP = ["SEND", "SOML", "SAML", "TURN"]
# RFC 3207, 4954, 3030, 4468, 1985, 2645
EXTENDED = ["STARTTLS", "AUTH", "BDAT", "BURL", "ETRN", "ATRN"]
VENDOR = ["XCLIENT", "XFORWARD", "VERB", "ONEX"]

# RFC 2920, section 3.1: these may stand anywhere in a group ...
ANYWHERE = {"RSET", "MAIL", "SEND", "SOML", "SAML", "RCPT"}
# ... and these by RFC 3030, section 4.2, RFC 4468, section 3, and XFORWARD_README
ANYWHERE_TOO = {"BDAT", "BURL", "XFORWARD"}

# RFC 5321, section 4.3.2, and the extensions' RFCs; replies after the lone dot included
CODES = {
    "EHLO": "250 502 504 550",
    "HELO": "250 502 504 550",
    "MAIL": "250 451 452 455 503 550 552 553 555",
    "RCPT": "250 251 450 451 452 455 503 550 551 552 553 555 556",
    "DATA": "250 354 450 451 452 503 550 552 554",
    "RSET": "250",
    "VRFY": "250 251 252 502 504 550 551 553",
    "EXPN": "250 252 500 502 504 550",
    "HELP": "211 214 502 504",
    "NOOP": "250",
    "QUIT": "221",
    "SEND": "250 421 451 452 500 501 502 552",
    "SOML": "250 421 451 452 500 501 502 552",
    "SAML": "250 421 451 452 500 501 502 552",
    "TURN": "250 500 502 503",
    "STARTTLS": "220 454 501 503",
    "AUTH": "235 334 432 454 500 501 503 504 534 535 538",
    "BDAT": "250 450 451 452 503 550 552 554",
    "BURL": "250 451 503 552 554",
    "ETRN": "250 251 252 253 458 459 500 501",
    "ATRN": "250 450 451 453 502 530",
    "XCLIENT": "220 421 501 503 550",
    "XFORWARD": "250 421 501 503 550",
    "VERB": "200 250 500 502",
    "ONEX": "200 250 500 502",
}

GOOD = {
    "EHLO": ["client.example", "a", "xn--bcher-kva.example", "bücher.example", "[127.0.0.1]",
             "[IPv6:::1]"],
    "HELO": ["client.example", "[127.0.0.1]"],
    "MAIL": ["FROM:<a@b>", "from:<a@b>", "FROM:<>", "FROM:<> SIZE=1", "FROM:<a.b+c@d.example>",
             "FROM:<@one.example,@two.example:a@b>", 'FROM:<"a > b"@c>', 'FROM:<"a\\"b"@c>',
             "FROM:<a@[192.0.2.1]>", "FROM:<a@[IPv6:2001:db8::1]>", "FROM:<jürgen@bücher.example>",
             "FROM:<a@b> SIZE=1000 BODY=8BITMIME SMTPUTF8", "FROM:<a@b> AUTH=<>",
             "FROM:<a@b> BY=-5;NT", "FROM:<a@b> ", "FROM:<Postmaster@b>"],
    "RCPT": ["TO:<a@b>", "to:<a@b>", "TO:<Postmaster>", "TO:<postmaster>", "TO:<Postmaster@b>",
             "TO:<@one.example:a@b>", 'TO:<" "@b>', "TO:<a@b> NOTIFY=SUCCESS,DELAY",
             "TO:<a@b> ORCPT=rfc822;a+2Bb@c"],
    "DATA": [""],
    "RSET": [""],
    "VRFY": ["alice", "Alice B", "<alice@b>", "alice SMTPUTF8"],
    "EXPN": ["staff"],
    "HELP": ["", "MAIL"],
    "NOOP": ["", "anything goes"],
    "QUIT": [""],
    "SEND": ["FROM:<a@b>", "FROM:<>"],
    "SOML": ["FROM:<a@b>"],
    "SAML": ["FROM:<a@b>"],
    "TURN": [""],
    "STARTTLS": [""],
    "AUTH": ["PLAIN", "PLAIN AGEAYg==", "PLAIN =", "CRAM-MD5", "SCRAM-SHA-256 biws", "x_y-1"],
    "BDAT": ["0 LAST", "1000", "86400 last", "5  LAST"],
    "BURL": ["imap://h/outbox;uid=1;urlauth=submit+h:internal:0af3", "imap://h/x LAST"],
    "ETRN": ["example.com", "@example.com", "#queue"],
    "ATRN": ["", "example.com", "a.example,b.example"],
    "XCLIENT": ["NAME=spike.example ADDR=192.0.2.1", "ADDR=IPV6:2001:db8::1", "NAME=[UNAVAILABLE]"],
    "XFORWARD": ["NAME=spike.example ADDR=192.0.2.1 PROTO=ESMTP", "IDENT="],
    "VERB": [""],
    "ONEX": [""],
}  # fmt: skip

BAD = {
    "EHLO": ["", "-a", "a-", "a..b", "a b", "[]", "[a b]", "a_b", ".a"],
    "HELO": ["", "a b"],
    "MAIL": ["", "FROM: <a@b>", "FROM <a@b>", "FROM:a@b", "FROM:<a@b", "FROM:<a>", "TO:<a@b>",
             "FROM:<a@b>SIZE=1", "FROM:<a@b>  SIZE=1", "FROM:<a@b> SIZE=", "FROM:<a@b> =1",
             "FROM:<a b@c>", "FROM:<a@b> X=a b=c=d", "FROM:<.a@b>", "FROM:<a.@b>", "FROM:<a..b@c>",
             "FROM:<Postmaster>", "FROM:<@one.example a@b>", 'FROM:<"a@b>', "FROM:<a@b>\n"],
    "RCPT": ["", "TO: <a@b>", "TO:<>", "TO:<alice>", "TO:a@b", "FROM:<a@b>", "TO:<a@b>,<c@d>",
             "TO:<a@b,c@d>"],
    "DATA": ["now", " "],
    "RSET": ["all"],
    "VRFY": ["", " "],
    "EXPN": [""],
    "HELP": [" "],
    "NOOP": [" x"],
    "QUIT": ["now"],
    "SEND": ["", "FROM: <a@b>", "FROM:<a@b> SIZE=1", "TO:<a@b>"],
    "SOML": ["<a@b>"],
    "SAML": ["a@b"],
    "TURN": ["now"],
    "STARTTLS": ["now"],
    "AUTH": ["", "PLAIN a b", "PLAIN ===", "PLAIN *", "a.b", "x" * 21],
    "BDAT": ["", "LAST", "-1", "1 FIRST", "1LAST", "0x10", "1" * 21],
    "BURL": ["", "outbox", "imap://h/x FIRST", "imap://h /x"],
    "ETRN": ["", "a b", "@"],
    "ATRN": ["a.example, b.example", "a.example,", "-"],
    "XCLIENT": ["", "NAME", "=x", "NAME=a b"],
    "XFORWARD": ["", "NAME"],
    "VERB": ["on"],
    "ONEX": ["on"],
}  # fmt: skip


def row(catalogue: Catalogue, verb: str) -> CommandSpec:
    """The row of `verb`, which must be there."""
    found = catalogue.find(verb)
    assert found is not None, verb
    return found


def verbs(standing: Standing) -> set[str]:
    return {spec.verb for spec in SMTP if spec.standing is standing}


def test_smtp_has_the_commands_of_the_rfcs() -> None:
    """Every verb of RFC 5321, of 821 and of the extensions has a row; there are no others."""
    assert SMTP.protocol is Protocol.SMTP
    assert {spec.verb for spec in SMTP} == {*CORE, *GIVEN_UP, *EXTENDED, *VENDOR}


def test_lmtp_has_lhlo_and_all_others() -> None:
    """LMTP has what SMTP has, and LHLO (RFC 2033, section 4.1)."""
    assert LMTP.protocol is Protocol.LMTP
    assert {spec.verb for spec in LMTP} == {*CORE, *GIVEN_UP, *EXTENDED, *VENDOR, "LHLO"}


def test_standings() -> None:
    """RFC 5321 makes EXPN and HELP optional; what only some servers have is vendor."""
    assert verbs(Standing.CORE) == set(CORE) - {"EXPN", "HELP"}
    assert verbs(Standing.OPTIONAL) == {"EXPN", "HELP"}
    assert verbs(Standing.EXTENSION) == set(EXTENDED)
    assert verbs(Standing.VENDOR) == set(VENDOR)
    assert verbs(Standing.OBSOLETE) == set(GIVEN_UP)
    assert {spec.verb for spec in LMTP if spec.standing is Standing.DEAD} == {"EHLO", "HELO"}


@pytest.mark.parametrize("spec", [*SMTP, *LMTP], ids=lambda spec: spec.verb)
def test_rows_are_filled(spec: CommandSpec) -> None:
    """Syntax, summary, reference, states and meanings stand in each row, in their form."""
    assert spec.syntax.split()[0] == spec.verb
    assert re.fullmatch(r"[A-Z][ -~]{10,85}[A-Za-z>0-9]", spec.summary), spec.summary
    assert re.match(r"RFC \d+(, (section|appendix) |$)|Postfix |IANA ", spec.reference)
    assert spec.states
    assert spec.shape.of(b"x") is spec.shape.of(b"") is Lines.BY_CODE
    assert {"211", "220", "221", "235", "250"} & set(spec.meanings)
    for code, meaning in spec.meanings.items():
        assert code in REPLY_CODES
        assert re.fullmatch(r"[A-Za-z][ -~]{5,80}[A-Za-z0-9]", meaning), meaning
    for argument in spec.arguments:
        assert argument.name
        assert argument.summary, argument


def test_every_verb_lists_codes() -> None:
    """The list of codes above leaves no verb out."""
    assert set(CODES) == {spec.verb for spec in SMTP}


@pytest.mark.parametrize("verb", list(CODES))
def test_listed_codes_have_a_meaning(verb: str) -> None:
    """Each code that an RFC lists for a verb has a meaning for that verb."""
    assert set(CODES[verb].split()) <= set(row(SMTP, verb).meanings)


@pytest.mark.parametrize(
    "verb, argument", [(verb, argument) for verb, many in GOOD.items() for argument in many]
)
def test_good_arguments(verb: str, argument: str) -> None:
    """What the RFC's grammar allows, the row's pattern takes."""
    assert row(SMTP, verb).pattern.fullmatch(argument.encode())


@pytest.mark.parametrize(
    "verb, argument", [(verb, argument) for verb, many in BAD.items() for argument in many]
)
def test_bad_arguments(verb: str, argument: str) -> None:
    """What the RFC's grammar does not allow, the row's pattern does not take."""
    assert not row(SMTP, verb).pattern.fullmatch(argument.encode())


def test_every_verb_has_examples() -> None:
    """No row goes without a good and a bad argument."""
    assert set(GOOD) == set(BAD) == {spec.verb for spec in SMTP}


def test_pipelining_is_as_the_rfcs_list_it() -> None:
    """RFC 2920, section 3.1, and what later documents add; all others come last in a group."""
    assert {spec.verb for spec in SMTP if spec.pipelined} == ANYWHERE | ANYWHERE_TOO
    assert {spec.verb for spec in LMTP if spec.pipelined} == ANYWHERE | ANYWHERE_TOO


@pytest.mark.parametrize(
    "verb, states",
    [
        ("EHLO", "greeted ready mail rcpt bdat"),
        ("RSET", "greeted ready mail rcpt bdat"),
        ("NOOP", "greeted ready mail rcpt bdat"),
        ("VRFY", "greeted ready mail rcpt bdat"),
        ("QUIT", "greeted ready mail rcpt bdat"),
        ("MAIL", "ready"),
        ("RCPT", "mail rcpt"),
        ("DATA", "rcpt"),
        ("BDAT", "rcpt bdat"),
        ("BURL", "rcpt bdat"),
        ("STARTTLS", "ready"),
        ("AUTH", "ready"),
        ("ETRN", "ready"),
        ("XCLIENT", "greeted ready"),
        ("SEND", "ready"),
    ],
)
def test_states(verb: str, states: str) -> None:
    """RFC 5321, section 4.1.4: where each command may stand."""
    assert row(SMTP, verb).states == {State(word) for word in states.split()}


@pytest.mark.parametrize(
    "verb, after, then, effect",
    [
        ("EHLO", State.READY, Then.NOTHING, Effect.EXTENSIONS),
        ("HELO", State.READY, Then.NOTHING, Effect.PLAIN_HELLO),
        ("MAIL", State.MAIL, Then.NOTHING, Effect.REVERSE_PATH),
        ("SEND", State.MAIL, Then.NOTHING, Effect.REVERSE_PATH),
        ("SOML", State.MAIL, Then.NOTHING, Effect.REVERSE_PATH),
        ("SAML", State.MAIL, Then.NOTHING, Effect.REVERSE_PATH),
        ("RCPT", State.RCPT, Then.NOTHING, Effect.FORWARD_PATH),
        ("DATA", None, Then.DATA, Effect.NOTHING),
        ("BDAT", State.BDAT, Then.CHUNK, Effect.NOTHING),
        ("BURL", State.BDAT, Then.NOTHING, Effect.NOTHING),
        ("RSET", State.READY, Then.NOTHING, Effect.RESET),
        ("STARTTLS", None, Then.TLS, Effect.NOTHING),
        ("AUTH", None, Then.SASL, Effect.LOGIN),
        ("QUIT", None, Then.CLOSE, Effect.NOTHING),
        ("TURN", State.REVERSED, Then.REVERSE, Effect.NOTHING),
        ("ATRN", State.REVERSED, Then.REVERSE, Effect.NOTHING),
        ("XCLIENT", State.GREETED, Then.RESTART, Effect.RESET),
        ("XFORWARD", None, Then.NOTHING, Effect.NOTHING),
        ("NOOP", None, Then.NOTHING, Effect.NOTHING),
    ],
)
def test_consequences(verb: str, after: State | None, then: Then, effect: Effect) -> None:
    """What a positive reply changes, and what follows it."""
    spec = row(SMTP, verb)
    assert (spec.after, spec.then, spec.effect) == (after, then, effect)


@pytest.mark.parametrize(
    "line, secret",
    [
        (b"AUTH PLAIN AGEAYg==", b"AGEAYg=="),
        (b"auth plain xyz", b"xyz"),
        (b"  AUTH   PLAIN   xyz", b"xyz"),
        (b"AUTH\tPLAIN\txyz", b"xyz"),
        (b"AUTH PLAIN =", None),
        (b"AUTH PLAIN", None),
        (b"AUTH PLAIN ", None),
        (b"AUTH   PLAIN", None),
        (b"AUTH", None),
        (b"PASS secret", b"secret"),  # somebody believes to be speaking POP3
        (b"MAIL FROM:<a@b> AUTH=c", None),
        (b"BURL imap://h/o;uid=1;urlauth=submit+h:internal:91354a LAST", b"91354a"),
        (b"burl imap://h/o;URLAUTH=token LAST", b"token"),
        (b"BURL imap://h/o;urlauth=a:b:c:d", b"c:d"),
        (b"BURL imap://h/o LAST", None),
        (b"XCLIENT NAME=a LOGIN=alice ADDR=192.0.2.1", b"alice"),
        (b"XCLIENT login=alice", b"alice"),
        (b"XCLIENT NAME=LOGIN", None),
        (b"XCLIENT XLOGIN=alice", None),
    ],
)
@pytest.mark.parametrize("catalogue", [SMTP, LMTP], ids=["smtp", "lmtp"])
def test_secrets(catalogue: Catalogue, line: bytes, secret: bytes | None) -> None:
    """The span of a secret is exact; an empty one and `=` are none."""
    span = catalogue.secret_in(Command(line))
    assert (None if span is None else line[slice(*span)]) == secret


def test_auth_shares_its_secret() -> None:
    """The pattern for AUTH is the one that holds in every protocol."""
    assert row(SMTP, "AUTH").secret is SECRETS["AUTH"]


# RFC 1870, 6152, 3030, 3461, 4954, 6531, 8689, 4865, 6710, 2852, 3885, 4141, 3865, 1845, 4405
ADDS = {
    "SIZE": 26, "BODY": 16, "RET": 8, "ENVID": 107, "AUTH": 500, "SMTPUTF8": 10, "REQUIRETLS": 11,
    "HOLDFOR": 34, "HOLDUNTIL": 34, "MT-PRIORITY": 15, "BY": 17, "MTRK": 40, "CONPERM": 8,
    "SOLICIT": 1007, "TRANSID": 88, "SUBMITTER": 0, "PRDR": 0, "XVERP": 0,
    "NOTIFY": 28, "ORCPT": 507, "RRVS": 33, "CONNEG": 7,
}  # fmt: skip


def test_parameters_of_mail_and_rcpt() -> None:
    """Each parameter is there, filled, offered by a known keyword, and adds its octets."""
    assert row(SMTP, "MAIL").parameters is MAIL_PARAMETERS
    assert row(SMTP, "RCPT").parameters is RCPT_PARAMETERS
    every = [*MAIL_PARAMETERS, *RCPT_PARAMETERS]
    assert {parameter.name: parameter.adds for parameter in every} == ADDS
    for parameter in every:
        assert parameter.summary
        assert parameter.reference
        assert parameter.needs in EXTENSIONS
        assert set(parameter.replies) <= set(REPLY_CODES)
        with_values = parameter.kind in (Kind.KEYWORD, Kind.KEYWORDS)
        assert bool(parameter.values) or not with_values


def test_prefixes_begin_good_arguments() -> None:
    """What completion writes after MAIL and RCPT is how a right argument begins."""
    prefixes = {spec.verb: spec.prefix for spec in SMTP if spec.prefix}
    assert prefixes == {
        "MAIL": "FROM:<",
        "SEND": "FROM:<",
        "SOML": "FROM:<",
        "SAML": "FROM:<",
        "RCPT": "TO:<",
    }
    for verb, prefix in prefixes.items():
        assert row(SMTP, verb).pattern.fullmatch(f"{prefix}a@b.example>".encode())


def test_extensions_bring_what_there_is() -> None:
    """An extension's verbs have rows that need it; its parameters stand in a table and need it."""
    for keyword, offer in EXTENSIONS.items():
        assert keyword == offer.keyword == keyword.upper()
        assert offer.summary
        assert offer.reference
        for verb in offer.verbs:
            assert row(SMTP, verb).needs in (keyword, "")
        for words in offer.parameters:
            verb, name = words.split()
            names = {parameter.name for parameter in row(SMTP, verb).parameters}
            assert name in names
        assert all(verb in SMTP for verb in offer.affects)


def test_everything_needed_is_an_extension() -> None:
    """What a row or a parameter needs, an extension brings."""
    for spec in SMTP:
        if spec.needs:
            assert spec.verb in EXTENSIONS[spec.needs].verbs
        for parameter in spec.parameters:
            assert f"{spec.verb} {parameter.name}" in EXTENSIONS[parameter.needs].parameters


def test_registered_extensions_are_complete() -> None:
    """The keywords of the IANA registry all stand in the table."""
    registered = """
    SEND SOML SAML TURN VRFY EXPN HELP 8BITMIME SIZE VERB ONEX CHUNKING BINARYMIME CHECKPOINT
    DELIVERBY PIPELINING DSN ETRN ENHANCEDSTATUSCODES STARTTLS NO-SOLICITING MTRK SUBMITTER ATRN
    AUTH FUTURERELEASE CONPERM CONNEG BURL UTF8SMTP SMTPUTF8 MT-PRIORITY RRVS REQUIRETLS LIMITS
    """
    assert set(registered.split()) <= set(EXTENSIONS)


def test_lmtp_says_hello_by_lhlo() -> None:
    """LHLO works as EHLO does in SMTP; its own meanings tell a server of SMTP."""
    lhlo, ehlo = row(LMTP, "LHLO"), row(SMTP, "EHLO")
    assert (lhlo.states, lhlo.after, lhlo.effect, lhlo.pattern) == (
        ehlo.states,
        ehlo.after,
        ehlo.effect,
        ehlo.pattern,
    )
    assert "SMTP" in LMTP.meaning("LHLO", "500")


@pytest.mark.parametrize("verb", ["EHLO", "HELO"])
def test_smtp_hellos_are_dead_in_lmtp(verb: str) -> None:
    """They can be sent, change nothing, and 500 is the right answer (RFC 2033, section 4.1)."""
    spec = row(LMTP, verb)
    assert (spec.standing, spec.after, spec.effect) == (Standing.DEAD, None, Effect.NOTHING)
    assert "LHLO" in LMTP.meaning(verb, "500")
    assert LMTP.meaning(verb, "250").startswith("odd")


@pytest.mark.parametrize("verb", ["DATA", "BDAT"])
def test_lmtp_answers_for_each_recipient(verb: str) -> None:
    """The rows that end mail data say so; their framing is that of SMTP (RFC 2033, section 4.2)."""
    ours, theirs = row(LMTP, verb), row(SMTP, verb)
    assert "one recipient" in ours.meanings["250"]
    assert set(ours.meanings) == set(theirs.meanings)
    assert (ours.then, ours.pattern, ours.states) == (theirs.then, theirs.pattern, theirs.states)
    assert ours.reference.startswith("RFC 2033")


def test_other_rows_are_shared() -> None:
    """One row serves both protocols where nothing differs."""
    for spec in SMTP:
        if spec.verb not in ("EHLO", "HELO", "DATA", "BDAT"):
            assert row(LMTP, spec.verb) is spec


def test_mail_data_by_chunks_knows_its_last() -> None:
    """BDAT and BURL, and nothing else, end mail data by LAST."""
    assert {spec.verb for spec in SMTP if spec.takes_last} == {"BDAT", "BURL"}


@pytest.mark.parametrize(
    "line, last",
    [
        (b"BDAT 0 LAST", True),
        (b"bdat 5 last ", True),
        (b"BURL imap://h/x LAST", True),
        (b"BDAT 5", False),
        (b"BDAT x LAST", False),
        (b"BDAT", False),
        (b"NOOP LAST", False),
    ],
)
def test_the_last_of_the_mail_data(line: bytes, last: bool) -> None:
    """Only what is well written ends mail data."""
    command = Command(line)
    assert SMTP.row(command).says_last(command) is last


def test_which_commands_stand_bare() -> None:
    """A command without a required argument may stand alone."""
    bare = "DATA RSET QUIT STARTTLS TURN VERB ONEX HELP NOOP ATRN"
    assert {spec.verb for spec in SMTP if spec.bare} == set(bare.split())
