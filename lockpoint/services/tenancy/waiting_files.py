"""Files that wait for a change outside them: whoever makes that change has them looked at, at once."""

from __future__ import annotations

from lockpoint.services.container import Services
from lockpoint.services.context import Tenant
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Protection

FOR_ACCESS = (Protection.APP_BLOCKED, Protection.END_UNWRITTEN)
"""Until the app may edit their page."""
FOR_COPY_MODE = (Protection.RESTORE_REFUSED,)
FOR_RESTORING = (Protection.RESTORE_REFUSED, Protection.TOO_LARGE)
"""Until Confluence restores versions of attachments itself."""


def looks(services: Services, tenant: Tenant, marks: tuple[Protection, ...]) -> tuple[Job, ...]:
    """Return a look for each file of the site that is marked so."""
    return tuple(Job(JobKind.RECONCILE, tenant.id, id_) for id_ in sorted(services.witnesses.marked(tenant, marks)))
