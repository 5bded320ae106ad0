"""The header of a transcript: each key of the table, and what is refused."""

import pytest

from mailprobe.transcript.model import Function, Head, Header, Level, Matrix, Peer, Place, Setting
from mailprobe.transcript.model import Unreadable as Fault
from mailprobe.transcript.parse import faults, parse
from mailprobe.transcript.reading.headers import KEYS


def head(*lines: str) -> Head:
    return parse("\n".join(["mailprobe: 1", *lines, ""]).encode(), "a.mpt").head


def fault(*lines: str) -> Fault:
    (found,) = faults("\n".join(["mailprobe: 1", *lines, ""]).encode(), "a.mpt")
    return found


def test_a_header_with_everything() -> None:
    """Each key has its place in what the header says."""
    read = head(
        *("title: hello", "title zh: 你好", "protocol: smtp", "connect: 127.0.0.1:25"),
        *("tls: implicit", "ca: ca.pem", "protocol 2: pop3", "connect 2: localhost:110"),
        *("tls 2: none", "ca 2: other.pem", "match: class", "timeout: 500ms"),
        *("requires: STARTTLS, auth  XOAUTH2,SIZE", "set id: {=uuid}", "set empty:"),
        *(r"matrix eod: lf=\n.\n | none= | bar=\x7c\s", "lock: maildrop-alice"),
        *("tags: security, intrusive", "lang: en zh", "lesson: pop3-02", "needs: pop3-01"),
        *("recorded: 2026-11-23T02:20:00Z", "source: RFC 1939"),
    )
    assert read == Head(
        titles={"": "hello", "zh": "你好"},
        peers={
            1: Peer("smtp", "127.0.0.1:25", True, "ca.pem", Place("a.mpt", 5, 10)),
            2: Peer("pop3", "localhost:110", False, "other.pem", Place("a.mpt", 9, 12)),
        },
        level=Level.CLASS,
        timeout=0.5,
        requires=(("STARTTLS",), ("AUTH", "XOAUTH2"), ("SIZE",)),
        settings=(
            Setting("id", (Function("uuid", ()),), Place("a.mpt", 15)),
            Setting("empty", (), Place("a.mpt", 16)),
        ),
        matrices=(
            Matrix("eod", (("lf", b"\n.\n"), ("none", b""), ("bar", b"| ")), Place("a.mpt", 17)),
        ),
        lock="maildrop-alice",
        tags=frozenset({"security", "intrusive"}),
        languages=("en", "zh"),
        lesson="pop3-02",
        needs=("pop3-01",),
        recorded="2026-11-23T02:20:00Z",
        source="RFC 1939",
    )


def test_the_least_header() -> None:
    """One line is enough; the level is that of a recording."""
    assert head() == Head()
    assert Head().level is Level.CODE


def test_lines_of_a_header_are_kept() -> None:
    """Comments too; blanks behind a value do not belong to it, but for a setting."""
    read = parse(b"mailprobe: 1\n# x\ntitle  zh: y  \nlang: zh\nset  a:  b\n\n", "a.mpt")
    assert [line.text for line in read.headers] == [
        *("mailprobe: 1", "# x", "title  zh: y  ", "lang: zh", "set  a:  b", ""),
    ]
    titled, setting = read.headers[2], read.headers[4]
    assert isinstance(titled, Header)
    assert (titled.key, titled.argument, titled.value) == ("title", "zh", "y")
    assert isinstance(setting, Header)
    assert read.head.settings[0].pieces == (b" b",)


@pytest.mark.parametrize(
    "text",
    [
        *("host", "host:1", "host:65535", "[::1]:25", "[::1]", "::1", "smtp://host:25"),
        *("sandbox+slow:2s", "sandbox/mx+slow:2s@1"),
        *("smtp://host:25/", "smtp://host", "sandbox", "sandbox/muse", "unix:/a:0", "/run/a:0"),
    ],
)
def test_where_to_connect(text: str) -> None:
    """A port is looked at where there is one; what else may stand there is for the player."""
    assert head(f"connect: {text}").peers[1].connect == text


@pytest.mark.parametrize("key", ["protocol", "title", "match"])
def test_one_blank_behind_the_colon(key: str) -> None:
    """A second one is an error, as it is behind every other tag: the caret is below it."""
    (found,) = faults(f"mailprobe: 1\n{key}:  smtp\n".encode(), "a.mpt")
    assert found.reason == "one blank is expected"
    assert found.place == Place("a.mpt", 2, len(key) + 3)


def test_the_place_of_a_peer_is_that_of_its_address() -> None:
    """Or of the first line that speaks of it."""
    peers = head("tls: none", "protocol: smtp", "protocol 2: pop3", "connect 2: x").peers
    assert peers[1].place == Place("a.mpt", 2, 6)
    assert peers[2].place == Place("a.mpt", 5, 12)


@pytest.mark.parametrize("text, seconds", [("1ms", 0.001), ("20s", 20), ("1440m", 86400)])
def test_times(text: str, seconds: float) -> None:
    """Milliseconds, seconds and minutes, up to a day."""
    assert head(f"timeout: {text}").timeout == seconds


REFUSED = [
    ("titel: x", 1, 5, 'unknown header "titel": did you mean "title"?'),
    ("shell: rm -rf /", 1, 5, 'unknown header "shell": known are: ca, connect,'),
    ("title x", 1, 7, "a header line is expected here, like `title: hello`"),
    ("title:x", 1, 7, "a header line is expected here, like `title: hello`"),
    ("Title: x", 1, 8, "a header line is expected here, like `title: hello`"),
    ("- title: x", 1, 10, "a header line is expected here, like `title: hello`"),
    ("title:", 1, 6, '"title" says nothing: a value is expected'),
    ("match x: code", 6, 2, '"match" is followed by its colon at once'),
    ("connect: host:0", 15, 1, 'a port is a number from 1 to 65535, and "0" came'),
    ("connect: host:65536", 15, 5, 'a port is a number from 1 to 65535, and "65536" came'),
    ("connect: [::1]:99999", 16, 5, "a port is a number from 1 to 65535"),
    ("connect: smtp://host:00000", 22, 5, "a port is a number from 1 to 65535"),
    ("connect: host:smtp", 15, 4, "a port is a number from 1 to 65535"),
    ("connect: host:", 15, 1, "a port is a number from 1 to 65535"),
    ("connect 2: host:٣", 17, 1, "a port is a number from 1 to 65535"),
    ("connect 1: x", 8, 2, "a connection is 2 to 9; the first one has no number"),
    ("connect 10: x", 8, 3, "a connection is 2 to 9; the first one has no number"),
    ("connect x: x", 8, 2, "a connection is 2 to 9; the first one has no number"),
    ("title ENG: x", 6, 4, '"ENG" is no language: expected one like en or zh'),
    ("title zh: x", 1, 11, 'language "zh" is not in the header `lang:`, which is not there'),
    ("set: x", 4, 1, '"set" wants a name: a-z, then a-z 0-9 - _'),
    ("set X: x", 4, 2, '"set" wants a name: a-z, then a-z 0-9 - _'),
    ("protocol: imap", 11, 4, 'expected one of smtp, lmtp, pop3, raw, and "imap" came'),
    ("tls: yes", 6, 3, 'expected one of none, implicit, and "yes" came'),
    ("match: all", 8, 3, 'expected one of class, code, text, and "all" came'),
    ("timeout: 1000000000s", 10, 11, 'expected a time like 500ms, 2s or 5m, and "1000000000s"'),
    ("timeout: 999999999s", 10, 10, "a time is more than nothing and at most a day (1440m)"),
    ("timeout: 0s", 10, 2, "a time is more than nothing and at most a day (1440m)"),
    ("timeout: -1s", 10, 3, "expected a time like 500ms, 2s or 5m"),
    ("timeout: nan", 10, 3, "expected a time like 500ms, 2s or 5m"),
    ("timeout: 1e3s", 10, 4, "expected a time like 500ms, 2s or 5m"),
    ("timeout: 20", 10, 2, "expected a time like 500ms, 2s or 5m"),
    ("requires: STARTTLS, ,", 20, 1, "expected keywords like STARTTLS, AUTH PLAIN"),
    ("requires: ,", 11, 1, "expected keywords like STARTTLS, AUTH PLAIN"),
    ("requires: STARTTLS,,SIZE", 20, 1, "expected keywords like STARTTLS, AUTH PLAIN"),
    ("requires: STARTTLS,", 20, 1, "expected keywords like STARTTLS, AUTH PLAIN"),
    ("requires: é", 11, 1, "expected keywords like STARTTLS, AUTH PLAIN"),
    ("set a: {b}", 8, 3, "a setting holds no placeholder; functions it may"),
    ("set a: x{=sasl}", 9, 7, "{=sasl} answers a server: it cannot be set"),
    ("set a: {=apop}", 8, 7, "{=apop} answers a server: it cannot be set"),
    ("set a: x ", 9, 1, "a blank at the end cannot be seen: write \\s"),
    (r"set a: x\q", 9, 2, r"unknown escape \q"),
    ("matrix a: x=1 ", 14, 1, "a blank at the end cannot be seen: write \\s"),
    ("matrix a: x=1 | y", 16, 2, "expected label=value, and a bar between two of them"),
    ("matrix a: x=1 || y=2", 16, 1, "expected label=value, and a bar between two of them"),
    ("matrix a: x y=1", 11, 5, "expected label=value, and a bar between two of them"),
    ("matrix a: x=1|x=2", 15, 3, 'two values are labelled "x"'),
    (r"matrix a: x=1 | y=  a\q", 22, 2, r"unknown escape \q"),
    ("tags: a, b!", 10, 2, '"b!" is no word for this header'),
    ("tags: a, b, a", 13, 1, '"a" stands here twice'),
    ("lang: en english", 10, 7, '"english" is no word for this header'),
    ("mailprobe: 1", 1, 12, "this header stands in line 1 already"),
]


@pytest.mark.parametrize("line, column, width, sentence", REFUSED)
def test_what_is_refused(line: str, column: int, width: int, sentence: str) -> None:
    """Unknown keys, arguments and values are errors, each at its place."""
    found = fault(line)
    assert found.reason.startswith(sentence)
    assert (found.place, found.width) == (Place("a.mpt", 2, column), width)
    assert found.text == line


@pytest.mark.parametrize("key", sorted(KEYS))
def test_no_header_stands_twice(key: str) -> None:
    """Not one of the table; with another argument it is another header."""
    values = {"protocol": "smtp", "tls": "none", "match": "code", "timeout": "1s", "lang": "en"}
    line = f"{key}{' a' if key in ('set', 'matrix') else ''}: {values.get(key, 'x=1')}"
    if key in ("tags", "needs", "requires"):
        line = f"{key}: x"
    lines = ["mailprobe: 1", line, line] if key != "mailprobe" else ["mailprobe: 1"] * 2
    (found,) = faults("\n".join(lines).encode(), "a.mpt")
    assert found.reason == f"this header stands in line {len(lines) - 1} already"
    assert found.place.line == len(lines)


def test_a_name_is_set_or_in_a_matrix() -> None:
    """Both would be two values of one name."""
    found = fault("set a: 1", "matrix a: x=1")
    assert found.reason == '"a" is set in line 2'
    assert found.place.line == 3


def test_a_title_in_a_language_that_others_have() -> None:
    """The sentence says which there are."""
    found = fault("title de: x", "lang: en zh")
    assert found.reason == 'language "de" is not in the header `lang:`, which names en zh'


def test_a_matrix_has_an_end() -> None:
    """Ten thousand values, no more."""
    values = "|".join(f"v{number}=x" for number in range(10_001))
    assert fault(f"matrix a: {values}").reason == "a matrix has at most 10000 values"
