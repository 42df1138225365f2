"""In which space a locked file is: pages move, and the settings of a space hold for what is in it."""

from __future__ import annotations

from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import Forbidden, GoneOrInvisible
from lockpoint.services.ports.confluence import Container
from lockpoint.services.ports.jobs import Job, JobKind, JobSubject
from lockpoint.services.ports.locks import Witness
from lockpoint.services.tenancy.activity import is_on


def space_of(
    services: Services, tenant: Tenant, container: Container | None, *, priority: Priority, person: str | None = None
) -> str | None:
    """Return the space of a page now (2 points); None where the app does not see it."""
    if container is None:
        return None
    try:
        return services.people.container(tenant, person, container, priority=priority).space_id
    except (GoneOrInvisible, Forbidden):
        return None


def is_on_for(services: Services, tenant: Tenant, witness: Witness | None, *, priority: Priority) -> bool:
    """Return whether Lockpoint may be on in the space where the file is known to be.

    Where that is not known and spaces decide, it may: who reads the file finds out.
    """
    space = witness.space_id if witness else None
    if space is None and services.site_states.switches(tenant, None).spaces_decide:
        return True
    return is_on(services, tenant, space, priority=priority)


def follow(services: Services, tenant: Tenant, witness: Witness, *, priority: Priority) -> bool:
    """Find out where the file is now, note it, and return whether Lockpoint is on there (2 points).

    A lock that comes out of an inactive space protects again from now on; the byline of its page is written again.
    """
    was_on = is_on_for(services, tenant, witness, priority=priority)
    space = space_of(services, tenant, witness.container, priority=priority)
    if space is None or space == witness.space_id:
        return was_on
    on = is_on(services, tenant, space, priority=priority)
    services.witnesses.move(tenant, witness.attachment_id, space, returns=on and not was_on)
    services.jobs.defer(hint_jobs(tenant, witness.container))
    return on


def hint_jobs(tenant: Tenant, *containers: Container | None) -> tuple[Job, ...]:
    """Return jobs that refresh the byline of these pages; several changes in a moment make one."""
    return tuple(
        Job(JobKind.PAGE_HINT, tenant.id, JobSubject(container.kind.value, container.id).encode())
        for container in dict.fromkeys(containers)
        if container is not None
    )
