"""Two sites of an in-memory Confluence on a real database and cache."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import delete, select

from lockpoint.domain.lock import Held
from lockpoint.services.context import Tenant
from lockpoint.services.edit_requests.ask import ask
from lockpoint.services.edit_requests.decline import decline
from lockpoint.services.idempotency import RequestKey
from lockpoint.services.locks import notify_me
from lockpoint.services.locks.acquire import acquire
from lockpoint.services.locks.action import LockOptions
from lockpoint.services.locks.release import release
from lockpoint.services.locks.show import show
from lockpoint.services.locks.take_over import take_over
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.ports.tenancy import Registration
from lockpoint.storage.effects import PostgresEffects
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.enqueue import PostgresJobs
from lockpoint.storage.jobs.held_file_jobs import PostgresHeldFileJobs
from lockpoint.storage.keyring import keyring
from lockpoint.storage.locks.creation_guard import PostgresCreationGuard
from lockpoint.storage.locks.requests import PostgresRequests
from lockpoint.storage.locks.restorations import PostgresRestorations
from lockpoint.storage.locks.witness import PostgresWitnesses
from lockpoint.storage.notifications.mail_intents import PostgresIntents
from lockpoint.storage.notifications.profiles import PostgresProfiles
from lockpoint.storage.privacy.person_store import PostgresPersonStore
from lockpoint.storage.redis_mutexes import RedisMutexes, connect
from lockpoint.storage.tables import QUEUE
from lockpoint.storage.tenancy.installations import PostgresInstallations, PostgresTenants
from lockpoint.storage.tenancy.site_states import PostgresSiteStates
from lockpoint.worker import handlers
from tests.fakes.confluence.site import StoredFile
from tests.fakes.people import FakePersonalDataReports, FakeUserProperties
from tests.fakes.world import ACME, ALICE, GLOBEX, World, make_services, make_world
from tests.storage.builders import everything

KEYS = keyring(["an invented root key of more than 32 characters"])


@dataclass
class RightsStage:
    world: World
    database: Database
    cache: Any
    numbers: int = 0

    @property
    def services(self) -> Any:
        return self.world.services

    @property
    def reports(self) -> FakePersonalDataReports:
        return self.services.personal_data_reports

    @property
    def user_properties(self) -> FakeUserProperties:
        return self.services.user_properties

    def lock(self, file: StoredFile, who: str = ALICE, tenant: Tenant = ACME, **options: Any) -> str:
        self.numbers += 1
        key = RequestKey(f"request-of-{self.numbers:08}", "same")
        answer = acquire(self.services, self.world.actor(who, tenant), file.id, key, LockOptions(**options))
        assert answer.lock.lock_id is not None
        return answer.lock.lock_id

    def release(self, file: StoredFile, lock_id: str, who: str = ALICE) -> None:
        self.numbers += 1
        key = RequestKey(f"request-of-{self.numbers:08}", "same")
        release(self.services, self.world.actor(who), file.id, key, lock_id)

    def take_over(self, file: StoredFile, lock_id: str, who: str) -> None:
        self.numbers += 1
        key = RequestKey(f"request-of-{self.numbers:08}", "same")
        take_over(self.services, self.world.actor(who), file.id, key, lock_id, "words of a person", LockOptions())

    def ask(self, file: StoredFile, who: str) -> None:
        notify_me.ask(self.services, self.world.actor(who), file.id)

    def request(self, file: StoredFile, who: str, message: str) -> None:
        self.numbers += 1
        key, actor = RequestKey(f"request-of-{self.numbers:08}", "same"), self.world.actor(who)
        lock_id = show(self.services, actor, file.id).lock_id or ""
        ask(self.services, actor, file.id, key, lock_id, message)

    def decline(self, file: StoredFile, who: str, asker: str, note: str) -> None:
        self.numbers += 1
        key, actor = RequestKey(f"request-of-{self.numbers:08}", "same"), self.world.actor(who)
        lock_id = show(self.services, actor, file.id).lock_id or ""
        decline(self.services, actor, file.id, key, lock_id, asker, note)

    def holder(self, file: StoredFile, tenant: Tenant = ACME) -> str | None:
        found = self.world.found(file.id, tenant)
        return found.holder if isinstance(found, Held) else None

    def waiting_jobs(self, kind: JobKind) -> list[Any]:
        with self.database.single() as connection:
            rows = connection.execute(select(QUEUE).where(QUEUE.c.task_name == kind.value).order_by(QUEUE.c.id))
            return list(rows)

    def set_active(self, account: str, active: bool) -> None:
        people = self.world.site().people
        people[account] = replace(people[account], in_use=active)

    def run_jobs(self, *kinds: JobKind) -> None:
        """Run the queue like the worker, future jobs included."""
        work = handlers(self.services)
        for kind in kinds:
            for row in self.waiting_jobs(kind):
                with self.database.single() as connection:
                    connection.execute(delete(QUEUE).where(QUEUE.c.id == row.id))
                work[kind](row.args["tenant_id"], row.args["subject"])

    def stored(self) -> str:
        """Return Postgres and Redis as one text."""
        keys = list(self.cache.scan_iter())
        return "\n".join([everything(self.database), *map(str, keys), *(repr(self.cache.dump(key)) for key in keys)])

    def in_confluence(self, tenant: Tenant = ACME) -> str:
        """Return the site's properties as one text."""
        site = self.world.site(tenant)
        people = {key: value for key, value in self.user_properties.stored.items() if key[0] == tenant.id}
        return repr(site.rows) + repr(site.app_properties) + repr(people)


@contextmanager
def rights_stage(database_url: str, redis_url: str) -> Iterator[RightsStage]:
    database = Database(database_url, size=8)
    with connect(redis_url) as cache:
        world = make_world()
        for tenant in (ACME, GLOBEX):
            _install(database, tenant)
        clock = world.clock
        stored: dict[str, Any] = {
            "effects": PostgresEffects(database, clock),
            "jobs": PostgresJobs(database),
            "held_file_jobs": PostgresHeldFileJobs(database),
            "witnesses": PostgresWitnesses(database),
            "restorations": PostgresRestorations(database),
            "requests": PostgresRequests(database, clock),
            "guard": PostgresCreationGuard(database, clock),
            "tenants": PostgresTenants(database),
            "site_states": PostgresSiteStates(database),
            "intents": PostgresIntents(database, KEYS, clock),
            "mutexes": RedisMutexes(cache),
            "profiles": PostgresProfiles(database),
            "person_store": PostgresPersonStore(database, cache),
            "tokens": KEYS,
        }
        world.services = make_services(world.host, world.tables, **stored)
        yield RightsStage(world, database, cache)
    database.close()


def _install(database: Database, tenant: Tenant) -> None:
    registration = Registration(site_key=tenant.site_key, base_url=tenant.base_url, secret="invented")
    with PostgresInstallations(database, KEYS).change(tenant.site_key) as change:
        assert change.store(registration) == tenant


def switch(stage: RightsStage, tenant: Tenant, *, on: bool) -> Tenant:
    """The app stays installed."""
    with PostgresInstallations(stage.database, KEYS).change(tenant.site_key) as change:
        known = change.find(tenant.site_key)
        assert known is not None
        return change.store(replace(known.registration, secret="invented", installed=True, enabled=on))


def uninstall(stage: RightsStage, tenant: Tenant) -> None:
    with PostgresInstallations(stage.database, KEYS).change(tenant.site_key) as change:
        known = change.find(tenant.site_key)
        assert known is not None
        change.store(replace(known.registration, secret=None, installed=False, enabled=False))
