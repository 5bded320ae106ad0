"""What a transcript can become: one row each.  A function is loaded when it is called."""

from collections.abc import Mapping
from importlib import import_module

from mailprobe.render.export.options import Options
from mailprobe.transcript.model import Transcript
from mailprobe.value import frozen


@frozen
class Exporter:
    """One format; `text` says that what comes out is UTF-8."""

    name: str
    suffix: str
    media_type: str
    summary: str
    module: str
    function: str
    text: bool = True
    explains: str = ""  # whether it explains replies: "always", "asked"
    times: bool = False  # whether it shows how long replies took

    def export(self, transcript: Transcript, options: Options | None = None) -> bytes:
        """The whole file.  Raises Failure `usage` where the transcript has nothing for it."""
        module = import_module(f"mailprobe.render.export.{self.module}")
        made: str | bytes = getattr(module, self.function)(transcript, options or Options())
        return made if isinstance(made, bytes) else made.encode()


EXPORTERS: Mapping[str, Exporter] = {
    row.name: row
    for row in (
        Exporter(
            "html",
            ".html",
            "text/html",
            "a page of its own",
            "page",
            "page",
            explains="always",
            times=True,
        ),
        Exporter("svg", ".svg", "image/svg+xml", "a picture", "picture", "picture"),
        Exporter(
            "cast",
            ".cast",
            "application/x-asciicast",
            "a session that plays",
            "cast",
            "cast",
            explains="asked",
            times=True,
        ),
        Exporter("eml", ".eml", "message/rfc822", "the mail in it", "mail", "mail", text=False),
        Exporter("json", ".json", "application/json", "its tree", "tree", "tree"),
        Exporter("mermaid", ".mmd", "text/vnd.mermaid", "a diagram", "diagram", "diagram"),
    )
}
