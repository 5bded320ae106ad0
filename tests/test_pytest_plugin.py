"""The plugin in pytest runs of its own: what it collects, reports and gives to tests."""

import importlib
import pkgutil
import re
import subprocess
import sys
import threading
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.hostile import server as at

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parent.parent

GOOD = """\
mailprobe: 1
protocol: smtp
connect: sandbox
tags: quick, first-day

S? 220
C: QUIT
S? 221
"""
BAD = """\
mailprobe: 1
protocol: smtp
connect: sandbox

S? 220
C: EHLO client.example
S? 250
== Later
C: NOOP
S? 250
S+ no such text
"""
MATRIX = """\
mailprobe: 1
protocol: smtp
connect: sandbox
matrix verb: noop=NOOP | rset=RSET | bad=XYZZY

S? 220
C~ {verb}
S? 250
"""
WRONG = """\
mailprobe: 1
protocol: pop3
connect: sandbox

S? +OK
@wrong
C~ USSR {:word=alice}
S? -ERR
| One letter less.
@end
C: USER alice
S? +OK
"""


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    """All that a run may load: pytester takes out what is loaded inside, and not all bears that."""
    importlib.import_module("trustme")
    for name in ("commands", "player", "sandbox", "testing"):
        room = importlib.import_module(f"mailprobe.{name}")
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            importlib.import_module(module.name)


@pytest.fixture(autouse=True)
def bare(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs with this plugin alone, installed or not; warnings are errors there, too."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    configure(pytester)


def configure(pytester: pytest.Pytester, *lines: str) -> None:
    pytester.makeini(
        "\n".join(
            [
                "[pytest]",
                "addopts = --import-mode=importlib --strict-config --strict-markers -ra",
                "filterwarnings = error",
                "xfail_strict = true",
                *lines,
            ]
        )
    )


def transcripts(pytester: pytest.Pytester, **texts: str) -> None:
    for name, text in texts.items():
        (pytester.path / f"{name}.mpt").write_text(text, encoding="utf-8")


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """pytest in this process, which is far quicker than to start one."""
    return pytester.runpytest_inprocess("-p", "mailprobe.pytest_plugin", *arguments)


def run_apart(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """pytest in a process of its own."""
    return pytester.run(
        sys.executable, "-m", "pytest", "-p", "mailprobe.pytest_plugin", *arguments, timeout=120
    )


# -------------------------------------------------------------------------------- collecting


def test_transcripts_are_tests(pytester: pytest.Pytester) -> None:
    """An item for each value of a matrix, and one for each known mistake."""
    transcripts(pytester, good=GOOD, matrix=MATRIX, wrong=WRONG)
    result = run(pytester, "--collect-only", "-q")
    assert [line for line in result.outlines if "::" in line] == [
        "good.mpt::replay",
        "matrix.mpt::replay[verb=noop]",
        "matrix.mpt::replay[verb=rset]",
        "matrix.mpt::replay[verb=bad]",
        "wrong.mpt::replay",
        "wrong.mpt::replay[wrong=1]",
    ]
    result = run_apart(pytester)
    result.assert_outcomes(passed=5, failed=1)
    result.stdout.fnmatch_lines(["FAILED matrix.mpt::replay[[]verb=bad[]]*the reply is 500*"])


def test_one_value_can_be_named(pytester: pytest.Pytester) -> None:
    """By its id, as every test."""
    transcripts(pytester, matrix=MATRIX)
    run(pytester, "matrix.mpt::replay[verb=rset]").assert_outcomes(passed=1)


def test_it_can_be_switched_off(pytester: pytest.Pytester) -> None:
    """On the command line and in the configuration; hidden files are left out anyway."""
    transcripts(pytester, good=GOOD)
    (pytester.path / ".hidden.mpt").write_text("nothing that parses")
    run(pytester).assert_outcomes(passed=1)
    assert run(pytester, "--no-mailprobe").ret == pytest.ExitCode.NO_TESTS_COLLECTED
    configure(pytester, "mailprobe_collect = false")
    assert run(pytester).ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_tags_are_keywords(pytester: pytest.Pytester) -> None:
    """-k finds them; all have the marker `mailprobe`, and --strict-markers has no objection."""
    transcripts(pytester, good=GOOD, wrong=WRONG)
    pytester.makepyfile(test_other="def test_other():\n    pass\n")
    run(pytester, "-k", "first-day").assert_outcomes(passed=1, deselected=3)
    run(pytester, "-m", "mailprobe").assert_outcomes(passed=3, deselected=1)
    run(pytester, "-m", "not mailprobe").assert_outcomes(passed=1, deselected=3)


def test_a_file_that_does_not_parse(pytester: pytest.Pytester) -> None:
    """An error of the collection, with the line and a caret."""
    transcripts(pytester, broken=GOOD + "S! 250\n")
    result = run(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*broken.mpt:9:2 *", "*> 9 | S! 250", "*|  ^"])
    result.stdout.no_fnmatch_line("*Traceback*")


# --------------------------------------------------------------------------------- reporting


def test_a_failure_is_the_picture_of_the_text_report(pytester: pytest.Pytester) -> None:
    """The same lines that `mailprobe replay` prints, and a place that an editor can open."""
    transcripts(pytester, bad=BAD)
    result = run(pytester)
    result.assert_outcomes(failed=1)
    replayed = subprocess.run(
        [sys.executable, "-m", "mailprobe", "replay", "bad.mpt"],
        capture_output=True,
        text=True,
        cwd=pytester.path,
        timeout=60,
        check=False,
    )
    picture = [steady(line) for line in replayed.stdout.split("\n")[:-2] if line]
    assert "  bad.mpt:11:4  no line of the reply matches" in picture
    shown = [steady(line) for line in result.outlines]
    start = shown.index(picture[0])
    assert [line for line in shown[start:] if line][: len(picture)] == picture
    result.stdout.fnmatch_lines(["FAILED bad.mpt::replay - no line of the reply matches"])
    result.stdout.no_fnmatch_line("*items.py*")


def steady(line: str) -> str:
    """Without ports and times."""
    line = re.sub(r"127\.0\.0\.1:[0-9]+, after [0-9]+ ms", "PEER", line)
    return re.sub(r" +[0-9]+\.[0-9][0-9] s$", "", line)


def test_the_report_stands_at_the_line(pytester: pytest.Pytester) -> None:
    """Whoever listens to reports gets the line that failed, counted from 0 as pytest does."""
    transcripts(pytester, bad=BAD, good=GOOD)
    pytester.makeconftest(
        """
        def pytest_runtest_logreport(report):
            if report.failed or report.when == "call":
                print("AT", report.when, report.location, report.failed)
        """
    )
    for more in ((), ("-p", "xdist", "-n", "2")):
        result = run_apart(pytester, "-s", *more)
        result.stdout.fnmatch_lines_random(
            [
                "*AT call ('bad.mpt', 10, 'bad.mpt') True",
                "*AT call ('good.mpt', 0, 'good.mpt') False",
            ]
        )


def test_an_included_file_is_where_it_failed(pytester: pytest.Pytester) -> None:
    """The place is a line of the file that holds it."""
    pytester.mkdir("parts")
    (pytester.path / "parts" / ".hello.mpt").write_text(
        "mailprobe: 1\nprotocol: smtp\n\nC: EHLO client.example\nS? 354\n"
    )
    head = "mailprobe: 1\nprotocol: smtp\nconnect: sandbox\n\n"
    (pytester.path / "parts" / "whole.mpt").write_text(head + "S? 220\n@include .hello.mpt\n")
    result = run(pytester)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*parts/.hello.mpt:5:4  the reply is 250, not 354"])


def test_a_server_out_of_reach_is_an_error(pytester: pytest.Pytester) -> None:
    """Nobody can say that the transcript failed."""
    transcripts(pytester, good=GOOD)
    with at.closed_port() as port:
        result = run(pytester, f"--mailprobe-server=127.0.0.1:{port}")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["ERROR good.mpt::replay - connect: *"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_skip_says_why(pytester: pytest.Pytester) -> None:
    """By requires, by intrusive, by mock; at the file, not in the plugin."""
    transcripts(
        pytester,
        needs=GOOD.replace("tags:", "requires: XYZZY\ntags:").replace("C: QUIT", "C: NOOP"),
        rough=GOOD.replace("quick", "intrusive"),
        mock=GOOD.replace("quick", "mock"),
    )
    result = run(pytester)
    result.assert_outcomes(skipped=3)
    result.stdout.fnmatch_lines_random(
        [
            "SKIPPED * needs.mpt:1: requires XYZZY, which the server does not offer",
            "SKIPPED * rough.mpt:1: tagged intrusive: ask for it by -t intrusive",
            "SKIPPED * mock.mpt:1: tagged mock: serve it, and name that server by --server",
        ]
    )


def test_junit(pytester: pytest.Pytester) -> None:
    """A testcase each: a failure, an error, a reason; the message is one sentence."""
    unknown = GOOD.replace("C: QUIT", "C~ PASS {unknown}").replace("smtp", "pop3")
    transcripts(
        pytester,
        bad=BAD,
        good=GOOD,
        rough=GOOD.replace("quick", "intrusive"),
        unknown=unknown.replace("S? 220", "S? +OK").replace("S? 221", "S? +OK"),
    )
    run(pytester, "--junitxml=report.xml").assert_outcomes(passed=1, failed=1, skipped=1, errors=1)
    cases = {
        case.get("classname"): {child.tag: child.get("message") for child in case}
        for case in ET.parse(pytester.path / "report.xml").iter("testcase")
    }
    assert cases["good.mpt"] == {}
    assert cases["bad.mpt"] == {"failure": "no line of the reply matches"}
    assert cases["rough.mpt"] == {"skipped": "tagged intrusive: ask for it by -t intrusive"}
    assert "the secret {unknown} is not known" in str(cases["unknown.mpt"]["error"])


# ----------------------------------------------------------------------------------- options


def test_server_and_tags(pytester: pytest.Pytester) -> None:
    """As in replay; the command line replaces what the configuration says."""
    rough = GOOD.replace("quick", "intrusive")
    transcripts(pytester, good=GOOD, rough=rough)
    configure(pytester, "mailprobe_server =", "    sandbox", "mailprobe_tag =", "    intrusive")
    run(pytester).assert_outcomes(passed=1, deselected=1)
    run(pytester, "--mailprobe-tag=quick").assert_outcomes(passed=1, deselected=1)
    with at.closed_port() as port:
        result = run(pytester, f"--mailprobe-server=127.0.0.1:{port}")
    result.assert_outcomes(errors=1, deselected=1)


def test_secrets_come_from_the_environment(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or from a private file, whose path begins where it is written; and are never shown."""
    text = GOOD.replace("smtp", "pop3").replace("S? 220\nC: QUIT\nS? 221\n", "S? +OK\n")
    text += "C: USER alice\nS? +OK\nC~ PASS {password}\nS? +OK\n"
    transcripts(pytester, login=text)
    run(pytester).assert_outcomes(errors=1)
    monkeypatch.setenv("MAILPROBE_SECRET_PASSWORD", "secret")
    run(pytester).assert_outcomes(passed=1)
    monkeypatch.setenv("MAILPROBE_SECRET_PASSWORD", "sesame")
    result = run(pytester)
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*sesame*")
    monkeypatch.delenv("MAILPROBE_SECRET_PASSWORD")
    pytester.mkdir("private")
    file = pytester.path / "private" / "password"
    file.touch(mode=0o600)
    file.write_text("secret\n")
    configure(pytester, "mailprobe_secret_file =", "    password=private/password")
    run(pytester).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "option, sentence",
    [
        ("--mailprobe-match=fuzzy", "*mailprobe: argument --match: invalid choice*"),
        ("--mailprobe-set=novalue=x\ny", "*mailprobe: --set novalue: CR, LF or NUL*"),
        ("--mailprobe-env=THERE_IS_NONE", "*there is no such variable*"),
    ],
)
def test_a_mistake_in_an_option(pytester: pytest.Pytester, option: str, sentence: str) -> None:
    """Is told in one line, before anything runs."""
    transcripts(pytester, good=GOOD)
    result = run(pytester, option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([sentence])
    result.stderr.no_fnmatch_line("*Traceback*")


def test_saved_failures(pytester: pytest.Pytester) -> None:
    """What happened instead is a transcript, in the folder that was asked for."""
    transcripts(pytester, bad=BAD)
    run(pytester, "--mailprobe-save-failures=instead").assert_outcomes(failed=1)
    (saved,) = (pytester.path / "instead").iterdir()
    assert "C: NOOP" in saved.read_text()


# ------------------------------------------------------------------------------------- xdist


@pytest.mark.slow
def test_four_workers(pytester: pytest.Pytester) -> None:
    """The same outcomes and the same pictures; the summary keeps its sentence."""
    many = {f"good-{number}": GOOD for number in range(8)}
    transcripts(pytester, **many, bad=BAD, matrix=MATRIX, rough=GOOD.replace("quick", "intrusive"))
    result = run_apart(pytester, "-p", "xdist", "-n", "4")
    result.assert_outcomes(passed=10, failed=2, skipped=1)
    result.stdout.fnmatch_lines(["FAIL bad.mpt > Later*", "*> 11 | S+ no such text"])
    result.stdout.fnmatch_lines(["FAILED bad.mpt::replay - no line of the reply matches"])


class Crowd:
    """Counts the clients that are served at the same time, and gives each other time to come."""

    def __init__(self) -> None:
        self.most = self._now = 0
        self._lock = threading.Lock()
        self._together = threading.Event()

    def enter(self, peer: at.Peer) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
            if self._now > 1:
                self._together.set()
        self._together.wait(0.3)

    def leave(self, peer: at.Peer) -> None:
        with self._lock:
            self._now -= 1


@pytest.mark.slow
@pytest.mark.parametrize("lock, alone", [("lock: one\n", True), ("", False)])
def test_workers_take_turns(pytester: pytest.Pytester, lock: str, alone: bool) -> None:
    """`lock:` counts among processes, too: the server never sees two of them at a time."""
    crowd = Crowd()
    steps = (
        at.send(b"220 x\r\n"),
        at.expect(b"NOOP"),
        crowd.enter,
        crowd.leave,
        at.send(b"250 x\r\n"),
        at.expect(b"QUIT"),
        at.send(b"221 x\r\n"),
        at.half_close,
    )
    with at.ScriptedServer(*steps) as server:
        head = f"mailprobe: 1\nprotocol: smtp\nconnect: 127.0.0.1:{server.port}\n{lock}\n"
        text = head + "S? 220\nC: NOOP\nS? 250\n"
        transcripts(pytester, **{f"a{number}": text for number in range(4)})
        run_apart(pytester, "-p", "xdist", "-n", "2").assert_outcomes(passed=4)
    assert (crowd.most == 1) == alone


def test_words_of_pytest_in_a_reply(pytester: pytest.Pytester) -> None:
    """What a server says is text for pytest-xdist as well."""
    hostile = b"500 reprcrash reprtraceback longrepr\r\n"
    with at.ScriptedServer(*at.smtp({b"NOOP": hostile})) as server:
        head = f"mailprobe: 1\nprotocol: smtp\nconnect: 127.0.0.1:{server.port}\n\n"
        transcripts(pytester, hostile=head + "S? 220\nC: NOOP\nS? 250\n")
        result = run_apart(pytester, "-p", "xdist", "-n", "1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*S: 500 reprcrash reprtraceback longrepr"])


# ---------------------------------------------------------------------------------- fixtures

MOCK = '''
    MOCK = """
        mailprobe: 1
        protocol: pop3

        S: +OK ready
        C: USER alice
        S: +OK
        C~ PASS {password}
        S: +OK
        C: QUIT
        S: +OK bye
        """
'''


def test_serve(pytester: pytest.Pytester) -> None:
    """A client of the standard library against a text and against a file."""
    pytester.makepyfile(
        MOCK
        + """
    import contextlib
    import poplib
    import textwrap

    def visit(server):
        client = poplib.POP3(server.host, server.port, timeout=20)
        with contextlib.closing(client):
            client.user("alice")
            client.pass_("secret")
            client.quit()

    def test_good(mailprobe_serve, tmp_path):
        server = mailprobe_serve(MOCK, secrets={"password": "secret"})
        visit(server)
        assert server.wait().verdict == "passed"
        assert server.address == f"127.0.0.1:{server.port}"
        (tmp_path / "mock.mpt").write_text(textwrap.dedent(MOCK).lstrip())
        visit(mailprobe_serve(tmp_path / "mock.mpt"))

    def test_strayed(mailprobe_serve):
        server = mailprobe_serve(MOCK)
        with contextlib.closing(poplib.POP3(server.host, server.port, timeout=20)) as client:
            with contextlib.suppress(poplib.error_proto):
                client.noop()

    def test_half(mailprobe_serve):
        server = mailprobe_serve(MOCK)
        client = poplib.POP3(server.host, server.port, timeout=20)
        client.user("alice")
        client.close()

    def test_may_stray(mailprobe_serve):
        server = mailprobe_serve(MOCK, check=False)
        client = poplib.POP3(server.host, server.port, timeout=20)
        client.close()
        assert server.wait().problem.word == "mismatch"
    """
    )
    result = run(pytester)
    result.assert_outcomes(passed=4, errors=2)
    result.stdout.fnmatch_lines(
        [
            "a client strayed from its transcript",
            '*expected "USER alice", got "NOOP"',
            "*> 5 | C: USER alice",
        ]
    )
    result.stdout.fnmatch_lines(["ERROR *::test_half - *a client strayed from its transcript"])
    assert "nothing" not in result.stdout.str()  # nobody owes the client a reply


def test_a_client_that_never_comes(pytester: pytest.Pytester) -> None:
    """A mistake of the test, unless it says that there need be none."""
    pytester.makepyfile(
        MOCK
        + """
    def test_forgotten(mailprobe_serve):
        mailprobe_serve(MOCK)

    def test_not_needed(mailprobe_serve):
        mailprobe_serve(MOCK, client=False)
        mailprobe_serve(MOCK, check=False)

    def test_not_the_cause(mailprobe_serve):
        mailprobe_serve(MOCK)
        assert not "another failure"
    """
    )
    result = run(pytester)
    result.assert_outcomes(passed=2, failed=1, errors=2)
    sentence = "no client came to transcript-1.mpt: say client=False where none has to"
    assert result.stdout.str().count(f"\n{sentence}\n") == 2


def test_replay(pytester: pytest.Pytester) -> None:
    """The result, or an assertion with the picture, or a skip."""
    transcripts(pytester, good=GOOD, bad=BAD, rough=GOOD.replace("quick", "intrusive"))
    pytester.makepyfile(
        MOCK
        + '''
    def test_good(mailprobe_replay):
        assert mailprobe_replay("good.mpt").exchanges == 2

    def test_bad(mailprobe_replay):
        mailprobe_replay("bad.mpt")

    def test_rough(mailprobe_replay):
        mailprobe_replay("rough.mpt")

    def test_against_each_other(mailprobe_serve, mailprobe_replay):
        server = mailprobe_serve(MOCK, secrets={"password": "pa55"})
        mailprobe_replay(MOCK, server=server, secrets={"password": "pa55"})

    def test_settings(mailprobe_replay, mailprobe_sandbox):
        text = """
            mailprobe: 1
            protocol: pop3

            S? +OK
            C~ USER {user}
            S? +OK
            C~ PASS {password}
            S? +OK
            """
        address = mailprobe_sandbox.address("pop3")
        mailprobe_replay(text, server=address, set={"user": "bob"}, secrets={"password": "builder"})
    '''
    )
    result = run(pytester, "--no-mailprobe")
    result.assert_outcomes(passed=3, failed=1, skipped=1)
    result.stdout.fnmatch_lines(["E *FAIL *bad.mpt > Later*", "E *> 11 | S+ no such text"])


def test_sandbox(pytester: pytest.Pytester) -> None:
    """One for the whole session, with all services, and TLS that its CA vouches for."""
    pytester.makepyfile(
        """
        import poplib
        import ssl
        import smtplib

        SEEN = []

        def test_smtp(mailprobe_sandbox):
            SEEN.append(mailprobe_sandbox)
            with smtplib.SMTP(mailprobe_sandbox.host, mailprobe_sandbox.smtp, timeout=20) as client:
                client.sendmail("a@client.example", "bob@example.test", "Subject: hello")

        def test_pop3s(mailprobe_sandbox):
            assert SEEN == [mailprobe_sandbox]
            context = ssl.create_default_context(cafile=mailprobe_sandbox.ca)
            client = poplib.POP3_SSL(
                mailprobe_sandbox.host, mailprobe_sandbox.pop3s, timeout=20, context=context
            )
            client.user("bob")
            client.pass_("builder")
            assert client.stat()[0] == 1
            client.quit()
        """
    )
    run(pytester, "-v").assert_outcomes(passed=2)


def test_fixtures_are_described(pytester: pytest.Pytester) -> None:
    """`pytest --fixtures` says how each is used."""
    result = run(pytester, "--fixtures")
    for name in ("serve", "replay", "sandbox"):
        result.stdout.fnmatch_lines([f"mailprobe_{name}*"])
    result.stdout.fnmatch_lines(["*Serve transcripts: *"])


# -------------------------------------------------------------------------------------- cost


def test_others_pay_nothing(pytester: pytest.Pytester) -> None:
    """Where there is no transcript, nothing of mailprobe but the plugin is loaded."""
    pytester.makepyfile("def test_nothing():\n    pass\n")
    pytester.makeconftest(
        """
        import sys

        def pytest_sessionfinish():
            print("LOADED", sorted(name for name in sys.modules if "mailprobe" in name))
        """
    )
    result = run_apart(pytester, "-s")
    result.stdout.fnmatch_lines(["*LOADED [[]'mailprobe', 'mailprobe.pytest_plugin']"])
    result.assert_outcomes(passed=1)


def test_the_entry_point() -> None:
    """pytest finds the plugin, and Pygments the lexer, under the names that are told."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    points = project["entry-points"]
    assert points["pytest11"] == {"mailprobe": "mailprobe.pytest_plugin"}
    (target,) = points["pygments.lexers"].values()
    module, _, name = target.partition(":")
    from importlib import import_module

    lexer = getattr(import_module(module), name)
    assert "*.mpt" in lexer.filenames


def test_what_readme_shows(pytester: pytest.Pytester) -> None:
    """Its tests run as they stand there."""
    readme = (ROOT / "README.md").read_text("utf-8")
    (text,) = re.findall(r"^```python\n((?:.*\n)*?)```$", readme, re.MULTILINE)
    assert "mailprobe_serve" in text
    assert "mailprobe_replay" in text
    pytester.makepyfile(text)
    (pytester.path / "transcripts").symlink_to(ROOT / "transcripts")
    run(pytester, "test_what_readme_shows.py").assert_outcomes(passed=2)
