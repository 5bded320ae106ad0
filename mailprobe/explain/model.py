"""What an explanation is: texts in two languages, and the three layers of what a reply means.

Plain values: this module must not know where the texts come from, nor who shows them.
"""

from mailprobe.explain.languages import CHINESE, tongues
from mailprobe.value import frozen


@frozen
class Text:
    """One sentence in both languages; words of the protocols stay English in both."""

    en: str
    zh: str

    def said(self, language: str) -> tuple[str, ...]:
        """Its lines in `language`, one of `languages.LANGUAGES`: Chinese before English."""
        return tuple(self.zh if one == CHINESE else self.en for one in tongues(language))


@frozen
class Explanation:
    """Three layers: what it says, why it came now, what to do next; and who says so."""

    subject: str  # in words of the protocol: "550 5.1.1", "AUTH"; printable
    says: Text
    now: Text | None
    next: Text | None
    reference: str  # "RFC 5321, section 4.2.3"
    kind: Text = Text("", "")  # what the subject is: "SMTP command", "reply to RCPT"
