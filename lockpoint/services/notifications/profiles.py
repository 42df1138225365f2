"""Language and time zone of people who use locking: fetched once a day at most, deleted after 30 days."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Final

from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority, Tenant
from lockpoint.services.errors import GoneOrInvisible, StorageUnavailable
from lockpoint.services.notifications import preferences
from lockpoint.services.ports.jobs import JobKind, job_about_person
from lockpoint.services.ports.notifications import Profile
from lockpoint.services.quota_accounting import spending_on

FRESH: Final = timedelta(days=1)
"""The age at which the next use fetches a profile again."""


def note_use(services: Services, actor: Actor) -> None:
    """Have the profile fetched unless it is fresh; never fails the call."""
    with suppress(StorageUnavailable):
        known = services.profiles.get(actor.tenant, actor.account_id)
        if known is None or services.clock.now() - known.used_at >= FRESH:
            job = job_about_person(JobKind.PROFILE, actor.tenant.id, actor.account_id, services.tag_keys)
            services.jobs.defer((job,))


def refresh(services: Services, tenant: Tenant, account: str) -> None:
    """Fetch and store time zone and locale (4 points); nothing for an account unknown to Confluence or restricted."""
    with spending_on("profile"), suppress(GoneOrInvisible):
        if preferences.read(services, tenant, account, priority=Priority.EVENT).restricted:
            return
        person = services.people.profile(tenant, account, priority=Priority.EVENT)
        if person.in_use:
            now = services.clock.now()
            profile = Profile(time_zone=person.time_zone, locale=person.locale, used_at=now)
            services.profiles.put(tenant, account, profile)
