"""Faults of wording: what a terminal, a log or a decoder must not take at its word."""

from functools import partial

from mailprobe.sandbox.faults.model import (
    REPLIES,
    Act,
    Deed,
    FaultSpec,
    Moment,
    Place,
    at,
    row,
    says,
)

_ANY = at(*REPLIES)
_PLAIN = at(Place.GREETING, Place.REPLY)

# name, what is added to the text of each reply, summary, and the same in Chinese
_TEXTS: tuple[tuple[str, bytes, str, str], ...] = (
    (
        "escape-codes",
        b"\x1b[2J\x1b[31mred\x1b[0m\x1b]0;title\x07",
        "codes that clear the screen, colour it and set its title",
        "应答里有清屏、变色、改标题的控制码",
    ),
    (
        "clipboard",
        b"\x1b]52;c;ZWNobyBoZWxsbwo=\x07",
        "a code that writes the clipboard (OSC 52)",
        "应答里有改写剪贴板的控制码（OSC 52）",
    ),
    ("c1-codes", b"\x9b31m \xc2\x9b31m", "control codes of 8 bits", "应答里有 8 位控制码"),
    ("bell", b"\x07\x08\x08", "a bell, and a step back", "应答里有响铃和退格"),
    (
        "bidi",
        "\u202edetpecca ton\u202c".encode(),
        "characters that turn the direction of writing",
        "应答里有改变书写方向的字符",
    ),
    (
        "zero-width",
        "acc\u200bept\u2060ed\u2028250 fine".encode(),
        "characters that nobody sees, and a line end that is none",
        "应答里有看不见的字符和假的换行符",
    ),
    (
        "overwrite",
        b"\r250 2.0.0 All is well",
        "a lone CR, behind which the line is written over",
        "应答里有单独的 CR，用来覆盖整行",
    ),
    (
        "markup",
        b"[red]stop[/red] [/nope] <b>&amp; :skull:",
        "what a program may take for markup",
        "应答里有会被当成标记的文字",
    ),
    ("nul", b"a\0b", "a NUL", "应答里有 NUL"),
    ("latin-1", "Gr\xfc\xdfe".encode("latin-1"), "text in Latin-1", "应答用 Latin-1 编码"),
    ("gb2312", "邮箱不存在".encode("gb2312"), "text in GB 2312", "应答用 GB 2312 编码"),
)


def _with(text: bytes, moment: Moment) -> tuple[Deed, ...]:
    return (moment.octets.removesuffix(b"\r\n") + b" " + text + b"\r\n",)


def _row(name: str, text: bytes, summary: str, chinese: str) -> FaultSpec:
    # What follows 334 is base64, and the last line of EHLO a keyword: they are left alone.
    return row(
        name,
        f"replies hold {summary}" if name != "nul" else "replies hold a NUL",
        chinese,
        Act(_spoken, says=partial(_with, text)),
    )


def _spoken(moment: Moment) -> bool:
    reply = moment.reply
    return (
        _ANY(moment) and reply is not None and len(reply.lines) == 1 and reply.code not in _BASE64
    )


_BASE64 = ("334", "+")


def _echo(moment: Moment) -> tuple[Deed, ...]:
    line = moment.line or moment.command.line
    return (moment.octets.removesuffix(b"\r\n") + b": " + line + b"\r\n",)


def _refused(moment: Moment) -> bool:
    reply = moment.reply
    return moment.place is Place.REPLY and reply is not None and reply.refused


ROWS = (
    *(_row(*text) for text in _TEXTS),
    row(
        "echo",
        "a refusal repeats the whole line that it refuses, secrets too",
        "拒绝时把整行原样重复，连密码也一起",
        says(_refused, _echo),
    ),
)
