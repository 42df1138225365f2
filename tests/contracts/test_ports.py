"""One suite for both storages: in memory, as in the use cases' tests, and on Postgres."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.history.judge import KnownRestoration
from lockpoint.domain.pseudonyms import tombstone
from lockpoint.domain.settings import SiteSettings, SpaceRules, SpaceSettings, site_fields, space_fields
from lockpoint.services.context import Tenant
from lockpoint.services.errors import WitnessMoved
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.listing import ListedState, LockOrder, LockQuery
from lockpoint.services.ports.locks import AuditEvent, AuditQuery, Effects, Protection
from lockpoint.services.ports.notifications import COMMENTED, MailHealth, MailIntent, NotBefore
from lockpoint.services.ports.runtime import BegunRequest, RequestState
from lockpoint.services.ports.tenancy import Registration, SettingsNote, SiteState, Switches
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
from tests.fakes.storage import (
    FakeAuditLog,
    FakeCreationGuard,
    FakeEffects,
    FakeHeldFileJobs,
    FakeIntents,
    FakeJobs,
    FakeLockIndex,
    FakeMailFigures,
    FakeRecentIntents,
    FakeRequests,
    FakeRestorations,
    FakeSiteStates,
    FakeTenants,
    FakeWitnesses,
    Tables,
)
from tests.fakes.world import ACME, ALICE, BOB, DANA, GLOBEX, START, FakeClock
from tests.storage.builders import (
    PAGE,
    about_person,
    audit_event,
    count,
    free,
    held,
    intent,
    queue,
    restoration,
    witness,
)


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


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    clock = FakeClock()
    if request.param == "memory":
        yield in_memory(clock)
        return
    database = Database(request.getfixturevalue("database_url"), size=8)
    yield on_postgres(clock, database)
    database.close()


def overwrite(event_key: str, **values: Any) -> MailIntent:
    """Alice is to hear of an overwrite of Bob's."""
    usual = {"kind": MailKind.OVERWRITE_ATTEMPT, "recipient": ALICE, "actor": BOB, "lock_id": "l"}
    return intent(event_key=event_key, **(usual | values))


def begin(
    store: Store, request_id: str = "r", account: str = ALICE, number: int = 1, digest: str = "d"
) -> BegunRequest:
    outcome: BegunRequest = store.requests.begin(
        store.acme, account, request_id, digest=digest, lock_id=f"lock {number}", op_id=f"op {number}"
    )
    return outcome


class TestRequests:
    @pytest.mark.parametrize("kind", [AuditKind.ACQUIRED, AuditKind.TAKEN_OVER, AuditKind.HANDED_OVER])
    def test_a_lock_that_others_found_is_known_to_its_call(self, store: Store, kind: AuditKind) -> None:
        """L-03: by person and lock id, on this site only, and only where its beginning was recovered."""
        begin(store)
        begin(store, "other", number=2)
        began = audit_event(kind=kind, lock_id="lock 1", recovered=True)
        store.effects.record(store.globex, Effects(audit=(began,)))
        for row in (replace(began, account=BOB), replace(began, seq=2, recovered=False)):
            store.effects.record(store.acme, Effects(audit=(replace(row, attachment_id="124"),)))
        store.effects.record(store.acme, Effects(audit=(replace(began, seq=3, kind=AuditKind.EXTENDED),)))
        assert not store.requests.lock_began(store.acme, ALICE, "r")
        store.effects.record(store.acme, Effects(audit=(began,)))
        assert store.requests.lock_began(store.acme, ALICE, "r")
        assert not store.requests.lock_began(store.acme, ALICE, "other")

    def test_a_new_request_id_is_fresh_with_the_given_ids(self, store: Store) -> None:
        assert begin(store) == BegunRequest(state=RequestState.FRESH, digest="d", lock_id="lock 1", op_id="op 1")

    def test_a_twin_in_flight_is_running(self, store: Store) -> None:
        """The twin's ids, not the new ones."""
        begin(store)
        again = begin(store, number=2)
        assert (again.state, again.lock_id) == (RequestState.RUNNING, "lock 1")

    def test_an_attempt_that_died_is_resumed_with_its_ids(self, store: Store) -> None:
        """After a crash the repeated call works under the same lock id and op id."""
        begin(store)
        store.clock.advance(seconds=61)
        again = begin(store, number=2)
        assert (again.state, again.lock_id, again.op_id) == (RequestState.RESUMED, "lock 1", "op 1")
        assert begin(store, number=3).state is RequestState.RUNNING

    def test_an_abandoned_attempt_is_resumed_at_once(self, store: Store) -> None:
        begin(store)
        store.requests.abandon(store.acme, ALICE, "r")
        assert begin(store, number=2).state is RequestState.RESUMED

    def test_a_finished_request_tells_its_outcome(self, store: Store) -> None:
        """Status, error and lock id; abandoning it afterwards changes nothing."""
        begin(store)
        store.effects.record(store.acme, Effects(request=(ALICE, "r", 409, "already_locked")))
        store.requests.abandon(store.acme, ALICE, "r")
        again = begin(store, number=2)
        assert (again.state, again.status, again.error) == (RequestState.DONE, 409, "already_locked")
        assert again.lock_id == "lock 1"

    def test_another_body_shows_in_the_digest(self, store: Store) -> None:
        """The caller compares digests."""
        begin(store)
        assert begin(store, number=2, digest="other").digest == "d"

    def test_request_ids_belong_to_a_person_of_a_site(self, store: Store) -> None:
        begin(store)
        assert begin(store, account=BOB).state is RequestState.FRESH
        other = store.requests.begin(store.globex, ALICE, "r", digest="d", lock_id="l", op_id="o")
        assert other.state is RequestState.FRESH

    def test_one_of_many_simultaneous_calls_is_fresh(self, store: Store) -> None:
        with ThreadPoolExecutor(8) as threads:
            states = [outcome.state for outcome in threads.map(lambda n: begin(store, number=n), range(8))]
        assert sorted(states) == [RequestState.FRESH] + [RequestState.RUNNING] * 7


class TestCreationGuard:
    def claim(self, store: Store, op_id: str, file_id: str = "1") -> bool:
        won: bool = store.guard.claim(store.acme, file_id, op_id, until=store.clock.now() + timedelta(seconds=60))
        return won

    def test_one_of_many_simultaneous_claims_wins(self, store: Store) -> None:
        """One creator of a file's first record at a time."""
        with ThreadPoolExecutor(8) as threads:
            won = list(threads.map(lambda n: self.claim(store, f"op {n}"), range(8)))
        assert won.count(True) == 1

    def test_the_owner_may_claim_again(self, store: Store) -> None:
        """After a time-out the same op id still owns the guard."""
        assert self.claim(store, "a")
        assert self.claim(store, "a")
        assert not self.claim(store, "b")

    def test_a_claim_runs_out(self, store: Store) -> None:
        """Free once no write of its owner can land any more."""
        assert self.claim(store, "a")
        store.clock.advance(seconds=59)
        assert not self.claim(store, "b")
        store.clock.advance(seconds=1)
        assert self.claim(store, "b")

    def test_only_the_owner_gives_it_back(self, store: Store) -> None:
        """A late release of a former owner changes nothing."""
        assert self.claim(store, "a")
        store.guard.release(store.acme, "1", "b")
        assert not self.claim(store, "b")
        store.guard.release(store.acme, "1", "a")
        assert self.claim(store, "b")

    def test_files_and_sites_are_apart(self, store: Store) -> None:
        assert self.claim(store, "a")
        assert self.claim(store, "b", "2")
        assert store.guard.claim(store.globex, "1", "c", until=START + timedelta(minutes=1))


class TestWitnesses:
    def test_effects_that_were_decided_on_less_than_is_known_are_not_stored(self, store: Store) -> None:
        """L-21: who saw no lock, or an older record, owes other mails than who saw its beginning."""
        store.effects.record(store.acme, Effects(witness=witness(record=held(seq=2))))
        ends = Effects(witness=witness(record=free(seq=3)), audit=(audit_event(seq=3),), intents=(intent(),))
        for less in ((0, 0), (1, 1)):
            with pytest.raises(WitnessMoved):
                store.effects.record(store.acme, replace(ends, decided_on=less))
        assert (store.witnesses.get(store.acme, "123").record, store.audit_rows()) == (held(seq=2), 0)
        store.effects.record(store.globex, replace(ends, decided_on=(0, 0)))
        store.effects.record(store.acme, replace(ends, decided_on=(1, 2)))
        assert (store.witnesses.get(store.acme, "123").record.seq, store.audit_rows()) == (3, 2)
        assert sorted(job[:2] for job in store.waiting()) == [
            ("send_mail", store.acme.id),
            ("send_mail", store.globex.id),
        ]

    def test_what_was_recorded_is_read_back(self, store: Store) -> None:
        """Without notes and reasons."""
        kept = witness(record=held(ended=free().ended, expires_at=None, unlock_on_upload=True))
        ended = witness("124", record=free(), protection=Protection.APP_BLOCKED)
        store.effects.record(store.acme, Effects(witness=kept))
        store.effects.record(store.acme, Effects(witness=ended))
        assert store.witnesses.get(store.acme, "123") == kept
        assert store.witnesses.get(store.acme, "124") == ended
        assert store.witnesses.get(store.globex, "123") is None

    @pytest.mark.parametrize(
        ("first", "second", "kept"),
        [((1, 5), (1, 6), (1, 6)), ((1, 6), (1, 5), (1, 6)), ((2, 1), (1, 9), (2, 1)), ((1, 9), (2, 1), (2, 1))],
    )
    def test_an_older_record_never_replaces_a_newer_one(
        self, store: Store, first: tuple[int, int], second: tuple[int, int], kept: tuple[int, int]
    ) -> None:
        """The witness is the newest known record, by epoch and then seq."""
        for epoch, seq in (first, second):
            store.effects.record(store.acme, Effects(witness=witness(record=held(epoch=epoch, seq=seq))))
        record = store.witnesses.get(store.acme, "123").record
        assert (record.epoch, record.seq) == kept

    def test_a_record_without_a_place_keeps_the_known_one(self, store: Store) -> None:
        """A write that did not read the page."""
        store.effects.record(store.acme, Effects(witness=witness()))
        store.effects.record(store.acme, Effects(witness=witness(container=None, space_id=None, record=held(seq=2))))
        known = store.witnesses.get(store.acme, "123")
        assert (known.container, known.space_id) == (PAGE, "65538")

    def test_held_files_are_found_by_id_and_page(self, store: Store) -> None:
        """Unlocked files and other sites' are not named."""
        store.effects.record(store.acme, Effects(witness=witness("1")))
        store.effects.record(store.acme, Effects(witness=witness("2", record=free())))
        store.effects.record(store.globex, Effects(witness=witness("3")))
        assert store.witnesses.held_among(store.acme, iter(["1", "2", "3", "99999999999999999999"])) == {"1"}
        assert store.witnesses.held_among(store.acme, []) == frozenset()
        assert store.witnesses.held_in(store.acme, [PAGE.id, "7"]) == {"1"}
        assert store.witnesses.held_in(store.globex, [PAGE.id]) == {"3"}

    def test_only_locked_files_get_their_jobs(self, store: Store) -> None:
        """L-51: of the caller's site; once."""
        store.effects.record(store.acme, Effects(witness=witness("1")))
        store.effects.record(store.acme, Effects(witness=witness("2", record=free())))
        store.effects.record(store.globex, Effects(witness=witness("3")))
        jobs = {file: about_person(JobKind.TRASHED, store.acme.id, f"{file}:{BOB}") for file in ("1", "2", "3")}
        for _ in range(2):
            assert store.held_file_jobs.defer(store.acme, jobs) == 1
        assert store.waiting() == [("trashed", store.acme.id, f"1:{BOB}")]
        assert store.held_file_jobs.defer(store.acme, {}) == 0

    def test_live_locks_are_listed_in_pieces(self, store: Store) -> None:
        for number in ("3", "1", "2"):
            store.effects.record(store.acme, Effects(witness=witness(number)))
        first = store.witnesses.live(store.acme, limit=2)
        rest = store.witnesses.live(store.acme, after=first[-1].attachment_id, limit=2)
        assert [row.attachment_id for row in (*first, *rest)] == ["1", "2", "3"]

    def test_locks_that_are_over_are_counted_apart(self, store: Store) -> None:
        """L-17: caps are about live locks; the margin of 30 s belongs to them."""
        store.effects.record(store.acme, Effects(witness=witness("1")))
        store.effects.record(store.acme, Effects(witness=witness("2", record=held(holder=BOB))))
        endless = held(lock_id="4" * 32, expires_at=None)
        store.effects.record(store.acme, Effects(witness=witness("4", record=endless)))
        over = held().expires_at
        assert over is not None
        for seconds, running in ((29, 3), (30, 1)):
            at = over + timedelta(seconds=seconds)
            assert store.witnesses.count_held(store.acme, running_at=at) == running
        assert store.witnesses.count_held(store.acme, BOB, running_at=over + timedelta(seconds=30)) == 0

    def test_locks_are_counted_per_site_and_person(self, store: Store) -> None:
        """Caps are per person and per tenant."""
        store.effects.record(store.acme, Effects(witness=witness("1")))
        store.effects.record(store.acme, Effects(witness=witness("2", record=held(holder=BOB))))
        store.effects.record(store.acme, Effects(witness=witness("3", record=free())))
        assert store.witnesses.count_held(store.acme) == 2
        assert store.witnesses.count_held(store.acme, ALICE) == 1
        assert store.witnesses.count_held(store.globex) == 0
        later = START + timedelta(days=1)
        assert store.witnesses.ended_naming(store.acme, later, after="", limit=9) == ["3"]
        assert store.witnesses.ended_naming(store.acme, later, after="3", limit=9) == []
        assert store.witnesses.ended_naming(store.acme, START, after="", limit=9) == []
        assert store.witnesses.ended_naming(store.globex, later, after="", limit=9) == []
        store.effects.record(store.acme, Effects(witness=witness("3", record=tombstone(free()))))
        assert store.witnesses.ended_naming(store.acme, later, after="", limit=9) == []
        assert [one.record.holder for one in store.witnesses.held_by(store.acme, ALICE)] == [ALICE]
        store.effects.record(store.acme, Effects(witness=witness("4")))
        assert list(store.witnesses.holders(store.acme)) == sorted((ALICE, BOB))
        assert list(store.witnesses.holders(store.globex)) == []
        assert list(store.witnesses.held_by(store.globex, ALICE)) == []

    def test_a_change_of_protection_is_told_once(self, store: Store) -> None:
        """An unlocked or unknown file has no protection."""
        store.effects.record(store.acme, Effects(witness=witness("1")))
        store.effects.record(store.acme, Effects(witness=witness("2", record=free())))
        assert store.witnesses.set_protection(store.acme, "1", Protection.APP_BLOCKED)
        assert not store.witnesses.set_protection(store.acme, "1", Protection.APP_BLOCKED)
        assert not store.witnesses.set_protection(store.acme, "2", Protection.APP_BLOCKED)
        assert not store.witnesses.set_protection(store.globex, "1", Protection.APP_BLOCKED)
        assert store.witnesses.get(store.acme, "1").protection is Protection.APP_BLOCKED

    def test_the_newest_version_that_was_seen_is_kept(self, store: Store) -> None:
        """A new number is a change; a look without one, and a record without one, leave it as it was."""
        store.effects.record(store.acme, Effects(witness=witness("1")))
        assert store.witnesses.get(store.acme, "1").version is None
        assert store.witnesses.set_protection(store.acme, "1", Protection.PROTECTED, 3)
        assert not store.witnesses.set_protection(store.acme, "1", Protection.PROTECTED, 3)
        assert not store.witnesses.set_protection(store.acme, "1", Protection.PROTECTED)
        assert not store.witnesses.set_protection(store.globex, "1", Protection.PROTECTED, 4)
        store.effects.record(store.acme, Effects(witness=witness("1", record=held(seq=9))))
        assert store.witnesses.get(store.acme, "1").version == 3
        store.effects.record(store.acme, Effects(witness=replace(witness("1", record=held(seq=10)), version=2)))
        assert store.witnesses.get(store.acme, "1").version == 2

    def test_files_are_found_by_how_they_are_marked(self, store: Store) -> None:
        """Of this site only, ended ones too."""
        store.effects.record(store.acme, Effects(witness=witness("1", protection=Protection.APP_BLOCKED)))
        store.effects.record(
            store.acme, Effects(witness=witness("2", record=free(), protection=Protection.END_UNWRITTEN))
        )
        store.effects.record(store.acme, Effects(witness=witness("3")))
        store.effects.record(store.globex, Effects(witness=witness("4", protection=Protection.APP_BLOCKED)))
        marks = (Protection.APP_BLOCKED, Protection.END_UNWRITTEN)
        assert store.witnesses.marked(store.acme, marks) == {"1", "2"}
        assert store.witnesses.marked(store.acme, marks[:1]) == {"1"}
        assert store.witnesses.marked(store.acme, ()) == frozenset()

    def test_a_record_that_was_seen_again_stays(self, store: Store) -> None:
        """A record seen again is kept another 30 days; an older read changes nothing."""
        store.effects.record(store.acme, Effects(witness=witness()))
        for days in (3, 1):
            store.witnesses.still_there(store.acme, "123", START + timedelta(days=days))
        store.witnesses.still_there(store.globex, "123", START)
        assert store.witnesses.get(store.acme, "123") == witness(seen_at=START + timedelta(days=3))

    def test_it_can_be_told_whether_a_site_has_any(self, store: Store) -> None:
        """An ended lock counts, too."""
        assert not store.witnesses.any(store.acme)
        store.effects.record(store.acme, Effects(witness=witness("1", record=free())))
        assert store.witnesses.any(store.acme)
        assert not store.witnesses.any(store.globex)


LATER = START + timedelta(hours=72)
HIDDEN = Protection.APP_BLOCKED
INDEXED: dict[str, dict[str, Any]] = {
    "1": {"record": held(expires_at=LATER, acquired_at=START - timedelta(hours=1))},
    "2": {"record": held(expires_at=None, holder=BOB), "protection": HIDDEN},
    "3": {"record": held(holder=BOB), "space_id": "7", "container": replace(PAGE, id="9")},
    "4": {"record": held(expires_at=START), "space_id": None},
    "5": {"record": held(expires_at=START - timedelta(seconds=30))},
    "6": {"record": free()},
    "7": {"record": held(expires_at=LATER, acquired_at=START + timedelta(microseconds=500_000))},
}
"""1 and 7 end together, 2 is endless, 3 of another space and page, 4 ends, 5 has run out, 6 has ended."""


class TestLockIndex:
    @pytest.fixture
    def indexed(self, store: Store) -> Store:
        for number, values in INDEXED.items():
            store.effects.record(store.acme, Effects(witness=witness(number, **values)))
        store.effects.record(store.globex, Effects(witness=witness("8")))
        return store

    def ids(self, store: Store, **query: Any) -> str:
        found = store.lock_index.page(store.acme, LockQuery(viewer=ALICE, now=START, **query))
        return "".join(one.attachment_id for one in found)

    @pytest.mark.parametrize(
        ("query", "wanted"),
        [
            ({}, "43172"),
            ({"order": LockOrder.EXPIRES_DOWN}, "27134"),
            ({"order": LockOrder.SINCE}, "12347"),
            ({"order": LockOrder.SINCE_DOWN}, "74321"),
            ({"limit": 2}, "43"),
            ({"holder": BOB}, "32"),
            ({"page_id": "9"}, "3"),
            ({"space_id": "7"}, "43"),
            ({"space_id": "65538"}, "4172"),
            ({"state": ListedState.ENDING}, "4"),
            ({"state": ListedState.MINE}, "17"),
            ({"state": ListedState.OTHER}, "32"),
            ({"state": ListedState.UNPROTECTED}, "2"),
            ({"named": (frozenset("16"), frozenset([BOB]))}, "312"),
            ({"named": (frozenset(), frozenset())}, ""),
            ({"after": (LATER, "1")}, "72"),
            ({"after": (None, "2")}, ""),
            ({"order": LockOrder.EXPIRES_DOWN, "after": (None, "2")}, "7134"),
        ],
    )
    def test_locks_are_chosen_in_order(self, indexed: Store, query: dict[str, Any], wanted: str) -> None:
        """L-60"""
        assert self.ids(indexed, **query) == wanted

    @pytest.mark.parametrize("order", LockOrder)
    @pytest.mark.parametrize("limit", [1, 2, 3])
    def test_parts_make_the_whole(self, indexed: Store, order: LockOrder, limit: int) -> None:
        """L-60: nothing lost, nothing twice."""
        parts, after = "", None
        while part := self.ids(indexed, order=order, limit=limit, after=after):
            parts += part
            last = INDEXED[part[-1]]["record"]
            after = (last.acquired_at if "since" in order else last.expires_at, part[-1])
        assert parts == self.ids(indexed, order=order)

    def test_locks_are_counted_by_protection(self, indexed: Store) -> None:
        assert indexed.lock_index.protections(indexed.acme, None, START) == {Protection.PROTECTED: 4, HIDDEN: 1}
        assert indexed.lock_index.protections(indexed.acme, "7", START) == {Protection.PROTECTED: 2}


class TestLedger:
    def test_one_audit_row_per_event(self, store: Store) -> None:
        """One for each write of a record; else unique by tenant, attachment, kind and time, also without a file."""
        settings = audit_event(attachment_id=None, kind=AuditKind.SETTINGS_CHANGED, epoch=0, seq=0)
        conflict = audit_event(kind=AuditKind.CONFLICT, epoch=0, seq=0)
        rows = (audit_event(), audit_event(seq=2), audit_event(epoch=2), conflict)
        again = audit_event(kind=AuditKind.EXTENDED)
        for _ in range(2):
            store.effects.record(store.acme, Effects(audit=(*rows, settings, again)))
        store.effects.record(store.globex, Effects(audit=rows[:1]))
        assert store.audit_rows() == 6

    @pytest.mark.parametrize("later", [{"kind": AuditKind.EXTENDED}, {"at": START - timedelta(days=2)}])
    @pytest.mark.parametrize("turn", [1, -1])
    def test_a_record_write_has_one_row(self, store: Store, later: dict[str, Any], turn: int) -> None:
        """L-64: the first stays, whatever the second says about kind and time, and whether one was recovered."""
        second = audit_event(recovered=True, **later)
        for row in (audit_event(), second)[::turn]:
            store.effects.record(store.acme, Effects(audit=(row,)))
        assert store.audit_rows() == 1
        store.effects.record(store.acme, Effects(audit=(audit_event(attachment_id="124"), second)))
        assert store.audit_rows() == 2

    def test_a_person_is_told_one_thing_once(self, store: Store) -> None:
        """At most one message per event and person, with one send job."""
        wanted = (intent(), intent(recipient=DANA), intent(event_key="other"), intent(kind=MailKind.LOCK_ENDED))
        for _ in range(2):
            store.effects.record(store.acme, Effects(intents=wanted))
        assert [job for job in store.waiting() if job[0] == "send_mail"] == [
            ("send_mail", store.acme.id, str(number)) for number in range(1, 5)
        ]

    def test_an_intent_is_read_back_and_finished(self, store: Store) -> None:
        told = intent(actor=ALICE, lock_id="l", version=7, detail="undone")
        store.effects.record(store.acme, Effects(intents=(told,)))
        stored = store.intents.get(1)
        assert (stored.tenant_id, stored.intent, stored.done) == (store.acme.id, told, False)
        store.intents.finish(stored, result="sent", address="Bob@example.com")
        assert store.intents.get(1) == replace(stored, done=True)
        assert store.intents.get(2) is None

    def claim(self, store: Store, *numbers: int) -> list[Any]:
        """What the mails of these intents tell: numbers of intents, or whose job goes on when."""
        turns = [store.intents.claim(store.intents.get(number)) for number in numbers]
        return [turn if isinstance(turn, NotBefore) else [one.id for one in turn] for turn in turns]

    def test_the_first_mail_leaves_at_once_and_the_rest_in_a_digest(self, store: Store) -> None:
        """Of one lock, kind and other person; the first waiting one has the job, and crashed mails are repeated."""
        first, *waiting = (overwrite(str(number)) for number in range(4))
        others = overwrite("4", actor=None), overwrite("5", lock_id="m"), overwrite("6", recipient=DANA)
        store.effects.record(store.acme, Effects(intents=(first,)))
        store.effects.record(store.globex, Effects(intents=(first,)))
        assert self.claim(store, 1, 1, 2) == [[1], [1], [2]]
        store.effects.record(store.acme, Effects(intents=(*waiting, *others)))
        later = START + timedelta(minutes=10)
        assert self.claim(store, 3, 5, 6, 7, 8) == [NotBefore(3, later), NotBefore(3, later), [6], [7], [8]]
        store.intents.finish(store.intents.get(1), result="sent", address="alice@example.com")
        assert self.claim(store, 1, 4) == [[], NotBefore(3, later)]
        store.clock.advance(minutes=10)
        assert self.claim(store, 4, 3, 5, 4) == [[3, 4, 5], [], [], [3, 4, 5]]
        store.intents.finish(store.intents.get(4), result="sent", address="alice@example.com")
        assert [store.intents.get(number).done for number in range(1, 7)] == [True, False, True, True, True, False]

    def test_what_a_mail_lets_go_another_tells(self, store: Store) -> None:
        """And the mail that had claimed it finishes without it."""
        store.effects.record(store.acme, Effects(intents=tuple(overwrite(str(number)) for number in range(3))))
        assert self.claim(store, 1) == [[1, 2, 3]]
        store.intents.let_go([store.intents.get(2)])
        assert self.claim(store, 1) == [[1, 3]]
        store.intents.finish(store.intents.get(1), result="sent", address="alice@example.com")
        assert [store.intents.get(number).done for number in (1, 2, 3)] == [True, False, True]
        store.clock.advance(minutes=10)
        assert self.claim(store, 2) == [[2]]

    def test_a_comment_that_was_begun_is_known(self, store: Store) -> None:
        """Whoever comes after a lost answer looks first; a comment counts like a mail."""
        first, second, *others = (overwrite(str(number)) for number in range(4))
        store.effects.record(store.acme, Effects(intents=(first,)))
        stored = store.intents.get(1)
        assert self.claim(store, 1) == [[1]]
        assert [store.intents.begin_comment(stored) for _ in range(2)] == [False, True]
        store.intents.finish(stored, result=COMMENTED, address=None)
        store.effects.record(store.acme, Effects(intents=(second, *others)))
        assert self.claim(store, 2) == [NotBefore(2, START + timedelta(minutes=10))]

    def test_how_mails_fare_in_numbers(self, store: Store) -> None:
        """By person their newest news counts; the other site and older days do not."""
        mails = [
            intent(event_key=f"{who}{number}", kind=MailKind.FILE_AVAILABLE, recipient=who)
            for who in (ALICE, BOB, DANA)
            for number in range(2)
        ]
        for site in (store.acme, store.globex):
            store.effects.record(site, Effects(intents=tuple(mails)))
        results = {1: "hidden", 2: "sent", 3: "sent", 4: "not_approved", 5: "refused"}
        for number, result in results.items():
            address = "x@example.com" if result in {"sent", "refused"} else None
            store.intents.finish(store.intents.get(number), result=result, address=address)
        seen = MailHealth(waiting=1, parked=0, refused=1, unreachable=1, commented=0)
        assert store.mail_figures.read(store.acme, START - timedelta(days=7)) == seen
        store.intents.finish(store.intents.get(6), result=COMMENTED, address=None)
        now = store.mail_figures.read(store.acme, START - timedelta(days=7))
        assert now == replace(seen, waiting=0, commented=1)
        assert store.mail_figures.read(store.acme, START + timedelta(days=1)) == MailHealth(
            waiting=0, parked=0, refused=0, unreachable=0, commented=0
        )

    def test_twenty_mails_an_hour_the_last_tells_everything(self, store: Store) -> None:
        """Mails that say that a lock no longer protects are not counted and not held back; a mail that failed is."""
        wanted = [intent(event_key=f"{number:03}", kind=MailKind.FILE_AVAILABLE) for number in range(30)]
        urgent = [intent(event_key=f"{number}", kind=MailKind.PAUSED) for number in range(2)]
        store.effects.record(store.acme, Effects(intents=(*urgent, *wanted)))
        assert self.claim(store, *range(1, 22)) == [[number] for number in range(1, 22)]
        assert self.claim(store, 22) == [list(range(22, 33))]
        more = tuple(intent(event_key=f"more {number}", kind=MailKind.FILE_AVAILABLE) for number in range(3))
        store.effects.record(store.acme, Effects(intents=(*more, intent(event_key="2", kind=MailKind.PAUSED))))
        later = START + timedelta(hours=1)
        assert self.claim(store, 33, 34, 36) == [NotBefore(33, later), NotBefore(34, later), [36]]
        store.intents.finish(store.intents.get(3), result="not_visible", address=None)
        assert self.claim(store, 34, 33, 35) == [[33, 34, 35], [], []]

    def test_a_mail_that_did_not_leave_for_an_hour_begins_anew(self, store: Store) -> None:
        """With what came since, and when there is room."""
        store.effects.record(store.acme, Effects(intents=(overwrite("1"),)))
        assert self.claim(store, 1) == [[1]]
        store.effects.record(store.acme, Effects(intents=(overwrite("2"),)))
        store.clock.advance(minutes=59)
        assert self.claim(store, 1) == [[1]]
        store.clock.advance(minutes=1)
        assert self.claim(store, 1, 2) == [[1, 2], []]

    def test_one_of_many_simultaneous_mails_is_the_first(self, store: Store) -> None:
        store.effects.record(store.acme, Effects(intents=tuple(overwrite(str(number)) for number in range(8))))
        with ThreadPoolExecutor(8) as threads:
            turns = list(threads.map(lambda number: self.claim(store, number)[0], range(1, 9)))
        assert sorted(turns) == [[]] * 7 + [[*range(1, 9)]]

    def test_what_a_person_was_owed_lately_is_told_again(self, store: Store) -> None:
        """Newest first, told or not; each person's own, on their site."""
        for key in ("old", "told", "new"):
            store.effects.record(store.acme, Effects(intents=(overwrite(key),)))
            store.clock.advance(minutes=6)
        store.effects.record(store.acme, Effects(intents=(overwrite("new", recipient=BOB),)))
        store.effects.record(store.globex, Effects(intents=(overwrite("elsewhere"),)))
        since = store.clock.now() - timedelta(minutes=13)
        found = store.recent_intents.of(store.acme, ALICE, since, limit=5)
        assert [one.intent.event_key for one in found] == ["new", "told"]
        store.intents.finish(found[1], result="sent", address="alice@example.com")
        again = store.recent_intents.of(store.acme, ALICE, since, limit=5)
        assert [one.done for one in again] == [False, True]
        assert [one.intent.event_key for one in store.recent_intents.of(store.acme, ALICE, since, limit=1)] == ["new"]

    def test_equal_waiting_jobs_are_one(self, store: Store) -> None:
        """Same kind, tenant and subject, from either port."""
        job = Job(JobKind.RECONCILE, store.acme.id, "123")
        store.jobs.defer((job, job))
        store.effects.record(store.acme, Effects(jobs=(job,)))
        store.jobs.defer((job, Job(JobKind.RECONCILE, store.acme.id, "124"), Job(JobKind.SWEEP, store.acme.id)))
        store.jobs.defer(())
        assert store.waiting() == [
            ("reconcile", store.acme.id, "123"),
            ("reconcile", store.acme.id, "124"),
            ("sweep", store.acme.id, ""),
        ]


class TestRestorations:
    def test_known_by_file_and_by_hold(self, store: Store) -> None:
        """Our own versions are known with their sources; the restore budget counts those of one lock."""
        second = restoration(created=START + timedelta(hours=1), at=START + timedelta(hours=1), lock_id="2" * 32)
        for _ in range(2):
            store.effects.record(store.acme, Effects(restorations=(restoration(), second)))
        source = START - timedelta(hours=1)
        assert store.restorations.known(store.acme, "123") == (
            KnownRestoration(START, source),
            KnownRestoration(second.created, source),
        )
        assert list(store.restorations.recent(store.acme, "2" * 32)) == [second]
        assert store.restorations.known(store.globex, "123") == ()
        assert list(store.restorations.recent(store.globex, "2" * 32)) == []


class TestAuditLog:
    @pytest.fixture
    def rows(self, store: Store) -> list[AuditEvent]:
        """Newest first: some at one moment, one without a file, one of somebody else."""
        rows = [
            audit_event(at=START + timedelta(hours=2), attachment_id=None, kind=AuditKind.SETTINGS_CHANGED, epoch=0),
            audit_event(at=START + timedelta(hours=1), attachment_id="9", account=BOB, version=3, detail="undone"),
            *(audit_event(attachment_id="10", seq=seq) for seq in (3, 2, 1)),
            audit_event(at=START - timedelta(hours=1), attachment_id="10", seq=0, kind=AuditKind.EXTENDED),
        ]
        store.effects.record(store.acme, Effects(audit=tuple(reversed(rows))))
        store.effects.record(store.globex, Effects(audit=(audit_event(),)))
        return rows

    def test_rows_come_newest_first_in_parts(self, store: Store, rows: list[AuditEvent]) -> None:
        """Each row once, wherever a part ends."""
        for size in range(1, len(rows) + 1):
            found: list[AuditEvent] = []
            while True:
                after = found[-1] if found else None
                part = store.audit_log.read(store.acme, AuditQuery(limit=size, after=after))
                found += part
                if len(part) < size:
                    break
            assert found == rows, size

    @pytest.mark.parametrize(
        ("query", "wanted"),
        [
            (AuditQuery(account=BOB), [1]),
            (AuditQuery(attachment_id="10"), [2, 3, 4, 5]),
            (AuditQuery(kind=AuditKind.SETTINGS_CHANGED), [0]),
            (AuditQuery(since=START), [0, 1, 2, 3, 4]),
            (AuditQuery(until=START), [5]),
            (AuditQuery(since=START, until=START + timedelta(hours=1), account=ALICE, limit=2), [2, 3]),
            (AuditQuery(account=DANA), []),
        ],
    )
    def test_rows_are_chosen(self, store: Store, rows: list[AuditEvent], query: AuditQuery, wanted: list[int]) -> None:
        assert list(store.audit_log.read(store.acme, query)) == [rows[number] for number in wanted]

    def test_a_space_has_the_rows_of_its_files_and_of_its_settings(self, store: Store, rows: list[AuditEvent]) -> None:
        """Files of another space, or of the other site with the same id, are not among them."""
        settings = audit_event(attachment_id=None, kind=AuditKind.SETTINGS_CHANGED, epoch=0, detail="space/7")
        here, there = witness(attachment_id="9", space_id="7"), witness(attachment_id="10", space_id="8")
        for site, effects in (
            (store.acme, Effects(witness=here, audit=(settings,))),
            (store.acme, Effects(witness=there)),
            (store.globex, Effects(witness=witness(attachment_id="10", space_id="7"))),
        ):
            store.effects.record(site, effects)
        assert list(store.audit_log.read(store.acme, AuditQuery(space_id="7"))) == [rows[1], settings]
        assert list(store.audit_log.read(store.acme, AuditQuery(space_id="9"))) == []


class TestSites:
    def test_the_state_of_a_site_is_kept(self, store: Store) -> None:
        assert store.site_states.get(store.acme) == SiteState()
        note = SettingsNote(2, "{}")
        store.site_states.note_test(store.acme, works=True, at=START, scratch_id="7")
        store.site_states.note_place(store.acme, "walk:1:")
        store.effects.record(store.acme, Effects(settings=note))
        store.site_states.note_test(store.acme, works=False, at=START, scratch_id=None)
        assert store.site_states.get(store.acme) == SiteState(
            settings=note, restore_works=False, tested_at=START, scratch_id="7", cursor="walk:1:"
        )
        assert store.site_states.get(store.globex) == SiteState()

    def test_older_settings_do_not_replace_newer_ones(self, store: Store) -> None:
        """Amendment 6: the stored revision only grows."""
        store.effects.record(store.acme, Effects(settings=SettingsNote(3, '{"a": 1}')))
        store.effects.record(store.acme, Effects(settings=SettingsNote(2, "{}")))
        assert store.site_states.get(store.acme).settings == SettingsNote(3, '{"a": 1}')

    def test_older_settings_of_a_space_do_not_replace_newer_ones(self, store: Store) -> None:
        """By space; the site's own are others."""
        notes = [SettingsNote(3, '{"a": 1}', "7"), SettingsNote(2, "{}", "7"), SettingsNote(1, "{}", "8")]
        for note in notes:
            store.effects.record(store.acme, Effects(settings=note))
        states, acme = store.site_states, store.acme
        assert [states.space_settings(acme, one) for one in ("7", "8", "9")] == [notes[0], notes[2], None]
        assert states.revisions(acme, "7") == (None, 3)
        store.effects.record(acme, Effects(settings=SettingsNote(5, "{}")))
        assert [states.revisions(acme, one) for one in ("7", "9", None)] == [(5, 3), (5, None), (5, None)]
        assert states.space_settings(store.globex, "7") is None
        assert states.revisions(store.globex, "7") == (None, None)

    def test_installations_are_found(self, store: Store) -> None:
        assert store.tenants.by_id(store.acme.id) == store.acme
        assert store.tenants.by_id(99) is None
        both = [store.acme.id, store.globex.id]
        assert [tenant.id for tenant in store.tenants.active()] == both
        assert [tenant.id for tenant in store.tenants.installed()] == both


class TestSwitches:
    """What was switched on again, by itself or with its site; both by the storage's clock."""

    @staticmethod
    def space(space: str, revision: int, **own: bool) -> SettingsNote:
        fields = json.dumps(space_fields(SpaceSettings(own=own)))
        return SettingsNote(revision, fields, space, returns=own.get("active", False), strict_begins=False)

    @staticmethod
    def site(revision: int, *, returns: bool = False, strict: bool = False) -> SettingsNote:
        fields = json.dumps(site_fields(SiteSettings(rules=SpaceRules(strict=strict))))
        return SettingsNote(revision, fields, returns=returns, strict_begins=strict)

    @staticmethod
    def note(store: Store, *notes: SettingsNote) -> None:
        for note in notes:
            store.effects.record(store.acme, Effects(settings=note))

    def test_nothing_was(self, store: Store) -> None:
        assert store.site_states.switches(store.acme, "7") == Switches()

    def test_a_site_that_returns_brings_the_spaces_that_do_not_decide(self, store: Store) -> None:
        self.note(store, self.space("8", 1, active=False), self.site(1, returns=True, strict=True))
        seven, eight, site = (store.site_states.switches(store.acme, one) for one in ("7", "8", None))
        assert seven == site
        assert seven.returned_at is not None
        assert (eight.returned_at, seven.spaces_decide) == (None, True)
        assert eight.strict_at == seven.strict_at is not None
        assert store.site_states.switches(store.globex, "7") == Switches()

    def test_when_a_space_was_noted_last_is_known(self, store: Store) -> None:
        """Each note begins anew, by the storage's clock."""
        times = []
        for version in (1, 2):
            self.note(store, self.space("8", version))
            found = store.site_states.space_settings(store.acme, "8")
            assert found is not None
            times.append(found.noted_at)
            store.clock.advance(seconds=1)
        assert None not in times
        assert times == sorted(times)
        assert times[0] != times[1]

    def test_a_space_returns_alone(self, store: Store) -> None:
        self.note(store, self.space("8", 1, active=True))
        eight, seven = (store.site_states.switches(store.acme, one) for one in ("8", "7"))
        assert eight.returned_at is not None
        assert seven.returned_at is None

    def test_what_counted_before_a_space_decided_goes_on_to_count(self, store: Store) -> None:
        """And what its site began while the space decided itself never does."""
        self.note(store, self.site(1, returns=True))
        first = store.site_states.switches(store.acme, "8").returned_at
        store.clock.advance(seconds=1)
        self.note(store, replace(self.space("8", 1, active=True), returns=False))
        assert store.site_states.switches(store.acme, "8").returned_at == first is not None
        store.clock.advance(seconds=1)
        self.note(store, self.site(2, returns=True))
        store.clock.advance(seconds=1)
        self.note(store, self.space("8", 2))
        assert store.site_states.switches(store.acme, "8").returned_at == first

    def test_an_older_note_begins_nothing(self, store: Store) -> None:
        self.note(store, self.space("8", 3), self.space("8", 2, active=True))
        assert store.site_states.switches(store.acme, "8") == Switches()

    @pytest.mark.parametrize(
        ("own", "differ"),
        [
            ({}, False),
            ({"strict": True, "undo_trash": False}, False),
            ({"active": True}, True),
            ({"unlock_after_hours": None}, True),
            ({"warn_after_hours": 3}, True),
        ],
    )
    def test_where_a_page_is_matters_to_a_lock(self, store: Store, own: dict[str, Any], differ: bool) -> None:
        """Of rules that a space decides itself those count that say whether and how long a lock lives."""
        self.note(store, self.space("8", 1, **own))
        assert store.site_states.switches(store.acme, None).spaces_differ is differ
        assert not store.site_states.switches(store.globex, None).spaces_differ

    @pytest.mark.parametrize(("who", "unchecked"), [("7", {"1"}), (None, {"1", "3"})])
    def test_locks_are_not_read_since(self, store: Store, who: str | None, unchecked: set[str]) -> None:
        """Of the space; with a site, of those that do not decide themselves."""
        self.note(store, self.space("8", 1, active=False))
        for number, space in (("1", "7"), ("2", "8"), ("3", None)):
            lock = witness(number, space_id=space)
            store.effects.record(store.acme, Effects(witness=lock))
            store.effects.record(store.globex, Effects(witness=lock))
        self.note(store, self.space(who, 5, active=True) if who else self.site(5, returns=True))
        assert store.witnesses.marked(store.acme, (Protection.UNCHECKED,)) == unchecked
        assert store.witnesses.marked(store.globex, (Protection.UNCHECKED,)) == frozenset()

    @pytest.mark.parametrize("returns", [True, False])
    def test_a_file_is_elsewhere(self, store: Store, returns: bool) -> None:
        store.effects.record(store.acme, Effects(witness=witness("1", space_id="7")))
        store.witnesses.move(store.acme, "1", "8", returns=returns)
        store.witnesses.move(store.globex, "1", "9", returns=True)
        found = store.witnesses.get(store.acme, "1")
        assert found is not None
        assert (found.space_id, found.returned_at is not None) == ("8", returns)
        assert (found.protection is Protection.UNCHECKED) is returns
        assert [one.attachment_id for one in store.witnesses.live(store.acme, space_id="8")] == ["1"]
        assert store.witnesses.live(store.acme, space_id="7") == []
        store.effects.record(store.acme, Effects(witness=witness("1", space_id="8")))
        again = store.witnesses.get(store.acme, "1")
        assert again is not None
        assert again.returned_at == found.returned_at
