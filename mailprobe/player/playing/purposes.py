"""What a secret is for, in the words of a question: whose it is, and who hears it.

Only what the file says; nothing here knows the value.
"""

from mailprobe.patterns import pattern
from mailprobe.player.playing.prepared import Prepared
from mailprobe.safe import safe
from mailprobe.transcript.model import Line

# Whom a login speaks for: in the line itself, or in one before it (RFC 1939, section 7).
_LOGIN = pattern(r'\{=(?:sasl|apop)\("([^"{}]{1,80})"')
_USER = pattern(r"C([0-9]*)[:~] ?(?:USER|APOP) +([^ {}]{1,80})")
_SAID = pattern(r"C([0-9]*)[:~]")
_FIRST = 1  # the connection of a line without a number


def purpose_of(prepared: Prepared, line: Line) -> str:
    """`of bob on pop3 sandbox`, or as much of it as the file tells; "" for nothing."""
    said = _SAID.match(line.text)
    number = _number(said[1]) if said is not None else _FIRST
    user, host = _user_of(prepared, line, number), _host_of(prepared, number)
    words = ([f"of {safe(user)}"] if user else []) + ([f"on {safe(host)}"] if host else [])
    return " ".join(words)


def _user_of(prepared: Prepared, line: Line, number: int) -> str:
    if (login := _LOGIN.search(line.text)) is not None:
        return login[1]
    user = ""
    for each in prepared.transcript.walk():
        said = _USER.match(each.text)
        if said is not None and _number(said[1]) == number:
            user = said[2]
        if each is line:
            break
    return user


def _host_of(prepared: Prepared, number: int) -> str:
    """Where it goes: as the command line says, or the file."""
    peer = prepared.head.peers.get(number)
    named = prepared.options.servers.get(number) or (peer.connect if peer is not None else "")
    protocol = peer.protocol if peer is not None else ""
    return named if "://" in named else f"{protocol} {named}".strip()


def _number(text: str) -> int:
    return int(text) if text else _FIRST
