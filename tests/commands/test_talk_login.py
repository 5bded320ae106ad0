"""--auth and what belongs to it: a login before the script, its secret never on argv."""

import os
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from mailprobe.commands import talk
from mailprobe.errors import Failure
from mailprobe.sandbox.server import Sandbox
from mailprobe.shell.credentials import Credentials
from mailprobe.shell.options import Options
from tests.hostile import probe


def options(*argv: str, env: dict[str, str] | None = None) -> Options:
    return talk._options(talk.parser().parse_intermixed_args(argv), env or {})


def test_what_is_asked_for() -> None:
    """It becomes the profile of that server, and of no other."""
    argv = ("smtp", "mx.example", "--auth", "plain", "--user", "alice", "--authzid", "root")
    profile = options(*argv, "--password-env", "WORD").profile
    assert profile is not None
    assert profile.login == Credentials("plain", "alice", "root", variable="WORD")
    assert profile.user == "alice"
    assert options("smtp", "mx.example").profile is None


@pytest.mark.parametrize("env, path", [({"HOME": "/h"}, "/h/.netrc"), ({"NETRC": "/n"}, "/n")])
def test_which_netrc(env: dict[str, str], path: str) -> None:
    """The one of the person, or the one that a variable names."""
    profile = options("smtp", "mx.example", "--user", "alice", "--netrc", env=env).profile
    assert profile is not None
    assert profile.login == Credentials(user="alice", netrc=path)


@pytest.mark.parametrize(
    "argv, sentence",
    [
        (("--auth", "PLAIN", "--user", "a"), "need a target"),
        (("smtp", "x", "--auth", "XYZZY", "--user", "a"), "expected one of SCRAM-SHA-512-PLUS"),
        (("smtp", "x", "--auth", "PLAIN"), "needs --user"),
        (("smtp", "x", "--keyring"), "needs --user"),
    ],
)
def test_what_does_not_fit(argv: tuple[str, ...], sentence: str) -> None:
    """It is told before anything is connected."""
    with pytest.raises(Failure, match=sentence):
        options(*argv)


def test_who_needs_no_user() -> None:
    """The certificate says it, or nobody."""
    assert options("smtp", "x", "--auth", "EXTERNAL").profile is not None


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox({"smtp": 0, "pop3": 0}) as running:
        yield running


def run(sandbox: Sandbox, service: str, mechanism: str, *more: str, secret: str) -> probe.Result:
    """One login by the command line, and QUIT."""
    where = f"127.0.0.1:{sandbox.ports[service]}"
    login = ("--auth", mechanism, "--user", "alice", "--password-env", "WORD")
    env = {**os.environ, "WORD": secret}
    return probe.run(service, where, *login, *more, text=b"NOOP\nQUIT\n", env=env)


@pytest.mark.parametrize(
    "service, mechanism",
    [
        ("smtp", "SCRAM-SHA-512"),
        ("smtp", "LOGIN"),
        ("smtp", "OAUTHBEARER"),
        ("pop3", "PLAIN"),
        ("pop3", "XOAUTH2"),
        ("pop3", "APOP"),
    ],
)
def test_a_login_before_the_script(
    sandbox: Sandbox, service: str, mechanism: str, tmp_path: Path
) -> None:
    """Hello is said where it is needed; the secret is in no output and in no recording."""
    secret = "token-of-alice" if "OAUTH" in mechanism else "secret"
    record = tmp_path / "login.mpt"
    result = run(sandbox, service, mechanism, "--record", str(record), secret=secret)
    assert result.status == 0, result.err
    assert "S: 235 " in result.out or "S: +OK alice's maildrop" in result.out
    assert secret not in result.out.replace("secret is", "") + record.read_text()
    again = f"127.0.0.1:{sandbox.ports[service]}"
    name = "TOKEN" if "OAUTH" in mechanism else "PASSWORD"
    env = {**os.environ, f"MAILPROBE_SECRET_{name}": secret}
    replayed = probe.run("replay", str(record), "--server", again, env=env)
    assert replayed.status == 0, replayed.out + replayed.err


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256"])
def test_a_login_over_tls(sandbox: Sandbox, mechanism: str) -> None:
    """TLS is up before anything is computed, so that the login is bound to it."""
    tls = ("--starttls", "--ca", str(sandbox.ca))
    result = run(sandbox, "smtp", mechanism, *tls, secret="secret")
    assert result.status == 0, result.err
    assert result.out.index("AUTH SCRAM-SHA-512-PLUS") < result.out.index("S: 235 ")


@pytest.mark.parametrize("service", ["smtp", "pop3"])
def test_a_login_that_is_refused_ends_the_run(sandbox: Sandbox, service: str) -> None:
    """The script is not begun, unless --keep-going says so."""
    result = run(sandbox, service, "PLAIN", secret="wrong")
    assert result.ended == ("refused", 1)
    assert "C: NOOP" not in result.out
    result = run(sandbox, service, "PLAIN", "--keep-going", secret="wrong")
    assert "C: NOOP" in result.out


def test_a_token_that_is_refused(sandbox: Sandbox) -> None:
    """The reasons of the server are told in words."""
    result = run(sandbox, "smtp", "XOAUTH2", secret="expired")
    assert "# XOAUTH2: the token was refused: status 400, schemes Bearer, scope mail" in result.out
    assert result.ended == ("refused", 1)


@pytest.mark.terminal
def test_who_sits_at_a_terminal_is_asked(sandbox: Sandbox, tmp_path: Path) -> None:
    """A script in a file leaves the keyboard free; what is typed is not shown."""
    script = tmp_path / "script"
    script.write_text("QUIT\n")
    where = f"127.0.0.1:{sandbox.ports['smtp']}"
    login = ("--auth", "PLAIN", "--user", "alice", "--script", str(script), "--color", "never")
    env = {name: value for name, value in os.environ.items() if "SECRET" not in name}
    line = probe.command("smtp", where, *login)
    person = pexpect.spawn(line[0], line[1:], env=env, timeout=probe.LONG)
    person.expect_exact("secret of alice (hidden): ")
    person.sendline("secret")
    person.expect_exact("S: 235 ")
    person.expect(pexpect.EOF)
    assert b"secret" not in person.before
