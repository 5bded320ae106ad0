"""Completion: from the table and the live state, nothing hidden, nothing sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.facts import Facts, Message
from mailprobe.protocol.model import Protocol, State
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import LMTP, SMTP
from mailprobe.shell.local.table import LocalCommand
from mailprobe.shell.memory.addresses import Role, Used
from mailprobe.shell.typing.complete import completions
from mailprobe.shell.typing.suggestion import NOTHING, SHOWN, Known
from tests.shell.facts import maildrop, pop3, smtp

USED = [
    Used("carol@c.example", Role.SENDER, "250"),
    Used("bob@b.example", Role.RECIPIENT, "550"),
    Used("bob@b.example", Role.SENDER, "250"),
    Used("Bill@b.example", Role.RECIPIENT, "250"),
]
ROWS = [
    LocalCommand(name, f"/{name}", f"does {name}", lambda shell, line: None)
    for name in ("connect", "close", "caps")
]
LOCAL = Known(ROWS, lambda: USED, {1: "\u4f60\u597d", 3: "\x1b[2J"})


def texts(
    line: str, facts: Facts, catalogue: Catalogue | None = SMTP, known: Known = NOTHING
) -> list[str]:
    """The whole lines that the suggestions would make."""
    return [line[: one.start] + one.text for one in completions(line, facts, catalogue, known)]


def metas(
    line: str, facts: Facts, catalogue: Catalogue = SMTP, known: Known = NOTHING
) -> dict[str, str]:
    return {one.display: one.meta for one in completions(line, facts, catalogue, known)}


@pytest.mark.parametrize(
    "line, facts, catalogue, expected",
    [
        ("EH", smtp(State.GREETED), SMTP, ["EHLO "]),
        ("mai", smtp(), SMTP, ["mail from:<"]),
        ("MAIL", smtp(), SMTP, ["MAIL FROM:<"]),
        ("Mai", smtp(), SMTP, ["Mail from:<"]),
        ("mail ", smtp(), SMTP, ["mail from:<"]),
        ("MAIL FR", smtp(), SMTP, ["MAIL FROM:<"]),
        ("MAIL TO", smtp(), SMTP, []),
        ("MAIL TO:<abc", smtp(), SMTP, []),
        ("MAIL FROM:<>x", smtp(), SMTP, []),
        ("MAIL FROM:<> ENVID=x", smtp(), SMTP, []),
        ("RCPT to", smtp(State.MAIL), SMTP, ["RCPT to:<"]),
        ("MAIL FROM:<", smtp(), SMTP, []),
        ("MAIL FROM:<al", smtp(), SMTP, []),
        ("RCPT TO:<al", smtp(State.MAIL), SMTP, []),
        ("RCPT TO:<al@", smtp(State.MAIL), SMTP, []),
        ("RCPT TO:<", smtp(State.MAIL), SMTP, []),
        ("RCPT TO:<a@b", smtp(State.MAIL), SMTP, ["RCPT TO:<a@b>"]),
        ('RCPT TO:<"a>"@b', smtp(State.MAIL), SMTP, ['RCPT TO:<"a>"@b>']),
        ("MAIL FROM:<> S", smtp(), SMTP, ["MAIL FROM:<> SIZE="]),
        ("mail from:<a> s", smtp(), SMTP, ["mail from:<a> size="]),
        ("MAIL FROM:<> BODY=", smtp(), SMTP,
         ["MAIL FROM:<> BODY=7BIT", "MAIL FROM:<> BODY=8BITMIME"]),
        ("MAIL FROM:<> SIZE=10 SI", smtp(), SMTP, []),
        ("MAIL FROM:<> ENVID=a=b", smtp(), SMTP, ["MAIL FROM:<> ENVID=a+3Db"]),
        ("MAIL FROM:<> ENVID=a+3Db", smtp(), SMTP, []),
        ("RCPT TO:<a> ORCPT=rfc822;al+ice@x", smtp(State.MAIL), SMTP,
         ["RCPT TO:<a> ORCPT=rfc822;al+2Bice@x"]),
        ("RCPT TO:<a> ORCPT=utf-8;al+ice@x", smtp(State.MAIL), SMTP, []),
        ("MAIL FROM:<> AUTH=<", smtp(), SMTP, ["MAIL FROM:<> AUTH=<>"]),
        ("RCPT TO:<a> NOTIFY=DELAY,F", smtp(State.MAIL), SMTP,
         ["RCPT TO:<a> NOTIFY=DELAY,FAILURE"]),
        ("RCPT TO:<a> NOTIFY=DELAY,D", smtp(State.MAIL), SMTP, []),
        ("AUTH ", smtp(), SMTP, ["AUTH PLAIN", "AUTH SCRAM-SHA-256"]),
        ("auth s", smtp(), SMTP, ["auth scram-sha-256"]),
        ("AUTH PLAIN ", smtp(), SMTP, []),
        ("HELP MA", smtp(), SMTP, ["HELP MAIL"]),
        ("BDAT 10 L", smtp(State.RCPT), SMTP, ["BDAT 10 LAST"]),
        ("XCLIENT NAME=a HE", smtp(), SMTP, ["XCLIENT NAME=a HELO="]),
        ("DATA", smtp(), SMTP, []),
        ("DATA ", smtp(), SMTP, []),
        ("FOO ", smtp(), SMTP, []),
        ("RETR ", maildrop(), POP3, ["RETR 1", "RETR 2", "RETR 3"]),
        ("TOP 3", maildrop(), POP3, ["TOP 3 "]),
        ("TOP 3 ", maildrop(), POP3, ["TOP 3 0", "TOP 3 10"]),
        ("RETR 0", maildrop(), POP3, []),
        ("RETR x", maildrop(), POP3, []),
        ("RETR 1 ", maildrop(), POP3, []),
        ("RETR ", pop3(), POP3, []),
        ("LIST", maildrop(), POP3, ["LIST "]),
        ("LI", maildrop(), POP3, ["LIST"]),
        ("LH", Facts(Protocol.LMTP, State.GREETED), LMTP, ["LHLO "]),
    ],
)  # fmt: skip
def test_what_the_table_and_the_state_allow_is_offered(
    line: str, facts: Facts, catalogue: Catalogue, expected: list[str]
) -> None:
    """Verbs with their fixed text, parameters on offer, mechanisms, message-numbers."""
    assert texts(line, facts, catalogue) == expected


def test_parameters_of_submission_with_the_bounds_of_the_server() -> None:
    """FUTURERELEASE says the longest time and the latest moment, DELIVERBY and MT-PRIORITY none."""
    facts = smtp()
    assert facts.offers is not None
    facts.offers |= {
        "FUTURERELEASE": "86400 2031-01-01T00:00:00Z",
        "DELIVERBY": "120",
        "MT-PRIORITY": "STANAG4406",
        "REQUIRETLS": "",
    }
    mail = "MAIL FROM:<>"
    held = texts(f"{mail} HOLDFOR=8", facts)
    assert held == [f"{mail} HOLDFOR={seconds}" for seconds in ("86400", "86401")]
    assert texts(f"{mail} HOLDUNTIL=2", facts) == [f"{mail} HOLDUNTIL=2031-01-01T00:00:00Z"]
    assert texts(f"{mail} HOLDUNTIL=3", facts) == []
    assert f"{mail} BY=3600;R" in texts(f"{mail} BY=", facts)
    assert texts(f"{mail} MT-PRIORITY=-9", facts) == []
    assert f"{mail} MT-PRIORITY=-9" in texts(f"{mail} MT-PRIORITY=-", facts)
    assert texts(f"{mail} REQ", facts) == [f"{mail} REQUIRETLS"]
    facts.offers["FUTURERELEASE"] = "86400 \x1b[2J"
    assert texts(f"{mail} HOLDUNTIL=", facts) == []


def test_each_verb_is_offered_legal_ones_first_and_gone_ones_last() -> None:
    """Never hidden: testers want to send wrong things, too."""
    found = completions("", smtp(State.GREETED), SMTP)
    verbs = [item.text.split()[0] for item in found]
    assert sorted(verbs) == sorted(row.verb for row in SMTP)
    assert verbs[:2] == ["EHLO", "HELO"]
    assert verbs.index("QUIT") < verbs.index("MAIL") < verbs.index("SEND")
    assert set(verbs[-4:]) == {"SEND", "SOML", "SAML", "TURN"}


@pytest.mark.parametrize(
    "facts, catalogue, verb, meta",
    [
        (smtp(), SMTP, "RCPT", "needs MAIL first"),
        (smtp(), SMTP, "DATA", "needs RCPT first"),
        (smtp(State.GREETED), SMTP, "MAIL", "needs EHLO first"),
        (smtp(State.MAIL), SMTP, "STARTTLS", "belongs to state ready"),
        (smtp(State.CONNECT), SMTP, "EHLO", "needs the greeting first"),
        (smtp(State.CLOSED), SMTP, "EHLO", "the connection is closed"),
        (smtp(), SMTP, "ETRN", "ETRN was not offered"),
        (smtp(tls=True), SMTP, "STARTTLS", "TLS is on already"),
        (smtp(authenticated=True), SMTP, "AUTH", "logged in already"),
        (pop3(State.AUTHORIZATION), POP3, "RETR", "needs PASS first"),
        (pop3(), POP3, "USER", "belongs to state authorization"),
    ],
)
def test_a_verb_that_does_not_fit_says_why(
    facts: Facts, catalogue: Catalogue, verb: str, meta: str
) -> None:
    """The reason stands where the summary of a legal verb would."""
    found = {item.text.split()[0]: item.meta for item in completions("", facts, catalogue)}
    assert found[verb] == meta


def test_gone_verbs_say_so() -> None:
    """Obsolete and dead commands name the standing and the RFC."""
    assert metas("TURN"[:2], smtp())["TURN"].startswith("obsolete: RFC 821")
    assert metas("XT", pop3(), POP3)["XTND"].startswith("dead: ")


def test_parameters_carry_what_the_server_says() -> None:
    """SIZE shows the limit of this server; nothing is offered before EHLO."""
    assert metas("MAIL FROM:<a> SI", smtp())["SIZE="].startswith("limit 10240000; ")
    unasked = Facts(Protocol.SMTP, State.GREETED)
    assert texts("MAIL FROM:<a> ", unasked) == []


def test_after_the_path_parameters_bring_their_blank() -> None:
    """Tab behind the closing bracket goes on to the parameters."""
    found = texts("MAIL FROM:<a>", smtp())
    assert found[:2] == ["MAIL FROM:<a> SIZE=", "MAIL FROM:<a> BODY="]


def test_binarymime_is_offered_when_the_server_offers_it() -> None:
    """A value that is an extension of its own needs its own keyword."""
    facts = smtp()
    assert facts.offers is not None
    facts.offers["BINARYMIME"] = ""
    assert "MAIL FROM:<> BODY=BINARYMIME" in texts("MAIL FROM:<> BODY=", facts)


def test_messages_are_described() -> None:
    """Size, unique-id and the mark of deletion stand beside the number."""
    assert metas("RETR ", maildrop(), POP3) == {
        "1": "1842 octets · abc",
        "2": "marked as deleted · 200 octets · b",
        "3": "30 octets",
    }


def test_a_server_may_claim_any_number_of_messages() -> None:
    """What STAT says is never counted up to; prefixes are numbers, not strings."""
    facts = pop3(count=9_999_999_999)
    assert texts("RETR ", facts, POP3)[-1] == f"RETR {SHOWN}"
    assert texts("RETR 7", facts, POP3)[:3] == ["RETR 70", "RETR 71", "RETR 72"]
    assert texts("RETR 999999999", facts, POP3)[0] == "RETR 9999999990"


def test_sparse_numbers_of_a_listing_are_offered() -> None:
    """Without STAT only what LIST or UIDL named exists, however far apart."""
    facts = pop3(messages={5: Message(), 9_999_999_999: Message()})
    assert texts("DELE ", facts, POP3) == ["DELE 5", "DELE 9999999999"]


def test_server_text_comes_out_safe() -> None:
    """A unique-id or a limit with an escape sequence reaches the menu as text."""
    facts = pop3(messages={1: Message(unique_id="\x1b[2J")})
    assert metas("RETR ", facts, POP3) == {"1": "\\u{1b}[2J"}
    hostile = smtp()
    hostile.offers = {"SIZE": "\x1b[2J\x9b", "AUTH": "\x1b[2J PLAIN"}
    assert metas("MAIL FROM:<> S", hostile)["SIZE="].startswith("server: \\u{1b}[2J")
    assert texts("AUTH ", hostile) == ["AUTH PLAIN"]


@pytest.mark.parametrize("state", [State.DATA, State.AUTH])
@pytest.mark.parametrize("line", ["", "/c", "QU", "MAIL FROM:<"])
def test_payload_is_never_completed(state: State, line: str) -> None:
    """In mail data and in answers to AUTH every line is payload, the slash included."""
    assert completions(line, smtp(state), SMTP, LOCAL) == []


def test_local_commands_stand_behind_a_slash_and_nowhere_else() -> None:
    """`/` opens the menu, `//` does not, and no verb mixes in."""
    found = completions("/c", smtp(), SMTP, LOCAL)
    assert [item.text for item in found] == ["/connect", "/close", "/caps"]
    assert completions("/connect", smtp(), None, LOCAL) == []
    assert completions("//", smtp(), SMTP, LOCAL) == []
    assert not any(item.text.startswith("/") for item in completions("", smtp(), SMTP, LOCAL))


def test_the_limit_of_the_server_is_a_value() -> None:
    """SIZE= offers it, and the one octet more that a tester wants; no limit, no value."""
    assert texts("MAIL FROM:<> SIZE=", smtp()) == [
        "MAIL FROM:<> SIZE=10240000",
        "MAIL FROM:<> SIZE=10240001",
    ]
    assert texts("MAIL FROM:<> SIZE=9", smtp()) == []
    unlimited = smtp()
    unlimited.offers = {"SIZE": "0"}
    assert texts("MAIL FROM:<> SIZE=", unlimited) == []


def test_what_does_not_fit_is_marked() -> None:
    """For the menu to grey it: verbs out of sequence, obsolete ones, deleted messages."""
    apt = {one.display: one.apt for one in completions("", smtp(), SMTP)}
    assert apt["MAIL FROM:<"]
    assert not apt["DATA"]
    assert not apt["TURN"]
    found = completions("RETR ", maildrop(), POP3)
    assert [one.apt for one in found] == [True, False, True]


def test_subjects_stand_beside_their_messages() -> None:
    """Where a message was looked at; what a sender wrote comes out safe."""
    found = metas("RETR ", maildrop(), POP3, LOCAL)
    assert found["1"] == "1842 octets · abc · \u4f60\u597d"
    assert found["3"] == "30 octets · \\u{1b}[2J"


@pytest.mark.parametrize(
    "line, expected",
    [
        ("RCPT TO:<", ["bob@b.example>", "Bill@b.example>", "carol@c.example>"]),
        ("rcpt to:<b", ["bob@b.example>", "bill@b.example>"]),
        ("MAIL FROM:<", ["carol@c.example>", "bob@b.example>", "Bill@b.example>", ">"]),
        ("RCPT TO:<CAR", ["CARol@c.example>"]),
        ("RCPT TO:<bob@b.example", [">"]),
    ],
)
def test_addresses_that_were_used_come_back(line: str, expected: list[str]) -> None:
    """Inside the brackets, closed; those of the same command first; what was typed stays."""
    found = completions(line, smtp(State.MAIL), SMTP, LOCAL)
    typed = line.index("<") + 1
    wholes = [line[: one.start] + one.text for one in found]
    assert [whole[typed:] for whole in wholes] == [
        text if text != ">" else line[typed:] + ">" for text in expected
    ]
    assert all(whole.startswith(line) for whole in wholes)


def test_addresses_tell_what_became_of_them() -> None:
    """The code of the last time, and where that was."""
    found = metas("RCPT TO:<", smtp(State.MAIL), SMTP, LOCAL)
    assert found == {
        "bob@b.example": "550 last time",
        "Bill@b.example": "250 last time",
        "carol@c.example": "250 last time in MAIL",
    }


def test_without_a_connection_only_local_commands_exist() -> None:
    """No catalogue, no verbs; whoever presses Tab finds them all, and the slash is added."""
    assert texts("", smtp(), None, LOCAL) == texts("/", smtp(), None, LOCAL)
    assert texts("", smtp(), None, LOCAL) == ["/connect", "/close", "/caps"]
    assert texts("cl", smtp(), None, LOCAL) == ["/close"]
    assert completions("MA", smtp(), None, LOCAL) == []
    assert completions("connect s", smtp(), None, LOCAL) == []
    closed = smtp(State.CLOSED)
    assert texts("", closed, SMTP, LOCAL)[:4] == ["/connect", "/close", "/caps", "EHLO "]
    assert metas("NO", closed, SMTP, LOCAL) == {"NOOP": "the connection is closed"}


@pytest.mark.parametrize(
    "facts, catalogue, expected",
    [
        (Facts(Protocol.SMTP, State.GREETED), SMTP, ["EHLO", "HELO"]),
        (smtp(), SMTP, ["MAIL FROM:<", "STARTTLS", "AUTH", "EHLO"]),
        (smtp(State.MAIL), SMTP, ["RCPT TO:<", "EHLO"]),
        (smtp(State.RCPT), SMTP, ["DATA", "RCPT TO:<", "EHLO"]),
        (pop3(State.AUTHORIZATION), POP3, ["USER", "PASS", "APOP", "AUTH", "STLS"]),
        (pop3(), POP3, ["STAT", "LIST", "RETR", "DELE"]),
    ],
)
def test_what_leads_on_comes_first(facts: Facts, catalogue: Catalogue, expected: list[str]) -> None:
    """A menu has five rows: what is allowed everywhere stands behind what is due here."""
    found = [one.display for one in completions("", facts, catalogue)]
    assert found[: len(expected)] == expected


LINES = st.one_of(
    st.text(),
    st.text(st.characters(exclude_categories=())),  # surrogates, too
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["MAIL FROM:<", "rcpt to:<a> ", "RETR ", "TOP 1 ", "AUTH ", "XCLIENT "]),
        st.text(max_size=5),
        st.sampled_from(["", " ", ">", "> ", " BODY="]),
    ),
)
FACTS = st.builds(
    Facts,
    protocol=st.sampled_from(list(Protocol)),
    state=st.sampled_from(list(State)),
    tls=st.booleans(),
    authenticated=st.booleans(),
    offers=st.none()
    | st.dictionaries(
        st.sampled_from(["SIZE", "DSN", "AUTH", "SASL", "8BITMIME", "XVERP"]),
        st.text(st.characters(max_codepoint=255)),
    ),
    count=st.none() | st.integers(0, 10**10),
    messages=st.dictionaries(
        st.integers(0, 10**10),
        st.builds(
            Message,
            st.none() | st.integers(0),
            st.none() | st.text(st.characters(max_codepoint=255)),
        ),
    ),
    marks=st.sets(st.integers(0, 10**10)),
)
CATALOGUES = st.sampled_from([SMTP, LMTP, POP3])


@given(LINES, FACTS, CATALOGUES)
def test_any_line_is_completed_without_a_complaint(
    line: str, facts: Facts, catalogue: Catalogue
) -> None:
    """Never raises, never too many, keeps what was typed, shows printable text."""
    found = completions(line, facts, catalogue, LOCAL)
    assert len(found) <= SHOWN
    for item in found:
        typed = line[item.start :]
        assert item.text.startswith(typed)
        assert item.text != typed
        assert item.display.isprintable()
        assert item.meta.isprintable()
        assert item.text.isprintable() or not typed.isprintable()


def test_no_bracket_ends_half_an_address() -> None:
    """What is offered alone is inserted: nobody's path stands beside others, or not at all."""
    known = Known(addresses=lambda: USED[:1])
    assert texts("MAIL FROM:<", smtp(), known=known) == [
        "MAIL FROM:<carol@c.example>",
        "MAIL FROM:<>",
    ]
    assert texts("MAIL FROM:<c", smtp(), known=known) == ["MAIL FROM:<carol@c.example>"]
    assert texts("RCPT TO:<", smtp(State.MAIL), known=known) == ["RCPT TO:<carol@c.example>"]


def test_mailboxes_of_the_sandbox() -> None:
    """Behind the addresses that were used, and none of them twice."""
    known = Known(addresses=lambda: USED[1:2], mailboxes=("alice@example.test", "bob@b.example"))
    assert texts("RCPT TO:<", smtp(State.MAIL), known=known) == [
        "RCPT TO:<bob@b.example>",
        "RCPT TO:<alice@example.test>",
    ]
    assert texts("MAIL FROM:<AL", smtp(), known=known) == ["MAIL FROM:<ALice@example.test>"]
    assert metas("MAIL FROM:<al", smtp(), known=known) == {"alice@example.test": "of the sandbox"}


def test_addresses_of_more_than_ascii() -> None:
    """RFC 6531: they go on behind such a character; ASCII letters alone have two cases."""
    used = [
        Used("J\u00fcrgen@b\u00fccher.example", Role.SENDER, "250"),
        Used("\u017fam@x.example", Role.SENDER, "250"),
    ]
    known = Known(addresses=lambda: used)
    whole = "MAIL FROM:<j\u00fcrgen@b\u00fccher.example>"
    assert texts("MAIL FROM:<j\u00fc", smtp(), known=known) == [whole]
    assert texts("MAIL FROM:<j\u00fcrgen@b\u00fcc", smtp(), known=known) == [whole]
    assert texts("MAIL FROM:<j\u00dc", smtp(), known=known) == []
    assert texts("MAIL FROM:<S", smtp(), known=known) == []  # what `upper` makes of the long s
    assert texts("MAIL FROM:<\udcc3", smtp(), known=known) == []
