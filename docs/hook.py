"""What MkDocs calls while it builds the manual: see mkdocs.yml."""

import re
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from pygments.lexers import LEXERS

from manual import lexer
from manual.pages import pages

_MANY = "/*"  # behind a folder in the navigation: all generated pages of it
_INFO = re.compile(
    r"^(```[a-z]+) [a-z ]+$", re.MULTILINE
)  # words for our tests behind the language
_HTML = re.compile(r'<html lang="[^"]*"')


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Make the pages, write them into the navigation, and name our lexers to Pygments."""
    made = pages()
    config.extra["generated"] = made
    config.nav = _named(config.nav, list(made))
    for kind in (lexer.TranscriptLexer, lexer.LinesLexer):
        row = (lexer.__name__, kind.name, tuple(kind.aliases), tuple(kind.filenames), ())
        LEXERS[kind.__name__] = row
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages, which are in no folder."""
    for name, content in config.extra["generated"].items():
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Leave nothing behind the language of a block of code, which is no block otherwise."""
    return _INFO.sub(r"\1", markdown)


def on_post_page(output: str, *, page: Page, config: MkDocsConfig) -> str:
    """Say to browsers and screen readers that a page is in Chinese."""
    if page.file.src_uri.startswith("zh/"):
        return _HTML.sub('<html lang="zh"', output, count=1)
    return output


def _named(nav: Any, names: list[str]) -> Any:
    """The navigation with each `FOLDER/*` replaced by the pages that are there."""
    if isinstance(nav, dict):
        return {title: _named(below, names) for title, below in nav.items()}
    if not isinstance(nav, list):
        return nav
    found: list[Any] = []
    for one in nav:
        if isinstance(one, str) and one.endswith(_MANY):
            folder = one.removesuffix(_MANY)
            inside = [name for name in names if name.rpartition("/")[0] == folder]
            found += [name for name in inside if not name.endswith("/index.md")]
        else:
            found.append(_named(one, names))
    return found
