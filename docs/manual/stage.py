"""The page of the practice server: accounts, profiles, faults."""

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from mailprobe.sandbox.accounts import DOMAIN, USERS, secret_of, token_of
from manual.markdown import anchor, code, heading, paragraph, slug, table, text

_ABOUT = (
    "A server of SMTP, submission, LMTP and POP3 on loopback, with TLS and every login. What is "
    "sent to it is fetched from it, and nothing goes on to anywhere else. As a target it is called "
    "sandbox and starts inside; mailprobe sandbox starts it by itself, for other programs."
)


def pages() -> Iterator[tuple[str, str]]:
    """Name and Markdown of the page."""
    yield "reference/sandbox.md", _page(profiles(), faults())


def profiles() -> Mapping[str, Any]:
    """The table of profiles, by name."""
    found: Mapping[str, Any] = _table("mailprobe.sandbox.profiles", "PROFILES")
    return found


def faults() -> Mapping[str, Any]:
    """The table of faults, by name."""
    found: Mapping[str, Any] = _table("mailprobe.sandbox.faults", "FAULTS")
    return found


def _table(module: str, name: str) -> Any:
    return getattr(import_module(module), name) if find_spec(module) else {}


def _page(profiles: Mapping[str, Any], faults: Mapping[str, Any]) -> str:
    accounts = [
        (code(f"{user}@{DOMAIN}"), code(secret_of(user) or ""), code(token_of(user) or ""))
        for user in USERS
    ]
    return (
        heading(1, "The sandbox")
        + paragraph(_ABOUT)
        + heading(2, "Accounts")
        + table(("account", "password", "bearer token"), accounts)
        + _profiles(profiles.values())
        + _faults(faults.values())
    )


def _profiles(rows: Iterable[Any]) -> str:
    listed = table(
        ("profile", "what it is"),
        [(anchor(f"profile-{slug(row.name)}") + code(row.name), text(row.summary)) for row in rows],
    )
    about = "A character of the sandbox: --profile NAME, or sandbox/NAME as a target."
    return heading(2, "Profiles") + paragraph(about) + listed if listed else ""


def _faults(rows: Iterable[Any]) -> str:
    listed = table(
        ("fault", "what the server then does"),
        [(anchor(f"fault-{slug(row.name)}") + code(row.name), text(row.summary)) for row in rows],
    )
    about = (
        "What the sandbox does wrong on demand: --fault NAME[:TIME][=PROBABILITY][@POSITION], "
        "several with commas between, or sandbox/PROFILE+NAME as a target. A position n is the "
        "n-th time that the fault could strike."
    )
    return heading(2, "Faults") + paragraph(about) + listed if listed else ""
