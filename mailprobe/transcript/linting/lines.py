"""What lint says of the lines as they stand: a table of checks at the end.

Nothing here knows what is owed to whom.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from mailprobe.errors import Failure
from mailprobe.patterns import pattern
from mailprobe.transcript.changing.canonical import fmt
from mailprobe.transcript.changing.volatile import volatile
from mailprobe.transcript.linting.names import is_own
from mailprobe.transcript.linting.notes import Note, Tell, about, about_word
from mailprobe.transcript.model import (
    Assert,
    Blank,
    Comment,
    EventLine,
    FileLine,
    Happening,
    Header,
    Lesson,
    Level,
    Line,
    Pattern,
    Place,
    Poll,
    Question,
    Title,
    TlsLine,
    Transcript,
    Unreadable,
    Wire,
    Wrong,
    walk,
)

Files = Callable[[str], Path]

_LESSON = pattern(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_STARTTLS = pattern(r"C[2-9]?[:~] (?:STARTTLS|STLS)\Z", re.IGNORECASE)
_GO_AHEAD = pattern(r"S[2-9]?[:\\~?] (?:220|2xx|\+OK)", re.IGNORECASE)
_TEXTS = {"|": "the text", "?": "a hint", "==": "the title of the step"}


def _own(transcript: Transcript) -> Iterator[Line]:
    """The lines of the file itself, without those that it includes."""
    return (line for line in transcript.walk() if line.place.file == transcript.name)


def _headers(transcript: Transcript, key: str) -> Iterator[Header]:
    return (line for line in transcript.headers if isinstance(line, Header) and line.key == key)


# ----------------------------------------------------------------------------------- the header


def _check_lesson(transcript: Transcript, files: Files | None, tell: Tell) -> None:
    head = transcript.head
    for header in _headers(transcript, "lesson"):
        if not _LESSON.fullmatch(head.lesson):
            sentence = "a lesson is called by words of a-z 0-9 with - between: pop3-02"
            tell(about_word(header, header.value, sentence, error=True))
    for header in _headers(transcript, "needs"):
        if not head.lesson:
            tell(about(header, "needs: counts for a lesson, and there is no lesson: here"))
        for name in head.needs:
            if name == head.lesson:
                tell(about_word(header, name, "this lesson needs itself", error=True))
            elif not _LESSON.fullmatch(name):
                sentence = "needs: names lessons: words of a-z 0-9 with - between, like pop3-01"
                tell(about_word(header, name, sentence, error=True))


def _check_tags(transcript: Transcript, files: Files | None, tell: Tell) -> None:
    """The same word twice is no transcript at all; here are those that only look different."""
    for header in _headers(transcript, "tags"):
        seen: dict[str, str] = {}
        for tag in header.value.replace(",", " ").split():
            other = seen.setdefault(tag.casefold(), tag)
            if other != tag:
                sentence = f'"{other}" is another tag: -t asks for one of them alone'
                tell(about_word(header, tag, sentence))


def _check_connections(transcript: Transcript, files: Files | None, tell: Tell) -> None:
    used = {1} | {
        number for line in transcript.walk() if (number := getattr(line, "connection", 0))
    }
    for number, peer in transcript.head.peers.items():
        if number not in used and peer.place is not None:
            header = _header_at(transcript, peer.place)
            tell(about(header, f"connection {number} is used by no line"))


def _header_at(transcript: Transcript, place: Place) -> Line:
    return next(line for line in transcript.headers if line.place.line == place.line)


# ------------------------------------------------------------------------------------ languages


def _check_languages(transcript: Transcript, files: Files | None, tell: Tell) -> None:
    """Every text in every language; text of no language is of the first one."""
    languages = transcript.head.languages
    if len(languages) < 2:
        return
    titles = list(_headers(transcript, "title"))
    if titles:
        said = Counter(header.argument or languages[0] for header in titles)
        for language in languages:
            if not said[language]:
                tell(about(titles[0], f"the title is missing in {language}: title {language}:"))
    for texts in _runs(_own(transcript)):
        for tag in _TEXTS:
            _check_texts(tag, [line for line in texts if _tag(line) == tag], languages, tell)


def _tag(line: Lesson | Title) -> str:
    return line.tag if isinstance(line, Lesson) else "=="


def _runs(lines: Iterable[Line]) -> Iterator[list[Lesson | Title]]:
    """Lesson text and titles between which nothing else stands; a title begins a step."""
    run: list[Lesson | Title] = []
    for line in lines:
        if isinstance(line, Title) and run and isinstance(run[-1], Lesson):
            yield run  # what was said behind the step before
            run = []
        if isinstance(line, Lesson | Title):
            run.append(line)
        elif not isinstance(line, Blank | Comment):
            yield run
            run = []
    yield run


def _check_texts(
    tag: str, lines: list[Lesson | Title], languages: tuple[str, ...], tell: Tell
) -> None:
    if not lines:
        return
    said = Counter(line.language or languages[0] for line in lines)
    # A text may take more lines in one language than in another; hints and titles are counted.
    most = 1 if tag == "|" else max(said.values())
    for language in languages:
        if said[language] < most:
            last = [line for line in lines if (line.language or languages[0]) != language][-1]
            tell(about(last, f"{_TEXTS[tag]} is missing in {language}: {tag}{language}"))


# ------------------------------------------------------------------------------------- the body


def _check_polls(transcript: Transcript, files: Files | None, tell: Tell) -> None:
    for line in transcript.walk():
        if isinstance(line, Poll) and line.within < line.every:
            tell(about(line, "every= is longer than within=: there will be one round only"))


def _check_mistakes(transcript: Transcript, files: Files | None, tell: Tell) -> None:
    for line in transcript.walk():
        if isinstance(line, Wrong) and not any(map(_is_answer, walk(line.lines))):
            sentence = "nothing answers this mistake: an S line says what must come"
            tell(about(line, sentence, error=True))


def _is_answer(line: Line) -> bool:
    match line:
        case Wire(side="S") | Question() | EventLine(side="S"):
            return True
        case _:
            return False


def _check_times(transcript: Transcript, files: Files | None, tell: Tell) -> None:
    """`S@ within` and `S@ after` speak of the next reply."""
    waiting: dict[int, EventLine] = {}
    for line in transcript.walk():
        match line:
            case EventLine(side="S", word=Happening.WITHIN | Happening.AFTER):
                waiting[line.connection] = line
            case Wire(side="S") | Question() | Pattern(tag="*"):
                waiting.pop(line.connection, None)
            case _:
                pass
    for line in waiting.values():
        tell(about(line, f'no reply follows that "{line.word}" could speak of'))


def _check_empty(transcript: Transcript, files: Files | None, tell: Tell) -> None:
    """Whoever was interrupted before he said or heard anything has recorded as much."""
    if not any(map(_is_played, transcript.walk())):
        line = transcript.headers[0]
        tell(about(line, "nothing is said in this file: there is nothing to replay"))


def _is_played(line: Line) -> bool:
    return not isinstance(line, (Blank, Comment, Lesson, Title))


def _check_handshakes(transcript: Transcript, files: Files | None, tell: Tell) -> None:
    """Behind the go-ahead for TLS nothing can be said in the clear."""
    asked: set[int] = set()  # connections on which STARTTLS was said
    going: dict[int, Line] = {}  # and answered
    for line in transcript.walk():
        number = getattr(line, "connection", 0)
        goes = _GO_AHEAD.match(line.text) is not None
        match line:
            case TlsLine() | EventLine(word=Happening.CLOSE | Happening.RESET):
                asked.discard(number)
                going.pop(number, None)
            case Wire() | Question() if number in going and not goes:
                sentence = (
                    "behind this go-ahead the handshake comes, and line "
                    f"{line.place.line} goes on in the clear: write @tls between them"
                )
                tell(about(going.pop(number), sentence, error=True))
                asked.discard(number)
            case Wire(side="C") if _STARTTLS.match(line.text):
                asked.add(number)
            case Wire(side="S") | Question() if number in asked:
                if goes:
                    going[number] = line
                else:
                    asked.discard(number)
            case _:
                pass


def _check_files(transcript: Transcript, files: Files | None, tell: Tell) -> None:
    if files is None:
        return
    known: dict[str, str] = {}
    for line, path in _paths(transcript):
        if path not in known:
            try:
                files(path)
                known[path] = ""
            except Failure as failure:
                known[path] = failure.sentence
        if known[path]:
            tell(about_word(line, path, known[path], error=True))


def _paths(transcript: Transcript) -> Iterator[tuple[Line, str]]:
    for header in _headers(transcript, "ca"):
        yield header, header.value
    for line in transcript.walk():
        match line:
            case FileLine(path=path):
                yield line, path
            case Assert(operator="is", value=value):
                if all(isinstance(piece, bytes) for piece in value):
                    octets = b"".join(piece for piece in value if isinstance(piece, bytes))
                    yield line, octets.decode("utf-8", "surrogateescape")
            case _:
                pass


def _check_form(transcript: Transcript, files: Files | None, tell: Tell) -> None:
    """Whether `fmt` would change more than the end of the last line, which nobody misses."""
    octets = transcript.octets.removesuffix(b"\n") + b"\n"
    now, wanted = octets.split(b"\n"), fmt(transcript).split(b"\n")
    if now == wanted:
        return
    pairs = enumerate(zip(now, wanted, strict=False), 1)
    number = next(
        (number for number, (old, new) in pairs if old != new), min(len(now), len(wanted))
    )
    text = now[number - 1].removesuffix(b"\r").removeprefix(b"\xef\xbb\xbf").decode()
    place = Place(transcript.name, number)
    sentence = "transcript fmt would write this, and perhaps more, otherwise"
    tell(Note(place, max(1, len(text)), text, sentence, error=False))


def _check_volatile(transcript: Transcript, files: Files | None, tell: Tell) -> None:
    """`match: text` and a date in a recording do not go together.

    Where each run has the server for itself, that is one that says the same in each of them.
    """
    head = transcript.head
    own = bool(head.peers) and all(is_own(peer.connect) for peer in head.peers.values())
    if head.level is not Level.TEXT or own:
        return
    try:
        found = next(volatile(transcript), None)  # the first one tells enough
    except Unreadable:  # it is told where the dialogue is looked at
        return
    if found is not None:
        line, fields = found
        what = fields[0].what
        sentence = f"{what} is another one in every run, and match: text wants this one: loosen it"
        tell(about(line, sentence))


Check = Callable[[Transcript, Files | None, Tell], None]
CHECKS: tuple[Check, ...] = (
    _check_empty,
    _check_lesson,
    _check_tags,
    _check_connections,
    _check_languages,
    _check_polls,
    _check_mistakes,
    _check_times,
    _check_handshakes,
    _check_files,
    _check_form,
    _check_volatile,
)
