"""config.toml, as a person at a terminal meets it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.terminal.harness import Person, Server

pytestmark = pytest.mark.terminal

Sit = Callable[..., Person]
Serve = Callable[[Callable[[Server], None]], Server]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """Write a config.toml; returns the variables that lead to it."""

    def write(text: str) -> dict[str, str]:
        path = tmp_path / "mailprobe" / "config.toml"
        path.parent.mkdir()
        path.write_text(text)
        path.chmod(0o600)
        return {"XDG_CONFIG_HOME": str(tmp_path)}

    return write


def pop3(server: Server) -> None:
    server.say("+OK pop3.example")
    server.answer({b"CAPA": "+OK\r\nSASL PLAIN\r\n.", b"AUTH": "+OK", b"QUIT": "+OK"})


def test_defaults_and_a_profile(sit: Sit, serve: Serve, write, tmp_path: Path, mode: str) -> None:
    """/set shows the defaults; the profile gives target, user and password, which nobody sees."""
    server = serve(pop3)
    secret = tmp_path / "secret"
    secret.write_text("hunter2\n")
    secret.chmod(0o600)
    env = write(
        '[defaults]\ntimeout = 17\nehlo = "me.example"\n'
        f'[profile.here]\ntarget = "{server.target}"\nprotocol = "pop3"\nuser = "alice"\n'
        f'password_file = "{secret}"\n'
    )
    person = sit(mode=mode, env=env)
    person.prompted("mailprobe> ")
    person.enter("/set")
    person.sees("17 s")
    person.sees("me.example")
    person.enter("/connect @here")
    person.prompted("pop3:auth> ")
    person.enter("/auth plain")
    person.prompted("pop3:trans> ")
    assert server.received == [b"AUTH PLAIN AGFsaWNlAGh1bnRlcjI=\r\n"]
    for form in (b"hunter2", b"AGFsaWNlAGh1bnRlcjI="):
        assert form not in person.output


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("[defaults]\ntimeot = 1\n", "defaults.timeot: unknown key"),
        ('[defaults]\ncolor = "pink"\n', "defaults.color: color is auto, always or never"),
        ('[profile.x]\ntarget = "a"\npassword = "hunter2"\n', "password_file"),
    ],
)
def test_what_is_wrong_ends_the_start(sit: Sit, write, text: str, sentence: str) -> None:
    """Status 2 and a sentence; --no-config starts all the same."""
    env = write(text)
    person = sit(env=env, columns=200)
    assert person.ended() == 2
    assert sentence in person.screen
    assert "hunter2" not in person.screen
    person = sit("--no-config", env=env)
    person.prompted("mailprobe> ")
