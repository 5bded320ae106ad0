"""Pages of what servers offer: EHLO keywords, capabilities, SASL mechanisms."""

from collections.abc import Iterator, Mapping

from mailprobe.explain.texts import terms
from mailprobe.protocol.capabilities import CAPABILITIES
from mailprobe.protocol.catalogue import Catalogue, Offer
from mailprobe.protocol.extensions import EXTENSIONS
from mailprobe.protocol.model import Protocol
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.sasl.explaining import FORMS
from mailprobe.protocol.sasl.mechanisms import TABLE, Mechanism
from mailprobe.protocol.smtp import SMTP
from manual.commands import page_of
from manual.explained import meaning
from manual.markdown import code, facts, heading, link, paragraph, reference, slug, text


def pages() -> Iterator[tuple[str, str]]:
    """Name and Markdown of each page."""
    yield (
        "reference/extensions.md",
        heading(1, "Service extensions")
        + paragraph(
            "The keywords of the reply to EHLO and LHLO (RFC 5321, section 2.2), one a line, and "
            "what each brings."
        )
        + _offers(EXTENSIONS, SMTP),
    )
    yield (
        "reference/capabilities.md",
        heading(1, "Capabilities")
        + paragraph("The lines of the response to CAPA (RFC 2449), and what each brings.")
        + _offers(CAPABILITIES, POP3),
    )
    yield "reference/mechanisms.md", _mechanisms()


def _offers(offers: Mapping[str, Offer], catalogue: Catalogue) -> str:
    return "".join(_offer(offer, catalogue) for offer in offers.values())


def _offer(offer: Offer, catalogue: Catalogue) -> str:
    kind = "capability" if catalogue.protocol is Protocol.POP3 else "EHLO keyword"
    rows = [
        ("behind it", text(offer.arguments)),
        ("brings", ", ".join(_verb(verb, catalogue) for verb in offer.verbs)),
        ("parameters", ", ".join(_parameter(one, catalogue) for one in offer.parameters)),
        ("changes", ", ".join(_verb(verb, catalogue) for verb in offer.affects)),
        ("reference", reference(offer.reference)),
    ]
    title = heading(2, code(offer.keyword), slug(offer.keyword))
    return title + meaning([offer.keyword], catalogue.protocol, kind) + facts(rows)


def _verb(verb: str, catalogue: Catalogue) -> str:
    row = catalogue.find(verb)
    if row is None:
        return code(verb)
    return link(code(verb), page_of(catalogue.protocol, row).removeprefix("reference/"))


def _parameter(name: str, catalogue: Catalogue) -> str:
    """`MAIL SIZE`, with a link to its row."""
    verb, _, parameter = name.partition(" ")
    row = catalogue.find(verb)
    if row is None:
        return code(name)
    page = page_of(catalogue.protocol, row).removeprefix("reference/")
    return link(code(name), f"{page}#{slug(parameter)}")


def _mechanisms() -> str:
    about = (
        "How a login goes by AUTH. mailprobe speaks the first of these, strongest first; the "
        "others it explains, where a server begins one."
    )
    names = dict.fromkeys([*TABLE, *FORMS, *terms()["mechanisms"]])
    return heading(1, "SASL mechanisms") + paragraph(about) + "".join(map(_mechanism, names))


def _mechanism(name: str) -> str:
    rows = _facts(TABLE[name]) if name in TABLE else [("mailprobe", "does not speak it")]
    answers = "".join(paragraph(form) for form in FORMS.get(name, ()))
    said = meaning([name], None, "SASL mechanism")
    told_by = ("reference", reference(terms()["mechanisms"][name]["reference"]))
    return heading(2, code(name), slug(name)) + said + answers + facts([*rows, told_by])


def _facts(one: Mechanism) -> list[tuple[str, str]]:
    return [
        ("what the user needs", text(one.secret or "nothing")),
        ("messages of the client", str(one.steps)),
        ("acting for another", "yes" if one.authzid else "no"),
        ("the server proves itself", "yes" if one.mutual else "no"),
        ("the sandbox plays it", "yes" if one.hear else "no"),
    ]
