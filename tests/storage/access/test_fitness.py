"""What an operator is told of a database that will not do."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import psycopg
import pytest
from sqlalchemy import make_url

from lockpoint.storage.access import fitness
from lockpoint.storage.access.fitness import Schema, trouble_with
from lockpoint.storage.engine import Database
from lockpoint.storage.migrate import migrate, newest_migration

NO_TLS = b"N"


@contextmanager
def server_that_says(answer: bytes) -> Iterator[str]:
    """Answers the first packet of every connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(64)
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield f"postgresql://me:hunter2@127.0.0.1:{listening.getsockname()[1]}/lockpoint"
        listening.shutdown(socket.SHUT_RDWR)


def changed(url: str, **parts: str) -> str:
    return make_url(url).set(**parts).render_as_string(hide_password=False)


def test_a_migrated_database_will_do(database_url: str) -> None:
    assert trouble_with(database_url) is None


def test_a_unix_user_whom_postgres_does_not_know(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root on a machine whose database knows the services' user."""

    def refuse(*_: object, **__: object) -> None:
        raise psycopg.OperationalError('connection failed: FATAL:  Peer authentication failed for user "lockpoint"')

    monkeypatch.setattr(fitness, "answering", lambda _: SimpleNamespace(connect=refuse))
    trouble = trouble_with(database_url)
    assert trouble is not None
    assert not trouble.passing
    assert "Run this as the user of the services" in trouble.text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda url: changed(url, database="nowhere"), "has no database nowhere"),
        (lambda url: changed(url, username="stranger", password="hunter2"), "does not accept this user"),
    ],
)
def test_what_waiting_does_not_mend_is_said(database_url: str, change: Callable[[str], str], says: str) -> None:
    """E3: which server, what to do, and never the password."""
    trouble = trouble_with(change(database_url))
    assert trouble is not None
    assert says in trouble.text
    assert trouble.text.startswith("DATABASE_URL: the database server at ")
    assert "hunter2" not in trouble.text
    assert not trouble.passing


def test_a_server_without_tls_is_named() -> None:
    with server_that_says(NO_TLS) as url:
        trouble = trouble_with(f"{url}?sslmode=require")
    assert trouble is not None
    assert "offers no TLS" in trouble.text
    assert not trouble.passing


def test_a_server_that_is_away_may_come() -> None:
    trouble = trouble_with("postgresql://me:hunter2@127.0.0.1:1/lockpoint")
    assert trouble is not None
    assert trouble.text.startswith("DATABASE_URL: the database server at 127.0.0.1:1 does not answer")
    assert "hunter2" not in trouble.text
    assert trouble.passing


def test_an_old_server_is_refused(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitness, "OLDEST_POSTGRES", 990_000)
    trouble = trouble_with(database_url)
    assert trouble is not None
    assert "older than PostgreSQL 16" in trouble.text
    assert not trouble.passing


def test_tables_that_are_behind_wait_for_a_migration(empty_url: str) -> None:
    """E2: none at all, then older ones, then those of an upgrade that runs ahead of this process."""
    database = Database(empty_url, size=1)
    try:
        for revision in (None, "0007_mail_digests"):
            if revision:
                migrate(empty_url, revision)
            trouble = trouble_with(empty_url)
            assert trouble is not None
            assert "Run `lockpoint migrate`" in trouble.text
            assert trouble.passing
            assert Schema(database).is_behind()
        watched = Schema(database)
        migrate(empty_url)
        assert not watched.is_behind()
        with psycopg.connect(empty_url) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999_later'")
        assert trouble_with(empty_url) is None
        assert not Schema(database).is_behind()
    finally:
        database.close()
    assert newest_migration() > "0007"
