"""The sandbox's server of SMTP, submission and LMTP: its mail transactions.

The rest of a session is `smtp_session`'s.  Nothing is ever sent on.
"""

from re import Match

from mailprobe.protocol import events, sasl
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.events import Event
from mailprobe.protocol.smtp import LMTP, SMTP
from mailprobe.sandbox import parameters, policy
from mailprobe.sandbox.accounts import POSTMASTER
from mailprobe.sandbox.dialogue import Dialogue
from mailprobe.sandbox.manners import MAXIMUM_SIZE, Host
from mailprobe.sandbox.office import Office
from mailprobe.sandbox.parameters import NotDone, Refusal, not_done
from mailprobe.sandbox.scrutiny import scrutiny_of
from mailprobe.sandbox.smtp_session import Rule, SmtpSession
from mailprobe.sandbox.transaction import TROUBLE, Recipient, Source, Transaction, too_large

__all__ = ["LMTP", "MAXIMUM_RECIPIENTS", "MAXIMUM_SIZE", "SMTP", "SmtpService"]

MAXIMUM_RECIPIENTS = 1000  # RFC 5321, section 4.5.3.1.8: at least 100

_NOBODY = Refusal("554", "5.5.1 There is no valid recipient")
_FULL = Refusal("452", "4.3.1 The sandbox is full")


class SmtpService(SmtpSession):
    """One client's session, with its mail."""

    def __init__(
        self, catalogue: Catalogue, dialogue: Dialogue, office: Office, host: Host | None = None
    ) -> None:
        super().__init__(catalogue, dialogue, office, host)
        self._transaction: Transaction | None = None

    def _make_rules(self) -> dict[str, Rule]:
        return {
            **super()._make_rules(),
            "MAIL": self._begin,
            "RCPT": self._add_recipient,
            "DATA": self._open_data,
            "BDAT": self._open_chunk,
            "RSET": self._reset,
        }

    def take(self, event: Event) -> None:
        if not isinstance(event, events.DataReceived):
            super().take(event)
            return
        self._take_data(event.octets)
        if event.last:
            self._end_data()

    # -------------------------------------------------------------------- the mail transaction

    def _begin(self, match: Match[bytes]) -> None:
        """MAIL: the reverse-path and its parameters."""
        manner = self._manner
        logged_in = self._user is not None
        policy.judge_session(manner, tls=self._connection.facts.tls, logged_in=logged_in)
        row = self._catalogue.find("MAIL")
        assert row is not None  # it has just matched
        values = parameters.read(row, match["parameters"], self._parameters_of)
        path = match["mailbox"] or b""
        utf8 = "SMTPUTF8" in values
        if path:
            policy.judge_sender(manner, policy.address_of(path, utf8=utf8))
        if int(values.get("SIZE", b"0")) > manner.size:
            raise NotDone(too_large(manner.size))
        if self._office.store.full:
            raise NotDone(_FULL)
        self._transaction = Transaction(
            self._office, path, utf8, manner.size, values, scrutiny_of(manner)
        )
        self._say("250", self._wording.sender)

    def _add_recipient(self, match: Match[bytes]) -> None:
        transaction = self._transaction
        row = self._catalogue.find("RCPT")
        assert transaction is not None  # the states of RCPT say so
        assert row is not None  # it has just matched
        values = parameters.read(row, match["parameters"], self._parameters_of)
        path = match["mailbox"] or match["postmaster"]
        address = (
            POSTMASTER if match["postmaster"] else policy.address_of(path, utf8=transaction.utf8)
        )
        fate = policy.judge_recipient(
            self._office,
            self._manner,
            self._host,
            transaction,
            address,
            lmtp=self._lmtp,
            user=self._user not in (None, sasl.ANYBODY),
        )
        if len(transaction.recipients) >= MAXIMUM_RECIPIENTS:
            raise not_done("452", f"4.5.3 More than {MAXIMUM_RECIPIENTS} recipients")
        transaction.recipients.append(Recipient(path, address, values, fate))
        kept = "" if self._office.accounts.takes(address) else ": kept here, never sent"
        self._say("250", f"{self._wording.recipient}{kept}")

    def _open_data(self, match: Match[bytes]) -> None:
        transaction = self._transaction
        assert transaction is not None  # the states of DATA say so
        if transaction.begun:
            raise not_done("503", "5.5.1 Chunks have come: go on with BDAT, or RSET")
        if self._connection.facts.binary:  # RFC 3030, section 3
            raise not_done("503", "5.5.1 BODY=BINARYMIME was said: the message comes by BDAT")
        transaction.open(self._source(transaction))
        if transaction.refusal is not None:
            raise NotDone(transaction.refusal)
        self._say("354", self._wording.go_ahead)

    def _open_chunk(self, match: Match[bytes]) -> None:
        self._chunk = (None, match[2] is not None)

    def _source(self, transaction: Transaction) -> Source:
        word = "LMTP" if self._lmtp else "ESMTP" if self._extended else "SMTP"
        if transaction.utf8:  # RFC 6531, section 3.7.3
            word = f"UTF8{word.removeprefix('E')}"
        tls = "S" if self._connection.facts.tls else ""
        word += tls + ("A" if self._user else "")
        return Source(self._hello, self.dialogue.peer, word, self._host.name)

    def _take_data(self, octets: bytes) -> None:
        transaction = self._transaction
        refused = self._chunk is not None and self._chunk[0] is not None
        if refused or transaction is None or not transaction.recipients:
            return
        if not transaction.begun:
            transaction.open(self._source(transaction))
        transaction.write(octets)

    def _end_data(self) -> None:
        """The mail data or a chunk has ended."""
        refused, last = self._chunk or (None, True)
        self._chunk = None
        transaction = self._transaction
        if refused is None and transaction is not None and not transaction.recipients:
            refused = _NOBODY  # DATA was opened for nobody (RFC 2920, section 3.1)
        if refused is not None or transaction is None:
            if last:
                self._drop_transaction()
            self._refuse(refused or TROUBLE)
        elif last:
            self._deliver(transaction)
            self._drop_transaction()
        elif transaction.refusal is not None:
            self._refuse(transaction.refusal)
        else:
            self._say("250", "2.0.0 Chunk accepted")

    def _deliver(self, transaction: Transaction) -> None:
        """Put the message into every maildrop, and reply: once, or once for each recipient."""
        outcome = transaction.outcome()
        if self._lmtp:
            for recipient, refusal in outcome:  # RFC 2033, section 4.2
                if refusal is None and recipient.fate is not None:
                    refusal = recipient.fate.refusal
                self._say_outcome(refusal, b"2.0.0 <" + recipient.path + b"> Saved")
            return
        refusal = next(filter(None, (refusal for _, refusal in outcome)), None)
        if refusal is None and self._manner.reports:
            from mailprobe.sandbox.reports import send_reports  # few servers have them

            refusal = send_reports(transaction, self._host.name)
        text = self._wording.accepted.format(identifier=transaction.identifier)
        self._say_outcome(refusal, text.encode())

    def _say_outcome(self, refusal: Refusal | None, text: bytes) -> None:
        if refusal is None:
            self._say("250", text)
        else:
            self._say(refusal.code, refusal.text)

    def _drop_transaction(self) -> None:
        transaction, self._transaction = self._transaction, None
        if transaction is not None:
            transaction.drop()

    def _reset(self, match: Match[bytes]) -> None:
        self._drop_transaction()
        self._say("250", self._wording.reset)
