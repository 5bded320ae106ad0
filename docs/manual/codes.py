"""Pages of the codes: reply codes, enhanced status codes, response codes of POP3."""

from collections.abc import Iterator

from mailprobe.protocol.codes import REPLY_CODES, RESPONSE_CODES
from mailprobe.protocol.enhanced import CLASSES, ENHANCED, SUBJECTS
from manual.commands import CATALOGUES, page_of
from manual.explained import brief, layers
from manual.markdown import (
    anchor,
    bullets,
    code,
    heading,
    link,
    paragraph,
    reference,
    slug,
    table,
    text,
)


def pages() -> Iterator[tuple[str, str]]:
    """Name and Markdown of each page."""
    yield "reference/replies.md", _replies()
    yield "reference/enhanced.md", _enhanced()
    yield "reference/response-codes.md", _response_codes()


def _replies() -> str:
    parts = [
        heading(1, "Reply codes"),
        paragraph(
            "What a reply says by its code, and what it says in answer to one command. The text "
            "behind a code is the server's own. The first digit is what matters to a program: 2 "
            "done, 3 go on, 4 not now, 5 not at all (RFC 5321, section 4.2.1); POP3 has +OK and "
            "-ERR alone (RFC 1939, section 3)."
        ),
    ]
    for name in REPLY_CODES:
        parts += [heading(2, text(name), slug(name)), layers([name]), _in_answer_to(name)]
    return "".join(parts)


def _in_answer_to(name: str) -> str:
    """What the code says in answer to certain verbs; the same words of several rows once."""
    told: dict[tuple[str, str], list[str]] = {}
    for catalogue in CATALOGUES:
        for row in catalogue:
            if meaning := row.meanings.get(name):
                shown = f"{catalogue.protocol.upper()} {row.verb}"
                page = page_of(catalogue.protocol, row).removeprefix("reference/")
                said = text(meaning), brief([row.verb, name], catalogue.protocol)
                told.setdefault(said, []).append(link(text(shown), page))
    rows = [(", ".join(verbs), *said) for said, verbs in told.items()]
    return table(("in answer to", "it says", "中文"), rows)


def _enhanced() -> str:
    parts = [
        heading(1, "Enhanced status codes"),
        paragraph(
            "class.subject.detail (RFC 3463; the registry of RFC 5248). The class says what to "
            "do, the rest why; X below stands for each class."
        ),
        bullets(f"{code(f'{name}.y.z')} {text(what)}" for name, what in CLASSES.items()),
    ]
    for subject, about in SUBJECTS.items():
        rows = [
            _enhanced_row(name)
            for name in ENHANCED
            if name.removeprefix("X.").partition(".")[0] == subject
        ]
        parts.append(heading(2, f"{text(f'X.{subject}')} {text(about)}", f"x-{subject}"))
        parts.append(table(("code", "says", "中文", "name", "with", "reference"), rows))
    return "".join(parts)


def _enhanced_row(name: str) -> tuple[str, ...]:
    one = ENHANCED[name]
    return (
        anchor(slug(name)) + code(name),
        text(one.meaning),
        brief([name]),
        text(one.name),
        text(", ".join(one.basic)),
        reference(one.reference),
    )


def _response_codes() -> str:
    about = (
        "What stands in brackets at the beginning of a text of POP3, where RESP-CODES is offered "
        "(RFC 2449, section 8)."
    )
    each = "".join(
        heading(2, code(f"[{name}]"), slug(name)) + layers([f"[{name}]"]) for name in RESPONSE_CODES
    )
    return heading(1, "Response codes of POP3") + paragraph(about) + each
