"""A SASL login as the server sees it: line in, next step out.  SMTP and POP3 share it."""

import secrets

from mailprobe.protocol import sasl
from mailprobe.sandbox.accounts import DOMAIN, secret_of
from mailprobe.value import frozen


@frozen
class Challenge:
    line: bytes  # in base64


@frozen
class Granted:
    user: str


@frozen
class Refused:
    sentence: str
    malformed: bool  # no base64, or cancelled: the credentials were not even looked at


Step = Challenge | Granted | Refused


class Login:
    """One AUTH command from its first challenge on.

    Raises ValueError for a mechanism that nobody knows.
    """

    def __init__(self, mechanism: str) -> None:
        # CRAM-MD5 wants the form of a message-id; SCRAM takes it as well.
        nonce = f"{secrets.token_hex(12)}@{DOMAIN}"
        self._steps = sasl.server(
            mechanism, secret_of, nonce=nonce, salt=secrets.token_bytes(16), iterations=4096
        )

    def begin(self, initial: bytes | None) -> Step:
        """Take the AUTH command; `initial` is its initial response as it was sent, if any."""
        challenge = next(self._steps)
        if initial is not None:
            return self._go_on(initial, first=True)
        return Challenge(sasl.encode(challenge or b""))

    def answer(self, line: bytes) -> Step:
        """Take the client's answer to a challenge."""
        if line == b"*":
            return Refused("the login was cancelled", malformed=True)
        return self._go_on(line, first=False)

    def _go_on(self, line: bytes, *, first: bool) -> Step:
        try:
            response = sasl.decode_initial(line) if first else sasl.decode(line)
        except sasl.SaslError as error:
            return Refused(error.sentence, malformed=True)
        try:
            challenge = self._steps.send(response)
        except sasl.SaslError as error:
            return Refused(error.sentence, malformed=False)
        except StopIteration as end:
            return Granted(end.value)
        return Challenge(sasl.encode(challenge or b""))
