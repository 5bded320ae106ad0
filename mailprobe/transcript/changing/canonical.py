"""The canonical form of a transcript: what `fmt` writes.

Only lines that are not canonical change, and never what they say.
"""

from collections.abc import Iterator

from mailprobe.transcript.format import escape, verbatim
from mailprobe.transcript.model import (
    Assert,
    Blank,
    Comment,
    FileLine,
    Form,
    Function,
    Header,
    Include,
    Lesson,
    Line,
    Matrix,
    Name,
    Pattern,
    Piece,
    Pieces,
    Placeholder,
    Question,
    Title,
    TlsLine,
    Transcript,
    Wire,
    walk,
)
from mailprobe.transcript.reading.cooked import ANY, read
from mailprobe.transcript.reading.source import LONGEST

_BOM = b"\xef\xbb\xbf"


def fmt(transcript: Transcript) -> bytes:
    """The file of `transcript` with every line as it should be written.

    A BOM stays, and so does each line end; the last line gets one.
    """
    octets = transcript.octets
    bom = _BOM if octets.startswith(_BOM) else b""
    ends = [b"\r\n" if line.endswith(b"\r") else b"\n" for line in octets.split(b"\n")[:-1]]
    lines = []
    for line in _kept(transcript):
        number = line.place.line
        # only the last line may lack its end
        end = ends[number - 1] if number <= len(ends) else (ends or [b"\n"])[-1]
        lines.append(_canonical(line, transcript).encode() + end)
    return bom + b"".join(lines)


def cooked_text(pieces: Pieces, line: str = "") -> str:
    """Pieces as they are written in cooked text.

    `:any` need not be said; where it was, in the `line` that they were read from, it stays.
    """
    return "".join(_piece(piece, line) for piece in pieces)


def _kept(transcript: Transcript) -> Iterator[Line]:
    """The lines of the file itself, one blank where there are many, none at either end."""
    yield from (line for line in transcript.headers if not isinstance(line, Blank))
    blank = next((line for line in transcript.headers if isinstance(line, Blank)), None)
    for line in walk(transcript.lines):
        if line.place.file != transcript.name:
            continue  # included
        if isinstance(line, Blank):
            blank = blank or line
            continue
        if blank:
            yield blank
            blank = None
        yield line


def _canonical(line: Line, transcript: Transcript) -> str:
    text = _text(line, transcript)
    return text if len(text.encode()) <= LONGEST else line.text


def _text(line: Line, transcript: Transcript) -> str:
    tag = line.text.split(" ")[0]
    match line:
        case Blank():
            return ""
        case Comment():
            return line.text.rstrip(" ")
        case Wire():
            return _wire(line, tag)
        case Header():
            return _header(line, transcript)
        case Pattern(pieces=pieces) if line.text != tag:
            return _tagged(tag, cooked_text(pieces, line.text))
        case Question(classes=classes):
            return f"{tag} {'|'.join(map(str, classes))}"
        case FileLine() | Pattern():
            return line.text
        case Lesson(language=language, content=content):
            return _joined(line.tag + language, content)
        case Title(language=language, content=content):
            return f"=={language} {content}"
        case TlsLine():
            return _tls(line)
        case Assert(fact=fact, operator=operator, value=value):
            text = cooked_text(value, line.text)
            text = "\\s" + text[1:] if text.startswith(" ") else text
            return _joined(f"@assert {fact} {operator}", _visible(text))
        case Include(path=path):
            return f"@include {path}"
        case _:  # an event; what opens, parts and ends a block
            return _single_blanks(line.text)


def _single_blanks(text: str) -> str:
    return " ".join(text.split())


def _joined(tag: str, text: str) -> str:
    return f"{tag} {text}" if text else tag


def _visible(text: str) -> str:
    """Text with a blank at its end written so that it can be seen."""
    return text[:-1] + "\\s" if text.endswith(" ") else text


def _tagged(tag: str, text: str) -> str:
    return _joined(tag, _visible(text))


def _wire(line: Wire, tag: str) -> str:
    side = tag[:-1]
    match line.form:
        case Form.VERBATIM:
            return line.text
        case Form.COOKED:
            return _tagged(tag, cooked_text(line.pieces, line.text))
        case Form.EXACT if line.side == "C":
            return _tagged(tag, cooked_text(line.pieces, line.text))
        case _:
            octets = b"".join(piece for piece in line.pieces if isinstance(piece, bytes))
    if line.form is Form.EXACT:
        return _tagged(tag, escape(octets, cooked=False))
    plain = verbatim(octets)
    if plain is not None:
        return _joined(f"{side}:", plain)
    return _tagged(tag, escape(octets, cooked=False))


def _header(header: Header, transcript: Transcript) -> str:
    key = f"{header.key} {header.argument}" if header.argument else header.key
    value = header.value
    if header.key == "set":
        value = _visible(cooked_text(read(value, header.place)))
    elif header.key == "matrix":
        matrices = transcript.head.matrices
        value = _matrix(next(matrix for matrix in matrices if matrix.place == header.place))
    return _joined(f"{key}:", value)


def _matrix(matrix: Matrix) -> str:
    items = []
    for label, octets in matrix.values:
        text = _visible(escape(octets, cooked=False).replace("|", "\\x7c"))
        items.append(f"{label}={chr(92) + 's' + text[1:] if text.startswith(' ') else text}")
    return " | ".join(items)


def _tls(line: TlsLine) -> str:
    words = ["@tls"]
    words += [str(line.connection)] if line.connection > 1 else []
    if line.version is not None:
        words.append("version=" + cooked_text(line.version, line.text).replace(" ", "\\s"))
    if line.verify is not None:
        words.append(f"verify={'on' if line.verify else 'off'}")
    return " ".join(words)


# ------------------------------------------------------------------------------------- pieces


def _piece(piece: Piece, line: str) -> str:
    match piece:
        case bytes():
            return escape(piece, cooked=True)
        case Function(word=word, arguments=()):
            return f"{{={word}}}"
        case Function(word=word, arguments=arguments):
            return f"{{={word}({', '.join(map(_argument, arguments))})}}"
        case _:
            return _placeholder(piece, line)


def _placeholder(placeholder: Placeholder, line: str) -> str:
    kind, name, sample = "", placeholder.name, placeholder.sample
    if placeholder.regex is not None:
        kind = "/" + placeholder.regex.replace("/", "\\/") + "/"
    elif (
        placeholder.kind != ANY
        or (not name and sample is not None)
        or line.startswith(f"{{{name}:", placeholder.column - 1)
    ):
        kind = ":" + placeholder.kind
    shown = "" if sample is None else "=" + escape(sample, cooked=True)
    return f"{{{name}{kind}{shown}}}"


def _argument(argument: Name | int | str) -> str:
    match argument:
        case Name(name=name):
            return name
        case int():
            return str(argument)
        case _:
            octets = argument.encode("utf-8", "surrogateescape")
            return '"' + escape(octets, cooked=True).replace('"', "\\x22") + '"'
