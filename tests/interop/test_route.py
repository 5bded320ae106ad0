"""`mailprobe route` against NSD and a validating unbound: the right tree for each name."""

import contextlib
import json
import re
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink

from tests.commands.inside import Ran, inside
from tests.conftest import ROOT
from tests.interop.names import DIGEST, POLICY, NameServers
from tests.interop.talk import talk


@dataclass(frozen=True)
class Found:
    """What one run has told, by its JSON."""

    ran: Ran
    steps: list[dict[str, Any]]

    def part(self, name: str) -> dict[str, Any]:
        """A part of the tree."""
        return next(one for one in self.steps if one.get("name") == name and one["step"] == "part")

    def facts(self, name: str) -> dict[str, Any]:
        facts: dict[str, Any] = self.part(name)["facts"]
        return facts

    def texts(self, name: str) -> str:
        """The sentences of a part, a line each, with their levels."""
        return "\n".join(_texts(self.part(name)))

    def answer(self, record_type: str, name: str) -> dict[str, Any]:
        """The step that asked this."""
        return next(
            one
            for one in self.steps
            if one["step"] == "dns" and (one["type"], one["name"]) == (record_type, name)
        )


def _texts(part: dict[str, Any]) -> Iterator[str]:
    yield f"{part['level']}: {part['text']}"
    for below in part["below"]:
        yield from _texts(below)


def route(server: str, domain: str, *more: str) -> Found:
    """Run it, for a program; whatever it says, it says it in lines of JSON."""
    ran = inside("route", domain, "--dns", server, "--json", *more)
    return Found(ran, [json.loads(line) for line in ran.out.split("\n") if line])


# --------------------------------------------------------------------------- where the mail goes


def test_exchangers(name_servers: NameServers) -> None:
    """By preference, the equal ones drawn by lot, with addresses and their names."""
    found = route(name_servers.authority, "someone@route.test")
    assert (found.ran.status, found.ran.err) == (0, "")
    rows = found.facts("mx")["exchangers"]
    assert rows[0]["host"] == "mx1.route.test"
    assert [row["preference"] for row in rows] == [10, 20, 20]
    assert {row["host"] for row in rows[1:]} == {"mx2.route.test", "mx3.route.test"}
    said = found.texts("mx")
    assert "equal preference 20, in an order drawn by lot" in said
    assert "good: 192.0.2.1 is named mx1.route.test, which leads back to it" in said
    assert "doubt: 192.0.2.2 is named elsewhere.route.test, which does not lead back" in said
    assert "doubt: 192.0.2.3 has no name (PTR)" in said
    would = found.texts("would")
    assert "1. connects to mx1.route.test, port 25: 192.0.2.1" in would
    assert "connects to mx2.route.test, port 25, by lot: 192.0.2.2" in would


ROUTES = {
    "implicit.route.test": ("implicit", "fact: 1. connects to implicit.route.test, port 25"),
    "alias.route.test": ("mx", "1. connects to mx1.route.test"),
    "cnamemx.route.test": ("mx", "1. connects to mxalias.route.test, port 25: 192.0.2.1"),
    "half.route.test": ("mx", "1. passes over nowhere.route.test: its name does not exist"),
    "badnull.route.test": ("mx", "1. connects to mx1.route.test"),
    "six.route.test": ("mx", "1. connects to onlysix.route.test, port 25: 2001:db8::6"),
}
NOWHERE = {
    "nomail.route.test": ("null-mx", "gives the mail back at once and connects to nobody: 556"),
    "nothing.route.test": ("no-address", "fault: gives the mail back: 5.4.4"),
    "none.route.test": ("nxdomain", "fault: gives the mail back at once: 5.1.2"),
    "dangling.route.test": ("mx", "the domain's own address is not tried"),
    "loop1.route.test": ("servfail", "tries again later"),
    "broken.test": ("servfail", "tries again later"),
}


@pytest.mark.parametrize("domain", ROUTES)
def test_domains_that_take_mail(name_servers: NameServers, domain: str) -> None:
    """What a sending server would do, in words."""
    found = route(name_servers.validator, domain)
    outcome, said = ROUTES[domain]
    assert found.ran.status == 0
    assert found.facts("mx")["outcome"] == outcome
    assert said in found.texts("would")


@pytest.mark.parametrize("domain", NOWHERE)
def test_domains_that_take_none(name_servers: NameServers, domain: str) -> None:
    """The same, and the word `dns` with status 4."""
    found = route(name_servers.validator, domain)
    outcome, said = NOWHERE[domain]
    assert (found.ran.status, found.ran.word) == (4, "dns")
    assert found.steps[-1]["outcome"] == outcome
    assert said in found.texts("would")


FAULTS = {
    "cnamemx.route.test": "it is a CNAME of mx1.route.test",
    "badnull.route.test": "fault: a null MX beside others",
    "dangling.route.test": "fault: 1. nowhere.route.test, preference 10: its name does not exist",
    "here.route.test": "fault: 127.0.0.1, a loopback address",
    "six.route.test": "it has no IPv4 address",
    "nomail.route.test": "550 5.7.27",
}


@pytest.mark.parametrize("domain", FAULTS)
def test_what_is_wrong_with_exchangers(name_servers: NameServers, domain: str) -> None:
    """Each is named."""
    assert FAULTS[domain] in route(name_servers.authority, domain).texts("mx")


def test_readme_shows_a_route(name_servers: NameServers) -> None:
    """As it is printed, but for the port of the name server and the time."""
    readme = (ROOT / "README.md").read_text("utf-8")
    shown = readme.partition("$ mailprobe route alice@example.test\n")[2].partition("```")[0]
    ran = inside("route", "alice@example.test", "--dns", name_servers.validator)
    printed = re.sub(r"in [0-9]+ ms", "in ... ms", re.sub("@[0-9]+", "", ran.out))
    assert printed == shown


# ----------------------------------------------------------------------------- DNSSEC and DANE


def test_a_zone_that_is_signed(name_servers: NameServers) -> None:
    """The AD bit of a resolver that validates: TLSA counts, and only what SMTP can use."""
    found = route(name_servers.validator, "signed.test")
    assert found.answer("MX", "signed.test")["validated"] is True
    verdicts = [row["dane"] for row in found.facts("mx")["exchangers"]]
    assert verdicts == ["usable", "unusable", "none"]
    tlsa = found.answer("TLSA", "_25._tcp.mx1.signed.test")["records"]
    assert tlsa == [{"usage": 3, "selector": 1, "matching": 1, "data": DIGEST}]
    assert "with DANE: STARTTLS and a certificate that fits its TLSA" in found.texts("would")


def test_the_same_without_validation(name_servers: NameServers) -> None:
    """The authority sets no AD bit: not validated, and never called secure."""
    found = route(name_servers.authority, "signed.test")
    assert found.answer("MX", "signed.test")["validated"] is False
    verdicts = [row["dane"] for row in found.facts("mx")["exchangers"]]
    assert verdicts == ["not-validated", "not-validated", "none"]
    assert "DANE: not validated" in found.texts("mx")
    assert "with DANE" not in found.texts("would")


def test_a_zone_that_is_not_signed(name_servers: NameServers) -> None:
    """A resolver that validates cannot vouch for it."""
    found = route(name_servers.validator, "route.test")
    assert found.facts("mx")["exchangers"][0]["dane"] == "not-validated"


def test_a_zone_that_was_changed(name_servers: NameServers) -> None:
    """Its SERVFAIL is told apart from that of a broken server, which stays so without DNSSEC."""
    bogus = route(name_servers.validator, "bogus.test")
    assert bogus.ran.status == 4
    assert bogus.answer("MX", "bogus.test")["said"] == "bogus"
    assert "DNSSEC does not hold" in bogus.texts("mx")
    assert "DNSSEC does not hold" in bogus.ran.err
    broken = route(name_servers.validator, "broken.test")
    assert broken.answer("MX", "broken.test")["said"] == "servfail"
    assert "DNSSEC" not in broken.ran.err
    unvalidated = route(name_servers.authority, "bogus.test")
    assert unvalidated.answer("MX", "bogus.test")["said"] == "records"


@pytest.fixture
def listening(name_servers: NameServers) -> Iterator[None]:
    """A foreign server on port 25 of the exchangers of dane.test, which offers STARTTLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(name_servers.certificate)
    controller = Controller(Sink(), hostname=POLICY, port=25, tls_context=context)
    try:
        controller.start()
    except OSError as error:
        pytest.skip(f"port 25 of {POLICY} cannot be had: {error}")
    yield
    controller.stop()


@pytest.mark.parametrize("number, fits", [(1, True), (2, True), (3, False)])
def test_dane_in_a_live_handshake(
    name_servers: NameServers, listening: None, number: int, fits: bool
) -> None:
    """By the end entity and by the trust anchor, where no CA would do; another key is refused."""
    script = f"/route dane.test\n/open {number}\nEHLO a\nSTARTTLS\nEHLO b\n/state\nQUIT\n"
    run = talk("--dns", name_servers.validator, script=script, status=0 if fits else 4)
    assert ("EHLO b" in run.sent) is fits
    if fits:
        assert re.search("^# TLS +TLSv1.[23], verified$", run.stdout, re.MULTILINE)
    else:
        assert "mailprobe: tls: DANE: bad.dane.test: no TLSA record fits" in run.stderr


def test_the_same_without_a_validating_resolver(name_servers: NameServers, listening: None) -> None:
    """TLSA for which nobody vouches counts for nothing: the certificate is refused as usual."""
    script = "/route dane.test\n/open 1\nEHLO a\nSTARTTLS\nQUIT\n"
    run = talk("--dns", name_servers.authority, script=script, status=4)
    assert "mailprobe: tls: the certificate of ee.dane.test is not trusted" in run.stderr


# ---------------------------------------------------------------------------------- the senders

SPF = {
    "spf": ("valid", 3, "all others fail"),
    "inner": ("valid", 0, "nothing is said of all others"),
    "twospf": ("permerror", 0, "2 records where one may be"),
    "badspf": ("permerror", 0, "no address of this kind"),
    "loopspf": ("permerror", 1, "leads back to itself"),
    "gonespf": ("permerror", 1, "nowhere.route.test has no SPF record"),
    "voidspf": ("permerror", 3, "3 look-ups find nothing, 2 may"),
    "manyspf": ("permerror", 11, "11 terms ask DNS, 10 may"),
    "openspf": ("valid", 0, "anybody may send"),
    "ledspf": ("valid", 4, "all others fail"),
    "nospf": ("none", 0, "SPF: none"),
    "hostile": ("permerror", 0, "'\\u{1b}]0;gone\\u{7}': neither a mechanism nor a modifier"),
}


@pytest.mark.parametrize("name", SPF)
def test_spf(name_servers: NameServers, name: str) -> None:
    """Result, look-ups, and what it says of all others; strings joined without a blank."""
    found = route(name_servers.authority, f"{name}.route.test")
    result, lookups, said = SPF[name]
    facts = found.facts("spf")
    assert (facts["result"], facts["lookups"]) == (result, lookups)
    assert said in found.texts("spf")
    assert "\x1b" not in found.ran.out


DMARC = {
    "route.test": ("quarantine", "route.test", "route.test"),
    "mx1.route.test": ("reject", "route.test", "route.test"),
    "strict.route.test": ("reject", "strict.route.test", "strict.route.test"),
    "www.strict.route.test": ("reject", "strict.route.test", "strict.route.test"),
    "baddmarc.route.test": ("", "baddmarc.route.test", "route.test"),
    "twodmarc.route.test": ("reject", "route.test", "route.test"),
    "a.b.c.d.e.f.g.h.deep.route.test": ("reject", "route.test", "route.test"),
    "signed.test": ("none", "test", "signed.test"),
    "absent.test": ("reject", "test", "absent.test"),
}


@pytest.mark.parametrize("domain", DMARC)
def test_dmarc(name_servers: NameServers, domain: str) -> None:
    """The policy that the walk finds, where, and the organisational domain."""
    facts = route(name_servers.authority, domain).facts("dmarc")
    assert (facts["policy"], facts["found_at"], facts["organisation"]) == DMARC[domain]
    assert len(facts["asked"]) <= 8


def test_reports_of_dmarc(name_servers: NameServers) -> None:
    """Who gets them elsewhere has to agree."""
    said = route(name_servers.authority, "route.test").texts("dmarc")
    assert "good: agrees.test agrees to get its reports" in said
    assert "fault: silent.test has not agreed" in said


@pytest.mark.parametrize(
    "selector, usable, said",
    [
        ("ed", True, "an Ed25519 key"),
        ("revoked", False, "revoked"),
        ("rsa2048", False, "it is a CNAME of key.route.test"),
        ("none", False, "does not exist"),
    ],
)
def test_dkim(name_servers: NameServers, selector: str, usable: bool, said: str) -> None:
    """The key of a selector."""
    found = route(name_servers.authority, "route.test", "--selector", selector)
    assert found.facts("dkim") == {"selector": selector, "usable": usable}
    assert said in found.texts("dkim")


@pytest.mark.parametrize(
    "domain, said",
    [
        ("route.test", "good: TLSRPT: v=TLSRPTv1"),
        ("twotls.route.test", "fault: 2 records, so none counts"),
        ("badtls.route.test", "mailto: or https: is wanted"),
        ("nomail.route.test", "TLSRPT: none"),
    ],
)
def test_tlsrpt(name_servers: NameServers, domain: str, said: str) -> None:
    """Who hears of failures."""
    assert said in route(name_servers.authority, domain).texts("tlsrpt")


def test_services(name_servers: NameServers) -> None:
    """Each SRV, with what is wrong with its target; autoconfig is only looked up."""
    found = route(name_servers.authority, "route.test")
    said = found.texts("services")
    for text in (
        "_submissions: sending, TLS from the first octet",
        "mx1.route.test:465",
        "_submission: sending, STARTTLS",
        "fault: mxalias.route.test:993, priority 0, weight 1: it is a CNAME",
        "_imap: not offered",
        "mx1.route.test:1995 (not 995)",
        "fault: nowhere.route.test:995, priority 10, weight 1: it does not exist",
        "no SRV: _pop3",
    ):
        assert text in said
    assert "autoconfig.route.test/mail/config-v1.1.xml" in found.texts("autoconfig")
    assert [one for one in found.steps if one["step"] == "https"] == []


# -------------------------------------------------------------------------------------- MTA-STS

_POLICY = "version: STSv1\r\nmode: {mode}\r\nmx: {mx}\r\nmax_age: 1209600\r\n"
_ENFORCED = _POLICY.format(mode="enforce", mx="*.route.test")
# What the web server says for a host: status, media type, body.
PAGES = {
    "mta-sts.sts.route.test": (200, "text/plain", _ENFORCED),
    "mta-sts.othermx.route.test": (200, "text/plain", _ENFORCED.replace("*.route", "*.other")),
    "mta-sts.moved.route.test": (302, "text/plain", ""),
    "mta-sts.page.route.test": (200, "text/html", "<html>"),
    "mta-sts.huge.route.test": (200, "text/plain", "x" * 200_000),
    "mta-sts.badsts.route.test": (200, "text/plain", _ENFORCED.replace("enforce", "sometimes")),
    "mta-sts.gone404.route.test": (404, "text/plain", "no"),
}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, kind, body = PAGES.get(self.headers["Host"], (500, "text/plain", ""))
        good = self.path == "/.well-known/mta-sts.txt"
        self.send_response(status if good else 500)
        if status == 302:
            self.send_header("Location", "https://mta-sts.sts.route.test/.well-known/mta-sts.txt")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[str]:
    """A web server with all policies; the file of its CA."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*PAGES).configure_cert(context)
    try:
        server = ThreadingHTTPServer((POLICY, 443), _Handler)
    except OSError as error:
        pytest.skip(f"port 443 of {POLICY} cannot be had: {error}")
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # who hangs up is no error
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with contextlib.closing(server.socket):
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield str(tmp_path / "ca.pem")
        server.shutdown()
        thread.join()
        server.server_close()


STS = {
    "sts": ("enforce", "good: enforce"),
    "othermx": ("enforce", "fault: mx1.route.test is not among its mx: *.other.test"),
    "moved": ("", "leads elsewhere (302), which nobody may follow"),
    "page": ("", "text/plain is wanted"),
    "huge": ("", "the page is longer than 65536 octets"),
    "badsts": ("", "mode is 'sometimes'"),
    "gone404": ("", "was answered with 404"),
    "othercert": ("", "it is for another host"),
    "twosts": ("", "2 records, so none counts"),
    "idsts": ("", "1 to 32 letters and digits"),
    "hostless": ("", "mta-sts.hostless.route.test does not exist"),
}


@pytest.mark.parametrize("name", STS)
def test_mta_sts(name_servers: NameServers, authority: str, name: str) -> None:
    """Record and policy, fetched by verified TLS, no redirect followed, bounded."""
    found = route(name_servers.authority, f"{name}.route.test", "--ca", authority)
    mode, said = STS[name]
    assert found.ran.status == 0
    assert found.facts("mta-sts")["mode"] == mode
    assert said in found.texts("mta-sts")
    assert len([one for one in found.steps if one["step"] == "https"]) <= 1


def test_what_a_policy_makes_of_mail(name_servers: NameServers, authority: str) -> None:
    """A sender that honours it demands a certificate, or passes over whom it does not name."""
    good = route(name_servers.authority, "sts.route.test", "--ca", authority)
    said = good.texts("would")
    assert "with MTA-STS: STARTTLS and a valid certificate of mx1.route.test" in said
    bad = route(name_servers.authority, "othermx.route.test", "--ca", authority).texts("would")
    assert "fault: with MTA-STS: passes it over" in bad
    assert "fault: with MTA-STS: no exchanger is left" in bad
    (page,) = (one for one in good.steps if one["step"] == "https")
    assert (page["said"], page["status"], page["kind"]) == ("page", 200, "text/plain")
