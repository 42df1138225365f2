"""Copy mode: a file's bytes pass through memory only."""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest

from tests.confluence.live import BOB, BUDGET, PRIORITY, Live

CANARY = "bytes like a bittern's"
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Watch:
    """Records files opened for writing while on; interpreter hooks cannot be removed."""

    def __init__(self) -> None:
        self.on = False
        self.written: list[str] = []
        sys.addaudithook(self._see)

    def _see(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.on and event == "open" and (arguments[2] or 0) & WRITING:
            self.written.append(str(arguments[0]))


@pytest.fixture(scope="module")
def watch() -> Watch:
    return Watch()


def test_the_bytes_are_on_no_disk_and_in_no_log(
    live: Live, watch: Watch, tmp_path: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    live.act("upload", BOB, attachmentId=BUDGET, fileName="budget.xlsx", text=CANARY)
    live.act("upload", BOB, attachmentId=BUDGET, fileName="budget.xlsx", text="overwritten")
    found = live.attachments.get(live.acme, BUDGET, priority=PRIORITY)
    source = live.attachments.version(live.acme, BUDGET, found.head.number - 1, priority=PRIORITY)
    watch.on = True
    try:
        live.attachments.copy(live.acme, found, source, "undone by Lockpoint", priority=PRIORITY)
        copying = list(watch.written)
        (tmp_path / "planted").write_text(CANARY, encoding="utf-8")
    finally:
        watch.on = False
    assert live.running.world.sites["acme"].attachments[int(BUDGET)].versions[-1].data == CANARY.encode()
    assert copying == []
    assert watch.written == [str(tmp_path / "planted")], "the watch sees what is written"
    printed = capfd.readouterr()
    assert CANARY not in printed.out + printed.err
