"""PRIVACY.md says what the inventory says, and names a proof for every promise."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest

from tests.support.checkout import ROOT

BIN = ROOT / "bin"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, BIN / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where its dataclasses look for their names, and the other script for it
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def page() -> ModuleType:
    return load("privacy_page")


def check() -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(BIN / "privacy_page.py"), "--check"],
        capture_output=True, text=True, check=False, cwd=ROOT, env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def test_the_page_says_what_the_inventory_says() -> None:
    """The tables of PRIVACY.md are those of the inventory; the check names every line that differs."""
    done = check()
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_difference_is_told(page: ModuleType) -> None:
    """A line that was changed by hand comes back, and a page without its markers is refused."""
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.rendered(text.replace("30 days at most, fewer by setting", "for ever")) == text
    with pytest.raises(ValueError, match="redis"):
        page.rendered(text.replace("<!-- from the inventory: redis -->", ""))


def test_the_operator_finds_a_section_to_fill_in() -> None:
    """Hosting region, sub-processors, encryption at rest, TLS and contact are the operator's to say."""
    text = (ROOT / "PRIVACY.md").read_text(encoding="utf-8").partition("## To be filled in by the operator")[2]
    for topic in ("contact", "Hosting region", "Sub-processors", "Encryption at rest", "TLS"):
        assert re.search(rf"^\| .*{topic}.* \| … \|$", text, re.MULTILINE), topic


def test_every_promise_has_a_proof(page: ModuleType) -> None:
    """Each sentence and each row of PRIVACY.md names a proof, or is known to promise nothing; no proof is left over."""
    assert page.unproved(page.PAGE.read_text(encoding="utf-8"), page.proofs()) == []


@pytest.mark.parametrize(
    ("before", "planted", "said"),
    [
        ("## What is in the cache\n", "\nNobody ever looks at it.\n", "no proof: Nobody ever looks at it."),
        ("may vanish at any moment without loss. [P25]", " It is empty.", "no proof: It is empty."),
        ("may vanish at any moment without loss. [P25]", " It is empty. [P999]", "P999 is no proof"),
        ("## Your rights\n\n| you want to | how |\n|---|---|\n", "| rest | ask |\n", "no proof: | rest | ask |"),
    ],
)
def test_a_planted_promise_is_found(page: ModuleType, before: str, planted: str, said: str) -> None:
    """A sentence, a number or a row that was put in without a proof is named; so is a proof that nothing refers to."""
    text = page.PAGE.read_text(encoding="utf-8")
    found = page.unproved(text.replace(before, before + planted), page.proofs())
    assert found == [said]
    assert page.unproved(text.replace("[P25]", ""), page.proofs()) == [
        "no proof: The cache (Redis) may vanish at any moment without loss.", "P25 belongs to no promise",
    ]  # fmt: skip


def test_a_time_without_a_proof_is_refused(page: ModuleType) -> None:
    """A new length of time in the inventory needs a proof before the page can be written."""
    text, known = page.PAGE.read_text(encoding="utf-8"), page.proofs()
    fewer = {name: mark for name, mark in known.times.items() if name != "HOURS"}
    with pytest.raises(ValueError, match=r"no proof of Kept\.HOURS"):
        page.rendered(text, page.Proofs(known.tests, fewer, known.explaining))
    assert known.times.keys() <= page.Kept.__members__.keys()
    assert set(known.times.values()) <= known.tests.keys()


def test_every_test_named_as_a_proof_exists(page: ModuleType) -> None:
    """A promise is shown by tests that exist."""
    named = {name for tests in page.proofs().tests.values() for name in tests}
    assert [name for name in named if not _exists(name)] == []
    assert not _exists("tests/structure/test_privacy_page.py::test_that_is_not_there")
    assert not _exists("tests/structure/test_that_is_not_there.py")


def _exists(test: str) -> bool:
    path, _, function = test.partition("::")
    file = ROOT / path
    return file.is_file() and (not function or f"def {function}(" in file.read_text(encoding="utf-8"))


CHEAP = "tests/services/privacy/test_report_accounts.py::test_an_account_that_is_in_use_again_is_closed_no_more"
"""What shows P69."""


def prove(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BIN / "privacy_proofs.py"), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": "-n0 -p no:cacheprovider"}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)


def test_the_proofs_of_a_promise_are_run_and_printed() -> None:
    """With a number its tests run; the sentence, each test and the sum are printed. An unknown number is refused."""
    done = prove("P69")
    assert done.stdout.splitlines() == [
        "P69  When an account that was closed is in use again, it counts as open as soon as Confluence says so.",
        f"    {CHEAP}: 2 passed, 0 not", "", "does not hold: nothing",
    ], done.stderr  # fmt: skip
    assert done.returncode == 0
    assert (prove("P69", "P999").returncode, prove("P999").stdout) == (2, "")


@pytest.mark.parametrize(
    ("outcomes", "holding"),
    [
        ([("x.py::test_a[1]", "passed"), ("x.py::test_a[2]", "passed"), ("x.py::test_b@group", "passed")], True),
        ([("x.py::test_a[1]", "passed"), ("x.py::test_a[2]", "failed"), ("x.py::test_b", "passed")], False),
        ([("x.py::test_a", "passed"), ("x.py::test_b", "skipped")], False),
        ([("x.py::test_a", "passed"), ("x.py::test_bb", "passed"), ("y.py::test_b", "passed")], False),
        ([], False),
    ],
)
def test_a_promise_that_does_not_hold_is_named(
    page: ModuleType, outcomes: list[tuple[str, Any]], holding: bool
) -> None:
    """A test that failed, was skipped or did not run shows nothing, whatever else its file holds."""
    assert page
    script = load("privacy_proofs")
    counted = script.Outcomes()
    for name, outcome in outcomes:
        counted.pytest_runtest_logreport(pytest.TestReport(name, ("", None, ""), {}, outcome, None, "call"))
    chosen = {"P1": ["x.py"], "P2": ["x.py::test_a", "x.py::test_b"]}
    assert ("P2" not in script.not_shown(chosen, counted)) is holding
    assert len(list(script.shown(chosen, counted))) == 5
