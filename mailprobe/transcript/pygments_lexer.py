"""The colours of a transcript: a Pygments lexer for `.mpt`.

Escapes and placeholders are marked where they are live, and nowhere else; what the grammar does
not know is an error.  Only this module knows Pygments here, and it must not know what a line means.
"""

import re
from typing import Any, ClassVar

from pygments.lexer import RegexLexer, bygroups
from pygments.token import (
    Comment,
    Error,
    Generic,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
)

from mailprobe.transcript.reading.cooked import FUNCTIONS, NAME, TYPES
from mailprobe.transcript.reading.headers import LANGUAGE, PROTOCOLS

Rule = tuple[Any, ...]  # pattern, what its groups are, the state that follows

_DURATION = r"[0-9]{1,9}(?:ms|s|m)"
_TYPE = "|".join(sorted(TYPES))
_FUNCTION = "|".join(sorted(FUNCTIONS))
_ESCAPE = r"\\(?:[\\{}rnt0es]|x[0-9A-Fa-f]{2}|u\{[0-9A-Fa-f]{1,6}\})"
_SAMPLE = rf"(?:{_ESCAPE}|[^\\{{}}\r\n])*"
_REGEX = r"(?:\\[^\r\n]|[^/\\\r\n])+"
_ARGUMENT = rf' *(?:{NAME}|[0-9]+|"(?:{_ESCAPE}|[^"\\{{}}\r\n])*") *'
_ARGUMENTS = rf"{_ARGUMENT}(?:,{_ARGUMENT})*"
_CLASS = r"[0-9x]{3}(?: [0-9x]\.(?:[0-9]+|x)\.(?:[0-9]+|x))?|(?:\+OK|-ERR)(?: \[[^]\r\n]+\])?|\+"
_OPERATOR = "==|!=|<=|>=|<|>|contains|is"
_WAITS = "silent|within|after"
_ANYTHING = r"[^\r\n]*"
_END = r"(?=\r?$)"

_LINE_END: Rule = (r"\r?\n", Whitespace, "#pop")
_REST_IS_WRONG: Rule = (r"[^\r\n]+", Error)
# RFC 5321, section 4.2.1: the first digit says what became of the command.
_CODES: list[Rule] = [
    (r"(?:[23][0-9]{2}|\+OK|\+)(?=[ -]|\r?$)", Number),
    (r"(?:[45][0-9]{2}|-ERR)(?=[ -]|\r?$)", Generic.Error),
]

# Keys, their argument, and what the value may be.
_HEADERS = (
    ("mailprobe", "", "1"),
    ("protocol", "[2-9]", "|".join(PROTOCOLS)),
    ("tls", "[2-9]", "none|implicit"),
    ("connect|ca", "[2-9]", _ANYTHING),
    ("title", LANGUAGE, _ANYTHING),
    ("match", "", "class|code|text"),
    ("timeout", "", _DURATION),
    ("requires|lock|tags|lang|lesson|needs|recorded|source", "", _ANYTHING),
)


def _groups(*kinds: Any) -> Any:
    """A token for each group of the pattern."""
    return bygroups(*kinds)  # type: ignore[no-untyped-call]


def _header(keys: str, argument: str, value: str) -> Rule:
    return (
        rf"({keys})(?:( )({argument}))?(:)(?:( +)({value})( *))?{_END}",
        _groups(
            Name.Attribute, Whitespace, Name.Variable, Punctuation, Whitespace, String, Whitespace
        ),
    )


def _wire(side: str, tag: str, color: Any, state: str) -> Rule:
    """A tag, and one blank before its content; without content there is no blank."""
    return (
        rf"({side}[2-9]?)({tag})(?:( )(?=[^\r\n])|(?=\r?$))",
        _groups(color, color, Whitespace),
        state,
    )


def _content(color: Any, *, live: tuple[str, ...] = (), codes: bool = False) -> list[Rule]:
    """The states of a wire line: `live` names what is more than text in it."""
    rules: list[Rule] = [_LINE_END, (r" +(?=\r?$)", Error)]
    rules += _CODES if codes else []
    rules += [rule for name in live for rule in _LIVE[name]]
    special = {"": "", "escapes": r"\\", "placeholders": r"\\{}", "functions": r"\\{}"}
    closed = special[live[-1] if live else ""]
    # Up to a blank, so that the last ones of the line are seen for what they are.
    return [*rules, (rf"[^ \r\n{closed}]+| +", color), (r".", Error)]


_LIVE: dict[str, list[Rule]] = {
    "escapes": [(_ESCAPE, String.Escape)],
    "functions": [
        (
            rf"(\{{=)({_FUNCTION})(?:(\()({_ARGUMENTS})(\)))?(\}})",
            _groups(
                String.Interpol,
                Name.Function,
                Punctuation,
                String.Double,
                Punctuation,
                String.Interpol,
            ),
        ),
    ],
    "placeholders": [
        (
            rf"(\{{)(?!=[^}}])({NAME})?(?:(:)({_TYPE})|(/)({_REGEX})(/))?(?:(=)({_SAMPLE}))?(\}})",
            _groups(
                String.Interpol,
                Name.Variable,
                Punctuation,
                Keyword.Type,
                Punctuation,
                String.Regex,
                Punctuation,
                Operator,
                String.Other,
                String.Interpol,
            ),
        ),
    ],
}

_COOKED = ("escapes", "functions", "placeholders")
_CLIENT, _SERVER = Keyword, Name.Tag  # the tags of the two sides
_SAYS, _ANSWERS = String, Generic.Output  # what they say


class TranscriptLexer(RegexLexer):
    """Transcripts of mail sessions, as mailprobe writes and reads them."""

    name = "mailprobe transcript"
    aliases: ClassVar[list[str]] = ["mpt", "mailprobe"]
    filenames: ClassVar[list[str]] = ["*.mpt"]
    mimetypes: ClassVar[list[str]] = ["text/x-mailprobe"]
    flags = re.MULTILINE

    tokens: ClassVar[dict[str, list[Rule]]] = {
        "root": [
            (r"^\r?\n", Whitespace, "lines"),  # the header ends at the first blank line
            (r"#[^\r\n]*", Comment.Single),
            (
                rf"(set)( )({NAME})(:)( ?)",
                _groups(Name.Attribute, Whitespace, Name.Variable, Punctuation, Whitespace),
                "setting",
            ),
            (
                rf"(matrix)( )({NAME})(:)( ?)",
                _groups(Name.Attribute, Whitespace, Name.Variable, Punctuation, Whitespace),
                "matrix",
            ),
            *(_header(*row) for row in _HEADERS),
            (r"\r?\n", Whitespace),
            _REST_IS_WRONG,
        ],
        "setting": _content(String, live=("escapes", "functions")),
        "matrix": [
            (r"([A-Za-z0-9._-]+)(=)", _groups(Name.Label, Operator)),
            (r"\|", Operator),
            _LINE_END,
            (_ESCAPE, String.Escape),
            (r"[^\\|\r\n ]+| +", String),
            (r".", Error),
        ],
        "lines": [
            (r"\r?\n", Whitespace),
            (r"#[^\r\n]*", Comment.Single),
            _wire("C", ":", _CLIENT, "client verbatim"),
            _wire("C", r"\\", _CLIENT, "client escaped"),
            _wire("C", "[~=]", _CLIENT, "client cooked"),
            _wire("S", ":", _SERVER, "server verbatim"),
            _wire("S", r"[\\=]", _SERVER, "server escaped"),
            _wire("S", "[~*]", _SERVER, "server cooked"),
            _wire("S", "[+-]", _SERVER, "server pattern"),
            _wire("S", r"\?", _SERVER, "classes"),
            (
                r"(?:(C[2-9]?<)|(S[2-9]?>))( )(?:(raw)( ))?([^\r\n]+)",
                _groups(_CLIENT, _SERVER, Whitespace, Keyword.Reserved, Whitespace, String.Other),
            ),
            (
                rf"(?:(C[2-9]?@)|(S[2-9]?@))( )(close|reset|flush){_END}",
                _groups(_CLIENT, _SERVER, Whitespace, Keyword.Reserved),
            ),
            (
                rf"(?:(C[2-9]?@)( )(pause)|(S[2-9]?@)( )({_WAITS}))( )({_DURATION}){_END}",
                _groups(
                    *(_CLIENT, Whitespace, Keyword.Reserved),
                    *(_SERVER, Whitespace, Keyword.Reserved),
                    *(Whitespace, Number),
                ),
            ),
            (
                rf"([|?])({LANGUAGE})?(?:( )([^\r\n]*))?{_END}",
                _groups(Punctuation, Name.Label, Whitespace, String.Doc),
            ),
            (
                rf"(==)({LANGUAGE})?( )([^\r\n]+)",
                _groups(Punctuation, Name.Label, Whitespace, Generic.Heading),
            ),
            (
                rf"(@(?:alt|or))( )([^\r\n]+)|(@(?:wrong|end)){_END}",
                _groups(Name.Decorator, Whitespace, Name.Label, Name.Decorator),
            ),
            (r"(@include)( )([^\r\n]+)", _groups(Name.Decorator, Whitespace, String.Other)),
            (
                rf"(@assert)( )([^\s]+)( )({_OPERATOR})( )",
                _groups(
                    Name.Decorator, Whitespace, Name.Variable, Whitespace, Operator, Whitespace
                ),
                "value",
            ),
            (
                rf"(@assert)( )([^\s]+)( )({_OPERATOR}){_END}",  # nothing is a value, too
                _groups(Name.Decorator, Whitespace, Name.Variable, Whitespace, Operator),
            ),
            (r"@(?:tls|poll)(?= |\r?$)", Name.Decorator, "options"),
            _REST_IS_WRONG,
        ],
        "client verbatim": _content(_SAYS),
        "client escaped": _content(_SAYS, live=("escapes",)),
        "client cooked": _content(_SAYS, live=_COOKED),
        "server verbatim": _content(_ANSWERS, codes=True),
        "server escaped": _content(_ANSWERS, live=("escapes",), codes=True),
        "server cooked": _content(_ANSWERS, live=_COOKED, codes=True),
        "server pattern": _content(_ANSWERS, live=_COOKED),
        "value": _content(String, live=_COOKED),
        "classes": [
            _LINE_END,
            (rf"(?=[45-])(?:{_CLASS})(?=\||\r?$)", Generic.Error),
            (rf"(?:{_CLASS})(?=\||\r?$)", Number),
            (r"\|(?=[0-9x+-])", Operator),
            (r".", Error),
        ],
        "options": [
            _LINE_END,
            (rf"( )([2-9]){_END}|( )([2-9])(?= )", _groups(*[Whitespace, Number] * 2)),
            (
                rf"( )(within|every)(=)({_DURATION})(?= |\r?$)",
                _groups(Whitespace, Name.Attribute, Operator, Number),
            ),
            (
                r"( )(verify)(=)(on|off)(?= |\r?$)",
                _groups(Whitespace, Name.Attribute, Operator, Keyword.Constant),
            ),
            (r"( )(version)(=)", _groups(Whitespace, Name.Attribute, Operator), "version"),
            (r".", Error),
        ],
        "version": [
            (r"(?=[ \r\n])", Whitespace, "#pop"),
            *(rule for name in _COOKED for rule in _LIVE[name]),
            (r"[^ \\{}\r\n]+", String),
            (r".", Error),
        ],
    }
