from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from lockpoint.domain import signed_record as records
from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.lock import FoundRecord, Held, Subject, Unreadable
from lockpoint.domain.signed_json import key_id_of
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority, Tenant
from lockpoint.services.edit_requests.ask import ask
from lockpoint.services.errors import AlreadyLockedError, HostUnavailable, QuotaExceeded, SecretUnreadable
from lockpoint.services.idempotency import RequestKey
from lockpoint.services.key_rotation import SigningReport, sign_again
from lockpoint.services.listing.etag import etag_for, still_true
from lockpoint.services.lock_record.waitlist import KEY as LINE
from lockpoint.services.locks import notify_me
from lockpoint.services.locks.acquire import acquire
from lockpoint.services.locks.action import LockOptions
from lockpoint.services.locks.release import release
from lockpoint.services.locks.show import show
from lockpoint.services.notifications import preferences
from lockpoint.services.ports.confluence import Container, ContainerKind, PropertyHost
from lockpoint.services.ports.locks import Effects
from lockpoint.services.ports.tenancy import Registration
from lockpoint.services.reconciliation.reconcile import reconcile
from lockpoint.services.tenancy.lifecycle import InstallRequest, install, uninstall
from lockpoint.services.tenancy.site_settings import change, site_settings
from lockpoint.storage.effects import PostgresEffects
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.enqueue import PostgresJobs
from lockpoint.storage.keyring import Keyring, keyring
from lockpoint.storage.locks.creation_guard import PostgresCreationGuard
from lockpoint.storage.locks.requests import PostgresRequests
from lockpoint.storage.locks.restorations import PostgresRestorations
from lockpoint.storage.locks.witness import PostgresWitnesses
from lockpoint.storage.notifications import mail_log
from lockpoint.storage.notifications.mail_intents import PostgresIntents
from lockpoint.storage.partitions import with_partitions
from lockpoint.storage.privacy.person_store import PostgresPersonStore
from lockpoint.storage.redis_mutexes import connect
from lockpoint.storage.tables import AUDIT_EVENT, INSTALLATION
from lockpoint.storage.tenancy import replaced_secrets, sealed_secrets
from lockpoint.storage.tenancy.installations import PostgresInstallations, PostgresTenants
from lockpoint.storage.tenancy.key_usage import KeyUse, key_uses
from lockpoint.storage.tenancy.sealed_secrets import SealedSecrets, SealingReport
from lockpoint.storage.tenancy.site_states import PostgresSiteStates
from tests.fakes.people import FakeUserProperties
from tests.fakes.world import ACME, ALICE, BOB, SAM, START, World, make_world
from tests.storage.conftest import install as put_site

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


@pytest.fixture
def stage(database: Database) -> Stage:
    tenant = put_site(PostgresInstallations(database, ONLY_OLD), ACME.site_key, base_url=ACME.base_url)
    return Stage(make_world(), database, tenant)


# --- stored secrets --------------------------------------------------------------------------------------------


def many_sites(database: Database, keys: Keyring, count: int) -> PostgresInstallations:
    installations = PostgresInstallations(database, keys)
    for number in range(count):
        put_site(installations, f"site {number}")
    return installations


def secrets_of(database: Database, keys: Keyring) -> list[str | None]:
    with database.single() as connection:
        names = connection.execute(select(INSTALLATION.c.client_key).order_by(INSTALLATION.c.id)).scalars().all()
    found = [PostgresInstallations(database, keys).find(name) for name in names]
    return [one.registration.secret for one in found if one is not None]


def test_after_a_rotation_the_old_key_opens_nothing_and_the_new_one_everything(database: Database) -> None:
    """`keys rotate`; previous secrets, too; sites without a secret need nothing."""
    registration = Registration(
        site_key="acme",
        base_url="https://acme.example/wiki",
        secret="the shared secret",
        previous_secret="the former secret",
        secret_changed_at=START,
    )
    with PostgresInstallations(database, ONLY_OLD).change("acme") as transaction:
        transaction.store(registration)
    put_site(PostgresInstallations(database, ONLY_OLD), "gone", secret=None)
    report = SealedSecrets(database, BOTH).reseal()
    assert report == SealingReport(sealed=1, already=0, unreadable=())
    found = PostgresInstallations(database, ONLY_NEW).find("acme")
    assert found is not None
    assert found.registration == registration
    with pytest.raises(SecretUnreadable):
        PostgresInstallations(database, ONLY_OLD).find("acme")


def test_half_rotated_secrets_are_read_by_every_process_that_knows_both_keys(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F53: stopped between two batches; the next run does the rest."""
    monkeypatch.setattr(sealed_secrets, "BATCH", 2)
    many_sites(database, ONLY_OLD, 5)

    def stopped(_sites: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        SealedSecrets(database, BOTH).reseal(stopped)
    assert SealedSecrets(database, BOTH).by_key() == {ONLY_NEW.newest: 2, ONLY_OLD.newest: 3}
    everybody = [f"secret of site {number}" for number in range(5)]
    assert secrets_of(database, BOTH) == secrets_of(database, BEFORE_THE_MOVE) == everybody
    steps: list[int] = []
    report = SealedSecrets(database, BOTH).reseal(steps.append)
    assert report == SealingReport(sealed=3, already=2, unreadable=())
    assert steps == [2, 2, 1]
    assert secrets_of(database, ONLY_NEW) == everybody


def test_a_secret_that_no_key_opens_is_named_and_left(database: Database) -> None:
    many_sites(database, keyring(["a key that was lost, and of 32 characters"]), 1)
    put_site(PostgresInstallations(database, ONLY_OLD), "fine")
    secrets = SealedSecrets(database, BOTH)
    assert secrets.by_key() == {None: 1, ONLY_OLD.newest: 1}
    assert secrets.reseal() == SealingReport(sealed=1, already=0, unreadable=(1,))
    assert secrets.count() == 2
    found = PostgresInstallations(database, ONLY_NEW).find("fine")
    assert found is not None


def test_wrong_root_keys_are_an_unavailability_that_names_the_site(database: Database) -> None:
    """The message names the setting, too, and never the secret."""
    many_sites(database, ONLY_OLD, 1)
    with pytest.raises(SecretUnreadable, match=r"site 1 cannot be read: no key of LOCKPOINT_SECRET_KEYS"):
        PostgresInstallations(database, ONLY_NEW).find("site 0")


def test_a_lost_former_secret_is_no_trouble(database: Database) -> None:
    """It is accepted for three minutes only."""
    many_sites(database, ONLY_NEW, 1)
    with database.single() as connection:
        lost = ONLY_OLD.seal("the former secret", "site 0")
        connection.execute(update(INSTALLATION).values(previous_secret=lost, secret_changed_at=START))
    found = PostgresInstallations(database, ONLY_NEW).find("site 0")
    assert found is not None
    assert (found.registration.secret, found.registration.previous_secret) == ("secret of site 0", None)


def test_a_lost_former_secret_holds_the_present_one_back_under_no_old_key(database: Database) -> None:
    """The next purge removes the lost one."""
    many_sites(database, ONLY_OLD, 1)
    lost = keyring(["a key that was lost, and of 32 characters"]).seal("the former secret", "site 0")
    with database.single() as connection:
        connection.execute(update(INSTALLATION).values(previous_secret=lost, secret_changed_at=START))
    assert SealedSecrets(database, BOTH).reseal() == SealingReport(sealed=1, already=0, unreadable=(1,))
    assert secrets_of(database, ONLY_NEW) == ["secret of site 0"]
    assert SealedSecrets(database, BOTH).reseal() == SealingReport(sealed=0, already=0, unreadable=(1,))
    assert replaced_secrets.erase(database, START + replaced_secrets.ACCEPTED) == 1
    assert SealedSecrets(database, BOTH).reseal() == SealingReport(sealed=0, already=1, unreadable=())


def test_with_all_keys_lost_a_site_comes_back_by_installing_again(stage: Stage) -> None:
    """Tenant and locks stay."""
    services = stage.process(ONLY_NEW)
    request = InstallRequest(
        site_key=stage.tenant.site_key, base_url=stage.tenant.base_url, secret="a secret of after the loss"
    )
    again = install(services, request)
    assert again.id == stage.tenant.id
    found = services.installations.find(stage.tenant.site_key)
    assert found is not None
    assert (found.registration.secret, found.registration.previous_secret) == ("a secret of after the loss", None)


def test_with_all_keys_lost_a_site_can_leave(stage: Stage) -> None:
    """Erasing a secret does not need to read it."""
    services = stage.process(ONLY_NEW)
    assert uninstall(services, stage.tenant.site_key) is not None
    found = services.installations.find(stage.tenant.site_key)
    assert found is not None
    assert (found.registration.secret, found.tenant.installed) == (None, False)


def test_a_site_at_an_address_of_a_lost_secret_takes_over(stage: Stage) -> None:
    """The previous site there is ended although its secret is unreadable."""
    services = stage.process(ONLY_NEW)
    install(services, InstallRequest(site_key="next", base_url=stage.tenant.base_url, secret="s" * 20))
    former = services.installations.find(stage.tenant.site_key)
    assert former is not None
    assert not former.tenant.installed


# --- lock records ----------------------------------------------------------------------------------------------


def test_in_every_half_rotated_state_locks_are_understood(stage: Stage) -> None:
    """F53: processes with the old key, with both, and with the new key in use."""
    stages_ = [(ONLY_OLD, BEFORE_THE_MOVE), (BEFORE_THE_MOVE, BOTH), (BOTH, BEFORE_THE_MOVE), (BOTH, ONLY_NEW)]
    for number, (writer, reader) in enumerate(stages_, start=1):
        file_id = stage.locked_file(writer, request=str(number))
        held = stage.found(file_id, reader)
        assert isinstance(held, Held)
        key = RequestKey(f"{number + 4:x}" * 32, "digest")
        answer = release(stage.process(reader), stage.actor(ALICE), file_id, key, held.lock_id)
        assert answer is not None
        assert stage.signer(file_id) == reader.newest


def test_a_lock_is_signed_by_the_newest_key_at_its_next_write(stage: Stage) -> None:
    """The witness stores which key signed it."""
    file_id = stage.locked_file(ONLY_OLD)
    assert stage.signer(file_id) == ONLY_OLD.newest
    assert stage.uses(BOTH)[ONLY_OLD.newest].live_locks == 1
    stage.lock(BOTH, file_id, request="2")
    assert stage.signer(file_id) == ONLY_NEW.newest
    assert stage.uses(BOTH)[ONLY_OLD.newest].live_locks == 0
    assert stage.uses(BOTH)[ONLY_NEW.newest].live_locks == 1


def test_rotating_locks_signs_each_once_through_the_conditional_write(stage: Stage) -> None:
    """`keys rotate --locks`: a second run reads no file."""
    files = [stage.locked_file(ONLY_OLD, request=str(number)) for number in range(1, 4)]
    before = {file_id: stage.found(file_id, BOTH) for file_id in files}
    steps: list[None] = []
    report = sign_again(stage.process(BOTH), stage.tenant, step=lambda: steps.append(None))
    assert report == SigningReport(signed=3, already=0, left=())
    assert len(steps) == 3
    for file_id in files:
        old, new = before[file_id], stage.found(file_id, ONLY_NEW)
        assert isinstance(old, Held)
        assert isinstance(new, Held)
        assert new == replace(old, seq=old.seq + 1, op_id=new.op_id, at=new.at, kind=new.kind, began=new.began)
        assert stage.audit(file_id)[-1] == (AuditKind.SIGNED_AGAIN.value, None)
    looked: list[str] = []
    process = stage.process(BOTH)
    counting = replace(process, attachments=Noting(process.attachments, looked))
    assert sign_again(counting, stage.tenant) == SigningReport(signed=0, already=3, left=())
    assert looked == []


@dataclass
class Noting:
    """Attachments that log each read; `failing` may raise first."""

    inner: Any
    looked: list[str]
    failing: Callable[[str], None] = lambda _file_id: None

    def get(self, tenant: Tenant, attachment_id: str, **values: Any) -> Any:
        assert values["priority"] is Priority.SWEEP
        self.looked.append(attachment_id)
        self.failing(attachment_id)
        return self.inner.get(tenant, attachment_id, **values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def test_rotating_locks_waits_for_points_and_names_what_it_cannot_reach(stage: Stage) -> None:
    """At priority SWEEP; an error on one file does not stop the others."""
    files = sorted(stage.locked_file(ONLY_OLD, request=str(number)) for number in range(1, 4))
    looked: list[str] = []

    def failing(file_id: str) -> None:
        if file_id == files[0] and looked.count(file_id) < 3:
            raise QuotaExceeded("the hour's points are used up", 600)
        if file_id == files[1]:
            raise HostUnavailable

    process = stage.process(BOTH)
    before = stage.world.clock.now()
    report = sign_again(replace(process, attachments=Noting(process.attachments, looked, failing)), stage.tenant)
    assert report == SigningReport(signed=2, already=0, left=(files[1],))
    assert stage.world.clock.now() - before >= timedelta(seconds=1200)
    assert stage.signer(files[1]) == ONLY_OLD.newest
    assert sign_again(process, stage.tenant) == SigningReport(signed=1, already=2, left=())


def test_points_that_never_come_stop_the_rotation_where_it_is(stage: Stage) -> None:
    """After three waits; finished work stays."""
    stage.locked_file(ONLY_OLD)

    def failing(_file_id: str) -> None:
        raise QuotaExceeded("the hour's points are used up", 600)

    process = stage.process(BOTH)
    with pytest.raises(QuotaExceeded):
        sign_again(replace(process, attachments=Noting(process.attachments, [], failing)), stage.tenant)


CHOSEN = preferences.Preferences(off=frozenset({MailKind.LOCK_ENDED}), locale="de", time_zone="Europe/Berlin")


def prefers(stage: Stage, keys: Keyring, account: str) -> preferences.Preferences:
    return preferences.read(stage.process(keys), stage.tenant, account, priority=Priority.EVENT)


def test_preferences_of_known_people_come_along(stage: Stage) -> None:
    """Nothing is written for people without choices."""
    stage.locked_file(ONLY_OLD)
    preferences.change(stage.process(ONLY_OLD), stage.actor(ALICE), CHOSEN)
    report = sign_again(stage.process(BOTH), stage.tenant)
    assert (report.people, report.people_left) == (1, 0)
    assert prefers(stage, ONLY_NEW, ALICE) == CHOSEN
    assert sign_again(stage.process(BOTH), stage.tenant).people == 0


def test_preferences_that_cannot_be_reached_are_counted(stage: Stage) -> None:
    """A second rotation signs them."""
    file_id = stage.locked_file(ONLY_OLD)
    preferences.change(stage.process(ONLY_OLD), stage.actor(ALICE), CHOSEN)
    process = stage.process(BOTH)
    failing = FakeUserProperties(trouble=HostUnavailable())
    report = sign_again(replace(process, user_properties=failing), stage.tenant)
    assert (report.people, report.people_left) == (0, 1)
    assert stage.signer(file_id) == ONLY_NEW.newest
    assert sign_again(process, stage.tenant).people == 1


def test_preferences_of_others_are_signed_again_when_they_are_read(stage: Stage) -> None:
    """As before each mail; a refused write does not fail the read."""
    preferences.change(stage.process(ONLY_OLD), stage.actor(BOB), CHOSEN)
    process = stage.process(BOTH)

    class Full(FakeUserProperties):
        def write(self, *_place: Any, **_options: Any) -> None:
            raise HostUnavailable

    full = replace(process, user_properties=Full(process.user_properties.stored))  # type: ignore[attr-defined]
    assert preferences.read(full, stage.tenant, BOB, priority=Priority.EVENT) == CHOSEN
    assert prefers(stage, ONLY_NEW, BOB) == preferences.Preferences()
    assert prefers(stage, BOTH, BOB) == CHOSEN
    assert prefers(stage, ONLY_NEW, BOB) == CHOSEN


def test_those_who_ask_for_a_file_come_along(stage: Stage) -> None:
    """P-11: requests lie in the waitlist, also where nobody else waits."""
    file_id = stage.locked_file(ONLY_OLD)
    old = stage.process(ONLY_OLD)
    lock_id = show(old, stage.actor(BOB), file_id).lock_id or ""
    ask(old, stage.actor(BOB), file_id, RequestKey("request-of-bob-1", "x"), lock_id, "please")
    sign_again(stage.process(BOTH), stage.tenant)
    line = stage.world.host.rows(stage.tenant, PropertyHost.ATTACHMENT, file_id, LINE)[0]
    assert key_id_of(line.value) == ONLY_NEW.newest
    shown = show(stage.process(ONLY_NEW), stage.actor(BOB), file_id)
    assert [one.message for one in shown.requests] == ["please"]


def test_those_who_wait_and_the_settings_come_along(stage: Stage) -> None:
    file_id = stage.locked_file(ONLY_OLD)
    notify_me.ask(stage.process(ONLY_OLD), stage.actor(BOB), file_id)
    change(stage.process(ONLY_OLD), stage.actor(SAM), revision=0, changes={"copy_mode": True})
    sign_again(stage.process(BOTH), stage.tenant)
    after = stage.process(ONLY_NEW)
    line = stage.world.host.rows(stage.tenant, PropertyHost.ATTACHMENT, file_id, LINE)[0]
    assert key_id_of(line.value) == ONLY_NEW.newest
    assert notify_me.ask(after, stage.actor(BOB), file_id).position == 1
    assert site_settings(after, stage.tenant, priority=Priority.SWEEP).copy_mode
    assert site_settings(after, stage.tenant, priority=Priority.SWEEP).revision == 1


def test_a_key_dropped_too_early_is_healed_from_the_witness(stage: Stage) -> None:
    """The audit log reports it; the lock continues."""
    file_id = stage.locked_file(ONLY_OLD)
    before = stage.found(file_id, ONLY_OLD)
    assert isinstance(before, Held)
    assert stage.found(file_id, ONLY_NEW) == Unreadable(records.Flaw.UNKNOWN_KEY, 1)
    reconcile(stage.process(ONLY_NEW), stage.tenant, file_id)
    healed = stage.found(file_id, ONLY_NEW)
    assert isinstance(healed, Held)
    assert (healed.lock_id, healed.holder, healed.expires_at) == (before.lock_id, ALICE, before.expires_at)
    kinds = stage.audit(file_id)
    assert (AuditKind.FLAGGED.value, "unreadable_unknown_key") in kinds
    assert (AuditKind.HEALED.value, "removed_outside") in kinds


def test_with_the_key_dropped_too_early_nobody_takes_a_held_file(stage: Stage) -> None:
    file_id = stage.locked_file(ONLY_OLD)
    with pytest.raises(AlreadyLockedError):
        stage.lock(ONLY_NEW, file_id, BOB, request="2")


def test_the_sweep_learns_who_signed_what_was_written_before_it_was_noted(stage: Stage) -> None:
    """Without a write to Confluence."""
    file_id = stage.locked_file(ONLY_OLD)
    services = stage.process(BOTH)
    known = services.witnesses.get(stage.tenant, file_id)
    assert known is not None
    services.effects.record(stage.tenant, Effects(witness=replace(known, signed_by=None)))
    assert stage.uses(BOTH)[None].live_locks == 1
    reconcile(services, stage.tenant, file_id)
    assert stage.uses(BOTH)[ONLY_OLD.newest].live_locks == 1
    assert stage.signer(file_id) == ONLY_OLD.newest


# --- tags of lists, hashed addresses, and what status says -----------------------------------------------------


def test_a_lists_tag_is_believed_by_processes_on_both_sides_of_a_rotation(stage: Stage) -> None:
    """Otherwise every open dialog would read Confluence again at each deployment."""
    page, actor = Container(ContainerKind.PAGE, "65600"), stage.actor(ALICE)
    tag = etag_for(stage.process(ONLY_OLD), actor, page, "65538", ())
    assert still_true(stage.process(BOTH), actor, page, tag)
    assert still_true(
        stage.process(BEFORE_THE_MOVE), actor, page, etag_for(stage.process(BOTH), actor, page, "65538", ())
    )
    assert not still_true(stage.process(ONLY_NEW), actor, page, tag)
    assert not still_true(stage.process(BOTH), stage.actor(BOB), page, tag)


def log_mail(stage: Stage, keys: Keyring, days_ago: int) -> None:
    at = stage.world.clock.now() - timedelta(days=days_ago)
    with_partitions(
        stage.database,
        [at],
        lambda connection: mail_log.append(
            connection,
            stage.tenant.id,
            at=at,
            kind=MailKind.FILE_AVAILABLE,
            result="sent",
            address=keys.hash_address("bob@example.com"),
        ),
    )


def test_status_tells_what_an_old_key_is_needed_for_and_until_when(stage: Stage) -> None:
    """Secrets and live locks now; hashed addresses for 30 days at most."""
    file_id = stage.locked_file(ONLY_OLD)
    log_mail(stage, ONLY_OLD, days_ago=10)
    log_mail(stage, ONLY_OLD, days_ago=4)
    log_mail(stage, BOTH, days_ago=0)
    now = stage.world.clock.now()
    uses = stage.uses(BOTH)
    assert list(uses) == [ONLY_NEW.newest, ONLY_OLD.newest]
    old = uses[ONLY_OLD.newest]
    assert (old.secrets, old.live_locks, old.address_hashes, old.droppable) == (1, 1, 2, None)
    assert old.address_hashes_until == now + timedelta(days=26)
    SealedSecrets(stage.database, BOTH).reseal()
    assert stage.uses(BOTH)[ONLY_OLD.newest].droppable is None
    sign_again(stage.process(BOTH), stage.tenant)
    assert stage.signer(file_id) == ONLY_NEW.newest
    assert stage.uses(BOTH)[ONLY_OLD.newest].droppable == now + timedelta(days=26)
    newest = stage.uses(BOTH)[ONLY_NEW.newest]
    assert (newest.newest, newest.secrets, newest.live_locks, newest.droppable) == (True, 1, 1, None)


def test_status_names_keys_that_were_dropped_too_early(stage: Stage) -> None:
    """Not configured any more, but still needed."""
    stage.locked_file(ONLY_OLD)
    uses = stage.uses(ONLY_NEW)
    assert (uses[None].secrets, uses[None].configured) == (1, False)
    assert (uses[ONLY_OLD.newest].live_locks, uses[ONLY_OLD.newest].configured) == (1, False)


def test_locks_of_sites_that_left_are_counted_apart(stage: Stage) -> None:
    """We may not call such a site: its locks keep their signature and do not keep the key in use."""
    stage.locked_file(ONLY_OLD)
    SealedSecrets(stage.database, BOTH).reseal()
    with stage.database.single() as connection:
        connection.execute(update(INSTALLATION).values(enabled=False))
        assert connection.execute(select(func.count()).select_from(INSTALLATION)).scalar_one() == 1
    old = stage.uses(BOTH)[ONLY_OLD.newest]
    assert (old.live_locks, old.locks_elsewhere) == (0, 1)
    assert old.droppable == stage.world.clock.now()
