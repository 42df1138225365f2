"""Extending one's own lock."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from lockpoint.domain import rules
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority
from lockpoint.services.idempotency import RequestKey
from lockpoint.services.locks.acquire import write_lock
from lockpoint.services.locks.action import LockAction, perform
from lockpoint.services.locks.authorization import app_may_act, must_be_on, must_edit
from lockpoint.services.locks.result import LockResult
from lockpoint.services.tenancy.activity import require_active


def extend(
    services: Services, actor: Actor, attachment_id: str, key: RequestKey, lock_id: str, life: timedelta | None
) -> LockResult:
    """Count the life of the person's lock from now; it takes the right to edit, as taking the lock did."""
    return perform("extend", services, actor, attachment_id, key, partial(_extend, lock_id=lock_id, life=life))


def _extend(action: LockAction, lock_id: str, life: timedelta | None) -> LockResult:
    services, actor, limits = action.services, action.actor, action.limits
    must_edit(action.page, action.facts)
    require_active(services, actor.tenant, priority=Priority.INTERACTIVE)
    must_be_on(action.facts)
    app_may_act(action.state, action.facts)
    rule = partial(rules.extend, holder=actor.account_id, lock_id=lock_id, limits=limits, life=life)
    return write_lock(action, rule, begins=False)
