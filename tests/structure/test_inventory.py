"""The inventory is complete: what is stored anywhere is classified, and what is classified is stored."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from lockpoint.services import configuration, locks, page_hint, preferences, watching
from lockpoint.services.accounting import Spending
from lockpoint.services.context import Lane
from lockpoint.services.idempotency import RequestKey
from lockpoint.services.locks import Wish
from lockpoint.services.ports import Job, JobKind, PropertyHost
from lockpoint.storage import cache, inventory
from lockpoint.storage.inventory import JOB_ARGUMENTS, JOB_SUBJECTS, PROPERTIES, RECORD, REDIS, TABLES, Kind, Whose
from lockpoint.storage.jobs import _row, key_of
from lockpoint.storage.points import SharedPoints
from lockpoint.storage.record_json import record_to_json
from tests.fakes import ALICE, BOB, DANA, SAM, START, World, make_world
from tests.storage.builders import free, held

ROOT = Path(__file__).parents[2]
COLUMNS = """
SELECT c.relname, a.attname FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') AND NOT relispartition
"""


def differences(found: Iterable[tuple[str, str]], kinds: Iterable[Kind]) -> list[str]:
    """What is unclassified and what is stale, by name."""
    classified = {(kind.name, field.name) for kind in kinds for field in kind.fields}
    there = set(found)
    return sorted(
        [f"not classified: {where}.{name}" for where, name in there - classified]
        + [f"classified and not there: {where}.{name}" for where, name in classified - there]
    )


def columns(url: str) -> list[tuple[str, str]]:
    with psycopg.connect(url) as connection:
        return [(table, column) for table, column in connection.execute(COLUMNS).fetchall()]


def test_every_column_of_every_table_is_classified(database_url: str) -> None:
    """Privacy §5: after all migrations, the queue's own tables included, no column is unclassified, none is stale."""
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
    """The comparison fails on a column, a table or a view that nobody classified."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(planted)
    (difference,) = differences(columns(database_url), TABLES)
    assert difference.startswith("not classified: ")


def test_a_stale_entry_is_found(database_url: str) -> None:
    """The comparison fails on an entry whose column is gone."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE audit_event DROP COLUMN detail")
    assert differences(columns(database_url), TABLES) == ["classified and not there: audit_event.detail"]


def test_no_column_could_hold_a_name_an_address_or_a_title() -> None:
    """References to people are by AccountID only, to files by id only: no such column has a name of its own."""
    names = {field.name for kind in (*TABLES, *REDIS) for field in kind.fields}
    forbidden = re.compile(
        r"(^|_)(title|email|mail|display_name|full_name|file_name|subject|body|phone|note|reason)($|_)"
    )
    assert [name for name in names if forbidden.search(name)] == []


def prefixes_in_code() -> set[str]:
    """The beginnings of all Redis keys that the code mentions."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "lockpoint").rglob("*.py"))
    return set(re.findall(r"""f?["'](lockpoint:[a-z_]+:)""", text))


def test_every_redis_key_of_the_code_has_a_pattern() -> None:
    """Each beginning of a key in the code belongs to one pattern, and each pattern to one beginning."""
    assert prefixes_in_code() == {re.match(r"lockpoint:[a-z_]+:", kind.name)[0] for kind in REDIS}  # type: ignore[index]


def unknown_keys(client: redis.Redis) -> list[str]:
    keys = [key.decode() for key in client.scan_iter()]
    return [key for key in keys if not any(re.fullmatch(kind.name, key) for kind in REDIS)]


def test_every_redis_key_is_classified_and_expires(redis_url: str) -> None:
    """Every key that is written matches a pattern and has an end; a planted one is found."""
    client = cache.connect(redis_url, wait=5)
    SharedPoints(client).add(START, Spending(1, Lane.PEOPLE, "lock", 3))
    with cache.Mutexes(client).hold("reconcile:1:131203", 30):
        keys = list(client.scan_iter())
        assert len(keys) == len(REDIS)
        assert unknown_keys(client) == []
        assert all(client.ttl(key) > 0 for key in keys)
        client.set("lockpoint:title:131203", "x")
        assert unknown_keys(client) == ["lockpoint:title:131203"]


def test_every_job_is_classified() -> None:
    """Each kind of job has its subject explained; arguments and keys are made of site and subject only."""
    assert {field.name for field in JOB_SUBJECTS} == {kind.value for kind in JobKind}
    job = Job(JobKind.RECONCILE, 7, "131203")
    args = _row(key_of(job), job)["args"]
    assert isinstance(args, dict)
    assert {*args, "cause"} == {"subject", *(field.name for field in JOB_ARGUMENTS)}
    assert key_of(job) == "reconcile:7:131203"


def property_keys_in_code() -> set[str]:
    """Every constant that is a name of a property."""
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
    """Each Confluence property that the code names is in the inventory, and none besides."""
    assert property_keys_in_code() == {kind.name for kind in PROPERTIES}


def written_properties(world: World) -> Mapping[str, dict[str, Any]]:
    """What the use cases wrote into Confluence: a lock with a note, an asker, settings, preferences."""
    services = world.services
    file = world.add_file()
    page = world.pages[1]
    locks.acquire(services, world.actor(ALICE), file.id, RequestKey("1" * 32, "a"), Wish(note="for the report"))
    watching.ask(services, world.actor(BOB), file.id)
    configuration.change(services, world.actor(SAM), copy_mode=True, revision=0)
    preferences.change(services, world.actor(ALICE), preferences.Preferences(locale="de"))
    page_hint.refresh(services, world.actor(ALICE).tenant, page.container)
    tenant = world.actor(ALICE).tenant
    found: dict[str, Any] = {
        "lockpointlock": world.site().lock_rows(file.id)[0].value,
        "lockpointwatch": world.host.rows(tenant, PropertyHost.ATTACHMENT, file.id, "lockpointwatch")[0].value,
        "lockpointpage": world.host.rows(tenant, PropertyHost.PAGE, page.container.id, "lockpointpage")[0].value,
        "lockpointsite": services.properties.read_app(tenant, "lockpointsite", lane=Lane.PEOPLE),
        "lockpointprefs": services.user_properties.read(tenant, ALICE, "lockpointprefs", lane=Lane.PEOPLE),
    }
    return found


def test_every_member_of_every_property_is_classified() -> None:
    """What the use cases write into Confluence has no member that the inventory does not explain."""
    written = written_properties(make_world())
    found = {(key, member) for key, value in written.items() for member in value}
    assert differences(found, PROPERTIES) == []
    assert written["lockpointlock"]["note"] == "for the report"


def test_every_member_of_the_copy_of_a_record_is_classified() -> None:
    """The witness's copy has the members of a record, without note and reason."""
    copies = (record_to_json(replace(held(), note="n", ended=free().ended)), record_to_json(free()))
    assert {member for copy in copies for member in copy} == {field.name for field in RECORD}
    assert "why" not in copies[1]["ended"]


def test_everything_says_what_and_whose() -> None:
    """No entry is empty, and whatever holds AccountIDs is said to be about a person."""
    kinds = [*TABLES, *REDIS, *PROPERTIES]
    assert all(kind.what and kind.why and kind.fields for kind in kinds)
    told = [field for kind in kinds for field in kind.fields] + [*JOB_ARGUMENTS, *JOB_SUBJECTS]
    assert all(field.what for field in told)
    accounts = {"account", "holder", "recipient", "actor", "offenders", "askers", "address_hash"}
    assert {field.whose for field in told if field.name in accounts} == {Whose.PERSON}
    assert len({kind.name for kind in kinds}) == len(kinds), inventory.__name__
    assert DANA not in repr(kinds)
