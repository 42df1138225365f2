"""Extending one's own lock."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from lockpoint.domain import rules
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority
from lockpoint.services.idempotency import RequestKey
from lockpoint.services.locks.acquire import with_uploads_so_far, write_lock
from lockpoint.services.locks.action import LockAction, perform
from lockpoint.services.locks.authorization import app_may_act, must_be_on, must_edit
from lockpoint.services.locks.result import LockResult
from lockpoint.services.tenancy.activity import require_active


def extend(
    services: Services,
    actor: Actor,
    attachment_id: str,
    key: RequestKey,
    lock_id: str,
    life: timedelta | None,
    *,
    note: str | None = None,
    unlock_on_upload: bool | None = None,
    unless_later_than: datetime | None = None,
) -> LockResult:
    """Count the life of the person's lock from now; it takes the right to edit, as taking the lock did.

    `note` replaces the note, an empty one takes it away; `unlock_on_upload` says from now on whether the person's next
    upload ends the lock; None leaves either as it is. `Invalid` for a
    lock that ends later than `unless_later_than` already.
    """
    wish = partial(_extend, life=life, note=note, unlock_on_upload=unlock_on_upload)
    work = partial(wish, lock_id=lock_id, not_after=unless_later_than)
    return perform("extend", services, actor, attachment_id, key, work, writes_only=not unlock_on_upload)


def _extend(
    action: LockAction,
    *,
    lock_id: str,
    life: timedelta | None,
    note: str | None,
    unlock_on_upload: bool | None,
    not_after: datetime | None,
) -> LockResult:
    services, actor, limits = action.services, action.actor, action.limits
    must_edit(action.page, action.facts)
    require_active(services, actor.tenant, priority=Priority.INTERACTIVE)
    must_be_on(action.facts)
    app_may_act(action.state, action.facts)
    if unlock_on_upload:
        action = replace(action, state=with_uploads_so_far(action))
    mine = partial(rules.extend, holder=actor.account_id, lock_id=lock_id, limits=limits)
    rule = partial(mine, life=life, note=note, unlock_on_upload=unlock_on_upload, not_after=not_after)
    return write_lock(action, rule, begins=False)
