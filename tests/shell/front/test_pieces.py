"""What the prompt is made of, without one."""

import pytest
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory

from mailprobe.protocol.facts import Facts
from mailprobe.protocol.items import Phase
from mailprobe.protocol.model import Protocol
from mailprobe.protocol.smtp import SMTP
from mailprobe.shell.front.pieces import LineSuggest


class _Talk:
    phase = Phase.COMMAND
    facts = Facts(Protocol.SMTP)
    catalogue = SMTP


@pytest.mark.parametrize(
    "text, rest",
    [
        ("XA", "B"),  # the newest
        ("XAB", " 2"),
        ("XAB 2", None),  # nothing longer begins so
        ("XAB 1", None),
        ("XC", "D"),
        ("XCD", None),  # a line of more than one is never offered
        ("AB", None),  # only from the beginning of a line
        ("xa", None),
        ("XAB(", None),  # no pattern
        ("  ", None),
    ],
)
def test_the_newest_line_that_begins_so(text: str, rest: str | None) -> None:
    """A line that is the same is passed over."""
    history = InMemoryHistory(["XAB 1", "XCD", "XAB 2", "XAB", "XCD\ne", "ZZ XAB", "XA"])
    buffer = Buffer(history=history)
    list(history.load_history_strings())
    history._loaded_strings = list(reversed(history._storage))
    suggest = LineSuggest(_Talk())  # type: ignore[arg-type]  # all that it looks at
    found = suggest.get_suggestion(buffer, Document(text))
    assert (found and found.text) == rest
    history.append_string(f"{text} and more")
    found = suggest.get_suggestion(buffer, Document(text))
    assert (found and found.text) == (" and more" if text.strip() else None)
