"""Name servers on loopback: NSD with zones for routes, and unbound that validates what it says.

`signed.test` is signed, and unbound holds its key; `bogus.test` was changed after it was signed.
The rest is not signed.  Nothing here knows of mailprobe.
"""

import contextlib
import hashlib
import os
import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.interop import servers
from tests.interop.servers import HOST

PROGRAMS = ("nsd", "unbound", "ldns-keygen", "ldns-signzone")
# Where the policies of MTA-STS are served: an address of this process alone.
POLICY = f"127.44.{os.getpid() // 250 % 250}.{os.getpid() % 250 + 1}"
SIGNED = ("example.test", "signed.test", "bogus.test", "dane.test")
# SHA-256 of nothing in particular, as TLSA wants it
DIGEST = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@dataclass(frozen=True, slots=True)
class NameServers:
    """Whom to ask: NSD itself, or the resolver that validates."""

    authority: str
    validator: str
    certificate: Path  # of a server below dane.test, with its key and its chain


def missing() -> str | None:
    """Why they cannot be started here, or None."""
    if absent := [name for name in PROGRAMS if not shutil.which(name)]:
        return f"not installed: {', '.join(absent)} (.ci/servers installs them)"
    return None


def running() -> contextlib.AbstractContextManager[NameServers]:
    """Start both, and stop them and remove their folder whatever happens."""
    return servers.held(_start)


def _start(folder: Path, stack: contextlib.ExitStack) -> NameServers:
    folder.chmod(0o755)
    for name in ("log", "state", "zones"):
        (folder / name).mkdir()
    ports = servers.free_ports(("authority", "validator"))
    for name, text in {**ZONES, "dane.test": _certified(folder)}.items():
        (folder / "zones" / name).write_text(_HEAD + text)
    anchors = "".join(_sign(folder / "zones", name) for name in SIGNED)
    (folder / "anchors").write_text(anchors)
    values = {"folder": folder, "host": HOST, **ports}
    served = "".join(_ZONE % {"name": name, "file": _file(name)} for name in _NAMES)
    stubs = "".join(_STUB % {"name": name, **values} for name in (*_NAMES, "."))
    (folder / "nsd.conf").write_text(_NSD % values + served)
    (folder / "unbound.conf").write_text(_UNBOUND % values + stubs)
    for program, port in (("nsd", "authority"), ("unbound", "validator")):
        arguments = ("-d", "-c", folder / f"{program}.conf")
        daemon = servers.spawn(program, arguments, folder / "log")
        stack.callback(servers.stop, daemon)
        servers.wait_for_ports(daemon, program, [ports[port]], folder / "log")
    addresses = (f"{HOST}:{ports[name]}" for name in ("authority", "validator"))
    return NameServers(*addresses, folder / "server.pem")


def _certified(folder: Path) -> str:
    """Make a certificate that nobody trusts, and a zone whose TLSA records are made of it."""
    import trustme  # slow, and of use only where the servers are

    authority = trustme.CA()
    leaf = authority.issue_cert("ee.dane.test", "ta.dane.test", "bad.dane.test")
    pem = [leaf.private_key_pem, *leaf.cert_chain_pems, authority.cert_pem]
    (folder / "server.pem").write_bytes(b"".join(one.bytes() for one in pem))
    first, root = (
        ssl.PEM_cert_to_DER_cert(one.bytes().decode())
        for one in (leaf.cert_chain_pems[0], authority.cert_pem)
    )
    rows = [
        ("ee", "3 0 1", hashlib.sha256(first).hexdigest()),
        ("ta", "2 0 2", hashlib.sha512(root).hexdigest()),
        ("bad", "3 1 1", DIGEST),
    ]
    return "".join(
        f"@ MX {number} {name}\n{name} A {POLICY}\n_25._tcp.{name} TLSA {how} {digest}\n"
        for number, (name, how, digest) in enumerate(rows)
    )


def _file(name: str) -> str:
    return {"broken.test": "none"}.get(name, f"{name}.signed" if name in SIGNED else name)


def _sign(folder: Path, name: str) -> str:
    """Sign a zone, and change that of bogus.test afterwards; returns the key to trust."""
    made = subprocess.run(
        ["ldns-keygen", "-a", "ECDSAP256SHA256", "-k", name],
        **_QUIETLY,
        cwd=folder,
    )
    key = made.stdout.decode().strip()
    subprocess.run(["ldns-signzone", "-o", name, name, key], **_QUIETLY, cwd=folder)
    signed = folder / f"{name}.signed"
    if name == "bogus.test":
        text = signed.read_text()
        assert "192.0.2.1" in text
        signed.write_text(text.replace("192.0.2.1", "192.0.2.66").replace("10 mx1.", "10 mx6."))
    return (folder / f"{key}.key").read_text()


_QUIETLY: dict[str, object] = {"check": True, "capture_output": True, "timeout": 60}

_NSD = """\
server:
  ip-address: %(host)s@%(authority)d
  port: %(authority)d
  username: ""
  chroot: ""
  zonesdir: "%(folder)s/zones"
  database: ""
  pidfile: "%(folder)s/nsd.pid"
  xfrdfile: "%(folder)s/state/xfrd.state"
  xfrdir: "%(folder)s/state"
  zonelistfile: "%(folder)s/state/zone.list"
  logfile: "%(folder)s/log/nsd.log"
  server-count: 1
remote-control:
  control-enable: no
"""

_ZONE = """\
zone:
  name: %(name)s
  zonefile: %(file)s
"""

# No question leaves this machine: even the root is NSD, which refuses it.
_UNBOUND = """\
server:
  interface: %(host)s
  port: %(validator)d
  do-ip6: no
  username: ""
  chroot: ""
  directory: "%(folder)s"
  pidfile: "%(folder)s/unbound.pid"
  logfile: "%(folder)s/log/unbound.log"
  use-syslog: no
  module-config: "validator iterator"
  trust-anchor-file: "%(folder)s/anchors"
  do-not-query-localhost: no
  access-control: 127.0.0.0/8 allow
  local-zone: "test." nodefault
  local-zone: "2.0.192.in-addr.arpa." nodefault
  qname-minimisation: no
  num-threads: 1
remote-control:
  control-enable: no
"""

_STUB = """\
stub-zone:
  name: "%(name)s"
  stub-addr: %(host)s@%(authority)d
"""

_HEAD = """\
$TTL 300
@ SOA ns1.route.test. hostmaster.route.test. 2026010101 3600 600 86400 60
@ NS ns1.route.test.
"""

_TEST = """\
_dmarc TXT "v=DMARC1; p=none; psd=y; np=reject; rua=mailto:reports@registry.test"
"""

_REVERSE = """\
1 PTR mx1.route.test.
2 PTR elsewhere.route.test.
11 PTR mx1.example.test.
12 PTR dialup.example.test.
"""

_SIGNED = f"""\
@ MX 10 mx1
@ MX 20 mx2
@ MX 30 mx3
mx1 A 192.0.2.1
mx2 A 192.0.2.2
mx3 A 192.0.2.3
_25._tcp.mx1 TLSA 3 1 1 {DIGEST}
_25._tcp.mx2 TLSA 1 1 1 {DIGEST}
"""

# What README shows.
_EXAMPLE = f"""\
@ MX 10 mx1
@ MX 20 mx2
@ TXT "v=spf1 mx include:news.example.test -all"
mx1 A 192.0.2.11
mx2 A 192.0.2.12
news TXT "v=spf1 ip4:192.0.2.64/28 ~all"
_25._tcp.mx1 TLSA 3 1 1 {DIGEST}
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.test"
_smtp._tls TXT "v=TLSRPTv1; rua=mailto:tls@example.test"
_submissions._tcp SRV 0 1 465 mx1
_pop3s._tcp SRV 0 1 995 mx1
_submission._tcp SRV 0 0 0 .
"""

_SPF = """\
spf TXT "v=spf1 a:mx1.route.test mx:route.test " "include:inner.route.test -all"
inner TXT "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ?all"
twospf TXT "v=spf1 -all"
twospf TXT "v=spf1 +all"
badspf TXT "v=spf1 ip4:192.0.2.300 include: foo -all"
loopspf TXT "v=spf1 include:loopspf.route.test -all"
gonespf TXT "v=spf1 include:nowhere.route.test -all"
voidspf TXT "v=spf1 a:no1.route.test a:no2.route.test a:no3.route.test ~all"
manyspf TXT "v=spf1 a a a a a a a a a a a ?all"
manyspf A 192.0.2.9
openspf TXT "v=spf1 +all"
endless TXT "v=spf1 mx"
ledspf TXT "v=spf1 redirect=spf.route.test"
nospf TXT "v=spf10 -all"
"""

_DMARC = """\
_dmarc TXT ( "v=DMARC1; p=quarantine; sp=reject; "
  "rua=mailto:a@route.test,mailto:b@agrees.test,mailto:c@silent.test" )
_dmarc.strict TXT "v=DMARC1; p=reject; psd=n"
strict A 192.0.2.1
www.strict A 192.0.2.1
_dmarc.twodmarc TXT "v=DMARC1; p=none"
_dmarc.twodmarc TXT "v=DMARC1; p=reject"
twodmarc A 192.0.2.1
_dmarc.baddmarc TXT "v=DMARC1; p=perhaps"
baddmarc A 192.0.2.1
a.b.c.d.e.f.g.h.deep A 192.0.2.1
"""

_STS = "".join(
    f'{name} MX 10 mx1\n_mta-sts.{name} TXT "v=STSv1; id=20260101;"\nmta-sts.{name} A {POLICY}\n'
    for name in ("sts", "othermx", "moved", "page", "huge", "badsts", "othercert", "gone404")
)
_STS += """\
twosts MX 10 mx1
_mta-sts.twosts TXT "v=STSv1; id=1;"
_mta-sts.twosts TXT "v=STSv1; id=2;"
idsts MX 10 mx1
_mta-sts.idsts TXT "v=STSv1; id=not-one;"
hostless MX 10 mx1
_mta-sts.hostless TXT "v=STSv1; id=1;"
"""

_SERVICES = """\
_submissions._tcp SRV 0 1 465 mx1
_submission._tcp SRV 0 1 587 mx1
_imaps._tcp SRV 0 1 993 mxalias
_imap._tcp SRV 0 0 0 .
_pop3s._tcp SRV 10 1 995 nowhere
_pop3s._tcp SRV 0 1 1995 mx1
autoconfig A 192.0.2.1
_autodiscover._tcp SRV 0 0 443 mx1
"""

_ROUTE = (
    f"""\
@ MX 10 mx1
@ MX 20 mx2
@ MX 20 mx3
@ TXT "v=spf1 mx -all"
ns1 A 127.0.0.1
mx1 A 192.0.2.1
mx2 A 192.0.2.2
mx3 A 192.0.2.3
elsewhere A 192.0.2.99
_25._tcp.mx1 TLSA 3 1 1 {DIGEST}
_smtp._tls TXT "v=TLSRPTv1; rua=mailto:tls@route.test"
_smtp._tls.twotls TXT "v=TLSRPTv1; rua=mailto:one@route.test"
_smtp._tls.twotls TXT "v=TLSRPTv1; rua=mailto:two@route.test"
_smtp._tls.badtls TXT "v=TLSRPTv1; rua=ftp://route.test"
badtls A 192.0.2.1
twotls A 192.0.2.1
nomail MX 0 .
badnull MX 0 .
badnull MX 10 mx1
implicit A 192.0.2.1
nothing TXT "neither MX nor address"
alias CNAME @
cnamemx MX 10 mxalias
mxalias CNAME mx1
dangling MX 10 nowhere
half MX 10 nowhere
half MX 20 mx2
here MX 10 self
self A 127.0.0.1
six MX 10 onlysix
onlysix AAAA 2001:db8::6
rsa2048._domainkey CNAME key
loop1 CNAME loop2
loop2 CNAME loop1
revoked._domainkey TXT "v=DKIM1; p="
ed._domainkey TXT "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
key TXT "v=DKIM1; k=rsa; p=garbage!"
hostile MX 10 mx1
hostile TXT "v=spf1 \\027]0;gone\\007 -all"
"""
    + _SPF
    + _DMARC
    + _STS
    + _SERVICES
)

ZONES = {
    "test": _TEST,
    "route.test": _ROUTE,
    "agrees.test": 'route.test._report._dmarc TXT "v=DMARC1"\n',
    "silent.test": "@ A 192.0.2.1\n",
    "2.0.192.in-addr.arpa": _REVERSE,
    "example.test": _EXAMPLE,
    "signed.test": _SIGNED,
    "bogus.test": _SIGNED,
}
_NAMES = (*ZONES, "dane.test", "broken.test")
