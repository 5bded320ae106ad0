"""Which lines are explained, and by what stands before them."""

from mailprobe.render.export.explained import explained
from mailprobe.render.export.options import Options
from mailprobe.render.export.page import page
from mailprobe.render.export.spoken import turns
from mailprobe.render.export.table import EXPORTERS
from mailprobe.transcript.model import Transcript
from tests.render.samples import HOSTILE, pop3, read, smtp


def found(transcript: Transcript) -> list[tuple[str, str]]:
    """The lines that end an explained reply, and what kind of reply it is."""
    return [
        (turn.line.text, f"{explanation.subject} {explanation.kind.en}".rstrip())
        for turn, explanation in explained(turns(transcript, asides=True))
        if explanation is not None
    ]


def test_each_reply_is_explained_at_its_end() -> None:
    """A reply of several lines once; of a multi-line response its first line; no data, no body."""
    transcript = smtp(
        *("S: 220 hi", "C: EHLO me", "S: 250-a", "S: 250 b", "C: MAIL FROM:<>", "S: 250 ok"),
        *("C: RCPT TO:<a@b>", "S: 550 5.1.1 no", "C: QUIT", "S@ close"),
    )
    assert found(transcript) == [
        ("S: 220 hi", "220 greeting"),
        ("S: 250 b", "250 reply to EHLO"),
        ("S: 250 ok", "250 reply to MAIL"),
        ("S: 550 5.1.1 no", "550 5.1.1 reply to RCPT"),
    ]
    transcript = pop3("S: +OK", "C: RETR 1", "S: +OK 2 octets", "S: 250 x", "S: .")
    assert [line for line, _ in found(transcript)] == ["S: +OK", "S: +OK 2 octets"]


def test_conditions_belong_to_their_reply() -> None:
    """The explanation stands below the last of them."""
    transcript = smtp(
        "S? 220", "C: EHLO x", "S? 250", "S+ AUTH", "S- STARTTLS", "C: QUIT", "S? 221"
    )
    assert [line for line, _ in found(transcript)] == ["S? 220", "S- STARTTLS", "S? 221"]


def test_a_code_that_nobody_said_is_not_explained() -> None:
    """`5xx` is any refusal; `2xx` is what usually comes; finer codes of a class count."""
    transcript = smtp(
        "S? 2xx", "C: NOOP", "S? 5xx", "C: NOOP", "S? xxx", "C: X", "S? 550 5.1.1|4xx"
    )
    assert found(transcript) == [
        ("S? 2xx", "220 greeting"),
        ("S? 550 5.1.1|4xx", "550 5.1.1 reply code"),
    ]


def test_mistakes_and_alternatives_begin_where_the_dialogue_stands() -> None:
    """Each is explained by what came before it, and changes nothing behind it."""
    transcript = pop3(
        *("S: +OK", "C: USER a", "@alt in", "S: +OK", "@or out", "S: -ERR [IN-USE] no", "@end"),
        *("@wrong", "C: STAT", "S: -ERR log in", "C: PASS x", "S: +OK", "@end"),
        *("C: PASS x", "S: +OK in", "C: STAT", "S: +OK 1 2"),
    )
    states = [
        (turn.line.text, turn.facts.state)
        for turn in turns(transcript, asides=True)
        if turn.facts is not None
    ]
    assert states == [
        ("S: +OK", "authorization"),
        ("S: -ERR [IN-USE] no", "authorization"),
        ("S: +OK", "authorization"),
        ("S: -ERR log in", "authorization"),
        ("S: +OK", "transaction"),
        ("S: +OK in", "transaction"),
        ("S: +OK 1 2", "transaction"),
    ]
    assert ("S: -ERR [IN-USE] no", "-ERR [IN-USE] reply to USER") in found(transcript)
    assert [turn.text for turn in turns(transcript)] == [
        *("+OK", "USER a", "in: one of 2 ways to go on", "+OK", "PASS x", "+OK in", "STAT"),
        "+OK 1 2",
    ]


def test_asides_have_an_end() -> None:
    """Of thousands the first are heard: a page is made in time whatever the file holds."""
    many = ["@wrong", "C: X", "S? xxx", "@end"] * 120
    heard = [turn for turn in turns(smtp("S: 220", *many), asides=True) if turn.side == "C"]
    assert len(heard) == 100
    listed = ["C: LIST", "S: +OK", *(f"S: {number} 100" for number in range(1, 2001)), "S: ."]
    transcript = pop3("S: +OK", "C: USER a", "S: +OK", "C: PASS x", "S: +OK", *listed, *many)
    heard = [turn for turn in turns(transcript, asides=True) if turn.text == "X"]
    assert len(heard) == 5  # each has a whole maildrop to copy


def test_a_page_explains_no_more_than_anybody_reads() -> None:
    """And says so where it stops."""
    made = page(smtp("S: 220", *["C: NOOP", "S: 250 ok"] * 1005), Options())
    assert made.count('class="explained"') == 1000
    assert made.count("Replies behind this one are not explained.") == 1


def test_a_protocol_that_nobody_knows() -> None:
    """Has lines, and no replies."""
    assert found(read("mailprobe: 1\nprotocol: raw\n\nS: 220 hi\nC: QUIT\nS? 221\n")) == []


def test_languages_of_a_page() -> None:
    """Those of the file; where it names none, both; readers of others read English."""
    made = EXPORTERS["html"].export(smtp("S: 220"), Options(language="zh")).decode()
    assert '<html lang="zh">' in made
    assert 'id="language-en"' in made
    taiwan = read("mailprobe: 1\nprotocol: smtp\nlang: en zh-tw\n\nS: 220\n|en a\n|zh-tw b\n")
    made = EXPORTERS["html"].export(taiwan, None).decode()
    assert '<dl lang="zh" data-language="zh-tw">' in made
    german = read("mailprobe: 1\nprotocol: smtp\nlang: de\n\nS: 220\n|de Hallo\n")
    made = EXPORTERS["html"].export(german, None).decode()
    assert '<html lang="de">' in made
    assert '<dl lang="en">' in made
    assert 'name="language"' not in made


def test_hostile_lines_are_explained_as_others() -> None:
    """What they hold stays outside of the explanation."""
    assert ("S: 220 ready", "220 greeting") in found(read(HOSTILE))
