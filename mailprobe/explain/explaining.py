"""Explanations of words: what somebody types who wants to know what they mean."""

import re
from collections.abc import Callable, Iterator, Sequence

from mailprobe.errors import Failure, Word
from mailprobe.explain.model import Explanation
from mailprobe.explain.pasting import Said, exchanges_of, lines_of, reply_of
from mailprobe.explain.replying import (
    ANY,
    GREETING,
    Moment,
    catalogue_of,
    enhanced_meaning,
    layers_of,
    levels_of,
    of_moment,
    of_reply,
    response_meaning,
)
from mailprobe.explain.texts import text
from mailprobe.explain.vocabulary import of_offer, of_vocabulary
from mailprobe.patterns import pattern
from mailprobe.protocol.catalogue import CommandSpec
from mailprobe.protocol.codes import REPLY_CODES, RESPONSE_CODES
from mailprobe.protocol.model import Protocol, Reply, Verdict
from mailprobe.safe import safe

__all__ = ["nothing_known", "of_reply", "of_words", "said_by_server"]

_ENHANCED = pattern(r"[245x]\.[0-9]{1,3}\.[0-9]{1,3}", re.IGNORECASE)
_RESPONSE_CODE = pattern(r"\[([^\]\[ ]{1,200})\]")
# What of the text of a reply is for programs.
_FINER = pattern(rb"(?:[245]\.[0-9]{1,3}\.[0-9]{1,3}|\[[^\]\[ ]{1,200}\])(?: +|\Z)")

_SHOWN = 100  # characters of what nobody knows

Found = Iterator[Explanation]


def of_words(words: Sequence[str], protocol: Protocol | None = None) -> list[Explanation]:
    """Explain a code, a command, what a server offers, or lines of a dialogue.

    A word that means several things has an explanation for each.  `protocol`: of that one only.
    Nothing is known: an empty list.  Never raises.
    """
    lines = lines_of(words)
    if len(lines) > 1 and (found := list(_dialogue(lines, protocol))):
        return found
    line = _line_of(words)
    for read in _READERS:
        if found := list(read(line, protocol)):
            return found
    return []


def said_by_server(words: Sequence[str]) -> tuple[str, ...]:
    """The server's own lines, where there is one with a text; else none."""
    lines = lines_of(words)
    if len(lines) > 1:
        return tuple(line for said in exchanges_of(lines) for line in said.server)
    line = _line_of(words)
    reply = _reply(line)
    if reply is None or next(_exchange(line, None), None) is not None:
        return ()
    return (line,) if _FINER.sub(b"", reply.texts[0], 1) else ()


def nothing_known(words: Sequence[str]) -> Failure:
    """What to write instead."""
    shown = safe(_line_of(words)[:_SHOWN]) or "an empty word"
    return Failure(
        Word.USAGE,
        f"nothing is known about {shown}: write a code (550, 5.7.1, [IN-USE]), a verb (RETR), "
        "what a server offers (SIZE), a parameter (NOTIFY), a mechanism (PLAIN), or a whole reply",
    )


def _line_of(words: Sequence[str]) -> str:
    return " ".join(text for _, text in lines_of(words))


def _reply(line: str) -> Reply | None:
    return reply_of([line])


def _dialogue(lines: Sequence[tuple[str, str]], protocol: Protocol | None) -> Found:
    """Several lines: what the client said where nobody answered, else what the answer means.

    Behind 334, 354 and "+" the client's lines belong to the command before.
    """
    begun = ""
    for said in exchanges_of(lines):
        verb = begun or said.client.partition(" ")[0].upper()
        if (reply := reply_of(said.server)) is None:
            if not begun:  # else it is no command, whatever it looks like
                yield from of_vocabulary(said.client, protocol)
            continue
        begun = verb if reply.verdict is Verdict.GO_ON else ""
        offers = list(_offers_in(said, reply))
        hello = "EHLO" if reply.code == "250" and offers and not verb else verb
        if (found := of_moment(reply, _moment_of(hello, protocol, reply.code))) is not None:
            yield found
        yield from offers


def _offers_in(said: Said, reply: Reply) -> Found:
    """What a reply to EHLO offers, behind its first line; or one to CAPA, in its body."""
    pop3 = reply.code == "+OK"
    if said.client.upper().partition(" ")[0] not in ("", "CAPA" if pop3 else "EHLO", "LHLO"):
        return
    if pop3:
        for line in said.server[1:]:
            yield from of_offer(line, Protocol.POP3)
    elif reply.code == "250":
        for said_text in reply.texts[1:]:
            yield from of_offer(said_text.decode("utf-8", "surrogateescape"), Protocol.SMTP)


def _moment_of(verb: str, protocol: Protocol | None, code: str) -> Moment:
    if verb == GREETING.upper():
        return Moment(GREETING)
    for each in _protocols(protocol, code):
        if (row := catalogue_of(each).find(verb)) is not None:
            return Moment(row.verb, row, (each,))
    return Moment(ANY)


def _exchange(line: str, protocol: Protocol | None) -> Found:
    """A verb and the reply to it, or the other way round: RCPT 550, 251 ETRN."""
    first, _, rest = line.partition(" ")
    behind = _reply(first) is None  # of a code and a word, the word may be the server's
    verb, said = (first, rest.strip()) if behind else (rest, first)
    if (reply := _reply(said)) is None or not (verb.isalnum() and verb.isascii()):
        return
    moment = _moment_of(verb.upper(), protocol, reply.code)
    if moment.name == ANY:
        if not behind or any(of_vocabulary(line, None)):
            return  # RETR 250, SIZE 500
        moment = Moment(ANY, None, ("unheard",))
    if (found := of_moment(reply, moment)) is not None:
        yield found


def _reply_line(line: str, protocol: Protocol | None) -> Found:
    if (reply := _reply(line)) is None:
        return
    said = reply.texts[0].decode("utf-8", "surrogateescape")
    offers = list(of_offer(said, Protocol.SMTP)) if reply.code == "250" else []
    hello = catalogue_of(Protocol.SMTP).find("EHLO") if offers else None
    moment = Moment(hello.verb, hello) if hello is not None else Moment(ANY)
    if (found := of_moment(reply, moment)) is not None:
        yield found
    yield from offers
    if not said:
        yield from _by_verb(reply.code, protocol)


def _by_verb(code: str, protocol: Protocol | None) -> Found:
    """What a code says in answer to single commands, where that is something else."""
    verbs: dict[str, list[str]] = {}
    rows: dict[tuple[str, str], CommandSpec] = {}
    for each in _protocols(protocol, code):
        for row in catalogue_of(each):
            meaning = row.meanings.get(code)
            if meaning is None or meaning == REPLY_CODES.get(code) or (meaning, row.verb) in rows:
                continue
            rows[meaning, row.verb] = row
            named = verbs.setdefault(meaning, [])
            named.append(f"LMTP {row.verb}" if each is Protocol.LMTP else row.verb)
    references = {meaning: row.reference for (meaning, _), row in reversed(rows.items())}
    for meaning, named in verbs.items():
        kind = text("reply to {verb}", verb=", ".join(named))
        yield Explanation(code, text(meaning), None, None, references[meaning], kind)


def _enhanced(line: str, protocol: Protocol | None) -> Found:
    if not _ENHANCED.fullmatch(line):
        return
    code = line.upper()
    level, subject, detail = code.split(".")
    code = ".".join((level, subject.lstrip("0") or "0", detail.lstrip("0") or "0"))
    meaning, reference = enhanced_meaning(code)
    now, then = layers_of([levels_of(code), [level]], Moment(ANY))
    yield Explanation(code, meaning, now, then, reference, text("enhanced status code"))


def _response_code(line: str, protocol: Protocol | None) -> Found:
    bracketed = _RESPONSE_CODE.fullmatch(line.partition("] ")[0] + "]" * ("] " in line))
    code = (bracketed[1] if bracketed else line).upper()
    if bracketed or code in RESPONSE_CODES:
        if not bracketed:  # it may be another thing as well: AUTH, UTF8, LOGIN-DELAY
            yield from of_vocabulary(line, protocol)
        if protocol in (None, Protocol.POP3):
            yield _of_response_code(code)


def _of_response_code(code: str) -> Explanation:
    meaning, reference = response_meaning(code)
    shown = f"[{safe(code)}]"
    now, then = layers_of([[shown], ["-ERR"]], Moment(ANY))
    return Explanation(shown, meaning, now, then, reference, text("POP3 response code"))


def _protocols(protocol: Protocol | None, code: str) -> Sequence[Protocol]:
    """Those that have such a code."""
    able = (Protocol.POP3,) if code[0] in "+-" else (Protocol.SMTP, Protocol.LMTP)
    return [each for each in able if protocol in (None, each)]


_READERS: tuple[Callable[[str, Protocol | None], Found], ...] = (
    _exchange,
    _reply_line,
    _enhanced,
    _response_code,
    of_vocabulary,
)
