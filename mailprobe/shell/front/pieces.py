"""What prompt_toolkit asks for while a line is typed, each a thin coat over a pure function.

Completions, colours and masks, the hint behind the cursor, the line of the history that fits.
The functions are loaded where there is a line: the first prompt is an empty one.
"""

from collections.abc import Callable, Hashable, Iterable

from prompt_toolkit.application import get_app
from prompt_toolkit.auto_suggest import AutoSuggest, Suggestion
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import History
from prompt_toolkit.key_binding.vi_state import InputMode
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.lexers import Lexer
from prompt_toolkit.styles import Attrs, Style

from mailprobe.protocol.items import Phase
from mailprobe.render.theme import STYLES
from mailprobe.shell.conversation import Conversation
from mailprobe.shell.memory.history import LineHistory
from mailprobe.shell.typing.standing import Look, prompt_text, toolbar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.shell.typing.suggestion import Suggestion as Item

# Before 3.0.52 there is no dim; bright black is the next best, and a few palettes hide it.
_DIM = "dim" if "dim" in Attrs._fields else "ansibrightblack"
# A menu has colours of its own on both sides, so that it can be read on any background.
_MENU = {
    "bottom-toolbar": f"noreverse {_DIM}",
    "completion-menu": "bg:ansigray ansiblack",
    "completion-menu.completion": "",
    "completion-menu.completion.current": "noreverse bg:ansiblack ansiwhite bold",
    "completion-menu.meta.completion": "bg:ansigray ansiblack",
    "completion-menu.meta.completion.current": "bg:ansigray ansiblack bold",
    "menu-early": "ansibrightblack italic",
    "auto-suggestion": _DIM,
}


def styles() -> Style:
    words = {name: style.words.replace("dim", _DIM) for name, style in STYLES.items()}
    looks = {name.replace(".", "-"): style for name, style in words.items()}
    return Style.from_dict({**looks, **_MENU})


def style_class(style: str) -> str:
    return f"class:{style.replace('.', '-')}" if style else ""


class Looks:
    """One look at the session for all that is asked while a screen is drawn: dozens of times."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._look: Look | None = None

    def forget(self, sender: object = None) -> None:
        """A screen is about to be drawn."""
        self._look = None

    @property
    def now(self) -> Look:
        if self._look is None:
            self._look = self._conversation.look
        return self._look

    @property
    def prompt(self) -> str:
        return prompt_text(self.now)


class LineCompleter(Completer):
    """Suggestions; `local_only` where the prompt takes a local command, with its slash or not."""

    def __init__(self, conversation: Conversation, *, local_only: bool = False) -> None:
        self._conversation = conversation
        self._local_only = local_only

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        from mailprobe.shell.typing.arguments import local_completions
        from mailprobe.shell.typing.complete import completions

        line, talk = document.text_before_cursor, self._conversation
        if not self._local_only:
            found = completions(line, talk.facts, talk.catalogue, talk.known)
            return [_completion(one, len(line)) for one in found]
        slash = "" if line.startswith("/") else "/"
        found = local_completions(slash + line, talk.facts, talk.catalogue, talk.known)
        return [
            _completion(one, len(slash + line), skip=len(slash) if not one.start else 0)
            for one in found
        ]


def _completion(one: "Item", end: int, *, skip: int = 0) -> Completion:
    """`skip` characters of the suggestion are not a part of the line."""
    style = "" if one.apt else style_class("menu.early")
    return Completion(
        one.text[skip:],
        one.start - end + skip,
        # the style goes with the text: prompt_toolkit forgets that of the completion when it
        # inserts what all of them have in common
        [(style, one.display)] if style else one.display,
        [(style, one.meta)] if style else one.meta,
    )


class LineLexer(Lexer):
    """Colours and masks; a paste of several lines is judged as a whole.

    `local_only` where the prompt takes a local command, as in `LineCompleter`.
    """

    def __init__(
        self, conversation: Conversation, looks: Looks, *, local_only: bool = False
    ) -> None:
        self._conversation = conversation
        self._looks = looks
        self._local_only = local_only

    @property
    def _reveal(self) -> bool:
        """Never in the line that stays on the screen."""
        return self._conversation.preferences.reveal and not get_app().is_done

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        lines: list[StyleAndTextTuples] = [[]]
        if not document.text:
            return lambda number: []
        for style, text in self._fragments(document.text):
            if text == "\n":
                lines.append([])
            else:
                lines[-1].append((style_class(style), text))
        return lambda number: lines[number] if number < len(lines) else []

    def _fragments(self, text: str) -> list[tuple[str, str]]:
        from mailprobe.shell.local.table import ESCAPE
        from mailprobe.shell.typing.lexer import fragments

        talk = self._conversation
        if not self._local_only:
            return fragments(text, talk.facts, talk.catalogue, reveal=self._reveal)
        name = text.lstrip().removeprefix("/")  # the blanks before it and the slash do nothing
        lead = text[: len(text) - len(name)]
        (style, first), *rest = fragments(
            ESCAPE + name, talk.facts, talk.catalogue, reveal=self._reveal
        )
        return [*(("", blank) for blank in lead), (style, first.removeprefix(ESCAPE)), *rest]

    def invalidation_hash(self) -> Hashable:
        """Where the session stands decides what is secret, so it decides what is shown."""
        talk = self._conversation
        # a login that was refused makes answers of lines, and the prompt does not tell
        return self._looks.prompt, id(talk.catalogue), self._reveal, talk.facts.login_refused


class LineHint(Processor):
    """What the syntax still wants, behind the cursor at the end of the line."""

    def __init__(self, conversation: Conversation, looks: Looks) -> None:
        self._conversation = conversation
        self._looks = looks

    def apply_transformation(self, given: TransformationInput) -> Transformation:
        document, talk = given.document, self._conversation
        if not document.text or "\n" in document.text or not document.is_cursor_at_the_end:
            return Transformation(given.fragments)
        from mailprobe.shell.typing.hint import cut, hint

        ghost = hint(document.text, talk.facts, talk.catalogue)
        text = cut(ghost, self._looks.prompt + document.text, given.width)
        return Transformation([*given.fragments, (style_class("hint"), text)])


class Recall(History):
    """The history of a prompt: what `lines` keeps of them, for the arrow keys.

    Not to be wrapped in `ThreadedHistory`, which stores lines past `append_string`.
    """

    def __init__(self, lines: LineHistory) -> None:
        super().__init__()
        self.lines = lines

    def append_string(self, string: str) -> None:
        """Remember what may be remembered of the line."""
        if kept := self.lines.kept(string, self.get_strings()):
            super().append_string(kept)

    def load_history_strings(self) -> Iterable[str]:
        """The lines of older sessions, newest first."""
        return reversed(self.lines.read())

    def store_string(self, string: str) -> None:
        self.lines.store_string(string)


class LineSuggest(AutoSuggest):
    """The newest line of the history that begins as this one; never beside a hint."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._lines: list[str] = []  # of the history that was searched last
        self._searched = "\n"  # the same as one text: thousands of lines are found in one look

    def get_suggestion(self, buffer: Buffer, document: Document) -> Suggestion | None:
        talk, text = self._conversation, document.text
        if talk.phase is not Phase.COMMAND or not text.strip() or "\n" in text:
            return None
        from mailprobe.shell.typing.hint import hint

        if hint(text, talk.facts, talk.catalogue):
            return None
        rest = self._rest_of(text, buffer.history.get_strings())
        return Suggestion(rest) if rest else None

    def _rest_of(self, text: str, lines: list[str]) -> str:
        """How the newest of `lines` goes on that begins with `text` and is longer; "": none."""
        if lines != self._lines:
            self._lines = lines
            self._searched = "\n".join(["", *(line for line in lines if "\n" not in line), ""])
        searched, end = self._searched, len(self._searched)
        while (at := searched.rfind("\n" + text, 0, end)) >= 0:
            start = at + 1 + len(text)
            if rest := searched[start : searched.find("\n", start)]:
                return rest
            end = at + len(text)  # the very line that was typed: look above it
        return ""

    async def get_suggestion_async(self, buff: Buffer, document: Document) -> Suggestion | None:
        """Here and now: what a session knows belongs to one thread."""
        return self.get_suggestion(buff, document)


def toolbar_of(conversation: Conversation, looks: Looks, columns: int) -> StyleAndTextTuples:
    """The toolbar with what is to be said of the line that stands at the prompt."""
    text = get_app().current_buffer.text
    told = _told_of(text, conversation) if text else []
    if get_app().vi_state.input_mode is InputMode.NAVIGATION and conversation.preferences.vi:
        told.append("vi: i to type")
    return [(style_class(style), text) for style, text in toolbar(looks.now, columns, told)]


def _told_of(line: str, conversation: Conversation) -> list[str]:
    from mailprobe.shell.typing.flags import Typed, flags

    typed = Typed(line, conversation.phase, stuffing=conversation.switches.stuffing)
    return flags(typed, conversation.facts, conversation.catalogue)
