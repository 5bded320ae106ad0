"""The script for zsh: a file of $fpath, or something to be sourced."""

from collections.abc import Iterator, Sequence

from mailprobe.commands.forms import Form, Option
from mailprobe.commands.shells.values import (
    PROFILES,
    TARGETS,
    Kind,
    Values,
    of_arguments,
    of_option,
    quoted,
)

_HEAD = """\
#compdef mailprobe
# Completion of mailprobe for zsh.  In ~/.zshrc, behind compinit:
#     source <(mailprobe completion zsh)

_mailprobe_profiles() {
    setopt localoptions extendedglob
    local -a names
    names=(${(f)"$(%(profiles)s)"})
    names=(@${^${(M)names:#[A-Za-z0-9][A-Za-z0-9_.-]#}})
    compadd "$@" -a names
}

_mailprobe_first() {
    compadd "$@" -- %(first)s
    _mailprobe_profiles "$@"
}

_mailprobe_targets() {
    compadd "$@" -- %(targets)s
    _mailprobe_profiles "$@"
    [[ $PREFIX == @* ]] || _hosts "$@"
}

_mailprobe() {
    local curcontext=$curcontext state line
    local -A opt_args
"""
_TAIL = """\
}

if [[ $funcstack[1] == _mailprobe ]]; then
    _mailprobe "$@"
else
    compdef _mailprobe mailprobe
fi
"""


def script(forms: Sequence[Form]) -> str:
    """The whole script."""
    first = of_arguments(forms[0])[0][0].words
    lines = [_HEAD % {"profiles": PROFILES, "first": " ".join(first), "targets": " ".join(TARGETS)}]
    for form in sorted(forms, key=lambda form: -len(form.words)):
        lines += _of_form(form)
    return "".join([*lines, _TAIL])


def _of_form(form: Form) -> Iterator[str]:
    depth = len(form.words)
    indent = "    " if not depth else "        "
    if depth:
        tests = " && ".join(
            f"$words[{at}] == {word}" for at, word in enumerate(form.words, start=2)
        )
        yield f"    if (( CURRENT > {depth + 1} )) && [[ {tests} ]]; then\n"
        yield f'        words=(mailprobe "${{(@)words[{depth + 2},-1]}}")\n'
        yield f"        (( CURRENT -= {depth} ))\n"
    specs = [spec for option in form.options for spec in _of_option(option)]
    specs += _of_arguments(form)
    joined = f" \\\n{indent}    ".join(["_arguments -S", *map(quoted, specs)])
    yield f"{indent}{joined}\n"
    if depth:
        yield "        return\n    fi\n"


def _of_option(option: Option) -> Iterator[str]:
    values = of_option(option)
    what = _escaped(option.help, "[]")
    for name in option.names:
        if option.repeats:
            before = "*"
        else:
            before = f"({' '.join(option.names)})" if len(option.names) > 1 else ""
        if values is None:
            yield f"{before}{name}[{what}]"
        else:
            joined = "=" if name.startswith("--") else "+"
            metavar = _escaped(option.metavar, ":")
            yield f"{before}{name}{joined}[{what}]:{metavar}:{_action(values)}"


def _of_arguments(form: Form) -> Iterator[str]:
    places, many = of_arguments(form)
    for place, values in enumerate(places, start=1):
        number = "*" if many and place == len(places) else str(place)
        metavar = "word"
        if form.words:
            metavar = _escaped(form.arguments[place - 1].metavar, ":")
        yield f"{number}:{metavar}:{_action(values)}"


def _action(values: Values) -> str:
    match values.kind:
        case Kind.FILE:
            return "_files"
        case Kind.FOLDER:
            return "_files -/"
        case Kind.PROFILE:
            return "_mailprobe_first"
        case Kind.TARGET:
            return "_mailprobe_targets"
        case Kind.HOST:
            return "_hosts"
        case Kind.WORDS:
            return f"({' '.join(values.words)})"
        case _:
            return " "


def _escaped(text: str, marks: str) -> str:
    return "".join(f"\\{one}" if one in f"\\{marks}" else one for one in text)
