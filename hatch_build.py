"""Puts the built screens into the wheel, or says why there are none: without them no process of the app starts."""

import os
import shutil
import subprocess
from itertools import chain
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = Path("lockpoint", "web", "static", ".vite", "manifest.json")
SOURCES = (Path("frontend"), Path("lockpoint", "locale"))
LEFT_OUT = {"node_modules", "tests"}


class FrontEnd(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, object]) -> None:
        """Build the front end where it is missing or old and Node.js is there."""
        del build_data
        root = Path(self.root)
        if version == "editable" or _is_current(root):
            return
        npm = shutil.which("npm")
        if not ((root / BUILT).exists() if npm is None else _build(npm, root / "frontend")):
            message = "the front end is not built: run bin/setup, or install Node.js 20.19 or newer with npm, and again"
            raise SystemExit(message)


def _build(npm: str, folder: Path) -> bool:
    steps = (["ci", "--ignore-scripts", "--no-audit", "--no-fund"], ["run", "build"])
    return all(subprocess.run([npm, *step], cwd=folder, check=False).returncode == 0 for step in steps)


def _is_current(root: Path) -> bool:
    """Whether no source is newer: the screens of an earlier release stay in the checkout."""
    if not (root / BUILT).exists():
        return False
    built = (root / BUILT).stat().st_mtime
    for folder, folders, files in chain.from_iterable(os.walk(root / source) for source in SOURCES):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        if any(Path(folder, name).stat().st_mtime > built for name in files):
            return False
    return True
