"""The terms of an SPF record (RFC 7208, section 12); asks nobody."""

from collections.abc import Callable
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from mailprobe.patterns import pattern
from mailprobe.routing.model import Part, fault
from mailprobe.routing.tags import shown
from mailprobe.value import frozen

MODIFIERS = frozenset({"redirect", "exp", "other"})
_GRAMMAR = "RFC 7208, section 12"
_MAXIMUM = 200  # terms that are looked at; a DNS message holds thousands
_LONGEST = 1000  # octets of a term; a name has 253, its macros a few more

# mechanism = ( all / include / a / mx / ptr / ip4 / ip6 / exists )
_DIRECTIVE = pattern(r"([-+?~]?)([A-Za-z][A-Za-z0-9]*)((?:[:/].*)?)")
# modifier = redirect / explanation / name "=" macro-string
_MODIFIER = pattern(r"([A-Za-z][A-Za-z0-9_.-]*)=(.*)")
# ip4-cidr-length and ip6-cidr-length, RFC 7208, section 5.6
_LENGTH = pattern("0|[1-9][0-9]{0,2}")
_LENGTHS = pattern(r"(?:/([0-9]+))?(?://([0-9]+))?\Z")
# macro-string: macro-expand or %x21-24 / %x26-7E
_MACRO = r"%\{[slodiphcrtvSLODIPHCRTV][0-9]*r?[.+,/_=-]*\}|%%|%_|%-"
_MACRO_STRING = pattern(rf"(?:{_MACRO}|[!-$&-~])*")
# domain-end = ( "." toplabel [ "." ] ) / macro-expand
_DOMAIN = pattern(
    rf"(?:{_MACRO}|[!-$&-~])*"
    rf"(?:\.(?:[A-Za-z0-9-]*[A-Za-z][A-Za-z0-9-]*|[A-Za-z0-9]+-[A-Za-z0-9-]+)(?<!-)\.?|{_MACRO})"
)


@frozen
class Term:
    """One term; `text` is fit to be shown, `domain` without a final dot."""

    name: str
    text: str
    qualifier: str = "+"
    domain: str = ""


def parse_terms(record: bytes) -> tuple[list[Term], list[Part]]:
    """The terms of a record that begins with its version, and what is not well formed."""
    text = record.decode("latin-1")
    if not text.isascii():
        return [], [fault(f"octets that are not ASCII: {shown(record)}", _GRAMMAR)]
    terms: list[Term] = []
    wrong: list[Part] = []
    for word in text.split(" ")[1 : _MAXIMUM + 1]:
        if not word:
            continue
        read = _parse(word)
        if isinstance(read, str):
            wrong.append(fault(f"'{shown(word)}': {read}", _GRAMMAR))
        elif read.name in ("redirect", "exp") and any(one.name == read.name for one in terms):
            text = f"{read.name}= may stand there only once"
            wrong.append(fault(text, "RFC 7208, section 6"))
        else:
            terms.append(read)
    return terms, wrong


def _parse(word: str) -> Term | str:
    """A term, or what is wrong with it."""
    if len(word) > _LONGEST:
        return "longer than any term"
    if found := _MODIFIER.fullmatch(word):
        return _modifier(word, found[1].lower(), found[2])
    found = _DIRECTIVE.fullmatch(word)
    if found is None:
        return "neither a mechanism nor a modifier"
    qualifier, name = found[1] or "+", found[2].lower()
    if name not in _ARGUMENTS:
        return "no mechanism of this name"
    trouble, domain = _ARGUMENTS[name](found[3])
    return trouble or Term(name, shown(word), qualifier, domain)


def _modifier(word: str, name: str, value: str) -> Term | str:
    if name not in ("redirect", "exp"):
        return Term("other", shown(word)) if _MACRO_STRING.fullmatch(value) else _NO_MACROS
    trouble, domain = _domain(f":{value}")
    return trouble or Term(name, shown(word), domain=domain)


# ---------------------------------------------------------- arguments: what is wrong, the domain

_Judged = tuple[str, str]
_NO_MACROS = "a macro that is none"


def _none(argument: str) -> _Judged:
    return ("it takes no argument" if argument else ""), ""


def _domain(argument: str) -> _Judged:
    value = argument.removeprefix(":")
    if not argument.startswith(":") or not value:
        return "it needs a domain", ""
    if not _DOMAIN.fullmatch(value):
        return "no domain", ""
    return "", value.removesuffix(".")


def _optional(argument: str) -> _Judged:
    return _domain(argument) if argument else ("", "")


def _with_cidr(argument: str) -> _Judged:
    rest = _LENGTHS.search(argument)
    assert rest is not None  # it matches nothing at the end, too
    if not (_fits(rest[1] or "0", 32) and _fits(rest[2] or "0", 128)):
        return "no prefix length", ""
    return _optional(argument[: rest.start()])


def _fits(length: str, longest: int) -> bool:
    return bool(_LENGTH.fullmatch(length)) and int(length) <= longest


def _network(kind: Callable[[str], object], longest: int) -> Callable[[str], _Judged]:
    def judge(argument: str) -> _Judged:
        address, slash, length = argument.removeprefix(":").partition("/")
        try:
            kind(address)
        except AddressValueError:
            return "no address of this kind", ""
        if not argument.startswith(":") or "%" in address:
            return "no address of this kind", ""
        return ("no prefix length" if slash and not _fits(length, longest) else ""), ""

    return judge


_ARGUMENTS: dict[str, Callable[[str], _Judged]] = {
    "all": _none,
    "include": _domain,
    "exists": _domain,
    "ptr": _optional,
    "a": _with_cidr,
    "mx": _with_cidr,
    "ip4": _network(IPv4Address, 32),
    "ip6": _network(IPv6Address, 128),
}
