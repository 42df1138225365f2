"""Webhooks are hints: what they name is looked up in the witness table, and only locked files get a job.

Nothing else of a webhook is believed: the token does not cover its body. The job reads Confluence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lockpoint.services.ports.jobs import Job, JobKind, JobSubject, job_about_person
from lockpoint.services.tenancy.activity import is_active
from lockpoint.services.tenancy.waiting_files import FOR_ACCESS, looks

if TYPE_CHECKING:
    from lockpoint.services.container import Services
    from lockpoint.services.context import Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """What may have changed, by bare ids; `trashed_by` is the account that is said to have trashed the attachments.

    `moved`: the containers may be in other spaces now.
    """

    attachment_ids: tuple[str, ...] = ()
    container_ids: tuple[str, ...] = ()
    whole_site: bool = False
    moved: bool = False
    trashed_by: str | None = None


def take_hint(services: Services, tenant: Tenant, hint: Hint) -> int:
    """Queue a job for each locked file that may have changed; return their number.

    One round trip to the database when nothing is locked, never a call to Confluence. Raises StorageUnavailable.
    """
    if not is_active(services, tenant, licensed=False):
        return 0
    named = {file_id: _job(services, tenant, file_id, hint.trashed_by) for file_id in hint.attachment_ids}
    count = services.held_file_jobs.defer(tenant, named) if named else 0
    jobs = _jobs(services, tenant, hint)
    if jobs:
        services.jobs.defer(jobs)
    return count + len(jobs)


def _jobs(services: Services, tenant: Tenant, hint: Hint) -> list[Job]:
    """Return the jobs about more than the attachments that the hint names."""
    witnesses = services.witnesses
    if hint.whole_site:
        sweep = Job(JobKind.SWEEP, tenant.id)
        return [sweep, *looks(services, tenant, FOR_ACCESS)] if witnesses.any(tenant) else []
    held = witnesses.held_in(tenant, hint.container_ids) if hint.container_ids else frozenset()
    others = sorted(held.difference(hint.attachment_ids))
    kind = JobKind.MOVED if hint.moved else JobKind.RECONCILE
    return [Job(kind, tenant.id, attachment_id) for attachment_id in others]


def _job(services: Services, tenant: Tenant, attachment_id: str, trashed_by: str | None) -> Job:
    if trashed_by is None:
        return Job(JobKind.RECONCILE, tenant.id, attachment_id)
    subject = JobSubject(attachment_id, trashed_by).encode()
    return job_about_person(JobKind.TRASHED, tenant.id, subject, services.tag_keys)
