"""Local commands that send by design: exact octets, and logins."""

import re

from mailprobe.files import SourceFile
from mailprobe.protocol.items import Raw
from mailprobe.safe import safe
from mailprobe.shell.interface import Shell
from mailprobe.shell.local.table import Argument, LocalCommand, Malformed, session_of, usage
from mailprobe.shell.local.writing import path_of, words_of

_ESCAPE = re.compile(r'\\(?:([rnt0e\\"])|x([0-9A-Fa-f]{2})|(.?))', re.DOTALL)
_ESCAPED = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "e": b"\x1b", "\\": b"\\", '"': b'"'}


def unescape(text: str) -> bytes:
    """The octets that `text` writes, with or without quotation marks around it.

    Raises Failure `usage` for an escape that is none of `\\r \\n \\t \\0 \\e \\xHH \\\\ \\"`.
    """
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    octets, end = b"", 0
    for match in _ESCAPE.finditer(text):
        octets += text[end : match.start()].encode("utf-8", "surrogateescape")
        end = match.end()
        if match[3] is not None:
            raise usage(rf"unknown escape {_shown(match[0])}: known are \r \n \t \0 \e \xHH \\ \"")
        octets += _ESCAPED[match[1]] if match[1] else bytes.fromhex(match[2])
    return octets + text[end:].encode("utf-8", "surrogateescape")


def _shown(escape: str) -> str:
    """One backslash and what stands behind it: `safe()` would double it."""
    return "\\" + safe(escape[1:])


def _raw(shell: Shell, argument: str) -> None:
    session_of(shell)
    if not argument:
        raise Malformed
    if argument.startswith("<"):
        _send_file(shell, argument[1:].strip())
    else:
        shell.send(Raw(unescape(argument)))


def _send_file(shell: Shell, argument: str) -> None:
    """The octets of a file as they are; behind the last of them all that is owed is waited for."""
    words = words_of(argument)
    if len(words) != 1:
        raise Malformed
    with SourceFile(path_of(words[0])) as source:
        before = b""
        for block in source.blocks():
            if before and not shell.put(Raw(before)):
                return
            before = block
        shell.send(Raw(before))


def _send(shell: Shell, argument: str) -> None:
    from mailprobe.shell.writing import composing

    order = composing.read_order(words_of(argument))
    if order is None:
        raise Malformed
    composing.send(shell, order)


def _auth(shell: Shell, argument: str) -> None:
    from mailprobe.shell.writing import login  # and sasl: where somebody logs in

    order = login.read_order(argument.split(), shell.profile)
    if order is None:
        raise Malformed
    login.authenticate(shell, order)


def _apop(shell: Shell, argument: str) -> None:
    if len(argument.split()) != 1 or not argument.isprintable():
        raise Malformed
    from mailprobe.shell.writing import login

    login.apop(shell, argument)


ROWS = (
    LocalCommand(
        "raw",
        r'/raw "TEXT\r\n"|<FILE',
        "send exactly these octets, C escapes undone, or those of a file",
        _raw,
        Argument.TEXT,
    ),
    LocalCommand(
        "send",
        "/send [--from A] [--to B]... [--cc C] [--bcc D] [--subject S] [--header 'N: V'] "
        "[--text FILE] [--html FILE] [--attach FILE] [--charset C] [--ret R] [--envid I] "
        "[--mail-auth A] [--by S;R] [--hold-for S] [--hold-until T] [--mt-priority N] "
        "[--requiretls] [--notify W] [--orcpt A|each] [--mail-parameter K=V] "
        "[--rcpt-parameter K=V] [--chunking[=SIZE]] [--binary] [--pipelined] [--dry-run] "
        "[--anyway] [--body TEXT | FILE]",
        "compose a mail, or take a file, and send it",
        _send,
        Argument.FILE,
    ),
    LocalCommand(
        "auth",
        "/auth MECH [USER] [as AUTHZID] [--initial | --no-initial]",
        "log in by a SASL mechanism; a profile may name user and password file",
        _auth,
        Argument.MECHANISM,
    ),
    LocalCommand("apop", "/apop USER", "log in by APOP", _apop, Argument.TEXT),
)
