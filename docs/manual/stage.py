"""The page of the practice server: accounts, profiles, faults."""

from collections.abc import Iterator

from mailprobe.sandbox.accounts import DOMAIN, SECRETS, Accounts
from mailprobe.sandbox.faults.model import FaultSpec
from mailprobe.sandbox.faults.table import GROUPS
from mailprobe.sandbox.profiles import PROFILES
from manual.markdown import anchor, code, heading, in_chinese, paragraph, slug, table, text

_ABOUT = (
    "A server of SMTP, submission, LMTP and POP3 on loopback, with TLS and every login. What is "
    "sent to it is fetched from it, and nothing goes on to anywhere else. As a target it is called "
    "sandbox and starts inside; mailprobe sandbox starts it by itself, for other programs."
)
_PROFILES = "A character of the sandbox: --profile NAME, or sandbox/NAME as a target."
_FAULTS = (
    "What the sandbox does wrong on demand: --fault NAME[:TIME][=PROBABILITY][@POSITION], several "
    "with commas between, or sandbox/PROFILE+NAME as a target. Position n is the n-th time that "
    "the fault could strike."
)


def pages() -> Iterator[tuple[str, str]]:
    """Name and Markdown of the page."""
    known = Accounts(SECRETS)
    accounts = [
        (code(f"{user}@{DOMAIN}"), code(secret), code(known.token_of(user) or ""))
        for user, secret in SECRETS.items()
    ]
    profiles = [
        (anchor(f"profile-{slug(row.name)}") + code(row.name), text(row.summary))
        for row in PROFILES.values()
    ]
    yield (
        "reference/sandbox.md",
        heading(1, "The sandbox")
        + paragraph(_ABOUT)
        + heading(2, "Accounts")
        + table(("account", "password", "bearer token"), accounts)
        + heading(2, "Profiles")
        + paragraph(_PROFILES)
        + table(("profile", "what it is"), profiles)
        + heading(2, "Faults")
        + paragraph(_FAULTS)
        + "".join(_group(title, rows) for title, _, rows in GROUPS),
    )


def _group(title: str, rows: tuple[FaultSpec, ...]) -> str:
    listed = table(
        ("fault", "what the server then does", "中文", "time", "protocols"),
        [_fault(row) for row in rows],
    )
    return heading(3, text(title[0].upper() + title[1:]), f"faults-{slug(title)}") + listed


def _fault(row: FaultSpec) -> tuple[str, ...]:
    protocols = "" if len(row.protocols) == 3 else ", ".join(row.protocols).upper()
    return (
        anchor(f"fault-{slug(row.name)}") + code(row.name),
        text(row.summary),
        in_chinese(row.chinese),
        text(f"{row.seconds:g} s") if row.seconds else "",
        text(protocols),
    )
