"""`learn --check`: good lessons hold, and each way to break one is told with its place."""

from pathlib import Path

import pytest

from mailprobe.lessons.checking import Checked, check
from mailprobe.lessons.course import course_of
from tests.lessons.helpers import lesson, written

OWN = Path(__file__).parent / "own"
GOOD = """\
S? 220

== Hello
==zh 问好
|en Say hello.
|zh 问好。
?en Four letters.
?zh 四个字母。
?en RFC 5321, section 4.1.1.1
?zh 见 RFC 5321 第 4.1.1.1 节
@wrong
C: HALLO
S? 500
|en No.
|zh 不对。
@end
@wrong
C: MAIL FROM:<alice@example.test>
S? 503
|en First hello.
|zh 先问好。
@end
C: EHLO me.test
S? 250
"""


def checked(folder: Path, text: str, **how: str) -> Checked:
    return check(*lesson(folder, text, **how))


def test_good_lessons_hold(tmp_path: Path) -> None:
    """With two connections, too."""
    assert checked(tmp_path, GOOD).problems == ()
    course = course_of(str(OWN))
    for each in course.lessons:
        found = check(each, course)
        assert found.problems == ()
        assert (found.steps, found.mistakes) == (4, 3)


NIGHTS = """\
S? 220

== The ticket
==zh 报修单
|en HELP.
|zh HELP。
@wrong
C: HALLO
S? 500
|en No.
|zh 不对。
@end
@wrong
C: HELP ME
S? 504
|en No.
|zh 不对。
@end
C: HELP
@alt nowhere
S~ 214 {} Ticket: mail that others send us goes nowhere
@or another
S? 214
@wrong
C: RSET NOW
S? 501
|en No.
|zh 不对。
@end
C: RSET
S? 251
@end
"""


def test_each_night_is_walked(tmp_path: Path) -> None:
    """One sandbox that the seed changes: a way that the first of them never goes is played, too."""
    found = checked(tmp_path, NIGHTS, connect="sandbox/night")
    assert {each.sentence.split(",")[0] for each in found.problems} == {
        "the solution: the reply is 250 2.0.0"
    }
    mended = checked(tmp_path, NIGHTS.replace("S? 251", "S? 250"), connect="sandbox/night")
    assert (mended.problems, mended.mistakes) == ((), 3)


@pytest.mark.parametrize(
    "old, new, line, told",
    [
        ("C: EHLO me.test\nS? 250", "C: EHLO me.test\nS? 251", 32, "the solution: "),
        ("C: HALLO\nS? 500", "C: HALLO\nS? 250", 21, "the known mistake: "),
        ("|zh 问好。\n", "", 13, "the text is missing in zh"),
        ("==zh 问好\n", "", 11, "missing in zh"),
        ("?zh 四个字母。\n", "", None, "missing in zh"),
        ("?en RFC 5321, section 4.1.1.1\n?zh 见 RFC 5321 第 4.1.1.1 节\n", "", None, "two hints"),
        ("|en No.\n|zh 不对。\n", "", 19, "is explained"),
        ("C: HALLO\nS? 500", "C: EHLO you.test\nS? 250", None, "the judge does not recognise"),
        ("C: MAIL FROM:<alice@example.test>\nS? 503", "C: HALLO\nS? 500", None, "takes this for"),
    ],
)
def test_each_fault_is_told(
    tmp_path: Path, old: str, new: str, line: int | None, told: str
) -> None:
    """With the line where it stands."""
    assert old in GOOD
    found = checked(tmp_path, GOOD.replace(old, new))
    matching = [each for each in found.problems if told in each.sentence]
    assert matching, found.problems
    assert line in (None, matching[0].place.line), matching[0]


def test_a_known_mistake_that_does_the_step_is_told(tmp_path: Path) -> None:
    """By what is asserted: whoever makes it is done."""
    text = GOOD.replace("S? 503\n", "S? 250\n").replace(
        "C: EHLO me.test\nS? 250\n", "C: EHLO me.test\nS? 250\n@assert state != GREETED\n"
    )
    text = text.replace("C: MAIL FROM:<alice@example.test>", "C: HELO me.test")
    found = checked(tmp_path, text)
    assert [one.sentence for one in found.problems] == ["this known mistake completes the step"]


@pytest.mark.parametrize(
    "more, told",
    [
        ("needs: own-09", "there is no lesson own-09"),
        ("needs: own-01", "itself"),
        ("matrix x: a=1 | b=2", "no matrix"),
        ("protocol 2: pop3\nconnect 2: 127.0.0.1:110", "connects to the sandbox"),
    ],
)
def test_each_fault_of_the_header_is_told(tmp_path: Path, more: str, told: str) -> None:
    """A lesson stays on its practice server, and builds upon lessons that there are."""
    found = checked(tmp_path, GOOD, more=more)
    assert any(told in one.sentence for one in found.problems), found.problems


def test_a_lesson_that_cannot_be_read_may_be_the_one_that_is_needed(tmp_path: Path) -> None:
    """Whose id nobody knows, then."""
    (tmp_path / "z.mpt").write_text("mailprobe: 1\nlesson: own-02\nX\n")
    written(tmp_path, GOOD, name="own-01", more="needs: own-02")
    course = course_of(str(tmp_path))
    found = check(course.find("own-01"), course).problems
    (problem,) = [one for one in found if "needs" in one.sentence]
    assert problem.sentence.endswith("no lesson own-02, or its file cannot be read")


def test_needs_do_not_lead_in_a_circle(tmp_path: Path) -> None:
    """Whichever of the lessons is looked at."""
    written(tmp_path, GOOD, name="own-02", more="needs: own-01")
    found = checked(tmp_path, GOOD, more="needs: own-02")
    assert any("leads back" in one.sentence for one in found.problems)


def test_a_lesson_has_known_mistakes_and_no_secret(tmp_path: Path) -> None:
    """Two of them; and what is typed is known to who learns."""
    text = "S? 220\n\n== Hello\n==zh 问好\nC: EHLO me.test\nS? 250\n"
    text += "C~ AUTH PLAIN {token}\nS? 235\n"
    sentences = [one.sentence for one in checked(tmp_path, text).problems]
    assert any("at least 2 @wrong" in sentence for sentence in sentences)
    assert any("set it" in sentence for sentence in sentences)


def test_what_is_done_for_the_learner_has_no_mistakes(tmp_path: Path) -> None:
    """Nobody types there."""
    text = GOOD.replace("== Hello\n==zh 问好\n", "").replace("S? 220\n", "S? 220\n", 1)
    text += "\n== Leave\n==zh 离开\nC: QUIT\nS? 221\n"
    sentences = [one.sentence for one in checked(tmp_path, text).problems]
    assert any("before the first ==" in sentence for sentence in sentences)


def test_the_example_of_the_manual_holds(tmp_path: Path) -> None:
    """Whoever copies it has a lesson."""
    manual = Path(__file__).parents[2] / "docs" / "lessons.md"
    example = manual.read_text().split("```\n")[1]
    (tmp_path / "a.mpt").write_text(example)
    course = course_of(str(tmp_path))
    assert check(course.lessons[0], course).problems == ()
