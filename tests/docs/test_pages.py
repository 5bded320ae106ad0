"""The generated pages: nothing that a table holds is forgotten, and nothing in it is understood."""

import html
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.commands.forms import forms
from mailprobe.commands.manual import ENVIRONMENT, FILES, STATUSES, TARGETS, WORDS
from mailprobe.errors import ExitStatus, Word
from mailprobe.protocol.capabilities import CAPABILITIES
from mailprobe.protocol.codes import REPLY_CODES, RESPONSE_CODES
from mailprobe.protocol.enhanced import ENHANCED
from mailprobe.protocol.extensions import EXTENSIONS
from mailprobe.protocol.linting.linter import RULES
from mailprobe.protocol.sasl.mechanisms import MECHANISMS
from mailprobe.sandbox.accounts import SECRETS
from mailprobe.sandbox.faults.table import FAULTS
from mailprobe.sandbox.profiles import PROFILES
from mailprobe.transcript.model import Title
from manual import course, markdown
from manual.commands import CATALOGUES, page_of
from manual.pages import ROOT, pages

_ANCHOR = re.compile(r'<a id="([^"]+)"></a>|\{ #(\S+) \}$', re.MULTILINE)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return pages()


def anchors(page: str) -> set[str]:
    return {first or second for first, second in _ANCHOR.findall(page)}


def shown(page: str) -> str:
    """The page as it is read, more or less."""
    return html.unescape(page)


def test_every_command_has_a_page(made: dict[str, str]) -> None:
    """With its syntax, its parameters, each reply that has a meaning of its own, and Chinese."""
    for catalogue in CATALOGUES:
        overview = made[f"reference/{catalogue.protocol}/index.md"]
        for row in catalogue:
            page = made[page_of(catalogue.protocol, row)]
            assert row.syntax in page
            assert f"(../../{page_of(catalogue.protocol, row)})" in overview
            wanted = {markdown.slug(one.name) for one in (*row.arguments, *row.parameters)}
            wanted |= {f"reply-{markdown.slug(code)}" for code in row.meanings}
            assert wanted <= anchors(page), row.verb
            assert _CHINESE.search(shown(page)), row.verb


def test_most_commands_have_an_example(made: dict[str, str]) -> None:
    """What the shipped transcripts say is shown: all of POP3 but what nobody has any more."""
    missing = {
        name
        for name, page in made.items()
        if re.match(r"reference/(?:smtp|pop3)/(?!index)", name) and "```mpt-lines" not in page
    }
    assert missing <= {
        f"reference/{one}.md"
        for one in (
            *("smtp/burl", "smtp/etrn", "smtp/atrn", "smtp/xclient", "smtp/xforward"),
            *("smtp/verb", "smtp/onex", "pop3/utf8", "pop3/lang", "pop3/rpop"),
        )
    }


@pytest.mark.parametrize(
    "page, names",
    [
        ("replies", REPLY_CODES),
        ("enhanced", ENHANCED),
        ("response-codes", RESPONSE_CODES),
        ("extensions", EXTENSIONS),
        ("capabilities", CAPABILITIES),
        ("mechanisms", MECHANISMS),
        ("failures", [word.value for word in Word]),
        ("failures", [f"status-{int(status)}" for status in ExitStatus]),
        ("sandbox", [f"profile-{name}" for name in PROFILES]),
        ("sandbox", [f"fault-{name}" for name in FAULTS]),
    ],
)
def test_every_row_has_its_place(made: dict[str, str], page: str, names: list[str]) -> None:
    """A link can lead to each of them, and no two share an anchor."""
    wanted = [markdown.slug(name) for name in names]
    assert len(set(wanted)) == len(wanted) > 0
    assert set(wanted) <= anchors(made[f"reference/{page}.md"])


def test_every_enhanced_code_is_told_in_chinese(made: dict[str, str]) -> None:
    """There are 81, and each row has both languages."""
    rows = [row for row in made["reference/enhanced.md"].split("\n") if '<a id="x-' in row]
    assert len(rows) == len(ENHANCED) == 81
    assert all(_CHINESE.search(row) for row in rows)


def test_every_option_is_told_of(made: dict[str, str]) -> None:
    """Each command line has a page, with all names of all its options."""
    for form in forms():
        page = made[f"reference/program/{'-'.join(form.words) or 'session'}.md"]
        known = set(re.findall(r"<code>(.*?)</code>", shown(page)))
        names = {name for option in form.options for name in option.names}
        assert names <= known, form.name
        assert form.name in shown(made["reference/program/index.md"])


def test_rules_words_and_surroundings_are_told_of(made: dict[str, str]) -> None:
    """The rules of --lint, failures, statuses, variables, files, targets, accounts."""
    lint, failures = made["reference/lint.md"], shown(made["reference/failures.md"])
    assert lint.count("\n| <code>") == len(RULES)
    assert all(f"<code>{rule.name}</code>" in shown(lint) for rule in RULES)
    assert set(WORDS) == set(Word)
    assert set(STATUSES) == set(ExitStatus)
    assert all(f"<code>{name}</code>" in failures for name in (*ENVIRONMENT, *FILES))
    assert all(name in shown(made["reference/program/index.md"]) for name in TARGETS)
    assert all(user in made["reference/sandbox.md"] for user in SECRETS)


def test_every_lesson_can_be_read_in_both_languages(made: dict[str, str]) -> None:
    """A page in each, with the title of every step; the lists name all of them."""
    lessons = course.lessons(ROOT / "mailprobe" / "lessons" / "course")
    assert lessons
    for words in course.LANGUAGES:
        listed = made[f"{words.folder}/index.md"]
        for lesson in lessons:
            page = shown(made[f"{words.folder}/{lesson.head.lesson}.md"])
            assert f"]({lesson.head.lesson}.md)" in listed
            titles = [
                line.content
                for line in lesson.lines
                if isinstance(line, Title) and (line.language or "en") == words.language
            ]
            assert titles
            assert re.findall(r"^## (.*)$", page, re.MULTILINE) == titles
    english = shown(made[f"course/{lessons[0].head.lesson}.md"])
    assert not _CHINESE.search(english.replace(course.ENGLISH.other, ""))


def test_the_orders_name_lessons_that_are_there() -> None:
    """Two orders are proposed, of numbers from 00 to 18."""
    numbers = {f"{number:02}" for number in range(19)}
    assert all(set(order.split()) <= numbers for order in course.ORDERS.values())


LESSON = """\
mailprobe: 1
title: A <b>title</b> | {x}
title zh: 标题
protocol: smtp
connect: sandbox
lesson: own-01
lang: en zh
set password: geheim

|en First *words*,
|en and more.
|en   AS IT STANDS
|zh 第一行，
|zh 第二行。
S? 220
== Step
==zh 一步
?en Look.
?zh 看。
@wrong
C~ {/(?i:nop)/=NOP}
S? 5xx
|en No.
|zh 不对。
@end
C~ PASS {password}
S~ 250 {count:int=2} ```
S- never
S* ...
@assert state == READY
C: NOOP
@alt first
S? 250
== Inside
==zh 里面
?en Deep.
?zh 深。
@or second
S? 421
@end
"""


def test_a_lesson_is_written_down_as_it_will_be_seen(tmp_path: Path) -> None:
    """Samples in the place of patterns, the public secret, hints and mistakes folded."""
    (tmp_path / "own.mpt").write_text(LESSON, "utf-8")
    made = dict(course.pages(tmp_path))
    english, chinese = shown(made["course/own-01.md"]), shown(made["zh/course/own-01.md"])
    assert english.startswith("# 01 A <b>title</b> | {x}\n")
    assert "<b>" not in made["course/own-01.md"]
    assert "First *words*, and more." in english
    assert "\n  AS IT STANDS\n" in english
    assert '??? tip "Hint 1"\n\n    Look.' in english
    assert (
        '??? failure "If you type NOP"\n\n    ```mpt-lines\n    C: NOP\n    S: 500 ...' in english
    )
    assert "````mpt-lines\nC: PASS geheim\nS: 250 2 ```\nS: ...\nC: NOOP\n````" in english
    assert '第一行，第二行。\n{: lang="zh" }' in chinese
    assert "Look" not in chinese
    assert '??? example "If it is: first"\n\n    ```mpt-lines\n    S: 250 ...' in english
    assert '    **Inside**\n\n    ??? tip "Hint 1"\n\n        Deep.' in english
    assert '??? example "如果是：second"' in chinese


@given(st.text(alphabet="ab1 \n\t\\`*_{}[]()<>#+-.!|&~^=:$@\"'?/;一"))
def test_text_is_never_understood(value: str) -> None:
    """Whatever a table holds, no character is left that Markdown or HTML acts on."""
    made = markdown.text(value)
    assert html.unescape(made) == " ".join(value.split())
    assert not set(re.sub(r"&#[0-9]+;", "", made)) & set("\\`*_{}[]<>#+-.!|&~^=:$@\"'?/\n")


@given(st.lists(st.text(alphabet="`~ab \n")))
def test_a_block_of_code_ends_where_it_should(lines: list[str]) -> None:
    """Lines with fences in them stay inside."""
    flat = [line.replace("\n", " ") for line in lines]
    first, *inner, last, empty, after = markdown.fence("text", flat).split("\n")
    assert inner == flat
    assert last == first.removesuffix("text")
    assert all(last not in line for line in flat)
    assert empty == after == ""


def test_a_table_leaves_out_what_is_empty() -> None:
    """A column without a cell goes, and so does a table without rows."""
    assert markdown.table(("a", "b"), [("x", ""), ("y", "")]) == "| a |\n| --- |\n| x |\n| y |\n\n"
    assert markdown.table(("a", "b"), []) == ""


def test_references_lead_to_the_sections() -> None:
    """Each RFC of a reference is a link, the text between stays."""
    made = markdown.reference("RFC 2033, section 4.3; RFC 3030; popper")
    assert shown(made) == (
        "[RFC 2033, section 4.3](https://www.rfc-editor.org/rfc/rfc2033#section-4.3); "
        "[RFC 3030](https://www.rfc-editor.org/rfc/rfc3030); popper"
    )


def test_pages_and_anchors_that_are_named_are_there(made: dict[str, str]) -> None:
    """Every link from one generated page to another has its end."""
    for name, page in made.items():
        for target in re.findall(r"\]\(([^)#]*\.md)(?:#([^)]*))?\)", page):
            path = (Path("/") / name).parent.joinpath(target[0]).resolve().relative_to("/")
            assert str(path) in made, (name, target)
            if target[1]:
                assert target[1] in anchors(made[str(path)]), (name, target)
