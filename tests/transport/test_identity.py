"""Our own certificate: files that are of use, and sentences about those that are not."""

import os
import ssl
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from mailprobe.errors import Failure, Word
from mailprobe.transport.identity import ClientCertificate

CA = trustme.CA()
PASSPHRASE = "open Sesame"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """A certificate, its key, the same key encrypted, another key, and all in one file."""
    issued, other = CA.issue_cert("alice@example.test"), CA.issue_cert("bob@example.test")
    key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
    encrypted = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(PASSPHRASE.encode()),
    )
    contents = {
        "cert": issued.cert_chain_pems[0].bytes(),
        "key": issued.private_key_pem.bytes(),
        "locked": encrypted,
        "other": other.private_key_pem.bytes(),
        "both": issued.private_key_and_cert_chain_pem.bytes(),
    }
    for name, octets in contents.items():
        (tmp_path / name).write_bytes(octets)
    return {name: str(tmp_path / name) for name in (*contents, "missing")}


def context() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.mark.parametrize("certificate, key", [("cert", "key"), ("both", None)])
def test_files_of_use(files: dict[str, str], certificate: str, key: str | None) -> None:
    """The key stands in a file of its own, or with the certificate; nobody is asked."""
    identity = ClientCertificate(files[certificate], key and files[key])
    identity.unlock(lambda prompt: pytest.fail("asked"))
    identity.load_into(context())


def test_an_encrypted_key_is_asked_for_once(files: dict[str, str]) -> None:
    """It is opened for every link behind that, and what was said is in no repr."""
    prompts: list[str] = []

    def ask(prompt: str) -> str:
        prompts.append(prompt)
        return PASSPHRASE

    identity = ClientCertificate(files["cert"], files["locked"])
    identity.unlock()  # nobody is there: it stays locked
    with pytest.raises(Failure, match="encrypted, and nobody has said"):
        identity.load_into(context())
    identity.unlock(ask)
    identity.unlock(ask)
    identity.load_into(context())
    assert prompts == [f"Passphrase of {files['locked']}: "]
    assert PASSPHRASE not in repr(identity)


@pytest.mark.parametrize("said", [None, "", "wrong", "x" * 5000])
def test_no_passphrase_that_fits(files: dict[str, str], said: str | None) -> None:
    """A usage failure that does not hold what was said; the next one may be right."""
    identity = ClientCertificate(files["cert"], files["locked"])
    with pytest.raises(Failure, match="passphrase") as caught:
        identity.unlock(lambda prompt: said)
    assert caught.value.word is Word.USAGE
    assert not said or said not in caught.value.sentence


def test_another_try_after_a_wrong_passphrase(files: dict[str, str]) -> None:
    """A slip is not remembered."""
    identity = ClientCertificate(files["cert"], files["locked"])
    with pytest.raises(Failure, match="does not open"):
        identity.unlock(lambda prompt: "wrong")
    identity.unlock(lambda prompt: PASSPHRASE)
    identity.load_into(context())


@pytest.mark.parametrize(
    "certificate, key, said",
    [
        ("cert", "other", "the key is not that of the certificate"),
        ("cert", None, "its key \\(or --key FILE\\)"),
        ("key", "key", "expected a certificate and a key"),
        ("missing", None, "No such file"),
        ("cert", "missing", "No such file"),
    ],
)
def test_files_of_no_use(
    files: dict[str, str], certificate: str, key: str | None, said: str
) -> None:
    """A usage failure that names the option and what is wrong."""
    with pytest.raises(Failure, match=f"--cert .*{said}") as caught:
        ClientCertificate(files[certificate], key and files[key]).unlock()
    assert caught.value.word is Word.USAGE


@pytest.mark.parametrize("path", ["/no\0thing", "/no\x1bthing"])
def test_odd_paths(path: str) -> None:
    """No traceback, and nothing raw."""
    with pytest.raises(Failure) as caught:
        ClientCertificate(path).unlock()
    assert caught.value.sentence.isprintable()


def test_a_pipe_is_left_alone(tmp_path: Path) -> None:
    """As `--cert <(...)` gives it: it can be read but once."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    ClientCertificate(str(path)).unlock(lambda prompt: pytest.fail("asked"))
