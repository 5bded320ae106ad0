"""Rules about one reply: its lines, its code, its enhanced status code."""

from collections.abc import Iterator

from mailprobe.patterns import pattern
from mailprobe.protocol import grammar
from mailprobe.protocol.catalogue import Standing, Then
from mailprobe.protocol.facts import Effect
from mailprobe.protocol.linting.terms import LMTP, MAIL, POP3, Break, Known, Rule, Said
from mailprobe.safe import safe

_LONGEST = 512  # octets, CRLF included
_CHALLENGES = ("334", "+")  # may be as long as the mechanism wants
_CONTROL = pattern(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_EIGHT_BIT = pattern(rb"[\x80-\xff]")
_ENHANCED = pattern(rb"([245])\.[0-9]{1,3}\.[0-9]{1,3}(?: |$)")
_GREETINGS = ("220", "421", "521", "554")  # 521: RFC 7504, section 3
_HELLOS = (Effect.EXTENSIONS, Effect.PLAIN_HELLO)
_REQUIRED = (Standing.CORE,)


def _long(known: Known, said: Said) -> Iterator[Break]:
    if said.reply.code in _CHALLENGES:
        return
    for number, line in enumerate(said.reply.lines, 1):
        if len(line) + 2 > _LONGEST:
            yield Break(f"{len(line) + 2} octets", number)


def _bare_cr(known: Known, said: Said) -> Iterator[Break]:
    for number, line in enumerate(said.reply.lines, 1):
        if b"\r" in line:
            yield Break("", number)


def _control(known: Known, said: Said) -> Iterator[Break]:
    for number, line in enumerate(said.reply.lines, 1):
        if match := _CONTROL.search(line):
            yield Break(safe(match[0]), number)


def _eight_bit(known: Known, said: Said) -> Iterator[Break]:
    for number, line in enumerate(said.reply.lines, 1):
        if not _EIGHT_BIT.search(line):
            continue
        if "SMTPUTF8" not in (known.offers or ()):
            yield Break("SMTPUTF8 was not offered", number)
        elif not _is_utf8(line):
            yield Break("it is no UTF-8", number)


def _eight_bit_pop3(known: Known, said: Said) -> Iterator[Break]:
    for number, line in enumerate(said.reply.lines, 1):
        if _EIGHT_BIT.search(line) and not (known.utf8 and _is_utf8(line)):
            yield Break("it is no UTF-8" if known.utf8 else "UTF8 was not asked for", number)


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _bare_code(known: Known, said: Said) -> Iterator[Break]:
    lines = said.reply.lines
    if lines[-1] == said.reply.code.encode("ascii"):
        yield Break(said.reply.code, len(lines))


def _code_syntax(known: Known, said: Said) -> Iterator[Break]:
    if said.reply.code[1] > "5":
        yield Break(said.reply.code)


# ----------------------------------------------------------------------- enhanced status codes


def _is_hello(said: Said) -> bool:
    """RFC 2034, section 4, leaves greeting and hello alone."""
    return said.greeting or (said.row is not None and said.row.effect in _HELLOS)


def _classes(said: Said) -> list[tuple[bytes, bytes]]:
    """Of each line that has one: the class, and the whole code."""
    if _is_hello(said):
        return []
    found = map(_ENHANCED.match, said.reply.texts)
    return [(match[1], match[0].rstrip()) if match else (b"", b"") for match in found]


def _enhanced_class(known: Known, said: Said) -> Iterator[Break]:
    code = said.reply.code
    for number, (digit, whole) in enumerate(_classes(said), 1):
        if digit and digit.decode() != code[0]:
            yield Break(f"{whole.decode()} behind {code}", number)


def _enhanced_varies(known: Known, said: Said) -> Iterator[Break]:
    codes = [whole for _, whole in _classes(said) if whole]
    for number, whole in enumerate(codes, 1):
        if whole != codes[0]:
            yield Break(f"{whole.decode()} behind {codes[0].decode()}", number)
            return


def _enhanced_missing(known: Known, said: Said) -> Iterator[Break]:
    if "ENHANCEDSTATUSCODES" not in (known.offers or ()) or said.reply.code[0] not in "245":
        return
    for number, (digit, _) in enumerate(_classes(said), 1):
        if not digit:
            yield Break(said.reply.code, number)
            return


# ----------------------------------------------------------------------------- codes and verbs


def _code_for_verb(known: Known, said: Said) -> Iterator[Break]:
    """4yz and 5yz may come at any time, a success only where the table has it."""
    row, code = said.row, said.reply.code
    if row is None or not row.meanings or code[0] not in "23":
        return
    if code not in row.meanings:
        yield Break(f"{code} to {row.verb}", reference=row.reference)


def _required(known: Known, said: Said) -> Iterator[Break]:
    row = said.row
    if row is not None and row.verb and row.standing in _REQUIRED and said.reply.code == "502":
        yield Break(row.verb)


def _hello_in_lmtp(known: Known, said: Said) -> Iterator[Break]:
    if said.row is not None and said.row.verb in ("EHLO", "HELO") and said.reply.positive:
        yield Break(said.row.verb)


def _challenge(known: Known, said: Said) -> Iterator[Break]:
    if said.row is None or said.row.then is not Then.SASL or said.reply.code not in _CHALLENGES:
        return
    if not grammar.BASE64.fullmatch(said.reply.texts[-1]):
        yield Break("", len(said.reply.lines))


def _greeting_code(known: Known, said: Said) -> Iterator[Break]:
    if said.greeting and said.reply.code not in _GREETINGS:
        yield Break(said.reply.code)


def _greeting_pop3(known: Known, said: Said) -> Iterator[Break]:
    if said.greeting and not said.reply.positive:
        yield Break(said.reply.code)


def _greeting_name(known: Known, said: Said) -> Iterator[Break]:
    if said.greeting and said.reply.code == "220" and not _begins_with_name(said):
        yield Break("", 1)


def _hello_name(known: Known, said: Said) -> Iterator[Break]:
    row = said.row
    extensions = row is not None and row.effect is Effect.EXTENSIONS
    if extensions and said.reply.positive and not _begins_with_name(said):
        yield Break("", 1)


def _begins_with_name(said: Said) -> bool:
    name = said.reply.texts[0].partition(b" ")[0]
    return grammar.HELLO_NAME.fullmatch(name) is not None


_CRLF = "RFC 5321, section 2.3.8"
_FORM = "RFC 5321, section 4.2"
_CODES = "RFC 2034, section 4"
_GRAMMAR_POP3 = "RFC 2449, section 3"

_LONG = "a line of a reply is longer than 512 octets"
_EIGHT = "octets above 127 in a reply"
_BASE64 = "a challenge is no base64"

RULES = (
    Rule("long-line", MAIL, Said, _LONG, "RFC 5321, section 4.5.3.1.5", _long),
    Rule("long-line", POP3, Said, _LONG, "RFC 1939, section 3", _long),
    Rule("bare-cr", MAIL, Said, "bare CR in a reply", _CRLF, _bare_cr),
    Rule("bare-cr", POP3, Said, "bare CR in a reply", "RFC 1939, section 3", _bare_cr),
    Rule("control", MAIL, Said, "a control character in a reply", _FORM, _control),
    Rule("eight-bit", MAIL, Said, _EIGHT, _FORM, _eight_bit),
    Rule("eight-bit", POP3, Said, _EIGHT, _GRAMMAR_POP3, _eight_bit_pop3),
    Rule("bare-code", MAIL, Said, "a reply code with nothing behind it", _FORM, _bare_code),
    Rule("code", MAIL, Said, "no reply code has such a second digit", _FORM, _code_syntax),
    Rule(
        "enhanced-class",
        MAIL,
        Said,
        "the enhanced status code is of another class than the reply code",
        _CODES,
        _enhanced_class,
    ),
    Rule(
        "enhanced-varies",
        MAIL,
        Said,
        "the enhanced status code changes inside the reply",
        _CODES,
        _enhanced_varies,
    ),
    Rule(
        "enhanced-missing",
        MAIL,
        Said,
        "ENHANCEDSTATUSCODES was offered, and a line has none",
        _CODES,
        _enhanced_missing,
    ),
    Rule(
        "code-for-verb",
        MAIL,
        Said,
        "a success that this command does not have",
        "RFC 5321, section 4.3.2",
        _code_for_verb,
    ),
    Rule(
        "required",
        MAIL,
        Said,
        "a command that every server has to carry out is not",
        "RFC 5321, section 4.5.1",
        _required,
    ),
    Rule(
        "lmtp-hello",
        LMTP,
        Said,
        "a server of LMTP has accepted the hello of SMTP",
        "RFC 2033, section 4.1",
        _hello_in_lmtp,
    ),
    Rule("challenge", MAIL, Said, _BASE64, "RFC 4954, section 4", _challenge),
    Rule("challenge", POP3, Said, _BASE64, "RFC 5034, section 4", _challenge),
    Rule(
        "greeting-code",
        MAIL,
        Said,
        "no greeting has this code",
        "RFC 5321, section 4.3.2",
        _greeting_code,
    ),
    Rule(
        "greeting-code", POP3, Said, "the greeting says no", "RFC 1939, section 4", _greeting_pop3
    ),
    Rule(
        "greeting-name",
        MAIL,
        Said,
        "the greeting does not begin with the name of the server",
        _FORM,
        _greeting_name,
    ),
    Rule(
        "hello-name",
        MAIL,
        Said,
        "the reply to the hello does not begin with the name of the server",
        "RFC 5321, section 4.1.1.1",
        _hello_name,
    ),
)
