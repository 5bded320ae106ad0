"""What a change of the settings means for a session that has some of its own."""

from mailprobe.session import Settings
from mailprobe.transport.link import TlsSettings
from mailprobe.value import fields, replace


def adopted(own: Settings, before: Settings, now: Settings) -> Settings:
    """`own`, with what was changed; what is particular about the session stays."""
    return replace(
        now,
        insecure_auth=own.insecure_auth,
        starttls=own.starttls,
        tls=_changed(own.tls, before.tls, now.tls),
        timeout=own.timeout if before.timeout == now.timeout else now.timeout,
        hello_name=own.hello_name if before.hello_name == now.hello_name else now.hello_name,
    )


def _changed(own: TlsSettings, before: TlsSettings, now: TlsSettings) -> TlsSettings:
    names = [name for name in fields(now) if getattr(before, name) != getattr(now, name)]
    return replace(own, **{name: getattr(now, name) for name in names}) if names else own
