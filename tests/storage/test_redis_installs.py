from collections.abc import Iterator

import pytest
import redis

from lockpoint.storage.keyring import keyring
from lockpoint.storage.redis_installs import PAUSE_SECONDS, RedisInstalls
from lockpoint.storage.redis_mutexes import connect
from tests.fakes.connect import FakeTime, private_key, public_pem

PEM = public_pem(private_key())
KEYS = keyring(["k" * 32]).install_keys
OTHERS = keyring(["x" * 32]).install_keys


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with connect(redis_url, wait=5) as client:
        yield client


def test_a_key_serves_all_processes_for_a_day(client: redis.Redis) -> None:
    """F31"""
    RedisInstalls(client, KEYS).keep("kid-1", PEM)
    other = RedisInstalls(client, KEYS)
    assert other.find("kid-1") == PEM
    assert other.find("kid-2") is None
    assert 0 < client.ttl("lockpoint:install-key:kid-1") <= 24 * 3600
    other.drop("kid-1")
    assert other.find("kid-1") is None


@pytest.mark.parametrize("value", [PEM, b"0" * 64 + b"\n" + PEM, b"", b"\n"])
def test_what_others_put_there_is_no_key(client: redis.Redis, value: bytes) -> None:
    client.set("lockpoint:install-key:kid-1", value)
    assert RedisInstalls(client, KEYS).find("kid-1") is None


def test_a_key_counts_under_its_name_and_our_keys_only(client: redis.Redis) -> None:
    RedisInstalls(client, KEYS).keep("kid-1", PEM)
    moved = client.get("lockpoint:install-key:kid-1")
    assert isinstance(moved, bytes)
    client.set("lockpoint:install-key:kid-2", moved)
    assert RedisInstalls(client, KEYS).find("kid-2") is None
    assert RedisInstalls(client, OTHERS).find("kid-1") is None
    both = keyring(["x" * 32, "k" * 32]).install_keys
    assert RedisInstalls(client, both).find("kid-1") == PEM


def test_a_token_fits_one_body_while_it_lives(client: redis.Redis) -> None:
    """In all processes, without the token or the body in Redis."""
    one, other = RedisInstalls(client, KEYS), RedisInstalls(client, KEYS)
    assert one.fits("a.token", b"the body", 60)
    assert other.fits("a.token", b"the body", 60)
    assert not other.fits("a.token", b"another body", 60)
    assert one.fits("b.token", b"another body", 60)
    for key in client.scan_iter():
        value = client.get(key)
        assert isinstance(value, bytes)
        assert b"token" not in value
        assert 0 < client.ttl(key) <= 60


def test_without_redis_installs_go_on_and_do_not_wait_each() -> None:
    """F36"""
    time = FakeTime()
    away = connect("unix:///nonexistent/redis.sock")
    asked: list[object] = []
    installs = RedisInstalls(away, KEYS, time.seconds)
    installs._ask(lambda: asked.append(away.ping()))
    for _ in range(3):
        installs._ask(lambda: asked.append(away.ping()))
        assert installs.find("kid-1") is None
        assert installs.fits("a.token", b"body", 60)
    installs.keep("kid-1", PEM)
    time.advance(PAUSE_SECONDS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(away, "get", lambda _: asked.append("again"))
        assert installs.find("kid-1") is None
    assert asked == ["again"]
