"""Words as a person writes them to a local command, blanks in a name quoted as in a POSIX shell."""

_SPECIAL = " \t\\'\""


def unquoted(text: str) -> tuple[list[str], str]:
    """The words of `text`, and what is still open at its end: a quotation mark, `\\`, or "".

    Never raises: what is open counts as closed.  Nothing is expanded.
    """
    words: list[str] = []
    word: str | None = None
    mark = ""  # the quotation mark that is open
    escaped = False
    for character in text:
        if escaped:
            kept = "\\" if mark and character not in '"\\' else ""
            word, escaped = f"{word or ''}{kept}{character}", False
        elif character == "\\" and mark != "'":
            escaped = True
        elif character == mark:
            mark = ""
        elif not mark and character in "'\"":
            mark, word = character, word or ""
        elif not mark and character in " \t":
            words += [] if word is None else [word]
            word = None
        else:
            word = (word or "") + character
    words += [] if word is None else [word]
    return words, "\\" if escaped else mark


def quoted(word: str, mark: str = "", *, whole: bool = True) -> str:
    """`word` as it has to be typed; `mark` is the quotation mark that stands before it already.

    A word that is not `whole` keeps its mark open.
    """
    if mark == "'" and "'" not in word:
        return f"'{word}" + ("'" if whole else "")
    if mark:
        text = word.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{text}' + ('"' if whole else "")
    return "".join(f"\\{c}" if c in _SPECIAL else c for c in word)
