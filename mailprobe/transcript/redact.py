"""Secrets by position and by value, in every encoding in which they travel.

An observer: it learns from what the client sends, and finds the same again in what anybody says
later.  What is found is masked for a screen, or named for a transcript.
"""

import re
from collections.abc import Callable, Iterable

from mailprobe.patterns import pattern
from mailprobe.protocol import events
from mailprobe.protocol.catalogue import SECRETS
from mailprobe.protocol.events import Event
from mailprobe.protocol.model import Command
from mailprobe.transcript.format import escape

MASK = b"****"
PUBLIC_ANSWERS = (b"", b"*", b"=")  # nothing, "I give up", and the empty initial response
_SHORTEST = 4  # octets: anything shorter is found everywhere
_LONGEST_USER = 256  # octets of a name that is written beside its placeholder
_DIGEST = pattern(rb"[0-9a-f]{32}")
_WORD = pattern(rb"[A-Za-z][A-Za-z0-9]{0,15}")
_MECHANISM = pattern(rb"[ \t]*([^ \t]*)")
_NO_END = pattern(rb"[^\r\n]")
# What is as good as a secret inside a message: a digest (RFC 2195), a proof (RFC 5802), a token
# (RFC 7628), and what stands behind the last NUL (RFC 4616), well-formed or not.
_PROOFS = pattern(rb" ([0-9a-f]{32})$|,p=([^,]+)$|Bearer ([^\x01]+)|\0([^\0]+)$", re.IGNORECASE)
_ACTS_FOR = pattern(rb"[^\0]*")  # the authzid of PLAIN (RFC 4616)
# Who speaks for another one (RFC 5801, section 4): `{=sasl}` says that of PLAIN alone.
_SCRAM_ON_BEHALF = pattern(rb"[^,]*,[^,]")
# What an EHLO or CAPA reply offers: a password that is one of these words hides nothing there, and
# without it the offer would be another one.
_OFFER = pattern(rb"^(?:[0-9]{3}[ -]AUTH[ =]|SASL )[^\r\n]*", re.IGNORECASE | re.MULTILINE)
_MECHANISMS = pattern(
    rb"(?:AUTH|SASL|PLAIN|LOGIN|CRAM-MD5|DIGEST-MD5|SCRAM-SHA-(?:1|224|256|384|512)(?:-PLUS)?|XOAUTH2?"
    rb"|OAUTHBEARER|EXTERNAL|ANONYMOUS|GSSAPI|GSS-SPNEGO|GS2-KRB5|KERBEROS_V[45]|NTLM|MSN|OTP|SKEY)"
    rb"(?=[ =\r\n]|\Z)",
    re.IGNORECASE,
)
_BETWEEN = b" =-"  # what may stand in front of such a word
_SCRAM_FINAL = pattern(rb"c=[^,]+,r=[^,]+(?:,[^,]+)*,p=[^,]+", re.DOTALL)


class Secrets:
    """The secrets of one session.  A name stands for one value; `password`, `token` is the first.

    `placeholder` is what a transcript writes for the secret of the event that came last.
    """

    def __init__(self) -> None:
        self.placeholder = ""
        self.fragment = (0, 0)  # where that stands in the octets of a `RawSent`
        self.known = False  # whether there is anything to look for
        self.fresh: list[bytes] = []  # forms that nobody has looked for in what was written before
        self.user = b""  # that the last of them was said for, where a mechanism names him
        self._names: dict[bytes, str] = {}  # value: its name
        self._forms: set[bytes] = set()  # all in which one may travel
        self._counts = {"password": 0, "token": 0, "typed": 0}
        self._pattern: re.Pattern[bytes] | None = None
        self._literals: list[bytes] | None = None  # the forms that hold no other
        # What the client said in the AUTH that is open; None: it went astray.
        self._messages: list[bytes] | None = []
        self._begun = b""  # a line that has no end yet
        self._family = [self]  # all of the connections to which the same is known

    def beside(self) -> "Secrets":
        """Those of another connection: whatever is known to one of them is known to both."""
        other = Secrets()
        other._names, other._forms, other._counts = self._names, self._forms, self._counts
        other._family, other.known = self._family, self.known
        self._family.append(other)
        return other

    def __call__(self, event: Event) -> None:
        """Learn the secrets of what was just sent."""
        if (learn := _LEARN.get(type(event))) is not None:
            learn(self, event)

    def command_sent(self, event: events.CommandSent) -> None:
        command, self._begun = event.command, b""
        # After the empty initial response the server goes on with the second step.
        self._messages = None if command.argument[-1:] == b"=" else []
        if event.secret is not None:
            start, end = event.secret
            self._messages = []
            self._sent(command, command.line[start:end])

    def answer_sent(self, event: events.AnswerSent) -> None:
        self._begun = b""
        if is_public(event.line):
            self._messages = None
        else:
            self._sent(event.command, event.line)

    def raw_sent(self, event: events.RawSent) -> None:
        """`fragment` is then what of the octets is secret: a part of a line."""
        begun = len(self._begun)
        self._begun += event.octets
        if event.secret:
            start = max(0, _secret_start(self._begun) - begun)
            end = len(event.octets.removesuffix(b"\r"))
            self.fragment = start, max(start, end)
            rest = event.octets[slice(*self.fragment)]
            self.placeholder = self.name_fragment(rest) if rest else ""

    def _sent(self, command: Command, value: bytes) -> None:
        self.user = b""
        match command.verb:
            case "AUTH":
                match = _MECHANISM.match(command.argument)
                mechanism = match[1].upper().decode("latin-1") if match else ""
                self.placeholder = self._sasl_message(mechanism, value)
            case "APOP" if _DIGEST.fullmatch(value):
                self._learn_forms(value)
                self.placeholder = "{=apop}"
            case "PASS":
                self.placeholder = f"{{{self.learn(value)}}}"
            case _:
                self.placeholder = self.name_fragment(value)

    def learn(self, value: bytes) -> str:
        """Take in a password; returns its name, a new one when the value is new."""
        return self._learn(value, "password")

    def hide(self, value: bytes) -> None:
        """Take in a secret that may never travel, and may be said by who knows it, too."""
        self._learn_forms(value)

    def learn_form(self, octets: bytes) -> None:
        """Take in something derived from a secret that must not be shown either."""
        if len(octets) >= _SHORTEST and octets not in self._forms:
            self._forms.add(octets)
            self.fresh.append(octets)
            self._learned()

    def name_fragment(self, octets: bytes) -> str:
        """The placeholder of something secret that is no password, or not all of it."""
        return f"{{{self._learn(octets, 'typed')}}}"

    def _sasl_message(self, mechanism: str, line: bytes) -> str:
        """The placeholder for a base64 line of the client."""
        from mailprobe.protocol import sasl  # with hashlib and hmac: only where somebody logs in
        from mailprobe.transcript.reading.forms import decoded

        message, right = decoded(line)
        said = None if self._messages is None or not right else [*self._messages, message]
        user, secret = sasl.credentials_in(mechanism, said or [message])
        value = (secret or "").encode("utf-8", "surrogateescape")
        self.user = (user or "").encode()
        kind = sasl.secret_kind(mechanism) or sasl.PASSWORD
        name = self._learn(value, kind) if value else kind
        for proof in _PROOFS.finditer(message):
            self._learn_forms(proof[proof.lastindex or 0])
        self._messages = said if _is_step(mechanism, said, user, value) else None
        other = _acts_for(mechanism, message)
        if (
            self._messages is None
            or user is None
            or other is None
            or self._gives_away(user.encode(), value)
            or (other and self._gives_away(other.encode(), value))
        ):
            self._learn_forms(message)
            return self.name_fragment(line)
        self._learn_forms(line)
        behind = f", {name}" if other or name != kind else ""
        behind += f', "{_argument(other)}"' if other else ""
        return f'{{=sasl("{_argument(user)}"{behind})}}'

    def mask(self, octets: bytes) -> bytes:
        """`octets` with every known secret shown as `****`."""
        pattern = self._compiled()
        return pattern.sub(MASK, octets) if pattern else octets

    def mask_text(self, text: str) -> str:
        """The same of a text; octets that are no UTF-8 are surrogates in it."""
        octets = text.encode("utf-8", "surrogateescape")
        return self.mask(octets).decode("utf-8", "surrogateescape")

    def _gives_away(self, user: bytes, value: bytes) -> bool:
        """Whether who reads the user's name knows the secret."""
        return user == value or self.holds(user)

    def holds(self, octets: bytes) -> bool:
        """Whether a known secret is in `octets`."""
        pattern = self._compiled()
        return pattern is not None and pattern.search(octets) is not None

    def blot(self, octets: bytes) -> bytes:
        """`octets` with `*` for each octet of a known secret; the same object without one.

        CR and LF stay: a line ends where it ended; and so do the names of mechanisms that are
        offered.
        """
        pattern = self._compiled()
        if pattern is None or not any(_is_in(form, octets) for form in self._without_others()):
            return octets
        blotted = pattern.sub(lambda match: _NO_END.sub(b"*", match[0]), octets)
        return _with_mechanisms(octets, blotted)

    def settled(self, octets: bytes) -> int:
        """How many octets more of them cannot make a part of a secret; parts none that is whole."""
        end, longest = len(octets), 0
        for form in self._forms:
            longest = max(longest, len(form))
            at = octets.find(form[:1], max(0, len(octets) - len(form) + 1))
            while at >= 0 and not form.startswith(octets[at:]):
                at = octets.find(form[:1], at + 1)
            end = min(end, at) if at >= 0 else end
        if end == len(octets) or not self.holds(octets[max(0, end - longest) :]):
            return end
        pattern = self._compiled()
        for match in pattern.finditer(octets) if pattern else ():
            if match.start() < end < match.end():
                return match.start()
        return end

    def _compiled(self) -> re.Pattern[bytes] | None:
        if self._pattern is None and self._forms:
            longest_first = sorted(self._forms, key=len, reverse=True)
            self._pattern = re.compile(b"|".join(map(re.escape, longest_first)))
        return self._pattern

    def _without_others(self) -> list[bytes]:
        """The forms that hold no other form: where none of these is, nothing is."""
        if self._literals is None:
            forms = self._forms
            self._literals = [
                form for form in forms if not any(other in form for other in forms if other != form)
            ]
        return self._literals

    def _learned(self) -> None:
        """There is one more to look for."""
        for one in self._family:
            one._pattern, one._literals, one.known = None, None, True

    def _learn(self, value: bytes, kind: str) -> str:
        if value in self._names:
            return self._names[value]
        name = self._names[value] = self._next(kind)
        self._learn_forms(value)
        return name

    def _learn_forms(self, value: bytes) -> None:
        for form in _forms_of(value):
            self.learn_form(form)

    def _next(self, kind: str) -> str:
        self._counts[kind] += 1
        number = self._counts[kind]
        return kind if number == 1 and kind != "typed" else f"{kind}-{number}"


_LEARN: dict[type[Event], Callable[..., None]] = {
    events.CommandSent: Secrets.command_sent,
    events.AnswerSent: Secrets.answer_sent,
    events.RawSent: Secrets.raw_sent,
}


def _forms_of(value: bytes) -> Iterable[bytes]:
    if len(value) < _SHORTEST:
        return ()
    from mailprobe.transcript.reading.forms import forms  # a session without a secret needs none

    return forms(value)


def _is_in(form: bytes, octets: bytes) -> bool:
    """Whether `form` is in `octets`: most often an octet of it is missing, which is seen at once.

    Measured: from the right it is found in half the time.
    """
    return all(map(octets.__contains__, form)) and octets.rfind(form) >= 0


def _with_mechanisms(octets: bytes, blotted: bytes) -> bytes:
    """`blotted`, with the mechanisms that `octets` offer."""
    for offer in _OFFER.finditer(octets):
        for word in _MECHANISMS.finditer(octets, offer.start(), offer.end()):
            start, end = word.span()
            if start == offer.start() or octets[start - 1] in _BETWEEN:
                blotted = blotted[:start] + word[0] + blotted[end:]
    return blotted


def _is_step(mechanism: str, said: list[bytes] | None, user: str | None, secret: bytes) -> bool:
    """Whether the last of the messages is what the mechanism says next, and no mistake."""
    from mailprobe.protocol import sasl

    row = sasl.TABLE.get(mechanism)
    if row is None or not said or not user or len(user) > _LONGEST_USER or len(said) > row.steps:
        return False
    if mechanism == "PLAIN":
        return bool(secret)
    if mechanism.startswith("SCRAM-"):
        if _SCRAM_ON_BEHALF.match(said[0]):
            return False
        return len(said) == 1 or bool(_SCRAM_FINAL.fullmatch(said[1]))
    if row.secret == sasl.TOKEN:  # the second message gives up: the token was refused
        return len(said) == 1 or said[1] == b"\1"
    return True


def _acts_for(mechanism: str, message: bytes) -> str | None:
    """Whom the user of PLAIN acts for, "" for himself; None: no name that can be written."""
    match = _ACTS_FOR.match(message) if mechanism == "PLAIN" else None
    octets = match[0] if match else b""
    try:
        return octets.decode() if len(octets) <= _LONGEST_USER else None
    except UnicodeDecodeError:
        return None


def is_verb(word: bytes) -> bool:
    """Whether that is a command of SMTP, LMTP or POP3, without an argument."""
    if not _WORD.fullmatch(word):
        return False
    from mailprobe.protocol.pop3 import POP3
    from mailprobe.protocol.smtp import LMTP, SMTP

    verb = word.decode().upper()
    return any(verb in catalogue for catalogue in (SMTP, LMTP, POP3))


def is_public(answer: bytes) -> bool:
    """Whether an answer to a challenge gives nothing away: none at all, or a command."""
    return answer in PUBLIC_ANSWERS or is_verb(answer)


def _secret_start(begun: bytes) -> int:
    """Where the secret begins in a line that has no end yet; an answer is one from its start."""
    command = Command(begun)
    rule = SECRETS.get(command.verb)
    match = rule.match(command.argument) if rule and command.argument else None
    return len(begun) - len(command.argument) + match.start(1) if match else 0


def _argument(text: str) -> str:
    """Text between the quotes of a function's argument."""
    return escape(text.encode(), cooked=True).replace('"', "\\x22")
