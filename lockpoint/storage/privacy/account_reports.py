"""Accounts to report to Atlassian, one row for each account of a site."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, case, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from lockpoint.services.context import Tenant
from lockpoint.services.ports.privacy import Reported, ReportSettlement
from lockpoint.storage.engine import Database
from lockpoint.storage.privacy import erasures
from lockpoint.storage.tables import (
    ACCOUNT_PROFILE,
    ACCOUNT_REPORT,
    CLOSED_ACCOUNT,
    ERASURE,
    INSTALLATION,
    REPORT_CYCLE,
)

CYCLE_DAYS: Final = 7
"""Unless Atlassian says otherwise."""

PATIENCE: Final = timedelta(days=1)
"""An account is late so long after its turn: pauses and the jobs' hours fit in."""

_DAY_SECONDS: Final = 86400

_ROW: Final = ACCOUNT_REPORT.c
_CYCLE: Final = REPORT_CYCLE.c

# Where accounts are named, and when that was fetched. `unknown` is Atlassian's word for nobody.
_NAMED: Final = """
    SELECT tenant_id, account, at FROM (
        SELECT tenant_id, account, at FROM audit_event
        UNION ALL SELECT tenant_id, account, used_at FROM account_profile
        UNION ALL SELECT tenant_id, account, started_at FROM request_outcome
        UNION ALL SELECT tenant_id, unnest(offenders), at FROM restoration
        UNION ALL SELECT tenant_id, unnest(ARRAY[recipient, actor]), created_at FROM email_intent
        UNION ALL SELECT tenant_id, unnest(ARRAY[record->>'holder', record#>>'{base,author}', record#>>'{ended,by}',
                                                 record#>>'{ended,holder}']), seen_at FROM lock_witness
    ) named WHERE account IS NOT NULL AND account <> 'unknown' AND account NOT LIKE 'erased-%'
"""
# An account has its turn at the same place in every cycle. So reports are spread evenly, and an
# account that leaves the list and returns is reported as often as the others.
_ADD: Final = text(
    f"INSERT INTO account_report (tenant_id, account, retrieved_at, due_at)"  # noqa: S608 - nothing comes from outside
    f" SELECT tenant_id, account, at, to_timestamp(place + :cycle * (floor((:now - place) / :cycle) + 1)) FROM ("
    f"  SELECT tenant_id, account, min(at) AS at,"
    f"   :cycle * (abs(hashtext(account || tenant_id) % 10000) / 10000.0) AS place"
    f"  FROM ({_NAMED}) everybody WHERE tenant_id = :tenant GROUP BY tenant_id, account"
    f" ) places ON CONFLICT DO NOTHING"
)
_NAMED_NOWHERE: Final = (
    f"NOT EXISTS (SELECT 1 FROM ({_NAMED}) everybody"  # noqa: S608 - as above
    " WHERE everybody.tenant_id = account_report.tenant_id AND everybody.account = account_report.account)"
)
_DROP: Final = text(f"DELETE FROM account_report WHERE tenant_id = :tenant AND {_NAMED_NOWHERE}")  # noqa: S608 - as above
_DROP_ALL: Final = text(f"DELETE FROM account_report WHERE {_NAMED_NOWHERE}")  # noqa: S608 - as above
_COUNT_ALL: Final = text(f"SELECT count(*) FROM account_report WHERE {_NAMED_NOWHERE}")  # noqa: S608 - as above


def bring_in_line(connection: Connection, tenant: Tenant, now: datetime) -> None:
    days = connection.execute(_days(tenant)).scalar_one_or_none() or CYCLE_DAYS
    connection.execute(_DROP, {"tenant": tenant.id})
    connection.execute(_ADD, {"tenant": tenant.id, "now": now.timestamp(), "cycle": days * _DAY_SECONDS})


def listed(connection: Connection, tenant: Tenant) -> Sequence[str]:
    return list(connection.execute(select(_ROW.account).where(_ROW.tenant_id == tenant.id)).scalars())


def due(connection: Connection, tenant: Tenant, now: datetime, limit: int) -> Sequence[Reported]:
    resting = select(1).where(_CYCLE.tenant_id == tenant.id, _CYCLE.not_before > now).exists()
    statement = (
        select(_ROW.account, _ROW.retrieved_at)
        .where(_ROW.tenant_id == tenant.id, _waits(now), ~resting)
        .order_by(_turn(), _ROW.account)
        .limit(limit)
    )
    return [Reported(row.account, row.retrieved_at) for row in connection.execute(statement)]


def closed(connection: Connection, tenant: Tenant) -> frozenset[str]:
    statement = select(CLOSED_ACCOUNT.c.digest).where(CLOSED_ACCOUNT.c.tenant_id == tenant.id)
    return frozenset(connection.execute(statement).scalars())


def reopen(connection: Connection, tenant: Tenant, digests: Sequence[str]) -> None:
    mine = CLOSED_ACCOUNT.c.tenant_id == tenant.id
    connection.execute(delete(CLOSED_ACCOUNT).where(mine, CLOSED_ACCOUNT.c.digest == func.any(list(digests))))


def settle(connection: Connection, tenant: Tenant, settlement: ReportSettlement) -> None:
    at = settlement.at
    mine = _ROW.tenant_id == tenant.id
    fresh = case((_ROW.account == func.any(list(settlement.updated)), at), else_=_ROW.retrieved_at)
    connection.execute(
        update(ACCOUNT_REPORT)
        .where(mine, _ROW.account == func.any(list(settlement.accounts)))
        .values(reported_at=at, retrieved_at=fresh)
    )
    stale = ACCOUNT_PROFILE.c.account == func.any(list(settlement.updated))
    connection.execute(delete(ACCOUNT_PROFILE).where(ACCOUNT_PROFILE.c.tenant_id == tenant.id, stale))
    erasures.begin(connection, tenant, settlement.closed, at)
    if settlement.cycle_days is not None:
        store_cycle(connection, tenant, days=settlement.cycle_days)


def store_cycle(connection: Connection, tenant: Tenant, **values: object) -> None:
    """Other columns stay, or get their defaults."""
    statement = insert(REPORT_CYCLE).values({"days": CYCLE_DAYS, **values, "tenant_id": tenant.id})
    connection.execute(statement.on_conflict_do_update(index_elements=[_CYCLE.tenant_id], set_=values))


def drop_unnamed(database: Database) -> int:
    """Delete accounts that no other row names, on all sites; return how many."""
    with database.single() as connection:
        return connection.execute(_DROP_ALL).rowcount


def unnamed(connection: Connection) -> int:
    count: int = connection.execute(_COUNT_ALL).scalar_one()
    return count


def late(connection: Connection, now: datetime) -> int:
    """Count the accounts of active sites whose turn was more than `PATIENCE` ago."""
    active = select(INSTALLATION.c.id).where(INSTALLATION.c.installed, INSTALLATION.c.enabled)
    overdue = _waits(now - PATIENCE) & _ROW.tenant_id.in_(active)
    return connection.execute(select(func.count()).select_from(ACCOUNT_REPORT).where(overdue)).scalar_one()


def _days(tenant: Tenant) -> Select[tuple[int]]:
    return select(_CYCLE.days).where(_CYCLE.tenant_id == tenant.id)


def _waits(now: datetime) -> ColumnElement[bool]:
    """One being erased has no turn."""
    leaving = select(1).where(ERASURE.c.tenant_id == _ROW.tenant_id, ERASURE.c.account == _ROW.account).exists()
    return (_turn() <= now) & ~leaving


def _turn() -> ColumnElement[datetime]:
    """A cycle after the last report, or the account's place in the first."""
    known = select(_CYCLE.days).where(_CYCLE.tenant_id == _ROW.tenant_id).scalar_subquery()
    again: ColumnElement[datetime] = _ROW.reported_at + func.make_interval(0, 0, 0, func.coalesce(known, CYCLE_DAYS))
    return func.coalesce(again, _ROW.due_at)
