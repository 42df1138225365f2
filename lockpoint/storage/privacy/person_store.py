"""What is stored of people; each method is one statement or one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import redis

from lockpoint.services.context import Tenant
from lockpoint.services.ports.privacy import (
    Erasure,
    ErasureOrder,
    Origin,
    PrivacyRight,
    Reported,
    ReportSettlement,
    Row,
)
from lockpoint.storage.engine import Database
from lockpoint.storage.privacy import account_reports, erasures, person_data


class PostgresPersonStore:
    def __init__(self, database: Database, cache: redis.Redis) -> None:
        self._database = database
        self._cache = cache

    def export(self, tenant: Tenant, account: str) -> Mapping[str, Sequence[Row]]:
        with self._database.transaction() as connection:
            return person_data.export(connection, tenant, account)

    def erase(self, tenant: Tenant, account: str, pseudonym: str, *, keep_files: bool) -> bool:
        person_data.erase_in_cache(self._cache, account)
        with self._database.transaction() as connection:
            return person_data.erase(connection, tenant, account, pseudonym, keep_files=keep_files)

    def files_of(
        self, tenant: Tenant, account: str, *, after: str | None, limit: int, own: bool | None = None
    ) -> Sequence[str]:
        with self._database.single() as connection:
            return person_data.files_of(connection, tenant, account, after=after, limit=limit, own=own)

    def tenants_naming(self, account: str) -> Sequence[int]:
        with self._database.single() as connection:
            return person_data.tenants_naming(connection, account)

    def note_request(self, tenant: Tenant, right: PrivacyRight, origin: Origin, at: datetime) -> int:
        with self._database.single() as connection:
            return erasures.asked(connection, tenant, right, origin, at)

    def note_fulfilled(self, request_id: int, at: datetime) -> None:
        with self._database.single() as connection:
            erasures.done(connection, request_id, at)

    def begin_erasures(self, tenant: Tenant, orders: Sequence[ErasureOrder], at: datetime) -> Sequence[Erasure]:
        with self._database.transaction() as connection:
            return erasures.begin(connection, tenant, orders, at)

    def erasure(self, request_id: int) -> Erasure | None:
        with self._database.single() as connection:
            return erasures.get(connection, request_id)

    def erasures(self) -> Sequence[Erasure]:
        with self._database.single() as connection:
            return erasures.under_way(connection)

    def note_progress(self, request_id: int, cursor: str, skipped: int) -> None:
        with self._database.single() as connection:
            erasures.note(connection, request_id, cursor=cursor, skipped=skipped)

    def put_off_erasure(self, request_id: int, due_at: datetime) -> None:
        with self._database.single() as connection:
            erasures.note(connection, request_id, cursor=None, skipped=0, due_at=due_at)

    def finish_erasure(self, erasure: Erasure, at: datetime) -> None:
        with self._database.transaction() as connection:
            erasures.finish(connection, erasure, at)

    def list_accounts(self, tenant: Tenant, now: datetime) -> None:
        with self._database.transaction() as connection:
            account_reports.bring_in_line(connection, tenant, now)

    def listed_accounts(self, tenant: Tenant) -> Sequence[str]:
        with self._database.single() as connection:
            return account_reports.listed(connection, tenant)

    def due_accounts(self, tenant: Tenant, now: datetime, limit: int) -> Sequence[Reported]:
        with self._database.single() as connection:
            return account_reports.due(connection, tenant, now, limit)

    def closed_accounts(self, tenant: Tenant) -> frozenset[str]:
        with self._database.single() as connection:
            return account_reports.closed(connection, tenant)

    def reopen_accounts(self, tenant: Tenant, digests: Sequence[str]) -> None:
        with self._database.single() as connection:
            account_reports.reopen(connection, tenant, digests)

    def settle_report(self, tenant: Tenant, settlement: ReportSettlement) -> None:
        with self._database.transaction() as connection:
            account_reports.settle(connection, tenant, settlement)

    def put_off_reports(self, tenant: Tenant, until: datetime) -> None:
        with self._database.single() as connection:
            account_reports.store_cycle(connection, tenant, not_before=until)
