"""Options about TLS: what a command line makes of them, and what it refuses."""

from pathlib import Path

import pytest
import trustme

from mailprobe.commands import replay_options, talk
from mailprobe.errors import Failure, Word
from mailprobe.shell.options import Options
from mailprobe.transport.link import TlsSettings

FILE = """
[defaults]
tls-min = "1.3"
[profile.work]
target = "mx.example:587"
protocol = "smtp"
cert = "~/own.pem"
key = "~/own.key"
tls_min = "1.2"
tls_max = "1.2"
sni = "mail.example"
"""


def options(*argv: str, env: dict[str, str] | None = None) -> Options:
    asked = talk.parser().parse_intermixed_args(["smtp", "x", *argv] if env is None else argv)
    return talk._options(asked, env or {})


def test_the_usual() -> None:
    """Nothing is said: TLS 1.2 at least, verified."""
    assert options().settings.tls == TlsSettings()


def test_all_of_them() -> None:
    """Each has its field."""
    tls = options(
        *(
            "--tls-min",
            "1.0",
            "--tls-max",
            "1.2",
            "--tls-ciphers",
            "DEFAULT",
            "--sni",
            "MX.example",
        ),
        *("--alpn", "smtp,pop3", "--keylog", "/k", "--cert", "/c", "--key", "/p", "--ca", "/ca"),
    ).settings.tls
    assert (tls.minimum, tls.maximum, tls.ciphers) == ("1.0", "1.2", "DEFAULT")
    assert (tls.name, tls.alpn, tls.key_log, tls.ca) == (
        "MX.example",
        ("smtp", "pop3"),
        "/k",
        "/ca",
    )
    assert tls.identity is not None
    assert (tls.identity.certificate, tls.identity.key) == ("/c", "/p")


@pytest.mark.parametrize(
    "argv, said",
    [
        (("--key", "/p"), "give --cert FILE, too"),
        (("--tls-min", "1.4"), "--tls-min"),
        (("--sni", "a b"), "blank or control character"),
        (("--sni", "mx.example:25"), "not a host name"),
        (("--alpn", "a,,b"), "between commas"),
        (("--alpn", "x" * 256), "between commas"),
    ],
)
def test_what_is_refused(argv: tuple[str, ...], said: str) -> None:
    """A usage failure that says what is wrong."""
    with pytest.raises(Failure, match=said) as caught:
        options(*argv)
    assert caught.value.word is Word.USAGE


@pytest.mark.parametrize("name", ["192.0.2.1", "2001:db8::1", "mx.example", "b\u00fccher.example"])
def test_names_that_may_be_asked_for(name: str) -> None:
    """Addresses, too; what is not ASCII in A-labels."""
    found = options("--sni", name).settings.tls.name
    assert found == {"b\u00fccher.example": "xn--bcher-kva.example"}.get(name, name)


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "mailprobe" / "config.toml"
    path.parent.mkdir()
    path.write_text(FILE)
    path.chmod(0o600)
    return {"XDG_CONFIG_HOME": str(tmp_path)}


def test_a_profile_has_its_own(env: dict[str, str]) -> None:
    """Whoever names it gets them; what the command line says counts more."""
    found = options("@work", env=env)
    assert found.profile is not None
    tls = found.profile.settings(found.settings).tls
    assert (tls.minimum, tls.maximum, tls.name) == ("1.2", "1.2", "mail.example")
    assert tls.identity is not None
    assert tls.identity.certificate.endswith("/own.pem")
    assert tls.identity.key is not None
    assert tls.identity.key.endswith("/own.key")
    words = ("--tls-min", "1.0", "--tls-max", "1.3", "--sni", "x", "--cert", "/c")
    found = options("@work", *words, env=env)
    assert found.profile is not None
    tls = found.profile.settings(found.settings).tls
    assert (tls.minimum, tls.maximum, tls.name) == ("1.0", "1.3", "x")
    assert tls.identity is not None
    assert (tls.identity.certificate, tls.identity.key) == ("/c", None)
    assert {"tls-min", "tls-max", "sni"} <= found.given


@pytest.mark.parametrize(
    "line, said",
    [
        ('tls_min = "1.4"', '"1.0", "1.1"'),
        ("tls_max = 1.2", '"1.0", "1.1"'),
        ('sni = "a b"', "blank"),
        ('key = "/k"', "the key of a cert"),
    ],
)
def test_a_profile_that_cannot_be(env: dict[str, str], line: str, said: str) -> None:
    """With file and key."""
    path = Path(env["XDG_CONFIG_HOME"]) / "mailprobe" / "config.toml"
    path.write_text(f'[profile.x]\nprotocol = "smtp"\ntarget = "x"\n{line}\n')
    with pytest.raises(Failure, match=f"config.toml: profile.x.*{said}"):
        options("@x", env=env)


def test_a_replay_has_those_of_trust(tmp_path: Path) -> None:
    """A client certificate and the versions; the passphrase is a secret of the run."""
    path = tmp_path / "own.pem"
    issued = trustme.CA().issue_cert("alice@example.test")
    path.write_bytes(issued.private_key_and_cert_chain_pem.bytes())
    words = ["x.mpt", "--cert", str(path), "--tls-max", "1.2", "--no-verify"]
    asked = replay_options.parser().parse_intermixed_args(words)
    found = replay_options.options_of(asked, {}, -1, None)
    assert found.tls.identity is not None
    assert (found.tls.identity.certificate, found.tls.maximum) == (str(path), "1.2")
    assert not found.tls.verify


def test_a_replay_with_a_certificate_of_no_use() -> None:
    """Told before anything is played."""
    asked = replay_options.parser().parse_intermixed_args(["x.mpt", "--cert", "/nowhere"])
    with pytest.raises(Failure, match="--cert /nowhere"):
        replay_options.options_of(asked, {}, -1, None)
