from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from lockpoint.bootstrap import SystemClock
from lockpoint.confluence.http.quota import PointsQuota
from lockpoint.services.context import Priority
from lockpoint.services.errors import QuotaExceeded, ShareUsedUp
from lockpoint.services.quota_accounting import Counter, Share, SharedState, Spending, charge
from lockpoint.storage.keyring import keyring
from lockpoint.storage.redis_mutexes import connect
from lockpoint.storage.redis_points import KEPT, PAUSE_SECONDS, RedisPoints

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis

ALICE = "557058:11111111-1111-4111-8111-111111111111"
NAME = keyring(["a root key of these tests, which is long"]).share_name
HOUR = datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with connect(redis_url, wait=5) as client:
        yield client


@pytest.fixture
def nobody_pays() -> Iterator[None]:
    yield
    charge(None)


def quota(client: redis.Redis, points: int = 1000) -> PointsQuota:
    """One process."""
    return PointsQuota(points_per_hour=points, now=SystemClock().now, shared=RedisPoints(client, NAME))


def test_processes_add_to_the_same_lines(client: redis.Redis) -> None:
    """Another hour is another account."""
    for points in (RedisPoints(client, NAME), RedisPoints(client, NAME)):
        points.add((), HOUR, Spending(1, Priority.INTERACTIVE, "acquire", 6))
        points.add((), HOUR, Spending(1, Priority.SWEEP, "sweep", 2))
    assert client.hgetall("lockpoint:points:2026112110") == {b"1|people|acquire": b"12", b"1|sweep|sweep": b"4"}
    assert len(client.keys("lockpoint:points:*")) == 1


def test_the_lines_of_an_hour_are_read_as_they_were_added(client: redis.Redis) -> None:
    """Nothing of another hour; no lines are no answer's, and None is said by who cannot ask."""
    points = RedisPoints(client, NAME)
    assert points.report(HOUR) == []
    spending = Spending(1, Priority.INTERACTIVE, "acquire", 6), Spending(2, Priority.EVENT, "reconcile", 3)
    for one in spending:
        points.add((), HOUR, one)
    points.add((), HOUR + timedelta(hours=1), Spending(1, Priority.SWEEP, "sweep", 2))
    assert sorted(points.report(HOUR) or (), key=lambda one: one.tenant_id) == list(spending)
    with connect("redis://127.0.0.1:1/0", wait=1) as gone:
        away = RedisPoints(gone, NAME)
        assert (away.report(HOUR), away.report(HOUR)) == (None, None)


def test_the_account_goes_away_by_itself(client: redis.Redis) -> None:
    points = RedisPoints(client, NAME)
    points.add((Counter(HOUR, Share.ALL),), HOUR, Spending(1, Priority.INTERACTIVE, "acquire", 1))
    points.block(1, SystemClock().now() + timedelta(seconds=9))
    keys = client.keys("lockpoint:*")
    assert len(keys) == 3
    assert all(0 < client.ttl(key) <= KEPT.total_seconds() for key in keys)


def test_a_refusal_of_the_host_counts_in_every_process_at_once(client: redis.Redis) -> None:
    """A2: for one site or all, with the time that the host said."""
    hearing, other = quota(client), quota(client)
    hearing.block(3000, tenant_id=1)
    other.admit(2, Priority.EVENT)
    with pytest.raises(QuotaExceeded) as caught:
        other.admit(1, Priority.EVENT)
    assert 2995 <= caught.value.retry_after <= 3001
    hearing.block(2000, tenant_id=None)
    with pytest.raises(QuotaExceeded) as caught:
        other.admit(2, Priority.EVENT)
    assert 1995 <= caught.value.retry_after <= 2001


@pytest.mark.usefixtures("nobody_pays")
def test_shares_are_those_of_all_processes(client: redis.Redis) -> None:
    """F1: of the app, a site and a person, who stands there under a keyed name."""
    one, other = quota(client), quota(client)
    charge(ALICE)
    one.spend(1, Priority.INTERACTIVE, "list", 30)
    with pytest.raises(ShareUsedUp):
        other.admit(1, Priority.INTERACTIVE)
    charge(None)
    other.admit(1, Priority.INTERACTIVE)
    one.spend(1, Priority.SWEEP, "sweep", 480)
    with pytest.raises(QuotaExceeded):
        other.admit(1, Priority.INTERACTIVE)
    other.admit(2, Priority.INTERACTIVE)
    one.spend(3, Priority.EVENT, "reconcile", 345)
    with pytest.raises(QuotaExceeded):
        other.admit(2, Priority.INTERACTIVE)
    other.admit(2, Priority.EVENT)
    stored = str([client.hgetall(key) for key in client.keys("lockpoint:spent:*")])
    assert NAME(1, ALICE) in stored
    assert "557058" not in stored
    assert NAME(1, ALICE) != NAME(2, ALICE)


@pytest.mark.usefixtures("nobody_pays")
def test_without_redis_each_process_goes_by_its_own_count() -> None:
    """F1, F36: shares and refusals hold within the process."""
    with connect("redis://127.0.0.1:1/0", wait=0.2) as client:
        account = quota(client)
        charge(ALICE)
        account.spend(1, Priority.INTERACTIVE, "list", 30)
        with pytest.raises(ShareUsedUp):
            account.admit(1, Priority.INTERACTIVE)
        charge(None)
        account.block(3000, tenant_id=2)
        with pytest.raises(QuotaExceeded):
            account.admit(2, Priority.EVENT)


def test_without_redis_calls_are_neither_failed_nor_slowed_down() -> None:
    """F36: the first failure disables it for a while."""
    now = [0.0]
    with connect("redis://127.0.0.1:1/0", wait=0.2) as client:
        points = RedisPoints(client, NAME, lambda: now[0])
        points.add((), HOUR, Spending(1, Priority.INTERACTIVE, "acquire", 1))
        client.close()
        points._client = None  # a second attempt would fail loudly
        now[0] = PAUSE_SECONDS - 1
        points.add((), HOUR, Spending(1, Priority.INTERACTIVE, "acquire", 1))
        points.block(1, HOUR)
        assert points.read((), 1) == SharedState()
