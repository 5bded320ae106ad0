"""Local commands for the route of a domain: /route shows it, /open goes one of its ways."""

import re

from mailprobe.errors import Failure, Word
from mailprobe.protocol.model import Protocol
from mailprobe.shell.connections.patience import answer_to
from mailprobe.shell.interface import Shell
from mailprobe.shell.local.table import Argument, LocalCommand, Malformed, tell, usage
from mailprobe.transport.link import Interrupted, TlsSettings
from mailprobe.transport.target import parse_further
from mailprobe.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.routing.route import Route

_NUMBER = re.compile("[1-9][0-9]{0,2}")


def _route(shell: Shell, argument: str) -> None:
    import shutil  # and DNS below: where somebody asks

    from mailprobe.render.route import draw
    from mailprobe.routing import route as routing

    known = shell.preferences.route
    if argument:
        domain = routing.domain_of(argument)
        try:
            known = answer_to(lambda: _find(shell, domain), shell.wakeup)
        except Interrupted:
            tell(shell, "interrupted")
            return
        shell.preferences.route = known
    if known is None:
        raise Malformed
    color = shell.paint("failure", "x") != "x"
    # Who wants no colours, or has no terminal, gets a tree that can be read without lines, too.
    width = shutil.get_terminal_size().columns
    shell.write(draw(known, width=width, color=color, plain=not color))
    if known.hop.usable:
        tell(shell, "/open N connects to one of the exchangers")


def _find(shell: Shell, domain: str) -> "Route":
    from mailprobe.routing import route as routing

    return routing.find(
        domain,
        server=shell.name_server,
        settings=TlsSettings(shell.settings.tls.ca, verify=shell.settings.tls.verify),
        limit=min(routing.LIMIT, shell.settings.timeout),
    )


def _open(shell: Shell, argument: str) -> None:
    if not _NUMBER.fullmatch(argument):
        raise Malformed
    known = shell.preferences.route
    if known is None:
        raise usage("there is no route yet: /route DOMAIN finds one")
    exchanger = known.exchanger(int(argument))
    if exchanger is None:
        count = len(known.exchangers)
        raise usage(f"the route of {known.domain} has {count} exchangers: /route shows them")
    host = exchanger.host
    # In the place of a CA only on the word of a resolver that the person has named.
    records = exchanger.dane.records if shell.name_server is not None else ()
    if not host.addresses:
        raise Failure(Word.DNS, f"{host.name}: {host.trouble}")
    from mailprobe.addresses import dangerous, is_local  # and ipaddress, 4 ms

    target = parse_further(host.name, Protocol.SMTP, shell.tls)
    local = is_local(shell.name_server)
    for address in host.addresses:
        danger = dangerous(address, local=local)
        if danger and not _may_go(shell, host.name, address, danger):
            raise Failure(Word.SECURITY, f"{host.name} is {address}: {danger}; not connected to")
    # The addresses that were shown: a name may lead elsewhere by now.
    if records:
        tell(shell, f"over TLS its certificate has to fit its TLSA (DANE): {len(records)} usable")
    shell.connect(replace(target, addresses=host.addresses, associations=records))


def _may_go(shell: Shell, name: str, address: str, danger: str) -> bool:
    """Whether to connect to what nobody should connect to because a stranger's DNS says so."""
    question = f"{name} is {address}: {danger}; connect all the same? [y/N] "
    return shell.ask(question).strip().lower() in ("y", "yes")


ROWS = (
    LocalCommand(
        "route",
        "/route [ADDRESS|DOMAIN]",
        "show where mail goes, and what a sending server would do; the last one again",
        _route,
        Argument.TEXT,
    ),
    LocalCommand(
        "open", "/open N", "connect to exchanger N of the last route", _open, Argument.TEXT
    ),
)
