"""What every test gets: a home of its own, hypothesis profiles, and a way to forbid skips."""

import os
import signal
import stat
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parent.parent

# ci judges the commit and not the day, so it draws the same examples each time; dev explores.
# No deadlines: a busy machine is no finding.
settings.register_profile(
    "ci",
    max_examples=1000,
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("dev", max_examples=20, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

_FOLDERS = {
    "HOME": ".",
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
    "XDG_CACHE_HOME": ".cache",
    "XDG_RUNTIME_DIR": ".run",
}
# A run in the background, or by nohup, begins with these ignored, and so would every program that a
# test starts; a handler is inherited by nobody.
for _number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, lambda number, frame: None)
# Settings of the person who runs the tests that would change what the program shows, or where a
# browser goes: away with them before the first fixture starts anything.
for _name in (
    *("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES", "SSLKEYLOGFILE"),
    *("LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES"),  # pages and lessons speak the language of these
    *("EDITOR", "VISUAL", "PAGER"),
    *("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"),
    "PYTHONWARNINGS",
):
    os.environ.pop(_name, None)


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> "_Homes":
    return _Homes(tmp_path_factory.mktemp("homes"))


class _Homes:
    """Empty homes.  Most tests leave theirs as it was: the next one gets it, for it costs time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._spare: list[Path] = []
        self._empty: set[tuple[str, int]] = set()

    def take(self) -> Path:
        if self._spare:
            return self._spare.pop()
        home = Path(tempfile.mkdtemp(dir=self._folder))
        for name in _FOLDERS.values():
            (home / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._empty = _found_in(home)
        return home

    def give_back(self, home: Path) -> None:
        if home.is_dir() and _found_in(home) == self._empty:
            self._spare.append(home)


def _found_in(folder: Path | str, above: str = "") -> set[tuple[str, int]]:
    """The names below a folder that is a home, and their types and permissions."""
    found = set()
    with os.scandir(folder) as entries:
        for entry in entries:
            name, mode = above + entry.name, entry.stat(follow_symlinks=False).st_mode
            found.add((name, mode))
            if stat.S_ISDIR(mode):
                found |= _found_in(entry.path, f"{name}/")
    return found


@pytest.fixture(autouse=True)
def home(_homes: _Homes, monkeypatch: pytest.MonkeyPatch) -> Generator[Path, None, None]:
    """An empty home; programs that the test starts get it too, and import this very tree."""
    folder = _homes.take()
    for variable, name in _FOLDERS.items():
        monkeypatch.setenv(variable, str(folder / name))
    for variable in [name for name in os.environ if name.startswith("MAILPROBE_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    yield folder
    _homes.give_back(folder)


# With MAILPROBE_NO_SKIP=1 a skip is a failure: where everything is installed, nothing may skip.
_NO_SKIP = os.environ.get("MAILPROBE_NO_SKIP") == "1"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a test's skip into a failure, if so asked; an expected failure is none."""
    report = yield
    if not hasattr(report, "wasxfail"):
        _forbid_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn the skip of a whole module into a failure, if so asked."""
    report = yield
    _forbid_skip(report)
    return report


def _forbid_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if _NO_SKIP and report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"MAILPROBE_NO_SKIP is set, and this was skipped: {reason}"
