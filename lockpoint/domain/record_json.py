"""The fields of a record in JSON, both ways; reading checks every type.

Our copy of a record has neither the holder's note nor the reason for ending a lock, and writes times as Python does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import Base, Ended, EndReason, Free, Held, Record

Writing = Callable[[datetime], str]


class WrongFieldError(ValueError):
    """A field is missing, superfluous or of the wrong type; carries its name."""


class Fields:
    """The members of one JSON object; every method raises `WrongFieldError`."""

    __slots__ = ("_members",)

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members = members

    def only(self, names: frozenset[str]) -> None:
        """Insist that there are exactly these members."""
        if self._members.keys() != names:
            raise WrongFieldError(", ".join(sorted(self._members.keys() ^ names)))

    def number(self, name: str) -> int:
        """A whole number, zero or more."""
        value = self._members.get(name)
        if type(value) is not int or value < 0:
            raise WrongFieldError(name)
        return value

    def number_or_none(self, name: str) -> int | None:
        return None if self._members.get(name) is None else self.number(name)

    def text(self, name: str) -> str:
        value = self._members.get(name)
        if not isinstance(value, str):
            raise WrongFieldError(name)
        return value

    def text_or_none(self, name: str) -> str | None:
        return None if self._members.get(name) is None else self.text(name)

    def flag(self, name: str) -> bool:
        value = self._members.get(name)
        if not isinstance(value, bool):
            raise WrongFieldError(name)
        return value

    def flag_unless_missing(self, name: str, *, missing: bool) -> bool:
        return self.flag(name) if name in self._members else missing

    def time(self, name: str) -> datetime:
        """A moment, ISO 8601 in UTC."""
        return _moment(self.text(name), name)

    def time_or_none(self, name: str) -> datetime | None:
        return None if self._members.get(name) is None else self.time(name)

    def times(self, name: str) -> tuple[datetime, ...]:
        value = self._members.get(name)
        if not isinstance(value, list):
            raise WrongFieldError(name)
        return tuple(Fields({name: each}).time(name) for each in value)

    def inner(self, name: str) -> Fields:
        value = self._members.get(name)
        if not isinstance(value, dict):
            raise WrongFieldError(name)
        return Fields(value)

    def inner_or_none(self, name: str) -> Fields | None:
        return None if self._members.get(name) is None else self.inner(name)


def written(moment: datetime) -> str:
    """A moment as in Confluence: ISO 8601, UTC, always with microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def record_fields(record: Record, time: Writing = written) -> dict[str, object]:
    """The members of a record, without the envelope."""
    fields: dict[str, object] = {
        "epoch": record.epoch,
        "op_id": record.op_id,
        "at": time(record.at),
        "kind": record.kind,
        "ended": _ended_fields(record.ended, time) if record.ended else None,
    }
    if isinstance(record, Held):
        fields |= {
            "lock_id": record.lock_id,
            "holder": record.holder,
            "acquired_at": time(record.acquired_at),
            "expires_at": time(record.expires_at) if record.expires_at else None,
            "base": _base_fields(record.base, time),
            "note": record.note,
            "unlock_on_upload": record.unlock_on_upload,
            "began": time(record.began) if record.began else None,
            "extended_at": time(record.extended_at) if record.extended_at else None,
            "chosen": record.chosen,
        }
    return fields


def read_held(fields: Fields) -> Held:
    """Raises `WrongFieldError`."""
    ended = fields.inner_or_none("ended")
    return Held(
        epoch=fields.number("epoch"),
        seq=fields.number("seq"),
        op_id=fields.text("op_id"),
        at=fields.time("at"),
        kind=_read_kind(fields),
        lock_id=fields.text("lock_id"),
        holder=fields.text("holder"),
        acquired_at=fields.time("acquired_at"),
        expires_at=fields.time_or_none("expires_at"),
        base=_read_base(fields.inner("base")),
        note=fields.text_or_none("note"),
        unlock_on_upload=fields.flag("unlock_on_upload"),
        ended=_read_ended(ended) if ended else None,
        began=fields.time_or_none("began"),
        extended_at=fields.time_or_none("extended_at"),
        # Nobody knows of a record of an earlier version: it keeps the end that its holder was told.
        chosen=fields.flag_unless_missing("chosen", missing=True),
    )


def read_tombstone(fields: Fields) -> Free:
    """Raises `WrongFieldError`."""
    return Free(
        epoch=fields.number("epoch"),
        seq=fields.number("seq"),
        op_id=fields.text("op_id"),
        at=fields.time("at"),
        kind=_read_kind(fields),
        ended=_read_ended(fields.inner("ended")),
    )


def witness_fields(record: Record) -> dict[str, object]:
    """The members of our own copy of a record."""
    fields = record_fields(record, datetime.isoformat)
    ended = fields["ended"]
    kept = _without(ended, "why") if isinstance(ended, dict) else None
    return {**_without(fields, "note"), "ended": kept, "seq": record.seq}


def read_witness(members: Mapping[str, Any]) -> Record:
    """Read our own copy, ignoring other members; raises `WrongFieldError`."""
    fields = Fields(members)
    return read_held(fields) if "holder" in members else read_tombstone(fields)


def _without(fields: Mapping[str, object], name: str) -> dict[str, object]:
    return {each: value for each, value in fields.items() if each != name}


def _moment(text: str, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise WrongFieldError(name) from error
    if moment.utcoffset() != timedelta():
        raise WrongFieldError(name)
    return moment.astimezone(UTC)


def _base_fields(base: Base, time: Writing) -> dict[str, object]:
    return {"created": time(base.created), "author": base.author, "size": base.size, "number": base.number}


def _ended_fields(ended: Ended, time: Writing) -> dict[str, object]:
    return {
        "reason": ended.reason.value,
        "by": ended.by,
        "at": time(ended.at),
        "lock_id": ended.lock_id,
        "holder": ended.holder,
        "why": ended.why,
        "unsettled": [time(each) for each in ended.pending],
    }


def _read_kind(fields: Fields) -> AuditKind | None:
    word = fields.text_or_none("kind")
    try:
        return None if word is None else AuditKind(word)
    except ValueError as error:
        raise WrongFieldError("kind") from error


def _read_ended(fields: Fields) -> Ended:
    return Ended(
        reason=_reason(fields.text("reason")),
        by=fields.text_or_none("by"),
        at=fields.time("at"),
        lock_id=fields.text("lock_id"),
        holder=fields.text("holder"),
        why=fields.text_or_none("why"),
        pending=fields.times("unsettled"),
    )


def _reason(word: str) -> EndReason:
    try:
        return EndReason(word)
    except ValueError as error:
        raise WrongFieldError("reason") from error


def _read_base(fields: Fields) -> Base:
    return Base(
        created=fields.time("created"),
        author=fields.text_or_none("author"),
        size=fields.number_or_none("size"),
        number=fields.number("number"),
    )
