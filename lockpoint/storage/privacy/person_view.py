"""A row as one person may see it, without what it says of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

StoredRow = Mapping[str, Any]
_OURS: Final = frozenset({"tenant_id", "pseudonym"})
"""Not about a person; a pseudonym must not lead back to one."""


def own_part(table: str, row: StoredRow, account: str) -> dict[str, object]:
    shown = _SHOWN.get(table)
    fields = shown(row, account) if shown else row
    return {name: value for name, value in fields.items() if name not in _OURS}


def _intent(row: StoredRow, account: str) -> StoredRow:
    """A mail to the person, or to somebody else about what the person did."""
    others = "actor" if row["recipient"] == account else "recipient"
    return {name: value for name, value in row.items() if name != others or value == account}


def _restoration(row: StoredRow, account: str) -> StoredRow:
    return {**row, "offenders": [account]}


def _queued(row: StoredRow, account: str) -> StoredRow:
    named = account if account in str(row["args"].get("subject", "")) else None
    return {"id": row["id"], "job": row["task_name"], "status": row["status"], "account": named}


def _witness(row: StoredRow, account: str) -> StoredRow:
    """The person's lock, or their part in another record: how a lock ended, which version they uploaded."""
    record: StoredRow = row["record"]
    place = {name: row[name] for name in ("attachment_id", "container_kind", "container_id", "space_id", "seen_at")}
    parts: dict[str, object] = {}
    if record.get("holder") == account:
        parts["lock"] = {**_without(record, "base", "ended"), "protection": row["protection"]}
    if (record.get("base") or {}).get("author") == account:
        parts["protected_version"] = record["base"]
    ended: StoredRow = record.get("ended") or {}
    if account in {ended.get("by"), ended.get("holder")}:
        parts["last_lock"] = {
            name: value for name, value in ended.items() if name not in {"by", "holder"} or value == account
        }
    return {**place, **parts}


def _without(fields: StoredRow, *names: str) -> dict[str, object]:
    return {name: value for name, value in fields.items() if name not in names}


_SHOWN: Final[Mapping[str, Callable[[StoredRow, str], StoredRow]]] = {
    "email_intent": _intent,
    "restoration": _restoration,
    "procrastinate_jobs": _queued,
    "lock_witness": _witness,
}
