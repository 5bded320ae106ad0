"""config.toml: data that is believed where it is well-formed and ours, and told where it is not."""

from pathlib import Path

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.protocol.model import Protocol
from mailprobe.session import Settings
from mailprobe.shell.config import Config, Profile, config_of, config_path, read_config
from mailprobe.shell.options import Options
from mailprobe.transport.target import Target, Tls

WHOLE = """
[defaults]
timeout = 30
ehlo = "me.example"
color = "never"
plain = true
keys = "vi"
reveal = false

[profile.work]
target = "mx.example:587"
protocol = "smtp"
starttls = true
ca = "/ca.pem"
ehlo = "work.example"
user = "alice"
password_file = "/secret"
timeout = "500ms"

[profile.url]
target = "pop3s://mx.example"

[profile.bare]
target = "mx.example"
"""


@pytest.fixture
def write(tmp_path: Path):
    """Write a config.toml; returns the variables that lead to it."""

    def write(text: str | bytes, mode: int = 0o600) -> dict[str, str]:
        folder = tmp_path / "mailprobe"
        folder.mkdir(exist_ok=True)
        path = folder / "config.toml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        path.chmod(mode)
        return {"XDG_CONFIG_HOME": str(tmp_path)}

    return write


def _wrong(env: dict[str, str]) -> str:
    with pytest.raises(Failure) as caught:
        read_config(env)
    assert caught.value.word is Word.USAGE
    assert "config.toml: " in caught.value.sentence
    return caught.value.sentence


def test_the_whole_file(write) -> None:
    """Defaults as /set takes them, and profiles with all that they may say."""
    config = read_config(write(WHOLE))
    assert config.plain
    assert config.defaults == {
        "timeout": "30", "ehlo": "me.example", "color": "never", "keys": "vi", "reveal": "off",
    }  # fmt: skip
    assert list(config.profiles) == ["work", "url", "bare"]
    work = config.profile("work")
    assert work.target_for(None) == Target(Protocol.SMTP, "mx.example", 587, Tls.STARTTLS)
    changed = work.settings(Settings(timeout=60, hello_name="me.example"))
    assert (changed.timeout, changed.hello_name, changed.tls.ca) == (0.5, "work.example", "/ca.pem")
    assert config.profile("url").target_for(None).protocol is Protocol.POP3
    assert config.profile("bare").target_for(Protocol.LMTP).port == 24
    assert config.profile("bare").settings(Settings()) == Settings()


def test_no_file_says_nothing(tmp_path: Path) -> None:
    """Neither does one whose place nobody knows."""
    assert read_config({"XDG_CONFIG_HOME": str(tmp_path)}) == Config()
    assert read_config({}) == Config()


def test_its_place() -> None:
    """A relative XDG_CONFIG_HOME is to be ignored, says the XDG specification."""
    assert config_path({"XDG_CONFIG_HOME": "/x", "HOME": "/h"}) == "/x/mailprobe/config.toml"
    for env in ({"XDG_CONFIG_HOME": "x", "HOME": "/h"}, {"HOME": "/h"}):
        assert config_path(env) == "/h/.config/mailprobe/config.toml"


def test_it_can_be_left_alone(write) -> None:
    """--no-config reads nothing, not even what is wrong."""
    env = write("nonsense")
    assert config_of(Options(env=env, with_config=False)) == Config()
    with pytest.raises(Failure, match="no TOML"):
        config_of(Options(env=env))


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("x = 1", "x: unknown key; known are defaults, profile"),
        ("defaults = 1", "defaults: this is a table"),
        ("[defaults]\ntimeot = 1", "defaults.timeot: unknown key; known are plain, timeout"),
        ('[defaults]\nplain = "yes"', "defaults.plain: this is true or false"),
        ("[defaults]\nehlo = []", "defaults.ehlo: this is text"),
        ("profile = 1", "profile: this is a table"),
        ("[profile]\nwork = 1", "profile.work: this is a table"),
        ("[profile.work]", "profile.work: a target is missing"),
        ('[profile."a b"]', "profile.a b: a name is"),
        ("[profile.work]\ntarget = 1", "profile.work.target: this is text"),
        ('[profile.work]\ntarget = ""', "profile.work.target: this is text"),
        ('[profile.work]\ntarget = "a\\nb"', "profile.work.target: this is text"),
        ('[profile.work]\ntarget = "a b"', "profile.work: a blank or control character"),
        ('[profile.work]\ntarget = "a"\nprotocol = "imap"', "protocol: this is one of"),
        ('[profile.work]\ntarget = "a"\nprotocol = 1', "protocol: this is one of"),
        ('[profile.work]\ntarget = "a"\ntls = 1', "profile.work.tls: this is true or false"),
        ('[profile.work]\ntarget = "a"\ntimeout = true', "timeout: this is a time"),
        ('[profile.work]\ntarget = "a"\ntimeout = 0', "timeout: this is a time"),
        ('[profile.work]\ntarget = "a"\nhost = "b"', "profile.work.host: unknown key"),
        ("a = [", "this is no TOML"),
        (b"a = \xff", "this is no TOML"),
    ],
)
def test_what_is_wrong_is_told_with_its_key(write, text: str | bytes, sentence: str) -> None:
    """Nothing is passed over: a key that is misspelt would have no effect."""
    assert sentence in _wrong(write(text))


@pytest.mark.parametrize("key", ["password", "PASS", "secret", "api_token", "pwd", "my-key"])
def test_secrets_are_refused(write, key: str) -> None:
    """A password in a file of settings is copied along with it; the value is not repeated."""
    sentence = _wrong(write(f'[profile.work]\ntarget = "a"\n{key} = "hunter2"'))
    assert "no secret belongs into this file: password_file" in sentence
    assert "hunter2" not in sentence


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_refused(write, mode: int) -> None:
    """It says where passwords go."""
    with pytest.raises(Failure, match="chmod go-w"):
        read_config(write(WHOLE, mode))


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    """A folder, and what is too large."""
    (tmp_path / "mailprobe" / "config.toml").mkdir(parents=True)
    with pytest.raises(Failure, match="cannot read"):
        read_config({"XDG_CONFIG_HOME": str(tmp_path)})


def test_a_large_file_is_refused(write) -> None:
    """Nobody writes so much."""
    with pytest.raises(Failure, match="larger"):
        read_config(write("#" * 300_000))


def test_a_profile_that_is_not_there() -> None:
    """The sentence names those that are."""
    with pytest.raises(Failure, match="has a, b"):
        Config("c.toml", profiles={"a": Profile("a"), "b": Profile("b")}).profile("c")
    with pytest.raises(Failure, match="not there"):
        Config().profile("c")


def test_the_secret_of_a_profile(tmp_path: Path) -> None:
    """It is in a file of its own, for one user."""
    path = tmp_path / "secret"
    path.write_text("hunter2\n")
    path.chmod(0o600)
    profile = Profile("work", "mx.example", user="alice", password_file=str(path))
    assert profile.secret_of("alice") == "hunter2"
    assert profile.secret_of("bob") is None
    assert Profile("work", "mx.example", user="alice").secret_of("alice") is None
    path.chmod(0o644)
    with pytest.raises(Failure, match="chmod 600"):
        profile.secret_of("alice")


@pytest.mark.parametrize(
    "table, tls",
    [
        ("", Tls.STARTTLS),
        ("starttls = true", Tls.STARTTLS),
        ("tls = true", Tls.IMPLICIT),
    ],
)
def test_a_profile_has_the_tls_of_the_command_line(write, table: str, tls: Tls) -> None:
    """Where it does not say itself how TLS begins."""
    env = write(f'[profile.work]\nprotocol = "smtp"\ntarget = "h"\n{table}')
    assert read_config(env).profile("work").target_for(None, Tls.STARTTLS).tls is tls
