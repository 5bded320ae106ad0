"""The script for fish."""

from collections.abc import Iterator, Sequence

from mailprobe.commands.forms import Form, Option
from mailprobe.commands.shells.values import (
    PROFILES,
    TARGETS,
    Kind,
    Values,
    of_arguments,
    of_option,
)
from mailprobe.commands.table import SUBCOMMANDS

_HEAD = """\
# Completion of mailprobe for fish:
#     mailprobe completion fish >~/.config/fish/completions/mailprobe.fish

function __mailprobe_form --description 'the words that say which options there are'
    set -l words (commandline -opc)
    if not contains -- "$words[2]" %(subcommands)s
        echo session
    else if test "$words[2]" = transcript; and contains -- "$words[3]" %(inner)s
        echo transcript $words[3]
    else
        echo $words[2]
    end
end

function __mailprobe_is --description 'whether these are those words'
    test (__mailprobe_form) = "$argv"
end

function __mailprobe_begins --description 'whether nothing stands in front of the cursor'
    test (count (commandline -opc)) -eq 1
end

function __mailprobe_profiles
    for name in (%(profiles)s | string match --regex '^[A-Za-z0-9][A-Za-z0-9_.-]*$')
        echo @$name
    end
end

function __mailprobe_targets
    printf '%%s\\n' %(targets)s
    __mailprobe_profiles
    __fish_print_hostnames
end

complete --command mailprobe --no-files
"""


def script(forms: Sequence[Form]) -> str:
    """The whole script."""
    inner = [form.words[1] for form in forms if len(form.words) == 2]
    lines = [
        _HEAD
        % {
            "subcommands": " ".join(SUBCOMMANDS),
            "inner": " ".join(inner),
            "targets": " ".join(TARGETS),
            "profiles": PROFILES,
        }
    ]
    for form in forms:
        lines += [f"complete --command mailprobe {line}\n" for line in _of_form(form)]
    return "".join(lines)


def _of_form(form: Form) -> Iterator[str]:
    if len(form.words) == 1:
        what = _quoted(form.summary)
        yield f"-n __mailprobe_begins -a {form.words[0]} -d {what}"
    elif form.words:
        yield f"-n '__mailprobe_is {form.words[0]}' -a {form.words[1]} -d {_quoted(form.summary)}"
    name = " ".join(form.words) or "session"
    for option in form.options:
        yield f"-n '__mailprobe_is {name}' {_of_option(option)}"
    places, _ = of_arguments(form)
    if not form.words:
        protocols = [word for word in places[0].words if word not in SUBCOMMANDS]
        yield f"-n __mailprobe_begins -a {_quoted(' '.join(protocols))}"
        yield "-n __mailprobe_begins -a '(__mailprobe_profiles)'"
        yield f"-n '__mailprobe_is session; and not __mailprobe_begins' {_offered(places[1])}"
        return
    if any(form.arguments[place].choices for place in range(len(places))) and name == "transcript":
        return  # its words have their own summaries
    for values in dict.fromkeys(places):
        if values.kind is not Kind.NOTHING:
            yield f"-n '__mailprobe_is {name}' {_offered(values)}"


def _of_option(option: Option) -> str:
    words = [
        f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names
    ]
    values = of_option(option)
    if values is not None:
        offered = _offered(values)
        words.append(f"-r {offered}".rstrip() if values.kind is Kind.FILE else f"-x {offered}")
    return " ".join([*map(str.rstrip, words), f"-d {_quoted(option.help)}"])


def _offered(values: Values) -> str:
    match values.kind:
        case Kind.FILE:
            return "-F"
        case Kind.FOLDER:
            return "-a '(__fish_complete_directories)'"
        case Kind.PROFILE:
            return "-a '(__mailprobe_profiles)'"
        case Kind.TARGET:
            return "-a '(__mailprobe_targets)'"
        case Kind.HOST:
            return "-a '(__fish_print_hostnames)'"
        case Kind.WORDS:
            return f"-a {_quoted(' '.join(values.words))}"
        case _:
            return ""


def _quoted(text: str) -> str:
    """One word of fish, in which a backslash and a quotation mark count alone."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
