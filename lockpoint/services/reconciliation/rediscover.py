"""Finding a site's locks again after a lost database or an absence."""

from __future__ import annotations

from lockpoint.domain.lock import Held
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import BadAnswer, Forbidden, GoneOrInvisible, Rejected
from lockpoint.services.lock_record.file_state import read_state
from lockpoint.services.lock_record.record_effects import unreadable_row
from lockpoint.services.ports.confluence import Container
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Effects
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.reconciliation.reconcile import catch_up, reconcile
from lockpoint.services.tenancy.activity import is_active

PAGES_A_RUN = 20  # result pages of the search per job, so that one site cannot keep a worker


def rediscover(services: Services, tenant: Tenant) -> None:
    """Read the files of pages that say they have locks, and rebuild the witness from our records.

    Where the search does not know the hint, all attachments are walked. Resumable after each result page; a long walk
    goes on in another job. Without a licence locks are only recorded: erasures need to know the files.
    """
    if not is_active(services, tenant, licensed=False):
        return
    with spending_on("rediscover"):
        cursor = services.site_states.get(tenant).cursor
        for _ in range(PAGES_A_RUN):
            cursor = _step(services, tenant, cursor)
            services.site_states.note_place(tenant, cursor)
            if cursor is None:
                return
    services.jobs.defer((Job(JobKind.REDISCOVER, tenant.id),))


def _step(services: Services, tenant: Tenant, cursor: str | None) -> str | None:
    """Read one result page; return where to go on: `hint:<cursor>`, `walk:<space>:<cursor>`, or None at the end."""
    way, _, place = (cursor or "hint:").partition(":")
    if way == "walk":
        return _walk(services, tenant, place)
    try:
        containers, following = services.search.containers_with_locks(
            tenant, cursor=place or None, priority=Priority.MAINTENANCE
        )
    except Rejected:
        return "walk::"
    for container in containers:
        _read_container(services, tenant, container)
    return f"hint:{following}" if following else None


def _walk(services: Services, tenant: Tenant, place: str) -> str | None:
    space, _, cursor = place.partition(":")
    spaces = _spaces(services, tenant)
    if not space:
        return f"walk:{spaces[0]}:" if spaces else None
    found, following = services.search.attachments_of_space(
        tenant, space, cursor=cursor or None, priority=Priority.MAINTENANCE
    )
    for attachment_id in found:
        _read_file(services, tenant, attachment_id)
    if following:
        return f"walk:{space}:{following}"
    left = [other for other in spaces if other > space]
    return f"walk:{left[0]}:" if left else None


def _spaces(services: Services, tenant: Tenant) -> list[str]:
    """Return all space ids in one fixed order, so that a resumed walk knows what is left."""
    ids: list[str] = []
    cursor: str | None = None
    while True:
        page, cursor = services.search.spaces(tenant, cursor=cursor, priority=Priority.MAINTENANCE)
        ids.extend(page)
        if cursor is None:
            return sorted(ids)


def _read_container(services: Services, tenant: Tenant, container: Container) -> None:
    cursor: str | None = None
    while True:
        try:
            page = services.attachments.of_container(tenant, container, cursor=cursor, priority=Priority.MAINTENANCE)
        except (GoneOrInvisible, Forbidden):
            return
        for file_id in page.ids:
            _read_file(services, tenant, file_id)
        cursor = page.next_cursor
        if cursor is None:
            return


def _read_file(services: Services, tenant: Tenant, attachment_id: str) -> None:
    try:
        state = read_state(services, tenant, attachment_id, priority=Priority.MAINTENANCE)
    except (
        GoneOrInvisible,
        Forbidden,
        BadAnswer,
    ):
        return
    services.effects.record(tenant, Effects(audit=unreadable_row(state, services.clock.now())))
    if not isinstance(state.found, Held):
        return
    if is_active(services, tenant, priority=Priority.MAINTENANCE):
        reconcile(services, tenant, attachment_id, priority=Priority.MAINTENANCE)
    else:
        catch_up(services, tenant, state, state.found, priority=Priority.MAINTENANCE)
