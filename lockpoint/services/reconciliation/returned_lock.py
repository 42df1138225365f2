"""A lock that protects again after an absence does not end at once."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

from lockpoint.domain import rules
from lockpoint.domain.lock import Held, Phase
from lockpoint.domain.snapshots import phase
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.lock_record.compare_and_set import compare_and_set
from lockpoint.services.lock_record.file_state import FileState, Written, read_state
from lockpoint.services.lock_record.record_effects import record_write
from lockpoint.services.tenancy.absence import return_under
from lockpoint.services.tenancy.settings_in_force import in_force

MORE: Final = timedelta(hours=1)
"""Both how near an end is, and what the lock gets then."""


def with_time_left(
    services: Services, tenant: Tenant, state: FileState, held: Held, *, priority: Priority
) -> tuple[FileState, Held]:
    """Extend a lock that was due within an hour of its return by an hour; one that was written since stays as it is.

    Within the longest life; where nobody may write, it ends as it would.
    """
    now, ends = services.clock.now(), held.expires_at
    if ends is None or ends - now > MORE or not state.writable or phase(held, now) is not Phase.HELD:
        return state, held
    back = return_under(services, tenant, held, state.witness)
    if back is None or held.at > back or ends - back > MORE:
        return state, held
    limits = in_force(services, tenant, state.witness.space_id if state.witness else None, priority=priority).limits
    life = min(ends + MORE, held.acquired_at + limits.longest) - now
    rule = partial(rules.prolong, holder=held.holder, lock_id=held.lock_id, limits=limits, life=life)
    outcome = compare_and_set(services, tenant, state.attachment.id, rule, priority=priority, state=state)
    if not isinstance(outcome, Written) or not isinstance(outcome.record, Held):
        return state, held
    record_write(services, tenant, outcome, account=None, detail="returned")
    after = read_state(services, tenant, state.attachment.id, priority=priority, person=state.person)
    return after, outcome.record
