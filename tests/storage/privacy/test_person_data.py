"""Export and erasure of one person's data."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import redis
from sqlalchemy import select, update

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.lock import Base, Ended, EndReason, Held
from lockpoint.services.context import Tenant
from lockpoint.services.errors import StorageUnavailable
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.ports.locks import Effects, Witness
from lockpoint.services.ports.notifications import Profile
from lockpoint.services.ports.privacy import ErasureOrder, Origin, PrivacyRight
from lockpoint.storage.effects import PostgresEffects
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.enqueue import PostgresJobs
from lockpoint.storage.locks.requests import PostgresRequests
from lockpoint.storage.locks.witness import PostgresWitnesses
from lockpoint.storage.notifications.profiles import PostgresProfiles
from lockpoint.storage.privacy.person_data import TABLES
from lockpoint.storage.privacy.person_store import PostgresPersonStore
from lockpoint.storage.redis_mutexes import connect
from lockpoint.storage.tables import METADATA, PRIVACY_REQUEST, QUEUE
from tests.fakes.world import ALICE, BOB, CHARLIE, START, FakeClock
from tests.storage.builders import (
    about_person,
    audit_event,
    count,
    everything,
    forget_witness,
    free,
    held,
    intent,
    queue,
    restoration,
    witness,
)

PSEUDONYM = "erased-0123456789abcdef"
ORDER = ErasureOrder(account=ALICE, pseudonym=PSEUDONYM, origin=Origin.OPERATOR, release_at=START)


@pytest.fixture
def people(database: Database, cache: redis.Redis) -> PostgresPersonStore:
    return PostgresPersonStore(database, cache)


@pytest.fixture
def full(database: Database, clock: FakeClock, acme: Tenant, globex: Tenant) -> Database:
    """Every table has rows about Alice, Bob and both, on both sites."""
    for tenant in (acme, globex):
        _fill(database, clock, tenant)
    return database


def _fill(database: Database, clock: FakeClock, tenant: Tenant) -> None:
    effects = PostgresEffects(database, clock)
    ended_by_alice = Ended(EndReason.BROKEN, ALICE, START, "9" * 32, BOB)
    of_bob = held(holder=BOB, lock_id="8" * 32, base=Base(START, ALICE, 1, 1), ended=ended_by_alice)
    for number, record in enumerate((held(), of_bob, free(), held(holder=BOB, lock_id="7" * 32)), start=1):
        effects.record(tenant, Effects(witness=witness(str(number), record=record)))
    events = [
        audit_event(account=who, at=START + timedelta(seconds=n), seq=n, attachment_id=str(n))
        for n, who in enumerate((ALICE, ALICE, BOB, None))
    ]
    intents = [
        intent(recipient=ALICE, actor=BOB, event_key="to alice"),
        intent(recipient=BOB, actor=ALICE, event_key="about alice"),
        intent(recipient=BOB, actor=CHARLIE, event_key="about others"),
    ]
    both = restoration(offenders=(ALICE, BOB))
    effects.record(tenant, Effects(audit=tuple(events), intents=tuple(intents), restorations=(both,)))
    for who in (ALICE, BOB):
        PostgresRequests(database, clock).begin(
            tenant, who, "request-of-" + who[-4:], digest="d", lock_id="l", op_id="o"
        )
        PostgresProfiles(database).put(tenant, who, Profile(time_zone="Europe/Riga", locale="lv", used_at=START))
    PostgresJobs(database).defer(
        [
            about_person(JobKind.TRASHED, tenant.id, f"131203:{ALICE}"),
            about_person(JobKind.TRASHED, tenant.id, f"131203:{BOB}"),
            about_person(JobKind.PROFILE, tenant.id, ALICE),
        ]
    )


@pytest.mark.usefixtures("full")
def test_an_export_holds_every_row_and_nothing_of_anybody_else(people: PostgresPersonStore, acme: Tenant) -> None:
    """Subject access."""
    found = people.export(acme, ALICE)
    counts = {name: len(rows) for name, rows in found.items() if rows}
    assert counts == {
        "audit_event": 2,
        "lock_witness": 3,
        "email_intent": 2,
        "request_outcome": 1,
        "restoration": 1,
        "account_profile": 1,
        "procrastinate_jobs": 2,
    }
    text = repr(found)
    assert BOB not in text
    assert CHARLIE not in text
    assert "7" * 32 not in text
    own, others, ended = sorted(found["lock_witness"], key=lambda row: str(row["attachment_id"]))
    assert own["lock"]["lock_id"] == "1" * 32
    assert set(others) & {"lock", "protected_version", "last_lock"} == {"protected_version", "last_lock"}
    assert ended["last_lock"]["holder"] == ALICE


def test_every_table_with_an_account_column_is_looked_through() -> None:
    """A new table that names people must be added to export and erasure."""
    words = {"account", "holder", "recipient", "actor", "offenders"}
    naming = {name for name, table in METADATA.tables.items() if words & set(table.columns.keys())}
    assert naming == {table.name for table in TABLES} - {QUEUE.name}


def test_erasing_leaves_the_account_nowhere(
    full: Database, people: PostgresPersonStore, acme: Tenant, globex: Tenant, cache: redis.Redis
) -> None:
    """Rows of other people and sites stay."""
    cache.set(f"lockpoint:mutex:{ALICE}", "held")
    cache.set("lockpoint:mutex:reconcile:1:123", "held")
    before = people.export(globex, ALICE), people.export(acme, BOB)
    forget_witness(full, acme, "1")  # Alice's own lock ended before
    assert people.erase(acme, ALICE, PSEUDONYM, keep_files=False)
    assert not any(people.export(acme, ALICE).values())
    assert people.tenants_naming(ALICE) == [globex.id]
    assert people.export(globex, ALICE) == before[0]
    bobs, his = people.export(acme, BOB), before[1]
    # Bob's version under Alice's lock, and mails to Alice about him, are erased with her.
    assert (len(his["lock_witness"]), len(his["email_intent"])) == (4, 3)
    assert (len(bobs["lock_witness"]), len(bobs["email_intent"])) == (3, 2)
    rest = set(bobs) - {"lock_witness", "email_intent"}
    assert {name: bobs[name] for name in rest} == {name: his[name] for name in rest}
    forget_witness(full, globex, "1")
    people.erase(globex, ALICE, PSEUDONYM, keep_files=False)
    assert ALICE not in everything(full)
    assert ALICE[-12:] not in everything(full)
    assert [key.decode() for key in cache.scan_iter()] == ["lockpoint:mutex:reconcile:1:123"]


def test_a_pseudonym_links_the_rows_of_one_person(full: Database, people: PostgresPersonStore, acme: Tenant) -> None:
    """Mails about the person name nobody."""
    people.erase(acme, ALICE, PSEUDONYM, keep_files=False)
    with full.single() as connection:
        audit = METADATA.tables["audit_event"].c
        rows = connection.execute(select(audit.account).where(audit.tenant_id == acme.id).order_by(audit.at)).scalars()
        assert list(rows) == [PSEUDONYM, PSEUDONYM, BOB, None]
    other = PostgresWitnesses(full).get(acme, "2")
    assert other is not None
    assert isinstance(other.record, Held)
    assert other.record.holder == BOB
    assert other.record.base.author is None
    assert other.record.ended is not None
    assert (other.record.ended.by, other.record.ended.holder) == (PSEUDONYM, BOB)
    tombstone = PostgresWitnesses(full).get(acme, "3")
    assert tombstone is not None
    assert tombstone.record.ended is not None
    assert (tombstone.record.ended.by, tombstone.record.ended.holder) == (BOB, PSEUDONYM)


def test_live_locks_stay_for_the_grace_period(full: Database, people: PostgresPersonStore, acme: Tenant) -> None:
    """Other rows are erased at once; the witness of a live lock always stays."""
    people.erase(acme, ALICE, PSEUDONYM, keep_files=True)
    assert [name for name, rows in people.export(acme, ALICE).items() if rows] == ["lock_witness"]
    assert people.files_of(acme, ALICE, after=None, limit=9, own=True) == ["1", "2", "3"]
    people.erase(acme, ALICE, PSEUDONYM, keep_files=False)
    assert people.files_of(acme, ALICE, after=None, limit=9, own=True) == ["1"]
    assert PostgresWitnesses(full).count_held(acme, ALICE) == 1


def test_a_pseudonym_does_not_stand_beside_the_number_of_a_version(
    full: Database, people: PostgresPersonStore, acme: Tenant
) -> None:
    """The number leads to the author in Confluence's history."""
    rows = [
        audit_event(account=who, at=START, seq=9, attachment_id=who[-3:], kind=AuditKind.CONFLICT, version=2)
        for who in (ALICE, BOB)
    ]
    PostgresEffects(full, FakeClock()).record(acme, Effects(audit=tuple(rows)))
    people.erase(acme, ALICE, PSEUDONYM, keep_files=False)
    audit = METADATA.tables["audit_event"].c
    with full.single() as connection:
        found = connection.execute(select(audit.account, audit.version).where(audit.seq == 9).order_by(audit.version))
        assert {tuple(row) for row in found} == {(PSEUDONYM, None), (BOB, 2)}


@pytest.mark.parametrize(("status", "quiet", "left"), [("todo", True, 0), ("failed", True, 0), ("doing", False, 1)])
def test_jobs_that_name_the_person_go_unless_they_run(
    database: Database, people: PostgresPersonStore, acme: Tenant, status: str, quiet: bool, left: int
) -> None:
    """A running job may write the account once more, so it is reported."""
    PostgresJobs(database).defer([about_person(JobKind.PROFILE, acme.id, who) for who in (ALICE, ALICE + "1")])
    with database.single() as connection:
        connection.execute(update(QUEUE).values(status=status))
    assert people.erase(acme, ALICE, PSEUDONYM, keep_files=False) is quiet
    assert len(queue(database)) == left + 1


def test_erasing_twice_finds_nothing(full: Database, people: PostgresPersonStore, acme: Tenant) -> None:
    """An account id never matches part of a longer one."""
    longer = replace(held(), holder=ALICE + "1", lock_id="6" * 32)
    PostgresEffects(full, FakeClock()).record(acme, Effects(witness=Witness(
        attachment_id="6", container=None, space_id=None, record=longer, seen_at=START
    )))  # fmt: skip
    people.erase(acme, ALICE, PSEUDONYM, keep_files=False)
    before = everything(full)
    assert people.erase(acme, ALICE, PSEUDONYM, keep_files=False)
    assert everything(full) == before
    assert PostgresWitnesses(full).count_held(acme, ALICE + "1") == 1


def test_erasing_waits_for_redis(full: Database, acme: Tenant) -> None:
    away = connect("redis://127.0.0.1:1/0")
    with pytest.raises(StorageUnavailable):
        PostgresPersonStore(full, away).erase(acme, ALICE, PSEUDONYM, keep_files=False)


@pytest.mark.usefixtures("full")
def test_files_that_could_name_a_person_are_listed(people: PostgresPersonStore, acme: Tenant) -> None:
    """All locked files (people may be on the waitlist), and ended ones whose record names the account."""
    assert people.files_of(acme, ALICE, after=None, limit=10) == ["1", "2", "3", "4"]
    assert people.files_of(acme, CHARLIE, after=None, limit=10) == ["1", "2", "4"]
    assert people.files_of(acme, ALICE, after="1", limit=2) == ["2", "3"]
    assert people.files_of(acme, ALICE, after=None, limit=10, own=True) == ["1", "2", "3"]
    assert people.files_of(acme, ALICE, after=None, limit=10, own=False) == ["4"]


def test_requests_are_logged_without_personal_data(
    database: Database, people: PostgresPersonStore, acme: Tenant
) -> None:
    """Time, right and completion only."""
    number = people.note_request(acme, PrivacyRight.COPY, Origin.PERSON, START)
    people.note_fulfilled(number, START + timedelta(seconds=3))
    with database.single() as connection:
        (row,) = connection.execute(select(PRIVACY_REQUEST)).mappings()
    assert dict(row) == {
        "id": number,
        "tenant_id": acme.id,
        "right": "copy",
        "origin": "person",
        "asked_at": START,
        "done_at": START + timedelta(seconds=3),
    }


def test_an_erasure_is_begun_once_and_forgotten_at_its_end(
    database: Database, people: PostgresPersonStore, acme: Tenant
) -> None:
    """A second request becomes the same erasure with the earlier time; its end leaves the request's row only."""
    (first,) = people.begin_erasures(acme, [replace(ORDER, release_at=START + timedelta(hours=24))], START)
    people.note_progress(first.request_id, "131203", 1)
    assert people.erasure(first.request_id) == replace(first, cursor="131203", skipped=1)
    people.put_off_erasure(first.request_id, START + timedelta(days=1))
    assert people.erasure(first.request_id) == replace(first, due_at=START + timedelta(days=1))
    (second,) = people.begin_erasures(acme, [replace(ORDER, pseudonym="erased-other")], START)
    assert (second.request_id, second.pseudonym, second.release_at) == (first.request_id, PSEUDONYM, START)
    assert people.erasures() == [second]
    assert [(row.task_name, row.args["subject"]) for row in queue(database)] == [("erase", str(first.request_id))]
    people.finish_erasure(second, START + timedelta(days=1))
    assert people.erasure(first.request_id) is None
    text = everything(database)
    assert ALICE not in text
    assert PSEUDONYM not in text
    with database.single() as connection:
        done = connection.execute(select(PRIVACY_REQUEST.c.right, PRIVACY_REQUEST.c.done_at)).one()
    assert tuple(done) == ("erasure", START + timedelta(days=1))


def test_what_a_person_was_told_under_a_lock_is_not_told_again(
    full: Database, people: PostgresPersonStore, acme: Tenant
) -> None:
    """A look at a lock that goes on finds the overwrites of an erased person again."""
    told = Effects(intents=(intent(kind=MailKind.UPLOAD_UNDONE, recipient=BOB, actor=ALICE, event_key="123/then"),))
    effects = PostgresEffects(full, FakeClock())
    effects.record(acme, told)
    people.erase(acme, BOB, PSEUDONYM, keep_files=False)
    left, waiting = count(full, "email_intent"), queue(full)
    effects.record(acme, told)
    assert (count(full, "email_intent"), queue(full)) == (left, waiting)
    assert people.export(acme, BOB)["email_intent"] == []


def test_conflict_rows_are_not_written_a_second_time(full: Database, people: PostgresPersonStore, acme: Tenant) -> None:
    """A row with a pseudonym still stands for its event."""
    event = audit_event(account=ALICE, at=START, seq=0, attachment_id="0", kind=AuditKind.ACQUIRED)
    people.erase(acme, ALICE, PSEUDONYM, keep_files=False)
    PostgresEffects(full, FakeClock()).record(acme, Effects(audit=(event,)))
    assert not people.export(acme, ALICE)["audit_event"]
