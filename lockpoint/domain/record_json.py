"""The fields of a record in JSON, both ways; reading checks the type of every one of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from lockpoint.domain.lock import Base, Ended, EndReason, Free, Held


class WrongFieldError(ValueError):
    """A field is missing, superfluous or of the wrong type; carries its name."""


class Fields:
    """One JSON object whose members are taken out by name and type; every method raises `WrongFieldError`."""

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
        """A whole number or null."""
        return None if self._members.get(name) is None else self.number(name)

    def text(self, name: str) -> str:
        """A string."""
        value = self._members.get(name)
        if not isinstance(value, str):
            raise WrongFieldError(name)
        return value

    def text_or_none(self, name: str) -> str | None:
        """A string or null."""
        return None if self._members.get(name) is None else self.text(name)

    def flag(self, name: str) -> bool:
        """A truth value."""
        value = self._members.get(name)
        if not isinstance(value, bool):
            raise WrongFieldError(name)
        return value

    def time(self, name: str) -> datetime:
        """A moment, ISO 8601 in UTC."""
        return _moment(self.text(name), name)

    def time_or_none(self, name: str) -> datetime | None:
        """A moment or null."""
        return None if self._members.get(name) is None else self.time(name)

    def times(self, name: str) -> tuple[datetime, ...]:
        """A list of moments."""
        value = self._members.get(name)
        if not isinstance(value, list):
            raise WrongFieldError(name)
        return tuple(Fields({name: each}).time(name) for each in value)

    def inner(self, name: str) -> Fields:
        """An object."""
        value = self._members.get(name)
        if not isinstance(value, dict):
            raise WrongFieldError(name)
        return Fields(value)

    def inner_or_none(self, name: str) -> Fields | None:
        """An object or null."""
        return None if self._members.get(name) is None else self.inner(name)


def held_fields(held: Held) -> dict[str, object]:
    """The members of a held record, without the envelope."""
    return {
        "epoch": held.epoch,
        "op_id": held.op_id,
        "at": written(held.at),
        "lock_id": held.lock_id,
        "holder": held.holder,
        "acquired_at": written(held.acquired_at),
        "expires_at": written(held.expires_at) if held.expires_at else None,
        "base": {
            "created": written(held.base.created),
            "author": held.base.author,
            "size": held.base.size,
            "number": held.base.number,
        },
        "note": held.note,
        "unlock_on_upload": held.unlock_on_upload,
        "ended": _ended_fields(held.ended) if held.ended else None,
    }


def read_held(fields: Fields) -> tuple[Held, frozenset[str]]:
    """A held record, and the members it is made of."""
    ended = fields.inner_or_none("ended")
    held = Held(
        epoch=fields.number("epoch"),
        seq=fields.number("seq"),
        op_id=fields.text("op_id"),
        at=fields.time("at"),
        lock_id=fields.text("lock_id"),
        holder=fields.text("holder"),
        acquired_at=fields.time("acquired_at"),
        expires_at=fields.time_or_none("expires_at"),
        base=_read_base(fields.inner("base")),
        note=fields.text_or_none("note"),
        unlock_on_upload=fields.flag("unlock_on_upload"),
        ended=_read_ended(ended) if ended else None,
    )
    return held, frozenset(held_fields(held))


def tombstone_fields(free: Free) -> dict[str, object]:
    """The members of a tombstone, without the envelope."""
    return {"epoch": free.epoch, "op_id": free.op_id, "at": written(free.at), "ended": _ended_fields(free.ended)}


def read_tombstone(fields: Fields) -> tuple[Free, frozenset[str]]:
    """A tombstone, and the members it is made of."""
    free = Free(
        epoch=fields.number("epoch"),
        seq=fields.number("seq"),
        op_id=fields.text("op_id"),
        at=fields.time("at"),
        ended=_read_ended(fields.inner("ended")),
    )
    return free, frozenset(tombstone_fields(free))


def written(moment: datetime) -> str:
    """A moment as it is stored: ISO 8601, UTC, always with microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _moment(text: str, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise WrongFieldError(name) from error
    if moment.utcoffset() != timedelta():
        raise WrongFieldError(name)
    return moment.astimezone(UTC)


def _ended_fields(ended: Ended) -> dict[str, object]:
    return {
        "reason": ended.reason.value,
        "by": ended.by,
        "at": written(ended.at),
        "lock_id": ended.lock_id,
        "holder": ended.holder,
        "why": ended.why,
        "unsettled": [written(each) for each in ended.pending],
    }


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
