"""What may be the matter where a reply is another one than the file has: a sentence, or nothing.

A list of questions; the first that has an answer gives it.
"""

from collections.abc import Callable

from mailprobe.player.playing.links import Arrival
from mailprobe.player.playing.stage import Stage
from mailprobe.player.secrets import variable_of
from mailprobe.protocol.model import Reply
from mailprobe.transcript.matching.mismatch import Mismatch
from mailprobe.transcript.steps import ExpectedLine
from mailprobe.transcript.steps import Reply as Step
from mailprobe.value import frozen

_NEEDS_TLS = ("523", "524", "538")  # RFC 5248, registry; RFC 4954, section 6


@frozen
class _Case:
    stage: Stage
    step: Step
    mismatch: Mismatch
    reply: Reply

    @property
    def word(self) -> str:
        """The first word of what the caret covers, upper case."""
        start = self.mismatch.place.column - 1
        covered = self.mismatch.text[start : start + self.mismatch.width].split()
        word = covered[0].upper() if covered else ""
        return word[4:] if word[:3].isdigit() and word[3:4] in ("-", " ") else word

    @property
    def about_tls(self) -> bool:
        return "TLS" in b" ".join(self.reply.texts).decode("latin-1").upper()


def hint_for(stage: Stage, step: Step, mismatch: Mismatch, arrival: Arrival) -> str:
    """A hint; "" where nobody knows better than the mismatch itself."""
    case = _Case(stage, step, mismatch, arrival.reply)
    return next(filter(None, (question(case) for question in _QUESTIONS)), "")


def _offered_elsewhere(case: _Case) -> str:
    """AUTH before TLS and not after it, or the other way round."""
    if not case.step.context.hello or not case.stage.offered:
        return ""
    now = case.stage.offered[-1]
    word = case.word
    for other in case.stage.offered[:-1]:
        if other.connection != now.connection or other.tls is now.tls:
            continue
        if word in other.offers and word not in now.offers:
            then, here = ("before", "after") if now.tls else ("after", "before")
            return f"{word} was offered {then} TLS (line {other.place.line}) but not {here} it."
    return ""


def _leaves(case: _Case) -> str:
    if case.reply.code != "421":
        return ""
    return "with 421 the server says that it closes the connection, whatever was asked."


def _wants_tls(case: _Case) -> str:
    if case.stage.links[case.step.connection].tls_version:
        return ""
    if case.reply.code in _NEEDS_TLS or (case.reply.code == "530" and case.about_tls):
        return "the server wants TLS first: STARTTLS and @tls, or tls: implicit."
    return ""


def _wants_login(case: _Case) -> str:
    if case.reply.code == "530" and not case.about_tls:
        return "the server wants a login first: AUTH."
    return ""


def _wrong_secret(case: _Case) -> str:
    refused = case.reply.code == "535" or case.reply.response_code == "AUTH"
    names = case.stage.prepared.secrets
    if not refused or not names:
        return ""
    known = ", ".join(f"{{{name}}} ({variable_of(name)})" for name in names)
    return f"the login failed; its secrets are {known}."


def _in_use(case: _Case) -> str:
    if case.reply.response_code != "IN-USE":
        return ""
    return "another session holds the maildrop: lock: keeps transcripts apart, or play with -j 1."


def _only_enhanced(case: _Case) -> str:
    status = case.step.expected.status
    first = next((each for each in status if isinstance(each, ExpectedLine)), None)
    head = first.pieces[0] if first is not None and first.pieces else b""
    if not isinstance(head, bytes) or not head.startswith(case.reply.code.encode()):
        return ""
    was, now = Reply((head,), case.reply.code, head).enhanced, case.reply.enhanced
    if not was or was == now:
        return ""
    return (
        f"only the enhanced status code differs ({was}, now {now or 'none'}): "
        f"S? {case.reply.code} takes any."
    )


def _later(case: _Case) -> str:
    if case.reply.code[:1] != "4":
        return ""
    return "4yz means later: greylisting or load; --retry 2 --retry-on 4xx tries again."


_QUESTIONS: tuple[Callable[[_Case], str], ...] = (
    _offered_elsewhere,
    _leaves,
    _wants_tls,
    _wants_login,
    _wrong_secret,
    _in_use,
    _only_enhanced,
    _later,
)
