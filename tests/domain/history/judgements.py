"""A judgement on a file of six versions, whose seventh is the base of the lock."""

from __future__ import annotations

from typing import Any

from lockpoint.domain.history.judge import FileStatus, Judgement, KnownRestoration, Policy, Version, judge
from lockpoint.domain.lock import Base, Held
from tests.domain.build import APP, BOB, DANA, held, history, version

V6 = version(6, DANA)
V7 = version(7, BOB)  # the base of every lock here
LOCK = held(base=Base(created=V7.created, author=BOB, size=None, number=7), expires_at=None)
EVE = "eve"


def judged(*versions: Version, lock: Held = LOCK, **more: Any) -> Judgement:
    values: dict[str, Any] = {"policy": Policy(), "own_accounts": frozenset({APP}), "restorations": ()}
    status = more.pop("status", FileStatus.CURRENT)
    complete = more.pop("complete", True)
    past = more.pop("past", (V6, V7))
    return judge(history(*past, *versions, status=status, complete=complete), lock, **(values | more))


def restored(number: int, source: Version, **more: Any) -> tuple[Version, KnownRestoration]:
    """Return our restoration of `source`, with its own media id, and its row."""
    made = version(number, APP, **more)
    return made, KnownRestoration(made.created, source.created)
