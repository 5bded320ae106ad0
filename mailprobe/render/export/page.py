"""A transcript as a page of its own."""

from mailprobe.render import html
from mailprobe.render.export.options import Options
from mailprobe.render.wording import chosen, languages_of, title_of
from mailprobe.transcript.model import Transcript


def page(transcript: Transcript, options: Options) -> str:
    """One file that works without network."""
    language = chosen(transcript, options.language)
    return html.document(
        title_of(transcript, language),
        html.transcript_section(transcript, options.marks),
        languages=languages_of(transcript),
        language=language,
    )
