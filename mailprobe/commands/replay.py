"""`mailprobe replay`: play transcripts as the client, and check what the servers say."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from mailprobe.commands import streams as standard
from mailprobe.commands.replay_options import options_of, read, selection_of
from mailprobe.commands.replay_options import parser as parser  # as every subcommand has one
from mailprobe.commands.streams import Streams
from mailprobe.errors import ExitStatus, Failure, Word
from mailprobe.player.client import play
from mailprobe.player.many import selection
from mailprobe.player.many.run import Run
from mailprobe.player.many.scripts import Script, scripts
from mailprobe.player.many.selection import Found
from mailprobe.player.many.summary import Summary
from mailprobe.player.many.waiting import Waiting
from mailprobe.player.reports.text import FEW, TextReport
from mailprobe.player.results import Result
from mailprobe.render.wish import wants_color
from mailprobe.safe import safe
from mailprobe.transcript.load import load
from mailprobe.value import replace

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    import argparse

    from mailprobe.player.bless import Book
    from mailprobe.player.many.locks import Lock
    from mailprobe.player.many.progress import Progress
    from mailprobe.player.reports.report import Report

_TIMED = ("html=", "json=")  # reports that show how long each part took
_JOBS = 64  # threads that are of any use


def run(argv: Sequence[str], env: Mapping[str, str], streams: Streams) -> ExitStatus:
    """Play.  Raises Failure for a mistake in the command line, before anything is played."""
    asked = read(argv)
    with standard.wakeup() as wakeup:
        return _Replay(asked, env, streams, wakeup).run()


class _Replay:
    """One run: what was asked for, and the things that have to do with it."""

    def __init__(
        self, asked: "argparse.Namespace", env: Mapping[str, str], streams: Streams, wakeup: int
    ) -> None:
        self._asked = asked
        self._env = env
        self._streams = streams
        end = None if asked.max_time is None else time.monotonic() + asked.max_time
        self._waiting = Waiting(wakeup, end)
        self._options = replace(
            options_of(asked, env, wakeup, end),
            lint=asked.lint,
            timed=any(text.startswith(_TIMED) for text in asked.report),
        )
        self._selection = selection_of(asked)
        self._again = _retrying(asked, self._waiting.pause)
        shard = None if asked.shard is None else selection.parse_shard(asked.shard)
        self._files = selection.find(asked.paths, shard)
        self._taken = 0
        self._summary = Summary()
        self._progress = self._bar()
        if asked.save_failures is not None:
            from mailprobe import outputs

            outputs.make_folder(asked.save_failures)
        self._color = wants_color(asked.color, env, isatty=streams.on_terminal)
        self._book = self._open_book()
        self._reports = self._open_reports()

    def run(self) -> ExitStatus:
        """Play all of it, and say how it went."""
        started = time.monotonic()
        running = Run(
            scripts(self._counted(), self._selection, self._summary, load),
            self._play,
            self._deliver,
            locks_of=self._locks_of,
            stopped=self._waiting.over,
            fail_fast=self._asked.fail_fast,
        )
        self._reports.begin()
        try:
            running.run(min(self._asked.j, _JOBS))
        finally:
            self._conclude(running, time.monotonic() - started)
        changes = self._bless()
        if line := self._summary.last_line():
            self._streams.tell(line)
        elif changes and self._asked.bless_diff:
            self._streams.tell(f"mailprobe: {Word.MISMATCH}: --bless would change {changes} files")
            return Word.MISMATCH.status
        return self._summary.status

    def _conclude(self, running: Run, seconds: float) -> None:
        summary = self._summary
        summary.seconds = seconds
        summary.interrupted = running.interrupted or self._waiting.interrupted
        out_of_time = self._waiting.out_of_time
        if summary.interrupted:
            summary.cut_short = "interrupted"
        elif (running.failed_fast or out_of_time) and running.unfinished():
            summary.out_of_time = out_of_time
            summary.cut_short = "one did not pass (--fail-fast)"
            if out_of_time:
                summary.cut_short = f"--max-time {self._asked.max_time:g} s is over"
        if self._progress is not None:
            self._progress.erase()
        self._reports.end(summary)

    # -------------------------------------------------------------------------- one transcript

    def _counted(self) -> Iterator[Found]:
        for file in self._files:
            self._taken += 1
            yield file

    def _play(self, script: Script) -> Result:
        options = self._options
        if self._book is not None:
            options = replace(options, bless=self._book.taker(script.path, script.transcript))
        prepared = script.prepared(options)

        def once() -> Result:
            return play(prepared).result

        return self._again(once)

    def _locks_of(self, script: Script) -> "Collection[Lock]":
        if self._asked.j == 1:
            return ()
        from mailprobe.player.many.locks import locks_of  # where others play at the same time

        values = {**script.values, **self._options.settings}
        return locks_of(script.transcript, values, self._options.servers)

    def _deliver(self, result: Result) -> None:
        self._summary.add(result)
        self._reports.add(result)
        if self._progress is not None:
            self._progress.show(self._taken, self._summary.bad)

    # ------------------------------------------------------------------------------- blessings

    def _open_book(self) -> "Book | None":
        asked = self._asked
        if not (asked.bless or asked.bless_diff):
            return None
        if asked.bless and self._env.get("CI") and not asked.force:
            raise Failure(
                Word.USAGE, "--bless in CI would make every test pass: --force, if you mean it"
            )
        from mailprobe.player.bless import Book

        return Book()

    def _bless(self) -> int:
        """Write, or show, what is blessed; returns how many files that changes."""
        if self._book is None:
            return 0
        for sentence in self._book.refused:
            self._streams.tell(f"note: {sentence}")
        changes = 0
        for blessing in self._book:
            name, new = str(blessing.path), blessing.result()
            changes += 1
            if self._asked.bless_diff:
                from mailprobe.render.differences import difference

                rows = difference(name, blessing.transcript.octets, new, color=self._color)
                self._streams.write("".join(rows))
            else:
                from mailprobe import outputs

                outputs.rewrite(blessing.path, new)
                self._streams.tell(f"note: blessed {safe(name)}")
        return changes

    # ------------------------------------------------------------------------------ the output

    def _write(self, text: str) -> None:
        if self._progress is not None:
            self._progress.erase()
        self._streams.write(text)

    def _bar(self) -> "Progress | None":
        terminal = self._streams.told_on_terminal and self._env.get("TERM", "dumb") != "dumb"
        if not terminal:
            return None
        from mailprobe.player.many.progress import Progress

        return Progress(self._streams.draw, time.monotonic, len(self._files))

    def _open_reports(self) -> "Report":
        brief = len(self._files) > FEW
        text = TextReport(self._write, color=self._color, brief=brief)
        if not self._asked.report:
            return text
        from mailprobe.player.reports import table

        started = time.time()  # noqa: TID251 - a stamp for people, of which nothing is measured
        wanted = table.parse(self._asked.report)
        reports = table.Reports(wanted, self._write, table.Means(load, started))
        if not any(one.takes_output for one in wanted):
            reports.also(text)
        return reports


def _retrying(
    asked: "argparse.Namespace", pause: Callable[[float], bool]
) -> Callable[[Callable[[], Result]], Result]:
    """How to play, and to play again.  Raises Failure `usage`."""
    if not (asked.retry or asked.retry_on):
        return lambda once: once()
    from mailprobe.player.many import retries

    words = retries.parse_words(asked.retry_on or ",".join(retries.USUAL))
    return lambda once: retries.with_retries(once, asked.retry, words, pause)
