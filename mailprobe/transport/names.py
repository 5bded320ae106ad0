"""The name by which a client says hello (RFC 5321, section 4.1.4)."""

import socket

_PATIENCE = 1.0  # seconds for the resolver: a hello is not worth more


def own_name(local: str) -> str:
    """The host's full name, else the address literal of `local` (as `Transport.local` has it).

    Never `localhost`: servers refuse it, for it is true of everybody.
    """
    name = socket.gethostname()
    if not _is_full(name):
        name = _canonical(name)
    return name if _is_full(name) else _literal(local)


def _is_full(name: str) -> bool:
    return "." in name.strip(".") and not name.lower().startswith("localhost")


def _canonical(name: str) -> str:
    """Ask the resolver, in a thread: getaddrinfo() cannot be interrupted."""
    import threading  # most hosts know their name

    found: list[str] = []

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(
                name, None, type=socket.SOCK_STREAM, flags=socket.AI_CANONNAME
            )
        except (OSError, UnicodeError):
            return
        found.extend(answer[3] for answer in answers if answer[3])

    thread = threading.Thread(target=ask, daemon=True, name="own name")
    thread.start()
    thread.join(_PATIENCE)
    return found[0] if found else ""


def _literal(local: str) -> str:
    """RFC 5321, section 4.1.3: `[192.0.2.1]`, `[IPv6:2001:db8::1]`."""
    host = local.rpartition(":")[0]
    if host.startswith("["):
        return f"[IPv6:{host.strip('[]').partition('%')[0]}]"
    return f"[{host}]" if host and host != "unix" else "[127.0.0.1]"
