"""One connection of a client, played: what it says is heard, what it is owed is said.

Each command is answered as soon as its reply is known.  Knows the link, and no other client.
"""

import time
from collections.abc import Iterator

from mailprobe.errors import Failure, Word
from mailprobe.player.serving.agenda import Hearing, Kind, chunk_of
from mailprobe.player.serving.connection import Serving
from mailprobe.player.serving.course import Course
from mailprobe.player.serving.matching import content_of
from mailprobe.player.serving.sayings import Piece
from mailprobe.player.serving.verifying import (
    asks_for_initial,
    is_auth,
    leaves_initial_out,
    mechanism_of,
    with_initial,
)
from mailprobe.player.serving.wording import SHOWN
from mailprobe.protocol import sasl
from mailprobe.protocol.catalogue import Then
from mailprobe.protocol.model import Command
from mailprobe.protocol.model import Protocol as Spoken
from mailprobe.protocol.smtp import SMTP
from mailprobe.safe import safe
from mailprobe.transcript.model import Happening, Place
from mailprobe.transcript.steps import Handshake, Happens, RawLine, Reply

_GRACE = 1.0  # seconds that we wait for what a client should have said, and need not
_MOST_STRAYS = 1000
_BEFORE_QUIT = ("RSET",)  # what a polite client says ahead of it
_LENIENT = ("NOOP", "RSET", "CAPA")


class Performance(Serving):
    """One connection.  `play` returns when it is over."""

    # ------------------------------------------------------------------------------ the loop

    def play(self) -> None:
        """Until the client, or the file, ends it.  What is wrong is told to the visit."""
        try:
            if self._part.implicit_tls:
                self._secure(upgrade=False)
            while not self._over:
                self._soft = False
                if not self._speak() and not self._hear():
                    self._receive()
        except Failure as failure:
            if self._stopped.is_set():
                self.cut = True
            elif not self._done:
                self._fail(failure.word, f"{failure.sentence}; expected {self._expected}")
            self._stream.drop()

    # -------------------------------------------------------------------------------- saying

    def _speak(self) -> bool:
        """Say what is due; False when nothing is."""
        course, turn = self._course, self._course.turn
        if turn is None or course.heard < turn.needs:
            return False
        short = course.heard < turn.wants or (
            course.heard == turn.needs and self._inbox.begun < turn.begun
        )
        if short and not self._quiet:
            self._soft = True
            return False
        self._quiet = False
        course.said += 1
        match turn.saying:
            case Reply() as step:
                self._say(self._reply(step))
            case RawLine() as step:
                self._say(self._sayings.raw(step))
            case Handshake():
                self._secure(upgrade=True)
                course.heard += 1
            case Happens(line=line):
                if line.word is Happening.CLOSE and not self._leaves():
                    self._refuse_more()
                self._happen(line.word, line.seconds)
        return True

    def _leaves(self) -> bool:
        """Whether we go by our own will: what is under way then is no mistake of the client.

        421 may answer any command (RFC 5321, section 3.8); a reply that is cut off, or does not
        come at all, is a crash.
        """
        if self._aside is not None or self._raw:
            return True
        turns = self._main.agenda.turns[: self._main.said]
        last = next((turn for turn in reversed(turns) if isinstance(turn.saying, Reply)), None)
        if last is None or last.needs < self._main.heard or not isinstance(last.saying, Reply):
            return True
        whole = last.saying.expected.whole
        return not whole or self._sayings.code(last.saying).startswith("421")

    def _reply(self, step: Reply) -> Iterator[Piece]:
        challenge, exchange = None, self._verifier.exchange
        live = exchange is not None and exchange.challenge is not None
        if exchange is not None and live and self._sayings.challenge_code(step):
            challenge, exchange.challenge = exchange.challenge, None
        if not step.context.greeting:
            yield from self._sayings.reply(step, challenge)
            return
        for piece in self._sayings.reply(step):
            self._greeting += piece if isinstance(piece, bytes) else b""
            yield piece

    # ------------------------------------------------------------------------------- hearing

    def _receive(self) -> None:
        """Take in what comes next, or notice that nothing does."""
        self._voice.flush()
        if self._ended:
            self._judge_end()
            return
        patience = self._manner.patience
        end = self._heard_at + patience
        try:
            octets = self._stream.receive(min(self._deadline(_GRACE), end) if self._soft else end)
        except Failure as failure:
            if failure.word is not Word.TIMEOUT:
                raise
            if not self._soft or time.monotonic() >= end:
                raise Failure(Word.TIMEOUT, f"nothing came for {patience:g} s") from None
            self._quiet = True
            return
        self._quiet = False
        self._heard_at = time.monotonic()
        if octets:
            self._inbox.feed(octets)
        else:
            self._ended = self._quiet = True

    def _judge_end(self) -> None:
        """The client says no more, and we have said all that it is owed."""
        if self._stopped.is_set():
            self.cut = not self._done
        elif not self._done:
            rest = self._inbox.look()[:SHOWN]
            behind = f" behind {self._shown(rest)}" if rest else ""
            self._fail(Word.MISMATCH, f"expected {self._expected}, the client has hung up{behind}")
        self._over = True

    def _hear(self) -> bool:
        """Take the next thing that the client has said; False when it is not whole."""
        if self._swallow:
            self._swallow -= len(self._inbox.take(self._swallow))
            return not self._swallow
        if self._aside is not None and self._aside.hearing is None and self._aside.turn is None:
            self._aside, self._mistaken = None, self._main.heard
        hearing = self._course.hearing
        if hearing is None:
            return self._course.turn is None and self._hear_after_all()
        match hearing.kind:
            case Kind.LINE:
                line = self._inbox.take_line()
                if line is not None:
                    self._take_line(hearing, line)
                return line is not None
            case Kind.MAIL | Kind.CHUNK:
                return self._hear_mail(hearing)
            case Kind.REST:
                return self._hear_rest(hearing)
            case Kind.END:
                return self._hear_end()
            case _:
                return False  # it is our turn to begin the handshake

    def _hear_after_all(self) -> bool:
        """The transcript is over: a client says good-bye, and no more."""
        hearings = self._main.agenda.hearings
        last = hearings[-1].command if hearings else None
        if self._ended or (last is not None and SMTP.row(last).then is Then.CLOSE):
            self._refuse_more()
            if self._ended:
                self._refuse_rest()
            self._close()
            return True
        line = self._inbox.take_line()
        if line is None:
            return False
        if not self._polite and not self._raw and Command(content_of(line)).verb in _BEFORE_QUIT:
            self._polite = True
            self._consent(line)
            return True
        self._stray(line)
        return True

    def _hear_mail(self, hearing: Hearing) -> bool:
        keep = self._matcher.keeps(hearing)
        octets: bytes | None
        if hearing.kind is Kind.CHUNK:
            self._chunk, octets = self._inbox.take_chunk(self._chunk, keep=keep)
        else:
            octets = self._inbox.take_mail(keep=keep)
        if octets is None:
            return False
        if self._matcher.mail(hearing, octets):  # it was mail data, so it moves on
            self._mismatch("the mail data of the file, to the letter", "other mail data")
        self._advance()
        return True

    def _hear_rest(self, hearing: Hearing) -> bool:
        """Octets that end nothing: when there are as many, or no more come."""
        octets = self._inbox.look()
        length = self._matcher.length(hearing)
        if length is None or hearing.in_mail:
            enough = len(octets) >= (length or len(octets) + 1)
            if not enough and not (octets and self._quiet):
                self._soft = True
                return False
            length = len(octets)
        elif len(octets) < length and not self._ended:
            return False
        if self._matcher.rest(hearing, octets[:length]) is None:
            self._inbox.take(length)
            self._advance()
            return True
        if b"\n" in octets:
            self._stray(self._inbox.take_line() or b"")
            return True
        self._mismatch(self._expected, self._shown(octets))
        self._close()
        return True

    def _hear_end(self) -> bool:
        """The client is to close its side."""
        line = self._inbox.take_line()
        if line is not None:
            self._stray(line)
            return True
        if self._ended:
            self._refuse_rest()
            self._course.heard += 1
        return self._ended

    def _refuse_rest(self) -> None:
        """Octets that end no line, where the file has nothing more."""
        if rest := self._inbox.look():
            self._mismatch(self._expected, self._shown(rest))

    # --------------------------------------------------------------------------------- lines

    def _take_line(self, hearing: Hearing, line: bytes) -> None:
        content = content_of(line)
        if self._asked is not None:
            if content == b"*":
                self._refuse_answer("an initial response", '"*"')
                return
            line = self._asked + b" " + (content or b"=") + b"\r\n"
            self._asked = None
        elif not self._exact and leaves_initial_out(hearing, content):
            self._asked = content
            asked = asks_for_initial(mechanism_of(hearing))
            code = "+" if self._part.protocol == Spoken.POP3 else "334"
            self._voice.put(code.encode() + b" " + sasl.encode(asked) + b"\r\n")
            return
        elif not self._exact and (initial := self._brings_initial(content)):
            following, command, answer = initial
            self._take_line(hearing, command)
            if self._course.hearing is following:
                self._course.said += 1  # the challenge that need not be said
                self._take_line(following, answer)
            return
        if mismatch := self._matcher.line(hearing, line):
            note = self._matcher.ends_otherwise(hearing, line)
            self._stray(line, mismatch.place, f": {note}" if note else "")
            return
        if is_auth(hearing):
            self._verifier.begin(self._course.agenda, self._course.heard)
        live = self._matcher.live(hearing, line)
        if wrong := self._verifier.unproved(hearing, live, self._greeting):
            self._refuse_login(wrong, answer=hearing.answer)
            return
        self._advance(line)

    def _brings_initial(self, content: bytes) -> tuple[Hearing, bytes, bytes] | None:
        """An answer that came with its AUTH, where the file has it behind a challenge.

        The hearing of the answer, and both lines.
        """
        course = self._course
        parts = with_initial(course.agenda, course.heard, content)
        turn = course.turn
        challenge = turn.saying if turn and turn.needs == course.heard + 1 else None
        if isinstance(challenge, Reply) and self._sayings.challenge_code(challenge):
            return parts
        return None

    def _advance(self, line: bytes | None = None) -> None:
        """What was heard, perhaps a line, is what the file has next."""
        course = self._course
        course.heard += 1
        if line is None:
            return
        count = 0 if self._raw else chunk_of(Command(content_of(line)))
        if course.hearing is not None and course.hearing.kind is Kind.CHUNK:
            self._chunk = count
            course.heard += not count
        else:
            self._swallow = count

    # --------------------------------------------------------------------------- strange ones

    def _stray(self, line: bytes, place: Place | None = None, note: str = "") -> None:
        """A line that does not come next: answered, and nothing moves."""
        self._strays += 1
        if self._strays > _MOST_STRAYS:
            self._give_up()
            return
        if self._aside is not None:
            self._aside = None
            if self._main.hearing is not None and self._main.hearing.kind is Kind.LINE:
                self._take_line(self._main.hearing, line)
                return
        if self._errs(line):
            return
        content = content_of(line)
        command = Command(content)
        hearing = self._main.hearing
        said = self._shown(content) + note
        if self._raw:
            self._mismatch(self._expected, self._shown(line), place)
            self._close()
        elif hearing is not None and hearing.answer:
            self._refuse_answer(self._expected, said)
        elif SMTP.row(command).then is Then.CLOSE:
            if not self._done:
                self._mismatch(self._expected, said, place)
            self._consent(content)
            self._refuse_more()
            self._close()
        elif self._manner.lenient and command.verb in _LENIENT:
            self._consent(content)
        else:
            self._mismatch(self._expected, said, place)
            self._swallow = chunk_of(command)
            self._refuse("503", "5.5.1", "the transcript has something else here")

    def _give_up(self) -> None:
        """A client that goes on and on is told so, and what it was owed before."""
        sentence = f"the client has sent {_MOST_STRAYS} lines that nobody wants"
        self._fail(Word.LIMIT, sentence)  # where none of them was a mistake (--lenient)
        self._refuse("421", "4.7.0", "too many commands that the transcript does not have")
        self._close()

    def _refuse_more(self) -> None:
        """Lines that a client has sent behind its last one; a client that is cut off may."""
        self._take_in()
        line = self._inbox.take_line()
        if line is not None:
            self._mismatch("nothing more", self._shown(line))

    def _errs(self, line: bytes) -> bool:
        """Whether this is a known mistake in the place of what comes next."""
        for at, agenda in self._part.mistakes:
            if at != self._main.heard or agenda.hearings[0].kind is not Kind.LINE:
                continue
            if self._matcher.line(agenda.hearings[0], line) is None:
                self._aside = Course(agenda)
                self._advance(line)
                return True
        return False

    def _refuse_answer(self, expected: str, got: str) -> None:
        """Another answer to a challenge: the login is over, and may begin anew."""
        self._mismatch(expected, got)
        given_up = got.startswith('"*"')
        self._end_login()
        if given_up:
            self._refuse("501", "5.7.0", "the login was cancelled")
        else:
            self._refuse("535", "5.7.8", "the transcript has something else here", "[AUTH]")

    def _refuse_login(self, sentence: str, *, answer: bool) -> None:
        self._fail(Word.MISMATCH, f"the login is wrong: {safe(sentence)}")
        if answer:
            self._end_login()
        else:
            self._verifier.exchange = None
        self._refuse("535", "5.7.8", "the login is wrong", "[AUTH]")

    def _end_login(self) -> None:
        course = self._course
        self._asked = self._verifier.exchange = None
        at = course.heard
        while at > 0 and not is_auth(course.agenda.hearings[at]):
            at -= 1
        course.back_to(at)
