"""Locks of people whose account is deactivated: Atlassian reports accounts that are closed, not these.

A look finds them, and a job ends their locks after the grace period, unless the account is in use again by then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from lockpoint.domain.lock import Held, Record
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import Forbidden, GoneOrInvisible
from lockpoint.services.lock_record.file_state import FileState, read_state
from lockpoint.services.ports.jobs import JobKind, job_about_person
from lockpoint.services.ports.locks import Witness
from lockpoint.services.privacy import holder_gone
from lockpoint.services.privacy.erase import GRACE
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy.activity import is_active
from lockpoint.services.tenancy.whereabouts import is_on_for

USE_CASE: Final = "holders"
BATCH: Final = 100


def look_for(services: Services, tenant: Tenant) -> int:
    """Queue the end of the locks of deactivated holders; return how many people that are.

    1 point for each 250 holders. A job that waits already keeps its time. Raises the host's errors.
    """
    if not is_active(services, tenant, priority=Priority.MAINTENANCE):
        return 0
    with spending_on(USE_CASE):
        gone = _not_in_use(services, tenant, services.witnesses.holders(tenant))
    jobs = [job_about_person(JobKind.HOLDER_GONE, tenant.id, account, services.tag_keys, GRACE) for account in gone]
    services.jobs.defer(jobs)
    return len(jobs)


def end_locks(services: Services, tenant: Tenant, account: str) -> None:
    """End the locks of an account that is still not in use.

    Files that are closed to the app, and those in inactive spaces, are left to the next look. Raises the host's errors.
    """
    if not is_active(services, tenant, priority=Priority.MAINTENANCE):
        return
    with spending_on(USE_CASE):
        if _not_in_use(services, tenant, (account,)):
            for witness in _theirs(services, tenant, account):
                _end_lock(services, tenant, account, witness)


def _theirs(services: Services, tenant: Tenant, account: str) -> Iterator[Witness]:
    """Their locks, and those that ended so: a crash came before the administrators were told."""
    after: str | None = None
    while batch := services.person_store.files_of(tenant, account, after=after, limit=BATCH, own=True):
        for witness in filter(None, (services.witnesses.get(tenant, file) for file in batch)):
            if _is_left_by(account, witness.record):
                yield witness
        after = batch[-1]


def _is_left_by(account: str, record: Record) -> bool:
    if isinstance(record, Held):
        return record.holder == account
    return holder_gone.was_left_by(account, record.ended)


def _not_in_use(services: Services, tenant: Tenant, accounts: Sequence[str]) -> list[str]:
    """Return the accounts that Confluence knows and calls not active; of unknown ones nothing is concluded."""
    if not accounts:
        return []
    people = services.people.describe(tenant, accounts, priority=Priority.MAINTENANCE)
    return [account for account, person in people.items() if not person.in_use]


def _end_lock(services: Services, tenant: Tenant, account: str, witness: Witness) -> None:
    if not is_on_for(services, tenant, witness, priority=Priority.MAINTENANCE):
        return
    try:
        state = _read(services, tenant, witness)
        held = state.standing
        if isinstance(held, Held) and held.holder == account:
            holder_gone.end_lock(services, tenant, state, held)
            state = _read(services, tenant, witness)
        holder_gone.tell_administrators(services, tenant, account, state)
    except (GoneOrInvisible, Forbidden):
        return


def _read(services: Services, tenant: Tenant, witness: Witness) -> FileState:
    return read_state(services, tenant, witness.attachment_id, priority=Priority.MAINTENANCE)
