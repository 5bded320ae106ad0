"""Pages of what servers offer: EHLO keywords, capabilities, SASL mechanisms."""

from collections.abc import Iterator, Mapping

from mailprobe.protocol.capabilities import CAPABILITIES
from mailprobe.protocol.catalogue import Catalogue, Offer
from mailprobe.protocol.extensions import EXTENSIONS
from mailprobe.protocol.model import Protocol
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.sasl.explaining import FORMS
from mailprobe.protocol.sasl.mechanisms import TABLE, Mechanism
from mailprobe.protocol.smtp import SMTP
from manual.commands import page_of
from manual.explained import explanations
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
    said = explanations([offer.keyword], catalogue.protocol)
    summary = f"{offer.summary[0].upper()}{offer.summary[1:]}."
    rows = [
        ("behind it", text(offer.arguments)),
        ("brings", ", ".join(_verb(verb, catalogue) for verb in offer.verbs)),
        ("parameters", ", ".join(_parameter(one, catalogue) for one in offer.parameters)),
        ("changes", ", ".join(_verb(verb, catalogue) for verb in offer.affects)),
        ("reference", reference(offer.reference)),
    ]
    title = heading(2, code(offer.keyword), slug(offer.keyword))
    return title + (said or paragraph(summary)) + facts(rows)


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
        "How a login goes by AUTH, strongest first. mailprobe speaks these; DIGEST-MD5, NTLM and "
        "GSSAPI it explains, where a server begins one."
    )
    spoken = "".join(_mechanism(one) for one in TABLE.values())
    others = "".join(
        heading(2, code(name), slug(name))
        + explanations([name])
        + "".join(paragraph(form) for form in forms)
        for name, forms in FORMS.items()
        if name not in TABLE
    )
    return heading(1, "SASL mechanisms") + paragraph(about) + spoken + others


def _mechanism(one: Mechanism) -> str:
    forms = FORMS.get(one.name, ())
    rows = [
        ("what the user needs", text(one.secret or "nothing")),
        ("messages of the client", str(one.steps)),
        ("acting for another", "yes" if one.authzid else "no"),
        ("the server proves itself", "yes" if one.mutual else "no"),
        ("the sandbox plays it", "yes" if one.hear else "no"),
    ]
    said = explanations([one.name], Protocol.SMTP)
    answers = "".join(paragraph(form) for form in forms)
    return heading(2, code(one.name), slug(one.name)) + said + answers + facts(rows)
