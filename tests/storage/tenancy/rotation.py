"""One Confluence and database, and processes with an old root key, a new one, or both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from lockpoint.domain import signed_record as records
from lockpoint.domain.lock import FoundRecord, Subject
from lockpoint.domain.signed_json import key_id_of
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Tenant
from lockpoint.services.idempotency import RequestKey
from lockpoint.services.locks.acquire import acquire
from lockpoint.services.locks.action import LockOptions
from lockpoint.storage.effects import PostgresEffects
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.enqueue import PostgresJobs
from lockpoint.storage.keyring import Keyring, keyring
from lockpoint.storage.locks.creation_guard import PostgresCreationGuard
from lockpoint.storage.locks.requests import PostgresRequests
from lockpoint.storage.locks.restorations import PostgresRestorations
from lockpoint.storage.locks.witness import PostgresWitnesses
from lockpoint.storage.notifications.mail_intents import PostgresIntents
from lockpoint.storage.privacy.person_store import PostgresPersonStore
from lockpoint.storage.redis_mutexes import connect
from lockpoint.storage.tables import AUDIT_EVENT
from lockpoint.storage.tenancy.installations import PostgresInstallations, PostgresTenants
from lockpoint.storage.tenancy.key_usage import KeyUse, key_uses
from lockpoint.storage.tenancy.site_states import PostgresSiteStates
from tests.fakes.world import ALICE, World

OLD, NEW = "an old root key of more than 32 characters", "a new root key of more than 32 characters"


ONLY_OLD, BOTH, ONLY_NEW = keyring([OLD]), keyring([NEW, OLD]), keyring([NEW])


BEFORE_THE_MOVE = keyring([OLD, NEW])  # the new key is known everywhere, but does not sign yet


@dataclass
class Stage:
    """One Confluence and database, and processes with any keys."""

    world: World
    database: Database
    tenant: Tenant

    def process(self, keys: Keyring) -> Services:
        clock, database = self.world.clock, self.database
        return replace(
            self.world.services,
            effects=PostgresEffects(database, clock),
            jobs=PostgresJobs(database),
            witnesses=PostgresWitnesses(database),
            restorations=PostgresRestorations(database),
            requests=PostgresRequests(database, clock),
            guard=PostgresCreationGuard(database, clock),
            tenants=PostgresTenants(database),
            installations=PostgresInstallations(database, keys),
            allowed_hosts=("*.example",),
            site_states=PostgresSiteStates(database),
            person_store=PostgresPersonStore(database, connect("redis://127.0.0.1:1/0")),
            intents=PostgresIntents(database, keys, clock),
            mac_keys=keys.mac_keys,
            tag_keys=keys.tag_keys,
        )

    def actor(self, account: str) -> Actor:
        return Actor(self.tenant, account)

    def lock(self, keys: Keyring, file_id: str, account: str = ALICE, request: str = "1") -> Any:
        key = RequestKey(request * 32, "digest")
        return acquire(self.process(keys), self.actor(account), file_id, key, LockOptions())

    def locked_file(self, keys: Keyring, request: str = "1") -> str:
        file = self.world.add_file()
        self.lock(keys, file.id, request=request)
        return file.id

    def signer(self, file_id: str) -> str | None:
        return key_id_of(self.world.site().lock_rows(file_id)[0].value)

    def found(self, file_id: str, keys: Keyring) -> FoundRecord:
        row = self.world.site().lock_rows(file_id)[0]
        return records.decode(row.value, row.version, Subject(self.tenant.site_key, file_id), keys.mac_keys)

    def audit(self, file_id: str) -> list[tuple[str, str | None]]:
        rows = select(AUDIT_EVENT.c.kind, AUDIT_EVENT.c.detail).where(AUDIT_EVENT.c.attachment_id == file_id)
        with self.database.single() as connection:
            return [(row.kind, row.detail) for row in connection.execute(rows.order_by(AUDIT_EVENT.c.at))]

    def uses(self, keys: Keyring) -> dict[str | None, KeyUse]:
        found = key_uses(self.database, keys, now=self.world.clock.now(), retention_days=30)
        return {use.key_id: use for use in found}
