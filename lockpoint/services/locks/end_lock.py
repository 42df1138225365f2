"""How locks end: by their holder, by somebody else, or by time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from lockpoint.domain import rules
from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import EndReason, Free, Held, Moments
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.enforcement.check_after_end import check_after_end
from lockpoint.services.enforcement.pending_overwrite import undo_before_end
from lockpoint.services.errors import HostError
from lockpoint.services.lock_record.compare_and_set import Prepare, Rule, compare_and_set, snapshot_of
from lockpoint.services.lock_record.file_state import FileState, Outcome, Unwritten, Written
from lockpoint.services.lock_record.record_effects import RequestOutcome, actor_of, record_write
from lockpoint.services.lock_record.waitlist import Waitlist, waitlist_of
from lockpoint.services.locks.notify_me import try_to_empty_waitlist
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Effects, Protection

_MOVED = (AuditKind.TAKEN_OVER, AuditKind.HANDED_OVER)


def end(
    services: Services,
    tenant: Tenant,
    state: FileState,
    rule: Rule,
    *,
    priority: Priority,
    by: str | None = None,
    op_id: str | None = None,
    request: RequestOutcome | None = None,
    space_id: str | None = None,
    standing: Moments | None = None,
    check: Callable[[FileState], None] | None = None,
) -> Outcome:
    """Undo pending overwrites, end the lock as `rule` says, record it, and announce it.

    What could not be undone is named in the tombstone. After a lost round the file is looked at again. `by` is the
    account that wants the end (None: nobody, time did). With `standing`, the overwrites that are known to stand, the
    file stays as it is. `check` refuses what each round finds. Where nobody may write, the end is only recorded; it is
    stored when the page opens.
    """
    held = state.standing
    lock_id = held.lock_id if isinstance(held, Held) else None
    prepare: Prepare = partial(undo_before_end, services, tenant, lock_id, priority)
    if standing is not None:
        prepare = partial(_untouched, standing)
    if check is not None:
        prepare = partial(_checked, check, prepare)
    if not state.writable:
        noted = _only_known(services, state, rule, op_id or services.ids.new(), prepare)
        if isinstance(noted, Written):
            _note_end(services, tenant, noted, by=by, space_id=space_id, request=request)
        return noted
    outcome = compare_and_set(
        services,
        tenant,
        state.attachment.id,
        rule,
        op_id=op_id,
        priority=priority,
        state=state,
        prepare=prepare,
    )
    if isinstance(outcome, Written):
        announce(services, tenant, outcome, by=by, space_id=space_id, request=request, priority=priority)
    return outcome


def expire(services: Services, tenant: Tenant, state: FileState, held: Held, *, priority: Priority) -> Outcome:
    """End a lock whose time and margin have passed; losing to an extension is fine."""
    return end(services, tenant, state, partial(rules.expire, lock_id=held.lock_id), priority=priority)


def release_for_holder(
    services: Services,
    tenant: Tenant,
    state: FileState,
    held: Held,
    *,
    priority: Priority,
    standing: Moments = (),
    by_upload: bool = False,
) -> Outcome:
    rule = partial(rules.release, holder=held.holder, lock_id=held.lock_id, by_upload=by_upload)
    return end(services, tenant, state, rule, by=held.holder, priority=priority, standing=standing)


def write_known_end(services: Services, tenant: Tenant, state: FileState, *, priority: Priority) -> None:
    """Store an end that is only recorded so far."""
    outcome = compare_and_set(services, tenant, state.attachment.id, rules.write_end, priority=priority, state=state)
    if isinstance(outcome, Written):
        record_write(services, tenant, outcome, account=actor_of(outcome.record))


def _checked(check: Callable[[FileState], None], prepare: Prepare, state: FileState) -> tuple[FileState, Moments]:
    state, pending = prepare(state)
    check(state)
    return state, pending


def _untouched(standing: Moments, state: FileState) -> tuple[FileState, Moments]:
    return state, standing


def _only_known(services: Services, state: FileState, rule: Rule, op_id: str, prepare: Prepare) -> Written | Unwritten:
    """Decide on what is known of the lock, since its record can be neither written nor mended."""
    state, pending = prepare(state)
    known = replace(state, found=state.standing)
    decision = rule(snapshot_of(services, known, pending), op_id=op_id)
    if not isinstance(decision, rules.Write):
        assert not isinstance(decision, rules.Damaged)  # noqa: S101 - what is known is intact
        return Unwritten(decision, known)
    return Written(decision.record, known, decision)


def _note_end(
    services: Services,
    tenant: Tenant,
    written: Written,
    *,
    by: str | None,
    space_id: str | None,
    request: RequestOutcome | None,
) -> None:
    """A purged file has no record that could be settled."""
    gone = written.record.ended is not None and written.record.ended.reason is EndReason.FILE_GONE
    mark = Protection.PROTECTED if gone else Protection.END_UNWRITTEN
    record_write(services, tenant, written, account=by, space_id=space_id, request=request, protection=mark)


def announce(
    services: Services,
    tenant: Tenant,
    written: Written,
    *,
    by: str | None,
    space_id: str | None,
    request: RequestOutcome | None,
    priority: Priority,
) -> None:
    """Look back at what an ended lock could not keep out, and record the write with the mails it owes.

    While the host does not answer nothing is announced: the job finds a record that is not recorded, and does then
    what a crash would have left to it. Otherwise the job empties the waitlist if we die in between, tells those who
    came meanwhile, and undoes what slipped in before a lock that followed.
    """
    again = (Job(JobKind.RECONCILE, tenant.id, written.state.attachment.id),)
    ended = isinstance(written.record, Free)
    try:
        written = check_after_end(services, tenant, written, priority=priority)
    except HostError:
        services.effects.record(tenant, Effects(request=request, jobs=again))
        return
    attachment = written.state.attachment
    waiting = ended and waitlist_of(services, tenant, attachment.id, attachment.waitlist_row) != Waitlist()
    jobs = again if waiting or written.record.kind in _MOVED else ()
    record_write(services, tenant, written, account=by, space_id=space_id, request=request, jobs=jobs)
    if ended:
        try_to_empty_waitlist(services, tenant, written.state, priority=priority)
