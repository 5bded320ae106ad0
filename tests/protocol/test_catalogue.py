"""What a catalogue answers about commands: look-up, secrets, meanings, advice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.protocol.catalogue import (
    BY_CODE,
    ONE,
    SECRETS,
    Catalogue,
    CommandSpec,
    Lines,
    Shape,
)
from mailprobe.protocol.facts import Facts
from mailprobe.protocol.model import Advice, Command, Protocol, State
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import LMTP, SMTP
from tests.protocol.helpers import client

ROW = CommandSpec("FOO", "FOO", "Do foo", "RFC 1", frozenset(State), ONE)


def advice(catalogue: Catalogue, line: bytes, state: State, *offers: str) -> list[str]:
    """What is said about `line`; without any offers nobody has asked for them."""
    facts = Facts(catalogue.protocol, state=state)
    facts.offers = dict.fromkeys(offers, "") if offers else None
    return [item.what for item in catalogue.advise(Command(line), facts)]


def test_two_rows_for_one_verb_are_an_error() -> None:
    """A table that says two things about a verb is refused, and says which verb."""
    with pytest.raises(ValueError, match="two rows for FOO"):
        Catalogue(Protocol.POP3, [ROW, ROW])


def test_more_rows_are_asked_for_when_one_is_needed() -> None:
    """Not for a verb of the others; once, and they stand behind the others."""
    foo, bar = (CommandSpec(verb, verb, "", "", frozenset(State), ONE) for verb in ("FOO", "BAR"))
    asked = []

    def more() -> list[CommandSpec]:
        asked.append(bar)
        return [bar]

    catalogue = Catalogue(Protocol.SMTP, [foo], more)
    assert catalogue.row(Command(b"FOO")) is foo
    assert "FOO" in catalogue
    assert not asked
    assert catalogue.row(Command(b"bar 1")) is bar
    assert list(catalogue) == [foo, bar]
    assert catalogue.find("BAZ") is None
    assert "BAZ" not in catalogue
    assert asked == [bar]
    with pytest.raises(ValueError, match="two rows for FOO"):
        list(Catalogue(Protocol.SMTP, [foo], lambda: [foo]))


def test_look_up() -> None:
    """Rows are found by verb in upper case, and come back in their order."""
    catalogue = Catalogue(Protocol.POP3, [ROW])
    assert [*catalogue] == [ROW]
    assert "FOO" in catalogue
    assert "BAR" not in catalogue
    assert catalogue.find("FOO") is ROW
    assert catalogue.find("BAR") is None
    assert catalogue.row(Command(b"foo bar")) is ROW


@pytest.mark.parametrize("catalogue, shape", [(SMTP, BY_CODE), (LMTP, BY_CODE), (POP3, ONE)])
def test_unknown_verbs_have_a_neutral_row(catalogue: Catalogue, shape: Shape) -> None:
    """One reply is owed to a verb that nobody knows, and nothing follows it."""
    row = catalogue.row(Command(b"XYZZY now"))
    assert row.shape is shape
    assert (row.after, row.secret, row.verb) == (None, None, "")


def test_shape_by_word() -> None:
    """The first word of an argument may decide; case does not."""
    shape = Shape(Lines.ONE, Lines.MULTI, {"XMIT": Lines.DATA})
    assert shape.of(b"xmit") is Lines.DATA
    assert shape.of(b" XMIT now") is Lines.DATA
    assert shape.of(b"other") is Lines.ONE
    assert shape.of(b"\xff") is Lines.ONE
    assert shape.of(b"") is Lines.MULTI
    assert shape.of(b"  ") is Lines.MULTI


@given(st.sampled_from([SMTP, LMTP, POP3]), st.binary(max_size=80))
def test_nothing_is_too_odd(catalogue: Catalogue, line: bytes) -> None:
    """Any line has a row, a span inside it or none, and advice on single lines."""
    command = Command(line)
    assert catalogue.row(command) is not None
    span = catalogue.secret_in(command)
    assert span is None or 0 <= span[0] < span[1] <= len(line)
    for offers in (None, {"SIZE": ""}):
        facts = Facts(catalogue.protocol, state=State.READY, offers=offers)
        assert all("\n" not in item.what for item in catalogue.advise(command, facts))


def _is_secret(text: bytes) -> bool:
    return text.strip(b" \t") == text != b"="


@given(
    st.sampled_from([SMTP, LMTP, POP3]),
    st.sampled_from([b"PASS ", b"APOP name ", b"AUTH PLAIN ", b"pass ", b" Auth\tlogin \t"]),
    st.binary(min_size=1, max_size=40).filter(_is_secret),
)
def test_credentials_are_secret_in_every_protocol(
    catalogue: Catalogue, before: bytes, secret: bytes
) -> None:
    """Whatever the octets of a password are, the span is exactly theirs."""
    line = before + secret
    assert catalogue.secret_in(Command(line)) == (len(before), len(line))


def test_secrets_have_one_group() -> None:
    """Each pattern marks its secret by group 1."""
    assert all(rule.compiled.groups == 1 for rule in SECRETS.values())
    for catalogue in (SMTP, LMTP, POP3):
        assert all(spec.secret.compiled.groups == 1 for spec in catalogue if spec.secret)


@pytest.mark.parametrize(
    "catalogue, verb, code, meaning",
    [
        (SMTP, "MAIL", "450", "the sender is refused for now: greylisted, or by policy"),
        (SMTP, "ETRN", "251", "no mail is waiting"),
        (SMTP, "RCPT", "251", "recipient accepted; not local, will be forwarded"),
        (SMTP, "RCPT", "502", "the command is not carried out here"),
        (SMTP, "XYZZY", "500", "no such command, or the line is too long"),
        (SMTP, "NOOP", "299", ""),
        (SMTP, "XYZZY", "999", ""),
        (POP3, "STLS", "+OK", "go ahead: the next octets belong to TLS"),
        (POP3, "XYZZY", "-ERR", "not done"),
    ],
)
def test_meaning(catalogue: Catalogue, verb: str, code: str, meaning: str) -> None:
    """What the verb's row says goes before what the code says anywhere."""
    assert catalogue.meaning(verb, code) == meaning


@pytest.mark.parametrize(
    "catalogue, line, state, offers, expected",
    [
        (SMTP, b"EHLO client.example", State.GREETED, [], []),
        (SMTP, b"MAIL FROM:<a@b> SIZE=1", State.READY, ["SIZE"], []),
        (SMTP, b"MAIL FROM:<a@b> SIZE=1", State.READY, [], []),
        (SMTP, b"XYZZY", State.READY, [], ["SMTP has no such command"]),
        (POP3, b"XYZZY", State.AUTHORIZATION, [], ["POP3 has no such command"]),
        (SMTP, b"RCPT TO:<a@b>", State.READY, [], ["RCPT belongs to state mail, rcpt"]),
        (SMTP, b"STARTTLS", State.READY, ["SIZE"], ["STARTTLS was not offered"]),
        (SMTP, b"STARTTLS", State.READY, ["STARTTLS"], []),
        (SMTP, b"STARTTLS", State.READY, [], []),
        (SMTP, b"MAIL FROM: <a@b>", State.READY, ["SIZE"],
         ["the form is MAIL FROM:<reverse-path> [parameters]"]),
        (SMTP, b"MAIL FROM:<a@b> NOTIFY=NEVER", State.READY, ["DSN"],
         ["MAIL has no parameter NOTIFY"]),
        (SMTP, b"MAIL FROM:<a@b> size=1 ret=FULL", State.READY, ["SIZE"], ["DSN was not offered"]),
        (SMTP, b"MAIL FROM:<a@b> body=BinaryMime", State.READY, ["8BITMIME"],
         ["BINARYMIME was not offered"]),
        (SMTP, b"MAIL FROM:<a@b> BODY=BINARYMIME", State.READY, ["SIZE"],
         ["8BITMIME was not offered", "BINARYMIME was not offered"]),
        (SMTP, b"MAIL FROM:<a@b> BODY=BINARYMIME", State.READY, ["8BITMIME", "BINARYMIME"], []),
        (SMTP, b"MAIL FROM:<a@b> BODY=8BITMIME", State.READY, ["8BITMIME"], []),
        (SMTP, b"TURN", State.READY, ["TURN"], ["TURN is obsolete"]),
        (LMTP, b"EHLO client.example", State.GREETED, [], ["EHLO is dead"]),
        (POP3, b"TOP 1,2", State.TRANSACTION, ["TOP"], ["the form is TOP msg n"]),
        (POP3, b"LAST", State.TRANSACTION, [], ["LAST is dead"]),
        (POP3, b"STAT", State.AUTHORIZATION, [], ["STAT belongs to state transaction"]),
    ],
)  # fmt: skip
def test_advice(
    catalogue: Catalogue, line: bytes, state: State, offers: list[str], expected: list[str]
) -> None:
    """Which rules a line breaks, and none that it keeps."""
    assert advice(catalogue, line, state, *offers) == expected


@pytest.mark.parametrize(
    "catalogue, line, state, limit, reference",
    [
        (SMTP, b"NOOP ", State.READY, 510, "RFC 5321, section 4.5.3.1.4"),
        (LMTP, b"NOOP ", State.READY, 510, "RFC 5321, section 4.5.3.1.4"),
        (SMTP, b"AUTH PLAIN ", State.READY, 12_286, "RFC 4954, section 4"),
        (SMTP, b"MAIL FROM:<a@b> X=", State.READY, None, "RFC 5321, section 4.5.3.1.4"),
        (POP3, b"PASS ", State.AUTHORIZATION, 253, "RFC 2449, section 4"),
        (POP3, b"AUTH PLAIN ", State.AUTHORIZATION, 253, "RFC 5034, section 4"),
    ],
)
def test_advice_on_long_lines(
    catalogue: Catalogue, line: bytes, state: State, limit: int | None, reference: str
) -> None:
    """The bound counts the line without its end; extensions raise it for MAIL."""
    if limit is None:
        row = SMTP.find("MAIL")
        assert row is not None
        limit = 510 + sum(parameter.adds for parameter in row.parameters)
    expected = Advice(f"the line is longer than {limit} octets", reference)
    facts = Facts(catalogue.protocol, state=state)
    assert expected not in catalogue.advise(Command(line.ljust(limit, b"A")), facts)
    assert expected in catalogue.advise(Command(line.ljust(limit + 1, b"A")), facts)


@pytest.mark.parametrize(
    "catalogue, reference",
    [
        (SMTP, "RFC 5321, section 4.1.1"),
        (LMTP, "RFC 2033, section 4"),
        (POP3, "RFC 1939, section 9"),
    ],
)
def test_an_unknown_verb_is_none_of_its_protocol(catalogue: Catalogue, reference: str) -> None:
    """The list in which it does not stand is that of the protocol that is spoken."""
    (item,) = catalogue.advise(Command(b"XYZZY"), Facts(catalogue.protocol))
    assert item.reference == reference


def test_a_binary_message_goes_by_bdat() -> None:
    """DATA behind BODY=BINARYMIME is wrong (RFC 3030, section 3), until the transaction is over."""
    wrong = Advice(
        "after BODY=BINARYMIME the message goes by BDAT, not by DATA", "RFC 3030, section 3"
    )
    side = client(SMTP)
    side.ask(b"EHLO me", b"250-mx\r\n250-8BITMIME\r\n250-CHUNKING\r\n250 BINARYMIME\r\n")
    side.ask(b"MAIL FROM:<a@b> Body=binarymime", b"250 ok\r\n")
    side.ask(b"RCPT TO:<c@d>", b"250 ok\r\n")
    assert wrong in side.connection.advise(Command(b"DATA"))
    assert wrong not in side.connection.advise(Command(b"BDAT 0 LAST"))
    side.ask(b"RSET", b"250 ok\r\n")
    assert wrong not in side.connection.advise(Command(b"DATA"))


def test_advice_names_its_rule() -> None:
    """Each piece of advice has a reference."""
    facts = Facts(Protocol.SMTP, state=State.CONNECT, offers={"SIZE": ""})
    for spec in SMTP:
        for item in SMTP.advise(Command(spec.verb.encode() + b" \x01"), facts):
            assert item.reference


def test_advice_on_parameters_alone() -> None:
    """Not on the place of the command, which will come."""
    facts = Facts(Protocol.SMTP, State.GREETED, offers={"SIZE": ""})
    command = Command(b"RCPT TO:<a@b.example> NOTIFY=NEVER XYZ=1")
    said = [advice.what for advice in SMTP.advise_parameters(command, facts)]
    assert said == ["DSN was not offered", "RCPT has no parameter XYZ"]
    assert SMTP.advise_parameters(Command(b"XYZZY"), facts) == ()
