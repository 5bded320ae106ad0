"""Profiles and defaults of config.toml, from the command line on."""

from pathlib import Path

import pytest

from mailprobe.commands import talk
from mailprobe.errors import Failure
from mailprobe.protocol.model import Protocol
from mailprobe.shell.options import Options
from mailprobe.transport.target import Target, Tls

FILE = """
[defaults]
timeout = 7
[profile.work]
target = "mx.example"
protocol = "smtp"
starttls = true
ehlo = "work.example"
timeout = 9
"""


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """Variables that lead to a config.toml."""
    path = tmp_path / "mailprobe" / "config.toml"
    path.parent.mkdir()
    path.write_text(FILE)
    path.chmod(0o600)
    return {"XDG_CONFIG_HOME": str(tmp_path)}


def _options(env: dict[str, str], *argv: str) -> Options:
    return talk._options(talk.parser().parse_intermixed_args(argv), env)


def test_profile_by_its_name(env: dict[str, str]) -> None:
    """With a protocol before it or without; the session has what the profile says."""
    for argv in (["@work"], ["smtp", "@work"]):
        options = _options(env, *argv)
        assert options.target == Target(Protocol.SMTP, "mx.example", 25, Tls.STARTTLS)
        assert options.profile is not None
        settings = options.profile.settings(options.settings)
        assert (settings.hello_name, settings.timeout) == ("work.example", 9.0)


def test_command_line_counts_more(env: dict[str, str]) -> None:
    """What somebody says now is meant more than what he wrote once."""
    options = _options(env, "@work", "--ehlo", "me", "--timeout", "5", "--tls", "--ca", "/ca")
    assert options.profile is not None
    settings = options.profile.settings(options.settings)
    assert (settings.hello_name, settings.timeout, settings.tls.ca) == ("me", 5.0, "/ca")
    assert options.target == Target(Protocol.SMTP, "mx.example", 465, Tls.IMPLICIT)
    assert options.given == {"ehlo", "timeout"}


@pytest.mark.parametrize(
    "argv, sentence",
    [
        (["@play"], "no profile play"),
        (["imap", "@work"], "expected smtp TARGET"),
        (["pop3", "@work"], "for smtp, not for pop3"),
        (["smtp", "x", "@work"], "expected smtp TARGET"),
        (["@work", "--mx", "x.example"], "exclude"),
        (["@work", "--no-config"], "no profile work"),
        (["@work", "--tls", "--starttls"], "exclude"),
    ],
)
def test_what_cannot_be(env: dict[str, str], argv: list[str], sentence: str) -> None:
    """Told in a sentence, before anybody is talked to."""
    with pytest.raises(Failure, match=sentence):
        _options(env, *argv)


def test_the_file_is_not_read_where_no_profile_is_named(env: dict[str, str]) -> None:
    """A pipe, and who names a server, mean the same with it and without."""
    (Path(env["XDG_CONFIG_HOME"]) / "mailprobe" / "config.toml").write_text("nonsense")
    options = _options(env, "smtp", "mx.example")
    assert options.settings.timeout == 60.0
    assert options.profile is None
