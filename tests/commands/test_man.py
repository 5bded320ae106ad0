"""`mailprobe man`: roff has nothing to complain of its page, and nothing is missing in it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mailprobe.commands.forms import Form, forms
from mailprobe.commands.manual import ENVIRONMENT, STATUSES, WORDS, page
from mailprobe.errors import ExitStatus, Word
from tests.commands.inside import inside

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "mailprobe.1"
_VARIABLE = re.compile(r'\b(?:env|_env|environ|environment)(?:\.get\(|\[)"([A-Z_]+)"')


@pytest.fixture(scope="module")
def shown() -> str:
    """The page as `man` shows it, wide enough that no line is folded."""
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed (.ci/servers installs it)")
    ran = subprocess.run(
        ["groff", "-ww", "-man", "-Tutf8", "-P-bcou", "-rLL=400n"],
        input=page(forms()).encode(),
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert ran.stderr == b""
    return ran.stdout.decode().replace("−", "-").replace("’", "'").replace("‐", "-")


def test_the_page_that_is_shipped_is_the_one_that_is_printed() -> None:
    """The file goes into the package; whoever changes an option makes it anew."""
    made = "python -m mailprobe man >docs/mailprobe.1"
    assert PAGE.read_text() == page(forms()), f"docs/mailprobe.1 is old; run: {made}"
    assert (
        '"docs/mailprobe.1" = "share/man/man1/mailprobe.1"' in (ROOT / "pyproject.toml").read_text()
    )


def test_roff_has_nothing_to_complain() -> None:
    """mandoc's linter finds nothing, not even in style."""
    if shutil.which("mandoc") is None:
        pytest.skip("mandoc is not installed (.ci/servers installs it)")
    ran = subprocess.run(
        ["mandoc", "-Tlint", "-Wall", str(PAGE)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.stdout, ran.stderr, ran.returncode) == ("", "", 0)


@pytest.mark.parametrize("form", forms(), ids=lambda form: form.name)
def test_every_option_stands_in_it(form: Form, shown: str) -> None:
    """With its value and its help, in the section of its command."""
    head = f"\n   {form.name}\n" if form.words else "\nOPTIONS OF A SESSION\n"
    section = re.split(r"\n {0,3}(?=\S)", shown[shown.index(head) + len(head) :])[0]
    for option in form.options:
        value = f" {option.metavar}" if option.metavar else ""
        assert f"{', '.join(option.names)}{value}" in section
        assert option.help in section
    for argument in form.arguments if form.words else ():
        assert argument.help in section


def test_every_status_word_and_variable_stands_in_it(shown: str) -> None:
    """Those that there are, and no others."""
    assert STATUSES.keys() == set(ExitStatus)
    assert WORDS.keys() == set(Word)
    for text in (*map(str, map(int, ExitStatus)), *Word, *ENVIRONMENT):
        assert re.search(rf"^ +{re.escape(text)}\b", shown, re.MULTILINE), text
    read = {
        name
        for path in (ROOT / "mailprobe").rglob("*.py")
        for name in _VARIABLE.findall(path.read_text("utf-8"))
    }
    assert len(read) > 10
    assert read - ENVIRONMENT.keys() == set()
    assert ENVIRONMENT.keys() - read == {"MAILPROBE_SECRET_NAME"}


def test_it_is_printed() -> None:
    """Through the program, and with nothing else."""
    ran = inside("man")
    assert (ran.status, ran.out, ran.err) == (ExitStatus.OK, page(forms()), "")
