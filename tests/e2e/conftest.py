"""One running system for all tests of this folder: real processes, databases and HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from devstack.environment import spare_ports
from devstack.stack import Stack
from tests.e2e.system import System
from tests.support.installed import wait_for_installs


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    lines: list[str] = []
    folder = tmp_path_factory.mktemp("system")
    settings = {"LOCKPOINT_POINTS_PER_HOUR": "100000000", "WEB_CONCURRENCY": "2"}
    stack = Stack(
        folder,
        spare_ports(),
        settings,
        lambda name, line: lines.append(f"{name} {line}"),
        durable=False,
    )
    stop = threading.Event()
    try:
        stack.start(stop)
        watcher = threading.Thread(target=stack.watch, daemon=True)
        watcher.start()
        wait_for_installs(stack)
        running = System(stack, lines)
        running.confluence.post("/_sim/quota", {"limit": 100_000_000})
        yield running
    finally:
        stop.set()
        stack.stop()
        (folder / "lines.log").write_text("\n".join(lines), encoding="utf-8")
