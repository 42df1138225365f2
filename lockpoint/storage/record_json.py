"""A record as the witness table keeps it: everything but people's own words, which stay in Confluence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lockpoint.domain.lock import Base, Ended, EndReason, Free, Held, Record


def record_to_json(record: Record) -> dict[str, object]:
    """Write a record down without the holder's note and without the reason somebody gave for ending a hold."""
    value: dict[str, object] = {
        "epoch": record.epoch,
        "seq": record.seq,
        "op_id": record.op_id,
        "at": record.at.isoformat(),
        "ended": None if record.ended is None else _ended_to_json(record.ended),
    }
    if isinstance(record, Held):
        value |= {
            "lock_id": record.lock_id,
            "holder": record.holder,
            "acquired_at": record.acquired_at.isoformat(),
            "expires_at": None if record.expires_at is None else record.expires_at.isoformat(),
            "base": _base_to_json(record.base),
            "unlock_on_upload": record.unlock_on_upload,
        }
    return value


def record_from_json(value: Mapping[str, Any]) -> Record:
    """Read what `record_to_json` wrote; KeyError or ValueError for anything else."""
    ended = None if value["ended"] is None else _ended_from_json(value["ended"])
    epoch, seq, op_id, at = value["epoch"], value["seq"], value["op_id"], datetime.fromisoformat(value["at"])
    if "holder" not in value:
        if ended is None:
            raise ValueError("a free record must say how the last hold ended")
        return Free(epoch=epoch, seq=seq, op_id=op_id, at=at, ended=ended)
    return Held(
        epoch=epoch,
        seq=seq,
        op_id=op_id,
        at=at,
        lock_id=value["lock_id"],
        holder=value["holder"],
        acquired_at=datetime.fromisoformat(value["acquired_at"]),
        expires_at=None if value["expires_at"] is None else datetime.fromisoformat(value["expires_at"]),
        base=_base_from_json(value["base"]),
        unlock_on_upload=value["unlock_on_upload"],
        ended=ended,
    )


def _base_to_json(base: Base) -> dict[str, object]:
    return {"created": base.created.isoformat(), "author": base.author, "size": base.size, "number": base.number}


def _base_from_json(value: Mapping[str, Any]) -> Base:
    return Base(datetime.fromisoformat(value["created"]), value["author"], value["size"], value["number"])


def _ended_to_json(ended: Ended) -> dict[str, object]:
    return {
        "reason": ended.reason.value,
        "by": ended.by,
        "at": ended.at.isoformat(),
        "lock_id": ended.lock_id,
        "holder": ended.holder,
        "unsettled": [moment.isoformat() for moment in ended.pending],
    }


def _ended_from_json(value: Mapping[str, Any]) -> Ended:
    return Ended(
        EndReason(value["reason"]),
        value["by"],
        datetime.fromisoformat(value["at"]),
        value["lock_id"],
        value["holder"],
        pending=tuple(datetime.fromisoformat(moment) for moment in value["unsettled"]),
    )
