"""The manual page in roff, made of the parsers: the text that they do not hold stands here.

docs/mailprobe.1 is what this prints: `python -m mailprobe man >docs/mailprobe.1`.
"""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from mailprobe.commands.forms import Argument, Form, Option
from mailprobe.errors import ExitStatus, Word
from mailprobe.version import VERSION

_DATE = "2026-11-23"  # when this text was written last: a page made twice is the same page

_DESCRIPTION = """\
mailprobe holds raw SMTP, LMTP and POP3 sessions that are typed by hand, read from a script, or
replayed from a recording.  What is typed goes to the server, byte for byte, with CRLF.  A line that
starts with / is for mailprobe itself (/help lists those commands); //x sends /x.

At a terminal it is a shell, which completes what the server offers.  Where standard input is no
terminal, or with --script, lines are sent one by one, each after the whole reply to the last.
--record writes the session as a transcript without secrets, which replay plays as a test, and serve
as a mock server.
"""
TARGETS = {
    "host, host:port, [v6]:port": "behind smtp, lmtp or pop3; without a port 25, 24 and 110, or "
    "with TLS 465 and 995",
    "smtp:// smtps:// submission:// submissions:// lmtp:// pop3:// pop3s://": "a URL of host and "
    "port, without user and password",
    "unix:/path": "a socket of this machine",
    "sandbox": "a practice server that starts inside: alice (secret), bob (builder)",
    "sandbox/PROFILE, sandbox+FAULT, sandbox/PROFILE+FAULT+FAULT": "the same, which plays another "
    "server, or goes wrong on purpose: see mailprobe sandbox",
    "@NAME": "a profile of config.toml",
}
WORDS = {
    Word.REFUSED: "the server said 4yz, 5yz or -ERR",
    Word.MISMATCH: "an expectation did not hold",
    Word.USAGE: "the command line, a local command or a file in it makes no sense",
    Word.SYNTAX: "a transcript does not parse",
    Word.DNS: "a name was not found, or the resolver did not answer",
    Word.CONNECT: "nobody listens there, or the way is barred",
    Word.TIMEOUT: "a limit of time was reached; the sentence names it",
    Word.EOF: "the connection was closed early, or a message was cut short",
    Word.RESET: "the connection was reset",
    Word.PROTOCOL: "what came is no reply; another service is named where it is known",
    Word.LIMIT: "a bound was reached; the option that moves it is named",
    Word.TLS: "the handshake failed, or the certificate is not good",
    Word.SECURITY: "text injected before TLS, TLS not to be had, or a secret in the clear",
    Word.INTERNAL: "a fault of mailprobe",
    Word.INTERRUPTED: "a person ended it",
}
STATUSES = {
    ExitStatus.OK: "all went well",
    ExitStatus.FAILED: "refused, mismatch",
    ExitStatus.USAGE: "usage",
    ExitStatus.SYNTAX: "syntax",
    ExitStatus.UNREACHED: "everything about reaching and understanding the server",
    ExitStatus.NOTHING_RAN: "nothing ran",
    ExitStatus.INTERNAL: "internal",
    ExitStatus.INTERRUPTED: "interrupted",
}
ENVIRONMENT = {
    "MAILPROBE_SECRET_NAME": "the value of the secret {name} of a transcript",
    "MAILPROBE_PLAIN": "1: as --plain",
    "ACCESSIBLE": "1: as --plain",
    "TERM": "dumb or unknown: as --plain, without colours",
    "NO_COLOR": "not empty: no colours",
    "FORCE_COLOR": "not empty: colours in a pipe, too",
    "NETRC": "the file that --netrc reads, in the place of ~/.netrc",
    "HOME": "where ~ is",
    "XDG_CONFIG_HOME": "where mailprobe/config.toml is, in the place of ~/.config",
    "XDG_STATE_HOME": "where histories are, in the place of ~/.local/state",
    "PAGER": "what /page runs",
    "VISUAL": "the editor of /body -e",
    "EDITOR": "the same, where VISUAL is not set",
    "PATH": "where pagers and editors are looked for",
    "TMPDIR": "where the maildrops of a sandbox lie",
    "CI": "set: --bless asks for --force",
}
FILES = {
    "~/.config/mailprobe/config.toml": "defaults and profiles of servers; never a secret",
    "~/.local/state/mailprobe/history-smtp": "what was typed, without secrets",
    "~/.local/state/mailprobe/addresses": "addresses that completion offers",
    "*.mpt": "transcripts; large bodies lie beside them, as *.mpt.1.body",
}
EXAMPLES = {
    "mailprobe smtp mail.example.net": "a session by hand, port 25",
    "mailprobe smtp submission://mail.example.net --starttls": "with TLS before all else",
    "mailprobe pop3 sandbox": "a session with the practice server",
    "mailprobe pop3 sandbox --record visit.mpt <script": "play a script, and write it down",
    "mailprobe replay transcripts --server mail.example.net:25": "check a server",
    "mailprobe serve visit.mpt": "be that server",
    "mailprobe route alice@example.net": "where a mail goes",
}


def page(forms: Sequence[Form]) -> str:
    """The whole page."""
    return "".join(f"{line}\n" for line in _lines(forms))


def _lines(forms: Sequence[Form]) -> Iterator[str]:
    yield f'.TH MAILPROBE 1 "{_DATE}" "mailprobe {VERSION}" "User Commands"'
    yield ".nh"  # no word is broken: one that is typed must not be
    yield ".ad l"
    yield from _section("NAME")
    yield "mailprobe \\- raw SMTP, LMTP and POP3 sessions, typed, recorded and replayed"
    yield from _section("SYNOPSIS")
    for number, form in enumerate(forms):
        yield from [".br"] if number else []
        yield from _synopsis(form)
    yield from _section("DESCRIPTION")
    for number, paragraph in enumerate(_DESCRIPTION.split("\n\n")):
        yield from [".PP"] if number else []
        yield from _wrapped(paragraph)
    yield from _section("TARGETS")
    yield from _table(TARGETS.items())
    yield from _section("OPTIONS OF A SESSION")
    yield from _options(forms[0].options)
    yield from _section("COMMANDS")
    for form in forms[1:]:
        yield from _command(form)
    yield from _section("EXIT STATUS")
    yield from _table((str(int(status)), what) for status, what in STATUSES.items())
    yield from _section("DIAGNOSTICS")
    yield "Every failure is one line on standard error, mailprobe: WORD: sentence."
    yield from _table(
        (word.value, f"{what} (status {int(word.status)})") for word, what in WORDS.items()
    )
    yield from _section("ENVIRONMENT")
    yield from _table(ENVIRONMENT.items())
    yield from _section("FILES")
    yield from _table(FILES.items())
    yield from _section("EXAMPLES")
    yield from _table(EXAMPLES.items())
    yield from _section("SEE ALSO")
    yield "RFC 5321 (SMTP), RFC 2033 (LMTP), RFC 1939 (POP3)"


def _section(title: str) -> Iterator[str]:
    yield f'.SH "{title}"'


def _synopsis(form: Form) -> Iterator[str]:
    if not form.words:
        yield "\\fBmailprobe\\fR [smtp|lmtp|pop3 \\fITARGET\\fR] [options]"
        return
    options = " [options]" if len(form.options) > 1 else ""  # besides --help
    words = "".join(f" {_argument(one)}" for one in form.arguments)
    yield f"\\fB{_text(form.name)}\\fR{options}{words}"


def _argument(argument: Argument) -> str:
    shown = f"\\fI{_text(argument.metavar)}\\fR"
    return f"{shown}..." if argument.many else shown


def _command(form: Form) -> Iterator[str]:
    yield f'.SS "{_text(form.name)}"'
    yield from _wrapped(form.description or form.summary)
    if form.epilog:
        yield ".PP"
        yield from _wrapped(form.epilog)
    yield from _table((one.metavar, one.help) for one in form.arguments if one.help)
    yield from _options(form.options)


def _options(options: Iterable[Option]) -> Iterator[str]:
    for option in options:
        value = f" \\fI{_text(option.metavar)}\\fR" if option.metavar else ""
        names = ", ".join(f"\\fB{_text(name)}\\fR" for name in option.names)
        yield ".TP"
        yield names + value
        yield from _wrapped(option.help or _unsaid(option))


def _unsaid(option: Option) -> str:
    """What can be said of an option without a help."""
    return f"one of {', '.join(option.choices)}" if option.choices else "see above"


def _table(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, what in rows:
        yield ".TP"
        yield f"\\fB{_text(name)}\\fR"
        yield from _wrapped(what)


def _wrapped(text: str) -> list[str]:
    """Lines of text, none of which begins as a request does."""
    lines = textwrap.wrap(_text(text), 78, break_long_words=False, break_on_hyphens=False)
    return [f"\\&{line}" if line.startswith(".") else line for line in lines]


def _text(text: str) -> str:
    """Text that roff shows as it is."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    escaped = escaped.replace("'", "\\(aq").replace('"', "\\(dq").replace("~", "\\(ti")
    return escaped.replace("^", "\\(ha").replace("`", "\\(ga").replace("\n", " ")
