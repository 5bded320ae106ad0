"""A person at the pipe: lines typed one by one, and logins worked out from what the server says.

The client's part of a mechanism is computed here, so that a recording is of what was typed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mailprobe.protocol import sasl
from tests.interop.talk import Spoken, Talk, talking

NONCE = "fyko+d2lbbFgONRvrkfq"

_CHALLENGE = re.compile(r"^S: (?:334|\+)(?: (.*))?\n", re.MULTILINE)
_TIMESTAMP = re.compile(r"^S: \+OK .*(<[^<>\n]+>)\n", re.MULTILINE)
# Challenges of each mechanism, behind an initial response where it has one.
_CHALLENGES = {"PLAIN": 0, "LOGIN": 2, "CRAM-MD5": 1, "SCRAM-SHA-1": 2, "SCRAM-SHA-256": 2}


@dataclass(frozen=True, slots=True)
class Sasl:
    """An AUTH; `initial`: what can be said with the command is."""

    mechanism: str
    user: str
    secret: str
    initial: bool = True


@dataclass(frozen=True, slots=True)
class Apop:
    """An APOP with the digest of the greeting that came."""

    user: str
    secret: str


Typed = str | Sasl | Apop


def type_in(*arguments: object, typed: Iterable[Typed], status: int = 0) -> Spoken:
    """Run mailprobe, type it all, and demand that the run ends with `status`."""
    with talking(*arguments) as run:
        challenges = 0
        for each in typed:
            if isinstance(each, Apop):
                timestamp = run.hear(_TIMESTAMP, 1).encode()
                run.say(f"APOP {each.user} {sasl.apop_digest(timestamp, each.secret)}\n")
            elif isinstance(each, Sasl):
                challenges += _log_in(run, each, challenges)
            else:
                run.say(f"{each}\n")
        return run.end(status)


def _log_in(run: Talk, login: Sasl, before: int) -> int:
    """Say AUTH and answer each challenge, `before` of which have come; returns how many did."""
    steps = sasl.client(login.mechanism, login.user, login.secret, nonce=NONCE)
    held, line, count = next(steps), f"AUTH {login.mechanism}", _CHALLENGES[login.mechanism]
    if held is not None and login.initial:
        line, held = f"{line} {sasl.encode_initial(held).decode()}", None
    elif held is not None:
        count += 1
    run.say(f"{line}\n")
    for number in range(count):
        challenge = sasl.decode(run.hear(_CHALLENGE, before + number + 1).encode())
        answer = steps.send(challenge) if held is None else held
        held = None
        run.say(f"{sasl.encode(answer or b'').decode()}\n")
    return count
