"""The whole system as `bin/run` starts it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from devstack.environment import spare_ports
from devstack.stack import Stack
from tests.support.installed import wait_for_installs


@contextmanager
def whole_system(
    folder: Path,
    settings: Mapping[str, str] | None = None,
    *,
    doors: Mapping[str, str] | None = None,
    movable_time: bool = False,
) -> Iterator[Stack]:
    """Run it on spare ports, with the app installed on both sites; `doors` names sites that come by Forge."""
    lines: list[str] = []
    running = Stack(
        folder,
        spare_ports(),
        settings or {},
        lambda name, line: lines.append(f"{name} | {line}"),
        durable=False,
        doors=doors,
        movable_time=movable_time,
    )
    try:
        running.start(threading.Event())
        wait_for_installs(running)
        yield running
    finally:
        running.stop()
        sys.stdout.write("\n".join(lines[-80:]))  # pytest shows it with an error of the fixture
