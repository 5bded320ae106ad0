"""What a person has written down for good: how the shell behaves, and profiles of servers.

A file of TOML: data, never code, and never a secret.  Only a shell at a terminal takes its
defaults; its profiles are taken by whoever names one.  Replays know nothing of it.
"""

import os
from collections.abc import Callable, Mapping

from mailprobe import files
from mailprobe.durations import seconds
from mailprobe.errors import Failure, Word
from mailprobe.patterns import pattern
from mailprobe.protocol.model import Protocol
from mailprobe.safe import safe
from mailprobe.session import Settings
from mailprobe.shell.credentials import Credentials
from mailprobe.shell.options import Options
from mailprobe.transport.link import VERSIONS, TlsSettings
from mailprobe.transport.target import Target, Tls, host_name, parse_further, parse_target
from mailprobe.transport.way import DIRECT, Announcement, Proxy, Source, Way
from mailprobe.value import field, frozen, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    Part = TypeVar("Part")

_LARGEST = 256 * 1024  # octets
_NAME = pattern(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SECRET = pattern(r"(?i)pass|secret|token|pwd|credential|(^|[_-])key$")
_NO_SECRET = "no secret belongs into this file: password_file names one that only you can read"


_NOTHING: Mapping[str, str] = {}


@frozen
class Profile:
    """A server, and how it is talked to; what is empty is not said."""

    name: str
    target: str = ""
    protocol: str = ""
    tls: bool = False
    starttls: bool = False
    ca: str = ""
    cert: str = ""  # our own, and its key
    key: str = ""
    tls_min: str = ""
    tls_max: str = ""
    sni: str = ""
    ehlo: str = ""
    user: str = ""
    password_file: str = ""
    timeout: float | None = None  # seconds
    way: Way = DIRECT  # of `bind`, `proxy` and `proxy_protocol`
    login: Credentials | None = None  # what the command line says of one; no file does

    def target_for(self, protocol: Protocol | None, wanted: Tls = Tls.NONE) -> Target:
        """Where to go; `protocol` is what the person said, if he did.  Raises Failure `usage`.

        `wanted` is the TLS of every connection that does not say itself how it begins.
        """
        said = Protocol(self.protocol) if self.protocol else None
        if protocol is not None and said not in (None, protocol):
            raise Failure(Word.USAGE, f"profile {self.name} is for {said}, not for {protocol}")
        if not (self.tls or self.starttls):
            return parse_further(self.target, protocol or said, wanted)
        return parse_target(self.target, protocol or said, tls=self.tls, starttls=self.starttls)

    def settings(self, general: Settings) -> Settings:
        """`general`, and what is particular about this server."""
        changed = general
        changed = replace(changed, tls=self._tls(changed.tls))
        if self.ehlo:
            changed = replace(changed, hello_name=self.ehlo)
        return changed if self.timeout is None else replace(changed, timeout=self.timeout)

    def _tls(self, general: TlsSettings) -> TlsSettings:
        own: dict[str, object] = {
            "ca": os.path.expanduser(self.ca),  # noqa: PTH111 - pathlib costs 4 ms
            "minimum": self.tls_min,
            "maximum": self.tls_max,
            "name": self.sni,
        }
        if self.cert:
            from mailprobe.transport.identity import ClientCertificate  # and ssl, 26 ms

            key = os.path.expanduser(self.key)  # noqa: PTH111
            own["identity"] = ClientCertificate(os.path.expanduser(self.cert), key or None)  # noqa: PTH111
        return replace(general, **{name: value for name, value in own.items() if value})

    def secret_of(self, user: str, host: str = "", env: Mapping[str, str] = _NOTHING) -> str | None:
        """What the password file holds, where it is the one of that user.  Raises Failure.

        `host` and `env` are for the places that the command line names, which count more.
        """
        if self.login is not None and (found := self.login.secret_of(user, host, env)) is not None:
            return found
        if not self.password_file or user != self.user:
            return None
        octets = files.read_secret(os.path.expanduser(self.password_file))  # noqa: PTH111
        return octets.decode("utf-8", "surrogateescape")


@frozen
class Config:
    """`defaults` are names of settings and their values, as `/set` takes them."""

    path: str | None = None  # None: there is no file
    defaults: Mapping[str, str] = field(default_factory=dict)
    plain: bool = False
    profiles: Mapping[str, Profile] = field(default_factory=dict)

    def profile(self, name: str) -> Profile:
        """Raises Failure `usage` where there is none of that name."""
        found = self.profiles.get(name)
        if found is None:
            known = ", ".join(self.profiles) or "no profile"
            where = safe(self.path) if self.path else "a config.toml that is not there"
            raise Failure(Word.USAGE, f"there is no profile {safe(name)}; {where} has {known}")
        return found


def config_of(options: Options) -> Config:
    """What the person has written down, unless he wants none of it.  Raises Failure `usage`."""
    return read_config(options.env) if options.with_config else Config()


def config_path(env: Mapping[str, str]) -> str | None:
    """Where it is looked for; None when nobody says where home is."""
    folder, home = env.get("XDG_CONFIG_HOME", ""), env.get("HOME", "")
    if folder.startswith("/"):  # the XDG specification: a relative path is to be ignored
        return f"{folder}/mailprobe/config.toml"
    return f"{home}/.config/mailprobe/config.toml" if home else None


def read_config(env: Mapping[str, str]) -> Config:
    """Read the file, if there is one.  Raises Failure `usage`, with file and key."""
    path = config_path(env)
    octets = files.read_trusted(path, _LARGEST) if path is not None else None
    if path is None or octets is None:
        return Config()
    from mailprobe.shell.local.settings import CHOICES  # whose names the defaults have

    return _Reader(path, CHOICES).read(octets)


class _Reader:
    """Turns what the file says into a `Config`, or says what is wrong with it."""

    def __init__(self, path: str, settings: Mapping[str, object]) -> None:
        self._path = path
        self._settings = settings

    def read(self, octets: bytes) -> Config:
        import tomllib  # 10 ms, where there is a file

        try:
            whole = tomllib.loads(octets.decode())
        except (ValueError, RecursionError) as error:
            raise self._wrong("", f"this is no TOML: {safe(str(error))}") from None
        profiles: dict[str, Profile] = {}
        defaults: dict[str, str] = {}
        plain = False
        for key, value in whole.items():
            if key == "defaults":
                plain, defaults = self._defaults(self._table(key, value))
            elif key == "profile":
                for name, table in self._table(key, value).items():
                    profiles[name] = self._profile(name, self._table(f"profile.{name}", table))
            else:
                raise self._unknown(key, "", ("defaults", "profile"))
        return Config(self._path, defaults, plain, profiles)

    def _defaults(self, table: Mapping[str, object]) -> tuple[bool, dict[str, str]]:
        plain, defaults = False, {}
        for key, value in table.items():
            where = f"defaults.{key}"
            if key == "plain":
                plain = self._flag(where, value)
            elif key not in self._settings:
                raise self._unknown(key, "defaults.", ("plain", *self._settings))
            else:
                defaults[key] = self._as_typed(where, value)
        return plain, defaults

    def _profile(self, name: str, table: Mapping[str, object]) -> Profile:
        if not _NAME.fullmatch(name):
            raise self._wrong(
                f"profile.{name}", "a name is letters, digits, and - _ . between them"
            )
        found: dict[str, object] = {}
        for key, value in table.items():
            if key not in _KEYS:
                raise self._unknown(key, f"profile.{name}.", tuple(_KEYS))
            found[key] = _KEYS[key](self, f"profile.{name}.{key}", value)
        if any(key in found for key in _WAY):
            parts = [found.pop(key, None) for key in _WAY]
            found["way"] = Way(*parts)  # type: ignore[arg-type]  # each key has made its type
        profile = Profile(name, **found)  # type: ignore[arg-type]  # each key has made its type
        if not profile.target:
            raise self._wrong(f"profile.{name}", "a target is missing: whom to talk to")
        if profile.key and not profile.cert:
            raise self._wrong(f"profile.{name}.key", "it is the key of a cert, which is missing")
        try:
            profile.target_for(None if profile.protocol or "://" in profile.target else _ANY)
        except Failure as failure:
            raise self._wrong(f"profile.{name}", failure.sentence) from None
        return profile

    # ----------------------------------------------------------------------------------- values

    def _table(self, key: str, value: object) -> Mapping[str, object]:
        if not isinstance(value, dict):
            raise self._wrong(key, f"this is a table, [{safe(key)}]")
        return value

    def _flag(self, key: str, value: object) -> bool:
        if not isinstance(value, bool):
            raise self._wrong(key, "this is true or false")
        return value

    def _text(self, key: str, value: object) -> str:
        if not isinstance(value, str) or not value or not value.isprintable():
            raise self._wrong(key, "this is text between quotation marks, in one line")
        return value

    def _source(self, key: str, value: object) -> Source:
        from mailprobe.transport.written import parse_source  # few profiles have one

        return self._part(key, value, parse_source)

    def _proxy(self, key: str, value: object) -> Proxy:
        from mailprobe.transport.written import parse_proxy

        return self._part(key, value, parse_proxy)

    def _announcement(self, key: str, value: object) -> Announcement:
        from mailprobe.transport.written import parse_announcement

        return self._part(key, value, parse_announcement)

    def _part(self, key: str, value: object, parse: "Callable[[str], Part]") -> "Part":
        """A part of the way, as the option of that name has it."""
        text = self._text(key, value)
        try:
            return parse(text)
        except Failure as failure:
            raise self._wrong(key, failure.sentence) from None

    def _protocol(self, key: str, value: object) -> str:
        if value not in list(Protocol):
            raise self._wrong(key, "this is one of " + ", ".join(f'"{one}"' for one in Protocol))
        return str(value)

    def _version(self, key: str, value: object) -> str:
        if value not in VERSIONS:
            raise self._wrong(key, "this is one of " + ", ".join(f'"{one}"' for one in VERSIONS))
        return str(value)

    def _host(self, key: str, value: object) -> str:
        try:
            return host_name(self._text(key, value))
        except Failure as failure:
            raise self._wrong(key, failure.sentence) from None

    def _time(self, key: str, value: object) -> float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        found = seconds(str(value)) if number or isinstance(value, str) else None
        if not found:
            raise self._wrong(key, 'this is a time: 30, or "500ms", "30s", "5m"')
        return found

    def _as_typed(self, key: str, value: object) -> str:
        """A default, as somebody would type it behind /set."""
        if isinstance(value, bool):
            return "on" if value else "off"
        if isinstance(value, int | float):
            return str(value)
        return self._text(key, value)

    # ----------------------------------------------------------------------------------- mistakes

    def _unknown(self, key: str, before: str, known: tuple[str, ...]) -> Failure:
        sentence = f"unknown key; known are {', '.join(known)}"
        if _SECRET.search(key):
            sentence = _NO_SECRET
        return self._wrong(before + key, sentence)

    def _wrong(self, key: str, sentence: str) -> Failure:
        where = f"{safe(self._path)}: " + (f"{safe(key)}: " if key else "")
        return Failure(Word.USAGE, where + sentence)


_ANY = Protocol.SMTP  # to look at a target whose protocol is said later
_KEYS: dict[str, Callable[[_Reader, str, object], object]] = {
    "target": _Reader._text,
    "protocol": _Reader._protocol,
    "tls": _Reader._flag,
    "starttls": _Reader._flag,
    "ca": _Reader._text,
    "cert": _Reader._text,
    "key": _Reader._text,
    "tls_min": _Reader._version,
    "tls_max": _Reader._version,
    "sni": _Reader._host,
    "ehlo": _Reader._text,
    "user": _Reader._text,
    "password_file": _Reader._text,
    "timeout": _Reader._time,
    "bind": _Reader._source,
    "proxy": _Reader._proxy,
    "proxy_protocol": _Reader._announcement,
}
_WAY = ("bind", "proxy", "proxy_protocol")  # in the order of the fields of `Way`
