"""`mailprobe transcript WORD`: files, faults, statuses."""

import json
import stat
from pathlib import Path

import pytest

from mailprobe.commands import transcript
from tests.commands.inside import inside, write
from tests.hostile import probe

GOOD = "mailprobe: 1\ntitle: one\nprotocol: smtp\n\nS? 220\nC: QUIT\nS? 221\n"
LOOSE = GOOD.replace("C: QUIT", "C\\ QUIT") + "\n\n"
BAD = "mailprobe: 1\nprotocol: smtp\n\nS? 220\nX+ 250\nS: 1\x1b\n"


def test_help_names_every_word() -> None:
    """With what it does."""
    ran = probe.run("transcript", "--help")
    assert (ran.status, ran.err) == (0, "")
    text = " ".join(ran.out.split())
    for word, (_, what) in transcript.WORDS.items():
        assert f"{word}: {what}." in text


@pytest.mark.parametrize("word", transcript.WORDS)
def test_every_word_has_help(word: str) -> None:
    """And its module is there."""
    ran = probe.run("transcript", word, "--help")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(f"usage: mailprobe transcript {word} ")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("bogus",),
        ("fmt",),
        ("fmt", "nowhere.mpt"),
        ("show", "nowhere.mpt"),
        ("show", "a\0b"),
        ("import", "nowhere"),
        ("import", "-", "--from", "nobody"),
        ("export", "nowhere", "--to", "html"),
        ("export", "x.mpt"),
        ("export", "x.mpt", "--output", "x.doc"),
        ("export", "x.mpt", "--to", "svg", "--explain"),
        ("export", "x.mpt", "--to", "json", "--timing", "x.mpt"),
        ("export", "x.mpt", "--to", "html", "--timing", "x.mpt"),
        ("export", "x.mpt", "--to", "html", "--timing", "nowhere"),
        ("export", "x.mpt", "--to", "html", "--lang", "fr"),
        ("export", "x.mpt", "--to", "cast", "--lang", "zh"),
        ("export", "x.mpt", "--to", "html", "--output", "/no/such/folder/x"),
    ],
)
def test_mistakes_in_the_command_line(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Word `usage`, status 2, nothing on standard output."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "x.mpt", GOOD)
    ran = inside("transcript", *arguments)
    assert (ran.status, ran.word, ran.out) == (2, "usage", "")


# ------------------------------------------------------------------------------------------ fmt


def test_fmt_rewrites(tmp_path: Path) -> None:
    """Only what is not canonical, which is named; permissions stay."""
    loose, good = write(tmp_path / "a.mpt", LOOSE), write(tmp_path / "b.mpt", GOOD)
    loose.chmod(0o600)
    before = good.stat().st_ino
    ran = inside("transcript", "fmt", str(tmp_path))
    assert (ran.status, ran.out, ran.err) == (0, f"{loose}\n", "")
    assert loose.read_text() == GOOD
    assert stat.S_IMODE(loose.stat().st_mode) == 0o600
    assert good.stat().st_ino == before
    assert inside("transcript", "fmt", str(tmp_path)).out == ""


def test_fmt_in_a_pipe() -> None:
    """Standard input goes to standard output."""
    ran = inside("transcript", "fmt", "-", text=LOOSE.encode())
    assert (ran.status, ran.out, ran.err) == (0, GOOD, "")


@pytest.mark.parametrize("option", ["--check", "--diff"])
def test_fmt_writes_nothing(option: str, tmp_path: Path) -> None:
    """Status 1 and one last line where something would change, 0 where nothing would."""
    loose, good = write(tmp_path / "a.mpt", LOOSE), write(tmp_path / "b.mpt", GOOD)
    ran = inside("transcript", "fmt", option, str(loose), str(good))
    assert (ran.status, ran.word) == (1, "mismatch")
    assert loose.read_text() == LOOSE
    assert inside("transcript", "fmt", option, str(good)).status == 0
    if option == "--diff":
        assert ran.out.startswith(f"--- {loose}\n+++ {loose}\n@@ ")
        assert "-C\\ QUIT\n+C: QUIT\n" in ran.out


def test_fmt_of_what_does_not_parse(tmp_path: Path) -> None:
    """The fault with its line and caret; the others are written; status 3."""
    bad = write(tmp_path / "bad.mpt", BAD)
    loose = write(tmp_path / "loose.mpt", LOOSE)
    ran = inside("transcript", "fmt", str(bad), str(loose))
    assert (ran.status, ran.word) == (3, "syntax")
    assert f"{bad}:5:1  " in ran.err
    assert "   > 5 | X+ 250\n       | ^" in ran.err
    assert loose.read_text() == GOOD


def test_the_hardest_failure_is_last(tmp_path: Path) -> None:
    """And says how many there are."""
    bad, loose = write(tmp_path / "bad.mpt", BAD), write(tmp_path / "loose.mpt", LOOSE)
    ran = inside("transcript", "fmt", "--check", str(bad), str(loose))
    assert (ran.status, ran.word) == (3, "syntax")
    assert ran.err.endswith("; 2 files in all\n")


# ------------------------------------------------------------------------- show, export, import


def test_show(tmp_path: Path) -> None:
    """The title, then the lines; colours only where asked for."""
    path = write(tmp_path / "a.mpt", GOOD)
    ran = inside("transcript", "show", str(path))
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("one\n===\n")
    assert "\x1b[" in inside("transcript", "show", "--color", "always", str(path)).out


def test_show_of_anything(tmp_path: Path) -> None:
    """`--source` prints what does not parse, and nothing of it reaches the terminal raw."""
    path = write(tmp_path / "a.mpt", BAD)
    assert inside("transcript", "show", str(path)).status == 3
    ran = inside("transcript", "show", "--source", str(path))
    assert ran.status == 0
    assert "6 | S: 1\\u{1b}" in ran.out


def test_export(tmp_path: Path) -> None:
    """By its name, or by the ending of the file."""
    path = write(tmp_path / "a.mpt", GOOD)
    ran = inside("transcript", "export", str(path), "--to", "mermaid")
    assert (ran.status, ran.out.split("\n")[0]) == (0, "sequenceDiagram")
    page = tmp_path / "a.html"
    assert inside("transcript", "export", str(path), "--output", str(page)).status == 0
    assert page.read_text().startswith("<!DOCTYPE html>")
    piped = inside("transcript", "export", "-", "--to", "json", text=GOOD.encode())
    assert json.loads(piped.out)
    bad = inside("transcript", "export", "-", "--to", "json", text=BAD.encode())
    assert (bad.status, bad.word) == (3, "syntax")
    assert "   > 5 | X+ 250" in bad.err


def test_export_explains(tmp_path: Path) -> None:
    """A page always, in the language that is asked for first; a cast if it is asked."""
    path = write(tmp_path / "x.mpt", GOOD)
    page = inside("transcript", "export", str(path), "--to", "html", "--lang", "zh").out
    assert '<html lang="zh">' in page
    assert "解释：220" in page
    words = ("transcript", "export", str(path), "--to", "cast")
    plain, english = inside(*words).out, inside(*words, "--explain").out
    assert len(english.split("\n")) > len(plain.split("\n"))
    chinese = inside(*words, "--explain", "--lang", "zh")
    assert (chinese.status, len(chinese.out.split("\n"))) == (0, len(english.split("\n")))
    assert chinese.out != english


def test_export_with_the_times_of_a_replay(tmp_path: Path) -> None:
    """The report says how long each reply took: bars in a page, waits in a cast."""
    path = write(tmp_path / "x.mpt", GOOD)
    rows = [("connect", 0, 0.1, ""), ("greeting", 0.1, 2.5, "220"), ("command", 3, 0.5, "221")]
    spans = [
        {
            "connection": 1,
            "kind": kind,
            "name": kind.upper(),
            "start": start,
            "seconds": seconds,
            "outcome": outcome,
            "failed": False,
        }
        for kind, start, seconds, outcome in rows
    ]
    report = tmp_path / "report.json"
    result = {"event": "result", "path": str(path), "spans": spans}
    report.write_text('{"event": "begin"}\n' + json.dumps(result) + "\n")
    words = ("transcript", "export", str(path), "--timing", str(report))
    page = inside(*words, "--to", "html").out
    for sentence in ("took 2500 ms", "took 500 ms", "slowest: GREETING 2500 ms"):
        assert sentence in page
    waits = [json.loads(line)[0] for line in inside(*words, "--to", "cast").out.split("\n")[1:-1]]
    assert waits[1] == 2.5


def test_export_of_a_mail_as_it_is(tmp_path: Path) -> None:
    """Octets stay octets, those of a body file too."""
    mail = "S? 220\nC: DATA\nS? 354\nC\\ caf\\xe9\nC< body.txt\nC: .\nS? 250\n"
    path = write(tmp_path / "a.mpt", f"mailprobe: 1\nprotocol: smtp\n\n{mail}")
    write(tmp_path / "body.txt", "from a file\n")
    out = tmp_path / "a.eml"
    ran = inside("transcript", "export", str(path), "--output", str(out))
    assert (ran.status, ran.err) == (0, "")
    assert out.read_bytes() == b"caf\xe9\r\nfrom a file\r\n"


def test_import(tmp_path: Path) -> None:
    """What another program printed becomes a transcript that parses."""
    source = b"S: 220 mx ESMTP\nC: QUIT\nS: 221 bye\n"
    ran = inside("transcript", "import", "-", text=source)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("mailprobe: 1\n")
    path = tmp_path / "x.mpt"
    assert inside("transcript", "import", "-", "--output", str(path), text=source).status == 0
    assert path.read_text() == ran.out
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = inside("transcript", "import", "-", "--output", str(path), text=source)
    assert (again.status, again.word) == (2, "usage")


# ---------------------------------------------------------------- lint, loosen, diff, stabilise


def test_lint(tmp_path: Path) -> None:
    """Every fault with its caret, and status 3; a file in which all is well is not told of."""
    good, bad = write(tmp_path / "a.mpt", GOOD), write(tmp_path / "bad.mpt", BAD)
    assert inside("transcript", "lint", str(good)).status == 0
    ran = inside("transcript", "lint", str(tmp_path))
    assert (ran.status, ran.word) == (3, "syntax")
    assert f"{bad}:5:1  " in ran.out
    assert f"{bad}:6:5  " in ran.out
    assert "   > 6 | S: 1\\u{1b}\n       |     ^^^^^^" in ran.out
    assert ran.err.endswith(" (and 1 more)\n")


def test_lint_of_what_is_probably_not_meant(tmp_path: Path) -> None:
    """A remark of its own; status 1 where it is a mistake."""
    data = "C: DATA\nS? 354\nC: .not stuffed\nC: .\nS? 250\n"
    path = write(tmp_path / "a.mpt", f"mailprobe: 1\nprotocol: smtp\n\nS? 220\n{data}")
    ran = inside("transcript", "lint", str(path))
    assert f"{path}:7:" in ran.out
    assert "C: .not stuffed" in ran.out
    assert ran.status in (0, 1)
    assert (ran.status == 1) is (ran.word == "mismatch")


@pytest.mark.parametrize(
    "lines, status",
    [
        ("S? 220\nC: QUIT\nS? 221\n", 0),
        ("S? 220\nC: QUIT\nS? 221", 0),  # no LF at the end: it is read, and kept
        ("S? 220\nC: DATA\nS? 354\nC: .dot\nC: .\nS? 250\n", 0),
        ("S? 220\nC: NOOP\n", 1),
        ("S? 220\nC: NOOP\nS: nonsense\n", 1),
        ("S? 220\nC: NOOP\nS? 250\nS: 250 again\n", 1),
        ("S? 220\nC: QUIT\nS? 221\nC: NOOP\n", 1),
        ("S? 220\nS@ close\nC: NOOP\nS? 250\n", 3),
        ("S? 220\n@assert state == raedy\n", 3),
    ],
)
def test_the_status_of_lint(tmp_path: Path, lines: str, status: int) -> None:
    """0 for warnings, 1 for what can never pass, 3 for what replay refuses as syntax."""
    path = write(tmp_path / "a.mpt", f"mailprobe: 1\nprotocol: smtp\n\n{lines}")
    ran = inside("transcript", "lint", str(path))
    assert (ran.status, ran.word) == (status, {0: "", 1: "mismatch", 3: "syntax"}[status])
    assert (ran.out == "") is (status == 0 and ".dot" not in lines)


def test_an_include_that_is_not_there(tmp_path: Path) -> None:
    """It is told once, with its line and a caret, by each command in the same way."""
    path = write(tmp_path / "a.mpt", "mailprobe: 1\nprotocol: smtp\n\n@include none.mpt\n")
    sentence = f"{path}:4:10: cannot read none.mpt: no such file"
    for words in (("transcript", "lint"), ("replay",)):
        ran = inside(*words, str(path))
        assert (ran.status, ran.word) == (2, "usage")
        assert "   > 4 | @include none.mpt\n       |          ^^^^^^^^\n" in ran.out + ran.err
        assert ran.err.endswith(f"mailprobe: usage: {sentence}\n")


def test_a_language_that_is_not_there(tmp_path: Path) -> None:
    """Usage, and the languages that there are."""
    lesson = GOOD.replace("protocol:", "lang: en zh\nprotocol:", 1)
    path = write(tmp_path / "a.mpt", lesson)
    for words in (("show",), ("export", "--to", "json")):
        ran = inside("transcript", *words, "--lang", "fr", str(path))
        assert (ran.status, ran.word, ran.out) == (2, "usage", "")
        assert f'{path} has no text in "fr": its languages are en, zh' in ran.err
        assert inside("transcript", *words, "--lang", "zh", str(path)).status == 0


def test_export_overwrites_nothing(tmp_path: Path) -> None:
    """As import does: what is there stays."""
    path = write(tmp_path / "a.mpt", GOOD)
    made = tmp_path / "a.json"
    assert inside("transcript", "export", "--output", str(made), str(path)).status == 0
    before = made.read_bytes()
    ran = inside("transcript", "export", "--output", str(made), str(path))
    assert (ran.status, ran.word) == (2, "usage")
    assert "not overwritten" in ran.err
    assert made.read_bytes() == before


def test_loosen(tmp_path: Path) -> None:
    """What is volatile becomes a placeholder; --diff writes nothing."""
    text = "mailprobe: 1\nprotocol: pop3\n\nS: +OK ready <16cd.1.6742@mail.example>\n"
    path = write(tmp_path / "a.mpt", text)
    ran = inside("transcript", "loosen", "--diff", str(path))
    assert (ran.status, path.read_text()) == (0, text)
    assert "\n+S~ +OK ready {" in ran.out
    assert inside("transcript", "loosen", str(path)).out == f"{path}\n"
    assert "\nS~ +OK ready {" in path.read_text()
    piped = inside("transcript", "loosen", "-", text=text.encode())
    assert piped.out == path.read_text()


def test_diff(tmp_path: Path) -> None:
    """Status 1 where they differ; comments alone do not count unless asked for."""
    one = write(tmp_path / "1.mpt", GOOD)
    other = write(tmp_path / "2.mpt", GOOD.replace("C: QUIT", "# bye\nC: QUIT"))
    third = write(tmp_path / "3.mpt", GOOD.replace("221", "250"))
    assert inside("transcript", "diff", str(one), str(other)).status == 0
    assert inside("transcript", "diff", "--trivia", str(one), str(other)).status == 1
    ran = inside("transcript", "diff", str(one), str(third))
    assert (ran.status, ran.out.split("\n")[0]) == (1, f"--- {one}")
    assert inside("transcript", "diff", "-", str(third), text=GOOD.encode()).status == 1
    assert inside("transcript", "diff", str(one), str(tmp_path / "no")).status == 2


def test_stabilise(tmp_path: Path) -> None:
    """A greeting that is another one each time gets a placeholder."""
    head = "mailprobe: 1\nprotocol: pop3\nconnect: sandbox\n\n"
    rest = "C: QUIT\nS: +OK Goodbye\n"
    text = f"{head}S: +OK mailprobe sandbox, POP3 for example.test <1.2@example.test>\n{rest}"
    path = write(tmp_path / "a.mpt", text)
    ran = inside("transcript", "stabilise", "--runs", "2", "--diff", str(path))
    assert (ran.status, ran.err, path.read_text()) == (0, "", text)
    ran = inside("transcript", "stabilise", "--runs", "2", str(path))
    assert (ran.status, ran.out) == (0, f"{path}\n")
    assert "\nS~ +OK mailprobe sandbox, POP3 for example.test " in path.read_text()
    broken = write(tmp_path / "b.mpt", BAD)
    assert inside("transcript", "stabilise", str(broken)).status == 3
