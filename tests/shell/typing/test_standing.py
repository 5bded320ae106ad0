"""Prompt and toolbar: pure functions of one frozen look at a session."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.protocol.facts import Facts
from mailprobe.protocol.items import Phase
from mailprobe.protocol.model import Protocol, State
from mailprobe.shell.typing.standing import Look, look_at, offers_shown, prompt_text, toolbar
from mailprobe.shell.typing.width import cells
from mailprobe.value import replace

ESCAPE = "^] local command"
LAST = "last 250 in 12 ms"
SMTP = Look(
    protocol=Protocol.SMTP,
    state=State.READY,
    host="mail.example:587",
    tls="TLSv1.3",
    offers=("8BITMIME", "SIZE=10M"),
    code="250",
    took=0.0123,
    recorded=14,
)


def bar(look: Look, columns: int = 200, *flags: str) -> str:
    return "".join(text for _, text in toolbar(look, columns, flags))


@pytest.mark.parametrize(
    "look, expected",
    [
        (Look(), "mailprobe> "),
        (Look(Protocol.SMTP, State.GREETED), "smtp:greeted> "),
        (Look(Protocol.SMTP, State.RCPT, recipients=2), "smtp:rcpt(2)> "),
        (Look(Protocol.LMTP, State.READY), "lmtp:ready> "),
        (Look(Protocol.POP3, State.AUTHORIZATION), "pop3:auth> "),
        (Look(Protocol.POP3, State.TRANSACTION), "pop3:trans> "),
        (Look(Protocol.SMTP, State.AUTH, Phase.ANSWER), "smtp:auth| "),
        (Look(Protocol.SMTP, State.DATA, Phase.DATA, line=12), "smtp:data 12| "),
        (Look(Protocol.SMTP, State.BDAT, Phase.CHUNK, chunk_left=7), "smtp:chunk(7)| "),
        (Look(Protocol.SMTP, State.MAIL, closed=True), "smtp:closed> "),
        (Look(Protocol.SMTP, State.CLOSED), "smtp:leaving> "),
        (Look(Protocol.SMTP, State.READY, group=3), "smtp:pipeline(3)> "),
        (Look(Protocol.SMTP, State.READY, place="2"), "[2] smtp:ready> "),
    ],
)
def test_prompt(look: Look, expected: str) -> None:
    """The state is in its text: it survives in logs, screen readers and screenshots."""
    assert prompt_text(look) == expected


@pytest.mark.parametrize(
    "look, expected",
    [
        (SMTP, f" mail.example:587 · TLSv1.3 · 8BITMIME SIZE=10M · {LAST} · ● rec 14 · {ESCAPE}"),
        (replace(SMTP, offers=(), tls="", code="", recorded=None),
         " mail.example:587 · ^] local command"),
        (replace(SMTP, offers=(), tls="", took=61.4, recorded=None, owed=1),
         " mail.example:587 · last 250 in 61 s · 1 reply owed · ^] local command"),
        (Look(Protocol.POP3, State.TRANSACTION, host="m:110", marked=2, owed=2),
         " m:110 · 2 replies owed · 2 to delete at QUIT · ^] local command"),
        (Look(Protocol.SMTP, host="h:25", private=True, revealed=True, place="2"),
         " session 2 · h:25 · private · secrets shown · ^] local command"),
        (Look(Protocol.SMTP, host="h:25", begun=True),
         " h:25 · unfinished line · ^] local command"),
        (Look(), " /help and Tab show what there is · not connected"),
        (Look(private=True), " private · /help and Tab show what there is · not connected"),
        (replace(SMTP, closed=True), " ● rec 14 · not connected"),
    ],
)  # fmt: skip
def test_toolbar(look: Look, expected: str) -> None:
    """Host, TLS, offers, the last reply, the recording, what is owed or pending."""
    assert bar(look) == expected


def test_what_is_too_long_goes_in_an_order() -> None:
    """The offers first, then the host, then the recording; what matters more stays."""
    shown = [bar(SMTP, columns) for columns in (200, 79, 60, 45, 40, 30)]
    assert ["8BITMIME" in text for text in shown] == [True, True, False, False, False, False]
    assert ["mail.example" in text for text in shown] == [True, True, True, False, False, False]
    assert ["rec 14" in text for text in shown] == [True, True, True, True, True, False]
    assert all("last 250 in 12 ms" in text for text in shown)
    assert shown[-1] == " TLSv1.3 · last 250 in 12 ms"


def test_offers_go_one_by_one() -> None:
    """The limit of a message is the last to go: 80 columns show what there is room for."""
    offers = ("STARTTLS", "8BITMIME", "SMTPUTF8", "CHUNKING", "DSN", "SIZE=67M")
    look = replace(SMTP, offers=offers, tls="", recorded=None)
    assert bar(look, 80) == f" mail.example:587 · STARTTLS 8BITMIME SMTPUTF8 SIZE=67M · {LAST}"
    assert bar(look, 48) == f" mail.example:587 · SIZE=67M · {LAST}"
    assert bar(look, 47) == f" mail.example:587 · {LAST}"


def test_flags_come_first_and_stand_out() -> None:
    """What is wrong with the line being typed is seen on the narrowest screen."""
    pieces = toolbar(SMTP, 24, ["612 octets, limit 510"])
    assert pieces[1] == ("warning", "612 octets, limit 510")
    assert bar(SMTP, 200, "a", "b").startswith(" a · b · mail.example:587")


TEXT = st.text(st.characters(exclude_categories=("C", "Z")) | st.just("你"), max_size=30)


@given(
    st.builds(
        Look,
        st.none() | st.sampled_from(list(Protocol)),
        st.sampled_from(list(State)),
        st.sampled_from(list(Phase)),
        closed=st.booleans(),
        host=TEXT,
        tls=TEXT,
        offers=st.tuples(TEXT),
        took=st.floats(0, 1e6),
        owed=st.integers(0, 9),
        recorded=st.none() | st.integers(0),
        place=TEXT,
    ),
    st.integers(1, 220),
    st.lists(TEXT, max_size=2),
)
def test_toolbar_fits_any_terminal(look: Look, columns: int, flags: list[str]) -> None:
    """In cells, not in characters; and the prompt is never empty."""
    assert cells("".join(text for _, text in toolbar(look, columns, flags))) <= columns
    assert prompt_text(look).endswith(("> ", "| "))


@pytest.mark.parametrize(
    "limit, expected",
    [
        ("10240000", "SIZE=10M"),
        ("52428800", "SIZE=52M"),
        ("2000000000", "SIZE=2G"),
        ("5000", "SIZE=5k"),
        ("512", "SIZE=512"),
        ("0", "SIZE"),
        ("", "SIZE"),
        ("\x1b[2J", "SIZE"),
        ("9" * 16, "SIZE"),
    ],
)
def test_offers_in_a_word(limit: str, expected: str) -> None:
    """Only what decides what is typed next; of the server's words only a number."""
    facts = Facts(Protocol.SMTP, offers={"SIZE": limit, "X\x1b": "", "STARTTLS": "", "HELP": ""})
    assert offers_shown(facts) == ("STARTTLS", expected)
    facts.tls = True
    assert offers_shown(facts) == (expected,)


def test_nobody_is_looked_at_without_a_session() -> None:
    """What holds for the shell itself is there all the same."""
    assert look_at(None, private=True) == Look(private=True)
