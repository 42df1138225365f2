"""PRIVACY.md agrees with the inventory and names a proof for every promise."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from types import ModuleType

import pytest

from tests.support.checkout import ROOT

SCRIPT = ROOT / "bin" / "privacy_page.py"


@pytest.fixture
def page() -> ModuleType:
    spec = importlib.util.spec_from_file_location("privacy_page", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["privacy_page"] = module  # where its dataclasses look for their names
    spec.loader.exec_module(module)
    return module


def check() -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), "--check"],
        capture_output=True, text=True, check=False, cwd=ROOT, env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def test_the_page_says_what_the_inventory_says() -> None:
    """The check names every differing line."""
    done = check()
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_difference_is_told(page: ModuleType) -> None:
    """A hand-edited line is restored; a page without markers is refused."""
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.rendered(text.replace("30 days at most, fewer by setting", "for ever")) == text
    with pytest.raises(ValueError, match="redis"):
        page.rendered(text.replace("<!-- from the inventory: redis -->", ""))


def test_the_operator_finds_a_section_to_fill_in() -> None:
    text = (ROOT / "PRIVACY.md").read_text(encoding="utf-8").partition("## To be filled in by the operator")[2]
    for topic in (
        *("Who runs the server", "contact", "Role: processor", "legal basis", "Consent", "request"),
        "supervisory authority",
        *("Hosting region", "Sub-processors", "Transfer out of", "Encryption at rest", "backups"),
        *("TLS", "router", "breach"),
    ):
        assert re.search(rf"^\| .*{topic}.* \| … \|$", text, re.MULTILINE), topic


def test_every_promise_has_a_proof(page: ModuleType) -> None:
    """Each sentence and row of PRIVACY.md names a proof, or is known to promise nothing; every proof is used."""
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
    """A sentence, number or row without a proof is named; so is an unused proof."""
    text = page.PAGE.read_text(encoding="utf-8")
    found = page.unproved(text.replace(before, before + planted), page.proofs())
    assert found == [said]
    assert page.unproved(text.replace("[P25]", ""), page.proofs()) == [
        "no proof: The cache (Redis) may vanish at any moment without loss.", "P25 belongs to no promise",
    ]  # fmt: skip


def test_a_time_without_a_proof_is_refused(page: ModuleType) -> None:
    """A new retention time in the inventory needs a proof before the page can be written."""
    text, known = page.PAGE.read_text(encoding="utf-8"), page.proofs()
    fewer = {mark: proof for mark, proof in known.by_mark.items() if "HOURS" not in proof.kept}
    with pytest.raises(ValueError, match=r"no proof of Kept\.HOURS"):
        page.rendered(text, page.Proofs(fewer, known.explaining))
    assert {name for proof in known.by_mark.values() for name in proof.kept} <= set(page.Kept.__members__)


def test_every_test_named_as_a_proof_exists(page: ModuleType) -> None:
    known = page.proofs().by_mark.values()
    named = {name for proof in known for name in proof.tests}
    assert len(named) > 100
    for name in named:
        path, _, function = name.partition("::")
        text = (ROOT / path).read_text(encoding="utf-8")
        assert not function or f"def {function}(" in text, name
