import time
from collections.abc import Iterator

import pytest
import redis

from lockpoint.storage.redis_mutexes import RedisMutexes, connect

A, B = "reconcile:1:131203", "reconcile:1:131204"


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with connect(redis_url) as client:
        yield client


def test_one_holder_at_a_time(client: redis.Redis) -> None:
    first, second = RedisMutexes(client), RedisMutexes(client)
    with first.hold(A, 10) as mine, second.hold(A, 10) as theirs, second.hold(B, 10) as other:
        assert (mine, theirs, other) == (True, False, True)
    with second.hold(A, 10) as mine:
        assert mine


def test_it_is_given_back_when_the_work_fails(client: redis.Redis) -> None:
    def fail() -> None:
        with RedisMutexes(client).hold(A, 10):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with RedisMutexes(client).hold(A, 10) as mine:
        assert mine


def test_a_dead_holder_s_mutex_runs_out_and_is_not_taken_from_the_next(client: redis.Redis) -> None:
    """F37"""
    with RedisMutexes(client).hold(A, 0.05):
        time.sleep(0.1)
        second = RedisMutexes(client).hold(A, 10)
        assert second.__enter__()
    with RedisMutexes(client).hold(A, 10) as third:
        assert not third
    second.__exit__(None, None, None)


def test_a_flush_lets_the_next_in_and_spoils_nothing(client: redis.Redis) -> None:
    """F36, E32: giving back what is gone is no error, and takes nothing from who holds it now."""
    first = RedisMutexes(client).hold(A, 10)
    assert first.__enter__()
    client.flushdb()
    with RedisMutexes(client).hold(A, 10) as mine:
        assert mine
        first.__exit__(None, None, None)
        with RedisMutexes(client).hold(A, 10) as third:
            assert not third


def test_without_redis_everybody_gets_in_quickly() -> None:
    """F36: slower, never wrong."""
    away = RedisMutexes(connect("unix:///nonexistent/redis.sock"))
    began = time.monotonic()
    with away.hold(A, 10) as first, away.hold(A, 10) as second:
        assert (first, second) == (True, True)
    assert time.monotonic() - began < 5


def test_redis_that_goes_away_meanwhile_spoils_nothing(client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """F36: a lost release is left to the time limit."""

    def fail(*_args: object) -> None:
        raise redis.ConnectionError

    with RedisMutexes(client).hold(A, 10) as mine:
        monkeypatch.setattr(client, "eval", fail)
        assert mine


def test_self_signed_certificates_are_a_choice() -> None:
    """`rediss://` verifies unless the operator says otherwise."""
    strict = connect("rediss://host:1").connection_pool.connection_kwargs
    lax = connect("rediss://host:1", verify_tls=False).connection_pool.connection_kwargs
    assert strict.get("ssl_cert_reqs", "required") == "required"
    assert (lax["ssl_cert_reqs"], lax["ssl_check_hostname"]) == ("none", False)
