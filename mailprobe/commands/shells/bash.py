"""The script for bash (4.3 or newer).

Names of profiles are never words of `compgen -W`, which would expand what they hold.
"""

from collections.abc import Iterator, Sequence

from mailprobe.commands.forms import Form
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
# Completion of mailprobe for bash.  In ~/.bashrc:  source <(mailprobe completion bash)

_mailprobe_words() {  # CURRENT WORD...: take those that CURRENT begins
    local current=$1 word
    shift
    for word in "$@"; do
        if [[ $word == "$current"* ]]; then COMPREPLY+=("$word"); fi
    done
}

_mailprobe_hosts() {  # CURRENT
    local name
    while IFS= read -r name; do
        _mailprobe_words "$1" "$name"
    done < <(compgen -A hostname -- "$1")
}

_mailprobe_profiles() {  # CURRENT
    local name
    if [[ -n $1 && $1 != @* ]]; then return; fi
    while IFS= read -r name; do
        if [[ $name =~ ^[A-Za-z0-9][A-Za-z0-9_.-]*$ ]]; then _mailprobe_words "$1" "@$name"; fi
    done < <(%(profiles)s)
}

_mailprobe_targets() {  # CURRENT
    _mailprobe_words "$1" %(targets)s
    _mailprobe_profiles "$1"
    if [[ $1 != @* ]]; then _mailprobe_hosts "$1"; fi
}
"""

_TAIL = """\
_mailprobe() {
    local line=${COMP_LINE:0:COMP_POINT} command= previous= plain= current word words count=0 at=1
    COMPREPLY=()
    IFS=$' \\t\\n' read -ra words <<<"$line"
    if [[ $line == *[[:blank:]] ]]; then words+=(''); fi
    local last=$((${#words[@]} - 1))
    current=${words[last]}
    if ((last > 1)); then
        case ${words[1]} in
        %(subcommands)s) command=${words[1]} at=2 ;;
        esac
    fi
    if [[ $command == transcript ]] && ((last > 2)); then
        case ${words[2]} in
        %(inner)s) command="transcript ${words[2]}" at=3 ;;
        esac
    fi
    for (( ; at < last; at++)); do
        word=${words[at]}
        if [[ -n $previous ]]; then
            previous=
        elif [[ -z $plain && $word == -- ]]; then
            plain=1
        elif [[ -z $plain && $word == -?* ]]; then
            if _mailprobe_takes "$command $word"; then previous=$word; fi
        else
            ((++count))
        fi
    done
    if [[ -n $previous ]]; then
        _mailprobe_value "$command $previous" "$current"
    elif [[ -z $plain && $current == --*=* ]]; then
        word=${current%%%%=*}=
        _mailprobe_value "$command ${word%%=}" "${current#*=}"
        COMPREPLY=("${COMPREPLY[@]/#/$word}")
    elif [[ -z $plain && $current == -* ]]; then
        _mailprobe_options "$command" "$current"
    else
        _mailprobe_argument "$command" "$count" "$current"
    fi
    # Readline replaces what stands behind the last of these alone (of @ it knows better).
    local breaks=${COMP_WORDBREAKS//[^:=]/}
    if [[ -n $breaks && $current == *["$breaks"]* ]]; then
        word=${current%%"${current##*["$breaks"]}"}
        COMPREPLY=("${COMPREPLY[@]#"$word"}")
    fi
}

complete -F _mailprobe mailprobe
"""


def script(forms: Sequence[Form]) -> str:
    """The whole script."""
    inner = [form.words[1] for form in forms if len(form.words) == 2]
    return "\n".join(
        [
            _HEAD % {"targets": " ".join(TARGETS), "profiles": PROFILES},
            _function("options", "COMMAND CURRENT", '"$1"', _options(forms)),
            _function("takes", "COMMAND OPTION: whether a value follows", '"$1"', _takes(forms)),
            _function("value", "COMMAND OPTION, CURRENT", '"$1"', _value(forms)),
            _function("argument", "COMMAND PLACE CURRENT", '"$1 $2"', _argument(forms)),
            _TAIL % {"subcommands": "|".join(SUBCOMMANDS), "inner": "|".join(inner)},
        ]
    )


def _function(name: str, what: str, of: str, cases: Iterator[str]) -> str:
    lines = [f"_mailprobe_{name}() {{  # {what}", f"    case {of} in", *cases, "    esac", "}", ""]
    return "\n".join(lines)


def _options(forms: Sequence[Form]) -> Iterator[str]:
    for form in forms:
        names = " ".join(name for option in form.options for name in option.names)
        yield f'    "{" ".join(form.words)}") _mailprobe_words "$2" {names} ;;'


def _takes(forms: Sequence[Form]) -> Iterator[str]:
    for form in forms:
        names = [
            f'"{" ".join(form.words)} {name}"'
            for option in form.options
            for name in option.names
            if option.metavar
        ]
        if names:
            yield f"    {'|'.join(names)}) return 0 ;;"
    yield "    *) return 1 ;;"


def _value(forms: Sequence[Form]) -> Iterator[str]:
    for form in forms:
        for option in form.options:
            values = of_option(option)
            if values is None or values.kind is Kind.NOTHING:
                continue
            patterns = "|".join(f'"{" ".join(form.words)} {name}"' for name in option.names)
            yield f"    {patterns}) {_offered(values, '$2')} ;;"


def _argument(forms: Sequence[Form]) -> Iterator[str]:
    for form in forms:
        places, many = of_arguments(form)
        for place, values in enumerate(places):
            number = "*" if many and place == len(places) - 1 else str(place)
            if values.kind is not Kind.NOTHING:
                pattern = f'"{" ".join(form.words)} "{number}'
                yield f"    {pattern}) {_offered(values, '$3')} ;;"


def _offered(values: Values, current: str) -> str:
    match values.kind:
        case Kind.FILE:
            return "compopt -o default"
        case Kind.FOLDER:
            return "compopt -o dirnames"
        case Kind.PROFILE:
            words = " ".join(values.words)
            return f'_mailprobe_words "{current}" {words}; _mailprobe_profiles "{current}"'
        case Kind.TARGET:
            return f'_mailprobe_targets "{current}"'
        case Kind.HOST:
            return f'_mailprobe_hosts "{current}"'
        case _:
            return f'_mailprobe_words "{current}" {" ".join(values.words)}'
