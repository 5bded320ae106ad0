"""`mailprobe learn`: the list, a lesson by lines from a file, reports, and checks."""

import json
import os
import shutil
from pathlib import Path

import pytest

from mailprobe.errors import ExitStatus
from tests.commands.inside import inside

OWN = str(Path(__file__).parents[1] / "lessons" / "own")
MAIL = b"MAIL FROM:<alice@example.test>\n"
SEND = b"RCPT TO:<bob@example.test>\nDATA\nSubject: hello\n\nHello!\n.\n"
READ = b"/connect pop3 sandbox\nUSER bob\nPASS builder\n"


def learn(*words: str, text: bytes = b"", language: str = "en") -> tuple[int, str, str]:
    """Status, standard output, standard error; in the home of this test."""
    home = {"HOME": os.environ["HOME"]}
    ran = inside("learn", "--from", OWN, "--lang", language, *words, text=text, env=home)
    return ran.status, ran.out, ran.err


def test_a_lesson_by_lines() -> None:
    """0 when every step was done; the dialogue and what the judge says are on standard output."""
    status, out, err = learn(
        "1", text=b"RCPT TO:<bob@example.test>\n" + MAIL + SEND + READ + b"QUIT\n"
    )
    assert (status, err) == (ExitStatus.OK, "")
    assert "Not yet: First the sender." in out
    assert "smtp:ready> MAIL FROM:<alice@example.test>\n< 250" in out
    assert "Step 4 of 4 is done." in out
    assert "hints 0, mistakes 1" in out
    assert "builder" not in out.replace("with the password builder", "")
    assert learn()[1] == "own-01  done  One mail\nevery lesson is done\n"


@pytest.mark.parametrize(
    "text", [b"", MAIL, b"/skip\n" * 4, b"/solution go\n" * 4], ids=["nothing", "one", "skip", "go"]
)
def test_what_is_not_done_is_1(text: bytes) -> None:
    """So are steps that were done for the learner."""
    status, shown, _ = learn("own-01", text=text)
    assert status == ExitStatus.FAILED
    assert ("Lesson own-01 is over: 4 steps" in shown) is (text[:1] == b"/")
    assert "own-01" in learn()[1]


def test_it_speaks_chinese() -> None:
    """Its own words and those of the lesson."""
    out = learn("1", text=b"/hint\n/hint\n/hint\n/hint\n" + MAIL, language="zh")[1]
    assert "第 1 步，共 4 步：谁发信？" in out
    assert "提示 1/3：哪个命令开始一封邮件？" in out
    assert out.count("提示 3/3：输入 MAIL FROM:<alice@example.test>") == 2
    assert "信封上有发件人了。" in out
    assert "1/4" in learn(language="zh")[1]
    shown = learn("1", text=MAIL + b"/explain\n", language="zh")[1]
    assert "  含义  发件人已接受\n" in shown  # /explain, too


@pytest.mark.parametrize(
    "target",
    [
        "smtp mail.example.com",
        "smtp 192.0.2.1:25",
        "smtp [2001:db8::1]:25",
        "pop3 unix:/run/x",
        "smtp smtp://relay.example",
    ],
)
def test_a_lesson_stays_on_this_machine(target: str) -> None:
    """Whatever is asked for, and in one line."""
    out = learn("1", text=f"/connect {target}\n/route example.com\n".encode())[1]
    assert out.count("mailprobe: security: a lesson ") == 2
    assert "connecting to 1" in out  # to the practice server alone
    assert "192.0.2.1\n" not in out


def test_a_new_beginning() -> None:
    """/reset takes a fresh server; /task and /solution show, and send nothing."""
    out = learn("1", text=MAIL + b"/reset\n/task\n/solution\n" + MAIL)[1]
    assert out.count("Step 1 of 4: Who sends?") == 3
    assert out.count("connecting to 127.0.0.1:") == 2
    assert out.count("Step 1 of 4 is done.") == 2


def test_a_task_of_several_lines_stays_the_same() -> None:
    """/task shows it wherever in it the learner stands."""
    out = learn("1", text=MAIL + b"RCPT TO:<bob@example.test>\n/task\n")[1]
    assert out.count("To bob@example.test, with the subject hello.") == 2


def test_a_closed_connection_is_told() -> None:
    """And how to go on; the one that is opened then takes its place."""
    out = learn("1", text=b"QUIT\n/connect\nEHLO me.test\n" + MAIL)[1]
    assert "/connect opens it again" in out
    assert "Step 1 of 4 is done." in out


def test_a_report_is_for_programs(tmp_path: Path) -> None:
    """Of the lesson that was learnt, or of all that is saved; nothing that was typed is in it."""
    path = tmp_path / "results.json"
    learn(
        "1", "--report", str(path), text=b"/hint\nRCPT TO:<bob@example.test>\n" + MAIL + SEND + READ
    )
    report = json.loads(path.read_text())
    (one,) = report["lessons"]
    assert (report["status"], one["status"]) == ("fail", "fail")
    assert (one["done"], one["steps"], one["hints"], one["mistakes"]) == (3, 4, 1, 1)
    assert [test["status"] for test in one["tests"]] == ["pass", "pass", "pass", "fail"]
    assert "builder" not in path.read_text()
    assert learn("--report", str(path))[0] == ExitStatus.OK
    again = json.loads(path.read_text())
    assert again["lessons"] == report["lessons"]


def test_a_report_on_standard_output() -> None:
    """Of all that is saved; and what /solution has shown is counted."""
    learn("1", text=b"/solution\n/solution\n")
    (one,) = json.loads(learn("--report", "-")[1])["lessons"]
    assert (one["solutions"], one["hints"], one["skipped"]) == (2, 0, 0)


def test_advice_can_be_typed_as_it_stands(tmp_path: Path) -> None:
    """It names the folder of the lesson, too."""
    folder = tmp_path / "own lessons"
    shutil.copytree(OWN, folder)
    env = {"HOME": str(tmp_path)}
    listed = inside("learn", "--from", str(folder), "--lang", "en", env=env).out
    assert f"next: mailprobe learn 01 --from '{folder}'" in listed
    left = inside("learn", "1", "--from", str(folder), "--lang", "zh", text=MAIL, env=env).out
    assert f"mailprobe learn 01 --from '{folder}' 重新开始" in " ".join(left.split())


def test_names_that_are_no_text_cost_nothing(tmp_path: Path) -> None:
    """A learner and a folder may be called as no encoding allows, or as a terminal would obey."""
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xc2\x9b31m")
    shutil.copytree(OWN, folder)
    path = tmp_path / "results.json"
    env = {"HOME": os.environ["HOME"], "MAILPROBE_LEARNER": os.fsdecode(b"\xe9ve \xe2\x80\xae")}
    for _ in range(2):  # the second time from what the first one has kept
        ran = inside("learn", "1", "--from", folder, "--report", str(path), text=MAIL, env=env)
        assert (ran.status, ran.err) == (ExitStatus.FAILED, "")
    assert json.loads(path.read_text())["who"] == env["MAILPROBE_LEARNER"]
    assert "\u202e" not in path.read_text()
    kept = Path(os.environ["HOME"], ".local/state/mailprobe/learn.json").read_text()
    assert "\x9b" not in kept
    assert json.loads(kept)["courses"][folder]["own-01"]["done"] == [1]


def test_lines_of_a_stranger_are_harmless() -> None:
    """Who grades has them on his terminal: at the prompt, behind Ctrl-], in an answer."""
    text = b"NO\xff \x1b[31m\n/note \x1b[31m\n\x1dnote \x1b[31m\n/delete\x1b[31m\n" + MAIL
    status, out, err = learn("1", text=text)
    assert (status, "\x1b" in out + err) == (ExitStatus.FAILED, False)
    assert r"> NO\xff \u{1b}[31m" in out


def test_where_no_lesson_can_be_read_none_is_done(tmp_path: Path) -> None:
    """Nothing but the warning is told."""
    (tmp_path / "a.mpt").write_text("mailprobe: 1\nlesson: own-01\nX\n")
    ran = inside("learn", "--from", str(tmp_path), env={"HOME": os.environ["HOME"]})
    assert (ran.status, ran.out) == (ExitStatus.OK, "")
    assert ran.err.startswith("warning: ")


def test_check_tells_a_line_for_each(tmp_path: Path) -> None:
    """And fails where one does not hold, or cannot be read."""
    status, out, _ = learn("--check")
    assert (status, out[:12]) == (ExitStatus.OK, "ok   own-01 ")
    assert "--report is for what was done" in learn("--check", "--report", "x")[2]
    text = (Path(OWN) / "01-mail.mpt").read_text()
    (tmp_path / "a.mpt").write_text(text.replace("S? 503", "S? 250"))
    (tmp_path / "b.mpt").write_text(text.replace("lesson: own-01", "lesson: own-02") + "X\n")
    ran = inside("learn", "--check", "--from", str(tmp_path))
    assert (ran.status, ran.word) == (ExitStatus.FAILED, "mismatch")
    assert "FAIL own-01" in ran.out
    assert f"{tmp_path}/a.mpt:28:4: the known mistake: " in ran.out
    assert f"FAIL {tmp_path}/b.mpt:" in ran.out


@pytest.mark.parametrize(
    "words, told",
    [
        (["9"], "there is no lesson 9"),
        (["own-01", "own-01"], "one lesson at a time"),
        (["--lang", "fr"], "fr"),
    ],
)
def test_what_there_is_not(words: list[str], told: str) -> None:
    """Usage, in one line."""
    ran = inside("learn", "--from", OWN, *words)
    assert (ran.status, ran.word) == (ExitStatus.USAGE, "usage")
    assert told in ran.err


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    """And one without a lesson."""
    assert inside("learn", "--from", str(tmp_path / "x")).word == "usage"
    assert inside("learn", "--from", str(tmp_path)).word == "usage"


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """With its place; the others are listed all the same."""
    text = (Path(OWN) / "01-mail.mpt").read_text()
    (tmp_path / "a.mpt").write_text(text)
    (tmp_path / "b.mpt").write_text("mailprobe: 1\nlesson: \x1b[31mx\n\nS: hi\n")
    (tmp_path / "c.mpt").write_text(text)
    ran = inside("learn", "--from", str(tmp_path))
    assert ran.status == ExitStatus.OK
    assert f"warning: {tmp_path}/b.mpt:2:" in ran.err
    assert "there is another lesson own-01" in ran.err
    assert "\x1b" not in ran.err + ran.out
    assert ran.out.startswith("own-01  One mail\n")
