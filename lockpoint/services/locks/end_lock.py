"""How holds end: by their holder, by somebody else, or by time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lockpoint.domain import rules
from lockpoint.domain.lock import Held, Snapshot
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.enforcement.check_after_end import look_back
from lockpoint.services.enforcement.pending_overwrite import Moments, PendingOverwrites
from lockpoint.services.errors import HostError
from lockpoint.services.lock_record.compare_and_set import compare_and_set
from lockpoint.services.lock_record.file_state import FileState, Outcome, Written
from lockpoint.services.lock_record.record_effects import RequestOutcome, record_write
from lockpoint.services.lock_record.waitlist import waitlist_of
from lockpoint.services.locks.notify_me import try_to_empty_waitlist
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Effects

Rule = Callable[[Snapshot, Moments], rules.Decision]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """One wish to end a hold: `rule` decides, `by` is the account that wants it (None: nobody, time did)."""

    rule: Rule
    op_id: str
    by: str | None
    priority: Priority
    request: RequestOutcome | None = None
    space_id: str | None = None


def end(services: Services, tenant: Tenant, state: FileState, ending: Ending) -> Outcome:
    """Settle what is pending, then end the hold, write it down, and announce it.

    What could not be undone is named in the tombstone: no ending forgets an intrusion. After a lost round everything
    is settled anew.
    """
    settling = PendingOverwrites(services, tenant, ending.priority, state.standing)
    return _end(services, tenant, settling(state), ending, settling)


def end_as_is(services: Services, tenant: Tenant, state: FileState, ending: Ending) -> Outcome:
    """End the hold without touching the file, write it down, and announce it."""
    return _end(services, tenant, state, ending, None)


def _end(
    services: Services, tenant: Tenant, state: FileState, ending: Ending, settling: PendingOverwrites | None
) -> Outcome:
    outcome = compare_and_set(
        services,
        tenant,
        state.attachment.id,
        lambda snapshot: ending.rule(snapshot, settling.pending if settling else ()),
        op_id=ending.op_id,
        priority=ending.priority,
        state=state,
        prepare=settling,
    )
    if isinstance(outcome, Written):
        _close(services, tenant, outcome, ending)
    return outcome


def expire(services: Services, tenant: Tenant, state: FileState, held: Held, *, priority: Priority) -> Outcome:
    """End a hold whose time and margin have passed; losing to an extension is fine."""
    op_id = services.ids.new()

    def rule(snapshot: Snapshot, pending: Moments) -> rules.Decision:
        return rules.expire(snapshot, lock_id=held.lock_id, op_id=op_id, pending=pending)

    return end(services, tenant, state, Ending(rule=rule, op_id=op_id, by=None, priority=priority))


def give_back(services: Services, tenant: Tenant, state: FileState, held: Held, *, priority: Priority) -> Outcome:
    """Release a hold for its holder, and leave the file as it is."""
    op_id = services.ids.new()

    def rule(snapshot: Snapshot, pending: Moments) -> rules.Decision:
        return rules.release(snapshot, holder=held.holder, lock_id=held.lock_id, op_id=op_id, pending=pending)

    ending = Ending(rule=rule, op_id=op_id, by=held.holder, priority=priority)
    return end_as_is(services, tenant, state, ending)


def _close(services: Services, tenant: Tenant, written: Written, ending: Ending) -> None:
    """Look back at what the hold could not keep out, and announce its end.

    While the host does not answer nothing is announced: the job finds a tombstone that nobody wrote down, and does
    then what a crash would have left to it.
    """
    again = (Job(JobKind.RECONCILE, tenant.id, written.state.attachment.id),)
    if isinstance(written.record, Held):
        _announce(services, tenant, written, ending, again)
        return
    try:
        written = look_back(services, tenant, written, priority=ending.priority)
    except HostError:
        services.effects.record(tenant, Effects(request=ending.request, jobs=again))
        return
    _announce(services, tenant, written, ending, again if _line(services, tenant, written.state) else ())
    try_to_empty_waitlist(services, tenant, written.state, priority=ending.priority)


def _announce(services: Services, tenant: Tenant, written: Written, ending: Ending, jobs: tuple[Job, ...]) -> None:
    """Write an ending down with the mails it owes.

    The job empties the line when we die in between, and tells those who came while we were at it; for a hold that
    another one followed, it undoes what slipped in.
    """
    record_write(
        services,
        tenant,
        written,
        account=ending.by,
        space_id=ending.space_id,
        request=ending.request,
        jobs=jobs,
    )


def _line(services: Services, tenant: Tenant, state: FileState) -> tuple[str, ...]:
    return waitlist_of(services, tenant, state.attachment.id, state.attachment.waitlist_row)
