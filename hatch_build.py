"""Puts the built screens into the wheel, or says why there are none: without them no process of the app starts."""

import shutil
import subprocess
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = Path("lockpoint", "web", "static", ".vite", "manifest.json")


class FrontEnd(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, object]) -> None:
        """Build the front end where it is missing and Node.js is there."""
        del build_data
        root = Path(self.root)
        if version == "editable" or (root / BUILT).exists():
            return
        if npm := shutil.which("npm"):
            for step in (["ci", "--ignore-scripts", "--no-audit", "--no-fund"], ["run", "build"]):
                subprocess.run([npm, *step], cwd=root / "frontend", check=False)
        if not (root / BUILT).exists():
            message = "the front end is not built: run bin/setup, or install Node.js 24 with npm, and build again"
            raise SystemExit(message)
