"""Delivery status notifications: what becomes of a message, told to its sender.

RFC 3461 says when, RFC 6522 (once 3462) and RFC 3464 how one is written.
"""

from collections.abc import Sequence

from mailprobe.errors import Failure
from mailprobe.protocol import xtext
from mailprobe.sandbox.accounts import Address
from mailprobe.sandbox.parameters import Refusal
from mailprobe.sandbox.transaction import TROUBLE, Recipient, Transaction
from mailprobe.value import frozen

_MOST = 256 * 1024  # octets of a message that go back with a report
_CRLF = "\r\n"


@frozen
class _Kind:
    """One kind of report."""

    action: str  # RFC 3464, section 2.3.3
    wanted: bytes  # the word of NOTIFY that asks for it
    subject: str
    sentence: str


_DELIVERED = _Kind(
    "delivered", b"SUCCESS", "Your message was delivered", "Your message has reached:"
)
_FAILED = _Kind(
    "failed", b"FAILURE", "Your message was not delivered", "Your message could not be delivered:"
)
_DONE = Refusal("250", "2.1.5 Delivered to the maildrop")


def send_reports(transaction: Transaction, host: str) -> Refusal | None:
    """Put into the sender's maildrop what was asked for; tell why a message is not taken then.

    Nobody is told of a message with the null reverse-path (RFC 5321, section 4.5.5), nor
    anybody who has no maildrop here.
    """
    sender = transaction.reverse_path
    office = transaction.office
    if not sender or not office.accounts.takes(Address.of(sender)):
        return None
    folder = office.accounts.folder_of(Address.of(sender))
    try:
        for kind in (_DELIVERED, _FAILED):
            recipients = [each for each in transaction.recipients if _asks(each, kind)]
            if recipients:
                office.store.put(folder, _written(transaction, host, kind, recipients))
    except Failure:
        return TROUBLE
    return None


def _asks(recipient: Recipient, kind: _Kind) -> bool:
    """Whether this report is due; without NOTIFY a failure alone (RFC 3461, section 4.1)."""
    if (recipient.fate is not None) is not (kind is _FAILED):
        return False
    words = recipient.parameters.get("NOTIFY", b"FAILURE").upper().split(b",")
    return kind.wanted in words


def _written(
    transaction: Transaction, host: str, kind: _Kind, recipients: Sequence[Recipient]
) -> bytes:
    chance = transaction.office.chance
    identifier, date = chance.identifier(), chance.date()
    boundary = f"=_{identifier}"
    head = [
        "Return-Path: <>",  # RFC 3464, section 2
        f"From: Mail Delivery System <MAILER-DAEMON@{host}>",
        f"To: <{_text(transaction.reverse_path)}>",
        f"Subject: {kind.subject}",
        f"Date: {date}",
        f"Message-ID: <{identifier}@{host}>",
        "Auto-Submitted: auto-replied",  # RFC 3834, section 5
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"',
        "",
        f"--{boundary}",
        "Content-Type: text/plain; charset=utf-8",
        "",
        f"This is the mail system at {host}.",
        "",
        kind.sentence,
        "",
        *(f"    <{_text(each.path)}>: {_outcome(each).text}" for each in recipients),
        "",
        f"--{boundary}",
        "Content-Type: message/delivery-status",
        "",
        *_fields(transaction, host, date, kind, recipients),
        f"--{boundary}",
    ]
    returned = _returned(transaction, kind)
    end = f"{_CRLF}--{boundary}--{_CRLF}"
    return _CRLF.join([*head, ""]).encode() + returned + end.encode()


def _fields(
    transaction: Transaction, host: str, date: str, kind: _Kind, recipients: Sequence[Recipient]
) -> list[str]:
    """RFC 3464, section 2: of the message, and then of each recipient."""
    lines = [f"Reporting-MTA: dns; {host}"]
    if envelope := transaction.parameters.get("ENVID"):
        lines.append(f"Original-Envelope-Id: {_text(xtext.decode(envelope))}")
    lines += [f"Arrival-Date: {date}", ""]
    for each in recipients:
        if original := each.parameters.get("ORCPT"):
            lines.append(f"Original-Recipient: {_text(xtext.decode(original))}")
        outcome = _outcome(each)
        status, _, text = outcome.text.partition(" ")
        lines += [
            f"Final-Recipient: rfc822; {_text(each.path)}",
            f"Action: {kind.action}",
            f"Status: {status}",
            f"Diagnostic-Code: smtp; {outcome.code} {status} {text}",
            "",
        ]
    return lines


def _outcome(recipient: Recipient) -> Refusal:
    return _DONE if recipient.fate is None else recipient.fate.refusal


def _returned(transaction: Transaction, kind: _Kind) -> bytes:
    """The message, or its header; of a success only that (RFC 3461, section 4.3)."""
    content = transaction.content(_MOST + 1)
    whole = transaction.parameters.get("RET", b"FULL").upper() == b"FULL" and kind is _FAILED
    if whole and len(content) <= _MOST:
        return b"Content-Type: message/rfc822\r\n\r\n" + content
    header = content[:_MOST].partition(b"\r\n\r\n")[0] + b"\r\n"
    return b"Content-Type: text/rfc822-headers\r\n\r\n" + header


def _text(octets: bytes) -> str:
    """For one line of the report, whatever somebody has said by xtext."""
    text = octets.decode("utf-8", "replace")
    return "".join(each if each.isprintable() else "?" for each in text)
