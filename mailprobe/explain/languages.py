"""Which language explanations are given in: asked for, or found in the environment."""

from collections.abc import Mapping

from mailprobe.errors import Failure, Word
from mailprobe.safe import safe

ENGLISH, CHINESE, BOTH = "en", "zh", "zh+en"
LANGUAGES = (ENGLISH, CHINESE, BOTH)

_LOCALES = ("LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set counts (POSIX, section 8.2)


def tongues(language: str) -> tuple[str, ...]:
    """The single languages in which something is said, one after the other."""
    return (CHINESE, ENGLISH) if language == BOTH else (language,)


def language_of(asked: str | None, env: Mapping[str, str]) -> str:
    """The language that was asked for, or that of the locale; English wherever CI is set.

    Raises Failure `usage` where `asked` is none of `LANGUAGES`.
    """
    if asked is not None:
        if asked not in LANGUAGES:
            raise Failure(
                Word.USAGE, f"language {safe(asked)} is not known: write {', '.join(LANGUAGES)}"
            )
        return asked
    if env.get("CI"):
        return ENGLISH
    locale = next((env[name] for name in _LOCALES if env.get(name)), "")
    return CHINESE if locale.lower().startswith("zh") else ENGLISH
