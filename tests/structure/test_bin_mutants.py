"""bin/mutants: what a test does not notice is said; a fault of the tool is no catch."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dev.mutants import Outcome, outcome
from tests.support.checkout import ROOT

MODULE = """
LEAD = 1


def ahead(one: int, other: int) -> bool:
    return one >= other + LEAD
"""
WEAK = """
from lockpoint.domain.tiny import ahead


def test_ahead() -> None:
    ahead(2, 1)
"""
STRONG = """
from lockpoint.domain.tiny import ahead


def test_ahead() -> None:
    assert ahead(2, 1)
    assert ahead(1, 1) is False
"""
GONE = """
[[mutant]]
path = "lockpoint/domain/tiny.py"
where = "behind"
change = "drop `pass`"
reason = "the function is not there any more"
"""
EVERY = {"no answer in", "GtE to Gt", "Add in", "1 to 2"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with one module."""
    for folder in ("lockpoint/domain", "tests/domain", "dev"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "lockpoint/__init__.py").touch()
    (tmp_path / "lockpoint/domain/__init__.py").touch()
    (tmp_path / "lockpoint/domain/tiny.py").write_text(MODULE)
    return tmp_path


def _mutants(checkout: Path, test: str, *options: str) -> subprocess.CompletedProcess[str]:
    (checkout / "tests/domain/test_tiny.py").write_text(test)
    command = [sys.executable, "-m", "dev.mutants", "--root", str(checkout), "--tests", "tests/domain", "--jobs", "1"]
    return subprocess.run(
        [*command, *options, "lockpoint/domain"], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.processes
def test_a_test_that_asserts_nothing_catches_nothing(checkout: Path) -> None:
    """Inside a function and outside; the score is below the least one."""
    ran = _mutants(checkout, WEAK, "--least", "50")
    survived = [line for line in ran.stdout.splitlines() if line.startswith("survived: lockpoint/domain/tiny.py")]
    assert {change for change in EVERY for line in survived if change in line} == EVERY
    assert "all: 0 of 4 caught" in ran.stdout
    assert ran.returncode == 1, ran.stderr


@pytest.mark.processes
def test_a_test_that_asserts_catches_every_mutant(checkout: Path) -> None:
    """Also with a test that was measured as it was before."""
    _mutants(checkout, WEAK)
    ran = _mutants(checkout, STRONG, "--least", "100")
    assert "all: 4 of 4 caught" in ran.stdout, ran.stderr
    assert ran.returncode == 0


@pytest.mark.processes
def test_the_list_of_equivalents_names_mutants_that_exist(checkout: Path) -> None:
    (checkout / "dev/equivalent_mutants.toml").write_text(GONE)
    ran = _mutants(checkout, STRONG)
    assert "lists no mutant: lockpoint/domain/tiny.py: behind: drop `pass`" in ran.stdout
    assert ran.returncode == 1, ran.stderr


@pytest.mark.processes
def test_tests_that_fail_anyway_catch_nothing(checkout: Path) -> None:
    ran = _mutants(checkout, STRONG.replace("is False", "is True"))
    assert "The tests fail without any mutant" in ran.stderr
    assert ran.returncode == 1


def test_a_fault_of_the_tool_is_no_catch() -> None:
    """Only failing tests and exhausted time are."""
    assert outcome(1 << 8) is Outcome.CAUGHT
    assert {outcome(signal.SIGALRM), outcome(signal.SIGXCPU)} == {Outcome.TIMED_OUT}
    for status in (signal.SIGKILL, signal.SIGSEGV, 70 << 8):
        with pytest.raises(SystemExit):
            outcome(status)


@pytest.mark.processes
def test_a_run_that_begins_no_mutant_proves_nothing(checkout: Path) -> None:
    """No time was left for any."""
    ran = _mutants(checkout, STRONG, "--least", "50", "--seconds", "0")
    assert "all: 0 of 0 caught" in ran.stdout, ran.stderr
    assert ran.returncode == 1
