"""The full shell's keyboard and screen, on prompt_toolkit: completion, hints, colours.

While a prompt is open its event loop watches the socket; nothing else here knows of asyncio.
"""

import asyncio
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app, run_in_terminal
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition, completion_is_selected, is_done
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import DummyHistory, History
from prompt_toolkit.input.typeahead import get_typeahead
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout.processors import (
    ConditionalProcessor,
    Processor,
    Transformation,
    TransformationInput,
)
from prompt_toolkit.lexers import Lexer
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.styles import Style

from mailprobe.protocol.items import Phase
from mailprobe.render.theme import STYLES
from mailprobe.shell.complete import completions, local_completions
from mailprobe.shell.conversation import Conversation
from mailprobe.shell.hint import cut, hint
from mailprobe.shell.history import LineHistory, history_path
from mailprobe.shell.interface import Entry, Key
from mailprobe.shell.lexer import fragments
from mailprobe.shell.local.commands import NAMES
from mailprobe.shell.standing import prompt_text, status_text
from mailprobe.shell.terminal import Interrupts, Terminal

_MENU_ROWS = 6
_PAUSE = 0.02  # seconds for the keys, between two looks at the socket
_NARROW = 60  # columns; a toolbar in fewer would be cut


class QuietInput(Vt100Input):
    """Keys, without the echo that prompt_toolkit turns on while it shows something."""

    @contextmanager
    def cooked_mode(self) -> Iterator[None]:
        yield


class _Completer(Completer):
    def __init__(self, conversation: Conversation, *, local_only: bool = False) -> None:
        self._conversation = conversation
        self._local_only = local_only

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        line, talk = document.text_before_cursor, self._conversation
        if self._local_only:
            bare = not line.startswith("/")
            for one in local_completions(f"/{line}" if bare else line, NAMES):
                text = one.text.removeprefix("/") if bare else one.text
                yield Completion(text, -len(line), one.display, one.meta)
            return
        for one in completions(line, talk.facts, talk.catalogue, NAMES):
            yield Completion(one.text, one.start - len(line), one.display, one.meta)


class _Lexer(Lexer):
    """Colours and masks; a paste of several lines is judged as a whole."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        talk = self._conversation
        lines: list[StyleAndTextTuples] = [[]]
        for style, text in fragments(document.text, talk.facts, talk.catalogue):
            if text == "\n":
                lines.append([])
            else:
                lines[-1].append((_class(style), text))
        return lambda number: lines[number] if number < len(lines) else []

    def invalidation_hash(self) -> tuple[str, int]:
        """Where the session stands decides what is secret, so it decides what is shown."""
        talk = self._conversation
        return prompt_text(talk.session), id(talk.catalogue)


class _Hint(Processor):
    """What the syntax still wants, behind the cursor at the end of the line."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    def apply_transformation(self, given: TransformationInput) -> Transformation:
        document, talk = given.document, self._conversation
        if "\n" in document.text or not document.is_cursor_at_the_end:
            return Transformation(given.fragments)
        ghost = hint(document.text, talk.facts, talk.catalogue)
        text = cut(ghost, prompt_text(talk.session) + document.text, given.width)
        return Transformation([*given.fragments, (_class("hint"), text)])


def _class(style: str) -> str:
    return f"class:{style.replace('.', '-')}" if style else ""


def _depth(conversation: Conversation) -> ColorDepth:
    return ColorDepth.DEPTH_4_BIT if conversation.color else ColorDepth.DEPTH_1_BIT


def _style() -> Style:
    looks = {name.replace(".", "-"): style.words for name, style in STYLES.items()}
    return Style.from_dict({**looks, "bottom-toolbar": "noreverse ansibrightblack"})


class FullFront:
    """The keyboard and the screen of the full shell."""

    def __init__(self, terminal: Terminal, interrupts: Interrupts, env: Mapping[str, str]) -> None:
        self._terminal = terminal
        self._interrupts = interrupts
        self._pressed = False  # the key that is being worked on is Ctrl-C
        self._env = env
        self._input = QuietInput(sys.stdin)
        self._output = Vt100_Output.from_pty(sys.stdout, term=env.get("TERM"))
        self._style = _style()
        self._lines: dict[str, PromptSession[Entry | str]] = {}
        self._conversation: Conversation | None = None
        self._open = False  # a prompt is on the screen
        self._pending: list[str] = []  # what is to be shown above it
        self._showing: asyncio.Future[None] | None = None  # held, for the event loop does not
        self._kept = ""  # what stood on the prompt that was left for another

    def write(self, text: str) -> None:
        if not self._open:
            sys.stdout.write(text)
            sys.stdout.flush()
            return
        self._pending.append(text)
        if len(self._pending) == 1:
            self._showing = asyncio.ensure_future(run_in_terminal(self._flush))
            self._showing.add_done_callback(self._shown)

    def ask(self, question: str) -> str:
        entry = self._read_aside(question, secret=False)
        return entry.text if entry.key is Key.LINE else ""

    def ask_secret(self, prompt: str) -> str | None:
        entry = self._read_aside(prompt, secret=True)
        return entry.text if entry.key is Key.LINE else None

    def discard(self) -> bool:
        held = bool(get_typeahead(self._input))  # this empties it
        return self._terminal.discard() or held

    def read(self, conversation: Conversation) -> Entry:
        """The next entry; what the server says meanwhile is shown above it."""
        self._conversation = conversation
        kept, self._kept = self._kept, ""
        if conversation.phase is Phase.ANSWER:
            session = self._session(conversation, secret=True)
        else:
            session = self._line_session(conversation)
        entry = self._run(session, default=kept)
        if isinstance(session.history, LineHistory):
            conversation.warn_once(session.history.failure)
        if entry.key is Key.LOCAL:
            self._kept = entry.text
            return self._read_local(conversation)
        if entry.key is Key.INTERRUPT and conversation.phase is not Phase.COMMAND:
            self._kept = entry.text
        return entry

    def _read_local(self, conversation: Conversation) -> Entry:
        session = self._session(conversation, local_only=True)
        entry = self._run(session)
        return Entry(Key.LOCAL, entry.text if entry.key is Key.LINE else "")

    def _read_aside(self, question: str, *, secret: bool) -> Entry:
        assert self._conversation is not None  # whoever asks has read a line before
        return self._run(self._session(self._conversation, question=question, secret=secret))

    # -------------------------------------------------------------------------------- one prompt

    def _run(self, session: PromptSession[Entry | str], default: str = "") -> Entry:
        session.app.erase_when_done = False
        if self._conversation is not None:
            session.color_depth = _depth(self._conversation)
        self._interrupts.clear()
        self._open = True
        try:
            found = session.prompt(default=default, pre_run=self._watch)
        except EOFError:
            found = Entry(Key.END)
        finally:
            self._open = False
            self._flush()
        return found if isinstance(found, Entry) else Entry(Key.LINE, found)

    def _shown(self, showing: asyncio.Future[None]) -> None:
        """The prompt ends with what went wrong while text was shown above it."""
        app = get_app()
        error = None if showing.cancelled() else showing.exception()
        if error is not None and app.is_running and not app.is_done:
            app.exit(exception=error)

    def _flush(self) -> None:
        text, self._pending = "".join(self._pending), []
        if text:
            sys.stdout.write(text)
            sys.stdout.flush()

    def _watch(self) -> None:
        """Have the event loop of this prompt watch the socket."""
        loop, app, conversation = asyncio.get_running_loop(), get_app(), self._conversation

        def leave() -> None:
            if self._interrupts.twice and not app.is_done:
                app.exit(result=Entry(Key.INTERRUPT))

        loop.call_soon(leave)  # the second interrupt may have come before the keys were ours
        if conversation is None or (descriptor := conversation.descriptor) is None:
            return

        def on_readable() -> None:
            # A socket at its end is readable for ever: out of the loop first, then look.
            loop.remove_reader(descriptor)
            more = conversation.poll()
            # Not again at once: while text is shown no key is read, and a flood would let none in.
            loop.call_later(_PAUSE, on_readable if more else watch)
            app.invalidate()  # the prompt says where the session stands

        def watch() -> None:
            if conversation.descriptor == descriptor:
                loop.add_reader(descriptor, on_readable)

        loop.call_soon(on_readable)  # TLS may hold octets of which no descriptor tells

    def _line_session(self, conversation: Conversation) -> PromptSession[Entry | str]:
        protocol = str(conversation.facts.protocol) if conversation.session else ""
        if protocol not in self._lines:
            path = history_path(conversation.facts.protocol, self._env) if protocol else None
            history = LineHistory(path, conversation.remembers)
            self._lines[protocol] = self._session(conversation, history=history)
        return self._lines[protocol]

    def _session(
        self,
        conversation: Conversation,
        *,
        history: History | None = None,
        question: str = "",
        secret: bool = False,
        local_only: bool = False,
    ) -> PromptSession[Entry | str]:
        """A prompt for lines where there is a history, else for one aside that leaves none."""
        line = history is not None
        completes = line or local_only

        def message() -> StyleAndTextTuples:
            text = question or ("local> " if local_only else prompt_text(conversation.session))
            return [(_class("prompt"), text)]

        session: PromptSession[Entry | str] = PromptSession(
            message=message,
            history=history or DummyHistory(),
            is_password=secret,
            completer=_Completer(conversation, local_only=local_only) if completes else None,
            lexer=_Lexer(conversation) if line else None,
            input_processors=[ConditionalProcessor(_Hint(conversation), ~is_done)] if line else [],
            bottom_toolbar=self._toolbar(conversation) if line else None,
            key_bindings=self._bindings(conversation, aside=bool(question) or local_only),
            complete_while_typing=False,
            enable_suspend=True,
            enable_open_in_editor=False,
            search_ignore_case=True,
            reserve_space_for_menu=_MENU_ROWS if completes else 0,
            style=self._style,
            input=self._input,
            output=self._output,
        )
        keys = session.app.key_processor
        keys.before_key_press += self._begin_key
        keys.after_key_press += self._end_key
        return session

    def _begin_key(self, sender: object) -> None:
        self._pressed = False

    def _end_key(self, sender: object) -> None:
        """Two interrupts mean "leave" only where no other key came between them."""
        if not self._pressed:
            self._interrupts.forget()

    def _toolbar(self, conversation: Conversation) -> Callable[[], str] | None:
        def text() -> str:
            status = status_text(conversation.session, recorded=conversation.recorded)
            return f" {status}"[: self._output.get_size().columns]

        return text if self._output.get_size().columns >= _NARROW else None

    def _bindings(self, conversation: Conversation, *, aside: bool) -> KeyBindings:
        keys = KeyBindings()
        empty = Condition(lambda: not get_app().current_buffer.text)

        @keys.add("c-c")
        @keys.add("<sigint>")
        def interrupt(event: KeyPressEvent) -> None:
            self._interrupts.press()
            self._pressed = True
            buffer = event.current_buffer
            keep = not aside and conversation.phase is Phase.COMMAND and buffer.text
            if keep and not self._interrupts.twice:
                buffer.reset()
                return
            event.app.exit(result=Entry(Key.INTERRUPT, buffer.text))

        @keys.add("c-d", filter=empty)
        def end(event: KeyPressEvent) -> None:
            event.app.exit(result=Entry(Key.END))

        @keys.add("enter", filter=completion_is_selected)
        def accept(event: KeyPressEvent) -> None:
            event.current_buffer.complete_state = None

        @keys.add("c-]", eager=True, filter=Condition(lambda: not aside))
        def escape(event: KeyPressEvent) -> None:
            event.app.erase_when_done = True
            event.app.exit(result=Entry(Key.LOCAL, event.current_buffer.text))

        return keys
