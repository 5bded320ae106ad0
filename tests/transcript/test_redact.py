"""Secrets: named in a recording by position and by value, and in no file in any other way."""

import base64
import hashlib
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mailprobe.protocol import events, sasl
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.events import Ending
from mailprobe.protocol.items import Answer, Data, Raw
from mailprobe.protocol.model import Command
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import SMTP
from mailprobe.transcript.dialogue import compile_steps
from mailprobe.transcript.model import FileLine
from mailprobe.transcript.parse import parse
from mailprobe.transcript.redact import Secrets
from mailprobe.transcript.steps import Reply
from mailprobe.transcript.talks import names
from tests.transcript.dialogue import Dialogue
from tests.transcript.grammar_check import check

NUMBERS = count()
# Those of a password that need no TLS, and those of a token.
SASL = tuple(
    row.name for row in sasl.TABLE.values() if row.secret and not row.name.endswith("-PLUS")
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recordings")


@pytest.fixture
def pop3(tmp_path: Path) -> Dialogue:
    dialogue = Dialogue(tmp_path / "a.mpt", POP3)
    dialogue.hear(b"+OK\r\n")
    return dialogue


@pytest.fixture
def smtp(tmp_path: Path) -> Dialogue:
    dialogue = Dialogue(tmp_path / "a.mpt", SMTP)
    dialogue.hear(b"220 hi\r\n")
    return dialogue


def said(dialogue: Dialogue) -> list[str]:
    """The lines so far of both directions, checked, without the greeting."""
    return check(dialogue.path.read_bytes())[1:]


def answered(dialogue: Dialogue, command: bytes, *answers: bytes) -> list[str]:
    """What the client's lines of an AUTH become, each answered by an empty challenge."""
    dialogue.say(command)
    for answer in answers:
        dialogue.hear(b"334 \r\n")
        dialogue.say(Answer(answer))
    dialogue.hear(b"235 ok\r\n")
    return [line for line in said(dialogue) if line.startswith("C")]


def b64(text: str | bytes) -> bytes:
    return base64.b64encode(text.encode() if isinstance(text, str) else text)


def unset(dialogue: Dialogue) -> list[str]:
    """Names for which a player of this recording would ask in vain."""
    transcript = parse(dialogue.path.read_bytes(), "a.mpt")
    found: list[names.Trouble] = []
    names.Names(set(), transcript.head.peers, found.append).look(compile_steps(transcript))
    return [trouble.name for trouble in found]


TOKEN = b64("n,a=al,\1auth=Bearer t0ken\1\1")
DIGEST = b"c4c9334bac560ecc979e58001b3e22fb"


@pytest.mark.parametrize(
    "line, recorded",
    [
        (b"PASS secret", "C~ PASS {password}"),
        (b"pAsS secret", "C~ pAsS {password}"),
        (b" PASS  secret ", "C~  PASS {password}"),
        (b"PASS {x}\\", "C~ PASS {password}"),
        (b"PASS", "C: PASS"),
        (b"PASS ", "C\\ PASS\\s"),
        (b"APOP alice " + DIGEST, "C~ APOP alice {=apop}"),
        (b"apop {al\xffice} " + DIGEST, "C~ apop \\{al\\xffice\\} {=apop}"),
        (b"APOP alice nonsense", "C~ APOP alice {typed-1}"),
        (b"AUTH PLAIN " + b64("\0alice\0secret"), 'C~ AUTH PLAIN {=sasl("alice")}'),
        (b"auth  plain  " + b64('\0a"{}\\\0secret'), 'C~ auth  plain  {=sasl("a\\x22\\{\\}\\\\")}'),
        (b"AUTH PLAIN " + b64("\0alice\0"), "C~ AUTH PLAIN {typed-1}"),
        (b"AUTH PLAIN " + b64(b"\0\xff\0secret"), "C~ AUTH PLAIN {typed-1}"),
        (b"AUTH PLAIN " + b64("alice\0secret"), "C~ AUTH PLAIN {typed-1}"),
        (b"AUTH PLAIN " + b64("\0secret\0secret"), "C~ AUTH PLAIN {typed-1}"),
        (b"AUTH PLAIN " + b64("\0zoe\0zoe"), "C~ AUTH PLAIN {typed-1}"),
        (
            b"AUTH PLAIN " + b64('a"n\0alice\0secret'),
            'C~ AUTH PLAIN {=sasl("alice", password, "a\\x22n")}',
        ),
        (b"AUTH PLAIN " + b64(b"\xff\0alice\0secret"), "C~ AUTH PLAIN {typed-1}"),
        (b"AUTH PLAIN " + b64("secret\0alice\0secret"), "C~ AUTH PLAIN {typed-1}"),
        (b"AUTH PLAIN " + b64("a" * 999 + "\0alice\0secret"), "C~ AUTH PLAIN {typed-1}"),
        (b"AUTH SCRAM-SHA-1 " + b64("n,a=admin,n=al,r=x"), "C~ AUTH SCRAM-SHA-1 {typed-1}"),
        (b"AUTH PLAIN " + b64("\0" + "a" * 999 + "\0secret"), "C~ AUTH PLAIN {typed-1}"),
        (b"AUTH PLAIN secret", "C~ AUTH PLAIN {typed-1}"),
        (b"AUTH PLAIN =", "C: AUTH PLAIN ="),
        (b"AUTH XOAUTH2 " + b64("user=al\1auth=Bearer t0ken\1\1"), 'C~ AUTH XOAUTH2 {=sasl("al")}'),
        (b"AUTH XOAUTH2 " + b64("user=al\1auth=Bearer t0ken\1"), "C~ AUTH XOAUTH2 {typed-1}"),
        (
            b"AUTH OAUTHBEARER " + b64("n,a=al,\1auth=Bearer t0ken\1\1"),
            'C~ AUTH OAUTHBEARER {=sasl("al")}',
        ),
        (
            b"AUTH SCRAM-SHA-512-PLUS " + b64("p=tls-unique,,n=al,r=x"),
            'C~ AUTH SCRAM-SHA-512-PLUS {=sasl("al")}',
        ),
        (
            b"AUTH SCRAM-SHA-1-PLUS " + b64("p=tls-unique,a=admin,n=al,r=x"),
            "C~ AUTH SCRAM-SHA-1-PLUS {typed-1}",
        ),
        (b"AUTH ANONYMOUS " + b64("sirhc"), 'C~ AUTH ANONYMOUS {=sasl("sirhc")}'),
        (b"AUTH XYZZY " + b64("alice"), "C~ AUTH XYZZY {typed-1}"),
        (b"AUTH \x0b x", "C~ AUTH \\u{b} {typed-1}"),
    ],
)
def test_a_secret_by_its_position(pop3: Dialogue, line: bytes, recorded: str) -> None:
    """Case and blanks stay as they were typed; what stands in the secret place is a name."""
    pop3.say(line)
    assert said(pop3) == [recorded]


@pytest.mark.parametrize(
    "command, answers, recorded",
    [
        (b"AUTH LOGIN", (b64("alice"), b64("secret")), ('{=sasl("alice")}', '{=sasl("alice")}')),
        (b"auth login " + b64("alice"), (b64("secret"),), ('{=sasl("alice")}',)),
        (b"AUTH LOGIN", (b"alice", b64("secret")), ("{typed-1}", "{typed-2}")),
        (b"AUTH LOGIN", (b"", b64("secret")), ("", "{typed-1}")),
        (b"AUTH LOGIN =", (b64("secret"),), ("{typed-1}",)),
        (b"AUTH LOGIN", (b64("alice"), b64("secret"), b64("more")), ("", "", "{typed-1}")),
        (b"AUTH PLAIN", (b64("\0alice\0secret"),), ('{=sasl("alice")}',)),
        (b"AUTH CRAM-MD5", (b64(b"alice " + DIGEST),), ('{=sasl("alice")}',)),
        (b"AUTH SCRAM-SHA-1", (b64("n,,n=al,r=x"), b64("c=biws,r=x,p=cHJvb2Y=")), ("", "")),
        (b"AUTH SCRAM-SHA-1", (b64("n,,n=al,r=x"), b64("no final")), ("", "{typed-1}")),
        (b"AUTH OAUTHBEARER", (TOKEN, b"AQ=="), ('{=sasl("al")}', '{=sasl("al")}')),
        (b"AUTH OAUTHBEARER", (TOKEN, b64("more")), ('{=sasl("al")}', "{typed-1}")),
        (b"AUTH OAUTHBEARER", (TOKEN, b""), ('{=sasl("al")}', "")),
        (b"AUTH LOGIN", (b"*",), ("*",)),
        (b"AUTH", (b64("secret"),), ("{typed-1}",)),
    ],
)
def test_the_answers_to_challenges(
    smtp: Dialogue, command: bytes, answers: tuple[bytes, ...], recorded: tuple[str, ...]
) -> None:
    """Every answer is a name but `*` and nothing; after a mistake no step is taken for a user."""
    lines = answered(smtp, command, *answers)
    assert len(lines) == 1 + len(answers)
    for line, answer, expected in zip(lines[1:], answers, recorded, strict=True):
        if answer in (b"", b"*"):
            assert line == f"C: {expected}".rstrip()
        else:
            assert line == f"C~ {expected or line[3:]}"
            assert expected or line.startswith('C~ {=sasl("al')
    text = smtp.path.read_text()
    for secret in ("secret", b64("secret").decode(), DIGEST.decode(), "cHJvb2Y="):
        assert secret not in text


def test_a_command_in_the_place_of_an_answer(smtp: Dialogue) -> None:
    """It is no secret, nor is the same line later."""
    for line in (b"QUIT", b"noop"):
        smtp.say(b"AUTH LOGIN")
        smtp.hear(b"334 VXNlcm5hbWU6\r\n")
        smtp.say(Answer(line))
        smtp.hear(b"501 what?\r\n")
        smtp.say(line)
        smtp.hear(b"250 QUIT and noop\r\n")
        assert [each for each in said(smtp) if line.decode() in each][-3:] == [
            f"C: {line.decode()}",
            f"C: {line.decode()}",
            "S: 250 QUIT and noop",
        ]


@pytest.mark.parametrize(
    "secret, line, recorded",
    [
        (b"hunter22", b"MAIL FROM:<hunter22@x>", "C: MAIL FROM:<********@x>"),
        (b"hunter22", b"XTNDX hunter22", "C: XTNDX ********"),
        (b"hunter22", b"hunter22", "C: ********"),
        (b"MAIL", b"MAIL FROM:<mail MAIL@x>", "C: MAIL FROM:<mail ****@x>"),
        (b"NOOP", b"noop", "C: noop"),
        (b"NOOP", b"NOOP NOOP", "C: NOOP ****"),
        (b"hunter22", b"AUTH hunter22 hunter22", "C~ AUTH ******** {password}"),
        (b"PLAIN", b"AUTH PLAIN PLAIN", "C~ AUTH PLAIN {password}"),
        *(
            (name.encode(), f"AUTH {name} {name}".encode(), f"C~ AUTH {name} {{password}}")
            for name in sasl.MECHANISMS
        ),
        (b"hunter22", b"XCLIENT LOGIN=x ADDR=hunter22", "C~ XCLIENT LOGIN={typed-1} ADDR=********"),
    ],
)
def test_a_client_that_repeats_a_secret(
    smtp: Dialogue, secret: bytes, line: bytes, recorded: str
) -> None:
    """By value, outside of the secret places, it is as many `*`; no verb is one."""
    smtp.say(b"AUTH PLAIN " + b64(b"\0alice\0" + secret))
    smtp.hear(b"235 ok\r\n")
    smtp.say(line)
    written = said(smtp)[2:]
    assert written[0] == recorded
    assert ("# a secret was masked" in written) == ("*" in recorded)
    assert not unset(smtp)


@pytest.mark.parametrize(
    "secret, reply, recorded",
    [
        (b"250 o", b"250 ok\r\n", "S: 250 *k"),
        (b"5.7.8", b"535-5.7.8 no\r\n535 5.7.8 5.7.8\r\n", "S: 535-5.7.8 no"),
        (b"123456", b"123456\r\n", "S: ******"),
        (b"-ERR", b"500 -ERR\r\n", "S: 500 ****"),
    ],
)
def test_a_reply_code_is_no_secret(
    smtp: Dialogue, secret: bytes, reply: bytes, recorded: str
) -> None:
    """What a reply is stays what it is, whatever the password."""
    smtp.say(b"AUTH PLAIN " + b64(b"\0alice\0" + secret))
    smtp.hear(b"235 ok\r\n")
    smtp.say(b"NOOP")
    smtp.hear(reply)
    assert said(smtp)[3] == recorded
    assert not unset(smtp)


def test_a_status_indicator_is_no_secret(pop3: Dialogue) -> None:
    """The same in POP3."""
    pop3.say(b"PASS -ERR")
    pop3.hear(b"-ERR no -ERR\r\n")
    assert said(pop3)[:2] == ["C~ PASS {password}", "S: -ERR no ****"]


def test_names_count_values(pop3: Dialogue) -> None:
    """The same password has the same name; the second one another; and AUTH says which."""
    for password in (b"first", b"second", b"first"):
        pop3.say(b"PASS " + password)
    pop3.say(b"AUTH PLAIN " + b64("\0alice\0second"))
    assert said(pop3) == [
        "C~ PASS {password}",
        "C~ PASS {password-2}",
        "C~ PASS {password}",
        'C~ AUTH PLAIN {=sasl("alice", password-2)}',
    ]


ECHOES = [
    (b"+OK secret!\r\n", "S: +OK ******!"),
    (b"+OK {x} secret \r\n", "S\\ +OK {x} ******\\s"),
    (b"+OK secret\n", "S= +OK ******\\n"),
    (b"-ERR unknown: PASS secret\r\n", "S: -ERR unknown: PASS ******"),
    (b"-ERR " + b64("secret") + b"\r\n", "S: -ERR ********"),
    (b"-ERR " + b"secret".hex().encode() + b"\r\n", "S: -ERR ************"),
    (b"-ERR " + b64("a:secret:b") + b"\r\n", "S: -ERR YTpz*******Om"),
    (b"-ERR [AUTH] secret\r\n", "S: -ERR [AUTH] ******"),
    (b"+OK nothing\r\n", "S: +OK nothing"),
]


@pytest.mark.parametrize("reply, recorded", ECHOES)
def test_a_server_that_echoes_a_secret(pop3: Dialogue, reply: bytes, recorded: str) -> None:
    """By value, in every encoding, in whatever the server says later."""
    pop3.say(b"PASS secret")
    pop3.hear(reply)
    line = said(pop3)[1]
    assert line == recorded or ("YTp" in recorded and "*****" in line and "c2Vj" not in line)


def test_secrets_in_notes_failures_and_mail(smtp: Dialogue) -> None:
    """Everything that is written down is looked through."""
    smtp.say(b"AUTH PLAIN " + b64(b"\0alice\0s\xc3\xa9cret\xff"))
    smtp.recorder.note("it was sécret\udcff, he said")
    smtp.recorder(events.Failed(0, events.Word.PROTOCOL, "not a reply: sécret\\xff"))
    smtp.hear(b"235 ok\r\n")
    smtp.say(b"DATA")
    smtp.hear(b"354 go\r\n")
    smtp.say(Data(b"Subject: s\xc3\xa9cret\xff!\r\n"))
    smtp.say(Data(b"cut s\xc3\xa9cre"))
    smtp.say(Data(b"t\xff!\r\n"))
    assert said(smtp) == [
        'C~ AUTH PLAIN {=sasl("alice")}',
        "| it was ****, he said",
        "# incomplete: protocol: not a reply: ****",
        "S: 235 ok",
        "C: DATA",
        "S: 354 go",
        "C: Subject: ********!",
        "C: cut ********!",
    ]


@pytest.mark.parametrize(
    "pieces, recorded",
    [
        ((b"PA", b"SS sec", b"ret\r\n"), ["C= PA", "C= SS {typed-1}", "C~ {typed-2}"]),
        ((b"PA", b"SS secret\r\n"), ["C= PA", "C~ SS {password}"]),
        ((b"PASS se", b"cret\r\n"), ["C= PASS {typed-1}", "C~ {typed-2}"]),
        ((b"PASS secret", b"\r\n"), ["C= PASS {typed-1}", "C:"]),
        ((b"PASS secret\r", b"\n"), ["C= PASS {typed-1}\\r", "C= \\n"]),
        ((b"PASS secret", b"\r", b"\n"), ["C= PASS {typed-1}", "C= \\r", "C= \\n"]),
        ((b"PASS sec", b"ret\n"), ["C= PASS {typed-1}", "C= {typed-2}\\n"]),
        ((b"PASS secret\n",), ["C= PASS {password}\\n"]),
        ((b"PASS secret\r\nNOOP\r\n",), ["C~ PASS {password}", "C: NOOP"]),
    ],
)
def test_a_secret_that_is_sent_in_pieces(
    pop3: Dialogue, pieces: tuple[bytes, ...], recorded: list[str]
) -> None:
    """Each piece has a name of its own, so that a player can say it again to the octet."""
    for piece in pieces:
        pop3.say(Raw(piece))
    assert said(pop3) == recorded
    assert not unset(pop3)
    pop3.hear(b"+OK secret\r\n")
    assert "secret" not in pop3.path.read_text().replace("a secret was masked", "")


def test_a_password_that_is_the_name_of_its_user(pop3: Dialogue) -> None:
    """The name is in the file when it becomes a password: said again, it is said as it was."""
    for line in (b"USER alice", b"PASS alice", b"user alice", b"USER bob", b"USER alice2"):
        pop3.say(line)
        pop3.hear(b"+OK alice\r\n")
    client = [line for line in pop3.text.splitlines() if line.startswith("C")]
    assert client == [
        *("C: USER alice", "C~ PASS {password}", "C: user alice", "C: USER bob", "C: USER *****2"),
    ]
    assert pop3.text.count("S: +OK *****") == 4
    assert not unset(pop3)


def test_a_password_that_is_first_said_as_one(pop3: Dialogue) -> None:
    """Where the name was not in the file before, it stays out of it."""
    pop3.say(b"PASS alice")
    pop3.hear(b"+OK\r\n")
    pop3.say(b"USER alice")
    assert said(pop3)[2:] == ["C: USER *****", "# a secret was masked"]


def test_few_names_are_remembered(pop3: Dialogue, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are said, and then they are masked like all else."""
    monkeypatch.setattr("mailprobe.transcript.recording.writer._MOST_NAMES", 1)
    for line in (b"USER alice", b"USER maria", b"PASS maria", b"USER maria"):
        pop3.say(line)
        pop3.hear(b"+OK\r\n")
    assert said(pop3)[-3:-1] == ["C: USER *****", "# a secret was masked"]


@pytest.mark.parametrize("mechanism", [b"PLAIN", b"LOGIN", b"CRAM-MD5", b"SASL", b"AUTH"])
def test_a_password_that_is_the_name_of_a_mechanism(smtp: Dialogue, mechanism: bytes) -> None:
    """What is offered stays what it is: a replay demands all of it."""
    smtp.say(b"AUTH PLAIN " + b64(b"\0zoe\0" + mechanism))
    smtp.hear(b"235 ok\r\n")
    smtp.say(b"EHLO a")
    offers = b"250-a\r\n250-AUTH PLAIN LOGIN CRAM-MD5\r\n250-AUTH=PLAIN LOGIN\r\n"
    smtp.hear(offers + b"250 " + mechanism + b"\r\n")
    assert said(smtp)[-5:] == [
        "S: 250-a",
        "S: 250-AUTH PLAIN LOGIN CRAM-MD5",
        "S: 250-AUTH=PLAIN LOGIN",
        f"S: 250 {'*' * len(mechanism)}",
        "# a secret was masked",
    ]


def test_a_mechanism_in_a_listing(pop3: Dialogue) -> None:
    """The same for CAPA; a word that is no mechanism is masked wherever it stands."""
    for line in (b"PASS LOGIN", b"PASS hunter2", b"PASS X-LOGIN"):
        pop3.say(line)
        pop3.hear(b"+OK\r\n")
    pop3.say(b"CAPA")
    pop3.hear(b"+OK\r\nSASL PLAIN LOGIN\r\nSASL hunter2 aLOGIN PLAIN\r\nLOGIN-DELAY 1\r\n.\r\n")
    assert said(pop3)[-5:-2] == [
        "S: SASL PLAIN LOGIN",
        "S: SASL ******* a***** PLAIN",
        "S: *****-DELAY 1",
    ]


def test_a_recording_says_which_replies_it_has_masked(pop3: Dialogue) -> None:
    """In a line, in a body, and in a body of its own file: a player knows each of them."""
    pop3.say(b"PASS secret")
    pop3.hear(b"+OK\r\n")
    for body in (b"", b"a secret\r\n", b"a line that is long\r\n" * 9000 + b"secret\r\n"):
        pop3.say(b"RETR 1")
        pop3.hear((b"+OK\r\n" if body else b"-ERR secret\r\n") + body + b".\r\n" * bool(body))
        pop3.say(b"NOOP")
        pop3.hear(b"+OK\r\n")
    steps = compile_steps(parse(pop3.end(Ending.EOF), "a.mpt"))
    replies = [step.expected for step in steps if isinstance(step, Reply)]
    assert [reply.masked for reply in replies] == [False, False] + [True, False] * 3
    assert any(isinstance(line, FileLine) for line in replies[-2].body or ())


def encodings(secret: bytes) -> Iterator[bytes]:
    """Every form in which a value must not be found."""
    yield secret
    yield base64.b64encode(secret)
    yield base64.b64encode(secret).rstrip(b"=")
    yield base64.urlsafe_b64encode(secret)
    yield base64.urlsafe_b64encode(secret).rstrip(b"=")
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    yield quote(secret).encode()


TEXT = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=("C", "Z")),
    min_size=4,
    max_size=12,
)


def exchange(mechanism: str, secret: str) -> Iterator[tuple[bytes | None, bytes | None]]:
    """Challenges and answers of a real login as zoe, raw octets."""
    nonce = "left@right" if mechanism == "CRAM-MD5" else "n0nce"
    server = sasl.server(mechanism, lambda user: secret, nonce=nonce, salt=b"0123456789ab")
    client = sasl.client(mechanism, "zoe", secret, nonce="c")
    challenge, answer = next(server), next(client)
    while True:
        if answer is None:
            assert challenge is not None
            answer = client.send(challenge)
            yield challenge, answer
        else:
            yield None, answer
        try:
            challenge, answer = server.send(answer), None
        except StopIteration:
            return


@given(mechanism=st.sampled_from((*SASL, "PASS", "APOP")), secret=TEXT)
def test_no_file_holds_a_secret(folder: Path, mechanism: str, secret: str) -> None:
    """Real logins; the server repeats all that it heard, in every encoding; so does a mail."""
    octets = secret.encode()
    catalogue: Catalogue = POP3 if mechanism in ("PASS", "APOP") else SMTP
    dialogue = Dialogue(folder / f"{next(NUMBERS)}.mpt", catalogue)
    head = b"+OK " if catalogue is POP3 else b"250 "
    dialogue.hear(head + b"hi\r\n")
    hidden = [octets]
    if mechanism == "PASS":
        dialogue.say(b"PASS " + octets)
    elif mechanism == "APOP":
        hidden = [hashlib.md5(octets).hexdigest().encode()]
        dialogue.say(b"APOP zoe " + hidden[0])
    else:
        try:
            steps = list(exchange(mechanism, secret))
        except (ValueError, sasl.SaslError):
            assume(False)
        dialogue.say(b"AUTH " + mechanism.encode())
        for challenge, answer in steps:
            dialogue.hear(b"334 " + sasl.encode(challenge or b"") + b"\r\n")
            dialogue.say(Answer(sasl.encode(answer or b"")))
            hidden += [sasl.encode(answer)] if answer else []
        if "SCRAM" in mechanism or mechanism == "CRAM-MD5":
            hidden.remove(octets)  # it never travelled
    echoes = [form for value in hidden for form in encodings(value) if len(form) >= 4]
    assume(not any(form in b"AUTH PASS APOP password typed sasl zoe ****" for form in echoes))
    for form in echoes:
        dialogue.hear(head + b"<" + form + b">\r\n")
        dialogue.recorder(events.RawSent(0, b"<" + form + b">\r\n"))
    recording = dialogue.end(Ending.EOF)
    lines = check(recording)
    body = "\n".join(line for line in lines if not line.startswith(("S: 334", "S: 250 hi")))
    for form in echoes:
        shown = form.decode()
        assert f"<{shown}>" not in body.replace("\\", "")


def test_masks_for_a_screen() -> None:
    """What is learned is masked, and nothing else is touched."""
    secrets = Secrets()
    assert secrets.mask(b"nothing is known") == b"nothing is known"
    assert secrets.learn(b"secret") == "password"
    assert secrets.learn(b"secret") == "password"
    secrets.learn_form(b"derived")
    secrets.learn_form(b"ab")
    secrets.learn(b"xyz")
    assert secrets.mask(b"a secret, derived, ab, xyz") == b"a ****, ****, ab, xyz"
    secrets(events.CommandSent(0, Command(b"XYZ tail"), b"", (4, 8)))
    assert secrets.placeholder == "{typed-1}"
    secrets(events.Closed(0, Ending.EOF))
    assert secrets.mask(b"tail") == b"****"


def test_what_is_known_to_one_connection_is_known_to_those_beside_it() -> None:
    """Whoever of them learns it, and whenever: all mask it, and give it the same name."""
    first = Secrets()
    first.learn(b"hunter22")
    second = first.beside()
    third = second.beside()
    assert second.known
    assert second.mask(b"hunter22 swordfish") == b"**** swordfish"
    assert third.learn(b"swordfish") == "password-2"
    assert second.learn(b"hunter22") == "password"
    for secrets in (first, second, third):
        assert secrets.mask(b"hunter22 swordfish") == b"**** ****"
        assert secrets.name_fragment(b"a new one") == "{typed-1}"
    apart = Secrets()
    assert not apart.known
    assert apart.learn(b"swordfish") == "password"


def test_what_is_known_before_it_travels() -> None:
    """It is hidden in every form, and named when it comes."""
    secrets = Secrets()
    secrets.hide(b'se"cret +')
    assert secrets.mask(b'a se"cret + b') == b"a **** b"
    assert secrets.mask(b'se\\"cret + se%22cret+%2B ' + b64('x:se"cret +')).count(b"****") == 3
    assert secrets.learn(b'se"cret +') == "password"
    assert secrets.blot(b'<se"cret +>') == b"<*********>"


SHORT = st.text("ab", min_size=4, max_size=7).map(str.encode)


@given(
    known=st.lists(SHORT, min_size=1, max_size=3),
    pieces=st.lists(st.text("abc", max_size=12).map(str.encode), max_size=8),
)
def test_secrets_are_blotted_wherever_the_pieces_part_them(
    known: list[bytes], pieces: list[bytes]
) -> None:
    """What is settled can be written at once: the whole is as if it had come in one piece."""
    secrets = Secrets()
    for value in known:
        secrets.learn_form(value)
    written, held = b"", b""
    for piece in pieces:
        held += piece
        end = secrets.settled(held)
        written, held = written + secrets.blot(held[:end]), held[end:]
    written += secrets.blot(held)
    whole = b"".join(pieces)
    assert written == secrets.blot(whole)
    assert len(written) == len(whole)
    assert not any(value in written for value in known)


@pytest.mark.parametrize(
    "octets, end",
    [
        (b"nothing", 7),
        (b"secret", 6),
        (b"secret, sec", 8),
        (b"my seseses", 3),  # the last `seses` may begin another one, and is part of a whole one
        (b"an xsecre", 3),  # the longer one may come
        (b"an xsecret", 3),
    ],
)
def test_what_is_settled_ends_before_a_beginning(octets: bytes, end: int) -> None:
    """The cut lies before all that may become a secret, and never inside a whole one."""
    secrets = Secrets()
    for value in (b"secret", b"seseses", b"xsecretly"):
        secrets.learn_form(value)
    assert secrets.settled(octets) == end


def test_without_a_secret_nothing_is_blotted() -> None:
    """The very same octets come back, and all of them are settled."""
    secrets, octets = Secrets(), b"any octets"
    assert not secrets.known
    assert secrets.blot(octets) is octets
    assert secrets.settled(octets) == len(octets)
