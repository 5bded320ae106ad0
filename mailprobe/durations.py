"""Times as people write them: on the command line, at the prompt, in transcripts."""

from mailprobe.patterns import pattern

_DURATION = pattern(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|)")
_SECONDS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0}


def seconds(text: str) -> float | None:
    """Seconds of `5`, `0.5`, `500ms`, `2s`, `3m`; None for what is no time."""
    match = _DURATION.fullmatch(text)
    return float(match[1]) * _SECONDS[match[2]] if match else None
