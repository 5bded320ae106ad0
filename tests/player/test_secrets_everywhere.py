"""No secret is in anything that is kept or shown, whatever a server makes of what it heard."""

import base64
import hashlib
import html
import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from mailprobe.protocol import sasl
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import SMTP
from mailprobe.shell.memory.history import LineHistory
from mailprobe.shell.typing.mask import for_history
from tests.commands.inside import inside
from tests.hostile.server import Gone, Peer, ScriptedServer
from tests.shell.facts import pop3 as facts_of_pop3

EXAMPLES = settings(max_examples=min(settings().max_examples, 100))  # each is several sessions
USER = "zoe"
TIMESTAMP = b"<1896.697170952@example.test>"
NONCE = "left@right.example"
# What is hard to quote, and letters; no digits alone, which may be anything's number.
LETTERS = st.text("QZXJKqzxjk$%&<>\"'\\ {}=+/~|é你", min_size=2, max_size=10)
SECRETS = LETTERS.map(lambda text: f"Q{text}Z").filter(lambda text: text.strip() == text)
# Those of a password that need no TLS, and those of a token.
SASL = tuple(
    row.name for row in sasl.TABLE.values() if row.secret and row.hear and "PLUS" not in row.name
)
MECHANISMS = (*SASL, "PASS", "APOP")
BOUND = tuple(name for name in sasl.MECHANISMS if name.endswith(sasl.PLUS))
CHANNEL = sasl.Binding("tls-server-end-point", b"digest of the certificate")


@dataclass(frozen=True)
class Login:
    """How a client logs in, and what may be found nowhere then."""

    mechanism: str
    secret: str
    initial: bool = True  # it says with AUTH what it can
    acts_for: str = ""  # somebody else, in PLAIN

    @property
    def catalogue(self) -> Catalogue:
        return POP3 if self.mechanism in ("PASS", "APOP") else SMTP

    @property
    def protocol(self) -> str:
        return str(self.catalogue.protocol)

    def messages(self) -> list[tuple[bytes, bytes]]:
        """What the server and the client say in turn, as they travel."""
        octets = self.secret.encode()
        if self.mechanism == "PASS":
            return [(b"", b"USER zoe"), (b"+OK\r\n", b"PASS " + octets)]
        if self.mechanism == "APOP":
            return [(b"", b"APOP zoe " + self.digest.encode())]
        client = sasl.client(
            *(self.mechanism, USER, self.secret),
            nonce="n0nce",
            binding=CHANNEL if self.mechanism in BOUND else None,
            authzid=self.acts_for,
        )
        server = self.server()
        challenge, answer = next(server), next(client)
        said = [(b"", b"AUTH " + self.mechanism.encode())]
        if answer is not None and self.initial:
            said = [(b"", said[0][1] + b" " + sasl.encode_initial(answer))]
            challenge, answer = server_says(server, answer), None
        while challenge is not None or answer is not None:
            if answer is None:
                assert challenge is not None
                answer = client.send(challenge)
            said.append(
                (b"334 " + sasl.encode(challenge or b"") + b"\r\n", sasl.encode(answer or b""))
            )
            challenge, answer = server_says(server, answer or b""), None
        return said

    def server(self) -> sasl.Server:
        """The part of a server that knows the secret, and lets everybody act for others."""
        if self.acts_for:
            return _believing()
        return sasl.server(
            *(self.mechanism, lambda user: self.secret),
            nonce=NONCE,
            salt=b"s" * 12,
            bindings={CHANNEL.kind: CHANNEL.octets} if self.mechanism in BOUND else None,
        )

    @property
    def digest(self) -> str:
        return hashlib.md5(TIMESTAMP + self.secret.encode()).hexdigest()


def _believing() -> sasl.Server:
    yield None
    return USER


def server_says(server: sasl.Server, answer: bytes) -> bytes | None:
    try:
        return server.send(answer)
    except StopIteration:
        return None


def forms(value: bytes) -> Iterator[bytes]:
    """Every way in which a value may be written down."""
    text = value.decode()
    yield value
    yield base64.b64encode(value)
    yield base64.b64encode(b"\0zoe\0" + value)
    yield base64.b64encode(b"user=zoe\1auth=Bearer " + value + b"\1\1")
    yield base64.b64encode(b"zoe " + value)
    yield from (value.hex().encode(), value.hex().upper().encode())
    yield from (quote(text).encode(), quote(text, safe="").encode(), quote_plus(text).encode())
    yield json.dumps(text)[1:-1].encode()
    yield json.dumps(text, ensure_ascii=False)[1:-1].encode()
    for before in range(3):
        yield at_offset(value, before)


def at_offset(value: bytes, before: int) -> bytes:
    """The letters of base64 that tell of nothing but the value, behind other octets."""
    text = base64.b64encode(b"x" * before + value)
    first = (0, 2, 3)[before]
    left = (before + len(value)) % 3
    return text[first : len(text) - (0, 3, 2)[left]]


def sought(login: Login, values: list[bytes]) -> set[bytes]:
    """What must be found nowhere; of very few letters only where no chance makes them."""
    least = 7 if login.mechanism.startswith("SCRAM") else 4
    found = {form for value in values for form in forms(value)}
    found |= {html.escape(form.decode()).encode() for form in found}
    return {form for form in found if len(form) >= least}


def echoes(values: list[bytes]) -> list[bytes]:
    """What a hostile server says: each form, bare and inside of other text."""
    said = []
    for value in values:
        for form in forms(value):
            said += [form, b"<" + form + b">", b"::error::" + form, form + form]
        said += [base64.b64encode(b"x" * before + value + b"yz") for before in range(3)]
    return said


class Echoing(ScriptedServer):
    """Goes through a login, and then says all that it knows, again and again.

    `values` is what must be found nowhere: what it knew before, and what it has heard.
    """

    def __init__(self, login: Login, values: list[bytes], *, welcome: bool) -> None:
        super().__init__(self._step)
        self.values = list(values)
        self._login = login
        self._pop3 = login.catalogue is POP3
        self._welcome = welcome

    def __enter__(self) -> "Echoing":
        super().__enter__()
        return self

    def _step(self, peer: Peer) -> None:
        peer.say(b"+OK hi " + TIMESTAMP + b"\r\n" if self._pop3 else b"220 hi\r\n")
        if not self._pop3:
            peer.line()
            peer.say(b"250-hi\r\n250 AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256\r\n")
        self._log_in(peer)
        if self._welcome:
            peer.say(b"+OK in\r\n" if self._pop3 else b"235 in\r\n")
        else:
            peer.say(self._refusal())
        while line := peer.line():
            if line.startswith(b"QUIT"):
                peer.say(b"+OK\r\n" if self._pop3 else b"221 bye\r\n")
                raise Gone
            body = self._pop3 and line.startswith(b"RETR")
            peer.say(self._body() if body else self._refusal())

    def _log_in(self, peer: Peer) -> None:
        mechanism = self._login.mechanism
        if mechanism == "PASS":
            peer.line()
            peer.say(b"+OK\r\n")
        line = peer.line()
        if self._pop3:
            self.values.append(line.split(b" ", 2 if mechanism == "APOP" else 1)[-1])
            return
        server = self._login.server()
        challenge, said = next(server), line.split(b" ")[2:]
        while True:
            if not said:
                peer.say(b"334 " + sasl.encode(challenge or b"") + b"\r\n")
                said = [peer.line()]
            message = sasl.decode(said.pop())
            self._learn(message)
            try:
                challenge = server.send(message)
            except StopIteration:
                return

    def _learn(self, message: bytes) -> None:
        """What is as good as the secret in a message of the client."""
        if self._login.mechanism == "CRAM-MD5":
            self.values.append(message.split(b" ")[1])
        elif b",p=" in message:
            self.values.append(message.split(b",p=")[1])
        elif message and self._login.mechanism == "PLAIN":
            self.values.append(message.split(b"\0")[2])
        elif b"auth=Bearer " in message:
            self.values.append(message.split(b"auth=Bearer ")[1].split(b"\1")[0])
        elif self._login.mechanism == "LOGIN" and message != USER.encode():
            self.values.append(message)

    def _refusal(self) -> bytes:
        said = echoes(self.values)
        if self._pop3:
            return b"-ERR " + b" ".join(said) + b"\r\n"
        return b"".join(b"550-" + line + b"\r\n" for line in said) + b"550 end\r\n"

    def _body(self) -> bytes:
        lines = b"".join(b"x " + line + b"\r\n" for line in echoes(self.values))
        return b"+OK\r\n" + lines + b".\r\n"


LOGINS = st.builds(Login, st.sampled_from(MECHANISMS), SECRETS, st.booleans())
# What can be typed wherever it would be right: bound to some channel, and for somebody else.
TYPED = (
    LOGINS
    | st.builds(Login, st.sampled_from(BOUND), SECRETS, st.booleans())
    | st.builds(Login, st.just("PLAIN"), SECRETS, st.booleans(), st.just("bob"))
)
NASTY = "Q\"'<&>\\{x}%=Z"


def spoken(login: Login) -> bool:
    """Whether the mechanism carries this secret."""
    try:
        return bool(login.messages())
    except (ValueError, sasl.SaslError):
        return False


def assert_nowhere(wanted: set[bytes], *places: str | bytes | Path) -> None:
    """Files below folders, and texts."""
    for place in places:
        for name, octets in texts_in(place):
            for form in wanted:
                assert form not in octets, (name, form)


def texts_in(place: str | bytes | Path) -> Iterator[tuple[str, bytes]]:
    if not isinstance(place, Path):
        yield "a stream", place if isinstance(place, bytes) else place.encode()
        return
    for path in place.rglob("*"):
        yield "a name", str(path).encode()
        if path.is_file():
            yield str(path), path.read_bytes()


# ------------------------------------------------------------------------------ recorded by hand


@EXAMPLES
@given(TYPED, st.booleans())
@example(Login("PASS", NASTY), True)
@example(Login("LOGIN", NASTY), False)
@example(Login("PLAIN", NASTY), False)
@example(Login("PLAIN", NASTY, acts_for="bob"), False)
@example(Login("SCRAM-SHA-512-PLUS", NASTY), True)
def test_what_is_typed_is_in_no_file(login: Login, welcome: bool) -> None:
    """Typed at the pipe, and echoed in every form: neither printed nor recorded."""
    assume(spoken(login))
    hello = b"" if login.catalogue is POP3 else b"EHLO x\n"
    script = hello + b"".join(line + b"\n" for _, line in login.messages())
    script += b"NOOP\nRETR 1\nNOOP\nQUIT\n"
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "a.mpt")
        with Echoing(login, [], welcome=welcome) as server:
            target = f"127.0.0.1:{server.port}"
            options = ("--record", str(path), "--keep-going")
            ran = inside(login.protocol, target, *options, text=script)
        assert ran.status == 1, ran
        assert server.values
        assert_nowhere(sought(login, server.values), Path(name), ran.out, ran.err)
        assert inside("transcript", "fmt", "--check", str(path)).status in (0, 1)


@EXAMPLES
@given(LOGINS, st.booleans())
@example(Login("PASS", NASTY), True)
@example(Login("LOGIN", NASTY), False)
@example(Login("PLAIN", NASTY), False)
def test_what_is_typed_is_in_no_object(login: Login, welcome: bool) -> None:
    """The same with --json, in what its base64 stands for, too."""
    assume(spoken(login))
    hello = b"" if login.catalogue is POP3 else b"EHLO x\n"
    script = hello + b"".join(line + b"\n" for _, line in login.messages())
    script += b"NOOP\nRETR 1\nNOOP\nQUIT\n"
    with Echoing(login, [], welcome=welcome) as server:
        target = f"127.0.0.1:{server.port}"
        ran = inside(login.protocol, target, "--json", "--keep-going", "--lint", text=script)
    assert server.values
    decoded = b"\n".join(
        base64.b64decode(found) for found in re.findall(r'{"base64": "([^"]*)"}', ran.out)
    )
    assert_nowhere(sought(login, server.values), ran.out, ran.err, decoded)


MISTAKES = {
    "clear for base64": ("smtp", "AUTH LOGIN\n{secret}\nAUTH PLAIN\n{secret}\n"),
    "clear as an initial response": ("smtp", "AUTH PLAIN {secret}\n"),
    "one step too many": ("smtp", "AUTH PLAIN {plain}\n{b64}\nAUTH PLAIN\n{plain}\n"),
    "no mechanism": ("smtp", "AUTH\n{b64}\nAUTH XYZ {b64}\n"),
    "blanks": ("smtp", "auth   login  \n{b64} \n {b64}\n"),
    "a password before its name": ("pop3", "PASS {secret}\nUSER zoe\nPASS {secret}\n"),
    "in small letters": ("pop3", "user zoe\npass {secret}\n pass {secret}\n"),
    "a password as a digest": ("pop3", "APOP zoe {secret}\n"),
    "as raw octets": ("pop3", "USER zoe\n/raw PASS {raw}\\r\\n\n"),
}


@EXAMPLES
@given(st.sampled_from(sorted(MISTAKES)), SECRETS)
@example("a password before its name", NASTY)
@example("clear for base64", NASTY)
def test_what_is_mistyped_is_in_no_file(name: str, secret: str) -> None:
    """What stood in a secret place is a secret, whether it was right or not."""
    protocol, typed = MISTAKES[name]
    octets = secret.encode()
    lines = typed.format(
        secret=secret,
        b64=base64.b64encode(octets).decode(),
        plain=base64.b64encode(b"\0zoe\0" + octets).decode(),
        raw=secret.replace("\\", "\\\\").replace('"', '\\"'),
    )
    pop3 = protocol == "pop3"
    said = echoes([octets])

    def refusal(peer: Peer) -> bytes:
        """All that was heard; nobody can hide what was not said yet."""
        if not any(form in peer.heard for form in said):
            return b"-ERR\r\n" if pop3 else b"550 no\r\n"
        if pop3:
            return b"-ERR " + b" ".join(said) + b"\r\n"
        return b"".join(b"550-" + line + b"\r\n" for line in said) + b"550 end\r\n"

    def step(peer: Peer) -> None:
        peer.say(b"+OK hi\r\n" if pop3 else b"220 hi\r\n")
        challenges = 0
        while line := peer.line():
            if line == b"QUIT":
                peer.say(b"+OK\r\n" if pop3 else b"221 bye\r\n")
                raise Gone
            if line.upper().startswith(b"AUTH"):
                challenges = 3
            challenges = max(0, challenges - 1) if line not in (b"NOOP", b"*") else 0
            peer.say(b"334 \r\n" if challenges and not pop3 else refusal(peer))

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.mpt")
        with ScriptedServer(step) as server:
            target = f"127.0.0.1:{server.port}"
            options = ("--record", str(path), "--keep-going")
            script = f"{lines}*\nNOOP\nNOOP\nQUIT\n".encode()
            ran = inside(protocol, target, *options, text=script)
        wanted = sought(Login("PASS", secret), [octets])
        assert_nowhere(wanted, Path(folder), ran.out, ran.err)


# ------------------------------------------------------------------------------------- replayed

TYPED = {"PASS": "C~ USER zoe\nS? +OK\nC~ PASS {password}\n", "APOP": "C~ APOP zoe {=apop}\n"}


def transcript(login: Login, port: int, *, welcome: bool) -> str:
    """A file that logs in so, and is red at the login, or behind it."""
    ok, fine = ("+OK", "+OK") if login.catalogue is POP3 else ("220", "235")
    hello = "" if login.catalogue is POP3 else "C: EHLO x\nS? 250\n"
    lines = TYPED.get(login.mechanism, "")
    if not lines:
        for number, (challenge, said) in enumerate(login.messages()):
            if challenge:
                lines += "S? 334\n"
            function = f'{{=sasl("{USER}")}}'
            if number:
                lines += f"C~ {function}\n"
            else:
                lines += f"C~ {said.decode().split(' ')[0]} {login.mechanism}"
                lines += f" {function}\n" if said.count(b" ") == 2 else "\n"
    wrong = "C: RETR 1\nS? -ERR\n" if login.catalogue is POP3 else "C: NOOP\nS: 250 {password}\n"
    return (
        f"mailprobe: 1\nprotocol: {login.protocol}\nconnect: 127.0.0.1:{port}\n\n"
        f"S? {ok}\n{hello}{lines}S? {fine}\n{wrong}"
    )


REPORTS = ("junit=j", "tap=t", "json=e", "html=h")


@pytest.mark.slow
@EXAMPLES
@given(LOGINS, st.booleans())
@example(Login("PASS", NASTY), True)
@example(Login("PLAIN", NASTY), False)
@example(Login("CRAM-MD5", NASTY), False)
@example(Login("APOP", NASTY), True)
def test_what_is_replayed_is_in_no_report(login: Login, welcome: bool) -> None:
    """Text, JUnit, TAP, events, page, commands of GitHub, saved failure: none of them has it."""
    assume(spoken(login))
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as kept:
        path = Path(name, "a.mpt")
        secret = login.secret.encode()
        with Echoing(login, [secret], welcome=welcome) as server:
            path.write_text(transcript(login, server.port, welcome=welcome))
            env = dict.fromkeys(
                ("MAILPROBE_SECRET_PASSWORD", "MAILPROBE_SECRET_TOKEN"), login.secret
            )
            reports = [word for kind in REPORTS for word in ("--report", in_folder(kind, kept))]
            for options in ((), ("--report", "github"), ("--match", "text"), ("--bless-diff",)):
                saved = ("--save-failures", kept)
                more = () if options else (*reports, *saved)
                ran = inside("replay", str(path), *options, *more, env=env)
                assert ran.status == 1, ran
                assert_nowhere(sought(login, server.values), ran.out, ran.err)
        assert list(Path(kept).glob("*.mpt"))
        assert_nowhere(sought(login, server.values), Path(kept))


def in_folder(kind: str, folder: str) -> str:
    what, _, name = kind.partition("=")
    return f"{what}={folder}/{name}"


# -------------------------------------------------------------------------------------- history


@EXAMPLES
@given(SECRETS)
def test_what_is_typed_is_in_no_history(secret: str) -> None:
    """Lines with a secret leave what stands before it, however they are written."""
    octets = secret.encode()
    plain = base64.b64encode(b"\0zoe\0" + octets).decode()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "history")
        facts = facts_of_pop3()
        history = LineHistory(path, lambda line: for_history(line, facts, POP3))
        for line in (
            *(f"PASS {secret}", f"pass  {secret}", f" PASS {secret}", f"APOP zoe {secret}"),
            *(f"AUTH PLAIN {plain}", f"auth plain {secret}", f"AUTH XOAUTH2 {plain}"),
            *(f"/raw PASS {secret}\\r\\n", f'/raw "AUTH PLAIN {plain}\\r\\n"'),
        ):
            history.append_string(line)
        history.append_string("NOOP")
        assert_nowhere(sought(Login("PASS", secret), [octets]), Path(folder))
