"""Transcripts for tests of what is rendered: a whole one, and one that wants to do harm."""

from mailprobe.transcript.model import Transcript
from mailprobe.transcript.parse import parse

# What no reader of any format may take for more than text.
HARM = (
    "</title></style></script></text></svg><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "[link=file:///etc/passwd]x[/nope] [red]x[/red] :skull:",
    "--> ]]> &lt; &amp; {{constructor}} ${x} `x` $$x$$",
    "wrap: # ; end note over C: style x:y#59; classDef a:b#59; %%",
    "javascript:alert(1)",
)
HOSTILE = "\n".join(
    [
        "mailprobe: 1",
        f"title: {HARM[0]}",
        f"title zh: {HARM[1]}",
        "lang: en zh",
        *(f"# {text}" for text in HARM),
        "protocol: smtp",
        f"connect: {HARM[5]}:25",
        f"lock: {HARM[2]}",
        "",
        *(f"S: 220-{text}" for text in HARM),
        "S: 220 ready",
        r"S\ 220-variation\u{fe0f} filler\u{3164} braille\u{2800}",  # printable, and not to be seen
        r"S\ 220 \e]0;evil\x07\e[2J\u{202e}\u{2028}\xff\r<script>",
        *(f"{tag} {text}" for text in HARM for tag in ("|en", "|zh", "?en", "==", "==zh", "#")),
        *(f"C: EHLO {text}" for text in HARM),
        "S? 250",
        r"S+ {x=</code>\e[2J<script>} [/nope]",
        "@assert body contains </code><script>",
        "C< </code><script>[/nope].eml",
        "",
    ]
)

LESSON = """\
mailprobe: 1
title: Count
title zh: 数一数
protocol: pop3
connect: 127.0.0.1:110
lang: en zh
set user: alice

S: +OK ready
C~ USER {user}
S: +OK
C~ PASS {password}
S? +OK
== How many wait?
==zh 有几封？
|en STAT gives two numbers.
|zh STAT 返回两个数。
?en Four letters.
?zh 四个字母。
@wrong
C~ {/(count|messages)/=count}
S? -ERR
|en Not that.
|zh 不是这个。
@end
C: STAT
S~ +OK {count:int=2} {octets:int=1411}
@alt yes
S? +OK
S+ more
@or no
S? -ERR
@end
@poll within=60s every=3s
S2? +OK
C2: QUIT
@end
# the end
C: QUIT
S? +OK
S@ close
"""


def read(text: str, name: str = "x.mpt") -> Transcript:
    return parse(text.encode(), name)


def smtp(*lines: str) -> Transcript:
    return read("\n".join(["mailprobe: 1", "title: mail", "protocol: smtp", "", *lines, ""]))


def pop3(*lines: str) -> Transcript:
    return read("\n".join(["mailprobe: 1", "title: mail", "protocol: pop3", "", *lines, ""]))
