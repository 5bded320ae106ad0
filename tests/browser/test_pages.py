"""Pages of `transcript export` and of `replay --report html`, as a browser shows them."""

import re
from pathlib import Path

import pytest

import mailprobe.lessons
from mailprobe.errors import Word
from mailprobe.player.many.summary import Summary
from mailprobe.player.reports.page import PageReport
from mailprobe.player.results import Measured, Problem, Result, Verdict
from mailprobe.render.export import measured
from mailprobe.render.export.options import Options
from mailprobe.render.export.page import page
from mailprobe.timing import Kind, Span, Timing
from mailprobe.transcript.load import load
from mailprobe.transcript.model import Place
from tests.browser.reader import Reader
from tests.render.samples import HARM, HOSTILE, LESSON, pop3, read, smtp

pytestmark = pytest.mark.browser
LESSONS = sorted((Path(mailprobe.lessons.__file__).parent / "course").glob("*.mpt"))
ENTER, SPACE, TAB, RIGHT, LEFT = "\ue007", "\ue00d", "\ue004", "\ue014", "\ue012"
TIMING = Timing(
    (
        Span(Kind.CONNECT, "connect", 0.0, 0.1),
        Span(Kind.GREETING, "greeting", 0.1, 0.3, "220"),
        Span(Kind.COMMAND, "MAIL", 0.3, 0.7, "250"),
        Span(Kind.COMMAND, "QUIT", 0.7, 0.8, "221"),
    ),
    0.8,
)
SESSION = smtp(
    *("S: 220 mail.example.test ready", "C: MAIL FROM:<a@b.test>", "S: 250 2.1.0 fine"),
    *("C: RCPT TO:<" + "x" * 300 + "@b.test>", "S: 550 5.1.1 שלום 123 nobody"),
    *("C: QUIT", "S: 221 bye", "S@ close"),
)
"""A session without lesson text, with a long line and with text from right to left."""


def session() -> str:
    connection = measured.Measured(1, 0.0, TIMING)
    return page(SESSION, Options(timing=[connection], took={5: 0.2, 7: 0.4}))


def report(source: str) -> str:
    """The page about one run that failed."""
    transcript = read(source)
    written: list[str] = []
    made = PageReport(written.append, lambda path, name: transcript)
    place = Place("x.mpt", transcript.lines[0].place.line, 1)
    problem = Problem(Word.MISMATCH, HARM[0], place, reply=("S: " + HARM[1],))
    made.begin()
    made.add(
        Result(
            "x.mpt",
            "x.mpt",
            HARM[0],
            Verdict.FAILED,
            0.5,
            problem=problem,
            measured=(Measured(1, 0.0, TIMING), Measured(2, 0.2, TIMING)),
        )
    )
    made.end(Summary(dict.fromkeys(Verdict, 1), seconds=0.5))
    return "".join(written)


PAGES = {
    "lesson": lambda: page(read(LESSON), Options()),
    "session": session,
    "hostile": lambda: page(read(HOSTILE), Options(marks={30: HARM[0]})),
    "report": lambda: report(LESSON),
}


@pytest.mark.parametrize("name", PAGES)
def test_nothing_shuts_anybody_out(reader: Reader, name: str) -> None:
    """axe finds nothing, light or dark, wide or narrow, folded or open."""
    reader.open(PAGES[name]())
    assert reader.violations() == []
    reader.unfold()
    reader.click("#look-dark")
    assert reader.background == "rgb(13, 17, 23)"
    assert reader.violations() == []
    assert reader.unsure < 0.05
    reader.widen(400)
    assert reader.of("html", "e.scrollWidth") == 400
    reader.click("#look-light")
    assert reader.background == "rgb(255, 255, 255)"
    assert reader.violations() == []


@pytest.mark.slow
@pytest.mark.parametrize("lesson", LESSONS, ids=[lesson.stem for lesson in LESSONS])
def test_every_lesson(reader: Reader, lesson: Path) -> None:
    """The pages of the course: axe finds nothing in the Chinese one, in the dark, unfolded."""
    reader.open(page(load(str(lesson)), Options(language="zh")))
    reader.click("#look-dark")
    reader.unfold()
    assert reader.violations() == []
    assert reader.unsure < 0.05


def test_a_lesson_in_two_languages(reader: Reader) -> None:
    """Text, titles, hints and explanations of one language at a time, chosen by mouse or keys."""
    reader.open(page(read(LESSON), Options()))
    english, chinese = "STAT gives two numbers.", "STAT 返回两个数。"
    assert english in reader.text
    assert chinese not in reader.text
    assert "Explained: +OK" in reader.text
    reader.click("#language-zh")
    assert chinese in reader.text
    assert english not in reader.text
    assert "解释：+OK" in reader.text
    assert "Explained" not in reader.text
    reader.tab_to("input language-zh", TAB)
    reader.press(LEFT)
    assert english in reader.text
    assert chinese not in reader.text


def test_a_session_is_explained_in_both(reader: Reader) -> None:
    """The first language is the one that was asked for; the words on the wire stay the same."""
    reader.open(page(SESSION, Options(language="zh")))
    assert reader.of("html", "e.lang") == "zh"
    assert "解释：550" in reader.text
    assert "550 5.1.1" in reader.text
    reader.click("#language-en")
    assert "Explained: 550" in reader.text
    assert "解释" not in reader.text


def test_folds_open_by_keys(reader: Reader) -> None:
    """An explanation, a hint, a mistake: each is reached by TAB, and opened and shut again."""
    reader.open(page(read(LESSON), Options()))
    for name, inside in (
        ("summary Explained: +OK", "It says"),
        ("summary Hint 1", "Four letters."),
        ("summary A known mistake: count", "Not that."),
    ):
        assert inside not in reader.text
        reader.tab_to(name, TAB)
        assert reader.of(":focus-visible", "getComputedStyle(e).outlineStyle") == "solid"
        reader.press(ENTER)
        assert inside in reader.text
        reader.press(SPACE)
        assert inside not in reader.text


def test_the_first_key_leads_past_the_switches(reader: Reader) -> None:
    """A link that is seen once it has the focus; what TAB finds next is in the content."""
    reader.open(page(read(LESSON), Options()))
    link = reader.all(".skip")[0]
    assert link.location["y"] < 0
    reader.press(TAB)
    assert link.location["y"] >= 0
    reader.press(ENTER)
    assert reader.focused.startswith("main content")
    reader.press(TAB)
    assert reader.focused == "summary Header"


def test_the_look(reader: Reader) -> None:
    """As the system has it, until somebody chooses; paper is white."""
    reader.open(session())
    light, dark = "rgb(255, 255, 255)", "rgb(13, 17, 23)"
    assert reader.background == light
    reader.prefer("dark")
    assert reader.background == dark
    reader.click("#look-light")
    assert reader.background == light
    reader.tab_to("input look-light", TAB)
    reader.press(RIGHT)
    reader.prefer("light")
    assert reader.background == dark
    reader.click("#look-auto")
    assert reader.background == light


def test_both_sides_are_told_in_words(reader: Reader) -> None:
    """Who speaks is said where it is another one than before."""
    reader.open(page(SESSION, Options()))
    items = [re.sub(r"\s+", " ", item.text) for item in reader.all(".lines > li")]
    assert [item.split(" ")[0] for item in items if item[:1] in ("s", "c")] == [
        *("server", "client", "server", "client", "server", "client", "server"),
    ]


def test_on_paper(reader: Reader) -> None:
    """All folds are open, switches are gone, no line is cut, and dark ink is on white paper."""
    reader.open(page(read(LESSON), Options()))
    reader.click("#look-dark")
    sheets = "\n".join(reader.print())
    for words in ("connect: 127.0.0.1:110", "Four letters.", "Not that.", "It says", "C: STAT"):
        assert words in sheets
    for words in ("as the system", "English", "Skip"):
        assert words not in sheets
    reader.open(session())
    sheets = "".join(reader.print())
    assert sheets.replace("\n", "").count("x") >= 300
    assert "took 400 ms" in sheets
    assert "slowest: MAIL 400 ms" in sheets


def test_how_long_replies_took(reader: Reader) -> None:
    """A bar and a time beside the reply, the longest is the widest; and all of it in a table."""
    reader.open(session())
    items = {item.get_attribute("value"): item.text for item in reader.all(".lines > li")}
    assert "took 200 ms" in items["5"]
    assert "took 400 ms" in items["7"]
    widths = [rect.size["width"] for rect in reader.all(".took rect")]
    assert widths[1] == pytest.approx(2 * widths[0], rel=0.05)
    rows = [row.text for row in reader.all(".timing tbody tr")]
    assert rows[2] == "MAIL 300 ms 400 ms 250"


def test_what_is_hostile_does_nothing(reader: Reader) -> None:
    """Every character of it can be read, nothing runs, nothing is loaded, nothing reorders."""
    for made in (PAGES["hostile"](), report(HOSTILE)):
        reader.open(made)
        reader.unfold()
        for harm in HARM:
            assert harm in reader.text
        assert r"\e]0;evil\x07\e[2J\u{202e}" in reader.text
        for tag in ("script", "img", "iframe", "link", "object"):
            assert reader.all(tag) == []
    reader.open(session())
    digits = reader.of(
        'li[value="9"] code',
        "(() => { const r = document.createRange(), t = e.lastChild.firstChild || e.lastChild;"
        " const at = t.data.indexOf('nobody'); r.setStart(t, at); r.setEnd(t, at + 6);"
        " return r.getBoundingClientRect().left })()",
    )
    code = reader.of('li[value="9"] code', "e.getBoundingClientRect().right")
    assert isinstance(digits, int | float)
    assert isinstance(code, int | float)
    assert digits > code - 80  # what is said last stands at the right, whatever runs leftwards


def test_a_page_opens_at_a_line(reader: Reader, tmp_path: Path) -> None:
    """A report can point at it."""
    transcript = pop3("S: +OK", *(f"# {number}" for number in range(200)), "C: QUIT")
    reader.open(page(transcript, Options()))
    number = transcript.lines[-1].place.line
    reader.driver.get((tmp_path / "page.html").as_uri() + f"#transcript-{number}")
    assert reader.of(":target", "e.getBoundingClientRect().top >= 0")
    assert reader.of(":target code", "e.textContent") == "C: QUIT"
