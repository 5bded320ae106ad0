"""Reports: what exactly is written, and that nothing of a server's gets out of its place."""

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.errors import Failure, Word
from mailprobe.player.many.summary import Summary
from mailprobe.player.reports import table
from mailprobe.player.reports.events import EventReport
from mailprobe.player.reports.github import GithubReport
from mailprobe.player.reports.junit import JUnitReport, escape
from mailprobe.player.reports.lines import excerpt, inert
from mailprobe.player.reports.page import PageReport
from mailprobe.player.reports.report import Report, Write
from mailprobe.player.reports.table import Means, Reports, Wanted
from mailprobe.player.reports.tap import TapReport
from mailprobe.player.reports.text import TextReport
from mailprobe.player.results import Measured, Problem, Result, Verdict
from mailprobe.safe import safe
from mailprobe.timing import Kind, Span, Timing
from mailprobe.transcript.model import Place, Transcript, Unreadable
from mailprobe.transcript.parse import parse
from mailprobe.value import replace
from tests.player.helpers import DRAWN, passed, said, skipped, wrong

ALL = (passed(), DRAWN, wrong(Word.CONNECT, "c.mpt", "nobody listens"), skipped())

# Everything that a CI service takes for a command, in what a server or a file may say.
COMMANDS = [
    "::error::x",
    "  ::set-output name=a::b",
    "##[add-mask]x",
    "250 ##[set-env name=PATH]x",
    "##vso[task.setvariable variable=a]b",
    "###[group]",
    "%0A::error::x",
    "##teamcity[x]",
]
_COMMAND = re.compile(r"^\s*::|##\[|##[A-Za-z]+\[", re.MULTILINE)


def no_load(path: str, name: str) -> Transcript:
    raise Unreadable(Place(name, 1), "it does not parse")


def junit(write: Write) -> Report:
    return JUnitReport(write, 1_000_000_000.0)


def page(write: Write) -> Report:
    return PageReport(write, no_load)


KINDS = {
    "text": TextReport,
    "junit": junit,
    "tap": TapReport,
    "json": EventReport,
    "github": GithubReport,
    "page": page,
}


def written(make: Callable[[Write], Report], *results: Result, **facts: object) -> str:
    """All that one report writes about `results`; `facts` are those of the summary."""
    out: list[str] = []
    report = make(out.append)
    summary = Summary(seconds=2.5, **facts)  # type: ignore[arg-type]  # as Summary has them
    report.begin()
    for result in results:
        summary.add(result)
        report.add(result)
    report.end(summary)
    return "".join(out)


# ---------------------------------------------------------------------------------------- text


def test_the_failure_that_is_drawn() -> None:
    """To the letter what the description of the format shows."""
    text = written(TextReport, DRAWN)
    assert text == (
        "FAIL transcripts/submission.mpt > After TLS          0.41 s\n"
        "  transcripts/submission.mpt:27:4  no line of the reply matches\n"
        "     26 | S? 250\n"
        "   > 27 | S+ AUTH PLAIN\n"
        "        |    ^^^^\n"
        '  reply to "EHLO client.example" (127.0.0.1:587, TLSv1.3, after 38 ms):\n'
        "     S: 250-mail.example.net\n"
        "     S: 250 8BITMIME\n"
        "  hint: AUTH was offered before TLS (line 17) but not after it.\n"
        "\n"
        "1 transcript: 1 failed  2.50 s\n"
    )


def test_one_line_for_each_of_the_others() -> None:
    """And a sentence for what could not be played."""
    assert written(TextReport, passed(), skipped(), wrong(Word.CONNECT), deselected=2) == (
        f"{'ok   a.mpt':<51}  0.12 s\n"
        "SKIP s.mpt: no XOAUTH2 on offer\n"
        f"{'ERROR w.mpt':<51}  1.50 s\n"
        "  connect: it went wrong\n"
        "\n"
        "3 transcripts: 1 passed, 1 could not be played, 1 skipped, 2 not asked for  2.50 s\n"
    )


def test_many_that_pass_are_counted() -> None:
    """Brief: a line only for what somebody has to look at."""
    text = written(lambda write: TextReport(write, brief=True), passed(), skipped())
    assert text == ("SKIP s.mpt: no XOAUTH2 on offer\n2 transcripts: 1 passed, 1 skipped  2.50 s\n")


def test_literal_lines_a_long_reply_and_a_saved_failure() -> None:
    """Two lines with a caret; the reply up to a bound."""
    assert DRAWN.problem is not None
    problem = replace(
        DRAWN.problem,
        command="",
        peer="",
        after=1.5,
        hint="",
        difference=("250 a", "250 b", "    ^"),
        reply=tuple(f"S: 250-{n}" for n in range(60)),
    )
    result = replace(DRAWN, problem=problem, attempts=3, saved=Path("failures/x.mpt"))
    lines = written(TextReport, result).split("\n")
    assert lines[5:10] == [
        "     - 250 a",
        "     + 250 b",
        "           ^",
        "  it said (after 1.50 s):",
        "     S: 250-0",
    ]
    assert lines[-7:-2] == [
        "     S: 250-49",
        "     ... and 10 more lines",
        "  attempts: 3",
        "  saved: failures/x.mpt",
        "",
    ]


def test_no_reply_at_all() -> None:
    """Then that is said."""
    assert DRAWN.problem is not None
    text = written(TextReport, replace(DRAWN, problem=replace(DRAWN.problem, reply=())))
    assert "after 38 ms):\n     nothing\n" in text


def test_the_end_of_a_run_that_was_cut_short() -> None:
    """Why the rest was not played, in every report that has a place for it."""
    for name, make in KINDS.items():
        text = written(make, cut_short="--max-time 1 s is over")
        assert "--max-time 1 s is over" in text, name
    assert written(TextReport).startswith("0 transcripts  2.50 s")


def test_colours() -> None:
    """The word has one, and nothing else has."""
    text = written(lambda write: TextReport(write, color=True), passed(), DRAWN)
    assert text.count("\x1b[") == 4
    assert text.startswith("\x1b[32mok\x1b[0m   a.mpt ")


@pytest.mark.parametrize(
    "text, column, width, lines",
    [
        ("S: 250", 4, 3, ["   > 7 | S: 250", "       |    ^^^"]),
        ("S: 你好 x", 4, 2, ["   > 7 | S: 你好 x", "       |    ^^^^"]),
        ("你好 x", 4, 1, ["   > 7 | 你好 x", "       |      ^"]),
        ("a\x1bb", 3, 1, ["   > 7 | a\\u{1b}b", "       |        ^"]),
        ("a\\b", 3, 1, ["   > 7 | a\\b", "       |   ^"]),
        ("ab", 3, 0, ["   > 7 | ab", "       |   ^"]),
        ("ab", 5, 1, ["   > 7 | ab", "       |     ^"]),
        ("e\u0301x", 3, 1, ["   > 7 | e\u0301x", "       |  ^"]),
    ],
)
def test_the_caret(text: str, column: int, width: int, lines: list[str]) -> None:
    """It stands below what is meant: in columns of a terminal, escapes and all."""
    assert excerpt([(7, text)], Place("f", 7, column), width) == lines


# -------------------------------------------------------------------------------- workflow commands


@pytest.mark.parametrize("text", COMMANDS)
@pytest.mark.parametrize("kind", KINDS)
def test_no_word_of_a_server_is_a_workflow_command(kind: str, text: str) -> None:
    """In no report, wherever in it the text stands; github writes the one that is its own."""
    out = written(KINDS[kind], said(text), skipped(text, text), passed(text))
    own = ["::"] if kind == "github" else []
    if kind == "page":  # goes to a file alone, and has its own test
        return
    assert _COMMAND.findall(out) == own


@given(st.text(alphabet=":#[]avso \n", max_size=12))
def test_inert_lines(text: str) -> None:
    """No command is left, and what was none stays what it is."""
    for line in text.split("\n"):
        assert not _COMMAND.search(inert(line))
        assert _COMMAND.search(line) or inert(line) == line


def test_github() -> None:
    """File, line and column of the place; the details behind the sentence."""
    result = replace(said("100%, a:b"), name="x")
    out = written(GithubReport, result, passed(), skipped())
    assert out.startswith(
        "::error file=transcripts/submission.mpt,line=27,col=4,title=x > 100%25%2C a%3Ab::100%25, a"
    )
    assert out.count("\n") == 1
    assert "%0A     S: 100%25, a:b%0A" in out


def test_github_without_a_place() -> None:
    """The file is enough."""
    assert written(GithubReport, wrong(Word.CONNECT)) == (
        "::error file=w.mpt,title=w.mpt::connect: it went wrong\n"
    )


@pytest.mark.parametrize("path", ["./a.mpt", "a.mpt", "x/../a.mpt"])
def test_github_has_the_path_of_the_repository(path: str) -> None:
    """However the folder was named on the command line; with a place and without one."""
    for result in (DRAWN, wrong(Word.CONNECT)):
        problem = result.problem
        assert problem is not None
        place = problem.place and problem.place._replace(file=path)
        moved = replace(result, path=Path(path), problem=replace(problem, place=place))
        assert written(GithubReport, moved).startswith("::error file=a.mpt,")


@given(st.text())
def test_github_is_one_line_a_result(text: str) -> None:
    """Whatever is in it."""
    result = said(safe(text))
    assert written(GithubReport, replace(result, path=Path(f"x{text}"))).count("\n") == 1


# --------------------------------------------------------------------------------------- JUnit


# What the published schemas of JUnit XML have in common: the attributes of each element.
_SCHEMA = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {
        *("name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname"),
    },
    "properties": set(),
    "testcase": {"name", "classname", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message"},
    "system-out": set(),
    "system-err": set(),
}


def test_junit() -> None:
    """A testcase each, with its numbers; nothing that a schema does not know."""
    text = written(junit, *ALL)
    root = ET.fromstring(text)
    for element in root.iter():
        assert set(element.attrib) <= _SCHEMA[element.tag]
    suite = root[0]
    assert [child.tag for child in suite] == [
        "properties", *["testcase"] * 4, "system-out", "system-err",
    ]  # fmt: skip
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4",
        "failures": "1",
        "errors": "1",
        "skipped": "1",
    }
    assert suite.get("timestamp") == "2001-09-09T01:46:40"
    assert [case.get("classname") for case in suite.iter("testcase")] == [
        *("transcripts", "transcripts", "transcripts", "transcripts"),
    ]
    failure = suite.find(".//failure")
    assert failure is not None
    assert failure.get("message") == "no line of the reply matches"
    assert "> 27 | S+ AUTH PLAIN" in (failure.text or "")
    error = suite.find(".//error")
    assert error is not None
    assert error.get("type") == "connect"


def test_junit_names_the_value_of_a_matrix() -> None:
    """A slash in a label does not make a folder."""
    text = written(junit, passed("a/b/x.mpt[eod=lf/cr]"))
    case = next(ET.fromstring(text).iter("testcase"))
    assert (case.get("classname"), case.get("name")) == ("a.b", "x.mpt[eod=lf/cr]")


@given(st.text())
def test_junit_is_xml_whatever_was_said(text: str) -> None:
    """Also what XML 1.0 cannot hold at all."""
    results = (said(text), skipped(text, text), passed(text))
    root = ET.fromstring(written(junit, *results).encode("utf-8", "surrogatepass"))
    assert len(list(root.iter("testcase"))) == 3


def test_junit_of_many_is_whole() -> None:
    """More than fits into one piece of the spool, with characters of several octets."""
    text = written(junit, *[skipped("s.mpt", "你好" * 50)] * 500)
    assert len(list(ET.fromstring(text).iter("skipped"))) == 500


def test_xml_escapes() -> None:
    """The five, line ends, and what cannot be."""
    assert escape("a<b>&\"'\n\r\0\ufffe") == "a&lt;b&gt;&amp;&quot;'&#10;&#13;\\u{0}\\u{fffe}"


# ----------------------------------------------------------------------------------- TAP, JSON


def test_tap() -> None:
    """Version 13: a plan at the end, a YAML block for each, a directive for what was skipped."""
    assert written(TapReport, passed("a#1\\.mpt"), skipped(), wrong(Word.CONNECT)) == (
        "TAP version 13\n"
        "ok 1 - a\\#1\\\\.mpt\n"
        "  ---\n"
        "  duration_ms: 120.0\n"
        "  ...\n"
        "ok 2 - s.mpt # SKIP no XOAUTH2 on offer\n"
        "not ok 3 - w.mpt\n"
        "  ---\n"
        "  duration_ms: 1500.0\n"
        '  word: "connect"\n'
        '  message: "connect: it went wrong"\n'
        "  details:\n"
        '    - "  connect: it went wrong"\n'
        "  ...\n"
        "1..3\n"
    )


@pytest.mark.skipif(shutil.which("prove") is None, reason="prove is not installed")
def test_tap_satisfies_prove(tmp_path: Path) -> None:
    """Which counts as a failure what it does not know, a later version among it."""
    for name, results, status in (("good", (passed(), skipped("s#1.mpt")), 0), ("bad", ALL, 1)):
        (tmp_path / name).write_text(written(TapReport, *results))
        command = ["prove", "--exec", "cat", str(tmp_path / name)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ran.returncode == status, ran.stdout
        assert "Parse errors" not in ran.stdout


def test_tap_has_the_place() -> None:
    """File, line, column."""
    text = written(TapReport, DRAWN)
    assert '  file: "transcripts/submission.mpt"\n  line: 27\n  column: 4\n' in text


def test_tap_ends() -> None:
    """An interruption bails out; nothing at all is a plan of nothing."""
    assert written(TapReport, interrupted=True, cut_short="interrupted").endswith(
        "Bail out! interrupted\n1..0 # SKIP nothing ran\n"
    )


@given(st.text())
def test_tap_has_no_line_of_a_server_s_own(text: str) -> None:
    """Each line is a version, a test, a line of a block, or the plan."""
    out = written(TapReport, said(safe(text)), skipped(safe(text), safe(text)))
    for line in out.removesuffix("\n").split("\n"):
        assert re.match(r"TAP version 13$|(not )?ok \d - |  |1\.\.\d$", line)


def test_events() -> None:
    """An object a line: the beginning, each result, the end."""
    events = [json.loads(line) for line in written(EventReport, *ALL).split("\n")[:-1]]
    assert [event["event"] for event in events] == ["begin", *["result"] * 4, "end"]
    assert events[0]["format"] == 1
    assert events[2]["problem"]["line"] == 27
    assert events[2]["problem"]["reply"] == ["S: 250-mail.example.net", "S: 250 8BITMIME"]
    assert events[1]["problem"] is None
    assert {name: events[-1][name] for name in ("passed", "failed", "error", "skipped")} == {
        "passed": 1,
        "failed": 1,
        "error": 1,
        "skipped": 1,
    }
    assert events[-1]["status"] == 4


@pytest.mark.parametrize("text", COMMANDS)
def test_events_say_what_was_said(text: str) -> None:
    """What is escaped for a CI service is the same text to a reader of JSON."""
    events = [json.loads(line) for line in written(EventReport, said(text)).split("\n")[:-1]]
    assert events[1]["problem"]["sentence"] == text


def test_events_hold_nothing_raw() -> None:
    """A line of a file that was no transcript is told as a terminal may have it."""
    problem = Problem(Word.SYNTAX, "no", Place("a", 1), source=((1, "\x7fELF\x9b\u202e\\"),))
    result = Result("a", Path("a"), "", Verdict.ERROR, 0.0, problem=problem)
    text = written(EventReport, result)
    assert text.replace("\n", "").isprintable()
    (source,) = json.loads(text.split("\n")[1])["problem"]["source"]
    assert source == {"line": 1, "text": "\\u{7f}ELF\\u{9b}\\u{202e}\\"}


# --------------------------------------------------------------------------------------- a page


def test_a_page(tmp_path: Path) -> None:
    """All results in a table; the transcript of a failure, marked at its line."""
    path = tmp_path / "x.mpt"
    path.write_text("mailprobe: 1\nprotocol: smtp\n\nS: 220 x\nC: NOOP\nS: 250 <b>\n")
    result = Result(
        str(path),
        path,
        "<script>alert(1)</script>",
        DRAWN.verdict,
        0.1,
        problem=Problem(Word.MISMATCH, "it <b>differs</b>", Place(str(path), 6, 4)),
    )

    def load(there: str, name: str) -> Transcript:
        return parse(path.read_bytes(), name) if there == str(path) else no_load(there, name)

    text = written(
        lambda write: PageReport(write, load),
        result,
        passed(),
        wrong(Word.SYNTAX),
    )
    assert "<script" not in text
    assert "it &lt;b&gt;differs&lt;/b&gt;" in text
    assert 'id="result-1-file-6"' in text
    assert text.count("<tr>") == 4
    assert not re.search(r"(src|href)=\"(?!#)", text)


# ------------------------------------------------------------------- times, and what is odd

MEASURED = Measured(
    1,
    0.5,
    Timing((Span(Kind.COMMAND, "EHLO", 1.0, 1.25, "250"), Span(Kind.DATA, "mail data", 2, 3)), 3.0),
)
ODD = replace(passed(), deviations=("reply to EHLO: it is odd", "50%, ::error::"))


def test_deviations_stand_below_what_passes() -> None:
    """In the report for people, even where those that pass are only counted."""
    for brief in (True, False):
        text = written(lambda write, brief=brief: TextReport(write, brief=brief), ODD)
        assert "\n  lint: reply to EHLO: it is odd\n  lint: 50%, ::error::\n" in text


def test_deviations_are_warnings_of_github() -> None:
    """No error: the transcript has passed; and nothing of them is a command."""
    assert written(GithubReport, ODD) == (
        "::warning file=a.mpt,title=a.mpt::reply to EHLO: it is odd\n"
        "::warning file=a.mpt,title=a.mpt::50%25, ::error::\n"
    )
    hostile = replace(ODD, deviations=("::error::x\n::stop",))
    assert written(GithubReport, hostile).count("\n") == 1


def test_events_have_times_and_deviations() -> None:
    """Plain numbers, counted from the beginning of the run."""
    result = json.loads(written(EventReport, replace(ODD, measured=(MEASURED,))).split("\n")[1])
    assert result["deviations"] == list(ODD.deviations)
    assert result["spans"][0] == {
        "connection": 1,
        "kind": "command",
        "name": "EHLO",
        "start": 1.5,
        "seconds": 0.25,
        "outcome": "250",
        "failed": False,
    }
    assert [span["name"] for span in result["spans"]] == ["EHLO", "mail data"]


def test_a_page_has_bars() -> None:
    """For what passes, too; at most 200 of them."""
    text = written(page, replace(passed("a&b"), measured=(MEASURED,)), DRAWN)
    assert text.count("<svg") == 2
    assert "<summary>a&amp;b, 3500 ms</summary>" in text
    assert 'style="' not in text
    many = [replace(passed(), measured=(MEASURED,))] * 250
    assert written(page, *many).count("<details") == 200
    assert "Timing" not in written(page, passed())


# ---------------------------------------------------------------------------------------- table


@pytest.mark.parametrize(
    "text",
    ["", "junit", "junit=", "html=-", "github=x", "xml=f", "=f", "text=-", "github=", "\x1b=x"],
)
def test_what_is_no_report(text: str) -> None:
    """Word `usage`, and what there is."""
    with pytest.raises(Failure, match="--report is junit=FILE") as caught:
        table.parse([text])
    assert caught.value.sentence.isprintable()


@pytest.mark.parametrize(
    "texts", [["tap=-", "json=-"], ["tap=-", "github"], ["tap=f", "json=f"], ["tap=f", "tap=f"]]
)
def test_two_reports_in_one_place(texts: list[str]) -> None:
    """Neither could be read."""
    with pytest.raises(Failure, match="cannot share"):
        table.parse(texts)


def test_where_reports_go() -> None:
    """Only those on standard output leave no place for the text."""
    wanted = table.parse(["junit=f", "tap=-", "html=d"])
    assert wanted == [Wanted("junit", "f"), Wanted("tap", "-"), Wanted("html", "d")]
    assert [one.takes_output for one in wanted] == [False, True, False]
    assert [one.takes_output for one in table.parse(["github", "json=f"])] == [False, False]


def test_several_reports(tmp_path: Path) -> None:
    """Each is whole in the end; a page is `index.html` of its folder."""
    texts = [f"{kind}={tmp_path / kind}" for kind in ("junit", "tap", "json", "html")]
    out: list[str] = []
    text = written(
        lambda write: Reports(table.parse([*texts, "github"]), write, Means(no_load, 0.0)), *ALL
    )
    assert text.startswith("::error")
    assert ET.parse(tmp_path / "junit").getroot().tag == "testsuites"
    assert (tmp_path / "tap").read_text().endswith("1..4\n")
    assert (tmp_path / "json").read_text().count("\n") == 6
    assert (tmp_path / "html" / "index.html").read_text().startswith("<!DOCTYPE html>")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["html", "json", "junit", "tap"]
    assert out == []


def test_one_report_that_cannot_be_made(tmp_path: Path) -> None:
    """It is told before anything is played, and leaves nothing of the others."""
    wanted = table.parse([f"tap={tmp_path / 'tap'}", f"junit={tmp_path / 'no' / 'x'}"])
    with pytest.raises(Failure):
        Reports(wanted, lambda text: None, Means(no_load, 0.0))
    assert list(tmp_path.iterdir()) == []


def test_one_report_that_fails_at_the_end(tmp_path: Path) -> None:
    """The others are written all the same, and its failure is raised."""

    def full(text: str) -> None:
        raise Failure(Word.USAGE, "no space")

    reports = Reports(table.parse(["github", f"tap={tmp_path / 'tap'}"]), full, Means(no_load, 0.0))
    reports.begin()
    with pytest.raises(Failure, match="no space"):
        reports.end(Summary(cut_short="x"))
    assert (tmp_path / "tap").exists()
