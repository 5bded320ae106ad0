"""pytest and mailprobe: `*.mpt` files are tests, and three fixtures serve, replay and practise.

pytest loads this module for everybody who has mailprobe installed.  So it imports nothing of
mailprobe before somebody has a transcript or asks for a fixture.
"""

from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

TYPE_CHECKING = False  # type checkers know this name, too
if TYPE_CHECKING:
    from typing import Any

    from mailprobe.sandbox.running import RunningSandbox
    from mailprobe.testing.fixtures import Replaying, Serving
    from mailprobe.testing.items import TranscriptFile
    from mailprobe.testing.options import Asked

SUFFIX = ".mpt"
# Options of `mailprobe replay` that can be given here: `--mailprobe-NAME`, and in the
# configuration `mailprobe_name`; what stands on the command line replaces what stands there.
# The name, how many there may be of it, and what it says.
OPTIONS = (
    ("server", "linelist", "[N=]HOST:PORT", "play against this server; 2=... is connection 2"),
    ("allow-host", "linelist", "HOST", "let transcripts connect to HOST themselves"),
    ("tag", "linelist", "TAG", "only transcripts with one of these tags; intrusive must be asked"),
    ("match", "string", "LEVEL", "how much of a reply must be the same: class, code, text"),
    ("set", "linelist", "NAME=VALUE", "give a name a value"),
    ("env", "linelist", "NAME", "give {name} the value of the environment variable NAME"),
    ("secret-file", "linelist", "NAME=PATH", "read a secret (or set MAILPROBE_SECRET_NAME)"),
    ("timeout", "string", "S", "longest silence"),
    ("ca", "string", "FILE", "trust the certificates in FILE, and no others"),
    ("save-failures", "string", "DIR", "write down what happened instead"),
    ("no-verify", "bool", "", "take any certificate"),
    ("insecure-auth", "bool", "", "let credentials travel in the clear"),
)
_LOCKS = "mailprobe_locks"  # what a worker of pytest-xdist is told

_asked: "pytest.StashKey[Asked]" = pytest.StashKey()
_locks: pytest.StashKey[str] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The table above, and a switch."""
    group = parser.getgroup("mailprobe", "transcripts of mail sessions (*.mpt)")
    group.addoption(
        "--no-mailprobe",
        action="store_true",
        default=False,
        help="do not collect *.mpt files; the fixtures stay",
    )
    parser.addini("mailprobe_collect", "whether *.mpt files are tests", type="bool", default=True)
    for name, kind, metavar, what in OPTIONS:
        how: dict[str, Any] = {"action": "store_true", "default": None}
        if kind != "bool":
            how = {"action": "append" if kind == "linelist" else "store", "metavar": metavar}
        group.addoption(f"--mailprobe-{name}", help=what, **how)
        default: Any = [] if kind == "linelist" else None
        parser.addini(_key(name), what, type=kind, default=default)  # type: ignore[arg-type]  # one of its words


def pytest_configure(config: pytest.Config) -> None:
    """A mistake in an option is told before anything is played."""
    config.addinivalue_line("markers", "mailprobe: a transcript that is replayed (*.mpt)")
    if any(_given(config, name) for name, *_ in OPTIONS):
        _options(config)


def _key(name: str) -> str:
    return f"mailprobe_{name.replace('-', '_')}"


def _given(config: pytest.Config, name: str) -> "Any":
    """What is asked for: on the command line, or else in the configuration."""
    value = config.getoption(_key(name))
    return config.getini(_key(name)) if value is None else value


def _options(config: pytest.Config) -> "Asked":
    """All of it, read.  Raises UsageError."""
    asked = config.stash.get(_asked, None)
    if asked is None:
        from mailprobe.testing.options import read

        base = config.inipath.parent if config.inipath else config.rootpath
        given, paths = {}, {}
        for name, *_ in OPTIONS:
            given[name] = _given(config, name)
            on_command_line = config.getoption(_key(name)) is not None
            paths[name] = config.invocation_params.dir if on_command_line else base
        asked = config.stash[_asked] = read(given, paths)
    return asked


# ------------------------------------------------------------------------------- transcripts


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "TranscriptFile | None":
    """A transcript; hidden ones only when somebody names them, as in `mailprobe replay`."""
    if file_path.suffix != SUFFIX:
        return None
    config = parent.config
    if config.getoption("no_mailprobe") or not config.getini("mailprobe_collect"):
        return None
    if file_path.name.startswith(".") and not parent.session.isinitpath(file_path):
        return None
    from mailprobe.testing.items import TranscriptFile

    return TranscriptFile.of(parent, file_path, _options(config), _lock_folder(config))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Transcripts without a wanted tag were not asked for."""
    wanted = frozenset(_given(config, "tag"))
    if not wanted:
        return
    kept: list[pytest.Item] = []
    others: list[pytest.Item] = []
    for item in items:
        tags: frozenset[str] | None = getattr(item, "mailprobe_tags", None)
        (kept if tags is None or tags & wanted else others).append(item)
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = kept


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The report of a transcript stands at the line that failed, and shows it."""
    report = yield
    complete: Callable[[pytest.TestReport], None] | None = getattr(item, "mailprobe_tell", None)
    if complete is not None:
        complete(report)
    return report


# ------------------------------------------------------------------------------ pytest-xdist


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable(
    report: object,
) -> "Generator[None, dict[str, Any] | None, dict[str, Any] | None]":
    """A picture travels as plain values: what a server said is not read as anything else."""
    data = yield
    if data is not None and data.get("mailprobe_picture"):
        data["longrepr"] = None
    return data


@pytest.hookimpl(wrapper=True)
def pytest_report_from_serializable() -> (
    "Generator[None, pytest.TestReport | None, pytest.TestReport | None]"
):
    """And is a picture again."""
    report = yield
    values = getattr(report, "mailprobe_picture", None)
    if report is not None and values:
        from mailprobe.testing.picture import Picture

        report.longrepr = Picture(**values)  # type: ignore[assignment]  # it is shown as such
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: "Any") -> None:
    """All workers take turns by the files of one folder."""
    config: pytest.Config = node.config
    if _locks not in config.stash:
        import tempfile

        config.stash[_locks] = tempfile.mkdtemp(prefix="mailprobe-locks-")
    node.workerinput[_LOCKS] = config.stash[_locks]


def pytest_unconfigure(config: pytest.Config) -> None:
    """The run that made the folder removes it."""
    folder = config.stash.get(_locks, None)
    if folder is not None:
        import shutil

        shutil.rmtree(folder, ignore_errors=True)


def _lock_folder(config: pytest.Config) -> str | None:
    told: dict[str, str] = getattr(config, "workerinput", {})
    return told.get(_LOCKS)


# ---------------------------------------------------------------------------------- fixtures


@pytest.fixture
def mailprobe_serve(tmp_path: Path) -> "Iterator[Serving]":
    """Serve transcripts: `server = mailprobe_serve("mock.mpt")`, or with the text of one.

    The client finds it at `server.host` and `server.port` (`server.ports[2]` for connection 2),
    with `server.ca` where TLS is spoken; `server.wait()` returns what became of the next client.
    At the end of the test it fails when a client has strayed from the transcript, or when none
    has come at all; `client=False` says that none has to, `check=False` that it may do anything.
    """
    from mailprobe.testing.fixtures import Serving

    serving = Serving(tmp_path)
    yield serving
    serving.end()


@pytest.fixture
def mailprobe_replay(request: pytest.FixtureRequest, tmp_path: Path) -> "Replaying":
    """Replay a transcript: `mailprobe_replay("login.mpt", server="127.0.0.1:2525")`.

    `set={"name": "value"}` and `secrets={"name": "value"}` give names their values.  What the
    configuration says of servers and tags counts here, too.  The result is returned; one that
    did not pass is an AssertionError that shows where, one that was skipped skips the test.
    """
    from mailprobe.testing.fixtures import Replaying

    return Replaying(_options(request.config).options, tmp_path)


@pytest.fixture(scope="session")
def mailprobe_sandbox() -> "Iterator[RunningSandbox]":
    """A practice server: alice (`secret`) and bob (`builder`) at example.test.

    It has a port for each of `smtp`, `submission`, `submissions`, `lmtp`, `pop3` and `pop3s`, a
    `host` and a `ca`; `address("smtp")` is for --server.  All tests of the session share it.
    """
    from mailprobe.sandbox.running import start_sandbox

    with start_sandbox() as running:
        yield running
