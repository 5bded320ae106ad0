"""What README and action.yml offer to CI services is what this project runs itself."""

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ACTION = (ROOT / "action.yml").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
RUN = (ROOT / ".ci" / "run").read_text("utf-8")

# Takes the place of a program, and writes its arguments down, a list for each call.
FAKE = """\
#!{python}
import json, sys
with open({log!r}, "a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
"""


def own_commands() -> list[str]:
    """The command lines of mailprobe in .ci/run."""
    return re.findall(r"^ *(mailprobe .*)$", RUN, re.MULTILINE)


def inputs() -> dict[str, str]:
    """The inputs of the action with their defaults."""
    section = ACTION[ACTION.index("inputs:\n") : ACTION.index("runs:\n")]
    found = re.findall(
        r"^  ([a-z]+):\n    description: .*\n    default: (.*)$", section, re.MULTILINE
    )
    return {name: value.strip('"') for name, value in found}


def steps() -> dict[str, tuple[dict[str, str], str]]:
    """The steps of the action: their variables with the input that each has, and their script."""
    found = {}
    for step in ACTION[ACTION.index("  steps:\n") :].split("    - name: ")[1:]:
        variables = re.findall(r"^ +([A-Z_]+): \$\{\{ inputs\.([a-z]+) \}\}$", step, re.MULTILINE)
        script = textwrap.dedent(step.partition("      run: |\n")[2])
        found[step.partition("\n")[0]] = (dict(variables), script)
    return found


def carry_out(name: str, folder: Path, **given: str) -> tuple[int, list[list[str]]]:
    """Run a step as GitHub does: the status, and the arguments of each call of a program."""
    variables, script = steps()[name]
    values = inputs() | given
    log = folder / "log"
    programs = folder / "mailprobe" / "bin"
    programs.mkdir(parents=True, exist_ok=True)
    for program in ("mailprobe", "pip", "python3"):
        file = programs / program
        file.write_text(FAKE.format(python=sys.executable, log=str(log)))
        file.chmod(0o755)
    environment = {variable: values[source] for variable, source in variables.items()}
    environment |= {"RUNNER_TEMP": str(folder), "GITHUB_ACTION_PATH": "/action"}
    environment["PATH"] = f"{programs}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    calls = log.read_text().split("\n")[:-1] if log.exists() else []
    return done.returncode, [json.loads(call) for call in calls]


def test_the_action_runs_what_we_run(tmp_path: Path) -> None:
    """With its defaults, word for word."""
    status, calls = carry_out("Replay", tmp_path)
    assert status == 0
    (words,) = calls
    assert " ".join(["mailprobe", *words]) in own_commands()


def test_gitlab_runs_what_we_run() -> None:
    """The lines of README's snippet, and the report that it keeps."""
    snippet = README[README.index("\ntranscripts:\n  image: ") :].partition("```")[0]
    commands = re.findall(r"^ +- (mailprobe .*)$", snippet, re.MULTILINE)
    assert len(commands) == 1
    assert set(commands) <= set(own_commands())
    kept = re.search(r"^ +junit: (.*)$", snippet, re.MULTILINE)
    assert kept
    assert f"junit={kept[1]}" in commands[0]


def test_we_run_all_that_is_shipped() -> None:
    """Those that may do harm, too, and they are asked for as README says; and the course."""
    commands = own_commands()
    assert any("-t intrusive --server sandbox" in command for command in commands)
    assert "mailprobe learn --check" in commands
    replays = [command for command in commands if "learn" not in command]
    assert all(command.split()[:3] == ["mailprobe", "replay", "transcripts"] for command in replays)


def test_inputs_become_words(tmp_path: Path) -> None:
    """A line is a word, whatever stands in it."""
    status, calls = carry_out(
        "Replay",
        tmp_path,
        path="a b.mpt\n\nmore\n",
        server="mail.example.net:25\n2=mail.example.net:110",
        args="-k\nnot slow\n--match\ntext",
        junit="out dir/report.xml",
    )
    assert status == 0
    assert calls == [
        [
            "replay",
            *("a b.mpt", "more"),
            *("--server", "mail.example.net:25", "--server", "2=mail.example.net:110"),
            *("-k", "not slow", "--match", "text"),
            *("--report", "github", "--report", "junit=out dir/report.xml"),
        ]
    ]


@pytest.mark.parametrize("name", ["path", "server", "args", "junit"])
@pytest.mark.parametrize(
    "text", ["$(touch bad)", "`touch bad`", "x; touch bad", '"; touch bad; "', "*"]
)
def test_nothing_in_an_input_is_run(tmp_path: Path, name: str, text: str) -> None:
    """Neither by bash, nor by putting it into a script."""
    status, calls = carry_out("Replay", tmp_path, **{name: text})
    assert status == 0
    assert any(text in word for word in calls[0])
    assert not (tmp_path / "bad").exists()


def test_a_path_is_no_option(tmp_path: Path) -> None:
    """It cannot name a server, or a file to write."""
    status, calls = carry_out("Replay", tmp_path, path="--save-failures=/")
    assert (status, calls) == (2, [])


def test_inputs_are_variables() -> None:
    """No script of the action holds an expression."""
    for variables, script in steps().values():
        assert variables
        assert "${{" not in script


@pytest.mark.parametrize(
    "version, package",
    [("", "/action"), ("1.2.0", "mailprobe==1.2.0"), ("1 --x; y", "mailprobe==1 --x; y")],
)
def test_what_is_installed(tmp_path: Path, version: str, package: str) -> None:
    """The version that was asked for, or that of the action itself."""
    status, calls = carry_out("Install mailprobe", tmp_path, version=version)
    assert status == 0
    assert calls == [
        ["-m", "venv", str(tmp_path / "mailprobe")],
        ["install", "--quiet", package],
    ]


def test_the_inputs_are_told() -> None:
    """README names all of them."""
    section = README[README.index("## In CI") : README.index("On GitLab")]
    assert set(re.findall(r"^    ([a-z]+): ", section, re.MULTILINE)) | set(
        re.findall(r"`([a-z]+)`", section)
    ) >= set(inputs())
