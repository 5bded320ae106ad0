"""Secrets and logins: where they come from, where they may go, and that nobody sees them."""

import base64
import hashlib
from pathlib import Path

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.player.options import Options
from mailprobe.player.results import Result, Verdict
from mailprobe.player.secrets import Vault
from tests.hostile import server as at
from tests.player.scenes import against, passed, problem, run, write

GREETING = at.send(b"220 mx\r\n")
SECRET = "s3cr3t-value"
KNOWN = Vault({"MAILPROBE_SECRET_PASSWORD": SECRET})


# ------------------------------------------------------------------------------- the sources


def test_a_secret_of_its_variable() -> None:
    """Upper case, and an underscore for a hyphen; no other variable is asked for."""

    class Watched(dict[str, str]):
        def __init__(self, **variables: str) -> None:
            super().__init__(variables)
            self.asked: list[str] = []

        def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]  # enough here
            self.asked.append(key)
            return super().get(key, default)

    environment = Watched(MAILPROBE_SECRET_TYPED_1="x", HOME="/root")
    assert Vault(environment).value("typed-1") == b"x"
    assert environment.asked == ["MAILPROBE_SECRET_TYPED_1"]


def test_a_secret_of_a_file(tmp_path: Path) -> None:
    """One line end is taken off, and nothing else."""
    path = tmp_path / "secret"
    for octets, value in ((b"a b \n", b"a b "), (b"x\r\n", b"x"), (b"x", b"x")):
        path.write_bytes(octets)
        path.chmod(0o600)
        assert Vault({}, {"password": path}).value("password") == value


def test_files_that_hold_no_secret(tmp_path: Path) -> None:
    """Others may read it, it is a link, a folder, a FIFO; or it is not there."""
    import os

    open_to_all, link, fifo = tmp_path / "open", tmp_path / "link", tmp_path / "fifo"
    open_to_all.write_text("x")
    open_to_all.chmod(0o644)
    private = tmp_path / "private"
    private.write_text("x")
    private.chmod(0o600)
    link.symlink_to(private)
    os.mkfifo(fifo, 0o600)
    large = tmp_path / "large"
    large.write_bytes(b"x" * 100_000)
    large.chmod(0o600)
    for path in (open_to_all, link, fifo, large, tmp_path, tmp_path / "none"):
        with pytest.raises(Failure) as caught:
            Vault({}, {"password": path}).value("password")
        assert caught.value.word is Word.USAGE
        assert str(path) in caught.value.sentence


def test_a_secret_that_a_person_knows() -> None:
    """Who is asked once, and may have nothing to say."""
    asked: list[str] = []

    def ask(prompt: str) -> str | None:
        asked.append(prompt)
        return "x" if "one" in prompt else None

    vault = Vault({}, {}, ask)
    assert vault.value("one") == vault.value("one") == b"x"
    assert len(asked) == 1
    with pytest.raises(Failure):
        vault.value("two")


def test_a_secret_stays_on_its_line() -> None:
    """CR, LF and NUL are refused, and the value is not repeated."""
    for value in ("QQ\nQ", "QQ\rQ", "QQ\0Q"):
        with pytest.raises(Failure) as caught:
            Vault({"MAILPROBE_SECRET_X": value}).value("x")
        assert "QQ" not in caught.value.sentence


# -------------------------------------------------------------------------------- before all


POP3 = "S? +OK\nC: USER alice\nS? +OK\nC~ PASS {password}\nS? +OK\n"


def test_a_missing_secret_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    """With all ways to give it, at its line."""
    result, heard = against(tmp_path, at.pop3(), POP3, protocol="pop3")
    said = problem(result, Word.USAGE, 4)
    assert heard == b""
    for way in ("MAILPROBE_SECRET_PASSWORD", "--secret-file password=PATH", "person"):
        assert way in said.sentence


def test_a_name_elsewhere_is_no_secret(tmp_path: Path) -> None:
    """In a mail it would travel on: an error before anything is sent, whatever the vault has."""
    lines = "S: 220 x\nC: DATA\nS: 354 x\nC~ Subject: {password}\nC: .\nS: 250 x\n"
    result, heard = against(tmp_path, at.smtp(), lines, Options(vault=KNOWN))
    assert "no place for one" in problem(result, Word.USAGE, 4).sentence
    assert heard == b""


@pytest.mark.parametrize(
    "line",
    ["C~ NOOP {}", "C~ NOOP {x}", "C~ NOOP {=b64(x)}", "C~ NOOP {=sasl}", "@assert x == {y}"],
)
def test_names_without_a_value(tmp_path: Path, line: str) -> None:
    """None of them gets as far as a connection."""
    result, heard = against(tmp_path, at.smtp(), f"S: 220 x\n{line}\nS? 250\n")
    problem(result, Word.USAGE, 2)
    assert heard == b""


def test_names_with_a_value(tmp_path: Path) -> None:
    """By --set, by a setting, by a capture, by a sample."""
    lines = (
        "S~ 220 {host:host=x} {}\nC~ NOOP {a} {b} {host} {c=sample} {c}\nS? 250\n"
        "@assert host == mx.example.test\n"
    )
    options = Options(settings={"a": b"one"})
    result, heard = against(tmp_path, at.smtp(), lines, options, header="set a: no\nset b: two")
    passed(result)
    assert heard.startswith(b"NOOP one two mx.example.test sample sample\r\n")


def test_a_public_password(tmp_path: Path) -> None:
    """A setting is no secret, and nobody is asked."""
    result, heard = against(tmp_path, at.pop3(), POP3, protocol="pop3", header="set password: pub")
    passed(result)
    assert b"PASS pub\r\n" in heard


def test_a_value_with_a_line_end(tmp_path: Path) -> None:
    """It would be a second command."""
    options = Options(settings={"a": b"x\r\nQUIT"})
    result, heard = against(tmp_path, at.smtp(), "S: 220 x\nC~ NOOP {a}\nS? 250\n", options)
    problem(result, Word.SYNTAX, 2)
    assert heard == b""
    for line in ("C~ NOOP {a}", "C~ NOOP {=repeat(a, 2)}", "C= NOOP {a}"):
        lines = f"S: 220 x\n{line}\nS? 250\n"
        result, heard = against(tmp_path, at.smtp(), lines, header="set a: x\\r\\nQUIT")
        problem(result, Word.SYNTAX, 2)
        assert heard == b""
    lines = "S: 220 x\nC~ NOOP {=hex(a)}\nS? 250\n"
    passed(against(tmp_path, at.smtp(), lines, header="set a: x\\r\\nQUIT")[0])


def test_wildcards_side_by_side(tmp_path: Path) -> None:
    """Where neither name has a value nobody can say which takes what: told before all."""
    for beside in ("{a}{b}", "{a:text}{b}", "{b}{a}{c}"):
        lines = f"S~ 220 {beside}\nC: NOOP\nS? 250\n"
        result, heard = against(tmp_path, at.smtp(), lines)
        assert "side by side" in problem(result, Word.SYNTAX, 1).sentence
        assert heard == b""
    header = "set b: mx.example.test"
    for beside in ("{a}{b} {}", "{b}{a}", "{b}{b} {}"):
        lines = f"S~ 220 {beside}\nC: NOOP\nS? 250\n"
        result, heard = against(tmp_path, at.smtp(), lines, header=header)
        assert result.problem is None or result.problem.word is Word.MISMATCH
        assert heard != b""


@pytest.mark.parametrize(
    "lines",
    [
        "C: DATA\nC~ PASS {password}\nS: 354\nC: .\nS? 250\n",
        "C= DA\nC= TA\\r\\n\nC~ PASS {password}\nS: 354\nC: .\nS? 250\n",
        "C= DA\nC@ pause 1ms\nC= TA\\r\\n\nC~ PASS {password}\nS: 354\nC: .\nS? 250\n",
        "C: DATA\nC@ pause 1ms\nC~ PASS {password}\nS: 354\nC: .\nS? 250\n",
        "C: NOOP\nC: DATA\nC@ pause 1ms\nS: 250\nC~ PASS {=b64(password)}\nS: 354\nC: .\nS? 250\n",
        "C: BDAT 4\nC: ab\nC~ PASS {password}\nS? xxx\nS? xxx\nS? xxx\n",
        "C: DATA\nC= PASS {password}\nC@ pause 1ms\nC= \\r\\n\nS: 354\nC: .\nS? 250\n",
    ],
)
def test_a_secret_behind_a_command_that_opens_mail_data(tmp_path: Path, lines: str) -> None:
    """The server takes it for the mail, whatever it looks like: nothing is sent."""
    lines = lines.replace("C= PASS {", "C~ PASS {") if "C@ pause 1ms\nC= \\r" in lines else lines
    result, heard = against(tmp_path, at.smtp(), "S? 220\n" + lines, Options(vault=KNOWN))
    assert "mail data" in problem(result, Word.SECURITY).sentence
    assert heard == b""


@pytest.mark.parametrize(
    "said, lines",
    [
        (b"354 go\r\n", "C: DATA\nS? 554|354\nC~ PASS {password}\nS? xxx\n"),
        (b"504 no\r\n", "C: AUTH LOGIN\nS? xxx\nC~ VRFY {password}\nS? xxx\n"),
        (b"504 no\r\n", "C: AUTH LOGIN\nS? xxx\nC~ {=b64(password)}\nS? xxx\n"),
        (b"334 \r\n", "C: AUTH LOGIN\nS? 504|334\nC~ PASS {password}\nS? xxx\n"),
        (b"250 DATA\r\n", "C: NOOP\nS~ 250 {verb:word=PASS}\nC~ {verb} {password}\nS? xxx\n"),
        (
            b"250 DATA\r\n",
            "C: NOOP\nS~ 250 {verb:word=NOOP}\nC~ {verb}\nC~ PASS {password}\nS? xxx\nS? xxx\n",
        ),
    ],
)
def test_a_server_that_leads_elsewhere(tmp_path: Path, said: bytes, lines: str) -> None:
    """What the file takes for a login is none on this connection: not an octet of that write."""
    steps = [GREETING, at.expect(b""), at.send(said)]
    result, heard = against(tmp_path, steps, "S? 220\n" + lines, Options(vault=KNOWN))
    problem(result, Word.SECURITY)
    assert SECRET.encode() not in heard
    assert base64.b64encode(SECRET.encode()) not in heard
    assert b"PASS" not in heard


def test_a_secret_in_its_place_behind_others(tmp_path: Path) -> None:
    """Pipelined, in pieces, and as an answer: all that is a login still goes."""
    lines = "S? +OK\nC: USER alice\nC~ PASS {password}\nS? +OK\nS? +OK\n"
    for login in (lines, lines.replace("C~ PASS", "C= PA\nC@ pause 1ms\nC~ SS")):
        result, heard = against(tmp_path, at.pop3(), login, Options(vault=KNOWN), protocol="pop3")
        passed(result)
        assert b"PASS " + SECRET.encode() in heard


# ------------------------------------------------------------------------------- in the clear


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine is not loopback any more."""
    monkeypatch.setattr("mailprobe.session._LOOPBACK", ("nowhere",))


@pytest.mark.usefixtures("elsewhere")
def test_no_secret_travels_in_the_clear(tmp_path: Path) -> None:
    """Not beyond this machine, unless the command line says so."""
    result, heard = against(tmp_path, at.pop3(), POP3, Options(vault=KNOWN), protocol="pop3")
    problem(result, Word.SECURITY, 4)
    assert heard == b"USER alice\r\nQUIT\r\n"
    options = Options(vault=KNOWN, insecure_auth=True)
    result, heard = against(tmp_path, at.pop3(), POP3, options, protocol="pop3")
    passed(result)
    assert SECRET.encode() in heard


# ------------------------------------------------------------------------------------- SASL

SASL = """
S? 220
C: EHLO client.example
S? 250
C: STARTTLS
S? 220
@tls verify=off
C: EHLO client.example
S? 250
{login}
@assert authenticated == yes
C: QUIT
S? 221
"""


@pytest.mark.parametrize(
    "login",
    [
        "C~ AUTH PLAIN {=sasl}\nS? 235",
        "C: AUTH PLAIN\nS? 334\nC~ {=sasl}\nS? 235",
        "C: AUTH LOGIN\nS? 334\nC~ {=sasl}\nS? 334\nC~ {=sasl}\nS? 235",
        "C~ AUTH LOGIN {=sasl}\nS? 334\nC~ {=sasl}\nS? 235",
        "C: AUTH LOGIN YWxpY2U=\nS? 334\nC~ {=sasl}\nS? 235",
        "C: AUTH CRAM-MD5\nS? 334\nC~ {=sasl}\nS? 235",
        "C~ AUTH SCRAM-SHA-256 {=sasl}\nS? 334\nC~ {=sasl}\nS? 334\nC~ {=sasl}\nS? 235",
        "C: AUTH SCRAM-SHA-1\nS? 334\nC~ {=sasl}\nS? 334\nC~ {=sasl}\nS? 334\nC~ {=sasl}\nS? 235",
        'C~ AUTH PLAIN {=sasl("alice")}\nS? 235',
        'C~ AUTH PLAIN {=sasl("alice", password)}\nS? 235',
        'C~ AUTH PLAIN {=sasl("alice", password, "alice")}\nS? 235',
        'C~ AUTH PLAIN {=sasl("alice", password, "bob")}\nS? 535\nC~ AUTH PLAIN {=sasl}\nS? 235',
        "C: AUTH LOGIN\nS? 334\nC: *\nS? 501\nC: AUTH PLAIN\nS? 334\nC~ {=sasl}\nS? 235",
        'C~ AUTH PLAIN {=sasl("bob", wrong)}\nS? 535\nC~ AUTH PLAIN {=sasl}\nS? 235',
    ],
)
def test_every_mechanism(tmp_path: Path, login: str) -> None:
    """With the live challenge, in one step or more, after another attempt."""
    path = write(
        tmp_path,
        SASL.replace("{login}", login),
        "protocol: smtp\nconnect: sandbox\nset user: alice",
    )
    vault = Vault({"MAILPROBE_SECRET_PASSWORD": "secret", "MAILPROBE_SECRET_WRONG": "no"})
    passed(run(path, Options(vault=vault)).result)


@pytest.mark.parametrize(
    "end, line",
    [
        ("C~ {=sasl}\nS? 334\nC~ {=sasl}\nS? 235\n", 6),
        ("C~ {=sasl}\nS? 334\nC:\nS? 235\n", 6),  # as it is recorded
        ("C~ {=sasl}\nS? 334\nC= \\r\\n\nS? 235\n", 6),
        ("C~ {=sasl}\nC:\nS? 334\nS? 235\n", 7),  # the success itself
    ],
)
def test_a_server_that_proves_nothing(tmp_path: Path, end: str, line: int) -> None:
    """A wrong signature in SCRAM fails, at the line that should have taken it."""
    first: list[bytes] = []

    def challenge(peer: at.Peer) -> None:
        nonce = base64.b64decode(peer.line().split()[2]).split(b"r=")[1]
        first.append(nonce)
        salt = base64.b64encode(b"salt of the server")
        said = b"r=" + nonce + b"server,s=" + salt + b",i=4096"
        peer.say(b"334 " + base64.b64encode(said) + b"\r\n")

    steps = [
        GREETING,
        challenge,
        at.expect(b""),
        at.send(b"334 " + base64.b64encode(b"v=" + base64.b64encode(bytes(32))) + b"\r\n"),
    ]
    steps.append(at.answer({b"": b"235 x\r\n"}, b"235 x\r\n"))
    lines = f"S? 220\nC~ AUTH SCRAM-SHA-256 {{=sasl}}\nS? 334\n{end}"
    result, heard = against(tmp_path, steps, lines, Options(vault=KNOWN), header="set user: alice")
    assert problem(result, Word.SECURITY, line).sentence.count("SCRAM-SHA-256") == 1
    if line == 6:
        assert heard.endswith((b"*\r\nQUIT\r\n", b"*\r\n"))


@pytest.mark.parametrize(
    "protocol, go_on, done", [("smtp", b"334 ", b"235 in\r\n"), ("pop3", b"+ ", b"+OK in\r\n")]
)
@pytest.mark.parametrize("challenges", [0, 1])
def test_a_server_that_ends_scram_without_its_proof(
    tmp_path: Path, protocol: str, go_on: bytes, done: bytes, challenges: int
) -> None:
    """The recording of a login that proved nothing is red, however friendly the server is."""

    def lie(peer: at.Peer) -> None:
        nonce = base64.b64decode(peer.line().split()[2]).split(b"r=")[1]
        if challenges:
            said = b"r=" + nonce + b"theirs,s=c2FsdCBvZiB0aGVpcnM=,i=4096"
            peer.say(go_on + base64.b64encode(said) + b"\r\n")
            peer.line()
        peer.say(done)

    greeting = at.pop3()[0] if protocol == "pop3" else GREETING
    steps = [
        greeting,
        lie,
        at.answer({b"QUIT": b"221 bye\r\n" if protocol == "smtp" else b"+OK\r\n"}),
    ]
    lines = f"S? {'220' if protocol == 'smtp' else '+OK'}\nC~ AUTH SCRAM-SHA-256 {{=sasl}}\n"
    lines += f"S? {go_on.decode().strip()}\nC~ {{=sasl}}\n" * challenges
    lines += f"S: {done.decode()}"
    result, _ = against(
        tmp_path, steps, lines, Options(vault=KNOWN), protocol=protocol, header="set user: alice"
    )
    assert "signature" in problem(result, Word.SECURITY, 3 + 2 * challenges).sentence


def test_a_login_that_is_finished_by_hand(tmp_path: Path) -> None:
    """A right signature passes with the empty line that is recorded; cancelling takes nothing."""
    vault = Vault({"MAILPROBE_SECRET_PASSWORD": "secret"})
    head = "protocol: smtp\nconnect: sandbox\nset user: alice"
    for login in (
        "C~ AUTH SCRAM-SHA-256 {=sasl}\nS? 334\nC~ {=sasl}\nS? 334\nC:\nS? 235",
        "C~ AUTH SCRAM-SHA-256 {=sasl}\nS? 334\nC: *\nS? 501\nC~ AUTH PLAIN {=sasl}\nS? 235",
    ):
        path = write(tmp_path, SASL.replace("{login}", login), head)
        passed(run(path, Options(vault=vault)).result)


def test_a_challenge_that_is_none(tmp_path: Path) -> None:
    """Text where base64 is due; and no challenge at all."""
    lines = "S? 220\nC: AUTH CRAM-MD5\nS? 334\nC~ {=sasl}\nS? 235\n"
    for said, word in ((b"334 not base64!\r\n", Word.PROTOCOL), (b"334 eA==\r\n", Word.PROTOCOL)):
        steps = [GREETING, at.expect(b"AUTH"), at.send(said)]
        result, _ = against(tmp_path, steps, lines, Options(vault=KNOWN), header="set user: a")
        problem(result, word, 4)
    steps = [GREETING, at.expect(b"AUTH"), at.send(b"535 no\r\n")]
    lines = lines.replace("S? 334", "S? 334|535")
    result, _ = against(tmp_path, steps, lines, Options(vault=KNOWN), header="set user: a")
    problem(result, Word.MISMATCH, 4)


def test_a_mechanism_that_nobody_speaks(tmp_path: Path) -> None:
    """Told before anything is sent."""
    lines = "S? 220\nC~ AUTH GSSAPI {=sasl}\nS? 235\n"
    result, heard = against(tmp_path, at.smtp(), lines, Options(vault=KNOWN), header="set user: a")
    assert "GSSAPI" in problem(result, Word.USAGE, 2).sentence
    assert heard == b""


def test_a_login_needs_its_user(tmp_path: Path) -> None:
    """Who it is, is no secret: it has to be set."""
    lines = "S? 220\nC~ AUTH PLAIN {=sasl}\nS? 235\n"
    result, _ = against(tmp_path, at.smtp(), lines, Options(vault=KNOWN))
    assert "set user" in problem(result, Word.USAGE, 2).sentence


def test_apop(tmp_path: Path) -> None:
    """The digest of the live timestamp and the secret (RFC 1939, section 7)."""
    steps = [
        at.send(b"+OK ready <1896.697170952@dbc.mtview.ca.us>\r\n"),
        at.answer({}, default=b"+OK\r\n"),
    ]
    header = "set user: mrose\nset password: tanstaaf"
    lines = "S~ +OK ready {stamp:msgid}\nC~ APOP {user} {=apop}\nS? +OK\n"
    result, heard = against(tmp_path, steps, lines, protocol="pop3", header=header)
    passed(result)
    assert heard.startswith(b"APOP mrose c4c9334bac560ecc979e58001b3e22fb\r\n")
    result, heard = against(
        tmp_path,
        at.pop3(),
        lines.replace("ready {stamp:msgid}", "{}"),
        protocol="pop3",
        header=header,
    )
    assert "timestamp" in problem(result, Word.MISMATCH, 2).sentence


# ------------------------------------------------------------------------------ never shown


def forms(value: str) -> list[bytes]:
    octets = value.encode()
    return [
        octets,
        base64.b64encode(octets).rstrip(b"="),
        base64.b64encode(b"\0alice\0" + octets).rstrip(b"="),
        octets.hex().encode(),
    ]


def texts(result: Result) -> bytes:
    return repr(result).encode()


@pytest.mark.parametrize(
    "echo",
    [b"-ERR no {}\r\n", b"-ERR \x1b[2J {} {}\r\n", b"+OK {}\r\n"],
)
def test_a_secret_is_in_no_text(tmp_path: Path, echo: bytes) -> None:
    """Whatever the server makes of it: not in the result, not in the file that is saved."""
    saved = tmp_path / "failures"
    for form in forms(SECRET):
        said = echo.replace(b"{}", form)
        steps = [
            at.send(b"+OK\r\n"),
            at.answer(
                {b"PASS": said, b"NOOP": said, b"QUIT": b"+OK " + form + b"\r\n"}, b"+OK\r\n"
            ),
        ]
        lines = POP3.replace("S? +OK\n", "S? +OK|-ERR\n") + "C: NOOP\nS: +OK\nC: NOOP\nS~ +OK x\n"
        options = Options(vault=KNOWN, save_failures=saved)
        result, _ = against(tmp_path, steps, lines, options, protocol="pop3")
        problem(result, Word.MISMATCH)
        written = b"".join(path.read_bytes() for path in saved.iterdir())
        for hidden in forms(SECRET):
            assert hidden not in texts(result)
            assert hidden not in written


def test_a_hint_names_the_secret_and_not_its_value(tmp_path: Path) -> None:
    """Which variable it came from is what a person wants to know."""
    steps = [GREETING, at.answer({b"AUTH": b"535 5.7.8 no\r\n", b"QUIT": b"221 x\r\n"})]
    lines = "S? 220\nC~ AUTH PLAIN {=sasl}\nS? 235\n"
    result, _ = against(tmp_path, steps, lines, Options(vault=KNOWN), header="set user: alice")
    said = problem(result, Word.MISMATCH, 3)
    assert "MAILPROBE_SECRET_PASSWORD" in said.hint
    assert said.command == "AUTH PLAIN ****"


def test_a_secret_in_the_file_is_hidden_too(tmp_path: Path) -> None:
    """Whoever writes one there: the report does not repeat it."""
    lines = f"S? +OK\nC: USER alice\nS? +OK\nC: PASS {SECRET}\nS? -ERR\n"
    result, _ = against(tmp_path, at.pop3(), lines, protocol="pop3")
    problem(result, Word.MISMATCH, 5)
    assert SECRET.encode() not in texts(result)
    assert Verdict.FAILED is result.verdict


def test_the_digest_of_apop_is_hidden(tmp_path: Path) -> None:
    """It can be tried against a list of words."""
    stamp = b"<1.2@mail>"
    digest = hashlib.md5(stamp + SECRET.encode()).hexdigest()
    steps = [
        at.send(b"+OK " + stamp + b"\r\n"),
        at.answer({b"APOP": f"-ERR {digest} is wrong\r\n".encode()}, b"+OK\r\n"),
    ]
    lines = "S? +OK\nC~ APOP alice {=apop}\nS? +OK\n"
    result, heard = against(tmp_path, steps, lines, Options(vault=KNOWN), protocol="pop3")
    assert digest.encode() in heard
    assert digest.encode() not in texts(result)
