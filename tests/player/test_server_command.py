"""`mailprobe serve` as a process: what it prints, and its exit status."""

import signal
from pathlib import Path

import pytest

from tests.hostile import probe
from tests.player.serving import Client, pop3, smtp, write

FILE = "S: 220 x\nC: NOOP\nS: 250 ok\nC: QUIT\nS: 221 bye\n"


def port_of(line: str) -> int:
    return int(line.rpartition(":")[2])


@pytest.mark.parametrize(
    "command, status, told",
    [
        ("NOOP", 0, "note: file.mpt passed\n"),
        ("RSET", 1, 'mailprobe: mismatch: {file}:5:4: expected "NOOP", got "RSET"\n'),
    ],
)
def test_once(command: str, status: int, told: str, tmp_path: Path) -> None:
    """The exit status is that of the session."""
    file = smtp(tmp_path, FILE)
    with probe.Live("serve", file, "--once") as live:
        first, ready = live.lines(2)
        assert first.startswith("SMTP=127.0.0.1:")
        assert ready == "READY"
        with Client(port_of(first)) as client:
            client.line()
            client.ask(command)
            assert client.ask("QUIT").startswith("221")
        done = live.finish()
        assert (done.status, done.out) == (status, "")
        assert done.err == told.format(file=file)


def test_ports_and_nothing_else(tmp_path: Path) -> None:
    """One a line, that of connection 1 first; then the practice CA, if it is asked for."""
    file = write(tmp_path, "protocol: smtp\nprotocol 2: pop3\n\nS: 220 x\nS2: +OK y\n")
    with probe.Live("serve", file, "--print-port", "--print-ca", "--listen", "[::1]:0") as live:
        one, two, ca = live.lines(3)
        assert one.isdigit()
        assert two.isdigit()
        assert Path(ca).read_bytes().startswith(b"-----BEGIN CERTIFICATE")
        live.process.send_signal(signal.SIGINT)
        done = live.finish()
        assert (done.status, done.out, done.err) == (0, "", "")


def test_until_a_signal(tmp_path: Path) -> None:
    """Each client has its line; the status tells whether one has strayed."""
    one = smtp(tmp_path, FILE, "tls: none")
    two = pop3(tmp_path, "S: +OK\nC: STLS\nS: +OK\n@tls\nC: NOOP\nS: +OK\n", name="two.mpt")
    with probe.Live("serve", one, two) as live:
        first, ca, ready = live.lines(3)
        assert (first[:5], ca[:3], ready) == ("SMTP=", "CA=", "READY")
        for greeting, says, verdict in (
            ("220 x", "NOOP\r\nQUIT", "note: "),
            ("+OK", "NOOP\r\nQUIT", "mailprobe: mismatch: "),
            ("220 x", "", "mailprobe: mismatch: "),
        ):
            with Client(port_of(first)) as client:
                assert client.line() == greeting
                if says:
                    client.say(says)
                    client.rest()
            assert live.error_line().startswith(verdict)
        live.process.send_signal(signal.SIGTERM)
        assert live.finish().status == 1


def test_once_and_nobody_came(tmp_path: Path) -> None:
    """Nothing ran; a client that was still there is no verdict."""
    with probe.Live("serve", smtp(tmp_path, FILE), "--once") as live:
        first, _ = live.lines(2)
        with Client(port_of(first)) as client:
            client.line()
            live.process.send_signal(signal.SIGINT)
            done = live.finish()
        assert (done.status, done.err) == (5, "note: file.mpt: the server was stopped\n")


def test_elsewhere_than_loopback_is_told(tmp_path: Path) -> None:
    """A warning."""
    with probe.Live("serve", smtp(tmp_path, FILE), "--listen", "0.0.0.0:0") as live:
        assert live.lines(2)[1] == "READY"
        live.process.send_signal(signal.SIGINT)
        done = live.finish()
        assert done.status == 0
        assert done.err.startswith("warning: 0.0.0.0 is no loopback address: ")


def test_secrets_and_values(tmp_path: Path) -> None:
    """From a private file, and from the command line; no secret is told."""
    secret = tmp_path / "secret"
    secret.write_text("sesame\n")
    secret.chmod(0o600)
    file = pop3(tmp_path, "S: +OK\nC~ USER {user}\nS: +OK\nC~ PASS {password}\nS~ +OK {user}\n")
    arguments = ("--set", "user=ann", "--secret-file", f"password={secret}")
    with probe.Live("serve", file, "--once", *arguments) as live:
        first, _ = live.lines(2)
        with Client(port_of(first)) as client:
            client.line()
            assert client.ask("USER bob").startswith("-ERR")
            assert client.ask("USER ann") == "+OK"
            assert client.ask("PASS opensesame").startswith("-ERR")
            assert client.ask("PASS sesame") == "+OK ann"
            client.ask("QUIT")
        done = live.finish()
        assert done.status == 1
        assert "sesame" not in done.err


@pytest.mark.parametrize(
    "arguments, status",
    [
        (("--listen", "nowhere"), 2),
        (("--listen", "127.0.0.1:99999"), 2),
        (("--key", "x.pem"), 2),
        (("--cert", "x.pem", "--print-ca"), 2),
        (("--cert", "none.pem"), 2),
        (("--set", "X"), 2),
        (("--set", "x=1", "--set", "x=2"), 2),
        (("--set", "x=a\nb"), 2),
        (("--match", "some"), 2),
        (("none.mpt",), 2),
    ],
)
def test_mistakes(arguments: tuple[str, ...], status: int, tmp_path: Path) -> None:
    """One line, and a status."""
    done = probe.run("serve", smtp(tmp_path, FILE), *arguments)
    assert (done.status, done.out) == (status, "")
    assert done.words == ["usage"]


def test_what_cannot_be_said(tmp_path: Path) -> None:
    """Its position, before anybody listens."""
    file = smtp(tmp_path, "S~ 220 {id}\n")
    done = probe.run("serve", file)
    assert (done.status, done.out) == (3, "")
    assert done.err.startswith(f"mailprobe: syntax: {file}:4:8: ")
