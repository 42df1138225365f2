"""Locking a file, or extending the lock that the person has."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from lockpoint.domain import rules
from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import Held, Phase, Snapshot
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority
from lockpoint.services.enforcement.pending_overwrite import undo_pending
from lockpoint.services.enforcement.protect import protect
from lockpoint.services.errors import HostError
from lockpoint.services.idempotency import RequestKey
from lockpoint.services.lock_record.compare_and_set import Rule, compare_and_set
from lockpoint.services.lock_record.file_state import FileState, Unwritten, Written, read_state
from lockpoint.services.lock_record.rebase import rebase
from lockpoint.services.locks.action import CREATED, OK, LockAction, LockOptions, perform
from lockpoint.services.locks.authorization import must_be_lockable, must_be_on, must_edit, must_have_room
from lockpoint.services.locks.end_lock import announce, expire
from lockpoint.services.locks.notify_me import notify_waitlist
from lockpoint.services.locks.result import HeadMoved, LockResult
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.tenancy.activity import require_active
from lockpoint.services.tenancy.site_facts import app_accounts


def acquire(services: Services, actor: Actor, attachment_id: str, key: RequestKey, options: LockOptions) -> LockResult:
    """Lock the file for the person, or extend the lock they have.

    Raises `AlreadyLockedError` with the winner, `EndingError`, `OutOfDateError`, `AppBlocked`, `NotAllowed`,
    `Unlicensed`, `Inactive`, `NotFound`, `TooMany`, `Invalid`, `Busy`, and what `once` raises.
    """
    work = partial(_acquire, options=options)
    return perform("acquire", services, actor, attachment_id, key, work, writes_only=True)


def _acquire(action: LockAction, options: LockOptions) -> LockResult:
    services, actor = action.services, action.actor
    must_edit(action.page, action.facts)
    require_active(services, actor.tenant, priority=Priority.INTERACTIVE)
    must_be_on(action.facts)
    must_be_lockable(action.state, action.facts)
    action = replace(action, state=_finish_previous_lock(action))
    must_have_room(services, actor, action.state)
    if options.unlock_on_upload:
        action = replace(action, state=with_uploads_so_far(action))
    limits = action.limits

    def rule(snapshot: Snapshot, *, op_id: str) -> rules.Decision:
        return rules.acquire(
            snapshot,
            holder=actor.account_id,
            lock_id=action.begun.lock_id,
            op_id=op_id,
            limits=limits,
            life=options.life,
            note=options.note,
            unlock_on_upload=options.unlock_on_upload,
            seen_version=options.seen_version,
            seen_created=options.seen_created,
            # Asked after the read: whoever replaced a lock of an unanswered call has noted it before.
            used=services.requests.lock_began(actor.tenant, actor.account_id, action.key.id),
        )

    return write_lock(action, rule, begins=True)


def write_lock(action: LockAction, rule: Rule, *, begins: bool) -> LockResult:
    """Write and record a lock that may begin with this (`begins`) or goes on, and answer.

    What was uploaded while a lock began is protected from then on.
    """
    services, tenant = action.services, action.actor.tenant
    state, op_id = action.state, action.begun.op_id
    outcome = compare_and_set(
        services, tenant, state.attachment.id, rule, op_id=op_id, priority=Priority.INTERACTIVE, state=state
    )
    if isinstance(outcome, Unwritten):
        raise action.refused(outcome)
    status = CREATED if begins and outcome.record.kind is AuditKind.ACQUIRED else OK
    announce(
        services,
        tenant,
        outcome,
        by=action.actor.account_id,
        space_id=action.space_id,
        request=action.done(status),
        priority=Priority.INTERACTIVE,
    )
    after, warning = _protect_newest(action, outcome) if status == CREATED else (outcome.state, None)
    return LockResult(status, action.view_after(after, outcome.record), warning)


def _finish_previous_lock(action: LockAction) -> FileState:
    """End a lock that has run out properly before the next begins, so that nothing pending is lost, nor who waits.

    The person's own lock that is just running out is renewed, not ended: only its overwrites are dealt with.
    """
    services, tenant, state = action.services, action.actor.tenant, action.state
    held = state.standing
    phase = rules.phase(held, services.clock.now()) if isinstance(held, Held) else Phase.FREE
    if isinstance(held, Held) and phase is Phase.EXPIRED:
        expire(services, tenant, state, held, priority=Priority.INTERACTIVE)
    elif isinstance(held, Held) and phase is Phase.ENDING and held.holder == action.actor.account_id:
        undo_pending(services, tenant, state, held, priority=Priority.INTERACTIVE)
    else:
        notify_waitlist(services, tenant, state, priority=Priority.INTERACTIVE)
        return state
    return read_state(services, tenant, state.attachment.id, priority=Priority.INTERACTIVE)


def _protect_newest(action: LockAction, written: Written) -> tuple[FileState, HeadMoved | None]:
    """Look once more after the lock is there: one upload that slipped in counts as before it, and is named.

    When the host does not answer this look, the lock stands all the same; the next sweep looks again.
    """
    services, tenant, state, held = action.services, action.actor.tenant, written.state, written.record
    if not isinstance(held, Held):
        return state, None
    try:
        after = written.after or services.attachments.get(
            tenant, state.attachment.id, priority=Priority.INTERACTIVE, properties=False, operations=False
        )
        if after.head.created <= held.base.created or after.head.author == action.actor.account_id:
            return state, None
        if after.head.author in app_accounts(services.people, tenant, priority=Priority.INTERACTIVE):
            return state, None  # our own undoing of an upload that came after the lock
        if after.head.number != held.base.number + 1:  # one of several may be the holder's
            services.jobs.defer((Job(JobKind.RECONCILE, tenant.id, state.attachment.id),))
            return state, None
        newest = read_state(services, tenant, state.attachment.id, priority=Priority.INTERACTIVE)
        rebase(services, tenant, newest, held, after.head, priority=Priority.INTERACTIVE)
    except HostError:
        return state, None
    # The lock shows as it was granted; the head is the one that is protected now.
    return replace(newest, witness=state.witness), HeadMoved(after.head.author, after.head.number)


def with_uploads_so_far(action: LockAction) -> FileState:
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
