"""Who hears of failures of TLS."""

import pytest

from mailprobe.answers import Said
from mailprobe.routing import tlsrpt
from tests.routing.zone import dns, texts


@pytest.mark.parametrize(
    "rows, level, said",
    [
        (None, "fact", "TLSRPT: none"),
        (b"v=TLSRPTv1; rua=mailto:tls@example.org", "good", "v=TLSRPTv1"),
        (b"v=TLSRPTv1; rua=https://r.example/x,MAILTO:a@b", "good", "v=TLSRPTv1"),
        (b"v=TLSRPTv1; rua=ftp://r.example", "fault", "mailto: or https: is wanted"),
        (b"v=TLSRPTv1;", "fault", "rua= is missing"),
        (b"v=TLSRPTv1; rua=mailto:a@b; junk", "fault", "is no tag=value"),
        (b"v=TLSRPTv2; rua=mailto:a@b", "fact", "TLSRPT: none"),
        ([b"v=TLSRPTv1; a=b", b"v=TLSRPTv1; a=b"], "fault", "2 records, so none counts"),
        (Said.SERVFAIL, "doubt", "not known"),
    ],
)
def test_records(rows: object, level: str, said: str) -> None:
    """RFC 8460, section 3."""
    zone = {} if rows is None else {"TXT _smtp._tls.example.org": rows}
    part = tlsrpt.check("example.org", dns(zone))  # type: ignore[arg-type]
    assert part.level == level
    assert said in texts(part)
