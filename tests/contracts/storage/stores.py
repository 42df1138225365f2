"""Both storages behind the same ports: in memory, as in the use cases' tests, and on Postgres."""

from dataclasses import dataclass
from typing import Any

from lockpoint.services.context import Tenant
from lockpoint.services.ports.tenancy import Registration
from lockpoint.storage.effects import PostgresEffects
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.enqueue import PostgresJobs
from lockpoint.storage.jobs.held_file_jobs import PostgresHeldFileJobs
from lockpoint.storage.keyring import keyring
from lockpoint.storage.locks.creation_guard import PostgresCreationGuard
from lockpoint.storage.locks.lock_index import PostgresLockIndex
from lockpoint.storage.locks.requests import PostgresRequests
from lockpoint.storage.locks.restorations import PostgresRestorations
from lockpoint.storage.locks.witness import PostgresWitnesses
from lockpoint.storage.notifications.mail_figures import PostgresMailFigures
from lockpoint.storage.notifications.mail_intents import PostgresIntents
from lockpoint.storage.notifications.recent_intents import PostgresRecentIntents
from lockpoint.storage.privacy.audit_log import PostgresAuditLog
from lockpoint.storage.tenancy.installations import PostgresInstallations, PostgresTenants
from lockpoint.storage.tenancy.site_states import PostgresSiteStates
from tests.fakes.storage.audit_log import FakeAuditLog
from tests.fakes.storage.effects import FakeEffects
from tests.fakes.storage.jobs import FakeHeldFileJobs, FakeJobs
from tests.fakes.storage.lock_index import FakeLockIndex
from tests.fakes.storage.mails import FakeIntents, FakeMailFigures, FakeRecentIntents
from tests.fakes.storage.requests import FakeCreationGuard, FakeRequests
from tests.fakes.storage.restorations import FakeRestorations
from tests.fakes.storage.sites import FakeSiteStates, FakeTenants
from tests.fakes.storage.tables import Tables
from tests.fakes.storage.witnesses import FakeWitnesses
from tests.fakes.world import ACME, GLOBEX, FakeClock
from tests.storage.builders import count, queue


@dataclass
class Store:
    """One implementation of the storage ports, with access to what it stored."""

    clock: FakeClock
    effects: Any
    audit_log: Any
    jobs: Any
    held_file_jobs: Any
    witnesses: Any
    lock_index: Any
    recent_intents: Any
    restorations: Any
    requests: Any
    guard: Any
    site_states: Any
    intents: Any
    mail_figures: Any
    tenants: Any
    acme: Tenant
    globex: Tenant
    audit_rows: Any
    waiting: Any


def in_memory(clock: FakeClock) -> Store:
    tables = Tables(clock, tenants={1: ACME, 2: GLOBEX})
    return Store(
        clock,
        FakeEffects(tables),
        FakeAuditLog(tables),
        FakeJobs(tables),
        FakeHeldFileJobs(tables),
        FakeWitnesses(tables),
        FakeLockIndex(tables),
        FakeRecentIntents(tables),
        FakeRestorations(tables),
        FakeRequests(tables),
        FakeCreationGuard(tables),
        FakeSiteStates(tables),
        FakeIntents(tables),
        FakeMailFigures(tables),
        FakeTenants(tables),
        ACME,
        GLOBEX,
        lambda: len(tables.audit),
        lambda: [(job.kind.value, job.tenant_id, job.subject) for job in tables.jobs],
    )


def on_postgres(clock: FakeClock, database: Database) -> Store:
    keys = keyring(["an invented root key of more than 32 characters"])
    sites = [_install(PostgresInstallations(database, keys), tenant) for tenant in (ACME, GLOBEX)]
    return Store(
        clock,
        PostgresEffects(database, clock),
        PostgresAuditLog(database),
        PostgresJobs(database),
        PostgresHeldFileJobs(database),
        PostgresWitnesses(database),
        PostgresLockIndex(database),
        PostgresRecentIntents(database),
        PostgresRestorations(database),
        PostgresRequests(database, clock),
        PostgresCreationGuard(database, clock),
        PostgresSiteStates(database),
        PostgresIntents(database, keys, clock),
        PostgresMailFigures(database),
        PostgresTenants(database),
        sites[0],
        sites[1],
        lambda: count(database, "audit_event"),
        lambda: [(row.task_name, row.args["tenant_id"], row.args["subject"]) for row in queue(database)],
    )


def _install(installations: PostgresInstallations, tenant: Tenant) -> Tenant:
    with installations.change(tenant.site_key) as change:
        return change.store(Registration(site_key=tenant.site_key, base_url=tenant.base_url, secret="invented"))
