"""Where a secret is found: each place, what is wrong with it, and that no sentence holds it."""

import sys
import types
from pathlib import Path

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.shell.credentials import Credentials

HOST = "mx.example"


def private(path: Path, text: str, mode: int = 0o600) -> str:
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def test_another_user_s_secret_is_not_taken() -> None:
    """What the command line says is for the user whom it names."""
    credentials = Credentials(user="alice", variable="WORD")
    assert credentials.secret_of("alice", HOST, {"WORD": "x"}) == "x"
    assert credentials.secret_of("bob", HOST, {"WORD": "x"}) is None
    assert Credentials(user="alice").secret_of("alice", HOST, {}) is None


def test_a_file(tmp_path: Path) -> None:
    """One line, for us alone."""
    path = private(tmp_path / "secret", "hunter2\n")
    credentials = Credentials(user="alice", password_file=path, variable="WORD")
    assert credentials.secret_of("alice", HOST, {"WORD": "x"}) == "hunter2"
    Path(path).chmod(0o644)
    with pytest.raises(Failure, match="chmod 600"):
        credentials.secret_of("alice", HOST, {})


@pytest.mark.parametrize("env", [{}, {"WORD": ""}, {"WORD": "hunter2\r"}, {"WORD": "hunter2\n"}])
def test_a_variable(env: dict[str, str]) -> None:
    """It has to hold one line."""
    with pytest.raises(Failure, match="WORD must hold one line") as caught:
        Credentials(user="alice", variable="WORD").secret_of("alice", HOST, env)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "text, found",
    [
        ("machine mx.example login alice password hunter2\n", "hunter2"),
        ("machine mx.example password hunter2\n", "hunter2"),
        ("machine other.example login alice password x\ndefault login alice password y\n", "y"),
        ("machine mx.example login bob password hunter2\n", None),
        ("machine other.example login alice password hunter2\n", None),
        ("machine mx.example login alice\n", None),
        ("machine mx.example hunter2\n", None),
    ],
)
def test_netrc(tmp_path: Path, text: str, found: str | None) -> None:
    """By the name of the host; the password of another user is not taken, and none is told."""
    credentials = Credentials(user="alice", netrc=private(tmp_path / "netrc", text))
    if found is not None:
        assert credentials.secret_of("alice", HOST, {}) == found
        return
    with pytest.raises(Failure) as caught:
        credentials.secret_of("alice", HOST, {})
    assert caught.value.word is Word.USAGE
    assert "hunter2" not in str(caught.value)


def test_a_netrc_that_others_read(tmp_path: Path) -> None:
    """It is not looked into; nor is one that is not there."""
    path = private(tmp_path / "netrc", "machine mx.example login alice password x\n", 0o640)
    for each in (path, str(tmp_path / "none")):
        with pytest.raises(Failure) as caught:
            Credentials(user="alice", netrc=each).secret_of("alice", HOST, {})
        assert caught.value.word is Word.USAGE


def test_no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is an extra."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(Failure, match=r"mailprobe\[keyring\]"):
        Credentials(user="alice", keyring=True).secret_of("alice", HOST, {})


def test_a_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its service is the host; what it cannot do is told."""
    errors = types.ModuleType("keyring.errors")
    errors.KeyringError = RuntimeError  # type: ignore[attr-defined]
    keyring = types.ModuleType("keyring")
    kept = {(HOST, "alice"): "hunter2"}

    def get_password(service: str, user: str) -> str | None:
        if service == "locked":
            raise RuntimeError("locked\x1b")
        return kept.get((service, user))

    keyring.get_password = get_password  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    credentials = Credentials(user="alice", keyring=True)
    assert credentials.secret_of("alice", HOST, {}) == "hunter2"
    for host, sentence in (("other", "has no password"), ("locked", "cannot be asked")):
        with pytest.raises(Failure, match=sentence) as caught:
            credentials.secret_of("alice", host, {})
        assert str(caught.value).isprintable()
