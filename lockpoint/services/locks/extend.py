"""Extending one's own lock."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from lockpoint.domain import rules
from lockpoint.domain.lock import Held
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority
from lockpoint.services.enforcement.protect import protect
from lockpoint.services.idempotency import RequestKey
from lockpoint.services.lock_record.file_state import FileState, read_state
from lockpoint.services.lock_record.rebase import rebase
from lockpoint.services.locks.acquire import write_lock
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
    unlock_on_upload: bool | None = None,
    unless_later_than: datetime | None = None,
) -> LockResult:
    """Count the life of the person's lock from now; it takes the right to edit, as taking the lock did.

    `unlock_on_upload` also says from now on whether the person's next upload ends it (None: as before). `Invalid` for a
    lock that ends later than `unless_later_than` already.
    """
    work = partial(_extend, life=life, lock_id=lock_id, unlock_on_upload=unlock_on_upload, not_after=unless_later_than)
    return perform("extend", services, actor, attachment_id, key, work, writes_only=not unlock_on_upload)


def _extend(
    action: LockAction,
    *,
    lock_id: str,
    life: timedelta | None,
    unlock_on_upload: bool | None,
    not_after: datetime | None,
) -> LockResult:
    services, actor, limits = action.services, action.actor, action.limits
    must_edit(action.page, action.facts)
    require_active(services, actor.tenant, priority=Priority.INTERACTIVE)
    must_be_on(action.facts)
    app_may_act(action.state, action.facts)
    if unlock_on_upload:
        action = replace(action, state=_with_uploads_so_far(action))
    mine = partial(rules.extend, holder=actor.account_id, lock_id=lock_id, limits=limits)
    rule = partial(mine, life=life, unlock_on_upload=unlock_on_upload, not_after=not_after)
    return write_lock(action, rule, begins=False)


def _with_uploads_so_far(action: LockAction) -> FileState:
    """Protect what the holder uploaded so far before the wish is stored: none of it is their next upload."""
    services, tenant, held = action.services, action.actor.tenant, action.state.found
    head = action.state.attachment.head
    mine = isinstance(held, Held) and held.holder == action.actor.account_id
    if not isinstance(held, Held) or not mine or held.unlock_on_upload or head.created == held.base.created:
        return action.state
    state = read_state(services, tenant, action.state.attachment.id, priority=Priority.INTERACTIVE)
    result = protect(services, tenant, state, held, priority=Priority.INTERACTIVE)
    if result.uploaded is not None:
        rebase(services, tenant, result.state, held, result.uploaded, priority=Priority.INTERACTIVE)
    return read_state(services, tenant, action.state.attachment.id, priority=Priority.INTERACTIVE)
