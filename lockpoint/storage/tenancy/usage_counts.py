"""Usage counts by day. A row names its site by a keyed hash, and no person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from lockpoint.services.context import Tenant
from lockpoint.services.ports.tenancy import UsageEvent, UsageRow
from lockpoint.storage.engine import Database, in_batches
from lockpoint.storage.keyring import Keyring
from lockpoint.storage.tables import ACCOUNT_PROFILE, INSTALLATION, SITE_STATE, USAGE_DAILY

_ROW: Final = USAGE_DAILY.c
_SITE: Final = INSTALLATION.c
_KEY: Final = (_ROW.site, _ROW.day, _ROW.event, _ROW.locale, _ROW.zone)
_UNKNOWN: Final = ""

FEWEST: Final = 5
OTHER: Final = "other"
"""Locale and zone of counts below `FEWEST`, added up: alone they could be about one person."""


class PostgresUsageCounts:
    def __init__(self, database: Database, keys: Keyring) -> None:
        self._database = database
        self._keys = keys

    def counting(self, tenant: Tenant) -> bool:
        statement = select(SITE_STATE.c.usage_counts).where(SITE_STATE.c.tenant_id == tenant.id)
        with self._database.single() as connection:
            return connection.execute(statement).scalar_one_or_none() is True

    def switch(self, tenant: Tenant, *, on: bool) -> None:
        """A concurrent count is added before or not at all."""
        state = insert(SITE_STATE).values(tenant_id=tenant.id, revision=0, usage_counts=on)
        with self._database.transaction() as connection:
            connection.execute(
                state.on_conflict_do_update(index_elements=[SITE_STATE.c.tenant_id], set_={"usage_counts": on})
            )
            if not on:
                connection.execute(delete(USAGE_DAILY).where(_ROW.site.in_(self._keys.site_hashes(tenant.site_key))))

    def count(self, tenant: Tenant, account: str, event: UsageEvent, day: date) -> None:
        """One statement, which also finds whether it may count and which locale and zone are known."""
        profile, state = ACCOUNT_PROFILE.c, SITE_STATE.c
        mine = (profile.tenant_id == state.tenant_id) & (profile.account == account)
        source = (
            select(
                literal(self._keys.site_hashes(tenant.site_key)[0]),
                literal(event.value),
                func.coalesce(profile.locale, _UNKNOWN),
                func.coalesce(profile.time_zone, _UNKNOWN),
                literal(day),
                literal(1),
            )
            .select_from(SITE_STATE.outerjoin(ACCOUNT_PROFILE, mine))
            .where(state.tenant_id == tenant.id, state.usage_counts)
            # Switching off waits for this row, or makes this statement read again.
            .with_for_update(read=True, of=SITE_STATE)
        )
        names = ["site", "event", "locale", "zone", "day", "count"]
        statement = insert(USAGE_DAILY).from_select(names, source)
        with self._database.single() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=_KEY, set_={"count": _ROW["count"] + 1}))

    def kept(self, tenant: Tenant, since: date) -> Sequence[UsageRow]:
        """Add up a day's counts under all keys; those that are too few as `OTHER`, also before the purge did it."""
        total = func.sum(_ROW["count"]).label("total")
        groups = (_ROW.day, _ROW.event, _ROW.locale, _ROW.zone)
        statement = (
            select(*groups, total)
            .where(_ROW.site.in_(self._keys.site_hashes(tenant.site_key)), _ROW.day >= since)
            .group_by(*groups)
            .order_by(_ROW.day.desc(), _ROW.event, _ROW.locale, _ROW.zone)
        )
        with self._database.single() as connection:
            found = connection.execute(statement).all()
        shown: Counter[tuple[date, str, str, str]] = Counter()
        for row in found:
            place = (row.locale, row.zone) if row.total >= FEWEST else (OTHER, OTHER)
            shown[row.day, row.event, *place] += row.total
        return [
            UsageRow(day=day, event=UsageEvent(event), locale=locale, zone=zone, count=count)
            for (day, event, locale, zone), count in sorted(shown.items(), key=_newest_first)
        ]

    def bring_over(self) -> int:
        """Rename sites to the newest key's name; return how many rows. Can be stopped and repeated."""
        with self._database.single() as connection:
            named = set(connection.execute(select(_ROW.site).distinct()).scalars())
            sites = connection.execute(select(_SITE.id, _SITE.client_key).order_by(_SITE.id)).all()
        brought = 0
        for site, site_key in sites:
            newest, *older = self._keys.site_hashes(site_key)
            if not named.isdisjoint(older):
                with self._database.transaction() as connection:
                    brought += _rename(connection, site, older, newest)
        return brought

    def by_key(self) -> Mapping[str | None, int]:
        """Count rows by the key that names them, None where none does."""
        with self._database.single() as connection:
            rows = connection.execute(select(_ROW.site, func.count()).group_by(_ROW.site)).all()
            site_keys = connection.execute(select(_SITE.client_key)).scalars().all()
        keys = {
            name: key_id
            for site_key in site_keys
            for key_id, name in zip(self._keys.ids, self._keys.site_hashes(site_key), strict=True)
        }
        counts: Counter[str | None] = Counter()
        for site, count in rows:
            counts[keys.get(site)] += count
        return counts


def fold_small(database: Database, today: date) -> int:
    """Add counts of days that are over, where they are too few, to `OTHER`; return how many rows went."""
    with database.transaction() as connection:
        gone = connection.execute(delete(USAGE_DAILY).where(_is_small(today)).returning(*_KEY[:3], _ROW["count"])).all()
        added: Counter[tuple[object, ...]] = Counter()
        for *key, count in gone:
            added[(*key, OTHER, OTHER)] += count
        _add(connection, added)
    return len(gone)


def small(connection: Connection, today: date) -> int:
    return connection.execute(select(func.count()).select_from(USAGE_DAILY).where(_is_small(today))).scalar_one()


def _is_small(today: date) -> ColumnElement[bool]:
    return (_ROW.day < today) & (_ROW["count"] < FEWEST) & (_ROW.locale != OTHER)


def _newest_first(row: tuple[tuple[date, str, str, str], int]) -> tuple[int, str, str, str]:
    (day, *rest), _ = row
    return -day.toordinal(), rest[0], rest[1], rest[2]


def _rename(connection: Connection, tenant_id: int, older: Sequence[str], newest: str) -> int:
    """Add a site's rows under older names to those under the newest; return how many."""
    # Switching off waits for this row, and then also deletes rows under the newest name.
    connection.execute(select(SITE_STATE.c.tenant_id).where(SITE_STATE.c.tenant_id == tenant_id).with_for_update())
    moved: Counter[tuple[object, ...]] = Counter()
    gone = connection.execute(delete(USAGE_DAILY).where(_ROW.site.in_(older)).returning(*_KEY[1:], _ROW["count"])).all()
    for *key, count in gone:
        moved[tuple(key)] += count
    _add(connection, Counter({(newest, *key): count for key, count in moved.items()}))
    return len(gone)


def _add(connection: Connection, counts: Counter[tuple[object, ...]]) -> None:
    """Add counts by `_KEY` to those that are there."""
    names = [column.name for column in _KEY] + ["count"]
    rows = [dict(zip(names, (*key, count), strict=True)) for key, count in counts.items()]
    for some in in_batches(rows, len(names)):
        statement = insert(USAGE_DAILY).values(some)
        added = _ROW["count"] + statement.excluded["count"]
        connection.execute(statement.on_conflict_do_update(index_elements=_KEY, set_={"count": added}))
