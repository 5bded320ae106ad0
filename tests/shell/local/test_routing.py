"""/route and /open, on a shell that only remembers what it was asked for."""

from collections.abc import Iterator

import pytest

from mailprobe.answers import Association
from mailprobe.errors import Failure, Word
from mailprobe.protocol.model import Protocol
from mailprobe.render.theme import paint
from mailprobe.routing.dane import Verdict
from mailprobe.session import Settings
from mailprobe.shell.local.commands import run
from mailprobe.shell.typing.preferences import Preferences
from mailprobe.transport.target import Target, Tls
from mailprobe.value import replace
from tests.nameserver import Nameserver

ZONE = """
@ MX 10 mx1
@ MX 20 mx2
@ MX 30 nowhere
@ MX 40 here
mx1 A 192.0.2.1
mx2 A 192.0.2.2
mx2 AAAA 2001:db8::2
@ MX 50 cloud
here A 127.0.0.1
cloud A 169.254.169.254
nomail MX 0 .
"""


class Shell:
    """What these commands ask for, and what they show."""

    columns = 80

    def __init__(self, server: str | None, *, color: bool = False) -> None:
        self.preferences = Preferences()
        self.settings = Settings(timeout=5)
        self.name_server = server
        self.tls = Tls.NONE
        self.color = color
        self.shown = ""
        self.targets: list[Target] = []
        self.asked: list[str] = []
        self.answer = ""

    def write(self, text: str) -> None:
        self.shown += text

    def paint(self, style: str, text: str) -> str:
        return paint(style, text, color=self.color)

    wakeup = None

    def ask(self, question: str) -> str:
        self.asked.append(question)
        return self.answer

    def connect(self, target: Target) -> None:
        self.targets.append(target)

    def run(self, line: str) -> str:
        self.shown = ""
        run(self, line)  # type: ignore[arg-type]  # all of a shell that they look at
        return self.shown

    def refused(self, line: str) -> Failure:
        with pytest.raises(Failure) as caught:
            self.run(line)
        return caught.value


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with Nameserver(ZONE) as running:
        yield running.address


def test_route_is_shown_and_kept(server: str) -> None:
    """Without an argument the last one is shown again, and DNS is not asked."""
    shell = Shell(server)
    shown = shell.run("/route alice@example.test")
    assert shown.startswith("example.test\n  Exchangers")
    assert shown.endswith("/open N connects to one of the exchangers\n")
    shell.name_server = "192.0.2.53"
    assert shell.run("/route") == shown


def test_route_in_colour(server: str) -> None:
    """Where colours are shown, it is drawn."""
    shown = Shell(server, color=True).run("/route example.test")
    assert "├── " in shown
    assert "\x1b[" in shown


def test_a_route_that_leads_nowhere(server: str) -> None:
    """Is shown, too; there is nobody to open."""
    shell = Shell(server)
    assert "/open" not in shell.run("/route nomail.example.test")
    assert "has 0 exchangers" in shell.refused("/open 1").sentence


def test_open_goes_to_the_addresses_that_were_shown(server: str) -> None:
    """To port 25 of the second exchanger, by its name, with no other look-up."""
    shell = Shell(server)
    shell.run("/route example.test")
    shell.run("/open 2")
    assert shell.targets == [
        Target(Protocol.SMTP, "mx2.example.test", 25, addresses=("2001:db8::2", "192.0.2.2"))
    ]


@pytest.mark.parametrize("tls, port", [(Tls.STARTTLS, 25), (Tls.IMPLICIT, 465)])
def test_open_has_the_tls_of_the_command_line(server: str, tls: Tls, port: int) -> None:
    """As the exchangers of --mx have it."""
    shell = Shell(server)
    shell.tls = tls
    shell.run("/route example.test")
    shell.run("/open 2")
    assert [(target.tls, target.port) for target in shell.targets] == [(tls, port)]


def test_open_hands_on_what_dane_demands(server: str) -> None:
    """Where DNSSEC vouches for TLSA, the certificate has to fit it, and that is said."""
    shell = Shell(server)
    shell.run("/route example.test")
    known = shell.preferences.route
    assert known is not None
    first = known.exchangers[0]
    records = (Association(3, 1, 1, bytes(32)),)
    usable = replace(first, dane=replace(first.dane, verdict=Verdict.USABLE, records=records))
    shell.preferences.route = replace(known, exchangers=(usable, *known.exchangers[1:]))
    assert "has to fit its TLSA (DANE): 1 usable" in shell.run("/open 1")
    assert shell.targets[0].associations == records
    assert "TLSA" not in shell.run("/open 2")
    shell.name_server = None  # nobody has said whose word counts
    assert "TLSA" not in shell.run("/open 1")
    assert [target.associations for target in shell.targets] == [records, (), ()]


def test_what_cannot_be_opened(server: str) -> None:
    """No route, no such number, no address: nothing is connected to."""
    shell = Shell(server)
    assert "there is no route yet" in shell.refused("/open 1").sentence
    assert shell.refused("/route").word is Word.USAGE
    assert shell.refused("/route alice@[192.0.2.1]").word is Word.USAGE
    shell.run("/route example.test")
    assert "has 5 exchangers" in shell.refused("/open 6").sentence
    for line in ("/open", "/open 0", "/open x", "/open 1 2", "/open ２"):
        assert shell.refused(line).sentence == "write /open N"
    lost = shell.refused("/open 3")
    assert (lost.word, lost.sentence) == (
        Word.DNS,
        "nowhere.example.test: its name does not exist",
    )
    assert shell.targets == []


@pytest.mark.parametrize("answer, goes", [("", False), ("n", False), ("y", True), (" Yes ", True)])
def test_this_machine_is_asked_about(server: str, answer: str, goes: bool) -> None:
    """A stranger's DNS may name loopback; a name server on loopback may, too."""
    shell = Shell(server)
    shell.run("/route example.test")
    shell.name_server = None
    shell.answer = answer
    if goes:
        shell.run("/open 4")
    else:
        assert shell.refused("/open 4").word is Word.SECURITY
    (question,) = shell.asked
    assert question.startswith("here.example.test is 127.0.0.1: a loopback address")
    assert bool(shell.targets) is goes


def test_a_local_name_server_may_name_this_machine(server: str) -> None:
    """Nobody is asked."""
    shell = Shell(server)
    shell.run("/route example.test")
    shell.run("/open 4")
    assert shell.asked == []
    assert shell.targets[0].addresses == ("127.0.0.1",)


def test_a_local_name_server_may_pass_on_what_strangers_say(server: str) -> None:
    """Of what is no loopback address somebody is asked all the same."""
    shell = Shell(server)
    shell.run("/route example.test")
    assert shell.refused("/open 5").word is Word.SECURITY
    (question,) = shell.asked
    assert question.startswith("cloud.example.test is 169.254.169.254: the metadata service")
    assert shell.targets == []
