"""`mailprobe learn`: lessons on a practice server, which lists, begins, checks and reports them."""

import shutil
import sys
from collections.abc import Mapping, Sequence

from mailprobe.commands import streams as standard
from mailprobe.commands.arguments import COLOR, count
from mailprobe.commands.parser import Parser
from mailprobe.commands.streams import Streams
from mailprobe.errors import ExitStatus, Failure, Word
from mailprobe.explain.languages import LANGUAGES, language_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from mailprobe.lessons.course import Course, Lesson
    from mailprobe.lessons.enrolment import Enrolment
    from mailprobe.lessons.progress import Progress, Record
    from mailprobe.lessons.telling import Voice
    from mailprobe.shell.options import Options

_JOBS = 16


def parser() -> Parser:
    """What may stand on the command line."""
    parser = Parser(
        prog="mailprobe learn",
        description="Learn SMTP and POP3 on a practice server of this machine: without LESSON a "
        "list of the lessons and what to do next, with it that lesson, in the shell or from "
        "lines on standard input.",
        epilog="LESSON is an id such as smtp-07, or its number.  Progress is kept in "
        "$XDG_STATE_HOME/mailprobe/learn.json.  Exit status of a lesson whose lines come from "
        "standard input: 0 it is done, 1 it is not.",
    )
    parser.add_argument("lessons", nargs="*", metavar="LESSON", help="which one; several: --check")
    parser.add_argument(
        "--from", dest="folder", metavar="DIR", help="the lessons of a folder of your own"
    )
    parser.add_argument(
        "--lang", choices=LANGUAGES, help="the language (that of the locale; en in CI)"
    )
    parser.add_argument(
        "--plain",
        action="store_true",
        help="append-only: no menu, no toolbar, nothing redrawn",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="play solutions and known mistakes, and look for missing texts",
    )
    parser.add_argument(
        "-j", metavar="N", type=count, default=2, help="with --check: lessons at a time (2)"
    )
    parser.add_argument(
        "--report",
        metavar="FILE",
        help="write what was done as JSON (-: to standard output), for those who grade",
    )
    parser.add_rows((COLOR,))
    return parser


def run(argv: Sequence[str], env: Mapping[str, str], streams: Streams) -> ExitStatus:
    """List, learn, check or report.  Raises Failure."""
    asked = parser().parse_intermixed_args(argv)
    from mailprobe.lessons.course import course_of

    language = language_of(asked.lang, env)
    course = course_of(asked.folder)
    if asked.check:
        if asked.report is not None:
            raise Failure(Word.USAGE, "--check prints what it finds; --report is for what was done")
        return _check(asked, course, streams)
    for fault in () if asked.lessons else course.faults:
        streams.tell(f"warning: {fault.sentence}")
    if len(asked.lessons) > 1:
        raise Failure(Word.USAGE, "one lesson at a time; --check takes several")
    from mailprobe.lessons.enrolment import Enrolment
    from mailprobe.lessons.progress import Progress, progress_path
    from mailprobe.lessons.telling import Voice
    from mailprobe.shell.memory.places import state_folder

    voice = Voice(language, lambda: _columns(streams))
    progress = Progress(progress_path(state_folder(env)), course, asked.folder)
    if asked.lessons:
        lesson = course.find(asked.lessons[0])
        return _learn(asked, Enrolment(lesson, course, progress, language), env, streams)
    return _list(asked, course, progress, voice, env, streams)


def _learn(
    asked: "argparse.Namespace", enrolment: "Enrolment", env: Mapping[str, str], streams: Streams
) -> ExitStatus:
    """In the shell, or by the lines of standard input.  Raises Failure, Interrupted."""
    from mailprobe.shell import app
    from mailprobe.shell.options import Options

    options = Options(env=env, color=asked.color, plain=asked.plain, lesson=enrolment)
    try:
        if sys.stdin and sys.stdin.isatty() and sys.stdout.isatty():
            return _shell(options, streams)
        if streams.keyboard is not None:
            streams.keyboard.release()
        with standard.source(None) as source:
            return app.run_script(options, source)
    finally:
        if asked.report is not None:
            records = enrolment.progress.records()
            _report(asked.report, enrolment.course, records, (enrolment.lesson,), env, streams)


def _report(
    path: str,
    course: "Course",
    records: "Mapping[str, Record]",
    lessons: "tuple[Lesson, ...]",
    env: Mapping[str, str],
    streams: Streams,
) -> None:
    """Raises Failure `usage`."""
    from mailprobe.jsonlines import document
    from mailprobe.lessons.reporting import report_of, who_of, write_report

    report = report_of(course, records, who_of(env), lessons)
    if path == "-":
        streams.write(document(report))
    else:
        write_report(path, report)


def _shell(options: "Options", streams: Streams) -> ExitStatus:
    from mailprobe.shell import app

    keyboard = streams.keyboard
    try:
        with standard.terminal():
            return app.run(options, None if keyboard is None else keyboard.found)
    finally:
        if keyboard is not None:
            keyboard.forget()


def _columns(streams: Streams) -> int:
    return shutil.get_terminal_size().columns if streams.on_terminal else 0


def _list(
    asked: "argparse.Namespace",
    course: "Course",
    progress: "Progress",
    voice: "Voice",
    env: Mapping[str, str],
    streams: Streams,
) -> ExitStatus:
    records = progress.records()
    if progress.failure is not None:
        streams.tell(f"warning: {progress.failure.sentence}")
    if asked.report is not None:
        _report(asked.report, course, records, course.lessons, env, streams)
        return ExitStatus.OK
    from mailprobe.lessons.listing import listing

    rows = listing(course, records, voice, _columns(streams))
    streams.write("".join(f"{row.text}\n" for row in rows))
    return ExitStatus.OK


def _check(asked: "argparse.Namespace", course: "Course", streams: Streams) -> ExitStatus:
    """A line for each lesson.  Raises Failure `mismatch` where one does not hold."""
    from concurrent.futures import ThreadPoolExecutor

    from mailprobe.lessons.checking import Checked, check

    wanted = [course.find(word) for word in asked.lessons] or list(course.lessons)
    for fault in course.faults:
        streams.write(f"FAIL {fault.sentence}\n")
    failed = len(course.faults)

    def checked(lesson: "Lesson") -> Checked:
        return check(lesson, course)

    with ThreadPoolExecutor(min(asked.j, _JOBS)) as pool:
        for one in pool.map(checked, wanted):
            word = "FAIL" if one.problems else "ok"
            line = f"{word:4} {one.lesson.id}  {one.steps} steps, {one.mistakes} known mistakes"
            streams.write(f"{line}  {one.seconds:.1f} s\n")
            streams.write("".join(f"  {problem}\n" for problem in one.problems))
            failed += bool(one.problems)
    if failed:
        what = "1 lesson does" if failed == 1 else f"{failed} lessons do"
        raise Failure(Word.MISMATCH, f"{what} not hold")
    return ExitStatus.OK
