"""--json: the dialogue as objects, one a line, for programs."""

import json
from pathlib import Path

import pytest

from tests.hostile import probe
from tests.hostile.server import ScriptedServer, close, expect, pop3, send, smtp
from tests.render.test_events import assert_kept


def objects(result: probe.Result) -> list[dict[str, object]]:
    found = [json.loads(line) for line in result.out.splitlines()]
    for one in found:
        assert_kept(one)
    return found


def test_a_mail() -> None:
    """Each line is an object of the contract; the dialogue stands in it."""
    replies = {b"EHLO": b"250-mx\r\n250 SIZE\r\n", b"DATA": b"354 go\r\n"}
    text = b"EHLO c\nMAIL FROM:<>\n/state\nNOOP \xff\nQUIT\n"
    with ScriptedServer(*smtp(replies)) as server:
        result = probe.smtp(server.port, "--json", text=text)
    found = objects(result)
    assert (result.status, result.err) == (0, "")
    assert found[0] == {"event": "begin", "format": 1, "mailprobe": found[0]["mailprobe"]}
    said = [one["line"] for one in found if one["event"] == "command_sent"]
    assert said == ["EHLO c", "MAIL FROM:<>", {"base64": "Tk9PUCD/"}, "QUIT"]
    replies_to = [one["command"] for one in found if one["event"] == "reply_received"]
    assert replies_to == [1, 2, 3, 4]
    assert any("mail" in str(one["text"]) for one in found if one["event"] == "local")
    assert found[-1]["event"] == "closed"


def test_a_failure_is_the_last_object() -> None:
    """With the word of standard error, and its status."""
    with ScriptedServer(*smtp({b"RSET": b"502 no\r\n"})) as server:
        result = probe.smtp(server.port, "--json", text=b"RSET\n")
    assert result.ended == ("refused", 1)
    assert objects(result)[-1] == {
        "event": "failure",
        "word": "refused",
        "sentence": "RSET was answered: 502 no",
    }
    with ScriptedServer(send(b"220 mx\r\n"), expect(b"NOOP"), send(b"25"), close) as server:
        result = probe.smtp(server.port, "--json", text=b"NOOP\n")
    assert result.ended == ("eof", 4)
    failed = next(one for one in objects(result) if one["event"] == "failed")
    assert (failed["word"], failed["octets"]) == ("eof", "25")


def test_a_body_comes_in_chunks() -> None:
    """Dots undone, all of it there; a secret that comes in it is masked."""
    replies = {
        b"USER": b"+OK\r\n",
        b"PASS": b"+OK\r\n",
        b"RETR": b"+OK\r\n..a hunter22\r\nb\r\n.\r\n",
    }
    with ScriptedServer(*pop3(replies)) as server:
        text = b"USER a\nPASS hunter22\nRETR 1\nQUIT\n"
        result = probe.pop3(server.port, "--json", text=text)
    body = [one for one in objects(result) if one["event"] == "body_chunk"]
    assert "".join(str(one["octets"]) for one in body) == ".a ****\r\nb\r\n"
    assert [one["last"] for one in body][-1]
    assert "hunter22" not in result.out + result.err


@pytest.mark.parametrize("octets", [b"\x1b]0;x\x07", b"\xc2\x9b31m", b"\xe2\x80\xae", b"\xff\0"])
def test_nothing_commands_a_terminal(octets: bytes) -> None:
    """Whatever a server says; `probe` looks at every octet that was written."""
    with ScriptedServer(*smtp({b"NOOP": b"250 " + octets + b"\r\n"})) as server:
        result = probe.smtp(server.port, "--json", text=b"NOOP\nQUIT\n")
    reply = next(one for one in objects(result) if one["event"] == "reply_received")
    assert reply["lines"] != ["250 ok"]
    assert set(dict(reply["lines"][0])) == {"base64"}  # type: ignore[index]  # a list, as the page says


def test_findings_and_sessions() -> None:
    """--lint tells of each finding by an object; /connect begins the next session."""
    with (
        ScriptedServer(*smtp({b"NOOP": b"250\r\n"})) as first,
        ScriptedServer(*smtp()) as second,
    ):
        text = f"NOOP\n/close\n/connect smtp 127.0.0.1:{second.port}\nQUIT\n"
        result = probe.smtp(first.port, "--json", "--lint", text=text.encode())
    found = objects(result)
    assert [one["rule"] for one in found if one["event"] == "finding"] == ["bare-code"]
    assert {one.get("session") for one in found} == {None, 1, 2}
    assert found[-1]["word"] == "mismatch"


def test_unverified_and_unsolicited_are_noted(tmp_path: Path) -> None:
    """Standard error says what it says without --json."""
    steps = (send(b"220 mx\r\n"), expect(b"NOOP"), send(b"250 ok\r\n250 more\r\n"))
    with ScriptedServer(*steps, expect(b"QUIT"), send(b"221 bye\r\n")) as server:
        result = probe.smtp(server.port, "--json", text=b"NOOP\nQUIT\n")
    assert "note: unsolicited" in result.err
    assert "unsolicited" in [one["event"] for one in objects(result)]
    result = probe.run(
        "smtp", "sandbox", "--starttls", "--no-verify", "--json", text=b"NOOP\nQUIT\n"
    )
    assert "NOT verified" in result.err
    assert "tls_started" in [one["event"] for one in objects(result)]
