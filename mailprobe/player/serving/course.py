"""How far one connection has come, and how clients are served."""

from mailprobe.player.serving.agenda import Agenda, Hearing, Turn
from mailprobe.protocol.framing import Limits
from mailprobe.value import field, frozen, mutable


@frozen
class Manner:
    """How clients are served."""

    patience: float = 300.0  # seconds of silence
    lenient: bool = False
    limits: Limits = field(default_factory=Limits)


@mutable
class Course:
    """How far an agenda has come."""

    agenda: Agenda
    heard: int = 0
    said: int = 0

    @property
    def hearing(self) -> Hearing | None:
        """What comes next from the client."""
        hearings = self.agenda.hearings
        return hearings[self.heard] if self.heard < len(hearings) else None

    @property
    def turn(self) -> Turn | None:
        """What we say next."""
        turns = self.agenda.turns
        return turns[self.said] if self.said < len(turns) else None

    def back_to(self, hearing: int) -> None:
        """Stand again where `hearing` is awaited."""
        self.heard = hearing
        turns = self.agenda.turns
        self.said = next(
            (number for number, turn in enumerate(turns) if turn.needs > hearing), len(turns)
        )
