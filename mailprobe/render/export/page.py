"""A transcript as a page of its own: for a lesson in class, or to hand on a session."""

from collections.abc import Sequence

from mailprobe.render import html, html_explained, html_timing
from mailprobe.render.export.explained import explained
from mailprobe.render.export.options import Options
from mailprobe.render.export.spoken import turns
from mailprobe.render.html_transcript import transcript_section
from mailprobe.render.html_words import OURS, known, said
from mailprobe.render.wording import chosen, languages_of, place_of, title_of
from mailprobe.transcript.model import Transcript

_MOST = 1000  # replies that are explained: a page of more can be read by nobody


def page(transcript: Transcript, options: Options) -> str:
    """One file that works without network.

    A transcript that names no language is explained in all of ours; the first is then the one
    that is asked for.
    """
    languages = languages_of_page(transcript)
    language = options.language if options.language in languages else languages[0]
    section = transcript_section(
        transcript,
        options.marks,
        languages=languages,
        beside=_beside(transcript, options, languages),
        below=_below(transcript, options, languages),
    )
    timing = html_timing.part(options.timing, languages) if options.timing else ""
    return html.document(
        title_of(transcript, chosen(transcript, language)),
        section + timing,
        languages=languages,
        language=language,
    )


def languages_of_page(transcript: Transcript) -> tuple[str, ...]:
    """Those of the file; where it names none, those in which replies are explained."""
    return known(languages_of(transcript)) or OURS


def _beside(transcript: Transcript, options: Options, languages: Sequence[str]) -> dict[int, str]:
    """How long the reply took that begins with a line."""
    longest = max(options.took.values(), default=0.0)
    return {
        id(line): html_timing.wait(options.took[line.place.line], longest, languages)
        for line in (transcript.walk() if options.took else ())
        if place_of(transcript, line.place) in options.took
    }


def _below(transcript: Transcript, options: Options, languages: Sequence[str]) -> dict[int, str]:
    """What the reply means that ends with a line."""
    found: dict[int, str] = {}
    for turn, explanation in explained(turns(transcript, read=options.read, asides=True)):
        if explanation is None:
            continue
        if len(found) == _MOST:
            found[id(turn.line)] = f'<p class="quiet">{said("many", languages)}</p>'
            break
        found[id(turn.line)] = html_explained.fold(explanation, languages)
    return found
