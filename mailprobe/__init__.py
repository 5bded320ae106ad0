"""mailprobe: raw SMTP, LMTP and POP3 sessions, typed by hand, recorded and understood.

    import mailprobe

    with mailprobe.connect("smtp://mail.example.net") as session:
        print(session.command("EHLO client.example").reply.texts)

What is named in `__all__` is loaded when somebody asks for it; docs/python.md tells about it.
"""

TYPE_CHECKING = False  # type checkers know this name, too
if TYPE_CHECKING:
    from mailprobe.api.looking import route
    from mailprobe.api.opening import connect
    from mailprobe.api.playing import replay, serve
    from mailprobe.api.talking import Session
    from mailprobe.errors import ExitStatus, Failure, Word
    from mailprobe.exchanges import Exchange
    from mailprobe.player.results import Result
    from mailprobe.protocol import events
    from mailprobe.protocol.events import Event
    from mailprobe.protocol.framing import Limits
    from mailprobe.protocol.model import Command, Protocol, Reply, State
    from mailprobe.routing.route import Route
    from mailprobe.sandbox.running import RunningSandbox, start_sandbox
    from mailprobe.session import Settings
    from mailprobe.transport.link import TlsSettings
    from mailprobe.version import VERSION

    __version__ = VERSION

__all__ = [
    "Command",
    "Event",
    "Exchange",
    "ExitStatus",
    "Failure",
    "Limits",
    "Protocol",
    "Reply",
    "Result",
    "Route",
    "RunningSandbox",
    "Session",
    "Settings",
    "State",
    "TlsSettings",
    "Word",
    "__version__",
    "connect",
    "events",
    "replay",
    "route",
    "serve",
    "start_sandbox",
]

# Where each of them is; "" stands for the module itself.
_PLACES = {
    "Command": ("protocol.model", "Command"),
    "Event": ("protocol.events", "Event"),
    "Exchange": ("exchanges", "Exchange"),
    "ExitStatus": ("errors", "ExitStatus"),
    "Failure": ("errors", "Failure"),
    "Limits": ("protocol.framing", "Limits"),
    "Protocol": ("protocol.model", "Protocol"),
    "Reply": ("protocol.model", "Reply"),
    "Result": ("player.results", "Result"),
    "Route": ("routing.route", "Route"),
    "RunningSandbox": ("sandbox.running", "RunningSandbox"),
    "Session": ("api.talking", "Session"),
    "Settings": ("session", "Settings"),
    "State": ("protocol.model", "State"),
    "TlsSettings": ("transport.link", "TlsSettings"),
    "Word": ("errors", "Word"),
    "__version__": ("version", "VERSION"),
    "connect": ("api.opening", "connect"),
    "events": ("protocol.events", ""),
    "replay": ("api.playing", "replay"),
    "route": ("api.looking", "route"),
    "serve": ("api.playing", "serve"),
    "start_sandbox": ("sandbox.running", "start_sandbox"),
}

if not TYPE_CHECKING:  # so that a type checker knows what is not there

    def __getattr__(name: str) -> object:
        """Load what is exported when it is asked for: a start must not pay for all of it."""
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        place, attribute = _PLACES[name]
        module = import_module(f"{__name__}.{place}")
        found = globals()[name] = getattr(module, attribute) if attribute else module
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
