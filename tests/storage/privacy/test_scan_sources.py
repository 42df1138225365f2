"""The canary scan reports where a word is, never the text around it."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from click.testing import CliRunner, Result
from psycopg.types.json import Jsonb

from lockpoint.cli import main
from lockpoint.services.context import Tenant
from lockpoint.services.errors import HostUnavailable
from lockpoint.services.ports.privacy import Piece
from lockpoint.services.privacy.scan import Words, lines, scan
from lockpoint.services.privacy.site_words import gather
from lockpoint.storage.engine import Database
from lockpoint.storage.privacy.scan_sources import in_postgres
from lockpoint.storage.retention.chores import PostgresUpkeep
from tests.fakes.world import ACME, ALICE, BOB, GLOBEX, FakeClock, make_world
from tests.support.writings import CANARY, WRITINGS, as_bytes, as_text

pytestmark = pytest.mark.usefixtures("acme")
ENVIRONMENT = {
    "LOCKPOINT_BASE_URL": "http://127.0.0.1:5000",
    "LOCKPOINT_SECRET_KEYS": "an invented root key of more than 32 characters",
    "LOCKPOINT_MAIL_URL": "smtp://127.0.0.1",
    "LOCKPOINT_MAIL_FROM": "lockpoint@example.com",
}


@pytest.fixture
def run(database_url: str, redis_url: str, tmp_path: Path) -> Callable[..., Result]:
    """Run the command with the canary as its word."""
    words = tmp_path / "words"
    words.write_text(f"{CANARY}\n", encoding="utf-8")
    environment = {**ENVIRONMENT, "DATABASE_URL": database_url, "REDIS_URL": redis_url}

    def call(*arguments: str) -> Result:
        named = ["privacy", "scan", "--words", str(words), *arguments]
        return CliRunner().invoke(main, named, env=environment)

    return call


def hits(result: Result) -> dict[str, dict[str, int]]:
    """Return the hits by place; the output contains neither word nor context."""
    said = result.output
    assert "kanarienvogel" not in said.lower()
    assert "neighbour" not in said
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == (1 if json.loads(said)["hits"] else 0), said
    return {place["place"]: place["hits"] for place in json.loads(said)["places"] if place["hits"]}


def execute(url: str, statement: str, *values: object) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement, values or None)


def test_nothing_is_found_where_nothing_is(run: Callable[..., Result], database: Database, clock: FakeClock) -> None:
    """Places that were not scanned are listed."""
    PostgresUpkeep(database, clock).make_partitions()
    result = run("--json")
    assert hits(result) == {}
    report = json.loads(result.output)
    assert report["words"] == 1
    assert report["notLookedAt"] == ["logs", "backups", "metrics"]
    places = {place["place"] for place in report["places"]}
    assert {"table installation", "names of tables and columns", "table alembic_version"} <= places
    text = run()
    assert text.output.endswith("0 hits: none of the words is anywhere\n")
    assert "metrics: not looked at, give --metrics" in text.output


@pytest.mark.parametrize(
    ("table", "values", "place"),
    [
        ("audit_event", {"tenant_id": 1, "at": "2026-03-02T09:00Z", "kind": "x", "epoch": 1, "seq": 1,
                         "recovered": False, "detail": f"neighbour {CANARY}"}, "column detail"),
        ("lock_witness", {"tenant_id": 1, "attachment_id": "1", "epoch": 1, "seq": 1, "protection": "x",
                          "seen_at": "2026-03-02T09:00Z", "record": Jsonb({"a": [{"b": CANARY}]})}, "column record"),
        ("restoration", {"tenant_id": 1, "attachment_id": "1", "created": "2026-03-02T09:00Z", "lock_id": "l",
                         "source_created": "2026-03-02T09:00Z", "at": "2026-03-02T09:00Z",
                         "offenders": ["x", CANARY.upper()]}, "column offenders"),
        ("procrastinate_jobs", {"queue_name": "q", "task_name": "t", "args": Jsonb({"a": CANARY})}, "column args"),
    ],
)  # fmt: skip
def test_a_word_in_a_table_is_found(
    run: Callable[..., Result], database: Database, database_url: str, clock: FakeClock,
    table: str, values: dict[str, Any], place: str,
) -> None:  # fmt: skip
    """In a partition, JSON, a list, the queue; in upper case."""
    PostgresUpkeep(database, clock).make_partitions()
    names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
    execute(database_url, f"INSERT INTO {table} ({names}) VALUES ({marks})", *values.values())  # noqa: S608 - from above
    ((where, found),) = hits(run("--json")).items()
    assert where.startswith("queue" if table.startswith("procrastinate") else f"table {table}")
    assert found == {place: 1}


@pytest.mark.parametrize(
    "plant",
    [
        'CREATE TABLE "Kanarienvogel Ägir & Co" (id int)',
        f"CREATE SCHEMA other; CREATE TABLE other.t AS SELECT '{CANARY}' AS x",
        f"CREATE TABLE t AS SELECT convert_to('{CANARY}', 'UTF8') AS x",
        f"CREATE MATERIALIZED VIEW v AS SELECT '{CANARY}' AS x",
    ],
)
def test_a_word_in_another_place_of_the_database_is_found(
    run: Callable[..., Result], database_url: str, plant: str
) -> None:
    execute(database_url, plant)
    result = run("--json")
    assert result.exit_code == 1
    assert json.loads(result.output)["hits"] == 1


@pytest.mark.parametrize(
    ("plant", "part"),
    [
        (lambda client: client.set(f"lockpoint:{CANARY}", "1"), "key"),
        (lambda client: client.set("k", f"neighbour {CANARY}"), "value"),
        (lambda client: client.hset("k", CANARY, "1"), "value"),
        (lambda client: client.rpush("k", "x", CANARY), "value"),
        (lambda client: client.sadd("k", CANARY), "value"),
        (lambda client: client.zadd("k", {CANARY: 1}), "value"),
        (lambda client: client.xadd("k", {"f": CANARY}), "value"),
    ],
)
def test_a_word_in_redis_is_found(
    run: Callable[..., Result], redis_url: str, plant: Callable[[redis.Redis], object], part: str
) -> None:
    with redis.Redis.from_url(redis_url) as client:
        plant(client)
        assert hits(run("--json")) == {"redis": {part: 1}}


def test_a_word_in_a_log_is_found(run: Callable[..., Result], tmp_path: Path) -> None:
    """The report names the log without the line."""
    log = tmp_path / "web.log"
    log.write_text(f'clean\n{{"event": "neighbour {CANARY}"}}\n', encoding="utf-8")
    assert hits(run("--json", "--logs", str(log))) == {f"log {log}": {"line": 1}}


@pytest.mark.processes
@pytest.mark.parametrize(("log", "found"), [(f"clean\nopened by {CANARY.upper()}\n", {"line": 1}), ("clean\n", {})])
def test_a_word_in_a_log_on_standard_input_is_found(
    database_url: str, redis_url: str, tmp_path: Path, log: str, found: dict[str, int]
) -> None:
    """As in `heroku logs | lockpoint privacy scan --logs -`."""
    words = tmp_path / "words"
    words.write_text(CANARY, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "lockpoint", "privacy", "scan", "--json", "--words", str(words), "--logs", "-"],
        env={**ENVIRONMENT, "DATABASE_URL": database_url, "REDIS_URL": redis_url, "LC_ALL": "C"},
        input=log.encode(), capture_output=True, check=False,
    )  # fmt: skip
    (place,) = [place for place in json.loads(done.stdout)["places"] if place["place"].startswith("log")]
    assert (place["place"], place["hits"], done.returncode) == ("log <stdin>", found, len(found))


@pytest.mark.parametrize("spoil", [gzip.compress, lambda data: data.decode().encode("utf-16")])
def test_a_log_that_is_no_text_is_refused(
    run: Callable[..., Result], tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    """A compressed log, or another encoding, must not count as clean."""
    log = tmp_path / "web.log"
    log.write_bytes(spoil(f"neighbour {CANARY}\n".encode()))
    refused = run("--logs", str(log))
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "is no text in UTF-8" in refused.stderr


def test_words_may_begin_with_a_byte_order_mark(run: Callable[..., Result], redis_url: str, tmp_path: Path) -> None:
    """From editors on Windows; other encodings are refused."""
    words = tmp_path / "words of windows"
    words.write_text(f"{CANARY}\r\n", encoding="utf-8-sig")
    with redis.Redis.from_url(redis_url) as client:
        client.set("k", CANARY)
    assert hits(run("--json", "--words", str(words))) == {"redis": {"value": 1}}
    words.write_text(CANARY, encoding="utf-16")
    assert run("--words", str(words)).exit_code == 2


def test_what_was_read_in_part_only_is_no_clean_result(run: Callable[..., Result], redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.set("k", gzip.compress(bytes(10_000_000)))
    result = run("--json")
    assert result.exit_code == 1
    assert [place["place"] for place in json.loads(result.output)["places"] if place["inPart"]] == ["redis"]
    text = run().output
    assert "hits: 0, read in part only: 1" in text
    assert text.endswith("\n0 hits\n")


def test_a_search_keeps_only_its_present_table(database_url: str) -> None:
    """During the search other tables can be dropped, those already read and those to come."""
    for name in ("a_first", "b_second", "c_third"):
        execute(database_url, f"CREATE TABLE {name} AS SELECT generate_series(1, 10) AS number")
    found = in_postgres(database_url)
    assert next(piece for piece in found if piece.place == "table b_second")
    for name in ("a_first", "c_third"):
        execute(database_url, f"SET lock_timeout = '2s'; DROP TABLE {name}")
    assert "table c_third" not in {piece.place for piece in found}


def test_a_word_in_a_backup_is_found(run: Callable[..., Result], database_url: str, tmp_path: Path) -> None:
    clean, planted, damaged = tmp_path / "clean", tmp_path / "planted", tmp_path / "damaged"
    clean.write_bytes(make_backup(run))
    execute(database_url, "UPDATE installation SET display_url = %s", f"neighbour {CANARY}")
    planted.write_bytes(make_backup(run))
    damaged.write_bytes(planted.read_bytes()[:-9])
    execute(database_url, "UPDATE installation SET display_url = NULL")
    assert hits(run("--json", "--backup", str(clean))) == {}
    assert hits(run("--json", "--backup", str(planted))) == {f"backup {planted}": {"installation.display_url": 1}}
    refused = run("--backup", str(damaged))
    assert refused.exit_code == 1
    assert "truncated" in refused.output


def make_backup(run: Callable[..., Result]) -> bytes:
    call: Any = run
    environment = call.__closure__[[*call.__code__.co_freevars].index("environment")].cell_contents
    made = CliRunner().invoke(main, ["backup", "create", "--to", "-"], env=environment)
    assert made.exit_code == 0, made.output
    return made.stdout_bytes


@pytest.fixture
def metrics() -> Iterator[Callable[[str], str]]:
    """A server; yields a function that sets its text and returns its address."""
    text = ""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def say(said: str) -> str:
        nonlocal text
        text = said
        return f"http://127.0.0.1:{server.server_port}/metrics"

    yield say
    server.shutdown()
    server.server_close()


def test_a_word_in_the_metrics_is_found(run: Callable[..., Result], metrics: Callable[[str], str]) -> None:
    address = metrics("# clean\nlocks_total 3\n")
    assert hits(run("--json", "--metrics", address)) == {}
    metrics(f'locks_total{{who="{CANARY}"}} 3\n')
    assert hits(run("--json", "--metrics", address)) == {"metrics": {"line": 1}}


@pytest.mark.parametrize("writing", WRITINGS)
def test_every_writing_is_found_in_every_place(
    run: Callable[..., Result], database_url: str, redis_url: str, tmp_path: Path, metrics: Callable[[str], str],
    writing: str,
) -> None:  # fmt: skip
    text, data = as_text(writing), as_bytes(writing)
    execute(database_url, "CREATE TABLE t (a text, b jsonb, c bytea, d text[])")
    execute(database_url, "INSERT INTO t VALUES (%s, %s, %s, %s)", text, Jsonb({"a": [text]}), data, ["x", text])
    execute(
        database_url, "INSERT INTO procrastinate_jobs (queue_name, task_name, args) VALUES ('q', 't', %s)",
        Jsonb({"a": text}),
    )  # fmt: skip
    with redis.Redis.from_url(redis_url) as client:
        client.mset({data: "1", "k": data})
        client.hset("h", "f", data)
    log, backup = tmp_path / "web.log", tmp_path / "backup"
    log.write_text(f"clean\n{json.dumps({'event': text}, ensure_ascii=False)}\n", encoding="utf-8")
    execute(database_url, "UPDATE installation SET display_url = %s", text)
    backup.write_bytes(make_backup(run))
    execute(database_url, "UPDATE installation SET display_url = NULL")
    labels = text.replace("\\", "\\\\").replace('"', '\\"')
    places = ["--logs", str(log), "--backup", str(backup), "--metrics", metrics(f'a{{b="{labels}"}} 1\n')]
    assert hits(run("--json", *places)) == {
        "table t": {"column a": 1, "column b": 1, "column c": 1, "column d": 1},
        "queue procrastinate_jobs": {"column args": 1},
        "redis": {"key": 1, "value": 2},
        f"log {log}": {"line": 1},
        f"backup {backup}": {"installation.display_url": 1},
        "metrics": {"line": 1},
    }


@pytest.mark.parametrize(("words", "code"), [("ab\n", 2), ("\n", 1)])
def test_a_scan_that_could_not_find_anything_is_refused(
    run: Callable[..., Result], tmp_path: Path, words: str, code: int
) -> None:
    file = tmp_path / "words"
    file.write_text(words)
    assert run("--words", str(file)).exit_code == code


class FakeTitles:
    """Implements `site_words.Titles`."""

    def of_site(self, tenant: Tenant, *, most: int, priority: object) -> Iterator[tuple[str, str | None]]:
        del most, priority
        if tenant == GLOBEX:
            raise HostUnavailable
        yield from (("Demo space", None), ("Release plan", None), ("budget.xlsx", BOB), ("Q1", None))


def test_the_words_of_the_sites() -> None:
    """Read as the app; a site that does not answer is listed."""
    world = make_world()
    sites = [(ACME, [ALICE, "unknown"]), (GLOBEX, [])]
    found = gather(FakeTitles(), world.services.people, sites, most=10)
    assert {"Demo space", "Release plan", "budget.xlsx", "Alice", "alice@example.com", "bob@example.com"} == found.words
    assert found.unread == [GLOBEX.base_url]
    assert found.too_short == 2  # Q1 and Bob
    assert "alice" not in repr(found).lower()


def test_words_of_sites_are_found_as_whole_words_only() -> None:
    """A space called `Locks` must not match `blocks_total`."""
    pieces = [Piece("t", (("c", "blocks_total"), ("d", "my locks.")))]
    assert scan(pieces, Words(["Locks"], whole=True))[0].hits == {"d": 1}
    assert scan(pieces, Words(["Locks"]))[0].hits == {"c": 1, "d": 1}


def test_lines_are_counted() -> None:
    (looked,) = scan(lines("log x", ["a", "b"]), Words(["canary"]))
    assert (looked.place, looked.pieces, looked.hits.total()) == ("log x", 2, 0)


@pytest.mark.parametrize("name", ["md5", "sha1", "sha256", "sha512"])
@pytest.mark.parametrize("spelling", [str, str.lower])
def test_a_hash_without_a_key_is_found(
    run: Callable[..., Result], redis_url: str, name: str, spelling: Callable[[str], str]
) -> None:
    """C1: who has it can try words. A part of it is enough; a keyed one is not found."""
    digest = hashlib.new(name, spelling(CANARY).encode()).hexdigest()
    with redis.Redis.from_url(redis_url) as client:
        client.set("k", hmac.new(b"key", CANARY.encode(), name).hexdigest())
        assert hits(run("--json")) == {}
        client.set("k", f"x:{digest[:20]}")
        assert hits(run("--json")) == {"redis": {"value": 1}}


def test_what_postgres_keeps_for_its_planner_is_looked_at(
    run: Callable[..., Result], database: Database, database_url: str, clock: FakeClock
) -> None:
    """C3: statistics outlive the rows; of columns about people there are none."""
    PostgresUpkeep(database, clock).make_partitions()
    execute(
        database_url,
        "INSERT INTO account_profile (tenant_id, account, used_at) SELECT number, %s, now() FROM generate_series(1, 99)"
        " AS number", CANARY,
    )  # fmt: skip
    execute(database_url, "ANALYZE account_profile; DELETE FROM account_profile")
    assert hits(run("--json")) == {}
    execute(database_url, "ALTER TABLE account_profile ALTER COLUMN account SET STATISTICS 100")
    execute(
        database_url,
        "INSERT INTO account_profile (tenant_id, account, used_at) SELECT number, %s, now() FROM generate_series(1, 99)"
        " AS number", CANARY,
    )  # fmt: skip
    execute(database_url, "ANALYZE account_profile; DELETE FROM account_profile")
    assert hits(run("--json")) == {"statistics of the database": {"public.account_profile.account": 1}}
