"""Writes NOTICE: the packages that an install brings, with their licences; `--check` only compares."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
NOTICE: Final = ROOT / "NOTICE"
HEAD: Final = """Lockpoint
Licensed under the Apache License, Version 2.0; see LICENSE.

An install brings these packages, each under its own licence. Made by bin/notice.
"""
_LOCKED: Final = re.compile(r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
_OF_CLASSIFIER: Final = "License :: OSI Approved :: "
LONGEST: Final = 60
"""Characters of a name; some packages have the whole text there."""

UNTOLD: Final = "see the package"
"""Of a package for other machines, or that does not tell."""


def locked(text: str) -> list[tuple[str, str]]:
    return sorted(_LOCKED.findall(text))


def text() -> str:
    python = (f"{name} {version}: {_licence(name)}" for name, version in locked(_read("requirements.txt")))
    return "\n".join([HEAD, "Python", *(f"  {line}" for line in python), "", "Screens", *_of_screens(), ""])


def _of_screens() -> Iterator[str]:
    """What the build puts into its files."""
    lock = json.loads(_read("frontend/package-lock.json"))
    for path, package in sorted(lock["packages"].items()):
        if path and not package.get("dev"):
            yield f"  {path.removeprefix('node_modules/')} {package['version']}: {package.get('license', UNTOLD)}"


def _licence(name: str) -> str:
    try:
        about = metadata(name)
    except PackageNotFoundError:
        return UNTOLD
    classified = [line.removeprefix(_OF_CLASSIFIER) for line in about.get_all("Classifier", []) if "License ::" in line]
    short = (about["License"] or "").strip() if "License" in about else ""
    return about["License-Expression"] or (short if 0 < len(short) < LONGEST else "") or ", ".join(classified) or UNTOLD


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def main() -> int:
    if sys.argv[1:] == ["--check"]:
        return 0 if NOTICE.exists() and NOTICE.read_text(encoding="utf-8") == text() else 1
    NOTICE.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
