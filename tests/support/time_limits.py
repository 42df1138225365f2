"""A test that takes too long fails, and nothing else does.

pytest-timeout's alarm may ring between the phases, too, where an error ends the whole run; here it rings only inside a
phase. What an alarm cannot end, pytest's faulthandler ends with the process, which xdist replaces.
"""

import contextlib
import faulthandler
from collections.abc import Iterator
from typing import Any

import pytest
import pytest_timeout

SETTINGS = pytest.StashKey[Any]()
"""pytest-timeout's, for a test."""


def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> bool:
    """Only keep the settings: this is called before the phases."""
    item.stash[SETTINGS] = settings
    return True


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Any:
    with _limit(item):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Any:
    with _limit(item):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Any:
    with _limit(item):
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    """Allow `--long` its hours: the ini file's limit for a whole test is in force here already."""
    if item.config.getoption("--long"):
        faulthandler.cancel_dump_traceback_later()


@contextlib.contextmanager
def _limit(item: pytest.Item) -> Iterator[None]:
    settings = item.stash.get(SETTINGS, None)
    if settings is not None:
        pytest_timeout.pytest_timeout_set_timer(item, settings)
    try:
        yield
    finally:
        pytest_timeout.pytest_timeout_cancel_timer(item)
