"""`serve` refuses a line that it cannot say, with its position, before anybody listens."""

import base64
from pathlib import Path

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.player.secrets import Vault
from mailprobe.player.server import Server
from mailprobe.transcript.model import Level, Unreadable
from tests.player.serving import Client, options, pop3, smtp, verdict_of, write

SCRAM = (
    "S: 220 x\nC~ AUTH SCRAM-SHA-256 {{=sasl}}\nS: 334 {challenge}\nC~ {{=sasl}}\n"
    "S: 334 dj14\nC~ {{=sasl}}\nS: 235 ok\n"
)


def scram(first: str) -> str:
    return SCRAM.format(challenge=base64.b64encode(first.encode()).decode())


@pytest.mark.parametrize(
    "text, place, sentence",
    [
        ("S~ 220 {id}\n", "5:8", "{id} has no value here, and no sample to be sent"),
        ("S~ 220 {:int}\n", "5:8", "a placeholder has no sample to be sent"),
        ("S? 220\nS+ {:int}\n", "6:4", "a placeholder has no sample to be sent"),
        ("S? 220\nS+ a\nS- a\n", "7:4", "does not fit the file"),
        ("S: 220 x\nS- x\n", "6:4", "does not fit the file"),
        ("S: 220 x\nS+ y\n", "6:4", "does not fit the file"),
        ("S? 220\nS+ {=sasl}\n", "6:4", "{=sasl} stands for a message of the client"),
        (
            "S: 220 x\nC: STARTTLS\nS: 220 go\n@tls version=TLSv1.2\nC: NOOP\nS: 250 x\n",
            "8:1",
            "serve speaks TLSv1.3 here, and not TLSv1.2",
        ),
        ("S: 220 x\nC: HELP\nS> none.txt\n", "7:1", "S> holds the body"),
        ("S: 220 x\nC~ VRFY {a}{b}\nS: 252 x\n", "6:12", "two wildcards side by side"),
        ("S: 220 x\nC~ AUTH PLAIN {a}{b}\nS: 235 x\n", "6:18", "two wildcards side by side"),
        ("S: 220 x\nC: NOOP\nC: RSET\nS: 250 one\n", "7:1", "the server owes a reply to RSET"),
        ("S: 220 x\nC: NOOP\n@poll within=1s every=1s\nC2: QUIT\n@end\n", "8:1", "a greeting"),
        ("S: 220 x\n@wrong\nC: HELP\n@end\nC: NOOP\nS: 250\n", "7:1", "a reply to HELP"),
        (scram("r=abc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"), "6:4", "the secret {password} is not"),
    ],
)
def test_what_cannot_be_said(text: str, place: str, sentence: str, tmp_path: Path) -> None:
    """The file, line and column of it."""
    file = smtp(tmp_path, text, "protocol 2: smtp")
    with pytest.raises(Unreadable) as caught:
        Server([file])
    assert str(caught.value.place).startswith(f"{file}:{place}")
    assert sentence in caught.value.reason


@pytest.mark.parametrize(
    "first, sentence",
    [
        ("nothing", "tells salt (s=) and count (i=)"),
        ("r=abc,s=W22ZaJ0SNY7soEsUEjb6gQ,i=4096", "the recorded salt (s=) is no base64"),
        ("r=abc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1", "SCRAM-SHA-256 cannot use"),
    ],
)
def test_a_login_that_cannot_be_played(first: str, sentence: str, tmp_path: Path) -> None:
    """SCRAM is spoken live with the recorded salt and count."""
    vault = Vault({"MAILPROBE_SECRET_PASSWORD": "secret"})
    with pytest.raises(Unreadable, match="5:4") as caught:
        Server([smtp(tmp_path, scram(first))], options(vault=vault))
    assert sentence in caught.value.reason


def test_files_of_the_folder_and_no_others(tmp_path: Path) -> None:
    """`S>` is looked for before anybody comes; `@include` too."""
    for path, sentence in (("none.eml", "no such file"), ("/etc/passwd", "outside of the")):
        text = f"S: +OK\nC: RETR 1\nS: +OK\nS> {path}\nS: .\n"
        with pytest.raises(Unreadable, match="7:1") as caught:
            Server([pop3(tmp_path, text)])
        assert sentence in caught.value.reason
    file = smtp(tmp_path, "S: 220 x\nC: DATA\nS: 354 go\nC< none.eml\nC: .\nS: 250 ok\n")
    Server([file])  # nobody compares it
    with pytest.raises(Unreadable, match="7:1"):
        Server([file], options(level=Level.TEXT))
    with pytest.raises(Failure, match="no such file"):
        Server([pop3(tmp_path, "@include none.mpt\n")])


def test_what_is_no_transcript(tmp_path: Path) -> None:
    """The words of the reader; and nothing at all."""
    with pytest.raises(Unreadable):
        Server([smtp(tmp_path, "X: 220\n")])
    with pytest.raises(Failure) as caught:
        Server([tmp_path / "none.mpt"])
    assert caught.value.word is Word.USAGE
    with pytest.raises(Failure) as caught:
        Server([])
    assert caught.value.word is Word.USAGE


def test_anything_may_be_nothing(tmp_path: Path) -> None:
    """`{}` has no sample, and needs none."""
    file = smtp(tmp_path, "S~ 220 {}ready{:any}\nC: NOOP\nS? 250\nS+ {}queued{}\n")
    with Server([file]) as server, Client(server.ports[1]) as client:
        client.say("NOOP\r\nQUIT")
        assert client.rest() == b"220 ready\r\n250 queued\r\n221 2.0.0 bye\r\n"
        assert verdict_of(server) == "note: file.mpt passed"


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """All ports are given back then; connection 2 has the one behind that of connection 1."""
    text = "protocol: smtp\nprotocol 2: smtp\n\nS: 220 x\nS2: 220 y\n"
    file = write(tmp_path, text)
    with Server([file]) as first:
        port = first.ports[2]
        with pytest.raises(Failure) as caught:
            Server([file], options(port=port - 1)).start()
        assert caught.value.word is Word.CONNECT


def test_the_practice_ca_is_there_while_we_serve(tmp_path: Path) -> None:
    """And no longer; with a certificate of one's own there is none."""
    server = Server([smtp(tmp_path, "S: 220 x\n")])
    with pytest.raises(Failure, match="practice CA"):
        _ = server.ca
    with server:
        ca = server.ca
        assert ca.read_bytes().startswith(b"-----BEGIN CERTIFICATE")
    assert not ca.exists()
    server.stop()


def test_a_certificate_of_no_use(tmp_path: Path) -> None:
    """Before anybody listens."""
    none = options(certificate=str(tmp_path / "none.pem"))
    with pytest.raises(Failure) as caught, Server([smtp(tmp_path, "S: 220 x\n")], none):
        pass
    assert caught.value.word is Word.USAGE
