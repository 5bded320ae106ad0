"""The command line: options, standard streams, signals, exit statuses, and the sandbox's lines."""

import argparse
import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailprobe import cli, session
from mailprobe.commands import arguments, talk
from mailprobe.errors import ExitStatus
from mailprobe.version import VERSION
from tests.commands.inside import inside
from tests.hostile import probe
from tests.hostile.server import ScriptedServer, answer, expect, pop3, send, smtp, stall

SERVICES = ["SMTP", "SUBMISSION", "SUBMISSIONS", "LMTP", "POP3", "POP3S"]
OPTIONS = (
    "--mx --tls --starttls --ca --no-verify --insecure-auth --ehlo --dns --record --script "
    "--keep-going --timeout --max-time --max-line --max-reply --max-body --max-body-line --color "
    "--plain -4 -6"
)


# ------------------------------------------------------------------------------- what is written


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_the_version(option: str) -> None:
    """One line on standard output."""
    result = probe.run(option)
    assert (result.status, result.out, result.err) == (0, f"mailprobe {VERSION}\n", "")


@pytest.mark.parametrize("option", OPTIONS.split(" "))
def test_help_names_every_option(option: str) -> None:
    """With a word about each of them."""
    help_text = talk.parser().format_help()
    assert re.search(
        rf"^  {re.escape(option)}\b.*(\n {{20,}})?\s+\w{{2,}}", help_text, re.MULTILINE
    )


@pytest.mark.parametrize("arguments", [("--help",), ("sandbox", "--help")])
def test_help_goes_to_standard_output(arguments: tuple[str, ...]) -> None:
    """And is no failure."""
    result = probe.run(*arguments)
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith("usage: mailprobe")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--bogus",),
        ("--bogus\x1b[2J",),
        ("smtp",),
        ("smtp", "a", "b"),
        ("imap", "host"),
        ("host",),
        ("smtp", "pop3://host"),
        ("pop3", "smtps://host"),
        ("lmtp", "smtp://host"),
        ("smtp", "gopher://host"),
        ("smtp", "smtp://user:secret@host"),
        ("smtp", "smtp://host/path"),
        ("smtp", "host:0x19"),
        ("smtp", "host:99999"),
        ("smtp", "ho st"),
        ("smtp", "host\n"),
        ("smtp", "unix:relative"),
        ("smtp", ""),
        ("smtp", "[::1"),
        ("smtp", "host", "--mx", "example.test"),
        ("smtp", "host", "--tls", "--starttls"),
        ("smtp", "smtps://host", "--starttls"),
        ("--starttls",),
        ("--tls",),
        ("smtp", "host", "--timeout", "soon"),
        ("smtp", "host", "--timeout", "0"),
        ("smtp", "host", "--timeout", "-1"),
        ("smtp", "host", "--timeout", "nan"),
        ("smtp", "host", "--max-time", "1h"),
        ("smtp", "host", "--max-line", "0"),
        ("smtp", "host", "--max-reply", "1T"),
        ("smtp", "host", "--max-body", "much"),
        ("smtp", "host", "--color", "red"),
        ("smtp", "host", "--ehlo", "a b"),
        ("smtp", "host", "--ehlo", "a\nQUIT"),
        ("smtp", "host", "--ehlo", ""),
        ("smtp", "host", "--dns", "no address"),
        ("smtp", "host", "-4", "-6"),
        ("smtp", "host", "--script"),
        ("smtp", "host", "--keep"),
        ("lmtp", "sandbox", "--tls"),
        ("smtp", "127.0.0.1:1", "--record", "/no/such/folder/x"),
        ("sandbox", "--smtp", "http"),
        ("sandbox", "--smtp", "70000"),
        ("sandbox", "--bogus"),
        ("sandbox", "here"),
        ("sandbox", "--fault", "tarpt"),
        ("smtp", "sandbox+tarpt"),
    ],
)
def test_mistakes_in_the_command_line(arguments: tuple[str, ...]) -> None:
    """One line, word `usage`, status 2, before anything is connected; no password repeated."""
    result = run_inside(*arguments)
    assert result.ended == ("usage", 2)
    assert result.out == ""
    assert result.err.count("\n") == 1
    assert "secret" not in result.err


@pytest.mark.parametrize(
    "line, sentence",
    [
        ("smtp host --timeout -1", "argument --timeout: -1 is no time: write 5, 500ms, 2s or 3m"),
        ("smtp host --max-line -.5K", "argument --max-line: -.5K is no size: write 512, 64K or 1M"),
        ("sandbox --smtp -1", "argument --smtp: -1 is no port: 0 to 65535"),
        ("smtp host --timeout -4", "argument --timeout: expected one argument"),
        ("smtp host --timeout", "argument --timeout: expected one argument"),
        ("smtp -- --timeout -1", "expected smtp TARGET, "),
    ],
)
def test_a_number_below_zero_is_a_value(line: str, sentence: str) -> None:
    """It is what is wrong, not missing; -4 and -6 are options."""
    assert f"usage: {sentence}" in run_inside(*line.split()).err


def test_a_mistake_is_spelled_once() -> None:
    """What is not printable is escaped, and the escape is not escaped again."""
    told = run_inside("smtp", "host", "--ehlo", "a\nb\\c").err
    assert "argument --ehlo: a\\nb\\\\c is no name" in told


def run_inside(*arguments: str) -> probe.Result:
    """`cli.main` in this process: quicker than a process each, where nothing is connected."""
    out: list[str] = []
    err: list[str] = []

    class Stream:
        def __init__(self, kept: list[str]) -> None:
            self.write = kept.append

        def flush(self) -> None:
            pass

        def isatty(self) -> bool:
            return False

    with pytest.MonkeyPatch.context() as patch, Path(os.devnull).open() as nothing:
        patch.setattr("sys.stdin", nothing)
        patch.setattr("sys.stdout", Stream(out))
        patch.setattr("sys.stderr", Stream(err))
        status = cli.main(list(arguments), dict(os.environ))
    said, told = (probe.decode("".join(kept).encode()) for kept in (out, err))
    return probe.Result(status, said, told)


# --------------------------------------------------------------------------------- the arguments


@pytest.mark.parametrize(
    "text, seconds",
    [("5", 5.0), ("0.5", 0.5), ("500ms", 0.5), ("2s", 2.0), ("3m", 180.0), ("1.5m", 90.0)],
)
def test_times(text: str, seconds: float) -> None:
    """Seconds, or a number with its unit."""
    assert arguments.duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "s", "1 s", "1h", "-1", "0", "0ms", "1e3", "inf", "٣", "1s\n"]
)
def test_what_is_no_time(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(argparse.ArgumentTypeError):
        arguments.duration(text)


@pytest.mark.parametrize(
    "text, octets",
    [("1", 1), ("512", 512), ("64K", 65536), ("64k", 65536), ("1M", 1 << 20), ("2G", 1 << 31)],
)
def test_sizes(text: str, octets: int) -> None:
    """Octets, or a number with its unit."""
    assert arguments.size(text) == octets


@pytest.mark.parametrize("text", ["", "K", "1.5M", "-1", "0", "0K", "1KB", "1T", "٣", "9" * 5000])
def test_what_is_no_size(text: str) -> None:
    """Nothing is guessed here either."""
    with pytest.raises(argparse.ArgumentTypeError):
        arguments.size(text)


@pytest.mark.parametrize("order", [("--keep-going", "smtp"), ("smtp", "--keep-going")])
def test_options_stand_anywhere(order: tuple[str, str]) -> None:
    """Before the protocol, between, or behind the target."""
    with ScriptedServer(*smtp()) as server:
        result = probe.run(*order, f"127.0.0.1:{server.port}", text=b"QUIT\n")
    assert (result.status, result.err) == (0, "")


@pytest.mark.parametrize("option, other", [("-4", "[::1]"), ("-6", "127.0.0.1")])
def test_one_family_alone(option: str, other: str) -> None:
    """An address of the other one is a mistake; a name is looked up in this one."""
    assert run_inside("smtp", f"{other}:1", option).ended == ("usage", 2)
    with ScriptedServer(*smtp()) as server:
        result = probe.run("smtp", f"localhost:{server.port}", option, text=b"QUIT\n")
    assert result.status == (0 if option == "-4" else 4)


def test_ipv6() -> None:
    """A target in brackets."""
    try:
        server = ScriptedServer(*smtp(), host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with server:
        assert probe.run("smtp", f"[::1]:{server.port}", text=b"QUIT\n").status == 0


@pytest.mark.parametrize("place", ["silent", "input", "quit", "tls"])
def test_max_time_bounds_the_run(place: str) -> None:
    """Waiting for a greeting, for our own input, for the reply to QUIT, for a handshake."""
    steps = () if place in ("silent", "tls") else (send(b"220 mx\r\n"),)
    more = ["--tls"] if place == "tls" else []
    with (
        ScriptedServer(*steps, stall) as server,
        probe.Live(
            "smtp", f"127.0.0.1:{server.port}", "--timeout", "10m", "--max-time", "600ms", *more
        ) as live,
    ):
        if place == "quit":
            live.write(b"QUIT\n")
        assert live.process.wait(probe.LONG) == 4
        result = live.finish()
    assert result.ended == ("timeout", 4)
    assert "--max-time" in result.err or place == "tls"


# ------------------------------------------------------------------------------------- secrets


@pytest.mark.parametrize(
    "script, protocol, text",
    [
        (pop3(), "pop3", b"USER a\nPASS secret\nQUIT\n"),
        (smtp(), "smtp", b"AUTH PLAIN AGEAc2VjcmV0\n"),
        (
            (send(b"220 x\r\n"), expect(b"AUTH"), send(b"334 \r\n"), stall),
            "smtp",
            b"AUTH X\nsecret\n",
        ),
    ],
)
@pytest.mark.parametrize("option", [[], ["--insecure-auth"]])
def test_a_credential_in_the_clear(
    script: tuple[Callable[..., None], ...],
    protocol: str,
    text: bytes,
    option: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """To a host that is not loopback it does not leave, unless one asked for that."""
    monkeypatch.setattr(session, "_LOOPBACK", ())
    path = tmp_path / "script"
    path.write_bytes(text)
    with ScriptedServer(*script) as server:
        result = run_inside(
            protocol,
            *(f"127.0.0.1:{server.port}", "--timeout", "300ms", "--script", str(path), *option),
        )
        gone = b"secret" in server.heard or b"c2VjcmV0" in server.heard
    assert gone is bool(option)
    assert (result.ended == ("security", 4)) is not bool(option)


# --------------------------------------------------------------------------- streams and signals


def test_a_reader_that_has_seen_enough() -> None:
    """`| head -1` ends the run quietly."""
    big = b"+OK\r\n" + b"x" * 70 + b"\r\n"
    reading, writing = os.pipe()
    with ScriptedServer(send(b"+OK mx\r\n"), answer({}, default=big * 50_000)) as server:
        with probe.Live("pop3", f"127.0.0.1:{server.port}", stdout=writing) as live:
            os.close(writing)
            assert os.read(reading, 1) == b"S"
            os.close(reading)
            live.write(b"NOOP\n")
            result = live.finish()
    assert (result.status, result.err) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full to write to")
def test_an_output_that_takes_nothing() -> None:
    """Said once, on the other stream."""
    with ScriptedServer(*smtp()) as server, Path("/dev/full").open("wb") as full:
        with probe.Live("smtp", f"127.0.0.1:{server.port}", stdout=full.fileno()) as live:
            assert live.finish().ended == ("usage", 2)


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_a_stream_that_was_closed_before(closed: int) -> None:
    """`<&-`, `>&-`, `2>&-`: what goes there is lost, and that is all."""
    with ScriptedServer(*smtp()) as server:
        line = probe.command("smtp", f"127.0.0.1:{server.port}")
        shell = f'exec "$@" {closed}{"<" if not closed else ">"}&-'
        done = subprocess.run(
            ["sh", "-c", shell, "sh", *line], input=b"QUIT\n", capture_output=True, timeout=60
        )
        assert server.heard == (b"" if closed == 0 else b"QUIT\r\n")
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr + done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("waiting", ["for input", "for a reply", "for a greeting"])
def test_a_signal_ends_the_run(number: int, waiting: str, tmp_path: Path) -> None:
    """Status 130, no traceback, and a recording that is whole as far as it goes."""
    path = tmp_path / "session.mpt"
    steps = () if waiting == "for a greeting" else (send(b"220 mx\r\n"),)
    with (
        ScriptedServer(*steps, stall) as server,
        probe.Live("smtp", f"127.0.0.1:{server.port}", "--record", path) as live,
    ):
        if steps:
            assert live.line() == "S: 220 mx"
        else:
            _wait_for(lambda: path.exists() and b"connect:" in path.read_bytes())
        if waiting == "for a reply":
            live.write(b"NOOP\n")
            assert live.line() == "C: NOOP"
        live.process.send_signal(number)
        assert live.process.wait(probe.LONG) == ExitStatus.INTERRUPTED
        assert live.finish().err == ""
    text = path.read_text()
    assert text.startswith("mailprobe: 1\n")
    assert text.endswith("C@ close\n") or not steps  # there may not have been a link yet


def _wait_for(ready: Callable[[], bool]) -> None:
    """Look until it is so; the run's own watchdog ends this when it never is."""
    for _ in range(10_000_000):
        if ready():
            return
    raise AssertionError("it never was")


@pytest.mark.parametrize("locale", ["C", "POSIX", "C.UTF-8"])
def test_any_locale_shows_any_reply(locale: str) -> None:
    """A reply in UTF-8 under a locale that has none."""
    with ScriptedServer(send("220 é 恭喜\r\n".encode()), answer({b"QUIT": b"221 x\r\n"})) as server:
        result = probe.smtp(
            server.port,
            text=b"QUIT\n",
            env={"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        )
    assert (result.status, result.err) == (0, "")


# ----------------------------------------------------------------------------------- the sandbox


@pytest.fixture
def start() -> Iterator[Callable[..., tuple[probe.Live, dict[str, str]]]]:
    """Start a sandbox; gives it and what it has printed."""
    started = []

    def start(*arguments: str | Path) -> tuple[probe.Live, dict[str, str]]:
        live = probe.Live("sandbox", *arguments)
        started.append(live)
        said = {}
        while (line := live.line()) not in ("READY", ""):
            name, _, value = line.partition("=")
            said[name] = value
        assert line == "READY"
        return live, said

    yield start
    for live in started:
        live.__exit__()


def test_a_profile_of_the_sandbox(
    start: Callable[..., tuple[probe.Live, dict[str, str]]],
) -> None:
    """The name server comes before READY, and what is played is told apart from that."""
    live, said = start("--profile", "mx", "--deterministic")
    assert list(said) == [*SERVICES, "DNS", "CA"]
    port = said["SMTP"].rpartition(":")[2]
    target = ("smtp", f"mx2.example.test:{port}", "--dns", said["DNS"])
    result = probe.run(*target, text=b"QUIT\n")
    assert result.out.startswith("S: 220 mx2.example.test ESMTP ")
    live.process.send_signal(signal.SIGTERM)
    ended = live.finish()
    assert "note: mx: the hosts of a small zone" in ended.err
    assert f"note: mx1.example.test takes mail at 127.0.0.11:{port}" in ended.err


def test_the_sandbox_says_where_it_listens(
    start: Callable[..., tuple[probe.Live, dict[str, str]]],
) -> None:
    """All services, one a line, then the CA; with --print-ports nothing else, ever."""
    live, said = start("--print-ports")
    assert list(said) == [*SERVICES, "CA"]
    for service in SERVICES:
        host, _, port = said[service].partition(":")
        assert host == "127.0.0.1"
        socket.create_connection((host, int(port))).close()
    assert Path(said["CA"]).read_text().startswith("-----BEGIN CERTIFICATE-----")
    result = probe.run(
        "pop3",
        *(said["POP3S"], "--tls", "--ca", said["CA"]),
        text=b"USER alice\nPASS secret\nSTAT\nQUIT\n",
    )
    assert (result.status, result.err) == (0, "")
    assert "S: +OK 4 " in result.out
    live.process.send_signal(signal.SIGTERM)
    ended = live.finish()
    assert (ended.status, ended.out, ended.err) == (0, "", "")


def test_the_list_of_faults() -> None:
    """`--fault help` lists them and starts nothing; in the language of the locale."""
    for locale, word in (("C", "the link is reset"), ("zh_CN.UTF-8", "灰名单")):
        result = inside("sandbox", "--fault", "help", env={"LC_ALL": locale})
        assert (result.status, result.err) == (0, "")
        assert word in result.out


def test_a_sandbox_with_faults(
    start: Callable[..., tuple[probe.Live, dict[str, str]]],
) -> None:
    """Several of them, by one option or by two."""
    _, said = start("--smtp", "0", "--fault", "no-enhanced,bare-lf@2", "--fault", "mail-530")
    port = said["SMTP"].rpartition(":")[2]
    result = probe.smtp(int(port), text=b"NOOP\nHELO x\nMAIL FROM:<>\nQUIT\n")
    assert result.ended == ("refused", 1)
    assert "S: 250 Here I am\n" in result.out
    assert "S: 530 Log in first\n" in result.out


def test_only_named_services_start(
    start: Callable[..., tuple[probe.Live, dict[str, str]]],
) -> None:
    """0 is any free port, another number that one; Ctrl-C is the way to end it.

    Its notes name everybody who may log in.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    live, said = start("--lmtp", str(number), "--smtp", "0", "--profile", "muse")
    assert list(said) == ["SMTP", "LMTP", "CA"]
    assert said["LMTP"] == f"127.0.0.1:{number}"
    live.process.send_signal(signal.SIGINT)
    ended = live.finish()
    assert (ended.status, ended.out) == (0, "")
    assert ended.err.startswith("note: muse: MuseMail 3.5")
    assert "alice (secret), bob (builder), mrose (tanstaaf) at example.test" in ended.err


def test_a_port_that_is_taken() -> None:
    """Word `connect`."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        result = probe.run("sandbox", "--smtp", str(taken.getsockname()[1]))
    assert result.ended == ("connect", 4)


def test_the_maildrops_stay_in_their_folder(
    start: Callable[..., tuple[probe.Live, dict[str, str]]], tmp_path: Path
) -> None:
    """--dir: what one sandbox took, the next one shows; samples only where it made the folder."""
    folder = tmp_path / "mail"
    mail = b"EHLO x\nMAIL FROM:<a@x.example>\nRCPT TO:<bob@example.test>\nDATA\nhello\n.\nQUIT\n"
    live, said = start("--dir", folder, "--print-ports")
    assert probe.run("smtp", said["SMTP"], text=mail).status == 0
    live.process.send_signal(signal.SIGTERM)
    assert live.finish().status == 0
    assert sorted(path.name for path in folder.iterdir())[:2] == ["alice", "bob"]
    _, said = start("--dir", folder, "--print-ports")
    text = b"USER bob\nPASS builder\nSTAT\nQUIT\n"
    assert "S: +OK 1 " in probe.run("pop3", said["POP3"], text=text).out
    text = b"USER alice\nPASS secret\nSTAT\nQUIT\n"
    assert "S: +OK 4 " in probe.run("pop3", said["POP3"], text=text).out


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    """A file stands there."""
    file = tmp_path / "file"
    file.write_text("")
    assert probe.run("sandbox", "--dir", file).ended == ("usage", 2)


def test_readme_s_first_command_without_a_terminal() -> None:
    """It shows the greeting, closes, and ends 0."""
    result = probe.run("pop3", "sandbox")
    assert result.status == 0
    assert result.out.startswith("S: +OK ")
    assert result.err == "note: the input ended without QUIT; the connection was closed\n"
