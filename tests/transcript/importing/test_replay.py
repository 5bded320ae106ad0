"""What was imported plays: against the server that the sample came from, and as that server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailprobe.transcript.importing.convert import convert
from tests.hostile import probe

SAMPLES = Path(__file__).parent / "samples"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[dict[str, str]]:
    """A sandbox in a process of its own: what it has printed, by name."""
    with probe.Live("sandbox", "--print-ports") as live:
        said = {}
        while (line := live.line()) != "READY":
            assert line, live.finish().err  # it has ended
            name, _, value = line.partition("=")
            said[name] = value
        yield said


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, service, password",
    [
        ("swaks-starttls", "SUBMISSION", "secret"),
        ("swaks-login-tls", "SUBMISSIONS", "another"),
        ("swaks-pipeline", "SMTP", "secret"),
        ("swaks-lmtp", "LMTP", "secret"),
        ("curl-smtp", "SUBMISSION", "secret"),
        ("curl-pop3", "POP3", "secret"),
        ("curl-pop3s", "POP3S", "secret"),
        ("curl-trace-ascii", "SUBMISSION", "secret"),
        ("curl-trace", "POP3", "secret"),
        ("s_client-smtps", "SUBMISSIONS", "secret"),
        ("s_client-starttls-smtp", "SUBMISSION", "secret"),
        ("s_client-starttls-pop3", "POP3", "secret"),
        ("s_client-quiet", "POP3S", "secret"),
    ],
)
def test_a_sample_replays(
    name: str, service: str, password: str, sandbox: dict[str, str], tmp_path: Path
) -> None:
    """The same server says the same again."""
    path = tmp_path / f"{name}.mpt"
    path.write_bytes(convert((SAMPLES / f"{name}.txt").read_bytes()))
    # What was said over TLS that nobody had verified asks for the same again.
    trust = ("--no-verify",) if name == "s_client-starttls-pop3" else ("--ca", sandbox["CA"])
    played = probe.run(
        *("replay", path, "--server", sandbox[service], *trust),
        env={"MAILPROBE_SECRET_PASSWORD": password},
    )
    assert played.status == 0, played


def test_the_page_is_served_and_replayed(tmp_path: Path) -> None:
    """A session of 2006, to the letter."""
    path = tmp_path / "page.mpt"
    path.write_bytes(convert((SAMPLES / "terminal-2007.txt").read_bytes()))
    with probe.Live("serve", str(path), "--once", "--print-port") as live:
        port = live.line()
        played = probe.run(
            *("replay", path, "--server", f"127.0.0.1:{port}", "--match", "text"),
            env={"MAILPROBE_SECRET_PASSWORD": "password"},
        )
    assert played.status == 0, played
