"""Settings, probe results and search places of sites."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from psycopg.rows import namedtuple_row
from sqlalchemy import ColumnElement, Connection, func, literal, or_, select, text
from sqlalchemy.dialects.postgresql import insert

from lockpoint.domain.settings import site_settings_from, space_settings_from
from lockpoint.services.context import Tenant
from lockpoint.services.errors import StorageUnavailable
from lockpoint.services.ports.tenancy import SettingsNote, SiteState, Switches
from lockpoint.storage.advisory_locks import Purpose
from lockpoint.storage.engine import Database
from lockpoint.storage.tables import SITE_STATE, SPACE_STATE
from lockpoint.storage.tenancy.reactivation import uncheck_inheriting, uncheck_space

# `greatest` passes over nulls. What a space decides itself does not begin with its site; what the site began before the
# space was noted last is in the space's row.
_SWITCHES: Final = """
    SELECT greatest(space.returned_at, CASE WHEN space.noted_at IS NULL
            OR (space.active IS NULL AND site.returned_at >= space.noted_at) THEN site.returned_at END) AS returned_at,
        greatest(space.strict_at, CASE WHEN space.noted_at IS NULL
            OR (space.strict IS NULL AND site.strict_at >= space.noted_at) THEN site.strict_at END) AS strict_at,
        EXISTS (SELECT FROM space_state WHERE tenant_id = %(tenant)s AND active IS NOT NULL) AS spaces_decide,
        EXISTS (SELECT FROM space_state WHERE tenant_id = %(tenant)s AND (active IS NOT NULL
            OR settings LIKE '%%"unlock_after_hours"%%' OR settings LIKE '%%"warn_after_hours"%%')) AS spaces_differ,
        coalesce(site.strict, false) OR EXISTS (SELECT FROM space_state WHERE tenant_id = %(tenant)s AND strict)
            AS strict_somewhere
    FROM (SELECT) AS one
    LEFT JOIN site_state AS site ON site.tenant_id = %(tenant)s
    LEFT JOIN space_state AS space ON space.tenant_id = %(tenant)s AND space.space_id = %(space)s
"""

_PATIENCE: Final = 5.0
_LOCK: Final = text("SELECT pg_advisory_lock(:purpose, :key)")
_UNLOCK: Final = text("SELECT pg_advisory_unlock(:purpose, :key)")


def note_settings(connection: Connection, tenant_id: int, note: SettingsNote) -> None:
    if note.space_id is not None:
        _note_space(connection, tenant_id, note.space_id, note)
        return
    strict = site_settings_from(json.loads(note.fields)).rules.strict
    values = {"revision": note.revision, "settings": note.fields, "strict": strict, **_beginnings(note)}
    statement = insert(SITE_STATE).values(tenant_id=tenant_id, **values)
    known = SITE_STATE.c.revision
    newer = or_(known.is_(None), known <= note.revision)
    changed = statement.on_conflict_do_update(index_elements=["tenant_id"], set_=values, where=newer)
    stored = connection.execute(changed.returning(SITE_STATE.c.tenant_id)).first()
    if note.returns and stored is not None:
        uncheck_inheriting(connection, tenant_id)


def note_templates(connection: Connection, tenant_id: int, revision: int) -> None:
    values = {"template_revision": revision}
    known = SITE_STATE.c.template_revision
    statement = insert(SITE_STATE).values(tenant_id=tenant_id, **values)
    newer = or_(known.is_(None), known <= revision)
    connection.execute(statement.on_conflict_do_update(index_elements=["tenant_id"], set_=values, where=newer))


def _note_space(connection: Connection, tenant_id: int, space_id: str, note: SettingsNote) -> None:
    own = space_settings_from(json.loads(note.fields), note.revision).own
    decided = {name: own.get(name) for name in ("active", "strict")}
    before = connection.exec_driver_sql(_SWITCHES, {"tenant": tenant_id, "space": space_id}).one()
    carried = {"returned_at": before.returned_at, "strict_at": before.strict_at, "noted_at": func.now()}
    values = {"version": note.revision, "settings": note.fields, **decided, **carried, **_beginnings(note)}
    statement = insert(SPACE_STATE).values(tenant_id=tenant_id, space_id=space_id, **values)
    newer = or_(SPACE_STATE.c.version <= note.revision, literal(note.anew))
    changed = statement.on_conflict_do_update(index_elements=["tenant_id", "space_id"], set_=values, where=newer)
    stored = connection.execute(changed.returning(SPACE_STATE.c.tenant_id)).first()
    if note.returns and stored is not None:
        uncheck_space(connection, tenant_id, space_id)


def _beginnings(note: SettingsNote) -> dict[str, Any]:
    begun = {"returned_at": note.returns, "strict_at": note.strict_begins}
    return {column: func.now() for column, begins in begun.items() if begins}


class PostgresSiteStates:
    """Raises `StorageUnavailable` also when the lock is not free within seconds.

    Holders call Confluence meanwhile, so they may have no more than half of the pool's connections.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._places = threading.Semaphore(max(1, database.size // 2))

    def get(self, tenant: Tenant) -> SiteState:
        with self._database.single() as connection:
            row = connection.execute(select(SITE_STATE).where(SITE_STATE.c.tenant_id == tenant.id)).one_or_none()
        if row is None:
            return SiteState()
        return SiteState(
            settings=None if row.revision is None else SettingsNote(row.revision, row.settings),
            restore_works=row.restore_works,
            tested_at=row.tested_at,
            scratch_id=row.scratch_id,
            cursor=row.cursor,
            template_revision=row.template_revision,
        )

    def space_settings(self, tenant: Tenant, space_id: str) -> SettingsNote | None:
        columns = (SPACE_STATE.c.version, SPACE_STATE.c.settings, SPACE_STATE.c.noted_at)
        known = select(*columns).where(*_space(tenant, space_id))
        with self._database.single() as connection:
            row = connection.execute(known).one_or_none()
        return None if row is None else SettingsNote(row.version, row.settings, space_id, noted_at=row.noted_at)

    def revisions(self, tenant: Tenant, space_id: str | None) -> tuple[int | None, int | None]:
        site = select(SITE_STATE.c.revision).where(SITE_STATE.c.tenant_id == tenant.id)
        space = select(SPACE_STATE.c.version).where(*_space(tenant, space_id or ""))
        with self._database.single() as connection:
            row = connection.execute(select(site.scalar_subquery(), space.scalar_subquery())).one()
        return row[0], row[1]

    def switches(self, tenant: Tenant, space_id: str | None) -> Switches:
        with self._database.driver() as driver, driver.cursor(row_factory=namedtuple_row) as cursor:
            cursor.execute(_SWITCHES, {"tenant": tenant.id, "space": space_id or ""}, prepare=True)
            row = cursor.fetchone()
        return Switches(**row._asdict()) if row else Switches()

    def note_test(self, tenant: Tenant, *, works: bool, at: datetime, scratch_id: str | None) -> None:
        found = {"restore_works": works, "tested_at": at}
        kept = {**found, "scratch_id": func.coalesce(scratch_id, SITE_STATE.c.scratch_id)}
        self._upsert(tenant, {**found, "scratch_id": scratch_id}, kept)

    def note_place(self, tenant: Tenant, cursor: str | None) -> None:
        self._upsert(tenant, {"cursor": cursor}, {"cursor": cursor})

    @contextmanager
    def exclusive(self, tenant: Tenant) -> Iterator[None]:
        """Not a transaction: the block calls Confluence. A process that dies loses the lock with its connection."""
        key = {"purpose": Purpose.SITE_CONFIGURATION.value, "key": tenant.id}
        with self._place(), self._database.single() as connection:
            connection.execute(_LOCK, key)
            try:
                yield
            finally:
                connection.execute(_UNLOCK, key)

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(timeout=_PATIENCE):
            raise StorageUnavailable("other settings are being changed")
        try:
            yield
        finally:
            self._places.release()

    def _upsert(self, tenant: Tenant, new: dict[str, object], changed: dict[str, object]) -> None:
        statement = insert(SITE_STATE).values(tenant_id=tenant.id, **new)
        with self._database.single() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["tenant_id"], set_=changed))


def _space(tenant: Tenant, space_id: str) -> tuple[ColumnElement[bool], ...]:
    return SPACE_STATE.c.tenant_id == tenant.id, SPACE_STATE.c.space_id == space_id
