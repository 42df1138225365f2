"""How locks end: by their holder, by somebody else, or by time."""

from __future__ import annotations

from functools import partial

from lockpoint.domain import rules
from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import Free, Held
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.enforcement.check_after_end import check_after_end
from lockpoint.services.enforcement.pending_overwrite import undo_before_end
from lockpoint.services.errors import HostError
from lockpoint.services.lock_record.compare_and_set import Rule, compare_and_set
from lockpoint.services.lock_record.file_state import FileState, Outcome, Written
from lockpoint.services.lock_record.record_effects import RequestOutcome, record_write
from lockpoint.services.lock_record.waitlist import waitlist_of
from lockpoint.services.locks.notify_me import try_to_empty_waitlist
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Effects


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
    touch_file: bool = True,
) -> Outcome:
    """Undo pending overwrites, end the lock as `rule` says, record it, and announce it.

    What could not be undone is named in the tombstone. After a lost round the file is looked at again. `by` is the
    account that wants the end (None: nobody, time did). Without `touch_file` the file stays as it is.
    """
    held = state.standing
    lock_id = held.lock_id if isinstance(held, Held) else None
    outcome = compare_and_set(
        services,
        tenant,
        state.attachment.id,
        rule,
        op_id=op_id,
        priority=priority,
        state=state,
        prepare=partial(undo_before_end, services, tenant, lock_id, priority) if touch_file else None,
    )
    if isinstance(outcome, Written):
        announce(services, tenant, outcome, by=by, space_id=space_id, request=request, priority=priority)
    return outcome


def expire(services: Services, tenant: Tenant, state: FileState, held: Held, *, priority: Priority) -> Outcome:
    """End a lock whose time and margin have passed; losing to an extension is fine."""
    return end(services, tenant, state, partial(rules.expire, lock_id=held.lock_id), priority=priority)


def release_for_holder(
    services: Services, tenant: Tenant, state: FileState, held: Held, *, priority: Priority
) -> Outcome:
    rule = partial(rules.release, holder=held.holder, lock_id=held.lock_id)
    return end(services, tenant, state, rule, by=held.holder, priority=priority, touch_file=False)


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
    waiting = ended and waitlist_of(services, tenant, attachment.id, attachment.waitlist_row)
    jobs = again if waiting or written.record.kind is AuditKind.TAKEN_OVER else ()
    record_write(services, tenant, written, account=by, space_id=space_id, request=request, jobs=jobs)
    if ended:
        try_to_empty_waitlist(services, tenant, written.state, priority=priority)
