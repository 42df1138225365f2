"""Ending another person's lock and beginning one's own in a single write."""

from __future__ import annotations

from functools import partial

from lockpoint.domain import rules
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority
from lockpoint.services.idempotency import RequestKey
from lockpoint.services.locks.action import CREATED, LockAction, LockOptions, end, perform
from lockpoint.services.locks.authorization import must_be_lockable, must_be_on, must_edit, must_have_room, must_manage
from lockpoint.services.locks.result import LockResult
from lockpoint.services.tenancy.activity import require_active


def take_over(
    services: Services,
    actor: Actor,
    attachment_id: str,
    key: RequestKey,
    lock_id: str,
    reason: str,
    options: LockOptions,
) -> LockResult:
    """End the named lock and begin one's own; the old holder is told."""
    work = partial(_take_over, lock_id=lock_id, reason=reason, options=options)
    return perform("take_over", services, actor, attachment_id, key, work, roles=True)


def _take_over(action: LockAction, lock_id: str, reason: str, options: LockOptions) -> LockResult:
    services, actor = action.services, action.actor
    must_manage(action.facts, action.state, actor.account_id, lock_id)
    must_edit(action.page, action.facts)
    require_active(services, actor.tenant, priority=Priority.INTERACTIVE)
    must_be_on(action.facts)
    must_be_lockable(action.state, action.facts)
    must_have_room(services, actor, action.state)
    limits = action.limits
    rule = partial(
        rules.take_over,
        by=actor.account_id,
        old_lock_id=lock_id,
        lock_id=action.begun.lock_id,
        limits=limits,
        why=reason,
        life=options.life,
        note=options.note,
        unlock_on_upload=options.unlock_on_upload,
    )
    return end(action, rule, CREATED)
