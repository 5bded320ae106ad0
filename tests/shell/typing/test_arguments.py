"""What stands behind a slash is completed from the row of the table."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.facts import Facts
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.sasl import MECHANISMS
from mailprobe.protocol.smtp import SMTP
from mailprobe.shell.local.table import Argument, LocalCommand
from mailprobe.shell.typing.arguments import local_completions
from mailprobe.shell.typing.suggestion import SHOWN, Known
from tests.shell.facts import maildrop, smtp
from tests.shell.typing.test_complete import CATALOGUES, FACTS

FOLDERS = {
    "": [
        ("mail.eml", False),
        ("my file", False),
        (".hidden", False),
        ("sub", True),
        ("\x1b", True),
    ],
    "sub/": [("it's", False), ('a "b"', False)],
    "~/": [("home.eml", False)],
}


def names_in(folder: str) -> Iterable[tuple[str, bool]]:
    return FOLDERS.get(folder, ())


def row(name: str, argument: Argument, syntax: str = "") -> LocalCommand:
    return LocalCommand(name, syntax or f"/{name}", f"does {name}", lambda s, line: None, argument)


KNOWN = Known(
    rows=[
        row("save", Argument.FILE),
        row("bdat", Argument.FILE, "/bdat FILE [--chunks SIZES] [--no-wait]"),
        row("connect", Argument.TARGET),
        row("help", Argument.TOPIC),
        row("set", Argument.SETTING),
        row("auth", Argument.MECHANISM),
        row("mime", Argument.MESSAGE),
        row("note", Argument.TEXT),
        row("state", Argument.NOTHING),
        row("use", Argument.SESSION),
        row("zoo", Argument.CHARACTER),
    ],
    sessions=[("1", "smtp mx.example:25"), ("2", "pop3 pop.example:110")],
    subjects={1: "hello"},
    names_in=names_in,
    targets=[("work", "smtps://mail.example")],
    settings={"color": ("auto", "never"), "ehlo": ()},
)


def texts(line: str, facts: Facts | None = None, catalogue: Catalogue | None = SMTP) -> list[str]:
    found = local_completions(line, facts or smtp(), catalogue, KNOWN)
    return [line[: one.start] + one.text for one in found]


@pytest.mark.parametrize(
    "line, expected",
    [
        ("/s", ["/save ", "/set ", "/state"]),
        ("/SA", ["/SAve "]),
        ("/save", ["/save "]),
        ("/state", []),
        ("/nothing ", []),
        ("/state ", []),
        ("/note a", []),
        ("/save ", ["/save mail.eml", r"/save my\ file", "/save sub/"]),
        ("/save m", ["/save mail.eml", r"/save my\ file"]),
        ('/save "m', ['/save "mail.eml"', '/save "my file"']),
        ("/save 'my", ["/save 'my file'"]),
        ("/save su", ["/save sub/"]),
        ("/save .", ["/save .hidden"]),
        ("/save sub/", [r"/save sub/a\ \"b\"", r"/save sub/it\'s"]),
        ("/save 'sub/i", ['/save "sub/it\'s"']),
        ("/save ~/", ["/save ~/home.eml"]),
        ("/save mail.eml", []),
        ("/save mail.eml ", []),
        ("/bdat mail.eml --", ["/bdat mail.eml --chunks", "/bdat mail.eml --no-wait"]),
        ("/bdat mail.eml --chunks 1 --", ["/bdat mail.eml --chunks 1 --no-wait"]),
        ("/connect s", ["/connect smtp ", "/connect sandbox", "/connect smtp://",
                        "/connect smtps://", "/connect submission://", "/connect submissions://"]),
        ("/connect pop3 ", ["/connect pop3 sandbox", "/connect pop3 work"]),
        ("/connect w", ["/connect work"]),
        ("/help eh", ["/help ehlo"]),
        ("/help al", ["/help all"]),
        ("/help /sa", ["/help /save"]),
        ("/help 22", ["/help 220", "/help 221"]),
        ("/help a b", []),
        ("/set ", ["/set color ", "/set ehlo "]),
        ("/set color ", ["/set color auto", "/set color never"]),
        ("/set color n", ["/set color never"]),
        ("/set ehlo ", []),
        ("/set color auto ", []),
        ("/auth pl", ["/auth plain "]),
        ("/auth PLAIN u", []),
    ],
)  # fmt: skip
def test_each_argument_has_its_suggestions(line: str, expected: list[str]) -> None:
    """Files quoted as a shell does it, targets, topics, settings, mechanisms, options."""
    assert texts(line) == expected


@pytest.mark.parametrize(
    "line, expected",
    [
        ("/connect pop3 sandbox/mu", ["/connect pop3 sandbox/muse"]),
        ("/connect pop3 sandbox+tarp", ["/connect pop3 sandbox+tarpit"]),
        ("/connect pop3 sandbox/muse+tarp", ["/connect pop3 sandbox/muse+tarpit"]),
        ("/connect pop3 sandbox+slow+tarp", ["/connect pop3 sandbox+slow+tarpit"]),
        ("/connect pop3 other/mu", []),
        ("/connect pop3 other+tarp", []),
        ("/zoo mu", ["/zoo muse"]),
        ("/zoo muse mu", []),
    ],
)
def test_profiles_and_faults(line: str, expected: list[str]) -> None:
    """They are offered when somebody has begun to name one: there are many."""
    assert texts(line) == expected


@pytest.mark.parametrize("catalogue, there", [(None, False), (SMTP, True)])
def test_the_sandbox_is_offered_where_it_can_be_reached(
    catalogue: Catalogue | None, there: bool
) -> None:
    """Behind a protocol, or where one is spoken already; as a first word it would be refused."""
    assert ("/connect sandbox" in texts("/connect ", catalogue=catalogue)) is there
    first = ["/connect smtp ", "/connect lmtp ", "/connect pop3 "]
    assert texts("/connect ", catalogue=catalogue)[:3] == first
    assert "/connect work" in texts("/connect ", catalogue=catalogue)
    assert "/connect pop3 sandbox" in texts("/connect pop3 ", catalogue=catalogue)


def test_mechanisms_on_offer_come_first() -> None:
    """The others work with another server; they are grey."""
    found = local_completions("/auth ", smtp(), SMTP, KNOWN)
    assert [one.display for one in found[:2]] == ["SCRAM-SHA-256", "PLAIN"]
    assert [one.apt for one in found] == [True, True] + [False] * (len(MECHANISMS) - 2)
    assert found[-1].meta == "not offered"


def test_messages_are_described() -> None:
    """As behind RETR."""
    found = local_completions("/mime ", maildrop(), POP3, KNOWN)
    assert found[0].meta == "1842 octets · abc · hello"
    assert local_completions("/mime 1 ", maildrop(), POP3, KNOWN) == []


def test_a_folder_is_looked_at_in_bounds() -> None:
    """Some hundred entries: a key press does not wait for a disk."""
    looked = 0

    def endless(folder: str) -> Iterable[tuple[str, bool]]:
        nonlocal looked
        while True:
            looked += 1
            yield f"file{looked}", False

    known = Known(rows=KNOWN.rows, names_in=endless)
    assert len(local_completions("/save f", smtp(), SMTP, known)) == SHOWN
    assert looked <= 1000


@given(
    st.builds(
        "/{} {}".format,
        st.sampled_from([row.name for row in KNOWN.rows]),
        st.text(st.characters(exclude_categories=()), max_size=8),
    ),
    FACTS,
    st.none() | CATALOGUES,
)
def test_any_line_is_completed_without_a_complaint(
    line: str, facts: Facts, catalogue: Catalogue | None
) -> None:
    """Never raises, never too many, never what a terminal could obey."""
    found = local_completions(line, facts, catalogue, KNOWN)
    assert len(found) <= SHOWN
    assert all(one.display.isprintable() and one.meta.isprintable() for one in found)


def test_sessions_are_offered() -> None:
    """By number, with their host beside it."""
    assert texts("/use ") == ["/use 1", "/use 2"]
    assert texts("/use 2 ") == texts("/use 3") == []


def test_a_part_of_a_name_finds_it() -> None:
    """Where no name begins so; a name that is whole finds no other one."""
    assert texts("/te") == ["/note ", "/state"]
    assert texts("/NE") == ["/connect "]
    assert texts("/state") == []
    assert texts("/xyz") == []
