"""How holds end: by their holder, by somebody else, or by time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from lockpoint.locking import rules
from lockpoint.locking.lock import Free, Held, Snapshot
from lockpoint.services import licence, watching
from lockpoint.services.context import Lane, Tenant
from lockpoint.services.errors import HostError
from lockpoint.services.looking import Outcome, Seen, Written
from lockpoint.services.ports import Job, JobKind
from lockpoint.services.protecting import protect
from lockpoint.services.recording import RequestOutcome, record_write
from lockpoint.services.services import Services
from lockpoint.services.waiting import askers_of
from lockpoint.services.writing import write

Moments = tuple[datetime, ...]
Rule = Callable[[Snapshot, Moments], rules.Decision]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """One wish to end a hold: `rule` decides, `by` is the account that wants it (None: nobody, time did)."""

    rule: Rule
    op_id: str
    by: str | None
    lane: Lane
    request: RequestOutcome | None = None
    space_id: str | None = None


def end(services: Services, tenant: Tenant, seen: Seen, ending: Ending) -> Outcome:
    """Settle what is pending, then end the hold, write it down, and announce it.

    What could not be undone is named in the tombstone: no ending forgets an intrusion.
    """
    seen, unsettled = settle(services, tenant, seen, lane=ending.lane)
    return end_as_is(services, tenant, seen, ending, unsettled)


def end_as_is(services: Services, tenant: Tenant, seen: Seen, ending: Ending, unsettled: Moments) -> Outcome:
    """End the hold without touching the file, write it down, and announce it."""
    outcome = write(
        services,
        tenant,
        seen.attachment.id,
        lambda snapshot: ending.rule(snapshot, unsettled),
        op_id=ending.op_id,
        lane=ending.lane,
        seen=seen,
    )
    if isinstance(outcome, Written):
        _announce(services, tenant, outcome, ending)
    return outcome


def settle(services: Services, tenant: Tenant, seen: Seen, *, lane: Lane) -> tuple[Seen, Moments]:
    """Undo a pending overwrite before the hold moves; what the host would not let us undo is left as unsettled.

    Without a licence everybody may upload, so nothing is pending.
    """
    held = seen.reading
    if not isinstance(held, Held) or not licence.enforced(services, tenant, lane=lane):
        return seen, ()
    try:
        settled = protect(services, tenant, seen, held, lane=lane)
    except HostError:
        head = seen.attachment.head
        pending = head.created > held.base.created and head.author != held.holder
        return seen, (head.created,) if pending else ()
    return settled.seen, settled.unsettled


def expire(services: Services, tenant: Tenant, seen: Seen, held: Held, *, lane: Lane) -> Outcome:
    """End a hold whose time and margin have passed; losing to an extension is fine."""
    op_id = services.ids.new()

    def rule(snapshot: Snapshot, unsettled: Moments) -> rules.Decision:
        return rules.expire(snapshot, lock_id=held.lock_id, op_id=op_id, unsettled=unsettled)

    return end(services, tenant, seen, Ending(rule=rule, op_id=op_id, by=None, lane=lane))


def give_back(services: Services, tenant: Tenant, seen: Seen, held: Held, *, lane: Lane) -> Outcome:
    """Release a hold for its holder, and leave the file as it is."""
    op_id = services.ids.new()

    def rule(snapshot: Snapshot, unsettled: Moments) -> rules.Decision:
        return rules.release(snapshot, holder=held.holder, lock_id=held.lock_id, op_id=op_id, unsettled=unsettled)

    ending = Ending(rule=rule, op_id=op_id, by=held.holder, lane=lane)
    return end_as_is(services, tenant, seen, ending, ())


def _announce(services: Services, tenant: Tenant, written: Written, ending: Ending) -> None:
    """Write an ending down with the mails it owes; then empty the line of those who asked.

    The job empties the line when we die in between, and tells those who came while we were at it.
    """
    seen = written.seen
    told = isinstance(written.record, Free) and askers_of(services, tenant, seen.attachment.id, seen.attachment.watch)
    record_write(
        services,
        tenant,
        written,
        account=ending.by,
        space_id=ending.space_id,
        request=ending.request,
        jobs=(Job(JobKind.RECONCILE, tenant.id, seen.attachment.id),) if told else (),
    )
    if told:
        watching.try_to_leave(services, tenant, seen, lane=ending.lane)
