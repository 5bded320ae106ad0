"""What the parsers say of themselves, as completion and manual take it."""

import pytest

from mailprobe.commands.forms import Form, forms
from mailprobe.commands.shells.values import Kind, of_arguments, of_option, quoted
from mailprobe.commands.table import SUBCOMMANDS


def test_every_command_has_a_form() -> None:
    """The session, each subcommand, each word of `transcript`: none twice, all with a summary."""
    words = [form.words for form in forms()]
    assert words[0] == ()
    assert [one[0] for one in words[1:] if len(one) == 1] == list(SUBCOMMANDS)
    assert len(set(words)) == len(words)
    assert all(form.summary for form in forms())


@pytest.mark.parametrize("form", forms(), ids=lambda form: form.name)
def test_every_option_says_what_it_is(form: Form) -> None:
    """It has a help or choices, and a value has a name."""
    for option in form.options:
        assert option.help or option.choices, option
        assert (of_option(option) is None) == (option.metavar == "")


def test_files_and_folders_are_known_by_their_names() -> None:
    """Whoever calls a value FILE, PATH or DIR gets names of files."""
    replay = next(form for form in forms() if form.words == ("replay",))
    kinds = {option.names[0]: of_option(option) for option in replay.options}
    assert kinds["--ca"].kind is Kind.FILE  # type: ignore[union-attr]  # it has a value
    assert kinds["--save-failures"].kind is Kind.FOLDER  # type: ignore[union-attr]
    assert kinds["--bless"] is None
    assert of_arguments(replay)[1]
    assert of_arguments(forms()[0])[0][1].kind is Kind.TARGET


def test_quoting() -> None:
    """An apostrophe of a help ends no word."""
    assert quoted("the file's") == "'the file'\\''s'"
