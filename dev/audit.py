"""Part of `bin/audit`: known vulnerabilities of the locked packages, and SBOMs (CycloneDX) in `reports/`.

What could not be asked is said to be not audited, with a code of its own: it never counts as a pass.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
REPORTS: Final = ROOT / "reports"
TOOLS: Final = ROOT / ".local" / "audit"
PINNED: Final = ("pip-audit==2.10.1", "cyclonedx-bom==7.5.0")
"""Of the tools; they see the lock file and are no part of the product."""

FOUND, NOT_AUDITED = 1, 3

Answer = dict[str, Any]


def main() -> int:
    REPORTS.mkdir(exist_ok=True)
    results = [
        _said("packages of Python", python_findings(_answer(_pip_audit))),
        _said("packages of the front end", node_findings(_answer(_npm_audit))),
    ]
    for name, made in (("SBOM of Python", _sbom_of_python), ("SBOM of the front end", _sbom_of_node)):
        results.append(0 if made() else NOT_AUDITED)
        print(f"{name}: {'reports/' if results[-1] == 0 else 'not made'}")
    return verdict(results)


def verdict(results: Sequence[int]) -> int:
    """Something found weighs more than something not asked."""
    return FOUND if FOUND in results else max(results)


def python_findings(answer: Answer | None) -> list[str] | None:
    """Return what pip-audit found, a line each; None when it did not look at everything."""
    if answer is None or not isinstance(packages := answer.get("dependencies"), list) or not packages:
        return None
    if any("skip_reason" in package for package in packages):
        return None
    return [
        f"{package['name']} {package['version']}: {flaw['id']}" for package in packages for flaw in package["vulns"]
    ]


def node_findings(answer: Answer | None) -> list[str] | None:
    """The same of `npm audit`."""
    if answer is None or not isinstance(flaws := answer.get("vulnerabilities"), dict):
        return None
    return [f"{name}: {flaw.get('severity', 'unknown')}" for name, flaw in sorted(flaws.items())]


def _said(what: str, findings: list[str] | None) -> int:
    if findings is None:
        print(f"{what}: not audited")
        return NOT_AUDITED
    print(f"{what}: {len(findings)} known vulnerabilities", *findings, sep="\n  ")
    return FOUND if findings else 0


def _answer(ask: Callable[[], str]) -> Answer | None:
    try:
        answer = json.loads(ask())
    except (OSError, ValueError):
        return None
    return answer if isinstance(answer, dict) else None


def _pip_audit() -> str:
    tool = [str(_tool("pip-audit")), "--requirement", "requirements.txt", "--require-hashes", "--disable-pip"]
    return subprocess.run(
        [*tool, "--strict", "--format", "json", "--progress-spinner", "off"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip


def _npm_audit() -> str:
    return _npm("audit", "--json", "--package-lock-only")


def _npm(*arguments: str) -> str:
    return subprocess.run(
        [str(ROOT / "bin" / "npm"), *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout


def _sbom_of_python() -> bool:
    place = REPORTS / "sbom-python.json"
    command = ["requirements", "requirements.txt", "--output-format", "JSON", "--output-file", str(place)]
    try:
        tool = _tool("cyclonedx-py")
    except OSError:
        return False
    return subprocess.run([str(tool), *command], cwd=ROOT, capture_output=True, check=False).returncode == 0


def _sbom_of_node() -> bool:
    answer = _answer(lambda: _npm("sbom", "--sbom-format", "cyclonedx", "--package-lock-only"))
    if answer is None or answer.get("bomFormat") != "CycloneDX":
        return False
    (REPORTS / "sbom-frontend.json").write_text(json.dumps(answer, indent=2), encoding="utf-8")
    return True


def _tool(name: str) -> Path:
    """Install the tools once; OSError where that fails, as offline."""
    program = TOOLS / "bin" / name
    if not program.exists():
        for command in ([sys.executable, "-m", "venv", str(TOOLS)], [str(TOOLS / "bin" / "pip"), "install", *PINNED]):
            if subprocess.run(command, capture_output=True, check=False).returncode != 0:
                raise OSError("the tools cannot be installed")
    return program


if __name__ == "__main__":
    sys.exit(main())
