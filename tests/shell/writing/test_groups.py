"""Lines that wait to go out as one write: what a rule says of them, and what is not taken."""

import pytest

from mailprobe.errors import Failure
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import SMTP
from mailprobe.shell.writing.groups import MOST, collect, wants_empty_lines
from mailprobe.shell.writing.switches import Switches


def test_lines_get_the_end_of_the_switch() -> None:
    """As it is when they are typed."""
    switches = Switches(group=[])
    assert collect(switches, SMTP, b"RSET") == ""
    switches.end = b"\n"
    assert collect(switches, SMTP, b"RSET") == ""
    assert switches.group == [b"RSET\r\n", b"RSET\n"]


def test_what_has_to_be_last_is_told_and_taken() -> None:
    """RFC 2920, section 3.1: the reply to DATA decides; nobody is kept from testing that."""
    switches = Switches(group=[])
    collect(switches, SMTP, b"DATA")
    assert "RFC 2920" in collect(switches, SMTP, b"Subject: x")
    assert collect(switches, SMTP, b"text") == ""
    assert len(switches.group or ()) == 3
    switches = Switches(group=[b"QUIT\r\n"])
    assert "RFC 2449" in collect(switches, POP3, b"NOOP")


def test_empty_lines_are_meant_behind_data() -> None:
    """Anywhere else Enter was a slip."""
    assert not wants_empty_lines(Switches(group=[b"RSET\r\n"]), SMTP)
    assert wants_empty_lines(Switches(group=[b"DATA\r\n"]), SMTP)


def test_an_answer_to_auth_is_not_taken() -> None:
    """It would be a command for everybody who shows it, and no secret."""
    switches = Switches(group=[])
    collect(switches, SMTP, b"AUTH PLAIN AGEAYg==")
    with pytest.raises(Failure, match="AUTH"):
        collect(switches, SMTP, b"aHVudGVyMg==")
    assert switches.group == [b"AUTH PLAIN AGEAYg==\r\n"]
    collect(switches, SMTP, b"NOOP")
    assert switches.logging_in


@pytest.mark.parametrize(
    "line", ["AUTH LOGIN", "auth plain", "AUTH LOGIN YQ==", "AUTH SCRAM-SHA-256 biws", "AUTH X"]
)
def test_a_login_of_several_steps_is_not_taken(line: str) -> None:
    """Its answers would be typed behind it; those that are all the same are not taken, either."""
    switches = Switches(group=[b"NOOP\r\n"])
    with pytest.raises(Failure, match="one by one.*by itself"):
        collect(switches, SMTP, line.encode())
    with pytest.raises(Failure, match="nothing hides"):
        collect(switches, SMTP, b"aHVudGVyMg==")
    assert switches.group == [b"NOOP\r\n"]
    collect(switches, SMTP, b"RSET")
    collect(switches, SMTP, b"XFOO")  # no answer any more
    assert switches.group[1:] == [b"RSET\r\n", b"XFOO\r\n"]


@pytest.mark.parametrize("line", ["AUTH EXTERNAL =", "AUTH PLAIN AGEAYg==", "AUTH", "AUTH X YQ=="])
def test_a_login_of_one_line_is_taken(line: str) -> None:
    """Nothing is asked behind it, as far as anybody knows."""
    switches = Switches(group=[])
    collect(switches, SMTP, line.encode())
    assert switches.group == [line.encode() + b"\r\n"]


def test_a_group_has_an_end() -> None:
    """So many replies are remembered."""
    switches = Switches(group=[b"NOOP\r\n"] * MOST)
    with pytest.raises(Failure, match="the most"):
        collect(switches, SMTP, b"NOOP")
