"""A session of SMTP or LMTP as the server has it: any command, hello, TLS, login.

Which command may come when, and how it is written, the catalogue says; what is offered, asked
for and refused, the profile.  Mail transactions are `smtp`'s.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from re import Match

from mailprobe.errors import Word
from mailprobe.patterns import pattern
from mailprobe.protocol import events
from mailprobe.protocol.catalogue import Catalogue, CommandSpec, Standing, Then
from mailprobe.protocol.events import Event
from mailprobe.protocol.model import Command, Protocol, State
from mailprobe.sandbox import policy
from mailprobe.sandbox.accounts import DOMAIN, members_of
from mailprobe.sandbox.dialogue import Dialogue
from mailprobe.sandbox.helping import help_lines
from mailprobe.sandbox.login import Challenge, Granted, Login, Refused, Step, among, offered
from mailprobe.sandbox.manners import KEYWORDS, Host, LineEnds
from mailprobe.sandbox.office import Office
from mailprobe.sandbox.parameters import NotDone, Refusal, not_done
from mailprobe.sandbox.scrutiny import BARE_LF, CrlfMaker

Rule = Callable[[Match[bytes]], None]

_NOT_OF_LMTP = frozenset({"FUTURERELEASE"})  # RFC 4865, section 3: it is for submission

# What is in the way where the session stands (503).
_NOT_NOW = {
    State.GREETED: "say hello first: {hello}",
    State.READY: "no mail transaction is open: MAIL comes first",
    State.MAIL: "the mail transaction has no recipient yet: RCPT comes next, or RSET",
    State.RCPT: "a mail transaction is open: RCPT, DATA or RSET",
    State.BDAT: "chunks have come: go on with BDAT, or RSET",
}

_ENHANCED = pattern(rb"\A[245]\.[0-9]+\.[0-9]+ ")


class SmtpSession(ABC):
    """One client's session; `catalogue` says whether it is SMTP or LMTP.

    `host` is the one that is spoken to, where a profile has several.
    """

    def __init__(
        self, catalogue: Catalogue, dialogue: Dialogue, office: Office, host: Host | None = None
    ) -> None:
        self.dialogue = dialogue
        self._catalogue = catalogue
        self._connection = dialogue.connection
        self._office = office
        self._manner = office.profile.smtp
        self._wording = self._manner.wording
        self._host = host or Host(DOMAIN, "", office.profile.domains)
        self._lmtp = catalogue.protocol is Protocol.LMTP
        self._enhanced = "ENHANCEDSTATUSCODES" in self._manner.keywords
        self._kind = "LMTP" if self._lmtp else "ESMTP"
        if self._manner.line_ends is LineEnds.LF:
            dialogue.spelled = CrlfMaker()
        self._hello = b""
        self._extended = False  # EHLO or LHLO, not HELO
        self._user: str | None = None
        self._login: Login | None = None
        self._chunk: tuple[Refusal | None, bool] | None = None  # refused?, LAST?
        self._rules = self._make_rules()

    def _make_rules(self) -> dict[str, Rule]:
        """What is done for each verb."""
        return {
            "EHLO": self._greet_back,
            "LHLO": self._greet_back,
            "HELO": self._greet_plainly,
            "STARTTLS": self._start_tls,
            "AUTH": self._authenticate,
            "VRFY": self._verify,
            "EXPN": self._expand,
            "HELP": self._help,
            "NOOP": self._noop,
            "QUIT": self._quit,
        }

    @abstractmethod
    def _drop_transaction(self) -> None:
        """Forget the mail transaction, if one is open."""

    # -------------------------------------------------------------------------- the service

    def greet(self) -> None:
        wording = self._wording.greeting
        date = self._office.chance.date(hours=8) if "{date}" in wording else ""
        text = wording.format(host=self._host.name, kind=self._kind, date=date)
        self._say("220", text)

    def take(self, event: Event) -> None:
        match event:
            case events.CommandReceived(command=command):
                self._take_command(command)
            case events.AnswerReceived(line=line):
                self._answer(line)
            case events.Deviated() if self._manner.line_ends is LineEnds.CRLF:
                self._part("521", BARE_LF)
            case events.Failed(word=Word.LIMIT):
                self._part("500", "5.5.2 The line is too long: the session ends")
            case _:
                pass

    def answer_instead(self, command: Command, reply: tuple[str | bytes, ...]) -> None:
        code, *texts = reply
        row = self._catalogue.row(command)
        if row.then is Then.CHUNK:  # its octets come all the same
            self._chunk = (Refusal(str(code), str(texts[0])), row.says_last(command))
            return
        self.dialogue.say(str(code), *texts)

    def forget(self) -> None:
        self._drop_transaction()
        self._hello, self._extended, self._user = b"", False, None

    def time_out(self) -> None:
        self._part("421", "4.4.2 Nothing has come for too long, goodbye")

    def end(self) -> None:
        self._drop_transaction()

    def _say(self, code: str, *texts: str | bytes) -> None:
        if not self._enhanced:  # RFC 2034, section 4: who does not offer them says none
            octets = (text if isinstance(text, bytes) else text.encode() for text in texts)
            texts = tuple(_ENHANCED.sub(b"", each) for each in octets)
        self.dialogue.say(code, *texts)

    def _part(self, code: str, text: str) -> None:
        self._say(code, text)
        self.dialogue.over = True

    # ------------------------------------------------------------------------ any command

    def _take_command(self, command: Command) -> None:
        if not self.dialogue.count_command():
            self._part("421", "4.7.0 Too many commands, goodbye")
            return
        row = self._catalogue.row(command)
        try:
            self._measure(command)
            rule, match = self._judge(row, command)
            rule(match)
        except NotDone as no:
            if row.then is Then.CHUNK:  # its octets come all the same
                self._chunk = (no.refusal, row.says_last(command))
                return
            self._refuse(no.refusal)

    def _measure(self, command: Command) -> None:
        longest = self._manner.longest_command
        if longest and len(command.line) + 2 > longest and command.verb != "AUTH":
            raise not_done("500", f"5.5.2 The line is longer than {longest} octets with its end")

    def _judge(self, row: CommandSpec, command: Command) -> tuple[Rule, Match[bytes]]:
        """Find the rule for a command that is known, in its place and well written."""
        if not row.verb:
            raise not_done("500", self._wording.unknown)
        if row.standing is Standing.DEAD:  # RFC 2033, section 4.1
            raise not_done("500", f"5.5.1 This is LMTP, which has no {row.verb}: say LHLO")
        if (refusal := self._manner.refused.get(row.verb)) is not None:
            raise NotDone(refusal)
        rule = self._rules.get(row.verb)
        if rule is None:
            raise not_done("502", self._wording.not_carried_out.format(verb=row.verb))
        if not self._in_place(row):
            hello = "LHLO" if self._lmtp else "EHLO"
            raise not_done("503", f"5.5.1 {_NOT_NOW[self._connection.state].format(hello=hello)}")
        match = row.pattern.fullmatch(command.argument.rstrip(b" \t"))
        if match is None:
            # RFC 4954, section 4: an initial response that is no base64
            answered = row.then is Then.SASL and b" " in command.argument
            detail = "5.5.2" if answered else "5.5.4"
            raise not_done("501", f"{detail} The form is {row.syntax}")
        return rule, match

    def _in_place(self, row: CommandSpec) -> bool:
        state = self._connection.state
        if state is State.GREETED and not self._manner.needs_hello:
            state = State.READY
        return state in row.states

    def _refuse(self, refusal: Refusal) -> None:
        """Say why not, as often as a reply is owed: LMTP's last chunk has one a recipient."""
        if refusal.code == "500" and not self.dialogue.count_junk():
            self._part("421", "4.7.0 Too many commands that nobody knows, goodbye")
            return
        for _ in range(self._connection.outstanding):
            self._say(refusal.code, refusal.text)

    # ---------------------------------------------------------------------- hello, TLS, login

    def _greet_back(self, match: Match[bytes]) -> None:
        self._drop_transaction()
        self._hello, self._extended = match[0], True
        manner, tls = self._manner, self._connection.facts.tls
        keywords = [
            f"{name} {behind.format(size=manner.size)}" if behind else name
            for name, behind in manner.keywords.items()
            if not (self._lmtp and name in _NOT_OF_LMTP)
        ]
        # RFC 8689, section 4: REQUIRETLS is offered over TLS alone
        if tls and manner.keywords is KEYWORDS:
            keywords.append("REQUIRETLS")
        if manner.start_tls and not tls:
            keywords.append("STARTTLS")
        if (tls or not manner.login_needs_tls) and (mechanisms := self._offered):
            keywords.append(f"AUTH {' '.join(mechanisms)}")
        self._say("250", self._greeted(self._wording.hello, match), *keywords)

    def _greeted(self, wording: str, match: Match[bytes]) -> str:
        return wording.format(host=self._host.name, name=match[0].decode("utf-8", "replace"))

    @property
    def _extensions(self) -> list[str]:
        names = self._manner.keywords
        return [name for name in names if not (self._lmtp and name in _NOT_OF_LMTP)]

    @property
    def _parameters_of(self) -> set[str]:
        """The extensions whose parameters are known, as things stand."""
        tls = {"REQUIRETLS"} if self._connection.facts.tls else set()
        return {*self._extensions, "AUTH", *tls}

    def _greet_plainly(self, match: Match[bytes]) -> None:
        self._drop_transaction()
        self._hello, self._extended = match[0], False
        self._say("250", self._greeted(self._wording.plain_hello, match))

    def _start_tls(self, match: Match[bytes]) -> None:
        if self._connection.facts.tls:
            raise not_done("503", "5.5.1 TLS is on already")
        if self._connection.unread:
            # Whoever wrote behind STARTTLS may not be the client that TLS will show: nothing of
            # it may count (CVE-2011-0411), and neither does this session.
            self._part("421", "4.7.0 Text came behind STARTTLS: the session ends")
            return
        self._say("220", self._wording.start_tls)

    @property
    def _offered(self) -> tuple[str, ...]:
        found = offered(self.dialogue.bindings(), self.dialogue.identity(), self._office.accounts)
        return among(self._manner.mechanisms, (*found, "ANONYMOUS"))

    def _authenticate(self, match: Match[bytes]) -> None:
        if self._user is not None:
            raise not_done("503", "5.5.1 You are logged in already")
        if self._manner.login_needs_tls and not self._connection.facts.tls:
            raise NotDone(policy.LOGIN_NEEDS_TLS)
        mechanism = match[1].decode("ascii")
        if mechanism.upper() not in self._offered:
            raise not_done("504", f"5.5.4 Try one of {' '.join(self._offered)}")
        self._login = Login.of(mechanism, self.dialogue, self._office)
        self._go_on(self._login.begin(match[2]))

    def _answer(self, line: bytes) -> None:
        assert self._login is not None  # an answer has a challenge before it
        self._go_on(self._login.answer(line))

    def _go_on(self, step: Step) -> None:
        match step:
            case Challenge(line=line):
                self.dialogue.say("334", line)
            case Granted(user=user):
                self._user = user
                self._say("235", self._wording.logged_in)
            case Refused(sentence=sentence, malformed=True):
                self._say("501", f"5.5.2 {sentence}")
            case Refused(sentence=sentence):
                if self.dialogue.count_junk():
                    self._say("535", f"5.7.8 {sentence}")
                else:
                    self._part("421", "4.7.0 Too many failed logins, goodbye")

    # --------------------------------------------------------------------------- at any time

    def _verify(self, match: Match[bytes]) -> None:
        self._say("252", self._wording.verify.format(domain=DOMAIN))

    def _expand(self, match: Match[bytes]) -> None:
        words = match[0].decode("utf-8", "replace").split()
        members = members_of(words[0]) if words else ()
        if not members:
            raise not_done("550", "5.1.1 There is no such list; try EXPN postmaster")
        self._say("250", *(f"2.1.5 <{member}>" for member in members))

    def _help(self, match: Match[bytes]) -> None:
        topic = match[0].strip().upper().decode("latin-1")
        rows = [row for row in self._catalogue if row.verb in self._rules]
        rows = [
            row
            for row in rows
            if row.standing is not Standing.DEAD and row.verb not in self._manner.refused
        ]
        self._say("214", *help_lines(rows, topic, self._manner.ticket))

    def _noop(self, match: Match[bytes]) -> None:
        self._say("250", self._wording.noop)

    def _quit(self, match: Match[bytes]) -> None:
        self._say("221", self._wording.quit.format(kind=self._kind))
