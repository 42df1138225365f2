"""What a wheel needs is in it, and a start that cannot succeed ends."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.processes.test_start import settings, started
from tests.support.checkout import ROOT

pytestmark = pytest.mark.processes


class Hook:
    """What hatchling's base class gives."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)


@pytest.fixture
def front_end(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The build hook, without hatchling."""
    interface = ModuleType("hatchling.builders.hooks.plugin.interface")
    interface.BuildHookInterface = Hook
    monkeypatch.setitem(sys.modules, interface.__name__, interface)
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.FrontEnd


def test_a_wheel_without_screens_is_not_built(front_end: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason, and what to do; an editable install needs none."""
    monkeypatch.setenv("PATH", str(tmp_path))
    hook = front_end(tmp_path)
    hook.initialize("editable", {})
    with pytest.raises(SystemExit, match="the front end is not built: run bin/setup, or install Node"):
        hook.initialize("standard", {})


def test_a_wheel_builds_the_screens_where_node_is_there(
    front_end: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools, made = tmp_path / "bin", "lockpoint/web/static/.vite/manifest.json"
    tools.mkdir()
    (tmp_path / "frontend").mkdir()
    npm = tools / "npm"
    npm.write_text(f'#!/bin/sh\n[ "$1" = ci ] || {{ mkdir -p ../{Path(made).parent}; echo {{}} > ../{made}; }}\n')
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    front_end(tmp_path).initialize("standard", {})
    assert (tmp_path / made).exists()


def test_screens_older_than_their_sources_are_built_again(
    front_end: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the last release are still in a checkout that was updated; without Node.js what is there is taken."""
    made, source = tmp_path / "lockpoint/web/static/.vite/manifest.json", tmp_path / "frontend" / "src" / "main.ts"
    for path in (made, source, tmp_path / "bin" / "npm"):
        path.parent.mkdir(parents=True)
        path.write_text(f"#!/bin/sh\necho new > {made}\n")
    path.chmod(0o755)
    os.utime(source, (1, 1))
    monkeypatch.setenv("PATH", "/nowhere")
    hook = front_end(tmp_path)
    hook.initialize("standard", {})
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    hook.initialize("standard", {})
    assert made.read_text() != "new\n"
    os.utime(made, (2, 2))
    os.utime(source, (3, 3))
    hook.initialize("standard", {})
    assert made.read_text() == "new\n"
    os.utime(made, (2, 2))
    (tmp_path / "bin" / "npm").write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(SystemExit):
        hook.initialize("standard", {})


def test_the_web_ends_without_screens(database_url: str, redis_url: str, tmp_path: Path) -> None:
    """Code 1 and the reason, once; no worker is started again and again."""
    shutil.copytree(ROOT / "lockpoint", tmp_path / "lockpoint", ignore=shutil.ignore_patterns("static", "__pycache__"))
    shutil.copytree(ROOT / "migrations", tmp_path / "lockpoint" / "migrations")
    shutil.copy(ROOT / "atlassian-connect.json", tmp_path / "lockpoint")
    done = subprocess.run(
        [sys.executable, "-m", "lockpoint", "web"],
        cwd=tmp_path, env=settings(database_url, redis_url), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "the front end is not built" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_web_ends_where_its_port_is_taken(database_url: str, redis_url: str) -> None:
    """The port is named."""
    environment = settings(database_url, redis_url)
    with socket.socket() as other:
        other.bind(("0.0.0.0", int(environment["PORT"])))  # noqa: S104 - as the web does
        other.listen()
        with started("web", environment) as process:
            said = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert f"PORT: cannot listen on 0.0.0.0, port {environment['PORT']}: Address already in use" in said
    assert "Traceback" not in said
