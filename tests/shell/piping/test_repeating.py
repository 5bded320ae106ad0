"""--repeat: one input over many connections, and the table of how long each part took."""

import json
import signal
from pathlib import Path

from tests.hostile import probe
from tests.hostile.server import Peer, ScriptedServer, close, closed_port, expect, send, smtp, stall
from tests.shell.piping.test_objects import objects


def table(out: str) -> dict[str, list[str]]:
    """The rows by their names, units left out."""
    rows = [line[2:] for line in out.splitlines() if line.startswith("# ")]
    found = {}
    for row in rows:
        name, _, rest = row.partition("  ")
        found[name] = [word for word in rest.split() if word not in ("ms", "s")]
    return found


def test_each_part_is_counted() -> None:
    """The dialogue of the first is shown; of each name there are so many, in order."""
    text = b"EHLO x\nMAIL FROM:<>\nDATA\nhi\n.\nQUIT\n"
    with ScriptedServer(*smtp()) as server:
        result = probe.smtp(server.port, "--repeat", "5", text=text)
        assert len(server._peers) == 5
        assert server.heard_lines == text.split(b"\n")[:-1]
    assert (result.status, result.err) == (0, "")
    assert result.out.count("C: EHLO x") == 1
    rows = table(result.out)
    names = ["connect", "greeting", "EHLO", "MAIL", "DATA", "mail data", "end of mail data", "QUIT"]
    assert [name for name in rows if name in names] == names
    assert {rows[name][0] for name in (*names, "whole session")} == {"5"}
    low, median, p90, p99, most = map(float, rows["whole session"][1:6])
    assert low <= median <= p90 <= p99 <= most
    assert "# 5 sessions, failures: none" in result.out


def test_failures_are_counted_by_word() -> None:
    """Those that fail do not end the others; the worst is what the run ends by."""
    seen: list[Peer] = []

    def sometimes(peer: Peer) -> None:
        seen.append(peer)
        steps = smtp({b"RSET": b"550 no\r\n" if len(seen) % 2 else b"250 ok\r\n"})
        if len(seen) == 4:
            steps = (send(b"220 mx\r\n"), expect(b"RSET"), close)
        for step in steps:
            step(peer)

    with ScriptedServer(sometimes) as server:
        result = probe.smtp(server.port, "--repeat", "4", text=b"RSET\nQUIT\n")
    assert result.ended == ("eof", 4)
    assert "# 4 sessions, failures: 1 eof, 2 refused" in result.out
    assert table(result.out)["RSET"][0] == "4"
    assert table(result.out)["RSET"][-1] == "3"
    assert "note: session 1: refused: RSET was answered: 550 no" in result.err
    assert "note: session 4: eof" in result.err
    assert "3 of 4 sessions failed" in result.err


def test_a_server_out_of_reach() -> None:
    """Each attempt is one; what was tried is timed."""
    with closed_port() as port:
        result = probe.smtp(port, "--repeat", "3", text=b"QUIT\n")
    assert result.ended == ("connect", 4)
    assert table(result.out)["connect"][0] == table(result.out)["connect"][-1] == "3"
    assert "# 3 sessions, failures: 3 connect" in result.out


def test_a_mistake_is_made_once() -> None:
    """What is wrong with the script would be wrong each time."""
    with ScriptedServer(*smtp()) as server:
        result = probe.smtp(server.port, "--repeat", "9", text=b"/nosuch\n")
        assert len(server._peers) == 1
    assert result.ended == ("usage", 2)


def test_each_is_shown_on_request() -> None:
    """--verbose; with --json the numbers are objects."""
    with ScriptedServer(*smtp()) as server:
        result = probe.smtp(server.port, "--repeat", "3", "--verbose", text=b"NOOP\nQUIT\n")
    assert result.out.count("C: NOOP") == 3
    assert "# session 2 of 3" in result.out
    with ScriptedServer(*smtp({b"NOOP": b"550 no\r\n"})) as server:
        options = ("--repeat", "3", "--verbose", "--json")
        found = objects(probe.smtp(server.port, *options, text=b"NOOP\nQUIT\n"))
    assert [one["n"] for one in found if one["event"] == "span"][:3] == [3, 3, 3]
    assert {one.get("session") for one in found} == {None, 1, 2, 3}
    assert [one for one in found if one["event"] == "repeat"] == [
        {"event": "repeat", "sessions": 3, "failures": {"refused": 3}}
    ]
    assert found[-1]["event"] == "failure"


def test_an_interrupt_shows_what_was_measured() -> None:
    """Ctrl-C in the third session: 130, and a table of what there is."""
    seen: list[Peer] = []

    def third_hangs(peer: Peer) -> None:
        seen.append(peer)
        if len(seen) == 3:
            send(b"220 mx\r\n")(peer)
            expect(b"NOOP")(peer)
            live.process.send_signal(signal.SIGINT)
            stall(peer)
        for step in smtp():
            step(peer)

    with ScriptedServer(third_hangs) as server:
        target = f"127.0.0.1:{server.port}"
        with probe.Live("smtp", target, "--repeat", "9") as live:
            live.write(b"NOOP\nQUIT\n")
            result = live.finish()
    assert result.status == 130
    assert table(result.out)["NOOP"][0] == "3"
    assert table(result.out)["QUIT"][0] == "2"


def test_the_limits_hold(tmp_path: Path) -> None:
    """--max-time bounds all of it; a recording is that of the first session."""
    with ScriptedServer(send(b"220 mx\r\n"), stall) as server:
        result = probe.smtp(server.port, "--repeat", "9", "--max-time", "500ms", text=b"NOOP\n")
    assert result.ended == ("timeout", 4)
    assert table(result.out)["NOOP"][0] == "1"
    record = tmp_path / "x.mpt"
    with ScriptedServer(*smtp()) as server:
        options = ("--repeat", "3", "--record", str(record))
        assert probe.smtp(server.port, *options, text=b"NOOP\nQUIT\n").status == 0
    assert record.read_text().count("C: NOOP") == 1
    options = ("--repeat", "2", "--json", "--keep-going")
    with ScriptedServer(*smtp({b"NOOP": b"550 no\r\n"})) as server:
        result = probe.smtp(server.port, *options, text=b"NOOP\nNOOP\nQUIT\n")
    assert json.loads(result.out.splitlines()[-1])["word"] == "refused"


def test_nothing_to_say_is_measured_too() -> None:
    """Without input: the way to the greeting; several connections of one script count each."""
    with ScriptedServer(*smtp()) as server:
        result = probe.smtp(server.port, "--repeat", "2")
        assert table(result.out)["greeting"][0] == "2"
        text = f"/connect smtp 127.0.0.1:{server.port}\nNOOP\n/close\n" * 2
        result = probe.run("--repeat", "2", text=text.encode())
    assert table(result.out)["NOOP"][0] == "4"
    assert "# 4 sessions, failures: none" in result.out
