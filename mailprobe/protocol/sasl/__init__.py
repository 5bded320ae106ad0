"""SASL mechanisms as generators, for both roles, and the digest of APOP.

A message goes in, the answer comes out, both as raw octets: whether they travel after `334 ` or
`+ `, as an initial response or not, and what `*` does, is known elsewhere.  Nonces, salts and
channel bindings are arguments.  No security layer.
"""

from mailprobe.protocol.sasl.bearer import refusal
from mailprobe.protocol.sasl.clear import ANYBODY
from mailprobe.protocol.sasl.digests import apop_digest, apop_timestamp
from mailprobe.protocol.sasl.encoding import decode, decode_initial, encode, encode_initial
from mailprobe.protocol.sasl.explaining import Explanation, explain
from mailprobe.protocol.sasl.mechanisms import (
    MECHANISMS,
    MUTUAL,
    NOTHING,
    PASSWORD,
    TABLE,
    TOKEN,
    client,
    secret_kind,
    server,
)
from mailprobe.protocol.sasl.observing import credentials_in
from mailprobe.protocol.sasl.scram import (
    BINDINGS,
    MAXIMUM_ITERATIONS,
    PLUS,
    UNPROVED,
    binding_for,
)
from mailprobe.protocol.sasl.terms import (
    Binding,
    Client,
    Impostor,
    Refusal,
    SaslError,
    SecretOf,
    Server,
)

__all__ = [
    "ANYBODY",
    "BINDINGS",
    "MAXIMUM_ITERATIONS",
    "MECHANISMS",
    "MUTUAL",
    "NOTHING",
    "PASSWORD",
    "PLUS",
    "TABLE",
    "TOKEN",
    "UNPROVED",
    "Binding",
    "Client",
    "Explanation",
    "Impostor",
    "Refusal",
    "SaslError",
    "SecretOf",
    "Server",
    "apop_digest",
    "apop_timestamp",
    "binding_for",
    "client",
    "credentials_in",
    "decode",
    "decode_initial",
    "encode",
    "encode_initial",
    "explain",
    "refusal",
    "secret_kind",
    "server",
]
