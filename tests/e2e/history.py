"""Replays the recorded writes of a file's lock record to find a second owner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Hold:
    """From the write that began a lock to the write that ended it (None: live)."""

    lock_id: str
    holder: str
    began: int
    ended: int | None


class BrokenHistoryError(AssertionError):
    """The recorded writes contradict each other."""


def holds_of(writes: list[Json]) -> list[Hold]:
    """Return the locks of one file from its record's successive values; raise BrokenHistoryError on an impossible step.

    A held record may be followed by the same lock, by a tombstone, or by another lock that says how this one ended.
    """
    holds: list[Hold] = []
    before: Json | None = None
    for order, value in enumerate(writes):
        _check_place(before, value)
        held = value["state"] == "held"
        open_ = holds[-1] if holds and holds[-1].ended is None else None
        if open_ and not (held and value["lock_id"] == open_.lock_id):
            ended = value.get("ended") or {}
            if ended.get("lock_id") != open_.lock_id:
                raise BrokenHistoryError(f"write {order} takes the file from {open_.holder} without ending the hold")
            holds[-1] = Hold(open_.lock_id, open_.holder, open_.began, order)
            open_ = None
        if held and open_ is None:
            if any(hold.lock_id == value["lock_id"] for hold in holds):
                raise BrokenHistoryError(f"write {order} brings an ended hold back")
            holds.append(Hold(value["lock_id"], value["holder"], order, None))
        elif held and open_ and value["holder"] != open_.holder:
            raise BrokenHistoryError(f"write {order} changes the holder inside one hold")
        before = value
    return holds


def _check_place(before: Json | None, value: Json) -> None:
    if before is not None and (value["epoch"], value["seq"]) <= (before["epoch"], before["seq"]):
        raise BrokenHistoryError("the order of the records went backwards")
