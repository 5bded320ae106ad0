"""Pages of the course: a list of the lessons, and each lesson to read, in both languages."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from mailprobe.transcript.model import (
    Alt,
    EventLine,
    FileLine,
    Function,
    Lesson,
    Line,
    Pattern,
    Pieces,
    Placeholder,
    Question,
    Title,
    Transcript,
    Wire,
    Wrong,
)
from mailprobe.transcript.parse import parse
from mailprobe.value import frozen
from manual.markdown import bullets, code, fence, folded, heading, link, paragraph, table, text

ORDERS = {"class": "00 07 01 02 04 11", "administrator": "07 09 11 12 13 14 15 17"}
_WHOLE = "00 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18"


@frozen
class Words:
    """What the pages say themselves, in one language."""

    language: str
    folder: str  # of its pages
    joint: str  # between two lines of a paragraph
    course: str
    about: str
    lesson: str
    server: str
    needs: str
    start: str
    hint: str
    mistake: str
    branch: str
    orders: Mapping[str, str]
    other: str


ENGLISH = Words(
    "en",
    "course",
    " ",
    "The course",
    "Lessons of a few minutes each, on the practice server inside mailprobe: no network, no "
    "account, nothing to break. To take one, type mailprobe learn and its number; the pages here "
    "are for reading, and for those who teach.",
    "lesson",
    "server",
    "needs",
    "Take it in the shell:",
    "Hint {}",
    "If you type {}",
    "If it is: {}",
    {
        "class": "For a class of 45 minutes",
        "administrator": "For an administrator",
    },
    "中文",
)
CHINESE = Words(
    "zh",
    "zh/course",
    "",
    "课程",
    "每课几分钟，全部在 mailprobe 自带的练习服务器上进行：不用联网，不用账号，也弄不坏任何东西。"
    "上课请输入 mailprobe learn 加课号；这里的页面供阅读和备课用。",
    "课",
    "服务器",
    "先修",
    "在命令行里上这一课：",
    "提示 {}",
    "如果输入 {}",
    "如果是：{}",
    {"class": "一堂 45 分钟的课", "administrator": "给管理员"},
    "English",
)
LANGUAGES = (ENGLISH, CHINESE)


def lessons(folder: Path) -> list[Transcript]:
    """The lessons of a folder, in the order of their numbers."""
    found = [parse(path.read_bytes(), path.name) for path in sorted(folder.glob("*.mpt"))]
    return sorted(found, key=lambda one: number(one.head.lesson))


def number(lesson: str) -> str:
    """`pop3-02` is `02`."""
    return lesson.rpartition("-")[2]


def pages(folder: Path) -> Iterator[tuple[str, str]]:
    """Name and Markdown of each page."""
    course = lessons(folder)
    for words in LANGUAGES:
        yield f"{words.folder}/index.md", _overview(course, words)
        for lesson in course:
            yield f"{words.folder}/{lesson.head.lesson}.md", _lesson(lesson, course, words)


def title_of(lesson: Transcript, words: Words) -> str:
    """The title in a language, or the one that there is."""
    titles = lesson.head.titles
    return titles.get(words.language) or titles.get("") or titles.get("en", lesson.head.lesson)


def _overview(course: Sequence[Transcript], words: Words) -> str:
    rows = [
        (
            _link_to(lesson, words),
            code(lesson.head.peers[1].connect),
            ", ".join(text(number(need)) for need in lesson.head.needs),
        )
        for lesson in course
    ]
    parts = [heading(1, words.course), paragraph(words.about)]
    parts.append(table((words.lesson, words.server, words.needs), rows))
    by_number = {number(lesson.head.lesson): lesson for lesson in course}
    for name, order in ORDERS.items():
        chosen = [by_number[one] for one in order.split() if one in by_number]
        parts.append(heading(2, words.orders[name]) if chosen else "")
        parts.append(bullets(_link_to(lesson, words) for lesson in chosen))
    return "".join(parts)


def _link_to(lesson: Transcript, words: Words) -> str:
    shown = f"{number(lesson.head.lesson)} {title_of(lesson, words)}"
    return link(text(shown), f"{lesson.head.lesson}.md")


def _lesson(lesson: Transcript, course: Sequence[Transcript], words: Words) -> str:
    head = lesson.head
    title = f"{number(head.lesson)} {title_of(lesson, words)}"
    by_id = {one.head.lesson: one for one in course}
    needs = [_link_to(by_id[need], words) for need in head.needs if need in by_id]
    other = next(one for one in LANGUAGES if one is not words)
    back = "../" * (words.folder.count("/") + 1)
    parts = [
        heading(1, text(title)),
        link(words.other, f"{back}{other.folder}/{head.lesson}.md"),
        "\n\n",
        f"{text(words.needs)}: {', '.join(needs)}\n\n" if needs else "",
        f"{text(words.start)}\n\n",
        fence("sh", [f"mailprobe learn {head.lesson}"]),
        *_body(lesson, words),
    ]
    return "".join(parts)


def _body(lesson: Transcript, words: Words) -> Iterator[str]:
    """Texts, hints, mistakes and dialogue, each run of one kind as one block."""
    samples = {
        one.name: b"".join(piece for piece in one.pieces if isinstance(piece, bytes)).decode()
        for one in lesson.head.settings
    }
    yield from _blocks(lesson.lines, samples, words)


def _blocks(
    lines: Sequence[Line], samples: Mapping[str, str], words: Words, *, inside: bool = False
) -> Iterator[str]:
    """`inside`: of one branch, whose steps are no sections of the page."""
    hints = 0
    for kind, found in groupby(_shown(lines, words), key=_kind):
        run = list(found)
        match kind:
            case "title":
                for line in run:
                    title = text(_content(line))
                    yield f"**{title}**\n\n" if inside else heading(2, title)
                hints = 0
            case "text":
                yield _prose([_content(line) for line in run], words)
            case "hint":
                for hints, line in enumerate(run, hints + 1):  # noqa: B020 - it goes on
                    yield folded("tip", words.hint.format(hints), paragraph(_content(line)))
            case "wrong":
                for line in run:
                    yield _mistake(line, samples, words)
            case "alt":
                for line in run:
                    yield from _branches(line, samples, words)
            case _:
                said = [one for line in run if (one := _said(line, samples))]
                yield fence("mpt-lines", said) if said else ""
                hints = 0


def _branches(line: Line, samples: Mapping[str, str], words: Words) -> Iterator[str]:
    """The ways on which a lesson may go, each folded."""
    for branch in line.branches if isinstance(line, Alt) else ():
        body = "".join(_blocks(branch.lines, samples, words, inside=True))
        yield folded("example", words.branch.format(branch.name), body)


def _shown(lines: Sequence[Line], words: Words) -> Iterator[Line]:
    """Without what is in the other language, and without what nobody reads."""
    for line in lines:
        if isinstance(line, Title | Lesson) and not _spoken(line, words):
            continue
        if _kind(line):
            yield line


def _spoken(line: Title | Lesson, words: Words) -> bool:
    """Titles without a language are English, beside one in Chinese."""
    return (line.language or "en") == words.language


def _kind(line: Line) -> str:
    match line:
        case Title():
            return "title"
        case Lesson(tag="|"):
            return "text"
        case Lesson():
            return "hint"
        case Wrong():
            return "wrong"
        case Alt():
            return "alt"
        case Wire() | Question() | Pattern() | FileLine() | EventLine():
            return "wire"
        case _:
            return ""


def _content(line: Line) -> str:
    return line.content if isinstance(line, Title | Lesson) else ""


def _prose(contents: Sequence[str], words: Words) -> str:
    """Lines as a paragraph; those that begin with blanks stay as they stand."""
    parts = []
    for apart, run in groupby(contents, key=lambda one: one.startswith("  ")):
        lines = list(run)
        parts.append(fence("text", lines) if apart else _paragraph(lines, words))
    return "".join(parts)


def _paragraph(lines: list[str], words: Words) -> str:
    mark = f'{{: lang="{words.language}" }}\n' if words.language != "en" else ""
    return f"{text(words.joint.join(lines))}\n{mark}\n"


def _mistake(line: Line, samples: Mapping[str, str], words: Words) -> str:
    """A known mistake: what was typed, and what is said of it."""
    inner = list(_shown(line.lines if isinstance(line, Wrong) else (), words))
    said = [one for each in inner if _kind(each) == "wire" and (one := _said(each, samples))]
    typed = next((one.partition(" ")[2] for one in said if one.startswith("C")), "...")
    told = [_content(each) for each in inner if _kind(each) == "text"]
    return folded(
        "failure", words.mistake.format(typed), fence("mpt-lines", said) + _prose(told, words)
    )


def _said(line: Line, samples: Mapping[str, str]) -> str:
    """A line of the wire as it may look; what may differ is shown by its sample."""
    match line:
        case Wire(side=side, connection=connection, pieces=pieces):
            return f"{_tag(side, connection)}: {_sample(pieces, samples)}".rstrip()
        case Question(connection=connection, classes=classes):
            shown = str(classes[0]).replace("x", "0")
            return f"{_tag('S', connection)}: {shown} ..."
        case Pattern(tag="+", connection=connection, pieces=pieces):
            return f"{_tag('S', connection)}: {_sample(pieces, samples)}".rstrip()
        case Pattern(tag="*", connection=connection):
            return f"{_tag('S', connection)}: ..."
        case Pattern():
            return ""
        case _:
            return line.text


def _tag(side: str, connection: int) -> str:
    return side if connection == 1 else f"{side}{connection}"


def _sample(pieces: Pieces, samples: Mapping[str, str]) -> str:
    shown = []
    for piece in pieces:
        match piece:
            case bytes():
                shown.append(piece.decode("utf-8", "replace"))
            case Placeholder(name=name, sample=sample):
                shown.append("..." if sample is None else sample.decode("utf-8", "replace"))
                if sample is None and name in samples:
                    shown[-1] = samples[name]
            case Function(word=word):
                shown.append(f"{{={word}}}")
    return "".join(shown)
