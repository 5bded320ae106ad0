"""@tls, tls: implicit, and what must not happen before and in a handshake."""

import ssl
from collections.abc import Sequence
from pathlib import Path

import pytest
import trustme

from mailprobe.errors import Word
from mailprobe.player.options import Options
from mailprobe.transport.link import TlsSettings
from mailprobe.transport.tls import server_context
from tests.hostile import server as at
from tests.hostile.server import Step
from tests.player.scenes import against, passed, problem

GREETING = at.send(b"220 mx\r\n")
CA = trustme.CA()
HELLO = "S: 220 mx\nC: EHLO x\nS? 250\n"


@pytest.fixture(autouse=True)
def _ca(tmp_path: Path) -> None:
    CA.cert_pem.write_to_path(str(tmp_path / "ca.pem"))


def context(*names: str) -> ssl.SSLContext:
    made = server_context()
    CA.issue_cert(*(names or ("127.0.0.1",))).configure_cert(made)
    return made


def upgrading(*after: Step, injected: bytes = b"") -> Sequence[Step]:
    return (
        GREETING,
        at.expect(b"EHLO"),
        at.send(b"250-mx\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"),
        at.expect(b"STARTTLS"),
        at.send(b"220 go\r\n" + injected),
        *(after or (at.start_tls(context()), at.answer({b"QUIT": b"221 bye\r\n"}))),
    )


UPGRADE = HELLO + "C: STARTTLS\nS: 220 go\n@tls{}\nC: EHLO x\nS? 250\n@assert tls == yes\n"


def test_an_upgrade(tmp_path: Path) -> None:
    """The certificate is checked against the CA of the file, the version is captured."""
    lines = UPGRADE.format(" version=TLSv1.{minor:int=3} verify=on") + "@assert minor >= 2\n"
    result, heard = against(tmp_path, upgrading(), lines, header="ca: ca.pem")
    passed(result)
    assert b"STARTTLS\r\n" in heard


def test_another_version(tmp_path: Path) -> None:
    """It is checked, and the one that was agreed on is told."""
    result, _ = against(
        tmp_path, upgrading(), UPGRADE.format(" version=SSLv3"), header="ca: ca.pem"
    )
    assert "TLSv1." in problem(result, Word.MISMATCH, 6).sentence


def test_a_certificate_that_nobody_signed(tmp_path: Path) -> None:
    """Verification is the default; verify=off counts on loopback."""
    result, _ = against(tmp_path, upgrading(), UPGRADE.format(""))
    problem(result, Word.TLS, 6)
    passed(against(tmp_path, upgrading(), UPGRADE.format(" verify=off"))[0])
    passed(
        against(tmp_path, upgrading(), UPGRADE.format(""), Options(tls=TlsSettings(verify=False)))[
            0
        ]
    )
    result, _ = against(
        tmp_path, upgrading(), UPGRADE.format(" verify=on"), Options(tls=TlsSettings(verify=False))
    )
    problem(result, Word.TLS, 6)


def test_the_recording_of_a_handshake_that_failed(tmp_path: Path) -> None:
    """It is red as long as the handshake fails, and green when that has been mended."""
    lines = (
        HELLO
        + "C: STARTTLS\nS: 220 go\n@tls\n# incomplete: tls: the certificate is bad\nC@ close\n"
    )
    result, _ = against(tmp_path, upgrading(), lines)
    problem(result, Word.TLS, 6)
    passed(against(tmp_path, upgrading(), lines, header="ca: ca.pem")[0])


def test_the_ca_of_the_command_line(tmp_path: Path) -> None:
    """It is trusted where the file names none."""
    options = Options(tls=TlsSettings(str(tmp_path / "ca.pem")))
    passed(against(tmp_path, upgrading(), UPGRADE.format(""), options)[0])


@pytest.mark.parametrize("injected", [b"250 injected\r\n", b"x"])
def test_text_between_go_ahead_and_handshake(tmp_path: Path, injected: bytes) -> None:
    """One byte is enough: security, and no octet of TLS is sent."""
    result, heard = against(
        tmp_path, upgrading(injected=injected), UPGRADE.format(""), header="ca: ca.pem"
    )
    problem(result, Word.SECURITY)
    assert heard.endswith(b"STARTTLS\r\n")


def test_injected_text_is_no_greeting_over_tls(tmp_path: Path) -> None:
    """Text that comes in the place of the handshake."""
    steps = upgrading(at.pause(0.1), at.send(b"250 injected\r\n"))
    result, _ = against(tmp_path, steps, UPGRADE.format(""), header="ca: ca.pem")
    problem(result, Word.SECURITY, 6)


def test_a_go_ahead_without_tls_in_the_file(tmp_path: Path) -> None:
    """The next C line would go in the clear: it does not."""
    lines = HELLO + "C: STARTTLS\nS? 454|220\nC: EHLO x\nS? 250\n"
    result, heard = against(tmp_path, upgrading(at.stall), lines)
    assert "@tls" in problem(result, Word.MISMATCH, 6).sentence
    assert heard.endswith(b"STARTTLS\r\n")


def test_a_handshake_without_go_ahead(tmp_path: Path) -> None:
    """The server has refused, or nobody has asked."""
    steps = [*upgrading()[:4], at.send(b"454 later\r\n")]
    lines = HELLO + "C: STARTTLS\nS? 220|454\n@tls\n"
    problem(against(tmp_path, steps, lines)[0], Word.MISMATCH, 6)


def test_commands_behind_starttls_are_owed_nothing(tmp_path: Path) -> None:
    """They were written in the same write."""
    steps = upgrading()
    lines = UPGRADE.format(" verify=off").replace("C: STARTTLS\n", "C: STARTTLS\nC: NOOP\n")
    steps = [*steps[:4], at.expect(b"NOOP"), *steps[4:]]
    passed(against(tmp_path, steps, lines)[0])


def test_tls_from_the_first_octet(tmp_path: Path) -> None:
    """A plain server is told apart from one without a certificate."""
    steps = [at.start_tls(context()), *at.smtp()]
    header = "tls: implicit\nca: ca.pem"
    passed(against(tmp_path, steps, HELLO + "@assert tls contains TLSv1\n", header=header)[0])
    problem(against(tmp_path, steps, HELLO, header="tls: implicit")[0], Word.TLS, 1)
    problem(against(tmp_path, at.smtp(), HELLO, header=header)[0], Word.TLS, 1)


def test_what_was_offered_before_and_is_not_any_more(tmp_path: Path) -> None:
    """The hint knows the line."""
    lines = UPGRADE.format(" verify=off") + "S+ AUTH PLAIN\n"
    lines = lines.replace("@assert tls == yes\n", "")
    steps = upgrading(
        at.start_tls(context()), at.answer({b"EHLO": b"250 mx\r\n", b"QUIT": b"221 bye\r\n"})
    )
    said = problem(against(tmp_path, steps, lines)[0], Word.MISMATCH, 9)
    assert said.hint == "AUTH was offered before TLS (line 12) but not after it."


def test_a_cut_under_tls_is_a_close(tmp_path: Path) -> None:
    """Without close_notify the octets end all the same."""
    steps = [at.start_tls(context()), GREETING, at.pause(0.1), at.cut_tls]
    passed(against(tmp_path, steps, "S: 220 mx\nS@ close\n", header="tls: implicit\nca: ca.pem")[0])
