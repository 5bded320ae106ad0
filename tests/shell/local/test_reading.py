"""Reading what was fetched, on a shell that only remembers what it was asked for."""

import re
import stat
from base64 import encodebytes
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.errors import Failure
from mailprobe.protocol.connection import catalogue_of
from mailprobe.protocol.model import Command, Protocol
from mailprobe.safe import safe
from mailprobe.session import Exchange, Session
from mailprobe.shell.interface import Shell
from mailprobe.shell.local import commands
from mailprobe.shell.typing.preferences import Preferences
from mailprobe.transport.memory import Scripted

MAIL = (
    b"Subject: =?gbk?B?tPM=?=\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/plain; charset=gb2312\r\n\r\n\xb4\xf3\tx\r\n"
    b"--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n"
    b"Content-Disposition: attachment; filename=../../\x1bx.png\r\n\r\nAAEC*\r\n--b--\r\n"
)


class _Patient(Scripted):
    """Says nothing before somebody waits for it."""

    def poll_receive(self) -> memoryview | None:
        return None


class Desk:
    """A shell with a maildrop that was read already, as far as the test says."""

    columns = 80
    wakeup = None

    def seen_late(self, exchange: Exchange) -> bool:
        return False

    def __init__(
        self, *said: tuple[bytes, bytes], protocol: Protocol = Protocol.POP3, fold: int = 5
    ) -> None:
        self.text = ""
        self.styles: list[str] = []
        self.paged: list[str] = []
        self.filtered: list[tuple[bytes, Sequence[str]]] = []
        self.rows: list[Sequence[str | bytes]] = []
        self.preferences = Preferences()
        self.fold = fold
        greeting = b"+OK\r\n" if protocol is Protocol.POP3 else b"220 mx\r\n"
        link = _Patient([greeting, *(reply for _, reply in said)], ending=None)
        self.session = Session(catalogue_of(protocol))
        self.session.attach(link)
        for line, _ in said:
            self.session.send(Command(line))
            self.session.wait()

    def write(self, text: str) -> None:
        self.text += text

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str | bytes]]) -> None:
        self.rows += rows

    def paint(self, style: str, text: str) -> str:
        self.styles.append(style)
        return text

    def page(self, pieces: Iterable[str]) -> None:
        self.paged.append("".join(pieces))

    def filter(self, octets: Iterable[bytes], words: Sequence[str]) -> None:
        self.filtered.append((b"".join(octets), words))

    def run(self, line: str) -> str:
        """Run a local command; what it wrote."""
        self.text = ""
        commands.run(cast(Shell, self), line)
        return self.text


def body(octets: bytes) -> bytes:
    return b"+OK\r\n" + octets + b".\r\n"


def reader(**how: int) -> Desk:
    return Desk((b"RETR 3", body(MAIL)), (b"TOP 3 0", body(b"Subject: top\r\n\r\n")), **how)  # type: ignore[arg-type]


# ------------------------------------------------------------------------------ which one is meant


def test_which_message_is_meant() -> None:
    """By its number the whole one, without a number the last one."""
    desk = reader()
    assert desk.run("/headers 3").startswith("Subject: 大\n")
    assert desk.run("/headers") == "Subject: top\n"


@pytest.mark.parametrize(
    "line, sentence",
    [
        ("/headers 4", "message 4 has not been read yet: send RETR 4"),
        ("/page 4", "message 4 has not been read yet: send RETR 4"),
        ("/mime 3 9", "there is no part 9: /mime shows the parts, 1 to 3"),
        ("/mime 3 3", "part 3 is image/png, 5 octets, ../../\\u{1b}x.png: /body-save FILE 3 saves"),
        ("/mime 0", "write /mime [N [PART]]"),
        ("/mime 1 2 3", "write /mime [N [PART]]"),
        ("/page x", "write /page [-r] [N]"),
        ("/body-save", "write /body-save FILE [PART [N]]"),
        ('/pipe "x', "the words cannot be told apart: no closing quotation"),
        ("/pipe", "write /pipe COMMAND"),
    ],
)  # fmt: skip
def test_what_is_not_there(line: str, sentence: str) -> None:
    """A sentence that says what to send, or to write."""
    with pytest.raises(Failure, match=re.escape(sentence)):
        reader().run(line)


def test_nothing_was_read() -> None:
    """Before the first message, after a refusal, and in a protocol without messages."""
    for desk, line, sentence in (
        (Desk((b"STAT", b"+OK 2 3\r\n")), "/mime", "no message has been read yet: send RETR 1"),
        (Desk((b"RETR 1", b"-ERR no\r\n")), "/mime", "no message has been read yet"),
        (Desk((b"STAT", b"+OK 2 3\r\n")), "/pipe cat", "has no body: send RETR N"),
        (Desk((b"STAT", b"+OK 2 3\r\n")), "/body-save x", "has no body: send RETR N"),
        (Desk(), "/page", "nothing was answered yet"),
        (Desk(protocol=Protocol.SMTP), "/mime", "messages are read in POP3"),
    ):
        with pytest.raises(Failure, match=sentence):
            desk.run(line)


def test_octets_that_are_no_longer_kept() -> None:
    """Only the newest bodies are; the sentence says to fetch it again."""
    many = [(b"RETR %d" % number, body(b"x\r\n")) for number in range(1, 11)]
    desk = Desk(*many)
    with pytest.raises(Failure, match="its octets are no longer kept: send RETR 1 again"):
        desk.run("/mime 1")


# -------------------------------------------------------------------------------------- as it came


def test_page_shows_all_of_it() -> None:
    """Made safe, or with -r as it came."""
    desk = Desk((b"RETR 1", body(b"a\x1b[m\r\n..b\r\n" + b"c\r\n" * 1000)))
    desk.run("/page")
    desk.run("/page -r 1")
    assert desk.paged[0] == "a\\u{1b}[m\n.b\n" + "c\n" * 1000
    assert desk.paged[1] == "a\x1b[m\r\n.b\r\n" + "c\r\n" * 1000


def test_page_of_a_listing_is_a_table() -> None:
    """Every row of it, and what else is known of the messages."""
    desk = Desk(
        (b"UIDL", body(b"1 abc\r\n2 def\r\n")),
        (b"LIST", body(b"1 10\r\n2 2000\r\n")),
    )
    desk.run("/page")
    assert desk.paged == [
        "  number  octets  unique-id\n       1      10  abc\n       2    2000  def\n"
    ]
    odd = Desk((b"LIST", body(b"none\r\n")))
    odd.run("/page")
    assert odd.paged == ["none\n"]


def test_page_of_a_reply() -> None:
    """SMTP has no bodies: the Nth reply back."""
    desk = Desk(
        (b"HELP", b"214-a\r\n214 \x1b\r\n"), (b"NOOP", b"250 ok\r\n"), protocol=Protocol.SMTP
    )
    desk.run("/page 2")
    desk.run("/page -r 2")
    assert desk.paged == ["214-a\n214 \\u{1b}\n", "214-a\r\n214 \x1b\r\n"]
    assert desk.run("/raw-view") == "250 ok\\r\\n\n"


def test_raw_view() -> None:
    """CR, LF, NUL and 8-bit; what is longer than the screen goes to the pager."""
    desk = Desk((b"RETR 1", body(b"a\0\xe9\r\n")))
    assert desk.run("/raw-view") == "a\\0\\xe9\\r\\n\n"
    long = Desk((b"RETR 1", body(b"a\r\n" * 6)))
    assert long.run("/raw-view 1") == ""
    assert long.paged == ["a\\r\\n\n" * 6]


# ------------------------------------------------------------------------------------- as messages


def test_mime_shows_the_tree_and_the_text() -> None:
    """Main headers, parts, what is wrong, and the beginning of the first text."""
    desk = reader()
    text = desk.run("/mime 3")
    assert text.startswith("Subject: 大\n")
    assert [tuple(row) for row in desk.rows] == [
        ("1", "multipart/mixed", "", "", f"{len(MAIL) - MAIL.index(b'--b')} octets", ""),
        ("2", "  text/plain", "gb2312", "", "4 octets", ""),
        ("3", "  image/png", "", "base64", "5 octets", "../../\\u{1b}x.png (attachment)"),
    ]
    assert "note: part 2: gb2312 read as GB18030, its superset\n" in text
    assert "note: part 3: octets in base64 that do not belong there\n" in text
    assert text.endswith("\n\n大       x\n")


def test_a_long_text_is_folded() -> None:
    """The hint names the command that shows it whole, which pages it."""
    desk = Desk((b"RETR 7", body(b"\r\n" + b"x\r\n" * 9)))
    assert desk.run("/mime").endswith("\n" + "x\n" * 5 + "... 4 more lines: /mime 7 1\n")
    desk.run("/mime 7 1")
    assert desk.paged == ["x\n" * 9]


def test_html_is_shown_where_there_is_nothing_else() -> None:
    """As its source; without any text the tree is all."""
    desk = Desk((b"RETR 1", body(b"Content-Type: text/html\r\n\r\n<b>x</b>\r\n")))
    assert desk.run("/mime").endswith("\n<b>x</b>\n")
    assert Desk((b"RETR 1", body(b"Content-Type: image/png\r\n\r\nx\r\n"))).run("/mime") == ""


def test_many_defects_are_told_in_few_lines() -> None:
    """A thousand parts that are wrong do not fill the scrollback."""
    part = b"--b\r\nContent-Transfer-Encoding: nonsense\r\n\r\n\r\n"
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    text = Desk((b"RETR 1", body(head + part * 300 + b"--b--\r\n"))).run("/mime")
    assert text.count("note: ") == 101
    assert "note: and 200 more of that\n" in text


# ---------------------------------------------------------------------------------- somewhere else


def test_body_save(tmp_path: Path) -> None:
    """The whole body, or a part of it decoded, for its owner alone."""
    desk = Desk((b"RETR 3", body(MAIL)))
    desk.columns = 0  # one line is one line
    whole, part = tmp_path / "whole one", tmp_path / "part"
    assert desk.run(f"/body-save '{whole}'").endswith(f"octets saved into {whole}\n")
    assert whole.read_bytes() == MAIL
    assert desk.run(f"/body-save {part} 3 3") == f"3 octets saved into {part}\n"
    assert part.read_bytes() == b"\0\1\2"
    assert stat.S_IMODE(part.stat().st_mode) == stat.S_IMODE(whole.stat().st_mode) == 0o600


def test_body_save_overwrites_nothing(tmp_path: Path) -> None:
    """Neither a file nor what a link points at; the names in the mail are no paths."""
    desk = Desk((b"RETR 3", body(MAIL)))
    (tmp_path / "there").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("there", "link"):
        with pytest.raises(Failure, match="is not overwritten"):
            desk.run(f"/body-save {tmp_path / name} 3")
    assert (tmp_path / "there").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "there"]


def test_pipe_gives_the_body_to_the_words() -> None:
    """As the person wrote them, and no shell reads them."""
    desk = Desk((b"RETR 1", body(b"x\r\n")))
    desk.run("/pipe grep 'a b' $HOME ; *")
    assert desk.filtered == [(b"x\r\n", ["grep", "a b", "$HOME", ";", "*"])]


@given(st.binary(max_size=300).filter(lambda octets: b"\n." not in octets and octets[:1] != b"."))
def test_everything_that_is_shown_is_safe(octets: bytes) -> None:
    """Whatever a message holds: text, names, headers; `-r` alone is as it came."""
    head = b'Content-Type: multipart/mixed; boundary="b"\r\nSubject: \x1b]0;x\x07\r\n\r\n--b\r\n'
    desk = Desk((b"RETR 1", body(head + octets + b"\r\n")))
    shown = "".join(desk.run(line) for line in ("/headers", "/mime", "/raw-view"))
    desk.run("/page")
    shown += "".join(desk.paged)
    assert all(safe(piece) == piece for piece in _pieces(shown))
    assert all(safe(piece) == piece for row in desk.rows for cell in row for piece in _pieces(cell))


def _pieces(text: str | bytes) -> Iterator[str]:
    assert isinstance(text, str)  # cells with octets would go through safe() in the table
    for line in text.split("\n"):
        yield from line.split("\\")


# ------------------------------------------------------------------------- what stands beside them


def test_fold_is_a_setting() -> None:
    """Rows, off or auto; nothing else."""
    desk = Desk()
    for value, rows in (("20", 20), ("off", 0), ("AUTO", None)):
        commands.run(cast(Shell, desk), f"/set fold {value}")
        assert desk.preferences.fold == rows
    for value in ("0", "x", "-1", "9" * 30, "\u0663"):
        with pytest.raises(Failure, match="fold is a number of rows, off, or auto"):
            commands.run(cast(Shell, desk), f"/set fold {value}")


def test_capabilities_before_and_after_tls() -> None:
    """What is new over TLS, what changed, and what is not there any more."""
    desk = Desk(
        (b"CAPA", body(b"TOP\r\nSASL PLAIN\r\nSTLS\r\n")),
        (b"STLS", b"+OK go\r\n"),
        (b"CAPA", body(b"TOP\r\nSASL PLAIN LOGIN\r\nUSER\r\n")),
    )
    desk.run("/caps")
    assert [(row[0], row[2]) for row in desk.rows] == [
        (b"TOP", ""),
        (b"SASL PLAIN LOGIN", "changed"),
        (b"USER", "new"),
        (b"STLS", "not any more"),
    ]


def test_capabilities_without_tls() -> None:
    """Two columns; also where nobody asked before TLS."""
    desk = Desk((b"CAPA", body(b"TOP\r\n")))
    desk.run("/caps")
    assert [len(row) for row in desk.rows] == [2]
    late = Desk((b"STLS", b"+OK go\r\n"), (b"CAPA", body(b"TOP\r\n")))
    late.run("/caps")
    assert [len(row) for row in late.rows] == [2]


# ------------------------------------------------------------------------------- endless lines


def endless(size: int, **how: int) -> Desk:
    """A text of one line, that travelled in base64."""
    octets = encodebytes(b"x" * size).replace(b"\n", b"\r\n")
    mail = b"Content-Transfer-Encoding: base64\r\n\r\n" + octets
    return Desk((b"RETR 1", body(mail)), **how)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [30_000, 2_000_000])
def test_an_endless_line_of_a_text_is_folded(size: int) -> None:
    """/mime shows as many rows of it as a screen has, and says where the rest is."""
    desk = endless(size)
    *_, shown, rest, _ = desk.run("/mime").split("\n")
    assert shown == "x" * 400
    assert rest.startswith("... ")
    assert rest.endswith(": /mime 1 1")
    assert "more characters of this line" in rest or "the rest of 2.7 MB" in rest
    assert desk.run("/mime 1 1") == ""
    assert desk.paged == ["x" * size + "\n"]


def test_endless_octets_are_paged() -> None:
    """/raw-view, and the headers of a mail that has nothing else."""
    desk = Desk((b"RETR 1", body(b"X: " + b"x" * 60_000 + b"\r\n\r\n")))
    assert desk.run("/raw-view") == desk.run("/headers") == ""
    assert [len(text) > 60_000 for text in desk.paged] == [True, True]


def test_last_shows_a_screen() -> None:
    """Rows as wide as the terminal, of a reply and of a body; the rest is where it says."""
    mail = b"".join(b"%d" % number * 200 + b"\r\n" for number in range(1, 9))
    desk = Desk((b"STAT", b"+OK " + b"x" * 2000 + b"\r\n"), (b"RETR 7", body(mail)))
    shown = desk.run("/last").split("\n")
    assert shown[1:4] == ["S: +OK", "S: " + "1" * 200, "... 7 more lines: /page 7"]
    shown = desk.run("/last 2").split("\n")
    assert (len(shown[1]), shown[2]) == (400, "... 1,607 more characters of this line")
    desk = Desk((b"STAT", b"+OK " + b"x" * 2000 + b"\r\n"))
    assert desk.run("/last").split("\n")[2].endswith(" of this line: /page")
    desk.run("/page")
    assert len(desk.paged[0]) == 2005


def test_last_of_many_octets() -> None:
    """No more of a body is read than somebody may look at."""
    desk = Desk((b"RETR 7", body(b"x\r\n" * 40_000)), fold=0)
    desk.columns = 0
    assert desk.run("/last").split("\n")[-4:-2][0].startswith("... ")


def test_page_finds_a_reply_that_was_folded() -> None:
    """Behind a listing, too; a short reply is not what anybody pages."""
    long = b"+OK " + b"x" * 2000 + b"\r\n"
    desk = Desk((b"LIST", body(b"1 2\r\n")), (b"STAT", long), (b"NOOP", b"+OK\r\n"))
    desk.run("/page")
    assert desk.paged == [long.decode().replace("\r\n", "\n")]


@pytest.mark.slow
def test_a_large_text_has_all_its_lines() -> None:
    """Wherever its pieces are cut: TAB and line ends as in a small one."""
    lines = b"".join(b"%d\tcaf\xc3\xa9\r\n" % number for number in range(120_000))
    head = b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
    desk = Desk((b"RETR 1", body(head + lines)))
    desk.run("/mime 1 1")
    assert desk.paged[0].split("\n") == lines.decode().expandtabs(8).split("\r\n")
