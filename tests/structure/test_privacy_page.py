"""PRIVACY.md says what the inventory says, and names a proof for every promise."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "bin" / "privacy_page.py"


@pytest.fixture
def page() -> ModuleType:
    spec = importlib.util.spec_from_file_location("privacy_page", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check() -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), "--check"],
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


def test_every_section_of_the_page_has_its_proofs() -> None:
    """docs/privacy-proofs.md has a section for each section of PRIVACY.md that promises something, with an output."""
    promises = re.findall(r"^## (.+)$", (ROOT / "PRIVACY.md").read_text(encoding="utf-8"), re.MULTILINE)
    proofs = (ROOT / "docs" / "privacy-proofs.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (.+)\n((?:(?!^## )[\s\S])*)", proofs, re.MULTILINE))
    wanted = [name for name in promises if name not in {"In short", "To be filled in by the operator"}]
    assert [name for name in wanted if "```" not in sections.get(name, "")] == []


def test_every_test_named_as_a_proof_exists() -> None:
    """A proof that names a test names one that exists."""
    proofs = (ROOT / "docs" / "privacy-proofs.md").read_text(encoding="utf-8")
    named = re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", proofs)
    assert len(named) > 10
    for path, function in named:
        text = (ROOT / path).read_text(encoding="utf-8")
        assert not function or f"def {function}(" in text, f"{path}::{function}"
