"""Results and transcripts for tests of what is done with many of them."""

from pathlib import Path

from mailprobe.errors import Word
from mailprobe.player.results import Problem, Result, Verdict
from mailprobe.transcript.model import Place
from mailprobe.value import replace

# The failure that the written description of the format draws.
DRAWN = Result(
    name="transcripts/submission.mpt",
    path=Path("transcripts/submission.mpt"),
    title="submission",
    verdict=Verdict.FAILED,
    seconds=0.41,
    section="After TLS",
    problem=Problem(
        Word.MISMATCH,
        "no line of the reply matches",
        Place("transcripts/submission.mpt", 27, 4),
        width=4,
        source=((26, "S? 250"), (27, "S+ AUTH PLAIN")),
        command="EHLO client.example",
        peer="127.0.0.1:587, TLSv1.3",
        after=0.038,
        reply=("S: 250-mail.example.net", "S: 250 8BITMIME"),
        hint="AUTH was offered before TLS (line 17) but not after it.",
    ),
)


def passed(name: str = "a.mpt", seconds: float = 0.12) -> Result:
    return Result(name, Path(name), "a title", Verdict.PASSED, seconds)


def skipped(name: str = "s.mpt", reason: str = "no XOAUTH2 on offer") -> Result:
    return Result(name, Path(name), "", Verdict.SKIPPED, 0.0, reason=reason)


def wrong(word: Word, name: str = "w.mpt", sentence: str = "it went wrong") -> Result:
    """A result that did not pass; what `word` says tells whether it failed or could not be."""
    verdict = Verdict.FAILED if word is Word.MISMATCH else Verdict.ERROR
    return Result(name, Path(name), "", verdict, 1.5, problem=Problem(word, sentence))


def said(text: str) -> Result:
    """A failure in which everything that a file or a server can say is `text`."""
    problem = DRAWN.problem
    assert problem is not None
    return replace(
        DRAWN,
        name=text,
        title=text,
        section=text,
        problem=replace(
            problem,
            sentence=text,
            source=((27, text),),
            command=text,
            peer=text,
            reply=(f"S: {text}", text),
            difference=(text,),
            hint=text,
        ),
    )
