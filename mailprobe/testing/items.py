"""Transcripts as pytest knows tests: a file, and an item for each value of its matrix.

An item plays while pytest sets it up.  A server out of reach is an error there, and a transcript
that is not for this server is skipped; what a server says wrong fails the test itself.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailprobe.player.client import play
from mailprobe.player.many.locks import locks_of
from mailprobe.player.many.scripts import Script, scripts
from mailprobe.player.many.selection import Found, Selection
from mailprobe.player.many.summary import Summary
from mailprobe.player.options import Options
from mailprobe.player.playing.prepared import Prepared
from mailprobe.player.results import Result, Verdict
from mailprobe.safe import safe
from mailprobe.testing.options import Asked
from mailprobe.testing.picture import picture_of, text_of
from mailprobe.testing.turns import turn
from mailprobe.transcript.load import load
from mailprobe.transcript.model import Transcript

NAME = "replay"  # of an item; a value of the matrix follows in brackets


class Unfulfilled(Exception):
    """A transcript did not pass."""

    def __init__(self, result: Result) -> None:
        super().__init__(text_of(result))
        self.result = result


class TranscriptFile(pytest.File):
    """A `*.mpt` file."""

    mailprobe_options: Options
    mailprobe_locks: str | None

    @classmethod
    def of(
        cls, parent: pytest.Collector, path: Path, asked: Asked, locks: str | None
    ) -> "TranscriptFile":
        """The file at `path`; workers take turns in the folder `locks`."""
        made: TranscriptFile = cls.from_parent(parent, path=path)
        made.mailprobe_options = asked.options
        made.mailprobe_locks = locks
        return made

    @property
    def shown(self) -> str:
        """The path as the person who called pytest would write it."""
        return os.path.relpath(self.path, self.config.invocation_params.dir)

    def collect(self) -> Iterator["TranscriptItem"]:
        """Each value of the matrix, and each known mistake, as `mailprobe replay` plays them."""
        for one in scripts_of(self.path, self.shown):
            if isinstance(one, Result):
                raise self.CollectError(text_of(one))
            label = safe(one.name[len(self.shown) :])
            yield TranscriptItem.from_parent(self, name=NAME + label, script=one)


class TranscriptItem(pytest.Item):
    """A transcript with one value of its matrix."""

    def __init__(self, *, script: Script, **more: Any) -> None:
        super().__init__(**more)
        head = script.transcript.head
        self.mailprobe_tags = head.tags
        self.add_marker("mailprobe")
        # Tags are for -k.  No markers are made of them: --strict-markers would refuse each.
        self.extra_keyword_matches.update(head.tags)
        self._name = script.name
        self._values = script.values
        self._wrong = script.wrong
        self._result: Result | None = None

    @property
    def _file(self) -> TranscriptFile:
        assert isinstance(self.parent, TranscriptFile)
        return self.parent

    def setup(self) -> None:
        """Play.  Raises Unfulfilled where that was not possible."""
        self._result = result = self._played()
        if result.verdict is Verdict.SKIPPED:
            raise pytest.skip.Exception(result.reason)
        if result.verdict is Verdict.ERROR:
            raise Unfulfilled(result)

    def runtest(self) -> None:
        """Raises Unfulfilled where an expectation did not hold."""
        assert self._result is not None
        if self._result.verdict is Verdict.FAILED:
            raise Unfulfilled(self._result)

    def _played(self) -> Result:
        file = self._file
        options = file.mailprobe_options
        # Read again: thousands of trees would have to be kept from the collection until now.
        transcript = load(self.path, file.shown)
        prepared = Prepared(
            transcript, self.path, options, self._values, name=self._name, wrong=self._wrong
        )
        if file.mailprobe_locks is None:
            return play(prepared).result
        values = {**self._values, **options.settings}
        with turn(Path(file.mailprobe_locks), locks_of(transcript, values, options.servers)):
            return play(prepared).result

    # -------------------------------------------------------------------------------- reports

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The picture of the text report."""
        if isinstance(excinfo.value, Unfulfilled):
            return text_of(excinfo.value.result)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it failed, once that is known; pytest counts lines from 0."""
        path, line = self._spot()
        return path, line - 1, f"{self.path.name}{self.name.removeprefix(NAME)}"

    def _spot(self) -> tuple[Path, int]:
        """The file, which may be an included one, and the line, from 1."""
        problem = self._result.problem if self._result is not None else None
        if problem is None or problem.place is None:
            return self.path, 1
        return self.config.invocation_params.dir / problem.place.file, problem.place.line

    def mailprobe_tell(self, report: pytest.TestReport) -> None:
        """Let a report of pytest stand at the line that failed, and show the picture."""
        result = self._result
        if result is None or report.passed:
            return
        path, line = self._spot()
        if result.verdict is Verdict.SKIPPED:
            report.longrepr = (str(path), line, result.reason)
        elif result.verdict is not Verdict.PASSED:
            picture = picture_of(result, path, line)
            report.longrepr = picture  # type: ignore[assignment]  # it is shown as such
            report.mailprobe_picture = dict(vars(picture))  # type: ignore[attr-defined]  # it may hold more
            shown = os.path.relpath(path, self.config.rootpath)
            report.location = (shown, line - 1, report.location[2])


def scripts_of(path: Path, name: str) -> Iterator[Script | Result]:
    """What is to be played of a file that a person calls `name`; or why it cannot be."""

    def load_it(_: str, name: str) -> Transcript:
        return load(path, name)  # wherever the process stands now

    return scripts([Found(name, path.name)], Selection(), Summary(), load_it)
