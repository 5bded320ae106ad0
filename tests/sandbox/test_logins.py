"""Every mechanism, over each protocol, by both versions of TLS where that makes a difference."""

from collections.abc import Iterator

import pytest

import mailprobe
from mailprobe import Failure, RunningSandbox, Session, Settings, TlsSettings, Word, connect
from mailprobe.protocol import sasl

PROTOCOLS = ("smtp", "lmtp", "pop3")
BOUND = [name for name in sasl.MECHANISMS if name.endswith(sasl.PLUS)]


@pytest.fixture(scope="module")
def box() -> Iterator[RunningSandbox]:
    with mailprobe.start_sandbox() as running:
        yield running


def session(box: RunningSandbox, protocol: str, *, newest: str = "") -> Session:
    settings = Settings(tls=TlsSettings(str(box.ca), maximum=newest), starttls=True)
    return connect(box.url(protocol), settings=settings, cert=box.certificate)


def secret_of(mechanism: str) -> str:
    return "token-of-alice" if sasl.secret_kind(mechanism) == sasl.TOKEN else "secret"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_mechanism(box: RunningSandbox, protocol: str) -> None:
    """Who has the secret, or the certificate, comes in; nobody has a maildrop of his own."""
    answers = {}
    for mechanism in sasl.MECHANISMS:
        with session(box, protocol) as talk:
            user = "" if mechanism == "EXTERNAL" else "alice"
            answers[mechanism] = talk.login(mechanism, user, secret_of(mechanism)).reply.positive
    wanted = dict.fromkeys(sasl.MECHANISMS, True)
    if protocol == "pop3":
        wanted["ANONYMOUS"] = False
    assert answers == wanted


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_wrong_secrets(box: RunningSandbox, protocol: str) -> None:
    """Are refused by each mechanism that takes one."""
    for mechanism in sasl.MECHANISMS:
        if sasl.secret_kind(mechanism) != sasl.NOTHING:
            with session(box, protocol) as talk:
                assert talk.login(mechanism, "alice", "wrong").reply.refused, mechanism


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_logins_that_are_bound_to_tls(box: RunningSandbox, protocol: str) -> None:
    """TLS 1.2 has tls-unique; above, and without TLS, see `test_every_mechanism` and below."""
    for mechanism in BOUND:
        with session(box, protocol, newest="1.2") as talk:
            assert talk.login(mechanism, "alice", "secret").reply.positive, mechanism
    with connect(box.url(protocol)) as talk, pytest.raises(Failure) as caught:
        talk.login(BOUND[0], "alice", "secret")
    assert caught.value.word is Word.USAGE
    assert "no TLS that gives one" in caught.value.sentence


def test_apop(box: RunningSandbox) -> None:
    """Where a greeting has a timestamp; a mail server has none."""
    with session(box, "pop3") as talk:
        assert talk.login("APOP", "alice", "secret").reply.positive
    with session(box, "pop3") as talk:
        assert talk.login("APOP", "alice", "wrong").reply.refused
    with session(box, "lmtp") as talk, pytest.raises(Failure, match="no timestamp"):
        talk.login("APOP", "alice", "secret")
