"""The guides: what they show happens, and what they type means something to the program."""

import re
import shlex
from pathlib import Path

import pytest

from mailprobe.commands.forms import Form, forms
from tests.docs.guides import GUIDES, HOMES, blocks, program, run, write

pytest_plugins = ["pytester"]

_ENDS = re.compile(r"[|;&<>]|>>")  # of a command, for its shell
RUN = [page for page in GUIDES if any(block.language == "console" for block in blocks(page))]
TYPED = [
    line
    for page in (*GUIDES, *HOMES)
    for block in blocks(page)
    if block.language == "sh"
    for line in block.text.replace("\\\n", " ").split("\n")
    if re.search(r"(?:^|\s)mailprobe\s+[a-z@-]", line) and "pip" not in line
]


@pytest.mark.parametrize("page", RUN, ids=[page.stem for page in RUN])
def test_a_guide_can_be_carried_out(page: Path, tmp_path: Path) -> None:
    """From top to bottom in one folder; `...` stands for what differs from run to run."""
    programs = program(tmp_path / "bin")
    folder = tmp_path / "work"
    folder.mkdir()
    for block in blocks(page):
        if block.title:
            write(block, folder)
        if block.language != "console":
            continue
        for command, expected in block.commands():
            printed = run(command, folder, programs)
            pattern = re.escape(expected).replace(re.escape("..."), ".+")
            assert re.fullmatch(pattern, printed), printed


@pytest.mark.parametrize("line", TYPED)
def test_a_typed_line_is_one_that_the_program_takes(line: str) -> None:
    """Its subcommand is there, and so is every option."""
    words = shlex.split(line.partition("mailprobe ")[2], comments=True)
    ended = next((n for n, word in enumerate(words) if _ENDS.match(word)), len(words))
    words = words[:ended]
    form = _form_of(words)
    known = {name for option in form.options for name in option.names}
    used = {word.partition("=")[0] for word in words if re.match(r"--?[A-Za-z]", word)}
    assert used <= known


def _form_of(words: list[str]) -> Form:
    """The longest form that the words begin with."""
    fitting = [form for form in forms() if words[: len(form.words)] == list(form.words)]
    return max(fitting, key=lambda form: len(form.words))


def test_files_of_the_guides_are_well_made(tmp_path: Path) -> None:
    """Every transcript parses, every program compiles."""
    from mailprobe.transcript.parse import parse

    kinds = set()
    for page in GUIDES:
        for block in blocks(page):
            kinds.add(block.language)
            if block.language == "mpt":
                parse(block.text.encode(), page.name)
            elif block.language == "python":
                compile(block.text, page.name, "exec")
    assert kinds <= {"console", "sh", "mpt", "python", "yaml"}
    assert {"console", "mpt", "python"} <= kinds


@pytest.mark.slow
def test_the_tests_of_the_mock_server_pass(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are run by pytest, as a reader would run them, be the plugin installed or not."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    page = next(page for page in GUIDES if page.stem == "mock-server")
    for block in blocks(page):
        if block.title:
            write(block, pytester.path)
    result = pytester.runpytest_inprocess("-p", "mailprobe.pytest_plugin")
    result.assert_outcomes(passed=2, skipped=1)  # the mock itself is for serving
