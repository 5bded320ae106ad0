"""A lesson in a terminal: what the screen says is enough to do it, in both languages and shells."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.terminal.harness import Person

pytestmark = pytest.mark.terminal

Sit = Callable[..., Person]
OWN = str(Path(__file__).parents[1] / "lessons" / "own")
SAID = {
    "en": (
        "Step 1 of 4: Who sends?",
        "Not yet: First the sender.",
        "Hint 1 of 3: Which",
        "is done",
    ),
    "zh": ("第 1 步，共 4 步：谁发信？", "还不对：先说发件人。", "提示 1/3：哪个命令", "完成"),
}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("mode", ["full", "plain"])
def test_a_lesson_by_hand(sit: Sit, mode: str, language: str) -> None:
    """From the first task to what to do next; a mistake and a hint on the way."""
    step, mistake, hint, done = SAID[language]
    person = sit("learn", "--from", OWN, "1", "--lang", language, mode=mode, rows=60)
    person.prompted("smtp:ready> ")
    person.sees(step)
    person.enter("RCPT TO:<bob@example.test>")
    person.sees(mistake)
    person.prompted("smtp:ready> ")
    person.enter("/hint")
    person.sees(hint)
    person.prompted("smtp:ready> ")
    person.enter("MAIL FROM:<alice@example.test>")
    person.prompted("smtp:mail> ")
    person.sees(done)
    if mode == "full":
        person.sees("own-01 2/4")
    person.enter("RCPT TO:<bob@example.test>")
    person.prompted("smtp:rcpt(1)> ")
    person.enter("DATA")
    for number, line in enumerate(("Subject: hello", "", "hi", "."), start=1):
        person.prompted(f"smtp:data {number}| ")
        person.enter(line)
    person.prompted("smtp:ready> ")
    person.enter("/connect")
    person.prompted("[2] pop3:auth> ")
    person.enter("USER bob")
    person.prompted("[2] pop3:auth> ")
    person.enter("PASS builder")
    person.prompted("[2] pop3:trans> ")
    assert "builder" not in person.screen.replace("password builder", "").replace("是 builder", "")
    person.enter("QUIT")
    person.sees("own-01")
    person.sees("4 steps, hints 1, mistakes 1" if language == "en" else "4 步，提示 1，错误 1")
    person.enter("/quit")
    assert person.ended() == 0


@pytest.mark.parametrize("mode", ["full", "plain"])
def test_leaving_early_keeps_what_was_done(sit: Sit, mode: str) -> None:
    """And a lesson never leaves the machine."""
    person = sit("learn", "--from", OWN, "own-01", "--lang", "en", mode=mode)
    person.prompted("smtp:ready> ")
    person.enter("/connect smtp mail.example.com")
    person.sees("mailprobe: security: a lesson never leaves this machine")
    person.prompted("smtp:ready> ")
    person.enter("MAIL FROM:<alice@example.test>")
    person.prompted("smtp:mail> ")
    person.enter("/quit")
    person.sees("1 of 4 steps are done")
    assert person.ended() == 0
    again = sit("learn", "--from", OWN, "--lang", "en")
    again.sees("own-01  begun  1/4  One mail")
