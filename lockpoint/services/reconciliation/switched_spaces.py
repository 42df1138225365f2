"""What follows when Lockpoint is switched on or off in a space, or a page moves between such spaces."""

from __future__ import annotations

from lockpoint.services.container import Services
from lockpoint.services.context import Tenant
from lockpoint.services.ports.confluence import Container
from lockpoint.services.reconciliation.sweep import BATCH, sweep
from lockpoint.services.tenancy.whereabouts import hint_jobs


def look_at_space(services: Services, tenant: Tenant, space_id: str | None) -> None:
    """Look at the live locks of a space, or of all, from the points of the sweep, and have its bylines written again.

    A lost look is made up for by the next sweep; bylines by the next change of a page's locks.
    """
    services.jobs.defer(hint_jobs(tenant, *_pages(services, tenant, space_id)))
    sweep(services, tenant, space_id)


def _pages(services: Services, tenant: Tenant, space_id: str | None) -> list[Container | None]:
    pages: dict[Container | None, None] = {}
    after: str | None = None
    while True:
        batch = services.witnesses.live(tenant, after=after, limit=BATCH, space_id=space_id)
        pages.update(dict.fromkeys(witness.container for witness in batch))
        if len(batch) < BATCH:
            return list(pages)
        after = batch[-1].attachment_id
