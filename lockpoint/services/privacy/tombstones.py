"""Records of locks that ended long ago lose persons and words before we forget the file.

The witness is the only index of ended records: a person who is erased later could not be found in them (ADR 50).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from lockpoint.domain import rules
from lockpoint.domain.lock import Free, Held
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import Forbidden, GoneOrInvisible
from lockpoint.services.lock_record.compare_and_set import compare_and_set
from lockpoint.services.lock_record.file_state import Written, read_state
from lockpoint.services.lock_record.record_effects import record_write
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.reconciliation.reconcile import catch_up

OLD: Final = timedelta(days=23)
"""A week before the witness goes, so that a host that is away for days keeps no name."""

BATCH: Final = 100


def bury_old(services: Services, tenant: Tenant) -> None:
    """Make tombstones of what ended long ago; files that are closed to the app have their next turn tomorrow.

    Raises the host's passing errors: the job resumes.
    """
    before, after = services.clock.now() - OLD, ""
    with spending_on("erase"):
        while batch := services.witnesses.ended_naming(tenant, before, after=after, limit=BATCH):
            for attachment_id in batch:
                _bury(services, tenant, attachment_id)
            after = batch[-1]


def _bury(services: Services, tenant: Tenant, attachment_id: str) -> None:
    try:
        state = read_state(services, tenant, attachment_id, priority=Priority.MAINTENANCE)
        if isinstance(state.found, Held | Free):
            catch_up(services, tenant, state, state.found, priority=Priority.MAINTENANCE)
        outcome = compare_and_set(
            services, tenant, attachment_id, rules.bury, priority=Priority.MAINTENANCE, state=state
        )
    except (GoneOrInvisible, Forbidden):
        return
    if isinstance(outcome, Written):
        record_write(services, tenant, outcome, account=None)
