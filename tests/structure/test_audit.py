"""`bin/audit` passes only what was looked at; NOTICE names what is locked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dev import audit, notice
from dev.audit import FOUND, NOT_AUDITED, node_findings, python_findings, verdict
from tests.support.checkout import ROOT

CLEAN = {"name": "flask", "version": "3.1", "vulns": []}
FLAWED = {"name": "jinja2", "version": "1", "vulns": [{"id": "PYSEC-1"}]}


@pytest.mark.parametrize(
    ("answer", "findings"),
    [
        ({"dependencies": [CLEAN]}, []),
        ({"dependencies": [CLEAN, FLAWED]}, ["jinja2 1: PYSEC-1"]),
        ({"dependencies": [CLEAN, {"name": "x", "skip_reason": "not found"}]}, None),
        ({"dependencies": []}, None),
        ({}, None),
        (None, None),
    ],
)
def test_python_is_audited_when_every_package_was_looked_at(answer: object, findings: object) -> None:
    """C10: offline there is no answer, which is no pass."""
    assert python_findings(answer) == findings


@pytest.mark.parametrize(
    ("answer", "findings"),
    [
        ({"vulnerabilities": {}}, []),
        ({"vulnerabilities": {"vite": {"severity": "high"}}}, ["vite: high"]),
        ({"error": {"code": "ENOTFOUND"}}, None),
        (None, None),
    ],
)
def test_the_front_end_is_audited_when_the_registry_answered(answer: object, findings: object) -> None:
    assert node_findings(answer) == findings


def test_something_not_audited_never_passes() -> None:
    assert verdict([0, 0]) == 0
    assert verdict([0, NOT_AUDITED]) == NOT_AUDITED
    assert verdict([FOUND, NOT_AUDITED]) == FOUND


def test_offline_each_part_says_so_and_the_whole_is_no_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """C10: tools that cannot be installed, a registry that does not answer."""

    def offline(*_: object) -> str:
        raise OSError("no network")

    monkeypatch.setattr(audit, "REPORTS", tmp_path / "reports")
    monkeypatch.setattr(audit, "_tool", offline)
    monkeypatch.setattr(audit, "_npm", lambda *_: '{"error": {"code": "ENOTFOUND"}}')
    assert audit.main() == NOT_AUDITED
    assert capsys.readouterr().out.splitlines() == [
        "packages of Python: not audited",
        "packages of the front end: not audited",
        "SBOM of Python: not made",
        "SBOM of the front end: not made",
    ]
    assert list((tmp_path / "reports").iterdir()) == []


def test_the_public_check_runs_the_audit_with_pinned_actions() -> None:
    """C10: by commit, weekly and after a change of a lock file; nothing turns "not audited" into a pass."""
    workflows = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    texts = [path.read_text(encoding="utf-8") for path in workflows]
    used = [action for text in texts for action in re.findall(r"uses:\s*(\S+)", text)]
    assert used
    assert [action for action in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action)] == []
    (text,) = (text for text in texts if "bin/audit" in text)
    assert re.search(r"^      - run: bin/audit$", text, re.MULTILINE)
    assert "cron:" in text
    assert not re.search(r"continue-on-error|\|\|", text)
    assert re.search(r"^permissions:\n  contents: read$", text, re.MULTILINE)


def test_the_notice_names_every_locked_package() -> None:
    """With its version; made by `bin/notice`."""
    text = notice.NOTICE.read_text(encoding="utf-8")
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    named = re.findall(r"^  (\S+) (\S+): .+$", text.partition("Screens")[0], re.MULTILINE)
    assert named == notice.locked(lock)
    assert len(named) > 20
    assert notice.text().partition("Screens")[2] == text.partition("Screens")[2]
