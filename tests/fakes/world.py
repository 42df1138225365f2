"""Fakes of every port, and a `World` that combines them: two sites, the usual people, one clock.

world = make_world()
file = world.add_file()
locks.acquire(world.services, world.actor(ALICE), file.id, key(), LockOptions())
world.site().upload(file.id, BOB, b"mine")
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from lockpoint.domain.lock import FoundRecord
from lockpoint.domain.signed_json import MacKeys
from lockpoint.mail.link_pages import GettextPages
from lockpoint.mail.macro_document import GettextMacro
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Tenant
from lockpoint.services.known_pages import KnownPages
from lockpoint.services.lock_record.file_state import reading_of
from lockpoint.services.ports.confluence import Person, StoredProperty
from tests.fakes.confluence.site import APP_ACCOUNT, FakeSite, Page, StoredFile
from tests.fakes.confluence.whole import FakeConfluence
from tests.fakes.forge import ports_about_forge
from tests.fakes.mailer import FakeMailer
from tests.fakes.people import ports_about_people
from tests.fakes.redis import FakeMutexes, FakeSharedPoints
from tests.fakes.storage.audit_log import FakeAuditLog
from tests.fakes.storage.effects import FakeEffects
from tests.fakes.storage.jobs import FakeHeldFileJobs, FakeJobs
from tests.fakes.storage.lock_index import FakeLockIndex
from tests.fakes.storage.mails import FakeIntents, FakeMailFigures, FakeRecentIntents
from tests.fakes.storage.requests import FakeCreationGuard, FakeRequests
from tests.fakes.storage.restorations import FakeRestorations
from tests.fakes.storage.sites import FakeSiteHealth, FakeSiteStates, FakeTenants
from tests.fakes.storage.tables import Tables
from tests.fakes.storage.witnesses import FakeWitnesses
from tests.fakes.tenancy import ports_about_sites

T = TypeVar("T")
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ALICE = "557058:a11ce000-0000-4000-8000-000000000001"
BOB = "557058:b0b00000-0000-4000-8000-000000000002"
CHARLIE = "557058:c4a711e0-0000-4000-8000-000000000003"
DANA = "557058:da4a0000-0000-4000-8000-000000000004"
SAM = "557058:5a300000-0000-4000-8000-000000000005"
GINA = "557058:61a00000-0000-4000-8000-000000000006"
HANK = "557058:4a4c0000-0000-4000-8000-000000000007"
NAMES = {ALICE: "Alice", BOB: "Bob", CHARLIE: "Charlie", DANA: "Dana", SAM: "Sam", GINA: "Gina", HANK: "Hank"}
ACME = Tenant(id=1, site_key="acme-client-key", base_url="https://acme.example/wiki")
GLOBEX = Tenant(id=2, site_key="globex-client-key", base_url="https://globex.example/wiki")
KEYS = MacKeys("k1", {"k1": b"0123456789abcdef0123456789abcdef"})
TAG_KEYS = MacKeys("k1", {"k1": b"fedcba9876543210fedcba9876543210"})

__all__ = ["APP_ACCOUNT", "FakeClock", "FakeIds", "World", "make_services", "make_world"]


class FakeClock:
    """Moves only by `advance` and `sleep`."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)

    def advance(self, **amount: float) -> None:
        self.at += timedelta(**amount)


class FakeParallel:
    def each(self, work: Callable[[T], None], items: Iterable[T]) -> None:
        for item in items:
            work(item)


class FakeIds:
    """Counts."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def new(self) -> str:
        return f"{next(self._numbers):032x}"

    def fraction(self) -> float:
        return 0.5


def make_services(host: FakeConfluence, tables: Tables, **other: Any) -> Services:
    """`other` replaces single ports or settings."""
    ports: dict[str, Any] = {
        "clock": tables.clock,
        "ids": FakeIds(),
        "parallel": FakeParallel(),
        "attachments": host.attachments,
        "lock_properties": host.lock_properties,
        "properties": host.properties,
        "people": host.people,
        "directory": host.directory,
        "search": host.search,
        "scratch": host.scratch,
        "comments": host.comments,
        "audit_log": FakeAuditLog(tables),
        "effects": FakeEffects(tables),
        "jobs": FakeJobs(tables),
        "held_file_jobs": FakeHeldFileJobs(tables),
        "witnesses": FakeWitnesses(tables),
        "lock_index": FakeLockIndex(tables),
        "restorations": FakeRestorations(tables),
        "requests": FakeRequests(tables),
        "guard": FakeCreationGuard(tables),
        "tenants": FakeTenants(tables),
        "site_states": FakeSiteStates(tables),
        "intents": FakeIntents(tables),
        "mail_figures": FakeMailFigures(tables),
        "recent_intents": FakeRecentIntents(tables),
        "site_health": FakeSiteHealth(tables),
        "shared_points": FakeSharedPoints(),
        "points_per_hour": 65_000,
        "mutexes": FakeMutexes(),
        "mailer": FakeMailer(),
        "link_pages": GettextPages(),
        "macro_words": GettextMacro(),
        **ports_about_people(tables),
        **ports_about_sites(tables),
        **ports_about_forge(tables),
        "mac_keys": KEYS,
        "tag_keys": TAG_KEYS,
        "known_pages": KnownPages(later=lambda _seconds, _call: None),
    }
    return Services(**(ports | other))


@dataclass
class World:
    clock: FakeClock
    host: FakeConfluence
    tables: Tables
    services: Services
    pages: dict[int, Page] = field(default_factory=dict)

    def site(self, tenant: Tenant = ACME) -> FakeSite:
        return self.host.site(tenant)

    def actor(self, account: str, tenant: Tenant = ACME) -> Actor:
        return Actor(tenant, account)

    def add_file(self, author: str = ALICE, tenant: Tenant = ACME, **values: Any) -> StoredFile:
        return self.site(tenant).add_file(self.pages[tenant.id], author, **values)

    def found(self, file_id: str, tenant: Tenant = ACME) -> FoundRecord:
        """The state of the record on the file."""
        return self.reading_in(self.site(tenant).lock_rows(file_id), file_id, tenant)

    def reading_in(self, rows: Sequence[StoredProperty], file_id: str, tenant: Tenant = ACME) -> FoundRecord:
        """What these property rows say about the file."""
        return reading_of(self.services, tenant, file_id, rows[0] if rows else None)


def make_world(**other: Any) -> World:
    """Two sites with people and one page each; `other` replaces single ports or settings of the services."""
    clock = FakeClock()
    host = FakeConfluence(clock)
    tables = Tables(clock)
    world = World(clock, host, tables, make_services(host, tables, **other))
    casts = ((ACME, (ALICE, BOB, CHARLIE, DANA, SAM)), (GLOBEX, (GINA, HANK)))
    for tenant, cast in casts:
        tables.tenants[tenant.id] = tenant
        site = world.site(tenant)
        site.people = {account: Person(account, NAMES[account], in_use=True) for account in cast}
        site.addresses = {account: f"{NAMES[account].lower()}@example.com" for account in cast}
        world.pages[tenant.id] = site.add_page()
    acme = world.site()
    acme.viewers, acme.space_admins, acme.site_admins = {CHARLIE}, {DANA}, {SAM}
    return world
