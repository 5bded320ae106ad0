"""The whole route, asked of a nano name server: what is asked, fetched, told, and what is not."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import dns.rcode
import pytest

from mailprobe import lookup
from mailprobe.answers import Answer, Said
from mailprobe.errors import Failure, Word
from mailprobe.routing import document, route
from mailprobe.routing.model import Fetched, Level, Step
from mailprobe.transport.link import TlsSettings
from tests.nameserver import SILENT, Fault, Nameserver
from tests.routing.zone import texts

ZONE = """
@ MX 10 mx1
@ MX 20 mx2
@ MX 20 mx3
mx1 A 192.0.2.1
mx2 A 192.0.2.2
mx3 AAAA 2001:db8::3
@ TXT "v=spf1 mx -all"
_dmarc TXT "v=DMARC1; p=reject"
_mta-sts TXT "v=STSv1; id=1;"
mta-sts A 127.0.0.77
nomail MX 0 .
implicit A 192.0.2.4
dangling MX 10 nowhere
many MX 10 mx1
"""


@pytest.fixture(scope="module")
def nameserver() -> Iterator[Nameserver]:
    with Nameserver(ZONE) as running:
        yield running


def find(server: Nameserver, name: str = "", **how: object) -> tuple[route.Route, list[Step]]:
    """The route of a name of the zone, and its steps."""
    steps: list[Step] = []
    domain = f"{name}.example.test" if name else "example.test"
    given = {"server": server.address, "limit": 5.0, "observe": steps.append, **how}
    return route.find(domain, **given), steps  # type: ignore[arg-type]


def test_the_parts_in_order(nameserver: Nameserver) -> None:
    """Each part stands once, and the last one says what a sending server would do."""
    found, _ = find(nameserver, selectors=["s1", "s2"])
    assert [part.name for part in found.parts] == [
        *("mx", "mta-sts", "tlsrpt", "spf", "dmarc", "dkim", "dkim", "services", "autoconfig")
    ]
    assert found.would.name == "would"
    assert found.failure is None
    assert found.hop.hosts[0].name == "mx1.example.test"


def test_the_exchanger_of_a_number(nameserver: Nameserver) -> None:
    """As the tree counts them: from 1."""
    found, _ = find(nameserver)
    first = found.exchanger(1)
    assert first is not None
    assert first.host.name == "mx1.example.test"
    assert (found.exchanger(0), found.exchanger(4)) == (None, None)


def test_every_step_is_told_once(nameserver: Nameserver) -> None:
    """With the moment and the time that it took; nothing is asked twice."""
    found, steps = find(nameserver)
    asked = [(step.name, step.record_type) for step in steps if isinstance(step, Answer)]
    assert len(asked) == len(set(asked)) > 20
    moments = [step.at for step in steps]
    assert moments == sorted(moments)
    assert all(0 <= step.took <= found.seconds for step in steps)


def test_a_domain_that_does_not_exist(nameserver: Nameserver) -> None:
    """Only the walk of DMARC goes on: its parents may say something of it."""
    found, steps = find(nameserver, "absent")
    assert [part.name for part in found.parts] == ["mx", "dmarc"]
    assert found.failure is not None
    assert found.failure.word is Word.DNS
    assert not [step for step in steps if isinstance(step, Fetched)]


@pytest.mark.parametrize(
    "fault, said", [(dns.rcode.SERVFAIL, Said.SERVFAIL), (SILENT, Said.TIMEOUT)]
)
def test_dns_that_does_not_work(fault: Fault, said: Said) -> None:
    """One question is enough; the mail stays in the queue."""
    with Nameserver(ZONE, faults={"*": fault}) as server:
        found, steps = find(server, limit=0.5)
    (step,) = steps
    assert isinstance(step, Answer)
    assert step.said is said
    assert [part.name for part in found.parts] == ["mx"]
    assert "tries again later" in texts(found.would)


def test_a_null_mx(nameserver: Nameserver) -> None:
    """Nobody is connected to, and the rest is looked at: it may still send."""
    found, _ = find(nameserver, "nomail")
    assert "556 5.1.10" in texts(found.would)
    assert "spf" in [part.name for part in found.parts]


def test_this_machine_is_not_connected_to(
    nameserver: Nameserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger's DNS may name loopback: no connection for it."""
    monkeypatch.setattr(route, "is_local", lambda server: False)
    monkeypatch.setattr(route.https, "get", lambda *_, **__: pytest.fail("connected"))
    found, steps = find(nameserver)
    (fetched,) = (step for step in steps if isinstance(step, Fetched))
    assert fetched.said == "security"
    assert "127.0.0.77: a loopback address" in fetched.text
    assert "not connected to" in texts(*found.parts)


def test_a_file_of_certificates_that_is_none(nameserver: Nameserver, tmp_path: Path) -> None:
    """Is no fault of the domain: the run ends with `usage`."""
    (tmp_path / "ca.pem").write_text("none")
    with socket.create_server(("127.0.0.77", 0)) as listener, pytest.MonkeyPatch.context() as patch:
        patch.setattr(route.https, "PORT", listener.getsockname()[1])
        with pytest.raises(Failure) as caught:
            find(nameserver, settings=TlsSettings(str(tmp_path / "ca.pem")))
    assert caught.value.word is Word.USAGE


@pytest.mark.parametrize(
    "text, domain",
    [
        ("example.org", "example.org"),
        ("alice@example.org", "example.org"),
        ('"a@b"@Example.ORG', "Example.ORG"),
        ("bob@bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_domains_of_addresses(text: str, domain: str) -> None:
    """The part after the last @, in A-labels."""
    assert route.domain_of(text) == domain


@pytest.mark.parametrize("text", ["", "alice@", "alice@[192.0.2.1]", "a b.example", "x@y\x1b[2J"])
def test_what_has_no_route(text: str) -> None:
    """Is a usage failure of one printable line."""
    with pytest.raises(Failure) as caught:
        route.domain_of(text)
    assert caught.value.word is Word.USAGE
    assert caught.value.sentence.isprintable()


@pytest.mark.parametrize("text", ["", "a b", "-a", "a.", "x" * 65, "a;b", "\x1b"])
def test_what_is_no_selector(text: str) -> None:
    """Refused before any question."""
    with pytest.raises(Failure) as caught:
        route.check_selector(text)
    assert caught.value.word is Word.USAGE


def test_the_number_of_questions_is_bounded(
    nameserver: Nameserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many names a zone has made up; what was left out is told."""
    monkeypatch.setattr(lookup, "MAXIMUM_QUESTIONS", 12)
    found, steps = find(nameserver)
    asked = [step for step in steps if isinstance(step, Answer) and step.said is not Said.UNASKED]
    assert len(asked) == 12
    assert "not asked: one run asks 12 questions" in texts(*found.parts)


def test_documents(nameserver: Nameserver) -> None:
    """Every step and part is JSON, and the last object says where the mail goes."""
    found, steps = find(nameserver)
    objects = [*map(document.step, steps), *map(document.part, found.parts), document.route(found)]
    read = [json.loads(json.dumps(one)) for one in objects]
    assert {one["step"] for one in read} == {"dns", "https", "part", "route"}
    assert {"preference": 10, "host": "mx1.example.test"} in read[0]["records"]
    assert read[-1]["hosts"][0] == "mx1.example.test"
    assert read[-1]["outcome"] == "mx"


def test_faults_are_found(nameserver: Nameserver) -> None:
    """Wherever they stand in the tree."""
    assert find(nameserver, "dangling")[0].count(Level.FAULT) > 1
    assert find(nameserver, "implicit")[0].count(Level.FAULT) == 0
