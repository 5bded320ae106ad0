"""What is served is replayed: green; and red at the line where it was made to differ."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailprobe.player.client import play
from mailprobe.player.options import Options
from mailprobe.player.playing.prepared import Prepared
from mailprobe.player.results import Result, Verdict
from mailprobe.player.secrets import Vault
from mailprobe.player.server import Server
from mailprobe.transcript.load import load, variants
from mailprobe.transcript.model import Level, Unreadable
from mailprobe.transport.link import TlsSettings
from tests.player.serving import LIMIT, line_of, options, pop3, smtp, write

SERVED = settings(max_examples=min(settings().max_examples, 200))  # each is two sessions

SECRETS = {"MAILPROBE_SECRET_PASSWORD": "pencil", "MAILPROBE_SECRET_TYPED_1": "wrong"}


def replay(
    server: Server, path: Path, *, wrong: int | None = None, level: Level | None = None
) -> list[Result]:
    """Each value of the matrix, against a server; the results."""
    transcript = load(path)
    ca = str(server.ca) if server.speaks_tls else None
    results = []
    for variant in variants(transcript.head):
        wanted = Options(
            servers={number: f"127.0.0.1:{port}" for number, port in server.ports.items()},
            level=level,
            vault=Vault(SECRETS),
            tls=TlsSettings(ca=ca),
            tags=frozenset({"intrusive"}),
            timeout=LIMIT,
        )
        prepared = Prepared(transcript, path, wanted, variant.values, wrong=wrong)
        results.append(play(prepared).result)
    return results


def both(path: Path, **more: object) -> list[tuple[Result, Result]]:
    """What the client and what the server say of each run."""
    with Server([path], options(vault=Vault(SECRETS))) as server:
        seen = replay(server, path, **more)  # type: ignore[arg-type]  # as `replay` has them
        assert not [result for result in seen if result.verdict is Verdict.ERROR], seen
        return list(zip(seen, server.join(len(seen), LIMIT), strict=True))


def green(path: Path, **more: object) -> None:
    for seen, heard in both(path, **more):
        assert seen.verdict is Verdict.PASSED, seen
        assert heard.verdict is Verdict.PASSED, line_of(heard)


# ----------------------------------------------------------------------------- one of each kind

# RFC 7677, section 3
SERVER_FIRST = (
    "cj1yT3ByTkdmd0ViZVJXZ2JORWtxTyVodllEcFdVYTJSYVRDQWZ1eEZJbGopaE5sRiRrMCxzPVcyMlphSjBTTlk3"
    "c29Fc1VFamI2Z1E9PSxpPTQwOTY="
)
SESSIONS = {
    "a mail": (
        "smtp",
        r"""
S: 220-mail
S: 220 ESMTP
C: EHLO x.example
S: 250-mail
S: 250-AUTH PLAIN LOGIN
S: 250 PIPELINING
C: MAIL FROM:<a@x.example>
C: RCPT TO:<b@x.example>
C: RCPT TO:<c@x.example>
C: DATA
S: 250 2.1.0 ok
S: 550 5.1.1 no b
S: 250 2.1.5 ok
S: 354 go
C: Subject: x
C:
C: ..dot
C= bare\n
C: .
C: QUIT
S? 250 2.x.x
S+ {}queued{}
S? 221
S@ close
""",
    ),
    "lmtp": (
        "lmtp",
        r"""
S: 220 x
C: LHLO x
S? 250
C: MAIL FROM:<a@x>
S? 250
C: RCPT TO:<b@x>
C: RCPT TO:<c@x>
S? 250
S? 250
C: DATA
S: 354 go
C: x
C: .
S~ 250 2.0.0 <b@x> {id:token=a1} saved
S: 452 4.2.2 <c@x> full
""",
    ),
    "chunks": (
        "smtp",
        r"""
S: 220 x
C: EHLO x
S? 250
C: MAIL FROM:<a@x>
S? 250
C: RCPT TO:<b@x>
S? 250
C: BDAT 5
C: abc
S? 250
C: BDAT 3
C= x\n.
C: BDAT 0 LAST
S? 250
S? 250 2.x.x
""",
    ),
    "starttls and scram": (
        "smtp",
        r"""
S: 220 x
C: EHLO x
S? 250
S+ STARTTLS
C: STARTTLS
S: 220 go
@tls version=TLSv1.{:int=3}
C: EHLO x
S? 250
S+ AUTH SCRAM-SHA-256
S- STARTTLS
C~ AUTH SCRAM-SHA-256 {=sasl("user")}
S: 334 SERVER-FIRST
C~ {=sasl}
S: 334 dj02cnJpVFJCaTIzV3BSUi93dHVwK21NaFVaVW4vZEI1bkxUSlJzamw5NUc0PQ==
C~ {=sasl}
S: 235 2.7.0 in
""",
    ),
    "a login that is bound to TLS": (
        "smtp",
        r"""
S: 220 x
C: EHLO x
S: 250-x
S: 250-AUTH SCRAM-SHA-256-PLUS XOAUTH2
S: 250 STARTTLS
C: STARTTLS
S: 220 go
@tls
C: EHLO x
S: 250-x
S: 250 AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256
C~ AUTH SCRAM-SHA-256-PLUS {=sasl("user")}
S: 334 SERVER-FIRST
C~ {=sasl}
S: 334 dj02cnJpVFJCaTIzV3BSUi93dHVwK21NaFVaVW4vZEI1bkxUSlJzamw5NUc0PQ==
C~ {=sasl}
S: 235 2.7.0 in
""",
    ),
    "who could be bound, and is not asked to": (
        "smtp",
        r"""
S: 220 x
C: EHLO x
S: 250 STARTTLS
C: STARTTLS
S: 220 go
@tls
C: EHLO x
S: 250-x
S: 250 AUTH SCRAM-SHA-256 ANONYMOUS EXTERNAL
C~ AUTH SCRAM-SHA-256 {=sasl("user")}
S: 334 SERVER-FIRST
C~ {=sasl}
S: 334 dj02cnJpVFJCaTIzV3BSUi93dHVwK21NaFVaVW4vZEI1bkxUSlJzamw5NUc0PQ==
C~ {=sasl}
S: 235 2.7.0 in
C~ AUTH ANONYMOUS {=sasl("trace")}
S: 503 5.5.1 already
C~ AUTH EXTERNAL {=sasl("user")}
S: 503 5.5.1 already
""",
    ),
    "logins by hand": (
        "smtp",
        r"""
S: 220 x
C: AUTH LOGIN
S: 334 VXNlcm5hbWU6
C~ {=sasl("alice")}
S: 334 UGFzc3dvcmQ6
C~ {typed-1}
S: 535 5.7.8 no
C: AUTH LOGIN
S: 334 VXNlcm5hbWU6
C: *
S: 501 5.7.0 given up
C: AUTH PLAIN
S\ 334\s
C~ {=sasl("alice")}
S: 235 2.7.0 in
C: QUIT
S: 221 bye
""",
    ),
    "a maildrop": (
        "pop3",
        r"""
S: +OK <1.2@x.example>
C~ APOP alice {=apop("alice")}
S: +OK
C: CAPA
S? +OK
S+ UIDL
S+ SASL {mechs=PLAIN}
S- STLS
C: LIST
S: +OK 1
S~ {n:int=1} 20
S: .
C~ RETR {n}
S: +OK
S~ Subject: {subject:text=hello}
S:
S: ..x
S\ caf\xe9\s
S: .
C: LIST 9
S: -ERR [SYS/PERM] none
C: DELE 1
S? -ERR [IN-USE]|-ERR
C: QUIT
S? +OK
""",
    ),
    "an end in the middle": (
        "smtp",
        r"""
S= 220-mail.exam
S@ flush
S= ple\r\n
S= 220 ready\n
C: EHLO x
S: 250-x
S= 250-PIPE
S@ close
""",
    ),
    "surprises": (
        "smtp",
        r"""
S: 220 x
C: NOOP
S: 250 ok
S@ after 50ms
S: 421 4.4.2 bye
S@ close
""",
    ),
    "silence": (
        "smtp",
        r"""
S: 220 x
C: DATA
S: 354 go
C: x
S@ silent 100ms
C: .
@alt a
S@ silent 50ms
S: 250 ok
@or b
S: 550 no
@end
""",
    ),
    "early": (
        "smtp",
        r"""
C: EHLO early
S? 220|554
S? 250|503
C= NO
C@ pause 50ms
C= OP\r\n
S? 250
C@ reset
""",
    ),
    "half closed": (
        "pop3",
        r"""
S: +OK
C: NOOP
C= ST
C@ close
S: +OK
S: -ERR half a line
S@ close
""",
    ),
    "raw": (
        "raw",
        r"""
S~ * OK {:any=ready}
C: a x
S* * {}
S~ a BAD {why:any=what?}
S= more>
C~ {why}
S: bye
C@ close
""",
    ),
}


@pytest.mark.parametrize("name", SESSIONS)
def test_sessions_replay_green(name: str, tmp_path: Path) -> None:
    """Both sides are content."""
    protocol, text = SESSIONS[name]
    text = text.replace("SERVER-FIRST", SERVER_FIRST)
    green(write(tmp_path, f"protocol: {protocol}\n{text}"))


@pytest.mark.parametrize("name", ["a mail", "lmtp", "a maildrop", "chunks", "raw"])
def test_sessions_replay_green_to_the_letter(name: str, tmp_path: Path) -> None:
    """`match: text` on both sides: what is said is what is written."""
    protocol, text = SESSIONS[name]
    green(write(tmp_path, f"protocol: {protocol}\nmatch: text\n{text}"))


def test_from_the_first_octet(tmp_path: Path) -> None:
    """TLS that nobody asked for."""
    green(pop3(tmp_path, "S: +OK\nC: NOOP\nS: +OK\n", "tls: implicit"))


def test_each_value_of_a_matrix(tmp_path: Path) -> None:
    """In the same order on both sides."""
    text = "S: 220 x\nC: DATA\nS: 354 go\nC= x{end}y\nC: \nC: .\nS? 250\n".replace("C: \n", "C:\n")
    green(smtp(tmp_path, text, r"matrix end: lf=\n.\n | cr=\r.\r | nul=\0"))


def test_two_connections(tmp_path: Path) -> None:
    """A mail is sent by one and fetched by another, in a round of `@poll`."""
    text = (
        "protocol: smtp\nprotocol 2: pop3\nset id: {=uuid}\n\nS? 220\nC: DATA\nS? 354\n"
        "C~ Message-ID: <{id}@x>\nC: .\nS? 250\n@poll within=9s every=1s\nS2? +OK\nC2: STAT\n"
        "S2~ +OK {last:int=1} {:int=40}\nC2~ RETR {last}\nS2? +OK\nS2+ Message-ID: <{id}@x>\n"
        "C2: QUIT\nS2? +OK\n@end\nC: QUIT\nS? 221\n"
    )
    green(write(tmp_path, text))


def test_known_mistakes(tmp_path: Path) -> None:
    """Each is a run of its own, and the lesson without any."""
    text = (
        "S: +OK\nC: NOOP\nS: +OK\n@wrong\nC~ {/(?i:count|messages)\\b.*/=COUNT}\nS? -ERR\n@end\n"
        "@wrong\nC: LIST 9\nS: -ERR none\n@end\nC: STAT\nS~ +OK {n:int=2} 9\n"
    )
    path = pop3(tmp_path, text)
    for wrong in (None, 0, 1):
        green(path, wrong=wrong)


def test_a_file_that_includes_another(tmp_path: Path) -> None:
    """Its lines here, with its settings."""
    pop3(tmp_path, "S? +OK\nC~ USER {user}\nS? +OK\n", "set user: alice", name="login.mpt")
    green(pop3(tmp_path, "@include login.mpt\nC: STAT\nS~ +OK {n:int=2} 9\n"))


def test_bodies_in_files(tmp_path: Path) -> None:
    """`C<` and `S>`, as a person means them and raw, to the letter."""
    (tmp_path / "mail.eml").write_bytes(b"Subject: x\n\n.dot\nlast")
    (tmp_path / "wire.eml").write_bytes(b"Subject: x\r\n\r\n..dot\r\n")
    for line in ("mail.eml", "raw wire.eml"):
        text = f"S: 220 x\nC: DATA\nS: 354 go\nC< {line}\nC: .\nS: 250 ok\n"
        green(smtp(tmp_path, text, "match: text"))
        text = f"S: +OK\nC: RETR 1\nS: +OK\nS> {line}\nS: .\nC: QUIT\nS: +OK\n"
        green(pop3(tmp_path, text, "match: text"))


EXAMPLES = Path(__file__).parent.parent.parent / "transcripts"


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.mpt")), ids=lambda path: path.name)
def test_what_is_shipped_can_be_served(path: Path) -> None:
    """Or the line that cannot be is told, before anybody listens."""
    Server([path], options(vault=Vault(SECRETS)))


# --------------------------------------------------------------------------------- properties

WORDS = st.text(st.sampled_from("abc xyz{}\\é<>.:@=-"), max_size=12).map(
    lambda text: text.strip() or "ok"
)
SMTP_CODES = st.sampled_from(["250", "251", "450", "451 4.2.1", "550", "553 5.1.3", "250 2.0.0"])
SMTP_COMMANDS = st.sampled_from(
    ["NOOP", "RSET", "VRFY bob", "MAIL FROM:<a@x>", "RCPT TO:<b@x>", "HELP", "EXPN x", "XYZ 1"]
)


@st.composite
def smtp_replies(draw: st.DrawFn) -> str:
    """One reply: literal, of several lines, with a sample, or a class."""
    code, *enhanced = draw(SMTP_CODES).split(" ")
    mark = "".join(f"{each} " for each in enhanced)
    text = draw(WORDS)
    match draw(st.sampled_from(["one", "many", "sample", "class"])):
        case "one":
            return f"S: {code} {mark}{text}\n"
        case "many":
            return f"S: {code}-{mark}{text}\nS: {code} {mark}{draw(WORDS)}\n"
        case "sample":
            return f"S~ {code} {mark}{{:int={draw(st.integers(0, 99))}}} x\n"
        case _:
            return f"S? {code}{''.join(f' {each}' for each in enhanced)}\n"


@st.composite
def smtp_bodies(draw: st.DrawFn) -> str:
    """Groups of commands, each in one write, and their replies."""
    parts = ["S: 220 x\nC: EHLO x\nS: 250-x\nS: 250 SIZE\n"]
    for _ in range(draw(st.integers(1, 4))):
        commands = draw(st.lists(SMTP_COMMANDS, min_size=1, max_size=4))
        parts += [f"C: {command}\n" for command in commands]
        parts += [draw(smtp_replies()) for _ in commands]
    if draw(st.booleans()):
        data = draw(st.lists(WORDS, max_size=3))
        parts += ["C: DATA\nS: 354 go\n", *(f"C: x{line}\n" for line in data), "C: .\nS? 2xx\n"]
    if draw(st.booleans()):
        parts.append("C: QUIT\nS: 221 bye\nS@ close\n")
    return "".join(parts)


@st.composite
def pop3_bodies(draw: st.DrawFn) -> str:
    """Commands of POP3, one by one or in one write."""
    parts = ["S: +OK x\n"]
    for _ in range(draw(st.integers(1, 4))):
        numbers = draw(st.lists(st.integers(1, 9), min_size=1, max_size=3))
        asked = [draw(st.sampled_from(["RETR {}", "DELE {}", "TOP {} 1", "NOOP"])) for _ in numbers]
        parts += [
            f"C: {text.format(number)}\n" for text, number in zip(asked, numbers, strict=True)
        ]
        for text in asked:
            if draw(st.booleans()):
                parts.append(f"S: -ERR {draw(WORDS)}\n")
                continue
            parts.append(f"S: +OK {draw(WORDS)}\n")
            if text.startswith(("RETR", "TOP")):
                parts += [f"S: x{line}\n" for line in draw(st.lists(WORDS, max_size=3))]
                parts.append("S: .\n")
    return "".join(parts)


@SERVED
@given(smtp_bodies())
def test_any_smtp_session_replays_green(
    tmp_path_factory: pytest.TempPathFactory, body: str
) -> None:
    """Lines that are literal or have samples can be said, and are what they say."""
    green(smtp(tmp_path_factory.getbasetemp(), body, name="property.mpt"))


@SERVED
@given(pop3_bodies())
def test_any_pop3_session_replays_green(
    tmp_path_factory: pytest.TempPathFactory, body: str
) -> None:
    """The same in POP3."""
    green(pop3(tmp_path_factory.getbasetemp(), body, name="property.mpt"))


@SERVED
@given(smtp_bodies(), st.data())
def test_one_digit_of_a_reply_code(
    tmp_path_factory: pytest.TempPathFactory, body: str, data: st.DataObject
) -> None:
    """The server plays the file with one digit changed: red at that line."""
    folder = tmp_path_factory.getbasetemp()
    lines = body.split("\n")
    codes = [
        number
        for number, line in enumerate(lines)
        if line.startswith(("S: ", "S~ ")) and line[6:7] in " "
    ]
    at = data.draw(st.sampled_from(codes))
    digit = lines[at][5]
    other = data.draw(st.sampled_from([each for each in "0123456789" if each != digit]))
    changed = [*lines[:at], lines[at][:5] + other + lines[at][6:], *lines[at + 1 :]]
    path = smtp(folder, body, name="property.mpt")
    served = smtp(folder, "\n".join(changed), name="served.mpt")
    try:
        server = Server([served])
    except Unreadable as failure:  # no mail data is opened: each of its lines is owed a reply
        assert lines[at].startswith("S: 354")
        assert "the server owes a reply to" in failure.reason
        return
    with server:
        (seen,) = replay(server, path)
    assert seen.verdict is Verdict.FAILED
    assert seen.problem is not None
    assert seen.problem.place is not None
    # a reply of several lines whose last code changes may be told at any of its lines
    first = at
    while lines[first - 1].startswith("S: ") and lines[first - 1][6:7] == "-":
        first -= 1
    assert first + 4 <= seen.problem.place.line <= at + 4


def test_a_copy_is_left_as_it_was(tmp_path: Path) -> None:
    """To serve a file writes nothing beside it."""
    path = smtp(tmp_path / "", "S: 220 x\n")
    before = sorted(tmp_path.iterdir())
    green(path)
    assert sorted(tmp_path.iterdir()) == before
    shutil.rmtree(tmp_path)
