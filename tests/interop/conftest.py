"""Fixtures: real servers and our sandbox, started once a run (a worker under xdist)."""

from collections.abc import Iterator

import pytest

from tests.interop import names, practice, servers
from tests.interop.names import NameServers
from tests.interop.practice import Practice
from tests.interop.servers import MailServers


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever asks for the servers bears their marker, so that nobody forgets it."""
    for item in items:
        if {"running_servers", "name_servers"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.servers)


@pytest.fixture(scope="session")
def running_servers() -> Iterator[MailServers]:
    """The servers, with whatever mail earlier tests left in them."""
    if reason := servers.missing():
        pytest.skip(reason)
    with servers.running() as started:
        yield started


@pytest.fixture
def mail_servers(running_servers: MailServers) -> MailServers:
    """The servers, with empty maildrops and an empty queue."""
    running_servers.empty()
    return running_servers


@pytest.fixture(scope="session")
def name_servers() -> Iterator[NameServers]:
    """NSD with zones for routes, and unbound that validates them."""
    if reason := names.missing():
        pytest.skip(reason)
    with names.running() as started:
        yield started


@pytest.fixture(scope="session")
def running_practice() -> Iterator[Practice]:
    """`mailprobe sandbox` in a process of its own, with whatever earlier tests left in it."""
    with practice.running() as started:
        yield started


@pytest.fixture
def sandbox(running_practice: Practice) -> Practice:
    """The same with bob's maildrop empty; alice's four samples are never deleted."""
    running_practice.empty("bob")
    return running_practice
