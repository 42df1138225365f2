"""`bin/audit` passes only what was looked at; NOTICE names what is locked."""

from __future__ import annotations

import re

import pytest

from dev import notice
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
    assert python_findings(answer) == findings  # type: ignore[arg-type]


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
    assert node_findings(answer) == findings  # type: ignore[arg-type]


def test_something_not_audited_never_passes() -> None:
    assert verdict([0, 0]) == 0
    assert verdict([0, NOT_AUDITED]) == NOT_AUDITED
    assert verdict([FOUND, NOT_AUDITED]) == FOUND


def test_the_notice_names_every_locked_package() -> None:
    """With its version; made by `bin/notice`."""
    text = notice.NOTICE.read_text(encoding="utf-8")
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    named = re.findall(r"^  (\S+) (\S+): .+$", text.partition("Screens")[0], re.MULTILINE)
    assert named == notice.locked(lock)
    assert len(named) > 20
    assert notice.text().partition("Screens")[2] == text.partition("Screens")[2]
