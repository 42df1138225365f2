"""Shared by all tests: databases, a closed network, budgets of property tests, strict skips."""

import collections
import logging
import os
import shutil
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, settings

from tests.support import databases, loopback, schedule, time_limits

LONG_SECONDS = 4 * 3600
MOST_THREADS = 300
"""Thousands that wake together stop a process for minutes."""
SERVERS = pytest.StashKey[databases.Servers]()

settings.register_profile(
    "default", max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("long", settings.get_profile("default"), max_examples=5000, stateful_step_count=80)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="property tests with large budgets, and tests marked long")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Close the network, load the budgets and limits, and offer the databases from the controlling process."""
    _keep_bytecode()
    config.pluginmanager.register(time_limits)
    loopback.close_the_doors()
    settings.load_profile("long" if config.getoption("--long") else "default")
    if config.getoption("--long"):
        config.option.timeout = LONG_SECONDS
    if not hasattr(config, "workerinput"):
        config.stash[SERVERS] = databases.Servers()


def _keep_bytecode() -> None:
    """Compile every module once, whatever the environment says: many processes of a run load the same ones."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def pytest_unconfigure(config: pytest.Config) -> None:
    if SERVERS in config.stash:
        config.stash[SERVERS].close()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell an xdist worker where to ask for the databases."""
    node.workerinput["lockpoint_servers"] = node.config.stash[SERVERS].door


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> schedule.Scheduler | None:
    """Keep tests with costly shared fixtures together."""
    return schedule.Scheduler(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests marked long unless asked for, and start with the slowest."""
    items.sort(key=lambda item: schedule.place_in_line(item.nodeid))
    if config.getoption("--long"):
        return
    long = [item for item in items if item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Turn skips into failures if LOCKPOINT_TESTS_STRICT is 1."""
    report: pytest.TestReport = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("LOCKPOINT_TESTS_STRICT") == "1":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: {reason} (LOCKPOINT_TESTS_STRICT=1 allows no skip)"
    return report


@pytest.fixture(autouse=True)
def _the_process_as_before() -> Iterator[None]:
    """A command run in a test's process redirects errors and log lines; undo that for the next test."""
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning
    yield
    sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning = hooks
    root = logging.getLogger()
    for handler in [one for one in root.handlers if type(one).__module__ == "lockpoint.logs"]:
        root.removeHandler(handler)


@pytest.fixture(autouse=True, scope="module")
def _few_threads_are_left() -> Iterator[None]:
    yield
    left = collections.Counter(type(thread).__qualname__ for thread in threading.enumerate())
    assert left.total() < MOST_THREADS, f"threads of the tests up to here: {left.most_common()}"


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> databases.Addresses:
    """The addresses of this run's PostgreSQL and Valkey."""
    config = request.config
    worker_input = getattr(config, "workerinput", None)
    return (
        config.stash[SERVERS].addresses() if worker_input is None else databases.ask(worker_input["lockpoint_servers"])
    )


@pytest.fixture
def database_url(servers: databases.Addresses, worker_id: str) -> Iterator[str]:
    """A migrated PostgreSQL database for this test: `postgresql://…`, in the form of DATABASE_URL."""
    with databases.database(servers, worker_id) as url:
        yield url


@pytest.fixture
def redis_url(servers: databases.Addresses, worker_id: str) -> str:
    """An empty Valkey database for this worker: `unix://…`, in the form of REDIS_URL."""
    url = servers.valkey.format(databases.cache_number(worker_id))
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium, from LOCKPOINT_CHROMIUM or the PATH."""
    found = shutil.which(os.environ.get("LOCKPOINT_CHROMIUM", "chromium"))
    if found is None:
        pytest.skip("no Chromium: install the package chromium, or set LOCKPOINT_CHROMIUM to a browser's path")
    return found


@pytest.fixture(scope="session")
def specs() -> Path:
    """The folder with Confluence's OpenAPI documents, from LOCKPOINT_SPECS."""
    named = os.environ.get("LOCKPOINT_SPECS")
    if not named or not Path(named, "confluence-v2.json").exists():
        pytest.skip(
            "no OpenAPI documents: set LOCKPOINT_SPECS to a folder with confluence-v1.json and confluence-v2.json"
        )
    return Path(named).resolve()
