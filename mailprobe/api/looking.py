"""The route of a domain, for programs: what `mailprobe route` asks and finds."""

import os
from collections.abc import Callable, Sequence

from mailprobe.routing import route as routing
from mailprobe.routing.model import Step
from mailprobe.routing.route import Route
from mailprobe.transport.link import TlsSettings


def route(
    domain: str,
    *,
    dns: str | None = None,
    selectors: Sequence[str] = (),
    ca: str | os.PathLike[str] | None = None,
    verify: bool = True,
    max_time: float = routing.LIMIT,
    observe: Callable[[Step], object] = lambda step: None,
) -> Route:
    """Find where the mail of a domain, or of an address, goes, and what DNS says of its senders.

    `dns` is the name server that is asked (`ADDRESS[:PORT]`), `selectors` are those of DKIM keys;
    `ca` and `verify` are for the MTA-STS policy, which is fetched from its host: nobody else but
    name servers is connected to.  All takes at most `max_time` seconds.  `observe` is called with
    each question and page when its answer has come; each has `at` and `took`, in seconds.

    Raises Failure: `usage` for arguments without sense, `dns` where there is nobody to ask.  What
    DNS says or fails to say stands in the Route, and `failure` in it where no mail can be sent.
    """
    return routing.find(
        routing.domain_of(domain),
        server=dns,
        selectors=[routing.check_selector(name) for name in selectors],
        settings=TlsSettings(None if ca is None else os.fspath(ca), verify=verify),
        limit=max_time,
        observe=observe,
    )
