"""--lint and /lint in a pipe: what is reported, how the run ends, and the probe without input."""

import pytest

from tests.hostile import probe
from tests.hostile.server import ScriptedServer, close, expect, pop3, send, smtp

GREETING = send(b"220 mx.example\r\n")


def linted(out: str) -> list[str]:
    return [line for line in out.splitlines() if line.startswith("# lint: ")]


def test_what_was_found_is_reported_at_the_end() -> None:
    """One line each, with place, RFC and count; the run fails by `mismatch`."""
    with ScriptedServer(*smtp({b"NOOP": b"250\r\n", b"RSET": b"251 x\n"})) as server:
        result = probe.smtp(server.port, "--lint", text=b"NOOP\nNOOP\nRSET\nQUIT\n")
    assert linted(result.out) == [
        (
            "# lint: reply to NOOP, line 1: a reply code with nothing behind it: 250 "
            "(RFC 5321, section 4.2), 2 times"
        ),
        (
            "# lint: reply to RSET: a success that this command does not have: 251 to RSET "
            "(RFC 5321, section 4.1.1.5)"
        ),
        "# lint: reply to RSET: bare LF (RFC 5321, section 2.3.8)",
    ]
    assert result.ended == ("mismatch", 1)
    assert "3 deviations" in result.err


def test_nothing_found() -> None:
    """The run ends as it would without."""
    with ScriptedServer(*smtp()) as server:
        result = probe.smtp(server.port, "--lint", text=b"NOOP\nQUIT\n")
    assert linted(result.out) == ["# lint: nothing found"]
    assert (result.ended, result.err) == (("", 0), "")


@pytest.mark.parametrize(
    "protocol, said",
    [("smtp", [b"EHLO [127.0.0.1]"]), ("lmtp", [b"LHLO [127.0.0.1]"]), ("pop3", [b"CAPA"])],
)
def test_without_input_it_says_hello_and_goodbye(protocol: str, said: list[bytes]) -> None:
    """A harmless question, and QUIT; a file without a line is no input, either."""
    script = pop3({b"CAPA": b"+OK\r\nTOP\r\n.\r\n"}) if protocol == "pop3" else smtp()
    with ScriptedServer(*script) as server:
        result = probe.run(protocol, f"127.0.0.1:{server.port}", "--lint")
        assert server.heard_lines == [*said, b"QUIT"]
    assert "ended without QUIT" not in result.err
    with ScriptedServer(*smtp()) as server:
        probe.smtp(server.port, text=b"")
        assert server.heard_lines == []


def test_a_harder_failure_wins() -> None:
    """What was found is reported all the same."""
    with ScriptedServer(send(b"220 ***\r\n"), expect(b"NOOP"), close) as server:
        result = probe.smtp(server.port, "--lint", text=b"NOOP\nQUIT\n")
    assert result.ended == ("eof", 4)
    assert [line.partition(":")[2].split(":")[0] for line in linted(result.out)] == [
        " the greeting, line 1",
        " the end",
    ]
    with ScriptedServer(*smtp({b"RSET": b"502 5.5.1 no\r\n"})) as server:
        result = probe.smtp(server.port, "--lint", "--keep-going", text=b"RSET\nQUIT\n")
    assert (result.ended, len(linted(result.out))) == (("refused", 1), 1)


def test_a_probe_that_is_refused() -> None:
    """A server that takes no mail now is asked nothing more."""
    with ScriptedServer(send(b"554 no\r\n"), expect(b"QUIT"), send(b"221 x\r\n")) as server:
        result = probe.smtp(server.port, "--lint")
        assert server.heard_lines == [b"QUIT"]
    assert result.ended == ("refused", 1)


def test_lint_shows_the_list_so_far() -> None:
    """In the middle of a script; without --lint nobody has looked."""
    with ScriptedServer(GREETING, expect(b"NOOP"), send(b"250\r\n"), expect(b"QUIT")) as server:
        result = probe.smtp(server.port, "--lint", text=b"NOOP\n/lint\n/close\n")
    assert len(linted(result.out)) == 2
    with ScriptedServer(*smtp()) as server:
        assert probe.smtp(server.port, text=b"/lint\n").ended == ("usage", 2)


def test_no_secret_is_reported() -> None:
    """A server that echoes the password where it has no place, in an answer that is wrong."""
    replies = {b"PASS": b"+OK\r\n", b"USER": b"+OK\r\n", b"LIST": b"+OK hunter22 1\r\n"}
    with ScriptedServer(*pop3(replies)) as server:
        text = b"USER a\nPASS hunter22\nLIST 1\nQUIT\n"
        result = probe.pop3(server.port, "--lint", text=text)
    assert "in the place of 1" in result.out
    assert "hunter22" not in result.out + result.err


def test_several_connections_have_one_list() -> None:
    """/connect goes on with it, with the rules of the other protocol."""
    with (
        ScriptedServer(*smtp({b"NOOP": b"250\r\n"})) as first,
        ScriptedServer(*pop3({b"STAT": b"+OK what\r\n"})) as second,
    ):
        text = f"NOOP\n/close\n/connect pop3 127.0.0.1:{second.port}\nSTAT\nQUIT\n"
        result = probe.smtp(first.port, "--lint", text=text.encode())
    assert [line.split(":")[1] for line in linted(result.out)] == [
        " reply to NOOP, line 1",
        " reply to STAT",
    ]
