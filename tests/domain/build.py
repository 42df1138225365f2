"""Builders of `lockpoint.domain` values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from lockpoint.domain.history.judge import FileStatus, History, Version
from lockpoint.domain.lock import Base, Ended, EndReason, FoundRecord, Free, Held, Limits, Snapshot, Subject
from lockpoint.domain.signed_json import MacKeys

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ALICE, BOB, CHARLIE, DANA, APP = "alice", "bob", "charlie", "dana", "app"
L1, L2, L3 = "1" * 32, "2" * 32, "3" * 32
SUBJECT = Subject("acme-client-key", "131203")
KEYS = MacKeys("k2", {"k1": b"old key of thirty-two bytes long", "k2": b"new key of thirty-two bytes long"})
LIMITS = Limits()
HOURS_48 = timedelta(hours=48)


def at(seconds: float = 0, **more: float) -> datetime:
    return NOW + timedelta(seconds=seconds, **more)


def base(created: datetime = NOW, author: str | None = BOB, number: int = 7, size: int | None = 10) -> Base:
    return Base(created=created, author=author, size=size, number=number)


def ended(reason: EndReason = EndReason.RELEASED, lock_id: str = L1, **more: Any) -> Ended:
    return Ended(**({"reason": reason, "by": ALICE, "at": NOW, "lock_id": lock_id, "holder": ALICE} | more))


def held(**more: Any) -> Held:
    """Return Alice's lock L1 of 48 hours from NOW, third record of epoch 1."""
    values: dict[str, Any] = {
        "epoch": 1,
        "seq": 3,
        "op_id": "op-alice",
        "at": NOW,
        "lock_id": L1,
        "holder": ALICE,
        "acquired_at": NOW,
        "expires_at": NOW + HOURS_48,
        "base": base(),
    }
    return Held(**(values | more))


def free(**more: Any) -> Free:
    values: dict[str, Any] = {"epoch": 1, "seq": 4, "op_id": "op-end", "at": NOW, "ended": ended()}
    return Free(**(values | more))


def snapshot(found: FoundRecord, now: datetime = NOW, **more: Any) -> Snapshot:
    return Snapshot(**({"found": found, "head": base(), "now": now} | more))


def version(number: int, author: str | None, created: datetime | None = None, **more: Any) -> Version:
    """Return a version made `number` minutes after NOW, with unique content."""
    made = created if created is not None else at(minutes=number)
    return Version(**({"number": number, "created": made, "author": author, "file_id": f"media-{number}"} | more))


def history(*versions: Version, status: FileStatus = FileStatus.CURRENT, complete: bool = True) -> History:
    return History(status, versions, complete)
