"""What may stand where a value is due: the same for every shell."""

from collections.abc import Sequence

from mailprobe.commands.forms import Argument, Form, Option
from mailprobe.commands.table import SUBCOMMANDS
from mailprobe.enums import Enum, auto
from mailprobe.lessons.course import course_of
from mailprobe.messages.envelope import EACH
from mailprobe.protocol import sasl
from mailprobe.protocol.model import Protocol
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import LMTP, SMTP
from mailprobe.sandbox.profiles import PROFILES as PLAYED
from mailprobe.shell.piping.stopping import ALIASES, stages
from mailprobe.value import frozen


class Kind(Enum):
    """Where candidates come from."""

    NOTHING = auto()  # nobody knows what it may be
    WORDS = auto()
    FILE = auto()
    FOLDER = auto()
    PROFILE = auto()  # one of the words, or a profile
    TARGET = auto()  # a host, the sandbox, or a profile
    HOST = auto()


@frozen
class Values:
    kind: Kind
    words: tuple[str, ...] = ()


# besides hosts and profiles
TARGETS = ("sandbox", *(f"sandbox/{name}" for name in PLAYED), "unix:/")
# What lists the profiles, a name a line, and which of them are names: the rest is left out.
PROFILES = "command mailprobe completion --profiles 2>/dev/null"
# How a value is called, and what that means.
_KINDS = {
    "FILE": Values(Kind.FILE),
    "PATH": Values(Kind.FILE),
    "FILE|FOLDER": Values(Kind.FILE),
    "DIR": Values(Kind.FOLDER),
    "FOLDER": Values(Kind.FOLDER),
    "DOMAIN": Values(Kind.HOST),
    "ADDRESS|DOMAIN": Values(Kind.HOST),
    "HOST": Values(Kind.HOST),
    "TARGET": Values(Kind.TARGET),
    "PROFILE": Values(Kind.WORDS, tuple(PLAYED)),
    "MECH": Values(Kind.WORDS, (*sasl.MECHANISMS, "APOP")),
    "STAGE": Values(
        Kind.WORDS, tuple(dict.fromkeys((*ALIASES, *stages(SMTP), *stages(LMTP), *stages(POP3))))
    ),
    "LESSON": Values(Kind.WORDS, tuple(lesson.id for lesson in course_of(None).lessons)),
    "FULL|HDRS": Values(Kind.WORDS, ("FULL", "HDRS")),
    "A|each": Values(Kind.WORDS, (EACH,)),
    "V[,SRC:PORT,DST:PORT|,local]": Values(Kind.WORDS, ("v1", "v2", "v1,local", "v2,local")),
}
# The same of options whose values have no name of their own.
_WORDS = {
    "--notify": Values(Kind.WORDS, ("NEVER", "SUCCESS", "FAILURE", "DELAY")),
    "--mt-priority": Values(Kind.WORDS, tuple(map(str, range(9, -10, -1)))),
}


def of_option(option: Option) -> Values | None:
    """What may stand behind an option; None where it takes no value."""
    if not option.metavar:
        return None
    if option.choices:
        return Values(Kind.WORDS, option.choices)
    named = _KINDS.get(option.metavar, Values(Kind.NOTHING))
    return _WORDS.get(option.names[-1], named)


def of_arguments(form: Form) -> tuple[Sequence[Values], bool]:
    """What may stand in each place of words that are no options; whether the last is repeated."""
    if not form.words:  # `words`, of which a session makes out itself what they are
        return (Values(Kind.PROFILE, (*Protocol, *SUBCOMMANDS)), Values(Kind.TARGET)), False
    return [_of_argument(one) for one in form.arguments], any(one.many for one in form.arguments)


def _of_argument(argument: Argument) -> Values:
    if argument.choices:
        return Values(Kind.WORDS, argument.choices)
    return _KINDS.get(argument.metavar, Values(Kind.NOTHING))


def quoted(text: str) -> str:
    """A word of our own, as one word of a shell."""
    return "'" + text.replace("'", "'\\''") + "'"
