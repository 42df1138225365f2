"""Was there ever a second owner? The recorded writes of a file's lock record, replayed in their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Hold:
    """One hold as the records tell it: from the write that began it to the write that ended it (None: still held)."""

    lock_id: str
    holder: str
    began: int
    ended: int | None


class BrokenHistoryError(AssertionError):
    """The recorded writes contradict each other."""


def holds_of(writes: list[Json]) -> list[Hold]:
    """The holds of one file, from its record's successive values; raises BrokenHistoryError for an impossible step.

    A held record may be followed by the same hold, by a tombstone, or by another hold that says how the former ended.
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
