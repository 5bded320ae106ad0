"""Pages of the program: each command line with its options, failures, rules of --lint, sandbox."""

from collections.abc import Iterator

from mailprobe.commands.forms import Argument, Form, Option, forms
from mailprobe.commands.manual import ENVIRONMENT, EXAMPLES, FILES, STATUSES, TARGETS, WORDS
from mailprobe.protocol.linting.linter import RULES
from manual.markdown import (
    anchor,
    code,
    fence,
    heading,
    link,
    paragraph,
    reference,
    slug,
    table,
    text,
)

_INDEX = "reference/program/index.md"


def pages() -> Iterator[tuple[str, str]]:
    """Name and Markdown of each page."""
    every = forms()
    yield _INDEX, _overview(every)
    for form in every:
        yield page_of(form), _form(form)
    yield "reference/failures.md", _failures()
    yield "reference/lint.md", _lint()


def page_of(form: Form) -> str:
    """The name of the page of a command line."""
    return f"reference/program/{'-'.join(form.words) or 'session'}.md"


def _overview(every: tuple[Form, ...]) -> str:
    rows = [
        (link(code(form.name), page_of(form).rpartition("/")[2]), text(form.summary))
        for form in every
    ]
    return (
        heading(1, "Command lines")
        + table(("command", "what it does"), rows)
        + heading(2, "Targets")
        + table(("target", ""), [(code(name), text(what)) for name, what in TARGETS.items()])
        + heading(2, "Examples")
        + table(("type", ""), [(code(line), text(what)) for line, what in EXAMPLES.items()])
    )


def _form(form: Form) -> str:
    arguments = [
        (code(one.metavar), ", ".join(code(choice) for choice in one.choices), text(one.help))
        for one in form.arguments
    ]
    listed = table(("word", "may be", "what it is"), arguments)
    options = table(("option", "what it does"), [_option(one) for one in form.options])
    return "".join(
        [
            heading(1, code(form.name)),
            fence("text", [_synopsis(form)]),
            paragraph(form.description or form.summary),
            paragraph(form.epilog),
            heading(2, "Words") + listed if any(one.help for one in form.arguments) else "",
            heading(2, "Options") + options,
        ]
    )


def _synopsis(form: Form) -> str:
    if not form.words:
        return "mailprobe [smtp|lmtp|pop3 TARGET] [options]"
    return " ".join([form.name, "[options]", *(_word(one) for one in form.arguments)])


def _word(one: Argument) -> str:
    return f"{one.metavar}..." if one.many else one.metavar


def _option(option: Option) -> tuple[str, str]:
    names = ", ".join(code(name) for name in option.names)
    value = f" {code(option.metavar)}" if option.metavar else ""
    choices = ", ".join(code(choice) for choice in option.choices)
    sentences = [
        text(option.help),
        f"One of {choices}." if choices else "",
        "May be given again." if option.repeats else "",
    ]
    named = anchor(slug(option.names[-1])) + names + value
    return named, " ".join(sentence for sentence in sentences if sentence)


def _failures() -> str:
    about = (
        "Every failure is one line on standard error, which begins with mailprobe: and one word; "
        "the word decides the exit status. Notes begin with note:, warnings with warning:."
    )
    words = [
        (anchor(word.value) + code(word.value), text(what), text(str(int(word.status))))
        for word, what in WORDS.items()
    ]
    statuses = [
        (anchor(f"status-{int(status)}") + text(str(int(status))), text(what))
        for status, what in STATUSES.items()
    ]
    return (
        heading(1, "Failures and exit statuses")
        + paragraph(about)
        + table(("word", "what happened", "status"), words)
        + heading(2, "Exit statuses")
        + table(("status", "words"), statuses)
        + heading(2, "Environment")
        + table(("variable", ""), [(code(name), text(what)) for name, what in ENVIRONMENT.items()])
        + heading(2, "Files")
        + table(("file", ""), [(code(name), text(what)) for name, what in FILES.items()])
    )


def _lint() -> str:
    about = (
        "What --lint and /lint look for: things that a server does and no RFC allows. A rule may "
        "stand here twice, once for each protocol, with the section that each has for it. Odd "
        "framing (bare LF and the like) is told of too, by its own name."
    )
    rows = [
        (
            code(rule.name),
            text(", ".join(sorted(protocol.upper() for protocol in rule.protocols))),
            text(rule.what),
            reference(rule.reference),
        )
        for rule in RULES
    ]
    head = ("rule", "protocols", "what a server did", "reference")
    return heading(1, "Rules of --lint") + paragraph(about) + table(head, rows)
