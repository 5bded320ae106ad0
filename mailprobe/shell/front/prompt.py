"""The full shell's keyboard and screen, on prompt_toolkit: completion, hints, colours.

While a prompt is open its event loop watches the socket; nothing else here knows of asyncio.
"""

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app, run_in_terminal
from prompt_toolkit.completion import get_common_complete_suffix
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import (
    Condition,
    completion_is_selected,
    has_completions,
    is_done,
)
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import DummyHistory, History
from prompt_toolkit.input import Input
from prompt_toolkit.input.typeahead import get_typeahead, store_typeahead
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout.processors import ConditionalProcessor
from prompt_toolkit.output import ColorDepth, Output

from mailprobe.protocol.items import Phase
from mailprobe.shell.conversation import Conversation
from mailprobe.shell.front import later
from mailprobe.shell.front.asking import read_text
from mailprobe.shell.front.pieces import (
    LineCompleter,
    LineHint,
    LineLexer,
    LineSuggest,
    Looks,
    Recall,
    style_class,
    styles,
    toolbar_of,
)
from mailprobe.shell.front.screens import Asking, QuietInput, set_lexer, show_toolbar
from mailprobe.shell.front.terminal import Interrupts, Terminal
from mailprobe.shell.interface import Entry, Key
from mailprobe.shell.memory.history import NOBODY, LineHistory, history_path

_MENU_ROWS = 6
_PAUSE = 0.02  # seconds for the keys, between two looks at the socket


def _depth(conversation: Conversation) -> ColorDepth:
    return ColorDepth.DEPTH_4_BIT if conversation.color else ColorDepth.DEPTH_1_BIT


class FullFront:
    """The keyboard and the screen of the full shell."""

    def __init__(
        self,
        terminal: Terminal,
        interrupts: Interrupts,
        env: Mapping[str, str],
        keys: Input | None = None,
        screen: Output | None = None,
    ) -> None:
        """`keys` and `screen` stand in for those of the terminal."""
        self._terminal = terminal
        self._interrupts = interrupts
        self._pressed = False  # the key that is being worked on is Ctrl-C
        self._env = env
        self._input = keys or QuietInput(sys.stdin)
        self._output = screen or Asking.from_pty(sys.stdout, term=env.get("TERM"))
        self._style = styles()
        self._lines: dict[str, PromptSession[Entry | str]] = {}
        self._conversation: Conversation | None = None
        self._open = False  # a prompt is on the screen
        self._pending: list[str] = []  # what is to be shown above it
        self._showing: asyncio.Future[None] | None = None  # held, for the event loop does not
        self._kept = ""  # what stood on the prompt that was left for another
        self._drawn = False  # a prompt for lines was on the screen

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

    def ask_text(self) -> str | None:
        return read_text(lambda prompt: self._read_aside(prompt, secret=False))

    def ask_secret(self, prompt: str) -> str | None:
        entry = self._read_aside(prompt, secret=True)
        return entry.text if entry.key is Key.LINE else None

    @property
    def rewritable(self) -> bool:
        return not self._open

    @contextmanager
    def lend(self) -> Iterator[None]:
        with self._interrupts.passed_over(), self._terminal.lent():
            yield

    def discard(self) -> bool:
        held = bool(get_typeahead(self._input))  # this empties it
        return self._terminal.discard() or held

    def read(self, conversation: Conversation) -> Entry:
        """The next entry; what the server says meanwhile is shown above it."""
        self._conversation = conversation
        kept, self._kept = self._kept, ""
        if conversation.phase is Phase.ANSWER:
            session = self._session(conversation, secret=True, answers=True)
        else:
            session = self._line_session(conversation)
        entry = self._run(session, default=kept)
        if isinstance(session.history, Recall):
            conversation.warn_once(session.history.lines.failure)
        if entry.key is Key.LOCAL:
            self._kept = entry.text
            return self._read_local(conversation)
        if entry.key is Key.EDIT or (
            entry.key is Key.INTERRUPT and conversation.phase is not Phase.COMMAND
        ):
            self._kept = entry.text
        return entry

    def history(self, conversation: Conversation) -> Sequence[str]:
        """What was typed in this protocol before, the oldest first."""
        lines = self._line_session(conversation).history
        return lines.get_strings()

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
        if (talk := self._conversation) is not None:
            session.color_depth = _depth(talk)
            session.editing_mode = EditingMode.VI if talk.preferences.vi else EditingMode.EMACS
        renderer = session.app.renderer
        if isinstance(self._output, Asking):
            self._output.begin(renderer)
        self._interrupts.clear()
        self._open = True
        try:
            # Its own handler of SIGINT fails on one that comes while the prompt is being left.
            found = session.prompt(default=default, pre_run=self._watch, handle_sigint=False)
        except EOFError:
            found = Entry(Key.END)
        finally:
            self._open = False
            self._flush()
        if isinstance(self._output, Asking):
            self._output.end(renderer)
        self._interrupt_ahead()
        return found if isinstance(found, Entry) else Entry(Key.LINE, found)

    def _interrupt_ahead(self) -> None:
        """A Ctrl-C right behind an Enter is meant for what the line does, not for the next line."""
        talk = self._conversation
        # What was pressed since the prompt had its line is still a key, and will be no signal.
        ahead = [*get_typeahead(self._input), *self._input.read_keys()]
        interrupts = [at for at, press in enumerate(ahead) if press.key is Keys.ControlC]
        if interrupts and talk is not None and talk.phase is Phase.COMMAND:
            self._interrupts.note()
            del ahead[: interrupts[-1] + 1]
        store_typeahead(self._input, ahead)

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
        """Have the event loop of this prompt watch the sockets."""
        loop, app, conversation = asyncio.get_running_loop(), get_app(), self._conversation

        def leave() -> None:
            if self._interrupts.twice and not app.is_done:
                app.exit(result=Entry(Key.INTERRUPT))

        def interrupt() -> None:
            if app.is_done or not app.is_running:  # what the line does will see it
                loop.remove_reader(self._interrupts.descriptor)
                return
            self._interrupts.clear()
            app.key_processor.send_sigint()

        loop.call_soon(leave)  # the second interrupt may have come before the keys were ours
        loop.add_reader(self._interrupts.descriptor, interrupt)
        assert app.future is not None  # the prompt's own, while it runs
        app.future.add_done_callback(lambda done: loop.remove_reader(self._interrupts.descriptor))
        for descriptor in conversation.descriptors if conversation is not None else ():
            self._watch_one(loop, descriptor)

    def _watch_one(self, loop: asyncio.AbstractEventLoop, descriptor: int) -> None:
        app, conversation = get_app(), self._conversation
        assert conversation is not None  # whose descriptor it is

        def on_readable() -> None:
            # A socket at its end is readable for ever: out of the loop first, then look.
            loop.remove_reader(descriptor)
            if app.is_done or not app.is_running:  # what the line does will see it
                return
            more = conversation.poll(descriptor)
            # Not again at once: while text is shown no key is read, and a flood would let none in.
            loop.call_later(_PAUSE, on_readable if more else watch)
            app.invalidate()  # the prompt says where the session stands

        def watch() -> None:
            if descriptor in conversation.descriptors:
                loop.add_reader(descriptor, on_readable)

        loop.call_soon(on_readable)  # TLS may hold octets of which no descriptor tells

    def _line_session(self, conversation: Conversation) -> PromptSession[Entry | str]:
        protocol = str(conversation.facts.protocol) if conversation.session else NOBODY
        if protocol not in self._lines:
            path = history_path(protocol, self._env)
            history = Recall(LineHistory(path, conversation.remembers))
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
        answers: bool = False,
    ) -> PromptSession[Entry | str]:
        """A prompt for lines where there is a history, else for one aside that leaves none."""
        line = history is not None
        completes = line or local_only or answers
        preferences, looks = conversation.preferences, Looks(conversation)

        def message() -> StyleAndTextTuples:
            text = question or ("local> " if local_only else looks.prompt)
            return [(style_class("prompt"), text)]

        @Condition
        def by_itself() -> bool:
            """A slash opens its menu; everything else waits for Tab, unless that is wished."""
            text = get_app().current_buffer.text
            slash = text.startswith("/") and not text.startswith("//")
            return local_only or slash or preferences.menu

        session: PromptSession[Entry | str] = PromptSession(
            message=message,
            history=history or DummyHistory(),
            is_password=secret and (is_done | Condition(lambda: not preferences.reveal)),
            completer=LineCompleter(conversation, local_only=local_only) if completes else None,
            input_processors=[ConditionalProcessor(LineHint(conversation, looks), ~is_done)]
            if line
            else [],
            auto_suggest=LineSuggest(conversation) if line else None,
            bottom_toolbar=self._toolbar(conversation, looks) if line else None,
            key_bindings=self._bindings(conversation, aside=bool(question) or local_only),
            complete_while_typing=by_itself if completes else False,
            enable_suspend=True,
            enable_open_in_editor=False,
            search_ignore_case=True,
            mouse_support=False,  # a person's own selection of text stays
            reserve_space_for_menu=_MENU_ROWS if completes else 0,
            style=self._style,
            input=self._input,
            output=self._output,
        )
        if line or local_only:
            set_lexer(session, LineLexer(conversation, looks, local_only=local_only))
        if line:
            show_toolbar(session, self._output)
            session.app.after_render += self._load_later
        session.app.before_render += looks.forget
        session.app.before_render += lambda app: self._make_room(session)
        session.app.renderer.cpr_not_supported_callback = self._do_without_cpr
        keys = session.app.key_processor
        keys.before_key_press += self._begin_key
        keys.after_key_press += self._end_key
        return session

    def _make_room(self, session: PromptSession[Entry | str]) -> None:
        """Rows for the menu, as many as the window has now: people resize it."""
        if session.completer is not None:
            rows = self._output.get_size().rows
            session.reserve_space_for_menu = max(min(rows, 2), min(_MENU_ROWS, rows // 2 - 1))

    def _do_without_cpr(self) -> None:
        if isinstance(self._output, Asking):
            self._output.enable_cpr = False
        get_app().invalidate()

    def _load_later(self, sender: object) -> None:
        if not self._drawn:
            self._drawn = True
            asyncio.get_running_loop().call_soon(later.load)

    def _begin_key(self, sender: object) -> None:
        self._pressed = False

    def _end_key(self, sender: object) -> None:
        """Two interrupts mean "leave" only where no other key came between them."""
        if not self._pressed:
            self._interrupts.forget()

    def _toolbar(
        self, conversation: Conversation, looks: Looks
    ) -> Callable[[], StyleAndTextTuples]:
        return lambda: toolbar_of(conversation, looks, self._output.get_size().columns)

    def _bindings(self, conversation: Conversation, *, aside: bool) -> KeyBindings:
        keys = KeyBindings()
        empty = Condition(lambda: not get_app().current_buffer.text)
        data = Condition(lambda: not aside and conversation.phase is Phase.DATA)

        suggest = LineSuggest(conversation)

        @Condition
        def suggested() -> bool:
            """Asked anew: the ghost is drawn a moment after the key, and keys may be quicker."""
            buffer = get_app().current_buffer
            at_end = not aside and buffer.document.is_cursor_at_the_end
            return at_end and suggest.get_suggestion(buffer, buffer.document) is not None

        @keys.add("c-c")
        def press(event: KeyPressEvent) -> None:
            self._interrupts.press()
            interrupt(event)

        @keys.add("<sigint>")
        def interrupt(event: KeyPressEvent) -> None:
            self._pressed = True
            buffer = event.current_buffer
            keep = not aside and conversation.phase is Phase.COMMAND and buffer.text
            if keep and not self._interrupts.twice:
                buffer.reset()
                return
            event.app.exit(result=Entry(Key.INTERRUPT, buffer.text))

        @keys.add("<vt100-mouse-event>")
        def ignore(event: KeyPressEvent) -> None:
            """Nobody asked for the mouse: it is the color of something pasted, ESC [ 1 m."""

        @keys.add("c-d", filter=empty)
        def end(event: KeyPressEvent) -> None:
            event.app.exit(result=Entry(Key.END))

        @keys.add("enter", filter=completion_is_selected)
        def accept(event: KeyPressEvent) -> None:
            event.current_buffer.complete_state = None

        @keys.add("tab", filter=has_completions & ~completion_is_selected)
        def extend(event: KeyPressEvent) -> None:
            """What all suggestions have in common; where that is nothing, the first of them."""
            buffer = event.current_buffer
            assert buffer.complete_state is not None  # the filter says so
            offered = buffer.complete_state.completions
            if common := get_common_complete_suffix(buffer.document, offered):
                buffer.insert_text(common)
            else:
                buffer.complete_next()

        @keys.add("escape", eager=True, filter=has_completions)
        def close(event: KeyPressEvent) -> None:
            event.current_buffer.cancel_completion()

        @keys.add("right", filter=suggested)
        @keys.add("end", filter=suggested)
        @keys.add("c-e", filter=suggested)
        @keys.add("c-f", filter=suggested)
        def take(event: KeyPressEvent) -> None:
            buffer = event.current_buffer
            if (ghost := suggest.get_suggestion(buffer, buffer.document)) is not None:
                buffer.insert_text(ghost.text)

        @keys.add("f8")
        def reveal(event: KeyPressEvent) -> None:
            conversation.preferences.reveal = not conversation.preferences.reveal

        @keys.add("c-x", "c-e", filter=data)
        def open_in_editor(event: KeyPressEvent) -> None:
            event.app.exit(result=Entry(Key.EDIT, event.current_buffer.text))

        @keys.add("c-]", eager=True, filter=Condition(lambda: not aside))
        def escape(event: KeyPressEvent) -> None:
            event.app.erase_when_done = True
            event.app.exit(result=Entry(Key.LOCAL, event.current_buffer.text))

        return keys
