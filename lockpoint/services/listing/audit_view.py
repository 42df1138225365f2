"""The audit log of a site, for its admins."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lockpoint.services.container import Services
from lockpoint.services.context import Actor
from lockpoint.services.locks.lock_view import PersonRef, names_of
from lockpoint.services.ports.locks import AuditEvent, AuditQuery
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy import space_settings
from lockpoint.services.tenancy.site_settings import must_administer

AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class AuditRow:
    """`person` is None where nobody did it, or nobody is known any more."""

    event: AuditEvent
    person: PersonRef | None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """`last` is the row to go on after; None at the end."""

    rows: tuple[AuditRow, ...]
    last: AuditEvent | None


def read(services: Services, actor: Actor, query: AuditQuery, space_key: str | None = None) -> AuditPage:
    """Return the newest rows, with names as the admin sees them; `NotAllowed` for everybody else.

    Admins of a space see its part, rows about pages that they may not see included: they can open those for themselves.
    """
    with spending_on("audit"):
        return _page(services, actor, _allowed(services, actor, query, space_key))


def read_all(services: Services, actor: Actor, query: AuditQuery, space_key: str | None = None) -> AuditPage:
    """Return up to `query.limit` rows, read bit by bit."""
    with spending_on("audit"):
        query = _allowed(services, actor, query, space_key)
        rows: list[AuditRow] = []
        while True:
            page = _page(services, actor, replace(query, limit=min(query.limit - len(rows), AT_ONCE)))
            rows += page.rows
            if page.last is None or len(rows) >= query.limit:
                return AuditPage(tuple(rows), page.last)
            query = replace(query, after=page.last)


def _allowed(services: Services, actor: Actor, query: AuditQuery, space_key: str | None) -> AuditQuery:
    if space_key is None:
        must_administer(services, actor)
        return query
    space_id = space_settings.id_of(services, actor, space_key)
    space_settings.must_administer(services, actor, space_id)
    return replace(query, space_id=space_id)


def _page(services: Services, actor: Actor, query: AuditQuery) -> AuditPage:
    events = services.audit_log.read(actor.tenant, replace(query, limit=query.limit + 1))
    shown = events[: query.limit]
    names = names_of(services, actor, {event.account for event in shown if event.account})
    rows = tuple(AuditRow(event, _person(event.account, names.get(event.account or ""))) for event in shown)
    return AuditPage(rows, shown[-1] if len(events) > len(shown) else None)


def _person(account: str | None, name: str | None) -> PersonRef | None:
    return None if account is None else PersonRef(account, name)
