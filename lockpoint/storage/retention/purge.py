"""Deletion of expired partitions and rows, and the report of what is left.

All rows of a UTC day go when its first instant is old enough: no row is ever older than the limit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Date,
    Table,
    delete,
    exists,
    false,
    func,
    or_,
    select,
    text,
    tuple_,
    update,
)

from lockpoint.domain.events import ABOUT_LIVE_LOCKS
from lockpoint.domain.lock import MOVES
from lockpoint.services.errors import StorageUnavailable
from lockpoint.services.ports.maintenance import PurgeReport
from lockpoint.services.ports.runtime import Clock
from lockpoint.storage.engine import Database
from lockpoint.storage.locks import requests
from lockpoint.storage.notifications.mail_intents import WITHOUT_PEOPLE
from lockpoint.storage.partitions import drop_expired, expired, old_rows_elsewhere
from lockpoint.storage.privacy import account_reports, erasures
from lockpoint.storage.tables import (
    ACCOUNT_PROFILE,
    CREATION_GUARD,
    EMAIL_INTENT,
    ERASURE,
    LOCK_WITNESS,
    PRIVACY_REQUEST,
    REQUEST_OUTCOME,
    RESTORATION,
    USAGE_DAILY,
)
from lockpoint.storage.tenancy import departed_sites, forge_tokens, replaced_secrets, usage_counts

logger = logging.getLogger(__name__)

BATCH: Final = 5000
PARTITIONS: Final = "partitions"
QUEUE: Final = "procrastinate_jobs"
EXPIRED_TOKENS: Final = "expired_tokens"
UNINSTALLED: Final = "uninstalled"
"""Data of sites that uninstalled 30 days ago; the table follows after a dot."""

PEOPLE: Final = "people"
"""People in rows that stay as long as their lock; the table follows behind a dot."""

FORMER_SECRETS: Final = "former_secrets"
SMALL_COUNTS: Final = "small_counts"
"""Usage counts that could be of one person; they are added to what is called other."""

REQUESTS_STAY: Final = timedelta(days=365)

ERASURES: Final = "erasures"
REPORTS: Final = "account_reports"

OPERATION_NEEDS: Final = 3
"""Days that rows of running work stay at least."""

_TO_BE_SURE: Final = OPERATION_NEEDS + 1
"""All rows of a day go at once: for its last one to have stayed so long, its first one stays a day longer."""

WITNESS_STAYS: Final = 30
"""Days that witnesses stay, whatever the setting: by them an erasure finds the files to clean."""

# Jobs hold only ids, but ids are data; a job's events go with it. A waiting one goes as well: sweeps and searches find
# its subject again. A running one ends, or is requeued when its worker died.
_OLD_JOBS: Final = (
    "status IN ('todo', 'failed', 'aborted', 'cancelled', 'succeeded') AND id IN"
    " (SELECT job_id FROM procrastinate_events GROUP BY job_id HAVING max(at) < :before)"
)


@dataclass(frozen=True, slots=True)
class Aged:
    """A table whose rows go by age since `since`: the operator's days, or a time of its own.

    Those that `stay` longer only lose their `people`: columns, with what is in them then.
    """

    table: Table
    since: Column[datetime] | Column[date]
    own: timedelta | None = None
    least: int = 1
    stay: ColumnElement[bool] = field(default_factory=false)
    people: Mapping[str, object] = field(default_factory=dict)

    def gone(self, now: datetime, days: int) -> ColumnElement[bool]:
        """The condition for rows that must be gone."""
        return self._old(now, days) & ~self.stay

    def named(self, now: datetime, days: int) -> ColumnElement[bool]:
        """The condition for rows that stay, and must not name people any more."""
        left = (self.table.c[name].is_distinct_from(empty) for name, empty in self.people.items())
        return self._old(now, days) & self.stay & or_(false(), *left)

    def _old(self, now: datetime, days: int) -> ColumnElement[bool]:
        if self.own is not None:
            return self.since < now - self.own
        first = first_kept(now, max(days, self.least))
        return self.since < (first.date() if isinstance(self.since.type, Date) else first)


def _of_live_lock(table: Table) -> ColumnElement[bool]:
    """What was undone and told under a lock is neither counted anew nor told again while it lives.

    The same holds for the lock that it followed in one write: what came in between both look at.
    """
    witness, ended = LOCK_WITNESS.c, LOCK_WITNESS.c.record["ended"]
    followed = ended["reason"].astext.in_(MOVES) & (ended["lock_id"].astext == table.c.lock_id)
    return exists().where(
        witness.tenant_id == table.c.tenant_id,
        witness.attachment_id == table.c.attachment_id,
        witness.holder.is_not(None),
        or_(witness.record["lock_id"].astext == table.c.lock_id, followed),
    )


AGED: Final = (
    Aged(ACCOUNT_PROFILE, ACCOUNT_PROFILE.c.used_at),
    Aged(LOCK_WITNESS, LOCK_WITNESS.c.seen_at, least=WITNESS_STAYS),
    Aged(
        RESTORATION,
        RESTORATION.c.at,
        least=_TO_BE_SURE,
        stay=_of_live_lock(RESTORATION),
        people={"offenders": []},
    ),
    Aged(
        EMAIL_INTENT,
        EMAIL_INTENT.c.created_at,
        least=_TO_BE_SURE,
        stay=_of_live_lock(EMAIL_INTENT) & EMAIL_INTENT.c.kind.in_(ABOUT_LIVE_LOCKS) & EMAIL_INTENT.c.done,
        people=WITHOUT_PEOPLE,
    ),
    Aged(REQUEST_OUTCOME, REQUEST_OUTCOME.c.started_at, own=requests.KEPT),
    Aged(CREATION_GUARD, CREATION_GUARD.c.until, own=timedelta()),
    Aged(USAGE_DAILY, USAGE_DAILY.c.day),
    Aged(
        PRIVACY_REQUEST,
        PRIVACY_REQUEST.c.asked_at,
        own=REQUESTS_STAY,
        stay=exists().where(ERASURE.c.request_id == PRIVACY_REQUEST.c.id),
    ),
)


def first_kept(now: datetime, days: int) -> datetime:
    """The first instant of the oldest UTC day that began less than `days` days ago."""
    day = (now.astimezone(UTC) - timedelta(days=days)).date() + timedelta(days=1)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


class Retention:
    def __init__(self, database: Database, clock: Clock, days: int) -> None:
        self._database = database
        self._clock = clock
        self._days = days

    def purge(self) -> PurgeReport:
        """Can be stopped and repeated at any point; two at once do no harm.

        A failing step does not stop the others; `StorageUnavailable` only when no database answers.
        """
        now = self._clock.now()
        failed: list[str] = []
        gone = {name: _tried(name, step, failed) for name, step in self._steps(now).items()}
        return PurgeReport(
            at=now,
            retention_days=self._days,
            gone={name: count for name, count in gone.items() if name not in failed},
            overdue=self.overdue(now),
            failed=tuple(failed),
            late=self.late(now),
        )

    def _steps(self, now: datetime) -> Mapping[str, Callable[[], int]]:
        steps: dict[str, Callable[[], int]] = {PARTITIONS: lambda: drop_expired(self._database, now, self._days)}
        for aged in AGED:
            steps[aged.table.name] = lambda aged=aged: self._delete(aged.table, aged.gone(now, self._days))  # type: ignore[misc]
            if aged.people:
                steps[f"{PEOPLE}.{aged.table.name}"] = lambda aged=aged: self._remove_people(aged, now)  # type: ignore[misc]
        steps[QUEUE] = lambda: self._drop_jobs(now)
        steps[REPORTS] = lambda: account_reports.drop_unnamed(self._database)
        steps[FORMER_SECRETS] = lambda: replaced_secrets.erase(self._database, now)
        steps[SMALL_COUNTS] = lambda: usage_counts.fold_small(self._database, now.astimezone(UTC).date())
        steps[EXPIRED_TOKENS] = lambda: forge_tokens.erase_expired(self._database, now)
        for table in departed_sites.OF_SITES:
            steps[f"{UNINSTALLED}.{table.name}"] = lambda table=table: departed_sites.erase_rows(
                self._database, table, now
            )  # type: ignore[misc]
        steps[f"{UNINSTALLED}.{QUEUE}"] = lambda: departed_sites.drop_jobs(self._database, now)
        steps[f"{UNINSTALLED}.installation"] = lambda: departed_sites.strip_registrations(self._database, now)
        return steps

    def _drop_jobs(self, now: datetime) -> int:
        statement = text(f"DELETE FROM procrastinate_jobs WHERE {_OLD_JOBS}")  # noqa: S608 - a constant of ours
        with self._database.single() as connection:
            return connection.execute(statement, {"before": self._jobs_before(now)}).rowcount

    def _jobs_before(self, now: datetime) -> datetime:
        return first_kept(now, max(self._days, _TO_BE_SURE))

    def _delete(self, table: Table, old: ColumnElement[bool]) -> int:
        key = tuple_(*table.primary_key.columns)
        batch = delete(table).where(key.in_(select(*table.primary_key.columns).where(old).limit(BATCH)))
        gone = 0
        while True:
            with self._database.single() as connection:
                count = connection.execute(batch).rowcount
            gone += count
            if count == 0:
                return gone

    def _remove_people(self, aged: Aged, now: datetime) -> int:
        statement = update(aged.table).where(aged.named(now, self._days)).values(aged.people)
        with self._database.single() as connection:
            return connection.execute(statement).rowcount

    def overdue(self, now: datetime) -> dict[str, int]:
        """Count, by place, what should be gone by then."""
        with self._database.single() as connection:
            found = {PARTITIONS: len(expired(connection, now, self._days))}
            found |= old_rows_elsewhere(connection, first_kept(now, self._days))
            for aged in AGED:
                found[aged.table.name] = _count(connection, aged.table, aged.gone(now, self._days))
                if aged.people:
                    named = aged.named(now, self._days)
                    found[f"{PEOPLE}.{aged.table.name}"] = _count(connection, aged.table, named)
            old_jobs = text(f"SELECT count(*) FROM procrastinate_jobs WHERE {_OLD_JOBS}")  # noqa: S608 - as above
            found[QUEUE] = connection.execute(old_jobs, {"before": self._jobs_before(now)}).scalar_one()
            found[REPORTS] = account_reports.unnamed(connection)
            found[UNINSTALLED] = departed_sites.left_over(connection, now)
            found[FORMER_SECRETS] = replaced_secrets.left_over(connection, now)
            found[SMALL_COUNTS] = usage_counts.small(connection, now.astimezone(UTC).date())
            found[EXPIRED_TOKENS] = forge_tokens.expired(connection, now)
        return found

    def late(self, now: datetime) -> dict[str, int]:
        """Count what others than the purge should have done by then."""
        with self._database.single() as connection:
            return {ERASURES: erasures.late(connection, now), REPORTS: account_reports.late(connection, now)}


def _tried(name: str, step: Callable[[], int], failed: list[str]) -> int:
    """A failing step is logged, and has removed nothing that could be counted."""
    try:
        return step()
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one place, the others are purged
        cause = str(error) if isinstance(error, StorageUnavailable) else type(error).__name__
        logger.warning("a step of the purge failed", extra={"step": name, "cause": cause})
        failed.append(name)
        return 0


def _count(connection: Connection, table: Table, old: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).select_from(table).where(old)).scalar_one()
