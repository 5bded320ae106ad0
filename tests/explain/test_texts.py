"""The texts of explanations: nothing is missing in either language, nothing is left over."""

import re
from collections.abc import Iterator

import pytest

from mailprobe.explain import texts
from mailprobe.explain.explaining import of_words
from mailprobe.explain.model import Explanation, Text
from mailprobe.explain.replying import catalogue_of
from mailprobe.explain.vocabulary import of_vocabulary
from mailprobe.protocol import codes, enhanced, sasl
from mailprobe.protocol.capabilities import CAPABILITIES
from mailprobe.protocol.catalogue import CommandSpec
from mailprobe.protocol.extensions import EXTENSIONS
from mailprobe.protocol.model import Protocol, State

CHINESE = re.compile("[\u4e00-\u9fff]")
HALF_WIDTH = re.compile("[\u4e00-\u9fff][,;:?]|[,;?][\u4e00-\u9fff]")
REFERENCE = re.compile(
    r"(?:RFC [0-9]{3,5}(?:, (?:sections? [0-9]+(?:\.[0-9]+)*(?: and [0-9]+(?:\.[0-9]+)*)?"
    r"|appendix [A-Z](?:\.[0-9]+)*|registry))?"
    r"|gone since RFC [0-9]+|draft-[a-z0-9-]+|sendmail|Exim|QQ Mail|Microsoft Exchange"
    r"|CompuServe|Atheme"
    r"|Postfix [A-Z]+_README|Cisco PIX and ASA, SMTP inspection|XMIT: popper|RFC 9422"
    r"|IANA Mail Parameters, SMTP service extensions|Microsoft, MS-NLMP"
    r"|Google, OAuth 2\.0 mechanism|[0-9]\.[0-9.]+)"
)
ROWS: list[CommandSpec] = [row for each in Protocol for row in catalogue_of(each)]
OFFERS = [*EXTENSIONS.values(), *CAPABILITIES.values()]


def sentences() -> Iterator[str]:
    """Every English text of the protocols' tables that an explanation can hold."""
    yield from codes.REPLY_CODES.values()
    yield from codes.RESPONSE_CODES.values()
    yield from enhanced.CLASSES.values()
    yield from enhanced.SUBJECTS.values()
    yield from (entry.meaning for entry in enhanced.ENHANCED.values())
    for row in ROWS:
        yield row.summary
        yield from row.meanings.values()
        yield from (parameter.summary for parameter in row.parameters)
    for offer in OFFERS:
        yield from filter(None, (offer.summary, offer.arguments))
    yield from (row["says"] for row in texts.terms()["mechanisms"].values())


def test_every_sentence_is_there_in_chinese() -> None:
    """A row that is new, or reworded, has no Chinese before somebody writes it."""
    missing = {one for one in sentences() if not CHINESE.search(texts.text(one).zh)}
    assert missing == set()


def test_no_chinese_sentence_is_left_over() -> None:
    """What no table says any more is not kept; and no sentence stands there twice."""
    sections = texts._read("chinese.toml")
    known = set(sentences())
    ours = {*sections.pop("phrases"), *sections.pop("labels")}
    found = [english for rows in sections.values() for english in rows]
    assert set(found) - known == set()
    assert len(found) == len(set(found))
    assert not ours & set(found)


def test_chinese_is_chinese() -> None:
    """Full-width marks beside Chinese characters, none empty, and none for two of one section."""
    for name, rows in texts._read("chinese.toml").items():
        values = list(rows.values())
        for chinese in values:
            assert chinese == chinese.strip() != "", name
            assert not HALF_WIDTH.search(chinese), chinese
        for english, chinese in rows.items():
            assert set(re.findall(r"\{[a-z]+\}", english)) == set(
                re.findall(r"\{[a-z]+\}", chinese)
            )


@pytest.mark.parametrize("layer", ["now", "next", "says"])
def test_layers_are_whole(layer: str) -> None:
    """Both languages, one sentence, no mark at its end; and never the same as the other layer."""
    for key, row in texts.layers().items():
        found: Text | None = getattr(row, layer)
        assert (row.now or row.next or row.says) is not None, key
        if found is None:
            continue
        assert CHINESE.search(found.zh) or found.zh == "QUIT", key
        assert not CHINESE.search(found.en), key
        assert not HALF_WIDTH.search(found.zh), key
        assert not found.en.endswith((".", " ")), key
        assert not found.zh.endswith(("\u3002", " ")), key
        layers = [one for one in (row.now, row.next, row.says) if one is not None]
        assert len(set(layers)) == len(layers), key


def test_keys_of_layers_can_be_met() -> None:
    """A moment is a verb or a known word, a code is one, and a circumstance can come to pass."""
    verbs = {row.verb for row in ROWS}
    states = {state.value for state in State}
    others = {
        "authenticated",
        "tls",
        "clear",
        "last",
        "bare",
        "argued",
        "unheard",
        "known",
        "early",
        "late",
        "malformed",
        *map(str, Protocol),
    }
    worded = {*texts.wordings(), *texts.hints()}
    assert len(worded) == len(texts.wordings()) + len(texts.hints())
    assert not worded & (states | others)
    assert not worded - {key.split(" ")[-1] for key in texts.layers()}  # none is looked for in vain
    for key in texts.layers():
        moment, code, *circumstance = key.split(" ")
        assert moment in verbs | {"*", "greeting", "unsolicited"}, key
        plain = code in ("4", "5", "X") and circumstance[:1] and circumstance[0] in texts.wordings()
        known = code in codes.REPLY_CODES or code in "2345" or plain or _known_finer(code)
        assert known, key
        assert len(circumstance) <= 1, key
        assert set(circumstance) <= states | others | worded, key


def _known_finer(code: str) -> bool:
    if code.startswith("["):
        return code[1:-1] in codes.RESPONSE_CODES
    return f"X{code[1:]}" in enhanced.ENHANCED


def test_who_says_it_can_be_looked_up() -> None:
    """A row names its own source only with words of its own."""
    for key, row in texts.layers().items():
        assert row.reference is None or row.says is not None, key
        assert row.reference is None or REFERENCE.fullmatch(row.reference), key


def test_general_rows_are_there() -> None:
    """So that every reply has all layers, whatever its code."""
    for code in ("2", "3", "4", "5", "+OK", "-ERR", "+"):
        row = texts.layers()[f"* {code}"]
        assert row.now is not None
        assert row.next is not None


def everything() -> Iterator[tuple[str, list[Explanation]]]:
    for word in (
        *codes.REPLY_CODES,
        *(f"[{code}]" for code in codes.RESPONSE_CODES),
        *(f"{level}{code[1:]}" for code in enhanced.ENHANCED for level in "245"),
        *(f"{level}.{subject}.99" for subject in enhanced.SUBJECTS for level in "245"),
        *(row.verb for row in ROWS),
        *(parameter.name for row in ROWS for parameter in row.parameters),
        *(offer.keyword for offer in OFFERS),
        *sasl.MECHANISMS,
        *texts.terms()["mechanisms"],
    ):
        yield word, of_words([word])


def test_everything_is_explained() -> None:
    """Each word of the tables, in both languages, with a source that can be looked up."""
    for word, found in everything():
        assert found, word
        for one in found:
            assert CHINESE.search(one.says.zh), word
            assert CHINESE.search(one.kind.zh) or "SASL" in one.kind.zh, word
            parts = re.split(r"; |, (?=RFC [0-9]+$)", one.reference)
            assert all(REFERENCE.fullmatch(part) for part in parts), (word, one.reference)
            assert "{" not in one.says.en + one.says.zh, word


def test_the_tables_of_the_registry_are_whole() -> None:
    """Eighty-one codes; each says of all its classes something of its own."""
    assert len(enhanced.ENHANCED) == 81
    for code in enhanced.ENHANCED:
        (later,), (never,) = of_words([f"4{code[1:]}"]), of_words([f"5{code[1:]}"])
        assert later.says.en.startswith("failed for now: ")
        assert never.says.en.startswith("failed for good: ")
        assert later.next is not None
        assert never.next is not None


def test_mechanisms_that_are_spoken_have_a_row() -> None:
    """And so have those that are only explained when their challenges come."""
    assert set(sasl.MECHANISMS) <= set(texts.terms()["mechanisms"])
    for name in ("DIGEST-MD5", "NTLM", "GSSAPI"):
        assert [one.subject for one in of_vocabulary(name, None)] == [name]
