"""What holds for every test."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests import postgresql as postgresql_server
from tests import processes
from tests.host_process import Host
from tests.visiting import greeted

# When it is born, a popup is not yet a "page" to the DevTools protocol, and without this
# Playwright lets go of it (seen with Playwright 1.65 and Chromium 156).
os.environ["PW_CHROMIUM_ATTACH_TO_OTHER"] = "1"


def _not_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    # A skipped test proves nothing, and nobody notices.
    if report.skipped and not hasattr(report, "wasxfail"):
        report.longrepr = f"Skipped, which counts as a failure here: {report.longrepr}"
        report.outcome = "failed"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skipped test fails."""
    report = yield
    _not_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A file that skips itself fails."""
    report = yield
    _not_skipped(report)
    return report


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgresql_server.Cluster]:
    """A real PostgreSQL."""
    with postgresql_server.running() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def screen() -> Iterator[str]:
    """An X display."""
    with processes.screen() as name:
        yield name


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder that only this user can enter."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def running(home: Path) -> Iterator[Host]:
    """A host that was greeted."""
    with greeted(home) as one:
        yield one
