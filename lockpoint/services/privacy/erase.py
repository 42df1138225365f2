"""Erasing one person on one site: Confluence's properties first, Postgres last, so that a crash forgets nothing.

Every step can be repeated. Account and pseudonym are stored side by side only until nothing is left in Confluence that
the witness lists; until then the erasure continues by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Final

from lockpoint.domain import pseudonyms, rules
from lockpoint.domain.lock import Free, Held, Newer
from lockpoint.domain.pseudonyms import pseudonym_from
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority, Tenant
from lockpoint.services.errors import Forbidden, GoneOrInvisible, Rejected
from lockpoint.services.lock_record.compare_and_set import compare_and_set
from lockpoint.services.lock_record.file_state import FileState, Written, read_state, second_look
from lockpoint.services.lock_record.record_effects import record_write
from lockpoint.services.locks import notify_me
from lockpoint.services.notifications import preferences
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.privacy import Erasure, ErasureOrder, Origin
from lockpoint.services.privacy import holder_gone
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.reconciliation.reconcile import catch_up
from lockpoint.services.reconciliation.unreachable_file import not_visible
from lockpoint.services.tenancy.activity import is_active

GRACE: Final = timedelta(hours=24)
"""How long the live locks of an erased person stand."""

BATCH: Final = 100

SOON: Final = timedelta(minutes=1)
HOURLY: Final = timedelta(hours=1)
DAILY: Final = timedelta(days=1)


class Left(StrEnum):
    """Why an erasure is not over yet."""

    SITE = "site"
    SEARCH = "search"
    FILES = "files"
    PREFERENCES = "preferences"
    LOCKS = "locks"
    JOBS = "jobs"


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left, and when to continue; `files` counts those that are closed to the app."""

    left: Left
    due_at: datetime
    files: int = 0


def order(
    services: Services, account: str, origin: Origin, *, at_once: bool = False, digest: str | None = None
) -> ErasureOrder:
    """Live locks end after the grace period, or `at_once`."""
    return ErasureOrder(
        account=account,
        pseudonym=pseudonym_from(services.ids.new()),
        origin=origin,
        release_at=services.clock.now() + (timedelta() if at_once else GRACE),
        digest=digest,
    )


def begin(services: Services, tenant: Tenant, account: str, origin: Origin, *, at_once: bool = False) -> Erasure:
    """Record the request; a job does the work."""
    wanted = order(services, account, origin, at_once=at_once)
    return services.person_store.begin_erasures(tenant, (wanted,), services.clock.now())[0]


def erase(services: Services, tenant: Tenant, request_id: int) -> Rest | None:
    """Do what can be done now; return what is left, None when it is over.

    Raises the host's passing errors and StorageUnavailable: the job resumes. On an inactive site nothing in Confluence
    is touched until it is active again.
    """
    erasure = services.person_store.erasure(request_id)
    if erasure is None:
        return None
    with spending_on("erase"):
        rest = _in_confluence(services, tenant, erasure)
    quiet = services.person_store.erase(tenant, erasure.account, erasure.pseudonym, keep_files=rest is not None)
    now = services.clock.now()
    if rest is None and quiet:
        services.person_store.finish_erasure(erasure, now)
        return None
    rest = rest or Rest(Left.JOBS, now + SOON)
    services.person_store.put_off_erasure(request_id, rest.due_at)
    services.jobs.defer((Job(JobKind.ERASE, tenant.id, str(request_id), rest.due_at - now),))
    return rest


def _in_confluence(services: Services, tenant: Tenant, erasure: Erasure) -> Rest | None:
    """Clean what can be cleaned; return what is left.

    While the site's locks are being searched, the list of files is incomplete: nothing is begun.
    """
    if not is_active(services, tenant, licensed=False):
        return Rest(Left.SITE, services.clock.now() + HOURLY)
    if services.jobs.pending(tenant, JobKind.REDISCOVER):
        return Rest(Left.SEARCH, services.clock.now() + SOON)
    skipped = _in_files(services, tenant, erasure)
    chosen = _preferences_stay(services, tenant, erasure)
    now = services.clock.now()
    dues: dict[datetime, Left] = {}
    if services.witnesses.count_held(tenant, erasure.account) and not (skipped and now >= erasure.release_at):
        dues[max(erasure.release_at, now + SOON)] = Left.LOCKS
    if skipped or chosen:
        dues[now + DAILY] = Left.FILES if skipped else Left.PREFERENCES
    return Rest(dues[min(dues)], min(dues), skipped) if dues else None


def _in_files(services: Services, tenant: Tenant, erasure: Erasure) -> int:
    """Clean files that could name the person, from where the last attempt stopped; return how many are left."""
    after, skipped = erasure.cursor, erasure.skipped
    while batch := services.person_store.files_of(tenant, erasure.account, after=after, limit=BATCH):
        skipped += len(_not_cleaned(services, tenant, erasure, batch))
        after = batch[-1]
        services.person_store.note_progress(erasure.request_id, after, skipped)
    return skipped


def _preferences_stay(services: Services, tenant: Tenant, erasure: Erasure) -> bool:
    """Remove the person's choices; True when Confluence refuses although the account is in use.

    Nobody can write properties of closed accounts.
    """
    try:
        with services.site_states.exclusive(tenant):
            services.user_properties.delete(tenant, erasure.account, preferences.KEY, priority=Priority.MAINTENANCE)
    except (Forbidden, Rejected):
        person = services.people.describe(tenant, (erasure.account,), priority=Priority.MAINTENANCE).get(
            erasure.account
        )
        return person is not None and person.in_use
    return False


def _not_cleaned(services: Services, tenant: Tenant, erasure: Erasure, batch: Sequence[str]) -> list[str]:
    """Clean these files; return those out of the app's reach. A single "not there" may be false: look twice."""
    missed = [file for file in batch if not _cleaned(services, tenant, erasure, file)]
    if missed:
        second_look(services)
    missed = [file for file in missed if not _cleaned(services, tenant, erasure, file)]
    return [file for file in missed if not _purged(services, tenant, file)]


def _cleaned(services: Services, tenant: Tenant, erasure: Erasure, attachment_id: str) -> bool:
    try:
        return _in_file(services, tenant, erasure, attachment_id)
    except (GoneOrInvisible, Forbidden):
        return False


def _purged(services: Services, tenant: Tenant, attachment_id: str) -> bool:
    """Return whether the file is purged; its lock is then over too."""
    witness = services.witnesses.get(tenant, attachment_id)
    if witness is None:
        return True
    try:
        gone = services.attachments.confirmed_gone(
            tenant, attachment_id, witness.container, priority=Priority.MAINTENANCE
        )
    except Forbidden:
        return False
    if gone:
        not_visible(services, tenant, attachment_id, Priority.MAINTENANCE)
    return gone


def _in_file(services: Services, tenant: Tenant, erasure: Erasure, attachment_id: str) -> bool:
    """Take the person off the waitlist and out of the record; end their lock when its time has come.

    False when the record still names the person, except for a lock that has time left.
    """
    state = read_state(services, tenant, attachment_id, priority=Priority.MAINTENANCE)
    if isinstance(state.found, Held | Free):
        catch_up(services, tenant, state, state.found, priority=Priority.MAINTENANCE)
    notify_me.leave_waitlist(services, Actor(tenant, erasure.account), state, priority=Priority.MAINTENANCE)
    held = state.standing
    if isinstance(held, Held) and held.holder == erasure.account:
        if services.clock.now() < erasure.release_at:
            return True
        holder_gone.end_lock(services, tenant, state, held)
        state = read_state(services, tenant, attachment_id, priority=Priority.MAINTENANCE)
    # Before the record is rewritten: a crash loses no mail.
    holder_gone.tell_administrators(services, tenant, erasure.account, state)
    return _renamed(services, tenant, erasure, state)


def _renamed(services: Services, tenant: Tenant, erasure: Erasure, state: FileState) -> bool:
    """Put the pseudonym into the record by the ordinary conditional write.

    False when the record still names the person: they locked the file again, or a newer app wrote it.
    """
    rule = partial(rules.forget, account=erasure.account, pseudonym=erasure.pseudonym)
    outcome = compare_and_set(services, tenant, state.attachment.id, rule, priority=Priority.MAINTENANCE, state=state)
    if isinstance(outcome, Written):
        record_write(services, tenant, outcome, account=None)
        return True
    left = outcome.state.standing
    return not isinstance(left, Newer) and not (
        isinstance(left, Held | Free) and pseudonyms.names(left, erasure.account)
    )
