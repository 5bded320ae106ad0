"""What a transcript can become: each format is what it says it is, whatever the file holds."""

import base64
import json
import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import pyte
import pytest

from mailprobe.render.export import tree
from mailprobe.render.export.diagram import written
from mailprobe.render.export.options import Options
from mailprobe.render.export.spoken import Kind, turns
from mailprobe.render.export.table import EXPORTERS
from mailprobe.render.folding import columns
from mailprobe.transcript.model import Include, Transcript, Wire
from mailprobe.value import replace
from tests.render.samples import HARM, HOSTILE, LESSON, pop3, read, smtp

SOURCES = {"lesson": LESSON, "hostile": HOSTILE, "empty": "mailprobe: 1\nprotocol: smtp\n"}
TEXTS = sorted(name for name, row in EXPORTERS.items() if row.text)
_SGR = re.compile(r"\x1b\[[0-9;]*m")


def made(name: str, transcript: Transcript, options: Options | None = None) -> str:
    return EXPORTERS[name].export(transcript, options).decode()


@pytest.fixture(params=sorted(SOURCES))
def transcript(request: pytest.FixtureRequest) -> Transcript:
    return read(SOURCES[request.param])


@pytest.mark.parametrize("name", TEXTS)
def test_the_same_again(name: str, transcript: Transcript) -> None:
    """No clock and no chance: it can be kept beside the transcript."""
    assert made(name, transcript) == made(name, transcript)


@pytest.mark.parametrize("name", TEXTS)
def test_nothing_that_acts(name: str, transcript: Transcript) -> None:
    """No control character, nothing that cannot be seen: a terminal may show the file."""
    text = made(name, transcript)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028]", text)


@pytest.mark.parametrize("name", TEXTS)
def test_a_name_that_is_no_text(name: str) -> None:
    """What the system says of a file name can always be written."""
    transcript = read("mailprobe: 1\nprotocol: smtp\n\nS: 220\n", "\udcff\x1b.mpt")
    assert "xff" in made(name, transcript)


@pytest.mark.parametrize("name", ["html", "svg", "cast", "mermaid"])
def test_a_name_stands_without_its_folder(name: str) -> None:
    """A page that is given away does not tell where its author keeps his files."""
    transcript = read("mailprobe: 1\nprotocol: smtp\n\nS: 220 x\n", "/home/carol/private/x.mpt")
    shown = made(name, transcript)
    assert "x.mpt" in shown
    assert "carol" not in shown


# ---------------------------------------------------------------------------------------- svg


def test_a_picture_is_xml(transcript: Transcript) -> None:
    """Text, one rectangle, one style: no link, no script, nothing from elsewhere."""
    root = ElementTree.fromstring(made("svg", transcript))
    space = "{http://www.w3.org/2000/svg}"
    assert {element.tag for element in root.iter()} <= {
        f"{space}{name}" for name in ("svg", "title", "style", "rect", "text")
    }
    names = {name for element in root.iter() for name in element.attrib}
    assert not [name for name in names if name.startswith("on") or "href" in name]


def test_a_picture_shows_both_sides() -> None:
    """Long lines are cut; every row is inside."""
    root = ElementTree.fromstring(made("svg", smtp("S: 220 " + "x" * 200, "C: QUIT", "S: 550 no")))
    rows = [(element.get("class"), element.text) for element in root.iter() if element.get("y")]
    assert [row for row in rows if row[0] in ("client", "bad")] == [
        ("client", "C: QUIT"),
        ("bad", "S: 550 no"),
    ]
    good = [text for name, text in rows if name == "good" and text]
    assert "".join(good).replace(" ", "") == "S:220" + "x" * 200
    assert all(len(text) <= 88 for text in good)


# --------------------------------------------------------------------------------------- cast


def test_a_cast_is_lines_of_json(transcript: Transcript) -> None:
    """A header, then outputs whose time never goes back."""
    header, *rows = [json.loads(line) for line in made("cast", transcript).split("\n")[:-1]]
    assert header["version"] == 2
    assert (header["width"], header["height"]) == (80, 24)
    assert {row[1] for row in rows} == {"o"}
    times = [row[0] for row in rows]
    assert times == sorted(times)
    text = _SGR.sub("", "".join(row[2] for row in rows))
    assert text.replace("\r\n", "").isprintable()


def test_a_cast_plays_the_dialogue() -> None:
    """Commands are typed key by key; what is waited for is not longer than a viewer waits."""
    transcript = smtp("S@ after 5m", "S: 220 hi", "C: QUIT", "S: 221 bye", "S@ close")
    options = Options(took={8: 0.5})
    _, *rows = [json.loads(line) for line in made("cast", transcript, options).split("\n")[:-1]]
    text = _SGR.sub("", "".join(row[2] for row in rows))
    assert text == (
        "mail\r\nS: 220 hi\r\nC: QUIT\r\nS: 221 bye\r\n"
        "   the connection is closed by the server\r\n"
    )
    assert [_SGR.sub("", row[2]) for row in rows][2:8] == ["C: ", "Q", "U", "I", "T", "\r\n"]
    waits = {_SGR.sub("", after[2]): after[0] - before[0] for before, after in pairwise(rows)}
    assert waits["S: 220 hi\r\n"] == 3.0
    assert waits["S: 221 bye\r\n"] == pytest.approx(0.5)


def test_a_long_command_is_typed_in_time() -> None:
    """Nobody watches a thousand keys."""
    rows = made("cast", smtp("S: 220", "C: " + "x" * 1000)).split("\n")[1:-1]
    assert json.loads(rows[-1])[0] < 6


@pytest.mark.parametrize("explain", [False, True])
def test_a_cast_is_what_the_format_says(transcript: Transcript, *, explain: bool) -> None:
    """asciicast v2: a header with its numbers, then [seconds, code, text] in order, UTF-8."""
    octets = EXPORTERS["cast"].export(transcript, Options(explain=explain))
    assert octets.endswith(b"\n")
    header, *rows = [json.loads(line) for line in octets.decode("utf-8").split("\n")[:-1]]
    assert isinstance(header, dict)
    assert header["version"] == 2
    assert all(type(header[name]) is int and header[name] > 0 for name in ("width", "height"))
    assert isinstance(header["title"], str)
    for row in rows:
        at, code, text = row
        assert type(at) in (int, float)
        assert at >= 0
        assert code in ("o", "i", "m", "r")
        assert isinstance(text, str)
        assert not re.search("[\ud800-\udfff]", text)
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)


def played(transcript: Transcript, options: Options) -> list[str]:
    """What stands on the screen of a terminal at the end, and above it."""
    screen = pyte.HistoryScreen(80, 24, history=1000)
    stream = pyte.Stream(screen)
    for line in made("cast", transcript, options).split("\n")[1:-1]:
        stream.feed(json.loads(line)[2])
    above = ["".join(row[x].data for x in range(80)) for row in screen.history.top]
    return [row.rstrip() for row in [*above, *screen.display] if row.strip()]


def test_a_cast_explains_what_was_said() -> None:
    """Below the reply and its conditions, below a body; in the language that was asked for."""
    transcript = pop3(
        "S: +OK", "C: RETR 1", "S: +OK", "S: x", "S: .", "C: QUIT", "S? +OK", "S+ bye"
    )
    plain = played(transcript, Options())
    assert plain == [
        *("mail", "S: +OK", "C: RETR 1", "S: +OK", "S: x", "S: .", "C: QUIT", "S: +OK"),
        "   with bye",
    ]
    told = played(transcript, Options(explain=True))
    assert [row for row in told if row in plain] == plain
    assert told[told.index("S: .") + 1].startswith("   ")
    assert told[told.index("   with bye") + 1].startswith("   ")
    assert told[told.index("S: x") + 1] == "S: ."
    chinese = "".join(played(transcript, Options(explain=True, language="zh")))
    assert re.search("[\u4e00-\u9fff]", chinese)
    assert not re.search("[\u4e00-\u9fff]", "".join(told))


def test_explanations_of_a_cast_are_dim_and_fit() -> None:
    """No row is cut by the terminal, of wide characters neither; there is time to read."""
    transcript = smtp("S: 220 hi", "C: EHLO x", "S: 250 x", "C: QUIT", "S: 221 bye", "S@ close")
    for language in ("en", "zh"):
        options = Options(explain=True, language=language)
        rows = [json.loads(line) for line in made("cast", transcript, options).split("\n")[1:-1]]
        told = [(at, row) for at, row in enumerate(rows) if row[2].startswith("\x1b[2m   ")]
        assert len(told) == 3
        for at, (_, _, text) in told:
            lines = text.split("\r\n")
            assert lines.pop() == ""
            assert all(line[:4] == "\x1b[2m" and line[-4:] == "\x1b[0m" for line in lines)
            assert max(columns(_SGR.sub("", line)) for line in lines) < 80
            assert rows[at + 1][0] - rows[at][0] >= 1.2


# ---------------------------------------------------------------------------------------- json


def test_the_tree_is_json(transcript: Transcript) -> None:
    """What is read back is what was written, and every line of the file stands in it."""
    found = json.loads(made("json", transcript))
    assert found == tree.document(transcript)
    assert list(found) == ["mailprobe", "name", "headers", "head", "lines"]
    lines = [text for line in found["headers"] + found["lines"] for text in _texts(line)]
    assert lines == transcript.octets.decode().split("\n")[:-1]


def _texts(line: dict[str, object]) -> list[str]:
    """The lines of the file in a line of the tree, those of a block, too."""
    texts = [str(line["text"])]
    inner: list[dict[str, object]] = line.get("lines", [])  # type: ignore[assignment]
    for number, branch in enumerate(line.get("branches", [])):  # type: ignore[arg-type]
        inner = [*inner, *([branch["line"]] if number else []), *branch["lines"]]
    end = [str(line["end"]["text"])] if isinstance(line.get("end"), dict) else []  # type: ignore[index]
    return texts + [text for one in inner for text in _texts(one)] + end


def test_octets_come_back() -> None:
    """As text where they are UTF-8, else in base64; never as half a character."""
    transcript = smtp("C: 你好", r"C\ caf\xe9\r", r"C\ \0\e{x}")
    found = tree.document(transcript)["lines"]
    assert isinstance(found, list)
    assert [line["pieces"] for line in found] == [
        [{"text": "你好"}],
        [{"base64": base64.b64encode(b"caf\xe9\r").decode()}],
        [{"text": "\0\x1b{x}"}],
    ]
    octets = [
        (piece["text"].encode() if "text" in piece else base64.b64decode(piece["base64"])) + b"\r\n"
        for line in found
        for piece in line["pieces"]
    ]
    assert octets == [line.octets for line in transcript.lines if isinstance(line, Wire)]


def test_the_shape_of_the_tree() -> None:
    """The names are a promise: who reads them must not be surprised by a new release."""
    found = json.loads(made("json", read(LESSON)))
    shapes = {line["kind"]: list(line) for line in [*found["headers"], *found["lines"]]}
    wire = ["side", "connection", "form", "pieces"]
    assert shapes == {
        "header": ["kind", "place", "text", "key", "argument", "value"],
        "blank": ["kind", "place", "text"],
        "comment": ["kind", "place", "text"],
        "wire": ["kind", "place", "text", *wire],
        "question": ["kind", "place", "text", "connection", "classes"],
        "title": ["kind", "place", "text", "language", "content"],
        "lesson": ["kind", "place", "text", "tag", "language", "content"],
        "wrong": ["kind", "place", "text", "lines", "end"],
        "alt": ["kind", "place", "text", "branches", "end"],
        "poll": ["kind", "place", "text", "within", "every", "lines", "end"],
        "event": ["kind", "place", "text", "side", "connection", "word", "seconds"],
    }
    (count,) = [line for line in found["lines"] if line["text"].startswith("S~ +OK {count")]
    assert count["pieces"][1] == {
        "kind": "placeholder",
        "name": "count",
        "type": "int",
        "regex": None,
        "sample": {"text": "2"},
        "column": 8,
        "width": 13,
    }
    assert count["place"] == {"file": "x.mpt", "line": 27, "column": 1}
    function = json.loads(made("json", smtp('C~ {=sasl("a", b)}')))["lines"][0]["pieces"][0]
    assert function["arguments"] == ["a", {"kind": "name", "name": "b"}]
    assert found["head"]["titles"] == {"": "Count", "zh": "数一数"}
    assert found["head"]["tags"] == []


# ------------------------------------------------------------------------------------- mermaid


def test_a_diagram_is_one_statement_a_line(transcript: Transcript) -> None:
    """Nothing in a text ends it, begins a comment, or is read as a word of the language."""
    first, title, *rows = made("mermaid", transcript).split("\n")[:-1]
    assert (first, title[:10]) == ("sequenceDiagram", "    title ")
    statement = re.compile(
        r"    (?:participant \w+ as |(?:C->>S\d|S\d-->>C|Note over C,S\d): )"
        r"(?:[^#;%<>&\"'`{}\\$\n]|'|#\d+;|<br/>)*"
    )
    assert [row for row in rows if not statement.fullmatch(row)] == []


@pytest.mark.parametrize(
    "text, code",
    [
        ("RCPT TO:<a@b>", "RCPT TO:#60;a@b#62;"),
        ("a;b#c", "a#59;b#35;c"),
        ("nowrap: x", "no#119;rap: x"),
        ("style x", "#115;tyle x"),
        ("classDef", "#99;lassDef"),
        ("%%{init}%%", "#37;#37;#123;init#125;#37;#37;"),
        ("你好", "你好"),
        ("x" * 101, "x" * 99 + "…"),
    ],
)
def test_text_of_a_diagram(text: str, code: str) -> None:
    """What means something to Mermaid stands there by its number."""
    assert written(text) == code


def test_arrows() -> None:
    """A reply of several lines is one arrow, mail data is one, and so is a body."""
    transcript = pop3(
        *("S: +OK", "C: UIDL", "S: +OK", *(f"S: {n} x" for n in range(1, 9)), "S: .", "C: QUIT"),
        *("S? +OK", "S+ bye", "S- no", "S@ close"),
    )
    assert made("mermaid", transcript).split("\n")[4:-1] == [
        "    S1-->>C: +OK",
        "    C->>S1: UIDL",
        "    S1-->>C: +OK",
        "    S1-->>C: 1 x<br/>2 x<br/>3 x<br/>4 x<br/>5 x<br/>… 4 more lines",
        "    C->>S1: QUIT",
        "    S1-->>C: +OK<br/>with bye<br/>without no",
        "    Note over C,S1: the connection is closed by the server",
    ]
    ehlo = smtp("S: 220 hi", "C: EHLO x", "S: 250-a", "S: 250 b", "S: 421 c")
    assert made("mermaid", ehlo).split("\n")[-3:-1] == [
        "    S1-->>C: 250-a<br/>250 b",
        "    S1-->>C: 421 c",
    ]


# ----------------------------------------------------------------------------------- the turns


def test_what_is_said() -> None:
    """The kinds of what both sides say; files, waits and mistakes in their place."""
    transcript = read(
        "\n".join(
            [
                "mailprobe: 1\nprotocol: smtp\ntls: implicit\nset user: a\n",
                *("S: 220 hi", "C: EHLO me", "S? 250-AUTH LOGIN".replace("-AUTH LOGIN", "|5xx")),
                *("C: AUTH LOGIN", "S: 334 VXNlcm5hbWU6", "C~ {user}", "S: 235 ok"),
                *("@wrong", "C: X", "S? 500", "@end"),
                *("C: MAIL FROM:<>", "S? 250", "C: RCPT TO:<a>", "S? 250", "C: DATA", "S? 354"),
                *("C@ pause 2s", "C< x.txt", "C: .", "S? 250", "S@ within 2s", "S@ reset"),
                "",
            ]
        )
    )
    found = [(turn.side, turn.kind, turn.text) for turn in turns(transcript)]
    assert found[:7] == [
        ("S", Kind.REPLY, "220 hi"),
        ("C", Kind.COMMAND, "EHLO me"),
        ("S", Kind.REPLY, "250 or 5xx"),
        ("C", Kind.COMMAND, "AUTH LOGIN"),
        ("S", Kind.REPLY, "334 VXNlcm5hbWU6"),
        ("C", Kind.ANSWER, "a"),
        ("S", Kind.REPLY, "235 ok"),
    ]
    assert found[13:] == [
        ("C", Kind.PAUSE, ""),
        ("C", Kind.DATA, "(the file x.txt)"),
        ("C", Kind.DATA, "."),
        ("S", Kind.REPLY, "250"),
        ("", Kind.REMARK, "the connection is reset by the server"),
    ]


def test_a_protocol_that_nobody_knows() -> None:
    """Lines, and nothing read into them."""
    transcript = read("mailprobe: 1\nprotocol: raw\n\nC: DATA\nS* x{}\nS: y\n@tls\nS> f\n")
    assert [(turn.kind, turn.text) for turn in turns(transcript)] == [
        (Kind.LINE, "DATA"),
        (Kind.REMARK, "lines like x{}"),
        (Kind.LINE, "y"),
        (Kind.REMARK, "TLS starts here"),
        (Kind.BODY, "(the file f)"),
    ]


def test_hostile_text_is_shown_by_safe() -> None:
    """Whatever a peer said, a turn is printable text of one line."""
    for turn in turns(read(HOSTILE)):
        assert turn.text.isprintable()
    assert HARM[2] in [turn.text.removeprefix("EHLO ") for turn in turns(read(HOSTILE))]


def test_what_is_included() -> None:
    """Its lines are played in their place, and shown inside of the line that includes them."""
    inner = read("mailprobe: 1\nset user: alice\n\nC~ USER {user}\nS: +OK\n", "login.mpt")
    outer = pop3("S: +OK", "@include login.mpt", "C: STAT")
    included = replace(
        next(line for line in outer.lines if isinstance(line, Include)),
        settings=inner.head.settings,
        lines=inner.lines,
    )
    lines = tuple(included if isinstance(line, Include) else line for line in outer.lines)
    transcript = replace(outer, lines=lines)
    assert [turn.text for turn in turns(transcript)] == ["+OK", "USER alice", "+OK", "STAT"]
    page = EXPORTERS["html"].export(transcript, Options(marks={4: "OTHER", 6: "MARKED"})).decode()
    assert (page.count("OTHER"), page.count("MARKED")) == (0, 1)
    assert page.count('<li value="4" class="client">') == 1
