"""Moving what a lock protects to a newer version."""

from __future__ import annotations

from functools import partial

from lockpoint.domain import rules
from lockpoint.domain.history.judge import Version
from lockpoint.domain.lock import Base, Held
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.lock_record.compare_and_set import compare_and_set
from lockpoint.services.lock_record.file_state import FileState, Outcome, Written
from lockpoint.services.lock_record.record_effects import record_write


def base_of(version: Version) -> Base:
    return Base(created=version.created, author=version.author, size=version.size, number=version.number)


def rebase(
    services: Services, tenant: Tenant, state: FileState, held: Held, to: Version, *, priority: Priority
) -> Outcome:
    """Protect `to` from now on; a lock that protects something newer, or has ended, stays as it is."""
    rule = partial(rules.rebase, lock_id=held.lock_id, base=base_of(to))
    outcome = compare_and_set(services, tenant, state.attachment.id, rule, priority=priority, state=state)
    if isinstance(outcome, Written):
        record_write(services, tenant, outcome, account=to.author)
    return outcome
