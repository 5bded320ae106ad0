"""People at terminals and servers that follow a script, ended with the test."""

from collections.abc import Callable, Iterator

import pytest

from tests.terminal.harness import Person, Server

MODES: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "full": ((), {}),
    "plain": (("--plain",), {}),
    "dumb": ((), {"TERM": "dumb"}),
}


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    """Each way that the shell can look."""
    return str(request.param)


@pytest.fixture
def sit(serve: Callable[..., Server]) -> Iterator[Callable[..., Person]]:
    """Start mailprobe in a terminal; `mode` names one of MODES.  Ends before the servers do."""
    people: list[Person] = []

    def start(*words: str, mode: str = "full", **how: object) -> Person:
        options, env = MODES[mode]
        env = {**env, **how.pop("env", {})}  # type: ignore[dict-item]  # a dict of str
        people.append(Person(*words, *options, env=env, **how))  # type: ignore[arg-type]
        return people[-1]

    yield start
    for person in people:
        person.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start a server with a script; its faults are told at the end of the test."""
    servers: list[Server] = []

    def start(script: Callable[[Server], None]) -> Server:
        servers.append(Server(script))
        return servers[-1]

    yield start
    for server in servers:
        server.go()
        server.finish()
