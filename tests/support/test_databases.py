"""The databases of the test run."""

import socket

import psycopg
import pytest
import redis

from tests.support import loopback


@pytest.mark.parametrize("round_", [1, 2])
def test_every_test_has_a_database_of_its_own(database_url: str, round_: int) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("create table only_here (round int)")
        connection.execute("insert into only_here values (%s)", [round_])
        assert connection.execute("select * from only_here").fetchall() == [(round_,)]


@pytest.mark.parametrize("round_", [b"1", b"2"])
def test_every_test_finds_valkey_empty(redis_url: str, round_: bytes) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("round", round_)
        assert client.get("round") == round_


def test_text_sorts_by_code_point_and_folds_unicode(database_url: str) -> None:
    """The builtin C.UTF-8 locale: the same order on every machine."""
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select 'Z' < 'a', lower('ÄÖ'), current_setting('TimeZone')").fetchone() == (
            True,
            "äö",
            "UTC",
        )


def test_no_test_reaches_another_machine() -> None:
    with socket.socket() as line, pytest.raises(loopback.BeyondThisMachineError):
        line.connect(("192.0.2.1", 80))
    with pytest.raises(loopback.BeyondThisMachineError):
        socket.create_connection(("example.com", 80))
