"""Wrong answers that no lesson foresees, and right ones that it does not write out.

Typed live, in the shell, against the practice server: what is done is what the judge says.
"""

import re

import pytest

from tests.commands.inside import inside

SMTP = (
    "NOOP banana", "HELP ME", "XYZZY", "VRFY nobody", "MAIL FROM:<wrong@wrong.test>",
    "RCPT TO:<bob@example.test>", "RCPT TO:<x@nowhere.test>", "RSET", "just text",
)  # fmt: skip
POP3 = (
    "NOOP", "LIST 9", "RETR 9", "TOP 9 1", "DELE 9", "UIDL 9", "CAPA", "LAST", "XYZZY",
    "USER bob", "PASS wrong",
)  # fmt: skip
# The step of each lesson at which they are typed: the one that matters most in it.
WRONG = {
    "00": (4, SMTP), "01": (3, POP3), "02": (4, POP3), "03": (2, POP3), "04": (1, POP3),
    "05": (1, POP3), "06": (2, POP3), "07": (4, SMTP), "08": (4, SMTP), "09": (3, SMTP),
    "10": (4, SMTP), "11": (9, SMTP), "12": (5, SMTP), "13": (3, SMTP), "14": (3, SMTP),
    "15": (6, SMTP), "16": (2, SMTP), "17": (3, SMTP), "18": (2, SMTP),
}  # fmt: skip


def typed(lesson: str, step: int, *lines: str) -> tuple[set[int], str]:
    """The steps that were done from `step` on, and what was said of them."""
    before = ["/solution go"] * (step - 1)
    text = "\n".join((*before, "/note here", *lines, "")).encode()
    out = inside("learn", lesson, "--lang", "en", text=text).out
    told = out[out.index("/note here") :]
    return {int(found) for found in re.findall(r"^Step (\d+) of \d+ is done", told, re.M)}, told


@pytest.mark.parametrize("lesson", WRONG)
def test_wrong_answers_leave_a_step_open(lesson: str) -> None:
    """In each lesson, and none of them is one of its known mistakes alone."""
    step, lines = WRONG[lesson]
    done, told = typed(lesson, step, *lines)
    assert done == set()
    assert "That is not what this step waits for" in told


@pytest.mark.parametrize(
    "lesson, step, lines",
    [
        ("07", 1, ["ehlo somebody", "mail from:<carol@else.test>", "rcpt to:<alice@example.test>"]),
        ("07", 3, ["RCPT TO:<alice@example.test>"]),
        ("07", 4, ["data", "subject: mine", "", "hi", ".", "noop dot"]),
        ("12", 5, ["mail from:<alice@example.test>", "rcpt to:<someone@elsewhere.test>"]),
        ("16", 2, ["rcpt to:<alice@example.test> notify=failure,success"]),
    ],
)
def test_other_right_answers_count(lesson: str, step: int, lines: list[str]) -> None:
    """Small letters, another name, another letter."""
    done, told = typed(lesson, step, *lines)
    assert step in done
    assert "Not yet" not in told
    assert "not what this step waits for" not in told


def test_a_wrong_password_is_told() -> None:
    """Though the step before has asked for one, which was refused as well."""
    told = typed("01", 3, "USER alice", "pass wrong", "PASS secret", "USER alice", "PASS secret")
    assert told[1].count("Not yet: That was not the password") == 2
    assert told[0] == {3}


@pytest.mark.parametrize(
    "letter, missing",
    [
        ("Hello", "without a text"),
        ("From: a\n\nHi", "no subject"),
        ("Subject: x", "without a text"),
        ("From: a\nTo: b\nSubject: x\nHello, Bob!", "without a text"),
        ("Subject: x\nHello Bob: how are you?", "without a text"),
    ],
)
def test_a_letter_that_lacks_something_leads_back_to_its_envelope(
    letter: str, missing: str
) -> None:
    """The task, a hint and the solution begin with what has to be said once more."""
    done, told = typed("07", 4, "DATA", letter, ".", "/task", "/hint", "/solution go")
    assert missing in told
    assert done == set()
    again = "First say once more:\n  MAIL FROM:<alice@example.test>\n  RCPT TO:<bob@example.test>\n"
    assert told.count(again) == 2
    assert "Step 4 of 6 was done for you." in told
    assert "503" not in told


def test_a_new_connection_leads_back_as_well() -> None:
    """And who is not connected is told so, whatever he asks for."""
    _, told = typed("07", 3, "/drop", "/hint", "/connect", "/hint")
    assert told.count("The connection is closed: /connect") == 2
    assert "First say once more:\n  EHLO me.test\n  MAIL FROM:<alice@example.test>\n" in told


def test_a_refused_login_begins_with_the_name() -> None:
    """PASS alone would be refused for ever (RFC 1939, section 7)."""
    _, told = typed("02", 1, "USER alcie", "PASS secret", "/hint", "/solution go")
    assert "Hint 1 of 3: Two lines." in told
    assert "> USER alice\n" in told
    assert "Step 1 of 6 was done for you." in told
    _, told = typed("02", 1, "USER alcie", "/skip")
    assert "Step 1 of 6 was done for you." in told
    assert "not what this step waits for" not in told  # it was not he who said that PASS


def test_a_login_that_cannot_be_is_not_tried_for_ever() -> None:
    """Somebody else holds the maildrop: the solution says so twice, and ends."""
    held = ("/connect", "USER alice", "PASS secret", "/use 1")
    done, told = typed("02", 1, *held, "/solution go", "NOOP")
    assert done == set()
    assert told.count("[IN-USE]") == 2
    assert "was done for you" not in told


@pytest.mark.parametrize(
    "lesson, step, lines, told",
    [
        ("04", 1, ["DELE 2", "RSET"], "Now the second mail has the mark"),
        ("04", 2, ["QUIT"], "/reset begins the lesson anew"),
        ("04", 6, ["DELE 2", "DELE 1"], "this must hold: deleted == 1"),
        ("05", 1, ["USER mrose", "PASS tanstaaf"], "went over the wire"),
        ("05", 2, ["/connect", "STLS", "CAPA"], "One step too early"),
        ("06", 3, ["NOOP 4"], "not written as the server wants it"),
        ("08", 2, ["NOOP", "HELP", "MAIL FROM:<a@b.test>", "RCPT TO: <b@c.test>"], "no blank"),
        ("08", 6, ["NOOP 250"], "not what this step waits for"),
        ("11", 6, ["RCPT TO:<grey@example.test>", "NOOP go"], "not what this step waits for"),
        ("11", 6, ["RCPT TO:<grey@example.test>", "NOOP fix"], "nothing to be mended"),
        ("14", 1, ["AUTH LOGIN", "YWxpY2U=", "c2VjcmV0"], "/reset begins it anew"),
        ("16", 1, ["MAIL FROM:<bob@example.test> ENVID=a"], "RET=HDRS is missing"),
        ("17", 6, ["hello", "."], "no false end was in it"),
        ("17", 6, ["x" * 40, "."], "without Ctrl-] it is text"),
        ("09", 3, ["NOOP mx2.example.test"], "not what this step waits for"),
        ("09", 4, ["NOOP either"], "not what this step waits for"),
    ],
)
def test_what_is_said_of_a_mistake(lesson: str, step: int, lines: list[str], told: str) -> None:
    """And each of them leaves the step open."""
    done, said = typed(lesson, step, *lines)
    assert done == set()
    assert told in " ".join(said.split())


def test_a_login_that_was_cut_short_begins_with_its_command() -> None:
    """An answer leads nowhere where nobody asks any more (RFC 4954, section 4)."""
    _, told = typed("14", 1, "AUTH LOGIN", "YWxpY2U=", "secret", "/hint", "/solution go")
    assert "First say once more:\n  AUTH LOGIN\nHint 1 of 3: One character." in told
    assert "Step 1 of 7 was done for you." in told
    done, _ = typed("14", 1, "AUTH LOGIN", "YWxpY2U=", "secret", "AUTH LOGIN", "YWxpY2U=", "*")
    assert done == {1}


def test_what_cannot_be_done_for_the_learner_is_left_out() -> None:
    """It is not called done."""
    _, told = typed("14", 1, "AUTH LOGIN", "YWxpY2U=", "c2VjcmV0", "/skip")
    assert "Step 1 of 7 was left out" in told
    assert "was done for you" not in told


@pytest.mark.parametrize(
    "lesson, step, other, here", [("10", 6, 1, 2), ("15", 8, 1, 2), ("16", 7, 2, 1)]
)
def test_goodbyes_go_in_any_order(lesson: str, step: int, other: int, here: int) -> None:
    """None of them is called wrong."""
    done, told = typed(lesson, step, f"/use {other}", "QUIT", f"/use {here}", "QUIT")
    assert done == {step}
    assert "not what this step waits for" not in told


def test_an_explanation_comes_also_by_another_way() -> None:
    """RETR shows the subject as TOP does: what there is to learn of it is said."""
    done, told = typed("06", 1, "RETR 2")
    assert done == {1}
    assert "GB2312" in told.partition("RETR 2")[2].partition("Step 1 of")[0]


def test_a_session_of_ones_own_is_not_heard() -> None:
    """The lesson says so, once, and where it goes on."""
    done, told = typed("00", 1, "/connect", "NOOP", "NOOP", "/use 1", "NOOP")
    assert told.count("The lesson does not hear this session: /use 1 goes back") == 1
    before, _, behind = told.partition("/use 1\n")
    assert done == {1}
    assert "Step 1 of" in behind
    assert "is done" not in before


def test_a_chinese_keyboard_is_told() -> None:
    """What it gives in the place of : < > and of a blank is named."""
    lines = "EHLO\u3000me.test\nMAIL FROM\uff1a\uff1calice@example.test\uff1e\n"
    out = inside("learn", "07", "--lang", "zh", text=lines.encode()).out
    assert "“\u2423”，服务器不认识" in out
    assert "“\uff1a\uff1c\uff1e”，服务器不认识" in out
    assert "500：" not in out
