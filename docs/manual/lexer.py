"""Lines of a transcript without its header, in the colours of a whole one."""

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from mailprobe.transcript.pygments_lexer import TranscriptLexer

__all__ = ["LinesLexer", "TranscriptLexer"]  # Pygments loads what is named here


class LinesLexer(TranscriptLexer):
    """Excerpts: `mpt-lines`."""

    name = "lines of a mailprobe transcript"
    aliases: ClassVar[list[str]] = ["mpt-lines"]
    filenames: ClassVar[list[str]] = []
    mimetypes: ClassVar[list[str]] = []

    def get_tokens_unprocessed(
        self, text: str, stack: Iterable[str] = ("root", "lines")
    ) -> Iterator[tuple[int, Any, str]]:
        """The tokens, from the first line behind a header on."""
        return super().get_tokens_unprocessed(text, stack)
