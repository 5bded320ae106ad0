"""Secrets by position and by value, in every encoding in which they travel.

An observer: it learns from what the client sends, and finds the same again in what anybody says
later.  What is found is masked for a screen, or named for a transcript.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from urllib.parse import quote

from mailprobe.protocol import events
from mailprobe.protocol.events import Event
from mailprobe.protocol.model import Command
from mailprobe.safe import safe
from mailprobe.transcript.format import escape

MASK = b"****"
PUBLIC_ANSWERS = (b"", b"*", b"=")  # nothing, "I give up", and the empty initial response
_SHORTEST = 4  # octets: anything shorter is found everywhere
_LONGEST_USER = 256  # octets of a name that is written beside its placeholder
_DIGEST = re.compile(rb"[0-9a-f]{32}")
_MECHANISM = re.compile(rb"[ \t]*([^ \t]*)")
_STEPS = {"PLAIN": 1, "LOGIN": 2, "CRAM-MD5": 1, "SCRAM-SHA-1": 2, "SCRAM-SHA-256": 2}
# What is as good as a secret inside a message: a digest (RFC 2195), a proof (RFC 5802), a token
# (RFC 7628), and what stands behind the last NUL (RFC 4616), well-formed or not.
_PROOFS = re.compile(rb" ([0-9a-f]{32})$|,p=([^,]+)$|Bearer ([^\x01]+)|\0([^\0]+)$", re.IGNORECASE)
_SCRAM_FINAL = re.compile(rb"c=[^,]+,r=[^,]+(?:,[^,]+)*,p=[^,]+", re.DOTALL)


class Secrets:
    """The secrets of one session.  A name stands for one value, and `password` is the first.

    `placeholder` is what a transcript writes for the secret of the event that came last.
    """

    def __init__(self) -> None:
        self.placeholder = ""
        self._names: dict[bytes, str] = {}  # value: its name
        self._forms: dict[bytes, str] = {}  # a form as it travels: its placeholder, "": none yet
        self._counts = {"password": 0, "typed": 0}
        self._pattern: re.Pattern[bytes] | None = None
        self._literals: list[bytes] = []  # the forms that hold no other; of the pattern
        # What the client said in the AUTH that is open; None: it went astray.
        self._messages: list[bytes] | None = []

    def __call__(self, event: Event) -> None:
        """Learn the secrets of what was just sent."""
        match event:
            case events.CommandSent(command=command, secret=secret):
                # After the empty initial response the server goes on with the second step.
                self._messages = None if command.argument.endswith(b"=") else []
                if secret is not None:
                    self._messages = []
                    self._sent(command, command.line[secret[0] : secret[1]])
            case events.AnswerSent(line=line) if line in PUBLIC_ANSWERS:
                self._messages = None
            case events.AnswerSent(line=line, command=command):
                self._sent(command, line)
            case events.RawSent(octets=octets, secret=True):
                self.placeholder = self.name_fragment(octets)
            case _:
                pass

    def _sent(self, command: Command, value: bytes) -> None:
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

    def learn_form(self, octets: bytes) -> None:
        """Take in something derived from a secret that must not be shown either."""
        if len(octets) >= _SHORTEST and octets not in self._forms:
            self._forms[octets] = ""
            self._pattern = None

    def name_fragment(self, octets: bytes) -> str:
        """The placeholder of something secret that is no password, or not all of it."""
        return f"{{{self._learn(octets, 'typed')}}}"

    def _sasl_message(self, mechanism: str, line: bytes) -> str:
        """The placeholder for a base64 line of the client."""
        from mailprobe.protocol import sasl  # with hashlib and hmac: only where somebody logs in

        message, right = _decoded(line)
        said = None if self._messages is None or not right else [*self._messages, message]
        user, secret = sasl.credentials_in(mechanism, said or [message])
        value = (secret or "").encode("utf-8", "surrogateescape")
        name = self.learn(value) if value else "password"
        for proof in _PROOFS.finditer(message):
            self._learn_forms(proof[proof.lastindex or 0])
        self._messages = said if _is_step(mechanism, said, user, value) else None
        if self._messages is None or user is None or self.holds(user.encode()):
            self._learn_forms(message)
            return self.name_fragment(line)
        self._learn_forms(line)
        other = "" if name == "password" else f", {name}"
        return f'{{=sasl("{_argument(user)}"{other})}}'

    def mask(self, octets: bytes) -> bytes:
        """`octets` with every known secret shown as `****`."""
        pattern = self._compiled()
        return pattern.sub(MASK, octets) if pattern else octets

    def split(self, octets: bytes) -> Iterator[tuple[bytes, str]]:
        """Pieces of plain octets, each with the placeholder that follows it ("": the end)."""
        at = 0
        pattern = self._compiled()
        for match in pattern.finditer(octets) if pattern else ():
            form = match[0]
            if not self._forms[form]:
                self._forms[form] = f"{{{self._next('typed')}}}"
            yield octets[at : match.start()], self._forms[form]
            at = match.end()
        yield octets[at:], ""

    def holds(self, octets: bytes) -> bool:
        """Whether a known secret is in `octets`."""
        if not self._forms:
            return False
        pattern = self._compiled()
        return pattern is not None and pattern.search(octets) is not None

    @property
    def known(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self._forms)

    def blot(self, octets: bytes) -> bytes:
        """`octets` with `*` for each octet of a known secret; the same object without one."""
        pattern = self._compiled()
        if pattern is None or not any(_is_in(form, octets) for form in self._literals):
            return octets
        return pattern.sub(lambda match: b"*" * len(match[0]), octets)

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
            self._literals = [
                form
                for form in longest_first
                if not any(other in form for other in self._forms if other != form)
            ]
        return self._pattern

    def _learn(self, value: bytes, kind: str) -> str:
        if value in self._names:
            return self._names[value]
        name = self._names[value] = self._next(kind)
        for form, placeholder in _forms(value, name):
            if len(form) >= _SHORTEST and not self._forms.get(form):
                self._forms[form] = placeholder
                self._pattern = None
        return name

    def _learn_forms(self, value: bytes) -> None:
        for form, _ in _forms(value, ""):
            self.learn_form(form)

    def _next(self, kind: str) -> str:
        self._counts[kind] += 1
        number = self._counts[kind]
        return kind if (kind, number) == ("password", 1) else f"{kind}-{number}"


def _is_in(form: bytes, octets: bytes) -> bool:
    """Whether `form` is in `octets`: most often an octet of it is missing, which is seen at once.

    Measured: from the right it is found in half the time.
    """
    return all(map(octets.__contains__, form)) and octets.rfind(form) >= 0


def _decoded(line: bytes) -> tuple[bytes, bool]:
    """What base64 says, and whether it was written as it must be."""
    from mailprobe.protocol import sasl

    try:
        return sasl.decode(line), True
    except sasl.SaslError:
        pass
    try:
        return base64.b64decode(line), False
    except binascii.Error:
        return b"", False


def _is_step(mechanism: str, said: list[bytes] | None, user: str | None, secret: bytes) -> bool:
    """Whether the last of the messages is what the mechanism says next, and no mistake."""
    if not said or not user or len(user) > _LONGEST_USER:
        return False
    if len(said) > _STEPS[mechanism] or (mechanism == "PLAIN" and not secret):
        return False
    return len(said) == 1 or mechanism == "LOGIN" or bool(_SCRAM_FINAL.fullmatch(said[1]))


def _forms(value: bytes, name: str) -> Iterator[tuple[bytes, str]]:
    """How a value may appear, each with its placeholder ("": none can spell it)."""
    if len(value) < _SHORTEST:
        return
    yield value, f"{{{name}}}"
    yield base64.b64encode(value), f"{{=b64({name})}}"
    yield base64.b64encode(value).rstrip(b"="), f"{{=b64({name})}}"
    yield value.hex().encode(), f"{{=hex({name})}}"
    yield value.hex().upper().encode(), ""
    yield value.strip(), ""  # a server may leave the blanks out
    text = value.decode("utf-8", "surrogateescape")
    import json  # a session without a secret needs none of it

    for quoted in (quote(value), quote(value, safe=""), safe(value), json.dumps(text)[1:-1]):
        yield quoted.encode(), ""
    # inside a longer base64 text the value begins at any of three offsets
    for before in range(3):
        inner = base64.b64encode(b"\0" * before + value)
        first = (0, 2, 3)[before]
        last = len(inner) - (0, 3, 2)[(before + len(value)) % 3]
        yield inner[first:last], ""


def _argument(text: str) -> str:
    """Text between the quotes of a function's argument."""
    return escape(text.encode(), cooked=True).replace('"', "\\x22")
