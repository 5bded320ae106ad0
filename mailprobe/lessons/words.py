"""What a lesson says, in the languages in which it says it.

Plain values; no terminal.
"""

from collections.abc import Iterable, Mapping

from mailprobe.transcript.model import Lesson, Title
from mailprobe.value import frozen

BOTH = "+"  # joins the names of two languages: zh+en


@frozen
class Words:
    """Lines by language, as the file has them."""

    lines: tuple[tuple[str, str], ...] = ()  # language, line

    def __bool__(self) -> bool:
        return bool(self.lines)

    def said(self, language: str) -> tuple[str, ...]:
        """The lines for who reads `language`; for `zh+en` the Chinese ones, then the English ones.

        Where a language has none: those of its family (`zh` for `zh-tw`), of English, of any.
        What is the same in both is said once.
        """
        found = dict.fromkeys(self._in(one) for one in language.split(BOTH))
        return tuple(line for lines in found for line in lines)

    def _in(self, language: str) -> tuple[str, ...]:
        for wanted in (language, language.partition("-")[0], "en", *(tag for tag, _ in self.lines)):
            if found := tuple(line for tag, line in self.lines if tag == wanted):
                return found
        return ()


def words_of(lines: Iterable[Lesson | Title], languages: tuple[str, ...]) -> Words:
    """Lines of a file; what names no language is in the file's first one."""
    first = languages[0] if languages else "en"
    return Words(tuple((line.language or first, line.content) for line in lines))


def titled(titles: Mapping[str, str], languages: tuple[str, ...]) -> Words:
    """The title of a file."""
    first = languages[0] if languages else "en"
    return Words(tuple((language or first, title) for language, title in titles.items()))


def counted(lines: Iterable[Lesson], languages: tuple[str, ...]) -> tuple[Words, ...]:
    """Hints: the first of each language belong together, and so on."""
    first = languages[0] if languages else "en"
    found: list[dict[str, str]] = []
    seen: dict[str, int] = {}
    for line in lines:
        language = line.language or first
        number = seen.get(language, 0)
        seen[language] = number + 1
        if number == len(found):
            found.append({})
        found[number][language] = line.content
    return tuple(Words(tuple(each.items())) for each in found)
