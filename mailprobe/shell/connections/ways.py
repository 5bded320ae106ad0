"""The way of the next connection: that of the run and the profile, with the proxy's password.

It sees the shell through what asks a person, and keeps no password itself.
"""

from collections.abc import Callable, Mapping

from mailprobe.errors import Failure, Word
from mailprobe.player.secrets import variable_of
from mailprobe.safe import safe
from mailprobe.shell.options import Options
from mailprobe.transport.way import Proxy
from mailprobe.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.shell.config import Profile

_KIND = "proxy-password"
Ask = Callable[[str, str], str | None]  # prompt, and what the secret is called


def with_way(
    options: Options,
    profile: "Profile | None",
    ask: Ask,
    learn: Callable[[bytes], None],
) -> Options:
    """`options` with the way of a connection by `profile`; the command line counts more.

    A program is for the target of the command line alone.  Raises Failure `usage`.
    """
    way = options.way if profile is None else options.way.beside(profile.way)
    proxy = way.proxy
    if proxy is not None:
        exposed = options.settings.insecure_auth
        password = _password(proxy, options.env, ask) if proxy.user else ""
        if password:
            learn(password.encode("utf-8", "surrogateescape"))
        way = replace(way, proxy=replace(proxy, password=password, exposed=exposed))
    return replace(options, way=way)


def with_variable(options: Options) -> Options:
    """The same where nobody can be asked: the password is that of the variable, or missing."""
    return with_way(options, None, lambda prompt, kind: None, lambda secret: None)


def _password(proxy: Proxy, env: Mapping[str, str], ask: Ask) -> str:
    """What is known already, that of the variable, or what a person says."""
    known = proxy.password or env.get(variable_of(_KIND))
    password = known or ask(f"password of {safe(proxy.user)} at {proxy} (hidden): ", _KIND)
    if not password:
        raise Failure(
            Word.USAGE,
            f"the password of {safe(proxy.user)} at {proxy} was not given: "
            f"set {variable_of(_KIND)}",
        )
    return password


def remembered(before: Options, made: Options) -> Options:
    """`before`, with the password that was asked for: once is enough for a run."""
    if before.way.proxy is None or made.way.proxy is None:
        return before
    return replace(before, way=replace(before.way, proxy=made.way.proxy))
