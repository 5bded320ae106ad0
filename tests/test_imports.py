"""What a start loads, and what the modules may not do: the rules that no linter knows."""

import ast
import functools
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

from tests.hostile import probe

# What measures and judges, for those who ask for it.
_ASKED_FOR = {
    *("mailprobe.jsonlines", "mailprobe.timing", "mailprobe.protocol.linting"),
    *("mailprobe.render.events", "mailprobe.render.timing", "mailprobe.shell.piping.repeating"),
    *("mailprobe.player.playing.observing", "mailprobe.shell.piping.objects"),
}
ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "mailprobe"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))
HEAVY = ("prompt_toolkit", "rich", "dns", "asyncio")
# What a short run does without: together they take longer than all that it needs.
SLOW = (
    *("argparse", "base64", "dataclasses", "difflib", "email", "gettext", "hashlib", "hmac"),
    *("inspect", "ipaddress", "json", "locale", "pathlib", "pygments"),
    *("queue", "random", "regex", "secrets", "shutil", "ssl", "struct", "tempfile", "threading"),
    *("typing", "unicodedata", "urllib", "uuid", "datetime"),
)

# The program, and at its end the names of all modules that it has loaded.
_LISTED = """
import sys
from mailprobe.__main__ import main
status = main()
open({names!r}, "w").write("\\n".join(sys.modules))
sys.exit(status)
"""
# The same when the first prompt is drawn, and when what the next keys need has been loaded.
_LISTED_AT_THE_PROMPT = """
import os, sys
from mailprobe.shell.front import later
load = later.load
def listed():
    open({first!r}, "w").write("\\n".join(sys.modules))
    load()
    open({later!r}, "w").write("\\n".join(sys.modules))
    os._exit(0)
later.load = listed
from mailprobe.__main__ import main
main()
"""


def loaded_by(folder: Path, *arguments: str, text: bytes = b"") -> set[str]:
    """The top-level packages that one run has imported, and our own modules."""
    names = folder / "names"
    subprocess.run(
        [sys.executable, "-c", _LISTED.format(names=str(names)), *arguments],
        input=text,
        capture_output=True,
        check=True,
        timeout=probe.LONG,
    )
    return listed_in(names)


def listed_in(names: Path) -> set[str]:
    loaded = names.read_text().split("\n")
    return {name if name.startswith("mailprobe") else name.split(".")[0] for name in loaded}


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_a_version_costs_nothing(option: str, tmp_path: Path) -> None:
    """Neither a terminal nor a parser of options is loaded for it."""
    loaded = loaded_by(tmp_path, option)
    assert not loaded & {*HEAVY, "argparse", "ssl", "socket", "importlib.metadata"}
    assert {name for name in loaded if name.startswith("mailprobe")} == {
        "mailprobe",
        "mailprobe.__main__",
        "mailprobe.version",
    }


_IMPORTED = """
import sys
import mailprobe
dir(mailprobe), mailprobe.__version__
print(*sys.modules)
"""


def test_the_package_loads_what_is_asked_for() -> None:
    """`import mailprobe` is nothing but names; each is loaded when somebody asks for it."""
    command = [sys.executable, "-c", _IMPORTED]
    run = subprocess.run(command, capture_output=True, check=True, text=True, timeout=probe.LONG)
    loaded = run.stdout.split()
    assert {name for name in loaded if name.startswith("mailprobe")} == {
        "mailprobe",
        "mailprobe.version",
    }
    assert not {*HEAVY, "socket", "ssl", "argparse"} & set(loaded)


def test_a_session_of_a_program_loads_no_terminal() -> None:
    """Nor what makes tables and pages, nor pytest."""
    code = (
        "import mailprobe, sys\n"
        "with mailprobe.connect('sandbox', protocol='smtp') as session:\n"
        "    session.pipeline(['NOOP'])\n"
        "print(*sys.modules)"
    )
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, capture_output=True, check=True, text=True, timeout=probe.LONG)
    assert not {*HEAVY, "argparse", "pytest"} & set(run.stdout.split())


@pytest.fixture(scope="module")
def sandbox() -> Iterator[dict[str, str]]:
    """A sandbox in a process of its own: what it has printed, by name."""
    with probe.Live("sandbox", "--print-ports") as live:
        said = {}
        while (line := live.line()) != "READY":
            assert line, live.finish().err  # it has ended
            name, _, value = line.partition("=")
            said[name] = value
        yield said


def test_a_session_in_a_pipe_loads_no_terminal(sandbox: dict[str, str], tmp_path: Path) -> None:
    """A login, a listing and a mail over STARTTLS, recorded: still none of them."""
    loaded = loaded_by(
        tmp_path,
        *("pop3", sandbox["POP3"], "--starttls", "--ca", sandbox["CA"]),
        *("--record", str(tmp_path / "session.mpt")),
        text=b"USER alice\nPASS secret\nLIST\nRETR 1\n/state\n/last\nQUIT\n",
    )
    assert not loaded & set(HEAVY)
    assert "ssl" in loaded


def test_a_plain_session_in_a_pipe_loads_no_tls(sandbox: dict[str, str], tmp_path: Path) -> None:
    """The other kinds of session, and what they need not have."""
    loaded = loaded_by(tmp_path, "smtp", sandbox["SMTP"], text=b"EHLO x.example\nQUIT\n")
    assert not loaded & {*HEAVY, *_ASKED_FOR, "scramp", "trustme", "cryptography"}
    assert "mailprobe.protocol.pop3" not in loaded
    unasked = ("transport.written", "shell.piping.stopping", "shell.connections.ways")
    assert not loaded & {f"mailprobe.{name}" for name in unasked}


def test_the_sandbox_loads_no_terminal(tmp_path: Path) -> None:
    """Nor does the session with the one that starts inside."""
    loaded = loaded_by(tmp_path, "pop3", "sandbox", text=b"CAPA\nQUIT\n")
    assert not loaded & set(HEAVY)


def test_the_first_prompt_waits_for_nothing_else(sandbox: dict[str, str], tmp_path: Path) -> None:
    """Local commands, completion and recording are for later; the next key finds them loaded."""
    names = {when: tmp_path / when for when in ("first", "later")}
    code = _LISTED_AT_THE_PROMPT.format(**{when: str(path) for when, path in names.items()})
    env = {**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "HOME": str(tmp_path)}
    child = pexpect.spawn(sys.executable, ["-c", code, "smtp", sandbox["SMTP"]], env=env)  # type: ignore[arg-type]  # as it takes it
    child.expect(pexpect.EOF, timeout=probe.LONG)
    assert child.wait() == 0
    needed = {
        *("mailprobe.shell.local.commands", "mailprobe.shell.local.settings"),
        *("mailprobe.shell.typing.complete", "mailprobe.shell.typing.hint"),
        *("mailprobe.shell.typing.lexer", "mailprobe.shell.writing.typed", "mailprobe.folders"),
    }
    first, later = map(listed_in, names.values())
    assert {"prompt_toolkit", "mailprobe.protocol.smtp"} <= first
    unwanted = {*needed, *_ASKED_FOR, "pathlib", "ipaddress", "urllib", "rich", "dns"}
    assert first & unwanted == set()
    assert needed <= later
    assert not later & {"mailprobe.transcript.record", "mailprobe.transcript.recording.writer"}


def test_a_replay_loads_what_it_needs(sandbox: dict[str, str], tmp_path: Path) -> None:
    """One short transcript: no terminal, no TLS, no report that nobody asked for."""
    path = tmp_path / "x.mpt"
    head = f"mailprobe: 1\nprotocol: smtp\nconnect: {sandbox['SMTP']}\n"
    path.write_text(f"{head}\nS? 220\nC: EHLO x\nS? 250\nC: QUIT\nS? 221\n")
    loaded = loaded_by(tmp_path, "replay", str(path))
    assert not loaded & {*HEAVY, *SLOW, *_ASKED_FOR, "scramp", "trustme", "cryptography"}
    ours = (
        *("player.bless", "player.server", "player.accounts", "player.locks", "player.saving"),
        *("player.reports.junit", "player.reports.table", "render.html", "render.theme"),
        *("shell.app", "transcript.match", "transcript.pattern", "transcript.record"),
        *("protocol.pop3", "protocol.sasl", "commands.parser", "shell.options"),
        *("transport.way", "transport.written", "transport.program", "commands.way_options"),
    )
    assert not loaded & {f"mailprobe.{name}" for name in ours}
    assert "mailprobe.player.client" in loaded


# --------------------------------------------------------------------------------------- the text


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@functools.cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def offenders(breaks: Callable[[Path], object]) -> list[str]:
    """The modules that break a rule."""
    return [name_of(path) for path in MODULES if breaks(path)]


def test_there_are_modules_to_look_at() -> None:
    """The tests below look at something."""
    assert len(MODULES) > 30


def test_nobody_prints() -> None:
    """A print by-passes `safe()` and the flushing of every event."""

    def prints(path: Path) -> bool:
        if "print" not in path.read_text(encoding="utf-8"):
            return False  # most modules need not be parsed
        called = [node.func for node in nodes(path) if isinstance(node, ast.Call)]
        return "print" in [function.id for function in called if isinstance(function, ast.Name)]

    assert offenders(prints) == []


def test_nobody_splits_lines_as_unicode_does() -> None:
    """str.splitlines() ends lines at U+2028, NEL, VT and more: one reply would become several."""
    assert offenders(lambda path: "splitlines" in path.read_text(encoding="utf-8")) == []


_RULE = re.compile(r'if (?:\w+\.)*verb(?: ==| in) [("{\[]')
_TABLES = ("protocol/", "sandbox/")  # the rules, and a server that carries them out


def test_rules_about_verbs_stand_in_the_table() -> None:
    """Nobody outside the protocol asks whether the verb is RETR."""

    def rules(path: Path) -> bool:
        if name_of(path).startswith(_TABLES):
            return False
        return _RULE.search(path.read_text(encoding="utf-8")) is not None

    assert offenders(rules) == []


_EDGES = {
    "cli.py": "standard streams, in the end",
    "commands/streams.py": "standard streams",
    "files.py": "files",
    "folders.py": "folders",
    "keyboard.py": "the terminal, before all else",
    "messages/mailstore.py": "files and Maildirs of messages that were fetched",
    "outputs.py": "files that somebody named",
    "programs.py": "programs that somebody named",
    "lookup.py": "name servers",
    "sandbox/maildrop.py": "the maildrops",
    "transcript/matching/pattern.py": "the time limit of regular expressions",
    "transport/": "the network",
}
_SYSTEM_ERRORS = {
    "OSError",
    "IOError",
    "EnvironmentError",
    "SSLError",
    "ConnectionError",
    "ConnectionResetError",
    "BrokenPipeError",
    "TimeoutError",
    "FileNotFoundError",
    "PermissionError",
    "IsADirectoryError",
    "gaierror",
}


def caught(path: Path) -> set[str]:
    """The names of the exceptions that a module catches or suppresses."""
    found: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            found |= names_in(node.type)
        if isinstance(node, ast.Call) and "suppress" in names_in(node.func):
            found |= {name for argument in node.args for name in names_in(argument)}
    return found


def names_in(tree: ast.AST) -> set[str]:
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return names | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def test_errors_of_the_system_are_caught_at_the_edges() -> None:
    """There they are renamed, once; everywhere else they are a Failure already."""

    def catches(path: Path) -> set[str]:
        return set() if name_of(path).startswith(tuple(_EDGES)) else caught(path) & _SYSTEM_ERRORS

    assert offenders(catches) == []


def test_nobody_imports_the_root_package() -> None:
    """What is re-exported there would be loaded by everybody."""
    assert offenders(imports_the_root) == []


def imports_the_root(path: Path) -> bool:
    for node in nodes(path):
        if isinstance(node, ast.Import) and "mailprobe" in [alias.name for alias in node.names]:
            return True
        if isinstance(node, ast.ImportFrom) and node.module == "mailprobe":
            inside = [(PACKAGE / alias.name) for alias in node.names]
            if not all(one.is_dir() or one.with_suffix(".py").is_file() for one in inside):
                return True
    return False
