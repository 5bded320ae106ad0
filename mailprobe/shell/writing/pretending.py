"""XCLIENT and XFORWARD before all else, so as to be taken for another client."""

from mailprobe.errors import Failure, Word
from mailprobe.patterns import pattern
from mailprobe.protocol.catalogue import Then
from mailprobe.protocol.model import Command
from mailprobe.safe import safe
from mailprobe.shell.interface import Shell
from mailprobe.transport.way import family_of
from mailprobe.value import frozen

_NAME = pattern(r"[A-Za-z]+")
_ADDRESSES = ("ADDR", "DESTADDR")  # whose values are addresses
_IPV6 = "IPV6:"  # how Postfix wants these to begin (XCLIENT_README)
_SHOWN = frozenset(range(33, 127)) - frozenset(b"+=")  # RFC 3461, section 4: xchar


@frozen
class Pretence:
    """A command that says who we are: `verb` and its attributes, as they go over the wire."""

    verb: str
    attributes: bytes


def parse(verb: str, text: str) -> Pretence:
    """Read `NAME=value ...`; a value with blanks stands between quotation marks.

    Values are what is meant; they travel in xtext.  Raises Failure USAGE.
    """
    from shlex import split  # where somebody pretends

    option = f"--{verb.lower()}"
    try:
        words = split(text)
    except ValueError as error:
        raise Failure(Word.USAGE, f"{option}: {safe(str(error))}") from None
    pairs = [word.partition("=") for word in words]
    if not pairs or not all(_NAME.fullmatch(name) and equals for name, equals, _ in pairs):
        raise Failure(Word.USAGE, f"{option} is NAME=value ..., not {safe(text) or 'nothing'}")
    return Pretence(verb, b" ".join(_attribute(name, value) for name, _, value in pairs))


def _attribute(name: str, value: str) -> bytes:
    if name.upper() in _ADDRESSES and ":" in value and family_of(value):
        value = _IPV6 + value
    return name.encode("ascii") + b"=" + xtext(value.encode("utf-8", "surrogateescape"))


def xtext(octets: bytes) -> bytes:
    """Write `octets` as RFC 3461, section 4 has it."""
    return b"".join(bytes([octet]) if octet in _SHOWN else b"+%02X" % octet for octet in octets)


def as_asked(shell: Shell, pretences: tuple[Pretence, ...]) -> None:
    """Send them, with hello before them, and behind whatever begins the session anew.

    Raises Failure `refused` where the server does not offer them, or says no.
    """
    for pretence in pretences:
        if not _pretend(shell, pretence):
            return  # interrupted


def _pretend(shell: Shell, pretence: Pretence) -> bool:
    session = shell.session
    if session is None:
        return False
    command = Command(pretence.verb.encode() + b" " + pretence.attributes)
    if session.must_upgrade(command) and not session.upgrade():
        return False
    facts = session.connection.facts
    if facts.offers is None and not shell.send(Command(session.hello_line())):
        return False
    if pretence.verb not in (facts.offers or ()):
        raise Failure(
            Word.REFUSED,
            f"{session.transport.peer} does not offer {pretence.verb}: "
            "servers let few clients use it, by their address",
        )
    if not shell.send(command):
        return False
    last = session.last
    if last is None or not last.replies or last.replies[-1].refused:
        said = safe(last.replies[-1].lines[-1]) if last is not None and last.replies else "nothing"
        raise Failure(Word.REFUSED, f"{pretence.verb} was answered: {said}")
    if session.connection.catalogue.row(command).then is Then.RESTART:
        return shell.send(Command(session.hello_line()))
    return True
