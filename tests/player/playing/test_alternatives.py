"""@alt, @poll, @wrong and requires: what is played depends on the server."""

from pathlib import Path

import pytest

from mailprobe.errors import Word
from mailprobe.player.client import play
from mailprobe.player.options import Options
from mailprobe.player.results import Verdict
from tests.hostile import server as at
from tests.player.scenes import SOON, against, passed, prepare, problem, run, write

GREETING = at.send(b"220 mx\r\n")

ALT = """
S: 220 mx
C: NOOP
@alt one
S~ 250 {word:word=x}
C: FIRST
S? 250
@or two
S? 5xx
C: SECOND
S? 250
@or three
S@ silent 100ms
C: THIRD
S? 250
S? 250
@end
C: QUIT
S? 221
"""


def noop(said: bytes) -> list[at.Step]:
    replies = {b"NOOP": said, b"QUIT": b"221 bye\r\n"}
    return [GREETING, at.answer(replies, default=b"250 ok\r\n")]


@pytest.mark.parametrize("said, command", [(b"250 fine\r\n", b"FIRST"), (b"554 no\r\n", b"SECOND")])
def test_the_first_branch_that_fits(tmp_path: Path, said: bytes, command: bytes) -> None:
    """Its reply is still there to be checked, and captured once."""
    result, heard = against(tmp_path, noop(said), ALT)
    passed(result)
    assert heard == b"NOOP\r\n" + command + b"\r\nQUIT\r\n"


def test_a_branch_for_silence(tmp_path: Path) -> None:
    """The other two are given so long to fit."""
    steps = [
        GREETING,
        at.expect(b"NOOP"),
        at.expect(b"THIRD"),
        at.send(b"250 noop\r\n250 third\r\n"),
        at.answer({b"QUIT": b"221 bye\r\n"}),
    ]
    passed(against(tmp_path, steps, ALT)[0])


def test_no_branch_fits(tmp_path: Path) -> None:
    """The line is that of the @alt, and what came is told."""
    result, _ = against(tmp_path, noop(b"421 gone\r\n"), ALT)
    said = problem(result, Word.MISMATCH, 3)
    assert "one, two, three" in said.sentence
    assert said.reply == ("S: 421 gone",)


def test_nothing_fits_in_time(tmp_path: Path) -> None:
    """Without a branch for silence it is a timeout."""
    lines = "S: 220 mx\nC: NOOP\n@alt a\nS? 250\n@or b\nS? 5xx\n@end\n"
    result, _ = against(tmp_path, [GREETING], lines, Options(timeout=SOON))
    problem(result, Word.TIMEOUT, 3)


def test_a_trial_captures_nothing(tmp_path: Path) -> None:
    """A name of a branch that did not fit has no value."""
    lines = """
S: 220 mx
C: NOOP
@alt one
S~ 250 {word:word=x} x
@or two
S~ 250 {word:token=x}
@end
@assert word == fine-enough
"""
    passed(against(tmp_path, noop(b"250 fine-enough\r\n"), lines)[0])


def test_an_end_as_a_branch(tmp_path: Path) -> None:
    """The server closes, or it does not."""
    lines = "S: 220 mx\nC: NOOP\n@alt gone\nS@ close\n@or there\nS? 250\n@end\n"
    passed(against(tmp_path, noop(b"250 ok\r\n"), lines)[0])
    passed(against(tmp_path, [GREETING, at.expect(b"NOOP"), at.close], lines)[0])
    passed(against(tmp_path, [GREETING, at.expect(b"NOOP"), at.reset], lines)[0])


def test_branches_inside_of_branches(tmp_path: Path) -> None:
    """Decided one by one, and those behind each other, too."""
    lines = """
S: 220 mx
@alt outer
S@ silent 50ms
@alt a
S@ silent 20ms
@or b
S? 250
@end
@or other
S? 421
@end
C: NOOP
@alt c
S? 5xx
@or d
S? 250
@end
"""
    passed(against(tmp_path, noop(b"250 ok\r\n"), lines)[0])


def test_smuggling_that_is_taken_as_text(tmp_path: Path) -> None:
    """The shape of the shipped example: silence, then the real end."""
    lines = """
S? 220
C: DATA
S? 354
C: Subject: outer
C:
C= outer{eod}
C: MAIL FROM:<smuggled@probe.example>
C: inner
@alt taken-as-text
S@ silent 200ms
C: .
S? 250|5xx
S@ silent 100ms
C: QUIT
S? 221
@or refused
S? 5xx
S@ close
@end
"""
    path = "set eod: x"
    result, heard = against(
        tmp_path, at.smtp(), lines, Options(settings={"eod": b".x"}), header=path
    )
    passed(result)
    assert b"outer.xMAIL FROM" in heard
    refusing = [
        GREETING,
        at.expect(b"DATA"),
        at.send(b"354 go\r\n"),
        at.expect(b"Subject"),
        at.send(b"554 no\r\n"),
        at.close,
    ]
    passed(against(tmp_path, refusing, lines, Options(settings={"eod": b".x"}))[0])


# -------------------------------------------------------------------------------------- poll


def rounds(*said: bytes) -> at.Step:
    """A server whose connections find one answer each, the last one for ever."""
    left = list(said)

    def step(peer: at.Peer) -> None:
        answer = left.pop(0) if len(left) > 1 else left[0]
        at.answer({b"NOOP": answer, b"QUIT": b"221 bye\r\n"})(peer)

    return step


POLL = (
    "@poll within={} every=20ms\nS: 220 mx\nC: NOOP\nS~ 250 {{word:word=x}}\n@end\n"
    "@assert word == yes\n"
)


def test_rounds_until_one_passes(tmp_path: Path) -> None:
    """Each with a new connection and captures of its own; those of the last one count."""
    steps = [GREETING, rounds(b"450 x\r\n", b"250 no no\r\n", b"250 yes\r\n")]
    result, _ = against(tmp_path, steps, POLL.format("9s"))
    passed(result)
    assert result.exchanges == 2


def test_the_last_failure_is_told(tmp_path: Path) -> None:
    """At its own line, when the time is over."""
    result, _ = against(tmp_path, [GREETING, rounds(b"450 x\r\n")], POLL.format("100ms"))
    assert problem(result, Word.MISMATCH, 4).reply == ("S: 450 x",)


def test_a_hopeless_round_is_the_last(tmp_path: Path) -> None:
    """Nobody waits a minute for a secret that stays in the clear, or a file that lacks a value."""
    path = write(
        tmp_path,
        POLL.format("60s"),
        "protocol: smtp\nconnect: evil.example:25",
    )
    problem(run(path).result, Word.SECURITY)


def test_a_round_has_connections_of_its_own(tmp_path: Path) -> None:
    """The one outside goes on as if nothing had been."""
    lines = "S: 220 mx\nC: NOOP\nS: 250 ok\n" + POLL.format("9s") + "C: NOOP\nS? 250|4xx\n"
    steps = [GREETING, at.answer({b"NOOP": b"250 yes\r\n", b"QUIT": b"221 bye\r\n"})]
    passed(against(tmp_path, steps, lines)[0])


def test_alternatives_inside_of_rounds(tmp_path: Path) -> None:
    """Each round decides anew; what stands behind the poll goes on as the last one decided."""
    lines = """
@poll within=9s every=20ms
S: 220 mx
C: NOOP
@alt full
S? 4xx
C: AGAIN
S? 5xx
@or free
S? 250
@end
C: NOOP
S? 250
@end
S: 220 mx
C: NOOP
@alt x
S? 5xx
@or y
S? 250
@end
"""
    steps = [GREETING, rounds(b"450 x\r\n", b"452 x\r\n", b"250 yes\r\n")]
    passed(against(tmp_path, steps, lines)[0])


def test_alternatives_of_an_included_file(tmp_path: Path) -> None:
    """What stands behind the include waits for the decision."""
    write(tmp_path, "@alt a\nS? 5xx\n@or b\nS? 250\n@end\n", "protocol: smtp", "part.mpt")
    lines = "S: 220 mx\nC: NOOP\n@include part.mpt\nC: NOOP\nS? 250\n"
    result, heard = against(tmp_path, noop(b"250 ok\r\n"), lines)
    passed(result)
    assert heard == b"NOOP\r\nNOOP\r\nQUIT\r\n"


# ------------------------------------------------------------------------------------- wrong


def test_a_known_mistake_is_a_run_of_its_own(tmp_path: Path) -> None:
    """Up to its place, then its lines; the usual run passes it by."""
    lines = """
S? +OK
@wrong
C~ RETR {:int=1},{:int=2}
S? -ERR
@end
@wrong
C: COUNT
S? -ERR
@end
C: STAT
S? +OK
"""
    answers = {b"RETR": b"-ERR\r\n", b"COUNT": b"-ERR\r\n"}
    with at.ScriptedServer(*at.pop3(answers)) as server:
        path = write(tmp_path, lines, f"protocol: pop3\nconnect: 127.0.0.1:{server.port}")
        for wrong, heard in ((None, b"STAT"), (0, b"RETR 1,2"), (1, b"COUNT")):
            passed(play(prepare(path, wrong=wrong)).result)
            assert server.heard == heard + b"\r\nQUIT\r\n"


# ---------------------------------------------------------------------------------- requires


HELLO = "S: 220 mx\nC: EHLO x\nS? 250\n"


def offering(text: bytes) -> list[at.Step]:
    return list(at.smtp({b"EHLO": text}))


def test_what_is_not_offered_is_skipped(tmp_path: Path) -> None:
    """With the reason, before the first other command; what is offered is played."""
    lines = HELLO + "C: NOOP\nS? 250\n"
    header = "requires: PIPELINING, AUTH XOAUTH2"
    result, heard = against(
        tmp_path, offering(b"250-mx\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n"), lines, header=header
    )
    assert result.verdict is Verdict.SKIPPED
    assert "AUTH XOAUTH2" in result.reason
    assert heard == b"EHLO x\r\nQUIT\r\n"
    result, _ = against(
        tmp_path,
        offering(b"250-mx\r\n250-PIPELINING\r\n250 AUTH PLAIN xoauth2\r\n"),
        lines,
        header=header,
    )
    passed(result)


def test_what_is_asked_among_other_commands(tmp_path: Path) -> None:
    """They are sent by then; the file is skipped as soon as the offer is there."""
    lines = "S: 220 mx\nC: EHLO x\nC: NOOP\nS? 250\n{}S? 599\nC: VRFY x\nS? 250\n"
    offer = offering(b"250-mx\r\n250 PIPELINING\r\n")
    result, heard = against(tmp_path, offer, lines.format(""), header="requires: CHUNKING")
    assert result.verdict is Verdict.SKIPPED
    assert "CHUNKING" in result.reason
    assert b"VRFY" not in heard
    result, _ = against(tmp_path, offer, lines.format(""), header="requires: PIPELINING")
    problem(result, Word.MISMATCH, 5)


def test_an_offer_that_is_refused_among_other_commands(tmp_path: Path) -> None:
    """Nothing was offered: skipped then, too."""
    lines = "S: 220 mx\nC: EHLO x\nC: NOOP\nS? 502\nS? 250\nC: VRFY x\nS? 250\n"
    offer = offering(b"502 no\r\n")
    result, heard = against(tmp_path, offer, lines, header="requires: CHUNKING")
    assert result.verdict is Verdict.SKIPPED
    assert b"VRFY" not in heard


def test_a_demand_on_the_offer_is_no_failure_then(tmp_path: Path) -> None:
    """S+ of what is required anyway: skipped, not red; of anything else: red."""
    lines = HELLO + "S+ CHUNKING\nC: NOOP\nS? 250\n"
    offer = offering(b"250-mx\r\n250 PIPELINING\r\n")
    result, _ = against(tmp_path, offer, lines, header="requires: CHUNKING")
    assert result.verdict is Verdict.SKIPPED
    result, _ = against(tmp_path, offer, lines, header="requires: PIPELINING")
    problem(result, Word.MISMATCH, 4)


def test_a_capability_of_pop3(tmp_path: Path) -> None:
    """CAPA tells them; without one nothing is offered."""
    lines = "S? +OK\nC: CAPA\nS? +OK\nC: NOOP\nS? +OK\n"
    answers = {b"CAPA": b"+OK\r\nTOP\r\n.\r\n"}
    passed(against(tmp_path, at.pop3(answers), lines, protocol="pop3", header="requires: TOP")[0])
    silent = lines.replace("C: CAPA\nS? +OK\n", "")
    result, _ = against(tmp_path, at.pop3(), silent, protocol="pop3", header="requires: TOP")
    assert result.verdict is Verdict.SKIPPED
