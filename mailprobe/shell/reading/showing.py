"""How much of an answer a terminal shows, and where the rest of it can be read."""

import shutil
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from mailprobe.render.console import Screen
from mailprobe.transcript.redact import Secrets

if TYPE_CHECKING:
    from mailprobe.shell.company import Company
    from mailprobe.shell.conversation import Conversation

_BESIDES = 6  # rows: the command, its reply, what is left out, the end, prompt and toolbar
_FEWEST = 5  # rows of an answer


def new_screen(
    talk: "Company", write: Callable[[str], None], secrets: Secrets, margin: Callable[[], int]
) -> Screen:
    """The screen of a connection whose secrets are these."""
    return Screen(
        write,
        color=talk.color,
        secrets=secrets,
        plain=talk.options.plain,
        messages=lambda: talk.facts.messages,
        rewritable=lambda: not talk.options.plain and talk.front.rewritable,
        layout=lambda: (shutil.get_terminal_size().columns, fold_of(talk)),
        margin=margin,
    )


def fold_of(talk: "Company") -> int:
    """Rows of one answer that are shown; 0 is all of them."""
    wish = talk.preferences.fold
    if wish is None:
        return max(shutil.get_terminal_size().lines - _BESIDES, _FEWEST)
    return wish


def page(talk: "Conversation", pieces: Iterable[str]) -> None:
    """Show text in the person's pager, or here where there is none.  Raises Failure `usage`."""
    from mailprobe.shell.reading import paging

    words = paging.pager_words(talk.options.env, plain=talk.options.plain)
    if words:
        paging.page(pieces, words, talk.front.lend)
        return
    for piece in pieces:
        talk.write(piece)


def filter_through(talk: "Conversation", octets: Iterable[bytes], words: Sequence[str]) -> None:
    """Give octets to a command, and show what it writes.  Raises Failure `usage`."""
    from mailprobe.shell.reading import paging

    for text in paging.filtered(octets, words, talk.front.lend):
        talk.write(text)
