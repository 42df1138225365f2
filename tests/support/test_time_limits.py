"""What a test that hangs does to a run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.checkout import ROOT

REPORTS = """
import time
import pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    if item.name == "test_hangs_in_its_report" and call.when == "call":
        time.sleep(600)
    return (yield)
"""
HANGS = """
import contextlib
import time
import pytest

def test_hangs():
    time.sleep(600)

@pytest.fixture
def slow():
    time.sleep(600)

def test_hangs_before(slow):
    pass

@pytest.fixture
def slow_end():
    yield
    time.sleep(600)

def test_hangs_afterwards(slow_end):
    pass

def test_hangs_in_its_report():
    pass

def test_hangs_and_hears_no_alarm():
    while True:
        with contextlib.suppress(BaseException):
            time.sleep(600)

@pytest.mark.parametrize("number", range(4))
def test_others_pass(number):
    pass
"""


RANG = "Failed: Timeout (>2.0s) from pytest-timeout."
ENDS = {
    f"FAILED test_hangs.py::test_hangs - {RANG}",
    f"ERROR test_hangs.py::test_hangs_before - {RANG}",
    f"ERROR test_hangs.py::test_hangs_afterwards - {RANG}",
    *(
        f"FAILED test_hangs.py::{test} - worker '{worker}' crashed while running 'test_hangs.py::{test}'"
        for worker, test in (("gw0", "test_hangs_in_its_report"), ("gw1", "test_hangs_and_hears_no_alarm"))
    ),
}


@pytest.mark.processes
def test_a_hanging_test_fails_and_the_run_goes_on(tmp_path: Path) -> None:
    """In the test, around it, in its report, and where no alarm is heard; each once."""
    (tmp_path / "conftest.py").write_text(REPORTS)
    (tmp_path / "test_hangs.py").write_text(HANGS)
    limits = ["-o", "timeout=2", "-o", "faulthandler_timeout=5", "-p", "no:randomly", "-n", "1"]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", "pyproject.toml", "-p", "tests.conftest", *limits, tmp_path],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = ran.stdout.splitlines()
    assert {line for line in lines if line.startswith(("FAILED", "ERROR"))} == ENDS, ran.stdout + ran.stderr
    assert "3 failed, 5 passed, 2 errors in" in lines[-1]
    assert ran.stderr.count("Timeout (0:00:05)!") == 2, "the stacks of every thread are shown"
