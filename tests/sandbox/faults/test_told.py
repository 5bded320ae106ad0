"""Each fault is told right by our own client, in pipe mode."""

from collections.abc import Iterator

import pytest

from mailprobe.sandbox.faults.table import FAULTS
from mailprobe.sandbox.named import read
from mailprobe.sandbox.server import Sandbox
from tests.commands.inside import inside
from tests.hostile import probe
from tests.sandbox.faults.told import TOLD, UNASKED

_ENV = {"WORD": "secret", "PATH": ""}
_TOKEN = {"WORD": "token-of-alice"}


@pytest.fixture(autouse=True)
def _ends(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A sandbox ends with its test here, and not with the process: there are many of them."""
    running: list[Sandbox] = []

    def start(name: str = "sandbox") -> Sandbox:
        named = read(name)
        running.append(Sandbox(profile=named.profile, faults=named.faults))
        running[-1].start()
        return running[-1]

    monkeypatch.setattr("mailprobe.shell.connections.opening.inner_sandbox", start)
    yield
    for sandbox in running:
        sandbox.stop()


def test_every_fault_is_told() -> None:
    """None is forgotten, and none is told of that there is not."""
    assert {*TOLD, *UNASKED} == FAULTS.keys()


@pytest.mark.parametrize("name", TOLD)
def test_what_pipe_mode_says(name: str) -> None:
    """The word, the sentence, the status, and what is shown; nothing raw, and no traceback."""
    told = TOLD[name]
    target = f"sandbox+{told.spec or name}"
    env = _TOKEN if "XOAUTH2" in told.options else _ENV
    ran = inside(told.protocol, target, *told.options, text=told.text.encode(), env=env)
    out, err = probe.decode(ran.out.encode()), probe.decode(ran.err.encode())
    assert (ran.word, ran.status == 0) == (told.word, not told.word), out + err
    assert told.shows in out
    assert told.says in (err.splitlines() or [""])[-1]


def test_secrets_that_are_echoed() -> None:
    """Neither the password nor its base64 is anywhere, though the server repeats both."""
    told = TOLD["echo"]
    ran = inside("smtp", "sandbox+echo", *told.options, text=told.text.encode())
    assert "hunter2" not in ran.out + ran.err
    assert "aHVudGVyMg" not in ran.out + ran.err
    assert "AGh1bnRlcjI" not in ran.out + ran.err


@pytest.mark.parametrize("name", UNASKED)
def test_what_comes_unasked(name: str) -> None:
    """It is shown as it comes, while a person thinks, and answers nothing."""
    text, spec, lines = UNASKED[name]
    with probe.Live("smtp", f"sandbox+{spec}") as live:
        assert live.line().startswith("S: 220 ")
        live.write(text.encode())
        found = live.lines(len(lines))
    assert found == lines
