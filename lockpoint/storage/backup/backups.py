"""Backups of the registrations, their secrets and the log of installs.

Nothing with a limit of 30 days is in them; locks come back from Confluence. Of departed sites they have only what stays
for good: nobody can erase it from a backup 30 days later.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam, delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError, ProgrammingError

from lockpoint.services.errors import OperatorRefusal, SecretUnreadable
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.runtime import Clock
from lockpoint.services.ports.tenancy import InstallationEvent, Licence
from lockpoint.storage.backup import folder
from lockpoint.storage.backup.file_format import NONCE_BYTES, BackupHeader, pack, read_header, unpack
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.enqueue import enqueue
from lockpoint.storage.keyring import Keyring
from lockpoint.storage.migrate import revisions
from lockpoint.storage.tables import INSTALLATION, INSTALLATION_EVENT, METADATA, QUEUE
from lockpoint.storage.tenancy.departed_sites import STRIPPED

TABLES: Final = (INSTALLATION, INSTALLATION_EVENT)
LEFT_OUT: Final = frozenset({"previous_secret", "secret_changed_at"})
"""A replaced secret is accepted for three minutes: no backup needs it."""

_OF_DEPARTED: Final = {column.name: value for column, value in STRIPPED.items() if column.name not in LEFT_OUT}

NOT_MIGRATED: Final = frozenset({"42P01", "42703"})
"""SQLSTATEs of a missing table and a missing column."""

# One statement, so one moment: a site that installs now is in both tables or in neither.
_SNAPSHOT: Final = text(
    "SELECT (SELECT version_num FROM alembic_version) AS revision,"
    " (SELECT coalesce(jsonb_agg(to_jsonb(i) ORDER BY i.id), '[]') FROM installation i) AS installation,"
    " (SELECT coalesce(jsonb_agg(to_jsonb(e) ORDER BY e.id), '[]') FROM installation_event e) AS installation_event"
)


@dataclass(frozen=True, slots=True)
class Backup:
    header: BackupHeader
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    created_at: datetime
    rows: Mapping[str, int]
    active_sites: int


class Backups:
    """Raises `StorageUnavailable`, and `OperatorRefusal` with the reason, with nothing changed."""

    def __init__(self, database: Database, keys: Keyring, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock

    def create(self) -> Backup:
        """Make a backup under the newest key, with every secret sealed under it: restoring takes one key."""
        with self._database.single() as connection, _of_our_schema():
            found = connection.execute(_SNAPSHOT).one()
        content = {
            "installation": [self._sealed_anew(_worth_keeping(row)) for row in found.installation],
            "installation_event": found.installation_event,
        }
        data = pack(
            content,
            self._keys,
            created_at=self._clock.now(),
            schema_revision=found.revision,
            nonce=secrets.token_bytes(NONCE_BYTES),
        )
        return Backup(read_header(data), data)

    def store(self, place: Path) -> tuple[Backup, Path]:
        backup = self.create()
        return backup, folder.write(place, backup.header.created_at, backup.data)

    def prune(self, place: Path, *, dry_run: bool) -> folder.Pruned:
        return folder.prune(place, self._clock.now(), dry_run=dry_run)

    def in_folder(self, place: Path) -> Sequence[BackupHeader]:
        return folder.headers(place)

    def restore(self, data: bytes, *, replace: bool) -> Restored:
        """Restore the registrations, all or nothing, and queue a search for every active site's locks.

        Refuses a database that has any, unless `replace`: then rows whose site is another one now are deleted, and a
        site that left since the backup stays uninstalled.
        """
        header, content = unpack(data, self._keys)
        if header.schema_revision not in revisions():
            raise OperatorRefusal(f"the backup was made by a newer Lockpoint: schema {header.schema_revision}")
        rows = {**content, "installation": [self._restorable(row) for row in content["installation"]]}
        with self._database.transaction() as connection, _of_our_schema():
            _make_room(connection, replace=replace)
            for table in TABLES:
                _insert(connection, table, rows[table.name])
            _date_departures(connection, self._clock.now())
            _end_departed_again(connection, header.created_at)
            _forget_other_sites(connection)
            active = _look_for_locks(connection)
        return Restored(created_at=header.created_at, rows=header.rows, active_sites=active)

    def _restorable(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """An unknown licence word counts as none, until one is heard."""
        licence = row.get("licence")
        known = licence is None or licence in frozenset(Licence)
        return self._sealed_anew(row if known else {**row, "licence": Licence.NONE.value})

    def _sealed_anew(self, row: Mapping[str, Any]) -> dict[str, Any]:
        if row["secret"] is None:
            return dict(row)
        owner = row["client_key"]
        try:
            return {**row, "secret": self._keys.seal(self._keys.unseal(row["secret"], owner), owner)}
        except SecretUnreadable as error:
            raise OperatorRefusal(f"the shared secret of site {row['id']} cannot be read: {error}") from None


def _worth_keeping(row: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if name not in LEFT_OUT}
    return kept if row["installed"] else {**kept, **_OF_DEPARTED}


@contextmanager
def _of_our_schema() -> Iterator[None]:
    """Refuse a database that was not migrated, or does not take the backup's rows."""
    try:
        yield
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) not in NOT_MIGRATED:
            raise
        raise OperatorRefusal("the database lacks our tables; run `lockpoint migrate` first") from None
    except IntegrityError:
        raise OperatorRefusal("the rows of the backup do not fit the tables of this version") from None


def _make_room(connection: Connection, *, replace: bool) -> None:
    """Lock the tables until the end of the transaction and empty them."""
    connection.execute(text("LOCK TABLE installation, installation_event IN EXCLUSIVE MODE"))
    sites, events = (connection.execute(select(func.count()).select_from(table)).scalar_one() for table in TABLES)
    if (sites or events) and not replace:
        raise OperatorRefusal(
            f"the database is not empty: it has {sites} sites and {events} events; --replace puts the backup in place"
        )
    connection.execute(
        text(
            "CREATE TEMPORARY TABLE site_before ON COMMIT DROP AS"
            " SELECT id, client_key, installed, uninstalled_at FROM installation"
        )
    )
    for table in reversed(TABLES):
        connection.execute(delete(table))


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Keep the ids; columns that an older backup lacks get their defaults."""
    if not rows:
        return
    columns = sorted({name for row in rows for name in row})
    unknown = [name for name in columns if name not in table.columns]
    if unknown:
        raise OperatorRefusal(f"the backup was made by a newer Lockpoint: {table.name} has {', '.join(unknown)}")
    listed = ", ".join(f'"{name}"' for name in columns)
    # Only names of our own tables and columns; the values are one bound parameter.
    statement = (
        f"INSERT INTO {table.name} ({listed}) OVERRIDING SYSTEM VALUE"  # noqa: S608 - as said above
        f" SELECT {listed} FROM jsonb_populate_recordset(NULL::{table.name}, :rows)"
    )
    connection.execute(text(statement).bindparams(bindparam("rows", rows, JSONB)))
    sequence = f"{table.name}_id_seq"
    connection.execute(
        text(f"SELECT setval('{sequence}', greatest(last_value, (SELECT max(id) FROM {table.name}))) FROM {sequence}")  # noqa: S608 - the same
    )


def _date_departures(connection: Connection, now: datetime) -> None:
    """A site whose backup lacks the time of its departure is erased 30 days from now."""
    gone = ~INSTALLATION.c.installed & INSTALLATION.c.uninstalled_at.is_(None)
    connection.execute(update(INSTALLATION).where(gone).values(uninstalled_at=now))


def _end_departed_again(connection: Connection, made_at: datetime) -> None:
    """End installations that the replaced rows say have ended: Confluence reports no departure twice."""
    left = text(
        "SELECT i.id, b.uninstalled_at FROM installation i JOIN site_before b USING (client_key)"
        " WHERE i.installed AND NOT b.installed AND b.uninstalled_at > :made_at"
    )
    for site, moment in connection.execute(left, {"made_at": made_at}).all():
        ended = {**STRIPPED, INSTALLATION.c.installed: False, INSTALLATION.c.enabled: False}
        connection.execute(
            update(INSTALLATION)
            .where(INSTALLATION.c.id == site)
            .values({**ended, INSTALLATION.c.uninstalled_at: moment})
        )
        event = {"tenant_id": site, "event": InstallationEvent.UNINSTALLED.value, "at": moment}
        connection.execute(insert(INSTALLATION_EVENT).values(event))


def _forget_other_sites(connection: Connection) -> None:
    """Delete rows under a number that is now another site's: no site may see another's data."""
    same = (
        connection.execute(
            text(
                "SELECT id FROM installation i WHERE EXISTS (SELECT FROM site_before b"
                " WHERE b.id = i.id AND b.client_key = i.client_key)"
            )
        )
        .scalars()
        .all()
    )
    for table in METADATA.sorted_tables:
        if "tenant_id" in table.columns and table not in TABLES:
            connection.execute(delete(table).where(table.c.tenant_id != func.all(same)))
    of_site = QUEUE.c.args["tenant_id"].as_integer()
    connection.execute(delete(QUEUE).where(of_site.is_not(None), of_site != func.all(same)))


def _look_for_locks(connection: Connection) -> int:
    """Queue what an install would; return how many sites."""
    active = INSTALLATION.c.installed & INSTALLATION.c.enabled
    sites = connection.execute(select(INSTALLATION.c.id).where(active)).scalars().all()
    enqueue(connection, [Job(kind, site) for site in sites for kind in (JobKind.REDISCOVER, JobKind.SELF_TEST)])
    return len(sites)
