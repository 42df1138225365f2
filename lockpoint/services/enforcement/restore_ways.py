"""The ways in which a version is made current again."""

from __future__ import annotations

from enum import Enum, auto

from lockpoint.domain.history.unlocked import id_of_nobody
from lockpoint.domain.history.version_marker import marker, strict_marker
from lockpoint.domain.history.versions import Version
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.lock_record.compare_and_set import CONFIRMED
from lockpoint.services.lock_record.file_state import FileState
from lockpoint.services.ports.jobs import Job, JobKind, JobSubject
from lockpoint.services.tenancy.site_settings import site_settings


class Way(Enum):
    OPERATION = auto()
    COPY = auto()


def way_of(services: Services, tenant: Tenant, priority: Priority) -> Way | None:
    """Return Confluence's operation unless it is known to refuse, then copying where a site admin allows it."""
    if services.site_states.get(tenant).restore_works is not False:
        return Way.OPERATION
    return Way.COPY if site_settings(services, tenant, priority=priority).copy_mode else None


def make_current(
    services: Services, tenant: Tenant, state: FileState, way: Way, source: Version, lock_id: str, priority: Priority
) -> Version:
    """Make `source` current again; the comment names it and the lock, if there is one."""
    file, person = state.attachment, state.person
    strict = lock_id == id_of_nobody(file.id)
    message = strict_marker(source.created) if strict else marker(lock_id, source.created)
    if way is Way.COPY:
        return services.attachments.copy(tenant, file, source, message, priority=priority, person=person)
    return services.attachments.restore(tenant, file.id, source.number, message, priority=priority, person=person)


def promise_look(services: Services, tenant: Tenant, attachment_id: str, op_id: str) -> None:
    """Queue a look for when a restore that is sent now has landed, or never will, whatever becomes of us."""
    subject = JobSubject(attachment_id, op_id).encode()
    services.jobs.defer((Job(JobKind.CONFIRM, tenant.id, subject, CONFIRMED),))
