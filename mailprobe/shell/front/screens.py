"""What prompt_toolkit is told about terminals, and what of it is changed for ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from prompt_toolkit import PromptSession
from prompt_toolkit.filters import Condition, is_done, renderer_height_is_known
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.layout.containers import ConditionalContainer, Window
from prompt_toolkit.layout.controls import BufferControl
from prompt_toolkit.layout.layout import walk
from prompt_toolkit.output import Output
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.renderer import CPR_Support, Renderer

from mailprobe.shell.front.pieces import LineLexer
from mailprobe.shell.interface import Entry

_FEW_ROWS = 3  # in which there is no toolbar


class Asking(Vt100_Output):
    """A terminal that is asked where its cursor is, until it turns out that it does not tell.

    prompt_toolkit waits a second for that behind each line, and shows no toolbar without.
    """

    asked = False  # since a prompt was opened

    def ask_for_cpr(self) -> None:
        self.asked = True
        super().ask_for_cpr()

    def begin(self, renderer: Renderer) -> None:
        """A prompt is about to be opened."""
        self.asked = False
        if not self.responds_to_cpr:
            renderer.cpr_support = CPR_Support.NOT_SUPPORTED

    def end(self, renderer: Renderer) -> None:
        """A prompt was left, behind which the answer was waited for."""
        if self.asked and renderer.cpr_support is not CPR_Support.SUPPORTED:
            self.enable_cpr = False


class QuietInput(Vt100Input):
    """Keys, without the echo that prompt_toolkit turns on while it shows something."""

    @contextmanager
    def cooked_mode(self) -> Iterator[None]:
        yield


def set_lexer(session: PromptSession[Entry | str], lexer: LineLexer) -> None:
    """A session wraps its lexer in one that is asked again only when the text changes.

    What is secret changes with the session, too.
    """
    for control in session.app.layout.find_all_controls():
        if isinstance(control, BufferControl) and control.buffer is session.default_buffer:
            control.lexer = lexer


def show_toolbar(session: PromptSession[Entry | str], output: Output) -> None:
    """Where there are rows for it, and where nobody tells in which row the prompt is, too."""
    known = renderer_height_is_known | Condition(lambda: not output.responds_to_cpr)
    room = Condition(lambda: output.get_size().rows > _FEW_ROWS)
    for part in walk(session.app.layout.container):
        if not isinstance(part, ConditionalContainer) or not isinstance(part.content, Window):
            continue
        if part.content.style == "class:bottom-toolbar":
            part.filter = ~is_done & room & known
