"""A sweep over locked files: trouble with one of them or with the site, and its costs."""

from __future__ import annotations

import pytest

from lockpoint.services.errors import HostUnavailable, Unauthorised
from lockpoint.services.ports.jobs import JobKind
from tests.fakes.world import ACME, BOB
from tests.services.stage import Stage


def test_trouble_with_one_file_does_not_stop_the_sweep(locked: Stage) -> None:
    """P-19: the failing file gets its own job."""
    second = locked.world.add_file()
    locked.lock(file=second)
    locked.world.site().upload(second.id, BOB, b"Bob's")

    def away() -> None:
        raise HostUnavailable("time-out")

    locked.taps.clear()
    locked.taps.before["attachments.get", 1] = away
    assert locked.sweep() == 2
    assert second.content == b"first"
    assert [job.subject for job in locked.jobs(JobKind.RECONCILE)] == [locked.file.id]


def test_trouble_with_the_site_stops_the_sweep(locked: Stage) -> None:
    """A site that refuses our credentials is not called repeatedly."""

    def refused() -> None:
        raise Unauthorised("401")

    locked.taps.before["attachments.get", 0] = refused
    with pytest.raises(Unauthorised):
        locked.sweep()


def test_an_untouched_lock_costs_two_points_a_sweep(locked: Stage) -> None:
    """Also after a restore."""
    locked.taps.clear()
    locked.sweep()
    assert locked.taps.points() == 2
    locked.upload(BOB, b"Bob's")
    locked.sweep()
    locked.taps.clear()
    locked.sweep()
    assert locked.taps.points() == 2


def test_a_live_lock_never_loses_its_row(locked: Stage) -> None:
    """Amendment 3: a row not confirmed in Confluence for 30 days is purged; the sweep confirms it daily."""
    locked.extend(locked.held.lock_id, hours=700)
    for day in range(1, 4):
        locked.world.clock.advance(days=1, minutes=1)
        locked.taps.clear()
        locked.sweep()
        locked.sweep()
        assert locked.taps.calls["witnesses.still_there"] == 1, day
        seen_at = locked.world.tables.witnesses[ACME.id, locked.file.id].seen_at
        assert locked.world.clock.now() == seen_at
