"""One act on many files: each has its own result, and nothing is promised about all of them together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from hashlib import sha256
from typing import Final

from lockpoint.services import errors
from lockpoint.services.container import Services
from lockpoint.services.context import Actor
from lockpoint.services.deadlines import seconds_left
from lockpoint.services.idempotency import PASSING, RequestKey, once_in_parts, once_set
from lockpoint.services.lock_record.waitlist import WaitlistPlace
from lockpoint.services.locks import notify_me
from lockpoint.services.locks.acquire import acquire
from lockpoint.services.locks.action import LockOptions
from lockpoint.services.locks.break_lock import break_lock
from lockpoint.services.locks.extend import extend
from lockpoint.services.locks.release import release
from lockpoint.services.locks.result import LockResult
from lockpoint.services.quota_accounting import charge
from lockpoint.services.shared_answers import asking_once

AT_ONCE: Final = 4
"""Files of one call that are at work at a time."""

ENOUGH_SECONDS: Final = 6.0
"""What must be left of the request's time to begin with further files."""

_NO_TIME: Final = errors.Busy("There was no time for this file. Ask again.", details={"retryAfter": 1})
_FINAL: Final = (errors.GoneOrInvisible, errors.Forbidden)


class BulkAction(StrEnum):
    LOCK = "lock"
    UNLOCK = "unlock"
    EXTEND = "extend"
    NOTIFY_ME = "notify-me"
    BREAK = "break"


NAMES_LOCK: Final = frozenset({BulkAction.UNLOCK, BulkAction.EXTEND, BulkAction.BREAK})
"""Acts on a lock that the caller saw, so each file comes with its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkItem:
    """A file; `options` are those of the call, with the version that the caller saw of this file."""

    attachment_id: str
    lock_id: str = ""
    options: LockOptions


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one file: what the single call answers, or raises."""

    attachment_id: str
    outcome: LockResult | WaitlistPlace | errors.UseCaseError | errors.HostError

    @property
    def final(self) -> bool:
        """Whether it stays: what nobody knows, or what passes by itself, is worth asking again."""
        passes = isinstance(self.outcome, (*PASSING, errors.InProgress))
        return isinstance(self.outcome, _FINAL) or not passes


def act(
    services: Services, actor: Actor, key: RequestKey, action: BulkAction, items: Sequence[BulkItem], reason: str = ""
) -> tuple[ItemResult, ...]:
    """Do one act on each file, in order; a repeated call goes on with those that are not final.

    What the request's time or the person's points leave out is not final. Raises what `once` raises, and
    `Unauthorised` for somebody whom Confluence does not know.
    """

    def work() -> tuple[ItemResult, ...]:
        with asking_once():
            return _each(services, actor, key, action, items, reason)

    return once_in_parts(services, actor, key, work, finished=lambda results: all(one.final for one in results))


def _each(
    services: Services, actor: Actor, key: RequestKey, action: BulkAction, items: Sequence[BulkItem], reason: str
) -> tuple[ItemResult, ...]:
    done: dict[str, ItemResult] = {}

    def work(item: BulkItem) -> None:
        done[item.attachment_id] = _one(services, actor, _key_for(key, item), action, item, reason)

    rest: errors.UseCaseError | errors.HostError | None = None
    for part in _parts(items):
        rest = rest or _stop(done.values())
        if rest is None:
            services.parallel.each(work, part)
    return tuple(done.get(item.attachment_id) or ItemResult(item.attachment_id, rest or _NO_TIME) for item in items)


def _parts(items: Sequence[BulkItem]) -> Iterator[Sequence[BulkItem]]:
    """The first file goes alone: it asks what the others share, and shows whether there are points."""
    yield items[:1]
    for start in range(1, len(items), AT_ONCE):
        yield items[start : start + AT_ONCE]


def _stop(done: Iterable[ItemResult]) -> errors.UseCaseError | errors.HostError | None:
    """Return why no further file is begun."""
    for one in done:
        if isinstance(one.outcome, errors.QuotaExceeded):
            return one.outcome
    return _NO_TIME if seconds_left() < ENOUGH_SECONDS else None


def _one(
    services: Services, actor: Actor, key: RequestKey, action: BulkAction, item: BulkItem, reason: str
) -> ItemResult:
    charge(actor.account_id)  # each file begins anew: the share of the person is looked at before it
    try:
        return ItemResult(item.attachment_id, _done(services, actor, key, action, item, reason))
    except errors.Unauthorised:
        raise
    except (errors.UseCaseError, errors.HostError) as refusal:
        return ItemResult(item.attachment_id, refusal)


def _done(
    services: Services, actor: Actor, key: RequestKey, action: BulkAction, item: BulkItem, reason: str
) -> LockResult | WaitlistPlace:
    file_id, lock_id = item.attachment_id, item.lock_id
    match action:
        case BulkAction.LOCK:
            return acquire(services, actor, file_id, key, item.options)
        case BulkAction.UNLOCK:
            return release(services, actor, file_id, key, lock_id)
        case BulkAction.EXTEND:
            wish = item.options.unlock_on_upload or None
            return extend(services, actor, file_id, key, lock_id, item.options.life, unlock_on_upload=wish)
        case BulkAction.BREAK:
            return break_lock(services, actor, file_id, key, lock_id, reason)
        case BulkAction.NOTIFY_ME:
            ask, present = (partial(each, services, actor, file_id) for each in (notify_me.ask, notify_me.present))
            return once_set(services, actor, key, ask, present)


def _key_for(key: RequestKey, item: BulkItem) -> RequestKey:
    """Nobody can send such an id: theirs have no colon."""
    name = sha256(f"{key.id}/{item.attachment_id}".encode()).hexdigest()
    return replace(key, id=f"bulk:{name[:40]}")
