"""The characters that the sandbox can play: one row for each, and no rule stands elsewhere.

Plain data: knows no link, no disk and no clock.
"""

from collections.abc import Mapping

from mailprobe.value import frozen


@frozen
class Profile:
    """One character; `name` is what stands behind `sandbox/`, "" where nothing does."""

    name: str
    summary: str


DEFAULT = Profile("", "a friendly server with all that there is")

_ROWS = (
    Profile("plain", "a friendly server: no TLS and no login is needed"),
    Profile("strict", "only CRLF ends a line, and only CRLF.CRLF the mail data"),
    Profile("lax", "LF ends a line, too, and LF.LF the mail data: smuggling works"),
    Profile("submit", "mail is taken after STARTTLS and a login only"),
    Profile("mx", "the hosts of a small zone, and the name server of that zone"),
    Profile("full", "recipients that are refused, each for another reason"),
    Profile("lmtp", "LMTP, with a mailbox that turns out to be full behind the dot"),
    Profile("muse", "MuseMail 3.5, as it was seen in 2006, with two mails"),
    Profile("night", "something is broken; the seed says what"),
)

PROFILES: Mapping[str, Profile] = {row.name: row for row in _ROWS}
