"""The inventory is complete: everything stored is classified, everything classified is stored."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lockpoint.bootstrap import SystemClock
from lockpoint.domain.mails.mail_templates import MailTemplate
from lockpoint.domain.settings import SpaceRules, SpaceSettings
from lockpoint.services.context import Priority
from lockpoint.services.edit_requests.ask import ask
from lockpoint.services.edit_requests.decline import decline
from lockpoint.services.idempotency import RequestKey
from lockpoint.services.listing import byline
from lockpoint.services.locks import notify_me
from lockpoint.services.locks.acquire import acquire
from lockpoint.services.locks.action import LockOptions
from lockpoint.services.locks.break_lock import break_lock
from lockpoint.services.locks.show import show
from lockpoint.services.notifications import preferences
from lockpoint.services.ports.confluence import PropertyHost
from lockpoint.services.ports.jobs import ABOUT_PEOPLE, Job, JobKind, job_about_person
from lockpoint.services.ports.locks import Effects
from lockpoint.services.ports.tenancy import SettingsNote
from lockpoint.services.quota_accounting import Counter, Share, Spending
from lockpoint.services.tenancy import mail_texts, site_settings, space_settings
from lockpoint.storage import data_inventory, redis_mutexes
from lockpoint.storage.classification import Field, redis_key
from lockpoint.storage.data_inventory import JOB_SUBJECTS, MUTEX, PROPERTIES, REDIS, TABLES, Kind, Whose
from lockpoint.storage.effects import PostgresEffects
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.enqueue import insertion, key_of
from lockpoint.storage.keyring import keyring
from lockpoint.storage.redis_installs import RedisInstalls
from lockpoint.storage.redis_limits import RedisImpersonations
from lockpoint.storage.redis_points import RedisPoints
from lockpoint.storage.tenancy.installations import PostgresInstallations
from tests.fakes.connect import private_key, public_pem
from tests.fakes.world import ALICE, BOB, DANA, SAM, START, FakeClock, World, make_world
from tests.storage.builders import free, held, witness
from tests.storage.conftest import install
from tests.support.checkout import ROOT
from tests.support.stored import classified, leaves_of, paths, unexplained

COLUMNS = """
SELECT c.relname, a.attname FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') AND NOT relispartition
"""


def differences(found: Iterable[tuple[str, str]], kinds: Iterable[Kind]) -> list[str]:
    """Unclassified and stale entries, by name."""
    classified = {(kind.name, field.name) for kind in kinds for field in kind.fields}
    there = set(found)
    return sorted(
        [f"not classified: {where}.{name}" for where, name in there - classified]
        + [f"classified and not there: {where}.{name}" for where, name in classified - there]
    )


STATISTICS = """
SELECT c.relname, a.attname, coalesce(a.attstattarget, -1), coalesce(parent.relname, c.relname) FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped
LEFT JOIN pg_inherits ON inhrelid = c.oid LEFT JOIN pg_class parent ON parent.oid = inhparent
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
"""


def columns(url: str) -> list[tuple[str, str]]:
    with psycopg.connect(url) as connection:
        return [(table, column) for table, column in connection.execute(COLUMNS).fetchall()]


def test_every_column_of_every_table_is_classified(database_url: str) -> None:
    """Privacy §5: after all migrations, the queue's own tables included."""
    assert differences(columns(database_url), TABLES) == []


@pytest.mark.parametrize(
    "planted",
    [
        "ALTER TABLE audit_event ADD COLUMN title text",
        "CREATE TABLE notes (id int)",
        "CREATE VIEW peek AS SELECT 1 AS x",
    ],
)
def test_a_planted_column_is_found(database_url: str, planted: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(planted)
    (difference,) = differences(columns(database_url), TABLES)
    assert difference.startswith("not classified: ")


def test_a_stale_entry_is_found(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE audit_event DROP COLUMN detail")
    assert differences(columns(database_url), TABLES) == ["classified and not there: audit_event.detail"]


def test_no_column_could_hold_a_name_an_address_or_a_title() -> None:
    """People are referred to by AccountID only, files by id only."""
    names = {field.name for kind in (*TABLES, *REDIS) for field in kind.fields}
    forbidden = re.compile(
        r"(^|_)(title|email|mail|display_name|full_name|file_name|subject|body|phone|note|reason)($|_)"
    )
    assert [name for name in names if forbidden.search(name)] == []


WRITING = re.compile(
    "append|copy|eval(sha)?|execute_command|getset|h?incrby|h?m?set(nx)?|incr|linsert|[lr]push|lset|msetnx|p?expire|"
    "p?setex|publish|rename|restore|sadd|setrange|xadd|z(add|incrby)"
)
"""Writing methods of a Redis client."""


def writes_to_redis(path: Path) -> Iterator[ast.Call]:
    """Calls that write to Redis; clients are named `…client` or `…pipeline` everywhere."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if WRITING.fullmatch(node.func.attr) and ast.unparse(node.func.value).endswith(("client", "pipeline")):
            yield node


def keys_made(path: Path) -> list[str]:
    """The values assigned to locals named `key`."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    assigned = [node for node in nodes if isinstance(node, ast.Assign)]
    return [ast.unparse(node.value) for node in assigned if "key" in ast.unparse(node.targets[0]).split(", ")]


def test_every_redis_key_of_the_code_has_a_pattern() -> None:
    """Every write takes its key from `redis_key`, which refuses keys unknown to the inventory."""
    writing = {path for path in (ROOT / "lockpoint").rglob("*.py") if any(writes_to_redis(path))}
    assert {path.name for path in writing} == {
        "redis_installs.py",
        "redis_limits.py",
        "redis_mutexes.py",
        "redis_points.py",
        "scan_sources.py",
    }
    for path in writing:
        assert all(made.startswith("redis_key(") for made in keys_made(path)), path
        for call in writes_to_redis(path):
            named = [ast.unparse(argument) for argument in call.args]
            assert "key" in named, f"{path.name}:{call.lineno}"


@pytest.mark.parametrize(
    "parts",
    [
        ("mutex", "reconcile:1:131203:557058"),
        ("mutex", f"reconcile:1:131203:{ALICE}"),
        ("mutex", "reconcile:1:budget.xlsx"),
        ("title", "131203"),
        ("mutex", "reconcile:1:131203\n"),
    ],
)
def test_no_other_redis_key_is_made(redis_url: str, parts: tuple[str, str]) -> None:
    """Keys outside the inventory are refused before any write."""
    with pytest.raises(ValueError, match="not a key"):
        redis_key(MUTEX, *parts)
    client = redis_mutexes.connect(redis_url, wait=5)
    with pytest.raises(ValueError, match="not a key"), redis_mutexes.RedisMutexes(client).hold(":".join(parts), 30):
        pass
    assert list(client.scan_iter()) == []


def test_every_redis_key_is_classified_and_expires(database_url: str, redis_url: str) -> None:
    """Every key matches a pattern and expires; a planted key, value or hash field is found."""
    client = redis_mutexes.connect(redis_url, wait=5)
    points = RedisPoints(client, keyring(["a root key of these tests, which is long"]).share_name)
    shares = (Counter(START, Share.ALL), Counter(START, Share.SITE, 1), Counter(START, Share.PAGE, 1, "131203"))
    points.add((*shares, Counter(START, Share.PERSON, 1, ALICE)), START, Spending(1, Priority.INTERACTIVE, "lock", 3))
    points.block(1, SystemClock().now() + timedelta(minutes=1))
    installs = RedisInstalls(client, keyring(["k" * 32]).install_keys)
    installs.keep("kid-1", public_pem(private_key()))
    assert installs.fits("a.b.c", b"{}", 60)
    assert RedisImpersonations(client).take(1)
    with redis_mutexes.RedisMutexes(client).hold("reconcile:1:131203", 30):
        assert len(list(client.scan_iter())) == len(REDIS) + 1, "points of people and pages have their own hash"
        assert unexplained(database_url, redis_url) == []
    client.set("lp:title:131203", "x", ex=9)
    client.set("lockpoint:mutex:reconcile:1:2", "Alice", ex=9)
    client.hset("lockpoint:points:2026030209", "1|people|Alice Example", 1)
    client.set("lockpoint:mutex:reconcile:1:3", "0" * 32)
    assert unexplained(database_url, redis_url) == [
        "redis key lp:title:131203",
        "redis key without an end: lockpoint:mutex:reconcile:1:3",
        "value of redis key lockpoint:mutex:reconcile:1:2",
        "value of redis key lockpoint:points:2026030209",
    ]


def test_every_job_is_classified() -> None:
    """Each kind's subject is explained; arguments and keys contain site and subject only."""
    assert {field.name for field in JOB_SUBJECTS} == {kind.value for kind in JobKind}
    job = Job(JobKind.RECONCILE, 7, "131203")
    args = set(re.findall(r"'(\w+)', (?=\w)", insertion("job").partition("jsonb_build_object")[2].partition(")")[0]))
    assert {*args, "cause"} == {field.name for field in column("procrastinate_jobs", "args").members}
    assert key_of(job) == "reconcile:7:131203"


@pytest.mark.parametrize("kind", sorted(ABOUT_PEOPLE))
def test_keys_that_name_people_are_hashed_with_a_key(kind: JobKind) -> None:
    """C4: a database server logs the key of a violated index."""
    keys = keyring(["k" * 32, "l" * 32]).tag_keys
    key = key_of(job_about_person(kind, 7, f"131203:{BOB}", keys))
    assert BOB not in key
    assert key == key_of(job_about_person(kind, 7, f"131203:{BOB}", keys))
    assert key != key_of(job_about_person(kind, 7, f"131203:{BOB}", keyring(["l" * 32]).tag_keys))
    with pytest.raises(ValueError, match="account id"):
        key_of(Job(kind, 7, BOB))


def property_keys_in_code() -> set[str]:
    """Constants that name a property."""
    keys = set()
    for path in (ROOT / "lockpoint").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
            named = isinstance(target, ast.Name) and target.id.lstrip("_").endswith("KEY")
            value = getattr(node, "value", None)
            if named and isinstance(value, ast.Constant) and re.fullmatch(r"lockpoint[a-z]+", str(value.value)):
                keys.add(str(value.value))
    return keys


def test_every_property_key_of_the_code_is_classified() -> None:
    assert property_keys_in_code() == {kind.name for kind in PROPERTIES}


def property_reads() -> Iterator[tuple[str, list[str]]]:
    """Where the code reads a property, and what it passes."""
    for path in (ROOT / "lockpoint").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            of = ast.unparse(node.func.value)
            reads = node.func.attr == "read" and of.endswith("properties") and not of.endswith("lock_properties")
            if reads or node.func.attr == "read_app" or (node.func.attr == "under" and "ows" in of):
                yield f"{path.name}:{node.lineno}", [ast.unparse(argument) for argument in node.args]


def test_every_read_of_a_property_names_its_key() -> None:
    """By a constant `KEY`, or by the `key` it was given: so each is in the inventory, and tried with odd values."""
    reads = list(property_reads())
    assert len(reads) >= 7
    assert [
        where for where, given in reads if not any(re.fullmatch(r"(\w+\.)?\w*(KEY|key)", one) for one in given)
    ] == []


SPACE = SpaceSettings(own=asdict(SpaceRules()), managers=(BOB,), manager_groups=("editors",))


def written_properties(world: World) -> list[tuple[str, Any]]:
    """What the use cases write to Confluence: lock, broken lock, waitlist, settings, preferences."""
    services = world.services
    file = world.add_file()
    page = world.pages[1]
    tenant = world.actor(ALICE).tenant
    acquire(services, world.actor(ALICE), file.id, RequestKey("1" * 32, "a"), LockOptions(note="for the report"))
    notify_me.ask(services, world.actor(BOB), file.id)
    held = show(services, world.actor(BOB), file.id).lock_id or ""
    ask(services, world.actor(BOB), file.id, RequestKey("3" * 32, "c"), held, "please")
    decline(services, world.actor(ALICE), file.id, RequestKey("4" * 32, "d"), held, BOB, "tomorrow")
    site_settings.change(services, world.actor(SAM), revision=0, changes={"copy_mode": True})
    text = {"lock_ended": MailTemplate("{attachment}", "{owner}")}
    mail_texts.change(services, world.actor(SAM), "de", revision=0, changes=text)
    space_settings.change(services, world.actor(DANA), world.site().space_id, SPACE)
    preferences.change(services, world.actor(ALICE), preferences.Preferences(locale="de"))
    byline.refresh(services, tenant, page.container)
    found: list[tuple[str, Any]] = [
        ("lockpointlock", world.site().lock_rows(file.id)[0].value),
        ("lockpointwatch", world.host.rows(tenant, PropertyHost.ATTACHMENT, file.id, "lockpointwatch")[0].value),
        ("lockpointpage", world.host.rows(tenant, PropertyHost.PAGE, page.container.id, "lockpointpage")[0].value),
        ("lockpointmails", services.properties.read_app(tenant, "lockpointmails", priority=Priority.INTERACTIVE)),
        ("lockpointsite", services.properties.read_app(tenant, "lockpointsite", priority=Priority.INTERACTIVE)),
        (
            "lockpointspace",
            world.host.rows(tenant, PropertyHost.SPACE, world.site().space_id, "lockpointspace")[0].value,
        ),
        (
            "lockpointprefs",
            services.user_properties.read(tenant, ALICE, "lockpointprefs", priority=Priority.INTERACTIVE).value,
        ),
    ]
    lock_id = found[0][1]["lock_id"]
    break_lock(services, world.actor(DANA), file.id, RequestKey("2" * 32, "b"), lock_id, "for the audit")
    return [*found, ("lockpointlock", world.site().lock_rows(file.id)[0].value)]


def test_every_member_of_every_property_is_classified() -> None:
    """Members at any depth."""
    written = written_properties(make_world())
    for kind in PROPERTIES:
        found = {path for key, value in written if key == kind.name for path in paths(value)}
        assert found - {*classified(kind.fields)} == set(), kind.name
        assert {*leaf_paths(kind.fields)} - found == set(), kind.name
    assert written[0][1]["note"] == "for the report"


def leaf_paths(fields: Iterable[Field], below: str = "") -> Iterator[str]:
    for field in fields:
        if field.members:
            yield from leaf_paths(field.members, f"{below}{field.name}.")
        else:
            yield f"{below}{field.name}"


Recorder = Callable[[Effects], None]


@pytest.fixture
def record(database_url: str) -> Iterator[Recorder]:
    """Stores the effects of a use case on a site."""
    database = Database(database_url, size=1)
    acme = install(
        PostgresInstallations(database, keyring(["an invented root key of more than 32 characters"])), "acme"
    )
    yield lambda effects: PostgresEffects(database, FakeClock()).record(acme, effects)
    database.close()


def column(table: str, name: str) -> Field:
    (found,) = [field for kind in TABLES for field in kind.fields if (kind.name, field.name) == (table, name)]
    return found


def test_every_member_of_the_copy_of_a_record_is_classified(
    record: Recorder, database_url: str, redis_url: str
) -> None:
    """The members of a record without note and reason; a planted one is found at any depth."""
    for number, lock in (("1", replace(held(), note="n", ended=free().ended)), ("2", free())):
        record(Effects(witness=witness(number, record=lock, signed_by="k1")))
    with psycopg.connect(database_url, autocommit=True) as connection:
        stored = [row for (row,) in connection.execute("SELECT record FROM lock_witness").fetchall()]
        found = {path for copy in stored for path in paths(copy)}
        assert found == set(leaf_paths(column("lock_witness", "record").members))
        assert unexplained(database_url, redis_url) == []
        connection.execute("""UPDATE lock_witness SET record = record || '{"display_name": "Alice Example"}'""")
        connection.execute("""UPDATE lock_witness SET record = jsonb_set(record, '{ended,title}', '"x"')""")
    assert unexplained(database_url, redis_url) == [
        "lock_witness.record.display_name",
        "lock_witness.record.ended.title",
    ]


def test_json_in_a_column_of_text_is_looked_into(record: Recorder, database_url: str, redis_url: str) -> None:
    """Settings are text to the database; an unclassified member is still found."""
    for note, found in (('{"copy_mode": true}', []), ('{"names": ["Alice"]}', ["site_state.settings.names"])):
        record(Effects(settings=SettingsNote(revision=len(found) + 1, fields=note)))
        assert unexplained(database_url, redis_url) == found


def test_everything_says_what_and_whose() -> None:
    """No entry is empty; every field with AccountIDs is about a person."""
    kinds = [*TABLES, *REDIS, *PROPERTIES]
    assert all(kind.what and kind.why and kind.fields for kind in kinds)
    told = [*leaves_of(kinds), *JOB_SUBJECTS]
    assert all(field.what for field in told)
    accounts = {"account", "holder", "recipient", "actor", "offenders", "askers", "address_hash", "author", "by"}
    assert {field.whose for field in told if field.name in accounts} == {Whose.PERSON}
    assert len({kind.name for kind in kinds}) == len(kinds), data_inventory.__name__
    assert DANA not in repr(kinds)


def test_what_tells_an_account_is_about_a_person() -> None:
    """Words and class agree: a field whose words say AccountID, or with a personal part, is about a person."""
    fields = [field for kind in (*TABLES, *REDIS, *PROPERTIES) for field in kind.fields]
    told = [*leaves_of((*TABLES, *REDIS, *PROPERTIES)), *JOB_SUBJECTS]
    naming = [field for field in told if re.search("account", field.what, re.IGNORECASE)]
    assert {field.whose for field in naming} == {Whose.PERSON}
    personal = [field for field in fields if any(leaf.whose is Whose.PERSON for leaf in field.leaves)]
    assert {field.whose for field in personal} == {Whose.PERSON}


def about_people() -> set[tuple[str, str]]:
    return {
        (kind.name, field.name)
        for kind in TABLES
        for field in kind.fields
        if any(leaf.whose is Whose.PERSON for leaf in field.leaves)
    }


def columns_with_statistics(url: str) -> set[tuple[str, str]]:
    """Of partitions under the name of their table."""
    with psycopg.connect(url) as connection:
        return {(parent, column) for _, column, target, parent in connection.execute(STATISTICS).fetchall() if target}


def test_postgres_keeps_no_statistics_of_columns_about_people(database_url: str) -> None:
    """C3: in partitions, too. Statistics keep values of rows that are gone."""
    people, kept = about_people(), columns_with_statistics(database_url)
    assert people & kept == set()
    assert people | kept == set(columns(database_url))


def test_a_column_about_people_with_statistics_is_seen(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE erasure ALTER COLUMN account SET STATISTICS -1")
    assert about_people() & columns_with_statistics(database_url) == {("erasure", "account")}
