"""The sandbox's server of POP3: rules for one client's commands.

Which command may come when, and how it is written, the catalogue says.
"""

import hmac
from collections.abc import Callable, Iterator
from re import Match

from mailprobe.errors import Failure, Word
from mailprobe.protocol import events, sasl
from mailprobe.protocol.events import Event
from mailprobe.protocol.model import Command, State
from mailprobe.protocol.pop3 import POP3
from mailprobe.sandbox.accounts import DOMAIN
from mailprobe.sandbox.dialogue import Dialogue
from mailprobe.sandbox.login import Challenge, Granted, Login, Refused, Step, among, offered
from mailprobe.sandbox.maildrop import Entry, InUse, Maildrop, Message
from mailprobe.sandbox.office import Office
from mailprobe.version import VERSION

__all__ = ["POP3", "Pop3Service"]

_TROUBLE = "[SYS/TEMP] The maildrop cannot be read now, try again later"  # RFC 3206, section 4


class NotDone(Exception):
    """A command is not carried out; the text is what follows -ERR."""


class Pop3Service:
    """One client's session."""

    def __init__(self, dialogue: Dialogue, office: Office) -> None:
        self.dialogue = dialogue
        self._connection = dialogue.connection
        self._office = office
        self._accounts = office.accounts
        self._manner = office.profile.pop3
        self._wording = self._manner.wording
        self._timestamp = office.chance.timestamp(self._manner.host)
        self._name: str | None = None  # of a USER that PASS may follow
        self._login: Login | None = None
        self._maildrop: Maildrop | None = None
        self._entries: tuple[Entry, ...] = ()
        self._marked: set[int] = set()

    # -------------------------------------------------------------------------- the service

    def greet(self) -> None:
        date = self._office.chance.date(hours=8)
        self._say(self._wording.greeting.format(date=date, timestamp=self._timestamp))

    def take(self, event: Event) -> None:
        match event:
            case events.CommandReceived(command=command):
                self._take_command(command)
            case events.AnswerReceived(line=line):
                self._attempt(lambda: self._answer(line))
            case events.Failed(word=Word.LIMIT):
                self._part("The line is too long: the session ends")
            case _:
                pass

    def answer_instead(self, command: Command, reply: tuple[str | bytes, ...]) -> None:
        code, *texts = reply
        self.dialogue.say(str(code), *texts)

    def forget(self) -> None:
        self._name = None

    def time_out(self) -> None:
        """RFC 1939, section 3: no message is removed, and no response is sent."""
        self.dialogue.over = True

    def end(self) -> None:
        if self._maildrop is not None:
            self._maildrop.release()

    def _say(self, text: str | bytes = "") -> None:
        self.dialogue.say("+OK", text)

    def _part(self, text: str) -> None:
        self.dialogue.say("-ERR", text)
        self.dialogue.over = True

    # --------------------------------------------------------------------------- any command

    def _take_command(self, command: Command) -> None:
        if not self.dialogue.count_command():
            self._part("Too many commands, goodbye")
            return
        self._attempt(lambda: self._carry_out(command))

    def _attempt(self, action: Callable[[], None]) -> None:
        try:
            action()
        except NotDone as no:
            self.dialogue.say("-ERR", str(no))
        except Failure:
            if self._connection.reading_body:  # the client has had its +OK: only the end is left
                self.dialogue.over = True
                return
            self.dialogue.say("-ERR", _TROUBLE)

    def _carry_out(self, command: Command) -> None:
        row = POP3.find(command.verb)
        rule = _RULES.get(command.verb)
        if row is None or rule is None:
            self._count_junk()
            raise NotDone(self._wording.unknown)
        if self._connection.state not in row.states:
            logged_in = self._connection.state is State.TRANSACTION
            sentence = "You are logged in already" if logged_in else self._wording.first_log_in
            raise NotDone(sentence)
        match = row.pattern.fullmatch(command.argument)
        match = match or row.pattern.fullmatch(command.argument.rstrip(b" \t"))
        if match is None:
            raise NotDone(f"The form is {row.syntax}")
        name, self._name = self._name, None  # PASS counts straight after USER alone
        rule(self, match, name)

    def _count_junk(self) -> None:
        if not self.dialogue.count_junk():
            self.dialogue.over = True

    # ------------------------------------------------------------------------------ the login

    def _user(self, match: Match[bytes], name: str | None) -> None:
        self._check_tls()
        self._name = match[0].decode("utf-8", "replace")
        self._say(self._wording.user.format(user=self._name.removesuffix(f"@{DOMAIN}")))

    def _check_tls(self) -> None:
        if self._manner.login_needs_tls and not self._connection.facts.tls:
            raise NotDone("[SYS/PERM] A login in the clear is not allowed: STLS comes first")

    def _pass(self, match: Match[bytes], name: str | None) -> None:
        if name is None:
            raise NotDone("USER comes straight before PASS")
        secret = self._accounts.secret_of(name)
        right = hmac.compare_digest((secret or "").encode(), match[0])
        self._log_in(name if secret is not None and right else None)

    def _apop(self, match: Match[bytes], name: str | None) -> None:
        octets, _, digest = match[0].partition(b" ")
        user = octets.decode("utf-8", "replace")
        secret = self._accounts.secret_of(user)
        expected = sasl.apop_digest(self._timestamp.encode(), secret or "").encode()
        right = hmac.compare_digest(expected, digest)
        self._log_in(user if secret is not None and right else None)

    @property
    def _offered(self) -> tuple[str, ...]:
        found = offered(self.dialogue.bindings(), self.dialogue.identity(), self._accounts)
        return among(self._manner.mechanisms, found)

    def _auth(self, match: Match[bytes], name: str | None) -> None:
        self._check_tls()
        if not self._offered:
            raise NotDone(self._wording.unknown)
        if not match[0]:  # as servers older than RFC 5034 do
            self._say("These mechanisms are here:")
            self.dialogue.give([f"{mechanism}\r\n".encode() for mechanism in self._offered])
            return
        mechanism = match[1].decode("ascii")
        if mechanism.upper() not in self._offered:
            raise NotDone(f"Try one of {' '.join(self._offered)}")
        self._login = Login.of(mechanism, self.dialogue, self._office)
        self._go_on(self._login.begin(match[2]))

    def _answer(self, line: bytes) -> None:
        assert self._login is not None  # an answer has a challenge before it
        self._go_on(self._login.answer(line))

    def _go_on(self, step: Step) -> None:
        match step:
            case Challenge(line=line):
                self.dialogue.say("+", line)
            case Granted(user=user):
                self._log_in(user)
            case Refused(sentence=sentence, malformed=True):
                raise NotDone(sentence)
            case Refused(sentence=sentence):
                self._count_junk()
                raise NotDone(f"[AUTH] {sentence}")

    def _log_in(self, name: str | None) -> None:
        """Open and lock the maildrop of a user who has proved to be himself."""
        user = self._accounts.user_of(name) if name is not None else None
        if user is None:
            self._count_junk()
            raise NotDone(self._wording.wrong)
        try:
            if self._manner.locked:
                raise InUse
            self._maildrop = Maildrop(self._office.store.folder(user))
        except InUse:
            raise NotDone(self._wording.in_use) from None
        self._entries = self._maildrop.entries
        self._say(self._counted(self._wording.logged_in, user=user))

    def _counted(self, wording: str, **facts: object) -> str:
        """A text with what the maildrop has, without the messages that are marked."""
        sizes = [entry.size for _, entry in self._left()]
        messages, octets, count = _messages(len(sizes)), sum(sizes), len(self._entries)
        return wording.format(messages=messages, octets=octets, count=count, **facts)

    def _start_tls(self, match: Match[bytes], name: str | None) -> None:
        if self._connection.facts.tls:
            raise NotDone("TLS is on already")
        if self._connection.unread:
            # Whoever wrote behind STLS may not be the client that TLS will show: nothing of it
            # may count, and neither does this session (RFC 2595, section 4; CVE-2011-0411).
            self._part("Text came behind STLS: the session ends")
            return
        self._say("Go ahead")

    def _capabilities(self, match: Match[bytes], name: str | None) -> None:
        lines = list(self._manner.capabilities)
        if self._offered:
            lines.append(f"SASL {' '.join(self._offered)}")
        facts = self._connection.facts
        if not facts.tls and facts.state is State.AUTHORIZATION:
            lines.append("STLS")
        ours = f"mailprobe-sandbox-{VERSION}"
        lines.append(f"IMPLEMENTATION {self._wording.implementation or ours}")
        self._say("Capability list follows")
        self.dialogue.give([f"{line}\r\n".encode() for line in lines])

    def _utf8(self, match: Match[bytes], name: str | None) -> None:
        self._say("UTF-8 it is: names, messages and replies")

    def _language(self, match: Match[bytes], name: str | None) -> None:
        """RFC 6856, section 3."""
        if not match[0]:
            self._say("These languages are here:")
            self.dialogue.give([b"en English\r\n"])
        elif match[0].lower() in (b"*", b"en"):
            self._say("en English it is")
        else:
            raise NotDone("There is no such language here: en is one")

    # --------------------------------------------------------------------------- the maildrop

    def _left(self) -> Iterator[tuple[int, Entry]]:
        """The messages that are not marked, with their numbers."""
        for number, entry in enumerate(self._entries, 1):
            if number not in self._marked:
                yield number, entry

    def _find(self, digits: bytes) -> tuple[int, Entry]:
        number = int(digits)
        if not 1 <= number <= len(self._entries):
            wording = self._wording.no_message
            raise NotDone(wording.format(number=number, count=len(self._entries)))
        if number in self._marked:
            raise NotDone(self._wording.is_deleted.format(number=number))
        return number, self._entries[number - 1]

    def _stat(self, match: Match[bytes], name: str | None) -> None:
        sizes = [entry.size for _, entry in self._left()]
        self._say(f"{len(sizes)} {sum(sizes)}")

    def _list(self, match: Match[bytes], name: str | None) -> None:
        self._tell(match[0], lambda entry: entry.size)

    def _uidl(self, match: Match[bytes], name: str | None) -> None:
        self._tell(match[0], lambda entry: entry.unique_id)

    def _tell(self, digits: bytes, fact: Callable[[Entry], object]) -> None:
        """Give a listing of one message, or of all that are not marked."""
        if digits:
            number, entry = self._find(digits)
            self._say(f"{number} {fact(entry)}")
            return
        lines = [f"{number} {fact(entry)}\r\n" for number, entry in self._left()]
        self._say(self._counted(self._wording.listing))
        self.dialogue.give(["".join(lines).encode("ascii")])

    def _open(self, entry: Entry) -> Message:
        assert self._maildrop is not None  # the states of RETR and TOP say so
        return self._maildrop.open(entry)

    def _retrieve(self, match: Match[bytes], name: str | None) -> None:
        _, entry = self._find(match[0])
        with self._open(entry) as message:
            self._say(self._wording.message.format(octets=entry.size))
            self.dialogue.give(message.chunks())

    def _top(self, match: Match[bytes], name: str | None) -> None:
        digits, _, lines = match[0].partition(b" ")
        _, entry = self._find(digits)
        with self._open(entry) as message:
            self._say(self._wording.top.format(lines=int(lines), octets=entry.size))
            self.dialogue.give(message.top(int(lines)))

    def _delete(self, match: Match[bytes], name: str | None) -> None:
        number, _ = self._find(match[0])
        self._marked.add(number)
        self._say(self._wording.deleted.format(number=number))

    def _reset(self, match: Match[bytes], name: str | None) -> None:
        self._marked.clear()
        self._say(self._counted(self._wording.reset))

    def _noop(self, match: Match[bytes], name: str | None) -> None:
        self._say(self._wording.noop)

    def _quit(self, match: Match[bytes], name: str | None) -> None:
        """Leave; after a login this is the UPDATE state (RFC 1939, section 6)."""
        if self._maildrop is None:
            self._say(self._wording.quit)
            return
        try:
            self._maildrop.update(self._entries[number - 1] for number in self._marked)
        except Failure:
            self._part("[SYS/TEMP] Some marked messages are still there, goodbye")
        else:
            self._say(self._wording.updated.format(messages=_messages(len(self._marked))))
        self._maildrop.release()  # before the reply goes out: who reads it may log in again


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count} messages"


_Rule = Callable[[Pop3Service, Match[bytes], str | None], None]
_RULES: dict[str, _Rule] = {
    "USER": Pop3Service._user,
    "PASS": Pop3Service._pass,
    "APOP": Pop3Service._apop,
    "AUTH": Pop3Service._auth,
    "STLS": Pop3Service._start_tls,
    "CAPA": Pop3Service._capabilities,
    "UTF8": Pop3Service._utf8,
    "LANG": Pop3Service._language,
    "STAT": Pop3Service._stat,
    "LIST": Pop3Service._list,
    "UIDL": Pop3Service._uidl,
    "RETR": Pop3Service._retrieve,
    "TOP": Pop3Service._top,
    "DELE": Pop3Service._delete,
    "NOOP": Pop3Service._noop,
    "RSET": Pop3Service._reset,
    "QUIT": Pop3Service._quit,
}
