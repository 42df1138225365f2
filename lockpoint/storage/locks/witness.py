"""The witness table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from psycopg.rows import namedtuple_row
from sqlalchemy import TIMESTAMP, ColumnElement, Connection, and_, cast, func, literal, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from lockpoint.domain import record_json
from lockpoint.domain.lock import MARGIN, Held
from lockpoint.domain.pseudonyms import PREFIX
from lockpoint.services.context import Tenant
from lockpoint.services.ports.confluence import Container, ContainerKind
from lockpoint.services.ports.locks import Protection, Witness
from lockpoint.storage.engine import Database
from lockpoint.storage.tables import LOCK_WITNESS

_ROW: Final = LOCK_WITNESS.c
_OF_CONTAINER: Final = f"SELECT {', '.join(_ROW.keys())} FROM lock_witness WHERE tenant_id = %s AND container_id = %s"  # noqa: S608 - ours


NEVER: Final = cast(literal("infinity"), TIMESTAMP(timezone=True))


def time_in(name: str) -> ColumnElement[Any]:
    """Return a time of the record; later than all where it has none."""
    return func.coalesce(cast(_ROW.record[name].astext, TIMESTAMP(timezone=True)), NEVER)


def store(connection: Connection, tenant_id: int, witness: Witness, decided_on: tuple[int, int] | None = None) -> bool:
    """Store the witness unless a newer record (by epoch, then seq) is known; what it leaves open stays as it was.

    With `decided_on`, also unless one newer than that is known. Return whether it was stored.
    """
    statement = insert(LOCK_WITNESS).values(_values(tenant_id, witness))
    new = statement.excluded
    stored = connection.execute(
        statement.on_conflict_do_update(
            index_elements=[_ROW.tenant_id, _ROW.attachment_id],
            set_={
                "container_kind": func.coalesce(new.container_kind, _ROW.container_kind),
                "container_id": func.coalesce(new.container_id, _ROW.container_id),
                "space_id": func.coalesce(new.space_id, _ROW.space_id),
                "epoch": new.epoch,
                "seq": new.seq,
                "holder": new.holder,
                "record": new.record,
                "protection": new.protection,
                "version": func.coalesce(new.version, _ROW.version),
                "seen_at": func.greatest(new.seen_at, _ROW.seen_at),
            },
            where=and_(
                tuple_(_ROW.epoch, _ROW.seq) <= tuple_(new.epoch, new.seq),
                *(() if decided_on is None else (tuple_(_ROW.epoch, _ROW.seq) <= decided_on,)),
            ),
        ).returning(_ROW.attachment_id)
    )
    return stored.first() is not None


class PostgresWitnesses:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, tenant: Tenant, attachment_id: str) -> Witness | None:
        with self._database.single() as connection:
            row = connection.execute(select(LOCK_WITNESS).where(*_one(tenant, attachment_id))).one_or_none()
        return None if row is None else read_row(row)

    def held_among(self, tenant: Tenant, attachment_ids: Iterable[str]) -> frozenset[str]:
        return self._held(tenant, _ROW.attachment_id, attachment_ids)

    def held_in(self, tenant: Tenant, container_ids: Iterable[str]) -> frozenset[str]:
        return self._held(tenant, _ROW.container_id, container_ids)

    def _held(self, tenant: Tenant, column: ColumnElement[Any], values: Iterable[str]) -> frozenset[str]:
        wanted = sorted(set(values))
        if not wanted:
            return frozenset()
        statement = select(_ROW.attachment_id).where(
            _ROW.tenant_id == tenant.id, _ROW.holder.is_not(None), column == func.any(wanted)
        )
        with self._database.single() as connection:
            return frozenset(connection.execute(statement).scalars())

    def of_container(self, tenant: Tenant, container_id: str) -> Sequence[Witness]:
        """By a constant statement: open lists ask again and again."""
        with self._database.driver() as driver, driver.cursor(row_factory=namedtuple_row) as cursor:
            cursor.execute(_OF_CONTAINER, [tenant.id, container_id], prepare=True)
            return [read_row(row) for row in cursor]

    def live(
        self, tenant: Tenant, *, after: str | None = None, limit: int = 500, space_id: str | None = None
    ) -> Sequence[Witness]:
        within = () if space_id is None else (_ROW.space_id == space_id,)
        statement = (
            select(LOCK_WITNESS)
            .where(_ROW.tenant_id == tenant.id, _ROW.holder.is_not(None), _ROW.attachment_id > (after or ""), *within)
            .order_by(_ROW.attachment_id)
            .limit(limit)
        )
        with self._database.single() as connection:
            return [read_row(row) for row in connection.execute(statement)]

    def count_held(self, tenant: Tenant, holder: str | None = None, *, running_at: datetime | None = None) -> int:
        whose = _ROW.holder.is_not(None) if holder is None else _ROW.holder == holder
        running = () if running_at is None else (time_in("expires_at") > running_at - MARGIN,)
        statement = select(func.count()).where(_ROW.tenant_id == tenant.id, whose, *running)
        with self._database.single() as connection:
            return connection.execute(statement).scalar_one()

    def holders(self, tenant: Tenant) -> Sequence[str]:
        theirs = select(_ROW.holder).where(_ROW.tenant_id == tenant.id, _ROW.holder.is_not(None))
        with self._database.single() as connection:
            return [str(holder) for holder in connection.execute(theirs.distinct().order_by(_ROW.holder)).scalars()]

    def held_by(self, tenant: Tenant, holder: str) -> Sequence[Witness]:
        theirs = select(LOCK_WITNESS).where(_ROW.tenant_id == tenant.id, _ROW.holder == holder)
        with self._database.single() as connection:
            return [read_row(row) for row in connection.execute(theirs.order_by(_ROW.attachment_id))]

    def set_protection(
        self, tenant: Tenant, attachment_id: str, protection: Protection, version: int | None = None
    ) -> bool:
        found = {"protection": protection.value} | ({} if version is None else {"version": version})
        changed = or_(*(_ROW[name].is_distinct_from(value) for name, value in found.items()))
        statement = (
            update(LOCK_WITNESS).where(*_one(tenant, attachment_id), _ROW.holder.is_not(None), changed).values(found)
        )
        with self._database.single() as connection:
            return connection.execute(statement).rowcount > 0

    def move(self, tenant: Tenant, attachment_id: str, space_id: str, *, returns: bool) -> None:
        back = {"returned_at": func.now(), "protection": Protection.UNCHECKED.value} if returns else {}
        statement = update(LOCK_WITNESS).where(*_one(tenant, attachment_id), _ROW.holder.is_not(None))
        with self._database.single() as connection:
            connection.execute(statement.values(space_id=space_id, **back))

    def marked(self, tenant: Tenant, protections: Iterable[Protection]) -> frozenset[str]:
        wanted = sorted(protection.value for protection in protections)
        statement = select(_ROW.attachment_id).where(_ROW.tenant_id == tenant.id, _ROW.protection == func.any(wanted))
        with self._database.single() as connection:
            return frozenset(connection.execute(statement).scalars())

    def still_there(self, tenant: Tenant, attachment_id: str, at: datetime) -> None:
        later = func.greatest(_ROW.seen_at, at)
        with self._database.single() as connection:
            connection.execute(update(LOCK_WITNESS).where(*_one(tenant, attachment_id)).values(seen_at=later))

    def ended_naming(self, tenant: Tenant, before: datetime, *, after: str, limit: int) -> Sequence[str]:
        people = (_ROW.record[("ended", who)].astext for who in ("holder", "by"))
        named = or_(*(person.not_like(f"{PREFIX}%") for person in people))
        old = _ROW.holder.is_(None) & (_ROW.seen_at < before)
        statement = (
            select(_ROW.attachment_id)
            .where(_ROW.tenant_id == tenant.id, _ROW.attachment_id > after, old, named)
            .order_by(_ROW.attachment_id)
            .limit(limit)
        )
        with self._database.single() as connection:
            return list(connection.execute(statement).scalars())

    def any(self, tenant: Tenant) -> bool:
        with self._database.single() as connection:
            row = connection.execute(select(_ROW.epoch).where(_ROW.tenant_id == tenant.id).limit(1)).first()
        return row is not None


def _one(tenant: Tenant, attachment_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _ROW.tenant_id == tenant.id, _ROW.attachment_id == attachment_id


def _values(tenant_id: int, witness: Witness) -> dict[str, object]:
    record, container = witness.record, witness.container
    return {
        "tenant_id": tenant_id,
        "attachment_id": witness.attachment_id,
        "container_kind": None if container is None else container.kind.value,
        "container_id": None if container is None else container.id,
        "space_id": witness.space_id,
        "epoch": record.epoch,
        "seq": record.seq,
        "holder": record.holder if isinstance(record, Held) else None,
        "record": {**record_json.witness_fields(record), "signed_by": witness.signed_by},
        "protection": witness.protection.value,
        "version": witness.version,
        "seen_at": witness.seen_at,
    }


def read_row(row: Any) -> Witness:
    known = row.container_kind is not None
    return Witness(
        attachment_id=row.attachment_id,
        container=Container(ContainerKind(row.container_kind), row.container_id) if known else None,
        space_id=row.space_id,
        record=record_json.read_witness(row.record),
        protection=Protection(row.protection),
        version=row.version,
        seen_at=row.seen_at,
        signed_by=row.record.get("signed_by"),
        returned_at=row.returned_at,
    )
