"""From the lines of a file to steps: which text is a task, an explanation, a hint."""

from pathlib import Path

from mailprobe.lessons.plan import Kind, Plan, together
from mailprobe.lessons.staging import ways_of
from tests.lessons.helpers import lesson

TEXT = """\
|en Before all.
|zh 最前面。
S: 220 hi
|en That was the greeting.
C: EHLO me.test
S? 250

== One
==zh 一
|en The first task.
|zh 第一个任务。
?en Nudge.
?en Pointer.
?zh 提醒。
?zh 指点。
C: NOOP
S? 250
|en It answers.
|zh 它应答了。

|en The second task.
C: HELP
S? 214
@assert state == READY
|en Long.
@wrong
C: HLEP
S? 500
|en No.
@end
C: RSET
C: NOOP
S? 250
S? 250

== Two
C: QUIT
S? 221
"""


def plan(folder: Path, text: str = TEXT) -> Plan:
    return ways_of(lesson(folder, text)[0])[0]


def test_texts_find_their_places(tmp_path: Path) -> None:
    """Above a line: its task; directly below its reply: its explanation."""
    before, one, two = plan(tmp_path).parts
    assert (before.number, one.number, two.number) == (0, 1, 2)
    greeting, hello = before.items
    assert greeting.kind is Kind.OPEN
    assert greeting.text.said("en") == ("Before all.",)
    assert greeting.after.said("en") == ("That was the greeting.",)
    assert not hello.text
    assert one.title.said("zh") == ("一",)
    noop, help_, rset, last = one.items
    assert noop.text.said("zh+en") == ("第一个任务。", "The first task.")
    assert [hint.said("zh")[0] for hint in noop.hints] == ["提醒。", "指点。"]
    assert noop.after.said("en") == ("It answers.",)
    assert help_.text.said("en") == ("The second task.",)
    assert help_.after.said("en") == ("Long.",)
    assert [check.line.fact for check in help_.checks] == ["state"]
    assert [mistake.text.said("en") for mistake in rset.mistakes] == [("No.",)]
    assert together(one.items[2:]) == (rset, last)
    assert together(one.items) == (noop,)
    assert two.title.said("zh") == ("Two",), "where a language is missing, another one"


def test_a_file_without_steps_is_one(tmp_path: Path) -> None:
    """Its title is that of the file."""
    (part,) = plan(tmp_path, "S: 220 hi\nC: QUIT\nS? 221\n").parts
    assert part.number == 1
    assert part.title.said("zh") == ("一课",)
