"""From files to what is played."""

from pathlib import Path

from mailprobe.errors import Failure, Word
from mailprobe.player.many.scripts import Script, scripts
from mailprobe.player.many.selection import Found, Selection
from mailprobe.player.many.summary import Summary
from mailprobe.player.results import Result, Verdict
from mailprobe.transcript.model import Transcript
from mailprobe.transcript.parse import parse


def found(name: str) -> Found:
    return Found(name, name)


def made(
    text: str, selection: Selection | None = None, summary: Summary | None = None
) -> list[Script | Result]:
    def load(path: Path, name: str) -> Transcript:
        return parse(text.encode(), name)

    selection, summary = selection or Selection(), summary or Summary()
    return list(scripts([found("x.mpt")], selection, summary, load))


HEAD = "mailprobe: 1\nprotocol: smtp\n"


def names(work: list[Script | Result]) -> list[str]:
    return [one.name for one in work]


def test_a_file() -> None:
    """One script, with its title."""
    (script,) = made(f"{HEAD}title: one\n\nS? 220\n")
    assert isinstance(script, Script)
    assert (script.name, script.title, script.wrong) == ("x.mpt", "one", None)


def test_a_matrix() -> None:
    """A result of its own for each value; -k sees the value."""
    text = f"{HEAD}matrix eod: lf=\\n.\\n | cr=\\r.\\r\n\nS? 220\n"
    assert names(made(text)) == ["x.mpt[eod=lf]", "x.mpt[eod=cr]"]
    summary = Summary()
    chosen = made(text, Selection(name=lambda name: "cr" in name), summary)
    assert names(chosen) == ["x.mpt[eod=cr]"]
    assert summary.deselected == 1


def test_known_mistakes() -> None:
    """A run for each, behind that of the whole file."""
    wrong = "@wrong\nC: STAR\nS? 500\n@end\n"
    text = f"{HEAD}matrix a: x=1 | y=2\n\nS? 220\n{wrong}{wrong}C: NOOP\nS? 250\n"
    work = made(text)
    assert names(work)[:4] == [
        *("x.mpt[a=x]", "x.mpt[a=x,wrong=1]", "x.mpt[a=x,wrong=2]", "x.mpt[a=y]")
    ]
    assert [one.wrong for one in work[:3] if isinstance(one, Script)] == [None, 0, 1]


def test_what_does_not_parse() -> None:
    """An error at its place; the title of nothing."""
    (result,) = made(f"{HEAD}\nX: \n")
    assert isinstance(result, Result)
    assert result.verdict is Verdict.ERROR
    assert result.problem is not None
    assert result.problem.word is Word.SYNTAX
    assert result.problem.place == ("x.mpt", 4, 1)
    assert result.problem.source == ((4, "X: "),)


def test_what_cannot_be_read() -> None:
    """An error too; the others are read all the same."""

    def load(path: Path, name: str) -> Transcript:
        if name == "a":
            raise Failure(Word.USAGE, "cannot read a")
        return parse(f"{HEAD}\nS? 220\n".encode(), name)

    work = list(scripts([found("a"), found("b")], Selection(), Summary(), load))
    assert names(work) == ["a", "b"]
    first = work[0]
    assert isinstance(first, Result)
    assert first.problem is not None
    assert first.problem.word is Word.USAGE


def test_tags() -> None:
    """What has none of those asked for is only counted."""
    summary = Summary()
    text = f"{HEAD}tags: slow\n\nS? 220\n"
    assert made(text, Selection(tags=frozenset({"other"})), summary) == []
    assert summary.deselected == 1
    assert len(made(text, Selection(tags=frozenset({"slow"})))) == 1
