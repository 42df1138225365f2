"""Ending another person's lock."""

from __future__ import annotations

from functools import partial

from lockpoint.domain import rules
from lockpoint.domain.lock import EndReason
from lockpoint.services.container import Services
from lockpoint.services.context import Actor
from lockpoint.services.idempotency import RequestKey
from lockpoint.services.locks.action import LockAction, end, perform
from lockpoint.services.locks.authorization import must_be_on, must_manage
from lockpoint.services.locks.result import LockResult


def break_lock(
    services: Services, actor: Actor, attachment_id: str, key: RequestKey, lock_id: str, reason: str
) -> LockResult:
    """End another person's lock; the holder and everybody who asked are told."""
    work = partial(_break, lock_id=lock_id, reason=reason)
    return perform("break", services, actor, attachment_id, key, work, roles=True)


def _break(action: LockAction, lock_id: str, reason: str) -> LockResult:
    account = action.actor.account_id
    must_manage(action.facts, action.state, account, lock_id)
    must_be_on(action.facts)
    return end(action, partial(rules.end, lock_id=lock_id, reason=EndReason.BROKEN, by=account, why=reason))
