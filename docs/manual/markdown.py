"""Markdown of values that may hold anything: what they say is shown as it is, never understood.

A text of a table may hold `<`, `|`, `{` or a backtick; a character reference is the one way to
write them that holds in a paragraph, in a cell of a table and in a heading alike.
"""

import re
from collections.abc import Iterable, Sequence

# What Markdown, its extensions (tables, attribute lists, footnotes, details) or HTML may act on.
_SPECIAL = re.compile(r"[\\`*_{}\[\]<>#+\-.!|&~^=:$@\"'?/]")
_BLANKS = re.compile(r"\s+")
_FENCE = re.compile(r"`{3,}")
_NO_SLUG = re.compile(r"[^a-z0-9]+")


def text(value: str) -> str:
    """One line of text, wherever text may stand."""
    return _SPECIAL.sub(_reference, _BLANKS.sub(" ", value.strip()))


def code(value: str) -> str:
    """The same as code; nothing at all where there is nothing."""
    return f"<code>{text(value)}</code>" if value else ""


def _reference(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};"


def slug(value: str) -> str:
    """An anchor or the name of a page: `X.1.10` is `x-1-10`; `+OK` `ok`, `-ERR` `err`.

    The lone `+` is `plus`.
    """
    return _NO_SLUG.sub("-", value.lower()).strip("-") or "plus"


def heading(level: int, title: str, anchor: str = "") -> str:
    """A heading; `title` is Markdown already."""
    mark = f" {{ #{anchor} }}" if anchor else ""
    return f"{'#' * level} {title}{mark}\n\n"


def link(title: str, target: str) -> str:
    """A link; `title` is Markdown already, `target` a path of ours."""
    return f"[{title}]({target})"


def anchor(name: str) -> str:
    """A place in a cell of a table that links lead to."""
    return f'<a id="{name}"></a>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already; "" without rows.

    A column of which no cell holds anything is left out.
    """
    cells = [list(row) for row in rows]
    used = [n for n in range(len(head)) if any(row[n] for row in cells)]
    if not cells:
        return ""
    lines = [[head[n] for n in used], ["---"] * len(used)]
    lines += [[row[n] for n in used] for row in cells]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"


def fence(language: str, lines: Iterable[str]) -> str:
    """A block of code, of lines that may hold such blocks themselves."""
    body = "".join(f"{line}\n" for line in lines)
    longest = max((len(found) for found in _FENCE.findall(body)), default=2)
    mark = "`" * (longest + 1)
    return f"{mark}{language}\n{body}{mark}\n\n"


def folded(kind: str, title: str, body: str) -> str:
    """A block that opens when somebody asks; `title` is text, `body` Markdown."""
    quoted = text(title)
    inner = "".join(f"    {line}\n" if line else "\n" for line in body.rstrip("\n").split("\n"))
    return f'??? {kind} "{quoted}"\n\n{inner}\n'


def paragraph(value: str) -> str:
    """Text as a paragraph; nothing where there is none."""
    return f"{text(value)}\n\n" if value.strip() else ""


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """A list of names and what is to be said of each, Markdown already; without empty ones."""
    return bullets(f"**{name}**: {value}" for name, value in rows if value)


def bullets(items: Iterable[str]) -> str:
    """A list of Markdown."""
    listed = "".join(f"- {item}\n" for item in items)
    return f"{listed}\n" if listed else ""


_RFC = re.compile(r"RFC ([0-9]+)(?:, sections? ([0-9]+(?:\.[0-9]+)*))?")


def reference(value: str) -> str:
    """Where something is said, with a link to each RFC."""
    parts, end = [], 0
    for match in _RFC.finditer(value):
        section = f"#section-{match[2]}" if match[2] else ""
        target = f"https://www.rfc-editor.org/rfc/rfc{match[1]}{section}"
        parts += [_between(value[end : match.start()]), link(text(match[0]), target)]
        end = match.end()
    return "".join([*parts, _between(value[end:])])


def _between(value: str) -> str:
    """Text whose blanks at the ends stay."""
    before = " " if value[:1].isspace() else ""
    after = " " if value[-1:].isspace() and value.strip() else ""
    return f"{before}{text(value)}{after}"


def in_chinese(value: str) -> str:
    """A text in Chinese among others."""
    return f'<span lang="zh">{text(value)}</span>' if value else ""


def chinese(value: str) -> str:
    """A paragraph in Chinese, marked as such for those who hear it."""
    return f'{text(value)}\n{{: lang="zh" }}\n\n' if value.strip() else ""
