"""Releasing one's own lock."""

from __future__ import annotations

from functools import partial

from lockpoint.domain import rules
from lockpoint.services.container import Services
from lockpoint.services.context import Actor
from lockpoint.services.idempotency import RequestKey
from lockpoint.services.locks.action import LockAction, end, perform
from lockpoint.services.locks.authorization import read_as_holder
from lockpoint.services.locks.result import LockResult


def release(services: Services, actor: Actor, attachment_id: str, key: RequestKey, lock_id: str) -> LockResult:
    """End the person's own lock; it needs no right but having the lock."""
    work = partial(_release, lock_id=lock_id)
    return perform("release", services, actor, attachment_id, key, work, read=read_as_holder)


def _release(action: LockAction, lock_id: str) -> LockResult:
    return end(action, partial(rules.release, holder=action.actor.account_id, lock_id=lock_id))
