"""Pages: one file, well formed, and text of a transcript is nothing but text."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from mailprobe.render.html import document, text
from mailprobe.render.html_transcript import transcript_section
from tests.render.samples import HARM, HOSTILE, LESSON, read, smtp

_VOID = {"meta", "br", "input"}
_ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "section", "a"),
    *("fieldset", "legend", "label", "input", "h1", "h2", "h3", "p", "span", "strong", "br"),
    *("details", "summary", "dl", "dt", "dd"),
    *("ol", "li", "code", "div", "table", "thead", "tbody", "tr", "th", "td"),
}


class Page(HTMLParser):
    """Its elements; raises where one is not closed, or closed by another."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page_of(source: str, marks: dict[int, str] | None = None) -> str:
    transcript = read(source)
    return document("x", transcript_section(transcript, marks), languages=transcript.head.languages)


@pytest.mark.parametrize("source", [LESSON, HOSTILE], ids=["lesson", "hostile"])
def test_a_page_is_well_formed(source: str) -> None:
    """Known elements alone, no attribute that could do something, each id once."""
    page = Page(page_of(source, {9: HARM[0], 10: HARM[1], 20: HARM[2], 60: "x"}))
    assert {tag for tag, _ in page.elements} <= _ALLOWED
    names = {name for _, attributes in page.elements for name in attributes}
    assert not [name for name in names if name.startswith("on")]
    assert not names & {"style", "src", "action", "srcdoc"}
    assert [a["href"] for _, a in page.elements if "href" in a] == ["#content"]
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))


def test_nothing_is_loaded_and_nothing_runs() -> None:
    """The policy allows the one style sheet, by its digest, and nothing else."""
    page = page_of(LESSON)
    (style,) = re.findall("<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = [
        attributes["content"]
        for attributes in Page(page).all("meta")
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert "url(" not in style
    assert "@import" not in style
    assert "http" not in page.replace("http-equiv", "")


def test_hostile_text_is_text() -> None:
    """Every character of it stands there to be read."""
    page = Page(page_of(HOSTILE, {30: "\n".join(HARM)}))
    for harm in HARM[:6]:
        assert page.words.count(harm) >= 4
    assert r"\e]0;evil\x07\e[2J\u{202e}" in page.words
    assert page.words.replace("\n", "").isprintable()
    assert text('"<\x1b\udcff') == "&quot;&lt;\\u{1b}\\xff"


def test_the_lines_and_their_sides() -> None:
    """Each line has its number, and can be pointed at; sides differ."""
    items = {a["value"]: a for a in Page(page_of(LESSON)).all("li")}
    assert items["11"] == {"id": "transcript-11", "value": "11", "class": "server"}
    assert items["12"]["class"] == "client"
    assert items["13"]["class"] == "server"
    numbers = [int(number) for number in items if number]
    assert numbers == sorted(numbers)


def test_a_mark_stands_at_its_line() -> None:
    """Said in words; the header opens when the mark is there."""
    page = page_of("mailprobe: 1\nprotocol: smtp\n\nC: QUIT\n", {4: "no <reply>\ncame"})
    assert 'class="client marked"' in page
    assert "<strong>Failed here:</strong> no &lt;reply&gt;<br>came" in page
    assert '<details class="header"><summary>' in page
    assert '<details class="header" open>' in page_of("mailprobe: 1\nprotocol: smtp\n", {2: "x"})


@pytest.mark.parametrize("number", range(2, LESSON.count("\n") + 1))
def test_every_line_can_be_marked(number: int) -> None:
    """Header, lesson text, hints, blocks and their ends."""
    page = page_of(LESSON, {number: "MARKED"})
    assert page.count("MARKED") == (LESSON.split("\n")[number - 1] != "")
    Page(page)


def test_languages_are_switched_without_script() -> None:
    """One switch for each, the first one set, and a rule that hides the others."""
    page = page_of(LESSON)
    switches = [a for a in Page(page).all("input") if a["name"] == "language"]
    assert [a["id"] for a in switches] == ["language-en", "language-zh"]
    assert ["checked" in a for a in switches] == [True, False]
    for language in ("en", "zh"):
        assert f"body:has(#language-{language}:checked)" in page
    assert '<p id="transcript-17" lang="zh" data-language="zh">STAT 返回两个数。</p>' in page
    assert '<h2 id="transcript-14" lang="en" data-language="en">How many wait?</h2>' in page


def test_the_language_that_is_asked_for() -> None:
    """It is chosen when the page opens; one that is no name of a language goes nowhere."""
    page = document("x", "", languages=["en", "zh", "</style>"], language="zh")
    assert '<html lang="zh">' in page
    switches = [a for a in Page(page).all("input") if a["name"] == "language"]
    assert [("checked" in a) for a in switches] == [False, True]
    assert "</style></style>" not in page
    assert 'name="language"' not in document("x", "", languages=["en"])


def test_several_transcripts_on_one_page() -> None:
    """Each has an anchor of its own, and stands below the title of the page."""
    sections = [
        transcript_section(smtp("C: QUIT"), anchor=anchor, level=2) for anchor in ("a", "b")
    ]
    page = document("all", "<h1>all</h1>" + "".join(sections))
    assert [a["id"] for a in Page(page).all("li") if a["value"] == "5"] == ["a-5", "b-5"]
    assert '<h2 id="a">' in page


def test_the_title_of_the_page() -> None:
    """It is text, whatever it holds."""
    assert f"<title>{HARM[0]}".replace("<", "&lt;", 1) not in document(HARM[0], "")
    assert "<title>&lt;/title&gt;&lt;/style&gt;" in document(HARM[0], "")


def test_the_look_is_chosen_without_script() -> None:
    """As the system has it, light, or dark: the style sheet reads which."""
    page = page_of(LESSON)
    looks = {a["id"]: "checked" in a for a in Page(page).all("input") if a["name"] == "look"}
    assert looks == {"look-auto": True, "look-light": False, "look-dark": False}
    for look in ("light", "dark"):
        assert f":root:has(#look-{look}:checked){{color-scheme:{look}}}" in page


def test_hints_and_mistakes_are_folded() -> None:
    """Hints count anew for each command, in each language; a mistake is named by what is typed."""
    lines = ("?en one", "?zh 一", "?en two", "C: NOOP", "?en again", "C: QUIT")
    page = page_of("\n".join(["mailprobe: 1", "protocol: smtp", "lang: en zh", "", *lines, ""]))
    hints = re.findall(r"<summary>([^<]*)</summary><p>", page)
    assert hints == ["Hint 1", "提示 1", "Hint 2", "Hint 1"]
    page = page_of(LESSON)
    assert '<details class="wrong"><summary>A known mistake: <code>count</code>' in page
    assert '<details class="wrong" open>' in page_of(LESSON, {22: "x"})


def test_who_speaks_is_said_in_words() -> None:
    """Once for what one side says in a row; a file that is sent counts, too."""
    page = page_of("mailprobe: 1\nprotocol: smtp\n\nS: 220-a\nS: 220 b\nC< x.txt\nC: .\n")
    assert re.findall('<span class="who">(.*?)</span>', page) == ["server", "client"]


def test_what_stands_beside_and_below_a_line() -> None:
    """It is HTML, and belongs to that very line."""
    transcript = smtp("S: 220", "C: QUIT")
    first, last = transcript.lines
    section = transcript_section(transcript, beside={id(first): "<b/>"}, below={id(last): "<i/>"})
    assert '<span class="who">server</span><b/><code>' in section
    assert section.count("<b/>") == section.count("<i/>") == 1
    assert "</code><i/></li>" in section


def test_text_of_several_lines_is_one_piece() -> None:
    """Lines as they stand in the file, close together; each can still be pointed at."""
    lines = ("|en a", "|en b", "?en c", "|en d", "", "C: QUIT", "")
    page = page_of("\n".join(["mailprobe: 1", "protocol: smtp", "lang: en", "", *lines]))
    assert page.count('<div class="text">') == 2
    assert '">a</p>\n<p id="transcript-6"' in page
