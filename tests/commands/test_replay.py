"""`mailprobe replay`: options, exit statuses, streams; who plays is a stand-in."""

import json
import os
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mailprobe import cli
from mailprobe.commands import replay, replay_options
from mailprobe.errors import Word
from mailprobe.player.client import Played
from mailprobe.player.options import Options
from mailprobe.player.playing.prepared import Prepared
from mailprobe.player.results import Result, Verdict
from mailprobe.transcript.model import Level
from mailprobe.transport.link import Interrupted
from mailprobe.value import replace
from tests.commands.inside import Ran, inside
from tests.player.helpers import DRAWN, passed, skipped, wrong

SMTP = "mailprobe: 1\nprotocol: smtp\n\nS? 220\n"


@dataclass
class Stage:
    """A folder with transcripts, and what shall come of them: by name, each time it is played."""

    folder: Path
    plans: dict[str, list[Result]] = field(default_factory=dict)
    played: list[str] = field(default_factory=list)
    options: Options | None = None
    hook: Callable[[str], None] = lambda name: None

    def file(self, name: str, *results: Result, text: str = SMTP) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        self.plans[name] = list(results)

    def play(self, prepared: Prepared) -> Played:
        name = prepared.name.removeprefix(f"{self.folder}/")
        self.options = prepared.options
        self.played.append(name)
        self.hook(name)
        plan = self.plans.get(name.partition("[")[0]) or [passed()]
        result = plan.pop(0) if len(plan) > 1 else plan[0]
        return Played(replace(result, name=name), ())

    def run(self, *arguments: str, env: dict[str, str] | None = None) -> Ran:
        return inside("replay", str(self.folder), *arguments, env=env)


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    stage = Stage(tmp_path / "t")
    stage.folder.mkdir()
    monkeypatch.setattr(replay, "play", stage.play)
    return stage


# --------------------------------------------------------------------------------- exit statuses


@pytest.mark.parametrize(
    "results, status, word",
    [
        ([passed()], 0, ""),
        ([passed(), skipped()], 0, ""),
        ([passed(), DRAWN], 1, "mismatch"),
        ([DRAWN, wrong(Word.TIMEOUT), passed()], 4, "timeout"),
        ([wrong(Word.USAGE), wrong(Word.TIMEOUT)], 2, "usage"),
        ([skipped(), skipped()], 5, "usage"),
    ],
)
def test_the_status(stage: Stage, results: list[Result], status: int, word: str) -> None:
    """The hardest wins, and is the last and only line on standard error."""
    for number, result in enumerate(results):
        stage.file(f"{number}.mpt", result)
    ran = stage.run()
    assert ran.status == status
    assert ran.word == word
    assert ran.err.count("\n") == bool(word)
    assert len(stage.played) == len(results)


def test_one_that_does_not_parse(stage: Stage) -> None:
    """The others are played; the status is 3, the excerpt shows where."""
    stage.file("a.mpt", text=SMTP + "X+ 250\n")
    stage.file("b.mpt")
    ran = stage.run()
    assert (ran.status, ran.word, stage.played) == (3, "syntax", ["b.mpt"])
    assert "   > 5 | X+ 250\n       | ^" in ran.out


def test_nothing_in_the_folder(stage: Stage) -> None:
    """5, and not a success."""
    ran = stage.run()
    assert (ran.status, ran.out) == (5, "0 transcripts  0.00 s\n")


def test_an_interruption(stage: Stage, tmp_path: Path) -> None:
    """130, the results so far, the one that was stopped, whole reports, no standard error."""
    stage.file("a.mpt")
    stage.file("b.mpt")
    stage.file("c.mpt")

    def press(name: str) -> None:
        if name == "b.mpt":
            raise Interrupted

    stage.hook = press
    kinds = ("json", "junit", "tap", "html")
    ran = stage.run(*(text for kind in kinds for text in ("--report", f"{kind}={tmp_path / kind}")))
    assert (ran.status, ran.err) == (130, "")
    assert ran.out.startswith("ok   a.mpt")
    assert "b.mpt" in ran.out.partition("ERROR ")[2]
    assert "c.mpt" not in ran.out
    events = [json.loads(line) for line in (tmp_path / "json").read_text().split("\n")[:-1]]
    assert [event["event"] for event in events] == ["begin", "result", "result", "end"]
    assert (Path(events[2]["name"]).name, events[2]["verdict"]) == ("b.mpt", "error")
    assert events[2]["problem"]["word"] == "interrupted"
    assert events[-1]["interrupted"] is True
    assert '<error type="interrupted"' in (tmp_path / "junit").read_text()
    assert "not ok 2 - " in (tmp_path / "tap").read_text()
    assert "interrupted" in (tmp_path / "html" / "index.html").read_text()


def test_a_signal(stage: Stage) -> None:
    """It ends the run between two, where nobody waits for a server."""
    stage.file("a.mpt")
    stage.file("b.mpt")
    stage.hook = lambda name: os.kill(os.getpid(), 2)
    ran = stage.run()
    assert (ran.status, stage.played) == (130, ["a.mpt"])


def test_a_fault_of_ours_leaves_reports(stage: Stage, tmp_path: Path) -> None:
    """What is known until then is written."""
    stage.file("a.mpt")
    stage.file("b.mpt")

    def fail(name: str) -> None:
        if name == "b.mpt":
            raise ZeroDivisionError

    stage.hook = fail
    with pytest.raises(ZeroDivisionError):
        stage.run("--report", f"junit={tmp_path / 'x'}")
    assert len(list(ET.parse(tmp_path / "x").getroot().iter("testcase"))) == 1


# -------------------------------------------------------------------------------------- options


@pytest.mark.parametrize(
    "arguments",
    [
        ("nowhere.mpt",),
        (),
        (".", "-k", "a b"),
        (".", "--shard", "0/1"),
        (".", "--retry-on", "luck"),
        (".", "--retry", "0"),
        (".", "-j", "0"),
        (".", "--report", "xml=f"),
        (".", "--report", "junit=/no/such/folder/x"),
        (".", "--match", "all"),
        (".", "--set", "a"),
        (".", "--set", "A=b"),
        (".", "--set", "a=b", "--set", "a=c"),
        (".", "--set", "a=b\r\nQUIT"),
        (".", "--env", "NO_SUCH_VARIABLE"),
        (".", "--env", "\x1b"),
        (".", "--secret-file", "a"),
        (".", "--server", "a:1", "--server", "1=b:2"),
        (".", "--server", ""),
        (".", "--timeout", "0"),
        (".", "--save-failures", "/dev/null/x"),
        (".", "--bogus"),
    ],
)
def test_mistakes_in_the_command_line(
    arguments: tuple[str, ...], stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line, word `usage`, status 2, and nothing is played."""
    monkeypatch.chdir(stage.folder)
    stage.file("a.mpt")
    ran = inside("replay", *arguments, env={"\x1b": ""})
    assert (ran.status, ran.word, ran.out, stage.played) == (2, "usage", "", [])
    assert ran.err.count("\n") == 1
    assert ran.err.rstrip("\n").isprintable()


def test_what_the_player_is_told(stage: Stage, tmp_path: Path) -> None:
    """Each option arrives where it belongs."""
    stage.file("a.mpt")
    secret = tmp_path / "secret"
    secret.write_text("s3cr3t\n")
    secret.chmod(0o600)
    ran = stage.run(
        *("--server", "mx.example:25", "--server", "2=pop.example:110"),
        *("--allow-host", "other.example", "--match", "text", "--set", "a=b=c"),
        *("--env", "Mail_Host", "--secret-file", f"password={secret}"),
        *("-t", "x", "-t", "slow", "--timeout", "500ms", "--max-time", "5m", "--no-verify"),
        *("--insecure-auth", "--ca", "ca.pem", "--max-line", "1K", "--save-failures"),
        str(tmp_path / "failures"),
        env={"Mail_Host": "h", "MAILPROBE_SECRET_TOKEN": "t"},
    )
    assert ran.status == 5  # no file has such a tag
    stage.file("a.mpt", text=SMTP.replace("\n\n", "\ntags: slow\n\n"))
    before = time.monotonic()
    assert stage.run("-t", "slow", "--max-time", "5m", "--set", "a=b=c").status == 0
    assert stage.options is not None
    assert stage.options.settings == {"a": b"b=c"}
    assert stage.options.tags == {"slow"}
    assert stage.options.end is not None
    assert stage.options.end >= before + 300
    assert (tmp_path / "failures").is_dir()


def test_every_option_becomes_what_it_is() -> None:
    """Those that a run here does not show."""
    parser = replay_options.parser()
    asked = parser.parse_args(
        [
            *("x", "--server", "mx.example:25", "--server", "2=[::1]:110", "--match", "text"),
            *("--env", "Mail_Host", "--timeout", "500ms", "--no-verify", "--insecure-auth"),
            *("--ca", "ca.pem", "--max-line", "1K", "--allow-host", "h"),
        ]
    )
    options = replay_options.options_of(asked, {"Mail_Host": "v"}, 0, None)
    assert options.servers == {1: "mx.example:25", 2: "[::1]:110"}
    assert options.level is Level.TEXT
    assert options.settings == {"mail_host": b"v"}
    assert (options.timeout, options.end, options.tls.verify) == (0.5, None, False)
    assert (options.insecure_auth, options.tls.ca, options.limits.line) == (True, "ca.pem", 1024)
    assert options.allowed == {"h"}


def test_nothing_is_taken_for_granted() -> None:
    """Without options the file decides, and secrets are safe."""
    options = replay_options.options_of(replay_options.parser().parse_args(["x"]), {}, 0, None)
    assert (options.level, options.timeout, options.tls.verify) == (None, None, True)
    assert not options.insecure_auth
    assert (options.servers, options.settings, options.allowed) == ({}, {}, frozenset())


@pytest.mark.parametrize(
    "arguments, names",
    [
        ((), ["a.mpt", "m.mpt[eod=lf]", "m.mpt[eod=cr]", "sub/b.mpt"]),
        (("-k", "a.mpt or lf"), ["a.mpt", "m.mpt[eod=lf]"]),
        (("-k", "not m.mpt"), ["a.mpt", "sub/b.mpt"]),
        (("--shard", "1/1"), ["a.mpt", "m.mpt[eod=lf]", "m.mpt[eod=cr]", "sub/b.mpt"]),
    ],
)
@pytest.mark.parametrize("jobs", ["1", "8"])
def test_what_is_played(
    stage: Stage, arguments: tuple[str, ...], names: list[str], jobs: str
) -> None:
    """Told in the order of the files, whoever was quicker."""
    stage.file("a.mpt")
    stage.file("m.mpt", text=SMTP.replace("\n\n", "\nmatrix eod: lf=\\n | cr=\\r\n\n"))
    stage.file("sub/b.mpt")
    ran = stage.run("-j", jobs, *arguments)
    told = [line.split()[1] for line in ran.out.split("\n") if line.startswith("ok")]
    assert told == names
    assert sorted(stage.played) == sorted(names)


def test_retries(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """As often as asked, and counted."""
    monkeypatch.setattr("mailprobe.player.many.waiting.Waiting.pause", lambda self, seconds: True)
    stage.file("a.mpt", wrong(Word.CONNECT), wrong(Word.CONNECT), passed())
    ran = stage.run("--retry", "2")
    assert (ran.status, stage.played) == (0, ["a.mpt"] * 3)
    assert "attempts: 3" in ran.out


def test_fail_fast(stage: Stage) -> None:
    """The rest is not played, and that is said."""
    for name in "abc":
        stage.file(f"{name}.mpt", DRAWN)
    ran = stage.run("--fail-fast")
    assert (ran.status, stage.played) == (1, ["a.mpt"])
    assert "the rest was not played: one did not pass (--fail-fast)" in ran.out
    for name in "ab":
        (stage.folder / f"{name}.mpt").unlink()
    assert "the rest" not in stage.run("--fail-fast").out


def test_the_time_is_over(stage: Stage) -> None:
    """What was not played is a timeout, though all that was has passed."""
    stage.file("a.mpt")
    stage.file("b.mpt")
    ends: list[float] = []

    def wait(name: str) -> None:
        assert stage.options is not None
        assert stage.options.end is not None
        ends.append(stage.options.end)
        while time.monotonic() < stage.options.end:
            pass

    stage.hook = wait
    ran = stage.run("--max-time", "50ms")
    assert (ran.status, ran.word, stage.played) == (4, "timeout", ["a.mpt"])


# -------------------------------------------------------------------------------------- reports


def test_a_report_on_standard_output(stage: Stage) -> None:
    """Then nothing else stands there."""
    stage.file("a.mpt")
    assert stage.run("--report", "tap=-").out.startswith("TAP version 13\nok 1 - a.mpt\n")


def test_reports_beside_the_text(stage: Stage, tmp_path: Path) -> None:
    """GitHub's lines stand between those for people; files are whole."""
    stage.file("a.mpt", DRAWN)
    reports = ("--report", f"junit={tmp_path / 'j'}", "--report", f"html={tmp_path / 'h'}")
    ran = stage.run(*reports, "--report", "github")
    assert ran.out.startswith("FAIL a.mpt > After TLS")
    assert "\n::error file=transcripts/submission.mpt,line=27" in ran.out
    assert ET.parse(tmp_path / "j").getroot().get("failures") == "1"
    assert "After TLS" in (tmp_path / "h" / "index.html").read_text()


def test_many_files_are_brief(stage: Stage) -> None:
    """Of more than a hundred only what did not pass is told."""
    for number in range(101):
        stage.file(f"{number:03}.mpt", *([DRAWN] if number == 7 else []))
    ran = stage.run("-j", "4")
    assert ran.out.startswith("FAIL 007.mpt")
    assert ran.out.split("\n")[-2].startswith("101 transcripts: 100 passed, 1 failed")


def test_a_reader_that_has_seen_enough(stage: Stage, tmp_path: Path) -> None:
    """It ends the run, and a report in a file is whole all the same."""
    stage.file("a.mpt")
    stage.file("b.mpt")
    with pytest.raises(BrokenPipeError):
        inside(
            *("replay", str(stage.folder), "--report", f"tap={tmp_path / 'x'}"),
            broken=True,
        )
    assert (tmp_path / "x").read_text().startswith("TAP version 13\n")
    assert stage.played == ["a.mpt"]


def test_help() -> None:
    """Each option with a word about it; the statuses at the end."""
    text = replay_options.parser().format_help()
    assert "130 interrupted" in " ".join(text.split())


def test_it_is_on_the_list() -> None:
    """Whoever asks for help finds it."""
    from mailprobe.commands import talk

    assert "replay" in talk.parser().format_help()
    assert cli.SUBCOMMANDS.keys() >= {"replay", "sandbox", "transcript"}


def test_verdicts_are_words() -> None:
    """Nobody forgets one of them in the text."""
    from mailprobe.player.reports.lines import WORDS

    assert set(WORDS) == set(Verdict)
