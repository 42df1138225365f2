"""The lock itself: acquire, extend, release, break, take over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from lockpoint.domain import rules
from lockpoint.domain.lock import EndReason, Snapshot
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority
from lockpoint.services.enforcement.pending_overwrite import Moments
from lockpoint.services.errors import AlreadyLockedError, AppBlocked, Forbidden, LockLostError, OutOfDateError
from lockpoint.services.idempotency import Names, RequestKey, once
from lockpoint.services.lock_record.compare_and_set import compare_and_set
from lockpoint.services.locks.action import (
    CREATED,
    LockAction,
    ended,
    granted,
    must_be_lockable,
    must_have_room,
    settled_first,
)
from lockpoint.services.locks.authorization import (
    APP_BLOCKED,
    app_may_act,
    facts,
    must_edit,
    must_manage,
    read_as_holder,
    read_for,
)
from lockpoint.services.locks.lock_view import LockView
from lockpoint.services.locks.refusals import error_for
from lockpoint.services.locks.result import HeadMoved, LockResult, shown
from lockpoint.services.notifications.profiles import note_use
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy.activity import require_active
from lockpoint.services.tenancy.usage_counts import count_call

__all__ = ["HeadMoved", "LockOptions", "LockResult", "acquire", "break_", "extend", "release", "show", "take_over"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LockOptions:
    """How a hold is wanted; None where the person did not say."""

    life: timedelta | None = None
    note: str | None = None
    unlock_on_upload: bool = False
    seen_version: int | None = None


def show(services: Services, actor: Actor, attachment_id: str) -> LockView:
    """The state of one file's lock from the person's side."""
    with spending_on("show"):
        return shown(services, actor, attachment_id)


def acquire(services: Services, actor: Actor, attachment_id: str, key: RequestKey, options: LockOptions) -> LockResult:
    """Lock the file for the person, or extend the hold they have.

    Raises `AlreadyLockedError` with the winner, `EndingError`, `OutOfDateError`, `AppBlocked`, `NotAllowed`,
    `Unlicensed`, `NotFound`, `TooMany`, `Invalid`, `Busy`, and what `once` raises.
    """

    def work(names: Names) -> LockResult:
        state, view = read_for(services, actor, attachment_id)
        known = facts(services, actor, view, roles=False)
        must_edit(view, known)
        require_active(services, actor.tenant, priority=Priority.INTERACTIVE)
        must_be_lockable(state)
        state = settled_first(services, actor, state)
        must_have_room(services, actor, state)
        rule = _acquiring(services, actor, names, options)
        outcome = compare_and_set(
            services, actor.tenant, attachment_id, rule, op_id=names.op_id, priority=Priority.INTERACTIVE, state=state
        )
        return granted(LockAction(services, actor, view, known, key, status=CREATED), outcome)

    return _once(services, actor, attachment_id, key, "acquire", work)


def extend(
    services: Services, actor: Actor, attachment_id: str, key: RequestKey, lock_id: str, life: timedelta | None
) -> LockResult:
    """Count the life of the person's hold from now; it takes the right to edit, as taking the lock did."""

    def work(names: Names) -> LockResult:
        state, view = read_for(services, actor, attachment_id)
        known = facts(services, actor, view, roles=False)
        must_edit(view, known)
        require_active(services, actor.tenant, priority=Priority.INTERACTIVE)
        app_may_act(state)

        def rule(snapshot: Snapshot) -> rules.Decision:
            return rules.extend(
                snapshot,
                holder=actor.account_id,
                lock_id=lock_id,
                op_id=names.op_id,
                limits=services.limits,
                life=life,
            )

        outcome = compare_and_set(
            services, actor.tenant, attachment_id, rule, op_id=names.op_id, priority=Priority.INTERACTIVE, state=state
        )
        return granted(LockAction(services, actor, view, known, key), outcome)

    return _once(services, actor, attachment_id, key, "extend", work)


def release(services: Services, actor: Actor, attachment_id: str, key: RequestKey, lock_id: str) -> LockResult:
    """End the person's own hold; it needs no right but having the lock."""

    def work(names: Names) -> LockResult:
        state, view = read_as_holder(services, actor, attachment_id)
        app_may_act(state)

        def rule(snapshot: Snapshot, pending: Moments) -> rules.Decision:
            return rules.release(
                snapshot,
                holder=actor.account_id,
                lock_id=lock_id,
                op_id=names.op_id,
                pending=pending,
            )

        known = facts(services, actor, view, roles=False)
        return ended(LockAction(services, actor, view, known, key), state, names, rule)

    return _once(services, actor, attachment_id, key, "release", work)


def break_(
    services: Services, actor: Actor, attachment_id: str, key: RequestKey, lock_id: str, reason: str
) -> LockResult:
    """End another person's hold; the holder and everybody who asked are told."""

    def work(names: Names) -> LockResult:
        state, view = read_for(services, actor, attachment_id)
        known = facts(services, actor, view, roles=True)
        must_manage(known, state, actor.account_id, lock_id)
        app_may_act(state)

        def rule(snapshot: Snapshot, pending: Moments) -> rules.Decision:
            return rules.end(
                snapshot,
                lock_id=lock_id,
                op_id=names.op_id,
                reason=EndReason.BROKEN,
                by=actor.account_id,
                why=reason,
                pending=pending,
            )

        return ended(LockAction(services, actor, view, known, key), state, names, rule)

    return _once(services, actor, attachment_id, key, "break", work)


def take_over(
    services: Services,
    actor: Actor,
    attachment_id: str,
    key: RequestKey,
    lock_id: str,
    reason: str,
    options: LockOptions,
) -> LockResult:
    """End the named hold and begin one's own in a single write; the old holder is told."""

    def work(names: Names) -> LockResult:
        state, view = read_for(services, actor, attachment_id)
        known = facts(services, actor, view, roles=True)
        must_manage(known, state, actor.account_id, lock_id)
        must_edit(view, known)
        require_active(services, actor.tenant, priority=Priority.INTERACTIVE)
        must_be_lockable(state)
        must_have_room(services, actor, state)

        def rule(snapshot: Snapshot, pending: Moments) -> rules.Decision:
            return rules.take_over(
                snapshot,
                by=actor.account_id,
                old_lock_id=lock_id,
                lock_id=names.lock_id,
                op_id=names.op_id,
                limits=services.limits,
                why=reason,
                life=options.life,
                note=options.note,
                unlock_on_upload=options.unlock_on_upload,
                pending=pending,
            )

        return ended(LockAction(services, actor, view, known, key, status=CREATED), state, names, rule)

    return _once(services, actor, attachment_id, key, "take_over", work)


def _once(
    services: Services,
    actor: Actor,
    attachment_id: str,
    key: RequestKey,
    use_case: str,
    work: Callable[[Names], LockResult],
) -> LockResult:
    """Do it once; what is not stored of an earlier answer (the lock in it) is read again."""

    def guarded(names: Names) -> LockResult:
        try:
            answer = work(names)
        except Forbidden as blocked:
            raise AppBlocked(APP_BLOCKED) from blocked
        note_use(services, actor)
        count_call(services, actor, use_case, answer.status)
        return answer

    def replay(_: Names, status: int) -> LockResult:
        return LockResult(status, show(services, actor, attachment_id))

    with spending_on(use_case):
        try:
            return once(services, actor, key, guarded, replay)
        except (AlreadyLockedError, LockLostError) as refusal:
            if "lock" not in refusal.details:
                refusal.details = {**refusal.details, "lock": show(services, actor, attachment_id)}
            raise
        except OutOfDateError as refusal:
            if not refusal.details:
                state, _ = read_for(services, actor, attachment_id)
                refusal.details = error_for(rules.OutOfDate(state.attachment.base())).details
            raise


def _acquiring(
    services: Services, actor: Actor, names: Names, options: LockOptions
) -> Callable[[Snapshot], rules.Decision]:
    def rule(snapshot: Snapshot) -> rules.Decision:
        return rules.acquire(
            snapshot,
            holder=actor.account_id,
            lock_id=names.lock_id,
            op_id=names.op_id,
            limits=services.limits,
            life=options.life,
            note=options.note,
            unlock_on_upload=options.unlock_on_upload,
            seen_version=options.seen_version,
        )

    return rule
