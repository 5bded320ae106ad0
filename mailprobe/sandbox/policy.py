"""Who may send mail to whom: what a server says to MAIL and RCPT beyond their grammar.

Knows addresses and refusals; no command, no link, no disk.
"""

from collections.abc import Mapping

from mailprobe.sandbox.accounts import Address
from mailprobe.sandbox.manners import Fate, Host, SmtpManner, When
from mailprobe.sandbox.office import Office
from mailprobe.sandbox.parameters import NotDone, Refusal
from mailprobe.sandbox.transaction import Transaction

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from typing import TypeVar

    _Found = TypeVar("_Found")

# RFC 4954, section 6; RFC 3207, section 4.
LOGIN_NEEDS_TLS = Refusal("538", "5.7.11 Encryption is required to log in: STARTTLS comes first")
MAIL_NEEDS_TLS = Refusal("530", "5.7.0 Must issue a STARTTLS command first")
MAIL_NEEDS_LOGIN = Refusal("530", "5.7.0 Authentication required")
NOT_ASCII = Refusal("553", "5.6.7 The address is not ASCII: MAIL wants SMTPUTF8 for that")
_BAD_PATH = Refusal("501", "5.1.3 The address is not UTF-8")


def address_of(path: bytes, *, utf8: bool) -> Address:
    """Read a mailbox that the grammar has accepted.  Raises NotDone."""
    if not path.isascii() and not utf8:
        raise NotDone(NOT_ASCII)
    try:
        return Address.of(path)
    except UnicodeDecodeError:
        raise NotDone(_BAD_PATH) from None


def judge_session(manner: SmtpManner, *, tls: bool, logged_in: bool) -> None:
    """Whether mail is taken as the session stands.  Raises NotDone."""
    if manner.mail_needs_tls and not tls:
        raise NotDone(MAIL_NEEDS_TLS)
    if manner.mail_needs_login and not logged_in:
        raise NotDone(MAIL_NEEDS_LOGIN)


def judge_sender(manner: SmtpManner, address: Address) -> None:
    """Whether mail of this reverse-path is taken.  Raises NotDone."""
    refusal = _find(manner.senders, address)
    if refusal is not None:
        raise NotDone(refusal)


def judge_recipient(
    office: Office,
    manner: SmtpManner,
    host: Host,
    transaction: Transaction,
    address: Address,
    *,
    lmtp: bool,
    user: bool,
) -> Fate | None:
    """What mail for this address meets though RCPT is accepted; None: its maildrop.

    `user`: somebody has logged in.  Raises NotDone where RCPT is not accepted.
    """
    fate = _find(manner.fates, address)
    if fate is None:
        ours = address.domain.lower() in host.domains
        if not ours and not (user and manner.relays_for_users):
            raise NotDone(manner.relay)
        if not manner.odd_routes and any(mark in address.local for mark in "%!"):
            raise NotDone(manner.relay)
        return None
    if fate.when is When.LATER or (fate.when is When.BEHIND_THE_DOT and lmtp):
        return fate
    if fate.when is When.AT_FIRST:
        key = f"{transaction.reverse_path!r} {address}"
        if not office.defers(key, transaction):
            return None
    raise NotDone(fate.refusal)


def _find(table: "Mapping[str, _Found]", address: Address) -> "_Found | None":
    if not table:
        return None
    found = table.get(str(address))
    return table.get(f"@{address.domain.lower()}") if found is None else found
